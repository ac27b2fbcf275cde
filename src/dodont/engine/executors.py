"""Many files on many workers: threads, processes, or any ``concurrent.futures.Executor``.

Files go out in batches. A worker keeps what it knows of the project between the batches of a run. Findings do not hang on who
analyses what: every worker finds out for itself what the others' modules say.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import sys
import threading
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from dodont.engine.analyst import Analysis, Analyst, Batch, batch_of, interpreting, listings_of
from dodont.engine.dispatch import internal
from dodont.engine.settings import Settings
from dodont.project.readings import Readings
from dodont.project.source import displayed
from dodont.project.summary import read

#: How often a batch is tried before it is cut in two.
TRIES = 2


@dataclass(frozen=True, slots=True)
class Work:
    """What the batches of a wave share; plain data. ``sources`` are the packed files of the project where workers have no disk
    in common with the run. ``summaries`` are those of an earlier run that hold."""

    settings: Settings
    root: Path
    keep: bool = False
    wave: frozenset[str] = frozenset()
    sources: bytes | None = None
    cache: tuple[Path, str] | None = None
    moved: frozenset[str] = frozenset()
    summaries: Mapping[str, str] | None = None
    token: str = field(default_factory=lambda: uuid.uuid4().hex)


#: The analysts of this process, by thread: that of the run at hand.
_local = threading.local()


def work(job: Work, paths: Sequence[str]) -> Batch:
    """Analyse a batch. This is what workers are sent."""
    with interpreting():
        if getattr(_local, "token", None) != job.token:
            _local.token, _local.analyst = job.token, _analyst(job)
        analyst: Analyst = _local.analyst
        analyses = list(analyst.files(paths))
        return batch_of(analyst, analyses, job.wave) if job.keep else Batch(tuple(analyses))


def _analyst(job: Work) -> Analyst:
    files = unpacked(job.sources) if job.sources is not None else None
    listings = listings_of(files) if files is not None else None
    return Analyst(
        job.settings,
        job.root,
        readings=Readings(files),
        listings=listings,
        keep=job.keep,
        every_file=True,
        memory=_memory(job),
    )


def _memory(job: Work) -> Callable[[str], dict[str, Any] | None] | None:
    if job.summaries is not None:
        summaries = job.summaries
        return lambda path: read(summaries[path]) if path in summaries else None
    if job.cache is None:
        return None
    from dodont.engine.cache import Cache
    from dodont.engine.reuse import Reuse

    analyst = Analyst(job.settings, job.root)  # looks, and analyses nothing
    reuse = Reuse(analyst.project, Cache(*job.cache))
    reuse.begin(job.wave, job.moved)
    return reuse.summary


def packed(files: Mapping[str, bytes]) -> bytes:
    """Files as one compressed text."""
    parts = []
    for path, data in files.items():
        name = os.fsencode(path)
        parts += [len(name).to_bytes(4), name, len(data).to_bytes(4), data]
    return zlib.compress(b"".join(parts), 1)


def unpacked(data: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    data, place = zlib.decompress(data), 0

    def part() -> bytes:
        nonlocal place
        size = int.from_bytes(data[place : place + 4])
        place += 4 + size
        return data[place - size : place]

    while place < len(data):
        name = part()
        found[os.fsdecode(name)] = part()
    return found


def shares_disk(executor: Executor) -> bool:
    return isinstance(executor, (ProcessPoolExecutor, ThreadPoolExecutor))


def batches(paths: Sequence[str], sizes: Mapping[str, int], workers: int) -> Iterator[list[str]]:
    """Neighbouring files together, as they know each other; large batches first, small ones in the end, so that all end together."""
    left = sum(sizes[path] for path in paths)
    rest = list(paths)
    while rest:
        batch, rest = _cut(rest, sizes, max(left / (workers * 1.5), SMALLEST))
        left -= sum(sizes[path] for path in batch)
        yield batch


def regions(paths: Sequence[str], sizes: Mapping[str, int], workers: int) -> Iterator[list[str]]:
    """The files in as many parts as there are workers, twice as many where an uneven cut would leave several of them waiting.

    To know a part of a project is most of the work on another file of it: who helped another in the end would be slower than that.
    """
    rest = list(paths)
    parts = workers if workers < EVEN else 2 * workers
    for left in range(parts, 0, -1):
        region, rest = _cut(rest, sizes, sum(sizes[path] for path in rest) / left) if left > 1 else (rest, [])
        if region:
            yield region


def _cut(paths: list[str], sizes: Mapping[str, int], target: float) -> tuple[list[str], list[str]]:
    """About so many bytes of the files, and the others: cut rather between two packages than within one."""
    held, end, near = 0, len(paths), sys.maxsize
    for index, (path, following) in enumerate(pairwise(paths)):
        held += sizes[path]
        if held >= target * 0.8:
            shared = os.path.commonpath((path, following)).count(os.sep)
            if shared < near:
                near, end = shared, index + 1
            if held >= target * 1.2:
                break
    return paths[:end], paths[end:]


#: Bytes of source below which a batch is not worth sending.
SMALLEST = 20_000

#: With so many workers, parts of the same size are not left to end at the same time.
EVEN = 4


class Team:
    """The workers of a run. ``executor`` is borrowed and never shut down; without one, processes are started as needed."""

    def __init__(self, workers: int, executor: Executor | None = None) -> None:
        # Nobody tells how many workers a borrowed executor has: more batches than workers do little harm.
        self._workers = workers if executor is None else max(workers, getattr(executor, "_max_workers", 0) or 8)
        self._borrowed = executor
        self._own: ProcessPoolExecutor | None = None

    @property
    def shares_disk(self) -> bool:
        return self._borrowed is None or shares_disk(self._borrowed)

    def close(self, *, at_once: bool) -> None:
        if self._own is not None:
            end(self._own, at_once=at_once)

    def _executor(self) -> Executor:
        if self._borrowed is not None:
            return self._borrowed
        if self._own is None:
            context = multiprocessing.get_context(_start_method())
            self._own = ProcessPoolExecutor(self._workers, context, initializer=_leave_interrupts)
        return self._own

    def _lose(self) -> None:
        """A pool that lost its worker takes no more work. Where it was borrowed, own processes do the rest."""
        if self._own is not None:
            end(self._own, at_once=True)
            self._own = None
        if self._borrowed is not None and not self._takes_work(self._borrowed):
            self._borrowed = None

    @staticmethod
    def _takes_work(executor: Executor) -> bool:
        try:
            executor.submit(int)
        except (BrokenExecutor, RuntimeError):
            return False
        return True

    def map(self, job: Work, paths: Sequence[str], sizes: Mapping[str, int]) -> Iterator[Batch]:
        """What comes of the files, in any order."""
        cut = regions if self._borrowed is None else batches
        yield from self._run(job, list(cut(paths, sizes, self._workers)), TRIES)

    def _run(self, job: Work, pending: list[list[str]], tries: int) -> Iterator[Batch]:
        """A batch whose worker dies is tried once more, then in halves; a file that brings down a worker by itself costs a line."""
        lost: list[list[str]] = []
        running: dict[Future[Batch], list[str]] = {}
        for batch in pending:
            try:
                running[self._executor().submit(work, job, batch)] = batch
            except (BrokenExecutor, RuntimeError):  # it lost a worker, or was shut down
                lost.append(batch)
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                batch = running.pop(future)
                try:
                    yield future.result()
                except Exception:  # of whatever executor there is
                    lost.append(batch)
        if not lost:
            return
        self._lose()
        if tries > 1:
            yield from self._run(job, lost, tries - 1)
            return
        for batch in lost:
            if len(batch) == 1:
                yield Batch((_given_up(job, batch[0]),))
                continue
            middle = len(batch) // 2
            for half in (batch[:middle], batch[middle:]):
                yield from self._run(job, [half], 1)


def _given_up(job: Work, path: str) -> Analysis:
    shown = displayed(path, job.settings.root)
    return Analysis(
        shown, (internal(shown, "the process that analysed it ended; exclude the file and please report it"),)
    )


def _start_method() -> str:
    """Forking is quick, and safe where no other thread holds a lock."""
    return "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"


def _leave_interrupts() -> None:
    """A terminal interrupts all processes of a run; the first one ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def end(executor: Executor, *, at_once: bool) -> None:
    """Shut an executor down. ``at_once`` ends processes, whatever they do."""
    if at_once and isinstance(executor, ProcessPoolExecutor):
        processes = list((executor._processes or {}).values())
        for process in processes:
            process.kill()
        for process in processes:
            process.join(1)
    try:
        executor.shutdown(wait=not at_once, cancel_futures=True)
    except TypeError:  # dask's takes no second word
        executor.shutdown(wait=not at_once)


class NoExecutor(Exception):  # noqa: N818
    """What ``--executor`` names gives no executor; the message says why."""


def executor_named(name: str) -> Executor:
    """What ``module:factory`` makes. Raises NoExecutor."""
    module, colon, factory = name.partition(":")
    if not colon or not module or not factory:
        raise NoExecutor(f"--executor {name}: write it as module:factory")
    if "" not in sys.path and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        made = getattr(importlib.import_module(module), factory)()
    except Exception as error:
        raise NoExecutor(f"--executor {name}: {type(error).__name__}: {error}") from None
    if not (callable(getattr(made, "submit", None)) and callable(getattr(made, "shutdown", None))):
        raise NoExecutor(f"--executor {name}: gives a {type(made).__name__}, which is no concurrent.futures.Executor")
    found: Executor = made
    return found
