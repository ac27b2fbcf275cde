"""``dodont practices``: the practices, the rules that serve each, and what is not served yet."""

from __future__ import annotations

import click

from dodont.cli.app import CLEAN


@click.command("practices")
@click.option("--output-format", type=click.Choice(("text", "json")), default="text")
def command(output_format: str) -> int:
    """List the practices and the rules that serve each."""
    from dodont.engine import catalogue

    rules = catalogue.rules().values()
    served = [
        (practice, [rule for rule in rules if practice.id in rule.practices]) for practice in catalogue.practices()
    ]
    if output_format == "json":
        import json

        rows = [
            {
                "id": practice.id,
                "kind": practice.kind,
                "area": practice.area,
                "text": practice.text,
                "rules": [{"code": rule.code, "name": rule.name, "status": rule.status} for rule in serving],
            }
            for practice, serving in served
        ]
        click.echo(json.dumps({"schema_version": 1, "practices": rows}, indent=2, ensure_ascii=False))
        return CLEAN
    for practice, serving in served:
        click.echo(f"{practice.id}: {practice.text}")
        for rule in serving:
            status = "" if rule.status == "stable" else f" ({rule.status})"
            click.echo(f"    {rule.code} {rule.name}{status}")
        if not serving:
            click.echo("    no rule yet")
    count = sum(bool(serving) for _, serving in served)
    click.echo(f"{count} of {len(served)} practices are served by a rule, {len(served) - count} not yet.")
    return CLEAN
