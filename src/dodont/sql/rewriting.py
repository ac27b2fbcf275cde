"""Whether a statement writes back to a column what another one read of it, and whether nothing stands in the way of others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from dodont.sql.columns import columns
from dodont.sql.questions import read
from dodont.sql.text import tokens


def rewritten(
    parts: Sequence[str | None], computed: Iterable[tuple[int | str, str]], texts: Iterable[str]
) -> tuple[str, str] | None:
    """The table and the column that an ``UPDATE`` gives a parameter computed from what the column held.

    ``computed`` are such parameters, by position or name, each with the column that it was read from, empty where that is not known;
    ``texts`` what else the function may run: one of them reads the column, and none locks.
    """
    statement = read(tuple(parts))
    if statement is None or "UPDATE" not in statement.kinds or not statement.tables:
        return None
    table = statement.tables[0]
    _, places = columns(parts)
    others = list(texts)
    compared = {column.name for _, column in places if column is not None and not column.stored}
    for key, origin in computed:
        column = next((found for place, found in places if place == key), None)
        if column is None or not column.stored or origin.lower() not in ("", column.name):
            continue
        if column.name in compared or any("version" in each for each in compared):
            continue  # whoever comes second finds no such row
        if any(_loads(each, table, column.name) for each in others) and not any(locks(each) for each in others):
            return table, column.name
    return None


def _loads(text: str, table: str, column: str) -> bool:
    """Whether a text selects the column, or all columns, of the table."""
    if not {"select", table.lower()} <= set(text.lower().replace('"', " ").replace("`", " ").split()):
        return False
    statement = read((text,))
    return (
        statement is not None
        and "SELECT" in statement.kinds
        and table in statement.tables
        and (
            any(table in star.tables and not star.count for star in statement.stars)
            or any(each.text.strip('"`[]').lower() == column for each in tokens(text) if each.kind in ("word", "name"))
        )
    )


def locks(text: str) -> bool:
    """Whether a text lets nobody else in between: it locks rows or a table, or begins a transaction that others wait for."""
    words = [each.upper for each in tokens(text) if each.kind == "word"]
    return any(pair in _LOCKING for pair in pairwise(words)) or any(
        each == "GET_LOCK" or "ADVISORY" in each for each in words
    )


_LOCKING = frozenset(
    {("FOR", "UPDATE"), ("BEGIN", "IMMEDIATE"), ("BEGIN", "EXCLUSIVE"), ("LOCK", "TABLE"), ("LEVEL", "SERIALIZABLE")}
)
