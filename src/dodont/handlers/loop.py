"""Handlers and the event loop they run on: what holds it up, and which of them a framework would run in a thread."""

from __future__ import annotations

import ast

from dodont.analysis import SCOPES, Call, FunctionInfo, Pass, nodes_of

#: Functions on the way that each go on in some cases only: behind two of them a running loop seldom comes to wait.
MAX_TESTS = 1

#: Through how many functions what is less of a wait is followed at most.
REACH = {"file": 0, "computation": 1}

#: Frameworks that run a plain handler in a thread of a pool, and a coroutine on the loop.
POOLS = frozenset({"fastapi", "starlette"})

#: What works only where a loop runs.
LOOPS = frozenset({"asyncio", "anyio", "trio", "sniffio", "contextvars"})

_LETTING: frozenset[type] = frozenset({ast.Await, ast.AsyncFor, ast.AsyncWith, ast.Yield, ast.YieldFrom})
_COMPREHENDING: frozenset[type] = frozenset({ast.comprehension})
_NAMING: frozenset[type] = frozenset({ast.Name, ast.Attribute})
_COROUTINES: frozenset[type] = frozenset({ast.AsyncFunctionDef})


def holds_up(call: Call, run: Pass) -> bool:
    """Whether a blocking call makes the event loop wait that runs the function around it."""
    if call.waits.on == "loop" or not call.in_coroutine or run.module.role in ("test", "script"):
        return False
    if call.waits.tests > MAX_TESTS or (call.function is not None and call.function.is_start_up):
        return False
    longest = int(run.options["max-functions"])
    return len(call.waits.chain) - 1 <= min(REACH.get(call.waits.on, longest), longest)


def fits_pool(function: FunctionInfo, run: Pass) -> ast.AsyncFunctionDef | None:
    """The definition of a coroutine that serves requests and needs no loop to: as a plain function it would run in a thread.

    Not one that others call, or that stands for a coroutine of a base class: these await what it gives.
    """
    handler = function.handler
    if handler is None or handler.by.partition(".")[0] not in POOLS or "WEBSOCKET" in handler.methods:
        return None
    node = run.project.body(function)
    if not isinstance(node, ast.AsyncFunctionDef) or function.is_generator or function.opaque or function.made:
        return None
    if function.wrapped_by or run.overrides(function):
        return None
    body = [statement for statement in node.body if statement.__class__ not in SCOPES]
    if any(nodes_of(statement, _LETTING, SCOPES) for statement in body) or nodes_of(node, _COROUTINES) != [node]:
        return None
    if any(each.is_async for statement in body for each in nodes_of(statement, _COMPREHENDING, SCOPES)):  # type: ignore[attr-defined]
        return None
    names = {each.id for each in nodes_of(node, _NAMING) if isinstance(each, ast.Name)}
    if any(run.origin(name).partition(".")[0] in LOOPS for name in names):
        return None
    return None if any(_names(each, function) for each in nodes_of(run.tree, _NAMING)) else node


def _names(node: ast.AST, function: FunctionInfo) -> bool:
    """Whether an expression may mean the function: other code of the module calls it, or hands it on."""
    if isinstance(node, ast.Name):
        return function.owner is None and node.id == function.name
    return (
        isinstance(node, ast.Attribute)
        and function.owner is not None
        and node.attr == function.name
        and isinstance(node.value, ast.Name)
        and node.value.id in ("self", "cls", function.owner.name)
    )
