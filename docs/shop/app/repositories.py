"""What the shop stores."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Account, Order, Product


class Repository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session


class ProductRepository(Repository):
    async def get(self, product_id: int) -> Product | None:
        return await self._session.get(Product, product_id)

    async def reserve(self, product_id: int, quantity: int) -> bool:
        """Take from the stock in one statement; False when there is not enough."""
        enough = (Product.id == product_id, Product.stock >= quantity)
        taken = update(Product).where(*enough).values(stock=Product.stock - quantity).returning(Product.id)
        return (await self._session.execute(taken)).scalar_one_or_none() is not None


class OrderRepository(Repository):
    async def get(self, order_id: int) -> Order | None:
        return await self._session.get(Order, order_id)

    async def add(self, order: Order) -> Order:
        self._session.add(order)
        await self._session.flush()
        return order


class AccountRepository(Repository):
    async def find_by_email(self, email: str) -> Account | None:
        result = await self._session.execute(select(Account).where(Account.email == email))
        return result.scalar_one_or_none()

    async def add(self, account: Account) -> Account:
        self._session.add(account)
        await self._session.flush()
        return account
