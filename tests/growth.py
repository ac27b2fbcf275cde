"""Programs that grow in one way each: all that nobody writes, and that a program that writes programs does.

Each gives the files of a project for a size. ``tests/test_growth.py`` holds what analysing them costs against how long they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

Files = dict[str, str]


class Case(NamedTuple):
    make: Callable[[int], Files]
    size: int


CASES: dict[str, Case] = {}


def _case(size: int) -> Callable[[Callable[[int], str | Files]], Callable[[int], str | Files]]:
    def add(make: Callable[[int], str | Files]) -> Callable[[int], str | Files]:
        def files(n: int) -> Files:
            made = make(n)
            return made if isinstance(made, dict) else {"program.py": made}

        CASES[make.__name__] = Case(files, size)
        return make

    return add


def _each(n: int, line: Callable[[int], str]) -> str:
    return "".join(line(i) for i in range(n))


def _nested(n: int, opening: Callable[[int], Iterable[str]], inside: str) -> str:
    """Blocks within each other; the last line that ``opening`` gives opens the next."""
    lines, depth = [], 0
    for i in range(n):
        lines += [" " * depth + line for line in opening(i)]
        depth = len(lines[-1]) - len(lines[-1].lstrip()) + 1
    return "\n".join([*lines, *(" " * depth + line for line in inside.split("\n")), ""])


def _wrapped(n: int, before: str, inside: str, after: str) -> str:
    return before * n + inside + after * n


# Blocks


@_case(10)
def loops(n: int) -> str:
    return "x = ''\n" + _nested(n, lambda i: [f"for i{i} in rows:"], "x += f'{q}{i0}'")


@_case(10)
def whiles(n: int) -> str:
    return "x = ''\n" + _nested(n, lambda i: ["while rows:", f" x += f'{{q{i}}}'"][:1], "x += f'{q}'")


@_case(8)
def functions_in_loops(n: int) -> str:
    return _nested(n, lambda i: [f"def f{i}(a, q):", " x = ''", " for i in a:", "  x += f'{q}'", "  if x:"], "return x")


@_case(8)
def classes_in_loops(n: int) -> str:
    return _nested(
        n, lambda i: [f"def f{i}(a, q):", " x = ''", " for i in a:", "  x += f'{q}'", f"  class C{i}:"], "y = x"
    )


@_case(10)
def functions_that_call_themselves_within_each_other(n: int) -> str:
    return _nested(
        n, lambda i: [f"def f{i}(a, q):", f" x = f{i}(q, a)", f" y = f{max(i - 1, 0)}(x, q)", " if y:"], "return x"
    )


@_case(10)
def tries(n: int) -> str:
    text = "def f(q):\n x = ''\n" + "".join(
        " " * (d + 1) + "try:\n" + " " * (d + 2) + "x += f'{q}'\n" for d in range(n)
    )
    for d in reversed(range(n)):
        text += " " * (d + 1) + "except E as e:\n" + " " * (d + 2) + "x += f'{e}'\n"
        text += " " * (d + 1) + "finally:\n" + " " * (d + 2) + "x += '1'\n"
    return text


@_case(100)
def branches(n: int) -> str:
    return "def f(a, q):\n if a == 0: x0 = 1\n" + _each(n, lambda i: f" elif a == {i}: x{i} = q\n")


@_case(100)
def cases(n: int) -> str:
    return "def f(a, q):\n match a:\n" + _each(n, lambda i: f"  case {i}: x{i} = q\n")


@_case(100)
def left_loops(n: int) -> str:
    return "def f(a, q):\n for z in a:\n" + _each(n, lambda i: f"  if z == {i}:\n   x{i} = f'{{q}}'\n   continue\n")


# Expressions


@_case(12)
def calls_of_calls(n: int) -> str:
    return "x = y" + "(a)" * n + "\nx = y" + ".m(1)(a)" * n + "\n"


@_case(12)
def methods_of_results_in_a_coroutine(n: int) -> str:
    return (
        "async def f(y):\n await y.m(1)\n y"
        + ".m(1)" * n
        + "\n await y"
        + ".k(1)" * n
        + "\n x = y"
        + ".m(1)['k']" * n
        + "\n"
    )


@_case(12)
def expressions(n: int) -> str:
    return "\n".join((
        "x = " + "".join(f"lambda a{i}: " for i in range(n)) + "a0",
        "x = " + "".join(f"(lambda a{i}: " for i in range(n)) + "a0" + ")(1)" * n,
        "x = " + "[" * n + "y" + "".join(f" for a{i} in z]" for i in range(n)),
        "x = " + _wrapped(n, "[a for a in ", "z", "]"),
        "x = " + _wrapped(n, "(a if ", "z", " else b)"),
        "x = " + _wrapped(n, "(a if b else ", "z", ")"),
        "if " + _wrapped(n, "(not (", "z", " and b or c))") + ": pass",
        "x = " + _wrapped(n, "a[", "y", "]"),
        "x = " + _wrapped(n, "{'a': ", "y", "}"),
        "x = " + "".join(f"(a{i} := " for i in range(n)) + "y" + ")" * n,
        "x = " + _wrapped(n, "str(", "y", ") + f'a{x}'"),
        "def f(q: " + _wrapped(n, "list[", "int", "]") + "): raise " + _wrapped(n, "E(", "q", ")"),
        "",
    ))  # fmt: skip


# Values


@_case(12)
def doubled_texts(n: int) -> str:
    start = "def f(q):\n x = 'abb'\n"
    ways = ("x + x", "f'{x}{x}'", "'{0}{0}'.format(x)", "'%s%s' % (x, x)", "','.join([x, x])", "x.replace('b', 'bb')")
    return "".join(start.replace("f", f"f{i}", 1) + f" x = {way}\n" * n for i, way in enumerate(ways))


@_case(12)
def doubled_texts_with_holes(n: int) -> str:
    return "import sqlite3\ndef f(q):\n x = f'select {q}'\n" + " x = x + x\n" * n + " sqlite3.connect('').execute(x)\n"


@_case(12)
def doubled_displays(n: int) -> str:
    ways = ("x + x", "(x, x)", "[x, x]", "{'a': x, 'b': x}", "partial(x, x, x)", "(x + 'a') if a else (x + 'b')")
    return "from functools import partial\n" + "".join("x = [1, 2]\n" + f"x = {way}\n" * n for way in ways)


@_case(12)
def doubled_types(n: int) -> str:
    names = _each(n, lambda i: f"A{i + 1} = dict[A{i}, A{i}]\nB{i + 1} = Union[B{i}, list[B{i}]]\n")
    use = f"def f(x: A{n}, y: B{n}) -> A{n}:\n for z in x: print(z, y)\n return x\ndef g():\n q = f(1)\n return f(q) if q else q\n"
    return "from typing import Union\nA0 = dict[str, int]\nB0 = Union[str, int]\n" + names + use


@_case(150)
def appended(n: int) -> str:
    start = "def f(q):\n x = ''\n y = []\n z = {}\n"
    return start + _each(n, lambda i: f" x += f'a{{q}}'\n y.append(f'a{{q}}')\n y += [q]\n z['k{i}'] = q\n")


# Functions and classes


@_case(150)
def chain(n: int) -> str:
    return _each(n, lambda i: f"def f{i}(q):\n return f{i + 1}(q)\n")


@_case(150)
def circle(n: int) -> str:
    return _each(n, lambda i: f"def f{i}(q):\n return f{(i + 1) % n}(q)\n")


@_case(12)
def every_function_calls_every_other(n: int) -> str:
    calls = _each(n, lambda i: f" f{i}(q)\n")
    return "import sqlite3\n" + _each(n, lambda i: f"def f{i}(q):\n{calls} sqlite3.connect('').execute(q)\n return q\n")


@_case(10)
def circles_around_circles(n: int) -> str:
    text = _each(n, lambda i: f"def f{i}(q, r):\n x = f{i + 1}(q, r)\n y = f{i + 1}(r, q)\n return f{i}(x, y)\n")
    return text + f"def f{n}(a, b): return f'{{a}}' + b\n"


@_case(60)
def methods(n: int) -> str:
    return "class C:\n" + _each(
        n, lambda i: f" def m{i}(self, q):\n  self.a{i} = q\n  return self.m{i * 7 % n}(self.a{i // 2})\n"
    )


@_case(12)
def objects_that_make_each_other(n: int) -> str:
    return _each(
        n,
        lambda i: (
            f"class C{i}:\n def __init__(self, q):\n  self.x = C{(i + 1) % n}(q)\n  self.y = C{i * 7 % n}(self.x)\n  self.z = self.x.y.z\n"
        ),
    )


@_case(80)
def bases(n: int) -> str:
    return "class C0: pass\n" + _each(n, lambda i: f"class C{i + 1}(C{i}):\n def m{i}(self): return self.x\n")


@_case(12)
def diamonds(n: int) -> str:
    pairs = _each(
        n, lambda i: f"class A{i + 1}(A{i}, B{i}): pass\nclass B{i + 1}(A{i}, B{i}):\n def m(self): return self.x\n"
    )
    return "class A0: pass\nclass B0: pass\n" + pairs


# Modules


@_case(8)
def modules_that_import_each_other(n: int) -> Files:
    imports = _each(n, lambda i: f"from m{i} import f{i}\nimport m{i}\n")
    calls = _each(n, lambda i: f" f{i}(q)\n m{i}.f{i}(q)\n")
    return {f"m{i}.py": f"{imports}def f{i}(q):\n{calls}" for i in range(n)}


@_case(80)
def modules_in_a_row(n: int) -> Files:
    text = "from m{} import x, C\nfrom m{} import *\ny = x\nclass D(C):\n def f(self): return self.a + y + z\n"
    return {f"m{i}.py": text.format(i + 1, i + 1) for i in range(n)}


# Findings: what is asked of each must not read the whole file again


@_case(80)
def unawaited(n: int) -> str:
    start = "async def g(): return 1\nasync def f(y):\n"
    return start + _each(n, lambda i: f" x{i} = g()\n if x{i}: await y.a{i}()\n y.a{i}()\n await x{i}\n if g(): pass\n")


@_case(80)
def unawaited_methods(n: int) -> str:
    return _each(
        n,
        lambda i: (
            f"class C{i}:\n async def f(self, db):\n  await self.db.run(1)\n  self.db.run(1)\n  await db.save()\n  db.save()\n"
        ),
    )


@_case(80)
def blocking(n: int) -> str:
    start = "import time, requests\nasync def f(y):\n"
    return start + _each(n, lambda i: f" if x: time.sleep({i})\n requests.get(y)\n")


@_case(80)
def secrets(n: int) -> str:
    start = "import logging\ndef f(password, token, user):\n"
    line = " logging.info('%s %s', password, token)\n self.token = token\n api_key = user['api_key']\n if token: print(api_key)\n"
    return start + line * n


@_case(80)
def secrets_in_one_mapping(n: int) -> str:
    return "import logging\ndef f(q):\n x = {}\n" + _each(n, lambda i: f" x['password{i}'] = q\n logging.info(x)\n")


@_case(80)
def secrets_of_classes(n: int) -> str:
    return "import logging\nlog = logging.getLogger()\n" + _each(
        n,
        lambda i: (
            f"class C{i}:\n"
            f" password: str\n"
            f" def f(self, token, user):\n"
            f"  log.info('%s', token)\n"
            f"  log.info(f'{{self.password}} {{user.api_key}}')\n"
        ),
    )


@_case(60)
def queries(n: int) -> str:
    return "import sqlite3\n" + _each(
        n,
        lambda i: (
            f"def f{i}(a, q):\n sqlite3.connect('').execute(f'select * from t{i} where a = {{a}} order by {{q[1]}}')\n"
        ),
    )


@_case(60)
def handlers(n: int) -> str:
    return "from fastapi import FastAPI\nimport sqlite3\napp = FastAPI()\n" + _each(
        n,
        lambda i: (
            f"@app.get('/a{i}')\n"
            f"def f{i}(a: int, q: str):\n"
            f" if a > 3: q = x\n"
            f" for z in q: a += 1\n"
            f" db = sqlite3.connect('')\n"
            f" rows = db.execute('select * from t').fetchall()\n"
            f" return [row['a'] for row in rows]\n"
        ),
    )


@_case(60)
def one_handler(n: int) -> str:
    start = (
        "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/a')\ndef f(a: int, q: str, x0, x1):\n if q: pass\n"
    )
    branches = _each(n, lambda i: f" elif a > {i} and q: x{i} = q\n")
    return (
        start
        + branches
        + _each(n, lambda i: f" x{i + 2} = (x{i + 1}, x{i})\n if x{i + 2}: x{i} = x{i + 1}\n")
        + " return x5\n"
    )


@_case(12)
def names_made_of_names(n: int) -> str:
    names = _each(n, lambda i: f" x{i} = x{i + 1} + x{i + 2}\n")
    return f"import sqlite3\ndef f(q):\n{names} sqlite3.connect('').execute(f'select a from t where b = {{x0}}')\n"


@_case(60)
def tables(n: int) -> Files:
    start = "from sqlalchemy.orm import declarative_base\nfrom sqlalchemy import Column\nBase = declarative_base()\n"
    models = _each(n, lambda i: f"class C{i}(Base):\n __tablename__ = 't{i}'\n a = Column()\n")
    queries = _each(n, lambda i: f" sqlite3.connect('').execute('select * from t{i}')\n")
    return {"models.py": start + models, "queries.py": "import sqlite3\ndef f():\n" + queries}
