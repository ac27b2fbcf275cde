"""SQL templates and the questions asked of them. The only importer of sqlglot, and only once a text needs parsing."""

from __future__ import annotations

from dodont.sql.creations import created, spells_out, temporary
from dodont.sql.gate import is_sql, looks_like_sql
from dodont.sql.questions import Hole, Position, Star, Statement, read

__all__ = [
    "Hole",
    "Position",
    "Star",
    "Statement",
    "created",
    "is_sql",
    "looks_like_sql",
    "read",
    "spells_out",
    "temporary",
]
