"""A credential reaches a log."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.analysis import Diagnostic, Flow, Note, Pass, on


@on(Flow, rule="secret-in-log")
def check(flow: Flow, run: Pass) -> Iterator[Diagnostic]:
    # What a command prints is its answer to whoever started it.
    if run.module.role == "test" or (run.module.role == "script" and flow.target == "builtins.print"):
        return
    notes = (*flow.label.notes, Note(flow.call, f"`{run.display(flow.target)}()` gets it"), *flow.notes)
    yield run.report(
        "whole" if flow.label.kind == "secrets" else "secret",
        flow.site,
        function=flow.function,
        flow=notes,
        # A function that logs what it is given may do more with it: there is no safe place to change before the log.
        fix=None if flow.notes else run.fix('Log "***" instead', "safe", flow.site),
        what=flow.label.what,
        sink=run.display(flow.target),
    )
