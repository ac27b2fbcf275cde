"""Modules that import all of each other: every name is found, and looked for in each module once."""

from __future__ import annotations

from pathlib import Path

import pytest

from dodont.engine.analyst import interpreting
from dodont.engine.driver import Run
from dodont.engine.settings import Settings
from dodont.project.project import Project


def write(root: Path, files: dict[str, str]) -> list[str]:
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return [str(root / name) for name in files]


def test_many_modules_in_one_knot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"m{number}" for number in range(12)]
    files = {
        f"app/{name}.py": "".join(f"from app.{other} import *\n" for other in names if other != name)
        + f"\n\nclass C{name}(Base{name}):\n    x = missing_{name}.y\n"
        for name in names
    }
    asked = 0
    resolve = Project._resolve

    def counted(self: Project, name: str) -> object:
        nonlocal asked
        asked += 1
        return resolve(self, name)

    monkeypatch.setattr(Project, "_resolve", counted)
    with interpreting():
        run = Run(Settings(root=tmp_path))
        assert list(run.files(write(tmp_path, {"app/__init__.py": "", **files}))) == []
    assert asked < 20_000  # some thousand; it would take years were each way gone


def test_a_name_behind_a_circle(tmp_path: Path) -> None:
    paths = write(
        tmp_path,
        {
            "app/__init__.py": "",
            "app/a.py": "from app.b import *\nfrom app.c import *\n",
            "app/b.py": "from app.a import *\n",
            "app/c.py": "async def fetch() -> int: ...\n",
            "app/d.py": "from app.a import lost, fetch\n\n\nasync def one() -> None:\n    fetch()\n",
            "app/e.py": "from app.b import fetch\n\n\nasync def two() -> None:\n    fetch()\n",
        },
    )
    for order in (paths, paths[::-1]):
        with interpreting():
            found = list(Run(Settings(root=tmp_path)).files(order))
        assert sorted((each.code, each.path) for each in found) == [("ODD701", "app/d.py"), ("ODD701", "app/e.py")]
