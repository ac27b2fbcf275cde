"""``[tool.dodont.models]``: what a project says of its own wrappers and of libraries dodont does not know."""

from __future__ import annotations

from pathlib import Path

from dodont.config import load
from dodont.engine.driver import check

SETTINGS = """\
[models."company.db.run_sql"]
sql = { text = 0, keyword = "text", parameters = 1, style = "named" }

[models."company.db.fetch"]
sql = { text = 0, style = "named" }

[models."acme.store.Store".methods.run]
sql = { text = 0, parameters = 1, style = "qmark" }

[models."sqlite3.connect"]
returns = "acme.store.Store"
"""

WRAPPERS = """\
import driver


def run_sql(text, values=None):
    return driver.go(text, values)


async def fetch(text):
    return await driver.later(text)
"""

USES = """\
import sqlite3

from acme.store import Store
from company.db import fetch, run_sql


def positional(name):
    return run_sql(f"SELECT id FROM users WHERE name = '{name}'")


def by_name(name):
    return run_sql(text="SELECT id FROM users WHERE name = '%s'" % name)


def bound(name):
    return run_sql("SELECT id FROM users WHERE name = :name", {"name": name})


async def dropped():
    fetch("SELECT id FROM users")


def foreign(store: Store, name):
    return store.run("SELECT id FROM users WHERE name = '" + name + "'")


def overridden(name):
    return sqlite3.connect("x").run(f"SELECT id FROM users WHERE name = '{name}'")
"""


def found(root: Path, *, settings: str = SETTINGS) -> list[tuple[int, str]]:
    (root / "dodont.toml").write_text(settings)
    (root / "company").mkdir(exist_ok=True)
    (root / "company" / "__init__.py").write_text("")
    (root / "company" / "db.py").write_text(WRAPPERS)
    (root / "uses.py").write_text(USES)
    return [(each.span.line, each.code) for each in check([root / "uses.py"], load(root)).diagnostics]


def test_a_model_goes_before_the_body_of_a_wrapper_and_before_a_shipped_model(tmp_path: Path) -> None:
    assert found(tmp_path) == [
        (8, "ODD201"),
        (12, "ODD201"),
        (20, "ODD701"),
        (24, "ODD201"),
        (28, "ODD201"),
    ]


def test_without_models_the_wrapper_says_nothing(tmp_path: Path) -> None:
    assert found(tmp_path, settings="") == [(20, "ODD701")]
