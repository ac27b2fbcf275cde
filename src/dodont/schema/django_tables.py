"""The tables of Django's models as migrations have made them, under the names that Django gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from dodont.schema.django_migrations import History
from dodont.schema.django_state import Field, Model
from dodont.schema.tables import Column, Index, Relationship, Schema, Table, Unread
from dodont.schema.values import Made, Ref, is_known
from dodont.semantic.values import Site

_KEYS = frozenset({"ForeignKey", "OneToOneField"})
_AUTOMATIC = frozenset({"AutoField", "BigAutoField", "SmallAutoField"})


class Tables:
    """The tables of several applications, whose models refer to each other.

    ``user`` is what the settings call AUTH_USER_MODEL, ``auto`` the kind of key that Django makes by itself.
    """

    def __init__(self, histories: Mapping[str, History], user: str = "", auto: str = "AutoField") -> None:
        self._histories = histories
        self._user = user
        self._auto = auto

    def schema(self, label: str) -> Schema:
        """The tables of the application with that label, those of its many-to-many fields too."""
        history = self._histories[label]
        found: dict[str, Table] = {}
        unread = [*history.unread, *filter(None, map(_beside, history.sql))]
        for model in history.models.values():
            name = _name(model, label)
            if model.has_table is None or (model.has_table and not name):
                site = model.site or _NOWHERE
                unread += (*model.unread, Unread(site, f"the name of the table of `{model.name}`"))
            elif model.has_table:
                for table in (self._table(model, label, name), *self._between(model, label, name)):
                    found[table.name] = table
        return Schema(dict(sorted(found.items())), tuple(unread))

    def _table(self, model: Model, label: str, name: str) -> Table:
        columns = {each.name: each for each in self._columns(model, label)}
        relationships = {
            each.name: Relationship(
                each.name, self._entity(each, label, model), each.many, site=each.site, query=each.many
            )
            for each in model.fields.values()
            if each.many or _kind(each) in _KEYS
        }
        return Table(
            name, f"{label}.{model.name}", columns, tuple(_indexes(model)), relationships, model.unread, site=model.site
        )

    def _columns(self, model: Model, label: str) -> Iterator[Column]:
        for each in model.fields.values():
            column = _column(each)
            if column is not None:
                references = self._referred(each, label, model) if _kind(each) in _KEYS else None
                yield replace(column, references=references)

    def _between(self, model: Model, label: str, name: str) -> Iterator[Table]:
        """The tables between two models that many-to-many fields make."""
        for each in model.fields.values():
            if not each.many or each.made is None or "through" in each.made.kwargs or not each.is_own:
                continue
            said = each.made.kwargs.get("db_table")
            shown = said if is_known(said) else f"{name}_{each.name}"
            entity = self._entity(each, label, model) or ""
            near, far = model.name.lower(), entity.rpartition(".")[2].lower()
            if near == far:
                near, far = f"from_{near}", f"to_{near}"
            key = Column("id", "id", self._auto, nullable=False, primary_key=True, default=True, site=each.site)
            ends = {f"{near}_id": self._key(f"{label}.{model.name}")}
            if far:
                ends[f"{far}_id"] = self._key(entity)
            columns = [
                Column(
                    column, column.removesuffix("_id"), "ForeignKey", nullable=False, indexed=True, references=references,
                    default=False, site=each.site,
                )
                for column, references in ends.items()
            ]  # fmt: skip
            unread = (
                () if far and (said is None or is_known(said)) else (Unread(each.site, f"the table of `{each.name}`"),)
            )
            yield Table(
                shown,
                "",
                {column.name: column for column in (key, *columns)},
                (Index(tuple(ends), unique=True),) if far else (),
                unread=unread,
                site=each.site,
            )

    def _entity(self, field: Field, label: str, model: Model) -> str | None:
        """The model that a field leads to, as ``label.Model``."""
        to = field.made.get(0, "to") if field.made is not None else None
        if isinstance(to, Ref):
            to = self._user if to.name.endswith(".AUTH_USER_MODEL") else to.name.rpartition(".")[2]
        if not is_known(to) or not to:
            return None
        if to == "self":
            return f"{label}.{model.name}"
        owner, _, name = to.rpartition(".")
        found = self._model(f"{owner or label}.{name}")
        return f"{owner or label}.{found.name if found is not None else name}"

    def _model(self, entity: str) -> Model | None:
        label, _, name = entity.rpartition(".")
        history = self._histories.get(label)
        return history.models.get(name.lower()) if history is not None else None

    def _referred(self, field: Field, label: str, model: Model) -> str:
        entity = self._entity(field, label, model)
        said = field.made.kwargs.get("to_field") if field.made is not None else None
        return self._key(entity, said if is_known(said) else "") if entity is not None else "?"

    def _key(self, entity: str, to_field: str = "") -> str:
        """``table.column`` of a model's primary key or of another of its fields; ``?`` where it is not known."""
        model = self._model(entity)
        name = _name(model, entity.rpartition(".")[0]) if model is not None else ""
        if model is None or not name:
            return "?"
        keys = [each for each in model.fields.values() if (each.name == to_field if to_field else each.primary_key)]
        column = _column(keys[0]) if keys else None
        return f"{name}.{column.name}" if column is not None else "?"


