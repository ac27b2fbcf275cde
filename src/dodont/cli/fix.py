"""``dodont fix``: change what can be changed by machine, and say what is left."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dodont.cli import gating
from dodont.cli import options as shared
from dodont.cli.app import CLEAN, FINDINGS, CannotRunError
from dodont.cli.telling import exit_code, outputs_of, report, tell, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodont.config import Governing
    from dodont.engine.fixing import ChangedFile


@click.command("fix")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@shared.selection
@shared.presentation
@gating.baselines
@click.option("--diff", is_flag=True, help="Show the changes as a patch and make none; exit 1 if there are any.")
@click.option("--unsafe-fixes", is_flag=True, help="Apply fixes that may change what the code does, too.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if findings are left.")
@click.option("--exit-zero-on-fix", is_flag=True, help="Exit with 0 whatever could not be fixed; another run tells it.")
def command(paths: tuple[Path, ...], **options: Any) -> int:
    """Fix what can be fixed safely, and report what is left.

    Without paths the current directory is fixed.
    """
    if Path("-") in paths:
        raise CannotRunError("fix cannot rewrite stdin; name a file")
    return fix(paths or (Path(),), options, unsafe=options["unsafe_fixes"])


def fix(paths: Sequence[Path], options: dict[str, Any], *, unsafe: bool) -> int:
    """Fix, report what is left, and give the exit code. ``options`` as of ``fix`` or ``check``."""
    with shared.kind_errors():
        return _fix(paths, options, shared.governing_from(options), unsafe=unsafe)


def _fix(paths: Sequence[Path], options: dict[str, Any], governing: Governing, *, unsafe: bool) -> int:
    from dodont.engine import groups
    from dodont.engine.files import find
    from dodont.output.result import Result, SourceLines

    showing = options.get("diff", False)
    given = [os.path.abspath(path) for path in paths]  # noqa: PTH100
    found, root = find(paths, governing), groups.common_root(given, governing)
    if not options["quiet"]:
        tell(found.notes)
    main = shared.settings_of(given[0], governing)
    done = groups.fix(found, main, unsafe=unsafe, write=not showing)
    gc.freeze()  # what is left goes away with the process: nothing in it is worth a search for cycles
    changed = sorted((each for _, part in done for each in part.changed), key=lambda each: each.path)
    trouble = groups.merge([(settings, part.trouble) for settings, part in done], root, len(found.files))
    if showing:
        shown = "".join(patch(each, root) for each in changed).encode("utf-8", "surrogateescape")
        for _, path in outputs_of(options, "full"):
            if path is not None:
                write(path, shown)
            else:
                sys.stdout.buffer.write(shown)
        tell((f"{each.path}:{each.span.line}: {each.code} {each.message}" for each in trouble.diagnostics), mark="")
        _tell(changed, options, would=True)
        return FINDINGS if changed or trouble.diagnostics else CLEAN
    _tell(changed, options, would=False)
    # Leftovers are the business of the run that checks; a fix that failed is not.
    left = trouble
    if not options.get("exit_zero_on_fix"):
        told = [(settings, (*part.remaining, *part.trouble)) for settings, part in done]
        left = groups.merge(told, root, len(found.files))
    result, _ = gating.judged(Result(left.diagnostics, None, SourceLines(root), root, left.ran), found, options, None)
    if result.diagnostics or not options.get("exit_zero_on_fix"):
        report(result, main, options)
    return exit_code(gating.is_blocking(result, governing), exit_zero=options["exit_zero"])


def patch(changed: ChangedFile, root: Path) -> str:
    """A patch of one file that ``git apply`` and ``patch -p1`` take at the root, line endings included."""
    path = changed.path
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix().lstrip("/")
    return "".join(_ended(unified_diff(_lines(changed.before), _lines(changed.after), f"a/{name}", f"b/{name}")))


def _lines(text: str) -> list[str]:
    """Split after line feeds only: other characters that Python calls line ends are none to a patch."""
    return [part + "\n" for part in text.split("\n")[:-1]] + [last for last in text.split("\n")[-1:] if last]


def _ended(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _tell(changed: Sequence[ChangedFile], options: dict[str, Any], *, would: bool) -> None:
    if options["quiet"]:
        return
    count, files = sum(each.fixed for each in changed), len(changed)
    verb = "Would fix" if would else "Fixed"
    what = f"{count} finding{'' if count == 1 else 's'} in {files} file{'' if files == 1 else 's'}"
    click.echo(f"{verb} {what}." if changed else "Nothing to fix.", err=True)
