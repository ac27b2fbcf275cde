"""Values that arrive: SQL text at what runs it, secrets at what logs them, directly or through the project's functions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dodont.core.patterns import pattern
from dodont.models.vocabulary import Function as FunctionModel
from dodont.models.vocabulary import Log, Sql
from dodont.semantic import passwords
from dodont.semantic.context import attested, is_hash, may_be_credential
from dodont.semantic.credentials import (
    RANDOM,
    conceals,
    credential,
    denotes,
    gives_credential,
    is_for_logs,
    is_other_token,
    is_talking,
    may_be_random,
    tells,
    vague,
)
from dodont.semantic.definitions import ClassInfo, FunctionInfo, Sink
from dodont.semantic.events import Flow, Query
from dodont.semantic.objects import exposed, held, lineage, role_of
from dodont.semantic.trees import last_name, walk
from dodont.semantic.values import NONE, UNKNOWN, Hole, Label, Note, Site, Text, Value, from_text, merge, text_of

if TYPE_CHECKING:
    from dodont.semantic.calls import Arguments
    from dodont.semantic.frame import Frame

_WRITES = pattern(
    r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*(insert|update|delete|merge|replace|truncate|create|alter|drop)\b", re.I | re.S
)
_READS = pattern(r"\s*(?:select\b.+\bfrom|with\b.+\bas\s*\()\s", re.I | re.S)
#: Asks whether the database is there, and nothing of it.
_PROBES = pattern(r"\s*(?:select\s+(?:1|true|version\(\))\s*;?\s*$|(?:show|describe|desc|explain|pragma)\b)", re.I)


def statement_kind(frame: Frame, model: FunctionModel, given: Arguments) -> str | None:
    """What the text or construct handed to an SQL sink does, None when it does not say. ``probe``: it asks for nothing stored.

    Where only a method's name speaks for the sink, the argument must be plainly SQL or an ORM's.
    """
    if model.sql is None:
        return None
    found = given.find(model.sql.text, model.sql.keyword)
    if found is None:
        return None
    text = text_of(found[0])
    if text is None or not text.parts or text.parts[0].__class__ is not str:
        kind = _construct_kind(frame, found[0])
        return kind if kind == "write" or not model.sql.certain else None
    if _WRITES.match(text.parts[0]):
        return "write"
    if _PROBES.match(text.parts[0]) and (len(text.parts) == 1 or not _READS.match(text.parts[0])):
        return "probe"
    return "read" if model.sql.certain or _READS.match(text.parts[0]) else None


def _construct_kind(frame: Frame, value: Value) -> str | None:
    """``session.execute(select(Order))``, ``session.query(Order)`` on something whose type is not known."""
    type = value.type
    if type is None:
        return None
    if type.name == "type" and type.args:
        return "read" if role_of(frame, type.args[0]) == "entity" else None
    return ("write" if type.name.endswith(_WRITING) else "read") if role_of(frame, type) == "queryset" else None


_WRITING = (".Insert", ".Update", ".Delete")


#: How methods that run SQL call the text, where the library is not known.
_TEXT_WORDS = ("query", "sql", "statement")


def library_sql(frame: Frame, node: ast.Call, ref: str, sql: Sql, given: Arguments, direct: bool = True) -> None:
    """``direct``: the call itself runs the text; else it is handed to what does."""
    for word in sql.others:
        if word in given.keywords and not frame.silent:
            held, where = given.keywords[word], given.words[word]
            texts = held.items.values() if isinstance(held.items, dict) else held.items or (held,)
            for each in texts:
                if not each.literal:
                    _arrive(frame, node, ref, sql, each, where, (), False, None, frame.site(where))
    found = given.find(sql.text, sql.keyword)
    if found is None and not sql.certain:
        found = next((given.find(None, word) for word in _TEXT_WORDS if word in given.keywords), None)
    if found is None or frame.silent:
        return
    value, value_node = found
    if value.items.__class__ is tuple:  # `extra(where=[…, …])`
        value = next((item for item in value.items if not item.literal), value)
    here = frame.site(node)
    parameters = None
    if isinstance(sql.parameters, int) or sql.parameters_keyword is not None:
        position = sql.parameters if isinstance(sql.parameters, int) else None
        other = given.find(position, sql.parameters_keyword)
        parameters = other[0] if other is not None else None
    elif sql.parameters == "*" and len(given.positional) > sql.text + 1:
        parameters = Value(items=tuple(given.positional[sql.text + 1 :]))
    clause = frame.clauses.get(id(value))
    if clause is not None:
        query = frame.events.get(clause[1])
        if isinstance(query, Query):
            # `execute(text(…), parameters)`: the text was judged where it was wrapped, its parameters come here.
            runs = sql._replace(style=query.sql.style)
            frame.events[clause[1]] = query._replace(call=here, sql=runs, parameters=parameters)
        return
    _arrive(frame, node, ref, sql, value, value_node, (), direct, parameters)


def _arrive(
    frame: Frame, node: ast.Call, target: str, sql: Sql, value: Value, value_node: ast.expr,
    notes: tuple[Note, ...], direct: bool, parameters: Value | None, place: Site | None = None,
) -> None:  # fmt: skip
    """``place`` tells the texts of one call apart."""
    if value.type is not None and value.type.name not in ("str", "LiteralString", "bytes", "Any"):
        return
    text = text_of(value)
    here = frame.site(node)
    way = (Note(here, f"`{ast.unparse(node.func)}()` runs it"), *notes)[:8]
    if text is None:
        for label in value.labels:
            if label.kind == "parameter":
                frame.sinks.setdefault((label.what, "sql"), Sink(label.what, "sql", way, sql))
        return
    for index, part in enumerate(text.parts):
        # What stands within quotes is judged here; what may be a piece of SQL, where somebody puts it together.
        before = text.parts[index - 1] if index else ""
        if _is_parameter(part) and not (isinstance(before, str) and before.endswith(("'", '"'))):
            for label in part.value.labels:  # type: ignore[union-attr]
                if label.kind == "parameter":
                    frame.sinks.setdefault((label.what, "sql"), Sink(label.what, "sql", way, sql, text))
    if _is_parameter(text.parts[0]):
        return
    own = text.site is None or text.site.path == frame.module.path
    frame.event(
        ("query", place or here),
        Query(
            here, target, sql, value, text, text.site if own and text.site is not None else frame.site(value_node),
            frame.function, notes, direct, parameters,
        ),
    )  # fmt: skip


def _is_parameter(part: str | Hole) -> bool:
    return (
        part.__class__ is Hole
        and not part.value.literal
        and any(label.kind == "parameter" for label in part.value.labels)
    )


def through(
    frame: Frame, node: ast.Call, function: FunctionInfo, sink: Sink, value: Value, value_node: ast.expr
) -> None:
    """An argument whose parameter reaches a sink inside the called function."""
    if frame.silent or len(sink.notes) > 7:
        return
    if sink.kind == "sql" and sink.sql is not None:
        if sink.text is not None:
            value = _completed(frame, node, sink, sink.text, value)
        if value is not UNKNOWN:
            _arrive(frame, node, function.ref, sink.sql, value, value_node, sink.notes, False, None)
    elif sink.kind in (passwords.STORED, passwords.COMPARED):
        passwords.through(frame, node, function, sink, value, value_node)
    elif sink.kind == "log" and not (conceals(function.name) or denotes(function.name) or tells(sink.parameter)):
        if function.owner is not None and is_other_token(function.owner.name):
            return
        if len(sink.notes) > 2:
            return  # what comes to a log so far away is mostly kept from it by a condition on the way
        if any(word.arg is not None and conceals(word.arg) for word in node.keywords):
            return  # `request(data, sensitive=True)`
        if sink.guarded and any(
            word.arg is not None and is_talking(word.arg) and _is_false(word.value) for word in node.keywords
        ):
            return  # `request(data, print_errors=False)`
        if any(each.arg == sink.parameter and each.annotation is not None for each in function.parameters):
            value = value.but(type=None) if value.labels else UNKNOWN  # what its type shows is reported there, too
        _log(frame, node, function.ref, value_node, value, sink.notes, sink.guarded)


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value


def _completed(frame: Frame, node: ast.Call, sink: Sink, whole: Text, value: Value) -> Value:
    """The callee's text with what the caller gives for its parameter; UNKNOWN when that is no text put together here.

    A parameter of the caller's own is passed on: whoever calls the caller may put a text together.
    """
    given = text_of(value)
    if given is not None and not given.holes:
        return UNKNOWN
    parts: list[str | Hole] = []
    for part in whole.parts:
        if not isinstance(part, Hole):
            parts.append(part)
        elif not any(label.kind == "parameter" and label.what == sink.parameter for label in part.value.labels):
            parts.append(part._replace(value=part.value.but(literal=True)))  # judged where the callee puts it in
        elif given is not None:
            parts += given.parts
        else:
            parts.append(part._replace(value=value))
    text = Text(merge(parts), given.site if given is not None else whole.site)
    if given is not None:
        return from_text(text, value.labels)
    for label in value.labels:
        if label.kind == "parameter":
            way = (Note(frame.site(node), f"`{ast.unparse(node.func)}()` passes it on"), *sink.notes)[:8]
            frame.sinks.setdefault((label.what, "sql"), Sink(label.what, "sql", way, sink.sql, text))
    return UNKNOWN


def library_log(frame: Frame, node: ast.Call, ref: str, log: Log, given: Arguments) -> None:
    if frame.silent:
        return
    for index, value in enumerate(given.positional[log.first :], log.first):
        if value.pending is not None:
            frame.misuse(value, given.nodes[index], "text")
        _log(frame, node, ref, given.nodes[index], value, ())
    for name, value in given.keywords.items():
        if "*" in log.keywords or name in log.keywords:
            named = frame.named(value, name, given.words[name])
            _log(frame, node, ref, given.words[name], named, ())
    if frame.handling and (ref.endswith(".exception") or "exc_info" in given.keywords):
        _log_exception(frame, node, ref)


def _log_exception(frame: Frame, node: ast.Call, target: str) -> None:
    """``logger.exception("failed")`` writes the exception's text, whatever its arguments are."""
    site = frame.site(node)
    notes = (Note(site, "writes the exception with its text"),)
    for label in frame.handling:
        if (
            label.kind == "secret"
            and _arrives(label, ())
            and ("flow", site) not in {key[:2] for key in frame.events}
            and attested(frame, label.what)
        ):
            frame.event(
                ("flow", site, site),
                Flow(site, target, label, site, UNKNOWN, ast.unparse(node), frame.function, notes),
            )


