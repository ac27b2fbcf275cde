"""What every format starts from."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from dodont.core.diagnostic import Diagnostic, Edit, Span
from dodont.core.rule import Rule
from dodont.engine import catalogue
from dodont.project.source import Unreadable, decode

if TYPE_CHECKING:
    from collections.abc import Iterator


class SourceLines:
    """The lines of files, with their endings, by the path a diagnostic has; each read once, when first asked for.

    A file that cannot be read or decoded has no lines. ``overrides`` holds what is not on disk.
    """

    def __init__(self, root: Path, overrides: Mapping[Path, bytes] | None = None) -> None:
        self._root = root
        self._overrides = overrides or {}
        self._known: dict[str, list[str]] = {}

    def __call__(self, path: str) -> list[str]:
        if path not in self._known:
            self._known[path] = self._read(self._root / path)
        return self._known[path]

    def _read(self, path: Path) -> list[str]:
        try:
            data = self._overrides[path] if path in self._overrides else path.read_bytes()
            return io.StringIO(decode(data), newline="").readlines()
        except (OSError, Unreadable):
            return []


class Suppressed(NamedTuple):
    """A finding that was accepted, by a comment or in the baseline, and why if somebody said so."""

    diagnostic: Diagnostic
    by: Literal["comment", "baseline"]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A finished run. ``source`` gives a file's lines by the path a diagnostic has; ``ran`` are the rules' names.

    ``files`` counts the files that were read, None when the run doesn't tell. ``shard`` is the part of a run that this is, "2/3".
    ``new`` says that these are the findings which no baseline knows, in what a diff touches; None when nobody asked for that.
    ``hidden`` is how many a baseline knows. ``category`` tells several reports on one commit apart.
    ``inapplicable`` are practices that nothing in the files can keep or break, where somebody looked. ``suppressed`` are findings
    that are told beside these as accepted, where somebody asks for them; ``diagnostics`` has none of them.
    """

    diagnostics: Sequence[Diagnostic]
    files: int | None
    source: Callable[[str], Sequence[str]]
    root: Path
    ran: frozenset[str] = frozenset()
    rules: Mapping[str, Rule] = field(default_factory=catalogue.rules)
    shard: str | None = None
    new: bool | None = None
    hidden: int = 0
    category: str | None = None
    inapplicable: frozenset[str] = frozenset()
    suppressed: Sequence[Suppressed] = ()

    def rule(self, diagnostic: Diagnostic) -> Rule:
        return self.rules.get(diagnostic.rule, catalogue.INTERNAL)

    def remedy(self, diagnostic: Diagnostic) -> str:
        return diagnostic.help or self.rule(diagnostic).remedy

    def line(self, path: str, number: int) -> str:
        """The line without its ending; empty when there is no such line."""
        lines = self.source(path)
        return lines[number - 1].rstrip("\r\n") if 0 < number <= len(lines) else ""

    def text(self, path: str, span: Span) -> str:
        """What the span covers."""
        lines = [self.line(path, number) for number in range(span.line, span.end_line + 1)]
        if not lines:
            return ""
        lines[-1] = lines[-1][: span.end_column]
        lines[0] = lines[0][span.column :]
        return "\n".join(lines)

    def fingerprints(self) -> list[str]:
        """The fingerprint of each finding."""
        from dodont.output.fingerprint import fingerprints

        return fingerprints(self)

    def edits(self) -> dict[int, tuple[Edit, ...]]:
        """The edits of each finding that has them now, by its index in ``diagnostics``."""
        return dict(self._edits())

    def _edits(self) -> Iterator[tuple[int, tuple[Edit, ...]]]:
        fixable: dict[str, list[int]] = {}
        for index, diagnostic in enumerate(self.diagnostics):
            if diagnostic.fix and diagnostic.fix.applicability != "display":
                fixable.setdefault(diagnostic.path, []).append(index)
        if not fixable:
            return
        from dodont.engine.fixing import edits_for

        for path, indexes in fixable.items():
            lines = self.source(path)
            ended = any(line.endswith("\n") for line in lines)
            found = edits_for(("" if ended else "\n").join(lines), [self.diagnostics[index] for index in indexes])
            yield from ((indexes[position], edits) for position, edits in found.items() if edits)
