"""From events to findings: the selected rules' functions by the event they hear, one broken rule costing one line."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Mapping
from typing import Any

from dodont.analysis import Event, FunctionInfo, ModuleInfo, Pass, Subscription
from dodont.core.diagnostic import Diagnostic, Span, Suspicion
from dodont.core.rule import INTERNAL_CODE, INTERNAL_RULE, Rule
from dodont.project.project import Project

DEBUG = bool(os.environ.get("DODONT_DEBUG"))


def subscriptions(rules: Iterable[Rule]) -> dict[type, list[tuple[Rule, Subscription]]]:
    """Import the modules of the rules and collect what they subscribed, in the order of the codes."""
    found: dict[type, list[tuple[Rule, Subscription]]] = {}
    for rule in sorted(rules, key=lambda rule: rule.code):
        module = importlib.import_module(f"dodont.rules.{rule.family}.{rule.module}")
        for value in vars(module).values():
            if isinstance(value, Subscription) and value.rule == rule.name:
                found.setdefault(value.event, []).append((rule, value))
    return found


def internal(path: str, message: str, line: int = 1, column: int = 0) -> Diagnostic:
    """dodont's own trouble with a file, as a finding of one line."""
    text = " ".join(message.split())
    return Diagnostic(INTERNAL_RULE, INTERNAL_CODE, path, Span(line, column, line, column), text, severity="error")


class Dispatcher:
    """Runs the rules over the events of each module; keeps the findings per module until they are taken."""

    def __init__(self, rules: Iterable[Rule], options: Mapping[str, Mapping[str, Any]]) -> None:
        chosen = list(rules)
        self.rules = frozenset(rule.name for rule in chosen)
        self._subscriptions = subscriptions(chosen)
        self._options = options
        self._found: dict[str, dict[tuple[str, Span, str], Diagnostic]] = {}
        self._suspected: dict[str, list[Suspicion]] = {}
        self._broken: set[tuple[str, str]] = set()

    def hear(self, project: Project, module: ModuleInfo, function: FunctionInfo | None, events: list[Event]) -> None:
        for event in events:
            for rule, subscription in self._subscriptions.get(type(event), ()):
                if not rule.libraries or any(_reaches(module, library) for library in rule.libraries):
                    self._run(project, module, rule, subscription, event)

    def _run(self, project: Project, module: ModuleInfo, rule: Rule, subscription: Subscription, event: Event) -> None:
        try:
            run = Pass(rule, self._options.get(rule.name, {}), module, project)
            found = list(subscription.check(event, run))
        except Exception as error:
            if DEBUG:
                raise
            if (module.path, rule.name) not in self._broken:
                self._broken.add((module.path, rule.name))
                self.add(
                    internal(
                        module.path, f"rule {rule.name} failed ({type(error).__name__}: {error}); please report it"
                    )
                )
            return
        for each in found:
            if isinstance(each, Suspicion):
                self._suspected.setdefault(each.finding.path, []).append(each)
            else:
                self.add(each)

    def add(self, diagnostic: Diagnostic) -> None:
        key = (diagnostic.code, diagnostic.span, diagnostic.message if diagnostic.code == INTERNAL_CODE else "")
        self._found.setdefault(diagnostic.path, {}).setdefault(key, diagnostic)

    @property
    def heard(self) -> frozenset[type]:
        """The kinds of events that rules subscribed to."""
        return frozenset(self._subscriptions)

    def suspicions(self, path: str) -> list[Suspicion]:
        return self._suspected.pop(path, [])

    def take(self, path: str) -> list[Diagnostic]:
        return list(self._found.pop(path, {}).values())


def _reaches(module: ModuleInfo, library: str) -> bool:
    return any(name == library or name.startswith(library + ".") for name in module.imports)
