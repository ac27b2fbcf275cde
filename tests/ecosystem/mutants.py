"""Take an ``await`` out of real code and see whether missing-await notices: recall on faults that are known to be faults.

Each file is mutated at one place at a time, in memory; one run checks a mutant of every file of the sample, and as many runs
follow as the sample has mutants in one file. A mutant counts as found when the finding is at its own call.
"""

from __future__ import annotations

import ast
import gc
import json
import random
import shutil
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dodont.core.diagnostic import Diagnostic
from dodont.engine.driver import check
from dodont.engine.fixing import apply, edits_for
from dodont.engine.settings import Settings
from tests.ecosystem.projects import python_files

RULE = "missing-await"


@dataclass(frozen=True, slots=True)
class Mutant:
    """``path`` without the ``await`` before the call at ``line`` and ``column`` (in characters, after the deletion)."""

    path: Path
    line: int
    column: int
    original: str
    text: str
    use: str
    target: str


@dataclass(frozen=True, slots=True)
class Outcome:
    mutant: Mutant
    found: bool
    #: Whether the fix gives the original text back; None when no fix is offered.
    restored: bool | None = None
    #: What pyright says: whether its reportUnusedCoroutine is there, and whether any error is that the original has not.
    unused: bool = False
    error: bool = False


def run(root: Path, size: int, seed: int, pyright: str = "") -> list[Outcome]:
    """The outcomes of ``size`` mutants of the project in ``root``, the same ones for the same seed.

    ``pyright`` is the command to ask about the same mutants.
    """
    rounds: list[dict[Path, Mutant]] = []
    for mutant in _sample(root, size, seed):
        free = next((each for each in rounds if mutant.path not in each), None)
        if free is None:
            rounds.append(free := {})
        free[mutant.path] = mutant
    settings = Settings(root=root, select=(RULE,))
    outcomes: list[Outcome] = []
    for mutants in rounds:
        overrides = {path: mutant.text.encode() for path, mutant in mutants.items()}
        report = check([*mutants], settings, source_overrides=overrides)
        gc.unfreeze()  # what a run knows goes away with its process, or here
        gc.collect()
        at = defaultdict(list)
        for finding in report.diagnostics:
            at[root / finding.path, finding.span.line, finding.span.column].append(finding)
        outcomes += [_outcome(mutant, at[mutant.path, mutant.line, mutant.column]) for mutant in mutants.values()]
    return _asked(pyright, root, rounds, outcomes) if pyright else outcomes


def _asked(
    pyright: str, root: Path, rounds: Sequence[Mapping[Path, Mutant]], outcomes: Sequence[Outcome]
) -> list[Outcome]:
    """The outcomes with what pyright says of the mutants, each round written into a copy of the project."""
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory) / root.name
        shutil.copytree(root, copy)
        paths = sorted({each.mutant.path.relative_to(root) for each in outcomes})
        before = Counter(map(_without_place, _errors(pyright, copy, paths)))
        answers: dict[Mutant, tuple[bool, bool]] = {}
        for mutants in rounds:
            for path, mutant in mutants.items():
                (copy / path.relative_to(root)).write_bytes(mutant.text.encode())
            found = _errors(pyright, copy, [path.relative_to(root) for path in mutants])
            for path, mutant in mutants.items():
                place = path.relative_to(root)
                own = [each for each in found if each[0] == place]
                unused = any(each[1] == mutant.line and each[2] == "reportUnusedCoroutine" for each in own)
                new = Counter(map(_without_place, own)) - before
                answers[mutant] = (unused, bool(new))
                (copy / place).write_bytes(mutant.original.encode())
    return [replace(each, unused=answers[each.mutant][0], error=answers[each.mutant][1]) for each in outcomes]


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


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Lines of found and all by use and by target."""
    for title, kind in (("use", lambda each: each.mutant.use), ("target", lambda each: each.mutant.target)):
        found, every = Counter(), Counter()
        for each in outcomes:
            every[kind(each)] += 1
            found[kind(each)] += each.found
        yield f"by {title}:"
        yield from (
            f"  {found[name]:5} of {count:5}  {found[name] / count:4.0%}  {name}" for name, count in every.most_common()
        )
    own = [each for each in outcomes if each.mutant.target.startswith("project")]
    yield f"found of the project's own coroutines: {sum(each.found for each in own)} of {len(own)}"
    if any(each.error for each in outcomes):
        for title, those in (("all", outcomes), ("the project's own coroutines", own)):
            yield (
                f"pyright on {title}: reportUnusedCoroutine {sum(each.unused for each in those)}, "
                f"any new error {sum(each.error for each in those)}"
            )
    fixed = [each.restored for each in outcomes if each.restored is not None]
    yield f"found: {sum(each.found for each in outcomes)} of {len(outcomes)}"
    yield f"restored by the fix: {sum(fixed)} of {len(fixed)}"


def _outcome(mutant: Mutant, findings: Sequence[Diagnostic]) -> Outcome:
    edits = edits_for(mutant.text, findings)
    restored = apply(mutant.text, next(iter(edits.values()))) == mutant.original if edits else None
    return Outcome(mutant, bool(findings), restored)


def _sample(root: Path, size: int, seed: int) -> list[Mutant]:
    """Mutants of files drawn at random, one more for each time that a file is drawn."""
    trees: dict[Path, tuple[str, ast.Module]] = {}
    places: list[tuple[Path, int]] = []
    defined: set[str] = set()
    for path in python_files(root):
        if {"tests", "test", "testing"} & {*path.relative_to(root).parts} or path.name.startswith(
            ("test_", "conftest")
        ):
            continue
        try:
            text = path.read_bytes().decode()
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            continue
        defined |= {each.name for each in ast.walk(tree) if isinstance(each, ast.AsyncFunctionDef)}
        if text.isascii():  # columns of bytes are columns of characters
            trees[path] = (text, tree)
            places += [(path, index) for index in range(len(_awaits(tree)))]
    drawn = random.Random(seed).sample(places, min(size, len(places)))
    return [_mutant(path, *trees[path], index, defined) for path, index in drawn]


def _awaits(tree: ast.Module) -> list[ast.Await]:
    """The awaited calls."""
    return [each for each in ast.walk(tree) if isinstance(each, ast.Await) and isinstance(each.value, ast.Call)]


def _mutant(path: Path, text: str, tree: ast.Module, index: int, defined: set[str]) -> Mutant:
    node = _awaits(tree)[index]
    call = node.value
    assert isinstance(call, ast.Call)
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    begin = starts[node.lineno - 1] + node.col_offset
    end = begin + len("await ")
    cut = end - begin if call.lineno == node.lineno else 0
    parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    return Mutant(
        path,
        call.lineno,
        call.col_offset - cut,
        text,
        text[:begin] + text[end:],
        _use(node, parents),
        _target(call, defined),
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
