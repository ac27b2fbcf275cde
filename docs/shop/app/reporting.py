"""Reports, straight from the tables."""

import sqlite3

from app.queries import orders_with_status
from app.schemas import OrderLine, StockLine


class Reports:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def orders(self, status: str) -> list[OrderLine]:
        rows = self._connection.execute(orders_with_status(status)).fetchall()
        return [OrderLine(order_id=row["id"], total_cents=row["quantity"] * row["unit_price_cents"]) for row in rows]

    def low_stock(self, threshold: int) -> list[StockLine]:
        rows = self._connection.execute("SELECT * FROM products WHERE stock < ? ORDER BY id LIMIT 100", (threshold,))
        return [StockLine(product_id=row["id"], name=row["name"], stock=row["stock"]) for row in rows.fetchall()]
