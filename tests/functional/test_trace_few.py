"""An answer of one number: its notes, and the trace of its leak, say that marks cannot tell whose copy it is."""

from __future__ import annotations

import io
from pathlib import Path

from estate import estate


def test_one_number_names_nobody_and_both_say_so(tmp_path: Path) -> None:
    with estate(tmp_path / "home") as box:
        box.publish(("firm", "other"))
        jobs = {user: box.ask("SELECT COUNT(*) AS n FROM people", user) for user in ("firm", "other")}
        box.finish()
        answer = box.ok("GET", f"/jobs/{jobs['firm']}/result", key="firm")
        [note] = [note for note in answer["notes"] if "fewer than 20 cells that carry marks" in note]
        assert note.endswith("only receipt and deliveries show whom it was given to")
        leak = box.web.call("GET", f"/jobs/{jobs['firm']}/result?format=csv", key="firm").data
        box.web.join("regulator")
        files = {"file": (io.BytesIO(leak), "leak.csv", "text/csv")}
        begun = box.ok("POST", "/traces", key="regulator", data=files)
        box.finish()
        found = box.ok("GET", f"/traces/{begun['id']}", key="regulator")
        assert (found["verdict"], found["findings"], found["too_few"]) == ("insufficient_evidence", [], 1)
        assert found["statement"]["en"].endswith("is shown by receipts and deliveries alone.")
        assert found["statement"]["zh"].endswith("只能凭存证回执和交付记录证明。")
