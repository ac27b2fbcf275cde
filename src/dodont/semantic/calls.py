"""What a call does and gives: of the project's functions by their facts, of libraries by their models."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from dodont.core.patterns import pattern
from dodont.models.vocabulary import Blocks, Route
from dodont.models.vocabulary import Class as ClassModel
from dodont.models.vocabulary import Function as FunctionModel
from dodont.models.vocabulary import Value as ValueModel
from dodont.semantic import (
    demands,
    effects,
    generics,
    opening,
    passwords,
    queries,
    recomputed,
    sinks,
    transactions,
    uses,
    waiting,
)
from dodont.semantic.annotations import AWAITABLE, model_type, parsed_annotation, substitute, type_of
from dodont.semantic.builtin_calls import SPECIAL, Special, text_method
from dodont.semantic.credentials import conceals, tells
from dodont.semantic.definitions import Access, ClassInfo, Facts, FunctionInfo, HandlerInfo, Raised, Waits
from dodont.semantic.demands import hands_on
from dodont.semantic.events import Callee, Definition
from dodont.semantic.objects import annotation, instance_attribute, lineage
from dodont.semantic.overrides import overriding
from dodont.semantic.results import filled, library_result
from dodont.semantic.trees import dotted, last_name
from dodont.semantic.values import (
    MAX_LABELS,
    MAX_NOTES,
    PLAIN_TYPES,
    UNKNOWN,
    Label,
    Pending,
    Type,
    Value,
    join_labels,
)

if TYPE_CHECKING:
    from dodont.semantic.frame import Frame

#: A function of unknown make whose name says that it hides, hashes or checks what it is given.
_CLEANING = pattern(
    r"(?:^|_)(?:mask|masked|redact|redacted|obfuscate|censor|scrub|sanitize|sanitise|anonymi[sz]e|hide|hash|hashed|encrypt|digest|fingerprint|truncate|shorten|sha256|md5)(?:_|$)",
    re.I,
)

#: Likewise one that quotes or escapes for SQL.
_QUOTING = pattern(
    r"(?:^|_)(?:qt|quote|quoted|escape|escaped)(?:_|[A-Z]|$)|(?:^|_)(?:literal|ident|identifier)(?:_|$)", re.I
)


class Arguments:
    """The values given in a call, by position and by name, with the expressions they come from."""

    __slots__ = ("keywords", "nodes", "positional", "words")

    def __init__(self, frame: Frame, node: ast.Call) -> None:
        evaluators = frame.evaluators
        self.nodes = node.args
        self.positional = [evaluators[each.__class__](frame, each) for each in node.args] if node.args else []
        self.keywords: dict[str, Value] = {}
        self.words: dict[str, ast.expr] = {}
        for word in node.keywords:
            value = evaluators[word.value.__class__](frame, word.value)
            if word.arg is None:
                if value.pending is not None:
                    frame.misuse(value, word.value, "iteration")  # `Order(**request.json())`
                if isinstance(value.items, dict):
                    for name, item in value.items.items():
                        self.keywords[name] = item
                        self.words[name] = word.value
                continue
            self.keywords[word.arg] = value
            self.words[word.arg] = word.value

    def after(self, position: int) -> Arguments:
        """The arguments that come after one."""
        rest = Arguments.__new__(Arguments)
        rest.nodes, rest.positional = self.nodes[position + 1 :], self.positional[position + 1 :]
        rest.keywords, rest.words = self.keywords, self.words
        return rest

    def find(self, position: int | str | None, keyword: str | None = None) -> tuple[Value, ast.expr] | None:
        """The argument at a position or of a name, None when it is not given."""
        if isinstance(position, str):
            keyword, position = position, None
        if position is not None and position < len(self.positional):
            return self.positional[position], self.nodes[position]
        if keyword is not None and keyword in self.keywords:
            return self.keywords[keyword], self.words[keyword]
        return None


def call(frame: Frame, node: ast.Call) -> Value:
    func = node.func
    if func.__class__ is ast.Name and func.id == "super" and frame.owner is not None:
        for each in node.args:
            frame.eval(each)
        bases = frame.owner.base_types
        own = frame.env.get("self", UNKNOWN)
        return Value(Type("super", bases) if len(bases) != 1 else bases[0], query=own.query)
    callee = frame.evaluators[func.__class__](frame, func)
    given = Arguments(frame, node)
    ref = callee.ref
    if func.__class__ is ast.Attribute and func.attr in uses.MAKES:
        uses.note_made(frame, node)
    if callee.pending is not None:
        frame.misuse(callee, func, "attribute")
        return UNKNOWN
    if ref in _TAKES_RESULTS:
        for value, each in zip(given.positional, given.nodes, strict=True):
            if value.pending is not None:
                frame.misuse(value, each, "argument")
            elif value is UNKNOWN and frame.in_coroutine:
                frame.unresolved(each, "argument")
    elif ref in _TAKES_FUNCTIONS:
        for value, each in zip(given.positional, given.nodes, strict=True):
            if value.pending is not None and value.pending.must:
                frame.misuse(value, each, "argument")  # `background.add_task(send())`, where `send` is wanted
    elif ref == "builtins.isinstance" and len(given.nodes) == 2:
        _asked(frame, given.positional[0], given.positional[1], given.nodes[0])
    if ref is None:
        if func.__class__ is ast.Call and given.positional and _decorates(frame, func, given.positional[0]):
            return given.positional[0]
        return _unknown(frame, node, callee, given) if callee.type is None else _instance(frame, node, callee, given)
    function = frame.world.function(ref)
    if function is not None:
        described = frame.library.described and frame.library.described.get(ref.rpartition(":")[2])
        if described:
            return _described(frame, node, callee, function, described, given)
        return _project(frame, node, callee, function, given)
    info = frame.world.class_named(ref)
    if info is not None:
        instance = _construct(frame, node, info, given)
        kinds = callee.type.args if callee.type is not None else ()
        return (
            Value(kinds[0]) if kinds and kinds[0].args and kinds[0].name == ref else instance
        )  # `Repository[Order]()`
    generation, known = frame.world.targets.get(ref, _NO_TARGET)
    if generation != frame.library.generation:
        known = _target(frame, ref)
        frame.world.targets[ref] = (frame.library.generation, known)
    special, entry, text = known
    if special is not None:
        result: Value | None = special(frame, node, callee, given)
        if result is not None:
            if frame.keep:
                frame.calls.setdefault(id(node), Callee(ref))
            return result
    if text and callee.receiver is not None:
        if text == "split":
            uses.note_split(frame, node)
        return text_method(frame, text, callee.receiver, given)
    if entry.__class__ is FunctionModel:
        return _library(frame, node, callee, ref, entry, given)
    if entry.__class__ is ClassModel:
        if entry.role == "response":
            for held, each in zip(given.positional, given.nodes, strict=True):
                frame.misuse(held, each, "response")
        value = Value(Type(frame.library.canonical(ref)))
        if entry.role == "entity" and value.type is not None:
            passwords.constructed(frame, node, value.type, given)
        if entry.init is not None:
            made = _library(frame, node, callee, ref, entry.init, given)
            return made if made.type is not None else made.but(type=value.type)
        if frame.keep:
            frame.calls[id(node)] = Callee(ref)
        return value
    if callee.type is not None and callee.type.name == "type" and callee.type.args:
        return Value(callee.type.args[0])
    return _unknown(frame, node, callee, given)


def _decorates(frame: Frame, func: ast.Call, value: Value) -> bool:
    """``app.get("/orders")(orders)``: whether the call before makes a decorator that gives its argument back."""
    if not dotted(func.func):
        return False  # in `f(a)(b)(c)(d)` every call would have all before it evaluated once more
    made = frame.quiet(func.func).ref
    entry = _target(frame, made)[1] if made is not None else None
    if made is None or entry.__class__ is not FunctionModel or entry.decorator != "same":
        return False
    if entry.route is not None and value.ref in frame.world.functions:
        frame.module.registered.setdefault(value.ref, HandlerInfo(made, entry.route.methods))
    return True


#: Functions that can do nothing with an awaitable.
_TAKES_RESULTS = frozenset(
    """builtins.len builtins.int builtins.float builtins.bool builtins.list builtins.tuple builtins.set builtins.dict builtins.sorted
    builtins.sum builtins.min builtins.max builtins.any builtins.all builtins.enumerate builtins.zip builtins.next builtins.iter
    builtins.reversed builtins.round builtins.abs builtins.range builtins.bytes builtins.frozenset json.loads json.dumps""".split()
)

#: Functions that want another one with its arguments, and could do nothing with an awaitable.
_TAKES_FUNCTIONS = frozenset(
    {"starlette.background.BackgroundTasks.add_task", "starlette.background.BackgroundTask", "asyncio.to_thread"}
)

#: What a library's name calls: a function of ours that knows more than a model can say, its model, or a method of strings.
Target = tuple[Special | None, FunctionModel | ClassModel | ValueModel | None, str]
_NO_TARGET: tuple[int, Target] = (-1, (None, None, ""))


def _target(frame: Frame, ref: str) -> Target:
    entry = frame.library.get(ref)
    owner, _, method = ref.rpartition(".")
    if entry is None and owner:
        found = frame.library.method(owner, method)
        entry = found[0] if found is not None else None
    return SPECIAL.get(ref), entry, method if entry is None and owner == "str" else ""


def _instance(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value:
    """Calling an object: its class's ``__call__``."""
    assert callee.type is not None
    if callee.type.name == "Callable" and callee.type.args:
        gives = callee.type.args[0]
        if gives.name not in AWAITABLE:  # `connect: Callable[[], Connection]`
            known = _unknown(frame, node, callee, given)
            return known if known is not UNKNOWN else Value(gives._replace(optional=False), maybe_none=gives.optional)
        if not (frame.in_coroutine or frame.in_lambda) or frame.may_be_awaited(node.func):
            return UNKNOWN  # that a plain function calls it, or asks first, says rather that the annotation is wrong
        inner = gives.args[-1:]
        result = Value(inner[0]._replace(optional=False), maybe_none=inner[0].optional) if inner else UNKNOWN
        return _pending(frame, node, ast.unparse(node.func), result)
    if callee.type.name == "type" and callee.type.args:
        # `for kind in kinds: kind()`, where `kinds: list[type[Scraper]]`
        info = frame.world.class_named(callee.type.args[0].name)
        return _construct(frame, node, info, given) if info is not None else Value(callee.type.args[0])
    method = instance_attribute(frame, callee, callee.type, "__call__")
    if method is None or method.ref is None:
        return _unknown(frame, node, callee, given)
    function = frame.world.function(method.ref)
    if function is not None:
        return _project(frame, node, method, function, given)
    owner, _, name = method.ref.rpartition(".")
    found = frame.library.method(owner, name)
    return _library(frame, node, method, method.ref, found[0], given) if found is not None else UNKNOWN


