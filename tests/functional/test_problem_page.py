"""What goes wrong is a page to a person with a browser, and problem+json to everybody else."""

from __future__ import annotations

from pathlib import Path

import pytest
from webhouse import make_web

from sandbox.stores.sql import SqlStore

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def test_a_person_reads_what_went_wrong(store: SqlStore, tmp_path: Path) -> None:
    client = make_web(store, tmp_path / "home").client
    for lang, title in (("en", "There is no such thing"), ("zh", "未找到")):
        answer = client.get(f"/sign-in?lang={lang}", headers=BROWSER)
        assert (answer.status_code, answer.content_type) == (404, "text/html; charset=utf-8")
        assert title in answer.text and "SANDBOX_OIDC_ISSUER" in answer.text and "/docs/errors/not_found" in answer.text


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/sign-in", {}), ("/sign-in", {"Accept": "*/*"}), ("/api/v1/nothing", BROWSER), ("/api/v1/jobs", BROWSER)],
)
def test_a_program_gets_a_problem(path: str, headers: dict[str, str], store: SqlStore, tmp_path: Path) -> None:
    answer = make_web(store, tmp_path / "home").client.get(path, headers=headers)
    assert answer.content_type == "application/problem+json" and answer.json["code"]
