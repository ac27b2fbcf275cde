"""Passwords that are kept or looked for as they were entered: with no hash between the hands of their owner and the database.

The field's name says that a password is kept there; the value must come from outside, by a request or a parameter, and must not have
been through anything that hashes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from dodont.semantic.credentials import conceals, is_of_service, is_password, names_hash, plain_password
from dodont.semantic.definitions import ClassInfo, FunctionInfo, Sink
from dodont.semantic.events import Password
from dodont.semantic.objects import attribute_of, lineage, role_of
from dodont.semantic.trees import last_name, nodes_of, walk
from dodont.semantic.values import Label, Note, Type, Value

if TYPE_CHECKING:
    from dodont.semantic.calls import Arguments
    from dodont.semantic.frame import Frame

#: Kinds of sinks and of ``Password``.
STORED, COMPARED = "stored", "compared"

#: Where a password from outside may be: labels of it, or of what it is taken from.
_GIVEN = frozenset({"parameter", "part"})

#: Words of whoever signs in, in the name of what is not known otherwise.
_OWNERS = frozenset("user account member customer admin employee student teacher person player client instance".split())


def _is_idle(frame: Frame) -> bool:
    return frame.silent or Password not in frame.world.heard


def put(frame: Frame, node: ast.stmt, target: ast.Attribute, value: Value, source: ast.expr) -> None:
    """``user.password = password``"""
    if _is_idle(frame) or not is_password(target.attr):
        return
    receiver = frame.quiet(target.value)
    if receiver.type is None and receiver.ref is None:
        if last_name(target.value).lower() in _OWNERS:
            _arrive(frame, node, ast.unparse(target), STORED, target.attr, value, source, known=False)
        return
    if receiver.type is not None and _keeps_plain(frame, receiver.type, target.attr):
        own = isinstance(target.value, ast.Name) and target.value.id == "self"
        hashes = target.attr == "password" and any(ref == _DJANGO for ref, _ in lineage(frame, receiver.type.name))
        field = _field(receiver.type, target.attr)
        _arrive(frame, node, field, STORED, target.attr, value, source, own=own, hashes=hashes)


#: The base of Django's users, whose ``set_password`` hashes.
_DJANGO = "django.contrib.auth.models.AbstractBaseUser"


def constructed(frame: Frame, node: ast.Call, type: Type, given: Arguments) -> None:
    """``User(name=name, password=password)``"""
    if _is_idle(frame):
        return
    spread = [word.value for word in node.keywords if word.arg is None and isinstance(word.value, ast.Call)]
    if not (spread or any(map(is_password, given.keywords))) or frame.once(_sets):
        return
    for each in spread:
        for name, value, read in _spread(frame, each):
            if name not in given.keywords and _keeps_plain(frame, type, name):
                _arrive(frame, node, _field(type, name), STORED, name, value, read)
    for name, value in given.keywords.items():
        if value.labels and is_password(name) and _keeps_plain(frame, type, name):
            _arrive(frame, node, _field(type, name), STORED, name, value, given.words[name])


def _spread(frame: Frame, node: ast.Call) -> Iterator[tuple[str, Value, ast.expr]]:
    """The passwords among the fields in ``User(**body.model_dump())``, and how each is read."""
    match node:
        case ast.Call(func=ast.Attribute(value=holder, attr="dict" | "model_dump"), keywords=words):
            if any(word.arg in ("include", "exclude", None) for word in words):
                return
            body = frame.quiet(holder)
            if body.type is None or role_of(frame, body.type) != "schema":
                return
            names = [
                name
                for _, entry in lineage(frame, body.type.name)
                if isinstance(entry, ClassInfo)
                for name in entry.annotations
                if is_password(name)
            ]
            for name in dict.fromkeys(names):
                read = ast.copy_location(ast.Attribute(holder, name, ast.Load()), node)
                yield name, attribute_of(frame, body, name, read), read


def asked(frame: Frame, node: ast.Call, ref: str, kind: str, receiver: Value | None, given: Arguments) -> None:
    """``User.objects.create(password=password)``, ``query.filter_by(password=password)``, ``users.insert_one({"password": …})``"""
    if _is_idle(frame) or ref.endswith(_HASHING):
        return
    found = COMPARED if kind == "read" or (kind == "build" and not ref.endswith(".values")) else STORED
    kept: list[tuple[str, str, Value, ast.expr]] = []
    for name, value in given.keywords.items():
        if value.labels:
            kept += [(found, field, *inner) for field, inner in _fields(name, value, given.words[name])]
    for value, each in zip(given.positional, given.nodes, strict=True):
        if isinstance(value.items, dict):
            here = COMPARED if found == STORED and _is_filter(ref, each, given) else found
            kept += [(here, field, *inner) for field, inner in _fields("", value, each)]
    element = _element(receiver) if kept else None
    if element is not None and role_of(frame, element) == "entity" and not _keeps_plain(frame, element, "password"):
        return
    for here, field, value, each in kept:
        _arrive(frame, node, field, here, field, value, each)


#: Methods that hash what they are given themselves.
_HASHING = ("create_user", "create_superuser", "acreate_user", "acreate_superuser", "set_password")


def _is_filter(ref: str, node: ast.expr, given: Arguments) -> bool:
    """Whether it is the condition of an update: ``update_one({"name": name}, {"$set": …})``."""
    return ref.rpartition(".")[2].startswith(("update", "replace", "find_one_and", "delete")) and node is given.nodes[0]


def _fields(name: str, value: Value, node: ast.expr, depth: int = 0) -> Iterator[tuple[str, tuple[Value, ast.expr]]]:
    """The password fields within what is given under a name, ``$set`` and ``defaults`` among them."""
    if isinstance(value.items, dict) and depth < 3:
        for key, item in value.items.items():
            inner = node
            if isinstance(node, ast.Dict):
                for each, held in zip(node.keys, node.values, strict=True):
                    if isinstance(each, ast.Constant) and each.value == key:
                        inner = held
            yield from _fields(key, item, inner, depth + 1)
    elif value.labels and is_password(name.partition("__")[0]):
        yield name.partition("__")[0], (value, node)


def _element(receiver: Value | None) -> Type | None:
    type = receiver.type if receiver is not None else None
    return type.args[0] if type is not None and type.args else None


def compared(frame: Frame, node: ast.Compare, left: Value, right: Value) -> None:
    """``user.password == password``, of a record with what was entered; of a column, too."""
    if _is_idle(frame) or len(node.comparators) != 1 or (frame.function and frame.function.name == "__eq__"):
        return
    other = node.comparators[0]
    for kept, value, source in ((node.left, right, other), (other, left, node.left)):
        field = _kept_field(frame, kept)
        if field is not None and value.labels:
            _arrive(frame, node, field, COMPARED, field, value, source)
            return


def _kept_field(frame: Frame, node: ast.expr) -> str | None:
    """The password field of a record that an expression reads, as a person knows it."""
    match node:
        case ast.Attribute(value=holder, attr=name) if is_password(name) and not name.isupper():
            receiver = frame.quiet(holder)
            type = receiver.type
            if type is not None and type.name == "type" and type.args:
                type = type.args[0]
            elif type is None and receiver.ref is not None and frame.world.class_named(receiver.ref) is not None:
                type = Type(receiver.ref)
            if type is not None:
                return _field(type, name) if _keeps_plain(frame, type, name) else None
        case ast.Subscript(value=holder, slice=ast.Constant(value=str(name))) if is_password(name):
            receiver = frame.quiet(holder)
        case _:
            return None
    if receiver.literal or receiver.ref is not None or not isinstance(holder, ast.Name):
        return None
    if holder.id.lower().strip("_") not in _OWNERS | _ROWS or {label.kind for label in receiver.labels} & {
        *_GIVEN,
        "request",
    }:
        return None
    return f"{holder.id}.{name}" if isinstance(node, ast.Attribute) else f'{holder.id}["{name}"]'


_ROWS = frozenset("row record result found existing doc document data".split())


def through(
    frame: Frame, node: ast.Call, function: FunctionInfo, sink: Sink, value: Value, value_node: ast.expr
) -> None:
    """An argument whose parameter is kept or compared in the called function."""
    field = sink.notes[0].text.split("`")[1]
    _arrive(frame, node, field, sink.kind, sink.parameter, value, value_node, notes=sink.notes)


def entered(value: Value, own: bool = False) -> Label | None:
    """What says that a value is a password as a client sent it, or as a caller gave it who names it so; ``own``: callers do not
    count."""
    if value.cleaned or value.literal or not _is_text(value):
        return None
    kinds = {label.kind: label for label in value.labels}
    if "request" in kinds or own or _GIVEN.isdisjoint(kinds):
        return kinds.get("request")
    return next((each for each in value.labels if each.kind == "secret" and plain_password(each.what)), None)


def _is_text(value: Value) -> bool:
    return value.type is None or value.type.name in ("str", "bytes", "Any", "LiteralString")


def _arrive(
    frame: Frame, node: ast.stmt | ast.expr, field: str, kind: str, name: str, value: Value, source: ast.expr, *,
    own: bool = False, notes: tuple[Note, ...] = (), hashes: bool = False, known: bool = True,
) -> None:  # fmt: skip
    """``known``: the object's class is; else it may hash what it is given, and the label says that it is but a ``part`` of the story.
    ``own``: an object's own method puts it there, and whoever calls that may have hashed it.
    """
    if value.cleaned or value.literal or not value.labels or len(notes) > 4 or not _is_text(value):
        return
    said = last_name(source)
    if conceals(said) or names_hash(said) or (isinstance(source, ast.Call) and _changes(source)):
        return
    here = frame.site(node)
    way = (Note(here, _SAID[kind].format(field)), *notes)[:8]
    found = entered(value, own or not known)
    if not known and found is not None:
        found = found._replace(kind="part")
    for label in value.labels:
        if label.kind == "parameter" and found is None and known and not conceals(label.what):
            frame.sinks.setdefault((label.what, kind), Sink(label.what, kind, way))
    if found is not None and not _hashed_by_owner(frame, source):
        frame.event(
            (kind, here),
            Password(here, field, kind, found, frame.site(source), frame.function, notes, hashes),
        )


_SAID = {STORED: "`{}` keeps it", COMPARED: "`{}` is compared with it"}


def _changes(node: ast.Call) -> bool:
    """Whether a call makes something else of a password: all but those that give text or an item of what they are asked."""
    return last_name(node.func) not in _PASSES


_PASSES = frozenset(
    "get pop getlist str strip lstrip rstrip encode decode lower upper get_secret_value form getfirst get_argument".split()
)


def _hashed_by_owner(frame: Frame, source: ast.expr) -> bool:
    """Whether the function hashes the very name before or after: ``user.password = raw``, ``user.set_password(raw)``."""
    name = ast.unparse(source)
    return name in frame.once(_hashed)


def _hashed(frame: Frame) -> frozenset[str]:
    node = frame.function.node if frame.function is not None else None
    return frozenset(
        ast.unparse(given)
        for each in (walk(node) if node is not None else ())
        if isinstance(each, ast.Call) and (last_name(each.func) == "set_password" or hashes(last_name(each.func)))
        for given in (*each.args, *(word.value for word in each.keywords))
    )


def _sets(frame: Frame) -> bool:
    """``user = User(name=name, password=password)`` with ``user.set_password(password)`` after it."""
    node = frame.function.node if frame.function is not None else None
    return node is not None and any(
        isinstance(each, ast.Attribute) and each.attr == "set_password" for each in walk(node)
    )


@lru_cache(maxsize=4096)
def hashes(function: str) -> bool:
    """Whether a function's name says that it hashes."""
    return conceals(function) or any(
        word in function.lower() for word in ("hash", "crypt", "pbkdf2", "make_password", "argon", "digest")
    )


