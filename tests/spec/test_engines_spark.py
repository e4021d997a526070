"""The distributed engine gives the integers of the specification, on a real Spark in process."""

from __future__ import annotations

import pytest
from sparks import needed, spark
from test_engines_aggregates import CASES, TABLES, TYPES
from versions import answers, write_version

from sandbox.engines.base import OpenVersion

pytestmark = needed


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> OpenVersion:
    path = tmp_path_factory.mktemp("spec") / "visits.db"
    return write_version(path, {name: (rows, TYPES) for name, rows in TABLES.items()})


@pytest.mark.parametrize("name", CASES)
def test_U1_spark_gives_the_specified_integers(name, version):
    asked, expected = CASES[name]
    assert answers(spark(), version, asked) == expected
