"""Questions to a SQL template: what it does, what each of its holes stands for, which of its stars reach a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from dodont.sql.text import (
    HOLE,
    MARKER,
    STAR_MARKER,
    STARTERS,
    Source,
    Token,
    Written,
    statements,
    tokens,
    word_set,
    write,
)

Node = Any  # of sqlglot's tree; its base class differs between versions
Position = Literal["value", "count", "list", "identifier", "fragment", "unknown"]

LONGEST = 100_000
"""Characters; a longer template is not read."""
MOST_HOLES = 60
DEEPEST = 60  # nested parentheses; the parser recurses
_RETRIES = 3
_LONG = 4_000  # characters; a longer text gets two dialects and no retries
DIALECTS = ("postgres", "mysql", "sqlite", "")
_SYNONYMS = {"postgresql": "postgres", "mariadb": "mysql", "sqlite3": "sqlite", "mssql": "tsql"}

_STREAMS = frozenset({"STDIN", "STDOUT", "PROGRAM"})
_SYSTEM_SCHEMAS = word_set(
    """
    INFORMATION_SCHEMA PG_CATALOG PERFORMANCE_SCHEMA SYS SYSTEM SYSTEM_SCHEMA ACCOUNT_USAGE SYSCAT SYSIBM QSYS2 DBC
    TIMESCALEDB_INFORMATION TIMESCALEDB_EXPERIMENTAL MYSQL AG_CATALOG
    """
)
#: What the tables of a database's own catalogue are called, where no schema says so: SQLite's and PostgreSQL's begin alike,
#: those of Redshift, Oracle, old SQL Servers, BigQuery, the standard for geometries and tools for migrations as listed.
_CATALOGUES = re.compile(
    r"(?:sqlite|pg|duckdb|pragma|svv|svl|stv|stl)_"
    r"|(?:all|user|dba)_(?:tables|tab_\w+|views|mviews|objects|indexes|ind_\w+|constraints|cons_columns|sequences|synonyms"
    r"|triggers|source|procedures|arguments|users|col_\w+)$"
    r"|sys(?:objects|columns|indexes|types|users|databases|comments)$"
    r"|(?:geometry|geography|raster)_columns$|spatial_ref_sys$|__tables__$"
    r"|alembic_version$|django_migrations$",
    re.IGNORECASE,
)
#: What PostgreSQL lets stand for a table though it is a function: ``SELECT * FROM CURRENT_USER``.
_NO_TABLES = word_set(
    "CURRENT_USER SESSION_USER CURRENT_ROLE CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_CATALOG"
)
_WRITES = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE"})
_DDL = frozenset({"CREATE", "ALTER", "DROP", "TRUNCATE", "GRANT", "REVOKE", "COMMENT", "RENAME"})
_PARSED = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"})
_KINDS = {
    "WITH": "SELECT",
    "VALUES": "SELECT",
    "REPLACE": "INSERT",
    "START": "BEGIN",
    "END": "COMMIT",
    "ABORT": "ROLLBACK",
    "EXEC": "CALL",
    "DESC": "SHOW",
    "DESCRIBE": "SHOW",
    "RESET": "SET",
}
_NAME_FOLLOWS = word_set(
    """
    TABLE INDEX VIEW SCHEMA DATABASE USER ROLE EXISTS ONLY COLUMN CONSTRAINT SEQUENCE TYPE EXTENSION FUNCTION
    PROCEDURE TRIGGER FROM INTO JOIN UPDATE ON TO SAVEPOINT USE PRAGMA LISTEN UNLISTEN NOTIFY CALL EXECUTE
    CONCURRENTLY TRUNCATE VACUUM ANALYZE REINDEX CLUSTER COPY LOCK OWNER REFERENCES RENAME DESCRIBE DESC
    REFRESH SEARCH_PATH PUBLICATION
    """
)
#: What stands before a value in a condition, all there is of a text that is no statement: ``text(f"name = '{name}'")``.
_COMPARES = frozenset({"=", "==", "<", ">", "<=", ">=", "<>", "!=", "LIKE", "ILIKE", "REGEXP", "~", "IN"})


@dataclass(frozen=True, slots=True)
class Hole:
    """What an interpolated value stands for in the text.

    ``value``: a bound parameter is legal there. ``count``: likewise, and the database takes but a number. ``list``: a
    whole list, ``IN ({})``, ``IN {}``, ``VALUES ({})``.
    ``identifier``: (part of) a name. ``fragment``: anything else, no parameter can replace it. ``unknown``: the
    text could not be read. ``quoted``: inside a string literal; ``like`` is then the literal's text before and after
    the hole.
    """

    position: Position
    quoted: bool = False
    like: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Star:
    """A star in a SELECT list or in ``COUNT(*)``; ``part`` and ``offset`` are its place in the template's parts.

    ``tables``: names of the tables it expands to. ``exists``: of ``EXISTS (SELECT *)``. ``derived``: all it expands to
    are subqueries or common table expressions whose columns are spelt out. ``outermost``: not of a subquery. ``empty``: of
    a SELECT that returns no rows (``LIMIT 0``), which asks what columns there are.
    """

    qualifier: str
    part: int
    offset: int
    tables: tuple[str, ...]
    exists: bool
    count: bool
    derived: bool
    outermost: bool
    empty: bool = False

    @property
    def of_catalogue(self) -> bool:
        """Whether it reads the database's own catalogue, such as ``information_schema``."""
        return _of_catalogue(self.tables)


