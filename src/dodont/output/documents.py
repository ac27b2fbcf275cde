"""Reads findings back from documents that ``json`` wrote, and makes one result of those of several shards."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from dodont import __version__
from dodont.core.diagnostic import Applicability, Diagnostic, Edit, Fix, Span, Step
from dodont.output.json import SCHEMA_VERSION
from dodont.output.result import Result

Severity = Literal["error", "warning"]

_SHARD = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,8})")


class BadDocument(Exception):  # noqa: N818
    """Documents that make no whole; the message says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding with what only the run that made it could tell."""

    diagnostic: Diagnostic
    fingerprint: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Document:
    name: str
    files: int | None
    rules: frozenset[str]
    shard: tuple[int, int] | None
    findings: tuple[Finding, ...]
    new: bool | None = None
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Read(Result):
    """A run as documents tell it: they have the fingerprints and edits."""

    findings: Sequence[Finding] = ()

    def fingerprints(self) -> list[str]:
        return [each.fingerprint for each in self.findings]

    def edits(self) -> dict[int, tuple[Edit, ...]]:
        return {index: each.edits for index, each in enumerate(self.findings) if each.edits}


def shard_named(text: str) -> tuple[int, int] | None:
    """Which of how many, of "2/3"; None when it is no such thing."""
    found = _SHARD.fullmatch(text)
    if found is None or int(found[1]) > int(found[2]):
        return None
    return int(found[1]), int(found[2])


def read(name: str, data: bytes) -> Document:
    """The document in a file. Raises BadDocument."""
    try:
        document = _the(dict, json.loads(data))
        version, tool = document["schema_version"], _the(dict, document["tool"])
        if tool["name"] != "dodont":
            raise ValueError
        made_by = _the(str, tool["version"])
    except (ValueError, TypeError, LookupError, RecursionError):
        raise BadDocument(f"{name}: no document of `dodont check --output-format json`") from None
    if version != SCHEMA_VERSION or made_by != __version__:
        raise BadDocument(
            f"{name}: made by dodont {made_by} (schema {version}), and this is {__version__} (schema {SCHEMA_VERSION}); "
            "use one version for all"
        )
    try:
        return _document(name, document)
    except (ValueError, TypeError, LookupError):
        raise BadDocument(f"{name}: not as dodont {made_by} writes it; make it again") from None


def merged(documents: Sequence[Document], source: Callable[[str], Sequence[str]], root: Path) -> Read:
    """The whole of which the documents are the parts, as one run would have found it. Raises BadDocument."""
    _check_shards(documents)
    findings = sorted(
        (each for document in documents for each in document.findings), key=lambda each: each.diagnostic.sort_key
    )
    counts = [document.files for document in documents]
    return Read(
        [each.diagnostic for each in findings],
        None if None in counts else sum(count or 0 for count in counts),
        source,
        root,
        frozenset().union(*(document.rules for document in documents)),
        new=True if any(document.new for document in documents) else None,
        hidden=sum(document.hidden for document in documents),
        findings=findings,
    )


def _check_shards(documents: Sequence[Document]) -> None:
    if len(documents) == 1 and documents[0].shard is None:
        return
    known: dict[int, str] = {}
    first = documents[0]
    for document in documents:
        if document.shard is None:
            raise BadDocument(f"{document.name}: the document of a whole run, which has no other parts")
        number, of = document.shard
        assert first.shard is not None
        if of != first.shard[1]:
            raise BadDocument(f"{document.name}: shard {number}/{of}, where {first.name} is one of {first.shard[1]}")
        if number in known:
            raise BadDocument(f"{document.name}: shard {number}/{of} is given twice; {known[number]} is it, too")
        known[number] = document.name
    if len(known) < of:
        missing = [f"{number}/{of}" for number in range(1, len(known) + 5) if number <= of and number not in known]
        more = " and more" if len(missing) < of - len(known) else ""
        raise BadDocument(f"not all shards are there: {', '.join(missing)}{more} missing; name their documents, too")


def _document(name: str, document: dict[str, Any]) -> Document:
    shard = document["shard"]
    part = shard_named(_the(str, shard)) if shard is not None else None
    if shard is not None and part is None:
        raise ValueError
    files = document["files"]
    return Document(
        name,
        _the(int, files) if files is not None else None,
        frozenset(_the(str, each) for each in _the(list, document["rules"])),
        part,
        tuple(_finding(_the(dict, each)) for each in _the(list, document["findings"])),
        _the(bool, document["new"]) if document["new"] is not None else None,
        _the(int, document["hidden"]),
    )


def _finding(found: dict[str, Any]) -> Finding:
    span, fix = _span(found), found["fix"]
    diagnostic = Diagnostic(
        _the(str, found["name"]),
        _the(str, found["code"]),
        _the(str, found["filename"]),
        span,
        _the(str, found["message"]),
        _the(str, found["help"]),
        _one_of(get_args(Severity), found["severity"]),
        _the(str, found["symbol"]),
        tuple(_step(each) for each in _the(list, found["flow"])),
        tuple(_step(each) for each in _the(list, found["related"])),
        Fix(_the(str, fix["message"]), _one_of(get_args(Applicability), fix["applicability"]), span) if fix else None,
    )
    edits = _the(list, fix.get("edits", [])) if fix else ()
    made = tuple(Edit(_span(each), _the(str, each["content"])) for each in edits)
    return Finding(diagnostic, _the(str, found["fingerprint"]), made)


def _step(found: dict[str, Any]) -> Step:
    return Step(_the(str, found["filename"]), _span(found), _the(str, found["message"]))


def _span(found: dict[str, Any]) -> Span:
    begin, end = found["location"], found["end_location"]
    return Span(
        _the(int, begin["row"]), _the(int, begin["column"]) - 1, _the(int, end["row"]), _the(int, end["column"]) - 1
    )


def _the(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError
    return value


def _one_of(words: tuple[Any, ...], word: Any) -> Any:
    if word not in words:
        raise ValueError
    return word
