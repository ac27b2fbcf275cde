"""What a function makes durable, in how many steps: an account that every path carries with it.

The account goes with the names bound so far (``Frame.env``), so that it forks and joins where they do: of two branches that join, the
one that did more counts, and one that returns or raises is closed. A step is a statement of a library that commits by itself, a
commit with the writes before it, or a transaction as a block::

    order.save()                      # Django: a step
    session.add(order)                # SQLAlchemy: not yet
    session.commit()                  # now
    with transaction.atomic():        # one step, whatever is in it
        order.save()
        item.save()

What a function does to the database outside of a transaction of its own is a step of its caller, or a part of the transaction that the
caller has opened.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from dodont.models.vocabulary import Function as FunctionModel
from dodont.semantic import recomputed, written_back
from dodont.semantic.definitions import ClassInfo, Durable, Facts, FunctionInfo, FunctionNode, Write
from dodont.semantic.events import Steps
from dodont.semantic.objects import lineage, role_of
from dodont.semantic.trees import blocks_around, last_name, nodes_of, parts, walk
from dodont.semantic.values import UNKNOWN, Site, Type, Value, text_of

if TYPE_CHECKING:
    from dodont.semantic.calls import Arguments
    from dodont.semantic.frame import Frame

#: The key of the account among the names: none that Python has.
ACCOUNT = " account"

MAX_STEPS = 8
MAX_WRITES = 6
MAX_CHAIN = 4


class Account(Value):
    """What a path made durable so far, step by step, and what it wrote since."""

    __slots__ = ("open", "steps")

    def __init__(self, steps: tuple[Durable, ...] = (), open: tuple[Write, ...] = ()) -> None:
        super().__init__()
        self.steps = steps
        self.open = open


EMPTY = Account()


def account(frame: Frame) -> Account:
    return frame.env.get(ACCOUNT, EMPTY)  # type: ignore[return-value]


def worse(first: Value, second: Value) -> Value:
    """Of two paths that join, the one that has more to lose."""
    return second if _size(second) > _size(first) else first


def _size(each: Value) -> tuple[int, int]:
    return (len(each.steps), len(each.open)) if each.__class__ is Account else (0, 0)


def undone(frame: Frame, before: Value | None) -> None:
    """In an exception handler nothing is sure of what was tried::

    try:
        order.save()
    except IntegrityError:
        failure.save()
    """
    if before is not None:
        frame.env[ACCOUNT] = before
    else:
        frame.env.pop(ACCOUNT, None)


def _step(frame: Frame, step: Durable) -> None:
    known = account(frame)
    if len(known.steps) < MAX_STEPS and all(each.site != step.site for each in known.steps):
        frame.env[ACCOUNT] = Account((*known.steps, step), known.open)


def _later(frame: Frame, writes: tuple[Write, ...]) -> None:
    """Writes that a commit, or the end of the transaction around, will make durable."""
    known = account(frame)
    new = tuple(each for each in writes if each not in known.open)
    if new and len(known.open) < MAX_WRITES:
        frame.env[ACCOUNT] = Account(known.steps, (known.open + new)[:MAX_WRITES])


def _commits(
    frame: Frame, site_of: ast.AST, chain: tuple[str, ...] = (), own: tuple[Write, ...] = (), by: str = ""
) -> None:
    known = account(frame)
    writes = known.open + own
    frame.env[ACCOUNT] = Account(known.steps)
    if writes:
        _step(frame, Durable(writes[:MAX_WRITES], frame.site(site_of), "commit", chain, bool(frame.loops), by))


def accessed(
    frame: Frame, node: ast.Call, callee: Value, ref: str, model: FunctionModel, kind: str, given: Arguments
) -> None:
    """A library's call writes or commits."""
    if not frame.accounts or frame.in_lambda:
        return
    if kind == "commit":
        recomputed.saved(frame, node, None)
        _commits(frame, node, by=ref)
        return
    if given.keywords.get("commit", UNKNOWN).const is False:
        return  # `order = form.save(commit=False)`
    what, source = _written(frame, node, callee, given)
    text = text_of(given.positional[0]) if given.positional else None
    if text is not None:
        written_back.statement(frame, node, text)
    elif ref.endswith((".update_one", ".find_one_and_update")):
        written_back.document(frame, node)
    if not ref.endswith("delete"):
        recomputed.saved(frame, node, source if not _flushes(ref) else None)
    if frame.computed:
        recomputed.saved_all(frame, node, given.positional)
    if _flushes(ref):
        return
    asks, sets = _fields(node)
    write = Write(
        what, source, ref, frame.site(node), (), not (model.finds or frame.guards), model.finds, asks=asks, sets=sets
    )
    if frame.regions or not _commits_itself(frame, callee, ref):
        _later(frame, (write,))
    else:
        _step(frame, Durable((write,), write.site, "statement", (), bool(frame.loops)))