@dataclass(frozen=True, slots=True)
class Statement:
    """A template's statements together. ``holes`` are aligned with the template's None parts.

    ``kinds``: first keyword of each statement in upper case, ``OTHER`` if unfamiliar. ``writes``: changes rows.
    ``ddl``: changes definitions or grants. ``tables``: names without schema, in no promised order; those of system
    schemas keep it.
    """

    kinds: tuple[str, ...]
    holes: tuple[Hole, ...]
    stars: tuple[Star, ...] = ()
    writes: bool = False
    tables: tuple[str, ...] = ()
    ddl: bool = False

    @property
    def of_catalogue(self) -> bool:
        """Whether all it names are tables of the database's own catalogue, whose rows are about tables and columns."""
        return _of_catalogue(self.tables)


def _of_catalogue(tables: tuple[str, ...]) -> bool:
    return bool(tables) and all(
        _CATALOGUES.match(table) or table.rpartition(".")[0].upper() in _SYSTEM_SCHEMAS for table in tables
    )


@lru_cache(maxsize=512)
def read(parts: tuple[str | None, ...], dialect: str | None = None) -> Statement | None:
    """The template's meaning; None for one that is empty or too long. Never raises.

    ``parts`` is the text in order, None for each hole. ``dialect`` is a database's name (``postgres``, ``mysql``,
    ``sqlite``, ``mssql``, ...); without one the usual dialects are tried.
    """
    if sum(len(part) for part in parts if part is not None) > LONGEST:
        return None
    source = Source.of(parts)
    if not source.text.strip():
        return None
    if source.holes > MOST_HOLES:
        return Statement(("OTHER",), (Hole("unknown"),) * source.holes)
    name = _SYNONYMS.get((dialect or "").lower(), (dialect or "").lower())
    reading = _Reading(source, name)
    found = tokens(source.text, mysql=name == "mysql")
    for statement in statements(found):
        reading.add(statement)
    return reading.result()


