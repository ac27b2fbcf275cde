"""The files that migrations and models stand in as these are run: their names, and where imports lead."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from dodont.project import inputs
from dodont.project.project import Project
from dodont.project.source import Unreadable, decode, parse
from dodont.semantic.definitions import Input
from dodont.semantic.values import Site

#: How many directories that are no packages stand around a migration.
MAX_LEVELS = 4
#: Through how many modules a name is followed.
MAX_IMPORTS = 20

_Key = TypeVar("_Key")
_Answer = TypeVar("_Answer")


class File:
    """A file of the project: its names are read when somebody asks for them."""

    def __init__(self, path: str, shown: str, name: str, tree: ast.Module) -> None:
        self.path, self.shown, self.name, self.tree = path, shown, name, tree
        self.values: dict[str, tuple[Any, frozenset[Input]]] = {}
        self.bound: dict[str, list[ast.stmt]] = {}
        self._bind(tree.body)

    def _bind(self, body: Iterable[ast.stmt]) -> None:
        for statement in body:
            match statement:
                case ast.Import(names=names) | ast.ImportFrom(names=names):
                    bound = [each.asname or each.name.partition(".")[0] for each in names]
                case ast.Assign(targets=targets):
                    bound = [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
                case ast.AnnAssign(target=ast.Name(id=name)) | ast.AugAssign(target=ast.Name(id=name)):
                    bound = [name]
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    bound = [name]
                case ast.If() | ast.Try() | ast.With():
                    for part in ("body", "orelse", "finalbody"):
                        self._bind(getattr(statement, part, ()))
                    for handler in getattr(statement, "handlers", ()):
                        self._bind(handler.body)
                    continue
                case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)))) if (
                    name in self.bound
                ):  # `TABLES.append("orders")`
                    bound = [name]
                case ast.For() | ast.While():
                    bound = [*dict.fromkeys(self._changed(statement))]
                case _:
                    continue
            for name in bound:
                self.bound.setdefault(name, []).append(statement)

    def _changed(self, loop: ast.stmt) -> Iterator[str]:
        """The names that a loop gives values, or calls a method of."""
        for each in ast.walk(loop):
            match each:
                case ast.Name(id=name, ctx=ast.Store()):
                    yield name
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name))) if name in self.bound:
                    yield name

    def site(self, node: ast.AST) -> Site:
        return Site(
            self.shown,
            getattr(node, "lineno", 1),
            getattr(node, "col_offset", 0),
            getattr(node, "end_lineno", None) or 1,
            getattr(node, "end_col_offset", None) or 0,
        )

    @property
    def package(self) -> str:
        return self.name if os.path.basename(self.path) == "__init__.py" else self.name.rpartition(".")[0]


class Files:
    """The files of a project as they are read here, each once. What is read is noted as consulted."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._files: dict[str, File | None] = {}

    def once(
        self, kept: dict[_Key, tuple[_Answer, frozenset[Input]]], key: _Key, make: Callable[[], _Answer]
    ) -> _Answer:
        """An answer that is kept, with what it hangs on: whoever gets it has consulted that, too."""
        known = kept.get(key)
        if known is None:
            with self.project.consulting() as consulted:
                found = make()
            known = kept[key] = found, frozenset(consulted)
        else:
            self.project.touched |= known[1]
        return known[0]

    def file(self, path: str) -> File | None:
        project = self.project
        shown = project.display(path)
        project.touched.add((inputs.TEXT, shown))
        if path not in self._files:
            try:
                tree = parse(decode(project.bytes_of(path))).tree
            except (OSError, Unreadable):
                self._files[path] = None
            else:
                project.parsed.add(path)
                self._files[path] = File(path, shown, project.finder.name_of(path), tree)
        return self._files[path]

    def forget(self, path: str) -> None:
        """A migration is read once."""
        self._files.pop(path, None)

    def module(self, name: str) -> File | None:
        """The file of a module by its qualified name."""
        path = self.path(name)
        return self.file(path) if path is not None else None

    def path(self, name: str) -> str | None:
        """The path of the module of a qualified name, where it is the project's."""
        if not name or not self.project.finder.has_package(name):
            return None
        self.project.touched.add((inputs.FIND, name))
        return self.project.finder.find(name)

    def imported(self, statement: ast.Import | ast.ImportFrom, name: str, file: File) -> str:
        """The qualified name that an import binds ``name`` to."""
        for each in statement.names:
            if isinstance(statement, ast.Import):
                if each.asname == name:
                    return self._qualify(each.name, file)
                if each.asname is None and each.name.partition(".")[0] == name:
                    return self._qualify(name, file)
            elif (each.asname or each.name) == name:
                module = statement.module or ""
                if not statement.level:
                    return f"{self._qualify(module, file)}.{each.name}"
                package = file.package
                for _ in range(statement.level - 1):
                    package = package.rpartition(".")[0]
                return ".".join(part for part in (package, module, each.name) if part)
        return name

    def _qualify(self, module: str, file: File) -> str:
        """An absolute import as a file means it. A directory of migrations need be no package: ``app/alembic/versions``, where
        what stands around ``app`` is on the path. The directory ``alembic`` itself is no package either, and the library is meant."""
        finder = self.project.finder
        path, shown = file.path, file.shown
        name = module
        if module.partition(".")[0] == "alembic":
            return module
        for _ in range(MAX_LEVELS):
            self.project.touched.add(inputs.qualified(module, shown))
            name = finder.qualify(module, path)
            if finder.has_package(name) or "/" not in shown or "__init__.py" in finder.listing(os.path.dirname(path)):
                break
            path, shown = os.path.dirname(path), os.path.dirname(shown)
        return name

    def definition(self, name: str) -> tuple[File, str] | None:
        """The file of the project that defines a qualified name at its top level, and the name there; through re-exports."""
        found = self.leads(name)
        return found if isinstance(found, tuple) else None

    def is_own(self, name: str) -> bool:
        """Whether the project has the package of a qualified name."""
        prefix, colon, dotted = name.rpartition(":")
        self.project.touched.add((inputs.PACKAGE, f"{prefix}{colon}{dotted.partition('.')[0]}"))
        return self.project.finder.has_package(name)

    def leads(self, name: str, depth: int = 0) -> tuple[File, str] | str:
        """Where a qualified name is defined in the project, or the name that it has outside of it."""
        if depth > MAX_IMPORTS:
            return name
        if not self.is_own(name):
            return name
        module, _, last = name.rpartition(".")
        file = self.module(module) if module else None
        if file is None:
            return name
        bound = file.bound.get(last)
        if bound is not None:
            first = bound[0]
            if isinstance(first, (ast.Import, ast.ImportFrom)):
                return self.leads(self.imported(first, last, file), depth + 1)
            return file, last
        for statement in file.tree.body:
            if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
                starred = self.imported(statement, "*", file).rpartition(".")[0]
                found = self.leads(f"{starred}.{last}", depth + 1)
                if isinstance(found, tuple):
                    return found
        return name

    def canonical(self, name: str) -> str:
        """A qualified name as its definition has it."""
        found = self.leads(name)
        return found if isinstance(found, str) else f"{found[0].name}.{found[1]}"
