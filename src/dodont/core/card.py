"""Read a rule's card: a TOML head between ``+++`` lines, prose, and blocks of examples.

A card is metadata, page and test in one. Nothing here runs when code is checked; the catalogue made from the cards
does (``dodont.engine.catalogue``).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dodont.core.patterns import pattern
from dodont.core.rule import Rule

SECTIONS = ("Bad", "Fixed", "Good", "Known misses")
_FENCE = pattern(r"^```(\w+)([^\n]*)\n(.*?)^```[ \t]*$", re.M | re.S)
_HEADING = pattern(r"^## (.+?)[ \t]*$", re.M)


class CardError(ValueError):
    """A card that cannot be read; the message names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class Example:
    """The files of one example: ``section`` is one of SECTIONS, ``number`` counts the examples of a section from 1.

    Blocks that name a file (```` ```py file=app/repo.py ````) stand together in one example; a block without a name
    begins a new one, as does a name that was already seen, or a sentence between two blocks.
    """

    section: str
    number: int
    files: Mapping[str, str]
    options: str = ""

    @property
    def title(self) -> str:
        return f"{self.section} {self.number}"


@dataclass(frozen=True, slots=True)
class Card:
    path: Path
    head: Mapping[str, Any]
    rule: Rule
    prose: str
    examples: tuple[Example, ...]

    def of(self, section: str) -> tuple[Example, ...]:
        return tuple(example for example in self.examples if example.section == section)


def read(path: Path) -> Card:
    """The card in ``path``. Raises CardError."""
    text = path.read_text(encoding="utf-8")
    parts = text.split("+++\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise CardError(f"{path}: a card begins with a TOML head between two lines '+++'")
    try:
        head = tomllib.loads(parts[1])
    except tomllib.TOMLDecodeError as error:
        raise CardError(f"{path}: the head is no TOML: {error}") from error
    body = parts[2]
    try:
        rule = _rule(path.stem, head)
    except (KeyError, TypeError) as error:
        raise CardError(f"{path}: the head lacks or misnames a field: {error}") from error
    first = _HEADING.search(body)
    prose = body[: first.start()] if first else body
    return Card(path, head, rule, prose.strip(), tuple(examples(body)))


def _rule(name: str, head: Mapping[str, Any]) -> Rule:
    fields = dict(head)
    for key in ("practices", "libraries", "aliases", "cwe", "covers"):
        if key in fields:
            fields[key] = tuple(fields[key])
    return Rule(name=name, **fields)


def examples(body: str) -> list[Example]:
    """The examples below the headings of SECTIONS, in the order of the text."""
    found: list[Example] = []
    headings = list(_HEADING.finditer(body))
    for heading, following in zip(headings, [*headings[1:], None], strict=False):
        section = heading[1]
        if section not in SECTIONS:
            continue
        text = body[heading.end() : following.start() if following else len(body)]
        groups: list[dict[str, str]] = []
        named, end = False, 0
        for fence in _FENCE.finditer(text):
            if fence[1] not in ("py", "toml", "sql", "html"):
                continue
            file = re.search(r"file=(\S+)", fence[2])
            name = file[1] if file else "example.py"
            between = text[end : fence.start()].strip()
            if not groups or not (named and file) or name in groups[-1] or between:
                groups.append({})
            named, end = bool(file), fence.end()
            groups[-1][name] = fence[3]
        found += [Example(section, number, files) for number, files in enumerate(groups, 1)]
    return found
