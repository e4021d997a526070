"""The upward report (S3), and the public disclosure's neighbours."""

from __future__ import annotations

from apiflask import APIBlueprint

from sandbox.core.clock import now
from sandbox.errors import Problem
from sandbox.oversight import upward
from sandbox.web.call import Call, Reply
from sandbox.web.endpoint import endpoint
from sandbox.wire.common import Output
from sandbox.wire.watching import ReportQuery

blueprint = APIBlueprint("reports", __name__)


@endpoint(
    blueprint,
    "GET",
    "/reports/upward",
    action="report.read",
    query=ReportQuery,
    answer=Output,
    media=("application/json", "application/zip"),
)
def report_upward(call: Call, query: ReportQuery) -> Reply:
    """Give the report of a year (this one without `year`) as JSON, or as a zip with tables (`format=zip`)."""
    year = query.year or now().year
    if year > now().year:
        raise Problem("field_invalid", "year: name this year or an earlier one")
    said = upward.report(call.tx, year, call.house.test_instance)
    if query.format == "json":
        return Reply(said)
    headers = {"Content-Disposition": f'attachment; filename="report-{year}.zip"'}
    return Reply(upward.bundle(said), media="application/zip", headers=headers)
