"""Writes comments that silence findings into files: ``# dodont: ignore[rule] reason``."""

from __future__ import annotations

import ast
import io
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dodont.core.diagnostic import Diagnostic
from dodont.core.rule import INTERNAL_CODE
from dodont.engine.fixing import replace
from dodont.engine.suppression import joined_lines, kept
from dodont.project.comments import OWN
from dodont.project.source import Unreadable, decode, encoding_of, read


@dataclass(frozen=True, slots=True)
class Accepted:
    """How many findings got a comment, in how many files; ``left`` are those that none can be written for, with the reason."""

    findings: int
    files: int
    left: tuple[tuple[Diagnostic, str], ...]


def accept(diagnostics: Iterable[Diagnostic], root: Path, reason: str) -> Accepted:
    """Silence the findings where they stand. Each file is replaced in one step; one where that would change the code is left alone."""
    by_path: dict[str, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        if diagnostic.code != INTERNAL_CODE:
            by_path.setdefault(diagnostic.path, []).append(diagnostic)
    findings = files = 0
    left: list[tuple[Diagnostic, str]] = []
    for name, found in by_path.items():
        path = Path(os.path.realpath(root / name))
        try:
            data = read(str(path))
            text = decode(data)
            new = commented(text, found, reason)
            rest = list(kept(found, new, noqa=False)) if new != text else list(found)
            left += [(each, "no comment can stand on its line") for each in rest]
            if len(rest) < len(found):
                replace(path, new.encode(encoding_of(data)))
                findings += len(found) - len(rest)
                files += 1
        except (OSError, Unreadable, UnicodeEncodeError) as error:
            left += [(each, str(error)) for each in found]
    return Accepted(findings, files, tuple(left))


def commented(text: str, diagnostics: Sequence[Diagnostic], reason: str) -> str:
    """The text with comments for those findings that one can be written for; the code in it is the same."""
    lines = io.StringIO(text, newline="").readlines()
    before = _tree(text)
    places = _places(text, diagnostics)
    changed = _changed(lines, places, reason)
    if _tree("".join(changed)) == before:
        return "".join(changed)
    for number, names in places.items():
        changed = _changed(lines, {number: names}, reason)
        if _tree("".join(changed)) == before:
            lines = changed
    return "".join(lines)


def _changed(lines: Sequence[str], places: Mapping[int, Sequence[str]], reason: str) -> list[str]:
    changed = list(lines)
    for number, names in places.items():
        changed[number - 1] = _with_comment(lines[number - 1], names, reason)
    return changed


def _places(text: str, diagnostics: Sequence[Diagnostic]) -> dict[int, list[str]]:
    """The rules to name, by the line of the comment: that of the finding, or where the string around it ends."""
    found: dict[int, list[str]] = {}
    joined = joined_lines(text)
    for diagnostic in diagnostics:
        line = diagnostic.span.line
        _, last = joined.get(line, (line, line))
        names = found.setdefault(last, [])
        if diagnostic.rule not in names:
            names.append(diagnostic.rule)
    return found


def _with_comment(line: str, names: Sequence[str], reason: str) -> str:
    """The line with the rules in its comment; in the one that is there already, if that is no other's."""
    there = next((each for each in OWN.finditer(line) if not each["file"]), None)
    if there is not None:
        known = [name.strip() for name in there["names"].split(",") if name.strip()]
        every = ", ".join(dict.fromkeys((*known, *names)))
        return line[: there.start("names")] + every + line[there.end("names") :]
    code = line.rstrip("\r\n")
    end = line[len(code) :]
    return f"{code.rstrip()}  # dodont: ignore[{', '.join(names)}] {reason}".rstrip() + end


def _tree(text: str) -> str:
    """The code that a text is; empty when it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.dump(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
