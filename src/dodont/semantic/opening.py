"""What makes an engine, a pool, a connection or a client anew each time it is called, and where to that connects."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING

from dodont.semantic import effects, objects
from dodont.semantic.annotations import provider_of
from dodont.semantic.definitions import ClassInfo, Facts, FunctionInfo, Opening
from dodont.semantic.events import Unpooled
from dodont.semantic.origins import assigned
from dodont.semantic.trees import defaults_of, dotted, last_name, walk
from dodont.semantic.values import Site, Value

if TYPE_CHECKING:
    from dodont.semantic.calls import Arguments
    from dodont.semantic.frame import Frame

Bindings = dict[str, tuple[Value, ast.expr]]

MAX_OPENINGS = 8

#: Decorators that call a function once and keep what it gives.
_CACHES = frozenset({"functools.lru_cache", "functools.cache"})

#: Arguments that bring the connections along.
_POOLS = frozenset({"connection_pool", "transport", "connector", "mounts"})

#: Databases that are a file, or live in memory: what is opened there costs next to nothing.
_LOCAL = ("sqlite", "duckdb")


def makes(frame: Frame, node: ast.Call, callee: Value, ref: str, kind: str, given: Arguments) -> None:
    """A library's call makes something dear."""
    if frame.silent or frame.in_lambda:
        return
    site = frame.site(node)
    pool = given.keywords.get("poolclass")
    if pool is not None and pool.ref is not None and pool.ref.endswith(".NullPool"):
        frame.event(("unpooled", site), Unpooled(site, ref, frame.function))
    if frame.function is None or any(_is_local(value) for value in given.positional[:1]):
        return
    if not _POOLS.isdisjoint(given.keywords):
        return  # `Redis(connection_pool=POOL)`: it has no connections of its own
    asked = [*node.args, *(word.value for word in node.keywords)]
    if callee.receiver is not None and isinstance(node.func, ast.Attribute):
        asked.append(node.func.value)  # `boto3.Session(key).client("s3")`
    parameters = _hangs_on(frame, asked)
    if parameters is not None and not _keeps(frame, node):
        entered = id(node) in frame.once(_entered)
        _note(frame, Opening(kind, ref, site, site, (), tuple(sorted(parameters)), entered, frame.guards > 0))


def through(frame: Frame, node: ast.expr, function: FunctionInfo, facts: Facts, bindings: Bindings) -> None:
    """A function of the project that makes something dear runs where ``node`` stands."""
    if frame.silent or frame.in_lambda or frame.function is None or not _runs(function):
        return
    if _keeps(frame, node):
        return
    entered = id(node) in frame.once(_entered)
    local = any(_is_local(value) for value, _ in bindings.values())
    unpacked = _unpacked(node)
    # `RemoteAPI(name)` has an HTTP client for what the request names
    chosen = _hangs_on(frame, [*(each for _, each in bindings.values()), *unpacked]) is None
    for each in facts.opens if not local else ():
        if chosen and each.kind == "http-client":
            continue
        given = [bindings[name][1] for name in each.parameters if name in bindings]
        parameters = _hangs_on(frame, [*given, *unpacked] if each.parameters else ())
        if parameters is not None and len(each.chain) < effects.MAX_CHAIN:
            _note(
                frame,
                each._replace(
                    site=frame.site(node),
                    chain=(function.ref, *each.chain),
                    parameters=tuple(sorted(parameters)),
                    entered=each.entered or entered,
                    tests=each.tests + (frame.guards > 0),
                ),
            )


def _unpacked(node: ast.expr) -> list[ast.expr]:
    """``*values`` and ``**fields`` of a call: which parameters they give is not known."""
    if not isinstance(node, ast.Call):
        return []
    starred = [each.value for each in node.args if isinstance(each, ast.Starred)]
    return starred + [word.value for word in node.keywords if word.arg is None]


def injected(frame: Frame, argument: ast.arg, provider: Value) -> None:
    """``connection = Depends(get_connection)``: the provider is called before the function is."""
    function = frame.world.function(provider.ref) if provider.ref is not None else None
    if function is None:
        info = frame.world.class_named(provider.ref) if provider.ref is not None else None
        function = info.functions.get("__init__") if info is not None and is_plain_class(info) else None
    if function is None or function.opaque or _is_cached(function):
        return
    site = frame.site(argument)
    for each in frame.world.facts(function).opens:
        if not each.parameters and len(each.chain) < effects.MAX_CHAIN:
            _note(frame, each._replace(site=site, chain=(function.ref, *each.chain)))


