"""What files tell the indices of a project is read once, and again only when they change."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from dodont.project import readings
from dodont.project.readings import NOTHING, Reading, Readings, overview_of

TEXT = """\
from base import Clock as C
from shop.models import (Order as Placed, item as thing)


class Repository(Base[Order], mixins.Timed):
    def find(self, name): ...


class Item(
    models.Model,
):
    order = models.ForeignKey(Order, related_name="items", on_delete=models.CASCADE)

    async def load(self): ...
"""


class Dictionary:
    def __init__(self) -> None:
        self.known: dict[str, Reading] = {}

    def fetch(self, paths: Sequence[str]) -> None: ...

    def get(self, path: str) -> Reading | None:
        return self.known.get(path)

    def put(self, path: str, reading: Reading) -> None:
        self.known[path] = reading


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are read, from now on."""
    found: list[str] = []
    original = readings.read

    def noted(path: str) -> bytes:
        found.append(path)
        return original(path)

    monkeypatch.setattr(readings, "read", noted)
    return found


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "a.py").write_text(TEXT, encoding="utf-8")
    return str(tmp_path / "a.py")


def test_an_overview() -> None:
    found = overview_of(TEXT.encode())
    assert list(found.bases) == [
        ("Base", "Repository"), ("Order", "Repository"), ("mixins", "Repository"), ("Timed", "Repository"),
        ("models", "Item"), ("Model", "Item"),
    ]  # fmt: skip
    assert list(found.aliases) == [("Clock", "C"), ("Order", "Placed")]
    assert list(found.functions) == ["find", "load"]
    assert {"items", "Item", "item", "item_set"} <= set(found.related)
    assert overview_of(b"def f(): ...\n") is NOTHING


def test_a_file_that_stays_is_not_read_again(path: str, read: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "RECENT", 0)
    shelf = Dictionary()
    first = Readings(shelf=shelf)
    told = [*first.overviews([path])], first.digest(path)
    assert read == [path]
    again = Readings(shelf=shelf)
    assert ([*again.overviews([path])], again.digest(path)) == told
    assert read == [path]
    Path(path).write_text(TEXT.replace("Timed", "Dated"), encoding="utf-8")
    os.utime(path, (1, 1))
    assert [*Readings(shelf=shelf).overviews([path])] != told[0]
    assert Readings(shelf=shelf).digest(path) != told[1]
    assert read == [path] * 2


def test_a_file_that_has_just_changed_may_change_again(path: str, read: list[str]) -> None:
    shelf = Dictionary()
    Readings(shelf=shelf).digest(path)
    assert not shelf.known


def test_what_stands_for_a_file_is_not_kept(path: str, read: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "RECENT", 0)
    shelf = Dictionary()
    unsaved = Readings({path: b"class A(B): ..."}, shelf)
    assert [each.bases for _, each in unsaved.overviews([path])] == [[("B", "A")]]
    assert not shelf.known
    assert not read


def test_a_file_that_is_gone(path: str) -> None:
    assert not [*Readings(shelf=Dictionary()).overviews([path + "x"])]
