"""The command line as its users see it: exit codes, streams, formats, settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).parent.parent.parent

JOBS = """\
import asyncio
import sqlite3
from django.shortcuts import get_list_or_404


async def tick(jobs):
    get_list_or_404(jobs)
    asyncio.sleep(2)


def find(name):
    connection = sqlite3.connect("x.db")
    return connection.execute(f"SELECT id FROM users WHERE name = '{name}'").fetchall()
"""
FOUND = [
    "app/jobs.py:7:5: ODD702 blocking-call-in-coroutine",
    "app/jobs.py:8:5: ODD701 [*] missing-await",
    "app/jobs.py:13:31: ODD201 [*] sql-from-strings",
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "jobs.py").write_text(JOBS, encoding="utf-8")
    (tmp_path / "app" / "clean.py").write_text("X = 1\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.dodont]\noutput-format = "concise"\n', encoding="utf-8")
    return tmp_path


def dodont(where: Path, *arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    done = subprocess.run(
        [sys.executable, "-m", "dodont", *arguments],
        cwd=where,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        env={**kept, "PYTHONPATH": str(ROOT / "src"), **environment},
        timeout=60,
    )
    assert "Traceback" not in done.stderr
    return done


def heads(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The findings of concise output without their messages."""
    return [": ".join(line.split(": ")[:2]) for line in done.stdout.splitlines() if ": ODD" in line]


# ------------------------------------------------------------------------------------------------------ exit codes


def test_findings_exit_with_1_and_go_to_stdout(project: Path) -> None:
    done = dodont(project, "check")
    assert done.returncode == 1
    assert heads(done) == FOUND
    assert done.stdout.splitlines()[-1].startswith("3 findings in 1 of 2 files. 2 fixable with `dodont fix`")
    assert done.stderr == ""


def test_no_findings_exit_with_0_and_say_so(project: Path) -> None:
    for form in ("concise", "full"):
        done = dodont(project, "check", "app/clean.py", "--output-format", form)
        assert (done.returncode, done.stdout, done.stderr) == (0, "All clear: 1 file checked, no findings.\n", "")


def test_exit_zero_hides_findings_but_no_failure(project: Path) -> None:
    assert dodont(project, "check", "--exit-zero").returncode == 0
    assert dodont(project, "check", "--exit-zero", "missing.py").returncode == 2


