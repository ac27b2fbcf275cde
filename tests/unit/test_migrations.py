"""Migrations run from their source: what they make of the tables, and what of them is not read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from dodont.engine.analyst import Analyst, interpreting
from dodont.engine.settings import Settings
from dodont.schema.alembic_migrations import History
from dodont.schema.django_migrations import History as DjangoHistory
from dodont.schema.django_state import application_of
from dodont.schema.django_tables import Tables
from dodont.schema.histories import histories
from dodont.schema.tables import Table
from dodont.sql.changes import changes

HEAD = """\
import sqlalchemy as sa
from alembic import op

revision = "{name}"
down_revision = {after!r}
"""


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))


def alembic(root: Path, *upgrades: str, more: Mapping[str, str] | None = None) -> History:
    """The history of migrations with these bodies of ``upgrade()``, one after another."""
    files = {"migrations/env.py": "", "migrations/script.py.mako": "", **(more or {})}
    for number, body in enumerate(upgrades):
        head = HEAD.format(name=f"r{number}", after=f"r{number - 1}" if number else None)
        if "def upgrade" not in body:
            body = "\ndef upgrade():\n" + "\n".join(f"    {line}" for line in dedent(body).strip("\n").split("\n"))
        files[f"migrations/versions/r{number}.py"] = head + dedent(body) + "\n"
    write(root, files)
    with interpreting():
        (found,) = histories(Analyst(Settings(root=root), root).project).alembic()
    return found


def django(root: Path, files: Mapping[str, str]) -> DjangoHistory:
    head = "from django.db import migrations, models\n\n"
    write(root, {"shop/__init__.py": "", "shop/models.py": "", "shop/migrations/__init__.py": ""})
    write(root, {f"shop/migrations/{name}.py": head + dedent(text) for name, text in files.items()})
    with interpreting():
        known = histories(Analyst(Settings(root=root), root).project)
        application = application_of(known.files, str(root / "shop/models.py"))
        assert application is not None
        found = known.django(application)
    assert found is not None
    return found


def migration(operations: str, *, after: str = "", replaces: str = "") -> str:
    dependencies = f'[("shop", "{after}")]' if after else "[]"
    said = f"    replaces = {replaces}\n" if replaces else ""
    return f"class Migration(migrations.Migration):\n    dependencies = {dependencies}\n{said}    operations = [{operations}]\n"


def nullable(table: Table) -> dict[str, bool | None]:
    return {name: column.nullable for name, column in table.columns.items()}


ORDERS = 'op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("note", sa.Text()))'


# ---------------------------------------------------------------------------------------------------------- Alembic


def test_operations(tmp_path: Path) -> None:
    history = alembic(
        tmp_path,
        ORDERS,
        """
        op.add_column("orders", sa.Column("day", sa.Date(), nullable=False))
        op.alter_column("orders", "note", new_column_name="remark", nullable=False)
        op.create_index("orders_day", "orders", ["day"])
        """,
        """
        op.rename_table("orders", "sales")
        op.drop_column("sales", "day")
        op.create_table("old", sa.Column("id", sa.Integer()))
        op.drop_table("old")
        """,
    )
    assert history.schema.unread == ()
    assert {name: nullable(table) for name, table in history.schema.tables.items()} == {
        "sales": {"id": False, "remark": False}
    }
    assert history.schema.tables["sales"].indexes == ()


def test_batches(tmp_path: Path) -> None:
    history = alembic(
        tmp_path,
        ORDERS,
        """
        with op.batch_alter_table("orders", schema=None) as batch_op:
            batch_op.add_column(sa.Column("day", sa.Date(), nullable=True))
            batch_op.alter_column("note", existing_type=sa.Text(), nullable=False)
            batch_op.create_unique_constraint("orders_note", ["note"])
        """,
    )
    table = history.schema.tables["orders"]
    assert nullable(table) == {"id": False, "note": False, "day": True}
    assert [(index.columns, index.unique) for index in table.indexes] == [(("note",), True)]


def test_helpers_loops_and_constants(tmp_path: Path) -> None:
    history = alembic(
        tmp_path,
        """
        TABLES = ["orders", "customers"]
        COMMON = [sa.Column("id", sa.Integer(), primary_key=True)]

        def create(name, *columns):
            op.create_table(name, *COMMON, *columns)

        def upgrade():
            for table in TABLES:
                create(table, sa.Column(f"{table}_note", sa.Text(), nullable=False))
        """,
    )
    assert {name: [*table.columns] for name, table in history.schema.tables.items()} == {
        "orders": ["id", "orders_note"],
        "customers": ["id", "customers_note"],
    }


def test_a_helper_in_another_module(tmp_path: Path) -> None:
    history = alembic(
        tmp_path,
        """
        from app.migrating import has_column, note

        def upgrade():
            op.create_table("orders", sa.Column("id", sa.Integer()))
            if not has_column("orders", "note"):
                op.add_column("orders", note())
            if not has_column("orders", "id"):
                op.add_column("orders", sa.Column("lost", sa.Integer()))
        """,
        more={
            "app/__init__.py": "",
            "app/migrating.py": """
            import sqlalchemy as sa
            from alembic import op

            def note():
                return sa.Column("note", sa.Text(), nullable=False)

            def has_column(table, column):
                inspector = sa.inspect(op.get_bind())
                return column in [each["name"] for each in inspector.get_columns(table)]
            """,
        },
    )
    assert nullable(history.schema.tables["orders"]) == {"id": True, "note": False}


def test_what_depends_on_the_database(tmp_path: Path) -> None:
    history = alembic(
        tmp_path,
        ORDERS,
        """
        if op.get_bind().dialect.name == "postgresql":
            op.alter_column("orders", "note", nullable=False)
            op.add_column("orders", sa.Column("search", sa.Text(), nullable=False))
        if "customers" not in sa.inspect(op.get_bind()).get_table_names():
            op.create_table("customers", sa.Column("id", sa.Integer(), nullable=False))
        """,
    )
    assert nullable(history.schema.tables["orders"]) == {"id": False, "note": None, "search": None}
    assert nullable(history.schema.tables["customers"]) == {"id": False}


def test_ddl(tmp_path: Path) -> None:
    history = alembic(
        tmp_path,
        """
        op.execute("CREATE TABLE orders (id SERIAL PRIMARY KEY, note TEXT)")
        op.get_bind().execute(sa.text("ALTER TABLE public.orders ADD COLUMN day DATE NOT NULL"))
        op.execute("ALTER TABLE orders ALTER COLUMN note SET NOT NULL")
        op.execute("ALTER TABLE orders RENAME COLUMN day TO due")
        op.execute("UPDATE orders SET note = ''")
        """,
    )
    assert nullable(history.schema.tables["orders"]) == {"id": False, "note": False, "due": False}


def test_statements_with_parameters(tmp_path: Path) -> None:
    history = alembic(
        tmp_path,
        ORDERS,
        """
        statement = sa.text("UPDATE orders SET note = :note")
        statement = statement.bindparams(note=op.get_bind().execute("SELECT 1").scalar())
        op.execute(statement)
        """,
    )
    assert history.schema.unread == ()


def test_a_first_migration_that_only_names_the_beginning(tmp_path: Path) -> None:
    history = alembic(
        tmp_path,
        "raise NotImplementedError",
        'op.create_table("lines", sa.Column("id", sa.Integer()))\nop.add_column("orders", sa.Column("day", sa.Date()))',
    )
    assert history.schema.unread == ()
    assert not history.schema.tables["lines"].unread
    assert [each.beginning for each in history.schema.tables["orders"].unread] == [True]
    assert "" in history.elsewhere


def test_what_is_unknown_has_its_place_and_reason(tmp_path: Path) -> None:
    history = alembic(tmp_path, ORDERS, 'op.add_column("orders", column())\nop.drop_table(name())')
    (lost,) = history.schema.unread
    (unread,) = history.schema.tables["orders"].unread
    assert (lost.site.line, lost.what) == (9, "`drop_table`: of which table is not known")
    assert (unread.site.line, unread.what) == (8, "`add_column`: the column is computed")


def test_what_was_dropped_is_remembered(tmp_path: Path) -> None:
    history = alembic(tmp_path, ORDERS, 'op.drop_column("orders", "note")', 'op.rename_table("orders", "sales")')
    assert {name: site.path for name, site in history.schema.tables["sales"].dropped.items()} == {
        "note": "migrations/versions/r1.py"
    }


def test_branches_and_merges(tmp_path: Path) -> None:
    merge = HEAD.format(name="m", after=("a", "b"))
    history = alembic(
        tmp_path,
        ORDERS,
        more={
            "migrations/versions/a.py": HEAD.format(name="a", after="r0")
            + '\ndef upgrade():\n    op.add_column("orders", sa.Column("a", sa.Text()))\n',
            "migrations/versions/b.py": HEAD.format(name="b", after="r0")
            + '\ndef upgrade():\n    op.add_column("orders", sa.Column("b", sa.Text()))\n',
            "migrations/versions/m.py": merge + '\ndef upgrade():\n    op.drop_column("orders", "a")\n',
        },
    )
    assert [*history.schema.tables["orders"].columns] == ["id", "note", "b"]


def test_what_is_not_read(tmp_path: Path) -> None:
    history = alembic(
        tmp_path,
        ORDERS,
        """
        from somewhere import columns

        def upgrade():
            op.create_table("orders_log", *columns())
            op.add_column("customers", sa.Column("note", sa.Text()))
        """,
    )
    tables = history.schema.tables
    assert not tables["orders"].unread
    assert tables["orders_log"].unread and tables["customers"].unread
    assert history.elsewhere == {"customers"}


def test_what_may_have_made_anything(tmp_path: Path) -> None:
    assert alembic(tmp_path / "one", "Base.metadata.create_all(op.get_bind())").schema.unread
    assert alembic(tmp_path / "two", "for table in tables():\n    op.drop_table(table)").schema.unread
    missing = alembic(
        tmp_path / "three", ORDERS, more={"migrations/versions/x.py": HEAD.format(name="x", after="gone")}
    )
    assert missing.schema.unread


def test_recursion_and_long_loops_end(tmp_path: Path) -> None:
    history = alembic(
        tmp_path,
        """
        def again(rows):
            return again(rows)

        def upgrade():
            again([])
            op.create_table("orders", sa.Column("id", sa.Integer()))
        """,
    )
    assert "orders" in history.schema.tables
    text = "for a in range(1000):\n    for b in range(1000):\n        op.drop_table('x')"
    assert alembic(tmp_path / "long", text).schema.unread


# ----------------------------------------------------------------------------------------------------------- Django

ORDER = 'migrations.CreateModel(name="Order", fields=[("id", models.AutoField(primary_key=True)), ("note", models.TextField())])'


def test_operations_of_django(tmp_path: Path) -> None:
    history = django(
        tmp_path,
        {
            "0001_initial": migration(ORDER),
            "0002_more": migration(
                """
                migrations.AddField("order", "day", models.DateField(null=True)),
                migrations.AlterField(model_name="order", name="note", field=models.TextField(null=True)),
                migrations.RenameField("order", "note", "remark"),
                migrations.RenameModel("Order", "Sale"),
                migrations.AddField("sale", "tags", models.ManyToManyField("shop.Tag")),
                migrations.RunPython(print),
                """,
                after="0001_initial",
            ),
        },
    )
    assert not history.unread
    fields = history.models["sale"].fields
    assert {name: each.nullable for name, each in fields.items()} == {
        "id": False, "remark": True, "day": True, "tags": False,
    }  # fmt: skip
    tables = Tables({"shop": history}).schema("shop").tables
    assert [*tables["shop_sale"].columns] == ["id", "remark", "day"]
    assert [*tables["shop_sale"].relationships] == ["tags"]
    assert "shop_sale_tags" in tables


def test_squashed_and_merged(tmp_path: Path) -> None:
    add = 'migrations.AddField("order", "{name}", models.TextField())'
    history = django(
        tmp_path,
        {
            "0001_initial": migration(ORDER),
            "0001_squashed": migration(ORDER, replaces='[("shop", "0001_initial")]'),
            "0002_a": migration(add.format(name="a"), after="0001_initial"),
            "0002_b": migration(add.format(name="b"), after="0001_squashed"),
            "0003_merge": (
                'class Migration(migrations.Migration):\n    dependencies = [("shop", "0002_a"), ("shop", "0002_b")]\n'
            ),
        },
    )
    assert not history.unread
    assert [*history.models["order"].fields] == ["id", "note", "a", "b"]


def test_state_and_database(tmp_path: Path) -> None:
    history = django(
        tmp_path,
        {
            "0001_initial": migration(ORDER),
            "0002_state": migration(
                """
                migrations.SeparateDatabaseAndState(
                    database_operations=[migrations.AddField("order", "a", models.TextField())],
                    state_operations=[migrations.AddField("order", "b", models.TextField())],
                ),
                migrations.RunSQL("...", state_operations=[migrations.RemoveField("order", "note")]),
                """,
                after="0001_initial",
            ),
        },
    )
    assert [*history.models["order"].fields] == ["id", "b"]


def test_operations_of_the_project(tmp_path: Path) -> None:
    text = """
    class Quiet(migrations.RunPython):
        pass

    class Add(migrations.AddField):
        pass

    class Odd(migrations.AddField):
        def state_forwards(self, app_label, state):
            state.clear()

    """
    made = dedent(text) + migration('Quiet(print), Add("order", "a", models.TextField())', after="0001_initial")
    history = django(tmp_path / "one", {"0001_initial": migration(ORDER), "0002_own": made})
    assert [*history.models["order"].fields] == ["id", "note", "a"] and not history.unread
    odd = dedent(text) + migration('Odd("order", "a", models.TextField())', after="0001_initial")
    assert django(tmp_path / "two", {"0001_initial": migration(ORDER), "0002_own": odd}).unread


def test_other_libraries_operations(tmp_path: Path) -> None:
    head = "from linter import Ignore\n"
    quiet = django(tmp_path / "one", {"0001_initial": head + migration(f"Ignore(), {ORDER}")})
    assert not quiet.unread and "order" in quiet.models
    named = django(tmp_path / "two", {"0001_initial": head + migration(f'{ORDER}, Ignore("order")')})
    assert named.models["order"].unread
    unknown = django(tmp_path / "three", {"0001_initial": head + migration(f"{ORDER}, Ignore(models.TextField())")})
    assert unknown.unread


def test_operations_that_depend_on_the_database(tmp_path: Path) -> None:
    text = """
    from django.db import connection

    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        if connection.vendor == "postgresql":
            operations = [migrations.AddField("order", "search", models.TextField())]
        else:
            operations = []
    """
    history = django(tmp_path, {"0001_initial": migration(ORDER), "0002_search": text})
    assert history.models["order"].fields["search"].nullable is None


# --------------------------------------------------------------------------------------------------------------- DDL


def test_changes() -> None:
    assert [change.what for change in changes("CREATE TEMP TABLE a (b INT)")] == []
    assert [change.what for change in changes("SELECT 1; DROP TABLE IF EXISTS a, b")] == ["drop", "drop"]
    assert [(each.what, each.table) for each in changes("DO $$ BEGIN ALTER TABLE a ADD b INT; END $$")] == [
        ("unknown", "a")
    ]
    assert [(each.what, each.table) for each in changes("ALTER TABLE a\0 ADD COLUMN b INT")] == [("unknown", "a\0")]
    assert [each.what for each in changes("ALTER TABLE a ENABLE ROW LEVEL SECURITY")] == []
    assert [(each.column, each.nullable) for each in changes("ALTER TABLE a ALTER COLUMN b DROP NOT NULL")] == [
        ("b", True)
    ]


def test_what_a_module_does_to_its_names_counts(tmp_path: Path) -> None:
    history = django(
        tmp_path,
        {
            "0001_initial": """
            steps = []
            for name in ("Order", "Sale"):
                steps.append(migrations.CreateModel(name, fields=[("id", models.AutoField(primary_key=True))]))
            steps.append(migrations.AddField("order", "note", models.TextField(null=True)))


            class Migration(migrations.Migration):
                dependencies = []
                operations = steps
            """
        },
    )
    assert not history.unread
    assert {name: [*model.fields] for name, model in history.models.items()} == {
        "order": ["id", "note"],
        "sale": ["id"],
    }


def test_code_that_raises_or_never_ends_is_unread(tmp_path: Path) -> None:
    hostile = """
        def fail():
            raise ValueError


        def spin(number):
            return spin(number + 1) + spin(number + 2)


        def grow():
            return [[0] * 1000 for _ in range(1000) for _ in range(1000) for _ in range(1000)]


        def deep():
            return {deep}


        def bomb():
            text, number, rows = "x", 3, [1]
            for _ in range(900):
                text = text + text
                text = f"{text}{text}".replace("x", text)
                number = number * number
                rows = rows + rows
            return [text] * 10**12 + [*range(10**12)] + [number, {1, 2} - {3}]


        class Migration(migrations.Migration):
            dependencies = []
            operations = [migrations.CreateModel("Order", fields=[("id", {call})])]
        """
    many = " + ".join("1" for _ in range(3000))
    for number, call in enumerate(
        ("fail()", "spin(0)", "grow()", "deep()", "bomb()", "(lambda f: f(f))(lambda f: f(f))")
    ):
        root = tmp_path / str(number)
        history = django(root, {"0001_initial": hostile.replace("{call}", call).replace("{deep}", many)})
        assert history.unread or history.models["order"].unread, call


def test_a_large_literal_and_many_migrations(tmp_path: Path) -> None:
    rows = ", ".join(f"({number}, 'row {number}')" for number in range(20_000))
    first = (
        f"ROWS = [{rows}]\nclass Migration(migrations.Migration):\n    dependencies = []\n    operations = [CREATE]\n"
    )
    files = {
        "0001_initial": first.replace(
            "CREATE", "migrations.CreateModel('Order', fields=[('id', models.AutoField(primary_key=True))])"
        )
    }
    previous = "0001_initial"
    for number in range(2, 402):
        name = f"{number:04}_more"
        files[name] = (
            f"class Migration(migrations.Migration):\n    dependencies = [('shop', '{previous}')]\n"
            f"    operations = [migrations.AddField('order', 'f{number}', models.TextField())]\n"
        )
        previous = name
    history = django(tmp_path, files)
    assert not history.unread
    assert len(history.models["order"].fields) == 401


def test_migrations_that_depend_on_each_other_in_a_circle_end(tmp_path: Path) -> None:
    body = "class Migration(migrations.Migration):\n    dependencies = [('shop', '{}')]\n    operations = []\n"
    history = django(tmp_path, {"0001_a": body.format("0002_b"), "0002_b": body.format("0001_a")})
    assert history.models == {}
