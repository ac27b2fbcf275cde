"""From ``pyproject.toml`` (or ``dodont.toml``) and the command line to validated Settings.

The nearest configuration file above the first path governs the run; what the command line says goes before the file.
Whatever is wrong stops the run before it starts, with file, line, key and the nearest valid name. This module alone
imports pydantic; the card heads' model lives here for the same reason.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dodont import __version__
from dodont.core.rule import FAMILIES, Rule
from dodont.engine import catalogue
from dodont.engine.selection import UnknownSelection, matching
from dodont.engine.settings import DEFAULT_EXCLUDE, ROLES, FailOn, OutputFormat, Settings

OWN_FILES = ("dodont.toml", ".dodont.toml")
_ROOT_MARKS = ("pyproject.toml", "setup.cfg", "setup.py", ".git")

Key = tuple[str | int, ...]
Words = tuple[str, ...]


class ConfigError(Exception):
    """A setting that is wrong; the message says where, what, and what to do."""


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
    src: Words = ("", "src")
    roles: dict[str, Words] = Field(default_factory=dict)
    models: dict[str, Any] = Field(default_factory=dict)
    rules: dict[str, dict[str, Any]] = Field(default_factory=dict)
    fail_on: FailOn = "warning"
    output_format: OutputFormat = "full"
    required_version: str | None = None


@dataclass(frozen=True, slots=True)
class CommandLine:
    """What was said on the command line; None = not said."""

    select: Words | None = None
    extend_select: Words = ()
    ignore: Words | None = None
    extend_ignore: Words = ()
    exclude: Words = ()
    force_exclude: bool | None = None
    output_format: OutputFormat | None = None
    project_rules: bool = True


@dataclass(frozen=True, slots=True)
class _Source:
    """A configuration file's text, to tell the line of a key. ``prefix`` is where dodont's table lies in it."""

    path: Path
    text: str
    prefix: tuple[str, ...]

    def at(self, key: Key) -> str:
        return f"{self.path}:{line_of(self.text, (*self.prefix, *map(str, key)))}"


def load(
    start: Path, *, config: Path | None = None, isolated: bool = False, said: CommandLine | None = None
) -> Settings:
    """The settings of a run whose first path is ``start``. Raises ConfigError.

    Without a configuration file the root is the nearest directory above ``start`` that looks like a project's, else
    the current directory if ``start`` lies below it, else the directory of ``start``.
    """
    said = said or CommandLine()
    directory = _directory(start)
    source = None if isolated else _named(config) if config else _nearest_file(directory)
    table, rules = Table(), catalogue.rules()
    if source:
        table = _validated(source)
        _check(source, table, rules)
    ignore, extend_ignore = said.ignore, table.extend_ignore
    try:
        # Whoever asks for rules on the command line gets them, although the file ignores exactly those.
        asked = {matching(word, rules) for word in (*(said.select or ()), *said.extend_select)}
        if ignore is None:
            ignore = _unless_asked(table.ignore, asked, rules)
        extend_ignore = _unless_asked(extend_ignore, asked, rules)
        for word in (*ignore, *said.extend_ignore):
            matching(word, rules)
    except UnknownSelection as error:
        raise ConfigError(str(error)) from None
    return Settings(
        root=source.path.parent if source else _project_root(directory),
        select=table.select if said.select is None else said.select,
        extend_select=said.extend_select if said.select is not None else (*table.extend_select, *said.extend_select),
        ignore=ignore,
        extend_ignore=(*extend_ignore, *said.extend_ignore),
        per_file_ignores=tuple(table.per_file_ignores.items()),
        exclude=table.exclude,
        extend_exclude=(*table.extend_exclude, *said.exclude),
        src=table.src,
        roles=table.roles,
        models=table.models,
        rule_options={_rule_named(name, rules).name: options for name, options in table.rules.items()},
        fail_on=table.fail_on,
        output_format=said.output_format or table.output_format,
        force_exclude=table.force_exclude if said.force_exclude is None else said.force_exclude,
        project_rules=said.project_rules,
    )


def _unless_asked(words: Words, asked: set[frozenset[str]], rules: Mapping[str, Rule]) -> Words:
    return tuple(word for word in words if matching(word, rules) not in asked)


# ---------------------------------------------------------------------------------------------- finding the file


def _directory(start: Path) -> Path:
    absolute = start.absolute()
    return absolute if absolute.is_dir() else absolute.parent


def _nearest_file(directory: Path) -> _Source | None:
    for folder in (directory, *directory.parents):
        for name in OWN_FILES:
            if (folder / name).is_file():
                return _Source(folder / name, _text(folder / name), ())
        pyproject = folder / "pyproject.toml"
        if pyproject.is_file():
            source = _Source(pyproject, _text(pyproject), ("tool", "dodont"))
            # The cheap test spares parsing a file that cannot hold the table.
            if "dodont" in source.text and _content(source) is not None:
                return source
    return None


def _named(path: Path) -> _Source:
    absolute = path.absolute()
    source = _Source(absolute, _text(absolute), ("tool", "dodont") if absolute.name == "pyproject.toml" else ())
    if _content(source) is None:
        raise ConfigError(f"{path}: no table [tool.dodont]; add it, or name another file with --config")
    return source


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8, as TOML has to be") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None


def _content(source: _Source) -> object | None:
    """dodont's own part of the file, or None when it has none."""
    try:
        content: object = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = re.search(r" \(at line (\d+), column \d+\)| \(at end of document\)", message)
        line = place[1] if place and place[1] else str(source.text.count("\n") + 1)
        what = message.replace(place[0], "") if place else message
        raise ConfigError(f"{source.path}:{line}: no valid TOML: {what[:1].lower()}{what[1:]}") from None
    for key in source.prefix:
        content = content.get(key) if isinstance(content, dict) else None
    return content


