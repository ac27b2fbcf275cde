"""What other classes relate to one: ``order.items`` is declared by the items, ``ForeignKey(Order, related_name="items")``.

Like the index of subclasses, this one is textual and of all files, so that the answer does not hang on what happens to be loaded.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from dodont.project.coroutines import names_for
from dodont.semantic.definitions import ClassInfo
from dodont.semantic.frame import Members
from dodont.semantic.objects import lineage
from dodont.semantic.queries import relation
from dodont.semantic.values import UNKNOWN, Relation, Type

if TYPE_CHECKING:
    from dodont.project.project import Project

#: The arguments that say what the other end is called.
_WORDS = ("related_name", "backref")

#: Files that may declare an attribute of that name; where there are more, the name says too little.
MAX_CANDIDATES = 12


class Related:
    def __init__(self, project: Project) -> None:
        self._project = project
        self._named: dict[str, set[str]] | None = None
        self._known: dict[tuple[str, str], Relation | None] = {}
        self._classes: dict[str, str | None] = {}
        self._members: dict[str, dict[str, list[tuple[ClassInfo, str]]]] = {}

    def find(self, owner: str, name: str) -> Relation | None:
        """The relationship that another class gives ``owner`` under a name."""
        key = (owner, name)
        if key not in self._known:
            found = self._find({ref for ref, _ in lineage(self._project.reader_of(owner), owner)}, name)
            if self._project.loading:
                return found
            self._known[key] = found
        return self._known[key]

    def only(self, name: str, holder: str) -> Relation | None:
        """The one relationship that gives any class an attribute of that name, or the one that gives it a class whose instances may be
        called ``holder``; None where there are several, or none."""
        key = (f"?{holder}", name)
        if key not in self._known:
            every = self._all(None, name)
            if len(every) > 1:
                every = [
                    each for each in every if holder and f"_{holder.lower()}" in names_for(each[1].rpartition(".")[2])
                ]
            found = every[0][0] if len(every) == 1 else None
            if self._project.loading:
                return found
            self._known[key] = found
        return self._known[key]

    def entity(self, name: str) -> str | None:
        """The project's only class of that name, if it has relationships or is part of one."""
        if name not in self._classes:
            paths = self.candidates(name)
            found: set[str] = set()
            for path in sorted(paths) if len(paths) <= MAX_CANDIDATES else ():
                module = self._project.load(path)
                found |= {info.ref for info in module.classes if info.name == name} if module is not None else set()
            only = found.pop() if len(found) == 1 else None
            if self._project.loading:
                return only
            self._classes[name] = only
        return self._classes[name]

    def _find(self, owners: set[str], name: str) -> Relation | None:
        found = self._all(owners, name)
        return found[0][0] if found else None

    def _all(self, owners: set[str] | None, name: str) -> list[tuple[Relation, str]]:
        """The relationships that give a class an attribute of that name, each with the class."""
        found: list[tuple[Relation, str]] = []
        paths = self.candidates(name)
        if not paths or len(paths) > MAX_CANDIDATES:
            return []
        for path in sorted(paths):
            for info, attribute in self._ends(path).get(name, ()):
                forward = relation(self._project.reader(info.module), Type(info.ref), attribute)
                if forward is None or (owners is not None and forward.entity not in owners):
                    continue
                declared = info.members[attribute].query
                assert isinstance(declared, Relation)
                if _back(declared, info.name) != name:
                    continue
                many = declared.keeps and not declared.single
                back = attribute if many and not declared.many else ""
                backward = Relation(info.ref, many, manager=many, back=back, keeps=declared.keeps)
                found.append((backward, forward.entity or ""))
        return found

    def _ends(self, path: str) -> dict[str, list[tuple[ClassInfo, str]]]:
        """The members of a file's classes by the names that their other ends may have."""
        module = self._project.load(path)
        known = self._members.get(path)
        if known is None or module is None:
            known = {}
            for info in module.classes if module is not None else ():
                for attribute in [*info.members]:
                    for name in _may_be_called(info, attribute):
                        known.setdefault(name, []).append((info, attribute))
            if not self._project.loading:
                self._members[path] = known
        return known

    def candidates(self, name: str) -> set[str]:
        """The files that may declare a relationship of that name to another class."""
        if self._named is None:
            self._named = {}
            for path, overview in self._project.subclasses.overviews():
                for each in overview.related:
                    self._named.setdefault(each, set()).add(path)
        return self._named.get(name, set())


def _may_be_called(info: ClassInfo, attribute: str) -> tuple[str, ...]:
    """What the other end of a member may be called, if that is a relationship, as far as can be told without evaluating it."""
    default = (info.name.lower(), f"{info.name.lower()}_set")
    node = info.members.pending(attribute) if isinstance(info.members, Members) else None
    if not isinstance(node, ast.Call):
        declared = info.members.get(attribute, UNKNOWN).query
        return (declared.back or default[0], default[1]) if isinstance(declared, Relation) else ()
    for word in node.keywords:
        if word.arg in _WORDS:
            value = word.value.args[0] if isinstance(word.value, ast.Call) and word.value.args else word.value
            return (str(value.value),) if isinstance(value, ast.Constant) else default
    return default


def _back(declared: Relation, name: str) -> str:
    """What the class at the other end calls the rows of the class ``name``."""
    if declared.back or not declared.keeps:
        return declared.back
    return name.lower() if declared.single else f"{name.lower()}_set"
