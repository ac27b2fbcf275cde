"""Take transactions, and updates that the database computes, out of real code.

``atomic``: a block ``with transaction.atomic():`` becomes ``if True:``, a decorator goes. ``update``: ``row.n = F("n") + 1`` becomes
``row.n += 1``; ``rows.update(n=F("n") + 1)`` becomes a loop that reads, adds and saves. ``commit``: of the writes that one
``session.commit()`` makes durable, the first gets a commit of its own. A mutant counts as found when the function it
is in has more findings than in the original.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dodont.core.diagnostic import Diagnostic
from tests.ecosystem import faults
from tests.ecosystem.faults import Faults, Outcome, Source, sources

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True)
class Mutant(faults.Mutant):
    """The function with the fault has the lines ``first`` to ``last``."""

    first: int
    last: int


class _InFunction(Faults[Mutant]):
    def outcome(self, mutant: Mutant, before: Sequence[Diagnostic], after: Sequence[Diagnostic]) -> Outcome[Mutant]:
        old, new = (sum(mutant.first <= each.span.line <= mutant.last for each in those) for those in (before, after))
        return Outcome(mutant, new > old)


class Atomic(_InFunction):
    """One transaction of each file is taken out."""

    command = "atomic-mutants"
    told = "take transactions out"
    rule = "writes-without-transaction"

    def mutants(self, root: Path, size: int, chance: random.Random) -> list[Mutant]:
        every = [
            chance.choice(found)
            for source in _sources(root)
            if (found := [each for function in source.functions() for each in _without_atomic(source, function)])
        ]
        return chance.sample(every, min(size, len(every)))


class Commits(_InFunction):
    command = "commit-mutants"
    told = "commit the first of several writes by itself"
    rule = "writes-without-transaction"

    def mutants(self, root: Path, size: int, chance: random.Random) -> list[Mutant]:
        return _drawn(root, size, chance, _committed_twice)


class Updates(_InFunction):
    command = "update-mutants"
    told = "do by hand what the database computes"
    rule = "lost-update"

    def mutants(self, root: Path, size: int, chance: random.Random) -> list[Mutant]:
        return _drawn(root, size, chance, _by_hand)


def _drawn(
    root: Path, size: int, chance: random.Random, made: Callable[[Source, Function], Iterator[Mutant]]
) -> list[Mutant]:
    every = [each for source in _sources(root) for function in source.functions() for each in made(source, function)]
    return chance.sample(every, min(size, len(every)))


def _sources(root: Path) -> Iterator[Source]:
    return (source for source in sources(root, "migrations", "management") if source.is_plain)


def _without_atomic(source: Source, function: Function) -> Iterator[Mutant]:
    lines = source.text.split("\n")
    last = function.end_lineno or function.lineno
    for decorator in function.decorator_list:
        if _is_atomic(decorator) and decorator.lineno == decorator.end_lineno:
            changed = [*lines]
            changed[decorator.lineno - 1] = ""
            yield _mutant(source, changed, function, last, decorator.lineno, _shape(function, decorator, function.body))
    for node in _own(function):
        if isinstance(node, ast.With) and len(node.items) == 1 and node.items[0].optional_vars is None:
            manager = node.items[0].context_expr
            if _is_atomic(manager) and manager.end_lineno == node.lineno:
                changed = [*lines]
                line = lines[node.lineno - 1]
                changed[node.lineno - 1] = f"{line[: node.col_offset]}if True{line[manager.end_col_offset :]}"
                yield _mutant(source, changed, function, last, node.lineno, _shape(function, manager, node.body))


def _held(function: Function, but: ast.AST) -> bool:
    """Whether another transaction of the function's own is left when one is taken away."""
    managers = [item.context_expr for each in _own(function) if isinstance(each, ast.With) for item in each.items]
    return any(each is not but and _is_atomic(each) for each in (*function.decorator_list, *managers))


def _is_atomic(node: ast.expr) -> bool:
    func = node.func if isinstance(node, ast.Call) else node
    name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    return name == "atomic"


def _own(function: ast.AST) -> Iterator[ast.AST]:
    """What stands in a function, without the functions in it."""
    pending = [*ast.iter_child_nodes(function)]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            pending += ast.iter_child_nodes(node)


_WRITES = frozenset("save create update delete bulk_create bulk_update get_or_create update_or_create".split())


def _shape(function: Function, atomic: ast.expr, body: list[ast.stmt]) -> str:
    """How many writes a transaction holds, by their names; those need one only where they have no other."""
    if _held(function, atomic):
        return "another transaction in the function"
    count = sum(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _WRITES
        for statement in body
        for node in [statement, *_own(statement)]
    )
    return f"{min(count, 2)}{' or more' if count > 1 else ''} by name in the block"


