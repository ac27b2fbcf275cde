"""The data files as tables, read from ``tables.jsonl`` where that says what they say, for TOML takes thirty times as long.

``python -m dodont.models.tables`` makes the file anew. Whoever edits a data file need not, to see it work: it is read then. A test
fails until it is done.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

DATA = os.path.join(os.path.dirname(__file__), "data")
COMPILED = os.path.join(os.path.dirname(__file__), "tables.jsonl")

Table = Mapping[str, Any]


@cache
def _sizes() -> Mapping[str, int]:
    """The data files by their names without the suffix, in order, and how long they are."""
    with os.scandir(DATA) as entries:
        found = {entry.name[:-5]: entry.stat().st_size for entry in entries if entry.name.endswith(".toml")}
    return {stem: found[stem] for stem in sorted(found)}


def exists(stem: str) -> bool:
    return stem in _sizes()


@cache
def _compiled() -> tuple[Mapping[str, list[Any]], Mapping[str, str]]:
    """For each file its length, its digest, and the roots of its library; and the tables, as JSON."""
    try:
        with open(COMPILED, encoding="utf-8") as file:
            head, *lines = file.read().splitlines()
        heads = json.loads(head)
    except (OSError, ValueError):
        return {}, {}
    if not isinstance(heads, dict) or len(heads) != len(lines):
        return {}, {}
    return heads, dict(zip(heads, lines, strict=True))


def _is_fresh(stem: str) -> bool:
    """Whether the compiled table is the file's. In a checkout a file may be edited and stay as long as it was."""
    head = _compiled()[0].get(stem)
    if head is None or head[0] != _sizes().get(stem):
        return False
    return _is_installed() or head[1] == _digest(_read(stem))


@cache
def _is_installed() -> bool:
    return os.path.isdir(os.path.join(os.path.dirname(os.path.dirname(__file__)), "_cards"))


def _read(stem: str) -> bytes:
    with open(os.path.join(DATA, f"{stem}.toml"), "rb") as file:
        return file.read()


def _digest(data: bytes) -> str:
    from hashlib import blake2b

    return blake2b(data, digest_size=8).hexdigest()


def _parsed(stem: str) -> Table:
    import tomllib

    return tomllib.loads(_read(stem).decode())


@cache
def table_of(stem: str) -> Table:
    if _is_fresh(stem):
        found: Table = json.loads(_compiled()[1][stem])
        return found
    return _parsed(stem)


@cache
def files_by_root() -> Mapping[str, tuple[str, ...]]:
    """Import root to the names of the data files it loads."""
    found: dict[str, tuple[str, ...]] = {}
    heads = _compiled()[0]
    for stem, size in _sizes().items():
        known = heads.get(stem)
        for root in known[2] if known is not None and known[0] == size else _roots(_parsed(stem)):
            found[root] = (*found.get(root, ()), stem)
    return found


def _roots(table: Table) -> list[str]:
    return list(table.get("library", {}).get("imports", ()))


def compiled() -> str:
    """What the file has to be: a line of heads, then a line a table."""
    tables = {stem: _parsed(stem) for stem in _sizes()}
    heads = {stem: [size, _digest(_read(stem)), _roots(tables[stem])] for stem, size in _sizes().items()}
    return "\n".join(json.dumps(each, separators=(",", ":")) for each in (heads, *tables.values())) + "\n"


if __name__ == "__main__":
    with open(COMPILED, "w", encoding="utf-8", newline="\n") as target:
        target.write(compiled())
