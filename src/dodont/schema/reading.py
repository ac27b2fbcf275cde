"""Runs the part of Python that migrations are written in, over plain data: literals, names, loops over constants, helper functions.

A migration is a program whose effect is wanted, not one whose values are judged, so it is run here and not by ``semantic``. A value is
Python's own where it is a constant or a display; a ``Ref`` for what an import names; ``Made`` for what calling one gives; ``Local`` for
a function of a file; and ``UNREAD`` for all else. A text with a part that is not known has ``HOLE`` in its place. What the calls do is
the business of ``Effects``.
"""

from __future__ import annotations

import ast
import operator
import os
from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeGuard, TypeVar

from dodont.project import inputs
from dodont.project.project import Project
from dodont.project.source import Unreadable, decode, parse
from dodont.semantic.definitions import Input
from dodont.semantic.values import Site

#: What one migration may cost, in statements and expressions, and how deep its functions may call each other.
MAX_STEPS = 50_000
MAX_CALLS = 20
#: How long a text or a list may grow, and how many bits a number has.
MAX_LENGTH = 100_000
MAX_BITS = 256
#: How far a range is gone over.
MAX_RANGE = 1_000
#: How many directories that are no packages stand around a migration.
MAX_LEVELS = 4

HOLE: Final = "\0"

_Key = TypeVar("_Key")
_Answer = TypeVar("_Answer")


class _Unread:
    def __repr__(self) -> str:
        return "UNREAD"

    def __bool__(self) -> bool:
        raise TypeError("nothing is known of the value")


UNREAD: Final = _Unread()


class Ref(NamedTuple):
    """What is defined under a qualified name, in a library or as a class of the project."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """What a call gives: ``of`` is the qualified name of what is called, after the receiver's where it is a method."""

    of: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    site: Site | None = None
    receiver: Any = None

    def get(self, position: int, name: str, default: Any = None) -> Any:
        """An argument by its name or position; ``UNREAD`` where ``*args`` or ``**kwargs`` that are not known may have it."""
        if name in self.kwargs:
            return self.kwargs[name]
        if 0 <= position < len(self.args):
            return self.args[position]
        return UNREAD if HOLE in self.kwargs else default


