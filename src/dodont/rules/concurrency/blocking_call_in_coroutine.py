"""A coroutine that blocks its event loop, directly or through the functions it calls."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.analysis import Applicability, Call, Diagnostic, Fix, Pass, on

#: Functions on the way that each go on in some cases only: behind two of them a running loop seldom comes to wait.
MAX_TESTS = 1

#: Through how many functions what is less of a wait is followed at most.
REACH = {"file": 0, "computation": 1}


@on(Call, rule="blocking-call-in-coroutine")
def check(call: Call, run: Pass) -> Iterator[Diagnostic]:
    if not call.in_coroutine or run.module.role in ("test", "script") or len(call.waits.chain) - 1 > reach(call, run):
        return
    if call.waits.tests > MAX_TESTS or (call.function is not None and call.function.is_start_up):
        return
    *through, blocking = (run.display(name) for name in call.waits.chain)
    via = f" through `{' > '.join(through)}`" if through else ""
    yield run.report("blocks", call.site, function=call.function, callee=blocking, via=via, fix=repair(call, run))


def reach(call: Call, run: Pass) -> int:
    """Through how many functions a call is followed: a file that some helper opens is seldom what a loop waits for, nor what it
    hashes once more on the way."""
    longest = int(run.options["max-functions"])
    return min(REACH.get(call.waits.on, longest), longest)


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
