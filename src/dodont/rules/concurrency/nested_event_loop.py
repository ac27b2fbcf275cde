"""An event loop is run within one, which refuses."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.analysis import Call, Diagnostic, Fix, Pass, on

#: What runners are given, by their last name.
TAKES = {"run": "coroutine", "run_until_complete": "coroutine", "run_sync": "function", "__call__": "arguments"}
FUNCTIONS = frozenset({"anyio.run", "trio.run"})


@on(Call, rule="nested-event-loop")
def check(call: Call, run: Pass) -> Iterator[Diagnostic]:
    if call.waits.on != "loop" or not call.in_coroutine or run.module.role == "test":
        return  # a test that passes does not come to it
    *through, runner = (run.display(name) for name in call.waits.chain)
    if through and call.waits.tests:
        return  # what is tested may be whether a loop runs
    via = f" through `{' > '.join(through)}`" if through else ""
    yield run.report(
        "nested",
        call.site,
        function=call.function,
        callee=runner.removesuffix(".__call__"),
        via=via,
        fix=None if through else repair(call, run),
    )


def repair(call: Call, run: Pass) -> Fix | None:
    """What the runner would run is awaited, if the call says what that is."""
    takes = TAKES.get(call.target.rpartition(".")[2])
    if call.target in FUNCTIONS:
        takes = "function"
    return run.fix("Await the coroutine", "unsafe", call.site, takes=takes) if takes is not None else None
