"""The migrations of a project, run when somebody first asks for what they have made."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from typing import NamedTuple

from dodont.project import inputs
from dodont.project.environments import Environment
from dodont.project.project import Project
from dodont.schema import alembic_migrations, django_migrations
from dodont.schema.declared import declared
from dodont.schema.django_state import MAX_BASES, Application, Fields, application_in, class_of
from dodont.schema.django_tables import Tables
from dodont.schema.files import File, Files
from dodont.schema.running import Run
from dodont.schema.tables import Schema, Table
from dodont.schema.values import Local, true
from dodont.semantic.definitions import Input


def histories(project: Project) -> Histories:
    """What is known of a project's migrations: one for every project."""
    found: Histories | None = project.above.get(Histories)
    if found is None:
        found = project.above[Histories] = Histories(project)
    return found


class Built(NamedTuple):
    """What so many migrations in a directory build, by Alembic or Django."""

    directory: str
    by: str
    migrations: int
    schema: Schema


class Histories:
    def __init__(self, project: Project) -> None:
        self.project = project
        self.files = Files(project)
        self.fields = Fields(self.files)
        self._django: dict[str, django_migrations.History | None] = {}
        self._owned: dict[str, tuple[frozenset[str], frozenset[Input]]] = {}
        self._above: dict[str, tuple[frozenset[str], frozenset[Input]]] = {}
        self._alembic: list[alembic_migrations.History] | None = None

    def django(self, application: Application) -> django_migrations.History | None:
        """What the migrations of one of Django's applications have made; None where it has none."""
        directory = application.directory
        if directory not in self._django:
            self._django[directory] = django_migrations.replay(self.files, self.fields, application)
        history = self._django[directory]
        shown = self.project.display(os.path.join(directory, "migrations"))
        self.project.touched.add((inputs.MIGRATIONS, shown))
        if history is not None:
            self.project.touched |= history.consulted
        return history

    def alembic(self) -> list[alembic_migrations.History]:
        """What the migrations of each of Alembic's environments have made."""
        if self._alembic is None:
            with self.project.consulting() as consulted:
                self._alembic = [history for each in self.project.environments for history in self._replayed(each)]
            for history in self._alembic:
                history.consulted |= consulted
        self.project.touched.add((inputs.ALEMBIC, "*"))
        for history in self._alembic:
            self.project.touched |= history.consulted
        return self._alembic

    def built(self) -> list[Built]:
        """What all migrations of the project build, by the directories that they stand in."""
        found = [Built(each.directory, "Alembic", each.count, each.schema) for each in self.alembic()]
        applications: dict[str, tuple[Application, django_migrations.History]] = {}
        for directory in sorted({os.path.dirname(path) for path in self.project.finder.python_files()}):
            if os.path.basename(directory) == "migrations" and self._is_django(directory):
                application = application_in(self.files, os.path.dirname(directory))
                history = self.django(application)
                if history is not None:
                    applications.setdefault(application.label, (application, history))
        user, auto = self._setting("AUTH_USER_MODEL"), self._setting("DEFAULT_AUTO_FIELD")
        tables = Tables(
            {label: history for label, (_, history) in applications.items()},
            user,
            auto.rpartition(".")[2] or "AutoField",
        )
        for label, (application, history) in applications.items():
            shown = self.project.display(os.path.join(application.directory, "migrations"))
            found.append(Built(shown, "Django", history.count, tables.schema(label)))
        return found

    def _is_django(self, directory: str) -> bool:
        """Whether a directory holds a migration of Django's."""
        for name in self.project.finder.listing(directory):
            if name.endswith(".py") and name[0] not in "_~":
                file = self.files.file(os.path.join(directory, name))
                if file is not None and any(isinstance(each, ast.ClassDef) for each in file.bound.get("Migration", ())):
                    return True
        return False

    def _setting(self, name: str) -> str:
        value = self.project.setting(name)
        return value.const if value is not None and isinstance(value.const, str) else ""

    def _replayed(self, environment: Environment) -> list[alembic_migrations.History]:
        found = alembic_migrations.replay(self.files, environment)
        unknown = self._made_elsewhere(found)
        beginning = self._first_models(unknown, environment.script) if len(unknown) > 1 else None
        return alembic_migrations.replay(self.files, environment, beginning) if beginning is not None else found

    def _first_models(self, wanted: set[str], script: str | None) -> dict[str, Table] | None:
        """The tables of a module that keeps the models as they were before the first migration: all that migrations change and do not
        create, below another base than the one whose metadata ``env.py`` names.
        """
        owners = self.owners(script)
        models = declared(self.project)
        for module in self.project.models(min(wanted).rpartition(".")[2]) if owners else ():
            tables = {each.qualified: each for each in models.tables(module)}
            if wanted <= tables.keys() and not any(
                each.unread or not owners.isdisjoint(self.above(each.entity)) for each in tables.values()
            ):
                return tables
        return None

    @staticmethod
    def _made_elsewhere(histories: list[alembic_migrations.History]) -> set[str]:
        """The tables that these histories change, and that something else has made."""
        made = {name for each in histories for name in each.schema.tables if name not in each.elsewhere}
        return {name for each in histories for name in each.elsewhere} - made

    def of_class(self, ref: str) -> list[alembic_migrations.History]:
        """Those of Alembic's histories that may be of a class's database: not one whose ``env.py`` names the metadata of other classes.
        Without a class, all of them.
        """
        above = self.above(ref) if ref else frozenset()
        found = []
        for each in self.alembic():
            owners = self.owners(each.script)
            if not owners or not above or not owners.isdisjoint(above):
                found.append(each)
        return found

    def begin_elsewhere(self, histories: list[alembic_migrations.History]) -> bool:
        """Whether something else than these histories has made tables that they change."""
        return bool(self._made_elsewhere(histories))

    def has_migrations_of(self, holder: str | None) -> bool | None:
        """Whether Alembic's migrations are those of the tables below a class; None where they are others'."""
        if not self.has_alembic():
            return False
        owners = {owner for each in self.project.environments for owner in self.owners(each.script)}
        known = self.files.canonical(holder) if holder is not None else None
        if not owners or known is None:
            return True
        if known.startswith("sqlalchemy."):  # what `declarative_base()` gives has no name of its own
            return None if any(class_of(self.files, each) is not None for each in owners) else True
        return None if known not in owners else True

    def owners(self, script: str | None) -> frozenset[str]:
        """Whose metadata an ``env.py`` names, ``Base`` or ``db``, and what these are made from in the project; none where that is not
        known."""
        if script is None:
            return frozenset()
        return self.files.once(self._owned, script, lambda: frozenset(self._owners(script)))

    def _owners(self, script: str) -> Iterator[str]:
        file = self.files.file(script)
        if file is None:
            return
        # `target_metadata = Base.metadata`, `context.configure(target_metadata=Base.metadata)`
        pending: list[ast.expr] = [ast.Name("target_metadata", ast.Load())] if "target_metadata" in file.bound else []
        pending += [
            node.value
            for node in ast.walk(file.tree)
            if isinstance(node, ast.keyword) and node.arg == "target_metadata"
        ]
        found: list[str] = []
        seen: set[str] = set()
        for node in pending:
            if isinstance(node, (ast.List, ast.Tuple)):
                pending += node.elts
            elif isinstance(node, ast.Name) and (node.id in seen or _assigned(node.id, file)):
                pending += _assigned(node.id, file) if node.id not in seen else ()
                seen.add(node.id)
            elif (
                isinstance(node, ast.Attribute) and node.attr == "metadata" and (name := self._named(node.value, file))
            ):
                found.append(name)
            elif not (isinstance(node, ast.Constant) and node.value is None):
                return
        for name in found:
            yield name
            yield from (each for each in self.above(name) if self.files.is_own(each))

    def above(self, ref: str) -> frozenset[str]:
        """A class and its bases, by the names that the code has for them: of ``Base = declarative_base()`` and ``db.Model``, too."""
        return self.files.once(self._above, ref, lambda: frozenset(self._bases(ref)))

    def _bases(self, ref: str) -> Iterator[str]:
        pending, seen = [self.files.canonical(ref)], set[str]()
        while pending and len(seen) < MAX_BASES:
            name = pending.pop(0)
            if name in seen:
                continue
            seen.add(name)
            yield name
            if name.endswith(".Model"):  # `class Order(db.Model)` stands below `db.metadata`
                yield name.removesuffix(".Model")
            found = class_of(self.files, name)
            for each in found[1].bases if found is not None else ():
                base = self._named(each, found[0]) if found is not None else ""
                if base:
                    pending.append(base)

    def _named(self, node: ast.expr, file: File) -> str:
        """The qualified name that a name or attribute has by the imports of its file; empty for what is none."""
        if isinstance(node, ast.Attribute):
            holder = self._named(node.value, file)
            return self.files.canonical(f"{holder}.{node.attr}") if holder else ""
        if not isinstance(node, ast.Name) or node.id not in file.bound:
            return ""
        first = file.bound[node.id][0]
        if isinstance(first, (ast.Import, ast.ImportFrom)):
            return self.files.canonical(self.files.imported(first, node.id, file))
        return f"{file.name}.{node.id}"

    def has_alembic(self) -> bool:
        """Whether the project has migrations of Alembic's."""
        self.project.touched.add((inputs.ALEMBIC, ""))
        return bool(self.project.environments)

    def is_migrated(self, table: str, ref: str, among: bool) -> bool:
        """Whether the migrations are those of a class's database: ``env.py`` names the metadata of one of its bases, or they have made
        others of the same module and bases (``among``). Not where ``env.py`` may leave the table out.
        """
        above = self.above(ref) if ref else frozenset()
        for each in self.project.environments:
            file = self.files.file(each.script) if each.script is not None else None
            owners = self.owners(each.script)
            if file is None or (owners and above and owners.isdisjoint(above)):
                continue
            if not self._includes(Run(self.files), file, table):
                return False
            if not owners.isdisjoint(above):
                return True
        return among

    @staticmethod
    def _includes(run: Run, file: File, table: str) -> bool:
        """Whether the filters that ``env.py`` hands to Alembic let a table pass."""
        for node in ast.walk(file.tree):
            if isinstance(node, ast.keyword) and node.arg in ("include_object", "include_name", "include_symbol"):
                name = node.value.id if isinstance(node.value, ast.Name) else ""
                function = run.name(name, file)
                if not isinstance(function, Local):
                    return False
                given = run.given(
                    function, file.site(node), name=table, type_="table", reflected=False, compare_to=None
                )
                if true(given) is not True:
                    return False
        return True


def _assigned(name: str, file: File) -> list[ast.expr]:
    """The values that the top level of a file gives a name."""
    statements = [each for each in file.bound.get(name, ()) if isinstance(each, (ast.Assign, ast.AnnAssign))]
    return [each.value for each in statements if each.value is not None]
