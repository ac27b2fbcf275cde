"""The value of each kind of expression."""

from __future__ import annotations

import ast
import re

from dodont.semantic import calls, effects, passwords, queries, strings, transactions
from dodont.semantic.annotations import callable_giving, provider_of, type_of
from dodont.semantic.credentials import RANDOM, credential, is_other_token, may_be_random, vague
from dodont.semantic.definitions import ClassInfo
from dodont.semantic.demands import OF_COROUTINES
from dodont.semantic.frame import Evaluator, Frame
from dodont.semantic.items import applied, element_of, item_of
from dodont.semantic.narrowing import narrow
from dodont.semantic.objects import annotation, attribute_of, attributes_of, instance_attribute, lineage
from dodont.semantic.repetition import repeated
from dodont.semantic.trees import asks_within, dotted, last_name, walk
from dodont.semantic.values import (
    ABSENT,
    MAX_ITEMS,
    STR,
    TRUTH,
    UNKNOWN,
    Label,
    Type,
    Value,
    constant,
    either,
    join,
    join_labels,
    text_of,
)


class _Texts(dict[str, Value]):
    """The values of string constants, made once each; emptied before it grows without bound."""

    def __missing__(self, text: str) -> Value:
        if len(self) > 20_000:
            self.clear()
        value = self[text] = constant(text)
        return value


class _Constants(dict[tuple[type, object], Value]):
    """The same for all others: 1, 1.0 and True are one key to a dictionary, and three constants."""

    def __missing__(self, key: tuple[type, object]) -> Value:
        if len(self) > 20_000:
            self.clear()
        value = self[key] = constant(key[1])
        return value


_TEXTS = _Texts()
_CONSTANTS = _Constants()


def _constant(frame: Frame, node: ast.Constant) -> Value:
    value = node.value
    kind = value.__class__
    if kind is str:
        return _TEXTS[value]  # type: ignore[index]
    if kind is bool:
        return TRUTH
    if value is ...:
        return UNKNOWN
    return _CONSTANTS[kind, value]


def _name(frame: Frame, node: ast.Name) -> Value:
    value = frame.env.get(node.id)
    if value is None or value.__class__ is not Value:
        value = frame.lookup(node.id)
    if value.pending is not None and not frame.silent:
        frame.unused.pop(value.pending.site, None)
        if value.pending.weak:  # whoever reads the name may keep what it holds
            value = _held(value)
    return value


def _held(value: Value) -> Value:
    """A task that something refers to."""
    pending = value.pending
    return value.but(pending=pending._replace(weak=False)) if pending is not None and pending.weak else value


def _attribute(frame: Frame, node: ast.Attribute) -> Value:
    if frame.paths and node.value.__class__ is ast.Name and node.value.id in frame.paths:
        known = frame.env.get(f"{node.value.id}.{node.attr}")
        if known is not None:
            return known
    receiver = frame.evaluators[node.value.__class__](frame, node.value)
    if receiver is UNKNOWN and frame.in_coroutine and node.value.__class__ is ast.Call:
        frame.unresolved(node.value, "attribute")
    if (
        receiver.pending is not None
        and not (node.attr in OF_COROUTINES or node.attr.startswith("cr_"))
        and (receiver.pending.must or _is_of_result(frame, receiver, node.attr))
    ):
        frame.misuse(receiver, node.value, "attribute")
        return UNKNOWN
    value = attribute_of(frame, receiver, node.attr, node)
    if receiver.query is not None:
        return queries.read(frame, receiver, node.attr, value, node)
    if receiver.ref is not None and value.type is not None and value.ref is None:
        return queries.of_class(frame, value, receiver)
    if receiver.type is not None and (value is UNKNOWN or value.query is not None):
        return queries.of_row(frame, receiver, node.attr, value, node)
    return value


def _is_of_result(frame: Frame, value: Value, attr: str) -> bool:
    """Whether an awaitable object has no such attribute: it is there to be awaited or entered alone, or only what it gives has one."""
    entry = frame.library.class_of(value.type.name) if value.type is not None else None
    if entry is None or entry.bases or attr.startswith("__") or attr in entry.methods or attr in entry.attributes:
        return False
    result = value.pending.result if value.pending is not None else UNKNOWN
    return not entry.methods or (
        result.type is not None and instance_attribute(frame, result, result.type, attr) is not None
    )


