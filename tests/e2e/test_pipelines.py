"""The pipelines of docs/formats.md, step by step: each command of theirs in a fresh clone, as the vendor's runner would run it."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from sarif import loader

from tests import nobody
from tests.e2e.test_cli import ROOT

OLD = "import time\n\n\nasync def old() -> None:\n    time.sleep(1)\n"
NEW = "\n\nasync def new() -> None:\n    time.sleep(2)\n"

Variables = dict[str, str]


def documented(heading: str) -> Any:
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    section = page.split(f"\n## {heading}\n", 1)[1]
    found = re.search(r"```yaml\n(.*?)```", section, re.S)
    assert found is not None
    return yaml.safe_load(found[1])


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with all history, on a branch that adds one finding to one that was there."""
    for name, value in nobody.GIT.items():
        monkeypatch.setenv(name, value)
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    (origin / "app").mkdir(parents=True)
    path = origin / "app" / "pauses.py"

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=origin, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    path.write_text(OLD)
    git("add", "-A")
    git("commit", "-qm", "Old")
    git("checkout", "-qb", "topic")
    path.write_text(OLD + NEW)
    git("commit", "-qam", "New")
    subprocess.run(["git", "clone", "-q", "-b", "topic", f"file://{origin}", str(clone)], check=True)
    return clone


def steps(commands: list[str], where: Path, variables: Variables) -> subprocess.CompletedProcess[str]:
    """Run them in a shell; what installs dodont is left out, as it is installed. The last one's outcome."""
    own = [command for command in commands if not command.startswith("pip install dodont==")]
    assert len(own) == len(commands) - 1
    script = "\n".join(own).replace("dodont ", f"{shlex.quote(sys.executable)} -m dodont ", 1)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "CI_"))}
    environment |= {"PYTHONPATH": str(ROOT / "src"), **variables}
    return subprocess.run(["sh", "-e", "-c", script], cwd=where, env=environment, capture_output=True, text=True)


def test_github(clone: Path, tmp_path: Path) -> None:
    workflow = documented("GitHub")
    (job,) = workflow["jobs"].values()
    commands = [step["run"] for step in job["steps"] if "run" in step]
    summary = tmp_path / "summary.md"
    done = steps(commands, clone, {"GITHUB_BASE_REF": "main", "GITHUB_STEP_SUMMARY": str(summary)})
    assert done.returncode == 1, done.stderr
    (annotation,) = done.stdout.splitlines()
    assert annotation.startswith("::warning title=ODD702 blocking-call-in-coroutine,file=app/pauses.py,line=9,")
    assert "1 new finding" in summary.read_text(encoding="utf-8")
    (record,) = loader.load_sarif_file(str(clone / "dodont.sarif")).get_records()
    assert (record["Location"], record["Line"]) == ("app/pauses.py", 9)


def test_gitlab(clone: Path) -> None:
    job = documented("GitLab")["dodont"]
    base = subprocess.run(
        ["git", "rev-parse", "origin/main"], cwd=clone, check=True, capture_output=True, text=True
    ).stdout
    done = steps(job["script"], clone, {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base.strip()})
    assert done.returncode == 1, done.stderr
    report = clone / job["artifacts"]["reports"]["codequality"]
    (issue,) = json.loads(report.read_text(encoding="utf-8"))
    assert (issue["location"]["path"], issue["location"]["lines"]["begin"]) == ("app/pauses.py", 9)
    assert "1 new finding in 1 of 1 file" in done.stdout