def _log(
    frame: Frame, node: ast.Call, target: str, value_node: ast.expr, value: Value, notes: tuple[Note, ...],
    beyond_test: bool = False,
) -> None:  # fmt: skip
    """``beyond_test``: the called function logs it in some cases only. That is not told of what may be no credential at all.

    ``settings.set(path, secrets.token_hex())``, where ``set`` warns of what it does not store, is no leak.
    """
    if not value.labels and value.type is None and value.text is None:
        return
    guarded = beyond_test or frame.guards > 0
    for leaf, found in _leaves(frame, value_node, value):
        if isinstance(leaf, ast.Call) and conceals(last_name(leaf.func)):
            continue
        labels: list[Label] = []
        for label in found.labels:
            if label.kind == "parameter":
                if (
                    not found.cleaned
                    and _is_nearer(frame.sinks.get((label.what, "log")), guarded)
                    and not _lacks_argument(frame)
                    and not _is_given_back(frame, label.what)
                    and not (vague(label.what) and _is_settled(frame, label.what))
                ):
                    way = (Note(frame.site(node), f"`{ast.unparse(node.func)}()` logs it"), *notes)
                    frame.sinks[label.what, "log"] = Sink(label.what, "log", way[:8], guarded=guarded)
            elif label.kind == "secret":
                if _arrives(label, notes) and not (beyond_test and label.what == RANDOM):
                    labels.append(label)
            elif label.kind == "secrets" and not notes:
                # A whole request body handed to a function is there to be worked with: mostly a part of it is logged.
                labels.append(label)
            elif label.kind == "each" and not notes and _tells_all(frame, leaf):
                labels.append(label._replace(kind="secrets"))
        holder = _laid_open(leaf)
        shown = held(frame, frame.quiet(holder), leaf) if holder is not None else exposed(frame, found, leaf)
        if holder is not None:
            found = frame.quiet(holder)
        if shown and found.type is not None and not _masks_itself(frame, found.type.name):
            labels += shown
        from_request = any(label.kind == "request" for label in found.labels)
        labels = [label for label in labels if from_request or attested(frame, label.what, leaf)]
        if labels and not _denied(frame, node, leaf, labels[0]):
            site = frame.site(leaf)
            frame.event(
                ("flow", frame.site(node), site),
                Flow(frame.site(node), target, labels[0], site, found, ast.unparse(leaf), frame.function, notes),
            )