def _subscript(frame: Frame, node: ast.Subscript) -> Value:
    receiver = frame.eval(node.value)
    if receiver is UNKNOWN and frame.in_coroutine and node.value.__class__ is ast.Call:
        frame.unresolved(node.value, "item")
    if receiver.pending is not None:
        frame.misuse(receiver, node.value, "item")
        return UNKNOWN
    if node.slice.__class__ is ast.Slice:
        return _sliced(frame, receiver, node.slice)
    if receiver.ref is not None and receiver.type is None:
        found = type_of(frame, node)
        if found is None:
            return receiver
        provider = provider_of(frame, node)  # `CurrentUser = Annotated[User, Depends(get_user)]`
        return Value(Type("type", (found,)), ref=receiver.ref, items=(provider,) if provider is not None else None)
    key = frame.eval(node.slice)
    return item_of(frame, receiver, key, node)


#: As many rows are no rows to speak of.
MAX_FEW = 3


def _sliced(frame: Frame, receiver: Value, part: ast.Slice) -> Value:
    """A slice keeps what it is cut from, save for a few characters of a secret."""
    for bound in (part.lower, part.upper, part.step):
        if bound is not None:
            frame.eval(bound)
    if receiver.type == STR or receiver.labels or receiver.text is not None:
        few = part.upper is not None or not _is_rest(part)
        labels = tuple(label for label in receiver.labels if not (few and label.kind in ("secret", "secrets")))
        return Value(receiver.type, labels=labels, literal=receiver.literal, cleaned=few)
    query = None if _is_short(part) else receiver.query
    return Value(receiver.type, labels=receiver.labels, literal=receiver.literal, query=query)


def _is_short(part: ast.Slice) -> bool:
    """``rows[:1]``: of so few it does not matter how they were loaded."""
    upper = part.upper
    return isinstance(upper, ast.Constant) and upper.value.__class__ is int and 0 <= upper.value <= MAX_FEW


def _is_rest(part: ast.Slice) -> bool:
    """``header[7:]``, ``header[len("Bearer "):]``: all but what stands in front."""
    lower = part.lower
    return part.upper is None and not isinstance(lower, ast.UnaryOp)


def _binary(frame: Frame, node: ast.BinOp) -> Value:
    chain = [node]
    while chain[-1].left.__class__ is ast.BinOp and len(chain) < 5000:
        chain.append(chain[-1].left)
    left = frame.eval(chain[-1].left)
    left_node = chain[-1].left
    for each in reversed(chain):
        right = frame.eval(each.right)
        left = binary(frame, each, each.op, left, right, left_node, each.right)
        left_node = each
        if frame.keep:
            frame.values[id(each)] = left
    return left


#: Operators that no string has: what they give is a number, a date, a set.
_NEVER_TEXT = frozenset({ast.Sub, ast.FloorDiv, ast.Pow})
_NO_TEXT = Value(literal=True)


