"""Questions in SQL over a user's own table and the data: brought, admitted, joined, charged, let out, gone."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from estate import PEOPLE
from workspace_site import Offering

from sandbox.catalogue.records import DataVersion
from sandbox.core.canonical import digest
from sandbox.core.clock import now
from sandbox.engines.base import EngineFailed
from sandbox.errors import Problem
from sandbox.grants.authorise import authorise
from sandbox.identity.keys import authenticate
from sandbox.jobs import asking
from sandbox.jobs.asking import compiled
from sandbox.jobs.owntables import brought
from sandbox.jobs.records import Job
from sandbox.jobs.registered import as_registered
from sandbox.plan.codec import from_json
from sandbox.plan.plan import Plan
from sandbox.products.workspace import admissions
from sandbox.products.workspace.records import Admission, OwnTable
from sandbox.products.workspace.tables import read_tables

SPEC: dict[str, Any] = {"tables": ["people"], "days": 7}
SEGMENTS = {0: "gold", 1: "silver"}
OWN = [(person, SEGMENTS[person % 2], 100 + person % 7) for person in range(0, 600, 3)]
STRANGERS = [(1_000_000 + number, "gold", 999) for number in range(300)]
COLUMNS = [{"name": "segment", "domain": ["gold", "silver", "tin"]}, {"name": "premium", "bounds": [0, 200]}]
JOINED = "SELECT o.segment, COUNT(*) AS n FROM people p JOIN own.insured o ON p.person = o.person GROUP BY o.segment"


def insured(rows: list[tuple[Any, ...]], **more: Any) -> dict[str, Any]:
    text = "person,segment,premium\n" + "\n".join(",".join(map(str, row)) for row in rows)
    return {"name": "insured", "csv": text, "basis": "contract 7", "columns": COLUMNS, **more}


class Site(Offering):
    """A workspace for questions."""

    asked = 0

    def bring(self, *tables: Any, user: str = "firm", **more: Any) -> Any:
        body = {"subscription": self.subscriptions[user], "tables": list(tables), **more}
        return self.web.call("POST", "/workspace/admissions", body, user)

    def admitted(self, *tables: Any, user: str = "firm") -> str:
        made = self.bring(*tables, user=user)
        assert made.status_code == 201, made.text
        self.ok("POST", f"/workspace/admissions/{made.json['id']}/decide", {"verdict": "admitted"}, "operator")
        return str(made.json["id"])

    def put(self, sql: str | None, admission: str, user: str = "firm", path: str = "/jobs", **more: Any) -> Any:
        self.beat()
        self.asked += 1
        body = {"subscription": self.subscriptions[user], "parameters": {"admission": admission}, "epsilon": "20"}
        headers = {"Idempotency-Key": f"k-{self.asked}"} if path == "/jobs" else None
        return self.web.call("POST", path, {**body, "sql": sql, **more}, user, headers=headers)

    def answer(self, sql: str, admission: str, user: str = "firm", **more: Any) -> Any:
        """Ask, let it run and out, and give the answer."""
        asked = self.put(sql, admission, user, **more)
        assert asked.status_code == 202, asked.text
        self.finish()
        self.ok("POST", f"/jobs/{asked.json['id']}/exit", {"verdict": "passed"}, "operator")
        return self.ok("GET", f"/jobs/{asked.json['id']}/result", key=user)

    def job(self, asked: Any) -> Job:
        with self.house.store.read() as tx:
            found = tx.get(Job, asked.json["id"])
        assert found is not None
        return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with ExitStack() as stack:
        made = Site(tmp_path_factory.mktemp("site") / "home", stack)
        made.offer(SPEC, epsilon="9000", per_user={"epsilon": "4000", "delta": "1e-7"})
        yield made


def close(shown: str, truth: float, error: str) -> bool:
    """Whether noise explains the difference: half-widths are 1.96 σ or more, and 4 of them are 7.8 σ, < 1e-14."""
    return abs(float(shown) - truth) <= 4 * float(error) + 1


def test_an_own_table_is_joined_on_the_unit_and_answered_like_any_question(site: Site) -> None:
    admission = site.admitted(insured(OWN + STRANGERS))
    answer = site.answer(JOINED + " ORDER BY 1", admission)
    assert [row[0] for row in answer["rows"]] == ["gold", "silver", "tin"]
    for row, errors in zip(answer["rows"], answer["errors"], strict=True):
        assert close(row[1], sum(segment == row[0] for _, segment, _ in OWN), errors[1]), (row, errors)


def test_it_adds_up_own_values_and_joins_tables_without_identifiers(site: Site) -> None:
    ages = {"name": "ages", "csv": "age,tier\n" + "\n".join(f"{age},{age // 50}" for age in range(90)), "basis": "own"}
    admission = site.admitted(insured(OWN + STRANGERS), {**ages, "columns": [{"name": "tier", "domain": [0, 1]}]})
    sql = """SELECT t.tier, SUM(o.premium) AS premium, COUNT(*) AS n FROM people p JOIN own.ages t ON p.age = t.age
             LEFT JOIN own.insured o USING (person) GROUP BY t.tier ORDER BY 1"""
    answer = site.answer(sql, admission)
    paid = {person: premium for person, _, premium in OWN}
    for (tier, premium, count), errors in zip(answer["rows"], answer["errors"], strict=True):
        mine = [one["person"] for one in PEOPLE if one["age"] // 50 == int(tier)]
        assert close(premium, sum(paid.get(person, 0) for person in mine), errors[1])
        assert close(count, len(mine), errors[2])
    [[alone]] = (found := site.answer("SELECT COUNT(*) FROM own.insured", admission))["rows"]
    assert close(alone, len(OWN), found["errors"][0][0]), "of those who are in the data, and of nobody else"


def test_it_costs_what_a_question_costs_and_only_the_same_table_answers_it_again(site: Site) -> None:
    sql = JOINED.replace("COUNT(*)", "COUNT(DISTINCT p.person)")
    first, second = site.admitted(insured(OWN)), site.admitted(insured(OWN))
    theirs = site.admitted(insured(OWN), user="other")
    asked = [site.put(sql, first)]
    site.finish()
    asked += [site.put(sql, first), site.put(sql, second), site.put(sql, theirs, "other")]
    site.finish()
    jobs = [site.job(one) for one in asked]
    assert [job.free for job in jobs] == [False, True, False, False]
    assert jobs[0].base_key == jobs[1].base_key and len({job.base_key for job in jobs}) == 3
    assert jobs[0].rho == jobs[2].rho == jobs[3].rho > 0 and jobs[1].rho == 0
    said = site.put(sql, first, path="/jobs/estimate").json
    assert said["held_already"] and any("own.insured" in line for line in said["explain"]["en"])


def test_plan_and_log_name_own_tables_by_their_digest_alone(site: Site) -> None:
    """The word is long enough that no digest, seal or id holds it by chance: below 10⁻¹² in a megabyte."""
    hidden = [(person, f"hiddenvalue{person % 2}", 31_337) for person in range(0, 600, 3)]
    admission = site.admitted(insured(hidden, columns=[{"name": "premium", "bounds": [0, 50_000]}]))
    asked = site.put(JOINED + ", o.premium HAVING COUNT(*) > 10", admission)
    site.finish()
    job = site.job(asked)
    assert job.status == "done"
    plan = json.dumps(job.plan)
    assert "hiddenvalue" not in plan and not {31_337, "31337"} & set(values_of(job.plan))
    [digest] = [one["digest"] for one in site.ok("GET", f"/workspace/admissions/{admission}", key="firm")["tables"]]
    with site.house.store.read() as tx:
        assert digest in plan and not any(b"hiddenvalue" in one.content for one in tx.find(OwnTable))
    leaves = b"".join(path.read_bytes() for path in site.house.log_folder.rglob("*") if path.is_file())
    assert leaves and b"hiddenvalue" not in leaves and digest.encode() not in leaves


def values_of(found: Any) -> Iterator[Any]:
    """Every value of a JSON document that is no object or list."""
    if isinstance(found, dict | list):
        for one in found.values() if isinstance(found, dict) else found:
            yield from values_of(one)
    else:
        yield found


def test_who_is_not_in_the_data_does_not_show(site: Site) -> None:
    known, unknown = site.admitted(insured(OWN)), site.admitted(insured(STRANGERS))
    asked = [site.put(JOINED, one, epsilon="1") for one in (known, unknown)]
    site.finish()
    jobs = [site.job(one) for one in asked]
    assert [job.status for job in jobs] == ["done", "done"]
    assert len({(job.rho, job.delta, job.fee) for job in jobs}) == 1
    for one in asked:
        site.ok("POST", f"/jobs/{one.json['id']}/exit", {"verdict": "passed"}, "operator")
    shown = [site.ok("GET", f"/jobs/{one.json['id']}/result", key="firm") for one in asked]
    assert [[row[0] for row in one["rows"]] for one in shown] == [["gold", "silver", "tin"]] * 2
    assert shown[0]["columns"] == shown[1]["columns"] and shown[0]["errors"] == shown[1]["errors"]


def test_a_table_of_one_person_meets_the_same_noise_and_the_same_account(site: Site) -> None:
    one, many = site.admitted(insured(OWN[:1])), site.admitted(insured(OWN))
    sql = "SELECT SUM(p.wage) AS wage FROM people p JOIN own.insured o USING (person)"
    asked = [site.put(sql, admission, epsilon="0.5") for admission in (one, many)]
    site.finish()
    plans = [from_json(site.job(each).plan) for each in asked]
    [alone, together] = [plan.blocks[0].measurements for plan in plans if isinstance(plan, Plan)]
    assert alone == together and alone[0].square == 60_000**2, "the whole range of a wage is hidden"
    assert site.job(asked[0]).rho == site.job(asked[1]).rho > 0


def test_tables_of_the_data_are_never_taken_for_own_ones(site: Site) -> None:
    admission = site.admitted(insured([(1, "gold", 1)], name="people"))
    [[all_of_them]] = (found := site.answer("SELECT COUNT(*) FROM people", admission))["rows"]
    assert close(all_of_them, len(PEOPLE), found["errors"][0][0])
    plan = from_json(site.job(site.put("SELECT COUNT(*) FROM own.people", admission)).plan)
    assert isinstance(plan, Plan) and [node.table for node in plan.own] == ["own.people"]
    site.finish()


def test_the_vault_opens_nothing_but_what_was_admitted_to_the_asker(site: Site) -> None:
    ages = {"name": "ages", "csv": "age,tier\n1,0\n1,1\n2,0", "basis": "own"}
    admission = site.admitted(insured(OWN), ages)
    sql = "SELECT COUNT(*) FROM people p JOIN own.insured o USING (person) JOIN own.ages t ON p.age = t.age"
    asked = site.put(sql, admission)
    job, key = site.job(asked), site.house.vault.row_order  # type: ignore[union-attr]
    plan = from_json(job.plan)
    assert isinstance(plan, Plan)

    def opened(plan: Plan, subscription: str = job.subscription) -> bool:
        with site.house.store.read() as tx:
            version = tx.get(DataVersion, plan.version)
            assert version is not None
            own = brought(tx, site.house.release_sealer, plan, subscription, key)
            return as_registered(tx, plan, version, own)

    def forged(old: str, new: str) -> Plan:
        text = json.dumps(plan.json)
        assert old in text
        found = from_json(json.loads(text.replace(old, new)))
        assert isinstance(found, Plan)
        return found

    assert opened(plan)
    alone = from_json(site.job(site.put(JOINED, admission)).plan)
    with site.house.store.read() as tx:
        version = tx.get(DataVersion, plan.version)
        assert version is not None and isinstance(alone, Plan) and [node.table for node in alone.own] == ["own.insured"]
        assert not as_registered(tx, alone, version), "no other kind of job reads own tables"
    with pytest.raises(EngineFailed):
        opened(plan, site.subscriptions["other"])
    with pytest.raises(EngineFailed):
        opened(forged(next(node.digest for node in plan.own), "0" * 64))
    with pytest.raises(EngineFailed):  # a table without identifiers, as if each row were of a unit of its own
        opened(forged('"table": "own.insured"', '"table": "own.ages"'))
    with site.house.store.write() as tx:  # an admission that says of the rows something else than there is
        held = tx.get(Admission, admission)
        assert held is not None
        told = json.loads(json.dumps(held.tables).replace('"fan_out": 2', '"fan_out": 1'))
        tx.change(held, tables=told)
    lied = site.put(sql, admission)
    plan = from_json(site.job(lied).plan)
    assert isinstance(plan, Plan) and plan.blocks[0].bounds.rows == 1 and not opened(plan), "an age stands twice"
    site.finish()
    assert [site.job(one).status for one in (asked, lied)] == ["done", "failed"]


def test_what_ended_is_gone_and_is_not_answered_from(site: Site) -> None:
    admission, other = site.admitted(insured(OWN)), site.admitted(insured(OWN))
    asked = site.put(JOINED, admission, epsilon="2")
    waits = site.web.call("POST", f"/workspace/admissions/{admission}/end", {}, "firm")
    assert waits.status_code == 409
    site.finish()
    site.ok("POST", f"/workspace/admissions/{admission}/end", {}, "firm")
    with site.house.store.read() as tx:
        left = {one.admission for one in tx.find(OwnTable)}
        assert admission not in left and other in left
        plan = from_json(site.job(asked).plan)
        assert isinstance(plan, Plan)
        with pytest.raises(EngineFailed):
            brought(tx, site.house.release_sealer, plan, site.subscriptions["firm"], b"")
    again = site.put(JOINED, admission, epsilon="2")
    assert again.status_code == 409 and "is ended" in again.json["detail"]


def test_an_admission_that_ends_while_its_question_is_planned_holds_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a job would begin, spend, and fail for want of its tables."""
    admission = site.admitted(insured(OWN))
    held = site.ok("GET", "/budgets", None, "firm")
    plan_of = asking.compiled

    def ended_meanwhile(*given: Any) -> Any:
        plan = plan_of(*given)
        with site.house.store.write() as tx:
            found = tx.get(Admission, admission)
            assert found is not None
            tx.change(found, status="ended")
        return plan

    monkeypatch.setattr(asking, "compiled", ended_meanwhile)
    refused = site.put(JOINED, admission, epsilon="2.125")
    assert (refused.status_code, refused.json["code"]) == (409, "state_conflict") and "is ended" in refused.json[
        "detail"
    ]
    assert site.ok("GET", "/budgets", None, "firm") == held


