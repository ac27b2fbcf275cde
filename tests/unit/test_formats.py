"""Every format says the same, to readers of its own, and lets nothing through that a project's files may hold."""

from __future__ import annotations

import dataclasses
import html
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import junitparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from sarif import loader

from dodont.core.diagnostic import Diagnostic, Edit, Fix, Span, Step
from dodont.engine import catalogue
from dodont.engine.settings import OUTPUT_FORMATS
from dodont.output.agent import MOST
from dodont.output.formats import render
from dodont.output.result import Result

SOURCE = ["import db\n", "db.run(f'é {x}')\n", "x = 1\n"]
FOUND = Diagnostic(
    rule="sql-from-strings", code="ODD201", path="app/db.py", span=Span(2, 7, 2, 15), message="`x` is put into the SQL text",
    severity="error", symbol="app.db", related=(Step("app/db.py", Span(1, 0, 1, 9), "the database"),),
    fix=Fix("Bind it", "safe", Span(2, 7, 2, 15)),
)  # fmt: skip
OTHER = dataclasses.replace(
    FOUND,
    rule="select-star",
    code="ODD202",
    severity="warning",
    span=Span(3, 0, 3, 5),
    related=(),
    fix=None,
    message="all columns",
)


class Edited(Result):
    def edits(self) -> dict[int, tuple[Edit, ...]]:
        return {index: (Edit(each.span, "'é ?', (x,)"),) for index, each in enumerate(self.diagnostics) if each.fix}


def result(*found: Diagnostic) -> Result:
    return Edited(found, 3, lambda path: SOURCE, Path("/nowhere"), frozenset({"sql-from-strings", "select-star"}))


def commands(text: str, start: str) -> list[str]:
    """The lines that a CI system would obey."""
    return [line for line in text.splitlines() if line.lstrip().startswith(start)]


# ------------------------------------------------------------------------------------------------- what each says


def test_github_shows_errors_first_with_what_to_do() -> None:
    assert render("github", result(OTHER, FOUND)).splitlines() == [
        "::error title=ODD201 sql-from-strings,file=app/db.py,line=2,endLine=2,col=8,endColumn=16::"
        "ODD201 `x` is put into the SQL text; bind the value as a parameter of the statement",
        "::warning title=ODD202 select-star,file=app/db.py,line=3,endLine=3,col=1,endColumn=6::"
        f"ODD202 all columns; {catalogue.rules()['select-star'].remedy}",
    ]
    long = render("github", result(dataclasses.replace(FOUND, span=Span(2, 7, 3, 1))))
    assert "line=2,endLine=3::" in long


def test_azure() -> None:
    assert render("azure", result(FOUND)) == (
        "##vso[task.logissue type=error;sourcepath=app/db.py;linenumber=2;columnnumber=8;code=ODD201;]"
        "sql-from-strings: `x` is put into the SQL text; bind the value as a parameter of the statement"
    )


