"""What the interpretation knows, as JSON can hold it, and back: values, facts, and the plain tuples within them.

Every list begins with a tag that says what it is. Nothing but the classes named here is ever made, whatever the text says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from dodont.models.vocabulary import Sql
from dodont.semantic.definitions import (
    Access,
    Durable,
    Facts,
    HandlerInfo,
    Kept,
    Opening,
    Raised,
    Sink,
    Variable,
    Waits,
    Write,
)
from dodont.semantic.frame import Imported
from dodont.semantic.values import (
    ABSENT,
    NONE,
    UNKNOWN,
    Hole,
    Label,
    Note,
    Pending,
    Relation,
    Selection,
    Site,
    Text,
    Type,
    Use,
    Value,
)

_TUPLES: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        Access,
        Durable,
        HandlerInfo,
        Hole,
        Kept,
        Label,
        Note,
        Opening,
        Pending,
        Raised,
        Relation,
        Selection,
        Sink,
        Site,
        Sql,
        Text,
        Type,
        Use,
        Variable,
        Waits,
        Write,
    )
}
_RECORDS: dict[str, Any] = {kind.__name__: kind for kind in (Facts,)}
_DEFAULTS: dict[str, Any] = {name: getattr(UNKNOWN, name) for name in Value.__slots__}


class NotPlain(ValueError):  # noqa: N818
    """Something that has no plain form, or a text that is none of ours."""


def plain(value: Any) -> Any:
    """A value, fact or container of such, in lists, texts and numbers. Raises NotPlain."""
    kind = value.__class__
    if kind is str or kind is int or kind is bool or value is None or kind is float:
        return value
    make = _PLAIN.get(kind)
    if make is None:
        raise NotPlain(f"{kind.__name__} has no plain form")
    return make(value)


def _value(value: Value) -> list[Any]:
    if value is UNKNOWN:
        return ["?"]
    if value is NONE:
        return ["N"]
    found: list[Any] = ["I" if value.__class__ is Imported else "V"]
    for name, default in _DEFAULTS.items():
        given = getattr(value, name)
        if given is not default and (given != default or given.__class__ is not default.__class__):
            found += (name, plain(given))
    return found


def _record(value: Any) -> list[Any]:
    return [value.__class__.__name__, *(plain(getattr(value, each.name)) for each in fields(value))]


def _number(value: complex) -> list[Any]:
    return ["complex", value.real, value.imag]


_PLAIN: dict[type, Callable[[Any], Any]] = {
    Value: _value,
    Imported: _value,
    tuple: lambda value: ["t", *map(plain, value)],
    list: lambda value: ["l", *map(plain, value)],
    dict: lambda value: ["d", *([plain(key), plain(each)] for key, each in value.items())],
    frozenset: lambda value: ["f", *sorted(map(plain, value), key=repr)],
    bytes: lambda value: ["b", value.hex()],
    complex: _number,
    ABSENT.__class__: lambda value: ["absent"],
    Ellipsis.__class__: lambda value: ["..."],
    **{kind: lambda value: [value.__class__.__name__, *map(plain, value)] for kind in _TUPLES.values()},
    **dict.fromkeys(_RECORDS.values(), _record),
}


def restored(plain: Any) -> Any:
    """What ``plain`` was given. Raises NotPlain."""
    if plain.__class__ is not list:
        return plain
    try:
        tag = plain[0]
        make = _MADE.get(tag)
        if make is not None:
            return make(plain)
        if tag in _TUPLES:
            return _TUPLES[tag](*map(restored, plain[1:]))
        return _RECORDS[tag](*map(restored, plain[1:]))
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise NotPlain(f"no plain form of ours: {error}") from None


def _value_of(plain: list[Any]) -> Value:
    value = Imported() if plain[0] == "I" else Value()
    for index in range(1, len(plain), 2):
        setattr(value, plain[index], restored(plain[index + 1]))
    return value


_MADE: dict[str, Callable[[list[Any]], Any]] = {
    "V": _value_of,
    "I": _value_of,
    "?": lambda plain: UNKNOWN,
    "N": lambda plain: NONE,
    "t": lambda plain: tuple(map(restored, plain[1:])),
    "l": lambda plain: [*map(restored, plain[1:])],
    "d": lambda plain: {restored(key): restored(each) for key, each in plain[1:]},
    "f": lambda plain: frozenset(map(restored, plain[1:])),
    "b": lambda plain: bytes.fromhex(plain[1]),
    "complex": lambda plain: complex(plain[1], plain[2]),
    "absent": lambda plain: ABSENT,
    "...": lambda plain: ...,
}
