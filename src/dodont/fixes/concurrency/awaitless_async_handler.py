"""``async def report():`` becomes ``def report():``."""

from __future__ import annotations

import libcst as cst

from dodont.fixes import CannotFix
from dodont.fixes.rewriter import Editor

ANCHOR = cst.Name


def rewrite(name: cst.Name, *, edit: Editor) -> None:
    function = edit.parent(name)
    if not isinstance(function, cst.FunctionDef) or function.asynchronous is None:
        raise CannotFix("the function is no coroutine")
    start, _ = edit.source.region(function.asynchronous)
    end = edit.source.region(name)[0] - len("def ")
    edit.exact(start, end, "")