def _is_nearer(known: Sink | None, guarded: bool) -> bool:
    """Whether a place that logs a parameter tells callers more than the one known: what is logged always comes before tests."""
    return known is None or (known.guarded and not guarded)


def _is_settled(frame: Frame, parameter: str) -> bool:
    """Whether a parameter with such a name is reported here, or holds a hash: nothing is left for callers to be told."""
    return attested(frame, parameter) or not may_be_credential(frame, parameter)


def _tells_all(frame: Frame, leaf: ast.expr) -> bool:
    """``for name, value in os.environ.items(): log(name, value)``, where nothing in the loop chooses among the names."""
    if not isinstance(leaf, ast.Name) or frame.function is None or frame.function.node is None:
        return False
    return frame.once(_runs_through_all, leaf.id)


def _runs_through_all(frame: Frame, target: str) -> bool:
    for each in _nodes(frame):
        if isinstance(each, ast.For) and target in {
            name.id for name in walk(each.target) if isinstance(name, ast.Name)
        }:
            return not any(isinstance(inner, (ast.If, ast.IfExp, ast.BoolOp)) for inner in walk(each))
    return False


def _laid_open(node: ast.expr) -> ast.expr | None:
    """The object whose attributes the expression gives: ``vars(x)``, ``x.__dict__``."""
    match node:
        case ast.Attribute(value=value, attr="__dict__") | ast.Call(func=ast.Name(id="vars"), args=[value]):
            return value
    return None


