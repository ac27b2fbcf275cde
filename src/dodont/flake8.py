"""The flake8 plugin: the same findings as the command line, for the file flake8 hands over."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dodont import __version__

if TYPE_CHECKING:
    from dodont.config import ConfigError
    from dodont.engine.host import Host
    from dodont.engine.settings import Settings


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

            settings = settings_for(Path(self._filename).absolute().parent)
            if isinstance(settings, ConfigError):
                yield self._trouble(str(settings))
                return
            found = host().check(self._filename, self._tree, self._lines, settings)
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
def settings_for(directory: Path) -> Settings | ConfigError:
    """The settings of the files in a directory, those of its nearest configuration file; or what is wrong with that."""
    from dodont.config import ConfigError, load

    try:
        return load(directory)
    except ConfigError as error:
        return error
