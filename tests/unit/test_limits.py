"""What is bounded so that nothing hangs and nothing is said of a file that is not its own fault."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dodont.engine import driver, fixing
from dodont.engine.settings import Settings
from dodont.semantic import statements
from dodont.semantic.values import MAX_TEXT, Hole, Value, merge

BLOCKING = "import time\nasync def f():\n    time.sleep(1)\n"


def said(root: Path, files: dict[str, str]) -> list[tuple[str, str, str]]:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    found = driver.check([root], Settings(root=root, select=("ALL",))).diagnostics
    return [(each.path, each.code, each.message) for each in found]


def test_a_file_that_takes_too_many_steps_costs_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "MAX_STEPS", 2000)
    monkeypatch.setattr(statements, "MAX_REPEATED", 99)
    loops = "".join(" " * depth + f"for i{depth} in rows:\n" for depth in range(1, 15))
    text = "".join(f"def f{i}(rows):\n x = ''\n{loops}{' ' * 15}x += f'{{i1}}'\n" for i in range(3))
    (long, _, message), (other, code, _) = said(tmp_path, {"a.py": text, "b.py": BLOCKING})
    assert (long, other, code) == ("a.py", "b.py", "ODD702")
    assert message == "takes too many steps to be analysed; the rest of the file was left out"


def test_steps_are_as_many_as_a_long_file_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "MAX_STEPS", 200)
    assert said(tmp_path, {"a.py": "x = 1\n" * 5000 + BLOCKING}) == said(
        tmp_path, {"a.py": BLOCKING + "x = 1\n" * 5000}
    )


BLOCKS = (" if q:\n  for a in q:\n   with a:\n    try:\n     while a:\n      if a:\n       with b:\n"
          "        return u(v(w(x(y(z(f{}(q)))))))\n    except E: pass\n")  # fmt: skip


def test_functions_that_call_each_other_in_a_long_row_are_not_too_deep(tmp_path: Path) -> None:
    """None of them is nested deeply; the interpretation of one in the other, in the other, would be."""
    row = "".join(f"def f{i}(q):\n{BLOCKS.format(i + 1)}" for i in range(300))
    assert [code for _, code, _ in said(tmp_path, {"row.py": row + BLOCKING})] == ["ODD702"]


def test_modules_that_import_each_other_in_a_long_row_are_not_too_deep(tmp_path: Path) -> None:
    row = {
        f"m{i}.py": f"from m{i + 1} import x\nif a:\n if b:\n  y = u(v(w(x(y(z(x.y()))))))\n  x = y.a\n"
        for i in range(400)
    }
    assert [code for _, code, _ in said(tmp_path, {**row, "other.py": BLOCKING})] == ["ODD702"]


def test_what_a_row_of_functions_ends_with_is_known(tmp_path: Path) -> None:
    row = "".join(f"def f{i}(q):\n return f{i + 1}(q)\n" for i in range(100))
    text = f"import time\n{row}def f100(q):\n time.sleep(q)\nasync def g():\n f98(1)\n"
    assert [code for _, code, _ in said(tmp_path, {"row.py": text})] == ["ODD702"]


def test_a_text_is_cut_where_it_is_too_long() -> None:
    hole = Hole(Value(), None)
    assert merge(["a" * MAX_TEXT * 2]) == ("a" * MAX_TEXT * 2,)
    assert merge(["a" * MAX_TEXT, "b" * MAX_TEXT, hole]) == ("a" * MAX_TEXT,)
    assert merge(["a", "", "b", hole, "c", "d"]) == ("ab", hole, "cd")


def test_a_function_defined_in_a_loop_is_told_of_once(tmp_path: Path) -> None:
    text = "import time\ndef f(q):\n x = ''\n for a in q:\n  x += f'{a}'\n  async def g():\n   time.sleep(1)\n  h(g)\n"
    assert [code for _, code, _ in said(tmp_path, {"a.py": text})] == ["ODD702"]


def test_a_loop_within_three_others_still_reads_what_it_left(tmp_path: Path) -> None:
    text = """import sqlite3
def f(rows, name):
    where = ""
    for a in rows:
        for b in a:
            for c in b:
                for d in c:
                    sqlite3.connect("").execute("SELECT id FROM t WHERE " + where)
                    where += f" AND name = '{name}'"
