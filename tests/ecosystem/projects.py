"""The pinned projects of ``projects.toml`` and where they lie under the directory they were fetched into."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

MANIFEST = Path(__file__).with_name("projects.toml")

# Directories that hold no source of the project itself.
_SKIPPED = frozenset({"node_modules", "__pycache__"})


@dataclass(frozen=True, slots=True)
class Wheel:
    """One file on the package index; ``sha256`` is the hexadecimal digest of the whole file."""

    version: str
    file: str
    sha256: str

    @property
    def pin(self) -> str:
        return self.sha256


@dataclass(frozen=True, slots=True)
class Repository:
    """A public GitHub repository, ``owner/name``, at a full commit hash."""

    path: str
    commit: str

    @property
    def pin(self) -> str:
        return self.commit


@dataclass(frozen=True, slots=True)
class Project:
    name: str
    why: str
    source: Wheel | Repository
    python: str = ""  # the oldest Python that parses all of it, where that is newer than dodont's own


@dataclass(frozen=True, slots=True)
class Size:
    files: int
    lines: int


def load_projects(names: Sequence[str] = ()) -> tuple[Project, ...]:
    """The projects of the manifest in its order, or only those named.

    Raises ValueError for a name the manifest does not have.
    """
    entries = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))["project"]
    projects = {entry["name"]: _project(entry) for entry in entries}
    unknown = [name for name in names if name not in projects]
    if unknown:
        raise ValueError(f"not in {MANIFEST.name}: {', '.join(unknown)} (known: {', '.join(projects)})")
    return tuple(projects[name] for name in names or projects)


def fetched_projects(directory: Path, names: Sequence[str] = ()) -> tuple[Project, ...]:
    """Like `load_projects`, less those not fetched when no name is given.

    Raises ValueError when a named project, or every project, is missing from ``directory``.
    """
    projects = load_projects(names)
    present = tuple(project for project in projects if (directory / project.name).is_dir())
    if not present or (names and len(present) < len(projects)):
        missing = ", ".join(project.name for project in projects if project not in present)
        raise ValueError(f"not in {directory}: {missing}; run python -m tests.ecosystem fetch {directory}")
    return present


def directories(directory: Path, names: Sequence[str] = ()) -> list[Path]:
    """Those named below ``directory``, pinned or not, or else the pinned projects."""
    return [directory / name for name in names or [each.name for each in fetched_projects(directory)]]


def python_files(root: Path) -> Iterator[Path]:
    """Every ``.py`` file under ``root`` in a stable order, hidden directories and installed packages left out."""
    for parent, directories, files in os.walk(root):
        directories[:] = sorted(name for name in directories if not name.startswith(".") and name not in _SKIPPED)
        yield from (Path(parent, name) for name in sorted(files) if name.endswith(".py"))


def measure_size(roots: Sequence[Path]) -> Size:
    files = lines = 0
    for root in roots:
        for path in python_files(root):
            files += 1
            lines += path.read_bytes().count(b"\n")
    return Size(files, lines)


def _project(entry: dict[str, str]) -> Project:
    return Project(entry["name"], entry["why"], _source(entry), entry.get("python", ""))


def _source(entry: dict[str, str]) -> Wheel | Repository:
    if "git" in entry:
        return Repository(entry["git"], entry["commit"])
    return Wheel(entry["version"], entry["file"], entry["sha256"])
