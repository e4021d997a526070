"""Who may do what, and which roles one party may not hold together (A3, O11)."""

from __future__ import annotations

from collections.abc import Iterable

from policies.document import Document


class Roles:
    """The rules of one file; raises `PolicyError` when the file is wrong or names a role that does not exist."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.roles = {name: document.string(f"roles.{name}") for name in document.mapping("roles")}
        self.scopes = tuple(document.mapping("scopes"))
        self.self_enrolling = self._named("self_enrolling")
        self.overseeing = self._named("overseeing")
        self.actions = self._group("actions")
        self.apart = self._group("apart")

    def allowed(self, action: str) -> tuple[str, ...]:
        """Give the roles that may take `action`; raises KeyError for one that the rules do not know."""
        return self.actions[action]

    def conflict(self, held: Iterable[str]) -> tuple[str, str] | None:
        """Give two of these roles that one party may not hold together, or None."""
        mine = list(held)
        return next(
            ((role, other) for role, others in self.apart.items() if role in mine for other in others if other in mine),
            None,
        )

    def _group(self, field: str) -> dict[str, tuple[str, ...]]:
        content = self._document.mapping(field)
        return {name: self._check(f"{field}.{name}", content[name]) for name in content}

    def _named(self, field: str) -> tuple[str, ...]:
        return self._check(field, self._document.strings(field))

    def _check(self, field: str, named: object) -> tuple[str, ...]:
        if not isinstance(named, (list, tuple)) or not named:
            raise self._document.wrong(field, "must be a list of roles")
        for role in named:
            if role not in self.roles:
                raise self._document.wrong(field, f"there is no role {role!r}")
        return tuple(named)


RULES = Roles(Document("roles.yaml"))
