"""What the calls in Alembic's migrations do to the tables: operations, batches, DDL, and what the database answers that they ask."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from dodont.schema.files import File, Files
from dodont.schema.running import Effects, Run, TooLong
from dodont.schema.tables import Column, Index, Table, Unread
from dodont.schema.values import HOLE, UNREAD, Local, Made, Method, Ref, is_known
from dodont.semantic.definitions import says_nothing
from dodont.semantic.values import Site

_OP = "alembic.op."
_BATCH = "alembic.op.batch_alter_table"
#: How many unknown parts the name of a table may have for others to be compared with it.
MAX_HOLES = 3


class Operations(Effects):
    """What the calls in migrations do to the tables."""

    def __init__(self, lost: list[Unread], beginning: Mapping[str, Table]) -> None:
        self.tables: dict[str, Table] = dict(beginning)
        self.lost = lost
        self.elsewhere: set[str] = set()
        self._run: Run

    def upgrade(self, files: Files, file: File, *, first: bool) -> None:
        """Run the ``upgrade()`` of a migration. One with a parameter is called for several databases.

        The first one may be there for its name only: another program makes the tables, and it raises.
        """
        run = self._run = Run(files, self)
        function = run.name("upgrade", file) if "upgrade" in file.bound else None
        if not isinstance(function, Local) or not isinstance(function.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if function is not None:
                self.astray("`upgrade` is no function", Site(file.shown, 1, 0, 1, 0))
            return
        given = function.node.args
        if len(given.args) > len(given.defaults) and [each.arg for each in given.args] != ["op"]:
            self.astray("`upgrade` is called for several databases", file.site(function.node))
            return
        if first and _only_raises(
            function.node
        ):  # of the tables before the first migration it says that they are there
            self.elsewhere.add("")
            return
        try:
            # `def upgrade(op=None)`, where a plugin is handed it
            if run.function(function, op=Ref("alembic.op")) == "raise":
                self.astray("`upgrade` raises", file.site(function.node))
        except (TooLong, RecursionError):
            self.astray("`upgrade` takes too many steps", file.site(function.node))

    # Effects

    def called(self, made: Made) -> Any:
        name = made.of.rpartition(".")[2]
        if made.of.startswith(_BATCH + "."):
            return self._operation(name, made, made.receiver)
        if made.of.startswith(_OP) and made.of.count(".") == 2:
            return self._operation(name, made, None)
        if made.of == "alembic.op.f":
            return made.args[0] if made.args else UNREAD
        if made.of in _TEXTS:
            return made.args[0] if made.args else UNREAD
        if name in ("execute", "exec_driver_sql", "executescript", "scalar"):
            self._sql(made.args[0] if made.args else None, made)
        elif name in _ASKED and isinstance(made.receiver, (Made, Method)):
            return self._asked(name, made)
        elif name in ("create_all", "drop_all"):
            self._astray(made, "what it makes depends on the models of the day")
        elif made.of.endswith((".__table__.create", ".__table__.drop")):
            self._mapped(made)
        elif name in ("create", "drop") and isinstance(made.receiver, Made) and _last(made.receiver.of) == "Table":
            self._table_made(name, made.receiver)
        elif any(each == Ref("alembic.op") for each in (*made.args, *made.kwargs.values())):
            self._astray(made, "it is handed `op`, and is not the project's")
        return made

    def attribute(self, made: Made, name: str) -> Any:
        return made.get(0, "name") if name == "name" and _last(made.of) == "Column" else Method(made, name)

    def state(self) -> Any:
        return dict(self.tables), list(self.lost)

    def back(self, state: Any) -> None:
        self.tables, self.lost = dict(state[0]), list(state[1])

    def either(self, before: Any, one: Any, other: Any) -> None:
        here, there = one[0], other[0]
        self.tables = {}
        for name in {**here, **there}:
            table, twin = here.get(name), there.get(name)
            if table is twin and table is not None:
                self.tables[name] = table
            elif table is None or twin is None:
                found = table or twin
                assert found is not None
                self.tables[name] = _doubtful(found) if name in before[0] else found
            else:
                self.tables[name] = _one_of(before[0].get(name), table, twin)
        self.lost = [*one[1], *(each for each in other[1] if each not in one[1])]

    def astray(self, what: str, site: Site) -> None:
        self.lost.append(Unread(site, what))

    def _astray(self, made: Made, why: str) -> None:
        self.lost.append(_unread(made, why))

    # Operations

    def _operation(self, name: str, made: Made, batch: Any) -> Any:
        known = _KNOWN.get(name)
        if known is None:
            return made
        shift = 0
        table: Any = UNREAD
        if batch is not None:
            table = self._named(batch.get(0, "table_name"), batch.kwargs.get("schema"))
            shift = 1
        elif name in _FIRST:
            position, word = _FIRST[name]
            table = self._named(made.get(position, word), made.kwargs.get("schema"))
        known(self, table, made, shift)
        return made

    def _named(self, table: Any, schema: Any = None) -> Any:
        if not isinstance(table, str) or table == HOLE:
            return UNREAD
        return (
            f"{schema}.{table}" if is_known(schema) and schema not in ("", "public") else table.removeprefix("public.")
        )

    def _at(self, table: Any, made: Made) -> Table | None:
        """The table an operation is about. Where it is not known, all that it may be are lost."""
        if not isinstance(table, str) or table.count(HOLE) > MAX_HOLES:
            self._astray(made, "of which table is not known")
            return None
        if HOLE in table:
            pattern = re.compile(".*".join(map(re.escape, table.split(HOLE))))
            for name in [*self.tables]:
                if pattern.fullmatch(name):
                    self._lose(self.tables[name], made, "of which table is not known")
            return None
        if table not in self.tables:
            self.elsewhere.add(table)
            beginning = Unread(made.site or _NOWHERE, f"how `{table}` began: no migration creates it", beginning=True)
            self.tables[table] = _table(table, unread=(beginning,), site=made.site)
        return self.tables[table]

    def _lose(self, table: Table, made: Made, why: str) -> None:
        columns = {name: replace(each, nullable=None) for name, each in table.columns.items()}
        self._put(replace(table, columns=columns, unread=(*table.unread, _unread(made, why))))

    def _put(self, table: Table) -> None:
        self.tables[table.qualified] = table

    def _set(self, table: Table, column: Column) -> None:
        self._put(replace(table, columns={**table.columns, column.name: column}))

    def create_table(self, table: Any, made: Made, shift: int) -> None:
        if not is_known(table):
            self._at(table, made)
            return
        columns: dict[str, Column] = {}
        indexes: list[Index] = []
        keys: set[str] = set()
        references: dict[str, str] = {}
        computed = _unread(made, f"columns of `{table}` that are computed")
        unread: list[Unread] = [computed] if HOLE in made.kwargs else []
        for each in made.args[1:]:
            if isinstance(each, Made):
                kind = _last(each.of)
                column = _column(each)
                if column is not None:
                    columns[column.name] = column
                    continue
                if kind == "PrimaryKeyConstraint":
                    keys |= set(_texts(each.args))
                elif kind == "ForeignKeyConstraint":
                    references |= _referring(each.get(0, "columns"), _texts(each.get(1, "refcolumns")))
                elif kind == "UniqueConstraint":
                    indexes.append(Index(_texts(each.args), True, name=_name(each.kwargs.get("name"))))
                elif kind == "Index":
                    indexes.append(
                        Index(_texts(each.args[1:]), each.kwargs.get("unique") is True, name=_name(each.get(0, "")))
                    )
                if kind.endswith(("Constraint", "Index")):
                    continue
            unread.append(computed)
        for key in keys & columns.keys():
            columns[key] = replace(columns[key], primary_key=True, nullable=False)
        for name, reference in references.items():
            if name in columns:
                columns[name] = replace(columns[name], references=reference)
        primary = tuple(each.name for each in columns.values() if each.primary_key)
        if len(primary) > 1:
            indexes.insert(0, Index(primary, unique=True))
        self._put(
            _table(table, columns=columns, indexes=tuple(indexes), unread=tuple(dict.fromkeys(unread)), site=made.site)
        )

    def _table_made(self, name: str, made: Made) -> None:
        table = self._named(made.get(0, "name"), made.kwargs.get("schema"))
        if name == "drop":
            self.drop_table(table, made, 0)
            return
        items = tuple(each for each in made.args[1:] if isinstance(each, Made) and _last(each.of) != "MetaData")
        self.create_table(table, Made(made.of, (table, *items), made.kwargs, made.site), 0)
        if not items and table in self.tables:  # `new = sa.Table(name, metadata)`, `new.append_column(column.copy())`
            self._lose(self.tables[table], made, "columns that are added afterwards")

    def _mapped(self, made: Made) -> None:
        """``Tag.__table__.create(bind)``: a table of which no more is known than that a class has it."""
        table = self._run.attribute(Ref(made.of.rpartition(".__table__.")[0]), "__tablename__")
        if not is_known(table):
            self._astray(made, "of which table is not known")
        else:
            found = self.tables.get(table) or _table(table, site=made.site)
            self._lose(found, made, "what it makes depends on the model of the day")

    def drop_table(self, table: Any, made: Made, shift: int) -> None:
        if not is_known(table):
            self._at(table, made)
        self.tables.pop(table, None)

    def rename_table(self, table: Any, made: Made, shift: int) -> None:
        found = self._at(table, made)
        new = self._named(made.get(1, "new_table_name"), made.kwargs.get("schema"))
        if found is None:
            return
        if not is_known(new):
            self._astray(made, "the new name is computed")
            return
        del self.tables[found.qualified]
        self._put(_named(found, new))

    def add_column(self, table: Any, made: Made, shift: int) -> None:
        found = self._at(table, made)
        if found is None:
            return
        given = made.get(1 - shift, "column")
        column = _column(given) if isinstance(given, Made) else None
        if column is None:
            self._lose(found, made, "the column is computed")
        else:
            self._set(found, column)

    def drop_column(self, table: Any, made: Made, shift: int) -> None:
        found = self._at(table, made)
        if found is None:
            return
        name = made.get(1 - shift, "column_name")
        if not is_known(name):
            self._lose(found, made, "the column is computed")
            return
        self._drop(found, name, made)

    def _drop(self, table: Table, name: str, made: Made) -> None:
        columns = {key: each for key, each in table.columns.items() if key != name}
        indexes = tuple(each for each in table.indexes if name not in each.columns)
        dropped = {**table.dropped, name: made.site or _NOWHERE}
        self._put(replace(table, columns=columns, indexes=indexes, dropped=dropped))

    def alter_column(self, table: Any, made: Made, shift: int) -> None:
        found = self._at(table, made)
        if found is None:
            return
        name = made.get(1 - shift, "column_name")
        if not is_known(name) or HOLE in made.kwargs:
            self._lose(found, made, "the column is computed")
            return
        column = found.columns.get(name) or Column(name, nullable=None, site=made.site)
        if "nullable" in made.kwargs:
            said = made.kwargs["nullable"]
            column = replace(column, nullable=said if isinstance(said, bool) else None, site=made.site)
        if "server_default" in made.kwargs:
            column = replace(column, default=made.kwargs["server_default"] is not None)
        new = made.kwargs.get("new_column_name", made.kwargs.get("name"))
        if "type_" in made.kwargs:
            column = replace(column, kind=_kind(made.kwargs["type_"]))
        if new is None:
            self._set(found, column)
            return
        if not is_known(new):
            self._lose(found, made, "the new name is computed")
            return
        self._renamed(found, name, replace(column, name=new), made)

    def _renamed(self, table: Table, old: str, column: Column, made: Made) -> None:
        columns = {
            (column.name if key == old else key): (column if key == old else each)
            for key, each in table.columns.items()
        }
        columns.setdefault(column.name, column)
        indexes = tuple(
            each._replace(columns=tuple(column.name if name == old else name for name in each.columns))
            for each in table.indexes
        )
        dropped = {**table.dropped, old: made.site or _NOWHERE}
        self._put(replace(table, columns=columns, indexes=indexes, dropped=dropped))

    def create_index(self, table: Any, made: Made, shift: int) -> None:
        columns = made.get(2 - shift, "columns", ())
        partial = any(word.endswith("_where") for word in made.kwargs)
        self._indexed(table, made, columns, made.kwargs.get("unique") is True, partial)

    def create_unique_constraint(self, table: Any, made: Made, shift: int) -> None:
        self._indexed(table, made, made.get(2 - shift, "columns", ()), True, False)

    def _indexed(self, table: Any, made: Made, columns: Any, unique: bool, partial: bool) -> None:
        if table is UNREAD or table not in self.tables:
            return  # no table is another by an index
        found = self.tables[table]
        index = Index(_texts(columns), unique, partial, _name(made.get(0, "name")))
        self.tables[table] = replace(found, indexes=(*found.indexes, index))

    def create_foreign_key(self, table: Any, made: Made, shift: int) -> None:
        found = self.tables.get(table) if table is not UNREAD else None
        to = self._named(made.get(2 - shift, "referent_table"), made.kwargs.get("referent_schema"))
        remote = _texts(made.get(4 - shift, "remote_cols"))
        for name, reference in _referring(
            made.get(3 - shift, "local_cols"), tuple(f"{to}.{each}" for each in remote)
        ).items():
            if found is not None and is_known(to) and name in found.columns:
                self._set(found, replace(found.columns[name], references=reference))

    def create_primary_key(self, table: Any, made: Made, shift: int) -> None:
        found = self.tables.get(table) if table is not UNREAD else None
        for name in _texts(made.get(2 - shift, "columns", ())) if found is not None else ():
            column = self.tables[table].columns.get(name)
            if column is not None:
                self._set(self.tables[table], replace(column, primary_key=True, nullable=False))

    def drop_index(self, table: Any, made: Made, shift: int) -> None:
        name = made.get(0, "index_name")
        for key, found in list(self.tables.items()):
            if table is UNREAD or key == table:
                kept = tuple(each for each in found.indexes if not each.name or each.name != name)
                self.tables[key] = replace(found, indexes=kept)

    def drop_constraint(self, table: Any, made: Made, shift: int) -> None:
        found = self.tables.get(table) if table is not UNREAD else None
        name = made.get(0, "constraint_name")
        if found is not None:
            kept = tuple(each for each in found.indexes if not each.name or each.name != name)
            self._put(replace(found, indexes=kept))

    def execute(self, table: Any, made: Made, shift: int) -> None:
        self._sql(made.get(0, "sqltext"), made)

    def _sql(self, text: Any, made: Made) -> None:
        if text is UNREAD and made.of == "alembic.op.execute":
            self._astray(made, "the SQL is computed")
        if not isinstance(text, str):
            return
        from dodont.sql.changes import changes

        for change in changes(text):
            table: Any = change.table.removeprefix("public.")
            if not table or table == HOLE:
                self._astray(made, "SQL that changes a table nobody knows")
                continue
            if not is_known(table):
                self._at(table, made)
            elif change.what == "create":
                columns = {
                    each.name: Column(
                        each.name, "", each.kind, each.nullable, each.primary_key, each.unique, site=made.site
                    )
                    for each in change.columns
                }
                self._put(_table(table, columns=columns, site=made.site))
            elif change.what == "drop":
                self.tables.pop(table, None)
            elif (found := self._at(table, made)) is not None:
                self._changed(found, change, made)

    def _changed(self, table: Table, change: Any, made: Made) -> None:
        column = table.columns.get(change.column)
        match change.what:
            case "rename":
                del self.tables[table.qualified]
                self._put(_named(table, change.to) if "." in change.to else replace(table, name=change.to))
            case "add column":
                added = change.columns[0]
                nullable = added.nullable
                self._set(table, Column(added.name, "", added.kind, nullable, added.primary_key, site=made.site))
            case "drop column":
                self._drop(table, change.column, made)
            case "rename column" if column is not None:
                self._renamed(table, change.column, replace(column, name=change.to), made)
            case "null" if column is not None:
                self._set(table, replace(column, nullable=change.nullable))
            case "unknown" if column is not None:
                self._set(table, replace(column, kind="", nullable=None))
            case _:
                self._lose(table, made, f"SQL that changes `{table.qualified}` in a way that is not known")

    def _asked(self, name: str, made: Made) -> Any:
        """What the database says of itself when a migration asks."""
        table = self._named(made.get(0, "table_name"), made.kwargs.get("schema"))
        if name == "has_table":
            for each in made.args:  # dialect.has_table(connection, "orders")
                if is_known(each):
                    table = self._named(each, made.kwargs.get("schema"))
            return table in self.tables or UNREAD  # something else may have made it
        if name == "get_table_names":
            schema = made.get(0, "schema")
            if schema is not None:
                return UNREAD
            return [*self.tables, UNREAD]
        found = self.tables.get(table) if table is not UNREAD else None
        if found is None or found.unread:
            return UNREAD
        if name == "get_columns":
            return [{"name": each.name, "nullable": each.nullable, "type": UNREAD} for each in found.columns.values()]
        if name == "get_indexes":
            named = [
                {"name": each.name, "column_names": [*each.columns], "unique": each.unique} for each in found.indexes
            ]
            return named if all(each.name for each in found.indexes) else [*named, UNREAD]
        return UNREAD


def _only_raises(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return says_nothing(function.body) and isinstance(function.body[-1], ast.Raise)


def _table(qualified: str, **said: Any) -> Table:
    schema, _, name = qualified.rpartition(".")
    return Table(name, schema=schema, **said)


def _named(table: Table, qualified: str) -> Table:
    schema, _, name = qualified.rpartition(".")
    return replace(table, name=name, schema=schema)


def _unread(made: Made, why: str) -> Unread:
    return Unread(made.site or _NOWHERE, f"`{_last(made.of)}`: {why}")


def _doubtful(table: Table) -> Table:
    """A table that may have been dropped, or not."""
    doubt = Unread(table.site or _NOWHERE, f"`{table.qualified}`, which is dropped on a condition")
    return replace(table, unread=(*table.unread, doubt))


def _one_of(before: Table | None, one: Table, other: Table) -> Table:
    """What is known of a table that is one of two: of a column that both do not have alike not whether it is null."""
    columns: dict[str, Column] = {}
    for name in {**one.columns, **other.columns}:
        here, there = one.columns.get(name), other.columns.get(name)
        if here is there and here is not None:
            columns[name] = here
            continue
        found = here or there
        assert found is not None
        alike = here is not None and there is not None and here.nullable is there.nullable
        columns[name] = replace(found, nullable=found.nullable if alike else None)
    unread = (*one.unread, *(each for each in other.unread if each not in one.unread))
    indexes = (*one.indexes, *(each for each in other.indexes if each not in one.indexes))
    return replace(one, columns=columns, indexes=indexes, unread=unread)


def _column(made: Made) -> Column | None:
    """The column that ``sa.Column("name", sa.Text(), nullable=False)`` is; None for anything else, or where it has no name."""
    if _last(made.of) != "Column":
        return None
    name = made.get(0, "name")
    if not is_known(name):
        return None
    key = made.kwargs.get("primary_key") is True
    said = made.kwargs.get("nullable", not key)
    nullable: bool | None = said if isinstance(said, bool) and HOLE not in made.kwargs else None
    references = next(
        (_name(each.get(0, "")) for each in made.args if isinstance(each, Made) and _last(each.of) == "ForeignKey"),
        None,
    )
    return Column(
        name,
        "",
        _kind(made.get(1, "type_")),
        nullable,
        key,
        made.kwargs.get("unique") is True,
        made.kwargs.get("index") is True,
        references,
        "server_default" in made.kwargs,
        site=made.site,
    )


def _kind(value: Any) -> str:
    of = value.of if isinstance(value, Made) else value.name if isinstance(value, Ref) else ""
    return _last(of)


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _name(value: Any) -> str:
    return str(value) if is_known(value) else ""


def _referring(local: Any, remote: tuple[str, ...]) -> dict[str, str]:
    """What a foreign key of one column leads to, by its name."""
    names = _texts(local)
    return {names[0]: remote[0]} if len(names) == len(remote) == 1 and names[0] and remote[0] else {}


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(map(_name, values)) if isinstance(values, (list, tuple)) else ()


_NOWHERE = Site("", 1, 0, 1, 0)

_TEXTS = frozenset(
    {
        "sqlalchemy.text",
        "sqlalchemy.sql.text",
        "sqlalchemy.DDL",
        "sqlalchemy.schema.DDL",
        "sqlalchemy.sql.expression.text",
    }
)
_ASKED = frozenset(
    {"has_table", "get_table_names", "get_columns", "get_indexes", "get_foreign_keys", "get_unique_constraints"}
    | {"get_pk_constraint", "get_check_constraints", "get_view_names", "get_schema_names"}
)

#: Where an operation says of which table it is.
_FIRST: Mapping[str, tuple[int, str]] = {
    "create_table": (0, "table_name"),
    "drop_table": (0, "table_name"),
    "rename_table": (0, "old_table_name"),
    "add_column": (0, "table_name"),
    "drop_column": (0, "table_name"),
    "alter_column": (0, "table_name"),
    "create_index": (1, "table_name"),
    "drop_index": (1, "table_name"),
    "create_unique_constraint": (1, "table_name"),
    "create_primary_key": (1, "table_name"),
    "create_foreign_key": (1, "source_table"),
    "drop_constraint": (1, "table_name"),
}
#: The operations that change a schema.
CHANGING = frozenset(_FIRST) | {"create_check_constraint", "create_exclude_constraint"}

_KNOWN: Mapping[str, Callable[[Operations, Any, Made, int], None]] = {
    **{name: getattr(Operations, name) for name in _FIRST},
    "execute": Operations.execute,
}
