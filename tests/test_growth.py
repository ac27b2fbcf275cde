"""What an analysis costs grows as the code does: of programs twice as long, twice as many calls are made, not four times.

Calls are counted and not seconds, which differ between machines and between two runs on one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from dodont.engine import driver
from dodont.engine.settings import Settings
from dodont.project import project
from tests.growth import CASES

#: How much faster than the code the cost may grow when the code gets twice as long: a logarithm, and what is rounded.
SLACK = 1.3


def _cost(check: Callable[[], object]) -> int:
    """How many calls are made, of functions in Python and in C."""
    count = 0

    def call(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(call)
    try:
        check()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("name", CASES)
def test_cost_grows_as_the_code_does(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "DEBUG", True)
    case = CASES[name]
    costs, lengths = [], []
    for size in (2 * case.size, case.size, 2 * case.size):  # the first one loads and remembers what the others use, too
        root = tmp_path / f"{len(costs)}"
        root.mkdir()
        files = case.make(size)
        for path, text in files.items():
            (root / path).write_text(text)
        settings = Settings(root=root, select=("ALL",))
        lengths.append(sum(map(len, files.values())))
        costs.append(_cost(lambda root=root, settings=settings: driver.check([root], settings)))
    assert costs[2] / costs[1] <= SLACK * lengths[2] / lengths[1], costs