class Local(NamedTuple):
    """A function or lambda of a file, with the names around it."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    file: File
    around: Mapping[str, Any]


class Method(NamedTuple):
    receiver: Any
    name: str


class Several(list[Any]):
    """A set, in the order in which it was put together; of what is not known it may have some."""

    def __or__(self, other: Any) -> Several:
        return _as_set([*self, *other])

    def __sub__(self, other: Any) -> Any:
        if len(self) * len(other) > MAX_LENGTH:
            return UNREAD
        found = [(each, _held(each, other)) for each in self]
        return UNREAD if any(held is None for _, held in found) else Several(each for each, held in found if not held)

    def __and__(self, other: Any) -> Any:
        if len(self) * len(other) > MAX_LENGTH:
            return UNREAD
        found = [(each, _held(each, other)) for each in self]
        return UNREAD if any(held is None for _, held in found) else Several(each for each, held in found if held)


class Either(NamedTuple):
    """One of two lists, as a database or a setting says: ``if connection.vendor == "postgresql": operations = [...]``."""

    one: list[Any]
    other: list[Any]


class TooLong(Exception):  # noqa: N818
    """A migration that takes more steps than anybody follows."""


class Left(Exception):  # noqa: N818
    """The code leaves a body: by ``return``, ``break``, ``continue`` or ``raise``."""

    def __init__(self, how: str, value: Any = None) -> None:
        self.how, self.value = how, value


class File:
    """A file of the project: its names are read when somebody asks for them."""

    def __init__(self, path: str, shown: str, name: str, tree: ast.Module) -> None:
        self.path, self.shown, self.name, self.tree = path, shown, name, tree
        self.values: dict[str, tuple[Any, frozenset[Input]]] = {}
        self.bound: dict[str, list[ast.stmt]] = {}
        self._bind(tree.body)

    def _bind(self, body: Iterable[ast.stmt]) -> None:
        for statement in body:
            match statement:
                case ast.Import(names=names) | ast.ImportFrom(names=names):
                    bound = [each.asname or each.name.partition(".")[0] for each in names]
                case ast.Assign(targets=targets):
                    bound = [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
                case ast.AnnAssign(target=ast.Name(id=name)) | ast.AugAssign(target=ast.Name(id=name)):
                    bound = [name]
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    bound = [name]
                case ast.If() | ast.Try() | ast.With():
                    for part in ("body", "orelse", "finalbody"):
                        self._bind(getattr(statement, part, ()))
                    for handler in getattr(statement, "handlers", ()):
                        self._bind(handler.body)
                    continue
                case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)))) if (
                    name in self.bound
                ):  # `TABLES.append("orders")`
                    bound = [name]
                case ast.For() | ast.While():
                    bound = [*dict.fromkeys(self._changed(statement))]
                case _:
                    continue
            for name in bound:
                self.bound.setdefault(name, []).append(statement)

    def _changed(self, loop: ast.stmt) -> Iterator[str]:
        """The names that a loop gives values, or calls a method of."""
        for each in ast.walk(loop):
            match each:
                case ast.Name(id=name, ctx=ast.Store()):
                    yield name
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name))) if name in self.bound:
                    yield name

    def site(self, node: ast.AST) -> Site:
        return Site(
            self.shown,
            getattr(node, "lineno", 1),
            getattr(node, "col_offset", 0),
            getattr(node, "end_lineno", None) or 1,
            getattr(node, "end_col_offset", None) or 0,
        )

    @property
    def package(self) -> str:
        return self.name if os.path.basename(self.path) == "__init__.py" else self.name.rpartition(".")[0]


class Files:
    """The files of a project as they are read here, each once. What is read is noted as consulted."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._files: dict[str, File | None] = {}

    def once(
        self, kept: dict[_Key, tuple[_Answer, frozenset[Input]]], key: _Key, make: Callable[[], _Answer]
    ) -> _Answer:
        """An answer that is kept, with what it hangs on: whoever gets it has consulted that, too."""
        known = kept.get(key)
        if known is None:
            with self.project.consulting() as consulted:
                found = make()
            known = kept[key] = found, frozenset(consulted)
        else:
            self.project.touched |= known[1]
        return known[0]

    def file(self, path: str) -> File | None:
        project = self.project
        shown = project.display(path)
        project.touched.add((inputs.TEXT, shown))
        if path not in self._files:
            try:
                tree = parse(decode(project.bytes_of(path))).tree
            except (OSError, Unreadable):
                self._files[path] = None
            else:
                project.parsed.add(path)
                self._files[path] = File(path, shown, project.finder.name_of(path), tree)
        return self._files[path]

    def forget(self, path: str) -> None:
        """A migration is read once."""
        self._files.pop(path, None)

    def module(self, name: str) -> File | None:
        """The file of a module by its qualified name."""
        path = self.path(name)
        return self.file(path) if path is not None else None

    def path(self, name: str) -> str | None:
        """The path of the module of a qualified name, where it is the project's."""
        if not name or not self.project.finder.has_package(name):
            return None
        self.project.touched.add((inputs.FIND, name))
        return self.project.finder.find(name)

    def imported(self, statement: ast.Import | ast.ImportFrom, name: str, file: File) -> str:
        """The qualified name that an import binds ``name`` to."""
        for each in statement.names:
            if isinstance(statement, ast.Import):
                if each.asname == name:
                    return self._qualify(each.name, file)
                if each.asname is None and each.name.partition(".")[0] == name:
                    return self._qualify(name, file)
            elif (each.asname or each.name) == name:
                module = statement.module or ""
                if not statement.level:
                    return f"{self._qualify(module, file)}.{each.name}"
                package = file.package
                for _ in range(statement.level - 1):
                    package = package.rpartition(".")[0]
                return ".".join(part for part in (package, module, each.name) if part)
        return name

    def _qualify(self, module: str, file: File) -> str:
        """An absolute import as a file means it. A directory of migrations need be no package: ``app/alembic/versions``, where
        what stands around ``app`` is on the path."""
        finder = self.project.finder
        path, shown = file.path, file.shown
        name = module
        for _ in range(MAX_LEVELS):
            self.project.touched.add(inputs.qualified(module, shown))
            name = finder.qualify(module, path)
            if finder.has_package(name) or "/" not in shown or "__init__.py" in finder.listing(os.path.dirname(path)):
                break
            path, shown = os.path.dirname(path), os.path.dirname(shown)
        return name

    def definition(self, name: str) -> tuple[File, str] | None:
        """The file of the project that defines a qualified name at its top level, and the name there; through re-exports."""
        found = self.leads(name)
        return found if isinstance(found, tuple) else None

    def is_own(self, name: str) -> bool:
        """Whether the project has the package of a qualified name."""
        prefix, colon, dotted = name.rpartition(":")
        self.project.touched.add((inputs.PACKAGE, f"{prefix}{colon}{dotted.partition('.')[0]}"))
        return self.project.finder.has_package(name)

    def leads(self, name: str, depth: int = 0) -> tuple[File, str] | str:
        """Where a qualified name is defined in the project, or the name that it has outside of it."""
        if depth > MAX_CALLS:
            return name
        if not self.is_own(name):
            return name
        module, _, last = name.rpartition(".")
        file = self.module(module) if module else None
        if file is None:
            return name
        bound = file.bound.get(last)
        if bound is not None:
            first = bound[0]
            if isinstance(first, (ast.Import, ast.ImportFrom)):
                return self.leads(self.imported(first, last, file), depth + 1)
            return file, last
        for statement in file.tree.body:
            if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
                starred = self.imported(statement, "*", file).rpartition(".")[0]
                found = self.leads(f"{starred}.{last}", depth + 1)
                if isinstance(found, tuple):
                    return found
        return name

    def canonical(self, name: str) -> str:
        """A qualified name as its definition has it."""
        found = self.leads(name)
        return found if isinstance(found, str) else f"{found[0].name}.{found[1]}"


