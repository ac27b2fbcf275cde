"""The example application: exactly the findings its README lists, and exactly those repaired that have a repair."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "docs" / "shop"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src")}

#: A row of the README's table: code and name of the rule, file and line of the finding.
ROW = re.compile(r"^\| (ODD\d{3}) ([a-z-]+) \| \[([\w/.]+):(\d+)\]\(([\w/.]+)\) \|", re.M)

REPAIRED = {"ODD202", "ODD701", "ODD702"}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")))


def dodont(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dodont", *arguments]
    done = subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 1) and "Traceback" not in done.stderr, done.stderr
    return done


def found(cwd: Path) -> set[tuple[str, str, str, int]]:
    report = json.loads(dodont("check", ".", "--output-format", "json", cwd=cwd).stdout)
    return {(each["code"], each["name"], each["filename"], each["location"]["row"]) for each in report["findings"]}


def listed() -> set[tuple[str, str, str, int]]:
    rows = ROW.findall((SHOP / "README.md").read_text(encoding="utf-8"))
    assert rows and all(file == target for _, _, file, _, target in rows)
    return {(code, name, file, int(line)) for code, name, file, line, _ in rows}


def test_the_findings_are_those_the_readme_lists(shop: Path) -> None:
    assert found(shop) == listed()


def test_what_can_be_repaired_is_repaired(shop: Path) -> None:
    before = {path: path.read_bytes() for path in shop.rglob("*.py")}
    done = dodont("fix", ".", "--unsafe-fixes", cwd=shop)
    assert f"Fixed {len(REPAIRED)} findings in {len(REPAIRED)} files." in done.stderr
    left = found(shop)
    assert {place[:2] for place in left} == {place[:2] for place in listed() if place[0] not in REPAIRED}
    changed = [path for path in before if path.read_bytes() != before[path]]
    assert len(changed) == len(REPAIRED)
    for path in changed:
        ast.parse(path.read_text(encoding="utf-8"))
    after = {path: path.read_bytes() for path in shop.rglob("*.py")}
    assert "Nothing to fix." in dodont("fix", ".", "--unsafe-fixes", cwd=shop).stderr
    assert {path: path.read_bytes() for path in shop.rglob("*.py")} == after


def test_only_what_is_safe_without_being_asked(shop: Path) -> None:
    dodont("fix", ".", cwd=shop)
    assert {place[0] for place in listed()} - {place[0] for place in found(shop)} == {"ODD701", "ODD702"}
