"""``user.password = password`` becomes ``user.set_password(password)``."""

from __future__ import annotations

import libcst as cst

from dodont.fixes import CannotFix
from dodont.fixes.rewriter import Editor

ANCHOR = cst.Assign


def rewrite(assign: cst.Assign, *, edit: Editor) -> None:
    match assign:
        case cst.Assign(
            targets=[cst.AssignTarget(target=cst.Attribute(value=owner, attr=cst.Name("password")))], value=value
        ):
            start, end = edit.source.region(assign)
            given = edit.source.slice(value)
            if value.lpar or isinstance(value, cst.Tuple):
                raise CannotFix("the value is written in parentheses")
            edit.exact(start, end, f"{edit.source.slice(owner)}.set_password({given})")
        case _:
            raise CannotFix("more than the password is assigned")
