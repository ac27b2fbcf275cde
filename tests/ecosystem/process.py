"""Run a command as a child process and say what it cost.

The kernel counts the memory of the moment before ``exec`` towards the child's peak, so whoever measures memory here
must stay small itself.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

# -P: a project's own top-level modules must not shadow the tool's when it runs inside the project.
PYTHON = (sys.executable, "-P")


@dataclass(frozen=True, slots=True)
class Outcome:
    """``user`` and ``system`` are CPU seconds of the child and of the processes it waited for, ``peak`` is in MB."""

    status: int
    output: bytes
    errors: str
    elapsed: float
    user: float
    system: float
    peak: float

    def succeeded(self, *statuses: int) -> bool:
        """Whether the status is one of ``statuses`` and the program did not crash, which Python reports as 1 too."""
        return self.status in statuses and "Traceback (most recent call last)" not in self.errors


def run_dodont(options: Sequence[str], cwd: Path, launcher: Sequence[str] = PYTHON) -> Outcome:
    """Run ``dodont check`` with ``options`` as if for the first time: what an earlier run cached is removed."""
    shutil.rmtree(cwd / ".dodont_cache", ignore_errors=True)
    return run((*launcher, "-m", "dodont", "check", *options), cwd)


def run(command: Sequence[str], cwd: Path, standard_input: bytes = b"") -> Outcome:
    """Run ``command`` to its end. dodont is found in this checkout, and told to keep no cache."""
    environment = dict(os.environ, DODONT_NO_CACHE="1", PYTHONIOENCODING="utf-8")
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed tool is compiled once, not at every start
    search = [str(REPOSITORY / "src"), *filter(None, [environment.get("PYTHONPATH")])]
    environment["PYTHONPATH"] = os.pathsep.join(search)
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        given.write(standard_input)
        given.seek(0)
        started = time.perf_counter()
        child = subprocess.Popen(command, cwd=cwd, env=environment, stdin=given, stdout=output, stderr=errors)
        _, status, usage = os.wait4(child.pid, 0)
        elapsed = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        return Outcome(
            status=child.returncode,
            output=output.read(),
            errors=errors.read().decode("utf-8", "replace"),
            elapsed=elapsed,
            user=usage.ru_utime,
            system=usage.ru_stime,
            peak=usage.ru_maxrss / 1024,
        )
