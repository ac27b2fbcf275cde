"""Heads of definitions: what a ``def`` or ``class`` line and its decorators say, before any body is read."""

from __future__ import annotations

import ast
from bisect import bisect_left
from typing import TYPE_CHECKING

from dodont.models.vocabulary import Class as ClassModel
from dodont.models.vocabulary import Function as FunctionModel
from dodont.semantic import generics
from dodont.semantic.annotations import type_of
from dodont.semantic.definitions import (
    ClassInfo,
    FunctionInfo,
    FunctionNode,
    HandlerInfo,
    Kept,
    ModuleInfo,
    leaves_open,
    says_nothing,
)
from dodont.semantic.objects import lineage
from dodont.semantic.trees import last_name, nodes_of, walk
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
    closure = {**(frame.outer or {}), **frame.env} if frame.function is not None else frame.outer
    known = frame.inner.get(id(node))
    if known is not None:  # a loop's body run again, or a function's in a circle
        known.owner = owner
        if known.node is not None:
            known.closure = closure
        if owner is not None and not known.ref.endswith("@setter"):
            owner.functions[node.name] = known
        return known
    arguments = node.args
    parameters = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    info = FunctionInfo(
        ref=f"{prefix}.{node.name}",
        name=node.name,
        module=frame.module,
        node=node,
        owner=owner,
        closure=closure,
        is_async=node.__class__ is ast.AsyncFunctionDef,
        is_generator=_may_yield(frame.module, node) and _yields(node),
        is_stub=says_nothing(node.body),
        kind="method" if owner is not None else "function",
        parameters=parameters,
        named=frozenset([argument.arg for argument in parameters]),
        variadic=arguments.vararg.arg if arguments.vararg else "",
        keywords=arguments.kwarg.arg if arguments.kwarg else "",
        site=frame.site(node),
    )
    if frame.function is not None and closure is not None:
        closure[node.name] = Value(ref=info.ref)  # it may call itself
    if info.is_stub:
        in_stub = frame.module.file.endswith(".pyi")  # where every body is `...`
        info.is_abstract = owner is not None and not in_stub and leaves_open(node.body)
    if info.is_async and node.returns is not None and info.is_stub and _is_iterated(frame, node.returns):
        info.is_generator = True
    setter = False
    decorators: list[tuple[Value, ast.expr]] = []
    for each in node.decorator_list:
        if isinstance(each, ast.Attribute) and each.attr in ("setter", "deleter", "getter"):
            setter = True
            continue
        decorators.append((_decorate(frame, info, each), each))
    if decorators:
        info.decorators = tuple([value for value, _ in decorators])
        _wrap(frame, info, decorators)
    positional = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    info.positional = tuple(
        positional[1:] if info.kind in ("method", "classmethod", "property") and owner is not None else positional
    )
    frame.inner[id(node)] = info
    frame.module.functions.append(info)
    if setter:
        info.ref += "@setter"
    else:
        twin = frame.world.functions.get(info.ref)
        if twin is not None and twin.is_async is not info.is_async and twin.module is info.module:
            info.opaque = True  # defined as one kind or the other, as the case may be
        frame.world.functions[info.ref] = info
        if owner is not None:
            owner.functions[node.name] = info
    return info


def _wrap(frame: Frame, info: FunctionInfo, decorators: list[tuple[Value, ast.expr]]) -> None:
    """What the project's own decorators make of the function, the nearest first."""
    for value, node in reversed(decorators):
        decorator = frame.world.function(value.ref) if value.ref is not None else None
        if decorator is None or decorator.manager:
            continue
        kept = decorator.kept or Kept()
        if kept.makes:
            info.made = True
            info.opaque = info.opaque or info.is_generator
        elif not (kept.coroutine if info.is_async or info.made else kept.plain):
            info.opaque = True
        info.handed = info.handed or not kept.calls
        info.wrapped_by += ((decorator.ref, isinstance(node, ast.Call)),)


def _is_iterated(frame: Frame, returns: ast.expr) -> bool:
    """``async def rows(self) -> AsyncIterator[Row]: ...``: what overrides it yields, though its own body has no ``yield``."""
    outer = returns.value if isinstance(returns, ast.Subscript) else returns
    if last_name(outer) in _ITERATED:
        return True
    declared = type_of(frame, returns)  # `Chunks = AsyncIterator[str]`
    return declared is not None and declared.name.rpartition(".")[2] in _ITERATED


