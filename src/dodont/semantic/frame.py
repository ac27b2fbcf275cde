"""The state of one interpretation: a module's top level, a class body, or a function."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from dodont.models.library import Library
from dodont.models.vocabulary import Value as ValueModel
from dodont.semantic.annotations import model_type
from dodont.semantic.credentials import credential, is_address, is_held_elsewhere, is_other_token
from dodont.semantic.definitions import Access, ClassInfo, FunctionInfo, ModuleInfo, Opening, Raised, Sink, Waits, World
from dodont.semantic.demands import hands_on
from dodont.semantic.events import Callee, Dropped, Event, Recomputed, Steps, Unawaited, Unresolved
from dodont.semantic.trees import dotted, last_name, nodes_of, walk
from dodont.semantic.values import OR, UNKNOWN, Label, Note, Site, Use, Value, labels_of

Answer = TypeVar("Answer")

if TYPE_CHECKING:
    from dodont.semantic.awaiting import Awaiting
    from dodont.semantic.recomputed import Change
    from dodont.semantic.transactions import Account

Evaluator = Callable[["Frame", Any], Value]


class Imported(Value):
    """A name an import statement bound, not followed yet: ``ref`` is the name as imported."""

    __slots__ = ()


class Frame:
    """Names bound so far, and what was seen on the way. ``function`` is None at the top of a module or class."""

    __slots__ = (
        "_answers", "accesses", "accounts", "asked", "awaited", "calls", "changes", "claims", "clauses", "computed", "elsewhere",
        "ended", "env", "evaluators", "events", "exits", "expecting", "external", "failing", "function", "generator",
        "guards", "handling", "in_coroutine", "in_lambda", "inner", "keep", "library", "locks", "loop", "loops",
        "module", "never", "objects", "opens", "outer", "owner", "paths", "raised", "reads", "regions", "returns",
        "silent", "sinks", "stores", "switched", "told", "unused", "values", "waits", "world", "yields",
    )  # fmt: skip

    def __init__(
        self,
        world: World,
        library: Library,
        module: ModuleInfo,
        evaluators: dict[type, Evaluator],
        function: FunctionInfo | None = None,
        owner: ClassInfo | None = None,
        keep: bool = False,
    ) -> None:
        self.world = world
        self.library = library
        self.module = module
        self.evaluators = evaluators
        self.function = function
        self.owner = owner
        self.env: dict[str, Value] = {}
        self.outer: dict[str, Value] | None = None
        # functions defined here, by the ids of their nodes
        self.inner: dict[int, FunctionInfo] = {} if function is None or function.inner is None else function.inner
        self.in_coroutine = function is not None and function.is_async
        self.in_lambda = False
        self.paths: set[str] = set()  # names of which `env` holds dotted ones, such as "self.x"
        self.silent = False  # evaluating for an answer only: no events
        self.keep = keep  # keep the value of every expression, for handlers (see expressions.KEEPING)
        self.values: dict[int, Value] = {}
        self.calls: dict[int, Callee] = {}
        self.awaited: dict[int, str] = {}  # coroutines by the ids of the nodes that await them
        self.events: dict[tuple[Any, ...], Event] = {}
        self.clauses: dict[int, tuple[Value, tuple[Any, ...]]] = {}  # SQL texts wrapped for later, and their events
        self.unused: dict[Site, tuple[Value, str]] = {}  # awaitables in names that nobody has read yet
        self._answers: dict[tuple[Any, ...], Any] = {}  # see `once`
        self.objects: set[str] | None = None  # names the function reads attributes of, found when first asked for
        self.reads: dict[tuple[str, tuple[str, ...]], None] = {}  # of parameters, see queries.read
        self.returns: list[Value] = []
        self.yields: list[Value] = []
        self.stores: dict[str, Value] = {}
        self.sinks: dict[tuple[str, str], Sink] = {}
        self.waits: Waits | None = None
        self.loop: Waits | None = None  # likewise for running an event loop
        self.generator: tuple[ast.Call, FunctionInfo] | None = (
            None  # the last generator that was made, and by which call
        )
        self.guards = 0  # branches and exception handlers around the statement at hand
        self.switched = 0  # branches among them that only a call asks for, `if with_lines:`
        self.expecting = 0  # blocks around that a test expects to fail
        self.failing = 0  # exception handlers and raised expressions among them
        # why it holds up no loop: none runs there, or it runs once, after a failed import or when a task is cancelled
        self.elsewhere = 0
        self.accesses: list[Access] = []
        self.claims: dict[Use, None] = {}  # columns that rows were taken by and that are set in them
        self.external = False
        self.opens: list[Opening] = []
        self.changes = False  # something in another service, as far as it calls some
        # whether what the function writes is kept account of (see transactions)
        self.accounts = function is not None and not world.heard.isdisjoint(_ACCOUNTS)
        self.regions = 0  # transactions around the statement at hand
        self.ended: list[Account] = []  # what each path had made durable when it ended (see transactions)
        self.asked: set[int] = set()  # the lines in which other services are called
        self.computed: dict[tuple[str, str], Change] = {}  # fields computed from their old values, not saved yet
        self.told: list[Recomputed] = []  # those that were saved
        self.locks = False  # it locks rows
        # texts of exceptions that the statements so far may raise and nobody caught
        self.raised: tuple[Raised, ...] = ()
        self.handling: tuple[Label, ...] = ()  # what the text of the exception holds that is being handled
        self.never = True
        self.loops: list[list[dict[str, Value]]] = []

    def eval(self, node: ast.expr) -> Value:
        """The value of an expression. The evaluators called most do the same without the call of this method."""
        return self.evaluators[node.__class__](self, node)

    def quiet(self, node: ast.expr) -> Value:
        """The value of an expression with no event, no fact and no use counted."""
        if node.__class__ is ast.Name and not self.keep:
            return self.lookup(node.id)
        silent, self.silent = self.silent, True
        try:
            return self.eval(node)
        finally:
            self.silent = silent

    def site(self, node: Any) -> Site:
        return Site(self.module.path, node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)

    def lookup(self, name: str) -> Value:
        """What a name means here: local, enclosing, module, star import, builtin."""
        value = self.env.get(name)
        if value is None and self.outer is not None:
            value = self.outer.get(name)
        if value is None:
            value = self.module.names.get(name)
        if value is None:
            return self._elsewhere(name)
        if value.__class__ is Imported:
            value = self._followed(name, value)
        return value

    def _followed(self, name: str, value: Value) -> Value:
        with self.world.consulting() as consulted:
            found = self.denote(value.ref or "")
        if self.is_unsettled(value, found):
            return found
        self.module.followed[name] = value.ref or "", frozenset(consulted)
        self.module.consulted |= consulted
        for names in (self.env, self.module.names):
            if names.get(name) is value:
                names[name] = found
        return found

    def is_unsettled(self, imported: Value, found: Value) -> bool:
        """Whether an imported name may mean more once the modules being read are."""
        return found.type is None and found.ref == imported.ref and self.world.may_come(found.ref or "")

    def _elsewhere(self, name: str) -> Value:
        for module in reversed(self.module.stars):
            found = self.world.starred(module, name)
            if found is not None:
                return found
            if self.library.get(f"{module}.{name}") is not None:
                return self.denote(f"{module}.{name}")
        return _BUILTINS.get(name, UNKNOWN)

    def denote(self, name: str) -> Value:
        """The value of a qualified name, of the project or of a library."""
        found = self.world.resolve(name)
        if found is not None:
            return found
        if self.world.may_come(name):
            return self._library_value(self.library.canonical(name))
        generation, found = self.world.denoted.get(name, _NEVER)
        if generation != self.library.generation:
            found = self._library_value(self.library.canonical(name))
            self.world.denoted[name] = (self.library.generation, found)
        return found

    def _library_value(self, name: str) -> Value:
        entry = self.library.get(name)
        if entry.__class__ is ValueModel:
            labels = labels_of(entry.label, entry.what or name) if entry.label else ()
            return Value(model_type(entry.type), labels=labels)
        module, _, last = name.rpartition(".")
        if entry is None and credential(last) and (_is_settings(module) or ("_" in last and last.islower())):
            return Value(ref=name, labels=(Label("secret", last),))  # `config.SECRET_KEY`, `stripe.api_key`
        return Value(ref=name)

    def named(self, value: Value, name: str, node: ast.AST) -> Value:
        """The value, carrying a credential when the name it is read from says it holds one and nothing known of it denies that."""
        if not credential(name) or value.cleaned or value.literal or value.ref is not None or value.pending is not None:
            return value
        if value.type is not None and value.type.name not in ("str", "bytes", "Any", "LiteralString"):
            return value
        if any(label.kind == "secret" for label in value.labels):
            return value
        if self.is_object(node) or is_held_elsewhere(name, _holder(node)):
            return value
        label = Label("secret", name, (Note(self.site(node), f"`{name}` holds a credential"),))
        return value.but(labels=(label, *value.labels), type=value.type)

    def is_object(self, node: ast.AST) -> bool:
        """Whether the function uses the name as an object with attributes of its own: a token's record, not the token.

        So are the tokens that a loop runs through: ``for token in text.split(",")`` takes a text to pieces.
        """
        key = _key(node)
        if key is None or self.function is None or self.function.node is None:
            return False
        if self.objects is None:
            self.objects = set(_objects(self.function.node))
        return key in self.objects

    def event(self, key: tuple[Any, ...], event: Event) -> None:
        if not self.silent:
            self.events[key] = event

    def misuse(self, value: Value, node: ast.expr, use: str) -> None:
        """An awaitable is used as if it were its result."""
        pending = value.pending
        if pending is None or self.silent or (self.expecting and use == "statement"):
            return
        if not pending.must and use in _DROPPED:
            if pending.weak:
                self.event(("dropped", pending.site), Dropped(pending.site, pending.target, self.function))
            if self.in_coroutine and pending.target in _GATHERING:
                use = "gathering"
            elif _runs_alone(value):
                return
        elif not pending.must and use not in _OF_OBJECTS and not (use == "typed" and not _is_task(value)):
            return
        if value.maybe_none and use in ("condition", "operand", "identity"):
            return
        if use in ("condition", "text") and self.may_be_awaited(node):
            return  # `if found and iscoroutine(found)`
        if node.__class__ is ast.Call and self.may_be_awaited(node.func):
            return  # `if iscoroutinefunction(node.close): await node.close()`, `else: node.close()`
        if pending.maybe and (
            (use == "condition" and value.type is None) or use == "identity" or self.may_be_awaited(node)
        ):
            return
        if self._may_be_plain(pending.target):
            return
        site = self.site(node)
        direct = pending.site == site
        self.unused.pop(pending.site, None)
        if pending.site.path != self.module.path or ("unawaited", pending.site) in self.events:
            return
        self.events["unawaited", pending.site] = Unawaited(
            pending.site,
            site,
            pending.target,
            use,
            self.in_coroutine,
            direct,
            self.function,
            ast.unparse(node) if len(node.__dict__) else "",
        )

    def _may_be_plain(self, target: str) -> bool:
        """Whether a coroutine is a method in the place of which a class below has a plain one: which of them runs, nothing tells."""
        function = self.world.function(target)
        if function is None or function.owner is None or function.kind != "method":
            return False
        if function.is_stub and not function.is_async:
            return False  # a protocol that declares an awaitable, which a class may look like by chance
        return any(
            not each.is_async and not hands_on(self.world.body(each))
            for each in self.world.overriding(function, function.owner)
        )

    def unresolved(self, node: ast.expr, use: str, kept: str = "") -> None:
        """The coroutine uses the result of ``node``, of which nothing is known, as no coroutine can be used, or keeps it."""
        if self.silent or node.__class__ is not ast.Call or node.func.__class__ is not ast.Attribute:
            return
        func: ast.Attribute = node.func
        callee = dotted(func)
        if use != "statement" and callee not in self.module.awaited and "_" not in func.attr:
            return  # a single word may be a method of anything
        receiver = self.quiet(func.value)
        if receiver.ref is not None:
            return  # a library's module or class: that one of its functions is awaited elsewhere may be the mistake
        if ("unawaited", self.site(func.value)) not in self.events and not self._chosen(node, callee):
            site = self.site(node)
            typed = receiver.type is not None and OR not in receiver.type.name
            self.event(("unresolved", site), Unresolved(site, func.attr, callee, use, self.function, typed, kept))

    def handed(self, value: Value, node: ast.expr) -> None:
        """A coroutine that a name holds is given to a function nothing is known of: ``form = self.render(); self.finish(form)``."""
        pending = value.pending
        if (
            pending is None
            or not pending.must
            or pending.maybe
            or not self.in_coroutine
            or self.silent
            or node.__class__ is not ast.Name
            or pending.site.path != self.module.path
            or ("unawaited", pending.site) in self.events
            or self._may_be_plain(pending.target)
        ):
            return
        name = pending.target.rpartition(".")[2]
        self.event(
            ("unresolved", pending.site),
            Unresolved(pending.site, name, pending.target, "handed", self.function, True, node.id),
        )

    def _awaiting(self) -> Awaiting | None:
        return self.once(_awaiting) if self.function is not None and self.function.node is not None else None

    def _chosen(self, node: ast.Call, callee: str) -> bool:
        """Whether a test decides between awaiting the call and not."""
        found = self._awaiting() if callee in self.module.awaited else None
        return found is not None and found.chooses(node, callee)

    def awaits(self, node: ast.expr) -> bool:
        """Whether the function awaits what the node names."""
        found = self._awaiting() if isinstance(node, (ast.Name, ast.Attribute)) else None
        return found is not None and ast.unparse(node) in found.awaited

    def may_be_awaited(self, node: ast.expr) -> bool:
        """Whether the function awaits what the node names, or asks if it is an awaitable."""
        found = self._awaiting() if isinstance(node, (ast.Name, ast.Attribute)) else None
        return found is not None and ast.unparse(node) in found.asked

    def once(self, question: Callable[..., Answer], *about: Any) -> Answer:
        """The answer to a question about the code at hand, which nothing that is interpreted can change.

        A function with a thousand places to ask of would be searched from end to end a thousand times.
        """
        key = (question, *about)
        if key not in self._answers:
            self._answers[key] = question(self, *about)
        found: Answer = self._answers[key]
        return found


def _awaiting(frame: Frame) -> Awaiting:
    from dodont.semantic.awaiting import Awaiting

    assert frame.function is not None and frame.function.node is not None
    return Awaiting(frame.function.node)


#: What no awaitable is good for, and what makes no sense but for a task, which runs without being awaited.
_OF_OBJECTS = frozenset({"attribute", "item", "iteration", "unpacking", "argument"})
_DROPPED = frozenset({"statement", "assignment"})

#: What does nothing but wait for others.
_GATHERING = frozenset({"asyncio.gather", "asyncio.wrap_future"})


def _is_task(value: Value) -> bool:
    """It is on its way, and may well be meant to go on after whoever started it."""
    return value.type is not None and value.type.name == "asyncio.Task"


def _runs_alone(value: Value) -> bool:
    return value.type is None or value.type.name.startswith("asyncio.")


def _objects(function: ast.AST) -> Iterator[str]:
    for each in nodes_of(function, _TELLING):
        if (key := _object(each)) is not None:
            yield key


_TELLING = frozenset({ast.Assign, ast.Attribute, ast.Call, ast.Subscript, ast.For, ast.AsyncFor, ast.comprehension})


def _object(node: ast.AST) -> str | None:
    """The name that an expression uses as no text of a credential."""
    match node:
        case ast.Attribute(value=value, attr=attr):
            return _key(value) if attr not in _TEXT else None
        case ast.Call(func=ast.Attribute(value=value, attr="encode" | "decode"), args=[first, *_]):
            # `self.jwt.decode(token, key)`: a text is given the name of an encoding
            return None if isinstance(first, ast.Constant) else _key(value)
        case ast.Subscript(value=holder, slice=ast.Constant(value=str())) if (_key(holder) or "").endswith(_CLAIMS):
            return _key(holder)  # `id_token["aud"]`: what the token says, read already
        case ast.Call(func=ast.Name(id="open"), args=[first, *_]):
            return _key(first)  # the path of the file that holds it
        case ast.Subscript(value=holder, slice=item) if (_key(holder) or "").endswith("secrets"):
            return _key(item)  # `secrets[secret]`: the name of one
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if is_other_token(_read(value)):
            return name  # `token = answer["next_page_token"]`
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Attribute() as value) if is_address(name):
            return _key(value)  # `auth_url = resources.auth_token`
        case ast.Assign(
            targets=[ast.Name(id="token")],
            value=ast.Call(func=ast.Name() | ast.Attribute() as func, args=[ast.Name() | ast.Attribute()]),
        ) if last_name(func).endswith("b64encode"):
            return "token"  # a text written otherwise; were it a secret, it would carry that
        case ast.Assign(targets=[ast.Name() | ast.Tuple() as target], value=ast.Subscript(value=holder)):
            named = target.elts if isinstance(target, ast.Tuple) else [target]  # `token, text = self.tokens[0]`
            found = any(isinstance(each, ast.Name) and each.id == "token" for each in named)
            return "token" if found and (_key(holder) or "").endswith("tokens") else None
        case ast.For(target=target) | ast.AsyncFor(target=target) | ast.comprehension(target=target):
            return "token" if any(isinstance(name, ast.Name) and name.id == "token" for name in walk(target)) else None
    return None


_CLAIMS = ("id_token", "jwt")

_TEXT = frozenset(dir(str)) | frozenset(dir(bytes))


def _key(node: ast.AST) -> str | None:
    """A name, or a name's attribute, as written."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.arg):
        return node.arg
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return None


