"""Queries as values: what a query expression selects, asks and loads, and what is read from its rows afterwards.

``Value.query`` goes along: from ``select(Order)`` through ``.where(...)``, ``session.scalars(...)``, a loop over the rows, to
``order.customer``. In a function, what is built upon a parameter says so (``Selection.of``), and becomes whole at the call.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from dodont.models.vocabulary import Function as FunctionModel
from dodont.models.vocabulary import Relates
from dodont.semantic import uses
from dodont.semantic.annotations import type_named
from dodont.semantic.definitions import Access, ClassInfo, FunctionInfo
from dodont.semantic.events import Lazy
from dodont.semantic.objects import annotation, class_info, lineage, role_of
from dodont.semantic.trees import last_name
from dodont.semantic.values import MAX_LOADS, UNKNOWN, Relation, Selection, Type, Value, constant

if TYPE_CHECKING:
    from dodont.semantic.calls import Arguments
    from dodont.semantic.frame import Frame

#: Attributes between a parameter and what is read of it.
MAX_PATH = 6
#: What is remembered of a function's parameters.
MAX_READS = 24

#: Methods of a related manager that take the rows loaded already, if there are any.
_FROM_LOADED = frozenset({"all", "count", "exists"})


# Building


def asked(frame: Frame, node: ast.Call, callee: Value, model: FunctionModel, given: Arguments, result: Value) -> Value:
    """The result of a library's call, with what is known of the query it builds, runs or was given."""
    if model.relates is not None:
        return result.but(query=_declared(frame, node, model.relates, given))
    if model.query == "select":
        begun = _begun(frame, node, given)
        if given.words:  # `get_object_or_404(Order, number=number)`
            uses.note(frame, node, begun, "filter", given, relation)
        return result.but(query=begun)
    receiver = callee.receiver
    if receiver is not None and (model.database == "write" or model.query in _ANEW):
        _not_read(frame, receiver)
    if model.database == "write":
        if receiver is not None and isinstance(receiver.query, Selection) and not frame.silent:
            for name in given.keywords:  # `Job.objects.filter(state="new").update(state="taken")`
                _claim(frame, receiver.query, name)
        return result  # what is created was not selected
    word = _taken_from(model.returns or "") or ("receiver" if model.query is not None else "")
    source = receiver if word == "receiver" else given.positional[0] if word and given.positional else None
    query = source.query if source is not None else None
    if query.__class__ is not Selection:
        if model.database == "read" and result.type is not None and (model.returns or "").startswith("instance "):
            loads = ("*",) if "options" in given.keywords else ()
            return result.but(
                query=Selection(result.type.name, loads=loads, site=frame.site(node))
            )  # session.get(Order, 1)
        if model.query == "load" and (receiver is None or role_of(frame, receiver.type) is None):
            return result.but(query=_loader(frame, Selection(None), node, given))  # `selectinload(Order.items)`
        return result
    assert query is not None and source is not None
    if model.query is not None:
        query = _extended(frame, node, source, query, model.query, given)
    if query.site is None:
        query = query._replace(site=frame.site(node))
    return result.but(query=query)


#: What makes another query of a relationship's rows, whatever was loaded of them.
_ANEW = frozenset({"filter", "order", "join", "limit", "load", "columns"})


def _not_read(frame: Frame, receiver: Value) -> None:
    """``order.items.all().delete()``, ``order.items.all().filter(...)``: loading the items beforehand would be no help."""
    query = receiver.query
    if isinstance(query, Selection) and query.each and query.path[-1] != "*" and not frame.silent:
        frame.events.pop(("lazy", query.site, query.dotted), None)
        frame.reads.pop((query.of, (*query.path, "all")), None)


@lru_cache(maxsize=1024)
def _taken_from(returns: str) -> str:
    """Whose rows the result of a call is, or gives: the receiver's, those of the query given, or nobody's."""
    words = set(returns.replace("[", " ").replace("]", " ").replace(",", " ").split())
    if not words.isdisjoint(("self", "element", "scalar")):
        return "receiver"
    return "argument" if "selected" in words or returns == "argument 0" else ""


