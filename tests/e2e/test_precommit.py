"""The published hooks, run by pre-commit itself in a scratch repository; dodont is installed from this working copy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import nobody

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ["pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml", "src", "rules"]

FAULTY = """\
import asyncio
import time


async def poll() -> None:
    time.sleep(1)
    await asyncio.sleep(0)
"""
REPAIRED = FAULTY.replace("    time.sleep(1)", "    await asyncio.sleep(1)")

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a command with its own pre-commit store and nobody's git settings; both streams come back as ``stdout``."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PYTHONPATH"))}
    environment |= {"PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("store")), **nobody.GIT}

    def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=cwd, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600
        )

    return run


def commit(run: Run, repository: Path) -> str:
    """Make ``repository`` a git repository if it is none, commit all it holds, and return the commit's hash."""
    commands = (["init", "-q"], ["add", "-A"], ["commit", "-q", "--no-verify", "--allow-empty", "-m", "State"])
    for arguments in commands:
        done = run("git", *arguments, cwd=repository)
        assert done.returncode == 0, done.stdout
    return run("git", "rev-parse", "HEAD", cwd=repository).stdout.strip()


@pytest.fixture(scope="module")
def published(run: Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The working copy as a repository that pre-commit can clone, and its revision."""
    copy = tmp_path_factory.mktemp("published")
    for name in SHIPPED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    return copy, commit(run, copy)


@pytest.fixture(scope="module")
def installed(run: Run, published: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The configuration of a user of both hooks and of flake8, with every environment built."""
    copy, revision = published
    configuration = f"""\
repos:
  - repo: {copy.as_uri()}
    rev: {revision}
    hooks:
      - id: dodont-fix
      - id: dodont
  - repo: local
    hooks:
      - id: flake8
        name: flake8
        language: python
        entry: flake8 --require-plugins dodont
        types: [python]
        additional_dependencies: [flake8, "{copy}"]
"""
    project = tmp_path_factory.mktemp("installation")
    (project / ".pre-commit-config.yaml").write_text(configuration)
    commit(run, project)
    # The build backend is the first thing an installation fetches; where pip cannot, nothing is wrong with the hooks.
    probe = run(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", "wheels", "hatchling", cwd=project)
    if probe.returncode:
        pytest.skip("pip cannot install anything here: no package index within reach")
    done = run(sys.executable, "-m", "pre_commit", "install-hooks", cwd=project)
    assert done.returncode == 0, done.stdout
    return configuration


@pytest.fixture
def project(run: Run, installed: str, tmp_path: Path) -> Iterator[Path]:
    """A repository with one faulty file and the same fault in a file that the settings exclude."""
    (tmp_path / ".pre-commit-config.yaml").write_text(installed)
    (tmp_path / "pyproject.toml").write_text('[tool.dodont]\nexclude = ["generated"]\n')
    (tmp_path / "generated").mkdir()
    for name in ("poller.py", "generated/client.py"):
        (tmp_path / name).write_text(FAULTY)
    commit(run, tmp_path)
    yield tmp_path


def hook(run: Run, project: Path, name: str, *files: str) -> subprocess.CompletedProcess[str]:
    chosen = ["--files", *files] if files else ["--all-files"]
    return run(sys.executable, "-m", "pre_commit", "run", name, "--verbose", *chosen, cwd=project)


def test_the_check_hook_reports_and_changes_nothing(run: Run, project: Path) -> None:
    done = hook(run, project, "dodont")
    assert done.returncode == 1, done.stdout
    assert "poller.py:6:" in done.stdout
    assert "ODD702" in done.stdout
    assert "files were modified" not in done.stdout


def test_files_the_settings_exclude_stay_excluded_when_named(run: Run, project: Path) -> None:
    assert "generated" not in hook(run, project, "dodont").stdout
    done = hook(run, project, "dodont", "generated/client.py")
    assert done.returncode == 0, done.stdout


def test_the_fix_hook_stops_the_commit_once(run: Run, project: Path) -> None:
    first = hook(run, project, "dodont-fix")
    assert first.returncode == 1, first.stdout
    assert "files were modified by this hook" in first.stdout
    assert "exit code" not in first.stdout  # the command itself succeeds; the changed file is what stops the commit
    assert (project / "poller.py").read_text() == REPAIRED
    assert (project / "generated" / "client.py").read_text() == FAULTY

    commit(run, project)
    for name in ("dodont-fix", "dodont"):
        again = hook(run, project, name)
        assert again.returncode == 0, again.stdout


def test_a_commit_with_a_fault_is_refused(run: Run, project: Path) -> None:
    assert run(sys.executable, "-m", "pre_commit", "install", cwd=project).returncode == 0
    before = run("git", "rev-parse", "HEAD", cwd=project).stdout
    (project / "poller.py").write_text(FAULTY + "\n")
    run("git", "add", "poller.py", cwd=project)
    done = run("git", "commit", "-m", "Poll", cwd=project)
    assert done.returncode == 1, done.stdout
    assert run("git", "rev-parse", "HEAD", cwd=project).stdout == before


def test_the_flake8_hook_sees_the_plugin(run: Run, project: Path) -> None:
    done = hook(run, project, "flake8", "poller.py")
    assert done.returncode == 1, done.stdout
    assert "poller.py:6:5: ODD702" in done.stdout
