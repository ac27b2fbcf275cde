"""Take an ``await`` out of real code and see whether missing-await notices."""

from __future__ import annotations

import argparse
import ast
import json
import random
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from dodont.core.diagnostic import Diagnostic
from dodont.engine.fixing import apply, edits_for
from tests.ecosystem import faults
from tests.ecosystem.faults import Faults, Outcome, Round, Source, sources


@dataclass(frozen=True, kw_only=True)
class Mutant(faults.Mutant):
    """A file without the ``await`` before the call at ``line`` and ``column`` (in characters, after the deletion)."""

    column: int
    original: str


class Awaits(Faults[Mutant]):
    """A mutant is found when the finding is at its own call."""

    command = "mutants"
    told = "take awaits out"
    rule = "missing-await"
    titles = ("use", "target", "owner")
    size = 100
    wrong = ("not restored by the fix",)

    def mutants(self, root: Path, size: int, chance: random.Random) -> list[Mutant]:
        places: list[tuple[Source, ast.Await]] = []
        defined: set[str] = set()
        for source in sources(root):
            defined |= {each.name for each in source.functions() if isinstance(each, ast.AsyncFunctionDef)}
            if source.is_plain:
                places += [(source, each) for each in ast.walk(source.tree) if _is_awaited_call(each)]
        return [_mutant(*each, defined) for each in chance.sample(places, min(size, len(places)))]

    def outcome(self, mutant: Mutant, before: Sequence[Diagnostic], after: Sequence[Diagnostic]) -> Outcome[Mutant]:
        own = [each for each in after if (each.span.line, each.span.column) == (mutant.line, mutant.column)]
        outcome = Outcome(mutant, bool(own))
        if edits := edits_for(mutant.text, own):
            restored = apply(mutant.text, next(iter(edits.values()))) == mutant.original
            outcome.remarks.append("restored by the fix" if restored else "not restored by the fix")
        return outcome

    def options(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--pyright", metavar="COMMAND", default="", help="ask this pyright about the same mutants")

    def ask(
        self,
        root: Path,
        rounds: Sequence[Round[Mutant]],
        outcomes: Sequence[Outcome[Mutant]],
        options: argparse.Namespace,
    ) -> None:
        """Add what pyright says of the mutants, each round written into a copy of the project."""
        if not options.pyright:
            return
        of = {id(each.mutant): each for each in outcomes}
        with tempfile.TemporaryDirectory() as directory:
            copy = Path(directory) / root.name
            shutil.copytree(root, copy)
            paths = sorted({each.mutant.path.relative_to(root) for each in outcomes})
            before = Counter(map(_without_place, _errors(options.pyright, copy, paths)))
            for mutants in rounds:
                for path, mutant in mutants.items():
                    (copy / path.relative_to(root)).write_bytes(mutant.text.encode())
                found = _errors(options.pyright, copy, [path.relative_to(root) for path in mutants])
                for path, mutant in mutants.items():
                    place = path.relative_to(root)
                    own = [each for each in found if each[0] == place]
                    if any(each[1] == mutant.line and each[2] == "reportUnusedCoroutine" for each in own):
                        of[id(mutant)].remarks.append("pyright: reportUnusedCoroutine")
                    if Counter(map(_without_place, own)) - before:
                        of[id(mutant)].remarks.append("pyright: an error that the original has not")
                    (copy / place).write_bytes(mutant.original.encode())


def _errors(pyright: str, root: Path, paths: Sequence[Path]) -> list[tuple[Path, int, str, str]]:
    """Path, line, rule and message of what pyright reports of files by its own settings."""
    done = subprocess.run(
        [pyright, "--outputjson", *map(str, paths)], cwd=root, capture_output=True, text=True, check=False
    )
    return [
        (
            Path(each["file"]).resolve().relative_to(root.resolve()),
            each["range"]["start"]["line"] + 1,
            each.get("rule", ""),
            each["message"],
        )
        for each in json.loads(done.stdout)["generalDiagnostics"]
        if each["severity"] == "error"
    ]


def _without_place(error: tuple[Path, int, str, str]) -> tuple[Path, str, str]:
    return error[0], error[2], error[3]


def _is_awaited_call(node: ast.AST) -> TypeGuard[ast.Await]:
    return isinstance(node, ast.Await) and isinstance(node.value, ast.Call)


def _mutant(source: Source, node: ast.Await, defined: set[str]) -> Mutant:
    call = node.value
    assert isinstance(call, ast.Call)
    begin = source.start(node)
    changed = source.replaced(begin, begin + len("await "))
    parents = {child: parent for parent in ast.walk(source.tree) for child in ast.iter_child_nodes(parent)}
    target = _target(call, defined)
    return Mutant(
        path=source.path,
        line=call.lineno,
        column=call.col_offset - (len("await ") if call.lineno == node.lineno else 0),
        original=source.text,
        text=changed,
        kinds=(_use(node, parents), target, target.partition(":")[0]),
    )


def _use(node: ast.Await, parents: Mapping[ast.AST, ast.AST]) -> str:
    parent = parents[node]
    match parent:
        case ast.Expr():
            return "statement"
        case (
            ast.Assign(targets=[ast.Name(id=name)])
            | ast.AnnAssign(target=ast.Name(id=name))
            | ast.NamedExpr(target=ast.Name(id=name))
        ):
            return f"name, first {_next_use(parent, name, parents)}"
        case ast.Assign(targets=[ast.Tuple() | ast.List(), *_]):
            return "unpacking"
        case ast.Assign(targets=[ast.Attribute(), *_]):
            return "stored in an attribute"
        case ast.Return():
            return "returned"
    return _plain_use(node, parent)


def _next_use(binding: ast.AST, name: str, parents: Mapping[ast.AST, ast.AST]) -> str:
    """How the name is used where it is read next below the place that binds it."""
    scope = binding
    while not isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Module)):
        scope = parents[scope]
    reads = [each for each in ast.walk(scope) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)]
    after = [each for each in reads if each.id == name and each.lineno > binding.lineno]  # type: ignore[attr-defined]
    first = min(after, key=lambda each: (each.lineno, each.col_offset), default=None)
    return _plain_use(first, parents[first]) if first is not None else "never"


