"""Checks a table of library models against the vocabulary.

The keys and words allowed are read from the vocabulary's classes; nothing is listed twice. The same check serves
the package's own data files and ``[tool.dodont.models]``.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from dodont.core.patterns import pattern
from dodont.models.vocabulary import Class, Function, Value

#: Top-level tables that are no entry.
LIBRARY, FUNCTIONS, METHODS = "library", "functions", "methods"

#: Words of ``returns``, ``element``, ``enters`` and ``awaits`` that stand for a type known at the call only.
SPECIAL_TYPE = pattern(
    r"(?:self|scalar|entity|selected|made|awaited|gathered|element(?: of(?: \w+)+)?|(?:argument|instance|call|named) \d+)(?![\w.])"
)

_NAME = pattern(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_TYPE_TOKEN = pattern(rf"\s*({SPECIAL_TYPE.pattern}|{_NAME.pattern}|\.\.\.|[\[\],|])")
_TYPE_KEYS = frozenset({"returns", "element", "enters", "awaits", "type"})
_RENAMED = {"is_async": "async"}
_SHOWN = {str: "a string", int: "a whole number", bool: "true or false"}


def keys(kind: Any) -> dict[str, Any]:
    """The TOML keys of a class of the vocabulary, each with the type of its value."""
    hints = get_type_hints(kind)
    return {_RENAMED.get(name, name): hints[name] for name in kind._fields}


def kind_of(entry: Mapping[str, Any]) -> type:
    """What an entry describes: a value has ``type``, a class ``class`` or a key no function has, else a function."""
    if "type" in entry:
        return Value
    own = keys(Class).keys() - keys(Function).keys()
    return Class if "class" in entry or not own.isdisjoint(entry) else Function


def is_type(text: str) -> bool:
    """Whether the text reads as a type: dotted names and special words, with ``[...]`` and ``|``."""
    position, depth, operand = 0, 0, True
    text = text.rstrip()
    while position < len(text):
        token = _TYPE_TOKEN.match(text, position)
        if token is None:
            return False
        position, word = token.end(), token[1]
        if word == "[":
            if operand:
                # A list of parameter types, as in Callable[[int], str], may stand for an operand.
                depth += 1
                continue
            depth, operand = depth + 1, True
        elif word == "]":
            if operand or depth == 0:
                return False
            depth -= 1
        elif word in {",", "|"}:
            if operand or (word == "," and depth == 0):
                return False
            operand = True
        elif operand:
            operand = False
        else:
            return False
    return depth == 0 and not operand


def names_in_type(text: str) -> list[str]:
    """The dotted names a type mentions, without its special words."""
    tokens = (match[1] for match in _TYPE_TOKEN.finditer(text))
    return [token for token in tokens if _NAME.fullmatch(token) and not SPECIAL_TYPE.fullmatch(token)]


def check(table: Mapping[str, Any], *, where: str = "") -> list[str]:
    """Every problem of a table of models, one line each; an empty list when there is none.

    ``where`` begins each line, as a file's name. A line names the entry, the key, and the nearest valid word when one
    is wrong.
    """
    start = f"{where}: " if where else ""
    return [start + problem for problem in _document(table)]


def _document(table: Mapping[str, Any]) -> Iterator[str]:
    for name, entry in table.items():
        if name == LIBRARY:
            yield from _closed(entry, {"imports": tuple[str, ...], "needs": tuple[str, ...]}, name)
        elif name == FUNCTIONS:
            yield from _group(entry, {"names": tuple[str, ...]}, name)
        elif name == METHODS:
            yield from _group(entry, {"of": str, "names": tuple[str, ...]}, name)
        elif not _NAME.fullmatch(name.removeprefix("?.")):
            yield f'"{name}" is not a dotted name'
        elif not isinstance(entry, Mapping):
            yield f"{name}: expected a table, got {_shown(entry)}"
        else:
            yield from _entry(entry, name)


def _entry(entry: Mapping[str, Any], path: str) -> Iterator[str]:
    if "same_as" in entry:
        yield from _closed(entry, {"same_as": str}, path)
        return
    kind = kind_of(entry)
    allowed = keys(kind)
    if kind is Class:
        allowed["class"] = bool
    if not entry:
        yield f"{path}: says nothing; a class without more to say has `class = true`"
    unknown = entry.keys() - allowed.keys()
    if unknown and kind is Function:
        # A misspelt key of a class or a value makes the entry look like a function: the nearest word may be theirs.
        for key in sorted(unknown):
            yield f"{path}: unknown key `{key}`{_nearest(key, [*allowed, *keys(Class), *keys(Value), 'same_as'])}"
        entry = {key: value for key, value in entry.items() if key in allowed}
    yield from _closed(entry, allowed, path, required=_required(kind))


def _group(tables: Any, own: Mapping[str, Any], path: str) -> Iterator[str]:
    if not isinstance(tables, list):
        yield f"{path}: expected an array of tables, written [[{path}]]"
        return
    for number, entry in enumerate(tables, 1):
        here = f"{path}[{number}]"
        yield from _closed(entry, {**own, **keys(Function)}, here, required=own)
        if isinstance(entry, Mapping) and entry.keys() <= own.keys():
            yield f"{here}: says nothing of its names"


def _closed(entry: Any, allowed: Mapping[str, Any], path: str, required: Iterable[str] = ()) -> Iterator[str]:
    """A table with these keys and no others."""
    if not isinstance(entry, Mapping):
        yield f"{path}: expected a table, got {_shown(entry)}"
        return
    for key in required:
        if key not in entry:
            yield f"{path}: the key `{key}` is missing"
    for key, value in entry.items():
        if key not in allowed:
            yield f"{path}: unknown key `{key}`{_nearest(key, allowed)}"
            continue
        yield from _value(value, allowed[key], f"{path}: `{key}`")
        if isinstance(value, str) and key in _TYPE_KEYS and not is_type(value):
            yield f'{path}: `{key}` = "{value}" does not read as a type'
        if key == "attributes" and isinstance(value, Mapping):
            for attribute, type_ in value.items():
                if isinstance(type_, str) and not is_type(type_):
                    yield f'{path}: `{key}.{attribute}` = "{type_}" does not read as a type'


def _value(value: Any, expected: Any, path: str) -> Iterator[str]:
    origin = get_origin(expected)
    if isinstance(expected, type) and hasattr(expected, "_fields"):
        yield from _closed(value, keys(expected), path, required=_required(expected))
    elif origin is Literal:
        words = get_args(expected)
        if value not in words:
            yield f"{path}: expected one of {_words(words)}, got {_shown(value)}{_nearest(value, words)}"
    elif origin is tuple:
        if not isinstance(value, list):
            yield f"{path}: expected an array, got {_shown(value)}"
            return
        for item in value:
            yield from _value(item, get_args(expected)[0], path)
    elif origin is dict:
        if not isinstance(value, Mapping):
            yield f"{path}: expected a table, got {_shown(value)}"
            return
        for key, item in value.items():
            yield from _value(item, get_args(expected)[1], f"{path}.{key}")
    elif origin in (Union, types.UnionType):
        yield from _alternatives(value, [one for one in get_args(expected) if one is not type(None)], path)
    elif not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        yield f"{path}: expected {_SHOWN[expected]}, got {_shown(value)}"


def _alternatives(value: Any, alternatives: list[Any], path: str) -> Iterator[str]:
    problems = [list(_value(value, one, path)) for one in alternatives]
    if all(problems):
        # With one alternative its own problem is the clearest; with more, all of them are named.
        joined = f"{path}: {' or '.join(_tail(one[0], path) for one in problems)}"
        yield from problems[0] if len(problems) == 1 else [joined]


def _tail(problem: str, path: str) -> str:
    return problem.removeprefix(f"{path}: ").split(", got ")[0]


def _required(kind: Any) -> list[str]:
    return [_RENAMED.get(name, name) for name in kind._fields if name not in kind._field_defaults]


def _nearest(word: Any, words: Iterable[str]) -> str:
    known = [one for one in words if isinstance(one, str)]
    found = difflib.get_close_matches(str(word), known, n=1, cutoff=0.5)
    return f"; did you mean `{found[0]}`?" if found else f"; known: {', '.join(sorted(set(known)))}" if known else ""


def _words(words: Iterable[Any]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _shown(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)
