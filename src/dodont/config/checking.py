"""From configuration files to settings: whatever is wrong is told with file, line, key and the nearest valid name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from dodont import __version__
from dodont.config import Governed
from dodont.config.files import ConfigError, Key, Source, absolute, line_of, read
from dodont.config.files import content as content_of
from dodont.config.plain import plain
from dodont.core.rule import Rule
from dodont.engine.selection import UnknownSelection, check_condition, matching
from dodont.engine.settings import ROLES, Settings

Words = tuple[str, ...]


def governed_by(source: Source, rules: Mapping[str, Rule]) -> Governed:
    """The settings a configuration file gives, with those of the files it extends. Raises ConfigError, with every problem of a file
    that was found on a line."""
    merged: dict[str, Any] = {}
    origins: dict[str, tuple[str, ...]] = {}
    others: dict[str, str] = {}
    for each, table in _chain(source, rules):
        others = {}
        for key, value in table.items():
            name, place = key.replace("-", "_"), each.at((key,))
            if name in ("extend", "required_version"):
                others[key] = value
                origins[key] = (place,)
            elif name.startswith("extend_"):
                merged[name] = (*merged.get(name, ()), *value)
                origins[key] = (*origins.get(key, ()), place)
            elif isinstance(value, dict):
                if name == "rules":
                    value = {_rule_named(rule, rules).name: options for rule, options in value.items()}
                merged[name] = _joined(merged.get(name, {}), value)
                origins[key] = (*origins.get(key, ()), place)
            else:
                merged[name] = value
                origins[key] = (place,)
    if "per_file_ignores" in merged:
        merged["per_file_ignores"] = tuple(merged["per_file_ignores"].items())
    if "rules" in merged:
        merged["rule_options"] = merged.pop("rules")
    return Governed(Settings(root=source.path.parent, config=source.path, **merged), origins, others)


def _joined(base: Mapping[str, Any], nearer: Mapping[str, Any]) -> dict[str, Any]:
    """Both tables in one, the nearer one's keys first; where both have a key that is no table, the nearer one's stays."""
    joined = {
        key: _joined(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
        for key, value in nearer.items()
    }
    return {**joined, **{key: value for key, value in base.items() if key not in joined}}


def _chain(source: Source, rules: Mapping[str, Rule]) -> list[tuple[Source, Mapping[str, Any]]]:
    """The tables of a file and of those it extends, the furthest first. Raises ConfigError."""
    chain: list[tuple[Source, Mapping[str, Any]]] = []
    while True:
        table = _validated(source)
        _check(source, table, rules)
        chain.insert(0, (source, table))
        if "extend" not in table:
            return chain
        place = f"{source.at(('extend',))}: extend"
        path = absolute(source.path.parent / table["extend"])
        if not path.is_file():
            raise ConfigError(f"{place}: {path}: {'a directory; name the file' if path.is_dir() else 'no such file'}")
        if any(path.samefile(each.path) for each, _ in chain):
            way = " extends ".join(str(each) for each in (*(known.path for known, _ in reversed(chain)), path))
            raise ConfigError(f"{place}: a circle, {way}")
        source = read(path)
        if content_of(source) is None:
            raise ConfigError(f"{place}: {path}: no table [tool.dodont]; add it, or name another file")


def _validated(source: Source) -> dict[str, Any]:
    """What dodont's table sets, by key. Raises ConfigError."""
    content = content_of(source)
    if not isinstance(content, dict):
        raise ConfigError(f"{source.at(())}: [tool.dodont] has to be a table")
    # Before anything else: a newer dodont may have settings that this one would call unknown.
    _check_version(source, content.get("required-version"))
    found = plain(content)
    if found is None:
        from dodont.config.model import validated

        found = validated(source, content)
    return found


