"""What a handler's local names hold: data read from storage, answers of other services, the caller."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from dodont.analysis import SCOPES, Callee, Pass, Route, Value, nodes_of, walk
from dodont.core.patterns import pattern

#: Types that `+`, `*`, `/` and `%` put together instead of computing with them.
TEXTUAL = pattern(
    r"^(?:str|bytes|LiteralString|list|tuple|dict|set|pathlib\..*)$|(?:Char|Text|Slug|URL|Email|File|Image|JSON)Field$"
)
AUTHENTICATES = frozenset({"django.contrib.auth.authenticate", "django.contrib.auth.aauthenticate"})
AGGREGATES = frozenset({"builtins.sum", "statistics.mean", "statistics.median", "math.fsum"})


class Data:
    """Names are told in the order of the statements.

    ``stored`` are the names whose values come from storage, ``fields`` those of them that hold a field's value,
    ``fetched`` the names whose values another service answered, ``given`` those that the request has, ``callers`` the
    caller (``user = request.user``), ``owned`` what was asked of or for the caller (``teams = user.teams.all()``), and
    ``sizes`` how many a query says there are.
    """

    def __init__(self, route: Route, run: Pass) -> None:
        self.route = route
        self.run = run
        self.stored: set[str] = set()
        self.fields: set[str] = set()
        self.fetched: set[str] = set()
        self.given: set[str] = set()
        self.callers: set[str] = set()
        self.owned: set[str] = set()
        self.sizes: set[str] = set()
        arguments = route.node.args
        self.parameters = {each.arg for each in (*arguments.args, *arguments.kwonlyargs)}

    def binds(self, target: ast.expr, value: ast.expr) -> None:
        """A name gets a value that was read, or answered by another service, or neither."""
        stored, fetched = self.is_stored(value), self.is_fetched(value)
        # `price, stock = cursor.fetchone()`
        field = stored and (isinstance(target, (ast.Tuple, ast.List)) or self.is_field(value))
        given, caller, owned = self._is_given(value), self._gives_caller(value), self._comes_of_caller(value)
        for name in bound(target):
            for known, now in (
                (self.stored, stored), (self.fields, field), (self.fetched, fetched),
                (self.given, given), (self.callers, caller), (self.owned, owned), (self.sizes, self._is_size(value)),
            ):  # fmt: skip
                (known.add if now else known.discard)(name)

    def grows(self, target: ast.expr, value: ast.expr) -> None:
        """``total += item.price``: a running total is made of stored data."""
        if isinstance(target, ast.Name) and self.is_field(value) and self.is_number(value):
            self.stored.add(target.id)
            self.fields.add(target.id)

    def value(self, node: ast.expr) -> Value | None:
        return self.route.values.get(id(node))

    def is_entity(self, node: ast.expr) -> bool:
        """An object of the domain that came from storage, not one the framework made of the request."""
        value = self.value(node)
        if value is None or any(label.kind in ("parameter", "part", "request") for label in value.labels):
            return False
        return self.run.role(value.type) == "entity"

    def is_request(self, node: ast.expr) -> bool:
        value = self.value(node)
        return value is not None and self.run.role(value.type) == "request"

    def is_stored(self, node: ast.expr) -> bool:
        """Whether the value was read from storage, or is part of or made of such a value."""
        while True:
            if self.is_entity(node) or (isinstance(node, ast.Name) and node.id in self.stored):
                return True
            if isinstance(node, ast.Await):
                node, value = node.value, self.value(node)
            else:
                value = self.value(node)
            if isinstance(node, ast.Call):
                if self.reads(node, value) or self.is_aggregate(node):
                    return True
                if not isinstance(node.func, ast.Attribute):
                    return False
                node = node.func.value
            elif isinstance(node, (ast.Attribute, ast.Subscript)):
                node = node.value
            elif isinstance(node, ast.BinOp):
                if self.is_stored(node.right):
                    return True
                node = node.left
            elif isinstance(node, (ast.GeneratorExp, ast.ListComp, ast.SetComp)):
                node = node.generators[0].iter
            else:
                return False

    def reads(self, node: ast.Call, result: Value | None) -> bool:
        """A query, or a function of the project that does nothing but load an object."""
        callee = self.route.calls.get(id(node))
        if isinstance(node.func, ast.Attribute) and node.func.attr.startswith("fetch"):
            whole = self.value(node.func.value)
            if whole is not None and self.run.role(whole.type) == "cursor":
                return True
        if callee is None or not does(callee, "read"):
            return False
        if not callee.project:
            return True
        loads = (
            result is not None
            and result.type is not None
            and self.run.project.class_named(result.type.name) is not None
        )
        return loads and not does(callee, "write") and not does(callee, "commit") and not callee.external

    def is_aggregate(self, node: ast.Call) -> bool:
        """``sum(order.total for order in orders)``, ``len([... if order.paid])``: computed from the fields of stored objects."""
        callee = self.route.calls.get(id(node))
        if callee is None or not node.args:
            return False
        given = node.args[0]
        if callee.target in AGGREGATES:
            return self.is_stored(given)
        chosen = isinstance(given, (ast.ListComp, ast.SetComp)) and any(each.ifs for each in given.generators)
        return callee.target == "builtins.len" and chosen and self.is_stored(given)

    def is_fetched(self, node: ast.expr) -> bool:
        for each in own(node, _FETCHED):
            if isinstance(each, ast.Name) and each.id in self.fetched:
                return True
            if isinstance(each, ast.Call):
                callee = self.route.calls.get(id(each))
                if callee is not None and callee.external:
                    return True
        return False

    def is_field(self, node: ast.expr) -> bool:
        """Data of a stored object, or something computed from it; not a count or another query's result."""
        while isinstance(node, ast.BinOp):
            if self.is_field(node.right):
                return True
            node = node.left
        if isinstance(node, (ast.Attribute, ast.Subscript)):
            return self.is_stored(node.value)
        if isinstance(node, ast.Call):
            return self.is_aggregate(node)
        return isinstance(node, ast.Name) and node.id in self.fields

    def is_number(self, node: ast.expr) -> bool:
        """Whether nothing says that it is text or a collection."""
        value = self.value(node)
        if isinstance(node, (ast.JoinedStr, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.ListComp)):
            return False
        return value is None or (value.text is None and (value.type is None or not TEXTUAL.search(value.type.name)))

    def is_truth(self, node: ast.expr) -> bool:
        value = self.value(node)
        type = value.type.name if value is not None and value.type is not None else ""
        return type == "bool" or type.endswith("BooleanField")

    def of_caller(self, node: ast.expr) -> bool:
        """Whether the caller takes part: then it is about who may, not about the domain."""
        for each in own(node, _CALLERS):
            if isinstance(each, ast.Attribute):
                whole, part = self.value(each.value), self.value(each)
                if whole is not None and self.run.role(whole.type) == "request" and self._is_caller(part):
                    return True
            elif isinstance(each, ast.Compare):
                if isinstance(each.ops[0], _SAME) and any(map(self._is_owned, (each.left, *each.comparators))):
                    return True
            elif isinstance(each, ast.Name) and (
                each.id in self.callers or (each.id in self.parameters and self._is_caller(self.value(each)))
            ):
                return True
        return False

    def _is_owned(self, node: ast.expr) -> bool:
        """``if invoice.team_id not in teams``, ``if role != Role.OWNER``: what was found out about the caller, as a whole."""
        return isinstance(node, ast.Name) and node.id in self.owned and node.id not in self.sizes

    def _comes_of_caller(self, value: ast.expr) -> bool:
        """``profile = user.profile()``, ``team = profile.team``: asked of or for the caller, or a part of what was."""
        if self.of_caller(value):
            return True
        while isinstance(value, (ast.Attribute, ast.Subscript)):
            value = value.value
        return self._is_owned(value)

    def _gives_caller(self, value: ast.expr) -> bool:
        """``user = request.user``, ``user = authenticate(request, ...)``: a name for the caller."""
        if isinstance(value, ast.Await):
            value = value.value
        if isinstance(value, ast.Call):
            callee = self.route.calls.get(id(value))
            return callee is not None and callee.target in AUTHENTICATES
        return isinstance(value, (ast.Name, ast.Attribute, ast.IfExp)) and self.of_caller(value)

    def _is_caller(self, value: Value | None) -> bool:
        """Whether an injected value is data, such as the current user, and no service, session or request."""
        if value is None or any(label.kind in ("parameter", "part", "request") for label in value.labels):
            return False
        return (value.type is None and not value.labels) or self.run.role(value.type) in ("entity", "schema")

    def depends(self, test: ast.expr, refuses: bool = False) -> bool:
        """Whether a condition, which may lead to an error, is about the data of stored objects, more than about their being there."""
        deciding = self.deciding(test, refuses)
        if any(_is_ordered(each) for each in deciding):
            return True  # `user.balance < price`: how much the caller has is no question of who may
        return bool(deciding) and not self.of_caller(test)

    def deciding(self, test: ast.expr, refuses: bool = False) -> list[ast.expr]:
        """The terms of a condition that are about the data of stored objects."""
        return [each for each in _terms(test) if self._decides(each, refuses)]

    def _decides(self, term: ast.expr, refuses: bool) -> bool:
        if isinstance(term, ast.Compare):
            sides = (term.left, *term.comparators)
            if isinstance(term.ops[0], ast.NotEq if refuses else (ast.Eq, ast.NotEq)) and any(
                map(self._is_given, sides)
            ):
                # A part looked up below the wrong whole, which is not there; a key that proves who asks; what is so already.
                return False
            if any(isinstance(op, (ast.Is, ast.IsNot)) for op in term.ops) or self._emptiness(term) is not None:
                return False
            return any(self.is_field(side) or _counts(self, side) for side in sides)
        return isinstance(term, ast.Attribute) and self.is_field(term) and self.is_truth(term)

    def _is_given(self, node: ast.expr) -> bool:
        """Whether a value is the request's: an argument of the handler, a part of the body, a field of a form."""
        if self.is_stored(node):
            return False
        whole = True
        while True:
            value = self.value(node)
            if value is not None and (
                self.run.role(value.type) == "schema" or any(label.kind == "request" for label in value.labels)
            ):
                return True
            if isinstance(node, ast.Name):
                return node.id in self.given or (
                    whole and node.id in self.parameters and not self._is_caller(self.value(node))
                )
            if isinstance(node, ast.Call):
                callee = self.route.calls.get(id(node))
                made = value is not None and value.type is not None and callee is not None and value.type.name
                if (
                    callee is not None
                    and len(node.args) == 1
                    and made in (callee.target, callee.target.rpartition(".")[2])
                ):
                    node = node.args[0]  # `int(number)`, `uuid.UUID(body.project)`
                elif isinstance(node.func, ast.Name):
                    return False
                else:
                    node, whole = node.func, False
            elif isinstance(node, (ast.Attribute, ast.Subscript, ast.Await)):
                node, whole = node.value, False
            else:
                return False

    def _is_size(self, node: ast.expr) -> bool:
        """``orders.count()``: what a query answers with a number."""
        if isinstance(node, ast.Await):
            node = node.value
        callee, value = self.route.calls.get(id(node)), self.value(node)
        number = value is not None and value.type is not None and value.type.name == "int"
        return number and does(callee, "read") and callee is not None and not callee.project

    def _emptiness(self, test: ast.expr) -> bool | None:
        """``orders.count() == 0``: whether the condition says that there are none; None where it asks for something else."""
        match test:
            case ast.Compare(left=left, ops=[op], comparators=[ast.Constant(value=(0 | 1) as size)]):
                if not (self._is_size(left) or (isinstance(left, ast.Name) and left.id in self.sizes)):
                    return None
                if isinstance(op, (ast.Eq, ast.LtE) if size == 0 else ast.Lt):
                    return True
                if isinstance(op, (ast.NotEq, ast.Gt) if size == 0 else ast.GtE):
                    return False
        return None

    def weighs(self, node: ast.IfExp) -> bool:
        """``0 if total > 50 else 4.99``: a number chosen by the size of a field."""
        test = node.test
        number = any(isinstance(each, ast.BinOp) or _is_number(each) for each in (node.body, node.orelse))
        return _is_ordered(test) and number and not _is_zero_guard(test) and self.depends(test)

    def present(self, test: ast.expr) -> bool:
        """Whether a stored object must not be there: a conflict."""
        if self.of_caller(test):
            return False
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
            test = test.values[0]
        match test:
            case ast.Compare(left=given, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
                test = given
            case ast.NamedExpr(value=given):
                test = given
            case ast.Compare() if self._emptiness(test) is False:
                return True
        while isinstance(test, ast.Await):
            test = test.value
        return isinstance(test, (ast.Name, ast.Call)) and self.is_stored(test)


def _counts(data: Data, node: ast.expr) -> bool:
    """A query's result compared on the spot, or by a name: how many there are, what is the latest."""
    while isinstance(node, ast.Await):
        node = node.value
    return isinstance(node, (ast.Call, ast.Name)) and data.is_stored(node) and not data.is_entity(node)


def _is_ordered(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and isinstance(test.ops[0], (ast.Lt, ast.LtE, ast.Gt, ast.GtE))


def _is_zero_guard(test: ast.expr) -> bool:
    """``done / total if total > 0 else 0``"""
    return isinstance(test, ast.Compare) and any(
        isinstance(side, ast.Constant) and side.value == 0 for side in (test.left, *test.comparators)
    )


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value.__class__ in (int, float)


def does(callee: Callee | None, kind: str) -> bool:
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


_FETCHED: frozenset[type] = frozenset({ast.Name, ast.Call})
_SAME = (ast.Eq, ast.NotEq, ast.In, ast.NotIn)
_CALLERS: frozenset[type] = frozenset({ast.Attribute, ast.Name, ast.Compare})


def own(node: ast.expr, kinds: frozenset[type]) -> list[ast.AST]:
    """The parts of some kinds of an expression in order, itself included, without the bodies of functions in it."""
    return nodes_of(node, kinds, SCOPES)


def names(node: ast.expr) -> Iterator[str]:
    """The names that an expression reads."""
    return (each.id for each in walk(node) if isinstance(each, ast.Name))


def bound(target: ast.expr) -> Iterator[str]:
    """The names that an assignment to ``target`` binds."""
    return (each.id for each in walk(target) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store))