#: As GitLab's documentation describes a report; it publishes no schema.
GITLAB: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "additionalProperties": False,
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string"},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "additionalProperties": False,
                "properties": {
                    "path": {"type": "string", "pattern": "^[^/]"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def test_gitlab_fingerprints_are_unique_and_stay() -> None:
    document = json.loads(render("gitlab", result(FOUND, FOUND, OTHER)))
    jsonschema.validate(document, GITLAB)
    assert len({each["fingerprint"] for each in document}) == 3
    moved = json.loads(render("gitlab", result(FOUND)))
    assert moved[0]["fingerprint"] == document[0]["fingerprint"]
    assert [each["severity"] for each in document] == ["critical", "critical", "major"]
    assert json.loads(render("gitlab", result())) == []


def test_junit_is_read_by_a_reader_of_junit() -> None:
    suites = junitparser.JUnitXml.fromstring(render("junit", result(FOUND, OTHER)).encode())
    assert (suites.tests, suites.failures, suites.errors) == (2, 2, 0)
    (suite,) = suites
    assert suite.name == "app/db.py"
    assert [case.name for case in suite] == ["ODD201 sql-from-strings 2:8", "ODD202 select-star 3:1"]
    assert [case.result[0].message for case in suite] == ["`x` is put into the SQL text", "all columns"]
    empty = junitparser.JUnitXml.fromstring(render("junit", result()).encode())
    assert (empty.tests, empty.failures) == (1, 0)
    trouble = dataclasses.replace(FOUND, rule="internal-error", code="ODD000")
    assert junitparser.JUnitXml.fromstring(render("junit", result(trouble)).encode()).errors == 1


POSITION: dict[str, Any] = {
    "type": "object",
    "required": ["line", "column"],
    "additionalProperties": False,
    "properties": {"line": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}},
}
RANGE = {
    "type": "object",
    "required": ["start", "end"],
    "additionalProperties": False,
    "properties": {"start": POSITION, "end": POSITION},
}
LOCATION = {
    "type": "object",
    "required": ["path", "range"],
    "additionalProperties": False,
    "properties": {"path": {"type": "string"}, "range": RANGE},
}


def message(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": [*properties], "additionalProperties": False, "properties": properties}


CODE = message(value={"type": "string"})
SUGGESTION = message(range=RANGE, text={"type": "string"})
RELATED = message(message={"type": "string"}, location=LOCATION)
#: The messages of reviewdog's published protocol, as far as they are written here, and nothing else.
RDJSON: dict[str, Any] = {
    "type": "object",
    "required": ["source", "diagnostics"],
    "additionalProperties": False,
    "properties": {
        "source": {"type": "object", "properties": {"name": {"type": "string"}, "url": {"type": "string"}}, "additionalProperties": False},
        "diagnostics": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["message", "location", "severity", "code"],
                "additionalProperties": False,
                "properties": {
                    "message": {"type": "string"},
                    "location": LOCATION,
                    "severity": {"enum": ["ERROR", "WARNING", "INFO"]},
                    "code": CODE,
                    "suggestions": {"type": "array", "items": SUGGESTION},
                    "related_locations": {"type": "array", "items": RELATED},
                },
            },
        },
    },
}  # fmt: skip


def test_rdjson_counts_bytes_and_suggests() -> None:
    document = json.loads(render("rdjson", result(FOUND, OTHER)))
    jsonschema.validate(document, RDJSON)
    first, second = document["diagnostics"]
    line = SOURCE[1].encode()
    begin, end = (first["location"]["range"][each]["column"] - 1 for each in ("start", "end"))
    assert line[begin:end].decode() == "f'é {x}'"
    assert first["suggestions"] == [{"range": first["location"]["range"], "text": "'é ?', (x,)"}]
    assert "suggestions" not in second


def test_json_lines_are_the_findings_of_json() -> None:
    found = result(FOUND, OTHER)
    assert [json.loads(line) for line in render("jsonl", found).splitlines()] == json.loads(render("json", found))[
        "findings"
    ]
    assert render("jsonl", result()) == ""


def test_sarif_is_read_by_sarif_tools(tmp_path: Path) -> None:
    path = tmp_path / "dodont.sarif"
    path.write_text(render("sarif", dataclasses.replace(result(FOUND, OTHER), category="api")), encoding="utf-8")
    read = loader.load_sarif_file(str(path))
    assert read.get_result_count() == 2
    assert [(each["Severity"], each["Location"], each["Line"], each["Code"]) for each in read.get_records()] == [
        ("error", "app/db.py", 2, "ODD201"),
        ("warning", "app/db.py", 3, "ODD202"),
    ]
    assert json.loads(path.read_text(encoding="utf-8"))["runs"][0]["automationDetails"] == {"id": "dodont/api/"}


def test_sarif_keeps_the_gravest_where_there_are_too_many() -> None:
    found = [dataclasses.replace(OTHER, span=Span(number, 0, number, 1)) for number in range(1, 5010)]
    run = json.loads(render("sarif", result(*found, FOUND)))["runs"][0]
    assert len(run["results"]) == 5000
    assert run["results"][-1]["ruleId"] == "ODD201"


def test_markdown_is_a_table() -> None:
    rendered = MarkdownIt("commonmark").enable("table").render(render("markdown", result(OTHER, FOUND)))
    assert rendered.count("<tr>") == 3
    assert rendered.index("ODD201") < rendered.index("ODD202")
    assert "2 findings in 1 of 3 files" in html.unescape(rendered)
    many = render("markdown", result(*[FOUND] * 1000))
    assert len(many) <= 60_000
    assert re.search(r"and \d+ more\.$", many)


