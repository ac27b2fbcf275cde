"""``dodont explain``: a rule's page, or a practice with the rules that serve it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from dodont.cli.app import CLEAN, CannotRunError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dodont.core.rule import Rule
    from dodont.engine.catalogue import Practice


@click.command("explain")
@click.argument("what", metavar="RULE|PRACTICE")
@click.option("--output-format", type=click.Choice(("text", "json", "markdown")), default="text")
def command(what: str, output_format: str) -> int:
    """Explain a rule (by code or name) or a practice (by id)."""
    from dodont.engine import catalogue

    known, asked = catalogue.rules(), what.casefold()
    practice = next((each for each in catalogue.practices() if each.id == asked), None)
    if practice:
        serving = [rule for rule in known.values() if practice.id in rule.practices]
        click.echo(_practice(practice, serving, output_format))
        return CLEAN
    rule = next((each for each in known.values() if asked in (each.code.casefold(), each.name, *each.aliases)), None)
    if rule is None and asked in (catalogue.INTERNAL.code.casefold(), catalogue.INTERNAL.name):
        click.echo(_internal(catalogue.INTERNAL, output_format))
        return CLEAN
    if rule is None:
        raise CannotRunError(_unknown(what, known))
    click.echo(_rule(rule, output_format))
    return CLEAN


def _rule(rule: Rule, output_format: str) -> str:
    from dodont.core.card import CardError
    from dodont.engine import catalogue
    from dodont.output import page

    try:
        card = catalogue.card(rule)
    except (OSError, CardError) as error:
        raise CannotRunError(f"the card of {rule.name} cannot be read: {error}; reinstall dodont") from None
    known = {practice.id: practice for practice in catalogue.practices()}
    practices = [known[practice] for practice in rule.practices]
    if output_format == "json":
        return json.dumps(page.data(card), indent=2, ensure_ascii=False)
    return page.markdown(card, practices) if output_format == "markdown" else page.text(card, practices)


def _practice(practice: Practice, serving: list[Rule], output_format: str) -> str:
    if output_format == "json":
        rows = [{"code": rule.code, "name": rule.name, "status": rule.status} for rule in serving]
        return json.dumps(
            {"id": practice.id, "kind": practice.kind, "area": practice.area, "text": practice.text, "rules": rows},
            indent=2,
            ensure_ascii=False,
        )
    bullet, title = ("- ", f"# {practice.id}") if output_format == "markdown" else ("    ", practice.id)
    lines = [f"{bullet}{rule.code} {rule.name} ({rule.status}): {rule.summary}" for rule in serving]
    return "\n".join((title, "", practice.text, "", "Rules:" if serving else "No rule serves it yet.", *lines))


def _internal(rule: Rule, output_format: str) -> str:
    if output_format == "json":
        from dodont.output.page import summary

        return json.dumps({**summary(rule), "remedy": rule.remedy}, indent=2, ensure_ascii=False)
    title = f"{rule.code} {rule.name}: {rule.summary}"
    return f"{'# ' if output_format == 'markdown' else ''}{title}\n\nHow to fix: {rule.remedy}"


def _unknown(what: str, known: Mapping[str, Rule]) -> str:
    from difflib import get_close_matches

    from dodont.engine.catalogue import practices
    from dodont.engine.selection import UnknownSelection, matching

    for word in (what, what.upper(), what.lower()):
        try:
            matching(word, known)
        except UnknownSelection:
            continue
        return f"{what!r} stands for several rules; `dodont rules --select {word}` lists them"
    names = [name for each in known.values() for name in (each.name, each.code)]
    folded = {name.casefold(): name for name in (*names, *(practice.id for practice in practices()))}
    near = [folded[match] for match in get_close_matches(what.casefold(), folded, n=3)]
    hint = f"did you mean {' or '.join(near)}?" if near else "`dodont rules` and `dodont practices` list them"
    return f"no rule or practice is called {what!r}; {hint}"
