"""Which columns queries use, and that a module known from an earlier run still says so."""

from __future__ import annotations

import os
from pathlib import Path

from dodont.engine.driver import check
from dodont.engine.settings import Settings
from dodont.models.library import Library
from dodont.project import summary
from dodont.project.finder import Finder
from dodont.project.project import Project

SQLALCHEMY = """
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[str]
    total: Mapped[int]
    customer_id: Mapped[int]
    customer: Mapped[Customer] = relationship()


def due(session: Session, least: int) -> list[Order]:
    query = select(Order).where(Order.status == "due", Order.total > least)
    query = query.join(Customer, Customer.id == Order.customer_id)
    return session.scalars(query.order_by(Order.id.desc())).all()


def first(session: Session, status: str) -> Order | None:
    return session.query(Order).filter_by(status=status).first()
"""

DJANGO = """
from django.db import models
from django.db.models import Q


class Customer(models.Model):
    name = models.CharField(max_length=80)


class Order(models.Model):
    status = models.CharField(max_length=8)
    total = models.IntegerField()
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)


def due(name: str) -> models.QuerySet:
    return Order.objects.filter(Q(status="due") | Q(total__gt=9), customer__name__in=[name]).order_by("-total")


def one(customer: Customer) -> Order:
    return Order.objects.get(customer=customer)
"""


def uses(path: Path, text: str) -> set[tuple[str, str, str]]:
    path.write_text(text)
    project = Project(path.parent, Finder(path.parent, ()), Library(), base=path.parent)
    module = project.load(os.fspath(path))
    assert module is not None
    project.complete(module)
    _, told = summary.written(module)
    assert told is not None
    assert len(summary.read(told)["uses"]) == 1 + len(module.uses)  # a tag, and each of them
    return {(use.entity.rpartition(".")[2], use.column, use.how) for use in module.uses}


def test_columns_of_sqlalchemy(tmp_path: Path) -> None:
    assert uses(tmp_path / "shop.py", SQLALCHEMY) == {
        ("Order", "status", "equal"),
        ("Order", "total", "least"),
        ("Customer", "id", "join"),
        ("Order", "customer_id", "join"),
        ("Order", "id", "order"),
    }


def test_columns_of_django(tmp_path: Path) -> None:
    assert uses(tmp_path / "shop.py", DJANGO) == {
        ("Order", "status", "other"),  # one or the other: an index over one of them does not help
        ("Order", "total", "other"),
        ("Order", "customer", "join"),
        ("Customer", "name", "equal"),
        ("Order", "total", "order"),
        ("Order", "customer", "equal"),
    }


def test_nothing_is_said_of_what_is_no_query(tmp_path: Path) -> None:
    path = tmp_path / "plain.py"
    path.write_text("def due(orders):\n    return [order.customer.name for order in orders if order.status == 'due']\n")
    assert not check([path], Settings(root=tmp_path)).diagnostics