def is_plain_class(info: ClassInfo) -> bool:
    """Whether each call of the class makes an object: none that keeps one for all says so by ``__new__`` or a metaclass."""
    return not (info.opaque or "__new__" in info.functions or "metaclass" in info.keywords)


def told(function: FunctionInfo, opens: list[Opening]) -> tuple[Opening, ...]:
    """What callers may know: nothing of a function whose result is kept."""
    return () if _is_cached(function) else tuple(opens)


def _is_cached(function: FunctionInfo) -> bool:
    return any(each.ref in _CACHES or each.ref in effects.CACHED for each in function.decorators)


def _runs(function: FunctionInfo) -> bool:
    """Whether a call runs the body, then and there or when it is awaited or entered."""
    if function.name == "__init__" and function.owner is not None and not is_plain_class(function.owner):
        return False
    return not (function.opaque or function.handed or (function.is_generator and not function.manager))


def _note(frame: Frame, opening: Opening) -> None:
    """Of the ways to one place the nearest: functions that call each other in a circle have others, of any length."""
    for index, known in enumerate(frame.opens):
        if (known.made, known.parameters) == (opening.made, opening.parameters):
            if _distance(opening) < _distance(known):
                frame.opens[index] = opening
            return
    if len(frame.opens) < MAX_OPENINGS:
        frame.opens.append(opening)


def _distance(opening: Opening) -> tuple[int, int, Site]:
    return opening.tests, len(opening.chain), opening.site


def _is_local(value: Value) -> bool:
    text = value.const if value.const.__class__ is str else None
    if text is None and value.text is not None and value.text.parts[0].__class__ is str:
        text = value.text.parts[0]
    return text is not None and text.startswith(_LOCAL)


def _entered(frame: Frame) -> frozenset[int]:
    """The calls whose results the function closes, by a ``with`` or a method of the name it has, by the ids of their nodes."""
    found: set[int] = set()
    named: dict[str, list[int]] = {}
    closed: set[str] = set()
    for each in _nodes(frame):
        match each:
            case ast.withitem(context_expr=call):
                found.add(id(call))
                if isinstance(call, ast.Call) and last_name(call.func) in ("closing", "aclosing"):
                    found.update(map(id, call.args))
                closed.add(dotted(call))
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                inner = value.value if isinstance(value, ast.Await) else value
                named.setdefault(name, []).append(id(inner))
            case ast.Attribute(value=ast.Name(id=name), attr="close" | "aclose"):
                closed.add(name)
    return frozenset(found.union(*(named[name] for name in closed & named.keys())))


def _nodes(frame: Frame) -> Iterable[ast.AST]:
    node = frame.function.node if frame.function is not None else None
    return walk(node) if node is not None else ()


def _keeps(frame: Frame, node: ast.expr) -> bool:
    """Whether what the call gives is put where it outlives the function: a global name, an attribute or item of what is not made
    here, as ``_clients[name] = Redis()``, ``app.state.pool = await create_pool()``. What is put on the request, or on an object
    that is being set up, lives as long as that does."""
    inside = frame.once(_stored_within)
    if not inside:
        return False
    places = inside.get(id(node), ())
    return any(_lasts(frame, place) for place in places)


def _stored_within(frame: Frame) -> dict[int, list[ast.expr]]:
    """Where the calls of the function put what they give, directly or by way of a name of their own."""
    places: list[tuple[ast.expr, ast.expr]] = []
    names: dict[str, list[ast.expr]] = {}
    shared = {name for each in _nodes(frame) if isinstance(each, (ast.Global, ast.Nonlocal)) for name in each.names}
    for each in _nodes(frame):
        match each:
            case ast.Assign(targets=targets, value=value):
                pass
            case ast.AnnAssign(target=one, value=ast.expr() as value) | ast.NamedExpr(target=one, value=value):
                targets = [one]
            case ast.Call(
                func=ast.Attribute(value=holder, attr="append" | "put" | "put_nowait" | "add" | "setdefault")
            ):
                places += ((holder, given) for given in each.args)
                continue
            case ast.Call(func=ast.Name(id="setattr"), args=[holder, _, value]):
                places.append((holder, value))
                continue
            case _:
                continue
        for target in targets:
            if isinstance(target, (ast.Attribute, ast.Subscript)) or (
                isinstance(target, ast.Name) and target.id in shared
            ):
                places.append((target, value))
            elif isinstance(target, ast.Name):
                names.setdefault(target.id, []).append(value)
    found: dict[int, list[ast.expr]] = {}
    for place, value in places:
        values = [value, *names.get(value.id, ())] if isinstance(value, ast.Name) else [value]
        for inner in (each for one in values for each in walk(one) if isinstance(each, (ast.Call, ast.Attribute))):
            found.setdefault(id(inner), []).append(place)
    return found


