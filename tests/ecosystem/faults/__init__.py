"""Faults planted in real code: what recall is measured on, since it is known where they are.

A *mutant* is a file with one fault, in memory. One run checks a mutant of each file of a sample, and as many runs follow as a file has
mutants. A kind of faults (`Faults`) says what is made, and which findings tell of it; all else is here.
"""

from __future__ import annotations

import argparse
import ast
import gc
import random
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

from dodont.core.diagnostic import Diagnostic
from dodont.engine.driver import check
from dodont.engine.settings import Settings
from tests.ecosystem.projects import directories, python_files


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """``text`` is the file at ``path`` with a fault at ``line``. ``kinds`` is what the fault is counted as, by each title of its `Faults`;
    ``what`` is shown of it, or else the line."""

    path: Path
    line: int
    text: str
    kinds: tuple[str, ...]
    what: str = ""


AnyMutant = TypeVar("AnyMutant", bound=Mutant)


@dataclass(slots=True)
class Outcome(Generic[AnyMutant]):
    """``remarks`` are counted, too."""

    mutant: AnyMutant
    found: bool
    remarks: list[str] = field(default_factory=list)


#: The mutants of one run, by file.
Round = dict[Path, AnyMutant]


class Faults(ABC, Generic[AnyMutant]):
    """A kind of faults, and a command that plants them."""

    command: str
    told: str
    #: The rule that should notice.
    rule: str
    titles: tuple[str, ...] = ("kind",)
    #: How many are made of a project by default.
    size: int = 20
    #: Remarks that are shown with those that were not found.
    wrong: tuple[str, ...] = ()

    @abstractmethod
    def mutants(self, root: Path, size: int, chance: random.Random) -> list[AnyMutant]:
        """At most ``size`` mutants of files below ``root``, by chance alone."""

    def outcome(
        self, mutant: AnyMutant, before: Sequence[Diagnostic], after: Sequence[Diagnostic]
    ) -> Outcome[AnyMutant]:
        """What is said of a mutant, by the findings in the original file and in the mutant. By itself: whether there is a new message."""
        messages = Counter(each.message for each in after) - Counter(each.message for each in before)
        return Outcome(mutant, bool(messages))

    def options(self, parser: argparse.ArgumentParser) -> None:
        """Add options of this kind alone."""

    def ask(
        self,
        root: Path,
        rounds: Sequence[Round[AnyMutant]],
        outcomes: Sequence[Outcome[AnyMutant]],
        options: argparse.Namespace,
    ) -> None:
        """Add remarks, once all is done."""

    def run(
        self, root: Path, size: int, seed: int, options: argparse.Namespace | None = None
    ) -> list[Outcome[AnyMutant]]:
        """The outcomes of ``size`` mutants of the project in ``root``, the same ones for the same seed."""
        settings = Settings(root=root, select=(self.rule,))
        rounds: list[Round[AnyMutant]] = []
        for mutant in self.mutants(root, size, random.Random(seed)):
            free = next((each for each in rounds if mutant.path not in each), None)
            if free is None:
                rounds.append(free := {})
            free[mutant.path] = mutant
        before = findings(sorted({path for each in rounds for path in each}), settings)
        outcomes: list[Outcome[AnyMutant]] = []
        for each in rounds:
            after = findings([*each], settings, {path: mutant.text for path, mutant in each.items()})
            outcomes += [self.outcome(mutant, before[path], after[path]) for path, mutant in each.items()]
        if options is not None:
            self.ask(root, rounds, outcomes, options)
        return outcomes

    def table(self, outcomes: Sequence[Outcome[AnyMutant]]) -> Iterator[str]:
        """Lines of found and all by each title, and of remarks."""
        for place, title in enumerate(self.titles):
            every = Counter(each.mutant.kinds[place] for each in outcomes)
            found = Counter(each.mutant.kinds[place] for each in outcomes if each.found)
            yield f"by {title}:"
            for kind, count in every.most_common():
                yield f"  {found[kind]:5} of {count:5}  {found[kind] / count:4.0%}  {kind}"
        yield f"found: {sum(each.found for each in outcomes)} of {len(outcomes)}"
        for remark, count in sorted(Counter(remark for each in outcomes for remark in each.remarks).items()):
            yield f"{remark}: {count}"

    def add_to(self, commands: Any) -> None:
        """Add the command to an argument parser's."""
        parser: argparse.ArgumentParser = commands.add_parser(
            self.command, help=f"{self.told}, count what {self.rule} finds"
        )
        parser.add_argument("directory", metavar="DIR", type=lambda text: Path(text).resolve())
        parser.add_argument(
            "names", metavar="NAME", nargs="*", help="directories below DIR (default: the pinned projects)"
        )
        parser.add_argument("-n", dest="size", type=int, default=self.size, help=f"a project (default: {self.size})")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--missed", action="store_true", help="print those not found, and what else went wrong")
        self.options(parser)
        parser.set_defaults(command=self._main)

    def _main(self, arguments: argparse.Namespace) -> int:
        outcomes: list[Outcome[AnyMutant]] = []
        for root in directories(arguments.directory, arguments.names):
            made = self.run(root, arguments.size, arguments.seed, arguments)
            outcomes += made
            print(f"{root.name}: {sum(each.found for each in made)} of {len(made)}", flush=True)
            for each in made if arguments.missed else ():
                wrong = [remark for remark in each.remarks if remark in self.wrong]
                if wrong or not each.found:
                    mutant, state = each.mutant, ", ".join([*([] if each.found else ["missed"]), *wrong])
                    print(f"  {state}: {mutant.path.relative_to(root)}:{mutant.line}: {'; '.join(mutant.kinds)}")
                    print("    " + (mutant.what or mutant.text.split("\n")[mutant.line - 1].strip()))
        print("\n".join(self.table(outcomes)))
        return 0


