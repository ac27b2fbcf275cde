"""JUnit XML: a suite for each file, a failed case for each finding; one case that passes where there are none."""

from __future__ import annotations

from itertools import groupby
from xml.etree import ElementTree

from dodont.core.diagnostic import Diagnostic
from dodont.core.rule import INTERNAL_CODE
from dodont.output.escaping import printable
from dodont.output.result import Result


def render(result: Result) -> str:
    found = result.diagnostics
    errors = sum(each.code == INTERNAL_CODE for each in found)
    counts = {"tests": str(max(len(found), 1)), "failures": str(len(found) - errors), "errors": str(errors)}
    top = ElementTree.Element("testsuites", {"name": "dodont", **counts})
    for path, group in groupby(found, key=lambda each: each.path):
        _suite(top, printable(path), list(group), result)
    if not found:
        suite = ElementTree.SubElement(
            top, "testsuite", name="dodont", tests="1", failures="0", errors="0", skipped="0"
        )
        ElementTree.SubElement(suite, "testcase", name="no findings", classname="dodont")
    ElementTree.indent(top)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(top, encoding="unicode")


def _suite(top: ElementTree.Element, path: str, found: list[Diagnostic], result: Result) -> None:
    errors = sum(each.code == INTERNAL_CODE for each in found)
    suite = ElementTree.SubElement(
        top, "testsuite", name=path, tests=str(len(found)), failures=str(len(found) - errors), errors=str(errors), skipped="0"
    )  # fmt: skip
    for diagnostic in found:
        line, column = diagnostic.span.line, diagnostic.span.column + 1
        case = ElementTree.SubElement(
            suite, "testcase", name=f"{diagnostic.code} {diagnostic.rule} {line}:{column}", classname=path, file=path,
            line=str(line),
        )  # fmt: skip
        kind = "error" if diagnostic.code == INTERNAL_CODE else "failure"
        message = printable(diagnostic.message)
        failure = ElementTree.SubElement(case, kind, message=message, type=diagnostic.severity)
        remedy = result.remedy(diagnostic)
        failure.text = f"{path}:{line}:{column}: {message}" + (f"\n{printable(remedy)}" if remedy else "")
