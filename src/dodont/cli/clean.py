"""``dodont clean``: delete what earlier runs kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dodont.cli import options as shared
from dodont.cli.app import CLEAN, CannotRunError


@click.command("clean")
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.option(
    "--cache-dir", type=click.Path(path_type=Path, file_okay=False), help="The cache to delete, if not the usual."
)
def command(path: Path, **options: Any) -> int:
    """Delete the cache of the project that PATH belongs to, by default the current directory."""
    from dodont.config import ConfigError, load
    from dodont.engine import cache

    try:
        settings = load(path)
    except ConfigError as error:
        raise CannotRunError(str(error)) from None
    directory = shared.cache_dir(settings, {**options, "no_cache": False})
    try:
        found = directory is not None and cache.clean(directory)
    except OSError as error:
        raise CannotRunError(f"{directory}: cannot be deleted: {error.strerror or error}") from None
    click.echo(f"deleted {directory}" if found else "there is no cache to delete", err=True)
    return CLEAN
