"""astroid is asked within limits, and keeps nothing of a question."""

from __future__ import annotations

import pytest

from dodont import inference
from dodont.inference import receiver_class

MODULE = """\
from other import make


class Mailer:
    async def send(self): ...


def build():
    return Mailer()


mailer = build()
mailer.send()
made = make()
made.send()
"""
OTHER = "class Other:\n    async def send(self): ...\n\n\ndef make():\n    return Other()\n"


def sources(dotted: str) -> tuple[str, str] | None:
    return ("other.py", OTHER) if dotted == "other" else None


def test_the_class_of_an_object() -> None:
    assert receiver_class("app", "app.py", MODULE, 13, 0, sources) == "app.Mailer"
    assert receiver_class("app", "app.py", MODULE, 15, 0, sources) == "other.Other"
    assert receiver_class("app", "app.py", MODULE, 15, 0, lambda dotted: None) is None


def test_astroid_forgets() -> None:
    import astroid
    from astroid.context import _INFERENCE_CACHE
    from astroid.nodes import Name

    before = set(astroid.MANAGER.astroid_cache)
    assert receiver_class("app", "app.py", MODULE, 15, 0, sources) == "other.Other"
    assert set(astroid.MANAGER.astroid_cache) == before
    assert not _INFERENCE_CACHE
    assert Name.lookup.cache_info().currsize == 0


@pytest.mark.parametrize("limit", ["MAX_SECONDS", "MAX_NODES", "MAX_INFERRED", "MAX_LINES", "MAX_MODULES"])
def test_without_room_there_is_no_answer(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    inference._parsed.cache_clear()
    monkeypatch.setattr(inference, limit, -1 if limit != "MAX_MODULES" else 0)
    assert receiver_class("app", "app.py", MODULE, 15, 0, sources) is None