def test_a_file_that_does_not_parse_is_a_finding_and_the_others_go_on(project: Path) -> None:
    (project / "app" / "broken.py").write_text("def f(:\n", encoding="utf-8")
    done = dodont(project, "check")
    assert done.returncode == 1
    assert "app/broken.py:1:" in done.stdout
    assert heads(done)[1:] == FOUND


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "missing.py"], "missing.py: no such file or directory"),
        (["check", "--select", "sql-from-string"], "did you mean 'sql-from-strings'"),
        (["check", "--config", "missing.toml"], "missing.toml: cannot be read"),
        (["check", "--config", "pyproject.toml", "--isolated"], "exclude each other"),
        (["check", "-", "app"], "stands alone"),
        (["check", "--stdin-filename", "x.py"], "goes with the path `-`"),
        (["check", "-", "--fix"], "cannot rewrite stdin"),
        (["check", "-o", "no/such/dir.txt"], "no/such/dir.txt: cannot be written"),
        (["check", "--show-files", "--show-settings"], "exclude each other"),
        (["check", "--show-files", "--fix"], "changes nothing; drop --fix"),
        (["check", "--show-settings", "missing.py"], "missing.py: no such file or directory"),
        (["check", "-", "--stdin-filename", "app"], "app is a directory; name a file"),
        (["check", "--output-format", "xml"], "xml"),
        (["fix", "missing.py"], "missing.py: no such file or directory"),
        (["fix", "-"], "cannot rewrite stdin"),
        (["explain", "sql-from-string"], "did you mean sql-from-strings"),
        (["explain", "Database"], "several rules; `dodont rules --select database` lists them"),
        (["explain", "odd2"], "several rules; `dodont rules --select ODD2` lists them"),
        (["explain", "XYZ123456"], "`dodont rules` and `dodont practices` list them"),
        (["check", "--select", "odd7"], "did you mean 'ODD7'"),
        (["rules", "--select", "databse"], "did you mean 'database'"),
        (["chekc"], "did you mean 'check'"),
        (["app"], "run `dodont check app`"),
        (["check", "--wrong"], "--wrong"),
    ],
)
def test_what_cannot_be_done_exits_with_2_and_says_why(project: Path, arguments: list[str], said: str) -> None:
    done = dodont(project, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr


def test_a_wrong_setting_stops_the_run(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.dodont]\nslect = []\n", encoding="utf-8")
    done = dodont(project, "check")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (f"dodont: error: {project}/pyproject.toml:2: unknown key 'slect'; did you mean 'select'?\n")
    assert dodont(project, "check", "--isolated").returncode == 1


def test_fail_on_error_lets_warnings_pass(project: Path) -> None:
    (project / "dodont.toml").write_text('fail-on = "error"\n', encoding="utf-8")
    severities = {each["severity"] for each in findings(dodont(project, "check", "--output-format", "json"))}
    assert dodont(project, "check").returncode == (1 if "error" in severities else 0)


# -------------------------------------------------------------------------------------------------------- selection


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--select", "ODD2"], FOUND[2:]),
        (["--select", "concurrency", "--ignore", "ODD701"], FOUND[:1]),
        (["--ignore", "missing-await,ODD702"], FOUND[2:]),
        (["--ignore", "missing-await", "--ignore", "do-db-1"], FOUND[:1]),
        (["--exclude", "app/"], []),
    ],
)
def test_the_command_line_selects(project: Path, arguments: list[str], expected: list[str]) -> None:
    assert heads(dodont(project, "check", *arguments)) == expected


def test_the_file_selects_and_spares(project: Path) -> None:
    (project / "dodont.toml").write_text(
        'ignore = ["missing-await"]\noutput-format = "concise"\nper-file-ignores = { "app/j*.py" = ["database"] }\n',
        encoding="utf-8",
    )
    assert heads(dodont(project, "check")) == FOUND[:1]
    assert heads(dodont(project, "check", "--select", "ODD701")) == [FOUND[1]]


def test_excluded_files_are_checked_when_named_unless_forced(project: Path) -> None:
    (project / "dodont.toml").write_text('extend-exclude = ["app/jobs.py"]\n', encoding="utf-8")
    assert dodont(project, "check").returncode == 0
    assert dodont(project, "check", "app/jobs.py").returncode == 1
    assert dodont(project, "check", "app/jobs.py", "--force-exclude").returncode == 0


# ---------------------------------------------------------------------------------------------------------- streams


def test_stdin_is_checked_under_the_name_given(project: Path) -> None:
    done = dodont(project, "check", "-", "--stdin-filename", "app/other.py", stdin=JOBS)
    assert heads(done) == [head.replace("jobs", "other") for head in FOUND]
    assert dodont(project, "check", "-", stdin="x = 1\n").stdout == "All clear: 1 file checked, no findings.\n"


def test_stdin_can_be_excluded_by_its_name(project: Path) -> None:
    (project / "dodont.toml").write_text('extend-exclude = ["gen/"]\n', encoding="utf-8")
    said = ("check", "-", "--stdin-filename", "gen/new.py", "--quiet")
    assert dodont(project, *said, stdin=JOBS).returncode == 1
    done = dodont(project, *said, "--force-exclude", stdin=JOBS)
    assert (done.returncode, done.stdout) == (0, "")


def test_stdin_shows_its_own_code_not_the_disk_s(project: Path) -> None:
    done = dodont(
        project, "check", "-", "--stdin-filename", "app/clean.py", "--output-format", "full", stdin="\n" + JOBS
    )
    assert "8 |     get_list_or_404(jobs)" in done.stdout


def test_paths_are_relative_to_the_current_directory(project: Path) -> None:
    assert dodont(project / "app", "check").stdout.startswith("jobs.py:7:5: ")