def _project_root(directory: Path) -> Path:
    for folder in (directory, *directory.parents):
        if any((folder / mark).exists() for mark in _ROOT_MARKS):
            return folder
    current = Path.cwd()
    return current if directory.is_relative_to(current) else directory


# ------------------------------------------------------------------------------------------------------ checking


def _validated(source: _Source) -> Table:
    content = _content(source)
    if not isinstance(content, dict):
        raise ConfigError(f"{source.at(())}: [tool.dodont] has to be a table")
    # Before anything else: a newer dodont may have settings that this one would call unknown.
    _check_version(source, content.get("required-version"))
    try:
        return Table.model_validate(content)
    except ValidationError as error:
        raise ConfigError("\n".join(_sentence(source, problem) for problem in error.errors())) from None


def _sentence(source: _Source, problem: Any) -> str:
    location: Key = problem["loc"]
    key = ".".join(str(part) for part in location)
    if problem["type"] == "extra_forbidden":
        valid = [_kebab(name) for name in Table.model_fields]
        return f"{source.at(location)}: unknown key {key!r}{_hint(str(location[-1]), valid)}"
    if problem["type"] == "literal_error":
        given = problem["input"]
        hint = _hint(given, re.findall(r"'([^']*)'", problem["ctx"]["expected"])) if isinstance(given, str) else ""
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


def _check(source: _Source, table: Table, rules: Mapping[str, Rule]) -> None:
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


def _line_of_word(source: _Source, key: Key, word: str) -> str:
    """Like ``source.at``, but the line of the word itself in a list of several lines."""
    first = line_of(source.text, (*source.prefix, *map(str, key)))
    lines = source.text.splitlines()
    quoted = re.compile(rf"""["']{re.escape(word)}["']""")
    return f"{source.path}:{next((n for n in range(first, len(lines) + 1) if quoted.search(lines[n - 1])), first)}"


def _rule_named(name: str, rules: Mapping[str, Rule]) -> Rule:
    for rule in rules.values():
        if name in (rule.name, rule.code) or name in rule.aliases:
            return rule
    near = get_close_matches(name, list(rules), n=1, cutoff=0.5)
    raise UnknownSelection(name, tuple(near))


def _option_problems(source: _Source, name: str, rule: Rule, options: Mapping[str, Any]) -> list[str]:
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


def _check_version(source: _Source, required: object) -> None:
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


# --------------------------------------------------------------------------------------------- the line of a key

_HEADER = re.compile(r"\s*\[{1,2}(?P<key>[^\[\]=]*(?:\"[^\"]*\"[^\[\]=]*|'[^']*'[^\[\]=]*)*)\]{1,2}\s*(?:#.*)?")
_PART = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)"""
_ASSIGNMENT = re.compile(rf"\s*(?P<key>{_PART}(?:\s*\.\s*{_PART})*)\s*=")


def line_of(text: str, key: Sequence[str]) -> int:
    """The line, counted from 1, where ``key`` is written in a TOML text, or the longest beginning of it that is."""
    best, line = 0, 1
    table: tuple[str, ...] = ()
    for number, content in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(content):
            table = written = _parts(header["key"])
        elif assignment := _ASSIGNMENT.match(content):
            written = (*table, *_parts(assignment["key"]))
        else:
            continue
        common = _common(written, key)
        if common > best:
            best, line = common, number
    return line


def _parts(dotted: str) -> tuple[str, ...]:
    try:
        node: Any = tomllib.loads(f"{dotted} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    parts = []
    while isinstance(node, dict):
        ((part, node),) = node.items()
        parts.append(part)
    return tuple(parts)


def _common(written: Sequence[str], key: Sequence[str]) -> int:
    count = 0
    for ours, theirs in zip(written, key, strict=False):
        if ours != theirs:
            break
        count += 1
    return count


# ------------------------------------------------------------------------------------------------------ the cards


class Measured(BaseModel):
    """What a sample of a rule's findings on real projects said."""

    model_config = ConfigDict(extra="forbid")

    findings: Annotated[int, Field(ge=0)]
    right: Annotated[int, Field(ge=0)]
    on: str

    @model_validator(mode="after")
    def _plausible(self) -> Measured:
        if self.right > self.findings:
            raise ValueError("more right findings than findings")
        return self


class CardHead(BaseModel):
    """The head of a card; see ``dodont.core.rule.Rule``."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(pattern=r"^ODD[0-7][0-9]{2}$")]
    summary: Annotated[str, Field(min_length=5, max_length=120, pattern=r"^[^\n]*[^\n.]$")]
    practices: Annotated[list[str], Field(min_length=1)]
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
        for practice in head.practices:
            if practice not in known:
                problems.append(f"{path}: unknown practice {practice!r}{_hint(practice, known)}")
        for name in (head.code, path.stem, *head.aliases):
            if name in taken:
                problems.append(f"{path}: {name!r} is taken by {taken[name]}")
            taken[name] = path
    return problems