_ITERATED = frozenset({"AsyncGenerator", "AsyncIterator", "AsyncIterable"})


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
    ref = value.ref
    decorator = frame.world.function(ref) if ref is not None else None
    if decorator is not None and decorator.kept is None and (body := frame.world.body(decorator)) is not None:
        decorator.kept = kept_by(body)
    if called:
        frame.eval(node)
    if ref is None:
        if _is_route(node):
            info.handler = info.handler or HandlerInfo("", _methods(frame, node))
        info.opaque = True
        return value
    if ref == "abc.abstractmethod":
        info.is_abstract = info.is_stub
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
        if model.route is not None and (model.route.handler is None or model.decorator == "same"):
            info.handler = HandlerInfo(ref, _methods(frame, node) or model.route.methods)
        elif model.decorator in ("manager", "async manager"):
            info.manager = model.decorator or ""
        elif model.decorator == "property":
            info.kind = "property"
        elif model.decorator != "same":
            info.opaque = True
    elif decorator is None and ref not in _TRANSPARENT and ref not in _PROPERTIES:
        if model is None and _is_route(node):
            info.handler = info.handler or HandlerInfo(ref, _methods(frame, node))
        info.opaque = True
    return value


def _is_route(node: ast.expr) -> bool:
    """``@app.get("/orders")`` on something nothing is known of: a framework without a model, or a parameter ``app``."""
    match node:
        case ast.Call(func=ast.Attribute(attr=verb), args=[ast.Constant(value=str(path)), *_]):
            return path.startswith("/") and verb in _ROUTES
    return False


#: What routers of all frameworks call the decorators that take a path.
_ROUTES = frozenset("route get post put patch delete websocket api_route".split())


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


def may_decorate(node: FunctionNode) -> bool:
    """Whether a look at its statements leaves room for a decorator: it defines a function, or gives back what it is given."""
    kinds = {statement.__class__ for statement in node.body}
    if ast.FunctionDef in kinds or ast.AsyncFunctionDef in kinds or not kinds.isdisjoint(_COMPOUND):
        return True
    last = node.body[-1]
    return isinstance(last, ast.Return) and isinstance(last.value, ast.Name) and last.value.id == _first(node)


def _first(node: FunctionNode) -> str:
    arguments = [*node.args.posonlyargs, *node.args.args]
    return arguments[0].arg if arguments else ""


def kept_by(node: FunctionNode) -> Kept:
    """What the function, used as a decorator, makes of a plain function, and of a coroutine function.

    What counts are the functions within it that wrap another (``functools.wraps``), else the innermost; without any, that
    it gives back its argument, or says so by its annotations.
    """
    given = {argument.arg for argument in (*node.args.posonlyargs, *node.args.args)}
    wrappers: list[FunctionNode] = []
    innermost: list[FunctionNode] = []
    returned: list[ast.expr | None] = []
    pending: list[tuple[list[ast.stmt], int]] = [(node.body, 0)]
    deepest = 0
    while pending:
        body, depth = pending.pop()
        for statement in body:
            kind = statement.__class__
            if kind is ast.FunctionDef or kind is ast.AsyncFunctionDef:
                inner: FunctionNode = statement  # type: ignore[assignment]
                given |= {argument.arg for argument in (*inner.args.posonlyargs, *inner.args.args)}
                if any(_is_wraps(each) for each in inner.decorator_list):
                    wrappers.append(inner)
                elif depth >= deepest:
                    innermost = [*(innermost if depth == deepest else ()), inner]
                    deepest = depth
                pending.append((inner.body, depth + 1))
            elif kind is ast.Return and depth == 0:
                returned.append(statement.value)  # type: ignore[attr-defined]
            elif kind in _COMPOUND:
                parts = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
                parts += [handler.body for handler in getattr(statement, "handlers", [])]
                pending += [(part, depth) for part in parts if part]
    found = wrappers or innermost
    if found:
        plain = [each for each in found if each.__class__ is ast.FunctionDef]
        return Kept(
            plain=bool(plain),
            coroutine=len(plain) < len(found) or any(_passes_on(each, given) for each in plain),
            makes=bool(wrappers) and not plain and _gives_only(node, wrappers),
            calls=any(_calls(each, given) for each in found),
            wraps=bool(wrappers),
        )
    own = node.args.args[0] if node.args.args else None
    same = own is not None and own.annotation is not None and _is_alike(own.annotation, node.returns)
    back = bool(returned) and all(isinstance(each, ast.Name) and own and each.id == own.arg for each in returned)
    return Kept(same or back, same or back, calls=same or back)


