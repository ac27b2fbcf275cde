"""A database's tables as plain data: one shape for what models declare, what migrations build and what DDL creates.

What could not be read is None or named in ``unread``, never guessed: a question about it has no answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from dodont.semantic.values import Site


class Unread(NamedTuple):
    """Something that says what a table or a schema is like and could not be read: where it stands, and what it is.

    ``indexes``: it may be an index over columns that are known otherwise. ``beginning``: it is what made the table, and all that
    migrations did to it afterwards is known.
    """

    site: Site
    what: str
    indexes: bool = False
    beginning: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """``name`` is the database's, ``attribute`` what the code calls it. ``kind`` is the type in the words of who declared it, with
    neither library nor arguments (``Integer``, ``CharField``, ``VARCHAR``), empty where it is not known. What is declared by a class of
    the project's own is of the kind that this class is made from.

    ``references`` is ``table.column`` of a foreign key, ``?`` where it is one and what it leads to could not be read. ``few``: it
    holds one of a few values, which the code lists (an enumeration, choices).
    """

    name: str
    attribute: str = ""
    kind: str = ""
    nullable: bool | None = None
    primary_key: bool | None = False
    unique: bool | None = False
    indexed: bool | None = False
    references: str | None = None
    default: bool | None = None  # whether the database itself fills it in
    few: bool = False
    site: Site | None = None


class Index(NamedTuple):
    """An index, unique constraint or primary key over ``columns``, in their order. ``partial``: over some of the rows only."""

    columns: tuple[str, ...]
    unique: bool = False
    partial: bool = False
    name: str = ""


class Relationship(NamedTuple):
    """An attribute of an entity that reads rows of ``entity`` (qualified), None where that is not known.

    ``eager``: loaded with the row itself, because the declaration says so (``lazy="selectin"``). ``back`` is the attribute of that
    entity which leads back here (``backref``, ``back_populates``, ``related_name``); ``back_many`` and ``back_eager`` are said of one that
    this declaration makes.
    ``query``: reading it gives a query, which reads nothing yet.
    """

    name: str
    entity: str | None
    many: bool
    eager: bool = False
    site: Site | None = None
    back: str = ""
    back_many: bool = True
    back_eager: bool = False
    query: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """``entity`` is the qualified name of the class mapped to it, empty where none is. ``columns`` by the database's names.

    ``name`` is empty where it could not be read, ``schema`` (the namespace of a database that has several) where it is the database's
    default one, and None where it could not be read. ``managed`` is false for a table that somebody else creates. ``dropped`` are the
    columns that it had before, with the places where migrations drop or rename them.
    """

    name: str
    entity: str = ""
    columns: Mapping[str, Column] = field(default_factory=dict)
    indexes: tuple[Index, ...] = ()
    relationships: Mapping[str, Relationship] = field(default_factory=dict)
    unread: tuple[Unread, ...] = ()
    managed: bool = True
    site: Site | None = None
    schema: str | None = ""
    dropped: Mapping[str, Site] = field(default_factory=dict)

    @property
    def qualified(self) -> str:
        """The name with the schema's before it: ``events.sessions``."""
        return f"{self.schema}.{self.name}" if self.schema and self.name else self.name

    def column(self, attribute: str) -> Column | None:
        """The column that the code calls by this name."""
        return next((each for each in self.columns.values() if each.attribute == attribute), None)

    def is_indexed(self, column: str) -> bool | None:
        """Whether an index, key or constraint of the whole table begins with a column; None where that could not be read."""
        found = self.columns.get(column)
        if any(each.columns[:1] == (column,) and not each.partial for each in self.indexes):
            return True
        if found is None:
            return None
        keys = [each.name for each in self.columns.values() if each.primary_key]
        said = (keys[:1] == [column], found.unique, found.indexed)
        if True in said:
            return True
        return None if None in said or any(each.indexes for each in self.unread) else False


@dataclass(frozen=True, slots=True)
class Schema:
    """All tables that one set of models, or one history of migrations, has, by their qualified names. ``unread`` is what may have
    said more."""

    tables: Mapping[str, Table] = field(default_factory=dict)
    unread: tuple[Unread, ...] = ()
