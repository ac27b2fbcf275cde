"""``dodont baseline``: findings a project knows of, so that checks tell only new ones."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dodont.cli import gating
from dodont.cli import options as shared
from dodont.cli.app import CLEAN, FINDINGS, CannotRunError
from dodont.cli.check import run
from dodont.cli.telling import tell
from dodont.output.escaping import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dodont.cli.check import Done
    from dodont.config import Governing
    from dodont.gate.baseline import Entry


@click.group("baseline")
def command() -> None:
    """Findings that are known, so that `dodont check` tells new ones only.

    The file is made to be committed; it names files and functions, and holds no code.
    """


def _common(function: Callable[..., int]) -> Callable[..., int]:
    for option in reversed(
        (
            click.argument("paths", nargs=-1, type=click.Path(path_type=Path)),
            shared.selection,
            shared.caching,
            shared.parallel,
            click.option(
                "--baseline",
                type=click.Path(path_type=Path),
                metavar="FILE",
                help="Which file; `dodont-baseline.json` beside the configuration, if nothing else is set.",
            ),
            click.option("-q", "--quiet", is_flag=True, help="Say nothing but what is wrong."),
        )
    ):
        function = option(function)
    return function


@command.command("create")
@_common
@click.option("--force", is_flag=True, help="Replace a baseline that is there.")
def create(paths: tuple[Path, ...], *, force: bool, **options: Any) -> int:
    """Write all findings of PATHS, by default the current directory, into a new baseline."""
    from dodont.gate.baseline import entries_of, write

    with shared.kind_errors(), gating.kind_baselines():
        governing = shared.governing_from(options)
        at = _file(paths, governing, options)
        if at.exists() and not force:
            raise CannotRunError(f"{at}: is there already; `dodont baseline update` keeps reasons, --force replaces it")
        done = _analysed(paths, governing, options)
        entries = entries_of(done.result, at.parent)
        write(at, entries)
    return _told(f"{gating.shown(at)}: {_count(entries)} in {_files(entries)}.", done, options)


@command.command("update")
@_common
@click.option("--allow-growth", is_flag=True, help="Take up new findings, too; without it a baseline only shrinks.")
def update(paths: tuple[Path, ...], *, allow_growth: bool, **options: Any) -> int:
    """Drop what is gone, follow what moved; exit 1 if there are new findings that may not be taken up."""
    return _changed(paths, options, growing=allow_growth, following=True)


@command.command("prune")
@_common
def prune(paths: tuple[Path, ...], **options: Any) -> int:
    """Drop what is gone, and nothing else."""
    return _changed(paths, options, growing=False, following=False)


def _changed(paths: tuple[Path, ...], options: dict[str, Any], *, growing: bool, following: bool) -> int:
    from dodont.gate.baseline import pruned, updated, write

    with shared.kind_errors(), gating.kind_baselines():
        governing = shared.governing_from(options)
        at = _file(paths, governing, options)
        done = _analysed(paths, governing, options)
        (known,) = gating.known(done.result, done.found, {**options, "baseline": at})
        if following:
            entries = updated(known.entries, known.part, at.parent, known.matched, growing=growing)
        else:
            entries = pruned(known.entries, known.matched)
        write(at, entries)
    new = len(known.part.diagnostics) - len(known.matched.hidden)
    gone = sum(entry.count for entry in known.matched.stale)
    words = [f"{_count(entries)} in {_files(entries)}", f"{gone} dropped"]
    if growing:
        words.append(f"{new} added")
    _told(f"{gating.shown(at)}: {', '.join(words)}.", done, options)
    if new and following and not growing:
        tell(
            [
                f"{new} new finding{'' if new == 1 else 's'} left out; `dodont check` tells them, --allow-growth takes them up"
            ],
            mark="dodont: warning: ",
        )
        return FINDINGS
    return CLEAN


@command.command("show")
@shared.configuration
@click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE", help="Which file.")
def show(**options: Any) -> int:
    """Tell what a baseline holds, by rule, and entries with a reason or an end."""
    from dodont.config import CommandLine
    from dodont.engine.catalogue import rules
    from dodont.gate.baseline import read

    with shared.kind_errors(), gating.kind_baselines():
        governing = shared.governing_by(CommandLine(), options)
        at = _file((), governing, options)
        entries = read(at)
    names = {rule.code: rule.name for rule in rules().values()}
    counts: Counter[str] = Counter()
    for entry in entries:
        counts[entry.code] += entry.count
    width = len(str(max(counts.values(), default=0)))
    for code, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        click.echo(f"{count:>{width}}  {code} {names.get(code, '(unknown rule)')}")
    for entry in entries:
        if entry.reason or entry.until:
            until = f" until {entry.until}" if entry.until else ""
            place = f"{entry.path} {entry.symbol}".rstrip()
            click.echo(printable(f"{place}: {entry.code}{until}: {entry.reason or 'no reason given'}"))
    click.echo(f"{gating.shown(at)}: {_count(entries)} in {_files(entries)}.")
    return CLEAN


@command.command("verify")
@_common
def verify(paths: tuple[Path, ...], **options: Any) -> int:
    """Exit 1 unless each entry stands for a finding, none has expired, and the file is as dodont writes it."""
    from dodont.gate.baseline import dump

    with shared.kind_errors(), gating.kind_baselines():
        governing = shared.governing_from(options)
        at = _file(paths, governing, options)
        done = _analysed(paths, governing, options)
        (known,) = gating.known(done.result, done.found, {**options, "baseline": at})
    problems = [f"{gating.shown(at)}: gone: {_named(entry)}" for entry in known.matched.stale]
    problems += [f"{gating.shown(at)}: expired {entry.until}: {_named(entry)}" for entry in known.matched.expired]
    if at.read_bytes() != dump(known.entries).encode():
        problems.append(f"{gating.shown(at)}: not in the order dodont writes; run `dodont baseline update`")
    tell(map(printable, problems), mark="")
    if not problems:
        _told(f"{gating.shown(at)}: {_count(known.entries)}, all there.", done, options)
    return FINDINGS if problems else CLEAN


def _analysed(paths: tuple[Path, ...], governing: Governing, options: dict[str, Any]) -> Done:
    done = run(paths or (Path(),), options, governing)
    assert done is not None
    return done


def _file(paths: tuple[Path, ...], governing: Governing, options: dict[str, Any]) -> Path:
    from dodont.gate.baseline import NAME

    settings = shared.settings_of(str((paths[0] if paths else Path()).absolute()), governing)
    return gating.where(settings, options) or settings.root / NAME


def _told(text: str, done: Done, options: dict[str, Any]) -> int:
    if not options["quiet"]:
        click.echo(text)
    trouble = [each for each in done.result.diagnostics if each.code == "ODD000"]
    tell((printable(f"{each.path}:{each.span.line}: {each.message}") for each in trouble), mark="dodont: warning: ")
    return CLEAN


def _named(entry: Entry) -> str:
    times = f" ({entry.count} times)" if entry.count > 1 else ""
    return f"{entry.code} in {entry.path} {entry.symbol}".rstrip() + times


def _count(entries: Sequence[Entry]) -> str:
    count = sum(entry.count for entry in entries)
    return f"{count} finding{'' if count == 1 else 's'}"


def _files(entries: Sequence[Entry]) -> str:
    count = len({entry.path for entry in entries})
    return f"{count} file{'' if count == 1 else 's'}"
