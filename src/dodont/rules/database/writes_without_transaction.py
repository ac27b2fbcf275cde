"""Writes that belong together and become durable one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dodont.analysis import Diagnostic, Durable, Fix, FunctionInfo, Note, Pass, Steps, Type, Write, on
from dodont.core.patterns import pattern


@on(Steps, rule="writes-without-transaction")
def check(steps: Steps, run: Pass) -> Iterator[Diagnostic]:
    if run.module.role in ("test", "migration", "script", "settings"):
        return
    if run.is_test() or _is_within(steps.function, run):
        return
    judge = _Judge(steps, run)
    found = judge.first()
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
        fix=_hold(judge.together(earlier, later), run),
    )


def _hold(steps: list[Durable], run: Pass) -> Fix | None:
    """One transaction for all the steps that hang together: part of them in one would only move the gap."""
    first, last = steps[0], steps[-1]
    if all(each.kind == "statement" for each in steps):
        if all(
            write.target.startswith(("django.", "rest_framework.", "?.")) for each in steps for write in each.writes
        ):
            return run.fix(
                "Hold them in one transaction",
                "unsafe",
                last.site,
                first=first.site,
                manager="django.db.transaction.atomic",
            )
    elif all(
        each.kind == "commit"
        and _is_session(each, run)
        and (each is last or not (each.chain or each.in_loop))
        and set(last.within) <= set(each.within)  # where one is come to, the last is
        for each in steps
    ):
        return run.fix(
            "Commit once, at the end", "unsafe", first.site, commits=[each.site for each in steps[1:-1]], last=last.site
        )
    return None


def _is_session(step: Durable, run: Pass) -> bool:
    return run.role(Type(step.by.rpartition(".")[0])) == "session"


def _is_within(function: FunctionInfo, run: Pass) -> bool:
    """Whether a framework holds a transaction around it: Django's admin around what its views do and the forms beside them, a
    deletion around what receives its signals, a migration around its functions; or whether it is a command, or makes data up."""
    if not {"sender", "schema_editor"}.isdisjoint(function.positional):
        return True
    if any(_MAKES_UP.search(each) for each in (*run.module.name.split(".")[-2:], function.name)) or _TESTS.search(
        run.module.name
    ):
        return True
    if not run.module.imports.isdisjoint(("django.contrib.admin", "django.core.management.base", "faker")):
        return True
    if _CHANGES_SCHEMA.search(run.module.name.rpartition(".")[2]):
        return True
    named = run.module.names.get("admin")
    if named is not None and named.ref == "django.contrib.admin":
        return True
    return any(each.ref == "django.dispatch.receiver" for each in function.decorators)


#: Words for what makes data up, or clears it away: it is run again.
_MAKES_UP = pattern(
    r"(?:^|_)(?:seed|populate|faker?|demo|fixture|sample|factor(?:y|ies)|stale|expired|clean_?up|purge|prune|retention|(?:pre|post)_delete)",
    re.I,
)
_CHANGES_SCHEMA = pattern(r"migrat|^init_?db$")
_TESTS = pattern(r"(?:^|[._])test(?:ing)?$")


def _named(write: Write, run: Pass) -> str:
    """The class or table that is written, the object as the code names it, or the function that writes it."""
    if not write.what.startswith("?"):
        return f"`{run.display(write.what).rpartition('.')[2]}`"
    return f"`{run.display(write.chain[0]).rpartition('.')[2]}()`" if write.chain else f"`{write.what[2:]}`"


class _Judge:
    """Which steps of a function hold writes that are to be seen together or not at all."""

    def __init__(self, steps: Steps, run: Pass) -> None:
        self.steps = steps.steps
        self.run = run
        self.is_handler = steps.function.handler is not None or "request" in steps.function.positional[:1]
        self.sources = [
            write.source for each in self.steps for write in {one.source: one for one in each.writes}.values()
        ]

    def first(self) -> tuple[Durable, Durable, Write, Write] | None:
        """The first two such steps, with a write of each that shows it."""
        for index, later in enumerate(self.steps):
            for earlier in self.steps[:index]:
                found = self._pair(earlier, later)
                if found is not None:
                    return earlier, later, *found
        return None

    def together(self, earlier: Durable, later: Durable) -> list[Durable]:
        """Those two, and the steps after them that belong to any of them."""
        found = [earlier, later]
        for each in self.steps[self.steps.index(later) + 1 :]:
            if any(self._pair(one, each) for one in found):
                found.append(each)
        return found

    def _pair(self, earlier: Durable, later: Durable) -> tuple[Write, Write] | None:
        if "region" in (earlier.kind, later.kind) or _handles(earlier, later) or _are_stages(earlier, later):
            return None
        if earlier.asked != later.asked:
            return None  # no transaction should wait for another service
        if any(each.word == "while" and each not in later.within for each in earlier.within):
            return None  # in portions, as long as there are any
        made = not set(earlier.bound).isdisjoint(later.names)
        if not made and (
            _independent(earlier, later)
            or later.site.line - earlier.site.line > MAX_LINES
            or self._is_closed_later(earlier, later)
        ):
            return None
        for first in earlier.writes:
            for second in later.writes:
                # What is saved before the work and after it tells how far the work has come.
                progress = any(each.source and self.sources.count(each.source) > 1 for each in (first, second))
                if progress and _name(first) != _name(second):
                    continue
                if second.source in earlier.bound:
                    continue  # `order = form.save()`: one object
                if _are_rows(first, earlier, second, later) or not _are_told(first, second, self.run):
                    continue
                if first.removes and first.source.startswith(f"{second.source}."):
                    continue  # `order.receipt.delete()`, a stored file
                if _is_made_up_for(first, earlier, second):
                    continue
                if self._hang_together(first, earlier, second, later, made):
                    return first, second
        return None

    def _is_closed_later(self, earlier: Durable, later: Durable) -> bool:
        """``job = Job.objects.create(); ...; job.state = "done"; job.save()``: what stands between is the job, which it only tells of."""
        after = self.steps[self.steps.index(later) + 1 :]
        return any(write.source in earlier.bound for each in after for write in each.writes if write.source)

    def _hang_together(self, first: Write, earlier: Durable, second: Write, later: Durable, made: bool) -> bool:
        """Whether half of the two would be wrong: one goes into the other, one takes the other's place, one takes what the other
        gets, or both are of one thing."""
        if _name(first) == _name(second):
            if first.removes:
                return _method(second) in _CREATING and _takes_place(first, earlier, second, later)
            if _method(first) == "update" and _method(second) in _CREATING:
                # `current=False` of all, `current=True` of the new one
                return not set(first.sets).isdisjoint(second.sets)
            if second.removes or not first.source or not second.source or first.source == second.source:
                return False
            return made or earlier.within == later.within
        shared = not set(earlier.names).isdisjoint(later.names)
        if shared and first.sure and second.sure and _are_related(first, second, self.run):
            return True
        helped = [_is_helped(each) for each in (first, second)]
        if all(helped) and later.site.line - earlier.site.line > NEAR:
            return False
        if any(helped):
            return made or _root(first) in later.names
        if made or _root(first) in later.names or _root(second) in earlier.names:
            return True
        # What has no class may be deleted elsewhere, by a client of another service.
        if self.is_handler and not any(each.removes and each.what.startswith("?") for each in (first, second)):
            return True
        if earlier.within == later.within and all(each.what.startswith("table ") for each in (first, second)):
            return True
        # The same correction in two places: `.filter(name=old).update(name=new)`.
        alike = _method(first) == _method(second) in ("update", "delete") and not (first.source or second.source)
        return shared and (not alike or first.what.startswith("table "))


def _is_helped(write: Write) -> bool:
    """Whether a function writes that is asked to do something: not ``order.save()``, though it is the project's own."""
    return bool(write.chain) and not (write.source and write.chain[0].endswith((".save", ".delete")))


