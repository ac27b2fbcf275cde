"""Statements, in order: what they bind, where control goes on, what they define.

Each handler says whether control falls through to the next statement. A branch that returns, raises or leaves its loop does
not join what follows it.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator
from typing import Any

from dodont.semantic import effects, managers, passwords, recomputed, transactions
from dodont.semantic.annotations import type_of
from dodont.semantic.builtin_calls import without
from dodont.semantic.calls import declares_plain
from dodont.semantic.definitions import Endless, Raised, Write
from dodont.semantic.expressions import binary, bind, condition
from dodont.semantic.frame import Frame, Imported, Members
from dodont.semantic.heads import class_info_of, function_info_of
from dodont.semantic.items import element_of, item_of
from dodont.semantic.narrowing import narrow
from dodont.semantic.objects import lineage, role_of
from dodont.semantic.repetition import polled, repeated
from dodont.semantic.returned import must_be_plain, must_hold_plain
from dodont.semantic.transactions import ACCOUNT, worse
from dodont.semantic.trees import defaults_of, last_name
from dodont.semantic.values import MAX_LABELS, MAX_NOTES, NONE, PLAIN_TYPES, UNKNOWN, Note, Type, Value, join

Env = dict[str, Value]

#: How many steps a module may take, if it has no more characters than that. Counted and not timed, so that every machine tells
#: the same of the same code.
MAX_STEPS = 1_000_000

#: How many loops around each other are run twice.
MAX_REPEATED = 3


def run(frame: Frame, body: list[ast.stmt]) -> bool:
    """Interpret statements in order; whether control falls out at the end. Raises Endless."""
    module = frame.module
    module.steps += len(body) + (len(frame.env) >> 6)  # who runs a branch copies and joins the names around it
    if module.steps > MAX_STEPS and module.steps > len(module.text):
        raise Endless
    for statement in body:
        handler = _STATEMENTS.get(statement.__class__)
        if handler is not None and not handler(frame, statement):
            return False
    return True


def merged(first: Env, second: Env) -> Env:
    """Both sides' names; one bound on one side only keeps what that side says."""
    result = first.copy()
    for name, value in second.items():
        known = result.get(name)
        if known is None:
            result[name] = value
        elif known is not value:
            if name is ACCOUNT:
                result[name] = worse(known, value)
                continue
            imports = known.__class__ is Imported or value.__class__ is Imported
            result[name] = _either(known, value) if imports else join(known, value)
    return result


def _either(first: Value, second: Value) -> Value:
    """What a name is that two branches bind. An import stays one to be followed when somebody looks the name up::

    try:
        from shop.store import fetch
    except ImportError:
        fetch = None
    """
    if first.__class__ is Imported and (second is NONE or (second.__class__ is Imported and second.ref == first.ref)):
        return first
    return second if second.__class__ is Imported and first is NONE else join(first, second)


def _join_ends(frame: Frame, ends: list[Env], fallback: Env) -> bool:
    if not ends:
        frame.env = fallback
        return False
    env = ends[0]
    for other in ends[1:]:
        env = merged(env, other)
    frame.env = env
    return True


def _expr(frame: Frame, node: ast.Expr) -> bool:
    expression = node.value
    if expression.__class__ is ast.Constant:
        return True
    value = condition(frame, expression, "statement")
    if value is UNKNOWN and frame.in_coroutine:
        frame.unresolved(expression, "statement")
    elif isinstance(value.items, tuple) and value.type is not None and value.type.name in ("list", "tuple", "repeated"):
        for item in value.items:
            if item.pending is not None and isinstance(expression, (ast.ListComp, ast.List, ast.Tuple)):
                frame.misuse(item, expression, "statement")
    return value.type is None or value.type.name != "Never"


