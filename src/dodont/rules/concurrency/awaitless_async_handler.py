"""A handler that blocks and awaits nothing is a coroutine, where its framework would run a plain function in a thread."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.analysis import Call, Diagnostic, Note, Pass, head_of, name_of, on
from dodont.handlers.loop import fits_pool, holds_up


@on(Call, rule="awaitless-async-handler")
def check(call: Call, run: Pass) -> Iterator[Diagnostic]:
    function = call.function
    if function is None or not holds_up(call, run):
        return
    node = fits_pool(function, run)
    if node is None:
        return
    *through, blocking = (run.display(name) for name in call.waits.chain)
    via = f" through `{' > '.join(through)}`" if through else ""
    yield run.report(
        "awaitless",
        head_of(function, node),
        function=function,
        handler=function.name,
        callee=blocking,
        flow=(Note(call.site, f"`{blocking}` blocks the event loop{via}"),),
        # That the module itself awaits it nowhere is known; of others, which may import it, it is not.
        fix=run.fix("Drop `async`", "unsafe", name_of(function, node)),
    )
