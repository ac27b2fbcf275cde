"""The tables that SQLAlchemy's classes have, and those of Flask-SQLAlchemy and SQLModel, which put theirs on top of it.

A table is what the body of its class declares, and those of the bases up to the next that has a table.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from dodont.schema.sqlalchemy_bodies import NOTHING, Bodies, Own, as_stored, name_in
from dodont.schema.sqlalchemy_names import Names, is_entity
from dodont.schema.tables import Column, Index, Relationship, Table, Unread
from dodont.schema.written import Call
from dodont.semantic.definitions import ClassInfo

if TYPE_CHECKING:
    from dodont.schema.declared import Declared

__all__ = ["Own", "Reader", "is_entity", "name_in"]


class Reader:
    """Reads classes for ``declared``, which knows them all."""

    def __init__(self, declared: Declared) -> None:
        self._declared = declared
        self._names = Names(declared)
        self._bodies = Bodies(declared)
        self.own, self.imperative, self.table_name = self._bodies.own, self._bodies.imperative, self._names.table_name

    def table(self, info: ClassInfo, family: str) -> Table | None:
        """The table of an entity; None for a base that has none, and for a class whose rows stand in another's table."""
        owns = [(each, self._declared.own(each)) for each in self._names.classes(info)]
        own = owns[0][1]
        if own.abstract or self._names.is_base(info):
            return None
        if own.whole is not None:
            return replace(own.whole, entity=info.ref, relationships={**self._relationships(owns)}, site=info.site)
        parts: list[tuple[ClassInfo, Own]] = []
        for each, declares in owns:
            if each is not info and self._names.is_mapped(each, family):
                break  # what stands in the table above
            parts.append((each, declares))
        name = self._names.own(info, family)
        return self._made(info, "" if name == "?" else name, parts) if name else None

    def _made(self, info: ClassInfo, name: str, parts: list[tuple[ClassInfo, Own]]) -> Table:
        columns: dict[str, Column] = {}
        hidden: set[str] = set()
        unread: list[Unread] = []
        indexes: tuple[Index, ...] = ()
        for each, declares in parts:
            for attribute, column in declares.columns.items():
                if attribute not in hidden:
                    columns.setdefault(column.name, column)
            hidden.update(declares.columns, declares.relationships, each.members)
            unread += (*declares.unread, *self._declared.unknown_bases(each))
            if not indexes:  # `__table_args__` of the nearest class that has any
                indexes = declares.indexes
        # A base's columns come first, and after them those of the class, in the order written.
        ordered = {
            column.name: columns[column.name]
            for _, declares in reversed(parts)
            for column in declares.columns.values()
            if columns.get(column.name) is column
        }
        if not name and info.site is not None:
            unread.append(Unread(info.site, f"the name of the table of `{info.name}`"))
        ordered, indexes = as_stored(ordered, indexes)
        loose = self._loose(info, {column.attribute: column.name for column in ordered.values()})
        keys = tuple(column.name for column in ordered.values() if column.primary_key)
        compound = (Index(keys, unique=True),) if len(keys) > 1 else ()
        return Table(
            name,
            info.ref,
            ordered,
            (*compound, *indexes, *loose),
            self._relationships(parts),
            tuple(unread),
            site=info.site,
            schema=self._schema(info, parts),
        )

    def _schema(self, info: ClassInfo, parts: list[tuple[ClassInfo, Own]]) -> str | None:
        """The schema of a table: the nearest `__table_args__` say it, else the metadata do."""
        said = next((declares.schema for _, declares in parts if declares.schema != NOTHING), NOTHING)
        return self._names.schema(info) if said == NOTHING else said

    @staticmethod
    def _relationships(parts: list[tuple[ClassInfo, Own]]) -> dict[str, Relationship]:
        found: dict[str, Relationship] = {}
        for _, declares in parts:
            for name, each in declares.relationships.items():
                found.setdefault(name, each)
        return found

    def _loose(self, info: ClassInfo, names: Mapping[str, str]) -> tuple[Index, ...]:
        """Indexes that stand beside the class: ``Index("orders_day", Order.day)``."""
        frame = self._declared.frame(info)
        found = []
        for statement in self._declared.project.outline(info.module).body:
            value = getattr(statement, "value", None)
            if not isinstance(value, ast.Call) or not isinstance(statement, (ast.Expr, ast.Assign)):
                continue
            call = Call(value, frame)
            if not any(
                isinstance(each, ast.Attribute)
                and isinstance(each.value, ast.Name)
                and frame.quiet(each.value).ref == info.ref
                for argument in call.node.args
                for each in ast.walk(argument)
            ):
                continue
            index = self._bodies.index(call)
            if index is not None:
                found.append(index._replace(columns=tuple(names.get(each, each) for each in index.columns)))
        return tuple(found)
