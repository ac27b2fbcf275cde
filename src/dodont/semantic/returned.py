"""Whether what a function returns must be a result, or may be an awaitable that somebody else is to await."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from dodont.core.patterns import pattern
from dodont.semantic.annotations import parsed_annotation, type_of
from dodont.semantic.calls import is_plain
from dodont.semantic.definitions import FunctionInfo
from dodont.semantic.trees import last_name
from dodont.semantic.values import UNKNOWN

if TYPE_CHECKING:
    from dodont.semantic.frame import Frame

#: Words in a declared result that leave room for an awaitable.
_AWAITED = frozenset({"Awaitable", "Coroutine", "Task", "Future", "Any", "object", "Callable", "Generator"})

#: ``await (await start())``: what the coroutine ``start`` gives is awaited in its turn.
_TWICE = pattern(r"\bawait\s*\(\s*await\b")

#: Frameworks that await what a plain handler gives back, where it is an awaitable.
_AWAITING = frozenset({"tornado", "aiohttp", "sanic"})

_UNIONS = frozenset({"Optional", "Union", "Annotated"})


def must_hold_plain(frame: Frame, function: FunctionInfo) -> bool:
    """Whether nothing in the container the coroutine returns can be meant to be awaited by somebody else."""
    if function.handler is not None:
        return True
    if function.node is None or function.node.returns is None or function.is_generator:
        return False
    declared = type_of(frame, function.node.returns)
    return declared is not None and bool(declared.args) and is_plain(frame, declared.args[-1])


def _hands_on(frame: Frame, function: ast.AST, node: ast.Return) -> bool:
    """Whether another ``return`` of the function may give an awaitable as well: then it is meant to."""
    others = [each.value for each in ast.walk(function) if isinstance(each, ast.Return) and each is not node]
    return any(
        isinstance(each, ast.Call) and ((value := frame.quiet(each)) is UNKNOWN or value.pending is not None)
        for each in others
    )


def must_be_plain(frame: Frame, function: FunctionInfo, node: ast.Return) -> bool:
    """Whether what the coroutine returns cannot be meant to be awaited by somebody else: by the words of its declared result, or
    because nobody in the module does."""
    declared_so = function.node is not None and function.node.returns is not None and not function.is_async
    if function.handler is not None and not declared_so:
        return function.is_async or function.handler.by.partition(".")[0] not in _AWAITING
    if function.node is None or function.is_generator:
        return False
    if function.node.returns is None or last_name(function.node.returns) == "Any":
        return _TWICE.search(function.module.text) is None and not _hands_on(frame, function.node, node)
    pending: list[ast.expr] = [function.node.returns]
    while pending:
        declared = pending.pop()
        match declared:
            case ast.Constant(value=str() as text):
                parsed = parsed_annotation(text)
                if parsed is None:
                    return False
                pending.append(parsed)
            case ast.Constant(value=None):
                pass
            case ast.Name(id=word) | ast.Attribute(attr=word):
                if word in _AWAITED or len(word) < 2:
                    return False
            case ast.Subscript(value=outer, slice=inner):
                # An awaitable within a container is seen only where the container itself is returned.
                pending.append(outer)
                if last_name(outer) in _UNIONS:
                    pending += inner.elts if isinstance(inner, ast.Tuple) else [inner]
            case ast.BinOp(left=left, right=right):
                pending += [left, right]
            case _:
                return False
    return True
