"""Which files a run reads: directories walked, excludes honoured, each file once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

    from dodont.engine.settings import Settings

SUFFIXES = (".py", ".pyi")


class MissingPath(Exception):  # noqa: N818
    """A path given on the command line that does not exist."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: no such file or directory")
        self.path = path


@dataclass(frozen=True, slots=True)
class Found:
    """The files to check, absolute and sorted, and what could not be entered, with the reason."""

    files: tuple[str, ...]
    troubles: tuple[tuple[str, str], ...] = ()


def find(paths: Sequence[Path], settings: Settings) -> Found:
    """The Python files that ``paths`` name: a file itself, a directory with all below it. Raises MissingPath."""
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec.from_lines([*settings.exclude, *settings.extend_exclude])
    files: dict[str, None] = {}
    troubles: list[tuple[str, str]] = []
    for path in paths:
        absolute = Path(os.path.abspath(path))  # links are kept: a file is reported by the name it was given
        if absolute.is_dir():
            for found in _walk(absolute, settings.root, spec, troubles):
                files[found] = None
        elif os.path.lexists(absolute):
            if not (settings.force_exclude and _excluded(absolute, settings.root, spec)):
                files[str(absolute)] = None
        else:
            raise MissingPath(path)
    return Found(tuple(sorted(files)), tuple(troubles))


def is_excluded(path: str, settings: Settings) -> bool:
    """Whether the settings leave out this file (absolute), be it there or not."""
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec.from_lines([*settings.exclude, *settings.extend_exclude])
    return _excluded(Path(path), settings.root, spec)


def _relative(path: str, root: Path) -> str:
    prefix = os.path.join(root, "")
    return path[len(prefix) :].replace(os.sep, "/") if path.startswith(prefix) else os.path.basename(path)


def _excluded(path: Path, root: Path, spec: GitIgnoreSpec) -> bool:
    relative = _relative(str(path), root)
    parts = relative.split("/")
    return spec.match_file(relative) or any(
        spec.match_file("/".join(parts[:end]) + "/") for end in range(1, len(parts))
    )


def _walk(top: Path, root: Path, spec: GitIgnoreSpec, troubles: list[tuple[str, str]]) -> Iterator[str]:
    """Every Python file below ``top``. A directory reached twice through links is entered once."""
    # Patterns that end in a slash mean directories, which are not entered: files need not be held against them.
    patterns = [pattern for pattern in spec.patterns if not str(getattr(pattern, "pattern", "")).endswith("/")]
    file_spec = spec if patterns else None
    seen: set[tuple[int, int]] = set()
    pending = [str(top)]
    while pending:
        directory = pending.pop()
        try:
            status = os.stat(directory)
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
        except OSError as error:
            troubles.append((directory, f"directory cannot be read: {error.strerror or error}"))
            continue
        if directory != str(top) and any(entry.name == "pyvenv.cfg" for entry in entries):
            continue
        for entry in entries:
            try:
                is_directory = entry.is_dir()
            except OSError as error:
                troubles.append((entry.path, f"cannot be read: {error.strerror or error}"))
                continue
            if is_directory:
                if not spec.match_file(_relative(entry.path, root) + "/"):
                    pending.append(entry.path)
            elif entry.name.endswith(SUFFIXES) and not (
                file_spec and file_spec.match_file(_relative(entry.path, root))
            ):
                yield entry.path
