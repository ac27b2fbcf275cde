"""What a call gives: of a library by the words of its model, of the project by a function's facts with its parameters filled in."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING

from dodont.models.vocabulary import Function as FunctionModel
from dodont.semantic import queries
from dodont.semantic.annotations import model_type, substitute, type_named
from dodont.semantic.definitions import FunctionInfo
from dodont.semantic.objects import exposed, instance_attribute
from dodont.semantic.trees import asks_within
from dodont.semantic.values import (
    STR,
    UNKNOWN,
    Hole,
    Items,
    Label,
    Note,
    Selection,
    Text,
    Type,
    Value,
    from_text,
    inlined,
    join_labels,
    labels_of,
    merge,
    parts_of,
    text_of,
)

if TYPE_CHECKING:
    from dodont.semantic.calls import Arguments
    from dodont.semantic.frame import Frame

_WORDS = frozenset({"element", "scalar", "entity", "selected", "made", "awaited", "gathered"})


def library_result(
    frame: Frame, callee: Value, model: FunctionModel, ref: str, given: Arguments, node: ast.Call
) -> Value:
    """What a modelled call gives: type, labels, and what it keeps of its arguments."""
    value = _returned(frame, callee, model, given)
    if not (model.keeps or model.cleans or model.label or model.identifier or model.never):
        return value
    labels: tuple[Label, ...] = ()
    text = None
    literal = bool(model.keeps)
    for position in model.keeps:
        source = callee.receiver if position == "self" else None
        if source is None:
            found = given.find(position)
            source = found[0] if found is not None else None
        if source is None:
            literal = literal and position != "self"
            continue
        labels = join_labels(labels, source.labels)
        if model.returns != "self" and not given.keywords.keys() & {"exclude", "include"}:
            labels = join_labels(labels, exposed(frame, source, node))
        text = text or text_of(source)
        literal = literal and source.literal
    if model.cleans:
        labels = tuple(
            label for label in labels if not ("secret" in model.cleans and label.kind in ("secret", "secrets"))
        )
        value = value.but(cleaned="secret" in model.cleans, literal="sql" in model.cleans or model.identifier)
    if model.label is not None:
        labels = (
            *labels_of(model.label, model.what or ref, (Note(frame.site(node), model.what or f"what `{ref}` gives"),)),
            *labels,
        )
    if labels or text is not None:
        value = value.but(
            labels=join_labels(labels, value.labels), text=text if value.type in (None, STR) or model.sql else None
        )
    if literal and model.keeps:
        value = value.but(literal=True)
    if model.identifier:
        value = value.but(literal=True)
    if model.never:
        return Value(Type("Never"))
    if model.sql is not None and text is not None:
        frame.clauses[id(value)] = (value, ("query", frame.site(node)))
    return value


@lru_cache(maxsize=1024)
def _reference(returns: str) -> tuple[str, int]:
    """``instance 0`` in a model's ``returns`` as its word and position; no word where it names a type."""
    word, _, rest = returns.partition(" ")
    return (word, int(rest)) if word in ("argument", "instance", "call", "named") and rest.isdigit() else ("", 0)


def _returned(frame: Frame, callee: Value, model: FunctionModel, given: Arguments) -> Value:
    returns = model.returns
    if returns is None:
        return UNKNOWN
    word, position = _reference(returns)
    if word:
        found = given.find(position)
        if found is None:
            return UNKNOWN
        source = found[0]
        if word == "argument":
            return source
        if word == "instance":
            named = type_named(frame, source)
            return Value(named) if named is not None else UNKNOWN
        if word == "named":
            name = source.const
            return (
                frame.world.resolve(frame.world.qualify(name, frame.module)) if isinstance(name, str) else None
            ) or UNKNOWN
        return called(frame, source)
    receiver = callee.receiver
    own = receiver.type if receiver is not None else None
    if returns.startswith("element of "):
        return _held(frame, receiver, returns.split()[2:])
    if returns == "element":
        return Value(own.args[0]) if own is not None and own.args and own.args[0].name != "Any" else UNKNOWN
    if own is not None and returns == "self":
        return Value(own._replace(optional=False), labels=receiver.labels if receiver is not None else ())
    found_type = model_type(returns)
    if found_type is not None and (found_type.args or "." not in found_type.name):
        found_type = _fill(frame, substitute(found_type, own), own, given)
    if found_type is None:
        return UNKNOWN
    if found_type.optional:
        return Value(found_type._replace(optional=False), maybe_none=True)
    if found_type.name == "type" and found_type.args:
        return Value(found_type, ref=found_type.args[0].name)
    return Value(found_type)


