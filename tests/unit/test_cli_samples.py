"""Where `sandbox workspace sample` writes the tables of a product of several resources."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from sandbox.cli import workspace


def test_tables_of_one_name_are_files_of_two_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def table(resource: str, name: str, row: int) -> dict[str, Any]:
        return {"resource": resource, "name": name, "columns": [{"name": "n", "type": "integer"}], "rows": [[row]]}

    tables = [table("r1", "people", 1), table("r2", "people", 2), table("r2", "towns", 3)]
    client = SimpleNamespace(sample=lambda product, rows: {"tables": tables, "note": {"en": "synthetic"}})
    monkeypatch.setattr(workspace, "service", lambda: nullcontext(client))
    said = CliRunner().invoke(workspace.app, ["sample", "product_1", str(tmp_path)])
    assert said.exit_code == 0, said.output
    written = {file.name: file.read_text("utf-8").split() for file in tmp_path.iterdir()}
    assert written == {
        "r1.people.synthetic.csv": ["n", "1"], "r2.people.synthetic.csv": ["n", "2"], "towns.synthetic.csv": ["n", "3"],
    }  # fmt: skip
