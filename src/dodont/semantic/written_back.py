"""Numbers that a statement reads and another one writes back, changed: in SQL text, and in documents.

::

    row = await connection.fetchrow("SELECT balance FROM accounts WHERE id = $1", number)
    await connection.execute("UPDATE accounts SET balance = $1 WHERE id = $2", row["balance"] - amount, number)

What `recomputed.py` tells of objects, this tells of rows: where a value comes from is asked of the function's own code.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dodont.semantic.events import Recomputed
from dodont.semantic.recomputed import ANY, bindings_of, given_or
from dodont.semantic.trees import nodes_of, walk
from dodont.semantic.values import Text

if TYPE_CHECKING:
    from dodont.semantic.frame import Frame

_UPDATE = re.compile(r"\bupdate\s+([\w.\"`\[\]]+)\s+set\b(.*?)(?:\bwhere\b(.*))?$", re.I | re.S)
_PLACE = re.compile(r"([\w\"`]+)\s*=\s*(\?|%s|\$\d+|:\w+|%\(\w+\)s)|\?|%s")
_LOCKS = re.compile(r"for\s+update|begin\s+(?:immediate|exclusive)|lock\s+table|serializable|advisory|get_lock", re.I)
_FETCHES = frozenset(
    "fetchone fetchrow fetchval fetch_one fetch_val scalar scalar_one scalar_one_or_none one one_or_none first find_one".split()
)


def statement(frame: Frame, node: ast.Call, text: Text) -> None:
    """``UPDATE`` with a parameter that is a column's old value plus or minus something."""
    function = frame.function
    if function is None or function.node is None:
        return
    sql = "".join(part if isinstance(part, str) else "{}" for part in text.parts)
    update = _UPDATE.search(sql)
    if update is None:
        return
    table, changes, where = update[1].strip('"`[]'), update[2], update[3] or ""
    for column, value in _changes(node, changes):
        if not _is_changed(function.node, column, value):
            continue
        if re.search(rf"\b{column}\b|version", where, re.I):
            continue  # whoever comes second finds no such row
        texts = frame.once(_texts, "")
        read = re.compile(rf"\bselect\b.*(?:\b{column}\b|\*).*\bfrom\s+[\"`\[]?{re.escape(table)}\b", re.I | re.S)
        if any(_LOCKS.search(each) for each in texts) or not any(read.search(each) for each in texts):
            continue
        _tell(frame, node, table, column)


def _tell(frame: Frame, node: ast.Call, table: str, column: str) -> None:
    site = frame.site(node)
    assert frame.function is not None
    told = Recomputed(site, table, column, ANY, site, frame.function, True)
    if told not in frame.told:
        frame.told.append(told)


def _texts(frame: Frame, _: str) -> list[str]:
    assert frame.function is not None and frame.function.node is not None
    constants = nodes_of(frame.function.node, frozenset({ast.Constant}))
    return [each.value for each in constants if isinstance(each, ast.Constant) and isinstance(each.value, str)]


def _changes(node: ast.Call, text: str) -> Iterator[tuple[str, ast.expr]]:
    """The columns that are set to a parameter, with the expression that the call gives for it."""
    rest = node.args[1:]
    if len(rest) == 1 and isinstance(rest[0], (ast.Tuple, ast.List)):
        rest = rest[0].elts
    named = {}
    for each in node.args[1:2]:
        if isinstance(each, ast.Dict):
            named = {
                key.value: value
                for key, value in zip(each.keys, each.values, strict=True)
                if isinstance(key, ast.Constant)
            }
    position = 0
    for found in _PLACE.finditer(text):
        column, place = found[1], found[2] or ""
        value = named.get(place.strip(":%()s")) or named.get(place[1:])
        if place[:1] == "$":
            value = rest[int(place[1:]) - 1] if int(place[1:]) <= len(rest) else None
        elif place in ("?", "%s", ""):
            value = rest[position] if position < len(rest) else None
            position += 1
        if column and value is not None:
            yield column.strip('"`'), value


def _is_changed(function: ast.AST, column: str, value: ast.expr, depth: int = 0) -> bool:
    """Whether a value is the column of a row that was fetched, plus or minus something."""
    if isinstance(value, ast.Name) and depth < 2:
        bound = bindings_of(function, value.id)
        if any(isinstance(each, ast.AugAssign) and isinstance(each.op, (ast.Add, ast.Sub)) for each in bound):
            read = [each.value for each in bound if not isinstance(each, ast.AugAssign)]
            return any(_fetches(each) or _is_read(function, column, each) for each in read)
        return len(bound) == 1 and _is_changed(function, column, bound[0].value, depth + 1)
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, (ast.Add, ast.Sub)):
        return False
    return any(_is_read(function, column, given_or(each)) for each in (value.left, value.right))


def _is_read(function: ast.AST, column: str, value: ast.expr, depth: int = 0) -> bool:
    """``row["balance"]``, ``row.balance``, ``balance`` of ``balance, = cursor.fetchone()``."""
    match value:
        case (
            ast.Subscript(value=row, slice=ast.Constant(value=str(name)))
            | ast.Attribute(value=row, attr=name)
            | ast.Call(func=ast.Attribute(value=row, attr="get"), args=[ast.Constant(value=str(name)), *_])
        ) if name == column:
            return isinstance(row, ast.Name) and any(_fetches(each.value) for each in bindings_of(function, row.id))
        case ast.Name(id=name) if depth < 2:
            return any(
                _fetches(each.value) or _is_read(function, column, each.value, depth + 1)
                for each in bindings_of(function, name)
            )
    return depth > 0 and isinstance(value, ast.Subscript) and _fetches(value)


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
            if all(each == "_id" for each in read) and _is_changed(function.node, key.value, value):
                _tell(frame, node, "document", key.value)
