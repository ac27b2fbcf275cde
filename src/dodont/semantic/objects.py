"""Attributes: of modules, classes and instances, through the bases, of the project and of libraries."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from dodont.models.vocabulary import Class as ClassModel
from dodont.semantic import effects
from dodont.semantic.annotations import model_type, substitute, type_of
from dodont.semantic.credentials import about_sign_in, credential, hashes_token, is_other_token, vague
from dodont.semantic.definitions import ClassInfo, FunctionInfo, Input
from dodont.semantic.demands import hands_on
from dodont.semantic.overrides import overriding
from dodont.semantic.values import (
    ABSENT,
    NUMBER,
    OR,
    STR,
    UNKNOWN,
    Label,
    Note,
    Pending,
    Type,
    Value,
    labels_of,
    parts_of,
)

if TYPE_CHECKING:
    from dodont.semantic.frame import Frame

MAX_BASES = 40


def class_info(frame: Frame, name: str) -> ClassInfo | None:
    """The project's class of that qualified name."""
    found = frame.world.resolve(name)
    if found is not None and found.ref is not None and found.type is not None and found.type.name == "type":
        return frame.world.class_named(found.ref)
    return None


def lineage(frame: Frame, name: str) -> tuple[tuple[str, ClassInfo | ClassModel], ...]:
    """The class and its bases, nearest first: project classes and modelled ones; unknown bases are left out."""
    world = frame.world
    generation, found, consulted = world.lineages.get(name, _NEVER)
    if generation == frame.library.generation:
        world.touched |= consulted
        return found
    with world.consulting() as now:
        found, settled = _lineage(frame, name)
    if settled:
        world.lineages[name] = (frame.library.generation, found, frozenset(now))
    return found


Lineage = tuple[tuple[str, ClassInfo | ClassModel], ...]
_NEVER: tuple[int, Lineage, frozenset[Input]] = (-1, (), frozenset())


def _lineage(frame: Frame, name: str) -> tuple[Lineage, bool]:
    """The lineage, and whether it stays: a base may be defined by a module that is still being read."""
    found: list[tuple[str, ClassInfo | ClassModel]] = []
    settled = True
    pending: list[str] = [name]
    seen: set[str] = set()
    while pending and len(seen) < MAX_BASES:
        current = pending.pop(0)
        if current in seen:
            continue
        seen.add(current)
        info = class_info(frame, current)
        if info is not None:
            found.append((info.ref, info))
            pending += info.bases
            # `@as_declarative()`, whose model is a class
            pending += (each.ref for each in info.decorators if each.ref is not None and _is_modelled(frame, each.ref))
            continue
        canonical = frame.library.canonical(current)
        entry = frame.library.class_of(canonical)
        if entry is not None:
            found.append((canonical, entry))
            pending += entry.bases
            continue
        known = frame.world.resolve(current)
        if known is not None and known.ref not in (None, current):
            pending.insert(0, known.ref)  # `Base = declarative_base()`, of a module that was still being read
        elif settled and frame.world.may_come(current):
            settled = False
    return tuple(found), settled


def _is_modelled(frame: Frame, ref: str) -> bool:
    return frame.library.class_of(frame.library.canonical(ref)) is not None


def role_of(frame: Frame, type: Type | None) -> str | None:
    """The nearest role among a type's class and bases."""
    if type is None:
        return None
    keywords: frozenset[str] = frozenset()
    for _, entry in lineage(frame, type.name):
        if isinstance(entry, ClassInfo):
            keywords |= entry.keywords
            continue
        given = next((role for word, role in entry.keyword_roles.items() if word in keywords), None)
        if given or entry.role:
            return given or entry.role
    return None


def has_field(frame: Frame, type: Type | None, name: str) -> bool:
    """Whether a stored object may have the field; false where its class, all of whose bases are known, declares no such name::

        class Post(models.Model):
            title = models.CharField(max_length=80)

        post.is_new = True  # for a template: nothing stores that

    Asked of objects that save themselves. What is mapped from outside may have its fields from there: ``backref="order"``.
    """
    names = {name, name.removesuffix("_id")}
    saves = False
    for _, entry in lineage(frame, type.name) if type is not None else ():
        if not isinstance(entry, ClassInfo):
            if entry.bases or not names.isdisjoint(entry.attributes):
                return True  # a library's class that has fields of its own
            saves = saves or "save" in entry.methods
        elif (
            entry.decorators
            or any(each in found for each in names for found in (entry.members, entry.annotations, entry.functions))
            or not all(
                class_info(frame, base) or frame.library.class_of(frame.library.canonical(base)) for base in entry.bases
            )
        ):
            return True
    return not saves


