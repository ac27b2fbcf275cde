"""Types from annotations, and from the type expressions of library models, which read the same."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from dodont.models.vocabulary import Function as FunctionModel
from dodont.semantic.values import NONE_TYPE, PLAIN_TYPES, UNKNOWN, Type, Value, either

if TYPE_CHECKING:
    from dodont.semantic.frame import Frame

_TYPING = ("typing.", "typing_extensions.", "collections.abc.")

#: Wrappers that say something of the place, not of the value.
_TRANSPARENT = frozenset(
    {
        "Annotated", "ClassVar", "Final", "Required", "NotRequired", "ReadOnly", "sqlalchemy.orm.Mapped",
        "sqlalchemy.orm.WriteOnlyMapped", "sqlalchemy.orm.base.Mapped", "dataclasses.InitVar", "dishka.FromDishka",
    }
)  # fmt: skip

_SAME = {
    "List": "list", "Dict": "dict", "Set": "set", "FrozenSet": "frozenset", "Tuple": "tuple", "Type": "type", "Text": "str",
    "Sequence": "list", "Iterable": "list", "Collection": "list", "MutableSequence": "list", "Iterator": "list",
    "AsyncIterable": "AsyncIterator", "Mapping": "dict", "MutableMapping": "dict", "DefaultDict": "dict",
    "OrderedDict": "dict", "LiteralString": "LiteralString",
}  # fmt: skip

#: Annotations that leave open what the value is: ``client: Final = connect()``.
_UNTELLING = frozenset({"Any", "object", "Final", "ClassVar"})

#: The type of a type variable; its argument is the class it is bound to.
VARIABLE = "typing.TypeVar"

#: What calls of a callable of that type give has to be awaited.
AWAITABLE = frozenset({"Awaitable", "Coroutine"})

MAX_DEPTH = 8


def type_of(frame: Frame, node: ast.expr, depth: int = 0) -> Type | None:
    """The instance type an annotation names, None when it names none this module knows how to read."""
    kind = node.__class__
    if depth > MAX_DEPTH:
        return None
    if kind is ast.Name:
        return _name(frame, node)  # type: ignore[arg-type]
    if kind is ast.Attribute:
        return type_named(frame, frame.quiet(node))
    if kind is ast.Constant:
        return _constant(frame, node.value, depth)  # type: ignore[attr-defined]
    if kind is ast.Subscript:
        return _subscript(frame, node, depth)  # type: ignore[arg-type]
    if kind is ast.BinOp and isinstance(node.op, ast.BitOr):  # type: ignore[attr-defined]
        return _union([type_of(frame, side, depth + 1) for side in (node.left, node.right)])  # type: ignore[attr-defined]
    return None


def _name(frame: Frame, node: ast.Name) -> Type | None:
    """The type a name in an annotation stands for. Most are the module's own or imported, and mean the same everywhere in it."""
    name = node.id
    if name in frame.env or (frame.outer is not None and name in frame.outer):
        return type_named(frame, frame.quiet(node))
    known = frame.module.types.get(name)
    if known is not None:
        frame.world.touched |= known[1]
        return known[0]
    with frame.world.consulting() as consulted:
        value = frame.quiet(node)
        found = type_named(frame, value)
    if not frame.world.loading and not (value.ref or "").endswith(".Self"):  # which is another type in every class
        frame.module.types[name] = (found, frozenset(consulted))
    return found


def type_named(frame: Frame, value: Value) -> Type | None:
    """The instance type of a class object."""
    if value.const is None and value.type is NONE_TYPE:
        return NONE_TYPE
    if value.type is not None and value.type.args:
        if value.type.name == "type":
            return value.type.args[0]
        if value.type.name == VARIABLE:
            return value.type.args[0].args[0]
    if value.ref is None:
        return None
    name = short(value.ref)
    if name in _UNTELLING:
        return None
    if name == "Self" and frame.owner is not None:
        return Type(frame.owner.ref)
    return Type(_SAME.get(name, name))


@lru_cache(maxsize=8192)
def short(ref: str) -> str:
    """``builtins.str`` and ``typing.List`` are written ``str`` and ``List``."""
    if ref.startswith("builtins."):
        return ref[9:]
    for prefix in _TYPING:
        if ref.startswith(prefix):
            return ref[len(prefix) :]
    return ref


def _constant(frame: Frame, value: object, depth: int) -> Type | None:
    if value is None:
        return NONE_TYPE
    if isinstance(value, str) and len(value) < 400:
        parsed = parsed_annotation(value)
        return type_of(frame, parsed, depth + 1) if parsed is not None else None
    return None


