"""What must hold for any program: no crash, an unchanged tree, the same findings in any order."""

from __future__ import annotations

import ast
import gc
import io
import os
import random
import tokenize
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
from dodont.project.source import decode
from tests.damage import damaged
from tests.ecosystem.sturdy import changed_elsewhere

SHOP = Path(__file__).parent.parent / "docs" / "shop"

#: ``DODONT_EXAMPLES=20000 python -m pytest tests/test_properties.py`` looks for new ones, for an hour or so.
EXAMPLES = int(os.environ.get("DODONT_EXAMPLES", "0"))

anything = settings(
    max_examples=EXAMPLES or 60,
    suppress_health_check=list(HealthCheck),
    derandomize=not EXAMPLES,
    database=None,
)


@pytest.fixture(autouse=True)
def _let_failures_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "DEBUG", True)
    monkeypatch.setattr(dispatch, "DEBUG", True)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where each example's program stands."""
    return tmp_path_factory.mktemp("programs") / "program.py"


def parsed(data: bytes) -> ast.Module | None:
    """The tree as Python reads the bytes; None when they are no program."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # Of bytes in memory the parser takes comments that are in no encoding; of a file it does not.
            data.decode(tokenize.detect_encoding(io.BytesIO(data.replace(b"\r", b"\n")).readline)[0])
            return ast.parse(data)
        except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
            return None


def holds(data: bytes, program: Path) -> None:
    """All that holds of any file."""
    gc.unfreeze()  # a run leaves what it knows to the end of its process
    program.write_bytes(data)
    configured = Settings(root=program.parent, select=("ALL",))
    findings = driver.check([program], configured).diagnostics
    troubles = [each.message for each in findings if each.code == "ODD000"]
    tree = parsed(data)
    if tree is None:
        assert len(findings) == len(troubles) == 1, findings
        assert "\n" not in troubles[0]
        assert not fixing.fix([program], configured, unsafe=True, write=True).changed
        assert program.read_bytes() == data
        return
    assert not troubles
    before = ast.dump(tree, include_attributes=True)
    text = decode(data)
    host.check_tree(str(program), tree, text.splitlines(keepends=True), configured)
    assert ast.dump(tree, include_attributes=True) == before
    first = fixing.fix([program], configured, unsafe=True, write=True)
    after = program.read_bytes()
    if not first.changed:
        assert after == data
        return
    assert parsed(after) is not None
    lines = {line for each in findings for line in range(each.span.line, each.span.end_line + 1)}
    assert not list(changed_elsewhere(text, decode(after), lines))
    assert not fixing.fix([program], configured, unsafe=True, write=True).changed


@anything
@given(text=hypothesmith.from_node())
def test_random_programs(text: str, program: Path) -> None:
    holds(text.encode("utf-8", "surrogatepass"), program)


@anything
@given(text=hypothesmith.from_grammar())
def test_random_texts_of_the_grammar(text: str, program: Path) -> None:
    holds(text.encode("utf-8", "surrogatepass"), program)


@settings(anything, max_examples=EXAMPLES or 200)
@given(seed=st.integers(0, 2**32))
def test_damaged_files(seed: int, program: Path) -> None:
    holds(damaged(seed), program)


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
