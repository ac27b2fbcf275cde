"""What comes in and what goes out."""

from pydantic import BaseModel, ConfigDict, Field

EMAIL = r"^[^@\s]+@[^@\s]+$"


class Output(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ProductOut(Output):
    id: int
    name: str
    price_cents: int


class NewOrder(BaseModel):
    product_id: int
    email: str = Field(pattern=EMAIL, max_length=120)
    quantity: int = Field(ge=1, le=100)


class OrderOut(Output):
    id: int
    product_id: int
    quantity: int
    status: str


class Refund(BaseModel):
    order_id: int
    amount_cents: int


class Credentials(BaseModel):
    email: str = Field(pattern=EMAIL, max_length=120)
    password: str = Field(min_length=12, max_length=200)


class AccountOut(Output):
    id: int
    email: str


class OrderLine(BaseModel):
    order_id: int
    total_cents: int


class StockLine(BaseModel):
    product_id: int
    name: str
    stock: int
