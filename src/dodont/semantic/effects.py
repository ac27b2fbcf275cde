"""What running a function does beside its result, noted for the function at hand: it waits, it uses the database."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from dodont.semantic import opening, waiting
from dodont.semantic.definitions import Access, Facts, FunctionInfo, Waits
from dodont.semantic.events import Call as CallEvent

if TYPE_CHECKING:
    from dodont.semantic.frame import Frame

MAX_CHAIN = 6

#: Properties that are computed when they are first read: for whoever reads one that is a test on the way.
CACHED = frozenset({"functools.cached_property", "django.utils.functional.cached_property"})

#: Tests on the way to what is done once: more than a rule goes along with.
MANY = 9


def waits(frame: Frame, node: ast.expr, target: str, found: Waits, movable: bool = False) -> None:
    """A call that blocks: told to rules, and remembered for the callers of this function."""
    if frame.silent or frame.in_lambda or frame.elsewhere:
        return
    if len(found.chain) <= MAX_CHAIN:
        passed = found
        tests = MANY if waiting.fills_once(frame) else int(frame.guards > 0)
        if tests:
            passed = found._replace(tests=found.tests + tests)
        known = frame.loop if found.on == "loop" else frame.waits
        if known is None or (len(passed.chain), passed.tests) < (len(known.chain), known.tests):
            if found.on == "loop":
                frame.loop = passed
            else:
                frame.waits = passed
        site = frame.site(node)
        if frame.failing and len(found.chain) > 1:
            found = found._replace(tests=found.tests + 1)
        key = ("loop" if found.on == "loop" else "call", site)
        frame.event(key, CallEvent(site, target, found, frame.in_coroutine, frame.function, movable))


def blocked(frame: Frame, node: ast.expr, function: FunctionInfo, facts: Facts) -> None:
    """The function blocks its thread, if it does, where ``node`` stands."""
    for found in (facts.waits, facts.loop):
        if found is not None:
            once = function.kind == "property" and any(each.ref in CACHED for each in function.decorators)
            chain = (function.ref, *found.chain)
            waits(frame, node, function.ref, found._replace(chain=chain, twin=None, tests=found.tests + once))


def used(frame: Frame, node: ast.expr, function: FunctionInfo, facts: Facts) -> None:
    """What the function does to the database and to other services, its caller does."""
    if facts.accesses:
        site = frame.site(node)
        seen = set()
        # What the function does itself says more than what it has done.
        for access in sorted(facts.accesses, key=_depth):
            if access.kind not in seen and len(access.chain) < MAX_CHAIN:
                seen.add(access.kind)
                chain = (function.ref, *access.chain)
                tests = access.tests + access.guarded
                frame.accesses.append(Access(access.kind, access.target, site, chain, frame.guards > 0, tests))
    frame.changes = frame.changes or facts.changes
    if facts.external:
        frame.external = True
        frame.asked.add(node.lineno)


#: What calls of other services are named that change nothing there, whatever library makes them.
_READS = frozenset(
    "get head options mget hget hgetall exists search msearch count get_object head_object list_objects_v2".split()
)


def only_asks(ref: str) -> bool:
    """Whether a library's call of another service leaves that as it is. To ask a language model is called to create an answer."""
    return ref.rpartition(".")[2] in _READS or ref.startswith("openai.")


def _depth(access: Access) -> tuple[int, int]:
    return len(access.chain), access.tests + access.guarded


def runs(frame: Frame, node: ast.expr, function: FunctionInfo) -> None:
    """A function runs without being called there: a property that is read, a manager that is entered or left. That a call in
    that very place blocks says more."""
    if frame.silent or not function.runs_at_once:
        return
    facts = frame.world.facts(function)
    if (facts.waits is not None or facts.loop is not None) and ("call", frame.site(node)) not in frame.events:
        blocked(frame, node, function, facts)
    if facts.accesses or facts.external:
        used(frame, node, function, facts)
    if facts.opens:
        opening.through(frame, node, function, facts, {})


def wrapped(frame: Frame, node: ast.expr, function: FunctionInfo) -> None:
    """What the wrappers around a decorated function do themselves, before it or after it."""
    for ref, called in function.wrapped_by:
        frame.world.resolve(ref)
        wrapper = _given(frame, frame.world.function(ref))
        if called:
            wrapper = _given(frame, wrapper)
        if wrapper is not None and wrapper.ref != ref:
            runs(frame, node, wrapper)


def _given(frame: Frame, function: FunctionInfo | None) -> FunctionInfo | None:
    """The function that another gives back."""
    ref = frame.world.facts(function).returns.ref if function is not None else None
    return frame.world.function(ref) if ref is not None else None


def gone_over(frame: Frame, node: ast.expr) -> None:
    """``for row in rows()``, ``with opened()``: the body of a generator runs where somebody goes over it."""
    called, function = frame.generator or (None, None)
    if called is node and function is not None and not (frame.silent or function.is_async or function.opaque):
        blocked(frame, node, function, frame.world.facts(function))
