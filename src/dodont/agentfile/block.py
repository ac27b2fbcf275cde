"""The block in an instruction file that tells an agent what dodont enforces, between two comments."""

from __future__ import annotations

from collections.abc import Iterable

from dodont.core.rule import Rule

BEGIN, END = "<!-- dodont:begin -->", "<!-- dodont:end -->"


class BadBlock(Exception):  # noqa: N818
    """The marks of the block are not one pair in order."""


def block(rules: Iterable[Rule]) -> str:
    """The block for the rules that run, without its marks."""
    lines = [
        "## What dodont checks",
        "",
        "Run `dodont check --diff-base auto` (or `dodont check PATH...`) before you say that you are done, and repair what it reports;",
        "`dodont fix PATH...` makes the safe repairs, `dodont explain CODE` shows bad and good code. These rules run here:",
        "",
        *(f"- {rule.code} {rule.name}: {rule.summary}" for rule in rules),
        "",
        "Where a finding is wrong or has to be accepted, write `# dodont: ignore[rule-name] reason` on its line, never a bare `# noqa`.",
    ]
    return "\n".join(lines)


def synced(text: str, content: str) -> str:
    """The text with the block as it should be; at its end where there is none. Keeps the file's line ends. Raises BadBlock."""
    end = "\r\n" if "\r\n" in text else "\n"
    body = f"{BEGIN}\n{content}\n{END}".replace("\n", end)
    begins, ends = text.count(BEGIN), text.count(END)
    if begins == ends == 0:
        before = text.rstrip()
        return (before + end * 2 if before else "") + body + end
    first, last = text.find(BEGIN), text.find(END)
    if begins != 1 or ends != 1 or last < first:
        raise BadBlock(f"needs one `{BEGIN}` and one `{END}` after it; delete what is left of the old block")
    return text[:first] + body + text[last + len(END) :]
