"""Programs in the style of their era run as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from compat.conftest import Run

PROGRAMS = sorted((Path(__file__).resolve().parent.parent / "programs" / "tf1").glob("*.py"))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_exits_0(path: Path, thalweg_run: Run) -> None:
    done = thalweg_run(path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.startswith(f"thalweg run: {path.name} as tf1: tensorflow -> thalweg.compat.tf1\n")