def test_an_admission_whose_time_is_over_is_asked_nothing_whatever_keeps_it(site: Site) -> None:
    """It is ended by a sweep, which passes over those with a job on its way."""
    admission = site.admitted(insured(OWN))
    with site.house.store.write() as tx:
        held = tx.get(Admission, admission)
        assert held is not None
        tx.change(held, until=now())
    late = site.put(JOINED, admission, epsilon="3")
    assert (late.status_code, late.json["code"]) == (409, "state_conflict") and "time" in late.json["detail"]


def test_rows_that_bounds_make_alike_are_counted_as_such(site: Site) -> None:
    """Else the vault would find more of them than the plan says, and refuse when privacy is spent."""
    csv = "age,tier\n" + "\n".join(f"{age},0" for age in range(90))
    ages = {"name": "ages", "csv": csv, "basis": "own", "columns": [{"name": "age", "bounds": [0, 40]}]}
    admission = site.admitted(ages)
    asked = site.put("SELECT COUNT(*) FROM people p JOIN own.ages t ON p.age = t.age", admission)
    site.finish()
    job = site.job(asked)
    plan = from_json(job.plan)
    assert isinstance(plan, Plan) and plan.blocks[0].bounds.rows == 50, "forty and all above"
    assert job.status == "done"


def test_no_receipt_tells_of_an_answer_before_its_review(site: Site) -> None:
    """It opens the digest of the answer: of one count, whoever has it tries all that it may be."""
    job = site.put("SELECT COUNT(*) FROM own.insured", site.admitted(insured(OWN)), epsilon="3").json["id"]
    site.finish()
    asked = [site.web.call("GET", f"/jobs/{job}/{what}", key="firm") for what in ("result", "receipt")]
    assert [(one.status_code, one.json["code"]) for one in asked] == [(409, "state_conflict")] * 2
    site.ok("POST", f"/jobs/{job}/exit", {"verdict": "passed"}, "operator")
    answer = site.ok("GET", f"/jobs/{job}/result", key="firm")
    receipt = json.loads(site.web.call("GET", f"/jobs/{job}/receipt", key="firm").text)
    told = b64decode(receipt["openings"]["result"]["value"]).decode()
    columns = [{name: one.get(name) for name in ("name", "type", "role")} for one in answer["columns"]]
    tried = {digest({"v": 1, "columns": columns, "rows": [[str(number)]]}): number for number in range(601)}
    assert tried[told] == answer["rows"][0][0], "that is how it would be guessed"