def _field(type: Type, name: str) -> str:
    return f"{type.name.rpartition(':')[2].rpartition('.')[2]}.{name}"


def _keeps_plain(frame: Frame, type: Type, name: str) -> bool:
    """Whether a record keeps what is put into its field as it is, for people to sign in with."""
    if role_of(frame, type) != "entity":
        return False
    fields: set[str] = set()
    for _, entry in lineage(frame, type.name):
        if isinstance(entry, ClassInfo):
            fields.update(entry.annotations, entry.members)
            if name in entry.functions or "__setattr__" in entry.functions:
                return False  # a property, which may hash
    if is_of_service(type.name.rpartition(".")[2], frozenset(fields)):
        return False
    return not _guards_field(frame, type.name, name)


def _guards_field(frame: Frame, class_name: str, name: str) -> bool:
    """Whether the class has the field hashed: asked for every assignment to one, and answered once."""
    world = frame.world
    known = world.guarded.get((class_name, name))
    if known is not None:
        world.touched |= known[1]
        return known[0]
    with world.consulting() as consulted:
        found = _hashes_field(frame, class_name, name)
    if not world.loading:
        world.guarded[class_name, name] = found, frozenset(consulted)
    return found


def _hashes_field(frame: Frame, class_name: str, name: str) -> bool:
    """Whether the class has the field hashed by a column of its own kind, a validator, or when it is saved, be it by a listener."""
    for _, entry in lineage(frame, class_name):
        if not isinstance(entry, ClassInfo):
            continue
        member = entry.members.get(name)
        kind = member.type.name.rpartition(".")[2] if member is not None and member.type is not None else ""
        if hashes(kind) or kind.startswith(("Password", "Encrypted")):
            return True
        text = frame.world.text_of(entry.module)
        if any(word in text for word in _LISTENERS) and _listens(frame.world.tree(entry.module)):
            return True
        for function in entry.functions.values():
            if function.name in ("save", "asave", "clean", "pre_save", "__init__") or any(
                each.ref is not None and each.ref.rpartition(".")[2] in _VALIDATORS for each in function.decorators
            ):
                body = frame.world.body(function)
                if body is not None and any(
                    isinstance(each, ast.Call)
                    and (hashes(last_name(each.func)) or last_name(each.func) == "set_password")
                    for each in walk(body)
                ):
                    return True
    return False


_LISTENERS = frozenset({"listen", "listens_for", "receiver"})


@lru_cache(maxsize=2)  # asked of every class in a file
def _listens(tree: ast.Module) -> bool:
    return any(last_name(each.func) in _LISTENERS for each in nodes_of(tree, _CALLS))  # type: ignore[attr-defined]


_CALLS: frozenset[type] = frozenset({ast.Call})

_VALIDATORS = frozenset(
    {"validates", "field_validator", "validator", "model_validator", "root_validator", "before_event", "listens_for"}
)
