"""What the loader reads is what the data files say, compiled or not."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from dodont.models import tables


def _forget() -> None:
    for each in (tables._sizes, tables._compiled, tables._is_installed, tables.table_of, tables.files_by_root):
        each.cache_clear()


@pytest.fixture(autouse=True)
def afresh() -> Iterator[None]:
    _forget()
    yield
    _forget()


def test_compiled_tables_are_fresh() -> None:
    found = Path(tables.COMPILED).read_text(encoding="utf-8")
    assert found == tables.compiled(), "run `python -m dodont.models.tables` and commit the file"


def test_they_are_what_toml_gives() -> None:
    for path in Path(tables.DATA).glob("*.toml"):
        assert tables._is_fresh(path.stem)
        assert tables.table_of(path.stem) == tomllib.loads(path.read_text(encoding="utf-8"))
    assert tables.files_by_root()["sqlite3"] == ("sqlite3",)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for path in (*Path(tables.DATA).glob("s*.toml"), Path(tables.COMPILED)):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(tables, "DATA", str(tmp_path))
    monkeypatch.setattr(tables, "COMPILED", str(tmp_path / "tables.jsonl"))
    return tmp_path


@pytest.mark.parametrize("change", ["longer", "as long", "new"])
def test_an_edited_file_is_read_itself(copy: Path, change: str) -> None:
    text = (copy / "sqlite3.toml").read_text(encoding="utf-8")
    if change == "new":
        (copy / "sqlite4.toml").write_text(
            text.replace('imports = ["sqlite3"', 'imports = ["sqlite4"'), encoding="utf-8"
        )
        assert tables.files_by_root()["sqlite4"] == ("sqlite4",)
        return
    new = text.replace("qmark", "named") if change == "as long" else text + '\n["sqlite3.nothing"]\nreturns = "str"\n'
    assert new != text
    (copy / "sqlite3.toml").write_text(new, encoding="utf-8")
    assert tables.table_of("sqlite3") == tomllib.loads(new)
    assert tables.files_by_root()["sqlite3"] == ("sqlite3",)


@pytest.mark.parametrize("text", ["", "{", "[1]\n2\n", None])
def test_without_compiled_tables(copy: Path, text: str | None) -> None:
    if text is None:
        (copy / "tables.jsonl").unlink()
    else:
        (copy / "tables.jsonl").write_text(text, encoding="utf-8")
    assert tables.table_of("sqlite3")["sqlite3.connect"]
    assert tables.files_by_root()["sqlite3"] == ("sqlite3",)
