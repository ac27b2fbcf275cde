"""Who does the work of a run: this process, or a team that is looked for when there is enough to do for one."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from dodont.engine.executors import Team

#: Below so many bytes of source a second process costs more than it saves.
WORTH_A_PROCESS = 400_000


class Workers:
    """``jobs`` is how many processes may share the work. ``executor`` takes their place; it is borrowed and never shut down."""

    def __init__(self, jobs: int = 1, executor: Executor | None = None) -> None:
        self._jobs = jobs if sys.platform != "win32" else min(jobs, 61)  # more are not to be had there
        self._executor = executor
        self._team: Team | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *raised: object) -> None:
        if self._team is not None:
            self._team.close(at_once=any(raised))

    @property
    def are_many(self) -> bool:
        return self._executor is not None or self._jobs > 1

    def team(self, size: int) -> Team | None:
        """Those who share the work on so many bytes of source; None where this process is quicker alone."""
        if self._executor is None and (self._jobs <= 1 or size < WORTH_A_PROCESS):
            return None
        if self._team is None:
            from dodont.engine.executors import Team

            self._team = Team(self._jobs, self._executor)
        return self._team


def default_workers() -> int:
    """As many as this process may use processors."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
