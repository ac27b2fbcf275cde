"""``dodont report``: the whole picture on one page."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dodont.cli import gating
from dodont.cli import options as shared
from dodont.cli.app import CLEAN, CannotRunError
from dodont.cli.check import run
from dodont.cli.telling import encoded, write

if TYPE_CHECKING:
    from dodont.output.html import Earlier


@click.command("report")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@shared.selection
@shared.caching
@shared.parallel
@gating.baselines
@click.option(
    "-o",
    "--output-file",
    type=click.Path(path_type=Path),
    default=Path("dodont-report.html"),
    help="Where; dodont-report.html.",
)
@click.option("--title", help="What stands above it; the name of the project's directory.")
@click.option(
    "--earlier",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A document that `dodont check --output-format json` wrote in the past, for the trend; the oldest first.",
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing.")
def command(paths: tuple[Path, ...], **options: Any) -> int:
    """Write one HTML page that loads nothing: the practices kept and broken, hot spots, the trend, and each finding.

    It always exits with 0; `dodont check` and `dodont gate` are there to fail.
    """
    from dodont.output.html import MissingJinja, render

    with shared.kind_errors():
        done = run(paths or (Path(),), options, shared.governing_from(options))
        assert done is not None
        result, _ = gating.judged(done.result, done.found, options, None)
    from dodont.output.applies import inapplicable

    result = replace(result, inapplicable=inapplicable(done.texts()))
    earlier = [_earlier(path) for path in options["earlier"]]
    try:
        page = render(result, title=options["title"] or result.root.name or "Backend practices", earlier=earlier)
    except MissingJinja as error:
        raise CannotRunError(str(error)) from None
    write(options["output_file"], encoded(page))
    if not options["quiet"]:
        click.echo(f"{gating.shown(options['output_file'].absolute())}: written.", err=True)
    return CLEAN


def _earlier(path: Path) -> Earlier:
    from dodont.output.html import Earlier

    try:
        document = json.loads(path.read_bytes())
        return Earlier(path.stem, len(document["findings"]))
    except OSError as error:
        raise CannotRunError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, LookupError):
        raise CannotRunError(f"{path}: no document of `dodont check --output-format json`") from None