def _assign(frame: Frame, node: ast.Assign) -> bool:
    if node.value.__class__ is ast.Lambda and node.targets[0].__class__ is ast.Name and not frame.keep:
        return _function(frame, _defined(node.targets[0].id, node.value))
    value = frame.evaluators[node.value.__class__](frame, node.value)
    if value is UNKNOWN and frame.in_coroutine and node.value.__class__ is ast.Call:
        _note_unresolved(frame, node.targets[0], node.value)
    for target in node.targets:
        bind(frame, target, value)
        if value.labels and target.__class__ is ast.Attribute:
            passwords.put(frame, node, target, value, node.value)
        if frame.accounts and target.__class__ is ast.Attribute and not frame.silent:
            _set(frame, node, target)
    if value.pending is not None:
        _await_later(frame, node.targets[0], value)
    return True


def _note_unresolved(frame: Frame, target: ast.expr, call: ast.expr) -> None:
    """``rows = self.db.load_rows()`` on an object that nobody knows."""
    if target.__class__ is ast.Tuple:
        frame.unresolved(call, "unpacking")
    elif target.__class__ is ast.Name:
        frame.unresolved(call, "assignment", target.id)


def _await_later(frame: Frame, target: ast.expr, value: Value) -> None:
    """A name holds an awaitable, until somebody reads it."""
    assert value.pending is not None
    if (
        frame.function is not None
        and isinstance(target, ast.Name)
        and not frame.silent
        and target.id not in frame.module.rebound
    ):
        frame.unused[value.pending.site] = (value, target.id)


def _set(frame: Frame, node: ast.Assign | ast.AugAssign, target: ast.Attribute) -> None:
    """``order.total = ...``: an object that is stored gets another field."""
    holder = target.value
    type = frame.lookup(holder.id).type if holder.__class__ is ast.Name else frame.quiet(holder).type
    if type is not None and role_of(frame, type) == "entity":
        transactions.stored(frame, target, type)
        recomputed.changed(frame, node, target, type)
    elif type is None and node.__class__ is ast.AugAssign and "django" in frame.module.roots:
        recomputed.changed(frame, node, target, recomputed.ANY)


def _defined(name: str, node: ast.Lambda) -> ast.FunctionDef:
    """``double = lambda number: 2 * number`` as the definition it stands for."""
    gives = ast.copy_location(ast.Return(value=node.body), node.body)
    return ast.copy_location(
        ast.FunctionDef(name=name, args=node.args, body=[gives], decorator_list=[], returns=None), node
    )


def _annotated(frame: Frame, node: ast.AnnAssign) -> bool:
    if node.value is None:
        if node.target.__class__ is ast.Name and (frame.function is not None or frame.owner is None):
            found = type_of(frame, node.annotation)
            if found is not None:
                frame.env[node.target.id] = Value(found)
        return True
    value = frame.eval(node.value)
    if value is UNKNOWN and frame.in_coroutine and node.value.__class__ is ast.Call:
        _note_unresolved(frame, node.target, node.value)
    if value.pending is not None and declares_plain(frame, node.annotation):
        frame.misuse(value, node.value, "typed")  # `total: int = count()`
    if value.pending is None and (
        value.type is None or value.type.name in _VAGUE or _is_foreign(frame, value.type, node.value)
    ):
        declared = type_of(frame, node.annotation)
        if declared is not None and declared.name != "TypeAlias":
            if value.type is None or not declared.optional:
                value = value.but(type=declared._replace(optional=False), maybe_none=declared.optional)
            elif node.target.__class__ is ast.Attribute and declared.name not in _TEXTS and value.type.name == "None":
                value = Value(declared._replace(optional=False), maybe_none=True)
    bind(frame, node.target, value)
    if value.pending is not None:
        _await_later(frame, node.target, value)
    return True


def _is_foreign(frame: Frame, type: Type, node: ast.expr) -> bool:
    """``context: Context = LazyProxy(get_context)``: of the class that is called nothing is known."""
    return (
        node.__class__ is ast.Call
        and "." in type.name
        and frame.world.class_named(type.name) is None
        and frame.library.class_of(type.name) is None
    )