class _Reading:
    """The statements of one template, read one after the other."""

    def __init__(self, source: Source, dialect: str) -> None:
        self.source = source
        self.dialect = dialect
        self.kinds: list[str] = []
        self.holes: dict[int, Hole] = {}
        self.stars: list[Star] = []
        self.tables: dict[str, None] = {}
        self.writes = False

    def result(self) -> Statement:
        return Statement(
            tuple(self.kinds) or ("OTHER",),
            # What no statement holds stands in a comment after the last one.
            tuple(self.holes.get(number, Hole("fragment")) for number in range(self.source.holes)),
            tuple(self.stars),
            self.writes,
            tuple(self.tables),
            not _DDL.isdisjoint(self.kinds),
        )

    def add(self, statement: list[Token]) -> None:
        significant = [token for token in statement if token.kind not in ("space", "comment")]
        if not significant:
            return
        kind = _kind(significant)
        self.kinds.append(kind)
        self.writes |= kind in _WRITES or (kind == "COPY" and any(t.upper == "FROM" for t in significant))
        query = kind in _PARSED or (kind == "CREATE" and any(t.upper == "SELECT" for t in significant))
        executed = kind in _PARSED
        if kind == "EXPLAIN":
            executed = any(t.upper == "ANALYZE" for t in significant)
            statement = _explained(statement)
            query = _kind([t for t in statement if t.kind not in ("space", "comment")]) in _PARSED
        written = write(statement)
        tree = _parsed(written, self.dialect) if query and not _deep(significant) else None
        if tree is not None:
            self._ask(tree, written, kind=kind, executed=executed)
        for number, hole in _by_neighbours(significant, written, kind, tree is not None):
            self.holes.setdefault(number, hole)
        if tree is None:
            self.tables |= dict.fromkeys(_names(significant))

    def _ask(self, tree: Node, written: Written, *, kind: str, executed: bool) -> None:
        from sqlglot import exp

        bindable = kind != "CREATE"  # definitions take no parameters

        defined = {cte.alias for cte in tree.find_all(exp.CTE)}
        for node in tree.walk():
            if isinstance(node, exp.Table):
                name = _table(node)
                if name and not (name in defined and not node.args.get("db")):
                    self.tables[name] = None
            elif isinstance(node, exp.Insert | exp.Update | exp.Delete | exp.Merge | exp.Into):
                self.writes |= executed
            elif isinstance(node, exp.Column) and kind != "EXPLAIN" and (match := STAR_MARKER.match(node.name)):
                self._star(node, written.stars[int(match[1])])
            for value in node.args.values():
                if isinstance(value, str):
                    for match in MARKER.finditer(value):
                        number = int(match[1])
                        if number not in self.holes and (number in written.spots):
                            self.holes[number] = _asked(node, number, written, self.dialect, bindable=bindable)

    def _star(self, column: Node, offset: int) -> None:
        from sqlglot import exp

        select = column.parent
        count = isinstance(select, exp.Count)
        if not count and not (isinstance(select, exp.Select) and column.arg_key == "expressions"):
            return
        select = column.find_ancestor(exp.Select)
        if select is None:
            return
        tables, derived = _sources(select, column.table)
        part, place = self.source.place(offset)
        self.stars.append(
            Star(
                column.table if not MARKER.search(column.table) else "",
                part,
                place,
                tables,
                isinstance(select.parent, exp.Exists),
                count,
                derived,
                _outermost(select),
                _empty(select),
            )
        )


def _kind(significant: Sequence[Token]) -> str:
    words = list(significant)
    while words and (words[0].text == "(" or (words[0].holes and words[0].text.strip(HOLE) == "")):
        del words[0]
    if not words:
        return "OTHER"
    first = words[0].upper
    if first == "WITH":
        depth = 0
        for token in words:
            depth += (token.text == "(") - (token.text == ")") if token.kind == "operator" else 0
            if depth <= 0 and token.upper in _PARSED:
                return token.upper
    if first == "COPY" and len(words) > 1 and words[1].text == "(":
        return "SELECT"  # of a query, to a file
    if first in ("FROM", "WHERE", "UNION") and words[0] is not significant[0]:
        return "SELECT"
    if first not in STARTERS or words[0].kind != "word":
        return "OTHER"
    return _KINDS.get(first, first)


