"""How many instructions a check of the sample application takes, in units of ``ast.parse`` of its files, as valgrind counts.

That hangs on nothing but the code: machines and their load do not show. Imports, the libraries' models and sqlglot are the most of it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

from tests.ecosystem.process import REPOSITORY

_START = """
import ast, gc
from pathlib import Path
gc.disable()
root = Path({root!r})
sources = [path.read_bytes() for path in sorted(root.rglob("*.py"))]
"""
_PARSE = """
for _ in range(10):
    for source in sources:
        ast.parse(source)
"""
_CHECK = """
from dodont.engine.driver import check
from dodont.engine.settings import Settings
check([root], Settings(root=root))
gc.freeze()  # as the command line does
"""


def ratio() -> float:
    """Instructions of a check over those of parsing. What dodont imports is a part of it, early or late; Python's own start is not."""
    start, parse, check = (_count(after) for after in ("", _PARSE, _CHECK))
    return (check - start) / ((parse - start) / 10)


def _count(after: str) -> int:
    code = _START.format(root=str(REPOSITORY / "docs" / "shop")) + after
    command = [sys.executable, "-c", code]
    environment = dict(os.environ, PYTHONHASHSEED="0", PYTHONPATH=str(REPOSITORY / "src"))
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run(command, env=environment, check=True)  # compiles what is not compiled yet
    valgrind = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    told = subprocess.run([*valgrind, *command], env=environment, capture_output=True, text=True, check=True).stderr
    found = re.search(r"I\s+refs:\s+([\d,]+)", told)
    if found is None:
        raise ValueError(f"valgrind told no count: {told[-500:]}")
    return int(found[1].replace(",", ""))


if __name__ == "__main__":
    print(f"{ratio():.2f}")
