"""The cards' examples as small projects: what they expect, how they are checked and fixed, how they are respelt.

Beside the cards, ``tests/unit/rules/<rule-name>.md`` holds a rule's odd cases in the cards' own format, without a head.
"""

from __future__ import annotations

import ast
import functools
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dodont.core.card import Card, Example, examples, read
from dodont.core.diagnostic import Diagnostic
from dodont.core.rule import Rule
from dodont.engine import catalogue
from dodont.engine.driver import check
from dodont.engine.settings import Settings

WANT = re.compile(r'[ \t]*# want "(?P<pattern>.+?)"[ \t]*(?=# want|$)')
MISS = re.compile(r"# miss: \S")

ODD_CASES = Path(__file__).parent / "unit" / "rules"


@dataclass(frozen=True, slots=True)
class Case:
    """One example and where it stands; ``str(case)`` is its name in the tests."""

    rule: Rule
    example: Example
    odd: bool

    def __str__(self) -> str:
        return f"{self.rule.name}{'-odd' if self.odd else ''}-{self.example.title.replace(' ', '-').lower()}"


@functools.cache
def cards() -> tuple[Card, ...]:
    return tuple(read(path) for path in sorted(catalogue.cards_dir().glob("*/*.md")))


@functools.cache
def cases() -> tuple[Case, ...]:
    found: list[Case] = []
    for card in cards():
        found += (Case(card.rule, example, False) for example in card.examples)
        odd = ODD_CASES / f"{card.rule.name}.md"
        if odd.exists():
            found += (Case(card.rule, example, True) for example in examples(odd.read_text(encoding="utf-8")))
    return tuple(found)


def of(*sections: str) -> list[Case]:
    return [case for case in cases() if case.example.section in sections]


def fixed_of(case: Case) -> Case | None:
    """What the fix makes of a Bad example: the Fixed example of the same number and place, if there is one."""
    for other in of("Fixed"):
        if (other.rule, other.odd, other.example.number) == (case.rule, case.odd, case.example.number):
            return other
    return None


# ------------------------------------------------------------------------------------------------- running them


def write(files: Mapping[str, str], root: Path) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")


def settings(root: Path, *, select: tuple[str, ...] = ()) -> Settings:
    """As a run in ``root`` has them: an example may bring its own ``pyproject.toml``."""
    if (root / "pyproject.toml").exists():
        from dodont.config import CommandLine, load

        return load(root, said=CommandLine(select=select or None))
    return Settings(root=root, select=select)


def findings(files: Mapping[str, str], root: Path, *, select: tuple[str, ...] = ()) -> tuple[Diagnostic, ...]:
    write(files, root)
    return check([root], settings(root, select=select)).diagnostics


def fixed(files: Mapping[str, str], root: Path, rule: str) -> dict[str, str]:
    """The files after every fix of one rule, unsafe ones too."""
    from dodont.engine.fixing import fix

    write(files, root)
    fix([root], settings(root, select=(rule,)), unsafe=True, write=True)
    return {name: (root / name).read_bytes().decode() for name in files}


def bare(files: Mapping[str, str]) -> dict[str, str]:
    """The files without what they expect."""
    return {name: "\n".join(WANT.sub("", line) for line in text.split("\n")) for name, text in files.items()}


def wanted(files: Mapping[str, str]) -> list[tuple[str, int, str]]:
    """File, line and pattern of every finding the files expect."""
    return sorted(
        (name, number, match["pattern"])
        for name, text in files.items()
        for number, line in enumerate(text.split("\n"), 1)
        for match in WANT.finditer(line)
    )


def places(files: Mapping[str, str], found: Iterable[Diagnostic]) -> list[tuple[str, int, str]]:
    """File, line and message of every finding, the line as a comment can stand there: after a string of many lines."""
    return sorted((each.path, _commentable(files.get(each.path, ""), each), each.message) for each in found)


def _commentable(text: str, found: Diagnostic) -> int:
    for node in ast.walk(_tree(text)):
        if not isinstance(node, (ast.Constant, ast.JoinedStr)) or node.end_lineno is None:
            continue
        if node.lineno == found.span.line < node.end_lineno and _in_string(text, node.lineno):
            return node.end_lineno
    return found.span.line


@functools.lru_cache(64)
def _tree(text: str) -> ast.Module:
    return ast.parse(text)


def _in_string(text: str, line: int) -> bool:
    """Whether the line ends inside a string, where no comment can begin."""
    return any(
        token.type == tokenize.STRING and token.start[0] <= line < token.end[0]
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
    )


# ------------------------------------------------------------------------------------------------ respelling them


def renamed(files: Mapping[str, str]) -> dict[str, str]:
    """Every import under another name: ``import x as x_``, ``from x import z as z_``."""
    return {name: _Imports(name, text, files).renamed() for name, text in files.items()}


def moved(files: Mapping[str, str]) -> dict[str, str]:
    """The other kind of import: ``from x import z as x_z`` for ``import x``, and the other way round."""
    return {name: _Imports(name, text, files).moved() for name, text in files.items()}


