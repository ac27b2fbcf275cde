"""Read and parse source files: encodings, broken files, files too large, each with a message for a person."""

from __future__ import annotations

import ast
import codecs
import io
import os
import re
import stat
import sys
import tokenize
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

#: Larger files are generated data; reading them as code helps nobody.
MAX_BYTES = 4_000_000

#: UTF-32 before UTF-16: one mark begins with the other.
_OTHER_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)

#: An open bracket and what may follow within it, closed brackets included.
_OPEN = r"\[(?:[^\[\]=]|\[[^\[\]]*\])*"

#: What newer Pythons brought: the version, its name, and what stands before and after the place where an older parser
#: gives up. The first that fits is told, so the newer of two that look alike stands first.
_NEWER = (
    ((3, 14), "a template string", r"\b(?:t|tr|rt)$", r"[\"']"),
    ((3, 13), "a default of a type parameter", rf"\b(?:class|def|type)\s+\w+\s*{_OPEN}$", r"="),
    ((3, 13), "a default of a type parameter", r"\b(?:class|def)\s+\w+\s*$", rf"{_OPEN}=[^=]"),
    ((3, 12), "a type parameter", r"\b(?:class|def)\s+\w+\s*$", r"\["),
    ((3, 12), "a `type` statement", r"^\s*type\s+$", r"\w+\s*[=\[]"),
)
#: The same by the words of the parser, which knows these forms and refuses them.
_REFUSED = (
    ((3, 14), "`except` with several types and no parentheses", "multiple exception types must be parenthesized"),
    ((3, 12), "a backslash in an f-string's expression", "f-string expression part cannot include a backslash"),
    ((3, 12), "a comment in an f-string's expression", "f-string expression part cannot include '#'"),
)


class Unreadable(Exception):  # noqa: N818
    """A file that cannot be analysed: ``message`` says why, ``line`` where when known."""

    def __init__(self, message: str, line: int = 1, column: int = 0) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


class Source(NamedTuple):
    """A parsed file and its text, decoded, line ends as they are."""

    tree: ast.Module
    text: str


def displayed(path: str, root: str | os.PathLike[str]) -> str:
    """How a run names a file: relative to an absolute ``root``, absolute outside of it; with forward slashes."""
    return path.removeprefix(os.path.join(root, "")).replace(os.sep, "/")


def read(path: str) -> bytes:
    """The content of a file. Raises Unreadable and OSError."""
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("not a regular file; it was not analysed")  # a pipe would be waited for
    _check_size(status.st_size)
    with open(path, "rb") as file:
        return file.read()


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise Unreadable(f"file is larger than {MAX_BYTES // 1_000_000} MB; it was not analysed")


def encoding_of(data: bytes) -> str:
    """The encoding a source file declares by its mark or its comment, else UTF-8. Raises Unreadable."""
    # Lines may end with a carriage return alone, which ``readline`` does not know.
    head = data if b"\n" in data else data.replace(b"\r", b"\n")
    try:
        return tokenize.detect_encoding(io.BytesIO(head).readline)[0]
    except SyntaxError as error:
        said = error.msg or ""
    if said.startswith("unknown encoding"):
        raise Unreadable(f"{said}; save the file as UTF-8")
    if said.startswith("encoding problem") and data.startswith(codecs.BOM_UTF8):
        raise Unreadable("file declares an encoding and begins with the mark of UTF-8; drop one of them")
    raise Unreadable("file is not valid utf-8; declare its encoding or save it as UTF-8")


def decode(data: bytes) -> str:
    """The text of a source file as Python reads it. Raises Unreadable."""
    _check_size(len(data))
    for mark, name in _OTHER_MARKS:
        if data.startswith(mark):
            raise Unreadable(f"file is {name}, which Python does not read; save it as UTF-8")
    if b"\0" in data:
        raise Unreadable("file contains NUL bytes; is it a binary file?", data[: data.index(b"\0")].count(b"\n") + 1)
    encoding = encoding_of(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Unreadable(f"file is not valid {encoding}; declare its encoding or save it as UTF-8", line) from None
    except (UnicodeError, LookupError):  # Python has codecs that are no encodings of a text: rot13, hex, undefined
        raise Unreadable(f"{encoding} is no encoding of source code; save the file as UTF-8") from None


def parse(text: str) -> Source:
    """Parse decoded text. Raises Unreadable."""
    with _reading():
        return Source(ast.parse(text), text)


def check_syntax(text: str) -> None:
    """Raise Unreadable where ``parse`` would, for a third less of its time."""
    with _reading():
        import symtable

        try:
            symtable.symtable(text, "<unknown>", "exec")
        except SyntaxError:
            ast.parse(text)  # what the parser takes is read: `from __future__ import braces`


@contextmanager
def _reading() -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except SyntaxError as error:
        raise Unreadable(_syntax_error(error), error.lineno or 1, max((error.offset or 1) - 1, 0)) from None
    except (RecursionError, MemoryError):
        raise Unreadable("expressions are nested too deeply to be parsed") from None
    except ValueError as error:
        raise Unreadable(f"cannot be parsed: {error}") from None


def _syntax_error(error: SyntaxError, running: tuple[int, int] = sys.version_info[:2]) -> str:
    """What is wrong, and which Python would take it where that can be told from the place."""
    own = f"{running[0]}.{running[1]}"
    line, column = error.text or "", max((error.offset or 1) - 1, 0)
    named = [(version, what) for version, what, said in _REFUSED if said in error.msg]
    named += [
        (version, what)
        for version, what, before, after in _NEWER
        if re.search(before, line[:column]) and re.match(after, line[column:])
    ]
    for version, what in named:
        if version > running:
            needed = f"{version[0]}.{version[1]}"
            return f"{what} needs Python {needed} or later, and this is {own}; run dodont with a newer Python"
    # Before 3.12 these words may mean a mistake, or the f-string's own quotes once more within it.
    if running < (3, 12) and re.match("f-string: (?:unmatched|expecting '}')", error.msg):
        return f"syntax error for Python {own}: {error.msg} (an f-string with its own quotes inside needs Python 3.12)"
    return f"syntax error for Python {own}: {error.msg}"