def binary(
    frame: Frame,
    node: ast.AST,
    op: ast.operator,
    left: Value,
    right: Value,
    left_node: ast.expr | None,
    right_node: ast.expr,
) -> Value:
    if left.pending is not None and left_node is not None:
        frame.misuse(left, left_node, "operand")
    if right.pending is not None:
        frame.misuse(right, right_node, "operand")
    kind = op.__class__
    if left is UNKNOWN and right is UNKNOWN:
        return _NO_TEXT if kind in _NEVER_TEXT else UNKNOWN
    if kind is ast.Add:
        text = strings.added(frame, node, left, right, right_node, left_node)
        if text is not None:
            return text
        if isinstance(left.items, tuple) and isinstance(right.items, tuple):
            items = left.items + right.items
            return Value(
                left.type,
                items=items if len(items) <= MAX_ITEMS else None,
                labels=join_labels(left.labels, right.labels),
                literal=left.literal and right.literal,
            )
    elif kind is ast.Mod and isinstance(node, ast.BinOp):
        text = strings.percent(frame, node, left, right)
        if text is not None:
            return text
        if left.type == STR:
            return Value(STR, labels=join_labels(left.labels, right.labels))
    elif kind is ast.Mult:
        if left.type is not None and left.type.name == "list" and left.literal:
            return Value(Type("repeated"), items=left.items, literal=True)
        if left.type == STR and left.literal:
            return Value(STR, text=text_of(left), literal=True)
        if left.type is None and left.text is None and right.const.__class__ in (int, float):
            return Value(literal=True, labels=left.labels)  # `days * 7`: a text is repeated where it is spelt out
    labels = join_labels(left.labels, right.labels)
    if left.literal and right.literal:
        return Value(left.type, literal=True, labels=labels)
    if kind in _NEVER_TEXT and (left.type is None or left.type.name != "set"):
        return Value(left.type, literal=True, labels=labels)
    if left.type is not None and left.type.name in ("int", "float", "decimal.Decimal") and right.type is not None:
        return Value(left.type, labels=labels)
    return Value(labels=labels) if labels else UNKNOWN


def _unary(frame: Frame, node: ast.UnaryOp) -> Value:
    if node.op.__class__ is ast.Not:
        condition(frame, node.operand)
        return TRUTH
    value = frame.eval(node.operand)
    if value.pending is not None:
        frame.misuse(value, node.operand, "operand")
    if node.op.__class__ is ast.USub and value.const.__class__ is int:
        return constant(-value.const)
    return value if value.type is not None and value.type.name in ("int", "float") else UNKNOWN


_SECRETS = ("secret", "secrets")


def condition(frame: Frame, node: ast.expr, use: str = "condition") -> Value:
    """The value of an expression of which only the truth counts (or, in a statement, nothing): so do its last operands'."""
    if node.__class__ is ast.BoolOp:
        value = _boolean(frame, node, use)
        if frame.keep:
            frame.values[id(node)] = value
        return value
    value = frame.evaluators[node.__class__](frame, node)
    if value.pending is not None:
        frame.misuse(value, node, use)
    elif value is UNKNOWN and frame.in_coroutine and use == "condition":
        frame.unresolved(node, use)
    return value


def _boolean(frame: Frame, node: ast.BoolOp, use: str = "") -> Value:
    before = frame.env
    frame.env = before.copy()
    result: Value | None = None
    for index, each in enumerate(node.values):
        last = index == len(node.values) - 1
        # `late and fetch(1) or fetch(2)` tests the first coroutine, but is written to choose between the two.
        chosen = not use and (last or each.__class__ is ast.BoolOp)
        frame.guards += index > 0
        value = frame.eval(each) if chosen else condition(frame, each, use if last else "condition")
        frame.guards -= index > 0
        if value.maybe_none and not last and node.op.__class__ is ast.Or:
            value = value.but(maybe_none=False)  # what `or` lets through is not None
        if result is not None and result.labels and node.op.__class__ is ast.And:
            # `password and "set"` is the password only where that is empty
            result = result.but(labels=tuple(label for label in result.labels if label.kind not in _SECRETS))
        result = value if result is None else join(result, value)
        narrow(frame, each, node.op.__class__ is ast.And)
    after, frame.env = frame.env, before
    if not after.keys() <= before.keys():  # names bound on the way, by `:=` or a test
        before.update({name: value for name, value in after.items() if name not in before})
    return result or UNKNOWN


