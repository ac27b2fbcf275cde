"""Where runs keep what they found out, and that it is used, shared, left alone and deleted as said."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.e2e.test_cli import FOUND, JOBS, dodont, heads, project

__all__ = ["project"]


def analysed(where: Path, *said: str, **environment: str) -> bool:
    """Check, and tell whether any file was interpreted for that."""
    done = dodont(where, "check", "--profile", *said, **environment)
    assert heads(done) == FOUND
    return "Slowest files" in done.stderr


def rows(directory: Path) -> list[tuple[str, str]]:
    connection = sqlite3.connect(directory / "modules.sqlite3")
    found = connection.execute("select environment, path from modules order by path").fetchall()
    connection.close()
    return found


def test_the_second_run_takes_what_the_first_found(project: Path) -> None:
    assert analysed(project)
    assert (project / ".dodont_cache").is_dir()
    assert not analysed(project)
    assert analysed(project, "--no-cache")
    assert analysed(project, DODONT_NO_CACHE="1")
    path = project / "app" / "jobs.py"
    path.write_text(JOBS + "\n\nX = 1\n", encoding="utf-8")
    assert analysed(project)
    assert not analysed(project)


def test_no_cache_makes_none(project: Path) -> None:
    dodont(project, "check", "--no-cache")
    dodont(project, "check", DODONT_NO_CACHE="1")
    dodont(project, "check", DODONT_NO_CACHE="1", DODONT_CACHE_DIR="kept")
    assert not (project / ".dodont_cache").exists() and not (project / "kept").exists()


@pytest.mark.parametrize("by", ["option", "environment"])
def test_the_cache_can_be_elsewhere(project: Path, tmp_path_factory: pytest.TempPathFactory, by: str) -> None:
    elsewhere = tmp_path_factory.mktemp("caches") / "deep" / "dodont"
    said = ["--cache-dir", str(elsewhere)] if by == "option" else []
    environment = {"DODONT_CACHE_DIR": str(elsewhere)} if by == "environment" else {}
    assert analysed(project, *said, **environment)
    assert not analysed(project, *said, **environment)
    assert not (project / ".dodont_cache").exists()
    assert [path for _, path in rows(elsewhere)] == ["app/clean.py", "app/jobs.py"]
    done = dodont(project, "clean", *said, **environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"deleted {elsewhere}\n")
    assert not elsewhere.exists()


def test_a_cache_goes_with_a_copy_of_the_project(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert analysed(project)
    copy = tmp_path_factory.mktemp("other") / "checkout"
    shutil.copytree(project, copy)
    assert not analysed(copy)


def test_git_does_not_see_it(project: Path) -> None:
    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=project, check=True, capture_output=True, text=True).stdout

    git("init", "-q")
    git("add", ".")
    before = git("status", "--porcelain")
    dodont(project, "check")
    assert (project / ".dodont_cache").is_dir()
    assert git("status", "--porcelain") == before
    assert git("status", "--porcelain", "--ignored").splitlines()[-1] == "!! .dodont_cache/"
    git("add", "--all")
    assert "dodont_cache" not in git("ls-files")


# -------------------------------------------------------------------------------------------------- several projects

SAFE = "import asyncio\n\n\nasync def tick():\n    await asyncio.sleep(2)\n"
UNSAFE = SAFE.replace("await ", "")


@pytest.fixture
def services(tmp_path: Path) -> Path:
    """Two services whose files have the same names, and say something else."""
    for name, text in {"one": SAFE, "two": UNSAFE}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "dodont.toml").write_text("", encoding="utf-8")
        (tmp_path / name / "jobs.py").write_text(text, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.dodont]\noutput-format = "concise"\n', encoding="utf-8")
    return tmp_path


def test_projects_that_share_a_directory_keep_apart(services: Path) -> None:
    for _ in range(3):
        done = dodont(services, "check", "--cache-dir", "kept", "--profile")
        assert heads(done) == ["two/jobs.py:5:5: ODD701 [*] missing-await"]
    assert "Slowest files" not in done.stderr
    found = rows(services / "kept")
    assert [path for _, path in found] == ["jobs.py", "jobs.py"]
    assert len({environment for environment, _ in found}) == 2


def test_clean_deletes_the_caches_of_all_projects_below(services: Path) -> None:
    (services / "top.py").write_text(SAFE, encoding="utf-8")
    dodont(services, "check")
    caches = [services / name / ".dodont_cache" for name in ("", "one", "two")]
    assert all(cache.is_dir() for cache in caches)
    (caches[2] / "notes.txt").write_text("mine", encoding="utf-8")
    done = dodont(services, "clean")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines() == [f"deleted {cache}" for cache in caches]
    assert [cache.exists() for cache in caches] == [False, False, True]
    assert [path.name for path in caches[2].iterdir()] == ["notes.txt"]
    assert dodont(services, "clean").stderr == "there is no cache to delete\n"


def test_clean_of_a_part_leaves_the_others(services: Path) -> None:
    dodont(services, "check")
    (services / "one" / "dodont.toml").unlink()  # what is left of a configuration
    assert dodont(services, "clean", "two").stderr == f"deleted {services / 'two' / '.dodont_cache'}\n"
    assert (services / "one" / ".dodont_cache").is_dir()
    assert dodont(services, "clean", DODONT_NO_CACHE="1").stderr == f"deleted {services / 'one' / '.dodont_cache'}\n"


def test_clean_says_what_it_cannot_do(services: Path) -> None:
    done = dodont(services, "clean", "nowhere")
    assert (done.returncode, done.stderr) == (
        2,
        "dodont: error: nowhere: no such file or directory; check the spelling\n",
    )
    (services / "kept").write_text("a file", encoding="utf-8")
    done = dodont(services, "clean", "--cache-dir", "kept")
    assert done.returncode == 2 and "is a file" in done.stderr
    assert dodont(services, "check", "--cache-dir", "kept").returncode == 2