class Effects:
    """What calls do. This one knows none: a file of declarations has values alone."""

    def called(self, made: Made) -> Any:
        """The value of a call, ``made`` itself where nothing better is known."""
        return made

    def attribute(self, made: Made, name: str) -> Any:
        """What stands under a name in what a call gave."""
        return Method(made, name)

    def entered(self, value: Any) -> Any:
        """What ``with value as name`` gives ``name``."""
        return value

    def left(self, value: Any) -> None:
        """The end of such a body."""

    def state(self) -> Any:
        """A copy of what the calls so far have done."""

    def either(self, before: Any, one: Any, other: Any) -> None:
        """Go on after one of two states, where it is not known which."""

    def back(self, state: Any) -> None:
        """Go on from a state."""

    def astray(self, what: str, site: Site) -> None:
        """Something could not be followed that may have done anything."""


class Run:
    """One run over the code of a file and of those it imports from."""

    def __init__(self, files: Files, effects: Effects | None = None) -> None:
        self.files = files
        self.effects = effects or Effects()
        self.steps = 0
        self.calls = 0
        self.perhaps: list[Any] = []  # what the function being run may have given already

    # Names

    def name(self, name: str, file: File) -> Any:
        """What a name at the top level of a file stands for."""
        if name in file.values:
            return self.files.once(file.values, name, lambda: None)
        bound = file.bound.get(name)
        if bound is None:
            for statement in file.tree.body:
                if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
                    starred = self.files.imported(statement, "*", file).rpartition(".")[0]
                    found = self.files.definition(f"{starred}.{name}")
                    if found is not None:
                        return self.name(found[1], found[0])
            return Ref(f"builtins.{name}") if name in _BUILTINS or name[:1].isupper() else UNREAD
        file.values[name] = UNREAD, frozenset()  # while it is read: `x = x or 1`
        steps, self.steps = self.steps, 0  # whoever asks first, the answer is the same
        with self.files.project.consulting() as consulted:
            try:
                value = self._bound(name, bound, file)
            except (Left, TooLong):
                value = UNREAD
            finally:
                self.steps = steps
        file.values[name] = value, frozenset(consulted)
        return value

    def _bound(self, name: str, bound: list[ast.stmt], file: File) -> Any:
        first = bound[0]
        match first:
            case ast.Import() | ast.ImportFrom():
                return self.denoted(self.files.imported(first, name, file))
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return Local(first, file, {})
            case ast.ClassDef():
                return Ref(f"{file.name}.{name}")
            case ast.Assign(targets=[ast.Name()], value=value) | ast.AnnAssign(value=ast.expr() as value) if (
                len(bound) == 1
            ):
                return self.eval(value, {}, file)
        names: dict[str, Any] = {}
        for statement in bound:  # `TABLES = [...]`, `TABLES += [...]`
            self.execute([statement], names, file)
        return names.get(name, UNREAD)

    def denoted(self, name: str) -> Any:
        """What a qualified name stands for: a value of the project's own where it is one."""
        found = self.files.leads(name)
        if isinstance(found, str):
            return Ref(found)
        file, last = found
        if isinstance(file.bound[last][0], ast.ClassDef):
            return Ref(f"{file.name}.{last}")
        return self.name(last, file)

    # Expressions

    def value(self, node: ast.expr, names: dict[str, Any], file: File) -> Any:
        """What an expression gives, asked by itself; ``UNREAD`` where it raises or takes too long."""
        self.steps = 0
        try:
            return self.eval(node, names, file)
        except (Left, TooLong, RecursionError):
            return UNREAD

    def eval(self, node: ast.expr, names: dict[str, Any], file: File) -> Any:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise TooLong
        method = _METHODS.get(node.__class__)
        return method(self, node, names, file) if method is not None else UNREAD

    def _constant(self, node: ast.Constant, names: dict[str, Any], file: File) -> Any:
        return node.value

    def _name(self, node: ast.Name, names: dict[str, Any], file: File) -> Any:
        return names[node.id] if node.id in names else self.name(node.id, file)

    def _attribute(self, node: ast.Attribute, names: dict[str, Any], file: File) -> Any:
        return self.attribute(self.eval(node.value, names, file), node.attr)

    def attribute(self, value: Any, name: str) -> Any:
        if isinstance(value, Ref):
            if not self.files.is_own(value.name):
                return Ref(f"{value.name}.{name}")
            held = self._member(value.name, name)
            return self.denoted(f"{value.name}.{name}") if held is UNREAD else held
        if isinstance(value, Made):
            return self.effects.attribute(value, name)
        return UNREAD if value is UNREAD else Method(value, name)

    def _member(self, owner: str, name: str) -> Any:
        """The constant that a class of the project has under a name: ``Order.__tablename__``."""
        found = self.files.definition(owner)
        if found is None:
            return UNREAD
        file, last = found
        for each in file.bound[last]:
            for statement in each.body if isinstance(each, ast.ClassDef) else ():
                if isinstance(statement, ast.Assign) and any(_is_name(target, name) for target in statement.targets):
                    return self.eval(statement.value, {}, file)
        return UNREAD

    def _call(self, node: ast.Call, names: dict[str, Any], file: File) -> Any:
        function = self.eval(node.func, names, file)
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        for each in node.args:
            value = self.eval(each.value if isinstance(each, ast.Starred) else each, names, file)
            if not isinstance(each, ast.Starred):
                args.append(value)
            elif isinstance(value, (list, tuple)):
                args += value
            else:
                kwargs[HOLE] = UNREAD
        for word in node.keywords:
            value = self.eval(word.value, names, file)
            if word.arg is not None:
                kwargs[word.arg] = value
            elif isinstance(value, dict):
                kwargs.update((name, each) for name, each in value.items() if isinstance(name, str))
            else:
                kwargs[HOLE] = UNREAD
        return self.call(function, args, kwargs, file.site(node), node.func)

    def call(self, function: Any, args: list[Any], kwargs: dict[str, Any], site: Site, func: ast.expr) -> Any:
        match function:
            case Local():
                return self._run(function, args, kwargs, site)
            case Ref(name=name):
                plain = _PLAIN.get(name)
                if plain is not None:
                    return _plainly(plain, args, kwargs)
                return self.effects.called(Made(name, tuple(args), kwargs, site))
            case Method(receiver=receiver, name=name):
                if isinstance(receiver, (str, list, tuple, dict)) and not isinstance(receiver, _OWN):
                    return _method(receiver, name, args, kwargs)
                return self.effects.called(Made(f"{_called(receiver)}.{name}", tuple(args), kwargs, site, receiver))
        name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
        return self.effects.called(Made(f"?.{name}", tuple(args), kwargs, site, UNREAD))

    def _run(self, function: Local, args: list[Any], kwargs: dict[str, Any], site: Site) -> Any:
        """Run a function of the project; what it gives."""
        node, file, around = function
        if self.calls >= MAX_CALLS:
            if any(_is_name(each, "op") for each in ast.walk(node)):
                self.effects.astray("functions that call each other", site)
            return UNREAD
        names: dict[str, Any] = dict(around)
        given = node.args
        positional = [each.arg for each in (*given.posonlyargs, *given.args)]
        for name, default in zip(reversed(positional), reversed(given.defaults), strict=False):
            names[name] = self.eval(default, {}, file)
        for each, value in zip(given.kwonlyargs, given.kw_defaults, strict=True):
            names[each.arg] = self.eval(value, {}, file) if value is not None else UNREAD
        names.update(zip(positional, args, strict=False))
        if given.vararg is not None:
            names[given.vararg.arg] = tuple(args[len(positional) :])
        own = {*positional, *(each.arg for each in given.kwonlyargs)}
        names.update((name, value) for name, value in kwargs.items() if name in own)
        if given.kwarg is not None:
            names[given.kwarg.arg] = {name: value for name, value in kwargs.items() if name not in own}
        for name in own:
            names.setdefault(name, UNREAD)
        if isinstance(node, ast.Lambda):
            return self.eval(node.body, names, file)
        self.calls += 1
        outer, self.perhaps = self.perhaps, []
        value = None
        try:
            self.execute(node.body, names, file)
        except Left as left:
            if left.how != "return" and not self.perhaps:
                raise
            value = (
                left.value if left.how == "return" else self.perhaps[0]
            )  # `assert_never(dialect)` after all others returned
        finally:
            self.calls -= 1
            perhaps, self.perhaps = self.perhaps, outer
        for each in perhaps:
            value = _one_of(value, each)
        return value

    def function(self, function: Local, **given: Any) -> str:
        """Run a function, with those of the arguments that it has. ``raise`` where it raises, else nothing."""
        try:
            self._run(function, [], given, function.file.site(function.node))
        except Left as left:
            return left.how
        return ""

    def given(self, function: Local, site: Site, **given: Any) -> Any:
        """What a function gives for these arguments."""
        try:
            return self._run(function, [], given, site)
        except (Left, TooLong, RecursionError):
            return UNREAD

    def _lambda(self, node: ast.Lambda, names: dict[str, Any], file: File) -> Any:
        return Local(node, file, names)

    def _await(self, node: ast.Await, names: dict[str, Any], file: File) -> Any:
        return self.eval(node.value, names, file)

    def _namedexpr(self, node: ast.NamedExpr, names: dict[str, Any], file: File) -> Any:
        value = self.eval(node.value, names, file)
        self.bind(node.target, value, names)
        return value

    def _several(self, nodes: Iterable[ast.expr], names: dict[str, Any], file: File) -> list[Any]:
        found: list[Any] = []
        for each in nodes:
            value = self.eval(each.value if isinstance(each, ast.Starred) else each, names, file)
            if not isinstance(each, ast.Starred):
                found.append(value)
            elif isinstance(value, (list, tuple, set)):
                found += value
            else:
                found.append(UNREAD)
        return found

    def _list(self, node: ast.List, names: dict[str, Any], file: File) -> Any:
        return self._several(node.elts, names, file)

    def _tuple(self, node: ast.Tuple, names: dict[str, Any], file: File) -> Any:
        return tuple(self._several(node.elts, names, file))

    def _set(self, node: ast.Set, names: dict[str, Any], file: File) -> Any:
        return _as_set(self._several(node.elts, names, file))

    def _dict(self, node: ast.Dict, names: dict[str, Any], file: File) -> Any:
        found: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            held = self.eval(value, names, file)
            if key is None:
                if not isinstance(held, dict):
                    return UNREAD
                found.update(held)
            elif _hashable(name := self.eval(key, names, file)):
                found[name] = held
            else:
                return UNREAD
        return found

    def _joinedstr(self, node: ast.JoinedStr, names: dict[str, Any], file: File) -> Any:
        parts = [
            part.value if isinstance(part, ast.Constant) else _text(self.eval(part.value, names, file))
            for part in node.values
            if isinstance(part, (ast.Constant, ast.FormattedValue))
        ]
        return _bounded("".join(str(part) for part in parts))

    def _binop(self, node: ast.BinOp, names: dict[str, Any], file: File) -> Any:
        left, right = self.eval(node.left, names, file), self.eval(node.right, names, file)
        is_one = isinstance(left, str) != isinstance(right, str)
        if isinstance(node.op, ast.Add) and is_one and (left is UNREAD or right is UNREAD):
            return _bounded(_text(left) + _text(right))
        if isinstance(node.op, ast.Mod) and isinstance(left, str):
            return _bounded(_formatted(left, right))
        function = _OPERATORS.get(node.op.__class__)
        if function is None or not _operable(left) or not _operable(right):
            return UNREAD
        lengths = [len(each) if hasattr(each, "__len__") else abs(each or 0) for each in (left, right)]
        if isinstance(node.op, ast.Mult) and lengths[0] * lengths[1] > MAX_LENGTH and any(map(_sized, (left, right))):
            return UNREAD
        self.steps += sum(map(_sized, (left, right))) // 100
        return _bounded(_plainly(function, [left, right], {}))

    def _unaryop(self, node: ast.UnaryOp, names: dict[str, Any], file: File) -> Any:
        value = self.eval(node.operand, names, file)
        if isinstance(node.op, ast.Not):
            truth = true(value)
            return UNREAD if truth is None else not truth
        return -value if isinstance(node.op, ast.USub) and isinstance(value, (int, float)) else UNREAD

    def _boolop(self, node: ast.BoolOp, names: dict[str, Any], file: File) -> Any:
        ends = isinstance(node.op, ast.Or)
        unknown = False
        value: Any = UNREAD
        for each in node.values:
            value = self.eval(each, names, file)
            truth = true(value)
            if truth is ends:
                return value
            unknown = unknown or truth is None
        return UNREAD if unknown else value

    def _ifexp(self, node: ast.IfExp, names: dict[str, Any], file: File) -> Any:
        truth = true(self.eval(node.test, names, file))
        if truth is None:
            one, other = self.eval(node.body, names, file), self.eval(node.orelse, names, file)
            return one if same(one, other) else UNREAD
        return self.eval(node.body if truth else node.orelse, names, file)

    def _compare(self, node: ast.Compare, names: dict[str, Any], file: File) -> Any:
        left = self.eval(node.left, names, file)
        result: Any = True
        for op, each in zip(node.ops, node.comparators, strict=True):
            right = self.eval(each, names, file)
            self.steps += _sized(right) // 50
            truth = _compared(op, left, right)
            if truth is False:
                return False
            if truth is None:
                result = UNREAD
            left = right
        return result

    def _subscript(self, node: ast.Subscript, names: dict[str, Any], file: File) -> Any:
        value = self.eval(node.value, names, file)
        if not isinstance(value, (list, tuple, dict, str)) or isinstance(value, _OWN):
            return UNREAD
        if isinstance(node.slice, ast.Slice):
            ends = [each and self.eval(each, names, file) for each in (node.slice.lower, node.slice.upper)]
            known = not isinstance(value, dict) and all(each is None or isinstance(each, int) for each in ends)
            return value[ends[0] : ends[1]] if known else UNREAD  # type: ignore[index]
        return _plainly(operator.getitem, [value, self.eval(node.slice, names, file)], {})

    def _listcomp(self, node: ast.ListComp | ast.GeneratorExp, names: dict[str, Any], file: File) -> Any:
        return self._comprehension(node.generators, node.elt, names, file)

    _generatorexp = _listcomp

    def _setcomp(self, node: ast.SetComp, names: dict[str, Any], file: File) -> Any:
        found = self._comprehension(node.generators, node.elt, names, file)
        return found if found is UNREAD else _as_set(found)

    def _dictcomp(self, node: ast.DictComp, names: dict[str, Any], file: File) -> Any:
        pair = ast.Tuple([node.key, node.value], ast.Load())
        found = self._comprehension(node.generators, pair, names, file)
        return dict(found) if found is not UNREAD and all(_hashable(key) for key, _ in found) else UNREAD

    def _comprehension(
        self, generators: list[ast.comprehension], element: ast.expr, names: dict[str, Any], file: File
    ) -> Any:
        if not generators:
            return [self.eval(element, names, file)]
        first, *rest = generators
        iterated = _iterated(self.eval(first.iter, names, file))
        if iterated is None:
            return UNREAD
        found: list[Any] = []
        for each in iterated:
            inner = dict(names)
            self.bind(first.target, each, inner)
            truths = [true(self.eval(test, inner, file)) for test in first.ifs]
            if None in truths:
                return UNREAD
            if all(truths):
                more = self._comprehension(rest, element, inner, file)
                if more is UNREAD:
                    return UNREAD
                found += more
        return found

    # Statements

    def execute(self, body: Iterable[ast.stmt], names: dict[str, Any], file: File) -> None:
        """Run statements. Raises what leaves them."""
        for statement in body:
            self.steps += 1
            self._statement(statement, names, file)

    def _statement(self, node: ast.stmt, names: dict[str, Any], file: File) -> None:
        match node:
            case ast.Expr(value=value):
                self.eval(value, names, file)
            case ast.Assign(targets=targets, value=value):
                held = self.eval(value, names, file)
                for target in targets:
                    self.bind(target, held, names, file)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.bind(target, self.eval(value, names, file), names, file)
            case ast.AugAssign(target=ast.Name(id=name) as target, op=op, value=value):
                read = ast.BinOp(ast.Name(name, ast.Load()), op, value)
                self.bind(target, self.eval(read, names, file), names, file)
            case ast.If(test=test, body=body, orelse=orelse):
                truth = true(self.eval(test, names, file))
                if truth is None:
                    self.either((body, orelse), names, file)
                else:
                    self.execute(body if truth else orelse, names, file)
            case ast.For() | ast.AsyncFor():
                self._loop(node, names, file)
            case ast.While(body=body):
                self.either((body, []), names, file)
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                self._with(items, body, names, file)
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=finalbody):
                try:
                    self.execute([*body, *orelse], names, file)
                except Left as left:
                    if left.how != "raise":
                        raise
                for handler in handlers:
                    self.either((handler.body, []), names, file)
                self.execute(finalbody, names, file)
            case ast.Return(value=value):
                raise Left("return", self.eval(value, names, file) if value is not None else None)
            case ast.Raise():
                raise Left("raise")
            case ast.Break():
                raise Left("break")
            case ast.Continue():
                raise Left("continue")
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names[name] = Local(node, file, names)
            case ast.ClassDef(name=name):
                names[name] = Ref(f"{file.name}.{name}")
            case ast.Import(names=imported) | ast.ImportFrom(names=imported):
                for each in imported:
                    bound = each.asname or each.name.partition(".")[0]
                    names[bound] = self.denoted(self.files.imported(node, bound, file))

    def either(self, bodies: tuple[list[ast.stmt], list[ast.stmt]], names: dict[str, Any], file: File) -> None:
        """Run two bodies of which one is run, where it is not known which: what both leave is known.

        A body that leaves the function or the loop (``if not has_rows: return``) is taken for one that does not.
        """
        before, outer = self.effects.state(), dict(names)
        after: list[tuple[Any, dict[str, Any]]] = []
        for body in bodies:
            self.effects.back(before)
            inner = {name: _copied(value) for name, value in outer.items()}
            raises = False
            try:
                self.execute(body, inner, file)
            except Left as left:
                raises = left.how == "raise"
                if left.how == "return":
                    self.perhaps.append(left.value)
            if not raises:
                after.append((self.effects.state(), inner))
        if not after:
            self.effects.back(before)
            return
        if len(after) == 1:
            self.effects.back(after[0][0])
            names.update(after[0][1])
            return
        (one, ones), (other, others) = after
        self.effects.either(before, one, other)
        for name in {*ones, *others}:
            names[name] = _one_of(ones.get(name, UNREAD), others.get(name, UNREAD))

    def _loop(self, node: ast.For | ast.AsyncFor, names: dict[str, Any], file: File) -> None:
        iterated = _iterated(self.eval(node.iter, names, file))
        if iterated is None:
            for each in ast.walk(node.target):
                if isinstance(each, ast.Name):
                    names[each.id] = UNREAD
            self.either((node.body, []), names, file)
            return
        for value in iterated:
            self.bind(node.target, value, names, file)
            try:
                self.execute(node.body, names, file)
            except Left as left:
                if left.how == "break":
                    break
                if left.how != "continue":
                    raise
        self.execute(node.orelse, names, file)

    def _with(self, items: list[ast.withitem], body: list[ast.stmt], names: dict[str, Any], file: File) -> None:
        entered = []
        for each in items:
            value = self.eval(each.context_expr, names, file)
            entered.append(value)
            given = self.effects.entered(value)
            if each.optional_vars is not None:
                self.bind(each.optional_vars, given, names, file)
        try:
            self.execute(body, names, file)
        finally:
            for value in reversed(entered):
                self.effects.left(value)

    def bind(self, target: ast.expr, value: Any, names: dict[str, Any], file: File | None = None) -> None:
        match target:
            case ast.Name(id=name):
                names[name] = value
            case ast.Tuple(elts=elts) | ast.List(elts=elts):
                plain = isinstance(value, (list, tuple)) and not isinstance(value, _OWN)
                fits = plain and len(value) == len(elts) and not any(isinstance(each, ast.Starred) for each in elts)
                for index, each in enumerate(elts):
                    self.bind(each, value[index] if fits else UNREAD, names, file)
            case ast.Starred(value=inner):
                self.bind(inner, UNREAD, names, file)
            case ast.Subscript(value=of, slice=index) if file is not None:
                held, key = self.eval(of, names, file), self.eval(index, names, file)
                if isinstance(held, dict) and _hashable(key):
                    held[key] = value


