"""Comments that silence: which do, which turn out to silence nothing, and writing them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from dodont.core.diagnostic import Diagnostic, Span
from dodont.engine.accepting import commented
from dodont.engine.driver import check
from dodont.engine.settings import Settings
from dodont.engine.suppression import kept
from dodont.project.comments import comments

FAULT = "import time\n\n\nasync def pause() -> None:\n    time.sleep(1){}\n"


def codes(tmp_path: Path, text: str, *, name: str = "a.py", **settings: object) -> list[str]:
    (tmp_path / name).write_text(text)
    report = check([tmp_path / name], Settings(root=tmp_path, **settings))  # type: ignore[arg-type]
    return [f"{each.code}:{each.span.line}:{each.span.column}" for each in report.diagnostics]


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("", ["ODD702:5:4"]),
        ("  # dodont: ignore[blocking-call-in-coroutine] why", []),
        ("  # dodont: ignore[ODD702] why", []),
        ("  # dodont: ignore[ODD7]", []),
        ("  # noqa: ODD702", []),
        ("  # noqa", []),
        ("  # noqa: E501", ["ODD702:5:4"]),
        ("  # noqa: E501, ODD702, ODD201", ["ODD001:5:41"]),
        ("  # dodont: ignore[ODD702, select-star]", ["ODD001:5:44"]),
        ("  # dodont: ignore[select-star] # noqa: ODD702", ["ODD001:5:36"]),
        ("  # dodont: ignore[misspelt]", ["ODD702:5:4", "ODD001:5:36"]),
        ("  # dodont: ignore[ODD702]  # noqa: ODD702", []),
        ("  # dodont: ignore[ODD002, ODD702] strict rules do not run", []),
        ("  # dodont: ignore[unused-suppression, select-star, ODD702]", []),
    ],
)
def test_names_that_silence_nothing_are_told(tmp_path: Path, comment: str, expected: list[str]) -> None:
    assert codes(tmp_path, FAULT.format(comment)) == expected


def test_a_file_wide_comment_is_used_by_any_finding(tmp_path: Path) -> None:
    text = "# dodont: ignore-file[ODD702, select-star] an old script\n" + FAULT.format("")
    assert codes(tmp_path, text) == ["ODD001:1:30"]


def test_what_did_not_run_is_not_judged(tmp_path: Path) -> None:
    text = FAULT.format("  # dodont: ignore[select-star, ODD702]")
    assert codes(tmp_path, text, ignore=("ODD202",)) == []
    assert codes(tmp_path, text, select=("ODD702", "ODD001")) == []
    assert codes(tmp_path, text, per_file_ignores=(("a.py", ("ODD202",)),)) == []
    assert codes(tmp_path, text, ignore=("ODD001",)) == []


def test_a_text_that_shows_the_comment_is_none(tmp_path: Path) -> None:
    text = '"""Write\n\n    time.sleep(1)  # dodont: ignore[ODD702] why\n"""\n\nHELP = "# noqa: ODD702"\n'
    assert codes(tmp_path, text) == []


def test_nothing_is_said_of_a_file_that_is_not_known_to_the_end() -> None:
    text = "x = 1  # dodont: ignore[ODD702]\n"
    unused = Diagnostic("unused-suppression", "ODD001", "a.py", Span(1, 24, 1, 30), "…")
    trouble = Diagnostic("internal-error", "ODD000", "a.py", Span(1, 0, 1, 0), "…")
    assert list(kept([unused], text)) == [unused]
    assert list(kept([unused, trouble], text)) == [trouble]


def test_under_flake8_its_own_comments_are_its_own() -> None:
    unused = Diagnostic("unused-suppression", "ODD001", "a.py", Span(1, 15, 1, 21), "…")
    assert list(kept([unused], "x = 1  # noqa: ODD702\n", noqa=False)) == []


def test_reasons_stand_behind_the_names() -> None:
    lines = [
        "x  # dodont: ignore[a] the reason\n",
        "x  # dodont: ignore[a]: the reason\n",
        "x  # dodont: ignore[a] - the reason # other\n",
        "x  # noqa: ODD201 the reason\n",
        "x  # noqa: ODD201 - the reason\n",
        "x  # dodont: ignore[a]\n",
        "x  # noqa: ODD201,E501\n",
    ]
    assert [each.reason for each in comments(lines)] == ["the reason"] * 5 + ["", ""]


def test_reasons_are_asked_for_on_request(tmp_path: Path) -> None:
    text = FAULT.format("  # dodont: ignore[ODD702]")
    assert codes(tmp_path, text) == []
    assert codes(tmp_path, text, extend_select=("suppression-without-reason",)) == ["ODD002:5:19"]
    assert codes(tmp_path, FAULT.format("  # dodont: ignore[ODD702] why"), extend_select=("ODD002",)) == []


# ---------------------------------------------------------------------------------------------------------- writing


def finding(line: int, rule: str = "select-star", code: str = "ODD202") -> Diagnostic:
    return Diagnostic(rule, code, "a.py", Span(line, 0, line, 1), "…")


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("run(1)\n", 1, "run(1)  # dodont: ignore[select-star] old\n"),
        ("run(1)  # why\r\n", 1, "run(1)  # why  # dodont: ignore[select-star] old\r\n"),
        ("run(1)", 1, "run(1)  # dodont: ignore[select-star] old"),
        (
            "run(1)  # dodont: ignore[other] yes\n", 1,
            "run(1)  # dodont: ignore[other, select-star] yes\n",
        ),
        ('run("""a\nb\n""", 2)\n', 1, 'run("""a\nb\n""", 2)  # dodont: ignore[select-star] old\n'),
        ("run(\n    1,\n)\n", 1, "run(  # dodont: ignore[select-star] old\n    1,\n)\n"),
        ("x = \\\n    run(1)\n", 1, "x = \\\n    run(1)  # dodont: ignore[select-star] old\n"),
    ],
)  # fmt: skip
def test_a_comment_is_written_where_it_is_read(text: str, line: int, expected: str) -> None:
    assert commented(text, [finding(line)], "old") == expected


def test_several_findings_of_a_line_share_a_comment() -> None:
    found = [finding(1), finding(2), finding(2, "sql-from-strings", "ODD201"), finding(2)]
    assert commented("x = (  # y\nrun(2))\n", found, "") == (
        "x = (  # y  # dodont: ignore[select-star]\nrun(2))  # dodont: ignore[select-star, sql-from-strings]\n"
    )


def test_what_is_accepted_is_silent_and_the_code_is_the_same(tmp_path: Path) -> None:
    text = FAULT.format("") + "\n\nasync def again() -> None:\n    time.sleep(2)  # soon\n"
    found = check([_written(tmp_path, text)], Settings(root=tmp_path)).diagnostics
    new = commented(text, found, "accepted")
    assert ast.dump(ast.parse(new)) == ast.dump(ast.parse(text))
    assert len(found) == 2
    assert codes(tmp_path, new) == []


def _written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "a.py"
    path.write_text(text)
    return path
