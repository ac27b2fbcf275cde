"""What a test that came out true or false says of the names in it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from dodont.semantic.annotations import type_named
from dodont.semantic.credentials import credential
from dodont.semantic.trees import last_name
from dodont.semantic.values import NONE, UNKNOWN, Value

if TYPE_CHECKING:
    from dodont.semantic.frame import Frame

#: String tests that leave no room for SQL when they hold.
_HARMLESS = frozenset({"isidentifier", "isalnum", "isdigit", "isnumeric", "isdecimal", "isalpha"})
_MATCHES = frozenset({"re.match", "re.fullmatch"})


def narrow(frame: Frame, test: ast.expr, truth: bool) -> None:
    """Bind in ``frame.env`` what is known once ``test`` came out as ``truth``."""
    kind = test.__class__
    if kind is ast.UnaryOp and test.op.__class__ is ast.Not:  # type: ignore[attr-defined]
        narrow(frame, test.operand, not truth)  # type: ignore[attr-defined]
    elif kind is ast.BoolOp:
        if (test.op.__class__ is ast.And) is truth:  # type: ignore[attr-defined]
            for each in test.values:  # type: ignore[attr-defined]
                narrow(frame, each, truth)
        elif not truth:
            for each in test.values:  # type: ignore[attr-defined]
                if each.__class__ is ast.Call:
                    _refused(frame, each, surely=False)
    elif kind is ast.Compare and len(test.ops) == 1:  # type: ignore[attr-defined]
        _compared(frame, test, truth)  # type: ignore[arg-type]
    elif kind is ast.Call:
        if truth:
            _called(frame, test)  # type: ignore[arg-type]
        else:
            _refused(frame, test)  # type: ignore[arg-type]
    elif kind is ast.Name or kind is ast.NamedExpr:
        target = test if kind is ast.Name else test.target  # type: ignore[attr-defined]
        _presence(frame, target, truth)
    elif kind is ast.Attribute and not truth:
        _presence(frame, test, truth)


def _key(node: ast.expr) -> str | None:
    if node.__class__ is ast.Name:
        return node.id
    if node.__class__ is ast.Attribute and node.value.__class__ is ast.Name:
        return f"{node.value.id}.{node.attr}"
    if node.__class__ is ast.NamedExpr:
        return node.target.id
    return None


def _set(frame: Frame, node: ast.expr, value: Value) -> None:
    key = _key(node)
    if key is not None:
        frame.env[key] = value
        if "." in key:
            frame.paths.add(key.partition(".")[0])


def _presence(frame: Frame, node: ast.expr, present: bool) -> None:
    key = _key(node)
    value = frame.env.get(key) if key is not None else None
    if value is not None and present and value.maybe_none:
        _set(frame, node, value.but(maybe_none=False))
    elif value is not None and not present and value.labels:  # nothing there, and so no secret
        kept = tuple(label for label in value.labels if label.kind not in ("secret", "secrets", "parameter"))
        empty = value.but(labels=kept)
        for name in [
            name for name, each in frame.env.items() if each is value
        ]:  # after `self.key = key` both are empty
            frame.env[name] = empty


def _compared(frame: Frame, test: ast.Compare, truth: bool) -> None:
    op, left, right = test.ops[0].__class__, test.left, test.comparators[0]
    if op in (ast.Is, ast.IsNot, ast.Eq, ast.NotEq) and isinstance(right, ast.Constant) and right.value is None:
        if (op in (ast.Is, ast.Eq)) is truth:
            _set(frame, left, NONE)
        else:
            _presence(frame, left, True)
    elif op in (ast.Eq, ast.NotEq) and (op is ast.Eq) is truth:
        if _key(left) is not None and frame.quiet(right).literal:
            _literal(frame, left)
    elif op in (ast.In, ast.NotIn) and (op is ast.NotIn) is truth and isinstance(left, ast.Constant):
        if left.value in ("'", '"', ";", "`"):
            _literal(frame, right)
        elif left.value.__class__ is str and isinstance(right, ast.Name):
            _lacks(frame, right, left.value)
    elif (
        op in (ast.In, ast.NotIn)
        and (op is ast.In) is truth
        and _key(left) is not None
        and not any(label.kind == "request" for label in frame.quiet(right).labels)
    ):
        _literal(frame, left)


def _lacks(frame: Frame, mapping: ast.Name, key: str) -> None:
    """``"password" not in data``: what the mapping carries under that key is not there."""
    value = frame.env.get(mapping.id)
    if value is not None and value.labels:
        gone = {key, mapping.id} if credential(key) else {key}  # `"access_token" not in token`: an answer without one
        kept = tuple(
            label for label in value.labels if label.kind != "secret" or label.what.rpartition(".")[2] not in gone
        )
        if len(kept) != len(value.labels):
            frame.env[mapping.id] = value.but(labels=kept)


def _literal(frame: Frame, node: ast.expr) -> None:
    """The value is one of those an allow-list holds."""
    if _key(node) is None:
        return
    value = frame.quiet(node)
    if value is UNKNOWN:
        value = Value(literal=True)
    _set(frame, node, value.but(literal=True, labels=tuple(label for label in value.labels if label.kind == "secret")))


_ASKS = frozenset({"isawaitable", "iscoroutine", "isfuture"})
_AWAITABLES = frozenset({"Awaitable", "Coroutine", "Future"})


def _refused(frame: Frame, test: ast.Call, surely: bool = True) -> None:
    """``isinstance(self.store, AsyncStore)`` came out false: the attribute is no such object, and stays what it was afterwards."""
    func = test.func
    if not test.args or _key(test.args[0]) is None:
        return
    if surely and (last_name(func) in _ASKS or (len(test.args) == 2 and last_name(test.args[1]) in _AWAITABLES)):
        known = frame.quiet(test.args[0])
        if known.pending is not None:  # `if isinstance(user, Awaitable): user = await user`: else it is none
            _set(frame, test.args[0], known.but(pending=None))
        return
    if not isinstance(func, ast.Name) or func.id != "isinstance" or len(test.args) != 2:
        return
    known = frame.quiet(test.args[0])
    if surely and known.type is not None and known.type == type_named(frame, frame.quiet(test.args[1])):
        known = known.but(type=None)
    elif not isinstance(test.args[0], ast.Attribute):
        return
    _set(frame, test.args[0], known)


def _called(frame: Frame, test: ast.Call) -> None:
    func = test.func
    if isinstance(func, ast.Name) and func.id == "isinstance" and len(test.args) == 2:
        known = frame.quiet(test.args[0])
        choices = test.args[1].elts if isinstance(test.args[1], ast.Tuple) else [test.args[1]]
        types = [type_named(frame, frame.quiet(choice)) for choice in choices]
        if types and types[0] is not None and _key(test.args[0]) is not None and (len(types) == 1 or None not in types):
            plain = all(each is not None and each.name in ("int", "float", "bool") for each in types)
            if len(types) == 1 or plain:
                _set(frame, test.args[0], known.but(type=types[0], maybe_none=False, pending=None))
    elif isinstance(func, ast.Attribute) and func.attr in _HARMLESS:
        _literal(frame, func.value)
    elif isinstance(func, ast.Attribute) and func.attr in ("match", "fullmatch"):
        callee = frame.quiet(func)
        if callee.ref in _MATCHES and len(test.args) >= 2:
            _literal(frame, test.args[1])
        elif test.args and callee.ref not in _MATCHES:
            _literal(frame, test.args[0])
