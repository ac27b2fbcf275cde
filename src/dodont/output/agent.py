"""Findings for coding agents: one line each with what to do, the same text for the same code, and always a verdict at the end."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from dodont.core.diagnostic import Diagnostic
from dodont.output import escaping
from dodont.output.result import Result

#: What the environments of agents set, as their makers or the tools around them say.
VARIABLES = (
    "AI_AGENT", "CLAUDECODE", "CLAUDE_CODE", "CURSOR_AGENT", "COPILOT_AGENT", "GEMINI_CLI", "CODEX_SANDBOX", "CODEX_THREAD_ID",
    "OPENCODE", "AUGMENT_AGENT", "GOOSE_PROVIDER", "JUNIE_DATA", "AGENT",
)  # fmt: skip

#: More lines than these are not read; the count says how many there are.
MOST = 50


def detected() -> str | None:
    """The variable by which an agent's environment is known; None elsewhere, and where ``DODONT_AGENT=0`` says so."""
    if os.environ.get("DODONT_AGENT") == "0":
        return None
    return next((name for name in VARIABLES if os.environ.get(name)), None)


def render(result: Result, *, most: int = MOST) -> str:
    return "\n".join(_lines(result, most))


def _lines(result: Result, most: int) -> Iterator[str]:
    found = result.diagnostics
    checked = "" if result.files is None else f" ({_count(result.files, 'file')} checked)"
    known = f", {result.hidden} more are known and hidden by the baseline" if result.hidden else ""
    places = len({each.path for each in found})
    new = "new " if result.new else ""
    yield f"dodont: {_count(len(found), f'{new}finding')} in {_count(places, 'file')}{checked}{known}"
    for diagnostic in _sorted(found)[:most]:
        yield line(result, diagnostic)
    if len(found) > most:
        yield f"... {len(found) - most} more, errors come first; `dodont check --output-format concise` has them all"
    yield _verdict(found)


def line(result: Result, diagnostic: Diagnostic) -> str:
    """``path:line:column CODE severity message -> what to do [fix]``."""
    remedy = result.remedy(diagnostic)
    fix = diagnostic.fix.applicability if diagnostic.fix is not None else ""
    mark = {"safe": " [fix]", "unsafe": " [unsafe fix]"}.get(fix, "")
    place = f"{escaping.place(diagnostic.path)}:{diagnostic.span.line}:{diagnostic.span.column + 1}"
    to_do = f" -> {remedy}" if remedy else ""
    return escaping.printable(f"{place} {diagnostic.code} {diagnostic.severity} {diagnostic.message}{to_do}{mark}")


def _verdict(found: Sequence[Diagnostic]) -> str:
    if not found:
        return "DONE: nothing to repair."
    fixable = sum(each.fix is not None and each.fix.applicability == "safe" for each in found)
    parts = [f"NOT DONE: repair {'this' if len(found) == 1 else 'these'}, then run dodont again"]
    if fixable:
        parts.append(f"`dodont fix` repairs {fixable} by itself")
    code = found[0].code
    parts.append(f"`dodont explain {code}` shows bad and good code")
    parts.append(
        "ask before you change authentication or the schema; accept a finding only with `# dodont: ignore[rule] reason`"
    )
    return "; ".join(parts) + "."


def _sorted(found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """In their order, unless some have to be left out."""
    if len(found) <= MOST:
        return list(found)
    return sorted(found, key=lambda each: each.severity != "error")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
