"""``time.sleep(1)`` becomes ``await asyncio.sleep(1)``, or ``read(p)`` becomes ``await asyncio.to_thread(read, p)``."""

from __future__ import annotations

import libcst as cst

from dodont.fixes import CannotFix
from dodont.fixes.rewriter import Editor

ANCHOR = cst.Call


def rewrite(call: cst.Call, *, edit: Editor, twin: str = "", thread: bool = False) -> cst.BaseExpression:
    """``twin`` is the qualified name of the awaitable namesake, or after a dot that of a method of the same object; ``thread``
    runs the function as it is in a thread."""
    if twin.startswith("."):
        if not isinstance(call.func, cst.Attribute):
            raise CannotFix("the method is called by another name")
        return edit.awaited(call, call.with_changes(func=call.func.with_changes(attr=cst.Name(twin[1:]))))
    if twin:
        return edit.awaited(call, call.with_changes(func=edit.name_for(twin)))
    if not thread:
        raise CannotFix("neither a twin nor a thread was asked for")
    awkward = (cst.Yield, cst.Await)
    if any(isinstance(node, awkward) for node in edit.source.walk(call.func)):
        raise CannotFix("the function to run in a thread is itself awaited")
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    if isinstance(call.whitespace_before_args, cst.ParenthesizedWhitespace) and call.args:
        comma = cst.Comma(whitespace_after=call.whitespace_before_args)
    first = cst.Arg(call.func, comma=comma if call.args else cst.MaybeSentinel.DEFAULT)
    others = [_parenthesized(arg) for arg in call.args]
    to_thread = edit.name_for("asyncio.to_thread")
    return edit.awaited(call, call.with_changes(func=to_thread, args=[first, *others]))


def _parenthesized(arg: cst.Arg) -> cst.Arg:
    """A generator expression may do without parentheses only as the single argument."""
    if isinstance(arg.value, cst.GeneratorExp) and not arg.value.lpar:
        return arg.with_changes(value=arg.value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()]))
    return arg