def _takes_place(removed: Write, earlier: Durable, created: Write, later: Durable) -> bool:
    """Whether rows are created in the place of those removed: both are of one thing, or all were removed."""
    if removed.chain:
        return not set(earlier.names).isdisjoint(later.names)
    return (
        not removed.asks
        or not created.sets
        or not set(removed.asks).isdisjoint(created.sets)
        or not set(earlier.names).isdisjoint(later.names)
    )


def _is_made_up_for(first: Write, earlier: Durable, second: Write) -> bool:
    """Whether trying again puts it right: what is created where there is none yet is created then."""
    again = _method(first) not in _CREATING
    return again and second.asked_at > 0 and not any(each.line == second.asked_at for each in earlier.within)


def _are_related(first: Write, second: Write, run: Pass) -> bool:
    """Whether a foreign key, or a relationship, leads from the one to the other."""
    tables = [run.declared.entity(each.what) for each in (first, second)]
    return any(
        one is not None
        and other is not None
        and one.entity != other.entity
        and (
            any(each.entity == other.entity for each in one.relationships.values())
            or any((each.references or "").partition(".")[0] == other.name != "" for each in one.columns.values())
        )
        for one, other in (tables, reversed(tables))
    )


def _method(write: Write) -> str:
    return write.target.rpartition(".")[2]


