"""Walk syntax trees faster than ``ast.walk``, and in the order written."""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import lru_cache

from dodont.semantic.definitions import Block

Function = ast.FunctionDef | ast.AsyncFunctionDef

#: Nodes whose inside is evaluated at another time.
SCOPES = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda})

#: What a node's fields hold beside nodes and lists of them, and nodes that say nothing by themselves.
_ATOMS: frozenset[type] = frozenset(
    {int, str, bytes, bool, float, complex, type(None), type(...), ast.Load, ast.Store, ast.Del}
)

#: Nodes with no nodes below them but a context.
_LEAVES = frozenset({ast.Name, ast.Constant, ast.Pass, ast.Break, ast.Continue})


def walk(node: ast.AST, without: frozenset[type] = frozenset()) -> Iterator[ast.AST]:
    """``node`` and all below it; nodes ``without`` is about, and what is below them, are left out, save for ``node`` itself."""
    yield node
    left_out = _ATOMS | without if without else _ATOMS
    pending = _children(node, left_out)
    while pending:
        node = pending.pop()
        yield node
        if node.__class__ not in _LEAVES:
            pending += _children(node, left_out)


def nodes_of(node: ast.AST, kinds: frozenset[type], without: frozenset[type] = frozenset()) -> list[ast.AST]:
    """The nodes of some kinds (none of them an operator or a context) that ``walk`` gives, in its order, in less time."""
    result: list[ast.AST] = []
    passed = without | (_LEAVES - kinds) | _ATOMS
    pending = [node]
    while pending:
        node = pending.pop()
        kind = node.__class__
        if kind in kinds:
            result.append(node)
        for field in _BELOW[kind]:
            value = getattr(node, field, None)
            if value.__class__ is list:
                pending += [each for each in reversed(value) if each.__class__ not in passed]
            elif value.__class__ not in passed:
                pending.append(value)  # type: ignore[arg-type]
    return result


#: Fields with no nodes in them but operators and contexts.
_ATOMIC = frozenset(
    "id attr arg name asname kind ctx op ops level module names type_comment is_async simple conversion rest kwd_attrs".split()
)


class _Below(dict[type, tuple[str, ...]]):
    """The fields of a kind of node that hold nodes, the last first."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        atomic = _ATOMIC | {"value"} if kind is ast.Constant else _ATOMIC
        if kind in (ast.Import, ast.ImportFrom):
            atomic = atomic - {"names"}
        found = self[kind] = tuple(field for field in reversed(kind._fields) if field not in atomic)
        return found


_BELOW = _Below()


def _children(node: ast.AST, left_out: frozenset[type]) -> list[ast.AST]:
    """The nodes in a node's fields, last first."""
    found: list[ast.AST] = []
    for value in node.__dict__.values():
        kind = value.__class__
        if kind is list:
            found += [each for each in value if each.__class__ not in left_out]
        elif kind not in left_out:
            found.append(value)
    found.reverse()
    return found


_CALLS: frozenset[type] = frozenset({ast.Call})


def last_name(node: ast.AST) -> str:
    """``send`` of ``send`` and of ``self.mailer.send``; empty for what is neither a name nor an attribute."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def dotted(node: ast.expr) -> str:
    """``self.mailer.send`` as written; empty for what is no chain of names."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    names.append(node.id)
    return ".".join(reversed(names))


def function_around(tree: ast.AST, line: int) -> Function | None:
    """The innermost function whose lines hold the place."""
    return next(functions_around(tree, line), None)


def functions_around(tree: ast.AST, line: int) -> Iterator[Function]:
    """The functions whose lines hold the place, the innermost first."""
    starts, functions, around = _functions(tree)
    index = bisect_right(starts, line) - 1
    while index >= 0:
        if line <= (functions[index].end_lineno or 0):
            yield functions[index]
        index = around[index]


@lru_cache(maxsize=2)  # asked of every finding in a file
def _functions(tree: ast.AST) -> tuple[list[int], list[Function], list[int]]:
    """The first lines of all functions, these themselves, and the index of the function around each, -1 where there is none."""
    functions: list[Function] = nodes_of(tree, _FUNCTIONS)  # type: ignore[assignment]
    around: list[int] = []
    open_: list[int] = []
    for index, each in enumerate(functions):
        while open_ and (functions[open_[-1]].end_lineno or 0) < each.lineno:
            open_.pop()
        around.append(open_[-1] if open_ else -1)
        open_.append(index)
    return [each.lineno for each in functions], functions, around


_FUNCTIONS: frozenset[type] = frozenset({ast.FunctionDef, ast.AsyncFunctionDef})


