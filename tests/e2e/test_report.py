"""The HTML report: what it holds, what it lets nobody do, and how it works in a browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.e2e.test_cli import ROOT, dodont

SHOP = ROOT / "docs" / "shop"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

HOSTILE = """\
import time


async def pause() -> None:
    time.sleep(1)  # </code></pre><script>owned()</script><img src=http://evil.example/x onerror=owned()> \u202e \x1b[31m
"""


def report(where: Path, *arguments: str) -> str:
    done = dodont(where, "report", *arguments, "-o", "report.html")
    assert done.returncode == 0, done.stderr
    return (where / "report.html").read_text(encoding="utf-8")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns("__pycache__", ".dodont_cache")))


class Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_each_practice_has_a_cell_and_each_finding_a_place(shop: Path) -> None:
    page = report(shop, "--title", "The <shop>")
    elements = Elements(page).found
    cells = [attrs for tag, attrs in elements if tag == "button"]
    assert len(cells) == 69
    broken = {attrs["data-practice"] for attrs in cells if "broken" in (attrs["class"] or "")}
    assert {"dont-db-1", "do-arch-6"} <= broken
    findings = [attrs for tag, attrs in elements if tag == "details" and "data-code" in attrs]
    assert len(findings) == 7
    assert "<title>The &lt;shop&gt; · dodont</title>" in page
    assert "<code>password</code> is written to a log" in page


def test_it_points_nowhere(shop: Path) -> None:
    for _, attrs in Elements(report(shop)).found:
        assert not {"src", "srcset", "action"} & attrs.keys()
        assert (attrs.get("href") or "#").startswith("#")


def test_what_nothing_can_keep_or_break_is_said(tmp_path: Path) -> None:
    (tmp_path / "sums.py").write_text("def total(values: list[int]) -> int:\n    return sum(values)\n")
    cells = {
        re.sub(r" ·.*", "", attrs["title"] or ""): attrs["class"]
        for tag, attrs in Elements(report(tmp_path)).found
        if tag == "button"
    }
    states = [str(state) for state in cells.values()]
    assert not any("broken" in state for state in states)
    assert sum("inapplicable" in state for state in states) >= 6  # databases, handlers, coroutines


def test_the_trend_has_the_earlier_reports(shop: Path) -> None:
    old = dodont(shop, "check", "--output-format", "json").stdout
    document = json.loads(old)
    (shop / "march.json").write_text(old)
    (shop / "april.json").write_text(json.dumps({**document, "findings": document["findings"][:2]}))
    page = report(shop, "--earlier", "march.json", "--earlier", "april.json", "--ignore", "ODD1")
    assert "the oldest first: 7, 2, 5" in page
    done = dodont(shop, "report", "--earlier", "pyproject.toml")
    assert done.returncode == 2


def test_hostile_files_stay_text(tmp_path: Path) -> None:
    (tmp_path / "<img src=x onerror=owned()>.py").write_text(HOSTILE, encoding="utf-8")
    page = report(tmp_path)
    assert page.count("<script") == 1
    assert "<img" not in page
    assert not re.search("[\x1b\u202e]", page)
    assert "&lt;script&gt;owned()" in page


def test_known_findings_are_counted_and_left_out(shop: Path) -> None:
    dodont(shop, "baseline", "create")
    page = report(shop)
    assert "known, in the baseline" in page
    assert "Nothing was found." in page


# ------------------------------------------------------------------------------------------------------ in a browser

#: Runs after the page's own script: uses its filters as a person would, and leaves what it saw in the document.
ROBOT = """
<pre id="robot"></pre>
<script>
const seen = {errors: []};
addEventListener("error", event => seen.errors.push(event.message));
const shown = () => document.querySelectorAll("section[aria-labelledby=findings] details.finding:not([hidden])").length;
const use = (id, value) => {
  const field = document.getElementById(id);
  field.value = value;
  field.dispatchEvent(new Event("input", {bubbles: true}));
};
seen.all = shown();
use("words", "password"); seen.words = shown(); seen.told = document.getElementById("shown").textContent;
use("words", ""); use("rule", "ODD702"); seen.rule = shown();
use("rule", ""); use("severity", "error"); seen.errorsOnly = shown();
use("severity", "");
document.querySelector('button[data-practice="dont-db-1"]').click(); seen.cell = shown();
seen.pressed = document.querySelector('button[data-practice="dont-db-1"]').getAttribute("aria-pressed");
document.querySelector('button[data-practice="dont-db-1"]').click(); seen.again = shown();
seen.wide = document.documentElement.scrollWidth > innerWidth;
seen.owned = typeof owned;
document.getElementById("robot").textContent = JSON.stringify(seen);
</script>
"""


def browse(page: Path, where: Path, *arguments: str) -> tuple[str, str, list[str]]:
    """The document after its scripts ran, what was written to the console, and the addresses that were asked for."""
    assert CHROMIUM is not None
    log = where / "net.json"
    done = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", f"--user-data-dir={where / 'profile'}", "--enable-logging=stderr", "--v=0",
            f"--log-net-log={log}", "--virtual-time-budget=3000", *arguments, "--dump-dom", page.as_uri(),
        ],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    text = log.read_text(encoding="utf-8", errors="replace")
    asked = re.findall(r'"url":"(https?://[^"]+)"', text)
    console = "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)
    return done.stdout, console, asked


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("width", [1280, 360])
def test_in_a_browser(shop: Path, tmp_path: Path, width: int) -> None:
    (shop / "app" / "<b>.py").write_text(HOSTILE, encoding="utf-8")
    page = report(shop)
    robot = shop / "robot.html"
    robot.write_text(page.replace("</body>", f"{ROBOT}</body>"), encoding="utf-8")
    dom, console, asked = browse(robot, tmp_path, f"--window-size={width},900")
    found = re.search(r'<pre id="robot">(.*?)</pre>', dom, re.S)
    assert found is not None
    seen = json.loads(found[1])
    assert seen.pop("told") == "1 of 8"
    assert seen == {
        "errors": [], "all": 8, "words": 1, "rule": 2, "errorsOnly": 0, "cell": 1, "pressed": "true", "again": 8, "wide": False,
        "owned": "undefined",
    }  # fmt: skip
    assert console == ""
    assert not [address for address in asked if "evil.example" in address]
