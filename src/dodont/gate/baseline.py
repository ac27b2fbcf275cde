"""The baseline: findings a project knows of and does not want to hear about until somebody touches them.

It is a JSON array, one entry a line with the comma in front, so that a finding more or less changes one line and git's ``union`` merge
gives a valid file. An entry stands for ``count`` findings that are alike; there is no line number and no code in it, and of the text
it stands for only a digest.
"""

from __future__ import annotations

import datetime
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from dodont.core.diagnostic import Diagnostic
from dodont.core.rule import INTERNAL_CODE
from dodont.engine.settings import Settings
from dodont.output.fingerprint import within_module
from dodont.output.result import Result

NAME = "dodont-baseline.json"
SCHEMA = 1

_HEAD = {"baseline": "dodont", "schema": SCHEMA}


class BadBaseline(Exception):  # noqa: N818
    """A baseline that cannot be read; the message says where, what, and what to do."""


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """``count`` findings of a rule in one function that look alike. ``path`` is relative to the baseline's directory; ``symbol`` is
    the function within its module. From the day after ``until`` (an ISO date) on, they are findings again."""

    path: str
    code: str
    symbol: str
    fingerprint: str
    count: int = 1
    reason: str = ""
    until: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.path, self.code, self.fingerprint

    @property
    def place(self) -> tuple[str, str, str]:
        return self.path, self.code, self.symbol

    def is_expired(self, today: datetime.date) -> bool:
        return bool(self.until) and datetime.date.fromisoformat(self.until) < today


@dataclass(frozen=True, slots=True)
class Matched:
    """``hidden`` are the indexes of findings the baseline knows, by the entry each is known by. ``stale`` are entries of which fewer
    findings are left than they count, with how many too many; ``expired`` those whose time is over."""

    hidden: Mapping[int, Entry]
    stale: tuple[Entry, ...] = ()
    expired: tuple[Entry, ...] = ()


def read(path: Path) -> tuple[Entry, ...]:
    """The entries of a baseline, those alike in one. Raises BadBaseline."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise BadBaseline(f"{path}: no such baseline; make it with `dodont baseline create`") from None
    except OSError as error:
        raise BadBaseline(f"{path}: cannot be read: {error.strerror}") from None
    if b"\n<<<<<<< " in data or b"\n>>>>>>> " in data:
        raise BadBaseline(f"{path}: holds conflict markers; take the lines of both sides, they need no order")
    try:
        head, *rows = json.loads(data)
        if head["baseline"] != "dodont":
            raise ValueError
        schema = head["schema"]
    except (ValueError, TypeError, LookupError, RecursionError):
        raise BadBaseline(f"{path}: no baseline of dodont; name another file, or make it anew") from None
    if schema != SCHEMA:
        raise BadBaseline(
            f"{path}: written as schema {schema!r}, and this dodont knows {SCHEMA}; use the version that made it"
        )
    found = []
    for number, row in enumerate(rows, 1):
        try:
            found.append(_entry(row))
        except (ValueError, TypeError, LookupError):
            raise BadBaseline(
                f"{path}: entry {number} is not as dodont writes it; run `dodont baseline update`"
            ) from None
    return together(found)


def write(path: Path, entries: Iterable[Entry]) -> None:
    """Write the entries, sorted, in one step. Raises BadBaseline."""
    from dodont.engine.fixing import replace as replace_file

    try:
        replace_file(path, dump(entries).encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise BadBaseline(f"{path}: cannot be written: {error.strerror}; choose another --baseline") from None


def dump(entries: Iterable[Entry]) -> str:
    rows = [_HEAD, *(_row(entry) for entry in together(entries))]
    return "[" + "\n,".join(json.dumps(row, ensure_ascii=True) for row in rows) + "\n]\n"


def together(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Sorted, with one entry for those of the same finding: as a merge of two branches may leave them, the larger count holds."""
    known: dict[tuple[str, str, str], Entry] = {}
    for entry in sorted(entries):
        other = known.get(entry.key)
        known[entry.key] = entry if other is None else _either(other, entry)
    return tuple(sorted(known.values()))


def _either(first: Entry, second: Entry) -> Entry:
    # An end that one of the two has holds; an end is a decision, none may be an oversight.
    ends = sorted(each for each in (first.until, second.until) if each)
    return replace(
        first,
        count=max(first.count, second.count),
        reason=first.reason or second.reason,
        until=ends[-1] if ends else "",
    )


def entries_of(result: Result, directory: Path) -> tuple[Entry, ...]:
    """The findings of a run as entries of a baseline in ``directory``. dodont's own trouble is never in one."""
    counts: Counter[Entry] = Counter(entry for entry in _named(result, directory) if entry.code != INTERNAL_CODE)
    return tuple(sorted(replace(entry, count=count) for entry, count in counts.items()))


def _named(result: Result, directory: Path) -> list[Entry]:
    return [
        Entry(
            relative(result.root / diagnostic.path, directory),
            diagnostic.code,
            within_module(diagnostic.path, diagnostic.symbol),
            fingerprint.partition(":")[0],
        )
        for diagnostic, fingerprint in zip(result.diagnostics, result.fingerprints(), strict=True)
    ]


def relative(path: Path, directory: Path) -> str:
    try:
        return os.path.relpath(path, directory).replace(os.sep, "/")
    except ValueError:  # on another drive
        return path.as_posix()