def _arrives(label: Label, notes: tuple[Note, ...]) -> bool:
    """Whether a secret may be followed that far.

    What a function gives is often a secret on one path and a setting on another, so it is followed to a log where it is
    received, no further, unless the function's name says which credential it gives; and not at all when that says that it
    hides one.
    """
    givers = [note.text.removeprefix("through `").removesuffix("()`") for note in _givers(label)]
    if any(conceals(name) or is_for_logs(name) for name in givers):
        return False
    if label.what == RANDOM and not all(may_be_random(name) for name in givers):
        return False
    return not givers or (len(givers) == 1 and (not notes or (len(notes) <= 2 and gives_credential(givers[0]))))


def _givers(label: Label) -> list[Note]:
    """The calls of the project's functions that gave the value on."""
    return [note for note in label.notes if note.text.startswith("through `")]


def _lacks_argument(frame: Frame) -> bool:
    """Whether this place is reached only when an argument that callers must give is None: not what they mostly do."""
    function = frame.function
    return function is not None and any(
        frame.env.get(name) is NONE for name in function.positional[: _required(function)]
    )


def _is_given_back(frame: Frame, parameter: str) -> bool:
    """``if isinstance(text, str): return text``: what comes after is for what is no text, as credentials are not."""
    return frame.once(_gives_back, parameter)


