"""What is known of an expression without running it. Everything here is plain data; nothing holds a syntax node."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple, TypeAlias


class Site(NamedTuple):
    """A place in a file as ``ast`` counts: lines from 1, columns from 0 in UTF-8 bytes."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


class Note(NamedTuple):
    """One step in the life of a value, for the reader: where, and what happened there."""

    site: Site
    text: str


class Type(NamedTuple):
    """An instance of the class ``name`` (qualified), with the arguments of a generic."""

    name: str
    args: tuple[Type, ...] = ()
    optional: bool = False


class Label(NamedTuple):
    """Something a value carries: ``kind`` is ``secret``, ``secrets``, ``each`` (of those that ``secrets`` are), ``request``,
    ``stored``, ``parameter`` or ``part`` (of one).

    ``what`` names it for a person (``password``); for a parameter it is the parameter's name. ``notes`` is the way it took.
    """

    kind: str
    what: str
    notes: tuple[Note, ...] = ()


class Hole(NamedTuple):
    """A value put into a text. ``site`` is the expression in the braces, None when it stands in another file; ``built`` the
    expression that puts it in, ``f"…{x}…"``."""

    value: Value
    site: Site | None
    built: Site | None = None


class Text(NamedTuple):
    """A string put together in the code. ``site`` is the expression that first put a hole in, ``notes`` where it went."""

    parts: tuple[str | Hole, ...]
    site: Site | None = None
    notes: tuple[Note, ...] = ()

    @property
    def holes(self) -> list[Hole]:
        return [part for part in self.parts if part.__class__ is Hole]


class Pending(NamedTuple):
    """An awaitable nobody has awaited yet: who made it, where, and what awaiting it gives.

    ``must``: a coroutine; other awaitables (tasks, requests, queries) have a life of their own, and the value a type.
    ``maybe``: on another way to this place there is no awaitable, as after ``rows = cached or load()``.
    ``weak``: a task to which nothing else refers, so far.
    """

    target: str
    site: Site
    result: Value
    must: bool = True
    maybe: bool = False
    weak: bool = False


class Use(NamedTuple):
    """A query asks something of a column: ``column`` of ``entity`` (qualified), by the name the code gives it.

    ``how`` is ``equal`` (to a value, to one of several), ``least``, ``most``, ``range`` (both), ``order``, ``join``, or ``other``, where no
    plain index would help. ``constant``: what it is compared with is written in the code. ``query`` is where the query begins: the same for
    all that it asks. Without a column it says of the query that it gives a few rows only (``limit``), or may ask more (``open``); or
    that the code puts a row into the table (``made``). ``split ,``: the code takes what the column holds for a list.
    """

    entity: str
    column: str
    how: str
    site: Site
    constant: bool = False
    query: Site | None = None


class Selection(NamedTuple):
    """Which rows a query gives, a list of them holds, or one of them was: it goes from the query to what is read from its rows.

    ``entity`` is the class whose rows the query selects (qualified), None where it gives no entities or that is not known.
    ``of`` is the parameter it is built upon or a part of; empty where all that is done to it is known.
    ``path`` leads from the query's rows to the value: names of attributes, and ``*`` where a loop goes over what is there.
    ``loads`` are the relationships, dotted, that are loaded with the rows; ``*``: all of them, as far as anybody knows; with ``=``
    in front: known of every such row however it is loaded, as the order of ``order.items``.
    ``site`` is where the query begins. ``keyed``: it asks for one row by its key.
    """

    entity: str | None
    of: str = ""
    path: tuple[str, ...] = ()
    loads: tuple[str, ...] = ()
    uses: tuple[Use, ...] = ()
    limited: bool = False
    site: Site | None = None
    keyed: bool = False

    @property
    def each(self) -> bool:
        """Whether the value is read once for every row, or every thing that hangs on a row."""
        return "*" in self.path

    @property
    def dotted(self) -> str:
        """The relationships that lead to the value."""
        return ".".join([name for name in self.path if name != "*"])


class Relation(NamedTuple):
    """A class's attribute that reads rows of another table: those of the class ``entity`` (as the code writes it where ``written``).

    ``many``: several. ``eager``: loaded with the row itself. ``manager``: reading it gives a query, which reads nothing yet.
    ``back`` is the attribute that the other class gets, or has if it declares the relationship; ``keeps``: it gets one in any case,
    of one row if ``single``.
    """

    entity: str | None
    many: bool = False
    eager: bool = False
    manager: bool = False
    written: bool = False
    back: str = ""
    keeps: bool = False
    single: bool = False


