"""``dodont doctor``: whether dodont sees the code, and whether what runs it is set up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dodont.cli import gating
from dodont.cli.app import CLEAN, FINDINGS, CannotRunError
from dodont.output.escaping import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodont.adoption.examination import Check


@click.command("doctor")
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.option("--output-format", type=click.Choice(("text", "json")), default="text")
def command(path: Path, *, output_format: str) -> int:
    """Look after the project that PATH belongs to, by default the current directory.

    Python, configuration, files and frameworks that are seen, flake8, ruff, pre-commit, agents, VS Code, baseline, cache,
    git, extras: each is ok, a warning or a problem, with what to do. It changes nothing, checks no code and asks no network.

    Exit codes: 0 no problems, 1 problems.
    """
    from dodont.adoption.examination import examine
    from dodont.adoption.project import Project

    if not path.is_dir():
        raise CannotRunError(printable(f"{path}: no such directory; check the spelling"))
    project = Project(path.absolute().resolve())
    checks = list(examine(project))
    if output_format == "json":
        click.echo(_json(checks, project.top))
    else:
        click.echo("\n".join(_text(checks, project.top)))
    return FINDINGS if any(each.state == "problem" for each in checks) else CLEAN


def _text(checks: Sequence[Check], top: Path) -> list[str]:
    lines = [] if gating.shown(top) == "." else [printable(f"{gating.shown(top)}:")]
    for each in checks:
        lines.append(printable(f"{each.state:7}  {each.topic}: {each.what}"))
        if each.why:
            lines.append(printable(f"{'':9}{each.why}"))
        if each.do:
            lines.append(printable(f"{'':9}-> {each.do}"))
    counts = {state: sum(each.state == state for each in checks) for state in ("problem", "warning")}
    told = [f"{count} {state}{'' if count == 1 else 's'}" for state, count in counts.items() if count]
    return [*lines, f"{', '.join(told) or 'All is well'}."]


def _json(checks: Sequence[Check], top: Path) -> str:
    from dodont import __version__

    rows = [{**each._asdict(), "why": each.why or None, "do": each.do or None} for each in checks]
    document = {"schema_version": 1, "version": __version__, "root": top.as_posix(), "checks": rows}
    return json.dumps(document, indent=2)