def _held(frame: Frame, receiver: Value | None, names: list[str]) -> Value:
    """``element of queryset model``: an element of the receiver's ``queryset``, or an instance of the class in ``model``."""
    if receiver is None or receiver.type is None:
        return UNKNOWN
    for name in names:
        value = instance_attribute(frame, receiver, receiver.type, name)
        if value is not None and value.type is not None and value.type.args and value.type.args[0].name != "Any":
            return Value(value.type.args[0])
    return UNKNOWN


def _fill(frame: Frame, type: Type | None, own: Type | None, given: Arguments) -> Type | None:
    """A model's type with its words for what only the call tells: ``element``, ``scalar``, ``entity``, ``selected``."""
    if type is None:
        return None
    if type.name in _WORDS:
        inner: Type | None = None
        if type.name == "entity":  # `query(Order)`, not `query(Order.id, Order.day)`
            inner = type_named(frame, given.positional[0]) if len(given.positional) == 1 else None
        elif type.name == "made":
            inner = called(frame, given.positional[0]).type if given.positional else None
        elif type.name == "awaited":
            inner = _awaited(given.positional[0]) if given.positional else None
        elif type.name == "gathered":
            inner = _gathered(given)
        elif type.name == "selected":
            source = given.positional[0].type if given.positional else None
            inner = source.args[0] if source is not None and source.args else None
        elif own is not None and own.args:
            inner = own.args[0]
            if type.name == "scalar" and inner.name == "tuple" and inner.args:  # `Result[tuple[Order]]`
                inner = inner.args[0]
        return inner._replace(optional=type.optional) if inner is not None and inner.name != "Any" else None
    if type.args:
        return type._replace(args=tuple(_fill(frame, arg, own, given) or Type("Any") for arg in type.args))
    return type


def _awaited(value: Value) -> Type | None:
    """What awaiting an argument gives."""
    result = value.pending.result if value.pending is not None else UNKNOWN
    type = result.type
    return type._replace(optional=type.optional or result.maybe_none) if type is not None else None


def _gathered(given: Arguments) -> Type | None:
    """``first, second = await asyncio.gather(one(), two())``."""
    whole = not any(each.__class__ is ast.Starred for each in given.nodes) and "return_exceptions" not in given.words
    return Type("tuple", tuple([_awaited(each) or Type("Any") for each in given.positional])) if whole else None


def called(frame: Frame, source: Value) -> Value:
    """What a dependency injector gets from calling ``source`` without arguments of ours: the value awaited, entered, iterated."""
    if source.ref is None:
        return _called_instance(frame, source)
    function = frame.world.function(source.ref)
    if function is not None:
        returns = frame.world.facts(function).returns
        type = returns.type
        if function.is_generator or function.manager:
            type = type.args[0] if type is not None and type.args else None
        if type is not None and type.name == "Any":
            type = None
        return Value(type, labels=tuple(label for label in returns.labels if label.kind != "parameter"))
    named = type_named(frame, source)
    return Value(named) if named is not None else UNKNOWN


def _called_instance(frame: Frame, source: Value) -> Value:
    method = instance_attribute(frame, source, source.type, "__call__") if source.type is not None else None
    if method is None or method.ref is None:
        return UNKNOWN
    if frame.world.function(method.ref) is not None:
        return called(frame, Value(ref=method.ref))
    owner, _, name = method.ref.rpartition(".")
    found = frame.library.method(owner, name)
    if found is None or found[0].returns is None:
        return UNKNOWN
    own = source.type
    if found[0].returns == "element":
        return Value(own.args[0]) if own is not None and own.args and own.args[0].name != "Any" else UNKNOWN
    return Value(substitute(model_type(found[0].returns), own))