def _gives_back(frame: Frame, parameter: str) -> bool:
    node = frame.function.node if frame.function is not None else None
    return node is not None and any(
        isinstance(each, ast.If)
        and isinstance(each.body[0], ast.Return)
        and isinstance(each.body[0].value, ast.Name)
        and each.body[0].value.id == parameter
        and any(
            isinstance(asked, ast.Call)
            and last_name(asked.func) in ("isinstance", "type")
            and any(isinstance(given, ast.Name) and given.id == parameter for given in asked.args)
            for asked in walk(each.test)
        )
        for each in node.body
    )


def _required(function: FunctionInfo) -> int:
    """How many of the positional parameters have no default."""
    given = len(function.node.args.defaults) if function.node is not None else 0
    return max(0, len(function.positional) - given)


#: ``"{.name}"`` and ``"{0[name]}"`` show one attribute or item of what they are given.
_PICKS = pattern(r"\{\w*[.\[]")


def _denied(frame: Frame, node: ast.Call, leaf: ast.expr, label: Label) -> bool:
    """Whether the code around says that what is logged is no credential after all: asked only of what would be reported."""
    first = node.args[0] if node.args else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str) and _PICKS.search(first.value):
        return True
    if isinstance(node.func, ast.Attribute) and conceals(last_name(node.func.value)):
        return True  # `sensitive_logger.debug(...)`: kept apart on purpose
    if isinstance(leaf, ast.Call) and _givers(label):
        asked = leaf.args[0] if leaf.args else None  # `get_secret("API_VERSION")`: the name asked for says what comes
        return isinstance(asked, ast.Constant) and isinstance(asked.value, str) and not credential(asked.value)
    if isinstance(leaf, ast.Attribute):
        holder = frame.quiet(leaf.value).type
        if holder is not None and _masks_itself(frame, holder.name):
            return True
    if id(leaf) in frame.once(_numbers, node) or (label.kind == "secret" and is_hash(frame, label.what)):
        return True
    if isinstance(leaf, ast.BinOp) and isinstance(leaf.op, ast.BitOr) and _masks_key(leaf.right):
        return True
    name = last_name(leaf)
    if label.kind == "secrets" and name.lower().endswith(("url", "uri")):
        return True  # a body that is but an address
    if (conceals(name) or denotes(name)) and not credential(name):
        return True
    function = frame.function
    if not isinstance(leaf, ast.Name) or function is None or function.node is None:
        return False
    return frame.once(_is_put_elsewhere, leaf.id)


def _is_put_elsewhere(frame: Frame, name: str) -> bool:
    """Whether the function masks what has the name, stores it as a record, or opens it as a file."""
    return any(_masks(each, name) or _stores(each, name) or _opens(each, name) for each in _nodes(frame))


def _nodes(frame: Frame) -> Iterator[ast.AST]:
    node = frame.function.node if frame.function is not None else None
    return walk(node) if node is not None else iter(())


#: The conversions of a format, ``%%`` among them.
_CONVERSIONS = pattern(r"%(?:\(\w++\))?[-#0 +]*+[\d*]*+(?:\.[\d*]++)?[hlL]?([a-zA-Z%])")


def _numbers(frame: Frame, node: ast.Call) -> frozenset[int]:
    """The ids of what is written as a number, as none of these credentials is: ``"unknown api_key %d"``."""
    found: set[int] = set()
    for each in walk(node):
        match each:
            case ast.Call(args=[ast.Constant(value=str(text)), *given]):
                pass
            case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod(), right=right):
                given = right.elts if isinstance(right, ast.Tuple) else [right]
            case ast.FormattedValue(value=value, format_spec=ast.JoinedStr(values=[ast.Constant(value=str(spec))])):
                if spec.endswith(tuple("dxXobeEfg")):
                    found.add(id(value))
                continue
            case _:
                continue
        kinds = [each for each in _CONVERSIONS.findall(text) if each != "%"]
        found.update(id(value) for value, kind in zip(given, kinds, strict=False) if kind in "diouxXeEfgG")
    return frozenset(found)


