"""A request handler that talks to the database itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dodont.analysis import Access, Diagnostic, Note, Pass, Route, on

HEALTH = re.compile(r"(?:^|_)(?:health|healthz|healthcheck|ready|readiness|readyz|live|liveness|livez|ping|status)(?:_|$)")
VERBS = {"read": "reads", "write": "writes", "commit": "commits", "build": "queries"}


@on(Route, rule="database-access-in-controller")
def check(route: Route, run: Pass) -> Iterator[Diagnostic]:
    if run.module.role == "test" or HEALTH.search(route.function.name.lower()) or route.function.site is None:
        return
    own = [access for access in route.accesses if not access.chain]
    counted = [access for access in own if counts(access, run)]
    if not counted:
        return
    kinds = dict.fromkeys(VERBS[access.kind] for access in counted)
    yield run.report(
        "access",
        route.function.site._replace(end_line=route.function.site.line, end_column=route.function.site.column + 1),
        function=route.function,
        handler=route.function.name,
        does=" and ".join(kinds),
        related=[Note(access.site, f"`{run.display(access.target)}()`") for access in counted],
    )


def counts(access: Access, run: Pass) -> bool:
    """A statement that is only built runs somewhere else; a commit alone closes what a service did."""
    if access.kind == "commit":
        return False
    if access.kind == "build":
        return access.target.startswith("django.")
    return not (run.options["allow-reads"] and access.kind == "read")
