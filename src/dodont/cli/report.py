"""Write a finished run: findings to stdout or a file, everything else to stderr."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dodont.cli.app import CLEAN, FINDINGS, CannotRunError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dodont.engine.settings import Settings
    from dodont.output.result import Result
    from dodont.output.text import Piece


def report(result: Result, settings: Settings, options: dict[str, Any]) -> None:
    """Write the findings as the options of ``presentation`` ask. Raises CannotRunError."""
    form, to_file = settings.output_format, options["output_file"]
    parts = [_written(result, form, options)]
    counts = _counts(result) if options["statistics"] else ""
    if form not in ("concise", "full"):
        tell(counts.splitlines(), mark="")
    else:
        parts.append(counts)
        if not options["quiet"]:
            from dodont.output.text import verdict

            closing = verdict(result)
            parts.append(closing)
            if to_file:
                click.echo(closing, err=True)
    text = "\n".join(part for part in parts if part)
    if to_file:
        write(to_file, (text + "\n" if text else "").encode("utf-8", "backslashreplace"))
    elif text:
        # Not click.echo, which would strip colours that were asked for.
        sys.stdout.buffer.write((text + "\n").encode("utf-8", "backslashreplace"))


def tell(lines: Iterable[str], *, mark: str = "dodont: note: ") -> None:
    """Lines that are no findings, on stderr."""
    for line in lines:
        click.echo(mark + line, err=True)


def exit_code(blocking: bool, *, exit_zero: bool) -> int:
    return FINDINGS if blocking and not exit_zero else CLEAN


def _written(result: Result, form: str, options: dict[str, Any]) -> str:
    if form == "sarif":
        from dodont.output import sarif

        return sarif.render(result)
    if form == "agent":
        from dodont.output import agent

        if options["output_format"] is None and (name := agent.detected()) is not None and not options["quiet"]:
            tell([f"in the format for agents, as {name} is set; --output-format or DODONT_AGENT=0 gives another"])
        return agent.render(result)
    if form == "json":
        from dodont.output import json

        return json.render(result)
    from dodont.output import text

    lines: Iterator[list[Piece]] = text.full(result) if form == "full" else text.concise(result)
    coloured = form == "full" and not options["output_file"] and _wants_colour(options["color"])
    return text.coloured(lines) if coloured else text.plain(lines)


def _counts(result: Result) -> str:
    from dodont.output import text

    return text.plain(text.statistics(result))


def _wants_colour(choice: str) -> bool:
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def write(path: Path, data: bytes) -> None:
    """Write an ``--output-file``. Raises CannotRunError."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise CannotRunError(f"{path}: cannot be written: {error.strerror}; choose another --output-file") from None
