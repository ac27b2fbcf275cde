"""Fields of stored objects that get a value computed from what they held when they were loaded, and are then saved.

Between the two somebody else may have changed them. Where an object comes from, and whether its row is locked, is asked of the
function's own code.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, NamedTuple

from dodont.semantic.definitions import ClassInfo, Facts
from dodont.semantic.events import Recomputed
from dodont.semantic.objects import has_field, instance_attribute, lineage, role_of
from dodont.semantic.trees import blocks_around, last_name, nodes_of, walk
from dodont.semantic.values import Type, Value

if TYPE_CHECKING:
    from dodont.semantic.frame import Frame


class Change(NamedTuple):
    """``holder.field`` was computed from its own old value by ``node``; ``steps`` are the names the value went through."""

    node: ast.stmt
    holder: str
    field: str
    type: Type


#: Stands for the class of an object that nothing is known of, but that it saves itself as Django's do.
ANY = Type("?")

_ARITHMETIC = (ast.Add, ast.Sub)


def changed(frame: Frame, node: ast.Assign | ast.AugAssign, target: ast.Attribute, entity: Type) -> None:
    """An entity's attribute gets a value: remembered where that is computed from the attribute itself."""
    function = frame.function
    if function is None or function.node is None or frame.in_lambda:
        return
    if isinstance(node, ast.AugAssign):
        found = isinstance(node.op, _ARITHMETIC) and is_number(frame, target, entity, node.op, node.value)
    else:
        found = _computed(frame, node.value, target, entity, function.node)
    if not found or (entity is not ANY and not has_field(frame, entity, target.attr)):
        return
    holder = ast.unparse(target.value)
    if frame.once(_made_here, holder) or _set_before(function.node, target):
        return
    frame.computed.setdefault((holder, target.attr), Change(node, holder, target.attr, entity))


def _set_before(function: ast.AST, target: ast.Attribute) -> bool:
    """Whether the attribute was given another value before, on the way to this statement."""
    wanted = ast.unparse(target)
    body = function.body  # type: ignore[attr-defined]
    around = set(blocks_around(body, target.lineno))
    return any(
        isinstance(each, ast.Assign)
        and each.lineno < target.lineno
        and any(isinstance(other, ast.Attribute) and ast.unparse(other) == wanted for other in each.targets)
        and not any(isinstance(inner, ast.Attribute) and ast.unparse(inner) == wanted for inner in walk(each.value))
        and around.issuperset(blocks_around(body, each.lineno))
        for each in nodes_of(function, _BINDING)
    )


def _computed(
    frame: Frame, value: ast.expr, target: ast.Attribute, entity: Type, function: ast.AST, depth: int = 0
) -> bool:
    """Whether a value is the target's own plus or minus something, on the spot or through a name."""
    match value:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            wanted = ast.dump(ast.Attribute(target.value, target.attr, ast.Load()))
            for own, other in ((left, right), (right, left)):
                own = given_or(own)
                if isinstance(own, ast.Attribute) and own.attr == target.attr and ast.dump(own) == wanted:
                    return is_number(frame, target, entity, op, other)
                if isinstance(own, ast.Name) and depth < 2:
                    bound = _bound(function, own.id, value)
                    if isinstance(bound, ast.Attribute) and ast.dump(bound) == wanted:
                        return is_number(frame, target, entity, op, other)
        case ast.Name(id=name) if depth < 2:
            bound = _bound(function, name, value)
            return bound is not None and _computed(frame, bound, target, entity, function, depth + 1)
        case ast.Call(func=ast.Name(id="max" | "min"), args=args):
            if any(isinstance(each, ast.Call) for each in args):
                return False  # `max(now(), order.changed_at + 1)`: the time, and nothing that is counted
            return any(_computed(frame, each, target, entity, function, depth) for each in args)
        case ast.Call(func=ast.Name(id="int" | "float" | "round" | "Decimal"), args=[inner, *_]):
            return _computed(frame, inner, target, entity, function, depth)
    return False


def given_or(node: ast.expr) -> ast.expr:
    """``(order.count or 0)``."""
    return node.values[0] if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) else node


def _bound(function: ast.AST, name: str, use: ast.expr) -> ast.expr | None:
    """What the function binds a name to, once, before it is used."""
    found = bindings_of(function, name)
    if len(found) != 1 or not isinstance(found[0], (ast.Assign, ast.AnnAssign)) or found[0].lineno > use.lineno:
        return None
    return found[0].value


def bindings_of(function: ast.AST, name: str) -> list[Any]:
    """The statements, and expressions, that bind a name in a function."""
    return [
        each
        for each in nodes_of(function, _BINDING)
        if any(isinstance(target, ast.Name) and target.id == name for target in _targets(each))
    ]