Items: TypeAlias = "tuple[Value, ...] | dict[str, Value] | None"


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


class Value:
    """All that is known of one expression; treat as immutable. ``UNKNOWN`` knows nothing.

    type      the instance's type, None when unknown
    ref       the definition it denotes (module, class, function), by qualified name
    receiver  for a bound method, the object it is bound to
    const     its value when it is a constant, else ABSENT
    text      the text with holes, when it is a string put together in the code
    items     the elements of a display: a tuple of values, or a dict from constant keys to values
    labels    what it carries
    literal   every value it may have is written in the code, or is a number
    pending   it is an awaitable nobody awaited
    maybe_none  it may be None by contract
    cleaned   it went through something that hides or hashes: its name says nothing of its content any more
    query     which rows it selects, holds or is one of; of a class's attribute, which rows it relates to
    """

    __slots__ = (
        "cleaned",
        "const",
        "items",
        "labels",
        "literal",
        "maybe_none",
        "pending",
        "query",
        "receiver",
        "ref",
        "text",
        "type",
    )

    def __init__(
        self,
        type: Type | None = None,
        ref: str | None = None,
        *,
        receiver: Value | None = None,
        const: Any = ABSENT,
        text: Text | None = None,
        items: Items = None,
        labels: tuple[Label, ...] = (),
        literal: bool = False,
        pending: Pending | None = None,
        maybe_none: bool = False,
        cleaned: bool = False,
        query: Selection | Relation | None = None,
    ) -> None:
        self.type = type
        self.ref = ref
        self.receiver = receiver
        self.const = const
        self.text = text
        self.items = items
        self.labels = labels
        self.literal = literal
        self.pending = pending
        self.maybe_none = maybe_none
        self.cleaned = cleaned
        self.query = query

    def but(self, **changes: Any) -> Value:
        """A copy with some fields changed."""
        copy = Value.__new__(Value)
        copy.type = self.type
        copy.ref = self.ref
        copy.receiver = self.receiver
        copy.const = self.const
        copy.text = self.text
        copy.items = self.items
        copy.labels = self.labels
        copy.literal = self.literal
        copy.pending = self.pending
        copy.maybe_none = self.maybe_none
        copy.cleaned = self.cleaned
        copy.query = self.query
        for name, value in changes.items():
            setattr(copy, name, value)
        return copy

    def __repr__(self) -> str:
        known = [
            f"{name}={getattr(self, name)!r}"
            for name in Value.__slots__
            if getattr(self, name) not in (None, ABSENT, (), False)
        ]
        return f"Value({', '.join(known)})"


UNKNOWN: Final = Value()
#: What a function gives that is being interpreted already: whatever its other ways give. Nothing is known of it, either.
UNSETTLED: Final = Value()
STR: Final = Type("str")
INT: Final = Type("int")
BOOL: Final = Type("bool")
NONE_TYPE: Final = Type("None")
NUMBER: Final = Value(INT, literal=True)
TRUTH: Final = Value(BOOL, literal=True)
NONE: Final = Value(NONE_TYPE, const=None, literal=True)

#: Types whose text can hold no SQL and no secret, whatever the value.
PLAIN_TYPES: Final = frozenset(
    {
        "int", "float", "bool", "complex", "None", "decimal.Decimal", "uuid.UUID", "datetime.date", "datetime.datetime",
        "datetime.time", "datetime.timedelta", "ipaddress.IPv4Address", "ipaddress.IPv6Address",
    }
)  # fmt: skip

MAX_LABELS = 6
#: Relationships and columns that are kept of a query.
MAX_LOADS = 30
MAX_NOTES = 12
MAX_PARTS = 200
#: Characters that are kept of a text put together: ``x = x + x`` doubles it, and it is told by its beginning what a text is.
MAX_TEXT = 20_000
#: Elements of a display that are kept: a longer one is data.
MAX_ITEMS = 64


def constant(value: object) -> Value:
    if value.__class__ is str:
        return Value(STR, const=value, literal=True)
    if value is None:
        return NONE
    return Value(Type(value.__class__.__name__), const=value, literal=True)


def text_of(value: Value) -> Text | None:
    """The text of a value that is a string known in part: of constants too."""
    if value.text is not None:
        return value.text
    if value.const.__class__ is str:
        return Text((value.const,))
    return None


