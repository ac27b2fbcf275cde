"""The flake8 plugin: the same findings as the command line, for the file flake8 hands over."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from dodont import __version__

if TYPE_CHECKING:
    from dodont.engine.files import Files
    from dodont.engine.host import Host


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
            from dodont.config import ConfigError

            path = os.path.abspath(self._filename)  # noqa: PTH100
            try:
                settings = files().governing(os.path.dirname(path))  # noqa: PTH120
                if not files().is_found(path):
                    return
            except ConfigError as error:
                yield self._trouble(str(error))
                return
            found = host().check(self._filename, self._tree, self._lines, settings)
            if found:
                from dodont.gate.baseline import BadBaseline, location, of_file

                try:
                    at = location(settings)
                    found = of_file(at, found, settings.root, path, self._lines) if at is not None else found
                except BadBaseline as error:
                    yield self._trouble(str(error))
        except Exception as error:
            yield self._trouble(f"{type(error).__name__}: {error}; please report it")
            return
        for diagnostic in found:
            yield (
                diagnostic.span.line,
                diagnostic.span.column,
                f"{diagnostic.code} {diagnostic.rule}: {diagnostic.message}",
                type(self),
            )

    def _trouble(self, text: str) -> tuple[int, int, str, type[Any]]:
        return 1, 0, f"ODD000 internal-error: {' '.join(text.split())}", type(self)


@cache
def host() -> Host:
    """What this process knows of the projects it saw: flake8's workers are handed many files of one project."""
    from dodont.config import cache_dir_of
    from dodont.engine.host import Host

    return Host(cache_dir_of)


@cache
def files() -> Files:
    """What governs each file and leaves it out. flake8 does not tell which files were named, so all count as found in a directory."""
    from dodont.config import Governing
    from dodont.engine.files import Files

    return Files(Governing())
