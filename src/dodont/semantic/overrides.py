"""What a call on a base type does, where the base's own method says nothing: what all that override it agree about.

class Repository(ABC):
    @abstractmethod
    def find(self, text): ...

class Orders(Repository):           # in another file
    def find(self, text):
        return connection.execute(text)
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dodont.semantic.definitions import Facts, FunctionInfo, Waits
from dodont.semantic.values import UNKNOWN, Type, Value

if TYPE_CHECKING:
    from dodont.semantic.frame import Frame


def overriding(frame: Frame, function: FunctionInfo, type: Type | None) -> tuple[FunctionInfo, Facts] | None:
    """The method that runs when an abstract one is called on an object of a type, and its facts; where several may, the first of
    them, with the facts they have in common. None where nothing overrides it, or the kinds of what does differ."""
    owner = function.owner
    if owner is None or not function.is_abstract:
        return None
    below = frame.world.class_named(type.name) if type is not None else None
    methods = frame.world.overriding(function, below or owner)
    first = methods[0] if methods else None
    if first is None or any(
        (each.is_coroutine, each.is_async, each.is_generator, each.kind, each.opaque)
        != (first.is_coroutine, first.is_async, first.is_generator, first.kind, first.opaque)
        for each in methods
    ):
        return None
    facts = frame.world.facts(first)
    for each in methods[1:]:
        facts = _common(facts, frame.world.facts(each))
    declared = frame.world.facts(function).returns
    if declared.type is not None and declared.pending is None:
        facts = replace(facts, returns=facts.returns.but(type=declared.type, maybe_none=declared.maybe_none))
    return first, facts


def _common(first: Facts, second: Facts) -> Facts:
    """What two functions do alike."""
    sinks = {(each.parameter, each.kind) for each in second.sinks}
    kinds = {each.kind for each in second.accesses}
    return Facts(
        returns=_same(first.returns, second.returns),
        sinks=tuple(each for each in first.sinks if (each.parameter, each.kind) in sinks),
        waits=_both_wait(first.waits, second.waits),
        loop=_both_wait(first.loop, second.loop),
        accesses=tuple(each for each in first.accesses if each.kind in kinds),
        external=first.external and second.external,
        changes=first.changes or second.changes,
        never=first.never and second.never,
    )


def _both_wait(first: Waits | None, second: Waits | None) -> Waits | None:
    if first is None or second is None or first.on != second.on:
        return None
    return first._replace(tests=max(first.tests, second.tests))


def _same(first: Value, second: Value) -> Value:
    if first.type != second.type or (first.pending is None) is not (second.pending is None):
        return UNKNOWN
    labels = {(each.kind, each.what) for each in second.labels}
    return Value(
        first.type,
        labels=tuple(each for each in first.labels if (each.kind, each.what) in labels),
        pending=first.pending,
        maybe_none=first.maybe_none or second.maybe_none,
    )
