"""Who does the work, what a person sees meanwhile, and how a run ends before its time."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from dodont.cli import telling
from dodont.cli.profile import Profile
from dodont.engine.analyst import Analyst
from dodont.engine.dispatch import Dispatcher
from dodont.engine.files import Files
from dodont.engine.reuse import Reuse
from dodont.project import project
from tests.e2e.test_cli import ROOT, dodont
from tests.e2e.trees import make

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
unix = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")

MODULES = 100


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("orders"), MODULES)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One whose check goes on for a while, whatever else the machine has to do."""
    return make(tmp_path_factory.mktemp("more"), 6 * MODULES)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return make(tmp_path, 3)


# ------------------------------------------------------------------------------------------------- jobs, executors

FACTORIES = """\
import atexit, os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

def processes():
    return ProcessPoolExecutor(2)

class Noted(ThreadPoolExecutor):
    def submit(self, *arguments):
        print("submit", file=open("noted", "a"))
        return super().submit(*arguments)

    def shutdown(self, wait=True, *, cancel_futures=False):
        print("shutdown", wait, cancel_futures, file=open("noted", "a"))
        super().shutdown(wait, cancel_futures=cancel_futures)

def noted():
    return Noted(2)

def nothing():
    return None

def broken():
    raise ValueError("no cluster here")
"""


def test_the_findings_are_the_same_whoever_does_the_work(tree: Path) -> None:
    (tree / "factories.py").write_text(FACTORIES, encoding="utf-8")
    try:
        one = dodont(tree, "check", "-j", "1", "--no-cache")
        assert one.returncode == 1
        assert one.stdout.count(": ODD") == 4 * MODULES
        for said in (["--jobs", "3"], ["-j", "auto"], [], ["--executor", "factories:processes"]):
            other = dodont(tree, "check", *said, "--no-cache")
            assert (other.returncode, other.stdout, other.stderr) == (1, one.stdout, "")
    finally:
        (tree / "factories.py").unlink()


