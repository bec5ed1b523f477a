"""Every row of every family through every check."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from ops import harness
from ops.harness import Row

FAMILIES = sorted(path.stem for path in Path(__file__).parent.glob("rows_*.py"))
BY_FAMILY: dict[str, list[Row]] = {
    family: importlib.import_module(f"ops.{family}").ROWS for family in FAMILIES
}
ROWS = [row for rows in BY_FAMILY.values() for row in rows]

every_row = pytest.mark.parametrize("row", ROWS, ids=str)


@pytest.mark.parametrize("family", FAMILIES)
def test_names_are_unique(family: str) -> None:
    """Two rows of one name would draw the same numbers and hide each other in reports."""
    names = [row.name for row in BY_FAMILY[family]]
    assert len(set(names)) == len(names), sorted(n for n in names if names.count(n) > 1)


@every_row
def test_eager_equals_reference(row: Row) -> None:
    harness.check_reference(row)


@every_row
def test_waiting_equals_computed_at_once(row: Row) -> None:
    harness.check_waiting(row)


@every_row
def test_symbolic_spec_equals_eager(row: Row) -> None:
    harness.check_spec(row)


@every_row
def test_gradient_equals_differences(row: Row) -> None:
    harness.check_gradient(row)


@every_row
def test_gradient_keeps_shape_and_dtype(row: Row) -> None:
    harness.check_gradient_dtype(row)


@pytest.mark.skipif(not harness.can_compile(), reason="this build has no compiled functions")
@every_row
def test_compiled_equals_eager(row: Row) -> None:
    harness.check_compiled(row)


@pytest.mark.skipif(not harness.can_compile(), reason="this build has no compiled functions")
@every_row
def test_lengths_known_only_when_run_equal_known_ones(row: Row) -> None:
    harness.check_lengths(row)
