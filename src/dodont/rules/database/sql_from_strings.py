"""A value is put into SQL text that is then run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dodont.analysis import Diagnostic, Fix, Hole, Note, Pass, Query, Site, Type, on
from dodont.core.patterns import pattern

if TYPE_CHECKING:
    from dodont.analysis import Place, Statement

#: Where a bound parameter may stand.
BINDABLE = ("value", "list")
#: Statements that take parameters; SET, PRAGMA, NOTIFY, COPY and definitions take none in most drivers.
PARAMETERIZED = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "EXPLAIN", "CALL", "OTHER"})
#: Types that a value bare in the text may have and be SQL; classes of their own are mostly numbers (``UserId``).
TEXTS = frozenset({"str", "bytes", "Any", "object", "dict", "list", "tuple", "set"})


#: Statements whose values become rows.
_ROWS = frozenset({"INSERT", "UPDATE"})
STR = Type("str")

_PLACEHOLDER = pattern(r"\?|%s|%\(|:\w*|\$")


@on(Query, rule="sql-from-strings")
def check(query: Query, run: Pass) -> Iterator[Diagnostic]:
    if run.module.role in ("test", "migration") or not any(not run.harmless(hole.value) for hole in query.text.holes):
        return
    statement = run.sql(query)
    if statement is None:
        return
    holes = query.text.holes
    unsafe = [(hole, place) for hole, place in zip(holes, statement.holes, strict=True) if not run.harmless(hole.value)]
    told = [(hole, place) for hole, place in unsafe if counts(hole, place, statement, run)]
    # What stands in the place of a name, too, is one: `SET "{column}" = CASE … ELSE "{column}" END`.
    names = {run.source(hole.site) for hole, place in unsafe if place.position == "identifier" and hole.site}
    told = [
        (hole, place)
        for hole, place in told
        if (from_client(hole) or run.source(hole.site) not in names)
        and not (run.given_in_code(query.function, hole.value) or run.checked(hole))
    ]
    if not told:
        return
    client = next((hole for hole, _ in told if from_client(hole)), None)
    first = client or told[0][0]
    bindable = len(told) == len(unsafe) and all(place.position in ("value", "count") for _, place in told)
    yield run.report(
        "client" if client is not None else "value",
        first.built if first.built is not None and first.built.path == run.module.path else query.text_site,
        function=query.function,
        flow=way(query, first, run),
        fix=bind(query, [hole for hole, _ in told], run) if bindable else None,
        error=client is not None,
        what=run.source(first.site) or "a value",
        sink=run.display(query.target),
    )


def counts(hole: Hole, place: Place, statement: Statement, run: Pass) -> bool:
    """Whether something says that the value is a client's, or data in the place of data.

    Names and pieces of SQL are mostly chosen in the code. Bare in the text stands a number, or a piece of SQL; a text that
    came from outside would be no SQL there, unless its sender wanted that.
    """
    if from_client(hole):
        return True
    if statement.of_catalogue:
        return False  # `… FROM information_schema.tables WHERE table_name = '{table}'`: the values are names
    kinds = {label.kind for label in hole.value.labels}
    if place.quoted:
        if place.position in ("identifier", "fragment") or not PARAMETERIZED.issuperset(statement.kinds):
            return False
        if "parameter" in kinds:
            return True
        origins = run.origins(hole)
        if hole.value.type is None and origins is not None and origins.identity:
            return False
        if "part" in kinds:
            return True
        if origins is None:
            return False
        # `INSERT INTO users (name) VALUES ('{self.name}')`, where the object was made with it: what becomes a row is data
        becomes_row = not _ROWS.isdisjoint(statement.kinds)
        return origins.outside or (becomes_row and origins.own and hole.value.type in (None, STR))
    if hole.value.type is not None and hole.value.type.name not in TEXTS:
        return False
    if place.position not in BINDABLE or _instead_of_placeholder(hole):
        return False
    origins = run.origins(hole)
    if origins is not None and origins.entered:
        return True
    if run.module.role == "script":
        return False
    return "parameter" in kinds or ("part" in kinds and origins is not None and origins.keyed)


def _instead_of_placeholder(hole: Hole) -> bool:
    """``conversions.get(column, "?")``: where a placeholder may stand, the other value is SQL as well."""
    text = hole.value.text
    return text is not None and isinstance(text.parts[0], str) and _PLACEHOLDER.match(text.parts[0]) is not None


def from_client(hole: Hole) -> bool:
    return any(label.kind == "request" for label in hole.value.labels)


def way(query: Query, hole: Hole, run: Pass) -> Iterator[Note]:
    for label in hole.value.labels:
        if label.kind == "request":
            yield from label.notes
    if (built := hole.built or query.text.site) is not None:
        yield Note(built, f"`{run.source(hole.site) or 'a value'}` becomes part of the SQL text")
    yield from query.text.notes
    yield Note(query.call, f"`{run.display(query.target)}()` gets the text")
    yield from query.notes


def bind(query: Query, holes: list[Hole], run: Pass) -> Fix | None:
    """The driver's own placeholders, where the text is put together and run in one function and the driver is known."""
    sql, built = query.sql, query.text.site
    if not query.direct or sql.style is None or sql.parameters is None or built is None or query.text.notes:
        return None
    sites = [hole.site for hole in holes if hole.site is not None and within(hole.site, built)]
    if len(sites) < len(holes) or query.function is None or not in_function(built, query.function.site):
        return None
    return run.fix(
        "Bind the value as a parameter", "safe", built, style=sql.style, call=query.call, position=sql.parameters,
        keyword=sql.parameters_keyword, holes=sites,
    )  # fmt: skip


def within(inner: Site, outer: Site) -> bool:
    return (
        inner.path == outer.path
        and (outer.line, outer.column) <= (inner.line, inner.column)
        and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)
    )


def in_function(site: Site, function: Site | None) -> bool:
    return function is not None and site.path == function.path and function.line <= site.line <= function.end_line
