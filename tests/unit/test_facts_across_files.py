"""Facts are carried through whatever stands between two functions: imports, classes, decorators, containers, circles.

The examples are in ``tests/unit/facts/*.md``, in the format of the cards' own; each has ``effects.py`` beside its files. A pattern
is matched against code and message, and every example is checked in two orders of its files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dodont.core.card import Example, examples
from dodont.core.diagnostic import Diagnostic
from dodont.engine.driver import Run, interpreting
from tests import cards

FACTS = Path(__file__).parent / "facts"
EFFECTS = (FACTS / "effects.py").read_text(encoding="utf-8")
RULES = (
    "sql-from-strings",
    "secret-in-log",
    "missing-await",
    "blocking-call-in-coroutine",
    "database-access-in-controller",
    "connection-per-call",
    "plain-text-password",
)


@dataclass(frozen=True, slots=True)
class Case:
    topic: str
    example: Example

    def __str__(self) -> str:
        return f"{self.topic}-{self.example.title.replace(' ', '-').lower()}"


def cases(*sections: str) -> Iterator[Case]:
    for path in sorted(FACTS.glob("*.md")):
        for example in examples(path.read_text(encoding="utf-8")):
            if example.section in sections:
                yield Case(path.stem, example)


def parametrized(*sections: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", list(cases(*sections)), ids=str)


def found(case: Case, root: Path) -> list[tuple[str, int, str]]:
    """What is reported, the same in both orders of the files."""
    files = dict(case.example.files)
    cards.write({"effects.py": EFFECTS, **files}, root)
    names = [name for name in files if name.endswith(".py")]
    answers = [_places(files, _check(root, order)) for order in (names, names[::-1])]
    assert answers[0] == answers[1], "the order of the files shows"
    return answers[0]


def _check(root: Path, names: list[str], cache: Path | None = None) -> list[Diagnostic]:
    with interpreting():
        run = Run(cards.settings(root, select=RULES), cache_dir=cache)
        return list(run.files([str(root / name) for name in names]))


def _places(files: dict[str, str], diagnostics: list[Diagnostic]) -> list[tuple[str, int, str]]:
    return sorted(
        (each.path, cards._commentable(files.get(each.path, ""), each), f"{each.code} {each.message}")
        for each in diagnostics
    )


@parametrized("Bad")
def test_a_fact_arrives(case: Case, tmp_path: Path) -> None:
    wanted = cards.wanted(case.example.files)
    answer = found(case, tmp_path)
    missing = [
        place for place in wanted if not any(place[:2] == each[:2] and re.search(place[2], each[2]) for each in answer)
    ]
    surplus = [
        each for each in answer if not any(each[:2] == place[:2] and re.search(place[2], each[2]) for place in wanted)
    ]
    assert wanted and (missing, surplus) == ([], [])


@parametrized("Good")
def test_no_fact_where_there_is_none(case: Case, tmp_path: Path) -> None:
    assert not cards.wanted(case.example.files)
    assert found(case, tmp_path) == []


@parametrized("Known misses")
def test_what_is_missed_still_is(case: Case, tmp_path: Path) -> None:
    assert any(cards.MISS.search(text) for text in case.example.files.values())
    assert found(case, tmp_path) == [], "found now: promote it to Bad with a `# want`"


@parametrized("Bad", "Good")
def test_what_earlier_runs_knew_says_the_same(case: Case, tmp_path: Path) -> None:
    """Each file in turn is analysed anew, the others are known from their summaries."""
    files = {"effects.py": EFFECTS, **case.example.files}
    cards.write(files, tmp_path)
    names, cache = [name for name in files if name.endswith(".py")], tmp_path / ".dodont_cache"
    first = _places(files, _check(tmp_path, names, cache))
    for name in names:
        cards.write({name: files[name] + "# touched\n"}, tmp_path)
        assert _places(files, _check(tmp_path, names, cache)) == first, name