def _explained(statement: list[Token]) -> list[Token]:
    """What follows EXPLAIN and its options."""
    for index, token in enumerate(statement):
        if token.upper in _PARSED or token.upper == "WITH":
            return statement[index:]
    return statement


def _deep(significant: Sequence[Token]) -> bool:
    depth = 0
    for token in significant:
        if token.kind == "operator":
            depth += (token.text in "([") - (token.text in ")]")
            if depth > DEEPEST:
                return True
    return False


def _parsed(written: Written, dialect: str) -> Node | None:
    """The tree, after dropping up to a few holes at which the parser stops."""
    import logging

    import sqlglot
    from sqlglot.errors import ParseError

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    order = list(DIALECTS)
    if dialect:
        order = [dialect, *(one for one in order if one != dialect)][:3]
    elif any("`" in piece for piece in written.pieces):
        order = ["mysql", "sqlite"]
    retries = _RETRIES
    if len(written.text) > _LONG:
        order, retries = order[:2], 0
    for attempt in range(retries + 1):
        furthest, best = -1, order[0]
        for name in order:
            try:
                found = sqlglot.parse_one(written.text, dialect=name or None)
            except ParseError as error:
                first = error.errors[0] if error.errors else {}
                column = (first.get("col") or 0) - len(first.get("highlight") or "")
                if column > furthest:
                    furthest, best = column, name
            except Exception:  # the parser also fails with its own and with built-in errors, by dialect and version
                continue
            else:
                if not isinstance(found, sqlglot.exp.Command):
                    return found
        if attempt == retries or not written.spots or not written.drop(max(furthest, 0)):
            return None
        order = [best]
    return None


# --- holes -----------------------------------------------------------------------------------------------------------


def _asked(node: Node, number: int, written: Written, dialect: str, *, bindable: bool) -> Hole:
    """The hole whose marker ``node`` holds as one of its strings."""
    from sqlglot import exp

    quoted = number in written.quoted
    like = written.quoted.get(number, ("", ""))
    if number in written.double:
        like = written.double[number]
        quoted = isinstance(node, exp.Literal)
    if number in written.fragments:
        return Hole("fragment", quoted, like if quoted else ("", ""))
    position: Position
    if isinstance(node, exp.Identifier):
        column = node.parent
        if not isinstance(column, exp.Column) or node.arg_key != "this" or column.args.get("table"):
            position = "fragment" if isinstance(column, exp.DataType) else "identifier"
        elif number in written.double:
            position = _climb(column, number, written, quoted=False)
            quoted = position in ("value", "list") and dialect != "postgres"
            if not quoted:
                position = "identifier"
        elif number in written.glued:
            position = "identifier"
            if not MARKER.sub("", node.name) and _climb(column, number, written, quoted=False) != "identifier":
                position = "fragment"
        else:
            position = _climb(column, number, written, quoted=False)
    elif isinstance(node, exp.Anonymous):
        position = "identifier"
    else:
        position = _climb(node, number, written, quoted=quoted)
    if not bindable and position in ("value", "count", "list"):
        position = "fragment"
    return Hole(position, quoted, like if quoted else ("", ""))


