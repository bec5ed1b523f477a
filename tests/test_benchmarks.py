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
    steps = "softmax,linreg,session-net,fit,tape"
    result = run(repository, "benchmarks", "--quick", "--steps", steps, "--json", str(path))
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads(path.read_text(encoding="utf-8"))


def entry(figures: dict[str, Any], name: str) -> dict[str, Any]:
    return next(entry for entry in figures["steps"] if entry["step"] == name)


def test_the_surroundings_are_written_down(figures: dict[str, Any]) -> None:
    written = {"processor", "threads", "python", "versions", "images", "absent"}
    assert written | {"rounds", "seconds", "examples"} <= figures.keys()
    assert figures["versions"].keys() == {"numpy", "llvmlite"}


@pytest.mark.parametrize(
    ("name", "measures"),
    [
        ("softmax", ["step", "answer", "test"]),
        ("linreg", ["step", "answer", "test", "many"]),
        ("session-net", ["step"]),
        ("fit", ["step"]),
        ("tape", ["step"]),
    ],
)
def test_each_step_has_times_ratios_and_rates(
    figures: dict[str, Any], name: str, measures: list[str]
) -> None:
    step = entry(figures, name)
    assert step["machine"]["gflops"] > 0 and step["machine"]["gigabytes_per_second"] > 0
    assert list(step["best_peer"]) == measures
    ours = step["frameworks"]["thalweg"]
    for fact in ("first_step_seconds", "cached_step_seconds", "import_seconds", "peak_megabytes"):
        assert ours[fact] > 0, fact
    for measure in measures:
        taken = ours[measure]
        assert 0 < taken["best"] <= taken["median"] and taken["processor"] > 0
        assert taken["ratio"] == taken["ratio_of_best"] == taken["ratio_of_processor"] == 1
        assert step["best_peer"][measure] == dict.fromkeys(("ratio", "ratio_of_best", "ratio_of_processor"))


def test_what_a_step_reaches_is_below_the_machine_s_peak(figures: dict[str, Any]) -> None:
    step = entry(figures, "softmax")
    ours = step["frameworks"]["thalweg"]
    assert 0 < ours["share_of_peak"] < 1
    assert ours["gflops"] == pytest.approx(step["flop"] / ours["step"]["best"] / 1e3)


def test_the_tape_is_measured_eager_and_traced(figures: dict[str, Any]) -> None:
    assert list(entry(figures, "tape")["frameworks"]) == ["thalweg", "thalweg-function"]


def test_a_peer_in_another_interpreter_computes_the_same(repository: Path, tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    there = tmp_path / "python"
    there.write_text(f'#!/bin/sh\ntouch {tmp_path}/used\nexec {sys.executable} "$@"\n')
    there.chmod(0o755)
    path = tmp_path / "figures.json"
    arguments = ["--rounds", "1", "--seconds", "0.01", "--steps", "mlp,linreg", "--peers", "sklearn"]
    result = run(repository, "benchmarks", *arguments, "--python", f"sklearn={there}", "--json", str(path))
    assert result.returncode == 0, result.stdout + result.stderr
    figures = json.loads(path.read_text(encoding="utf-8"))
    assert (tmp_path / "used").exists() and "sklearn" in figures["versions"]
    peers = entry(figures, "mlp")["frameworks"]
    assert peers["sklearn"]["losses"] == pytest.approx(peers["thalweg"]["losses"], rel=1e-3)
    assert peers["sklearn"]["step"]["ratio"] > 0
    assert entry(figures, "mlp")["best_peer"]["step"]["ratio"]["framework"] == "sklearn"
    assert list(entry(figures, "linreg")["frameworks"]) == ["thalweg"]  # not a network that it can be


@pytest.mark.parametrize("argument", ["sklearn", "sklearn=/no/such/python", "numpy=/bin/sh", "=/bin/sh"])
def test_an_interpreter_that_cannot_be_is_refused(repository: Path, argument: str) -> None:
    result = run(repository, "benchmarks", "--quick", "--python", argument)
    assert result.returncode == 2
    assert "--python" in result.stderr


def test_what_is_no_interpreter_is_named(repository: Path) -> None:
    result = run(repository, "benchmarks", "--peers", "sklearn", "--python", "sklearn=/bin/false")
    assert result.returncode == 1
    assert "/bin/false does not run as a Python interpreter" in result.stderr


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
    } | dict.fromkeys(("session-net", "session-modern", "fit", "tape"), 0)


def test_convolutions_of_all_kinds_are_measured(repository: Path) -> None:
    refused = run(repository, "benchmarks.convolutions", "--cases", "3x4")
    assert refused.returncode == 2 and "there is no '3x4'" in refused.stderr
    result = run(
        repository,
        "benchmarks.convolutions",
        "--cases",
        "3x3 depthwise;1x1",
        "--rounds",
        "1",
        "--seconds",
        "0",
    )
    assert result.returncode == 0, result.stderr
    rows = {line[:28].strip(): line[28:].split() for line in result.stdout.splitlines()}
    assert all(float(us) > 0 for name in ("3x3 depthwise", "1x1") for us in rows[name][:2])
    assert "differ" not in result.stdout


def test_ops_by_themselves_are_measured(repository: Path) -> None:
    refused = run(repository, "benchmarks.ops", "--cases", "exponential")
    assert refused.returncode == 2 and "there is no 'exponential'" in refused.stderr
    names = "exp;largest index;determinant"
    result = run(repository, "benchmarks.ops", "--cases", names, "--rounds", "1", "--seconds", "0")
    assert result.returncode == 0, result.stderr
    rows = {line[:26].strip(): line[26:].split() for line in result.stdout.splitlines()}
    assert all(float(rows[name][0]) > 0 for name in names.split(";"))
    assert "differ" not in result.stdout


def test_whole_networks_are_measured(repository: Path) -> None:
    refused = run(repository, "benchmarks.networks", "--cases", "convnet")
    assert refused.returncode == 2 and "there is no 'convnet'" in refused.stderr
    names = "dense, 5 layers;LSTM both ways"
    result = run(repository, "benchmarks.networks", "--cases", names, "--rounds", "1", "--seconds", "0")
    assert result.returncode == 0, result.stderr
    rows = {line[:24].strip(): line[24:].split() for line in result.stdout.splitlines()}
    assert all(float(us) > 0 for name in names.split(";") for us in rows[name][:2])
    assert "differ" not in result.stdout
