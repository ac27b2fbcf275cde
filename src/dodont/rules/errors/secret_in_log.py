"""A credential reaches a log."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.analysis import Diagnostic, Flow, ModuleInfo, Note, Pass, on


@on(Flow, rule="secret-in-log")
def check(flow: Flow, run: Pass) -> Iterator[Diagnostic]:
    if run.module.role == "test" or (flow.target == "builtins.print" and _answers(run.module, flow)):
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


def _answers(module: ModuleInfo, flow: Flow) -> bool:
    """Whether what is printed is a command's answer to whoever started it: a file that serves requests has nobody to answer.

    So is a secret that the code has just made: somebody must be told.
    """
    command = (
        module.role == "script"
        or flow.label.what == "a random token"
        or not _TERMINAL.isdisjoint(module.imports)
        or "commands" in module.path.split("/")[:-1]
    )
    return command and not any(function.handler is not None for function in module.functions)


#: What a module of commands imports.
_TERMINAL = frozenset({"argparse", "click", "typer", "optparse", "docopt", "fire"})