def _begun(frame: Frame, node: ast.Call, given: Arguments) -> Selection:
    """``select(Order)``, ``session.query(Order.id)``."""
    entity = type_named(frame, given.positional[0]) if len(given.positional) == 1 else None
    known = entity is not None and (
        role_of(frame, entity) == "entity" or frame.world.class_named(entity.name) is not None
    )
    return Selection(entity.name if known and entity is not None else None, site=frame.site(node))


def of_class(frame: Frame, value: Value, owner: Value) -> Value:
    """``Order.objects``, ``Order.query``: a class's attribute from which queries for its rows begin."""
    type, entity = value.type, owner.ref
    role = role_of(frame, type) if type is not None and value.query is None and "." in type.name else None
    if type is None or entity is None or role not in ("manager", "queryset"):
        return value
    if owner.type is None or owner.type.name != "type":
        return value
    if not type.args:
        type = type._replace(args=(Type(entity),))
    own = _method(frame, type.name, "get_queryset") if role == "manager" else None
    loads: tuple[str, ...] = ()
    if own is not None:
        found = frame.world.facts(own).returns.query
        if found.__class__ is not Selection:
            loads = ("*",)
        else:
            loads = found.loads
    return value.but(type=type, query=Selection(entity, loads=loads))


def _method(frame: Frame, name: str, method: str) -> FunctionInfo | None:
    for _, entry in lineage(frame, name):
        if isinstance(entry, ClassInfo) and method in entry.functions:
            return entry.functions[method]
    return None


def _extended(frame: Frame, node: ast.Call, source: Value, query: Selection, word: str, given: Arguments) -> Selection:
    owned = bool(query.path) and query.path[-1] != "*" and role_of(frame, source.type) in ("manager", "queryset")
    if owned:
        # `order.items.filter(...)` is a query of its own, whatever was loaded with the order
        element = source.type.args[0].name if source.type is not None and source.type.args else None
        prefix = f"={query.dotted}."
        known = tuple(f"={each.removeprefix(prefix)}" for each in query.loads if each.startswith(prefix))
        query = Selection(element, loads=known, site=frame.site(node))
    if query.site is None:
        query = query._replace(site=frame.site(node))
    if word == "load":
        return _loader(frame, query, node, given)
    if word == "options":
        return _loading(query, (_loads_of(value) for value in given.positional), node)
    if word == "columns":
        return query._replace(entity=None)
    noted = uses.note(frame, node, query, word, given, relation, owned=owned)
    if word == "limit":
        return query._replace(limited=True)
    if word == "filter" and last_name(node.func) != "exclude":
        query = _narrowed(query, given)
    return query._replace(uses=(*query.uses, *noted)[:MAX_LOADS])


def _narrowed(query: Selection, given: Arguments) -> Selection:
    """``filter(pk=number)``: one row. ``filter(parent__isnull=True)``: there is none to load."""
    named = any(name in _KEYS for name in given.keywords)
    if named or any(_is_key_of_one(each) for each in given.nodes):
        query = query._replace(keyed=True)
    none = [
        name.removesuffix("__isnull").replace("__", ".")
        for name in given.keywords
        if name.endswith("__isnull") and _is_true(given.words[name])
    ]
    return query._replace(loads=tuple(dict.fromkeys((*query.loads, *none)))[:MAX_LOADS]) if none else query


def _is_key_of_one(node: ast.expr) -> bool:
    """``where(Order.id == number)``."""
    return (
        isinstance(node, ast.Compare)
        and isinstance(node.ops[0], ast.Eq)
        and isinstance(node.left, ast.Attribute)
        and node.left.attr in _KEYS
    )


#: What nearly every table's primary key is called.
_KEYS = frozenset({"pk", "id", "pk__exact", "id__exact"})

