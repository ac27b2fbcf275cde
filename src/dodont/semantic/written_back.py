"""Numbers that a statement reads and another one writes back, changed: by SQL text, and in documents.

::

    row = await connection.fetchrow("SELECT balance FROM accounts WHERE id = $1", number)
    await connection.execute("UPDATE accounts SET balance = $1 WHERE id = $2", row["balance"] - amount, number)

What `recomputed.py` tells of objects, this tells of rows: where a value comes from is asked of the function's own code. Into which column
a statement puts it only the rule asks, of the SQL.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dodont.semantic.events import Recomputed, Rewriting
from dodont.semantic.recomputed import ANY, bindings_of, given_or
from dodont.semantic.trees import nodes_of, walk
from dodont.semantic.values import Text

if TYPE_CHECKING:
    from dodont.semantic.frame import Frame

_FETCHES = frozenset(
    "fetchone fetchrow fetchval fetch_one fetch_val scalar scalar_one scalar_one_or_none one one_or_none first find_one".split()
)


def statement(frame: Frame, node: ast.Call, text: Text) -> None:
    """A statement with a parameter that is a column's old value plus or minus something."""
    function = frame.function
    if (
        function is None
        or function.node is None
        or not any("update" in each.lower() for each in text.parts if isinstance(each, str))
    ):
        return
    computed = []
    for key, value in _parameters(node):
        column = _changed_column(function.node, value)
        if column is not None:
            computed.append((key, column))
    if computed:
        _tell(frame, node, "", "", Rewriting(text, tuple(computed), tuple(frame.once(_texts, ""))))


def _tell(frame: Frame, node: ast.Call, holder: str, field: str, rewriting: Rewriting | None = None) -> None:
    site = frame.site(node)
    assert frame.function is not None
    told = Recomputed(site, holder, field, ANY, site, frame.function, True, rewriting)
    if told not in frame.told:
        frame.told.append(told)


def _texts(frame: Frame, _: str) -> list[str]:
    assert frame.function is not None and frame.function.node is not None
    constants = nodes_of(frame.function.node, frozenset({ast.Constant}))
    return [each.value for each in constants if isinstance(each, ast.Constant) and isinstance(each.value, str)]


def _parameters(node: ast.Call) -> Iterator[tuple[int | str, ast.expr]]:
    """The parameters that a call gives its statement, by their positions or names."""
    rest = node.args[1:]
    if len(rest) == 1 and isinstance(rest[0], (ast.Tuple, ast.List)):
        rest = rest[0].elts
    if len(rest) == 1 and isinstance(rest[0], ast.Dict):
        for key, value in zip(rest[0].keys, rest[0].values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, value
        return
    yield from enumerate(rest)


def _changed_column(function: ast.AST, value: ast.expr, depth: int = 0) -> str | None:
    """The column of a row that was fetched, where a value is what it held plus or minus something; empty where its name is not known."""
    if isinstance(value, ast.Name) and depth < 2:
        bound = bindings_of(function, value.id)
        if any(isinstance(each, ast.AugAssign) and isinstance(each.op, (ast.Add, ast.Sub)) for each in bound):
            read = [each.value for each in bound if not isinstance(each, ast.AugAssign)]
            return next((found for each in read if (found := _column(function, each, 1)) is not None), None)
        return _changed_column(function, bound[0].value, depth + 1) if len(bound) == 1 else None
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, (ast.Add, ast.Sub)):
        return None
    sides = (_column(function, given_or(each)) for each in (value.left, value.right))
    return next((found for found in sides if found is not None), None)


def _column(function: ast.AST, value: ast.expr | None, depth: int = 0) -> str | None:
    """``row["balance"]``, ``row.balance``, ``balance`` of ``balance, = cursor.fetchone()``."""
    match value:
        case (
            ast.Subscript(value=ast.Name(id=row), slice=ast.Constant(value=str(name)))
            | ast.Attribute(value=ast.Name(id=row), attr=name)
            | ast.Call(func=ast.Attribute(value=ast.Name(id=row), attr="get"), args=[ast.Constant(value=str(name)), *_])
        ) if any(_fetches(each.value) for each in bindings_of(function, row)):
            return name
        case ast.Name(id=name) if depth < 3:
            found = (_column(function, each.value, depth + 1) for each in bindings_of(function, name))
            return next((each for each in found if each is not None), None)
    return "" if depth > 0 and _fetches(value) else None


def _fetches(value: ast.expr | None) -> bool:
    return value is not None and any(
        isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr in _FETCHES
        for each in walk(value)
    )


def document(frame: Frame, node: ast.Call) -> None:
    """``update_one({"_id": number}, {"$set": {"count": found["count"] + 1}})``."""
    function = frame.function
    if function is None or function.node is None or len(node.args) < 2 or not isinstance(node.args[1], ast.Dict):
        return
    for operator, fields in zip(node.args[1].keys, node.args[1].values, strict=True):
        if not (isinstance(operator, ast.Constant) and operator.value == "$set" and isinstance(fields, ast.Dict)):
            continue
        for key, value in zip(fields.keys, fields.values, strict=True):
            if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
                continue
            read = [
                each.slice.value
                for each in walk(node.args[0])
                if isinstance(each, ast.Subscript) and isinstance(each.slice, ast.Constant)
            ]
            if all(each == "_id" for each in read) and _changed_column(function.node, value) == key.value:
                _tell(frame, node, "document", key.value)
