"""One run: from paths and settings to sorted findings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dodont.core.diagnostic import Asked, Diagnostic, Suspicion
from dodont.core.rule import INTERNAL_CODE
from dodont.engine import catalogue, selection
from dodont.engine.analyst import Analysis, Analyst, Batch, batch_of, interpreting
from dodont.engine.dispatch import internal
from dodont.engine.files import find, is_excluded, is_generated
from dodont.engine.settings import Settings
from dodont.engine.suppression import Silenced, kept
from dodont.engine.workers import Workers
from dodont.project.readings import Readings
from dodont.project.source import Source, Unreadable, displayed, read

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from dodont.engine.cache import Cache
    from dodont.engine.executors import Team, Work
    from dodont.engine.reuse import Reuse
    from dodont.engine.shelf import CacheShelf

#: Told how many of the files are done, and how many there are.
Progress = Callable[[int, int], None]


class Report(NamedTuple):
    """What a run found: sorted, after selection and suppression. ``files`` counts the files that were asked for."""

    diagnostics: tuple[Diagnostic, ...]
    files: int


class Run:
    """The state of one run over one project. Front ends use ``check`` and ``Host``."""

    def __init__(
        self, settings: Settings, *, overrides: Mapping[str, bytes] | None = None, noqa: bool = True,
        root: Path | None = None, every_file: bool = False, cache_dir: Path | None = None, workers: Workers | None = None,
        progress: Progress | None = None, silenced: Silenced | None = None,
        hasty: bool = False,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._noqa = noqa
        self._at = selection.selects(catalogue.rules(), settings)
        self._root = root or settings.root
        self._overrides = overrides
        self._every_file = every_file
        self._workers = workers or Workers()
        self._progress = progress or (lambda done, total: None)
        self._silenced = silenced or (lambda diagnostic, reason: None)
        self._cache = (cache_dir, self._environment(cache_dir)) if cache_dir is not None else None
        self._suspicions: list[Suspicion] = []
        self._asked: list[Asked] = []
        self._hasty = hasty
        cache, self._shelf = self._open()
        self._readings = Readings(overrides, self._shelf)
        self._analyst = self._start()
        self._reuse = self._reused(cache)
        self.project = self._analyst.project

    def _start(self, *, keep: bool = False, reuse: Reuse | None = None) -> Analyst:
        """Somebody who knows nothing of the project yet."""
        return Analyst(
            self._settings,
            self._root,
            readings=self._readings,
            keep=keep,
            memory=reuse.summary if reuse is not None else None,
            # An earlier run's findings may turn out to hold no more.
            every_file=self._every_file or reuse is not None,
        )

    def _open(self) -> tuple[Cache | None, CacheShelf | None]:
        if self._cache is None:
            return None, None
        from dodont.engine.cache import Cache
        from dodont.engine.shelf import CacheShelf

        cache = Cache(*self._cache)
        return cache, CacheShelf(cache, lambda path: displayed(path, self._settings.root))

    def _reused(self, cache: Cache | None) -> Reuse | None:
        if cache is None:
            return None
        from dodont.engine.reuse import Reuse

        return Reuse(self._analyst.project, cache)

    def _environment(self, cache_dir: Path) -> str:
        """The digest of all that findings hang on beside the sources, and of the project, as several may share a directory."""
        from dodont.engine.identity import environment

        settings = self._settings
        return environment((
            sorted(selection.select(catalogue.rules(), settings)), settings.src, settings.roles, settings.models,
            settings.rule_options, os.path.relpath(self._root, settings.root), _way(self._root, cache_dir),
        ))  # fmt: skip

    def files(self, paths: Sequence[str]) -> Iterator[Diagnostic]:
        """The findings of the files; what an earlier run found is taken where it still holds."""
        if self._reuse is not None:
            yield from self._with_cache(self._reuse, paths)
        else:
            for done, analysis in enumerate(self._analysed(paths), 1):
                self._progress(done, len(paths))
                self._evidence(analysis.suspicions, analysis.asked)
                yield from self._shown(analysis.path, analysis.findings)
        if self._suspicions:
            from dodont.engine.deciding import decided

            for shown, found in decided(self._suspicions, self._asked, self._settings).items():
                yield from self._shown(shown, found)

    def _evidence(self, suspicions: Iterable[Suspicion], asked: Iterable[Asked]) -> None:
        self._suspicions += suspicions
        self._asked += asked

    def _analysed(self, paths: Sequence[str]) -> Iterator[Analysis]:
        sizes = _sizes(paths) if self._workers.are_many else {}
        team = self._workers.team(sum(sizes.values()))
        if team is None:
            yield from self._analyst.files(paths)
            return
        for batch in team.map(self._work(team, paths), paths, sizes):
            yield from batch.analyses

    def _with_cache(self, reuse: Reuse, paths: Sequence[str]) -> Iterator[Diagnostic]:
        wanted = {self.project.display(path): path for path in paths}
        done: dict[str, Analysis] = {}
        wave = reuse.stale(wanted)
        while wave:
            there = [
                path
                for path in map(self.project.absolute, wave)
                if self.project.display(path) in wanted or os.path.exists(path)
            ]
            for shown in {*wave}.difference(map(self.project.display, there)):
                reuse.gone(shown)
            reuse.begin(wave)
            for batch in self._wave(reuse, wave, there):
                reuse.analysed(batch)
                done.update((each.path, each) for each in batch.analyses)
                self._progress(len(done), len(wanted.keys() | done.keys()))
            wave = reuse.following()
            if wave and self._hasty:
                break
        for shown in wanted:
            if shown in done:
                self._evidence(done[shown].suspicions, done[shown].asked)
                yield from self._shown(shown, done[shown].findings)
            else:
                self._evidence(*reuse.evidence(shown))
                yield from self._shown(shown, reuse.findings(shown))
        if not wave:
            reuse.save()
        if self._shelf is not None:
            self._shelf.save()
        reuse.close()

    def _wave(self, reuse: Reuse, wave: Sequence[str], paths: Sequence[str]) -> Iterator[Batch]:
        sizes = _sizes(paths) if self._workers.are_many else {}
        team = self._workers.team(sum(sizes.values()))
        if team is not None:
            yield from team.map(self._work(team, paths, reuse, wave), paths, sizes)
            return
        analyst = self._start(keep=True, reuse=reuse)
        for analysis in analyst.files(paths):
            yield Batch((analysis,))
        yield batch_of(analyst, (), frozenset(wave))

    def _work(self, team: Team, paths: Sequence[str], reuse: Reuse | None = None, wave: Sequence[str] = ()) -> Work:
        from dodont.engine.executors import Work, packed

        near = team.shares_disk and not self._overrides
        return Work(
            self._settings,
            self._root,
            keep=reuse is not None,
            wave=frozenset(wave),
            sources=None if near else packed(self._sources(paths)),
            cache=self._cache if near else None,
            moved=reuse.moved if reuse is not None else frozenset(),
            summaries=reuse.held() if reuse is not None and not near else None,
        )

    def _sources(self, paths: Sequence[str]) -> dict[str, bytes]:
        """The files of the project that code may import, and those that were asked for."""
        found: dict[str, bytes] = {}
        finder = self.project.finder
        modules = {*finder.python_files(), *paths}
        stubs = {
            os.path.join(directory, name) for directory in {os.path.dirname(path) for path in modules}
            for name in finder.listing(directory) if name.endswith(".pyi")
        }  # fmt: skip
        for path in sorted(modules | stubs):
            with suppress(OSError, Unreadable):
                found[path] = read(path)
        return {**found, **(self._overrides or {})}

    def _shown(self, shown: str, found: Sequence[Diagnostic], text: str | None = None) -> list[Diagnostic]:
        """The findings of a file that are selected there, and that nothing in its text silences."""
        if not found:
            return []
        if text is None:
            text = self.project.text(self.project.absolute(shown))
        if not self._settings.include_generated and is_generated(text):
            return []
        allowed = self._at(shown)
        selected = [each for each in found if each.rule in allowed or each.code == INTERNAL_CODE]

        def runs(name: str) -> bool:
            return selection.silenced(name, catalogue.rules()) <= allowed

        return uncovered(list(kept(selected, text, noqa=self._noqa, runs=runs, silenced=self._silenced)))

    def file(self, path: str, source: Source) -> list[Diagnostic]:
        """The findings of one file that was parsed already."""
        analysis = self._analyst.file(path, source)
        return self._shown(analysis.path, analysis.findings, source.text)

    @property
    def remembered(self) -> int:
        """How many modules' rows of the cache are in memory."""
        return self._reuse.remembered if self._reuse is not None else 0

    def known(self, path: str) -> list[Diagnostic] | None:
        """The findings of one file, if an earlier run knew them and nothing they hang on has changed."""
        shown = self.project.display(path)
        if self._reuse is None or not self._reuse.holds(shown):
            return None
        return self._shown(shown, self._reuse.findings(shown))


