"""Accounts by example: promises, charges, who pays for a base, what is shown."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from sandbox.core.store import Store, Transaction
from sandbox.errors import Problem
from sandbox.privacy import accountant
from sandbox.privacy.accounts import account_id
from sandbox.privacy.convert import rho_for
from sandbox.privacy.records import Account, Charge

pytestmark = pytest.mark.parametrize("store", ["sqlite"], indirect=True)  # the state machine runs on both databases
EPSILON, DELTA, EACH = Decimal(20), Decimal("1e-6"), (Decimal(4), Decimal("1e-7"))
RHO = rho_for(Decimal(1), EACH[1] / 2)
TAU = accountant.threshold_delta(EACH[1])


@pytest.fixture
def opened(store: Store) -> Store:
    with store.write() as tx:
        accountant.open_accounts(tx, "p", EPSILON, DELTA, EACH)
    return store


def hold(
    tx: Transaction,
    job: str,
    party: str = "u",
    key: str = "k",
    rho: Decimal = RHO,
    delta: Decimal = TAU,
    pays: bool = True,
) -> None:
    accountant.hold(tx, job=job, party=party, population="p", base_key=key, rho=rho, delta=delta, population_pays=pays)


def spent(tx: Transaction, party: str | None) -> Decimal:
    account = tx.get(Account, account_id("p", party))
    assert account is not None
    return account.loss_spent


def test_half_of_delta_is_fixed_and_half_pays_for_thresholds(opened: Store) -> None:
    with opened.read() as tx:
        account = accountant.account_for(tx, "p", "u")
        assert account.delta_conv == account.delta_pool == EACH[1] / 2
        assert account.loss_total == rho_for(EACH[0], EACH[1] / 2)
        assert accountant.left(account)["epsilon"] == "4"
        assert tx.get(Account, account.id) is None, "looking at an account does not open it"


def test_opening_again_changes_nothing_and_another_promise_is_refused(opened: Store) -> None:
    with opened.write() as tx:
        accountant.open_accounts(tx, "p", EPSILON, DELTA, EACH)
    others = [(Decimal(21), DELTA, EACH), (EPSILON, DELTA * 2, EACH), (Decimal(1), DELTA, EACH)]
    for epsilon, delta, each in [*others, (EPSILON, DELTA, (Decimal(5), EACH[1]))]:
        with pytest.raises(Problem, match="state_conflict"), opened.write() as tx:
            accountant.open_accounts(tx, "p", epsilon, delta, each)


@pytest.mark.parametrize(("epsilon", "delta"), [(Decimal("1e-12"), Decimal("1e-20")), (EPSILON, Decimal("1e-37"))])
def test_a_promise_that_pays_for_nothing_is_refused(store: Store, epsilon: Decimal, delta: Decimal) -> None:
    with pytest.raises(Problem, match="epsilon_invalid"), store.write() as tx:
        accountant.open_accounts(tx, "p", epsilon, delta, EACH)


def test_a_population_without_accounts_is_refused(store: Store) -> None:
    with pytest.raises(Problem, match="state_conflict"), store.write() as tx:
        hold(tx, "j")
    with pytest.raises(Problem, match="state_conflict"), store.read() as tx:
        accountant.account_for(tx, "p", "u")


def test_refusal_names_what_was_asked_and_what_is_left_and_writes_nothing(opened: Store) -> None:
    with pytest.raises(Problem) as caught, opened.write() as tx:
        hold(tx, "j", rho=rho_for(Decimal("4.5"), EACH[1] / 2))
    assert caught.value.code == "privacy_budget_exhausted"
    assert "asked ε 4.5" in caught.value.detail and "left ε 4" in caught.value.detail
    left = caught.value.fields["left"]
    assert isinstance(left, dict) and left["epsilon"] == "4"
    with opened.read() as tx:
        assert tx.find(Charge) == []


def test_the_left_epsilon_can_be_asked_and_no_more(opened: Store) -> None:
    with opened.write() as tx:
        hold(tx, "j1")
    with opened.read() as tx:
        account = accountant.account_for(tx, "p", "u")
        epsilon = Decimal(accountant.left(account)["epsilon"])
    with pytest.raises(Problem, match="privacy_budget_exhausted"), opened.write() as tx:
        hold(tx, "j2", key="k2", rho=rho_for(epsilon + Decimal("0.000001"), account.delta_conv))
    with opened.write() as tx:
        hold(tx, "j2", key="k2", rho=rho_for(epsilon, account.delta_conv))


def test_less_than_a_grain_is_charged_as_one(opened: Store) -> None:
    """Rounded down, any number of them would be free."""
    with opened.write() as tx:
        hold(tx, "j", rho=Decimal("1e-19"), delta=Decimal("1e-37"))
        charges = tx.find(Charge, job="j")
        assert [(one.loss, one.delta) for one in charges] == [(Decimal("1e-18"), Decimal("1e-36"))] * 2
        accountant.start(tx, "j")
        assert spent(tx, "u") == spent(tx, None) == Decimal("1e-18")


def test_the_pool_of_delta_is_a_limit_of_its_own(opened: Store) -> None:
    with opened.write() as tx:
        for i in range(50):
            hold(tx, f"j{i}", key=f"k{i}", rho=Decimal("1e-9"))
    with pytest.raises(Problem, match="declared domain"), opened.write() as tx:
        hold(tx, "one more", key="k", rho=Decimal("1e-9"))
    with opened.write() as tx:
        hold(tx, "declared domain", key="k", rho=Decimal("1e-9"), delta=Decimal(0))


def test_the_population_is_a_limit_for_all_users_together(store: Store) -> None:
    with store.write() as tx:
        accountant.open_accounts(tx, "p", Decimal("1.4"), EACH[1], (Decimal(1), EACH[1]))
        hold(tx, "j1", party="a", key="1")
    with pytest.raises(Problem, match="the population's privacy budget") as caught, store.write() as tx:
        hold(tx, "j2", party="b", key="2")
    left = caught.value.fields["left"]
    assert isinstance(left, dict)
    with store.write() as tx:
        hold(tx, "j2", party="b", key="2", rho=rho_for(Decimal(left["epsilon"]), EACH[1] / 2))


def test_one_base_is_paid_once_by_the_population_and_once_by_each_user(opened: Store) -> None:
    with opened.write() as tx:
        hold(tx, "j1", party="a")
        assert accountant.start(tx, "j1")
        for job, party in (("j2", "b"), ("j3", "b"), ("j4", "a")):
            hold(tx, job, party=party, pays=False)
            assert accountant.start(tx, job)
        assert spent(tx, None) == spent(tx, "a") == spent(tx, "b") == RHO
        assert not accountant.is_spent(tx, "j2", "b", RHO, TAU), "who did not pay may not draw"


def test_a_stored_base_that_nobody_paid_for_is_not_free(opened: Store) -> None:
    with opened.write() as tx:
        hold(tx, "j1", key="other")
        accountant.start(tx, "j1")
        hold(tx, "j2", pays=False)
        hold(tx, "j3", key="other", rho=RHO * 2, pays=False)
        assert [charge.loss for charge in tx.find(Charge, job="j2")] == [RHO, RHO]
        assert [charge.loss for charge in tx.find(Charge, job="j3")] == [RHO * 2, RHO * 2]


def test_a_failed_attempt_is_paid_and_so_is_the_next(opened: Store) -> None:
    with opened.write() as tx:
        for job in ("j1", "j2"):
            hold(tx, job)
            accountant.start(tx, job)
        assert spent(tx, None) == spent(tx, "u") == RHO * 2


def test_two_in_flight_both_hold_and_the_one_that_joins_gives_back(opened: Store) -> None:
    with opened.write() as tx:
        hold(tx, "j1", party="a")
        hold(tx, "j2", party="b")
        hold(tx, "j3", party="c")
        assert accountant.start(tx, "j1")
        assert accountant.start(tx, "j2", joins=True)
        assert accountant.start(tx, "j3")
        assert spent(tx, None) == RHO * 2
        assert [spent(tx, party) for party in "abc"] == [RHO] * 3
        assert accountant.check_balances(tx) == []


def test_joining_what_nobody_paid_for_is_paid(opened: Store) -> None:
    with opened.write() as tx:
        hold(tx, "j1")
        assert accountant.start(tx, "j1", joins=True)
        assert spent(tx, None) == RHO


def test_start_and_void_are_final(opened: Store) -> None:
    with opened.write() as tx:
        hold(tx, "j1")
        hold(tx, "j2", key="k2")
        assert accountant.start(tx, "j1") and accountant.void(tx, "j2")
        for job in ("j1", "j2"):
            assert not accountant.start(tx, job) and not accountant.void(tx, job)
        assert spent(tx, "u") == RHO
        assert accountant.start(tx, "a job that holds nothing")


def test_the_vault_asks_whether_this_job_paid(opened: Store) -> None:
    with opened.write() as tx:
        hold(tx, "j1")
        assert not accountant.is_spent(tx, "j1", "u", RHO, TAU), "held is not spent"
        accountant.start(tx, "j1")
        assert accountant.is_spent(tx, "j1", "u", RHO, TAU, population="p")
        for job, party, rho, delta, population in (
            ("j2", "u", RHO, TAU, "p"),
            ("j1", "v", RHO, TAU, "p"),
            ("j1", "u", RHO + Decimal("1e-18"), TAU, "p"),
            ("j1", "u", RHO, TAU * 2, "p"),
            ("j1", "u", RHO, TAU, "q"),
        ):
            assert not accountant.is_spent(tx, job, party, rho, delta, population=population)


def test_budgets_add_up(opened: Store) -> None:
    with opened.write() as tx:
        hold(tx, "j1", party="a")
        accountant.start(tx, "j1")
        hold(tx, "j2", party="a", key="k2")
    with opened.read() as tx:
        items = accountant.budgets(tx)
        assert [item["party"] for item in items] == [None, "a"]
        for item in items:
            for unit in ("rho", "delta"):
                parts = [Decimal(item[part][unit]) for part in ("spent", "reserved", "left")]
                assert sum(parts) == Decimal(item["total"][unit])
            assert Decimal(item["spent"]["epsilon"]) <= Decimal(item["total"]["epsilon"])
        assert items[1]["spent"]["epsilon"] == "1"
        assert [item["party"] for item in accountant.budgets(tx, party="a")] == ["a"]
        assert accountant.budgets(tx, party="b") == accountant.budgets(tx, populations=["q"]) == []


def test_the_check_finds_tampering(opened: Store) -> None:
    with opened.write() as tx:
        hold(tx, "j1")
        accountant.start(tx, "j1")
        assert accountant.check_balances(tx) == []
        account = tx.get(Account, account_id("p", "u"))
        assert account is not None
        for changes, says in (
            ({"loss_spent": account.loss_spent - Decimal("1e-18")}, "sum of its spent"),
            ({"delta_held": Decimal("1e-30")}, "sum of its held"),
            ({"loss_total": account.loss_total + 1}, "larger than its ε"),
            ({"delta_pool": account.delta_pool * 2}, "exceed its δ"),
            ({"loss_total": Decimal("0.001")}, "more is held and spent"),
        ):
            changed = tx.change(account, **changes)
            assert any(says in line for line in accountant.check_balances(tx)), says
            tx.change(changed, **{name: getattr(account, name) for name in changes})
        charge = tx.find(Charge)[0]
        tx.add(replace(charge, id="charge_lost", account="nowhere"))
        assert accountant.check_balances(tx) == ["a charge belongs to no account: nowhere"]
