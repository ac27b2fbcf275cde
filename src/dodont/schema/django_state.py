"""Django's models as migrations know them: by application, with the names that the code gives them and their fields.

``makemigrations`` compares two such states: what the models say now, and what all migrations together have made. Both are read here in
the same way, field by field; ``django_migrations`` puts the second together.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from dodont.project import inputs
from dodont.schema.files import File, Files
from dodont.schema.running import Run
from dodont.schema.tables import Unread
from dodont.schema.values import Made, Ref, is_known
from dodont.semantic.definitions import Input
from dodont.semantic.values import Site

_MODEL = frozenset({"django.db.models.Model", "django.db.models.base.Model", "django.contrib.gis.db.models.Model"})
#: Django's own bases that have fields themselves.
_ABSTRACT = frozenset(
    {"django.contrib.auth.models.AbstractUser", "django.contrib.auth.models.PermissionsMixin"}
    | {f"django.contrib.auth.{module}.AbstractBaseUser" for module in ("models", "base_user")}
)
_OF_FIELDS = ("django.db.models.", "django.contrib.postgres.fields.", "django.contrib.gis.db.models.")
_RELATIONS = frozenset({"ForeignKey", "OneToOneField"})
#: Nothing of the model's own table or of one between two.
_VIRTUAL = frozenset({"GenericForeignKey", "GenericRelation", "ForeignObject"})

MAX_BASES = 40
MAX_LEVELS = 12
#: Modules of an application that its ``models`` lead to.
MAX_MODULES = 300


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a model. ``of`` is the qualified name of its class, ``many`` that it is a table of its own between two.

    ``nullable`` is None where it is not known: where it is computed, or the field's class may have its own mind.
    """

    name: str
    of: str
    nullable: bool | None
    site: Site
    many: bool = False
    primary_key: bool = False
    made: Made | None = None
    library: str = ""  # the field of Django's that its class is made from

    @property
    def kind(self) -> str:
        return self.of.rpartition(".")[2]

    @property
    def is_own(self) -> bool:
        """Whether it is one of Django's, which says of itself in migrations what it is in models."""
        return self.of.startswith("django.")


@dataclass(frozen=True, slots=True)
class Model:
    """A model of an application. ``open``: it may have fields beside these; ``unread``: what it is like is not known; ``dropped`` are
    the fields that it had before, with the places where migrations remove or rename them."""

    name: str
    fields: dict[str, Field] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    site: Site | None = None
    open: bool = False
    unread: tuple[Unread, ...] = ()
    dropped: dict[str, Site] = field(default_factory=dict)

    def but(self, **changes: Any) -> Model:
        return replace(self, **changes)

    @property
    def has_table(self) -> bool | None:
        """Whether migrations make a table of it; None where that is not known."""
        managed, proxy = self.options.get("managed", True), self.options.get("proxy", False)
        return managed and not proxy if isinstance(managed, bool) and isinstance(proxy, bool) else None


class Application(NamedTuple):
    """A directory with models and migrations, its label, and the labels that others may give it."""

    directory: str
    label: str
    labels: frozenset[str]