def attribute_of(frame: Frame, receiver: Value, name: str, node: ast.AST) -> Value:
    """``receiver.name``."""
    if name in _WRITTEN_IN_CODE:
        return Value(literal=True)
    if name in _COUNTS and receiver.type is None:
        return NUMBER
    if name == "__dict__":
        return Value(Type("dict"))
    if receiver.ref is None and receiver.type is not None and receiver.type.name == "type" and receiver.type.args:
        receiver = receiver.but(ref=receiver.type.args[0].name)  # `model: type[Order]`, `get_user_model()`
    if receiver.ref is not None:
        type = receiver.type
        if type is not None and type.name == "type" and frame.world.class_named(receiver.ref) is not None:
            return _class_attribute(frame, receiver, name, node)
        if frame.library.class_of(receiver.ref) is not None:
            return _library_class_attribute(frame, receiver.ref, Type("type", (Type(receiver.ref),)), name)
        if type is None or type.name == "module":
            return frame.denote(f"{receiver.ref}.{name}")
    type = receiver.type
    value: Value | None = None
    if type is not None:
        if name == "__class__":
            return Value(Type("type", (type,)), ref=type.name)
        if type.name == "super":
            value = _inherited(frame, type.args, name, node)
        else:
            value = instance_attribute(frame, receiver, type, name, node)
    elif name in _TEXT_METHODS:
        return Value(ref=f"str.{name}", receiver=receiver)
    if value is None:
        passed = receiver.labels and parts_of(receiver.labels)
        if name in _MAPPING_METHODS or name in frame.library.anywhere:
            return Value(ref=f"?.{name}", receiver=receiver)
        value = (
            Value(labels=passed, literal=receiver.literal) if passed or (receiver.literal and type is None) else UNKNOWN
        )
    elif receiver.labels and not value.labels and value.type == STR and value.const is ABSENT and not value.literal:
        value = value.but(
            labels=parts_of(receiver.labels)
        )  # `user.name` of a dataclass: a part of what the caller gave
    if not credential(name):
        return value
    if receiver.labels and not value.labels and role_of(frame, type) == "schema":
        labels = parts_of(receiver.labels)  # what a client sent, whatever checked it
        if frame.function is not None and frame.function.handler is not None:
            labels += labels_of("request", name, (Note(frame.site(node), f"`{name}` comes from the request"),))
        value = value.but(labels=labels)
    return frame.named(value, name, node)


def _inherited(frame: Frame, bases: tuple[Type, ...], name: str, node: ast.AST) -> Value | None:
    """``super().name`` in a class of several bases: of the first of them that has it."""
    for base in bases:
        value = instance_attribute(frame, Value(base), base, name, node)
        if value is not None:
            return value
    return None


#: What a class says of its table is written in the code, whatever class it is.
_WRITTEN_IN_CODE = frozenset({"_meta", "__tablename__", "__table__", "__table_args__"})

#: What every database driver's cursor counts by.
_COUNTS = frozenset({"lastrowid", "rowcount"})

#: Methods whose meaning does not hang on the receiver's type in practice.
_TEXT_METHODS = frozenset(
    """strip lstrip rstrip lower upper title capitalize casefold swapcase removeprefix removesuffix replace zfill ljust rjust center
    expandtabs encode decode format format_map join split rsplit splitlines partition isdigit isalnum isidentifier isnumeric
    isdecimal isalpha startswith endswith""".split()
)


#: Likewise for mappings, whatever they are called.
_MAPPING_METHODS = frozenset("get pop setdefault items values keys".split())


