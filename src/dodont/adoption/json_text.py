"""Additions to a JSON text that may have comments (VS Code's kind): what is there stays as it is, byte for byte."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

_DECODER = json.JSONDecoder()
_BLANK = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.S)
_LAST = re.compile(r"(?:\s*(?://[^\n\r]*|/\*.*?\*/))*", re.S)
_PLAIN = re.compile(r"-?\d[\d.eE+-]*|true|false|null")


class BadJson(Exception):  # noqa: N818
    """The text is no JSON; the message says where and why."""


class Unfit(Exception):  # noqa: N818
    """There is something else where the addition should go; the message says what."""


class Node(NamedTuple):
    """A value and where it stands. ``last`` is where the next child goes: behind the last one, its comma and comments."""

    start: int
    end: int
    value: Any
    members: dict[str, Node] | None = None
    items: tuple[Node, ...] | None = None
    last: int = 0
    comma: bool = False

    @property
    def children(self) -> tuple[Node, ...]:
        return tuple(self.members.values()) if self.members is not None else self.items or ()


def read(text: str) -> Node:
    """The text as a tree. Comments and trailing commas are allowed. Raises BadJson."""
    try:
        node, end = _value(text, _skip(text, 0))
    except RecursionError:
        raise BadJson("nested too deeply") from None
    if _skip(text, end) != len(text):
        raise _bad(text, _skip(text, end), "something stands behind the end")
    return node


def with_member(text: str, path: Sequence[str], value: Any) -> str:
    """The text with a member at the path, which is not there yet. Raises BadJson and Unfit."""
    node, left = _deepest(text, path)
    if not left:
        raise Unfit(f"{_dotted(path)} is there already")
    return _with_member(text, node, path, left, value)


def with_item(text: str, path: Sequence[str], item: Any) -> str:
    """The text with one more item in the list at the path. Raises BadJson and Unfit."""
    node, left = _deepest(text, path)
    if left:
        return _with_member(text, node, path, left, [item])
    if node.items is None:
        raise Unfit(f"{_dotted(path)} is no list")
    return _checked(text, _with_child(text, node, "", item), path, [*node.value, item])


def _with_member(text: str, node: Node, path: Sequence[str], left: Sequence[str], value: Any) -> str:
    above = path[: len(path) - len(left)]
    if node.members is None:
        raise Unfit(f"{_dotted(above)} is no object")
    key, *inner = left
    for each in reversed(inner):
        value = {each: value}
    new = _with_child(text, node, f"{json.dumps(key, ensure_ascii=False)}: ", value)
    return _checked(text, new, above, {**node.value, key: value})


def _deepest(text: str, path: Sequence[str]) -> tuple[Node, Sequence[str]]:
    """The value at the longest beginning of the path that is there, and the rest of the path."""
    node = read(text)
    for depth, key in enumerate(path):
        if node.members is None:
            raise Unfit(f"{_dotted(path[:depth])} is no object")
        if key not in node.members:
            return node, path[depth:]
        node = node.members[key]
    return node, ()


def _checked(old: str, new: str, path: Sequence[str], value: Any) -> str:
    expected: Any = read(old).value
    if not path:
        expected = value
    else:
        at = expected
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value
    if read(new).value != expected:
        raise Unfit("its form is an unusual one")
    return new


def _with_child(text: str, parent: Node, key: str, value: Any) -> str:
    """The text with one more child at the end of an object or a list, written as its neighbours are."""
    children, end = parent.children, "\r\n" if "\r\n" in text else "\n"
    inside = text[parent.start : parent.end]
    if children and "\n" not in inside:
        compact = key + json.dumps(value, ensure_ascii=False)
        place = children[-1].end
        return f"{text[:place]}, {compact}{text[place:]}"
    base, unit = _indent(text, parent.start), _unit(text)
    indent = _indent(text, children[0].start) if children else base + unit
    if children and _line(text, children[0].start) == _line(text, parent.start):
        indent = base + unit
    written = key + json.dumps(value, ensure_ascii=False, indent=unit).replace("\n", end + indent)
    added = f"{end}{indent}{written}{',' if parent.comma else ''}"
    rest = text[parent.last :]
    if "\n" not in text[parent.last : parent.end]:
        rest = f"{end}{base}{rest.lstrip()}"
    if not children or parent.comma:
        return text[: parent.last] + added + rest
    place = children[-1].end
    return f"{text[:place]},{text[place : parent.last]}{added}{rest}"


def _line(text: str, place: int) -> int:
    return text.rfind("\n", 0, place)


def _indent(text: str, place: int) -> str:
    begin = _line(text, place) + 1
    return text[begin : begin + len(text[begin:]) - len(text[begin:].lstrip(" \t"))]


def _unit(text: str) -> str:
    """What one level is indented by: as the first line that is, else two spaces."""
    found = re.search(r"\n([ \t]+)\S", text)
    return ("\t" if found[1][0] == "\t" else found[1]) if found is not None else "  "


def _value(text: str, place: int) -> tuple[Node, int]:
    first = text[place : place + 1]
    if first == "{":
        return _object(text, place)
    if first == "[":
        return _list(text, place)
    if first == '"':
        value, end = _string(text, place)
        return Node(place, end, value), end
    found = _PLAIN.match(text, place)
    if found is None:
        raise _bad(text, place, "a value is expected")
    try:
        return Node(place, found.end(), json.loads(found[0])), found.end()
    except ValueError:
        raise _bad(text, place, "no number") from None


def _object(text: str, place: int) -> tuple[Node, int]:
    members: dict[str, Node] = {}
    start, at, comma, last = place, place + 1, False, place + 1
    while True:
        last = _LAST.match(text, at).end()  # type: ignore[union-attr]
        at = _skip(text, at)
        if text[at : at + 1] == "}":
            value = {key: node.value for key, node in members.items()}
            return Node(start, at + 1, value, members, None, last, comma), at + 1
        if members and not comma:
            raise _bad(text, at, "`,` or `}` is expected")
        if text[at : at + 1] != '"':
            raise _bad(text, at, "a name in double quotes is expected")
        key, at = _string(text, at)
        at = _skip(text, at)
        if text[at : at + 1] != ":":
            raise _bad(text, at, "`:` is expected")
        members.pop(key, None)  # of two alike the last one counts
        members[key], at = _value(text, _skip(text, at + 1))
        at, comma = _comma(text, at)


def _list(text: str, place: int) -> tuple[Node, int]:
    items: list[Node] = []
    start, at, comma, last = place, place + 1, False, place + 1
    while True:
        last = _LAST.match(text, at).end()  # type: ignore[union-attr]
        at = _skip(text, at)
        if text[at : at + 1] == "]":
            return Node(start, at + 1, [each.value for each in items], None, tuple(items), last, comma), at + 1
        if items and not comma:
            raise _bad(text, at, "`,` or `]` is expected")
        node, at = _value(text, at)
        items.append(node)
        at, comma = _comma(text, at)


def _comma(text: str, place: int) -> tuple[int, bool]:
    """Behind the comma that follows, if one does."""
    at = _skip(text, place)
    return (at + 1, True) if text[at : at + 1] == "," else (place, False)


def _string(text: str, place: int) -> tuple[str, int]:
    try:
        value, end = _DECODER.raw_decode(text, place)
        return str(value), end
    except ValueError:
        raise _bad(text, place, "a string does not end on its line") from None


def _skip(text: str, place: int) -> int:
    """Behind blanks and comments."""
    found = _BLANK.match(text, place)
    assert found is not None
    return found.end()


def _bad(text: str, place: int, why: str) -> BadJson:
    return BadJson(f"line {text.count(chr(10), 0, place) + 1}: {why}")


def _dotted(path: Sequence[str]) -> str:
    return f"`{'.'.join(path)}`" if path else "the whole"
