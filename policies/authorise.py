"""Decide by Cedar policies (jobs.cedar, or the version that an authority put in force) whether a job may run, an answer
leave, a product or a subscription be approved; say which policy decided.

Cedar skips a policy that fails on a missing fact, which would let a job through that it should forbid. So every
request is checked against the schema (facts.cedar), and anything but a clear decision raises: only Allow allows.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cedarpy

from policies.document import PolicyError, text

RUN_JOB = "run_job"
RELEASE_ANSWER = "release_answer"
APPROVE_SUBSCRIPTION = "approve_subscription"
APPROVE_PRODUCT = "approve_product"
KEPT = 1024
"""Decisions that are kept with each version of the policies."""


@dataclass(frozen=True)
class Decision:
    """`code` is the problem code (empty when allowed), `policy_id` the policy that decided, `reason` its sentence by
    language (en, zh), `policies` the SHA-256 of the text it stands in."""

    allowed: bool
    code: str
    policy_id: str
    reason: dict[str, str]
    policies: str = ""


class Rules:
    """Policies and schema, parsed once. Raises `PolicyError` when they are wrong or lack an annotation."""

    def __init__(self, file: str, policies: str, schema: str) -> None:
        self.file = file
        self.digest = hashlib.sha256(policies.encode()).hexdigest()
        try:
            self._policies = cedarpy.PolicySet.from_str(policies)
            self._schema = cedarpy.Schema.from_str(schema)
        except ValueError as error:
            raise PolicyError(file, "", str(error)) from error
        checked = cedarpy.validate_policies(policies, self._schema)
        if not checked.validation_passed:
            raise _misfit(file, policies, checked.errors[0].policy_id, checked.errors[0].error)
        self._entities = cedarpy.Entities.from_json_str("[]")
        self._parsed = _parsed(policies)
        self._said = self._annotations()
        self._kept = lru_cache(maxsize=KEPT)(self._decided)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all policies, in the order of the file."""
        return tuple(said["id"] for said in self._said.values())

    @property
    def laws(self) -> dict[str, Any]:
        """The policies that every version keeps (@law), by id: effect, scope and conditions."""
        return {
            said["id"]: {part: self._parsed[name].get(part) for part in _MEANING}
            for name, said in self._said.items()
            if "law" in said
        }

    def decide(self, facts: Mapping[str, Any], action: str = RUN_JOB, asker: str | None = None) -> Decision:
        """Decide on the facts that the schema lists for `action`; raises `PolicyError` when they do not fit it.

        What was decided on these very facts for an `asker` is decided alike when it asks again, without Cedar; for
        nobody else, who could see by the time that others had asked."""
        if asker is None:
            allowed, said = self._decided(None, action, json.dumps(dict(facts)))
        else:
            allowed, said = self._kept(asker, action, json.dumps(dict(facts), sort_keys=True))
        code = "" if allowed else said["id"].partition(".")[0]
        return Decision(allowed, code, said["id"], {"en": said["en"], "zh": said["zh"]}, self.digest)

    def _decided(self, asker: str | None, action: str, facts: str) -> tuple[bool, dict[str, str]]:
        """Give whether it is allowed, and what the policy that decided says of itself."""
        request = {
            "principal": {"type": "Party", "id": "asking"},
            "action": {"type": "Action", "id": action},
            "resource": {"type": "Product", "id": "asked"},
            "context": json.loads(facts),
        }
        result = cedarpy.is_authorized(request, self._policies, self._entities, schema=self._schema)
        if result.diagnostics.errors or not result.diagnostics.reasons:
            wrong = "; ".join(result.diagnostics.errors) or "no policy decides"
            raise PolicyError(self.file, action, wrong)
        first = min(result.diagnostics.reasons, key=list(self._said).index)
        return result.decision == cedarpy.Decision.Allow, self._said[first]

    def _annotations(self) -> dict[str, dict[str, str]]:
        found = {name: policy.get("annotations", {}) for name, policy in self._parsed.items()}
        for name, said in found.items():
            if missing := {"id", "en", "zh"} - said.keys():
                raise PolicyError(self.file, name, f"has no annotation @{min(missing)}")
        ids = [said["id"] for said in found.values()]
        if twice := next((one for one in ids if ids.count(one) > 1), None):
            raise PolicyError(self.file, twice, "is the id of two policies")
        return found


_MEANING = ("effect", "principal", "action", "resource", "conditions")


def _parsed(policies: str) -> dict[str, Any]:
    """The policies as JSON, in the order of the text."""
    static = json.loads(cedarpy.policies_to_json_str(policies))["staticPolicies"]
    return {name: static[name] for name in sorted(static, key=lambda name: int(name[len("policy") :]))}


def _misfit(file: str, policies: str, name: str, said: str) -> PolicyError:
    """What does not fit the schema, by the id of its policy and the line where that stands, not by its number."""
    known = _parsed(policies)[name].get("annotations", {}).get("id", name)
    lines = [number for number, line in enumerate(policies.splitlines(), 1) if f'@id("{known}")' in line]
    return PolicyError(file, known, said.removeprefix(f"for policy `{name}`, "), lines[0] if lines else None)


SHIPPED = text("jobs.cedar")
STRICT = text("strict.cedar")
"""What an authority may add to the shipped text: documents where that only warns."""
STRICTER = frozenset(re.findall(r'@id\("([^"]+)"\)', STRICT))
"""The ids of the policies in it."""
RULES = Rules("jobs.cedar", SHIPPED, text("facts.cedar"))
decide = RULES.decide


@lru_cache(maxsize=8)
def with_law(policies: str) -> str:
    """Give a text that was put in force once, with the policies that have become law since at its end."""
    known = {policy.get("annotations", {}).get("id") for policy in _parsed(policies).values()}
    parts = SHIPPED.strip().split("\n\n")
    return "\n\n".join(
        [policies, *(part for law in RULES.laws if law not in known for part in parts if _is(part, law))]
    )


def _is(part: str, law: str) -> bool:
    return f'@id("{law}")' in part


def stricter(policies: str) -> str:
    """Give what would make a text strict: the policies of `strict.cedar` that it has not yet."""
    known = {policy.get("annotations", {}).get("id") for policy in _parsed(policies).values()}
    parts = STRICT.split("\n\n")
    return "\n\n".join(part for part in parts if not any(_is(part, one) for one in known & STRICTER))


@lru_cache(maxsize=8)
def version(policies: str, file: str = "the policies") -> Rules:
    """Give the rules of another text, which an authority may put in force.

    Raises `PolicyError` when it does not fit the schema, or changes or leaves out what the law demands: a policy with
    @law only forbids, and what one policy forbids no other can permit, so a version can be stricter, never laxer.
    """
    rules = Rules(file, policies, text("facts.cedar"))
    for name, law in RULES.laws.items():
        if rules.laws.get(name) != law:
            raise PolicyError(file, name, "is law: take it over from jobs.cedar as it is, with its @law")
    return rules