def _plain_use(node: ast.AST, parent: ast.AST) -> str:
    match parent:
        case ast.If() | ast.While() | ast.Assert() | ast.BoolOp() | ast.UnaryOp() | ast.IfExp() if node is not getattr(
            parent, "body", None
        ) and node is not getattr(parent, "orelse", None):
            return "condition"
        case ast.BinOp() | ast.Compare():
            return "operand"
        case ast.Attribute():
            return "attribute"
        case ast.Subscript(value=value) if value is node:
            return "item"
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            return "iteration"
        case ast.FormattedValue():
            return "f-string"
        case ast.Call() | ast.keyword() | ast.Starred():
            return "argument"
        case ast.withitem():
            return "with"
        case ast.Return():
            return "returned"
        case ast.List() | ast.Tuple() | ast.Dict() | ast.ListComp() | ast.DictComp() | ast.GeneratorExp():
            return "in a display"
    return "other"


def _target(call: ast.Call, defined: set[str]) -> str:
    """By the spelling of what is called, and whether the project has a coroutine of that name."""
    func = call.func
    match func:
        case ast.Name():
            shape = "function"
        case ast.Attribute(value=ast.Name(id="self" | "cls")):
            shape = "own method"
        case ast.Attribute(value=ast.Attribute(value=ast.Name(id="self" | "cls"))):
            shape = "method of an own attribute"
        case ast.Attribute(value=ast.Name()):
            shape = "method of a name or function of a module"
        case _:
            shape = "longer chain"
    name = func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""
    return f"{'project' if name in defined else 'library'}: {shape}"
