"""What a function's body wants of a parameter that no annotation describes."""

from __future__ import annotations

import ast
import re

from dodont.core.patterns import pattern
from dodont.semantic.definitions import FunctionNode
from dodont.semantic.trees import last_name, walk

#: What awaitables have themselves.
OF_COROUTINES = frozenset({"send", "throw", "close", "cancel", "add_done_callback", "__await__"})

#: Calls that await what they are given, or may.
_AWAITING = frozenset(
    {"create_task", "ensure_future", "gather", "run", "run_coroutine_threadsafe", "run_until_complete", "shield", "wait", "wait_for"}
)  # fmt: skip


def kept_as_result(function: FunctionNode, name: str, line: int) -> str:
    """How the body uses next what it has put into a name at a line, where no awaitable can be used so: ``rows = load()``, ``rows[0]``.

    Nothing, where somebody may await what the name holds.
    """
    uses: list[tuple[int, int, str]] = []
    reads: list[tuple[int, int]] = []
    bound = 0
    for each in walk(function):
        match each:
            case ast.Name(id=word, ctx=ast.Load()) if word == name and each.lineno > line:
                reads.append((each.lineno, each.col_offset))
            case ast.Name(id=word, ctx=ast.Store()) if word == name:
                bound += 1
            case ast.Nonlocal(names=names) | ast.Global(names=names) if name in names:
                return ""
            case ast.Await(value=value) | ast.YieldFrom(value=value) | ast.Yield(value=value) if _is_name(value, name):
                return ""
            case ast.Call(func=func, args=args) if any(_is_name(argument, name) for argument in args) and _may_await(
                func
            ):
                return ""
            case ast.AsyncFor(iter=value) | ast.comprehension(iter=value, is_async=1) if _is_name(value, name):
                return ""
            case _:
                use = _use(each, name)
                if use:
                    read = next(one for one in ast.walk(each) if isinstance(one, ast.Name) and one.id == name)
                    uses.append((read.lineno, read.col_offset, use))
    first = min(reads, default=None) if bound > 1 else None
    return next((use for *place, use in uses if first is None or tuple(place) == first), "")


def _may_await(func: ast.expr) -> bool:
    called = last_name(func)
    return not called or called.startswith("is") or called in _AWAITING or called in _KEEPING


def _use(node: ast.AST, name: str) -> str:
    match node:
        case ast.Attribute(value=value, attr=attribute) if _is_name(value, name):
            return "" if attribute in OF_COROUTINES or attribute.startswith(("__", "cr_")) else "attribute"
        case ast.Subscript(value=value) if _is_name(value, name):
            return "item"
        case ast.For(iter=value) | ast.comprehension(iter=value) | ast.Starred(value=value) if _is_name(value, name):
            return "iteration"
        case ast.keyword(arg=None, value=value) if _is_name(value, name):
            return "iteration"
        case ast.BinOp(left=left, right=right) if _is_name(left, name) or _is_name(right, name):
            return "operand"
        case ast.Compare(left=left, comparators=others) if any(_is_name(one, name) for one in (left, *others)):
            return "operand"
        case ast.Call(func=ast.Name(id="len" | "list" | "dict" | "set" | "sorted" | "int" | "str"), args=[value]) if (
            _is_name(value, name)
        ):
            return "argument"
        case ast.FormattedValue(value=value) if _is_name(value, name):
            return "text"
        case ast.UnaryOp(operand=value) | ast.If(test=value) | ast.While(test=value) if _is_name(value, name):
            return "condition"
        case ast.IfExp(test=value) | ast.Assert(test=value) if _is_name(value, name):
            return "condition"
    return ""


#: What puts its argument where somebody may find and await it.
_KEEPING = frozenset({"append", "add", "put", "put_nowait", "spawn", "start_soon", "submit", "add_task", "callable"})


#: Words in the names of what runs a coroutine that it is given, or keeps it for somebody who does.
_RUNNING = pattern(
    r"task|spawn|sched|submit|fire|launch|start|defer|future|async|await|coro|sync|thread|queue|background|loop|retry|timeout|cancel|run|wait"
    r"|gather|^(?:append|add|put|push|send|set|extend|insert|register|close|is\w+|callable|track|watch|on)(?:$|_)",
    re.I,
)


def only_handed(function: FunctionNode, name: str) -> bool:
    """Whether all that the body does with what a name holds is to give it to functions that run no coroutines, by their names."""
    given: set[int] = set()
    reads = 0
    for each in walk(function):
        match each:
            case ast.Await(value=ast.Call(args=args, keywords=words)):
                if any(_is_name(one, name) for one in (*args, *(word.value for word in words))):
                    return False
            case ast.Call(func=func, args=args, keywords=words):
                called = last_name(func)
                found = [one for one in (*args, *(word.value for word in words)) if _is_name(one, name)]
                if found and (not called or _RUNNING.search(called)):
                    return False
                given.update(map(id, found))
            case ast.Nonlocal(names=names) | ast.Global(names=names) if name in names:
                return False
        if _is_name(each, name) and isinstance(each.ctx, ast.Load):  # type: ignore[attr-defined]
            reads += 1
    return 0 < reads == len(given)


def wants_result(function: FunctionNode, name: str) -> bool:
    """Whether the body uses the parameter as no awaitable can be used, and never as an awaitable: ``def key(row): return row["id"]``."""
    wanted = False
    for each in walk(function):
        match each:
            case ast.Name(id=word, ctx=ast.Store() | ast.Del()) if word == name:
                return False
            case ast.Await(value=ast.Name(id=word)) | ast.YieldFrom(value=ast.Name(id=word)) if word == name:
                return False
            case ast.Call(func=func, args=args) if any(_is_name(argument, name) for argument in args):
                called = last_name(func)
                if not called or called.startswith("is") or called in _AWAITING:
                    return False
            case ast.Attribute(value=ast.Name(id=word), attr=attribute, ctx=ast.Load()) if word == name:
                wanted = wanted or not (attribute in OF_COROUTINES or attribute.startswith(("__", "cr_")))
            case ast.Subscript(value=value) if _is_name(value, name):
                wanted = True
            case ast.For(iter=value) | ast.comprehension(iter=value, is_async=0) if _is_name(value, name):
                wanted = True
            case ast.BinOp(left=left, right=right) if _is_name(left, name) or _is_name(right, name):
                wanted = True
    return wanted


def _is_name(node: ast.AST | None, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def hands_on(node: FunctionNode | None) -> bool:
    """Whether a function gives back what a call gave it: ``def send(self, text): return self.emit("send", text)``."""
    return node is not None and isinstance(node.body[-1], ast.Return) and isinstance(node.body[-1].value, ast.Call)
