"""Comments that silence findings: ``# dodont: ignore[names] reason``, ``ignore-file[names] reason``, ``# noqa: ODD201 reason``."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from typing import NamedTuple

from dodont.core.patterns import pattern
from dodont.semantic.definitions import ModuleInfo
from dodont.semantic.events import Suppression
from dodont.semantic.values import Site

OWN = pattern(r"#\s*dodont:\s*ignore(?P<file>-file)?\[(?P<names>[^\[\]]*)\]", re.I)
#: flake8's grammar, blanket comments included; tests/e2e/test_flake8.py holds it against flake8 itself.
NOQA = pattern(r"# noqa(?::\s?(?P<codes>(?:[A-Z]+\d+[,\s]*)+))?", re.I)
SEPARATOR = pattern(r"[,\s]+")

_WORD = pattern(r"[^,\s]+")
_REASON = pattern(r"[\s\-:;,.(]*([^#]*)")


class Name(NamedTuple):
    """A rule's name or the beginning of codes in a comment; columns in characters."""

    text: str
    column: int
    end_column: int


class Comment(NamedTuple):
    """A comment that names what it silences. ``kind`` is ``line``, ``file`` or ``noqa``; columns in characters."""

    line: int
    column: int
    end_column: int
    kind: str
    names: tuple[Name, ...]
    reason: str


def comments(lines: list[str]) -> Iterator[Comment]:
    """Those of a file's lines that are dodont's concern: of ``noqa`` the ones that name codes of its own."""
    for number, line in enumerate(lines, 1):
        if "dodont:" in line.lower():
            for found in OWN.finditer(line):
                kind = "file" if found["file"] else "line"
                yield _comment(number, line, found, "names", kind)
        if "noqa" in line.lower() and "ODD" in line and (found_ := NOQA.search(line)) is not None and found_["codes"]:
            comment = _comment(number, line, found_, "codes", "noqa")
            own = tuple(name for name in comment.names if name.text.startswith("ODD"))
            if own:
                yield comment._replace(names=own)


def _comment(number: int, line: str, found: re.Match[str], group: str, kind: str) -> Comment:
    begin = found.start(group)
    names = tuple(Name(word[0], begin + word.start(), begin + word.end()) for word in _WORD.finditer(found[group]))
    rest = _REASON.match(line, found.end())
    return Comment(number, found.start(), found.end(), kind, names, rest[1].strip() if rest is not None else "")


def suppressions(module: ModuleInfo) -> Iterator[Suppression]:
    """The comments of a module, as rules hear of them."""
    text = module.text
    if "dodont:" not in text and ("noqa" not in text or "ODD" not in text):
        return
    lines = module.lines
    found = list(comments(lines))
    real = _comments_at(text) if found else frozenset()
    for comment in found:
        if not any(line == comment.line and column <= comment.column for line, column in real):
            continue  # a text that shows how it is written
        line = lines[comment.line - 1]

        def site(column: int, end_column: int, line: str = line, number: int = comment.line) -> Site:
            return Site(module.path, number, _bytes(line, column), number, _bytes(line, end_column))

        names = tuple((name.text, site(name.column, name.end_column)) for name in comment.names)
        yield Suppression(site(comment.column, comment.end_column), names, comment.reason)


def _bytes(line: str, column: int) -> int:
    return column if line.isascii() else len(line[:column].encode("utf-8", "surrogatepass"))


def _comments_at(text: str) -> frozenset[tuple[int, int]]:
    """Where comments begin: line, and column in characters; none where the text has no tokens."""
    try:
        tokens = tokenize.generate_tokens(io.StringIO(text, newline=None).readline)
        return frozenset(token.start for token in tokens if token.type == tokenize.COMMENT)
    except (tokenize.TokenError, SyntaxError):
        return frozenset()
