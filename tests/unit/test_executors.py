"""The same findings, whoever does the work: in one process, in threads, in processes however started, on a cluster."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from dodont.engine import analyst, executors, workers
from dodont.engine.analyst import listings_of
from dodont.engine.driver import Report, check
from dodont.engine.executors import NoExecutor, batches, executor_named, packed, regions, unpacked
from dodont.engine.settings import Settings

SHOP = Path(__file__).parents[2] / "docs" / "shop"


@pytest.fixture(autouse=True)
def worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "WORTH_A_PROCESS", 0)


def whole(**options: object) -> Report:
    return check([SHOP], Settings(root=SHOP), **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def expected() -> Report:
    found = whole()
    assert len(found.diagnostics) >= 7
    return found


@contextmanager
def processes(method: str) -> Iterator[Executor]:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as pool:
        yield pool


def test_own_processes(expected: Report) -> None:
    assert whole(jobs=2) == expected


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_processes(method: str, expected: Report, tmp_path: Path) -> None:
    with processes(method) as pool:
        assert whole(executor=pool) == expected
        assert whole(executor=pool, cache_dir=tmp_path / "cache") == expected
        assert whole(executor=pool, cache_dir=tmp_path / "cache") == expected
        pool.submit(int).result()  # a borrowed executor goes on working


def test_threads(expected: Report, tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        assert whole(executor=pool) == expected
        assert whole(executor=pool, cache_dir=tmp_path / "cache") == expected
        assert whole(executor=pool, cache_dir=tmp_path / "cache") == expected


def test_what_one_wrote_another_reads(expected: Report, tmp_path: Path) -> None:
    assert whole(cache_dir=tmp_path / "cache") == expected
    with ThreadPoolExecutor(2) as pool:
        assert whole(executor=pool, cache_dir=tmp_path / "cache") == expected


class Elsewhere(ThreadPoolExecutor):
    """Threads that count as another machine: what they are not given they must not look at."""


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Executor]:
    monkeypatch.setattr(executors, "shares_disk", lambda executor: not isinstance(executor, Elsewhere))
    with Elsewhere(2) as pool:
        yield pool


def test_workers_without_the_disk(
    elsewhere: Executor, expected: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "_analyst", _moved_away(executors._analyst))
    assert whole(executor=elsewhere) == expected
    assert whole(executor=elsewhere, cache_dir=tmp_path / "cache") == expected
    assert whole(executor=elsewhere, cache_dir=tmp_path / "cache") == expected


def _moved_away(make: object) -> object:
    """Workers whose reads of the disk fail."""

    def made(job: executors.Work) -> analyst.Analyst:
        found: analyst.Analyst = make(job)  # type: ignore[operator]
        readings = found.project.readings
        given = readings._overrides

        def bytes_of(path: str) -> bytes:
            if path not in given:
                raise FileNotFoundError(path)
            return given[path]

        readings.bytes_of = bytes_of  # type: ignore[method-assign]
        return found

    return made


def test_dask(expected: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    monkeypatch.setenv("DASK_DISTRIBUTED__ADMIN__LARGE_GRAPH_WARNING_THRESHOLD", "1GB")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None,
            local_directory=str(tmp_path),
        ) as cluster,
        distributed.Client(cluster) as client,
    ):  # fmt: skip
        executor = client.get_executor()
        assert whole(executor=executor) == expected
        assert whole(executor=executor, cache_dir=tmp_path / "cache") == expected
        assert whole(executor=executor, cache_dir=tmp_path / "cache") == expected


@pytest.fixture
def deadly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a file that brings down whatever process analyses it, and one with a finding."""
    for name in ("a", "b", "c", "d"):
        text = 'import sqlite3\n\n\ndef find(name):\n    sqlite3.connect("x").execute(f"SELECT 1 FROM t WHERE n = \'{name}\'")\n'
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    original, parent = analyst.Analyst.file, os.getpid()

    def file(self: analyst.Analyst, path: str, *rest: object) -> object:
        if path.endswith("c.py") and os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(self, path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(analyst.Analyst, "file", file)
    return tmp_path


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="the patch must reach the workers")
def test_a_file_that_kills_its_worker_costs_one_line(deadly: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "_start_method", lambda: "fork")
    found = check([deadly], Settings(root=deadly), jobs=2).diagnostics
    assert [(each.path, each.code) for each in found] == [
        ("a.py", "ODD201"), ("b.py", "ODD201"), ("c.py", "ODD000"), ("d.py", "ODD201"),
    ]  # fmt: skip
    assert "the process that analysed it ended" in found[2].message


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="the patch must reach the workers")
def test_a_borrowed_pool_that_breaks(deadly: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "_start_method", lambda: "fork")
    with processes("fork") as pool:
        found = check([deadly], Settings(root=deadly), executor=pool).diagnostics
    assert [(each.path, each.code) for each in found if each.code == "ODD000"] == [("c.py", "ODD000")]
    assert len(found) == 4


class Refusing(ThreadPoolExecutor):
    def submit(self, *arguments: object, **options: object) -> object:  # type: ignore[override]
        raise RuntimeError("cannot schedule new futures after shutdown")


def test_an_executor_that_takes_no_work(expected: Report) -> None:
    with Refusing(1) as pool:
        assert whole(executor=pool) == expected


SIZES: Mapping[str, int] = {f"/p/{number:03}.py": (number * 7919) % 30_000 for number in range(300)}


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_batches(workers: int) -> None:
    found = list(batches(list(SIZES), SIZES, workers))
    assert [path for batch in found for path in batch] == list(SIZES)
    assert len(found) >= workers


@pytest.mark.parametrize("workers", [1, 2, 7, 400])
def test_regions(workers: int) -> None:
    found = list(regions(list(SIZES), SIZES, workers))
    assert [path for region in found for path in region] == list(SIZES)
    assert all(found)
    assert len(found) <= 2 * workers
    assert list(regions([], {}, workers)) == []


def test_a_region_ends_between_packages() -> None:
    paths = [f"/p/{package}/{number}.py" for package in "abcd" for number in range(9)]
    one, other = regions(paths, {path: 900 + index * 10 for index, path in enumerate(paths)}, 2)
    assert {path[3] for path in one}.isdisjoint(path[3] for path in other)


def test_packed() -> None:
    files = {"/p/a.py": b"x = 1\n", "/p/\udcff.py": b"", "/p/sub/\u00e4.py": bytes(range(256)) * 500}
    assert unpacked(packed(files)) == files
    assert listings_of(files)["/p"] == {"a.py", "\udcff.py", "sub"}
    assert listings_of(files)["/"] == {"p"}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("tests", "write it as module:factory"),
        ("no.such:thing", "ModuleNotFoundError"),
        ("os:nothing", "AttributeError"),
        ("os:getpid", "gives a int, which is no concurrent.futures.Executor"),
        ("os:_exit", "TypeError"),
    ],
)
def test_names_that_give_no_executor(name: str, why: str) -> None:
    with pytest.raises(NoExecutor, match="--executor") as raised:
        executor_named(name)
    assert why in str(raised.value)


def test_executor_named() -> None:
    made = executor_named("concurrent.futures:ThreadPoolExecutor")
    assert isinstance(made, ThreadPoolExecutor)
    made.shutdown()
