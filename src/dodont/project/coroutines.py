"""Whether a method's name means a coroutine throughout the project: asked of a call on an object nobody knows.

``self.ds.ensure_permissions(request)`` in a class that was given ``ds`` without a word: where all that the project defines by that name are
coroutines, and other calls of it on a ``ds`` are awaited, so is this one. Read off the text of all files, once, when first asked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from dodont.project.source import Unreadable

if TYPE_CHECKING:
    from dodont.project.project import Project

_COROUTINE = re.compile(rb"\basync\s+def\s+(\w+)\(\s*(?:self|cls)\b")
_PLAIN = re.compile(rb"(?<!async )\bdef\s+(\w+)\(\s*(?:self|cls)\b")

#: What a call of a coroutine may stand in beside ``await``: what is told there says nothing against it.
_HANDED = re.compile(
    rb"(?:\b(?:gather|create_task|ensure_future|wait_for|shield|run|run_until_complete)\s*\(|\breturn)\s*\Z"
)


_NAME = re.compile(rb"\w+")
#: The words of a class's name: ``HTTPClient`` has two.
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")


class Calls(NamedTuple):
    """Calls of a method by what it is called on, and the names for instances of classes that have it: ``_data_layer``, ``_layer``."""

    awaited: Counter[bytes]
    other: Counter[bytes]
    classes: set[str]


_NO_CALLS = Calls(Counter(), Counter(), set())


def names_for(name: str) -> set[str]:
    """What an instance of a class may be called, after a line: ``_sales_order`` and ``_order`` for a ``SalesOrder``."""
    words = _WORD.findall(name)
    return {"_" + "_".join(words[n:]).lower() for n in range(len(words))}


def _nearly_all(awaited: int, other: int) -> bool:
    """Whether few calls beside the one in question are not awaited."""
    return other <= 1 + (awaited - 1) // 4


class Coroutines:
    def __init__(self, project: Project) -> None:
        self._project = project
        self._names: frozenset[bytes] | None = None
        self._known: dict[str, Calls] = {}

    def is_awaited(self, name: str, holder: str) -> bool:
        """Whether the method is always a coroutine, and the project awaits (nearly) all calls of it, on anything and on what is called
        ``holder``; some of these, or the class that has the method is called so, too: ``datasette.refresh_schemas()``."""
        if name not in self._known:
            self._known[name] = self._count(name.encode()) if name.encode() in self._coroutines() else _NO_CALLS
        calls, key = self._known[name], holder.encode()
        if not (calls.awaited[key] or (calls.awaited and holder and f"_{holder}" in calls.classes)):
            return False
        return _nearly_all(calls.awaited[key] or 1, calls.other[key]) and _nearly_all(
            calls.awaited.total(), calls.other.total()
        )

    def _coroutines(self) -> frozenset[bytes]:
        """The names of methods that are coroutines wherever they are defined."""
        if self._names is None:
            found: set[bytes] = set()
            plain: set[bytes] = set()
            for data in self._texts():
                plain.update(_PLAIN.findall(data))
                if b"async" in data:
                    found.update(_COROUTINE.findall(data))
            self._names = frozenset(found - plain)
        return self._names

    def _texts(self) -> Iterator[bytes]:
        for path in self._project.application_files():
            known = self._project.by_path.get(path)
            with suppress(OSError, Unreadable, UnicodeError):
                yield known.text.encode() if known is not None and known.text else self._project.bytes_of(path)

    def _count(self, name: bytes) -> Calls:
        calls = Calls(Counter(), Counter(), set())
        call = re.compile(rb"[\w.]*?(\w*)\.%s\s*\(" % name)
        # `self.notify_all = notify`, `notify_all: Callable[[str], None]`: what is kept under the name may be anything.
        kept = re.compile(rb"\.%s\s*(?::[^\n=]*)?=[^=]|^\s+%s\s*:.*\bCallable\b" % (name, name), re.M)
        for text in self._texts():
            if name not in text:
                continue
            if kept.search(text) is not None:
                return _NO_CALLS
            for each in call.finditer(text):
                before = text[max(0, each.start() - 60) : each.start()]
                if before.rstrip(b" (\t\n").endswith(b"await"):
                    calls.awaited[each[1]] += 1
                elif _HANDED.search(before) is None:
                    calls.other[each[1]] += 1
            for each in re.finditer(rb"\basync\s+def\s+%s\(" % name, text):
                _, _, head = (b"\n" + text[: each.start()]).rpartition(b"\nclass ")
                if (owner := _NAME.match(head)) is not None:
                    calls.classes.update(names_for(owner[0].decode()))
        return calls
