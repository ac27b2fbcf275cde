"""Comments that silence findings: ``# noqa: ODD101`` as flake8 reads it, and ``# dodont: ignore[rule] reason``."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator, Sequence

from dodont.core.diagnostic import Diagnostic
from dodont.core.patterns import pattern
from dodont.core.rule import INTERNAL_CODE
from dodont.project.comments import NOQA, SEPARATOR, Comment, comments

_FILE = pattern(r"\s*# flake8[:=]\s*noqa", re.I)

#: The rule whose findings are comments; left are those that silence nothing.
UNUSED = "unused-suppression"


#: Told of a finding that a comment silences, with the comment's reason.
Silenced = Callable[[Diagnostic, str], None]


def kept(
    diagnostics: Iterable[Diagnostic],
    text: str,
    *,
    noqa: bool = True,
    runs: Callable[[str], bool] = lambda name: True,
    silenced: Silenced = lambda diagnostic, reason: None,
) -> Iterator[Diagnostic]:
    """The findings no comment silences. Under flake8 (``noqa`` False) the host reads its own comments itself.

    ``runs`` tells of a name in a comment whether all that it may silence was looked for in this file.
    """
    found = list(diagnostics)
    if not found:
        return
    has_own, has_noqa = "dodont:" in text, noqa and "noqa" in text.lower()
    if not (has_own or has_noqa):
        yield from (each for each in found if each.rule != UNUSED)  # under flake8: what names codes is its own
        return
    lines = io.StringIO(text, newline="").readlines()
    if has_noqa and _whole_file(lines):
        for diagnostic in found:
            if diagnostic.rule != UNUSED:
                silenced(diagnostic, "")
        return
    silencing = _Silencing(text, lines, found, noqa=noqa)
    for diagnostic in found:
        if diagnostic.rule == UNUSED:
            continue
        if diagnostic.code == INTERNAL_CODE or not silencing(diagnostic):
            yield diagnostic
        else:
            silenced(diagnostic, silencing.reason)
    if any(each.code == INTERNAL_CODE for each in found):
        return
    for diagnostic in (each for each in found if each.rule == UNUSED):
        name = silencing.unused(diagnostic)
        if name is not None and runs(name) and not silencing(diagnostic):
            yield diagnostic


class _Silencing:
    """Whether a comment silences a finding; remembers which names in comments did."""

    def __init__(self, text: str, lines: list[str], found: Sequence[Diagnostic], *, noqa: bool) -> None:
        self._lines = lines
        self._noqa = noqa
        self._at: dict[int, list[Comment]] = {}
        for comment in comments(lines):
            self._at.setdefault(comment.line, []).append(comment)
        self._everywhere = [each for on_line in self._at.values() for each in on_line if each.kind == "file"]
        commented = {*self._at, *(number for number, line in enumerate(lines, 1) if noqa and "noqa" in line.lower())}
        near = any(0 < number - diagnostic.span.line < 200 for diagnostic in found for number in commented)
        self._joined = joined_lines(text) if near else {}
        self._used: set[tuple[int, int]] = set()
        self.reason = ""  # of the comment that silenced the last finding

    def __call__(self, diagnostic: Diagnostic) -> bool:
        first, last = self._joined.get(diagnostic.span.line, (diagnostic.span.line, diagnostic.span.line))
        around = [each for number in range(first, last + 1) for each in self._at.get(number, ())]
        own = [each for each in (*around, *self._everywhere) if each.kind != "noqa"]
        meaning = [
            (comment.line, name.column) for comment in own for name in comment.names if _means(name.text, diagnostic)
        ]
        silent = {line for line, _ in meaning}
        self.reason = next((each.reason for each in own if each.line in silent and each.reason), "")
        if self._noqa and _silenced(diagnostic, "".join(self._lines[first - 1 : last])):
            # Of several the first counts; a blanket one has no names.
            noqa = next((each for each in around if each.kind == "noqa"), None)
            names = noqa.names if noqa is not None else ()
            self.reason = self.reason or (noqa.reason if noqa is not None else "")
            meaning += [(noqa.line, name.column) for name in names if noqa and diagnostic.code.startswith(name.text)]
            self._used.update(meaning)
            return True
        self._used.update(meaning)
        return bool(meaning)

    def unused(self, diagnostic: Diagnostic) -> str | None:
        """The name in a comment that a finding of ``UNUSED`` is about; None where it silenced something, or flake8 judges it."""
        place = diagnostic.span.line, diagnostic.span.column
        for comment in self._at.get(place[0], ()):
            for name in comment.names:
                if name.column == place[1]:
                    return None if place in self._used or (comment.kind == "noqa" and not self._noqa) else name.text
        return None


def _means(name: str, diagnostic: Diagnostic) -> bool:
    return name == diagnostic.rule or (diagnostic.code.startswith(name.upper()) and name.upper().startswith("ODD"))


def _whole_file(lines: Sequence[str]) -> bool:
    return any(_FILE.match(line) for line in lines if "flake8" in line.lower())


def _silenced(diagnostic: Diagnostic, comments: str) -> bool:
    """Whether the first ``noqa`` of the (joined) line names the finding's code or is a blanket one."""
    match = NOQA.search(comments)
    if match is None:
        return False
    codes = match["codes"]
    if not codes:
        return True
    return any(diagnostic.code.startswith(code) for code in SEPARATOR.split(codes.strip()) if code)


def joined_lines(text: str) -> dict[int, tuple[int, int]]:
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
