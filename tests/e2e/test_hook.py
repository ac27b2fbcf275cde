"""``dodont hook`` as each agent calls it: always exit code 0, always one JSON object, and only what is new."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import nobody
from tests.e2e.test_cli import dodont

OLD = """\
import asyncio
import time


async def old() -> None:
    time.sleep(1)


async def touched() -> None:
    await asyncio.sleep(0)
"""
NEW = OLD.replace("    await asyncio.sleep(0)\n", "    time.sleep(2)\n")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One old finding, committed, and a new one that is not."""
    for name, value in nobody.GIT.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "pyproject.toml").write_text("[tool.dodont]\n")
    (tmp_path / ".gitignore").write_text(".dodont_cache/\n")
    path = tmp_path / "app.py"
    path.write_text(OLD)
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Old"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    path.write_text(NEW)
    return tmp_path


def answer(project: Path, payload: Any, *arguments: str, where: Path | None = None) -> dict[str, Any]:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    done = dodont(where or project, "hook", "--time-limit", "30", *arguments, stdin=text)
    assert done.returncode == 0
    assert done.stdout.count("\n") == 1
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def edits(project: Path) -> dict[str, dict[str, Any]]:
    path = str(project / "app.py")
    claude = {"hook_event_name": "PostToolUse", "cwd": str(project), "session_id": "s"}
    return {
        "claude": {**claude, "tool_name": "Edit", "tool_input": {"file_path": path}},
        "claude many": {**claude, "tool_name": "MultiEdit", "tool_input": {"edits": [{"file_path": path}]}},
        "vs code": {**claude, "tool_name": "editFiles", "tool_input": {"files": [path]}},
        "vs code create": {**claude, "tool_name": "create_file", "tool_input": {"filePath": path}},
        "vs code objects": {**claude, "tool_name": "editFiles", "tool_input": {"files": [{"path": "app.py"}]}},
        "copilot": {"toolName": "edit", "cwd": str(project), "toolArgs": json.dumps({"path": "app.py"})},
        "cursor": {
            "hook_event_name": "afterFileEdit",
            "workspace_roots": [str(project)],
            "file_path": path,
            "edits": [{}],
        },
    }


@pytest.mark.parametrize(
    "agent", ["claude", "claude many", "vs code", "vs code create", "vs code objects", "copilot", "cursor"]
)
def test_after_an_edit_the_agent_is_told_what_is_new(
    project: Path, agent: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = answer(project, edits(project)[agent], where=tmp_path_factory.mktemp("elsewhere"))
    text = found["additionalContext"]
    assert text == found["additional_context"] == found["hookSpecificOutput"]["additionalContext"]
    assert "app.py:10:5 ODD702" in text
    assert "app.py:6:" not in text
    assert "decision" not in found
    assert text.splitlines()[-1].startswith("NOT DONE: repair this")


def test_it_may_hold_the_agent_up(project: Path) -> None:
    found = answer(project, edits(project)["claude"], "--mode", "block")
    assert found["decision"] == "block"
    assert "ODD702" in found["reason"]


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "no JSON",
        "[]",
        {"hook_event_name": "PreToolUse", "tool_input": {"file_path": "app.py"}},
        {"hook_event_name": "PostToolUse", "tool_input": {"file_path": "README.md"}},
        {"hook_event_name": "PostToolUse", "tool_input": {"file_path": "missing.py"}},
        {"hook_event_name": "PostToolUse", "tool_input": {"file_path": "../../etc/passwd.py"}},
        {"hook_event_name": "PostToolUse", "tool_input": {"file_path": 5, "files": [None, {"path": []}]}},
        {"hook_event_name": "PostToolUse"},
        {"hook_event_name": "Stop", "stop_hook_active": True},
        {"hook_event_name": "stop", "loop_count": 1},
    ],
)
def test_otherwise_it_says_nothing(project: Path, payload: Any) -> None:
    assert answer(project, payload) == {}


