"""Paths as those see them who show findings beside a repository's files."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path, PureWindowsPath

from dodont.core.diagnostic import Diagnostic, Step


def in_repository(diagnostics: Sequence[Diagnostic], root: Path) -> list[Diagnostic]:
    """The findings with paths relative to the repository's root, which is where those who show SARIF look for files."""
    top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
    prefix = "" if top == root else root.relative_to(top).as_posix() + "/"

    def moved(path: str) -> str:
        return path if path.startswith("/") or absolute_on_windows(path) else prefix + path

    def step(each: Step) -> Step:
        return each._replace(path=moved(each.path))

    if not prefix:
        return list(diagnostics)
    return [
        dataclasses.replace(
            each, path=moved(each.path), flow=tuple(map(step, each.flow)), related=tuple(map(step, each.related))
        )
        for each in diagnostics
    ]


def absolute_on_windows(path: str) -> PureWindowsPath | None:
    pure = PureWindowsPath(path)
    return pure if pure.drive and pure.is_absolute() and not path.startswith("/") else None
