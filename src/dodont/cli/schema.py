"""``dodont schema``: the tables of the database, as the models or the migrations of a project say."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dodont.cli import options as shared
from dodont.cli.app import CLEAN, CannotRunError

if TYPE_CHECKING:
    from dodont.engine.settings import Settings
    from dodont.output.schema import Part
    from dodont.project.project import Project
    from dodont.schema.tables import Schema


@click.command("schema")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--from",
    "source",
    type=click.Choice(("models", "migrations")),
    default="models",
    help="What says which tables there are.",
)
@click.option(
    "--format", "output_format", type=click.Choice(("text", "json")), default="text", help="How they are told."
)
@shared.configuration
def command(paths: tuple[Path, ...], source: str, output_format: str, **options: Any) -> int:
    """Tell the tables of a project's database as its models declare them, or as its migrations build them.

    Told are the tables that files below PATHS declare, by default those of the current directory. With `--from migrations` those
    that the migrations below PATHS build, Alembic's and Django's, run from their source without a database; a repository may have
    several such histories, and each is told by itself. What could not be read is named, and never guessed.

    `dodont check --select model-without-migration` tells where the two differ.
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
    if source == "models":
        declared = [output.below(_declared(each), each.root, given) for each in projects.values()]
        found = [
            output.Part(
                output.together([output.moved(each, at, root) for each, at in zip(declared, projects, strict=True)])
            )
        ]
    else:
        found = [part for each in projects.values() for part in _built(each, given, root)]
    if not any(part.schema.tables or part.schema.unread for part in found):
        where = ", ".join(map(str, paths)) or "."
        click.echo(f"dodont: warning: no {_SOUGHT[source]} below {where}", err=True)
    if output_format == "json":
        import json

        click.echo(json.dumps(output.json(found), indent=2, ensure_ascii=False))
        return CLEAN
    for line in output.text(found):
        click.echo(line)
    return CLEAN


#: What there is none of where nothing is told.
_SOUGHT = {
    "models": "models of SQLAlchemy's, SQLModel's or Django's",
    "migrations": "migrations, neither Alembic's (`env.py` beside `versions`) nor Django's (`migrations` of an application)",
}


def _declared(settings: Settings) -> Schema:
    from dodont.engine.analyst import interpreting
    from dodont.schema.declared import declared

    with interpreting():
        return declared(_project(settings)).schema()


def _built(settings: Settings, paths: Sequence[str], shown_from: Path) -> Iterator[Part]:
    """What each history of migrations below one of the paths, or around it, builds."""
    from dodont.engine.analyst import interpreting
    from dodont.output.schema import Part, moved
    from dodont.project.source import displayed
    from dodont.schema.histories import histories

    with interpreting():
        found = histories(_project(settings)).built()
    for each in found:
        directory = settings.root / each.directory
        if any(directory.is_relative_to(path) or Path(path).is_relative_to(directory) for path in paths):
            shown = displayed(str(directory), shown_from)
            title = f"{shown}: {each.migrations} migration{'' if each.migrations == 1 else 's'} of {each.by}'s"
            yield Part(moved(each.schema, settings.root, shown_from), shown, title)


def _project(settings: Settings) -> Project:
    from dodont.engine.analyst import Analyst

    return Analyst(settings, settings.root).project
