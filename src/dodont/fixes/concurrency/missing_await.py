"""``fetch()`` becomes ``await fetch()``."""

from __future__ import annotations

import libcst as cst

from dodont.fixes.rewriter import Editor

ANCHOR = (cst.Call, cst.Attribute)


def rewrite(call: cst.Call | cst.Attribute, *, edit: Editor) -> cst.BaseExpression:
    return edit.awaited(call, call)
