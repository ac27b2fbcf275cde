"""The schema of a database as the models of the project declare it, read from their source.

One entity is read from its own class and the bases of that; the whole project is read only for what hangs on it: all tables, a class
that is named by a text alone, an attribute that another class's declaration makes. All of it is read once, and notes what it consulted.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from dodont.project.outlines import flat
from dodont.schema import django, sqlalchemy
from dodont.schema.files import Files
from dodont.schema.tables import Column, Relationship, Schema, Table, Unread
from dodont.schema.written import Call, Written, annotation_of, class_node
from dodont.semantic.annotations import type_of
from dodont.semantic.definitions import ClassInfo, Input, ModuleInfo
from dodont.semantic.objects import lineage

if TYPE_CHECKING:
    from dodont.project.project import Project
    from dodont.semantic.frame import Frame

_Answer = TypeVar("_Answer")

#: Libraries none of whose classes that have no model bring columns.
_PLAIN = frozenset(
    """builtins typing typing_extensions abc enum collections dataclasses functools sqlalchemy sqlmodel flask_sqlalchemy pydantic
    flask_login flask_security""".split()
)


def declared(project: Project) -> Declared:
    """What is known of a project's models: one for every project."""
    found: Declared | None = project.above.get(Declared)
    if found is None:
        found = project.above[Declared] = Declared(project)
    return found


