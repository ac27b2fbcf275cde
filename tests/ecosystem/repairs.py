"""All fixes, the unsafe ones too, made in a copy of each project: nothing breaks.

What is held: what was changed compiles; no name is undefined, defined twice or used before it is bound that was not so before;
nothing is awaited outside of coroutines; a second run changes nothing.
"""

from __future__ import annotations

import difflib
import gc
import json
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dodont.engine import catalogue, fixing
from dodont.engine.driver import check
from dodont.engine.settings import Settings

#: Of pyflakes' messages those that say that a name means nothing, or not what it did.
_BROKEN = "F704,F706,F811,F821,F822,F823"

_LEFT_OUT = shutil.ignore_patterns(
    "node_modules", ".git", "*.js", "*.css", "*.map", "*.svg", "*.png", "*.po", "*.mo", "*.pyc"
)


@dataclass(slots=True)
class Outcome:
    fixed: Counter[str] = field(default_factory=Counter)
    files: int = 0
    faults: list[str] = field(default_factory=list)
    patch: str = ""


def fixable() -> tuple[str, ...]:
    """The rules whose fixes are made."""
    return tuple(rule.name for rule in catalogue.rules().values() if rule.fix in ("safe", "unsafe"))


def run(project: Path, rules: Sequence[str] = (), into: Path | None = None) -> Outcome:
    """Fix a copy of a project, which is left in ``into`` where that is given."""
    with tempfile.TemporaryDirectory() as name:
        root = (into or Path(name)).resolve() / project.name
        shutil.copytree(project, root, ignore=_LEFT_OUT, symlinks=True)
        return _fixed(root, Settings(root=root, select=tuple(rules or fixable())))


def _fixed(root: Path, settings: Settings) -> Outcome:
    outcome = Outcome()
    before = _broken(root)
    known = Counter(each.rule for each in check([root], settings).diagnostics)
    _forget()
    report = fixing.fix([root], settings, unsafe=True, write=True)
    outcome.files = len(report.changed)
    outcome.fixed = known - Counter(each.rule for each in report.remaining)
    outcome.faults += [f"{each.path}: {each.message}" for each in report.trouble]
    for changed in report.changed:
        shown = changed.path.relative_to(root).as_posix()
        outcome.faults += _uncompiled(changed.after, shown)
        old, new = changed.before.splitlines(keepends=True), changed.after.splitlines(keepends=True)
        outcome.patch += "".join(difflib.unified_diff(old, new, shown, shown))
    outcome.faults += sorted((_broken(root) - before).elements())
    _forget()
    if report.changed:
        again = fixing.fix([root], settings, unsafe=True, write=False)
        outcome.faults += [f"{each.path.relative_to(root)}: fixed again by a second run" for each in again.changed]
        _forget()
    return outcome


def _forget() -> None:
    gc.unfreeze()  # what a run knows goes away with its process, or here
    gc.collect()


def _uncompiled(text: str, shown: str) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, shown, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            yield f"{shown}: the fixed file does not compile: {error}"


def _broken(root: Path) -> Counter[str]:
    """What pyflakes' checks, as ruff makes them, say of names: file, code and message, without the lines that fixes move."""
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--no-cache",
        "--exit-zero",
        "--output-format",
        "json",
    ]
    done = subprocess.run([*command, "--select", _BROKEN, "."], cwd=root, capture_output=True, text=True, check=True)
    return Counter(
        f"{Path(each['filename']).relative_to(root)}: {each['code']} {each['message'].partition(' from line')[0]}"
        for each in json.loads(done.stdout)
        if each["code"]
    )