def filled(
    frame: Frame,
    node: ast.Call,
    function: FunctionInfo,
    value: Value,
    bindings: dict[str, tuple[Value, ast.expr]],
    receiver: Value | None = None,
) -> Value:
    """The function's result with its parameters replaced by what this call gives them."""
    if value.query is not None and value.query.__class__ is Selection and value.query.of:
        value = queries.refilled(value, bindings, receiver)
    if not value.labels and value.text is None:
        return value
    if value.items is not None:
        value = value.but(items=_filled_items(frame, node, function, value.items, bindings))
    if not bindings and value.text is None and all(label.kind in ("parameter", "part") for label in value.labels):
        return value.but(labels=())  # what is said of parameters alone, where none is given
    labels: tuple[Label, ...] = ()
    whole: Value | None = None
    note = Note(frame.site(node), f"through `{function.name}()`")
    for label in value.labels:
        if label.kind == "part":
            continue
        if label.kind != "parameter":
            labels = join_labels(labels, (label._replace(notes=(*label.notes, note)),))
        elif label.what in bindings:
            given = bindings[label.what][0]
            kept = [each for each in given.labels if not (value.cleaned and each.kind in ("secret", "secrets"))]
            passed = tuple(each._replace(notes=(*each.notes, note)) for each in kept)
            labels = join_labels(labels, passed)
            if value.text is None and value.type is None:
                whole = given
    if value.text is not None:
        parts: list[str | Hole] = []
        for part in value.text.parts:
            if part.__class__ is str:
                parts.append(part)
                continue
            parts += _refilled(part, bindings, labels)  # type: ignore[arg-type]
        text = Text(merge(parts), value.text.site, (*value.text.notes, note))
        return from_text(text, labels, certain=bool(value.text.holes))
    if whole is not None and not value.cleaned:
        pending = whole.pending
        if pending is not None and _asks(frame, function):
            pending = None
        return whole.but(labels=labels, literal=value.literal, pending=pending)
    return value.but(labels=labels)


def _filled_items(
    frame: Frame, node: ast.Call, function: FunctionInfo, items: Items, bindings: dict[str, tuple[Value, ast.expr]]
) -> Items:
    """``return text, values``: what a display holds is filled in like the whole."""
    if isinstance(items, dict):
        return {name: filled(frame, node, function, item, bindings) for name, item in items.items()}
    return tuple([filled(frame, node, function, item, bindings) for item in items or ()])


def _asks(frame: Frame, function: FunctionInfo) -> bool:
    """Whether the function asks what it was given: ``if inspect.isawaitable(value): …``; what it gives back is then another thing."""
    body = frame.world.body(function)
    return body is not None and asks_within(body)


def _refilled(hole: Hole, bindings: dict[str, tuple[Value, ast.expr]], labels: tuple[Label, ...]) -> list[str | Hole]:
    names = [label.what for label in hole.value.labels if label.kind == "parameter"]
    if not names:
        return [_of_parts(hole, bindings)]
    if names[0] not in bindings:  # left at its default
        return [hole._replace(value=hole.value.but(labels=()))]
    given = bindings[names[0]][0]
    inner = inlined(given)
    if inner is not None and hole.value.type in (None, STR) and not hole.value.literal:
        return list(inner.parts)
    merged = given.but(type=hole.value.type or given.type, literal=given.literal or hole.value.literal)
    return [hole._replace(value=merged)]


def _of_parts(hole: Hole, bindings: dict[str, tuple[Value, ast.expr]]) -> Hole:
    """A hole with a part of what the function was given: its origin is that of what this call gives."""
    labels: tuple[Label, ...] = ()
    literal = True
    for label in hole.value.labels:
        if label.kind != "part":
            labels = join_labels(labels, (label,))
        elif label.what in bindings:
            given = bindings[label.what][0]
            labels, literal = join_labels(labels, parts_of(given.labels)), literal and given.literal
        else:  # left at its default
            continue
    if literal and not labels and hole.value.labels:
        return hole._replace(value=hole.value.but(labels=labels, literal=True))
    return hole._replace(value=hole.value.but(labels=labels))
