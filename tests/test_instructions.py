"""A check costs as many instructions as it did: more by a twentieth is a change of its own, to be made on purpose."""

from __future__ import annotations

import shutil
import sys

import pytest

from tests.bench.instructions import ratio

#: By Python version: what `python -m tests.bench.instructions` prints.
EXPECTED = {(3, 11): 29.5}


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
@pytest.mark.skipif(sys.version_info[:2] not in EXPECTED, reason="never counted on this Python")
def test_instructions() -> None:
    assert ratio() < EXPECTED[sys.version_info[:2]] * 1.05