class _Imports:
    """Rewrites one file's imports and the uses of what they bind; leaves alone what it cannot follow. Lines stay."""

    def __init__(self, name: str, text: str, files: Mapping[str, str]) -> None:
        self._name, self._text = name, text
        self._lines = text.split("\n")
        self._edits: dict[tuple[int, int], tuple[int, int, str]] = {}
        if not name.endswith(".py") or name.endswith("__init__.py"):
            self._statements: list[ast.Import | ast.ImportFrom] = []
            return
        self._tree = ast.parse(text)
        self._modules = {_dotted(file) for file in files}
        self._statements = [node for node in ast.walk(self._tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
        self._fixed = self._bound() | self._quoted() | self._exported(files)

    def renamed(self) -> str:
        for statement in self._statements:
            if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                continue
            for alias in statement.names:
                bound = alias.asname or alias.name
                if bound == "*" or bound.partition(".")[0] in self._fixed or not alias.end_col_offset:
                    continue
                new = bound.replace(".", "_") + "_"
                if self._uses(bound, new):
                    self._replace(alias, f"{alias.name} as {new}")
        return self._done()

    def moved(self) -> str:
        for statement in self._statements:
            names = {alias.asname or alias.name for alias in statement.names}
            if names & self._fixed or "*" in names or any("." in name for name in names):
                continue
            if isinstance(statement, ast.Import):
                self._to_from(statement)
            elif not statement.level and statement.module != "__future__":
                self._to_import(statement)
        return self._done()

    def _to_from(self, statement: ast.Import) -> None:
        if len(statement.names) > 1:
            return
        (alias,) = statement.names
        bound = alias.asname or alias.name
        parents = {id(node.value): node for node in ast.walk(self._tree) if isinstance(node, ast.Attribute)}
        uses = [node for node in ast.walk(self._tree) if isinstance(node, ast.Name) and node.id == bound]
        chains = [parents.get(id(use)) for use in uses]
        if not uses or any(chain is None or not self._reads(chain, f"{bound}.{chain.attr}") for chain in chains):
            return
        attributes = {}
        for chain in chains:
            assert chain is not None
            attributes[chain.attr] = f"{alias.name.replace('.', '_')}_{chain.attr}"
            self._replace(chain, attributes[chain.attr])
        imported = ", ".join(f"{attribute} as {new}" for attribute, new in sorted(attributes.items()))
        self._replace(statement, f"from {alias.name} import {imported}")

    def _to_import(self, statement: ast.ImportFrom) -> None:
        assert statement.module is not None
        submodules = [alias for alias in statement.names if f"{statement.module}.{alias.name}" in self._modules]
        if submodules:
            (alias, *more) = statement.names
            bound = alias.asname or alias.name
            if not more and self._uses(bound, f"{bound}_"):
                self._replace(statement, f"import {statement.module}.{alias.name} as {bound}_")
            return
        module = statement.module.replace(".", "_") + "_"
        if all(self._readable(alias.asname or alias.name) for alias in statement.names):
            for alias in statement.names:
                self._uses(alias.asname or alias.name, f"{module}.{alias.name}")
            self._replace(statement, f"import {statement.module} as {module}")

    def _bound(self) -> set[str]:
        """Names that something other than an import binds as well, or that several imports do."""
        names: list[str] = []
        others: set[str] = set()
        for node in ast.walk(self._tree):
            match node:
                case ast.alias():
                    names.append((node.asname or node.name).partition(".")[0])
                case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                    others.add(name)
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    others.add(name)
                case ast.Global(names=many) | ast.Nonlocal(names=many):
                    others.update(many)
                case ast.ExceptHandler(name=str(name)):
                    others.add(name)
        return others | {name for name in names if names.count(name) > 1}

    def _quoted(self) -> set[str]:
        """Words of strings that may be annotations."""
        texts = [node.value for node in ast.walk(self._tree) if isinstance(node, ast.Constant)]
        return {
            word
            for text in texts
            if isinstance(text, str) and re.fullmatch(r"[\w\[\], .|]+", text)
            for word in re.findall(r"\w+", text)
        }

    def _exported(self, files: Mapping[str, str]) -> set[str]:
        """Names that other files take from this one, not from where it has them."""
        own = _dotted(self._name)
        found: set[str] = set()
        for file, text in files.items():
            if file == self._name or not file.endswith(".py"):
                continue
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.ImportFrom) and own.endswith(node.module or own):
                    found.update(alias.name for alias in node.names)
                elif isinstance(node, ast.Attribute):
                    found.add(node.attr)
        return found

    def _uses(self, bound: str, new: str) -> bool:
        if not self._readable(bound):
            return False
        for node in self._mentions(bound):
            self._replace(node, new)
        return True

    def _readable(self, bound: str) -> bool:
        """Whether every mention of the name stands where its position says (in Python 3.11's f-strings, not all do)."""
        root = bound.partition(".")[0]
        mentions = self._mentions(bound)
        if "." in bound and len(mentions) != sum(1 for _ in self._mentions(root)):
            return False
        return all(self._reads(node, bound) for node in mentions)

    def _mentions(self, bound: str) -> list[ast.expr]:
        kind = ast.Attribute if "." in bound else ast.Name
        return [node for node in ast.walk(self._tree) if isinstance(node, kind) and ast.unparse(node) == bound]

    def _reads(self, node: ast.expr, text: str) -> bool:
        line = self._lines[node.lineno - 1].encode()
        return node.lineno == node.end_lineno and line[node.col_offset : node.end_col_offset].decode() == text

    def _replace(self, node: ast.expr | ast.alias | ast.stmt, new: str) -> None:
        assert node.end_lineno is not None and node.end_col_offset is not None
        new += "\n" * (node.end_lineno - node.lineno)
        self._edits[node.lineno, node.col_offset] = (node.end_lineno, node.end_col_offset, new)

    def _done(self) -> str:
        starts = [0]
        data = self._text.encode()
        for line in data.split(b"\n"):
            starts.append(starts[-1] + len(line) + 1)
        for (line, column), (end, end_column, new) in sorted(self._edits.items(), reverse=True):
            start, stop = starts[line - 1] + column, starts[end - 1] + end_column
            data = data[:start] + new.encode() + data[stop:]
        return data.decode()


def _dotted(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def respelt(files: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The files in other spellings that mean the same, each named; only those that differ."""
    for respell in (renamed, moved):
        new = respell(files)
        if new != dict(files):
            yield respell.__name__, new