def test_a_file_nobody_changed_is_no_news(project: Path) -> None:
    (project / "app.py").write_text(OLD)
    assert answer(project, edits(project)["claude"]) == {}


def test_before_it_stops_the_agent_is_held_up_once(project: Path) -> None:
    stop = {"hook_event_name": "Stop", "cwd": str(project), "session_id": "one"}
    first = answer(project, stop)
    assert first["decision"] == first["hookSpecificOutput"]["decision"] == "block"
    assert first["reason"] == first["followup_message"]
    assert "app.py:10:5 ODD702" in first["reason"]
    assert answer(project, stop) == {}  # an agent that does not say that it was held up before
    assert answer(project, {**stop, "session_id": "other"})["decision"] == "block"


def test_safe_repairs_are_made_and_said(project: Path) -> None:
    found = answer(project, edits(project)["claude"], "--fix")
    assert "read the file again" in found["additionalContext"]
    assert "await asyncio.sleep(2)" in (project / "app.py").read_text()


def test_the_clock_runs_out_in_silence(project: Path) -> None:
    done = dodont(project, "hook", "--time-limit", "0.001", stdin=json.dumps(edits(project)["claude"]))
    assert (done.returncode, done.stdout) == (0, "{}\n")
    assert "more than 0.001 seconds" in done.stderr


def test_an_agent_gets_its_own_format(project: Path) -> None:
    found = dodont(project, "check", "app.py", DODONT_AGENT="", CLAUDECODE="1")
    assert found.stdout.splitlines()[0] == "dodont: 2 findings in 1 file (1 file checked)"
    assert found.stdout.splitlines()[-1].startswith("NOT DONE: ")
    assert "as CLAUDECODE is set; --output-format or DODONT_AGENT=0" in found.stderr
    assert dodont(project, "check", "app.py", CLAUDECODE="1", DODONT_AGENT="0").stdout.startswith("app.py:6:5: ODD702")
    for arguments, variables in ((("--output-format", "concise"), {}), ((), {"DODONT_OUTPUT_FORMAT": "concise"})):
        found = dodont(project, "check", "app.py", *arguments, DODONT_AGENT="", CLAUDECODE="1", **variables)
        assert found.stdout.startswith("app.py:6:5: ODD702 [*] ")
    (project / "pyproject.toml").write_text('[tool.dodont]\noutput-format = "concise"\n')
    assert dodont(project, "check", "app.py", DODONT_AGENT="", AGENT="x").stdout.startswith("app.py:6:5: ODD702 [*] ")
    clean = dodont(project, "check", "--output-format", "agent", "--ignore", "ODD702", "app.py")
    assert clean.stdout == "dodont: 0 findings in 0 files (1 file checked)\nDONE: nothing to repair.\n"


def test_what_hangs_on_an_edit_is_left_to_others(project: Path) -> None:
    """Modules that import each other: a new function makes all of them news to each other, and the answer must not wait for that."""
    pause = "import time\n\nimport app\n\n\ndef pause() -> None:\n    app.rest()\n    time.sleep(1)\n"
    before = "import other\n\n\ndef rest() -> None:\n    pass\n\n\nasync def late() -> None:\n    other.pause()\n"
    (project / "other.py").write_text(pause)
    (project / "app.py").write_text(before)
    assert dodont(project, "check", "--exit-zero").returncode == 0
    subprocess.run(["git", "add", "-A"], cwd=project, check=True)
    subprocess.run(["git", "commit", "-qm", "Round"], cwd=project, check=True)
    (project / "app.py").write_text(before + "\n\nasync def added() -> int:\n    other.pause()\n    return 1\n")
    for _ in range(2):
        assert "ODD702" in answer(project, edits(project)["claude"])["additionalContext"]
    warm = dodont(project, "check", "--output-format", "concise")
    assert warm.stdout == dodont(project, "check", "--output-format", "concise", "--no-cache").stdout
