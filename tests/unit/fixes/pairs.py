"""Before and after: a helper that marks places in code and applies a fix to them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from dodont.core.diagnostic import Edit, Fix, Span
from dodont.fixes import CannotFix, edits

_LINE_END = re.compile(r"\r\n|\r|\n")


def place(code: str, offset: int) -> tuple[int, int]:
    ends = [m.end() for m in _LINE_END.finditer(code, 0) if m.end() <= offset]
    return len(ends) + 1, offset - (ends[-1] if ends else 0)


def span(code: str, start: int, end: int) -> Span:
    return Span(*place(code, start), *place(code, end))


def marked(code: str, opening: str = "«", closing: str = "»") -> tuple[str, list[tuple[int, int]]]:
    """The code without its marks, and the regions they held, in the order of their openings."""
    clean, regions, open_ = "", [], []
    for char in code:
        if char == opening:
            open_.append(len(regions))
            regions.append((len(clean), -1))
        elif char == closing:
            index = open_.pop()
            regions[index] = (regions[index][0], len(clean))
        else:
            clean += char
    return clean, regions


def apply(code: str, changes: Iterable[Edit]) -> str:
    starts = [0, *(m.end() for m in _LINE_END.finditer(code))]
    for edit in sorted(changes, key=lambda e: e.span, reverse=True):
        at = edit.span
        begin, end = starts[at.line - 1] + at.column, starts[at.end_line - 1] + at.end_column
        code = code[:begin] + edit.text + code[end:]
    return code


def fixed(rule: str, code: str, **parameters: object) -> str:
    """The code after the fix anchored at its first mark. Raises CannotFix."""
    clean, regions = marked(code)
    answer = edits(clean, [(rule, Fix("", "safe", span(clean, *regions[0]), parameters))])[0]
    if isinstance(answer, CannotFix):
        raise answer
    return apply(clean, answer)


def bound(code: str, style: str, position: int | str | None = 1, keyword: str | None = None) -> str:
    """The code with the ‹hole›s of the «text» bound to the parameters of its ``c.execute(...)`` or ``c.fetch(...)``."""
    clean, regions = marked(code.replace("‹", "«").replace("›", "»"))
    marks = [char for char in code if char in "«‹"]
    anchor = next(region for region, mark in zip(regions, marks, strict=True) if mark == "«")
    holes = [region for region, mark in zip(regions, marks, strict=True) if mark == "‹"]
    call = next(
        node
        for node in ast.walk(ast.parse(clean))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("c.execute", "c.fetch")
    )
    lines = clean.splitlines()

    def column(line: int | None, offset: int | None) -> int:
        assert line is not None
        return len(lines[line - 1].encode()[:offset].decode())

    parameters = {
        "style": style,
        "call": [
            call.lineno,
            column(call.lineno, call.col_offset),
            call.end_lineno,
            column(call.end_lineno, call.end_col_offset),
        ],
        "position": position,
        "keyword": keyword,
        "holes": [list(span(clean, *hole)) for hole in holes],
    }
    answer = edits(clean, [("sql-from-strings", Fix("", "safe", span(clean, *anchor), parameters))])[0]
    if isinstance(answer, CannotFix):
        raise answer
    after = apply(clean, answer)
    ast.parse(after)
    return after
