"""What a function's code says of its awaitables: what it awaits, and where a test decides. Asked only of what would be reported."""

from __future__ import annotations

import ast

from dodont.semantic.trees import asks, asks_within, dotted


class Awaiting:
    """Read from a function's tree once, for all that is asked of it."""

    def __init__(self, function: ast.AST) -> None:
        #: Names and attributes as written.
        self.awaited: set[str] = set()
        #: Those and the ones that the function asks what they are: ``if iscoroutine(found)``.
        self.asked: set[str] = set()
        self._around: dict[int, int] = {}  # calls by their ids: the outermost branch around
        self._asking: set[int] = set()  # calls around which some test asks what a value is
        self._chosen: set[tuple[int, str]] = set()  # branches and what is awaited in them
        pending: list[tuple[ast.AST, int, bool]] = [(function, 0, False)]
        while pending:
            node, branch, asking = pending.pop()
            if isinstance(node, (ast.If, ast.IfExp)):
                branch = branch or id(node)
                asking = asking or asks_within(node.test)
            elif isinstance(node, ast.Await):
                self._read(node.value, self.awaited)
                if branch and isinstance(node.value, ast.Call):
                    self._chosen.add((branch, dotted(node.value.func)))
            elif isinstance(node, ast.Call):
                if node.args and asks(node.func):
                    self._read(node.args[0], self.asked)
                if branch:
                    self._around[id(node)] = branch
                    if asking:
                        self._asking.add(id(node))
            pending += [(each, branch, asking) for each in ast.iter_child_nodes(node)]
        self.asked |= self.awaited

    def _read(self, node: ast.expr, found: set[str]) -> None:
        if isinstance(node, (ast.Name, ast.Attribute)):
            found.add(ast.unparse(node))

    def chooses(self, call: ast.Call, callee: str) -> bool:
        """Whether a test decides between awaiting the call and not: ``await db.save() if isinstance(db, AsyncDb) else db.save()``."""
        branch = self._around.get(id(call))
        return branch is not None and (id(call) in self._asking or (branch, callee) in self._chosen)
