"""Files handed over one by one, parsed already: what stands between a host such as flake8 and a run."""

from __future__ import annotations

import ast
import gc
import os
from collections.abc import Callable
from pathlib import Path

from dodont.core.diagnostic import Diagnostic
from dodont.engine.analyst import interpreting
from dodont.engine.driver import Run
from dodont.engine.settings import Settings
from dodont.project.finder import boundary_of
from dodont.project.source import Source


class Host:
    """What a host that hands over one file after the other keeps between them: what is known of each project.

    Where a cache is, findings come from there as long as they hold. The first few files of which they don't are analysed with the
    help of the cache, which is made for that; when there are more, all that is known stays in memory, as it does without a cache.
    """

    def __init__(self, cache_dir: Callable[[Settings], Path | None] = lambda settings: None) -> None:
        self._cache_dir = cache_dir
        self._runs: list[tuple[Path, Settings, _Hosted]] = []
        self._frozen: dict[_Hosted, int] = {}

    def check(self, filename: str, tree: ast.Module, lines: list[str], settings: Settings) -> list[Diagnostic]:
        path = os.path.abspath(filename)
        root = settings.root if _is_below(path, settings.root) else boundary_of(Path(path))
        hosted = self._hosted(root, settings)
        # What is known of the project stays: the host's collector need not look through it every time. Whatever the host has at hand
        # stays with it, and has cycles (pyflakes): so not after every file, and not with what it has thrown away.
        if self._grown(hosted) >= FROZEN_AFTER:
            gc.collect()
            self._freeze(hosted)
        with interpreting():
            found = hosted.file(path, Source(tree, "".join(lines)))
            if self._grown(hosted) >= FROZEN_AT_ONCE:
                self._freeze(hosted)  # before the collector sees it even once
        return sorted(found, key=lambda diagnostic: diagnostic.sort_key)

    def _grown(self, hosted: _Hosted) -> int:
        return hosted.known - self._frozen.get(hosted, 0)

    def _freeze(self, hosted: _Hosted) -> None:
        self._frozen[hosted] = hosted.known
        gc.freeze()

    def _hosted(self, root: Path, settings: Settings) -> _Hosted:
        for known_root, known_settings, hosted in self._runs:
            if known_root == root and known_settings == settings:
                return hosted
        hosted = _Hosted(root, settings, self._cache_dir(settings))
        self._runs.append((root, settings, hosted))
        return hosted


#: After how many more modules that were read, and files that were analysed, what is known is put out of the collector's sight.
FROZEN_AFTER = 32

#: When one file brings so many, it leads to most of the project.
FROZEN_AT_ONCE = 100

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
        self._analysed = 0

    def _start(self, cache_dir: Path | None = None) -> Run:
        return Run(self._settings, noqa=False, root=self._root, every_file=True, cache_dir=cache_dir)

    @property
    def known(self) -> int:
        """What is kept in memory: rows of the cache and modules, of which the first file may lead to all others, and the facts of
        those analysed."""
        rows = self._earlier.remembered if self._earlier is not None else 0
        return rows + (len(self._now.project.loaded) + self._analysed if self._now is not None else 0)

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
        self._analysed += 1
        return self._now.file(path, source)


def check_tree(filename: str, tree: ast.Module, lines: list[str], settings: Settings) -> list[Diagnostic]:
    """Check one parsed file; ``noqa`` comments are left to the host."""
    return Host().check(filename, tree, lines, settings)


def _is_below(path: str, root: Path) -> bool:
    return Path(path).is_relative_to(root)
