"""Options that several commands share, and the settings made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dodont.cli.app import CannotRunError
from dodont.engine.settings import OUTPUT_FORMATS

if TYPE_CHECKING:
    from dodont.engine.settings import Settings

_F = TypeVar("_F", bound=Callable[..., Any])


def _words(name: str, text: str) -> Callable[[_F], _F]:
    return click.option(name, multiple=True, metavar="WORDS", help=text)


def selection(command: _F) -> _F:
    """Which rules, which configuration, which files."""
    for option in reversed(
        (
            _words("--select", "Run these rules: codes, prefixes, names, families, practices or ALL."),
            _words("--extend-select", "Run these rules too."),
            _words("--ignore", "Don't run these rules."),
            _words("--extend-ignore", "Don't run these rules either."),
            click.option(
                "--config",
                type=click.Path(path_type=Path),
                help="Take the settings from this file instead of the nearest one.",
            ),
            click.option("--isolated", is_flag=True, help="Read no configuration file."),
            _words("--exclude", "Leave out files and directories that match these globs too."),
            click.option(
                "--force-exclude/--no-force-exclude",
                default=None,
                help="Leave out excluded files even if they are named as arguments.",
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


def presentation(command: _F) -> _F:
    """How findings are told."""
    for option in reversed(
        (
            click.option(
                "--output-format",
                type=click.Choice(OUTPUT_FORMATS),
                envvar="DODONT_OUTPUT_FORMAT",
                help="How findings are written; full by default.",
            ),
            click.option(
                "-o", "--output-file", type=click.Path(path_type=Path), help="Write findings to a file, not to stdout."
            ),
            click.option("--statistics", is_flag=True, help="Show how often each rule found something."),
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


def settings_from(start: Path, options: dict[str, Any]) -> Settings:
    """The settings for a run that begins at ``start``, given the options of ``selection``. Raises CannotRunError."""
    from dodont.config import CommandLine, ConfigError, load

    said = CommandLine(
        select=words_of(options["select"]) or None,
        extend_select=words_of(options["extend_select"]),
        ignore=words_of(options["ignore"]) or None,
        extend_ignore=words_of(options["extend_ignore"]),
        exclude=words_of(options["exclude"]),
        force_exclude=options["force_exclude"],
        output_format=options.get("output_format"),
        project_rules=not options["no_project_rules"],
    )
    if options["config"] and options["isolated"]:
        raise CannotRunError("--config and --isolated exclude each other; drop one")
    try:
        return load(start, config=options["config"], isolated=options["isolated"], said=said)
    except ConfigError as error:
        raise CannotRunError(str(error)) from None


def words_of(values: Sequence[str]) -> tuple[str, ...]:
    """The words of an option that takes them separated by commas and may be repeated."""
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())
