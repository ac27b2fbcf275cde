"""A column that queries search, join or sort by, and that no index begins with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dodont.analysis import Asked, Column, Diagnostic, Entity, Fix, Pass, Suspicion, Table, on, over

#: Kinds that no plain index can hold, or none that helps: long texts, documents, bytes, sets, places. A search in them is of another kind.
_LONG = frozenset(
    """Text UnicodeText TextField TEXT CLOB LONGTEXT MEDIUMTEXT JSON JSONB JSONField JSONType LargeBinary BINARY BLOB BYTEA VARBINARY
    BinaryField PickleType ARRAY ArrayField HSTORE HStoreField TSVECTOR TSVectorType SearchVectorField Vector VECTOR Geometry Geography
    GeometryField PointField LineStringField PolygonField MultiPolygonField RasterField FileField ImageField SET""".split()
)
#: How many of the places are shown.
SHOWN = 5


@on(Entity, rule="unindexed-query-column")
def check(entity: Entity, run: Pass) -> Iterator[Suspicion]:
    table = run.declared.entity(entity.ref)
    if table is None or table.entity != entity.ref or not table.name or table.name in run.options["small-tables"]:
        return
    if not table.managed or any(each.indexes for each in table.unread):
        return
    led = {name for column in table.columns.values() if table.is_indexed(column.name) for name in _names(column)}
    django = run.declared.is_django(entity.ref)
    for column in table.columns.values():
        site = column.site
        if (
            site is None
            or site.path != run.module.path
            or not _is_within(site, entity)
            or not _is_searched(column, django)
        ):
            continue
        if table.is_indexed(column.name) is not False or run.project.creates_index(table.name, column.name):
            continue
        key = not django and column.references is not None
        children = _children(table, column, run) if key else ""
        finding = run.report(
            "key" if key else "used", site, column=f"{table.name}.{column.name}", count="{count}", children=children,
            fix=_fix(column, run, django=django),
        )  # fmt: skip
        yield run.suspect(
            finding, entity=entity.ref, names=sorted(_names(column)), key=key, children=children, indexed=sorted(led)
        )


def _names(column: Column) -> set[str]:
    return {column.name, column.attribute} | ({"pk"} if column.primary_key else set())


def _is_within(site: Any, entity: Entity) -> bool:
    """Whether the class itself declares it: what a base declares, it declares for others as well."""
    return bool(entity.site.line <= site.line <= entity.site.end_line)


def _is_searched(column: Column, django: bool) -> bool:
    if column.primary_key or column.few or column.kind in _LONG:
        return False
    return column.kind != "" if column.references is None else not django


def _children(table: Table, column: Column, run: Pass) -> str:
    """The collection that is loaded by a foreign key: ``Customer.orders`` reads the orders of one customer."""
    for related in table.relationships.values():
        if not related.back or related.entity is None or related.many:
            continue
        target = run.declared.entity(related.entity)
        if target is None or column.references is None or column.references.split(".")[-2:-1] != [target.name]:
            continue
        back = run.declared.relationship(related.entity, related.back)
        many = back.many if back is not None else related.back_many
        if many:
            return f"{related.entity.rpartition('.')[2]}.{related.back}"
    return ""


def _fix(column: Column, run: Pass, *, django: bool) -> Fix | None:
    if column.site is None or not run.is_call(column.site):
        return None
    word = "db_index" if django else "index"
    return run.fix(f"Add `{word}=True`; a migration is due", "safe", column.site, word=word)


@over(rule="unindexed-query-column")
def decide(suspicions: Sequence[Suspicion], asked: Sequence[Asked], options: Mapping[str, Any]) -> Iterator[Diagnostic]:
    columns: dict[tuple[str, str], list[Asked]] = {}
    queries: dict[Any, list[Asked]] = {}
    for each in asked:
        columns.setdefault((each.entity, each.column), []).append(each)
        queries.setdefault(each.query, []).append(each)
    for suspicion in suspicions:
        about = suspicion.about
        places: dict[tuple[str, int], Any] = {}
        for name in about["names"]:
            for each in columns.get((about["entity"], name), ()):
                together = queries[each.query] if each.query is not None else [each]
                if _wants_index(each, together, about):
                    places.setdefault((each.at.path, each.at.span.line), each.at)
        enough = len(places) >= options["places"] or (about["key"] and (places or about["children"]))
        if enough:
            yield _told(suspicion, [places[key] for key in sorted(places)])


def _wants_index(each: Asked, together: Sequence[Asked], about: Mapping[str, Any]) -> bool:
    """Whether an index over the column would find the rows of one query, given all that this query asks."""
    if each.constant or each.how not in ("equal", "compare", "join", "order"):
        return False  # one of the values that the code knows: they are few
    others = [other for other in together if other.column not in about["names"] and other.entity == each.entity]
    if any(other.how == "owner" for other in together):
        return False
    if any(other.how == "equal" and other.column in about["indexed"] for other in others):
        return False  # that index has found the few rows
    if each.how == "order":
        return any(other.how == "limit" for other in together) and not any(
            other.how in ("equal", "compare", "other") for other in others
        )
    return True


def _told(suspicion: Suspicion, places: Sequence[Any]) -> Diagnostic:
    finding = suspicion.finding
    return replace(finding, message=finding.message.replace("{count}", str(len(places))), related=tuple(places[:SHOWN]))
