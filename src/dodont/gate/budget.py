"""Budgets: how many findings of a kind a project allows itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dodont.core.diagnostic import Diagnostic
from dodont.core.rule import INTERNAL_CODE, Rule
from dodont.engine.selection import NEW, SEVERITIES, matching


@dataclass(frozen=True, slots=True)
class Condition:
    """``found`` findings of the kind ``name``, of which ``limit`` are allowed."""

    name: str
    limit: int
    found: int

    @property
    def passed(self) -> bool:
        return self.found <= self.limit


def judged(
    budget: Mapping[str, int], found: Sequence[Diagnostic], new: Sequence[Diagnostic], rules: Mapping[str, Rule]
) -> list[Condition]:
    """The conditions of a budget, in its order; without any, nothing may be new. dodont's own trouble is counted as new."""
    return [Condition(name, limit, _count(name, found, new, rules)) for name, limit in (budget or {NEW: 0}).items()]


def _count(name: str, found: Sequence[Diagnostic], new: Sequence[Diagnostic], rules: Mapping[str, Rule]) -> int:
    if name == NEW:
        return len(new)
    if name in SEVERITIES:
        return sum(each.severity == name.partition(":")[2] for each in found)
    meant = matching(name, rules)
    return sum(each.rule in meant and each.code != INTERNAL_CODE for each in found)
