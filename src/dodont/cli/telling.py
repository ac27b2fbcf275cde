"""Write a finished run: findings to stdout or a file, everything else to stderr."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dodont.cli.app import CLEAN, FINDINGS, CannotRunError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dodont.engine.settings import Settings
    from dodont.output.result import Result


def report(result: Result, settings: Settings, options: dict[str, Any]) -> None:
    """Write the findings as the options of ``presentation`` ask. Raises CannotRunError."""
    from dodont.output.formats import FOR_PEOPLE, MOST, render

    if options["sarif_category"]:
        result = replace(result, category=options["sarif_category"])
    closing = _closing(result, options)
    outputs = outputs_of(options, settings.output_format)
    counts = _counts(result) if options["statistics"] else ""
    for form, path in outputs:
        if form == "sarif" and len(result.diagnostics) > MOST:
            tell(
                [
                    f"the format sarif holds the gravest {MOST} of {len(result.diagnostics)} findings, as services keep no more"
                ]
            )
        text = _written(result, form, options, coloured=path is None)
        if form in FOR_PEOPLE:
            text = "\n".join(part for part in (text, counts, closing) if part)
        if path is not None:
            write(path, encoded(text))
        elif text:
            # Not click.echo, which would strip colours that were asked for.
            sys.stdout.buffer.write(encoded(text))
    told = {form for form, path in outputs if path is None}
    if not told.intersection(FOR_PEOPLE):
        tell(counts.splitlines(), mark="")
        if closing and told <= {"github", "azure"}:
            click.echo(closing, err=True)
    if "github" in told and (summary := os.environ.get("GITHUB_STEP_SUMMARY")):
        _append(Path(summary), encoded(render("markdown", result)))


def outputs_of(options: dict[str, Any], form: str) -> list[tuple[str, Path | None]]:
    """What to write where, None being stdout: each ``-o``, and the usual format on stdout unless one of them takes its place."""
    from dodont.engine.settings import OUTPUT_FORMATS

    found: list[tuple[str, Path | None]] = []
    usual = True
    for given in options["output_file"]:
        name, equals, target = given.partition("=")
        if not equals or name not in OUTPUT_FORMATS:
            name, target, usual = form, given, False
        if target == "-":
            usual = False
        found.append((name, None if target == "-" else Path(target)))
    if sum(path is None for _, path in found) > 1:
        raise CannotRunError("--output-file: only one format fits on stdout")
    return [(form, None), *found] if usual else found


def _closing(result: Result, options: dict[str, Any]) -> str:
    if options["quiet"]:
        return ""
    from dodont.output.text import verdict

    return verdict(result)


def encoded(text: str) -> bytes:
    return (text + "\n" if text else "").encode("utf-8", "backslashreplace")


def _append(path: Path, data: bytes) -> None:
    try:
        with path.open("ab") as stream:
            stream.write(data)
    except OSError as error:
        tell([f"{path}: the summary of the step cannot be written: {error.strerror}"])


def tell(lines: Iterable[str], *, mark: str = "dodont: note: ") -> None:
    """Lines that are no findings, on stderr."""
    for line in lines:
        click.echo(mark + line, err=True)


def exit_code(blocking: bool, *, exit_zero: bool) -> int:
    return FINDINGS if blocking and not exit_zero else CLEAN


def _written(result: Result, form: str, options: dict[str, Any], *, coloured: bool) -> str:
    if form == "full" and coloured and _wants_colour(options["color"]):
        from dodont.output import text

        return text.coloured(text.full(result))
    if form == "agent" and options["output_format"] is None and not options["quiet"]:
        from dodont.output import agent

        if (name := agent.detected()) is not None:
            tell([f"in the format for agents, as {name} is set; --output-format or DODONT_AGENT=0 gives another"])
    from dodont.output.formats import render

    if form != "html":
        return render(form, result)
    from dodont.output.html import MissingJinja

    try:
        return render(form, result)
    except MissingJinja as error:
        raise CannotRunError(str(error)) from None


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
