"""What a rule says of a place in the code, and what could be changed there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Applicability = Literal["safe", "unsafe", "display"]


class Span(NamedTuple):
    """A half-open region of one file: lines count from 1, columns from 0, in characters (not bytes)."""

    line: int
    column: int
    end_line: int
    end_column: int


class Step(NamedTuple):
    """One place on the way of a value, in the order a reader follows it; the path is as the run names the file."""

    path: str
    span: Span
    text: str


class Fix(NamedTuple):
    """The intention to change code. ``dodont.fixes`` turns it into edits when somebody asks.

    ``anchor`` is the node to rewrite (an expression or a statement of the diagnostic's own file), ``parameters`` is
    plain data that the rewriter of the same name takes as keyword arguments. ``own`` are the top-level packages that the file
    imports and that are the project's own: an import that the rewriter adds stands above or below theirs.
    """

    title: str
    applicability: Applicability
    anchor: Span
    parameters: Mapping[str, Any] = {}
    own: Sequence[str] = ()


class Edit(NamedTuple):
    """Replace the text of ``span`` by ``text``."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding. ``rule`` is the rule's name, ``symbol`` the qualified name of the enclosing function or class."""

    rule: str
    code: str
    path: str
    span: Span
    message: str
    help: str = ""
    severity: Literal["error", "warning"] = "warning"
    symbol: str = ""
    flow: tuple[Step, ...] = ()
    related: tuple[Step, ...] = ()
    fix: Fix | None = None

    @property
    def sort_key(self) -> tuple[str, Span, str, str]:
        return (self.path, self.span, self.code, self.message)


class Asked(NamedTuple):
    """A query somewhere in the project asks something of a column (``dodont.semantic.values.Use``), as data that travels."""

    entity: str
    column: str
    how: str
    at: Step
    constant: bool = False
    query: tuple[str, Span] | None = None


class Suspicion(NamedTuple):
    """What becomes a finding when the rest of the project bears it out. ``about`` is plain data for the rule that decides then."""

    finding: Diagnostic
    about: Mapping[str, Any] = {}
