"""``dodont schema``: the tables of the database, as the code says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dodont.cli import options as shared
from dodont.cli.app import CLEAN, CannotRunError

if TYPE_CHECKING:
    from dodont.engine.settings import Settings
    from dodont.schema.tables import Schema


@click.command("schema")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--from", "source", type=click.Choice(("models",)), default="models", help="What says which tables there are."
)
@click.option(
    "--format", "output_format", type=click.Choice(("text", "json")), default="text", help="How they are told."
)
@shared.configuration
def command(paths: tuple[Path, ...], source: str, output_format: str, **options: Any) -> int:
    """Tell the tables of a project's database as its models declare them.

    Told are the tables that files below PATHS declare, by default those of the current directory. What could not be read is named, and
    never guessed.
    """
    from dodont.config import CommandLine
    from dodont.engine.groups import common_root
    from dodont.output import schema as output

    given = [os.path.abspath(path) for path in paths or (Path(),)]  # noqa: PTH100
    for path in given:
        if not os.path.exists(path):  # noqa: PTH110
            raise CannotRunError(f"{path}: no such file or directory; check the spelling")
    with shared.kind_errors():
        governing = shared.governing_by(CommandLine(), options)
        projects = {each.root: each for each in (shared.settings_of(path, governing) for path in given)}
        root = common_root(given, governing)
    found = output.together(
        [output.below(_declared(settings), settings.root, given, root) for settings in projects.values()]
    )
    if output_format == "json":
        import json

        click.echo(json.dumps(output.json(found), indent=2, ensure_ascii=False))
        return CLEAN
    for line in output.text(found):
        click.echo(line)
    return CLEAN


def _declared(settings: Settings) -> Schema:
    from dodont.engine.analyst import Analyst, interpreting
    from dodont.schema.declared import declared

    with interpreting():
        return declared(Analyst(settings, settings.root).project).schema()
