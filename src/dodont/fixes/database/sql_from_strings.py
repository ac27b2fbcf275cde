"""Values leave SQL text for the parameters of the call: ``execute(f"… {x}")`` becomes ``execute("… ?", (x,))``.

The anchor is the expression that builds the text: in the call, or assigned to a name that only the call reads. What a
place in the SQL may be is judged again here, by words alone, because binding a value where a keyword, an operator or a
list stood would change what the query means without an error.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import libcst as cst

from dodont.fixes import CannotFix
from dodont.fixes.imports import bound_names, dotted_name
from dodont.fixes.rewriter import Editor
from dodont.fixes.text import Char, Hole, Operand, Piece, Text, read, string_of

ANCHOR = cst.BaseExpression

_BEFORE_VALUE = {
    *("like", "ilike", "glob", "match", "regexp", "rlike", "limit", "offset", "then", "else", "when", "between"),
    *("to", "top"),
}
_CONDITION = {"where", "and", "or", "on", "having", "not", "when"}
_COMPARES = re.compile(r"\s*(?:[=<>!]|(?:not\s+)?(?:like|ilike|in|between|is)\b)", re.I)
_TYPED_LITERAL = {"interval", "date", "time", "timestamp", "timestamptz", "as", "collate"}
#: What stands before parentheses that hold a list of names, a condition, or a list that may be one expression.
_NO_VALUE_INSIDE = re.compile(r"\b(?:into\s+\S+|table\s+\S+|index\s+.*|conflict|by|using|key|partition|any|all)$", re.I)
_CLAUSE = re.compile(r"\b(?:from|join|by|update|table|returning|select|values|in|where|set|limit|on|having)\b", re.I)
_STYLES = {"qmark", "format", "pyformat", "dollar", "named"}
_MAPPED = {"pyformat", "named"}


@dataclass(slots=True, eq=False)
class _Unit:
    """One character or one hole of the whole SQL text; ``new`` replaces a character."""

    item: Text | Hole
    piece: int
    char: Char | None = None
    dropped: bool = False
    new: str | None = None
    after: str = ""  # follows a character, or stands before the text when it has none

    @property
    def value(self) -> str:
        return self.char.value or "\0" if self.char else "\1"


@dataclass(slots=True)
class _Value:
    """What is bound at ``unit``: the source of the expression and the name it would have."""

    unit: _Unit
    code: str
    name: str
    holes: list[Hole] = field(default_factory=list)


def rewrite(
    anchor: cst.BaseExpression,
    *,
    edit: Editor,
    style: str,
    call: Sequence[int],
    position: int | str | None,
    keyword: str | None,
    holes: Sequence[Sequence[int] | int],
) -> None:
    """``holes`` are the expressions to bind: their spans, or their numbers among all holes of the anchor, from 0."""
    if style not in _STYLES:
        raise CannotFix(f"placeholders of the style {style} are not known")
    sink = edit.find(call, cst.Call)
    assert isinstance(sink, cst.Call)
    anchor = _whole(anchor, edit)
    built = _built(anchor, sink, edit)
    pieces = [read(edit.source, node) for node in built]
    listed = _listed(pieces[built.index(anchor)], pieces, holes, edit)
    if not edit.source.inside(anchor, sink):
        _refuse_late_evaluation(sink, listed, edit)
    parameters = _Parameters(sink, position, keyword, style, anchor, edit)
    _Statement(pieces, listed, parameters, edit).bind()
    for node, piece in zip(built, pieces, strict=True):
        start, end = edit.source.outer(node)
        text = piece.render()
        if text != edit.source.text[start:end]:
            edit.exact(start, end, text)
    parameters.write()


def _whole(node: cst.BaseExpression, edit: Editor) -> cst.BaseExpression:
    """The text that the anchor is the beginning or a part of: ``"a" + b`` in ``"a" + b + "c"``."""
    while True:
        match parent := edit.parent(node):
            case cst.BinaryOperation(operator=cst.Add()) | cst.ConcatenatedString():
                node = parent
            case cst.BinaryOperation(operator=cst.Modulo()) if parent.left is node:
                node = parent
            case _:
                return node


def _built(anchor: cst.BaseExpression, sink: cst.Call, edit: Editor) -> list[cst.BaseExpression]:
    """The expressions that together are the text, in the order they are put together."""
    source = edit.source
    node: cst.CSTNode = anchor
    for _, parent in source.above(anchor):
        if parent is sink:
            return [anchor]
        if isinstance(parent, cst.Arg):
            if parent.star:
                raise CannotFix("the text is unpacked")
        elif isinstance(parent, cst.Call):
            if len(parent.args) > 1 and parent.args[0].value is not node:
                raise CannotFix("the text is an argument among others")
            if len(parent.args) > 1 and not source.inside(parent, sink):
                raise CannotFix("the text is an argument among others")
        elif isinstance(parent, (cst.Assign, cst.AnnAssign, cst.AugAssign)):
            return _assigned(anchor, parent, sink, edit)
        elif not (isinstance(parent, cst.Attribute) and isinstance(source.parents[parent], cst.Call)):
            raise CannotFix("the text is part of an expression that decides what it is")
        node = parent
    raise CannotFix("the text does not reach the call")


def _assigned(
    anchor: cst.BaseExpression, statement: cst.CSTNode, sink: cst.Call, edit: Editor
) -> list[cst.BaseExpression]:
    source = edit.source
    name = _target(statement)
    scope = source.function(sink)
    if source.function(anchor) is not scope or isinstance(scope, (cst.ClassDef, cst.Lambda)):
        raise CannotFix("the text is built in another function")
    bindings = [node for bound, node in bound_names(scope, source) if bound == name]
    reads = [
        node
        for node in source.walk(scope)
        if isinstance(node, cst.Name) and node.value == name and _is_read(node, edit)
    ]
    if len(reads) != 1 or not source.inside(reads[0], sink):
        raise CannotFix(f"`{name}` is read in other places too")
    for _, parent in source.above(reads[0]):
        if parent is sink:
            break
        if not (isinstance(parent, cst.Arg) or (isinstance(parent, cst.Call) and len(parent.args) == 1)):
            raise CannotFix("the text is part of an expression that decides what it is")
    values: list[cst.BaseExpression] = []
    for n, node in enumerate(bindings):
        owner = source.parents[node] if isinstance(node, cst.AssignTarget) else node
        augmented = isinstance(owner, cst.AugAssign) and isinstance(owner.operator, cst.AddAssign)
        if not isinstance(owner, (cst.Assign, cst.AnnAssign, cst.AugAssign)) or augmented != (n > 0):
            raise CannotFix(f"`{name}` has several values")
        if _target(owner) != name or owner.value is None:
            raise CannotFix(f"`{name}` has several values")
        block = source.parents[source.statement(owner)]
        before = source.region(owner)[1] <= source.region(sink)[0]
        if not before or not source.inside(sink, block) or _loops(sink, block, edit):
            raise CannotFix("the call is not always reached from where the text is built")
        values.append(anchor if source.inside(anchor, owner) else owner.value)
    if not values or anchor not in values:
        raise CannotFix("the text does not reach the call")
    if len(values) > 1 and any(node is not anchor and edit.source.inside(anchor, node) for node in values):
        raise CannotFix("the text is wrapped before it is complete")
    return values


def _loops(sink: cst.Call, block: cst.CSTNode, edit: Editor) -> bool:
    """Whether the call runs more often than the block it is in, in a loop or a function of its own."""
    for _, parent in edit.source.above(sink):
        if parent is block:
            return False
        if isinstance(parent, (cst.For, cst.While, cst.BaseComp, cst.FunctionDef, cst.Lambda, cst.ClassDef)):
            return True
    return True


def _target(statement: cst.CSTNode) -> str:
    target: cst.CSTNode | None = None
    if isinstance(statement, (cst.AnnAssign, cst.AugAssign)):
        target = statement.target
    elif isinstance(statement, cst.Assign) and len(statement.targets) == 1:
        target = statement.targets[0].target
    if not isinstance(target, cst.Name):
        raise CannotFix("the text is not simply assigned to a name")
    return target.value


def _is_read(node: cst.Name, edit: Editor) -> bool:
    parent = edit.source.parents[node]
    match parent:
        case cst.AssignTarget() | cst.AnnAssign() | cst.AugAssign():
            return parent.target is not node
        case cst.Attribute():
            return parent.value is node
        case cst.Arg():
            return parent.value is node
        case cst.Param():
            return parent.default is node
    return True


def _listed(own: Piece, pieces: Sequence[Piece], wanted: Sequence[Sequence[int] | int], edit: Editor) -> set[Hole]:
    holes = [item for piece in pieces for item in piece.items() if isinstance(item, Hole)]
    numbered = [item for item in own.items() if isinstance(item, Hole)]
    found: set[Hole] = set()
    for want in wanted:
        if isinstance(want, int):
            if not 0 <= want < len(numbered):
                raise CannotFix("a value to bind was not found where it should be")
            found.add(numbered[want])
            continue
        node = edit.find(want)
        here = {hole for hole in holes if hole.node is node or string_of(hole.node) is node}
        if not here:
            raise CannotFix("a value to bind was not found where it should be")
        found |= here
    for hole in found:
        if not hole.plain:
            raise CannotFix("a value is formatted on its way into the text")
        for part in edit.source.walk(hole.node):
            if isinstance(part, (cst.NamedExpr, cst.Yield, cst.Comment)):
                raise CannotFix("a value cannot be moved")
        if isinstance(hole.node, cst.Tuple) and not hole.node.lpar:
            raise CannotFix("a value cannot be moved")
    if not found:
        raise CannotFix("there is no value to bind")
    return found


def _refuse_late_evaluation(sink: cst.Call, listed: set[Hole], edit: Editor) -> None:
    """Values that were taken where the text is built are taken at the call now; that must not be seen."""
    source = edit.source
    last = source.region(sink)[0]
    scope = source.function(sink)
    for hole in listed:
        first = source.region(hole.node)[1]
        own, target = source.statement(hole.node), source.statement(sink)
        block = list(getattr(source.parents[own], "body", ()))
        if own in block and target in block and block.index(target) == block.index(own) + 1:
            continue
        names = {n.value for n in source.walk(hole.node) if isinstance(n, cst.Name)}
        if any(isinstance(n, (cst.Call, cst.Await)) and string_of(n) is None for n in source.walk(hole.node)):
            raise CannotFix("a value would be computed later than it was")
        changed = edit.bound_between(first, last, scope) | _stored_in(first, last, scope, edit)
        if names & changed:
            raise CannotFix("a value changes between the text and the call")


def _stored_in(first: int, last: int, scope: cst.CSTNode, edit: Editor) -> set[str]:
    """Names whose attributes or items are assigned between two offsets."""
    found: set[str] = set()
    for node in edit.source.walk(scope):
        if isinstance(node, (cst.AssignTarget, cst.AugAssign, cst.Del)) and first <= edit.source.region(node)[0] < last:
            target: cst.CSTNode = node.target
            while isinstance(target, (cst.Attribute, cst.Subscript)):
                target = target.value
            if isinstance(target, cst.Name):
                found.add(target.value)
    return found


class _Statement:
    """The SQL text: finds where each value stands, puts a placeholder there, and hands the values over."""

    def __init__(self, pieces: Sequence[Piece], listed: set[Hole], parameters: _Parameters, edit: Editor) -> None:
        self.pieces, self.listed, self.parameters, self.edit = pieces, listed, parameters, edit
        self.units: list[_Unit] = []
        self._lead: dict[int, _Unit] = {}
        for n, piece in enumerate(pieces):
            for item in piece.items():
                if isinstance(item, Hole):
                    self.units.append(_Unit(item, n))
                else:
                    self._lead[id(item)] = _Unit(item, n)
                    self.units += [_Unit(item, n, char) for char in item.chars]
        self.values: list[_Value] = []
        self.old: list[_Unit] = []  # placeholders that are there already, in text order

    def bind(self) -> None:
        self._scan()
        bound = {hole for value in self.values for hole in value.holes}
        if bound != self.listed:
            raise CannotFix("a value stands where the database takes none")
        self._count_old()
        if self.parameters.style in ("format", "pyformat") and not self.parameters.present:
            if self.parameters.vague and any(unit.char and unit.value == "%" for unit in self.units):
                raise CannotFix("it is not known how the call reads percent signs")
            if any(isinstance(u.item, Hole) and u.item not in self.listed and self._opaque(u.item) for u in self.units):
                raise CannotFix("part of the text is not in sight")
            for unit in self.units:
                if unit.char and unit.value == "%" and not unit.dropped and unit.new is None:
                    unit.new = unit.char.source * 2
        self._number()
        for hole in self.listed:
            hole.removed = True
        self._rebuild()

    def _opaque(self, hole: Hole) -> bool:
        """Whether a hole that stays is a whole part of the statement rather than a name in it."""
        return any(isinstance(piece, Operand) and piece.hole is hole for piece in self.pieces)

    def _scan(self) -> None:
        """Find the values: whole quoted strings with holes in them, and holes where a value may stand."""
        units, n = self.units, 0
        plain: list[str] = []  # the text so far, quoted strings and comments blanked
        while n < len(units):
            unit, two = units[n], self._text(n, n + 2)
            if two in ("--", "/*"):
                ending = "\n" if two == "--" else "*/"
                end = self._find(ending, n + 2)
                if any(isinstance(u.item, Hole) and u.item in self.listed for u in units[n:end]):
                    raise CannotFix("a value stands in a comment")
                plain.append(" " * (end - n))
                n = end
            elif two == "$$":
                raise CannotFix("the text is quoted with dollar signs")
            elif unit.char and unit.value in "'\"`":
                end = self._closing(n)
                self._quoted(n, end, "".join(plain))
                plain.append("'" + "x" * (end - n - 1) + "'")
                n = end + 1
            else:
                if isinstance(unit.item, Hole) and unit.item in self.listed:
                    self._bare(n, "".join(plain))
                elif self._is_placeholder(n):
                    self.old.append(unit)
                plain.append(unit.value)
                n += 1

    def _text(self, start: int, end: int) -> str:
        return "".join(unit.value for unit in self.units[start:end])

    def _find(self, ending: str, start: int) -> int:
        found = self._text(start, len(self.units)).find(ending)
        return len(self.units) if found < 0 else start + found + len(ending)

    def _closing(self, start: int) -> int:
        quote, n = self.units[start].value, start + 1
        while n < len(self.units):
            if self.units[n].char and self.units[n].value == quote:
                if self._text(n + 1, n + 2) != quote:
                    return n
                n += 1
            n += 1
        return len(self.units) - 1

    def _is_placeholder(self, n: int) -> bool:
        match self.parameters.style:
            case "qmark":
                return self._text(n, n + 1) == "?"
            case "format":
                return self._text(n, n + 2) == "%s" and self._text(n - 1, n) != "%"
        return False

    def _quoted(self, start: int, end: int, before: str) -> None:
        inside = self.units[start + 1 : end]
        holes = [u.item for u in inside if isinstance(u.item, Hole) and u.char is None]
        if not any(hole in self.listed for hole in holes):
            if self.parameters.style == "format" and self.parameters.present and "%s" in self._text(start, end):
                raise CannotFix("a placeholder stands in quotes")
            return
        word = _last_word(before)
        if self.units[start].value != "'" or self.units[end].value != "'" or start == end:
            raise CannotFix("a value stands in a quoted name")
        if not all(hole in self.listed for hole in holes):
            raise CannotFix("a string in the SQL mixes values and text that stays")
        if re.search(r"[\w&]$", before) or word in _TYPED_LITERAL or "\\" in self._text(start, end):
            raise CannotFix("a value stands in a string that is more than a string")
        if self._text(end + 1, end + 2) in ("\1", "'") or before.endswith("\1"):
            raise CannotFix("a value touches another part of the text")
        alone = re.search(r"\bin\s*\($", before, re.I) and re.match(r"\s*\)", self._text(end + 1, len(self.units)))
        if alone or any(_joins_quotes(hole.node) for hole in holes):
            raise CannotFix("a value may be a whole list")
        code = self._string_code(inside, holes)
        for unit in self.units[start : end + 1]:
            unit.dropped = True
        self.values.append(_Value(self.units[start], code, _name_of(holes[0].node), holes))

    def _string_code(self, inside: Sequence[_Unit], holes: Sequence[Hole]) -> str:
        """The value of a quoted string: the hole's own expression, or an f-string with the text around it."""
        if len(inside) == 1:
            node = holes[0].node
            code = _code(node, self.edit)
            return f"str({code})" if holes[0].to_string and string_of(node) is None else code
        out: list[str] = []
        skip = False
        for n, unit in enumerate(inside):
            if skip:
                skip = False
            elif isinstance(unit.item, Hole) and unit.char is None:
                code = self.edit.source.outer_slice(unit.item.node)
                if code.startswith("{") or isinstance(unit.item.node, (cst.Lambda, cst.IfExp)):
                    code = f"({_code(unit.item.node, self.edit)})"
                converted = unit.item.to_string and string_of(unit.item.node) is None
                out.append("{" + code + ("!s" if converted else "") + "}")
            else:
                assert unit.char
                following = inside[n + 1].value if n + 1 < len(inside) else ""
                skip = unit.value == following == "'" or (
                    self.parameters.present
                    and self.parameters.style in ("format", "pyformat")
                    and unit.value == following == "%"
                )
                if unit.value in ("\0", "\n", "\r") or unit.char.source.startswith("\\"):
                    raise CannotFix("a string in the SQL has escapes in it")
                out.append(unit.char.source * 2 if unit.value in "{}" else unit.char.source)
        text = "".join(out)
        quote = '"' if '"' not in text else "'"
        if quote in text or "\\" in text or "\n" in text:
            raise CannotFix("a value holds quotes of both kinds")
        return f"f{quote}{text}{quote}"

    def _bare(self, n: int, before: str) -> None:
        hole = self.units[n].item
        assert isinstance(hole, Hole)
        after = self._text(n + 1, len(self.units))
        if re.search(r"[\w.$@:\1\0\"'`]$", before) or re.match(r"[\w.$@\1\0(\"'`\[]", after):
            raise CannotFix("a value touches another part of the text")
        if not _takes_value(before, after):
            raise CannotFix("a value stands where the database takes none")
        inner = string_of(hole.node) or hole.node
        unit = self._beside(n)
        self.values.append(_Value(unit, _code(inner, self.edit), _name_of(hole.node), [hole]))

    def _beside(self, n: int) -> _Unit:
        """Where to put the placeholder of the hole ``n``: behind the character before it, or in its own place."""
        hole, piece = self.units[n].item, self.units[n].piece
        items = list(self.pieces[piece].items())
        index = items.index(hole)
        before = items[index - 1] if index else hole
        if not isinstance(before, Text):
            return self.units[n]
        return self.units[n - 1] if before.chars else self._lead[id(before)]

    def _count_old(self) -> None:
        if self.parameters.style in ("qmark", "format") and len(self.old) != len(self.parameters.items):
            raise CannotFix("the parameters do not match the placeholders")

    def _number(self) -> None:
        """Choose the placeholders and give the values to the parameters in the order of the text."""
        style = self.parameters.style
        if style in ("qmark", "format"):
            at = {id(unit): n for n, unit in enumerate(self.units)}
            old = [at[id(unit)] for unit in self.old]
            for value in self.values:
                where = self._where(value.unit, at)
                value.unit.after = "?" if style == "qmark" else "%s"
                self.parameters.add(value.code, "", sum(place < where for place in old))
        elif style == "dollar":
            used = [int(number) for number in re.findall(r"\$(\d+)", self._text(0, len(self.units)))]
            count = len(self.parameters.items)
            if (max(used) if used else 0) != count:
                raise CannotFix("the parameters do not match the placeholders")
            for n, value in enumerate(self.values, count + 1):
                value.unit.after = f"${n}"
                self.parameters.add(value.code, "", count)
        else:
            self._name()

    def _where(self, unit: _Unit, at: dict[int, int]) -> int:
        if id(unit) in at:
            return at[id(unit)]
        items = [item for piece in self.pieces for item in piece.items()]
        before = items[: items.index(unit.item)]
        return sum(1 if isinstance(item, Hole) else len(item.chars) for item in before)

    def _name(self) -> None:
        text = self._text(0, len(self.units))
        pattern = r"(?<![:\w]):(\w+)" if self.parameters.style == "named" else r"%\((\w+)\)s"
        used = set(re.findall(pattern, text))
        taken = used | set(self.parameters.names)
        if used - set(self.parameters.names):
            raise CannotFix("the parameters do not match the placeholders")
        chosen: dict[str, str] = {}
        for value in self.values:
            name = chosen.get(value.code)
            if name is None:
                name, n = value.name, 2
                while name in taken:
                    name, n = f"{value.name}_{n}", n + 1
                taken.add(name)
                chosen[value.code] = name
                self.parameters.add(value.code, name, len(self.parameters.items))
            value.unit.after = f":{name}" if self.parameters.style == "named" else f"%({name})s"

    def _rebuild(self) -> None:
        chars: dict[int, list[Char]] = {}
        texts: dict[int, Text] = {}
        for unit in [*self._lead.values(), *self.units]:
            if isinstance(unit.item, Hole):
                if unit.after and not unit.dropped:
                    self._stand_in(unit)
                continue
            texts[id(unit.item)] = unit.item
            into = chars.setdefault(id(unit.item), [])
            if unit.char and not unit.dropped:
                new = unit.new
                into += [unit.char] if new is None else [unit.char] * (len(new) // len(unit.char.source))
            into += [Char(c, c) for c in unit.after]
        for key, text in texts.items():
            text.chars = chars[key]

    def _stand_in(self, unit: _Unit) -> None:
        """A hole that is an operand with no text before it becomes a string of its own."""
        hole = unit.item
        assert isinstance(hole, Hole)
        hole.literal = self.edit.string(unit.after, hole.node)


def _joins_quotes(node: cst.CSTNode) -> bool:
    """``"','".join(names)`` leaves the quotes around it and opens them again."""
    match node:
        case cst.Call(func=cst.Attribute(value=cst.SimpleString() as glue, attr=cst.Name(value="join"))):
            return "'" in str(glue.evaluated_value)
    return False


def _last_word(text: str) -> str:
    found = re.search(r"([A-Za-z_]+)\s*$", text)
    return found[1].lower() if found else ""


def _takes_value(before: str, after: str) -> bool:
    """Whether an expression may stand here, and nothing but one value (strings and comments are blanked)."""
    stripped = before.rstrip("\0 \t\r\n")
    if not stripped:
        return False
    if stripped[-1] in "=<>+-*/|%~":
        return _last_word(stripped[:-1]) != "select"
    if _COMPARES.match(after):
        return False
    if stripped[-1] in ",(":
        return _takes_value_in_list(stripped, after)
    word = _last_word(stripped)
    if word == "and":
        words = re.findall(r"[a-z]+", before.lower())[:-1]
        return next((w for w in reversed(words) if w == "between" or w in _CONDITION), "") == "between"
    return word in _BEFORE_VALUE


def _takes_value_in_list(before: str, after: str) -> bool:
    depth, opening = 0, -1
    for n in range(len(before) - 1, -1, -1):
        depth += (before[n] == ")") - (before[n] == "(")
        if depth < 0:
            opening = n
            break
    clauses = [word.lower() for word in _CLAUSE.findall(before[opening + 1 :])]
    if clauses or opening < 0:
        return clauses[-1:] == ["limit"]
    head = before[:opening].rstrip()
    word = _last_word(head)
    if word in _CONDITION or _NO_VALUE_INSIDE.search(head):
        return False
    alone = before[-1] == "(" and re.match(r"\s*\)", after)
    return not (word == "in" and alone)  # `IN ({ids})` is a list more often than a value


def _code(node: cst.BaseExpression, edit: Editor) -> str:
    """The expression as an item of a list of parameters."""
    if isinstance(node, (cst.Tuple, cst.GeneratorExp)):
        return edit.source.outer_slice(node)
    code = edit.source.slice(node)
    return edit.source.outer_slice(node) if "\n" in code or "\r" in code else code


def _name_of(node: cst.CSTNode) -> str:
    match node:
        case cst.Name():
            name = node.value
        case cst.Attribute():
            base = _name_of(node.value)
            name = node.attr.value if base in ("self", "cls", "value") else f"{base}_{node.attr.value}"
        case cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Index(value=cst.SimpleString() as key))]):
            name = str(key.evaluated_value)
        case cst.Subscript():
            name = _name_of(node.value)
        case cst.Await():
            name = _name_of(node.expression)
        case cst.Call(args=[cst.Arg(value=cst.SimpleString() as key), *_]):
            name = str(key.evaluated_value)
        case cst.Call(func=cst.Name(), args=[cst.Arg() as arg]):
            name = _name_of(arg.value)
        case cst.Call(func=cst.Attribute() as method, args=[]):
            name = _name_of(method.value)
        case _:
            name = "value"
    name = re.sub(r"\W+", "_", name, flags=re.A).strip("_")
    return name if re.match(r"[A-Za-z]", name) else "value"