def _compare(frame: Frame, node: ast.Compare) -> Value:
    left = frame.eval(node.left)
    if left.pending is not None:
        if not all(op.__class__ in (ast.Is, ast.IsNot) for op in node.ops):
            frame.misuse(left, node.left, "operand")
        elif _is_none(node.comparators[0]) and not (isinstance(node.left, ast.Name) and frame.awaits(node.left)):
            # What is awaited elsewhere was given by a call that may give an awaitable or None, as versions differ.
            frame.misuse(left, node.left, "identity")
    elif left is UNKNOWN and frame.in_coroutine and node.left.__class__ is ast.Call:
        frame.unresolved(node.left, "operand")
    query = left.type is not None and left.type.name in _COLUMNS
    for op, each in zip(node.ops, node.comparators, strict=True):
        right = frame.eval(each)
        if right.pending is not None and op.__class__ not in (ast.Is, ast.IsNot):
            frame.misuse(right, each, "operand")
        if (left.labels or right.labels) and op.__class__ in _EQUALITY:
            passwords.compared(frame, node, left, right)
    return UNKNOWN if query else TRUTH


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


_EQUALITY = frozenset({ast.Eq, ast.NotEq})

_COLUMNS = frozenset({"sqlalchemy.Column", "sqlalchemy.orm.InstrumentedAttribute"})


def _conditional(frame: Frame, node: ast.IfExp) -> Value:
    condition(frame, node.test)
    before = frame.env
    frame.env = before.copy()
    frame.guards += 1
    narrow(frame, node.test, True)
    first = frame.eval(node.body)
    frame.env = before.copy()
    narrow(frame, node.test, False)
    second = frame.eval(node.orelse)
    frame.env = before
    frame.guards -= 1
    if (first.pending or second.pending) and asks_within(node.test):
        return join(first, second).but(pending=None)  # `await f(x) if iscoroutinefunction(f) else f(x)`
    if first.ref is not None and second.ref is not None and first.ref != second.ref:
        classes = [frame.world.class_named(ref) for ref in (first.ref, second.ref)]
        kind = either([Type(each.ref) for each in classes if each is not None]) if None not in classes else None
        if kind is not None:
            return Value(Type("type", (kind,)))  # `Kind = Mail if address else Letter`
    if first.cleaned is not second.cleaned and _asks_length(node.test):
        return first if first.cleaned else second  # `token[:4] if len(token) > 8 else token`
    return join(first, second)


def _asks_length(test: ast.expr) -> bool:
    return any(isinstance(each, ast.Call) and last_name(each.func) == "len" for each in walk(test))


def _await(frame: Frame, node: ast.Await) -> Value:
    value = frame.eval(node.value)
    if frame.events and not frame.silent and node.value.__class__ is ast.Call:
        frame.events.pop(("call", frame.site(node.value)), None)  # what is awaited gives the loop back
    if value.pending is not None:
        if value.pending.must and not frame.silent and frame.function is not None:
            frame.awaited[id(node)] = value.pending.target
        result = value.pending.result
        return result.but(pending=None) if result.pending is not None else result
    return calls.awaited(frame, value)


def _tuple(frame: Frame, node: ast.Tuple | ast.List | ast.Set) -> Value:
    items: list[Value] = []
    labels: tuple[Label, ...] = ()
    literal, whole = True, True
    for each in node.elts:
        if each.__class__ is ast.Starred:
            inner = frame.eval(each.value)
            whole = False
        else:
            inner = frame.evaluators[each.__class__](frame, each)
        if inner.labels:
            labels = join_labels(labels, inner.labels)
        literal = literal and inner.literal
        items.append(inner)
    return Value(
        Type(_DISPLAYS[node.__class__], _element_type(items)),
        items=tuple(items) if whole and len(items) <= MAX_ITEMS else None,
        labels=labels,
        literal=literal,
    )


_DISPLAYS: dict[type, str] = {ast.Tuple: "tuple", ast.List: "list", ast.Set: "set"}


def _element_type(items: list[Value]) -> tuple[Type, ...]:
    first = items[0].type if items else None
    if first is None:
        return ()
    for item in items:
        if item.type is not first and item.type != first:
            return ()
    return (first,)