#: Methods by which objects of Django's save and delete themselves. With none but these arguments nothing else has them.
GUESSED = frozenset("save asave delete adelete create acreate update aupdate bulk_create abulk_create".split())
_OPTIONS = frozenset({"update_fields", "using", "force_insert", "force_update"})


def guessed(frame: Frame, node: ast.Call, name: str, given: Arguments) -> None:
    """``order.save()`` where nothing is known of the order, in a module that knows Django."""
    if not frame.accounts or frame.in_lambda or "django" not in frame.module.roots:
        return
    func = node.func
    source = _source(func.value) if isinstance(func, ast.Attribute) else ""
    owner = _before_objects(func) or _related(frame, func, name)
    if owner:
        source = ""
    elif (
        not source
        or not name.endswith(("save", "delete"))
        or node.args
        or not (given.words.keys() <= _OPTIONS or (source == "serializer" and "rest_framework" in frame.module.roots))
        or source.endswith(("session", "storage"))
        or _STORED_FILE.search(source)
    ):
        return
    recomputed.saved(frame, node, source)
    asks, sets = _fields(node)
    write = Write(
        owner if "." in owner else f"?.{owner or source}",
        source,
        f"?.{name}",
        frame.site(node),
        sure=not frame.guards,
        asks=asks,
        sets=sets,
    )
    if frame.regions:
        _later(frame, (write,))
    else:
        _step(frame, Durable((write,), write.site, "statement", (), bool(frame.loops)))


