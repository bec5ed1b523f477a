"""Programs in the style of their era run as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from compat.conftest import Run

FOLDER = Path(__file__).resolve().parent.parent / "programs"
PROGRAMS = [path for kind in ("tf1", "tf2", "keras") for path in sorted((FOLDER / kind).glob("*.py"))]
# Programs whose generation is not the name of their folder: tf.keras is part of the second, tf.log of the first.
STARTS = {"tf_keras": "tf2", "functions_of_tensorflow": "tf1"}


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_program_exits_0(path: Path, thalweg_run: Run) -> None:
    done = thalweg_run(path)
    assert done.returncode == 0, done.stdout + done.stderr
    announced = STARTS.get(path.stem, path.parent.name)
    assert done.stderr.startswith(f"thalweg run: {path.name} as {announced}: "), done.stderr
    assert f" -> thalweg.compat.{announced}" in done.stderr.split("\n")[0]
