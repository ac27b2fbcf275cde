"""Text put together: f-strings, ``+``, ``%``, ``.format``, ``join``."""

from __future__ import annotations

import ast
import re
from string import Formatter
from typing import TYPE_CHECKING

from dodont.core.patterns import pattern
from dodont.semantic.values import (
    ABSENT,
    MAX_PARTS,
    STR,
    UNKNOWN,
    Hole,
    Label,
    Text,
    Type,
    Value,
    from_text,
    inlined,
    is_mapping,
    join_labels,
    keys_of,
    merge,
    parts_of,
    text_of,
)

if TYPE_CHECKING:
    from dodont.semantic.frame import Frame

_PERCENT = pattern(r"%(?:\((?P<name>[^()]*)\))?[-#0 +]*+(?:\*|\d++)?(?:\.(?:\*|\d++))?[hlL]?(?P<kind>[a-zA-Z%])")
_NUMERIC = frozenset("diouxXeEfFgGc")
_DOLLAR = pattern(r"\$(?:\$|(?P<name>[_a-zA-Z][_a-zA-Z0-9]*)|\{(?P<braced>[_a-zA-Z][_a-zA-Z0-9]*)\})")


def joined(frame: Frame, node: ast.JoinedStr) -> Value:
    parts: list[str | Hole] = []
    labels: tuple[Label, ...] = ()
    site = None
    certain = True
    for each in node.values:
        if each.__class__ is ast.Constant:
            parts.append(str(each.value))
            continue
        value = frame.eval(each.value)  # type: ignore[attr-defined]
        if value.pending is not None:
            frame.misuse(value, each.value, "text")  # type: ignore[attr-defined]
        elif value is UNKNOWN and frame.in_coroutine and each.value.__class__ is ast.Call:  # type: ignore[attr-defined]
            frame.unresolved(each.value, "text")  # type: ignore[attr-defined]
        if value.labels:
            labels = join_labels(labels, value.labels)
        inner = _inner(value, not parts)
        if inner is not None and each.conversion == -1 and each.format_spec is None:  # type: ignore[attr-defined]
            parts += inner.parts
            site = site or inner.site
            certain = certain and (value.const is not ABSENT or inner.site is not None)
            continue
        if each.format_spec is not None:  # type: ignore[attr-defined]
            value = _formatted(value, each.format_spec)  # type: ignore[attr-defined]
        parts.append(Hole(value, frame.site(each.value), frame.site(node)))  # type: ignore[attr-defined]
        if not value.literal:
            site = site or frame.site(node)
    return from_text(Text(merge(parts), site), labels, certain)


def _inner(value: Value, first: bool) -> Text | None:
    """The text to stand for a value within another, None when a hole must.

    ``request.args.get("name", "")`` may be the default, whose text it then has, and may be anything: only in front, where
    a text says what the whole is, does that count.
    """
    text = text_of(value)
    return text if first else inlined(value)


def _formatted(value: Value, spec: ast.expr) -> Value:
    """``f"{x:d}"`` can only be a number."""
    match spec:
        case ast.JoinedStr(values=[ast.Constant(value=str() as text)]) if text[-1:] in _NUMERIC or text[-1:] == "%":
            return Value(Type("int"), literal=True)
    return value


def added(
    frame: Frame, node: ast.AST, left: Value, right: Value, right_node: ast.expr, left_node: ast.expr | None
) -> Value | None:
    """``left + right`` when either is a text; None when nothing says so."""
    one, other = inlined(left), inlined(right)
    if one is None and other is None and left.type != STR and right.type != STR:
        return None
    site = (one and one.site) or (other and other.site) or None
    parts: list[str | Hole] = []
    for value, part in ((left, left_node), (right, right_node)):
        text = _inner(value, value is left)
        if text is not None:
            parts += text.parts
        else:
            parts.append(Hole(value, frame.site(part) if part is not None else None, frame.site(node)))
            if not value.literal:
                site = site or frame.site(node)
    certain = all(
        value.const is not ABSENT or text is None or text.site for value, text in ((left, one), (right, other))
    )
    return from_text(Text(merge(parts), site), join_labels(left.labels, right.labels), certain)


