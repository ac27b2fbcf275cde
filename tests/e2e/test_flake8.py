"""dodont inside flake8, as a process: the same findings as the command line, and flake8's own ways with them."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


def _is_plugin() -> bool:
    points = importlib.metadata.entry_points(group="flake8.extension")
    return any(point.name == "ODD" and point.value == "dodont.flake8:Plugin" for point in points)


pytestmark = pytest.mark.skipif(not _is_plugin(), reason="dodont is not installed here: pip install -e .")

JOBS = """\
import asyncio
import os
import sqlite3
import time


async def store(name: str) -> None:
    sqlite3.connect("jobs.db").execute(f"DELETE FROM jobs WHERE name = '{name}'")  # noqa: ODD702


async def poll(password: str) -> None:
    store("ä" + password); time.sleep(1)
    print("polling", password)
    asyncio.sleep(1)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "jobs"\n')
    (tmp_path / "jobs.py").write_text(JOBS, encoding="utf-8")
    return tmp_path


def run(
    *command: str, cwd: Path, stdin: str | None = None, path: Path | None = None
) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ)
    if path is not None:
        environment["PYTHONPATH"] = os.pathsep.join([str(path), *filter(None, [environment.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=cwd, env=environment, input=stdin, capture_output=True, text=True, encoding="utf-8", timeout=120,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done


def flake8(*arguments: str, cwd: Path, stdin: str | None = None, path: Path | None = None) -> list[str]:
    """The lines of a run that reads no configuration of flake8's own."""
    done = run("flake8", "--isolated", *arguments, cwd=cwd, stdin=stdin, path=path)
    assert done.returncode == bool(done.stdout) and not done.stderr, done.stderr
    return done.stdout.splitlines()


def codes(lines: list[str]) -> list[str]:
    return sorted(line.split()[1] for line in lines)


def test_the_command_line_finds_the_same(project: Path) -> None:
    done = run("dodont", "check", "jobs.py", "--output-format", "concise", "--quiet", cwd=project)
    said = [re.sub(r"(ODD\d+) \[\*\]", r"\1", line) for line in done.stdout.splitlines()]
    assert sorted(flake8("--select", "ODD", "jobs.py", cwd=project)) == sorted(said)
    assert codes(said) == ["ODD201", "ODD501", "ODD701", "ODD701", "ODD702"]


def test_selection_is_flake8s(project: Path) -> None:
    every = codes(flake8("jobs.py", cwd=project))
    assert {"F401", "ODD501"} <= set(every)
    assert codes(flake8("--extend-ignore", "ODD7", "jobs.py", cwd=project)) == [
        code for code in every if not code.startswith("ODD7")
    ]
    assert codes(flake8("--select", "ODD70", "jobs.py", cwd=project)) == ["ODD701", "ODD701", "ODD702"]


def test_comments_silence_findings(project: Path) -> None:
    file = project / "jobs.py"
    silenced = JOBS.replace("asyncio.sleep(1)", "asyncio.sleep(1)  # noqa: ODD701")
    silenced = silenced.replace(
        "password)\n    asy", "password)  # dodont: ignore[secret-in-log] for a demonstration\n    asy"
    )
    file.write_text(silenced, encoding="utf-8")
    assert codes(flake8("--select", "ODD", "jobs.py", cwd=project)) == ["ODD201", "ODD701", "ODD702"]
    file.write_text(silenced.replace("# noqa: ODD702", "# noqa"), encoding="utf-8")
    assert codes(flake8("--select", "ODD", "jobs.py", cwd=project)) == ["ODD701", "ODD702"]


def test_stdin(project: Path) -> None:
    as_file = flake8("--select", "ODD", "jobs.py", cwd=project)
    assert flake8("--select", "ODD", "--stdin-display-name", "jobs.py", "-", cwd=project, stdin=JOBS) == as_file
    assert codes(flake8("--select", "ODD", "-", cwd=project, stdin=JOBS)) == codes(as_file)


def test_several_processes(project: Path) -> None:
    names = []
    for number in range(6):
        (project / f"part{number}.py").write_text(
            f"from jobs import store\n\n\nasync def run() -> None:\n    store('{number}')\n"
        )
        names.append(f"part{number}.py")
    alone = flake8("--select", "ODD", "-j", "1", *names, cwd=project)
    assert codes(alone) == ["ODD701"] * 6
    assert sorted(flake8("--select", "ODD", "-j", "2", *names, cwd=project)) == sorted(alone)


def test_a_rule_that_fails_costs_one_line(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    patch = tmp_path_factory.mktemp("patch")
    (patch / "sitecustomize.py").write_text(
        "from dodont.rules.concurrency import missing_await as module\n"
        "def fail(event, run):\n"
        "    raise LookupError('nobody\\nat home')\n"
        "    yield\n"
        "module.check = module.check._replace(check=fail)\n"
    )
    lines = flake8("--select", "ODD", "jobs.py", cwd=project, path=patch)
    assert codes(lines) == ["ODD000", "ODD201", "ODD501", "ODD702"]
    (line,) = (line for line in lines if "ODD000" in line)
    assert "rule missing-await failed (LookupError: nobody at home)" in line


def test_dodont_that_fails_costs_one_line_a_file(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    patch = tmp_path_factory.mktemp("patch")
    (patch / "sitecustomize.py").write_text(
        "from dodont.engine.host import Host\n"
        "def fail(*arguments):\n"
        "    raise LookupError('nobody at home')\n"
        "Host.check = fail\n"
    )
    (line,) = flake8("--select", "ODD", "jobs.py", cwd=project, path=patch)
    assert line.startswith("jobs.py:1:1: ODD000 internal-error: LookupError: nobody at home")


def test_settings_are_those_of_the_command_line(project: Path) -> None:
    pyproject = project / "pyproject.toml"
    pyproject.write_text('[tool.dodont]\nignore = ["missing-await"]\n')
    assert codes(flake8("--select", "ODD", "jobs.py", cwd=project)) == ["ODD201", "ODD501", "ODD702"]
    pyproject.write_text('[tool.dodont]\nper-file-ignores = { "jobs.py" = ["ODD5", "database"] }\n')
    assert codes(flake8("--select", "ODD", "jobs.py", cwd=project)) == ["ODD701", "ODD701", "ODD702"]
    pyproject.write_text('[tool.dodont.roles]\ntest = ["jobs.py"]\n')
    assert codes(flake8("--select", "ODD", "jobs.py", cwd=project)) == ["ODD701", "ODD701"]


def test_every_directory_has_the_settings_nearest_to_it(project: Path) -> None:
    inner = project / "inner"
    inner.mkdir()
    (inner / "jobs.py").write_text(JOBS, encoding="utf-8")
    (inner / "dodont.toml").write_text('select = ["ODD501"]\n')
    (project / "pyproject.toml").write_text('[tool.dodont]\nselect = ["ODD201"]\n')
    lines = flake8("--select", "ODD", "jobs.py", "inner/jobs.py", cwd=project)
    assert [(line.split(":")[0], line.split()[1]) for line in lines] == [
        ("inner/jobs.py", "ODD501"),
        ("jobs.py", "ODD201"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[tool.dodont]\nselekt = ["ODD7"]\n', r"pyproject.toml:2: unknown key 'selekt'; did you mean 'select'"),
        ('[tool.dodont]\nselect = ["missing-awiat"]\n', r"pyproject.toml:2: select: .*missing-await"),
        ("[tool.dodont\n", r"pyproject.toml:1: no valid TOML"),
    ],
    ids=("key", "rule", "toml"),
)
def test_wrong_settings_cost_one_line_a_file(project: Path, text: str, said: str) -> None:
    (project / "pyproject.toml").write_text(text)
    (line,) = flake8("--select", "ODD", "jobs.py", cwd=project)
    assert re.search(rf"^jobs.py:1:1: ODD000 internal-error: .*{said}", line), line
