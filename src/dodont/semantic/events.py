"""What rules hear of: things that happen in a module, with names and values resolved. One frozen shape each."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import NamedTuple

from dodont.models.vocabulary import Sql
from dodont.semantic.definitions import Access, Durable, FunctionInfo, Waits
from dodont.semantic.values import Label, Note, Site, Text, Type, Value


class Call(NamedTuple):
    """A call that blocks its thread, directly (``waits.chain`` has one name) or through the project's functions.

    ``movable``: a thread may run the very call instead, for it is a function on its own and gives no open file or connection.
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


class Flow(NamedTuple):
    """A labelled value reaches a log. ``site`` is the expression given to ``call``; the label's notes are the way so far."""

    call: Site
    target: str
    kind: str
    label: Label
    site: Site
    value: Value
    source: str
    function: FunctionInfo | None
    notes: tuple[Note, ...] = ()


class Unawaited(NamedTuple):
    """An awaitable is used as if it were its result. ``use`` is one of statement, condition, operand, identity (compared with
    None), attribute, item, iteration, text, response, argument, unpacking; ``site`` is the use, ``call`` where the awaitable was
    made."""

    call: Site
    site: Site
    target: str
    use: str
    in_coroutine: bool
    direct: bool
    function: FunctionInfo | None
    source: str


class Unresolved(NamedTuple):
    """A coroutine calls the method ``name`` of an object nothing is known of, and drops the result or uses it on the spot (``use``
    as in Unawaited; other uses than dropping are told of names that the module awaits somewhere).

    ``callee`` is what is called, as written on one line."""

    call: Site
    name: str
    callee: str
    use: str
    function: FunctionInfo | None


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
        node = self.node
        words = "async def " if isinstance(node, ast.AsyncFunctionDef) else "def "
        end = node.col_offset + len(words) + len(node.name.encode())
        return Site(self.function.module.path, node.lineno, node.col_offset, node.lineno, end)


class Steps(NamedTuple):
    """A function makes what it writes durable in more than one step on one path, or in a step that a loop repeats."""

    function: FunctionInfo
    steps: tuple[Durable, ...]


class Recomputed(NamedTuple):
    """The number that ``holder.field`` of a stored object holds is computed from what it held when it was loaded, at ``site``, and
    ``saved``; nothing in the function locks its row."""

    site: Site
    holder: str
    field: str
    type: Type
    saved: Site
    function: FunctionInfo


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


Event = Call | Query | Flow | Unawaited | Unresolved | Route | Suppression | Steps | Recomputed
