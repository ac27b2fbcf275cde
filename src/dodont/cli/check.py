"""``dodont check``: find what goes against the practices."""

from __future__ import annotations

import gc
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from dodont.cli import gating
from dodont.cli import options as shared
from dodont.cli.app import CLEAN, CannotRunError
from dodont.cli.progress import bar
from dodont.core.rule import INTERNAL_CODE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dodont.config import Governing
    from dodont.core.diagnostic import Diagnostic
    from dodont.engine.files import Found
    from dodont.engine.settings import Settings
    from dodont.gate.changes import Changes
    from dodont.output.result import Result

_STDIN = Path("-")


def _shard(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    from dodont.output.documents import shard_named

    shard = shard_named(value)
    if shard is None:
        raise CannotRunError(f"--shard {value}: write it as 2/3, the second of three")
    return shard


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@shared.selection
@shared.presentation
@shared.caching
@shared.parallel
@gating.baselines
@click.option(
    "--strict-baseline", is_flag=True, help="Fail when a known finding is gone, so that the baseline only shrinks."
)
@gating.differences
@click.option(
    "--shard", metavar="I/N", callback=_shard, help="Check the I-th of N parts only; `dodont merge` puts them together."
)
@click.option(
    "--stdin-filename", type=click.Path(path_type=Path), help="What the code on stdin is called; check it with `-`."
)
@click.option(
    "--sarif-include-suppressed",
    is_flag=True,
    help="Tell accepted findings in the format sarif, too, marked as such; not for GitHub, which opens alerts for them.",
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are findings.")
@click.option("--fix", "fixing", is_flag=True, help="Fix what can be fixed safely first, like `dodont fix`.")
@click.option(
    "--add-ignore",
    metavar="REASON",
    help="Accept what is found: write `# dodont: ignore[...] REASON` behind it, and report what has no place for that.",
)
@click.option("--profile", is_flag=True, help="Tell where the time goes, after the run, which takes one process then.")
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
    if options["diff_file"] == _STDIN and stdin:
        raise CannotRunError("stdin is either the code or the diff; name a file for one of them")
    showing = [f"--show-{what}" for what in ("files", "settings") if options[f"show_{what}"]]
    if options["shard"] and stdin:
        raise CannotRunError("--shard divides directories; stdin has none")
    if options["profile"] and (options["executor"] or (options["jobs"] or 1) > 1):
        raise CannotRunError("--profile measures one process; drop --jobs and --executor")
    if options["add_ignore"] is not None:
        if stdin or options["shard"]:
            raise CannotRunError("--add-ignore writes into the files of a whole run; name them")
        if not options["add_ignore"].isprintable() or "#" in options["add_ignore"]:
            raise CannotRunError("--add-ignore: the reason is one line of text without `#`")
    if options["fixing"]:
        for option in ("add_ignore", "shard", "profile", "executor", "diff_base", "diff_file", "strict_baseline"):
            if options[option]:
                called = option.removesuffix("_file").replace("_", "-")
                raise CannotRunError(f"--{called} is for checks alone; drop --fix")
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
        if not options["profile"]:
            return _check(paths or (Path(),), options, governing, overrides, stdin=stdin)
        from dodont.cli.profile import Profile
        from dodont.cli.telling import tell

        profile = Profile()
        options["jobs"] = 1
        with profile.measuring():
            code = _check(paths or (Path(),), options, governing, overrides, stdin=stdin)
        sys.stdout.flush()
        tell(profile.lines(), mark="")
        return code


def _check(
    paths: tuple[Path, ...], options: dict[str, Any], governing: Governing, overrides: dict[str, bytes], *, stdin: bool
) -> int:
    done = run(paths, options, governing, overrides, stdin=stdin)
    if done is None:
        return CLEAN
    from dodont.cli.telling import exit_code, outputs_of, report, tell

    result, asked = gating.judged(done.result, done.found, options, done.new)
    if options["sarif_include_suppressed"]:
        result = replace(result, suppressed=gating.suppressed(done.silenced, asked, done.new, result))
    if any(form == "html" for form, _ in outputs_of(options, done.main.output_format)):
        from dodont.output.applies import inapplicable

        result = replace(result, inapplicable=inapplicable(done.texts()))
    if not options["quiet"]:
        tell(gating.remarks(asked, whole=done.new is None))
    if options["add_ignore"] is not None:
        result = _accepted(result, options)
    report(result, done.main, options)
    blocking = gating.is_blocking(result, governing)
    if options["strict_baseline"]:
        blocking = blocking or (done.new is None and any(each.matched.stale or each.matched.expired for each in asked))
    return exit_code(blocking, exit_zero=options["exit_zero"])


def _accepted(result: Result, options: dict[str, Any]) -> Result:
    """Write the comments; what is left are the findings that none can be written for."""
    from dodont.cli.telling import tell
    from dodont.engine.accepting import accept
    from dodont.output.escaping import printable

    done = accept(result.diagnostics, result.root, options["add_ignore"])
    left = {id(diagnostic) for diagnostic, _ in done.left}
    if not options["quiet"]:
        tell(
            [
                f"accepted {done.findings} finding{'' if done.findings == 1 else 's'} in {done.files} file{'' if done.files == 1 else 's'}"
            ]
        )
    tell(printable(f"{each.path}:{each.span.line}: {each.code} cannot be accepted: {why}") for each, why in done.left)
    return replace(
        result, diagnostics=[each for each in result.diagnostics if id(each) in left or each.code == INTERNAL_CODE]
    )


class Done(NamedTuple):
    """A finished analysis, before a baseline or a diff has a say; ``new`` is the diff, ``silenced`` what comments accept, with the
    reasons, if it was asked for."""

    result: Result
    found: Found
    main: Settings
    new: Changes | None = None
    silenced: Sequence[tuple[Diagnostic, str]] = ()

    def texts(self) -> Iterator[str]:
        """What stands in the files."""
        for _, files in self.found.groups:
            for path in files:
                yield "".join(self.result.source(path))


def run(
    paths: tuple[Path, ...],
    options: dict[str, Any],
    governing: Governing,
    overrides: dict[str, bytes] | None = None,
    *,
    stdin: bool = False,
    all_files: bool = False,
    changes: Changes | None = None,
    hasty: bool = False,
) -> Done | None:
    """Analyse what the options of ``check`` ask for; None when they only ask what that would be. ``all_files``: a diff leaves no
    file out; ``changes``: that diff, where it is known; ``hasty`` as of ``check_files``. Raises CannotRunError."""
    from dodont.engine.files import Files
    from dodont.engine.groups import common_root, shard_of

    given = [os.path.abspath(path) for path in paths]  # noqa: PTH100
    with bar(options) as progress:
        files = Files(governing)
        main, root = shared.settings_of(given[0], governing), common_root(given, governing)
        new = changes or gating.changes(options, root)
        among = new.files.keys() if new is not None and not all_files else None
        found = files.unsaved(paths[0]) if stdin else files.find(paths, among)
        shard = options.get("shard")
        if shard is not None:
            found = shard_of(found, root, *shard)
        if new is not None and not all_files:
            found = gating.touched(found, new)
        if options.get("show_files"):
            from dodont.cli.show import show_files

            show_files(found)
            return None
        from dodont.engine.analyst import interpreting
        from dodont.engine.groups import check

        silenced: list[tuple[Diagnostic, str]] = []
        asked = options.get("sarif_include_suppressed")
        with interpreting(), shared.workers(options) as workers:
            done = check(
                found,
                main,
                root,
                overrides,
                lambda settings: shared.cache_dir(settings, options),
                progress=progress,
                silenced=(lambda diagnostic, reason: silenced.append((diagnostic, reason))) if asked else None,
                hasty=hasty,
                **workers,
            )
            gc.freeze()  # what is left goes away with the process: nothing in it is worth a search for cycles
    from dodont.cli.telling import tell
    from dodont.output.result import Result, SourceLines

    if not options["quiet"]:
        tell(found.notes)
        if not done.files and not found.notes and shard is None and new is None:
            where = ", ".join(map(str, paths))
            click.echo(f"dodont: warning: no Python files in {where}; excluded files are not counted", err=True)
    sources = SourceLines(root, {Path(path): data for path, data in (overrides or {}).items()})
    part = f"{shard[0]}/{shard[1]}" if shard is not None else None
    silenced.sort(key=lambda each: each[0].sort_key)
    return Done(Result(done.diagnostics, done.files, sources, root, done.ran, shard=part), found, main, new, silenced)
