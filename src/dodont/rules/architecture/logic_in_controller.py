"""A request handler that makes domain decisions: rules, computations and changes that belong to the domain."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dodont.analysis import SCOPES, Diagnostic, Note, Pass, Route, Site, nodes_of, on
from dodont.handlers.data import AGGREGATES, Data, bound, does, names, own
from dodont.handlers.replies import refuses

HASHES = frozenset(
    {
        "bcrypt.hashpw", "jwt.encode", "jose.jwt.encode", "django.contrib.auth.hashers.make_password",
        "werkzeug.security.generate_password_hash", "passlib.context.CryptContext.hash", "argon2.PasswordHasher.hash",
    }
)  # fmt: skip
#: Tokens count where a stored object gets them: one for a session or a redirect is the protocol's.
TOKENS = frozenset({"secrets.token_urlsafe", "secrets.token_hex"})
ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)


#: Calls that may be a decision by themselves.
TELLING = HASHES | TOKENS | AGGREGATES | {"builtins.len"}

#: Statements and expressions that may compute, or choose an amount or what to do.
_BRANCHING: frozenset[type] = frozenset({ast.If, ast.IfExp, ast.BinOp, ast.AugAssign})
_IF: frozenset[type] = frozenset({ast.If})

#: Expressions that may be a decision.
_DECIDING: frozenset[type] = frozenset({ast.BinOp, ast.IfExp, ast.Call})
_TEXTS: frozenset[type] = frozenset({ast.JoinedStr})


class Decision(NamedTuple):
    """``kind`` is rule, change, computation, selection or chain."""

    kind: str
    note: Note


@on(Route, rule="logic-in-controller")
def check(route: Route, run: Pass) -> Iterator[Diagnostic]:
    if run.module.role == "test" or route.function.site is None or not may_decide(route):
        return
    reader = Reader(route, run, Data(route, run))
    reader.block(route.node.body)
    found = [each for each in reader.decisions if each not in reader.unsaved]
    # However many fields it touches, a change is one decision.
    count = sum(each.kind != "change" for each in found) + any(each.kind == "change" for each in found)
    kinds = {each.kind for each in found}
    # Two of a kind may be two fields shown as one; a chain of computations is a rule of the domain.
    if count < run.options["min-decisions"] or (len(kinds) < 2 and (kinds != {"computation"} or count < 3)):
        return
    yield run.report(
        "logic",
        route.head,
        function=route.function,
        handler=route.function.name,
        count=str(count),
        kinds=_listed([each.kind for each in found]),
        related=[each.note for each in found],
    )


def may_decide(route: Route) -> bool:
    """Whether a handler has decisions of two kinds, as far as a look tells. Rules that stand side by side are one kind."""
    if any(access.kind in ("write", "commit") for access in route.accesses) or any(
        callee.external or callee.target in TELLING for callee in route.calls.values()
    ):
        return True
    found = nodes_of(route.node, _BRANCHING, SCOPES)
    return any(each.__class__ is not ast.If or len(nodes_of(each, _IF, SCOPES)) > 1 for each in found)


def _listed(kinds: list[str]) -> str:
    """``2 rules, a change``."""
    counts = {kind: 1 if kind == "change" else kinds.count(kind) for kind in kinds}
    return ", ".join(f"{count} {kind}s" if count > 1 else f"a {kind}" for kind, count in counts.items())


class Reader:
    """Reads a handler's statements in order and collects its decisions, one a line and kind."""

    def __init__(self, route: Route, run: Pass, data: Data) -> None:
        self.route = route
        self.run = run
        self.data = data
        self.decisions: list[Decision] = []
        self.acts = 0  # calls so far that write or reach another service
        self.unsaved: list[Decision] = []  # attributes set since the last write, so far for the reply alone
        self.asks = False  # in the condition of an error reply: `if not accounts.verify(code)` leaves the decision to the service
        self.tokens: set[str] = set()
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
        refusing = refuses(self.route, node.body)
        self.asks = refusing
        self.expression(node.test)
        self.asks = False
        rule = self.data.depends(node.test, refusing)
        if refusing:
            refused = rule or self.data.present(node.test)
        else:
            refused = rule and refuses(self.route, node.orelse)
        if refused:
            self.add("rule", node.test, "checks")
        place, acts = len(self.decisions), self.acts
        one, other = self.acts_in(node.body), self.acts_in(node.orelse)
        acted = (one and other and not self.is_toggle(node)) or (one != other and not self.is_once(node))
        if rule and not refused and acted:
            chosen = self.decisions[place:]
            added = self.add("selection", node.test, "chooses what to do by", place)
            if self.acts == acts and all(each in self.unsaved for each in chosen):
                self.unsaved += added

    def acts_in(self, body: Sequence[ast.stmt]) -> bool:
        """Reads a block; whether anything is decided or done in it."""
        before = len(self.decisions), self.acts
        self.block(body)
        return (len(self.decisions), self.acts) != before

    def is_toggle(self, node: ast.If) -> bool:
        """``if row.is_hidden: row.hidden_at = None``, ``else: row.hidden_at = now()``: one field is set, to the other state."""
        if not isinstance(node.test, ast.Attribute):
            return False
        sets = [
            {ast.unparse(target) for each in branch if isinstance(each, ast.Assign) for target in each.targets}
            for branch in (node.body, node.orelse)
        ]
        return len(sets[0]) == 1 and sets[0] == sets[1]

    def is_once(self, node: ast.If) -> bool:
        """``if not task.active: task.active = True``, ``if row.name != name: row.name = name``: what is so already is left alone."""
        sets: dict[str, str] = {}
        for branch in _branches(node):
            if any(isinstance(each, (ast.For, ast.AsyncFor, ast.If)) for each in branch):
                return False
            sets |= {
                ast.unparse(target): ast.unparse(each.value)
                for each in branch
                if isinstance(each, ast.Assign)
                for target in each.targets
            }
        return all(self.asks_whether_set(term, sets) for term in self.data.deciding(node.test))

    def asks_whether_set(self, term: ast.expr, sets: dict[str, str]) -> bool:
        match term:
            case ast.Attribute(value=whole, attr=name):
                fields = {name} | self.run.read_by(self.data.value(whole), name)
                return any(f"{ast.unparse(whole)}.{field}" in sets for field in fields)
            case ast.Compare(left=left, ops=[ast.NotEq()], comparators=[right]):
                sides = ast.unparse(left), ast.unparse(right)
                # `if row.category != category.name: row.category = category`
                return any(
                    one in sets and f"{other}.".startswith(f"{sets[one]}.") for one, other in (sides, sides[::-1])
                )
        return False

    def assignment(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Attribute) and self.data.is_entity(target.value):
                if self.run.has_field(self.data.value(target.value), target.attr):
                    self.unsaved += self.add("change", target, "changes")
                if node.value is not None and self.is_token(node.value):
                    self.add("computation", node.value, "makes a token with")
            elif node.value is not None and not isinstance(node, ast.AugAssign):
                self.data.binds(target, node.value)
                if self.is_token(node.value):
                    self.tokens.update(bound(target))
        if isinstance(node, ast.AugAssign):
            # `topic.views += 1` is a change, and no more than that.
            if isinstance(node.op, ARITHMETIC) and not isinstance(node.value, ast.Constant):
                self.arithmetic(node.target, node.value, node.op)
            self.data.grows(node.target, node.value)

    def is_token(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Name):
            return node.id in self.tokens
        callee = self.route.calls.get(id(node))
        return callee is not None and callee.target in TOKENS

    def expression(self, node: ast.expr) -> None:
        # `f"{row.size // 1024} kB"` is how a field is shown.
        shown = {
            id(each) for text in own(node, _TEXTS) if isinstance(text, ast.JoinedStr) for each in own(text, _DECIDING)
        }
        for each in own(node, _DECIDING):
            if isinstance(each, ast.BinOp) and isinstance(each.op, ARITHMETIC) and id(each) not in shown:
                self.arithmetic(each.left, each.right, each.op)
            elif isinstance(each, ast.IfExp):
                if self.data.weighs(each):
                    self.add("selection", each.test, "chooses an amount by")
            elif isinstance(each, ast.Call):
                self.call(each)

    def arithmetic(self, left: ast.expr, right: ast.expr, op: ast.operator) -> None:
        if isinstance(op, (ast.Add, ast.Sub)) and any(_is_one(side) for side in (left, right)):
            return  # `thread.emails_count - 1` replies, `days[entry.month - 1]`
        # `_("%s is gone") % pet.name` is text, whatever `_` is.
        sides = (left,) if isinstance(op, ast.Mod) else (left, right)
        field = next((side for side in sides if self.data.is_field(side)), None)
        if field is not None and self.data.is_number(left) and self.data.is_number(right):
            self.add("computation", field, "computes on")

    def call(self, node: ast.Call) -> None:
        callee = self.route.calls.get(id(node))
        if callee is None:
            return
        self.acts += does(callee, "write") or callee.external
        if does(callee, "write") or does(callee, "commit"):
            self.unsaved.clear()
        arguments = [*node.args, *[word.value for word in node.keywords]]
        if callee.project:
            # `return edit_form(request, order)` goes on with the request, and no service does that.
            goes_on = not callee.target.rpartition(".")[2].startswith("_") and any(map(self.data.is_request, arguments))
            if (
                does(callee, "write")
                and not (goes_on or self.asks)
                and any(each.kind == "rule" for each in self.decisions)
            ):
                self.add("change", node.func, "then writes with")
        elif does(callee, "write"):
            self.add("change", node.func, "writes with")
        elif callee.external and any(name in self.data.fetched for argument in arguments for name in names(argument)):
            self.add("chain", node.func, "calls a service with another's answer, with")
        elif callee.target in HASHES:
            self.add("computation", node.func, "makes a token or hash with")
        elif self.data.is_aggregate(node):
            self.add("computation", node, "aggregates")

    def add(self, kind: str, node: ast.expr, verb: str, place: int | None = None) -> list[Decision]:
        """Notes a decision, unless its line has one of the kind; what was noted."""
        if (kind, node.lineno) in self._lines:
            return []
        self._lines.add((kind, node.lineno))
        site = _site(self.run.module.path, node)
        decision = Decision(kind, Note(site, f"{verb} `{self.run.source(site)}`"))
        self.decisions.insert(len(self.decisions) if place is None else place, decision)
        return [decision]


def _branches(node: ast.If) -> Iterator[list[ast.stmt]]:
    """The blocks of an ``if`` and its ``elif``."""
    yield node.body
    while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        node = node.orelse[0]
        yield node.body
    yield node.orelse


def _is_one(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value in (1, -1) and node.value is not True


def _site(path: str, node: ast.expr) -> Site:
    return Site(path, node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or 0)
