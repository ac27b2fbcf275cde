import asyncio
from email.message import EmailMessage

import pytest
from fastapi.testclient import TestClient

from app.services.mailer import ATTEMPTS, Mailer

API = "/api/v1"
ORDER = {"product_id": 1, "email": "ann@example.com", "quantity": 2}
LOGIN = {"email": "ann@example.com", "password": "correct horse battery"}


def test_health_and_request_id(client: TestClient) -> None:
    response = client.get("/health", headers={"X-Request-ID": "r1"})
    assert response.json() == {"status": "ok"}
    assert response.headers["X-Request-ID"] == "r1"


def test_products(client: TestClient) -> None:
    assert [p["name"] for p in client.get(f"{API}/products").json()] == ["Tea pot", "Cup"]
    assert client.get(f"{API}/products?offset=1").json() == [{"id": 2, "name": "Cup", "price_cents": 400}]
    assert client.get(f"{API}/products/low-stock").json() == [{"product_id": 1, "name": "Tea pot", "stock": 3}]


def test_order_and_refund(client: TestClient) -> None:
    response = client.post(f"{API}/orders", json=ORDER)
    assert response.status_code == 201
    assert response.json() == {"id": 1, "product_id": 1, "quantity": 2, "status": "placed"}
    assert client.get(f"{API}/orders/1/refund").json() == {"order_id": 1, "amount_cents": 4490}
    assert client.get(f"{API}/orders?status=placed").json() == [{"order_id": 1, "total_cents": 4000}]
    assert client.get(f"{API}/products/low-stock").json() == [{"product_id": 1, "name": "Tea pot", "stock": 1}]


@pytest.mark.parametrize(
    ("change", "status"), [({"quantity": 4}, 409), ({"product_id": 9}, 404), ({"quantity": 0}, 422)]
)
def test_refused_orders(client: TestClient, change: dict[str, int], status: int) -> None:
    assert client.post(f"{API}/orders", json=ORDER | change).status_code == status
    assert client.get(f"{API}/orders/1/refund").status_code == 404


def test_accounts(client: TestClient) -> None:
    assert client.post(f"{API}/accounts", json=LOGIN).json() == {"id": 1, "email": "ann@example.com"}
    assert client.post(f"{API}/accounts", json=LOGIN).status_code == 409
    assert client.post(f"{API}/accounts/sign-in", json=LOGIN).json()["id"] == 1


@pytest.mark.parametrize("change", [{"password": "incorrect horse"}, {"email": "bob@example.com"}])
def test_refused_sign_in(client: TestClient, change: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    client.post(f"{API}/accounts", json=LOGIN)
    assert client.post(f"{API}/accounts/sign-in", json=LOGIN | change).status_code == 401
    assert "sign-in refused" in caplog.text


@pytest.mark.parametrize(("failures", "delivered"), [(0, True), (1, True), (ATTEMPTS, False)])
def test_mail_is_tried_again(failures: int, delivered: bool) -> None:
    outcomes = [ConnectionError("refused")] * failures

    def deliver(message: EmailMessage) -> None:
        if outcomes:
            raise outcomes.pop()

    assert asyncio.run(Mailer(deliver).send("ann@example.com", "Hello")) is delivered
    assert outcomes == []