class Fields:
    """What the calls in models and migrations say of fields."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._run = Run(files)
        self._lineages: dict[str, tuple[tuple[str, ...], frozenset[Input]]] = {}
        self._silent: dict[str, tuple[bool, frozenset[Input]]] = {}

    def field(self, name: str, made: Any, site: Site, foreign: set[str], *, certain: bool = False) -> Field | None:
        """The field that a call makes; None when it makes none. ``certain``: it stands where a migration has a field.

        ``foreign`` are the classes of other libraries that migrations of the application have in the place of a field's.
        """
        if not isinstance(made, Made):
            return None
        of = self._files.canonical(made.of)
        above = self.lineage(of)
        base = next((each for each in above if each.startswith(_OF_FIELDS)), None)
        kind = (base or of).rpartition(".")[2]
        if base is None and certain:
            foreign.add(of)
        if kind in _VIRTUAL or (base is None and of not in foreign):
            return None
        if base is not None and not (kind.endswith("Field") or kind in _RELATIONS):
            return None
        given = made.kwargs.get("null")
        nullable = given if isinstance(given, bool) else None
        if given is None and len(made.args) < 6 and self._is_plain(above):
            nullable = False
        if kind == "NullBooleanField":
            nullable = True
        key = made.kwargs.get("primary_key") is True
        many = kind in ("ManyToManyField", "ParentalManyToManyField") or kind.endswith("TaggableManager")
        return Field(name, of, nullable, site, many, key, made, base or of)

    def brings_others(self, name: str, foreign: set[str]) -> bool:
        """Whether an attribute of that class may bring its model other fields: it contributes by itself, or nobody sees how."""
        for each in self.lineage(self._files.canonical(name)):
            node = class_of(self._files, each)
            if node is None:
                return each in foreign
            if any(isinstance(part, ast.FunctionDef) and part.name == "contribute_to_class" for part in node[1].body):
                return True
        return False

    def _is_plain(self, lineage: tuple[str, ...]) -> bool:
        """Whether a field is not null where nothing is said of it: no class of the project's on the way to Django's speaks of null."""
        return lineage[-1].startswith("django.") and not any(self._speaks_of_null(each) for each in lineage)

    def _speaks_of_null(self, name: str) -> bool:
        if name.startswith("django."):
            return False
        return self._files.once(self._silent, name, lambda: self._says_null(name))

    def _says_null(self, name: str) -> bool:
        node = class_of(self._files, name)
        return node is None or any(
            (isinstance(each, ast.Constant) and each.value == "null")
            or (isinstance(each, (ast.keyword, ast.arg)) and each.arg == "null")
            or (isinstance(each, ast.Attribute) and each.attr == "null")
            for each in ast.walk(node[1])
        )

    def lineage(self, name: str) -> tuple[str, ...]:
        """A class and its bases by qualified names, up to what is not the project's; that comes last."""
        return self._files.once(self._lineages, name, lambda: self._lineage(name))

    def _lineage(self, name: str) -> tuple[str, ...]:
        found: list[str] = []
        pending = [name]
        while pending and len(found) < MAX_BASES:
            current = pending.pop(0)
            if current in found:
                continue
            found.append(current)
            node = class_of(self._files, current)
            if node is not None:
                for each in node[1].bases:
                    base = self._run.value(each, {}, node[0])
                    pending.append(base.name if isinstance(base, Ref) else "?")
        found.sort(key=lambda each: self._files.definition(each) is None)
        return tuple(found)


def class_of(files: Files, name: str) -> tuple[File, ast.ClassDef] | None:
    """The project's class of a qualified name."""
    found = files.definition(name)
    if found is None:
        return None
    file, last = found
    return next(((file, each) for each in file.bound[last] if isinstance(each, ast.ClassDef)), None)


class Models:
    """The models of a project as their classes declare them."""

    def __init__(self, files: Files, fields: Fields, foreign: set[str]) -> None:
        self.files = self._files = files
        self._fields = fields
        self._foreign = foreign
        self._run = Run(files)

    def is_model(self, name: str) -> bool:
        """Whether a class is below Django's Model, as far as its bases are the project's."""
        return not (_MODEL | _ABSTRACT).isdisjoint(self._fields.lineage(name))

    def _is_of_project(self, name: str) -> bool:
        """Whether all that a class is made of is seen: classes of the project, and Django's Model."""
        known = _MODEL | {"builtins.object"}
        return all(each in known or self._files.definition(each) is not None for each in self._fields.lineage(name))

    def model(self, name: str) -> Model | None:
        """A model by the qualified name of its class; None where it has no table by itself: an abstract one, a proxy."""
        found = class_of(self._files, name)
        if found is None:
            return None
        file, node = found
        options = self._options(file, node)
        if options is None:
            site = file.site(node)
            return Model(node.name, site=site, unread=(Unread(site, f"the options of `{node.name}`"),))
        if options.get("abstract") is True or options.get("proxy") is True:
            return None
        fields: dict[str, Field] = {}
        names: set[str] = set()
        is_open = bool(node.keywords)
        pending: list[tuple[File, ast.ClassDef]] = [found]
        seen: set[int] = set()
        while pending and len(seen) < MAX_BASES:
            current, body = pending.pop(0)
            if id(body) in seen:
                continue
            seen.add(id(body))
            is_open = self._read(current, body.body, fields, names) or is_open
            for each in body.bases:
                base = self._run.value(each, {}, current)
                if isinstance(base, Ref) and (base.name in _MODEL or base.name == "builtins.object"):
                    continue
                above = class_of(self._files, base.name) if isinstance(base, Ref) else None
                inherited = self._options(*above) if above is not None else None
                if above is None or inherited is None:
                    is_open = True
                elif inherited.get("abstract") is not None:  # the fields of any other base stay in a table of their own
                    pending.append(above)
                elif not self._is_of_project(base.name):
                    is_open = True
        return Model(node.name, fields, options, _head(file, node), is_open)

    def _read(self, file: File, body: Iterable[ast.stmt], fields: dict[str, Field], names: set[str]) -> bool:
        """The fields that statements of a class declare; whether they may declare more than can be seen."""
        is_open = False
        local: dict[str, Any] = {}
        for statement in body:
            match statement:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=value)
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                ):
                    held = local[name] = self._run.value(value, local, file)
                    found = self._fields.field(name, held, file.site(statement), self._foreign)
                    if found is not None and name not in names:
                        fields[name] = found
                    names.add(name)
                    is_open = is_open or (isinstance(held, Made) and self._fields.brings_others(held.of, self._foreign))
                case ast.If() | ast.Try():
                    parts = (
                        statement.body,
                        statement.orelse,
                        *(each.body for each in getattr(statement, "handlers", ())),
                    )
                    for part in parts:
                        is_open = self._read(file, part, fields, names) or is_open
                    is_open = True
                case ast.For() | ast.While() | ast.With():
                    is_open = True
                case ast.Expr(value=ast.Call()):
                    is_open = True
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    names.add(name)
        return is_open

    def _options(self, file: File, node: ast.ClassDef, depth: int = 0) -> dict[str, Any] | None:
        """What ``class Meta`` says, with what it takes from an abstract base's; None where that is not known."""
        meta = next((each for each in node.body if isinstance(each, ast.ClassDef) and each.name == "Meta"), None)
        if meta is None and any(_assigns(each, "Meta") for each in node.body):
            return None
        options: dict[str, Any] = {}
        if depth < MAX_LEVELS and (meta is None or meta.bases):
            for each in reversed(node.bases):
                base = self._run.value(each, {}, file)
                above = class_of(self._files, base.name) if isinstance(base, Ref) else None
                if above is not None and above[1] is not node:
                    inherited = self._options(*above, depth + 1)
                    if inherited is not None and inherited.get("abstract") is True:
                        options.update(inherited)
        options.pop("abstract", None)
        local: dict[str, Any] = {}
        for statement in meta.body if meta is not None else ():
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    options[name] = local[name] = self._run.value(value, local, file)
                case ast.If() | ast.Try():
                    return None
        return options


