"""`sandbox upgrade`: brings the database of an instance, made by an older version of this program, up to this one."""

from __future__ import annotations

from sandbox.bootstrap import inspector, old_store
from sandbox.jobs.presence import require_still
from sandbox.settings import Settings


def upgrade(settings: Settings) -> dict[str, str | None]:
    """Give the version of the schema that there was, as `before`; None where it was the newest already.

    All changes are one transaction: broken off, nothing has changed, and it is done again.

    Raises `Problem`: not_ready where there is no instance or a newer one, state_conflict while it is served."""
    with old_store(settings) as store:
        before = store.older()
        if before is not None:
            with store.read() as tx:
                require_still(tx)
            store.create()
    if before is not None:
        with inspector(settings) as house, house.store.write() as tx:
            house.journal.write(tx, "instance.upgraded", public={"before": before})
    return {"before": before}
