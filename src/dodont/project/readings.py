"""What files hold, as far as a run asks it of every one of them: a digest, and an overview of the classes and functions in them.

A file whose stamp is what it was when an earlier run read it need not be read again.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from dodont.core.patterns import pattern
from dodont.project import inputs
from dodont.project.source import Unreadable, read

#: `Orders(Repository[Order], base.Mixin):` behind `class`, over several lines too. Python's own search for a word is several
#: times faster than a pattern's.
_HEAD = pattern(rb"(\w+)\s*\(((?:[^()]|\([^()]*\))*)\)")
_WORD = pattern(rb"[A-Za-z_]\w*")

#: What gives the other side of a relationship its name, wherever the class is declared: `related_name="items"`, `backref="items"`.
_NAMED = pattern(rb"""(?:related_name|backref)\s*=\s*(?:[\w.]*\(\s*)?["'](\w+)["']""")
_CLASS = pattern(rb"^\s*class (\w+)", re.M)
_RELATING = (b"ForeignKey(", b"OneToOneField(", b"ManyToManyField(", b"elationship(", b"Mapped[")

#: Nanoseconds: a file that changed less long ago may change once more without another stamp.
RECENT = 2_000_000_000


class Overview(NamedTuple):
    """What the text of a file with classes tells of it, in words.

    ``bases`` are pairs of a base and the class that has it, ``aliases`` of a name and the one it is imported as, ``functions`` the names
    of those it defines, ``related`` what classes in it may be called by those they relate to.
    """

    bases: Sequence[tuple[str, str]] = ()
    aliases: Sequence[tuple[str, str]] = ()
    functions: Sequence[str] = ()
    related: Sequence[str] = ()


NOTHING = Overview()


def overview_of(data: bytes) -> Overview:
    """``NOTHING`` of a file without classes."""
    if b"class " not in data:
        return NOTHING
    bases: list[tuple[str, str]] = []
    for text in data.split(b"class ")[1:]:
        head = _HEAD.match(text)
        if head is not None:
            bases += [(_text(word), _text(head[1])) for word in _WORD.findall(head[2])]
    aliases: list[tuple[str, str]] = []
    before, *after = data.split(b" as ")
    for text in after:
        words = before[-80:].split()  # `from base import Clock as C`, `import (Clock as C, …`
        name = words[-1].rpartition(b"(")[2] if words else b""
        if name[:1].isupper() and (alias := _WORD.match(text)) is not None:
            aliases.append((_text(name), _text(alias[0])))
        before = text
    functions = dict.fromkeys(_text(text[: text.find(b"(")]) for text in data.split(b"def ")[1:])
    return Overview(bases, aliases, list(functions), _related(data))


def _related(data: bytes) -> list[str]:
    if not any(word in data for word in _RELATING):
        return []
    found = [_text(name) for name in _NAMED.findall(data)]
    for name in map(_text, _CLASS.findall(data)):
        found += (name, name.lower(), f"{name.lower()}_set")
    return list(dict.fromkeys(found))


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


Stamp = tuple[int, int, int, int]


class Reading(NamedTuple):
    """What was read of a file while its stamp was this one."""

    stamp: Stamp
    digest: str
    overview: Overview | None = None


class Shelf(Protocol):
    """What earlier runs read, by the files' paths, and where it is noted what this one did."""

    def fetch(self, paths: Sequence[str]) -> None:
        """Tells which files are going to be asked for."""

    def get(self, path: str) -> Reading | None: ...

    def put(self, path: str, reading: Reading) -> None: ...


class Readings:
    """What this run read of files, and earlier ones did. ``overrides`` stand for the bytes of files."""

    def __init__(self, overrides: Mapping[str, bytes] | None = None, shelf: Shelf | None = None) -> None:
        self._overrides = overrides or {}
        self._shelf = shelf
        self._overviews: dict[str, Overview] = {}

    def bytes_of(self, path: str) -> bytes:
        """What a file holds. Raises OSError and Unreadable."""
        data = self._overrides.get(path)
        return data if data is not None else read(path)

    def digest(self, path: str) -> str:
        """The digest of a file's bytes. Raises OSError and Unreadable."""
        stamp = self._stamp(path)
        known = self._kept(path, stamp)
        if known is not None:
            return known.digest
        digest = inputs.digest(self.bytes_of(path))
        if self._shelf is not None and stamp is not None:
            self._shelf.put(path, Reading(stamp, digest))
        return digest

    def overviews(self, paths: Sequence[str]) -> Iterator[tuple[str, Overview]]:
        """The overviews of those files that can be read."""
        if self._shelf is not None:
            self._shelf.fetch([path for path in paths if path not in self._overviews])
        for path in paths:
            known = self._overviews.get(path)
            if known is None:
                try:
                    known = self._overviews[path] = self._overview(path)
                except (OSError, Unreadable):
                    continue
            yield path, known

    def _overview(self, path: str) -> Overview:
        stamp = self._stamp(path)
        known = self._kept(path, stamp)
        if known is not None and known.overview is not None:
            return known.overview
        data = self.bytes_of(path)
        overview = overview_of(data)
        if self._shelf is not None and stamp is not None:
            self._shelf.put(path, Reading(stamp, inputs.digest(data), overview))
        return overview

    def _stamp(self, path: str) -> Stamp | None:
        """Asked for before the file is read, so that it is never newer than what it stands for."""
        return stamp_of(path) if self._shelf is not None and path not in self._overrides else None

    def _kept(self, path: str, stamp: Stamp | None) -> Reading | None:
        if self._shelf is None or stamp is None:
            return None
        known = self._shelf.get(path)
        return known if known is not None and known.stamp == stamp else None


def stamp_of(path: str) -> Stamp | None:
    """What changes with a file; None where that is not sure."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    if max(status.st_mtime_ns, status.st_ctime_ns) > time.time_ns() - RECENT:
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
