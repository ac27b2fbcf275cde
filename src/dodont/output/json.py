"""Findings as one JSON document, described by ``findings.schema.json``.

Keys are only ever added; ``schema_version`` changes when one has to go.
"""

from __future__ import annotations

import json
from typing import Any

from dodont import __version__
from dodont.core.diagnostic import Edit, Span, Step
from dodont.output.result import Result

SCHEMA_VERSION = 1


def render(result: Result) -> str:
    return _document(result, findings=findings(result))


def findings(result: Result) -> list[dict[str, Any]]:
    """Rows and columns count from 1, an end column is the one after the last character."""
    edits, names = result.edits(), result.fingerprints()
    rows = []
    for index, diagnostic in enumerate(result.diagnostics):
        rule, fix = result.rule(diagnostic), diagnostic.fix
        rows.append(
            {
                "code": diagnostic.code,
                "name": diagnostic.rule,
                "practices": list(rule.practices),
                "severity": diagnostic.severity,
                "confidence": rule.confidence,
                "message": diagnostic.message,
                "help": result.remedy(diagnostic),
                "filename": diagnostic.path,
                **_places(diagnostic.span),
                "symbol": diagnostic.symbol,
                "fingerprint": names[index],
                "fix": {
                    "applicability": fix.applicability,
                    "message": fix.title,
                    **({"edits": [_edit(edit) for edit in edits[index]]} if index in edits else {}),
                }
                if fix
                else None,
                "related": [_step(step) for step in diagnostic.related],
                "flow": [_step(step) for step in diagnostic.flow],
                # Kept for what there is not yet: pages on the web, reports of silenced findings.
                "url": None,
                "suppressed": None,
                "new": result.new,
            }
        )
    return rows


def _document(result: Result, **content: Any) -> str:
    head = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "dodont", "version": __version__},
        "files": result.files,
        "rules": sorted(result.ran),
        "shard": result.shard,
        "new": result.new,
        "hidden": result.hidden,
    }
    return json.dumps({**head, **content}, indent=2, ensure_ascii=False)


def _places(span: Span) -> dict[str, Any]:
    return {
        "location": {"row": span.line, "column": span.column + 1},
        "end_location": {"row": span.end_line, "column": span.end_column + 1},
    }


def _step(step: Step) -> dict[str, Any]:
    return {"filename": step.path, **_places(step.span), "message": step.text}


def _edit(edit: Edit) -> dict[str, Any]:
    return {**_places(edit.span), "content": edit.text}
