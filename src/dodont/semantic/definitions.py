"""What is known of a module, a class and a function of the project, and the facts other code may ask of a function."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from dodont.core.patterns import pattern
from dodont.models.vocabulary import Sql
from dodont.semantic.values import UNKNOWN, Label, Note, Relation, Site, Text, Type, Use, Value

if TYPE_CHECKING:
    from dodont.semantic.frame import Frame

_AWAITED = pattern(r"await ([\w.]+)\(")

_START_UP = pattern(
    r"(?:^|_)lifespan$|^_?(?:(?:on_)?(?:startup|shutdown|ready)(?:_event)?|setup_hook|init(?:ialize)?|bootstrap|teardown)$"
)

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

#: Something outside of a module that an answer hangs on, by kind and name (see ``project.inputs``).
Input = tuple[str, str]


class Sink(NamedTuple):
    """What a parameter reaches: ``kind`` is ``sql``, ``log``, ``stored`` or ``compared`` (see passwords); ``notes`` is the way there,
    the sink last.

    ``text`` is the SQL text the parameter becomes a part of, None when it is the whole; ``guarded`` says that a test or an
    exception decides whether it gets there.
    """

    parameter: str
    kind: str
    notes: tuple[Note, ...]
    sql: Sql | None = None
    text: Text | None = None
    guarded: bool = False


class Waits(NamedTuple):
    """The function blocks its thread: the qualified names called on the way, the blocking one last.

    ``tests`` is how many of these functions go on only when a test or an exception says so.
    """

    chain: tuple[str, ...]
    on: str
    twin: str | None = None
    tests: int = 0


class Raised(NamedTuple):
    """Something that is put into the text of an exception which leaves the code at hand.

    ``exception`` is the exception's class; ``own`` that the function itself raises it, not one that it calls.
    """

    exception: str
    label: Label
    own: bool = True


class Kept(NamedTuple):
    """What a function of the project, used as a decorator, makes of another.

    ``plain`` and ``coroutine``: it gives a function of that kind for one; ``makes``: a coroutine function for any; ``calls``: its
    wrapper calls the function itself, and does not hand it to a thread or a scheduler; ``wraps``: it says so by ``functools.wraps``.
    """

    plain: bool = False
    coroutine: bool = False
    makes: bool = False
    calls: bool = False
    wraps: bool = False


class Variable(NamedTuple):
    """A type variable in a declared result: ``T``, ``T | None``, ``list[T]``."""

    name: str
    optional: bool = False
    many: bool = False


class Access(NamedTuple):
    """A use of the database: ``kind`` is read, write, commit or build; ``chain`` as in Waits, empty for a call on the spot.

    ``guarded``: a test or an exception decides whether it is made there; ``tests``: in how many of the functions in the chain.
    """

    kind: str
    target: str
    site: Site
    chain: tuple[str, ...] = ()
    guarded: bool = False
    tests: int = 0


class Opening(NamedTuple):
    """The function makes something dear each time it is called: ``kind`` is what (``vocabulary.Opens``), ``target`` what makes it.

    ``made`` is where that stands, ``site`` the call of the function at hand that leads there, ``chain`` the functions of the
    project in between. ``parameters`` are those of the function at hand that say to where it connects. ``entered``: one of these
    functions closes it. ``tests`` is how many of them come there only when a test or an exception says so.
    """

    kind: str
    target: str
    made: Site
    site: Site
    chain: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    entered: bool = False
    tests: int = 0


class Write(NamedTuple):
    """Something is written: ``what`` is the class or table, ``source`` the object as the code names it, both empty where they are
    not known; ``chain`` as in Access."""

    what: str
    source: str
    target: str
    site: Site
    chain: tuple[str, ...] = ()
    sure: bool = True  # whatever way the functions of the chain take
    finds: bool = False  # it may find what it would write
    asks: tuple[str, ...] = ()  # the fields by which a query says which rows
    sets: tuple[str, ...] = ()  # those that it gives values to
    # of a write that rules are told of: the fields that were set, where all of them got a time; and the line of the `if` around it that
    # asks whether there is such a row
    stamps: tuple[str, ...] = ()
    asked_at: int = 0

    @property
    def removes(self) -> bool:
        return self.target.rpartition(".")[2] in ("delete", "adelete", "delete_instance")


class Block(NamedTuple):
    """A block of statements: ``word`` is if, else, case, except, try, with, for or while; ``name`` is what a loop binds."""

    word: str
    line: int
    column: int
    name: str = ""


class Durable(NamedTuple):
    """Writes that become durable together: by a ``statement`` that commits itself, a ``commit``, or a transaction as a block
    (``region``). ``chain`` is the function called that does it, empty where it is done on the spot."""

    writes: tuple[Write, ...]
    site: Site
    kind: str
    chain: tuple[str, ...] = ()
    in_loop: bool = False
    by: str = ""  # the library's function that commits
    # of a step that rules are told of: the blocks around it, outermost first; the names that its statements read, sessions left
    # out; and those that they bind
    within: tuple[Block, ...] = ()
    names: tuple[str, ...] = ()
    bound: tuple[str, ...] = ()
    asked: int = 0  # how often other services were called before it


@dataclass(slots=True)
class Facts:
    """What a project function does, as far as other code may know. Parameters in ``returns`` are labels to fill in."""

    returns: Value = UNKNOWN
    variable: Variable | None = None  # what `returns` is in the end, only a call tells
    sinks: tuple[Sink, ...] = ()
    waits: Waits | None = None
    loop: Waits | None = None  # it runs an event loop
    accesses: tuple[Access, ...] = ()
    external: bool = False
    changes: bool = False  # something in the other service
    opens: tuple[Opening, ...] = ()
    steps: tuple[Durable, ...] = ()  # what it makes durable, on the path that does most
    pending: tuple[Write, ...] = ()  # what it leaves for its caller to commit
    locks: bool = False
    never: bool = False
    raises: tuple[Raised, ...] = ()
    reads: tuple[str, ...] = ()  # of its parameters, dotted, where rows of a database may be given
    claims: tuple[Use, ...] = ()  # columns by which it takes rows that it sets in them
    stores: dict[str, Value] = field(default_factory=dict)  # what `self.x = …` gives the object

    def outline(self) -> tuple[Any, ...]:
        """What must settle when functions call each other in a circle; evidence may differ, this may not."""
        returns = self.returns
        return (
            returns.type,
            returns.ref,
            returns.literal,
            returns.maybe_none,
            returns.pending is not None,
            frozenset((label.kind, label.what) for label in returns.labels),
            frozenset((sink.parameter, sink.kind, sink.guarded) for sink in self.sinks),
            self.waits is not None,
            self.loop is not None,
            frozenset(access.kind for access in self.accesses),
            self.external,
            self.changes,
            frozenset((each.kind, each.target, each.parameters) for each in self.opens),
            len(self.steps),
            len(self.pending),
            self.locks,
            frozenset((each.exception, each.label.kind, each.label.what) for each in self.raises),
            self.reads,
            frozenset((claim.entity, claim.column) for claim in self.claims),
            frozenset((name, value.type) for name, value in self.stores.items()),
        )


@dataclass(slots=True, eq=False)
class FunctionInfo:
    """A function or method. ``node`` is dropped once it was interpreted; what others need of its head stays."""

    ref: str
    name: str
    module: ModuleInfo
    node: FunctionNode | None
    owner: ClassInfo | None = None
    closure: dict[str, Value] | None = None
    is_async: bool = False
    is_generator: bool = False
    is_stub: bool = False  # the body says nothing
    is_abstract: bool = False  # and others are to say it: it raises NotImplementedError, is `...`, or is marked so
    kind: str = "function"  # function, method, classmethod, staticmethod, property
    decorators: tuple[Value, ...] = ()
    opaque: bool = False  # a decorator nothing is known of stands between the name and the function
    manager: str = ""  # "manager" or "async manager" when decorated as a context manager
    parameters: tuple[ast.arg, ...] = ()
    positional: tuple[str, ...] = ()  # names that take positional arguments, self and cls left out
    named: frozenset[str] = frozenset()  # names of all parameters
    variadic: str = ""
    keywords: str = ""
    site: Site | None = None
    handler: HandlerInfo | None = None
    facts: Facts | None = None
    assumed: Facts | None = None
    remembered: Any = None  # the facts as an earlier run wrote them down, until somebody asks
    # functions defined in its body, by the ids of their nodes: a body that is run again defines the same ones
    inner: dict[int, FunctionInfo] | None = None
    kept: Kept | None = None  # what it makes of a function as a decorator (see heads.kept_by)
    made: bool = False  # a decorator makes a coroutine function of it
    handed: bool = False  # a decorator hands it on: whether and where its body runs is not known
    # the refs of decorators of the project, and whether they are given arguments
    wrapped_by: tuple[tuple[str, bool], ...] = ()

    @property
    def is_coroutine(self) -> bool:
        if not (self.is_async or self.made) or self.is_generator or self.opaque or self.manager:
            return False
        return self.owner is None or not self.owner.opaque

    @property
    def runs_at_once(self) -> bool:
        """Whether a call runs the body then and there."""
        return not (self.is_async or self.is_generator or self.opaque or self.made or self.handed)

    @property
    def is_start_up(self) -> bool:
        """It runs once, before an application serves or after it has stopped: by a framework's decorator, or by its name."""
        if self.name in ("start", "stop"):
            return self.owner is not None and not self.positional  # of a part of the application, no bot's command
        return _START_UP.search(self.name) is not None or any(
            each.ref is not None and each.ref.endswith(".on_event") for each in self.decorators
        )


