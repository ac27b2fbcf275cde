"""Reads instruction files (``.agent.md``, AGENTS.md, CLAUDE.md, ``.mdc``): front matter, headings and the statements in lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from dodont.agentfile.block import BEGIN, END

_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_HEADING = re.compile(r"\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_LABEL = re.compile(r"\s*\*\*(.+?)\*\*:?\s*$")
_ITEM = re.compile(r"(\s*)(?:[-*+]|\d{1,3}[.)])\s+(.*)$")
#: The block that ``dodont agent-file sync`` writes.
_OWN = re.compile(rf"{re.escape(BEGIN)}.*?{re.escape(END)}", re.S)
_COMMENT = re.compile(r"<!--.*?-->", re.S)
_NEGATIVE = re.compile(
    r"(?:^|\b)(?:don['’]?ts?\b|do not\b|never\b|avoid\b|anti-?patterns?\b|forbidden\b|must not\b)", re.I
)
#: `Don't log tokens`, `Never …`, `❌ …`: a statement that forbids, wherever it stands.
_FORBIDS = re.compile(r"^\W*(?:don['’]?t|do not|never|avoid|no\b|must not|should not|shouldn['’]?t|❌)", re.I)


class Statement(NamedTuple):
    """One item of a list. ``text`` is on one line; ``forbids`` that it says what not to do; ``under`` the headings above it."""

    line: int
    text: str
    forbids: bool
    under: tuple[str, ...]


def statements(text: str) -> Iterator[Statement]:
    """The items of lists outside of front matter, code and comments, in order, with the lines that continue them."""
    lines = _blanked(text).split("\n")
    headings: list[tuple[int, str]] = []
    label = ""
    item: list[str] = []
    first = indent = 0

    def told() -> Iterator[Statement]:
        if item:
            under = tuple(name for _, name in headings) + ((label,) if label else ())
            words = " ".join(" ".join(item).split())
            forbids = bool(_FORBIDS.match(words)) or any(map(_NEGATIVE.search, under[-2:]))
            yield Statement(first, words, forbids, under)
            item.clear()

    for number, line in enumerate(lines, 1):
        if heading := _HEADING.match(line):
            yield from told()
            level = len(heading[1])
            headings[:] = [each for each in headings if each[0] < level] + [(level, heading[2])]
            label = ""
        elif found := _ITEM.match(line):
            yield from told()
            first, indent = number, len(found[1])
            item.append(found[2])
        elif named := _LABEL.match(line):
            yield from told()
            label = named[1]
        elif not line.strip():
            yield from told()
        elif item and len(line) - len(line.lstrip()) > indent:
            item.append(line)
        else:
            yield from told()
    yield from told()


def _blanked(text: str) -> str:
    """The text without front matter, code blocks and comments, its lines where they were."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    text = _OWN.sub(lambda found: "\n" * found[0].count("\n"), text)
    text = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text)
    lines = text.split("\n")
    kept: list[str] = []
    fence = ""
    front = lines[0].strip() == "---" and any(line.strip() == "---" for line in lines[1:])
    for number, line in enumerate(lines):
        if front:
            front = not (number > 0 and line.strip() == "---")
            kept.append("")
        elif fence:
            closing = _FENCE.match(line)
            if closing and closing[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            kept.append("")
        elif opening := _FENCE.match(line):
            fence = opening[1]
            kept.append("")
        else:
            kept.append(line)
    return "\n".join(kept)