def _fields(node: ast.Call) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fields by which a query finds rows, and those that a call gives values to::

    Price.objects.filter(product=product, current=True).update(current=False)
    """
    sets = tuple(each.arg for each in node.keywords if each.arg is not None)
    asks: list[str] = []
    inner = node.func
    while isinstance(inner, (ast.Attribute, ast.Call)):
        if isinstance(inner, ast.Call):
            asks += [each.arg.partition("__")[0] for each in inner.keywords if each.arg is not None]
        inner = inner.value if isinstance(inner, ast.Attribute) else inner.func
    return tuple(asks), sets


#: ``export.file.delete()``: of a storage, not of a database.
_STORED_FILE = re.compile(r"\.\w*(?:file|image|avatar|photo|picture|logo|thumbnail|icon)$")


def _before_objects(node: ast.expr) -> str:
    """``Order`` of ``Order.objects.filter(...).delete``."""
    while True:
        if isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Attribute):
            if node.attr == "objects":
                return last_name(node.value)
            node = node.value
        else:
            return ""


def _related(frame: Frame, func: ast.expr, name: str) -> str:
    """The class of what ``order.lines.create(...)`` makes, where one class alone is related as ``lines``, or ``Order`` alone."""
    if not name.endswith("create") or not isinstance(func, ast.Attribute) or not isinstance(func.value, ast.Attribute):
        return ""
    found = frame.world.related_to_any(func.value.attr, last_name(func.value.value))
    return found.entity if found is not None and found.manager and found.entity is not None else ""


def _flushes(ref: str) -> bool:
    return ref.endswith(".flush")


def _commits_itself(frame: Frame, callee: Value, ref: str) -> bool:
    entry = frame.library.class_of(ref.rpartition(".")[0])
    if entry is None:
        return False
    return entry.autocommit or (entry.role in ("connection", "cursor") and frame.once(_is_autocommit, ""))


def _is_autocommit(frame: Frame, _: str) -> bool:
    """Whether the function makes its connection commit every statement, and begins no transaction by a statement."""
    assert frame.function is not None
    if frame.function.node is None:
        return False
    found = False
    for each in nodes_of(frame.function.node, _TELLING):
        match each:
            case ast.Constant(value=str(text)) if text.lstrip()[:5].lower() in ("begin", "start"):
                return False
            case ast.Call() if _says_autocommit(each):
                found = True
            case ast.Assign(targets=[ast.Attribute(attr="autocommit")], value=ast.Constant(value=True)):
                found = True
    return found


def _says_autocommit(node: ast.Call) -> bool:
    """``connect(..., autocommit=True)``; of SQLite ``isolation_level=None``."""
    return any(
        isinstance(word.value, ast.Constant)
        and (word.arg, word.value.value) in (("autocommit", True), ("isolation_level", None))
        for word in node.keywords
    )


_TELLING = frozenset({ast.Call, ast.Assign, ast.Constant})


#: The table that a statement writes to.
_TABLE = re.compile(
    r"\b(?:insert\s+(?:or\s+\w+\s+|ignore\s+)?into|replace\s+into|merge\s+into|delete\s+from|update)\s+([\w.\"`\[\]]+)",
    re.I,
)


#: ``SET balance = balance - ?``: of two such statements each is about its own rows.
_MOVES = re.compile(r"\bset\s+(\w+)\s*=\s*\1\s*[-+]", re.I)


def _written(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> tuple[str, str]:
    """What a call writes: the class or table, and the object as written in the code; empty where neither is known."""
    receiver = callee.receiver
    type = receiver.type if receiver is not None else None
    role = role_of(frame, type)
    held = node.func.value if isinstance(node.func, ast.Attribute) else node.func
    if frame.owner is not None and isinstance(held, ast.Call) and last_name(held.func) == "super":
        if role == "schema" and node.func.attr in ("create", "update"):  # type: ignore[attr-defined]
            return frame.owner.ref, _source(node.args[0]) if len(node.args) > 1 else ""  # `super().update(order, data)`
        return frame.owner.ref, "self"
    if role == "entity" and type is not None:
        return (type.args[0].name if type.name == "type" and type.args else type.name), _source(held)
    if role in ("queryset", "manager") and type is not None:
        moves = any(each.value.__class__ is ast.BinOp for each in node.keywords)
        return (type.args[0].name if type.args else _model(frame, held)), ast.unparse(held) if moves else ""
    if role == "schema" and type is not None:
        return type.name, _source(held)
    if given.positional:
        value, argument = given.positional[0], given.nodes[0]
        text = text_of(value)
        if text is not None:
            table = next(
                (found[1] for part in text.parts if isinstance(part, str) and (found := _TABLE.search(part))), ""
            )
            moves = any(isinstance(part, str) and _MOVES.search(part) for part in text.parts)
            return table and f"table {table.lower()}", ", ".join(map(ast.unparse, given.nodes[1:])) if moves else ""
        inner = value.type
        if inner is not None and inner.args and role_of(frame, inner) != "entity":
            inner = inner.args[0]  # `update(Order)`, `[order, item]`
        return (inner.name if inner is not None and role_of(frame, inner) == "entity" else ""), _source(argument)
    return "", ""


def _model(frame: Frame, node: ast.expr) -> str:
    """``Order.open_ones.filter(...)``: of a manager of the project's own it is the class it hangs on that tells whose rows it has."""
    while True:
        if isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Attribute):
            node = node.value
            found = frame.quiet(node)
            if found.ref is not None and role_of(frame, Type(found.ref)) == "entity":
                return found.ref
        else:
            return ""


def _source(node: ast.expr) -> str:
    while isinstance(node, ast.Await):
        node = node.value
    return ast.unparse(node) if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) else ""


def stored(frame: Frame, target: ast.Attribute, entity: Type) -> None:
    """``order.status = "paid"`` on an object that a session keeps: the next commit writes it."""
    if not frame.accounts or frame.in_lambda:
        return
    holder = target.value
    if isinstance(holder, ast.Name) and holder.id in ("self", "cls"):
        return
    if not any(not isinstance(entry, ClassInfo) and entry.autocommit for _, entry in lineage(frame, entity.name)):
        _later(frame, (Write(entity.name, _source(holder), "", frame.site(target)),))


