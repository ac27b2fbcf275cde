"""``python -m tests.bench.gate DIR``: how long one waits for dodont in daily work, in a project that an earlier run knows.

DIR is copied into a git repository and checked once. Then one file after the other is changed: the gate of a merge request, an agent's
hook, and the first findings of an editor, beside the start of flake8.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests import nobody
from tests.ecosystem.process import PYTHON, REPOSITORY

_SEED = 1
#: What a change adds to a file: nothing that others see, or a function with a finding.
COMMENT = "\n# changed\n"
FUNCTION = "\n\nasync def added() -> None:\n    import time\n\n    time.sleep(1)\n"
DODONT = (*PYTHON, "-m", "dodont")

Command = Callable[[Path], tuple[tuple[str, ...], bytes]]


class Time(NamedTuple):
    """Seconds of one run, on the clock and of the CPU (user and system)."""

    elapsed: float
    cpu: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.gate", description=__doc__)
    parser.add_argument("directory", metavar="DIR", type=Path, help="a project")
    parser.add_argument("--runs", type=int, default=10)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name).resolve() / "work"
        shutil.copytree(arguments.directory, work, ignore=shutil.ignore_patterns(".git", ".dodont_cache"))
        (work / "dodont.toml").touch()
        for command in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "All")):
            subprocess.run(["git", *command], cwd=work, env={**os.environ, **nobody.GIT}, check=True)
        _timed((*DODONT, "check", "--quiet", "--exit-zero", "."), work)
        files = [path for path in sorted(work.rglob("*.py")) if path.stat().st_size > 2000]
        files = random.Random(_SEED).sample(files, min(arguments.runs, len(files)))
        rows = dict(_rows(work, files, arguments.runs))
    print(f"load {' '.join(f'{load:.1f}' for load in os.getloadavg())}, {len(files)} files changed one by one\n")
    print(_table(rows))
    return 0


def _rows(work: Path, files: list[Path], runs: int) -> Iterator[tuple[str, list[Time]]]:
    yield "`flake8 --version`", [_timed((*PYTHON, "-m", "flake8", "--version"), work) for _ in range(runs)]
    empty = (*PYTHON, str(REPOSITORY / "tests/bench/plain_flake8.py"), "--isolated", "-")
    yield "flake8 on an empty file", [_timed(empty, work) for _ in range(runs)]
    for what, added in (("a comment", COMMENT), ("a function", FUNCTION)):
        yield f"gate, {what} was added", [_changed(work, path, added, _gate) for path in files]
        yield f"hook, {what} was added", [_changed(work, path, added, _hook) for path in files]
    yield "server, first findings", [_server(work, path) for path in files]


def _gate(path: Path) -> tuple[tuple[str, ...], bytes]:
    return (*DODONT, "check", "--diff-base", "HEAD", "--jobs=1"), b""


def _hook(path: Path) -> tuple[tuple[str, ...], bytes]:
    payload = {"hook_event_name": "PostToolUse", "tool_input": {"file_path": str(path)}}
    return (*DODONT, "hook", "--time-limit", "60"), json.dumps(payload).encode()


def _changed(work: Path, path: Path, added: str, command: Command) -> Time:
    """A run with a change in one file and the cache as it was before."""
    old, cache, kept = path.read_bytes(), work / ".dodont_cache", work.parent / "cache"
    shutil.copytree(cache, kept)
    path.write_bytes(old + added.encode())
    try:
        return _timed(*_with(command(path), work))
    finally:
        path.write_bytes(old)
        shutil.rmtree(cache)
        kept.rename(cache)


def _with(command: tuple[tuple[str, ...], bytes], work: Path) -> tuple[tuple[str, ...], Path, bytes]:
    return command[0], work, command[1]


def _environment() -> dict[str, str]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**environment, "PYTHONPATH": str(REPOSITORY / "src"), "DODONT_AGENT": "0"}


def _timed(command: tuple[str, ...], work: Path, given: bytes = b"") -> Time:
    with tempfile.TemporaryFile() as stdin:
        stdin.write(given)
        stdin.seek(0)
        started = time.perf_counter()
        child = subprocess.Popen(
            command, cwd=work, env=_environment(), stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in (0, 1):
            raise SystemExit(f"{' '.join(command)} ended with {child.returncode}")
        return Time(time.perf_counter() - started, usage.ru_utime + usage.ru_stime)


def _server(work: Path, path: Path) -> Time:
    """From the start of the server to the first findings, or their absence, of a file that an editor opens."""
    started = time.perf_counter()
    child = subprocess.Popen(
        (*DODONT, "server"),
        cwd=work,
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert child.stdin is not None and child.stdout is not None
    document = {"uri": path.as_uri(), "languageId": "python", "version": 1, "text": path.read_text(encoding="utf-8")}
    for message in (
        {"id": 1, "method": "initialize", "params": {"processId": None, "rootUri": work.as_uri(), "capabilities": {}}},
        {"method": "initialized", "params": {}},
        {"method": "textDocument/didOpen", "params": {"textDocument": document}},
    ):
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        child.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
    child.stdin.flush()
    elapsed = 0.0
    while not elapsed:
        length = 0
        while (line := child.stdout.readline().strip()) or not length:
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        answer = json.loads(child.stdout.read(length))
        if answer.get("method") == "textDocument/publishDiagnostics" and answer["params"]["uri"] == path.as_uri():
            elapsed = time.perf_counter() - started
    child.kill()
    _, _, usage = os.wait4(child.pid, 0)
    child.returncode = 0
    return Time(elapsed, usage.ru_utime + usage.ru_stime)


def _table(rows: dict[str, list[Time]]) -> str:
    first = min(each.cpu for each in next(iter(rows.values())))
    lines = [["what", "elapsed s: least", "median", "CPU s: least", "median", "median CPU to flake8's start"]]
    for name, times in rows.items():
        elapsed, cpu = [each.elapsed for each in times], [each.cpu for each in times]
        figures = (min(elapsed), statistics.median(elapsed), min(cpu), statistics.median(cpu))
        lines.append([name, *(f"{each:.2f}" for each in figures), f"{statistics.median(cpu) / first:.1f}"])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(f"| {' | '.join(map(str.ljust, line, widths))} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