def inlined(value: Value) -> Text | None:
    """The text that stands for a value where it is put into another one.

    Of ``where = given or ""`` the constant is known and says nothing of what else it may be: that is a hole.
    """
    text = text_of(value)
    if text is None or value.literal or any(not hole.value.literal for hole in text.holes):
        return text
    return None


def from_text(text: Text, labels: tuple[Label, ...], certain: bool = True) -> Value:
    """A string value; one without holes is a constant, unless its text is but one of several it may have."""
    if len(text.parts) > MAX_PARTS:
        text = Text(text.parts[:MAX_PARTS], text.site, text.notes)
    if not text.parts:
        return Value(STR, const="", literal=True) if certain else Value(STR, text=Text(("",)), labels=labels)
    if certain and len(text.parts) == 1 and text.parts[0].__class__ is str and text.site is None:
        return Value(STR, const=text.parts[0], literal=True, labels=labels)
    literal = all(part.__class__ is str or part.value.literal for part in text.parts)  # type: ignore[union-attr]
    cleaned = not literal and all(part.__class__ is str or part.value.cleaned for part in text.parts)  # type: ignore[union-attr]
    return Value(STR, text=text, labels=labels, literal=literal, cleaned=cleaned)


def merge(parts: list[str | Hole]) -> tuple[str | Hole, ...]:
    """Neighbouring strings made one, empty ones dropped; the end of a text longer than is kept is cut off."""
    merged: list[str | Hole] = []
    strings: list[str] = []
    room = MAX_TEXT
    for part in parts:
        if part.__class__ is str:
            if part:
                strings.append(part)
                room -= len(part)
                if room < 0 and len(parts) > 1:
                    strings[-1] = part[:room]
                    break
            continue
        if strings:
            merged.append("".join(strings))
            strings = []
        merged.append(part)
    if strings:
        merged.append("".join(strings))
    return tuple(merged)


def join_labels(first: tuple[Label, ...], second: tuple[Label, ...]) -> tuple[Label, ...]:
    if not second or first is second:
        return first
    if not first:
        return second
    seen = {(label.kind, label.what) for label in first}
    return (first + tuple(label for label in second if (label.kind, label.what) not in seen))[:MAX_LABELS]


def labels_of(kind: str, what: str, notes: tuple[Note, ...] = ()) -> tuple[Label, ...]:
    """The labels a model's word stands for: a whole request body is request data, and secrets when it is shown whole."""
    if kind == "body":
        return (Label("secrets", what, notes), Label("request", what, notes))
    return (Label(kind, what, notes),)


def parts_of(labels: tuple[Label, ...]) -> tuple[Label, ...]:
    """What a part of a value carries: where it comes from, but not the secret that the whole is.

    A part of a parameter is no parameter: that it is logged says nothing of the rest.
    """
    return tuple(
        label._replace(kind="part") if label.kind == "parameter" else label
        for label in labels
        if label.kind in ("request", "stored", "parameter", "part")
    )


_MAPPINGS = frozenset({"dict", "os._Environ"})


def is_mapping(value: Value) -> bool:
    return isinstance(value.items, dict) or (value.type is not None and value.type.name in _MAPPINGS)


def keys_of(value: Value) -> tuple[Label, ...]:
    """What the keys of a mapping carry: where they come from, but no secret."""
    return tuple(label for label in value.labels if label.kind in ("request", "stored", "part"))


def _class_named(value: Value) -> str | None:
    """The class a value is, whether it is known as a definition or as the type of a class: ``Model``, ``db.Model``."""
    if value.type is None:
        return value.ref
    return value.type.args[0].name if value.type.name == "type" and value.type.args else None


def _danger(text: Text | None) -> tuple[int, int]:
    """How much a text is worth keeping when two branches disagree: holes that are no literals, then length."""
    if text is None:
        return (-1, 0)
    return (sum(not hole.value.literal for hole in text.holes), len(text.parts))


