"""Fixes in rounds: apply what does not overlap, check again, and keep only what made things better.

A round's change to a file stays when the file parses, the fixed findings have gone and no other has come in the run.
That is judged by counts per file, rule and symbol, so that moved lines and changed neighbours do not matter. What
does not hold is tried again fix by fix, and the fix at fault is named.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import gc
import io
import os
import stat
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from dodont import fixes
from dodont.core.diagnostic import Diagnostic, Edit, Span
from dodont.core.rule import INTERNAL_CODE, INTERNAL_RULE
from dodont.engine.settings import Settings
from dodont.project.source import Unreadable, encoding_of

MAX_ROUNDS = 10


class Checked(Protocol):
    """What a check gives back: ``dodont.engine.driver.Report`` and the like."""

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]: ...


class Check(Protocol):
    """``dodont.engine.driver.check``. The overrides stand for the bytes of the files they name."""

    def __call__(
        self, paths: Sequence[Path], settings: Settings, *, source_overrides: Mapping[Path, bytes] | None = None
    ) -> Checked: ...


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """``before`` and ``after`` are decoded texts with their line ends, ``fixed`` is how many findings were fixed."""

    path: Path
    before: str
    after: str
    fixed: int


@dataclass(frozen=True, slots=True)
class FixReport:
    """``remaining`` are the findings after the last round, ``trouble`` the fixes taken back and files not written."""

    changed: tuple[ChangedFile, ...]
    remaining: tuple[Diagnostic, ...]
    trouble: tuple[Diagnostic, ...]


def edits_for(source: str, diagnostics: Sequence[Diagnostic]) -> dict[int, tuple[Edit, ...]]:
    """The edits of each diagnostic of one file that has a fix and can be fixed, by its index."""
    answers = _answers(source, diagnostics)
    return {n: answer for n, answer in answers.items() if not isinstance(answer, fixes.CannotFix)}


def _answers(source: str, diagnostics: Sequence[Diagnostic]) -> dict[int, tuple[Edit, ...] | fixes.CannotFix]:
    fixable = [(n, diagnostic.rule, diagnostic.fix) for n, diagnostic in enumerate(diagnostics) if diagnostic.fix]
    answers = fixes.edits(source, [(rule, wanted) for _, rule, wanted in fixable]) if fixable else ()
    return {n: answer for (n, _, _), answer in zip(fixable, answers, strict=True)}


def fix(
    paths: Sequence[Path], settings: Settings, *, unsafe: bool, write: bool, check: Check | None = None
) -> FixReport:
    """Apply the safe fixes of all findings in ``paths``, with ``unsafe`` the unsafe ones too.

    ``write`` puts the changed files on disk. Raises what ``check`` raises.
    """
    if check is None:
        from dodont.engine.driver import check as drive

        check = drive
    run = _Run(paths, settings, ("safe", "unsafe") if unsafe else ("safe",), check)
    run.rounds()
    changed = run.changed()
    if write:
        changed = tuple(file for file in changed if run.written(file))
    return FixReport(changed, run.remaining(), tuple(run.trouble))


def apply(source: str, edits: Iterable[Edit]) -> str:
    """``source`` with the edits made; they do not overlap."""
    starts = [0]
    for line in io.StringIO(source, newline=""):
        starts.append(starts[-1] + len(line))
    # ``newline=""`` ends a line at \\n, \\r\\n and \\r, as Python's tokenizer does.
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        at = edit.span
        begin, end = starts[at.line - 1] + at.column, starts[at.end_line - 1] + at.end_column
        source = source[:begin] + edit.text + source[end:]
    return source


@dataclass(slots=True)
class _File:
    """A file on its way: as it was on disk, and as it is after the rounds so far."""

    path: Path
    names: set[Path]  # all paths of the run that lead to this file
    encoding: str
    original: bytes
    text: str
    fixed: int = 0

    def encoded(self, text: str) -> bytes:
        return text.encode(self.encoding)


@dataclass(slots=True)
class _Proposal:
    """Fixes of one file that can be made together."""

    file: _File
    text: str
    fixed: list[Diagnostic] = field(default_factory=list)


class _Run:
    def __init__(self, paths: Sequence[Path], settings: Settings, allowed: Sequence[str], check: Check) -> None:
        self._paths, self._settings, self._allowed, self._check = paths, settings, allowed, check
        self._files: dict[Path, _File | None] = {}
        self._real: dict[str, _File | None] = {}  # by the path without links
        self._refused: dict[tuple[str, str, str, str], str] = {}  # why
        self.trouble: list[Diagnostic] = []
        self.diagnostics = self._checked({})

    def rounds(self) -> None:
        for _ in range(MAX_ROUNDS):
            proposals = self._proposals(self.diagnostics)
            if not proposals or not self._round(proposals):
                return

    def _round(self, proposals: Sequence[_Proposal]) -> bool:
        """Make a round's changes, all together if they hold together. Whether anything came of it.

        Every try is a check of all files, so the files that do not go with the others are found by halves.
        """
        if self._try(proposals) is None:
            return True
        if len(proposals) > 1:
            half = len(proposals) // 2
            first = self._round(proposals[:half])
            return self._round(proposals[half:]) or first
        accepted = False
        single = {proposal.file.path for proposal in proposals}
        while proposal := self._next_single(single):
            if (reason := self._try([proposal])) is None:
                accepted = True
            else:
                self._refuse(proposal.fixed[0], reason)
        return accepted

    def _next_single(self, within: set[Path]) -> _Proposal | None:
        for diagnostic in self.diagnostics:
            for proposal in self._proposals([diagnostic]):
                if proposal.file.path in within:
                    return proposal
        return None

    def _refuse(self, diagnostic: Diagnostic, reason: str) -> None:
        self._refused[self._key(diagnostic)] = reason
        message = f"the fix of {diagnostic.rule} was taken back: {reason}"
        self._report(diagnostic.path, diagnostic.span, message)

    def _report(self, path: str, span: Span, message: str) -> None:
        self.trouble.append(Diagnostic(INTERNAL_RULE, INTERNAL_CODE, path, span, message, severity="error"))

    def _key(self, diagnostic: Diagnostic) -> tuple[str, str, str, str]:
        file = self._file(diagnostic)
        lines = list(io.StringIO(file.text, newline="")) if file else []
        text = " ".join("".join(lines[diagnostic.span.line - 1 : diagnostic.span.end_line]).split())
        return diagnostic.path, diagnostic.rule, diagnostic.symbol, text

    def _proposals(self, diagnostics: Sequence[Diagnostic]) -> list[_Proposal]:
        by_file: dict[Path, list[Diagnostic]] = {}
        for diagnostic in diagnostics:
            if diagnostic.fix and diagnostic.fix.applicability in self._allowed:
                file = self._file(diagnostic)
                if file and self._path(diagnostic) == file.path and self._key(diagnostic) not in self._refused:
                    by_file.setdefault(file.path, []).append(diagnostic)
        found: list[_Proposal] = []
        for path, wanted in by_file.items():
            file = self._files[path]
            assert file
            made: list[Edit] = []
            fixed: list[Diagnostic] = []
            for n, edits in edits_for(file.text, wanted).items():
                new = [edit for edit in edits if not (edit in made and _is_line(edit))]
                if not any(_touch(one.span, other.span) for one in new for other in made):
                    made += new
                    fixed.append(wanted[n])
            if made:
                found.append(_Proposal(file, apply(file.text, made), fixed))
        return found

    def _try(self, proposals: Sequence[_Proposal]) -> str | None:
        """Make the changes if they hold. None then, otherwise why not."""
        for proposal in proposals:
            try:
                data = proposal.file.encoded(proposal.text)
            except UnicodeError:
                return f"the encoding {proposal.file.encoding} cannot say it"
            if not _parses(data):
                return "the file would not parse"
        after = self._checked({proposal.file.path: proposal.text for proposal in proposals})
        before_counts, after_counts = _counts(self.diagnostics), _counts(after)
        before_counts.subtract(_counts(one for proposal in proposals for one in proposal.fixed))
        for (path, rule, symbol), count in after_counts.items():
            if count > before_counts[path, rule, symbol]:
                if any((one.path, one.rule, one.symbol) == (path, rule, symbol) for p in proposals for one in p.fixed):
                    return "the finding would still be there"
                return f"{rule} would be found in {path}"
        for proposal in proposals:
            proposal.file.text = proposal.text
            proposal.file.fixed += len(proposal.fixed)
        self.diagnostics = after
        return None

    def remaining(self) -> tuple[Diagnostic, ...]:
        """The findings of the last round; a fix that was asked for and cannot be made is shown only, with the reason."""
        wanted: dict[Path, list[int]] = {}
        for n, diagnostic in enumerate(self.diagnostics):
            if diagnostic.fix and diagnostic.fix.applicability in self._allowed and (file := self._file(diagnostic)):
                wanted.setdefault(file.path, []).append(n)
        told = list(self.diagnostics)
        for path, numbers in wanted.items():
            file = self._files[path]
            assert file
            for position, answer in _answers(file.text, [told[n] for n in numbers]).items():
                diagnostic = told[numbers[position]]
                refused = (
                    str(answer) if isinstance(answer, fixes.CannotFix) else self._refused.get(self._key(diagnostic))
                )
                if refused is not None and diagnostic.fix:
                    title = f"{diagnostic.fix.title}: not made, {refused}"
                    shown = diagnostic.fix._replace(applicability="display", title=title)
                    told[numbers[position]] = dataclasses.replace(diagnostic, fix=shown)
        return tuple(told)

    def _checked(self, texts: Mapping[Path, str]) -> tuple[Diagnostic, ...]:
        overrides: dict[Path, bytes] = {}
        for path, file in self._files.items():
            if file and path == file.path and (path in texts or file.fixed):
                data = file.encoded(texts.get(path, file.text))
                overrides |= dict.fromkeys(file.names, data)
        found = self._check(self._paths, self._settings, source_overrides=overrides).diagnostics
        gc.unfreeze()  # what a check knows goes away with its process, and the next one follows in this
        gc.collect()
        return found

    def _path(self, diagnostic: Diagnostic) -> Path:
        return self._settings.root / diagnostic.path

    def _file(self, diagnostic: Diagnostic) -> _File | None:
        """The file of a finding, or None when it cannot be read; a link and its target are one file."""
        path = self._path(diagnostic)
        if path not in self._files:
            real = os.path.realpath(path)
            same = self._real.get(real)
            if same:
                same.names.add(path)
                self._files[path] = same
            else:
                self._files[path] = self._real[real] = self._read(diagnostic, path)
        return self._files[path]

    def _read(self, diagnostic: Diagnostic, path: Path) -> _File | None:
        try:
            data = path.read_bytes()
            encoding = encoding_of(data)
            text = data.decode(encoding)
            if text.encode(encoding) != data:
                raise UnicodeError(f"{encoding} does not give the same bytes back")
        except (OSError, Unreadable, UnicodeError) as error:
            self._report(diagnostic.path, diagnostic.span, f"the file cannot be fixed: {error}")
            return None
        return _File(path, {path}, encoding, data, text)

    def changed(self) -> tuple[ChangedFile, ...]:
        return tuple(
            ChangedFile(path, file.original.decode(file.encoding), file.text, file.fixed)
            for path, file in sorted(self._files.items())
            if file and file.path == path and file.fixed
        )

    def written(self, changed: ChangedFile) -> bool:
        file = self._files[changed.path]
        assert file
        try:
            target = Path(os.path.realpath(file.path))
            if not os.access(target, os.W_OK):  # which a new file in its place would not notice
                raise OSError("it is read-only")
            if target.read_bytes() != file.original:
                raise OSError("it was changed by somebody else meanwhile")
            replace(target, file.encoded(file.text))
        except OSError as error:
            root = self._settings.root
            shown = (file.path.relative_to(root) if file.path.is_relative_to(root) else file.path).as_posix()
            reason = error.strerror or str(error)
            self._report(shown, Span(1, 0, 1, 0), f"the fixed file cannot be written: {reason}")
            return False
        return True


def replace(target: Path, data: bytes) -> None:
    """Put ``data`` in the place of a file in one step, with the mode it has, if it is there. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            status = target.stat()
            if hasattr(os, "chown") and (status.st_uid, status.st_gid) != (os.getuid(), os.getgid()):
                with contextlib.suppress(PermissionError):
                    os.chown(temporary, status.st_uid, status.st_gid)
            temporary.chmod(stat.S_IMODE(status.st_mode))
        else:
            temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _umask() -> int:
    """What the process takes away from the modes of new files; there is no way to ask but to set it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _counts(diagnostics: Iterable[Diagnostic]) -> Counter[tuple[str, str, str]]:
    return Counter((diagnostic.path, diagnostic.rule, diagnostic.symbol) for diagnostic in diagnostics)


def _is_line(edit: Edit) -> bool:
    """Whether the edit only adds whole lines, such as an import that two fixes need."""
    at = edit.span
    return (at.line, at.column) == (at.end_line, at.end_column) and at.column == 0 and edit.text.endswith(("\n", "\r"))


def _touch(one: Span, other: Span) -> bool:
    """Whether two edits overlap; two replacements may be neighbours, an insertion keeps a distance."""
    first, second = sorted([one, other])
    end, start = (first.end_line, first.end_column), (second.line, second.column)
    empty = start == (second.end_line, second.end_column) or end == (first.line, first.column)
    return end > start or (empty and end == start)


def _parses(data: bytes) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(data)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True
