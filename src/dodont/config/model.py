"""What a configuration file and a card's head may hold, checked by pydantic; imported when there is one to check.

This package alone imports pydantic, and only here: a run without a configuration file never does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dodont import __version__
from dodont.config import Governed
from dodont.config.files import ConfigError, Key, Source, absolute, line_of, read
from dodont.config.files import content as content_of
from dodont.core.rule import FAMILIES, Rule
from dodont.engine import catalogue
from dodont.engine.selection import UnknownSelection, check_condition, matching
from dodont.engine.settings import DEFAULT_EXCLUDE, ROLES, FailOn, OutputFormat, Settings

Words = tuple[str, ...]


def _kebab(name: str) -> str:
    return name.replace("_", "-")


class Table(BaseModel):
    """``[tool.dodont]``: the keys a project may set."""

    model_config = ConfigDict(extra="forbid", alias_generator=_kebab, frozen=True)

    select: Words = ()
    extend_select: Words = ()
    ignore: Words = ()
    extend_ignore: Words = ()
    per_file_ignores: dict[str, Words] = Field(default_factory=dict)
    exclude: Words = DEFAULT_EXCLUDE
    extend_exclude: Words = ()
    force_exclude: Annotated[bool, Field(strict=True)] = False
    respect_gitignore: Annotated[bool, Field(strict=True)] = True
    include_generated: Annotated[bool, Field(strict=True)] = False
    src: Words = ("", "src")
    roles: dict[str, Words] = Field(default_factory=dict)
    models: dict[str, Any] = Field(default_factory=dict)
    rules: dict[str, dict[str, Any]] = Field(default_factory=dict)
    fail_on: FailOn = "warning"
    output_format: OutputFormat = "full"
    baseline: str | None = None
    budget: dict[str, Annotated[int, Field(strict=True, ge=0)]] = Field(default_factory=dict)
    required_version: str | None = None
    extend: str | None = None


# ------------------------------------------------------------------------------------------------------ checking


def governed_by(source: Source, rules: Mapping[str, Rule]) -> Governed:
    """The settings a configuration file gives, with those of the files it extends. Raises ConfigError, with every problem of a file
    that was found on a line."""
    merged: dict[str, Any] = {}
    origins: dict[str, tuple[str, ...]] = {}
    others: dict[str, str] = {}
    for each, table in _chain(source, rules):
        others = {}
        for name in Table.model_fields:
            if name not in table.model_fields_set:
                continue
            key, value = _kebab(name), getattr(table, name)
            place = each.at((key,))
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


def _chain(source: Source, rules: Mapping[str, Rule]) -> list[tuple[Source, Table]]:
    """The tables of a file and of those it extends, the furthest first. Raises ConfigError."""
    chain: list[tuple[Source, Table]] = []
    while True:
        table = _validated(source)
        _check(source, table, rules)
        chain.insert(0, (source, table))
        if table.extend is None:
            return chain
        place = f"{source.at(('extend',))}: extend"
        path = absolute(source.path.parent / table.extend)
        if not path.is_file():
            raise ConfigError(f"{place}: {path}: {'a directory; name the file' if path.is_dir() else 'no such file'}")
        if any(path.samefile(each.path) for each, _ in chain):
            way = " extends ".join(str(each) for each in (*(known.path for known, _ in reversed(chain)), path))
            raise ConfigError(f"{place}: a circle, {way}")
        source = read(path)
        if content_of(source) is None:
            raise ConfigError(f"{place}: {path}: no table [tool.dodont]; add it, or name another file")


def _validated(source: Source) -> Table:
    content = content_of(source)
    if not isinstance(content, dict):
        raise ConfigError(f"{source.at(())}: [tool.dodont] has to be a table")
    # Before anything else: a newer dodont may have settings that this one would call unknown.
    _check_version(source, content.get("required-version"))
    try:
        return Table.model_validate(content)
    except ValidationError as error:
        raise ConfigError("\n".join(_sentence(source, problem) for problem in error.errors())) from None


def _sentence(source: Source, problem: Any) -> str:
    location: Key = problem["loc"]
    key = ".".join(str(part) for part in location)
    if location == ("tool",):
        return f"{source.at(location)}: only pyproject.toml has a table [tool.dodont]; here the keys stand at the top"
    if problem["type"] == "extra_forbidden":
        valid = [_kebab(name) for name in Table.model_fields]
        return f"{source.at(location)}: unknown key {key!r}{_hint(str(location[-1]), valid)}"
    if problem["type"] == "literal_error":
        given = problem["input"]
        near = get_close_matches(str(given), re.findall(r"'([^']*)'", problem["ctx"]["expected"]), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"{source.at(location)}: {key}: expected {problem['ctx']['expected']}, found {given!r}{hint}"
    expected = {
        "tuple_type": "a list of strings",
        "string_type": "a string",
        "dict_type": "a table",
        "bool_type": "true or false",
    }
    what = expected.get(problem["type"])
    message = f"expected {what}, found {problem['input']!r}" if what else problem["msg"]
    return f"{source.at(location)}: {key}: {message}"


def _hint(word: str, valid: Iterable[str]) -> str:
    names = sorted(valid)
    near = get_close_matches(word, names, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; valid are {', '.join(names)}" if names else ""


def _check(source: Source, table: Table, rules: Mapping[str, Rule]) -> None:
    """What the model cannot know: selection words, roles, rules and their options, library models."""
    problems: list[str] = []
    lists: list[tuple[Key, Words]] = [
        (("select",), table.select),
        (("extend-select",), table.extend_select),
        (("ignore",), table.ignore),
        (("extend-ignore",), table.extend_ignore),
        *((("per-file-ignores", glob), words) for glob, words in table.per_file_ignores.items()),
    ]
    for key, words in lists:
        for word in words:
            try:
                matching(word, rules)
            except UnknownSelection as error:
                problems.append(f"{_line_of_word(source, key, word)}: {'.'.join(map(str, key))}: {error}")
    for name in table.budget:
        try:
            check_condition(name, rules)
        except UnknownSelection as error:
            problems.append(f"{source.at(('budget', name))}: budget: {error}")
    for role in table.roles:
        if role not in ROLES:
            problems.append(f"{source.at(('roles', role))}: unknown role {role!r}{_hint(role, ROLES)}")
    for name, options in table.rules.items():
        try:
            rule = _rule_named(name, rules)
        except UnknownSelection as error:
            problems.append(f"{source.at(('rules', name))}: {error}")
            continue
        problems += _option_problems(source, name, rule, options)
    if table.models:
        from dodont.models.schema import check

        problems += [f"{source.at(('models',))}: models: {problem}" for problem in check(table.models)]
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
            hint = _hint(option, rule.options) if rule.options else "; the rule has no options"
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


# ------------------------------------------------------------------------------------------------------ the cards


class Sample(BaseModel):
    """How many of the findings somebody read were right."""

    model_config = ConfigDict(extra="forbid")

    findings: Annotated[int, Field(ge=0)]
    right: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _plausible(self) -> Sample:
        if self.right > self.findings:
            raise ValueError("more right findings than findings")
        return self


class Measured(Sample):
    """A sample of a rule's findings on the pinned projects, and one on projects that nobody had looked at when it was drawn."""

    unseen: Sample | None = None
    on: str


