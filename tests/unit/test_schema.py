"""The schema that models declare, read from their source: each way to say a thing, and what must not be guessed."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from dodont.models.library import Library
from dodont.output import schema as output
from dodont.project.finder import Finder
from dodont.project.project import Project
from dodont.schema.declared import Declared, declared


def read(root: Path, **files: str) -> Declared:
    """What the files declare; ``shop__models`` is ``shop/models.py``."""
    for name, text in files.items():
        path = root / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        for directory in path.parents:
            if directory != root and directory.is_relative_to(root):
                (directory / "__init__.py").touch()
        path.write_text(dedent(text))
    (root / "pyproject.toml").touch()
    return declared(Project(root, Finder(root, ()), Library(), base=root))


def told(found: Declared) -> str:
    """The schema as ``dodont schema`` prints it, without places and the closing line."""
    lines = [
        line.partition("  ")[0] if line[:1] not in (" ", "") else line
        for line in output.text([output.Part(found.schema())])
    ]
    return "\n".join(lines[:-1]).strip()


def expect(text: str) -> str:
    return dedent(text).strip()


def test_a_base_of_a_module_that_is_still_being_read(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        app__base="""
        from app.users import prepare
        from sqlalchemy.orm import declarative_base
        prepare()
        Base = declarative_base()
        """,
        app__users="""
        from app.base import Base
        from sqlalchemy import Column, Integer

        class User(Base):
            __tablename__ = "users"
            id = Column(Integer, primary_key=True)

        def prepare(): ...
        """,
        app__models="""
        from app.base import Base
        from sqlalchemy import Column, Integer

        class Order(Base):
            __tablename__ = "orders"
            id = Column(Integer, primary_key=True)
        """,
    )
    assert [*found.schema().tables] == ["orders", "users"]


def test_mapped_annotations(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        models="""
        import enum
        from datetime import datetime
        from decimal import Decimal
        from typing import Annotated, List, Optional
        from sqlalchemy import ForeignKey, String, func
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

        key = Annotated[int, mapped_column(primary_key=True)]

        class State(enum.Enum):
            OPEN = 1

        class Base(DeclarativeBase):
            pass

        class Stamped:
            created: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)

        class Customer(Stamped, Base):
            __tablename__ = "customers"
            id: Mapped[key]
            email: Mapped[str] = mapped_column(String(80), unique=True)
            nick: Mapped[Optional[str]]
            note: Mapped["str | None"] = mapped_column("remark")
            state: Mapped[State]
            worth: Mapped[Decimal]
            orders: Mapped[List["Order"]] = relationship(back_populates="customer", lazy="selectin")

        class Order(Base):
            __tablename__ = "orders"
            id: Mapped[key]
            customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
            parent_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
            customer: Mapped[Customer] = relationship(back_populates="orders")
            children: Mapped[list["Order"]] = relationship()
        """,
    )
    assert told(found) == expect(
        """
        customers of models.Customer
            created  DateTime not null index filled in by the database
            id       Integer primary key
            email    String not null unique
            nick     String null
            remark   String null as note
            state    Enum not null
            worth    Numeric not null
            orders -> many models.Order, loaded eagerly

        orders of models.Order
            id           Integer primary key
            customer_id  Integer not null references customers.id
            parent_id    Integer null references orders.id
            customer -> models.Customer
            children -> many models.Order
        """
    )


def test_columns_and_table_arguments(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        base="""
        from sqlalchemy.orm import declarative_base
        Base = declarative_base()
        INDEXED = True
        """,
        types="""
        from sqlalchemy.types import CHAR, TypeDecorator

        class Guid(TypeDecorator):
            impl = CHAR
        """,
        models="""
        import sqlalchemy as sa
        from sqlalchemy import Column, Index, PrimaryKeyConstraint, UniqueConstraint
        from sqlalchemy.orm import declared_attr, deferred, relationship
        from base import Base, INDEXED
        from types_ import Guid

        class Owned:
            @declared_attr
            def owner_id(cls):
                return Column(sa.ForeignKey("owners.id"), nullable=False)

        class Named(Base):
            __abstract__ = True

            @declared_attr
            def __tablename__(cls):
                return f"{cls.__name__.lower()}s"

        class Owner(Named):
            id = Column(Guid, primary_key=True)
            things = relationship("Thing", backref="owner")

        class Thing(Owned, Named):
            __table_args__ = (
                Index("thing_code", "code", sa.desc("day")),
                Index("thing_name", sa.func.lower("name")),
                Index("thing_live", "day", postgresql_where=sa.text("live")),
                UniqueConstraint("number", name="one"),
                PrimaryKeyConstraint("shop", "number"),
                {"schema": "public"},
            )
            shop = Column(sa.Integer)
            number = Column(sa.Integer)
            code = Column(sa.String(5), index=INDEXED)
            name = deferred(Column("title", sa.Text))
            day = Column(sa.Date)
            live = Column(sa.Boolean, server_default=sa.true())

        Index("thing_day", Thing.day)
        """,
    )
    (tmp_path / "types.py").rename(tmp_path / "types_.py")
    assert told(found) == expect(
        """
        owners of models.Owner
            id  CHAR primary key
            things -> many models.Thing

        things of models.Thing
            owner_id  ? not null references owners.id
            shop      Integer primary key
            number    Integer primary key
            code      String null index
            title     Text null as name
            day       Date null
            live      Boolean null filled in by the database
            unique (shop, number)
            index (code, day) thing_code
            index (?) thing_name
            index (day) of some rows thing_live
            unique (number) one
            index (day) thing_day
        """
    )


def test_tables_without_classes_and_classes_over_them(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        models='''
        from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Integer, MetaData, String, Table
        from sqlalchemy.orm import declarative_base

        metadata = MetaData()
        Base = declarative_base(metadata=metadata)

        tags = Table(
            "order_tags", metadata,
            Column("order_id", ForeignKey("orders.id"), primary_key=True),
            Column("tag_id", Integer, primary_key=True),
            ForeignKeyConstraint(["tag_id"], ["tags.id"]),
        )

        class Order(Base):
            __table__ = Table("orders", metadata, Column("id", Integer, primary_key=True), Column("name", String, index=True))
        ''',
    )  # fmt: skip
    assert told(found) == expect(
        """
        order_tags
            order_id  ? primary key references orders.id
            tag_id    Integer primary key references tags.id
            unique (order_id, tag_id)

        orders of models.Order
            id    Integer primary key
            name  String null index
        """
    )


def test_inheritance(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        models="""
        from sqlalchemy import Column, ForeignKey, Integer, String
        from sqlalchemy.orm import declarative_base

        Base = declarative_base()

        class Person(Base):
            __tablename__ = "people"
            id = Column(Integer, primary_key=True)
            kind = Column(String)
            __mapper_args__ = {"polymorphic_on": kind}

        class Guest(Person):
            __mapper_args__ = {"polymorphic_identity": "guest"}
            room = Column(Integer)

        class Worker(Person):
            __tablename__ = "workers"
            id = Column(ForeignKey("people.id"), primary_key=True)
            wage = Column(Integer)
        """,
    )
    assert told(found) == expect(
        """
        people of models.Person
            id    Integer primary key
            kind  String null

        workers of models.Worker
            id    ? primary key references people.id
            wage  Integer null
        """
    )
    # A person's column read of a worker, a guest's own that stands in the table of people.
    assert (column := found.column("models.Worker", "kind")) is not None and column.kind == "String"
    assert (table := found.table_of("models.Worker", "kind")) is not None and table.name == "people"
    assert (column := found.column("models.Guest", "room")) is not None and column.kind == "Integer"
    assert (table := found.entity("models.Guest")) is not None and table.name == "people"
    assert found.column("models.Guest", "wage") is None


def test_flask_sqlalchemy(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        app__db="""
        from flask_sqlalchemy import SQLAlchemy
        db = SQLAlchemy()
        """,
        app__models="""
        from app.db import db

        class OrderLine(db.Model):
            id = db.Column(db.Integer, primary_key=True)
            order_id = db.Column(db.Integer, db.ForeignKey("orders.id"), nullable=False)
            order = db.relationship("Order", backref=db.backref("lines", lazy="joined"))

        class Order(db.Model):
            __tablename__ = "orders"
            id = db.Column(db.Integer, primary_key=True)
            kind = db.Column(db.String(8))

        class Gift(Order):
            __tablename__ = "gifts"
            __mapper_args__ = {"polymorphic_identity": "gift"}
        """,
    )
    assert told(found) == expect(
        """
        order_line of app.models.OrderLine
            id        Integer primary key
            order_id  Integer not null references orders.id
            order -> app.models.Order

        orders of app.models.Order
            id    Integer primary key
            kind  String null
        """
    )
    lines = found.relationship("app.models.Order", "lines")
    assert lines is not None and (lines.entity, lines.many) == ("app.models.OrderLine", True)


def test_sqlmodel(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        models="""
        import uuid
        from typing import List, Optional
        from sqlmodel import Field, Relationship, SQLModel

        class HeroBase(SQLModel):
            name: str = Field(index=True)
            age: Optional[int] = None

        class Team(SQLModel, table=True):
            id: int | None = Field(default=None, primary_key=True)
            heroes: List["Hero"] = Relationship(back_populates="team")

        class Hero(HeroBase, table=True):
            id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
            team_id: int | None = Field(default=None, foreign_key="team.id")
            team: Optional[Team] = Relationship(back_populates="heroes", sa_relationship_kwargs={"lazy": "joined"})

        class HeroPublic(HeroBase):
            id: uuid.UUID
        """,
    )
    assert told(found) == expect(
        """
        hero of models.Hero
            name     String not null index
            age      Integer null
            id       Uuid primary key
            team_id  Integer null references team.id
            team -> models.Team, loaded eagerly

        team of models.Team
            id  Integer primary key
            heroes -> many models.Hero
        """
    )


def test_django(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        fields="""
        from django.db import models

        class Money(models.DecimalField):
            pass
        """,
        shop__apps="""
        from django.apps import AppConfig

        class ShopConfig(AppConfig):
            name = "shop"
            label = "store"
        """,
        shop__models="""
        from django.conf import settings
        from django.db import models
        from django.db.models import F, Q
        from fields import Money

        class Stamped(models.Model):
            at = models.DateTimeField(auto_now_add=True, db_index=True)

            class Meta:
                abstract = True
                ordering = ["at"]

        class Shelf(models.Model):
            code = models.SlugField(primary_key=True)

        class Product(Stamped):
            title = models.CharField(max_length=80, db_column="name")
            price = Money(max_digits=8, decimal_places=2, null=True)
            live = models.BooleanField(default=True)
            shelf = models.ForeignKey(Shelf, on_delete=models.CASCADE, related_name="products")
            owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
            tags = models.ManyToManyField("Tag")
            likes = models.ManyToManyField("self")

            class Meta(Stamped.Meta):
                unique_together = ("title", "shelf")
                indexes = [
                    models.Index(fields=["-at", "title"], name="late"),
                    models.Index(F("price").desc(), name="dear"),
                    models.Index(fields=["price"], name="live", condition=Q(live=True)),
                ]

        class Tag(models.Model):
            word = models.CharField(max_length=8, unique=True)

            class Meta:
                db_table = "tags"
                constraints = [models.UniqueConstraint(fields=["word"], name="one")]

        class Book(Product):
            pages = models.IntegerField()

        class Cheap(Product):
            class Meta:
                proxy = True

        class Ledger(models.Model):
            class Meta:
                managed = False
                db_table = "ledger"
        """,
    )
    assert told(found) == expect(
        """
        ledger of shop.models.Ledger
            id  AutoField primary key filled in by the database

        store_book of shop.models.Book
            product_ptr_id  OneToOneField primary key unique index references store_product.id as product_ptr
            pages           IntegerField not null
            product_ptr -> shop.models.Product

        store_product of shop.models.Product
            id        AutoField primary key filled in by the database
            at        DateTimeField not null index
            name      CharField not null as title
            price     DecimalField null
            live      BooleanField not null
            shelf_id  ForeignKey not null index references store_shelf.code as shelf
            owner_id  ForeignKey not null index references ? as owner
            unique (name, shelf_id)
            index (at, name) late
            index (price) dear
            index (price) of some rows live
            shelf -> shop.models.Shelf
            owner -> ?
            tags -> many shop.models.Tag
            likes -> many shop.models.Product

        store_product_likes
            id               AutoField primary key filled in by the database
            from_product_id  ForeignKey not null index references store_product.id as from_product
            to_product_id    ForeignKey not null index references store_product.id as to_product
            unique (from_product_id, to_product_id)

        store_product_tags
            id          AutoField primary key filled in by the database
            product_id  ForeignKey not null index references store_product.id as product
            tag_id      ForeignKey not null index references tags.id as tag
            unique (product_id, tag_id)

        store_shelf of shop.models.Shelf
            code  SlugField primary key index

        tags of shop.models.Tag
            id    AutoField primary key filled in by the database
            word  CharField not null unique
            unique (word) one
        """
    )
    back = found.relationship("shop.models.Shelf", "products")
    assert back is not None and (back.entity, back.many) == ("shop.models.Product", True)
    assert (column := found.column("shop.models.Book", "title")) is not None and column.name == "name"
    assert (table := found.entity("shop.models.Cheap")) is not None and table.name == "store_product"


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        (
            "class Order(Base):\n    __tablename__ = name()\n    id = Column(Integer, primary_key=True)",
            "the name of the table of `Order`",
        ),
        (
            "class Order(Base, lib.Mixin):\n    __tablename__ = 'orders'\n    id = Column(Integer, primary_key=True)",
            "what `lib.Mixin` declares",
        ),
        (
            "class Order(Base):\n    __tablename__ = 'orders'\n    id = Column(Integer, primary_key=True)\n    __table_args__ = lib.more()",
            "`__table_args__`",
        ),
        (
            "Mixin = lib.load()\nclass Order(Mixin, Base):\n    __tablename__ = 'orders'\n    id = Column(Integer, primary_key=True)",
            "what `Mixin` declares",
        ),
        ("orders = Table('orders', metadata, autoload_with=engine)", "columns that the database is asked for"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, unread: str) -> None:
    before = "import lib\nfrom sqlalchemy import Column, Integer, Table\nfrom sqlalchemy.orm import declarative_base\n"
    (tmp_path / "models.py").write_text(f"{before}Base = declarative_base()\n{text}\n")
    found = read(tmp_path)
    assert f": {unread}" in told(found)


def test_an_index_that_may_be_there(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        models="""
        import lib
        from sqlalchemy import Column, Integer, String
        from sqlalchemy.orm import declarative_base
        Base = declarative_base()

        class Order(Base):
            __tablename__ = "orders"
            id = Column(Integer, primary_key=True)
            day = Column(String, **lib.options)
            code = Column(String)
        """,
    )
    table = found.entity("models.Order")
    assert table is not None
    assert [table.is_indexed(name) for name in ("id", "day", "code", "none")] == [True, None, False, None]


def test_classes_that_name_each_other(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        a="""
        from sqlalchemy import Column, ForeignKey, Integer
        from sqlalchemy.orm import relationship
        from b import Base, B

        class A(Base):
            __tablename__ = "a"
            id = Column(Integer, primary_key=True)
            b_id = Column(ForeignKey(B.id))
            b = relationship("B", back_populates="items")
        """,
        b="""
        from sqlalchemy import Column, Integer
        from sqlalchemy.orm import declarative_base, relationship
        Base = declarative_base()

        class B(Base):
            __tablename__ = "b"
            id = Column(Integer, primary_key=True)
            items = relationship("A", back_populates="b")
        """,
    )
    assert (column := found.column("a.A", "b_id")) is not None and column.references == "b.id"
    assert (back := found.relationship("b.B", "items")) is not None and back.many and back.entity == "a.A"
    assert (one := found.relationship("a.A", "b")) is not None and not one.many


NAMED = """
import re
from sqlalchemy import Column, Integer, MetaData
from sqlalchemy.orm import DeclarativeBase, as_declarative, declarative_base, declared_attr
{above}

