"""What a baseline knows: moved lines, reformatted code, renamed files, changed functions; and what it never hides."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dodont.core.diagnostic import Diagnostic, Span
from dodont.gate.baseline import BadBaseline, Entry, dump, entries_of, match, pruned, read, together, updated
from dodont.output.result import Result

TODAY = datetime.date(2026, 11, 26)

Finding = tuple[str, str, str, str]  # path, code, symbol, text
SQL: Finding = ("app/db.py", "ODD201", "app.db.rows", "f'SELECT {x}'")


def result(*found: Finding, root: Path = Path("/project")) -> Result:
    """A run whose findings stand one below the other, in the order given."""
    lines: dict[str, list[str]] = {}
    diagnostics = []
    for path, code, symbol, text in found:
        lines.setdefault(path, []).append(text + "\n")
        number = len(lines[path])
        rule = {"ODD201": "sql-from-strings", "ODD202": "select-star"}.get(code, "internal-error")
        diagnostics.append(Diagnostic(rule, code, path, Span(number, 0, number, len(text)), "…", symbol=symbol))
    return Result(
        diagnostics, 1, lambda path: lines.get(path, []), root, frozenset({"sql-from-strings", "select-star"})
    )


def hidden(
    entries: Sequence[Entry], found: Result, checked: Sequence[str] = (), today: datetime.date = TODAY
) -> list[int]:
    paths = {each.path for each in found.diagnostics} | {*checked}
    return sorted(match(entries, found, found.root, paths.__contains__, today).hidden)


def known(*found: Finding) -> tuple[Entry, ...]:
    return entries_of(result(*found), Path("/project"))


def test_what_was_there_is_hidden_wherever_it_stands_in_its_file() -> None:
    other = ("app/db.py", "ODD201", "app.db.new", "f'SELECT {y}'")
    assert hidden(known(SQL), result(SQL)) == [0]
    assert hidden(known(SQL), result(other, other, SQL)) == [2]


def test_reformatted_code_is_the_same() -> None:
    before = ("app/db.py", "ODD201", "app.db.rows", "run(  'a', x)")
    after = ("app/db.py", "ODD201", "app.db.rows", "run('a', x,)  # why")
    assert hidden(known(before), result(after)) == [0]


def test_a_renamed_file_takes_its_findings_along() -> None:
    moved = ("app/store.py", "ODD201", "app.store.rows", SQL[3])
    assert hidden(known(SQL), result(moved)) == [0]


def test_a_copy_is_new_while_the_original_is_there() -> None:
    copy = ("app/store.py", "ODD201", "app.store.rows", SQL[3])
    assert hidden(known(SQL), result(SQL, copy)) == [0]


def test_one_that_changed_within_its_function_is_known_by_number() -> None:
    changed = ("app/db.py", "ODD201", "app.db.rows", "f'SELECT {renamed}'")
    assert hidden(known(SQL), result(changed)) == [0]
    assert hidden(known(SQL), result(SQL, changed)) == [0]


def test_another_rule_or_function_is_new() -> None:
    assert hidden(known(SQL), result(("app/db.py", "ODD202", "app.db.rows", SQL[3]))) == []
    assert hidden(known(SQL), result(("app/db.py", "ODD201", "app.db.other", "f'{z}'"))) == []


def test_as_many_are_hidden_as_were_there() -> None:
    assert hidden(known(SQL, SQL), result(SQL, SQL, SQL)) == [0, 1]


def test_trouble_is_never_hidden() -> None:
    trouble = ("app/db.py", "ODD000", "", "x")
    assert known(trouble) == ()
    assert hidden((Entry("app/db.py", "ODD000", "", "0" * 32),), result(trouble)) == []


def test_expired_entries_hide_nothing_from_the_day_after() -> None:
    (entry,) = known(SQL)
    for until, expected in (("2026-11-26", [0]), ("2026-11-25", [])):
        assert hidden([replace(entry, until=until)], result(SQL)) == expected


def test_stale_entries_are_those_of_files_this_run_told_all_of() -> None:
    entries = known(SQL, ("app/other.py", "ODD201", "app.other.f", "f'{a}'"))
    found = result(root=Path(__file__).parent)  # neither file is there
    matched = match(entries, found, found.root, lambda path: False, TODAY)
    assert len(matched.stale) == 2
    here = Path(__file__).name
    unchecked = [Entry(here, "ODD201", "f", "0" * 32)]
    assert match(unchecked, found, found.root, lambda path: False, TODAY).stale == ()
    assert match(unchecked, found, found.root, lambda path: True, TODAY).stale == tuple(unchecked)
    not_run = replace(found, ran=frozenset())
    assert match(unchecked, not_run, found.root, lambda path: True, TODAY).stale == ()


def test_an_update_shrinks_follows_and_keeps_reasons() -> None:
    (first,) = known(SQL)
    entries = (
        replace(first, count=2, reason="rewritten in spring"),
        *known(("app/gone.py", "ODD202", "app.gone.f", "'*'")),
    )
    found = result(
        ("app/store.py", "ODD201", "app.store.rows", SQL[3]), ("app/new.py", "ODD202", "app.new.f", "'* new'")
    )
    matched = match(entries, found, found.root, {"app/store.py", "app/new.py"}.__contains__, TODAY)
    smaller = updated(entries, found, found.root, matched, growing=False)
    assert [(each.path, each.count, each.reason) for each in smaller] == [("app/store.py", 1, "rewritten in spring")]
    larger = updated(entries, found, found.root, matched, growing=True)
    assert [each.path for each in larger] == ["app/new.py", "app/store.py"]
    assert [each.path for each in pruned(entries, matched)] == ["app/db.py"]


def test_reading_tells_what_is_wrong(tmp_path: Path) -> None:
    at = tmp_path / "b.json"
    with pytest.raises(BadBaseline, match="no such baseline; make it with"):
        read(at)
    for content, complaint in (
        ("{}", "no baseline of dodont"),
        ("not json", "no baseline of dodont"),
        ("[]", "no baseline of dodont"),
        ('[{"baseline": "dodont", "schema": 99}]', "schema 99"),
        ('[{"baseline": "dodont", "schema": 1}\n,{"path": "a"}]', "entry 1"),
        (
            '[{"baseline": "dodont", "schema": 1}\n,{"path": "a","code":"c","symbol":"","fingerprint":"f","count":0}]',
            "entry 1",
        ),
        (
            '[{"baseline": "dodont", "schema": 1}\n,{"path": "a","code":"c","symbol":"","fingerprint":"f","until":"x"}]',
            "entry 1",
        ),
        ("[\n<<<<<<< ours\n", "conflict markers"),
    ):
        at.write_text(content)
        with pytest.raises(BadBaseline, match=complaint):
            read(at)


_WORDS = st.text(st.characters(exclude_categories=()), max_size=8)
_ENTRIES = st.lists(
    st.builds(
        Entry,
        path=_WORDS,
        code=st.sampled_from(["ODD201", "ODD202"]),
        symbol=_WORDS,
        fingerprint=st.sampled_from(["a" * 32, "b" * 32]),
        count=st.integers(1, 9),
        reason=_WORDS,
        until=st.sampled_from(["", "2027-01-01"]),
    ),
    max_size=8,
)


@given(_ENTRIES, st.randoms())
def test_what_is_written_is_read_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Entry], random: object
) -> None:
    at = tmp_path_factory.getbasetemp() / "written.json"
    text = dump(entries)
    at.write_bytes(text.encode())
    assert read(at) == together(entries)
    assert dump(read(at)) == text
    head, *rows = text.splitlines()[:-1]
    random.shuffle(rows)  # type: ignore[attr-defined]
    at.write_bytes("\n".join([head, *rows, *rows, "]"]).encode())  # as a union merge may leave it
    assert read(at) == together(entries)


@given(st.lists(st.sampled_from([SQL, (*SQL[:3], "f'{b}'"), ("app/b.py", "ODD202", "app.b.f", "'*'")]), max_size=6))
def test_a_new_baseline_hides_all_and_an_update_of_it_changes_nothing(found: list[Finding]) -> None:
    run = result(*sorted(found))
    entries = entries_of(run, run.root)
    matched = match(entries, run, run.root, lambda path: True, TODAY)
    assert len(matched.hidden) == len(found)
    assert matched.stale == ()
    for growing in (True, False):
        assert updated(entries, run, run.root, matched, growing=growing) == entries
