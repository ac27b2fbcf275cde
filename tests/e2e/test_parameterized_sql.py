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

from dodont.fixes import CannotFix
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

#: Statements that have parameters already, in each style of placeholders: like STATEMENTS, with ``y`` = 3.
WITH_PARAMETERS: dict[str, list[tuple[str, list[object], object]]] = {
    "format": [
        ("c.execute(«f\"select id from t where id < %s and name = '{‹x›}'\"», (9,))", ["ann", "nobody"], HOSTILE),
        ("c.execute(«f\"select id from t where name = '{‹x›}' and id < %s\"», [9])", ["ann"], HOSTILE),
        (
            "c.execute(\n        «f\"select id from t where id > %s and name = '{‹x›}' and id < %s and id <> {‹y›}\"»,\n"
            "        (0, 9),\n    )",
            ["ann"],
            HOSTILE,
        ),
        ("c.execute(«f\"select id from t where name = '{‹x›}' and id < %(top)s\"», {'top': 9})", ["ann"], HOSTILE),
        ("c.execute(«f\"select id from t where name = '{‹x›}' and id < %(x)s\"», {'x': 9})", ["ann"], HOSTILE),
        (
            "c.execute(«f\"select id from t where note like '%%{‹x›}%%' and id < %s\"», (9,))",
            ["it"],
            "%' or '1' like '",
        ),
        ("c.execute(«f\"select id from t where id %% 2 = %s and name = '{‹x›}'\"», (1,))", ["ann"], HOSTILE),
        ("c.execute(«f\"select id from t where id % 2 = 1 and name = '{‹x›}'\"»)", ["ann"], HOSTILE),
        ("c.execute(«f\"select id from t where id % 2 = 1 and name = '{‹x›}'\"», None)", ["ann"], HOSTILE),
        ("c.execute(«\"select id from t where id < %%s and name = '%s'\" % ‹x›», (9,))", ["ann"], HOSTILE),
        (
            "q = 'select id from t where id < %s'\n    q += «f\" and name = '{‹x›}'\"»\n    c.execute(q, (9,))",
            ["ann"],
            HOSTILE,
        ),
    ],
    "qmark": [
        ("c.execute(«f\"select id from t where id < ? and name = '{‹x›}'\"», (9,))", ["ann", "nobody"], HOSTILE),
        ("c.execute(«f\"select id from t where name = '{‹x›}' and id < ?\"», [9])", ["ann"], HOSTILE),
        ("c.execute(«f\"select id from t where note <> '?' and name = '{‹x›}' and id < ?\"», (9,))", ["ann"], HOSTILE),
        ("c.execute(«f\"select id from t where name = '{‹x›}' and id < :top\"», {'top': 9})", ["ann"], HOSTILE),
        ("c.execute(«f\"select id from t where note like '%{‹x›}%' and id < ?\"», (9,))", ["it"], "%' or '1' like '"),
        (
            "c.execute(\n        «\"select id from t where id > ? and name = '{}' and id <> {}\".format(‹x›, ‹y›)»,\n        (0,),\n    )",
            ["ann"],
            HOSTILE,
        ),
        (
            "q = 'select id from t where id < ?'\n    q += «f\" and name = '{‹x›}'\"»\n    c.execute(q, (9,))",
            ["ann"],
            HOSTILE,
        ),
    ],
    "dollar": [
        ("c.execute(«f\"select id from t where id < $1 and name = '{‹x›}'\"», 9)", ["ann", "nobody"], HOSTILE),
        ("c.execute(«f\"select id from t where name = '{‹x›}' and id < $1 and id > $2\"», 9, 0)", ["ann"], HOSTILE),
        ("c.execute(«f\"select id from t where id < $1 and id + $1 > 1 and name = '{‹x›}'\"», 9)", ["ann"], HOSTILE),
        ("c.execute(«f\"select id from t where note like '%{‹x›}%' and id < $1\"», 9)", ["it"], "%' or '1' like '"),
        ("c.execute(«f\"select id::int from t where note like '50%' and name = '{‹x›}'\"»)", ["ann"], HOSTILE),
        (
            "c.execute(«\"select id from t where id > $1 and name = '{}' and id <> {}\".format(‹x›, ‹y›)», 0)",
            ["ann"],
            HOSTILE,
        ),
    ],
    "named": [
        ("c.execute(text(«f\"select id from t where id < :top and name = '{‹x›}'\"»), {'top': 9})", ["ann"], HOSTILE),
        ("c.execute(text(«f\"select id from t where id < :x and name = '{‹x›}'\"»), {'x': 9})", ["ann"], HOSTILE),
        ("c.execute(text(«f\"select id from t where note like '%{‹x›}%'\"»), {})", ["it"], "%' or '1' like '"),
        ("c.execute(text(«f\"select id from t where id % 2 = 1 and name = '{‹x›}'\"»))", ["ann"], HOSTILE),
        ("c.execute(text(«f\"select id from t where id = {‹y›} or name in ('{‹x›}', '{‹x›}')\"»))", ["ann"], HOSTILE),
    ],
}
#: Statements that change rows.
CHANGES = [
    "c.execute(«f\"insert into t (id, name, note) values ({‹y›}, '{‹x›}', 'new')\"»)",
    "c.execute(«\"update t set name = '%s', note = '%s' where id = %s\" % (‹x›, ‹x›, ‹y›)»)",
    "c.execute(«\"delete from t where name = '{}' and id = {}\".format(‹x›, ‹y›)»)",
    'c.execute(«"update t set note = \'" + ‹x› + "\' where id in (1, " + str(‹y›) + ")"»)',
]
#: What stands there may be a whole list, a name, or half a value: no placeholder means the same.
DECLINED = [
    "c.execute(«f'select id from t where id in ({‹x›})'»)",
    'c.execute(«"select id from t where name in (\'" + ‹"\',\'".join(x)› + "\')"»)',
    "c.execute(«f'select id from t order by {‹x›}'»)",
    "c.execute(«f'select {‹x›} from t'»)",
    "c.execute(«f\"select id from t where name = '{‹x›}'\"», values)",
    "c.execute(«f\"select id from t where name = '{‹x›}{z}'\"»)",
    'c.execute(«f"select id from t where id = {‹x›}0"»)',
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


@pytest.mark.parametrize("style", ["qmark", "format", "pyformat", "dollar", "named"])
@pytest.mark.parametrize("code", DECLINED)
def test_declined(code: str, style: str) -> None:
    with pytest.raises(CannotFix):
        bound(code, style, "*" if style == "dollar" else 1)


@pytest.mark.parametrize(("code", "values", "hostile"), WITH_PARAMETERS["qmark"])
def test_sqlite_with_parameters(code: str, values: list[object], hostile: object) -> None:
    test_sqlite(code, values, hostile)


@pytest.mark.parametrize("code", CHANGES)
def test_sqlite_changes(code: str) -> None:
    def rows(run: Any, value: str) -> list[Any]:
        connection = sqlite3.connect(":memory:")
        connection.execute(SETUP[0])
        connection.executemany(INSERT.format("?", "?", "?"), ROWS)
        run(connection.cursor(), value, 3)
        return connection.execute("select * from t order by id, name").fetchall()

    old, new = function(before(changing(code))), function(bound(changing(code), "qmark"))
    assert rows(new, "ann") == rows(old, "ann")
    assert rows(new, "it's") in ([*ROWS, (3, "it's", "new")], [*ROWS[:2], (3, "it's", "it's")], ROWS) or "note" in code


def changing(code: str) -> str:
    return f"def run(c, x, y):\n    {code}\n"


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


@pytest.mark.parametrize(("code", "values", "hostile"), WITH_PARAMETERS["format"])
@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_psycopg_with_parameters(
    postgres: dict[str, Any], driver: str, code: str, values: list[object], hostile: object
) -> None:
    test_psycopg(postgres, driver, "format", code, values, hostile)


@pytest.mark.parametrize("code", CHANGES)
@pytest.mark.parametrize("style", ["format", "pyformat"])
@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_psycopg_changes(postgres: dict[str, Any], driver: str, style: str, code: str) -> None:
    connection = pytest.importorskip(driver).connect(dbname="postgres", **postgres)

    def rows(run: Any, value: str) -> list[Any]:
        cursor = connection.cursor()
        cursor.execute("create temporary table t (id integer, name text, note text)")
        cursor.executemany(INSERT.format("%s", "%s", "%s"), ROWS)
        run(cursor, value, 3)
        cursor.execute("select * from t order by id, name")
        found: list[Any] = cursor.fetchall()
        connection.rollback()
        return found

    try:
        new = function(bound(changing(code), style))
        assert rows(new, "ann") == rows(function(before(changing(code))), "ann")
        assert len(rows(new, "it's %s '; drop table t; --")) >= 3
    finally:
        connection.close()


@pytest.mark.parametrize(("code", "values", "hostile"), [*STATEMENTS, *WITH_PARAMETERS["dollar"]])
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


@pytest.mark.parametrize(("code", "values", "hostile"), WITH_PARAMETERS["named"])
@pytest.mark.parametrize("driver", ["sqlite", "psycopg", "psycopg2", "asyncpg"])
def test_sqlalchemy_with_parameters(
    postgres: dict[str, Any], driver: str, code: str, values: list[object], hostile: object
) -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    url = f"postgresql+{driver}://tester@127.0.0.1:{postgres['port']}/postgres" if driver != "sqlite" else "sqlite://"
    head = "from sqlalchemy import text\ndef run(c, x, y):\n    rows = "
    code = f"{head}{code}\n    return sorted(row[0] for row in rows)\n"
    old, new = function(before(code)), function(bound(code, "named"))

    def scenario(connection: Any) -> None:
        connection.exec_driver_sql(SETUP[0].replace("create", "create temporary"))
        for row in ROWS:
            connection.execute(sqlalchemy.text(INSERT.format(":a", ":b", ":c")), dict(zip("abc", row, strict=True)))
        for value in values:
            assert new(connection, value, 3) == old(connection, value, 3)
        assert len(new(connection, hostile, 3)) <= 1

    async def asynchronous() -> None:
        from sqlalchemy.ext.asyncio import create_async_engine

        engine = create_async_engine(url)
        async with engine.connect() as connection:
            await connection.run_sync(scenario)
        await engine.dispose()

    if driver == "asyncpg":
        asyncio.run(asynchronous())
        return
    with sqlalchemy.create_engine(url).connect() as connection:
        scenario(connection)


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
