"""Programs in the style of their era run as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from compat.conftest import Run

FOLDER = Path(__file__).resolve().parent.parent / "programs"
PROGRAMS = [path for kind in ("tf1", "tf2") for path in sorted((FOLDER / kind).glob("*.py"))]


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_program_exits_0(path: Path, thalweg_run: Run) -> None:
    done = thalweg_run(path)
    assert done.returncode == 0, done.stdout + done.stderr
    kind = path.parent.name
    assert done.stderr.startswith(
        f"thalweg run: {path.name} as {kind}: tensorflow -> thalweg.compat.{kind}\n"
    )
