"""From ``pyproject.toml`` (or ``dodont.toml``) and the command line to validated Settings.

The nearest configuration file above a file governs it; what the command line says goes before the file.
Whatever is wrong stops the run before it starts, with file, line, key and the nearest valid name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import NamedTuple

from dodont.config.files import ConfigError, Source, absolute, directory_of, named, project_root, source_in
from dodont.core.rule import Rule
from dodont.engine import catalogue
from dodont.engine.selection import UnknownSelection, matching
from dodont.engine.settings import OutputFormat, Settings

__all__ = ["CommandLine", "ConfigError", "Governed", "Governing", "cache_dir_in", "cache_dir_of", "load"]

Words = tuple[str, ...]

COMMAND_LINE = "command line"


class CommandLine(NamedTuple):
    """What was said on the command line; None = not said."""

    select: Words | None = None
    extend_select: Words = ()
    ignore: Words | None = None
    extend_ignore: Words = ()
    exclude: Words = ()
    force_exclude: bool | None = None
    respect_gitignore: bool | None = None
    include_generated: bool | None = None
    output_format: OutputFormat | None = None
    usual_format: OutputFormat | None = None  # where nobody says which: neither here nor in a file
    project_rules: bool = True


class Governed(NamedTuple):
    """The settings of a directory and where they come from: for each key that somebody sets, the places where that is done."""

    settings: Settings
    origins: Mapping[str, tuple[str, ...]] = {}
    others: Mapping[str, str] = {}  # keys that are no settings: `extend`, `required-version`


class Governing:
    """Gives the settings of the files in a directory, those of its nearest configuration file. Each is read once.

    ``config`` governs everything instead, and ``isolated`` means that no file does. Without one the root is the
    repository of the directory, else the nearest directory above that looks like a project's, else the current one if the directory
    lies below it, else the directory itself.
    """

    def __init__(self, *, config: Path | None = None, isolated: bool = False, said: CommandLine | None = None) -> None:
        self._config, self._isolated, self._said = config, isolated, said or CommandLine()
        self._known: dict[str, Governed | ConfigError | None] = {}  # by directory; None: no file there or above
        self._bare: dict[Path, Governed] = {}  # by root

    def __call__(self, directory: str) -> Settings:
        """The settings of an absolute directory. Raises ConfigError."""
        return self.governed(directory).settings

    def governed(self, directory: str) -> Governed:
        """The same, with where they come from. Raises ConfigError."""
        if self._isolated:
            found = None
        else:
            found = self._by_name(self._config) if self._config is not None else self._nearest(directory)
        if found is not None:
            return found
        root = project_root(Path(directory))
        if root not in self._bare:
            self._bare[root] = self._overridden(Governed(Settings(root=root)))
        return self._bare[root]

    def _nearest(self, directory: str) -> Governed | None:
        climbed = []
        found: Governed | ConfigError | None = None
        while True:
            if directory in self._known:
                found = self._known[directory]
                break
            climbed.append(directory)
            above = os.path.dirname(directory)  # noqa: PTH120
            found = self._in(directory)
            if found is not None or above == directory:
                break
            directory = above
        self._known.update(dict.fromkeys(climbed, found))
        if isinstance(found, ConfigError):
            raise found
        return found

    def _in(self, directory: str) -> Governed | ConfigError | None:
        try:
            source = source_in(Path(directory))
            return self._of(source) if source is not None else None
        except ConfigError as error:
            return error

    def _by_name(self, config: Path) -> Governed:
        if "" not in self._known:
            self._known[""] = self._of(named(config))
        found = self._known[""]
        assert isinstance(found, Governed)
        return found

    def _of(self, source: Source) -> Governed:
        from dodont.config.checking import governed_by

        return self._overridden(governed_by(source, catalogue.rules()))

    def _overridden(self, governed: Governed) -> Governed:
        before = governed.settings
        try:
            after = _overridden(before, self._said, catalogue.rules())
        except UnknownSelection as error:
            raise ConfigError(str(error)) from None
        origins = dict(governed.origins)
        for each in fields(Settings):
            old, new, key = getattr(before, each.name), getattr(after, each.name), each.name.replace("_", "-")
            if new != old:
                added = isinstance(new, tuple) and new[: len(old)] == old
                origins[key] = (*(origins.get(key, ()) if added else ()), COMMAND_LINE)
        if self._said.usual_format is not None and "output-format" not in origins:
            after = replace(after, output_format=self._said.usual_format)
        return governed._replace(settings=after, origins=origins)


def load(
    start: Path, *, config: Path | None = None, isolated: bool = False, said: CommandLine | None = None
) -> Settings:
    """The settings of a file or directory: see ``Governing``. Raises ConfigError."""
    return Governing(config=config, isolated=isolated, said=said)(str(directory_of(start)))


def cache_dir_of(settings: Settings) -> Path | None:
    """Where what runs find out is kept: beside the configuration, or where the environment says. None = nowhere."""
    if os.environ.get("DODONT_NO_CACHE"):
        return None
    given = os.environ.get("DODONT_CACHE_DIR")
    return absolute(Path(given)) if given else cache_dir_in(settings.root)


def cache_dir_in(root: Path) -> Path:
    """Where a project has its cache when nobody says otherwise."""
    return root / ".dodont_cache"


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
        exclude_here=said.exclude,
        output_format=said.output_format or settings.output_format,
        force_exclude=settings.force_exclude if said.force_exclude is None else said.force_exclude,
        respect_gitignore=settings.respect_gitignore if said.respect_gitignore is None else said.respect_gitignore,
        include_generated=settings.include_generated if said.include_generated is None else said.include_generated,
        project_rules=said.project_rules,
    )


def _unless_asked(words: Words, asked: set[frozenset[str]], rules: Mapping[str, Rule]) -> Words:
    return tuple(word for word in words if matching(word, rules) not in asked)
