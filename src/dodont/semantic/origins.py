"""Where a value nothing is known of comes from, as far as the function around it tells: asked only of what would be reported."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from dodont.core.patterns import pattern
from dodont.semantic.definitions import FunctionInfo, FunctionNode
from dodont.semantic.trees import (
    defaults_of,
    dotted,
    function_around,
    functions_around,
    last_name,
    nodes_at,
    nodes_of,
    walk,
)
from dodont.semantic.values import Site

#: Calls that give what they are given, or a part of it.
_PASSES = frozenset(
    "str repr format map list set tuple sorted reversed enumerate zip filter next iter min max dict frozenset".split()
)
#: Built-in functions that give numbers and names of types, whatever they are given.
_COUNTS = frozenset("range len int float complex bool round abs sum hash id ord divmod pow type hex oct bin".split())
_OF_TEXT = frozenset(
    "strip lstrip rstrip lower upper title casefold replace encode decode removeprefix removesuffix format join copy".split()
)
_OF_MAPPINGS = frozenset("get pop setdefault items values keys".split())
#: Methods whose text can hold no quotes: dates and digests written out.
_WRITES_OUT = frozenset("isoformat strftime ctime timestamp hex hexdigest".split())
#: Modules of the standard library that make values up.
_GENERATES = frozenset("random secrets uuid time datetime string".split())
#: What the process was started with, and what is kept of whoever signed in.
_ARRIVES = ("sys.argv", "os.environ", "flask.session", "quart.session")


class Origins:
    """The names of the function (or module) around one place, and what is put into them."""

    def __init__(self, tree: ast.Module, site: Site, is_own: Callable[[str], bool]) -> None:
        """``is_own`` tells whether a dotted name of the module is a function or a class of the project."""
        self.is_own = is_own
        scope = next((each for each in functions_around(tree, site.line) if site.line >= each.body[0].lineno), tree)
        self.node: ast.expr | None = None
        self.imported = _imported(tree)
        self.tree = tree
        self.bound = dict(assigned(scope))
        self._passed: set[tuple[str, bool]] = set()  # names that the question at hand was asked about
        for each in nodes_at(tree, site.line):
            if not isinstance(each, ast.expr):
                continue
            if self.node is None and _is_at(each, site):
                self.node = each
            # `",".join(f"'{name}'" for name in names)`: whatever else the function calls `name`
            if isinstance(each, _COMPREHENSIONS) and _holds(each, site):
                for generator in each.generators:
                    for name in walk(generator.target):
                        if isinstance(name, ast.Name):
                            self.bound[name.id] = [(generator.iter, True)]

    @property
    def outside(self) -> bool:
        """Whether the value is data: what a call gives that is not the project's own, or an item of what any call gives.

        What an object keeps (``self.table``), what a function of the project answers, globals and internals (``x._table``)
        are the code's own.
        """
        self._passed.clear()
        return self.node is not None and self._outside(self.node, False)

    @property
    def keyed(self) -> bool:
        """Whether the value was taken from a mapping by a key: ``event["id"]``, ``event.get("id")``."""
        self._passed.clear()
        return self.node is not None and self._keyed(self.node)

    @property
    def entered(self) -> bool:
        """Whether the value is the text that a person typed: ``input("age: ")``, ``sys.argv[1]``."""
        self._passed.clear()
        return self.node is not None and self._entered(self.node)

    @property
    def own(self) -> bool:
        """Whether the value is what the object was made with and keeps: ``self.name``, after ``self.name = name`` of a parameter."""
        node = self.node
        if not (isinstance(node, ast.Attribute) and _of_self(node) and isinstance(node.value, ast.Name)):
            return False
        return node.attr in _kept_parameters(self.tree)

    @property
    def identity(self) -> bool:
        """Whether the value is the ``id`` of some object: a number or digest that a database or a service made up."""
        self._passed.clear()
        return self.node is not None and self._identity(self.node, ())

    def _identity(self, node: ast.AST, seen: tuple[str, ...]) -> bool:
        match node:
            case ast.Name(id=name) if name not in seen:
                if not self._first(name):
                    return True  # what it is made of is told already
                values = self.bound.get(name, [])
                return bool(values) and all(self._identity(value, (*seen, name)) for value, _ in values)
            case ast.Attribute(attr="id" | "pk"):
                return not _of_self(node)
            case ast.Call(func=ast.Name(id="str"), args=[value]) | ast.Attribute(attr="hex", value=value):
                return self._identity(value, seen)
            case ast.ListComp(elt=elt) | ast.GeneratorExp(elt=elt) | ast.SetComp(elt=elt):
                return self._identity(elt, seen)
            case ast.Call(func=ast.Attribute(value=ast.Constant(), attr="join"), args=[value]):
                return self._identity(value, seen)
            case ast.JoinedStr(values=values):
                return all(isinstance(each, ast.Constant) or self._identity(each, seen) for each in values)
            case ast.FormattedValue(value=value):
                return self._identity(value, seen)
        return False

    def _first(self, name: str, part: bool = False) -> bool:
        """Whether the question comes to the name for the first time: ``a = b + c; b = c + d; c = d + e`` has many ways to ``e``."""
        if (name, part) in self._passed:
            return False
        self._passed.add((name, part))
        return True

    def _outside(self, node: ast.AST, part: bool) -> bool:
        match node:
            case ast.Name(id=name):
                if name not in self.bound:
                    return self.imported.get(name) in _ARRIVES
                values = self.bound[name] if self._first(name, part) else []
                return any(self._outside(value, part or item) for value, item in values)
            case ast.Attribute(value=value, attr=attr):
                if self._qualified(node) in _ARRIVES:
                    return True
                return not attr.startswith("_") and not _of_self(node) and self._outside(value, True)
            case ast.Subscript(value=value):
                return self._outside(value, True)
            case ast.Call(func=func):
                return self._called(node, func, part)
            case ast.Await(value=value) | ast.Starred(value=value) | ast.NamedExpr(value=value):
                return self._outside(value, part)
            case ast.FormattedValue(value=value):
                return self._outside(value, part)
            case ast.IfExp(body=body, orelse=other):
                return self._outside(body, part) or self._outside(other, part)
            case ast.BinOp() | ast.BoolOp() | ast.JoinedStr() | ast.Tuple() | ast.List() | ast.Set():
                return any(self._outside(each, part) for each in ast.iter_child_nodes(node))
            case ast.ListComp(elt=elt) | ast.GeneratorExp(elt=elt) | ast.SetComp(elt=elt):
                return self._outside(elt, part)
        return False

    def _called(self, node: ast.Call, func: ast.expr, part: bool) -> bool:
        if isinstance(func, ast.Name) and func.id in _COUNTS:
            return False
        if isinstance(func, ast.Name) and func.id in _PASSES:
            return any(self._outside(each, part) for each in node.args)
        if (
            isinstance(func, ast.Attribute)
            and func.attr in _OF_TEXT | _OF_MAPPINGS
            and (node.args or func.attr != "get")
        ):
            part = part or func.attr in _OF_MAPPINGS
            return self._outside(func.value, part) or (
                func.attr in ("format", "join") and any(self._outside(each, part) for each in node.args)
            )
        name = self._qualified(func)
        if name.startswith(("os.path.", "posixpath.", "collections.")):
            return any(self._outside(each, part) for each in node.args)
        if name.partition(".")[0] in _GENERATES or (isinstance(func, ast.Attribute) and func.attr in _WRITES_OUT):
            return False
        if _of_self(func) or self.is_own(dotted(func)):
            return part
        return True

    def _qualified(self, node: ast.expr) -> str:
        root, dot, rest = dotted(node).partition(".")
        return f"{self.imported.get(root, root)}{dot}{rest}"

    def _keyed(self, node: ast.AST) -> bool:
        match node:
            case ast.Name(id=name):
                values = self.bound.get(name, []) if self._first(name) else []
                return any(self._keyed(value) for value, item in values if not item)
            case ast.Subscript(slice=ast.Constant(value=str())):
                return True
            case ast.Call(func=ast.Attribute(attr="get" | "pop"), args=[ast.Constant(value=str()), *_]):
                return True
            case ast.Call(func=ast.Name(id="str"), args=[value]) | ast.Await(value=value):
                return self._keyed(value)
            case ast.BoolOp(values=values):
                return any(self._keyed(value) for value in values)
        return False

    def _entered(self, node: ast.AST) -> bool:
        match node:
            case ast.Name(id=name):
                values = self.bound.get(name, []) if self._first(name) else []
                return bool(values) and all(self._entered(value) for value, _ in values)
            case ast.Call(func=ast.Name(id="input")):
                return True
            case ast.Call(func=ast.Attribute(value=value, attr="strip" | "lower" | "upper" | "rstrip")):
                return self._entered(value)
            case ast.Subscript(value=ast.expr() as value):
                return self._qualified(value) == "sys.argv"
        return False


_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _holds(node: ast.expr, site: Site) -> bool:
    return (node.lineno, node.col_offset) <= (site.line, site.column) and (site.end_line, site.end_column) <= (
        node.end_lineno or 0,
        node.end_col_offset or 0,
    )


def _is_at(node: ast.expr, site: Site) -> bool:
    return (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset) == tuple(site)[1:]


@lru_cache(maxsize=2)
def _imported(tree: ast.Module) -> dict[str, str]:
    """What the names mean that import statements rename or take out of a module."""
    found: dict[str, str] = {}
    for each in nodes_of(tree, _IMPORTS):
        if isinstance(each, ast.Import):
            found |= {alias.asname: alias.name for alias in each.names if alias.asname is not None}
        elif isinstance(each, ast.ImportFrom) and each.module is not None and not each.level:
            found |= {alias.asname or alias.name: f"{each.module}.{alias.name}" for alias in each.names}
    return found


@lru_cache(maxsize=2)
def _kept_parameters(tree: ast.Module) -> frozenset[str]:
    """The attributes that ``self.name = name`` makes of parameters of ``__init__``, in the module's classes."""
    return frozenset(
        target.attr
        for function in nodes_of(tree, _FUNCTIONS)
        if function.name == "__init__"  # type: ignore[attr-defined]
        for each in walk(function)
        if isinstance(each, ast.Assign) and isinstance(each.value, ast.Name)
        for target in each.targets
        if isinstance(target, ast.Attribute)
        and _of_self(target)
        and each.value.id in {arg.arg for arg in function.args.args}  # type: ignore[attr-defined]
    )


