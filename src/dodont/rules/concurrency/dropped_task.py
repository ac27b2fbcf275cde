"""A task is started, and nothing keeps it."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.analysis import Diagnostic, Dropped, Pass, on

TITLE = "Keep the task: `task = {callee}(…)`, `tasks.add(task)`, `task.add_done_callback(tasks.discard)`"


@on(Dropped, rule="dropped-task")
def check(event: Dropped, run: Pass) -> Iterator[Diagnostic]:
    if run.module.role == "test":
        return
    callee = run.display(event.target)
    fix = run.fix(TITLE.format(callee=callee.rpartition(".")[2]), "display", event.call)
    yield run.report("dropped", event.call, function=event.function, callee=callee, fix=fix)
