"""The order in which files are checked does not show in the findings, not even where imports go in circles."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from dodont.engine.analyst import interpreting
from dodont.engine.driver import Run
from dodont.engine.settings import Settings

FILES = {
    # A view whose base, and a model whose module, are still being read when the other module asks.
    "shop/base.py": """\
from django.views import View

from shop import models, views


class Page(View):
    start = views.START
""",
    "shop/models.py": """\
from django.db import models

from shop.views import START


class Order(models.Model):
    number = models.CharField(max_length=START)
""",
    "shop/views.py": """\
START = 1

from shop.base import Page
from shop.models import Order


class Orders(Page):
    def get(self, request):
        return Order.objects.filter(number=request.GET["number"]).first()
""",
    "shop/__init__.py": "",
}


REEXPORTED = {
    # What the package hands on is looked for while the module that defines it is being read.
    "shop/__init__.py": "",
    "shop/models/__init__.py": "from shop.models.order import Order\n",
    "shop/models/order.py": """\
from django.db import models

from shop.base import Numbered


class Order(models.Model, Numbered):
    number = models.CharField(max_length=20)
""",
    "shop/base.py": """\
from shop.models import Order

LARGEST = Order


class Numbered:
    pass
""",
    "shop/views.py": """\
from django.views import View

from shop.models import Order


class Orders(View):
    def get(self, request):
        return Order.objects.filter(number=request.GET["number"]).first()
""",
}


def findings(root: Path, order: Sequence[str]) -> set[tuple[str, str]]:
    with interpreting():
        run = Run(Settings(root=root))
        return {(found.code, found.path) for found in run.files([str(root / name) for name in order])}


ORDERS = [(files, order) for files in (FILES, REEXPORTED) for order in itertools.permutations(files)]


@pytest.mark.parametrize(("files", "order"), ORDERS, ids=[" ".join(order) for _, order in ORDERS])
def test_any_order_of_files(tmp_path: Path, files: Mapping[str, str], order: Sequence[str]) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert findings(tmp_path, order) == {("ODD102", "shop/views.py")}


@pytest.mark.parametrize("order", [("routes.py", "start.py"), ("start.py", "routes.py")], ids=" ".join)
def test_a_function_that_registers_handlers_in_a_circle(tmp_path: Path, order: Sequence[str]) -> None:
    routes = """\
from start import start

def show():
    return 1

def register(api):
    api.add_api_route("/orders", show)
    start(api)
"""
    (tmp_path / "routes.py").write_text(routes, encoding="utf-8")
    (tmp_path / "start.py").write_text(
        "from routes import register\n\ndef start(api):\n    return register(api)\n", encoding="utf-8"
    )
    assert findings(tmp_path, order) == set()
