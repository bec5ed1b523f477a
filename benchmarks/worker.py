"""One framework with one step in a process of its own: reads commands as lines of JSON, answers with lines of JSON.

Started by ``rounds.py``. Commands: ``start`` (import, build, first step), ``losses`` (of steps that are the same in
every framework), ``time`` and ``peak``.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # nothing that a framework imports is imported before it, NumPy least of all
    from benchmarks.steps import Built, Step

WARM_UP = 3  # steps that are not counted after others had the caches
FEW = 1000  # examples of the first pass of a program that trains for an epoch


class Worker:
    """What a process holds between commands."""

    def __init__(self, module: str, variant: str, threads: int) -> None:
        self.module, self.variant, self.threads = module, variant, threads
        self.machine: Any = None
        self.warm_up = 1

    def start(self, step: str, arrays: str) -> dict[str, Any]:
        """Import the framework, build the step and do it for the first time; of an epoch, the first examples."""
        import_seconds = self._imported()
        from benchmarks.steps import STEPS

        self.spec = STEPS[step]
        self._read(arrays)
        begun = time.perf_counter()
        self.built = self._build(self.spec)
        self._convert()
        self.built.step(*self.few[0])
        return {
            "import_seconds": import_seconds,
            "first_step_seconds": time.perf_counter() - begun,
            "peak_megabytes": _peak_bytes() / 1e6,
        }

    def losses(self, count: int) -> dict[str, Any]:
        """The losses of the first steps from the first weights, without dropout and shuffling."""
        built = self._build(self.spec.exact())
        return {"losses": [float(built.step(*self.few[k % len(self.few)])) for k in range(count)]}

    def time(self, seconds: float, most: int, what: str) -> dict[str, Any]:
        """Repeat a measure of the step for this long; microseconds of wall and processor time."""
        action, each = self._action(what)
        for k in range(self.warm_up if self.spec.program else min(WARM_UP, most)):
            action(k)
        self.warm_up = 0  # an epoch is long: the first one alone is not counted
        times: list[float] = []
        clock, processor = time.perf_counter, time.process_time()
        end = clock() + seconds
        now = clock()
        while now < end and len(times) < most:
            action(len(times))
            after = clock()
            times.append((after - now) / each)
            now = after
        processor = time.process_time() - processor
        times.sort()
        return {
            "count": len(times) * each,
            "best": times[0] * 1e6,
            "median": times[len(times) // 2] * 1e6,
            "processor": processor / len(times) / each * 1e6,
            "peak_megabytes": _peak_bytes() / 1e6,
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
        self.peer = importlib.import_module(f"benchmarks.{self.module}")
        seconds = time.perf_counter() - begun
        if hasattr(self.peer, "set_threads"):
            self.peer.set_threads(self.threads)
        return seconds

    def _read(self, arrays: str) -> None:
        import numpy as np

        with np.load(arrays) as file:
            self.weights = {n.removeprefix("w/"): file[n] for n in file.files if n.startswith("w/")}
            self.pairs = list(zip(file["x"], file["y"], strict=True))
            self.examples = None if self.spec.program else file["test"]

    def _build(self, step: Step) -> Built:
        return self.peer.build(step, self.weights, self.variant)

    def _convert(self) -> None:
        """Batches, and what is predicted, as the framework wants them. Of an epoch ``few`` has the first examples."""
        convert = self.built.convert
        self.few = self.batches = [(convert(x), convert(y)) for x, y in self.pairs]
        if self.spec.program:
            ((x, y),) = self.pairs
            self.few = [(convert(x[:FEW]), convert(y[:FEW]))]
        if self.examples is not None:
            self.one, self.test = convert(self.examples[:1]), convert(self.examples)
        del self.pairs, self.examples

    def _action(self, what: str) -> tuple[Callable[[int], Any], int]:
        """What is repeated, and how many steps it is."""
        built, batches, count = self.built, self.batches, self.spec.many
        if what == "step":
            return lambda k: built.step(*batches[k % len(batches)]), 1
        if what == "many":
            many = built.many or (lambda x, y, count: [built.step(x, y) for _ in range(count)])
            return lambda k: many(*batches[0], count), count
        assert built.predict is not None
        predict, examples = built.predict, self.one if what == "answer" else self.test
        return lambda k: predict(examples), 1


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
    module, variant, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if hasattr(os, "sched_setaffinity"):  # frameworks that take no number of threads see as many processors
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    answers, sys.stdout = sys.stdout, sys.stderr  # what a framework prints is no answer
    worker = Worker(module, variant, threads)
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
    main()
