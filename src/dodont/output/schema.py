"""A database's tables as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dodont.project.source import displayed
from dodont.schema.tables import Column, Schema, Table, Unread
from dodont.semantic.values import Site


def below(schema: Schema, root: Path, paths: Sequence[str], shown_from: Path) -> Schema:
    """The part of a project's schema that is declared in files below one of the paths, its places told from another directory."""

    def moved(site: Site) -> Site:
        return site._replace(path=displayed(str(root / site.path), shown_from))

    def is_below(site: Site | None) -> bool:
        path = Path(root / site.path) if site is not None else root
        return any(path.is_relative_to(each) for each in paths)

    tables = {
        name: replace(
            table,
            columns={key: replace(each, site=each.site and moved(each.site)) for key, each in table.columns.items()},
            relationships={
                key: each._replace(site=each.site and moved(each.site)) for key, each in table.relationships.items()
            },
            unread=tuple(each._replace(site=moved(each.site)) for each in table.unread),
            site=table.site and moved(table.site),
        )
        for name, table in schema.tables.items()
        if is_below(table.site)
    }
    return Schema(tables, tuple(each._replace(site=moved(each.site)) for each in schema.unread if is_below(each.site)))


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


def text(schema: Schema) -> Iterator[str]:
    """Each table with its columns, indexes and relationships, a line each; at the end what could not be read."""
    for table in schema.tables.values():
        yield from _table(table)
        yield ""
    unread = list(_unread(schema))
    if unread:
        yield "Not read:"
        yield from (f"    {_place(each.site)}: {each.what}" for each in unread)
        yield ""
    count = len(schema.tables)
    yield f"{count} table{'' if count == 1 else 's'}, {len(unread)} part{'' if len(unread) == 1 else 's'} not read."


def _table(table: Table) -> Iterator[str]:
    of = f" of {table.entity.rpartition(':')[2]}" if table.entity else ""
    where = f"  {_place(table.site)}" if table.site is not None else ""
    yield f"{table.name}{of}{where}{'' if table.managed else '  (not managed)'}"
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
    if column.attribute != column.name:
        yield f"as {column.attribute}"


def _place(site: Site) -> str:
    return f"{site.path}:{site.line}"


def _unread(schema: Schema) -> Iterator[Unread]:
    """What could not be read, each once: what a base declares is said of all that are made from it."""
    found = (*schema.unread, *(each for table in schema.tables.values() for each in table.unread))
    yield from sorted(dict.fromkeys(found))


def json(schema: Schema) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "tables": [
            {
                "name": table.name,
                "entity": table.entity.rpartition(":")[2] or None,
                "managed": table.managed,
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
            }
            for table in schema.tables.values()
        ],
        "unread": [{"what": each.what, **_at(each.site)} for each in _unread(schema)],
    }  # fmt: skip


def _column(column: Column) -> dict[str, Any]:
    return {
        "name": column.name, "attribute": column.attribute, "kind": column.kind or None, "nullable": column.nullable,
        "primary_key": column.primary_key, "unique": column.unique, "indexed": column.indexed, "references": column.references,
        "default": column.default, **_at(column.site),
    }  # fmt: skip


def _at(site: Site | None) -> dict[str, Any]:
    return {"path": site.path, "line": site.line} if site is not None else {"path": None, "line": None}