def join(first: Value, second: Value) -> Value:
    """What is known when control may come from either side: may for labels and texts, must for the rest."""
    if first is second or (second is UNKNOWN and first is UNKNOWN) or second is UNSETTLED:
        return first
    if first is UNSETTLED:
        return second
    if (second is UNKNOWN and _is_bare(first)) or (first is UNKNOWN and _is_bare(second)):
        return _VAGUE
    labels = join_labels(first.labels, second.labels)
    for empty, rows in ((first, second), (second, first)):
        if rows.query is not None and empty.query is None and empty.items == ():
            return rows.but(labels=labels)  # `rows = [] if group is None else group.rows.order_by("name")`
    if first.ref != second.ref and (named := _class_named(first)) is not None and named == _class_named(second):
        return (first if first.type is not None else second).but(labels=labels)
    if first.const is None and first.type is NONE_TYPE:
        return second.but(labels=labels, maybe_none=True, const=ABSENT, literal=second.literal)
    if second.const is None and second.type is NONE_TYPE:
        return first.but(labels=labels, maybe_none=True, const=ABSENT, literal=first.literal)
    same_const = (
        first.const is not ABSENT and first.const.__class__ is second.const.__class__ and first.const == second.const
    )
    text = None
    if not same_const and (first.type == STR or second.type == STR or first.text or second.text):
        one, other = text_of(first), text_of(second)
        text = one if _danger(one) >= _danger(other) else other
    pending = first.pending or second.pending
    type = first.type if first.type == second.type else _common(first.type, second.type)
    if pending is not None:
        pending = _either(first.pending, second.pending)
        if pending.must:
            type = type or first.type or second.type
    return Value(
        type,
        first.ref if first.ref == second.ref else None,
        receiver=first.receiver if first.ref == second.ref else None,
        const=first.const if same_const else ABSENT,
        text=text,
        items=first.items if first.items == second.items else _longer(first.items, second.items),
        labels=labels,
        literal=first.literal and second.literal,
        pending=pending,
        maybe_none=first.maybe_none or second.maybe_none,
        cleaned=(first.cleaned or first.literal)
        and (second.cleaned or second.literal)
        and (first.cleaned or second.cleaned),
        query=_joined(first.query, second.query) if first.query is not None and second.query is not None else None,
    )


#: What is known where one side is unknown: nothing, though not UNKNOWN, as it is known of the other.
_VAGUE: Final = Value()


def _is_bare(value: Value) -> bool:
    """Whether all that is known of a value must hold on every way, and nothing that may hold on one."""
    return not (
        value.labels
        or value.text is not None
        or value.const is not ABSENT
        or value.pending is not None
        or value.maybe_none
    ) and (value.type is None or value.type.name != "str")


def _joined(first: Selection | Relation, second: Selection | Relation) -> Selection | Relation | None:
    """Of two queries for the same rows, what either may load, ask and leave out."""
    if first == second:
        return first
    if first.__class__ is not Selection or second.__class__ is not Selection:
        return None
    if first[:3] != second[:3]:
        return None
    return first._replace(
        loads=tuple(dict.fromkeys((*first.loads, *second.loads)))[:MAX_LOADS],
        uses=tuple(dict.fromkeys((*first.uses, *second.uses)))[:MAX_LOADS],
        limited=first.limited or second.limited,
        keyed=first.keyed and second.keyed,
    )


def _longer(first: Items, second: Items) -> Items:
    """``if name: clauses.append(...)``: the longer of two lists that begin alike; every element of it is where it is, or nowhere.

    ``if udp: clients["all"] = Client()``: so is every value of either dictionary.
    """
    if first.__class__ is tuple and second.__class__ is tuple:
        short, long = (first, second) if len(first) <= len(second) else (second, first)
        if all(one is other for one, other in zip(short, long, strict=False)):
            return long
    if first.__class__ is dict and second.__class__ is dict and len(first) + len(second) <= MAX_ITEMS:
        return {**first, **{key: join(first[key], value) if key in first else value for key, value in second.items()}}
    return None


def _either(first: Pending | None, second: Pending | None) -> Pending:
    if first is not None and second is not None:
        return second if second.maybe else first
    one = first or second
    assert one is not None
    return one._replace(maybe=True)


def _common(first: Type | None, second: Type | None) -> Type | None:
    if first is None or second is None:
        return None
    if first.name == second.name:
        return Type(first.name, first.args if first.args == second.args else ())
    if first.name in PLAIN_TYPES and second.name in PLAIN_TYPES:
        return first
    return either((first, second))


#: What stands between the names of classes in the type of what is of one of them.
OR: Final = " | "
#: More classes than that are not told apart.
MAX_KINDS: Final = 6


def either(kinds: Iterable[Type], optional: bool = False) -> Type | None:
    """The type of what is of one of some classes: ``Kind = Mail if address else Letter``, ``sender: Mail | Letter``."""
    names: set[str] = set()
    for kind in kinds:
        if kind.args or "." not in kind.name:
            return None
        names.update(kind.name.split(OR))
    return Type(OR.join(sorted(names)), (), optional) if len(names) <= MAX_KINDS else None
