"""A rule's or practice's page: as text, Markdown or plain data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from dodont.core.card import SECTIONS, Card
from dodont.core.rule import Rule
from dodont.engine.catalogue import Practice

_EXPECTATION = re.compile(r'(?:[ \t]*# want ".+?")+[ \t]*$', re.M)


def markdown(card: Card, practices: Iterable[Practice]) -> str:
    rule = card.rule
    lines = [f"# {rule.code} {rule.name}", "", f"**{rule.summary}** ({_facts(rule)})", "", markdown_body(card), ""]
    if rule.remedy:
        lines += ["## How to fix", "", rule.remedy, ""]
    lines += ["## Practices", "", *(f"- `{practice.id}`: {practice.text}" for practice in practices), ""]
    lines += ["## Measured", "", measured(rule)]
    return "\n".join(lines)


def markdown_body(card: Card) -> str:
    """Prose and examples, without the tests' expectations."""
    parts = [card.prose]
    for section in SECTIONS:
        for position, example in enumerate(card.of(section)):
            if position == 0:
                parts.append(f"## {section}")
            for name, code in example.files.items():
                named = f"`{name}`\n\n" if len(example.files) > 1 else ""
                parts.append(f"{named}```{_language(name)}\n{clean(code)}```")
    return "\n\n".join(parts)


def text(card: Card, practices: Iterable[Practice]) -> str:
    return "\n".join(_text(card, practices)).rstrip()


def _text(card: Card, practices: Iterable[Practice]) -> Iterator[str]:
    rule = card.rule
    yield f"{rule.code} {rule.name}: {rule.summary}"
    yield f"({_facts(rule)})"
    yield ""
    yield card.prose
    yield ""
    for section in SECTIONS:
        for example in card.of(section):
            yield f"{section}:"
            for name, code in example.files.items():
                if len(example.files) > 1:
                    yield f"    # {name}"
                yield from (f"    {line}".rstrip() for line in clean(code).splitlines())
            yield ""
    if rule.remedy:
        yield from (f"How to fix: {rule.remedy}", "")
    yield f"dodont fix: {_fix(rule)}"
    yield ""
    yield "Practices:"
    yield from (f"    {practice.id}: {practice.text}" for practice in practices)
    yield ""
    if rule.options:
        yield f"Options, in [tool.dodont.rules.{rule.name}], with their defaults:"
        yield from (f"    {name} = {value!r}" for name, value in rule.options.items())
        yield ""
    yield f"Measured: {measured(rule)}"


def data(card: Card) -> dict[str, Any]:
    return {
        **summary(card.rule),
        "explanation": card.prose,
        "remedy": card.rule.remedy,
        "messages": dict(card.rule.messages),
        "options": dict(card.rule.options),
        "examples": {
            section.lower().replace(" ", "_"): [
                {name: clean(code) for name, code in example.files.items()} for example in card.of(section)
            ]
            for section in SECTIONS
        },
    }


def summary(rule: Rule) -> dict[str, Any]:
    """What the list of rules says of one."""
    return {
        "code": rule.code,
        "name": rule.name,
        "summary": rule.summary,
        "family": rule.family,
        "category": rule.category,
        "status": rule.status,
        "scope": rule.scope,
        "fix": rule.fix,
        "practices": list(rule.practices),
        "libraries": list(rule.libraries),
        "aliases": list(rule.aliases),
        "cwe": list(rule.cwe),
        "covers": list(rule.covers),
        "since": rule.since,
        "measured": dict(rule.measured) or None,
        "precision": rule.precision,
    }


def clean(code: str) -> str:
    """An example as one would write it: the marks of expected findings are the tests' business."""
    return _EXPECTATION.sub("", code)


def measured(rule: Rule) -> str:
    if rule.precision is None:
        return "not measured yet"
    sample = rule.measured
    text = f"{sample['right']} of {sample['findings']} sampled findings on real projects were right ({sample['on']})"
    unseen = sample.get("unseen")
    return f"{text}, {unseen['right']} of {unseen['findings']} on projects seen for the first time" if unseen else text


def _facts(rule: Rule) -> str:
    facts = [rule.family, rule.category, rule.status, f"since {rule.since}"]
    facts += ["needs the whole project"] if rule.scope == "project" else []
    facts += [f"only with {', '.join(rule.libraries)}"] if rule.libraries else []
    return ", ".join(facts)


def _fix(rule: Rule) -> str:
    return {
        None: "none, a person has to decide",
        "safe": "safe, keeps what the code does",
        "unsafe": "with --unsafe-fixes, may change what the code does",
        "display": "shows what to write",
    }[rule.fix]


def _language(name: str) -> str:
    return {"py": "python"}.get(extension := name.rsplit(".", 1)[-1], extension)
