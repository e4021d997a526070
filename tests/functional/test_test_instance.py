"""A test instance may do what an audit needs, says everywhere what it is, and never becomes a real one; a real one may
not do it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from estate import Estate, estate

from sandbox.bootstrap import INSTANCE, check_ready_to_serve, web_house
from sandbox.errors import Problem
from sandbox.service.doctor import examine
from sandbox.settings import load
from sandbox.test_instance import HEADER, identity, marked
from sandbox.transparency.leaves import published
from sandbox.transparency.receipt import verify_receipt
from sandbox.transparency.records import LogEntry

SQL = "SELECT town, COUNT(*) AS n FROM people GROUP BY town"


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with estate(tmp_path_factory.mktemp("trial") / "home", test_instance=True) as made:
        made.publish(("firm", "other"), per_user={"epsilon": "1", "delta": "1e-7"})
        made.finish()
        yield made


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with estate(tmp_path_factory.mktemp("real") / "home") as made:
        made.publish()
        made.finish()
        yield made


def answer(of: Estate, job: str, user: str = "firm") -> dict[str, object]:
    of.finish()
    found: dict[str, object] = of.ok("GET", f"/jobs/{job}/result", key=user)
    return found


def test_fresh_draws_noise_anew_and_is_charged_in_full_each_time(trial: Estate) -> None:
    kept = [answer(trial, trial.ask(SQL)) for _ in range(2)]
    assert kept[0]["rows"] == kept[1]["rows"] and Decimal(str(kept[1]["privacy"]["rho"])) == 0  # type: ignore[index]
    drawn = [answer(trial, trial.ask(SQL, fresh=True)) for _ in range(6)]
    assert len({str(one["rows"]) for one in [kept[0], *drawn]}) == 7
    assert len({one["privacy"]["rho"] for one in [kept[0], *drawn]}) == 1  # type: ignore[index]
    assert answer(trial, trial.ask(SQL, fresh=False))["rows"] == kept[0]["rows"]


def test_budgets_are_counted_and_do_not_bind(trial: Estate) -> None:
    for _ in range(3):
        answer(trial, trial.ask("SELECT AVG(wage) AS n FROM people", "other", epsilon="20", fresh=True), "other")
    [own] = trial.ok("GET", "/budgets", key="other")["items"]
    assert Decimal(own["spent"]["epsilon"]) > Decimal(own["total"]["epsilon"]) and Decimal(own["left"]["rho"]) == 0
    found = {check["name"]: check for check in examine(trial.settings)["checks"]}
    assert found["balances"]["ok"] and found["spending"]["ok"], found


def test_everything_says_what_it_is(trial: Estate) -> None:
    job = trial.ask(SQL, fresh=True)
    said = answer(trial, job)
    assert said["test_instance"] is True and "test instance" in said["notes"][0]  # type: ignore[index]
    for format in ("parquet", "xlsx"):
        trial.web.call("GET", f"/jobs/{job}/result?format={format}", key="firm").data  # noqa: B018 – is delivered
    receipt = trial.web.call("GET", f"/jobs/{job}/receipt", key="firm").text
    assert verify_receipt(receipt, trial.house.log_public_key).leaf["public"]["test_instance"] == "yes"
    leaves = [json.loads(leaf) for leaf in published(trial.house.log_folder)]
    assert leaves[0]["kind"] == "instance.created" and len(leaves) > 10
    assert all(leaf["public"]["test_instance"] == "yes" for leaf in leaves)
    assert trial.ok("GET", "/disclosure", key="")["test_instance"] is True
    assert "test instance" in trial.web.client.get("/?lang=en").text
    [check] = [one for one in examine(trial.settings)["checks"] if one["name"] == "instance"]
    assert "TEST" in check["detail"]


def test_every_answer_over_http_has_the_mark() -> None:
    seen: list[object] = []
    app = marked(lambda environ, start: start("200 OK", [("A", "b")]) or [b""])
    app({}, lambda status, headers: seen.extend(headers))
    assert seen == [("A", "b"), HEADER]


def test_a_real_instance_does_none_of_it(real: Estate) -> None:
    body = {"subscription": real.subscriptions["firm"], "sql": SQL, "epsilon": "0.5", "fresh": True}
    refused = real.web.call("POST", "/jobs", body, "firm", headers={"Idempotency-Key": "f"})
    assert (refused.status_code, refused.json["code"]) == (422, "field_invalid")
    assert "only a test instance" in refused.json["detail"]
    assert real.web.call("POST", "/jobs/estimate", body, "firm").json["code"] == "field_invalid"
    body |= {"epsilon": "200", "fresh": False}
    refused = real.web.call("POST", "/jobs", body, "firm", headers={"Idempotency-Key": "g"})
    assert refused.json["code"] == "privacy_budget_exhausted"
    said = answer(real, real.ask(SQL))
    assert "test_instance" not in said and not any("test instance" in note for note in said["notes"])  # type: ignore[attr-defined]
    assert not any("test_instance" in json.loads(leaf)["public"] for leaf in [*published(real.house.log_folder)][1:])
    [check] = [one for one in examine(real.settings)["checks"] if one["name"] == "instance"]
    assert check["detail"].startswith("a real one")


def test_its_file_cannot_make_it_a_real_one(tmp_path: Path) -> None:
    with estate(tmp_path / "home", test_instance=True) as made:
        made.finish()
    file = tmp_path / "home" / INSTANCE
    said = json.loads(file.read_text())
    for changed in ({"test_instance": False}, {"id": "instance_other"}):
        file.write_text(json.dumps(said | changed))
        with pytest.raises(Problem, match="what the log says stands") as caught:
            web_house(made.settings)
        assert caught.value.code == "integrity_stop"
        with pytest.raises(Problem, match="what the log says stands"):
            check_ready_to_serve(made.settings)
        with pytest.raises(Problem, match="what the log says stands"):
            examine(made.settings)
    file.write_text(json.dumps(said))
    assert web_house(made.settings).test_instance


def test_nor_can_its_database(tmp_path: Path) -> None:
    with estate(tmp_path / "home", test_instance=True) as made:
        made.finish()
        with made.house.store.write() as tx:
            [first] = tx.find(LogEntry, index=0)
            leaf = json.loads(first.leaf)
            leaf["public"]["test_instance"] = "no"
            tx.change(first, leaf=json.dumps(leaf, separators=(",", ":"), sort_keys=True).encode())
        with pytest.raises(Problem, match="another leaf than the published log"), made.house.store.read() as tx:
            identity(tx, made.house.log_folder, tmp_path / "home" / INSTANCE)


def test_a_provider_without_its_secret_is_told_before_anything_starts(tmp_path: Path) -> None:
    with estate(tmp_path / "home") as made:
        made.finish()
    provider = {"oidc_issuer": "https://id.example", "oidc_client": "sandbox", "public_url": "https://sandbox.example"}
    settings = load(home=tmp_path / "home", **provider)
    with pytest.raises(Problem, match=r"put its secret into .*oidc\.secret"):
        check_ready_to_serve(settings)
    (settings.key_folder / "oidc.secret").write_text("secret")
    check_ready_to_serve(settings)


def test_a_home_with_another_database_stops(tmp_path: Path) -> None:
    for name in ("one", "two"):
        with estate(tmp_path / name) as made:
            made.finish()
    mixed = load(home=tmp_path / "one", database_url=f"sqlite:///{tmp_path / 'two' / 'sandbox.db'}")
    with pytest.raises(Problem, match="another leaf than the published log"):
        check_ready_to_serve(mixed)


def test_the_first_leaf_is_signed_before_anything_else(trial: Estate) -> None:
    proof = trial.web.call("GET", "/log/proof?index=0", key="").text
    assert "c2sp.org/tlog-proof" in proof
    bundle = trial.web.call("GET", "/log/tile/entries/000.p/1", key="")
    assert bundle.status_code in (200, 404)
    first = next(published(trial.house.log_folder))
    assert base64.b64encode(first) and json.loads(first)["public"]["test_instance"] == "yes"