#: What methods of a query do, by names that both Django and SQLAlchemy, or nobody else, has: of a parameter nothing else is known.
_OF_QUERIES = {
    "all": "", "distinct": "", "filter": "filter", "filter_by": "filter", "where": "filter", "exclude": "filter", "order_by": "order",
    "limit": "limit", "offset": "", "options": "options", "select_related": "load", "prefetch_related": "load",
}  # fmt: skip


#: What makes a query of its own of a relationship's rows, which nothing that was loaded can answer.
_BEGINS = frozenset({"filter", "exclude", "order_by", "annotate", "distinct", "select_related", "prefetch_related"})


def managed(frame: Frame, node: ast.Call, name: str) -> Value | None:
    """The manager in ``event.orders.filter(...)`` of an event nothing is known of, where one class alone is related as ``orders``, or
    one alone that is called so: ``Event``.

    What ``event.orders.all()`` gives may have been loaded with the event.
    """
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    if isinstance(owner, ast.Call) and isinstance(owner.func, ast.Attribute) and owner.func.attr == "all":
        owner = owner.func.value
    if name not in _BEGINS or not isinstance(owner, ast.Attribute):
        return None
    found = frame.world.related_to_any(owner.attr, last_name(owner.value))
    if found is None or not found.manager or found.entity is None:
        return None
    kind = Type("django.db.models.Manager", (Type(found.entity),))
    known = (f"={found.back}",) if found.back else ()
    return Value(kind, query=Selection(found.entity, loads=known, site=frame.site(node)))


def guessed(frame: Frame, node: ast.Call, callee: Value, name: str, given: Arguments) -> Value:
    """``query.filter(Order.paid)`` of a parameter that has no type: a query again, if it was one."""
    query = callee.query
    word = _OF_QUERIES.get(name)
    if not isinstance(query, Selection) or word is None or query.path[-1:] != (name,):
        return UNKNOWN
    if len(query.path) == 1 and not frame.silent:
        frame.reads.pop((query.of, query.path), None)
    query = query._replace(path=query.path[:-1])
    if word:
        query = _extended(frame, node, UNKNOWN, query, word, given) if not query.path else query
    return Value(query=query)


def _loading(query: Selection, found: Iterator[tuple[str, ...] | None], node: ast.Call) -> Selection:
    """A query that loads more; everything, as far as anybody knows, where what it loads is not known."""
    loads = query.loads
    for each in found:
        loads += each if each is not None else ("*",)
    if any(each.__class__ is ast.Starred for each in node.args):
        loads += ("*",)
    return query._replace(loads=tuple(dict.fromkeys(loads))[:MAX_LOADS])


def _loads_of(value: Value) -> tuple[str, ...] | None:
    """What a loader among the arguments of ``options(...)`` loads."""
    return value.query.loads if isinstance(value.query, Selection) else None


def _loader(frame: Frame, query: Selection, node: ast.Call, given: Arguments) -> Selection:
    """``select_related("customer__address")``, ``selectinload(Order.items).joinedload(Item.product)``, ``Prefetch("items")``."""
    loads: list[str] = []
    path = query.path if query.entity is None else ()
    for value, each in zip(given.positional, given.nodes, strict=True):
        name = (
            value.const.replace("__", ".") if value.const.__class__ is str else _attribute(frame, each)
        )  # by its name, or `Order.items`
        if value.const is None and value.type is not None and value.type.name == "None":
            continue
        if name:
            path = (*path, *name.split("."))
            loads += [".".join(path[: index + 1]) for index in range(len(path))]
            for other in given.keywords.values():  # Prefetch("items", queryset=Item.objects.select_related("product"))
                loads += [f"{'.'.join(path)}.{more.lstrip('=')}" for more in _loads_of(other) or ()]
            if query.entity is not None or query.of:
                path = ()
        else:
            loads += _loads_of(value) or ("*",)
    if not given.nodes and not given.keywords:
        loads.append("*")  # `select_related()` follows all that it can
    found = _loading(query, iter([tuple(loads)]), node)
    return found._replace(path=path) if query.entity is None and not query.of else found


