"""Expressions that build text (literals, f-strings, ``+``, ``%``, ``.format``) as one stream of characters and holes.

A stream can be changed (characters dropped, holes removed) and rendered again; what was not touched is copied from the
source. Characters keep their spelling in the source beside their value, so escapes survive; doubled braces and percent
signs are single in the stream and doubled again on rendering when they still must be.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import libcst as cst

from dodont.fixes import CannotFix
from dodont.fixes.rewriter import Source

_ESCAPE = re.compile(r"\\(?:\r\n|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|.)|\r\n|.", re.S)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_PERCENT = re.compile(r"%(?:\((\w*)\))?([-#0 +]*)(\*|\d+)?(?:\.(\*|\d+))?[hlL]?(.)", re.S)
_FIELD = re.compile(r"\{(\w*)([^{}!:]*)(!\w)?(:(?:[^{}]|\{[^{}]*\})*)?\}")


class Char(NamedTuple):
    """One character of text: as the source spells it, and what it means ("" for an escaped line end)."""

    source: str
    value: str


@dataclass(slots=True, eq=False)
class Text:
    chars: list[Char]

    @property
    def value(self) -> str:
        return "".join(char.value or "\0" for char in self.chars)


@dataclass(slots=True, eq=False)
class Hole:
    """An expression put into the text. ``plain`` when it is not formatted, ``to_string`` for ``!s`` and ``str()``."""

    node: cst.BaseExpression
    source: str
    plain: bool = True
    to_string: bool = False
    removed: bool = False
    literal: str = ""  # what stands in for a removed operand that no text is next to


class Piece:
    """A part of the expression: ``render`` gives its source as it is now, ``start`` and ``end`` are where it was."""

    start: int
    end: int

    def items(self) -> Iterator[Text | Hole]:
        raise NotImplementedError

    def render(self) -> str:
        raise NotImplementedError

    def literals(self) -> Iterator[Literal]:
        return iter(())


def characters(raw: bool, source: str) -> list[Char]:
    if raw:
        return [Char(char, char) for char in source]
    return [Char(m[0], _meaning(m[0])) for m in _ESCAPE.finditer(source)]


def _meaning(spelling: str) -> str:
    if spelling[0] != "\\" or len(spelling) == 1:
        return "\n" if spelling == "\r\n" else spelling
    if spelling[1] in "\r\n":
        return ""
    if spelling[1] in _SIMPLE:
        return _SIMPLE[spelling[1]]
    if spelling[1] in "01234567xuUN":
        value = ast.literal_eval(f'"{spelling}"')
        return value if isinstance(value, str) and len(value) == 1 else "\0"
    return "\0"


class Literal(Piece):
    """A string or an f-string. ``double`` names what a formatting operator around it wants doubled."""

    def __init__(self, source: Source, node: cst.SimpleString | cst.FormattedString) -> None:
        self.source, self.node = source, node
        self.start, self.end = source.outer(node)
        self.double = ""
        self.parts: list[Text | Hole]
        if isinstance(node, cst.SimpleString):
            self.prefix, self.quote = node.prefix, node.quote
            self.parts = [Text(characters("r" in self.prefix.lower(), node.raw_value))]
        else:
            self.quote = node.end
            self.prefix = node.start[: -len(node.end)]
            self.parts = self._of_parts(node)
        if "b" in self.prefix.lower():
            raise CannotFix("the text is bytes")
        self._holes_at_first = len(self.holes)

    def _of_parts(self, node: cst.FormattedString) -> list[Text | Hole]:
        parts: list[Text | Hole] = [Text([])]
        for part in node.parts:
            last = parts[-1]
            assert isinstance(last, Text)
            if isinstance(part, cst.FormattedStringText):
                chars = characters("r" in self.prefix.lower(), part.value)
                skip = False
                for n, char in enumerate(chars):
                    if skip:
                        skip = False
                        continue
                    skip = char.source in ("{", "}") and chars[n + 1 : n + 2] == [char]
                    last.chars.append(char)
            elif isinstance(part, cst.FormattedStringExpression):
                hole = Hole(part.expression, self.source.slice(part))
                hole.plain = part.format_spec is None and part.equal is None and part.conversion in (None, "s")
                hole.to_string = part.conversion == "s"
                parts += [hole, Text([])]
            else:
                raise CannotFix("the string is of a kind that is not known")
        return parts

    @property
    def holes(self) -> list[Hole]:
        return [part for part in self.parts if isinstance(part, Hole) and not part.removed]

    @property
    def final_prefix(self) -> str:
        """The prefix without ``f`` when the last hole has gone."""
        if self._formatted and not self.holes and self._holes_at_first:
            return re.sub("[fF]", "", self.prefix)
        return self.prefix

    @property
    def _formatted(self) -> bool:
        return isinstance(self.node, cst.FormattedString)

    def items(self) -> Iterator[Text | Hole]:
        yield from self.parts

    def literals(self) -> Iterator[Literal]:
        yield self

    def content(self) -> str:
        braces = "{}" if self._formatted and "f" in self.final_prefix.lower() else ""
        out: list[str] = []
        for part in self.parts:
            if isinstance(part, Text):
                for char in part.chars:
                    twice = (char.value and char.value in self.double) or (char.source and char.source in braces)
                    out.append(char.source * 2 if twice else char.source)
            elif not part.removed:
                out.append(part.source)
        return "".join(out)

    def render(self) -> str:
        new = f"{self.final_prefix}{self.quote}{self.content()}{self.quote}"
        start, end = self.source.region(self.node)
        return self.source.text[self.start : start] + new + self.source.text[end : self.end]


class Operand(Piece):
    """An expression that is not text itself: a hole as a whole."""

    def __init__(self, source: Source, node: cst.BaseExpression) -> None:
        self.start, self.end = source.outer(node)
        self.hole = Hole(node, source.outer_slice(node))
        self.hole.to_string = string_of(node) is not None

    def items(self) -> Iterator[Text | Hole]:
        yield self.hole

    def render(self) -> str:
        return self.hole.literal if self.hole.removed else self.hole.source


class Joined(Piece):
    """Literals side by side."""

    def __init__(self, source: Source, node: cst.ConcatenatedString) -> None:
        self.source = source
        self.start, self.end = source.outer(node)
        self.pieces = [read(source, node.left), read(source, node.right)]

    def items(self) -> Iterator[Text | Hole]:
        for piece in self.pieces:
            yield from piece.items()

    def literals(self) -> Iterator[Literal]:
        for piece in self.pieces:
            yield from piece.literals()

    def render(self) -> str:
        return _spliced(self.source, self.start, self.end, self.pieces)


class Chain(Piece):
    """Operands of ``+``."""

    def __init__(self, source: Source, node: cst.BinaryOperation) -> None:
        self.source = source
        self.start, self.end = source.outer(node)
        operands: list[cst.BaseExpression] = []
        left: cst.BaseExpression = node
        while isinstance(left, cst.BinaryOperation) and isinstance(left.operator, cst.Add):
            if left is not node and left.lpar:
                break
            operands.insert(0, left.right)
            left = left.left
        operands.insert(0, left)
        self.pieces = [read(source, operand) for operand in operands]

    def items(self) -> Iterator[Text | Hole]:
        for piece in self.pieces:
            yield from piece.items()

    def literals(self) -> Iterator[Literal]:
        for piece in self.pieces:
            yield from piece.literals()

    def render(self) -> str:
        text = self.source.text
        out = [text[self.start : self.pieces[0].start]]
        kept: list[Piece] = []
        between, dropped = "", False  # the operator before the next piece, and whether an operand went there
        rendered: list[str] = []
        for n, piece in enumerate(self.pieces):
            gone = isinstance(piece, Operand) and piece.hole.removed and not piece.hole.literal
            after = text[piece.end : self.pieces[n + 1].start] if n + 1 < len(self.pieces) else ""
            if gone:
                inside = (piece.start, piece.end)
                keep_after = not kept or "\n" not in between or "#" in after
                between, lost = (after, between) if keep_after else (between, after)
                if "#" in lost or self.source.has_comment(*inside):
                    raise CannotFix("a comment would be lost")
                dropped = True
                continue
            if kept and dropped and _mergeable(kept[-1], piece, between):
                last, piece_ = kept[-1], piece
                assert isinstance(last, Literal) and isinstance(piece_, Literal)
                end = len(rendered[-1]) - len(last.quote)
                rendered[-1] = rendered[-1][:end] + piece_.content() + last.quote
            else:
                if kept:
                    rendered.append(between)
                rendered.append(piece.render())
            kept.append(piece)
            between, dropped = after, False
        if not kept:
            raise CannotFix("no text would be left")
        return "".join(out + rendered) + text[self.pieces[-1].end : self.end]


def _mergeable(left: Piece, right: Piece, between: str) -> bool:
    return (
        isinstance(left, Literal)
        and isinstance(right, Literal)
        and "\n" not in between
        and not left.node.lpar
        and not right.node.lpar
        and len(left.quote) == 1
        and (left.quote, left.final_prefix) == (right.quote, right.final_prefix)
    )


class Percent(Piece):
    """``text % values``."""

    def __init__(self, source: Source, node: cst.BinaryOperation) -> None:
        self.source, self.right = source, node.right
        self.start, self.end = source.outer(node)
        self.text = read(source, node.left)
        self.tail = source.outer(node.right)[1]
        self._used: list[tuple[Hole, object]] = []
        positions = iter(range(1_000_000))
        for literal in self.text.literals():
            if literal.holes:
                raise CannotFix("the text is formatted twice")
            (part,) = literal.parts
            assert isinstance(part, Text)
            literal.parts = self._split(part, positions)
        if any(isinstance(item, Hole) and isinstance(item.node, cst.BaseString) for item in self.items()):
            raise CannotFix("the text is formatted twice")

    def _split(self, text: Text, positions: Iterator[int]) -> list[Text | Hole]:
        parts: list[Text | Hole] = []
        begin = 0
        chars: list[Char] = []
        for found in _PERCENT.finditer(text.value):
            chars += text.chars[begin : found.start()]
            begin = found.end()
            if found[5] == "%":
                chars.append(Char("%", "%"))
                continue
            if "*" in (found[3], found[4]):
                raise CannotFix("a width is taken from the values")
            source = "".join(char.source for char in text.chars[found.start() : found.end()])
            key: object = found[1] if found[1] is not None else next(positions)
            hole = Hole(self._value(key), source)
            hole.plain = found[5] == "s" and not found[2] and found[3] is None and found[4] is None
            hole.to_string = string_of(hole.node) is not None
            self._used.append((hole, key))
            parts += [Text(chars), hole]
            chars = []
        return [*parts, Text(chars + text.chars[begin:])]

    def _value(self, key: object) -> cst.BaseExpression:
        right = self.right
        if isinstance(key, str):
            if isinstance(right, cst.Dict):
                for element in right.elements:
                    if isinstance(element, cst.DictElement) and _constant(element.key) == key:
                        return element.value
            raise CannotFix("the values are not a dict display that names them")
        if isinstance(right, cst.Tuple):
            assert isinstance(key, int)
            if key < len(right.elements) and all(isinstance(e, cst.Element) for e in right.elements):
                return right.elements[key].value
            raise CannotFix("the values do not match the text")
        if key != 0 or isinstance(right, cst.Dict):
            raise CannotFix("the values do not match the text")
        return right

    def items(self) -> Iterator[Text | Hole]:
        yield from self.text.items()

    def render(self) -> str:
        remaining = {key for hole, key in self._used if not hole.removed}
        for literal in self.text.literals():
            literal.double = "%" if remaining else ""
        text = self.text.render()
        source = self.source.text
        head = source[self.start : self.text.start]
        start, end = self.source.outer(self.right)
        if len(remaining) == len({key for _, key in self._used}):
            return head + text + source[self.text.end : self.end]
        if self.source.has_comment(self.text.end, self.tail):
            raise CannotFix("a comment would be lost")
        if not remaining:
            return head + text + source[self.tail : self.end]
        return head + text + source[self.text.end : start] + self._values(remaining) + source[end : self.end]

    def _values(self, remaining: set[object]) -> str:
        right = self.right
        if isinstance(right, cst.Tuple):
            kept = [self.source.outer_slice(e.value) for n, e in enumerate(right.elements) if n in remaining]
            return f"({', '.join(kept)}{',' if len(kept) == 1 else ''})"
        assert isinstance(right, cst.Dict)
        named = [e for e in right.elements if isinstance(e, cst.DictElement) and _constant(e.key) in remaining]
        return "{" + ", ".join(f"{self.source.slice(e.key)}: {self.source.outer_slice(e.value)}" for e in named) + "}"


class Format(Piece):
    """``text.format(values)``."""

    def __init__(self, source: Source, node: cst.Call) -> None:
        self.source, self.node = source, node
        assert isinstance(node.func, cst.Attribute)
        self.start, self.end = source.outer(node)
        self.text = read(source, node.func.value)
        self._used: list[tuple[Hole, object]] = []
        positions = iter(range(1_000_000))
        for literal in self.text.literals():
            if literal.holes:
                raise CannotFix("the text is formatted twice")
            (part,) = literal.parts
            assert isinstance(part, Text)
            literal.parts = self._split(part, positions)

    def _split(self, text: Text, positions: Iterator[int]) -> list[Text | Hole]:
        parts: list[Text | Hole] = []
        chars: list[Char] = []
        value, at = text.value, 0
        while at < len(value):
            if value[at : at + 2] in ("{{", "}}"):
                chars.append(text.chars[at])
                at += 2
            elif value[at] == "{":
                found = _FIELD.match(value, at)
                if not found:
                    raise CannotFix("a replacement field is not understood")
                source = "".join(char.source for char in text.chars[at : found.end()])
                key: object = next(positions) if not found[1] else int(found[1]) if found[1].isdigit() else found[1]
                hole = Hole(self._value(key), source)
                hole.plain = not found[2] and found[3] in (None, "!s") and not found[4]
                hole.to_string = found[3] == "!s" or string_of(hole.node) is not None
                self._used.append((hole, key))
                parts += [Text(chars), hole]
                chars, at = [], found.end()
            else:
                chars.append(text.chars[at])
                at += 1
        return [*parts, Text(chars)]

    def _value(self, key: object) -> cst.BaseExpression:
        if any(arg.star for arg in self.node.args):
            raise CannotFix("the values are unpacked")
        positional = [arg for arg in self.node.args if arg.keyword is None]
        if isinstance(key, int) and key < len(positional):
            return positional[key].value
        for arg in self.node.args:
            if arg.keyword is not None and arg.keyword.value == key:
                return arg.value
        raise CannotFix("the values do not match the text")

    def items(self) -> Iterator[Text | Hole]:
        yield from self.text.items()

    def render(self) -> str:
        remaining = {key for hole, key in self._used if not hole.removed}
        removed = {key for hole, key in self._used if hole.removed} - remaining
        for literal in self.text.literals():
            literal.double = "{}" if remaining else ""
        text, source = self.text.render(), self.source.text
        head = source[self.start : self.text.start]
        end = self.source.region(self.node)[1]
        if not removed:
            return head + text + source[self.text.end : self.end]
        if self.source.has_comment(self.text.end, end):
            raise CannotFix("a comment would be lost")
        if not remaining:
            return head + text + source[end : self.end]
        if any(isinstance(key, int) and hole.source[1:2].isdigit() for hole, key in self._used):
            raise CannotFix("the replacement fields are numbered")
        kept: list[str] = []
        for n, arg in enumerate(self.node.args):
            if (arg.keyword.value if arg.keyword else n) not in removed:
                name = f"{arg.keyword.value}=" if arg.keyword else ""
                kept.append(name + self.source.outer_slice(arg.value))
        call = source[self.text.end : self.source.region(self.node.args[0])[0]]
        return f"{head}{text}{call.rstrip()}{', '.join(kept)})" + source[end : self.end]


def is_text(node: cst.CSTNode) -> bool:
    match node:
        case cst.SimpleString() | cst.FormattedString() | cst.ConcatenatedString():
            return True
        case cst.BinaryOperation(operator=cst.Add()):
            return is_text(node.left) or is_text(node.right)
        case cst.BinaryOperation(operator=cst.Modulo()):
            return is_text(node.left)
        case cst.Call(func=cst.Attribute(attr=cst.Name("format"))):
            assert isinstance(node.func, cst.Attribute)
            return is_text(node.func.value)
    return False


def read(source: Source, node: cst.BaseExpression) -> Piece:
    """The piece that ``node`` is. Raises CannotFix for text that is built in a way that cannot be taken apart."""
    if isinstance(node, (cst.SimpleString, cst.FormattedString)):
        return Literal(source, node)
    if isinstance(node, cst.ConcatenatedString):
        return Joined(source, node)
    if isinstance(node, cst.BinaryOperation) and is_text(node):
        return Chain(source, node) if isinstance(node.operator, cst.Add) else Percent(source, node)
    if isinstance(node, cst.Call) and is_text(node):
        return Format(source, node)
    return Operand(source, node)


def string_of(node: cst.CSTNode) -> cst.BaseExpression | None:
    """``x`` of ``str(x)``."""
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "str":
        (arg, *others) = node.args or (None,)
        if arg is not None and not others and arg.keyword is None and not arg.star:
            return arg.value
    return None


def _constant(node: cst.CSTNode) -> object:
    return node.evaluated_value if isinstance(node, cst.SimpleString) else None


def _spliced(source: Source, start: int, end: int, pieces: Sequence[Piece]) -> str:
    out, at = [], start
    for piece in pieces:
        out += [source.text[at : piece.start], piece.render()]
        at = piece.end
    return "".join([*out, source.text[at:end]])
