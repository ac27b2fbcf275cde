"""flake8 as it is without dodont, run as a child process with flake8's own arguments.

flake8 has no option to leave an installed plugin out, and filters its findings only after it has run.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator

from flake8.main.cli import main  # type: ignore[import-untyped]

_distributions = importlib.metadata.distributions


def _without_dodont() -> Iterator[importlib.metadata.Distribution]:
    return (found for found in _distributions() if found.metadata["Name"] != "dodont")


if __name__ == "__main__":
    importlib.metadata.distributions = _without_dodont  # type: ignore[assignment]
    raise SystemExit(main())
