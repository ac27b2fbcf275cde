"""The rounds of fixing, over a small checker of its own: it finds ``name(...)`` calls and says what the fix is."""

from __future__ import annotations

import ast
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from dodont.core.diagnostic import Diagnostic, Fix, Span
from dodont.engine.fixing import FixReport, apply, edits_for, fix
from dodont.engine.settings import Settings


@dataclass(frozen=True)
class Found:
    diagnostics: tuple[Diagnostic, ...]


def character_span(text: str, node: ast.expr) -> Span:
    lines = text.splitlines()

    def column(line: int, byte: int) -> int:
        return len(lines[line - 1].encode()[:byte].decode())

    assert node.end_lineno and node.end_col_offset is not None
    return Span(
        node.lineno,
        column(node.lineno, node.col_offset),
        node.end_lineno,
        column(node.end_lineno, node.end_col_offset),
    )


class Checker:
    """Finds calls of ``slow`` (awaitable twin), ``lost`` (not awaited) and, with ``extra``, whatever that adds."""

    def __init__(self, extra: Callable[[str, str], list[Diagnostic]] = lambda path, text: []) -> None:
        self.extra = extra
        self.runs = 0

    def __call__(
        self, paths: Sequence[Path], settings: Settings, *, source_overrides: Mapping[Path, bytes] | None = None
    ) -> Found:
        self.runs += 1
        found: list[Diagnostic] = []
        for path in paths:
            data = (source_overrides or {}).get(path) or path.read_bytes()
            shown = str(path.relative_to(settings.root))
            tree = ast.parse(data)
            encoding = "latin-1" if b"latin-1" in data[:40] else "utf-8-sig"
            text = data.decode(encoding)
            found += self.extra(shown, text)
            awaited = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Await)}
            for function in [n for n in tree.body if isinstance(n, (ast.AsyncFunctionDef, ast.FunctionDef))]:
                for node in ast.walk(function):
                    if isinstance(node, ast.Call) and id(node) not in awaited:
                        found += self._of(node, shown, function.name, character_span(text, node))
        return Found(tuple(sorted(found, key=lambda d: d.sort_key)))

    def _of(self, node: ast.Call, path: str, symbol: str, span: Span) -> list[Diagnostic]:
        name = ast.unparse(node.func)
        if name == "slow":
            rule, how = "blocking-call-in-coroutine", Fix("", "safe", span, {"twin": "asyncio.sleep"})
        elif name in ("lost", "risky"):
            rule, how = "missing-await", Fix("", "safe" if name == "lost" else "unsafe", span)
        else:
            return []
        return [Diagnostic(rule, "ODD700", path, span, f"{name} at {span.line}", symbol=symbol, fix=how)]


def run(root: Path, check: Checker, *, unsafe: bool = False, write: bool = True) -> FixReport:
    paths = sorted(path for path in root.iterdir() if path.suffix == ".py")
    return fix(paths, Settings(root=root), unsafe=unsafe, write=write, check=check)


def test_all_files_and_rounds(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "async def f():\n    slow(1)\n    slow(2)\n    lost(lost())\n    risky()\n    lost().x\n"
    )
    (tmp_path / "b.py").write_text("import time\n\ndef g():\n    slow()\n")
    report = run(tmp_path, Checker())
    assert (tmp_path / "a.py").read_text() == (
        "import asyncio\n\n\nasync def f():\n    await asyncio.sleep(1)\n    await asyncio.sleep(2)\n"
        "    await lost(await lost())\n    risky()\n    (await lost()).x\n"
    )
    assert [(file.path.name, file.fixed) for file in report.changed] == [("a.py", 5)]
    assert [diagnostic.message for diagnostic in report.remaining] == ["risky at 8", "slow at 4"]
    assert report.trouble == ()


def test_unsafe_fixes_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("async def f():\n    risky()\n")
    assert run(tmp_path, Checker()).changed == ()
    assert run(tmp_path, Checker(), unsafe=True).changed[0].after == "async def f():\n    await risky()\n"


