"""``dodont.check``: what the command line does, from Python."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import dodont
from dodont import api
from dodont.engine import workers
from tests.unit.test_docs import read

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "docs" / "shop"
UNSAFE = "import asyncio\n\n\nasync def tick():\n    asyncio.sleep(2)\n"


@pytest.fixture
def services(tmp_path: Path) -> Path:
    for name, settings in {"one": 'ignore = ["ODD701"]\n', "two": ""}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "dodont.toml").write_text(settings, encoding="utf-8")
        (tmp_path / name / "jobs.py").write_text(UNSAFE, encoding="utf-8")
    return tmp_path


def found(report: dodont.Report) -> list[tuple[str, str, int]]:
    return [(each.path, each.code, each.span.line) for each in report.diagnostics]


def test_each_file_by_the_configuration_nearest_to_it(services: Path) -> None:
    report = dodont.check([services / "one", str(services / "two")])
    assert isinstance(report, dodont.Report)
    assert (found(report), report.files) == ([("two/jobs.py", "ODD701", 5)], 2)
    (diagnostic,) = report.diagnostics
    assert isinstance(diagnostic, dodont.Diagnostic)
    assert diagnostic.rule == "missing-await"


def test_as_the_command_line(services: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dodont", "check", "--output-format", "json", "--no-cache"],
        cwd=SHOP, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True,
    )  # fmt: skip
    told = json.loads(done.stdout)
    report = dodont.check(SHOP)
    root = Path(os.path.commonpath([ROOT, SHOP]))
    assert [each.message for each in report.diagnostics] == [each["message"] for each in told["findings"]]
    assert [root / each.path for each in report.diagnostics] == [root / each["filename"] for each in told["findings"]]
    assert report.files == told["files"]


def test_settings_hold_for_all(services: Path) -> None:
    settings = dodont.Settings(root=services, ignore=("ODD702",))
    assert len(dodont.check(services, settings).diagnostics) == 2
    only = dodont.Settings(root=services, select=("ODD702",))
    assert dodont.check(services, only) == dodont.Report((), 2)


def test_one_path_several_paths_no_path(services: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(services)
    expected = [("jobs.py", "ODD701", 5)]
    for paths in ("two", Path("two"), ["two"], (path for path in ("two", "two/jobs.py"))):
        assert found(dodont.check(paths)) == expected
    assert dodont.check([]) == dodont.Report((), 0)


def test_a_file_that_does_not_parse_is_a_diagnostic(services: Path) -> None:
    (services / "two" / "broken.py").write_text("def f(:\n", encoding="utf-8")
    assert [each.code for each in dodont.check(services / "two").diagnostics] == ["ODD000", "ODD701"]


def test_workers_and_a_cache(services: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(workers, "WORTH_A_PROCESS", 0)
    expected = dodont.check(services)
    kept = tmp_path / "kept"
    with ThreadPoolExecutor(2) as pool:
        for _ in range(2):
            assert dodont.check(services, executor=pool, cache_dir=kept) == expected
        assert pool.submit(int).result() == 0
    assert dodont.check(services, jobs=2) == expected
    assert dodont.check(services, cache_dir=str(kept)) == expected
    assert kept.is_dir()
    assert not list(services.rglob(".dodont_cache"))


def test_what_is_wrong_is_raised(services: Path) -> None:
    with pytest.raises(api.MissingPath, match=r"nowhere: no such file"):
        dodont.check(services / "nowhere")
    with pytest.raises(api.UnknownSelection, match="did you mean 'missing-await'"):
        dodont.check(services, dodont.Settings(root=services, select=("missing-awaits",)))
    with pytest.raises(ValueError, match="1 or more, not 0"):
        dodont.check(services, jobs=0)
    with pytest.raises(ValueError, match="is absolute, not src"):
        dodont.check(services, dodont.Settings(root=Path("src")))
    (services / "two" / "dodont.toml").write_text("slect = []\n", encoding="utf-8")
    with pytest.raises(api.ConfigError, match="did you mean 'select'"):
        dodont.check(services)


def test_the_process_stays_as_it_was(services: Path) -> None:
    before = sys.getrecursionlimit(), gc.isenabled(), gc.get_freeze_count()
    dodont.check(services)
    assert (sys.getrecursionlimit(), gc.isenabled(), gc.get_freeze_count()) == before


def test_importing_it_loads_nothing() -> None:
    code = """
import sys
before = set(sys.modules)
import dodont
print(sorted(set(sys.modules) - before))
assert set(dodont.__all__) <= {*dir(dodont)}
assert dodont.Settings is dodont.api.Settings and dodont.check is dodont.api.check
try:
    dodont.nothing
except AttributeError as error:
    print(error)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["['dodont']", "module 'dodont' has no attribute 'nothing'"]


def test_the_guide_s_example_runs(services: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(services)
    code = read("docs/api.md").split("```python\n")[1].split("```")[0].replace('"app"', '"two"')
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    assert done.stdout.startswith("jobs.py:5: ODD701 ")
