"""Processes that take turns: every framework measures for a moment, then the next one, several times round."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.frameworks import Framework
from benchmarks.steps import EXAMPLES, Step, data, weights

LOSSES = 3
TOLERANCE = 1e-3  # of the loss, relative: what rounding leaves after three steps of an optimizer that divides by roots
_REST = 0.25  # seconds between turns, in which the threads of the one before stop watching for work
_SHARE = 0.3  # of a turn's seconds, for each measure beside the training step
_THREADS = (
    "THALWEG_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "NUM_CPU_THREADS",  # tinygrad's
)
# Folders in which frameworks keep compiled code: empty at the first start, and found again at the second.
_CACHES = ("XDG_CACHE_HOME", "LOCALAPPDATA", "TORCHINDUCTOR_CACHE_DIR", "JAX_COMPILATION_CACHE_DIR")
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Plan:
    """How much is measured: ``rounds`` turns of ``seconds``, of ``most`` steps at most.

    ``examples``: of an epoch. ``pythons``: the interpreters of those peers that do not run in this one.
    """

    threads: int
    rounds: int = 7
    seconds: float = 1.0
    most: int = 1_000_000
    examples: int = EXAMPLES
    pythons: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Result:
    """What one framework did in one step: by measure, one dict of times in microseconds a round."""

    framework: str
    facts: dict[str, float] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)
    times: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    error: str = ""


class Failed(Exception):
    """A framework reported an error instead of an answer."""


class Process:
    """A worker process and its conversation; ``caches`` is the folder where it may keep what it compiles."""

    def __init__(self, framework: Framework, plan: Plan, caches: Path) -> None:
        paths = [str(_ROOT), os.environ.get("PYTHONPATH", "")]
        environment = {
            **os.environ,
            **dict.fromkeys(_THREADS, str(plan.threads)),
            **{name: str(caches / name.lower()) for name in _CACHES},
            **framework.environment,
            "PYTHONPATH": os.pathsep.join(path for path in paths if path),
            "PYTHONDONTWRITEBYTECODE": "",  # installers write the bytecode of what they install
        }
        python = plan.pythons.get(framework.peer, sys.executable)
        arguments = [framework.module, framework.variant, str(plan.threads)]
        self._process = subprocess.Popen(
            [python, "-m", "benchmarks.worker", *arguments],
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

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *error: object) -> None:
        """End the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


def measure(
    step: Step, frameworks: Sequence[Framework], plan: Plan, folder: Path
) -> tuple[list[Result], list[Any]]:
    """All frameworks on one step, and the machine's rates of each round. Ours comes first."""
    arrays = _write(step, plan, folder)
    results = [Result(framework.name) for framework in frameworks]
    with ExitStack() as stack:
        machine = stack.enter_context(Process(frameworks[0], plan, folder))
        processes: dict[str, Process] = {}
        for framework, result in zip(frameworks, results, strict=True):
            caches = folder / f"{step.name}-{framework.name}"
            with _noted(result):
                with Process(framework, plan, caches) as cold:
                    result.facts = cold.ask("start", step=step.name, arrays=str(arrays))
                    # Training for longer can make rounding as large as the loss: sigmoids at a rate of 0.2 do.
                    result.losses = cold.ask("losses", count=1 if step.program else LOSSES)["losses"]
                _compare(result.losses, results[0].losses)
                process = stack.enter_context(Process(framework, plan, caches))
                cached = process.ask("start", step=step.name, arrays=str(arrays))
                result.facts["cached_step_seconds"] = cached["first_step_seconds"]
                processes[framework.name] = process
        rates = [machine.ask("peak")]
        for _ in range(plan.rounds):
            for result in results:
                if not result.error:
                    with _noted(result):
                        _turn(result, processes[result.framework], step, plan)
            rates.append(machine.ask("peak"))
        return results, rates


def _write(step: Step, plan: Plan, folder: Path) -> Path:
    path = folder / "arrays.npz"
    values = {f"w/{name}": value for name, value in weights(step).items()}
    np.savez(path, **values, **data(step, plan.examples))  # type: ignore[arg-type]
    return path


@contextmanager
def _noted(result: Result) -> Iterator[None]:
    """A framework that fails is reported, and the others go on."""
    try:
        yield
    except Failed as error:
        result.error = str(error)


def _compare(losses: Sequence[float], ours: Sequence[float]) -> None:
    """A framework whose losses are not ours computes something else, and is not timed."""
    if ours and not np.allclose(losses, ours, rtol=TOLERANCE, atol=0):
        raise Failed(f"losses {losses} instead of {ours}")


def _turn(result: Result, process: Process, step: Step, plan: Plan) -> None:
    time.sleep(min(_REST, plan.seconds))
    for what in step.measures:
        share = 1.0 if what == "step" else _SHARE
        taken = process.ask("time", seconds=plan.seconds * share, most=plan.most, what=what)
        peak = taken.pop("peak_megabytes")
        if what == "step" and what not in result.times:  # before anything else needs memory
            result.facts["peak_megabytes"] = max(result.facts["peak_megabytes"], peak)
        result.times.setdefault(what, []).append(taken)
