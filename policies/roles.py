"""Who may do what, and which roles one party may not hold together (A3, O11)."""

from __future__ import annotations

from collections.abc import Iterable

from policies.document import Document


class Roles:
    """The rules of one file; raises `PolicyError` when the file is wrong or names a role that does not exist."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.roles = {name: document.string(f"roles.{name}") for name in document.mapping("roles")}
        self.scopes = {name: document.string(f"scopes.{name}") for name in document.mapping("scopes")}
        self.whole = ("read", "write")
        self.self_enrolling = self._named("self_enrolling")
        self.overseeing = self._named("overseeing")
        self.actions = self._group("actions")
        self.apart = self._group("apart")
        self.areas = self._areas()

    def allowed(self, action: str) -> tuple[str, ...]:
        """Give the roles that may take `action`; raises KeyError for one that the rules do not know."""
        return self.actions[action]

    def reach(self, scopes: Iterable[str], needed: str, action: str | None) -> bool:
        """Say whether a key with `scopes` may take `action` (None: what every party may do), which needs the scope
        `needed`, read or write."""
        held = set(scopes)
        return needed in held or any(action in self.areas.get(scope, ()) for scope in held)

    def beyond(self, scopes: Iterable[str], asked: Iterable[str]) -> str | None:
        """Give the first of the scopes `asked` for that goes beyond `scopes`, None when none does."""
        held = set(scopes)
        return next(
            (one for one in asked if one not in held and not (one in self.areas and {*self.whole} <= held)), None
        )

    def conflict(self, held: Iterable[str]) -> tuple[str, str] | None:
        """Give two of these roles that one party may not hold together, or None."""
        mine = list(held)
        return next(
            ((role, other) for role, others in self.apart.items() if role in mine for other in others if other in mine),
            None,
        )

    def _areas(self) -> dict[str, frozenset[str]]:
        """Each area with its actions; areas are scopes, and no action is left out."""
        found = {}
        for area in self._document.mapping("areas"):
            field = f"areas.{area}"
            named = self._document.strings(field)
            if area not in self.scopes or area in self.whole:
                raise self._document.wrong(field, "is no narrower scope")
            matched = {name: {one for one in self.actions if f"{one}.".startswith(f"{name}.")} for name in named}
            if unknown := [name for name, actions in matched.items() if not actions]:
                raise self._document.wrong(field, f"there is no action {unknown[0]}")
            found[area] = frozenset().union(*matched.values())
        if lost := sorted(self.actions.keys() - frozenset().union(*found.values())):
            raise self._document.wrong("areas", f"has no place for {lost[0]}")
        return found

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
