from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dodont.config.model import check_cards
from dodont.core.card import CardError
from dodont.engine import catalogue

CARD = """\
+++
code = "ODD202"
summary = "SELECT * in a query"
practices = ["dont-db-2"]
category = "performance"
status = "stable"
since = "0.1"
cwe = ["89"]

[messages]
star = "`SELECT *` reads every column"

[options]
limit = 3

[measured]
findings = 40
right = 39
on = "2026-11"
+++

Reads more than is needed.
"""


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    (tmp_path / "database").mkdir()
    (tmp_path / "database" / "select-star.md").write_text(CARD, encoding="utf-8")
    return tmp_path


def test_the_catalogue_says_what_the_cards_say() -> None:
    assert catalogue.CATALOGUE.read_text(encoding="utf-8") == catalogue.build(catalogue.cards_dir()), (
        "stale: run python -m dodont.engine.catalogue"
    )


def test_every_card_has_a_valid_head() -> None:
    assert check_cards(catalogue.cards_dir()) == []


def test_the_practices_are_41_dos_and_28_donts() -> None:
    practices = catalogue.practices()
    kinds = [practice.kind for practice in practices]
    assert (kinds.count("do"), kinds.count("dont")) == (41, 28)
    assert len({practice.id for practice in practices}) == 69
    assert all(practice.id.startswith(practice.kind + "-") and practice.text for practice in practices)


def test_rules_come_back_as_the_card_declared_them(cards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = catalogue.build(cards)
    (line,) = built.splitlines()
    assert list(json.loads(line)) == sorted(json.loads(line))
    file = cards / "catalogue.jsonl"
    file.write_text(built, encoding="utf-8")
    monkeypatch.setattr(catalogue, "CATALOGUE", file)
    rules = catalogue.rules.__wrapped__()
    rule = rules["select-star"]
    assert (rule.code, rule.family, rule.practices, rule.options) == (
        "ODD202",
        "database",
        ("dont-db-2",),
        {"limit": 3},
    )
    assert rule.cwe == ("89",)
    assert rule.precision == 39 / 40
    with pytest.raises(TypeError):
        rules["other"] = rule


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('"ODD202"', '"ODD402"', "belongs to the family 'security'"),
        ('"ODD202"', '"ODD2022"', "code"),
        ('"dont-db-2"', '"dont-db-22"', "did you mean 'dont-db-2'?"),
        ('status = "stable"', 'status = "beta"', "status"),
        ("right = 39", "right = 41", "more right findings than findings"),
        ('since = "0.1"', "since = 0.1", "since"),
    ],
)
def test_a_wrong_head_is_named(cards: Path, old: str, new: str, complaint: str) -> None:
    path = cards / "database" / "select-star.md"
    path.write_text(CARD.replace(old, new), encoding="utf-8")
    problems = check_cards(cards)
    assert len(problems) == 1
    assert str(path) in problems[0]
    assert complaint in problems[0]


def test_a_code_is_given_once(cards: Path) -> None:
    (cards / "database" / "star-select.md").write_text(CARD, encoding="utf-8")
    (problem,) = check_cards(cards)
    assert "'ODD202' is taken by" in problem


def test_an_unknown_field_stops_the_build(cards: Path) -> None:
    path = cards / "database" / "select-star.md"
    path.write_text(CARD.replace("since =", "sinse ="), encoding="utf-8")
    with pytest.raises(CardError, match="select-star"):
        catalogue.build(cards)


def test_reading_rules_loads_nothing_heavy() -> None:
    heavy = ("pydantic", "libcst", "astroid", "sqlglot", "rich", "pathspec", "tomllib")
    code = (
        "import sys; from dodont.engine import catalogue, selection, settings; catalogue.rules(); "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
