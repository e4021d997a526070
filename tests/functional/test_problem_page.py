"""What goes wrong is a page to a person with a browser, and problem+json to everybody else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from webhouse import make_web

import sandbox
from sandbox.errors import Problem
from sandbox.stores.sql import SqlStore
from sandbox.web.said import in_chinese

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def test_a_person_reads_what_went_wrong(store: SqlStore, tmp_path: Path) -> None:
    client = make_web(store, tmp_path / "home").client
    for lang, title in (("en", "There is no such thing"), ("zh", "未找到")):
        answer = client.get(f"/sign-in?lang={lang}", headers=BROWSER)
        assert (answer.status_code, answer.content_type) == (404, "text/html; charset=utf-8")
        assert title in answer.text and "SANDBOX_OIDC_ISSUER" in answer.text and "/docs/errors/not_found" in answer.text
        assert ("people do not sign in here" in answer.text) == (lang == "en"), (
            "in Chinese there is no English sentence"
        )


def sentences(module: str) -> list[str]:
    """The sentences of the problems that a module raises, with names in place of what it fills in."""
    tree = ast.parse((Path(sandbox.__file__).parent / module).read_text(encoding="utf-8"))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Problem" and len(node.args) > 1:
            said = node.args[1]
            parts = said.values if isinstance(said, ast.JoinedStr) else [said]
            texts = [str(one.value) if isinstance(one, ast.Constant) else "user" for one in parts]
            found += (
                ["".join(texts)] if all(isinstance(one, ast.Constant | ast.FormattedValue) for one in parts) else []
            )
    return found


@pytest.mark.parametrize("module", ["web/signin.py", "web/sessions.py", "web/pages.py", "web/refusals.py"])
def test_every_sentence_that_a_page_can_end_with_is_there_in_chinese(module: str) -> None:
    known = sentences(module)
    assert known
    for said in known:
        chinese = in_chinese(Problem("not_found", said))
        assert chinese and any("一" <= letter <= "鿿" for letter in chinese), said


def test_a_refused_role_and_a_policy_are_said_in_chinese() -> None:
    said = in_chinese(Problem("role_not_allowed", "this needs a party with the role operator or holder"))
    assert said == "须由具有以下角色的主体操作：运营机构、数源单位"
    assert (
        in_chinese(Problem("grant_inactive", "over", reason={"en": "over", "zh": "授权期限已届满"})) == "授权期限已届满"
    )
    assert in_chinese(Problem("not_found", "what nobody translated")) is None


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/sign-in", {}), ("/sign-in", {"Accept": "*/*"}), ("/api/v1/nothing", BROWSER), ("/api/v1/jobs", BROWSER)],
)
def test_a_program_gets_a_problem(path: str, headers: dict[str, str], store: SqlStore, tmp_path: Path) -> None:
    answer = make_web(store, tmp_path / "home").client.get(path, headers=headers)
    assert answer.content_type == "application/problem+json" and answer.json["code"]
