"""Which dodont this is: its own code, data and Python, as one digest."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).parent.parent


@cache
def own_code() -> str:
    """The digest of every module, model and the catalogue, and of the Python that runs them."""
    found = blake2b(f"{sys.implementation.cache_tag} {sys.version_info}".encode(), digest_size=12)
    for directory, names, files in os.walk(_PACKAGE):
        names[:] = sorted(name for name in names if name != "__pycache__" and name != "_cards")
        for name in sorted(files):
            if name.endswith((".py", ".toml", ".jsonl")):
                found.update(name.encode())
                found.update((Path(directory) / name).read_bytes())
    return found.hexdigest()


def environment(parts: Iterable[Any]) -> str:
    """The digest of all that findings hang on beside the sources: of these settings, of dodont and Python."""
    told = "\n".join([own_code(), os.sep, *map(repr, parts)])
    return blake2b(told.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