def _by_hand(source: Source, function: Function) -> Iterator[Mutant]:
    for node in _own(function):
        match node:
            case ast.Assign(targets=[ast.Attribute() as target], value=ast.BinOp(left=left, op=op, right=right)):
                if _field_of(left) == target.attr and type(op) in _SIGNS:
                    new = f"{ast.unparse(target)} {_SIGNS[type(op)]}= {ast.unparse(right)}"
                    yield from _replaced(source, function, node, new, "a field set to F(...)")
            case ast.Expr(value=value) | ast.Assign(value=value) | ast.Return(value=ast.expr() as value):
                while isinstance(value, ast.Await):
                    value = value.value
                match value:
                    case ast.Call(func=ast.Attribute(value=rows, attr="update" | "aupdate"), args=[], keywords=words):
                        changes = [(word.arg or "", word.value) for word in words]
                        yield from _replaced(source, function, node, _loop(rows, changes), "rows.update(n=F(...))")
                    case ast.Call(
                        func=ast.Attribute(value=rows, attr="update"), args=[ast.Dict(keys=keys, values=values), *_]
                    ):
                        changes = [(_named(key), value) for key, value in zip(keys, values, strict=True)]
                        yield from _replaced(source, function, node, _loop(rows, changes), "query.update({n: Model.n})")


def _committed_twice(source: Source, function: Function) -> Iterator[Mutant]:
    """``session.add(order); session.add(line); session.commit()``, where the first is committed by itself."""
    commits = [each for each in _own(function) if isinstance(each, ast.Expr) and _method(each) == "commit"]
    blocks = [
        function.body,
        *(each.body for each in _own(function) if isinstance(each, (ast.If, ast.Try, ast.With, ast.AsyncWith))),
    ]
    block = next((each for each in blocks if commits and commits[0] in each), None)
    if len(commits) != 1 or block is None:
        return
    session = ast.unparse(_called(commits[0]).func.value)  # type: ignore[attr-defined]
    before = block[: block.index(commits[0])]
    writes = [each for each in before if isinstance(each, ast.Expr) and _method(each) in ("add", "delete")]
    writes = [each for each in writes if ast.unparse(_called(each).func.value) == session]  # type: ignore[attr-defined]
    if len(writes) < 2:
        return
    lines = source.text.split("\n")
    first = writes[0]
    end = first.end_lineno or first.lineno
    line = " " * commits[0].col_offset + ast.unparse(commits[0])
    changed = [*lines[:end], line, *lines[end:]]
    last = (function.end_lineno or end) + 1
    yield _mutant(source, changed, function, last, end + 1, f"{_method(first)}, then {_method(writes[1])}")


def _called(node: ast.Expr) -> ast.Call:
    value = node.value
    while isinstance(value, ast.Await):
        value = value.value
    assert isinstance(value, ast.Call)
    return value


def _method(node: ast.Expr) -> str:
    value = node.value
    while isinstance(value, ast.Await):
        value = value.value
    return value.func.attr if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) else ""


def _named(key: ast.expr | None) -> str:
    """A column as the key of what is set: ``Model.n``, ``"n"``."""
    match key:
        case ast.Attribute(attr=name) | ast.Constant(value=str(name)):
            return name
    return ""


_SIGNS: dict[type, str] = {ast.Add: "+", ast.Sub: "-"}


def _field_of(node: ast.expr) -> str:
    """The field that ``F("n")`` or ``Model.n`` stands for."""
    match node:
        case ast.Call(func=ast.Name(id="F") | ast.Attribute(attr="F"), args=[ast.Constant(value=str(name))]):
            return name
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner[0].isupper():
            return name
    return ""


def _loop(rows: ast.expr, changes: list[tuple[str, ast.expr]]) -> str:
    """``for row in rows: row.n += 1; row.save()``; without the last where a session keeps the rows."""
    lines, own, by_itself = [], 0, True
    for name, value in changes:
        if isinstance(value, ast.BinOp) and name and _field_of(value.left) == name and type(value.op) in _SIGNS:
            own += 1
            by_itself = by_itself and isinstance(value.left, ast.Call)
            lines.append(f"row.{name} {_SIGNS[type(value.op)]}= {ast.unparse(value.right)}")
        elif name:
            lines.append(f"row.{name} = {ast.unparse(value)}")
    if by_itself:
        lines.append("row.save()")
    return "\n".join([f"for row in {ast.unparse(rows)}:", *(f"    {each}" for each in lines)]) if own else ""


def _replaced(source: Source, function: Function, node: ast.stmt, new: str, shape: str) -> Iterator[Mutant]:
    if not new:
        return
    lines = source.text.split("\n")
    end = node.end_lineno or node.lineno
    indented = [" " * node.col_offset + line for line in new.split("\n")]
    changed = [*lines[: node.lineno - 1], *indented, *lines[end:]]
    last = (function.end_lineno or end) + len(changed) - len(lines)
    yield _mutant(source, changed, function, last, node.lineno, shape)


def _mutant(source: Source, lines: list[str], function: Function, last: int, line: int, shape: str) -> Mutant:
    text = "\n".join(lines)
    return Mutant(path=source.path, text=text, first=function.lineno, last=last, line=line, kinds=(shape,))
