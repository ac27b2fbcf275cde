"""Print findings for a person to judge: a random sample of a rule's, and what changed between two runs."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.ecosystem.results import Finding, Result

_LINES = 12
_LINES_ABOVE = 5


def sample(results: Iterable[Result], rule: str, size: int, seed: int) -> tuple[list[Finding], int]:
    """At most ``size`` findings of a rule (its name or code), the same ones for the same seed, and how many it has.

    A sample is grown, not redrawn, by a larger ``size``: findings judged once stay in it.
    """
    found = [item for result in results for item in result.findings if rule in (item.rule, item.code)]
    found.sort(key=lambda item: (item.place, item.message))
    random.Random(seed).shuffle(found)
    return found[:size], len(found)


def render(finding: Finding, directory: Path) -> Iterator[str]:
    """The finding, its source with the line marked, and each step of its flow, as lines of text."""
    root = directory / finding.project
    where = f"{directory / finding.project / finding.filename}:{finding.row}:{finding.column}"
    yield f"{where}: {finding.code} {finding.rule}"
    yield f"  {finding.message}"
    if finding.data.get("symbol"):
        yield f"  in {finding.data['symbol']}"
    yield from _excerpt(root / finding.filename, finding.row)
    for kind in ("flow", "related"):
        for step in finding.data.get(kind) or ():
            yield from _step(kind, step, root, finding.filename)


def changes(old: Iterable[Result], new: Iterable[Result]) -> tuple[list[Finding], list[Finding]]:
    """The findings gone and the new ones, compared by place and code: a reworded message is no change.

    Only projects that both runs hold are compared.
    """
    before = {result.project: result.findings for result in old}
    after = {result.project: result.findings for result in new}
    both = before.keys() & after.keys()
    was = [item for name in sorted(both) for item in before[name]]
    now = [item for name in sorted(both) for item in after[name]]
    return _less(was, now), _less(now, was)


def count_by_rule(findings: Iterable[Finding]) -> list[tuple[str, str, int]]:
    """Code, name and number of findings of each rule that has any, in the order of the codes."""
    counts = Counter((item.code, item.rule) for item in findings)
    return [(code, rule, count) for (code, rule), count in sorted(counts.items())]


def _less(findings: Sequence[Finding], others: Sequence[Finding]) -> list[Finding]:
    left = Counter(item.place for item in others)
    kept = []
    for item in sorted(findings, key=lambda item: item.place):
        if left[item.place]:
            left[item.place] -= 1
        else:
            kept.append(item)
    return kept


def _step(kind: str, step: dict[str, Any], root: Path, filename: str) -> Iterator[str]:
    path = step.get("filename", filename)
    row = step["location"]["row"]
    lines = _source(root / path)
    text = lines[row - 1].strip() if 0 < row <= len(lines) else ""
    yield f"  {kind}: {path}:{row}: {step.get('message') or step.get('text', '')}"
    yield f"        | {text}"


def _excerpt(path: Path, row: int) -> Iterator[str]:
    lines = _source(path)
    first = max(1, min(row - _LINES_ABOVE, len(lines) - _LINES + 1))
    for number, line in enumerate(lines[first - 1 : first - 1 + _LINES], first):
        yield f"  {'>' if number == row else ' '} {number:5} | {line.rstrip()}"


def _source(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError as error:
        return [f"({error})"]
