"""Fixed SQL, run: the same rows as before, and a hostile value that does no harm. SQLite, and a PostgreSQL of our own."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import pwd
import re
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fixes.pairs import bound, marked

ROWS = [(1, "ann", "50% off"), (2, "bob", "it's {new}"), (3, "o'hara", "plain")]
SETUP = ("create table t (id integer, name text, note text)",)
INSERT = "insert into t values ({}, {}, {})"
HOSTILE = "x' or '1'='1"

#: (code with marks, values that work before and after the fix, a hostile value or None where only a number makes sense)
STATEMENTS: list[tuple[str, list[object], object]] = [
    ("c.execute(«f\"select id from t where name = '{‹x›}'\"»)", ["ann", "nobody"], HOSTILE),
    ("c.execute(«f'select id from t where id = {‹x›}'»)", [2], "2 or 1=1"),
    ('c.execute(«"select id from t where id = " + str(‹x›) + " order by id"»)', [2], "2 or 1=1"),
    ("c.execute(«f\"select id from t where note like '%{‹x›}%' and name <> ''\"»)", ["it", "of"], "zz' or 'a' like '"),
    ("c.execute(«f\"select id from t where note like '50%' and name = '{‹x›}'\"»)", ["ann"], HOSTILE),
    (
        "c.execute(«\"select id from t where note like '%%{{n%%' or name = '%s'\" % ‹x›»)".replace("{{", "{"),
        ["ann"],
        HOSTILE,
    ),
    ("c.execute(«\"select id from t where name = '{}' and id > {n}\".format(‹x›, n=0)»)", ["bob"], HOSTILE),
    (
        "q = 'select id from t'\n    q += «f\" where name = '{‹x›}' or id in ({‹y›}, -1)\"»\n    c.execute(q)",
        ["ann"],
        HOSTILE,
    ),
    (
        "c.execute(\n        «'select id from t '\n        f'where id between {‹y›} and {‹y›} '\n        f\"and name <> '{‹x›}'\"»,\n    )",
        ["ann"],
        HOSTILE,
    ),
]


def before(code: str) -> str:
    return marked(code.replace("‹", "«").replace("›", "»"))[0]


def wrapped(code: str, *, asynchronous: bool = False) -> str:
    if not asynchronous:
        return f"def run(c, x, y):\n    {code}\n    return sorted(row[0] for row in c.fetchall())\n"
    fetch = code.replace("c.execute(", "rows = await c.fetch(")
    return f"async def run(c, x, y):\n    {fetch}\n    return sorted(row[0] for row in rows)\n"


def function(code: str) -> Any:
    names: dict[str, Any] = {}
    exec(compile(code, "fixed.py", "exec"), names)
    return names["run"]


@pytest.mark.parametrize(("code", "values", "hostile"), STATEMENTS)
def test_sqlite(code: str, values: list[object], hostile: object) -> None:
    connection = sqlite3.connect(":memory:")
    for statement in SETUP:
        connection.execute(statement)
    connection.executemany(INSERT.format("?", "?", "?"), ROWS)
    cursor = connection.cursor()
    old, new = function(before(wrapped(code))), function(bound(wrapped(code), "qmark"))
    for value in values:
        assert new(cursor, value, 3) == old(cursor, value, 3)
    assert len(new(cursor, hostile, 3)) <= 1
    assert connection.execute("select count(*) from t").fetchone() == (3,)


def _as_postgres(directory: Path) -> list[str]:
    """The words before a command that run it as somebody PostgreSQL accepts; it refuses root."""
    if os.getuid() != 0:
        return []
    try:
        account = pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("PostgreSQL cannot run as root and there is no user postgres")
    os.chown(directory, account.pw_uid, account.pw_gid)
    return ["runuser", "-u", "postgres", "--"]


@pytest.fixture(scope="module")
def postgres() -> Iterator[dict[str, Any]]:
    """Connection arguments of a PostgreSQL server that lives as long as this module's tests."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = shutil.which("initdb")
    if not installed and not found:
        pytest.skip("PostgreSQL is not installed (apt install postgresql)")
    binaries = installed[-1].parent if installed else Path(str(found)).parent
    directory = Path(tempfile.mkdtemp(prefix="dodont-postgres-"))
    account = _as_postgres(directory)
    data = directory / "data"
    server: subprocess.Popen[bytes] | None = None
    try:
        initialize = [binaries / "initdb", "-D", data, "-U", "tester", "--auth=trust", "--no-sync", "-E", "UTF8"]
        subprocess.run([*account, *map(str, initialize)], check=True, capture_output=True, cwd=directory, timeout=120)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = ["-D", data, "-p", port, "-k", directory, "-h", "127.0.0.1", "-F"]
        server = subprocess.Popen(
            [*account, str(binaries / "postgres"), *map(str, options)],
            cwd=directory,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _wait_for(port, server)
        yield {"host": "127.0.0.1", "port": port, "user": "tester"}
    finally:
        if server is not None:
            stop = [str(binaries / "pg_ctl"), "stop", "-D", str(data), "-m", "immediate"]
            subprocess.run([*account, *stop], capture_output=True, check=False, cwd=directory, timeout=60)
            server.wait(timeout=60)
        shutil.rmtree(directory, ignore_errors=True)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"PostgreSQL did not start for {getpass.getuser()}")


