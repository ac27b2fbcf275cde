"""The values that a migration is run over: plain data where that is known, and what stands for all else.

A value is Python's own where it is a constant or a display; a ``Ref`` for what an import names; ``Made`` for what calling one gives;
``Local`` for a function of a file; and ``UNREAD`` for all else. A text with a part that is not known has ``HOLE`` in its place.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeGuard

from dodont.semantic.values import Site

if TYPE_CHECKING:
    from dodont.schema.files import File

#: How long a text or a list may grow, and how many bits a number has.
MAX_LENGTH = 100_000
MAX_BITS = 256
#: How far a range is gone over.
MAX_RANGE = 1_000

HOLE: Final = "\0"


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
        return as_set([*self, *other])

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


def called_of(receiver: Any) -> str:
    """What a method is called of: ``alembic.op.get_bind.dialect``."""
    if isinstance(receiver, Method):
        return f"{called_of(receiver.receiver)}.{receiver.name}"
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


def one_of(one: Any, other: Any) -> Any:
    """What is known of a value that is one of two."""
    if same(one, other):
        return one
    lists = isinstance(one, (list, Either)) and isinstance(other, (list, Either))
    return Either(one, other) if lists else UNREAD


def copied(value: Any) -> Any:
    return type(value)(value) if isinstance(value, (list, dict)) else value


def is_hashable(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(is_hashable, value))
    return is_known(value) if isinstance(value, str) else isinstance(value, (int, float, bytes, type(None)))


def as_set(values: Iterable[Any]) -> Several:
    found = Several()
    plain: set[Any] = set()
    others: list[Any] = []
    for each in values:
        if is_hashable(each):
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


def size(value: Any) -> int:
    """How much there is of a value to go over."""
    return len(value) if isinstance(value, (str, list, tuple, dict, set)) else 0


def bounded(value: Any) -> Any:
    """A value that the code put together, unless it has grown beyond what a migration needs."""
    if isinstance(value, str):
        return value if len(value) <= MAX_LENGTH else value[:100] + HOLE
    if isinstance(value, int):
        return value if value.bit_length() <= MAX_BITS else UNREAD
    return value if size(value) <= MAX_LENGTH else UNREAD


def text_of(value: Any) -> str:
    plain = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    return str(value) if plain else HOLE


def is_operable(value: Any) -> bool:
    return value is None or (
        isinstance(value, (str, int, float, list, tuple, set, dict)) and not isinstance(value, OWN)
    )


def formatted(text: str, values: Any) -> Any:
    if isinstance(values, dict):
        filled: Any = {name: text_of(value) for name, value in values.items()}
    else:
        plain = values if isinstance(values, tuple) and not isinstance(values, OWN) else (values,)
        filled = tuple(text_of(each) for each in plain)
    try:
        return text % filled
    except (TypeError, ValueError, KeyError):
        return text + HOLE


def _any(values: list[Any]) -> Any:
    truths = [true(each) for each in values]
    return True if True in truths else UNREAD if None in truths else False


def _all(values: list[Any]) -> Any:
    truths = [true(each) for each in values]
    return False if False in truths else UNREAD if None in truths else True


def plainly(function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> Any:
    """What a function of Python's own gives for plain values."""
    if any(each is UNREAD for each in (*args, *kwargs.values())):
        return UNREAD
    try:
        found = function(*args, **kwargs)
    except Exception:
        return UNREAD
    return [*found] if isinstance(found, (Iterator, KeysView, ValuesView, ItemsView)) else found


def method_of(receiver: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """What a method of a text, a list or a dictionary gives."""
    if isinstance(receiver, str):
        if name == "format":
            try:
                return bounded(
                    receiver.format(*map(text_of, args), **{key: text_of(each) for key, each in kwargs.items()})
                )
            except (LookupError, ValueError, AttributeError, MemoryError):
                return receiver + HOLE
        if name == "join" and len(args) == 1 and (parts := iterated(args[0])) is not None:
            return bounded(receiver.join(map(text_of, parts)))
        if name == "replace" and len(receiver) * max(map(size, args), default=0) > 10 * MAX_LENGTH:
            return UNREAD
        if name in _OF_STATEMENTS:
            return receiver
        return plainly(getattr(receiver, name), args, kwargs) if name in _OF_TEXTS else UNREAD
    if isinstance(receiver, list) and name in ("append", "add") and len(args) == 1:
        receiver.append(args[0])
        return None
    if isinstance(receiver, list) and name in ("extend", "update") and args:
        receiver.extend(iterated(args[0]) or [UNREAD])
        return None
    if name in _OF_DISPLAYS and hasattr(receiver, name):
        return plainly(getattr(receiver, name), args, kwargs)
    return UNREAD


_OF_TEXTS = frozenset(
    """upper lower strip lstrip rstrip startswith endswith replace split title capitalize removeprefix removesuffix
    isupper islower isdigit isalpha isalnum rsplit partition rpartition""".split()
)
#: What leaves the text of a statement as it is: `text("DELETE …").bindparams(id=id)`.
_OF_STATEMENTS = frozenset({"bindparams", "columns", "execution_options"})
_OF_DISPLAYS = frozenset("get items keys values copy index count pop setdefault insert".split())


def iterated(value: Any) -> list[Any] | None:
    """The elements of a value that is gone over."""
    if isinstance(value, OWN):
        return None
    if isinstance(value, str):
        return None if HOLE in value else [*value]
    return [*value] if isinstance(value, (list, tuple, dict, set)) else None


def compared(op: ast.cmpop, left: Any, right: Any) -> bool | None:
    if isinstance(op, (ast.In, ast.NotIn)):
        found = _held(left, right)
        return found if found is None or isinstance(op, ast.In) else not found
    function = _COMPARED.get(op.__class__)
    if function is None or not is_operable(left) or not is_operable(right) or HOLE in f"{left}{right}":
        return None
    try:
        return bool(function(left, right))
    except TypeError:
        return None


def _held(value: Any, within: Any) -> bool | None:
    if isinstance(within, str):
        return value in within if is_known(value) and is_known(within) else None
    if isinstance(within, OWN) or not isinstance(within, (list, tuple, dict, set)):
        return None
    if value is UNREAD or (isinstance(value, str) and HOLE in value):
        return None if within else False
    if any(same(value, each) for each in within):
        return True
    return None if any(each is UNREAD for each in within) else False


#: Tuples that are no display of the code's.
OWN = (Ref, Method, Local, Either)

OPERATORS: Mapping[type[ast.operator], Callable[..., Any]] = {
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


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "builtins.list": list,
    "builtins.tuple": tuple,
    "builtins.set": lambda values=(): as_set(values),
    "builtins.frozenset": lambda values=(): as_set(values),
    "builtins.dict": dict,
    "builtins.len": len,
    "builtins.sorted": sorted,
    "builtins.reversed": reversed,
    "builtins.range": lambda *ends: _range(range(*ends)),
    "builtins.enumerate": enumerate,
    "builtins.zip": zip,
    "builtins.str": lambda value="": text_of(value),
    "builtins.int": int,
    "builtins.bool": bool,
    "builtins.any": lambda values: _any(values),
    "builtins.all": lambda values: _all(values),
}
BUILTINS = frozenset(name.rpartition(".")[2] for name in FUNCTIONS) | {"isinstance", "print", "getattr", "globals"}
