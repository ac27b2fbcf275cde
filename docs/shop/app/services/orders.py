"""Placing orders."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Order
from app.repositories import OrderRepository, ProductRepository
from app.schemas import NewOrder
from app.services import NotFound, Refused
from app.services.mailer import Mailer

FREE_SHIPPING_FROM = 5000
SHIPPING_CENTS = 490


class OrderService:
    def __init__(
        self, session: AsyncSession, orders: OrderRepository, products: ProductRepository, mailer: Mailer
    ) -> None:
        self._session = session
        self._orders = orders
        self._products = products
        self._mailer = mailer

    async def place(self, new: NewOrder) -> Order:
        async with self._session.begin():
            product = await self._products.get(new.product_id)
            if product is None:
                raise NotFound("No such product")
            if not await self._products.reserve(product.id, new.quantity):
                raise Refused("Not enough in stock")
            order = Order(product_id=product.id, email=new.email, quantity=new.quantity, status="placed")
            order.unit_price_cents = product.price_cents
            total = product.price_cents * new.quantity
            order.shipping_cents = 0 if total >= FREE_SHIPPING_FROM else SHIPPING_CENTS
            return await self._orders.add(order)

    async def notify(self, order: Order) -> None:
        await self._mailer.send(order.email, f"Your order {order.id} is confirmed")
