"""Run dodont over projects, keep what it found, and read it back.

A results directory holds one ``<project>.json`` per project::

    {"project": "pretix", "pin": "...", "arguments": [...], "seconds": 1.5, "peak_mb": 90.1, "files": 10,
     "lines": 1000, "findings": [...]}

with the findings as ``dodont check --output-format json`` gives them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.ecosystem.process import run_dodont
from tests.ecosystem.projects import Project, measure_size


class RunError(Exception):
    """dodont did not do its job on a project."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding as dodont printed it, with the project it was found in; ``filename`` is relative to that project."""

    project: str
    data: Mapping[str, Any]

    @property
    def code(self) -> str:
        return str(self.data["code"])

    @property
    def rule(self) -> str:
        return str(self.data["name"])

    @property
    def message(self) -> str:
        return str(self.data["message"])

    @property
    def filename(self) -> str:
        return str(self.data["filename"]).removeprefix("./")

    @property
    def row(self) -> int:
        return int(self.data["location"]["row"])

    @property
    def column(self) -> int:
        return int(self.data["location"]["column"])

    @property
    def place(self) -> tuple[str, str, int, int, str]:
        return (self.project, self.filename, self.row, self.column, self.code)


@dataclass(frozen=True, slots=True)
class Result:
    project: str
    seconds: float
    peak_mb: float
    files: int
    lines: int
    findings: tuple[Finding, ...]


def check(
    project: Project, directory: Path, results: Path, arguments: Sequence[str] = (), python: str = sys.executable
) -> Result:
    """Run dodont in the project's directory and write ``results/<project>.json``. ``seconds`` is CPU time.

    Raises RunError when dodont could not do the job; a result of an earlier run is then removed.
    """
    root = directory / project.name
    path = results / f"{project.name}.json"
    path.unlink(missing_ok=True)
    outcome = run_dodont((".", "--isolated", "--output-format", "json", *arguments), root, (python, "-P"))
    if not outcome.succeeded(0, 1):
        raise RunError(f"{project.name}: dodont ended with {outcome.status}: {outcome.errors.strip()[-2000:]}")
    try:
        findings = json.loads(outcome.output)["findings"]
    except (ValueError, KeyError, TypeError) as error:
        trouble = outcome.errors.strip()[-2000:]
        raise RunError(f"{project.name}: dodont printed no JSON report ({error!r}); {trouble}") from error
    size = measure_size([root])
    document = {
        "project": project.name,
        "pin": project.source.pin,
        "arguments": list(arguments),
        "seconds": round(outcome.user + outcome.system, 3),
        "peak_mb": round(outcome.peak, 1),
        "files": size.files,
        "lines": size.lines,
        "findings": findings,
    }
    results.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return _result(document)


def load_results(results: Path, names: Sequence[str] = ()) -> Iterator[Result]:
    """The results kept in a directory, in the order of the projects' names.

    Raises ValueError when there are none, or none of a named project.
    """
    paths = {path.stem: path for path in sorted(results.glob("*.json"))}
    missing = [name for name in names if name not in paths]
    if missing or not paths:
        raise ValueError(f"no results of {', '.join(missing) or 'any project'} in {results}")
    for name in names or paths:
        yield _result(json.loads(paths[name].read_text(encoding="utf-8")))


def _result(document: Mapping[str, Any]) -> Result:
    name = document["project"]
    return Result(
        project=name,
        seconds=document["seconds"],
        peak_mb=document["peak_mb"],
        files=document["files"],
        lines=document["lines"],
        findings=tuple(Finding(name, data) for data in document["findings"]),
    )
