"""An old project takes up dodont: a baseline on Monday, a branch on Tuesday. Real git, flake8 and pre-commit."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dodont.engine.settings import OUTPUT_FORMATS
from tests import nobody
from tests.e2e.test_cli import dodont

FUNCTION = """

def by_{name}({name}: str) -> list[tuple[int]]:
    return connection.execute(f"SELECT id FROM things WHERE {name} = '{{{name}}}'").fetchall()
"""
HEAD = "import sqlite3\n\nconnection = sqlite3.connect('things.db')\n"
FIXED = """

def by_{name}({name}: str) -> list[tuple[int]]:
    return connection.execute("SELECT id FROM things WHERE {name} = ?", ({name},)).fetchall()
"""

FILES, EACH = 40, 5
NEW = {"by_fresh", "by_newest"}


def sh(where: Path, *command: str, ok: bool = True) -> str:
    done = subprocess.run(command, cwd=where, capture_output=True, text=True)
    assert not ok or done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The branch, after main was merged into it."""
    patch = pytest.MonkeyPatch()
    for name, value in nobody.GIT.items():
        patch.setenv(name, value)
    work = tmp_path_factory.mktemp("old")
    shop = work / "shop"
    shop.mkdir()
    (work / "pyproject.toml").write_text("[tool.dodont]\n[tool.dodont.budget]\nnew = 0\nODD2 = 200\n")
    (work / ".gitignore").write_text(".dodont_cache/\n")
    (work / ".gitattributes").write_text("dodont-baseline.json merge=union\n")
    (shop / "__init__.py").touch()
    for file in range(FILES):
        names = (f"{chr(97 + file % 26)}{file}_{number}" for number in range(EACH))
        (shop / f"part{file:02}.py").write_text(HEAD + "".join(FUNCTION.format(name=name) for name in names))
    sh(work, "git", "init", "-q", "-b", "main")
    assert "200 findings in 40 files" in dodont(work, "baseline", "create").stdout
    sh(work, "git", "add", "-A")
    sh(work, "git", "commit", "-qm", "Monday")
    clean = dodont(work, "check")
    assert (clean.returncode, clean.stdout) == (
        0,
        "All clear: 41 files checked, no new findings. 200 hidden by the baseline.\n",
    )

    sh(work, "git", "checkout", "-qb", "topic")
    # Three are fixed, two are new, two files move, one is reformatted, and one gets lines before what was there.
    for file, name in ((0, "a0_0"), (0, "a0_1"), (7, "h7_4")):
        replaced(shop / f"part{file:02}.py", FUNCTION.format(name=name), FIXED.format(name=name))
    for file, name in ((3, "fresh"), (30, "newest")):
        path = shop / f"part{file:02}.py"
        path.write_text(path.read_text() + FUNCTION.format(name=name))
    (shop / "moved").mkdir()
    sh(work, "git", "mv", "shop/part10.py", "shop/moved/part10.py")
    sh(work, "git", "mv", "shop/part30.py", "shop/thirty.py")
    replaced(shop / "part12.py", "connection.execute(f", "connection.execute(\n        f")
    path = shop / "part20.py"
    path.write_text('"""Now with a docstring."""\n\n\n\n' + path.read_text())
    sh(work, "git", "add", "-A")
    sh(work, "git", "commit", "-qm", "Tuesday")
    assert dodont(work, "baseline", "update", "-q").returncode == 1  # the two may not be taken up
    sh(work, "git", "commit", "-qam", "The baseline shrinks")

    sh(work, "git", "checkout", "-q", "main")
    replaced(shop / "part39.py", FUNCTION.format(name="n39_0"), FIXED.format(name="n39_0"))
    path = shop / "part38.py"
    path.write_text(path.read_text() + FUNCTION.format(name="agreed"))
    assert dodont(work, "baseline", "update", "--allow-growth", "-q").returncode == 0
    sh(work, "git", "add", "-A")
    sh(work, "git", "commit", "-qm", "Meanwhile")
    sh(work, "git", "checkout", "-q", "topic")
    sh(work, "git", "merge", "-q", "--no-edit", "main")
    yield work
    patch.undo()


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


