"""The rules and practices dodont knows.

Runs read ``catalogue.jsonl``, one rule a line, made from the cards by ``python -m dodont.engine.catalogue``; the cards
themselves are read only to explain a rule. A test fails when the file no longer says what the cards say.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from dodont.core.rule import INTERNAL_CODE, INTERNAL_RULE, Rule

if TYPE_CHECKING:
    from dodont.core.card import Card

_PACKAGE = Path(__file__).parent.parent
CATALOGUE = _PACKAGE / "catalogue.jsonl"

#: dodont's own trouble has a code and no card: it cannot be selected, ignored or measured.
INTERNAL = Rule(
    name=INTERNAL_RULE,
    code=INTERNAL_CODE,
    summary="dodont could not do all of its work on a file",
    practices=(),
    category="internal",
    status="stable",
    since="0.1",
    remedy="mend or exclude a file that cannot be read or parsed; report a rule that failed",
)
_TUPLES = tuple(field.name for field in dataclasses.fields(Rule) if str(field.type).startswith("tuple"))


class Practice(NamedTuple):
    """One of the practices the rules serve; ``text`` is a sentence of the agent file, ``keywords`` find it there."""

    id: str
    text: str
    kind: str
    area: str
    keywords: tuple[str, ...] = ()


@functools.cache
def rules() -> Mapping[str, Rule]:
    """Every rule by its name, in the order of the codes."""
    with CATALOGUE.open(encoding="utf-8") as lines:
        return MappingProxyType({rule.name: rule for rule in map(_rule, lines)})


def _rule(line: str) -> Rule:
    fields: dict[str, Any] = json.loads(line)
    for key in _TUPLES:
        if key in fields:
            fields[key] = tuple(fields[key])
    return Rule(**fields)


def cards_dir() -> Path:
    """Where the cards and ``practices.toml`` lie: inside the installed package, or beside ``src`` in a checkout."""
    packaged = _PACKAGE / "_cards"
    return packaged if packaged.is_dir() else _PACKAGE.parent.parent / "rules"


@functools.cache
def practices() -> tuple[Practice, ...]:
    """The practices in the agent file's own order."""
    import tomllib

    table = tomllib.loads((cards_dir() / "practices.toml").read_text(encoding="utf-8"))
    entries: list[dict[str, Any]] = next(value for value in table.values() if isinstance(value, list))
    return tuple(Practice(**{**entry, "keywords": tuple(entry.get("keywords", ()))}) for entry in entries)


def card(rule: Rule) -> Card:
    """The card of ``rule``. Raises OSError when it is not there, ``dodont.core.card.CardError`` when it is broken."""
    from dodont.core.card import read

    return read(cards_dir() / rule.family / f"{rule.name}.md")


def build(directory: Path) -> str:
    """The text of ``catalogue.jsonl`` for the cards below ``directory``, in the order of the codes.

    Fields at their defaults are left out. Raises ``dodont.core.card.CardError``.
    """
    from dodont.core.card import read

    found = sorted((read(path).rule for path in directory.glob("*/*.md")), key=lambda rule: rule.code)
    return "".join(json.dumps(_plain(rule), ensure_ascii=False, sort_keys=True) + "\n" for rule in found)


def _plain(rule: Rule) -> dict[str, Any]:
    return {
        field.name: value
        for field in dataclasses.fields(Rule)
        if (value := getattr(rule, field.name)) not in (None, (), {}, "")
    }


def main() -> int:
    """Check every card's head and write ``catalogue.jsonl`` anew; 2 when a card is wrong."""
    import importlib
    import sys

    from dodont.core.card import CardError

    # The model of a head is the configuration's, a layer above: only this command, never a run, looks up there.
    check_heads = importlib.import_module("dodont.config.model").check_cards
    directory = cards_dir()
    try:
        problems = check_heads(directory)
        text = "" if problems else build(directory)
    except CardError as error:
        problems = [str(error)]
    if problems:
        print(*problems, sep="\n", file=sys.stderr)
        return 2
    CATALOGUE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
