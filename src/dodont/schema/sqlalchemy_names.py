"""Which classes SQLAlchemy and its kin map, and what the tables of these are called, where that is written or computed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dodont.project.outlines import flat
from dodont.schema.sqlalchemy_bodies import name_in, schema_of
from dodont.schema.written import Call, Written, class_body, class_node, denoted, reader
from dodont.semantic.definitions import ClassInfo
from dodont.semantic.frame import Frame
from dodont.semantic.objects import lineage
from dodont.semantic.values import ABSENT

if TYPE_CHECKING:
    from dodont.schema.declared import Declared
    from dodont.schema.making import Making


def is_entity(frame: Frame, info: ClassInfo) -> str:
    """By which library's rules a class is mapped: ``sqlalchemy``, ``flask``, ``sqlmodel``; empty where it is not."""
    keywords: set[str] = set()
    for ref, entry in lineage(frame, info.ref):
        if isinstance(entry, ClassInfo):
            keywords |= entry.keywords
        elif ref == "flask_sqlalchemy.model.Model":
            return "flask"
        elif ref == "sqlmodel.SQLModel":
            return "sqlmodel" if "table" in keywords else ""
        elif ref.startswith("sqlalchemy.") and entry.role == "entity":
            return "sqlalchemy"
    return ""


class Names:
    """Finds names for ``declared``, which knows all classes."""

    def __init__(self, declared: Declared) -> None:
        self._declared = declared

    def table_name(self, info: ClassInfo, family: str) -> str:
        """The name of the table that holds an entity's rows."""
        for entry in self.classes(info):
            if name := self.own(entry, family):
                return "" if name == "?" else name
        return ""

    def own(self, info: ClassInfo, family: str) -> str:
        """The table that an entity has for itself: empty where it has none, ``?`` where its name could not be read."""
        if self.is_base(info):
            return ""
        frame = self._declared.frame(info)
        above = False
        for entry in self.classes(info):
            inner = reader(frame, entry)
            if entry is not info and self.is_mapped(entry, family):
                above = True
                break
            for statement in flat(class_body(inner, entry)):
                match statement:
                    case (
                        ast.Assign(targets=[ast.Name(id="__tablename__")], value=value)
                        | ast.AnnAssign(target=ast.Name(id="__tablename__"), value=ast.expr() as value)
                    ):
                        written = Written(value, inner)
                        if written.constant is None or (family == "flask" and self._joins(entry, inner)):
                            return ""
                        return written.text or "?"
                    case ast.Assign(targets=[ast.Name(id="__table__")], value=value):
                        call = Written(value, inner).call
                        return (call.text(0, "name") if call is not None else None) or "?"
                    case ast.FunctionDef(name="__tablename__"):
                        return self._computed(entry, info) or "?"
                    case ast.Assign(targets=[ast.Name(id="__abstract__")], value=value) if entry is info:
                        if Written(value, inner).constant is True:
                            return ""
        if not above and (name := self._automatic(info)):
            return name
        if family == "sqlmodel" and "table" in info.keywords:
            return info.name.lower()
        return snake(info.name) if family == "flask" and not (above and self._joins(info, frame)) else ""

    def _joins(self, info: ClassInfo, frame: Frame) -> bool:
        """Whether a class without a key adds its columns to its parent's table, whatever it calls its own: so Flask-SQLAlchemy does."""
        keyed = any(
            isinstance(each, ast.keyword) and each.arg == "primary_key"
            for statement in class_body(frame, info)
            for each in ast.walk(statement)
        )
        above = (entry for _, entry in lineage(frame, info.ref)[1:] if isinstance(entry, ClassInfo))
        return not keyed and any(self.is_mapped(each, "flask") for each in above)

    def is_mapped(self, info: ClassInfo, family: str) -> bool:
        """Whether a class that stands above another has a table."""
        return bool(self._declared.family(info)) and bool(self.own(info, family))

    def is_base(self, info: ClassInfo) -> bool:
        """Whether it is what all entities are made from: ``class Base(DeclarativeBase)``, with or without columns for all."""
        frame = self._declared.frame(info)
        node = class_node(self._declared.project, info)
        given = [*node.bases, *node.decorator_list] if node is not None else []
        # What `declarative_base()` makes is a base of that kind, too, and what stands below that is mapped.
        given = [each for each in given if isinstance(each, ast.Call) or Written(each, frame).call is None]
        named = {name_in(denoted(frame, each.func if isinstance(each, ast.Call) else each)) for each in given}
        return not named.isdisjoint(
            ("DeclarativeBase", "DeclarativeBaseNoMeta", "as_declarative", "as_declarative_base")
        )

    def _computed(self, owner: ClassInfo, info: ClassInfo) -> str | None:
        """``@declared_attr def __tablename__(cls): return cls.__name__.lower()``."""
        function = owner.functions.get("__tablename__")
        node = self._declared.project.body(function) if function is not None else None
        returned = [each for each in node.body if isinstance(each, ast.Return)] if node is not None else []
        first = node.args.args[0].arg if node is not None and node.args.args else ""
        if len(returned) == 1 and returned[0].value is not None:
            frame = reader(self._declared.frame(owner), owner)
            found = computed(returned[0].value, {f"{first}.__name__": info.name}, frame)
            if found is not None:
                return found
        return self._making(info).returned(owner, "__tablename__")

    def _automatic(self, info: ClassInfo) -> str:
        """The name that a hook of a base or its metaclass gives: empty where none does, ``?`` where it could not be followed."""
        making: Making | None = None
        for entry in self.classes(info):
            if entry is not info and "__init_subclass__" in entry.functions and "__tablename__" in entry.module.text:
                making = making or self._making(info)
                name = making.assigned_in(entry.ref, "__init_subclass__", self._words(info))
                if name:
                    return name
            for meta in self._metaclasses(entry):
                if "__tablename__" not in meta.module.text:
                    continue
                making = making or self._making(info)
                for method in ("__new__", "__init__"):
                    name = making.assigned_in(meta.ref, method, {}) if method in meta.functions else ""
                    if name:
                        return name
        return ""

    def _words(self, info: ClassInfo) -> dict[str, Any]:
        """The words that a class is made with, UNREAD where they are no constants."""
        from dodont.schema.values import UNREAD

        node = class_node(self._declared.project, info)
        frame = self._declared.frame(info)
        said = {
            each.arg: Written(each.value, frame).constant
            for each in (node.keywords if node is not None else ())
            if each.arg
        }
        return {name: UNREAD if value is ABSENT else value for name, value in said.items()}

    def _metaclasses(self, info: ClassInfo) -> Iterator[ClassInfo]:
        """The metaclasses of the project's own that a class names: ``metaclass=Meta``, ``declarative_base(metaclass=Meta)``."""
        node = class_node(self._declared.project, info)
        frame = self._declared.frame(info)
        for call in self._declaring(info):
            if (word := call.word("metaclass")) is not None:
                yield from self._own_classes(word)
        for each in node.keywords if node is not None else ():
            if each.arg == "metaclass":
                yield from self._own_classes(Written(each.value, frame))

    def classes(self, info: ClassInfo) -> Iterator[ClassInfo]:
        """The class and those of the project that it is made from: bases, and what their base is (``declarative_base(cls=Named)``)."""
        found = [entry for _, entry in lineage(self._declared.frame(info), info.ref) if isinstance(entry, ClassInfo)]
        yield from found
        for entry in found:
            for call in self._declaring(entry):
                given = call.word("cls", "model_class")
                inner = given.call if given is not None else None
                if inner is not None:  # `SQLAlchemy(model_class=declarative_base(cls=Named))`
                    given = inner.word("cls")
                for each in self._own_classes(given) if given is not None else ():
                    if each not in found:
                        yield each

    def _own_classes(self, written: Written) -> list[ClassInfo]:
        ref = written.value.ref
        known = lineage(written.frame, ref) if ref is not None else ()
        return [entry for _, entry in known if isinstance(entry, ClassInfo)]

    def _declaring(self, info: ClassInfo) -> Iterator[Call]:
        """The calls that make what a class is made from: ``Base = declarative_base(metadata=metadata)``, ``db = SQLAlchemy(…)``."""
        node = class_node(self._declared.project, info)
        frame = self._declared.frame(info)
        for each in node.bases if node is not None else ():
            if isinstance(each, ast.Attribute) and each.attr == "Model":
                each = each.value
            call = Written(each, frame).call
            if call is not None:
                yield call

    def schema(self, info: ClassInfo) -> str | None:
        """The schema of tables that do not say one, as the metadata of a base of theirs have it."""
        for entry in self.classes(info):
            inner = reader(self._declared.frame(entry), entry)
            for statement in class_body(inner, entry):
                match statement:
                    case (
                        ast.Assign(targets=[ast.Name(id="metadata")], value=value)
                        | ast.AnnAssign(target=ast.Name(id="metadata"), value=ast.expr() as value)
                    ):
                        return schema_of(Written(value, inner))
            for call in self._declaring(entry):
                if (word := call.word("metadata")) is not None:
                    return schema_of(word)
        return ""

    def _making(self, info: ClassInfo) -> Making:
        from dodont.schema.making import Making  # which runs code, where few classes have their names from such

        return Making(self._declared.files, info, [each.ref for each in self.classes(info)])


