"""A run in parts: every shard by itself, put together again, is the run."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.e2e.test_cli import JOBS, ROOT, dodont
from tests.e2e.trees import make

SHOP = ROOT / "docs" / "shop"


def shards(where: Path, count: int, *said: str) -> list[str]:
    """The documents of all shards, last one first."""
    names = []
    for number in range(count, 0, -1):
        name = f"{number}.json"
        done = dodont(
            where, "check", "--shard", f"{number}/{count}", "--output-format", "json", "-o", name, "--no-cache", *said
        )
        assert done.returncode in (0, 1)
        names.append(name)
    return names


def assert_whole(where: Path, names: list[str], *said: str) -> None:
    for form in ("concise", "full", "json", "sarif"):
        whole = dodont(where, "check", "--no-cache", *said, "--output-format", form, "--statistics")
        merged = dodont(where, "merge", *names, "--output-format", form, "--statistics")
        assert (merged.returncode, merged.stdout, merged.stderr) == (whole.returncode, whole.stdout, whole.stderr)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns("__pycache__", ".dodont_cache")))


def test_the_shop(shop: Path) -> None:
    names = shards(shop, 3)
    documents = [json.loads((shop / name).read_text(encoding="utf-8")) for name in names]
    assert [document["shard"] for document in documents] == ["3/3", "2/3", "1/3"]
    assert sum(bool(document["findings"]) for document in documents) > 1
    assert_whole(shop, names)


def test_one_shard_is_the_whole_run(shop: Path) -> None:
    assert_whole(shop, shards(shop, 1))


def test_a_larger_tree(tmp_path: Path) -> None:
    assert_whole(tmp_path, shards(make(tmp_path, 24, fillers=1), 4))


def test_a_repository_of_several_projects(tmp_path: Path) -> None:
    """Paths below the repository's root, other rules and other ``fail-on`` by directory, files that fail, odd names."""
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    project = tmp_path / "services"
    files = {
        "pyproject.toml": '[tool.dodont]\nfail-on = "error"\noutput-format = "json"\n',
        "jobs.py": JOBS,
        "api/dodont.toml": 'select = ["ODD7"]\nfail-on = "error"\n',
        "api/jobs.py": JOBS,
        "web/dodont.toml": 'select = ["ODD2"]\nfail-on = "error"\n',
        "web/deep/jobs.py": JOBS,
        "web/bröken dir/a#b.py": JOBS.replace("'{name}'", "'{name}' "),
    }
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    names = shards(project, 5)
    assert_whole(project, names)
    assert dodont(project, "merge", *names).returncode == dodont(project, "check", "--no-cache").returncode
    (project / "web" / "broken.py").write_text("def f(:\n", encoding="utf-8")
    assert_whole(project, shards(project, 5))
    # From elsewhere, the root is named; the format comes from the root that governs the directory.
    whole = dodont(tmp_path, "check", "services", "--output-format", "sarif", "--no-cache")
    merged = dodont(tmp_path, "merge", "--root", "services", *(f"services/{name}" for name in names))
    assert merged.returncode == 1
    again = dodont(
        tmp_path, "merge", "--root", "services", "--output-format", "sarif", *(f"services/{name}" for name in names)
    )
    assert again.stdout == whole.stdout


def test_files_of_a_directory_stay_together_and_none_is_lost(shop: Path) -> None:
    every = dodont(shop, "check", "--show-files").stdout.splitlines()
    parts = [dodont(shop, "check", "--shard", f"{n}/4", "--show-files").stdout.splitlines() for n in range(1, 5)]
    assert sorted(file for part in parts for file in part) == every
    directories = [{str(Path(file).parent) for file in part} for part in parts]
    assert sum(map(len, directories)) == len(set().union(*directories))
    # A new file moves no other.
    (shop / "app" / "services" / "another.py").write_text("X = 1\n", encoding="utf-8")
    for number, part in enumerate(parts, 1):
        now = dodont(shop, "check", "--shard", f"{number}/4", "--show-files").stdout.splitlines()
        assert [file for file in now if "another" not in file] == part


def test_a_shard_without_files_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text(JOBS, encoding="utf-8")
    done = [dodont(tmp_path, "check", "--shard", f"{number}/2", "--isolated") for number in (1, 2)]
    assert sorted(each.returncode for each in done) == [0, 1]
    assert [each.stderr for each in done] == ["", ""]


def test_the_document_is_as_its_schema_says(shop: Path) -> None:
    schema = json.loads((ROOT / "src/dodont/output/findings.schema.json").read_text(encoding="utf-8"))
    whole = json.loads(dodont(shop, "check", "--output-format", "json", "--no-cache").stdout)
    assert whole["shard"] is None
    assert whole["rules"] == sorted(whole["rules"]) and "missing-await" in whole["rules"]
    for name in shards(shop, 2):
        jsonschema.validate(json.loads((shop / name).read_text(encoding="utf-8")), schema)