#: Types of values of which an annotation knows more: ``found: dict[str, Order] = {}``.
_VAGUE = frozenset({"None", "list", "dict", "set"})


#: `self.client: Client | None = None` says what other methods find; of text they find what was put there.
_TEXTS = PLAIN_TYPES | {"str", "bytes"}


def _augmented(frame: Frame, node: ast.AugAssign) -> bool:
    old = frame.eval(node.target)  # the evaluators do not look at an expression's context
    new = frame.eval(node.value)
    value = binary(frame, node, node.op, old, new, None, node.value)
    bind(frame, node.target, value)
    if frame.accounts and node.target.__class__ is ast.Attribute and not frame.silent:
        _set(frame, node, node.target)
    return True


def _if(frame: Frame, node: ast.If) -> bool:
    ends: list[Env] = []
    while True:
        if node.test.__class__ is ast.Constant:  # `if True:  # ASYNC`, made from a template
            if run(frame, node.body if node.test.value else node.orelse):
                ends.append(frame.env)
            return _join_ends(frame, ends, frame.env)
        if node.orelse and last_name(node.test) == "TYPE_CHECKING" and all(_only_names(each) for each in node.body):
            falls = run(frame, node.orelse)
            return run(frame, node.body) and falls  # what it says of names is meant to hold
        condition(frame, node.test)
        before = frame.env
        frame.env = before.copy()
        narrow(frame, node.test, True)
        wanted = node.test.__class__ is ast.Name and node.test.id in frame.once(_switches)
        frame.switched += wanted
        falls = _guarded(frame, node.body)
        frame.switched -= wanted
        if falls:
            ends.append(frame.env)
        elif node.test.__class__ is ast.Compare and _finds_loop(frame, node.test):
            frame.elsewhere += 1
        frame.env = before.copy() if node.orelse else before
        narrow(frame, node.test, False)
        if len(node.orelse) == 1 and node.orelse[0].__class__ is ast.If:
            node = node.orelse[0]
            continue
        if _guarded(frame, node.orelse):
            ends.append(frame.env)
        return _join_ends(frame, ends, before)


def _switches(frame: Frame) -> frozenset[str]:
    """The parameters that are off unless a call says otherwise: ``def show(self, with_lines=False)``."""
    node = frame.function.node if frame.function is not None else None
    if node is None:
        return frozenset()
    defaults = defaults_of(node.args).items()
    return frozenset(name for name, each in defaults if isinstance(each, ast.Constant) and not each.value)


def _only_names(statement: ast.stmt) -> bool:
    return isinstance(statement, (ast.Import, ast.ImportFrom, ast.AnnAssign, ast.Assign))


def _finds_loop(frame: Frame, test: ast.Compare) -> bool:
    """``if loop is not None: ...; return``: what follows runs without an event loop."""
    if test.ops[0].__class__ is not ast.IsNot or not isinstance(test.left, (ast.Name, ast.Attribute)):
        return False
    type = frame.quiet(test.left).type
    return type is not None and type.name == "asyncio.AbstractEventLoop"


def _guarded(frame: Frame, body: list[ast.stmt]) -> bool:
    """Interpret statements that run in some cases only."""
    frame.guards += 1
    falls = run(frame, body)
    frame.guards -= 1
    return falls


def _loop(frame: Frame, body: list[ast.stmt], orelse: list[ast.stmt], enter: Callable[[], None], exits: bool) -> bool:
    """Interpret a loop's body, a second time when the first left a text or label that the body may read again.

    A loop deep within others runs again with them: were it run twice each time, the innermost of ten would run a thousand times.
    """
    before = frame.env
    for _ in range(2 if len(frame.loops) < MAX_REPEATED else 1):
        frame.env = before.copy()
        enter()
        frame.loops.append([])
        fell = run(frame, body)
        ends = frame.loops.pop()
        if fell:
            ends.append(frame.env)
        after = before
        for end in ends:
            after = merged(after, end)
        settled = _is_settled(before, after)
        before = after
        if settled:
            break
    frame.env = before
    run(frame, orelse)
    return exits