def _name(model: Model, label: str) -> str:
    """The table of a model; empty where it is not known."""
    said = model.options.get("db_table")
    if said is not None:
        return said.strip('"') if is_known(said) else ""
    return f"{label}_{model.name.lower()}"


def _kind(field: Field) -> str:
    return field.library.rpartition(".")[2]


def _column(field: Field) -> Column | None:
    if field.many or field.made is None:
        return None
    kwargs = field.made.kwargs
    kind = _kind(field)
    is_key = kind in _KEYS
    said = kwargs.get("db_column")
    name = f"{field.name}_id" if is_key else field.name
    return Column(
        (said if is_known(said) else name) or name,
        field.name,
        kind,
        field.nullable,
        field.primary_key,
        kwargs.get("unique") is True or kind == "OneToOneField",
        kwargs.get("db_index", is_key or kind == "SlugField") is not False,
        default="db_default" in kwargs or kind in _AUTOMATIC,
        few="choices" in kwargs,
        site=field.site,
    )


def _indexes(model: Model) -> Iterator[Index]:
    columns = {name: column.name for name, each in model.fields.items() if (column := _column(each)) is not None}

    def named(fields: Any) -> tuple[str, ...]:
        names = [fields] if isinstance(fields, str) else fields
        if not isinstance(names, (list, tuple)) or not all(is_known(each) for each in names):
            return ()
        plain = [str(each).lstrip("-") for each in names]
        return tuple(columns.get(each, each) for each in plain)

    for option, unique in (("unique_together", True), ("index_together", False)):
        sets = model.options.get(option)
        if isinstance(sets, (list, tuple)) and sets and all(is_known(each) for each in sets):
            sets = (sets,)
        for each in sets if isinstance(sets, (list, tuple)) else ():
            if found := named(each):
                yield Index(found, unique)
    for option in ("indexes", "constraints"):
        made = model.options.get(option)
        for each in made if isinstance(made, (list, tuple)) else ():
            if isinstance(each, Made) and (found := named(each.kwargs.get("fields"))):
                name = each.kwargs.get("name")
                unique = option == "constraints"
                yield Index(found, unique, "condition" in each.kwargs, name if is_known(name) else "")


def _beside(made: Made) -> Unread | None:
    """What a ``RunSQL`` does to tables, of which the models know nothing."""
    from dodont.sql.changes import changes

    pending: list[Any] = [made.get(0, "sql")]
    tables: dict[str, None] = {}
    while pending:
        each = pending.pop(0)
        if isinstance(each, (list, tuple)) and not isinstance(each, Ref):
            pending += each
        elif isinstance(each, str):
            tables |= dict.fromkeys(change.table for change in changes(each))
    if not tables or made.site is None:
        return None
    named = ", ".join(f"`{each}`" if is_known(each) and each else "a table that is computed" for each in tables)
    return Unread(made.site, f"`RunSQL`: SQL that changes {named}")


_NOWHERE = Site("", 1, 0, 1, 0)