def test_nothing_is_written_unless_asked(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("async def f():\n    lost()\n")
    report = run(tmp_path, Checker(), write=False)
    assert report.changed[0].before == (tmp_path / "a.py").read_text() == "async def f():\n    lost()\n"
    assert report.changed[0].after == "async def f():\n    await lost()\n"


@pytest.mark.parametrize(
    "data",
    [
        "\ufeffasync def f():\r\n    s = 'é'; lost()\r\n".encode(),
        "# coding: latin-1\nasync def f():\n    s = 'é'; lost('ü')".encode("latin-1"),
        b"async def f():\n\tif 1:\n\t\tlost()\n\x0c\n# mixed\r\n",
    ],
)
def test_bytes_outside_the_edit_stay(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.py").write_bytes(data)
    assert len(run(tmp_path, Checker()).changed) == 1
    assert (tmp_path / "a.py").read_bytes() == data.replace(b"lost(", b"await lost(")


def test_mode_and_links_are_kept(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target = tmp_path / "real" / "target.py"
    target.write_text("async def f():\n    lost()\n")
    target.chmod(0o750)
    (tmp_path / "a.py").symlink_to(target)
    (tmp_path / "b.py").symlink_to(target)
    report = run(tmp_path, Checker())
    assert [file.path.name for file in report.changed] == ["a.py"]
    assert (tmp_path / "a.py").is_symlink() and (tmp_path / "b.py").is_symlink()
    assert target.read_text() == "async def f():\n    await lost()\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o750
    assert [path.name for path in (tmp_path / "real").iterdir()] == ["target.py"]


def trouble_with(word: str) -> Callable[[str, str], list[Diagnostic]]:
    def extra(path: str, text: str) -> list[Diagnostic]:
        found = []
        for number, line in enumerate(text.splitlines(), 1):
            if word in line:
                found.append(Diagnostic("other-rule", "ODD999", path, Span(number, 0, number, 1), "new", symbol="f"))
        return found

    return extra


def test_a_fix_that_brings_a_finding_is_taken_back_alone(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("async def f():\n    lost(1)\n    lost(2)\n    lost(3)\n")
    (tmp_path / "b.py").write_text("async def f():\n    lost(4)\n")
    report = run(tmp_path, Checker(trouble_with("await lost(2)")))
    assert (tmp_path / "a.py").read_text() == "async def f():\n    await lost(1)\n    lost(2)\n    await lost(3)\n"
    assert (tmp_path / "b.py").read_text() == "async def f():\n    await lost(4)\n"
    assert [(t.code, t.span.line, t.message) for t in report.trouble] == [
        ("ODD000", 3, "the fix of missing-await was taken back: other-rule would be found in a.py")
    ]
    (left,) = report.remaining
    assert left.message == "lost at 3"
    assert left.fix and left.fix.applicability == "display" and left.fix.title.endswith("would be found in a.py")


def test_a_finding_that_stays_takes_its_fix_back(tmp_path: Path) -> None:
    def stays(path: str, text: str) -> list[Diagnostic]:
        return [Diagnostic("missing-await", "ODD701", path, Span(2, 0, 2, 1), "again", symbol="f")] * ("await" in text)

    (tmp_path / "a.py").write_text("async def f():\n    lost(1)\n")
    report = run(tmp_path, Checker(stays))
    assert report.changed == ()
    assert "the finding would still be there" in report.trouble[0].message


def test_a_finding_in_another_file_counts(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("async def f():\n    lost(1)\n")
    (tmp_path / "b.py").write_text("x = 1\n")

    class Across(Checker):
        def __call__(
            self, paths: Sequence[Path], settings: Settings, *, source_overrides: Mapping[Path, bytes] | None = None
        ) -> Found:
            found = super().__call__(paths, settings, source_overrides=source_overrides)
            if not any(d.path == "a.py" for d in found.diagnostics):
                return Found((Diagnostic("far", "ODD999", "b.py", Span(1, 0, 1, 1), "far"),))
            return found

    assert run(tmp_path, Across()).changed == ()
    assert (tmp_path / "a.py").read_text() == "async def f():\n    lost(1)\n"


def test_a_file_somebody_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("async def f():\n    lost(1)\n")

    class Busy(Checker):
        def __call__(
            self, paths: Sequence[Path], settings: Settings, *, source_overrides: Mapping[Path, bytes] | None = None
        ) -> Found:
            if source_overrides:
                path.write_text("mine\n")
            return super().__call__(paths, settings, source_overrides=source_overrides)

    report = run(tmp_path, Busy())
    assert path.read_text() == "mine\n"
    assert report.changed == ()
    assert "cannot be written" in report.trouble[0].message


def test_edits_for_has_only_what_can_be_made() -> None:
    text = "async def f():\n    lost(1)\ndef g():\n    lost(2)\n"
    spans = [Span(2, 4, 2, 11), Span(4, 4, 4, 11), Span(1, 0, 1, 1)]
    wanted = [Fix("", "display", spans[0]), Fix("", "safe", spans[1]), None]
    diagnostics = [
        Diagnostic("missing-await", "ODD701", "a.py", span, "", fix=how)
        for span, how in zip(spans, wanted, strict=True)
    ]
    edits = edits_for(text, diagnostics)
    assert list(edits) == [0]
    assert apply(text, edits[0]).startswith("async def f():\n    await lost(1)\n")
