"""``dodont clean``: delete what earlier runs kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from dodont.cli.app import CLEAN, CannotRunError
from dodont.engine.settings import DEFAULT_EXCLUDE


@click.command("clean")
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.option(
    "--cache-dir", type=click.Path(path_type=Path, file_okay=False), help="The cache to delete, if not the usual."
)
def command(path: Path, **options: Any) -> int:
    """Delete the cache of the project that PATH belongs to, by default the current directory, and of the projects below."""
    from dodont.engine import cache

    if not path.exists():
        raise CannotRunError(f"{path}: no such file or directory; check the spelling")
    deleted = False
    for directory in _caches(path, options["cache_dir"]):
        try:
            found = cache.clean(directory)
        except OSError as error:
            raise CannotRunError(f"{directory}: cannot be deleted: {error.strerror or error}") from None
        if found:
            deleted = True
            click.echo(f"deleted {directory}", err=True)
    if not deleted:
        click.echo("there is no cache to delete", err=True)
    return CLEAN


def _caches(path: Path, given: Path | None) -> Iterator[Path]:
    """Where caches of ``path`` may be: in the one place that is named, else beside each configuration."""
    from dodont.config import ConfigError, cache_dir_in, load
    from dodont.config.files import absolute

    path = absolute(path)
    named = given or os.environ.get("DODONT_CACHE_DIR")
    if named:
        yield absolute(Path(named))
        return
    try:
        own = cache_dir_in(load(path).root)
    except ConfigError as error:
        raise CannotRunError(str(error)) from None
    yield own
    # Configurations may be gone that were there when the caches were made.
    for directory, names, _ in os.walk(path):
        if own.name in names and Path(directory) != own.parent:
            yield Path(directory) / own.name
        names[:] = sorted(name for name in names if f"{name}/" not in DEFAULT_EXCLUDE)
