"""What the server knows of a workspace: its open buffers, and the findings in them and on disk."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from dodont.config import ConfigError, Governing, cache_dir_of
from dodont.core.diagnostic import Diagnostic, Edit
from dodont.engine import catalogue
from dodont.engine.accepting import commented
from dodont.engine.analyst import interpreting
from dodont.engine.driver import check_files
from dodont.engine.files import Files
from dodont.engine.fixing import apply, edits_for
from dodont.engine.settings import Settings
from dodont.gate.baseline import BadBaseline, forget, location, of_file
from dodont.project.source import Unreadable, decode


class Repair(NamedTuple):
    """Something that can be done about a finding: the text of the whole file afterwards, or edits to it. ``safe``: nothing but the
    fault changes."""

    title: str
    edits: tuple[Edit, ...] = ()
    text: str | None = None
    safe: bool = False


class Workspace:
    """Findings by absolute path. Not for several threads at once; the server has one that checks."""

    def __init__(self, roots: Iterable[Path]) -> None:
        self.roots = [Path(os.path.abspath(root)) for root in roots]  # noqa: PTH100
        self.open: dict[str, str] = {}
        self._governing = Governing()

    def forget_settings(self) -> None:
        """Configuration files may have changed."""
        self._governing = Governing()

    def files(self) -> list[str]:
        """The files a check of all folders would take."""
        found: list[str] = []
        for root in self.roots:
            for _, files in Files(self._governing).find([root]).groups:
                found += files
        return list(dict.fromkeys(found))

    def check(self, paths: Iterable[str]) -> dict[str, tuple[Diagnostic, ...]]:
        """The findings of files, by path; buffers that are open count as they are. Raises ConfigError."""
        forget()
        settings_of: dict[int, Settings] = {}
        order: dict[int, list[str]] = {}
        for path in paths:
            settings = self._governing(os.path.dirname(path))  # noqa: PTH120
            settings_of.setdefault(id(settings), settings)
            order.setdefault(id(settings), []).append(path)
        # A buffer that says what its file says is no reason to do without what earlier runs found out.
        overrides = {
            path: text.encode("utf-8", "surrogatepass") for path, text in self.open.items() if text != self._saved(path)
        }
        done: dict[str, tuple[Diagnostic, ...]] = {}
        with interpreting():
            for key, files in order.items():
                settings = settings_of[key]
                report = check_files(files, settings, overrides=overrides, cache_dir=cache_dir_of(settings))
                done |= dict.fromkeys(files, ())
                for diagnostic in report.diagnostics:
                    path = os.path.normpath(settings.root / diagnostic.path)
                    done[path] = (*done.get(path, ()), diagnostic)
                for path in files:
                    done[path] = self._unknown(path, done[path], settings)
        return done

    def _unknown(self, path: str, found: tuple[Diagnostic, ...], settings: Settings) -> tuple[Diagnostic, ...]:
        at = location(settings)
        if at is None or not found:
            return found
        try:
            return tuple(of_file(at, found, settings.root, path, self.text(path).splitlines(keepends=True)))
        except BadBaseline as error:
            raise ConfigError(str(error)) from None

    def is_ours(self, path: str) -> bool:
        """Whether a file is checked when nobody names it."""
        try:
            return path.endswith((".py", ".pyi")) and Files(self._governing).is_found(path)
        except ConfigError:
            return True

    def text(self, path: str) -> str:
        return self.open[path] if path in self.open else self._saved(path) or ""

    def _saved(self, path: str) -> str | None:
        """What stands in the file."""
        try:
            return decode(Path(path).read_bytes())
        except (OSError, Unreadable):
            return None

    def repairs(self, path: str, diagnostic: Diagnostic) -> list[Repair]:
        """The fix of a finding, and the comment that accepts it."""
        text = self.text(path)
        found: list[Repair] = []
        if diagnostic.fix is not None and diagnostic.fix.applicability != "display":
            edits = edits_for(text, [diagnostic]).get(0, ())
            if edits and apply(text, edits) != text:
                safe = diagnostic.fix.applicability == "safe"
                title = diagnostic.fix.title if safe else f"{diagnostic.fix.title} (unsafe: look at what changes)"
                found.append(Repair(title, edits, safe=safe))
        accepted = commented(text, [diagnostic], "reason")
        if accepted != text:
            found.append(Repair(f"Accept {diagnostic.code} here, with a reason", text=accepted))
        return found


def page(rule: str) -> str:
    """What a rule is about, as Markdown; empty where there is nothing to tell."""
    from dodont.core.card import CardError
    from dodont.output.page import markdown_body

    known = catalogue.rules().get(rule)
    if known is None:
        return ""
    try:
        body = markdown_body(catalogue.card(known))
    except (OSError, CardError):
        body = known.summary
    return f"**{known.code} {known.name}**: {known.summary}\n\n{body}"
