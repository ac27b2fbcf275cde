from __future__ import annotations

import pytest

from dodont.fixes import CannotFix
from tests.unit.fixes.pairs import bound

PAIRS = [
    # f-strings
    ("qmark", 'c.execute(«f"select a from t where id = {‹x›}"»)', 'c.execute("select a from t where id = ?", (x,))'),
    ("format", "c.execute(«f'select a from t where id = {‹x›}'»)", "c.execute('select a from t where id = %s', (x,))"),
    (
        "pyformat",
        'c.execute(«f"select a from t where id = {‹u.id›}"»)',
        'c.execute("select a from t where id = %(u_id)s", {"u_id": u.id})',
    ),
    (
        "named",
        'c.execute(text(«f"select a from t where id = {‹d["x"]›}"»))'.replace('d["x"]', "d['x']"),
        'c.execute(text("select a from t where id = :x"), {"x": d[\'x\']})',
    ),
    (
        "qmark",
        "c.execute(«f\"select a from t where n = '{‹x›}' and m = '{‹y›}'\"»)",
        'c.execute("select a from t where n = ? and m = ?", (x, y))',
    ),
    (
        "qmark",
        'c.execute(«f"select {{}} from {t} where id = {‹x›}"»)',
        'c.execute(f"select {{}} from {t} where id = ?", (x,))',
    ),
    (
        "qmark",
        'c.execute(«f"select {{}} from t where id = {‹x›}"»)',
        'c.execute("select {} from t where id = ?", (x,))',
    ),
    (
        "qmark",
        "c.execute(«f\"select a from t where n like '%{‹x›}%'\"»)",
        'c.execute("select a from t where n like ?", (f"%{x}%",))',
    ),
    (
        "format",
        "c.execute(«f\"select a from t where n like '%{‹x›}%' or n like '%z'\"»)",
        'c.execute("select a from t where n like %s or n like \'%%z\'", (f"%{x}%",))',
    ),
    (
        "format",
        "c.execute(«f\"select a from t where n like '%%{‹x›}' and b = %s\"», (b,))",
        'c.execute("select a from t where n like %s and b = %s", (f"%{x}", b))',
    ),
    (
        "qmark",
        "c.execute(«f\"select a from t where n = '{‹x›!s}'\"»)".replace("‹x›!s", "‹x›!s"),
        'c.execute("select a from t where n = ?", (str(x),))',
    ),
    (
        "qmark",
        "c.execute(«f'select a from t where n = \\'{‹x›}\\''»)",
        "c.execute('select a from t where n = ?', (x,))",
    ),
    (
        "qmark",
        'c.execute(«fr"select \\d from t where n = {‹x›}"»)',
        'c.execute(r"select \\d from t where n = ?", (x,))',
    ),
    (
        "qmark",
        'c.execute(«f"update t set a = {‹x›}, b = {‹y›} where c between {‹lo›} and {‹hi›} limit {‹n›}"»)',
        'c.execute("update t set a = ?, b = ? where c between ? and ? limit ?", (x, y, lo, hi, n))',
    ),
    (
        "qmark",
        "c.execute(«f\"insert into t (a, b) values ({‹x›}, '{‹y›}')\"»)",
        'c.execute("insert into t (a, b) values (?, ?)", (x, y))',
    ),
    (
        "qmark",
        'é = 1; c.execute(«f"select é from t where id = {‹x›}"»)  # é',
        'é = 1; c.execute("select é from t where id = ?", (x,))  # é',
    ),
    # + chains
    ("qmark", 'c.execute(«"select a from t where id = " + ‹x›»)', 'c.execute("select a from t where id = ?", (x,))'),
    (
        "qmark",
        'c.execute(«"select a from t where id = " + ‹str(x)›»)',
        'c.execute("select a from t where id = ?", (x,))',
    ),
    (
        "qmark",
        'c.execute(«"select a from t where n = \'" + str(‹x›) + "\'"»)',
        'c.execute("select a from t where n = ?", (str(x),))',
    ),
    (
        "qmark",
        'c.execute(«"select a from t where id = " + ‹x› + " and b = " + ‹y›»)',
        'c.execute("select a from t where id = ? and b = ?", (x, y))',
    ),
    (
        "qmark",
        'c.execute(«"select a from t where n like \'%" + ‹x› + "%\'"»)',
        'c.execute("select a from t where n like ?", (f"%{x}%",))',
    ),
    (
        "qmark",
        'c.execute(«"select a from " + t + " where id = " + ‹x›»)',
        'c.execute("select a from " + t + " where id = ?", (x,))',
    ),
    (
        "qmark",
        'c.execute(«("select a from t where id = " +\n    ‹x› +  # why\n    " and b = 1")»)',
        'c.execute(("select a from t where id = ?" +  # why\n    " and b = 1"), (x,))',
    ),
    (
        "qmark",
        'c.execute(\n    «"select a from t where id = "  # one\n    + ‹x›\n    + " and b = 1"»,\n)',
        'c.execute(\n    "select a from t where id = ?"  # one\n    + " and b = 1",\n    (x,),\n)',
    ),
    (
        "qmark",
        'c.execute(\n    «"select a from t where id = "\n    + ‹x›\n    + " and b = 1"»,\n)',
        'c.execute(\n    "select a from t where id = ?"\n    + " and b = 1",\n    (x,),\n)',
    ),
    # the anchor may be a part of the text
    (
        "qmark",
        'c.execute(«"select a from t where n = \'" + ‹x›» + "\'")',
        'c.execute("select a from t where n = ?", (x,))',
    ),
    (
        "qmark",
        'c.execute("select a " f«"from t where n = {‹x›}"»)'.replace("f«", "«f"),
        'c.execute("select a " "from t where n = ?", (x,))',
    ),
    # %
    (
        "format",
        'c.execute(«"select a from t where id = %s" % ‹x›»)',
        'c.execute("select a from t where id = %s", (x,))',
    ),
    (
        "format",
        "c.execute(«\"select a from t where id = %s and n like 'a%%'\" % (‹x›,)»)",
        "c.execute(\"select a from t where id = %s and n like 'a%%'\", (x,))",
    ),
    (
        "qmark",
        "c.execute(«\"select a from %s where id = %s and n like 'a%%'\" % (t, ‹x›)»)",
        "c.execute(\"select a from %s where id = ? and n like 'a%%'\" % (t,), (x,))",
    ),
    (
        "qmark",
        'c.execute(«"select a from t where n = \'%(n)s\'" % {"n": ‹x›}»)',
        'c.execute("select a from t where n = ?", (x,))',
    ),
    (
        "qmark",
        "c.execute(«\"select a from t where n like '%%%s%%'\" % ‹x›»)",
        'c.execute("select a from t where n like ?", (f"%{x}%",))',
    ),
    (
        "format",
        'c.execute(«"select a from %s where id = %s" % (t, ‹x›)»)',
        'c.execute("select a from %s where id = %%s" % (t,), (x,))',
    ),
    # .format
    (
        "qmark",
        'c.execute(«"select a from t where id = {}".format(‹x›)»)',
        'c.execute("select a from t where id = ?", (x,))',
    ),
    (
        "qmark",
        "c.execute(«\"select a from {t} where n = '{n}'\".format(t=table, n=‹x›)»)",
        'c.execute("select a from {t} where n = ?".format(t=table), (x,))',
    ),
    (
        "qmark",
        'c.execute(«"select {{}} from t where id = {0} or b = {0}".format(‹x›)»)',
        'c.execute("select {} from t where id = ? or b = ?", (x, x))',
    ),
    (
        "qmark",
        'c.execute(«("select a "\n    "from t where id = {}").format(‹x›)»)',
        'c.execute(("select a "\n    "from t where id = ?"), (x,))',
    ),
    # concatenation
    (
        "qmark",
        'c.execute(\n    «"select a from t "\n    f"where id = {‹x›} "\n    f"and b = \'{‹y›}\'"»\n)',
        'c.execute(\n    "select a from t "\n    "where id = ? "\n    "and b = ?",\n    (x, y)\n)',
    ),
    # triple quotes, CRLF, tabs
    (
        "qmark",
        'def f():\r\n\tc.execute(«f"""\r\n\t\tselect a  -- it\'s\r\n\t\tfrom t where id = {‹x›}\r\n\t"""»)\r\n',
        'def f():\r\n\tc.execute("""\r\n\t\tselect a  -- it\'s\r\n\t\tfrom t where id = ?\r\n\t""", (x,))\r\n',
    ),
    # existing parameters
    (
        "qmark",
        'c.execute(«f"select a from t where a = ? and b = {‹x›} and c = ?"», (p, q))',
        'c.execute("select a from t where a = ? and b = ? and c = ?", (p, x, q))',
    ),
    (
        "qmark",
        'c.execute(«f"select a from t where a = {‹x›} and b = ?"», (p,))',
        'c.execute("select a from t where a = ? and b = ?", (x, p))',
    ),
    (
        "qmark",
        'c.execute(«f"select a from t where a = ? and b = {‹x›}"», (p,))',
        'c.execute("select a from t where a = ? and b = ?", (p, x))',
    ),
    (
        "qmark",
        'c.execute(«f"select a from t where a = ? and b = {‹x›}"», [\n    p,\n])',
        'c.execute("select a from t where a = ? and b = ?", [\n    p,\n    x,\n])',
    ),
    (
        "format",
        'c.execute(«f"select a from t where a = %(p)s and b = {‹x›}"», {"p": p})',
        'c.execute("select a from t where a = %(p)s and b = %(x)s", {"p": p, "x": x})',
    ),
    (
        "named",
        'c.execute(text(«f"select a from t where a = :x and b = {‹x›}"»), {"x": p})',
        'c.execute(text("select a from t where a = :x and b = :x_2"), {"x": p, "x_2": x})',
    ),
    (
        "qmark",
        'c.execute(«f"select f({‹x›}, {‹y›}) from t where b in ({‹x›}, 1) limit {‹n›}, {‹m›}"»)',
        'c.execute("select f(?, ?) from t where b in (?, 1) limit ?, ?", (x, y, x, n, m))',
    ),
    ("qmark", 'c.execute(«f"select a from t where b = {‹x›}"», [])', 'c.execute("select a from t where b = ?", (x,))'),
    (
        "qmark",
        'c.execute(«f"select a from t where b = {‹x›}"», None)',
        'c.execute("select a from t where b = ?", (x,))',
    ),
    (
        "qmark",
        "c.execute(«f\"select '?' from t where b = {‹x›}\"», timeout=3)",
        "c.execute(\"select '?' from t where b = ?\", (x,), timeout=3)",
    ),
    # assigned
    (
        "qmark",
        'q = «f"select a from t where id = {‹x›}"»\nc.execute(q)\n',
        'q = "select a from t where id = ?"\nc.execute(q, (x,))\n',
    ),
    (
        "qmark",
        'q: str = «f"select a from t where id = {‹g()›}"»\nrow = c.execute(q).fetchone()\n',
        'q: str = "select a from t where id = ?"\nrow = c.execute(q, (g(),)).fetchone()\n',
    ),
    (
        "named",
        'def f():\n    q = text(«f"select a from t where id = {‹x›}"»)\n    log()\n    return c.execute(q)\n',
        'def f():\n    q = text("select a from t where id = :x")\n    log()\n    return c.execute(q, {"x": x})\n',
    ),
    (
        "qmark",
        'q = "select a from t where b = ?"\nq += «f" and id = {‹x›}"»\nc.execute(q, (b,))\n',
        'q = "select a from t where b = ?"\nq += " and id = ?"\nc.execute(q, (b, x))\n',
    ),
    (
        "qmark",
        'q = "select a from t where b = "\nq += «‹x›»\nc.execute(q)\n',
        'q = "select a from t where b = "\nq += "?"\nc.execute(q, (x,))\n',
    ),
]


