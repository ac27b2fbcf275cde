"""The SQL that several reports share."""


def orders_with_status(status: str) -> str:
    return f"SELECT id, quantity, unit_price_cents FROM orders WHERE status = '{status}' ORDER BY id LIMIT 100"
