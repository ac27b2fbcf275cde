"""Options that several commands share, and what is made of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dodont.cli.app import CannotRunError
from dodont.engine.settings import OUTPUT_FORMATS

if TYPE_CHECKING:
    from dodont.config import CommandLine, Governing
    from dodont.engine.settings import OutputFormat, Settings

_F = TypeVar("_F", bound=Callable[..., Any])


def _words(name: str, text: str) -> Callable[[_F], _F]:
    return click.option(name, multiple=True, metavar="WORDS", help=text)


def configuration(command: _F) -> _F:
    """Which configuration."""
    for option in reversed(
        (
            click.option(
                "--config",
                type=click.Path(path_type=Path),
                help="Take all settings from this file instead of the one nearest to each file.",
            ),
            click.option("--isolated", is_flag=True, help="Read no configuration file."),
        )
    ):
        command = option(command)
    return command


def selection(command: _F) -> _F:
    """Which rules, which configuration, which files."""
    for option in reversed(
        (
            _words("--select", "Run these rules: codes, prefixes, names, families, practices or ALL."),
            _words("--extend-select", "Run these rules too."),
            _words("--ignore", "Don't run these rules."),
            _words("--extend-ignore", "Don't run these rules either."),
            configuration,
            _words(
                "--exclude",
                "Leave out files and directories that match these globs too, relative to the current directory.",
            ),
            click.option(
                "--force-exclude/--no-force-exclude",
                default=None,
                help="Leave out excluded files even if they are named as arguments.",
            ),
            click.option(
                "--respect-gitignore/--no-respect-gitignore",
                default=None,
                help="Leave out what git ignores in directories; on by default.",
            ),
            click.option(
                "--include-generated/--no-include-generated",
                default=None,
                help="Report on files that say a program wrote them; off by default.",
            ),
            click.option("--no-project-rules", is_flag=True, help="Drop the rules that need the whole project."),
        )
    ):
        command = option(command)
    return command


def caching(command: _F) -> _F:
    """Where what runs find out is kept."""
    for option in reversed(
        (
            click.option("--no-cache", is_flag=True, help="Neither read nor write a cache."),
            click.option(
                "--cache-dir",
                type=click.Path(path_type=Path, file_okay=False),
                help="Keep the cache there instead of in `.dodont_cache` beside the configuration.",
            ),
        )
    ):
        command = option(command)
    return command


def cache_dir(settings: Settings, options: dict[str, Any]) -> Path | None:
    """The directory of the cache, given the options of ``caching``; None for a run without one."""
    from dodont.config import cache_dir_of

    if options["no_cache"]:
        return None
    given: Path | None = options["cache_dir"]
    return given.absolute() if given is not None else cache_dir_of(settings)


def _jobs(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    if value is None or value == "auto":
        return None
    try:
        jobs = int(value)
    except ValueError:
        jobs = 0
    if jobs < 1:
        raise CannotRunError(f"--jobs {value}: give a number of processes from 1 up, or `auto`")
    return jobs


def parallel(command: _F) -> _F:
    """Who does the work."""
    for option in reversed(
        (
            click.option(
                "-j",
                "--jobs",
                metavar="N",
                callback=_jobs,
                help="Share the work among N processes, if there is enough; by default (auto) one for each processor.",
            ),
            click.option(
                "--executor",
                metavar="MODULE:FACTORY",
                help="Give the work to the concurrent.futures.Executor that this function makes.",
            ),
        )
    ):
        command = option(command)
    return command


@contextmanager
def workers(options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Who does the work, as arguments of ``groups.check``, given the options of ``parallel``. Raises CannotRunError."""
    if options["executor"] is None:
        from dodont.engine.workers import default_workers

        yield {"jobs": options["jobs"] or default_workers()}
        return
    from dodont.engine.executors import NoExecutor, end, executor_named

    if options["jobs"] is not None:
        raise CannotRunError("--jobs and --executor exclude each other; drop one")
    try:
        executor = executor_named(options["executor"])
    except NoExecutor as error:
        raise CannotRunError(str(error)) from None
    try:
        yield {"executor": executor}
    except BaseException:
        end(executor, at_once=True)
        raise
    end(executor, at_once=False)


def presentation(command: _F) -> _F:
    """How findings are told."""
    for option in reversed(
        (
            click.option(
                "--output-format",
                type=click.Choice(OUTPUT_FORMATS),
                envvar="DODONT_OUTPUT_FORMAT",
                help="How findings are written; full by default, agent where a coding agent's environment is recognised.",
            ),
            click.option(
                "-o",
                "--output-file",
                multiple=True,
                metavar="[FORMAT=]FILE",
                help="Write findings to a file, not to stdout; with a format, that one besides. May be repeated.",
            ),
            click.option(
                "--sarif-category",
                metavar="NAME",
                help="What tells this report from others on the same commit, in the format sarif.",
            ),
            click.option("--statistics", is_flag=True, help="Count the findings of each rule, after them."),
            click.option("-q", "--quiet", is_flag=True, help="Print findings only, no closing line."),
            click.option(
                "--color",
                type=click.Choice(("auto", "always", "never")),
                default="auto",
                help="Colour the full format; auto asks the terminal, NO_COLOR and FORCE_COLOR.",
            ),
        )
    ):
        command = option(command)
    return command


def governing_from(options: dict[str, Any]) -> Governing:
    """Gives the settings of each directory, given the options of ``selection``. Raises CannotRunError."""
    from dodont.config import CommandLine

    said = CommandLine(
        select=words_of(options["select"]) or None,
        extend_select=words_of(options["extend_select"]),
        ignore=words_of(options["ignore"]) or None,
        extend_ignore=words_of(options["extend_ignore"]),
        exclude=words_of(options["exclude"]),
        force_exclude=options["force_exclude"],
        respect_gitignore=options["respect_gitignore"],
        include_generated=options["include_generated"],
        output_format=options.get("output_format"),
        usual_format=_usual_format(options),
        project_rules=not options["no_project_rules"],
    )
    return governing_by(said, options)


def _usual_format(options: dict[str, Any]) -> OutputFormat | None:
    """The format for whoever asks for none: agents get their own, and are told so."""
    if "output_format" not in options or options["output_format"] is not None:
        return None
    from dodont.output import agent

    return "agent" if agent.detected() is not None else None


def governing_by(said: CommandLine, options: dict[str, Any]) -> Governing:
    """The same, given the options of ``configuration``. Raises CannotRunError."""
    from dodont.config import Governing

    if options["config"] and options["isolated"]:
        raise CannotRunError("--config and --isolated exclude each other; drop one")
    return Governing(config=options["config"], isolated=options["isolated"], said=said)


def settings_of(path: str, governing: Governing) -> Settings:
    """The settings of an absolute path. Raises ConfigError."""
    return governing(path if os.path.isdir(path) else os.path.dirname(path))  # noqa: PTH112, PTH120


@contextmanager
def kind_errors() -> Iterator[None]:
    """A wrong setting or a missing path becomes CannotRunError."""
    from dodont.config import ConfigError
    from dodont.engine.files import MissingPath

    try:
        yield
    except ConfigError as error:
        raise CannotRunError(str(error)) from None
    except MissingPath as error:
        raise CannotRunError(f"{error.path}: no such file or directory; check the spelling") from None


def words_of(values: Sequence[str]) -> tuple[str, ...]:
    """The words of an option that takes them separated by commas and may be repeated."""
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())
