"""Take eager loading out of real code and see whether lazy-relationship-in-loop notices: recall on faults that are known to be faults.

A mutant lacks one ``.select_related(...)``, ``.prefetch_related(...)`` or ``.options(...)`` with loaders, in a function where a loop
reads an attribute of a name that it loads. It is found when the file has a finding that the unchanged file does not have.

    python -m tests.ecosystem.eager DIR [NAME...] [-n 100] [--seed N] [--missed]
"""

from __future__ import annotations

import argparse
import ast
import gc
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dodont.engine.driver import check
from dodont.engine.settings import Settings
from tests.ecosystem.projects import python_files

RULE = "lazy-relationship-in-loop"
LOADERS = frozenset({"selectinload", "joinedload", "subqueryload", "immediateload", "contains_eager"})
LOOPS = (ast.For, ast.AsyncFor, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True)
class Mutant:
    """``path`` without the loading of ``names`` at ``line``. ``shape`` is where the query begins and where the loop gets it from."""

    path: Path
    line: int
    names: tuple[str, ...]
    text: str
    shape: str


@dataclass(frozen=True, slots=True)
class Outcome:
    mutant: Mutant
    found: bool


def run(root: Path, size: int, seed: int) -> list[Outcome]:
    """The outcomes of up to ``size`` mutants of the project in ``root``, the same ones for the same seed."""
    mutants = [*_mutants(root)]
    drawn = random.Random(seed).sample(mutants, min(size, len(mutants)))
    if not drawn:
        return []
    settings = Settings(root=root, select=(RULE,))
    before = _findings(settings, {mutant.path: None for mutant in drawn})
    rounds: list[dict[Path, Mutant]] = []
    for mutant in drawn:
        free = next((each for each in rounds if mutant.path not in each), None)
        if free is None:
            rounds.append(free := {})
        free[mutant.path] = mutant
    outcomes: list[Outcome] = []
    for group in rounds:
        after = _findings(settings, {path: mutant.text for path, mutant in group.items()})
        outcomes += [Outcome(mutant, bool(after[path] - before[path])) for path, mutant in group.items()]
    return outcomes


def _findings(settings: Settings, texts: Mapping[Path, str | None]) -> dict[Path, Counter[str]]:
    """The messages of a rule's findings in each file; the files' own text where none is given."""
    overrides = {path: text.encode() for path, text in texts.items() if text is not None}
    report = check([*texts], settings, source_overrides=overrides)
    gc.unfreeze()
    gc.collect()
    found: dict[Path, Counter[str]] = {path: Counter() for path in texts}
    for finding in report.diagnostics:
        found[settings.root / finding.path][finding.message] += 1
    return found


def _mutants(root: Path) -> Iterator[Mutant]:
    for path in python_files(root):
        if {"tests", "test", "testing", "migrations"} & {*path.relative_to(root).parts} or path.name.startswith(
            "test_"
        ):
            continue
        try:
            text = path.read_bytes().decode()
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            continue
        if text.isascii():
            for function in ast.walk(tree):
                if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    yield from _of_function(path, text, function)


def _of_function(path: Path, text: str, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Mutant]:
    read = {name for loop in ast.walk(function) if isinstance(loop, LOOPS) for name in _read_of_rows(loop)}
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    for call in ast.walk(function):
        match call:
            case ast.Call(
                func=ast.Attribute(value=base, attr="select_related" | "prefetch_related" | "options" as method)
            ):
                names = tuple(dict.fromkeys(_names(call, method)))
            case _:
                continue
        if not names or not read & {part for name in names for part in name.split(".")}:
            continue
        begin = starts[(base.end_lineno or 1) - 1] + (base.end_col_offset or 0)
        end = starts[(call.end_lineno or 1) - 1] + (call.end_col_offset or 0)
        changed = text[:begin] + text[end:]
        try:
            ast.parse(changed)
        except SyntaxError:
            continue
        yield Mutant(path, call.lineno, names, changed, f"{method} on {_root(base)}")


def _read_of_rows(loop: ast.AST) -> Iterator[str]:
    """The attributes that a loop reads of its own variables: ``customer`` and ``name`` of ``order.customer.name``."""
    loops = loop.generators if isinstance(loop, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)) else [loop]
    rows = {each.id for one in loops for each in ast.walk(one.target) if isinstance(each, ast.Name)}  # type: ignore[attr-defined]
    for each in ast.walk(loop):
        names: list[str] = []
        node = each
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        if isinstance(node, ast.Name) and node.id in rows:
            yield from names


def _names(call: ast.Call, method: str) -> Iterator[str]:
    for each in call.args:
        match each:
            case ast.Constant(value=str(name)):
                yield name.replace("__", ".")
            case ast.Call(func=ast.Name(id=loader) | ast.Attribute(attr=loader), args=[first, *_]) if (
                loader in LOADERS or loader == "Prefetch"
            ):
                if isinstance(first, ast.Constant):
                    yield str(first.value).replace("__", ".")
                elif isinstance(first, ast.Attribute):
                    yield first.attr


def _root(node: ast.expr) -> str:
    """What a query begins with, as far as its spelling tells."""
    while isinstance(node, (ast.Call, ast.Attribute, ast.Subscript)):
        if isinstance(node, ast.Attribute) and node.attr in ("objects", "query"):
            return "a class"
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if name in ("select", "query"):
                return "a class"
            if name in ("get_queryset", "super"):
                return "a base class's query"
        node = node.func if isinstance(node, ast.Call) else node.value
    return "self" if isinstance(node, ast.Name) and node.id == "self" else "a name"


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    every, found = Counter[str](), Counter[str]()
    for each in outcomes:
        every[each.mutant.shape] += 1
        found[each.mutant.shape] += each.found
    yield from (f"  {found[name]:4} of {count:4}  {name}" for name, count in every.most_common())
    yield f"found: {sum(each.found for each in outcomes)} of {len(outcomes)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("-n", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--missed", action="store_true")
    given = parser.parse_args()
    outcomes: list[Outcome] = []
    for root in sorted(each for each in given.directory.iterdir() if each.is_dir()):
        if not given.names or root.name in given.names:
            outcomes += run(root, given.n, given.seed)
    print(*table(outcomes), sep="\n")
    if given.missed:
        for each in outcomes:
            if not each.found:
                print(f"{each.mutant.path}:{each.mutant.line}: {', '.join(each.mutant.names)} ({each.mutant.shape})")


if __name__ == "__main__":
    main()
