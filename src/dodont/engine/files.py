"""Which files a run reads: directories walked, excludes and git's ignore files honoured, each file once, by its settings."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from dodont.core.patterns import pattern
from dodont.engine.ignore import Patterns, lines_of
from dodont.engine.settings import CONFIG_FILES, Settings

SUFFIXES = (".py", ".pyi")
NOTEBOOK = ".ipynb"

#: The settings of the files in a directory (absolute).
SettingsOf = Callable[[str], Settings]
Group = tuple[Settings, tuple[str, ...]]


class MissingPath(Exception):  # noqa: N818
    """A path given on the command line that does not exist."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: no such file or directory")
        self.path = path


class Found(NamedTuple):
    """The files to check, absolute and sorted, by the settings that govern them.

    ``troubles`` are what could not be entered, with the reason; ``notes`` what else a person may want to know.
    """

    groups: tuple[Group, ...]
    troubles: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(sorted(path for _, files in self.groups for path in files))


def find(paths: Sequence[Path], settings: Settings | SettingsOf) -> Found:
    """The Python files that ``paths`` name: a file itself, a directory with all below it. Raises MissingPath."""
    return Files(settings).find(paths)


def is_excluded(path: str, settings: Settings) -> bool:
    """Whether the settings leave out this file (absolute), be it there or not."""
    return Files(settings).is_excluded(path)