def test_output_goes_to_a_file_and_the_verdict_to_stderr(project: Path) -> None:
    done = dodont(project, "check", "-o", "out.txt")
    assert done.stdout == ""
    assert done.stderr.startswith("3 findings")
    assert (project / "out.txt").read_text(encoding="utf-8").startswith(FOUND[0])


def test_quiet_and_statistics(project: Path) -> None:
    assert len(dodont(project, "check", "-q").stdout.splitlines()) == 3
    assert dodont(project, "check", "-q", "app/clean.py").stdout == ""
    counts = [
        "1  ODD201 [*] sql-from-strings",
        "1  ODD701 [*] missing-await",
        "1  ODD702 [ ] blocking-call-in-coroutine",
    ]
    lines = dodont(project, "check", "--statistics").stdout.splitlines()
    assert (lines[3:6], lines[6][:10]) == (counts, "3 findings")
    (project / "app" / "more.py").write_text(JOBS.partition("def find")[0], encoding="utf-8")
    lines = dodont(project, "check", "--statistics", "-q").stdout.splitlines()
    assert lines[5:] == [counts[1].replace("1 ", "2 ", 1), counts[2].replace("1 ", "2 ", 1), counts[0]]


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_statistics_of_a_document_go_to_stderr(project: Path, form: str) -> None:
    done = dodont(project, "check", "--statistics", "--output-format", form)
    assert done.stdout == dodont(project, "check", "--output-format", form).stdout
    assert done.stderr.splitlines()[0] == "1  ODD201 [*] sql-from-strings"


