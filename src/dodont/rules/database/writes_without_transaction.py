"""Writes that belong together and become durable one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dodont.analysis import Diagnostic, Durable, Fix, FunctionInfo, Note, Pass, Steps, Type, Write, on


@on(Steps, rule="writes-without-transaction")
def check(steps: Steps, run: Pass) -> Iterator[Diagnostic]:
    if run.module.role in ("test", "migration", "script", "settings"):
        return
    if run.is_test() or _is_within(steps.function, run):
        return
    found = _apart(steps.steps, steps.function.handler is not None, run)
    if found is None:
        each = _commits_each(steps.steps)
        if each is not None:
            row = _named(each.writes[0], run)
            yield run.report("each", each.site, function=steps.function, row=row)
        return
    if run.in_transaction(steps.function):
        return
    earlier, later, first, second = found
    yield run.report(
        "commits" if later.kind == "commit" else "apart",
        later.site,
        function=steps.function,
        first=_named(first, run),
        second=_named(second, run),
        related=[Note(earlier.site, f"{_named(first, run)} is durable from here on")],
        fix=_hold(earlier, later, run),
    )


def _hold(earlier: Durable, later: Durable, run: Pass) -> Fix | None:
    if earlier.kind == later.kind == "statement":
        if all(
            each.target.startswith(("django.", "rest_framework.", "?.")) for each in (*earlier.writes, *later.writes)
        ):
            return run.fix(
                "Hold both in one transaction",
                "unsafe",
                later.site,
                first=earlier.site,
                manager="django.db.transaction.atomic",
            )
    elif earlier.kind == "commit" and not earlier.chain and not earlier.in_loop and _is_session(earlier, run):
        return run.fix("Commit once, at the end", "unsafe", earlier.site)
    return None


def _is_session(step: Durable, run: Pass) -> bool:
    return run.role(Type(step.by.rpartition(".")[0])) == "session"


def _is_within(function: FunctionInfo, run: Pass) -> bool:
    """Whether a framework holds a transaction around it: Django's admin around what its views do and the forms beside them, a
    deletion around what receives its signals; or whether it is a command, or makes data up."""
    if not run.module.imports.isdisjoint(("django.contrib.admin", "django.core.management.base", "faker")):
        return True
    if "migrat" in run.module.name.rpartition(".")[2]:
        return True
    named = run.module.names.get("admin")
    if named is not None and named.ref == "django.contrib.admin":
        return True
    return any(each.ref == "django.dispatch.receiver" for each in function.decorators)


def _named(write: Write, run: Pass) -> str:
    """The class or table that is written, the object as the code names it, or the function that writes it."""
    if not write.what.startswith("?"):
        return f"`{run.display(write.what).rpartition('.')[2]}`"
    return f"`{run.display(write.chain[0]).rpartition('.')[2]}()`" if write.chain else f"`{write.what[2:]}`"


def _apart(steps: tuple[Durable, ...], is_handler: bool, run: Pass) -> tuple[Durable, Durable, Write, Write] | None:
    """The first two steps with writes that are to be seen together or not at all."""
    sources = [write.source for step in steps for write in {each.source: each for each in step.writes}.values()]
    for index, later in enumerate(steps):
        for earlier in steps[:index]:
            if "region" in (earlier.kind, later.kind) or _independent(earlier, later):
                continue
            if (earlier.chain or later.chain) and not _share(earlier, later) and not is_handler:
                continue  # a service that does another thing
            if _are_stages(earlier, later):
                continue
            if earlier.asked != later.asked:
                continue  # no transaction should wait for another service
            if any(each.word == "while" and each not in later.within for each in earlier.within):
                continue  # in portions, as long as there are any
            for first in earlier.writes:
                for second in later.writes:
                    # What is saved before the work and after it tells how far the work has come.
                    progress = any(each.source and sources.count(each.source) > 1 for each in (first, second))
                    if progress and _name(first) != _name(second):
                        continue
                    if not {second.source, second.source.partition(".")[0]}.isdisjoint(earlier.bound):
                        continue  # `order = form.save()`: one object
                    if first.chain and first.what.startswith("?") and second.source in earlier.names:
                        continue  # `fill_and_save(form, order)`
                    if not _are_rows(first, earlier, second, later) and _belong(first, second, run):
                        return earlier, later, first, second
    return None


def _name(write: Write) -> str:
    return write.what.rpartition(".")[2]


def _are_stages(earlier: Durable, later: Durable) -> bool:
    """Whether a session ends between two commits, or both called functions commit the same: how far the work has come."""
    if not earlier.kind == later.kind == "commit":
        return False
    if any(each.word == "with" and each not in later.within for each in earlier.within):
        return True
    return bool(earlier.chain and later.chain) and not {_name(each) for each in earlier.writes}.isdisjoint(
        _name(each) for each in later.writes
    )


def _share(earlier: Durable, later: Durable) -> bool:
    return not {*earlier.names, *earlier.bound}.isdisjoint(later.names)


def _are_rows(first: Write, earlier: Durable, second: Write, later: Durable) -> bool:
    """Whether two loops write row by row, each its own."""
    return _is_row(first, earlier, later) and _is_row(second, later, earlier)


def _is_row(write: Write, step: Durable, other: Durable) -> bool:
    root = write.source.partition(".")[0]
    return any(each.word == "for" and each.name == root and each not in other.within for each in step.within)


def _belong(first: Write, second: Write, run: Pass) -> bool:
    for each in (first, second):
        if not each.what or len(each.chain) > 1 or (each.chain and not each.sure) or _is_bookkeeping(each, run):
            return False
    if first.finds:
        return False  # whoever tries again finds it
    if _name(first) != _name(second):
        return True
    if first.removes:
        return second.target.rpartition(".")[2] in _CREATING
    return bool(not second.removes and first.source and second.source and first.source != second.source)


_CREATING = frozenset({"create", "acreate", "bulk_create", "abulk_create"})

#: Words for what is kept of what happened, or can be made again: no part of a change that must be whole.
_BOOKKEEPING = frozenset({"log", "audit", "cache", "cached", "metric", "metrics", "attempt", "visit"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def _is_bookkeeping(write: Write, run: Pass) -> bool:
    words = _WORD.findall(run.display(write.what).rpartition(".")[2])
    return not _BOOKKEEPING.isdisjoint(word.lower() for word in words)


def _independent(earlier: Durable, later: Durable) -> bool:
    """Whether two tests that know nothing of each other decide on two steps."""
    first, second = ([each for each in step.within if each.word in _DECIDING] for step in (earlier, later))
    return not (first[: len(second)] == second or second[: len(first)] == first)


_DECIDING = frozenset({"if", "else", "case", "except"})


def _commits_each(steps: tuple[Durable, ...]) -> Durable | None:
    """A commit for every row that a loop changes; one that only some rounds come to is a batch, one in a `try` lets others go on."""
    for step in steps:
        loop = step.within[-1] if step.within else None
        if step.kind != "commit" or step.chain or loop is None or loop.word != "for" or not loop.name:
            continue
        if any(each.what and each.source.partition(".")[0] == loop.name for each in step.writes):
            return step
    return None
