"""What is loaded with the rows of a query goes into one list, whatever was there."""

from __future__ import annotations

from pathlib import Path

import pytest

from dodont.engine.fixing import fix
from dodont.engine.settings import Settings

MODELS = """from django.db import models


class Country(models.Model):
    name = models.CharField(max_length=80)


class Customer(models.Model):
    name = models.CharField(max_length=80)
    country = models.ForeignKey(Country, on_delete=models.CASCADE)


class Order(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    shop = models.ForeignKey("Shop", on_delete=models.CASCADE)
    paid = models.BooleanField()


class Shop(models.Model):
    name = models.CharField(max_length=80)


class Item(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="items")
    product = models.ForeignKey(Shop, on_delete=models.CASCADE)


def label(order: Order) -> str:
    return order.customer.name + order.customer.country.name + order.shop.name
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "[order.customer.country.name for order in Order.objects.filter(paid=True)]",
            '[order.customer.country.name for order in Order.objects.select_related("customer__country").filter(paid=True)]',
        ),
        (
            "[label(order) for order in Order.objects.filter(paid=True)]",
            '[label(order) for order in Order.objects.select_related("shop", "customer__country").filter(paid=True)]',
        ),
        (
            "[label(order) for order in Order.objects.filter(paid=True).select_related('customer')]",
            "[label(order) for order in Order.objects.filter(paid=True).select_related('customer__country', 'shop')]",
        ),
        (
            "[item.product.name for order in Order.objects.all() for item in order.items.all()]",
            '[item.product.name for order in Order.objects.prefetch_related("items__product").all()'
            " for item in order.items.all()]",
        ),
    ],
)
def test_relationships_go_into_one_list(tmp_path: Path, before: str, after: str) -> None:
    (tmp_path / "models.py").write_text(MODELS)
    file = tmp_path / "report.py"
    text = "from models import Order, label\n\n\ndef report() -> list[str]:\n    return {}\n"
    file.write_text(text.format(before))
    report = fix([tmp_path], Settings(root=tmp_path, select=("lazy-relationship-in-loop",)), unsafe=False, write=True)
    assert file.read_text() == text.format(after)
    assert not report.remaining and not report.trouble


def test_a_librarys_import_stands_above_the_projects_own(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("")
    (tmp_path / "shop" / "models.py").write_text(
        "from sqlalchemy import ForeignKey, create_engine\n"
        "from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship\n\n\n"
        "class Base(DeclarativeBase):\n    pass\n\n\n"
        "class Customer(Base):\n    __tablename__ = 'customers'\n"
        "    id: Mapped[int] = mapped_column(primary_key=True)\n    name: Mapped[str]\n\n\n"
        "class Order(Base):\n    __tablename__ = 'orders'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
        "    customer_id: Mapped[int] = mapped_column(ForeignKey('customers.id'))\n"
        "    customer: Mapped[Customer] = relationship()\n\n\n"
        "session = Session(create_engine('sqlite://'))\n"
    )
    file = tmp_path / "shop" / "report.py"
    rest = (
        "from shop.models import Order, session\n\n\n"
        "def names() -> list[str]:\n    return [order.customer.name for order in session.query(Order){}]\n"
    )
    for head in ("", '"""Reports."""\n\n', "import csv\n\n"):
        file.write_text(head + rest.format(""))
        fix([tmp_path], Settings(root=tmp_path, select=("lazy-relationship-in-loop",)), unsafe=False, write=True)
        loaded = rest.format(".options(selectinload(Order.customer))")
        assert file.read_text() == f"{head}from sqlalchemy.orm import selectinload\n\n{loaded}"
