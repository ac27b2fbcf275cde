"""A sample of the standard library through every rule and every fix: ``python -m tests.ecosystem stdlib`` takes all of it."""

from __future__ import annotations

from tests.ecosystem.sturdy import faults, modules, sample


def test_nothing_breaks_on_one_module_in_forty() -> None:
    files = [file for file in modules() if "site-packages" not in file.parts]
    assert len(files) > 500
    assert not list(faults(sample(files, 40)))
