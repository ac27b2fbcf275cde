"""A module's concrete tree with positions, and the editor that turns replaced nodes into the smallest text edits.

Of libcst's metadata only positions are asked: names are the analysis's business, and its answers come as parameters.
"""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from dodont.core.diagnostic import Edit, Span
from dodont.fixes import CannotFix
from dodont.fixes.imports import Imports, bound_names

_LINE_END = re.compile(r"\r\n|\r|\n")
_WORD = re.compile(r"\w")

#: What is deeper libcst ends with a segmentation fault or in hours, and nobody waits for what is larger.
_DEEPEST, _LARGEST = 1_000, 200_000

Kind = type[cst.CSTNode] | tuple[type[cst.CSTNode], ...]

#: Expressions that must be parenthesised when they become the operand of an attribute, a subscript or a call.
_PRIMARY_PARENTS = {cst.Attribute: "value", cst.Subscript: "value", cst.Call: "func", cst.Await: "expression"}


def _check_measure(text: str) -> None:
    """Raise CannotFix for a tree that is too deep or too large."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            level: list[ast.AST] = [ast.parse(text)]
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise CannotFix(f"the file does not parse: {type(error).__name__}") from error
    depth = count = 0
    while level:
        # `a and b and c` is one node of ast's and two, one within the other, of libcst's.
        depth += max((len(node.values) for node in level if isinstance(node, ast.BoolOp)), default=1)
        count += len(level)
        if depth > _DEEPEST or count > _LARGEST:
            raise CannotFix(
                f"the file is too {'deeply nested' if depth > _DEEPEST else 'large'} to be changed by machine"
            )
        level = [child for node in level for child in ast.iter_child_nodes(node)]


class Source:
    """A parsed module. Offsets count characters of ``text``, which is the source without its byte order mark.

    Raises CannotFix for what libcst does not parse or would not print back as it is.
    """

    def __init__(self, source: str) -> None:
        self.text = source.removeprefix("\ufeff")
        self.starts = [0, *(end.end() for end in _LINE_END.finditer(self.text))]
        # libcst swallows a form feed at the beginning of a line, so its columns there are short by that much.
        lines = [self.text[a:b] for a, b in zip(self.starts, [*self.starts[1:], len(self.text)], strict=True)]
        self._swallowed = {n: len(s) - len(s.lstrip("\f")) for n, s in enumerate(lines, 1) if s.startswith("\f")}
        readable = "".join(line.lstrip("\f") for line in lines)
        _check_measure(readable)
        try:
            wrapper = MetadataWrapper(cst.parse_module(readable), unsafe_skip_copy=True)
        except cst.ParserSyntaxError as error:
            raise CannotFix(f"the file does not parse: {type(error).__name__}") from error
        self.module = wrapper.module
        if self.module.code != readable:
            raise CannotFix("the file would not be printed back as it is")
        self._positions = wrapper.resolve(PositionProvider)
        self.parents: dict[cst.CSTNode, cst.CSTNode] = {}
        self._by_span: dict[tuple[int, int], list[cst.CSTNode]] = {}
        self._by_outer_span: dict[tuple[int, int], list[cst.CSTNode]] = {}
        self.children: dict[
            cst.CSTNode, tuple[cst.CSTNode, ...]
        ] = {}  # of every node, in text order; libcst is slow at it
        self._index()

    def _index(self) -> None:
        stack: list[cst.CSTNode] = [self.module]
        while stack:
            node = stack.pop()
            self.children[node] = children = tuple(node.children)
            self.parents |= dict.fromkeys(children, node)
            stack.extend(reversed(children))
            if isinstance(node, (cst.BaseExpression, cst.BaseStatement, cst.BaseSmallStatement)):
                self._by_span.setdefault(self.region(node), []).append(node)
                for outer in self._parenthesized(node):
                    self._by_outer_span.setdefault(outer, []).append(node)

    def offset(self, line: int, column: int) -> int:
        if not 1 <= line <= len(self.starts):
            raise CannotFix("the place to change is not in the file")
        return self.starts[line - 1] + column

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1]

    def span(self, start: int, end: int) -> Span:
        return Span(*self._place(start), *self._place(end))

    def line_of(self, offset: int) -> int:
        return bisect_right(self.starts, offset)

    def indent_at(self, offset: int) -> str:
        """The white space before the first word of the line at ``offset``."""
        start = self.starts[self.line_of(offset) - 1]
        found = re.compile(r"[ \t\f]*").match(self.text, start)
        return found[0] if found else ""

    @property
    def newline(self) -> str:
        return self.module.default_newline

    def region(self, node: cst.CSTNode) -> tuple[int, int]:
        """Where ``node`` is, without the parentheses around it."""
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)) and node.decorators:
            return self.region(node.decorators[0])[0], self._plain_region(node)[1]
        return self._plain_region(node)

    def _plain_region(self, node: cst.CSTNode) -> tuple[int, int]:
        place = self._positions[node]
        start, end = place.start, place.end
        return (
            self.offset(start.line, start.column + self._swallowed.get(start.line, 0)),
            self.offset(end.line, end.column + self._swallowed.get(end.line, 0)),
        )

    def outer(self, node: cst.CSTNode) -> tuple[int, int]:
        """Where ``node`` is, with the parentheses around it."""
        if not isinstance(node, cst.BaseExpression) or not node.lpar:
            return self.region(node)
        return self.region(node.lpar[0])[0], self.region(node.rpar[-1])[1]

    def _parenthesized(self, node: cst.CSTNode) -> list[tuple[int, int]]:
        """Where ``node`` is with each of the pairs of parentheses around it."""
        if not isinstance(node, cst.BaseExpression):
            return []
        pairs = zip(node.lpar, reversed(node.rpar), strict=True)
        return [(self.region(opening)[0], self.region(closing)[1]) for opening, closing in pairs]

    def slice(self, node: cst.CSTNode) -> str:
        start, end = self.region(node)
        return self.text[start:end]

    def outer_slice(self, node: cst.CSTNode) -> str:
        start, end = self.outer(node)
        return self.text[start:end]

    def find(self, span: Span, kind: Kind = cst.BaseExpression) -> cst.CSTNode:
        """The outermost node of that kind which is exactly there, parentheses in or out. Raises CannotFix."""
        at = (self.offset(span.line, span.column), self.offset(span.end_line, span.end_column))
        for index in (self._by_span, self._by_outer_span):
            for node in index.get(at, ()):
                if isinstance(node, kind):
                    return node
        # ``ast`` counts the parentheses of ``f(x for x in y)`` to the generator.
        for node in self._by_span.get((at[0] + 1, at[1] - 1), ()):
            if isinstance(node, cst.GeneratorExp) and isinstance(node, kind):
                return node
        raise CannotFix("the code to change was not found where it should be")

    def above(self, node: cst.CSTNode) -> Iterator[tuple[cst.CSTNode, cst.CSTNode]]:
        """(child, parent) from ``node`` up to the module."""
        while parent := self.parents.get(node):
            yield node, parent
            node = parent

    def inside(self, node: cst.CSTNode, ancestor: cst.CSTNode) -> bool:
        return node is ancestor or any(parent is ancestor for _, parent in self.above(node))

    def function(self, node: cst.CSTNode) -> cst.CSTNode:
        """The function, lambda or class whose body ``node`` is run in, or the module.

        Defaults, decorators and annotations are run outside of the function they belong to.
        """
        for child, parent in self.above(node):
            if isinstance(parent, (cst.FunctionDef, cst.Lambda, cst.ClassDef)) and child is parent.body:
                return parent
        return self.module

    def statement(self, node: cst.CSTNode) -> cst.CSTNode:
        """The statement of the innermost block that ``node`` is in."""
        for child, parent in self.above(node):
            if isinstance(parent, (cst.BaseSuite, cst.Module)):
                return child
        return node

    def walk(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """``node`` and everything below it, in text order."""
        stack = [node]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(self.children[node]))

    def has_comment(self, start: int, end: int) -> bool:
        return any(start <= place < end for place in self._comments)

    @cached_property
    def _comments(self) -> list[int]:
        return [self.region(node)[0] for node in self.children if isinstance(node, cst.Comment)]


class Editor:
    """Collects what one fix changes. Places that are changed twice are refused when the edits are asked for."""

    def __init__(self, source: Source, anchor: cst.CSTNode, own: Sequence[str] = ()) -> None:
        self.source = source
        self.anchor = anchor
        self._own = own
        self._patches: dict[tuple[int, int], str] = {}
        self._imports: Imports | None = None

    def find(self, span: Sequence[int], kind: Kind = cst.BaseExpression) -> cst.CSTNode:
        """The node at ``[line, column, end line, end column]``."""
        return self.source.find(Span(*span), kind)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode:
        return self.source.parents[node]

    def code(self, node: cst.BaseExpression, near: cst.CSTNode) -> str:
        """``node`` as text for the place of ``near``: its line breaks keep the indentation of the block."""
        printed: list[str] = []
        for value in (cst.Name("_"), node):
            body: cst.BaseStatement = cst.SimpleStatementLine([cst.Expr(value)])
            for _, block in self.source.above(near):
                if isinstance(block, cst.IndentedBlock):
                    body = cst.While(cst.Name("_"), cst.IndentedBlock([body], indent=block.indent))
            printed.append(self.source.module.with_changes(header=[], body=[body], footer=[]).code)
        empty, full = printed
        end = len(empty.rstrip("\r\n"))
        return full[end - 1 : len(full) - (len(empty) - end)]

    def replace(self, old: cst.CSTNode, new: cst.BaseExpression | str) -> None:
        """Put ``new`` where ``old`` stands; parentheses of ``old`` go, those of ``new`` come."""
        start, end = self.source.outer(old)
        self.patch(start, end, new if isinstance(new, str) else self.code(new, old))

    def patch(self, start: int, end: int, text: str) -> None:
        """Replace characters ``start`` to ``end`` by ``text``, with a space where two words would grow together."""
        source = self.source.text
        if text and start and _WORD.match(source[start - 1]) and re.match(r"[\w\"']", text):
            text = " " + text
        if text and _WORD.match(text[-1]) and end < len(source) and _WORD.match(source[end]):
            text += " "
        self.exact(start, end, text)

    def exact(self, start: int, end: int, text: str) -> None:
        """Replace characters ``start`` to ``end`` by just ``text``; texts for one empty place add up."""
        old = self.source.text[start:end]
        if "\f" in old:
            raise CannotFix("there is a form feed in the code to change")
        if start == end:
            self._patches[start, end] = self._patches.get((start, end), "") + text
        elif self._patches.setdefault((start, end), text) != text:
            raise CannotFix("two changes of one place")

    def edits(self) -> tuple[Edit, ...]:
        found: list[Edit] = []
        last = -1
        for (start, end), text in sorted(self._patches.items()):
            if start < last:
                raise CannotFix("two changes of one place")
            last = end
            begin, finish, new = _trimmed(self.source.text, start, end, text)
            if begin < finish or new:
                found.append(Edit(self.source.span(begin, finish), new))
        if not found:
            raise CannotFix("there is nothing to change")
        return tuple(found)

    def string(self, value: str, near: cst.CSTNode, prefix: str = "") -> str:
        """A literal for ``value`` (no quotes or backslashes in it), quoted as the strings of the same statement are."""
        statement = self.source.statement(near)
        used = [n for n in self.source.walk(statement) if isinstance(n, (cst.SimpleString, cst.FormattedString))]
        quotes = [n.quote[0] if isinstance(n, cst.SimpleString) else n.end[0] for n in used]
        quote = "'" if quotes and all(q == "'" for q in quotes) else '"'
        taken = {parent.end[0] for _, parent in self.source.above(near) if isinstance(parent, cst.FormattedString)}
        if quote in taken:
            quote = "'" if quote == '"' else '"'
        if quote in taken:
            raise CannotFix("no quotes are left for a string inside the f-string")
        return f"{prefix}{quote}{value}{quote}"

    def awaited(self, old: cst.BaseExpression, new: cst.BaseExpression) -> cst.Await:
        """``await new`` for the place of ``old``, in parentheses if it must be. Raises CannotFix outside coroutines."""
        source = self.source
        for child, parent in source.above(old):
            if isinstance(parent, cst.FunctionDef) and child is parent.body:
                if parent.asynchronous is None:
                    raise CannotFix("the function is not a coroutine")
                break
            if isinstance(parent, (cst.Lambda, cst.ClassDef)) and child is parent.body:
                raise CannotFix("a lambda or a class body cannot await")
            if isinstance(parent, cst.GeneratorExp) and not source.inside(old, parent.for_in.iter):
                raise CannotFix("await would make the generator expression asynchronous")
            if isinstance(parent, (cst.Annotation, cst.TypeParameters)):
                raise CannotFix("an annotation cannot await")
        else:
            raise CannotFix("there is no coroutine around the call")
        parent = source.parents[old]
        lpar, rpar = list(getattr(old, "lpar", ())), list(getattr(old, "rpar", ()))
        bare = new.with_changes(lpar=[], rpar=[])
        if _PRIMARY_PARENTS.get(type(parent)) and getattr(parent, _PRIMARY_PARENTS[type(parent)]) is old and not lpar:
            lpar, rpar = [cst.LeftParen()], [cst.RightParen()]
        return cst.Await(bare, lpar=lpar, rpar=rpar)

    def name_for(self, dotted: str) -> cst.BaseExpression:
        """An expression for the function or class of that qualified name, importing its module when nothing does.

        Raises CannotFix when the name it would need means something else where the anchor is.
        """
        if self._imports is None:
            self._imports = Imports(self.source, self._own)
        expression, addition = self._imports.name_for(dotted, self.anchor)
        if addition:
            place, text = addition
            self.exact(place, place, text)
        return cst.parse_expression(expression)

    def bound_between(self, first: int, last: int, scope: cst.CSTNode) -> set[str]:
        """Names that ``scope`` binds between two offsets."""
        return {name for name, node in bound_names(scope, self.source) if first <= self.source.region(node)[0] < last}

    def insert_item(self, items: Sequence[tuple[int, int]], index: int, text: str, opening: int, closing: int) -> None:
        """Put ``text`` before the item of that index in a bracketed list, laid out as its neighbours are.

        ``items`` are the regions of what is there, ``opening``/``closing`` the region between the brackets.
        """
        source = self.source
        lines = [source.line_of(start) for start, _ in items]
        own_lines = bool(items) and lines[0] > source.line_of(opening) and len(set(lines)) == len(lines)
        separator = f",{source.newline}{source.indent_at(items[0][0])}" if own_lines else ", "
        if not items:
            self.exact(opening, closing, text)
        elif index:
            end = items[index - 1][1]
            self.exact(end, end, separator + text)
        else:
            self.exact(items[0][0], items[0][0], text + separator)


def _trimmed(source: str, start: int, end: int, text: str) -> tuple[int, int, str]:
    """The same change without what is equal at both ends; a CRLF stays whole."""
    old = source[start:end]
    common = min(len(old), len(text))
    head = next((n for n in range(common) if old[n] != text[n]), common)
    while head and old[head - 1] == "\r":
        head -= 1
    common -= head
    tail = next((n for n in range(common) if old[-1 - n] != text[-1 - n]), common)
    while tail and old[len(old) - tail] == "\n":
        tail -= 1
    return start + head, end - tail, text[head : len(text) - tail]