def _attribute(frame: Frame, node: ast.expr) -> str:
    """The attribute's name in ``Order.items``, ``Order.items.and_(...)``."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value
    if isinstance(node, ast.Attribute):
        owner = frame.quiet(node.value)
        if owner.ref is not None or owner.type is not None:
            return node.attr
    return ""


# Relationships


def _declared(frame: Frame, node: ast.Call, model: Relates, given: Arguments) -> Relation:
    found = given.find(model.to, model.keyword)
    entity, written = None, False
    if found is not None:
        value, expression = found
        if isinstance(expression, ast.Lambda):
            value = frame.quiet(expression.body)
        kind = type_named(frame, value)
        if value.const.__class__ is str:
            entity, written = value.const, True
        elif kind is not None:
            entity = kind.name
    eager, manager = False, model.manager
    said = given.keywords.get(model.eager) if model.eager is not None else None
    if said is not None:
        if isinstance(said.items, dict):  # `sa_relationship_kwargs={"lazy": "selectin"}`
            said = said.items.get("lazy", constant("select"))
        manager = manager or said.const in ("dynamic", "write_only")
        eager = not manager and said.const != "select" and not _is_true(given.words.get(model.eager or ""))
    named = given.keywords.get(model.back, UNKNOWN).const if model.back is not None else None
    said_so = given.words.get(model.back or "")
    loads = isinstance(said_so, ast.Call) and any(word.arg == "lazy" for word in said_so.keywords)
    back = named if isinstance(named, str) and not loads else ""  # backref("orders", lazy="dynamic")
    return Relation(entity, model.many, eager, manager, written, back, model.keeps, model.single)


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def relation(frame: Frame, type: Type | None, name: str) -> Relation | None:
    """What the attribute of an entity relates its rows to; None where it is no relationship, as far as the class says."""
    if type is None or "." not in type.name:
        return None
    for ref, entry in lineage(frame, type.name):
        if not isinstance(entry, ClassInfo):
            continue
        if name in entry.members:
            found = entry.members.get(name, UNKNOWN).query
            if found.__class__ is not Relation:
                return None
            assert isinstance(found, Relation)
            declared = annotation(frame, entry, name)
            if declared is not None:
                many = declared.name in ("list", "set") or bool(declared.args)
                inner = declared.args[0] if declared.args else declared
                if frame.world.class_named(inner.name) is not None:
                    return found._replace(entity=inner.name, many=many, written=False)
            if found.written and found.entity is not None:
                return found._replace(entity=_written(frame, entry, ref, found.entity), written=False)
            return found
        if name in entry.annotations or name in entry.functions:
            return None
    return None


def _written(frame: Frame, info: ClassInfo, ref: str, name: str) -> str | None:
    """The class that a declaration names by a text: ``"Customer"``, ``"shop.Customer"``, ``"self"``."""
    if name == "self":
        return ref
    last = name.rpartition(".")[2]
    value = frame.world.reader(info.module, info).lookup(last)
    found = class_info(frame, value.ref) if value.ref is not None else None
    return found.ref if found is not None else frame.world.entity(last)


# Reading


def runs(frame: Frame, source: Value, node: ast.expr) -> None:
    """A query that nothing has run is gone over: that runs it. What leads on from rows was loaded with them, or reads them itself."""
    query = source.query
    if frame.silent or not isinstance(query, Selection) or query.path or source.type is None:
        return
    if role_of(frame, source.type) in ("queryset", "manager"):
        frame.accesses.append(Access("read", source.type.name, frame.site(node), guarded=frame.guards > 0))


def element(frame: Frame, source: Value, value: Value) -> Value:
    """What a loop over rows is about: a row that knows how it was loaded."""
    query = source.query
    assert isinstance(query, Selection)
    if value.type is None and source.type is not None and role_of(frame, source.type) == "entity":
        value = Value(source.type, labels=value.labels)  # `order.items`, of which nothing says that there are many
    if query.path[-1:] == ("*",) and value.type is None:
        return value
    return value.but(query=query._replace(path=(*query.path, "*")))


def gathered(value: Value) -> Selection | None:
    """What the list of a comprehension holds, by what it puts into it."""
    query = value.query
    if not isinstance(query, Selection):
        return None
    return query._replace(path=query.path[:-1]) if query.path[-1:] == ("*",) else query


def read(frame: Frame, receiver: Value, name: str, value: Value, node: ast.AST, via: tuple[str, ...] = ()) -> Value:
    """``order.customer`` of a row: the attribute's value, which is a row too where the attribute is a relationship."""
    query = receiver.query
    if not isinstance(query, Selection):
        return value
    type = receiver.type
    if type is None:
        if not query.of or value.ref is not None or len(query.path) >= MAX_PATH:
            return value
        own = query._replace(path=(*query.path, name))
        if not (frame.silent or frame.switched) and not (query.loads and is_loaded(own)):
            frame.reads[query.of, own.path] = None
        return value.but(query=own)
    if query.path and name in _FROM_LOADED and role_of(frame, type) == "manager":
        _touched(frame, receiver, query, node, via, name)
        return value
    anything = value.ref is not None and value.ref.startswith("?.")  # `items` of whatever it may be
    if value.ref is not None and not anything:
        return value  # a method
    found = relation(frame, type, name)
    if found is None and (anything or value is UNKNOWN) and role_of(frame, type) == "entity":
        found = frame.world.related(type.name, name)
    if found is None:
        if not anything:
            _property(frame, receiver, type, name, node, via)
        return value
    own = query._replace(path=(*query.path, name))
    if found.entity is not None and _leads_back(frame, own, Type(found.entity)):
        return Value(Type(found.entity), query=query._replace(path=query.path[:-2]), labels=value.labels)
    if _is_own_back(frame, own, found):
        own = own._replace(loads=(*own.loads, own.dotted)[:MAX_LOADS])
    kind = Type(found.entity) if found.entity is not None else None
    if found.manager and not found.keeps:  # `lazy="dynamic"`: a query of its own, whatever is loaded
        known = tuple(_inverse(frame, found, type))
        held = Type("sqlalchemy.orm.Query", (kind or Type("Any"),))
        return Value(held, query=Selection(found.entity, loads=known, site=frame.site(node)))
    if found.manager:
        kind = Type("django.db.models.Manager", (kind,) if kind is not None else ())
        if found.back:  # each of `order.items` knows its order
            own = own._replace(loads=(*own.loads, f"={own.dotted}.{found.back}")[:MAX_LOADS])
    elif found.many and kind is not None:
        kind = Type("list", (kind,))
    result = Value(kind, query=own, labels=value.labels, maybe_none=value.maybe_none)
    if not found.manager and not found.eager:
        _touched(frame, result, own, node, via, "")
    return result


