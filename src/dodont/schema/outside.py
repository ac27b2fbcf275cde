"""What code beside the migrations does to the tables of a project."""

from __future__ import annotations

import ast
import re

from dodont.project.project import Project
from dodont.schema.declared import declared
from dodont.schema.django_state import application_of
from dodont.schema.histories import Histories, histories
from dodont.schema.values import HOLE, is_known
from dodont.semantic.definitions import FunctionInfo, ModuleInfo
from dodont.semantic.events import Query
from dodont.semantic.trees import last_name, walk

#: Whose connections lead to the database that migrations are for.
_MANAGED = ("sqlalchemy.", "sqlmodel.", "flask_sqlalchemy.", "django.db.")

#: What a module calls that brings a database to the newest revision: ``command.stamp``, ``upgrade_db``, ``run_migrations``.
_PREPARES = re.compile(r"stamp(?!s\b|_?time)|upgrade|migrat", re.I)
_IN_MEMORY = re.compile(r":memory:|^sqlite(?:\+\w+)?:///?$|mode=memory")


def changed(project: Project, query: Query) -> list[str]:
    """The tables that a text creates, drops or alters, as far as migrations are there to do it."""
    text = "".join(part if isinstance(part, str) else HOLE for part in query.text.parts)
    lowered = text.lower()
    if "table" not in lowered or not any(word in lowered for word in ("create", "alter", "drop", "rename")):
        return []
    from dodont.sql.changes import changes

    known = histories(project)
    managed = query.target.startswith(_MANAGED)
    found: list[str] = []
    for change in changes(text):
        name = change.table.rpartition(".")[2]
        if change.what == "unknown" or not is_known(name) or not name or name in found:
            continue
        if _is_migrated(known, name) or (change.what == "create" and managed and known.has_alembic()):
            found.append(name)
    return found


def _is_migrated(known: Histories, name: str) -> bool:
    """Whether a table is one that migrations make."""
    project = known.project
    if known.has_alembic() and any(
        key.rpartition(".")[2] == name for each in known.alembic() for key in each.schema.tables
    ):
        return True
    for table in declared(project).named_table(name):
        info = project.class_named(table.entity) if table.entity else None
        application = application_of(known.files, info.module.file) if info is not None and table.managed else None
        if application is not None and known.django(application) is not None:
            return True
    return False


def prepares(project: Project, module: ModuleInfo, function: FunctionInfo | None) -> bool:
    """Whether the code around stamps a new database with the newest revision, or upgrades it, or makes one in memory or for tables
    that it lists itself; or is a migration by what it says."""
    if "down_revision" in module.names:
        return True
    tree = project.tree(module)
    if any(isinstance(each, ast.Call) and _PREPARES.search(last_name(each.func)) for each in walk(tree)):
        return True
    body: ast.AST | None = project.body(function) if function is not None else tree
    for each in walk(body) if body is not None else ():
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and _IN_MEMORY.search(each.value):
            return True
        if isinstance(each, ast.Call) and last_name(each.func) == "MetaData" and function is not None:
            return True
    return False
