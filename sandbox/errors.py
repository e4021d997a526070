"""Problems: the only exceptions that may reach a caller.

A problem has a stable code, the HTTP status that goes with it, and one sentence that says what to do.
It never carries a value read from protected data (dp-sql: errors are not data-dependent).
"""

from __future__ import annotations

STATUS: dict[str, int] = {
    "malformed_request": 400,
    "key_missing": 401,
    "key_invalid": 401,
    "role_not_allowed": 403,
    "scope_not_allowed": 403,
    "csrf_invalid": 403,
    "party_suspended": 403,
    "subscription_inactive": 403,
    "grant_inactive": 403,
    "purpose_not_allowed": 403,
    "commitment_missing": 403,
    "two_person_required": 403,
    "separation_of_duties": 403,
    "cross_border_refused": 403,
    "consent_missing": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "format_not_offered": 406,
    "idempotency_conflict": 409,
    "idempotency_in_progress": 409,
    "state_conflict": 409,
    "assessment_missing": 409,
    "job_not_finished": 409,
    "privacy_budget_exhausted": 409,
    "quota_exhausted": 409,
    "spending_limit_reached": 409,
    "version_conflict": 412,
    "upload_too_large": 413,
    "media_type_unsupported": 415,
    "field_invalid": 422,
    "table_malformed": 422,
    "grade_refused": 422,
    "sql_syntax": 422,
    "sql_not_allowed": 422,
    "unknown_column": 422,
    "bound_missing": 422,
    "unit_missing": 422,
    "epsilon_invalid": 422,
    "price_above_ceiling": 422,
    "ceilings_exceed_revenue": 422,
    "emergency_stop": 423,
    "rate_limited": 429,
    "execution_failed": 500,
    "not_ready": 503,
    "integrity_stop": 503,
    "source_unavailable": 503,
}


class Problem(Exception):
    """A refusal or failure with a stable `code`, its HTTP `status` and a sentence that says what to do.

    `fields` holds further public members of the RFC 9457 body (for example `left` or `excess`).
    """

    def __init__(self, code: str, detail: str, **fields: object) -> None:
        self.code = code
        self.status = STATUS[code]
        self.detail = detail
        self.fields = fields
        super().__init__(f"{code}: {detail}")
