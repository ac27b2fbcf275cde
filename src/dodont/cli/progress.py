"""How far a run is, on a terminal at which somebody may be waiting."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress

#: Seconds for which nobody needs to be told anything, and between two things told.
PATIENCE, PAUSE = 1.0, 0.1


class Bar:
    """A bar on stderr, which is drawn by whoever tells it of files: no thread may run where processes are forked."""

    def __init__(self) -> None:
        self._next = monotonic() + PATIENCE
        self._shown: Progress | None = None

    def __call__(self, done: int, total: int) -> None:
        now = monotonic()
        if now < self._next:
            return
        self._next = now + PAUSE
        if self._shown is None:
            self._shown = _bar()
        self._shown.update(self._shown.task_ids[0], completed=done, total=total)
        self._shown.start()
        self._shown.refresh()

    def close(self) -> None:
        """Leave nothing behind."""
        if self._shown is not None:
            self._shown.stop()


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    shown = Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files"),
        console=Console(stderr=True),
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    shown.add_task("")
    return shown


@contextmanager
def bar(options: dict[str, Any]) -> Iterator[Bar | None]:
    """A bar where somebody may look at it."""
    if options["quiet"] or not _is_watched():
        yield None
        return
    made = Bar()
    try:
        yield made
    finally:
        made.close()


def _is_watched() -> bool:
    try:
        is_terminal = sys.stderr.isatty()
    except ValueError:  # closed
        return False
    return is_terminal and os.environ.get("TERM") != "dumb" and os.environ.get("CI", "") in ("", "0", "false")
