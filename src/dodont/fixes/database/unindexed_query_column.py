"""``Column(String)`` becomes ``Column(String, index=True)``."""

from __future__ import annotations

import libcst as cst

from dodont.fixes import CannotFix
from dodont.fixes.rewriter import Editor

ANCHOR = cst.Call


def rewrite(call: cst.Call, *, edit: Editor, word: str) -> None:
    """``word`` is the keyword by which the declaration is given an index."""
    if any(each.keyword is not None and each.keyword.value == word for each in call.args):
        raise CannotFix(f"`{word}` is given already")
    source = edit.source
    _, end = source.region(call)
    opening = source.text.index("(", source.outer(call.func)[1])
    edit.insert_item([source.region(each) for each in call.args], len(call.args), f"{word}=True", opening + 1, end - 1)
