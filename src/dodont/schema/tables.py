"""A database's tables as plain data: one shape for what models declare, what migrations build and what DDL creates.

What could not be read is None or named in ``unread``, never guessed: a question about it has no answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from dodont.semantic.values import Site


class Unread(NamedTuple):
    """Something that says what a table or a schema is like and could not be read: where it stands, and what it is."""

    site: Site
    what: str


@dataclass(frozen=True, slots=True)
class Column:
    """``name`` is the database's, ``attribute`` what the code calls it. ``kind`` is the type in the words of who declared it, with
    neither library nor arguments (``Integer``, ``CharField``, ``VARCHAR``), empty where it is not known.

    ``references`` is ``table.column`` of a foreign key.
    """

    name: str
    attribute: str = ""
    kind: str = ""
    nullable: bool | None = None
    primary_key: bool = False
    unique: bool = False
    indexed: bool = False
    references: str | None = None
    default: bool | None = None  # whether the database itself fills it in
    site: Site | None = None


class Index(NamedTuple):
    """An index, unique constraint or primary key over ``columns``, in their order. ``partial``: over some of the rows only."""

    columns: tuple[str, ...]
    unique: bool = False
    partial: bool = False
    name: str = ""


class Relationship(NamedTuple):
    """An attribute of an entity that reads rows of ``entity`` (qualified), None where that is not known.

    ``eager``: loaded with the row itself, because the declaration says so (``lazy="selectin"``).
    """

    name: str
    entity: str | None
    many: bool
    eager: bool = False
    site: Site | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """``entity`` is the qualified name of the class mapped to it, empty where none is. ``columns`` by the database's names."""

    name: str
    entity: str = ""
    columns: Mapping[str, Column] = field(default_factory=dict)
    indexes: tuple[Index, ...] = ()
    relationships: Mapping[str, Relationship] = field(default_factory=dict)
    unread: tuple[Unread, ...] = ()
    site: Site | None = None


@dataclass(frozen=True, slots=True)
class Schema:
    """All tables that one set of models, or one history of migrations, has. ``unread`` is what may have said more."""

    tables: Mapping[str, Table] = field(default_factory=dict)
    unread: tuple[Unread, ...] = ()
