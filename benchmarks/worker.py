"""One framework with one step in a process of its own: reads commands as lines of JSON, answers with lines of JSON.

Started by ``rounds.py``. Commands: ``start`` (import, build, first step), ``losses`` (without dropout), ``time``,
``peak`` and ``end``.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

WARM_UP = 3  # steps that are not counted after others had the caches
MODULES = {
    "thalweg": "benchmarks.ours",
    "torch": "benchmarks.torch_peer",
    "jax": "benchmarks.jax_peer",
}


class Worker:
    """What a process holds between commands."""

    def __init__(self, framework: str, threads: int) -> None:
        self.name, _, self.variant = framework.partition("-")
        self.threads = threads
        self.machine: Any = None

    def start(self, step: str, arrays: str) -> dict[str, Any]:
        """Import the framework, build the step and do it for the first time; then two steps more."""
        import_seconds = self._imported()
        from benchmarks.steps import STEPS

        self._read(arrays)
        self.spec = STEPS[step]
        begun = time.perf_counter()
        self.built = self.peer.build(self.spec, self.weights, self.spec.keep, self.variant)
        self._convert()
        losses = [self._loss(self.built, 0)]
        first = time.perf_counter() - begun
        begun = time.perf_counter()
        self.built.predict(self.one)
        first_answer = time.perf_counter() - begun
        losses += [self._loss(self.built, k) for k in (1, 2)]
        return {
            "import_seconds": import_seconds,
            "first_step_seconds": first,
            "first_answer_seconds": first_answer,
            "peak_megabytes": _peak_bytes() / 1e6,
            "losses": losses,
        }

    def losses(self, count: int) -> dict[str, Any]:
        """The losses of the first steps without dropout, from the first weights again."""
        built = self.peer.build(self.spec, self.weights, (), self.variant)
        return {"losses": [self._loss(built, k) for k in range(count)]}

    def time(self, seconds: float, most: int, what: str) -> dict[str, Any]:
        """Repeat the step, or the answer to one example, for this long; microseconds of wall and processor time."""
        action = self._action(what)
        for k in range(min(WARM_UP, most)):
            action(k)
        times: list[float] = []
        clock, processor = time.perf_counter, time.process_time()
        end = clock() + seconds
        now = clock()
        while now < end and len(times) < most:
            action(len(times))
            after = clock()
            times.append(after - now)
            now = after
        processor = time.process_time() - processor
        times.sort()
        return {
            "count": len(times),
            "best": times[0] * 1e6,
            "median": times[len(times) // 2] * 1e6,
            "processor": processor / len(times) * 1e6,
        }

    def peak(self) -> dict[str, Any]:
        """The machine's rates, the best of a few measurements."""
        if self.machine is None:
            self.machine = importlib.import_module("benchmarks.peak").Machine()
        return {
            "gflops": max(self.machine.multiply_add() for _ in range(20)),
            "gigabytes": max(self.machine.read() for _ in range(3)),
        }

    def _imported(self) -> float:
        begun = time.perf_counter()
        self.peer = importlib.import_module(MODULES[self.name])
        seconds = time.perf_counter() - begun
        if hasattr(self.peer, "set_threads"):
            self.peer.set_threads(self.threads)
        return seconds

    def _read(self, arrays: str) -> None:
        import numpy as np

        with np.load(arrays) as file:
            self.weights = {n.removeprefix("w/"): file[n] for n in file.files if n.startswith("w/")}
            self.data = {n: file[n] for n in ("x", "y")}

    def _convert(self) -> None:
        convert = self.built.convert
        self.batches = [(convert(x), convert(y)) for x, y in zip(self.data["x"], self.data["y"], strict=True)]
        self.one = convert(self.data["x"][0][:1])

    def _loss(self, built: Any, k: int) -> float:
        return float(built.step(*self.batches[k % len(self.batches)]))

    def _action(self, what: str) -> Callable[[int], Any]:
        step, predict, batches, one = self.built.step, self.built.predict, self.batches, self.one
        if what == "answer":
            return lambda k: predict(one)
        return lambda k: step(*batches[k % len(batches)])


def _peak_bytes() -> float:
    """The most memory this process had at once."""
    try:
        with open("/proc/self/status", encoding="utf-8") as file:
            # getrusage would count the parent's memory too, from before this program replaced it
            return next(int(line.split()[1]) * 1024.0 for line in file if line.startswith("VmHWM"))
    except OSError:
        pass
    try:
        import resource
    except ModuleNotFoundError:  # not there on Windows
        return float("nan")
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)  # bytes on macOS


def main() -> None:
    """Answer commands until the end of input."""
    framework, threads = sys.argv[1], int(sys.argv[2])
    if hasattr(os, "sched_setaffinity"):  # frameworks that take no number of threads see as many processors
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    answers, sys.stdout = sys.stdout, sys.stderr  # what a framework prints is no answer
    worker = Worker(framework, threads)
    for line in sys.stdin:
        command = json.loads(line)
        do = command.pop("do")
        try:
            answer = getattr(worker, do)(**command)
        except Exception as error:  # one peer that fails does not end the others
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:300]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    main()
