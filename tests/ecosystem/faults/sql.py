"""Put the parameters of real queries into their text and see whether sql-from-strings notices.

``execute("… WHERE id = %s", (number,))`` becomes ``execute(f"… WHERE id = '{number}'")``, or the same with ``+``, ``%``, ``.format`` or
a helper function at the end of the file. A mutant counts as found when there is a finding at its call; findings that the file did not
have elsewhere are counted, too: there should be none.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from dodont.core.diagnostic import Diagnostic
from tests.ecosystem import faults
from tests.ecosystem.faults import Faults, Outcome, Source, is_python, sources

SPELLINGS = ("f-string", "+", "%", "format", "helper")

_PLACE = re.compile(r"%s|\?|\$\d+")
_STATEMENT = re.compile(r"\s*(?:select|insert|update|delete|with|merge|replace)\s", re.I)
_METHODS = frozenset(
    "execute executemany fetch fetchrow fetchval fetch_all fetch_one fetchone fetchall query mutate run_sql".split()
)
_HELPER = "_mutant_statement"


@dataclass(frozen=True, kw_only=True)
class Mutant(faults.Mutant):
    """A file with values in a text at ``line``; ``last`` is the line where the call ends now."""

    last: int


class Sql(Faults[Mutant]):
    command = "sql-mutants"
    told = "put parameters into the text of queries"
    rule = "sql-from-strings"
    titles = ("spelling", "values")
    wrong = ("finding elsewhere",)

    def mutants(self, root: Path, size: int, chance: random.Random) -> list[Mutant]:
        """Mutants of calls drawn at random, each in a spelling drawn at random."""
        calls = [
            (source, each)
            for source in sources(root, "migrations", "versions")
            if source.is_plain
            for each in ast.walk(source.tree)
            if _is_parameterized(each)
        ]
        drawn = chance.sample(calls, min(size, len(calls)))
        made = [_mutant(*each, chance.choice(SPELLINGS)) for each in drawn]
        return [each for each in made if each is not None]

    def outcome(self, mutant: Mutant, before: Sequence[Diagnostic], after: Sequence[Diagnostic]) -> Outcome[Mutant]:
        helper = mutant.text.count("\n") + 1 - (4 if mutant.kinds[0] == "helper" else 0)
        lines = [each.span.line for each in after]
        found = any(mutant.line <= line <= mutant.last or line > helper for line in lines)
        elsewhere = max(0, len(after) - len(before) - found)
        return Outcome(mutant, found, ["finding elsewhere"] * elsewhere)


def _is_parameterized(node: ast.AST) -> TypeGuard[ast.Call]:
    match node:
        case ast.Call(
            func=ast.Attribute(attr=method),
            args=[ast.Constant(value=str(text)), ast.Tuple(elts=values) | ast.List(elts=values)],
            keywords=[],
        ):
            places = _PLACE.findall(text)
        case ast.Call(func=ast.Attribute(attr=method), args=[ast.Constant(value=str(text)), *values], keywords=[]):
            places = re.findall(r"\$\d+", text)
        case _:
            return False
    return (
        method in _METHODS
        and 0 < len(values) == len(places)
        and _STATEMENT.match(text) is not None
        and not any(isinstance(each, (ast.Starred, ast.Constant)) for each in values)
        and not re.search(r"[{}\\]", text)
        and text.count("%") == places.count("%s")
    )


def _mutant(source: Source, call: ast.Call, spelling: str) -> Mutant | None:
    text, statement, given = source.text, call.args[0], call.args[1:]
    assert isinstance(statement, ast.Constant) and isinstance(statement.value, str)
    if len(given) == 1 and isinstance(given[0], (ast.Tuple, ast.List)):
        given = given[0].elts
    pieces = _PLACE.split(statement.value)
    order = [int(each[1:]) - 1 if each[0] == "$" else n for n, each in enumerate(_PLACE.findall(statement.value))]
    values = [given[n] for n in order]
    try:
        code, helper = _written(pieces, values, spelling)
        ast.parse(code)
    except (ValueError, SyntaxError):
        return None  # what cannot be written as one expression
    begin, end = source.start(statement), source.end(call.args[-1])
    if text[:begin].rstrip(" \n\t")[-1:] != "(" or text[begin : begin + 1] not in "\"'rRuUbB":
        return None  # a text in parentheses of its own
    changed = source.replaced(begin, end, code) + (f"\n\n{helper}" if helper else "")
    if not is_python(changed):
        return None
    around = [each for each in source.functions() if call in ast.walk(each)]
    values_are = "; ".join(sorted({_kind(each, around) for each in values}))
    return Mutant(
        path=source.path,
        line=call.lineno,
        last=statement.lineno + 1,
        text=changed,
        kinds=(spelling, values_are),
        what=code,
    )


def _written(pieces: Sequence[str], values: Sequence[ast.expr], spelling: str) -> tuple[str, str]:
    """The expression that puts values into a text, within quotes, and the helper function that it needs."""
    quoted = [
        f"{'' if n == 0 else chr(39)}{piece}{'' if n == len(pieces) - 1 else chr(39)}" for n, piece in enumerate(pieces)
    ]
    match spelling:
        case "f-string":
            return _joined(quoted, values), ""
        case "+":
            parts: list[str] = []
            for n, piece in enumerate(quoted):
                parts.append(repr(piece))
                if n < len(values):
                    parts.append(f"({ast.unparse(values[n])})")
            return " + ".join(parts), ""
        case "%":
            given = ", ".join(ast.unparse(each) for each in values)
            return f"{'%s'.join(quoted)!r} % ({given},)", ""
        case "format":
            return f"{'{}'.join(quoted)!r}.format({', '.join(ast.unparse(each) for each in values)})", ""
    names = [f"value_{n}" for n in range(len(values))]
    text = _joined(quoted, [ast.Name(name) for name in names])
    call = f"{_HELPER}({', '.join(ast.unparse(each) for each in values)})"
    return call, f"def {_HELPER}({', '.join(names)}):\n    return {text}\n"


def _joined(pieces: Sequence[str], values: Sequence[ast.expr]) -> str:
    parts: list[ast.expr] = []
    for n, piece in enumerate(pieces):
        parts.append(ast.Constant(piece))
        if n < len(values):
            parts.append(ast.FormattedValue(values[n], -1))
    return ast.unparse(ast.JoinedStr(parts))


#: Types of which no text is SQL: what is declared so is rightly left alone.
_PLAIN = re.compile(
    r"(?:Optional\[)?(?:\w+\.)*(?:int|float|bool|UUID|Decimal|date|datetime|timedelta)(?:\]| *\| *None)?", re.ASCII
)

#: Calls that give numbers, dates written out, digests and texts quoted as JSON.
_PLAIN_CALLS = frozenset(
    "int float len bool time isoformat now utcnow uuid4 hexdigest timestamp dumps total_seconds".split()
)


def _kind(node: ast.expr, functions: Sequence[ast.FunctionDef | ast.AsyncFunctionDef]) -> str:
    """What a value is, as far as its spelling says; ``plain`` for numbers, dates and the like."""
    parameters = {
        each.arg: each.annotation
        for function in functions
        for each in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    }
    match node:
        case ast.Name(id=name) if name in parameters:
            declared = parameters[name]
            return "plain" if declared is not None and _PLAIN.fullmatch(ast.unparse(declared)) else "parameter"
        case ast.Name(id=name):
            return "local name" if functions else "name of the module"
        case ast.Attribute(value=ast.Name(id="self")):
            return "own attribute"
        case ast.Attribute():
            return "attribute"
        case ast.Subscript():
            return "item"
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return "plain" if name in _PLAIN_CALLS else "call"
    return "other expression"
