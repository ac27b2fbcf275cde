"""What a rule finds does not hang on which others run, though what no rule listens to is not worked out."""

from __future__ import annotations

from dodont.engine import catalogue
from dodont.engine.driver import check
from dodont.engine.settings import Settings
from tests.ecosystem.process import REPOSITORY


def test_the_same_whoever_else_listens() -> None:
    root = REPOSITORY / "docs" / "shop"
    rules = catalogue.rules().values()
    everything = check([root], Settings(root=root, select=("ALL",))).diagnostics
    for chosen in ((), ("ODD204",), ("ODD206",), ("ODD211",), ("ODD212", "ODD214")):
        found = check([root], Settings(root=root, select=chosen)).diagnostics
        codes = {each.code for each in rules if each.code in chosen or (not chosen and each.status == "stable")}
        assert found == tuple(each for each in everything if each.code in codes)
