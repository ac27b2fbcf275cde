"""Which dodont this is: its own code, data and Python, as one digest."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import cache
from hashlib import blake2b
from typing import Any

from dodont import __version__

_PACKAGE = os.path.dirname(os.path.dirname(__file__))


@cache
def own_code() -> str:
    """What tells one dodont from another: version, Python, and the names and sizes of its modules, models and catalogue.

    A checkout, whose files are edited without a new version, tells them by the times of change as well.
    """
    found = [f"{__version__} {sys.implementation.cache_tag} {sys.version_info}"]
    is_checkout = not os.path.isdir(os.path.join(_PACKAGE, "_cards"))
    pending = [_PACKAGE]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.is_dir():
                    if entry.name not in ("__pycache__", "_cards"):
                        pending.append(entry.path)
                elif entry.name.endswith((".py", ".toml", ".jsonl")):
                    status = entry.stat()
                    found.append(f"{entry.name} {status.st_size} {status.st_mtime_ns if is_checkout else ''}")
    return "\n".join(found)


def environment(parts: Iterable[Any]) -> str:
    """The digest of all that findings hang on beside the sources: of these settings, of dodont and Python."""
    told = "\n".join([own_code(), os.sep, *map(repr, parts)])
    return blake2b(told.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
