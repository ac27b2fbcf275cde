"""A password is stored as it was entered, or looked for as such."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.analysis import Diagnostic, Flow, Pass, Query, entered, is_password, on


@on(Flow, rule="plain-text-password")
def check(flow: Flow, run: Pass) -> Iterator[Diagnostic]:
    if flow.kind not in ("stored", "compared") or run.module.role in ("test", "migration", "settings"):
        return
    yield run.report(
        flow.kind,
        flow.call,
        function=flow.function,
        flow=(*flow.label.notes, *flow.notes),
        what=run.source(flow.site) or flow.label.what,
        field=flow.target,
    )


@on(Query, rule="plain-text-password")
def check_query(query: Query, run: Pass) -> Iterator[Diagnostic]:
    """``INSERT INTO users (name, password) VALUES (?, ?)``, ``… WHERE name = ? AND password = ?``"""
    if run.module.role in ("test", "migration", "settings") or not any(
        isinstance(part, str) and "pass" in part.lower() or "pwd" in str(part).lower() for part in query.text.parts
    ):
        return
    for name, stored, value in run.bound(query):
        label = entered(value) if is_password(name) else None
        if label is not None:
            yield run.report(
                "stored" if stored else "compared",
                query.call,
                function=query.function,
                flow=label.notes,
                what=label.what,
                field=name,
            )
            return
