from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from app.db import Settings
from app.dependencies import get_mailer
from app.main import create_app
from app.models import Base, Product
from app.services.mailer import Mailer


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    database = tmp_path / "shop.sqlite"
    engine = create_engine(f"sqlite:///{database}")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Product(name="Tea pot", price_cents=2000, stock=3))
        session.add(Product(name="Cup", price_cents=400, stock=40))
        session.commit()
    engine.dispose()
    app = create_app(Settings(database=str(database), smtp_host="mail.example.com"))
    app.dependency_overrides[get_mailer] = lambda: Mailer(lambda message: None)
    with TestClient(app) as client:
        yield client
