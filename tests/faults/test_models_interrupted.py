"""A vault that dies while a model is trained: the model is drawn once, charged once, and the run goes on."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from models_world import lending

from sandbox.jobs import telling
from sandbox.jobs.own import run_own
from sandbox.jobs.records import Base, Job
from sandbox.jobs.tasks import claim
from sandbox.metering.records import UsageEvent
from sandbox.service.vault import CARRY_OUT


class Died(Exception):
    """The vault is gone, wherever it was."""


@pytest.mark.parametrize("where", ["before anything is stored", "after the base is stored"])
def test_a_model_is_drawn_once_and_charged_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    def die(*_: object, **__: object) -> None:
        raise Died

    with ExitStack() as stack:
        world = lending(tmp_path / "home", stack)
        world.beat()
        job = run_own(world.house, world.product, "2025")
        task = claim(world.house.store, "first")
        assert task is not None
        with monkeypatch.context() as broken:
            if where.startswith("before"):
                broken.setattr("sandbox.privacy.modelled.gaussian", die)
            else:
                broken.setattr(telling, "record", die)
            with pytest.raises(Died):
                CARRY_OUT[task.kind](world.house, task)
        with world.house.store.read() as tx:
            drawn = [base.content for base in tx.find(Base)]
        world.expire()
        world.finish()
        with world.house.store.read() as tx:
            bases, ended = tx.find(Base), tx.get(Job, job.id)
            events = tx.find(UsageEvent, job=job.id)
        assert ended is not None and ended.status == "done"
        assert len(bases) == 1 and len(events) == 1
        assert not drawn or drawn == [bases[0].content]
        assert bool(drawn) == where.startswith("after")
        spent = next(one for one in world.ok("GET", "/budgets")["items"] if one["party"] is None)["spent"]["rho"]
        assert spent == str(ended.rho)