def _climb(start: Node, number: int, written: Written, *, quoted: bool) -> Position:
    """The position of an operand, from the first node above it that decides."""
    from sqlglot import exp

    wrapped: Node = start
    direct = True  # only casts and arithmetic so far
    while (parent := wrapped.parent) is not None:
        key = wrapped.arg_key
        match parent:
            case exp.Paren():
                if wrapped is start and not quoted and not isinstance(parent.parent, exp.Any | exp.All):
                    return "fragment"  # as likely a condition or a subquery
            case exp.Any() | exp.All():
                return "value"
            case exp.Exists() | exp.And() | exp.Or() | exp.Xor() | exp.Not() | exp.Where() | exp.Having():
                return "fragment"
            case exp.Cast():
                if key != "this":
                    return "fragment"
                if parent.args["to"].sql().upper().startswith("REG"):
                    return "identifier"  # `'{table}'::regclass`
            case exp.JSONPath() | exp.JSONPathKey() | exp.JSONPathRoot() | exp.Distinct() | exp.Neg() | exp.Collate():
                if isinstance(parent, exp.Distinct) and isinstance(parent.parent, exp.Select):
                    return "identifier"
            case exp.JSONExtract() | exp.JSONExtractScalar() | exp.JSONBExtract() | exp.JSONBExtractScalar():
                return "value" if key == "expression" else "identifier"
            case exp.EQ() if isinstance(parent.parent, exp.Update | exp.OnConflict):
                if key != "expression":
                    return "identifier"
                # `SET {column} = {other}`: where the one is chosen in the code, so may the other be.
                return "value" if quoted or number in written.double or _named(parent.args["this"]) else "fragment"
            case exp.Is():
                return "fragment" if key == "expression" else "identifier"
            case exp.In():
                if key == "field":
                    return "list"
                if key == "expressions":
                    return "list" if wrapped is start and len(parent.expressions) == 1 else "value"
                return "value" if quoted else "identifier"
            case exp.Between():
                if key == "this" and not quoted:
                    return "value" if _named(parent.args["low"]) else "identifier"
                return "value"
            case exp.Predicate() if isinstance(parent, exp.Binary):
                return _side(parent, key, quoted=quoted)
            case exp.Escape() | exp.DPipe() | exp.Concat() | exp.Binary():
                pass
            case exp.Tuple():
                found = _row(parent, wrapped is start, number, written)
                if found is not None:
                    return found
            case exp.Array():
                return "list" if wrapped is start and len(parent.expressions) == 1 else "value"
            case exp.Limit() | exp.Offset() | exp.Fetch():
                return "count"
            case exp.If():
                return "value" if key in ("true", "false") else _branch(parent)
            case exp.Case():
                return "value" if key == "default" or quoted else "identifier"
            case exp.AggFunc():
                if not quoted and (key == "this" or parent.args.get("this") is wrapped):
                    return "identifier"
                return "value"
            case exp.Extract():
                return "fragment" if key == "this" else "identifier"
            case exp.Interval():
                return "value" if parent.args.get("unit") is not None and not quoted else "fragment"
            case exp.Func() if _names_first(parent, wrapped) or _is_file(parent):
                return "identifier"
            case exp.Func():
                if isinstance(start, exp.Var) and not quoted:
                    return "fragment"
                return "value" if quoted else _argument(parent, wrapped)
            case exp.Ordered() | exp.Order() | exp.Group() | exp.Window() | exp.Returning():
                return "identifier" if direct else "fragment"
            case exp.Select():
                if quoted:
                    return "value"
                if key == "expressions" and not direct and _from(parent) is None:
                    return "value"
                return "identifier" if key in ("expressions", "distinct") else "fragment"
            case exp.Alias():
                if key != "this":
                    return "identifier"
            case exp.OnConflict() | exp.Schema() | exp.Table() | exp.TableAlias() | exp.Join() if key in (
                "conflict_keys",
                "expressions",
                "using",
                "this",
                "alias",
            ):
                return "identifier"
            case _:
                return "fragment"
        if not isinstance(parent, exp.Paren | exp.Alias | exp.Ordered):
            direct = False
        wrapped = parent
    return "fragment"


