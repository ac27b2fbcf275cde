from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from dodont import __version__
from dodont.config import CommandLine, ConfigError, Governing, load
from dodont.config.files import line_of
from dodont.core.rule import Rule
from dodont.engine import catalogue
from dodont.engine.settings import DEFAULT_EXCLUDE

RULES = {
    "long-function": Rule(
        name="long-function",
        code="ODD109",
        summary="x",
        practices=("do-arch-5",),
        category="c",
        status="strict",
        since="0.1",
        options={"max-lines": 30, "names": ["a"], "ratio": 0.5, "strict": False},
        aliases=("too-long",),
    ),
    "select-star": Rule(
        name="select-star",
        code="ODD202",
        summary="x",
        practices=("dont-db-2",),
        category="c",
        status="stable",
        since="0.1",
    ),
}


@pytest.fixture(autouse=True)
def known_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "rules", lambda: MappingProxyType(RULES))


def pyproject(directory: Path, text: str) -> Path:
    path = directory / "pyproject.toml"
    path.write_text(text, encoding="utf-8")
    return path


def complaint(directory: Path, text: str) -> str:
    pyproject(directory, text)
    with pytest.raises(ConfigError) as caught:
        load(directory)
    return str(caught.value).replace(str(directory) + "/", "")


def test_every_key_reaches_the_settings(tmp_path: Path) -> None:
    pyproject(
        tmp_path,
        """
[tool.dodont]
select = ["ALL"]
extend-select = ["ODD2"]
ignore = ["database"]
extend-ignore = ["ODD202"]
exclude = ["old/"]
extend-exclude = ["gen/"]
force-exclude = true
src = ["lib"]
fail-on = "error"
output-format = "concise"
required-version = ">=0.1,<99"
[tool.dodont.per-file-ignores]
"tests/" = ["ODD2"]
[tool.dodont.roles]
controller = ["api/**"]
[tool.dodont.rules.too-long]
max-lines = 40
ratio = 1
""",
    )
    settings = load(tmp_path / "deep" / "file.py")
    assert settings.root == tmp_path
    assert settings.select == ("ALL",)
    assert settings.extend_select == ("ODD2",)
    assert settings.ignore == ("database",)
    assert settings.extend_ignore == ("ODD202",)
    assert settings.exclude == ("old/",)
    assert settings.extend_exclude == ("gen/",)
    assert settings.force_exclude is True
    assert settings.src == ("lib",)
    assert settings.fail_on == "error"
    assert settings.output_format == "concise"
    assert settings.per_file_ignores == (("tests/", ("ODD2",)),)
    assert settings.roles == {"controller": ("api/**",)}
    assert settings.rule_options == {"long-function": {"max-lines": 40, "ratio": 1}}


def test_defaults_without_a_file(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "app").mkdir()
    settings = load(tmp_path / "app")
    assert settings.root == tmp_path
    assert settings.select == ()
    assert settings.exclude == DEFAULT_EXCLUDE
    assert settings.output_format == "full"


def test_the_nearest_file_with_a_table_governs(tmp_path: Path) -> None:
    pyproject(tmp_path, '[tool.dodont]\nsrc = ["outer"]\n')
    inner = tmp_path / "inner"
    inner.mkdir()
    pyproject(inner, "[tool.ruff]\nselect = ['dodont']\n")
    assert load(inner).src == ("outer",)
    (inner / ".dodont.toml").write_text('src = ["hidden"]\n', encoding="utf-8")
    assert load(inner).src == ("hidden",)
    (inner / "dodont.toml").write_text('src = ["own"]\n', encoding="utf-8")
    pyproject(inner, '[tool.dodont]\nsrc = ["never"]\n')
    assert load(inner).src == ("own",)
    assert load(inner).root == inner
    assert load(inner, isolated=True).src == ("", "src")


def test_a_named_file_governs_and_needs_the_table(tmp_path: Path) -> None:
    named = tmp_path / "lint.toml"
    named.write_text('src = ["x"]\n', encoding="utf-8")
    assert load(tmp_path, config=named).src == ("x",)
    with pytest.raises(ConfigError, match=r"no table \[tool.dodont\]"):
        load(tmp_path, config=pyproject(tmp_path, "[project]\n"))
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path, config=tmp_path / "missing.toml")


