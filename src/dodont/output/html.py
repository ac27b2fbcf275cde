"""The report as one HTML page that loads nothing: practices, hot spots, trend, findings. Needs jinja2 (the extra ``report``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dodont import __version__
from dodont.core.card import CardError
from dodont.core.diagnostic import Diagnostic, Span, Step
from dodont.core.rule import Rule
from dodont.engine import catalogue
from dodont.output.escaping import printable, visible
from dodont.output.result import Result
from dodont.output.text import has_secret, practice_text, verdict, without_literals

_TEMPLATES = Path(__file__).parent / "templates"

WORDS = {
    "broken": "broken somewhere",
    "kept": "kept",
    "inapplicable": "nothing here it could apply to",
    "unchecked": "not checked: no rule that runs",
}

#: Folders in the table of hot spots.
FOLDERS = 12


class MissingJinja(Exception):  # noqa: N818
    """jinja2 is not installed; the message says how to get it."""


class Earlier(NamedTuple):
    """A report of the past: how it is called, and how many findings it had."""

    name: str
    findings: int


def render(result: Result, *, title: str = "Backend practices", earlier: Sequence[Earlier] = ()) -> str:
    """The page. Raises MissingJinja."""
    try:
        from jinja2 import Environment, FileSystemLoader
        from markupsafe import Markup, escape
    except ImportError:
        raise MissingJinja("the HTML report needs jinja2; run `pip install 'dodont[report]'`") from None
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )

    def code(text: str) -> Markup:
        """A text in which backquotes stand around code."""
        parts = text.split("`")
        if len(parts) % 2 == 0:
            return escape(text)
        return Markup("").join(
            Markup("<code>{}</code>").format(each) if index % 2 else escape(each) for index, each in enumerate(parts)
        )

    environment.filters["code"] = code
    return environment.get_template("report.html").render(_content(result, title, earlier))


def _content(result: Result, title: str, earlier: Sequence[Earlier]) -> dict[str, Any]:
    found = sorted(result.diagnostics, key=lambda each: each.severity != "error")
    cells = list(_cells(result))
    tally = Counter(cell["state"] for cell in cells)
    return {
        "title": printable(title),
        "closing": verdict(result),
        "version": __version__,
        "new": result.new,
        "hidden": result.hidden,
        "files": result.files,
        "errors": sum(each.severity == "error" for each in found),
        "practices": cells,
        "areas": [
            (area, [cell for cell in cells if cell["area"] == area])
            for area in dict.fromkeys(cell["area"] for cell in cells)
        ],
        "words": WORDS,
        "tally": {state: tally[state] for state in WORDS},
        "trend": _trend([*earlier, Earlier("now", len(found))]) if earlier else [],
        "folders": _folders(found),
        "findings": [_finding(result, each) for each in found],
        "rules": list(_rules(result, found)),
    }


def _cells(result: Result) -> Iterator[dict[str, Any]]:
    counts = Counter(practice for each in result.diagnostics for practice in result.rule(each).practices)
    for practice in catalogue.practices():
        serving = [rule for rule in result.rules.values() if practice.id in rule.practices and rule.name in result.ran]
        if counts[practice.id]:
            state = "broken"
        elif not serving:
            state = "unchecked"
        else:
            state = "inapplicable" if practice.id in result.inapplicable else "kept"
        yield {
            "id": practice.id,
            "area": practice.area,
            "text": practice.text,
            "state": state,
            "count": counts[practice.id],
            "rules": [rule.code for rule in serving],
        }


def _trend(points: Sequence[Earlier]) -> list[dict[str, Any]]:
    most = max(1, *(point.findings for point in points))
    step = 560 / max(len(points) - 1, 1)
    return [
        {
            "x": round(20 + index * step, 1),
            "y": round(115 - 90 * point.findings / most, 1),
            "name": printable(point.name),
            "count": point.findings,
        }
        for index, point in enumerate(points)
    ]


def _folders(found: Sequence[Diagnostic]) -> list[dict[str, Any]]:
    counts = Counter(each.path.rpartition("/")[0] or "." for each in found)
    top = counts.most_common(FOLDERS)
    rest = sum(counts.values()) - sum(count for _, count in top)
    most = top[0][1] if top else 1
    rows = [{"name": printable(name), "count": count, "share": round(100 * count / most)} for name, count in top]
    if rest:
        rows.append({"name": "others", "count": rest, "share": min(100, round(100 * rest / most))})
    return rows


def _finding(result: Result, diagnostic: Diagnostic) -> dict[str, Any]:
    rule = result.rule(diagnostic)
    fix = diagnostic.fix
    return {
        "code": diagnostic.code,
        "rule": diagnostic.rule,
        "severity": diagnostic.severity,
        "message": printable(diagnostic.message),
        "path": printable(diagnostic.path),
        "line": diagnostic.span.line,
        "symbol": printable(diagnostic.symbol),
        "practices": rule.practices,
        "stated": [f"{each}: {practice_text(each)}" for each in rule.practices],
        "remedy": printable(result.remedy(diagnostic)),
        "fix": f"{printable(fix.title)} ({fix.applicability})" if fix is not None else "",
        "source": _source(result, diagnostic.path, diagnostic.span, hiding=has_secret(rule)),
        "flow": [_step(step) for step in diagnostic.flow],
        "related": [_step(step) for step in diagnostic.related],
    }


def _source(result: Result, path: str, span: Span, *, hiding: bool) -> list[dict[str, Any]]:
    """The line of the finding, and no other: what stands around it may be anybody's secret."""
    line = result.line(path, span.line)
    line = visible(without_literals(line) if hiding else line)
    end = span.end_column if span.end_line == span.line else len(line)
    parts = {"before": line[: span.column], "marked": line[span.column : end], "after": line[end:]}
    return [{"number": span.line, **parts}] if line.strip() else []


def _step(step: Step) -> dict[str, str]:
    return {"text": printable(step.text), "place": f"{printable(step.path)}:{step.span.line}"}


def _rules(result: Result, found: Sequence[Diagnostic]) -> Iterator[dict[str, Any]]:
    counts = Counter(each.rule for each in found)
    for rule in sorted(
        {result.rule(each).code: result.rule(each) for each in found}.values(), key=lambda rule: rule.code
    ):
        sample = rule.measured.get("unseen") or rule.measured
        yield {
            "code": rule.code,
            "name": rule.name,
            "count": counts[rule.name],
            "summary": rule.summary,
            "prose": _prose(rule),
            "precision": f"{sample['right']} of {sample['findings']} findings" if sample else None,
        }


def _prose(rule: Rule) -> list[str]:
    try:
        return catalogue.card(rule).prose.replace("**", "").split("\n\n")
    except (OSError, CardError):
        return [rule.summary]
