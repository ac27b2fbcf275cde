"""Nothing that happens to the cache's files changes what a run finds, or ends it."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from dodont.engine.cache import Cache, Row, clean
from dodont.engine.driver import check
from dodont.engine.settings import Settings
from tests.unit.test_reuse import FILES, SAFE, UNSAFE, cold, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, {**FILES, "app/store.py": FILES["app/store.py"].replace(SAFE, UNSAFE)})
    return tmp_path


def warm(root: Path, directory: Path | None = None) -> bool:
    """Whether a run with the cache finds what one without it does."""
    found = check([root], Settings(root=root), cache_dir=directory or root / ".dodont_cache")
    assert found.diagnostics
    return found == cold(root)


def file_of(root: Path) -> Path:
    return root / ".dodont_cache" / "modules.sqlite3"


def test_made_and_marked(root: Path) -> None:
    assert warm(root)
    directory = root / ".dodont_cache"
    assert (directory / ".gitignore").read_text(encoding="utf-8") == "*\n"
    assert (
        (directory / "CACHEDIR.TAG")
        .read_text(encoding="utf-8")
        .startswith("Signature: 8a477f597d28d172789f06886806bc55")
    )
    assert clean(directory)
    assert not directory.exists()
    assert not clean(directory)


def _no_database(file: Path) -> None:
    file.write_bytes(b"no database at all\n" * 400)


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _bits(file: Path) -> None:
    data = bytearray(file.read_bytes())
    for place in range(100, len(data), 97):
        data[place] ^= 0x55
    file.write_bytes(data)


def _text(column: str, value: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        connection = sqlite3.connect(file)
        connection.execute(f"update modules set {column} = {value}")
        connection.commit()
        connection.close()

    change.__name__ = column
    return change


def _directory(file: Path) -> None:
    file.unlink()
    file.mkdir()


DAMAGE = [
    _no_database, _empty, _cut, _bits, _directory, _text("findings", "'[[1]]'"), _text("inputs", "'{'"), _text("findings", "'[]'"),
    _text("summary", "'{}'"), _text("summary", "x'00ff'"), _text("digest", "'0'"),
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda each: each.__name__.strip("_"))
def test_damaged(root: Path, damage: Callable[[Path], None]) -> None:
    assert warm(root)
    damage(file_of(root))
    path = root / "app/handlers.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n# more\n", encoding="utf-8")
    assert warm(root)
    assert warm(root)


def test_an_earlier_layout_gives_way(root: Path) -> None:
    assert warm(root)
    connection = sqlite3.connect(file_of(root))
    connection.execute(f"pragma application_id = {0x4F4444_01}")
    connection.execute("drop table readings")
    connection.commit()
    connection.close()
    assert warm(root)
    connection = sqlite3.connect(file_of(root))
    assert connection.execute("select count(*) from modules").fetchone()[0] > 0
    connection.close()


def test_another_programs_file_is_left_alone(root: Path) -> None:
    file_of(root).parent.mkdir()
    connection = sqlite3.connect(file_of(root))
    connection.execute("create table theirs (x)")
    connection.commit()
    connection.close()
    before = file_of(root).read_bytes()
    assert warm(root)
    assert file_of(root).read_bytes() == before


def test_a_directory_that_cannot_be_made(root: Path) -> None:
    (root / "file").write_text("", encoding="utf-8")
    assert warm(root, root / "file" / "cache")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only(root: Path) -> None:
    directory = root / ".dodont_cache"
    assert warm(root)
    for path in (file_of(root), directory):
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        assert warm(root)
        path = root / "app/handlers.py"
        path.write_text(path.read_text(encoding="utf-8") + "\n# more\n", encoding="utf-8")
        assert warm(root)
    finally:
        directory.chmod(0o755)


RUN = """\
import sys
from pathlib import Path
from dodont.engine.driver import check
from dodont.engine.settings import Settings
root = Path(sys.argv[1])
print(len(check([root], Settings(root=root), cache_dir=root / ".dodont_cache").diagnostics))
"""


def _start(root: Path, **options: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN, str(root)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload,no-any-return]


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on files there")
def test_full_disk(root: Path) -> None:
    def no_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

    out, err = _start(root, preexec_fn=no_room).communicate(timeout=60)
    assert (out, err) == ("1\n", "")
    assert warm(root)


def test_several_runs_at_once(root: Path) -> None:
    running = [_start(root) for _ in range(4)]
    assert {each.communicate(timeout=60) for each in running} == {("1\n", "")}
    assert warm(root)


def test_a_killed_run(root: Path) -> None:
    for wait in (0.05, 0.15, 0.25, 0.35):
        running = _start(root)
        with pytest.raises(subprocess.TimeoutExpired):
            running.wait(wait)
            raise subprocess.TimeoutExpired("", 0)
        running.kill()
        running.communicate(timeout=60)
        assert warm(root)


def test_a_run_that_holds_the_lock(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dodont.engine.cache._PATIENCE", 0.05)
    assert warm(root)
    other = sqlite3.connect(file_of(root), check_same_thread=False)
    other.execute("begin exclusive")
    try:
        assert warm(root)
    finally:
        other.rollback()
        other.close()


def test_rows_of_threads(tmp_path: Path) -> None:
    def write_rows(number: int) -> None:
        cache = Cache(tmp_path / "c", "same")
        for index in range(20):
            cache.write([(Row(f"{number}/{index}", "s", "d", "{}", "[]"), "{}")])

    threads = [threading.Thread(target=write_rows, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    names = [f"{number}/{index}" for number in range(4) for index in range(20)]
    assert len(Cache(tmp_path / "c", "same").rows(names)) == 80
    assert not Cache(tmp_path / "c", "other").rows(names)
