"""The audit trail."""

import logging

logger = logging.getLogger("shop.audit")


def record(event: str, subject: str, detail: str) -> None:
    logger.warning("%s: %s (%s)", event, subject, detail)
