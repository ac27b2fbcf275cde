"""The formats as the command line writes them: alone, several at once, into files, and under a CI system."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from sarif import loader

from dodont.engine.settings import OUTPUT_FORMATS
from tests.e2e.test_cli import ROOT, dodont

SARIF = ROOT / "tests" / "data" / "sarif" / "sarif-schema-2.1.0.json"

FAULT = "import time\n\n\nasync def pause() -> None:\n    time.sleep(1)\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[tool.dodont]\n")
    (tmp_path / "a.py").write_text(FAULT)
    return tmp_path


@pytest.mark.parametrize("form", OUTPUT_FORMATS)
def test_on_stdout_in_a_file_from_stdin_and_with_nothing_to_say(project: Path, form: str) -> None:
    shown = dodont(project, "check", "--output-format", form)
    assert shown.returncode == 1
    assert "time.sleep" in shown.stdout
    into = dodont(project, "check", "--output-format", form, "-o", "out")
    assert (into.returncode, into.stdout) == (1, "")
    assert (project / "out").read_text(encoding="utf-8") == shown.stdout
    besides = dodont(project, "check", "-o", f"{form}=besides", "--output-format", "concise")
    assert (project / "besides").read_text(encoding="utf-8") == shown.stdout
    assert besides.stdout == dodont(project, "check", "--output-format", "concise").stdout
    buffer = dodont(project, "check", "-", "--stdin-filename", "a.py", "--output-format", form, stdin=FAULT)
    assert buffer.stdout == shown.stdout
    clean = dodont(project, "check", "--ignore", "ODD702", "--output-format", form)
    assert clean.returncode == 0
    if form == "sarif":  # which has the pages of all rules
        assert json.loads(clean.stdout)["runs"][0]["results"] == []
    else:
        assert "time.sleep" not in clean.stdout


def test_several_at_once(project: Path) -> None:
    done = dodont(project, "check", "-o", "sarif=x.sarif", "-o", "gitlab=gl.json", "-o", "junit=-")
    assert done.stdout.startswith("<?xml")
    assert json.loads((project / "x.sarif").read_text())["version"] == "2.1.0"
    assert json.loads((project / "gl.json").read_text())[0]["check_name"] == "ODD702 blocking-call-in-coroutine"


def test_a_name_with_an_equals_sign_is_a_file(project: Path) -> None:
    dodont(project, "check", "-o", "a=b", "--output-format", "json")
    assert json.loads((project / "a=b").read_text())["findings"]


def test_two_on_stdout_do_not_fit(project: Path) -> None:
    done = dodont(project, "check", "-o", "sarif=-", "-o", "json=-")
    assert done.returncode == 2
    assert "only one format fits on stdout" in done.stderr


def test_a_directory_that_is_not_there(project: Path) -> None:
    done = dodont(project, "check", "-o", "sarif=none/x.sarif")
    assert done.returncode == 2
    assert "cannot be written" in done.stderr


def test_github_gets_the_summary_of_the_step(project: Path) -> None:
    summary = project / "summary.md"
    summary.write_text("before\n")
    done = dodont(project, "check", "--output-format", "github", GITHUB_STEP_SUMMARY=str(summary))
    assert done.stdout.startswith("::warning ")
    assert "1 finding in 1 of 1 file" in done.stderr
    assert summary.read_text().startswith("before\n### dodont\n")
    assert "<code>time.sleep</code>" in summary.read_text()


def test_files_that_try_to_be_commands(project: Path) -> None:
    (project / "::error::x\nowned.py").write_text(FAULT)
    for form in ("concise", "full", "github", "agent", "azure"):
        done = dodont(project, "check", "--output-format", form)
        starts = [line for line in done.stdout.splitlines() if line.startswith(("::", "##vso", "owned"))]
        assert len(starts) == (2 if form in ("github", "azure") else 0)
    for form in ("gitlab", "json", "sarif", "rdjson"):
        json.loads(dodont(project, "check", "--output-format", form).stdout)


ACCEPTED = """\
import time


async def commented() -> None:
    time.sleep(1)  # dodont: ignore[blocking-call-in-coroutine] the loop is our own


async def bare() -> None:
    time.sleep(2)  # noqa: ODD702


async def known() -> None:
    time.sleep(3)


async def new() -> None:
    time.sleep(4)
"""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_sarif_tells_what_was_accepted_to_those_who_ask(project: Path, jobs: str) -> None:
    (project / "a.py").write_text(ACCEPTED.partition("async def new")[0])
    assert dodont(project, "baseline", "create").returncode == 0
    baseline = project / "dodont-baseline.json"
    baseline.write_text(baseline.read_text().replace('"fingerprint"', '"reason": "in spring", "fingerprint"'))
    (project / "a.py").write_text(ACCEPTED)

    def results(*arguments: str) -> dict[int, object]:
        done = dodont(project, "check", "--output-format", "sarif", "--jobs", jobs, *arguments)
        document = json.loads(done.stdout)
        jsonschema.validate(document, json.loads(SARIF.read_text(encoding="utf-8")))
        assert done.returncode == 1
        return {
            each["locations"][0]["physicalLocation"]["region"]["startLine"]: each.get("suppressions")
            for each in document["runs"][0]["results"]
        }

    assert results() == {17: None}
    for _ in range(2):  # the second time from the cache
        assert results("--sarif-include-suppressed") == {
            17: None,
            5: [{"kind": "inSource", "status": "accepted", "justification": "the loop is our own"}],
            9: [{"kind": "inSource", "status": "accepted"}],
            13: [{"kind": "external", "status": "accepted", "justification": "in spring"}],
        }
    clean = dodont(project, "check", "--sarif-include-suppressed", "-o", "sarif=x.sarif", "--ignore", "ODD702")
    assert clean.returncode == 0
    (project / "a.py").write_text(ACCEPTED.partition("async def new")[0])
    accepted = dodont(project, "check", "--sarif-include-suppressed", "-o", "sarif=x.sarif")
    assert accepted.returncode == 0  # what is accepted fails nothing
    (record, *_) = loader.load_sarif_file(str(project / "x.sarif")).get_records()
    assert record["Line"] == 5


def test_html_tells_what_does_not_apply(project: Path) -> None:
    for arguments, stdin in ((("a.py",), ""), (("-", "--stdin-filename", "b.py"), FAULT)):
        page = dodont(project, "check", "--output-format", "html", *arguments, stdin=stdin).stdout
        assert 'class="cell inapplicable"' in page
    report = dodont(project, "report", "-o", "report.html", "a.py")
    assert report.returncode == 0
    own = dodont(project, "check", "--output-format", "html", "a.py").stdout
    count = own.count('class="cell inapplicable"')
    assert count == (project / "report.html").read_text(encoding="utf-8").count('class="cell inapplicable"') > 0
