"""What comes from a project's files and goes into a report: names and texts that may try to be more than that."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text on one line: what a terminal obeys, ends a line or turns its direction is written as an escape."""
    return text if text.isprintable() else "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def visible(text: str) -> str:
    """The same with as many characters as before, so that marks below a line of code stay where they belong; tabs are kept."""
    return "".join(each if each.isprintable() or each == "\t" else "\ufffd" for each in text)


def place(path: str) -> str:
    """A path at the beginning of a line, where no CI system takes it for a command: ``::error::x.py``, ``##vso[...]``."""
    shown = printable(path)
    return f"./{shown}" if shown.startswith((":", "#")) else shown


def markdown(text: str) -> str:
    """Text for a cell of a Markdown table; what stands in backquotes becomes code. Nothing in it is markup, a link or a mention."""
    parts = printable(text).split("`")
    if len(parts) % 2 == 0:  # an odd backquote belongs to the text
        parts[-2:] = ["`".join(parts[-2:])]
    cells = [_plain(part) if index % 2 == 0 else f"<code>{_quoted(part)}</code>" for index, part in enumerate(parts)]
    return "".join(cells)


#: What Markdown takes for markup, ends a cell, or calls somebody.
_MARKUP = "|`\\*_[]~@"


def _quoted(text: str) -> str:
    from html import escape

    return "".join(f"&#{ord(each)};" if each in _MARKUP else escape(each) for each in text)


def _plain(text: str) -> str:
    return _quoted(text).replace("://", "&#58;//")