"""
    assert [message for _, code, message in said(tmp_path, {"a.py": text}) if code != "ODD000"]


def quick(seconds: float, work: Callable[[], object]) -> None:
    started = time.process_time()
    work()
    assert time.process_time() - started < seconds


@pytest.mark.parametrize(
    "text",
    (
        "def f():\n  global x\n" + "\n" * 300_000,
        "import logging\ndef f(token):\n  logging.info('" + "%0" * 50_000 + "', token)\n",
        "import logging\ndef f(token):\n  logging.info('%" + "0" * 100_000 + "', token)\n",
        "import logging\ndef f(token):\n  logging.info('" + "%(a" * 50_000 + "' % token)\n",
        "import time\nasync def f():\n  time.sleep(1)  # noqa: " + "A1 " * 100_000 + "!\n",
        "import time\nasync def f():\n  time.sleep(1)  " + "# dodont: ignore[" * 10_000 + "\n",
        "import sqlite3\ndef f(q):\n  sqlite3.connect('').execute('select " + "a.b." * 50_000 + " from ' + q)\n",
        "import sqlite3\ndef f(q):\n  sqlite3.connect('').execute('" + "(-- a\\n" * 50_000 + " from ' + q)\n",
        "x = ['a'] * 10**9\ny = 'a' * 10**10\nz = 'a'.zfill(10**10)\nw = '%99999999999d' % 5\nv = bytes(10**12)\n",
    ),
    ids=("blank", "flags", "zeros", "names", "noqa", "ignore", "names-in-sql", "comments-in-sql", "large-values"),
)  # fmt: skip
def test_no_text_is_gone_over_again_and_again(tmp_path: Path, text: str) -> None:
    quick(10, lambda: said(tmp_path, {"a.py": text}))


def test_a_model_named_as_its_base_elsewhere_is_no_circle(tmp_path: Path) -> None:
    models = """from django.db import models
class User(auth.User):
    name = models.CharField()
    class Meta:
        db_table = "users"
class A(B):
    name = models.CharField()
    class Meta:
        db_table = "accounts"
class B(A):
    name = models.CharField()
"""
    queries = "import sqlite3\nfor table in (1, 2):\n    sqlite3.connect('').execute('select * from users')\n"
    quick(10, lambda: said(tmp_path, {"app/models.py": models, "q.py": queries + queries.replace("users", "accounts")}))


def test_what_the_parser_takes_is_read_in_tests_too(tmp_path: Path) -> None:
    assert (
        said(
            tmp_path, {"tests/test_a.py": "from __future__ import braces\n", "b.py": "from __future__ import braces\n"}
        )
        == []
    )


def test_one_fix_that_does_not_hold_costs_few_checks(tmp_path: Path) -> None:
    for index in range(64):
        (tmp_path / f"m{index}.py").write_text("import time\n\n\nasync def f() -> None:\n    time.sleep(1)\n")
    checks = 0

    def check(paths: object, settings: object, *, source_overrides: dict[Path, bytes] | None = None) -> fixing.Checked:
        nonlocal checks
        checks += 1
        report = driver.check([tmp_path], Settings(root=tmp_path), source_overrides=source_overrides)
        broken = source_overrides is not None and b"await" in source_overrides.get(tmp_path / "m17.py", b"")
        return driver.Report(
            (*report.diagnostics, *report.diagnostics[:1]) if broken and report.diagnostics else report.diagnostics, 64
        )

    report = fixing.fix([tmp_path], Settings(root=tmp_path), unsafe=True, write=False, check=check)
    assert len(report.changed) >= 63
    assert checks < 40


def test_a_comment_after_a_string_of_several_lines_covers_them_whatever_ends_lines(tmp_path: Path) -> None:
    text = (
        'import sqlite3\ndef f(q):\n    sqlite3.connect("").execute(f"""\n    SELECT id FROM t WHERE a = {q}\n    """)  # noqa\n'
        * 200
    )
    (tmp_path / "a.py").write_bytes(text.replace("\n", "\r").encode())
    quick(10, lambda: driver.check([tmp_path], Settings(root=tmp_path)))
    assert driver.check([tmp_path], Settings(root=tmp_path)).diagnostics == ()


def test_a_call_with_a_thousand_secrets(tmp_path: Path) -> None:
    text = "import logging\ndef f(password):\n    logging.info(" + "password + " * 1000 + "'a')\n"
    quick(20, lambda: said(tmp_path, {"a.py": text}))
