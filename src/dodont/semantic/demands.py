"""What a function's body wants of a parameter that no annotation describes."""

from __future__ import annotations

import ast

from dodont.semantic.definitions import FunctionNode
from dodont.semantic.trees import last_name, walk

#: What awaitables have themselves.
OF_COROUTINES = frozenset({"send", "throw", "close", "cancel", "add_done_callback", "__await__"})

#: Calls that await what they are given, or may.
_AWAITING = frozenset(
    {"create_task", "ensure_future", "gather", "run", "run_coroutine_threadsafe", "run_until_complete", "shield", "wait", "wait_for"}
)  # fmt: skip


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


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
