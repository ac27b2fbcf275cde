"""Every rule and every fix on all modules of the standard library, its tests and what is installed beside it: nothing breaks.

A copy is checked and fixed. What is held: dodont analyses every file that Python parses, and says one line of each other one; no
file takes long; fixes change lines of functions that have findings, or add imports; what they changed parses; a second time they
change nothing.
"""

from __future__ import annotations

import ast
import difflib
import io
import random
import shutil
import sysconfig
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from dodont.core.diagnostic import Diagnostic
from dodont.core.rule import INTERNAL_CODE
from dodont.engine import fixing
from dodont.engine.analyst import Analyst, interpreting
from dodont.engine.settings import Settings
from dodont.project.source import MAX_BYTES, Unreadable, decode

#: Seconds that no file takes, whatever the machine: most take a hundredth.
LONG = 20.0


def modules(directories: Sequence[Path] = ()) -> list[Path]:
    """All Python files of the standard library, or of the directories."""
    roots = directories or [Path(sysconfig.get_paths()["stdlib"])]
    return sorted(path for root in roots for path in root.rglob("*.py") if path.is_file())


def sample(files: Sequence[Path], one_in: int, seed: int = 1) -> list[Path]:
    return sorted(random.Random(seed).sample(files, len(files) // one_in))


def faults(files: Sequence[Path], *, fix: bool = True) -> Iterator[str]:
    """What is wrong with dodont, a line each."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        base = Path(*_common(files))
        for file in files:
            copy = root / file.relative_to(base)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
        settings = Settings(root=root, select=("ALL",), exclude=())
        copies = sorted(str(root / file.relative_to(base)) for file in files)
        found: list[Diagnostic] = []
        with interpreting():
            analyses = Analyst(settings, root).files(copies)
            started = time.perf_counter()
            for analysis in analyses:
                took = time.perf_counter() - started
                if took > LONG:
                    yield f"{analysis.path}: {took:.0f} seconds"
                yield from _troubles(root / analysis.path, analysis.findings)
                found += analysis.findings
                started = time.perf_counter()
        if fix:
            yield from _fixed(root, settings, found)


def _common(files: Sequence[Path]) -> tuple[str, ...]:
    shared = []
    for parts in zip(*(file.parent.parts for file in files), strict=False):
        if len({*parts}) > 1:
            break
        shared.append(parts[0])
    return tuple(shared)


def _troubles(path: Path, findings: Sequence[Diagnostic]) -> Iterator[str]:
    told = [each for each in findings if each.code == INTERNAL_CODE]
    parses = _parses(path)
    if parses:
        yield from (f"{path.name}: {each.message}" for each in told)
    elif len(told) != 1 or len(findings) != 1 or "\n" in told[0].message:
        yield f"{path.name}: does not parse, and costs {len(findings)} lines"


def _parses(path: Path) -> bool:
    if path.stat().st_size > MAX_BYTES:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(decode(path.read_bytes()))
        except (SyntaxError, ValueError, RecursionError, MemoryError, Unreadable):
            return False
    return True


def _fixed(root: Path, settings: Settings, found: Sequence[Diagnostic]) -> Iterator[str]:
    lines: dict[str, set[int]] = {}
    for each in found:
        lines.setdefault(each.path, set()).add(each.span.line)
    first = fixing.fix([root], settings, unsafe=True, write=True)
    for changed in first.changed:
        shown = changed.path.relative_to(root).as_posix()
        if not _parses(changed.path):
            yield f"{shown}: the fixed file does not parse"
        for line in changed_elsewhere(changed.before, changed.after, lines.get(shown, set())):
            yield f"{shown}: line {line} was changed, and has nothing to do with a finding"
    for each in fixing.fix([root], settings, unsafe=True, write=True).changed:
        yield f"{each.path.relative_to(root)}: fixed again by a second run"


def changed_elsewhere(before: str, after: str, findings: set[int]) -> Iterator[int]:
    """Lines that were changed outside of the statements, functions and imports that a finding is about."""
    tree = ast.parse(before)
    allowed = set(findings)
    for node in ast.walk(tree):
        if isinstance(node, (ast.stmt, ast.ExceptHandler)):
            own = range(node.lineno, (node.end_lineno or 0) + 1)
            kind = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Import, ast.ImportFrom))
            simple = not hasattr(node, "body")
            if isinstance(node, (ast.Import, ast.ImportFrom)) or ((kind or simple) and not findings.isdisjoint(own)):
                allowed.update(own)
    old, new = lines_of(before), lines_of(after)
    for tag, begin, end, first, last in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "insert":
            imports = all(
                not line.strip() or line.lstrip().startswith(("import ", "from ")) for line in new[first:last]
            )
            if not imports and allowed.isdisjoint((begin, begin + 1)):
                yield begin
        elif tag != "equal":
            yield from (number for number in range(begin + 1, end + 1) if number not in allowed)


def lines_of(text: str) -> list[str]:
    """The lines with their ends, as Python's tokenizer counts them."""
    return list(io.StringIO(text, newline=""))


def report(files: Sequence[Path], *, fix: bool = True) -> int:
    count = Counter[str]()
    for fault in faults(files, fix=fix):
        print(fault, flush=True)
        count["faults"] += 1
    print(f"{len(files):,} files, {count['faults']} faults")
    return 1 if count["faults"] else 0
