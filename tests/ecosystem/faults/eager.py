"""Take eager loading out of real code and see whether lazy-relationship-in-loop notices.

A mutant lacks one ``.select_related(...)``, ``.prefetch_related(...)`` or ``.options(...)`` with loaders, in a function where a loop
reads an attribute of a name that it loads. It is found when the file has a finding that the unchanged file does not have.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from pathlib import Path

from tests.ecosystem.faults import Faults, Mutant, Source, is_python, sources

LOADERS = frozenset({"selectinload", "joinedload", "subqueryload", "immediateload", "contains_eager"})
LOOPS = (ast.For, ast.AsyncFor, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Eager(Faults[Mutant]):
    command = "eager-mutants"
    told = "take eager loading out"
    rule = "lazy-relationship-in-loop"
    titles = ("query",)

    def mutants(self, root: Path, size: int, chance: random.Random) -> list[Mutant]:
        made = [
            mutant
            for source in sources(root, "migrations")
            if source.is_plain
            for function in source.functions()
            for mutant in _mutants(source, function)
        ]
        return chance.sample(made, min(size, len(made)))


def _mutants(source: Source, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Mutant]:
    read = {name for loop in ast.walk(function) if isinstance(loop, LOOPS) for name in _read_of_rows(loop)}
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
        changed = source.replaced(source.end(base), source.end(call))
        if is_python(changed):
            shape, what = f"{method} on {_root(base)}", ", ".join(names)
            yield Mutant(path=source.path, line=call.lineno, text=changed, kinds=(shape,), what=what)


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
