"""The command group, and the one place where trouble becomes a line on stderr and exit code 2."""

from __future__ import annotations

import errno
import importlib
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from dodont import __version__

CLEAN, FINDINGS, FAILED, INTERRUPTED = 0, 1, 2, 130

_COMMANDS = (
    "check",
    "init",
    "fix",
    "baseline",
    "gate",
    "report",
    "merge",
    "explain",
    "rules",
    "practices",
    "schema",
    "agent-file",
    "hook",
    "server",
    "doctor",
    "clean",
)


class CannotRunError(click.ClickException):
    """dodont could not do its job: the message says what, where, and what to do."""

    exit_code = FAILED

    def show(self, file: object = None) -> None:
        for line in self.format_message().splitlines():
            click.echo(f"dodont: error: {line}", err=True)


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for: ``dodont.cli.<name>.command``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"dodont.cli.{cmd_name.replace('-', '_')}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], _COMMANDS, n=1)
            if not near and Path(args[0]).exists():
                ctx.fail(f"no command {args[0]!r}; to check that path, run `dodont check {args[0]}`")
            ctx.fail(f"no command {args[0]!r}; " + (f"did you mean {near[0]!r}?" if near else "see `dodont --help`"))
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s", prog_name="dodont")
def app() -> None:
    """A linter for Python backend code that knows what the code means.

    `dodont check` reports what goes against the practices, `dodont fix` repairs what a machine can repair, `dodont
    explain RULE` tells what a rule means.

    Exit codes: 0 no findings, 1 findings, 2 the job could not be done.
    """


def run(arguments: Sequence[str] | None = None) -> int:
    """The exit code of a run with the arguments (the process's own by default). Prints; raises nothing."""
    _prepare_streams()
    try:
        Path.cwd()
    except OSError:
        CannotRunError("the current directory is gone; change to another one").show()
        return FAILED
    try:
        code = app.main(args=None if arguments is None else list(arguments), prog_name="dodont", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else CLEAN
    except click.ClickException as error:
        error.show()
        return FAILED
    except (click.Abort, KeyboardInterrupt):
        click.echo("dodont: interrupted", err=True)
        return INTERRUPTED
    except OSError as error:
        if error.errno == errno.EPIPE:
            # The reader has gone (`dodont check | head`): nobody is left to tell, and the interpreter shall not try.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            return FAILED
        CannotRunError(f"{error.filename or 'input or output'}: {error.strerror or error}").show()
        return FAILED
    except Exception as error:
        if os.environ.get("DODONT_DEBUG"):
            raise
        CannotRunError(
            f"internal error, {type(error).__name__}: {error}; please report it with what "
            "`DODONT_DEBUG=1 dodont ...` prints"
        ).show()
        return FAILED


def _prepare_streams() -> None:
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the caller: `dodont check >&-`
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            # A file's name or a text may hold what the terminal has no character for.
            stream.reconfigure(errors="backslashreplace")
