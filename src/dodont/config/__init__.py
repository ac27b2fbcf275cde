"""From ``pyproject.toml`` (or ``dodont.toml``) and the command line to validated Settings.

The nearest configuration file above the first path governs the run; what the command line says goes before the file.
Whatever is wrong stops the run before it starts, with file, line, key and the nearest valid name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dodont.config.files import ConfigError, absolute, directory_of, named, nearest, project_root
from dodont.core.rule import Rule
from dodont.engine import catalogue
from dodont.engine.selection import UnknownSelection, matching
from dodont.engine.settings import OutputFormat, Settings

__all__ = ["CommandLine", "ConfigError", "cache_dir_of", "load"]

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CommandLine:
    """What was said on the command line; None = not said."""

    select: Words | None = None
    extend_select: Words = ()
    ignore: Words | None = None
    extend_ignore: Words = ()
    exclude: Words = ()
    force_exclude: bool | None = None
    output_format: OutputFormat | None = None
    project_rules: bool = True


def load(
    start: Path, *, config: Path | None = None, isolated: bool = False, said: CommandLine | None = None
) -> Settings:
    """The settings of a run whose first path is ``start``. Raises ConfigError.

    Without a configuration file the root is the nearest directory above ``start`` that looks like a project's, else
    the current directory if ``start`` lies below it, else the directory of ``start``.
    """
    directory = directory_of(start)
    source = None if isolated else named(config) if config else nearest(directory)
    if source is None:
        settings = Settings(root=project_root(directory))
    else:
        from dodont.config.model import settings_in

        settings = settings_in(source, catalogue.rules())
    try:
        return _overridden(settings, said or CommandLine(), catalogue.rules())
    except UnknownSelection as error:
        raise ConfigError(str(error)) from None


def cache_dir_of(settings: Settings) -> Path | None:
    """Where what runs find out is kept: beside the configuration, or where the environment says. None = nowhere."""
    if os.environ.get("DODONT_NO_CACHE"):
        return None
    given = os.environ.get("DODONT_CACHE_DIR")
    return absolute(Path(given)) if given else settings.root / ".dodont_cache"


def _overridden(settings: Settings, said: CommandLine, rules: Mapping[str, Rule]) -> Settings:
    # Whoever asks for rules on the command line gets them, although the file ignores exactly those.
    asked = {matching(word, rules) for word in (*(said.select or ()), *said.extend_select)}
    ignore = _unless_asked(settings.ignore, asked, rules) if said.ignore is None else said.ignore
    extend_ignore = _unless_asked(settings.extend_ignore, asked, rules)
    for word in (*ignore, *said.extend_ignore):
        matching(word, rules)
    return replace(
        settings,
        select=settings.select if said.select is None else said.select,
        extend_select=(*(settings.extend_select if said.select is None else ()), *said.extend_select),
        ignore=ignore,
        extend_ignore=(*extend_ignore, *said.extend_ignore),
        extend_exclude=(*settings.extend_exclude, *said.exclude),
        output_format=said.output_format or settings.output_format,
        force_exclude=settings.force_exclude if said.force_exclude is None else said.force_exclude,
        project_rules=said.project_rules,
    )


def _unless_asked(words: Words, asked: set[frozenset[str]], rules: Mapping[str, Rule]) -> Words:
    return tuple(word for word in words if matching(word, rules) not in asked)
