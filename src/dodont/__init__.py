"""dodont: a linter for Python backend code that knows what the code means."""

__version__ = "0.1.0"
