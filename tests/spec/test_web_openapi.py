"""The service does what its OpenAPI description says: no undocumented status, type or shape (schemathesis)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from webhouse import ROLES, Web, make_web

from sandbox.stores.sql import SqlStore
from sandbox.web import refusals
from sandbox.web.description import PREFIX
from sandbox.web.endpoint import DECLARED

EXAMPLES = 5
UNREADABLE = "positive_data_acceptance"  # rules of the domain go beyond what a schema can say
SEEN = dict.fromkeys(("log/checkpoint", "log/consistency"), "not_a_server_error")  # 503 before the first seal


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder: Path = tmp_path_factory.mktemp("openapi")
    store = SqlStore(f"sqlite:///{folder / 'control.db'}")
    store.create()
    made = make_web(store, folder / "home", ingest_timeout_s=1)  # no vault works here
    for role in ROLES:
        made.join(role)
    with pytest.MonkeyPatch.context() as patch:  # wrong keys are tried by the hundred, and 401 is expected of each
        patch.setattr(refusals, "MOST_TRIES", 1 << 30)
        yield made
    store.close()


def test_it_describes_every_endpoint_and_nothing_else(web: Web) -> None:
    described = web.client.get(f"{PREFIX}/openapi.json").json
    assert described["openapi"].startswith("3.1")
    found = {(method.upper(), path) for path, ways in described["paths"].items() for method in ways}
    declared = {
        (one.method, PREFIX + one.path.replace("<path:", "{").replace("<", "{").replace(">", "}")) for one in DECLARED
    }
    assert found == declared


def test_every_problem_is_described_with_its_codes(web: Web) -> None:
    described = web.client.get(f"{PREFIX}/openapi.json").json
    for path, ways in described["paths"].items():
        for method, operation in ways.items():
            for status, response in operation["responses"].items():
                if status >= "400":
                    assert list(response["content"]) == ["application/problem+json"], (method, path)
                    assert response["description"], (method, path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("declared", DECLARED, ids=lambda one: f"{one.method} {one.path}")
def test_it_answers_as_described(web: Web, declared: Any) -> None:
    schema = schemathesis.openapi.from_wsgi(f"{PREFIX}/openapi.json", web.client.application)
    path = PREFIX + declared.path.replace("<path:", "{").replace("<", "{").replace(">", "}")
    operation = schema[path][declared.method]
    role = next((role for role in declared.roles if role in web.keys), None)
    headers = {} if declared.public else {"Authorization": f"Bearer {web.keys.get(role or '', web.authority)}"}
    left_out = {UNREADABLE} | {check for part, check in SEEN.items() if part in path}
    excluded = [check for check in schemathesis.checks.CHECKS.get_all() if check.__name__ in left_out]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def holds(case: Any) -> None:
        case.call_and_validate(headers=headers, excluded_checks=excluded)

    holds()
