"""Type variables: what ``-> T`` is at a call, by the class that is given for ``type[T]`` or by the receiver's bases.

class Repository(Generic[T]):
    def get(self, number: int) -> T | None: ...

class Orders(Repository[Order]): ...

Orders().get(1)            # an Order
container.resolve(Orders)  # an Orders, where `resolve(self, kind: type[T]) -> T`
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from dodont.semantic.annotations import VARIABLE, parsed_annotation, type_named, type_of
from dodont.semantic.definitions import ClassInfo, FunctionInfo, Variable
from dodont.semantic.objects import class_info
from dodont.semantic.trees import last_name
from dodont.semantic.values import Type, Value

if TYPE_CHECKING:
    from dodont.semantic.frame import Frame

_LISTS = frozenset({"list", "List", "Sequence", "Iterable", "Iterator", "Collection", "AsyncIterator"})
_CLASSES = frozenset({"type", "Type"})
_BASES = frozenset({"Generic", "Protocol"})

MAX_DEPTH = 8


def variable_name(frame: Frame, node: ast.expr) -> str | None:
    """The type variable a name stands for."""
    if node.__class__ is not ast.Name:
        return None
    value = frame.quiet(node)
    return value.const if value.type is not None and value.type.name == VARIABLE else None


def may_vary(declared: Type | None) -> bool:
    """Whether a declared result may be a variable, by the type that was read in it: none, the class it is bound to, or a list of any."""
    return (
        declared is None
        or "." in declared.name
        or any(each.name == "Any" or "." in each.name for each in declared.args)
    )


def variable_in(frame: Frame, node: ast.expr | None) -> Variable | None:
    """The variable in a declared result: ``T``, ``T | None``, ``list[T]``, ``"T"``."""
    if node.__class__ is ast.Constant:
        node = _unquoted(node)
    if node.__class__ is ast.Name:
        name = variable_name(frame, node)
        return Variable(name) if name is not None else None
    if isinstance(node, ast.BinOp) and isinstance(node.right, ast.Constant) and node.right.value is None:
        inner = variable_in(frame, node.left)
        return inner._replace(optional=True) if inner is not None else None
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name):
        outer = last_name(node.value)
        inner = variable_in(frame, node.slice) if outer == "Optional" or outer in _LISTS else None
        if inner is not None:
            return inner._replace(optional=True) if outer == "Optional" else inner._replace(many=True)
    return None


def _unquoted(node: ast.expr | None) -> ast.expr | None:
    while isinstance(node, ast.Constant) and isinstance(node.value, str):
        node = parsed_annotation(node.value)
    return node


def declare(frame: Frame, info: ClassInfo, bases: list[ast.expr]) -> None:
    """The class's own variables, and what it gives for those of its bases."""
    own: list[str] = []
    for base in bases:
        if not isinstance(base, ast.Subscript):
            continue
        inner = base.slice.elts if isinstance(base.slice, ast.Tuple) else [base.slice]
        names = [variable_name(frame, each) for each in inner]
        if last_name(base.value) in _BASES:
            info.variables = tuple(name or "" for name in names)
            continue
        own += [name for name in names if name is not None and name not in own]
        ref = frame.quiet(base.value).ref
        if ref is not None:
            info.arguments[ref] = tuple(name or type_of(frame, each) for name, each in zip(names, inner, strict=True))
    info.variables = info.variables or tuple(own)


def result(
    frame: Frame,
    function: FunctionInfo,
    variable: Variable,
    receiver: Value | None,
    given: dict[str, tuple[Value, ast.expr]],
) -> Type | None:
    """What the variable in the function's declared result is at a call."""
    found = _of_parameters(frame, function, variable.name, given)
    owner = function.owner
    own = receiver.type if receiver is not None else None
    if found is None and own is not None and owner is not None and variable.name in owner.variables:
        found = _of_class(frame, own, owner, owner.variables.index(variable.name))
    if found is None or found.name == "Any":
        return None
    return Type("list", (found,)) if variable.many else found


def _of_parameters(
    frame: Frame, function: FunctionInfo, name: str, given: dict[str, tuple[Value, ast.expr]]
) -> Type | None:
    for parameter in function.parameters:
        declared = _unquoted(parameter.annotation)
        if parameter.arg not in given or declared is None:
            continue
        value = given[parameter.arg][0]
        if isinstance(declared, ast.Subscript) and last_name(declared.value) in _CLASSES:
            if last_name(declared.slice) == name:
                return type_named(frame, value)
        elif isinstance(declared, ast.Name) and declared.id == name and value.pending is None:
            return value.type
    return None


def _of_class(frame: Frame, type: Type, owner: ClassInfo, index: int, depth: int = 0) -> Type | None:
    """The argument that a type gives for a variable of one of its bases."""
    if type.name == owner.ref:
        return type.args[index] if index < len(type.args) else None
    info = class_info(frame, type.name)
    if info is None or depth > MAX_DEPTH:
        return None
    for base in info.bases:
        above = class_info(frame, base)
        if above is None:
            continue
        arguments = tuple(
            each if isinstance(each, Type) else _own(info, type, each) for each in info.arguments.get(base, ())
        )
        found = _of_class(frame, Type(above.ref, arguments), owner, index, depth + 1)
        if found is not None:
            return found
    return None


def _own(info: ClassInfo, type: Type, name: str | None) -> Type:
    index = info.variables.index(name) if name in info.variables else len(type.args)
    return type.args[index] if index < len(type.args) else Type("Any")