def _unknown(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value:
    name = last_name(node.func)
    if frame.in_coroutine:
        for position, value in enumerate(given.positional):
            if value.pending is not None:
                frame.handed(value, given.nodes[position])
        for word, value in given.keywords.items():
            if value.pending is not None:
                frame.handed(value, given.words[word])
    if frame.keep:
        frame.calls[id(node)] = Callee(callee.ref or name)
    if not name:
        return UNKNOWN
    if name in transactions.GUESSED and not frame.silent:
        transactions.guessed(frame, node, name, given)
    if len(given.positional) == 3 and given.positional[2].type in _SENDS:
        return _pending(frame, node, ast.unparse(node.func), UNKNOWN)  # `self.app(scope, receive, send)`
    if (
        frame.in_coroutine
        and len(node.args) == 1
        and node.args[0].__class__ is ast.Dict
        and _is_event(given.positional[0])
    ):
        return _pending(frame, node, ast.unparse(node.func), UNKNOWN)  # `send({"type": "http.response.body"})`
    if callee.type is None and node.func.__class__ is ast.Attribute:
        manager = queries.managed(frame, node, name)
        method = (
            instance_attribute(frame, manager, manager.type, name) if manager is not None and manager.type else None
        )
        found = frame.library.method(*(method.ref or "").rsplit(".", 1)) if method is not None else None
        if method is not None and found is not None:
            return _library(frame, node, method, found[1], found[0], given)
    if name in uses.METHODS and node.args:
        uses.note_unknown(frame, node, uses.METHODS[name])
    elif name == "split":
        uses.note_split(frame, node)
    if callee.query is not None and callee.type is None:
        return queries.guessed(frame, node, callee, name, given)
    if _cleans(name):
        return _CLEANED
    if _quotes(name):
        return _QUOTED
    if callee.ref is not None and name[0].isupper() and "." in callee.ref and not callee.ref.startswith("?"):
        return Value(Type(callee.ref))
    return UNKNOWN


def _is_event(value: Value) -> bool:
    """Whether it is an event of ASGI, as an application gives it to the server."""
    kind = value.items.get("type") if isinstance(value.items, dict) else None
    return kind is not None and kind.const in _EVENTS


_EVENTS = frozenset(
    """http.response.start http.response.body http.response.trailers websocket.accept websocket.send websocket.close
    lifespan.startup.complete lifespan.shutdown.complete lifespan.startup.failed""".split()
)

#: The last of the three things that an ASGI application is called with.
_SENDS = frozenset({Type("asgiref.typing.ASGISendCallable"), Type("starlette.types._Send")})

_CLEANED = Value(cleaned=True)
_QUOTED = Value(literal=True)


@lru_cache(maxsize=65536)
def _quotes(name: str) -> bool:
    return _QUOTING.search(name) is not None


@lru_cache(maxsize=65536)
def _cleans(name: str) -> bool:
    return _CLEANING.search(name) is not None


def _pending(frame: Frame, node: ast.Call, target: str, result: Value) -> Value:
    return Value(pending=Pending(target, frame.site(node), result))


def awaited(frame: Frame, value: Value) -> Value:
    """What awaiting an object of a known type gives."""
    type = value.type
    if type is None:
        return UNKNOWN
    if type.name in ("Awaitable", "Coroutine", "asyncio.Task", "asyncio.Future") and type.args:
        inner = type.args[-1]
        return Value(None if inner.name == "Any" else inner)
    entry = frame.library.class_of(type.name)
    found = substitute(model_type(entry.awaits), type) if entry is not None and entry.awaits else None
    if found is not None and found.name == "element":
        found = type.args[0] if type.args and type.args[0].name != "Any" else None
    return Value(found, labels=value.labels) if found is not None or value.labels else UNKNOWN


def _waits(frame: Frame, node: ast.Call, callee: Value, ref: str, model: Blocks, given: Arguments) -> None:
    """A library's call that can block."""
    if frame.silent or frame.in_lambda or not waiting.blocks(frame, node, callee, ref, model, given):
        return
    known = frame.waits
    effects.waits(frame, node, ref, Waits((ref,), model.on, model.twin), waiting.is_movable(callee, ref, model))
    if waiting.is_short(ref, model, given):
        frame.waits = known


def _library(frame: Frame, node: ast.Call, callee: Value, ref: str, model: FunctionModel, given: Arguments) -> Value:
    accesses: tuple[Access, ...] = ()
    if model.blocks is not None and not model.coroutine:
        _waits(frame, node, callee, ref, model.blocks, given)
    if model.opens is not None:
        opening.makes(frame, node, callee, ref, model.opens, given)
    if model.sql is not None:
        sinks.library_sql(frame, node, ref, model.sql, given)
    if (model.database is not None or model.sql is not None) and not frame.silent:
        kind = sinks.statement_kind(frame, model, given)
        if kind is None or (model.database is None and model.sql is not None and model.sql.certain):
            kind = model.database
        if kind == "read" and _has_rows(callee) and queries.takes_loaded(callee):
            kind = "build"  # told where the relationship is read
        if kind is not None:
            accesses = (Access(kind, ref, frame.site(node), guarded=frame.guards > 0),)
            frame.accesses += accesses
            if kind != "read" and ref.endswith((".update", ".aupdate", ".values")) and "Insert" not in ref:
                recomputed.given(frame, node)
            if kind == "write" or kind == "commit":
                transactions.accessed(frame, node, callee, ref, model, kind, given)
    if model.database is not None and model.sql is None:
        passwords.asked(frame, node, ref, model.database, callee.receiver, given)
    if model.runs is not None and not frame.silent:
        _handed(frame, node, model.runs, given)
    if model.log is not None:
        sinks.library_log(frame, node, ref, model.log, given)
    if model.external and not frame.silent:
        frame.external = True
        frame.changes = frame.changes or not effects.only_asks(ref)
        frame.asked.add(node.lineno)
    if model.defines or model.returns == "call 0":
        defining = ref if model.defines else _handed_definition(frame, given)
        if defining is not None:
            site = frame.site(node)
            named = node.func if model.defines else given.nodes[0]
            if not _is_given(frame, named):
                frame.event(("definition", site), Definition(site, defining, _holder(frame, named), frame.function))
    if model.locks or (model.locks_keyword is not None and model.locks_keyword in given.keywords):
        frame.locks = True
    if model.route is not None and model.route.handler is not None:
        register(frame, ref, model.route, given)
    if frame.keep:
        frame.calls[id(node)] = Callee(ref, accesses, model.external, model.never)
    if frame.module.has_async and ref.partition(".")[0] not in _HOLDERS:
        for value, each in zip(given.positional, given.nodes, strict=True):
            if value.pending is not None and value.pending.must:
                frame.misuse(value, each, "argument")
    result = library_result(frame, callee, model, ref, given, node)
    if (
        model.database is not None
        or model.query is not None
        or model.relates is not None
        or _has_rows(callee)
        or (given.positional and given.positional[0].query is not None)
    ):
        result = queries.asked(frame, node, callee, model, given, result)
    if model.coroutine:
        return _pending(frame, node, ref, result)
    if result.type is not None and not result.maybe_none and result.type.name in frame.library.awaitable:
        pending = Pending(ref, frame.site(node), awaited(frame, result), must=False, weak=model.task)
        return result.but(pending=pending)
    return result


def _handed(frame: Frame, node: ast.Call, position: int, given: Arguments) -> None:
    """``await asyncio.to_thread(fetch, text)``: what is given to ``fetch`` arrives where it would if that were called."""
    target = given.positional[position] if position < len(given.positional) else UNKNOWN
    if target.ref is None:
        return
    rest = given.after(position)
    function = frame.world.function(target.ref)
    if function is None:
        entry = _target(frame, target.ref)[1]
        if entry.__class__ is FunctionModel and entry.sql is not None:
            sinks.library_sql(frame, node, target.ref, entry.sql, rest, direct=False)
        return
    if target.type is not None and target.type.name == "functools.partial":
        _complete(target, node, rest)
    has_receiver = target.receiver is not None or function.kind in ("classmethod", "staticmethod")
    bindings = bound(frame, function, rest, has_receiver)
    for sink in frame.world.facts(function).sinks:
        if sink.parameter in bindings:
            sinks.through(frame, node, function, sink, *bindings[sink.parameter])


def _is_given(frame: Frame, node: ast.expr) -> bool:
    """Whether whose tables they are is up to the caller: ``def create(metadata): metadata.create_all(engine)``."""
    match node:
        case ast.Attribute(value=ast.Name(id=name)):
            return frame.function is not None and name in frame.function.named
    return False


def _holder(frame: Frame, node: ast.expr) -> str | None:
    """The class whose metadata it is: ``Base`` of ``Base.metadata.create_all``."""
    match node:
        case ast.Attribute(value=ast.Attribute(value=holder, attr="metadata")):
            return frame.quiet(holder).ref
    return None


def _handed_definition(frame: Frame, given: Arguments) -> str | None:
    """``await connection.run_sync(Base.metadata.create_all)``: what is called there defines tables."""
    ref = given.positional[0].ref if given.positional else None
    owner, _, name = ref.rpartition(".") if ref is not None else ("", "", "")
    found = frame.library.method(owner, name)
    return found[1] if found is not None and found[0].defines else None


def _has_rows(callee: Value) -> bool:
    return callee.receiver is not None and callee.receiver.query is not None


def _asked(frame: Frame, value: Value, choices: Value, node: ast.expr) -> None:
    """``isinstance(rows, list)``: a coroutine is none, so that what was meant is its result."""
    if value.pending is None or not value.pending.must or frame.awaits(node):
        return
    kinds = [each.ref for each in (choices.items if isinstance(choices.items, tuple) else (choices,))]
    if kinds and all(ref is not None and is_plain(frame, Type(ref.removeprefix("builtins."))) for ref in kinds):
        frame.misuse(value, node, "argument")


#: Libraries that take awaitables, or anything: all others want results.
_HOLDERS = frozenset(
    """asgiref asyncio anyio trio builtins collections concurrent contextlib contextvars dataclasses fastapi functools inspect queue
    starlette threading typing unittest pytest tenacity ? str""".split()
)


def register(frame: Frame, ref: str, route: Route, given: Arguments) -> None:
    """``path("orders/", views.orders)``: the function, class or object serves requests, wherever it is defined."""
    found = given.find(route.handler, route.keyword)
    if found is None:
        return
    value = found[0]
    target = value.ref.removesuffix(".as_view") if value.ref is not None else value.type.name if value.type else None
    if target is not None:
        frame.module.registered.setdefault(target, HandlerInfo(ref, route.methods))


def _construct(frame: Frame, node: ast.Call, info: ClassInfo, given: Arguments) -> Value:
    if frame.keep:
        frame.calls[id(node)] = Callee(info.ref, project=True)
    uses.note_instance(frame, node, info.ref)
    for name, value in given.keywords.items():
        if value.pending is not None and is_plain(frame, _declared(frame, info, name)):
            frame.misuse(value, given.words[name], "argument")
    if node.keywords:
        passwords.constructed(frame, node, Type(info.ref), given)
    for _, entry in lineage(frame, info.ref):
        if isinstance(entry, ClassInfo):
            function = entry.functions.get("__init__")
            if function is not None:
                _effects(frame, node, function, frame.world.facts(function), bound(frame, function, given, True))
                break
        elif entry.init is not None:
            _library(frame, node, UNKNOWN, info.ref, entry.init, given)
            break
    return Value(Type(info.ref))


def _declared(frame: Frame, info: ClassInfo, name: str) -> Type | None:
    """The declared type of a field that the constructor made for a dataclass or a schema takes by name."""
    for _, entry in lineage(frame, info.ref):
        if isinstance(entry, ClassInfo):
            if "__init__" in entry.functions:
                return None
            if name in entry.annotations:
                return annotation(frame, entry, name)
    return None


def bound(
    frame: Frame, function: FunctionInfo, given: Arguments, has_receiver: bool
) -> dict[str, tuple[Value, ast.expr]]:
    """Which value each parameter gets."""
    result: dict[str, tuple[Value, ast.expr]] = {}
    if not given.positional and not given.keywords:
        return result
    names = function.positional
    offset = 1 if function.kind == "method" and not has_receiver else 0
    for index, value in enumerate(given.positional):
        if given.nodes[index].__class__ is ast.Starred:
            break
        position = index - offset
        if position < 0:
            continue
        name = names[position] if position < len(names) else function.variadic
        if name and name not in result:
            result[name] = (value, given.nodes[index])
    rest: dict[str, Value] = {}
    for word, value in given.keywords.items():
        if word in function.named:
            result.setdefault(word, (value, given.words[word]))
        else:
            rest[word] = value
    if rest and function.keywords:
        result[function.keywords] = _collected(frame, rest, given)
    return result


def _collected(frame: Frame, rest: dict[str, Value], given: Arguments) -> tuple[Value, ast.expr]:
    """What ``**fields`` holds: the expression is that of the first value with something to tell."""
    items = {word: frame.named(value, word, given.words[word]) for word, value in rest.items()}
    labels: tuple[Label, ...] = ()
    for value in items.values():
        labels = join_labels(labels, value.labels)
    telling = next((word for word, value in items.items() if value.labels), next(iter(items)))
    pending = next((value.pending for value in items.values() if value.pending is not None), None)
    if pending is not None:
        return next((value, given.words[word]) for word, value in items.items() if value.pending is not None)
    return Value(Type("dict"), items=items, labels=labels), given.words[telling]


def _project(frame: Frame, node: ast.Call, callee: Value, function: FunctionInfo, given: Arguments) -> Value:
    facts = frame.world.facts(function)
    stub, declared = function, facts.returns
    if function.is_abstract and callee.receiver is not None and not _is_super(node.func):
        found = overriding(frame, function, callee.receiver.type)
        if found is not None:
            function, facts = found
    if callee.type is not None and callee.type.name == "functools.partial":
        _complete(callee, node, given)
    bindings = bound(
        frame, function, given, callee.receiver is not None or function.kind in ("classmethod", "staticmethod")
    )
    _effects(frame, node, function, facts, bindings)
    if function.is_generator:
        frame.generator = node, function
    if frame.keep:
        frame.calls[id(node)] = Callee(function.ref, facts.accesses, facts.external, facts.never, True)
    if function.opaque:
        if function.is_async and function.decorators and not (function.is_generator or function.manager):
            # What the module awaits elsewhere may still be a coroutine, whatever decorates it; a plain function takes it for a deferred.
            name = dotted(node.func) if frame.in_coroutine else ""
            return _pending(frame, node, function.ref, UNKNOWN) if name and name in frame.module.awaited else UNKNOWN
        return UNKNOWN
    if function.kept is not None and function.kept.wraps and given.positional:
        decorated = frame.world.function(given.positional[0].ref or "")
        if decorated is not None and (function.kept.coroutine if decorated.is_coroutine else function.kept.plain):
            return given.positional[0] if function.kept.calls else UNKNOWN
    if _quotes(function.name):
        return _pending(frame, node, function.ref, _QUOTED) if function.is_coroutine else _QUOTED
    if facts.reads:
        rows = {name: value for name, (value, _) in bindings.items() if value.query is not None}
        if callee.receiver is not None and callee.receiver.query is not None:
            rows["self"] = callee.receiver
        if rows:
            queries.through(frame, node, function, rows)
    result = filled(frame, node, function, facts.returns, bindings, callee.receiver)
    if _cleans(function.name) or (result.labels and _hides(given)):
        shown = tuple(label for label in result.labels if label.kind not in ("secret", "secrets"))
        result = result.but(labels=shown, cleaned=True)
    if facts.variable is not None and not result.labels:
        named = generics.result(frame, function, facts.variable, callee.receiver, bindings)
        if named is not None:
            result = result.but(type=named, maybe_none=facts.variable.optional)
    if function.is_coroutine:
        return _pending(frame, node, function.ref, result)
    if result.pending is not None:  # handed on: here is where it would be awaited
        return result.but(pending=result.pending._replace(target=function.ref, site=frame.site(node)))
    if stub.is_stub and declared.type is not None and declared.type.name in AWAITABLE and not declared.maybe_none:
        # `def __call__(self) -> Awaitable[None]: ...`
        return _pending(frame, node, stub.ref, awaited(frame, declared))
    if (
        result is UNKNOWN
        and frame.in_coroutine
        and function.owner is not None
        and _stands_for_coroutine(frame, function)
    ):
        return _pending(frame, node, function.ref, UNKNOWN)
    return Value(Type("Never")) if facts.never else result


def _stands_for_coroutine(frame: Frame, function: FunctionInfo) -> bool:
    """``def send(self, text): return self.emit("send", text)`` in the place of a coroutine gives back what it got to await."""
    assert function.owner is not None
    if not function.owner.bases or not hands_on(frame.world.body(function)):
        return False
    bases = [entry for _, entry in lineage(frame, function.owner.ref) if entry is not function.owner]
    found = (entry.functions.get(function.name) for entry in bases if isinstance(entry, ClassInfo))
    first = next((each for each in found if each is not None), None)
    return first is not None and first.is_async and not first.is_generator


def _hides(given: Arguments) -> bool:
    """``self.url(privacy=True)``: the result shows no credential."""
    return any(
        conceals(word) and not (isinstance(each, ast.Constant) and not each.value) for word, each in given.words.items()
    )


def _is_super(func: ast.expr) -> bool:
    """``super().find(...)`` calls the very method that the base has."""
    owner = func.value if isinstance(func, ast.Attribute) else None
    return isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "super"


def _complete(callee: Value, node: ast.Call, given: Arguments) -> None:
    """Put the arguments that ``functools.partial`` has got already before those of the call."""
    if isinstance(callee.items, tuple):
        given.positional = [*callee.items, *given.positional]
        given.nodes = [*[node.func] * len(callee.items), *given.nodes]
    elif callee.items:
        given.keywords = {**callee.items, **given.keywords}
        given.words = {**dict.fromkeys(callee.items, node.func), **given.words}


def _described(
    frame: Frame, node: ast.Call, callee: Value, function: FunctionInfo, model: FunctionModel, given: Arguments
) -> Value:
    """A function of the project that the user's settings describe. Its body tells what the model leaves open: its result."""
    if function.is_coroutine and not model.coroutine:
        model = model._replace(coroutine=True)
    result = _library(frame, node, callee, function.ref, model, given)
    if model.returns is not None or model.label is not None or model.keeps:
        return result
    own = frame.world.facts(function).returns
    known = Value(own.type, maybe_none=own.maybe_none)
    return result.but(pending=result.pending._replace(result=known)) if result.pending is not None else known


def _effects(
    frame: Frame, node: ast.Call, function: FunctionInfo, facts: Facts, bindings: dict[str, tuple[Value, ast.expr]]
) -> None:
    if frame.silent:
        return
    for name, (value, each) in bindings.items():
        if value.pending is not None and value.pending.must and _wants_result(frame, function, name):
            frame.misuse(value, each, "argument")
    for sink in facts.sinks:
        if sink.parameter in bindings:
            sinks.through(frame, node, function, sink, *bindings[sink.parameter])
    if (facts.waits is not None or facts.loop is not None) and function.runs_at_once:
        effects.blocked(frame, node, function, facts)
    if function.wrapped_by:
        effects.wrapped(frame, node, function)
    frame.locks = frame.locks or facts.locks
    if facts.accesses or facts.external:
        effects.used(frame, node, function, facts)
    if facts.opens:
        opening.through(frame, node, function, facts, bindings)
    if facts.claims:
        frame.claims.update(dict.fromkeys(facts.claims))
    if facts.steps or facts.pending or frame.computed or (facts.accesses and transactions.ACCOUNT in frame.env):
        transactions.called(frame, node, function, facts)
    for exception, label, _ in facts.raises:
        passed: tuple[Label, ...] = (label,)
        if label.kind == "parameter":
            value = bindings[label.what][0] if label.what in bindings and not tells(label.what) else UNKNOWN
            passed = tuple(
                each._replace(notes=(*each.notes, *label.notes)[:MAX_NOTES])
                for each in value.labels
                if each.kind in ("secret", "parameter")
            )
        found = tuple(Raised(exception, each, own=False) for each in passed)
        frame.raised = (*frame.raised, *(each for each in found if each not in frame.raised))[:MAX_LABELS]


def _wants_result(frame: Frame, function: FunctionInfo, name: str) -> bool:
    """Whether the parameter is declared as something that no awaitable is, or used as such."""
    parameter = next((each for each in function.parameters if each.arg == name), None)
    if parameter is None or function.opaque:
        return False
    declared = parameter.annotation
    if declared is not None:
        return declares_plain(frame.world.reader(function.module, function.owner), declared)
    body = frame.world.body(function)
    return body is not None and demands.wants_result(body, name)


def declares_plain(frame: Frame, node: ast.expr) -> bool:
    """Whether an annotation leaves no room for an awaitable: all parts of a union are plain."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        parsed = parsed_annotation(node.value)
        return parsed is not None and declares_plain(frame, parsed)
    if isinstance(node, ast.BinOp):
        parts = [node.left, node.right]
    elif isinstance(node, ast.Subscript) and last_name(node.value) in ("Union", "Optional"):
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    else:
        return is_plain(frame, type_of(frame, node))
    return all((isinstance(each, ast.Constant) and each.value is None) or declares_plain(frame, each) for each in parts)


def is_plain(frame: Frame, type: Type | None) -> bool:
    """Whether nothing of the type can be awaited, as far as the project's code tells."""
    if type is None:
        return False
    if type.name in _PLAIN:
        return True
    known = False
    for ref, entry in lineage(frame, type.name):
        known = True
        if not isinstance(entry, ClassInfo):
            if entry.awaits or ref.startswith("asyncio."):
                return False
        elif "__await__" in entry.functions or (
            "typing.Protocol" in entry.bases and not {*entry.functions, *entry.annotations} - demands.OF_COROUTINES
        ):
            return False
    return known


_PLAIN = PLAIN_TYPES | {"str", "bytes", "list", "dict", "set", "frozenset", "LiteralString"}
