"""Where the time of a run goes. Functions are wrapped for a run that is measured; any other does not know of this."""

from __future__ import annotations

import functools
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from heapq import nlargest
from time import perf_counter
from typing import Any

FINDING, READING, INTERPRETING, CACHE, WRITING, REST = (
    "finding files",
    "reading and parsing",
    "interpreting",
    "cache",
    "writing output",
    "everything else",
)
_SLOWEST = 10


class Profile:
    """Seconds by phase, each without what it calls of another, and by file."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.files: list[tuple[float, str]] = []
        self._phases = [REST]
        self._since = perf_counter()

    def _turn(self) -> None:
        now = perf_counter()
        self.seconds[self._phases[-1]] += now - self._since
        self._since = now

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        self._turn()
        self._phases.append(name)
        try:
            yield
        finally:
            self._turn()
            self._phases.pop()

    @contextmanager
    def measuring(self) -> Iterator[None]:
        """Everything that runs meanwhile is measured."""
        from dodont.cli import telling
        from dodont.engine.analyst import Analyst
        from dodont.engine.dispatch import Dispatcher
        from dodont.engine.files import Files
        from dodont.engine.reuse import Reuse
        from dodont.project import project

        with ExitStack() as stack:
            for owner, phase, names in (
                (Files, FINDING, ("find", "unsaved")),
                (project, READING, ("parse", "check_syntax")),
                (project.Project, READING, ("_read", "digest")),
                (telling, WRITING, ("report",)),
                (Reuse, CACHE, ("stale", "holds", "summary", "begin", "following", "findings", "analysed", "save")),
            ):
                for name in names:
                    self._wrap(stack, owner, name, functools.partial(_same, phase))
            self._wrap(stack, Dispatcher, "_run", lambda _dispatcher, _project, _module, rule, *_: f"rule {rule.name}")
            self._wrap(stack, Analyst, "file", functools.partial(_same, INTERPRETING), note=self._note)
            yield
        self._turn()

    def _note(self, began: float, _analyst: object, path: str, *_: object) -> None:
        self.files.append((perf_counter() - began, path))

    def _wrap(
        self,
        stack: ExitStack,
        owner: Any,
        name: str,
        phase: Callable[..., str],
        note: Callable[..., None] | None = None,
    ) -> None:
        original = getattr(owner, name)

        @functools.wraps(original)
        def timed(*arguments: Any, **named: Any) -> Any:
            began = perf_counter()
            with self.phase(phase(*arguments)):
                try:
                    return original(*arguments, **named)
                finally:
                    if note is not None:
                        note(began, *arguments)

        setattr(owner, name, timed)
        stack.callback(setattr, owner, name, original)

    def lines(self) -> Iterator[str]:
        """What was measured, for a person."""
        yield f"Time in seconds, {sum(self.seconds.values()):.2f} in all:"
        for name in (FINDING, READING, INTERPRETING):
            yield f"{self.seconds[name]:8.2f}  {name}"
        rules = [name for name in self.seconds if name.startswith("rule ")]
        for name in sorted(rules, key=lambda name: (-self.seconds[name], name)):
            yield f"{self.seconds[name]:8.2f}  {name}"
        for name in (CACHE, WRITING, REST):
            yield f"{self.seconds[name]:8.2f}  {name}"
        if self.files:
            yield "Slowest files, each with what it is the first to need of others:"
        for seconds, path in nlargest(_SLOWEST, self.files):
            lines = _lines_of(path)
            yield f"{seconds:8.2f}  {os.path.relpath(path)}" + (f" ({lines} lines)" if lines is not None else "")


def _same(phase: str, *_: object) -> str:
    return phase


def _lines_of(path: str) -> int | None:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read().count(b"\n")
    except OSError:
        return None
