"""Annotations of GitHub's workflows, errors first since only some ten of a kind are shown, and the summary of a step."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.core.diagnostic import Diagnostic
from dodont.output.escaping import printable
from dodont.output.repository import in_repository
from dodont.output.result import Result


def render(result: Result) -> str:
    found = in_repository(result.diagnostics, result.root)
    return "\n".join(_command(result, each) for each in sorted(found, key=lambda each: each.severity != "error"))


def _command(result: Result, diagnostic: Diagnostic) -> str:
    properties = ",".join(f"{name}={_property(value)}" for name, value in _properties(diagnostic))
    remedy = result.remedy(diagnostic)
    text = f"{diagnostic.code} {diagnostic.message}" + (f"; {remedy}" if remedy else "")
    return f"::{diagnostic.severity} {properties}::{_data(printable(text))}"


def _properties(diagnostic: Diagnostic) -> Iterator[tuple[str, str]]:
    span = diagnostic.span
    yield "title", f"{diagnostic.code} {diagnostic.rule}"
    yield "file", diagnostic.path
    yield "line", str(span.line)
    yield "endLine", str(span.end_line)
    if span.line == span.end_line:  # columns are for regions of one line
        yield "col", str(span.column + 1)
        yield "endColumn", str(span.end_column + 1)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(printable(text)).replace(":", "%3A").replace(",", "%2C")
