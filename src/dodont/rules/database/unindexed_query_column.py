"""A column that queries search, join or sort by, and that no index begins with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dodont.analysis import Asked, Diagnostic, Entity, Fix, Pass, Step, Suspicion, on, over

if TYPE_CHECKING:
    from dodont.analysis import Column, Table

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
    keys = {name for column in table.columns.values() if column.references is not None for name in _names(column)}
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
        finding = run.report(
            "key" if key else "used",
            site,
            column=f"{table.name}.{column.name}",
            count="{count}",
            fix=_fix(column, run, django=django),
        )
        yield run.suspect(
            finding,
            entity=entity.ref,
            names=sorted(_names(column)),
            key=key,
            children=key and _has_children(table, column, run),
            time=column.kind.startswith(("Date", "DATE", "Time", "TIMESTAMP")),
            indexed=sorted(led),
            keys=sorted(keys),
            columns=sorted(name for each in table.columns.values() for name in _names(each)),
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


def _has_children(table: Table, column: Column, run: Pass) -> bool:
    """Whether a collection is loaded by a foreign key: ``Customer.orders`` reads the orders of one customer."""
    for related in table.relationships.values():
        if not related.back or related.entity is None or related.many:
            continue
        target = run.declared.entity(related.entity)
        if target is None or column.references is None or column.references.split(".")[-2:-1] != [target.name]:
            continue
        back = target.relationships.get(related.back)
        if back is not None and back.many:
            return True
    return False


def _fix(column: Column, run: Pass, *, django: bool) -> Fix | None:
    if column.site is None or not run.is_call(column.site):
        return None
    word = "db_index" if django else "index"
    return run.fix(f"Add `{word}=True`; a migration is due", "safe", column.site, word=word)


@over(rule="unindexed-query-column")
def decide(suspicions: Sequence[Suspicion], asked: Sequence[Asked], options: Mapping[str, Any]) -> Iterator[Diagnostic]:
    columns: dict[tuple[str, str], list[Asked]] = {}
    queries: dict[Any, list[Asked]] = {}
    made = {each.entity for each in asked if each.how == "made"}
    for each in asked:
        columns.setdefault((each.entity, each.column), []).append(each)
        queries.setdefault(_query(each), []).append(each)
    found: list[tuple[Suspicion, dict[Any, Asked]]] = []
    for suspicion in suspicions:
        about = suspicion.about
        own = [each for name in about["names"] for each in columns.get((about["entity"], name), ())]
        if any(each.constant and each.how == "equal" for each in own):
            own = []  # it holds one of the values that the code knows
        if about["entity"] not in made and not about["key"]:
            own = []  # what the code never puts a row into is a table of settings or of kinds, and small
        wanting = [each for each in own if _wants_index(each, queries[_query(each)], about)]
        places = {(each.at.path, each.at.span.line): each for each in reversed(wanting)}
        found.append((suspicion, {_query(each): each for each in places.values()}))
    # Of columns that a query asks for together one index is enough: over the one that most queries ask for.
    found.sort(key=lambda each: (not each[0].about["key"], -len(each[1]), each[0].finding.sort_key))
    served: set[tuple[str, Any]] = set()
    for suspicion, places in found:
        about = suspicion.about
        left = {query: each for query, each in places.items() if (about["entity"], query) not in served}
        if len(left) >= options["places"] or (about["key"] and (left or about["children"])):
            served.update((about["entity"], query) for query in left)
            yield _told(suspicion, [left[query].at for query in sorted(left)])


def _query(each: Asked) -> Any:
    """What tells one query from another."""
    return each.query or (each.at.path, each.at.span)


def _wants_index(each: Asked, together: Sequence[Asked], about: Mapping[str, Any]) -> bool:
    """Whether an index over the column would find the rows of one query, given all that this query asks."""
    names = about["names"]
    same = {other.how for other in together if other.column in names and other.entity == each.entity}
    others = [other for other in together if other.column not in names and other.entity == each.entity]
    if "open" in {other.how for other in together}:
        return False
    if any(other.how == "equal" and other.column not in about["columns"] for other in others if other.column):
        return False  # a hybrid property, or what a base has
    led = about["indexed"] if about["key"] else about["indexed"] + about["keys"]
    if any(other.how in ("equal", "join") and other.column in led for other in others):
        return False  # the index over that finds the few rows already
    if each.how == "order":
        return {other.how for other in together} <= {"order", "limit"} and any(
            other.how == "limit" for other in together
        )
    if each.how in ("least", "most", "range"):  # what is new; of what was before a day there is mostly more than not
        return about["time"] and (each.how != "most" or "least" in same)
    return each.how in ("equal", "join")


def _told(suspicion: Suspicion, places: Sequence[Step]) -> Diagnostic:
    finding = suspicion.finding
    return replace(finding, message=finding.message.replace("{count}", str(len(places))), related=tuple(places[:SHOWN]))
