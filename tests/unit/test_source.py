"""What is said of files that do not parse; tests/e2e/test_bad_input.py has the rest."""

from __future__ import annotations

import sys

import pytest

from dodont.project.source import Unreadable, _syntax_error, parse


def refused(text: str) -> str:
    with pytest.raises(Unreadable) as caught:
        parse(text)
    return caught.value.message


NEWER = [
    ((3, 12), "a type parameter", "class A[T]:\n    x: T\n"),
    ((3, 12), "a type parameter", "class Pool[\n    T: Base,\n](Base): ...\n"),
    ((3, 12), "a type parameter", "def f[T: dict[str, int]](x: T = 1) -> T: ...\n"),
    ((3, 12), "a type parameter", "async def f[**P](x): ...\n"),
    ((3, 12), "a `type` statement", "type X = int\n"),
    ((3, 12), "a `type` statement", "if 1:\n    type X[T] = list[T]\n"),
    ((3, 12), "a backslash in an f-string's expression", "x = f\"{'\\n'.join(a)}\"\n"),
    ((3, 13), "a default of a type parameter", "class A[T = int]: ...\n"),
    ((3, 13), "a default of a type parameter", "def f[K: dict[str, int], T = int](x): ...\n"),
    ((3, 14), "`except` with several types and no parentheses", "try: pass\nexcept A, B: pass\n"),
    ((3, 14), "a template string", "x = t'{y}'\n"),
]


@pytest.mark.parametrize(("version", "what", "text"), NEWER)
def test_newer_syntax_names_the_python_it_needs(version: tuple[int, int], what: str, text: str) -> None:
    running = sys.version_info[:2]
    if running >= version:
        parse(text)
        return
    assert refused(text) == (
        f"{what} needs Python {version[0]}.{version[1]} or later, and this is {running[0]}.{running[1]}; "
        "run dodont with a newer Python"
    )


@pytest.mark.parametrize(
    "text",
    ["print 'x'\n", "def f(:\n", "class A(:\n", "type X\n", "x = f'{a!}'\n", "def f[\n", "x = s'a'\n", "def f() = 1\n"],
)
def test_a_mistake_is_no_newer_syntax(text: str) -> None:
    said = refused(text)
    assert "needs Python" not in said or text == "def f[\n"
    assert said.startswith("syntax error for Python 3.") or text == "def f[\n"


def test_an_f_string_may_be_wrong_or_newer() -> None:
    error = SyntaxError("f-string: expecting '}'", ("a.py", 1, 5, "x = f'{a['b']}'\n", 1, 6))
    assert _syntax_error(error, (3, 11)) == (
        "syntax error for Python 3.11: f-string: expecting '}' (an f-string with its own quotes inside needs Python 3.12)"
    )
    assert _syntax_error(error, (3, 12)) == "syntax error for Python 3.12: f-string: expecting '}'"


def test_what_the_running_python_knows_is_a_mistake() -> None:
    error = SyntaxError("invalid syntax", ("a.py", 1, 8, "class A[T!]: ...\n", 1, 9))
    assert _syntax_error(error, (3, 12)) == "syntax error for Python 3.12: invalid syntax"
