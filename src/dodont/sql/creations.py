"""What a text creates: the columns of a table, a view that spells out its own, a temporary table."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.sql.questions import DEEPEST, DIALECTS, LONGEST
from dodont.sql.text import Token, statements, tokens


def created(text: str, table: str) -> tuple[str, ...]:
    """The columns that CREATE TABLE statements of ``text`` give a table; none when another statement changes it."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    if len(text) > LONGEST or DEEPEST < text.count("(") > len(text) / 4:
        return ()
    found: tuple[str, ...] = ()
    for dialect in DIALECTS:
        try:
            trees = sqlglot.parse(text, dialect=dialect or None)
        except (SqlglotError, RecursionError):
            continue
        for tree in trees:
            if not isinstance(tree, exp.Alter | exp.Create | exp.Command):
                continue
            schema = tree.this if isinstance(tree, exp.Create) and isinstance(tree.this, exp.Schema) else None
            if schema is not None and schema.this.name == table:
                found = tuple(column.name for column in schema.expressions if isinstance(column, exp.ColumnDef))
            elif isinstance(tree, exp.Command) or (tree.args.get("kind") == "TABLE" and tree.this.name == table):
                return ()
        if found:
            break
    return found


def spells_out(text: str, view: str) -> bool:
    """Whether a statement of ``text`` creates the view and names its columns: CREATE VIEW … AS SELECT id, name FROM …."""
    for words in _statements(text):
        at = next((n for n, token in enumerate(words) if token.upper == "VIEW"), 0)
        if not at or words[0].upper != "CREATE" or at > 4:  # CREATE OR REPLACE MATERIALIZED VIEW
            continue
        if _named(words, at + 1) == view:
            return not any(
                token.text == "*" and words[n - 1].upper in ("SELECT", "DISTINCT", "ALL", ",", ".")
                for n, token in enumerate(words)
            )
    return False


def temporary(text: str, table: str) -> bool:
    """Whether a statement of ``text`` creates ``table`` for its session alone: CREATE TEMP TABLE, SELECT … INTO TEMP."""
    for words in _statements(text):
        at = next((n for n, token in enumerate(words) if token.upper in ("TEMP", "TEMPORARY")), 0)
        if at and (words[0].upper == "CREATE" or words[at - 1].upper == "INTO") and _named(words, at + 1) == table:
            return True
    return False


def _statements(text: str) -> Iterator[list[Token]]:
    """The statements of a text that is not too long, without spaces and comments."""
    if len(text) <= LONGEST:
        for statement in statements(tokens(text)):
            yield [token for token in statement if token.kind not in ("space", "comment")]


def _named(words: list[Token], at: int) -> str:
    """The name, without its schema, that stands at ``at``, or after the words that may stand before it."""
    while at < len(words) and words[at].upper in ("RECURSIVE", "TABLE", "VIEW", "IF", "NOT", "EXISTS"):
        at += 1
    while at + 2 < len(words) and words[at + 1].text == ".":
        at += 2
    return words[at].text.strip('"`[]') if at < len(words) else ""
