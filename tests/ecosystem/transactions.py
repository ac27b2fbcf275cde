"""Take transactions, and updates that the database computes, out of real code: recall of two rules on faults that are known.

``atomic``: a block ``with transaction.atomic():`` becomes ``if True:``, a decorator goes. ``update``: ``row.n = F("n") + 1`` becomes
``row.n += 1``; ``rows.update(n=F("n") + 1)`` becomes a loop that reads, adds and saves. ``commit``: of
the writes that one ``session.commit()`` makes durable, the first gets a commit of its own. Mutants are made in memory; one counts as found
when the function it is in has a finding of the rule that the original has not.
"""

from __future__ import annotations

import ast
import gc
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dodont.engine.driver import check
from dodont.engine.settings import Settings
from tests.ecosystem.projects import python_files

RULES = {"atomic": "writes-without-transaction", "commit": "writes-without-transaction", "update": "lost-update"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """``text`` is the file with one fault; the function with it has the lines ``first`` to ``last`` of that text."""

    path: Path
    text: str
    first: int
    last: int
    line: int
    shape: str


@dataclass(frozen=True, slots=True)
class Outcome:
    mutant: Mutant
    found: bool


def run(root: Path, kind: str, size: int, seed: int) -> list[Outcome]:
    """The outcomes of at most ``size`` mutants of the project in ``root``, the same ones for the same seed.

    One run checks a mutant of each file. A file has one transaction taken out, and each of its updates, which are few.
    """
    choose = random.Random(seed)
    every: list[Mutant] = []
    for path in _files(root):
        found = [*_mutants(path, kind)]
        every += [choose.choice(found)] if found and kind == "atomic" else found
    drawn = choose.sample(every, min(size, len(every)))
    settings = Settings(root=root, select=(RULES[kind],))
    rounds: list[dict[Path, Mutant]] = []
    for mutant in drawn:
        free = next((each for each in rounds if mutant.path not in each), None)
        if free is None:
            rounds.append(free := {})
        free[mutant.path] = mutant
    outcomes: list[Outcome] = []
    for mutants in rounds:
        before = _findings(root, [*mutants], settings, {})
        after = _findings(root, [*mutants], settings, {path: each.text.encode() for path, each in mutants.items()})
        outcomes += [Outcome(each, _within(each, after) > _within(each, before)) for each in mutants.values()]
    return outcomes


def _within(mutant: Mutant, findings: Sequence[tuple[Path, int]]) -> int:
    return sum(path == mutant.path and mutant.first <= line <= mutant.last for path, line in findings)


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Lines of found and all by shape."""
    found, every = Counter[str](), Counter[str]()
    for each in outcomes:
        every[each.mutant.shape] += 1
        found[each.mutant.shape] += each.found
    for shape, count in every.most_common():
        yield f"  {found[shape]:5} of {count:5}  {found[shape] / count:4.0%}  {shape}"
    yield f"found: {sum(found.values())} of {len(outcomes)}"


def _findings(
    root: Path, paths: Sequence[Path], settings: Settings, overrides: dict[Path, bytes]
) -> list[tuple[Path, int]]:
    report = check(paths, settings, source_overrides=overrides)
    gc.unfreeze()  # what a run knows goes away with its process, or here
    gc.collect()
    return [(root / each.path, each.span.line) for each in report.diagnostics]


def _files(root: Path) -> Iterator[Path]:
    for path in python_files(root):
        parts = {*path.relative_to(root).parts}
        if not {"tests", "test", "testing", "migrations", "management"} & parts and not path.name.startswith(
            ("test_", "conftest")
        ):
            yield path


def _mutants(path: Path, kind: str) -> Iterator[Mutant]:
    try:
        text = path.read_bytes().decode()
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    if not text.isascii() or "\r" in text:
        return
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _MAKING[kind](path, text, function)


def _without_atomic(path: Path, text: str, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Mutant]:
    lines = text.split("\n")
    last = function.end_lineno or function.lineno
    for decorator in function.decorator_list:
        if _is_atomic(decorator) and decorator.lineno == decorator.end_lineno:
            changed = [*lines]
            changed[decorator.lineno - 1] = ""
            yield Mutant(
                path,
                "\n".join(changed),
                function.lineno,
                last,
                decorator.lineno,
                _shape(function, decorator, function.body),
            )
    for node in _own(function):
        if isinstance(node, ast.With) and len(node.items) == 1 and node.items[0].optional_vars is None:
            manager = node.items[0].context_expr
            if _is_atomic(manager) and manager.end_lineno == node.lineno:
                changed = [*lines]
                line = lines[node.lineno - 1]
                changed[node.lineno - 1] = f"{line[: node.col_offset]}if True{line[manager.end_col_offset :]}"
                yield Mutant(
                    path, "\n".join(changed), function.lineno, last, node.lineno, _shape(function, manager, node.body)
                )


def _held(function: ast.FunctionDef | ast.AsyncFunctionDef, but: ast.AST) -> bool:
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


def _shape(function: ast.FunctionDef | ast.AsyncFunctionDef, atomic: ast.expr, body: list[ast.stmt]) -> str:
    """How many writes a transaction holds, by their names; those need one only where they have no other."""
    if _held(function, atomic):
        return "another transaction in the function"
    count = sum(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _WRITES
        for statement in body
        for node in [statement, *_own(statement)]
    )
    return f"{min(count, 2)}{' or more' if count > 1 else ''} by name in the block"


def _by_hand(path: Path, text: str, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Mutant]:
    for node in _own(function):
        match node:
            case ast.Assign(targets=[ast.Attribute() as target], value=ast.BinOp(left=left, op=op, right=right)):
                if _field_of(left) == target.attr and type(op) in _SIGNS:
                    new = f"{ast.unparse(target)} {_SIGNS[type(op)]}= {ast.unparse(right)}"
                    yield from _replaced(path, text, function, node, new, "a field set to F(...)")
            case ast.Expr(value=value) | ast.Assign(value=value) | ast.Return(value=ast.expr() as value):
                while isinstance(value, ast.Await):
                    value = value.value
                match value:
                    case ast.Call(func=ast.Attribute(value=rows, attr="update" | "aupdate"), args=[], keywords=words):
                        changes = [(word.arg or "", word.value) for word in words]
                        yield from _replaced(path, text, function, node, _loop(rows, changes), "rows.update(n=F(...))")
                    case ast.Call(
                        func=ast.Attribute(value=rows, attr="update"), args=[ast.Dict(keys=keys, values=values), *_]
                    ):
                        changes = [(_named(key), value) for key, value in zip(keys, values, strict=True)]
                        yield from _replaced(
                            path, text, function, node, _loop(rows, changes), "query.update({n: Model.n})"
                        )


def _committed_twice(path: Path, text: str, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Mutant]:
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
    lines = text.split("\n")
    first = writes[0]
    end = first.end_lineno or first.lineno
    line = " " * commits[0].col_offset + ast.unparse(commits[0])
    changed = [*lines[:end], line, *lines[end:]]
    last = (function.end_lineno or end) + 1
    yield Mutant(
        path, "\n".join(changed), function.lineno, last, end + 1, f"{_method(first)}, then {_method(writes[1])}"
    )


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


def _replaced(
    path: Path, text: str, function: ast.FunctionDef | ast.AsyncFunctionDef, node: ast.stmt, new: str, shape: str
) -> Iterator[Mutant]:
    if not new:
        return
    lines = text.split("\n")
    end = node.end_lineno or node.lineno
    indented = [" " * node.col_offset + line for line in new.split("\n")]
    changed = [*lines[: node.lineno - 1], *indented, *lines[end:]]
    last = (function.end_lineno or end) + len(changed) - len(lines)
    yield Mutant(path, "\n".join(changed), function.lineno, last, node.lineno, shape)


_MAKING = {"atomic": _without_atomic, "commit": _committed_twice, "update": _by_hand}