@pytest.mark.parametrize(("style", "before", "after"), PAIRS)
def test_bound(style: str, before: str, after: str | None) -> None:
    if after is None:
        with pytest.raises(CannotFix):
            bound(before, style)
    else:
        assert bound(before, style) == after


def test_each_parameter_an_argument() -> None:
    assert (
        bound(
            "r = await_(c.fetch(«f\"select a from t where b = $1 and n = '{‹x›}' and m = {‹y›}\"», b, timeout=3))",
            "dollar",
            "*",
        )
        == 'r = await_(c.fetch("select a from t where b = $1 and n = $2 and m = $3", b, x, y, timeout=3))'
    )
    assert (
        bound('c.fetch(\n    «f"select a from t where m = {‹y›}"»,\n)', "dollar", "*")
        == 'c.fetch(\n    "select a from t where m = $1",\n    y,\n)'
    )
    assert (
        bound('q = «f"select a from t where m = {‹y›}"»\nc.fetch(q)', "dollar", "*")
        == 'q = "select a from t where m = $1"\nc.fetch(q, y)'
    )


def test_parameters_by_name() -> None:
    before = 'c.execute(sql=«f"select a from t where m = {‹y›}"»)'
    assert bound(before, "qmark", 1, "params") == 'c.execute(sql="select a from t where m = ?", params=(y,))'
    with pytest.raises(CannotFix):
        bound(before, "qmark")