def says_nothing(body: list[ast.stmt]) -> bool:
    """A function's body is an ellipsis, a docstring, pass, or raises NotImplementedError."""
    return body[-1].__class__ in _SILENT and all(_says_nothing(statement) for statement in body)


def leaves_open(body: list[ast.stmt]) -> bool:
    """Whether a body that says nothing says that others do, and is no hook for those who want one: ``pass``, a docstring alone."""
    last = body[-1]
    return isinstance(last, ast.Raise) or (
        isinstance(last, ast.Expr) and isinstance(last.value, ast.Constant) and last.value.value is ...
    )


#: What a body that says nothing ends with: of most functions the last statement tells that they do.
_SILENT = frozenset({ast.Pass, ast.Expr, ast.Raise})


def _says_nothing(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Raise(exc=ast.Name(id="NotImplementedError") | ast.Call(func=ast.Name(id="NotImplementedError"))):
            return True
    return False


class HandlerInfo(NamedTuple):
    """How a function serves requests: the framework's function or class that says so, and the HTTP methods when known."""

    by: str
    methods: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class ClassInfo:
    """A class of the project. ``bases`` are qualified names; ``annotations`` are the fields as written."""

    ref: str
    name: str
    module: ModuleInfo
    bases: tuple[str, ...] = ()
    base_types: tuple[Type, ...] = ()
    members: dict[str, Value] = field(default_factory=dict)
    functions: dict[str, FunctionInfo] = field(default_factory=dict)
    annotations: dict[str, ast.expr] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()  # fields left out of the object's repr
    variables: tuple[str, ...] = ()  # the type variables it is generic in
    # what it gives for its bases' own
    arguments: dict[str, tuple[Type | str | None, ...]] = field(default_factory=dict)
    decorators: tuple[Value, ...] = ()
    opaque: bool = False  # a decorator puts other things in the place of its methods
    keywords: frozenset[str] = frozenset()  # keywords of the class statement given as True
    site: Site | None = None
    handlers: dict[str, str] | None = None  # methods that serve requests, by the modelled base that says so
    attributes: dict[str, Value] | None = None  # instance attributes, made when first asked for


@dataclass(slots=True, eq=False)
class ModuleInfo:
    """A module of the project: ``name`` identifies it, ``path`` is how the run names its file."""

    name: str
    path: str
    is_package: bool = False
    text: str = ""  # the source
    _wide: dict[int, str] | None = None
    _awaited: frozenset[str] | None = None
    # attributes and keys that are read into names that say hash (see context.is_hash)
    hashes: frozenset[str] | None = None
    has_async: bool = False
    yields: list[int] = field(default_factory=list)  # lines with the word "yield"
    names: dict[str, Value] = field(default_factory=dict)
    # what names in annotations stand for, and what was consulted for that (see annotations)
    types: dict[str, tuple[Type | None, frozenset[Input]]] = field(default_factory=dict)
    # imported names that were looked up: the name as imported, and what was consulted for that
    followed: dict[str, tuple[str, frozenset[Input]]] = field(default_factory=dict)
    consulted: set[Input] = field(default_factory=set)  # all that what is known of the module hangs on
    stars: list[str] = field(default_factory=list)
    functions: list[FunctionInfo] = field(default_factory=list)
    classes: list[ClassInfo] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)
    required: list[str] = field(default_factory=list)  # what was looked for among the models because it is imported
    roots: set[str] = field(default_factory=set)  # the top-level packages of these
    role: str = ""  # test, migration, script, settings, or nothing special
    registered: dict[str, HandlerInfo] = field(default_factory=dict)
    registrars: list[FunctionInfo] = field(default_factory=list)  # functions that may register, until they were asked
    uses: dict[Use, None] = field(default_factory=dict)  # columns that queries in the module filter, join or order by
    rebound: frozenset[str] = frozenset()  # names a function declares global
    file: str = ""  # the absolute path of the file
    steps: int = 0  # statements interpreted so far, with the size of their surroundings (see statements.run)
    summary: Input = ("summary", "")  # the module itself, as something others consult

    @property
    def awaited(self) -> frozenset[str]:
        """The dotted names, as written, whose calls the module awaits somewhere."""
        if self._awaited is None:
            self._awaited = frozenset(_AWAITED.findall(self.text))
        return self._awaited

    @property
    def lines(self) -> list[str]:
        """The source's lines as Python counts them, without their ends."""
        text = self.text
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        return text.split("\n")

    @property
    def wide(self) -> dict[int, str]:
        """The lines that are not ASCII, by number: there bytes and characters differ."""
        if self._wide is None:
            ascii_only = self.text.isascii()
            self._wide = (
                {} if ascii_only else {number: line for number, line in enumerate(self.lines, 1) if not line.isascii()}
            )
        return self._wide

    @property
    def package(self) -> str:
        return self.name if self.is_package else self.name.rpartition(".")[0]