def computed(node: ast.expr, names: Mapping[str, str], frame: Frame) -> str | None:
    """A text that is put together from names and constants by the methods of strings: ``f"app_{cls.__name__.lower()}s"``."""
    match node:
        case ast.Constant(value=str(constant)):
            return constant
        case ast.Attribute(value=ast.Name(id=holder), attr=attr) if f"{holder}.{attr}" in names:
            return names[f"{holder}.{attr}"]
        case ast.JoinedStr(values=values):
            parts = [
                computed(each.value if isinstance(each, ast.FormattedValue) else each, names, frame) for each in values
            ]
            return "".join(part for part in parts if part is not None) if None not in parts else None
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            one, other = computed(left, names, frame), computed(right, names, frame)
            return one + other if one is not None and other is not None else None
        case ast.Call(func=ast.Attribute(value=inner, attr="lower" | "upper" as method), args=[], keywords=[]):
            text: str | None = computed(inner, names, frame)
            return None if text is None else text.lower() if method == "lower" else text.upper()
        case ast.Call(func=func, args=[ast.Constant(value=str(pattern)), ast.Constant(value=str(put)), subject]) if (
            frame.quiet(func).ref == "re.sub" and len(pattern) < 80
        ):
            text = computed(subject, names, frame)
            try:
                return re.sub(pattern, put, text) if text is not None else None
            except (re.error, RecursionError):
                return None
    value = frame.quiet(node)
    return value.const if isinstance(value.const, str) and value.literal else None


def snake(name: str) -> str:
    """Flask-SQLAlchemy's table of a class: ``OrderLine`` is ``order_line``."""
    spaced = re.sub(r"((?<=[a-z0-9])[A-Z]|(?!^)[A-Z](?=[a-z]))", r"_\1", name)
    return spaced.lower().lstrip("_")
