"""Shares that renew under a lifetime cap, spending over life, raised caps, pure accounts: by example."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from sandbox.core.clock import now, rfc3339
from sandbox.core.store import Store, Transaction
from sandbox.errors import Problem
from sandbox.privacy import accountant
from sandbox.privacy.accounts import EACH, account_id
from sandbox.privacy.convert import epsilon_for, rho_for
from sandbox.privacy.periods import begin
from sandbox.privacy.raising import raise_cap
from sandbox.privacy.records import Account, Charge, Raise, Renewal

pytestmark = pytest.mark.parametrize("store", ["sqlite"], indirect=True)  # the state machine runs on both databases
PROMISE, SHARE = (Decimal(4), Decimal("1e-6")), (Decimal(2), Decimal("1e-7"))
ONE = rho_for(Decimal(2), SHARE[1] / 2)  # a whole share


@pytest.fixture
def opened(store: Store) -> Store:
    with store.write() as tx:
        accountant.open_accounts(tx, "p", *PROMISE, SHARE, renew="P1M")
    return store


def account(tx: Transaction, party: str | None = "u") -> Account:
    found = tx.get(Account, account_id("p", party))
    assert found is not None
    return found


def month(tx: Transaction, number: int) -> datetime:
    """A moment in the period with this number."""
    return begin("P1M", account(tx, EACH).counts_from, number) + timedelta(seconds=1)


def hold(tx: Transaction, job: str, period: int = 0, rho: Decimal = ONE, party: str = "u") -> None:
    tau = accountant.threshold_delta(SHARE[1])
    accountant.hold(
        tx, job=job, party=party, population="p", base_key=job, rho=rho, delta=tau, population_pays=True,
        at=month(tx, period),
    )  # fmt: skip


def test_a_share_is_whole_again_in_the_next_period_and_the_population_is_not(opened: Store) -> None:
    with opened.write() as tx:
        hold(tx, "j1")
        assert accountant.start(tx, "j1", at=month(tx, 0))
        with pytest.raises(Problem) as caught:
            hold(tx, "j2")
        assert caught.value.fields["renews"] == rfc3339(begin("P1M", account(tx, EACH).counts_from, 1))
        assert "your share renews at" in caught.value.detail
        hold(tx, "j2", period=1)
        assert accountant.start(tx, "j2", at=month(tx, 1))
        share, whole = account(tx), account(tx, None)
        assert (share.period, share.loss_before, share.loss_spent) == (1, ONE, ONE)
        assert whole.loss_spent == ONE * 2 and whole.loss_before == 0 and whole.period == 0
        [renewal] = tx.find(Renewal)
        assert (renewal.account, renewal.period, renewal.loss) == (share.id, 1, ONE)
        assert accountant.check_balances(tx) == []


def test_the_lifetime_cap_holds_over_all_periods(opened: Store) -> None:
    with opened.write() as tx:
        granted = 0
        with pytest.raises(Problem, match="the population's privacy budget") as caught:
            for period in range(100):
                hold(tx, f"j{period}", period)
                accountant.start(tx, f"j{period}", at=month(tx, period))
                granted += 1
        assert granted == int(account(tx, None).loss_total // ONE) > 1
        assert "renews" not in caught.value.fields, "a population never renews"
        assert account(tx, None).loss_spent == granted * ONE <= account(tx, None).loss_total


def test_what_was_held_over_the_boundary_counts_when_it_is_spent(opened: Store) -> None:
    with opened.write() as tx:
        hold(tx, "j1")
        with pytest.raises(Problem, match="your share"):
            hold(tx, "j2", period=1)  # what is held is held in any period
        assert accountant.start(tx, "j1", at=month(tx, 1))
        share = account(tx)
        assert (share.period, share.loss_held, share.loss_spent, share.loss_before) == (1, 0, ONE, 0)
        assert {charge.period for charge in tx.find(Charge, account=share.id)} == {1}
        with pytest.raises(Problem, match="your share"):
            hold(tx, "j2", period=1)
        hold(tx, "j2", period=2)
        assert accountant.check_balances(tx) == []


def test_what_is_given_back_after_the_boundary_is_free_again(opened: Store) -> None:
    with opened.write() as tx:
        hold(tx, "j1")
        assert accountant.void(tx, "j1")
        hold(tx, "j2", period=1)
        assert account(tx).loss_before == 0 and accountant.check_balances(tx) == []


def test_a_clock_that_goes_back_renews_nothing(opened: Store) -> None:
    with opened.write() as tx:
        hold(tx, "j1", period=3)
        with pytest.raises(Problem, match="your share"):
            hold(tx, "j2", period=2)
        assert account(tx).period == 3 and tx.find(Renewal) == [], "opened in period 3, it never renewed"
        hold(tx, "j3", period=7, rho=Decimal("1e-9"), party="v")
        hold(tx, "j4", period=5, rho=Decimal("1e-9"), party="v")
        assert account(tx, "v").period == 7


def test_looking_renews_in_the_view_only(opened: Store) -> None:
    with opened.write() as tx:
        hold(tx, "j1")
        accountant.start(tx, "j1", at=month(tx, 0))
    with opened.read() as tx:
        [shown] = accountant.budgets(tx, party="u", at=month(tx, 2))
        assert shown["spent"]["rho"] == "0" and shown["left"]["epsilon"] == "2"
        assert shown["life"]["epsilon"] == str(epsilon_for(ONE, SHARE[1] / 2).normalize())
        assert shown["life"]["delta"] == format((SHARE[1] / 2 + accountant.threshold_delta(SHARE[1])).normalize(), "f")
        following = rfc3339(begin("P1M", account(tx, EACH).counts_from, 3))
        assert shown["renews"] == {"every": "P1M", "next": following}
        assert accountant.left(accountant.account_for(tx, "p", "u", month(tx, 2)))["epsilon"] == "2"
        assert account(tx).period == 0 and tx.find(Renewal) == []


def test_life_adds_up_over_periods_at_one_fixed_delta(opened: Store) -> None:
    with opened.write() as tx:
        for period in range(2):
            hold(tx, f"j{period}", period)
            accountant.start(tx, f"j{period}", at=month(tx, period))
        [shown] = accountant.budgets(tx, party="u", at=month(tx, 1))
        tau = accountant.threshold_delta(SHARE[1])
        assert Decimal(shown["life"]["rho"]) == 2 * ONE
        assert Decimal(shown["life"]["epsilon"]) == epsilon_for(2 * ONE, SHARE[1] / 2)
        assert Decimal(shown["life"]["delta"]) == SHARE[1] / 2 + 2 * tau
        assert Decimal(shown["spent"]["rho"]) == ONE


def test_who_shares_a_population_renews_alike(opened: Store) -> None:
    for terms in ({}, {"renew": "P1Y"}, {"renew": "P1M", "pure": True}):
        with pytest.raises(Problem, match=r"state_conflict|epsilon_invalid"), opened.write() as tx:
            accountant.open_accounts(tx, "p", *PROMISE, SHARE, **terms)


def test_the_check_finds_a_renewal_that_gave_too_much(opened: Store) -> None:
    with opened.write() as tx:
        hold(tx, "j1")
        accountant.start(tx, "j1", at=month(tx, 0))
        hold(tx, "j2", period=1)
        share = account(tx)
        changed = tx.change(share, loss_before=Decimal(0))
        assert any("sum of its past charges" in line for line in accountant.check_balances(tx))
        tx.change(changed, loss_before=share.loss_before)
        [renewal] = tx.find(Renewal)
        tx.change(renewal, loss=Decimal(0))
        assert any("renewals are not the sum" in line for line in accountant.check_balances(tx))
        tx.change(replace(renewal, loss=Decimal(0)), loss=renewal.loss)
        whole = tx.change(account(tx, None), renew="P1M")
        assert any("never renews" in line for line in accountant.check_balances(tx))
        tx.change(whole, renew=None)
        assert accountant.check_balances(tx) == []


def test_a_cap_is_raised_never_lowered_and_nothing_spent_changes(opened: Store) -> None:
    with opened.write() as tx:
        hold(tx, "j1")
        accountant.start(tx, "j1", at=month(tx, 0))
        whole = account(tx, None)
        for epsilon, delta in (("3", None), ("4", None), ("4", "1e-7"), ("5", "1e-7"), ("4", "1e-6")):
            with pytest.raises(Problem, match="state_conflict"):
                raise_cap(tx, whole.id, Decimal(epsilon), Decimal(delta) if delta else None, "why", "party_a")
        with pytest.raises(Problem, match="not_found"):
            raise_cap(tx, account(tx).id, Decimal(9), None, "a share is no cap", "party_a")
        raised, step = raise_cap(tx, whole.id, Decimal(6), None, "a second study", "party_a")
        assert raised.loss_total == rho_for(Decimal(6), whole.delta_conv) > whole.loss_total
        assert (raised.loss_spent, raised.loss_held) == (whole.loss_spent, whole.loss_held)
        assert account(tx, EACH).epsilon == SHARE[0], "shares stay as promised"
        assert (step.epsilon_before, step.epsilon, step.reason) == (4, 6, "a second study")
        raise_cap(tx, whole.id, Decimal(6), Decimal("2e-6"), "more key sets", "party_a")
        assert len(tx.find(Raise)) == 2 and accountant.check_balances(tx) == []
        shown = next(one for one in accountant.budgets(tx) if one["party"] is None)
        assert [change["to"]["epsilon"] for change in shown["raised"]] == ["6", "6"]
        tx.change(account(tx, None), epsilon=Decimal(5))
        assert any("last raised to" in line for line in accountant.check_balances(tx))


def test_a_cap_below_what_is_spent_is_refused(opened: Store) -> None:
    """As it may be after a restore: more is spent than was promised, and a little more would not do."""
    with opened.write() as tx:
        whole = account(tx, None)
        over = tx.change(whole, loss_spent=rho_for(Decimal(5), whole.delta_conv))
        with pytest.raises(Problem, match="more is spent"):
            raise_cap(tx, whole.id, Decimal("4.5"), None, "why", "party_a")
        raised, _ = raise_cap(tx, whole.id, Decimal(5), None, "why", "party_a")
        assert raised.loss_spent == over.loss_spent <= raised.loss_total


def test_a_pure_account_adds_up_epsilon_and_admits_only_pure_releases(store: Store) -> None:
    zero = Decimal(0)

    def ask(tx: Transaction, job: str, pure: Decimal | None, delta: Decimal = zero) -> None:
        accountant.hold(
            tx, job=job, party="u", population="q", base_key=job, rho=Decimal("0.1"), delta=delta,
            population_pays=True, pure=pure,
        )  # fmt: skip

    with store.write() as tx:
        whole = accountant.open_accounts(tx, "q", Decimal(3), zero, (Decimal("1.5"), zero), pure=True)
        share = accountant.account_for(tx, "q", "u")
        assert (whole.loss_total, whole.delta_pool, share.loss_total) == (3, 0, Decimal("1.5"))
        assert accountant.left(share) == {"epsilon": "1.5", "delta": "0"}
        accountant.admit(share, ["laplace", "exponential"], private_keys=False)
        for mechanisms, private in ((["laplace", "gaussian"], False), (["laplace"], True)):
            with pytest.raises(Problem, match="sql_not_allowed"):
                accountant.admit(share, mechanisms, private_keys=private)
        for pure, delta in ((None, zero), (Decimal(1), Decimal("1e-9"))):
            with pytest.raises(Problem, match="sql_not_allowed"):
                ask(tx, "refused", pure, delta)
        ask(tx, "j1", Decimal(1))
        assert accountant.start(tx, "j1")
        assert accountant.is_spent(tx, "j1", "u", Decimal("0.1"), zero, pure=Decimal(1), population="q")
        assert not accountant.is_spent(tx, "j1", "u", Decimal("0.1"), zero, pure=Decimal("1.1"))
        assert not accountant.is_spent(tx, "j1", "u", Decimal("0.1"), zero), "not by its ρ"
        with pytest.raises(Problem, match=r"left ε 0\.5") as caught:
            ask(tx, "j2", Decimal("0.500001"))
        assert caught.value.fields["asked"] == {"epsilon": "0.500001", "delta": "0"}
        ask(tx, "j2", Decimal("0.5"))
        for shown in accountant.budgets(tx):
            assert shown["pure"] and shown["life"] == {"epsilon": "1", "delta": "0"}
        raised, _ = raise_cap(tx, whole.id, Decimal(4), None, "why", "party_a")
        assert raised.loss_total == 4 and raised.delta == 0
        assert accountant.check_balances(tx) == []
    with pytest.raises(Problem, match="epsilon_invalid"), store.write() as tx:
        accountant.open_accounts(tx, "r", Decimal(3), Decimal("1e-6"), (Decimal(1), zero), pure=True)
    with pytest.raises(Problem, match="state_conflict"), store.write() as tx:
        accountant.open_accounts(tx, "q", Decimal(4), Decimal("1e-6"), (Decimal("1.5"), Decimal("1e-7")))


def test_a_mixed_account_takes_pure_releases_at_their_rho(opened: Store) -> None:
    with opened.write() as tx:
        accountant.admit(account(tx, None), ["gaussian", "laplace"], private_keys=True)
        accountant.hold(
            tx, job="j", party="u", population="p", base_key="j", rho=ONE, delta=Decimal(0), population_pays=True,
            pure=Decimal(99),
        )  # fmt: skip
        assert [charge.loss for charge in tx.find(Charge, job="j")] == [ONE, ONE]


def test_the_first_period_is_the_one_of_the_first_question(opened: Store) -> None:
    with opened.write() as tx:
        hold(tx, "j1", period=4)
        assert account(tx).period == 4 and account(tx).counts_from == account(tx, EACH).counts_from
    assert now().tzinfo == UTC
