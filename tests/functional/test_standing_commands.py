"""S3, S1: on the command line, too, parties are suspended, auditors search the log, subscriptions and products end."""

from __future__ import annotations

from pathlib import Path

from shell import shell
from webhouse import make_web

from sandbox.stores.sql import SqlStore


def test_S3_a_suspended_party_is_found_in_the_log_by_an_auditor(store: SqlStore, tmp_path: Path) -> None:
    web = make_web(store, tmp_path / "home")
    firm, _ = web.join("user"), web.join("auditor")
    with shell(web) as cli:
        assert firm in [one["id"] for one in cli.ask("parties", "list")]
        assert "suspended" in cli.run("parties", "suspend", firm)
        assert web.call("GET", "/subscriptions", key="user").status_code == 403, "its keys stop at once"
        assert cli.ask("parties", "reinstate", firm)["status"] == "active"
        assert cli.run("subscriptions", "list", key="user").strip() == "No subscription yet."
        kinds = [one["kind"] for one in cli.ask("log", "search", "--party", firm, key="auditor")]
        assert kinds.index("party.created") < kinds.index("party.suspended") < kinds.index("party.reinstated")
        assert "role_not_allowed" in cli.run("log", "search", "--party", firm, key="user", code=1)
        assert "malformed_request" in cli.run("log", "search", key="auditor", code=1)
        for verb in ("pause", "resume", "retire"):
            assert "not_found" in cli.run("product", verb, "none", code=1), verb
        assert "not_found" in cli.run("subscriptions", "cancel", "none", key="user", code=1)
