"""In what surroundings a function is called: within a transaction, or with a row that was locked.

``charge(account)`` that writes twice is all right where its callers have opened a transaction. Who they are no fact of the function
tells, so this is read off the lines around the places that call a function of that name, in the files that speak of transactions or locks
at all, and where one of them is in the function's own file, off the lines around its callers' calls, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dodont.project.source import Unreadable

if TYPE_CHECKING:
    from dodont.project.project import Project

_TELLING = re.compile(r"atomic|transaction|\.begin\(|for_update|[_.]lock\(|with \w*lock", re.I)
_OPENS = re.compile(
    r"^\s*(?:async\s+)?with\b.*(?:atomic|transaction|\.begin\()|^\s*@.*(?:atomic|transaction|_lock\b)", re.I
)
_LOCKS = re.compile(r"for_update|[_.]lock\(|\block\b|with \w*lock", re.I)
_DEF = re.compile(r"\s*(?:async\s+)?def\s+(\w+)")
_PER_REQUEST = re.compile(r"""ATOMIC_REQUESTS["']?\]?\s*[:=](?!\s*(?:False|None|0)\b)""", re.I)

#: Calls of one name that are looked at: one that is called more often is a common word.
MAX_CALLS = 40
#: Functions of one name: which of them `form.save()` calls no name tells.
MAX_SAME = 2
#: Callers in its own file whose calls are looked at, too.
MAX_OWN = 5


class Callers:
    def __init__(self, project: Project) -> None:
        self._project = project
        self._telling: list[tuple[str, str]] | None = None
        self._per_request = False
        self._known: dict[tuple[str, str], tuple[bool, bool]] = {}

    def per_request(self) -> bool:
        """Whether Django's settings open a transaction for every request."""
        self._texts()
        return self._per_request

    def around(self, name: str, path: str) -> tuple[bool, bool]:
        """Whether a call of a function of that name, defined in the file ``path``, is made within a transaction, and whether by a
        function that locks rows. ``.name`` is a method, ``serializer.save`` what is called on an object of that name."""
        key = name, path
        if key not in self._known:
            owner, _, own = name.rpartition(".")
            head = f"def {own}("
            common = bool(owner) or sum(text.count(head) for _, text in self._texts()) > MAX_SAME
            names = [name] if common else [name, *self._own(name, path)]
            near = self._near(path) if common else ""
            texts = [text for where, text in self._texts() if where.startswith(near)]
            found = [each for one in names for text in texts for each in _surroundings(one, text)]
            self._known[key] = any(opens for opens, _, _ in found), any(locks for _, locks, _ in found)
        return self._known[key]

    def _own(self, name: str, path: str) -> list[str]:
        """The functions of its own file that call it, one or two calls away."""
        text = self._project.text(path)
        dot = "." if name[0] == "." else ""
        found: list[str] = []
        for each in (name, name):
            for one in [each, *found]:
                found += sorted(
                    {f"{dot}{caller}" for _, _, caller in _surroundings(one, text) if caller} - {name, *found}
                )
        return found[:MAX_OWN]

    def _near(self, path: str) -> str:
        """The part of the project that a file belongs to: of a common name, calls elsewhere mean others."""
        shown = self._project.display(path).split("/")
        return "/".join(shown[: min(2, len(shown) - 1)])

    def _texts(self) -> list[tuple[str, str]]:
        """The files that speak of transactions or locks, but for tests and migrations."""
        if self._telling is None:
            self._telling = []
            project = self._project
            for path in project.application_files():
                try:
                    text = project.bytes_of(path).decode("utf-8", "replace")
                except (OSError, Unreadable):
                    continue
                if _TELLING.search(text):
                    self._telling.append((project.display(path), text))
                    self._per_request = self._per_request or _PER_REQUEST.search(text) is not None
        return self._telling


def _surroundings(name: str, text: str) -> Iterator[tuple[bool, bool, str]]:
    """Of each call: whether lines above it open a transaction around it, whether its function locks, and that function's name."""
    word = f"{name}("
    if word not in text:
        return
    lines = text.split("\n")
    calls = [number for number, line in enumerate(lines) if word in line and _calls(name, line, text)]
    for number in calls if len(calls) <= MAX_CALLS else ():
        opens = _OPENS.match(lines[number]) is not None
        indent = _indent(lines[number])
        while number > 0 and indent > 0:
            number -= 1
            line = lines[number]
            if not line.strip() or _indent(line) >= indent or line.lstrip()[0] in ")#":
                continue  # `) -> Order:` ends a head of several lines
            indent = _indent(line)
            opens = opens or _OPENS.match(line) is not None
            head = _DEF.match(line)
            if head is not None:
                above = number - 1
                while above >= 0 and lines[above].lstrip().startswith("@"):
                    opens = opens or _OPENS.match(lines[above]) is not None
                    above -= 1
                yield opens, _locks(lines, number, indent), head[1]
                break
        else:
            yield opens, False, ""


def _calls(name: str, line: str, text: str) -> bool:
    """Whether a line calls what has the name: a method of some object but the managers of Django's, which have methods of common
    names, a function by itself or as what a module has."""
    found = re.search(rf"(?<!\w){re.escape(name)}\(" if name[0] != "." else rf"{re.escape(name)}\(", line)
    if found is None:
        return False
    before = line[: found.start()]
    if name[0] == ".":
        return not before.endswith("objects")
    if before.endswith("."):
        holder = _LAST.search(before)
        return holder is not None and re.search(rf"^\s*(?:from .*)?import .*\b{holder[1]}\b", text, re.M) is not None
    return not before.rstrip().endswith(("def", "class"))


_LAST = re.compile(r"(\w+)\.$")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _locks(lines: list[str], number: int, indent: int) -> bool:
    for line in lines[number + 1 :]:
        if line.strip() and _indent(line) <= indent and not line.lstrip().startswith(")"):
            return False
        if _LOCKS.search(line):
            return True
    return False
