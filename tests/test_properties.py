"""What must hold for any program: no crash, an unchanged tree, the same findings in any order."""

from __future__ import annotations

import ast
import random
import warnings
from pathlib import Path

import hypothesmith
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dodont.engine import dispatch, driver, fixing, host
from dodont.engine.analyst import interpreting
from dodont.engine.files import find
from dodont.engine.settings import Settings
from dodont.project import project

SHOP = Path(__file__).parent.parent / "docs" / "shop"
SOURCES = sorted(path for path in (Path(__file__).parent.parent / "src").rglob("*.py") if path.stat().st_size > 500)

anything = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@pytest.fixture(autouse=True)
def _let_failures_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "DEBUG", True)
    monkeypatch.setattr(dispatch, "DEBUG", True)


def checked(text: str, directory: Path) -> ast.Module | None:
    """Check a program; its tree as it was handed in, None when it is no program."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    before = ast.dump(tree, include_attributes=True)
    host.check_tree(
        str(directory / "program.py"), tree, text.splitlines(keepends=True), Settings(root=directory, select=("ALL",))
    )
    assert ast.dump(tree, include_attributes=True) == before
    return tree


@anything
@given(text=hypothesmith.from_node())
def test_random_programs_do_not_crash_and_keep_their_tree(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    checked(text, tmp_path_factory.getbasetemp())


@anything
@given(path=st.sampled_from(SOURCES), seed=st.integers(0, 10_000))
def test_damaged_files_do_not_crash(path: Path, seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Lines of real code taken out or doubled; what still parses is checked."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 3)):
        index = chance.randrange(len(lines))
        lines[index : index + 1] = chance.choice(([], [lines[index], lines[index]]))
    checked("".join(lines), tmp_path_factory.getbasetemp())


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_files_does_not_show(seed: int) -> None:
    configured = Settings(root=SHOP, select=("ALL",))
    files = list(find([SHOP], configured).files)
    expected = driver.check([SHOP], configured).diagnostics
    random.Random(seed).shuffle(files)
    with interpreting():
        found = list(driver.Run(configured).files(files))
    assert tuple(sorted(found, key=lambda diagnostic: diagnostic.sort_key)) == expected


def test_each_file_alone_gives_what_the_whole_project_gives() -> None:
    configured = Settings(root=SHOP)
    whole = driver.check([SHOP], configured).diagnostics
    for path in find([SHOP], configured).files:
        text = Path(path).read_text(encoding="utf-8")
        alone = host.check_tree(path, ast.parse(text), text.splitlines(keepends=True), configured)
        assert alone == [diagnostic for diagnostic in whole if str(SHOP / diagnostic.path) == path]


def test_fixes_settle(tmp_path: Path) -> None:
    for path in find([SHOP], Settings(root=SHOP)).files:
        copy = tmp_path / Path(path).relative_to(SHOP)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(Path(path).read_bytes())
    configured = Settings(root=tmp_path)
    first = fixing.fix([tmp_path], configured, unsafe=True, write=True)
    again = fixing.fix([tmp_path], configured, unsafe=True, write=True)
    assert first.changed and not first.trouble
    assert not again.changed
    for changed in first.changed:
        ast.parse(changed.after)
