"""Several values of one kind in one row: numbered columns, a text that is split into a list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dodont.analysis import Asked, Diagnostic, Entity, Pass, Suspicion, on, over
from dodont.core.patterns import pattern

if TYPE_CHECKING:
    from dodont.analysis import Column

_NUMBERED = pattern(r"(.*?)_?(\d{1,2})(?:_id)?$")
#: What stands on several lines, and is one value.
_LINES = pattern(r"(?:^|_)(?:address|addr|line|street)s?(?:_?line)?$", re.I)
#: How many numbered foreign keys are more than the two sides of something.
MANY_KEYS = 3


@on(Entity, rule="denormalized-columns")
def check(entity: Entity, run: Pass) -> Iterator[Diagnostic | Suspicion]:
    table = run.declared.entity(entity.ref)
    if table is None or table.entity != entity.ref:
        return
    own = [
        column
        for column in table.columns.values()
        if column.site is not None
        and column.site.path == run.module.path
        and entity.site.line <= column.site.line <= entity.site.end_line
    ]
    for family in _families(own):
        first = family[0]
        assert first.site is not None
        names = ", ".join(f"`{column.attribute}`" for column in family)
        yield run.report("numbered", first.site, columns=names, table=table.name or entity.ref.rpartition(".")[2])
    for column in own:
        if column.references is None and not column.few and column.site is not None:
            finding = run.report("list", column.site, column=f"{table.name}.{column.name}", separator="{separator}")
            yield run.suspect(finding, entity=entity.ref, attribute=column.attribute)


def _families(columns: Sequence[Column]) -> Iterator[list[Column]]:
    """Columns of the same kind and name but for a number, counted from 0 or 1 without a gap."""
    found: dict[tuple[str, str], dict[int, Column]] = {}
    for column in columns:
        match = _NUMBERED.match(column.attribute)
        if match is not None and len(match[1]) > 1 and not _LINES.search(match[1]):
            found.setdefault((match[1], column.kind), {})[int(match[2])] = column
    for numbered in found.values():
        least = MANY_KEYS if any(column.references is not None for column in numbered.values()) else 2
        first = min(numbered)
        if len(numbered) >= least and first in (0, 1) and max(numbered) - first + 1 == len(numbered):
            yield [numbered[number] for number in sorted(numbered)]


@over(rule="denormalized-columns")
def decide(suspicions: Sequence[Suspicion], asked: Sequence[Asked], options: Mapping[str, Any]) -> Iterator[Diagnostic]:
    splits: dict[tuple[str, str], list[Asked]] = {}
    for each in asked:
        if each.how.startswith("split "):
            splits.setdefault((each.entity, each.column), []).append(each)
    for suspicion in suspicions:
        places = splits.get((suspicion.about["entity"], suspicion.about["attribute"]))
        if places:
            separator = places[0].how.removeprefix("split ")
            message = suspicion.finding.message.replace("{separator}", separator)
            yield replace(suspicion.finding, message=message, related=tuple(each.at for each in places[:5]))