def _class_attribute(frame: Frame, receiver: Value, name: str, node: ast.AST) -> Value:
    """``SomeClass.name`` for a class of the project."""
    assert receiver.ref is not None
    own = Type(receiver.ref)
    for ref, entry in lineage(frame, receiver.ref):
        if isinstance(entry, ClassInfo):
            function = entry.functions.get(name)
            if function is not None:
                bound = receiver if function.kind == "classmethod" else None
                return Value(ref=function.ref, receiver=bound)
            if name in entry.members:
                return entry.members[name]
        else:
            if name in entry.attributes:
                return Value(substitute(model_type(entry.attributes[name]), own))
            if name in entry.methods:
                return Value(ref=f"{ref}.{name}", receiver=Value(own))
    if name == "__name__":
        return Value(Type("str"), literal=True)
    return UNKNOWN


def _library_class_attribute(frame: Frame, ref: str, own: Type, name: str) -> Value:
    found = frame.library.method(ref, name)
    if found is not None:
        return Value(ref=found[1], receiver=Value(Type(ref)))
    for _, entry in frame.library.ancestors(ref):
        if name in entry.attributes:
            return Value(substitute(model_type(entry.attributes[name]), Type(ref)))
    return frame.denote(f"{ref}.{name}")


def instance_attribute(
    frame: Frame, receiver: Value, type: Type, name: str, node: ast.AST | None = None
) -> Value | None:
    """``instance.name``; None when nothing is known of it."""
    world = frame.world
    key = (type.name, name)
    generation, slot, consulted = world.slots.get(key, _NO_SLOT)
    if generation == frame.library.generation:
        world.touched |= consulted
    else:
        with world.consulting() as now:
            slot, settled = _slot(frame, type, name)
        if settled and not world.loading:
            world.slots[key] = (frame.library.generation, slot, frozenset(now))
    if slot is None:
        return None
    if slot.__class__ is Value:
        return slot
    if slot.__class__ is FunctionInfo:
        if slot.kind == "property":
            if node is not None:
                effects.runs(frame, node, slot)  # type: ignore[arg-type]
            found_in = overriding(frame, slot, type) if slot.is_abstract else None
            returns = found_in[1].returns if found_in is not None else world.facts(slot).returns
            kept = tuple(label for label in returns.labels if label.kind == "secret") if node is not None else ()
            if kept:
                through = Note(frame.site(node), f"through `{name}()`")
                kept = tuple(label._replace(notes=(*label.notes, through)) for label in kept)
            returns = returns.but(labels=kept)
            if slot.is_coroutine and node is not None:
                return Value(pending=Pending(slot.ref, frame.site(node), returns))
            return returns
        bound = None if slot.kind == "staticmethod" else receiver
        return Value(ref=slot.ref, receiver=bound)
    if slot.__class__ is str:
        return Value(ref=slot, receiver=receiver)
    ref, entry = slot
    found = substitute(model_type(entry.attributes[name]), type) if name in entry.attributes else None
    if name not in entry.labels or (name == "validated_data" and _lets_no_credential(frame, type)):
        return Value(found)
    what = f"{ref.rpartition('.')[2].lower()}.{name}"
    notes = (Note(frame.site(node), f"`{what}`"),) if node is not None else ()
    labels = labels_of(entry.labels[name], what, notes)
    if entry.labels[name] == "secret" and "request" in entry.labels.values():
        labels += labels_of("request", what, notes)  # a credential that a client sent, as all of the object
    return Value(found, labels=labels)


#: What a name means on instances of a class: a value, a method of the project, a library method by its qualified name, or
#: an attribute the model of that class tells.
Slot = Value | FunctionInfo | str | tuple[str, ClassModel] | None
_NO_SLOT: tuple[int, Slot, frozenset[Input]] = (-1, None, frozenset())


