"""Change models of real code without a migration and see whether model-without-migration notices.

A mutant counts as found when the rule says something of the file that it does not say of the original.
"""

from __future__ import annotations

import ast
import gc
import random
import re
from dataclasses import dataclass
from pathlib import Path

from dodont.engine.analyst import Analyst, interpreting
from dodont.engine.settings import Settings
from dodont.schema.declared import declared
from dodont.schema.tables import Column, Table
from tests.ecosystem.faults import Faults, Mutant, is_python


@dataclass(frozen=True, slots=True)
class _Model:
    """A mapped class of the project: its node, its table as the models declare it, and whether it is Django's."""

    path: Path
    node: ast.ClassDef
    table: Table
    django: bool


class Schema(Faults[Mutant]):
    command = "schema-mutants"
    told = "change models without a migration"
    rule = "model-without-migration"

    def mutants(self, root: Path, size: int, chance: random.Random) -> list[Mutant]:
        made: list[Mutant] = []
        models = _models(root)
        chance.shuffle(models)
        kinds = ("added", "renamed", "removed", "nullability", "table")
        for turn in range(size * 5):
            if len(made) >= size or not models:
                break
            model = models[turn % len(models)]
            mutant = _mutant(model, kinds[turn % len(kinds)], chance)
            if mutant is not None and is_python(mutant.text):
                made.append(mutant)
        return made


def _models(root: Path) -> list[_Model]:
    """The mapped classes with a table of their own that a migration could make."""
    from dodont.schema.histories import histories

    analyst = Analyst(Settings(root=root, select=(Schema.rule,)), root)
    project = analyst.project
    found: list[_Model] = []
    with interpreting():
        for module in project.models():
            if module.role or not module.text.isascii():
                continue
            nodes = {each.lineno: each for each in project.tree(module).body if isinstance(each, ast.ClassDef)}
            for info in declared(project).entities(module):
                table = declared(project).table(info)
                node = nodes.get(info.site.line) if info.site is not None else None
                if table is None or node is None or not table.managed or not table.name:
                    continue
                django = declared(project).family(info) == "django"
                if django and not _is_migrated(Path(module.file)):
                    continue
                made = {name for each in histories(project).of_class(info.ref) for name in each.schema.tables}
                if django or table.name in {each.rpartition(".")[2] for each in made}:
                    found.append(_Model(Path(module.file), node, table, django))
    gc.unfreeze()
    gc.collect()
    return found


def _is_migrated(path: Path) -> bool:
    for directory in list(path.parents)[:3]:
        if (directory / "migrations").is_dir():
            return any(each.name[0].isdigit() for each in (directory / "migrations").glob("*.py"))
    return False


def _mutant(model: _Model, kind: str, chance: random.Random) -> Mutant | None:
    text = model.path.read_text()
    lines = text.split("\n")
    columns = [each for each in _columns(model) if each[1] is not None]
    if kind == "table":
        last = model.node.end_lineno or model.node.lineno
        bases = ", ".join(ast.unparse(each) for each in model.node.bases)
        keywords = "".join(f", {each.arg}={ast.unparse(each.value)}" for each in model.node.keywords if each.arg)
        body = (
            ["    label = models.CharField(max_length=10)"]
            if model.django
            else ['    __tablename__ = "mutant_of_nobody"', "    id: int = None  # replaced below"]
        )
        if not model.django:
            key = next((each for each in _columns(model) if each[2].primary_key), None)
            if key is None:
                return None
            body[1] = "\n".join(lines[key[0].lineno - 1 : key[0].end_lineno])
        elif not re.search(r"^from django\.db import .*\bmodels\b", text, re.M):
            return None
        new = ["", "", f"class MutantOfNobody({bases}{keywords}):", *body]
        return _made(model, kind, last + 3, model.node.name, "\n".join([*lines[:last], *new, *lines[last:]]))
    if not columns:
        return None
    statement, call, column = chance.choice(columns)
    assert call is not None
    first, last = statement.lineno - 1, statement.end_lineno or statement.lineno
    what = f"{model.node.name}.{column.attribute}"
    own = lines[first:last]
    if kind in ("added", "renamed"):
        if column.primary_key or (call.args[:1] and isinstance(call.args[0], ast.Constant) and not model.django):
            return None
        name = f"{column.attribute}_mutant"
        renamed = [own[0].replace(column.attribute, name, 1), *own[1:]]
        if "related_name=" in "".join(own) or "db_column" in "".join(own):
            return None
        kept = own if kind == "added" else []
        return _made(model, kind, first + 1, what, "\n".join([*lines[:first], *kept, *renamed, *lines[last:]]))
    if column.primary_key or column.nullable is None:
        return None
    if kind == "removed":
        if column.nullable or column.default or model.table.unread:
            return None
        return _made(model, kind, first + 1, what, "\n".join([*lines[:first], *lines[last:]]))
    word = "null" if model.django else "nullable"
    given = next((each for each in call.keywords if each.arg == word), None)
    if given is not None and isinstance(given.value, ast.Constant) and isinstance(given.value.value, bool):
        row = given.value.lineno - 1
        start, end = given.value.col_offset, given.value.end_col_offset
        changed = [*lines]
        changed[row] = lines[row][:start] + str(not given.value.value) + lines[row][end:]
    elif given is None and call.end_lineno is not None and call.end_col_offset is not None:
        row, end = call.end_lineno - 1, call.end_col_offset - 1
        before = lines[row][:end].rstrip()
        comma = "" if before.endswith((",", "(")) or not before else ", "
        changed = [*lines]
        changed[row] = f"{lines[row][:end]}{comma}{word}={not column.nullable}{lines[row][end:]}"
    else:
        return None
    return _made(model, kind, row + 1, what, "\n".join(changed))


def _made(model: _Model, kind: str, line: int, what: str, text: str) -> Mutant:
    return Mutant(path=model.path, line=line, text=text, kinds=(kind,), what=what)


def _columns(model: _Model) -> list[tuple[ast.Assign | ast.AnnAssign, ast.Call | None, Column]]:
    """The columns that stand in the class's own body, each with its statement and call."""
    by_name = {each.attribute: each for each in model.table.columns.values()}
    found = []
    for statement in model.node.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=value)
            ) if name in by_name:
                found.append((statement, value if isinstance(value, ast.Call) else None, by_name[name]))
    return found
