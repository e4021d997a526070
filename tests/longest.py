"""In which order files of tests are begun: what takes long early, and between what only computes.

Many of the long files wait for a real service. Begun last, as a scheduler does that counts tests, they
leave one worker busy at the end; begun all together, they leave processors idle. So they are spread over the run,
the longest first."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

TESTS = Path(__file__).parent
LONGEST = (  # by what they took in a run of everything, half a minute and more
    "functional/test_year.py",
    "statistical/test_audit_service.py",
    "faults/test_service_kill9.py",
    "faults/test_spark_lost.py",
    "functional/test_red_team.py",
    "functional/test_demo.py",
    "functional/test_synthetic_example.py",
    "functional/test_hostile_program.py",
    "docs/test_readme.py",
    "functional/test_workspace_commands.py",
    "spec/test_engines_spark.py",
    "functional/test_service_witness.py",
    "functional/test_clock_ahead.py",
    "unit/test_benchmarks.py",
    "functional/test_health_pricing.py",
    "generative/test_engines_relations.py",
    "functional/test_indices_example.py",
    "functional/test_programs.py",
    "faults/test_spark_spending.py",
    "spec/test_exact_service.py",
    "faults/test_programs_killed.py",
    "spec/test_engines_spark_totals.py",
    "functional/test_credit_check.py",
    "functional/test_query_options.py",
)
SPREAD = 0.8
"""The part of the other files among which the long ones stand; what follows the last of them evens the workers out."""


def in_turn(files: Iterable[Path]) -> dict[Path, float]:
    """Give each file its turn. Raises `FileNotFoundError` where `LONGEST` names a file that is no more."""
    long = {(TESTS / name).resolve(strict=True): place for place, name in enumerate(LONGEST)}
    others = [file for file in dict.fromkeys(files) if file not in long]
    step = SPREAD * len(others) / len(LONGEST)
    return {file: place + 0.5 for place, file in enumerate(others)} | {file: n * step for file, n in long.items()}
