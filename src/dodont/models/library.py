"""Load library models when a module imports the library, and answer by qualified name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from dodont.models.tables import exists, files_by_root, table_of
from dodont.models.vocabulary import Blocks, Class, Entry, Function, Log, Relates, Route, Sql, Value

#: Loaded for every module: what needs no import.
ALWAYS = "builtins"

_PARTS = {"blocks": Blocks, "sql": Sql, "log": Log, "route": Route, "relates": Relates}
_CLASS_ONLY = {
    "autocommit",
    "transaction",
    "role",
    "bases",
    "attributes",
    "labels",
    "methods",
    "handlers",
    "element",
    "enters",
    "awaits",
    "class",
    "async",
}


@cache
def _tops() -> frozenset[str]:
    """The top-level packages of which some data file tells."""
    return frozenset(root.partition(".")[0] for root in files_by_root())


def knows_top(name: str) -> bool:
    """Whether some data file covers the top-level package of that name."""
    return name in _tops()


@cache
def _serves(stem: str) -> bool:
    """Whether a library logs, routes requests, has coroutines, or talks to a database or over a network."""
    return _speaks_of_serving(table_of(stem))


def _speaks_of_serving(entry: Any) -> bool:
    if isinstance(entry, list):
        return any(_speaks_of_serving(each) for each in entry)
    if not isinstance(entry, Mapping):
        return False
    return (
        entry.get("role") in _OF_SERVERS
        or entry.get("on") in ("network", "database")
        or not entry.keys().isdisjoint(("route", "coroutine"))
        or any(_speaks_of_serving(each) for each in entry.values())
    )


#: Roles of classes that a server has and a tool has no need of.
_OF_SERVERS = frozenset(
    {"logger", "view", "router", "request", "session", "engine", "entity", "connection", "http-client"}
)


class Library:
    """The models one run knows: the shipped ones, loaded per import, and the user's own."""

    def __init__(self, own: Mapping[str, Any] | None = None) -> None:
        self._entries: dict[str, Entry] = {}
        self._same: dict[str, str] = {}
        self._loaded: set[str] = set()
        self._required: set[str] = set()
        self._methods: dict[tuple[str, str], tuple[Function, str] | None] = {}
        self.anywhere: set[str] = set()  # methods known by their name alone, whatever they are called on
        self.awaitable: set[str] = set()  # classes whose instances are awaited to get something else
        self.generation = 0  # grows when entries come in: answers of "unknown" may be asked again
        self._own: dict[str, Entry] = {}
        #: The user's own functions and methods by qualified name. What they say goes before what a body says.
        self.described: dict[str, Function] = {}
        self._load(ALWAYS)
        if own:
            self._add_own(own)

    def knows_root(self, module: str) -> bool:
        """Whether some data file covers the top-level package of ``module``."""
        return module.partition(".")[0] in _tops()

    def require(self, module: str) -> None:
        """Load what is known of ``module`` and of the packages that contain it."""
        if module in self._required:
            return
        self._required.add(module)
        if module.partition(".")[0] not in _tops():
            return
        parts = module.split(".")
        for end in range(1, len(parts) + 1):
            for stem in files_by_root().get(".".join(parts[:end]), ()):
                self._load(stem)

    @staticmethod
    def serves(module: str) -> bool:
        """Whether ``module`` belongs to a library that code of a server imports: see ``_serves``."""
        parts = module.split(".")
        roots = (".".join(parts[:end]) for end in range(1, len(parts) + 1))
        return any(_serves(stem) for root in roots for stem in files_by_root().get(root, ()))

    def get(self, name: str) -> Entry | None:
        """The entry of a qualified name, through ``same_as``."""
        entry = self._entries.get(name)
        if entry is None and name in self._same:
            return self._entries.get(self.canonical(name))
        return entry

    def canonical(self, name: str) -> str:
        """The name under which an entry is written down; the name itself when there is no other."""
        seen = 0
        while name in self._same and seen < 5:
            name = self._same[name]
            seen += 1
        return name

    def class_of(self, name: str) -> Class | None:
        entry = self.get(name)
        return entry if isinstance(entry, Class) else None

    def ancestors(self, name: str) -> Iterator[tuple[str, Class]]:
        """The class and its modelled bases, nearest first."""
        pending: list[str] = [self.canonical(name)]
        seen: set[str] = set()
        while pending:
            current = pending.pop(0)
            if current in seen or len(seen) > 50:
                continue
            seen.add(current)
            if entry := self.class_of(current):
                yield current, entry
                pending += [self.canonical(base) for base in entry.bases]

    def method(self, class_name: str, method: str) -> tuple[Function, str] | None:
        """What is known of a method and the qualified name it is written down under, looked up through the bases."""
        key = (class_name, method)
        if key not in self._methods:
            self._methods[key] = next(
                (
                    (entry.methods[method], f"{owner}.{method}")
                    for owner, entry in self.ancestors(class_name)
                    if method in entry.methods
                ),
                None,
            )
        return self._methods[key]

    def _load(self, stem: str) -> None:
        if stem in self._loaded:
            return
        self._loaded.add(stem)
        if not exists(stem):
            return
        table = table_of(stem)
        for needed in table.get("library", {}).get("needs", ()):
            self._load(needed)
        self._add(table)

    def _add(self, table: Mapping[str, Any]) -> None:
        for name, entry in table.items():
            if name == "library":
                continue
            if name == "functions":
                for shared in entry:
                    for each in shared["names"]:
                        self._entries[each] = function(shared)
            elif name == "methods":
                self._add_methods(entry)
            elif "same_as" in entry:
                self._same[name] = entry["same_as"]
            elif "type" in entry:
                self._entries[name] = Value(**_known(Value, entry))
            elif _CLASS_ONLY & entry.keys():
                self._entries[name] = _class(entry)
            else:
                self._entries[name] = function(entry)
        if table.get("methods"):
            self._add_methods(table["methods"])
        self._entries |= self._own
        self._methods.clear()
        self.awaitable.update(
            name
            for name in table
            if isinstance(entry := self._entries.get(name), Class) and entry.awaits and entry.awaits != "self"
        )
        self.anywhere.update(name[2:] for name in table if name.startswith("?."))
        self.generation += 1

    def _add_own(self, table: Mapping[str, Any]) -> None:
        shipped = dict(self._entries)
        self._add(table)
        self._own = {name: entry for name, entry in self._entries.items() if shipped.get(name) is not entry}
        for name, entry in self._own.items():
            if isinstance(entry, Function):
                self.described[name] = entry
            elif isinstance(entry, Class):
                self.described |= {f"{name}.{method}": each for method, each in entry.methods.items()}

    def _add_methods(self, groups: Iterable[Mapping[str, Any]]) -> None:
        for shared in groups:
            owner = self._entries.get(shared["of"])
            if isinstance(owner, Class):
                for each in shared["names"]:
                    owner.methods.setdefault(each, function(shared))


def function(table: Mapping[str, Any]) -> Function:
    """A Function from its TOML table."""
    values = _known(Function, table)
    for key, part in _PARTS.items():
        if key in values:
            values[key] = part(**_known(part, values[key]))
    return Function(**values)


def _class(table: Mapping[str, Any]) -> Class:
    values = _known(Class, table)
    values["is_async"] = bool(table.get("async", False))
    values["methods"] = {name: function(each) for name, each in table.get("methods", {}).items()}
    if "init" in values:
        values["init"] = function(values["init"])
    return Class(**values)


def _known(shape: Any, table: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of ``table`` that ``shape`` has, lists as tuples; unknown keys are the schema check's business."""
    names = shape._fields
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items() if key in names}