def nearest(word: str, valid: Iterable[str]) -> str:
    names = sorted(valid)
    near = get_close_matches(word, names, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; valid are {', '.join(names)}" if names else ""


def _check(source: Source, table: Mapping[str, Any], rules: Mapping[str, Rule]) -> None:
    """What the model cannot know: selection words, roles, rules and their options, library models."""
    problems: list[str] = []
    lists: list[tuple[Key, Words]] = [
        *(((key,), table.get(key, ())) for key in ("select", "extend-select", "ignore", "extend-ignore")),
        *((("per-file-ignores", glob), words) for glob, words in table.get("per-file-ignores", {}).items()),
    ]
    for key, words in lists:
        for word in words:
            try:
                matching(word, rules)
            except UnknownSelection as error:
                problems.append(f"{_line_of_word(source, key, word)}: {'.'.join(map(str, key))}: {error}")
    for name in table.get("budget", ()):
        try:
            check_condition(name, rules)
        except UnknownSelection as error:
            problems.append(f"{source.at(('budget', name))}: budget: {error}")
    for role in table.get("roles", ()):
        if role not in ROLES:
            problems.append(f"{source.at(('roles', role))}: unknown role {role!r}{nearest(role, ROLES)}")
    for name, options in table.get("rules", {}).items():
        try:
            rule = _rule_named(name, rules)
        except UnknownSelection as error:
            problems.append(f"{source.at(('rules', name))}: {error}")
            continue
        problems += _option_problems(source, name, rule, options)
    if table.get("models"):
        from dodont.models.schema import check

        problems += [f"{source.at(('models',))}: models: {problem}" for problem in check(table["models"])]
    if problems:
        raise ConfigError("\n".join(problems))


def _line_of_word(source: Source, key: Key, word: str) -> str:
    """Like ``source.at``, but the line of the word itself in a list of several lines."""
    first = line_of(source.text, (*source.prefix, *map(str, key)))
    lines = source.text.splitlines()
    quoted = re.compile(rf"""["']{re.escape(word)}["']""")
    return f"{source.path}:{next((n for n in range(first, len(lines) + 1) if quoted.search(lines[n - 1])), first)}"


def _rule_named(name: str, rules: Mapping[str, Rule]) -> Rule:
    for rule in rules.values():
        if name in (rule.name, rule.code) or name in rule.aliases:
            return rule
    near = get_close_matches(name, list(rules), n=1, cutoff=0.5) or [each for each in rules if each.startswith(name)]
    raise UnknownSelection(name, tuple(near), "rule")


def _option_problems(source: Source, name: str, rule: Rule, options: Mapping[str, Any]) -> list[str]:
    problems = []
    for option, value in options.items():
        place = source.at(("rules", name, option))
        if option not in rule.options:
            hint = nearest(option, rule.options) if rule.options else "; the rule has no options"
            problems.append(f"{place}: {rule.name} has no option {option!r}{hint}")
        elif not _like(value, rule.options[option]):
            expected = _kind(rule.options[option])
            problems.append(f"{place}: rules.{name}.{option}: expected {expected}, found {value!r}")
    return problems


def _like(value: object, default: object) -> bool:
    """Whether ``value`` is of the kind the default shows: the default's type, lists of the first element's type."""
    if isinstance(default, list):
        return isinstance(value, list) and all(_like(item, default[0] if default else "") for item in value)
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is type(default)


def _kind(default: object) -> str:
    if isinstance(default, list):
        return f"a list, each item {_kind(default[0] if default else '')}"
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "a string", dict: "a table"}
    return names.get(type(default), type(default).__name__)


def _check_version(source: Source, required: object) -> None:
    if not isinstance(required, str):
        return
    place = source.at(("required-version",))
    for clause in required.split(","):
        match = re.fullmatch(r"\s*(==|>=|<=|!=|>|<)?\s*(\d+(?:\.\d+)*)\s*", clause)
        if match is None:
            raise ConfigError(f"{place}: required-version: expected versions such as '>=0.1,<1', found {required!r}")
        own, wanted = _version(__version__), _version(match[2])
        order = (own > wanted) - (own < wanted)
        held = {"==": order == 0, "!=": order != 0, ">=": order >= 0, "<=": order <= 0, ">": order > 0, "<": order < 0}
        if not held[match[1] or "=="]:
            raise ConfigError(
                f"{place}: this project asks for dodont {required}, and this is {__version__}; install another version"
            )


def _version(text: str) -> tuple[int, ...]:
    numbers = [int(number) for number in re.findall(r"\d+", text)][:4]
    return tuple(numbers + [0] * (4 - len(numbers)))
