"""How code declares the tables of its database, as far as a file's syntax tells: Django models, ``Table(...)``, CREATE TABLE."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import PurePath
from typing import NamedTuple

from dodont.semantic.trees import last_name

_NO_COLUMN = frozenset({"ManyToManyField", "GenericRelation"})
_REFERENCES = frozenset({"ForeignKey", "OneToOneField", "ParentalKey"})
#: ``connection.register("sales", frame)``: from then on SQL reads the data frame as a table.
_VIEWS = frozenset(
    {"register", "registerTempTable"}
    | {f"create{kind}TempView" for kind in ("", "OrReplace", "Global", "OrReplaceGlobal")}
)
_TEMPORARY = re.compile(r"\btemp(?:orary)?\b", re.I)
_CHANGED = re.compile(r"\b(?:create|alter)\s+(?:or\s+replace\s+)?(?:materialized\s+)?(?:table|view)\b", re.I)


_LIKE = re.compile(r"\bcreate\s+(?:\w+\s+)?table\b[^;]*?\blike\b", re.I)


@lru_cache(maxsize=2)
def makes_copies(tree: ast.Module) -> bool:
    """Whether a text creates a table that is by definition like another: CREATE TABLE archive (LIKE orders)."""
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str() as text) if _LIKE.search(text):
                return True
            case ast.JoinedStr(values=values) if _LIKE.search("".join(_piece(part, set(), "") for part in values)):
                return True
    return False


def may_declare(path: str, data: bytes, table: str) -> bool:
    """Whether a file is worth parsing for a table."""
    if table.encode() in data:
        return b"Table(" in data or b"db_table" in data or _CHANGED.search(data.decode("utf-8", "replace")) is not None
    return table.startswith(f"{_application(path)}_") and b"Model" in data


def declared(tree: ast.Module, path: str, table: str) -> Iterator[tuple[str, ...] | str]:
    """Columns of a table, or texts that create or alter tables and views and mention it."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    for node in ast.walk(tree):
        match node:
            case ast.Call(args=[ast.Constant(value=name), *items]) if name == table and last_name(node.func) == "Table":
                yield tuple(
                    _column(item) for item in items if isinstance(item, ast.Call) and last_name(item.func) == "Column"
                )
            case ast.Constant(value=str() as text) if table in text and _CHANGED.search(text):
                yield text
            case ast.ClassDef() if _table(node, path) == table:
                yield _fields(node, classes)


def staged(tree: ast.Module, table: str) -> Iterator[str | None]:
    """Texts that may create a temporary table of that name, and None where a data frame gets the name."""
    found = _staging(tree)
    yield from (text for text in found.texts if table in text)
    if table in found.names:  # STAGE = "stage"; f"CREATE TEMP TABLE {STAGE} (id INTEGER)"
        for text in found.joined:
            yield "".join(_piece(part, found.names[table], table) for part in text.values)
    if table in found.frames:
        yield None


class _Staging(NamedTuple):
    """Names by the texts put into them, texts of temporary tables, texts with holes, and the names that data frames get."""

    names: dict[str, set[str]]
    texts: list[str]
    joined: list[ast.JoinedStr]
    frames: set[str]


@lru_cache(maxsize=2)
def _staging(tree: ast.Module) -> _Staging:
    found = _Staging({}, [], [], set())
    for node in ast.walk(tree):
        match node:
            case ast.Assign(value=ast.Constant(value=str() as text), targets=targets):
                found.names.setdefault(text, set()).update(last_name(target) for target in targets)
            case ast.Constant(value=str() as text) if _TEMPORARY.search(text):
                found.texts.append(text)
            case ast.JoinedStr():
                found.joined.append(node)
            case ast.Call(args=[ast.Constant(value=str() as name), *_], func=ast.Attribute(attr=attr)) if (
                attr in _VIEWS
            ):
                found.frames.add(name)
    return found


def _piece(part: ast.expr, names: set[str], table: str) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    return table if isinstance(part, ast.FormattedValue) and last_name(part.value) in names else "x"


def _table(node: ast.ClassDef, path: str) -> str | None:
    """The table of a Django model, None for an abstract one or what is no model."""
    if not any(last_name(base).endswith("Model") for base in node.bases) and not any(map(_field, node.body)):
        return None
    meta = dict(_assigned(next(filter(_is_meta, node.body), None)))
    if "abstract" in meta:
        return None
    named = meta.get("db_table")
    if isinstance(named, ast.Constant):
        return str(named.value)
    return f"{_application(path)}_{node.name.lower()}" if named is None else None


def _fields(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> tuple[str, ...]:
    """The columns of a Django model; none when a base is not in sight."""
    found: list[str] = []
    keyed = False
    pending = [node]
    while pending:
        current = pending.pop(0)
        for base in current.bases:
            if last_name(base) in classes:
                pending.append(classes[last_name(base)])
            elif last_name(base) != "Model":
                return ()
        for statement in current.body:
            call = _field(statement)
            if call is None or last_name(call.func) in _NO_COLUMN:
                continue
            words = {word.arg: word.value.value for word in call.keywords if isinstance(word.value, ast.Constant)}
            keyed = keyed or words.get("primary_key") is True
            name = statement.targets[0].id  # type: ignore[attr-defined]
            column = words.get("db_column") or (f"{name}_id" if last_name(call.func) in _REFERENCES else name)
            found.append(str(column))
    return tuple(dict.fromkeys(found if keyed else ["id", *found]))


def _field(statement: ast.stmt) -> ast.Call | None:
    """``name = models.CharField(…)``."""
    match statement:
        case ast.Assign(targets=[ast.Name()], value=ast.Call() as call):
            kind = last_name(call.func)
            return call if kind.endswith("Field") or kind in _REFERENCES else None
    return None


def _is_meta(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ClassDef) and statement.name == "Meta"


def _assigned(node: ast.stmt | None) -> Iterator[tuple[str, ast.expr]]:
    for statement in node.body if isinstance(node, ast.ClassDef) else ():
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            yield statement.targets[0].id, statement.value


def _column(call: ast.Call) -> str:
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def _application(path: str) -> str:
    """The Django application a models module belongs to, by its folder."""
    folder = PurePath(path).parent
    return folder.parent.name if folder.name == "models" else folder.name
