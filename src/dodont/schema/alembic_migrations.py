"""Alembic's migrations in the order of their revisions, which branches and merges leave: what they all have made, run one after another."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dodont.project import inputs
from dodont.project.environments import Environment
from dodont.schema.alembic_operations import Operations
from dodont.schema.files import File, Files
from dodont.schema.running import Run
from dodont.schema.tables import Schema, Table, Unread
from dodont.schema.values import Ref, is_known
from dodont.semantic.definitions import Input
from dodont.semantic.values import Site

NOTHING: Mapping[str, Table] = {}


@dataclass(slots=True)
class History:
    """What the migrations of a directory have made. ``elsewhere`` are tables that they change, and that something else has made.

    ``script`` is the ``env.py`` that runs them. ``consulted`` is what all that hangs on, beside the migrations themselves.
    """

    schema: Schema
    directory: str
    count: int
    script: str | None = None
    elsewhere: frozenset[str] = frozenset()
    consulted: frozenset[Input] = frozenset()


@dataclass(slots=True)
class _Revision:
    name: str
    after: tuple[str, ...]
    file: File


def replay(files: Files, environment: Environment, beginning: Mapping[str, Table] = NOTHING) -> list[History]:
    """The histories of an environment: one, or several that stand in directories of their own (``version_locations``).

    ``beginning`` are the tables that something else makes before the first migration.
    """
    project = files.project
    shown = project.display(environment.directory)
    lost: list[Unread] = []
    found: list[History] = []
    with project.noting(set()) as consulted:
        revisions: list[_Revision] = []
        for path in environment.revisions:
            if b"down_revision" not in project.bytes_of(path):
                continue
            file = files.file(path)
            files.forget(path)
            revision = _revision(files, file) if file is not None and "revision" in file.bound else None
            if revision is not None:
                revisions.append(revision)
            elif file is None or "revision" in file.bound:
                lost.append(Unread(Site(project.display(path), 1, 0, 1, 0), "a migration"))
        for each in _connected(revisions):
            operations = Operations(list(lost), beginning)
            named = {revision.name: revision for revision in each}
            if len(named) < len(each):
                operations.astray("two migrations with one revision", Site(each[0].file.shown, 1, 0, 1, 0))
            for revision in _ordered(named, operations.lost):
                operations.upgrade(files, revision.file, first=not revision.after)
            schema = Schema(dict(sorted(operations.tables.items())), tuple(operations.lost))
            found.append(
                History(
                    schema,
                    os.path.dirname(each[0].file.shown),
                    len(each),
                    environment.script,
                    frozenset(operations.elsewhere),
                )
            )
    kept = frozenset(
        (kind, name) for kind, name in consulted if kind != inputs.TEXT or not name.startswith(f"{shown}/")
    )
    for history in found:
        history.consulted = kept
    return found


def _connected(revisions: list[_Revision]) -> list[list[_Revision]]:
    """The revisions of each directory, together with those of the directories that they build on."""
    groups: dict[str, list[_Revision]] = {}
    for each in revisions:
        groups.setdefault(os.path.dirname(each.file.path), []).append(each)
    merged = True
    while merged and len(groups) > 1:
        merged = False
        for directory, own in groups.items():
            names = {each.name for each in own}
            missing = {name for each in own for name in each.after} - names
            other = next(
                (key for key, each in groups.items() if key != directory and missing & {one.name for one in each}), None
            )
            if other is not None:
                groups[other] += groups.pop(directory)
                merged = True
                break
    return list(groups.values())


def _revision(files: Files, file: File) -> _Revision | None:
    run = Run(files)
    name, before, needs = (
        run.name(each, file) if each in file.bound else None for each in ("revision", "down_revision", "depends_on")
    )
    after: list[str] = []
    for each in (before, needs):
        several = each if isinstance(each, (tuple, list)) and not isinstance(each, Ref) else [each]
        for one in several:
            if is_known(one):
                after.append(one)
            elif one is not None:
                return None
    return _Revision(name, tuple(after), file) if is_known(name) else None


def _ordered(revisions: dict[str, _Revision], lost: list[Unread]) -> Iterator[_Revision]:
    """The revisions in an order in which each comes after those it builds on; one that is not there has done anybody knows what."""
    seen: set[str] = set()
    for start in revisions:
        pending = [start]
        while pending:
            name = pending[-1]
            if name in seen:
                pending.pop()
                continue
            before = []
            for each in revisions[name].after:
                found = each if each in revisions else _of_prefix(revisions, each)
                if found is None:
                    site = Site(revisions[name].file.shown, 1, 0, 1, 0)
                    if "@" not in each:  # the label of a branch: `depends_on = "shop@head"`
                        lost.append(Unread(site, f"the migration `{each}`, which is not there"))
                elif found not in seen and found not in pending:
                    before.append(found)
            if before:
                pending += before
            else:
                seen.add(pending.pop())
                yield revisions[name]


def _of_prefix(revisions: Mapping[str, _Revision], name: str) -> str | None:
    """A revision by the first letters of its name, as Alembic takes it."""
    found = [each for each in revisions if each.startswith(name)]
    return found[0] if len(found) == 1 else None