def test_the_command_line_goes_first(tmp_path: Path) -> None:
    pyproject(
        tmp_path,
        """
[tool.dodont]
select = ["ODD1"]
extend-select = ["ODD202"]
ignore = ["ODD109", "api"]
extend-ignore = ["select-star"]
extend-exclude = ["a/"]
""",
    )
    said = CommandLine(select=("long-function",), extend_ignore=("ODD2",), exclude=("b/",), output_format="json")
    settings = load(tmp_path, said=said)
    assert settings.select == ("long-function",)
    assert settings.extend_select == ()
    assert settings.ignore == ("api",)
    assert settings.extend_ignore == ("select-star", "ODD2")
    assert (settings.extend_exclude, settings.exclude_here) == (("a/",), ("b/",))
    assert settings.output_format == "json"
    replaced = load(tmp_path, said=CommandLine(ignore=("ODD2",), extend_select=("ODD202",)))
    assert replaced.ignore == ("ODD2",)
    assert replaced.extend_select == ("ODD202", "ODD202")
    assert replaced.extend_ignore == ()


def test_a_word_on_the_command_line_is_checked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'select-star'"):
        load(tmp_path, said=CommandLine(select=("select-stars",)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[tool.dodont]\nsrc = []\nselekt = []\n",
            "pyproject.toml:3: unknown key 'selekt'; did you mean 'select'?",
        ),
        (
            '[tool.dodont]\nselect = [\n  "ODD1",\n  "select-sta",\n]\n',
            "pyproject.toml:4: select: no rule, code, family or practice is called 'select-sta'; "
            "did you mean 'select-star'?",
        ),
        ("[tool.dodont]\nselect = 'ODD1'\n", "pyproject.toml:2: select: expected a list of strings, found 'ODD1'"),
        ("[tool.dodont]\n\nforce-exclude = 1\n", "pyproject.toml:3: force-exclude: expected true or false, found 1"),
        (
            '[tool.dodont]\noutput-format = "jsn"\n',
            "pyproject.toml:2: output-format: expected 'agent', 'azure', 'concise', 'full', 'github', 'gitlab', 'html', 'json', 'jsonl', "
            "'junit', 'markdown', 'rdjson' or 'sarif', found 'jsn'; "
            "did you mean 'json'?",
        ),
        (
            '[tool.dodont.roles]\ncontrollers = ["a"]\n',
            "pyproject.toml:2: unknown role 'controllers'; did you mean 'controller'?",
        ),
        (
            "[tool.dodont.rules.long-functoin]\nmax-lines = 3\n",
            "pyproject.toml:1: no rule is called 'long-functoin'; did you mean 'long-function'?",
        ),
        (
            '[tool.dodont.rules]\n"long-function".max-line = 3\n',
            "pyproject.toml:2: long-function has no option 'max-line'; did you mean 'max-lines'?",
        ),
        (
            "[tool.dodont.rules.long-function]\nmax-lines = true\n",
            "pyproject.toml:2: rules.long-function.max-lines: expected a whole number, found True",
        ),
        (
            "[tool.dodont.rules.long-function]\nnames = [1]\n",
            "pyproject.toml:2: rules.long-function.names: expected a list, each item a string, found [1]",
        ),
        (
            "[tool.dodont.rules.select-star]\nx = 1\n",
            "pyproject.toml:2: select-star has no option 'x'; the rule has no options",
        ),
        ("[tool]\ndodont = 3\n", "pyproject.toml:2: [tool.dodont] has to be a table"),
        (
            '[tool.dodont]\nrequired-version = "<0.0.1"\nfuture = 1\n',
            "pyproject.toml:2: this project asks for dodont <0.0.1, "
            f"and this is {__version__}; install another version",
        ),
        (
            '[tool.dodont]\nrequired-version = "soon"\n',
            "pyproject.toml:2: required-version: expected versions such as '>=0.1,<1', found 'soon'",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, expected: str) -> None:
    assert complaint(tmp_path, text) == expected


def test_broken_toml_is_named_with_its_line(tmp_path: Path) -> None:
    assert complaint(tmp_path, "[tool.dodont]\nselect = [\n  1,,\n]\n").startswith("pyproject.toml:3: no valid TOML: ")
    assert complaint(tmp_path, "[tool.dodont]\nselect = [").startswith("pyproject.toml:2: no valid TOML: ")
    (tmp_path / "pyproject.toml").write_bytes(b"[tool.dodont]\n# \xff\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(tmp_path)


def test_what_cannot_be_dodonts_is_not_judged(tmp_path: Path) -> None:
    pyproject(tmp_path, '[tool.dodont]\nsrc = ["x"]\n')
    for number, data in enumerate((b"\xff\n", b"[tool.other", b"[project]\r\nname = 'dodont-plugin'\r\n")):
        inner = tmp_path / str(number)
        inner.mkdir()
        (inner / "pyproject.toml").write_bytes(data)
        assert load(inner).src == ("x",)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    assert len(complaint(tmp_path, '[tool.dodont]\nselect = ["nope"]\nignore = ["nopes"]\n').splitlines()) == 2


def test_library_models_are_checked(tmp_path: Path) -> None:
    text = '[tool.dodont.models."app.db.run"]\nsql = { txt = 0 }\n'
    assert complaint(tmp_path, text).startswith("pyproject.toml:1: models: ")


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("tool", "dodont"), 3),
        (("tool", "dodont", "select"), 4),
        (("tool", "dodont", "rules", "a", "x"), 7),
        (("tool", "dodont", "rules", "b.c", "y"), 8),
        (("tool", "dodont", "missing"), 3),
        (("elsewhere",), 1),
    ],
)
def test_line_of_a_key(key: tuple[str, ...], line: int) -> None:
    text = (
        '[project]\nname = "x"\n[tool.dodont] # ours\nselect = []\n\n[tool.dodont.rules]\na.x = 1\n"b.c" = { y = 1 }\n'
    )
    assert line_of(text, key) == line