def findings(
    paths: Sequence[Path], settings: Settings, texts: Mapping[Path, str] | None = None
) -> dict[Path, list[Diagnostic]]:
    """What is found in files, some of which have another text."""
    overrides = {path: text.encode() for path, text in (texts or {}).items()}
    found: dict[Path, list[Diagnostic]] = defaultdict(list)
    for each in check(paths, settings, source_overrides=overrides).diagnostics if paths else ():
        found[settings.root / each.path].append(each)
    gc.unfreeze()  # what a run knows goes away with its process, or here
    gc.collect()
    return found


@dataclass(frozen=True)
class Source:
    """A file that Python parses."""

    path: Path
    text: str
    tree: ast.Module

    @cached_property
    def is_plain(self) -> bool:
        """Whether columns of bytes are columns of characters, and line breaks all alike."""
        return self.text.isascii() and "\r" not in self.text

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        for each in ast.walk(self.tree):
            if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield each

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        for line in self.text.split("\n"):
            starts.append(starts[-1] + len(line) + 1)
        return starts

    def start(self, node: ast.expr | ast.stmt) -> int:
        """Where a node begins in the text."""
        return self._starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr | ast.stmt) -> int:
        return self._starts[(node.end_lineno or 1) - 1] + (node.end_col_offset or 0)

    def replaced(self, begin: int, end: int, by: str = "") -> str:
        return self.text[:begin] + by + self.text[end:]


def sources(root: Path, *without: str) -> Iterator[Source]:
    """The files of a project, without tests and the directories of those names."""
    left_out = {"tests", "test", "testing", *without}
    for path in python_files(root):
        if left_out & {*path.relative_to(root).parts} or path.name.startswith(("test_", "conftest")):
            continue
        try:
            text = path.read_bytes().decode()
            yield Source(path, text, ast.parse(text))
        except (SyntaxError, ValueError):
            continue


def is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True
