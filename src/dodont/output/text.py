"""Findings for people: ``concise``, one line each, and ``full``, with the code, the way of the value and the remedy.

Both are made of styled pieces; without a terminal the styles are dropped, so the words are the same everywhere.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from dodont.core.diagnostic import Diagnostic, Step
from dodont.core.rule import Rule
from dodont.engine.catalogue import practices
from dodont.output import escaping
from dodont.output.result import Result

#: A piece of text and its style in rich's words; no style = plain.
Piece = tuple[str, str]

#: Practices whose findings stand on a secret: the literals of such a line are not shown.
_SECRET = frozenset({"do-sec-3", "dont-sec-6", "dont-sec-8"})
_LITERAL = re.compile(r"""(['"])((?:\\.|(?!\1).)*)(?:\1|$)""")

_MARKS = {"safe": " [fix]", "unsafe": " [unsafe fix]", "display": ""}


def concise(result: Result) -> Iterator[list[Piece]]:
    for diagnostic in result.diagnostics:
        yield _headline(result, diagnostic, "[*] " if _is_safe(diagnostic) else "", "")


def full(result: Result) -> Iterator[list[Piece]]:
    for diagnostic in result.diagnostics:
        mark = _MARKS[diagnostic.fix.applicability] if diagnostic.fix else ""
        yield _headline(result, diagnostic, "", mark)
        yield from _excerpt(result, diagnostic)
        yield from _steps(result, "how it gets here", diagnostic.flow, numbered=True)
        yield from _steps(result, "see also", diagnostic.related, numbered=False)
        for practice in result.rule(diagnostic).practices:
            yield [("   = practice: ", "dim"), (f"{practice} {practice_text(practice)}".rstrip(), "")]
        if remedy := result.remedy(diagnostic):
            yield [("   = remedy: ", "dim"), (remedy, "green")]
        if diagnostic.fix:
            how = "" if diagnostic.fix.applicability == "display" else f" ({diagnostic.fix.applicability})"
            yield [("   = fix: ", "dim"), (diagnostic.fix.title + how, "")]
        yield []


def statistics(result: Result) -> Iterator[list[Piece]]:
    counts = Counter((found.code, found.rule) for found in result.diagnostics)
    fixable = Counter(found.code for found in result.diagnostics if _is_safe(found))
    width = len(str(max(counts.values(), default=0)))
    for (code, name), count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        yield [(f"{count:>{width}}  ", ""), (code, "bold"), (f" [{'*' if fixable[code] else ' '}] {name}", "")]


def verdict(result: Result) -> str:
    """The closing line: what was found, what can be done about it by machine, and what a baseline hides."""
    return _verdict(result) + (f" {result.hidden} hidden by the baseline." if result.hidden else "")


def _verdict(result: Result) -> str:
    found, files = result.diagnostics, result.files
    if not found:
        read = "no findings left" if files is None else f"{_count(files, 'file')} checked, no findings"
        return f"All clear: {read.replace('no findings', 'no new findings') if result.new else read}."
    places = len({diagnostic.path for diagnostic in found})
    where = _count(places, "file") if files is None else f"{places} of {_count(files, 'file')}"
    line = f"{_count(len(found), 'new finding' if result.new else 'finding')} in {where}."
    safe = sum(map(_is_safe, found))
    unsafe = sum(1 for diagnostic in found if diagnostic.fix and diagnostic.fix.applicability == "unsafe")
    if safe:
        line += f" {safe} fixable with `dodont fix`"
        line += f", {unsafe} more with `--unsafe-fixes`." if unsafe else "."
    elif unsafe:
        line += f" {unsafe} fixable with `dodont fix --unsafe-fixes`."
    return line


def plain(lines: Iterator[list[Piece]]) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


def coloured(lines: Iterator[list[Piece]]) -> str:
    """The same text with terminal colours."""
    from rich.console import Console
    from rich.text import Text

    console = Console(force_terminal=True, color_system="standard", soft_wrap=True, highlight=False, width=10_000)
    with console.capture() as capture:
        for line in lines:
            console.print(Text.assemble(*line))
    return capture.get().removesuffix("\n")


@cache
def practice_text(practice: str) -> str:
    """The first sentence of a practice; empty when the id is unknown."""
    return next((known.text.split(". ")[0].rstrip(".") for known in practices() if known.id == practice), "")


def _headline(result: Result, diagnostic: Diagnostic, before: str, after: str) -> list[Piece]:
    severity = "bold red" if diagnostic.severity == "error" else "bold yellow"
    return [
        (_place(result, diagnostic.path), "bold"),
        (f":{diagnostic.span.line}:{diagnostic.span.column + 1}: ", "dim"),
        (diagnostic.code, severity),
        (f" {before}{diagnostic.rule}: {escaping.printable(diagnostic.message)}", ""),
        (after, "green"),
    ]


def has_secret(rule: Rule) -> bool:
    """Whether findings of a rule stand on secrets."""
    return not _SECRET.isdisjoint(rule.practices)


def without_literals(line: str) -> str:
    """A line of code with stars for what stands in quotes."""
    return _LITERAL.sub(lambda literal: literal[1] + "*" * len(literal[2]) + literal[1], line)


def _excerpt(result: Result, diagnostic: Diagnostic) -> Iterator[list[Piece]]:
    span = diagnostic.span
    source = result.line(diagnostic.path, span.line)
    if has_secret(result.rule(diagnostic)):
        source = without_literals(source)
    source = escaping.visible(source)
    if not source.strip():
        return
    gutter = len(str(span.line))
    end = span.end_column if span.end_line == span.line else len(source)
    # Tabs stay tabs under the line, so the marks stand where the code does.
    indent = "".join(mark if mark == "\t" else " " for mark in source[: span.column])
    yield [(f"{'':{gutter}} |", "dim")]
    yield [(f"{span.line} | ", "dim"), (source, "")]
    yield [(f"{'':{gutter}} | ", "dim"), (indent + "^" * max(1, end - span.column), "bold red")]


def _steps(result: Result, title: str, steps: Sequence[Step], *, numbered: bool) -> Iterator[list[Piece]]:
    if steps:
        yield [(f"   = {title}:", "dim")]
    for number, step in enumerate(steps, 1):
        mark = f"{number}." if numbered else "-"
        place = f"{_place(result, step.path)}:{step.span.line}"
        yield [(f"       {mark} ", "dim"), (place, "bold"), (f": {escaping.printable(step.text)}", "")]


def _place(result: Result, path: str) -> str:
    """The path as seen from the current directory; in full when the file does not lie below it."""
    absolute = result.root / path
    current = Path.cwd()
    shown = (absolute.relative_to(current) if absolute.is_relative_to(current) else absolute).as_posix()
    return escaping.place(shown)


def _is_safe(diagnostic: Diagnostic) -> bool:
    return diagnostic.fix is not None and diagnostic.fix.applicability == "safe"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