@pytest.mark.parametrize(
    "code",
    [
        'c.execute(«f"select a from {‹x›}"»)',
        'c.execute(«f"select a from t order by {‹x›}"»)',
        'c.execute(«f"select a from t order by b, {‹x›}"»)',
        'c.execute(«f"select a from t where {‹x›} = 1"»)',
        'c.execute(«f"select a from t where b = 1 and {‹x›}"»)',
        'c.execute(«f"select a from t where b in ({‹x›})"»)',
        'c.execute(«f"select a from t_{‹x›}"»)',
        'c.execute(«f"select {‹x›} from t"»)',
        'c.execute(«f"select a, {‹x›} from t"»)',
        'c.execute(«f"insert into t values {‹x›}"»)',
        'c.execute(«f"insert into t ({‹x›}) values (1)"»)',
        'c.execute(«f"insert into t values (1), {‹x›}"»)',
        'c.execute(«f"select a from t where ({‹x›})"»)',
        'c.execute(«f"select a from t where b = any({‹x›})"»)',
        'c.execute(«"select a " + ‹x›  # one\n + " from"»)'.replace("(«", "((«").replace("»)", "»))"),
        'c.execute(«f"select a from t where b = {‹x›:>5}"»)',
        'c.execute(«f"select a from t where b = {‹x›!r}"»)',
        'c.execute(«f"select a from t where b = {‹x›=}"»)',
        "c.execute(«f\"select a from t where b > interval '{‹x›} days'\"»)",
        "c.execute(«f\"select a from t where b = E'{‹x›}'\"»)",
        'c.execute(«f"select a -- {‹x›}"»)',
        'c.execute(«f"select a from t where \\"b{‹x›}\\" = 1"»)',
        'c.execute(«f"select a from t where b = {‹x›}"», params)',
        'c.execute(«f"select a from t where b = {‹x›}"», *args)',
        'c.execute(«f"select a from t where b = {‹x›} and c = ?"», (p, q))',
        'c.execute(«f"select a from t where b = {‹(y := x)›}"»)',
        "c.execute(«f\"select a from t where b = '{t}-{‹x›}'\"»)",
        'c.execute(«f"select a from t where b = {‹x›}"» if x else "")',
        'c.execute(«"select a from t where b = %d" % ‹x›»)',
        'c.execute(«"select a from t where b = %s" % ‹x›.y»)',
        'c.execute(«b"select a from t where b = " + ‹x›»)',
        'q = «f"select a from t where b = {‹x›}"»\nprint(q)\nc.execute(q)\n',
        'if y:\n    q = «f"select a from t where b = {‹x›}"»\nelse:\n    q = ""\nc.execute(q)\n',
        'q = ""\nif y:\n    q += «f"select a from t where b = {‹x›}"»\nc.execute(q)\n',
        'q = «f"select a from t where b = {‹x›}"»\nx = 2\nc.execute(q)\n',
        'q = «f"select a from t where b = {‹f()›}"»\ng()\nc.execute(q)\n',
        'q = «f"select a from t where b = {‹x.y›}"»\nx.y = 2\nc.execute(q)\n',
        'q = «f"select a from t where b = {‹x›}"»\nfor x in y:\n    c.execute(q)\n',
        'c.execute(«f"select a from t where b = {x}"»)',
    ],
)
def test_declined(code: str) -> None:
    with pytest.raises(CannotFix):
        bound(code, "qmark")


def test_text_out_of_sight_is_declined_where_percent_matters() -> None:
    code = 'q = BASE\nq += «f" and b = {‹x›}"»\nc.execute(q)\n'
    with pytest.raises(CannotFix):
        bound(code, "format")
    assert bound(code, "qmark") == 'q = BASE\nq += " and b = ?"\nc.execute(q, (x,))\n'
