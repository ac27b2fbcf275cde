"""Tables created, dropped or altered by application code instead of a migration."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.analysis import Definition, Diagnostic, FunctionInfo, Pass, Query, on

_ELSEWHERE = ("test", "migration", "script")


@on(Definition, rule="schema-change-outside-migration")
def metadata(definition: Definition, run: Pass) -> Iterator[Diagnostic]:
    function = definition.function
    if run.module.role in _ELSEWHERE or _is_command(function):
        return
    name = definition.target.rpartition(".")[2]
    if name == "drop_all" and function is not None and not function.is_start_up:
        return  # a reset, which somebody asks for
    migrated = run.has_migrations(definition)
    if migrated is None or run.prepares(function):
        return
    yield run.report("beside" if migrated else "alone", definition.site, function=function, callee=f"{name}()")


@on(Query, rule="schema-change-outside-migration")
def text(query: Query, run: Pass) -> Iterator[Diagnostic]:
    if run.module.role in _ELSEWHERE or _is_command(query.function) or not query.sql.tables:
        return
    changed = run.changed_tables(query)
    if not changed or run.prepares(query.function):
        return
    yield run.report("text", query.text_site, function=query.function, table=changed[0])


def _is_command(function: FunctionInfo | None) -> bool:
    """Whether somebody runs the function by hand, from a command line."""
    return function is not None and any(
        each.ref is not None and each.ref.startswith(("click.", "typer.", "flask.cli.", "flask.Flask.cli"))
        for each in function.decorators
    )
