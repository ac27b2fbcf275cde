"""The guides say what is so: links lead somewhere, examples parse, tables have what the code has."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from dodont.config.model import Table
from dodont.engine import catalogue
from dodont.engine.settings import DEFAULT_EXCLUDE, OUTPUT_FORMATS

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (
        ROOT / "README.md",
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("tests/**/*.md"),
        *ROOT.glob("rules/**/*.md"),
    )
    if ".venv" not in path.parts
)
_BLOCK = re.compile(r"^(`{3,})(\w*)[^\n]*\n(.*?)^\1[ \t]*$", re.M | re.S)


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", _BLOCK.sub("", read(page))):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith(("README", "docs/"))])
def test_examples_of_settings_parse(page: str) -> None:
    parsers = {"toml": tomllib.loads, "json": json.loads, "yaml": yaml.safe_load}
    for _, language, text in _BLOCK.findall(read(page)):
        if language in parsers:
            assert parsers[language](text)


def table(page: str, heading: str) -> dict[str, list[str]]:
    """The rows of the first table below a heading or line, by the code in their first cell."""
    text = read(page).split(heading, 1)[1]
    rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in re.findall(r"^\|.+\|$", text, re.M)]
    return {match[1]: row[1:] for row in rows if (match := re.match(r"`?([\w.-]+)`?", row[0]))}


def test_every_key_and_format_is_described() -> None:
    text = read("docs/configuration.md")
    keys = table("docs/configuration.md", "## Keys")
    for field in Table.model_fields:
        assert field.replace("_", "-") in keys
    for word in (*DEFAULT_EXCLUDE, *OUTPUT_FORMATS):
        assert f"`{word}`" in text, word


def test_every_option_is_described_with_its_default() -> None:
    known = {
        f"{rule.name}.{option}": default
        for rule in catalogue.rules().values()
        for option, default in rule.options.items()
    }
    described = {name: row for name, row in table("docs/configuration.md", "| option |").items() if "." in name}
    assert described.keys() == known.keys()
    for name, default in known.items():
        assert described[name][0].strip("`") == json.dumps(default), name


def test_the_readme_lists_every_rule_with_its_sample() -> None:
    rows = table("README.md", "## The rules")
    assert list(rows)[2:] == sorted(rule.code for rule in catalogue.rules().values())
    for rule in catalogue.rules().values():
        name, finds, fix, sample = rows[rule.code]
        assert name == rule.name
        assert (f"({rule.status}: on request)" in finds) == (rule.status != "stable"), rule.name
        assert bool(fix) == bool(rule.fix), rule.name
        expected = f"{rule.measured['right']} of {rule.measured['findings']}" if rule.measured else "not yet"
        assert sample.startswith(expected), rule.name
