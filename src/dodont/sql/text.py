"""SQL text with holes, cut into tokens and rewritten so that a parser of plain SQL can read it.

Nothing here knows the grammar: it knows quotes, comments, drivers' placeholders, and what stands left and right of a
hole. Standard library only.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

#: What stands for a hole in the joined text: one character of the private use area.
HOLE = "\ue000"

Kind = Literal["space", "comment", "string", "dollar", "name", "bracket", "parameter", "number", "word", "operator"]

_SINGLE = r"'[^']*(?:''[^']*)*(?:'|\Z)"
_SINGLE_BACKSLASH = r"'[^'\\]*(?:(?:''|\\.)[^'\\]*)*(?:'|\\?\Z)"


@cache
def _scanner(mysql: bool) -> re.Pattern[str]:
    """MySQL knows backslashes in strings, and comments after a hash."""
    comment = r"--[^\n]*|/\*.*?(?:\*/|\Z)" + (r"|\#[^\n]*" if mysql else "")
    return re.compile(
        rf"""
        (?P<space>\s+)
        |(?P<comment>{comment})
        |(?P<string>{_SINGLE_BACKSLASH if mysql else _SINGLE})
        |(?P<dollar>\$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z))
        |(?P<name>"[^"]*(?:""[^"]*)*(?:"|\Z)|`[^`]*(?:`|\Z))
        |(?P<bracket>\[[A-Za-z_{HOLE}][\w\ {HOLE}]*\])
        |(?P<parameter>%\([\w{HOLE}]+\)s|%[sdi](?![A-Za-z_])|\$(?:\d+|{HOLE})|(?<![:\w]):[A-Za-z_{HOLE}][\w{HOLE}]*
            |\{{[\w.!:]*\}})
        |(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?(?![A-Za-z_]))
        |(?P<word>[\w{HOLE}@\#]+)
        |(?P<operator>%%|::|:=|->>|->|\#>>|\#>|\|\||<=>|<=|>=|<>|!=|@>|<@|\?\||\?&|.)
        """,
        re.X | re.S,
    )


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Words after which an operand, a name or another keyword is still to come.
KEYWORDS = word_set(
    """
    ADD ALL ALTER ANALYZE AND ANY AS BETWEEN BY CALL CASE CAST COLLATE COLUMN CONCURRENTLY CONSTRAINT COPY
    CREATE CROSS DATABASE DEFAULT DELETE DISTINCT DO DROP ELSE ESCAPE EXCEPT EXECUTE EXISTS EXPLAIN FETCH FOR
    FROM FULL FUNCTION GLOB GRANT GROUP HAVING IF ILIKE IN INDEX INNER INSERT INTERSECT INTERVAL INTO IS JOIN
    LATERAL LEFT LIKE LIMIT MATCHED MERGE NATURAL NOT OFFSET ON ONLY OR ORDER OUTER OVER PARTITION PRAGMA
    REGEXP RENAME REPLACE RETURNING REVOKE RIGHT RLIKE ROLE SAVEPOINT SCHEMA SELECT SET SHOW SIMILAR TABLE
    THEN TO TRUNCATE UNION UNIQUE UPDATE USE USER USING VALUES VIEW WHEN WHERE WINDOW WITH
    """
)
#: Words that open a statement.
STARTERS = word_set(
    """
    SELECT INSERT UPDATE DELETE MERGE REPLACE WITH VALUES CREATE ALTER DROP TRUNCATE SET RESET USE GRANT
    REVOKE PRAGMA CALL EXEC EXECUTE EXPLAIN DESCRIBE DESC SHOW COPY BEGIN START COMMIT END ROLLBACK ABORT
    SAVEPOINT RELEASE LOCK VACUUM ANALYZE REINDEX CLUSTER REFRESH COMMENT LISTEN UNLISTEN NOTIFY DO DECLARE
    FETCH CLOSE PREPARE DEALLOCATE ATTACH DETACH OPTIMIZE KILL LOAD FLUSH RENAME HANDLER DISCARD CHECKPOINT
    """
)
_CLAUSES = word_set(
    """
    SELECT FROM WHERE ON HAVING WHEN JOIN UPDATE INTO SET VALUES ORDER GROUP BY LIMIT USING
    """
)
_CONDITION = word_set(
    """
    WHERE ON HAVING WHEN
    """
)
_TABLES = word_set(
    """
    FROM JOIN UPDATE INTO USING
    """
)
#: After these a hole before another keyword is a modifier (``INSERT {ignore} INTO``), never an operand.
_MODIFIED = word_set(
    """
    INSERT DELETE UNION EXCEPT INTERSECT CREATE DROP ALTER ORDER GROUP LEFT RIGHT FULL INNER OUTER NATURAL
    CROSS REPLACE MERGE TRUNCATE
    """
)


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    text: str
    start: int  # in the joined text
    holes: tuple[int, ...] = ()

    @property
    def upper(self) -> str:
        """The word in upper case; other kinds give their text."""
        return self.text.upper() if self.kind == "word" else self.text

    @property
    def keyword(self) -> bool:
        return self.kind == "word" and self.upper in KEYWORDS

    @property
    def ends_operand(self) -> bool:
        """An expression, a name or a clause may be complete after this token."""
        if self.kind in ("string", "dollar", "name", "bracket", "parameter", "number"):
            return True
        return (not self.keyword) if self.kind == "word" else self.text in (")", "]")

    @property
    def starts_operand(self) -> bool:
        if self.kind in ("string", "dollar", "name", "bracket", "parameter", "number"):
            return True
        if self.kind == "word":
            return not self.keyword and self.text.strip(HOLE) != "" and self.upper not in ("ASC", "DESC", "END")
        return self.text == "("


@dataclass(frozen=True, slots=True)
class Source:
    """The joined text of a template and the way back to its parts."""

    text: str
    starts: tuple[int, ...]  # of each part in the joined text
    holes: int

    @classmethod
    def of(cls, parts: Sequence[str | None]) -> Source:
        starts: list[int] = []
        texts: list[str] = []
        length = 0
        for part in parts:
            text = HOLE if part is None else part.replace(HOLE, " ")
            starts.append(length)
            texts.append(text)
            length += len(text)
        return cls("".join(texts), tuple(starts), sum(part is None for part in parts))

    def place(self, offset: int) -> tuple[int, int]:
        """The part and the offset in it."""
        part = bisect_right(self.starts, offset) - 1
        return part, offset - self.starts[part]


def tokens(text: str, *, mysql: bool = False) -> list[Token]:
    """All of ``text`` in order, spaces and comments too. Holes are numbered by their order."""
    found: list[Token] = []
    hole = 0
    before: Token | None = None
    for match in _scanner(mysql).finditer(text):
        kind: Kind = match.lastgroup if match.lastgroup != "tag" else "dollar"  # type: ignore[assignment]
        value = match[0]
        count = value.count(HOLE)
        numbers = tuple(range(hole, hole + count))
        start = match.start()
        if kind == "bracket" and before is not None and (before.ends_operand or before.upper == "ARRAY"):
            # An array or a subscript, no quoted name: cut it open.
            made = [Token("operator", "[", start)]
            inner = tokens(value[1:-1], mysql=mysql)
            made += [Token(t.kind, t.text, t.start + start + 1, tuple(hole + n for n in t.holes)) for t in inner]
            made.append(Token("operator", "]", start + len(value) - 1))
        elif kind == "word" and count and (pieces := _unglued(value)):
            made = []
            for piece in pieces:
                own = piece.count(HOLE)
                first = hole + sum(len(t.holes) for t in made)
                sort: Kind = "number" if piece.isdigit() else "word"
                made.append(Token(sort, piece, start, tuple(range(first, first + own))))
                start += len(piece)
        else:
            made = [Token(kind, value, start, numbers)]
        hole += count
        found += made
        if made[-1].kind not in ("space", "comment"):
            before = made[-1]
    return found


def _unglued(word: str) -> list[str]:
    """Holes that touch a keyword or a number are words of their own: ``{where}ORDER``, ``1=1{more}``."""
    rest = word.strip(HOLE)
    if rest and HOLE not in rest and (rest.isdigit() or rest.upper() in KEYWORDS):
        head = word[: word.index(rest)]
        return [piece for piece in (head, rest, word[len(head) + len(rest) :]) if piece]
    return []


def statements(found: Sequence[Token]) -> list[list[Token]]:
    """Cut at semicolons; those in the body of a routine or a trigger stay inside."""
    result: list[list[Token]] = []
    current: list[Token] = []
    words: list[str] = []
    depth = 0
    for token in found:
        if token.kind == "word":
            word = token.upper
            if len(words) < 8:
                words.append(word)
            if words[0] == "CREATE" and not {"FUNCTION", "PROCEDURE", "TRIGGER"}.isdisjoint(words):
                depth += (word in ("BEGIN", "CASE")) - (word == "END")
        if token.kind == "operator" and token.text == ";" and depth <= 0:
            result.append(current)
            current, words, depth = [], [], 0
        else:
            current.append(token)
    result.append(current)
    return [one for one in result if any(t.kind not in ("space", "comment") or t.holes for t in one)]


@dataclass(slots=True)
class Written:
    """One statement as the parser gets it: on one line, holes, placeholders and stars as marker names.

    ``fragments`` are the holes known to be no operand from what surrounds them; ``quoted`` maps holes in string
    literals to the text before and after them in the literal.
    """

    pieces: list[str] = field(default_factory=list)
    spots: dict[int, int] = field(default_factory=dict)  # hole -> piece that holds its marker
    fragments: set[int] = field(default_factory=set)
    glued: set[int] = field(default_factory=set)  # shares a word with text or other holes
    quoted: dict[int, tuple[str, str]] = field(default_factory=dict)
    #: In double quotes: a name, or a string to some dialects. The text before and after, as in ``quoted``.
    double: dict[int, tuple[str, str]] = field(default_factory=dict)
    parenthesised: set[int] = field(default_factory=set)  # alone between parentheses
    stars: dict[int, int] = field(default_factory=dict)  # number -> offset in the joined text

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def drop(self, before: int) -> bool:
        """Blank the last marker that begins at or before the column; False when none is left. It becomes a fragment."""
        starts = [0]
        for text in self.pieces:
            starts.append(starts[-1] + len(text))
        candidates = [
            (starts[piece], hole)
            for hole, piece in self.spots.items()
            if hole not in self.fragments and hole not in self.quoted and hole not in self.double
        ]
        earlier = [one for one in candidates if one[0] <= before] or candidates
        if not earlier:
            return False
        piece = self.spots[max(earlier)[1]]
        self.pieces[piece] = " "
        self.fragments |= {hole for hole, spot in self.spots.items() if spot == piece}
        return True


def marker(hole: int) -> str:
    return f"zqh{hole}z"


def star_marker(number: int) -> str:
    return f"zqs{number}z"


MARKER = re.compile(r"zqh(\d+)z", re.I)
STAR_MARKER = re.compile(r"zqs(\d+)z\Z", re.I)
_TYPED = frozenset({"DATE", "TIME", "TIMESTAMP", "TIMESTAMPTZ", "INTERVAL"})


def _marked(token: Token) -> str:
    holes = iter(token.holes)
    return re.sub(HOLE, lambda _: marker(next(holes)), token.text)


def write(statement: Sequence[Token]) -> Written:
    """Rewrite one statement."""
    out = Written()
    significant = [t for t in statement if t.kind not in ("space", "comment")]
    clause = ""
    index = -1
    parameters = 0
    for token in statement:
        if token.kind in ("space", "comment"):
            out.pieces.append(" ")
            out.fragments.update(token.holes)
            continue
        index += 1
        before = significant[index - 1] if index else None
        after = significant[index + 1] if index + 1 < len(significant) else None
        complete = before is not None and before.ends_operand
        piece: str = token.text
        match token.kind:
            case "word" if token.holes:
                if token.text == HOLE:
                    outer = significant[index - 2] if index > 1 else None
                    piece = _hole(out, token.holes[0], outer, before, after, clause)
                else:
                    out.glued.update(token.holes)
                    if complete and not token.text.strip(HOLE):
                        out.fragments.update(token.holes)
                        piece = " "
                    else:
                        piece = _marked(token)
                for hole in token.holes:
                    out.spots[hole] = len(out.pieces)
            case "word":
                if token.upper in _CLAUSES:
                    clause = token.upper
                if index == 0 and token.upper == "REPLACE":
                    piece = "INSERT"  # one statement to MySQL and SQLite, a command to the parser
            case "string":
                out.quoted |= _literal(token)
                if len(token.holes) > 1 or (before is not None and before.upper in _TYPED):
                    # `DATE '{x}'` takes no parameter, and a literal of several holes is no single one.
                    out.fragments.update(token.holes)
                piece = _marked(token).replace("\n", " ").replace("\r", " ")
                if len(token.text) == 1 or not token.text.endswith("'"):
                    piece += "'"
                for hole in token.holes:
                    out.spots[hole] = len(out.pieces)
            case "dollar":
                out.fragments.update(token.holes)
                piece = "'body'"
            case "name" | "bracket":
                piece = _marked(token).replace("\n", " ")
                if token.kind == "bracket":
                    piece = f'"{piece[1:-1]}"'
                elif piece.startswith('"'):
                    out.double |= _literal(token)
                if token.text[1:-1] != HOLE:
                    out.glued.update(token.holes)
                for hole in token.holes:
                    out.spots[hole] = len(out.pieces)
            case "parameter":
                out.fragments.update(token.holes)
                if complete and token.text[0] in "%{":
                    piece = " "
                else:
                    piece = f":zqp{parameters}z"
                    parameters += 1
            case "operator":
                if token.text == "?" and not complete:
                    piece = f":zqp{parameters}z"
                    parameters += 1
                elif token.text == "%%":
                    piece = "%"
                elif token.text == "*" and not complete:
                    number = len(out.stars)
                    out.stars[number] = token.start
                    piece = star_marker(number)
            case _:
                pass
        out.pieces.append(piece)
    return out


def _literal(token: Token) -> dict[int, tuple[str, str]]:
    """For each hole the text before and after it, up to the quote or the next hole, quotes undoubled."""
    quote = token.text[0]
    body = token.text[1:].removesuffix(quote).replace(quote * 2, quote).split(HOLE)
    return {hole: (body[number], body[number + 1]) for number, hole in enumerate(token.holes)}


def _hole(out: Written, hole: int, outer: Token | None, before: Token | None, after: Token | None, clause: str) -> str:
    """What to write for a hole that is a word of its own, given its neighbours."""
    following = after.upper if after is not None else ""
    if before is None:
        out.fragments.add(hole)
        if following in STARTERS or after is None:
            return " "
        return f"SELECT {marker(hole)}" if following in ("FROM", "WHERE") else f"SELECT * FROM {marker(hole)}"
    if before.text == "(" and following == ")":
        out.parenthesised.add(hole)
        if outer is not None and outer.upper in ("AS", "EXISTS", "FROM", "JOIN"):
            out.fragments.add(hole)
            return f"SELECT * FROM {marker(hole)}"
    if before.ends_operand:
        if clause in _TABLES and following in ("ON", ",", "SET"):
            return marker(hole)
        out.fragments.add(hole)
        if clause in _CONDITION and after is not None and after.starts_operand:
            return "="
        return " "
    if before.upper == "SELECT" and after is not None and after.kind == "word" and after.starts_operand:
        out.fragments.add(hole)
        return " "
    if before.upper == "IS":
        out.fragments.add(hole)
        return "NULL"
    if before.upper in _MODIFIED and (after is None or after.keyword):
        out.fragments.add(hole)
        return " "
    return marker(hole)
