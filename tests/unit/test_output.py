from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dodont.core.card import read
from dodont.core.diagnostic import Diagnostic, Edit, Fix, Span, Step
from dodont.core.rule import INTERNAL_CODE, INTERNAL_RULE, Rule
from dodont.engine import catalogue
from dodont.output import json as json_format
from dodont.output import page, sarif, text
from dodont.output.fingerprint import fingerprints, normalised
from dodont.output.result import Result, SourceLines

RULE = Rule(
    name="sql-from-strings",
    code="ODD201",
    summary="SQL built from strings",
    practices=("do-db-1", "dont-db-1"),
    category="injection",
    status="stable",
    since="0.1",
    fix="safe",
    remedy="pass the value as a parameter",
    cwe=("89",),
    measured={"findings": 40, "right": 39, "on": "2026-11"},
)
SECRET = Rule(
    name="secret-in-code",
    code="ODD408",
    summary="A secret in the code",
    practices=("dont-sec-8",),
    category="secrets",
    status="stable",
    since="0.1",
)
RULES = {RULE.name: RULE, SECRET.name: SECRET}

SOURCE = "import db\n\ndef find(name):\n\tdb.execute(f'select {name}')\n\tdb.execute(f'select {name}')\n"
FLOW = (
    Step("app/räpo x.py", Span(3, 9, 3, 13), "`name` comes from the request"),
    Step("app/räpo x.py", Span(4, 12, 4, 27), "runs as SQL"),
)
FIRST = Diagnostic(
    rule="sql-from-strings",
    code="ODD201",
    path="app/räpo x.py",
    span=Span(4, 1, 4, 29),
    message="`name` becomes part of the SQL text",
    severity="error",
    symbol="app.repo.find",
    flow=FLOW,
    related=(Step("app/räpo x.py", Span(1, 0, 1, 9), "the database [here]"),),
    fix=Fix("Pass `name` as a parameter", "safe", Span(4, 1, 4, 29)),
)
SECOND = dataclasses.replace(FIRST, span=Span(5, 1, 5, 29), severity="warning", flow=(), related=(), fix=None)


class WithEdits(Result):
    """A result whose first finding has an edit, as a rewriter would give it."""

    def edits(self) -> dict[int, tuple[Edit, ...]]:
        return {0: (Edit(Span(4, 12, 4, 27), "'select ?', (name,)"),)}


def result(
    *found: Diagnostic, source: str = SOURCE, root: Path = Path("/nowhere"), kind: type[Result] = Result
) -> Result:
    lines = source.splitlines(keepends=True)
    return kind(found, 3, lambda path: lines, root, frozenset(RULES), RULES)


def plain(found: Result, form: str) -> list[str]:
    return text.plain(getattr(text, form)(found)).splitlines()


# ------------------------------------------------------------------------------------------------------------ text


def test_concise_is_one_line_a_finding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert plain(result(FIRST, SECOND, root=tmp_path), "concise") == [
        "app/räpo x.py:4:2: ODD201 [*] sql-from-strings: `name` becomes part of the SQL text",
        "app/räpo x.py:5:2: ODD201 sql-from-strings: `name` becomes part of the SQL text",
    ]


def test_paths_are_told_from_the_current_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    monkeypatch.chdir(tmp_path / "app")
    assert plain(result(SECOND, root=tmp_path), "concise")[0].startswith("räpo x.py:5:2: ")
    monkeypatch.chdir("/")
    assert plain(result(SECOND, root=tmp_path), "concise")[0].startswith(f"{tmp_path}/app/räpo x.py:5:2: ".lstrip("/"))


def test_full_shows_code_flow_practices_and_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    lines = plain(result(FIRST, root=tmp_path), "full")
    assert lines[:4] == [
        "app/räpo x.py:4:2: ODD201 sql-from-strings: `name` becomes part of the SQL text [fix]",
        "  |",
        "4 | \tdb.execute(f'select {name}')",
        "  | \t" + "^" * len("db.execute(f'select {name}')"),
    ]
    assert lines[4:9] == [
        "   = how it gets here:",
        "       1. app/räpo x.py:3: `name` comes from the request",
        "       2. app/räpo x.py:4: runs as SQL",
        "   = see also:",
        "       - app/räpo x.py:1: the database [here]",
    ]
    assert lines[9].startswith("   = practice: do-db-1 ")
    assert lines[11:13] == [
        "   = remedy: pass the value as a parameter",
        "   = fix: Pass `name` as a parameter (safe)",
    ]


