"""Answers of other services that do not hang on each other are awaited one after the other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from dodont.analysis import SCOPES, Diagnostic, Fetching, Pass, nodes_of, on

#: What goes one after the other on purpose, by a word of what is called or entered: a limit, a pause, another attempt, an order.
PACED = ("sleep", "limit", "semaphore", "throttle", "retry", "lock", "backoff", "delay", "send")

_CALLS: frozenset[type] = frozenset({ast.Call})
_NAMES: frozenset[type] = frozenset({ast.Name})
_AWAITS: frozenset[type] = frozenset({ast.Await, ast.AsyncFor, ast.AsyncWith})
_LEAVING: frozenset[type] = frozenset({ast.Break, ast.Return, ast.Raise, ast.Continue, ast.Try, ast.Yield})
_STATEMENTS: frozenset[type] = frozenset({ast.Expr})
_ENTERING: frozenset[type] = frozenset({ast.AsyncWith})
_LOOPS: frozenset[type] = frozenset({ast.For, ast.ListComp, ast.SetComp, ast.DictComp})


@on(Fetching, rule="sequential-awaits")
def check(event: Fetching, run: Pass) -> Iterator[Diagnostic]:
    if run.module.role in ("test", "script") or event.function.is_start_up or is_paced(event.node):
        return
    for body in bodies(event.node):
        told = False  # of this row of answers
        for first, second in pairwise(body):
            one, other = fetched(first, event), fetched(second, event)
            before, told = told, one is not None and other is not None and not hangs_on(second, first)
            if other is not None and told and not before:
                callee = run.display(event.remote[id(other)])
                yield run.report("pair", run.site(other), function=event.function, callee=callee)
    for each in nodes_of(event.node, _LOOPS, SCOPES - {ast.AsyncFunctionDef}):
        asked = repeated(each, event) if isinstance(each, ast.For) else collected(each, event)
        if asked is not None:
            callee = run.display(event.remote[id(asked)])
            yield run.report("loop", run.site(asked), function=event.function, callee=callee)


def is_paced(node: ast.AST) -> bool:
    """Whether the coroutine says by what it calls that it takes its time, or lets a few in at once: ``async with turn:``."""
    for each in nodes_of(node, _ENTERING):
        if isinstance(each, ast.AsyncWith) and any(isinstance(one.context_expr, ast.Name) for one in each.items):
            return True
    names = (each.func for each in nodes_of(node, _CALLS) if isinstance(each, ast.Call))
    return any(word in ast.unparse(name).lower() for name in names for word in PACED)


def bodies(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The blocks of a coroutine, without those of functions within it."""
    pending: list[ast.AST] = [node]
    while pending:
        current = pending.pop()
        for name in ("body", "orelse", "finalbody"):
            block = getattr(current, name, None)
            if isinstance(block, list):
                yield block
                pending += [each for each in block if each.__class__ not in SCOPES]
        pending += getattr(current, "handlers", [])


def fetched(statement: ast.stmt, event: Fetching) -> ast.Await | None:
    """The answer that a statement puts into a name: ``user = await client.get("/user")``."""
    match statement:
        case ast.Assign(targets=[ast.Name()], value=ast.Await() as value) if id(value) in event.remote:
            return value
        case ast.AnnAssign(target=ast.Name(), value=ast.Await() as value) if id(value) in event.remote:
            return value
    return None


def hangs_on(second: ast.stmt, first: ast.stmt) -> bool:
    """Whether a statement reads, or binds anew, what another has bound."""
    bound = {each.id for each in nodes_of(first, _NAMES) if isinstance(each, ast.Name) and not is_read(each)}
    return any(isinstance(each, ast.Name) and each.id in bound for each in nodes_of(second, _NAMES))


def is_read(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Load)


def repeated(loop: ast.For, event: Fetching) -> ast.Await | None:
    """The only thing a loop awaits, asked of each element by itself: nothing that one turn finds out decides about another."""
    if isinstance(loop.iter, ast.Call) and len(loop.iter.args) == 3:
        return None  # `range(0, len(rows), chunk)`: in portions, for a reason
    awaits = [each for statement in loop.body for each in nodes_of(statement, _AWAITS)]
    if len(awaits) != 1 or id(awaits[0]) not in event.remote:
        return None
    if any(nodes_of(statement, _LEAVING) for statement in loop.body):
        return None
    if any(isinstance(each, ast.Expr) and each.value is awaits[0] for each in nodes_of(loop, _STATEMENTS)):
        return None  # what is done and gives no answer may have its order
    asked = awaits[0]
    assert isinstance(asked, ast.Await)
    targets = {each.id for each in nodes_of(loop.target, _NAMES) if isinstance(each, ast.Name)}
    used = {each.id for each in nodes_of(asked, _NAMES) if isinstance(each, ast.Name)}
    stored = {
        each.id
        for statement in loop.body
        for each in nodes_of(statement, _NAMES)
        if isinstance(each, ast.Name) and not is_read(each)
    }
    before = stored - targets - bound_first(loop.body)
    return asked if targets & used and not before & used else None


def collected(display: ast.AST, event: Fetching) -> ast.Await | None:
    """The only thing a comprehension awaits, for each element: ``[await load(key) for key in keys]``."""
    assert isinstance(display, (ast.ListComp, ast.SetComp, ast.DictComp))
    (loop, *others) = display.generators
    kept = (display.key, display.value) if isinstance(display, ast.DictComp) else (display.elt,)
    awaits = [each for each in nodes_of(display, _AWAITS) if isinstance(each, ast.Await)]
    inside = [each for part in kept for each in nodes_of(part, _AWAITS)]
    if others or loop.is_async or len(awaits) != 1 or inside != awaits or id(awaits[0]) not in event.remote:
        return None
    targets = {each.id for each in nodes_of(loop.target, _NAMES) if isinstance(each, ast.Name)}
    used = {each.id for each in nodes_of(awaits[0], _NAMES) if isinstance(each, ast.Name)}
    return awaits[0] if targets & used else None


def bound_first(body: list[ast.stmt]) -> set[str]:
    """Names that a block binds before it reads them."""
    read: set[str] = set()
    found: set[str] = set()
    for statement in body:
        names = [each for each in nodes_of(statement, _NAMES) if isinstance(each, ast.Name)]
        read |= {each.id for each in names if is_read(each) and each.id not in found}
        if isinstance(statement, (ast.Assign, ast.AnnAssign)):
            found |= {each.id for each in names if not is_read(each) and each.id not in read}
    return found