def test_an_executor_is_used_for_all_groups_and_shut_down_once(small: Path) -> None:
    (small / "factories.py").write_text(FACTORIES, encoding="utf-8")
    (small / "part0" / "dodont.toml").write_text("", encoding="utf-8")
    alone = dodont(small, "check", "--no-cache")
    done = dodont(small, "check", "--no-cache", "--executor", "factories:noted")
    assert (done.returncode, done.stdout, done.stderr) == (1, alone.stdout, "")
    noted = (small / "noted").read_text(encoding="utf-8").splitlines()
    assert noted.count("submit") >= 2
    assert [line for line in noted if line != "submit"] == ["shutdown True True"] == noted[-1:]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-j", "0"], "--jobs 0: give a number of processes from 1 up, or `auto`"),
        (["-j", "-1"], "--jobs -1: give a number"),
        (["--jobs", "many"], "--jobs many: give a number"),
        (["--jobs", "1.5"], "--jobs 1.5: give a number"),
        (["-j", "2", "--executor", "factories:noted"], "--jobs and --executor exclude each other"),
        (["--executor", "factories"], "write it as module:factory"),
        (["--executor", "nowhere:factory"], "ModuleNotFoundError"),
        (["--executor", "factories:nowhere"], "AttributeError"),
        (["--executor", "factories:nothing"], "which is no concurrent.futures.Executor"),
        (["--executor", "factories:broken"], "ValueError: no cluster here"),
        (["--executor", "factories:noted", "--fix"], "--executor is for checks alone; drop --fix"),
        (["--profile", "--fix"], "--profile is for checks alone; drop --fix"),
        (["--profile", "-j", "2"], "--profile measures one process"),
        (["--profile", "--executor", "factories:noted"], "--profile measures one process"),
    ],
)
def test_what_cannot_be_done_is_said(small: Path, arguments: list[str], said: str) -> None:
    (small / "factories.py").write_text(FACTORIES, encoding="utf-8")
    done = dodont(small, "check", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_small_run_starts_no_process_and_loads_nothing_for_it(small: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "dodont", "check", "-j", "4", "--no-cache"],
        cwd=small, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert done.returncode == 1
    assert "dodont.engine.driver" in done.stderr
    for module in ("multiprocessing", "concurrent.futures", "dodont.engine.executors", "rich"):
        assert f" {module}\n" not in done.stderr


# ------------------------------------------------------------------------------------------------------- interrupts


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def _listen() -> None:
    """Tests that a shell runs in the background are told to take no notice of an interrupt, and so is what they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@linux
@pytest.mark.parametrize(
    ("said", "to_all"),
    [
        (["-j", "3"], True),  # as a terminal does it
        (["-j", "3"], False),
        (["--executor", "factories:processes"], False),  # what processes of others tell on their own is their business
    ],
)
def test_an_interrupt_ends_all_processes_at_once(large: Path, said: list[str], to_all: bool) -> None:
    (large / "factories.py").write_text(FACTORIES, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "dodont", "check", "--no-cache", *said],
        cwd=large, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, preexec_fn=_listen,
    )  # fmt: skip
    try:
        children: list[int] = []
        while not children and process.poll() is None:
            time.sleep(0.01)
            children = _children(process.pid)
        time.sleep(0.3)
        assert process.poll() is None
        children = _children(process.pid)
        assert children
        os.kill(-process.pid if to_all else process.pid, signal.SIGINT)
        begun = time.monotonic()
        stdout, stderr = process.communicate(timeout=20)
        assert time.monotonic() - begun < 5
        assert (process.returncode, stdout, stderr) == (130, "", "\ndodont: interrupted\n")
        assert not [child for child in children if Path(f"/proc/{child}/cmdline").exists()]
    finally:
        if process.poll() is None:
            process.kill()
        (large / "factories.py").unlink()


# ----------------------------------------------------------------------------------------------------- progress bar


def _on_a_terminal(where: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    """The exit code, what goes to stdout (a pipe), and what is seen on the terminal that stderr is."""
    import pty

    ours, theirs = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR", "FORCE_COLOR", "TERM")}
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=where, stdout=subprocess.PIPE, stderr=theirs,
        env={**kept, "PYTHONPATH": str(ROOT / "src"), "TERM": "xterm", "COLUMNS": "80", **environment},
    )  # fmt: skip
    os.close(theirs)
    seen = b"".join(_all_of(ours))
    os.close(ours)
    assert process.stdout is not None
    stdout = process.stdout.read().decode()
    process.stdout.close()
    return process.wait(timeout=60), stdout, seen.decode()


def _all_of(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # nobody writes any more
            return
        if not data:
            return
        yield data


#: A run in which the second before a bar appears is over at once.
IMPATIENT = """
import sys
from dodont.cli import progress
progress.PATIENCE = progress.PAUSE = 0.0
sys.argv[1:] = ["check", "--no-cache", *{arguments!r}]
from dodont.cli import main
main()
"""


@unix
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_bar_is_shown_on_a_terminal_and_is_gone_at_the_end(tree: Path, jobs: str) -> None:
    code, stdout, seen = _on_a_terminal(tree, "-c", IMPATIENT.format(arguments=["-j", jobs]))
    assert code == 1
    files = MODULES + -(-MODULES // 8)
    assert re.search(rf"\d+/{files} files", re.sub(r"\x1b\[[0-9;]*m", "", seen))
    # The line is erased and the cursor, which was hidden, is back.
    assert "\x1b[?25l" in seen and "\x1b[?25h" in seen
    assert seen.rstrip().endswith("\x1b[2K")
    assert stdout == dodont(tree, "check", "--no-cache").stdout


@unix
@pytest.mark.parametrize(
    ("arguments", "environment"),
    [(["--quiet"], {}), ([], {"TERM": "dumb"}), ([], {"CI": "true"})],
    ids=["quiet", "dumb", "ci"],
)
def test_no_bar_where_nobody_wants_one(small: Path, arguments: list[str], environment: dict[str, str]) -> None:
    assert "files" in _on_a_terminal(small, "-c", IMPATIENT.format(arguments=[]))[2]
    assert _on_a_terminal(small, "-c", IMPATIENT.format(arguments=arguments), **environment)[2] == ""


@unix
def test_a_quick_run_shows_none_and_does_not_load_what_draws_it(small: Path) -> None:
    code, _, seen = _on_a_terminal(small, "-m", "dodont", "check", "--no-cache")
    assert (code, seen) == (1, "")
    _, _, seen = _on_a_terminal(small, "-X", "importtime", "-m", "dodont", "check", "--no-cache")
    assert " dodont.engine.driver" in seen
    assert not re.search(r"\| +rich\b", seen)


# ---------------------------------------------------------------------------------------------------------- profile


def test_a_profile_tells_phases_rules_and_files(small: Path) -> None:
    plain = dodont(small, "check", "--no-cache")
    done = dodont(small, "check", "--no-cache", "--profile")
    assert (done.returncode, done.stdout) == (1, plain.stdout)
    assert done.stderr.startswith("Time in seconds, ")
    for phase in (
        "finding files",
        "reading and parsing",
        "interpreting",
        "cache",
        "writing output",
        "rule missing-await",
    ):
        assert re.search(rf"^ +\d+\.\d\d  {phase}$", done.stderr, re.M), phase
    slowest = done.stderr.partition("Slowest files")[2].splitlines()[1:]
    assert [line.split("  ")[-1] for line in slowest if "orders0" in line] == ["part0/orders0.py (159 lines)"]
    seconds = [float(line.split()[0]) for line in slowest]
    assert seconds == sorted(seconds, reverse=True)
    assert dodont(small, "check", "--profile").returncode == dodont(small, "check", "--profile").returncode == 1


def test_nothing_is_measured_afterwards() -> None:
    def looked_at() -> list[object]:
        return [
            Analyst.file,
            Dispatcher._run,
            Files.find,
            project.parse,
            project.Project._read,
            Reuse.save,
            telling.report,
        ]

    before = looked_at()
    with suppress(ValueError), Profile().measuring():
        assert not any(one is other for one, other in zip(before, looked_at(), strict=True))
        raise ValueError
    assert all(one is other for one, other in zip(before, looked_at(), strict=True))
