"""``dodont merge``: one run of what several shards found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dodont.cli import gating
from dodont.cli import options as shared
from dodont.cli.app import CannotRunError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodont.output.documents import Document


@click.command("merge")
@click.argument("documents", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="What paths in the documents are relative to, if not to the root of the current directory.",
)
@shared.configuration
@shared.presentation
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are findings.")
def command(documents: tuple[Path, ...], **options: Any) -> int:
    """Tell what all shards of a run found, as that run would have done.

    Each FILE is what `dodont check --shard I/N --output-format json` wrote.
    """
    from dodont.output.documents import BadDocument

    with shared.kind_errors():
        try:
            return _merge([_read(path) for path in documents], options)
        except BadDocument as error:
            raise CannotRunError(str(error)) from None


def _read(path: Path) -> Document:
    from dodont.output.documents import read

    try:
        data = path.read_bytes()
    except OSError as error:
        raise CannotRunError(f"{path}: cannot be read: {error.strerror or error}") from None
    return read(str(path), data)


def _merge(documents: Sequence[Document], options: dict[str, Any]) -> int:
    from dodont.cli.telling import exit_code, report
    from dodont.config import CommandLine
    from dodont.output.documents import merged
    from dodont.output.result import SourceLines

    governing = shared.governing_by(CommandLine(output_format=options["output_format"]), options)
    main = shared.settings_of(str(Path.cwd()), governing)
    root = options["root"].absolute() if options["root"] is not None else main.root
    result = merged(documents, SourceLines(root), root)
    report(result, main, options)
    return exit_code(gating.is_blocking(result, governing), exit_zero=options["exit_zero"])