#: Reformatted lines are changed lines to a diff, whatever they say; a baseline knows them all the same.
REFORMATTED = {f"by_m12_{number}" for number in range(EACH)}


def told(text: str) -> set[str]:
    """The functions that a report names; each finding's message names the parameter, which names the function."""
    return {f"by_{name}" for name in re.findall(r"[`>](\w+)(?:`|</code>) is put into the SQL", html.unescape(text))}


@pytest.mark.parametrize("form", OUTPUT_FORMATS)
@pytest.mark.parametrize(
    "mode", [(), ("--diff-base", "main", "--no-baseline"), ("--diff-base", "main")], ids=["known", "diff", "both"]
)
def test_exactly_the_two_are_reported(story: Path, form: str, mode: tuple[str, ...]) -> None:
    done = dodont(story, "check", *mode, "--output-format", form)
    assert done.returncode == 1
    assert told(done.stdout) == (NEW | REFORMATTED if "--no-baseline" in mode else NEW)


def test_how_many_are_hidden_is_said(story: Path) -> None:
    assert (
        "2 new findings in 2 of 41 files. 2 fixable with `dodont fix`. 197 hidden by the baseline.\n"
        in dodont(story, "check").stdout
    )
    document = json.loads(dodont(story, "check", "--output-format", "json").stdout)
    assert (document["new"], document["hidden"], len(document["findings"])) == (True, 197, 2)


def test_any_scope_tells_them(story: Path) -> None:
    for scope in ("line", "function"):
        done = dodont(story, "check", "--diff-base", "main", "--no-baseline", "--diff-scope", scope)
        assert told(done.stdout) == NEW | REFORMATTED
    whole_files = dodont(
        story, "check", "--diff-base", "main", "--no-baseline", "--diff-scope", "file", "--output-format", "concise"
    )
    assert told(whole_files.stdout) > NEW


def test_a_patch_tells_them(story: Path) -> None:
    patch = story.parent / "branch.patch"
    patch.write_text(sh(story, "git", "diff", "main"))
    assert told(dodont(story, "check", "--no-baseline", "--diff", str(patch)).stdout) == NEW | REFORMATTED
    with patch.open() as stream:
        done = subprocess.run(
            [sys.executable, "-m", "dodont", "check", "--diff", "-"],
            cwd=story, stdin=stream, capture_output=True, text=True,
        )  # fmt: skip
    assert told(done.stdout) == NEW


def test_the_gate_is_closed_by_the_two(story: Path) -> None:
    done = dodont(story, "gate")
    assert done.returncode == 1
    assert re.search(r"^FAIL +new +2 +0$", done.stdout, re.M)
    assert re.search(r"^pass +ODD2 +199 +200$", done.stdout, re.M)
    document = json.loads(dodont(story, "gate", "--diff-base", "main", "--output-format", "json").stdout)
    assert [(each["name"], each["found"], each["passed"]) for each in document["conditions"]] == [
        ("new", 2, False),
        ("ODD2", 199, True),
    ]


def test_flake8_tells_them(story: Path) -> None:
    done = sh(story, sys.executable, "-m", "flake8", "--select", "ODD", "--require-plugins", "dodont", ok=False)
    assert told(done) == NEW
    assert done.count("ODD") == 2


def test_pre_commit_tells_them(story: Path, tmp_path: Path) -> None:
    hooks = [
        ("dodont", "check --force-exclude --no-project-rules --output-format concise", "true"),
        ("dodont-diff", "check --diff-base main --output-format concise", "false"),
    ]
    lines = ["repos:", "  - repo: local", "    hooks:"]
    for name, arguments, passing in hooks:
        lines += [
            f"      - id: {name}", f"        name: {name}", "        language: system", "        types: [python]",
            f"        entry: {sys.executable} -m dodont {arguments}", f"        pass_filenames: {passing}",
            "        require_serial: true",
        ]  # fmt: skip
    config = tmp_path / "config.yaml"
    config.write_text("\n".join(lines) + "\n")
    for name, _, _ in hooks:
        done = sh(story, sys.executable, "-m", "pre_commit", "run", name, "--all-files", "-c", str(config), ok=False)
        assert told(done) == NEW


