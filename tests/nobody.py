"""An environment that is nobody's: without the settings of whoever runs the tests."""

from __future__ import annotations

import os

#: Git with an author, and with no configuration but a repository's own.
GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"} | {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Test"), ("EMAIL", "test@example.com"))
}
