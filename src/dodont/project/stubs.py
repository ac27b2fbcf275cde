"""A stub beside a module, ``store.pyi`` beside ``store.py``: the module is read as if what the stub declares were written in it.

What runs is the module's: bodies, defaults, decorators, whether a function is a coroutine function. What is declared is the
stub's, also where the module declares something else, as for type checkers. Annotations are put in as quoted text, which means
the same wherever it stands::

    def opened(path):                   # store.py
        return _open(path)

    def opened(path: str) -> Connection: ...    # store.pyi

    def opened(path: "str") -> "Connection":    # what is read
        return _open(path)

Names that the stub alone has stand before the module's: what it imports, the classes that generated code makes at run time.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from typing import TypeVar

from dodont.semantic.definitions import FunctionNode
from dodont.semantic.trees import last_name, walk

_Node = TypeVar("_Node", bound=ast.AST)


def merged(tree: ast.Module, stub: ast.Module) -> ast.Module:
    """The module with what its stub declares; ``tree`` stays as it is, of ``stub`` nothing can be used any more."""
    for node in walk(stub):
        if hasattr(node, "lineno"):  # the stub's lines are none of the module's
            node.lineno, node.col_offset, node.end_lineno, node.end_col_offset = 1, 0, 1, 0  # type: ignore[attr-defined]
    return _changed(tree, body=_scope(tree.body, stub.body))


def _scope(own: list[ast.stmt], stub: list[ast.stmt]) -> list[ast.stmt]:
    """The statements of a module or class, the stub's first."""
    functions: dict[str, list[FunctionNode]] = {}
    classes: dict[str, ast.ClassDef] = {}
    variables: dict[str, ast.expr] = {}
    for each in _flat(stub):
        if isinstance(each, FunctionNode):
            if not _is_setter(each):
                functions.setdefault(each.name, []).append(each)
        elif isinstance(each, ast.ClassDef):
            classes[each.name] = each
        elif isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            variables[each.target.id] = each.annotation

    def filled(statement: ast.stmt) -> ast.stmt:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                declared = functions.get(name)
                return statement if declared is None or _is_setter(statement) else _function(statement, declared)
            case ast.ClassDef(name=name) if name in classes:
                return _class(statement, classes[name])
            case ast.AnnAssign(target=ast.Name(id=name)) if name in variables:
                return _changed(statement, annotation=_quoted(variables[name]))
            case ast.Assign(targets=[ast.Name(id=name) as target], value=value) if name in variables:
                if isinstance(value, ast.Lambda):
                    return statement
                declared_as = _quoted(variables[name])
                declaration = ast.AnnAssign(target=target, annotation=declared_as, value=value, simple=1)
                return ast.copy_location(declaration, statement)
        return _within(statement, lambda body: [filled(each) for each in body])

    defined = {each.name for each in _flat(own) if isinstance(each, FunctionNode | ast.ClassDef)}
    bound = {
        each.id for statement in _flat(own) if isinstance(statement, ast.Assign) for each in statement.targets
        if isinstance(each, ast.Name)
    }  # fmt: skip

    def alone(statements: list[ast.stmt], late: bool) -> list[ast.stmt]:
        """What the stub alone has; ``late`` are classes that the module makes by a call: ``Order = message_type("Order")``."""
        found: list[ast.stmt] = []
        for each in statements:
            if isinstance(each, ast.ClassDef):
                if each.name not in defined and late is (each.name in bound):
                    found.append(_class(_changed(each, body=[], bases=[]), each))
            elif isinstance(each, (ast.If, ast.Try, ast.With)):
                found.append(_within(each, lambda body: alone(body, late) or [ast.Pass()]))
            elif late or isinstance(each, ast.Expr):
                continue
            elif isinstance(each, FunctionNode):
                if each.name not in defined:
                    found.append(_function(_changed(each, body=[ast.Pass()]), [each]))
            elif isinstance(each, ast.AnnAssign):
                if not (isinstance(each.target, ast.Name) and each.target.id in defined):
                    value = None if isinstance(each.value, ast.Constant) and each.value.value is ... else each.value
                    found.append(_changed(each, annotation=_quoted(each.annotation), value=value))
            else:
                found.append(each)
        return found

    return [*alone(stub, False), *map(filled, own), *alone(stub, True)]


def _function(own: FunctionNode, declared: list[FunctionNode]) -> FunctionNode:
    """The function with the annotations that all declarations of it agree in: a stub may have several, as overloads."""
    heads = [frozenset(_annotations(each)) for each in declared]
    agreed = dict(frozenset.intersection(*heads))
    arguments = copy(own.args)
    for part in ("posonlyargs", "args", "kwonlyargs"):
        given = [
            _changed(each, annotation=ast.Constant(agreed[each.arg])) if each.arg in agreed else each
            for each in getattr(own.args, part)
        ]
        setattr(arguments, part, given)
    changed = _changed(own, args=arguments)
    if "" in agreed and all(_is_one_kind(own, each) for each in declared):
        changed.returns = ast.copy_location(ast.Constant(agreed[""]), own)
    return changed


def _annotations(declared: FunctionNode) -> Iterator[tuple[str, str]]:
    """The parameters by name, the result without one."""
    arguments = declared.args
    for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        if each.annotation is not None:
            yield each.arg, ast.unparse(each.annotation)
    if declared.returns is not None:
        yield "", ast.unparse(declared.returns)


def _is_one_kind(own: FunctionNode, declared: FunctionNode) -> bool:
    """Whether a call gives what the stub says. Of an asynchronous generator it says ``def rows() -> AsyncIterator[Row]: ...``."""
    returns = declared.returns.value if isinstance(declared.returns, ast.Subscript) else declared.returns
    return own.__class__ is declared.__class__ or (
        isinstance(own, ast.AsyncFunctionDef) and returns is not None and last_name(returns).startswith("Async")
    )


def _class(own: ast.ClassDef, declared: ast.ClassDef) -> ast.ClassDef:
    return _changed(own, bases=own.bases or declared.bases, body=_scope(own.body, declared.body) or [ast.Pass()])


def _is_setter(node: ast.stmt) -> bool:
    return isinstance(node, FunctionNode) and any(
        isinstance(each, ast.Attribute) and each.attr in ("setter", "deleter") for each in node.decorator_list
    )


def _flat(statements: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of one scope, those in branches too: ``if sys.version_info >= (3, 12): ...``."""
    for each in statements:
        yield each
        if isinstance(each, (ast.If, ast.Try, ast.With)):
            for part in ("body", "orelse", "finalbody"):
                yield from _flat(getattr(each, part, ()))
            for handler in getattr(each, "handlers", ()):
                yield from _flat(handler.body)


def _within(statement: ast.stmt, change: Callable[[list[ast.stmt]], list[ast.stmt]]) -> ast.stmt:
    """A statement with its branches changed; itself where it has none."""
    if not isinstance(statement, (ast.If, ast.Try, ast.With)):
        return statement
    parts = {part: change(body) for part in ("body", "orelse", "finalbody") if (body := getattr(statement, part, None))}
    if isinstance(statement, ast.Try):
        handlers = [_changed(each, body=change(each.body)) for each in statement.handlers]
        return _changed(statement, **parts, handlers=handlers)
    return _changed(statement, **parts)


def _quoted(annotation: ast.expr) -> ast.Constant:
    return ast.copy_location(ast.Constant(ast.unparse(annotation)), annotation)


def _changed(node: _Node, **fields: object) -> _Node:
    changed = copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed
