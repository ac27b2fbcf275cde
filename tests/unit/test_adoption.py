"""Additions to texts of JSON, YAML and TOML: what comes out says what went in and the addition, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dodont.adoption import json_text, toml_text, yaml_text

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
_OBJECTS = st.dictionaries(st.text(max_size=4), _VALUES, max_size=3)


@settings(max_examples=200)
@given(_OBJECTS, st.sampled_from([None, 1, 4, "\t"]), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_any_json(value: dict[str, Any], indent: int | str | None, end: str, escaped: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=escaped).replace("\n", end)
    assert json_text.read(text).value == value
    if "hooks" not in value:
        once = json_text.with_item(text, ["hooks", "Stop"], {"a": [1, {"b": 2}]})
        assert json.loads(once) == {**value, "hooks": {"Stop": [{"a": [1, {"b": 2}]}]}}
        twice = json_text.with_item(once, ["hooks", "Stop"], "x")
        assert json.loads(twice)["hooks"]["Stop"] == [{"a": [1, {"b": 2}]}, "x"]
        assert "\r\n" not in text or once.count("\n") == once.count("\r\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{}", '{\n  "a": 1\n}'),
        ("{ }\n", '{\n  "a": 1\n}\n'),
        ('{"b": 2}', '{"b": 2, "a": 1}'),
        ('{\n  "b": 2\n}', '{\n  "b": 2,\n  "a": 1\n}'),
        ('{\n  "b": 2,\n}', '{\n  "b": 2,\n  "a": 1,\n}'),
        ('{\n  "b": 2 // two\n}', '{\n  "b": 2, // two\n  "a": 1\n}'),
        ('{\n  "b": 2, // two\n  // "c": 3\n}', '{\n  "b": 2, // two\n  // "c": 3\n  "a": 1,\n}'),
        ("{ // none\n}", '{ // none\n  "a": 1\n}'),
        ("{ /* } */ }", '{ /* } */\n  "a": 1\n}'),
        ('{ "b": "// no comment",\n\t"c": 1 }', '{ "b": "// no comment",\n\t"c": 1,\n\t"a": 1\n}'),
        ('// x\n{"b": [ /* , */ ]}// y', '// x\n{"b": [ /* , */ ], "a": 1}// y'),
    ],
)
def test_where_a_member_goes(before: str, after: str) -> None:
    assert json_text.with_member(before, ["a"], 1) == after


@pytest.mark.parametrize(
    "text", ["", "{", "{,}", '{"a"}', '{"a": }', "[1 2]", "{'a': 1}", '{"a": 1} x', "nul", '"a\n"', "[1,,2]", "/*", "-"]
)
def test_no_json(text: str) -> None:
    with pytest.raises(json_text.BadJson, match=r"^line \d+: "):
        json_text.read(text)


ENTRY = "repos:\n  - repo: local\n    hooks:\n      - id: x\n        args: [a, b]\n"


@pytest.mark.parametrize(
    "text",
    [
        "repos:\n- repo: a\n",
        "repos:\n  - repo: a",
        "repos:\n    -   repo: a\n        hooks:\n        -   id: b\n\n\nci: {}\n",
        "---\nrepos:\n- repo: &a x\n- repo: *a\n# end\n",
        "repos:\n- repo: a\n  hooks:\n  - id: b\n    entry: |\n      one\n\n      two\n\ndefault: 1\n",
        "repos:\n- repo: a\n  hooks:\n  - id: b\n    entry: >-\n      one\n      two",
        "repos:\n- {repo: a,\n   hooks: [b]}\nx: 1\n",
        "repos:\n- repo: a\n  description: more\n    than one line\n  # - id: later\n\n  # - id: much later\n# over\nx: y\n",
        "repos:\r\n- repo: a\r\n# end\r\n",
        "x: 1\n",
        "x: 1",
        "# nothing yet\n",
        "",
    ],
)
def test_an_item_is_added_to_any_list_over_lines(text: str) -> None:
    new = yaml_text.with_item(text, "repos", ENTRY)
    old, (added,) = yaml.safe_load(text) or {}, yaml.safe_load(ENTRY)["repos"]
    assert yaml.safe_load(new) == {**old, "repos": [*old.get("repos", []), added]}
    for line in text.splitlines():
        assert line in new.splitlines()
    comments = [line for line in text.splitlines() if line.lstrip().startswith("#")]
    assert [line for line in new.splitlines() if line.lstrip().startswith("#")] == comments
    if "much later" in text:
        assert new.index("much later") < new.index("repo: local") < new.index("# over")


@pytest.mark.parametrize(
    "text", ["repos: []\n", "repos: x\n", "repos: [{a: b}]\n", "{repos: []}\n", "- a\n", "a: 1\n---\nb: 1\n", "x"]
)
def test_and_to_no_other(text: str) -> None:
    with pytest.raises(yaml_text.Unfit):
        yaml_text.with_item(text, "repos", ENTRY)


def test_yaml_that_grows_costs_nothing() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for one, other in zip("abcdefghijklmn", "bcdefghijklmno", strict=True):
        bomb += f"{other}: &{other} [{', '.join([f'*{one}'] * 9)}]\n"
    assert yaml_text.with_block(bomb, "dodont: 1\n").endswith("dodont: 1\n")
    with pytest.raises(yaml_text.BadYaml, match="deep"):
        yaml_text.documents("[" * 5000)
    with pytest.raises(yaml_text.BadYaml):
        yaml_text.documents("a: \x1b\n")


@pytest.mark.parametrize(
    "text",
    ["", "x = 1", "# a\r\n[b]\r\nc = 1\r\n", "[lint]\n", "lint.x = 1\n", "[lint.y]\n\n[lint]\nz = 1\n", "lint = {}\n"],
)
def test_toml(text: str) -> None:
    new = toml_text.with_word(text, ("lint", "external"), "ODD")
    assert toml_text.read(new)["lint"]["external"] == ["ODD"]
    again = toml_text.with_word(new, ("lint", "external"), "X")
    assert toml_text.read(again)["lint"]["external"] == ["ODD", "X"]
    assert "\r\n" not in text or new.count("\n") == new.count("\r\n")
    for line in text.splitlines():
        assert line.partition(" = {")[0] in new
