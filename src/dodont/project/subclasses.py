"""Which classes of the project have a base, wherever they stand: asked of a method that says nothing by itself.

The answer must not hang on what happens to be loaded, so it comes from a textual index of all files: which of them name which class as
a base, and which define a function of which name. The index is made once, when first asked for; the few files it points to are loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dodont.project.readings import Overview
from dodont.semantic.definitions import ClassInfo, FunctionInfo
from dodont.semantic.objects import lineage

if TYPE_CHECKING:
    from dodont.project.project import Project

#: Files that may hold subclasses; where there are more, the base is no seam between a few parts but a framework.
MAX_CANDIDATES = 30
#: Subclasses whose answers are compared.
MAX_CLASSES = 12


class Subclasses:
    def __init__(self, project: Project) -> None:
        self._project = project
        self._derived: dict[str, list[tuple[str, str]]] | None = None
        self._aliases: dict[str, set[str]] = {}
        self._known: dict[tuple[str, str], tuple[ClassInfo, ...] | None] = {}

    def overriding(self, below: ClassInfo, method: str) -> tuple[FunctionInfo, ...]:
        """The methods of that name in the classes below one, as far as they say something."""
        classes = self.of(below, method if "typing.Protocol" in below.bases else "")
        found = [each.functions.get(method) for each in classes]
        return tuple(each for each in found if each is not None and not each.is_stub)

    def of(self, base: ClassInfo, method: str = "") -> tuple[ClassInfo, ...]:
        """The classes below ``base``, tests left out, sorted; none where there are too many to tell.

        With ``method``, classes that define it and all else that ``base`` has count too: they implement a protocol.
        """
        key = (base.ref, method)
        known = self._known.get(key)
        if known is not None:
            return known
        found = self._find(base, method)
        if not self._project.loading:
            self._known[key] = found
        return found

    def _find(self, base: ClassInfo, method: str) -> tuple[ClassInfo, ...]:
        paths = self.candidates(base.name, method)
        if len(paths) > MAX_CANDIDATES:
            return ()
        frame = self._project.reader(base.module)
        found: dict[str, ClassInfo] = {}
        for path in sorted(paths):
            module = self._project.load(path)
            for each in module.classes if module is not None else ():
                if each is base:
                    continue
                refs = [ref for ref, _ in lineage(frame, each.ref)]
                if base.ref in refs or (method and self._implements(each, base)):
                    found[each.ref] = each
        return tuple(found[ref] for ref in sorted(found)) if len(found) <= MAX_CLASSES else ()

    def _implements(self, info: ClassInfo, protocol: ClassInfo) -> bool:
        frame = self._project.reader(info.module)
        names = {
            name for _, entry in lineage(frame, info.ref) if isinstance(entry, ClassInfo) for name in entry.functions
        }
        return protocol.functions.keys() <= names

    def candidates(self, name: str, method: str) -> set[str]:
        """The files that may hold classes below one of that name; with ``method`` also those that define a function of that name."""
        paths = {path for path, each in self.overviews() if method in each.functions} if method else set()
        derived = self._by_base()
        pending, seen = [name], set()
        while pending and len(paths) <= MAX_CANDIDATES:
            current = pending.pop()
            if current in seen:
                continue
            seen.add(current)
            for path, below in derived.get(current, ()):
                paths.add(path)
                pending.append(below)
            pending += self._aliases.get(current, ())
        return paths

    def _by_base(self) -> dict[str, list[tuple[str, str]]]:
        """By the names of bases, the classes that have them: file and name."""
        if self._derived is None:
            self._derived = {}
            for path, overview in self.overviews():
                for base, name in overview.bases:
                    self._derived.setdefault(base, []).append((path, name))
                for name, alias in overview.aliases:
                    self._aliases.setdefault(name, set()).add(alias)
        return self._derived

    def overviews(self) -> Iterator[tuple[str, Overview]]:
        """What the application's files tell of their classes."""
        return self._project.readings.overviews(self._project.application_files())
