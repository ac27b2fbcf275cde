"""What DDL does to tables, statement by statement."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from dodont.sql.questions import DEEPEST, DIALECTS, LONGEST

#: Statements that change a table; of all others nothing is said.
_CHANGES = re.compile(
    r"\b(?:create\s+(?:or\s+replace\s+)?(?:(?:global|local|temp|temporary|unlogged)\s+)*table|(?:alter|drop|rename)\s+table)\b"
    r"|\bexec(?:ute)?\s+sp_rename\b",
    re.I,
)
#: Words without which a statement leaves the columns of its table alone: ENABLE ROW LEVEL SECURITY, OWNER TO.
_OF_COLUMNS = re.compile(r"\b(?:add|drop|rename(?!\s+constraint)|modify|change|column|create)\b", re.I)
_ALTERED = re.compile(
    r"^\s*alter\s+table\s+([\w.\"`\[\]\0]+)\s+(?:modify|alter)\s+(?:column\s+)?([\w\"`\[\]]+)\s[^,;]*;?\s*$", re.I
)
_NAMED = re.compile(
    r"\b(?:create|alter|drop)\s+table\s+(?:if\s+(?:not\s+)?exists\s+)?(?:only\s+)?([\w.\"`\[\]\0]+)", re.I
)


#: What stands for the unknown part of a name while it is parsed.
_HOLE = "dodont_hole_"


class Made(NamedTuple):
    """A column in DDL. ``nullable`` is None where a later word may say so, as a primary key of the table does."""

    name: str
    kind: str
    nullable: bool
    primary_key: bool = False
    unique: bool = False


class Change(NamedTuple):
    """``what`` is ``create``, ``drop``, ``rename``, ``add column``, ``drop column``, ``rename column``, ``null`` or ``unknown``;
    ``table`` is empty where it is not known which one is changed; ``column`` says what an unknown change is of."""

    what: str
    table: str
    column: str = ""
    to: str = ""
    nullable: bool = True
    columns: tuple[Made, ...] = ()


def changes(text: str) -> Iterator[Change]:
    """The changes to tables that a text of SQL makes, in their order. ``\\0`` in it stands for what is not known."""
    if not _CHANGES.search(text):
        return
    found = _parsed(text)
    if found is None:
        altered = _ALTERED.match(text)
        if altered is not None:  # of one column: ALTER TABLE t MODIFY c TEXT NOT NULL
            yield Change("unknown", _plain(altered[1]), _plain(altered[2]))
            return
        names = {_plain(name) for name in _NAMED.findall(text)}
        yield from [Change("unknown", name) for name in sorted(names)] or [Change("unknown", "")]
        return
    for change in found:
        table = change.table.replace(_HOLE, "\0")
        said = (table, change.column, change.to, *(each.name for each in change.columns))
        is_whole = not any("\0" in name or _HOLE in name for name in said)
        yield change if is_whole else Change("unknown", table)


def _plain(name: str) -> str:
    return name.replace('"', "").replace("`", "").replace("[", "").replace("]", "")


def _parsed(text: str) -> list[Change] | None:
    """What a parser makes of it; None where none makes sense of all of it."""
    import logging

    import sqlglot
    from sqlglot.errors import SqlglotError

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    if len(text) > LONGEST or DEEPEST < text.count("(") > len(text) / 4:
        return None
    for dialect in DIALECTS:
        try:
            trees = sqlglot.parse(text.replace("\0", _HOLE), dialect=dialect or None)
            return [change for tree in trees if tree is not None for change in _tree(tree)]
        except (SqlglotError, RecursionError, _Unknown, AttributeError):
            continue
    return None


class _Unknown(Exception):  # noqa: N818
    pass


def _tree(tree: Any) -> Iterator[Change]:
    from sqlglot import exp

    match tree:
        case exp.Create() if tree.args.get("kind") == "TABLE":
            if tree.find(exp.TemporaryProperty) is None:  # a table of the session's own
                yield _create(tree)
        case exp.Drop() if tree.args.get("kind") == "TABLE":
            yield from (Change("drop", _table(each)) for each in _dropped(tree))
        case exp.Alter() if tree.args.get("kind") == "TABLE":
            table = _table(tree.this)
            if tree.args.get("options"):  # `ALTER TABLE t RENAME a TO b`, of which the parser makes something else
                raise _Unknown
            for action in tree.args.get("actions") or ():
                yield from _action(table, action)
        case exp.Command() | exp.Alter():
            if _CHANGES.search(tree.sql()) and _OF_COLUMNS.search(tree.sql()):
                raise _Unknown


def _dropped(node: Any) -> list[Any]:
    return list(node.args.get("tables") or [node.this])


def _create(tree: Any) -> Change:
    from sqlglot import exp

    schema = tree.this
    if not isinstance(schema, exp.Schema):
        raise _Unknown  # CREATE TABLE archive AS SELECT …
    keys: set[str] = set()
    columns: list[Made] = []
    for each in schema.expressions:
        if isinstance(each, exp.ColumnDef):
            columns.append(_column(each))
        elif isinstance(each, exp.LikeProperty):
            raise _Unknown
        else:
            for key in each.find_all(exp.PrimaryKey):
                keys |= {name.name for name in key.find_all(exp.Identifier)}
    columns = [each._replace(nullable=False, primary_key=True) if each.name in keys else each for each in columns]
    return Change("create", _table(schema.this), columns=tuple(columns))


def _column(column: Any) -> Made:
    from sqlglot import exp

    words = [each.args.get("kind") for each in column.args.get("constraints") or ()]
    key = any(isinstance(each, exp.PrimaryKeyColumnConstraint) for each in words)
    denied = any(isinstance(each, exp.NotNullColumnConstraint) and not each.args.get("allow_null") for each in words)
    unique = any(isinstance(each, exp.UniqueColumnConstraint) for each in words)
    kind = column.args.get("kind")
    return Made(column.name, kind.sql() if kind is not None else "", not (key or denied), key, unique)


def _action(table: str, action: Any) -> Iterator[Change]:
    from sqlglot import exp

    match action:
        case exp.ColumnDef():
            column = _column(action)
            yield Change("add column", table, column.name, columns=(column,))
        case exp.Drop() if action.args.get("kind") == "COLUMN":
            yield from (Change("drop column", table, each.name) for each in _dropped(action))
        case exp.Drop() if action.args.get("kind") == "CONSTRAINT":
            pass
        case exp.AddConstraint():
            pass
        case exp.RenameColumn():
            yield Change("rename column", table, action.this.name, action.args["to"].name)
        case exp.AlterRename():
            yield Change("rename", table, to=action.this.name)
        case exp.AlterColumn():
            nulls = action.args.get("allow_null")
            if nulls is not None:
                yield Change("null", table, action.this.name, nullable=bool(nulls))
        case exp.Schema():
            for each in action.expressions:
                yield from _action(table, each)
        case _:
            raise _Unknown


def _table(node: Any) -> str:
    from sqlglot import exp

    named = node.this if isinstance(node, exp.Schema) else node
    schema = named.args.get("db")
    return f"{schema.name}.{named.name}" if schema is not None else str(named.name)