class OrderLine(Base):
    id = Column(Integer, primary_key=True)
"""


@pytest.mark.parametrize(
    ("above", "name"),
    (
        (
            """
class Base(DeclarativeBase):
    def __init_subclass__(cls, **words):
        if not hasattr(cls, "__tablename__"):
            cls.__tablename__ = cls.__name__.lower() + "s"
        super().__init_subclass__(**words)
""",
            "orderlines",
        ),
        (
            """
def snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()

class Base(DeclarativeBase):
    @declared_attr.directive
    def __tablename__(cls) -> str:
        return snake(cls.__name__)
""",
            "order_line",
        ),
        (
            """
WORD = re.compile("([a-z0-9])([A-Z])")

class Named:
    prefix = "shop_"

    @declared_attr
    def __tablename__(cls):
        name = WORD.sub("\\\\1_\\\\2", cls.__name__)
        return cls.prefix + name.lower()

Base = declarative_base(cls=Named)
""",
            "shop_order_line",
        ),
        (
            """
class Base(DeclarativeBase):
    @declared_attr
    def __tablename__(cls):
        return "".join(["_" + each.lower() if each.isupper() else each for each in cls.__name__]).lstrip("_")
""",
            "order_line",
        ),
        (
            """
class Meta(type(DeclarativeBase)):
    def __new__(mcs, name, bases, attrs):
        if "__tablename__" not in attrs and not attrs.get("__abstract__"):
            attrs["__tablename__"] = name.lower()
        return super().__new__(mcs, name, bases, attrs)