class Files:
    """Answers what is left out. Settings, ignore files and their patterns are read once for each directory."""

    def __init__(self, settings: Settings | SettingsOf) -> None:
        self.governing: SettingsOf = (lambda directory: settings) if isinstance(settings, Settings) else settings
        self._here = os.getcwd()
        self._excludes: dict[Path, tuple[Patterns, Patterns]] = {}
        self._ignores: dict[str, tuple[Patterns, ...]] = {}
        self._ignored: dict[str, bool] = {}
        self._troubles: list[tuple[str, str]] = []
        self._notes: list[str] = []

    def find(self, paths: Sequence[Path], among: Collection[str] | None = None) -> Found:
        """See ``find``; of the files below directories only those ``among`` some (absolute), which spares the way to all others."""
        leading = {directory for path in among for directory in _above(path)} if among is not None else None
        given = []
        for path in paths:
            absolute = os.path.abspath(path)  # links are kept: a file is reported by the name it was given
            if not os.path.lexists(absolute):
                raise MissingPath(path)
            given.append((not os.path.isdir(absolute), len(absolute), absolute, path))
        # Where a file is reached in two ways, the one from furthest above decides, in whatever order they were named.
        given.sort(key=lambda each: each[:3])
        found: dict[str, Settings] = {}
        notebooks: list[str] = []
        for is_file, _, absolute, path in given:
            if not is_file:
                if not (self.governing(absolute).force_exclude and self.is_excluded(absolute, is_directory=True)):
                    self._walk(absolute, found, among, leading)
                continue
            settings = self.governing(os.path.dirname(absolute))
            if settings.force_exclude and self.is_excluded(absolute):
                continue
            if absolute.endswith(NOTEBOOK):
                notebooks.append(str(path))
            else:
                found.setdefault(absolute, settings)
        if notebooks:
            more = f" and {len(notebooks) - 3} more" if len(notebooks) > 3 else ""
            self._notes.append(f"notebooks are not read, skipped: {', '.join(notebooks[:3])}{more}")
        return Found(_grouped(found), tuple(self._troubles), tuple(self._notes))

    def unsaved(self, path: Path) -> Found:
        """The same for one file (absolute) that need not be there, as its text is at hand."""
        settings = self.governing(os.path.dirname(path))
        if path.suffix == NOTEBOOK:
            return Found((), notes=(f"notebooks are not read, skipped: {path.name}",))
        if settings.force_exclude and self.is_excluded(str(path)):
            return Found(())
        return Found(((settings, (str(path),)),))

    def is_excluded(self, path: str, *, is_directory: bool = False) -> bool:
        """Whether the settings that govern ``path`` leave it out, or a directory above it."""
        settings = self.governing(path if is_directory else os.path.dirname(path))
        if _leaves_out(self._excluded_by(settings)[1], self._here, path, is_directory):
            return True
        while True:
            root = str(settings.root)
            # Whether a root is entered, what governs the directory above it decides.
            if path != root and _leaves_out(self._excluded_by(settings)[0], root, path, is_directory):
                return True
            outer = self.governing(os.path.dirname(root))
            if outer.config is None or outer.root == settings.root:
                return False
            path, is_directory, settings = root, True, outer

    def is_found(self, path: str) -> bool:
        """Whether somebody who walks the project comes to this file, as far as settings and git's ignore files go."""
        directory = os.path.dirname(path)
        settings = self.governing(directory)
        if self.is_excluded(path) or (settings.respect_gitignore and self._is_ignored(path, False)):
            return False
        root = str(settings.root)
        while directory.startswith(root) and directory != root:
            if os.path.exists(os.path.join(directory, _ENVIRONMENT)):
                return False
            directory = os.path.dirname(directory)
        return True

    def _walk(
        self, top: str, found: dict[str, Settings], among: Collection[str] | None, leading: Collection[str] | None
    ) -> None:
        """Every Python file below ``top``. A directory reached twice through links is entered once."""
        seen: set[tuple[int, int]] = set()
        pending = [(top, self.governing(top))]
        while pending:
            directory, settings = pending.pop()
            try:
                status = os.stat(directory)
                if (status.st_dev, status.st_ino) in seen:
                    continue
                seen.add((status.st_dev, status.st_ino))
                entries = list(os.scandir(directory))
            except OSError as error:
                self._troubles.append((directory, f"directory cannot be read: {error.strerror or error}"))
                continue
            names = {entry.name for entry in entries}
            if directory != top:
                if _ENVIRONMENT in names:
                    continue
                if not names.isdisjoint(CONFIG_FILES) or (".git" in names and settings.config is None):
                    nearest = self.governing(directory)
                    # `tests/data/setup.cfg` alone makes no project of its own
                    settings = nearest if nearest.config is not None or ".git" in names else settings
            excludes = [patterns for patterns in self._excluded_by(settings) if patterns]
            ignores = self._ignores_in(directory, names)[::-1] if settings.respect_gitignore else ()
            below = []
            for entry in entries:
                name = entry.name
                try:
                    is_directory = entry.is_dir()
                except OSError as error:
                    self._troubles.append((entry.path, f"cannot be read: {error.strerror or error}"))
                    continue
                if not is_directory and not name.endswith(SUFFIXES):
                    continue
                wanted = leading if is_directory else among
                if wanted is not None and entry.path not in wanted:
                    continue
                if any(patterns.leaves_out(entry.path, name, is_directory) for patterns in excludes):
                    continue
                if ignores and _decided(ignores, entry.path, name, is_directory):
                    continue
                if is_directory:
                    below.append(entry.path)
                else:
                    found.setdefault(entry.path, settings)
            below.sort()
            pending += [(each, settings) for each in below]

    def _excluded_by(self, settings: Settings) -> tuple[Patterns, Patterns]:
        """What the settings exclude, by the configuration and by the command line."""
        known = self._excludes.get(settings.root)
        if known is None:
            known = self._excludes[settings.root] = (
                Patterns(str(settings.root), [*settings.exclude, *settings.extend_exclude]),
                Patterns(self._here, settings.exclude_here),
            )
        return known

    # Git's ignore files

    def _is_ignored(self, path: str, is_directory: bool) -> bool:
        """Whether git ignores a path, or a directory above it in the repository."""
        directory, name = os.path.split(path)
        if not name or (is_directory and _is_repository(path)):
            return False
        known = self._ignored.get(path) if is_directory else None
        if known is None:
            ignores = self._ignores_in(directory)[::-1]
            known = bool(ignores) and (_decided(ignores, path, name, is_directory) or self._is_ignored(directory, True))
            if is_directory:
                self._ignored[path] = known
        return known

    def _ignores_in(self, directory: str, names: set[str] | None = None) -> tuple[Patterns, ...]:
        """The patterns that hold in a directory, the nearest last; none outside of a repository. ``names`` are its entries."""
        known = self._ignores.get(directory)
        if known is None:
            above = os.path.dirname(directory)
            if _is_repository(directory) if names is None else ".git" in names:
                known = (self._patterns(directory, _exclude_file(os.path.join(directory, ".git"))),)
            else:
                known = self._ignores_in(above) if above != directory else ()
            if known and (names is None or ".gitignore" in names):
                own = self._patterns(directory, os.path.join(directory, ".gitignore"))
                known = (*known, own) if own else known
            self._ignores[directory] = known
        return known

    def _patterns(self, base: str, path: str) -> Patterns:
        data = b""
        try:
            if stat.S_ISREG(os.lstat(path).st_mode):  # git follows no links here
                with open(path, "rb") as file:
                    data = file.read()
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            self._notes.append(f"{path}: cannot be read, so nothing is left out by it: {error.strerror or error}")
        return Patterns(base, lines_of(data))


#: What every virtual environment has.
_ENVIRONMENT = "pyvenv.cfg"


def _above(path: str) -> Iterator[str]:
    """The directories above a path."""
    while (above := os.path.dirname(path)) != path:
        yield above
        path = above


