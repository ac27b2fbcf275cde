"""The library models: well-formed, complete among themselves, and true of the libraries that are installed."""

from __future__ import annotations

import builtins
import importlib
import inspect
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dodont.models import vocabulary
from dodont.models.library import Library
from dodont.models.schema import FUNCTIONS, LIBRARY, METHODS, SPECIAL_TYPE, check, is_type, keys, kind_of, names_in_type
from dodont.models.vocabulary import Class, Function, Value

DATA = Path(vocabulary.__file__).with_name("data")
FILES = {path.stem: path for path in sorted(DATA.glob("*.toml"))}
DOCUMENTS: dict[str, dict[str, Any]] = {
    name: tomllib.loads(path.read_text(encoding="utf-8")) for name, path in FILES.items()
}

#: Types no file needs to describe.
PLAIN = {name for name in vars(builtins) if isinstance(getattr(builtins, name), type)} | {
    "None",
    "Any",
    "Callable",
    "Awaitable",
}
#: Libraries whose methods hand over to a coroutine or give a future: what they are does not show from outside.
DELEGATING = frozenset({"aiomysql", "asyncpg", "pymongo", "redis"})
PLAIN_MODULES = ("typing.", "collections.abc.", "types.")


def entries(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every name a document describes with its entry; methods are given as ``Class.method``."""
    for name, entry in document.items():
        if name == LIBRARY:
            continue
        if name == FUNCTIONS:
            for group in entry:
                yield from ((one, group) for one in group["names"])
        elif name == METHODS:
            for group in entry:
                yield from ((f"{group['of']}.{one}", group) for one in group["names"])
        else:
            yield name, entry
            yield from ((f"{name}.{method}", known) for method, known in entry.get("methods", {}).items())


OWNERS: dict[str, str] = {name: file for file, document in DOCUMENTS.items() for name, _ in entries(document)}
ALL: dict[str, Mapping[str, Any]] = {
    name: entry for document in DOCUMENTS.values() for name, entry in entries(document)
}
CLASSES = {
    name
    for document in DOCUMENTS.values()
    for name, entry in document.items()
    if name not in {LIBRARY, FUNCTIONS, METHODS} and "same_as" not in entry and kind_of(entry) is Class
}


def is_plain(name: str) -> bool:
    return name in PLAIN or name.startswith(PLAIN_MODULES)


def types_in(entry: Mapping[str, Any]) -> Iterator[str]:
    for key in ("returns", "element", "enters", "awaits", "type"):
        if key in entry:
            yield from names_in_type(entry[key])
    for type_ in entry.get("attributes", {}).values():
        yield from names_in_type(type_)


def resolve(name: str, seen: frozenset[str] = frozenset()) -> str:
    """The name an alias stands for in the end."""
    entry = ALL.get(name, {})
    assert name not in seen, f"{name} is an alias of itself"
    return resolve(entry["same_as"], seen | {name}) if "same_as" in entry else name


@pytest.mark.parametrize("file", FILES)
def test_file_keeps_to_the_vocabulary(file: str) -> None:
    assert check(DOCUMENTS[file], where=f"{file}.toml") == []


@pytest.mark.parametrize("file", FILES)
def test_file_says_what_it_covers(file: str) -> None:
    assert FILES[file].read_text(encoding="utf-8").startswith("# ")
    assert DOCUMENTS[file][LIBRARY]["imports"]


@pytest.mark.parametrize("file", FILES)
def test_names_lead_somewhere(file: str) -> None:
    missing = []
    for name, entry in entries(DOCUMENTS[file]):
        if "same_as" in entry:
            missing += [f"{name}: same_as {entry['same_as']}"] * (entry["same_as"] not in ALL)
            resolve(name)
            continue
        for base in entry.get("bases", ()):
            missing += [f"{name}: base {base}"] * (resolve(base) not in CLASSES and not is_plain(base))
        for type_ in types_in(entry):
            missing += [f"{name}: type {type_}"] * (resolve(type_) not in CLASSES and not is_plain(type_))
        twin = entry.get("blocks", {}).get("twin")
        if twin:
            # A leading dot names a method of the same receiver.
            full = name.rpartition(".")[0] + twin if twin.startswith(".") else twin
            missing += [f"{name}: twin {twin}"] * (not ALL.get(full, {}).get("coroutine"))
    for group in DOCUMENTS[file].get(METHODS, ()):
        missing += [f"[[methods]] of {group['of']}"] * (group["of"] not in CLASSES)
    missing += [f"needs {one}" for one in DOCUMENTS[file][LIBRARY].get("needs", ()) if one not in FILES]
    assert missing == []


@pytest.mark.parametrize("file", FILES)
def test_needs_are_declared_and_used(file: str) -> None:
    used = set()
    for _, entry in entries(DOCUMENTS[file]):
        names = [*types_in(entry), *entry.get("bases", ())]
        names += [entry[key] for key in ("same_as",) if key in entry]
        names += [twin for twin in [entry.get("blocks", {}).get("twin", ".")] if not twin.startswith(".")]
        used |= {OWNERS[name] for name in names if name in OWNERS}
    assert sorted(used - {file, "builtins"}) == sorted(DOCUMENTS[file][LIBRARY].get("needs", ()))


@pytest.mark.parametrize("file", FILES)
def test_library_reads_every_entry(file: str) -> None:
    library = Library()
    for root in DOCUMENTS[file][LIBRARY]["imports"]:
        library.require(root)
    for name, entry in entries(DOCUMENTS[file]):
        owner, _, method = name.rpartition(".")
        known = library.method(owner, method) or library.get(name)
        assert known is not None, name
        if name in CLASSES:
            assert library.class_of(name), name
        elif "type" in entry:
            assert isinstance(library.get(name), Value), name


def test_nothing_is_described_twice() -> None:
    seen: dict[str, str] = {}
    twice = []
    for file, document in DOCUMENTS.items():
        for name, _ in entries(document):
            if name in seen:
                twice.append(f"{name} in {seen[name]} and {file}")
            seen[name] = file
    assert twice == []


def find(name: str) -> Any:
    """The object of that name in an installed library. Raises AttributeError or ImportError when there is none."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:end]))
        except ImportError:
            if end == 1:
                raise
            continue
        for part in parts[end:]:
            found = inspect.getattr_static(found, part) if inspect.isclass(found) else getattr(found, part)
            found = getattr(found, "__func__", found)
        return found
    raise AssertionError(name)


def claims(file: str) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """Every function, method and constructor with something to verify: its name, entry, whether it has a receiver."""
    for name, entry in entries(DOCUMENTS[file]):
        is_method = any(resolve(owner) in CLASSES for owner in [name.rpartition(".")[0]])
        if "sql" in entry or "coroutine" in entry or "blocks" in entry or "route" in entry:
            yield name, entry, is_method
        if "init" in entry:
            yield name, entry["init"], False


def contradictions(file: str) -> Iterator[str]:
    for name, entry, is_method in claims(file):
        owner = name.rpartition(".")[0]
        try:
            found = find(name)
        except (AttributeError, ImportError):
            # Made on the fly (a proxy, a delegating class), of another version or not installed: nothing to compare.
            continue
        if not callable(found):
            continue
        if entry.get("blocks") and inspect.iscoroutinefunction(found):
            yield f"{name}: said to block, but it is a coroutine function"
        if not entry.get("coroutine") and "returns" in entry and inspect.iscoroutinefunction(found):
            yield f"{name}: a coroutine function, said to be a plain one"
        if entry.get("coroutine") and file not in DELEGATING and not inspect.iscoroutinefunction(found):
            yield f"{name}: not a coroutine function, said to be one"
        if "sql" in entry:
            yield from wrong_arguments(name, entry["sql"], found, skip=is_method and owner in CLASSES)


def wrong_arguments(name: str, sql: Mapping[str, Any], found: Any, *, skip: bool) -> Iterator[str]:
    try:
        parameters = list(inspect.signature(found).parameters.values())[1 if skip else 0 :]
    except (TypeError, ValueError):
        return
    names = [one.name for one in parameters if one.kind in {one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD}]
    rest = any(one.kind is one.VAR_POSITIONAL for one in parameters)
    if "text" in sql and sql["text"] >= len(names) and not rest:
        yield f"{name}: no argument {sql['text']} in {names}"
    for key, position in (("keyword", sql.get("text", 0)), ("parameters_keyword", sql.get("parameters"))):
        if key not in sql or any(one.kind is one.VAR_KEYWORD for one in parameters) or rest:
            continue
        known = [one.name for one in parameters if one.kind is not one.POSITIONAL_ONLY]
        if sql[key] not in known:
            yield f"{name}: no argument `{sql[key]}` in {known}"
        elif isinstance(position, int) and sql[key] in names and names.index(sql[key]) != position:
            yield f"{name}: `{sql[key]}` is argument {names.index(sql[key])}, not {position}"


def configure_django() -> None:
    """Django's models and shortcuts can be imported only in a configured project."""
    django = importlib.import_module("django")
    settings = importlib.import_module("django.conf").settings
    if not settings.configured:
        settings.configure(INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"])
        django.setup()


@pytest.mark.parametrize("file", FILES)
def test_models_are_true_of_the_installed_library(file: str) -> None:
    root = DOCUMENTS[file][LIBRARY]["imports"][0].partition(".")[0]
    pytest.importorskip(root, exc_type=ImportError)
    if root in {"django", "rest_framework"}:
        configure_django()
    assert list(contradictions(file)) == []


# The schema check


def problems(text: str) -> list[str]:
    return check(tomllib.loads(text), where="some.toml")


def test_empty_table_is_fine() -> None:
    assert check({}) == []


def test_entry_with_every_key_is_fine() -> None:
    assert (
        problems(
            """
            ["a.f"]
            returns = "dict[str, a.B | None]"
            coroutine = true
            blocks = { on = "database", twin = "a.g" }
            sql = { text = 0, keyword = "sql", parameters = "*", parameters_keyword = "p", style = "qmark" }
            log = { first = 1, keywords = ["extra"] }
            keeps = [0, "self"]
            cleans = ["sql"]
            route = { methods = ["GET"], path = 0, handler = "view" }
            ["a.B"]
            async = true
            labels = { headers = "secrets" }
            attributes = { headers = "a.Headers" }
            init = { external = true }
            ["a.B".methods.m]
            returns = "element | None"
            ["a.v"]
            type = "a.B"
            [[methods]]
            of = "a.B"
            names = ["n"]
            database = "read"
            [[functions]]
            names = ["a.h"]
            never = true
            """
        )
        == []
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('["a.f"]\nretruns = "int"', "some.toml: a.f: unknown key `retruns`; did you mean `returns`?"),
        ('["a.C"]\nrole = "conection"', "some.toml: a.C: `role`: expected one of .*did you mean `connection`?"),
        ('["a.f"]\nblocks = { twin = "b.c" }', "some.toml: a.f: `blocks`: the key `on` is missing"),
        ('["a.f"]\nblocks = { on = "disk" }', 'a.f: `blocks`: `on`: expected one of `sleep`.*"disk"'),
        ('["a.f"]\nblocks = true', "a.f: `blocks`: expected a table, got True"),
        ('["a.f"]\ncoroutine = 1', "a.f: `coroutine`: expected true or false, got 1"),
        ('["a.f"]\nsql = { text = true }', "a.f: `sql`: `text`: expected a whole number, got True"),
        ('["a.f"]\nsql = { parameters = "all" }', "`parameters`: expected a whole number or expected one of `\\*`"),
        ('["a.f"]\nkeeps = 0', "a.f: `keeps`: expected an array, got 0"),
        ('["a.f"]\nreturns = "list["', 'a.f: `returns` = "list\\[" does not read as a type'),
        ('["a.C"]\nattributes = { x = "1" }', 'a.C: `attributes.x` = "1" does not read as a type'),
        ('["a.C"]\nattributes = { x = 1 }', "a.C: `attributes`.x: expected a string, got 1"),
        ('["a.C"]\nis_async = true\nrole = "session"', "a.C: unknown key `is_async`; did you mean `async`?"),
        ('["a.C".methods.m]\nreturn = "int"', "a.C: `methods`.m: unknown key `return`; did you mean `returns`?"),
        ('["a.f"]\nsame_as = "b.f"\nreturns = "int"', "a.f: unknown key `returns`"),
        ('["a.f"]', "a.f: says nothing"),
        ('["a b"]\nreturns = "int"', '"a b" is not a dotted name'),
        ('"a.f" = 1', "a.f: expected a table, got 1"),
        ('[[functions]]\nreturns = "int"', "functions\\[1\\]: the key `names` is missing"),
        ('[[methods]]\nof = "a.C"\nnames = ["m"]', "methods\\[1\\]: says nothing"),
        ('[functions]\nnames = ["a.f"]', "functions: expected an array of tables"),
        ('[library]\nimport = ["a"]', "library: unknown key `import`; did you mean `imports`?"),
    ],
)
def test_problem_names_place_and_word(text: str, message: str) -> None:
    found = problems(text)
    assert len(found) == 1
    assert re.search(message.replace("?", "\\?") if message.endswith("?") else message, found[0]), found


def test_keys_are_the_vocabularys() -> None:
    assert set(keys(Value)) == {"type", "label", "what"}
    assert "async" in keys(Class)
    assert "is_async" not in keys(Class)
    assert "returns" in keys(Function)


@pytest.mark.parametrize(
    "text",
    [
        "int",
        "a.B | None",
        "dict[str, list[a.B]]",
        "Callable[[int, str], None]",
        "tuple[int, ...]",
        "argument 0",
        "list[element]",
    ],
)
def test_type_is_read(text: str) -> None:
    assert is_type(text)


@pytest.mark.parametrize("text", ["", "int |", "list[", "list]", "[", "a b", "argument x", "1", "a,b", "list[]"])
def test_non_type_is_refused(text: str) -> None:
    assert not is_type(text)


def test_special_words_are_no_names() -> None:
    assert names_in_type("dict[element, argument 0] | a.selfish | elements") == ["dict", "a.selfish", "elements"]
    assert SPECIAL_TYPE.fullmatch("instance 12")
