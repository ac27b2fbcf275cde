"""``dodont agent-file``: what of an agent's instructions dodont enforces."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dodont.cli import options as shared
from dodont.cli.app import CLEAN, FINDINGS, CannotRunError
from dodont.cli.gating import shown
from dodont.output.escaping import printable

if TYPE_CHECKING:
    from dodont.agentfile.coverage import Covered

_MARKS = {"enforced": "enforced", "contradicted": "CONTRARY", "advice": "advice"}

_files = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))


@click.group("agent-file")
def command() -> None:
    """Instructions of coding agents (AGENTS.md, CLAUDE.md, *.agent.md, Cursor rules) against the rules that run."""


@command.command("check")
@_files
@shared.configuration
@click.option("--output-format", type=click.Choice(("text", "json")), default="text")
def check(files: tuple[Path, ...], *, output_format: str, **options: Any) -> int:
    """Tell for each statement of FILES whether rules enforce it.

    Exit code 1 when the configuration contradicts a statement: a rule that would enforce it is switched off, or an
    option says another number.
    """
    from dodont.agentfile.coverage import covered
    from dodont.config import CommandLine
    from dodont.engine import catalogue

    with shared.kind_errors():
        governing = shared.governing_by(CommandLine(), options)
        done = [
            (path, covered(_read(path), catalogue.rules(), shared.settings_of(str(path.absolute()), governing)))
            for path in files
        ]
    if output_format == "json":
        click.echo(
            json.dumps({"schema_version": 1, "files": [_row(*each) for each in done]}, indent=2, ensure_ascii=False)
        )
    else:
        for path, found in done:
            _tell(path, found)
    return FINDINGS if any(each.state == "contradicted" for _, found in done for each in found) else CLEAN


def _tell(path: Path, found: list[Covered]) -> None:
    for each in found:
        rules = ", ".join(f"{rule.code} {rule.name}" for rule in each.rules)
        said = "; ".join(part for part in (rules, each.why) if part)
        click.echo(
            printable(
                f"{shown(path.absolute())}:{each.statement.line}: {_MARKS[each.state]}: {each.practice.id} {_short(each.statement.text)}"
            )
        )
        click.echo(f"    {said}")
    counts = {state: sum(each.state == state for each in found) for state in _MARKS}
    practices = len({each.practice.id for each in found})
    click.echo(
        f"{shown(path.absolute())}: {len(found)} statements mean {practices} of dodont's practices: {counts['enforced']} enforced, "
        f"{counts['contradicted']} contradicted by the configuration, {counts['advice']} advice only."
    )


def _row(path: Path, found: list[Covered]) -> dict[str, Any]:
    return {
        "file": path.as_posix(),
        "statements": [
            {
                "line": each.statement.line,
                "text": each.statement.text,
                "practice": each.practice.id,
                "state": each.state,
                "rules": [{"code": rule.code, "name": rule.name} for rule in each.rules],
                "why": each.why or None,
            }
            for each in found
        ],
    }


@command.command("sync")
@_files
@shared.configuration
@click.option(
    "--check", "checking", is_flag=True, help="Write nothing; exit 1 if a file is not as it would be written."
)
def sync(files: tuple[Path, ...], *, checking: bool, **options: Any) -> int:
    """Write what is enforced into FILES, in a block between two comments that is kept up to date."""
    from dodont.agentfile.block import BadBlock, block, synced
    from dodont.config import CommandLine
    from dodont.engine import catalogue
    from dodont.engine.fixing import replace
    from dodont.engine.selection import select

    stale = 0
    with shared.kind_errors():
        governing = shared.governing_by(CommandLine(), options)
        for path in files:
            rules = catalogue.rules()
            running = select(rules, shared.settings_of(str(path.absolute()), governing))
            old = _read(path)
            try:
                new = synced(old, block(rule for rule in rules.values() if rule.name in running))
            except BadBlock as error:
                raise CannotRunError(f"{path}: {error}") from None
            if new == old:
                click.echo(f"{shown(path.absolute())}: up to date.")
                continue
            stale += 1
            if checking:
                click.echo(
                    f"{shown(path.absolute())}: out of date; run `dodont agent-file sync {shown(path.absolute())}`."
                )
                continue
            try:
                replace(Path(path).resolve(), new.encode())
            except OSError as error:
                raise CannotRunError(f"{path}: cannot be written: {error.strerror}") from None
            click.echo(f"{shown(path.absolute())}: written.")
    return FINDINGS if checking and stale else CLEAN


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise CannotRunError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CannotRunError(f"{path}: not UTF-8; save it so") from None


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."
