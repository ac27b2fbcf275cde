"""A request handler that makes domain decisions: rules, computations and changes that belong to the domain."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dodont.analysis import Callee, Diagnostic, Note, Pass, Route, Site, Value, on

#: Replies that say who may do what, or that something is not there.
NO_RULE = re.compile(r"(?:PermissionDenied|Forbidden|Unauthorized|NotAuthenticated|AuthenticationFailed|Http404|NotFound|HTTP_40[134]_\w+)$")
REFUSAL = re.compile(r"(?:HttpResponseBadRequest|HTTP_4\d\d_\w+)$")
HASHES = frozenset({"bcrypt.hashpw", "jwt.encode", "jose.jwt.encode", "django.contrib.auth.hashers.make_password", "werkzeug.security.generate_password_hash"})  # fmt: skip
NOTICES = frozenset({"django.contrib.messages.error", "django.contrib.messages.warning"})
ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
#: Types that `+`, `*`, `/` and `%` put together instead of computing with them.
TEXTUAL = re.compile(r"^(?:str|bytes|LiteralString|list|tuple|dict|set|pathlib\..*)$|(?:Char|Text|Slug|URL|Email|File|Image|JSON)Field$")
AGGREGATES = frozenset({"builtins.sum", "statistics.mean", "statistics.median", "math.fsum"})
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.With, ast.AsyncWith, ast.Match)


class Decision(NamedTuple):
    """``kind`` is rule, change, computation, selection or chain."""

    kind: str
    node: ast.expr | ast.stmt
    text: str


@on(Route, rule="logic-in-controller")
def check(route: Route, run: Pass) -> Iterator[Diagnostic]:
    site = route.function.site
    if run.module.role == "test" or site is None:
        return
    reader = Reader(route, run)
    reader.block(route.node.body)
    found = reader.decisions
    # However many fields it touches, a change is one decision.
    count = sum(each.kind != "change" for each in found) + any(each.kind == "change" for each in found)
    if count < run.options["min-decisions"] or len({each.kind for each in found}) < 2:
        return
    yield run.report(
        "logic",
        site._replace(end_line=site.line, end_column=site.column + 1),
        function=route.function,
        handler=route.function.name,
        count=str(count),
        related=[Note(_site(site.path, each.node), each.text) for each in found],
    )


class Reader:
    """Reads a handler's statements in order.

    ``stored`` are the local names whose values come from storage, ``fields`` those of them that hold a field's value,
    ``fetched`` the names whose values another service answered.
    """

    def __init__(self, route: Route, run: Pass) -> None:
        self.route = route
        self.run = run
        self.stored: set[str] = set()
        self.fields: set[str] = set()
        self.fetched: set[str] = set()
        arguments = route.node.args
        self.parameters = {each.arg for each in (*arguments.args, *arguments.kwonlyargs)}
        self.decisions: list[Decision] = []
        self._lines: set[tuple[str, int]] = set()

    def block(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        if isinstance(node, SCOPES):
            return
        if isinstance(node, ast.If):
            self.branch(node)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            self.assignment(node)
        elif isinstance(node, (ast.For, ast.AsyncFor)) and self.is_stored(node.iter):
            self.stored.update(_names(node.target))
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                self.statement(child)
            elif isinstance(child, ast.expr):
                self.expression(child)
            elif isinstance(child, (ast.ExceptHandler, ast.match_case)):
                self.block(child.body)
            elif isinstance(child, ast.withitem):
                self.expression(child.context_expr)
                if child.optional_vars is not None and self.is_fetched(child.context_expr):
                    self.fetched.update(_names(child.optional_vars))

    def branch(self, node: ast.If) -> None:
        rule = self.depends(node.test)
        if self.refuses(node.body):
            if rule or self.present(node.test):
                self.add("rule", node.test, "checks")
        elif node.orelse and self.refuses(node.orelse):
            if rule:
                self.add("rule", node.test, "checks")
        elif rule and (self.acts(node.body) or self.acts(node.orelse)):
            self.add("selection", node.test, "chooses what to do by")

    def assignment(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if node.value is not None and self.is_fetched(node.value):
            self.fetched.update(name for target in targets for name in _names(target))
        for target in targets:
            if isinstance(target, ast.Attribute) and self.is_entity(target.value):
                self.add("change", target, "changes")
            elif node.value is not None and self.is_stored(node.value):
                self.stored.update(_names(target))
                if self.is_field(node.value):
                    self.fields.update(_names(target))
            elif isinstance(target, ast.Name) and not isinstance(node, ast.AugAssign):
                self.stored.discard(target.id)
                self.fields.discard(target.id)
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ARITHMETIC) and self.is_number(node.target) and self.is_field(node.target):
            self.add("computation", node.target, "computes on")

    def expression(self, node: ast.expr) -> None:
        for each in _own(node):
            if isinstance(each, ast.BinOp) and isinstance(each.op, ARITHMETIC):
                sides = (each.left, each.right)
                field = next((side for side in sides if self.is_field(side)), None)
                if field is not None and all(self.is_number(side) for side in sides):
                    self.add("computation", field, "computes on")
            elif isinstance(each, ast.Call):
                self.call(each)

    def call(self, node: ast.Call) -> None:
        callee = self.route.calls.get(id(node))
        if callee is None:
            return
        if callee.project:
            if _does(callee, "write") and any(each.kind == "rule" for each in self.decisions):
                self.add("change", node.func, "then writes with")
            return
        shown = self.run.display(callee.target)
        if any(access.kind == "write" and not access.chain for access in callee.accesses):
            self.add("change", node.func, "writes with")
        elif callee.external and any(name in self.fetched for argument in _arguments(node) for name in _names(argument)):
            self.add("chain", node.func, "calls a service with another's answer, with")
        elif callee.target in HASHES:
            self.add("computation", node.func, "makes a token or hash with")
        elif shown in AGGREGATES and any(self.is_stored(argument) for argument in node.args):
            self.add("computation", node, "aggregates")

    def add(self, kind: str, node: ast.expr, verb: str) -> None:
        if (kind, node.lineno) not in self._lines:
            self._lines.add((kind, node.lineno))
            text = ast.unparse(node)
            self.decisions.append(Decision(kind, node, f"{verb} `{text if len(text) <= 60 else text[:57] + '...'}`"))

    # Questions

    def value(self, node: ast.expr) -> Value | None:
        return self.route.values.get(id(node))

    def is_entity(self, node: ast.expr) -> bool:
        """An object of the domain that came from storage, not one the framework made of the request."""
        value = self.value(node)
        if value is None or any(label.kind in ("parameter", "request") for label in value.labels):
            return False
        return self.run.role(value.type) == "entity"

    def is_stored(self, node: ast.expr) -> bool:
        """Whether the value was read from storage, or is part of or made of such a value."""
        while True:
            if self.is_entity(node) or isinstance(node, ast.Name) and node.id in self.stored:
                return True
            if isinstance(node, ast.Await):
                node, value = node.value, self.value(node)
            else:
                value = self.value(node)
            if isinstance(node, ast.Call):
                if self.reads(node, value):
                    return True
                if not isinstance(node.func, ast.Attribute):
                    return False
                node = node.func.value
            elif isinstance(node, (ast.Attribute, ast.Subscript)):
                node = node.value
            elif isinstance(node, ast.BinOp):
                return self.is_stored(node.left) or self.is_stored(node.right)
            else:
                return False

    def reads(self, node: ast.Call, result: Value | None) -> bool:
        """A query, or a function of the project that does nothing but load an object."""
        callee = self.route.calls.get(id(node))
        if callee is None or not _does(callee, "read"):
            return False
        if not callee.project:
            return True
        loads = result is not None and result.type is not None and result.type.name in self.run.project.classes
        return loads and not _does(callee, "write") and not _does(callee, "commit") and not callee.external

    def is_fetched(self, node: ast.expr) -> bool:
        for each in _own(node):
            if isinstance(each, ast.Name) and each.id in self.fetched:
                return True
            if isinstance(each, ast.Call):
                callee = self.route.calls.get(id(each))
                if callee is not None and callee.external:
                    return True
        return False

    def is_field(self, node: ast.expr) -> bool:
        """Data of a stored object, or something computed from it; not a count or another query's result."""
        if isinstance(node, (ast.Attribute, ast.Subscript)):
            return self.is_stored(node.value)
        if isinstance(node, ast.BinOp):
            return self.is_field(node.left) or self.is_field(node.right)
        return isinstance(node, ast.Name) and node.id in self.fields

    def is_number(self, node: ast.expr) -> bool:
        """Whether nothing says that it is text or a collection."""
        value = self.value(node)
        if isinstance(node, (ast.JoinedStr, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.ListComp)):
            return False
        return value is None or value.text is None and (value.type is None or not TEXTUAL.search(value.type.name))

    def is_truth(self, node: ast.expr) -> bool:
        value = self.value(node)
        return value is not None and value.type is not None and (value.type.name == "bool" or value.type.name.endswith("BooleanField"))

    def of_caller(self, node: ast.expr) -> bool:
        """Whether the caller takes part: then it is about who may, not about the domain."""
        for each in _own(node):
            if isinstance(each, ast.Attribute):
                value = self.value(each.value)
                if value is not None and self.run.role(value.type) == "request":
                    return True
            elif isinstance(each, ast.Name) and each.id in self.parameters and self._is_caller(self.value(each)):
                return True
        return False

    def _is_caller(self, value: Value | None) -> bool:
        """Whether an injected value is data, such as the current user, and no service, session or request."""
        if value is None or any(label.kind in ("parameter", "request") for label in value.labels):
            return False
        return value.type is None or self.run.role(value.type) in ("entity", "schema")

    def depends(self, test: ast.expr) -> bool:
        """Whether a condition is about the data of stored objects, more than about their being there."""
        return not self.of_caller(test) and any(self._decides(each) for each in _terms(test))

    def _decides(self, term: ast.expr) -> bool:
        if isinstance(term, ast.Compare):
            if isinstance(term.ops[0], ast.NotEq) and any(self._is_given(side) for side in (term.left, *term.comparators)):
                return False  # a part looked up below the wrong whole: not there
            if any(isinstance(op, (ast.Is, ast.IsNot)) for op in term.ops):
                return False
            return any(self.is_field(side) or _counts(self, side) for side in (term.left, *term.comparators))
        return isinstance(term, ast.Attribute) and self.is_field(term) and self.is_truth(term)

    def _is_given(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id in self.parameters and not self._is_caller(self.value(node))

    def present(self, test: ast.expr) -> bool:
        """Whether a stored object must not be there: a conflict."""
        if self.of_caller(test):
            return False
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
            test = test.values[0]
        match test:
            case ast.Compare(left=left, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]) | ast.NamedExpr(value=left):
                test = left
        while isinstance(test, ast.Await):
            test = test.value
        return isinstance(test, (ast.Name, ast.Call)) and self.is_stored(test)

    def refuses(self, body: Sequence[ast.stmt]) -> bool:
        """Whether a block ends in an error reply that is neither about permissions nor about something missing."""
        if any(isinstance(each, BLOCKS) for each in body):
            return False  # more than a guard
        last = body[-1] if body else None
        if isinstance(last, ast.Raise):
            return last.exc is not None and self._status(last.exc) not in ("other", "no rule")
        if isinstance(last, ast.Return):
            return last.value is not None and self._status(last.value) == "refusal" or any(self._says_no(each) for each in body)
        if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
            callee = self.route.calls.get(id(last.value))
            return callee is not None and callee.never and self._status(last.value) != "no rule"
        return False

    def _says_no(self, node: ast.stmt) -> bool:
        """A message that stands in for an error reply before a redirect."""
        callee = self.route.calls.get(id(node.value)) if isinstance(node, ast.Expr) else None
        return callee is not None and callee.target in NOTICES

    def _status(self, node: ast.expr) -> str:
        parts = node.elts if isinstance(node, ast.Tuple) else [node]
        if isinstance(node, ast.Call):
            parts = [node.func, *node.args, *[word.value for word in node.keywords]]
        for part in parts:
            value = self.value(part)
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

    def acts(self, body: Sequence[ast.stmt]) -> bool:
        """Whether a block changes, computes on or hands on the domain's data."""
        inner = Reader(self.route, self.run)
        inner.stored, inner.fields = set(self.stored), set(self.fields)
        inner.block(body)
        if inner.decisions:
            return True
        calls = (self.route.calls.get(id(each)) for each in ast.walk(ast.Module(list(body), [])))
        return any(callee is not None and (_does(callee, "write") or callee.external) for callee in calls)


def _counts(reader: Reader, node: ast.expr) -> bool:
    """A query's result compared on the spot, or by a name: how many there are, what is the latest."""
    while isinstance(node, ast.Await):
        node = node.value
    return isinstance(node, (ast.Call, ast.Name)) and reader.is_stored(node) and not reader.is_entity(node)


def _does(callee: Callee | None, kind: str) -> bool:
    return callee is not None and any(access.kind == kind for access in callee.accesses)


def _terms(test: ast.expr) -> Iterator[ast.expr]:
    """The conditions that `and`, `or` and `not` put together."""
    if isinstance(test, ast.BoolOp):
        for each in test.values:
            yield from _terms(each)
    elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _terms(test.operand)
    else:
        yield test


def _own(node: ast.expr) -> Iterator[ast.AST]:
    """An expression and its parts in order, without the bodies of functions in it."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, SCOPES):
            yield from _own(child)  # type: ignore[arg-type]


def _arguments(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *[word.value for word in node.keywords]]


def _names(target: ast.expr) -> Iterator[str]:
    for each in ast.walk(target):
        if isinstance(each, ast.Name):
            yield each.id


def _site(path: str, node: ast.expr | ast.stmt) -> Site:
    return Site(path, node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or 0)