#: Functions of databases and their extensions whose texts are names of tables, columns, indexes and the like.
_OF_NAMES = re.compile(
    r"(?:NEXTVAL|CURRVAL|SETVAL|(?:ADD|DROP)GEOMETRY(?:COLUMN|TABLE)|UPDATEGEOMETRYSRID"
    r"|TO_REG\w+|PG_(?:\w+_SIZE|GET_\w+)|HAS_\w+_PRIVILEGE|OBJECT_(?:ID|NAME)|COL_(?:LENGTH|NAME)|(?:DB|SCHEMA|TYPE)_ID"
    r"|CREATE_HYPERTABLE|ADD_DIMENSION|HYPERTABLE_\w+|(?:SHOW|DROP)_CHUNKS|(?:ADD|REMOVE|ALTER|SHOW)_(?:\w+_)?POLIC(?:Y|IES)"
    r"|(?:CREATE|UNDISTRIBUTE|ALTER)_(?:DISTRIBUTED|REFERENCE)?_?TABLE|PRAGMA_\w+)$"
)
#: Those whose first text is a unit or the name of a configuration or a graph.
_NAME_FIRST = frozenset(
    {
        "DATE_TRUNC",
        "TIMESTAMP_TRUNC",
        "DATE_PART",
        "TO_TSVECTOR",
        "TO_TSQUERY",
        "PLAINTO_TSQUERY",
        "PHRASETO_TSQUERY",
        "CYPHER",
    }
)


def _names_first(function: Node, wrapped: Node) -> bool:
    """``date_trunc('{unit}', at)``, ``nextval('{sequence}')``: the text within quotes is no data."""
    from sqlglot import exp

    name = (function.name if isinstance(function, exp.Anonymous) else function.sql_name()).upper()
    if _OF_NAMES.match(name):
        return True
    if name not in _NAME_FIRST:
        return False
    if wrapped.arg_key == "unit":
        return True
    given = function.expressions if isinstance(function, exp.Anonymous) else []
    return len(given) > 1 and given[0] is wrapped


#: Functions of DuckDB and ClickHouse that read a file as a table.
_FILES = re.compile(r"READ_\w+$|\w+_SCAN$|(?:PARQUET|ICEBERG|DELTA)\w*$|FILE$|GLOB$|S3$|URL$")


def _is_file(function: Node) -> bool:
    """``SELECT … FROM read_parquet('{path}')``: what is read from, as a table's name is, and no value of a row."""
    from sqlglot import exp

    name = (function.name if isinstance(function, exp.Anonymous) else function.sql_name()).upper()
    return isinstance(function.parent, exp.Table) and _FILES.match(name) is not None


def _branch(branch: Node) -> Position:
    """``CASE a WHEN {}`` compares; ``CASE WHEN {}`` is a condition."""
    from sqlglot import exp

    case = branch.parent
    return "value" if isinstance(case, exp.Case) and case.args.get("this") is not None else "fragment"


def _side(comparison: Node, key: str | None, *, quoted: bool) -> Position:
    """A side of a comparison. A hole on the left of a plain value is the column's name."""
    from sqlglot import exp

    left, right = comparison.args.get("this"), comparison.args.get("expression")
    if quoted:
        return "value"
    if key == "this":
        return "value" if _named(right) else "identifier"
    if isinstance(comparison.parent, exp.Join) and not _named(left):
        return "identifier"
    return "value"


def _named(node: Any) -> bool:
    """Mentions a column whose name is in the text."""
    from sqlglot import exp

    return node is not None and any(not MARKER.search(c.name) for c in node.find_all(exp.Column))


def _row(row: Node, alone: bool, number: int, written: Written) -> Position | None:
    """A hole in a row of VALUES, or None where the row is an operand of something else."""
    from sqlglot import exp

    above = row.parent
    if isinstance(above, exp.Values):
        insert: Node | None = above.parent
    elif isinstance(above, exp.Insert):
        if row.arg_key == "this":
            return "identifier"
        insert = above
    else:
        return None
    if not alone or len(row.expressions) > 1:
        return "value"
    target = insert.this if isinstance(insert, exp.Insert) else None
    columns = target.expressions if isinstance(target, exp.Schema | exp.Tuple) else []
    single = len(columns) == 1 and not MARKER.search(columns[0].name)
    bare = number not in written.quoted and number not in written.double and number not in written.parenthesised
    return "value" if single and not bare else "list"


