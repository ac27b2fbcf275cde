"""Handlers that tell whether the service is there."""

from __future__ import annotations

from dodont.core.patterns import pattern

_PROBE = pattern(
    r"^(?:\w+_)?(?:health\w*|ready|readiness|readyz|live|liveness|livez|ping|heartbeat)(?:_\w+)?$|^(?:get_)?status$"
)


def is_probe(handler: str) -> bool:
    return _PROBE.match(handler.lower()) is not None


_STATE = pattern(r"Health|Status|Readiness|Liveness|Heartbeat|Ping(?![a-z])")


def speaks_of_state(view: str) -> bool:
    """Whether a class of handlers is about the state of the service by its name: ``StatusResource``."""
    return _STATE.search(view) is not None
