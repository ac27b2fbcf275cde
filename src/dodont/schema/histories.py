"""The migrations of a project, run when somebody first asks for what they have made."""

from __future__ import annotations

import ast
import os

from dodont.project import inputs
from dodont.project.project import Project
from dodont.schema import alembic, django_migrations
from dodont.schema.django_state import Application, Fields
from dodont.schema.reading import File, Files, Ref, Run, TooLong
from dodont.semantic.definitions import ModuleInfo


def histories(project: Project) -> Histories:
    """What is known of a project's migrations: one for every project."""
    found: Histories | None = project.above.get(Histories)
    if found is None:
        found = project.above[Histories] = Histories(project)
    return found


class Histories:
    def __init__(self, project: Project) -> None:
        self.project = project
        self.files = Files(project)
        self.fields = Fields(self.files)
        self._django: dict[str, django_migrations.History | None] = {}
        self._alembic: list[alembic.History] | None = None

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

    def alembic(self) -> list[alembic.History]:
        """What the migrations of each of Alembic's environments have made."""
        if self._alembic is None:
            found = self.project.environments
            self._alembic = [history for each in found for history in alembic.replay(self.files, each)]
        self.project.touched.add((inputs.ALEMBIC, "*"))
        for history in self._alembic:
            self.project.touched |= history.consulted
        return self._alembic

    def has_alembic(self) -> bool:
        """Whether the project has migrations of Alembic's."""
        self.project.touched.add((inputs.ALEMBIC, ""))
        return bool(self.project.environments)

    def is_migrated(self, module: ModuleInfo, lineage: tuple[str, ...], among: bool) -> bool:
        """Whether the migrations are those of a class's database: ``env.py`` names the metadata of one of its bases, or where
        that is not said, they have made others of the same module (``among``). Not where ``env.py`` leaves tables out.
        """
        said = False
        for each in self.project.environments:
            if each.script is None:
                continue
            file = self.files.file(each.script)
            if file is None or not {"include_object", "include_name"}.isdisjoint(_words(file)):
                return False
            target = None
            if "target_metadata" in file.bound:
                try:
                    target = Run(self.files).name("target_metadata", file)
                except TooLong:
                    return False
            for one in target if isinstance(target, list) else [target]:
                if isinstance(one, Ref) and one.name.endswith(".metadata"):
                    said = True
                    if self.files.canonical(one.name.removesuffix(".metadata")) in lineage:
                        return True
        return among and not said


def _words(file: File) -> set[str]:
    """The names of keyword arguments."""
    return {each.arg for each in ast.walk(file.tree) if isinstance(each, ast.keyword) and each.arg}
