"""From a rule's `Fix` (the intention) to text edits: one rewriter a fixable rule, loaded when somebody asks.

``dodont.fixes.<family>.<rule_module>`` holds ``rewrite(node, *, edit, **parameters)``: the fix's anchor, the
`Editor` that collects replacements, and the fix's parameters. It returns the replacement of the node, or None when it
said everything through the editor; it raises `CannotFix` when the code at hand is not what it can change faithfully.
This module loads neither libcst nor a rewriter; `edits` does.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from types import ModuleType

from dodont.core.diagnostic import Edit, Fix
from dodont.core.rule import FAMILIES

_TOO_DEEP = "the file is too deeply nested to be changed by machine"


class CannotFix(Exception):  # noqa: N818  (an answer, not an error)
    """A rewriter's answer when it declines; the message says why, in a clause without a full stop."""


@cache
def rewriter_of(rule: str) -> ModuleType | None:
    """The module that rewrites what ``rule`` found, or None when the rule has no fix."""
    for family in FAMILIES.values():
        name = f"{__name__}.{family}.{rule.replace('-', '_')}"
        try:
            found = importlib.util.find_spec(name)
        except ModuleNotFoundError:
            continue
        if found:
            return importlib.import_module(name)
    return None


def edits(source: str, fixes: Sequence[tuple[str, Fix]]) -> list[tuple[Edit, ...] | CannotFix]:
    """One answer for each (rule name, fix): the edits that make it, in text order, or why there are none.

    Spans are those of ``source`` without a leading byte order mark; the edits of different fixes may overlap.
    """
    from dodont.fixes.rewriter import Source

    with _descending():
        try:
            parsed = Source(source)
        except CannotFix as reason:
            return [reason] * len(fixes)
        except RecursionError:
            return [CannotFix(_TOO_DEEP)] * len(fixes)
        return [_edits(parsed, rule, fix) for rule, fix in fixes]


@contextmanager
def _descending() -> Iterator[None]:
    """libcst takes up to five calls for each level of a tree."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 5_000))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def _edits(parsed: object, rule: str, fix: Fix) -> tuple[Edit, ...] | CannotFix:
    from dodont.fixes.rewriter import Editor, Source

    assert isinstance(parsed, Source)
    module = rewriter_of(rule)
    if module is None:
        return CannotFix(f"{rule} has no rewriter")
    try:
        editor = Editor(parsed, parsed.find(fix.anchor, module.ANCHOR), fix.own)
        new = module.rewrite(editor.anchor, edit=editor, **fix.parameters)
        if new is not None:
            editor.replace(editor.anchor, new)
        return editor.edits()
    except CannotFix as reason:
        return reason
    except RecursionError:
        return CannotFix(_TOO_DEEP)