def _dict(frame: Frame, node: ast.Dict) -> Value:
    items: dict[str, Value] = {}
    labels: tuple[Label, ...] = ()
    literal = True
    pending = False
    for key, each in zip(node.keys, node.values, strict=True):
        value = frame.eval(each)
        if key is None:
            if isinstance(value.items, dict):
                items |= value.items
            labels = join_labels(labels, value.labels)
            literal = literal and value.literal
            continue
        name = frame.eval(key)
        if name.const.__class__ is str:
            if credential(name.const):
                value = frame.named(value, name.const, each)
            elif value.labels:
                value = _renamed(value, name.const)
            if labels and None in node.keys:  # `{**settings, "password": "***"}`
                labels = _replaced(labels, items, name.const)
            items[name.const] = value
            if value is UNKNOWN and frame.in_coroutine and each.__class__ is ast.Call:
                frame.unresolved(each, "display")
            elif value.pending is not None:
                pending = True
        if value.labels:
            labels = join_labels(labels, value.labels)
        literal = literal and value.literal
    if pending:
        for key, each in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(each, ast.Call):
                _beside(frame, items, str(key.value), each)
    return Value(
        Type("dict"), items=items if items and len(items) <= MAX_ITEMS else None, labels=labels, literal=literal
    )


def _beside(frame: Frame, items: dict[str, Value], key: str, node: ast.expr) -> None:
    """``{"id": 1, "created": now()}``: beside results stands a coroutine, whose result would be plain, and nobody awaits what is there."""
    value = items.get(key, UNKNOWN)
    if value.pending is None or not value.pending.must or not frame.in_coroutine:
        return
    if not calls.is_plain(frame, value.pending.result.type):
        return
    if all(each.pending is not None or each is UNKNOWN for each in items.values()):
        return
    if re.search(rf"await [\w.]+\[[\"']{re.escape(key)}", frame.module.text) is None:
        frame.misuse(value, node, "display")