Base = declarative_base(metaclass=Meta)
""",
            "orderline",
        ),
        (
            """
class Base(DeclarativeBase):
    def __init_subclass__(cls):
        cls.__tablename__ = cls.__module__.split(".")[0] + "_" + cls.__name__.lower()
""",
            "models_orderline",
        ),
        (
            """
@as_declarative()
class Base:
    @declared_attr
    def __tablename__(cls) -> str:
        return cls.__name__.lower()
""",
            "orderline",
        ),
        ("Base = declarative_base()", ""),
    ),
)
def test_names_that_are_computed(tmp_path: Path, above: str, name: str) -> None:
    found = read(tmp_path, models=NAMED.format(above=above)).schema()
    assert [each.name for each in found.tables.values() if each.entity.endswith("OrderLine")] == (
        [name] if name else []
    )


@pytest.mark.parametrize(
    ("arguments", "schema"),
    (
        ('__table_args__ = {"schema": "shop"}', "shop"),
        ('__table_args__ = (Index("orders_id", "id"), {"schema": SCHEMA, "comment": "all"})', "shop"),
        ('__table_args__ = Index("orders_id", "id"), dict(schema="shop")', "shop"),
        ('@declared_attr\n    def __table_args__(cls):\n        return arguments(cls, schema="shop")', "shop"),
        ("__table_args__ = Mixin.__table_args__", "mixed"),
        ("", "mixed"),
        ('__table_args__ = {"schema": "public"}', ""),
        ('__table_args__ = {"schema": os.environ["SCHEMA"]}', None),
        ('__table_args__ = (Index("orders_id", "id"),)', "told"),
        ('__table_args__ = {"comment": "all"}', "told"),
        ("__table_args__ = arguments()", None),
    ),
)
def test_schemas(tmp_path: Path, arguments: str, schema: str | None) -> None:
    found = read(
        tmp_path,
        models=f"""
import os
from sqlalchemy import Column, Index, Integer, MetaData
from sqlalchemy.orm import DeclarativeBase, declared_attr

SCHEMA = "shop"

def arguments(cls, **words):
    return words

class Base(DeclarativeBase):
    metadata = MetaData(schema="told")

class Mixin:
    __table_args__ = {{"schema": "mixed"}}

class Order({"Base" if schema == "told" else "Mixin, Base"}):
    __tablename__ = "orders"
    {arguments}
    id = Column(Integer, primary_key=True)
""",
    ).schema()
    (table,) = found.tables.values()
    assert (table.name, table.schema) == ("orders", schema)
