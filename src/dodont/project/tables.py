"""How code declares the tables of its database, as far as a file's syntax tells: Django models, ``Table(...)``, CREATE TABLE."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import PurePath

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


class Declarations:
    """What the files of a project say of tables. Each is parsed once, when it first mentions a table that is asked for."""

    def __init__(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Keeps the content of those files that may declare something."""
        self._mapping: list[tuple[str, bytes]] = []
        self._declaring: list[tuple[str, bytes]] = []
        self._declares: dict[str, bool] = {}
        self._read: dict[str, _Declared] = {}
        for path, data in files:
            if b"__tablename__" in data or b"table=True" in data:
                self._mapping.append((path, data))
            if b"Table(" in data or b"db_table" in data or b"Model" in data or _may_change(data):
                self._declaring.append((path, data))

    def mapping(self, table: str) -> list[str]:
        """Files that may declare a mapped class of that table."""
        word = table.encode()
        return [
            path
            for path, data in self._mapping
            if (b"__tablename__" in data and word in data) or (b"table=True" in data and word in data.lower())
        ]

    def declared(self, table: str) -> tuple[set[tuple[str, ...]], set[str]]:
        """The columns of a table where it is declared, and the texts that create or alter tables and views and mention it."""
        columns: set[tuple[str, ...]] = set()
        texts: set[str] = set()
        word = table.encode()
        for path, data in self._declaring:
            if self._mentions(path, data, word) or (b"Model" in data and table.startswith(f"{_application(path)}_")):
                if path not in self._read:
                    self._read[path] = _declared(data, path)
                columns |= self._read[path].columns.get(table, set())
                texts.update(text for text in self._read[path].texts if table in text)
        return columns, texts

    def _mentions(self, path: str, data: bytes, word: bytes) -> bool:
        """Whether a file that declares tables or changes any mentions this one."""
        if word not in data:
            return False
        if path not in self._declares:
            known = b"Table(" in data or b"db_table" in data
            self._declares[path] = known or _CHANGED.search(data.decode("utf-8", "replace")) is not None
        return self._declares[path]


def _may_change(data: bytes) -> bool:
    lowered = data.lower()
    return (b"create" in lowered or b"alter" in lowered) and (b"table" in lowered or b"view" in lowered)


class _Declared:
    """What one file declares: the columns of each table, and the texts that create or alter any."""

    def __init__(self) -> None:
        self.columns: dict[str, set[tuple[str, ...]]] = {}
        self.texts: list[str] = []


def _declared(data: bytes, path: str) -> _Declared:
    found = _Declared()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return found
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    for node in ast.walk(tree):
        match node:
            case ast.Call(args=[ast.Constant(value=str() as name), *items]) if last_name(node.func) == "Table":
                columns = [each for each in items if isinstance(each, ast.Call) and last_name(each.func) == "Column"]
                found.columns.setdefault(name, set()).add(tuple(_column(each) for each in columns))
            case ast.Constant(value=str() as text) if _CHANGED.search(text):
                found.texts.append(text)
            case ast.ClassDef() if (named := _table(node, path)) is not None:
                found.columns.setdefault(named, set()).add(_fields(node, classes))
    return found


def staged(tree: ast.Module, table: str) -> Iterator[str | None]:
    """Texts that may create a temporary table of that name, and None where a data frame gets the name."""
    found = _staging(tree)
    yield from (text for text in found.texts if table in text)
    if table in found.names:  # STAGE = "stage"; f"CREATE TEMP TABLE {STAGE} (id INTEGER)"
        for text in found.joined:
            yield "".join(_piece(part, found.names[table], table) for part in text.values)
    if table in found.frames:
        yield None


class _Staging:
    """Names by the texts put into them, texts of temporary tables, texts with holes, and the names that data frames get."""

    def __init__(self) -> None:
        self.names: dict[str, set[str]] = {}
        self.texts: list[str] = []
        self.joined: list[ast.JoinedStr] = []
        self.frames: set[str] = set()


@lru_cache(maxsize=2)
def _staging(tree: ast.Module) -> _Staging:
    found = _Staging()
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
    seen = {node.name}
    while pending:
        current = pending.pop(0)
        for base in current.bases:
            if last_name(base) in classes:
                if last_name(base) == node.name:
                    return ()  # `class User(auth.User)`
                if last_name(base) not in seen:
                    seen.add(last_name(base))
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
