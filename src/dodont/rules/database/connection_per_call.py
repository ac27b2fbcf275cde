"""A request handler that makes an engine, a pool, a connection or a client of its own each time it runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from dodont.analysis import (
    Completed,
    Diagnostic,
    Fix,
    FunctionInfo,
    Note,
    Opening,
    Pass,
    Site,
    Unpooled,
    Value,
    on,
    walk,
)
from dodont.handlers.probes import is_probe, speaks_of_state

#: What an opening is called.
THINGS = {
    "engine": "an engine with a pool",
    "pool": "a connection pool",
    "connection": "a connection",
    "client": "a client with connections",
    "http-client": "an HTTP client",
}
#: Through how many functions it is followed at most. Far from the handler an HTTP client is mostly the matter of what it calls.
REACH, REACH_HTTP = 3, 1
#: What serves all requests at a time, and what a function is called that gives it.
SHARED = {"engine": "engine", "client": "client", "http-client": "client"}


@on(Completed, rule="connection-per-call")
def check(event: Completed, run: Pass) -> Iterator[Diagnostic]:
    """Each place that makes something once, with all the handlers of the module that come there."""
    if run.module.role in ("test", "migration"):
        return
    if run.module.role == "settings":
        yield from closed_at_once(run)
    found: dict[Site, list[tuple[FunctionInfo, Opening]]] = {}
    for function in event.module.functions:
        if serves(function) and function.facts is not None:
            for each in function.facts.opens:
                if is_made(each) and (each.kind != "http-client" or not each.entered or run.options["http-in-with"]):
                    found.setdefault(each.made, []).append((function, each))
    for made, uses in found.items():
        uses.sort(key=lambda use: use[1].site)
        function, first = uses[0]
        through = f", through `{' > '.join(map(run.display, first.chain))}`" if first.chain else ""
        yield run.report(
            "opens",
            made if made.path == run.module.path else first.site,
            function=function,
            target=run.display(first.target),
            thing=THINGS[first.kind],
            handler=function.name,
            through=through,
            fix=share(made, uses, run),
            related=[
                Note(each.site, f"comes here on every request of `{other.name}`") for other, each in uses if each.chain
            ],
        )


def share(made: Site, uses: list[tuple[FunctionInfo, Opening]], run: Pass) -> Fix | None:
    """A connection serves one at a time: what is shared is a pool or what has one, where the module that makes it is at hand."""
    function, first = uses[0]
    if made.path != run.module.path or first.kind not in SHARED or any(each.entered for _, each in uses):
        return None
    name = f"_{function.name.strip('_')}_{SHARED[first.kind]}"
    return run.fix("Make it once, in a cached function", "unsafe", made, name=name)


def is_made(opening: Opening) -> bool:
    """Whether most requests come there: behind two functions that choose, or far away, it is another matter each time."""
    reach = REACH_HTTP if opening.kind == "http-client" else REACH
    return len(opening.chain) <= reach and opening.tests <= (len(opening.chain) < 2)


def serves(function: FunctionInfo) -> bool:
    """Whether it answers a request at a time: not the health of the service, nor a socket that stays open."""
    handler = function.handler
    return (
        handler is not None
        and "websocket" not in handler.by.lower()
        and "WEBSOCKET" not in handler.methods
        and not is_probe(function.name)
        and (function.owner is None or not speaks_of_state(function.owner.name))
        and not function.is_start_up
    )


@on(Unpooled, rule="connection-per-call")
def check_pool(event: Unpooled, run: Pass) -> Iterator[Diagnostic]:
    """An engine that a server is to use, and that keeps no connection."""
    if run.module.role in ("test", "migration", "script") or event.function is not None:
        return
    yield run.report("unpooled", event.site, function=event.function, target=run.display(event.target))


def closed_at_once(run: Pass) -> Iterator[Diagnostic]:
    """``"CONN_MAX_AGE": 0`` in Django's DATABASES, where nothing says that a pool stands between."""
    databases = run.module.names.get("DATABASES")
    if databases is None or not isinstance(databases.items, dict):
        return
    if "ASGI_APPLICATION" in run.module.names and "WSGI_APPLICATION" not in run.module.names:
        return  # under ASGI connections must not persist, says Django's documentation
    for each in databases.items.values():
        if not isinstance(each.items, dict) or not POOLED.isdisjoint(each.items) or "CONN_MAX_AGE" not in each.items:
            continue
        age, engine = each.items["CONN_MAX_AGE"].const, each.items.get("ENGINE")
        if age.__class__ is int and age == 0 and engine is not None and is_served(engine):
            for site in zeros(run):
                yield run.report("closed", site)
            return


#: What says that a pool keeps the connections: of psycopg in `OPTIONS`, or pgbouncer, which bears no cursors of servers.
POOLED = frozenset({"OPTIONS", "DISABLE_SERVER_SIDE_CURSORS"})


def is_served(engine: Value) -> bool:
    return isinstance(engine.const, str) and "sqlite" not in engine.const


def zeros(run: Pass) -> Iterator[Site]:
    for node in walk(run.tree):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                named = isinstance(key, ast.Constant) and key.value == "CONN_MAX_AGE"
                if key is not None and named and isinstance(value, ast.Constant) and value.value == 0:
                    end = value.end_lineno or value.lineno, value.end_col_offset or value.col_offset
                    yield Site(run.module.path, key.lineno, key.col_offset, *end)
