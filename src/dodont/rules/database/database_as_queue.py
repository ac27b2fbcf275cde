"""A loop that polls a table for rows in some state, works on them, and sets that state."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dodont.analysis import Diagnostic, Note, Pass, Polled, on, sql_parts
from dodont.core.patterns import pattern

#: Rows that wait for a relay to hand them to a broker are no queue of their own.
OUTBOX = pattern(r"outbox", re.I)
_LOCKED = pattern(r"skip\s*_?locked", re.I)
_TAKEN = pattern(r"\bselect\b.*\bfrom\b.*\bwhere\b", re.I | re.S)


@on(Polled, rule="database-as-queue")
def check(polled: Polled, run: Pass) -> Iterator[Diagnostic]:
    if run.module.role in ("test", "migration"):
        return
    table, column, where = taken(polled, run)
    if not table or OUTBOX.search(table):
        return
    yield run.report(
        "polls" if column else "table",
        polled.site,
        function=polled.function,
        table=table,
        column=column,
        related=[where] if where is not None else [],
    )


def taken(polled: Polled, run: Pass) -> tuple[str, str, Note | None]:
    """What the loop takes rows from, and by which column, as far as that is known."""
    claim = polled.claim
    if claim is not None:
        if _LOCKED.search(run.source_lines(claim.site)):
            return "", "", None
        return run.display(claim.entity).rpartition(".")[2], claim.column, Note(claim.site, "takes rows by it")
    read: dict[str, Note] = {}
    written: set[str] = set()
    for query in polled.texts:
        text = "".join(part or "" for part in sql_parts(query.text))
        statement = run.sql(query)
        if _LOCKED.search(text):
            return "", "", None
        if statement is None:
            continue
        if "UPDATE" in statement.kinds or "DELETE" in statement.kinds:
            written.update(statement.tables)
        elif _TAKEN.search(text):
            read |= dict.fromkeys(statement.tables, Note(query.call, "takes rows"))
    table = next((each for each in read if each in written), "")
    return table, "", read.get(table)