#: What lives as long as a request.
_GLOBALS = frozenset({"flask.g", "flask.ctx._AppCtxGlobals", "quart.g"})
_OF_REQUEST = frozenset({"g", "request", "req", "ctx", "_request_ctx_stack", "_app_ctx_stack"})


def _lasts(frame: Frame, place: ast.expr) -> bool:
    root = place
    while isinstance(root, (ast.Attribute, ast.Subscript)):
        root = root.value
        if _is_of_request(frame, root):
            return ".app." in f"{dotted(place)}."
    if not isinstance(root, ast.Name):
        return True
    function = frame.function
    assert function is not None and function.node is not None
    if root.id == "self":
        return function.name not in ("__init__", "__post_init__", "__enter__", "__aenter__")
    return root is place or root.id not in assigned(function.node)


def _is_of_request(frame: Frame, node: ast.expr) -> bool:
    """Whether an object lives as long as a request, by its meaning or by its name."""
    if isinstance(node, ast.Name) and node.id in _OF_REQUEST:
        return True
    value = frame.quiet(node)
    return value.ref in _GLOBALS or (value.type is not None and value.type.name in _GLOBALS)


def _hangs_on(frame: Frame, nodes: Iterable[ast.expr]) -> set[str] | None:
    """The parameters that values hang on; None where they hang on what only a request, a record or an object tells, so that no
    two calls need connect to the same place."""
    found: set[str] = set()
    seen: set[str] = set()
    pending = [*nodes]
    while pending:
        node = pending.pop()
        match node:
            case ast.Name(id=name):
                inner = _of_name(frame, name, seen)
                if inner is None:
                    return None
                if inner:
                    pending += inner
                elif name in _parameters(frame):
                    found.add(name)
            case ast.Attribute(value=value):
                if _is_set_up(frame, node):
                    continue
                if dotted(node).partition(".")[0] in ("self", "cls"):
                    return None
                pending.append(value)
            case ast.Lambda():
                continue
            case _:
                pending += (each for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr))
                pending += (each.value for each in ast.iter_child_nodes(node) if isinstance(each, ast.keyword))
                pending += (each.iter for each in ast.iter_child_nodes(node) if isinstance(each, ast.comprehension))
    return found


def _parameters(frame: Frame) -> frozenset[str]:
    function = frame.function
    return function.named | {function.variadic, function.keywords} if function is not None else frozenset()


def _of_name(frame: Frame, name: str, seen: set[str]) -> list[ast.expr] | None:
    """What is put into a name of the function at hand; None where a request decides."""
    function = frame.function
    assert function is not None and function.node is not None
    bound = assigned(function.node).get(name)
    if name in _parameters(frame) and bound is None:
        value = frame.env.get(name)
        if value is not None and objects.role_of(frame, value.type) == "settings":
            seen.add(name)
            return [ast.Constant(None)]
        given = next((each for each in function.parameters if each.arg == name), None)
        default = defaults_of(function.node.args).get(name)
        is_injected = provider_of(frame, default) or (given is not None and provider_of(frame, given.annotation))
        return None if function.handler is not None or is_injected else []
    if name in ("self", "cls"):
        return None
    if bound is None and objects.role_of(frame, frame.quiet(ast.Name(name, ast.Load())).type) == "request":
        return None  # `request.form["host"]` of Flask's global request
    if bound is None or name in seen:
        return []
    seen.add(name)
    if any(item for _, item in bound):
        return None  # one of many, as of tenants
    return [*(value for value, _ in bound), *frame.once(_put_into).get(name, ())]


def _put_into(frame: Frame) -> dict[str, list[ast.expr]]:
    """What is put into the mappings and lists under the names of the function: ``options["host"] = host``."""
    found: dict[str, list[ast.expr]] = {}
    for each in _nodes(frame):
        match each:
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name), slice=key)], value=value):
                found.setdefault(name, []).extend((key, value))
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="update" | "setdefault" | "append" | "extend")
            ):
                found.setdefault(name, []).extend((*each.args, *(word.value for word in each.keywords)))
    return found


#: What has the settings of an application, as an attribute of what serves a request.
_SETTINGS = frozenset({"app", "application", "settings", "registry", "current_app"})


def _is_set_up(frame: Frame, node: ast.Attribute) -> bool:
    """Whether an attribute is the deployment's: a constant, of settings, of the application."""
    if not _SETTINGS.isdisjoint(dotted(node).split(".")[:-1]) or node.attr.isupper():
        return True
    value = frame.quiet(node.value)
    return objects.role_of(frame, value.type) == "settings" or frame.quiet(node).literal