def test_agent_says_everything_in_its_line_and_always_a_verdict() -> None:
    assert render("agent", result(FOUND)).splitlines() == [
        "dodont: 1 finding in 1 file (3 files checked)",
        "app/db.py:2:8 ODD201 error `x` is put into the SQL text -> bind the value as a parameter of the statement [fix]",
        "NOT DONE: repair this, then run dodont again; `dodont fix` repairs 1 by itself; `dodont explain ODD201` shows bad and good "
        "code; ask before you change authentication or the schema; accept a finding only with `# dodont: ignore[rule] reason`.",
    ]
    assert render("agent", dataclasses.replace(result(), hidden=7, new=True)).splitlines() == [
        "dodont: 0 new findings in 0 files (3 files checked), 7 more are known and hidden by the baseline",
        "DONE: nothing to repair.",
    ]
    many = render("agent", result(*[OTHER] * MOST, FOUND)).splitlines()
    assert len(many) == MOST + 3
    assert " error " in many[1]
    assert many[-2].startswith("... 1 more")


# --------------------------------------------------------------------------------------------------- hostile input

#: Pieces that break out of one format or another.
PIECES = [
    "\n::error file=x::owned", "\r\n##vso[task.setvariable variable=x]owned", "::set-output name=x::owned", "##vso[task.complete]",
    "]]>", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\x1b[31mred\x1b[0m", "\x9b31m", "\u202etxt.exe", "\u2066", "\x00",
    "|", "`", "``", "[link](javascript:alert(1))", "![i](http://evil.example/x.png)", "@everyone", "https://evil.example", "\\", "%0A",
    "%25",    ",", ";", ":", '"', "'", "&amp;", "</code>", "\t", "\udc80", "é", "𐐀", "a", "file.py", "\u2028", "\x85", "\x0b",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)
HOSTILE = st.builds(
    lambda path, message, step: dataclasses.replace(
        FOUND, path=path.replace("\0", ""), message=message, related=(Step(path.replace("\0", ""), Span(1, 0, 1, 1), step),)
    ),
    TEXTS, TEXTS, TEXTS,
)  # fmt: skip

FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def as_written(form: str, diagnostic: Diagnostic) -> str:
    """What reaches a log or a file: bytes, read back."""
    return render(form, result(diagnostic)).encode("utf-8", "backslashreplace").decode()


@given(HOSTILE)
@pytest.mark.parametrize("form", ["agent", "azure", "concise", "full", "github", "junit", "markdown"])
def test_nothing_reaches_a_terminal_that_it_would_obey(form: str, diagnostic: Diagnostic) -> None:
    assert FORBIDDEN.search(as_written(form, diagnostic)) is None


@given(HOSTILE)
@pytest.mark.parametrize(
    ("form", "own"), [("agent", 0), ("azure", 1), ("concise", 0), ("full", 0), ("github", 1), ("markdown", 0)]
)
def test_no_command_is_slipped_in(form: str, own: int, diagnostic: Diagnostic) -> None:
    text = as_written(form, diagnostic)
    assert len(commands(text, "::")) == (own if form == "github" else 0)
    assert len(commands(text, "##")) - text.startswith("### ") == (own if form == "azure" else 0)


@given(HOSTILE)
def test_documents_stay_documents_and_say_what_was_meant(diagnostic: Diagnostic) -> None:
    found = result(diagnostic)
    for form, schema in (("gitlab", None), ("rdjson", RDJSON)):
        document = json.loads(as_written(form, diagnostic))
        if schema is not None:
            jsonschema.validate(document, schema)
    assert json.loads(render("json", found))["findings"][0]["message"] == diagnostic.message
    assert json.loads(render("sarif", found))["runs"][0]["results"][0]["ruleId"] == "ODD201"
    suites = junitparser.JUnitXml.fromstring(as_written("junit", diagnostic).encode())
    assert suites.failures == 1


@given(HOSTILE)
def test_markdown_has_no_markup_but_its_own(diagnostic: Diagnostic) -> None:
    text = as_written("markdown", diagnostic)
    rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    tags = set(re.findall(r"<(\w+)", rendered))
    assert tags <= {"h3", "p", "table", "thead", "tbody", "tr", "th", "td", "code"}
    assert rendered.count("<td>") == 5
    assert "href" not in re.sub(r">[^<]*<", "><", rendered)
    assert "@" not in text
    assert "://" not in re.sub(r"<code>.*?</code>", "", text)


@pytest.mark.parametrize("form", OUTPUT_FORMATS)
def test_every_format_writes_something_for_one_finding_and_stands_none(form: str) -> None:
    assert render(form, result(FOUND))
    render(form, result())
