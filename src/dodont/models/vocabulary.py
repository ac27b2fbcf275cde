"""The closed list of what can be said of a library's functions, classes and values.

One entry a qualified name (``["sqlite3.connect"]``); a class's methods stand below it (``["sqlite3.Cursor".methods.execute]``).
The same words serve ``[tool.dodont.models]``. ``dodont.models.schema`` checks an entry and names what is wrong with it.

Entries are named tuples, which every start makes in a fifth of the time that dataclasses take. Nothing is put into the empty
dictionaries that are defaults: what has methods added later is made with a dictionary of its own (``library._class``).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

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
    "lock",  # a lock of threads or processes, which stops the thread that waits for it
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

#: What a blocking call waits for. `loop`: it runs an event loop until something is done, and refuses where one runs already.
Wait = Literal["sleep", "network", "file", "database", "process", "input", "computation", "loop"]

#: What a call makes that is dear to make: each of them connects anew, so one is made once and shared, or comes from a pool.
Opens = Literal[
    "engine",  # of SQLAlchemy: holds a pool
    "pool",
    "connection",  # one to a server; a file that is opened in a moment is none
    "client",  # of a server other than a database's: Redis, MongoDB, a search, a queue, a cloud; holds a pool
    "http-client",  # of any service: holds a pool, and what it trusts
]


class Blocks(NamedTuple):
    """The call stops its thread. ``twin`` is the awaitable namesake with the same arguments, where one exists."""

    on: Wait
    twin: str | None = None


class Sql(NamedTuple):
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


class Log(NamedTuple):
    """The call writes its arguments to a log. Positional ones from ``first`` on; ``keywords`` by name, ``*`` = all."""

    first: int = 0
    keywords: tuple[str, ...] = ()


class Route(NamedTuple):
    """The call registers a request handler: as a decorator, or when ``handler`` names the argument that holds it.

    ``keyword`` is that argument's name where it has a position too. ``methods`` are the HTTP methods when the name says them;
    otherwise they are read from the argument ``methods``.
    """

    methods: tuple[str, ...] = ()
    path: int | None = 0
    handler: int | str | None = None
    keyword: str | None = None


#: What a call does to the query it is called on, beside what ``returns`` says.
Asks = Literal[
    "select",  # begins a query of the rows of its one argument, a class
    "filter",  # leaves rows out: by expressions over columns, or by keywords that name them (`customer__name__in`)
    "order",  # by expressions over columns, or by their names ("-created")
    "join",
    "limit",
    "load",  # loads the relationships that its arguments name with the rows
    "options",  # loads what its arguments, each a loader, load
    "columns",  # gives columns in place of entities
]


class Relates(NamedTuple):
    """The call declares an attribute that reads rows of another table: those of the class (or its name) in the argument ``to``.

    ``eager`` names the argument that says whether they come with the row; ``manager``: reading it gives a query.
    ``back`` names the argument with the attribute that the other class gets; ``keeps``: that gets one in any case, of one row if
    ``single``.
    """

    to: int = 0
    keyword: str | None = None
    many: bool = False
    eager: str | None = None
    manager: bool = False
    back: str | None = None
    keeps: bool = False
    single: bool = False


class Function(NamedTuple):
    """What is known of a function, method or class constructor.

    ``returns`` is a type as in an annotation, or ``self``, ``argument N`` (the very value), ``instance N`` (an instance of the
    class given), ``call N`` (what calling the argument returns), ``named N`` (what the
    project defines under that dotted name), ``element`` (an element of the receiver), ``element of NAMES``
    (of the first of these attributes of the receiver, or an instance of the class it holds). Inside a type: ``element``;
    ``scalar``, the first of the element when that is a tuple; ``entity``, an instance of the class that is the only argument;
    ``selected``, the element of the first argument; ``made``, what calling the first argument gives; ``awaited``, what awaiting
    it gives, ``gathered`` what awaiting all arguments gives, as a tuple.
    """

    returns: str | None = None
    coroutine: bool = False
    blocks: Blocks | None = None
    opens: Opens | None = None  # it makes something dear, each time it is called
    sql: Sql | None = None
    database: Literal["read", "write", "commit", "build"] | None = None
    query: Asks | None = None
    relates: Relates | None = None
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
    task: bool = False  # starts a task to which only its result refers: who drops that may lose the task
    defines: bool = False  # creates or drops the tables of a schema, as DDL does
    finds: bool = False  # it may find what it would write, and write nothing
    transactional: bool = False  # a function decorated with it runs within a transaction
    locks: bool = False  # nobody else changes the rows that the query reads until the transaction ends
    locks_keyword: str | None = (
        None  # likewise where this argument is given: `session.get(Order, 1, with_for_update=True)`
    )


class Class(NamedTuple):
    """What is known of a class and its instances.

    ``element`` is what iterating gives, ``enters`` what ``with`` gives, ``awaits`` what ``await`` gives.
    """

    bases: tuple[str, ...] = ()
    role: Role | None = None
    is_async: bool = False  # the methods that do I/O are coroutines
    attributes: dict[str, str] = {}
    labels: dict[str, Label] = {}  # attributes that carry a label
    methods: dict[str, Function] = {}
    handlers: tuple[
        str, ...
    ] = ()  # method names that serve requests in subclasses; `resolve_*`: all of that first word
    element: str | None = None
    enters: str | None = None
    awaits: str | None = None
    keyword_roles: dict[str, Role] = {}  # `class Hero(SQLModel, table=True)`: the role the keyword gives
    init: Function | None = None  # what the constructor does, if anything
    autocommit: bool = False  # what its methods write is durable at once, unless a transaction is open
    transaction: bool = False  # entering it opens a transaction, which leaving it ends


class Value(NamedTuple):
    """A module attribute that is neither a function nor a class."""

    type: str
    label: Label | None = None
    what: str = ""


Entry = Function | Class | Value