_FUNCTIONS: frozenset[type] = frozenset({ast.FunctionDef})
_IMPORTS: frozenset[type] = frozenset({ast.Import, ast.ImportFrom})


@lru_cache(maxsize=4)
def assigned(scope: ast.AST) -> dict[str, list[tuple[ast.expr, bool]]]:
    """What is put into each name, and whether the name gets an item of that."""
    found: dict[str, list[tuple[ast.expr, bool]]] = {}
    for each in walk(scope):
        for target, value, part in _bindings(each):
            for name in walk(target):
                if isinstance(name, ast.Name) and (name is target or isinstance(name.ctx, ast.Store)):
                    found.setdefault(name.id, []).append((value, part))
    return found


def _bindings(node: ast.AST) -> Iterator[tuple[ast.AST, ast.expr, bool]]:
    """Targets, what is put into them, and whether it is an item of that."""
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield target, value, False
        case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.AugAssign(target=target, value=value):
            yield target, value, False
        case ast.NamedExpr(target=target, value=value):
            yield target, value, False
        case ast.For(target=target, iter=value) | ast.AsyncFor(target=target, iter=value):
            yield target, value, True
        case ast.comprehension(target=target, iter=value):
            yield target, value, True
        case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
            yield target, value, False
        case ast.Call(func=ast.Attribute(value=ast.Name() as target, attr="append" | "extend" | "add"), args=[value]):
            yield target, value, False


