"""Django's migrations, run in their order over the models of an application, as ``makemigrations`` runs them to see what is missing."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dodont.project import inputs
from dodont.schema.django_operations import Operations
from dodont.schema.django_state import Application, Fields, Model, class_of
from dodont.schema.files import File, Files
from dodont.schema.running import Left, Run, TooLong
from dodont.schema.tables import Unread
from dodont.schema.values import Either, Made, Ref
from dodont.semantic.definitions import Input
from dodont.semantic.values import Site

_NOWHERE = Site("", 1, 0, 1, 0)


@dataclass(slots=True)
class Migration:
    """A migration of an application, after which others of it come."""

    name: str
    after: list[str]
    replaces: list[str]
    operations: list[Any] | Either
    file: File


@dataclass(slots=True)
class History:
    """What the migrations of an application have made: its models by their names in small letters. ``foreign`` are classes of other
    libraries that stand in them for fields, ``sql`` are the ``RunSQL`` that change the database beside them.

    ``unread`` is what may have made or changed any of them. ``consulted`` is what that hangs on, beside the migrations themselves.
    """

    models: dict[str, Model]
    unread: list[Unread]
    foreign: set[str]
    sql: list[Made]
    count: int
    consulted: frozenset[Input] = frozenset()


def replay(files: Files, fields: Fields, application: Application) -> History | None:
    """The history of an application; None where it has no migrations."""
    project = files.project
    directory = os.path.join(application.directory, "migrations")
    shown = project.display(directory)
    names = sorted(each for each in project.finder.listing(directory) if each.endswith(".py") and each[0] not in "_~")
    project.touched.add((inputs.MIGRATIONS, shown))
    if not names:
        return None
    with project.noting(set()) as consulted:
        operations = Operations(files, fields)
        migrations: dict[str, Migration] = {}
        previous = ""
        for name in names:
            path = os.path.join(directory, name)
            file = files.file(path)
            migration = _migration(files, file, application, previous) if file is not None else None
            files.forget(path)
            if migration is None:
                operations.unread.append(Unread(Site(project.display(path), 1, 0, 1, 0), "a migration"))
            else:
                migrations[migration.name] = migration
                previous = migration.name
        for migration in _ordered(migrations, operations.unread):
            operations.apply(migration.operations, migration.file)
    kept = frozenset(
        (kind, name) for kind, name in consulted if kind != inputs.TEXT or not name.startswith(f"{shown}/")
    )
    return History(operations.models, operations.unread, operations.foreign, operations.sql, len(names), kept)


def operations_of(files: Files, file: File) -> Any:
    """The operations of the migration in a file."""
    return (_names(files, file) or {}).get("operations", [])


def _names(files: Files, file: File) -> dict[str, Any] | None:
    """What ``class Migration`` of a file says; None where there is none, or it cannot be read."""
    node = next((each for each in file.bound.get("Migration", ()) if isinstance(each, ast.ClassDef)), None)
    if node is None:
        return None
    names: dict[str, Any] = {}
    run = Run(files)
    try:
        for base in reversed(node.bases):
            value = run.value(base, {}, file)
            above = class_of(files, value.name) if isinstance(value, Ref) else None
            if above is not None and above[1] is not node:
                run.execute(above[1].body, names, above[0])
        run.execute(node.body, names, file)
    except (Left, TooLong, RecursionError):
        return None
    return names


def _migration(files: Files, file: File, application: Application, previous: str) -> Migration | None:
    """The migration in a file; None where it cannot be read. One whose dependencies are computed comes after the ``previous``."""
    names = _names(files, file)
    if names is None:
        return None
    operations = names.get("operations", [])
    after, replaces = names.get("dependencies", []), names.get("replaces", [])
    if not isinstance(operations, (list, tuple)) or not isinstance(replaces, (list, tuple)):
        return None
    own = application.labels
    if not isinstance(after, (list, tuple)):
        after = [(next(iter(own)), previous)] if previous else []
    if not all(isinstance(each, (tuple, list)) and len(each) == 2 for each in replaces):
        return None
    return Migration(
        os.path.basename(file.path).removesuffix(".py"),
        [each[1] for each in after if isinstance(each, (tuple, list)) and len(each) == 2 and each[0] in own],
        [each[1] for each in replaces if each[0] in own],
        operations if isinstance(operations, Either) else list(operations),
        file,
    )


def _ordered(migrations: dict[str, Migration], unread: list[Unread]) -> Iterator[Migration]:
    """The migrations of an application in an order that keeps to their dependencies. What a squashed one replaces is left out."""
    replaced: dict[str, str] = {}
    for each in migrations.values():
        replaced.update((old, each.name) for old in each.replaces)
    seen: set[str] = set()  # whose turn has come
    done: set[str] = set()
    named: dict[str, Site] = {}  # where it stands that one comes after it

    def newest(name: str) -> str:
        for _ in replaced:
            if name not in replaced:
                break
            name = replaced[name]
        return name

    pending = sorted(migrations, reverse=True)
    while pending:
        name = newest(pending[-1])
        migration = migrations.get(name)
        if name in seen or migration is None:
            pending.pop()
            if migration is not None and name not in done:
                done.add(name)
                yield migration
            elif migration is None and name not in seen:  # the file it stands in is not there
                unread.append(Unread(named.get(name, _NOWHERE), f"the migration `{name}`, which is not there"))
                seen.add(name)
            continue
        seen.add(name)
        replacing = [migrations[old] for old in migration.replaces if old in migrations]
        for each in (*reversed(replacing), migration):
            for other in reversed(each.after):
                if isinstance(other, str) and other not in ("__first__", "__latest__"):
                    named.setdefault(other, Site(each.file.shown, 1, 0, 1, 0))
                    pending.append(other)
