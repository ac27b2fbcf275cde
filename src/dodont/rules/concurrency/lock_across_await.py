"""A lock of threads is held while a coroutine waits."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.analysis import Diagnostic, Held, Note, Pass, on

#: Locks that the thread which holds them gets again.
REENTRANT = frozenset({"RLock", "Condition"})


@on(Held, rule="lock-across-await")
def check(event: Held, run: Pass) -> Iterator[Diagnostic]:
    if run.role(event.type) != "lock":
        return
    lock = run.source(event.site)
    waits = (Note(event.awaits, "other coroutines run here"),)
    kind = "reentrant" if event.type.name.rpartition(".")[2] in REENTRANT else "held"
    yield run.report(kind, event.site, function=event.function, lock=lock, flow=waits)