def _of_self(node: ast.expr) -> bool:
    return dotted(node).partition(".")[0] in ("self", "cls")


#: What a function is called that raises unless a value is as it should be.
_CHECKS = pattern(r"_*(?:validate|check|ensure|verify|require)")


def is_checked(tree: ast.Module, site: Site, name: str) -> bool:
    """Whether a call statement before ``site``, in the function around it, checks what is written as ``name``; or a decorator
    of that function, written in the module, tests it for membership."""
    function = function_around(tree, site.line)
    if function is not None and any(_admits(tree, decorator, name) for decorator in function.decorator_list):
        return True
    return function is not None and any(line < site.line and name in given for line, given in _checks(function))


@lru_cache(maxsize=4)
def _checks(function: FunctionNode) -> list[tuple[int, frozenset[str]]]:
    """The lines of call statements that check something, and what that is, as written."""
    return [
        (node.lineno, frozenset(ast.unparse(argument) for argument in call.args))
        for node in walk(function)
        if isinstance(node, ast.Expr)
        and isinstance(call := node.value.value if isinstance(node.value, ast.Await) else node.value, ast.Call)
        and _CHECKS.match(last_name(call.func))
    ]


def _admits(tree: ast.Module, decorator: ast.expr, name: str) -> bool:
    """``def require_table(handler): … if table not in tables: abort(404)``, whose wrapper has the handler's parameter."""
    return isinstance(decorator, ast.Name) and any(
        isinstance(node, ast.Compare)
        and isinstance(node.left, ast.Name)
        and node.left.id == name
        and isinstance(node.ops[0], (ast.In, ast.NotIn))
        for definition in tree.body
        if isinstance(definition, ast.FunctionDef) and definition.name == decorator.id
        for node in walk(definition)
    )