def _read(node: ast.AST) -> str:
    """The name of the attribute or key whose value the expression gives."""
    match node:
        case ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
        case ast.Call(func=ast.Attribute(attr="get" | "pop"), args=[ast.Constant(value=str(name)), *_]):
            return name
    return ""


def _holder(node: ast.AST) -> str:
    """The last name of what an attribute or item is read from."""
    match node:
        case ast.Attribute(value=holder) | ast.Subscript(value=holder):
            return last_name(holder)
        case ast.Call(func=ast.Attribute(value=holder, attr="get" | "pop")):
            return last_name(holder)
    return ""


def _is_settings(module: str) -> bool:
    """Whether a module that nothing is known of says by its name that it holds the settings."""
    return module.rpartition(".")[2] in ("settings", "config", "conf", "secrets", "credentials")


class Members(dict[str, Value]):
    """The names of a class body. A plain assignment is evaluated when its name is first asked for: most never are.

    Until then the name stands here with UNKNOWN, so that the order is the one written.
    """

    __slots__ = ("_frame", "_later")

    def __init__(
        self, frame: Frame, names: Mapping[str, Value] | None = None, later: dict[str, ast.expr] | None = None
    ) -> None:
        super().__init__(names or {})
        self._frame = frame
        self._later = {} if later is None else later

    def pending(self, name: str) -> ast.expr | None:
        """The expression of a name that nobody has asked for yet."""
        return self._later.get(name)

    def put_off(self, name: str, node: ast.expr) -> None:
        self[name] = UNKNOWN
        self._later[name] = node

    def get(self, name: str, default: Any = None) -> Any:
        node = self._later.pop(name, None) if self._later else None
        if node is not None:
            with self._frame.world.noting(self._frame.module.consulted):  # whoever asks, it is of this module
                self[name] = self._frame.quiet(node)
        value = super().get(name, default)
        if value.__class__ is Imported:
            found = self._frame.denote(value.ref or "")
            if not self._frame.is_unsettled(value, found):
                self[name] = found
            return found
        return value

    def __getitem__(self, name: str) -> Value:
        found: Value | None = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def copy(self) -> Members:
        return Members(self._frame, self, self._later)


#: Events that tell of what a function writes.
_ACCOUNTS = frozenset({Recomputed, Steps})

_NEVER = (-1, UNKNOWN)
_BUILTINS = {name: Value(ref=f"builtins.{name}") for name in dir(builtins) if not name.startswith("_")}