class CardHead(BaseModel):
    """The head of a card; see ``dodont.core.rule.Rule``."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(pattern=r"^ODD[0-7][0-9]{2}$")]
    summary: Annotated[str, Field(min_length=5, max_length=120, pattern=r"^[^\n]*[^\n.]$")]
    practices: list[str]
    category: Annotated[str, Field(pattern=r"^[a-z][a-z-]*$")]
    status: Literal["stable", "strict", "preview"]
    since: Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)*$")]
    fix: Literal["safe", "unsafe", "display"] | None = None
    scope: Literal["module", "project"] = "module"
    libraries: list[str] = Field(default_factory=list)
    remedy: str = ""
    messages: Annotated[dict[str, str], Field(min_length=1)]
    options: dict[str, bool | int | float | str | list[str] | list[int]] = Field(default_factory=dict)
    aliases: list[str] = Field(default_factory=list)
    cwe: list[Annotated[str, Field(pattern=r"^(CWE-)?[0-9]+$")]] = Field(default_factory=list)
    covers: list[str] = Field(default_factory=list)
    measured: Measured | None = None


def check_cards(directory: Path) -> list[str]:
    """What is wrong with the heads of the cards below ``directory``, one sentence each. Raises CardError."""
    from dodont.core.card import read

    known = {practice.id for practice in catalogue.practices()}
    problems: list[str] = []
    taken: dict[str, Path] = {}
    for path in sorted(directory.glob("*/*.md")):
        card = read(path)
        try:
            head = CardHead.model_validate(card.head)
        except ValidationError as error:
            problems += [f"{path}: {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
            continue
        if FAMILIES[head.code[3]] != path.parent.name:
            problems.append(f"{path}: {head.code} belongs to the family {FAMILIES[head.code[3]]!r}")
        if not head.practices and path.parent.name != "dodont":
            problems.append(f"{path}: practices: name at least one")
        for practice in head.practices:
            if practice not in known:
                problems.append(f"{path}: unknown practice {practice!r}{_hint(practice, known)}")
        for name in (head.code, path.stem, *head.aliases):
            if name in taken:
                problems.append(f"{path}: {name!r} is taken by {taken[name]}")
            taken[name] = path
    return problems