def _masks_key(node: ast.expr) -> bool:
    """``headers | {"Authorization": "***"}``"""
    return isinstance(node, ast.Dict) and any(
        isinstance(key, ast.Constant) and isinstance(value, ast.Constant) and credential(str(key.value))
        for key, value in zip(node.keys, node.values, strict=True)
    )


def _masks_itself(frame: Frame, name: str) -> bool:
    """Whether a class has a method that by its name masks or hashes what its fields hold."""
    return any(
        conceals(method)
        for _, entry in lineage(frame, name)
        if isinstance(entry, ClassInfo)
        for method in entry.functions
    )


def _masks(node: ast.AST, name: str) -> bool:
    """``name = name[:4] + "***"``, be it in a branch only: who masks a value knows that it is logged."""
    match node:
        case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
            return any(
                (
                    isinstance(each, ast.Subscript)
                    and isinstance(each.slice, ast.Slice)
                    and last_name(each.value) == name
                )
                or (isinstance(each, ast.Call) and conceals(last_name(each.func)))
                for each in walk(value)
            )
    return False


def _opens(node: ast.AST, name: str) -> bool:
    """``os.path.exists(name)``: the path of the file that holds it."""
    match node:
        case ast.Call(func=func, args=[ast.Name(id=given), *_]):
            return given == name and (
                last_name(func) in ("open", "Path")
                or (isinstance(func, ast.Attribute) and last_name(func.value) == "path")
            )
    return False


def _stores(node: ast.AST, name: str) -> bool:
    """``session.delete(name)``: a record of the database, not the text of a token."""
    match node:
        case ast.Call(
            func=ast.Attribute(value=holder, attr="add" | "delete" | "refresh" | "merge" | "expunge"),
            args=[ast.Name(id=given)],
        ):
            return given == name and last_name(holder) == "session"
    return False


def _leaves(frame: Frame, node: ast.expr, value: Value) -> Iterator[tuple[ast.expr, Value]]:
    """The expressions within ``node`` that put something into the text it makes."""
    inner: list[ast.expr] = []
    if isinstance(node, ast.JoinedStr):
        inner = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
    elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod)):
        left: ast.expr = node
        while isinstance(left, ast.BinOp) and isinstance(left.op, (ast.Add, ast.Mod)):  # `a + b + c` is `(a + b) + c`
            inner.append(left.right)
            left = left.left
        inner = [left, *reversed(inner)]
    elif isinstance(node, (ast.Tuple, ast.List)):
        inner = list(node.elts)
    elif isinstance(node, ast.Dict) and value.type is not None and value.type.name == "dict":
        written = {key.value for key in node.keys if isinstance(key, ast.Constant)}
        for key, each in zip(node.keys, node.values, strict=True):
            found = frame.quiet(each)
            if key is None and isinstance(found.items, dict) and written & found.items.keys():
                kept = [item.labels for name, item in found.items.items() if name not in written]
                found = found.but(labels=tuple(label for labels in kept for label in labels))
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                found = frame.named(found, key.value, each)
            yield from _leaves(frame, each, found)
        return
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        inner = [*node.args, *[word.value for word in node.keywords]]
    if not inner:
        yield node, value
        return
    masked = any(isinstance(each, ast.Constant) and _MASK.search(str(each.value)) for each in walk(node))
    for each in inner:
        if masked and isinstance(each, ast.Subscript) and isinstance(each.slice, ast.Slice):
            continue  # `key[:2] + "****" + key[6:]`
        yield from _leaves(frame, each, frame.quiet(each))


_MASK = pattern(r"\*\*|^\.\.\.|\.\.\.$|…")