def uncovered(found: list[Diagnostic]) -> list[Diagnostic]:
    """The findings of a file less those of which another tells more: one that is silenced covers nothing."""
    rules = catalogue.rules()
    covered = {(name, each.symbol) for each in found if each.rule in rules for name in rules[each.rule].covers}
    return [each for each in found if (each.rule, each.symbol) not in covered] if covered else found


def _way(root: Path, cache_dir: Path) -> str:
    """From the cache to a project; the same in every copy of both."""
    try:
        return os.path.relpath(root, cache_dir)
    except ValueError:  # on another drive
        return str(root)


def _sizes(paths: Sequence[str]) -> dict[str, int]:
    found = {}
    for path in paths:
        try:
            found[path] = os.stat(path).st_size
        except OSError:
            found[path] = 0
    return found


def check(
    paths: Sequence[Path],
    settings: Settings,
    *,
    source_overrides: Mapping[Path, bytes] | None = None,
    cache_dir: Path | None = None,
    jobs: int = 1,
    executor: Executor | None = None,
) -> Report:
    """Check files and directories. Raises ``MissingPath`` and ``UnknownSelection``; see ``Workers`` and ``check_files``."""
    overrides = {os.path.abspath(path): data for path, data in (source_overrides or {}).items()}
    given = {path: os.path.abspath(path) for path in paths}
    found = find([path for path in paths if given[path] not in overrides], settings)
    unsaved = {path for path in given.values() if path in overrides}
    if settings.force_exclude:
        unsaved = {path for path in unsaved if not is_excluded(path, settings)}
    files = tuple(sorted({*found.files, *unsaved}))
    with Workers(jobs, executor) as workers:
        return check_files(
            files, settings, overrides=overrides, troubles=found.troubles, cache_dir=cache_dir, workers=workers
        )


