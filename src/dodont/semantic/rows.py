"""Whether a function reads the rows of a query by the names of columns, and hands them to nobody: a look, asked of findings."""

from __future__ import annotations

import ast
from functools import lru_cache

from dodont.semantic.trees import function_around, nodes_at, walk
from dodont.semantic.values import Site

_RUNS = frozenset({"execute", "exec", "query"})
_FETCHES = frozenset(
    "fetchone fetchrow fetch_one first one one_or_none fetchall fetchmany fetch fetch_all all mappings iterate close".split()
)
_LOOKS = frozenset({"len", "bool", "list"})
_SHOWS = frozenset({"str", "repr", "dict"})


def read_by_key(tree: ast.Module, call: Site) -> bool:
    """``row["name"]`` or ``row.name`` somewhere, and no row that is returned, yielded or given to a call."""
    return _uses(tree, call) == {"keyed"}


def debugged(tree: ast.Module, call: Site) -> bool:
    """``for row in db.execute("SELECT * FROM files"): log.debug("file: %s", row)``: whole rows are looked at, and nothing else."""
    return _uses(tree, call) == {"debugged"}


def _uses(tree: ast.Module, call: Site) -> set[str]:
    """What the function around a query's call does with its rows: ``keyed``, ``debugged``, ``handed`` to anything else."""
    scope = function_around(tree, call.line)
    if scope is None:
        return {"handed"}
    parents = _parents(scope)
    start = next(
        (
            node
            for node in nodes_at(scope, call.line)
            if isinstance(node, ast.Call)
            and (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset) == tuple(call)[1:]
        ),
        None,
    )
    if start is None:
        return {"handed"}
    names: set[str] = set()
    pending: list[ast.AST] = [start]
    found: set[str] = set()
    seen: set[int] = set()
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue  # `for row in row:`
        seen.add(id(node))
        parent = parents.get(id(node))
        match parent:
            case ast.Await() | ast.IfExp() | ast.Starred() | ast.FormattedValue() | ast.JoinedStr():
                pending.append(parent)
            case ast.Expr() if isinstance(start.func, ast.Attribute) and isinstance(start.func.value, ast.Name):
                pending += _reads(scope, start.func.value.id, names)
            case ast.Attribute(attr=attr):
                used = parents.get(id(parent))
                if isinstance(used, ast.Call) and used.func is parent:
                    if attr == "get":
                        found.add("keyed")
                    elif attr in _FETCHES:
                        pending.append(used)
                    elif attr not in _RUNS:
                        return {"handed"}
                else:
                    found.add("keyed")
            case ast.Subscript(slice=ast.Constant(value=str())):
                found.add("keyed")
            case ast.Subscript(slice=ast.Constant(value=int())):
                pending.append(parent)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.NamedExpr(target=ast.Name(id=name)):
                pending += _reads(scope, name, names)
            case ast.For(target=ast.Name(id=name)) | ast.AsyncFor(target=ast.Name(id=name)):
                pending += _reads(parent, name, set())  # another loop's `row` is another
            case ast.comprehension(target=ast.Name(id=name)):
                pending += _reads(scope, name, names)
            case ast.Call(func=ast.Name(id=name)) if name in _LOOKS | _SHOWS:
                pending += [parent] if name == "list" or name in _SHOWS else []
            case ast.Call(func=ast.Attribute(attr="debug")):
                found.add("debugged")
            case ast.If() | ast.While() | ast.UnaryOp() | ast.Compare() | ast.Expr():
                pass
            case _:
                return {"handed"}
    return found


def _reads(scope: ast.AST, name: str, seen: set[str]) -> list[ast.AST]:
    if name in seen:
        return []
    seen.add(name)
    return _loads(scope).get(name, [])


@lru_cache(maxsize=4)
def _parents(scope: ast.AST) -> dict[int, ast.AST]:
    """The node around each, by ids."""
    return {id(child): node for node in walk(scope) for child in ast.iter_child_nodes(node)}


@lru_cache(maxsize=4)
def _loads(scope: ast.AST) -> dict[str, list[ast.AST]]:
    """Where each name is read."""
    found: dict[str, list[ast.AST]] = {}
    for node in walk(scope):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.setdefault(node.id, []).append(node)
    return found
