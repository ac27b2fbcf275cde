"""A credential reaches a log."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.analysis import RANDOM, Diagnostic, Flow, FunctionInfo, Note, Pass, on, shows


@on(Flow, rule="secret-in-log")
def check(flow: Flow, run: Pass) -> Iterator[Diagnostic]:
    if run.module.role == "test" or (flow.target in _PRINTS and _answers(run, flow)) or _is_command(run, flow):
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


def _answers(run: Pass, flow: Flow) -> bool:
    """Whether what is printed is an answer to whoever started the code: a file that serves requests has nobody to answer.

    A secret that the code has just made must be told to somebody; one that it was handed is known to who gave it. Statements of
    a module's top that need no server, and files with a shebang, are started by a person.
    """
    module = run.module
    if module.registered or any(function.handler is not None for function in module.functions):
        return False
    if (
        module.role == "script"
        or flow.label.what in _MADE
        or flow.label.what.lower().startswith("generated")
        or (flow.function is not None and (shows(flow.function.name) or "args" in flow.function.positional))
        or not _TERMINAL.isdisjoint(module.imports)
    ):
        return True
    if flow.target != "builtins.print":
        return True  # whoever writes to the terminal's own stream has somebody there
    if flow.function is None:
        return not run.serves()
    return module.text.startswith("#!") and not _is_handed_in(flow, flow.function)


def _is_command(run: Pass, flow: Flow) -> bool:
    """Whether a command tells its person something by a logger, or by a function that is there to show things."""
    through = any(note.text.startswith(_SHOWN) for note in flow.notes)
    told = shows(flow.target.rpartition(".")[2]) and through
    if (
        told or (_holds_commands(run, flow.function) and (through or flow.target in _PRINTS))
    ) and not run.module.registered:
        return True
    return flow.target.endswith(_TOLD) and not _COMMANDS.isdisjoint(run.module.imports)


def _holds_commands(run: Pass, function: FunctionInfo | None) -> bool:
    """Whether code stands where commands do, ``management/commands/`` or ``cli.py``, or in a class of one: ``Register(Command)``."""
    *directories, file = run.module.path.split("/")
    bases = function.owner.bases if function is not None and function.owner is not None else ()
    return not _PLACES.isdisjoint([*directories, file.removesuffix(".py")]) or any(
        base.endswith("Command") for base in bases
    )


_PLACES = frozenset({"commands", "cli", "console"})

#: How the last step of a way is noted when the terminal is at its end.
_SHOWN = ("`print()`", "`sys.stdout.write()`")

#: What a command's loggers tell by; the rest is for whoever looks for a fault.
_TOLD = (".info", ".success", ".log")

#: What a module of commands imports that is no server's beginning: `argparse` is often that.
_COMMANDS = frozenset({"click", "typer"})


def _is_handed_in(flow: Flow, function: FunctionInfo) -> bool:
    """Whether it is a parameter, an attribute of one, or a client's."""
    return flow.source.partition(".")[0] in function.named or any(
        label.kind in ("parameter", "request") for label in flow.value.labels
    )


#: What writes to the terminal.
_PRINTS = frozenset({"builtins.print", "sys._Output.write", "sys._Output.writelines"})

#: Secrets that the code has just made, or asked the person at the terminal for, in the words of models.
_MADE = frozenset({RANDOM, "an encryption key", "a typed password"})

#: What a module of commands imports.
_TERMINAL = frozenset({"argparse", "click", "typer", "optparse", "docopt", "fire"})
