"""``dodont rules``: what dodont can find."""

from __future__ import annotations

from typing import Any

import click

from dodont.cli.app import CLEAN, CannotRunError
from dodont.cli.options import words_of


@click.command("rules")
@click.option("--select", multiple=True, metavar="WORDS", help="List only these rules.")
@click.option("--output-format", type=click.Choice(("text", "json")), default="text")
def command(select: tuple[str, ...], output_format: str) -> int:
    """List the rules: code, name, status, fix and what each finds."""
    from dodont.engine import catalogue
    from dodont.engine.selection import UnknownSelection, matching
    from dodont.output.page import summary

    known = catalogue.rules()
    words = words_of(select)
    try:
        wanted = set().union(*(matching(word, known) for word in words)) if words else set(known)
    except UnknownSelection as error:
        raise CannotRunError(str(error)) from None
    listed = [rule for name, rule in known.items() if name in wanted]
    if output_format == "json":
        import json

        found: dict[str, Any] = {"schema_version": 1, "rules": [summary(rule) for rule in listed]}
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return CLEAN
    width = max((len(rule.name) for rule in listed), default=0)
    for rule in listed:
        fix = f"{rule.fix} fix" if rule.fix else ""
        click.echo(f"{rule.code}  {rule.name:<{width}}  {rule.status:<7}  {fix:<11}  {rule.summary}")
    stable = sum(rule.status == "stable" for rule in listed)
    click.echo(f"{len(listed)} rules, {stable} of them on by default.")
    return CLEAN
