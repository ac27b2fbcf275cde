"""What is measured, and how: a tool runs over a unit of code as a child process and says what it cost."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import random
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.ecosystem.process import PYTHON, REPOSITORY, Outcome, run, run_dodont
from tests.ecosystem.projects import python_files

_PROFILED = 40
#: How many files are changed, one by one, and which.
_CHANGED, _SEED = 9, 1
_FLAKE8 = ("--isolated", "--jobs", "1", "--exit-zero", "--select")


class BenchError(Exception):
    """A tool did not do its job, so its time says nothing."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Code checked in one go: ``paths`` are relative to ``cwd``, the directory a user would stand in."""

    name: str
    cwd: Path
    paths: tuple[str, ...]

    @property
    def roots(self) -> tuple[Path, ...]:
        return tuple(self.cwd / path for path in self.paths)


@dataclass(frozen=True, slots=True)
class Cost:
    """``seconds`` is user CPU time, ``elapsed`` wall time, ``peak_mb`` the most resident memory."""

    seconds: float
    elapsed: float
    peak_mb: float


def parse(unit: Unit, options: Sequence[str]) -> Cost:
    """``ast.parse`` alone: reading the files and starting Python are not in ``seconds``."""
    names = "\0".join(str(path) for root in unit.roots for path in python_files(root))
    outcome = run((*PYTHON, str(REPOSITORY / "tests/bench/parse_files.py")), unit.cwd, names.encode())
    _demand("ast.parse", unit, outcome, 0)
    return Cost(json.loads(outcome.output)["seconds"], outcome.elapsed, outcome.peak)


def dodont(unit: Unit, options: Sequence[str]) -> Cost:
    """Cold, in one process, without a cache."""
    outcome = run_dodont((*unit.paths, "--isolated", "--jobs=1", *options), unit.cwd)
    return _cost("dodont", unit, outcome, 0, 1)


def dodont_on_all_cores(unit: Unit, options: Sequence[str]) -> Cost:
    outcome = run_dodont((*unit.paths, "--isolated", "--jobs=auto", *options), unit.cwd)
    return _cost("dodont on all cores", unit, outcome, 0, 1)


def dodont_keeping(unit: Unit, options: Sequence[str]) -> Cost:
    """Cold, in one process, with a cache that is filled on the way."""
    with tempfile.TemporaryDirectory() as directory:
        return _with_cache(unit, Path(directory), options)


def dodont_warm(unit: Unit, options: Sequence[str]) -> Cost:
    """Once more, when nothing has changed."""
    with tempfile.TemporaryDirectory() as directory:
        _with_cache(unit, Path(directory), options)
        return _with_cache(unit, Path(directory), options)


