"""``dodont gate``: whether a project keeps the budgets it gave itself."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dodont.cli import gating
from dodont.cli import options as shared
from dodont.cli.app import CannotRunError
from dodont.cli.check import run
from dodont.cli.telling import exit_code, tell, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodont.engine.settings import Settings
    from dodont.gate.budget import Condition

SCHEMA_VERSION = 1


@click.command("gate")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@shared.selection
@shared.caching
@shared.parallel
@gating.baselines
@gating.differences
@click.option(
    "--output-format", type=click.Choice(("table", "json")), default="table", help="A table (default), or JSON."
)
@click.option("-o", "--output-file", type=click.Path(path_type=Path), help="Write it to a file, not to stdout.")
@click.option("--tighten", is_flag=True, help="Lower each number in the configuration to what is there.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if a condition fails.")
@click.option("-q", "--quiet", is_flag=True, help="Print the conditions only.")
def command(paths: tuple[Path, ...], **options: Any) -> int:
    """Hold the findings against `[tool.dodont.budget]`; without one, nothing may be new.

    Exit code 1 when a condition fails. `new` are the findings that no baseline knows, and with --diff-base those of
    what changed; all other conditions count all findings.
    """
    from dodont.gate.budget import judged

    paths = paths or (Path(),)
    form = options.pop("output_format")
    with shared.kind_errors():
        governing = shared.governing_from(options)
        done = run(paths, options, governing, all_files=True)
        assert done is not None
        new, asked = gating.judged(done.result, done.found, options, done.new)
        found, budget = done.result, done.main.budget
        conditions = judged(budget, found.diagnostics, new.diagnostics, found.rules)
        if not options["quiet"]:
            tell(gating.remarks(asked, whole=done.new is None))
        passed = all(each.passed for each in conditions)
        text = _json(conditions, new.hidden) if form == "json" else "\n".join(_table(conditions, new.hidden))
        if options["output_file"]:
            write(options["output_file"], f"{text}\n".encode())
        else:
            click.echo(text)
        if options["tighten"]:
            _tighten(conditions, done.main)
        elif not options["quiet"] and budget and any(each.found < each.limit for each in conditions):
            tell(["some budgets are larger than what is there; `dodont gate --tighten` lowers them"])
    return exit_code(not passed, exit_zero=options["exit_zero"])


def _table(conditions: Sequence[Condition], hidden: int) -> list[str]:
    names = max(len("condition"), *(len(each.name) for each in conditions))
    lines = [f"{'':4}  {'condition':{names}}  {'found':>7}  {'allowed':>7}"]
    lines += [
        f"{'pass' if each.passed else 'FAIL'}  {each.name:{names}}  {each.found:>7}  {each.limit:>7}"
        for each in conditions
    ]
    failed = sum(not each.passed for each in conditions)
    closing = f"The gate is closed: {failed} of {len(conditions)} conditions failed." if failed else "The gate is open."
    return [*lines, closing + (f" {hidden} hidden by the baseline." if hidden else "")]


def _json(conditions: Sequence[Condition], hidden: int) -> str:
    rows = [
        {"name": each.name, "found": each.found, "allowed": each.limit, "passed": each.passed} for each in conditions
    ]
    passed = all(each.passed for each in conditions)
    return json.dumps(
        {"schema_version": SCHEMA_VERSION, "passed": passed, "hidden": hidden, "conditions": rows}, indent=2
    )


def _tighten(conditions: Sequence[Condition], settings: Settings) -> None:
    """Lower the numbers where they stand, and nothing else. Raises CannotRunError."""
    lower = {each.name: each.found for each in conditions if each.found < each.limit}
    if not settings.budget:
        raise CannotRunError("--tighten: there is no [tool.dodont.budget] to lower")
    if not lower:
        tell(["nothing to lower"])
        return
    from dodont.config.files import line_of, read
    from dodont.engine.fixing import replace

    assert settings.config is not None
    source = read(settings.config)
    data = settings.config.read_bytes()
    lines = data.decode("utf-8").split("\n")
    left = []
    for name, found in lower.items():
        number = line_of(source.text, (*source.prefix, "budget", name))
        line = lines[number - 1]
        old = settings.budget[name]
        changed, count = re.subn(rf"({re.escape(name)}[\"']?\s*=\s*){old}\b", rf"\g<1>{found}", line, count=1)
        if count:
            lines[number - 1] = changed
        else:
            left.append(f"{name} = {found}")
    try:
        replace(settings.config.resolve(), "\n".join(lines).encode())
    except OSError as error:
        raise CannotRunError(f"{settings.config}: cannot be written: {error.strerror}") from None
    tell(
        [f"{gating.shown(settings.config)}: lowered {', '.join(f'{name} to {found}' for name, found in lower.items())}"]
    )
    if left:
        raise CannotRunError(
            f"{settings.config}: found no line to change for {', '.join(left)}; it may be inherited: lower it by hand"
        )
