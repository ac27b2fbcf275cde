"""Where a module's models and the migrations of their database say different things."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from dodont.project.project import Project
from dodont.schema import alembic_migrations
from dodont.schema.declared import Declared, declared
from dodont.schema.django_migrations import History
from dodont.schema.django_state import Application, Model, Models, application_of, is_reached
from dodont.schema.histories import Histories, histories
from dodont.schema.tables import Column, Table
from dodont.semantic.definitions import ClassInfo, ModuleInfo
from dodont.semantic.objects import lineage
from dodont.semantic.values import Note, Site


class Gap(NamedTuple):
    """``kind`` is ``table`` or ``column`` (declared, and made by no migration), ``left`` (a column that is not null, which migrations
    made and no model has), ``null`` or ``type``. ``said`` and ``made`` are what the model and the migrations say."""

    kind: str
    site: Site
    model: str
    column: str = ""
    said: str = ""
    made: str = ""
    related: tuple[Note, ...] = ()


def gaps(project: Project, module: ModuleInfo) -> list[Gap]:
    """The gaps of the models that a module declares."""
    known = histories(project)
    found = list(_django(known, module))
    if known.has_alembic():
        found += _alembic(known, declared(project), module)
    return found


def _django(known: Histories, module: ModuleInfo) -> Iterator[Gap]:
    application: Application | None = None
    for info in module.classes:
        if not _may_be_model(known.project, info):
            continue
        if application is None:
            application = application_of(known.files, module.file)
            if application is None:
                return
        history = known.django(application)
        if history is None or history.unread:
            return
        models = Models(known.files, known.fields, history.foreign)
        yield from _model(models, info, application, history)


def _may_be_model(project: Project, info: ClassInfo) -> bool:
    """Whether a class is one of Django's models as far as the interpretation knows, which leaves out what other libraries bring."""
    if not info.bases or info.ref.rpartition(".")[0] != info.module.name:
        return False
    above = lineage(project.reader(info.module), info.ref)
    if any(ref == "django.db.models.Model" for ref, _ in above):
        return True
    known = {ref for ref, _ in above}
    among = {"models.py", "models"} & set(info.module.path.split("/"))
    return bool(among) and any(
        base not in known for _, each in above if isinstance(each, ClassInfo) for base in each.bases
    )


def _model(models: Models, info: ClassInfo, application: Application, history: History) -> list[Gap]:
    made = history.models.get(info.name.lower())
    among = _is_among_models(info.module, application)
    if not models.is_model(info.ref) and (made is None or not among or made.name != info.name):
        return []  # `class BlogPage(Page)`, of another library: the migrations say that it is a model
    model = models.model(info.ref)
    if model is None or model.unread or not model.has_table or model.site is None:
        return []
    if model.options.get("app_label", next(iter(application.labels))) not in application.labels:
        return []
    if made is None:
        # Django reads a module of whose classes it knows one: `shop/tours/models.py`, which the URLs lead to.
        others = any(each.name.lower() in history.models and models.is_model(each.ref) for each in info.module.classes)
        is_read = others or is_reached(models.files, info.module.file, application)
        return [Gap("table", model.site, model.name)] if is_read else []
    if made.unread or not made.has_table:
        return []
    return _differences(model, made)


def _is_among_models(module: ModuleInfo, application: Application) -> bool:
    """Whether Django reads the module by itself, and with it the models in it."""
    inside = module.file[len(application.directory) :].strip(os.sep).split(os.sep)
    return inside[0] in ("models.py", "models")


def _differences(model: Model, made: Model) -> list[Gap]:
    found: list[Gap] = []
    assert model.site is not None
    fields = {name.lower(): each for name, each in made.fields.items()}
    for name, said in model.fields.items():
        has = fields.get(name.lower())
        own = said.site if said.site.path == model.site.path else model.site
        if has is None:
            found.append(Gap("column", own, model.name, name, related=_gone(made.dropped.get(name.lower()))))
        elif said.many or has.many:
            continue
        elif said.nullable is not None and has.nullable is not None and said.nullable is not has.nullable:
            related = (Note(has.site, "as it was made last"),)
            if not said.primary_key:
                words = ("null", "not null") if said.nullable else ("not null", "null")
                found.append(Gap("null", own, model.name, name, *words, related))
        elif said.is_own and has.is_own and said.kind != has.kind:
            found.append(
                Gap("type", own, model.name, name, said.kind, has.kind, (Note(has.site, "as it was made last"),))
            )
    if model.open:
        return found
    present = {name.lower() for name in model.fields}
    for name, has in made.fields.items():
        if has.nullable is not False or has.many or has.primary_key or _is_automatic(has.made):
            continue
        if name.lower() not in present:
            found.append(Gap("left", model.site, model.name, name, related=(Note(has.site, "made here"),)))
    return found


def _is_automatic(made: object) -> bool:
    kwargs = getattr(made, "kwargs", {})
    return kwargs.get("parent_link") is True or kwargs.get("auto_created") is True


