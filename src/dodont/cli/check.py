"""``dodont check``: find what goes against the practices."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dodont.cli import options as shared
from dodont.cli.app import CannotRunError

if TYPE_CHECKING:
    from dodont.config import Governing

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
@click.option("--show-files", is_flag=True, help="List the files that would be checked, and check none.")
@click.option("--show-settings", is_flag=True, help="Tell the settings of the paths and where they come from.")
def command(paths: tuple[Path, ...], **options: Any) -> int:
    """Check files and directories, by default the current one.

    The path `-` stands for standard input.
    """
    stdin = paths == (_STDIN,)
    if _STDIN in paths and not stdin:
        raise CannotRunError("`-` (stdin) stands alone; name the other paths in a run of their own")
    if options["stdin_filename"] and not stdin:
        raise CannotRunError("--stdin-filename goes with the path `-`")
    showing = [f"--show-{what}" for what in ("files", "settings") if options[f"show_{what}"]]
    if options["fixing"]:
        if stdin:
            raise CannotRunError("--fix cannot rewrite stdin; name a file")
        if showing:
            raise CannotRunError(f"{showing[0]} changes nothing; drop --fix")
        from dodont.cli.fix import fix

        return fix(paths or (Path(),), options, unsafe=False)
    if len(showing) > 1:
        raise CannotRunError("--show-files and --show-settings exclude each other; drop one")
    overrides: dict[str, bytes] = {}
    if stdin:
        from dodont.config.files import absolute

        name = absolute(options["stdin_filename"] or Path("stdin.py"))
        if name.is_dir():
            raise CannotRunError(f"--stdin-filename: {options['stdin_filename']} is a directory; name a file")
        # Code that is not saved has no project to judge: rules about callers would guess.
        paths, options["no_project_rules"] = (name,), True
        overrides = {} if showing else {str(name): sys.stdin.buffer.read()}
    with shared.kind_errors():
        governing = shared.governing_from(options)
        if options["show_settings"]:
            from dodont.cli.show import show_settings

            return show_settings(paths or (Path(),), governing)
        return _check(paths or (Path(),), options, governing, overrides, stdin=stdin)


def _check(
    paths: tuple[Path, ...], options: dict[str, Any], governing: Governing, overrides: dict[str, bytes], *, stdin: bool
) -> int:
    from dodont.engine.files import Files
    from dodont.engine.groups import common_root

    files = Files(governing)
    found = files.unsaved(paths[0]) if stdin else files.find(paths)
    if options["show_files"]:
        from dodont.cli.show import show_files

        return show_files(found)
    from dodont.cli.report import exit_code, report, tell
    from dodont.engine.groups import check
    from dodont.output.result import Result, SourceLines

    given = [os.path.abspath(path) for path in paths]  # noqa: PTH100
    main, root = shared.settings_of(given[0], governing), common_root(given, governing)
    done = check(found, main, root, overrides, lambda settings: shared.cache_dir(settings, options))
    if not options["quiet"]:
        tell(found.notes)
        if not done.files and not found.notes:
            where = ", ".join(map(str, paths))
            click.echo(f"dodont: warning: no Python files in {where}; excluded files are not counted", err=True)
    sources = SourceLines(root, {Path(path): data for path, data in overrides.items()})
    result = Result(done.diagnostics, done.files, sources, root, done.ran)
    report(result, main, options)
    return exit_code(done, exit_zero=options["exit_zero"])