@pytest.mark.parametrize(
    ("arguments", "environment", "coloured"),
    [
        ([], {}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colour(project: Path, arguments: list[str], environment: dict[str, str], coloured: bool) -> None:
    done = dodont(project, "check", "--output-format", "full", *arguments, **environment)
    assert ("\x1b[" in done.stdout) is coloured


# ---------------------------------------------------------------------------------------------------------- formats


def findings(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
    return found


def test_json(project: Path) -> None:
    found = findings(dodont(project, "check", "--output-format", "json"))
    assert [each["code"] for each in found] == ["ODD702", "ODD701", "ODD201"]
    assert found[1]["fix"]["applicability"] == "safe"
    assert found[1]["fix"]["edits"]
    assert found[1]["symbol"].endswith("tick")
    assert findings(dodont(project, "check", "--output-format", "json", "app/clean.py")) == []


def test_sarif_of_every_kind_of_file_is_valid(project: Path) -> None:
    (project / "app" / "broken.py").write_bytes(b"x = '\xff\n")
    (project / "app" / "b c#ä.py").write_text("# 😀\n" + JOBS, encoding="utf-8")
    schema = json.loads((ROOT / "tests/data/sarif/sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
    documents = []
    for path in (".", "app/clean.py"):
        documents.append(json.loads(dodont(project, "check", path, "--output-format", "sarif").stdout))
        jsonschema.Draft4Validator(schema).validate(documents[-1])
    (run,) = documents[0]["runs"]
    assert {"app/b%20c%23%C3%A4.py", "app/broken.py"} <= {
        each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in run["results"]
    }
    assert len(run["invocations"][0]["toolExecutionNotifications"]) == 1
    assert any("codeFlows" in each for each in run["results"])
    assert any("fixes" in each for each in run["results"])
    assert documents[1]["runs"][0]["results"] == []


def test_sarif(project: Path) -> None:
    done = dodont(project, "check", "--output-format", "sarif", "-o", "out.sarif")
    assert done.returncode == 1
    (run,) = json.loads((project / "out.sarif").read_text(encoding="utf-8"))["runs"]
    assert [each["ruleId"] for each in run["results"]] == ["ODD702", "ODD701", "ODD201"]
    uris = {each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in run["results"]}
    assert uris == {"app/jobs.py"}
    helps = [rule["help"]["markdown"] for rule in run["tool"]["driver"]["rules"]]
    assert any("## Bad" in text for text in helps)
    assert not any("# want" in text for text in helps)


def test_the_format_can_come_from_the_environment(project: Path) -> None:
    assert findings(dodont(project, "check", DODONT_OUTPUT_FORMAT="json"))


# -------------------------------------------------------------------------------------------------------------- fix


def test_fix_changes_what_is_safe_and_tells_the_rest(project: Path) -> None:
    done = dodont(project, "fix")
    assert done.returncode == 1
    assert [line.split(" ")[1] for line in heads(done)] == ["ODD702"]
    assert "Fixed 2 findings in 1 file." in done.stderr
    text = (project / "app" / "jobs.py").read_text(encoding="utf-8")
    assert "    await asyncio.sleep(2)" in text
    assert "name = ?" in text
    again = dodont(project, "fix")
    assert "Nothing to fix." in again.stderr
    assert (project / "app" / "jobs.py").read_text(encoding="utf-8") == text


def test_fix_exit_codes(project: Path) -> None:
    assert dodont(project, "fix", "--exit-zero-on-fix").returncode == 0
    assert dodont(project, "fix").returncode == 1
    assert dodont(project, "fix", "--exit-zero").returncode == 0
    assert dodont(project, "fix", "--unsafe-fixes").returncode == 0


def test_check_with_fix_is_fix(project: Path) -> None:
    done = dodont(project, "check", "--fix", "--select", "missing-await")
    assert done.returncode == 0
    assert "await asyncio.sleep(2)" in (project / "app" / "jobs.py").read_text(encoding="utf-8")


def test_diff_is_a_patch_that_applies_and_changes_nothing_itself(project: Path) -> None:
    path = project / "app" / "jobs.py"
    path.write_bytes(JOBS.replace("\n", "\r\n").rstrip().encode())
    before = path.read_bytes()
    done = subprocess.run(
        [sys.executable, "-m", "dodont", "fix", "--diff"],
        cwd=project,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    assert done.returncode == 1
    assert path.read_bytes() == before
    subprocess.run(["git", "apply", "--unsafe-paths", "-"], cwd=project, input=done.stdout, check=True)
    patched = path.read_bytes()
    path.write_bytes(before)
    dodont(project, "fix")
    assert path.read_bytes() == patched
    assert dodont(project, "fix", "--diff").returncode == 0


# ------------------------------------------------------------------------------------------------------------ pages


def test_explain_a_rule_in_every_form(project: Path) -> None:
    for name in ("missing-await", "ODD701", "odd701", "Missing-Await"):
        text = dodont(project, "explain", name).stdout
        assert text.startswith("ODD701 missing-await: ")
        assert "Bad:" in text
        assert "do-arch-6: " in text
        assert "# want" not in text
    assert dodont(project, "explain", "ODD701", "--output-format", "markdown").stdout.startswith("# ODD701 ")
    data = json.loads(dodont(project, "explain", "ODD701", "--output-format", "json").stdout)
    assert data["name"] == "missing-await"
    assert data["examples"]["bad"]


def test_explain_a_practice_and_own_trouble(project: Path) -> None:
    assert "ODD201 sql-from-strings" in dodont(project, "explain", "dont-db-1").stdout
    data = json.loads(dodont(project, "explain", "dont-db-1", "--output-format", "json").stdout)
    assert "sql-from-strings" in [rule["name"] for rule in data["rules"]]
    assert dodont(project, "explain", "ODD000").stdout.startswith("ODD000 internal-error: ")


def test_a_path_without_python_files_is_said_on_stderr(project: Path) -> None:
    (project / "empty").mkdir()
    done = dodont(project, "check", "empty")
    assert done.returncode == 0
    assert done.stderr == "dodont: warning: no Python files in empty; excluded files are not counted\n"
    assert dodont(project, "check", "empty", "--quiet").stderr == ""


def test_a_file_is_checked_once_whatever_it_is_called(project: Path) -> None:
    path = str(project / "app" / "jobs.py")
    assert heads(dodont(project, "check", "app/jobs.py", "./app/../app/jobs.py", path, "app")) == FOUND
    (project / "script").write_text(JOBS, encoding="utf-8")
    assert heads(dodont(project, "check", "script")) == [head.replace("app/jobs.py", "script") for head in FOUND]


def test_a_patch_can_go_to_a_file(project: Path) -> None:
    done = dodont(project, "fix", "--diff", "-o", "out.patch")
    assert (done.returncode, done.stdout) == (1, "")
    assert "+    await asyncio.sleep(2)" in (project / "out.patch").read_text(encoding="utf-8")


def test_a_terminal_without_the_characters_is_no_trouble(project: Path) -> None:
    (project / "ä.py").write_text(JOBS, encoding="utf-8")
    done = dodont(project, "check", "nöwhere.py", PYTHONIOENCODING="ascii")
    assert done.returncode == 2
    assert "no such file or directory" in done.stderr
    assert dodont(project, "check", "ä.py", PYTHONIOENCODING="ascii").returncode == 1


def test_rules_and_practices(project: Path) -> None:
    lines = dodont(project, "rules", "--select", "database").stdout.splitlines()
    assert all(line.startswith("ODD2") for line in lines[:-1])
    rules = json.loads(dodont(project, "rules", "--output-format", "json").stdout)["rules"]
    assert "missing-await" in [rule["name"] for rule in rules]
    practices = json.loads(dodont(project, "practices", "--output-format", "json").stdout)["practices"]
    assert len(practices) == 69
    served = sum(bool(practice["rules"]) for practice in practices)
    text = dodont(project, "practices").stdout.splitlines()
    assert text[-1] == f"{served} of 69 practices are served by a rule, {69 - served} not yet."


def test_version_and_help(project: Path) -> None:
    assert dodont(project, "--version").stdout == dodont(project, "-V").stdout == "dodont 0.1.0\n"
    for arguments in (["--help"], ["check", "-h"], ["fix", "--help"], ["explain", "-h"]):
        done = dodont(project, *arguments)
        assert done.returncode == 0
        assert "Usage: dodont" in done.stdout


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("{dodont} check >&-", 1, ""),
        ("{dodont} check 2>&- >/dev/null", 1, ""),
        ("{dodont} check >/dev/full", 2, "dodont: error: input or output: No space left on device\n"),
        (
            "mkdir gone && cd gone && rmdir ../gone && {dodont} check",
            2,
            "dodont: error: the current directory is gone; change to another one\n",
        ),
        ("{dodont} check --output-format json | head -c 1 >/dev/null", 0, ""),
    ],
)
def test_broken_surroundings_are_no_traceback(project: Path, command: str, status: int, said: str) -> None:
    done = subprocess.run(
        command.format(dodont=f"{sys.executable} -m dodont"),
        shell=True,
        cwd=project,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    assert (done.returncode, done.stderr) == (status, said)


def test_a_reader_that_leaves_early_is_no_trouble(project: Path) -> None:
    command = f"{sys.executable} -m dodont practices | head -n 1"
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}
    )
    assert done.stderr == ""
    assert done.stdout.startswith("do-arch-1: ")


# --------------------------------------------------------------------------------------------------------- schema


def test_schema_tells_the_declared_tables(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "models.py").write_text(
        "from django.db import models\n\n\n"
        "class Order(models.Model):\n    code = models.CharField(max_length=8, unique=True)\n    made = lib.DayField()\n",
        encoding="utf-8",
    )
    told = dodont(tmp_path, "schema")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout == (
        "shop_order of shop.models.Order  shop/models.py:4\n"
        "    id    AutoField primary key filled in by the database\n"
        "    code  CharField not null unique\n"
        "\n"
        "1 table, 0 parts not read.\n"
    )
    found = json.loads(dodont(tmp_path, "schema", "shop", "--format", "json").stdout)
    assert [table["name"] for table in found["tables"]] == ["shop_order"]
    assert [column["name"] for column in found["tables"][0]["columns"]] == ["id", "code"]
    (tmp_path / "other").mkdir()
    assert "0 tables" in dodont(tmp_path, "schema", "other").stdout
    missing = dodont(tmp_path, "schema", "none")
    assert missing.returncode == 2 and "no such file or directory" in missing.stderr


def test_schema_tells_what_migrations_build(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    nothing = dodont(tmp_path, "schema", "--from", "migrations")
    assert (nothing.returncode, nothing.stdout) == (0, "0 tables, 0 parts not read.\n")
    assert nothing.stderr.startswith("dodont: warning: no migrations, neither Alembic's")
    revision = (
        "import sqlalchemy as sa\nfrom alembic import op\nfrom app.kinds import note\n\n"
        'revision = "{name}"\ndown_revision = {after}\n\n\ndef upgrade():\n{body}'
    )
    texts = {
        "app/alembic/env.py": "",
        "app/alembic/versions/1b0e.py": revision.format(
            name="1b0e",
            after=None,
            body='    op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True), schema="sales")\n'
            '    op.create_table("notes", sa.Column("id", sa.Integer(), primary_key=True))\n'
            '    op.add_column("notes", note())\n',
        ),
        "app/alembic/versions/2c1f.py": revision.format(
            name="2c1f",
            after='"1b0e"',
            body='    op.add_column("orders", sa.Column("day", sa.Date(), nullable=False), schema="sales")\n'
            '    op.add_column("customers", sa.Column("nick", sa.Text()))\n',
        ),
        "shop/apps.py": 'class Shop(AppConfig):\n    name = "shop"\n    label = "store"\n',
        "shop/migrations/__init__.py": "",
        "shop/migrations/0001_initial.py": "from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n"
        '    operations = [\n        migrations.CreateModel("Tag", fields=[("id", models.BigAutoField(primary_key=True))]),\n'
        '        migrations.CreateModel("Order", fields=[("code", models.SlugField(primary_key=True)), '
        '("tags", models.ManyToManyField("store.Tag"))]),\n'
        '        migrations.RunSQL("CREATE TABLE counts (number INTEGER)"),\n    ]\n',
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    told = dodont(tmp_path, "schema", "--from", "migrations")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout == (
        "app/alembic/versions: 2 migrations of Alembic's\n"
        "\n"
        "customers  app/alembic/versions/2c1f.py:11\n"
        "    nick  Text null\n"
        "\n"
        "notes  app/alembic/versions/1b0e.py:11\n"
        "    id  Integer primary key\n"
        "\n"
        "sales.orders  app/alembic/versions/1b0e.py:10\n"
        "    id   Integer primary key\n"
        "    day  Date not null\n"
        "\n"
        "Not read:\n"
        "    app/alembic/versions/1b0e.py:12: `add_column`: the column is computed\n"
        "    app/alembic/versions/2c1f.py:11: how `customers` began: no migration creates it\n"
        "\n"
        "shop/migrations: 1 migration of Django's\n"
        "\n"
        "store_order of store.Order  shop/migrations/0001_initial.py:7\n"
        "    code  SlugField primary key index\n"
        "    tags -> many store.Tag\n"
        "\n"
        "store_order_tags  shop/migrations/0001_initial.py:7\n"
        "    id        AutoField primary key filled in by the database\n"
        "    order_id  ForeignKey not null index references store_order.code as order\n"
        "    tag_id    ForeignKey not null index references store_tag.id as tag\n"
        "    unique (order_id, tag_id)\n"
        "\n"
        "store_tag of store.Tag  shop/migrations/0001_initial.py:6\n"
        "    id  BigAutoField primary key filled in by the database\n"
        "\n"
        "Not read:\n"
        "    shop/migrations/0001_initial.py:8: `RunSQL`: SQL that changes `counts`\n"
        "\n"
        "6 tables, 3 parts not read.\n"
    )
    found = json.loads(dodont(tmp_path, "schema", "app", "--from", "migrations", "--format", "json").stdout)
    assert [(table["schema"], table["name"], table["history"]) for table in found["tables"]] == [
        (None, "customers", "app/alembic/versions"),
        (None, "notes", "app/alembic/versions"),
        ("sales", "orders", "app/alembic/versions"),
    ]
    assert [each["line"] for each in found["unread"]] == [12, 11]
