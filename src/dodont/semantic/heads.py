"""Heads of definitions: what a ``def`` or ``class`` line and its decorators say, before any body is read."""

from __future__ import annotations

import ast
from bisect import bisect_left
from typing import TYPE_CHECKING

from dodont.models.vocabulary import Class as ClassModel
from dodont.models.vocabulary import Function as FunctionModel
from dodont.semantic.annotations import type_of
from dodont.semantic.definitions import ClassInfo, FunctionInfo, FunctionNode, HandlerInfo, ModuleInfo
from dodont.semantic.objects import lineage
from dodont.semantic.values import Type, Value

if TYPE_CHECKING:
    from dodont.semantic.frame import Frame

_PROPERTIES = frozenset({"builtins.property", "functools.cached_property", "django.utils.functional.cached_property"})
_TRANSPARENT = frozenset(
    {
        "abc.abstractmethod",
        "typing.override",
        "typing_extensions.override",
        "typing.final",
        "typing.no_type_check",
        "builtins.staticmethod",
        "builtins.classmethod",
    }
)


def function_info_of(frame: Frame, node: FunctionNode) -> FunctionInfo:
    """Register a function or method and all that its head says."""
    prefix = (
        frame.owner.ref
        if frame.owner is not None and frame.function is None
        else frame.function.ref
        if frame.function
        else frame.module.name
    )
    owner = frame.owner if frame.function is None else None
    arguments = node.args
    info = FunctionInfo(
        ref=f"{prefix}.{node.name}",
        name=node.name,
        module=frame.module,
        node=node,
        owner=owner,
        closure={**(frame.outer or {}), **frame.env} if frame.function is not None else frame.outer,
        is_async=node.__class__ is ast.AsyncFunctionDef,
        is_generator=_may_yield(frame.module, node) and _yields(node),
        kind="method" if owner is not None else "function",
        parameters=(*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs),
        variadic=arguments.vararg.arg if arguments.vararg else "",
        keywords=arguments.kwarg.arg if arguments.kwarg else "",
        site=frame.site(node),
    )
    setter = False
    decorators = []
    for each in node.decorator_list:
        if isinstance(each, ast.Attribute) and each.attr in ("setter", "deleter", "getter"):
            setter = True
            continue
        decorators.append(_decorate(frame, info, each))
    info.decorators = tuple(decorators)
    positional = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    info.positional = tuple(
        positional[1:] if info.kind in ("method", "classmethod", "property") and owner is not None else positional
    )
    frame.module.functions.append(info)
    if setter:
        info.ref += "@setter"
    else:
        frame.world.functions[info.ref] = info
        if owner is not None:
            owner.functions[node.name] = info
    if owner is not None and info.handler is None:
        info.handler = _class_handler(frame, owner, node.name)
    return info


def _may_yield(module: ModuleInfo, node: FunctionNode) -> bool:
    """Whether the word stands anywhere in the function's lines: most functions need not be searched."""
    index = bisect_left(module.yields, node.lineno)
    return index < len(module.yields) and module.yields[index] <= (node.end_lineno or 0)


def _yields(node: FunctionNode) -> bool:
    """Whether the function's own body has a ``yield``."""
    pending: list[ast.AST] = list(node.body)
    while pending:
        current = pending.pop()
        kind = current.__class__
        if kind is ast.Yield or kind is ast.YieldFrom:
            return True
        if kind in _SCOPES or kind in _LEAVES:
            continue
        for name in current._fields:
            child = getattr(current, name, None)
            if child.__class__ is list:
                pending += [each for each in child if each is not None and each.__class__ not in _LEAVES]
            elif isinstance(child, ast.AST) and child.__class__ not in _LEAVES:
                pending.append(child)
    return False


_SCOPES = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef})
_LEAVES = frozenset(
    {
        ast.Name,
        ast.Constant,
        ast.Pass,
        ast.Break,
        ast.Continue,
        ast.Import,
        ast.ImportFrom,
        ast.Load,
        ast.Store,
        ast.alias,
        str,
    }
)


