"""R1: registration from a database that the host connected – one snapshot, only what is declared, no password shown."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import psycopg
import pytest
from databases import postgres_database
from estate import PEOPLE, Estate, estate, registration

from sandbox.catalogue.ingest import database
from sandbox.jobs.records import Task

pytestmark = pytest.mark.postgres
SECRET = "open-sesame-17"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Estate, str]]:
    """An instance, and a database with a table of people that a reader may read, and one that it may not."""
    with postgres_database() as address, estate(tmp_path_factory.mktemp("estate") / "home") as made:
        owner = address.replace("postgresql+psycopg://", "postgresql://")
        role = f"reader_{owner.rpartition('_')[2]}"
        with psycopg.connect(owner, autocommit=True) as there:
            there.execute(
                "CREATE TABLE people (person int8, town text, age float8, wage numeric, note text, shape point)"
            )
            with there.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO people VALUES (%s, %s, %s, %s, 'private, \"quoted\"\n', '(1,2)')",
                    [(one["person"], one["town"], one["age"], one["wage"]) for one in PEOPLE],
                )
            there.execute("CREATE TABLE hidden AS SELECT * FROM people")
            there.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{SECRET}'")
            there.execute(f"GRANT SELECT ON people TO {role}")
        made.web.join("administration")
        made.web.join("holder")
        made.owner = owner  # type: ignore[attr-defined]
        reader = owner.replace("postgres@", f"{role}:{SECRET}@", 1)
        write(made, {"town": {"url": reader, "parties": [made.web.ids["administration"]]}})
        try:
            yield made, reader
        finally:
            with psycopg.connect(owner, autocommit=True) as there:
                there.execute(f"DROP OWNED BY {role}")
                there.execute(f"DROP ROLE {role}")


def write(town: Estate, sources: dict[str, dict[str, Any]]) -> None:
    lines = []
    for name, one in sources.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in one.items())]
    file = town.settings.key_folder / "sources.toml"
    file.write_text("\n".join(lines))
    file.chmod(0o600)


def register(
    town: Estate, table: str = "public.people", name: str = "people", source: str = "town", by: str = "administration",
    change: Any = None,
) -> Any:  # fmt: skip
    raw = registration(name)
    raw["tables"][0]["name"] = name
    if change:
        change(raw["tables"][0])
    origin = json.dumps({"source": source, "table": table}).encode()
    files = {"metadata": (io.BytesIO(json.dumps(raw).encode()), "m.json", "application/json")}
    files[name] = (io.BytesIO(origin), None, "application/json")  # type: ignore[assignment]
    with town.working():
        return town.web.call("POST", "/resources", key=by, data=files)


def test_R1_a_table_of_a_database_is_registered_and_refreshed(town):
    """R1: over the API; what the log and the report say; a refresh is a new snapshot of the same table."""
    made, reader = town
    answer = register(made)
    assert answer.status_code == 201, answer.text
    report = answer.json["report"]
    assert report["sources"] == {"people": {"source": "town", "table": "public.people"}}
    assert report["tables"]["people"]["rows_kept"] == len(PEOPLE)
    columns = report["tables"]["people"]["columns"]
    assert set(columns) == {"person", "town", "age", "wage"} and all(not one["failed"] for one in columns.values())
    with psycopg.connect(made.owner, autocommit=True) as there:
        there.execute("DELETE FROM people WHERE person >= 500")
    origin = (io.BytesIO(b'{"source": "town", "table": "people"}'), None, "application/json")
    with made.working():
        again = made.ok("PUT", f"/resources/{answer.json['id']}/data", key="administration", data={"people": origin})
    assert again["report"]["tables"]["people"]["rows_kept"] == 500 and again["version"] != answer.json["version"]
    assert not list(Path(made.house.vault.scratch).glob("source-*"))  # type: ignore[union-attr]
    with made.house.store.read() as tx:
        said = json.dumps([[task.payload, task.outcome] for task in tx.find(Task)])
    assert SECRET not in said and "127.0.0.1" not in said and reader not in said


def renamed(table: dict[str, Any]) -> None:
    table["columns"][1]["name"] = "village"


def with_a_point(table: dict[str, Any]) -> None:
    table["columns"].append({"name": "shape", "type": "string", "role": "personal"})


@pytest.mark.parametrize(
    ("given", "code", "saying"),
    [
        ({"table": "public.nobody"}, "table_malformed", "has no table public.nobody"),
        ({"table": "public.people; DROP TABLE people"}, "table_malformed", "has no table"),
        ({"change": renamed}, "table_malformed", "has no column village"),
        ({"change": with_a_point}, "table_malformed", "shape is no number, text or date"),
        ({"table": "public.hidden"}, "table_malformed", "grant it SELECT"),
        ({"table": ""}, "field_invalid", "write"),
        ({"table": "a.b.c"}, "field_invalid", "schema.table"),
        ({"source": "elsewhere"}, "not_found", "no database called elsewhere for you"),
        ({"by": "holder"}, "not_found", "no database called town for you"),
    ],
)
def test_R1_what_cannot_be_read_is_said_and_nothing_stays(town, given, code, saying):
    made, _ = town
    before = sorted(made.settings.data_folder.iterdir())
    answer = register(made, name="other", **given)
    assert (answer.json["code"], saying in answer.json["detail"]) == (code, True), answer.text
    assert SECRET not in answer.text
    assert sorted(made.settings.data_folder.iterdir()) == before


def test_R1_a_database_that_is_away_or_lost_on_the_way_can_be_tried_again(town, monkeypatch):
    made, reader = town
    people = [made.web.ids["administration"]]
    write(made, {"away": {"url": f"postgresql://x:{SECRET}@127.0.0.1:1/x", "parties": people},
                 "town": {"url": reader, "parties": people}})  # fmt: skip
    answer = register(made, name="away", source="away")
    assert (answer.status_code, answer.json["code"]) == (503, "source_unavailable") and SECRET not in answer.text

    with monkeypatch.context() as patch:
        real = database._copy

        def lost(cursor: Any, *given: Any) -> None:
            """The server ends the connection in the middle, as a restart would."""
            with psycopg.connect(made.owner, autocommit=True) as there:
                there.execute("SELECT pg_terminate_backend(%s)", (cursor.connection.info.backend_pid,))
            real(cursor, *given)

        patch.setattr(database, "_copy", lost)
        answer = register(made, name="lost")
    assert answer.json["code"] == "source_unavailable", answer.text
    assert register(made, name="lost").status_code == 201


def test_R1_tables_that_the_host_did_not_offer_or_a_careless_file_are_refused(town):
    made, reader = town
    people = [made.web.ids["administration"]]
    write(made, {"town": {"url": reader, "parties": people, "tables": ["his.*"]}})
    assert register(made, name="third").json["code"] == "field_invalid"
    write(made, {"town": {"url": reader, "parties": people}})
    file = made.settings.key_folder / "sources.toml"
    file.chmod(0o644)
    assert "chmod 600" in register(made, name="third").json["detail"]
    for wrong in ("[town]\nurl = 'mysql://x'\nparties = ['a']\n", "[town", "[town]\nurl = 'postgresql://x'\n"):
        file.write_text(wrong)
        file.chmod(0o600)
        answer = register(made, name="third")
        assert answer.json["code"] == "not_ready" and "mysql" not in answer.text, answer.text
    write(made, {"town": {"url": reader, "parties": people}})
    assert register(made, name="third").status_code == 201


def test_R1_all_tables_of_an_upload_are_of_one_moment(town, monkeypatch):
    """Rows that come in between two tables are in neither."""
    made, _ = town
    real, moments = database._copy, []

    def and_meanwhile(*given: Any) -> None:
        real(*given)
        with psycopg.connect(made.owner, autocommit=True) as there:
            there.execute("INSERT INTO people VALUES (9999, '东', 1, 1, '', '(1,1)')")
        moments.append(1)

    monkeypatch.setattr(database, "_copy", and_meanwhile)
    raw = registration("twice")
    second = deepcopy(raw["tables"][0]) | {"name": "again"}
    raw["tables"].append(second)
    files: dict[str, Any] = {"metadata": (io.BytesIO(json.dumps(raw).encode()), "m.json", "application/json")}
    for name in ("twice", "again"):
        files[name] = (io.BytesIO(b'{"source": "town", "table": "people"}'), None, "application/json")
    with made.working():
        report = made.ok("POST", "/resources", key="administration", data=files)["report"]["tables"]
    assert len(moments) == 2 and report["twice"]["rows_read"] == report["again"]["rows_read"]


@pytest.mark.parametrize("wrong", [b"[]", b"{}", b'{"source": "town", "table": 3}', b'{"source": "town"}', b"{"])
def test_R1_a_part_that_names_no_table_is_refused(town, wrong):
    made, _ = town
    files = {"metadata": (io.BytesIO(json.dumps(registration()).encode()), "m.json", "application/json")}
    files["people"] = (io.BytesIO(wrong), None, "application/json")  # type: ignore[assignment]
    answer = made.web.call("POST", "/resources", key="administration", data=files)
    assert answer.json["code"] in ("field_invalid", "malformed_request"), answer.text
