"""Declarations as the code writes them: the body of a class, the calls in it, and what their arguments are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from dodont.project.outlines import values_in
from dodont.semantic.annotations import parsed_annotation
from dodont.semantic.definitions import ClassInfo, ModuleInfo
from dodont.semantic.frame import Frame
from dodont.semantic.objects import lineage
from dodont.semantic.trees import nodes_of
from dodont.semantic.values import ABSENT, Site, Value

if TYPE_CHECKING:
    from dodont.project.project import Project

#: Through how many names a value is followed: ``KEY = OTHER``, ``OTHER = Column(…)``.
MAX_NAMES = 4


class Written(NamedTuple):
    """An expression, and the names around it."""

    node: ast.expr
    frame: Frame

    @property
    def site(self) -> Site:
        return self.frame.site(self.node)

    @property
    def value(self) -> Value:
        return self.frame.quiet(self.node)

    @property
    def constant(self) -> Any:
        """The one value that it has, ABSENT where it is not known to be constant."""
        node = self.node
        if isinstance(node, ast.Constant):
            return node.value
        value = self.value
        if value.const is not ABSENT:
            return value.const if value.literal else ABSENT
        if isinstance(node, ast.Name) and isinstance(self.followed.node, ast.Constant):  # INDEXED = True
            return self.followed.constant
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.of(node.operand).constant
            return not inner if inner is not ABSENT else ABSENT
        return ABSENT

    @property
    def text(self) -> str | None:
        found = self.constant
        return found if isinstance(found, str) else None

    def of(self, node: ast.expr) -> Written:
        return Written(node, self.frame)

    @property
    def followed(self) -> Written:
        """What it stands for where it is a name that a module gives a value once: ``args = (Index("a", "b"),)``."""
        found = self
        for _ in range(MAX_NAMES):
            following = _assigned(found)
            if following is None:
                break
            found = following
        return found

    @property
    def call(self) -> Call | None:
        found = self if isinstance(self.node, ast.Call) else self.followed
        return Call(found.node, found.frame) if isinstance(found.node, ast.Call) else None

    def elements(self) -> Iterator[Written | None]:
        """What a display holds, displays that are put together one after the other; None for a part that is not known."""
        found = self.followed
        node = found.node
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            for each in node.elts:
                if isinstance(each, ast.Starred):
                    yield from found.of(each.value).elements()
                else:
                    yield found.of(each)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            yield from found.of(node.left).elements()
            yield from found.of(node.right).elements()
        elif isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
            callee = found.frame.quiet(node.func).ref
            if callee in ("builtins.tuple", "builtins.list", "builtins.set"):
                yield from found.of(node.args[0]).elements()
            else:
                yield None
        else:
            yield None


class Call:
    """A call that declares something: ``ref`` is the qualified name of what is called, empty where that is not known."""

    __slots__ = ("_ref", "frame", "node")

    def __init__(self, node: ast.Call, frame: Frame) -> None:
        self.node = node
        self.frame = frame
        self._ref: str | None = None

    @property
    def ref(self) -> str:
        if self._ref is None:
            self._ref = denoted(self.frame, self.node.func)
        return self._ref

    @property
    def site(self) -> Site:
        return self.frame.site(self.node)

    @property
    def is_open(self) -> bool:
        """Whether it is given arguments that do not stand here: ``Column(Integer, **options)``."""
        return any(word.arg is None for word in self.node.keywords) or any(
            isinstance(each, ast.Starred) for each in self.node.args
        )

    @property
    def positional(self) -> list[Written]:
        return [Written(each, self.frame) for each in self.node.args if not isinstance(each, ast.Starred)]

    def word(self, *names: str) -> Written | None:
        """The argument of one of these names."""
        return next((Written(word.value, self.frame) for word in self.node.keywords if word.arg in names), None)

    def argument(self, position: int, *names: str) -> Written | None:
        found = self.word(*names)
        if found is None and position < len(self.node.args) and not isinstance(self.node.args[position], ast.Starred):
            found = Written(self.node.args[position], self.frame)
        return found

    def flag(self, *names: str, default: bool | None = False) -> bool | None:
        """What is said under a name; None where that is not known."""
        found = self.word(*names)
        if found is None:
            return None if any(word.arg is None for word in self.node.keywords) else default
        constant = found.constant
        return None if constant is ABSENT else bool(constant)

    def text(self, position: int, *names: str) -> str | None:
        found = self.argument(position, *names)
        return found.text if found is not None else None


def denoted(frame: Frame, node: ast.expr) -> str:
    """The qualified name of what an expression denotes. What ``db = SQLAlchemy()`` hands out is SQLAlchemy's own."""
    if isinstance(node, ast.Subscript):  # `Mapped[int]`, `ForeignKey["Order"]`
        node = node.value
    value = frame.quiet(node)
    if value.ref is not None:
        return value.ref
    if isinstance(node, ast.Attribute):
        holder = frame.quiet(node.value)
        if holder.type is not None and any(
            ref == "flask_sqlalchemy.SQLAlchemy" for ref, _ in lineage(frame, holder.type.name)
        ):
            return f"sqlalchemy.{node.attr}"
    return ""


