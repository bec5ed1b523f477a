"""Processes that take turns: every framework measures for a moment, then the next one, several times round."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.steps import Arrays, Step, data, weights

LOSSES = 3
TOLERANCE = 1e-3  # of the loss, relative: what rounding leaves after three steps of an optimizer that divides by roots
_REST = 0.25  # seconds between turns, in which the threads of the one before stop watching for work
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Plan:
    """How much is measured: ``rounds`` turns of ``seconds``, of ``most`` steps at most."""

    threads: int
    rounds: int = 7
    seconds: float = 1.0
    most: int = 1_000_000


@dataclass
class Result:
    """What one framework did in one step. Times in microseconds, one number a round."""

    framework: str
    facts: dict[str, Any] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)
    step: list[dict[str, float]] = field(default_factory=list)
    answer: list[dict[str, float]] = field(default_factory=list)
    error: str = ""


class Failed(Exception):
    """A framework reported an error instead of an answer."""


class Process:
    """A worker process and its conversation."""

    def __init__(self, framework: str, threads: int) -> None:
        counts = ("THALWEG_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        environment = {**os.environ, **dict.fromkeys(counts, str(threads))}
        paths = [str(_ROOT), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", framework, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise Failed("the process has ended") from None
        line = self._process.stdout.readline()
        if not line:
            raise Failed(f"the process ended while it did {do!r}")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


def measure(
    step: Step, frameworks: Sequence[str], plan: Plan, folder: Path
) -> tuple[list[Result], list[Any]]:
    """All frameworks on one step, and the machine's rates of each round. Ours comes first."""
    arrays = _write(step, folder)
    results = [Result(framework) for framework in frameworks]
    processes = {result.framework: Process(result.framework, plan.threads) for result in results}
    machine = Process("thalweg", plan.threads)
    try:
        for result in results:
            _trying(result, lambda r=result: _begin(r, processes[r.framework], step, arrays))
        _compare(results)
        rates = [machine.ask("peak")]
        for _ in range(plan.rounds):
            for result in results:
                if not result.error:
                    _trying(result, lambda r=result: _turn(r, processes[r.framework], plan))
            rates.append(machine.ask("peak"))
        return results, rates
    finally:
        for process in [*processes.values(), machine]:
            process.close()


def _write(step: Step, folder: Path) -> Path:
    path = folder / f"{step.name}.npz"
    arrays: Arrays = {**{f"w/{name}": value for name, value in weights(step).items()}, **data(step)}
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def _trying(result: Result, action: Any) -> None:
    try:
        action()
    except Failed as error:
        result.error = str(error)


def _begin(result: Result, process: Process, step: Step, arrays: Path) -> None:
    result.facts = process.ask("start", step=step.name, arrays=str(arrays))
    result.losses = result.facts.pop("losses")
    if step.keep:  # every framework drops other units: what is compared is the step without dropout
        result.losses = process.ask("losses", count=LOSSES)["losses"]


def _compare(results: Sequence[Result]) -> None:
    """A framework whose losses are not ours computes something else, and is not timed."""
    ours = results[0]
    for other in results[1:]:
        if other.error or ours.error:
            continue
        if not np.allclose(other.losses, ours.losses, rtol=TOLERANCE, atol=0):
            other.error = f"losses {other.losses} instead of {ours.losses}"


def _turn(result: Result, process: Process, plan: Plan) -> None:
    time.sleep(min(_REST, plan.seconds))
    for what, kept in (("step", result.step), ("answer", result.answer)):
        share = 1.0 if what == "step" else 0.3
        kept.append(process.ask("time", seconds=plan.seconds * share, most=plan.most, what=what))
