"""Interpret one function: bind its parameters, run its body, sum up what it does."""

from __future__ import annotations

import ast
from typing import NamedTuple

from dodont.core.patterns import pattern
from dodont.models.library import Library
from dodont.semantic import opening, queries, recomputed, transactions
from dodont.semantic.annotations import provider_of, type_of
from dodont.semantic.credentials import credential
from dodont.semantic.definitions import Facts, FunctionInfo, FunctionNode, ModuleInfo, World
from dodont.semantic.effects import only_asks
from dodont.semantic.events import Dropped, Event, Fetching, Route, Unawaited
from dodont.semantic.expressions import EVALUATORS, KEEPING
from dodont.semantic.frame import Frame
from dodont.semantic.generics import may_vary, variable_in
from dodont.semantic.heads import kept_by, may_decorate
from dodont.semantic.objects import instance_attribute, role_of
from dodont.semantic.results import called
from dodont.semantic.statements import run
from dodont.semantic.trees import SCOPES, defaults_of, last_name, nodes_of
from dodont.semantic.values import UNKNOWN, UNSETTLED, Label, Note, Site, Text, Type, Value, join

#: What a framework hands its function and class views first, by the package that declares the handler.
_REQUESTS = {
    "django": "django.http.HttpRequest",
    "rest_framework": "rest_framework.request.Request",
    "aiohttp": "aiohttp.web.Request",
    "starlette": "starlette.requests.Request",
}

MAX_ACCESSES = 40
MAX_CLAIMS = 4


class Outcome(NamedTuple):
    """What interpreting a body gave: facts for others, events for rules."""

    facts: Facts
    events: list[Event]


def module_frame(world: World, library: Library, module: ModuleInfo) -> Frame:
    frame = Frame(world, library, module, EVALUATORS)
    frame.env = module.names
    return frame


def interpret(world: World, library: Library, info: FunctionInfo) -> Outcome:
    """Run a function's body once. ``info.node`` must still be there."""
    node = info.node
    assert node is not None
    keep = info.handler is not None
    if info.inner is None:
        info.inner = {}
    frame = Frame(world, library, info.module, KEEPING if keep else EVALUATORS, info, info.owner, keep)
    frame.outer = info.closure
    first = len(info.module.functions)
    if info.kept is None and info.owner is None and info.positional and may_decorate(node):
        info.kept = kept_by(node)  # whoever is decorated with it later finds no body any more
    _bind_parameters(frame, info, node)
    if info.decorators:
        transactions.begin(frame, info)
    falls = run(frame, node.body)
    if falls:
        transactions.returned(frame)
    for inner in info.module.functions[first:]:
        if inner.closure is not None:
            inner.closure = {**frame.env, **inner.closure}
    if frame.unused:
        _dropped(frame, info, node)
    facts = _sum_up(frame, info, node, falls)
    if frame.external and frame.awaited and isinstance(node, ast.AsyncFunctionDef):
        remote = {key: ref for key, ref in frame.awaited.items() if _asks_service(frame, ref)}
        if remote:
            frame.events["fetching",] = Fetching(info, node, remote)
    if frame.told or frame.computed:
        recomputed.tell(frame)
    if info.handler is not None:
        frame.events["route",] = Route(info, node, tuple(frame.accesses), frame.values, frame.calls)
    return Outcome(facts, list(frame.events.values()))


def _asks_service(frame: Frame, ref: str) -> bool:
    """Whether a coroutine gets an answer of another service, changes nothing there, and uses no database."""
    function = frame.world.function(ref)
    if function is not None:
        facts = frame.world.facts(function)
        return facts.external and not (facts.accesses or facts.changes)
    owner, _, name = ref.rpartition(".")
    found = frame.library.method(owner, name)
    return found is not None and found[0].external and only_asks(ref)


def _dropped(frame: Frame, info: FunctionInfo, node: FunctionNode) -> None:
    """Awaitables in names that nothing reads. Branches that join forget what a name may hold, so any reader counts."""
    read = {each.id for each in nodes_of(node, _NAMES) if each.ctx.__class__ is ast.Load}  # type: ignore[attr-defined]
    read.update(name for each in nodes_of(node, _NONLOCAL) for name in each.names)  # type: ignore[attr-defined]
    for value, name in frame.unused.values():
        pending = value.pending
        if pending is None or name in read or pending.site.path != info.module.path:
            continue
        if pending.weak and not _goes_on(node, pending.site):
            frame.events["dropped", pending.site] = Dropped(pending.site, pending.target, info)
        elif pending.must and ("unawaited", pending.site) not in frame.events:
            frame.events["unawaited", pending.site] = Unawaited(
                pending.site, pending.site, pending.target, "assignment", frame.in_coroutine, True, info, ""
            )


_NAMES: frozenset[type] = frozenset({ast.Name})
_NONLOCAL: frozenset[type] = frozenset({ast.Nonlocal})


