"""reviewdog's diagnostic format, with fixes as suggestions. Its columns count bytes of UTF-8 from 1."""

from __future__ import annotations

import json
from typing import Any

from dodont.core.diagnostic import Diagnostic, Edit, Span
from dodont.output.escaping import printable
from dodont.output.repository import in_repository
from dodont.output.result import Result


def render(result: Result) -> str:
    edits = result.edits()
    shown = in_repository(result.diagnostics, result.root)
    rows = [
        _row(result, own, diagnostic, edits.get(index, ()))
        for index, (own, diagnostic) in enumerate(zip(result.diagnostics, shown, strict=True))
    ]
    document = {"source": {"name": "dodont", "url": "https://pypi.org/project/dodont/"}, "diagnostics": rows}
    return json.dumps(document, indent=2)


def _row(result: Result, own: Diagnostic, diagnostic: Diagnostic, edits: tuple[Edit, ...]) -> dict[str, Any]:
    remedy = result.remedy(diagnostic)
    row: dict[str, Any] = {
        "message": printable(f"{diagnostic.message}" + (f"; {remedy}" if remedy else "")),
        "location": {"path": diagnostic.path, "range": _range(result, own.path, own.span)},
        "severity": diagnostic.severity.upper(),
        "code": {"value": diagnostic.code},
    }
    if edits:
        row["suggestions"] = [{"range": _range(result, own.path, each.span), "text": each.text} for each in edits]
    if own.related:
        row["related_locations"] = [
            {
                "message": printable(step.text),
                "location": {"path": there.path, "range": _range(result, step.path, step.span)},
            }
            for step, there in zip(own.related, diagnostic.related, strict=True)
        ]
    return row


def _range(result: Result, path: str, span: Span) -> dict[str, dict[str, int]]:
    return {
        "start": {"line": span.line, "column": _column(result.line(path, span.line), span.column)},
        "end": {"line": span.end_line, "column": _column(result.line(path, span.end_line), span.end_column)},
    }


def _column(line: str, column: int) -> int:
    return len(line[:column].encode("utf-8", "surrogatepass")) + 1