def percent(frame: Frame, node: ast.BinOp, left: Value, right: Value) -> Value | None:
    """``text % values`` when the text is known in part."""
    template = text_of(left)
    if template is None:
        return None
    values, nodes = right.items if isinstance(right.items, (tuple, dict)) else (right,), None
    if isinstance(node.right, ast.Tuple):
        nodes = node.right.elts
    elif isinstance(node.right, ast.Dict):
        nodes = None
    else:
        nodes = [node.right]
    parts: list[str | Hole] = []
    position = 0
    for part in template.parts:
        if part.__class__ is not str:
            parts.append(part)
            continue
        last = 0
        for found in _PERCENT.finditer(part):
            parts.append(part[last : found.start()])
            last = found.end()
            if found["kind"] == "%":
                parts.append("%")
                continue
            value, where = UNKNOWN, None
            if found["name"] is not None:
                value = _entry(right, found["name"])
                where = _dict_node(node.right, found["name"])
            elif isinstance(values, tuple) and position < len(values):
                value = values[position]
                where = nodes[position] if nodes is not None and position < len(nodes) else None
                position += 1
            elif not isinstance(values, tuple):
                value = right
            if value.pending is not None and where is not None:
                frame.misuse(value, where, "text")
            if found["kind"] in _NUMERIC:
                value = Value(Type("int"), literal=True)
            inner = inlined(value) if found["kind"] == "s" else None
            if inner is not None:
                parts += inner.parts
            else:
                parts.append(Hole(value, frame.site(where if where is not None else node.right), frame.site(node)))
        parts.append(part[last:])
    return _built(frame, node, parts, template, left, right)


def _dict_node(node: ast.expr, name: str) -> ast.expr | None:
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == name:
                return value
    return None


def _built(frame: Frame, node: ast.AST, parts: list[str | Hole], template: Text, *sources: Value) -> Value:
    labels: tuple[Label, ...] = ()
    for source in sources:
        labels = join_labels(labels, source.labels)
    merged = merge(parts)
    holes = any(part.__class__ is not str for part in merged)
    return from_text(Text(merged, template.site or (frame.site(node) if holes else None)), labels)


def formatted(
    frame: Frame, node: ast.Call, receiver: Value, args: list[Value], keywords: dict[str, Value],
    mapping: tuple[Value, ast.expr] | None = None,
) -> Value:  # fmt: skip
    """``text.format(...)``, ``text.format_map(mapping)``."""
    template = text_of(receiver)
    labels = receiver.labels
    for value in (*args, *keywords.values(), *(mapping or ())[:1]):
        labels = join_labels(labels, value.labels)
    if template is None:
        return Value(STR, labels=labels)
    given = {str(index): (value, node.args[index]) for index, value in enumerate(args) if index < len(node.args)}
    given |= {word.arg: (keywords[word.arg], word.value) for word in node.keywords if word.arg in keywords}
    parts: list[str | Hole] = []
    automatic = 0
    for part in template.parts:
        if part.__class__ is not str:
            parts.append(part)
            continue
        try:
            fields = list(Formatter().parse(part))
        except ValueError:
            return Value(STR, labels=labels)
        for text, name, spec, _ in fields:
            parts.append(text)
            if name is None:
                continue
            head = re.match(r"\w*", name)[0]  # type: ignore[index]
            if not head:
                head, automatic = str(automatic), automatic + 1
            value, where = given.get(head) or _unpacked(frame, node, head, mapping)
            if name != head and name[len(head) :]:
                value = Value(labels=value.labels) if name else value
            if value.pending is not None and where is not None:
                frame.misuse(value, where, "text")
            if spec and spec[-1] in _NUMERIC:
                value = Value(Type("int"), literal=True)
            inner = _inner(value, not any(parts)) if name == head or not name else None
            if inner is not None:
                parts += inner.parts
            else:
                parts.append(Hole(value, frame.site(where) if where is not None else None, frame.site(node)))
    if len(parts) > MAX_PARTS:
        return Value(STR, labels=labels)
    merged = merge(parts)
    holes = any(part.__class__ is not str for part in merged)
    return from_text(Text(merged, template.site or (frame.site(node) if holes else None)), labels)


