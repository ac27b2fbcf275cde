"""What is read out of SQL templates, and which texts count as SQL. ``§`` is a hole."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dodont.sql import Statement, is_sql, looks_like_sql, read
from dodont.sql.columns import Column, columns


def parts(text: str) -> tuple[str | None, ...]:
    return tuple(None if part == "§" else part for part in re.split("(§)", text) if part)


def meaning(text: str, dialect: str | None = None) -> Statement:
    statement = read(parts(text), dialect)
    assert statement is not None
    return statement


# A quote after the position: the hole stands in a string literal.
POSITIONS = [
    ("SELECT * FROM t WHERE a = §", "value"),
    ("SELECT * FROM t WHERE a = '§' AND b LIKE '%§%'", "value' value'"),
    ("SELECT * FROM § WHERE § = §", "identifier identifier value"),
    ("SELECT § FROM t ORDER BY § §", "identifier identifier fragment"),
    ("SELECT a FROM t WHERE a IN (§) AND b IN § AND c in (§, §) LIMIT § OFFSET §", "list list value value count count"),
    ("SELECT a FROM t WHERE a IN ('§')", "list'"),
    ("SELECT a FROM t § §", "fragment fragment"),
    ("SELECT a FROM t WHERE § § LIMIT 1", "fragment fragment"),
    ("SELECT a FROM t WHERE 1=1 §", "fragment"),
    ("SELECT a FROM t WHERE 1=1§", "fragment"),
    ("SELECT a FROM t WHERE a § 5", "fragment"),
    ("SELECT a FROM t WHERE a = 1 AND §", "fragment"),
    ("INSERT INTO t (a, b) VALUES (§, '§')", "value value'"),
    ("INSERT INTO t (a, b) VALUES (§)", "list"),
    ("INSERT INTO t (a) VALUES (§)", "value"),
    ("INSERT INTO t (§) VALUES (§)", "identifier list"),
    ("INSERT INTO §(a) VALUES § ON CONFLICT (§) DO UPDATE SET § = §", "identifier list identifier identifier fragment"),
    ("UPDATE t SET a = §, b='§' WHERE id = §", "value value' value"),
    ("UPDATE t SET § WHERE id = %s", "fragment"),
    ("UPDATE t SET §=? WHERE id = $1", "identifier"),
    ("DELETE FROM § WHERE id=§", "identifier value"),
    ("SELECT * FROM t_§", "identifier"),
    ('SELECT * FROM "§"."x" WHERE a = "§"', "identifier value'"),
    ("SELECT * FROM `§` WHERE a = %s", "identifier"),
    ("§ SELECT 1", "fragment"),
    ("§", "fragment"),
    ("§ FROM t WHERE a=§", "fragment value"),
    ("SELECT a FROM t UNION § SELECT b FROM u", "fragment"),
    ("SELECT COUNT(*), max(§) FROM t", "identifier"),
    ("SELECT EXISTS(SELECT * FROM t WHERE a=§)", "value"),
    ("WITH x AS (§) SELECT * FROM x", "fragment"),
    ("SELECT * FROM information_schema.tables WHERE table_name = '§'", "value'"),
    ("DROP TABLE IF EXISTS §; CREATE TABLE § (a int DEFAULT §); COMMIT", "identifier identifier fragment"),
    ("TRUNCATE TABLE §", "identifier"),
    ("SAVEPOINT §", "identifier"),
    ("SET search_path TO §", "identifier"),
    ("SET x = '§'", "fragment'"),
    ("PRAGMA table_info(§)", "identifier"),
    ("CALL f(§, '§')", "value value'"),
    ("GRANT SELECT ON § TO §", "identifier identifier"),
    ("ALTER TABLE § ADD COLUMN § §", "identifier identifier fragment"),
    ("EXPLAIN ANALYZE SELECT * FROM t WHERE a = §", "value"),
    ("COPY § FROM STDIN", "identifier"),
    ("SELECT a FROM t WHERE d > DATE '§' AND e > now() - INTERVAL '§ days'", "fragment' fragment'"),
    (
        "SELECT a FROM t WHERE lower(name) = lower('§') AND lower(§) = 'x' AND similarity(name, §) > 0.3",
        "value' identifier value",
    ),
    ("SELECT data->>'§' FROM t WHERE data @> '§'", "value' value'"),
    ("SELECT a FROM t -- §", "fragment"),
    ("SELECT a /* § */ FROM t WHERE b = $§ AND c = :§", "fragment fragment fragment"),
    ("SELECT a FROM t WHERE a BETWEEN § AND §", "value value"),
    ("SELECT a FROM t WHERE a = ANY(§)", "value"),
    ("SELECT a FROM t WHERE a = ANY(ARRAY[§])", "list"),
    ("SELECT a FROM t WHERE (§)", "fragment"),
    ("SELECT a FROM t LEFT JOIN § ON t.id = §.t_id", "identifier identifier"),
    ("SELECT TOP § a FROM t", "fragment"),
    ("SELECT * FROM [§].[b] WHERE a = @x", "identifier"),
    ("this is not sql § and more", "unknown"),
    ("SELECT please § wow ) ( §", "unknown unknown"),
    ("REPLACE INTO t VALUES (1, §)", "value"),
    ("INSERT INTO t VALUES ('§-§')", "fragment' fragment'"),
    ("SELECT a FROM t§", "identifier"),
    ("SELECT a FROM t WHERE x = §::int AND y = (§)", "value fragment"),
    ("SELECT a FROM t ORDER BY a DESC §", "fragment"),
    ("SELECT a FROM t GROUP BY § HAVING §", "identifier fragment"),
    ("CREATE VIEW v AS SELECT * FROM t WHERE a = §", "fragment"),
    ("MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = §", "value"),
    ("SELECT * FROM generate_series(1, §)", "value"),
    ("SELECT set_config('app.x', '§', false)", "value'"),
    ("SELECT CAST(§ AS §)", "value fragment"),
    ("SELECT a FROM t JOIN u § ON t.a = u.a", "identifier"),
    ("SELECT a FROM t WHERE a IS § NULL", "unknown"),
    ("SELECT a FROM t WHERE a NOT IN (§) ORDER BY CASE WHEN a = § THEN 1 ELSE 2 END", "list value"),
    ("SELECT a FROM §§ WHERE b=§§", "identifier identifier fragment fragment"),
    ("CREATE USER § PASSWORD '§'", "identifier fragment'"),
]


@pytest.mark.parametrize(("text", "positions"), POSITIONS)
def test_positions(text: str, positions: str) -> None:
    found = [hole.position + "'" * hole.quoted for hole in meaning(text).holes]
    assert found == positions.split()


@pytest.mark.parametrize(
    ("text", "like"),
    [
        ("SELECT a FROM t WHERE a LIKE '%§%'", ("%", "%")),
        ("SELECT a FROM t WHERE a LIKE '§%'", ("", "%")),
        ("SELECT a FROM t WHERE a LIKE 'it''s §_'", ("it's ", "_")),
        ("SELECT a FROM t WHERE a = '§'", ("", "")),
        ("SELECT a FROM t WHERE a = §", ("", "")),
    ],
)
def test_text_around_a_quoted_hole(text: str, like: tuple[str, str]) -> None:
    (hole,) = meaning(text).holes
    assert (hole.position, hole.like) == ("value", like)


@pytest.mark.parametrize(("dialect", "position"), [("postgres", "identifier"), ("mysql", "value"), (None, "value")])
def test_double_quotes_depend_on_the_dialect(dialect: str | None, position: str) -> None:
    (hole,) = meaning('SELECT a FROM t WHERE a = "§"', dialect).holes
    assert (hole.position, hole.quoted) == (position, position == "value")


@pytest.mark.parametrize(
    ("text", "kinds", "tables", "writes", "ddl"),
    [
        ("SELECT a FROM t JOIN s.u ON t.a = u.a", "SELECT", "t u", False, False),
        ("WITH x AS (SELECT 1) SELECT a FROM x", "SELECT", "", False, False),
        ("WITH x AS (DELETE FROM t RETURNING a) SELECT a FROM x", "SELECT", "t", True, False),
        ("with x as (select 1) insert into t select a from x", "INSERT", "t", True, False),
        ("INSERT INTO t VALUES (1); SELECT 1;", "INSERT SELECT", "t", True, False),
        ("replace into t values (1)", "INSERT", "t", True, False),
        ("DROP TABLE IF EXISTS public.t", "DROP", "t", False, True),
        ("TRUNCATE t", "TRUNCATE", "t", True, True),
        ("BEGIN; UPDATE t SET a = 1; COMMIT", "BEGIN UPDATE COMMIT", "t", True, False),
        ("EXPLAIN DELETE FROM t", "EXPLAIN", "t", False, False),
        ("EXPLAIN ANALYZE DELETE FROM t", "EXPLAIN", "t", True, False),
        ("COPY t FROM STDIN", "COPY", "t", True, False),
        ("COPY t TO STDOUT", "COPY", "t", False, False),
        ("SELECT relname FROM pg_catalog.pg_class", "SELECT", "pg_catalog.pg_class", False, False),
        (
            "CREATE TRIGGER x BEFORE INSERT ON t BEGIN SELECT 1; SELECT 2; END; SELECT 3",
            "CREATE SELECT",
            None,
            False,
            True,
        ),
        ("hello world", "OTHER", "", False, False),
    ],
)
def test_what_statements_do(text: str, kinds: str, tables: str | None, writes: bool, ddl: bool) -> None:
    found = meaning(text)
    assert (" ".join(found.kinds), found.writes, found.ddl) == (kinds, writes, ddl)
    assert tables is None or sorted(found.tables) == tables.split()


@pytest.mark.parametrize(
    ("text", "tables", "flags"),
    [
        ("SELECT * FROM t", "t", "outermost"),
        ("SELECT t.* FROM t JOIN u ON t.a = u.a", "t", "outermost"),
        ("SELECT * FROM t, u", "t u", "outermost"),
        ("SELECT x.* FROM t AS x", "t", "outermost"),
        ("SELECT COUNT(*) FROM t", "t", "count outermost"),
        ("SELECT 1 WHERE EXISTS (SELECT * FROM t)", "t", "exists"),
        ("SELECT * FROM (SELECT a FROM t) AS x", "", "derived outermost"),
        ("WITH x AS (SELECT a FROM t) SELECT * FROM x", "", "derived outermost"),
        ("WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT * FROM x", "", "derived outermost"),
        ("SELECT * FROM information_schema.columns", "information_schema.columns", "outermost"),
        ("SELECT * FROM §", "", "outermost"),
        ("SELECT a FROM t WHERE b IN (SELECT * FROM u)", "u", ""),
        ("INSERT INTO t SELECT * FROM u", "u", "outermost"),
        ("SELECT a FROM t UNION SELECT * FROM u", "u", "outermost"),
        ("SELECT\n  -- all of it\n  *\nFROM t WHERE a = §", "t", "outermost"),
    ],
)
def test_stars(text: str, tables: str, flags: str) -> None:
    pieces = parts(text)
    (star,) = meaning(text).stars
    piece = pieces[star.part]
    assert piece is not None and piece[star.offset] == "*"
    assert star.tables == tuple(tables.split())
    assert [name for name in ("exists", "count", "derived", "outermost") if getattr(star, name)] == flags.split()


def test_star_through_a_subquery() -> None:
    outer, inner = meaning("SELECT * FROM (SELECT * FROM t) x").stars
    assert (outer.tables, outer.derived, outer.outermost) == (("t",), False, True)
    assert (inner.tables, inner.outermost) == (("t",), False)


@pytest.mark.parametrize("text", ["SELECT a * b FROM t", "SELECT 2 * 3", "SELECT '*' FROM t", "UPDATE t SET a = a * 2"])
def test_no_star(text: str) -> None:
    assert meaning(text).stars == ()


SQL = [
    "SELECT * FROM t",
    "select name from users where id = {}",
    "select a, b as c from t where x = {x}",
    "SELECT 1",
    "select count(*) from users",
    "SELECT u.id, u.name AS n FROM users u JOIN x ON x.a = u.a",
    "INSERT INTO t (a) VALUES ({})",
    "insert into t values (%s, %s)",
    "UPDATE users SET a = {x}",
    "update {t} set a=1 where id=2",
    "DELETE FROM users WHERE id = {}",
    "delete from users",
    "WITH x AS (SELECT 1) SELECT * FROM x",
    "CREATE TABLE t (a int)",
    "create index if not exists i on t (a)",
    "DROP TABLE IF EXISTS {}",
    "drop table users",
    "ALTER TABLE t ADD COLUMN a int",
    "TRUNCATE TABLE {}",
    "PRAGMA table_info({})",
    "Select * from users where id = {}",
    " -- hi\n SELECT a FROM b",
    "(SELECT a FROM b) UNION (SELECT c FROM d)",
    "SELECT {cols} FROM {table} {where}",
    "SELECT DISTINCT a FROM t ORDER BY {}",
    "SELECT COALESCE(a, 0) AS z, lower(b) FROM t",
    "EXPLAIN ANALYZE SELECT a FROM t",
    "SELECT a.*, CASE WHEN b = 1 THEN 2 END AS c FROM t AS a WHERE x",
    "SELECT pg_advisory_lock({})",
    "UPDATE t AS x SET a = 1",
    "SELECT SUM(x) FILTER (WHERE a) FROM t",
    "SELECT name, COUNT(*) OVER (PARTITION BY a) AS n FROM t",
    "SELECT id FROM {} WHERE a = '{}'",
    "GRANT SELECT ON t TO {}",
    "SELECT a::text FROM t",
    "SELECT a -> 'b' FROM t",
    "SELECT EXISTS(SELECT 1 FROM t)",
    "SELECT a || ' ' || b AS full_name FROM people",
    "SELECT (SELECT max(a) FROM t) AS m, b FROM u",
    "select id from users where name = '{}' limit 1",
    "SELECT date_trunc('day', created_at) d, count(*) FROM t GROUP BY 1",
    "MERGE INTO t USING s ON a = b WHEN MATCHED THEN DELETE",
]
ENGLISH = [
    "please select one from the list",
    "Update available",
    "Delete user {}?",
    "Insert coin",
    "create table reservation for {}",
    "Select a value from {}",
    "select a value from the menu",
    "Select one from {}",
    "Select items from cart",
    "Delete from cart",
    "Update {} set by {}",
    "Update the settings for {}",
    "Drop table {}",
    "with love from {}",
    "With great power comes great responsibility",
    "Create user {}",
    "create a user named {}",
    "drop me a line",
    "set x = {}",
    "use {}",
    "show more",
    "Call me at {}",
    "call ({})",
    "SELECT A VALUE FROM THE MENU",
    "select the best option from our list of {}",
    "insert into the slot",
    "Insert into {} the following",
    "delete from the list: {}",
    "update your profile and set a password",
    "Update profile set to {}",
    "begin",
    "COMMIT",
    "grant access on {} to {}",
    "explain yourself",
    "Values ({})",
    "select all from the above",
    "Create table for {}",
    "copy from {} to {}",
    "truncate text",
    "Replace into place",
    "Drop index card here",
    "Alter ego",
    "Select {} from {} to continue",
    "Select file from disk",
    "Merge into main",
    "",
    "{}",
    "execute order (66)",
]


@pytest.mark.parametrize("text", SQL)
def test_sql(text: str) -> None:
    assert looks_like_sql(text)
    assert is_sql(parts(re.sub(r"\{\w*\}", "§", text)))


@pytest.mark.parametrize("text", ENGLISH)
def test_english(text: str) -> None:
    assert not is_sql(parts(re.sub(r"\{\w*\}", "§", text)))


def test_limits() -> None:
    assert read(("SELECT " + "a" * 100_001,)) is None
    assert read(()) is None
    assert read((" \n",)) is None
    many = read(("SELECT ", *(None,) * 61))
    assert many is not None and {hole.position for hole in many.holes} == {"unknown"}
    assert read(("SELECT " + "(" * 5_000, None)) is not None


def test_the_parser_is_loaded_when_a_text_needs_it() -> None:
    code = (
        "import sys, dodont.sql as s; s.looks_like_sql('SELECT a FROM t'); s.is_sql(('no',)); s.read(('DROP TABLE t',)); "
        "assert 'sqlglot' not in sys.modules; s.read(('SELECT 1',)); assert 'sqlglot' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})


_PIECES = st.sampled_from(
    [
        "SELECT",
        "FROM",
        "WHERE",
        "INSERT",
        "INTO",
        "VALUES",
        "UPDATE",
        "SET",
        "DELETE",
        "CREATE",
        "TABLE",
        "WITH",
        "AS",
        "(",
        ")",
        ",",
        ";",
        "*",
        "=",
        "'",
        '"',
        "`",
        "$$",
        "--",
        "/*",
        "*/",
        "t.a",
        "1",
        "'x'\n",
        "",
        "",
        "",
        "%s",
        "?",
        ":x",
        "$1",
        "{}",
        "[a]",
        "AND",
        "OR",
        "NOT",
        "IN",
        "IS",
        "NULL",
        "JOIN",
        "ON",
        "ORDER",
        "BY",
        "LIMIT",
        "CASE",
        "WHEN",
        "END",
        "%",
        "\\",
        "\n",
        "LIKE",
        "EXISTS",
        "UNION",
    ]
)
_TEMPLATES = st.lists(
    st.one_of(st.none(), st.lists(_PIECES, max_size=6).map(" ".join), st.text(max_size=12)), max_size=10
).map(tuple)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(_TEMPLATES, st.sampled_from([None, "postgres", "mysql", "sqlite", "mssql", "nonsense"]))
def test_any_template_is_read(template: tuple[str | None, ...], dialect: str | None) -> None:
    statement = read(template, dialect)
    if statement is not None:
        assert len(statement.holes) == template.count(None)
        for star in statement.stars:
            piece = template[star.part]
            assert piece is not None and piece[star.offset] == "*"
    is_sql(template)


@pytest.mark.parametrize(
    ("parts", "holes", "placeholders"),
    [
        (("INSERT INTO users (name, password) VALUES (%s, %s)",), "", "0:name:stored 1:password:stored"),
        (('INSERT INTO "users" (name, "password") VALUES (lower($2), $1)',), "", "1:name:stored 0:password:stored"),
        (("UPDATE users SET password = :word WHERE id = :id",), "", "word:password:stored id:id:compared"),
        (("SELECT id FROM users u WHERE u.password = %(word)s",), "", "word:password:compared"),
        (("SELECT id FROM users WHERE name = '", None, "' AND password = '", None, "'"), "name:compared password:compared", ""),
        (("SELECT id FROM users LIMIT ?",), "", "0:"),
    ],
)  # fmt: skip
def test_columns(parts: tuple[str | None, ...], holes: str, placeholders: str) -> None:
    def told(column: Column | None) -> str:
        return f"{column.name}:{'stored' if column.stored else 'compared'}" if column is not None else ""

    found = columns(parts)
    assert " ".join(map(told, found[0])) == holes
    assert " ".join(f"{key}:{told(column)}" for key, column in found[1]) == placeholders