def _is_settled(before: Env, after: Env) -> bool:
    """Whether no name of those before a loop's body has got a text, elements or a label by it."""
    for name, value in after.items():
        if before.get(name, value) is not value and (
            value.text is not None or value.items is not None or (value.labels and _carries(value))
        ):
            return False
    return True


def _carries(value: Value) -> bool:
    """Whether a label came that is not merely which parameter the value is."""
    return any(label.kind != "parameter" for label in value.labels)


def _for(frame: Frame, node: ast.For | ast.AsyncFor) -> bool:
    source = frame.eval(node.iter)
    if frame.generator is not None:
        effects.gone_over(frame, node.iter)
    element = element_of(frame, source, node.iter, node.__class__ is ast.AsyncFor)
    first = len(frame.accesses)
    falls = _loop(frame, node.body, node.orelse, lambda: bind(frame, node.target, element), True)
    if len(frame.accesses) > first:
        repeated(frame, first, node.iter, source)
    return falls


def _while(frame: Frame, node: ast.While) -> bool:
    def enter() -> None:
        condition(frame, node.test)
        narrow(frame, node.test, True)

    endless = isinstance(node.test, ast.Constant) and bool(node.test.value)
    leaves = any(isinstance(inner, ast.Break) for inner in _own_statements(node.body)) if endless else True
    claims, events = len(frame.claims), len(frame.events)
    falls = _loop(frame, node.body, node.orelse, enter, leaves)
    if (len(frame.claims) > claims or len(frame.events) > events) and not frame.silent:
        polled(frame, node, claims)
    return falls


