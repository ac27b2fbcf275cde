"""``fetch()`` becomes ``await fetch()``."""

from __future__ import annotations

import libcst as cst

from dodont.fixes.rewriter import Editor

ANCHOR = cst.Call


def rewrite(call: cst.Call, *, edit: Editor) -> cst.BaseExpression:
    return edit.awaited(call, call)
