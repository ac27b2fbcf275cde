"""Bring the pinned projects to disk. Nothing is installed, built or imported."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

from tests.ecosystem.projects import Project, Repository, Wheel


class FetchError(Exception):
    """A project could not be had as it is pinned."""


def fetch(project: Project, directory: Path) -> bool:
    """Put ``project`` into ``directory/<name>``; False if it was there already, at the same pin.

    Raises FetchError when it cannot be downloaded, or is not what the manifest pins.
    """
    mark = directory / ".pins" / project.name
    target = directory / project.name
    if target.is_dir() and mark.is_file() and mark.read_text(encoding="utf-8").strip() == project.source.pin:
        return False
    mark.parent.mkdir(parents=True, exist_ok=True)
    fresh = directory / f".{project.name}.unpacking"
    if fresh.exists():
        shutil.rmtree(fresh)
    if isinstance(project.source, Repository):
        _clone(project.source, fresh)
    else:
        _unpack(_download(project.name, project.source, directory / ".downloads"), fresh)
    mark.unlink(missing_ok=True)
    if target.exists():
        shutil.rmtree(target)
    fresh.rename(target)
    mark.write_text(project.source.pin + "\n", encoding="utf-8")
    return True


def _download(name: str, wheel: Wheel, directory: Path) -> Path:
    path = directory / wheel.file
    if not path.is_file():
        # Only wheels: for a source distribution pip would run the project's build code.
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        command += ["--ignore-requires-python", "--dest", str(directory), *_tags(wheel.file)]
        _run([*command, f"{name}=={wheel.version}"])
    if not path.is_file():
        raise FetchError(f"{name}: pip brought another file than {wheel.file}")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != wheel.sha256:
        raise FetchError(f"{name}: {path} has sha256 {found}, pinned is {wheel.sha256}")
    return path


def _tags(file: str) -> list[str]:
    """pip's options to get this very wheel on any machine."""
    platform = file.removesuffix(".whl").rsplit("-", 1)[1]
    return [] if platform == "any" else ["--platform", platform, "--implementation", "cp", "--python-version", "3.11"]


def _unpack(path: Path, target: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("/") or "\\" in name or ".." in PurePosixPath(name).parts:
                raise FetchError(f"{path.name}: refusing to unpack {name!r}")
        archive.extractall(target)


def _clone(repository: Repository, target: Path) -> None:
    _run(["git", "clone", "--quiet", "--no-checkout", f"https://github.com/{repository.path}.git", str(target)])
    _run(["git", "-C", str(target), "checkout", "--quiet", "--detach", repository.commit])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FetchError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()[-800:]}")
