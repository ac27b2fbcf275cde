"""The flake8 plugin: the same findings as the command line, for the file flake8 hands over."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dodont import __version__


class Plugin:
    """flake8 makes one for each file. Settings come from ``[tool.dodont]`` alone, so both front ends agree."""

    name = "dodont"
    version = __version__

    def __init__(self, tree: ast.Module, filename: str, lines: list[str]) -> None:
        self._tree = tree
        self._filename = filename
        self._lines = lines

    def run(self) -> Iterator[tuple[int, int, str, type[Any]]]:
        """flake8 does not survive a plugin that raises while it is iterated: whatever goes wrong becomes one finding."""
        try:
            from dodont.engine.driver import check_tree
            from dodont.engine.host import settings_for

            settings = settings_for(Path(os.path.abspath(self._filename)))
            found = check_tree(self._filename, self._tree, self._lines, settings)
        except Exception as error:
            text = " ".join(str(error).split())
            yield 1, 0, f"ODD000 internal-error: {type(error).__name__}: {text}", type(self)
            return
        for diagnostic in found:
            yield diagnostic.span.line, diagnostic.span.column, f"{diagnostic.code} {diagnostic.rule}: {diagnostic.message}", type(self)
