"""The keys of ``[tool.dodont]`` and what each may hold, checked without pydantic, whose import takes longer than a check of one file.

Whatever is not plainly right is left to ``config.model``, which finds the words for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from dodont.engine.settings import OUTPUT_FORMATS, FailOn


class _NotPlain(Exception):  # noqa: N818
    pass


def _words(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise _NotPlain
    return tuple(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _NotPlain
    return value


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise _NotPlain
    return value


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _NotPlain
    return value


def _anything(value: object) -> object:
    return value


def _table(of: Callable[[object], object]) -> Callable[[object], object]:
    def table(value: object) -> object:
        if not isinstance(value, dict):
            raise _NotPlain
        return {key: of(each) for key, each in value.items()}

    return table


def _one_of(words: tuple[str, ...]) -> Callable[[object], object]:
    def one(value: object) -> object:
        if value not in words:
            raise _NotPlain
        return value

    return one


KEYS: Mapping[str, Callable[[object], object]] = {
    "select": _words,
    "extend-select": _words,
    "ignore": _words,
    "extend-ignore": _words,
    "per-file-ignores": _table(_words),
    "exclude": _words,
    "extend-exclude": _words,
    "force-exclude": _truth,
    "respect-gitignore": _truth,
    "include-generated": _truth,
    "src": _words,
    "roles": _table(_words),
    "models": _table(_anything),
    "rules": _table(_table(_anything)),
    "fail-on": _one_of(get_args(FailOn)),
    "output-format": _one_of(OUTPUT_FORMATS),
    "baseline": _text,
    "budget": _table(_number),
    "required-version": _text,
    "extend": _text,
}


def plain(content: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the table sets, as settings have it, in the order of ``KEYS``; None where something in it may be wrong."""
    if not content.keys() <= KEYS.keys():
        return None
    try:
        return {key: check(content[key]) for key, check in KEYS.items() if key in content}
    except _NotPlain:
        return None
