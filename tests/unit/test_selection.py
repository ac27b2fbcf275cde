from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dodont.core.rule import Rule
from dodont.engine.selection import UnknownSelection, matching, select, selects
from dodont.engine.settings import Settings


def rule(code: str, name: str, **fields: Any) -> Rule:
    given = {"summary": "x", "practices": (), "category": "c", "status": "stable", "since": "0.1", **fields}
    return Rule(name=name, code=code, **given)


RULES = {
    each.name: each
    for each in (
        rule("ODD201", "sql-from-strings", practices=("do-db-1", "dont-db-1"), aliases=("sql-concat",)),
        rule("ODD202", "select-star", practices=("dont-db-2",)),
        rule("ODD211", "many-commits", practices=("do-db-3",), status="strict"),
        rule("ODD214", "fresh", practices=("do-db-1",), status="preview"),
        rule("ODD401", "secret-in-log", practices=("dont-sec-2",)),
        rule("ODD402", "no-rate-limit", practices=("do-sec-4",), scope="project"),
    )
}
STABLE = {"sql-from-strings", "select-star", "secret-in-log", "no-rate-limit"}


def chosen(**fields: Any) -> frozenset[str]:
    return select(RULES, Settings(root=Path("/p"), **fields))


def test_every_stable_rule_runs_by_default() -> None:
    assert chosen() == STABLE


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("ODD201", {"sql-from-strings"}),
        ("sql-from-strings", {"sql-from-strings"}),
        ("sql-concat", {"sql-from-strings"}),
        ("ODD2", {"sql-from-strings", "select-star"}),
        ("database", {"sql-from-strings", "select-star"}),
        ("do-db-1", {"sql-from-strings"}),
        ("ODD", STABLE),
        ("ALL", set(RULES)),
        ("many-commits", {"many-commits"}),
        ("ODD214", {"fresh"}),
        ("do-db-3", set()),
        ("ODD21", set()),
        ("testing", set()),
    ],
)
def test_a_word_selects(word: str, expected: set[str]) -> None:
    assert chosen(select=(word,)) == expected


@pytest.mark.parametrize(
    ("select_", "ignore", "expected"),
    [
        (("ODD2",), ("ODD201",), {"select-star"}),
        (("ODD201",), ("ODD2",), {"sql-from-strings"}),
        (("ODD201",), ("sql-from-strings",), set()),
        (("do-db-1",), ("database",), {"sql-from-strings"}),
        (("ODD2",), ("database",), set()),
        (("ALL",), ("ODD",), set()),
        ((), ("ALL",), set()),
        (("many-commits",), ("ODD2",), {"many-commits"}),
    ],
)
def test_the_most_specific_word_wins_and_a_tie_ignores(
    select_: tuple[str, ...], ignore: tuple[str, ...], expected: set[str]
) -> None:
    assert chosen(select=select_, ignore=ignore) == expected


def test_extend_select_adds_to_the_default_and_extend_ignore_to_ignore() -> None:
    assert chosen(extend_select=("many-commits",)) == STABLE | {"many-commits"}
    assert chosen(ignore=("ODD2",), extend_ignore=("secret-in-log",)) == {"no-rate-limit"}


def test_rules_that_need_the_whole_project_can_be_dropped() -> None:
    assert chosen(project_rules=False) == STABLE - {"no-rate-limit"}


@pytest.mark.parametrize("word", ["do-db-6", "ODD3", "api", "ALL", "ODD"])
def test_words_without_rules_yet_are_known(word: str) -> None:
    matching(word, RULES)


@pytest.mark.parametrize(
    ("word", "nearest"),
    [("sql-from-string", "sql-from-strings"), ("odd201", "ODD201"), ("Database", "database"), ("all", "ALL")],
)
def test_an_unknown_word_names_the_nearest(word: str, nearest: str) -> None:
    with pytest.raises(UnknownSelection) as caught:
        chosen(ignore=(word,))
    assert caught.value.nearest[0] == nearest
    assert repr(nearest) in str(caught.value)


@pytest.mark.parametrize("word", ["ODD9", "ODD29", "E501", "do-db-99", ""])
def test_words_that_mean_nothing_are_refused(word: str) -> None:
    with pytest.raises(UnknownSelection):
        chosen(select=(word,))


def test_files_are_spared_by_glob() -> None:
    at = selects(
        RULES, Settings(root=Path("/p"), per_file_ignores=(("tests/", ("ODD2",)), ("*_old.py", ("secret-in-log",))))
    )
    assert at("app/a.py") == STABLE
    assert at("tests/unit/a.py") == {"secret-in-log", "no-rate-limit"}
    assert at("tests/a_old.py") == {"no-rate-limit"}
    with pytest.raises(UnknownSelection):
        selects(RULES, Settings(root=Path("/p"), per_file_ignores=(("x", ("nope",)),)))