def _root(write: Write) -> str:
    return write.source.partition(".")[0]


def _handles(earlier: Durable, later: Durable) -> bool:
    """Whether one is what an exception handler does, or the later may fail, as a ``try`` of its own says."""
    own = [each.word for each in later.within if each not in earlier.within]
    return (
        "try" in own
        or "except" in own
        or any(each.word == "except" and each not in later.within for each in earlier.within)
    )


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


def _are_rows(first: Write, earlier: Durable, second: Write, later: Durable) -> bool:
    """Whether two loops write row by row, each its own."""
    return _is_row(first, earlier, later) and _is_row(second, later, earlier)


def _is_row(write: Write, step: Durable, other: Durable) -> bool:
    root = write.source.partition(".")[0]
    return any(each.word == "for" and each.name == root and each not in other.within for each in step.within)


def _are_told(first: Write, second: Write, run: Pass) -> bool:
    """Whether enough is known of both: what is written, on which way; and neither is of a kind that may fail by itself."""
    for each in (first, second):
        if not each.what or _is_stamp(each, run) or _is_bookkeeping(each, run):
            return False
        if each.chain and (len(each.chain) > 1 or not each.sure or each.what.startswith("?")):
            return False
    return not (_finds(first) or _finds(second))


def _finds(write: Write) -> bool:
    """Whether trying again puts it right: ``get_or_create``, ``update_or_create``."""
    return write.finds or _method(write).endswith("update_or_create")


_CREATING = frozenset({"create", "acreate", "bulk_create", "abulk_create"})

#: What lies further apart are stages of a long work, which no transaction should span.
MAX_LINES = 30
#: The same where both are what other functions do.
NEAR = 6

#: Words for what is kept of what happened, or can be made again: no part of a change that must be whole.
_BOOKKEEPING = frozenset(
    {
        "log",
        "audit",
        "history",
        "cache",
        "cached",
        "metric",
        "metrics",
        "attempt",
        "visit",
        "trace",
        "span",
        "telemetry",
    }
)
_WORD = pattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def _is_bookkeeping(write: Write, run: Pass) -> bool:
    words = [word.lower() for word in _WORD.findall(run.display(write.what).rpartition(".")[2])]
    # `AuthEvent`; an `Event` may be a concert
    if _BOOKKEEPING.isdisjoint(words) and not (words[1:] and words[-1] in ("event", "activity")):
        return False
    table = run.declared.entity(write.what)
    return table is None or not _is_referred_to(table.name, run)


def _is_referred_to(table: str, run: Pass) -> bool:
    """Whether a foreign key leads to the table: what others are parts of is no mere record of what happened."""
    return any(
        (column.references or "").partition(".")[0] == table
        for each in run.declared.schema().tables.values()
        if each.name != table
        for column in each.columns.values()
    )


def _is_stamp(write: Write, run: Pass) -> bool:
    """Whether an object is written to say when something happened last. What may be no time at all is a state: `deleted_at`."""
    return bool(write.stamps) and not any(
        column is not None and column.nullable and not _LAST.search(column.attribute)
        for column in (run.declared.column(write.what, each) for each in write.stamps if each)
    )


#: What is set over and over is no state, though there is none at first.
_LAST = pattern(r"last|updated|modified|changed|seen|used")


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
