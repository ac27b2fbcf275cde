"""What rules say of models and migrations is the same cold and warm, in any order of files, with any number of processes."""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dodont.core.diagnostic import Diagnostic
from dodont.engine.analyst import interpreting
from dodont.engine.driver import Run, check
from dodont.engine.settings import Settings

from .test_reuse import EDITS, damage

RULES = ("ODD203", "ODD208", "ODD209", "ODD210", "ODD215")

MIGRATION = """\
from django.db import migrations, models
from fields import ColourField, MoneyField
from shop.helpers import TABLE, note


def fill(apps, schema_editor):
    pass


class Migration(migrations.Migration):
    dependencies = {after}

    operations = [
        {operations}
    ]
"""

FILES: Mapping[str, str] = {
    "shop/__init__.py": "",
    "shop/helpers.py": "from shop.names import TABLE\nfrom django.db import models\n\n\ndef note():\n    return models.TextField()\n",
    "shop/names.py": "TABLE = 'Order'\n",
    "shop/models.py": """\
from django.db import models
from fields import ColourField, MoneyField


class Order(models.Model):
    number = models.CharField(max_length=20)
    tags = models.CharField(max_length=200)
    note = models.TextField(null=True)
    price = MoneyField()
    colour = ColourField()
    phone1 = models.CharField(max_length=20)
    phone2 = models.CharField(max_length=20)
""",
    "shop/views.py": """\
from shop.models import Order


def one(number):
    return Order.objects.get(number=number).tags.split(",")


def several(numbers):
    Order.objects.create(number=numbers[0])
    return Order.objects.filter(number__in=numbers)
""",
    "shop/migrations/__init__.py": "",
    "shop/migrations/0001_initial.py": MIGRATION.format(
        after="[]",
        operations="migrations.CreateModel(TABLE, fields=[('id', models.AutoField(primary_key=True)), "
        "('number', models.CharField(max_length=20)), ('price', MoneyField())]),",
    ),
    "shop/migrations/0002_more.py": MIGRATION.format(
        after="[('shop', '0001_initial')]",
        operations="migrations.AddField(TABLE, 'note', note()), migrations.RunPython(fill),",
    ),
    "stock/__init__.py": "",
    "stock/models.py": """\
from django.db import models
from fields import ColourField
from shop.models import Order


class Box(Order):
    colour = ColourField()
""",
    "stock/migrations/__init__.py": "",
    "stock/migrations/0001_initial.py": MIGRATION.format(
        after="[]",
        operations="migrations.CreateModel('Box', fields=[('order_ptr', models.OneToOneField(parent_link=True, primary_key=True, "
        "to='shop.order')), ('colour', ColourField())]),",
    ),
    "api/base.py": """\
from api.naming import named
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    def __init_subclass__(cls, **words):
        if "__tablename__" not in cls.__dict__:
            cls.__tablename__ = named(cls.__name__)
        super().__init_subclass__(**words)
""",
    "api/naming.py": "def named(name):\n    return name.lower() + 's'\n",
    "api/first.py": """\
from sqlalchemy import Column, Integer, Text
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Label(Base):
    __tablename__ = "labels"
    id = Column(Integer, primary_key=True)
    text = Column(Text)


class Stamp(Base):
    __tablename__ = "stamps"
    __table_args__ = {"schema": "old"}
    id = Column(Integer, primary_key=True)
""",
    "api/models.py": """\
from api.base import Base
from sqlalchemy.orm import Mapped, mapped_column


class Parcel(Base):
    __tablename__ = "parcels"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    sent: Mapped[str]


class Label(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str | None]
    seen: Mapped[str]


class Stamp(Base):
    __table_args__ = {"schema": "old"}

    id: Mapped[int] = mapped_column(primary_key=True)
    sort: Mapped[str | None]
""",
    "api/start.py": "from api.base import Base\n\n\ndef start(engine):\n    Base.metadata.create_all(engine)\n",
    "alembic/env.py": "from alembic import context\nfrom api.base import Base\n\ntarget_metadata = Base.metadata\n",
    "alembic/script.py.mako": "",
    "alembic/versions/a1_parcels.py": """\
import sqlalchemy as sa
from alembic import op

revision = "a1"
down_revision = None


def upgrade():
    op.create_table("parcels", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("code", sa.Text()))
    op.add_column("labels", sa.Column("day", sa.Date()))
    op.add_column("stamps", sa.Column("day", sa.Date(), nullable=False), schema="old")


def downgrade():
    pass
""",
}


def write(root: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def in_order(root: Path, own: Settings, seed: int) -> list[Diagnostic]:
    paths = sorted(map(str, root.rglob("*.py")))
    random.Random(seed).shuffle(paths)
    with interpreting():
        run = Run(own)
        return sorted(run.files(paths), key=lambda each: each.sort_key)


def test_all_rules_have_something_to_say(tmp_path: Path) -> None:
    write(tmp_path / "project")
    found = check([tmp_path / "project"], Settings(root=tmp_path / "project", select=RULES)).diagnostics
    assert {each.code for each in found} == {*RULES}
    assert {(each.path, each.message) for each in found if each.code == "ODD210"} == {
        ("shop/models.py", "no migration creates the column `tags` of `Order`"),
        ("shop/models.py", "no migration creates the column `phone1` of `Order`"),
        ("shop/models.py", "no migration creates the column `phone2` of `Order`"),
        ("shop/models.py", "`Order.note` is null here, and not null after all migrations"),
        ("api/models.py", "`Parcel.code` is not null here, and null after all migrations"),
        ("api/models.py", "no migration creates the column `sent` of `Parcel`"),
        ("api/models.py", "no migration creates the column `seen` of `Label`"),
        ("api/models.py", "no migration creates the column `sort` of `Stamp`"),
        (
            "api/models.py",
            "migrations give `Stamp` a column `day` that is not null, and the model has none: what it writes is refused",
        ),
    }


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS, one=st.booleans())
def test_warm_is_as_cold_after_any_edits(tmp_path: Path, edits: list[tuple[str, int]], one: bool) -> None:
    root = tmp_path / "project"
    write(root)
    own = Settings(root=root, select=RULES)
    check([root], own, cache_dir=root / ".dodont_cache")
    names = [name for name in FILES if name.endswith(".py")]
    for kind, seed in edits:
        chance = random.Random(seed)
        if kind == "restore":
            name = chance.choice(names)
            (root / name).write_text(FILES[name], encoding="utf-8")
        else:
            damage(root, names, kind, chance)
        paths = [root]
        if one and (there := [root / name for name in names if (root / name).exists()]):
            paths = [chance.choice(there)]
        assert check(paths, own, cache_dir=root / ".dodont_cache") == check(paths, own)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS, seed=st.integers(0, 10**6))
def test_any_order_of_files(tmp_path: Path, edits: list[tuple[str, int]], seed: int) -> None:
    root = tmp_path / "project"
    write(root)
    own = Settings(root=root, select=RULES)
    names = [name for name in FILES if name.endswith(".py")]
    for kind, chance in edits:
        if kind != "restore":
            damage(root, names, kind, random.Random(chance))
    first = in_order(root, own, seed)
    assert in_order(root, own, seed + 1) == first


def test_any_number_of_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dodont.engine.workers.WORTH_A_PROCESS", 0)
    root = tmp_path / "project"
    write(root)
    own = Settings(root=root, select=RULES)
    assert check([root], own, jobs=2).diagnostics == check([root], own).diagnostics