def _decorate(frame: Frame, info: FunctionInfo, node: ast.expr) -> Value:
    called = isinstance(node, ast.Call)
    value = frame.quiet(node.func if called else node)  # type: ignore[attr-defined]
    if called:
        frame.eval(node)
    ref = value.ref
    if ref is None:
        info.opaque = True
        return value
    if ref == "builtins.staticmethod":
        info.kind = "staticmethod"
    elif ref == "builtins.classmethod":
        info.kind = "classmethod"
    elif ref in _PROPERTIES:
        info.kind = "property"
    model = frame.library.get(ref)
    if model is None and value.receiver is not None:
        owner, _, method = ref.rpartition(".")
        found = frame.library.method(owner, method)
        model = found[0] if found else None
    if model.__class__ is FunctionModel:
        if model.route is not None and model.route.handler is None:
            info.handler = HandlerInfo(ref, _methods(frame, node) or model.route.methods)
        elif model.decorator in ("manager", "async manager"):
            info.manager = model.decorator or ""
        elif model.decorator == "property":
            info.kind = "property"
        elif model.decorator != "same":
            info.opaque = True
    elif ref in frame.world.functions:
        info.opaque = info.opaque or not _keeps_kind(frame.world.functions[ref], info.is_async)
    elif ref not in _TRANSPARENT and ref not in _PROPERTIES:
        info.opaque = True
    return value


def _methods(frame: Frame, node: ast.expr) -> tuple[str, ...]:
    """The HTTP methods a route decorator names in its ``methods`` argument or list."""
    if not isinstance(node, ast.Call):
        return ()
    for argument in [*[word.value for word in node.keywords if word.arg == "methods"], *node.args]:
        if isinstance(argument, (ast.List, ast.Tuple, ast.Set)):
            return tuple(
                each.value.upper()
                for each in argument.elts
                if isinstance(each, ast.Constant) and isinstance(each.value, str)
            )
    return ()


def _keeps_kind(decorator: FunctionInfo, is_async: bool) -> bool:
    """Whether a decorator of the project gives back the same kind of function: its innermost function is async or not."""
    body = decorator.node.body if decorator.node is not None else []
    inner: list[FunctionNode] = []
    while True:
        functions = [statement for statement in body if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef))]
        if not functions:
            break
        inner = functions
        body = functions[-1].body
    if not inner:
        return decorator.node is not None
    kinds = {isinstance(each, ast.AsyncFunctionDef) for each in inner}
    return is_async in kinds


def _class_handler(frame: Frame, owner: ClassInfo, name: str) -> HandlerInfo | None:
    for ref, entry in lineage(frame, owner.ref):
        if isinstance(entry, ClassModel) and name in entry.handlers:
            verb = name.upper()
            return HandlerInfo(
                ref, (verb,) if verb in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS") else ()
            )
    return None


def class_info_of(frame: Frame, node: ast.ClassDef) -> ClassInfo:
    """Register a class with its bases and decorators."""
    prefix = frame.function.ref if frame.function else frame.owner.ref if frame.owner else frame.module.name
    info = ClassInfo(f"{prefix}.{node.name}", node.name, frame.module, site=frame.site(node))
    bases: list[str] = []
    types: list[Type] = []
    for each in node.bases:
        value = frame.quiet(each)
        found = type_of(frame, each)
        if value.ref is not None:
            bases.append(value.ref)
            types.append(found or Type(value.ref))
        elif found is not None:
            bases.append(found.name)
            types.append(found)
    info.keywords = frozenset(
        word.arg
        for word in node.keywords
        if word.arg and isinstance(word.value, ast.Constant) and word.value.value is True
    )
    info.bases, info.base_types = tuple(bases), tuple(types)
    info.decorators = tuple(
        frame.quiet(each.func if isinstance(each, ast.Call) else each) for each in node.decorator_list
    )
    frame.world.classes[info.ref] = info
    frame.module.classes.append(info)
    return info