def match(
    entries: Sequence[Entry],
    result: Result,
    directory: Path,
    checked: Callable[[str], bool],
    today: datetime.date,
) -> Matched:
    """Which findings of a run the entries stand for.

    A finding is known by an entry of its file with its fingerprint; else by one of another file that has nothing left to stand for, as
    the code moved or the file was renamed; else by one of the same rule in the same function, as something in the text was changed
    and their number was not. ``checked`` tells of a path in the baseline whether this run told all there is about it.
    """
    valid = [entry for entry in entries if not entry.is_expired(today)]
    left = Counter({entry: entry.count for entry in valid})
    names = _named(result, directory)
    open_ = [index for index, name in enumerate(names) if name.code != INTERNAL_CODE]
    hidden: dict[int, Entry] = {}

    def take(key_of: Callable[[Entry], Any], among: Iterable[Entry]) -> None:
        by_key: dict[Any, list[Entry]] = {}
        for entry in among:
            by_key.setdefault(key_of(entry), []).append(entry)
        for index in tuple(open_):
            known_by = next((each for each in by_key.get(key_of(names[index]), ()) if left[each]), None)
            if known_by is not None:
                left[known_by] -= 1
                hidden[index] = known_by
                open_.remove(index)

    take(lambda entry: entry.key, valid)
    known = {entry.path: checked(entry.path) or not (directory / entry.path).exists() for entry in valid}
    free = [entry for entry in valid if known[entry.path]]
    take(lambda entry: (entry.code, entry.fingerprint), free)
    take(lambda entry: entry.place, free)
    ran = {result.rules[name].code for name in result.ran if name in result.rules}
    stale = [replace(entry, count=left[entry]) for entry in free if left[entry] and entry.code in ran]
    expired = tuple(entry for entry in entries if entry.is_expired(today))
    return Matched(hidden, tuple(sorted(stale)), expired)


def updated(
    entries: Sequence[Entry], result: Result, directory: Path, matched: Matched, *, growing: bool
) -> tuple[Entry, ...]:
    """The baseline after a run: entries that stand for nothing are gone, those that moved are where they are now, and with ``growing``
    new findings are in it. Reasons and ends stay with what they were given for; what expired is dropped."""
    known: Counter[Entry] = Counter()
    for index, name in enumerate(_named(result, directory)):
        old = matched.hidden.get(index)
        if old is not None:
            known[replace(name, reason=old.reason, until=old.until)] += 1
        elif growing and name.code != INTERNAL_CODE:
            known[name] += 1
    gone = Counter({entry.key: entry.count for entry in matched.stale})
    gone.update(Counter(entry.key for entry in matched.hidden.values()))
    expired = set(matched.expired)
    unseen = [
        replace(entry, count=entry.count - gone[entry.key])
        for entry in entries
        if entry not in expired and entry.count > gone[entry.key]
    ]
    summed: dict[tuple[str, str, str], Entry] = {}
    for entry in (*unseen, *(replace(name, count=count) for name, count in known.items())):
        other = summed.get(entry.key)
        summed[entry.key] = (
            entry
            if other is None
            else replace(
                other,
                count=other.count + entry.count,
                reason=other.reason or entry.reason,
                until=other.until or entry.until,
            )
        )
    return tuple(sorted(summed.values()))


def pruned(entries: Sequence[Entry], matched: Matched) -> tuple[Entry, ...]:
    """The baseline without what stands for nothing any more, or has expired."""
    gone = Counter({entry.key: entry.count for entry in matched.stale})
    expired = set(matched.expired)
    return tuple(
        replace(entry, count=entry.count - gone[entry.key])
        for entry in entries
        if entry not in expired and entry.count > gone[entry.key]
    )


def _row(entry: Entry) -> dict[str, Any]:
    row: dict[str, Any] = {
        "path": entry.path,
        "code": entry.code,
        "symbol": entry.symbol,
        "fingerprint": entry.fingerprint,
    }
    if entry.count != 1:
        row["count"] = entry.count
    if entry.reason:
        row["reason"] = entry.reason
    if entry.until:
        row["until"] = entry.until
    return row


def _entry(row: dict[str, Any]) -> Entry:
    extra = row.keys() - {"path", "code", "symbol", "fingerprint", "count", "reason", "until"}
    count, until = row.get("count", 1), row.get("until", "")
    words = [row["path"], row["code"], row["symbol"], row["fingerprint"], row.get("reason", ""), until]
    if extra or type(count) is not int or count < 1 or not all(isinstance(word, str) for word in words):
        raise ValueError
    if until:
        datetime.date.fromisoformat(until)
    return Entry(row["path"], row["code"], row["symbol"], row["fingerprint"], count, row.get("reason", ""), until)


def location(settings: Settings) -> Path | None:
    """Where the baseline of files with these settings is: where they say, or beside the configuration if one is there."""
    if settings.baseline is not None:
        return settings.root / settings.baseline
    found = settings.root / NAME
    return found if found.exists() else None


def of_file(at: Path, found: Sequence[Diagnostic], root: Path, path: str, lines: Sequence[str]) -> list[Diagnostic]:
    """Those findings of one file that the baseline at ``at`` does not know, where files come one by one. Raises BadBaseline."""
    by_path, lost = _divided(at)
    result = Result(found, 1, lambda _: lines, root)
    name = relative(Path(path), at.parent)
    known = match((*by_path.get(name, ()), *lost), result, at.parent, name.__eq__, datetime.date.today()).hidden
    return [diagnostic for index, diagnostic in enumerate(found) if index not in known]


@cache
def _divided(at: Path) -> tuple[dict[str, list[Entry]], list[Entry]]:
    """The entries by the files they name, and those whose files are gone."""
    by_path: dict[str, list[Entry]] = {}
    for entry in read(at):
        by_path.setdefault(entry.path, []).append(entry)
    gone = [path for path in by_path if not (at.parent / path).exists()]
    return by_path, [entry for path in gone for entry in by_path.pop(path)]


def forget() -> None:
    """Baselines may have changed since they were read."""
    _divided.cache_clear()
