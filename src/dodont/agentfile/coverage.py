"""What becomes of the statements of an instruction file: enforced by rules that run, contradicted by the configuration, or advice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from dodont.agentfile.matching import meant, stems
from dodont.agentfile.reading import Statement, statements
from dodont.core.rule import Rule
from dodont.engine.catalogue import Practice
from dodont.engine.selection import select
from dodont.engine.settings import Settings

State = Literal["enforced", "contradicted", "advice"]

#: Where a file has sections of DOs and DON'Ts, its other lists are no rules.
_DOS = re.compile(r"\W*(?:do|don['’]?t)s?\b", re.I)
_NUMBER = re.compile(r"\b(\d{1,6})\s+([a-z]+)", re.I)


class Covered(NamedTuple):
    """A statement that means a practice. ``rules`` are those that serve it and run; ``why`` is what is to be said of it else."""

    statement: Statement
    practice: Practice
    state: State
    rules: tuple[Rule, ...]
    why: str = ""


def practised(text: str) -> list[tuple[Statement, Practice]]:
    """The statements of a file that mean a practice, in order."""
    found = list(statements(text))
    ruled = [each for each in found if any(_DOS.match(heading) for heading in each.under)]
    return [(each, practice) for each in ruled or found if (practice := meant(each)) is not None]


def covered(text: str, rules: Mapping[str, Rule], settings: Settings) -> list[Covered]:
    """What the settings make of each statement. Raises UnknownSelection."""
    running = select(rules, settings)
    done = []
    for statement, practice in practised(text):
        serving = [rule for rule in rules.values() if practice.id in rule.practices]
        on = tuple(rule for rule in serving if rule.name in running)
        off = [rule for rule in serving if rule.name not in running and rule.status == "stable"]
        contrary = _contrary(statement, on, settings)
        if contrary:
            done.append(Covered(statement, practice, "contradicted", on, contrary))
        elif on:
            done.append(Covered(statement, practice, "enforced", on))
        elif off:
            names = " and ".join(f"{rule.code} {rule.name}" for rule in off)
            done.append(Covered(statement, practice, "contradicted", (), f"the configuration switches off {names}"))
        elif serving:
            names = " or ".join(f"{rule.code} {rule.name} ({rule.status})" for rule in serving)
            done.append(Covered(statement, practice, "advice", (), f"select {names} to enforce it"))
        else:
            done.append(Covered(statement, practice, "advice", (), "no rule yet"))
    return done


def _contrary(statement: Statement, rules: tuple[Rule, ...], settings: Settings) -> str:
    """``under 30 lines`` where a rule's option ``max-lines`` is 80."""
    for number, unit in _NUMBER.findall(statement.text):
        for rule in rules:
            for name, default in rule.options.items():
                value = settings.rule_options.get(rule.name, {}).get(name, default)
                if type(value) is int and stems(name.replace("-", " "))[-1:] == stems(unit) and value != int(number):
                    return f"the file says {number} {unit}, and `{rule.name}.{name}` is {value}"
    return ""
