"""What is left of a module's syntax tree where bodies of functions are left out: the statements at its top and in its classes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from copy import copy
from typing import NamedTuple

from dodont.semantic.trees import last_name

#: Decorators whose functions declare nothing.
_PLAIN = frozenset({"property", "cached_property", "classmethod", "staticmethod", "setter", "deleter", "override"})


class Outline(NamedTuple):
    """``classes`` by their lines and names; those that stand in functions are not among them. ``values`` are what single statements
    give to names at the top, in branches too."""

    body: list[ast.stmt]
    classes: dict[tuple[int, str], ast.ClassDef]
    values: dict[str, ast.expr]


def outline(tree: ast.Module) -> Outline:
    classes: dict[tuple[int, str], ast.ClassDef] = {}
    body = [*_kept(tree.body, classes, inside=False)]
    return Outline(body, classes, values_in(body))


def values_in(body: Iterable[ast.stmt]) -> dict[str, ast.expr]:
    """What statements give to names, where one alone does."""
    found: dict[str, list[ast.expr]] = {}
    for statement in flat(body):
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                found.setdefault(name, []).append(value)
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def flat(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements, and those in branches among them: ``if not POSTGRES: …``, ``if TYPE_CHECKING: …``."""
    for statement in body:
        if isinstance(statement, (ast.If, ast.Try, ast.With)):
            for block in _blocks(statement):
                yield from flat(block)
        else:
            yield statement


def _kept(
    body: Iterable[ast.stmt], classes: dict[tuple[int, str], ast.ClassDef], *, inside: bool
) -> Iterator[ast.stmt]:
    for statement in body:
        match statement:
            case ast.ClassDef():
                inner = copy(statement)
                inner.body = [*_kept(statement.body, classes, inside=True)]
                classes[inner.lineno, inner.name] = inner
                yield inner
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                if inside and _declares(statement):
                    yield statement
            case ast.Import() | ast.ImportFrom() | ast.Pass():
                pass
            case ast.If() | ast.Try() | ast.With():
                for block in _blocks(statement):
                    for _ in _kept(block, classes, inside=inside):  # for the classes in it
                        pass
                yield statement
            case _:
                yield statement


def _blocks(statement: ast.If | ast.Try | ast.With) -> Iterator[list[ast.stmt]]:
    yield statement.body
    for handler in getattr(statement, "handlers", ()):
        yield handler.body
    yield getattr(statement, "orelse", [])
    yield getattr(statement, "finalbody", [])


def _declares(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a method may stand for an attribute: ``@declared_attr def owner_id(cls): ...``."""
    if function.name.startswith("__table"):
        return True
    named = [last_name(each.func if isinstance(each, ast.Call) else each) for each in function.decorator_list]
    return any(name not in _PLAIN for name in named)
