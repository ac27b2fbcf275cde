"""A password is stored as it was entered, or looked for as such."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dodont.analysis import Diagnostic, Fix, Label, Pass, Password, Query, entered, is_password, on
from dodont.core.patterns import pattern


@on(Password, rule="plain-text-password")
def check(password: Password, run: Pass) -> Iterator[Diagnostic]:
    if not counts(password.label, run):
        return
    yield run.report(
        password.kind,
        password.call,
        function=password.function,
        flow=(*password.label.notes, *password.notes),
        what=run.source(password.site) or password.label.what,
        field=password.field,
        fix=hash_it(password, run),
    )


def hash_it(password: Password, run: Pass) -> Fix | None:
    """Django's own users hash what ``set_password`` is given; elsewhere it must be said what hashes."""
    if password.kind != "stored":
        return None
    if password.hashes and not password.notes:
        return run.fix("Let `set_password` hash it", "safe", password.call)
    return run.fix("Hash it before, by what checks it when somebody signs in", "display", password.site)


def counts(label: Label, run: Pass) -> bool:
    """Whether it is a password as it was entered: from a client, or from a caller in a project that hashes none."""
    return run.module.role not in ("test", "migration", "settings") and (
        label.kind == "request" or not run.hashes_passwords()
    )


_NAMES = pattern("pass|pwd", re.IGNORECASE)


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
