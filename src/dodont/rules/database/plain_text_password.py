"""A password is stored as it was entered, or looked for as such."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dodont.analysis import Diagnostic, Fix, Flow, Label, Pass, Query, entered, is_password, on


@on(Flow, rule="plain-text-password")
def check(flow: Flow, run: Pass) -> Iterator[Diagnostic]:
    if flow.kind not in ("stored", "compared") or not counts(flow.label, run):
        return
    yield run.report(
        flow.kind,
        flow.call,
        function=flow.function,
        flow=(*flow.label.notes, *flow.notes),
        what=run.source(flow.site) or flow.label.what,
        field=flow.target,
        fix=hash_it(flow, run),
    )


def hash_it(flow: Flow, run: Pass) -> Fix | None:
    """Django's own users hash what ``set_password`` is given; elsewhere it must be said what hashes."""
    if flow.kind != "stored":
        return None
    if flow.hashes and not flow.notes:
        return run.fix("Let `set_password` hash it", "safe", flow.call)
    return run.fix("Hash it before, by what checks it when somebody signs in", "display", flow.site)


def counts(label: Label, run: Pass) -> bool:
    """Whether it is a password as it was entered: from a client, or from a caller in a project that hashes none."""
    return run.module.role not in ("test", "migration", "settings") and (
        label.kind == "request" or not run.hashes_passwords()
    )


_NAMES = re.compile("pass|pwd", re.IGNORECASE)


@on(Query, rule="plain-text-password")
def check_query(query: Query, run: Pass) -> Iterator[Diagnostic]:
    """``INSERT INTO users (name, password) VALUES (?, ?)``, ``… WHERE name = ? AND password = ?``"""
    if not any(isinstance(part, str) and _NAMES.search(part) for part in query.text.parts):
        return
    for name, stored, value in run.bound(query):
        label = entered(value) if is_password(name) else None
        if label is not None and counts(label, run):
            yield run.report(
                "stored" if stored else "compared",
                query.call,
                function=query.function,
                flow=label.notes,
                what=label.what,
                field=name,
            )
            return
