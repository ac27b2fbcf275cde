"""What earlier runs found out, on disk: one row a module in ``.dodont_cache/``, in sqlite3.

Nothing here ever fails a run: what cannot be read is not known, what cannot be written is not kept. Runs may share a cache at
the same time.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

DIRECTORY = ".dodont_cache"
_FILE = "modules.sqlite3"
#: Marks a file as ours, and the layout of its tables: "ODD" and a number.
_APPLICATION = 0x4F4444_02
#: Seconds to wait for another run that writes.
_PATIENCE = 3.0
#: Seconds after which what nobody asked for is dropped.
_STALE = 14 * 24 * 3600

_TABLES = """
create table modules (
    environment text not null, path text not null, source text not null, digest text, inputs text not null, findings text not null,
    seal integer not null, summary text, summary_seal integer not null, primary key (environment, path)) without rowid;
create table readings (
    environment text not null, path text not null, stamp text not null, digest text not null, overview text, seal integer not null,
    primary key (environment, path)) without rowid;
create table environments (environment text primary key, used integer not null) without rowid;
"""


class Row(NamedTuple):
    """What is known of one module. ``source`` is the digest of its bytes; ``digest`` that of its summary, None when it has none;
    ``inputs`` and ``findings`` are JSON (see ``engine.reuse``)."""

    path: str
    source: str
    digest: str | None
    inputs: str
    findings: str


class Cache:
    """The rows of one environment: of everything but the sources that findings hang on, as one digest."""

    def __init__(self, directory: Path, environment: str) -> None:
        self._environment = environment
        self._writes = True
        self._connection = self._open(directory)

    def _open(self, directory: Path) -> sqlite3.Connection | None:
        file = directory / _FILE
        for attempt in range(2):
            try:
                return self._connect(directory, file)
            except _ForeignError:
                return None
            except sqlite3.DatabaseError as error:
                # Damaged: what it held is worth a run, not more.
                if attempt or isinstance(error, sqlite3.OperationalError):
                    return None
                with suppress(OSError):
                    file.unlink()
            except OSError:
                return None
        return None

    def _connect(self, directory: Path, file: Path) -> sqlite3.Connection:
        try:
            made = _make(directory)
        except OSError:
            made = False
        self._writes = made and os.access(directory, os.W_OK) and (not file.exists() or os.access(file, os.W_OK))
        mode = "rwc" if self._writes else "ro"
        uri = f"{file.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(uri, uri=True, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            if self._writes:
                connection.execute("pragma synchronous = off")
            (mark,) = connection.execute("pragma application_id").fetchone()
            if mark >> 8 == _APPLICATION >> 8 and mark != _APPLICATION:
                raise sqlite3.DatabaseError("an earlier layout")
            if mark != _APPLICATION:
                self._set_up(connection)
            if self._writes:
                self._used(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _set_up(self, connection: sqlite3.Connection) -> None:
        if not self._writes:
            raise _ForeignError
        connection.execute("begin immediate")
        tables = connection.execute("select count(*) from sqlite_master").fetchone()[0]
        if tables:  # made by another run since, or another program's
            connection.execute("rollback")
            if connection.execute("pragma application_id").fetchone()[0] != _APPLICATION:
                raise _ForeignError
            return
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute(f"pragma application_id = {_APPLICATION}")
        connection.execute("commit")

    def _used(self, connection: sqlite3.Connection) -> None:
        """Note that the environment is in use, once a day, and drop those that are not any more."""
        now = int(time.time())
        found = connection.execute(
            "select used from environments where environment = ?", (self._environment,)
        ).fetchone()
        if found is not None and found[0] > now - 24 * 3600:
            return
        with suppress(sqlite3.OperationalError):
            connection.execute("begin immediate")
            connection.execute("insert or replace into environments values (?, ?)", (self._environment, now))
            connection.execute("delete from environments where used < ?", (now - _STALE,))
            for table in ("modules", "readings"):
                connection.execute(
                    f"delete from {table} where environment not in (select environment from environments)"
                )
            connection.execute("commit")

    def rows(self, paths: Iterable[str]) -> dict[str, Row]:
        """The rows of those modules that have one."""
        found = (
            Row(*each[:-1])
            for each in self._select("modules", "path, source, digest, inputs, findings, seal", paths)
            if _holds(each)
        )
        return {row.path: row for row in found}

    def summaries(self, paths: Iterable[str]) -> dict[str, str]:
        """The summaries, as JSON, of those modules that have one."""
        return {
            each[0]: each[1] for each in self._select("modules", "path, summary, summary_seal", paths) if _holds(each)
        }

    def readings(self, paths: Iterable[str]) -> list[tuple[str, str, str, str]]:
        """What was read of those files of which that is known: path, stamp, digest and overview, as text (see ``engine.shelf``)."""
        found = self._select("readings", "path, stamp, digest, overview, seal", paths)
        return [(each[0], each[1], each[2], each[3]) for each in found if _holds(each)]

    def keep_readings(self, readings: Iterable[tuple[str, str, str, str]]) -> None:
        self._execute(
            "insert or replace into readings values (?, ?, ?, ?, ?, ?)",
            ((self._environment, *each, _seal(*each)) for each in readings),
        )

    def _select(self, table: str, columns: str, paths: Iterable[str]) -> list[tuple[Any, ...]]:
        if self._connection is None:
            return []
        found: list[tuple[Any, ...]] = []
        wanted = list(paths)
        try:
            for start in range(0, len(wanted), 500):
                part = wanted[start : start + 500]
                found += self._connection.execute(
                    f"select {columns} from {table} where environment = ? and path in ({','.join('?' * len(part))})",
                    (self._environment, *part),
                )
        except (sqlite3.Error, UnicodeError):
            self.close()
        return found

    def write(self, rows: Iterable[tuple[Row, str | None]]) -> None:
        """Keep rows with their summaries, in one transaction."""
        self._execute(
            "insert or replace into modules values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    self._environment,
                    row.path,
                    row.source,
                    row.digest,
                    row.inputs,
                    row.findings,
                    _sealed(row),
                    summary,
                    _seal(row.path, summary),
                )
                for row, summary in rows
            ),
        )

    def complete(self, rows: Iterable[Row]) -> None:
        """Give rows that were written their inputs."""
        self._execute(
            "update modules set inputs = ?, seal = ? where environment = ? and path = ? and source = ?",
            ((row.inputs, _sealed(row), self._environment, row.path, row.source) for row in rows),
        )

    def forget(self, paths: Iterable[str]) -> None:
        """Drop the rows of modules that are no more."""
        self._execute(
            "delete from modules where environment = ? and path = ?", ((self._environment, path) for path in paths)
        )

    def _execute(self, statement: str, rows: Iterable[tuple[str | int | None, ...]]) -> None:
        if self._connection is None or not self._writes:
            return
        try:
            self._connection.execute("begin immediate")
            self._connection.executemany(statement, rows)
            self._connection.execute("commit")
        except (sqlite3.Error, UnicodeError):
            with suppress(sqlite3.Error):
                if self._connection.in_transaction:
                    self._connection.execute("rollback")
            self._writes = False

    def close(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def _sealed(row: Row) -> int:
    return _seal(row.path, row.source, row.digest, row.inputs, row.findings)


def _seal(*parts: str | None) -> int:
    """A check sum: a disk or an interrupted write may have left anything."""
    return crc32("\0".join(part or "" for part in parts).encode("utf-8", "surrogatepass"))


def _holds(found: tuple[Any, ...]) -> bool:
    *parts, seal = found
    return (
        parts[-1] is not None and all(part is None or part.__class__ is str for part in parts) and _seal(*parts) == seal
    )


class _ForeignError(Exception):
    """The file is another program's: it is left alone."""


def _make(directory: Path) -> bool:
    """Make the cache's directory, marked as one that backups and git leave out."""
    if directory.is_dir():
        return True
    directory.mkdir(parents=True, exist_ok=True)  # another run may be as far
    (directory / ".gitignore").write_text("*\n", encoding="utf-8")
    (directory / "CACHEDIR.TAG").write_text(
        "Signature: 8a477f597d28d172789f06886806bc55\n# Made by dodont; it may be deleted at any time.\n",
        encoding="utf-8",
    )
    return True


def clean(directory: Path) -> bool:
    """Delete a cache; whether there was one. What is not ours in the directory stays. Raises OSError."""
    if not (directory / _FILE).exists():
        return False
    for name in os.listdir(directory):
        if name.startswith(_FILE) or name in (".gitignore", "CACHEDIR.TAG"):
            (directory / name).unlink(missing_ok=True)
    with suppress(OSError):
        directory.rmdir()
    return True