@pytest.mark.parametrize(("code", "values", "hostile"), STATEMENTS)
@pytest.mark.parametrize("style", ["format", "pyformat"])
@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_psycopg(
    postgres: dict[str, Any], driver: str, style: str, code: str, values: list[object], hostile: object
) -> None:
    module = pytest.importorskip(driver)
    connection = module.connect(dbname="postgres", **postgres)
    try:
        cursor = connection.cursor()
        cursor.execute("create temporary table t (id integer, name text, note text)")
        cursor.executemany(INSERT.format("%s", "%s", "%s"), ROWS)
        connection.commit()
        old, new = function(before(wrapped(code))), function(bound(wrapped(code), style))
        for value in values:
            assert new(cursor, value, 3) == old(cursor, value, 3)
        try:
            assert len(new(cursor, hostile, 3)) <= 1
        except module.Error:  # text where the column wants a number is refused by the server
            connection.rollback()
        cursor.execute("select count(*) from t")
        assert cursor.fetchone() == (3,)
    finally:
        connection.close()


@pytest.mark.parametrize(("code", "values", "hostile"), STATEMENTS)
def test_asyncpg(postgres: dict[str, Any], code: str, values: list[object], hostile: object) -> None:
    asyncpg = pytest.importorskip("asyncpg")
    old = function(before(wrapped(code, asynchronous=True)))
    new = function(bound(wrapped(code, asynchronous=True), "dollar", "*"))

    async def scenario() -> None:
        connection = await asyncpg.connect(database="postgres", **postgres)
        try:
            await connection.execute("create temporary table t (id integer, name text, note text)")
            await connection.executemany(INSERT.format("$1", "$2", "$3"), ROWS)
            for value in values:
                assert await new(connection, value, 3) == await old(connection, value, 3)
            with contextlib.suppress(asyncpg.DataError):  # text where a number is wanted is refused by the driver
                assert len(await new(connection, hostile, 3)) <= 1
            assert await connection.fetchval("select count(*) from t") == 3
        finally:
            await connection.close()

    asyncio.run(scenario())


@pytest.mark.parametrize(("code", "values", "hostile"), STATEMENTS)
def test_sqlalchemy(code: str, values: list[object], hostile: object) -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    engine = sqlalchemy.create_engine("sqlite://")
    code = code.replace("c.execute(q)", "rows = c.execute(text(q))").replace("»,\n    )", "»)")
    code = re.sub(r"c\.execute\(\s*«", "rows = c.execute(text(«", code).replace("»)", "»))")
    head = "from sqlalchemy import text\ndef run(c, x, y):\n    "
    code = f"{head}{code}\n    return sorted(row[0] for row in rows)\n"
    with engine.connect() as connection:
        connection.exec_driver_sql(SETUP[0])
        connection.exec_driver_sql(INSERT.format("?", "?", "?"), ROWS)
        old, new = function(before(code)), function(bound(code, "named"))
        for value in values:
            assert new(connection, value, 3) == old(connection, value, 3)
        assert len(new(connection, hostile, 3)) <= 1