def _alembic(known: Histories, models: Declared, module: ModuleInfo) -> Iterator[Gap]:
    tables = [each for each in models.tables(module) if each.name and each.managed and not _is_django(models, each)]
    heirs = [each for each in models.entities(module) if models.table(each) is None]
    if not tables and not heirs:
        return
    histories = {each.entity: _readable(known, each.entity) for each in tables}
    made = {each.qualified: _made(models, histories[each.entity], each) for each in tables}
    for table in tables:
        found = made[table.qualified]
        if found:
            yield from _of_table(models, table, found, module)
        elif (
            table.site is not None
            and histories[table.entity]
            and not known.begin_elsewhere(histories[table.entity])
            and not _is_bound_elsewhere(models, table)
            and known.is_migrated(
                table.name,
                table.entity,
                any(made[each.qualified] and _bases(models, each) == _bases(models, table) for each in tables),
            )
        ):
            yield Gap("table", _head(table.site, table.entity), _name(table))
    for info in heirs:  # whose rows stand in another's table
        own = models.own(info)
        above = models.entity(info.ref) if not own.abstract else None
        found = _made(models, _readable(known, info.ref), above) if above is not None and above.name else []
        for column in own.columns.values() if found and info.site is not None else ():
            yield from _of_column(column, info.name, found, _here(column.site, info.site, module))


def _readable(known: Histories, ref: str) -> list[alembic_migrations.History]:
    """The histories of a class's database; none where one of them could not be read."""
    found = known.of_class(ref)
    return [] if any(each.schema.unread for each in found) else found


def _is_django(models: Declared, table: Table) -> bool:
    info = models.project.class_named(table.entity) if table.entity else None
    return info is not None and models.family(info) == "django"


def _is_bound_elsewhere(models: Declared, table: Table) -> bool:
    """Whether Flask-SQLAlchemy keeps the table in another database (``__bind_key__``)."""
    info = models.project.class_named(table.entity) if table.entity else None
    above = lineage(models.project.reader(info.module), info.ref) if info is not None else ()
    return any(isinstance(entry, ClassInfo) and "__bind_key__" in entry.members for _, entry in above)


def _bases(models: Declared, table: Table) -> tuple[str, ...]:
    info = models.project.class_named(table.entity) if table.entity else None
    return info.bases if info is not None else ()


def _made(models: Declared, histories: list[alembic_migrations.History], table: Table) -> list[Table]:
    """The tables in the histories that a table of the models is: those of its qualified name, else the one of its name in whatever
    schema, unless a model declares that."""
    found: list[Table] = []
    for history in histories:
        tables = history.schema.tables
        several = [tables[table.qualified]] if table.qualified in tables else []
        if not several and (table.schema is None or not history.elsewhere):
            others = {each.qualified for each in models.named_table(table.name) if each.schema is not None}
            several = [each for each in tables.values() if each.name == table.name and each.qualified not in others]
        if len(several) > 1:
            return []
        found += several
    return found


def _head(site: Site, entity: str) -> Site:
    """``class Order`` of a whole class."""
    if not entity:
        return site
    end = site.column + len("class ") + len(entity.rpartition(".")[2].encode())
    return Site(site.path, site.line, site.column, site.line, end)


def _name(table: Table) -> str:
    return table.entity.rpartition(".")[2] or table.name


def _here(site: Site | None, otherwise: Site | None, module: ModuleInfo) -> Site:
    """A place in the module itself: that of a column of a base elsewhere is its class's."""
    found = site if site is not None and site.path == module.path else otherwise
    assert found is not None
    return found


def _of_table(models: Declared, table: Table, made: list[Table], module: ModuleInfo) -> Iterator[Gap]:
    if table.site is None:
        return
    for column in table.columns.values():
        yield from _of_column(column, _name(table), made, _here(column.site, table.site, module))
    # A column that migrations add is there, whatever the table was like before.
    if any(
        not each.indexes
        for each in (*table.unread, *(each for other in made for each in other.unread))
        if not each.beginning
    ):
        return
    first, *others = made
    for name, column in first.columns.items():
        if column.nullable is not False or column.default or column.primary_key or name in table.columns:
            continue
        if any(name not in each.columns or each.columns[name].nullable is not False for each in others):
            continue
        if not _is_declared(models, table, name):
            related = (Note(column.site, "made here"),) if column.site is not None else ()
            yield Gap("left", _head(table.site, table.entity), _name(table), name, related=related)


def _of_column(column: Column, model: str, made: list[Table], site: Site) -> Iterator[Gap]:
    found = [each.columns.get(column.name) for each in made]
    known = [each for each in found if each is not None]
    if not known:
        if not any(_is_unread(each) for each in made):
            gone = next((each.dropped[column.name] for each in made if column.name in each.dropped), None)
            yield Gap("column", site, model, column.name, related=_gone(gone))
        return
    nullable = {each.nullable for each in known}
    if column.nullable is None or column.primary_key or len(known) < len(found) or nullable != {not column.nullable}:
        return
    if any(each.primary_key for each in known):
        return
    words = ("null", "not null") if column.nullable else ("not null", "null")
    related = tuple(Note(each.site, "as it was made last") for each in known[:1] if each.site is not None)
    yield Gap("null", site, model, column.name, *words, related)


def _is_declared(models: Declared, table: Table, column: str) -> bool:
    """Whether a class whose rows stand in the table, or another of its name, declares the column."""
    for each in models.named_table(table.name):
        if each.qualified != table.qualified and None not in (each.schema, table.schema):
            continue
        info = models.project.class_named(each.entity) if each.entity else None
        for _, entry in lineage(models.project.reader(info.module), info.ref) if info is not None else ():
            if isinstance(entry, ClassInfo) and (column in entry.members or column in entry.annotations):
                return True
        if column in each.columns:
            return True
    for module in models.project.models(column):
        for info in models.entities(module):
            if models.table(info) is None and column in {each.name for each in models.own(info).columns.values()}:
                return True
    return False


def _gone(site: Site | None) -> tuple[Note, ...]:
    return (Note(site, "dropped or renamed here"),) if site is not None else ()


def _is_unread(table: Table) -> bool:
    """Whether a table may have columns that are not known."""
    return any(not each.indexes for each in table.unread)
