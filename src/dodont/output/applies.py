"""Which practices a project has nothing for: no database, no requests, no coroutines. By the words of its files, for a summary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dodont.engine.catalogue import practices
from dodont.models.tables import files_by_root, table_of

_IMPORT = re.compile(r"^[ \t]*(?:from|import)[ \t]+([\w.]+)", re.M)
_DATABASE = frozenset({"session", "connection", "cursor", "engine", "manager", "queryset", "entity"})
#: Practices about request handlers beside those of the area ``api``, and about coroutines.
_HANDLERS = frozenset({"do-arch-3", "dont-arch-1", "dont-arch-2"})
_COROUTINES = frozenset({"do-arch-6", "dont-arch-8"})


class Spoken(NamedTuple):
    """What files speak of, by the names of the models: libraries that serve requests, libraries of databases; and whether of coroutines."""

    requests: frozenset[str]
    database: frozenset[str]
    coroutines: bool


def spoken(texts: Iterable[str]) -> Spoken:
    """What the files speak of."""
    imports: set[str] = set()
    coroutines = False
    for text in texts:
        imports.update(_IMPORT.findall(text))
        coroutines = coroutines or "async def " in text
    tables = {stem: table_of(stem) for name in imports for stem in _stems(name)}
    return Spoken(
        frozenset(stem for stem, table in tables.items() if _speaks(table, _of_requests)),
        frozenset(stem for stem, table in tables.items() if _speaks(table, _of_database)),
        coroutines,
    )


def inapplicable(texts: Iterable[str]) -> frozenset[str]:
    """The ids of practices that none of the files can keep or break."""
    found = spoken(texts)
    return frozenset(
        practice.id
        for practice in practices()
        if (practice.area == "database" and not found.database)
        or ((practice.area == "api" or practice.id in _HANDLERS) and not found.requests)
        or (practice.id in _COROUTINES and not found.coroutines)
    )


def _stems(name: str) -> Iterable[str]:
    known = files_by_root()
    while name:
        if name in known:
            yield from known[name]
        name = name.rpartition(".")[0]


def _speaks(entry: Any, of: Any) -> bool:
    if isinstance(entry, list):
        return any(_speaks(each, of) for each in entry)
    return isinstance(entry, Mapping) and (of(entry) or any(_speaks(each, of) for each in entry.values()))


def _of_database(entry: Mapping[str, Any]) -> bool:
    return entry.get("role") in _DATABASE or "sql" in entry or entry.get("on") == "database"


def _of_requests(entry: Mapping[str, Any]) -> bool:
    return entry.get("role") in ("view", "router") or "route" in entry or "handlers" in entry