def test_a_finding_of_several_lines_is_underlined_to_the_end_of_its_first() -> None:
    found = dataclasses.replace(SECOND, span=Span(4, 4, 5, 3))
    assert plain(result(found), "full")[3] == "  | \t   " + "^" * (len("\tdb.execute(f'select {name}')") - 4)


def test_a_secret_is_never_shown() -> None:
    found = dataclasses.replace(
        SECOND, rule="secret-in-code", code="ODD408", span=Span(1, 6, 1, 15), message="a secret"
    )
    shown = result(found, source="KEY = 'hunter2'  # and \"hunter2\n")
    for output in (text.plain(text.full(shown)), json_format.render(shown), sarif.render(shown)):
        assert "hunter2" not in output
    assert plain(shown, "full")[2:4] == ["1 | KEY = '*******'  # and \"*******\"", "  |       ^^^^^^^^^"]


def test_a_name_with_line_ends_stays_on_its_line() -> None:
    (line,) = plain(result(dataclasses.replace(SECOND, path="a\nb.py")), "concise")
    assert "/a\\nb.py:5:2: ODD201" in line


def test_a_file_without_lines_has_no_excerpt() -> None:
    trouble = Diagnostic(INTERNAL_RULE, INTERNAL_CODE, "gone.py", Span(1, 0, 1, 0), "vanished")
    assert plain(result(trouble, source=""), "full")[1].startswith("   = remedy: ")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((), "All clear: 3 files checked, no findings."),
        ((SECOND,), "1 finding in 1 of 3 files."),
        ((FIRST, SECOND), "2 findings in 1 of 3 files. 1 fixable with `dodont fix`."),
        (
            (FIRST, dataclasses.replace(FIRST, path="b", fix=Fix("x", "unsafe", FIRST.span))),
            "2 findings in 2 of 3 files. 1 fixable with `dodont fix`, 1 more with `--unsafe-fixes`.",
        ),
        (
            (dataclasses.replace(FIRST, fix=Fix("x", "unsafe", FIRST.span)),),
            "1 finding in 1 of 3 files. 1 fixable with `dodont fix --unsafe-fixes`.",
        ),
    ],
)
def test_verdict(found: tuple[Diagnostic, ...], expected: str) -> None:
    assert text.verdict(result(*found)) == expected


def test_statistics_count_by_rule() -> None:
    other = dataclasses.replace(SECOND, rule="secret-in-code", code="ODD408")
    assert plain(result(FIRST, SECOND, other), "statistics") == [
        "2  ODD201 [*] sql-from-strings",
        "1  ODD408 [ ] secret-in-code",
    ]


def test_colour_adds_only_colour() -> None:
    import re

    found = result(FIRST, SECOND)
    coloured = text.coloured(text.full(found))
    assert "\x1b[" in coloured
    without = re.sub(r"\x1b\[[0-9;]*m", "", coloured).splitlines()
    assert [line.rstrip() for line in without] == [line.expandtabs() for line in map(str.rstrip, plain(found, "full"))]


# ----------------------------------------------------------------------------------------------------- fingerprints


def test_a_fingerprint_survives_moves_and_layout_and_tells_occurrences_apart() -> None:
    before = fingerprints(result(FIRST, SECOND))
    assert before[0].split(":")[0] == before[1].split(":")[0]
    assert [name.split(":")[1] for name in before] == ["1", "2"]
    moved = "\n\n# new\ndef find(name):\n    db.execute(\n        f'select {name}',  # why\n    )\n"
    assert fingerprints(result(dataclasses.replace(FIRST, span=Span(5, 4, 7, 5)), source=moved)) == [before[0]]