def _comprehension(frame: Frame, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Value:
    before = frame.env
    frame.env = before.copy()
    loops = _generators(frame, node.generators)
    value = frame.eval(node.elt)
    _leave(frame, node.generators, loops)
    frame.env = before
    name = {ast.ListComp: "list", ast.SetComp: "set"}.get(node.__class__, "list")
    args = (value.type,) if value.type is not None else ()
    known = value.pending is not None or value.text is not None or value.const is not ABSENT
    return Value(
        Type(name if not known else "repeated", args),
        items=(value,) if known else None,
        labels=value.labels,
        literal=value.literal,
        query=queries.gathered(value) if value.query is not None else None,
    )


def _dict_comprehension(frame: Frame, node: ast.DictComp) -> Value:
    before = frame.env
    frame.env = before.copy()
    loops = _generators(frame, node.generators)
    frame.eval(node.key)
    value = frame.eval(node.value)
    _leave(frame, node.generators, loops)
    frame.env = before
    labels = value.labels
    if labels and (isinstance(node.value, ast.IfExp) or any(each.ifs for each in node.generators)):
        # `{key: "***" if key in HIDDEN else value for …}`: whoever chooses among the keys does so for the secrets
        labels = tuple(label for label in labels if label.kind not in _SECRETS)
    rows = queries.gathered(value) if value.query is not None else None
    args = (Type("Any"), value.type) if rows is not None and value.type is not None else ()
    return Value(Type("dict", args), labels=labels, query=rows)


def _generators(frame: Frame, generators: list[ast.comprehension]) -> list[tuple[int, Value]]:
    """Begin the loops of a comprehension: what each goes over, and how often the database was used before it."""
    loops: list[tuple[int, Value]] = []
    for each in generators:
        source = frame.eval(each.iter)
        if frame.generator is not None:
            effects.gone_over(frame, each.iter)
        bind(frame, each.target, element_of(frame, source, each.iter, bool(each.is_async)))
        loops.append((len(frame.accesses), source))
        for test in each.ifs:
            condition(frame, test)
            narrow(frame, test, True)
    return loops


def _leave(frame: Frame, generators: list[ast.comprehension], loops: list[tuple[int, Value]]) -> None:
    for each, (first, source) in zip(reversed(generators), reversed(loops), strict=True):
        if len(frame.accesses) > first:
            repeated(frame, first, each.iter, source)


def bind(frame: Frame, target: ast.expr, value: Value) -> None:
    """Assign ``value`` to a target: name, attribute, item, or a pattern of them."""
    kind = target.__class__
    if kind is ast.Name:
        name: str = target.id  # type: ignore[attr-defined]
        if credential(name):
            if value.labels and frame.is_object(target):
                value = _unnamed(value)
            value = frame.named(value, name, target)
        elif value.labels:
            value = _renamed(value, name)
        frame.env[name] = value
        if name in frame.paths:
            frame.paths.discard(name)
            prefix = name + "."
            for key in [key for key in frame.env if key.startswith(prefix)]:
                del frame.env[key]
        return
    if kind is ast.Tuple or kind is ast.List:
        elements: list[ast.expr] = target.elts  # type: ignore[attr-defined]
        if value.pending is not None:
            frame.misuse(value, target, "unpacking")
        starred = any(each.__class__ is ast.Starred for each in elements)
        if isinstance(value.items, tuple) and len(value.items) == len(elements) and not starred:
            for each, item in zip(elements, value.items, strict=True):
                bind(frame, each, item)
            return
        type = value.type
        fixed = type is not None and type.name == "tuple" and len(type.args) == len(elements) and not starred
        labels = tuple(label for label in value.labels if label.kind not in _SECRETS)
        for index, each in enumerate(elements):
            part = Value(type.args[index] if fixed else None, labels=labels) if fixed or labels else UNKNOWN  # type: ignore[union-attr]
            bind(frame, each.value if each.__class__ is ast.Starred else each, part)
        return
    if kind is ast.Attribute:
        inner: ast.expr = target.value  # type: ignore[attr-defined]
        receiver = frame.eval(inner)
        attr: str = target.attr  # type: ignore[attr-defined]
        if value.pending is not None:
            value = _held(value)
            _kept_as(frame, receiver, attr, value, target)
        if receiver.query is not None and inner.__class__ is ast.Attribute:
            name, _, path = dotted(inner).partition(".")
            if name in frame.env:  # `line.order.customer = customer` of a row
                frame.env[name] = queries.given(frame, frame.env[name], f"{path}.{attr}")
        if inner.__class__ is ast.Name:
            if receiver.query is not None and inner.id in frame.env:
                frame.env[inner.id] = queries.given(frame, receiver, attr)
            frame.paths.add(inner.id)
            value = frame.named(_renamed(value, attr), attr, target)
            frame.env[f"{inner.id}.{attr}"] = value
            if inner.id == "self" and receiver.type is not None:
                known = frame.stores.get(attr)
                frame.stores[attr] = value if known is None else join(known, value)
        return
    if kind is ast.Subscript:
        frame.eval(target.value)  # type: ignore[attr-defined]
        if target.slice.__class__ is not ast.Slice:  # type: ignore[attr-defined]
            item = frame.eval(target.slice)  # type: ignore[attr-defined]
            holder = target.value  # type: ignore[attr-defined]
            if holder.__class__ is ast.Name and holder.id in frame.env:
                frame.env[holder.id] = held = _with_item(frame.env[holder.id], item, value, frame, target)
                if value.pending is not None and isinstance(held.items, dict) and isinstance(item.const, str):
                    _beside(frame, held.items, item.const, target)


def _kept_as(frame: Frame, receiver: Value, attr: str, value: Value, target: ast.expr) -> None:
    """``self.pool = create_pool()`` puts a coroutine where the class declares a pool."""
    for _, entry in lineage(frame, receiver.type.name) if receiver.type is not None else ():
        if not isinstance(entry, ClassInfo):
            return
        if attr in entry.annotations:
            if calls.is_plain(frame, annotation(frame, entry, attr)):
                frame.misuse(value, target, "typed")  # a future as well as a coroutine
            return
        known = attributes_of(frame, entry)[0].get(attr)
        if known is not None:
            if known.type is not None and value.pending is not None and known.type == value.pending.result.type:
                frame.misuse(value, target, "typed")  # `self.pool: Pool | None = None` in `__init__`
            return


def _unnamed(value: Value) -> Value:
    """A value less the secrets of which nothing but a name tells."""
    if value.type is not None or value.text is not None or value.items is not None:
        return value
    return value.but(labels=tuple(label for label in value.labels if label.kind != "secret" or len(label.notes) > 1))


def _renamed(value: Value, name: str) -> Value:
    """A value under a name, which says of a random token whether it may open something: a ``seed`` opens nothing.

    So does ``next_token = token`` of any token.
    """
    if is_other_token(name):
        return value.but(labels=tuple(label for label in value.labels if not vague(label.what)))
    if value.labels and any(label.what == RANDOM for label in value.labels) and not may_be_random(name):
        return value.but(labels=tuple(label for label in value.labels if label.what != RANDOM))
    return value


def _with_item(holder: Value, key: Value, value: Value, frame: Frame, node: ast.AST) -> Value:
    """A dict display that got one more key."""
    if holder.type is None or holder.type.name != "dict":
        return holder
    items = dict(holder.items) if isinstance(holder.items, dict) else {}
    labels = holder.labels
    if key.const.__class__ is str and len(items) < MAX_ITEMS:
        value = frame.named(value, key.const, node)
        labels = _replaced(labels, items, key.const)  # `data["password"] = "***"`
        items[key.const] = value
    return holder.but(
        items=items or None, labels=join_labels(labels, value.labels), literal=holder.literal and value.literal
    )


def _replaced(labels: tuple[Label, ...], items: dict[str, Value], key: str) -> tuple[Label, ...]:
    """What a mapping still carries once another value stands under the key."""
    old = items.get(key)
    if old is None:
        if not credential(key):
            return labels
        return tuple(label for label in labels if label.kind != "secret" or label.what.rpartition(".")[2] != key)
    gone = {(label.kind, label.what) for label in old.labels}
    kept = {(label.kind, label.what) for name, item in items.items() if name != key for label in item.labels}
    return tuple(label for label in labels if (label.kind, label.what) not in gone - kept)


def _walrus(frame: Frame, node: ast.NamedExpr) -> Value:
    value = frame.eval(node.value)
    bind(frame, node.target, value)
    return _held(frame.env.get(node.target.id, value))


def _lambda(frame: Frame, node: ast.Lambda) -> Value:
    given = applied(frame, node, UNKNOWN)
    kind = callable_giving(given.type) if given.type is not None and given.pending is None else None
    return Value(kind) if kind is not None else UNKNOWN


def _yield(frame: Frame, node: ast.Yield) -> Value:
    if node.value is not None:
        frame.yields.append(frame.eval(node.value))
    transactions.yields(frame, node)
    return UNKNOWN


def _yield_from(frame: Frame, node: ast.YieldFrom) -> Value:
    value = frame.eval(node.value)
    if value.pending is None:
        frame.yields.append(element_of(frame, value, node.value))
    return UNKNOWN


def _starred(frame: Frame, node: ast.Starred) -> Value:
    value = frame.eval(node.value)
    if value.pending is not None and isinstance(node.ctx, ast.Load):
        frame.misuse(value, node.value, "iteration")
    return value


def _unknown(frame: Frame, node: ast.expr) -> Value:
    return UNKNOWN


EVALUATORS: dict[type, Evaluator] = {
    **dict.fromkeys(ast.expr.__subclasses__(), _unknown),
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Call: calls.call,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _boolean,
    ast.Compare: _compare,
    ast.IfExp: _conditional,
    ast.JoinedStr: strings.joined,
    ast.Await: _await,
    ast.Tuple: _tuple,
    ast.List: _tuple,
    ast.Set: _tuple,
    ast.Dict: _dict,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _dict_comprehension,
    ast.NamedExpr: _walrus,
    ast.Lambda: _lambda,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
    ast.Starred: _starred,
}


def _keeping(evaluator: Evaluator) -> Evaluator:
    def evaluate(frame: Frame, node: ast.expr) -> Value:
        value = frame.values[id(node)] = evaluator(frame, node)
        return value

    return evaluate


#: Evaluators that keep the value of every expression in ``frame.values``, for the rules that read handlers.
KEEPING: dict[type, Evaluator] = {kind: _keeping(evaluator) for kind, evaluator in EVALUATORS.items()}
