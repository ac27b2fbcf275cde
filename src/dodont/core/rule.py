"""What a card declares about one kind of finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

#: The family a code's first digit stands for; also the folder of its card, rule and fix.
FAMILIES = {
    "0": "dodont",
    "1": "architecture",
    "2": "database",
    "3": "api",
    "4": "security",
    "5": "errors",
    "6": "testing",
    "7": "concurrency",
}

#: dodont's own trouble: a file that cannot be read, a rule that failed.
INTERNAL_CODE = "ODD000"
INTERNAL_RULE = "internal-error"

Status = Literal["stable", "strict", "preview"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, without behaviour; the fields are those of the card's head (docs/writing-a-rule.md)."""

    name: str
    code: str
    summary: str
    category: str
    status: Status
    since: str
    practices: tuple[str, ...] = ()
    fix: Literal["safe", "unsafe", "display"] | None = None
    scope: Literal["module", "project"] = "module"
    libraries: tuple[str, ...] = ()
    messages: Mapping[str, str] = field(default_factory=dict)
    remedy: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    cwe: tuple[str, ...] = ()
    measured: Mapping[str, Any] = field(default_factory=dict)
    covers: tuple[str, ...] = ()  # rules whose findings in the same function say less than one of this rule

    @property
    def family(self) -> str:
        return FAMILIES[self.code[3]]

    @property
    def module(self) -> str:
        """The last part of the rule's module name, the same under ``rules/`` and ``fixes/``."""
        return self.name.replace("-", "_")

    @property
    def precision(self) -> float | None:
        """The measured share of right findings on real projects, or None while nothing was measured.

        Where there are two samples the one of projects seen for the first time counts: that is what users have.
        """
        sample = self.measured.get("unseen") or self.measured
        found = sample.get("findings", 0)
        return sample["right"] / found if found else None

    @property
    def confidence(self) -> Literal["very-high", "high", "medium"]:
        """The precision as a word; what is not measured may be wrong now and then."""
        measured = self.precision
        if measured is None or measured < 0.9:
            return "medium"
        return "very-high" if measured >= 0.95 else "high"
