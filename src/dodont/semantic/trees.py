"""Walk syntax trees faster than ``ast.walk``, and in the order written."""

from __future__ import annotations

import ast
from collections.abc import Iterator

#: Nodes whose inside is evaluated at another time.
SCOPES = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda})

#: What a node's fields hold beside nodes and lists of them, and nodes that say nothing by themselves.
_ATOMS: frozenset[type] = frozenset(
    {int, str, bytes, bool, float, complex, type(None), type(...), ast.Load, ast.Store, ast.Del}
)

#: Nodes with no nodes below them but a context.
_LEAVES = frozenset({ast.Name, ast.Constant, ast.Pass, ast.Break, ast.Continue})


def walk(node: ast.AST, without: frozenset[type] = frozenset()) -> Iterator[ast.AST]:
    """``node`` and all below it; nodes ``without`` is about, and what is below them, are left out, save for ``node`` itself."""
    yield node
    left_out = _ATOMS | without if without else _ATOMS
    pending = _children(node, left_out)
    while pending:
        node = pending.pop()
        yield node
        if node.__class__ not in _LEAVES:
            pending += _children(node, left_out)


def nodes_of(node: ast.AST, kinds: frozenset[type], without: frozenset[type] = frozenset()) -> list[ast.AST]:
    """The nodes of some kinds that ``walk`` gives, in its order and half its time."""
    result: list[ast.AST] = []
    passed = ((_ATOMS | _LEAVES) - kinds) | without
    pending = [node]
    while pending:
        node = pending.pop()
        if node.__class__ in kinds:
            result.append(node)
        for value in reversed(node.__dict__.values()):
            kind = value.__class__
            if kind is list:
                pending += [each for each in reversed(value) if each.__class__ not in passed]
            elif kind not in passed:
                pending.append(value)
    return result


def _children(node: ast.AST, left_out: frozenset[type]) -> list[ast.AST]:
    """The nodes in a node's fields, last first."""
    found: list[ast.AST] = []
    for value in node.__dict__.values():
        kind = value.__class__
        if kind is list:
            found += [each for each in value if each.__class__ not in left_out]
        elif kind not in left_out:
            found.append(value)
    found.reverse()
    return found


def last_name(node: ast.AST) -> str:
    """``send`` of ``send`` and of ``self.mailer.send``; empty for what is neither a name nor an attribute."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
