"""Additions to a TOML text; comments, order and layout stay."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Sequence
from typing import Any


class BadToml(Exception):  # noqa: N818
    """The text is no TOML; the message says where and why."""


class Unfit(Exception):  # noqa: N818
    """The text has a shape that cannot be added to."""


def read(text: str) -> dict[str, Any]:
    """What the text says. Raises BadToml."""
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise BadToml(str(error)) from None
    except RecursionError:
        raise BadToml("nested too deeply") from None


def at(content: Any, path: Sequence[str]) -> Any:
    """What stands at a path; None where nothing does."""
    for key in path:
        content = content.get(key) if isinstance(content, dict) else None
    return content


def with_table(text: str, block: str) -> str:
    """The text with a table at its end, which it does not have yet. Raises BadToml and Unfit."""
    old, added = read(text), read(block)
    end = "\r\n" if "\r\n" in text else "\n"
    before = text if not text or text.endswith("\n") else text + end
    new = before + (end if before.strip() else "") + block.replace("\n", end)
    try:
        found = read(new)
    except BadToml:
        raise Unfit("a table in it cannot be added to from elsewhere") from None
    if found != _joined(old, added):
        raise Unfit("its form is an unusual one")
    return new


def with_word(text: str, path: Sequence[str], word: str) -> str:
    """The text with one more word in the list at the path. Raises BadToml and Unfit."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    old = read(text)
    above = at(old, path[:-1])
    given = above.get(path[-1], []) if isinstance(above, dict) else None if above is not None else []
    if not isinstance(given, list):
        raise Unfit(f"`{'.'.join(path)}` is no list")
    if above is None:
        return with_table(
            text, f'[{".".join(path[:-1])}]\n{path[-1]} = ["{word}"]\n' if path[1:] else f'{path[-1]} = ["{word}"]\n'
        )
    windows = "\r\n" in text and text.count("\r\n") == text.count("\n")
    try:
        document: Any = tomlkit.parse(text.replace("\r\n", "\n") if windows else text)
        table = document
        for key in path[:-1]:
            table = table[key]
        if path[-1] in table:
            table[path[-1]].append(word)
        else:
            table[path[-1]] = [word]
        new = tomlkit.dumps(document)
        found = read(new)
    except (TOMLKitError, BadToml, KeyError, TypeError, AttributeError, ValueError, RecursionError):
        raise Unfit("its form is an unusual one") from None
    expected = copy.deepcopy(old)
    at(expected, path[:-1])[path[-1]] = [*given, word]
    if found != expected:
        raise Unfit("its form is an unusual one")
    return new.replace("\n", "\r\n") if windows else new


def _joined(one: Any, other: Any) -> Any:
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return other
    return {**one, **{key: _joined(one[key], value) if key in one else value for key, value in other.items()}}
