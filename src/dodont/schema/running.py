"""Runs the part of Python that migrations are written in, over plain data: literals, names, loops over constants, helper functions.

A migration is a program whose effect is wanted, not one whose values are judged, so it is run here and not by ``semantic``. What the
calls do is the business of ``Effects``.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dodont.schema.files import File, Files
from dodont.schema.values import (
    BUILTINS,
    FUNCTIONS,
    HOLE,
    MAX_LENGTH,
    OPERATORS,
    OWN,
    UNREAD,
    Local,
    Made,
    Method,
    Ref,
    as_set,
    bounded,
    called_of,
    compared,
    copied,
    formatted,
    is_hashable,
    is_operable,
    iterated,
    method_of,
    one_of,
    plainly,
    same,
    size,
    text_of,
    true,
)
from dodont.semantic.values import Site

#: What one migration may cost, in statements and expressions, and how deep its functions may call each other.
MAX_STEPS = 50_000
MAX_CALLS = 20


class TooLong(Exception):  # noqa: N818
    """A migration that takes more steps than anybody follows."""


class Left(Exception):  # noqa: N818
    """The code leaves a body: by ``return``, ``break``, ``continue`` or ``raise``."""

    def __init__(self, how: str, value: Any = None) -> None:
        self.how, self.value = how, value


class Effects:
    """What calls do. This one knows none: a file of declarations has values alone."""

    def called(self, made: Made) -> Any:
        """The value of a call, ``made`` itself where nothing better is known."""
        return made

    def attribute(self, made: Made, name: str) -> Any:
        """What stands under a name in what a call gave."""
        return Method(made, name)

    def assigned(self, value: Any, name: str, held: Any) -> None:
        """``value.name = held``."""

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
            return Ref(f"builtins.{name}") if name in BUILTINS or name[:1].isupper() else UNREAD
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
                plain = FUNCTIONS.get(name)
                if plain is not None:
                    return plainly(plain, args, kwargs)
                return self.effects.called(Made(name, tuple(args), kwargs, site))
            case Method(receiver=receiver, name=name):
                if isinstance(receiver, (str, list, tuple, dict)) and not isinstance(receiver, OWN):
                    return method_of(receiver, name, args, kwargs)
                return self.effects.called(Made(f"{called_of(receiver)}.{name}", tuple(args), kwargs, site, receiver))
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
            value = one_of(value, each)
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
        return as_set(self._several(node.elts, names, file))

    def _dict(self, node: ast.Dict, names: dict[str, Any], file: File) -> Any:
        found: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            held = self.eval(value, names, file)
            if key is None:
                if not isinstance(held, dict):
                    return UNREAD
                found.update(held)
            elif is_hashable(name := self.eval(key, names, file)):
                found[name] = held
            else:
                return UNREAD
        return found

    def _joinedstr(self, node: ast.JoinedStr, names: dict[str, Any], file: File) -> Any:
        parts = [
            part.value if isinstance(part, ast.Constant) else text_of(self.eval(part.value, names, file))
            for part in node.values
            if isinstance(part, (ast.Constant, ast.FormattedValue))
        ]
        return bounded("".join(str(part) for part in parts))

    def _binop(self, node: ast.BinOp, names: dict[str, Any], file: File) -> Any:
        left, right = self.eval(node.left, names, file), self.eval(node.right, names, file)
        is_one = isinstance(left, str) != isinstance(right, str)
        if isinstance(node.op, ast.Add) and is_one and (left is UNREAD or right is UNREAD):
            return bounded(text_of(left) + text_of(right))
        if isinstance(node.op, ast.Mod) and isinstance(left, str):
            return bounded(formatted(left, right))
        function = OPERATORS.get(node.op.__class__)
        if function is None or not is_operable(left) or not is_operable(right):
            return UNREAD
        lengths = [len(each) if hasattr(each, "__len__") else abs(each or 0) for each in (left, right)]
        if isinstance(node.op, ast.Mult) and lengths[0] * lengths[1] > MAX_LENGTH and any(map(size, (left, right))):
            return UNREAD
        self.steps += sum(map(size, (left, right))) // 100
        return bounded(plainly(function, [left, right], {}))

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
            self.steps += size(right) // 50
            truth = compared(op, left, right)
            if truth is False:
                return False
            if truth is None:
                result = UNREAD
            left = right
        return result

    def _subscript(self, node: ast.Subscript, names: dict[str, Any], file: File) -> Any:
        value = self.eval(node.value, names, file)
        if not isinstance(value, (list, tuple, dict, str)) or isinstance(value, OWN):
            return UNREAD
        if isinstance(node.slice, ast.Slice):
            ends = [each and self.eval(each, names, file) for each in (node.slice.lower, node.slice.upper)]
            known = not isinstance(value, dict) and all(each is None or isinstance(each, int) for each in ends)
            return value[ends[0] : ends[1]] if known else UNREAD  # type: ignore[index]
        return plainly(operator.getitem, [value, self.eval(node.slice, names, file)], {})

    def _listcomp(self, node: ast.ListComp | ast.GeneratorExp, names: dict[str, Any], file: File) -> Any:
        return self._comprehension(node.generators, node.elt, names, file)

    _generatorexp = _listcomp

    def _setcomp(self, node: ast.SetComp, names: dict[str, Any], file: File) -> Any:
        found = self._comprehension(node.generators, node.elt, names, file)
        return found if found is UNREAD else as_set(found)

    def _dictcomp(self, node: ast.DictComp, names: dict[str, Any], file: File) -> Any:
        pair = ast.Tuple([node.key, node.value], ast.Load())
        found = self._comprehension(node.generators, pair, names, file)
        return dict(found) if found is not UNREAD and all(is_hashable(key) for key, _ in found) else UNREAD

    def _comprehension(
        self, generators: list[ast.comprehension], element: ast.expr, names: dict[str, Any], file: File
    ) -> Any:
        if not generators:
            return [self.eval(element, names, file)]
        first, *rest = generators
        elements = iterated(self.eval(first.iter, names, file))
        if elements is None:
            return UNREAD
        found: list[Any] = []
        for each in elements:
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
            inner = {name: copied(value) for name, value in outer.items()}
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
            names[name] = one_of(ones.get(name, UNREAD), others.get(name, UNREAD))

    def _loop(self, node: ast.For | ast.AsyncFor, names: dict[str, Any], file: File) -> None:
        elements = iterated(self.eval(node.iter, names, file))
        if elements is None:
            for each in ast.walk(node.target):
                if isinstance(each, ast.Name):
                    names[each.id] = UNREAD
            self.either((node.body, []), names, file)
            return
        for value in elements:
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
                plain = isinstance(value, (list, tuple)) and not isinstance(value, OWN)
                fits = plain and len(value) == len(elts) and not any(isinstance(each, ast.Starred) for each in elts)
                for index, each in enumerate(elts):
                    self.bind(each, value[index] if fits else UNREAD, names, file)
            case ast.Starred(value=inner):
                self.bind(inner, UNREAD, names, file)
            case ast.Subscript(value=of, slice=index) if file is not None:
                held, key = self.eval(of, names, file), self.eval(index, names, file)
                if isinstance(held, dict) and is_hashable(key):
                    held[key] = value
            case ast.Attribute(value=of, attr=name) if file is not None:
                self.effects.assigned(self.eval(of, names, file), name, value)


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


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
