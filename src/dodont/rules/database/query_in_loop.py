"""A query for each element of a loop, directly or through the functions that are called there."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.analysis import Diagnostic, Note, Pass, Repeated, on

#: Where queries are made one by one on purpose: what runs once, or tries things out.
ELSEWHERE = frozenset({"test", "migration", "script", "settings"})

#: What is started by hand, and may take its time.
COMMAND_LINES = frozenset({"argparse", "click", "typer"})

#: Functions between the loop and the query: what is further away is an operation of its own, not a look-up.
DEEPEST = 2
CACHES = frozenset(
    {"functools.cache", "functools.lru_cache", "functools.cached_property", "django.utils.functional.cached_property"}
)


@on(Repeated, rule="query-in-loop")
def check(repeated: Repeated, run: Pass) -> Iterator[Diagnostic]:
    access, function = repeated.access, repeated.function
    if (
        run.module.role in ELSEWHERE
        or not run.module.imports.isdisjoint(COMMAND_LINES)
        or repeated.writes
        or (access.chain and access.tests)
        or len(access.chain) > DEEPEST
    ):
        return
    if function is not None and (function.is_start_up or function.ref in access.chain):
        return  # `walk(child)` within `walk`: what is on the next level is known when this one was read
    if any(_remembers(run, ref) for ref in access.chain):
        return
    loop = run.keyed_loop(repeated)
    if loop is None:
        return
    yield run.report(
        "through" if access.chain else "direct",
        repeated.site,
        function=function,
        call=run.source(repeated.site),
        loop=run.source(loop),
        by=run.display(access.target),
        related=[Note(loop, "for each element of this")],
    )


def _remembers(run: Pass, ref: str) -> bool:
    """Whether a decorator stands before the function that may answer in its place: a cache, or nobody knows what."""
    function = run.project.function(ref)
    return function is None or function.opaque or any(each.ref in CACHES for each in function.decorators)