def test_shards_put_together_tell_them(story: Path, tmp_path: Path) -> None:
    names = []
    for number in (1, 2, 3):
        names.append(str(tmp_path / f"{number}.json"))
        dodont(story, "check", "--shard", f"{number}/3", "--output-format", "json", "-o", names[-1])
    done = dodont(story, "merge", *names)
    assert done.returncode == 1
    assert told(done.stdout) == NEW
    assert "197 hidden by the baseline." in done.stdout


def test_the_baseline_is_as_it_should_be(story: Path) -> None:
    done = dodont(story, "baseline", "verify")
    assert done.returncode in (0, 1)
    assert "gone" not in done.stderr
    assert dodont(story, "check", "--strict-baseline", "--exit-zero").returncode == 0


def test_what_is_gone_is_said_and_may_fail(story: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    sh(story, "git", "worktree", "add", "-q", "--detach", str(copy), "main")
    try:
        replaced(copy / "shop" / "part38.py", FUNCTION.format(name="agreed"), "")
        done = dodont(copy, "check")
        assert done.returncode == 0
        assert "note: dodont-baseline.json: 1 finding is gone; drop them with `dodont baseline prune`" in done.stderr
        assert dodont(copy, "check", "--strict-baseline").returncode == 1
        assert "gone: ODD201 in shop/part38.py by_agreed" in dodont(copy, "baseline", "verify").stderr
        assert dodont(copy, "baseline", "prune").returncode == 0
        assert dodont(copy, "check", "--strict-baseline").returncode == 0
        assert dodont(copy, "baseline", "verify").returncode == 0
    finally:
        sh(story, "git", "worktree", "remove", "--force", str(copy))


def test_budgets_are_lowered_where_they_stand(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(HEAD + FUNCTION.format(name="x"))
    (tmp_path / "pyproject.toml").write_bytes(
        b'[tool.dodont.budget]\r\n"ODD2"   = 12 # much\r\nsql-from-strings=7\r\ndatabase = 1\r\n"severity:error" = 0\r\n'
    )
    done = dodont(tmp_path, "gate")
    assert done.returncode == 0
    assert "dodont gate --tighten" in done.stderr
    assert dodont(tmp_path, "gate", "--tighten").returncode == 0
    assert (tmp_path / "pyproject.toml").read_bytes() == (
        b'[tool.dodont.budget]\r\n"ODD2"   = 1 # much\r\nsql-from-strings=1\r\ndatabase = 1\r\n"severity:error" = 0\r\n'
    )
    (tmp_path / "b.py").write_text(HEAD + FUNCTION.format(name="y"))
    done = dodont(tmp_path, "gate")
    assert done.returncode == 1
    assert done.stdout.count("FAIL") == 3


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("[tool.dodont.budget]\nnwe = 0\n", "no condition is called 'nwe'; did you mean 'new'"),
        ("[tool.dodont.budget]\nODD2 = -1\n", "greater than or equal to 0"),
        ("[tool.dodont.budget]\nODD2 = true\n", "valid integer"),
        (
            "[tool.dodont]\nbaseline = 'missing.json'\n",
            "missing.json: no such baseline; make it with `dodont baseline create`",
        ),
    ],
)
def test_what_is_wrong_stops_the_run(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "pyproject.toml").write_text(content)
    (tmp_path / "a.py").touch()
    done = dodont(tmp_path, "check")
    assert done.returncode == 2
    assert complaint in done.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--baseline", "none.json"), "none.json: no such baseline"),
        (("--baseline", "a.py"), "a.py: no baseline of dodont"),
        (("--baseline", "a.py", "--no-baseline"), "exclude each other"),
        (("--diff-base", "x", "--diff", "y"), "exclude each other"),
        (("--diff", "none.patch"), "cannot be read"),
        (("--diff", "a.py"), "no unified diff"),
        (("--diff", "-", "-"), "stdin"),
        (("--diff-base", "main"), "no git repository"),
        (("--fix", "--diff-base", "main"), "drop --fix"),
    ],
)
def test_wrong_arguments(tmp_path: Path, arguments: tuple[str, ...], complaint: str) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    done = dodont(tmp_path, "check", *arguments)
    assert done.returncode == 2
    assert complaint in done.stderr
