"""Which rules run, and which findings a file is spared.

A selection word is ``ALL``, a family (``database``), a code's beginning (``ODD``, ``ODD2``, ``ODD20``), a practice
(``do-db-1``), or one rule's code, name or former name. For each rule the most specific word decides between selecting
and ignoring; at equal specificity ignoring wins. Rules that are not stable are selected by ``ALL`` or on
their own alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from dodont.core.patterns import pattern
from dodont.core.rule import FAMILIES, Rule

if TYPE_CHECKING:
    from dodont.engine.settings import Settings

ALL = "ALL"
_PREFIX = pattern(r"ODD[0-9]{0,2}")
_PRACTICE = pattern(r"do(?:nt)?-[a-z]+-[0-9]+")

_EVERY, _TOOL, _FAMILY, _TENS, _PRACTISED, _ALONE = range(6)


class UnknownSelection(ValueError):  # noqa: N818
    """A word that names no rule, code, family or practice; ``nearest`` are valid words that look like it."""

    def __init__(self, word: str, nearest: tuple[str, ...], kinds: str = "rule, code, family or practice") -> None:
        self.word = word
        self.nearest = nearest
        hint = f"; did you mean {' or '.join(repr(name) for name in nearest)}?" if nearest else ""
        super().__init__(f"no {kinds} is called {word!r}{hint}")


def specificity(word: str, rule: Rule) -> int | None:
    """How narrowly ``word`` means ``rule``, or None when it doesn't."""
    if word in (rule.code, rule.name) or word in rule.aliases:
        return _ALONE
    if word in rule.practices:
        return _PRACTISED
    if word == rule.family:
        return _FAMILY
    if word == ALL:
        return _EVERY
    if _PREFIX.fullmatch(word) and rule.code.startswith(word):
        return (_TOOL, _FAMILY, _TENS)[len(word) - 3]
    return None


def matching(word: str, rules: Mapping[str, Rule]) -> frozenset[str]:
    """The names of all rules that ``word`` means, whatever their status. Raises UnknownSelection."""
    found = frozenset(name for name, rule in rules.items() if specificity(word, rule) is not None)
    if not found and not _is_known(word):
        raise UnknownSelection(word, _nearest(word, rules))
    return found


def silenced(name: str, rules: Mapping[str, Rule]) -> frozenset[str]:
    """The names of the rules that a name in a comment silences: a rule's, or the beginning of codes."""
    code = name.upper()
    return frozenset(
        each for each, rule in rules.items() if each == name or (code.startswith("ODD") and rule.code.startswith(code))
    )


#: What a budget counts beside selection words.
NEW = "new"
SEVERITIES = ("severity:error", "severity:warning")


def check_condition(word: str, rules: Mapping[str, Rule]) -> None:
    """Raises UnknownSelection for a word that no budget can count: neither ``new``, a severity, nor a selection word."""
    if word == NEW or word in SEVERITIES:
        return
    try:
        matching(word, rules)
    except UnknownSelection as error:
        from difflib import get_close_matches

        near = get_close_matches(word, (NEW, *SEVERITIES), n=1)
        raise UnknownSelection(word, (*near, *error.nearest)[:3], "condition") from None


def select(rules: Mapping[str, Rule], settings: Settings) -> frozenset[str]:
    """The names of the rules that run. Raises UnknownSelection."""
    wanted = (*settings.select, *settings.extend_select)
    unwanted = (*settings.ignore, *settings.extend_ignore)
    for word in (*wanted, *unwanted, *(word for _, words in settings.per_file_ignores for word in words)):
        matching(word, rules)
    return frozenset(
        name
        for name, rule in rules.items()
        if (settings.project_rules or rule.scope != "project")
        and _selected(rule, wanted, by_default=not settings.select) > _level(rule, unwanted)
    )


def selects(rules: Mapping[str, Rule], settings: Settings) -> Callable[[str], frozenset[str]]:
    """A function that tells, for a path relative to the root, which selected rules report there."""
    selected = select(rules, settings)
    if not settings.per_file_ignores:
        return lambda path: selected

    from pathspec import GitIgnoreSpec

    spared = [
        (GitIgnoreSpec.from_lines([glob]), frozenset().union(*(matching(word, rules) for word in words)))
        for glob, words in settings.per_file_ignores
    ]

    def at(path: str) -> frozenset[str]:
        return selected.difference(*(names for spec, names in spared if spec.match_file(path)))

    return at


def _selected(rule: Rule, wanted: Iterable[str], *, by_default: bool) -> int:
    stable = rule.status == "stable"
    found = [level for word in wanted if (level := specificity(word, rule)) is not None]
    allowed = [level for level in found if stable or level in (_EVERY, _ALONE)]
    return max(allowed, default=_EVERY if by_default and stable else -1)


def _level(rule: Rule, words: Iterable[str]) -> int:
    return max((level for word in words if (level := specificity(word, rule)) is not None), default=-1)


def _is_known(word: str) -> bool:
    """True for words that are right although no rule answers to them yet."""
    if word == ALL or word in FAMILIES.values() or (_PREFIX.fullmatch(word) and word[3:] in ("", *FAMILIES)):
        return True
    if not _PRACTICE.fullmatch(word):
        return False
    from dodont.engine.catalogue import practices

    return any(practice.id == word for practice in practices())


def _nearest(word: str, rules: Mapping[str, Rule]) -> tuple[str, ...]:
    from difflib import get_close_matches

    names = dict.fromkeys(
        name for rule in rules.values() for name in (rule.name, rule.code, *rule.aliases, *rule.practices, rule.family)
    )
    codes = [rule.code[:length] for rule in rules.values() for length in (3, 4, 5)]
    names |= dict.fromkeys([ALL, *FAMILIES.values(), *codes])
    folded = {name.casefold(): name for name in names}
    return tuple(folded[match] for match in get_close_matches(word.casefold(), folded, n=3, cutoff=0.6))