def called(frame: Frame, node: ast.expr, function: FunctionInfo, facts: Facts) -> None:
    """A function of the project writes: within the transaction around the call, or in steps of its own."""
    if not frame.accounts or frame.in_lambda:
        return
    if isinstance(node, ast.Call) and any(word.arg == "commit" and _is_false(word.value) for word in node.keywords):
        return
    recomputed.handed(frame, node, facts)
    site = frame.site(node)
    chain = (function.ref,)

    holder = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
    own = frame.quiet(holder).type if holder is not None and function.kind == "method" else None

    def here(writes: tuple[Write, ...]) -> tuple[Write, ...]:
        return tuple(
            each._replace(what=own.name, source=_source(holder), site=site, chain=(*chain, *each.chain))
            if each.source == "self" and own is not None and holder is not None and own.name != "super"
            else each._replace(source="", site=site, chain=(*chain, *each.chain))
            for each in writes
            if len(each.chain) < MAX_CHAIN
        )

    kinds = {each.kind for each in facts.steps}
    if not kinds and any(each.kind == "commit" and not each.guarded for each in facts.accesses):
        kinds = {"commit"}  # `unit.commit()`
    written = sorted((write for each in facts.steps for write in each.writes), key=lambda write: len(write.chain))
    done = here(tuple(written))[:MAX_WRITES]
    if "commit" in kinds:
        _commits(frame, node, chain, done)
    elif frame.regions:
        _later(frame, done)
    elif done:
        _step(frame, Durable(done, site, "statement" if "statement" in kinds else "region", chain, bool(frame.loops)))
    if facts.pending:
        _later(frame, here(facts.pending))


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def opens(frame: Frame, node: ast.expr, value: Value) -> bool:
    """Whether entering a manager opens a transaction, which leaving it ends. One that nothing is known of may by its name."""
    if not frame.accounts:
        return False
    type = value.type
    if isinstance(node, ast.Call) and _says_autocommit(node):
        return False
    if _LOCKING.search(last_name(node.func if isinstance(node, ast.Call) else node)):
        frame.locks = True
    if type is None:
        name = last_name(node.func if isinstance(node, ast.Call) else node)
        return _OPENING.search(name) is not None
    if type.name == "contextmanager":
        made, function = frame.generator or (None, None)
        if made is node and function is not None:
            return _OPENING.search(function.name) is not None or any(
                each.target == BLOCK for step in frame.world.facts(function).steps for each in step.writes
            )
        return False
    for _, entry in lineage(frame, type.name):
        if not isinstance(entry, ClassInfo):
            return entry.transaction
        for name in ("__exit__", "__aexit__"):
            leave = entry.functions.get(name)
            if leave is not None:
                return any(each.kind == "commit" for each in frame.world.facts(leave).accesses)
    return False


_OPENING = re.compile(r"atomic|transaction|begin|unit_of_work|uow|lock", re.I)
_TRANSACTION = re.compile(r"^(?!non).*(?:atomic|transaction)", re.I)
_LOCKING = re.compile(r"lock(?:er|ed)?$|mutex|immediate|exclusive|serializable", re.I)

#: Stands for what the block of a manager writes, where its generator yields.
BLOCK = "the block"


def yields(frame: Frame, node: ast.expr) -> None:
    """What goes over a generator, or enters a manager, runs here, and may write."""
    if frame.accounts and frame.function is not None and frame.function.manager:
        _later(frame, (Write("", "", BLOCK, frame.site(node)),))


def enter(frame: Frame) -> tuple[Write, ...]:
    """A transaction begins; gives what leaving it must be told."""
    known = account(frame)
    frame.regions += 1
    if known.open:
        frame.env[ACCOUNT] = Account(known.steps)
    return known.open


def leave(frame: Frame, node: ast.expr, before: tuple[Write, ...]) -> None:
    frame.regions -= 1
    known = account(frame)
    if known.open and not frame.regions:
        frame.env[ACCOUNT] = Account(known.steps, before)
        _step(frame, Durable(known.open, frame.site(node), "region", (), bool(frame.loops)))
    elif before:
        frame.env[ACCOUNT] = Account(known.steps, before + known.open)


def _sites(each: Account) -> frozenset[Site]:
    return frozenset([write.site for step in each.steps for write in step.writes] + [write.site for write in each.open])


def _placed(frame: Frame, info: FunctionInfo, steps: tuple[Durable, ...]) -> tuple[Durable, ...]:
    """The steps, with what stands around them."""
    if info.node is None:
        return steps
    lines = [{step.site.line, *(write.site.line for write in step.writes)} for step in steps]
    names: dict[int, set[str]] = {line: set() for each in lines for line in each}
    made = _made(frame, info.node)
    bound: dict[int, set[str]] = {line: set() for line in names}
    for step in steps:
        for write in step.writes:
            if not write.chain and write.source.partition(".")[0] == "self":
                names[write.site.line].add("self")  # `super().save()`
    for line in names:
        statement = _statement(info.node.body, line)
        for name in walk(statement) if statement is not None else ():
            if isinstance(name, ast.Name) and (name.id == "self" or not _is_session(frame, name.id)):
                (bound if isinstance(name.ctx, ast.Store) else names)[line].add(name.id)
                if name.id in made:
                    names[line] |= made[name.id]
            elif isinstance(name, ast.Attribute) and isinstance(name.ctx, ast.Store):
                bound[line].add(ast.unparse(name))
    return tuple(
        step._replace(
            writes=tuple([each._replace(asked_at=_asked_at(frame, info.node, each)) for each in step.writes]),
            within=blocks_around(info.node.body, step.site.line),
            names=tuple(sorted({name for line in own for name in names[line]})),
            bound=tuple(sorted({name for line in own for name in bound[line]})),
            asked=sum(line < step.site.line for line in frame.asked),
        )
        for step, own in zip(steps, lines, strict=True)
    )


