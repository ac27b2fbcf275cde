"""The formats by name; each is loaded when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from dodont.engine.settings import OUTPUT_FORMATS
from dodont.output.result import Result

#: Formats for people, which a closing line belongs to.
FOR_PEOPLE = ("concise", "full")

#: So many results of a SARIF run are kept by GitHub.
MOST = 5000


def render(form: str, result: Result) -> str:
    """The findings in a format, without colours and without a line end at the end."""
    if form in FOR_PEOPLE:
        from dodont.output import text

        return text.plain(text.full(result) if form == "full" else text.concise(result))
    assert form in OUTPUT_FORMATS
    write: Callable[[Result], str] = importlib.import_module(f"dodont.output.{form}").render
    return write(result)
