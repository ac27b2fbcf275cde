"""Read and parse source files: encodings, broken files, files too large, each with a message for a person."""

from __future__ import annotations

import ast
import io
import os
import stat
import sys
import tokenize
import warnings
from dataclasses import dataclass

#: Larger files are generated data; reading them as code helps nobody.
MAX_BYTES = 4_000_000


class Unreadable(Exception):  # noqa: N818
    """A file that cannot be analysed: ``message`` says why, ``line`` where when known."""

    def __init__(self, message: str, line: int = 1, column: int = 0) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


@dataclass(slots=True)
class Source:
    """A parsed file and its text, decoded, line ends as they are."""

    tree: ast.Module
    text: str


def read(path: str) -> bytes:
    """The content of a file. Raises Unreadable and OSError."""
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("not a regular file")  # a pipe would be waited for
    _check_size(status.st_size)
    with open(path, "rb") as file:
        return file.read()


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise Unreadable(f"file is larger than {MAX_BYTES // 1_000_000} MB; it was not analysed")


def decode(data: bytes) -> str:
    """The text of a source file as Python reads it. Raises Unreadable."""
    _check_size(len(data))
    if b"\0" in data:
        raise Unreadable("file contains NUL bytes; is it a binary file?", data[: data.index(b"\0")].count(b"\n") + 1)
    try:
        # Lines may end with a carriage return alone, which ``readline`` does not know.
        head = data if b"\n" in data else data.replace(b"\r", b"\n")
        encoding, _ = tokenize.detect_encoding(io.BytesIO(head).readline)
        return data.decode(encoding)
    except SyntaxError as error:
        if error.msg and error.msg.startswith("unknown encoding"):
            raise Unreadable(error.msg) from None
        raise Unreadable("file is not valid utf-8; declare its encoding or save it as UTF-8") from None
    except (UnicodeDecodeError, LookupError) as error:
        line = data[: error.start].count(b"\n") + 1 if isinstance(error, UnicodeDecodeError) else 1
        raise Unreadable(f"file is not valid {encoding}; declare its encoding or save it as UTF-8", line) from None


def parse(text: str) -> Source:
    """Parse decoded text. Raises Unreadable."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except SyntaxError as error:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise Unreadable(
            f"syntax error for Python {version}: {error.msg}", error.lineno or 1, max((error.offset or 1) - 1, 0)
        ) from None
    except (RecursionError, MemoryError):
        raise Unreadable("expressions are nested too deeply to be parsed") from None
    except ValueError as error:
        raise Unreadable(f"cannot be parsed: {error}") from None
    return Source(tree, text)