def _argument(function: Node, wrapped: Node) -> Position:
    """A function's argument: a value, unless the function is what is compared, sorted or selected by that column."""
    from sqlglot import exp

    others = [child for child in function.iter_expressions() if child is not wrapped]
    if any(_named(other) for other in others):
        return "value"
    node, parent = function, function.parent
    while isinstance(parent, exp.Func | exp.Paren | exp.Alias) and not isinstance(parent, exp.Connector):
        node, parent = parent, parent.parent
    if isinstance(parent, exp.Binary) and isinstance(parent, exp.Predicate) and node.arg_key == "this":
        return "value" if _named(parent.expression) else "identifier"
    if isinstance(parent, exp.Ordered | exp.Group):
        return "identifier"
    if isinstance(parent, exp.Select) and node.arg_key == "expressions":
        return "identifier" if _from(parent) is not None else "value"
    return "value"


def _by_neighbours(significant: Sequence[Token], written: Written, kind: str, tree: bool) -> Iterator[tuple[int, Hole]]:
    """The holes as far as the words around them tell, for statements without a tree."""
    parsed = kind in _PARSED or kind == "OTHER"
    empty = all(token.text.strip(HOLE) == "" for token in significant)
    for index, token in enumerate(significant):
        before = significant[index - 1] if index else None
        word = before.upper if before is not None else ""
        for number in token.holes:
            quoted = number in written.quoted
            position: Position
            if empty or (number in written.fragments and (tree or not parsed)):
                position = "fragment"
            elif kind == "OTHER":
                compared = word in _COMPARES or (
                    word in ("(", ",") and any(t.upper == "IN" for t in significant[:index])
                )
                position = "fragment" if quoted and not compared else "unknown"
            elif token.kind in ("name", "bracket"):
                position = "identifier"
            elif quoted:
                position = "unknown" if parsed else "fragment"
            elif word in _NAME_FOLLOWS or (word == "." and not parsed) or token.text.strip(HOLE):
                position = "identifier"
            elif parsed:
                position = "unknown"
            elif index + 1 < len(significant) and significant[index + 1].text == ".":
                position = "identifier"
            elif word in ("(", ","):
                position = "identifier" if kind in ("CREATE", "ALTER", "DROP", "GRANT", "PRAGMA") else "value"
                if kind not in ("CALL", "CREATE", "ALTER", "DROP", "GRANT", "PRAGMA"):
                    position = "fragment"
            else:
                position = "fragment"
            if kind == "CALL" and position == "fragment" and (quoted or word in ("(", ",")):
                position = "value"
            yield number, Hole(position, quoted, written.quoted.get(number, ("", "")))


def _names(significant: Sequence[Token]) -> Iterator[str]:
    """Table names of a statement without a tree."""
    words = iter(range(len(significant)))
    for index in words:
        if significant[index].upper not in ("TABLE", "FROM", "JOIN", "INTO", "UPDATE", "TRUNCATE", "COPY"):
            continue
        at = index + 1
        while at < len(significant) and significant[at].upper in ("IF", "NOT", "EXISTS", "ONLY"):
            at += 1
        while at + 2 < len(significant) and significant[at + 1].text == ".":
            at += 2
        if at < len(significant):
            token = significant[at]
            if token.kind in ("word", "name") and not token.keyword and not token.holes and token.upper not in _STREAMS:
                yield token.text.strip('"`')


# --- tables and stars ------------------------------------------------------------------------------------------------


def _table(table: Node) -> str:
    """The name, with the schema if it is a system's; empty for holes and functions."""
    from sqlglot import exp

    if isinstance(table.this, exp.Anonymous) and _CATALOGUES.match(table.this.name):
        return table.this.name  # `pragma_table_info('users')`
    if not isinstance(table.this, exp.Identifier) or table.name.upper() in _NO_TABLES:
        return ""
    *schemas, name = MARKER.sub("", ".".join(part.name for part in table.parts)).split(
        "."
    )  # BigQuery quotes them together
    if not _SYSTEM_SCHEMAS.isdisjoint(schema.upper() for schema in schemas):
        return f"{schemas[-1]}.{name}"
    if _CATALOGUES.match(name):
        return name  # `{dataset}.__TABLES__` within one pair of quotes
    return "" if MARKER.search(table.name) else table.name


