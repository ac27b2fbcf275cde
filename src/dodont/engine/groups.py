"""A run over files that several configurations govern: each group is checked by its own settings, and told together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dodont.core.diagnostic import Diagnostic, Step
from dodont.engine import catalogue
from dodont.engine.files import Found, SettingsOf
from dodont.engine.selection import select
from dodont.engine.settings import Settings
from dodont.project.source import displayed

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from dodont.engine.driver import Progress
    from dodont.engine.fixing import FixReport
    from dodont.engine.suppression import Silenced


class Merged(NamedTuple):
    """What the groups of a run give together. Paths are relative to one root."""

    diagnostics: tuple[Diagnostic, ...]
    files: int
    ran: frozenset[str]


def check(
    found: Found,
    main: Settings,
    root: Path,
    overrides: Mapping[str, bytes] | None = None,
    cache_dir: Callable[[Settings], Path | None] = lambda settings: None,
    *,
    jobs: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
    silenced: Silenced | None = None,
    hasty: bool = False,
) -> Merged:
    """Check what was found, all groups by the same workers. ``main`` are the settings of what was named first, ``overrides`` are
    by absolute path; ``silenced`` is told what comments silence; ``hasty`` as of ``check_files``. Raises ``UnknownSelection``."""
    from dodont.engine.driver import check_files
    from dodont.engine.workers import Workers

    told: list[tuple[Settings, Iterable[Diagnostic]]] = []
    seen, total = 0, sum(len(files) for _, files in found.groups)

    def step(done: int, among: int) -> None:
        """Among the files of a group are those that turn out to be concerned by others."""
        if progress is not None:
            progress(seen + done, total - len(files) + max(among, len(files)))

    with Workers(jobs, executor) as workers:
        for settings, files in found.groups:

            def hear(diagnostic: Diagnostic, reason: str, settings: Settings = settings) -> None:
                if silenced is not None:
                    silenced(rebased(diagnostic, settings.root, root), reason)

            report = check_files(
                files,
                settings,
                overrides=overrides,
                cache_dir=cache_dir(settings),
                workers=workers,
                progress=step,
                silenced=hear,
                hasty=hasty,
            )
            told.append((settings, report.diagnostics))
            seen += len(files)
    return merge([*told, (main, _troubles(found, main))], root, total)


def fix(found: Found, main: Settings, *, unsafe: bool, write: bool) -> list[tuple[Settings, FixReport]]:
    """Fix what was found, group by group. Raises ``UnknownSelection``."""
    from dodont.engine import fixing
    from dodont.engine.driver import Report, check_files

    def check(
        paths: Sequence[Path], settings: Settings, *, source_overrides: Mapping[Path, bytes] | None = None
    ) -> Report:
        overrides = {str(path): data for path, data in (source_overrides or {}).items()}
        return check_files([str(path) for path in paths], settings, overrides=overrides)

    done = [
        (settings, fixing.fix([Path(path) for path in files], settings, unsafe=unsafe, write=write, check=check))
        for settings, files in found.groups
    ]
    return [*done, (main, fixing.FixReport((), _troubles(found, main), ()))]


def shard_of(found: Found, root: Path, number: int, of: int) -> Found:
    """The part of what was found that one of several runs checks: directories as wholes, by a hash of their names alone, so that a
    new file moves no other. ``number`` counts from 1."""
    known: dict[str, bool] = {}

    def is_here(directory: str) -> bool:
        here = known.get(directory)
        if here is None:
            name = _way(directory, root).encode("utf-8", "surrogatepass")
            here = int.from_bytes(blake2b(name, digest_size=8).digest()) % of == number - 1
            known[directory] = here
        return here

    groups = (
        (settings, tuple(path for path in files if is_here(os.path.dirname(path)))) for settings, files in found.groups
    )
    return Found(
        tuple((settings, files) for settings, files in groups if files),
        tuple((path, message) for path, message in found.troubles if is_here(path)),
        found.notes,
    )


def _way(path: str, root: Path) -> str:
    try:
        return os.path.relpath(path, root).replace(os.sep, "/")
    except ValueError:  # on another drive
        return path.replace(os.sep, "/")


def _troubles(found: Found, settings: Settings) -> tuple[Diagnostic, ...]:
    from dodont.engine.dispatch import internal

    return tuple(internal(displayed(path, settings.root), message) for path, message in found.troubles)


def merge(told: Sequence[tuple[Settings, Iterable[Diagnostic]]], root: Path, files: int) -> Merged:
    """The findings of several groups, their paths relative to ``root``, sorted."""
    diagnostics: list[Diagnostic] = []
    ran: set[str] = set()
    for settings, found in told:
        ran |= select(catalogue.rules(), settings)
        for diagnostic in found:
            diagnostics.append(rebased(diagnostic, settings.root, root))
    diagnostics.sort(key=lambda diagnostic: diagnostic.sort_key)
    return Merged(tuple(diagnostics), files, frozenset(ran))


def common_root(paths: Iterable[str], governing: SettingsOf) -> Path:
    """What the paths of findings are relative to: the one directory that holds the roots of all that was named."""
    roots = list(
        dict.fromkeys(governing(path if os.path.isdir(path) else os.path.dirname(path)).root for path in paths)
    )
    try:
        common = Path(os.path.commonpath(roots))
    except ValueError:  # on several drives
        return roots[0]
    return common if common != Path(common.anchor) else roots[0]


def rebased(diagnostic: Diagnostic, old: Path, new: Path) -> Diagnostic:
    """The same finding, its paths relative to another root."""
    if old == new:
        return diagnostic

    def moved(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        return tuple(step._replace(path=displayed(str(old / step.path), new)) for step in steps)

    path = displayed(str(old / diagnostic.path), new)
    return replace(diagnostic, path=path, flow=moved(diagnostic.flow), related=moved(diagnostic.related))
