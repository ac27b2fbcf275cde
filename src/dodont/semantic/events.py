"""What rules hear of: things that happen in a module, with names and values resolved. One frozen shape each."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import NamedTuple, get_args

from dodont.models.vocabulary import Sql
from dodont.semantic.definitions import Access, Durable, FunctionInfo, ModuleInfo, Waits
from dodont.semantic.values import Label, Note, Selection, Site, Text, Type, Use, Value


class Call(NamedTuple):
    """A call that blocks its thread, directly (``waits.chain`` has one name) or through the project's functions.

    ``movable``: a thread may run the very call instead, for it is a function on its own and gives no open file or connection.
    That it runs an event loop (``waits.on`` is ``loop``) is told beside what else it waits for.
    """

    site: Site
    target: str
    waits: Waits
    in_coroutine: bool
    function: FunctionInfo | None
    movable: bool = False


class Query(NamedTuple):
    """SQL text reaches what runs it. ``call`` is the call in this module that hands the text over; ``notes`` how the text went
    on from there when a project function stands between. ``parameters`` tells what else the call gives, by position or name."""

    call: Site
    target: str
    sql: Sql
    value: Value
    text: Text
    text_site: Site
    function: FunctionInfo | None
    notes: tuple[Note, ...] = ()
    direct: bool = True
    parameters: Value | None = None


class Definition(NamedTuple):
    """A call creates or drops the tables of a schema: directly, or where it hands the function that does to what calls it.

    ``holder`` is the class whose metadata names the tables, where the call says so."""

    site: Site
    target: str
    holder: str | None
    function: FunctionInfo | None


class Flow(NamedTuple):
    """A labelled value reaches a log: ``target`` is the function that logs it. ``site`` is the expression given to ``call``; the
    label's notes are the way so far."""

    call: Site
    target: str
    label: Label
    site: Site
    value: Value
    source: str
    function: FunctionInfo | None
    notes: tuple[Note, ...] = ()


class Password(NamedTuple):
    """A password reaches a field that keeps passwords, to be ``stored`` there or ``compared`` with it (``kind``); ``site`` and the
    notes as in Flow. ``hashes``: the object has a method ``set_password`` that stores a hash in the field."""

    call: Site
    field: str
    kind: str
    label: Label
    site: Site
    function: FunctionInfo | None
    notes: tuple[Note, ...] = ()
    hashes: bool = False


class Unawaited(NamedTuple):
    """An awaitable is used as if it were its result. ``use`` is one of statement, condition, operand, identity (compared with
    None), attribute, item, iteration, text, response, argument, unpacking, typed (kept where a result is declared), display (beside
    results), entered, gathering (a future of others is dropped); ``site`` is the use, ``call`` where the awaitable was made."""

    call: Site
    site: Site
    target: str
    use: str
    in_coroutine: bool
    direct: bool
    function: FunctionInfo | None
    source: str


class Dropped(NamedTuple):
    """A task is started to which nothing refers that lives on: the event loop itself does so only weakly. ``call`` gives the task."""

    call: Site
    target: str
    function: FunctionInfo | None


class Held(NamedTuple):
    """A coroutine awaits something in the block of a plain ``with``: ``site`` is what is entered, ``type`` its class, ``awaits`` the
    first place in the block at which others run."""

    site: Site
    type: Type
    awaits: Site
    function: FunctionInfo | None


class Fetching(NamedTuple):
    """A coroutine that awaits answers of other services: ``remote`` are the qualified names of what asks them, by the ids of the
    nodes of ``node`` that await them. None of it uses a database."""

    function: FunctionInfo
    node: ast.AsyncFunctionDef
    remote: Mapping[int, str]


class Unresolved(NamedTuple):
    """A coroutine calls the method ``name`` of an object nothing is known of, and drops the result, uses it on the spot (``use``
    as in Unawaited), or puts it into the name ``kept``.

    ``callee`` is what is called, as written on one line. ``typed``: of the object the class is known, but not what the method is."""

    call: Site
    name: str
    callee: str
    use: str
    function: FunctionInfo | None
    typed: bool
    kept: str


class Route(NamedTuple):
    """A function that serves requests, after its body was interpreted. ``values`` knows each of its expressions by id."""

    function: FunctionInfo
    node: ast.FunctionDef | ast.AsyncFunctionDef
    accesses: tuple[Access, ...]
    values: Mapping[int, Value]
    calls: Mapping[int, Callee]

    @property
    def head(self) -> Site:
        """From ``def`` to the end of the name: where a finding about the whole handler stands."""
        return head_of(self.function, self.node)