def test_a_fingerprint_depends_on_code_symbol_and_text() -> None:
    (base,) = fingerprints(result(FIRST))
    for change in ({"code": "ODD202"}, {"symbol": "app.other"}, {"span": Span(4, 1, 4, 11)}):
        assert fingerprints(result(dataclasses.replace(FIRST, **change))) != [base]
    assert fingerprints(result(dataclasses.replace(FIRST, path="renamed.py"))) == [base]


@pytest.mark.parametrize(
    ("one", "other"), [("f(a,b)", "f(\n  a,\n  b,  # why\n)"), ("'a  b", "'a b"), ("return  x", "return x")]
)
def test_layout_is_normalised(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


def test_text_is_not() -> None:
    assert normalised("'a  b'") != normalised("'a b'")


# ------------------------------------------------------------------------------------------------------------- JSON


def test_json_findings() -> None:
    document = json.loads(json_format.render(result(FIRST, SECOND, kind=WithEdits)))
    assert document["schema_version"] == 1
    assert document["tool"]["name"] == "dodont"
    assert document["files"] == 3
    first, second = document["findings"]
    assert first["fix"]["edits"] == [
        {
            "location": {"row": 4, "column": 13},
            "end_location": {"row": 4, "column": 28},
            "content": "'select ?', (name,)",
        }
    ]
    del first["fix"]["edits"]
    assert first.pop("fingerprint") == fingerprints(result(FIRST))[0]
    assert first == {
        "code": "ODD201",
        "name": "sql-from-strings",
        "practices": ["do-db-1", "dont-db-1"],
        "severity": "error",
        "confidence": "very-high",
        "message": "`name` becomes part of the SQL text",
        "help": "pass the value as a parameter",
        "filename": "app/räpo x.py",
        "location": {"row": 4, "column": 2},
        "end_location": {"row": 4, "column": 30},
        "symbol": "app.repo.find",
        "fix": {"applicability": "safe", "message": "Pass `name` as a parameter"},
        "related": [
            {
                "filename": "app/räpo x.py",
                "location": {"row": 1, "column": 1},
                "end_location": {"row": 1, "column": 10},
                "message": "the database [here]",
            }
        ],
        "flow": [
            {
                "filename": "app/räpo x.py",
                "location": {"row": 3, "column": 10},
                "end_location": {"row": 3, "column": 14},
                "message": "`name` comes from the request",
            },
            {
                "filename": "app/räpo x.py",
                "location": {"row": 4, "column": 13},
                "end_location": {"row": 4, "column": 28},
                "message": "runs as SQL",
            },
        ],
        "url": None,
        "suppressed": None,
        "new": None,
    }
    assert second["fix"] is None


@pytest.mark.parametrize(
    "found", [(), (FIRST, SECOND), (Diagnostic(INTERNAL_RULE, INTERNAL_CODE, "a", Span(1, 0, 1, 0), "x"),)]
)
def test_json_is_as_its_schema_says(found: tuple[Diagnostic, ...]) -> None:
    assert json_format.__file__ is not None
    schema = json.loads(Path(json_format.__file__).with_name("findings.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads(json_format.render(result(*found, kind=WithEdits if found else Result)))
    jsonschema.validate(document, schema)
    keys = set(schema["$defs"]["finding"]["properties"])
    for each in document["findings"]:
        assert set(each) == keys


def test_json_without_findings_is_a_document() -> None:
    assert json.loads(json_format.render(result()))["findings"] == []


# ------------------------------------------------------------------------------------------------------------ SARIF


def run_of(found: Result) -> dict[str, Any]:
    document = json.loads(sarif.render(found))
    assert document["version"] == "2.1.0"
    assert document["$schema"].endswith("sarif-2.1.0.json")
    (run,) = document["runs"]
    return dict(run)


def test_sarif_has_all_that_code_scanning_requires() -> None:
    run = run_of(result(FIRST, SECOND, kind=WithEdits))
    driver = run["tool"]["driver"]
    assert driver["version"] == driver["semanticVersion"]
    assert driver["informationUri"].startswith("https://")
    assert run["columnKind"] == "unicodeCodePoints"
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["ODD201", "ODD408"]
    for rule in rules:
        assert 0 < len(rule["shortDescription"]["text"]) <= 1024
        assert 0 < len(rule["fullDescription"]["text"]) <= 1024
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
        assert len(rule["properties"]["tags"]) <= 10
    for each in run["results"]:
        assert rules[each["ruleIndex"]]["id"] == each["ruleId"]
        region = each["locations"][0]["physicalLocation"]["region"]
        assert region.keys() == {"startLine", "startColumn", "endLine", "endColumn"}
        assert each["partialFingerprints"]["primaryLocationLineHash"] == each["partialFingerprints"]["dodont/v1"]


def test_sarif_result() -> None:
    first, second = run_of(result(FIRST, SECOND, kind=WithEdits))["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "app/r%C3%A4po%20x.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 4, "startColumn": 2, "endLine": 4, "endColumn": 30},
    }
    assert first["level"] == "error"
    assert second["level"] == "warning"
    assert first["message"]["text"] == (
        "`name` becomes part of the SQL text. Pass the value as a parameter. See [the database \\[here\\]](1)."
    )
    assert [each["id"] for each in first["relatedLocations"]] == [1]
    steps = first["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["message"]["text"] for step in steps] == [step.text for step in FLOW]
    (change,) = first["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 4, "startColumn": 13, "endLine": 4, "endColumn": 28},
            "insertedContent": {"text": "'select ?', (name,)"},
        }
    ]
    assert not {"fixes", "codeFlows", "relatedLocations"} & second.keys()


def test_sarif_names_security_only_where_there_is_a_weakness() -> None:
    sql, secret = (rule["properties"] for rule in run_of(result())["tool"]["driver"]["rules"])
    assert sql["precision"] == "very-high"
    assert {"security", "external/cwe/cwe-089", "dodont/do-db-1"} <= set(sql["tags"])
    assert 0 < float(sql["security-severity"]) <= 10
    assert isinstance(sql["security-severity"], str)
    assert sql["practices"] == ["do-db-1", "dont-db-1"]
    assert secret["precision"] == "medium"
    assert "security-severity" not in secret
    assert not [tag for tag in secret["tags"] if tag.startswith("external")]


def test_sarif_knows_a_rule_for_its_own_trouble() -> None:
    trouble = Diagnostic(INTERNAL_RULE, INTERNAL_CODE, "gone.py", Span(1, 0, 1, 0), "vanished")
    run = run_of(result(trouble, FIRST, kind=WithEdits))
    rules = run["tool"]["driver"]["rules"]
    assert [rules[each["ruleIndex"]]["id"] for each in run["results"]] == ["ODD000", "ODD201"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a b/%.py", "a%20b/%25.py"),
        ("/x/ä.py", "file:///x/%C3%A4.py"),
        ("a#b?.py", "a%23b%3F.py"),
        ("c:d.py", "c%3Ad.py"),
        ("C:/a b/ä.py", "file:///C:/a%20b/%C3%A4.py"),
        ("C:\\a\\b.py", "file:///C:/a/b.py"),
        ("//server/share/a.py", "file:////server/share/a.py"),
        ("\udcff.py", "%FF.py"),
    ],
)
def test_sarif_uris_are_percent_encoded(path: str, expected: str) -> None:
    assert sarif.uri(path) == expected


def test_sarif_paths_begin_at_the_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "services" / "a b").mkdir(parents=True)
    first, outside = run_of(
        result(FIRST, dataclasses.replace(ON_WINDOWS), root=tmp_path / "services" / "a b", kind=WithEdits)
    )["results"]
    steps = first["codeFlows"][0]["threadFlows"][0]["locations"]
    for place in (
        *(each["physicalLocation"] for each in (*first["locations"], *first["relatedLocations"])),
        *(step["location"]["physicalLocation"] for step in steps),
        first["fixes"][0]["artifactChanges"][0],
    ):
        assert place["artifactLocation"]["uri"] == "services/a%20b/app/r%C3%A4po%20x.py"
    assert outside["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].startswith("file:///C:/")
    assert first["partialFingerprints"] == run_of(result(FIRST, kind=WithEdits))["results"][0]["partialFingerprints"]


def test_sarif_paths_outside_the_root_have_no_base() -> None:
    (found,) = run_of(result(ON_WINDOWS, kind=WithEdits))["results"]
    place = found["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "file:///C:/other%20place/%C3%A4.py"}


#: As OASIS published it; see the README beside it.
SCHEMA = Path(__file__).parents[1] / "data" / "sarif" / "sarif-schema-2.1.0.json"
TROUBLE = Diagnostic(INTERNAL_RULE, INTERNAL_CODE, "gone.py", Span(1, 0, 1, 0), "vanished", severity="error")
ON_WINDOWS = dataclasses.replace(
    FIRST, path="C:/other place/ä.py", related=(Step("C:/other place/b.py", Span(1, 0, 1, 9), "the database"),)
)


@pytest.mark.parametrize("found", [(), (FIRST,), (FIRST, SECOND), (TROUBLE, SECOND), (ON_WINDOWS,)])
def test_sarif_is_valid(found: tuple[Diagnostic, ...]) -> None:
    document = json.loads(sarif.render(result(*found, kind=WithEdits if found else Result)))
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER).validate(document)


def test_sarif_tells_its_own_trouble_twice_as_a_finding_and_as_a_notification() -> None:
    run = run_of(result(TROUBLE, FIRST, kind=WithEdits))
    assert [each["ruleId"] for each in run["results"]] == ["ODD000", "ODD201"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is True
    (told,) = invocation["toolExecutionNotifications"]
    assert told["message"]["text"] == "Vanished."
    assert told["level"] == "error"
    descriptor = run["tool"]["driver"]["notifications"][told["descriptor"]["index"]]
    assert descriptor["id"] == told["descriptor"]["id"] == "ODD000"
    (clean,) = run_of(result(FIRST, kind=WithEdits))["invocations"]
    assert clean["toolExecutionNotifications"] == []


# ------------------------------------------------------------------------------------------------------------ pages

CARD = """\
+++
code = "ODD201"
summary = "SQL built from strings"
practices = ["do-db-1"]
category = "injection"
status = "stable"
since = "0.1"
fix = "safe"
remedy = "pass the value as a parameter"
[options]
depth = 2
+++

Whoever writes the value writes the query.

## Bad

```py
run(f"select {x}")  # want "becomes \\"part\\"" # want "again"
```

## Good

```py file=a.py
run("select ?", x)
```

```py file=b.py
import a
```

## Known misses

```py
run(x)  # miss: no type
```
"""


def test_pages_tell_what_the_card_tells(tmp_path: Path) -> None:
    path = tmp_path / "sql-from-strings.md"
    path.write_text(CARD, encoding="utf-8")
    card = read(path)
    practices = [practice for practice in catalogue.practices() if practice.id == "do-db-1"]
    for shown in (page.text(card, practices), page.markdown(card, practices)):
        for part in (
            "ODD201",
            "Whoever writes",
            'run(f"select {x}")',
            "a.py",
            "miss: no type",
            "do-db-1",
            "not measured",
        ):
            assert part in shown
        assert "want" not in shown
    data = page.data(card)
    assert data["examples"]["bad"] == [{"example.py": 'run(f"select {x}")\n'}]
    assert data["examples"]["good"] == [{"a.py": 'run("select ?", x)\n', "b.py": "import a\n"}]
    assert data["options"] == {"depth": 2}


# ----------------------------------------------------------------------------------------------------- source lines


def test_source_lines_are_read_as_python_reads_them(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes("# coding: latin-1\r\nx = 'ä\x0cb'\n".encode("latin-1"))
    lines = SourceLines(tmp_path, {tmp_path / "b.py": b"y\n"})
    assert lines("a.py") == ["# coding: latin-1\r\n", "x = 'ä\x0cb'\n"]
    assert lines("b.py") == ["y\n"]
    assert lines("missing.py") == []
