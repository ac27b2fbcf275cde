"""``dodont check``: find what goes against the practices."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from dodont.cli import options as shared
from dodont.cli.app import CannotRunError

_STDIN = Path("-")


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@shared.selection
@shared.presentation
@shared.caching
@click.option(
    "--stdin-filename", type=click.Path(path_type=Path), help="What the code on stdin is called; check it with `-`."
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are findings.")
@click.option("--fix", "fixing", is_flag=True, help="Fix what can be fixed safely first, like `dodont fix`.")
def command(paths: tuple[Path, ...], **options: Any) -> int:
    """Check files and directories, by default the current one.

    The path `-` stands for standard input.
    """
    stdin = paths == (_STDIN,)
    if _STDIN in paths and not stdin:
        raise CannotRunError("`-` (stdin) stands alone; name the other paths in a run of their own")
    if options["stdin_filename"] and not stdin:
        raise CannotRunError("--stdin-filename goes with the path `-`")
    if options["fixing"]:
        if stdin:
            raise CannotRunError("--fix cannot rewrite stdin; name a file")
        from dodont.cli.fix import fix

        return fix(paths or (Path(),), options, unsafe=False)
    if stdin:
        from dodont.config.files import absolute

        name = absolute(options["stdin_filename"] or Path("stdin.py"))
        # Code that is not saved has no project to judge: rules about callers would guess.
        return _check((name,), {**options, "no_project_rules": True}, {name: sys.stdin.buffer.read()})
    return _check(paths or (Path(),), options, None)


def _check(paths: tuple[Path, ...], options: dict[str, Any], overrides: dict[Path, bytes] | None) -> int:
    settings = shared.settings_from(paths[0], options)
    from dodont.cli.report import exit_code, report
    from dodont.engine.catalogue import rules
    from dodont.engine.driver import check
    from dodont.engine.files import MissingPath
    from dodont.engine.selection import select
    from dodont.output.result import Result, SourceLines

    try:
        found = check(paths, settings, source_overrides=overrides, cache_dir=shared.cache_dir(settings, options))
    except MissingPath as error:
        raise missing(error.path) from None
    ran = select(rules(), settings)
    sources = SourceLines(settings.root, overrides)
    if not found.files and not options["quiet"]:
        where = ", ".join(map(str, paths))
        click.echo(f"dodont: warning: no Python files in {where}; excluded files are not counted", err=True)
    result = Result(found.diagnostics, found.files, sources, settings.root, ran)
    report(result, settings, options)
    return exit_code(result, settings, exit_zero=options["exit_zero"])


def missing(path: Path) -> CannotRunError:
    """The error for a path that was named and is not there."""
    return CannotRunError(f"{path}: no such file or directory; check the spelling")
