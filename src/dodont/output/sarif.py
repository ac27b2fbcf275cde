"""Findings as SARIF 2.1.0, in the shape that code scanning services show."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from dodont import __version__
from dodont.core.card import CardError
from dodont.core.diagnostic import Diagnostic, Edit, Span, Step
from dodont.core.rule import INTERNAL_CODE, Rule
from dodont.engine import catalogue
from dodont.output.formats import MOST
from dodont.output.repository import absolute_on_windows, in_repository
from dodont.output.result import Result, Suppressed

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
HOME = "https://pypi.org/project/dodont/"
_ROOT = "%SRCROOT%"
_LIMIT = 1024
_TAGS = 10

#: How grave a weakness is, 0 to 10, by CWE; what is not listed counts as medium.
_SECURITY_SEVERITY = {
    22: 7.5,
    78: 9.5,
    79: 6.5,
    89: 9.0,
    94: 9.5,
    200: 5.0,
    209: 5.0,
    256: 7.5,
    259: 8.0,
    295: 7.0,
    307: 6.0,
    312: 6.5,
    319: 6.5,
    321: 8.0,
    327: 7.0,
    328: 7.0,
    338: 7.0,
    347: 8.5,
    384: 7.0,
    489: 6.0,
    502: 9.0,
    522: 7.0,
    532: 6.0,
    613: 5.5,
    614: 4.5,
    639: 8.0,
    798: 8.5,
    862: 8.0,
    863: 8.0,
    916: 7.5,
    918: 8.0,
    942: 6.5,
    1004: 4.5,
    1392: 8.5,
}
_MEDIUM = 5.0


def render(result: Result) -> str:
    """One run with the rules that ran and a result per finding; columns count characters from 1, ends exclusive.

    Accepted findings follow, with the reason, where the run tells of them.
    """
    accepted = dict(enumerate(result.suppressed, len(result.diagnostics)))
    if accepted:
        result = replace(result, diagnostics=[*result.diagnostics, *(each.diagnostic for each in result.suppressed)])
    reported = {diagnostic.rule for diagnostic in result.diagnostics}
    listed = sorted({*result.ran, *reported} & result.rules.keys(), key=lambda name: result.rules[name].code)
    rules = [result.rules[name] for name in listed]
    if reported - result.rules.keys() or not rules:
        rules.append(catalogue.INTERNAL)
    index = {rule.code: position for position, rule in enumerate(rules)}
    names, edits = result.fingerprints(), result.edits()
    found = in_repository(result.diagnostics, result.root)
    shown = range(len(found)) if len(found) <= MOST else _gravest(result, found, accepted.keys())
    troubles = [diagnostic for diagnostic in found if diagnostic.code == INTERNAL_CODE]
    run = {
        "tool": {
            "driver": {
                "name": "dodont",
                "version": __version__,
                "semanticVersion": __version__,
                "informationUri": HOME,
                "rules": [_rule(rule) for rule in rules],
                "notifications": [_descriptor(catalogue.INTERNAL)],
            }
        },
        # A file that could not be read is a finding, since the gate must not pass it, and the run's own trouble besides.
        "invocations": [
            {"executionSuccessful": True, "toolExecutionNotifications": list(map(_notification, troubles))}
        ],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository"}}},
        "results": [
            {
                **_result(result, found[each], index[result.rule(found[each]).code], names[each], edits.get(each, ())),
                **({"suppressions": [_suppression(accepted[each])]} if each in accepted else {}),
            }
            for each in shown
        ],
    }
    if result.category:
        run["automationDetails"] = {"id": f"dodont/{result.category}/"}
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _gravest(result: Result, found: Sequence[Diagnostic], accepted: Collection[int]) -> list[int]:
    """The indexes of the findings that matter most, in their order: errors, then those of rules that are seldom wrong, and last what
    was accepted."""

    def weight(index: int) -> tuple[bool, bool, float]:
        severe = found[index].severity == "error"
        return index in accepted, not severe, -(result.rule(found[index]).precision or 0.0)

    return sorted(sorted(range(len(found)), key=weight)[:MOST])


def _suppression(accepted: Suppressed) -> dict[str, str]:
    found = {"kind": "inSource" if accepted.by == "comment" else "external", "status": "accepted"}
    return {**found, "justification": accepted.reason} if accepted.reason else found


def uri(path: str) -> str:
    """A relative reference for a path below the root, a ``file`` URI for any other."""
    if windows := absolute_on_windows(path):
        return windows.as_uri()
    # What is no UTF-8 in a name stands for its bytes; a colon in the first segment would read as a scheme.
    quoted = quote(path, safe="/~", errors="surrogateescape")
    return f"file://{quoted}" if path.startswith("/") else quoted


def _descriptor(rule: Rule) -> dict[str, Any]:
    return {"id": rule.code, "name": rule.name, "shortDescription": {"text": rule.summary}}


def _notification(trouble: Diagnostic) -> dict[str, Any]:
    return {
        "descriptor": {"id": trouble.code, "index": 0},
        "level": "error",
        "message": {"text": _sentence(trouble.message)},
        "locations": [_location(trouble.path, trouble.span)],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    try:
        prose, body = catalogue.card(rule).prose, _body(rule)
    except (OSError, CardError):
        prose = body = rule.summary + "."
    practices = [_practice(practice) for practice in rule.practices]
    remedy = f"How to fix: {rule.remedy}" if rule.remedy else ""
    text = "\n\n".join(part for part in (prose, remedy, *practices) if part)
    markdown = "\n\n".join(
        part for part in (body, remedy, "\n".join(f"- {practice}" for practice in practices)) if part
    )
    return {
        **_descriptor(rule),
        "fullDescription": {"text": _shortened(" ".join(prose.split("\n\n")[0].split()))},
        "help": {"text": text, "markdown": markdown},
        "defaultConfiguration": {"level": "warning", "enabled": rule.status == "stable"},
        "properties": _properties(rule),
    }


def _properties(rule: Rule) -> dict[str, Any]:
    weaknesses = [int(number) for word in rule.cwe for number in re.findall(r"\d+", word)]
    tags = [f"external/cwe/cwe-{number:03}" for number in weaknesses]
    tags += ["security"] if weaknesses else []
    tags += [tag for tag in dict.fromkeys((rule.family, rule.category)) if tag not in tags]
    tags += [f"dodont/{practice}" for practice in rule.practices]
    properties: dict[str, Any] = {
        "tags": tags[:_TAGS],
        "practices": list(rule.practices),
        "precision": rule.confidence,
        "problem.severity": "warning",
    }
    if weaknesses:
        gravest = max(_SECURITY_SEVERITY.get(number, _MEDIUM) for number in weaknesses)
        properties["security-severity"] = f"{gravest:.1f}"
    return properties


def _practice(practice: str) -> str:
    text = next((known.text for known in catalogue.practices() if known.id == practice), "")
    return f"{practice}: {text}"


def _body(rule: Rule) -> str:
    from dodont.output.page import markdown_body

    return markdown_body(catalogue.card(rule))


def _shortened(text: str) -> str:
    return text if len(text) <= _LIMIT else text[: _LIMIT - 1].rsplit(" ", 1)[0] + "…"


def _result(
    result: Result, diagnostic: Diagnostic, rule: int, fingerprint: str, edits: Sequence[Edit]
) -> dict[str, Any]:
    remedy = result.remedy(diagnostic)
    sentences = [_sentence(diagnostic.message)]
    if remedy:
        sentences.append(_sentence(remedy))
    # A viewer shows related places only where the message links to them.
    sentences += [f"See [{_link(step.text)}]({number})." for number, step in enumerate(diagnostic.related, 1)]
    found: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity,
        "message": {"text": " ".join(sentences)},
        "locations": [_location(diagnostic.path, diagnostic.span, symbol=diagnostic.symbol)],
        "partialFingerprints": {"primaryLocationLineHash": fingerprint, "dodont/v1": fingerprint},
    }
    if diagnostic.related:
        found["relatedLocations"] = [{"id": number, **_step(step)} for number, step in enumerate(diagnostic.related, 1)]
    if diagnostic.flow:
        steps = [{"location": _step(step)} for step in diagnostic.flow]
        found["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    if diagnostic.fix and edits:
        change = {
            "artifactLocation": _artifact(diagnostic.path),
            "replacements": [_replacement(edit) for edit in edits],
        }
        found["fixes"] = [{"description": {"text": diagnostic.fix.title}, "artifactChanges": [change]}]
    return found


def _sentence(text: str) -> str:
    """The text as a sentence; viewers with little room show the first one alone."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _link(text: str) -> str:
    return re.sub(r"([\\\[\]])", r"\\\1", text)


def _location(path: str, span: Span, *, symbol: str = "") -> dict[str, Any]:
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": _artifact(path), "region": _region(span)}}
    if symbol:
        location["logicalLocations"] = [{"fullyQualifiedName": symbol}]
    return location


def _artifact(path: str) -> dict[str, str]:
    where = {"uri": uri(path)}
    return where if where["uri"].startswith("file:") else {**where, "uriBaseId": _ROOT}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column + 1,
        "endLine": span.end_line,
        "endColumn": span.end_column + 1,
    }


def _step(step: Step) -> dict[str, Any]:
    return {**_location(step.path, step.span), "message": {"text": step.text}}


def _replacement(edit: Edit) -> dict[str, Any]:
    return {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
