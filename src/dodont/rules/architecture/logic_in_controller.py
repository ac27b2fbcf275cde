"""A request handler that makes domain decisions: rules, computations and changes that belong to the domain."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dodont.analysis import SCOPES, Diagnostic, Note, Pass, Route, Site, on
from dodont.handlers.data import Data, bound, does, names, own
from dodont.handlers.replies import refuses

HASHES = frozenset(
    {
        "bcrypt.hashpw", "jwt.encode", "jose.jwt.encode", "django.contrib.auth.hashers.make_password",
        "werkzeug.security.generate_password_hash",
    }
)  # fmt: skip
AGGREGATES = frozenset({"builtins.sum", "statistics.mean", "statistics.median", "math.fsum"})
ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)


class Decision(NamedTuple):
    """``kind`` is rule, change, computation, selection or chain."""

    kind: str
    note: Note


@on(Route, rule="logic-in-controller")
def check(route: Route, run: Pass) -> Iterator[Diagnostic]:
    if run.module.role == "test" or route.function.site is None:
        return
    reader = Reader(route, run, Data(route, run))
    reader.block(route.node.body)
    found = reader.decisions
    # However many fields it touches, a change is one decision.
    count = sum(each.kind != "change" for each in found) + any(each.kind == "change" for each in found)
    if count < run.options["min-decisions"] or len({each.kind for each in found}) < 2:
        return
    yield run.report(
        "logic",
        route.head,
        function=route.function,
        handler=route.function.name,
        count=str(count),
        related=[each.note for each in found],
    )


class Reader:
    """Reads a handler's statements in order and collects its decisions, one a line and kind."""

    def __init__(self, route: Route, run: Pass, data: Data) -> None:
        self.route = route
        self.run = run
        self.data = data
        self.decisions: list[Decision] = []
        self.acts = 0  # calls so far that write or reach another service
        self._lines: set[tuple[str, int]] = set()

    def block(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        if node.__class__ in SCOPES:
            return
        if isinstance(node, ast.If):
            self.branch(node)
            return
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            self.assignment(node)
        elif isinstance(node, (ast.For, ast.AsyncFor)) and self.data.is_stored(node.iter):
            self.data.stored.update(bound(node.target))
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                self.statement(child)
            elif isinstance(child, ast.expr):
                self.expression(child)
            elif isinstance(child, (ast.ExceptHandler, ast.match_case)):
                self.block(child.body)
            elif isinstance(child, ast.withitem):
                self.expression(child.context_expr)
                if child.optional_vars is not None and self.data.is_fetched(child.context_expr):
                    self.data.fetched.update(bound(child.optional_vars))

    def branch(self, node: ast.If) -> None:
        self.expression(node.test)
        rule = self.data.depends(node.test)
        if refuses(self.route, node.body):
            refused = rule or self.data.present(node.test)
        else:
            refused = rule and refuses(self.route, node.orelse)
        if refused:
            self.add("rule", node.test, "checks")
        place, acts = len(self.decisions), self.acts
        self.block(node.body)
        self.block(node.orelse)
        if rule and not refused and (len(self.decisions) > place or self.acts > acts):
            self.add("selection", node.test, "chooses what to do by", place)

    def assignment(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Attribute) and self.data.is_entity(target.value):
                self.add("change", target, "changes")
            elif node.value is not None and not isinstance(node, ast.AugAssign):
                self.data.binds(target, node.value)
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ARITHMETIC):
            self.arithmetic(node.target, node.value)

    def expression(self, node: ast.expr) -> None:
        for each in own(node):
            if isinstance(each, ast.BinOp) and isinstance(each.op, ARITHMETIC):
                self.arithmetic(each.left, each.right)
            elif isinstance(each, ast.Call):
                self.call(each)

    def arithmetic(self, left: ast.expr, right: ast.expr) -> None:
        field = next((side for side in (left, right) if self.data.is_field(side)), None)
        if field is not None and self.data.is_number(left) and self.data.is_number(right):
            self.add("computation", field, "computes on")

    def call(self, node: ast.Call) -> None:
        callee = self.route.calls.get(id(node))
        if callee is None:
            return
        self.acts += does(callee, "write") or callee.external
        arguments = [*node.args, *[word.value for word in node.keywords]]
        if callee.project:
            if does(callee, "write") and any(each.kind == "rule" for each in self.decisions):
                self.add("change", node.func, "then writes with")
        elif does(callee, "write"):
            self.add("change", node.func, "writes with")
        elif callee.external and any(name in self.data.fetched for argument in arguments for name in names(argument)):
            self.add("chain", node.func, "calls a service with another's answer, with")
        elif callee.target in HASHES:
            self.add("computation", node.func, "makes a token or hash with")
        elif callee.target in AGGREGATES and any(self.data.is_stored(argument) for argument in arguments):
            self.add("computation", node, "aggregates")

    def add(self, kind: str, node: ast.expr, verb: str, place: int | None = None) -> None:
        if (kind, node.lineno) not in self._lines:
            self._lines.add((kind, node.lineno))
            site = _site(self.run.module.path, node)
            decision = Decision(kind, Note(site, f"{verb} `{self.run.source(site)}`"))
            self.decisions.insert(len(self.decisions) if place is None else place, decision)


def _site(path: str, node: ast.expr) -> Site:
    return Site(path, node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or 0)
