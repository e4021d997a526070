"""Every method on the whole walk, models trained again, and leaked values of a linear one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import pytest
from estate import table
from models_world import Lending, lending, loans

from sandbox.errors import Problem
from sandbox.jobs.own import run_own
from sandbox.jobs.records import Base

METHODS: dict[str, dict[str, Any]] = {
    "naive_bayes": {},
    "linear": {"target": "owed", "positive": None, "features": ["age", "kind", "late"]},
    "kmeans": {"target": None, "positive": None, "size": 2},
    "pca": {"target": None, "positive": None, "size": 2, "features": ["age", "owed"]},
}


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lending]:
    with ExitStack() as stack:
        made = lending(tmp_path_factory.mktemp("methods") / "home", stack)
        made.web.join("regulator")
        yield made


def held(bank: Lending, name: str, **spec: Any) -> tuple[str, str]:
    """A trained model and the copy of a user of its own; product and job."""
    product = bank.package(**spec)
    bank.web.join(name, "user")
    asked = {"product": product, "purpose": "industry", "commitment": {"accepted": True}}
    bank.subscriptions[name] = bank.ok("POST", "/subscriptions", asked, name)["id"]
    bank.ok("POST", f"/subscriptions/{bank.subscriptions[name]}/approve", {}, "operator")
    bank.train(product)
    return product, bank.copy(name)


def predicted(bank: Lending, user: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    body = {"subscription": bank.subscriptions[user], "rows": rows}
    found: list[dict[str, Any]] = bank.ok("POST", "/predictions", body, user)["predictions"]
    return found


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_trained_copied_and_predicts(bank: Lending, method: str) -> None:
    _, job = held(bank, method, method=method, weights=True, **METHODS[method])
    card = bank.ok("GET", f"/jobs/{job}/card", None, method)
    assert abs(sum(float(one["value"]) for one in card["reasons"]) - 1) < 1e-4
    known = [
        {"age": row["age"], "owed": float(row["owed"]), "kind": row["kind"], "late": row["late"]} for row in loans(300)
    ]
    rows = [{name: row[name] for name in card["features"]} for row in known]
    found = predicted(bank, method, rows)
    match method:
        case "naive_bayes":
            assert all(0 <= one["score"] <= 1 for one in found)
        case "linear":
            late = [one["value"] for one, row in zip(found, known, strict=True) if row["late"]]
            rest = [one["value"] for one, row in zip(found, known, strict=True) if not row["late"]]
            assert sum(late) / len(late) > sum(rest) / len(rest)  # who owes more is late more often
            weights = {one["item"]: float(one["value"]) for one in card["weights"]}
            assert set(weights) == {"constant", "age", "kind = home", "late"} and weights["late"] > 0
        case "kmeans":
            assert {one["cluster"] for one in found} == {1, 2}
        case "pca":
            assert {len(one["coordinates"]) for one in found} == {2}
    assert len(bank.web.call("GET", f"/jobs/{job}/weights", None, method).data) > 100


def test_leaked_values_of_a_linear_model_are_traced(bank: Lending) -> None:
    held(bank, "seller", method="linear", target="owed", positive=None, features=["age", "kind", "late"], holdout="0.1")
    rows = [{"age": row["age"], "kind": row["kind"], "late": row["late"]} for row in loans(900, seed=13)]
    found = predicted(bank, "seller", rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, ["kind", "guess", "age", "late"])
    writer.writeheader()
    writer.writerows({**row, "guess": f"{one['value']:.1f}"} for row, one in zip(rows, found, strict=True))
    files = {"file": (io.BytesIO(text.getvalue().encode()), "leak.csv", "text/csv")}
    trace = bank.ok("POST", "/traces", key="regulator", data=files)["id"]
    bank.finish()
    said = bank.ok("GET", f"/traces/{trace}", None, "regulator")
    assert [finding["party"] for finding in said["findings"]] == [bank.web.ids["seller"]]


def test_trained_again_on_the_same_data_it_is_the_same_and_on_new_data_another(bank: Lending) -> None:
    product, job = held(bank, "late", holdout="0.15")

    def spent() -> tuple[int, Decimal]:
        with bank.house.store.read() as tx:
            bases = len(tx.find(Base))
        shared = next(one for one in bank.ok("GET", "/budgets")["items"] if one["party"] is None)
        return bases, Decimal(shared["spent"]["rho"])

    before = spent()
    bank.train(product)
    assert spent() == before
    metadata = {"loans": (io.BytesIO(table(loans(3000, seed=99))), "loans.csv", "text/csv")}
    with bank.working():
        bank.ok("PUT", f"/resources/{bank.resource}/data", data=metadata)
    bank.train(product)
    after = spent()
    assert after[0] == before[0] + 1 and after[1] > before[1]
    body = {"subscription": bank.subscriptions["late"]}
    newer = bank.ok("POST", "/jobs", body, "late", headers={"Idempotency-Key": "newer"})["id"]
    bank.finish()
    cards = [bank.ok("GET", f"/jobs/{one}/card", None, "late") for one in (job, newer)]
    assert cards[0]["version"] != cards[1]["version"]
    assert (
        bank.ok("POST", "/predictions", body | {"rows": [{"age": 40, "owed": 10, "kind": "car"}]}, "late")["copy"]
        == newer
    )
    bank.beat()
    with pytest.raises(Problem) as caught:  # three runs were planned for the year
        run_own(bank.house, product, "2025")
    assert caught.value.code == "quota_exhausted"
