"""``asyncio.run(load())``, ``async_to_sync(load)()`` and ``anyio.run(load)`` become ``await load()``."""

from __future__ import annotations

import libcst as cst

from dodont.fixes import CannotFix
from dodont.fixes.rewriter import Editor

ANCHOR = cst.Call


def rewrite(call: cst.Call, *, edit: Editor, takes: str) -> cst.BaseExpression:
    """``takes`` is what the runner is given: a ``coroutine``, the ``function`` that makes one with its arguments, or, where the
    runner is made of the function, its ``arguments``."""
    if takes == "arguments":
        if not isinstance(call.func, cst.Call) or len(call.func.args) != 1:
            raise CannotFix("the function that is run stands elsewhere")
        return edit.awaited(call, call.with_changes(func=call.func.args[0].value))
    if not call.args or any(arg.keyword is not None or arg.star for arg in call.args):
        raise CannotFix("the runner is told more than what to run")
    first, *others = call.args
    if takes == "function":
        return edit.awaited(call, call.with_changes(func=first.value, args=others))
    if others or not isinstance(first.value, (cst.Call, cst.Name, cst.Attribute, cst.Subscript)):
        raise CannotFix("the runner is told more than what to run")
    return edit.awaited(call, first.value)
