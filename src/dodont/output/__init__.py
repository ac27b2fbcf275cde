"""Findings as text: one module per format, each with ``render(result, ...) -> str``."""