def _goes_on(node: FunctionNode, site: Site) -> bool:
    """Whether the function may still be running, and its names hold what they do, when others run after a place in it."""
    around = [
        each
        for each in nodes_of(node, _LOOPS, SCOPES)
        if each.lineno <= site.line <= each.end_lineno  # type: ignore[attr-defined]
    ]
    first = min([site.line, *(each.lineno for each in around)])  # type: ignore[attr-defined]
    if any(each.lineno >= first and last_name(each.func) in _RUNNING for each in nodes_of(node, _CALLS, SCOPES)):  # type: ignore[attr-defined]
        return True  # `_ = loop.create_task(serve())`, `loop.run_forever()`
    return any(each.lineno >= first for each in nodes_of(node, _LETTING, SCOPES))  # type: ignore[attr-defined]


_LETTING: frozenset[type] = frozenset({ast.Await, ast.AsyncFor, ast.AsyncWith, ast.Yield, ast.YieldFrom})
_LOOPS: frozenset[type] = frozenset({ast.For, ast.While})
_CALLS: frozenset[type] = frozenset({ast.Call})
_RUNNING = frozenset({"run_forever", "run_until_complete"})


def _bind_parameters(frame: Frame, info: FunctionInfo, node: FunctionNode) -> None:
    arguments = node.args
    defaults = defaults_of(arguments)
    names = list(info.parameters)
    if info.owner is not None and info.kind in ("method", "classmethod", "property") and names:
        own = Type(info.owner.ref)
        receiver = Value(Type("type", (own,)), ref=info.owner.ref) if info.kind == "classmethod" else Value(own)
        if receiver.ref is None:
            receiver.query = queries.of_parameter(frame, "self", own)
        frame.env[names[0].arg] = receiver
        names = names[1:]
    for index, argument in enumerate(names):
        frame.env[argument.arg] = _parameter(frame, info, argument, defaults.get(argument.arg), index)
    if arguments.vararg is not None:
        frame.env[arguments.vararg.arg] = Value(Type("tuple"), labels=(Label("parameter", arguments.vararg.arg),))
    if arguments.kwarg is not None:
        frame.env[arguments.kwarg.arg] = Value(Type("dict"), labels=(Label("parameter", arguments.kwarg.arg),))


def _parameter(frame: Frame, info: FunctionInfo, argument: ast.arg, default: ast.expr | None, index: int) -> Value:
    type = type_of(frame, argument.annotation) if argument.annotation is not None else None
    injected = provider_of(frame, argument.annotation) or provider_of(frame, default)
    maybe_none = type is not None and type.optional
    if type is not None and type.optional:
        type = type._replace(optional=False)
    if injected is not None:
        given = called(frame, injected)
        opening.injected(frame, argument, injected)
        if type is None or (given.type is not None and type.name == "Any"):
            type = given.type
        return frame.named(Value(type, labels=given.labels), argument.arg, argument)
    labels: tuple[Label, ...] = (Label("parameter", argument.arg),)
    if argument.arg in _ASGI and type is None and info.is_async and info.named.issuperset(_ASGI):
        frame.library.require("asgiref.typing")
        frame.module.required.append("asgiref.typing")
        return Value(Type(_ASGI[argument.arg]), labels=labels)
    if argument.arg == "call_next" and type is None and info.is_async:
        return Value(_NEXT, labels=labels)
    if default is not None:
        value = frame.quiet(default)
        if (
            type is None
            and value.type is not None
            and value.const is not None
            and value.type.name in ("str", "int", "float", "bool")
        ):
            type = value.type
        maybe_none = maybe_none or (isinstance(default, ast.Constant) and default.value is None)
    if type is None and index == 0 and argument.arg in ("request", "req"):
        request = _request(frame, info)
        if request is not None:
            return Value(request)
    if info.handler is not None and (
        type is None or type.name in ("str", "bytes", "dict", "list") or role_of(frame, type) == "schema"
    ):
        labels = (
            Label("request", argument.arg, (Note(frame.site(argument), f"`{argument.arg}` comes from the request"),)),
            *labels,
        )
    elif (
        argument.arg == "validated_data" and info.owner is not None and role_of(frame, Type(info.owner.ref)) == "schema"
    ):
        note = Note(frame.site(argument), "`validated_data` comes from the request")
        labels = (Label("request", argument.arg, (note,)), *labels)  # `create` and `update` of serializers
    rows = queries.of_parameter(frame, argument.arg, type) if info.handler is None else None
    value = Value(type, labels=labels, maybe_none=maybe_none, query=rows)
    return frame.named(value, argument.arg, argument) if credential(argument.arg) else value


def _request(frame: Frame, info: FunctionInfo) -> Type | None:
    """What a view's first parameter is, where nothing declares it: by its class, its registration, or its module's imports."""
    if info.owner is not None:
        held = instance_attribute(frame, UNKNOWN, Type(info.owner.ref), "request")
        if held is not None and held.type is not None:
            return held.type
    if info.handler is not None:
        name = _REQUESTS.get(info.handler.by.partition(".")[0])
        return Type(name) if name is not None else None
    if info.owner is None and not _VIEWS.isdisjoint(frame.module.imports):
        return Type(_REQUESTS["django"])  # `urls.py` may stand outside of what is read
    return None


