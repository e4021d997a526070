"""A model from training to a traced leak, on the real API, vault and scribe."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from models_world import SPEC, Lending, lending, loans
from shell import shell

from sandbox.bootstrap import inspector
from sandbox.jobs.result import result_of
from sandbox.metering.records import UsageEvent
from sandbox.oversight.evidence import verify_bundle
from sandbox.service import doctor
from sandbox.transparency.records import LogEntry


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lending]:
    with ExitStack() as stack:
        made = lending(tmp_path_factory.mktemp("models") / "home", stack)
        made.web.join("regulator")
        yield made


@pytest.fixture(scope="module")
def copies(bank: Lending) -> dict[str, str]:
    bank.train()
    return {user: bank.copy(user) for user in ("bank", "shop")}


def told(count: int, seed: int = 11) -> list[dict[str, Any]]:
    return [{"age": r["age"], "owed": float(r["owed"]), "kind": r["kind"]} for r in loans(count, seed)]


def predicted(bank: Lending, user: str, rows: list[dict[str, Any]], **headers: str) -> Any:
    body = {"subscription": bank.subscriptions[user], "rows": rows}
    return bank.web.call("POST", "/predictions", body, user, headers=headers)


def scores(bank: Lending, user: str, rows: list[dict[str, Any]]) -> list[float]:
    found: list[float] = []
    for start in range(0, len(rows), 1000):
        found += [one["score"] for one in predicted(bank, user, rows[start : start + 1000]).json["predictions"]]
    return found


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def test_before_a_copy_is_taken_nothing_is_predicted(tmp_path: Path) -> None:
    with ExitStack() as stack:
        early = lending(tmp_path / "home", stack)
        assert refused(predicted(early, "bank", told(1))) == (409, "state_conflict")
        body = {"subscription": early.subscriptions["bank"]}
        asked = early.web.call("POST", "/jobs", body, "bank", headers={"Idempotency-Key": "k"})
        assert refused(asked) == (404, "not_found")  # its operator has not trained it


def test_a_copy_costs_what_the_model_cost_and_draws_nothing_anew(bank: Lending, copies: dict[str, str]) -> None:
    own, other = (bank.ok("GET", f"/jobs/{copies[user]}/result", None, user) for user in ("bank", "shop"))
    assert own["privacy"]["rho"] == other["privacy"]["rho"]
    assert abs(Decimal(own["privacy"]["epsilon"]) - 2) < Decimal("0.001")
    quality = {tuple(row[:2]): (row[2], width[2]) for row, width in zip(own["rows"], own["errors"], strict=True)}
    auc, width = (float(one) for one in quality["quality", "auc"])
    assert auc + 2 * width > 0.6 and auc > 0.45  # 0.78 with a deviation of 0.04, as the width says
    assert not any(part == "weight" for part, _ in quality)
    assert own["rows"] != other["rows"]  # marked for each
    pairs = [(a, b) for a, b in zip(own["rows"], other["rows"], strict=True) if a[0] in ("quality", "reason")]
    assert max(abs(float(a[2]) - float(b[2])) for a, b in pairs) < 0.25  # marks lie within the noise
    budgets = bank.ok("GET", "/budgets")["items"]
    shared = next(one for one in budgets if one["party"] is None)
    assert Decimal("1.5") < Decimal(shared["spent"]["epsilon"]) < 2  # once, however many copies, at its larger δ


def test_what_a_copy_costs_is_said_beforehand(bank: Lending, copies: dict[str, str]) -> None:
    tag = bank.ok("POST", "/jobs/estimate", {"subscription": bank.subscriptions["shop"]}, "shop")
    assert tag["held_already"] and Decimal(tag["fee"]) in (Decimal(0), Decimal("0.50"))
    assert any("borrower" in sentence for sentence in tag["explain"]["en"])
    assert any("拟合" in sentence for sentence in tag["explain"]["zh"])


def test_the_card_says_it_in_both_languages(bank: Lending, copies: dict[str, str]) -> None:
    card = bank.ok("GET", f"/jobs/{copies['bank']}/card", None, "bank")
    assert card["use"] == SPEC["use"]
    assert abs(Decimal(card["epsilon"]) - 2) < Decimal("0.001")
    assert card["version"].startswith("version_")
    assert abs(sum(float(one["value"]) for one in card["reasons"]) - 1) < 1e-4
    assert any("AUC" in sentence for sentence in card["words"]["zh"])
    assert any("ε" in sentence for sentence in card["words"]["en"])
    assert refused(bank.web.call("GET", f"/jobs/{copies['bank']}/card", None, "shop")) == (404, "not_found")
    read = bank.web.call("GET", f"/jobs/{copies['bank']}/card?format=html", None, "bank")
    assert read.mimetype == "text/html"
    assert "risk of a loan" in read.text and "AUC" in read.text
    with inspector(bank.settings) as house, house.store.read() as tx:
        leaves = tx.find(LogEntry, kind="delivery.made", job=copies["bank"])
        assert sum(json.loads(leaf.leaf)["public"] == {"format": "card"} for leaf in leaves) >= 2


def test_predictions_are_near_the_truth_and_marked_for_each(bank: Lending, copies: dict[str, str]) -> None:
    rows = told(1000)
    own, other = scores(bank, "bank", rows), scores(bank, "shop", rows)
    assert own == scores(bank, "bank", rows)
    assert max(abs(a - b) for a, b in zip(own, other, strict=True)) < 0.1
    assert sum(a != b for a, b in zip(own, other, strict=True)) > 200
    late = np.array([row["late"] for row in loans(1000, 11)])
    assert np.mean(np.array(own)[late == 1]) > np.mean(np.array(own)[late == 0]) + 0.1


def test_each_call_is_metered_with_its_leaf_and_a_repeated_one_is_not(bank: Lending, copies: dict[str, str]) -> None:
    first = predicted(bank, "bank", told(5), **{"Idempotency-Key": "five"}).json
    assert first["fee"] == "0.50"
    again = predicted(bank, "bank", told(5), **{"Idempotency-Key": "five"}).json
    assert again == first
    other = predicted(bank, "bank", told(5, seed=1), **{"Idempotency-Key": "five"})
    assert refused(other) == (409, "idempotency_conflict")
    with inspector(bank.settings) as house, house.store.read() as tx:
        [event] = tx.find(UsageEvent, job=first["id"])
        assert (event.fee, event.quantity, event.unit) == (Decimal("0.50"), 1, "call")
        calls = tx.find(UsageEvent, subscription=bank.subscriptions["bank"])
        leaves = tx.find(LogEntry, kind="prediction.made", party=event.party)
        assert len(leaves) == sum(one.job.startswith("prediction_") for one in calls if one.job)


def test_books_with_predictions_in_them_agree_and_a_lost_event_is_found(
    bank: Lending, copies: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    predicted(bank, "bank", told(2))

    def money() -> Any:
        return next(one for one in doctor.examine(bank.settings)["checks"] if one["name"] == "money")

    assert money()["ok"], money()
    with monkeypatch.context() as patch:
        patch.setattr(doctor, "UsageEvent", LogEntry)  # as if no event were there: leaves are of no job that is billed
        assert "have their usage event" in money()["detail"]


def test_what_is_refused_is_not_billed(bank: Lending, copies: dict[str, str]) -> None:
    """A consent that is not there, a record that is wrong: no event, no leaf."""
    with inspector(bank.settings) as house, house.store.read() as tx:
        before = len(tx.find(UsageEvent)), len(tx.find(LogEntry, kind="prediction.made"))
    body = {"subscription": bank.subscriptions["bank"], "rows": told(1), "consent": "consent_1"}
    assert refused(bank.web.call("POST", "/predictions", body, "bank")) == (403, "consent_missing")
    assert refused(predicted(bank, "bank", [told(1)[0] | {"age": "x"}])) == (422, "field_invalid")
    with inspector(bank.settings) as house, house.store.read() as tx:
        assert (len(tx.find(UsageEvent)), len(tx.find(LogEntry, kind="prediction.made"))) == before


def test_consent_is_looked_at_and_ends_at_once(bank: Lending, copies: dict[str, str]) -> None:
    person = {"kind": "cn_id", "number": "11010519491231002X"}
    asked = {
        "person": person, "purpose": "industry", "product": bank.product, "form": "cd" * 32,
        "identity_proof": "seen at the counter", "expires_at": "2027-06-01T00:00:00Z", "sensitive": True,
    }  # fmt: skip
    consent = bank.ok("POST", "/consents", asked, "bank")["id"]
    body = {"subscription": bank.subscriptions["bank"], "rows": told(1), "consent": consent}
    assert bank.ok("POST", "/predictions", body, "bank")["fee"] == "0.50"
    other = body | {"subscription": bank.subscriptions["shop"]}
    assert refused(bank.web.call("POST", "/predictions", other, "shop")) == (403, "consent_missing")
    bank.ok("DELETE", f"/consents/{consent}", None, "bank")
    assert refused(bank.web.call("POST", "/predictions", body, "bank")) == (403, "consent_missing")


def test_nothing_of_a_record_is_kept_anywhere(bank: Lending, copies: dict[str, str]) -> None:
    rows = [{"age": 77.123987, "owed": 321.98765, "kind": "home"}]
    answer = predicted(bank, "bank", rows, **{"Idempotency-Key": "kept-nowhere"})
    wrong = predicted(bank, "bank", [{"age": 77.123987, "owed": "321.98765x", "kind": "home"}])
    assert refused(wrong) == (422, "field_invalid")
    assert "321" not in wrong.text
    bank.finish()
    score = str(answer.json["predictions"][0]["score"])
    traces = [b"77.123987", b"321.98765", score.encode()]
    with bank.house.store.read() as tx:
        assert tx is not None
    seen = 0
    for path in bank.settings.home.parent.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            seen += 1
            assert not any(trace in data for trace in traces), path
    assert seen > 5
    with inspector(bank.settings) as house, house.store.read() as tx:
        for entry in tx.find(LogEntry, kind="prediction.made"):
            for opened in house.journal.openings(tx, entry, "recipient").values():
                assert not any(trace in opened.value for trace in traces)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"age": "old"}, "rows.1.age"),
        ({"kind": "boat"}, "rows.1.kind"),
        ({"colour": "red"}, "rows.1"),
        ({"age": True}, "rows.1.age"),
    ],
)
def test_a_wrong_record_is_named_by_its_place(
    bank: Lending, copies: dict[str, str], change: dict[str, Any], named: str
) -> None:
    answer = predicted(bank, "bank", [told(1)[0], told(1)[0] | change])
    assert refused(answer) == (422, "field_invalid")
    assert named in answer.json["detail"]
    assert "old" not in answer.text.replace("field", "")


def test_nobody_predicts_without_end_and_a_stop_holds_at_once(
    bank: Lending, copies: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = bank.web.house.settings.model_copy(update={"predictions_in_ten_minutes": 10})
    house = bank.web.house
    monkeypatch.setattr(type(house), "settings", property(lambda self: few), raising=False)
    try:
        answer = predicted(bank, "shop", told(11))
    finally:
        monkeypatch.undo()
    assert refused(answer) == (429, "rate_limited")
    stop = bank.ok("POST", "/emergency", {"scope": "product", "target": bank.product, "reason": "drill"})
    assert refused(predicted(bank, "shop", told(1))) == (423, "emergency_stop")
    bank.ok("POST", f"/emergency/{stop['id']}/lift", {})
    bank.ok("POST", f"/emergency/{stop['id']}/lift", {}, "regulator")


def leak(bank: Lending, user: str, count: int, digits: int) -> bytes:
    """What the user was given: records and scores, shuffled, columns renamed but for the features."""
    rows = told(count, seed=5)
    lines = [
        {"no": number, **row, "risk": f"{score:.{digits}f}"}
        for number, (row, score) in enumerate(zip(rows, scores(bank, user, rows), strict=True))
    ]
    random.Random(3).shuffle(lines)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(lines[0]))
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue().encode()


def traced(bank: Lending, data: bytes) -> Any:
    files = {"file": (io.BytesIO(data), "leak.csv", "text/csv")}
    trace = bank.ok("POST", "/traces", key="regulator", data=files)["id"]
    bank.finish()
    return bank.ok("GET", f"/traces/{trace}", None, "regulator")


def test_leaked_predictions_are_traced_though_rounded_and_shuffled(bank: Lending, copies: dict[str, str]) -> None:
    found = traced(bank, leak(bank, "shop", 800, 2))
    assert [finding["party"] for finding in found["findings"]] == [bank.web.ids["shop"]]
    without = read_without_features(leak(bank, "shop", 300, 6))
    assert traced(bank, without)["findings"] == []  # nothing says what the model said of them


def read_without_features(data: bytes) -> bytes:
    lines = list(csv.DictReader(io.StringIO(data.decode())))
    return "\n".join(["no,risk", *(f"{line['no']},{line['risk']}" for line in lines)]).encode()


def test_evidence_of_leaked_predictions_holds_offline(bank: Lending, copies: dict[str, str]) -> None:
    found = traced(bank, leak(bank, "bank", 400, 4))
    assert found["verdict"] == "traced"
    [finding] = found["findings"]
    assert finding["party"] == bank.web.ids["bank"]
    assert finding["log10_p"] < -6
    bundle = bank.web.call("GET", f"/traces/{found['id']}/evidence", None, "regulator")
    assert bundle.status_code == 200, bundle.text
    said = verify_bundle(bundle.data, bank.house.log_public_key, result_of(bank.house.products))
    assert said["verdict"] == "traced"


def test_the_commands_take_a_copy_read_its_card_and_predict(
    bank: Lending, copies: dict[str, str], tmp_path: Path
) -> None:
    table, scored, page = tmp_path / "in.csv", tmp_path / "out.csv", tmp_path / "card.html"
    rows = told(3)
    table.write_text(
        "age,owed,kind\n" + "".join(f"{r['age']},{r['owed']},{r['kind']}\n" for r in rows), encoding="utf-8"
    )
    own = bank.subscriptions["bank"]
    with shell(bank.web) as commands:
        said = commands.run("predict", own, str(table), "--out", str(scored), key="bank")
        assert "3 records predicted for 0.50 yuan" in said
        with scored.open(encoding="utf-8") as source:
            written = [float(line["score"]) for line in csv.DictReader(source)]
        assert written == scores(bank, "bank", rows)
        assert len(commands.ask("predict", own, str(table), key="bank")["predictions"]) == 3
        named = table.with_name("named.csv")
        lines = table.read_text(encoding="utf-8").splitlines()
        named.write_text("\n".join(f"{'name' if not n else f'0{n}'},{line}" for n, line in enumerate(lines)))
        assert "and nothing else" in commands.run("predict", own, str(named), key="bank", code=1)
        commands.run("predict", own, str(named), "--keep", "name", "--out", str(scored), key="bank")
        with scored.open(encoding="utf-8") as source:
            kept = [(line["name"], float(line["score"])) for line in csv.DictReader(source)]
        assert kept == list(zip(["01", "02", "03"], written, strict=True))
        assert "no column id" in commands.run("predict", own, str(named), "--keep", "id", key="bank", code=2)
        assert "AUC" in commands.run("model", "card", copies["bank"], "--language", "zh", key="bank")
        commands.run("model", "card", copies["bank"], "--page", str(page), "--language", "zh", key="bank")
        assert "<table>" in page.read_text(encoding="utf-8") and "模型卡" in page.read_text(encoding="utf-8")
        refusal = commands.run("model", "weights", copies["bank"], str(tmp_path / "m.onnx"), key="bank", code=1)
        assert "do not leave" in refusal


def test_an_innocent_file_of_scores_names_nobody(bank: Lending, copies: dict[str, str]) -> None:
    """Of features with scores that no copy gave: at random around what the model says."""
    draw = random.Random(8)
    lines = [{**row, "risk": f"{min(max(score + draw.gauss(0, 0.02), 0), 1):.4f}"}
             for rows in [told(500, seed=21)] for row, score in zip(rows, [0.5] * len(rows), strict=True)]  # fmt: skip
    text = io.StringIO()
    writer = csv.DictWriter(text, list(lines[0]))
    writer.writeheader()
    writer.writerows(lines)
    assert traced(bank, text.getvalue().encode())["findings"] == []


def test_weights_leave_only_where_the_specification_lets_them(bank: Lending, copies: dict[str, str]) -> None:
    answer = bank.web.call("GET", f"/jobs/{copies['bank']}/weights", None, "bank")
    assert refused(answer) == (409, "state_conflict")
    bank.subscriptions["open"] = ""
    product = bank.package(weights=True, method="forest", size=8, depth=4)
    bank.web.join("open", "user")
    asked = {"product": product, "purpose": "industry", "commitment": {"accepted": True}}
    bank.subscriptions["open"] = bank.ok("POST", "/subscriptions", asked, "open")["id"]
    bank.ok("POST", f"/subscriptions/{bank.subscriptions['open']}/approve", {}, "operator")
    bank.train(product)
    job = bank.copy("open")
    file = bank.web.call("GET", f"/jobs/{job}/weights", None, "open")
    assert file.status_code == 200
    from onnx.reference import ReferenceEvaluator

    rows = told(300)
    inputs = np.array([[row["age"], row["owed"], row["kind"] == "home"] for row in rows], np.float32)
    [made] = ReferenceEvaluator(file.data).run(None, {"inputs": inputs})
    marked = np.array(scores(bank, "open", rows))
    away = np.log(marked / (1 - marked)) - np.log(made[:, 0] / (1 - made[:, 0]))
    assert np.abs(away).max() < 0.5  # by marks of its sums, within their noise
    assert np.corrcoef(marked, made[:, 0])[0, 1] > 0.95
    with inspector(bank.settings) as house, house.store.read() as tx:
        [leaf] = tx.find(LogEntry, kind="delivery.made", job=job)
        assert json.loads(leaf.leaf)["public"] == {"format": "onnx"}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"method": "boosting"}, "write one of linear"),
        ({"features": ["age", "wage"]}, "rows give no column wage"),
        ({"rows": "SELECT COUNT(*) AS n FROM loans"}, "without aggregates over all units"),
        ({"target": None}, "write target"),
        ({"positive": 7}, "never has this value"),
        ({"epsilon_per_year": "1"}, "epsilon_per_year"),
        ({"use": None}, "use"),
        ({"features": ["age", {"name": "owed", "bounds": [9, 1]}]}, "lower bound first"),
        ({"colour": 1}, "colour"),
    ],
)
def test_a_specification_that_cannot_run_says_what_to_write(bank: Lending, spec: dict[str, Any], said: str) -> None:
    asked = {name: value for name, value in (SPEC | spec).items() if value is not None}
    body = {"grant": bank.grant_id, "kind": "model", "name": "x", "resources": [bank.resource], "spec": asked}
    answer = bank.web.call("POST", "/products", body, "operator")
    assert answer.status_code == 422
    assert said in answer.json["detail"]
