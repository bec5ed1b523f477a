"""The benchmarks run: every step builds, trains and answers, and what they write has the form that is promised."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def run(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    paths = [str(repository / "src"), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p)}
    environment.pop("THALWEG_DATA", None)
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    repository = Path(__file__).resolve().parent.parent
    path = tmp_path_factory.mktemp("benchmarks") / "figures.json"
    result = run(repository, "benchmarks", "--quick", "--steps", "softmax,linreg", "--json", str(path))
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_surroundings_are_written_down(figures: dict[str, Any]) -> None:
    assert {"processor", "threads", "python", "versions", "images", "absent"} <= figures.keys()
    assert figures["versions"].keys() == {"numpy", "llvmlite"} | figures["versions"].keys() & {"torch", "jax"}


def test_each_step_has_times_losses_and_rates(figures: dict[str, Any]) -> None:
    assert [entry["step"] for entry in figures["steps"]] == ["softmax", "linreg"]
    for entry in figures["steps"]:
        assert entry["machine"]["gflops"] > 0 and entry["machine"]["gigabytes_per_second"] > 0
        (ours,) = entry["frameworks"].values()
        for name in ("median", "best", "processor", "answer", "first_step_seconds", "import_seconds"):
            assert ours[name] > 0, name
        assert 0 < ours["best"] <= ours["median"]
        assert ours["ratio"] == 1


def test_a_step_that_does_not_exist_is_refused(repository: Path) -> None:
    result = run(repository, "benchmarks", "--quick", "--steps", "softmaxx")
    assert result.returncode == 2
    assert "'softmaxx' is none of softmax, mlp" in result.stderr


def test_the_profile_names_kernels(repository: Path) -> None:
    result = run(repository, "benchmarks.profile", "softmax", "--seconds", "0.01")
    assert result.returncode == 0, result.stderr
    head, calls, columns, *rows = result.stdout.splitlines()
    assert head.startswith("softmax: 784-10, SGD, batch 200") and calls.startswith("one call")
    assert columns.split() == ["us", "share", "GFLOP/s", "GB/s", "ops"]
    assert any("784x10x200 matrix_product" in row for row in rows)


def test_the_documented_amounts_of_work(repository: Path) -> None:
    work = "{name: round(step.flop / 1e5) for name, step in STEPS.items()}"
    code = f"import json; from benchmarks.steps import STEPS; print(json.dumps({work}))"
    result = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, text=True)
    assert json.loads(result.stdout) == {
        "softmax": 63,
        "mlp": 991,
        "modern": 4341,
        "conv": 25986,
        "keras": 2095,
        "lstm": 16158,
        "linreg": 0,
    }
