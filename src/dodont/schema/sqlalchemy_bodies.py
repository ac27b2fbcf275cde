"""What the body of one class declares to SQLAlchemy and its kin, and what a ``Table(…)`` does: columns, relationships, indexes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dodont.project.outlines import flat
from dodont.schema.tables import Column, Index, Relationship, Table, Unread
from dodont.schema.written import Call, Written, annotation_of, class_body, denoted, reader
from dodont.semantic.annotations import type_of
from dodont.semantic.definitions import ClassInfo
from dodont.semantic.frame import Frame
from dodont.semantic.objects import is_enum, lineage
from dodont.semantic.values import ABSENT, Site

if TYPE_CHECKING:
    from dodont.schema.declared import Declared

_LIBRARIES = ("sqlalchemy", "sqlmodel", "flask_sqlalchemy")
#: Where the words of a Column end and its type begins.
_NO_TYPES = frozenset(
    {"ForeignKey", "Computed", "Identity", "Sequence", "CheckConstraint", "FetchedValue", "DefaultClause"}
)
#: What an attribute may be that is neither column nor relationship.
_NO_COLUMNS = frozenset({"synonym", "association_proxy", "column_property", "query_expression", "hybrid_property"})
_EAGER = frozenset({"selectin", "joined", "subquery", "immediate"})
#: The types that stand for Python's where only an annotation says what a column holds.
_KINDS = {
    "int": "Integer", "str": "String", "bool": "Boolean", "float": "Float", "bytes": "LargeBinary", "decimal.Decimal": "Numeric",
    "datetime.datetime": "DateTime", "datetime.date": "Date", "datetime.time": "Time", "datetime.timedelta": "Interval",
    "uuid.UUID": "Uuid", "LiteralString": "Enum",
}  # fmt: skip
_MANY = frozenset({"list", "set", "dict", "tuple", "frozenset"})
_MAPPED = frozenset({"Mapped", "DynamicMapped", "WriteOnlyMapped"})
#: The schema of a class that has no `__table_args__`.
NOTHING = "\0nothing"
#: The name by which a primary key stands among indexes, until its columns are marked.
PRIMARY = "\0primary"


@dataclass(slots=True)
class Own:
    """What the body of one class declares, whichever tables come of it."""

    columns: dict[str, Column] = field(default_factory=dict)  # by attribute
    relationships: dict[str, Relationship] = field(default_factory=dict)
    indexes: tuple[Index, ...] = ()
    unread: list[Unread] = field(default_factory=list)
    whole: Table | None = None  # __table__
    abstract: bool = False
    schema: str | None = NOTHING  # what `__table_args__` says of it


def name_in(ref: str) -> str:
    """What a qualified name is within SQLAlchemy and its kin, whichever of its modules it is imported from; empty elsewhere."""
    return ref.rpartition(".")[2] if ref.partition(".")[0] in _LIBRARIES else ""


class Bodies:
    """Reads bodies for ``declared``, which knows all classes."""

    def __init__(self, declared: Declared) -> None:
        self._declared = declared
        # the relationships of the bodies that are being read
        self._later: list[list[tuple[str, Call | None, Written | None, Site]]] = []

    def own(self, info: ClassInfo) -> Own:
        """What a class's own body declares."""
        frame = reader(self._declared.frame(info), info)
        found = Own()
        sqlmodel = any(ref == "sqlmodel.SQLModel" for ref, _ in lineage(frame, info.ref))
        self._later.append([])
        for statement in flat(class_body(frame, info)):
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self._attribute(found, name, Written(value, frame), None, sqlmodel=False)
                case ast.AnnAssign(target=ast.Name(id=name), value=value, annotation=annotation):
                    written = Written(value, frame) if value is not None else None
                    self._attribute(found, name, written, Written(annotation, frame), sqlmodel=sqlmodel, at=statement)
                case ast.FunctionDef(name=name) if name in info.functions:
                    self._function(found, statement, frame)
        for attribute, call, declared, site in self._later.pop():  # now that the keys are known
            found.relationships[attribute] = self._relationship(attribute, call, declared, site, found)
        return found

    def _attribute(
        self, found: Own, name: str, value: Written | None, annotation: Written | None, *, sqlmodel: bool,
        at: ast.AnnAssign | None = None,
    ) -> None:  # fmt: skip
        if name == "__abstract__":
            found.abstract = value is not None and value.constant is True
            return
        if name == "__table_args__":
            if value is not None:
                self._arguments(found, value)
            return
        if name == "__table__":
            call = value.call if value is not None else None
            found.whole = self.imperative(call) if call is not None and name_in(call.ref) == "Table" else None
            if found.whole is None and value is not None:
                found.unread.append(Unread(value.site, "the table of the class"))
            return
        if name.startswith("__"):
            return
        call = value.call if value is not None else None
        if call is not None:
            self._declared_by(found, name, call, annotation, sqlmodel=sqlmodel)
            return
        if annotation is None:
            return
        mapped = self.mapped(annotation)
        plain = mapped or (annotation if sqlmodel and not _is_class_variable(annotation) else None)
        if plain is None or at is None:
            return
        site = annotation.frame.site(at)
        if mapped is not None and self._target(plain) is not None:
            self._later[-1].append((name, None, plain, site))
        elif mapped is not None or sqlmodel:
            found.columns[name] = self._column(name, None, plain, site)

    def _declared_by(self, found: Own, name: str, call: Call, annotation: Written | None, *, sqlmodel: bool) -> None:
        kind = name_in(call.ref)
        mapped = self.mapped(annotation) if annotation is not None else None
        if kind in ("Column", "mapped_column"):
            found.columns[name] = self._column(name, call, mapped, call.site)
        elif kind in ("deferred", "column_property") and call.positional:
            inner = call.positional[0].call
            if inner is not None and name_in(inner.ref) in ("Column", "mapped_column"):
                found.columns[name] = self._column(name, inner, mapped, inner.site)
        elif kind in ("relationship", "relation", "dynamic_loader", "Relationship", "backref"):
            self._later[-1].append((name, call, mapped or annotation, call.site))
        elif kind == "Field" and annotation is not None and sqlmodel:
            found.columns[name] = self._column(name, call, annotation, call.site)
        elif kind == "composite":
            found.unread.append(Unread(call.site, f"the columns of `{name}`"))
        else:
            made = call.frame.quiet(call.node).type
            if made is not None and made.name == "sqlalchemy.Column":  # a function of the project gives it
                inner = self._declared.given(call)
                if inner is not None and name_in(inner.ref) in ("Column", "mapped_column"):
                    column = self._column(name, inner, mapped, call.site)
                    found.columns[name] = replace(column, indexed=column.indexed or None)  # it may be given more
                else:
                    found.columns[name] = Column(
                        name, name, primary_key=None, unique=None, indexed=None, site=call.site
                    )

    def _function(self, found: Own, node: ast.FunctionDef, frame: Frame) -> None:
        """``@declared_attr def owner_id(cls): return Column(ForeignKey("users.id"))``."""
        decorators = [name_in(denoted(frame, each)) or _last(each) for each in node.decorator_list]
        if not any(each in ("declared_attr", "directive", "cascading", "declarative_mixin") for each in decorators):
            if node.name == "__tablename__" or node.name == "__table_args__":
                decorators.append("declared_attr")
            else:
                return
        if node.name == "__tablename__":
            return
        returned = [each.value for each in flat(node.body) if isinstance(each, ast.Return) and each.value is not None]
        if node.name == "__table_args__":
            if len(returned) == 1:
                self._arguments(found, Written(returned[0], frame))
            else:
                found.schema = None
                found.unread.append(Unread(frame.site(node), "`__table_args__`", indexes=True))
            return
        call = Written(returned[0], frame).call if len(returned) == 1 else None
        last = node.body[-1]
        # `if LinkType.event in cls.allowed: return Column(…)` declares nothing for some classes.
        if (
            call is not None
            and isinstance(last, ast.Return)
            and last.value is returned[0]
            and not any(isinstance(each, ast.Return) and each.value is None for each in flat(node.body))
        ):
            annotation = Written(node.returns, frame) if node.returns is not None else None
            before = len(found.columns) + len(self._later[-1])
            self._declared_by(found, node.name, call, annotation, sqlmodel=False)
            if len(found.columns) + len(self._later[-1]) > before or name_in(call.ref) in _NO_COLUMNS:
                return
        found.unread.append(Unread(frame.site(node), f"what `{node.name}` declares"))

    def _column(self, attribute: str, call: Call | None, annotation: Written | None, site: Site) -> Column:
        inner, nullable = self._unwrapped(annotation) if annotation is not None else (None, None)
        said = call
        if inner is not None:
            aliased = self._annotated(inner)
            if aliased is not None:
                inner, behind = aliased
                call = call or behind
                said = said if said is not None and (said.node.args or said.node.keywords) else behind or said
                inner, optional = self._unwrapped(inner)
                nullable = nullable or optional
        kind, few = self._kind_of(inner) if inner is not None else ("", False)
        column = Column(attribute, attribute, kind, nullable, few=few, site=site)
        if said is None:
            return column
        outer = said
        annotated = annotation is not None
        held = said.word("sa_column")
        if name_in(said.ref) == "Field" and held is not None and (behind := held.call) is not None:
            if name_in(behind.ref) != "Column":  # `sa_column=timestamp()`
                given = self._declared.given(behind)
                if given is None or name_in(given.ref) != "Column":
                    return replace(column, nullable=None, primary_key=None, unique=None, indexed=None)
                behind = given
            said = outer = behind
            annotated = False  # SQLModel takes such a column as it is
            column = replace(column, site=behind.site)
        return self._told(column, said, annotated=annotated, outer=outer)

    def _told(self, column: Column, call: Call, *, annotated: bool, outer: Call) -> Column:
        """A column with what the call's words say of it."""
        name = call.text(10**6, "name")
        kind, few = column.kind, column.few
        references: str | None = None
        server = call.word("server_default", "server_onupdate") is not None
        given_type = call.word("type_", "sa_type")
        for position, each in enumerate(call.positional):
            text = each.text
            if text is not None and position == 0 and name is None:
                name = text
                continue
            what = each.call
            ref = what.ref if what is not None else denoted(each.frame, each.node)
            last = name_in(ref)
            if last == "ForeignKey":
                references = self._referred(what) if what is not None else "?"
            elif last in ("Identity", "Computed", "FetchedValue"):
                server = True
            elif last not in _NO_TYPES and (ref or text is None):
                given_type = given_type or each
        if given_type is not None:
            kind, few = self._kind(given_type)
        key = call.word("foreign_key")
        if key is not None and name_in(call.ref) == "Field":
            references = key.text or "?"
        primary = call.flag("primary_key")
        nullable = call.flag("nullable", default=column.nullable if annotated else True)
        if call.flag("primary_key"):
            nullable = False
        return replace(
            column, name=name or column.name, kind=kind, few=few, nullable=nullable, primary_key=primary,
            unique=call.flag("unique"), indexed=call.flag("index"), references=references,
            default=server or None if call.is_open else server,
        )  # fmt: skip

    def _referred(self, call: Call) -> str:
        """``table.column`` of a foreign key; ``?`` where it is not known."""
        first = call.argument(0, "column")
        if first is None:
            return "?"
        if first.text is not None:
            return first.text
        node = first.node
        if isinstance(node, ast.JoinedStr):  # f"{PREFIX}users.id"
            return "?"
        if isinstance(node, ast.Attribute):
            attribute, holder = node.attr, node.value
            if isinstance(holder, ast.Attribute) and holder.attr in ("c", "columns"):
                table = first.of(holder.value).call
                name = table.text(0, "name") if table is not None and name_in(table.ref) == "Table" else None
                return f"{name}.{attribute}" if name else "?"
            info = self._declared.class_of(first.frame, holder)
            name = self._declared.table_name(info) if info is not None else ""
            if name:
                return f"{name}.{attribute}"
        return "?"

    def _kind(self, written: Written) -> tuple[str, bool]:
        """A column's type, and whether it holds one of a few values. A class of the project's own is what it is made from."""
        call = written.call
        ref = call.ref if call is not None else denoted(written.frame, written.node)
        if not ref:
            return "", False
        info = written.frame.world.class_named(ref)
        for each in call.positional if call is not None else ():
            held = each.value.ref
            # Whatever type of the project's own is given a class holds its members, or documents of its kind.
            if held is not None and (
                is_enum(each.frame, held) or (info is not None and each.frame.world.class_named(held) is not None)
            ):
                return name_in(ref) or "Enum", True
        if info is None:
            last = ref.rpartition(".")[2]
            if last in ("MutableDict", "as_mutable") and call is not None and call.positional:
                return self._kind(call.positional[-1])
            return last, last in ("Enum", "ENUM", "Boolean", "BOOLEAN")
        for _, entry in lineage(written.frame, info.ref):
            if not isinstance(entry, ClassInfo):
                continue
            inner = reader(self._declared.frame(entry), entry)
            for statement in class_body(inner, entry):
                match statement:
                    case ast.Assign(targets=[ast.Name(id="impl")], value=value):
                        return self._kind(Written(value, inner))
            base = next(
                (each for each in entry.bases if name_in(each) not in ("", "TypeDecorator", "UserDefinedType")), None
            )
            if base is not None:
                last = name_in(base)
                return last, last in ("Enum", "ENUM", "Boolean", "BOOLEAN", "SchemaType")
        return "", False

    def mapped(self, annotation: Written) -> Written | None:
        """What stands in ``Mapped[...]``; None for another annotation."""
        node = annotation_of(annotation.node)
        if not isinstance(node, ast.Subscript) or name_in(denoted(annotation.frame, node.value)) not in _MAPPED:
            return None
        return annotation.of(annotation_of(node.slice))

    def _unwrapped(self, annotation: Written) -> tuple[Written, bool]:
        """An annotation without ``Optional``, and whether it has one."""
        node = annotation_of(annotation.node)
        mapped = self.mapped(annotation)
        if mapped is not None:
            return self._unwrapped(mapped)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            sides = [each for each in (node.left, node.right) if not _is_none(each)]
            if len(sides) == 1:
                return self._unwrapped(annotation.of(sides[0]))[0], True
        if isinstance(node, ast.Subscript):
            outer = annotation.frame.quiet(node.value).ref or ""
            if outer.endswith((".Optional", ".Final", ".ClassVar")):
                inner, optional = self._unwrapped(annotation.of(node.slice))
                return inner, optional or outer.endswith(".Optional")
            if outer.endswith(".Union") and isinstance(node.slice, ast.Tuple):
                sides = [each for each in node.slice.elts if not _is_none(each)]
                if len(sides) == 1:
                    return self._unwrapped(annotation.of(sides[0]))[0], len(node.slice.elts) > 1
        found = type_of(annotation.frame, node)
        return annotation.of(node), found is not None and found.optional

    def _annotated(self, annotation: Written) -> tuple[Written, Call | None] | None:
        """``Annotated[int, mapped_column(primary_key=True)]``, here or behind a name, as what it holds and the call."""
        found = annotation.followed
        node = annotation_of(found.node)
        if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Tuple):
            return None
        if not (found.frame.quiet(node.value).ref or "").endswith(".Annotated"):
            return None
        calls = [found.of(each).call for each in node.slice.elts[1:]]
        said = next(
            (each for each in calls if each is not None and name_in(each.ref) in ("mapped_column", "Field")), None
        )
        return found.of(node.slice.elts[0]), said

    def _kind_of(self, annotation: Written) -> tuple[str, bool]:
        found = type_of(annotation.frame, annotation.node)
        if found is None:
            return "", False
        if annotation.frame.world.class_named(found.name) is not None:
            return ("Enum", True) if is_enum(annotation.frame, found.name) else ("", False)
        kind = _KINDS.get(found.name, "JSON" if found.name in ("dict", "list") else "")
        return kind, kind in ("Enum", "Boolean")

    def _target(self, annotation: Written) -> tuple[str, bool] | None:
        """The entity that an annotation in ``Mapped[...]`` names, and whether there are several of it."""
        inner, _ = self._unwrapped(annotation)
        node = annotation_of(inner.node)
        many = False
        if isinstance(node, ast.Subscript):
            outer = type_of(inner.frame, node)
            if outer is None or outer.name not in _MANY:
                return None
            many = True
            node = node.slice.elts[-1] if isinstance(node.slice, ast.Tuple) else node.slice
            node = annotation_of(node)
        info = self._declared.class_of(inner.frame, node)
        if info is None and isinstance(node, (ast.Name, ast.Constant)):
            name = node.id if isinstance(node, ast.Name) else node.value if isinstance(node.value, str) else ""
            info = self._declared.named(name, inner.frame.module) if name[:1].isupper() else None
        if info is None or self._declared.family(info) in ("", "django"):
            return None
        return info.ref, many

    def _relationship(
        self, name: str, call: Call | None, annotation: Written | None, site: Site, own: Own
    ) -> Relationship:
        target = self._target(annotation) if annotation is not None else None
        entity, many = target if target is not None else (None, None)
        if call is None:
            return Relationship(name, entity, bool(many), site=site)
        words = call
        arguments = call.word("sa_relationship")
        if arguments is not None and arguments.call is not None:
            words = arguments.call
        first = words.argument(0, "argument")
        if entity is None and first is not None:
            entity = self._argued(first)
        uselist = words.flag("uselist", default=None)
        if uselist is not None:
            many = uselist
        elif many is None:
            many = self._is_many(words, entity, call.frame.owner, own)
        lazy = words.word("lazy")
        said = lazy.constant if lazy is not None else ABSENT
        extra = call.word("sa_relationship_kwargs")
        if lazy is None and extra is not None and isinstance(extra.node, ast.Dict):
            for key, value in zip(extra.node.keys, extra.node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "lazy":
                    said = extra.of(value).constant
                if isinstance(key, ast.Constant) and key.value == "uselist":
                    many = extra.of(value).constant is True
        eager = said is False or (isinstance(said, str) and said in _EAGER)
        back, back_many, back_eager = self._back(words, many=bool(many))
        query = said in ("dynamic", "write_only") or name_in(words.ref) == "dynamic_loader"
        return Relationship(name, entity, bool(many), eager, site, back, back_many, back_eager, query)

    @staticmethod
    def _back(call: Call, *, many: bool) -> tuple[str, bool, bool]:
        """The attribute that ``backref="orders"`` or ``backref=backref("orders", lazy="joined")`` gives the other entity."""
        written = call.word("backref")
        if written is None:
            return call.text(10**6, "back_populates") or "", True, False
        back_many = not many or call.word("secondary") is not None
        inner = written.call
        if inner is None:
            return written.text or "", back_many, False
        lazy = inner.text(10**6, "lazy")
        uselist = inner.flag("uselist", default=back_many)
        return inner.text(0, "name") or "", bool(uselist), lazy in _EAGER

    def _argued(self, first: Written) -> str | None:
        """The entity in ``relationship("Order")``, ``relationship(lambda: Order)``, ``relationship("shop.models.Order")``."""
        node = first.node.body if isinstance(first.node, ast.Lambda) else first.node
        written = first.of(node)
        if written.text is not None:
            info = self._declared.named(written.text, first.frame.module)
            return info.ref if info is not None else None
        info = self._declared.class_of(first.frame, node)
        return info.ref if info is not None else None

    def _is_many(self, call: Call, entity: str | None, owner: ClassInfo | None, own: Own) -> bool:
        """Whether a relationship leads to several rows: unless the class's own table has the key of the other."""
        if call.word("secondary") is not None:
            return True
        if call.word("remote_side") is not None:  # of a table to itself: the side that names the key's target
            return False
        said = call.word("foreign_keys")
        if said is not None and owner is not None:
            is_own = self._names_own(said, owner)
            if is_own is not None:
                return not is_own
        info = self._declared.frame(owner).world.class_named(entity) if owner and entity is not None else None
        if owner is None or info is owner:
            return True
        other = self._declared.table_name(info) if info is not None else ""
        columns = list(own.columns.values())
        for _, entry in lineage(self._declared.frame(owner), owner.ref)[1:]:
            if isinstance(entry, ClassInfo):
                columns += self._declared.own(entry).columns.values()
        keys = [column.references for column in columns if column.references is not None]
        return not any(key == "?" or _table_in(key) == other for key in keys)

    def _names_own(self, written: Written, owner: ClassInfo) -> bool | None:
        """Whether ``foreign_keys=[owner_id]``, ``foreign_keys="Order.owner_id"`` name a column of the class itself."""
        elements = [written] if written.text is not None else list(written.elements())
        first = (elements[0] if elements else None) or written
        text = first.text
        if text is not None:
            name, dot, _ = text.strip("[]( ").partition(".")
            return name == owner.name if dot else None
        if isinstance(first.node, ast.Attribute):
            info = self._declared.class_of(first.frame, first.node.value)
            return info is owner if info is not None else None
        return True if isinstance(first.node, ast.Name) else None

    def _arguments(self, found: Own, value: Written) -> None:
        """``__table_args__``."""
        found.schema = schema_in(value)
        if isinstance(value.followed.node, ast.Dict):
            return
        for each in value.elements():
            if each is None:
                found.unread.append(Unread(value.site, "`__table_args__`", indexes=True))
                continue
            if isinstance(each.node, ast.Dict):
                continue
            call = each.call
            if call is None:
                found.unread.append(Unread(each.site, "`__table_args__`", indexes=True))
                continue
            self._argument(found, call)

    def _argument(self, found: Own, call: Call) -> None:
        index = self.index(call)
        if index is not None:
            found.indexes = (*found.indexes, index)
        elif not name_in(call.ref) and not call.ref.startswith(("geoalchemy2.", "citext.")):
            found.unread.append(Unread(call.site, "`__table_args__`", indexes=True))

    def index(self, call: Call) -> Index | None:
        """``Index(…)``, ``UniqueConstraint(…)``, ``PrimaryKeyConstraint(…)``; None for a call that makes none."""
        kind = name_in(call.ref)
        if kind not in ("Index", "UniqueConstraint", "PrimaryKeyConstraint", "ExcludeConstraint"):
            return None
        given = call.positional
        name = call.text(10**6, "name") or ""
        if kind == "Index" and given:
            name, given = given[0].text or name, given[1:]
        columns: list[str] = []
        for each in given:
            column = self._column_in(each)
            columns.append(column if column is not None else "")
        if call.is_open and not columns:
            columns.append("?")
        partial = any(word.arg and word.arg.endswith("_where") for word in call.node.keywords)
        unique = kind in ("UniqueConstraint", "PrimaryKeyConstraint") or bool(call.flag("unique"))
        return Index(tuple(columns), unique, partial, PRIMARY if kind == "PrimaryKeyConstraint" else name)

    def _column_in(self, written: Written) -> str | None:
        """The column that an index names; None for an expression over some."""
        if written.text is not None:
            return written.text
        node = written.node
        if isinstance(node, ast.Call) and name_in(denoted(written.frame, node.func)) in ("desc", "asc") and node.args:
            return self._column_in(written.of(node.args[0]))
        while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("desc", "asc"):
            node = node.func.value
        if isinstance(node, ast.Attribute):
            return node.attr
        if isinstance(node, ast.Name):
            call = written.of(node).call
            if call is not None and name_in(call.ref) in ("Column", "mapped_column"):
                return call.text(0, "name") or node.id
        return None

    def imperative(self, call: Call) -> Table | None:
        """``Table("orders", metadata, Column("id", Integer, primary_key=True), …)``."""
        name = call.text(0, "name")
        columns: dict[str, Column] = {}
        indexes: tuple[Index, ...] = ()
        unread: list[Unread] = []
        keys: list[tuple[tuple[str, ...], str]] = []
        items = call.node.args[1:]
        if (
            items
            and not isinstance(items[0], ast.Starred)
            and name_in((Written(items[0], call.frame).call or call).ref) != "Column"
        ):
            items = items[1:]  # the metadata, which Flask-SQLAlchemy's own does not take
        for written in items:
            starred = isinstance(written, ast.Starred)
            inner = Written(written.value if isinstance(written, ast.Starred) else written, call.frame)
            for each in inner.elements() if starred else (inner,):
                item = each.call if each is not None else None
                kind = name_in(item.ref) if item is not None else ""
                if item is not None and kind == "Column":
                    column = self._told(Column("", site=item.site), item, annotated=False, outer=item)
                    columns[column.name] = replace(column, attribute=column.name)
                elif item is not None and (index := self.index(item)) is not None:
                    indexes = (*indexes, index)
                elif kind == "ForeignKeyConstraint" and item is not None:
                    keys += self._compound(item)
                elif kind != "CheckConstraint":
                    unread.append(Unread((each or inner).site, "a part of the table"))
        if name is None:
            unread.append(Unread(call.site, "the name of the table"))
        if call.word("autoload_with", "autoload") is not None or any(word.arg is None for word in call.node.keywords):
            unread.append(Unread(call.site, "columns that the database is asked for"))
        for local, reference in keys:
            if len(local) == 1 and local[0] in columns:
                columns[local[0]] = replace(columns[local[0]], references=reference)
        columns, indexes = as_stored(columns, indexes)
        schema = said_schema(call.word("schema")) if call.word("schema") is not None else self._of_metadata(call)
        primary = tuple(column.name for column in columns.values() if column.primary_key)
        compound = (Index(primary, unique=True),) if len(primary) > 1 else ()
        return Table(name or "", "", columns, (*compound, *indexes), {}, tuple(unread), site=call.site, schema=schema)

    @staticmethod
    def _of_metadata(call: Call) -> str | None:
        """The schema of tables that do not say one: ``Table("orders", MetaData(schema="shop"))``."""
        metadata = call.argument(1, "metadata")
        return schema_of(metadata) if metadata is not None else ""

    @staticmethod
    def _compound(call: Call) -> Iterator[tuple[tuple[str, ...], str]]:
        local, remote = call.argument(0, "columns"), call.argument(1, "refcolumns")
        if local is None or remote is None:
            return
        names = [each.text if each is not None else None for each in local.elements()]
        refs = [each.text if each is not None else None for each in remote.elements()]
        if len(names) == len(refs) == 1 and names[0] and refs[0]:
            yield (names[0],), refs[0]


def said_schema(written: Written | None) -> str | None:
    """The schema that an expression is; None where it is not known."""
    said = written.constant if written is not None else None
    if written is None or said is ABSENT:
        return None if written is not None else ""
    return "" if said in (None, "public") else said if isinstance(said, str) else None


def schema_of(metadata: Written) -> str | None:
    """The schema that tables of a ``MetaData(schema="shop")`` have unless they say another."""
    call = metadata.call
    return said_schema(call.word("schema")) if call is not None and name_in(call.ref) == "MetaData" else ""


def schema_in(arguments: Written) -> str | None:
    """The schema in ``__table_args__``: ``{"schema": "shop"}``, also as the last of several, or handed to what puts them together."""
    found = arguments.followed
    elements = list(found.elements()) if isinstance(found.node, (ast.Tuple, ast.List, ast.BinOp)) else [found]
    last = elements[-1] if elements else None
    if last is None:
        return None if elements else NOTHING
    last = last.followed
    if isinstance(last.node, ast.Dict):
        for key, value in zip(last.node.keys, last.node.values, strict=True):
            if key is not None and last.of(key).text == "schema":
                return said_schema(last.of(value))
        return NOTHING if None not in last.node.keys else None
    if not isinstance(last.node, ast.Call):
        return None
    call = Call(last.node, last.frame)
    if name_in(call.ref):  # an index, a constraint
        return NOTHING
    return said_schema(call.word("schema")) if call.word("schema") is not None else None


def as_stored(columns: dict[str, Column], indexes: tuple[Index, ...]) -> tuple[dict[str, Column], tuple[Index, ...]]:
    """Indexes over the names that the database has, and the keys that they make of columns."""
    names = {column.attribute: column.name for column in columns.values()}
    told = []
    for index in indexes:
        index = index._replace(columns=tuple(names.get(each, each) for each in index.columns))
        if index.name == PRIMARY:
            for each in index.columns:
                if each in columns:
                    columns[each] = replace(columns[each], primary_key=True, nullable=False)
        else:
            told.append(index)
    return columns, tuple(told)


def _table_in(reference: str) -> str:
    return reference.rpartition(".")[0].rpartition(".")[2]


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_class_variable(annotation: Written) -> bool:
    node = annotation_of(annotation.node)
    return isinstance(node, ast.Subscript) and (annotation.frame.quiet(node.value).ref or "").endswith(".ClassVar")


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else ""
