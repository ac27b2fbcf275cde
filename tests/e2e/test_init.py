"""``dodont init``: each place it writes to, beside what is there, twice, as a diff, and where it must not."""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from dodont import __version__
from dodont.adoption import json_text
from dodont.adoption.project import template
from tests import nobody
from tests.e2e.test_cli import ROOT, dodont

COMMITS = """\
# What runs before a commit.
repos:
- repo: https://github.com/astral-sh/ruff-pre-commit
  rev: v0.17.6
  hooks:
    - id: ruff  # lint
    # - id: ruff-format
# The service pre-commit.ci.
ci:
  skip: [ruff]
"""
PYPROJECT = """\
[project]
name = "shop"  # our shop

[tool.ruff.lint]
select = ["E", "RUF"]  # and more one day
external = [
    "V", # vulture
]

[tool.mypy]
strict = true
"""
SETTINGS = """\
// What we agreed on.
{
    "editor.rulers": [88, 120], // both
    "flake8.severity": { "E": "Error" }
    /* more to come */
}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in nobody.GIT.items():
        monkeypatch.setenv(name, value)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return tmp_path


def put(project: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))


def state(project: Path) -> dict[str, bytes]:
    return {
        path.relative_to(project).as_posix(): path.read_bytes()
        for path in sorted(project.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(project).parts
    }


def init(project: Path, *arguments: str, code: int = 0, where: Path | None = None) -> str:
    """What it says. Run again, it changes nothing and says so."""
    before = state(project)
    dry = dodont(where or project, "init", *arguments, "--dry-run")
    assert state(project) == before
    done = dodont(where or project, "init", *arguments)
    assert done.returncode == dry.returncode == code, done.stderr + done.stdout
    after = state(project)
    assert (dry.stdout == "") == (before == after)
    if code != 2:
        again = dodont(where or project, "init", *arguments)
        assert state(project) == after
        assert again.returncode == code
        assert "Nothing to write." in again.stdout
        assert not any(line.startswith("write") for line in again.stdout.splitlines())
    return done.stdout + done.stderr


def everything() -> dict[str, str]:
    return {
        "pyproject.toml": PYPROJECT,
        ".pre-commit-config.yaml": COMMITS,
        ".github/workflows/tests.yml": "name: tests\n",
        ".gitlab-ci.yml": "stages: [build, lint]\nbuild:\n  stage: build\n  script: [!reference [.x, script]]\n",
        ".vscode/settings.json": SETTINGS,
        ".claude/settings.json": '{\n\t"permissions": {"allow": []},\n\t"hooks": {"Stop": [{"hooks": []}]}\n}',
        ".cursor/rules/x.mdc": "",
        "AGENTS.md": "# Shop\n",
    }


def test_it_adds_itself_to_what_the_repository_uses(project: Path) -> None:
    put(project, everything())
    said = init(project)
    assert tomllib.loads((project / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]["external"] == ["V", "ODD"]
    assert "leave    copilot: nothing of Copilot's in .github; --agents copilot adds it" in said
    (_, hooks) = yaml.safe_load((project / ".pre-commit-config.yaml").read_text())["repos"]
    assert hooks == yaml.safe_load(template("pre-commit.yaml"))["repos"][0]
    assert (project / ".github/workflows/dodont.yml").read_text() == template("github.yml")
    assert 'dodont:\n  stage: "lint"\n' in (project / ".gitlab-ci.yml").read_text()
    assert (project / ".vscode/tasks.json").read_text() == template("tasks.json")
    assert (project / ".cursor/hooks.json").read_text() == template("cursor.json")
    claude = json.loads((project / ".claude/settings.json").read_text())
    wanted = json.loads(template("claude.json"))["hooks"]
    assert claude["hooks"] == {"Stop": [{"hooks": []}, *wanted["Stop"]], "PostToolUse": wanted["PostToolUse"]}
    assert "- ODD701 missing-await" in (project / "AGENTS.md").read_text()
    checked = dodont(project, "check")
    assert checked.returncode == 0, checked.stderr
    assert dodont(project, "agent-file", "sync", "--check", "AGENTS.md").returncode == 0


def test_what_is_there_stays_byte_for_byte(project: Path) -> None:
    put(project, everything())
    init(project)
    changed = {
        name: [line for line in text.splitlines() if line not in (project / name).read_text().splitlines()]
        for name, text in everything().items()
    }
    assert {name: lines for name, lines in changed.items() if lines} == {
        # A comma behind what was last, or one more in the same line.
        ".vscode/settings.json": ['    "flake8.severity": { "E": "Error" }'],
        ".claude/settings.json": ['\t"hooks": {"Stop": [{"hooks": []}]}'],
    }
    settings = (project / ".vscode/settings.json").read_text()
    for comment in ("// What we agreed on.", "// both", "/* more to come */"):
        assert comment in settings
    assert json_text.read(settings).value["flake8.severity"] == {"E": "Error", "ODD": "Warning"}
    assert '    "flake8.importStrategy": "fromEnvironment"' in settings
    commits = (project / ".pre-commit-config.yaml").read_text()
    block = commits[commits.index("- repo: local") : commits.index("# The service")]
    assert commits.replace(block, "") == COMMITS


def test_windows_lines_and_a_missing_last_one_stay(project: Path) -> None:
    files = {name: text.rstrip("\n").replace("\n", "\r\n") for name, text in everything().items()}
    put(project, files)
    init(project)
    for name in files:
        data = (project / name).read_bytes()
        if name != ".github/workflows/tests.yml" and data:
            assert data.count(b"\r\n") == data.count(b"\n") > 1 or name == "AGENTS.md", name
    assert not (project / ".claude/settings.json").read_bytes().endswith(b"\n")


@pytest.mark.parametrize(
    ("options", "written"),
    [
        (["--ruff"], {"ruff.toml"}),
        (["--pre-commit"], {".pre-commit-config.yaml"}),
        (["--ci", "github,gitlab"], {".github/workflows/dodont.yml", ".gitlab-ci.yml"}),
        (["--vscode"], {".vscode/tasks.json", ".vscode/settings.json"}),
        (["--agents", "claude", "--agents", "copilot"], {".claude/settings.json"}),
        (["--agents", "copilot"], {".github/hooks/dodont.json"}),
        (["--agents", "cursor"], {".cursor/hooks.json"}),
        ([], set()),
    ],
)
def test_options_ask_for_one_thing(project: Path, options: list[str], written: set[str]) -> None:
    put(project, {"setup.py": ""})
    init(project, *options)
    # A pyproject.toml would change how pip builds the project.
    assert state(project).keys() == {"setup.py", "dodont.toml"} | written
    for name in written:
        path = project / name
        parse = {".toml": tomllib.loads, ".json": json.loads}.get(path.suffix, yaml.safe_load)
        assert parse(path.read_text())
        if path.suffix in (".yaml", ".yml"):
            assert f"dodont=={__version__}" in path.read_text()
    assert dodont(project, "check").returncode == 0


def test_a_project_without_anything_gets_its_settings(project: Path) -> None:
    init(project)
    assert tomllib.loads((project / "pyproject.toml").read_text()) == {"tool": {"dodont": {}}}


@pytest.mark.parametrize("name", ["dodont.toml", ".dodont.toml", "pyproject.toml"])
def test_settings_that_are_there_are_left(project: Path, name: str) -> None:
    text = '[tool.dodont]\nfail-on = "error"\n' if name == "pyproject.toml" else 'fail-on = "error"\n'
    put(project, {name: text})
    assert f"there    {name}: has dodont's settings" in init(project)
    assert state(project) == {name: text.encode()}


def test_a_part_of_a_repository_has_its_own_settings_and_its_tools_above(project: Path) -> None:
    put(project, {"api/pyproject.toml": '[project]\nname = "api"\n', "ruff.toml": "line-length = 100\n"})
    init(project, "--ruff", "--pre-commit", where=project / "api")
    assert "[tool.dodont]" in (project / "api/pyproject.toml").read_text()
    assert (project / "ruff.toml").read_text() == 'line-length = 100\n\n[lint]\nexternal = ["ODD"]\n'
    assert (project / ".pre-commit-config.yaml").exists()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[tool.ruff.lint]\nexternal = ["V"]  # x\n', '[tool.ruff.lint]\nexternal = ["V", "ODD"]  # x\n'),
        ("[tool.ruff]\nlint.select = ['E']\n", "[tool.ruff]\nlint.select = ['E']\nlint.external = [\"ODD\"]\n"),
        ('[tool.ruff]\nexternal = ["V"]\n', '[tool.ruff]\nexternal = ["V", "ODD"]\n'),
        ("[tool.ruff]\n[tool.ruff.lint.isort]\nx = 1\n", None),
        ("[tool.ruff]\nlint = { select = ['E'] }\n", None),
        ("[tool]\nruff = { lint = { select = ['E'] } }\n", None),
    ],
)
def test_shapes_of_ruffs_settings(project: Path, before: str, after: str | None) -> None:
    before = f"[tool.dodont]\n{before}" if "[tool]" not in before else f"{before}dodont = {{}}\n"
    put(project, {"pyproject.toml": before})
    init(project)
    found = (project / "pyproject.toml").read_text()
    assert after is None or found == f"[tool.dodont]\n{after}"
    ruff = tomllib.loads(found)["tool"]["ruff"]
    assert "ODD" in (ruff.get("lint", {}).get("external") or ruff["external"])


BY_HAND = [
    ("ruff.toml", 'extend = "../base.toml"\n', 'external = ["ODD"]'),
    ("ruff.toml", '[lint]\nexternal = [\n  "V" # last\n  # end\n]\n', 'external = ["ODD"]'),
    ("ruff.toml", '[lint]\nexternal = "V"\n', 'external = ["ODD"]'),
    (".pre-commit-config.yaml", "repos: []\n", "- id: dodont"),
    (".pre-commit-config.yaml", "{repos: [{repo: local, hooks: []}]}\n", "- id: dodont"),
    (".gitlab-ci.yml", "- just a list\n", "dodont:"),
    (".vscode/tasks.json", "[]\n", '"problemMatcher"'),
    (".vscode/settings.json", '"text"', "fromEnvironment"),
    (".claude/settings.json", '{"hooks": []}', "dodont hook"),
    (".cursor/hooks.json", '{"hooks": {"stop": {}}}', "dodont hook"),
]


@pytest.mark.parametrize(("name", "text", "add"), BY_HAND)
def test_what_has_an_odd_shape_is_to_be_done_by_hand(project: Path, name: str, text: str, add: str) -> None:
    put(project, {name: text, "pyproject.toml": "[tool.dodont]\n"})
    said = init(project, code=1)
    assert (project / name).read_text() == text
    assert f"BY HAND  {name}: " in said
    assert add in said


def test_what_the_project_decided_is_kept(project: Path) -> None:
    kept = {
        ".vscode/settings.json": '{"flake8.importStrategy": "useBundled", "flake8.severity": {"ODD1": "Error"}}',
        ".vscode/tasks.json": '{"tasks": [{"label": "dodont", "command": "dodont check app"}]}',
        ".claude/settings.json": '{"hooks": {"PostToolUse": [{"command": "x && dodont hook --fix"}], "Stop": ["dodont hook"]}}',
        ".pre-commit-config.yaml": "repos:\n- repo: https://x/dodont\n  rev: v0.0.1\n  hooks: [{id: dodont}]\n",
        ".github/workflows/lint.yml": "jobs: {x: {steps: [run: dodont check]}}\n",
        "pyproject.toml": "[tool.dodont]\n",
    }
    put(project, kept)
    said = init(project)
    assert state(project) == {name: text.encode() for name, text in kept.items()}
    assert "keep     .vscode/settings.json: flake8.importStrategy is another one" in said


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("pyproject.toml", "[tool.dodont\n", "no valid TOML"),
        (".pre-commit-config.yaml", "repos:\n  - [\n", "no valid YAML: line 3"),
        (".vscode/settings.json", '{"a": 1,\n "b" 2}', "no valid JSON: line 2"),
        (".claude/settings.json", "[" * 100_000, "nested too deeply"),
        (".cursor/hooks.json", '{"a": "\udcff"}', "not UTF-8"),
    ],
)
def test_a_broken_file_stops_it_before_it_writes(project: Path, name: str, text: str, why: str) -> None:
    put(project, {"AGENTS.md": "# Shop\n"})
    path = project / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    before = state(project)
    said = init(project, code=2)
    assert state(project) == before
    assert why in said


def test_links_lead_about_in_the_project_and_not_out_of_it(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "settings.json").write_text("{}")
    put(project, {"AGENTS.md": "# Shop\n", "etc/commits.yaml": COMMITS, "pyproject.toml": "[tool.dodont]\n"})
    (project / "CLAUDE.md").symlink_to("AGENTS.md")
    (project / ".pre-commit-config.yaml").symlink_to("etc/commits.yaml")
    init(project)
    assert (project / "CLAUDE.md").is_symlink()
    assert (project / ".pre-commit-config.yaml").is_symlink()
    assert "- repo: local" in (project / "etc/commits.yaml").read_text()
    assert (project / "AGENTS.md").read_text().count("dodont:begin") == 1
    (project / ".claude").symlink_to(outside)
    said = dodont(project, "init")
    assert said.returncode == 2
    assert "leads out of the project" in said.stderr
    assert (outside / "settings.json").read_text() == "{}"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is read-only here")
def test_a_file_that_is_read_only(project: Path) -> None:
    put(project, {"pyproject.toml": PYPROJECT, "AGENTS.md": "# Shop\n"})
    (project / "AGENTS.md").chmod(0o444)
    before = state(project)
    assert "AGENTS.md: cannot be written: it is read-only; nothing was written" in init(project, code=2)
    assert state(project) == before


def test_without_a_repository(tmp_path: Path) -> None:
    put(tmp_path, {"pyproject.toml": "[project]\nname = 'x'\n", ".vscode/settings.json": ""})
    if any((each / ".git").exists() for each in tmp_path.parents):
        pytest.skip("the temporary directory is in a repository")
    before = state(tmp_path)
    for option in ("--pre-commit", "--ci=github"):
        assert "not in a git repository" in init(tmp_path, option, code=2)
        assert state(tmp_path) == before
    assert "Not in a git repository: what is new in a change can't be told." in init(tmp_path)
    assert (tmp_path / ".vscode/settings.json").read_text() == template("settings.json")


def test_wrong_words(project: Path) -> None:
    assert "--agents codex: choose from claude, copilot, cursor" in init(project, "--agents", "codex", code=2)
    assert "--ci jenkins" in init(project, "--ci", "jenkins", code=2)
    assert "no such directory" in init(project, "missing", code=2)


def test_nothing_that_a_file_says_is_obeyed(project: Path) -> None:
    escape = "\x1b]0;owned\x07\x1b[2J"
    put(
        project,
        {
            "AGENTS.md": f"# Shop {escape}\n",
            ".gitlab-ci.yml": 'stages: ["\\e[31mred", "a\\nb: c"]\n',
            f".github/workflows/{escape}.yml": "run: dodont\n",
            "pyproject.toml": "",
        },
    )
    for arguments in (("--dry-run",), ()):
        done = dodont(project, "init", *arguments)
        assert done.returncode == 0, done.stderr
        assert "\x1b" not in done.stdout + done.stderr
        assert "\x07" not in done.stdout + done.stderr
    job = yaml.safe_load((project / ".gitlab-ci.yml").read_text())["dodont"]
    assert job["stage"] == "\x1b[31mred"
    (project / ".vscode").mkdir()
    (project / ".vscode" / "settings.json").write_text(f'{{"{escape}" 1}}')
    done = dodont(project, "init")
    assert done.returncode == 2
    assert "\x1b" not in done.stderr


def test_a_diff_is_a_patch(project: Path) -> None:
    put(project, everything())
    diff = dodont(project, "init", "--dry-run").stdout
    subprocess.run(["git", "apply", "-"], input=diff.encode(), cwd=project, check=True)
    patched = state(project)
    assert "Nothing to write." in dodont(project, "init").stdout
    assert state(project) == patched


def quoted(page: str) -> list[str]:
    import re

    return re.findall(r"```(?:yaml|json)\n(.*?)```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.S)


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("formats.md", ("github.yml", "gitlab.yml")),
        ("adoption.md", ("pre-commit.yaml", "tasks.json", "settings.json")),
        ("agents.md", ("claude.json", "cursor.json", "copilot.json")),
    ],
)
def test_the_guides_quote_what_is_written(page: str, names: tuple[str, ...]) -> None:
    for name in names:
        assert template(name) in quoted(page), name