# ------------------------------------------------------------------------------------------------- what goes wrong


def test_a_whole_document_can_be_told_in_another_format(shop: Path) -> None:
    dodont(shop, "check", "--output-format", "json", "-o", "all.json")
    assert_whole(shop, ["all.json"])
    assert dodont(shop, "merge", "all.json", "--exit-zero").returncode == 0
    done = dodont(shop, "merge", "all.json", "1.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "1.json: cannot be read: No such file or directory" in done.stderr


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("parts")
    for name in ("a/jobs.py", "b/jobs.py", "c/jobs.py"):
        (where / name).parent.mkdir()
        (where / name).write_text(JOBS, encoding="utf-8")
    shards(where, 3)
    dodont(where, "check", "--output-format", "json", "-o", "whole.json", "--no-cache")
    dodont(where, "check", "--output-format", "sarif", "-o", "some.sarif", "--no-cache")
    dodont(where, "check", "--output-format", "json", "-o", "of2.json", "--shard", "2/2", "--no-cache")
    (where / "text.json").write_text("no JSON at all", encoding="utf-8")
    (where / "deep.json").write_text("[" * 100_000, encoding="utf-8")
    (where / "bytes.json").write_bytes(b"\xff\xfe\x00")
    first = json.loads((where / "1.json").read_text(encoding="utf-8"))
    changes: dict[str, dict[str, Any]] = {
        "older": {"tool": {"name": "dodont", "version": "0.0.1"}},
        "newer": {"schema_version": 2},
        "other": {"tool": {"name": "ruff", "version": "0.1.0"}},
        "odd": {"findings": [{"code": "ODD701"}]},
        "nonsense": {"shard": "4/3"},
        "counts": {"files": "many"},
    }
    for name, change in changes.items():
        (where / f"{name}.json").write_text(json.dumps({**first, **change}), encoding="utf-8")
    del first["rules"]
    (where / "norules.json").write_text(json.dumps(first), encoding="utf-8")
    return where


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("1 3", "not all shards are there: 2/3 missing; name their documents, too"),
        ("2", "not all shards are there: 1/3, 3/3 missing; name their documents, too"),
        ("1 2 3 2", "2.json: shard 2/3 is given twice; 2.json is it, too"),
        ("1 2 3 whole", "whole.json: the document of a whole run, which has no other parts"),
        ("whole 1", "whole.json: the document of a whole run, which has no other parts"),
        ("1 of2 3", "of2.json: shard 2/2, where 1.json is one of 3"),
        ("older", "older.json: made by dodont 0.0.1 (schema 1), and this is 0.1.0 (schema 1); use one version for all"),
        ("newer", "newer.json: made by dodont 0.1.0 (schema 2), and this is 0.1.0 (schema 1); use one version for all"),
        ("other", "other.json: no document of `dodont check --output-format json`"),
        ("text", "text.json: no document of"),
        ("deep", "deep.json: no document of"),
        ("bytes", "bytes.json: no document of"),
        ("some.sarif", "some.sarif: no document of"),
        ("odd", "odd.json: not as dodont 0.1.0 writes it; make it again"),
        ("nonsense", "nonsense.json: not as dodont 0.1.0 writes it"),
        ("counts", "counts.json: not as dodont 0.1.0 writes it"),
        ("norules", "norules.json: not as dodont 0.1.0 writes it"),
        ("a", "a: cannot be read: Is a directory"),
        ("--root nowhere 1 2 3", "nowhere"),
        ("", "FILE..."),
    ],
)
def test_what_makes_no_whole(parts: Path, names: str, said: str) -> None:
    given = [
        name if (parts / name).is_dir() or "." in name or not name[0].isalnum() else f"{name}.json"
        for name in names.split()
    ]
    given = [name.replace("nowhere.json", "nowhere") for name in given]
    done = dodont(parts, "merge", *given)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    if ".json" in said:
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("shard", ["0/3", "4/3", "1", "1/0", "a/b", "1/3/5", "-1/3", "1/ 3", ""])
def test_a_shard_is_named_rightly(parts: Path, shard: str) -> None:
    done = dodont(parts, "check", f"--shard={shard}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"dodont: error: --shard {shard}: write it as 2/3, the second of three\n"


def test_a_shard_is_of_directories(parts: Path) -> None:
    assert "stdin has none" in dodont(parts, "check", "-", "--shard", "1/2").stderr
    assert "--shard is for checks alone" in dodont(parts, "check", "--fix", "--shard", "1/2").stderr
