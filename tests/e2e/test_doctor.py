"""``dodont doctor``: a project in which all is well, and each thing that may be wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dodont import __version__
from tests import nobody
from tests.e2e.test_cli import dodont
from tests.e2e.test_init import put

APP = """\
import sqlite3

from fastapi import FastAPI

app = FastAPI()
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One with all that `dodont init` writes."""
    for name, value in nobody.GIT.items():
        monkeypatch.setenv(name, value)
    # Which programs are on the PATH is not the project's.
    (tmp_path / "bin").mkdir()
    for name in ("git", "dodont"):
        found = shutil.which(name) or sys.executable
        (tmp_path / "bin" / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    root = tmp_path / "shop"
    root.mkdir()
    subprocess.run([tmp_path / "bin" / "git", "init", "-q"], cwd=root, check=True)
    put(
        root,
        {
            "app.py": APP,
            "pyproject.toml": '[project]\nname = "shop"\nrequires-python = ">=3.11"\n\n[tool.ruff.lint]\nselect = ["RUF"]\n',
            ".flake8": "[flake8]\nmax-line-length = 120\nextend-ignore = E203\n",
            ".pre-commit-config.yaml": "repos:\n- repo: https://x/yesqa\n  rev: v1\n  hooks:\n"
            f"  - id: yesqa\n    additional_dependencies: [dodont=={__version__}]\n",
            ".gitignore": ".dodont_cache/\n",
            "AGENTS.md": "# Shop\n",
            ".git/hooks/pre-commit": "",
        },
    )
    done = dodont(root, "init", "--pre-commit", "--ruff", "--vscode", "--agents=claude,cursor", "--ci=github")
    assert done.returncode == 0, done.stderr
    return root


def doctor(project: Path, *, where: Path | None = None, **environment: str) -> list[dict[str, Any]]:
    """The checks, the same as a text and as JSON, with the exit code that goes with them. Nothing is changed."""
    done = dodont(where or project, "doctor", "--output-format", "json", **environment)
    assert done.stderr == ""
    document = json.loads(done.stdout)
    assert document.keys() == {"schema_version", "version", "root", "checks"}
    assert document["version"] == __version__
    checks: list[dict[str, Any]] = document["checks"]
    assert done.returncode == any(each["state"] == "problem" for each in checks)
    text = dodont(where or project, "doctor", **environment)
    assert text.returncode == done.returncode
    told = [line for line in text.stdout.splitlines() if line.startswith(("ok ", "warning ", "problem "))]
    assert len(told) == len(checks)
    assert "\x1b" not in text.stdout
    return checks


def wrong(project: Path, **environment: str) -> list[tuple[str, str, str]]:
    return [
        (each["state"], each["topic"], each["what"]) for each in doctor(project, **environment) if each["state"] != "ok"
    ]


def test_where_all_is_well(project: Path) -> None:
    assert wrong(project) == []
    topics = {each["topic"] for each in doctor(project)}
    assert topics == {
        "python", "configuration", "files", "roles", "flake8", "ruff", "pre-commit", "agents", "vscode", "cache", "git", "extras",
    }  # fmt: skip
    done = dodont(project, "doctor")
    assert done.stdout.splitlines()[-1] == "All is well."
    assert "ok       roles: request handlers may be there: fastapi" in done.stdout
    assert not (project / ".dodont_cache").exists()
    dodont(project, "check")
    assert wrong(project) == []
    (project / "below").mkdir()
    assert dodont(project / "below", "doctor").stdout.splitlines()[1:] == dodont(project, "doctor").stdout.splitlines()


def known(path: str) -> str:
    """A baseline with one entry."""
    entry = {"path": path, "code": "ODD202", "symbol": "", "fingerprint": "0", "until": "2020-01-01"}
    return json.dumps([{"baseline": "dodont", "schema": 1}, entry])


Wrong = tuple[str, str | None, str, str, str]

#: What a file holds (None: it is gone), and what is said of it. `{...}` stays as it is where the text is a part of the file's.
WRONG: list[Wrong] = [
    (
        "pyproject.toml",
        '[project]\nrequires-python = ">=3.99,<4"\n[tool.dodont]\n',
        "problem",
        "python",
        "asks for >=3.99,<4",
    ),
    (".python-version", "3.98.1\n", "ok", "python", "requires-python"),
    (
        "pyproject.toml",
        "[tool.dodont]\nselekt = []\n",
        "problem",
        "configuration",
        "unknown key 'selekt'; did you mean 'select'?",
    ),
    ("pyproject.toml", "[tool.dodont\n", "problem", "configuration", "no valid TOML"),
    (
        "part/pyproject.toml",
        "[tool.dodont]\nx = 1\n",
        "problem",
        "configuration",
        "part/pyproject.toml:2: unknown key 'x'",
    ),
    ("app.py", None, "problem", "files", "no Python files"),
    ("app.py", "import json\n", "warning", "roles", "no file imports a framework"),
    ("app.py", "import json\n", "warning", "roles", "no file imports a library for databases"),
    (".flake8", "[flake8]\nselect = E,F # all\n", "problem", "flake8", "`select` leaves out every code"),
    (".flake8", "[flake8]\nignore =\n  E203\n  ODD\n", "problem", "flake8", "`ignore` leaves out every code"),
    (
        ".flake8",
        "[flake8]\nextend-ignore = ODD2,O\nextend-select = ODD1\n",
        "warning",
        "flake8",
        "left out are ODD001, ODD2",
    ),
    (".flake8", "[flake8]\nselect = E\nextend-select = ODD\n", "ok", "flake8", "leaves no code of dodont out"),
    (".flake8", "[flake8]\nper-file-ignores =\n  x/*: ODD1\n", "ok", "flake8", "x/* has no findings of ODD1"),
    (".flake8", "[flake8]\n[flake8]\n", "problem", "flake8", ".flake8: "),
    (
        "pyproject.toml",
        '[tool.dodont]\n[tool.ruff.lint]\nselect = ["ALL"]\n',
        "problem",
        "ruff",
        "ALL is selected, and `external` lacks",
    ),
    ("pyproject.toml", '[tool.dodont]\n[tool.ruff.lint]\nselect = ["E"]\n', "warning", "ruff", "`external` lacks ODD"),
    (".pre-commit-config.yaml", "repos: []\n", "warning", "pre-commit", "does not run dodont"),
    (
        ".pre-commit-config.yaml",
        "repos: [{repo: https://x/dodont, rev: v0.0.1, hooks: [{id: dodont}]}]",
        "warning",
        "pre-commit",
        "dodont runs dodont 0.0.1, and this is",
    ),
    (
        ".pre-commit-config.yaml",
        "repos: [{repo: https://x/flake8, rev: v7, hooks: [{id: flake8, additional_dependencies: [dodont]}]}]",
        "warning",
        "pre-commit",
        "flake8 does not pin dodont",
    ),
    (
        ".pre-commit-config.yaml",
        "repos: [{repo: x, hooks: [{id: yesqa}]}]",
        "problem",
        "yesqa",
        "yesqa does not know dodont",
    ),
    (".pre-commit-config.yaml", "repos: [\n", "problem", "pre-commit", "no valid YAML"),
    (".git/hooks/pre-commit", None, "warning", "pre-commit", "not installed in this clone"),
    (".claude/settings.json", "{}", "warning", "agents", ".claude/settings.json does not call `dodont hook`"),
    (".cursor/hooks.json", "{", "problem", "agents", "no valid JSON: line 1"),
    ("AGENTS.md", "# Shop\n", "warning", "agents", "AGENTS.md does not say which rules run"),
    ("AGENTS.md", "<!-- dodont:begin -->\n<!-- dodont:end -->\n", "warning", "agents", "says that other rules run"),
    ("AGENTS.md", "<!-- dodont:begin -->\n", "problem", "agents", "AGENTS.md needs one"),
    (".vscode/settings.json", "{} // none", "warning", "vscode", "importStrategy is not fromEnvironment"),
    (".vscode/tasks.json", None, "warning", "vscode", "has no task for dodont"),
    ("dodont-baseline.json", "{}", "problem", "baseline", "no baseline of dodont"),
    (
        "dodont-baseline.json",
        known("x.py"),
        "warning",
        "baseline",
        "there is no x.py",
    ),
    (
        "dodont-baseline.json",
        known("app.py"),
        "warning",
        "baseline",
        "1 entry has expired",
    ),
    (".dodont_cache", "a file", "warning", "cache", ".dodont_cache cannot be written"),
]


@pytest.mark.parametrize(("name", "text", "state", "topic", "what"), WRONG)
def test_each_thing_that_may_be_wrong(
    project: Path, name: str, text: str | None, state: str, topic: str, what: str
) -> None:
    if text is None:
        (project / name).unlink()
    else:
        put(project, {name: text})
    found = [each for each in doctor(project) if each["topic"] == topic and what in each["what"]]
    assert [each["state"] for each in found] == [state], doctor(project)
    if state != "ok" and topic not in ("pre-commit", "agents", "flake8"):
        assert found[0]["do"] or found[0]["why"]


def test_every_file_is_a_test(project: Path) -> None:
    (project / "tests").mkdir()
    (project / "app.py").rename(project / "tests" / "app.py")
    assert ("warning", "roles", "every file counts as a test") in wrong(project)


def test_a_cache_that_git_sees(project: Path) -> None:
    dodont(project, "check")
    (project / ".dodont_cache" / ".gitignore").unlink()
    assert wrong(project) == []  # the project ignores it
    (project / ".gitignore").unlink()
    assert wrong(project) == [("warning", "cache", "git does not ignore .dodont_cache")]
    assert wrong(project, DODONT_NO_CACHE="1") == []


def test_programs_on_the_path(project: Path) -> None:
    bin_ = project.parent / "bin"
    (bin_ / "flake8").symlink_to(sys.executable)
    assert [each[1] for each in wrong(project)] == ["flake8"]
    (bin_ / "flake8").unlink()
    (bin_ / "dodont").unlink()
    assert wrong(project) == [("warning", "agents", "there is no `dodont` on the PATH")]
    (bin_ / "git").unlink()
    assert ("warning", "git", "there is no git on the PATH") in wrong(project)


def test_a_shallow_clone(project: Path) -> None:
    git = project.parent / "bin" / "git"
    for number in range(2):
        put(project, {"more.py": f"X = {number}\n"})
        for command in (["add", "-A"], ["commit", "-qm", "More"]):
            subprocess.run([git, *command], cwd=project, check=True)
    clone = project.parent / "clone"
    subprocess.run([git, "clone", "-q", "--depth", "1", project.as_uri(), str(clone)], check=True)
    assert ("warning", "git", "the clone is shallow") in wrong(clone)


def test_a_directory_of_nobody(tmp_path: Path) -> None:
    found = {(each["topic"], each["state"]) for each in doctor(tmp_path)}
    assert {("files", "problem"), ("configuration", "ok")} <= found
    missing = dodont(tmp_path, "doctor", "missing")
    assert (missing.returncode, missing.stdout) == (2, "")


def test_nothing_that_a_file_says_is_obeyed(project: Path) -> None:
    escape = "\x1b[31m"
    put(
        project,
        {
            ".flake8": f"[flake8]\nper-file-ignores = {escape}: ODD1\n",
            f"{escape}/pyproject.toml": "[tool.dodont]\nx = 1\n",
        },
    )
    assert any("\x1b" in each["what"] for each in doctor(project))
    assert "\x1b" not in dodont(project, "doctor").stdout
