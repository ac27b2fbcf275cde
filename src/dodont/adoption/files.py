"""The files of a project as they are going to be: read once, changed in memory, written in the end, all or none."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

#: Bytes of a file that is still read; configuration is smaller.
LARGEST = 2_000_000
_BOM = "\ufeff"


class Unusable(Exception):  # noqa: N818
    """A file that can't be read or changed; the message says which and why."""


class Change(NamedTuple):
    """A file's text before (None: it is new) and after, as they stand in it. ``path`` is what it is called, ``target`` where it is."""

    path: Path
    target: Path
    before: str | None
    after: str


@dataclass
class _File:
    target: Path
    before: str | None
    after: str | None


class Files:
    """Files below one root; links may lead about in it, not out of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._real = Path(os.path.realpath(root))
        self._known: dict[Path, _File] = {}  # by target
        self._names: dict[Path, Path] = {}

    def text(self, path: Path) -> str | None:
        """What stands in a file, without a byte order mark; None where there is none. Raises Unusable."""
        text = self._file(path).after
        return text.removeprefix(_BOM) if text is not None else None

    def put(self, path: Path, text: str) -> None:
        """What is going to stand in a file. Raises Unusable when that can't be written."""
        file = self._file(path)
        for checked in (file.target, *file.target.parents):
            if os.path.lexists(checked):
                if not os.access(checked, os.W_OK):
                    what = "it is read-only" if checked == file.target else f"{checked} is read-only"
                    raise Unusable(f"{path}: cannot be written: {what}")
                if checked != file.target:
                    if not checked.is_dir():
                        raise Unusable(f"{path}: cannot be written: {checked} is no directory")
                    break
        marked = file.before is not None and file.before.startswith(_BOM)
        file.after = _BOM + text if marked else text

    def changes(self) -> Iterator[Change]:
        """What is going to be written."""
        for target, file in self._known.items():
            if file.after is not None and file.after != file.before:
                name = next(name for name, where in self._names.items() if where == target)
                yield Change(name, target, file.before, file.after)

    def write(self) -> None:
        """Write what changed; where one file can't be, all are as before. Raises Unusable."""
        from dodont.engine.fixing import replace

        done: list[Change] = []
        made: list[Path] = []
        try:
            for change in self.changes():
                made += _directories(change.target.parent)
                replace(change.target, change.after.encode("utf-8"))
                done.append(change)
        except OSError as error:
            for earlier in reversed(done):
                with suppress(OSError):
                    if earlier.before is None:
                        earlier.target.unlink()
                    else:
                        replace(earlier.target, earlier.before.encode("utf-8"))
            for directory in reversed(made):
                with suppress(OSError):
                    directory.rmdir()
            raise Unusable(f"{change.path}: cannot be written: {error.strerror or error}") from None

    def _file(self, path: Path) -> _File:
        if path not in self._names:
            target = Path(os.path.realpath(path))
            if not target.is_relative_to(self._real):
                raise Unusable(f"{path}: leads out of the project, to {target}; change that file by hand")
            if target not in self._known:
                text = _read(path, target)
                self._known[target] = _File(target, text, text)
            self._names[path] = target
        return self._known[self._names[path]]


def _read(path: Path, target: Path) -> str | None:
    try:
        status = target.stat()
        if not stat.S_ISREG(status.st_mode):
            raise Unusable(f"{path}: is no file")
        if status.st_size > LARGEST:
            raise Unusable(f"{path}: too large to be a configuration")
        return target.read_bytes().decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Unusable(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Unusable(f"{path}: not UTF-8; save it so") from None


def _directories(directory: Path) -> list[Path]:
    """Make a directory; those that were not there."""
    missing = [each for each in (directory, *directory.parents) if not each.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    return missing[::-1]
