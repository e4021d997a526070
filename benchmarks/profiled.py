"""The public profile of a town, bought as the sandbox buys it and kept beside the town's files."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

from benchmarks.registered import Built, registration
from sandbox.catalogue.entry import parse_entry
from sandbox.catalogue.profile import Profile, profile_of
from sandbox.engines.duckdb.pool import DuckDBEngine
from sandbox.jobs import profiling
from sandbox.privacy.convert import rho_for
from sandbox.privacy.release import release

EPSILON, DELTA, SECONDS = Decimal("0.5"), Decimal("1e-6"), 600


def profile(data: Built) -> Profile:
    """Give the profile for the key sets that the town registers; what index a version has plays no part."""
    entry = parse_entry(registration())
    state = sha256(json.dumps(entry.as_json()).encode() + Path(profiling.__file__).read_bytes())
    kept = data.town.folder / f"profile-{state.hexdigest()[:12]}.json"
    if not kept.exists():
        loss = rho_for(EPSILON, DELTA / 2)
        plan = profiling.profile_plan(entry, "resource_1", "population_1", data.opened.id, loss, DELTA / 100, False)
        engine = DuckDBEngine(seconds=SECONDS)
        try:
            parts = [replace(plan, blocks=(block,), outputs=((),)) for block in plan.blocks]
            released = [one for part in parts for one in release(part, engine.run(data.opened, part))]
        finally:
            engine.close()
        kept.write_text(json.dumps(profiling.content(entry, plan, False, released)), encoding="utf-8")
    return profile_of(json.loads(kept.read_text(encoding="utf-8")))