def _stamped(frame: Frame, function: ast.AST, writes: tuple[Write, ...]) -> tuple[Write, ...]:
    """Writes with what the function's code says of what is set: here or nowhere, since callers do not see it."""
    return tuple(
        [
            each if each.chain and not each.source else each._replace(stamps=_stamps(frame, function, each))
            for each in writes
        ]
    )


def _stamps(frame: Frame, function: ast.AST, write: Write) -> tuple[str, ...]:
    """The fields that were set, where each of them got a time, as of an object that is saved to say when something happened::

    super().save()
    self.cart.changed_at = now()
    self.cart.save(update_fields=["changed_at"])
    """
    if write.target.endswith("update"):
        values = {word.arg or "": word.value for word in _keywords(frame, function, write)}
    elif write.source and write.target.endswith("save"):
        values = {
            target.attr: each.value
            for each in nodes_of(function, _ASSIGNED)
            if isinstance(each, ast.Assign)
            for target in each.targets
            if isinstance(target, ast.Attribute) and ast.unparse(target.value) == write.source
        }
        if not values and "update_fields" in write.sets:
            return _named_fields(frame, function, write)
        if not values and write.source.startswith("self."):
            # for what the class then sets by itself, unless something else was done with it
            return () if _is_used(frame, function, write) else ("",)
    else:
        values = {}
    return tuple(values) if all(_is_time(frame, each) for each in values.values()) else ()


def _keywords(frame: Frame, function: ast.AST, write: Write) -> list[ast.keyword]:
    """Of the call that writes."""
    calls = [each for each in nodes_of(function, _CALLS) if isinstance(each, ast.Call)]
    return next((each.keywords for each in calls if frame.site(each) == write.site), [])


def _named_fields(frame: Frame, function: ast.AST, write: Write) -> tuple[str, ...]:
    """``draft.save(update_fields=["changed_at"])`` of fields that nothing here has set: the class does it, when it is saved."""
    if _is_used(frame, function, write):
        return ()
    given = next((each.value for each in _keywords(frame, function, write) if each.arg == "update_fields"), None)
    if not isinstance(given, (ast.List, ast.Tuple, ast.Set)):
        return ()
    return tuple([each.value for each in given.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)])


def _is_used(frame: Frame, function: ast.AST, write: Write) -> bool:
    """Whether the object that is saved is handed to something before, or does something: ``self.user.set_password(text)``."""
    for each in nodes_of(function, _CALLS):
        assert isinstance(each, ast.Call)
        held = [each.func.value] if isinstance(each.func, ast.Attribute) else []
        if frame.site(each) != write.site and any(
            isinstance(given, ast.Attribute) and ast.unparse(given) == write.source for given in (*held, *each.args)
        ):
            return True
    return False


def _is_time(frame: Frame, value: ast.expr) -> bool:
    if isinstance(value, ast.Call) and last_name(value.func) in _TIMES:
        return True
    type = frame.quiet(value).type
    return type is not None and type.name.endswith((".datetime", "DateTimeField"))


def _asked_at(frame: Frame, function: FunctionNode, write: Write) -> int:
    """The line of the ``if`` around a write that asks whether there is such a row::

    subscription = Subscription.objects.filter(user=user).first()
    if not subscription:
        Subscription.objects.create(user=user)
    """
    if write.chain or not write.target.endswith(("create", "save")):
        return 0
    lines = {each.line for each in blocks_around(function.body, write.site.line) if each.word == "if"}
    for each in nodes_of(function, _TESTS):
        if isinstance(each, ast.If) and each.lineno in lines:
            match each.test:
                case ast.UnaryOp(op=ast.Not(), operand=found) | ast.Compare(left=found, ops=[ast.Is()]):
                    pass
                case _:
                    continue
            if isinstance(found, ast.Call) and isinstance(found.func, ast.Attribute) and found.func.attr == "exists":
                found = found.func.value
            type = frame.quiet(found).type
            if type is not None and write.what in (type.name, *(inner.name for inner in type.args)):
                return each.lineno
    return 0