def nodes_at(tree: ast.AST, line: int) -> Iterator[ast.AST]:
    """The nodes whose lines hold a line, in the order of ``walk``."""
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        body = getattr(node, "body", None)
        if body.__class__ is list and len(body) > 20:
            pending += [
                each for each in _children(node, _ATOMS) if not isinstance(each, ast.stmt) and _is_near(each, line)
            ]
            pending += [each for each in reversed(_statements_at(node, line)) if _is_near(each, line)]
        else:
            pending += [each for each in _children(node, _ATOMS) if _is_near(each, line)]


def _statements_at(node: ast.AST, line: int) -> list[ast.stmt]:
    """Those statements right below a node that may hold a line."""
    found: list[ast.stmt] = []
    for field in ("body", "orelse", "finalbody"):
        statements: list[ast.stmt] = getattr(node, field, [])
        end = bisect_right(statements, line, key=_first_line)
        begin = bisect_left(statements, line, key=_first_line)
        found += statements[max(begin - 1, 0) : end + 1]  # the one before may reach so far, the one after be decorated
    return found


def _first_line(node: ast.stmt) -> int:
    return node.lineno


def _is_near(node: ast.AST, line: int) -> bool:
    first = getattr(node, "lineno", None)
    if first is None or getattr(node, "decorator_list", None):  # decorators stand before the first line
        return True
    last: int = getattr(node, "end_lineno", None) or 0
    return bool(first <= line <= last)


@lru_cache(maxsize=2)
def stored(tree: ast.AST) -> frozenset[str]:
    """The dotted names of attributes that something is put into."""
    attributes: list[ast.Attribute] = nodes_of(tree, _ATTRIBUTES)  # type: ignore[assignment]
    return frozenset(dotted(each) for each in attributes if each.ctx.__class__ is ast.Store)


_ATTRIBUTES: frozenset[type] = frozenset({ast.Attribute})


def defaults_of(arguments: ast.arguments) -> dict[str, ast.expr]:
    """The defaults of parameters, by name."""
    positional = [*arguments.posonlyargs, *arguments.args]
    first = len(positional) - len(arguments.defaults)
    pairs = [*zip(positional[first:], arguments.defaults, strict=True)]
    pairs += [
        (argument, given) for argument, given in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if given
    ]
    return {argument.arg: given for argument, given in pairs}


def asks(node: ast.expr) -> bool:
    """``inspect.isawaitable``, ``asyncio.iscoroutine`` and kin, ``isinstance`` and ``hasattr``."""
    return last_name(node) in _QUESTIONS


def asks_within(node: ast.AST) -> bool:
    """Whether something in the code asks what a value is, or what it can do."""
    return any(asks(each.func) for each in nodes_of(node, _CALLS))  # type: ignore[attr-defined]


_QUESTIONS = frozenset(
    {"isinstance", "hasattr", "isawaitable", "iscoroutine", "iscoroutinefunction", "isfuture", "is_async_callable"}
)


def blocks_around(body: list[ast.stmt], line: int) -> tuple[Block, ...]:
    """The blocks that a line stands in, outermost first."""
    statement = next((each for each in body if each.lineno <= line <= (each.end_lineno or each.lineno)), None)
    for block, inner in parts(statement) if statement is not None else ():
        if inner and inner[0].lineno <= line <= (inner[-1].end_lineno or inner[-1].lineno):
            return (*((block,) if block is not None else ()), *blocks_around(inner, line))
    return ()


def parts(node: ast.stmt) -> Iterator[tuple[Block | None, list[ast.stmt]]]:
    """The statements within a statement, by the block they are in."""
    at = node.lineno, node.col_offset
    match node:
        case ast.If(body=body, orelse=orelse):
            yield Block("if", *at), body
            yield Block("else", *at), orelse
        case ast.For(target=target, body=body, orelse=orelse) | ast.AsyncFor(target=target, body=body, orelse=orelse):
            yield Block("for", *at, target.id if isinstance(target, ast.Name) else ""), body
            yield None, orelse
        case ast.While(body=body, orelse=orelse):
            yield Block("while", *at), body
            yield None, orelse
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=last):
            yield Block("try", *at), body
            for each in handlers:
                yield Block("except", each.lineno, each.col_offset), each.body
            yield None, orelse
            yield None, last
        case ast.With(body=body) | ast.AsyncWith(body=body):
            yield Block("with", *at), body
        case ast.Match(cases=cases):
            for case in cases:
                yield Block("case", case.pattern.lineno, case.pattern.col_offset), case.body
