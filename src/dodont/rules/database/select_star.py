"""SQL that selects every column, whatever columns there will be."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.analysis import Diagnostic, Fix, Pass, Query, on

@on(Query, rule="select-star")
def check(query: Query, run: Pass) -> Iterator[Diagnostic]:
    if run.module.role in ("test", "migration", "script") or not query.sql.tables:
        return
    if not any(isinstance(part, str) and "*" in part for part in query.text.parts):
        return
    statement = run.sql(query)
    if statement is None or statement.ddl:
        return
    for star in statement.stars:
        if star.count or star.exists or star.derived or not star.outermost or not star.tables:
            continue
        if star.of_catalogue:
            continue
        fix = name_columns(query, star.qualifier, star.tables, run)
        table = ", ".join(star.tables)
        yield run.report(
            "star",
            query.text_site,
            function=query.function,
            table=table,
            star=f"{star.qualifier}.*" if star.qualifier else "*",
            fix=fix,
        )
        return


def name_columns(query: Query, qualifier: str, tables: tuple[str, ...], run: Pass) -> Fix | None:
    """The columns of the one table selected from, or else those that the function reads from the rows."""
    if len(tables) != 1 or query.text_site.path != run.module.path:
        return None
    columns = run.columns(tables[0])
    if not columns and not query.direct:
        return None
    return run.fix("Name the columns", "unsafe", query.text_site, columns=columns, qualifier=qualifier, call=query.call)
