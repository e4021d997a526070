"""Layers of which each holds where another has failed: what stands in the sandbox, bounds of numbers, ranks, and the
words of who refuses."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from estate import estate

from sandbox.core.clock import now
from sandbox.engines.worked import _kept
from sandbox.errors import Problem
from sandbox.isolation import bubblewrap
from sandbox.isolation.inside import syscalls
from sandbox.jobs import owntables
from sandbox.plan.scalar import INTEGER, Type, Value
from sandbox.plan.worked import Given
from sandbox.products.program.specification import OutputSpec
from sandbox.service import doctor


def test_nothing_of_the_host_stands_in_the_sandbox_but_what_runs_python() -> None:
    said = bubblewrap.command("bwrap", "-m", "inside")
    assert {"--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--clearenv"} <= set(said)
    assert not {one for one in said if one.startswith(("--share", "--bind", "--dev-bind", "--unshare-try"))}
    bound = {said[place + 1] for place, one in enumerate(said) if one in ("--ro-bind", "--ro-bind-try")}
    own = {path for path in bound if path not in (*bubblewrap.SYSTEM, *bubblewrap.LOADER, str(bubblewrap.INSIDE))}
    assert all((Path(path) / "bin").is_dir() for path in own), own  # where this interpreter is installed
    assert not {path for path in bubblewrap.SYSTEM if path.startswith(("/etc", "/home", "/root", "/var", "/tmp"))}
    assert all(path.startswith("/etc/ld.so.") for path in bubblewrap.LOADER)


def test_no_call_of_a_block_makes_opens_or_finds_anything() -> None:
    """The list is short on purpose: whoever adds to it says here what the call cannot do."""
    computes = {"brk", "munmap", "mremap", "madvise"}
    waits = {"exit", "exit_group", "restart_syscall", "futex", "membarrier", "sched_yield", "getpid", "gettid"}
    signals = {"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack"}
    clocks = {"clock_gettime", "clock_getres", "clock_nanosleep", "gettimeofday", "nanosleep", "time", "getrandom"}
    assert {*syscalls.MEMORY, *syscalls.OWN, *syscalls.CLOCKS} == computes | waits | signals | clocks
    assert set(syscalls.EXECUTABLE) == {"mmap", "mprotect"}


@pytest.mark.parametrize(
    ("number", "kept"),
    [(10.0**30, "400.00"), (-(10.0**30), "0.00"), (399.999, "400.00"), (1.005, "1.00"), (None, "7.00")],
)
def test_a_number_is_cut_to_its_bounds_before_anybody_counts_it(number: float | None, kept: str) -> None:
    given = Given("mean", Type("decimal", 2), Decimal(0), Decimal(400), Decimal(7))
    assert _kept(given, number) == Decimal(kept)
    whole: Value = _kept(Given("n", INTEGER, Decimal(0), Decimal(9), Decimal(1)), number)
    assert whole in range(10)


@pytest.mark.parametrize(("combine", "rank"), [("mean", None), ("median", (1, 2)), ("0.9", (9, 10)), ("0.25", (1, 4))])
def test_blocks_are_combined_at_the_rank_that_is_asked_for(combine: str, rank: tuple[int, int] | None) -> None:
    assert OutputSpec.model_validate({"name": "n", "lower": 0, "upper": 9, "combine": combine}).rank == rank


@pytest.mark.parametrize("why", [None, "bubblewrap is not installed"])
def test_the_doctor_says_why_programs_are_not_offered(
    why: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "missing", lambda: why)
    with estate(tmp_path / "home") as made:
        made.finish()
        [said] = [one["detail"] for one in doctor.examine(made.settings)["checks"] if one["name"] == "programs"]
    assert said == f"not offered: {why}" if why else "in a sandbox of its own" in said


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, None),
        ({"spec": "older"}, "was for the workspace as it was before"),
        ({"status": "submitted"}, "waits for its review"),
        ({"status": "ended"}, "is ended"),
        ({"until": now() - timedelta(seconds=1)}, "is over"),
        ({"subscription": "another"}, "no such admission"),
    ],
)
def test_what_was_brought_is_opened_only_as_it_was_reviewed(changed: dict[str, Any], said: str | None) -> None:
    kept = {"subscription": "s", "status": "admitted", "spec": "newest", "until": now() + timedelta(days=1)} | changed
    tx: Any = SimpleNamespace(get=lambda *_, **__: SimpleNamespace(**kept))
    permit: Any = SimpleNamespace(subscription=SimpleNamespace(id="s"), product=SimpleNamespace(spec_digest="newest"))
    if said is None:
        assert owntables._open(tx, permit, "admission_1").status == "admitted"
    else:
        with pytest.raises(Problem, match=said):
            owntables._open(tx, permit, "admission_1")