def _slot(frame: Frame, type: Type, name: str) -> tuple[Slot, bool]:
    """The slot, and whether it is settled: while a class is being set up, its attributes are not all known."""
    settled = True
    if OR in type.name:
        return _of_each(frame, type.name.split(OR), name), settled
    for ref, entry in lineage(frame, type.name):
        if isinstance(entry, ClassInfo):
            function = entry.functions.get(name)
            if function is not None:
                return function, settled
            attributes, done = attributes_of(frame, entry)
            settled = settled and done
            value = _field(frame, entry, name, attributes)
            if value is not None:
                return value, settled
        elif name in entry.methods:
            return f"{ref}.{name}", settled
        elif name in entry.attributes or name in entry.labels:
            return (ref, entry), settled
    if type.name in ("str", "bytes", "LiteralString"):
        return f"str.{name}", settled
    if type.name in ("list", "dict", "set", "tuple", "string.Template"):
        return f"{type.name}.{name}", settled
    if type.name == "django.conf.LazySettings" and name.isupper() and not credential(name):
        return frame.world.setting(name), settled
    if name in ("value", "name") and is_enum(frame, type.name):
        return Value(literal=True), settled
    dynamic = frame.library.method(type.name, "__getattr__")
    if dynamic is not None and dynamic[0].returns and not name.startswith("_"):
        return Value(substitute(model_type(dynamic[0].returns), type)), settled
    return None, settled


def is_enum(frame: Frame, name: str) -> bool:
    """Whether the class is an enumeration of the project: its members are written in the code."""
    return any(
        base.startswith("enum.") or base in ("django.db.models.TextChoices", "django.db.models.IntegerChoices")
        for _, entry in lineage(frame, name)
        if isinstance(entry, ClassInfo)
        for base in entry.bases
    )


def _of_each(frame: Frame, names: list[str], name: str) -> Value | None:
    """What several classes have in common: a coroutine, or an attribute of one type. What else their methods do is not asked."""
    values = [instance_attribute(frame, Value(Type(each)), Type(each), name) for each in names]
    first = values[0]
    if any(each is None or each.type != first.type for each in values) or first is None:  # type: ignore[union-attr]
        return None
    if first.type is not None:
        return Value(first.type)
    given = {_given_to_await(frame, each.ref or "") for each in values if each is not None}
    if None in given:
        return None
    result = given.pop() if len(given) == 1 else Type("Any")
    return Value(Type("Callable", (Type("Awaitable", (result,)),)))  # type: ignore[arg-type]


def _stands_for_coroutine(frame: Frame, function: FunctionInfo) -> bool:
    """Whether it is a coroutine, or hands on what a call gives it in the place of one: ``def send(self): return self.emit("send")``."""
    if function.is_coroutine or function.owner is None:
        return function.is_coroutine
    bases = [entry for _, entry in lineage(frame, function.owner.ref) if isinstance(entry, ClassInfo)]
    instead = any(each.is_coroutine for entry in bases if (each := entry.functions.get(function.name)) is not None)
    return instead and hands_on(frame.world.body(function))


def _given_to_await(frame: Frame, ref: str) -> Type | None:
    """What awaiting a call gives, ``Any`` where that is not known; None where it is no coroutine."""
    function = frame.world.function(ref)
    if function is not None:
        below = frame.world.overriding(function, function.owner) if function.owner is not None else ()
        if function.opaque or not all(_stands_for_coroutine(frame, each) for each in (function, *below)):
            return None
        known = frame.world.facts(function).returns.type if function.is_coroutine else None
        return known or Type("Any")
    found = frame.library.method(*ref.rsplit(".", 1)) if "." in ref else None
    if found is None or not found[0].coroutine:
        return None
    return Type("Any")


def _field(frame: Frame, info: ClassInfo, name: str, attributes: dict[str, Value]) -> Value | None:
    """What instances hold under a name that is no method: stored in the set-up, declared, or a class attribute."""
    annotated = annotation(frame, info, name)
    if name in attributes:
        value = attributes[name]
        return value.but(type=annotated) if annotated is not None and value.type is None else value
    if annotated is not None:
        return Value(annotated)
    if name in info.annotations:
        return UNKNOWN
    return info.members.get(name)


def annotation(frame: Frame, info: ClassInfo, name: str) -> Type | None:
    """The declared type of a field, read in the module that declares it."""
    node = info.annotations.get(name)
    if node is None:
        return None
    return type_of(frame.world.reader(info.module, info), node)


#: Methods that set an object up.
_SETUP = ("__init__", "__post_init__", "setup", "initialize")