def _grouped(found: Mapping[str, Settings]) -> tuple[Group, ...]:
    """One group for each configuration, the outer ones first."""
    groups: dict[Path, tuple[Settings, list[str]]] = {}
    for path in sorted(found):
        groups.setdefault(found[path].root, (found[path], []))[1].append(path)
    return tuple((groups[root][0], tuple(groups[root][1])) for root in sorted(groups))


def _leaves_out(patterns: Patterns, base: str, path: str, is_directory: bool) -> bool:
    """Whether the patterns leave out ``path`` or a directory between it and ``base``."""
    prefix = os.path.join(base, "")
    at = len(prefix) if path.startswith(prefix) else path.rfind(os.sep) + 1
    while patterns:
        end = path.find(os.sep, at)
        shorter = path if end < 0 else path[:end]
        if patterns.leaves_out(shorter, os.path.basename(shorter), is_directory or end >= 0):
            return True
        if end < 0:
            break
        at = end + 1
    return False


def _decided(ignores: Sequence[Patterns], path: str, name: str, is_directory: bool) -> bool:
    """Whether a path is left out by the first file of patterns that says anything of it."""
    for patterns in ignores:
        verdict = patterns.leaves_out(path, name, is_directory)
        if verdict is not None:
            return verdict
    return False


def _is_repository(directory: str) -> bool:
    return os.path.lexists(os.path.join(directory, ".git"))


def _exclude_file(git: str) -> str:
    """Where a repository keeps its own ``info/exclude``; ``.git`` is a file in work trees and submodules."""
    try:
        if os.path.isfile(git):
            with open(git, encoding="utf-8", errors="surrogateescape") as file:
                named = file.read().removeprefix("gitdir:").strip()
            git = os.path.join(os.path.dirname(git), named)
        common = os.path.join(git, "commondir")
        if os.path.isfile(common):
            with open(common, encoding="utf-8", errors="surrogateescape") as file:
                git = os.path.join(git, file.read().strip())
    except (OSError, ValueError):
        pass
    return os.path.join(git, "info", "exclude")


# ------------------------------------------------------------------------------------------------ generated files

#: How far into a file its head may go.
_HEAD_LINES, _HEAD_CHARACTERS = 60, 6000

_MARK = pattern(r"(?<![\w.@])@generated\b")
_MADE = pattern(r"\b(?:auto-?)?generated\b", re.I)
_HANDS_OFF = pattern(
    r"\b(?:do not|don'?t|never) (?:manually )?(?:add|edit|modify|change|touch)\b"
    r"|\bnot (?:be )?(?:intended to be )?(?:manually )?(?:edited|modified|changed)\b"
    r"|\b(?:changes|edits|modifications)\b[^.]{0,80}\b(?:lost|overwritten|discarded)\b",
    re.I,
)
#: Generators that do not ask to leave the file alone. What else says "generated by", as Django's migrations and
#: settings and what an assistant wrote, is somebody's own code from then on.
_GENERATORS = pattern(
    r"\bgenerated (?:automatically )?(?:by|from|with|using)\b.{0,120}?\b(?:"
    r"protocol buffer compiler|protoc\b|grpc|grpclib|betterproto|thrift|datamodel-codegen|ariadne-codegen|sqlc|antlr|swig"
    r"|openapi[ -]generator|swagger[ -]codegen|openapi-python-client|autorest|pyuic\d?|reading ui file|setuptools[-_]scm"
    r"|versioneer|hatch-vcs|flatc|flatbuffers compiler|capnp|smithy|kiota)",
    re.I | re.S,
)


def is_generated(text: str) -> bool:
    """Whether the comments and the docstring at the head of a file say that a program wrote it and will do so again."""
    if "generated" not in text[:_HEAD_CHARACTERS].lower():
        return False
    head = _head(text[:_HEAD_CHARACTERS])
    if _MARK.search(head) or _GENERATORS.search(head):
        return True
    return any(_HANDS_OFF.search(head, max(0, made.start() - 200), made.end() + 300) for made in _MADE.finditer(head))


def _head(text: str) -> str:
    """What is said before the first line of code, on one line."""
    said: list[str] = []
    quotes = ""
    for line in text.removeprefix("\ufeff").splitlines()[:_HEAD_LINES]:
        stripped = line.strip()
        if quotes:
            said.append(stripped)
            if quotes in stripped:
                break
        elif stripped.startswith("#"):
            said.append(stripped.strip("# "))
        elif opening := _DOCSTRING.match(stripped):
            said.append(stripped)
            if opening[1] not in stripped[opening.end() :]:
                quotes = opening[1]
        elif stripped:
            break
    return " ".join(said)


_DOCSTRING = pattern(r"""[rRuU]?(\"{3}|'{3}|"|')""")
