"""GitLab's code quality report. Findings with the same fingerprint are one to GitLab, so each has its own."""

from __future__ import annotations

import hashlib
import json
from collections import Counter

from dodont.output.escaping import printable
from dodont.output.repository import in_repository
from dodont.output.result import Result

_SEVERITY = {"error": "critical", "warning": "major"}


def render(result: Result) -> str:
    seen: Counter[str] = Counter()
    rows = []
    found = in_repository(result.diagnostics, result.root)
    for diagnostic, name in zip(found, result.fingerprints(), strict=True):
        key = f"{diagnostic.path}\0{name}"
        seen[key] += 1
        digest = hashlib.blake2b(f"{key}\0{seen[key]}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        remedy = result.remedy(diagnostic)
        rows.append(
            {
                "description": printable(f"{diagnostic.message}" + (f"; {remedy}" if remedy else "")),
                "check_name": f"{diagnostic.code} {diagnostic.rule}",
                "fingerprint": digest,
                "severity": _SEVERITY[diagnostic.severity],
                "location": {
                    "path": diagnostic.path,
                    "lines": {"begin": diagnostic.span.line, "end": diagnostic.span.end_line},
                },
            }
        )
    return json.dumps(rows, indent=2)
