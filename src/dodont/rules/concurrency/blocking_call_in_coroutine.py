"""A coroutine that blocks its event loop, directly or through the functions it calls."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.analysis import Applicability, Call, Diagnostic, Fix, Pass, on
from dodont.handlers.loop import holds_up


@on(Call, rule="blocking-call-in-coroutine")
def check(call: Call, run: Pass) -> Iterator[Diagnostic]:
    if not holds_up(call, run):
        return
    *through, blocking = (run.display(name) for name in call.waits.chain)
    via = f" through `{' > '.join(through)}`" if through else ""
    yield run.report("blocks", call.site, function=call.function, callee=blocking, via=via, fix=repair(call, run))


def repair(call: Call, run: Pass) -> Fix | None:
    """The awaitable namesake where there is one, else a thread for a function that stands on its own.

    Other code runs while the call waits now, which what is being done may not bear: only sleeping is safe.
    """
    if len(call.waits.chain) > 1:
        return None
    twin = call.waits.twin
    if twin is not None:
        applicability: Applicability = "safe" if call.waits.on == "sleep" else "unsafe"
        return run.fix(f"Await `{twin.removeprefix('.')}`", applicability, call.site, twin=twin)
    if call.movable:
        return run.fix("Run the call in a thread", "unsafe", call.site, thread=True)
    return None
