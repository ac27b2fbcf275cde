"""What earlier runs found is used exactly as far as it holds: a warm run tells what a cold one does, after any edit."""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dodont.engine.analyst import Analysis, Analyst
from dodont.engine.driver import Report, check
from dodont.engine.settings import Settings
from dodont.project import readings
from dodont.project.source import Source

SHOP = Path(__file__).parents[2] / "docs" / "shop"

FILES = {
    "app/__init__.py": "",
    "app/handlers.py": """\
from fastapi import FastAPI

from app.service import find

api = FastAPI()


@api.get("/orders")
def orders(name: str):
    return find(name)
""",
    "app/service.py": """\
from app.store import rows


def find(name):
    return rows(name)
""",
    "app/store.py": """\
import sqlite3

connection = sqlite3.connect("shop.db")


def rows(name):
    return connection.execute("SELECT id FROM orders WHERE name = ?", (name,)).fetchall()


def count():
    return 1
""",
    "app/other.py": """\
from app.clock import now


def late():
    return now()
""",
    "app/clock.py": """\
import time


def now():
    return time.time()
""",
}

UNSAFE = """connection.execute(f"SELECT id FROM orders WHERE name = '{name}'")"""
SAFE = """connection.execute("SELECT id FROM orders WHERE name = ?", (name,))"""


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def cold(root: Path, *names: str) -> Report:
    return check([root / name for name in names or (".",)], Settings(root=root))


