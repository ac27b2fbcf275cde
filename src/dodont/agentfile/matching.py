"""Which practice a statement means, by the words of both: the keywords of ``practices.toml`` and the practice's own text."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache

from dodont.agentfile.reading import Statement
from dodont.engine.catalogue import Practice, practices

_WORD = re.compile(r"[a-z0-9]+(?:\+[0-9]+)?|\*")
#: Words that say nothing of what a statement is about.
_EMPTY = frozenset(
    "a an and any all always are as at be by can do don t does each ever every for from has have if in into is it its make may must"
    " never no not of on one only or other our out over proper properly shall should so than that the their them then there they this"
    " to up us use used using we what when where which who will with without you your".split()
)
_ENDINGS = (
    "ization",
    "isation",
    "ations",
    "ation",
    "ating",
    "ated",
    "ates",
    "ate",
    "izing",
    "ising",
    "ized",
    "ised",
    "ize",
    "ise",
    "ness",
    "ments",
    "ment",
    "ings",
    "ing",
    "ies",
    "ied",
    "ers",
    "er",
    "ed",
    "es",
    "s",
    "e",
    "y",
    "ly",
)

#: What a keyword counts against a word of the practice's text.
KEYWORD, TEXT = 2.0, 0.6
#: What a practice must reach to be meant at all.
ENOUGH = 4.0
#: What speaks for the practice when both forbid or both ask, and when a heading names its area.
SAME_KIND, SAME_AREA = 1.5, 1.2


def meant(statement: Statement) -> Practice | None:
    """The practice a statement means; None where the words do not say."""
    scores = [(score(statement, practice), practice) for practice in practices()]
    best, practice = max(scores, key=lambda each: each[0])
    return practice if best >= ENOUGH else None


def score(statement: Statement, practice: Practice) -> float:
    """How much speaks for it. Zero where no keyword and no two words of the practice are in the statement."""
    words = stems(statement.text)
    known = set(words)
    weights = _weights()
    hit: dict[str, float] = {}
    for keyword in _keywords(practice):
        if _contains(words, keyword):
            for stem in keyword:
                hit[stem] = max(hit.get(stem, 0.0), KEYWORD * (1.3 if len(keyword) > 1 else 1.0))
    for stem in known & _text(practice):
        hit.setdefault(stem, TEXT)
    total = sum(weights.get(stem, 1.0) * factor for stem, factor in hit.items())
    if not total:
        return 0.0
    # A long statement that shares a word means something else.
    total *= min(1.0, 0.35 + 1.6 * len(hit) / max(len(known), 1))
    if statement.forbids == (practice.kind == "dont"):
        total *= SAME_KIND
    if any(_area(practice) & set(stems(name)) for name in statement.under):
        total *= SAME_AREA
    return total


def stems(text: str) -> list[str]:
    """The words of a text without endings and without those that say nothing."""
    found = []
    for word in _WORD.findall(text.lower().replace("’", "'")):
        if word in _EMPTY:
            continue
        found.append(_stem(word))
    return found


@cache
def _stem(word: str) -> str:
    if word.endswith("ss"):
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


@cache
def _keywords(practice: Practice) -> tuple[tuple[str, ...], ...]:
    return tuple(found for keyword in practice.keywords if (found := tuple(stems(keyword))))


@cache
def _text(practice: Practice) -> frozenset[str]:
    return frozenset(stems(practice.text))


@cache
def _area(practice: Practice) -> frozenset[str]:
    return frozenset(stems(practice.area))


@cache
def _weights() -> dict[str, float]:
    """How telling a word is: the fewer practices have it, the more."""
    counts: Counter[str] = Counter()
    for practice in practices():
        counts.update({stem for keyword in _keywords(practice) for stem in keyword} | _text(practice))
    return {stem: math.log(1 + len(practices()) / count) / 2 for stem, count in counts.items()}


def _contains(words: Sequence[str], keyword: Sequence[str]) -> bool:
    """Whether the words of a keyword stand in the statement, near each other."""
    if len(keyword) == 1:
        return keyword[0] in words
    places = [[index for index, word in enumerate(words) if word == stem] for stem in keyword]
    if not all(places):
        return False
    first = places[0]
    return any(all(any(abs(other - at) <= 3 for other in each) for each in places[1:]) for at in first)