def attributes_of(frame: Frame, info: ClassInfo) -> tuple[dict[str, Value], bool]:
    """What the methods that set an object up store on it, and whether they are all read: a method that one of them calls
    asks in the middle."""
    if info.attributes is not None:
        return info.attributes, True
    found: dict[str, Value] = {}
    done = True
    for name in _SETUP:
        function = info.functions.get(name)
        if function is not None:
            found |= frame.world.facts(function).stores
            done = done and function.facts is not None
    if done:
        info.attributes = found
    return found, done


def exposed(frame: Frame, value: Value, node: ast.AST) -> tuple[Label, ...]:
    """The secrets that printing an instance of a class would show: fields named as credentials and not hidden from its repr."""
    type = value.type
    if type is None or value.const is None:
        return ()
    shows = False
    fields: list[tuple[str, ClassInfo]] = []
    for _, entry in lineage(frame, type.name):
        if isinstance(entry, ClassInfo):
            own = entry.functions.get("__str__") or entry.functions.get("__repr__")
            if own is not None and is_other_token(entry.name):
                return ()
            if own is not None:
                told = next((label for label in frame.world.facts(own).returns.labels if label.kind == "secret"), None)
                if told is None or (vague(told.what) and not speaks_of_sign_in(entry)):
                    return ()
                return _shown(frame, f"{entry.name}.{told.what}", node)
            if "typing.NamedTuple" in entry.bases or any(each.ref in _DATACLASSES for each in entry.decorators):
                shows = True
            fields += [(name, entry) for name in entry.annotations if name not in entry.hidden]
        elif entry.role in ("schema", "settings"):
            shows = True
            for name, label in entry.labels.items():
                if label == "secret":
                    return _shown(frame, f"{type.name.rpartition('.')[2]}.{name}", node)
    if not shows:
        return ()
    for name, info in fields:
        if credential(name) and (not vague(name) or speaks_of_sign_in(info)):
            declared = annotation(frame, info, name)
            if declared is not None and declared.name in ("str", "bytes"):
                return _shown(frame, f"{info.name}.{name}", node)
    return ()


def _lets_no_credential(frame: Frame, type: Type) -> bool:
    """Whether no field is known that a serializer lets through under a credential's name."""
    declared: set[str] = set()
    for _, entry in lineage(frame, type.name):
        if not isinstance(entry, ClassInfo):
            continue
        declared.update(entry.annotations, entry.members)
        meta = entry.members.get("Meta", UNKNOWN)
        inner = frame.world.class_named(meta.ref) if meta.ref is not None else None
        if inner is not None:
            fields = inner.members.get("fields", UNKNOWN)
            if not isinstance(fields.items, tuple) or any(each.const.__class__ is not str for each in fields.items):
                return False
            declared.update(each.const for each in fields.items)
    return not any(credential(name) for name in declared)


def speaks_of_sign_in(info: ClassInfo) -> bool:
    """Whether a class says by its name, or by what else it has, that its ``token`` is a credential."""
    names = (*info.annotations, *info.members, *(info.attributes or ()), *info.functions)
    if any(hashes_token(each) for each in names):
        return False
    return about_sign_in(info.name) or any(
        (credential(each) and not vague(each)) or each in ("login", "username") for each in names
    )


def _shown(frame: Frame, what: str, node: ast.AST) -> tuple[Label, ...]:
    return (Label("secret", what, (Note(frame.site(node), f"its text shows `{what}`"),)),)


def held(frame: Frame, value: Value, node: ast.AST) -> tuple[Label, ...]:
    """The secrets that ``vars(x)`` and ``x.__dict__`` show: whatever the object's attributes hold, hidden or not."""
    if value.type is None:
        return ()
    for _, entry in lineage(frame, value.type.name):
        if isinstance(entry, ClassInfo):
            for name, attribute in attributes_of(frame, entry)[0].items():
                if (
                    credential(name)
                    and any(label.kind == "secret" for label in attribute.labels)
                    and (not vague(name) or speaks_of_sign_in(entry))
                ):
                    return _shown(frame, f"{entry.name}.{name}", node)
    return exposed(frame, value, node)


_DATACLASSES = frozenset(
    {"dataclasses.dataclass", "attr.s", "attrs.define", "attr.define", "attrs.frozen", "attr.attrs"}
)
