"""Django's settings as far as the code says which module holds them, and what one of them is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dodont.core.patterns import pattern
from dodont.project.source import Unreadable
from dodont.semantic.definitions import ModuleInfo
from dodont.semantic.values import UNKNOWN, Value

if TYPE_CHECKING:
    from dodont.project.project import Project

#: Files that name the settings module to whoever starts the application.
_STARTERS = frozenset({"manage.py", "wsgi.py", "asgi.py", "celery.py"})

#: How far below the root such files are looked for, and in how many directories a level.
MAX_LEVELS = 2
MAX_DIRECTORIES = 200
#: Through how many star imports a setting is followed.
MAX_STARS = 4

_NAMED = pattern(rb"""DJANGO_SETTINGS_MODULE["']\s*(?:,|\]\s*=)\s*["']([\w.]+)["']""")


class DjangoSettings:
    """What the modules that a project names as its settings agree about."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._modules: tuple[str, ...] | None = None
        self._constants: dict[str, Value | None] = {}
        self._chains: dict[str, list[ModuleInfo]] = {}

    def constant(self, name: str) -> Value | None:
        """The constant every settings module of the project has under that name; None where one has another, or none."""
        known = self._constants.get(name, UNKNOWN)
        if known is not UNKNOWN:
            return known
        found = self._agreed(name)
        if not self._project.loading:
            self._constants[name] = found
        return found

    def _agreed(self, name: str) -> Value | None:
        values = [self._held(module, name) for module in self._named()]
        constant = all(value is not None and value.const.__class__ in (str, int) for value in values)
        return values[0] if constant and len({value.const for value in values if value is not None}) == 1 else None

    def _held(self, module: str, name: str) -> Value | None:
        """What a settings module has under a name, itself or by ``from .base import *``; what it imports otherwise is no setting."""
        chain = self._chains.get(module)
        if chain is None:
            chain = self._chain(module)
            if not self._project.loading:
                self._chains[module] = chain
        return next((each.names[name] for each in chain if name in each.names), None)

    def _chain(self, module: str, depth: int = 0) -> list[ModuleInfo]:
        """A module and those it takes all names of, the one that counts first."""
        path = self._project.finder.find(module)
        found = self._project.load(path) if path is not None else None
        if found is None or depth > MAX_STARS:
            return []
        return [found, *(each for star in reversed(found.stars) for each in self._chain(star, depth + 1))]

    def _named(self) -> tuple[str, ...]:
        if self._modules is None:
            found: set[str] = set()
            finder = self._project.finder
            for path in self._starters():
                try:
                    data = self._project.bytes_of(path)
                except (OSError, Unreadable):
                    continue
                names = {finder.qualify(name.decode(), path) for name in _NAMED.findall(data)}
                found.update(name for name in names if finder.find(name) is not None)
            self._modules = tuple(sorted(found))
        return self._modules

    def _starters(self) -> Iterator[str]:
        """Such files at the project's root and in the directories below it, two levels deep."""
        finder = self._project.finder
        directories = [finder.boundary]
        for _ in range(MAX_LEVELS + 1):
            below: list[str] = []
            for directory in directories:
                names = finder.listing(directory)
                yield from (os.path.join(directory, name) for name in sorted(names & _STARTERS))
                below += (os.path.join(directory, name) for name in sorted(names) if "." not in name)
            directories = below[:MAX_DIRECTORIES]
