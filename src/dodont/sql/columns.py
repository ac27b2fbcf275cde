"""Which column a place for a value belongs to: what ``INSERT`` and ``SET`` put there, what a condition compares."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple


class Column(NamedTuple):
    """``name`` in small letters; ``stored`` where the value is put into it, else it is compared with it."""

    name: str
    stored: bool


#: A place for a value, in the text of ``places``.
_PLACE = "\0"
_PLACEHOLDER = re.compile(r"%\((\w+)\)s|%s|\?|\$(\d+)|(?<![:\w]):(\w+)")
_INSERT = re.compile(r"\b(?:insert|replace)\b[^(]*?\binto\s+[\w.\"`\[\]]+\s*\(([^()]*)\)\s*values?\s*\(", re.I)
_NAME = r"[\"`\[]?(\w+)[\"`\]]?"
_BESIDE = re.compile(rf"{_NAME}\s*(?:=|==|<>|!=|\blike\b)\s*(?:[\w.]+\s*\()?\s*['\"%]*{_PLACE}", re.I)


def columns(parts: Sequence[str | None]) -> tuple[list[Column | None], list[tuple[int | str, Column | None]]]:
    """The columns of a text's holes, and those of its placeholders, by the name or (from 0) the number of the parameter."""
    text: list[str] = []
    kinds: list[int | str | None] = []  # None for a hole
    for part in parts:
        if part is None:
            text.append(_PLACE)
            kinds.append(None)
            continue
        end = 0
        for match in _PLACEHOLDER.finditer(part):
            text += (part[end : match.start()], _PLACE)
            name = match[1] or match[2] or match[3]
            count = sum(kind is not None for kind in kinds)
            kinds.append(count if name is None else int(name) - 1 if name.isdigit() else name)
            end = match.end()
        text.append(part[end:])
    found = _places("".join(text))
    holes = [column for column, kind in zip(found, kinds, strict=True) if kind is None]
    return holes, [(kind, column) for column, kind in zip(found, kinds, strict=True) if kind is not None]


def _places(text: str) -> list[Column | None]:
    at = [index for index, character in enumerate(text) if character == _PLACE]
    found: dict[int, Column] = {}
    for match in _INSERT.finditer(text):
        names = [name.strip().strip('"`[]').rpartition(".")[2].lower() for name in match[1].split(",")]
        for index, name in zip(_values(text, match.end()), names, strict=False):
            found |= {place: Column(name, True) for place in index}
    for match in _BESIDE.finditer(text):
        found.setdefault(match.end() - 1, Column(match[1].lower(), _is_set(text, match.start())))
    return [found.get(index) for index in at]


def _values(text: str, start: int) -> list[list[int]]:
    """The places within each value of a list that begins at ``start``."""
    found: list[list[int]] = [[]]
    depth, quote = 0, ""
    for index in range(start, len(text)):
        character = text[index]
        if character == _PLACE:
            found[-1].append(index)
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "(":
            depth += 1
        elif character == ")":
            if not depth:
                break
            depth -= 1
        elif character == "," and not depth:
            found.append([])
    return found


_SET = re.compile(r"\b(set|where|having|on)\b", re.I)


def _is_set(text: str, end: int) -> bool:
    words = [match[1].lower() for match in _SET.finditer(text, 0, end)]
    return bool(words) and words[-1] == "set"
