"""A request handler that talks to the database itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dodont.analysis import Access, Diagnostic, Note, Pass, Route, Type, on

PROBE = re.compile(
    r"^(?:\w+_)?(?:health\w*|ready|readiness|readyz|live|liveness|livez|ping|heartbeat)(?:_\w+)?$|^(?:get_)?status$"
)
VERBS = {"read": "reads", "write": "writes", "commit": "commits", "build": "queries"}


@on(Route, rule="database-access-in-controller")
def check(route: Route, run: Pass) -> Iterator[Diagnostic]:
    if run.module.role == "test" or PROBE.match(route.function.name.lower()) or route.function.site is None:
        return
    own = [access for access in route.accesses if is_own(access, run)]
    if run.options["allow-reads"]:
        own = [access for access in own if access.kind in ("write", "commit")]
    # A commit alone, or reading again what it set, closes what a service did; a lookup that answers 404 by itself is part of the
    # routing; `SELECT 1` asks for nothing stored.
    counted = [access for access in own if access.kind in ("read", "write", "build")]
    if all(access.target.endswith((".refresh", ".refresh_from_db", ".arefresh_from_db")) for access in counted):
        return
    if all(access.kind == "build" or access.target.endswith("_or_404") for access in counted) and (
        not counted or any(access.kind == "read" for access in counted)
    ):
        return
    kinds = dict.fromkeys(VERBS[access.kind] for access in counted)
    if len(kinds) > 1:
        kinds.pop(VERBS["build"], None)
    yield run.report(
        "access",
        route.head,
        function=route.function,
        handler=route.function.name,
        does=" and ".join(kinds),
        related=[Note(access.site, _story(access, run)) for access in _by_line(counted)],
    )


def is_own(access: Access, run: Pass) -> bool:
    """Whether the handler does it, or a private function of its module in its place; not a form, serializer or view."""
    if run.role(Type(access.target.rpartition(".")[0])) in ("schema", "view"):
        return False
    functions = [run.project.functions.get(ref) for ref in access.chain]
    return all(each is not None and each.module is run.module and each.name.startswith("_") for each in functions)


def _by_line(accesses: list[Access]) -> list[Access]:
    """One access a line: of a query written as a chain of calls, the call that runs it."""
    last: dict[int, Access] = {}
    for access in accesses:
        if access.kind != "build" or access.site.line not in last:
            last[access.site.line] = access
    return sorted(last.values(), key=lambda access: access.site.line)


def _story(access: Access, run: Pass) -> str:
    verb, code = VERBS[access.kind], run.source(access.site)
    if not access.chain:
        return f"{verb} with `{code}`"
    return f"`{code}` {verb} with `{run.display(access.target)}()`"
