"""The migrations of a project, run when somebody first asks for what they have made."""

from __future__ import annotations

import ast
import os
from typing import NamedTuple

from dodont.project import inputs
from dodont.project.project import Project
from dodont.schema import alembic_migrations, django_migrations
from dodont.schema.django_state import Application, Fields, application_in
from dodont.schema.django_tables import Tables
from dodont.schema.files import File, Files
from dodont.schema.running import Run
from dodont.schema.tables import Schema
from dodont.schema.values import Local, Ref, true


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
            found = self.project.environments
            self._alembic = [history for each in found for history in alembic_migrations.replay(self.files, each)]
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

    def begins_elsewhere(self) -> bool:
        """Whether something else than the migrations has made tables that these change."""
        made = {name for each in self.alembic() for name in each.schema.tables if name not in each.elsewhere}
        return any(not each.elsewhere <= made for each in self.alembic())

    def has_migrations_of(self, holder: str | None) -> bool | None:
        """Whether Alembic's migrations are those of the tables below a class; None where they are others'."""
        if not self.has_alembic():
            return False
        owners = {owner for each in self.project.environments for owner in self._owners(each.script)}
        known = self.files.canonical(holder) if holder is not None else None
        return None if owners and known is not None and known not in owners else True

    def _owners(self, script: str | None) -> list[str]:
        """The classes whose metadata an ``env.py`` names."""
        file = self.files.file(script) if script is not None else None
        if file is None:
            return []
        run = Run(self.files)
        target = run.name("target_metadata", file) if "target_metadata" in file.bound else None
        for node in ast.walk(file.tree):  # `context.configure(target_metadata=Base.metadata)`
            if target is None and isinstance(node, ast.keyword) and node.arg == "target_metadata":
                target = run.value(node.value, {}, file)
        names = [each.name for each in (target if isinstance(target, list) else [target]) if isinstance(each, Ref)]
        return [self.files.canonical(each.removesuffix(".metadata")) for each in names if each.endswith(".metadata")]

    def has_alembic(self) -> bool:
        """Whether the project has migrations of Alembic's."""
        self.project.touched.add((inputs.ALEMBIC, ""))
        return bool(self.project.environments)

    def is_migrated(self, table: str, lineage: tuple[str, ...], among: bool) -> bool:
        """Whether the migrations are those of a class's database: ``env.py`` names the metadata of one of its bases, or they have made
        others of the same module and bases (``among``). Not where ``env.py`` may leave the table out.
        """
        for each in self.project.environments:
            file = self.files.file(each.script) if each.script is not None else None
            if file is None:
                continue
            run = Run(self.files)
            if not self._includes(run, file, table):
                return False
            if not set(self._owners(each.script)).isdisjoint(lineage):
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
