"""Rules over the whole project: what they decide about is the same in a cold run, a warm one, and one of several processes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from dodont.engine.driver import check
from dodont.engine.settings import Settings

FILES = {
    "shop/__init__.py": "",
    "shop/models.py": """\
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(80))
    phone: Mapped[str] = mapped_column(String(80))
""",
    "shop/first.py": """\
from sqlalchemy import select

from shop.models import Customer


def first(session, email, phone):
    session.add(Customer(email=email, phone=phone))
    session.scalars(select(Customer).where(Customer.phone == phone))
    return session.scalars(select(Customer).where(Customer.email == email))
""",
    "shop/second.py": """\
from sqlalchemy import select

from shop.models import Customer


def second(session, email):
    return session.scalars(select(Customer).where(Customer.email == email))
""",
}
BY_PHONE = FILES["shop/second.py"].replace("email", "phone")
INDEXED = FILES["shop/models.py"].replace(
    "email: Mapped[str] = mapped_column(String(80))", "email: Mapped[str] = mapped_column(String(80), index=True)"
)


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def found(root: Path, *, cache: bool = True, jobs: int = 1) -> list[str]:
    settings = Settings(root=root, select=("unindexed-query-column",))
    report = check([root / "shop"], settings, cache_dir=root / ".cache" if cache else None, jobs=jobs)
    return [
        f"{each.message.split('`')[1]} {','.join(step.path for step in each.related)}" for each in report.diagnostics
    ]


def test_every_edit_shows(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    email = ["customers.email shop/first.py,shop/second.py"]
    phone = ["customers.phone shop/first.py,shop/second.py"]
    assert found(tmp_path) == email == found(tmp_path)
    for name, text, wanted in (
        ("shop/second.py", BY_PHONE, phone),
        ("shop/models.py", INDEXED, phone),
        ("shop/second.py", FILES["shop/second.py"], []),
        ("shop/models.py", FILES["shop/models.py"], email),
    ):
        write(tmp_path, {name: text})
        assert found(tmp_path) == wanted == found(tmp_path, cache=False) == found(tmp_path)
    (tmp_path / "shop/second.py").unlink()
    assert found(tmp_path) == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_whoever_analyses_what(tmp_path: Path, jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, FILES)
    monkeypatch.setattr("dodont.engine.workers.WORTH_A_PROCESS", 0)
    assert found(tmp_path, cache=False, jobs=jobs) == ["customers.email shop/first.py,shop/second.py"]


def test_without_rules_over_the_project(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    settings = Settings(root=tmp_path, select=("unindexed-query-column",), project_rules=False)
    assert check([tmp_path], settings).diagnostics == ()
