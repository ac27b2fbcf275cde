"""A database's tables as text and as JSON: of what models declare one part, of migrations one for each history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from dodont.project.source import displayed
from dodont.schema.tables import Column, Schema, Table, Unread
from dodont.semantic.values import Site


class Part(NamedTuple):
    """``history`` is the directory of the migrations that build the tables, and ``title`` says so; None where models declare them."""

    schema: Schema
    history: str | None = None
    title: str = ""


def moved(schema: Schema, root: Path, shown_from: Path) -> Schema:
    """A project's schema with its places told from another directory."""

    def at(site: Site) -> Site:
        return site._replace(path=displayed(str(root / site.path), shown_from))

    tables = {
        name: replace(
            table,
            columns={key: replace(each, site=each.site and at(each.site)) for key, each in table.columns.items()},
            relationships={
                key: each._replace(site=each.site and at(each.site)) for key, each in table.relationships.items()
            },
            unread=tuple(each._replace(site=at(each.site)) for each in table.unread),
            site=table.site and at(table.site),
        )
        for name, table in schema.tables.items()
    }
    return Schema(tables, tuple(each._replace(site=at(each.site)) for each in schema.unread))


def below(schema: Schema, root: Path, paths: Sequence[str]) -> Schema:
    """The part of a project's schema that is declared in files below one of the paths."""

    def is_below(site: Site | None) -> bool:
        path = Path(root / site.path) if site is not None else root
        return any(path.is_relative_to(each) for each in paths)

    tables = {name: table for name, table in schema.tables.items() if is_below(table.site)}
    return Schema(tables, tuple(each for each in schema.unread if is_below(each.site)))


def together(schemas: Sequence[Schema]) -> Schema:
    """The schemas of several projects as one; of two tables of a name the first is told."""
    tables: dict[str, Table] = {}
    unread: list[Unread] = []
    for schema in schemas:
        unread += schema.unread
        for name, table in schema.tables.items():
            if tables.setdefault(name, table) is not table and table.site is not None:
                unread.append(Unread(table.site, f"another table `{name}`"))
    return Schema(dict(sorted(tables.items())), tuple(unread))


def text(parts: Sequence[Part]) -> Iterator[str]:
    """Each table with its columns, indexes and relationships, a line each; at the end of each part what could not be read."""
    tables = lost = 0
    for part in parts:
        if part.title:
            yield part.title
            yield ""
        for table in part.schema.tables.values():
            yield from _table(table)
            yield ""
        unread = list(_unread(part.schema))
        if unread:
            yield "Not read:"
            yield from (f"    {_place(each.site)}: {each.what}" for each in unread)
            yield ""
        tables += len(part.schema.tables)
        lost += len(unread)
    yield f"{_counted(tables, 'table')}, {_counted(lost, 'part')} not read."


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _table(table: Table) -> Iterator[str]:
    of = f" of {table.entity.rpartition(':')[2]}" if table.entity else ""
    where = f"  {_place(table.site)}" if table.site is not None else ""
    yield f"{table.qualified}{of}{where}{'' if table.managed else '  (not managed)'}"
    width = max((len(column.name) for column in table.columns.values()), default=0)
    for column in table.columns.values():
        yield f"    {column.name:<{width}}  {' '.join(_said(column))}".rstrip()
    for index in table.indexes:
        words = ["unique" if index.unique else "index", f"({', '.join(each or '?' for each in index.columns)})"]
        words += ["of some rows"] if index.partial else []
        yield f"    {' '.join([*words, index.name] if index.name else words)}"
    for related in table.relationships.values():
        entity = related.entity.rpartition(":")[2] if related.entity is not None else "?"
        yield f"    {related.name} -> {'many ' if related.many else ''}{entity}{', loaded eagerly' if related.eager else ''}"


def _said(column: Column) -> Iterator[str]:
    yield column.kind or "?"
    if column.primary_key:
        yield "primary key"
    elif column.nullable is not None:
        yield "null" if column.nullable else "not null"
    for said, word in ((column.unique, "unique"), (column.indexed, "index")):
        if said or said is None:
            yield word if said else f"{word}?"
    if column.references is not None:
        yield f"references {column.references}"
    if column.default:
        yield "filled in by the database"
    if column.attribute not in ("", column.name):
        yield f"as {column.attribute}"


def _place(site: Site) -> str:
    return f"{site.path}:{site.line}"


def _unread(schema: Schema) -> Iterator[Unread]:
    """What could not be read, each once: what a base declares is said of all that are made from it."""
    found = (*schema.unread, *(each for table in schema.tables.values() for each in table.unread))
    yield from sorted(dict.fromkeys(found))


def json(parts: Sequence[Part]) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "tables": [_told(table, part) for part in parts for table in part.schema.tables.values()],
        "unread": [
            {"what": each.what, "history": part.history, **_at(each.site)}
            for part in parts
            for each in _unread(part.schema)
        ],
    }


def _told(table: Table, part: Part) -> dict[str, Any]:
    return {
        "name": table.name, "schema": table.schema or None, "entity": table.entity.rpartition(":")[2] or None,
        "managed": table.managed, "history": part.history,
        "columns": [_column(column) for column in table.columns.values()],
        "indexes": [
            {"name": each.name or None, "columns": list(each.columns), "unique": each.unique, "partial": each.partial}
            for each in table.indexes
        ],
        "relationships": [
            {
                "name": each.name, "entity": each.entity.rpartition(":")[2] if each.entity is not None else None,
                "many": each.many, "eager": each.eager, **_at(each.site),
            }
            for each in table.relationships.values()
        ],
        **_at(table.site),
    }  # fmt: skip


def _column(column: Column) -> dict[str, Any]:
    return {
        "name": column.name, "attribute": column.attribute or None, "kind": column.kind or None, "nullable": column.nullable,
        "primary_key": column.primary_key, "unique": column.unique, "indexed": column.indexed, "references": column.references,
        "default": column.default, **_at(column.site),
    }  # fmt: skip


def _at(site: Site | None) -> dict[str, Any]:
    return {"path": site.path, "line": site.line} if site is not None else {"path": None, "line": None}
