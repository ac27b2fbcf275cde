"""Find configuration files, read them, and tell the line a key stands on."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dodont.core.patterns import pattern
from dodont.engine.settings import CONFIG_FILES

_ROOT_MARKS = ("pyproject.toml", "setup.cfg", "setup.py")

Key = tuple[str | int, ...]


class ConfigError(Exception):
    """A setting that is wrong; the message says where, what, and what to do."""


class Source(NamedTuple):
    """A configuration file's text, to tell the line of a key. ``prefix`` is where dodont's table lies in it."""

    path: Path
    text: str
    prefix: tuple[str, ...]

    def at(self, key: Key) -> str:
        return f"{self.path}:{line_of(self.text, (*self.prefix, *map(str, key)))}"


def absolute(path: Path) -> Path:
    """The path from the root, without `..`; links are kept, so that a file goes by the name it was given."""
    return Path(os.path.abspath(path))  # noqa: PTH100


def directory_of(start: Path) -> Path:
    path = absolute(start)
    return path if path.is_dir() else path.parent


def source_in(folder: Path) -> Source | None:
    """The configuration file in a directory. Raises ConfigError when one is unreadable."""
    for name in CONFIG_FILES:
        file = folder / name
        if file.is_file():
            # A file that cannot hold the table is none of ours, be it TOML or not.
            if name == "pyproject.toml" and b"dodont" not in _data(file):
                continue
            source = read(file)
            if not source.prefix or content(source) is not None:
                return source
    return None


def named(path: Path) -> Source:
    """The configuration file at ``path``. Raises ConfigError when it is none."""
    source = read(absolute(path))
    if content(source) is None:
        raise ConfigError(f"{path}: no table [tool.dodont]; add it, or name another file")
    return source


def read(file: Path) -> Source:
    return Source(file, _text(file), ("tool", "dodont") if file.name == "pyproject.toml" else ())


def _text(path: Path) -> str:
    try:
        return _data(path).decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8, as TOML has to be") from None


def _data(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None


def content(source: Source) -> object | None:
    """dodont's own part of the file, or None when it has none."""
    import tomllib

    try:
        found: object = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = re.search(r" \(at line (\d+), column \d+\)| \(at end of document\)", message)
        line = place[1] if place and place[1] else str(source.text.count("\n") + 1)
        what = message.replace(place[0], "") if place else message
        raise ConfigError(f"{source.path}:{line}: no valid TOML: {what[:1].lower()}{what[1:]}") from None
    for key in source.prefix:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def project_root(directory: Path) -> Path:
    """Where a project without a configuration begins: its repository, else what looks like a project."""
    above = (directory, *directory.parents)
    for folder in above:
        if (folder / ".git").exists():
            return folder
    for folder in above:
        # `app/forms/setup.py` is a module of a package
        if any((folder / mark).exists() for mark in _ROOT_MARKS) and not (folder / "__init__.py").exists():
            return folder
    current = Path.cwd()
    return current if directory.is_relative_to(current) else directory


_HEADER = pattern(r"\s*\[{1,2}(?P<key>[^\[\]=]*(?:\"[^\"]*\"[^\[\]=]*|'[^']*'[^\[\]=]*)*)\]{1,2}\s*(?:#.*)?")
_PART = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)"""
_ASSIGNMENT = pattern(rf"\s*(?P<key>{_PART}(?:\s*\.\s*{_PART})*)\s*=")


def line_of(text: str, key: Sequence[str]) -> int:
    """The line, counted from 1, where ``key`` is written in a TOML text, or the longest beginning of it that is."""
    best, line = 0, 1
    table: tuple[str, ...] = ()
    for number, content in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(content):
            table = written = _parts(header["key"])
        elif assignment := _ASSIGNMENT.match(content):
            written = (*table, *_parts(assignment["key"]))
        else:
            continue
        common = _common(written, key)
        if common > best:
            best, line = common, number
    return line


def _parts(dotted: str) -> tuple[str, ...]:
    import tomllib

    try:
        node: Any = tomllib.loads(f"{dotted} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    parts = []
    while isinstance(node, dict):
        ((part, node),) = node.items()
        parts.append(part)
    return tuple(parts)


def _common(written: Sequence[str], key: Sequence[str]) -> int:
    count = 0
    for ours, theirs in zip(written, key, strict=False):
        if ours != theirs:
            break
        count += 1
    return count
