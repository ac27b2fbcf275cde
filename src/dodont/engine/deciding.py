"""What rules over the whole project decide when all files of a run are analysed.

They are given data alone, which every file's analysis brings along, be it of this run or of an earlier one. In what order the files
were analysed does not show.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable

from dodont.analysis import Decision
from dodont.core.diagnostic import Asked, Diagnostic, Suspicion
from dodont.engine import catalogue
from dodont.engine.dispatch import internal
from dodont.engine.settings import Settings

DEBUG = bool(os.environ.get("DODONT_DEBUG"))


def decided(suspicions: Iterable[Suspicion], asked: Iterable[Asked], settings: Settings) -> dict[str, list[Diagnostic]]:
    """The findings that come of suspicions, by file."""
    evidence = sorted(asked, key=lambda each: (each.at.path, each.at.span, each.entity, each.column, each.how))
    by_rule: dict[str, list[Suspicion]] = {}
    for each in sorted(suspicions, key=lambda each: each.finding.sort_key):
        by_rule.setdefault(each.finding.rule, []).append(each)
    found: dict[str, list[Diagnostic]] = {}
    for name, own in by_rule.items():
        rule = catalogue.rules()[name]
        module = importlib.import_module(f"dodont.rules.{rule.family}.{rule.module}")
        options = {**rule.options, **settings.rule_options.get(name, {})}
        for value in vars(module).values():
            if isinstance(value, Decision) and value.rule == name:
                try:
                    for finding in value.decide(own, evidence, options):
                        found.setdefault(finding.path, []).append(finding)
                except Exception as error:
                    if DEBUG:
                        raise
                    path = own[0].finding.path
                    message = f"rule {name} failed ({type(error).__name__}: {error}); please report it"
                    found.setdefault(path, []).append(internal(path, message))
    return found
