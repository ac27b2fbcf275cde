"""The command line. One module per command, each imported only when its command runs."""

from __future__ import annotations

import os
import sys

from dodont import __version__


def main() -> None:
    """Run dodont with the process's arguments and leave with 0 clean, 1 findings, 2 could not do the job, 130 interrupted."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        # Hooks and CI caches ask often; the answer needs no option parser.
        print(f"dodont {__version__}")
        return
    try:
        from dodont.cli.app import INTERRUPTED, run

        code = run()
        if code == INTERRUPTED:
            # At its exit Python would wait for the thread that looks after the processes which were just ended: it may wait for them
            # in its turn (gh-94777), or close the pipe by which it is told to stop.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        sys.exit(code)
    except KeyboardInterrupt:
        # Before or after what ``run`` watches over: imports take a while.
        sys.exit(130)
