"""What the operations of Django's migrations do to the models of an application."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dodont.schema.django_state import Field, Fields, Model, class_of
from dodont.schema.files import File, Files
from dodont.schema.tables import Unread
from dodont.schema.values import UNREAD, Either, Made, is_known
from dodont.semantic.definitions import says_nothing
from dodont.semantic.values import Site


class Operations:
    """What each operation does to the models, by their names in small letters. ``unread`` is what may have made or changed any of
    them, ``foreign`` are classes of other libraries that stand in them for fields, ``sql`` are the texts that the database is given."""

    def __init__(self, files: Files, fields: Fields) -> None:
        self.models: dict[str, Model] = {}
        self.unread: list[Unread] = []
        self.foreign: set[str] = set()
        self.sql: list[Made] = []
        self._files = files
        self._fields = fields
        self._file: File

    def apply(self, operations: Any, file: File) -> None:
        """Do what the migration in a file does."""
        self._file = file
        self._all(operations)

    def _all(self, operations: Any) -> None:
        if isinstance(operations, Either):
            before = dict(self.models)
            self._all(operations.one)
            one = dict(self.models)
            self._back(before)
            self._all(operations.other)
            self._back(_merged(one, self.models))
            return
        if not isinstance(operations, (list, tuple)):
            self._lost("`operations`, which are computed", None)
            return
        for each in operations:
            if isinstance(each, Made):
                self._one(each)
            else:
                self._lost("an operation that is computed", None)

    def _back(self, models: dict[str, Model]) -> None:
        models = dict(models)
        self.models.clear()
        self.models.update(models)

    def _one(self, made: Made) -> None:
        kind = self._kind(made.of)
        if kind is None:
            self._foreign(made)
            return
        known = _KNOWN.get(kind)
        if known is None:
            return
        try:
            known(self, made)
        except KeyError:  # of a model or a field that is not there
            model = made.get(0, "model_name" if "Field" in kind else "name")
            if is_known(model) and model.lower() in self.models:
                self._lose(model, made, "of a field that is not there, or computed")
            else:
                self._lost(f"`{kind}`: of a model that no migration creates", made.site)

    def _kind(self, name: str) -> str | None:
        """Which of Django's operations one is, by its class's name; None where it may do anything to the state."""
        for each in self._fields.lineage(self._files.canonical(name)):
            if each.startswith(("django.db.migrations.", "django.contrib.postgres.operations.")):
                return each.rpartition(".")[2]
            node = class_of(self._files, each)
            if node is None:
                return None
            says = {
                part.name: part for part in node[1].body if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef))
            }
            if "state_forwards" in says:
                return "" if says_nothing(says["state_forwards"].body) else None
            if "__init__" in says and not any(
                base.endswith((".RunSQL", ".RunPython")) for base in self._fields.lineage(each)
            ):
                return None
        return None

    def _foreign(self, made: Made) -> None:
        """An operation that nothing is known of: it may change what it is given, a model by its name or a field."""
        given = [*made.args, *made.kwargs.values()]
        if not all(each is None or isinstance(each, (str, int, float)) for each in given):
            self._lost(f"`{made.of.rpartition('.')[2]}`: what it does is not known", made.site)
            return
        for each in given:
            name = each.rpartition(".")[2].lower() if isinstance(each, str) else ""
            if name in self.models:
                self._lose(name, made, "what it does is not known")

    def _lost(self, what: str, site: Site | None) -> None:
        self.unread.append(Unread(site or Site(self._file.shown, 1, 0, 1, 0), what))

    def _lose(self, name: Any, made: Made, why: str) -> None:
        unread = Unread(made.site or self._file.site(self._file.tree), f"`{made.of.rpartition('.')[2]}`: {why}")
        self._change(name, unread=(*self._model(name).unread, unread))

    def _change(self, name: Any, **changes: Any) -> None:
        key = self._text(name).lower()
        self.models[key] = self.models[key].but(**changes)

    def _text(self, value: Any) -> str:
        if not is_known(value):
            raise KeyError(value)
        return str(value)

    def _model(self, name: Any) -> Model:
        return self.models[self._text(name).lower()]

    # The operations

    def create_model(self, made: Made) -> None:
        name = self._text(made.get(0, "name"))
        fields, options = made.get(1, "fields", ()), made.get(2, "options", {})
        model = Model(name, {}, options if isinstance(options, dict) else {"managed": UNREAD}, made.site)
        unread = not isinstance(fields, (list, tuple))
        for each in fields if not unread else ():
            if isinstance(each, (tuple, list)) and len(each) == 2 and is_known(each[0]):
                found = self._field(each[0], each[1], made)
                if found is not None:
                    model.fields[each[0]] = found
                    continue
                if isinstance(each[1], Made):
                    continue
            unread = True
        self.models[name.lower()] = model
        if unread:
            self._lose(name, made, "fields that are computed")

    def _field(self, name: str, given: Any, made: Made) -> Field | None:
        site = made.site or self._file.site(self._file.tree)
        return self._fields.field(name, given, site, self.foreign, certain=True)

    def delete_model(self, made: Made) -> None:
        del self.models[self._text(made.get(0, "name")).lower()]

    def rename_model(self, made: Made) -> None:
        old, new = self._text(made.get(0, "old_name")), self._text(made.get(1, "new_name"))
        self.models[new.lower()] = self.models.pop(old.lower()).but(name=new)

    def add_field(self, made: Made) -> None:
        model, name = self._model(made.get(0, "model_name")), self._text(made.get(1, "name"))
        given = made.get(2, "field")
        found = self._field(name, given, made)
        if found is not None:
            self.models[model.name.lower()] = model.but(fields={**model.fields, name: found})
        elif not isinstance(given, Made):
            self._lose(model.name, made, "the field is computed")

    def remove_field(self, made: Made) -> None:
        model, name = self._model(made.get(0, "model_name")), self._text(made.get(1, "name"))
        fields = {key: each for key, each in model.fields.items() if key != name}
        self._change(model.name, fields=fields, dropped=self._dropped(model, name, made))

    def _dropped(self, model: Model, name: str, made: Made) -> dict[str, Site]:
        return {**model.dropped, name.lower(): made.site or _NOWHERE}

    def rename_field(self, made: Made) -> None:
        model = self._model(made.get(0, "model_name"))
        old, new = self._text(made.get(1, "old_name")), self._text(made.get(2, "new_name"))
        renamed = replace(model.fields[old], name=new)
        fields = {(new if key == old else key): (renamed if key == old else each) for key, each in model.fields.items()}
        self._change(model.name, fields=fields, dropped=self._dropped(model, old, made))

    def alter_options(self, made: Made) -> None:
        model = self._model(made.get(0, "name"))
        given = made.get(1, "options", {})
        if not isinstance(given, dict):
            self._lose(model.name, made, "the options are computed")
            return
        kept = {name: value for name, value in model.options.items() if name not in _ALTERED}
        self._change(model.name, options={**kept, **given})

    def alter_table(self, made: Made) -> None:
        self._option(made.get(0, "name"), "db_table", made.get(1, "table"))

    def alter_together(self, made: Made) -> None:
        option = "unique_together" if "unique_together" in made.kwargs or "Unique" in made.of else "index_together"
        self._option(made.get(0, "name"), option, made.get(1, option))

    def _option(self, model: Any, name: str, value: Any) -> None:
        self._change(model, options={**self._model(model).options, name: value})

    def add_index(self, made: Made) -> None:
        self._listed(made, "indexes", "index")

    def add_constraint(self, made: Made) -> None:
        self._listed(made, "constraints", "constraint")

    def _listed(self, made: Made, option: str, word: str) -> None:
        model = self._model(made.get(0, "model_name"))
        held = model.options.get(option, ())
        self._option(model.name, option, [*(held if isinstance(held, (list, tuple)) else ()), made.get(1, word)])

    def remove_index(self, made: Made) -> None:
        self._unlisted(made, "indexes")

    def remove_constraint(self, made: Made) -> None:
        self._unlisted(made, "constraints")

    def _unlisted(self, made: Made, option: str) -> None:
        model, name = self._model(made.get(0, "model_name")), made.get(1, "name")
        held = model.options.get(option, ())
        kept = [
            each
            for each in (held if isinstance(held, (list, tuple)) else ())
            if not (isinstance(each, Made) and each.kwargs.get("name") == name)
        ]
        self._option(model.name, option, kept)

    def separate(self, made: Made) -> None:
        self._all(made.get(1, "state_operations") or [])

    def run_sql(self, made: Made) -> None:
        self.sql.append(made)
        self._all(made.get(2, "state_operations") or [])


def _merged(one: dict[str, Model], other: dict[str, Model]) -> dict[str, Model]:
    """The models after one of two ways: of a field that they have not in common it is not known whether it is null."""
    found: dict[str, Model] = {}
    for name in {**one, **other}:
        model, twin = one.get(name), other.get(name)
        if model is None or twin is None:
            either = model or twin
            assert either is not None
            doubt = Unread(either.site or _NOWHERE, f"`{either.name}`, which is there on a condition")
            found[name] = either.but(unread=(*either.unread, doubt))
            continue
        fields: dict[str, Field] = {}
        for key in {**model.fields, **twin.fields}:
            here, there = model.fields.get(key), twin.fields.get(key)
            if here is not None and here is there:
                fields[key] = here
                continue
            each = here or there
            assert each is not None
            alike = here is not None and there is not None
            fields[key] = replace(
                each,
                of=each.of if alike and here.of == there.of else "",  # type: ignore[union-attr]
                nullable=each.nullable if alike and here.nullable is there.nullable else None,  # type: ignore[union-attr]
            )
        found[name] = model.but(fields=fields, unread=tuple(dict.fromkeys((*model.unread, *twin.unread))))
    return found


_NOWHERE = Site("", 1, 0, 1, 0)

#: The options that AlterModelOptions takes away where it does not name them (`AlterModelOptions.ALTER_OPTION_KEYS`).
_ALTERED = frozenset({"managed", "ordering", "permissions", "verbose_name", "verbose_name_plural"})

_KNOWN: dict[str, Callable[[Operations, Made], None]] = {
    "CreateModel": Operations.create_model,
    "DeleteModel": Operations.delete_model,
    "RenameModel": Operations.rename_model,
    "AddField": Operations.add_field,
    "AlterField": Operations.add_field,
    "RemoveField": Operations.remove_field,
    "RenameField": Operations.rename_field,
    "AlterModelOptions": Operations.alter_options,
    "AlterModelTable": Operations.alter_table,
    "AlterUniqueTogether": Operations.alter_together,
    "AlterIndexTogether": Operations.alter_together,
    "AddIndex": Operations.add_index,
    "AddIndexConcurrently": Operations.add_index,
    "RemoveIndex": Operations.remove_index,
    "RemoveIndexConcurrently": Operations.remove_index,
    "AddConstraint": Operations.add_constraint,
    "AddConstraintNotValid": Operations.add_constraint,
    "RemoveConstraint": Operations.remove_constraint,
    "SeparateDatabaseAndState": Operations.separate,
    "RunSQL": Operations.run_sql,
}
