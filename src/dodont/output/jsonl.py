"""Findings as JSON Lines: each line one of the findings of ``json``."""

from __future__ import annotations

import json

from dodont.output.json import findings
from dodont.output.result import Result


def render(result: Result) -> str:
    return "\n".join(json.dumps(each, ensure_ascii=False) for each in findings(result))