def head_of(function: FunctionInfo, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Site:
    """From ``def`` to the end of the name."""
    name = name_of(function, node)
    return name._replace(column=node.col_offset)


def name_of(function: FunctionInfo, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Site:
    """A function's name in its head, where that is written as it mostly is."""
    start = node.col_offset + len("async def " if isinstance(node, ast.AsyncFunctionDef) else "def ")
    return Site(function.module.path, node.lineno, start, node.lineno, start + len(node.name.encode()))


class Unpooled(NamedTuple):
    """An engine is made that opens a connection for each use, and closes it."""

    site: Site
    target: str
    function: FunctionInfo | None


class Completed(NamedTuple):
    """All that a module does was interpreted: its functions have their facts."""

    module: ModuleInfo


class Migration(NamedTuple):
    """A migration was found, which is not interpreted: what it does is asked of ``Pass``."""


class Lazy(NamedTuple):
    """A relationship of a row is read where a loop goes over the rows, and nothing loaded it with them: each reads it anew.

    ``query`` is how the rows were loaded, with the path that leads from them to the relationship; ``gives`` what the relationship
    leads to. ``via`` are the project's functions that read it, where ``site`` is the call; ``also`` what that call reads beside it.
    ``managed``: by a related manager."""

    site: Site
    query: Selection
    gives: Type | None
    function: FunctionInfo | None
    via: tuple[str, ...] = ()
    in_coroutine: bool = False
    managed: bool = False
    also: tuple[Lazy, ...] = ()


class Repeated(NamedTuple):
    """A call reads the database within loops: ``loops`` are what they go over, the innermost first. ``writes``: one of them also
    writes there. ``access`` has the chain of project functions through which the call reads."""

    site: Site
    access: Access
    loops: tuple[tuple[Site, Value], ...]
    writes: bool
    function: FunctionInfo | None


class Polled(NamedTuple):
    """A ``while`` loop that sleeps between its rounds takes rows by a column and sets that column: ``claim`` is the column, ``site``
    the loop's head, ``texts`` the SQL run in the loop itself where rows are taken so, with the call of each."""

    site: Site
    claim: Use | None
    texts: tuple[Query, ...]
    function: FunctionInfo | None


class Entity(NamedTuple):
    """A class of the module is mapped to a table of the database: ``ref`` is its qualified name. Told when the module is known."""

    ref: str
    site: Site


class Steps(NamedTuple):
    """A function makes what it writes durable in more than one step on one path, or in a step that a loop repeats."""

    function: FunctionInfo
    steps: tuple[Durable, ...]


class Rewriting(NamedTuple):
    """A statement is given parameters that are computed from a row that another one fetched: by position or name, with the column
    that was read, empty where its name is not known. ``others`` are the texts in the function, one of which may fetch or lock it."""

    text: Text
    computed: tuple[tuple[int | str, str], ...]
    others: tuple[str, ...]


class Recomputed(NamedTuple):
    """The number that ``holder.field`` of a stored object holds is computed from what it held when it was loaded, at ``site``, and
    ``saved``; nothing in the function locks its row. ``given``: to the call that writes it, not to the attribute first. Of SQL text it
    is the ``rewriting`` that tells table and column (``Pass.rewritten``), if it is one."""

    site: Site
    holder: str
    field: str
    type: Type
    saved: Site
    function: FunctionInfo
    given: bool = False
    rewriting: Rewriting | None = None


class Callee(NamedTuple):
    """What a call of a handler turned out to call: its qualified name, and what it does, as far as known."""

    target: str
    accesses: tuple[Access, ...] = ()
    external: bool = False
    never: bool = False
    project: bool = False


class Suppression(NamedTuple):
    """A comment that names rules or codes it silences, each with its place; ``site`` is the comment up to its ``reason``."""

    site: Site
    names: tuple[tuple[str, Site], ...]
    reason: str


Event = (
    Call
    | Query
    | Flow
    | Password
    | Unawaited
    | Dropped
    | Held
    | Fetching
    | Unresolved
    | Route
    | Suppression
    | Unpooled
    | Completed
    | Lazy
    | Repeated
    | Polled
    | Entity
    | Definition
    | Migration
    | Steps
    | Recomputed
)

#: All kinds of events.
EVERY: frozenset[type] = frozenset(get_args(Event))
