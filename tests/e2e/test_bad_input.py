"""Files and settings that are wrong: one clear line each, the right exit code, the rest still analysed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src")}

GOOD = "import time\n\n\nasync def poll() -> None:\n    time.sleep(1)\n"
FOUND = "good.py:5:5: ODD702"


#: Root reads everything, unless it gives that privilege up.
ONLY_OWNER = (
    "setpriv",
    "--inh-caps=-dac_override,-dac_read_search",
    "--bounding-set=-dac_override,-dac_read_search",
)


def dodont(*arguments: str, cwd: Path, prefix: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    command = [*prefix, sys.executable, "-m", "dodont", *arguments]
    done = subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    return done


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "good.py").write_text(GOOD)
    return tmp_path


def trouble(project: Path, prefix: Sequence[str] = ()) -> list[str]:
    """The lines about dodont's own trouble of a run that found what there is to find in ``good.py``."""
    done = dodont("check", ".", "--output-format", "concise", "--quiet", cwd=project, prefix=prefix)
    assert done.returncode == 1 and done.stderr == "", done.stderr
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith(FOUND)], lines
    return [line for line in lines if not line.startswith(FOUND)]


BROKEN = {
    "syntax": (b"x = 1\ndef f(:\n    pass\n", r"bad.py:2:7: ODD000 internal-error: syntax error for Python 3\.\d+: .+"),
    "indentation": (b"if x:\ny = 1\n", r"bad.py:2:\d+: ODD000 .*expected an indented block"),
    "unfinished": (b"x = (1,\n", r"bad.py:1:5: ODD000 .*'\(' was never closed"),
    "string": (b'x = """never\nclosed', r"bad.py:1:5: ODD000 .*unterminated"),
    "nul": (b"x = 1\ny = '\0'\n", r"bad.py:2:1: ODD000 .*NUL bytes"),
    "latin-1": (b"# caf\xe9\nx = 1\n", r"bad.py:1:1: ODD000 .*not valid utf-8"),
    "declared-wrong": ("# coding: ascii\nx = 'ä'\n".encode(), r"bad.py:2:1: ODD000 .*not valid ascii"),
    "unknown-encoding": (b"# coding: klingon\nx = 1\n", r"bad.py:1:1: ODD000 .*unknown encoding: klingon; save"),
    "no-encoding": (b"# coding: rot13\nx = 1\n", r"bad.py:1:1: ODD000 .*rot13 is no encoding of source code"),
    "undefined": (b"# coding: undefined\nx = 1\n", r"bad.py:1:1: ODD000 .*undefined is no encoding of source code"),
    "two-encodings": (b"\xef\xbb\xbf# coding: latin-1\nx = 1\n", r"bad.py:1:1: ODD000 .*mark of UTF-8; drop one"),
    "utf-16": ("x = 1\n".encode("utf-16"), r"bad.py:1:1: ODD000 .*file is UTF-16, which Python does not read"),
    "utf-16-unmarked": ("x = 1\n".encode("utf-16-le"), r"bad.py:1:1: ODD000 .*NUL bytes"),
    "utf-32": ("x = 1\n".encode("utf-32"), r"bad.py:1:1: ODD000 .*file is UTF-32, which Python does not read"),
    "binary": (bytes(range(256)) * 4, r"bad.py:1:1: ODD000 .*NUL bytes"),
    "newer-syntax": (b"x = 1\nprintln! (x)\n", r"bad.py:2:\d+: ODD000 .*syntax error for Python 3\.\d+"),
    "large": (b"x = [\n" + b"    'abcdefgh',\n" * 700_000 + b"]\n", r"bad.py:1:1: ODD000 .*larger than \d+ MB"),
    "deep-parentheses": (
        b"x = " + b"(" * 20_000 + b")" * 20_000 + b"\n",
        r"bad.py:1:\d+: ODD000 .*(?:nested|too many)",
    ),
    "deep-unary": (b"x = " + b"-" * 20_000 + b"1\n", r"bad.py:1:\d+: ODD000 .*nested too deeply"),
    "deep-blocks": (
        b"".join(b" " * depth + b"if x:\n" for depth in range(120)) + b" " * 120 + b"pass\n",
        r"bad.py:101:\d+: ODD000 .*too many levels of indentation",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_costs_one_line(project: Path, name: str) -> None:
    data, said = BROKEN[name]
    (project / "bad.py").write_bytes(data)
    (line,) = trouble(project)
    assert re.match(said, line), line
    assert len(line) < 300


DEEP = {
    "sum": "x = " + " + ".join(["1"] * 20_000) + "\n",
    "text": "import sqlite3\nx = " + " + ".join(["'a'"] * 20_000) + "\nsqlite3.connect('').execute(x)\n",
    "attributes": "x" + ".a" * 20_000 + "\n",
    "calls": "x = y" + "()" * 20_000 + "\n",
    "comparisons": "x = " + " < ".join(["a"] * 20_000) + "\n",
    "conditions": "x = " + " and ".join(["a"] * 20_000) + "\n",
    "else-if": "if a:\n    pass\n" + "".join(f"elif a == {n}:\n    pass\n" for n in range(5_000)),
    "list": "x = [" + "1, " * 200_000 + "]\n",
}


@pytest.mark.parametrize("name", DEEP)
def test_a_deep_file_is_read_or_costs_one_line(project: Path, name: str) -> None:
    (project / "bad.py").write_text(DEEP[name])
    lines = trouble(project)
    assert len(lines) <= 1
    for line in lines:
        assert re.match(r"bad.py:\d+:\d+: ODD000 internal-error: .*nested too deeply", line), line


def test_unusual_files_are_read(project: Path) -> None:
    bad = "import time\r\n\r\n\r\nasync def f(ä):\r\n    'ß'; time.sleep(1)\r\n"
    (project / "bom.py").write_bytes(b"\xef\xbb\xbf" + bad.encode())
    (project / "latin.py").write_bytes(b"# coding: latin-1\r" + bad.replace("\r\n", "\r").encode("latin-1"))
    (project / "empty.py").write_bytes(b"")
    (project / "no_end.py").write_bytes(b"x = 1")
    (project / "form_feed.py").write_bytes(b"x = 1\n\x0cy = 2\n")
    lines = trouble(project)
    assert [" ".join(line.split()[:2]) for line in lines] == ["bom.py:5:10: ODD702", "latin.py:6:10: ODD702"]


def test_loops_of_links_end(project: Path) -> None:
    (project / "inner").mkdir()
    (project / "inner" / "again").symlink_to(project, target_is_directory=True)
    (project / "circle.py").symlink_to(project / "circle.py")
    (project / "gone.py").symlink_to(project / "nowhere.py")
    lines = trouble(project)
    assert len(lines) == 2
    assert re.match(r"circle.py:1:1: ODD000 .*(?:cannot be read|symbolic links)", lines[0]), lines
    assert re.match(r"gone.py:1:1: ODD000 .*(?:cannot be read|No such file)", lines[1]), lines


def test_what_is_no_file_is_not_waited_for(project: Path) -> None:
    os.mkfifo(project / "pipe.py")
    (line,) = trouble(project)
    assert re.match(r"pipe.py:1:1: ODD000 .*", line), line


def given_up() -> Sequence[str]:
    """What stands before a command that shall not read and write everything; skips where that is impossible."""
    prefix = ONLY_OWNER if os.geteuid() == 0 else ()
    try:
        subprocess.run(
            [*prefix, sys.executable, "-c", "import dodont"], env=ENVIRONMENT, check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("root's privileges cannot be given up here")
    return prefix


def test_what_must_not_be_read_costs_one_line(project: Path) -> None:
    prefix = given_up()
    locked, file = project / "locked", project / "secret.py"
    locked.mkdir()
    (locked / "inside.py").write_text(GOOD)
    file.write_text(GOOD)
    locked.chmod(0)
    file.chmod(0)
    try:
        lines = trouble(project, prefix)
    finally:
        locked.chmod(0o755)
        file.chmod(0o644)
    assert len(lines) == 2
    assert re.match(r"locked:1:1: ODD000 .*directory cannot be read: Permission denied", lines[0]), lines
    assert re.match(r"secret.py:1:1: ODD000 .*cannot be read.*Permission denied", lines[1]), lines


def refused(project: Path, *arguments: str) -> str:
    """The one line about a run that did not begin."""
    done = dodont("check", *arguments, cwd=project)
    assert done.returncode == 2 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


def test_a_path_that_is_not_there(project: Path) -> None:
    assert refused(project, "good.py", "nowhere") == (
        "dodont: error: nowhere: no such file or directory; check the spelling"
    )


def test_an_unknown_rule(project: Path) -> None:
    assert re.search(
        r"dodont: error: .*'missing-awiat'.*missing-await", refused(project, "--select", "missing-awiat", ".")
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"[tool.dodont\n", r"pyproject.toml:1: no valid TOML"),
        (b"[tool.dodont]\nselect = 'ODD7'\n", r"pyproject.toml:2: select: expected a list of strings"),
        (b"[tool.dodont]\nselect = ['ODD9']\n", r"pyproject.toml:2: select: .*ODD9"),
        (b"[tool.dodont]\nignoer = []\n", r"pyproject.toml:2: unknown key 'ignoer'; did you mean 'ignore'"),
        (b"[tool.dodont]\nselect = ['\xe9']\n", r"pyproject.toml: not UTF-8"),
    ],
    ids=("toml", "type", "rule", "key", "encoding"),
)
def test_wrong_settings_stop_the_run(project: Path, text: bytes, said: str) -> None:
    (project / "pyproject.toml").write_bytes(text)
    assert re.search(said, refused(project, "."))


@pytest.mark.parametrize("name", [*DEEP, "and"])
def test_a_fix_beside_deep_code_is_made_or_left_with_the_reason(project: Path, name: str) -> None:
    deep = {**DEEP, "and": "x = " + " and ".join(["a"] * 5_000) + "\n"}[name]
    (project / "bad.py").write_text(GOOD + "\n\n" + deep)
    done = dodont("fix", ".", "--output-format", "full", "--quiet", cwd=project)
    text = (project / "bad.py").read_text()
    if "asyncio.sleep" not in text:
        assert text == GOOD + "\n\n" + deep
        assert done.returncode == 1
        assert "nested too deeply to be parsed" in done.stdout or re.search(
            r"fix: Await `asyncio.sleep`: not made, the file is too (deeply nested|large) to be changed", done.stdout
        )
    assert "await asyncio.sleep(1)" in (project / "good.py").read_text()


@pytest.mark.parametrize("form", ("json", "sarif"))
def test_reports_with_edits_survive_deep_code(project: Path, form: str) -> None:
    (project / "bad.py").write_text(GOOD + "\n\n" + DEEP["else-if"])
    done = dodont("check", ".", "--output-format", form, cwd=project)
    assert done.returncode == 1
    assert "asyncio.sleep" in done.stdout


def test_fix_leaves_what_is_read_only(project: Path) -> None:
    prefix = given_up()
    file = project / "good.py"
    file.chmod(0o444)
    (project / "locked").mkdir()
    (project / "locked" / "bad.py").write_text(GOOD)
    (project / "locked").chmod(0o555)
    try:
        done = dodont("fix", ".", "--output-format", "concise", "--quiet", cwd=project, prefix=prefix)
    finally:
        (project / "locked").chmod(0o755)
    assert done.returncode == 1
    first, second = done.stdout.splitlines()
    assert first.startswith("good.py:1:1: ODD000 internal-error: the fixed file cannot be written: it is read-only")
    assert second.startswith("locked/bad.py:1:1: ODD000 internal-error: the fixed file cannot be written: Permission")
    assert file.read_text() == (project / "locked" / "bad.py").read_text() == GOOD
    assert [path.name for path in (project / "locked").iterdir()] == ["bad.py"]


def test_fix_keeps_encodings_line_ends_and_links(project: Path) -> None:
    (project / "real").write_text(GOOD)
    (project / "link.py").symlink_to("real")
    odd = {
        "bom.py": b"\xef\xbb\xbf" + GOOD.encode(),
        "crlf.py": GOOD.replace("\n", "\r\n").encode(),
        "latin.py": ("# coding: latin-1\n# caf\xe9\n" + GOOD).encode("latin-1"),
        "no_end.py": GOOD.rstrip().encode(),
        "tabs.py": GOOD.replace("    ", "\t").encode(),
        "a b#%20\n.py": GOOD.encode(),
    }
    for name, data in odd.items():
        (project / name).write_bytes(data)
    assert dodont("fix", ".", cwd=project).returncode == 0
    assert (project / "link.py").is_symlink()
    assert "await asyncio.sleep(1)" in (project / "real").read_text()
    for name, data in odd.items():
        end = b"\r\n" if b"\r\n" in data else b"\n"
        fixed = data.replace(b"time.sleep", b"await asyncio.sleep").replace(
            b"import time", b"import asyncio" + end + b"import time"
        )
        assert (project / name).read_bytes() == fixed, name


@pytest.mark.parametrize("delay", (0.05, 0.2, 0.6, 1.5))
def test_an_interruption_is_no_traceback(project: Path, delay: float) -> None:
    (project / "large.py").write_text(DEEP["text"] + "x = f(1)\n" * 100_000)
    with subprocess.Popen(
        [sys.executable, "-c", "from dodont.cli import main; main()", "check", "."],
        cwd=project,
        env={**ENVIRONMENT, "PYTHONSTARTUP": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        time.sleep(delay)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    # The interpreter itself may still be starting.
    if "Traceback" in said:
        assert "dodont" not in said
    elif running.returncode == 130:
        assert said.strip() in ("", "dodont: interrupted")


@pytest.mark.parametrize("name", ("syntax", "nul", "latin-1", "large", "deep-unary"))
def test_fix_leaves_a_broken_file_alone(project: Path, name: str) -> None:
    data, said = BROKEN[name]
    (project / "bad.py").write_bytes(data)
    done = dodont("fix", ".", "--unsafe-fixes", "--output-format", "concise", "--quiet", cwd=project)
    assert done.returncode == 1
    (line,) = done.stdout.splitlines()
    assert re.match(said, line), line
    assert (project / "bad.py").read_bytes() == data
    assert "await asyncio.sleep(1)" in (project / "good.py").read_text()
