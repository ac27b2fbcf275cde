"""Handlers that tell whether the service is there."""

from __future__ import annotations

import re

_PROBE = re.compile(
    r"^(?:\w+_)?(?:health\w*|ready|readiness|readyz|live|liveness|livez|ping|heartbeat)(?:_\w+)?$|^(?:get_)?status$"
)


def is_probe(handler: str) -> bool:
    return _PROBE.match(handler.lower()) is not None
