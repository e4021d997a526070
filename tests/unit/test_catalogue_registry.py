"""Resources: who may register what, what others see, and what the log and the accounts hold of it."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal

import pytest
from authority import World
from registrations import CLINIC

from sandbox.catalogue import registry
from sandbox.catalogue.dcat import dcat
from sandbox.catalogue.entry import parse_entry
from sandbox.catalogue.records import DataVersion, Resource
from sandbox.catalogue.regrading import regrade
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.errors import Problem
from sandbox.privacy.accounts import account_for


def entry(**changes):
    return parse_entry({**deepcopy(CLINIC), **changes})


def version(resource: str | None = None) -> DataVersion:
    report = {"tables": {"persons": {"rows_kept": 17}}}
    return DataVersion(new_id("version"), resource or new_id("resource"), 1, "v.duckdb", b"wrapped", report, {}, now())


def refused(code: str):
    return pytest.raises(Problem, match=f"^{code}: ")


def register(world: World, by=None, **changes) -> Resource:
    return registry.register(world.tx, world.journal, by or world.authority, entry(**changes), version())


def test_R1_a_resource_has_one_name_one_version_and_accounts(store):
    with store.write() as tx:
        world = World(tx)
        made = register(world)
        assert tx.get(Resource, made.id) == made and made.version
        (first,) = tx.find(DataVersion, resource=made.id)
        assert (first.id, first.number) == (made.version, 1)
        assert account_for(tx, made.population, "somebody").epsilon == Decimal(4)
        assert parse_entry(made.entry) == entry()
        with refused("state_conflict"):
            register(world)
        assert "resource.registered" in world.kinds()


def test_R1_only_administration_and_holders_register(store):
    with store.write() as tx:
        world = World(tx)
        with refused("role_not_allowed"):
            register(world, by=world.party("Company", "user"))
        with refused("role_not_allowed"):
            registry.own(tx, world.party("Operator", "operator"), "resource_x")


def test_versions_count_up_and_are_their_registrars(store):
    with store.write() as tx:
        world = World(tx)
        made, second = register(world), version()
        changed = registry.new_version(tx, world.journal, world.authority, made.id, second)
        assert changed.version == second.id
        assert [one.number for one in tx.find(DataVersion, order=("number",))] == [1, 2]
        bureau = world.party("Bureau", "holder")
        with refused("not_found"):
            registry.new_version(tx, world.journal, bureau, made.id, version(made.id))
        with refused("not_found"):
            registry.own(tx, bureau, "resource_unknown")


def test_a_population_is_shared_by_its_first_registrar_only(store):
    with store.write() as tx:
        world = World(tx)
        shared = {"unit": {**CLINIC["unit"], "population": "residents"}}
        register(world, **shared)
        assert register(world, name="second", **shared).population == "residents"
        with refused("state_conflict"):
            register(world, by=world.party("Bureau", "holder"), name="third", **shared)
        with refused("state_conflict"):
            more = {**CLINIC["privacy"], "epsilon": "21"}
            register(world, name="fourth", privacy=more, **shared)


def test_R6_regrading_keeps_its_reason_in_the_log(store):
    with store.write() as tx:
        world = World(tx)
        made = register(world)
        changed = regrade(tx, world.journal, world.authority, made.id, "general", "de-identified")
        assert changed.grade == changed.entry["grade"] == "general"
        assert "resource.regraded" in world.kinds()
        with refused("grade_refused"):
            regrade(tx, world.journal, world.authority, made.id, "core", "it is core")
        with refused("field_invalid"):
            regrade(tx, world.journal, world.authority, made.id, "important", " ")


def test_R5_entries_are_seen_by_grade_and_show_nothing_measured(store):
    with store.write() as tx:
        world = World(tx)
        important, general = register(world), register(world, name="open", grade="general")
        subject, user = world.party("Person", "subject"), world.party("Company", "user")
        assert [registry.visible(one, subject) for one in (important, general)] == [False, True]
        assert [registry.visible(one, user) for one in (important, general)] == [True, True]
        seen = registry.view(important, user)
        assert seen["id"] == important.id and seen["tables"][0]["columns"][2]["bounds"] == [0, 110]
        assert not seen.keys() & {"report", "population", "registrar"} and "17" not in str(seen["tables"])
        assert registry.view(important, world.authority)["population"] == important.population


def test_R5_the_public_catalogue_is_dcat_and_odrl(store):
    with store.write() as tx:
        world = World(tx)
        register(world)
        made = register(world, name="open", grade="general")
        (dataset,) = dcat(tx)["dcat:dataset"]
        assert dataset["dct:identifier"] == made.id and dataset["@type"] == "dcat:Dataset"
        assert {"@language": "zh", "@value": "就诊记录"} in dataset["dct:title"]
        assert dataset["dct:publisher"]["foaf:name"] == "Health Bureau"
        assert dataset["sbx:updateFrequency"]["@value"] == "P1M"
        offer = dataset["odrl:hasPolicy"]
        (permission,) = offer["odrl:permission"]
        (purpose,) = permission["odrl:constraint"]
        assert {"@id": "sbx:industry"} in purpose["odrl:rightOperand"]
        names = [column["csvw:name"] for column in dataset["csvw:table"][0]["csvw:column"]]
        assert names == ["person_id", "sex", "age", "income"]