class Endless(Exception):  # noqa: N818
    """A module's code takes more steps than any that somebody wrote."""


class Noting:
    """``with world.noting(module.consulted)``: what the work within consults is noted there, and not for whoever asked for it."""

    __slots__ = ("_into", "_outer", "_world")

    def __init__(self, world: World, into: set[Input]) -> None:
        self._world = world
        self._into = into
        self._outer = world.touched

    def __enter__(self) -> set[Input]:
        self._world.touched = self._into
        return self._into

    def __exit__(self, *raised: object) -> None:
        self._world.touched = self._outer


class Consulting(Noting):
    """``with world.consulting() as consulted``: all that the work within consults, which whoever asked for it consults, too."""

    __slots__ = ()

    def __init__(self, world: World) -> None:
        super().__init__(world, set())

    def __exit__(self, *raised: object) -> None:
        self._outer |= self._into
        self._world.touched = self._outer


class World:
    """What the interpretation asks of everything outside the module at hand; ``dodont.project`` answers."""

    # the kinds of events that somebody listens to: what serves others alone is not worked out
    heard: frozenset[type]
    classes: dict[str, ClassInfo]
    functions: dict[str, FunctionInfo]
    denoted: dict[str, tuple[int, Value]]  # library names by the generation of models that was asked
    # classes with their bases, likewise, and what was consulted for that
    lineages: dict[str, tuple[int, tuple[tuple[str, Any], ...], frozenset[Input]]]
    guarded: dict[tuple[str, str], tuple[bool, frozenset[Input]]]  # whether a class hashes what is put into a field
    # attributes of instances, likewise (see objects.Slot)
    slots: dict[tuple[str, str], tuple[int, Any, frozenset[Input]]]
    targets: dict[str, tuple[int, tuple[Any, Any, str]]]  # what calling a library's name means (see calls.Target)
    touched: set[Input]  # what the work at hand has consulted so far
    loading: int  # modules whose top level is being read: what depends on bases is not settled yet

    def noting(self, into: set[Input]) -> Noting:
        """Notes what is consulted within as another module's business."""
        return Noting(self, into)

    def consulting(self) -> Consulting:
        """Collects what is consulted within, for an answer that is kept. Whoever gets the answer has consulted that, too."""
        return Consulting(self)

    def function(self, ref: str) -> FunctionInfo | None:
        """The project's function of that qualified name."""
        raise NotImplementedError

    def class_named(self, ref: str) -> ClassInfo | None:
        """The project's class of that qualified name."""
        raise NotImplementedError

    def resolve(self, name: str) -> Value | None:
        """What a qualified name of the project denotes, through re-exports; None for what the project does not define."""
        raise NotImplementedError

    def may_come(self, name: str) -> bool:
        """Whether a name nothing is known of yet may be defined by a module that is being read: imports go in circles."""
        raise NotImplementedError

    def overriding(self, function: FunctionInfo, below: ClassInfo) -> tuple[FunctionInfo, ...]:
        """The methods that override one in the classes below ``below``, wherever these are defined; tests do not count."""
        raise NotImplementedError

    def related(self, owner: str, name: str) -> Relation | None:
        """The relationship that another class of the project gives ``owner`` under a name."""
        raise NotImplementedError

    def related_to_any(self, name: str, holder: str) -> Relation | None:
        """The one relationship of the project that gives some class an attribute of that name."""
        raise NotImplementedError

    def entity(self, name: str) -> str | None:
        """The qualified name of the project's only class of that name, among those that relate to others."""
        raise NotImplementedError

    def starred(self, module: str, name: str) -> Value | None:
        """What ``from module import *`` brings under a name: not what a literal ``__all__`` leaves out."""
        raise NotImplementedError

    def setting(self, name: str) -> Value | None:
        """The constant that the project's settings hold under a name, where all that say so agree."""
        raise NotImplementedError

    def qualify(self, module: str, importer: ModuleInfo) -> str:
        """An absolute import as seen from a module, as a name that ``resolve`` takes."""
        raise NotImplementedError

    def facts(self, function: FunctionInfo) -> Facts:
        """What the function does; computed when first asked for."""
        raise NotImplementedError

    def body(self, function: FunctionInfo) -> FunctionNode | None:
        """The function's definition, read once more if it was dropped: for rare questions only."""
        raise NotImplementedError

    def text_of(self, module: ModuleInfo) -> str:
        """The module's source, which is consulted by asking for it."""
        raise NotImplementedError

    def tree(self, module: ModuleInfo) -> ast.Module:
        """The module's syntax tree, parsed once more: for rare questions only."""
        raise NotImplementedError

    def frame(self, module: ModuleInfo, owner: ClassInfo | None = None) -> Frame:
        """A new frame for the top level of a module or the body of a class."""
        raise NotImplementedError

    def reader(self, module: ModuleInfo, owner: ClassInfo | None = None) -> Frame:
        """A frame in which the names of a module or class are read, and nothing else is done."""
        raise NotImplementedError
