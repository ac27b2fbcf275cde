"""What a configuration file and a card's head may hold, checked by pydantic; imported when something may be wrong.

This package alone imports pydantic, and only here: a run whose configuration is plainly right never does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dodont.config.checking import nearest
from dodont.config.files import ConfigError, Key, Source
from dodont.core.rule import FAMILIES
from dodont.engine import catalogue
from dodont.engine.settings import DEFAULT_EXCLUDE, FailOn, OutputFormat

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


def validated(source: Source, content: Mapping[str, Any]) -> dict[str, Any]:
    """What the table of a file sets, by key. Raises ConfigError."""
    try:
        table = Table.model_validate(content)
        return {_kebab(name): getattr(table, name) for name in Table.model_fields if name in table.model_fields_set}
    except ValidationError as error:
        raise ConfigError("\n".join(_sentence(source, problem) for problem in error.errors())) from None


def _sentence(source: Source, problem: Any) -> str:
    location: Key = problem["loc"]
    key = ".".join(str(part) for part in location)
    if location == ("tool",):
        return f"{source.at(location)}: only pyproject.toml has a table [tool.dodont]; here the keys stand at the top"
    if problem["type"] == "extra_forbidden":
        valid = [_kebab(name) for name in Table.model_fields]
        return f"{source.at(location)}: unknown key {key!r}{nearest(str(location[-1]), valid)}"
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
                problems.append(f"{path}: unknown practice {practice!r}{nearest(practice, known)}")
        for name in (head.code, path.stem, *head.aliases):
            if name in taken:
                problems.append(f"{path}: {name!r} is taken by {taken[name]}")
            taken[name] = path
    return problems
