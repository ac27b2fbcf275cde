"""A coroutine is called and its result used, or dropped, without awaiting it."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.analysis import Diagnostic, Pass, Unawaited, Unresolved, on

#: How the awaitable was misused, in the words of the message.
USES = {
    "statement": "is never awaited: the call does nothing",
    "assignment": "is never awaited: the call does nothing",
    "condition": "is not awaited: the condition is always true",
    "operand": "is not awaited: a coroutine takes part in the expression instead of its result",
    "identity": "is not awaited: a coroutine is never None",
    "attribute": "is not awaited: a coroutine has no such attribute",
    "item": "is not awaited: a coroutine has no items",
    "iteration": "is not awaited: a coroutine cannot be iterated",
    "unpacking": "is not awaited: a coroutine cannot be unpacked",
    "display": "is not awaited: a coroutine stands among results",
    "entered": "is not awaited: a coroutine cannot be entered",
    "text": "is not awaited: the text will show a coroutine",
    "argument": "is not awaited: a coroutine is handed over instead of its result",
    "typed": "is not awaited: a coroutine is kept where its result is declared",
    "gathering": "is not awaited: nobody waits for what it gathers, or sees it fail",
    "response": "is not awaited: a coroutine is returned instead of its result",
}


@on(Unawaited, rule="missing-await")
def check(event: Unawaited, run: Pass) -> Iterator[Diagnostic]:
    if event.use == "statement" and "unused-coroutine" in run.line(event.call):
        return  # mypy's name for it: `self.open()  # type: ignore[unused-coroutine]`
    fix = run.fix("Await the call", "safe", event.call) if event.in_coroutine else None
    name = run.display(event.target)
    yield run.report(
        "unawaited", event.call, function=event.function, fix=fix, callee=name, consequence=USES[event.use]
    )


@on(Unresolved, rule="missing-await")
def check_unresolved(event: Unresolved, run: Pass) -> Iterator[Diagnostic]:
    """A method whose object only inference can tell, or that the module awaits wherever else it calls it."""
    if event.use == "handed":
        if run.is_only_handed(event):
            yield run.report(
                "unawaited",
                event.call,
                function=event.function,
                fix=run.fix("Await the call", "unsafe", event.call),
                callee=run.display(event.callee),
                consequence=USES["argument"],
            )
        return
    method = run.coroutine_method(event.call, event.name) if event.use == "statement" else None
    if method is None and not (
        (is_shared(event, run) and run.awaited_elsewhere(event.callee, event.function))
        or run.is_coroutine_by_name(event)
    ):
        return
    use = event.use if not event.kept else run.kept_as_result(event)
    if not use:
        return
    name = run.display(method.ref) if method is not None else event.callee or event.name
    fix = run.fix("Await the call", "safe" if method is not None else "unsafe", event.call)
    yield run.report("unawaited", event.call, function=event.function, fix=fix, callee=name, consequence=USES[use])


def is_shared(event: Unresolved, run: Pass) -> bool:
    """Whether the object is the same throughout the module, as far as names tell. To drop a result says enough by itself."""
    root = event.callee.partition(".")[0]
    function = event.function
    if event.use == "statement" or (function is not None and root in {"self", "cls"}):
        return True
    while function is not None:
        if root in (argument.arg for argument in function.parameters):
            return True
        function = run.project.functions.get(
            function.ref.rpartition(".")[0]
        )  # a closure's object is the outer function's
    return False
