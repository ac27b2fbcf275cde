"""What commands that judge findings share: the baseline, and what is new in a diff."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dodont.cli.app import CannotRunError

if TYPE_CHECKING:
    from dodont.config import Governing
    from dodont.core.diagnostic import Diagnostic
    from dodont.engine.files import Found
    from dodont.engine.settings import Settings
    from dodont.gate.baseline import Entry, Matched
    from dodont.gate.changes import Changes
    from dodont.output.result import Result, Suppressed

_F = TypeVar("_F", bound=Callable[..., Any])


def baselines(command: _F) -> _F:
    """Which findings are known already."""
    for option in reversed(
        (
            click.option(
                "--baseline",
                type=click.Path(path_type=Path),
                metavar="FILE",
                help="The findings that are known already; `dodont-baseline.json` beside the configuration, if there is one.",
            ),
            click.option("--no-baseline", is_flag=True, help="Tell known findings, too."),
        )
    ):
        command = option(command)
    return command


def differences(command: _F) -> _F:
    """Which code is new."""
    for option in reversed(
        (
            click.option(
                "--diff-base",
                metavar="REV",
                help="Tell only what changed since the code left this revision; `auto` asks the pipeline, or the upstream.",
            ),
            click.option(
                "--diff",
                "diff_file",
                type=click.Path(path_type=Path),
                metavar="FILE",
                help="The same, for a unified diff with paths from the current directory; `-` is stdin.",
            ),
            click.option(
                "--diff-scope",
                type=click.Choice(("line", "function", "file")),
                default="function",
                help="What counts as changed when a line is: the line, the function around it (default), the file.",
            ),
        )
    ):
        command = option(command)
    return command


def changes(options: dict[str, Any], root: Path) -> Changes | None:
    """What is new, given the options of ``differences``, if a command has them; None when nobody asks. Raises CannotRunError."""
    base, patch = options.get("diff_base"), options.get("diff_file")
    if base is None and patch is None:
        return None
    scope = options["diff_scope"]
    from dodont.gate.changes import NoChanges, from_git, from_patch

    if base is not None and patch is not None:
        raise CannotRunError("--diff-base and --diff exclude each other; drop one")
    try:
        if base is not None:
            return from_git(root, base, scope)
        if patch == Path("-"):
            return from_patch(sys.stdin.buffer.read(), Path.cwd(), "--diff -", scope)
        assert patch is not None
        try:
            return from_patch(patch.read_bytes(), Path.cwd(), f"--diff {patch}", scope)
        except OSError as error:
            raise CannotRunError(f"--diff {patch}: cannot be read: {error.strerror}") from None
    except NoChanges as error:
        raise CannotRunError(str(error)) from None


def touched(found: Found, new: Changes) -> Found:
    """Those of the files that a diff touches."""
    groups = ((settings, tuple(path for path in files if path in new.files)) for settings, files in found.groups)
    return found._replace(
        groups=tuple((settings, files) for settings, files in groups if files),
        troubles=tuple(each for each in found.troubles if each[0] in new.files),
    )


@dataclass(frozen=True, slots=True)
class Known:
    """A baseline, and what of a run's findings it knows. ``indexes`` are the findings it is asked about."""

    path: Path
    entries: tuple[Entry, ...]
    part: Result
    indexes: tuple[int, ...]
    matched: Matched

    @property
    def hidden(self) -> frozenset[int]:
        return frozenset(self.indexes[index] for index in self.matched.hidden)


def known(result: Result, found: Found, options: dict[str, Any]) -> list[Known]:
    """What the baselines of the run know, each asked about the files that its configuration governs. Raises BadBaseline."""
    from dodont.gate.baseline import match, read, relative

    files: dict[Path, set[str]] = {}
    for settings, paths in found.groups:
        at = where(settings, options)
        if at is not None:
            files.setdefault(at, set()).update(paths)
    done = []
    for at, checked in files.items():
        names = {relative(Path(path), at.parent) for path in checked}
        indexes = tuple(
            index
            for index, each in enumerate(result.diagnostics)
            if os.path.abspath(result.root / each.path) in checked  # noqa: PTH100
        )
        part = replace(result, diagnostics=[result.diagnostics[index] for index in indexes])
        entries = read(at)
        matched = match(entries, part, at.parent, names.__contains__, datetime.date.today())
        done.append(Known(at, entries, part, indexes, matched))
    return done


def where(settings: Settings, options: dict[str, Any]) -> Path | None:
    """Where the baseline of files with these settings is; None when they have none."""
    from dodont.gate.baseline import location

    given: Path | None = options["baseline"]
    return given.absolute() if given is not None else location(settings)


def judged(result: Result, found: Found, options: dict[str, Any], new: Changes | None) -> tuple[Result, list[Known]]:
    """The findings that are new, with how many a baseline hides. Raises CannotRunError."""
    if options["no_baseline"] and options["baseline"] is not None:
        raise CannotRunError("--baseline and --no-baseline exclude each other; drop one")
    if new is not None:
        result = replace(
            result,
            diagnostics=[each for each in result.diagnostics if new.is_new(each, result.root, result.source)],
            new=True,
        )
    with kind_baselines():
        asked = [] if options["no_baseline"] else known(result, found, options)
    hidden = frozenset[int]().union(*(each.hidden for each in asked))
    if asked:
        left = [each for index, each in enumerate(result.diagnostics) if index not in hidden]
        result = replace(result, diagnostics=left, hidden=len(hidden), new=True)
    return result, asked


def suppressed(
    silenced: Iterable[tuple[Diagnostic, str]], asked: Iterable[Known], new: Changes | None, result: Result
) -> list[Suppressed]:
    """What was accepted, by comments and by baselines, among the findings that a diff leaves."""
    from dodont.output.result import Suppressed

    by_comments = [
        Suppressed(each, "comment", reason)
        for each, reason in silenced
        if new is None or new.is_new(each, result.root, result.source)
    ]
    by_baselines = [
        Suppressed(known.part.diagnostics[index], "baseline", entry.reason)
        for known in asked
        for index, entry in known.matched.hidden.items()
    ]
    return sorted((*by_comments, *by_baselines), key=lambda each: each.diagnostic.sort_key)


def is_blocking(result: Result, governing: Governing) -> bool:
    """Whether any finding fails the run, by what ``fail-on`` says of its file."""
    return any(
        each.severity == "error" or governing(os.path.dirname(result.root / each.path)).fail_on == "warning"  # noqa: PTH120
        for each in result.diagnostics
    )


@contextmanager
def kind_baselines() -> Iterator[None]:
    """A baseline that cannot be read becomes CannotRunError."""
    from dodont.gate.baseline import BadBaseline

    try:
        yield
    except BadBaseline as error:
        raise CannotRunError(str(error)) from None


def remarks(asked: Iterable[Known], *, whole: bool) -> list[str]:
    """What is to be said of the baselines themselves. ``whole``: the run saw all findings, not those of a diff alone."""
    lines = []
    for each in asked:
        name = shown(each.path)
        stale, expired = sum(entry.count for entry in each.matched.stale), len(each.matched.expired)
        if stale and whole:
            lines.append(
                f"{name}: {_entries(stale, 'finding is', 'findings are')} gone; drop them with `dodont baseline prune`"
            )
        if expired:
            lines.append(f"{name}: {_entries(expired, 'entry has', 'entries have')} expired")
    return lines


def shown(path: Path) -> str:
    current = Path.cwd()
    return str(path.relative_to(current) if path.is_relative_to(current) else path)


def _entries(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
