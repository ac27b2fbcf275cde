from __future__ import annotations

import ast

import pytest

from dodont.fixes import CannotFix
from tests.unit.fixes.pairs import fixed

MASKED = [
    ('log.info("token %s", «token»)', 'log.info("token %s", "***")'),
    ("log.info('token %s', «token»)", "log.info('token %s', '***')"),
    ("log.info(«token»)", 'log.info("***")'),
    ("log.info(f'token {«token»} of {user}')", "log.info(f'token *** of {user}')"),
    ("log.info(f'token {«token»!r:>10}')", "log.info('token ***')"),
    ("log.info(f'{{{«token»}}}')", "log.info('{***}')"),
    ("log.info(rf'\\d {«token»}')", "log.info(r'\\d ***')"),
    ("log.info(f'{«token» = }')", "log.info('token =***')"),
    ('log.info("é" f"é{«t»}")', 'log.info("é" "é***")'),
    ('log.info("in", extra={"user": u, "password": «p»})', 'log.info("in", extra={"user": u, "password": "***"})'),
    ('log.info("in", password=«p»)', 'log.info("in", password="***")'),
    ('log.info("in " + «p»)', 'log.info("in " + "***")'),
    ('log.info("in " + «p» + ".")', 'log.info("in " + "***" + ".")'),
    ('out.write(b"in " + «p»)', 'out.write(b"in " + b"***")'),
    ('log.info("in {}".format(«p»))', 'log.info("in {}".format("***"))'),
    ('log.info("in {p!r}".format(p=«p»))', 'log.info("in {p!r}".format(p="***"))'),
    ('log.info("in %s" % «p»)', 'log.info("in %s" % "***")'),
    ('log.info("in %d %s" % (1, «p»))', 'log.info("in %d %s" % (1, "***"))'),
    ('log.info("%(u)d %(p)s", {"u": 1, "p": «p»})', 'log.info("%(u)d %(p)s", {"u": 1, "p": "***"})'),
    ('log.info(\n\t"x",  # é\n\t(«p»),  # the key\n)', 'log.info(\n\t"x",  # é\n\t"***",  # the key\n)'),
    ('log.info("x %s", «p» or "none")', 'log.info("x %s", "***" or "none")'),
    ('log.info(f"x {g(«p»)}")', "log.info(f\"x {g('***')}\")"),
    ('log.info("x",\r\n\t«p»)\r\n', 'log.info("x",\r\n\t"***")\r\n'),
]


@pytest.mark.parametrize(("before", "after"), MASKED)
def test_secret(before: str, after: str) -> None:
    assert fixed("secret-in-log", before) == after
    ast.parse(after)


@pytest.mark.parametrize(
    "code",
    [
        'log.info("x %d", «p»)',
        'log.info("x %s %5.1f", q, «p»)',
        'log.info("x %d" % «p»)',
        'log.info("x %s %d" % (q, «p»))',
        'log.info("x %(p)d" % {"p": «p»})',
        'log.info("x {:>5}".format(«p»))',
        'log.info("x {0.a}".format(«p»))',
        "log.info(*«p»)",
        "log.info({«p»: 1})",
        "log.info(«p».value)",
        "log.info(f'{x:{«p»}}')",
    ],
)
def test_secret_is_declined(code: str) -> None:
    with pytest.raises(CannotFix):
        fixed("secret-in-log", code)


STARS = [
    ('«"SELECT * FROM t"»', '"SELECT a, b FROM t"', ""),
    ('«"select * from t"»', '"select a, b from t"', ""),
    ("«'''\\n\tselect distinct\n\t*\n\tfrom t -- *'''»", "'''\\n\tselect distinct\n\ta, b\n\tfrom t -- *'''", ""),
    ("«\"SELECT '*', count(*), 2 * 3, * FROM t\"»", "\"SELECT '*', count(*), 2 * 3, a, b FROM t\"", ""),
    ('«"SELECT t.*, u.x FROM t"»', '"SELECT t.a, t.b, u.x FROM t"', "t"),
    ('«f"SELECT * FROM {t} WHERE {{}} = {x}"»', 'f"SELECT a, b FROM {t} WHERE {{}} = {x}"', ""),
    ('q = ("SELECT " «"* FROM t"»)', 'q = ("SELECT " "a, b FROM t")', ""),
    ('(«"SELECT "\n  f"* FROM {t}"»)', '("SELECT "\n  f"a, b FROM {t}")', ""),
    (
        '«"SELECT 1 WHERE EXISTS (SELECT * FROM u) UNION SELECT * FROM t"»',
        '"SELECT 1 WHERE EXISTS (SELECT * FROM u) UNION SELECT a, b FROM t"',
        "",
    ),
]


@pytest.mark.parametrize(("before", "after", "qualifier"), STARS)
def test_star(before: str, after: str, qualifier: str) -> None:
    assert fixed("select-star", before, columns=["a", "b"], qualifier=qualifier) == after


@pytest.mark.parametrize(
    ("code", "columns", "qualifier"),
    [
        ('«"SELECT count(*) FROM t"»', ["a"], ""),
        ('«"SELECT t.* FROM t"»', ["a"], ""),
        ('«"SELECT tt.* FROM tt"»', ["a"], "t"),
        ('«"SELECT * FROM t"»', ["order"], ""),
        ('«"SELECT * FROM t"»', ["a b"], ""),
        ('«"SELECT * FROM t"»', [], ""),
        ('«b"SELECT * FROM t"»', ["a"], ""),
        ('«"SELECT a * b FROM t"»', ["a"], ""),
    ],
)
def test_star_is_declined(code: str, columns: list[str], qualifier: str) -> None:
    with pytest.raises(CannotFix):
        fixed("select-star", code, columns=columns, qualifier=qualifier)


@pytest.mark.parametrize(
    "rest",
    [
        "    return row",
        "    return dict(row)",
        "    return row[0]",
        "    return row['a'], other(row)",
        "    row = other()\n    return row['a']",
        "    return row.keys()",
    ],
)
def test_what_is_read_must_be_in_sight(rest: str) -> None:
    code = f"def f(db):\n    row = db.execute(«'SELECT * FROM t'»).fetchone()\n{rest}\n"
    with pytest.raises(CannotFix):
        fixed("select-star", code, columns=[], qualifier="", call=[2, 10, 2, 39])


@pytest.mark.parametrize(
    ("text", "rest", "columns"),
    [
        ("SELECT * FROM t", "    return row['b'], row['a']", "b, a"),
        ("SELECT * FROM t", "    return None if row is None else row.a", "a"),
        ("SELECT * FROM t", "    if not row:\n        return 1\n    return row['a']", "a"),
    ],
)
def test_what_is_read(text: str, rest: str, columns: str) -> None:
    code = f"def f(db):\n    row = db.execute(«'{text}'»).fetchone()\n{rest}\n"
    after = code.replace("*", columns).replace("«", "").replace("»", "")
    assert fixed("select-star", code, columns=[], qualifier="", call=[2, 10, 2, 39]) == after


def test_what_is_read_beside_the_star_is_no_column() -> None:
    code = "def f(db):\n    row = db.execute(«'SELECT *, 1 AS a FROM t'»).fetchone()\n    return row['a']\n"
    with pytest.raises(CannotFix):
        fixed("select-star", code, columns=[], qualifier="", call=[2, 10, 2, 47])
