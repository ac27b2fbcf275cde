"""Where code declares the tables of its database, as far as a file's text tells. What it declares is read by ``dodont.schema``."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import PurePath

from dodont.core.patterns import pattern
from dodont.semantic.trees import last_name

#: ``connection.register("sales", frame)``: from then on SQL reads the data frame as a table.
_VIEWS = frozenset(
    {"register", "registerTempTable"}
    | {f"create{kind}TempView" for kind in ("", "OrReplace", "Global", "OrReplaceGlobal")}
)
_TEMPORARY = pattern(r"\btemp(?:orary)?\b", re.I)
_CHANGED = pattern(r"\b(?:create|alter)\s+(?:or\s+replace\s+)?(?:materialized\s+)?(?:table|view)\b", re.I)


_LIKE = pattern(r"\bcreate\s+(?:\w+\s+)?table\b[^;]*?\blike\b", re.I)


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
    """Which files of a project may say what its tables are like. They are found by their text, once, and read when asked for."""

    def __init__(self, files: Iterable[tuple[str, bytes]], is_elsewhere: Callable[[str], bool]) -> None:
        """Keeps the content of those files that may declare something. Models of tests and migrations stand ``elsewhere``."""
        self._models: list[tuple[str, bytes]] = []
        self._changing: list[tuple[str, bytes]] = []
        self._indexing: list[bytes] | None = None
        self._texts: dict[str, list[str]] = {}
        self._classes: dict[str, frozenset[str]] = {}
        is_mapped = False
        for path, data in files:
            is_mapped = is_mapped or any(word in data for word in _MAPPERS)
            if may_declare(path, data) and not is_elsewhere(path):
                self._models.append((path, data))
            if _may_change(data):
                self._changing.append((path, data))
        if not is_mapped:  # `Field(` and a directory of `models` may be pydantic's, or of another kind altogether
            self._models.clear()

    def models(self, word: str = "") -> list[str]:
        """The files that may declare mapped classes and tables, and mention ``word``."""
        wanted = word.encode()
        return [path for path, data in self._models if wanted in data]

    def tabled(self, table: str) -> list[str]:
        """The files that may declare the table: they mention it, or have a class whose table may be called so."""
        word = table.encode()
        return [path for path, data in self._models if word in data or self._has_class(path, data, table)]

    def texts(self, table: str) -> set[str]:
        """The texts that create or alter tables and views, and mention this one."""
        word = table.encode()
        found: set[str] = set()
        for path, data in self._changing:
            if word in data and _CHANGED.search(data.decode("utf-8", "replace")) is not None:
                if path not in self._texts:
                    self._texts[path] = _changes(data)
                found.update(text for text in self._texts[path] if table in text)
        return found

    def changing(self, table: str) -> list[str]:
        """The files that ``texts`` come from."""
        word = table.encode()
        return [path for path, data in self._changing if word in data]

    def indexes(self, table: str, column: str) -> bool:
        """Whether a file may create an index over a column of the table: ``op.create_index("name", "orders", ["day"])``."""
        if self._indexing is None:
            self._indexing = [found[0] for _, data in self._changing for found in _INDEXING.finditer(data)]
        words = table.encode(), column.encode()
        return any(
            all(word in each and re.search(rb"\b" + re.escape(word) + rb"\b", each) for word in words)
            for each in self._indexing
        )

    def _has_class(self, path: str, data: bytes, table: str) -> bool:
        """Whether the file has a class whose name, without regard to case and underscores, the table's ends with."""
        if path not in self._classes:
            self._classes[path] = frozenset(name.decode().lower() for name in _CLASS.findall(data))
        parts = table.lower().split("_")
        return any("".join(parts[start:]) in self._classes[path] for start in range(len(parts)))


#: What stands in a file that declares tables to SQLAlchemy. Each is searched for by itself, which is several times faster than a
#: pattern of them all.
_DECLARING = (b"Column(", b"column(", b"Table(", b"elationship(", b"__tablename__", b"Mapped[", b"table=True")
#: Django reads models from the module of that name in an application, and what such a module takes from others from there.
_FIELDS = (b"models.Model", b"Field(", b"Key(")


#: One of these some file of a project with tables names: Flask-SQLAlchemy, too, has its name from one.
_MAPPERS = (b"sqlalchemy", b"sqlmodel", b"django")


def may_declare(path: str, data: bytes) -> bool:
    if any(word in data for word in _DECLARING):
        return True
    if b"class " not in data:
        return False
    parts = PurePath(path).parts
    if "models.py" in parts or "models" in parts:
        return True
    return b"models" in data and any(word in data for word in _FIELDS)


_CLASS = pattern(rb"^[ \t]*class[ \t]+(\w+)", re.M)


#: The call or statement that creates an index, as far as it goes.
_INDEXING = pattern(rb"(?:create_index|create_unique_constraint|create\s+(?:unique\s+)?index)\b[^;]{0,300}", re.I)


def _may_change(data: bytes) -> bool:
    lowered = data.lower()
    if b"create_index" in lowered or b"create index" in lowered or b"create unique" in lowered:
        return True
    return (b"create" in lowered or b"alter" in lowered) and (b"table" in lowered or b"view" in lowered)


def _changes(data: bytes) -> list[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [
        each.value
        for each in ast.walk(tree)
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and _CHANGED.search(each.value)
    ]


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