@lru_cache(maxsize=4096)
def parsed_annotation(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _subscript(frame: Frame, node: ast.Subscript, depth: int) -> Type | None:
    base = frame.quiet(node.value)
    if base.ref is None:
        return None
    name = short(base.ref)
    inner = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
    if name == "Literal":
        return Type("LiteralString")
    if name in _TRANSPARENT:
        return type_of(frame, inner[0], depth + 1) if inner else None
    if name == "Optional":
        return _union([type_of(frame, inner[0], depth + 1), NONE_TYPE])
    if name == "Union":
        return _union([type_of(frame, each, depth + 1) for each in inner])
    if name in ("Generator", "AsyncGenerator"):
        inner = inner[:1]
    if name == "Callable":
        return callable_giving(type_of(frame, inner[-1], depth + 1) if len(inner) == 2 else None)
    args = tuple(type_of(frame, each, depth + 1) or Type("Any") for each in inner if not isinstance(each, ast.List))
    return Type(_SAME.get(name, name), args)


def callable_giving(result: Type | None) -> Type | None:
    """The type of what gives an awaitable or an instance of a class when it is called."""
    if result is None or not ("." in result.name or (result.name in AWAITABLE and not result.optional)):
        return None
    return Type("Callable", (result,))


def provider_of(frame: Frame, node: ast.expr | None) -> Value | None:
    """The provider in ``Depends(provider)`` or ``Annotated[T, Depends(provider)]``, written here or behind an alias."""
    kind = node.__class__
    if node is None or kind is ast.Constant:
        return None
    if kind is ast.Name or kind is ast.Attribute:
        value = frame.quiet(node)
        aliased = value.type is not None and value.type.name == "type" and isinstance(value.items, tuple)
        return value.items[0] if aliased and value.items else None  # type: ignore[index]
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
        for each in node.slice.elts[1:]:
            found = provider_of(frame, each)
            if found is not None:
                return found
        return None
    if isinstance(node, ast.Subscript):  # `Provide[Container.service]`
        return _provided(frame, node.slice) if _depends(frame, node.value) is not None else None
    if not isinstance(node, ast.Call):
        return None
    position = _depends(frame, node.func)
    if position is not None:
        if position < len(node.args):
            return _provided(frame, node.args[position])
        for word in node.keywords:
            if word.arg in ("dependency", "provide"):
                return frame.quiet(word.value)
        return UNKNOWN
    return None


def _depends(frame: Frame, node: ast.expr) -> int | None:
    """Which argument of what the node names is called to be injected."""
    callee = frame.quiet(node)
    model = frame.library.get(callee.ref) if callee.ref else None
    return model.depends if model.__class__ is FunctionModel else None


def _provided(frame: Frame, node: ast.expr) -> Value:
    """What is called, where it is not injected itself: ``Depends(Provide[Container.service])``."""
    if isinstance(node, ast.Subscript):
        inner = provider_of(frame, node)
        return inner if inner is not None else frame.quiet(node)
    if isinstance(node, ast.Lambda):  # what it gives, as if its class were called
        made = frame.quiet(node.body).type
        return Value(Type("type", (made,)), ref=made.name) if made is not None else UNKNOWN
    return frame.quiet(node)


def is_mapped(frame: Frame, node: ast.expr) -> bool:
    """Whether an annotation without a value declares a column: ``Mapped[int]``, but not ``Mapped[list[Order]]`` nor a quoted class."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        node = parsed_annotation(node.value) or node
    if not isinstance(node, ast.Subscript) or frame.quiet(node.value).ref != "sqlalchemy.orm.Mapped":
        return False
    inner = type_of(frame, node)
    return inner is not None and inner.name != "list" and frame.world.class_named(inner.name) is None


def _union(members: list[Type | None]) -> Type | None:
    """One type when all but None agree, or all are classes; several plain types count as the first of them."""
    first: Type | None = None
    optional, agreed, plain = False, True, True
    for member in members:
        if member is None:
            return None
        if member == NONE_TYPE:
            optional = True
            continue
        first = first or member
        optional = optional or member.optional
        agreed = agreed and member.name == first.name
        plain = plain and (member.name in PLAIN_TYPES or member.name == "LiteralString")
    if first is None:
        return None
    if agreed or plain:
        return Type(first.name, first.args, optional)
    kinds = [each for each in members if each is not None and each != NONE_TYPE]
    return either([each._replace(optional=False) for each in kinds], optional)


@lru_cache(maxsize=4096)
def model_type(text: str) -> Type | None:
    """The type a model's expression names: qualified names as they stand, ``X | None``, ``list[X]``."""
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        return None
    return _model_type(node)


def _model_type(node: ast.expr) -> Type | None:
    match node:
        case ast.Constant(value=None):
            return NONE_TYPE
        case ast.Name(id="Any") | ast.Name(id="object"):
            return None
        case ast.Name() | ast.Attribute():
            name = short(ast.unparse(node))
            return Type(_SAME.get(name, name))
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _union([_model_type(left), _model_type(right)])
        case ast.Subscript(value=base, slice=inner):
            outer = _model_type(base)
            elements = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            args = tuple(_model_type(each) or Type("Any") for each in elements)
            if outer is not None and outer.name == "Optional":
                return _union([args[0], NONE_TYPE])
            return Type(outer.name, args) if outer is not None else None
    return None


def substitute(type: Type | None, own: Type | None, change: Callable[[str], str] | None = None) -> Type | None:
    """``self`` in a model's type becomes the receiver's own type."""
    if type is None:
        return None
    if type.name == "self":
        return own._replace(optional=type.optional or own.optional) if own is not None else None
    if type.args:
        return type._replace(args=tuple(substitute(arg, own) or Type("Any") for arg in type.args))
    return type