def _own_statements(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements of a loop's body that belong to this loop and not to one within."""
    found: list[ast.stmt] = []
    pending = list(body)
    while pending:
        statement = pending.pop()
        found.append(statement)
        if isinstance(
            statement, (ast.For, ast.AsyncFor, ast.While, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        ):
            continue
        for name in ("body", "orelse", "finalbody"):
            pending += getattr(statement, name, [])
        for part in getattr(statement, "handlers", []) + getattr(statement, "cases", []):
            pending += part.body
    return found


def _leave_loop(frame: Frame, node: ast.stmt) -> bool:
    if frame.loops:
        frame.loops[-1].append(frame.env)
    return False


def _with(frame: Frame, node: ast.With | ast.AsyncWith) -> bool:
    told: list[tuple[Any, ...]] = []  # of entering and leaving managers
    opened: list[tuple[ast.expr, tuple[Write, ...]]] = []  # managers that open transactions
    for item in node.items:
        value = frame.eval(item.context_expr)
        if value.pending is not None and value.pending.must:
            function = frame.world.function(value.pending.target)
            if function is not None and not function.is_stub:
                frame.misuse(value, item.context_expr, "entered")
            value = value.pending.result
        if item.optional_vars is not None:
            given = managers.entered(frame, value, node.__class__ is ast.AsyncWith)
            awaited = item.context_expr.__class__ is ast.Await  # `with await pool.cursor() as cursor`
            if node.__class__ is ast.With and not awaited and managers.is_async(frame, given):
                given = UNKNOWN  # `with engine.connect() as connection`: the engine is the other kind, here at least
            bind(frame, item.optional_vars, given)
        if not frame.silent:
            managers.enter_call(frame, item, node.body)
            if node.__class__ is ast.With and value.type is not None:
                told += managers.runs(frame, item.context_expr, value.type)
                if frame.in_coroutine:
                    managers.held(frame, item, value.type, node.body)
            if transactions.opens(frame, item.context_expr, value):
                opened.append((item.context_expr, transactions.enter(frame)))
    expects = managers.expects(node)
    frame.expecting += expects
    falls = run(frame, node.body)
    frame.expecting -= expects
    for manager, before in reversed(opened):
        transactions.leave(frame, manager, before)
    for key in told:
        managers.leave_to_block(frame, key, node.body)
    return falls or managers.suppresses(frame, node)


#: Exceptions whose handlers run once: an import fails in a process, a task is cancelled in the end.
_ONCE = frozenset({"builtins.ImportError", "builtins.ModuleNotFoundError", "asyncio.CancelledError"})


def _try(frame: Frame, node: ast.Try) -> bool:
    before = frame.env.copy()
    ends: list[Env] = []
    outside, frame.raised = frame.raised, ()
    fell = run(frame, node.body)
    raised: tuple[Raised, ...] = frame.raised
    frame.raised = outside if node.handlers else (*outside, *raised)[:MAX_LABELS]
    after_body = frame.env
    if fell:
        fell = run(frame, node.orelse)
        if fell:
            ends.append(frame.env)
    entry = merged(before, after_body)
    for handler in node.handlers:
        frame.env = entry.copy()
        transactions.undone(frame, before.get(ACCOUNT))
        once = handler.type is not None and frame.eval(handler.type).ref in _ONCE
        around = frame.handling
        caught = [each for each in raised if _catches(frame, handler, each.exception)]
        raised = tuple(each for each in raised if each not in caught)
        frame.handling = tuple(each.label for each in caught)
        if handler.name:
            frame.env[handler.name] = Value(Type("exception"), labels=frame.handling)
        frame.failing += 1
        frame.elsewhere += once
        if _guarded(frame, handler.body):
            ends.append(frame.env)
        frame.failing -= 1
        frame.elsewhere -= once
        frame.handling = around
    falls = _join_ends(frame, ends, entry)
    if falls and not fell:
        frame.guards += 1  # what follows runs in the wake of an exception alone
    if node.finalbody and not run(frame, node.finalbody):
        return False
    return falls


def _catches(frame: Frame, handler: ast.ExceptHandler, exception: str) -> bool:
    """Whether the handler takes exceptions of that class, as far as the classes are known."""
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    refs = {exception}
    for _, entry in lineage(frame, exception) if exception else ():
        refs.update(entry.bases)
    bases = {base for ref in refs for base in _builtin_bases(ref)}
    return any(frame.quiet(kind).ref in bases for kind in kinds)


def _builtin_bases(ref: str) -> Iterator[str]:
    yield ref
    yield "builtins.Exception"
    known = getattr(builtins, ref.removeprefix("builtins."), None)
    if isinstance(known, type):
        for base in known.__mro__:
            yield f"builtins.{base.__name__}"


def _return(frame: Frame, node: ast.Return) -> bool:
    if node.value is None:
        frame.returns.append(NONE)
        transactions.returned(frame)
        return False
    value = frame.eval(node.value)
    transactions.returned(frame)
    frame.returns.append(value)
    function = frame.function
    if function is not None and (frame.in_coroutine or function.handler is not None) and not frame.silent:
        if value.pending is not None and must_be_plain(frame, function, node):
            frame.misuse(value, node.value, "response")
            returns = function.node.returns if function.node is not None else None
            if not value.pending.must and returns is not None and declares_plain(frame, returns):
                frame.misuse(value, node.value, "typed")  # a future, where its result is declared
        for item in value.items.values() if isinstance(value.items, dict) else value.items or ():
            if item.pending is not None and must_hold_plain(frame, function):
                frame.misuse(item, node.value, "response")
    return False


def _raise(frame: Frame, node: ast.Raise) -> bool:
    if node.exc is not None:
        frame.failing += 1
        frame.misuse(frame.eval(node.exc), node.exc, "operand")
        frame.failing -= 1
        if isinstance(node.exc, ast.Call) and not frame.silent:
            _put_into_exception(frame, node, node.exc)
    if node.cause is not None:
        frame.eval(node.cause)
    return False


def _put_into_exception(frame: Frame, node: ast.Raise, made: ast.Call) -> None:
    """``raise ValueError(f"refused {password}")``: whoever logs the exception logs the password."""
    labels = [
        label
        for each in made.args
        if each.__class__ is not ast.Constant
        for label in frame.quiet(each).labels
        if label.kind in ("secret", "parameter")
    ]
    if labels:
        ref = frame.quiet(made.func).ref or ""
        note = Note(frame.site(node), "goes into the exception")
        found = [Raised(ref, label._replace(notes=(*label.notes, note)[:MAX_NOTES])) for label in labels]
        frame.raised = (*frame.raised, *found)[:MAX_LABELS]


def _assert(frame: Frame, node: ast.Assert) -> bool:
    condition(frame, node.test)
    narrow(frame, node.test, True)
    return True


def _match(frame: Frame, node: ast.Match) -> bool:
    subject = frame.eval(node.subject)
    if subject.pending is not None:
        frame.misuse(subject, node.subject, "operand")
    before = frame.env
    ends: list[Env] = []
    total = False
    for case in node.cases:
        frame.env = before.copy()
        _bind_pattern(frame, case.pattern, subject)
        if case.guard is not None:
            frame.eval(case.guard)
            narrow(frame, case.guard, True)
        elif isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None:
            total = True
        if _guarded(frame, case.body):
            ends.append(frame.env)
    if not total:
        ends.append(before)
    return _join_ends(frame, ends, before)


def _bind_pattern(frame: Frame, pattern: ast.pattern, subject: Value) -> None:
    """Names a pattern binds; a class pattern says the type of the name it is bound to."""
    match pattern:
        case ast.MatchAs(pattern=inner, name=name):
            value = subject
            if isinstance(inner, ast.MatchClass):
                named = frame.quiet(inner.cls)
                value = Value(Type(named.ref.removeprefix("builtins."))) if named.ref else UNKNOWN
            if name:
                frame.env[name] = value
            if inner is not None:
                _bind_pattern(frame, inner, subject)
        case ast.MatchMapping(keys=keys, patterns=parts, rest=name):
            for key, part in zip(keys, parts, strict=True):
                _bind_pattern(frame, part, item_of(frame, subject, frame.quiet(key), key))
            if name:
                frame.env[name] = UNKNOWN
            return
        case ast.MatchStar(name=str() as name):
            frame.env[name] = UNKNOWN
    for part in [*getattr(pattern, "patterns", []), *getattr(pattern, "kwd_patterns", [])]:
        _bind_pattern(frame, part, UNKNOWN)


def _import(frame: Frame, node: ast.Import) -> bool:
    for alias in node.names:
        frame.module.imports.add(alias.name)
        frame.module.roots.add(alias.name.partition(".")[0])
        frame.library.require(alias.name)
        frame.module.required.append(alias.name)
        name = frame.world.qualify(alias.name, frame.module)
        if alias.asname:
            frame.env[alias.asname] = Imported(ref=name)
        else:
            prefix, colon, dotted = name.rpartition(":")
            frame.env[dotted.partition(".")[0]] = Imported(ref=prefix + colon + dotted.partition(".")[0])
    return True


def _import_from(frame: Frame, node: ast.ImportFrom) -> bool:
    module = absolute(frame, node)
    if module is None:
        return True
    frame.module.imports.add(module)
    frame.module.roots.add(module.partition(".")[0])
    modelled = not node.level and frame.library.knows_root(module)
    if modelled:
        frame.library.require(module)
        frame.module.required.append(module)
    if not node.level:
        module = frame.world.qualify(module, frame.module)
    for alias in node.names:
        if alias.name == "*":
            frame.module.stars.append(module)
            continue
        name = f"{module}.{alias.name}"
        if modelled:
            frame.library.require(name)
            frame.module.required.append(name)
        frame.env[alias.asname or alias.name] = Imported(ref=name)
    return True


def absolute(frame: Frame, node: ast.ImportFrom) -> str | None:
    """The module an ``import from`` names, with leading dots resolved; None above the top."""
    if not node.level:
        return node.module
    package = frame.module.package
    for _ in range(node.level - 1):
        package, _, last = package.rpartition(".")
        if not last:
            return None
    if not package:
        return node.module
    return f"{package}.{node.module}" if node.module else package


def _function(frame: Frame, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    info = function_info_of(frame, node)
    frame.env[node.name] = Value(ref=info.ref)
    return True


def _class(frame: Frame, node: ast.ClassDef) -> bool:
    info = class_info_of(frame, node)
    inner = frame.world.frame(frame.module, info)
    inner.outer = frame.env if frame.function is not None else frame.outer
    inner.inner = frame.inner
    inner.env = info.members = Members(inner)
    for statement in node.body:
        if statement.__class__ is ast.AnnAssign and statement.target.__class__ is ast.Name:
            info.annotations[statement.target.id] = statement.annotation
        if not _put_off(info.members, statement):
            run(inner, [statement])
    frame.events.update(inner.events)
    if inner.env is not info.members:
        info.members.update(inner.env)
    info.hidden = frozenset(_hidden(node))
    frame.env[node.name] = Value(Type("type", (Type(info.ref),)), ref=info.ref)
    return True


def _put_off(members: Members, statement: ast.stmt) -> bool:
    """Leave a field's or option's value for when it is asked for."""
    kind = statement.__class__
    if kind is ast.Assign and len(statement.targets) == 1:  # type: ignore[attr-defined]
        target = statement.targets[0]  # type: ignore[attr-defined]
    elif kind is ast.AnnAssign:
        target = statement.target  # type: ignore[attr-defined]
    else:
        return False
    if target.__class__ is not ast.Name or statement.value.__class__ not in _DISPLAYS:  # type: ignore[attr-defined]
        return False
    members.put_off(target.id, statement.value)  # type: ignore[attr-defined, arg-type]
    return True


_DISPLAYS = frozenset({ast.Call, ast.Tuple, ast.List, ast.Dict})


def _hidden(node: ast.ClassDef) -> list[str]:
    """Fields declared with ``repr=False``: all of them where the class is decorated so."""
    if any(_hides(word) for each in node.decorator_list if isinstance(each, ast.Call) for word in each.keywords):
        return [
            each.target.id
            for each in node.body
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
        ]
    return [
        statement.target.id
        for statement in node.body
        if isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and isinstance(statement.value, ast.Call)
        for word in statement.value.keywords
        if _hides(word)
    ]


def _hides(word: ast.keyword) -> bool:
    return word.arg == "repr" and isinstance(word.value, ast.Constant) and word.value.value is False


def _delete(frame: Frame, node: ast.Delete) -> bool:
    for target in node.targets:
        if target.__class__ is ast.Name:
            frame.env.pop(target.id, None)
        elif target.__class__ is ast.Subscript:
            without(frame, target.value, frame.eval(target.slice))
    return True


def _alias(frame: Frame, node: Any) -> bool:
    """``type X = …`` of Python 3.12."""
    found = type_of(frame, node.value)
    if found is not None:
        frame.env[node.name.id] = Value(Type("type", (found,)), ref=found.name)
    return True


_STATEMENTS: dict[type, Callable[[Frame, Any], bool]] = {
    ast.Expr: _expr,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.Break: _leave_loop,
    ast.Continue: _leave_loop,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Assert: _assert,
    ast.Match: _match,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.Delete: _delete,
}
if hasattr(ast, "TypeAlias"):
    _STATEMENTS[ast.TypeAlias] = _alias