def _unpacked(
    frame: Frame, node: ast.Call, name: str, mapping: tuple[Value, ast.expr] | None
) -> tuple[Value, ast.expr | None]:
    """What ``**mapping`` gives for a name."""
    if mapping is not None:
        return _entry(mapping[0], name), mapping[1]
    for word in node.keywords:
        if word.arg is None:
            return _entry(frame.quiet(word.value), name), word.value
    return UNKNOWN, None


def _entry(mapping: Value, name: str) -> Value:
    """What a mapping holds under a name."""
    if isinstance(mapping.items, dict) and name in mapping.items:
        return mapping.items[name]
    return Value(labels=parts_of(mapping.labels), literal=mapping.literal)


def substituted(frame: Frame, node: ast.Call, receiver: Value, args: list[Value], keywords: dict[str, Value]) -> Value:
    """``Template(text).substitute(...)`` and ``.safe_substitute(...)``."""
    # Of a whole environment the text takes what it names.
    args = [value.but(labels=tuple(each for each in value.labels if each.kind != "secrets")) for value in args]
    template = text_of(receiver)
    labels = receiver.labels
    for value in (*args, *keywords.values()):
        labels = join_labels(labels, value.labels)
    if template is None:
        return Value(STR, labels=labels)
    given = args[0].items if args and isinstance(args[0].items, dict) else {}
    given = {**given, **keywords}
    nodes = {word.arg: word.value for word in node.keywords}
    parts: list[str | Hole] = []
    for part in template.parts:
        if part.__class__ is not str:
            parts.append(part)
            continue
        last = 0
        for found in _DOLLAR.finditer(part):
            parts.append(part[last : found.start()])
            last = found.end()
            name = found["name"] or found["braced"]
            if name is None:
                parts.append("$")
                continue
            where = nodes.get(name) or (_dict_node(node.args[0], name) if node.args else None)
            parts.append(
                Hole(given.get(name, UNKNOWN), frame.site(where if where is not None else node), frame.site(node))
            )
        parts.append(part[last:])
    return _built(frame, node, parts, template, receiver, *args, *keywords.values())


def replaced(frame: Frame, node: ast.Call, receiver: Value, old: Value, new: Value) -> Value | None:
    """``text.replace("NAME", name)``: the name stands where the mark stood; None when either text is not known."""
    template = text_of(receiver)
    if template is None or not isinstance(old.const, str) or not old.const:
        return None
    inner = inlined(new)
    parts: list[str | Hole] = []
    for part in template.parts:
        for index, piece in enumerate(part.split(old.const) if part.__class__ is str else (part,)):
            if index:
                parts += inner.parts if inner is not None else (Hole(new, frame.site(node.args[1]), frame.site(node)),)
            parts.append(piece)
    return _built(frame, node, parts, template, receiver, new)


def joined_by(frame: Frame, node: ast.Call, separator: Value, elements: Value) -> Value:
    """``separator.join(elements)``: a literal when every element is one (``", ".join(["%s"] * n)``)."""
    glue = text_of(separator)
    labels = join_labels(separator.labels, keys_of(elements) if is_mapping(elements) else elements.labels)
    items = elements.items
    if (
        isinstance(items, tuple)
        and items
        and glue is not None
        and elements.type is not None
        and elements.type.name != "repeated"
    ):
        parts: list[str | Hole] = []
        site = None
        for index, item in enumerate(items):
            if index:
                parts += glue.parts
            labels = join_labels(labels, item.labels)
            text = _inner(item, not index)
            if text is not None:
                parts += text.parts
                site = site or text.site
            else:
                parts.append(Hole(item, frame.site(node.args[0]), frame.site(node)))
                site = site or frame.site(node)
        return from_text(Text(merge(parts), site), labels)
    literal = elements.literal or (isinstance(items, tuple) and bool(items) and all(item.literal for item in items))
    if literal and separator.literal:
        sample = text_of(items[0]) if isinstance(items, tuple) and items else None
        return Value(STR, text=sample, labels=labels, literal=True)
    text = None
    if isinstance(items, tuple) and items and (inner := text_of(items[0])) is not None:
        text = inner
    return Value(STR, text=text, labels=labels)
