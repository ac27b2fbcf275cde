"""``dodont practices``: the practices, the rules that serve each, what is not served yet, and what code has of each."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import click

from dodont.cli import options as shared
from dodont.cli.app import CLEAN


@click.command("practices")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@shared.selection
@shared.caching
@shared.parallel
@click.option("--output-format", type=click.Choice(("text", "json")), default="text")
@click.option("-q", "--quiet", is_flag=True, help="Leave out notes on files.")
def command(paths: tuple[Path, ...], output_format: str, **options: Any) -> int:
    """List the practices and the rules that serve each; with PATHS also how many findings there are of each."""
    from dodont.engine import catalogue

    counts = _counted(paths, options) if paths else None
    rules = catalogue.rules().values()
    served = [
        (practice, [rule for rule in rules if practice.id in rule.practices]) for practice in catalogue.practices()
    ]
    if output_format == "json":
        rows = [
            {
                "id": practice.id,
                "kind": practice.kind,
                "area": practice.area,
                "text": practice.text,
                "rules": [{"code": rule.code, "name": rule.name, "status": rule.status} for rule in serving],
                "findings": sum(counts[rule.name] for rule in serving) if counts is not None else None,
            }
            for practice, serving in served
        ]
        click.echo(json.dumps({"schema_version": 1, "practices": rows}, indent=2, ensure_ascii=False))
        return CLEAN
    for practice, serving in served:
        click.echo(f"{practice.id}: {practice.text}")
        for rule in serving:
            status = "" if rule.status == "stable" else f" ({rule.status})"
            found = f": {_findings(counts[rule.name])}" if counts is not None else ""
            click.echo(f"    {rule.code} {rule.name}{status}{found}")
        if not serving:
            click.echo("    no rule yet")
    count = sum(bool(serving) for _, serving in served)
    click.echo(f"{count} of {len(served)} practices are served by a rule, {len(served) - count} not yet.")
    if counts is not None:
        broken = sum(any(counts[rule.name] for rule in serving) for _, serving in served)
        click.echo(f"{_findings(sum(counts.values()))} against {broken} of them.")
    return CLEAN


def _counted(paths: tuple[Path, ...], options: dict[str, Any]) -> Counter[str]:
    """How many findings each rule has, known ones too."""
    from dodont.cli.check import run

    with shared.kind_errors():
        done = run(paths, options, shared.governing_from(options))
    assert done is not None
    return Counter(each.rule for each in done.result.diagnostics)


def _findings(count: int) -> str:
    return f"{count} finding{'' if count == 1 else 's'}"