def dodont_one_file(unit: Unit, options: Sequence[str]) -> Cost:
    """One file after a small change in it, the median of some files: the whole process, with the cache of the project."""
    with tempfile.TemporaryDirectory() as directory:
        work, cache = Path(directory, "work"), Path(directory, "cache")
        for path in unit.paths:
            shutil.copytree(unit.cwd / path, work / path, symlinks=True)
        copy = Unit(unit.name, work, unit.paths)
        _with_cache(copy, cache, options)
        files = [path for root in copy.roots for path in python_files(root)]
        costs = []
        for path in random.Random(_SEED).sample(files, min(_CHANGED, len(files))):
            path.write_bytes(path.read_bytes() + b"\n# changed\n")
            costs.append(_with_cache(Unit(unit.name, work, (str(path.relative_to(work)),)), cache, options))
        return sorted(costs, key=lambda cost: cost.seconds)[len(costs) // 2]


def _with_cache(unit: Unit, cache: Path, options: Sequence[str]) -> Cost:
    command = (
        *PYTHON,
        "-m",
        "dodont",
        "check",
        *unit.paths,
        "--isolated",
        "--jobs=1",
        f"--cache-dir={cache}",
        *options,
    )
    return _cost("dodont with a cache", unit, run(command, unit.cwd), 0, 1)


def flake8_start(unit: Unit, options: Sequence[str]) -> Cost:
    """Python started and flake8 imported: the yardstick for one file."""
    return _cost("importing flake8", unit, run((*PYTHON, "-c", "import flake8.main.cli"), unit.cwd), 0)


def flake8(unit: Unit, options: Sequence[str]) -> Cost:
    script = str(REPOSITORY / "tests/bench/plain_flake8.py")
    outcome = run((*PYTHON, script, *_FLAKE8, "E,W,F,C", *unit.paths), unit.cwd)
    return _cost("flake8", unit, outcome, 0)


def flake8_with_dodont(unit: Unit, options: Sequence[str]) -> Cost:
    outcome = run((*PYTHON, "-m", "flake8", *_FLAKE8, "E,W,F,C,ODD", *unit.paths), unit.cwd)
    return _cost("flake8 with dodont", unit, outcome, 0)


def bandit(unit: Unit, options: Sequence[str]) -> Cost:
    outcome = run((*PYTHON, "-m", "bandit", "--quiet", "--exit-zero", "--recursive", *unit.paths), unit.cwd)
    return _cost("bandit", unit, outcome, 0)


def ruff(unit: Unit, options: Sequence[str]) -> Cost:
    """With the rules that come nearest to ours: SQL, secrets, coroutines, logging."""
    rules = "S,ASYNC,G,LOG,TRY,BLE,FAST,DJ"
    command = ("-m", "ruff", "check", "--isolated", "--no-cache", "--exit-zero", "--quiet", "--select", rules)
    return _cost("ruff", unit, run((*PYTHON, *command, *unit.paths), unit.cwd), 0)


def pylint(unit: Unit, options: Sequence[str]) -> Cost:
    """With its checks of coroutines and logging alone."""
    rules = "async,logging,yield-inside-async-function,not-async-context-manager,not-an-iterable"
    command = (
        "-m",
        "pylint",
        "--rcfile=/dev/null",
        "--jobs=1",
        "--exit-zero",
        "--disable=all",
        f"--enable={rules}",
        "--recursive=y",
    )
    return _cost("pylint", unit, run((*PYTHON, *command, *unit.paths), unit.cwd), 0)


TOOLS: Mapping[str, Callable[[Unit, Sequence[str]], Cost]] = {
    "parse": parse,
    "dodont": dodont,
    "all cores": dodont_on_all_cores,
    "keeping": dodont_keeping,
    "warm": dodont_warm,
    "one file": dodont_one_file,
    "flake8 start": flake8_start,
    "flake8": flake8,
    "flake8+dodont": flake8_with_dodont,
    "bandit": bandit,
    "ruff": ruff,
    "pylint": pylint,
}


def available_tools() -> tuple[str, ...]:
    """The tools that can run here; dodont inside flake8 only where it is installed as a plugin."""
    lacking = {name for name in ("flake8", "bandit", "ruff", "pylint") if importlib.util.find_spec(name) is None}
    if "flake8" in lacking or not importlib.metadata.entry_points(group="flake8.extension", name="ODD"):
        lacking.add("flake8+dodont")
    return tuple(name for name in TOOLS if name not in lacking)


def profile(unit: Unit, options: Sequence[str]) -> str:
    """The functions of a dodont run with the most time of their own, as pstats prints them."""
    with tempfile.TemporaryDirectory() as directory:
        data = str(Path(directory, "profile"))
        launcher = (*PYTHON, "-m", "cProfile", "-o", data)
        _demand("dodont", unit, run_dodont((*unit.paths, "--isolated", *options), unit.cwd, launcher), 0, 1)
        script = "import pstats, sys; pstats.Stats(sys.argv[1]).sort_stats('tottime').print_stats(int(sys.argv[2]))"
        outcome = run((*PYTHON, "-c", script, data, str(_PROFILED)), unit.cwd)
        _demand("pstats", unit, outcome, 0)
        return outcome.output.decode("utf-8", "replace").strip()


def _cost(tool: str, unit: Unit, outcome: Outcome, *statuses: int) -> Cost:
    _demand(tool, unit, outcome, *statuses)
    return Cost(outcome.user, outcome.elapsed, outcome.peak)


def _demand(tool: str, unit: Unit, outcome: Outcome, *statuses: int) -> None:
    if not outcome.succeeded(*statuses):
        raise BenchError(f"{tool} on {unit.name} ended with {outcome.status}: {outcome.errors.strip()[-2000:]}")