def _assigns(statement: ast.stmt, name: str) -> bool:
    return isinstance(statement, ast.Assign) and any(
        isinstance(each, ast.Name) and each.id == name for each in statement.targets
    )


def _head(file: File, node: ast.ClassDef) -> Site:
    """``class Order``: where a finding about a whole model stands."""
    end = node.col_offset + len("class ") + len(node.name.encode())
    return Site(file.shown, node.lineno, node.col_offset, node.lineno, end)


def application_of(files: Files, path: str) -> Application | None:
    """The application that a module belongs to: the nearest directory above that holds ``apps.py`` or migrations."""
    project = files.project
    directory = os.path.dirname(path)
    for _ in range(MAX_LEVELS):
        project.touched.add((inputs.LISTING, project.display(directory)))
        names = project.finder.listing(directory)
        if "apps.py" in names or "migrations" in names:
            return application_in(files, directory)
        if directory == project.finder.boundary:
            return None
        directory = os.path.dirname(directory)
    return None


def application_in(files: Files, directory: str) -> Application:
    """The application in a directory."""
    name = os.path.basename(directory)
    said: list[str] = []
    if "apps.py" in files.project.finder.listing(directory):
        file = files.file(os.path.join(directory, "apps.py"))
        said = list(_labels(files, file)) if file is not None else []
    return Application(directory, said[0] if len(said) == 1 else name, frozenset((name, *said)))


def is_reached(files: Files, path: str, application: Application) -> bool:
    """Whether Django reads a module of an application by itself, and with it the models in it: ``models``, and what that imports."""
    directory = application.directory
    pending = [os.path.join(directory, "models.py"), os.path.join(directory, "models", "__init__.py")]
    seen: set[str] = set()
    while pending and len(seen) < MAX_MODULES:
        current = pending.pop()
        if current == path:
            return True
        if current in seen or os.path.basename(current) not in files.project.finder.listing(os.path.dirname(current)):
            continue
        seen.add(current)
        file = files.file(current)
        for statement in ast.walk(file.tree) if file is not None else ():
            if not isinstance(statement, (ast.Import, ast.ImportFrom)) or file is None:
                continue
            for each in statement.names:
                name = files.imported(statement, each.asname or each.name, file)
                for module in (name, name.rpartition(".")[0]):
                    found = files.path(module)
                    if found is not None and found.startswith(directory + os.sep):
                        pending.append(found)
    return False


def _labels(files: Files, file: File) -> Iterator[str]:
    run = Run(files)
    for statement in file.tree.body:
        for each in statement.body if isinstance(statement, ast.ClassDef) else ():
            match each:
                case ast.Assign(targets=[ast.Name(id="label")], value=value):
                    label = run.value(value, {}, file)
                    if is_known(label):
                        yield label
