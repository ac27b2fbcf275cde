"""What is done once for every element of a loop: which of it asks the database by the element, and in what loops."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from dodont.models.vocabulary import Function as FunctionModel
from dodont.semantic.events import Polled, Query, Repeated
from dodont.semantic.trees import function_around, last_name, nodes_at, walk
from dodont.semantic.values import STR, Site, Value

if TYPE_CHECKING:
    from dodont.semantic.frame import Frame

_WRITING = ("write", "commit")


def repeated(frame: Frame, first: int, iterated: ast.expr, source: Value) -> None:
    """A loop over ``source`` ended; since it began the frame has the accesses from ``first`` on."""
    found = frame.accesses[first:] if Repeated in frame.world.heard else ()
    if frame.silent or not any(each.kind == "read" for each in found):
        return
    writes = any(each.kind in _WRITING for each in found)
    loop = (frame.site(iterated), source)
    for access in found:
        if access.kind != "read":
            continue
        key = ("repeated", access.site, access.chain[:1])
        known = frame.events.get(key)
        if not isinstance(known, Repeated):
            frame.events[key] = Repeated(access.site, access, (loop,), writes, frame.function)
        elif known.loops[-1][0] != loop[0]:
            frame.events[key] = known._replace(loops=(*known.loops, loop), writes=known.writes or writes)


def polled(frame: Frame, node: ast.While, before: int) -> None:
    """A ``while`` loop ended, in which there were more than ``before`` claims of rows, or SQL that may make them."""
    claims = list(frame.claims)[before:]
    last = node.body[-1].end_lineno or node.lineno
    texts = tuple(
        event for event in frame.events.values() if isinstance(event, Query) and node.lineno <= event.call.line <= last
    )
    if isinstance(node.test, ast.Compare) and isinstance(node.test.ops[0], (ast.Lt, ast.LtE, ast.Gt, ast.GtE)):
        return  # `while attempts < 20`: what is tried again, and comes to an end
    if not (claims or len(texts) > 1) or not any(_sleeps(frame, each) for each in walk(node)):
        return
    site = Site(frame.module.path, node.lineno, node.col_offset, node.lineno, node.test.end_col_offset or 0)
    frame.events["polled", site] = Polled(site, claims[0] if claims else None, texts, frame.function)


def _sleeps(frame: Frame, node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, (ast.Name, ast.Attribute)):
        return False
    ref = frame.quiet(node.func).ref or ""
    model = frame.library.get(ref)
    return ref in _SLEEPS or (
        isinstance(model, FunctionModel) and model.blocks is not None and model.blocks.on == "sleep"
    )


_SLEEPS = frozenset({"asyncio.sleep", "anyio.sleep", "trio.sleep", "threading.Event.wait", "asyncio.Event.wait"})


# Questions about the code around such a call


#: Loops over a few parts of something large, each with one query for all that is in it.
_PARTS = re.compile(r"chunk|batch|page|bucket|slice|partition|window|split_every|grouper", re.I)
#: Loops that are no loops over data.
_COUNTS = frozenset({"range", "count", "repeat", "cycle", "iter"})
_SAME = frozenset({"enumerate", "sorted", "reversed", "list", "tuple", "set", "zip", "iter"})
#: A row that is locked is locked alone, and what is read again was changed meanwhile.
_LOCKS = frozenset({"select_for_update", "with_for_update", "refresh", "refresh_from_db", "arefresh_from_db"})
_ATOMIC = frozenset({"atomic", "begin", "begin_nested", "transaction", "in_transaction"})
#: Types of displays: what such a loop goes over stands in the code.
_DISPLAYS = frozenset({"list", "tuple", "set", "dict"})


def keyed(tree: ast.AST, call: Site, loops: Sequence[tuple[Site, Value]], must_be_used: bool = True) -> Site | None:
    """The innermost loop over data by whose elements the call asks the database, by what it goes over; None where there is none, or
    where the call is made once, in the wake of an exception, or for what is not known yet."""
    scope = function_around(tree, call.line) or tree
    node = next(
        (each for each in nodes_at(scope, call.line) if isinstance(each, ast.expr) and _is_at(each, call)), None
    )
    if node is None or any(isinstance(each, ast.Attribute) and each.attr in _LOCKS for each in ast.walk(node)):
        return None
    parents = _parents(scope)
    if only_first(tree, call):
        return None
    if must_be_used and _is_dropped(node, parents):
        return None
    sources = {site[1:]: value for site, value in loops}
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    if _is_in_handler(node, parents) or _is_entered(node, parents):
        return None
    current: ast.AST = node
    while (parent := parents.get(id(current))) is not None:
        if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.ExceptHandler)):
            return None
        if isinstance(parent, (ast.With, ast.AsyncWith)) and any(
            _is_locked(item.context_expr) for item in parent.items
        ):
            return None
        if isinstance(parent, ast.If) and _is_cached(parent, current):
            return None
        for block in _blocks(parent):
            if current in block and (_leaves(block, current) or _skips_known(block, current)):
                return None
        for target, iterated, body in _loops_of(parent, current):
            source = sources.get(_place(iterated))
            if source is None or not names & _derived(target, body):
                continue
            if (
                _goes_over_data(target, iterated, source)
                and not _is_grouped(iterated, target, body or [parent])
                and not _changes(target, body)
                and not _is_statement(node, target)
                and not _names_table(node, _derived(target, body))
            ):
                return next(site for site, _ in loops if site[1:] == _place(iterated))
            return None
        current = parent
    return None


def _is_dropped(node: ast.expr, parents: dict[int, ast.AST]) -> bool:
    """``clone(order)``: what a call does is wanted, and not what it finds."""
    parent = parents.get(id(node))
    if isinstance(parent, ast.Await):
        parent = parents.get(id(parent))
    return isinstance(parent, ast.Expr)


def _is_in_handler(node: ast.AST, parents: dict[int, ast.AST]) -> bool:
    """Whether it is done, loop and all, in the wake of an exception."""
    current: ast.AST | None = node
    while current is not None and not isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef)):
        if isinstance(current, ast.ExceptHandler):
            return True
        current = parents.get(id(current))
    return False


def _is_entered(node: ast.AST, parents: dict[int, ast.AST]) -> bool:
    """``stack.enter_context(operation(record))``: what is opened for each element is opened one by one."""
    parent = parents.get(id(node))
    return isinstance(parent, ast.Call) and last_name(parent.func) in ("enter_context", "enter_async_context")


#: SQL text in front of a name.
_BEFORE_NAME = re.compile(r"\b(?:from|join|into|update|table|select|distinct)\s+(?:\w+\s*\(\s*)?[\"`\[]?$", re.I)


def _names_table(node: ast.AST, names: set[str]) -> bool:
    """``f'SELECT count(*) FROM "{table}"'`` for each of several tables: no query is one for all of them."""
    for each in ast.walk(node):
        if isinstance(each, ast.JoinedStr):
            for before, hole in zip(each.values, each.values[1:], strict=False):
                if (
                    isinstance(before, ast.Constant)
                    and isinstance(hole, ast.FormattedValue)
                    and _BEFORE_NAME.search(str(before.value))
                    and any(isinstance(name, ast.Name) and name.id in names for name in ast.walk(hole))
                ):
                    return True
    return False


def _is_locked(manager: ast.expr) -> bool:
    """``with atomic():`` within the loop: each element is worked on by itself."""
    called = manager.func if isinstance(manager, ast.Call) else manager
    words = {word.arg for word in manager.keywords} if isinstance(manager, ast.Call) else set()
    return last_name(called) in _ATOMIC or not _LOCKS.isdisjoint(words)


def only_first(tree: ast.AST, site: Site) -> bool:
    """``next(row for row in rows if row.owner.active)``, ``for row in rows: ...; return row``: the loop ends with what it finds."""
    scope = function_around(tree, site.line) or tree
    parents = _parents(scope)
    node = next(
        (each for each in nodes_at(scope, site.line) if isinstance(each, ast.expr) and _is_at(each, site)), None
    )
    current: ast.AST | None = node
    while current is not None and not isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef)):
        parent = parents.get(id(current))
        if isinstance(parent, (ast.For, ast.AsyncFor)) and current in parent.body:
            return isinstance(current, ast.Return) or isinstance(parent.body[-1], (ast.Return, ast.Break))
        if isinstance(current, (ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)):
            return isinstance(parent, ast.Call) and last_name(parent.func) == "next"
        current = parent
    return False


def _place(node: ast.expr) -> tuple[int, int, int, int]:
    return node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0


def _is_at(node: ast.expr, site: Site) -> bool:
    return _place(node) == site[1:]


def _loops_of(parent: ast.AST, current: ast.AST) -> Iterator[tuple[ast.expr, ast.expr, list[ast.AST]]]:
    """The loops of a statement or comprehension in whose body ``current`` is: target, what is gone over, body."""
    if isinstance(parent, (ast.For, ast.AsyncFor)):
        if current in parent.body:
            yield parent.target, parent.iter, list(parent.body)
    elif isinstance(parent, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
        inner = current if isinstance(current, ast.comprehension) else None
        for each in reversed(parent.generators):
            if inner is not None and each is not inner:
                continue
            if each is inner:
                inner = None  # those before it go around it
                continue
            yield each.target, each.iter, []
    return


def _derived(target: ast.expr, body: list[ast.AST]) -> set[str]:
    """The names that stand for an element of the loop, or for something that is made from it."""
    names = {each.id for each in ast.walk(target) if isinstance(each, ast.Name)}
    for _ in range(3):
        before = len(names)
        for statement in body:
            for each in walk(statement):
                match each:
                    case ast.Assign(targets=targets, value=value):
                        pass
                    case ast.AnnAssign(target=one, value=ast.expr() as value) | ast.NamedExpr(target=one, value=value):
                        targets = [one]
                    case ast.For(target=one, iter=value) | ast.AsyncFor(target=one, iter=value):
                        targets = [one]
                    case ast.comprehension(target=one, iter=value):
                        targets = [one]
                    case _:
                        continue
                if any(isinstance(name, ast.Name) and name.id in names for name in ast.walk(value)):
                    names |= {
                        name.id
                        for one in targets
                        for name in ast.walk(one)
                        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
                    }
        if len(names) == before:
            break
    return names


#: Methods that change what is stored, whatever object they are called on, of which the types do not always tell.
_CHANGES = frozenset(
    "save asave delete create commit flush get_or_create update_or_create create_or_update bulk_create add_all merge".split()
)


#: Words of methods by which what was found changes itself: `dataset.full_delete()`, `user.set_password(…)`.
_MUTATES = re.compile(
    r"(?:^|_)(?:delete|remove|purge|update|save|set|add|mark|archive|close|cancel|publish|approve|activate|deactivate|enable"
    r"|disable|send|notify|assign|start|stop|run|execute|process|sync|refresh|revoke|expire|move|copy|clone|merge)(?:_|$)"
)


#: How functions are called that write what they are given: `self.add_role(name)`, `delete_order(order)`.
_WRITES = re.compile(
    r"_?(?:add|del|store)_|(?:.*_)?(?:create|save|insert|upsert|update|delete|remove|import|perform)(?:_|$)"
)


def _changes(target: ast.expr, body: list[ast.AST]) -> bool:
    """Whether the loop works on its elements: ``user.post_count = ...``, ``order.save()``. Each is written one by one then."""
    names = _derived(target, body)
    for statement in body:
        for each in walk(statement):
            match each:
                case ast.Attribute(value=ast.Name(id=name), ctx=ast.Store()) if name in names:
                    return True
                case ast.Attribute(attr="rowcount"):  # of rows that were written
                    return True
                case ast.Call(func=ast.Attribute(value=holder, attr=attr)) if (
                    attr in _CHANGES
                    or attr.startswith(("create_", "save_", "get_or_create_"))
                    or (last_name(holder) == "self" and _WRITES.match(attr))
                    or (attr == "add" and last_name(holder).endswith("session"))
                    or (attr == "update" and isinstance(holder, ast.Call))  # `Order.objects.filter(…).update(…)`
                    or (isinstance(holder, ast.Name) and holder.id in names and _MUTATES.search(attr))
                ):
                    return True
                case ast.Call(func=ast.Name(id=name)) if _WRITES.match(name):
                    return True
    return False


def _is_statement(call: ast.expr, target: ast.expr) -> bool:
    """``connection.execute(statement)`` for each of several statements."""
    if not isinstance(call, ast.Call) or not call.args or last_name(call.func) not in _RUNS:
        return False
    return isinstance(call.args[0], ast.Name) and call.args[0].id == last_name(target)


_RUNS = frozenset({"execute", "scalars", "scalar", "exec", "exec_driver_sql", "executescript"})


def _goes_over_data(target: ast.expr, iterated: ast.expr, source: Value) -> bool:
    """Whether nothing says that the loop is short: what it goes over is not written in the code, nor counts, nor comes in parts."""
    if source.literal or source.ref is not None:
        return False
    if isinstance(source.items, dict):
        return False
    if isinstance(source.items, tuple) and source.type is not None:
        first = source.items[0] if source.items else None
        pair = first.items if first is not None and isinstance(first.items, tuple) else ()
        entries = bool(pair) and pair[0].literal and pair[0].type == STR
        if source.type.name in _DISPLAYS or entries:  # `{"tag": Tag, "shelf": Shelf}.items()`
            return False
    inner = iterated
    while isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id in _SAME and inner.args:
        inner = inner.args[0]
    if isinstance(inner, ast.Await):
        inner = inner.value
    if isinstance(inner, ast.Call):
        name = last_name(inner.func)
        if name in _COUNTS or _PARTS.search(name):
            return False
        if name in ("items", "values", "keys") and isinstance(inner.func, ast.Attribute):
            inner = inner.func.value
    if isinstance(inner, (ast.Tuple, ast.List, ast.Set, ast.Dict)):
        return False
    if (
        isinstance(inner, ast.Subscript)
        and isinstance(inner.slice, ast.Slice)
        and isinstance(inner.slice.upper, ast.Constant)
    ):
        return False  # `names[:3]`
    named = last_name(inner) if isinstance(inner, (ast.Name, ast.Attribute)) else ""
    if named.isupper() or _PARTS.search(named):
        return False
    return not any(isinstance(each, ast.Name) and _PARTS.search(each.id) for each in ast.walk(target))


def _is_grouped(iterated: ast.expr, target: ast.expr, body: list[ast.AST]) -> bool:
    """``for kind, ids in by_kind.items(): … kind.id.in_(ids)``: one query for all of a kind."""
    if not (isinstance(iterated, ast.Call) and last_name(iterated.func) in ("items", "values")):
        return False
    names = {each.id for each in ast.walk(target) if isinstance(each, ast.Name)}
    for statement in body:
        for each in walk(statement):
            match each:
                case ast.Call(func=ast.Attribute(attr="in_" | "any_"), args=[ast.Name(id=name)]):
                    pass
                case ast.keyword(arg=str(word), value=ast.Name(id=name)) if word.endswith("__in"):
                    pass
                case _:
                    continue
            if name in names:
                return True
    return False


def _blocks(node: ast.AST) -> Iterator[list[ast.AST]]:
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield block


def _leaves(block: list[ast.AST], current: ast.AST) -> bool:
    """Whether the loop, or the function, ends with this very round, or as soon as something is found."""
    after = block[block.index(current) + 1 :]
    ends = [block[-1], *(each.body[-1] for each in after[:1] if isinstance(each, ast.If))]
    return any(isinstance(each, (ast.Return, ast.Break)) for each in ends) or isinstance(block[-1], ast.Raise)


def _skips_known(block: list[ast.AST], current: ast.AST) -> bool:
    """``if key in cache: continue`` before the call: it is not made for what is there already."""
    for each in block:
        if each is current:
            return False
        if isinstance(each, ast.If) and isinstance(each.body[-1], ast.Continue) and _asks_membership(each.test, ast.In):
            return True
    return False


def _is_cached(test: ast.If, current: ast.AST) -> bool:
    """``if key not in cache: cache[key] = load(key)``, ``if key != last: last = key; …``."""
    if current in test.body and _asks_membership(test.test, ast.NotEq):
        asked = {each.id for each in ast.walk(test.test) if isinstance(each, ast.Name)}
        if asked & {
            each.id for each in ast.walk(test) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
        }:
            return True
    return _asks_membership(test.test, ast.NotIn if current in test.body else ast.In)


def _asks_membership(test: ast.expr, kind: type[ast.cmpop]) -> bool:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):  # `if not key in cache`
        test, kind = test.operand, ast.In if kind is ast.NotIn else ast.NotIn
    return any(isinstance(each, ast.Compare) and isinstance(each.ops[0], kind) for each in ast.walk(test))


@lru_cache(maxsize=4)
def _parents(scope: ast.AST) -> dict[int, ast.AST]:
    """The node around each, by ids."""
    return {id(child): node for node in walk(scope) for child in ast.iter_child_nodes(node)}