def test_the_page_of_the_entry_review_shows_what_is_declared_of_columns(site: Site) -> None:
    admission = site.bring(
        insured(
            [(1, "<b>gold", 7)],
            columns=[
                {"name": "segment", "domain": ["<b>gold", "\u202esilver"]},
                {"name": "premium", "bounds": [0, 200]},
            ],
        )
    ).json["id"]
    shown = site.page(f"/reviews/admissions/{admission}", "operator").text
    for said in ("<code>person</code> identifier", "premium</code> integer [0, 200]", "&lt;b&gt;gold, ⟨U+202E⟩silver"):
        assert said in shown, said


def test_others_write_while_a_table_is_read_and_a_key_brings_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading two megabytes takes seconds: in a transaction that writes, every job and claim would wait for them."""
    read = []

    def slowly(*given: Any, **more: Any) -> Any:
        site.beat()  # of the vault, over a connection of its own
        read.append(given)
        return read_tables(*given, **more)

    monkeypatch.setattr(admissions, "read_tables", slowly)
    body = {"subscription": site.subscriptions["firm"], "tables": [insured(OWN[:3])]}
    headers = {"Idempotency-Key": "bring once"}
    made, again = (site.ok("POST", "/workspace/admissions", body, "firm", headers=headers) for _ in range(2))
    assert made == again and len(read) == 1
    other = site.web.call("POST", "/workspace/admissions", {**body, "tables": []}, "firm", headers=headers)
    assert (other.status_code, other.json["code"]) == (409, "idempotency_conflict")


def test_nobody_brings_without_end_or_under_a_subscription_that_has_ended(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = insured(OWN[:3])
    with site.house.store.read() as tx:
        there = tx.keys(Admission, subscription=site.subscriptions["other"], status=["submitted", "admitted"])
    monkeypatch.setattr(admissions, "MOST", len(there) + 1)
    last = site.bring(tables, user="other")
    assert last.status_code == 201
    more = site.bring(tables, user="other")
    assert (more.status_code, more.json["code"]) == (409, "state_conflict") and "end one first" in more.json["detail"]
    site.ok("POST", f"/workspace/admissions/{last.json['id']}/end", {}, "other")
    assert site.bring(tables, user="other").status_code == 201
    asked = {"product": site.workspace, "purpose": "industry", "commitment": {"accepted": True}}
    short = site.ok("POST", "/subscriptions", asked, "other")["id"]
    body = {"subscription": short, "tables": [tables]}
    early = site.web.call("POST", "/workspace/admissions", body, "other")
    assert (early.status_code, early.json["code"]) == (403, "subscription_inactive")


@pytest.mark.parametrize(
    ("changed", "say"),
    [
        ({"csv": "person,premium\n3,1\n3.0,2"}, "an identifier stands in more than one row"),
        ({"csv": "person,premium\n3,1\n,2"}, "an identifier is missing"),
        ({"csv": "person,premium\nx,1"}, "person: write a number"),
        ({"csv": "person,segment\n3,tin foil"}, "tin foil is none of the declared values"),
        ({"csv": "person,premium\n3,much"}, "premium: bounds are of numbers"),
        ({"csv": "person,my premium\n3,1"}, "name columns by letters"),
        ({"csv": "__unit,premium\n3,1"}, "name columns by letters"),
        ({"csv": "person,Person\n3,1"}, "differently in small letters"),
        ({"identifier": "id"}, "there is no column id"),
        ({"columns": [{"name": "surplus"}]}, "there is no column surplus"),
        ({"columns": [{"name": "premium"}, {"name": "premium"}]}, "declare each once"),
        ({"columns": [{"name": "person", "bounds": [0, 1]}]}, "the identifier has no bounds"),
        ({"columns": [{"name": "premium", "bounds": [5, 1]}]}, "write the lower bound first"),
        ({"columns": [{"name": "premium", "type": "money"}]}, "write integer, decimal(p,s)"),
    ],
)
def test_what_no_question_could_read_is_refused_at_the_door(site: Site, changed: dict[str, Any], say: str) -> None:
    columns = [one for one in COLUMNS if one["name"] in changed.get("csv", "segment premium")]
    answer = site.bring({**insured(OWN), "columns": columns, **changed})
    assert (answer.status_code, answer.json["code"]) == (422, "table_malformed") and say in answer.json["detail"]


def test_two_tables_have_two_names_and_code_is_not_for_this_workspace(site: Site) -> None:
    assert "stands there twice" in site.bring(insured(OWN), insured(OWN, name="Insured")).json["detail"]
    assert "questions in SQL only" in site.bring(code="def program(rows, parameters): return {}").json["detail"]
    assert "bring an own table" in site.bring().json["detail"]


@pytest.mark.parametrize(
    ("sql", "code", "say"),
    [
        ("SELECT COUNT(*) FROM own.nothing", "sql_not_allowed", "write own.insured or own.ages"),
        ("SELECT SUM(age) FROM own.insured", "bound_missing", '{"name": "age", "bounds": [least, most]}'),
        ("SELECT COUNT(*) FROM people p JOIN own.insured o ON p.age = o.age", "sql_not_allowed", "same unit only"),
        ("SELECT COUNT(*) FROM people p JOIN own.ages a ON p.person = a.age", "sql_not_allowed", "tells single units"),
        ("SELECT COUNT(*) FROM people p RIGHT JOIN own.ages a ON p.age = a.age", "sql_not_allowed", "cannot keep rows"),
        ("SELECT * FROM own.ages", "sql_not_allowed", "Public rows alone"),
        ("SELECT segment FROM own.insured", "sql_not_allowed", "Only aggregates leave"),
        ("SELECT person, COUNT(*) FROM own.insured GROUP BY person", "sql_not_allowed", "single units apart"),
        (
            "SELECT t.tier, n FROM own.ages t JOIN (SELECT age, COUNT(*) AS n FROM people GROUP BY age) USING (age)",
            "sql_not_allowed", "cannot stand beside released groups",
        ),
        (None, "field_invalid", "this admission has no code"),
    ],
)  # fmt: skip
def test_what_may_not_be_asked_is_refused_with_what_to_write(site: Site, sql: str | None, code: str, say: str) -> None:
    site.both = getattr(site, "both", None) or site.admitted(  # type: ignore[attr-defined]
        {"name": "insured", "csv": "person,segment,age\n1,gold,5", "basis": "own"},
        {"name": "ages", "csv": "age,tier\n1,0\n2,1", "basis": "own"},
    )
    answer = site.put(sql, site.both)  # type: ignore[attr-defined]
    assert (answer.status_code, answer.json["code"]) == (422, code), answer.text
    assert say in answer.json["detail"], answer.json["detail"]


def test_an_admission_is_asked_about_by_its_subscriber_alone(site: Site) -> None:
    admission = site.admitted(insured(OWN))
    assert site.put(JOINED, admission, "other").status_code == 404
    nothing = site.put(JOINED, admission, parameters=None)
    assert nothing.status_code == 422 and "parameters" in nothing.json["detail"]


def test_an_engine_that_joins_no_own_tables_says_so_before_anything_is_spent(site: Site) -> None:
    admission, web = site.admitted(insured(OWN)), site.web.house
    spark = replace(web, settings=web.settings.model_copy(update={"engine": "spark"}))
    request = {"subscription": site.subscriptions["firm"], "sql": JOINED, "parameters": {"admission": admission}}
    with site.house.store.read() as tx:
        firm = authenticate(tx, f"Bearer {site.web.keys['firm']}")
        permit = authorise(tx, firm, site.subscriptions["firm"], now())
        with pytest.raises(Problem, match="joins no own tables"):
            compiled(spark, tx, permit, request)
