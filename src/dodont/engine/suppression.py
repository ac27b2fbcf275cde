"""Comments that silence findings: ``# noqa: ODD101`` as flake8 reads it, and ``# dodont: ignore[rule] reason``."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Sequence

from dodont.core.diagnostic import Diagnostic
from dodont.core.rule import INTERNAL_CODE

_OWN = re.compile(r"#\s*dodont:\s*ignore(?P<file>-file)?\[(?P<names>[^\[\]]*)\]", re.I)
#: flake8's grammar, blanket comments included; tests/e2e/test_flake8.py holds it against flake8 itself.
_LINE = re.compile(r"# noqa(?::\s?(?P<codes>(?:[A-Z]+\d+[,\s]*)+))?", re.I)
_FILE = re.compile(r"\s*# flake8[:=]\s*noqa", re.I)
_SEPARATOR = re.compile(r"[,\s]+")


def kept(diagnostics: Iterable[Diagnostic], text: str, *, noqa: bool = True) -> Iterator[Diagnostic]:
    """The findings no comment silences. Under flake8 (``noqa`` False) the host reads its own comments itself."""
    found = list(diagnostics)
    if not found:
        return
    has_own, has_noqa = "dodont:" in text, noqa and "noqa" in text.lower()
    if not (has_own or has_noqa):
        yield from found
        return
    lines = io.StringIO(text, newline="").readlines()
    if has_noqa and _whole_file(lines):
        return
    commented = [number for number, line in enumerate(lines, 1) if "dodont:" in line or "noqa" in line.lower()]
    near = any(0 < number - diagnostic.span.line < 200 for diagnostic in found for number in commented)
    joined = _joined_lines(text) if near else {}
    everywhere = {name for line in lines for match in _OWN.finditer(line) if match["file"] for name in _names(match)}
    for diagnostic in found:
        if diagnostic.code == INTERNAL_CODE:
            yield diagnostic
            continue
        first, last = joined.get(diagnostic.span.line, (diagnostic.span.line, diagnostic.span.line))
        comments = "".join(lines[first - 1 : last])
        if has_own and (_named(diagnostic, everywhere) or _named(diagnostic, _own_names(comments))):
            continue
        if has_noqa and _silenced(diagnostic, comments):
            continue
        yield diagnostic


def _names(match: re.Match[str]) -> list[str]:
    return [name for name in _SEPARATOR.split(match["names"].strip()) if name]


def _own_names(text: str) -> set[str]:
    return {name for match in _OWN.finditer(text) if not match["file"] for name in _names(match)}


def _named(diagnostic: Diagnostic, names: set[str]) -> bool:
    return any(
        name == diagnostic.rule or (diagnostic.code.startswith(name.upper()) and name.upper().startswith("ODD"))
        for name in names
    )


def _whole_file(lines: Sequence[str]) -> bool:
    return any(_FILE.match(line) for line in lines if "flake8" in line.lower())


def _silenced(diagnostic: Diagnostic, comments: str) -> bool:
    """Whether the first ``noqa`` of the (joined) line names the finding's code or is a blanket one."""
    match = _LINE.search(comments)
    if match is None:
        return False
    codes = match["codes"]
    if not codes:
        return True
    return any(diagnostic.code.startswith(code) for code in _SEPARATOR.split(codes.strip()) if code)


def _joined_lines(text: str) -> dict[int, tuple[int, int]]:
    """For lines within a string of several lines: its first and last line, as one comment covers them all."""
    joined: dict[int, tuple[int, int]] = {}
    first = last = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text, newline=None).readline):
            if token.type in (tokenize.ENDMARKER, tokenize.DEDENT):
                continue
            first = min(first or token.start[0], token.start[0])
            last = max(last, token.end[0])
            if token.type in (tokenize.NL, tokenize.NEWLINE):
                if last > first:
                    joined |= dict.fromkeys(range(first, last + 1), (first, last))
                first = last = 0
    except (tokenize.TokenError, SyntaxError):
        pass
    return joined