_BINDING = frozenset({ast.Assign, ast.AnnAssign, ast.AugAssign, ast.For, ast.AsyncFor, ast.NamedExpr})


def _targets(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.Assign(targets=targets):
            return [inner for each in targets for inner in (each.elts if isinstance(each, ast.Tuple) else (each,))]
        case ast.For(target=target) | ast.AsyncFor(target=target):
            return list(target.elts) if isinstance(target, ast.Tuple) else [target]
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target) | ast.NamedExpr(target=target):
            return [target]
    return []


_NUMBERS = frozenset({"int", "float", "decimal.Decimal"})


def is_number(frame: Frame, target: ast.Attribute, entity: Type, op: ast.operator, other: ast.expr) -> bool:
    """Whether the field holds a number, by its column, or by what is added; dates, texts and lists are no counters."""
    field = instance_attribute(frame, Value(entity), entity, target.attr)
    type = field.type if field is not None else None
    if type is not None and type.name not in ("Any",):
        if type.name in _NUMBERS:
            return True
        name = type.name.rpartition(".")[2]
        if name.endswith("Field"):
            return name.endswith(("IntegerField", "DecimalField", "FloatField", "IntField", "MoneyField"))
        if name not in ("Column", "Mapped", "MappedColumn", "InstrumentedAttribute"):
            return False
    if isinstance(other, ast.Constant):
        return isinstance(other.value, (int, float)) and not isinstance(other.value, bool)
    value = frame.quiet(other)
    if value.type is not None:
        return value.type.name in _NUMBERS
    return False


def _made_here(frame: Frame, holder: str) -> bool:
    """Whether the function itself makes the object, which nobody else has seen yet."""
    assert frame.function is not None and frame.function.node is not None
    root = holder.partition(".")[0]
    for each in nodes_of(frame.function.node, _BINDING):
        if not any(
            isinstance(target, (ast.Name, ast.Attribute)) and ast.unparse(target) in (holder, root)
            for target in _targets(each)
        ):
            continue
        value = getattr(each, "value", None)
        while isinstance(value, ast.Await):
            value = value.value
        choices = (
            [value.body, value.orelse]
            if isinstance(value, ast.IfExp)
            else value.values
            if isinstance(value, ast.BoolOp)
            else [value]
        )
        for choice in choices:
            if isinstance(choice, ast.Call):
                made = frame.quiet(choice.func)
                if made.ref is not None and (
                    frame.world.class_named(made.ref) is not None
                    or made.ref.endswith((".create", ".acreate", ".create_user"))
                ):
                    return True
    return False


def saved(frame: Frame, node: ast.expr, source: str | None) -> None:
    """What was changed is written: one object, or all that a session keeps where ``source`` is None."""
    if not frame.computed:
        return
    for key, change in list(frame.computed.items()):
        if source is not None and source != change.holder:
            continue
        if source is None and (change.type is ANY or _saves_itself(frame, change.type)):
            continue
        del frame.computed[key]
        _tell(frame, change, node)


def saved_all(frame: Frame, node: ast.expr, given: list[Value]) -> None:
    """``bulk_update(orders, ["count"])``: the objects changed are among those given."""
    for value in given:
        inner = value.type.args[0] if value.type is not None and value.type.name == "list" and value.type.args else None
        for key, change in list(frame.computed.items()):
            if inner is not None and change.type.name == inner.name:
                del frame.computed[key]
                _tell(frame, change, node)


def handed(frame: Frame, node: ast.expr, facts: Facts) -> None:
    """An object is handed to a function that writes: ``repository.save(order)``."""
    if not isinstance(node, ast.Call) or all(each.type is ANY for each in frame.computed.values()):
        return
    kinds = {each.kind for each in facts.accesses}
    if ("write" not in kinds and "commit" not in kinds) or last_name(node.func) in ("delete", "adelete"):
        return
    given = {ast.unparse(each) for each in (*node.args, *(word.value for word in node.keywords))}
    if isinstance(node.func, ast.Attribute):
        given.add(ast.unparse(node.func.value))  # `order.save()`, which the project's own class has
    for key, change in list(frame.computed.items()):
        kept = change.type is not ANY and not _saves_itself(frame, change.type)
        if change.holder in given or ("commit" in kinds and kept):
            del frame.computed[key]
            _tell(frame, change, node)


