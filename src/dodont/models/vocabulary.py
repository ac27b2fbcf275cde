"""The closed list of what can be said of a library's functions, classes and values.

One entry a qualified name (``["sqlite3.connect"]``); a class's methods stand below it (``["sqlite3.Cursor".methods.execute]``).
The same words serve ``[tool.dodont.models]``. ``dodont.models.schema`` checks an entry and names what is wrong with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

#: What a class is to a backend. ``connection`` covers whatever runs statements: connections, pools, databases.
Role = Literal[
    "session",  # an ORM session: queries, adds, commits
    "connection",  # a driver's connection, pool or database that runs statements
    "cursor",
    "engine",
    "manager",  # Django's Model.objects and kin
    "queryset",  # a query that is not run yet
    "entity",  # a base class of persisted objects
    "schema",  # a base class of data transfer objects (pydantic, serializers, forms)
    "settings",  # a base class of configuration objects, or the configuration itself
    "logger",
    "request",
    "response",
    "http-client",
    "secret",  # a type that hides its value when printed
    "view",  # a base class whose methods named in `handlers` serve requests
    "router",  # its methods register handlers
    "mock",
    "protocol",
]

#: What a value carries, followed by the interpretation.
Label = Literal[
    "request",  # came from a client: query, path, body, header, cookie
    "secret",  # a credential
    "secrets",  # a whole object that holds credentials: environment, settings
    "body",  # a whole request body, header map or cookie jar: request data, and secrets when shown whole
]

#: How a driver writes a place for a value in SQL text.
ParameterStyle = Literal["qmark", "format", "pyformat", "dollar", "named"]

#: What a blocking call waits for.
Wait = Literal["sleep", "network", "file", "database", "process", "input", "computation"]


@dataclass(frozen=True, slots=True)
class Blocks:
    """The call stops its thread. ``twin`` is the awaitable namesake with the same arguments, where one exists."""

    on: Wait
    twin: str | None = None


@dataclass(frozen=True, slots=True)
class Sql:
    """The call runs SQL text. ``text`` and ``parameters`` are argument positions; ``*`` = each parameter an argument of its own.

    ``keyword``/``parameters_keyword`` are the arguments' names where they may be given by name. ``certain`` is false where only
    the method's name speaks for it (``["?.execute"]``, a method of an object nothing is known of): the text itself must be SQL then.
    """

    text: int = 0
    keyword: str | None = None
    parameters: int | Literal["*"] | None = None
    parameters_keyword: str | None = None
    style: ParameterStyle | None = None
    certain: bool = True
    tables: bool = (
        True  # false for engines that query files and data frames: there a star names what the code just made
    )


@dataclass(frozen=True, slots=True)
class Log:
    """The call writes its arguments to a log. Positional ones from ``first`` on; ``keywords`` by name, ``*`` = all."""

    first: int = 0
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """The call registers a request handler: as a decorator, or when ``handler`` names the argument that holds it.

    ``keyword`` is that argument's name where it has a position too. ``methods`` are the HTTP methods when the name says them;
    otherwise they are read from the argument ``methods``.
    """

    methods: tuple[str, ...] = ()
    path: int | None = 0
    handler: int | str | None = None
    keyword: str | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """What is known of a function, method or class constructor.

    ``returns`` is a type as in an annotation, or ``self``, ``argument N`` (the very value), ``instance N`` (an instance of the
    class given), ``call N`` (what calling the argument returns), ``named N`` (what the
    project defines under that dotted name), ``element`` (an element of the receiver), ``element of NAMES``
    (of the first of these attributes of the receiver, or an instance of the class it holds). Inside a type: ``element``;
    ``scalar``, the first of the element when that is a tuple; ``entity``, an instance of the class that is the only argument;
    ``selected``, the element of the first argument; ``made``, what calling the first argument gives.
    """

    returns: str | None = None
    coroutine: bool = False
    blocks: Blocks | None = None
    sql: Sql | None = None
    database: Literal["read", "write", "commit", "build"] | None = None
    log: Log | None = None
    external: bool = False  # calls another service over the network
    label: Label | None = None  # what the result carries
    what: str = ""  # the label in a person's words: "the request body"
    keeps: tuple[int | str, ...] = ()  # arguments (or "self") whose text and labels the result keeps
    cleans: tuple[Literal["sql", "secret", "request"], ...] = ()
    identifier: bool = False  # quotes an SQL identifier
    route: Route | None = None
    depends: int | None = None  # the argument whose call is injected
    decorator: Literal["same", "manager", "async manager", "thread", "property"] | None = None
    never: bool = False  # does not return
    finds: bool = False  # it may find what it would write, and write nothing
    transactional: bool = False  # a function decorated with it runs within a transaction
    locks: bool = False  # nobody else changes the rows that the query reads until the transaction ends
    locks_keyword: str | None = (
        None  # likewise where this argument is given: `session.get(Order, 1, with_for_update=True)`
    )


@dataclass(frozen=True, slots=True)
class Class:
    """What is known of a class and its instances.

    ``element`` is what iterating gives, ``enters`` what ``with`` gives, ``awaits`` what ``await`` gives.
    """

    bases: tuple[str, ...] = ()
    role: Role | None = None
    is_async: bool = False  # the methods that do I/O are coroutines
    attributes: dict[str, str] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)  # attributes that carry a label
    methods: dict[str, Function] = field(default_factory=dict)
    handlers: tuple[
        str, ...
    ] = ()  # method names that serve requests in subclasses; `resolve_*`: all of that first word
    element: str | None = None
    enters: str | None = None
    awaits: str | None = None
    keyword_roles: dict[str, Role] = field(
        default_factory=dict
    )  # `class Hero(SQLModel, table=True)`: the role the keyword gives
    init: Function | None = None  # what the constructor does, if anything
    autocommit: bool = False  # what its methods write is durable at once, unless a transaction is open
    transaction: bool = False  # entering it opens a transaction, which leaving it ends


@dataclass(frozen=True, slots=True)
class Value:
    """A module attribute that is neither a function nor a class."""

    type: str
    label: Label | None = None
    what: str = ""


Entry = Function | Class | Value