def given(frame: Frame, row: Value, name: str) -> Value:
    """The row after ``row.name = other``: what is assigned is there, and whatever hangs on it is no row's of this query."""
    query = row.query
    if isinstance(query, Selection) and query.uses and not frame.silent:
        _claim(frame, query, name)
    if not isinstance(query, Selection) or len(query.loads) >= MAX_LOADS:
        return row
    return row.but(query=query._replace(loads=(*query.loads, f"{query.dotted}.{name}.*".lstrip("."))))


def _inverse(frame: Frame, found: Relation, owner: Type) -> Iterator[str]:
    """The attributes by which the rows that a relationship leads to know the row they belong to."""
    if found.back:
        yield f"={found.back}"
    for _, entry in lineage(frame, found.entity) if found.entity is not None else ():
        for name in entry.members if isinstance(entry, ClassInfo) else ():
            other = relation(frame, Type(found.entity or ""), name)
            if other is not None and other.entity == owner.name and not other.many:
                yield f"={name}"


def of_row(frame: Frame, receiver: Value, name: str, value: Value, node: ast.AST) -> Value:
    """``order.items`` of an order of which nothing says how it was loaded: one, at least."""
    type = receiver.type
    if type is None or "." not in type.name or role_of(frame, type) != "entity":
        return value
    return read(frame, receiver.but(query=Selection(type.name, loads=("*",))), name, value, node)


