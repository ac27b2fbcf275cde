"""The command line. One module per command, each imported only when its command runs."""

from __future__ import annotations

import sys

from dodont import __version__


def main() -> None:
    """Run dodont with the process's arguments and leave with 0 clean, 1 findings, 2 could not do the job, 130 interrupted."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        # Hooks and CI caches ask often; the answer needs no option parser.
        print(f"dodont {__version__}")
        return
    try:
        from dodont.cli.app import run

        sys.exit(run())
    except KeyboardInterrupt:
        # Before or after what ``run`` watches over: imports take a while.
        sys.exit(130)