def is_given_in_code(tree: ast.Module, function: FunctionInfo, parameter: str) -> bool:
    """Whether the function is private, the module only calls it, and each call gives the parameter what the code chose."""
    if function.name == "_":
        return True  # a cell of a notebook: what it is given is made by another cell
    if not function.name.startswith("_") or function.name.endswith("__"):
        return False
    position = function.positional.index(parameter) if parameter in function.positional else None
    uses = _uses(tree).get(function.name, [])
    named = [node for node in uses if not isinstance(node, ast.Call)]
    calls = [node for node in uses if isinstance(node, ast.Call)]
    return (
        bool(calls) and len(calls) == len(named) and all(_gives_own(tree, call, position, parameter) for call in calls)
    )


@lru_cache(maxsize=2)
def _uses(tree: ast.Module) -> dict[str, list[ast.AST]]:
    """The names and attributes of each last name, and the calls of them."""
    found: dict[str, list[ast.AST]] = {}
    for node in nodes_of(tree, _NAMING):
        name = last_name(node.func if isinstance(node, ast.Call) else node)
        if name:
            found.setdefault(name, []).append(node)
    return found


_NAMING: frozenset[type] = frozenset({ast.Name, ast.Attribute, ast.Call})


def _gives_own(tree: ast.Module, call: Any, position: int | None, parameter: str) -> bool:
    given = next((word.value for word in call.keywords if word.arg == parameter), None)
    if given is None and position is not None and position < len(call.args):
        given = call.args[position]
    return given is not None and _is_own_choice(tree, given)


def _is_own_choice(tree: ast.Module, node: ast.AST) -> bool:
    """A constant, written out or by its name, what the object keeps, a number: ``self._run("merge=%s" % blocks, self.table)``."""
    match node:
        case ast.Constant():
            return True
        case ast.List() | ast.Tuple() | ast.Set() | ast.JoinedStr() | ast.FormattedValue() | ast.BinOp() | ast.BoolOp():
            return all(_is_own_choice(tree, each) for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr))
        case ast.IfExp(body=body, orelse=other):
            return _is_own_choice(tree, body) and _is_own_choice(tree, other)
        case ast.Attribute():
            return node.attr.isupper() or _of_self(node)
        case ast.Name():
            return node.id.isupper() or _is_number(function_around(tree, node.lineno), node.id)
    return False


def _is_number(function: FunctionNode | None, name: str) -> bool:
    """Whether a parameter's default is a number or a truth."""
    if function is None:
        return False
    default = defaults_of(function.args).get(name)
    return isinstance(default, ast.Constant) and isinstance(default.value, (int, float))
