"""``SELECT * FROM users`` becomes ``SELECT id, name FROM users``, where the columns are known."""

from __future__ import annotations

import re
from collections.abc import Sequence

import libcst as cst

from dodont.fixes import CannotFix
from dodont.fixes.reads import columns_read
from dodont.fixes.rewriter import Editor
from dodont.fixes.text import Char, Hole, Literal, Text

ANCHOR = (cst.SimpleString, cst.FormattedString, cst.ConcatenatedString)

#: Words that need quotes as a column's name in one of the common databases.
_RESERVED = frozenset(
    {
        *("all", "and", "as", "asc", "between", "by", "case", "check", "column", "create", "current_date", "desc"),
        *("distinct", "else", "end", "from", "group", "having", "in", "index", "into", "is", "join", "key"),
        *("limit", "not", "null", "offset", "on", "or", "order", "primary", "rank", "references", "row", "select"),
        *("set", "table", "then", "to", "union", "unique", "user", "using", "values", "when", "where", "with"),
    }
)


_ALONE = re.compile(r"\bselect\s*$", re.I)


def rewrite(
    node: cst.SimpleString | cst.FormattedString | cst.ConcatenatedString,
    *,
    edit: Editor,
    columns: Sequence[str],
    qualifier: str = "",
    call: Sequence[int] | None = None,
) -> None:
    """Replace the first star of a projection: the bare one, or ``t.*`` when ``qualifier`` is ``t``.

    Without ``columns`` it becomes what the function reads from the rows of ``call``.
    """
    read = not columns
    if read and call is not None:
        sink = edit.find(call, cst.Call)
        assert isinstance(sink, cst.Call)
        columns = columns_read(sink, edit)
    for column in columns:
        if not re.fullmatch(r"[A-Za-z_]\w*", column) or column.lower() in _RESERVED:
            raise CannotFix(f"the column {column!r} would need quotes")
    if not columns:
        raise CannotFix("no columns are known")
    literals = [Literal(edit.source, part) for part in _parts(node)]
    stars = [
        (literal, text, n)
        for literal in literals
        for text in literal.parts
        if isinstance(text, Text)
        for n, char in enumerate(text.chars)
        if char.value == "*"
    ]
    whole, places = _text(literals)
    dotted = f"{qualifier}." if qualifier else ""
    for literal, text, n in stars:
        at = places[id(text)] + n
        if _is_projection(whole, at, qualifier):
            if read and not (
                _ALONE.search(whole[: at - len(dotted)]) and re.match(r"\s*from\b", whole[at + 1 :], re.I)
            ):
                raise CannotFix("the star is not all that is selected")
            listed = f", {dotted}".join(columns)
            text.chars[n : n + 1] = [Char(c, c) for c in listed]
            edit.exact(literal.start, literal.end, literal.render())
            return
    raise CannotFix("there is no such star in the text")


def _parts(node: cst.BaseExpression) -> list[cst.SimpleString | cst.FormattedString]:
    if isinstance(node, cst.ConcatenatedString):
        return [*_parts(node.left), *_parts(node.right)]
    if isinstance(node, (cst.SimpleString, cst.FormattedString)):
        return [node]
    raise CannotFix("the string is of a kind that is not known")


def _text(literals: Sequence[Literal]) -> tuple[str, dict[int, int]]:
    """The SQL text with quoted strings and comments blanked, a hole being one character, and where each part begins."""
    out, places = "", {}
    for literal in literals:
        for part in literal.parts:
            places[id(part)] = len(out)
            out += "\1" if isinstance(part, Hole) else part.value
    blank = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|`[^`]*`|--[^\n]*|/\*.*?\*/", re.S)
    return blank.sub(lambda found: "\2" * len(found[0]), out), places


def _is_projection(text: str, at: int, qualifier: str) -> bool:
    if text[at] != "*":
        return False
    before, after = text[:at], text[at + 1 :]
    if not re.match(r"\s*(?:,|\)|;|from\b|into\b|$)", after, re.I):
        return False
    if qualifier:
        found = re.search(rf"(?<![\w.]){re.escape(qualifier)}\.$", before)
        if not found:
            return False
        before = before[: found.start()]
    head = re.search(r"(\bexists\s*\(\s*)?\bselect(?:\s+(?:all|distinct))?\s*$", before, re.I)
    if head:
        return head[1] is None
    return not before.strip() or before.rstrip().endswith(",")
