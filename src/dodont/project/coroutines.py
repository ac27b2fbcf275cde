"""Whether a method's name means a coroutine throughout the project: asked of a call on an object nobody knows.

``self.ds.ensure_permissions(request)`` in a class that was given ``ds`` without a word: where all that the project defines by that name are
coroutines, and other calls of it on a ``ds`` are awaited, so is this one. Read off the text of all files, once, when first asked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from dodont.project.finder import MAX_FILES
from dodont.project.roles import role_by_path
from dodont.project.source import Unreadable

if TYPE_CHECKING:
    from dodont.project.project import Project

_COROUTINE = re.compile(rb"\basync\s+def\s+(\w+)\(\s*(?:self|cls)\b")
_PLAIN = re.compile(rb"(?<!async )\bdef\s+(\w+)\(\s*(?:self|cls)\b")
_ELSEWHERE = frozenset({"test", "migration"})

#: What a call of a coroutine may stand in beside ``await``: what is told there says nothing against it.
_HANDED = re.compile(
    rb"(?:\b(?:gather|create_task|ensure_future|wait_for|shield|run|run_until_complete)\s*\(|\breturn)\s*\Z"
)


class Coroutines:
    def __init__(self, project: Project) -> None:
        self._project = project
        self._paths: list[str] = []
        self._names: frozenset[bytes] | None = None
        self._known: dict[str, tuple[Counter[bytes], int]] = {}

    def calls(self, name: str, holder: str) -> tuple[int, int]:
        """How many calls of the method on what is called ``holder`` the project awaits, and how many calls of it on anything it
        does not; none where the method is not always a coroutine."""
        if name not in self._known:
            self._known[name] = self._count(name.encode()) if name.encode() in self._coroutines() else (Counter(), 0)
        awaited, other = self._known[name]
        return awaited[holder.encode()], other

    def _coroutines(self) -> frozenset[bytes]:
        """The names of methods that are coroutines wherever they are defined."""
        if self._names is None:
            project = self._project
            paths = project.finder.python_files()
            self._paths = [
                path
                for path in (paths if len(paths) < MAX_FILES else ())
                if role_by_path(project.display(path), project.roles) not in _ELSEWHERE
            ]
            found: set[bytes] = set()
            plain: set[bytes] = set()
            for data in self._texts():
                plain.update(_PLAIN.findall(data))
                if b"async" in data:
                    found.update(_COROUTINE.findall(data))
            self._names = frozenset(found - plain)
        return self._names

    def _texts(self) -> Iterator[bytes]:
        for path in self._paths:
            known = self._project.by_path.get(path)
            with suppress(OSError, Unreadable, UnicodeError):
                yield known.text.encode() if known is not None and known.text else self._project.bytes_of(path)

    def _count(self, name: bytes) -> tuple[Counter[bytes], int]:
        awaited: Counter[bytes] = Counter()
        other = 0
        call = re.compile(rb"[\w.]*?(\w*)\.%s\s*\(" % name)
        # `self.notify_all = notify`, `notify_all: Callable[[str], None]`: what is kept under the name may be anything.
        kept = re.compile(rb"\.%s\s*(?::[^\n=]*)?=[^=]|^\s+%s\s*:.*\bCallable\b" % (name, name), re.M)
        for text in self._texts():
            if name not in text:
                continue
            if kept.search(text) is not None:
                return Counter(), 0
            for each in call.finditer(text):
                before = text[max(0, each.start() - 60) : each.start()]
                if before.rstrip(b" (\t\n").endswith(b"await"):
                    awaited[each[1]] += 1
                elif _HANDED.search(before) is None:
                    other += 1
        return awaited, other
