"""SQL that selects every column, whatever columns there will be."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.analysis import Diagnostic, Fix, Pass, Query, on
from dodont.core.patterns import pattern


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
        if star.of_catalogue or star.empty or any(run.temporary(table) for table in star.tables):
            continue
        if statement.kinds == ("INSERT",) and run.makes_copies():
            return
        if run.debugged(query.call) or all(run.is_view(table) for table in star.tables):
            return
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
    if len(tables) != 1 or query.text_site.path != run.module.path or not _LITERAL.match(run.source(query.text_site)):
        return None
    columns = run.columns(tables[0])
    if not columns and (qualifier or not query.direct or not run.read_by_key(query.call)):
        return None
    return run.fix("Name the columns", "unsafe", query.text_site, columns=columns, qualifier=qualifier, call=query.call)


#: The text is written where the finding stands, not under a name.
_LITERAL = pattern(r"""\(*\s*[rRbBuUfF]{0,2}["']""")
