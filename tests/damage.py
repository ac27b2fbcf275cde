"""Code that looks real, and damage to it: what an editor holds while somebody types, what a bad merge or copy leaves."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]

_FENCE = re.compile(r"^```python[^\n]*\n(.*?)^```", re.M | re.S)

Lines = list[str]


@lru_cache(maxsize=1)
def corpus() -> tuple[str, ...]:
    """The examples of all cards, the shop of the documentation, and dodont's own modules up to a size."""
    found = [
        each
        for card in sorted((REPOSITORY / "rules").rglob("*.md"))
        for each in _FENCE.findall(card.read_text("utf-8"))
    ]
    for part in ("docs/shop", "src"):
        found += [path.read_text("utf-8") for path in sorted((REPOSITORY / part).rglob("*.py"))]
    return tuple(text for text in found if 20 < len(text) < 12_000)


def damaged(seed: int) -> bytes:
    """A text of the corpus with up to four things wrong with it, the same for the same seed."""
    chance = random.Random(seed)
    text = chance.choice(corpus())
    for _ in range(chance.randint(0, 3)):
        lines = text.splitlines(keepends=True) or [""]
        chance.choice(_DAMAGES)(lines, chance)
        text = "".join(lines)
    data = text.encode("utf-8", "surrogatepass")
    return chance.choice(_CODINGS)(data, chance) if chance.random() < 0.4 else data


def _delete(lines: Lines, chance: random.Random) -> None:
    del lines[chance.randrange(len(lines))]


def _double(lines: Lines, chance: random.Random) -> None:
    at = chance.randrange(len(lines))
    lines[at:at] = lines[at : at + chance.randint(1, 6)]


def _swap(lines: Lines, chance: random.Random) -> None:
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]


def _truncate(lines: Lines, chance: random.Random) -> None:
    at = chance.randrange(len(lines))
    lines[at:] = [lines[at][: chance.randint(0, len(lines[at]))]]


def _indent(lines: Lines, chance: random.Random) -> None:
    at = chance.randrange(len(lines))
    for each in range(at, min(at + chance.randint(1, 8), len(lines))):
        lines[each] = (
            chance.choice(("    ", "\t", " ")) + lines[each] if chance.random() < 0.7 else lines[each].lstrip(" ")
        )


def _insert(lines: Lines, chance: random.Random) -> None:
    at = chance.randrange(len(lines))
    place = chance.randint(0, len(lines[at]))
    lines[at] = lines[at][:place] + chance.choice(_PIECES) + lines[at][place:]


def _join(lines: Lines, chance: random.Random) -> None:
    at = chance.randrange(len(lines))
    lines[at] = lines[at].rstrip("\n") + chance.choice(("; ", " \\\n", "", "  # noqa: ODD702\n", "\x0c\n"))


def _rename(lines: Lines, chance: random.Random) -> None:
    """A name of another alphabet, or a very long one, everywhere."""
    names = sorted(set(re.findall(r"\b[a-z]\w{2,}\b", "".join(lines))))
    if names:
        old, new = (
            chance.choice(names),
            chance.choice(("größe", "пароль", "密码", "ﬁle", "x" * 3000, "𝐱𝐲", chance.choice(names))),
        )
        lines[:] = [re.sub(rf"\b{old}\b", new, line) for line in lines]


def _lengthen(lines: Lines, chance: random.Random) -> None:
    at = chance.randrange(len(lines))
    line = lines[at].rstrip("\n")
    lines[at] = line + chance.choice((" " * 5000, "; x = 1" * 2000, "  # " + "é" * 4000, " + 1" * 200)) + "\n"


def _wrap(lines: Lines, chance: random.Random) -> None:
    """Deeper by a block, which the fixes must keep to."""
    opening = chance.choice(("if True:", "class C:", "async def outer():", "for _ in range(3):", "try:"))
    lines[:] = [opening + "\n", *("    " + line if line.strip() else line for line in lines)]
    if opening == "try:":
        lines += ["finally:\n", "    pass\n"]


_DAMAGES: tuple[Callable[[Lines, random.Random], None], ...] = (
    _delete, _double, _swap, _truncate, _indent, _insert, _join, _rename, _lengthen, _wrap,
)  # fmt: skip

_PIECES = (
    "(", ")", "[", "]", "{", "}", '"', "'", '"""', "#", ":", "\\", "\n", "\t", "\x0c", "\r", "\x00", "\ufeff", "é", "\u2028", "\x1c",
    "\ud800", "await ", "async ", "lambda: ", "yield ", "*", "**", "=", ":=", "@", "...", "%s", "{x}", "f'", "b'", "if x else y",
    "global x\n", "return ", "del ", "import a.b as c; ", "from . import *\n", "from __future__ import annotations\n", "1_0", "0777",
    "match x:\n case {**rest}: pass\n", "type X = int\n", "except* E:\n", "print x\n", "exec 'x'\n", "<>", "`x`",
)  # fmt: skip


def _line_ends(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    ends = chance.choice(((b"\r\n",), (b"\r",), (b"\n", b"\r\n"), (b"\n", b"\r", b"\r\n")))
    return b"".join(line + chance.choice(ends) for line in lines)


def _declared(data: bytes, chance: random.Random) -> bytes:
    coding = chance.choice(
        ("utf-8", "latin-1", "cp1252", "ascii", "utf-8-sig", "utf8", "iso-8859-15", "koi8-r", "shift_jis", "euc-jp", "utf-7", "utf-16",
         "klingon", "rot13", "cp037", "mbcs", "idna", "raw_unicode_escape", "hz", "iso2022_jp", "gb18030", "big5")
    )  # fmt: skip
    head = chance.choice(
        ("# -*- coding: {} -*-\n", "#!/usr/bin/env python\n# vim: set fileencoding={} :\n", "# coding={}\r\n")
    )
    text = data.decode("utf-8", "replace")
    try:
        return (head.format(coding) + text).encode(chance.choice((coding, "utf-8")), "replace")
    except (LookupError, UnicodeError, ValueError):
        return (head.format(coding) + text).encode()


def _bytes(data: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(data))
    return (
        data[:at]
        + bytes(chance.randrange(256) for _ in range(chance.randint(1, 4)))
        + data[at + chance.randint(0, 3) :]
    )


def _marked(data: bytes, chance: random.Random) -> bytes:
    return b"\xef\xbb\xbf" + data


_CODINGS: tuple[Callable[[bytes, random.Random], bytes], ...] = (_line_ends, _line_ends, _declared, _bytes, _marked)
