"""A Markdown table: the comment on a merge request, the summary of a step."""

from __future__ import annotations

from dodont.core.diagnostic import Diagnostic
from dodont.output.escaping import markdown
from dodont.output.repository import in_repository
from dodont.output.result import Result
from dodont.output.text import verdict

#: GitHub takes summaries of one megabyte, and comments of 65,536 characters.
LONGEST = 60_000


def render(result: Result, *, longest: int = LONGEST) -> str:
    lines = ["### dodont", "", markdown(verdict(result))]
    found = sorted(in_repository(result.diagnostics, result.root), key=lambda each: each.severity != "error")
    if found:
        lines += ["", "| | where | rule | what | remedy |", "| --- | --- | --- | --- | --- |"]
    room = longest - sum(map(len, lines))
    for index, diagnostic in enumerate(found):
        row = _row(result, diagnostic)
        room -= len(row) + 1
        if room < 100:
            lines += ["", f"and {len(found) - index} more."]
            break
        lines.append(row)
    return "\n".join(lines)


def _row(result: Result, diagnostic: Diagnostic) -> str:
    mark = "🛑" if diagnostic.severity == "error" else "⚠️"
    cells = [
        mark,
        markdown(f"`{diagnostic.path}:{diagnostic.span.line}`"),
        f"{diagnostic.code} {diagnostic.rule}",
        markdown(diagnostic.message),
        markdown(result.remedy(diagnostic)),
    ]
    return f"| {' | '.join(cells)} |"
