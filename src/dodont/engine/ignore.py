"""Patterns of ``.gitignore``, matched as git matches them: each path by itself, on the bytes of its name.

A walker asks of one directory entry after the other whether it is left out. That is not what pathspec answers, for which
a pattern also matches all that lies below: it would not enter ``foo`` for ``foo/**``, and ``!foo`` would bring back
``foo/x.pyc`` against ``*.pyc``. Settings that are asked of whole paths (``per-file-ignores``, ``roles``) do want that.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_POSIX = {
    "alnum": "[0-9A-Za-z]",
    "alpha": "[A-Za-z]",
    "blank": r"[ \t]",
    "cntrl": r"[\x00-\x1f\x7f]",
    "digit": "[0-9]",
    "graph": "[!-~]",
    "lower": "[a-z]",
    "print": "[ -~]",
    "punct": r"[!-/:-@\[-`{-~]",
    "space": r"[ \t-\r]",
    "upper": "[A-Z]",
    "xdigit": "[0-9A-Fa-f]",
}
_STAR, _STARS = "*", "**"


class _Pattern(NamedTuple):
    regex: str
    negated: bool  # `!x`: what matches is not left out
    directories: bool  # `x/`: a file never matches
    by_name: bool  # without a slash: the name is matched, wherever it is


class Patterns:
    """The patterns of one file, for what lies below ``base``. The last one that matches decides."""

    __slots__ = ("_any", "_base", "_patterns")

    def __init__(self, base: str, lines: Iterable[bytes | str]) -> None:
        """``lines`` are without their ends."""
        self._base = os.path.join(base, "")
        found = [pattern for line in lines if (pattern := _parsed(_plain(line))) is not None]
        self._patterns = [(re.compile(each.regex, re.S), each) for each in reversed(found)]
        # Most entries match nothing, which one search can tell.
        self._any = {
            (is_directory, by_name): _alternatives(
                each for each in found if each.by_name is by_name and (is_directory or not each.directories)
            )
            for is_directory in (False, True)
            for by_name in (False, True)
        }

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def leaves_out(self, path: str, name: str, is_directory: bool) -> bool | None:
        """Whether the entry at ``path``, called ``name``, is left out; None when no pattern matches it."""
        by_name, by_path = self._any[is_directory, True], self._any[is_directory, False]
        name = name if name.isascii() else _plain(name)
        found = by_name is not None and by_name.fullmatch(name) is not None
        below = ""
        if by_path is not None and path.startswith(self._base):
            below = _plain(path[len(self._base) :].replace(os.sep, "/"))
            found = found or by_path.fullmatch(below) is not None
        if found:
            for regex, pattern in self._patterns:
                if (is_directory or not pattern.directories) and regex.fullmatch(name if pattern.by_name else below):
                    return not pattern.negated
        return None


def lines_of(data: bytes) -> list[bytes]:
    """The lines of an ignore file as git splits them."""
    return [line.removesuffix(b"\r") for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n")]


def _plain(text: bytes | str) -> str:
    """One character for each byte."""
    if isinstance(text, str):
        text = text.encode("utf-8", "surrogateescape")
    return text.decode("latin-1")


def _alternatives(patterns: Iterable[_Pattern]) -> re.Pattern[str] | None:
    regexes = [pattern.regex for pattern in patterns]
    return re.compile("|".join(regexes), re.S) if regexes else None


def _parsed(line: str) -> _Pattern | None:
    """What a line says; None when it can match nothing: an empty one, a comment, a class that is not closed."""
    if line.startswith("#"):
        return None
    text = _without_trailing_spaces(line)
    negated = text.startswith("!")
    text = text[negated:]
    directories = text.endswith("/")
    text = text[: len(text) - directories]
    by_name = "/" not in text
    parts = _parts(text.removeprefix("/"), by_name)
    return _Pattern(_joined(parts), negated, directories, by_name) if parts else None


def _without_trailing_spaces(line: str) -> str:
    kept = line.rstrip(" ")
    escaped = (len(kept) - len(kept.rstrip("\\"))) % 2  # `x\ `: the last backslash makes a space part of the name
    return line[: len(kept) + escaped]


def _parts(text: str, by_name: bool) -> list[list[str]] | None:
    """The segments between slashes, each a list of regexes of what it holds, stars as they are; ``[**]`` for any directories."""
    parts: list[list[str]] = [[]]
    at = 0
    while at < len(text):
        character = text[at]
        if character == "/":
            parts.append([])
            at += 1
        elif character == "*":
            end = at
            while text[end : end + 1] == "*":
                end += 1
            alone = not parts[-1] and text[end : end + 1] in ("", "/")
            parts[-1].append(_STARS if alone and end - at > 1 and not by_name else _STAR)
            at = end
        elif character == "?":
            parts[-1].append("[^/]")
            at += 1
        elif character == "[":
            found = _class(text, at)
            if found is None:
                return None
            regex, at = found
            parts[-1].append(regex)
        elif character == "\\":
            if at + 1 == len(text):
                return None
            if text[at + 1] == "/":
                parts.append([])
            else:
                parts[-1].append(re.escape(text[at + 1]))
            at += 2
        else:
            parts[-1].append(re.escape(character))
            at += 1
    return parts if parts != [[]] else None


def _class(text: str, start: int) -> tuple[str, int] | None:
    """The regex of ``[...]`` and where it ends; None when it does not."""
    at = start + 1
    negated = text[at : at + 1] in ("!", "^")
    at += negated
    allowed: set[str] = set()
    previous = ""
    first = True
    while True:
        character = text[at : at + 1]
        if not character:
            return None
        if character == "]" and not first:
            break
        first = False
        if character == "\\":
            at += 1
            character = text[at : at + 1]
            if not character:
                return None
            allowed.add(character)
            previous = character
        elif character == "-" and previous and text[at + 1 : at + 2] not in ("", "]"):
            at += 1
            if text[at] == "\\":
                at += 1
            if at >= len(text):
                return None
            allowed.update(map(chr, range(ord(previous), ord(text[at]) + 1)))
            previous = ""
        elif character == "[" and text[at + 1 : at + 2] == ":":
            end = text.find("]", at + 2)
            if end < 0:
                return None
            if end > at + 2 and text[end - 1] == ":":
                name = text[at + 2 : end - 1]
                if name not in _POSIX:
                    return None
                allowed.update(each for each in map(chr, range(256)) if re.match(_POSIX[name], each))
                at, previous = end, ""
            else:
                allowed.add("[")
                previous = "["
        else:
            allowed.add(character)
            previous = character
        at += 1
    if negated:
        allowed = set(map(chr, range(256))) - allowed
    allowed.discard("/")
    return f"[{''.join(re.escape(each) for each in sorted(allowed))}]" if allowed else "(?!)", at + 1


def _joined(parts: Sequence[Sequence[str]]) -> str:
    """One regex. The shortest match of what stands between two stars is the best one, so that nothing is tried twice."""
    groups: list[list[str]] = [[]]
    trailing = False
    for index, part in enumerate(parts):
        if part == [_STARS]:
            trailing = index == len(parts) - 1
            if groups[-1] or len(groups) == 1:
                groups.append([])
        else:
            groups[-1].append(_segment(part))
    *leading, last = groups
    regex = ""
    for index, group in enumerate(leading):
        below = "".join(f"{segment}/" for segment in group)
        regex += f"(?>(?:[^/]+/)*?{below})" if index else below
    if trailing:
        return regex + ".+"
    return regex + ("(?:[^/]+/)*" if leading else "") + "/".join(last)


def _segment(part: Sequence[str]) -> str:
    chunks: list[str] = [""]
    for piece in part:
        if piece in (_STAR, _STARS):
            chunks.append("")
        else:
            chunks[-1] += piece
    if len(chunks) == 1:
        return chunks[0]
    first, *middle, last = chunks
    return first + "".join(f"(?>[^/]*?{chunk})" for chunk in middle if chunk) + "[^/]*" + last