class _Parameters:
    """The parameters of the call: those that are there, those that come, and how they are written."""

    def __init__(
        self,
        call: cst.Call,
        position: int | str | None,
        keyword: str | None,
        style: str,
        anchor: cst.BaseExpression,
        edit: Editor,
    ) -> None:
        self.call, self.position, self.keyword, self.style, self.edit = call, position, keyword, style, edit
        self.items: list[tuple[int, int]] = []
        self.names: list[str] = []
        self._new: list[tuple[int, str, str]] = []
        self._display: cst.BaseExpression | None = None
        self._none: cst.BaseExpression | None = None
        name = dotted_name(call.func).rpartition(".")[2]
        if "many" in name:
            raise CannotFix("the call has a list of parameters for each run")
        #: Whether ``%`` may be special already: Django's ``raw`` gives the driver an empty list when it gets nothing.
        self.vague = name in ("raw", "RawSQL", "extra")
        if any(arg.star for arg in call.args):
            raise CannotFix("the call's arguments are unpacked")
        self._positional = [arg for arg in call.args if arg.keyword is None]
        if position == "*":
            self._spread(anchor)
        else:
            self._existing()

    @property
    def present(self) -> bool:
        return self._display is not None

    def _spread(self, anchor: cst.BaseExpression) -> None:
        text = next((n for n, a in enumerate(self._positional) if self.edit.source.inside(anchor, a)), None)
        text = text or 0
        if not self._positional:
            raise CannotFix("the text is given by name")
        self.items = [self.edit.source.outer(arg.value) for arg in self._positional[text + 1 :]]
        self._after = self.edit.source.outer(self._positional[-1].value)[1]

    def _existing(self) -> None:
        source = self.edit.source
        given: cst.Arg | None = None
        if isinstance(self.position, int) and self.position < len(self._positional):
            given = self._positional[self.position]
        for arg in self.call.args:
            if self.keyword and arg.keyword is not None and arg.keyword.value == self.keyword:
                given = arg
        if given is None:
            return
        value = given.value
        if isinstance(value, cst.Name) and value.value == "None":
            self._none = value
            return
        if isinstance(value, (cst.Tuple, cst.List)):
            if not all(isinstance(element, cst.Element) for element in value.elements):
                raise CannotFix("the parameters are unpacked")
            if self.style == "named":
                raise CannotFix("the parameters of the call have no names")
            self.style = {"pyformat": "format"}.get(self.style, self.style)
            self.items = [source.outer(element.value) for element in value.elements]
        elif isinstance(value, cst.Dict):
            for entry in value.elements:
                if not isinstance(entry, cst.DictElement) or not isinstance(entry.key, cst.SimpleString):
                    raise CannotFix("the names of the parameters are not in sight")
                self.items.append((source.outer(entry.key)[0], source.outer(entry.value)[1]))
                self.names.append(str(entry.key.evaluated_value))
            self.style = {"format": "pyformat", "qmark": "named"}.get(self.style, self.style)
        else:
            raise CannotFix("the parameters of the call are not in sight")
        if self.items:
            self._display = value
        else:
            self._none, self.vague = value, True

    def add(self, code: str, name: str, index: int) -> None:
        """``index`` is that of the existing parameter it comes before."""
        self._new.append((index, code, f"{self._quoted(name)}: {code}" if name else code))

    def _quoted(self, name: str) -> str:
        return self.edit.string(name, self.call)

    def write(self) -> None:
        written = [text for _, _, text in self._new]
        if self.position == "*":
            self._insert_arguments(written)
        elif self._display is not None:
            self._merge(self._display)
        else:
            joined = ", ".join(written)
            mapped = self.style in _MAPPED
            text = "{" + joined + "}" if mapped else f"({joined}{',' if len(written) == 1 else ''})"
            if self._none is not None:
                self.edit.replace(self._none, text)
                return
            if self.position is not None and len(self._positional) == self.position:
                self._insert_arguments([text])
            elif self.keyword:
                self._insert_arguments([f"{self.keyword}={text}"], last=True)
            else:
                raise CannotFix("there is no place for the parameters in the call")

    def _insert_arguments(self, written: Sequence[str], *, last: bool = False) -> None:
        source = self.edit.source
        args = list(self.call.args)
        regions = []
        for arg in args:
            start = source.region(arg.keyword)[0] if arg.keyword else source.outer(arg.value)[0]
            regions.append((start, source.outer(arg.value)[1]))
        index = len(args) if last else len(self._positional)
        opening = source.outer(self.call.func)[1]
        for text in written:
            self.edit.insert_item(regions, index, text, opening, regions[-1][1])

    def _merge(self, display: cst.BaseExpression) -> None:
        source = self.edit.source
        opening, end = source.outer(display)
        single = isinstance(display, cst.Tuple) and len(self.items) == 1
        if single and re.fullmatch(r"\s*,[ \t]*\)", source.text[self.items[0][1] : end]):
            self.edit.exact(self.items[0][1], end - 1, "")
        leading = [text for index, _, text in self._new if index == 0 and self.items]
        for index, _, text in self._new:
            if index:
                self.edit.insert_item(self.items, index, text, opening, end)
        if leading and not self.names:
            for text in leading:
                self.edit.insert_item(self.items, 0, text, opening, end)