def _assigned(written: Written) -> Written | None:
    """The value of the name that an expression is, where one statement of a class's body or a module gives it."""
    node, frame = written
    if isinstance(node, ast.Name):
        if frame.owner is not None:
            found = values_in(class_body(frame, frame.owner)).get(node.id)
            if found is not None:
                return Written(found, frame)
        module, name = frame.module, node.id
        frame.quiet(node)
        known = module.followed.get(name)  # what an import brings, now that it was looked up
        if known is not None:
            module_name, _, name = known[0].rpartition(".")
            other = _module(frame, module_name)
            if other is None:
                return None
            module = other
        found = _project(frame).outline(module).values.get(name)
        return Written(found, frame.world.reader(module)) if found is not None else None
    if isinstance(node, ast.Attribute):
        holder = frame.quiet(node.value)
        info = frame.world.class_named(holder.ref) if holder.ref is not None else None
        if info is None:
            return None
        for _, entry in lineage(frame, info.ref):  # `Base.__table_args__`
            if isinstance(entry, ClassInfo):
                inner = reader(frame, entry)
                found = values_in(class_body(inner, entry)).get(node.attr)
                if found is not None:
                    return Written(found, inner)
    return None


def _module(frame: Frame, name: str) -> ModuleInfo | None:
    return _project(frame).modules.get(name)


def _project(frame: Frame) -> Project:
    return frame.world  # type: ignore[return-value]


def class_body(frame: Frame, info: ClassInfo) -> list[ast.stmt]:
    node = class_node(_project(frame), info)
    return node.body if node is not None else []


def class_node(project: Project, info: ClassInfo) -> ast.ClassDef | None:
    """The definition of a class of the project, read once more."""
    if info.site is None:
        return None
    place = info.site.line, info.name
    return project.outline(info.module).classes.get(place) or _classes(project.tree(info.module)).get(place)


@lru_cache(maxsize=4)
def _classes(tree: ast.Module) -> dict[tuple[int, str], ast.ClassDef]:
    return {(each.lineno, each.name): each for each in nodes_of(tree, _CLASSES)}  # type: ignore[attr-defined, misc]


_CLASSES: frozenset[type] = frozenset({ast.ClassDef})


def reader(frame: Frame, info: ClassInfo) -> Frame:
    """A frame in which the expressions in a class's body are read: other names of the body stand in it, too."""
    project = _project(frame)
    inner = project.frame(info.module, info)
    inner.env = info.members
    inner.silent = True
    return inner


def annotation_of(node: ast.expr) -> ast.expr:
    """An annotation, that in quotes as well."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return parsed_annotation(node.value) or node
    return node