@pytest.fixture(autouse=True)
def _readings_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """However lately a file was written: a run takes longer than the time by which its stamp tells two changes apart."""
    monkeypatch.setattr(readings, "RECENT", 0)


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The files that were interpreted for their own sake."""
    found: set[str] = set()
    original = Analyst.file

    def file(self: Analyst, path: str, source: Source | None = None) -> Analysis:
        found.add(self.project.display(path))
        return original(self, path, source)

    monkeypatch.setattr(Analyst, "file", file)
    return found


class Runs:
    """Warm runs over a project, each held against a cold one."""

    def __init__(self, root: Path, analysed: set[str]) -> None:
        self.root = root
        self._analysed = analysed

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text(encoding="utf-8")
        assert old in text
        (self.root / name).write_text(text.replace(old, new), encoding="utf-8")

    def warm(self, *names: str) -> tuple[set[str], set[str]]:
        """The codes found, and the files that were analysed for that."""
        self._analysed.clear()
        paths = [self.root / name for name in names or (".",)]
        found = check(paths, Settings(root=self.root), cache_dir=self.root / ".dodont_cache")
        analysed = set(self._analysed)
        assert found == cold(self.root, *names)
        return {each.code for each in found.diagnostics}, analysed


@pytest.fixture
def runs(tmp_path: Path, analysed: set[str]) -> Runs:
    write(tmp_path, FILES)
    made = Runs(tmp_path, analysed)
    assert made.warm() == (set(), set(FILES))
    assert made.warm() == (set(), set())
    return made


def test_a_change_that_leaves_the_summary_concerns_one_module(runs: Runs) -> None:
    runs.edit("app/store.py", "return 1\n", "return 1  # so far\n")
    assert runs.warm() == (set(), {"app/store.py"})


def test_a_changed_summary_concerns_those_that_consulted_it(runs: Runs) -> None:
    runs.edit("app/store.py", SAFE, UNSAFE)
    # `service` calls what changed, and says what it said: the value is put into the text, and reported, in `store`.
    assert runs.warm() == ({"ODD201"}, {"app/store.py", "app/service.py"})
    runs.edit("app/store.py", UNSAFE, SAFE)
    assert runs.warm() == (set(), {"app/store.py", "app/service.py"})
    runs.edit("app/store.py", ".fetchall()", ".fetchone()")
    # Now `service.find` gives something else.
    assert runs.warm() == (set(), {"app/store.py", "app/service.py", "app/handlers.py"})


def test_a_summary_in_between_stops_the_news(runs: Runs) -> None:
    runs.edit("app/service.py", "return rows(name)", 'rows(name)\n    return "found"')
    runs.warm()
    runs.edit("app/store.py", "def count():\n    return 1", "def count():\n    return 'one'")
    # `service` consulted `store`, and says what it said: `handlers` need not be looked at.
    assert runs.warm() == (set(), {"app/store.py", "app/service.py"})


def test_news_from_two_modules_away(runs: Runs) -> None:
    runs.edit("app/other.py", "def late()", "async def late()")
    assert runs.warm()[0] == set()
    runs.edit("app/clock.py", "return time.time()", "time.sleep(3)")
    assert runs.warm() == ({"ODD702"}, {"app/clock.py", "app/other.py"})


def test_one_file_is_checked_with_what_is_known_of_the_others(runs: Runs) -> None:
    runs.edit("app/store.py", SAFE, UNSAFE)
    assert runs.warm("app/handlers.py") == (set(), {"app/store.py", "app/service.py"})
    assert runs.warm("app/store.py") == ({"ODD201"}, set())


def test_a_file_that_was_checked_alone_is_news_to_the_others(runs: Runs) -> None:
    runs.edit("app/other.py", "def late()", "async def late()")
    assert runs.warm()[0] == set()
    runs.edit("app/clock.py", "return time.time()", "time.sleep(3)")
    assert runs.warm("app/clock.py") == (set(), {"app/clock.py"})
    assert runs.warm("app/other.py") == ({"ODD702"}, {"app/other.py"})
    assert runs.warm() == ({"ODD702"}, set())
    runs.edit("app/store.py", ".fetchall()", ".fetchone()")
    assert runs.warm("app/store.py") == (set(), {"app/store.py"})
    assert runs.warm("app/handlers.py") == (set(), {"app/service.py", "app/handlers.py"})


def test_a_module_that_comes_and_goes(runs: Runs) -> None:
    runs.edit("app/other.py", "from app.clock import now", "from app.watch import now")
    runs.edit("app/other.py", "def late()", "async def late()")
    assert runs.warm()[0] == set()
    write(runs.root, {"app/watch.py": "import time\n\n\ndef now():\n    time.sleep(3)\n"})
    assert runs.warm() == ({"ODD702"}, {"app/watch.py", "app/other.py"})
    (runs.root / "app/watch.py").unlink()
    assert runs.warm() == (set(), {"app/other.py"})


def test_a_module_that_breaks_and_heals(runs: Runs) -> None:
    runs.edit("app/store.py", SAFE, UNSAFE)
    runs.warm()
    runs.edit("app/store.py", "def rows(name):", "def rows(name:")
    assert runs.warm()[0] == {"ODD000"}
    runs.edit("app/store.py", "def rows(name:", "def rows(name):")
    assert runs.warm()[0] == {"ODD201"}


def test_a_stub_is_a_part_of_the_module_it_stands_beside(runs: Runs) -> None:
    runs.edit(
        "app/other.py", "def late():\n    return now()", "async def late():\n    return now().execute('SELECT 1')"
    )
    runs.edit("app/clock.py", "return time.time()", "return make()")
    assert runs.warm()[0] == set()
    stub = "import sqlite3\n\ndef now() -> sqlite3.Connection: ...\n"
    write(runs.root, {"app/clock.pyi": stub})
    assert runs.warm() == ({"ODD702"}, {"app/clock.py", "app/clock.pyi", "app/other.py"})
    assert runs.warm() == ({"ODD702"}, set())
    runs.edit("app/clock.pyi", "Connection", "Row")
    assert runs.warm() == (set(), {"app/clock.py", "app/clock.pyi", "app/other.py"})
    runs.edit("app/clock.pyi", "Row", "Connection")
    assert runs.warm("app/other.py") == ({"ODD702"}, {"app/clock.py", "app/other.py"})
    (runs.root / "app/clock.pyi").unlink()
    assert runs.warm() == (set(), {"app/clock.py", "app/other.py"})


def test_other_settings_are_another_cache(runs: Runs) -> None:
    runs.edit("app/store.py", SAFE, UNSAFE)
    assert runs.warm()[0] == {"ODD201"}
    chosen = Settings(root=runs.root, select=("ODD7",))
    assert not check([runs.root], chosen, cache_dir=runs.root / ".dodont_cache").diagnostics
    assert runs.warm() == ({"ODD201"}, set())


def test_comments_that_silence_are_read_anew(runs: Runs) -> None:
    runs.edit("app/store.py", SAFE, UNSAFE)
    runs.warm()
    runs.edit("app/store.py", UNSAFE + ".fetchall()", UNSAFE + ".fetchall()  # noqa: ODD201")
    assert runs.warm()[0] == set()


def test_no_credential_is_kept(runs: Runs) -> None:
    write(
        runs.root,
        {
            "app/keys.py": 'PASSWORD = "correct horse"\n\n\nclass Keys:\n    api_key = "battery staple"\n\n'
            "    def __init__(self):\n        self.secret_key = 'blue giraffe'\n\n\ndef get_password():\n    return 'loud trumpet'\n",
            "app/own.py": "class Own:\n    def __init__(self):\n        self.secret_key = 'quiet river'\n",
            "app/gives.py": "def password():\n    return 'green ladder'\n",
        },
    )
    runs.warm()
    kept = b"".join(path.read_bytes() for path in (runs.root / ".dodont_cache").iterdir())
    assert b"app/keys.py" in kept
    assert b"correct horse" not in kept
    for held in (b"battery staple", b"blue giraffe", b"quiet river", b"green ladder"):
        assert held not in kept


WORDS = ["None", "password", "execute", "self", "await", "async", "print", "1", "request", "session", "f''"]


def damage(root: Path, names: list[str], kind: str, chance: random.Random) -> None:
    """One edit of one file: of a line, of the order of lines, of the file as a whole."""
    path = root / chance.choice(names)
    if kind == "restore":
        shutil.copytree(SHOP / "app", root / "app", dirs_exist_ok=True)
    elif kind == "remove":
        path.unlink(missing_ok=True)
    elif path.exists():
        lines = path.read_text(encoding="utf-8").split("\n")
        place, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        if kind == "delete":
            del lines[place]
        elif kind == "double":
            lines.insert(place, lines[place])
        elif kind == "blank":
            lines.insert(place, "")
        elif kind == "swap":
            lines[place], lines[other] = lines[other], lines[place]
        elif kind == "word" and lines[place].split():
            lines[place] = lines[place].replace(chance.choice(lines[place].split()), chance.choice(WORDS))
        path.write_text("\n".join(lines), encoding="utf-8")


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["delete", "double", "blank", "swap", "word", "word", "remove", "restore"]),
        st.integers(0, 10**6),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS, one=st.booleans())
def test_warm_is_as_cold_after_any_edits(tmp_path: Path, edits: list[tuple[str, int]], one: bool) -> None:
    root = tmp_path / "shop"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(SHOP, root, ignore=shutil.ignore_patterns("__pycache__", ".*_cache", "*.db"))
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.py"))
    own = Settings(root=root)
    check([root], own, cache_dir=root / ".dodont_cache")
    for kind, seed in edits:
        chance = random.Random(seed)
        damage(root, names, kind, chance)
        paths = [root]
        if one and (there := [root / name for name in names if (root / name).exists()]):
            paths = [chance.choice(there)]
        assert check(paths, own, cache_dir=root / ".dodont_cache") == check(paths, own)


BANK = {
    "bank/__init__.py": "",
    "bank/models.py": """\
from django.db import models


class Account(models.Model):
    pass


class Entry(models.Model):
    account = models.ForeignKey(Account, on_delete=models.CASCADE)

    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        self.account.changed = True
        self.account.save()


def post(request):
    account = Account.objects.create()
    Entry.objects.create(account=account)
""",
    "config/__init__.py": "",
    "config/settings.py": 'DATABASES = {"default": {"ATOMIC_REQUESTS": False}}\n',
}


def test_settings_that_make_every_request_a_transaction(tmp_path: Path) -> None:
    write(tmp_path, BANK)
    chosen = Settings(root=tmp_path, select=("writes-without-transaction",))
    for word, count in (("False", 2), ("True", 0), ("False", 2)):
        (tmp_path / "config/settings.py").write_text(
            f'DATABASES = {{"default": {{"ATOMIC_REQUESTS": {word}}}}}\n', encoding="utf-8"
        )
        found = check([tmp_path], chosen, cache_dir=tmp_path / ".dodont_cache")
        assert found == check([tmp_path], chosen)
        assert len(found.diagnostics) == count
