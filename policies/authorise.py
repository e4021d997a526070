"""Decide by the Cedar policies of jobs.cedar whether a job may run or an answer leave; say which policy decided.

Cedar skips a policy that fails on a missing fact, which would let a job through that it should forbid. So every
request is checked against the schema (facts.cedar), and anything but a clear decision raises: only Allow allows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cedarpy

from policies.document import PolicyError, text

RUN_JOB = "run_job"
RELEASE_ANSWER = "release_answer"


@dataclass(frozen=True)
class Decision:
    """`code` is the problem code (empty when allowed), `policy_id` the policy that decided, `reason` its sentence by
    language (en, zh)."""

    allowed: bool
    code: str
    policy_id: str
    reason: dict[str, str]


class Rules:
    """Policies and schema, parsed once. Raises `PolicyError` when they are wrong or lack an annotation."""

    def __init__(self, file: str, policies: str, schema: str) -> None:
        self.file = file
        try:
            self._policies = cedarpy.PolicySet.from_str(policies)
            self._schema = cedarpy.Schema.from_str(schema)
        except ValueError as error:
            raise PolicyError(file, "", str(error)) from error
        checked = cedarpy.validate_policies(policies, self._schema)
        if not checked.validation_passed:
            raise PolicyError(file, checked.errors[0].policy_id, checked.errors[0].error)
        self._entities = cedarpy.Entities.from_json_str("[]")
        self._said = self._annotations(policies)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all policies, in the order of the file."""
        return tuple(said["id"] for said in self._said.values())

    def decide(self, facts: Mapping[str, Any], action: str = RUN_JOB) -> Decision:
        """Decide on the facts that the schema lists for `action`; raises `PolicyError` when they do not fit it."""
        request = {
            "principal": {"type": "Party", "id": "asking"},
            "action": {"type": "Action", "id": action},
            "resource": {"type": "Product", "id": "asked"},
            "context": dict(facts),
        }
        result = cedarpy.is_authorized(request, self._policies, self._entities, schema=self._schema)
        if result.diagnostics.errors or not result.diagnostics.reasons:
            wrong = "; ".join(result.diagnostics.errors) or "no policy decides"
            raise PolicyError(self.file, action, wrong)
        first = min(result.diagnostics.reasons, key=list(self._said).index)
        said = self._said[first]
        allowed = result.decision == cedarpy.Decision.Allow
        code = "" if allowed else said["id"].partition(".")[0]
        return Decision(allowed, code, said["id"], {"en": said["en"], "zh": said["zh"]})

    def _annotations(self, policies: str) -> dict[str, dict[str, str]]:
        static = json.loads(cedarpy.policies_to_json_str(policies))["staticPolicies"]
        found = {
            name: static[name].get("annotations", {}) for name in sorted(static, key=lambda n: int(n[len("policy") :]))
        }
        for name, said in found.items():
            if missing := {"id", "en", "zh"} - said.keys():
                raise PolicyError(self.file, name, f"has no annotation @{min(missing)}")
        ids = [said["id"] for said in found.values()]
        if twice := next((one for one in ids if ids.count(one) > 1), None):
            raise PolicyError(self.file, twice, "is the id of two policies")
        return found


RULES = Rules("jobs.cedar", text("jobs.cedar"), text("facts.cedar"))
decide = RULES.decide
