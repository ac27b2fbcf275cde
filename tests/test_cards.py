"""Every card is a test: what it calls bad is found, what it calls good is left alone, its fix gives what it shows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from dodont.core.rule import Rule
from dodont.engine import catalogue
from dodont.engine.host import check_tree
from dodont.engine.settings import Settings
from tests import cards
from tests.cards import Case

STABLE = [card for card in cards.cards() if card.rule.status == "stable"]


def parametrized(*sections: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cards.of(*sections), ids=str)


def asked(rule: Rule) -> tuple[str, ...]:
    """What runs to see a rule at work: it alone; what is said of comments hangs on what the others find."""
    return (rule.name,) if rule.family != "dodont" else ("ODD", rule.name)


@parametrized("Bad")
def test_bad_is_found(case: Case, tmp_path: Path) -> None:
    """Each ``# want`` is one finding on its line, and there are no others."""
    files, wanted = case.example.files, cards.wanted(case.example.files)
    assert wanted, "a Bad example expects at least one finding"
    found = cards.places(files, cards.findings(files, tmp_path, select=asked(case.rule)))
    assert [place[:2] for place in found] == [place[:2] for place in wanted], found
    for name, line, pattern in wanted:
        messages = [message for *place, message in found if place == [name, line]]
        assert any(re.search(pattern, message) for message in messages), (name, line, pattern, messages)


@parametrized("Bad")
def test_bad_is_found_in_every_spelling(case: Case, tmp_path: Path) -> None:
    files = case.example.files
    wanted = [place[:2] for place in cards.wanted(files)]
    for number, (spelling, new) in enumerate(cards.respelt(files)):
        found = cards.places(new, cards.findings(new, tmp_path / str(number), select=asked(case.rule)))
        assert [place[:2] for place in found] == wanted, f"imports {spelling}:\n\n" + "\n\n".join(new.values())


@parametrized("Fixed")
def test_fixed_is_what_the_fix_gives(case: Case, tmp_path: Path) -> None:
    bad = next(each for each in cards.of("Bad") if cards.fixed_of(each) == case)
    before = cards.bare(bad.example.files)
    after = cards.fixed(before, tmp_path / "once", case.rule.name)
    assert after == {**before, **case.example.files}
    assert after != before
    for name, text in after.items():
        ast.parse(text, name)
    assert cards.fixed(after, tmp_path / "twice", case.rule.name) == after


@parametrized("Good", "Fixed")
def test_good_is_good_for_every_rule(case: Case, tmp_path: Path) -> None:
    assert not cards.wanted(case.example.files), "a want belongs under Bad"
    files = dict(case.example.files)
    if case.example.section == "Fixed":
        bad = next(each for each in cards.of("Bad") if cards.fixed_of(each) == case)
        files = {**cards.bare(bad.example.files), **files}
    # After a fix there may be more that has none.
    select = ("ODD", case.rule.name) if case.example.section == "Good" else ()
    found = cards.findings(files, tmp_path, select=select)
    assert [(each.path, each.span.line, each.code, each.message) for each in found] == []


@parametrized("Known misses")
def test_known_misses_are_still_missed(case: Case, tmp_path: Path) -> None:
    files = case.example.files
    assert any(cards.MISS.search(text) for text in files.values()), "say `# miss: reason` on the line"
    found = cards.places(files, cards.findings(files, tmp_path, select=asked(case.rule)))
    assert found == [], "found now: promote it to Bad with a `# want`"


@parametrized("Bad", "Good", "Fixed", "Known misses")
def test_no_rule_changes_the_tree(case: Case, tmp_path: Path) -> None:
    cards.write(case.example.files, tmp_path)
    for name, text in case.example.files.items():
        if name.endswith(".py"):
            tree = ast.parse(text)
            before = ast.dump(tree, include_attributes=True)
            check_tree(
                str(tmp_path / name), tree, text.splitlines(keepends=True), Settings(root=tmp_path, select=("ALL",))
            )
            assert ast.dump(tree, include_attributes=True) == before, name


def test_no_example_is_there_twice() -> None:
    seen: dict[tuple[str, ...], Case] = {}
    for case in cards.of("Bad", "Good", "Known misses"):
        key = (case.rule.name, *(part for item in sorted(cards.bare(case.example.files).items()) for part in item))
        assert key not in seen, f"{case} says the same as {seen[key]}"
        seen[key] = case


@pytest.mark.parametrize("card", STABLE, ids=lambda card: card.rule.name)
def test_stable_rules_show_what_they_mean(card: cards.Card) -> None:
    assert card.of("Bad") and card.of("Good")
    assert card.of("Fixed") or card.rule.fix in (None, "display")
    assert len(card.prose.split()) >= 60, "say what, why, how to fix it, and what is deliberately not reported"


@pytest.mark.parametrize("card", STABLE, ids=lambda card: card.rule.name)
def test_every_fixed_has_its_bad(card: cards.Card) -> None:
    fixed = [case for case in cards.of("Fixed") if case.rule == card.rule]
    assert fixed == [
        cards.fixed_of(case) for case in cards.of("Bad") if case.rule == card.rule and cards.fixed_of(case)
    ]


def test_odd_cases_belong_to_a_rule() -> None:
    assert {path.stem for path in cards.ODD_CASES.glob("*.md")} <= set(catalogue.rules())
