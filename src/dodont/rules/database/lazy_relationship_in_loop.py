"""A relationship that is read of each row of a query, which did not load it with the rows."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.analysis import Diagnostic, Fix, Lazy, Note, Pass, on


@on(Lazy, rule="lazy-relationship-in-loop")
def check(lazy: Lazy, run: Pass) -> Iterator[Diagnostic]:
    if run.module.role in ("test", "migration") or (lazy.via and _writes(lazy, run)):
        return
    query = lazy.query
    if not lazy.via and query.path[0] == "*" and not run.is_repeated(lazy.site, lazy.function):
        return
    if run.only_first(lazy.site, lazy.function):
        return
    django = run.is_a(query.entity, "django.db.models.Model")
    if not django and run.commits_around(lazy.site, lazy.function):
        return
    message = "through" if lazy.via else "read" if django or not lazy.in_coroutine else "awaited"
    yield run.report(
        message,
        lazy.site,
        function=lazy.function,
        path="`, `".join(each.query.dotted for each in (lazy, *lazy.also)),
        entity=run.display(query.entity or "").rpartition(".")[2],
        by=run.display(lazy.via[-1]) if lazy.via else "",
        related=[Note(query.site, "the query that could load it")] if query.site is not None else [],
        fix=load_with_rows(lazy, django, run),
    )


def _writes(lazy: Lazy, run: Pass) -> bool:
    """Whether the rows are read to be worked on one by one: `order.cancel()` writes, and reads what it needs for that."""
    function = run.project.function(lazy.via[0])
    accesses = run.project.facts(function).accesses if function is not None else ()
    return any(access.kind in ("write", "commit") for access in accesses)


def load_with_rows(lazy: Lazy, django: bool, run: Pass) -> Fix | None:
    """Have the query load the relationship, where it begins in the function that reads it."""
    query, around = lazy.query, lazy.function.site if lazy.function is not None else None
    if query.site is None or around is None or query.site.path != run.module.path or query.of or query.entity is None:
        return None
    if not (around.line <= query.site.line and query.site.end_line <= around.end_line):
        return None
    loads = [(each.query.dotted, _leads_to_many(each)) for each in (lazy, *lazy.also)]
    if not django and any("." in name for name, _ in loads):
        return None  # how the first of them is loaded would have to be said anew
    return run.fix("Load it with the rows", "safe", query.site, loads=loads, django=django, entity=query.entity)


def _leads_to_many(lazy: Lazy) -> bool:
    return lazy.managed or "*" in lazy.query.path[1:] or (lazy.gives is not None and lazy.gives.name == "list")