class Declared:
    def __init__(self, project: Project) -> None:
        self.project = project
        self._kept: dict[Hashable, tuple[Any, frozenset[Input]]] = {}
        self._under_way: set[Hashable] = set()
        self._is_cut = False  # whether a question that led to itself was given up, and others with it
        self.files = Files(project)
        self._sqlalchemy = sqlalchemy.Reader(self)
        self._django = django.Reader(self)

    # Questions

    def entity(self, ref: str) -> Table | None:
        """The table of an entity by its class's qualified name: of an heir without one of its own, its parent's."""
        info = self._class(ref)
        seen: set[str] = set()
        while info is not None and info.ref not in seen:
            seen.add(info.ref)
            table = self.table(info)
            if table is not None:
                return table
            info = next(self._parents(info), None)
        return None

    def column(self, ref: str, attribute: str) -> Column | None:
        """The column that an attribute of an entity stands for, its parents' too; of ``order.customer_id`` the key's."""
        found = self._member(ref, lambda table: _column(table, attribute))
        return found[1] if found is not None else None

    def table_of(self, ref: str, attribute: str) -> Table | None:
        """The table in which the column of an attribute stands."""
        found = self._member(ref, lambda table: _column(table, attribute))
        return found[0] if found is not None else None

    def relationship(self, ref: str, attribute: str) -> Relationship | None:
        """The relationship that an attribute of an entity is, where another class's declaration makes it as well."""
        found = self._member(ref, lambda table: table.relationships.get(attribute))
        return found[1] if found is not None else self._back(ref, attribute)

    def is_django(self, ref: str) -> bool:
        """Whether Django maps the class: it indexes foreign keys by itself."""
        info = self._class(ref)
        return info is not None and self.family(info) == "django"

    def knows(self, ref: str) -> bool:
        """Whether all that the class of an entity and its bases declare could be read."""
        table = self.entity(ref)
        return table is not None and not table.unread

    def named_table(self, name: str) -> tuple[Table, ...]:
        """The tables of that name that the project declares, mostly one."""
        return self._kept_or(("tables", name), lambda: self._named_table(name))

    def schema(self) -> Schema:
        """All tables of the project."""
        return self._kept_or("schema", self._schema)

    def entities(self, module: ModuleInfo) -> list[ClassInfo]:
        """The mapped classes of a module."""
        return [info for info in module.classes if self.family(info)]

    def tables(self, module: ModuleInfo) -> list[Table]:
        """All tables that a module declares."""
        return list(self._tables_of(module))

    # What the readers ask

    def frame(self, info: ClassInfo) -> Frame:
        return self.project.reader(info.module)

    def family(self, info: ClassInfo) -> str:
        """By which library's rules a class is mapped; empty where it is not."""
        frame = self.frame(info)
        return sqlalchemy.is_entity(frame, info) or ("django" if django.is_entity(frame, info) else "")

    def table(self, info: ClassInfo) -> Table | None:
        """The table that a class has for itself."""
        return self._kept_or(("table", info.ref), lambda: self._table(info))

    def table_name(self, info: ClassInfo) -> str:
        """The name of the table of an entity, without reading the fields; empty where it is not known."""
        family = self.family(info)
        reader = self._django if family == "django" else self._sqlalchemy
        return self._kept_or(("name", info.ref), lambda: reader.table_name(info, family)) if family else ""

    def own(self, info: ClassInfo) -> sqlalchemy.Own:
        return self._kept_or(("own", info.ref), lambda: self._sqlalchemy.own(info)) or sqlalchemy.Own()

    def django_meta(self, info: ClassInfo) -> dict[str, Written]:
        return self._kept_or(("meta", info.ref), lambda: self._django.meta(info)) or {}

    def django_own(self, info: ClassInfo) -> django.Own:
        return self._kept_or(("django", info.ref), lambda: self._django.own(info)) or django.Own()

    def key_of(self, info: ClassInfo) -> str:
        """The column that is the primary key of a model of Django's."""
        return self._kept_or(("key", info.ref), lambda: self._django.key(info))

    def class_of(self, frame: Frame, node: ast.expr) -> ClassInfo | None:
        """The class of the project that an expression names."""
        written = annotation_of(node)
        ref = frame.quiet(written).ref
        return self.class_named(frame, ref) if ref is not None else None

    def class_named(self, frame: Frame, name: str) -> ClassInfo | None:
        """The class of the project with that qualified name, through re-exports."""
        found = frame.world.resolve(name)
        return self.project.class_named(found.ref) if found is not None and found.ref is not None else None

    def named(self, name: str, module: ModuleInfo) -> ClassInfo | None:
        """The entity that a text names: of the module, of what it imports, else the only one of the project."""
        last = name.rpartition(".")[2]
        value = self.project.reader(module).lookup(last)
        info = self.project.class_named(value.ref) if value.ref is not None else None
        if info is not None:
            return info
        found = self._kept_or(("named", last), lambda: self._all_named(last))
        if "." in name:
            found = [each for each in found if each.ref.endswith(f".{name}")] or found
        near = [each for each in found if each.module.package == module.package] if len(found) > 1 else found
        return near[0] if len(near) == 1 else None

    def model(self, label: str, name: str) -> ClassInfo | None:
        """Django's model of that name in the application with that label."""
        found = [
            each
            for each in self._kept_or(("named", name), lambda: self._all_named(name))
            if self._django.label(each.module) == label.rpartition(".")[2]
        ]
        return found[0] if len(found) == 1 else None

    def unknown_bases(self, info: ClassInfo) -> Iterator[Unread]:
        """The bases of a class that may bring columns that nobody knows."""
        if info.site is None:
            return
        frame = self.frame(info)
        for base in info.bases:
            if self._is_unknown_base(frame, base):
                yield Unread(info.site, f"what `{base}` declares")
        node = class_node(self.project, info)
        for each in node.bases if node is not None and len(node.bases) > len(info.bases) else ():
            if frame.quiet(each).ref is None and type_of(frame, each) is None:  # `Mixin = load(settings.MIXIN)`
                yield Unread(info.site, f"what `{ast.unparse(each)}` declares")

    def _is_unknown_base(self, frame: Frame, base: str) -> bool:
        if self.class_named(frame, base) is not None or "." not in base or base in django.BROUGHT:
            return False
        return base.partition(".")[0] not in _PLAIN and frame.library.class_of(frame.library.canonical(base)) is None

    def given(self, call: Call) -> Call | None:
        """The call that makes what a function of the project gives: ``def key(): return Column(ForeignKey("users.id"))``."""
        function = self.project.function(call.ref)
        node = self.project.body(function) if function is not None else None
        if function is None or node is None:
            return None
        returned = [each.value for each in flat(node.body) if isinstance(each, ast.Return) and each.value is not None]
        if len(returned) != 1 or not isinstance(returned[0], ast.Call):
            return None
        return Call(returned[0], self.project.reader(function.module))

    # Answers

    def _kept_or(self, key: Hashable, make: Callable[[], _Answer]) -> _Answer:
        """An answer that is kept, with what it hangs on. A question that leads to itself has none."""
        known = self._kept.get(key)
        if known is not None:
            self.project.touched |= known[1]
            return known[0]  # type: ignore[no-any-return]
        if key in self._under_way:
            self._is_cut = True
            return None  # type: ignore[return-value]
        self._under_way.add(key)
        try:
            with self.project.consulting() as consulted:
                found = make()
        finally:
            self._under_way.discard(key)
        if not self.project.loading and not self._is_cut:
            self._kept[key] = found, frozenset(consulted)
        if not self._under_way:
            self._is_cut = False
        return found

    def _parents(self, info: ClassInfo) -> Iterator[ClassInfo]:
        frame = self.frame(info)
        for base in info.bases:
            found = self.class_named(frame, base)
            if found is not None and found is not info and self.family(found):
                yield found

    def _table(self, info: ClassInfo) -> Table | None:
        family = self.family(info)
        if not family:
            return None
        return self._django.table(info) if family == "django" else self._sqlalchemy.table(info, family)

    def _member(self, ref: str, find: Callable[[Table], _Answer | None]) -> tuple[Table, _Answer] | None:
        """What ``find`` finds in the table of an entity, or of the nearest of its parents that has it."""
        info = self._class(ref)
        for _, entry in lineage(self.frame(info), ref) if info is not None else ():
            if not isinstance(entry, ClassInfo):
                continue
            table = self.table(entry)
            found = find(table) if table is not None else self._unmapped(entry, find)
            if found is not None:
                return table or self.entity(ref) or Table(""), found
        return None

    def _unmapped(self, info: ClassInfo, find: Callable[[Table], _Answer | None]) -> _Answer | None:
        """The same of a class whose rows stand in its parent's table, with columns of its own."""
        family = self.family(info)
        if not family or family == "django":
            return None
        own = self.own(info)
        if own.abstract:
            return None
        columns = {column.name: column for column in own.columns.values()}
        return find(Table("", info.ref, columns, relationships=own.relationships))

    def _class(self, ref: str) -> ClassInfo | None:
        """The class of a qualified name, in a module that may not be read yet."""
        found = self.project.resolve(ref)
        return self.project.class_named(found.ref) if found is not None and found.ref is not None else None

    def _back(self, ref: str, attribute: str) -> Relationship | None:
        info = self._class(ref)
        if info is None:
            return None
        found = self.project.related(info.ref, attribute)
        if found is not None and found.entity is not None:
            return Relationship(attribute, found.entity, found.many, found.eager, query=found.manager)
        return self._kept_or(("back", info.ref, attribute), lambda: self._named_back(info, attribute))

    def _named_back(self, info: ClassInfo, attribute: str) -> Relationship | None:
        """``backref="orders"``, wherever it stands."""
        above = {ref for ref, _ in lineage(self.frame(info), info.ref)}
        modules = [*self.project.models(f'"{attribute}"'), *self.project.models(f"'{attribute}'")]
        found = [
            Relationship(attribute, other.ref, each.back_many, each.back_eager, each.site, each.name)
            for module in modules
            for other in self.entities(module)
            for each in (self.own(other).relationships.values() if self.family(other) != "django" else ())
            if each.back == attribute and each.entity in above
        ]
        return found[0] if len({each.entity for each in found}) == 1 else None

    def _all_named(self, name: str) -> list[ClassInfo]:
        return [
            info
            for module in self.project.models(f"class {name}")
            for info in self.entities(module)
            if info.name == name
        ]

    def _named_table(self, name: str) -> tuple[Table, ...]:
        return tuple(
            table for module in self.project.tabled(name) for table in (self._by_name(module) or {}).get(name, ())
        )

    def _by_name(self, module: ModuleInfo) -> dict[str, list[Table]] | None:
        return self._kept_or(("by name", module.file), lambda: self._sorted_out(module))

    def _sorted_out(self, module: ModuleInfo) -> dict[str, list[Table]]:
        found: dict[str, list[Table]] = {}
        for table in self._tables_of(module):
            found.setdefault(table.name, []).append(table)
        return found

    def _tables_of(self, module: ModuleInfo) -> Iterator[Table]:
        """All tables that a module declares."""
        for info in self.entities(module):
            if self.family(info) == "django":
                table = self.table(info)
                if table is not None:
                    yield table
                    yield from self._django.through(info, table)
                continue
            table = self.table(info)
            if table is not None:
                yield table
        yield from self._imperative(module)

    def _imperative(self, module: ModuleInfo) -> Iterator[Table]:
        """``orders = Table("orders", metadata, …)`` at the top of a module, with the class that is mapped to it."""
        if "Table(" not in module.text:
            return
        frame = self.project.reader(module)
        for statement in flat(self.project.outline(module).body):
            value = getattr(statement, "value", None)
            if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Expr)) and isinstance(value, ast.Call):
                call = Call(value, frame)
                if sqlalchemy.name_in(call.ref) == "Table":
                    table = self._sqlalchemy.imperative(call)
                    if table is not None:
                        yield table

    def _schema(self) -> Schema:
        tables: dict[str, Table] = {}
        unread: list[Unread] = []
        for module in self.project.models():
            for table in self._tables_of(module):
                if not table.name:
                    unread += table.unread
                    continue
                known = tables.setdefault(table.qualified, table)
                if known is not table and table.entity and known.entity and table.site is not None:
                    unread.append(Unread(table.site, f"another table `{table.qualified}`"))
                elif table.entity:  # the class whose `__table__` it is
                    tables[table.qualified] = table
        return Schema(dict(sorted(tables.items())), tuple(unread))


def _column(table: Table, attribute: str) -> Column | None:
    """``customer`` and ``customer_id`` are the same column to Django."""
    found = table.column(attribute)
    if found is None:
        found = table.columns.get(attribute)
        if found is not None and found.references is None and found.attribute != attribute:
            return None
    return found