def _is_alike(given: ast.expr | None, returned: ast.expr | None) -> bool:
    """Whether a decorator says by its annotations that the result is of the kind of what it is given::

    def injected(function: Callable[Concatenate[Db, P], R]) -> Callable[P, R]: ...
    """
    if given is None or returned is None:
        return False
    if ast.dump(given) == ast.dump(returned):
        return True
    ends = [_last_variables(given), _last_variables(returned)]
    return bool(ends[0]) and ends[0] == ends[1] and len(ends[0]) == 1


def _last_variables(node: ast.expr) -> set[str]:
    """The names that end the types of functions in an annotation; something else of what is none or no name."""
    if isinstance(node, ast.BinOp):
        return _last_variables(node.left) | _last_variables(node.right)
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Tuple):
        return {""}
    if last_name(node.value) == "Union":
        return set().union(*(_last_variables(each) for each in node.slice.elts))
    last = node.slice.elts[-1]
    return {last.id} if isinstance(last, ast.Name) and len(node.slice.elts) > 1 else {""}


_COMPOUND = frozenset({ast.If, ast.Try, ast.With, ast.AsyncWith})


def _is_wraps(node: ast.expr) -> bool:
    func = node.func if isinstance(node, ast.Call) else node
    return (isinstance(func, ast.Name) and func.id == "wraps") or (
        isinstance(func, ast.Attribute) and func.attr == "wraps"
    )


def _gives_only(decorator: FunctionNode, wrappers: list[FunctionNode]) -> bool:
    """Whether all that a decorator gives are its wrappers, none of them a generator, or functions within it that give them."""
    if any(isinstance(each, (ast.Yield, ast.YieldFrom)) for wrapper in wrappers for each in walk(wrapper)):
        return False
    names: set[str] = set()
    returned: list[ast.expr | None] = []
    pending: list[ast.AST] = list(decorator.body)
    while pending:
        current = pending.pop()
        if isinstance(current, FunctionNode):
            names.add(current.name)
        if isinstance(current, ast.Return):
            returned.append(current.value)
        if not any(current is wrapper for wrapper in wrappers):
            pending += ast.iter_child_nodes(current)
    while returned:
        given = returned.pop()
        if isinstance(given, ast.IfExp):
            returned += (given.body, given.orelse)
        elif last_name(given.func if isinstance(given, ast.Call) else given or decorator) not in names:
            return False
    return True


def _calls(wrapper: FunctionNode, given: set[str]) -> bool:
    """Whether a wrapper calls what it wraps, itself."""
    return any(each.func.id in given for each in nodes_of(wrapper, _CALLS) if isinstance(each.func, ast.Name))  # type: ignore[attr-defined]


def _passes_on(wrapper: FunctionNode, given: set[str]) -> bool:
    """Whether a plain wrapper returns what the wrapped function returns, and with it the awaitable of a coroutine function."""
    return any(
        isinstance(each, ast.Return)
        and isinstance(each.value, ast.Call)
        and isinstance(each.value.func, ast.Name)
        and each.value.func.id in given
        for each in walk(wrapper)
    )


def class_handler(frame: Frame, owner: ClassInfo, name: str) -> HandlerInfo | None:
    """Whether the method is one by which the class's bases serve requests. Asked once all modules around are read: bases may be
    in one that is being read while the class is."""
    if owner.handlers is None:
        owner.handlers = {
            method: ref
            for ref, entry in reversed(lineage(frame, owner.ref))
            if isinstance(entry, ClassModel)
            for method in entry.handlers
        }
    ref = owner.handlers.get(name) or owner.handlers.get(f"{name.partition('_')[0]}_*")
    if ref is None:
        return None
    verb = name.upper()
    return HandlerInfo(ref, (verb,) if verb in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS") else ())


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
    if any(each.__class__ is ast.Subscript for each in node.bases):
        generics.declare(frame, info, node.bases)
    info.decorators = tuple(
        frame.quiet(each.func if isinstance(each, ast.Call) else each) for each in node.decorator_list
    )
    info.opaque = any(_sets_attributes(frame, each) for each in info.decorators)
    frame.world.classes[info.ref] = info
    frame.module.classes.append(info)
    return info


def _sets_attributes(frame: Frame, decorator: Value) -> bool:
    """``for name, method in vars(cls).items(): setattr(cls, name, async_to_sync(method))``: what it puts there is anybody's guess."""
    function = frame.world.function(decorator.ref) if decorator.ref is not None else None
    body = frame.world.body(function) if function is not None else None
    return body is not None and any(
        isinstance(each, ast.Call) and last_name(each.func) == "setattr" for each in nodes_of(body, _CALLS)
    )


_CALLS: frozenset[type] = frozenset({ast.Call})