_METHODS: Mapping[type[ast.expr], Callable[[Run, Any, dict[str, Any], File], Any]] = {
    kind: getattr(Run, f"_{kind.__name__.lower()}")
    for kind in (
        *(
            ast.Constant,
            ast.Name,
            ast.Attribute,
            ast.Call,
            ast.Lambda,
            ast.Await,
            ast.NamedExpr,
            ast.List,
            ast.Tuple,
            ast.Set,
        ),
        *(ast.Dict, ast.JoinedStr, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.IfExp, ast.Compare, ast.Subscript),
        *(ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp),
    )
}


# ------------------------------------------------------------------------------------------------------- plain values


def _called(receiver: Any) -> str:
    """What a method is called of: ``alembic.op.get_bind.dialect``."""
    if isinstance(receiver, Method):
        return f"{_called(receiver.receiver)}.{receiver.name}"
    return receiver.of if isinstance(receiver, Made) else "?"


def is_known(text: Any) -> TypeGuard[str]:
    """Whether a value is a text, all of it known."""
    return isinstance(text, str) and HOLE not in text


def true(value: Any) -> bool | None:
    """Whether a value is true, None where that is not known."""
    if value is UNREAD or isinstance(value, (Made, Method, Either)):
        return None
    if isinstance(value, str):
        return None if HOLE in value else bool(value)
    return bool(value)