def _touched(frame: Frame, value: Value, query: Selection, node: ast.AST, via: tuple[str, ...], method: str) -> None:
    """The rows that a relationship leads to are wanted: they were loaded with the row, or a query loads them now."""
    if frame.silent or is_loaded(query) or (not method and is_shared(query)) or _is_one(frame, query, value.type):
        return
    if query.of:
        if len(query.path) < MAX_PATH and not frame.switched:
            frame.reads[query.of, (*query.path, method) if method else query.path] = None
        return
    rows = query.path[:-1].count("*")
    if rows == 0 or (query.keyed and rows == 1 and query.path[0] == "*"):
        return
    key = ("lazy", query.site, query.dotted)
    if key in frame.events:
        return
    lazy = Lazy(frame.site(node), query, value.type, frame.function, via, frame.in_coroutine, bool(method))
    for other, known in frame.events.items() if via else ():
        if known.__class__ is Lazy and known.site == lazy.site and known.query.site == query.site:
            if all(each.query.dotted != query.dotted for each in known.also):
                frame.event(other, known._replace(also=(*known.also, lazy)))
            return
    frame.event(key, lazy)


def _claim(frame: Frame, query: Selection, column: str) -> None:
    """``job.state = "done"`` of a job that was found by its state."""
    for use in query.uses:
        if use.entity == query.entity and use.column == column and use.how not in ("join", "order"):
            frame.claims[use] = None


def takes_loaded(callee: Value) -> bool:
    """``order.items.count()`` of each order: it counts what is loaded, or ``order.items`` is to be loaded."""
    query = callee.receiver.query if callee.receiver is not None else None
    return isinstance(query, Selection) and query.each and (callee.ref or "").rpartition(".")[2] in _FROM_LOADED


def _is_one(frame: Frame, query: Selection, type: Type | None) -> bool:
    """``select(Order).where(Order.customer_id == number)``: one customer, whom the session remembers. Django remembers none."""
    if len(query.path) != 2 or type is None or query.entity is None:
        return False
    column = query.path[-1]
    asked = any(
        use.how == "equal" and use.entity == query.entity and use.column in (column, f"{column}_id")
        for use in query.uses
    )
    return asked and not any(ref == "django.db.models.Model" for ref, _ in lineage(frame, query.entity))


def _leads_back(frame: Frame, query: Selection, type: Type | None) -> bool:
    """``item.order`` of the items of an order: it is there already."""
    names = query.path
    if type is None or len(names) < 3 or names[-2] != "*" or query.entity is None:
        return False
    owner: Type | None = Type(query.entity)
    for name in names[:-3]:
        found = relation(frame, owner, name) if name != "*" else None
        owner = owner if name == "*" else Type(found.entity) if found is not None and found.entity else None
    return owner is not None and owner.name == type.name and names[-3] != "*"


def _is_own_back(frame: Frame, query: Selection, found: Relation) -> bool:
    """``profile.user.profile``, where each user has one profile: Django keeps it when it reads the user."""
    names = query.path
    if len(names) < 3 or names[-2] == "*" or found.many or found.manager or query.entity is None:
        return False
    owner: str | None = query.entity
    for name in names[:-2]:
        if name != "*" and owner is not None:
            step = relation(frame, Type(owner), name) or frame.world.related(owner, name)
            owner = step.entity if step is not None else None
    forward = relation(frame, Type(owner), names[-2]) if owner is not None else None
    return forward is not None and forward.single and found.entity == owner


