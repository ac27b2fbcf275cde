"""The shape of the package: who imports whom, what a clean file loads, that every rule has its card."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dodont.core.rule import FAMILIES
from dodont.engine import catalogue

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "dodont"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src")}

#: What nobody pays for who has a clean file and no settings.
HEAVY = {"pydantic", "libcst", "astroid", "sqlglot", "rich", "click", "unidiff", "asyncio", "dodont.sql"}

LINT = """
import ast, json, sys
from dodont.flake8 import Plugin
text = open("clean.py").read()
found = [text for _, _, text, _ in Plugin(ast.parse(text), "clean.py", text.splitlines(keepends=True)).run()]
print(json.dumps({"found": found, "loaded": sorted(sys.modules)}))
"""

CLEAN = """\
import logging
import sqlite3

logger = logging.getLogger(__name__)


class Store:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    async def add(self, name: str) -> None:
        logger.info("adding %s", name)
        self.names = [*getattr(self, "names", ()), name]
"""


def test_import_contracts_hold() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    if not command.exists():
        pytest.skip("import-linter is not installed")
    done = subprocess.run([command, "--no-cache"], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("other_tool", (False, True), ids=("no-configuration", "another-tools-pyproject"))
def test_a_clean_file_loads_nothing_heavy(tmp_path: Path, other_tool: bool) -> None:
    (tmp_path / "clean.py").write_text(CLEAN)
    if other_tool:
        (tmp_path / "pyproject.toml").write_text("[tool.other]\nline-length = 100\n")
    done = subprocess.run(
        [sys.executable, "-c", LINT], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    result = json.loads(done.stdout)
    assert result["found"] == []
    assert HEAVY.intersection(result["loaded"]) == set()


def modules(package: str) -> set[str]:
    return {
        f"{path.parent.name}/{path.stem.replace('_', '-')}"
        for path in (SOURCE / package).glob("*/*.py")
        if path.stem != "__init__" and path.parent.name in FAMILIES.values()
    }


def test_every_rule_has_a_card_and_every_card_a_rule() -> None:
    cards = {f"{path.parent.name}/{path.stem}" for path in catalogue.cards_dir().glob("*/*.md")}
    assert modules("rules") == cards
    assert {f"{rule.family}/{rule.name}" for rule in catalogue.rules().values()} == cards


def test_every_fix_belongs_to_a_card_that_says_so() -> None:
    made = [rule for rule in catalogue.rules().values() if rule.fix in ("safe", "unsafe")]
    assert modules("fixes") == {f"{rule.family}/{rule.name}" for rule in made}


def test_the_plugin_stays_small() -> None:
    assert len((SOURCE / "flake8.py").read_text().splitlines()) < 100
