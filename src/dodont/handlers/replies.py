"""Blocks of a handler that answer with an error."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from dodont.analysis import Route
from dodont.core.patterns import pattern

#: Replies that say who may do what, or that something is not there.
NO_RULE = pattern(
    r"(?:PermissionDenied|Forbidden|Unauthorized|NotAuthenticated|AuthenticationFailed|Http40[134]|NotFound|HTTP_40[134]_\w+)$"
)
REFUSAL = pattern(r"(?:HttpResponseBadRequest|HTTP_4\d\d_\w+)$")
NOTICES = frozenset({"django.contrib.messages.error", "django.contrib.messages.warning"})
BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.With, ast.AsyncWith, ast.Match)


def refuses(route: Route, body: Sequence[ast.stmt]) -> bool:
    """Whether a block ends in an error reply that is neither about permissions nor about something missing."""
    if any(isinstance(each, BLOCKS) for each in body):
        return False  # more than a guard
    last = body[-1] if body else None
    if isinstance(last, ast.Raise):
        return last.exc is not None and _status(route, last.exc) not in ("other", "no rule")
    if isinstance(last, ast.Return):
        if last.value is not None and _status(route, last.value) == "refusal":
            return True
        return any(_says_no(route, each) for each in body)
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        callee = route.calls.get(id(last.value))
        return callee is not None and callee.never and _status(route, last.value) != "no rule"
    return False


def _says_no(route: Route, node: ast.stmt) -> bool:
    """A message that stands in for an error reply before a redirect."""
    callee = route.calls.get(id(node.value)) if isinstance(node, ast.Expr) else None
    return callee is not None and callee.target in NOTICES


def _status(route: Route, node: ast.expr) -> str:
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    if isinstance(node, ast.Call):
        parts = [node.func, *node.args, *[word.value for word in node.keywords]]
    for part in parts:
        value = route.values.get(id(part))
        if value is None:
            continue
        if value.ref is not None and NO_RULE.search(value.ref):
            return "no rule"
        if value.ref is not None and REFUSAL.search(value.ref):
            return "refusal"
        if value.ref is not None and value.ref.startswith("builtins.") and part is parts[0]:
            return "other"
        if value.const.__class__ is int and 200 <= value.const < 600:
            return "no rule" if value.const in (401, 403, 404) else "refusal" if 400 <= value.const < 500 else "other"
    return ""