def given(frame: Frame, node: ast.Call) -> None:
    """A query is given a number computed from an object that was loaded::

    Product.objects.filter(pk=product.pk).update(stock=product.stock - 1)
    session.execute(update(Product).where(Product.id == number).values({Product.stock: product.stock - 1}))
    """
    function = frame.function
    if function is None or function.node is None or frame.in_lambda:
        return
    rows = frame.quiet(node.func.value).type if isinstance(node.func, ast.Attribute) else None
    asked = rows.args[0] if rows is not None and rows.args and role_of(frame, rows) in ("queryset", "manager") else None
    changes = [(word.arg, word.value) for word in node.keywords if word.arg is not None]
    for each in node.args[:1]:
        if isinstance(each, ast.Dict):
            pairs = zip(each.keys, each.values, strict=True)
            changes += [(_column(key), value) for key, value in pairs if key is not None]
    for name, value in changes:
        found = _read(frame, function.node, name, value)
        if found is None:
            continue
        entity, own = found
        if asked is not None and entity.name != asked.name:
            continue  # `Wallet.objects.filter(...).update(amount=F("amount") + payment.amount)`
        holder = ast.unparse(own.value)
        if frame.once(_made_here, holder) or _compares(node.func, holder):
            continue
        site = frame.site(node)
        change = Recomputed(site, holder, name, entity, site, function, True)
        if not any(_is_versioned(entry) for _, entry in lineage(frame, entity.name)):
            frame.told.append(change)


def _column(key: ast.expr) -> str:
    """``Product.stock``, ``"stock"``."""
    return str(key.value) if isinstance(key, ast.Constant) else last_name(key)


def _read(frame: Frame, function: ast.AST, name: str, value: ast.expr) -> tuple[Type, ast.Attribute] | None:
    """The attribute of that name, of a loaded object, that a value adds to or takes from."""
    if isinstance(value, ast.Name):
        bound = _bound(function, value.id, value)
        return _read(frame, function, name, bound) if isinstance(bound, ast.BinOp) else None
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, _ARITHMETIC):
        return None
    if any(isinstance(each, ast.Call) and last_name(each.func) == "F" for each in (value.left, value.right)):
        return None
    for own, other in ((value.left, value.right), (value.right, value.left)):
        own = given_or(own)
        if isinstance(own, ast.Name):
            own = _bound(function, own.id, value) or own
        if isinstance(own, ast.Attribute) and own.attr == name:
            entity = frame.quiet(own.value).type
            if entity is not None and is_entity(frame, entity) and is_number(frame, own, entity, value.op, other):
                return entity, own
    return None


def _compares(query: ast.expr, holder: str) -> bool:
    """``filter(pk=product.pk, stock=product.stock)``: whoever comes second finds no such row."""
    return any(
        isinstance(each, ast.Attribute) and each.attr not in ("pk", "id") and ast.unparse(each.value) == holder
        for each in walk(query)
    )


def _saves_itself(frame: Frame, entity: Type) -> bool:
    return any(not isinstance(entry, ClassInfo) and "save" in entry.methods for _, entry in lineage(frame, entity.name))


def _tell(frame: Frame, change: Change, node: ast.expr) -> None:
    if any(_is_versioned(entry) for _, entry in lineage(frame, change.type.name)):
        return
    site = frame.site(change.node)
    assert frame.function is not None
    frame.told.append(Recomputed(site, change.holder, change.field, change.type, frame.site(node), frame.function))


def _is_versioned(entry: object) -> bool:
    """``__mapper_args__ = {"version_id_col": version}``: whoever comes second fails."""
    if not isinstance(entry, ClassInfo):
        return False
    given = entry.members.get("__mapper_args__")
    return given is not None and isinstance(given.items, dict) and "version_id_col" in given.items


def tell(frame: Frame) -> None:
    """At the end of a function that locks nothing: what it recomputed. What it loaded into somebody's session is saved by whoever
    commits that: a caller, a unit of work, the dependency that made the session."""
    if frame.locks or _asks_for_lock(frame):
        return
    for each in frame.told:
        frame.event(("recomputed", each.site), each)
    for change in frame.computed.values():
        if change.type is not ANY and not _saves_itself(frame, change.type) and _is_loaded(frame, change.holder):
            site = frame.site(change.node)
            assert frame.function is not None
            if not any(_is_versioned(entry) for _, entry in lineage(frame, change.type.name)):
                told = Recomputed(site, change.holder, change.field, change.type, site, frame.function)
                frame.event(("recomputed", site), told)


def _asks_for_lock(frame: Frame) -> bool:
    """``model.objects.select_for_update()`` of a model that is not known."""
    assert frame.function is not None and frame.function.node is not None
    return any(
        isinstance(each, ast.Attribute) and each.attr in ("select_for_update", "with_for_update")
        for each in nodes_of(frame.function.node, frozenset({ast.Attribute}))
    )


def _is_loaded(frame: Frame, holder: str) -> bool:
    """Whether the function gets the object by a call."""
    assert frame.function is not None and frame.function.node is not None
    return any(
        isinstance(inner, ast.Call)
        for each in bindings_of(frame.function.node, holder)
        for inner in (walk(each.value) if getattr(each, "value", None) is not None else ())
    )


def is_entity(frame: Frame, type: Type | None) -> bool:
    return type is not None and role_of(frame, type) == "entity"
