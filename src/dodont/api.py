"""dodont as a library: what ``dodont check`` does, called from Python."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from dodont.config import ConfigError, Governing
from dodont.core.diagnostic import Diagnostic, Fix, Span, Step
from dodont.engine.driver import Report
from dodont.engine.files import Files, MissingPath
from dodont.engine.selection import UnknownSelection
from dodont.engine.settings import Settings

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = [
    "ConfigError",
    "Diagnostic",
    "Fix",
    "MissingPath",
    "Report",
    "Settings",
    "Span",
    "Step",
    "UnknownSelection",
    "check",
]


def check(
    paths: str | Path | Iterable[str | Path],
    settings: Settings | None = None,
    executor: Executor | None = None,
    jobs: int = 1,
    cache_dir: str | Path | None = None,
) -> Report:
    """Check files and directories, and report what was found.

    ``paths``: one path or several; directories are walked as by the command line.
    ``settings``: how all of them are judged; without, each file by the configuration nearest to it.
    ``executor``: a ``concurrent.futures.Executor`` that shares the work. It is borrowed: shutting it down is its owner's business.
    ``jobs``: how many processes may share the work where there is no executor, if it is enough. Where other threads run, and
    elsewhere than on Linux, they are spawned, which takes an ``if __name__ == "__main__"`` in scripts.
    ``cache_dir``: where to keep what later runs can use; without, nothing is kept. Several projects may share it.

    The report has ``diagnostics``, sorted by path, place and code, and ``files``, the number of files that were checked. Paths
    in it are relative to ``settings.root``, or to the one directory that holds the roots of all that was named, with ``/``.
    A file that cannot be read or parsed, or that dodont fails on, costs one diagnostic with the code ODD000.

    Raises ``MissingPath`` for a path that does not exist, ``ConfigError`` for a configuration that is wrong, ``UnknownSelection``
    for a word in ``settings`` that names no rule, and ``ValueError`` for ``jobs`` below 1 or a root that is not absolute.
    """
    from dodont.engine import groups

    if jobs < 1:
        raise ValueError(f"jobs is the number of processes, 1 or more, not {jobs}")
    if settings is not None and not settings.root.is_absolute():
        raise ValueError(f"the root of settings is absolute, not {settings.root}")
    given = [Path(path) for path in ((paths,) if isinstance(paths, str | Path) else paths)]
    if not given:
        return Report((), 0)
    files = Files(settings if settings is not None else Governing())
    found = files.find(given)
    absolute = [os.path.abspath(path) for path in given]  # noqa: PTH100
    if settings is not None:
        main, root = settings, settings.root
    else:
        first = absolute[0]
        main = files.governing(first if os.path.isdir(first) else os.path.dirname(first))  # noqa: PTH112, PTH120
        root = groups.common_root(absolute, files.governing)
    kept = Path(os.path.abspath(cache_dir)) if cache_dir is not None else None  # noqa: PTH100
    done = groups.check(found, main, root, cache_dir=lambda settings: kept, jobs=jobs, executor=executor)
    return Report(done.diagnostics, done.files)
