"""Calls whose meaning is more than a model's words can say: text methods, containers, ``partial``, ``getattr``, ``cast``."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from dodont.core.patterns import pattern
from dodont.semantic import effects, queries, strings
from dodont.semantic.annotations import VARIABLE, type_of
from dodont.semantic.credentials import credential
from dodont.semantic.items import applied, element_of, item_of
from dodont.semantic.objects import attribute_of, exposed, instance_attribute, role_of
from dodont.semantic.values import (
    ABSENT,
    MAX_ITEMS,
    NUMBER,
    PLAIN_TYPES,
    STR,
    TRUTH,
    UNKNOWN,
    Hole,
    Items,
    Label,
    Text,
    Type,
    Value,
    is_mapping,
    join,
    join_labels,
    keys_of,
    parts_of,
    text_of,
)

if TYPE_CHECKING:
    from dodont.semantic.calls import Arguments
    from dodont.semantic.frame import Frame

Special = Callable[["Frame", ast.Call, Value, "Arguments"], Value | None]

_TESTS = frozenset(
    "isdigit isalnum isidentifier isnumeric isdecimal isalpha startswith endswith isspace isupper islower".split()
)
_MAKE_NUMBERS = frozenset({"builtins.int", "builtins.float", "builtins.bool"})
_NUMBERS = frozenset({"count", "find", "index", "rfind", "rindex", "__len__"})


def text_method(frame: Frame, name: str, receiver: Value, given: Arguments) -> Value:
    """A method of a string that gives a string keeps what the string carries."""
    for value, where in zip(given.positional, given.nodes, strict=True):
        frame.misuse(value, where, "argument")
    if name in _TESTS:
        return TRUTH
    if name in _NUMBERS:
        return NUMBER
    if name in ("split", "rsplit", "splitlines"):
        return Value(Type("list", (STR,)), labels=receiver.labels, literal=receiver.literal)
    if name in ("partition", "rpartition"):
        return Value(Type("tuple", (STR, STR, STR)), labels=receiver.labels, literal=receiver.literal)
    if name == "hex":
        return Value(STR, labels=receiver.labels)
    text = text_of(receiver)
    kept = text if name in ("strip", "lstrip", "rstrip", "encode", "decode", "removeprefix", "removesuffix") else None
    if text is not None and text.holes:
        kept = text
    return Value(STR, text=kept, labels=receiver.labels, literal=receiver.literal)


def _doubles(given: Arguments) -> bool:
    """``text.replace("'", "''")``: quotes are doubled, as SQL wants them within a literal or a quoted name."""
    old, new = (value.const for value in (*given.positional, UNKNOWN, UNKNOWN)[:2])
    return isinstance(old, str) and old in ("'", '"', "`", "]") and new == old * 2


def _format(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value:
    return strings.formatted(frame, node, callee.receiver or UNKNOWN, given.positional, given.keywords)


def _format_map(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    if not given.positional:
        return None
    return strings.formatted(frame, node, callee.receiver or UNKNOWN, [], {}, (given.positional[0], given.nodes[0]))


def _join(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    if not given.positional:
        return None
    frame.misuse(given.positional[0], given.nodes[0], "argument")
    return strings.joined_by(frame, node, callee.receiver or UNKNOWN, given.positional[0])


def _item(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    """``mapping.get(key, default)``; ``request.args.get("page", 1, type=int)`` of Werkzeug gives a number."""
    if not given.positional:
        return None
    made = given.keywords.get("type")
    if made is not None and made.ref in _MAKE_NUMBERS:
        return Value(Type(made.ref.removeprefix("builtins.")), literal=True, maybe_none=len(given.positional) < 2)
    value = item_of(frame, callee.receiver or UNKNOWN, given.positional[0], node)
    if len(given.positional) > 1:
        return join(value, given.positional[1])
    return value.but(maybe_none=True) if value is not UNKNOWN else value


def without(frame: Frame, holder: ast.expr, key: Value) -> None:
    """``del mapping["password"]``, ``mapping.pop("password")``: the local mapping shows its credential no more."""
    if not isinstance(holder, ast.Name) or key.const.__class__ is not str or not credential(key.const):
        return
    value = frame.env.get(holder.id)
    if value is not None and value.labels:
        items = value.items
        if isinstance(items, dict):
            items = {name: item for name, item in items.items() if name != key.const}
        kept = tuple(label for label in value.labels if label.kind != "secret")
        frame.env[holder.id] = value.but(labels=kept, items=items)


def _popped(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    value = _item(frame, node, callee, given)
    if given.positional and isinstance(node.func, ast.Attribute):
        without(frame, node.func.value, given.positional[0])
    return value


def _variable(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    """``os.getenv("NAME")``."""
    found = given.find(0, "key")
    if found is None or found[0].const.__class__ is not str:
        return None
    value = frame.named(Value(STR, maybe_none=len(given.positional) < 2), found[0].const, node)
    return join(value, given.positional[1]) if len(given.positional) > 1 else value


def _option(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    """``parser.get("section", "password")``."""
    found = given.find(1, "option")
    return (
        frame.named(Value(STR), found[0].const, node) if found is not None and found[0].const.__class__ is str else None
    )


def _updated(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    """``mapping.update(other, name=value)`` on a local mapping."""
    receiver, func = callee.receiver, node.func
    if receiver is None or not isinstance(func, ast.Attribute) or not isinstance(func.value, ast.Name):
        return None
    name = func.value.id
    if name not in frame.env or not is_mapping(receiver):
        return None
    items = dict(receiver.items) if isinstance(receiver.items, dict) else {}
    labels = receiver.labels
    for value in given.positional[:1]:
        items |= value.items if isinstance(value.items, dict) else {}
        labels = join_labels(labels, value.labels)
    for word, value in given.keywords.items():
        items[word] = frame.named(value, word, given.words[word])
        labels = join_labels(labels, items[word].labels)
    literal = receiver.literal and all(value.literal for value in (*given.positional, *given.keywords.values()))
    frame.env[name] = receiver.but(items=items if 0 < len(items) <= MAX_ITEMS else None, labels=labels, literal=literal)
    return Value(Type("None"))


def _copy(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    """``mapping.copy()``."""
    return callee.receiver


def _argument(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    """``self.get_argument("password")`` of Tornado."""
    found = given.find(0, "name")
    if found is None or found[0].const.__class__ is not str or not credential(found[0].const):
        return None
    return frame.named(Value(STR, labels=(Label("request", "an argument of the request"),)), found[0].const, node)


def _append(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    """``xs.append(x)`` on a local list."""
    receiver = callee.receiver
    func = node.func
    if (
        receiver is None
        or not given.positional
        or not isinstance(func, ast.Attribute)
        or not isinstance(func.value, ast.Name)
    ):
        return None
    added = given.positional[-1]
    if added.pending is not None and func.attr == "extend":
        frame.misuse(added, given.nodes[-1], "iteration")
    name = func.value.id
    items = receiver.items
    if name not in frame.env:
        return None
    many = (added.items if isinstance(added.items, tuple) else None) if func.attr == "extend" else (added,)
    if isinstance(items, tuple) and many is not None and len(items) + len(many) <= MAX_ITEMS:
        known: tuple[Value, ...] | None = items + many
    else:
        known = None
    literal = receiver.literal and added.literal
    if known is None and func.attr == "extend" and isinstance(items, tuple) and items and added.literal:
        known = items
    frame.env[name] = receiver.but(items=known, labels=join_labels(receiver.labels, added.labels), literal=literal)
    return Value(Type("None"))


def _each(frame: Frame, node: ast.Call, called: ast.expr | None, source: Value, where: ast.expr) -> None:
    """``sorted(orders, key=lambda order: order.customer.name)``: what is called with each row reads it."""
    if called is None or source.query is None or frame.silent:
        return
    row = element_of(frame, source, where)
    if isinstance(called, ast.Lambda):
        applied(frame, called, row)
        return
    function = frame.world.function(frame.quiet(called).ref or "")
    if function is not None and function.positional:
        queries.through(frame, node, function, {function.positional[0]: row})


def _mapped(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    """``map(name_of, orders)``."""
    if len(given.positional) == 2:
        _each(frame, node, given.nodes[0], given.positional[1], given.nodes[1])
    return None


def _grouped(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    """``groupby(orders, lambda order: order.customer)``."""
    if given.nodes:
        key = given.nodes[1] if len(given.nodes) > 1 else given.words.get("key")
        _each(frame, node, key, given.positional[0], given.nodes[0])
    return None


def _sorted(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    """``orders.sort(key=…)``."""
    if callee.receiver is not None and isinstance(node.func, ast.Attribute):
        _each(frame, node, given.words.get("key"), callee.receiver, node.func.value)
    return None


def _of_view(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    """``self.get_queryset()`` of a generic view that does not define it: what its ``queryset`` is."""
    view = callee.receiver
    held = (
        instance_attribute(frame, view, view.type, "queryset") if view is not None and view.type is not None else None
    )
    return held if held is not None and held.query is not None else None


def _copied(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    """``list(xs)``, ``sorted(xs)``: the same elements."""
    name = (callee.ref or "").rpartition(".")[2]
    if not given.positional:
        if given.keywords and name == "dict":
            labels: tuple[Label, ...] = ()
            for value in given.keywords.values():
                labels = join_labels(labels, value.labels)
            items = {key: frame.named(value, key, given.words[key]) for key, value in given.keywords.items()}
            for value in items.values():
                labels = join_labels(labels, value.labels)
            return Value(
                Type("dict"), items=items, labels=labels, literal=all(value.literal for value in items.values())
            )
        return Value(Type(name), items=() if name == "list" else None, literal=True)
    source = given.positional[0]
    if source.pending is not None:
        frame.misuse(source, given.nodes[0], "argument")
        return UNKNOWN
    if "key" in given.words:
        _each(frame, node, given.words["key"], source, given.nodes[0])
    effects.gone_over(frame, given.nodes[0])
    if source.query is not None:
        queries.runs(frame, source, given.nodes[0])
    kind = "list" if name in ("sorted", "reversed") else name
    if kind != "dict" and is_mapping(source):
        return Value(Type(kind, (STR,)), labels=keys_of(source), literal=isinstance(source.items, dict))
    args = source.type.args if source.type is not None and source.type.name not in ("dict", "tuple") else ()
    return Value(
        Type(kind, args),
        items=source.items if name != "set" else None,
        labels=source.labels,
        literal=source.literal,
        query=source.query,
    )


def _number(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value:
    for value, where in zip(given.positional, given.nodes, strict=True):
        if value.pending is not None and callee.ref not in ("builtins.id", "builtins.hash"):
            frame.misuse(value, where, "argument")
        if callee.ref == "builtins.sum":
            for item in value.items if isinstance(value.items, tuple) else ():
                frame.misuse(item, where, "argument")
    return NUMBER


def _truth(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value:
    for value, where in zip(given.positional, given.nodes, strict=True):
        if callee.ref in ("builtins.bool", "builtins.any", "builtins.all"):
            frame.misuse(value, where, "argument")
            for item in value.items if isinstance(value.items, tuple) else ():
                frame.misuse(item, where, "argument")
    return TRUTH


def _extreme(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    """``max(a, b)``: one of them."""
    if len(given.positional) == 1:
        _each(frame, node, given.words.get("key"), given.positional[0], given.nodes[0])
    if len(given.positional) < 2:
        return None
    value = given.positional[0]
    for other in given.positional[1:]:
        value = join(value, other)
    return value


def _range(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value:
    return Value(Type("repeated", (Type("int"),)), items=(NUMBER,), literal=True)


def _text(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value:
    """``str(x)``."""
    if not given.positional:
        return Value(STR, const="", literal=True)
    source = given.positional[0]
    if source.pending is not None:
        frame.misuse(source, given.nodes[0], "text")
        return UNKNOWN
    if role_of(frame, source.type) == "secret":
        return Value(STR, cleaned=True)
    plain = source.type is not None and source.type.name in ("int", "float", "bool")
    labels = (*source.labels, *exposed(frame, source, node))
    text = text_of(source)
    if source.type is not None and source.type.name in PLAIN_TYPES and not source.literal:
        text = Text((Hole(source, frame.site(node)),))  # its type says what the text can be
    return Value(STR, text=text, labels=labels, literal=source.literal or plain)


def _partial(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    if not given.positional or given.positional[0].ref is None:
        return None
    target = given.positional[0]
    fixed: Items = tuple(given.positional[1:])
    if given.keywords and not fixed:
        fixed = dict(given.keywords)  # arguments of both kinds are seldom, and then those by position are kept
    return Value(Type("functools.partial"), target.ref, receiver=target.receiver, items=fixed)


def _getattr(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    if len(given.positional) < 2 or given.positional[1].const.__class__ is not str:
        return None
    value = attribute_of(frame, given.positional[0], given.positional[1].const, node)
    return join(value, given.positional[2]) if len(given.positional) > 2 else value


def _cast(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    if len(node.args) < 2:
        return None
    value = given.positional[1]
    found = type_of(frame, node.args[0])
    return value.but(type=found) if found is not None and value.pending is None else value


def _variable_type(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    """``TypeVar("T", bound=Model)``: a ``T`` is a ``Model``, at least."""
    if not given.positional or given.positional[0].const.__class__ is not str:
        return None
    bound = given.words.get("bound")
    found = type_of(frame, bound) if bound is not None else None
    if found is not None and "." not in found.name:
        found = None
    args = (Type("type", (found,)),) if found is not None else ()
    return Value(Type(VARIABLE, args), ref=found.name if found is not None else None, const=given.positional[0].const)


def _type(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    if len(given.positional) == 1 and given.positional[0].type is not None:
        own = given.positional[0].type
        return Value(Type("type", (own,)), ref=own.name)
    return None


def _template(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    """``string.Template(text)``."""
    if not given.positional:
        return None
    return Value(Type("string.Template"), text=text_of(given.positional[0]))


def _substitute(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value:
    return strings.substituted(frame, node, callee.receiver or UNKNOWN, given.positional, given.keywords)


def _iterated(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    """``enumerate(xs)`` and ``zip(xs, ys)`` give tuples of the elements."""
    parts = [element_of(frame, value, where) for value, where in zip(given.positional, given.nodes, strict=True)]
    if (callee.ref or "").endswith("enumerate"):
        parts = [NUMBER, *parts[:1]]
    pair = Value(Type("tuple"), items=tuple(parts))
    return Value(Type("repeated"), items=(pair,))


def _entries(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    """``mapping.items()``, ``.values()``, ``.keys()``."""
    receiver = callee.receiver
    if receiver is None:
        return None
    method = (callee.ref or "").rpartition(".")[2]
    value = UNKNOWN
    if isinstance(receiver.items, dict) and receiver.items:
        every = list(receiver.items.values())
        value = every[0]
        for other in every[1:]:
            value = join(value, other)
        keys = Value(STR, literal=True)
    else:
        labels = parts_of(receiver.labels)
        labels += tuple(label._replace(kind="each") for label in receiver.labels if label.kind == "secrets")
        type = receiver.type
        inner = type.args[-1] if type is not None and type.name == "dict" and type.args else None
        value = Value(None if inner is None or inner.name == "Any" else inner, labels=labels, literal=receiver.literal)
        if receiver.query is not None and type is not None and type.name == "dict":
            value = queries.element(frame, receiver, value)  # `{order.pk: order for order in orders}.values()`
        keys = Value(labels=parts_of(receiver.labels), literal=receiver.literal)
    if method == "keys":
        return Value(Type("repeated"), items=(keys,))
    if method == "values":
        return Value(Type("repeated"), items=(value,), labels=value.labels)
    return Value(Type("repeated"), items=(Value(Type("tuple"), items=(keys, value)),), labels=receiver.labels)


def _column(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value:
    """``Column("name", …)``: the constant is the name in the database, when the call gives one."""
    first = given.find(0, "name")
    named = first is not None and first[0].const.__class__ is str
    return Value(Type("sqlalchemy.Column"), const=first[0].const if first is not None and named else ABSENT)


def _replace(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    receiver = callee.receiver or UNKNOWN
    if len(given.positional) < 2:
        return None
    if _doubles(given):
        return Value(STR, labels=receiver.labels, literal=True)
    taken = {(label.kind, label.what) for label in given.positional[0].labels}
    if taken:  # `text.replace(token, "***")`
        kept = tuple(label for label in receiver.labels if (label.kind, label.what) not in taken)
        return Value(STR, labels=join_labels(kept, given.positional[1].labels))
    return strings.replaced(frame, node, receiver, *given.positional[:2])


def _next(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    return element_of(frame, given.positional[0], given.nodes[0]) if len(given.positional) == 1 else None


#: A pattern whose matches hold no quotes: no dot, no negated class, quotes but at its ends.
_LOOSE = pattern(r"""\.|\[\^|\\[DWS]|['"`;]""")


def _matched(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    """``re.match(r"\\d+", text)``: what it matches cannot break out of its place."""
    found = given.find(0, "pattern")
    if found is None or found[0].const.__class__ is not str:
        return None
    pattern = re.sub(r"\\[^DWS]", "", found[0].const).strip("^$'\"")
    return None if _LOOSE.search(pattern) else Value(Type("re.Match"), maybe_none=True, literal=True)


def _dumped(frame: Frame, node: ast.Call, callee: Value, given: Arguments) -> Value | None:
    """``json.dumps(embedding)``: a list of numbers is written without quotes."""
    found = given.find(0, "obj")
    type = found[0].type if found is not None else None
    plain = type is not None and type.name in ("list", "tuple") and type.args and type.args[0].name in PLAIN_TYPES
    return Value(STR, literal=True) if plain else None


SPECIAL: dict[str, Special] = {
    "builtins.next": _next, "builtins.map": _mapped, "builtins.filter": _mapped, "list.sort": _sorted,
    "itertools.groupby": _grouped,
    "rest_framework.generics.GenericAPIView.get_queryset": _of_view,
    "str.format": _format,
    "str.format_map": _format_map,
    "str.join": _join,
    "str.replace": _replace,
    "dict.get": _item, "dict.pop": _popped, "dict.setdefault": _item, "?.get": _item, "?.pop": _popped, "?.setdefault": _item,
    "dict.update": _updated, "?.update": _updated, "dict.copy": _copy, "list.copy": _copy,
    "configparser.RawConfigParser.get": _option, "tornado.web.RequestHandler.get_argument": _argument,
    "tornado.web.RequestHandler.get_body_argument": _argument, "tornado.web.RequestHandler.get_query_argument": _argument,
    "dict.items": _entries, "dict.values": _entries, "dict.keys": _entries,
    "?.items": _entries, "?.values": _entries, "?.keys": _entries,
    "list.append": _append, "list.extend": _append, "list.insert": _append, "repeated.append": _append, "repeated.extend": _append,
    "builtins.list": _copied, "builtins.sorted": _copied, "builtins.tuple": _copied, "builtins.set": _copied,
    "builtins.reversed": _copied, "builtins.dict": _copied, "builtins.frozenset": _copied,
    "builtins.int": _number, "builtins.float": _number, "builtins.len": _number, "builtins.sum": _number,
    "builtins.round": _number, "builtins.abs": _number, "builtins.hash": _number, "builtins.id": _number,
    "builtins.ord": _number, "builtins.bool": _truth, "builtins.isinstance": _truth, "builtins.hasattr": _truth,
    "builtins.any": _truth, "builtins.all": _truth, "builtins.callable": _truth, "builtins.issubclass": _truth,
    "builtins.str": _text, "builtins.repr": _text, "builtins.format": _text,
    "builtins.max": _extreme,
    "builtins.min": _extreme,
    "builtins.range": _range,
    "builtins.getattr": _getattr, "builtins.type": _type, "builtins.enumerate": _iterated, "builtins.zip": _iterated,
    "sqlalchemy.Column": _column, "sqlalchemy.orm.mapped_column": _column,
    "functools.partial": _partial, "typing.cast": _cast, "typing.TypeVar": _variable_type, "typing_extensions.TypeVar": _variable_type,
    "string.Template": _template,
    "json.dumps": _dumped, "re.match": _matched, "re.search": _matched, "re.fullmatch": _matched,
    "os.getenv": _variable, "string.Template.substitute": _substitute, "string.Template.safe_substitute": _substitute,
}  # fmt: skip