def same(one: Any, other: Any) -> bool:
    """Whether two values are known to be the same."""
    return one is other or (one is not UNREAD and other is not UNREAD and type(one) is type(other) and one == other)


def _one_of(one: Any, other: Any) -> Any:
    """What is known of a value that is one of two."""
    if same(one, other):
        return one
    lists = isinstance(one, (list, Either)) and isinstance(other, (list, Either))
    return Either(one, other) if lists else UNREAD


def _copied(value: Any) -> Any:
    return type(value)(value) if isinstance(value, (list, dict)) else value


def _hashable(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_hashable, value))
    return is_known(value) if isinstance(value, str) else isinstance(value, (int, float, bytes, type(None)))


def _as_set(values: Iterable[Any]) -> Several:
    found = Several()
    plain: set[Any] = set()
    others: list[Any] = []
    for each in values:
        if _hashable(each):
            key = type(each), each
            if key in plain:
                continue
            plain.add(key)
        elif any(same(each, known) for known in others):
            continue
        elif len(others) < MAX_RANGE:
            others.append(each)
        found.append(each)
    return found


def _sized(value: Any) -> int:
    """How much there is of a value to go over."""
    return len(value) if isinstance(value, (str, list, tuple, dict, set)) else 0


def _bounded(value: Any) -> Any:
    """A value that the code put together, unless it has grown beyond what a migration needs."""
    if isinstance(value, str):
        return value if len(value) <= MAX_LENGTH else value[:100] + HOLE
    if isinstance(value, int):
        return value if value.bit_length() <= MAX_BITS else UNREAD
    return value if _sized(value) <= MAX_LENGTH else UNREAD