def check_files(
    files: Sequence[str],
    settings: Settings,
    *,
    overrides: Mapping[str, bytes] | None = None,
    troubles: Sequence[tuple[str, str]] = (),
    cache_dir: Path | None = None,
    workers: Workers | None = None,
    progress: Progress | None = None,
    silenced: Silenced | None = None,
    hasty: bool = False,
) -> Report:
    """Check files that were found, absolute and sorted. ``overrides`` are by absolute path. Raises ``UnknownSelection``.

    ``cache_dir`` is where earlier runs left what they found out; ``silenced`` is told what comments silence.
    ``hasty``: modules that hang on what changed are taken to say what they said, which is mostly so, and nothing is kept where it may
    not be: for those who would rather have an answer that may miss something than wait for it.
    """
    diagnostics: list[Diagnostic] = []
    with interpreting():
        cache = cache_dir if not overrides else None
        run = Run(
            settings,
            overrides=overrides,
            cache_dir=cache,
            workers=workers,
            progress=progress,
            silenced=silenced,
            hasty=hasty,
        )
        diagnostics += [internal(run.project.display(path), message) for path, message in troubles]
        diagnostics += run.files(files)
    return Report(tuple(sorted(diagnostics, key=lambda diagnostic: diagnostic.sort_key)), len(files))