def is_loaded(query: Selection) -> bool:
    dotted = query.dotted
    return any(
        each.lstrip("=") == dotted
        or each == "*"
        or each.startswith(dotted + ".")
        or (each.endswith(".*") and dotted.startswith(each[:-1]))
        for each in query.loads
    )


def is_shared(query: Selection) -> bool:
    """``payment.order.event`` of the payments of an order: all have one order, which remembers its event."""
    first = query.dotted.partition(".")[0]
    return f"={first}" in query.loads and query.dotted != first and "*" not in query.path[1:-1]


def _property(frame: Frame, receiver: Value, type: Type, name: str, node: ast.AST, via: tuple[str, ...]) -> None:
    """A property of a row that reads its relationships."""
    function = _method(frame, type.name, name)
    if function is not None and function.kind == "property":
        _followed(frame, function, {"self": receiver}, node, via)


def through(frame: Frame, node: ast.Call, function: FunctionInfo, given: dict[str, Value]) -> None:
    """What a function reads of the rows that it is given."""
    if not frame.silent:
        _followed(frame, function, given, node, ())


def _followed(
    frame: Frame, function: FunctionInfo, given: dict[str, Value], node: ast.AST, via: tuple[str, ...]
) -> None:
    if len(via) >= MAX_PATH or function.ref in via:
        return
    for each in frame.world.facts(function).reads:
        name, *path = each.split(".")
        value = given.get(name, UNKNOWN)
        for part in path:
            if value.query.__class__ is not Selection:
                break
            if part == "*":
                type = value.type
                inner = type.args[0] if type is not None and type.args else None
                value = element(frame, value, Value(inner))
            else:
                value = read(frame, value, part, value if part == "all" else UNKNOWN, node, (*via, function.ref))


def refilled(value: Value, bindings: dict[str, tuple[Value, ast.expr]], receiver: Value | None) -> Value:
    """What a function made of a query, or of a row, that it was given."""
    query = value.query
    assert isinstance(query, Selection)
    given = bindings[query.of][0] if query.of in bindings else receiver if query.of == "self" else None
    base = given.query if given is not None else None
    if not isinstance(base, Selection) or given is None:
        return value.but(query=None)
    prefix = base.dotted + "." if base.dotted else ""
    type = value.type
    if not query.path and given.type is not None:
        if type is None:
            type = given.type
        elif not type.args:
            type = type._replace(args=given.type.args)
    return value.but(
        type=type,
        query=Selection(
            base.entity if not query.path or query.entity is not None else query.entity,
            base.of,
            (*base.path, *query.path)[: 2 * MAX_PATH],
            tuple(dict.fromkeys((*base.loads, *(prefix + each for each in query.loads))))[:MAX_LOADS],
            (*base.uses, *query.uses)[:MAX_LOADS],
            base.limited or query.limited,
            base.site or query.site,
            base.keyed or query.keyed,
        ),
    )


def of_parameter(frame: Frame, name: str, type: Type | None) -> Selection | None:
    """What a parameter may be: anything where it has no type, else rows, a list of them, or a query for them."""
    if type is None:
        return Selection(None, name)
    inner = type.args[0] if type.args and type.name in _LISTS else type
    if "." not in inner.name:
        return None
    role = role_of(frame, inner)
    if role == "entity":
        return Selection(inner.name, name)
    if role in ("manager", "queryset"):
        return Selection(inner.args[0].name if inner.args and inner.args[0].name != "Any" else None, name)
    return None


_LISTS = frozenset({"list", "set", "tuple", "frozenset", "AsyncIterator"})


def sum_up(frame: Frame) -> tuple[str, ...]:
    """What the function reads of its parameters, shortest first."""
    # What a manager's method makes of `self` it reads itself, whatever the caller did before.
    paths = [(name, *path) for name, path in frame.reads if (name, path[0]) != ("self", "*")]
    found = sorted((".".join(path) for path in paths), key=lambda each: (each.count("."), each))
    return tuple(found[:MAX_READS])
