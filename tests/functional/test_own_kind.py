"""The plug-in door: a kind of product from outside the package is installed, offered, asked, billed and traced."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from town import DEPARTMENTS, EXAMPLES, entry, table

from sandbox.cli.demo.running import Instance
from sandbox.client import Client
from sandbox.errors import Problem

pytestmark = pytest.mark.service
SPEC = {"table": "visits", "column": "dept", "epsilon": "2"}


@pytest.fixture(scope="module")
def plugged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """An instance into whose environment the example was installed."""
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target", target]
    subprocess.run([*pip, str(_copy(tmp_path_factory.mktemp("source")))], check=True, timeout=600)
    with Instance(settings={"PYTHONPATH": str(target)}) as running:
        yield running


def _copy(folder: Path) -> Path:
    """The example elsewhere: what a build leaves behind belongs to no source."""
    for file in (EXAMPLES / "own_kind").rglob("*"):
        if file.suffix in (".py", ".toml"):
            place = folder / file.relative_to(EXAMPLES / "own_kind")
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(file.read_bytes())
    return folder


@pytest.fixture(scope="module")
def offered(plugged: Instance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, str, str, Client]]:
    """User, subscription, grant and operator of a ranking."""
    with plugged.client(plugged.authority_key) as authority:
        file = table(tmp_path_factory.mktemp("data"))
        resource = authority.register(entry(), {"visits": file})["id"]
        company = authority.create_party("Operator", ["operator"])
        grant = authority.grant(
            operator=company["id"], mode="whole", resources=[resource], purposes=["industry"], starts="2026-01-01",
            ends="2036-01-01", conditions="none", security_contact="s@example.org",
        )["id"]  # fmt: skip
        operator = plugged.client(company["api_key"])
        product = operator.create_product(grant, "Departments, ranked", [resource], "ranking", SPEC)["id"]
        operator.change_product(product, "submit")
        authority.attach(product, "impact_assessment", "assessment", "0" * 64)
        authority.change_product(product, "approve")
        operator.price(product, "call", "3.00", trial=True)
        user = plugged.client(authority.create_party("User", ["user"])["api_key"])
        subscription = user.subscribe(product, "industry", accept=True)["id"]
        operator.approve_subscription(subscription)
        yield user, subscription, resource, operator


def test_a_job_runs_through_a_kind_from_outside(plugged: Instance, offered: tuple[Client, str, str, Client]) -> None:
    user, subscription, *_ = offered
    assert Decimal(user.estimate(subscription)["fee"]) == 3
    answer = user.query(subscription)
    assert answer.columns == ["place", "dept", "share"]
    assert {row[1] for row in answer.rows} == set(DEPARTMENTS)
    assert all(abs(float(row[2]) - 25) < 3 * answer.errors["share"] for row in answer.rows)  # 5.6 σ and more
    shares = [Decimal(str(row[2])) for row in answer.rows]
    assert shares == sorted(shares, reverse=True) and abs(sum(shares) - 100) <= Decimal("0.02")
    for own, (place, *_) in enumerate(answer.rows, 1):  # who shares a place is chance: see test_own_kind_places.py
        first, _, last = str(place).partition("–")
        assert 1 <= int(first) <= own <= int(last or first) <= len(DEPARTMENTS)
    assert answer.fee == "3.00" and user.query(subscription).fee == "0"
    answer.receipt.verify(plugged.log_key.read_text())
    with pytest.raises(Problem, match="send the subscription only"):
        user.query(subscription, "SELECT COUNT(*) FROM visits")


def test_what_it_cannot_ask_is_refused_when_it_is_packaged(offered: tuple[Client, str, str, Client]) -> None:
    _, _, resource, operator = offered
    grant = operator.grants()[0]["id"]
    for spec, say in (
        (SPEC | {"column": "zz"}, "zz"),
        ({"table": "visits"}, "nothing else"),
        (SPEC | {"epsilon": "-1"}, "epsilon"),
    ):
        with pytest.raises(Problem, match=say):
            operator.create_product(grant, "x", [resource], "ranking", spec)
    with pytest.raises(Problem, match=r"this instance runs .*ranking"):
        operator.create_product(grant, "x", [resource], "oracle", {})
