"""What entering and leaving a context manager gives and does: ``with`` is two calls around a block."""

from __future__ import annotations

import ast
from typing import Any

from dodont.semantic import effects
from dodont.semantic.annotations import model_type, substitute
from dodont.semantic.definitions import ClassInfo, FunctionInfo
from dodont.semantic.events import Call, Held
from dodont.semantic.frame import Frame
from dodont.semantic.objects import lineage
from dodont.semantic.trees import SCOPES, last_name, nodes_of
from dodont.semantic.values import UNKNOWN, Type, Value
from dodont.semantic.waiting import hands_over


def leave_to_block(frame: Frame, key: tuple[Any, ...], body: list[ast.stmt]) -> None:
    """A manager that waits for the same as its block does: whoever moves the block moves the manager::

    with session_scope() as session:  # commits at the end
        session.get(Order, 1)
    """
    event = frame.events.get(key)
    if not isinstance(event, Call):
        return
    first, last = body[0].lineno, body[-1].end_lineno or body[-1].lineno
    if any(
        isinstance(each, Call) and first <= each.site.line <= last and each.waits.on == event.waits.on
        for each in frame.events.values()
    ):
        del frame.events[key]


#: What a test says that the calls in a block fail with: a coroutine function called with wrong arguments does so at once.
_EXPECTS = frozenset({"raises", "warns", "assertRaises", "assertRaisesRegex", "assertWarns", "assertWarnsRegex"})


def enter_call(frame: Frame, item: ast.withitem, body: list[ast.stmt]) -> None:
    """A blocking call whose result is entered: it cannot be moved alone, and is nothing to tell when threads do the rest."""
    key = ("call", frame.site(item.context_expr))
    event = frame.events.get(key)
    if not isinstance(event, Call):
        return
    if (
        isinstance(item.optional_vars, ast.Name)
        and event.waits.on == "file"
        and hands_over(item.optional_vars.id, body)
    ):
        del frame.events[key]
    else:
        frame.events[key] = event._replace(movable=False)


def held(frame: Frame, item: ast.withitem, type: Type, body: list[ast.stmt]) -> None:
    """What a plain ``with`` of a coroutine has entered while others run."""
    own = [statement for statement in body if statement.__class__ not in SCOPES]
    first = next((each for statement in own for each in nodes_of(statement, _LETTING, SCOPES)), None)
    if first is not None:
        site = frame.site(item.context_expr)
        frame.event(("held", site), Held(site, type, frame.site(first), frame.function))


_LETTING: frozenset[type] = frozenset({ast.Await, ast.AsyncFor, ast.AsyncWith})


def expects(node: ast.With | ast.AsyncWith) -> bool:
    """Whether a test says that what is in the block fails."""
    return any(
        isinstance(item.context_expr, ast.Call) and last_name(item.context_expr.func) in _EXPECTS for item in node.items
    )


def suppresses(frame: Frame, node: ast.With | ast.AsyncWith) -> bool:
    return any(
        isinstance(item.context_expr, ast.Call) and frame.quiet(item.context_expr.func).ref == "contextlib.suppress"
        for item in node.items
    )


def is_async(frame: Frame, value: Value) -> bool:
    """Whether an object is entered by ``async with`` alone."""
    entry = frame.library.class_of(value.type.name) if value.type is not None else None
    return entry is not None and entry.is_async


def runs(frame: Frame, node: ast.expr, type: Type) -> list[tuple[Any, ...]]:
    """Entering and leaving a manager runs its code: the two halves of a generator, or ``__enter__`` and ``__exit__``. Gives the
    event that tells so."""
    if type.name != "contextmanager" and frame.world.class_named(type.name) is None:
        return []
    key = ("call", frame.site(node))
    if key in frame.events:
        return []
    if type.name == "contextmanager":
        effects.gone_over(frame, node)
    else:
        for name in ("__enter__", "__exit__"):
            function = method_of(frame, type, name)
            if function is not None:
                effects.runs(frame, node, function)
    return [key] if key in frame.events else []


def method_of(frame: Frame, type: Type, name: str) -> FunctionInfo | None:
    """The method of a class of the project, where no class of a library comes first."""
    for _, entry in lineage(frame, type.name):
        if not isinstance(entry, ClassInfo):
            return None
        if name in entry.functions:
            return entry.functions[name]
    return None


def entered(frame: Frame, value: Value, asynchronous: bool = False) -> Value:
    """What ``with value as name`` binds."""
    type = value.type
    if type is None:
        return UNKNOWN
    if type.name == "contextmanager":
        if isinstance(value.items, tuple):
            return value.items[0]
        inner = type.args[0] if type.args else None
        return Value(None if inner is None or inner.name == "Any" else inner)
    method = method_of(frame, type, "__aenter__" if asynchronous else "__enter__")
    if method is not None:
        given = frame.world.facts(method).returns
        own = given.type is not None and any(ref == given.type.name for ref, _ in lineage(frame, type.name))
        return value if own else UNKNOWN if method.opaque else given.but(labels=())
    entry = frame.library.class_of(type.name)
    if entry is None:
        found = next((entry for _, entry in frame.library.ancestors(type.name) if entry.enters), None)
        if found is None:
            return value
        entry = found
    enters = next((each.enters for _, each in frame.library.ancestors(type.name) if each.enters), None)
    if enters is None or enters == "self":
        return value
    return Value(substitute(model_type(enters), type))
