"""Put the parameters of real queries into their text and see whether sql-from-strings notices: recall on faults that are known.

``execute("… WHERE id = %s", (number,))`` becomes ``execute(f"… WHERE id = '{number}'")``, or the same with ``+``, ``%``, ``.format`` or
a helper function at the end of the file. A file is mutated at one place at a time, in memory. A mutant counts as found when
there is a finding at its call; findings that the file did not have elsewhere are counted, too: there should be none.
"""

from __future__ import annotations

import ast
import gc
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dodont.core.diagnostic import Diagnostic
from dodont.engine.driver import check
from dodont.engine.settings import Settings
from tests.ecosystem.projects import python_files

RULE = "sql-from-strings"

SPELLINGS = ("f-string", "+", "%", "format", "helper")

_PLACE = re.compile(r"%s|\?|\$\d+")
_STATEMENT = re.compile(r"\s*(?:select|insert|update|delete|with|merge|replace)\s", re.I)
_METHODS = frozenset(
    "execute executemany fetch fetchrow fetchval fetch_all fetch_one fetchone fetchall query mutate run_sql".split()
)
_HELPER = "_mutant_statement"


@dataclass(frozen=True, slots=True)
class Mutant:
    """``path`` with the values in the text at ``line``; ``values`` says what they are, ``last`` is the line where the call ends now."""

    path: Path
    line: int
    last: int
    text: str
    spelling: str
    values: str
    code: str


@dataclass(frozen=True, slots=True)
class Outcome:
    mutant: Mutant
    found: bool
    elsewhere: int


def run(root: Path, size: int, seed: int) -> list[Outcome]:
    """The outcomes of ``size`` mutants of the project in ``root``, the same ones for the same seed."""
    rounds: list[dict[Path, Mutant]] = []
    for mutant in _sample(root, size, seed):
        free = next((each for each in rounds if mutant.path not in each), None)
        if free is None:
            rounds.append(free := {})
        free[mutant.path] = mutant
    paths = sorted({path for each in rounds for path in each})
    known = Counter(Path(finding.path) for finding in _findings(root, paths, {})) if paths else Counter[Path]()
    outcomes: list[Outcome] = []
    for mutants in rounds:
        at = defaultdict(list)
        for finding in _findings(root, [*mutants], {path: each.text.encode() for path, each in mutants.items()}):
            at[root / finding.path].append(finding.span.line)
        for path, mutant in mutants.items():
            end = mutant.text.count("\n") + 1
            own = [
                line for line in at[path] if mutant.line <= line <= mutant.last or line > end - _helper_lines(mutant)
            ]
            before = known[path.relative_to(root)]
            outcomes.append(Outcome(mutant, bool(own), max(0, len(at[path]) - before - bool(own))))
    return outcomes


def _findings(root: Path, paths: Sequence[Path], overrides: dict[Path, bytes]) -> Sequence[Diagnostic]:
    report = check([*paths], Settings(root=root, select=(RULE,)), source_overrides=overrides)
    gc.unfreeze()  # what a run knows goes away with its process, or here
    gc.collect()
    return [each for each in report.diagnostics if each.rule == RULE]


def _helper_lines(mutant: Mutant) -> int:
    return 4 if mutant.spelling == "helper" else 0


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Lines of found and all by spelling and by what the values are."""
    for title, kind in (("spelling", lambda each: each.mutant.spelling), ("values", lambda each: each.mutant.values)):
        found, every = Counter[str](), Counter[str]()
        for each in outcomes:
            every[kind(each)] += 1
            found[kind(each)] += each.found
        yield f"by {title}:"
        yield from (
            f"  {found[name]:5} of {count:5}  {found[name] / count:4.0%}  {name}" for name, count in every.most_common()
        )
    yield f"found: {sum(each.found for each in outcomes)} of {len(outcomes)}"
    yield f"findings elsewhere: {sum(each.elsewhere for each in outcomes)}"


def _sample(root: Path, size: int, seed: int) -> list[Mutant]:
    """Mutants of calls drawn at random, each in a spelling drawn at random."""
    chance = random.Random(seed)
    calls: list[tuple[Path, str, ast.Module, ast.Call]] = []
    for path in python_files(root):
        if {"tests", "test", "testing", "migrations", "versions"} & {*path.relative_to(root).parts}:
            continue
        if path.name.startswith(("test_", "conftest")):
            continue
        try:
            text = path.read_bytes().decode()
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            continue
        if text.isascii() and "\r" not in text:  # columns of bytes are columns of characters
            calls += [(path, text, tree, each) for each in ast.walk(tree) if _is_parameterized(each)]
    drawn = chance.sample(calls, min(size, len(calls)))
    made = [_mutant(*each, chance.choice(SPELLINGS)) for each in drawn]
    return [each for each in made if each is not None]


def _is_parameterized(node: ast.AST) -> bool:
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


def _mutant(path: Path, text: str, tree: ast.Module, call: ast.Call, spelling: str) -> Mutant | None:
    statement, given = call.args[0], call.args[1:]
    assert isinstance(statement, ast.Constant)
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
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    last = call.args[-1]
    begin = starts[statement.lineno - 1] + statement.col_offset
    end = starts[(last.end_lineno or 0) - 1] + (last.end_col_offset or 0)
    if text[:begin].rstrip(" \n\t")[-1:] != "(" or text[begin : begin + 1] not in "\"'rRuUbB":
        return None  # a text in parentheses of its own
    changed = text[:begin] + code + text[end:] + (f"\n\n{helper}" if helper else "")
    try:
        ast.parse(changed)
    except SyntaxError:
        return None
    around = [
        each
        for each in ast.walk(tree)
        if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)) and call in ast.walk(each)
    ]
    kinds = "; ".join(sorted({_kind(each, around) for each in values}))
    return Mutant(path, call.lineno, statement.lineno + 1, changed, spelling, kinds, code)


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
