"""Comments that silence something and comments that don't, put into real code: whether unused-suppression tells them apart."""

from __future__ import annotations

import ast
import random
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from dodont.core.diagnostic import Diagnostic
from dodont.core.rule import INTERNAL_CODE
from dodont.engine.accepting import accept
from dodont.engine.settings import Settings
from dodont.engine.suppression import UNUSED
from tests.ecosystem.faults import findings

#: Comments that silence nothing, for each file with a finding.
SEEDED = 2


class Outcome(NamedTuple):
    """``used`` comments silence a finding each, ``unused`` none; ``told`` are those that the rule reports, ``right`` of these unused.
    ``left`` are findings that no comment silenced."""

    used: int
    unused: int
    told: int
    right: int
    left: int


def run(root: Path, seed: int) -> Outcome:
    """What comes of a copy of the project in ``root``, in which all findings are accepted and as much beside them."""
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(shutil.copytree(root, Path(directory) / root.name, ignore=shutil.ignore_patterns(".dodont_cache")))
        found = _found(copy)
        used = accept(found, copy, "seeded").findings
        unused = _seeded(copy, found, random.Random(seed))
        after = _found(copy)
        told = {(each.path, each.span.line) for each in after if each.rule == UNUSED}
        left = sum(each.rule != UNUSED for each in after)
        return Outcome(used, len(unused), len(told), len(told & unused), left)


def _found(copy: Path) -> list[Diagnostic]:
    in_files = findings([copy], Settings(root=copy)).values()
    return [each for found in in_files for each in found if each.code != INTERNAL_CODE]


def _seeded(copy: Path, found: list[Diagnostic], chance: random.Random) -> set[tuple[str, int]]:
    """Write comments behind statements of one line that nothing is said of; where they are."""
    places: set[tuple[str, int]] = set()
    for path in sorted({each.path for each in found}):
        file = copy / path
        text = file.read_text(encoding="utf-8")
        lines = text.split("\n")
        free = [
            node.lineno
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Return | ast.Assign)
            and node.lineno == node.end_lineno
            and "#" not in lines[node.lineno - 1]
        ]
        for number in chance.sample(free, min(SEEDED, len(free))):
            lines[number - 1] += "  # dodont: ignore[sql-from-strings] seeded"
            places.add((path, number))
        file.write_text("\n".join(lines), encoding="utf-8")
    return places