_CALLS = frozenset({ast.Call})
_TESTS = frozenset({ast.If})

_TIMES = frozenset({"now", "utcnow", "time", "today", "localtime", "utc_now"})


def _made(frame: Frame, function: ast.AST) -> dict[str, set[str]]:
    """Of the objects that a function makes, the names in what they are made of: ``line = Line(order=order)``, ``buyer = order.buyer``."""
    made: dict[str, set[str]] = {}
    for node in nodes_of(function, _ASSIGNED):
        assert isinstance(node, ast.Assign)
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call):
                ref = frame.quiet(call.func).ref
                if ref is not None and frame.world.class_named(ref) is not None:
                    inner = (each for given in (*call.args, *call.keywords) for each in walk(given))
                    used = {each.id for each in inner if isinstance(each, ast.Name)}
                    made.setdefault(name, set()).update(each for each in used if not _is_session(frame, each))
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Attribute() as value):
                root = next((each.id for each in walk(value) if isinstance(each, ast.Name)), "")
                if root and (root == "self" or not _is_session(frame, root)):
                    made.setdefault(name, set()).add(root)
    return made


_ASSIGNED = frozenset({ast.Assign})


def _statement(body: list[ast.stmt], line: int) -> ast.stmt | None:
    """The statement without blocks that a line stands in."""
    found = next((each for each in body if each.lineno <= line <= (each.end_lineno or each.lineno)), None)
    if found is None or found.__class__ in _SIMPLE:
        return found
    inside = (_statement(inner, line) for _, inner in parts(found))
    return next((each for each in inside if each is not None), None)


_SIMPLE = frozenset({ast.Expr, ast.Assign, ast.AnnAssign, ast.Return})


def _is_session(frame: Frame, name: str) -> bool:
    """Whether a name says nothing of what a statement is about: a session, a class, a function."""
    return (
        name in ("self", "cls")
        or frame.lookup(name).ref is not None
        or role_of(frame, frame.lookup(name).type)
        in (
            "session",
            "connection",
            "cursor",
            "request",
        )
    )


def begin(frame: Frame, info: FunctionInfo) -> None:
    """A function that runs within a transaction from its beginning, as its decorator says."""
    if not frame.accounts:
        return
    refs = [each.ref for each in info.decorators if each.ref is not None]
    if any(_is_transactional(frame, each) for each in refs):
        frame.regions += 1
    frame.locks = frame.locks or any(_LOCKING.search(each.rpartition(".")[2]) for each in refs)


def _is_transactional(frame: Frame, ref: str) -> bool:
    if _TRANSACTION.search(ref.rpartition(".")[2]):
        return True  # `@immediate_atomic()`, a project's own
    entry = frame.library.get(ref)
    if entry is None:
        owner, _, method = ref.rpartition(".")
        found = frame.library.method(owner, method)  # `@database.atomic()`, of a class below the one that has it
        entry = found[0] if found is not None else None
    return getattr(entry, "transactional", False)


def returned(frame: Frame) -> None:
    """A path ends."""
    if frame.accounts:
        frame.ended.append(account(frame))


def closed(frame: Frame, info: FunctionInfo) -> tuple[tuple[Durable, ...], tuple[Write, ...]]:
    """What the function does in the worst case; told to rules where that is more than one step, or one in a loop."""
    if not any(each is not EMPTY for each in frame.ended):
        return (), ()
    found = max(frame.ended, key=_size)
    everywhere = frozenset.intersection(*[_sites(each) for each in frame.ended])

    def judged(writes: tuple[Write, ...]) -> tuple[Write, ...]:
        return tuple(each if each.site in everywhere else each._replace(sure=False) for each in writes)

    if info.node is not None:
        found = Account(
            tuple([each._replace(writes=_stamped(frame, info.node, each.writes)) for each in found.steps]), found.open
        )
    apart = [each for each in found.steps if each.kind != "region"]
    if len(apart) > 1 or any(each.in_loop and each.kind == "commit" and not each.chain for each in apart):
        frame.event(("steps",), Steps(info, _placed(frame, info, found.steps)))
    steps = tuple(each._replace(writes=judged(each.writes)) for each in found.steps)
    pending = judged(found.open)
    if frame.regions:  # of the decorator
        whole = tuple(write for each in steps for write in each.writes) + pending
        assert info.site is not None
        return (Durable(whole[:MAX_WRITES], info.site, "region"),), ()
    return steps, tuple(each for each in pending if each.target != BLOCK)
