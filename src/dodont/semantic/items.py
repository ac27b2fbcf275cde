"""Parts of values: what subscripts, ``get`` and iteration give."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from dodont.semantic import queries
from dodont.semantic.annotations import model_type, substitute
from dodont.semantic.credentials import about_fields, credential
from dodont.semantic.objects import instance_attribute
from dodont.semantic.trees import last_name
from dodont.semantic.values import ABSENT, STR, UNKNOWN, Pending, Selection, Type, Value, is_mapping, join, parts_of

if TYPE_CHECKING:
    from dodont.semantic.frame import Frame


def item_of(frame: Frame, receiver: Value, key: Value, node: ast.AST) -> Value:
    """``receiver[key]``: known elements of displays, element types, and credentials by their key's name."""
    items = receiver.items
    value = UNKNOWN
    if isinstance(items, dict):
        if key.const.__class__ is str and key.const in items:
            return items[key.const]
        if items and key.const is ABSENT:
            every = list(items.values())
            value = every[0]
            for other in every[1:]:
                value = join(value, other)
    elif isinstance(items, tuple) and key.const.__class__ is int and -len(items) <= key.const < len(items):
        return items[key.const]
    if value is UNKNOWN:
        type = receiver.type
        if type is not None and type.args:
            inner = type.args[-1] if type.name in ("dict", "tuple") else type.args[0]
            value = Value(None if inner.name == "Any" else inner)
        elif type is not None and "." in type.name:
            found = frame.library.method(type.name, "__getitem__")
            if found is not None and found[0].returns is not None:
                value = Value(substitute(model_type(found[0].returns), type))
        query = receiver.query
        if query.__class__ is Selection and not (  # `owners[0]` is one of a list
            key.const.__class__ is int and "*" in query.path and _is_list(receiver)
        ):
            value = value.but(query=query)
        if receiver.labels:
            labels = parts_of(receiver.labels)
            if labels:
                value = value.but(labels=labels)
        if receiver.literal and receiver.type is not None and receiver.type.name in ("dict", "list", "tuple"):
            value = value.but(literal=True)
    if key.const.__class__ is str and credential(key.const) and not about_fields(_holder(node)):
        return frame.named(value, key.const, node)
    return value


def _is_list(value: Value) -> bool:
    return value.type is not None and value.type.name == "list"


def _holder(node: ast.AST) -> str:
    """The last name of what an item is taken from."""
    return last_name(node.value) if isinstance(node, ast.Subscript) else ""


def element_of(frame: Frame, source: Value, node: ast.expr, asynchronous: bool = False) -> Value:
    """What iterating over ``source`` gives."""
    value = _element(frame, source, node, asynchronous)
    if source.query.__class__ is Selection and source.pending is None and not is_mapping(source):
        queries.runs(frame, source, node)
        return queries.element(frame, source, value)
    return value


def _element(frame: Frame, source: Value, node: ast.expr, asynchronous: bool) -> Value:
    if source.pending is not None and not (asynchronous and _may_iterate(frame, source.pending)):
        frame.misuse(source, node, "iteration")
        return UNKNOWN
    if source is UNKNOWN and frame.in_coroutine and not asynchronous:
        frame.unresolved(node, "iteration")
    if isinstance(source.items, tuple) and source.items:
        value = source.items[0]
        for other in source.items[1:]:
            value = join(value, other)
        return value
    labels = tuple(
        label._replace(kind="part") if label.kind == "parameter" else label
        for label in source.labels
        if label.kind not in ("secret", "secrets")
    )
    type = source.type
    found = None
    if isinstance(source.items, dict):
        return Value(STR, literal=True)
    if type is not None:
        entry = frame.library.class_of(type.name)
        if entry is not None and entry.element and entry.element != "element":
            found = substitute(model_type(entry.element), type)
        elif type.args:
            found = type.args[0]
    if found is not None and found.name in ("Any", "T", "element"):
        found = type.args[0] if type is not None and type.args and type.args[0].name != "Any" else None
    if found is None and type is not None and "." in type.name:
        own = _iterated(frame, source, type, asynchronous)
        if own is not None:
            return own
    if found is None and not labels and not source.literal:
        return UNKNOWN
    return Value(found, labels=labels, literal=source.literal)


def _iterated(frame: Frame, source: Value, type: Type, asynchronous: bool) -> Value | None:
    """What an object of the project gives by its ``__iter__``, or by the ``__next__`` of what that gives."""
    start, step = ("__aiter__", "__anext__") if asynchronous else ("__iter__", "__next__")
    method = instance_attribute(frame, source, type, start)
    function = frame.world.function(method.ref or "") if method is not None else None
    if function is None:
        return None
    given = frame.world.facts(function).returns
    if given.type is None:
        return None
    if given.type.args or frame.world.class_named(given.type.name) is None:
        return Value(given.type.args[0]) if given.type.args and given.type.args[0].name != "Any" else None
    method = instance_attribute(frame, given, given.type, step)
    function = frame.world.function(method.ref or "") if method is not None else None
    return Value(frame.world.facts(function).returns.type) if function is not None else None


def _may_iterate(frame: Frame, pending: Pending) -> bool:
    """Whether ``async for`` may go over it: an awaitable object, or what a method gives that a generator may override."""
    function = frame.world.function(pending.target)
    return not pending.must or (function is not None and function.is_stub)


def applied(frame: Frame, node: ast.Lambda, given: Value) -> Value:
    """What a lambda gives when it is called with one argument."""
    before, coroutine, inside = frame.env, frame.in_coroutine, frame.in_lambda
    frame.env = before.copy()
    for index, arg in enumerate([*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]):
        frame.env[arg.arg] = given if index == 0 else UNKNOWN
    frame.in_coroutine, frame.in_lambda = False, True
    result = frame.eval(node.body)
    frame.env, frame.in_coroutine, frame.in_lambda = before, coroutine, inside
    return result
