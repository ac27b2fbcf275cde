"""One run: from paths and settings to sorted findings."""

from __future__ import annotations

import ast
import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dodont.core.diagnostic import Diagnostic
from dodont.core.rule import INTERNAL_CODE
from dodont.engine import catalogue, selection
from dodont.engine.cache import Cache
from dodont.engine.dispatch import Dispatcher, internal
from dodont.engine.files import find, is_excluded, is_generated
from dodont.engine.reuse import Reuse, environment
from dodont.engine.settings import Settings
from dodont.engine.suppression import kept
from dodont.models.library import Library
from dodont.project.finder import Finder, boundary_of
from dodont.project.project import Project
from dodont.project.source import Source
from dodont.semantic.definitions import FunctionInfo, ModuleInfo
from dodont.semantic.events import Event

#: Interpretation descends with the code it reads. Python's own parser must not run under a limit much higher than this.
RECURSION_LIMIT = 5000


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found: sorted, after selection and suppression. ``files`` counts the files that were asked for."""

    diagnostics: tuple[Diagnostic, ...]
    files: int


class Run:
    """The state of one run over one project. Front ends use ``check`` and ``check_file``."""

    def __init__(
        self, settings: Settings, *, overrides: Mapping[str, bytes] | None = None, noqa: bool = True,
        root: Path | None = None, every_file: bool = False, cache_dir: Path | None = None,
    ) -> None:  # fmt: skip
        rules = catalogue.rules()
        self._settings = settings
        self._noqa = noqa
        # Nobody says which files will be asked for, or an earlier run's findings may turn out to hold no more.
        self._every_file = every_file or cache_dir is not None
        self._at = selection.selects(rules, settings)
        selected = selection.select(rules, settings)
        self._dispatcher = Dispatcher([rules[name] for name in selected], settings.rule_options)
        self._root = root or settings.root
        self._overrides = overrides
        self._wanted: set[str] = set()
        self._reuse: Reuse | None = None
        self.project = self._start()
        if cache_dir is not None:
            self._reuse = Reuse(self.project, Cache(cache_dir, self._environment()))
            self.project.memory = self._reuse.summary

    def _start(self) -> Project:
        """A project of which nothing is known yet."""
        settings, root = self._settings, self._root
        return Project(
            root,
            Finder(root, tuple(Path(os.path.normpath(root / part)) for part in settings.src if part)),
            Library(settings.models or None),
            base=settings.root,
            roles=settings.roles,
            overrides=self._overrides,
            listener=self._hear,
            memory=self._reuse.summary if self._reuse is not None else None,
        )

    def _environment(self) -> str:
        """The digest of all that findings hang on beside the sources."""
        settings = self._settings
        return environment((
            sorted(self._dispatcher.rules), settings.src, settings.roles, settings.models, settings.rule_options,
            os.path.relpath(self.project.root, settings.root),
        ))  # fmt: skip

    def _hear(self, module: ModuleInfo, function: FunctionInfo | None, events: list[Event]) -> None:
        if self._every_file or module.file in self._wanted:
            self._dispatcher.hear(self.project, module, function, events)

    def files(self, paths: Sequence[str]) -> Iterator[Diagnostic]:
        """The findings of the files, each module interpreted once; what an earlier run found is taken where it still holds."""
        if self._reuse is None:
            for path in self._in_order(paths):
                yield from self.file(path)
            return
        display = self.project.display
        wanted = {display(path): path for path in paths}
        done: dict[str, list[Diagnostic]] = {}
        wave = self._reuse.stale(wanted)
        while wave:
            self.project = self._start()
            self._reuse.begin(self.project, wave)
            for path in self._in_order([self.project.absolute(shown) for shown in wave]):
                done[display(path)] = self.file(path)
            wave = self._reuse.following()
        for shown, path in wanted.items():
            yield from done[shown] if shown in done else self._known(path, shown)
        self._reuse.save()

    def _in_order(self, paths: Sequence[str]) -> Iterator[str]:
        """The files, each once; modules pulled in on the way come soonest, so that syntax trees do not pile up."""
        self._wanted.update(paths)
        own = set(paths)
        pending = list(reversed(paths))
        seen = len(self.project.loaded)
        while pending:
            path = pending.pop()
            if path not in own:
                continue
            own.discard(path)
            yield path
            loaded = self.project.loaded
            pending += [each for each in loaded[seen:] if each in own]
            seen = len(loaded)

    def file(self, path: str, source: Source | None = None) -> list[Diagnostic]:
        """The findings of one file."""
        self._wanted.add(path)
        shown = self.project.display(path)
        module = None if self.project.skim(path, source) else self.project.load(path, source)
        if module is not None:
            self.project.complete(module)
            failures = self.project.failures.pop(path, ())
            found = [*self._dispatcher.take(shown), *(internal(shown, message) for message in failures)]
        else:
            trouble = self.project.troubles.get(path)
            found = [] if trouble is None else [internal(shown, trouble.message, trouble.line, trouble.column)]
        if self._reuse is not None:
            if module is not None and any(each.code == INTERNAL_CODE for each in found):
                self._reuse.failed(shown)
            else:
                self._reuse.analysed(shown, module, found)
        return self._shown(shown, found, module.text if module is not None else "")

    def known(self, path: str) -> list[Diagnostic] | None:
        """The findings of one file, if an earlier run knew them and nothing they hang on has changed."""
        shown = self.project.display(path)
        if self._reuse is None or not self._reuse.holds(shown):
            return None
        found = self._reuse.findings(shown)
        return self._shown(shown, found, self.project.text(path) if found else "") if found is not None else None

    def _known(self, path: str, shown: str) -> list[Diagnostic]:
        """What an earlier run found in a file, and still holds."""
        assert self._reuse is not None
        found = self._reuse.findings(shown)
        if found is None:
            return self.file(path)
        return self._shown(shown, found, self.project.text(path) if found else "")

    def _shown(self, shown: str, found: list[Diagnostic], text: str) -> list[Diagnostic]:
        """The findings of a file that are selected there, and that nothing in its text silences."""
        if not self._settings.include_generated and is_generated(text):
            return []
        allowed = self._at(shown)
        selected = [each for each in found if each.rule in allowed or each.code == INTERNAL_CODE]
        return list(kept(selected, text, noqa=self._noqa))


def check(
    paths: Sequence[Path],
    settings: Settings,
    *,
    source_overrides: Mapping[Path, bytes] | None = None,
    cache_dir: Path | None = None,
) -> Report:
    """Check files and directories. Raises ``MissingPath`` and ``UnknownSelection``."""
    overrides = {os.path.abspath(path): data for path, data in (source_overrides or {}).items()}
    given = {path: os.path.abspath(path) for path in paths}
    found = find([path for path in paths if given[path] not in overrides], settings)
    unsaved = {path for path in given.values() if path in overrides}
    if settings.force_exclude:
        unsaved = {path for path in unsaved if not is_excluded(path, settings)}
    files = tuple(sorted({*found.files, *unsaved}))
    return check_files(files, settings, overrides=overrides, troubles=found.troubles, cache_dir=cache_dir)


def check_files(
    files: Sequence[str], settings: Settings, *, overrides: Mapping[str, bytes] | None = None,
    troubles: Sequence[tuple[str, str]] = (), cache_dir: Path | None = None,
) -> Report:  # fmt: skip
    """Check files that were found, absolute and sorted. ``overrides`` are by absolute path. Raises ``UnknownSelection``."""
    diagnostics: list[Diagnostic] = []
    with interpreting():
        run = Run(settings, overrides=overrides, cache_dir=cache_dir if not overrides else None)
        diagnostics += [internal(run.project.display(path), message) for path, message in troubles]
        diagnostics += run.files(files)
        gc.freeze()  # what is known of the project goes away with the process: nothing in it is worth a search for cycles
    return Report(tuple(sorted(diagnostics, key=lambda diagnostic: diagnostic.sort_key)), len(files))


def check_tree(filename: str, tree: ast.Module, lines: list[str], settings: Settings) -> list[Diagnostic]:
    """Check one parsed file; ``noqa`` comments are left to the host."""
    return Host().check(filename, tree, lines, settings)


class Host:
    """What a host that hands over one file after the other keeps between them: what is known of each project.

    Where a cache is, findings come from there as long as they hold. The first few files of which they don't are analysed with the
    help of the cache, which is made for that; when there are more, all that is known stays in memory, as it does without a cache.
    """

    def __init__(self, cache_dir: Callable[[Settings], Path | None] = lambda settings: None) -> None:
        self._cache_dir = cache_dir
        self._runs: list[tuple[Path, Settings, _Hosted]] = []

    def check(self, filename: str, tree: ast.Module, lines: list[str], settings: Settings) -> list[Diagnostic]:
        path = os.path.abspath(filename)
        root = settings.root if _is_below(path, settings.root) else boundary_of(Path(path))
        with interpreting():
            found = self._hosted(root, settings).file(path, Source(tree, "".join(lines)))
            gc.freeze()  # what is known of the project stays: the host's collector need not look through it every time
        return sorted(found, key=lambda diagnostic: diagnostic.sort_key)

    def _hosted(self, root: Path, settings: Settings) -> _Hosted:
        for known_root, known_settings, hosted in self._runs:
            if known_root == root and known_settings == settings:
                return hosted
        hosted = _Hosted(root, settings, self._cache_dir(settings))
        self._runs.append((root, settings, hosted))
        return hosted


#: How many files of a host are analysed with the help of the cache.
FEW = 4


class _Hosted:
    """One project of a host."""

    def __init__(self, root: Path, settings: Settings, cache_dir: Path | None) -> None:
        self._root = root
        self._settings = settings
        self._cache_dir = cache_dir if cache_dir is not None and cache_dir.is_dir() else None
        self._earlier = self._start(cache_dir=self._cache_dir) if self._cache_dir is not None else None
        self._now: Run | None = None
        self._few = 0

    def _start(self, cache_dir: Path | None = None) -> Run:
        return Run(self._settings, noqa=False, root=self._root, every_file=True, cache_dir=cache_dir)

    def file(self, path: str, source: Source) -> list[Diagnostic]:
        if self._earlier is not None and self._earlier.project.text(path) == source.text:
            found = self._earlier.known(path)
            if found is not None:
                return found
            if self._few < FEW and self._now is None:
                self._few += 1
                return list(self._start(cache_dir=self._cache_dir).files([path]))
        if self._now is None:
            self._now = self._start()
        return self._now.file(path, source)


def _is_below(path: str, root: Path) -> bool:
    return Path(path).is_relative_to(root)


@contextmanager
def interpreting() -> Iterator[None]:
    """Room to descend, and no cycle collector: syntax trees have no cycles, and walking them over and over costs a third."""
    limit, collecting = sys.getrecursionlimit(), gc.isenabled()
    sys.setrecursionlimit(max(limit, RECURSION_LIMIT))
    gc.disable()
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
        if collecting:
            gc.enable()