def _from(select: Node) -> Node | None:
    return select.args.get("from_") or select.args.get("from")


def _sources(select: Node, qualifier: str) -> tuple[tuple[str, ...], bool]:
    """The tables a star of this SELECT expands to, and whether all its sources spell out their columns."""
    origin = _from(select)
    sources = [origin.this] if origin is not None else []
    sources += [join.this for join in select.args.get("joins") or ()]
    if qualifier:
        sources = [one for one in sources if (one.alias or one.name).lower() == qualifier.lower()]
    tables: dict[str, None] = {}
    derived = bool(sources)
    for one in sources:
        names, explicit = _columns(one, select, ())
        tables |= dict.fromkeys(names)
        derived &= explicit
    return tuple(tables), derived


def _columns(source: Any, scope: Node, seen: tuple[int, ...]) -> tuple[tuple[str, ...], bool]:
    """The tables whose columns come through ``source`` by a star, and whether its own columns are spelt out."""
    from sqlglot import exp

    if id(source) in seen or len(seen) > 20:
        return (), True
    seen = (*seen, id(source))
    match source:
        case exp.Table():
            if not source.args.get("db") and (cte := _defined(source.name, scope)) is not None:
                alias = cte.args.get("alias")
                return ((), True) if alias is not None and alias.args.get("columns") else _columns(cte.this, cte, seen)
            name = _table(source)
            return ((name,) if name else ()), False
        case exp.Subquery():
            alias = source.args.get("alias")
            if alias is not None and alias.args.get("columns"):
                return (), True
            return _columns(source.this, source, seen)
        case exp.SetOperation():
            left, right = _columns(source.this, source, seen), _columns(source.expression, source, seen)
            return tuple(dict.fromkeys((*left[0], *right[0]))), left[1] and right[1]
        case exp.Values():
            return (), True
        case exp.Select():
            names: dict[str, None] = {}
            explicit = True
            for column in source.expressions:
                if isinstance(column, exp.Column) and STAR_MARKER.match(column.name):
                    tables, derived = _sources(source, column.table)
                    explicit &= derived
                    names |= dict.fromkeys(tables)
                elif column.is_star or MARKER.search(column.name):
                    explicit = False
            return tuple(names), explicit
        case _:
            return (), False


def _defined(name: str, scope: Node | None) -> Node | None:
    """The common table expression of that name which ``scope`` sees."""
    while scope is not None:
        clause = scope.args.get("with_") or scope.args.get("with")
        for cte in clause.expressions if clause is not None else ():
            if cte.alias.lower() == name.lower():
                return cte
        scope = scope.parent
    return None


def _outermost(select: Node) -> bool:
    from sqlglot import exp

    node, parent = select, select.parent
    while parent is not None:
        bare = isinstance(parent, exp.Subquery) and not isinstance(parent.parent, exp.From | exp.Join | exp.Select)
        if not (bare or (isinstance(parent, exp.SetOperation | exp.Insert | exp.Create) and node.arg_key != "with_")):
            return False
        node, parent = parent, parent.parent
    return True


def _empty(select: Node) -> bool:
    """``SELECT … LIMIT 0``, ``SELECT … WHERE 1 = 0``."""
    from sqlglot import exp

    limit, where = select.args.get("limit"), select.args.get("where")
    match where.this if where is not None else None:
        case exp.Boolean(this=False):
            return True
        case exp.EQ(this=exp.Literal() as left, expression=exp.Literal() as right) if left.this != right.this:
            return not (MARKER.search(left.this) or MARKER.search(right.this))
    return isinstance(limit, exp.Limit) and isinstance(limit.expression, exp.Literal) and limit.expression.this == "0"