def test_a_run_without_a_file_does_without_pydantic(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    code = (
        "import sys; from pathlib import Path; from dodont.config import load; load(Path()); "
        "print('pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == "False\n"


def test_a_path_with_dots_finds_its_own_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        pyproject(tmp_path / name, f'[tool.dodont]\nsrc = ["{name}"]\n')
    monkeypatch.chdir(tmp_path / "a")
    assert load(Path("../b")).src == ("b",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[tool.dodont]\nselect = []\n",
            "1: only pyproject.toml has a table [tool.dodont]; here the keys stand at the top",
        ),
        ('fail-on = "erorr"\n', "1: fail-on: expected 'error' or 'warning', found 'erorr'; did you mean 'error'?"),
        ('fail-on = "never"\n', "1: fail-on: expected 'error' or 'warning', found 'never'"),
        ("[rules]\nlong = 3\n", "2: rules.long: expected a table, found 3"),
        ("[rules.long]\n", "1: no rule is called 'long'; did you mean 'long-function'?"),
    ],
)
def test_a_file_of_dodonts_own_is_wrong(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "dodont.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert str(caught.value) == f"{tmp_path}/dodont.toml:{expected}"


def test_a_byte_order_mark_is_no_part_of_the_settings(tmp_path: Path) -> None:
    (tmp_path / "dodont.toml").write_bytes(b'\xef\xbb\xbfselect = ["ODD2"]\r\n')
    assert load(tmp_path).select == ("ODD2",)


# ------------------------------------------------------------------------------------------------------------ extend


def chain(directory: Path, **texts: str) -> Path:
    """Files ``<name>.toml``, the first of which governs a directory of its own."""
    (directory / "app").mkdir()
    for number, (name, text) in enumerate(texts.items()):
        path = directory / "app" / "dodont.toml" if number == 0 else directory / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
    return directory / "app"


def test_a_file_takes_over_what_it_does_not_say(tmp_path: Path) -> None:
    app = chain(
        tmp_path,
        near='extend = "../far.toml"\nselect = ["ODD1"]\nextend-ignore = ["api"]\nextend-exclude = ["a/"]\n'
        '[roles]\nscript = ["qa/run.py"]\n[rules.long-function]\nmax-lines = 9\n[per-file-ignores]\n"a/*" = ["ODD1"]\n',
        far='extend = "base.toml"\nselect = ["ODD2"]\nextend-ignore = ["database"]\nsrc = ["lib"]\nforce-exclude = true\n'
        '[roles]\ntest = ["qa/"]\n[rules.ODD109]\nmax-lines = 5\nratio = 1\n[per-file-ignores]\n"b/*" = ["ODD2"]\n',
        base='exclude = ["x/"]\nextend-exclude = ["b/"]\nforce-exclude = false\nrequired-version = ">=0.1"\n',
    )
    settings = load(app)
    assert (settings.root, settings.config) == (app, app / "dodont.toml")
    assert settings.select == ("ODD1",)
    assert settings.extend_ignore == ("database", "api")
    assert settings.exclude == ("x/",)
    assert settings.extend_exclude == ("b/", "a/")
    assert settings.src == ("lib",)
    assert settings.force_exclude is True
    assert list(settings.roles.items()) == [("script", ("qa/run.py",)), ("test", ("qa/",))]
    assert settings.rule_options == {"long-function": {"max-lines": 9, "ratio": 1}}
    assert dict(settings.per_file_ignores) == {"a/*": ("ODD1",), "b/*": ("ODD2",)}
    governed = Governing(said=CommandLine(extend_ignore=("ODD2",), output_format="json")).governed(str(app))
    near, far, base = (str(path) for path in (app / "dodont.toml", tmp_path / "far.toml", tmp_path / "base.toml"))
    assert governed.origins["select"] == (f"{near}:2",)
    assert governed.origins["extend-ignore"] == (f"{far}:3", f"{near}:3", "command line")
    assert governed.origins["exclude"] == (f"{base}:1",)
    assert governed.origins["output-format"] == ("command line",)
    assert "ignore" not in governed.origins


def test_a_pyproject_can_extend_another(tmp_path: Path) -> None:
    pyproject(tmp_path, '[tool.dodont]\nselect = ["ODD2"]\n')
    (tmp_path / "app").mkdir()
    pyproject(tmp_path / "app", '[tool.dodont]\nextend = "../pyproject.toml"\n')
    assert load(tmp_path / "app").select == ("ODD2",)
    assert load(tmp_path, config=tmp_path / "app" / "pyproject.toml").select == ("ODD2",)
    pyproject(tmp_path / "app", f'[tool.dodont]\nextend = "{tmp_path.as_posix()}/pyproject.toml"\n')
    assert load(tmp_path / "app").select == ("ODD2",)


@pytest.mark.parametrize(
    ("near", "far", "expected"),
    [
        ('\nextend = "../none.toml"', "", "app/dodont.toml:2: extend: {}/none.toml: no such file"),
        ('extend = ".."', "", "app/dodont.toml:1: extend: {}: a directory; name the file"),
        ('extend = "../far.toml"', "\nslect = []", "far.toml:2: unknown key 'slect'; did you mean 'select'?"),
        ('extend = "../far.toml"', "select = [", "far.toml:1: no valid TOML: "),
        ('extend = "../far.toml"', "[rules.long-function]\nmax-line = 1", "far.toml:2: long-function has no option"),
        ("extend = 3", "", "app/dodont.toml:1: extend: expected a string, found 3"),
        ('extned = "x"', "", "app/dodont.toml:1: unknown key 'extned'; did you mean 'extend'?"),
        (
            'extend = "dodont.toml"',
            "",
            "app/dodont.toml:1: extend: a circle, {}/app/dodont.toml extends {}/app/dodont.toml",
        ),
        (
            'extend = "../far.toml"',
            '\n\nextend = "app/../app/dodont.toml"',
            "far.toml:3: extend: a circle, {}/app/dodont.toml extends {}/far.toml extends {}/app/dodont.toml",
        ),
        (
            'extend = "../pyproject.toml"',
            "",
            "app/dodont.toml:1: extend: {}/pyproject.toml: no table [tool.dodont]; add it, or name another file",
        ),
    ],
)
def test_what_is_wrong_with_extend_is_named(tmp_path: Path, near: str, far: str, expected: str) -> None:
    pyproject(tmp_path, "[project]\n")
    app = chain(tmp_path, near=near, far=far)
    for _ in range(2):  # a wrong file stays wrong
        governing = Governing()
        with pytest.raises(ConfigError) as caught:
            governing(str(app))
        with pytest.raises(ConfigError):
            governing(str(app / "deeper"))
        assert str(caught.value).startswith(f"{tmp_path}/{expected.replace('{}', str(tmp_path))}")


def test_each_directory_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Path] = []
    monkeypatch.setattr("dodont.config.source_in", looked.append)
    governing = Governing()
    (tmp_path / ".git").mkdir()
    for name in ("a/b/c", "a/b", "a/d", "a/b/c", "e"):
        assert governing(str(tmp_path / name)).root == tmp_path
    assert len(looked) == len(set(looked)) == len({*tmp_path.parents}) + 6


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"select": ["ODD1"], "per-file-ignores": {"a/*": ["ODD2"]}, "force-exclude": True, "budget": {"new": 0}},
        {"fail-on": "error", "output-format": "json", "rules": {"x": {"y": [1]}}, "models": {"a": {"b": 1}}, "src": []},
        {"roles": {"test": ["qa/"]}, "baseline": "b.json", "extend": "../x.toml", "required-version": ">=0"},
        {"select": "ODD1"},
        {"select": [1]},
        {"selekt": []},
        {"force-exclude": "yes"},
        {"force-exclude": 1},
        {"budget": {"new": -1}},
        {"budget": {"new": True}},
        {"budget": {"new": 1.5}},
        {"budget": 1},
        {"fail-on": "never"},
        {"fail-on": ["error"]},
        {"rules": {"x": 1}},
        {"roles": []},
        {"baseline": 1},
    ],
)
def test_what_is_plainly_right_is_what_the_model_takes(content: dict[str, Any]) -> None:
    from pydantic import ValidationError

    from dodont.config.model import Table
    from dodont.config.plain import KEYS, plain

    assert list(KEYS) == [name.replace("_", "-") for name in Table.model_fields]
    found = plain(content)
    try:
        table = Table.model_validate(content)
    except ValidationError:
        assert found is None
    else:
        assert found == {key: getattr(table, key.replace("-", "_")) for key in content}


def test_a_file_that_is_plainly_right_costs_no_pydantic(tmp_path: Path) -> None:
    (tmp_path / "dodont.toml").write_text('select = ["ODD2"]\n')
    script = "import sys; from pathlib import Path; from dodont.config import load; load(Path()); assert 'pydantic' not in sys.modules"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    assert done.returncode == 0