#: What an ASGI application gets by convention: `async def app(scope, receive, send)`.
_ASGI = {"receive": "asgiref.typing.ASGIReceiveCallable", "send": "asgiref.typing.ASGISendCallable"}

#: What middleware gets: `async def dispatch(self, request, call_next)`.
_NEXT = Type("Callable", (Type("Awaitable", (Type("starlette.responses.Response"),)),))

#: What a module of Django views imports.
_VIEWS = frozenset({"django.http", "django.shortcuts", "django.views", "django.contrib.auth.decorators"})


def _sum_up(frame: Frame, info: FunctionInfo, node: FunctionNode, falls: bool) -> Facts:
    declared = type_of(frame, node.returns) if node.returns is not None else None
    variable = variable_in(frame, node.returns) if node.returns is not None and may_vary(declared) else None
    results = frame.yields if info.is_generator else frame.returns
    value = UNSETTLED
    for each in results:
        value = each if value is UNSETTLED else join(value, each)
    if value is UNSETTLED and not results:
        value = UNKNOWN
    if value.labels and any(not each.literal and not _has_secret(each) for each in results):
        value = value.but(labels=tuple(label for label in value.labels if label.kind != "secret"))
    if falls and not info.is_generator and results and not info.is_stub:
        value = value.but(maybe_none=True)
    if value.pending is not None and value.maybe_none and not info.is_async:
        value = value.but(pending=None)  # an awaitable in one case, nothing in another: it asks what it was given
    if declared is not None and info.is_generator:
        declared = declared.args[0] if declared.args else None
    if declared is not None and declared.name in ("Any", "T"):
        declared = None
    if declared is not None:
        value = value.but(type=declared._replace(optional=False), maybe_none=declared.optional)
        if value.pending is not None and not (value.pending.must or value.pending.weak):
            value = value.but(pending=None)  # the declared type knows better whether it is to be awaited
    if info.manager or info.is_generator:
        # What goes over it, or enters it, gets a text or a credential whole.
        whole = (value,) if value.text is not None or any(label.kind == "secret" for label in value.labels) else None
        if info.manager:
            kind = Type("contextmanager", (value.type or Type("Any"),))
        else:
            kind = Type("AsyncIterator" if info.is_async else "list", (value.type,) if value.type is not None else ())
        rows = queries.gathered(value) if value.query is not None else None
        value = Value(kind, items=whole, labels=value.labels if whole or not info.manager else (), query=rows)
    if value.pending is not None and (info.is_async or value.pending.maybe):
        value = value.but(pending=None)
    # What gives back an awaitable in one case and waits in another asks where it runs.
    holds_up = frame.waits is not None or frame.loop is not None
    either = holds_up and any(each.pending is not None for each in frame.returns)
    steps, pending = transactions.closed(frame, info)
    never = not falls and not frame.returns and not info.is_generator and not info.is_stub
    if never and info.owner is not None and all(isinstance(each, (ast.Raise, ast.Expr)) for each in node.body):
        never = False  # a class below may do something: `raise NotBound`
    return Facts(
        returns=_outgoing(value),
        variable=variable,
        sinks=tuple(frame.sinks.values()),
        waits=None if either else frame.waits,
        loop=None if either else frame.loop,
        accesses=tuple(frame.accesses[:MAX_ACCESSES]),
        external=frame.external,
        changes=frame.changes,
        opens=opening.told(info, frame.opens) if frame.opens else (),
        steps=steps,
        pending=pending,
        locks=frame.locks,
        never=never,
        raises=tuple([each for each in frame.raised if each.own]) if frame.raised else (),
        reads=queries.sum_up(frame) if frame.reads else (),
        claims=tuple(frame.claims)[:MAX_CLAIMS] if frame.claims else (),
        stores={name: _stored(stored) for name, stored in frame.stores.items()} if frame.stores else {},
    )


def _has_secret(value: Value) -> bool:
    """Whether a result is a secret: one that is so on some paths only, such as ``url(with_password=True)``, tells callers nothing."""
    return value is UNKNOWN or any(label.kind in ("secret", "parameter") for label in value.labels)


def _outgoing(value: Value) -> Value:
    """What callers may know of a result: nothing that only makes sense inside."""
    if value.receiver is not None or value.items is not None:
        return value.but(receiver=value.receiver if value.ref is not None else None)
    return value


def _stored(value: Value) -> Value:
    """What an attribute keeps of the parameter it was given: not which parameter it was."""
    if value.pending is not None and value.pending.maybe:
        value = value.but(pending=None)
    if not value.labels and value.text is None:
        return value
    labels = tuple(label for label in value.labels if label.kind not in ("parameter", "part"))
    text = value.text
    if text is not None:
        parts = text.parts
        if all(part.__class__ is not str or _IN_NAMES.fullmatch(part) for part in parts):
            # `self.table = f"{schema}.t_{number}"`: a name, not a statement that its reader runs
            parts = tuple(part if part.__class__ is str else part._replace(value=_stored(part.value)) for part in parts)  # type: ignore[union-attr]
        text = Text(parts, text.site, text.notes)
    return value.but(labels=labels, text=text)


_IN_NAMES = pattern(r"[\w.:/\-`\"\[\]]*")