def _text(value: Any) -> str:
    plain = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    return str(value) if plain else HOLE


def _operable(value: Any) -> bool:
    return value is None or (
        isinstance(value, (str, int, float, list, tuple, set, dict)) and not isinstance(value, _OWN)
    )


def _formatted(text: str, values: Any) -> Any:
    if isinstance(values, dict):
        filled: Any = {name: _text(value) for name, value in values.items()}
    else:
        plain = values if isinstance(values, tuple) and not isinstance(values, _OWN) else (values,)
        filled = tuple(_text(each) for each in plain)
    try:
        return text % filled
    except (TypeError, ValueError, KeyError):
        return text + HOLE


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _any(values: list[Any]) -> Any:
    truths = [true(each) for each in values]
    return True if True in truths else UNREAD if None in truths else False


def _all(values: list[Any]) -> Any:
    truths = [true(each) for each in values]
    return False if False in truths else UNREAD if None in truths else True


def _plainly(function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> Any:
    """What a function of Python's own gives for plain values."""
    if any(each is UNREAD for each in (*args, *kwargs.values())):
        return UNREAD
    try:
        found = function(*args, **kwargs)
    except Exception:
        return UNREAD
    return [*found] if isinstance(found, (Iterator, KeysView, ValuesView, ItemsView)) else found


def _method(receiver: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """What a method of a text, a list or a dictionary gives."""
    if isinstance(receiver, str):
        if name == "format":
            try:
                return _bounded(
                    receiver.format(*map(_text, args), **{key: _text(each) for key, each in kwargs.items()})
                )
            except (LookupError, ValueError, AttributeError, MemoryError):
                return receiver + HOLE
        if name == "join" and len(args) == 1 and (parts := _iterated(args[0])) is not None:
            return _bounded(receiver.join(map(_text, parts)))
        if name == "replace" and len(receiver) * max(map(_sized, args), default=0) > 10 * MAX_LENGTH:
            return UNREAD
        return _plainly(getattr(receiver, name), args, kwargs) if name in _OF_TEXTS else UNREAD
    if isinstance(receiver, list) and name in ("append", "add") and len(args) == 1:
        receiver.append(args[0])
        return None
    if isinstance(receiver, list) and name in ("extend", "update") and args:
        receiver.extend(_iterated(args[0]) or [UNREAD])
        return None
    if name in _OF_DISPLAYS and hasattr(receiver, name):
        return _plainly(getattr(receiver, name), args, kwargs)
    return UNREAD


_OF_TEXTS = frozenset(
    "upper lower strip lstrip rstrip startswith endswith replace split title capitalize removeprefix removesuffix".split()
)
_OF_DISPLAYS = frozenset("get items keys values copy index count pop setdefault insert".split())


def _iterated(value: Any) -> list[Any] | None:
    """The elements of a value that is gone over."""
    if isinstance(value, _OWN):
        return None
    if isinstance(value, str):
        return None if HOLE in value else [*value]
    return [*value] if isinstance(value, (list, tuple, dict, set)) else None


def _compared(op: ast.cmpop, left: Any, right: Any) -> bool | None:
    if isinstance(op, (ast.In, ast.NotIn)):
        found = _held(left, right)
        return found if found is None or isinstance(op, ast.In) else not found
    function = _COMPARED.get(op.__class__)
    if function is None or not _operable(left) or not _operable(right) or HOLE in f"{left}{right}":
        return None
    try:
        return bool(function(left, right))
    except TypeError:
        return None


def _held(value: Any, within: Any) -> bool | None:
    if isinstance(within, str):
        return value in within if is_known(value) and is_known(within) else None
    if isinstance(within, _OWN) or not isinstance(within, (list, tuple, dict, set)):
        return None
    if value is UNREAD or (isinstance(value, str) and HOLE in value):
        return None if within else False
    if any(same(value, each) for each in within):
        return True
    return None if any(each is UNREAD for each in within) else False


#: Tuples that are no display of the code's.
_OWN = (Ref, Method, Local, Either)

_OPERATORS: Mapping[type[ast.operator], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
}
_COMPARED: Mapping[type[ast.cmpop], Callable[..., Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def _range(numbers: range) -> Any:
    return UNREAD if len(numbers) > MAX_RANGE else [*numbers]


_PLAIN: Mapping[str, Callable[..., Any]] = {
    "builtins.list": list,
    "builtins.tuple": tuple,
    "builtins.set": lambda values=(): _as_set(values),
    "builtins.frozenset": lambda values=(): _as_set(values),
    "builtins.dict": dict,
    "builtins.len": len,
    "builtins.sorted": sorted,
    "builtins.reversed": reversed,
    "builtins.range": lambda *ends: _range(range(*ends)),
    "builtins.enumerate": enumerate,
    "builtins.zip": zip,
    "builtins.str": lambda value="": _text(value),
    "builtins.int": int,
    "builtins.bool": bool,
    "builtins.any": lambda values: _any(values),
    "builtins.all": lambda values: _all(values),
}
_BUILTINS = frozenset(name.rpartition(".")[2] for name in _PLAIN) | {"isinstance", "print", "getattr", "globals"}
