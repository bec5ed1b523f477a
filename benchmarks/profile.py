"""The command ``python -m benchmarks.profile STEP``: our own kernels by time, with their rates.

Every kernel runs as a native call of its own, so a step takes a little longer here than in one piece: each
pays for waking the threads, and finds in the caches what the one before left there.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks import ours
from benchmarks.steps import STEPS, Step, data, weights
from thalweg.compile.build import Executable
from thalweg.compile.groups import Kernel, Product
from thalweg.compile.lower import specialise
from thalweg.compile.scan import is_loop
from thalweg.graph.lowering import MatrixProduct
from thalweg.graph.tensor import Tensor
from thalweg.graph.walk import topological
from thalweg.run.program import Program
from thalweg.run.workers import num_threads

_WARM_UP = 3


def main(argv: Sequence[str] | None = None) -> None:
    """Print the kernels of one step."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    parser.add_argument("step", choices=[name for name, step in STEPS.items() if not step.program])
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--top", type=int, default=20, help="kernels shown")
    parser.add_argument("--answer", action="store_true", help="the prediction of one example instead")
    options = parser.parse_args(argv)
    lines = profile(STEPS[options.step], options.seconds, options.top, options.answer)
    sys.stdout.write("\n".join(lines) + "\n")


def profile(step: Step, seconds: float, top: int, answer: bool = False) -> list[str]:
    """The table as lines: best microseconds of a kernel, its share, GFLOP/s, GB/s of what it reads and writes, ops."""
    arrays = data(step)
    train, predict = ours.functions(step, weights(step))
    program: Program = (predict if answer else train).program
    feeds = [arrays["x"][0][:1]] if answer else [arrays["x"][0], arrays["y"][0]]
    whole = _measured(program, feeds, seconds / 2)
    executable = _apart(program, feeds)
    apart = _measured(program, feeds, seconds, executable)
    rows = _rows(executable, apart["kernels"])
    head = (
        f"{step.name}: {step.title}; {num_threads()} threads\n"
        f"one call: median {whole['median']:.1f} us, best {whole['best']:.1f} us; "
        f"kernels apart: median {apart['median']:.1f} us, {len(rows)} kernels, "
        f"of which {sum(row[4] for row in rows)} on the host"
    )
    total = sum(row[0] for row in rows)
    lines = [head, f"{'us':>9}{'share':>7}{'GFLOP/s':>9}{'GB/s':>8}  ops"]
    for us, flop, moved, title, host in rows[:top]:
        rate = f"{flop / us / 1e3:9.1f}" if flop else f"{'':9}"
        lines.append(
            f"{us:9.1f}{us / total:7.1%}{rate}{moved / us / 1e3:8.1f}  {'host: ' if host else ''}{title}"
        )
    return lines


def _apart(program: Program, feeds: Sequence[np.ndarray]) -> Executable:
    """The program's compiled form, made anew with every kernel on its own, put in the form's place."""
    form = program.form(feeds)
    lowered = specialise(program.roots, form._replace(form._input_leaf))
    count = len(program.outputs)
    pairs = zip(program.updates, lowered[count:], strict=True)
    updates = [(form._variable_leaf[variable], new) for (variable, _), new in pairs]
    form.use(Executable(lowered[:count], updates, apart=True))
    program._last = None
    return form.executable


def _measured(
    program: Program, feeds: Sequence[np.ndarray], seconds: float, executable: Executable | None = None
) -> dict[str, Any]:
    """Wall times of calls in microseconds, and the best seconds of each kernel of an executable in parts."""
    for _ in range(_WARM_UP):
        program.run(feeds)
    times: list[float] = []
    kernels: list[list[float]] = []
    parts = None if executable is None else executable.seconds
    end = time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        if parts is not None:
            parts[:] = [0.0] * len(parts)
        begun = time.perf_counter()
        program.run(feeds)
        times.append(time.perf_counter() - begun)
        if parts is not None:
            kernels.append(list(parts))
    times.sort()
    return {
        "best": times[0] * 1e6,
        "median": times[len(times) // 2] * 1e6,
        "kernels": [min(column) for column in zip(*kernels, strict=True)],
    }


def _rows(executable: Executable, times: list[float]) -> list[tuple[float, int, int, str, bool]]:
    rows = []
    for seconds, (native, (kernel,)) in zip(times, executable.segments, strict=True):
        moved = sum(_bytes(t) for t in kernel.sources)
        moved += sum(_bytes(m) for m in kernel.members if m in executable.schedule.stored)
        rows.append((seconds * 1e6, _flop(kernel), moved, _title(kernel), native is None))
    return sorted(rows, key=lambda row: -row[0])


def _flop(kernel: Kernel) -> int:
    """Multiplications and additions of matrix products, also of those in a loop; 0 for anything else."""
    node = kernel.members[0]
    if not is_loop(kernel):
        return _product_flop(node)
    return _length(node) * sum(map(_product_flop, topological(node.attrs["body"].outputs)))


def _product_flop(z: Tensor) -> int:
    if z.op is None or not isinstance(z.op.lower, MatrixProduct):
        return 0
    return 2 * _size(z) * int(z.inputs[0].shape[-1])


def _length(loop: Tensor) -> int:
    """How many steps a loop takes."""
    attrs = loop.attrs
    return attrs["length"] or int(loop.inputs[attrs["num_carry"]].shape[0])


def _title(kernel: Kernel) -> str:
    names = " ".join(m.op.name for m in kernel.members if m.op is not None)
    if is_loop(kernel):
        (loop,) = kernel.members
        inside = [t.op.name for t in topological(loop.attrs["body"].outputs) if t.op is not None]
        return f"{_length(loop)} times: {' '.join(inside)}"
    if isinstance(kernel, Product):
        z = kernel.product
        shape = f"[{', '.join(str(d) for d in z.shape[:-2])}] " if len(z.shape) > 2 else ""
        shape += f"{z.shape[-2]}x{z.shape[-1]}x{z.inputs[0].shape[-1]}"
    else:
        shape = str([int(d) for d in getattr(kernel, "domain", None) or kernel.members[0].shape])
    return f"{shape} {names}"


def _bytes(tensor: Tensor) -> int:
    return _size(tensor) * tensor.dtype.itemsize if len(tensor.specs) == 1 else 0


def _size(tensor: Tensor) -> int:
    return int(np.prod(tensor.shape, dtype=np.int64)) if tensor.shape else 1


if __name__ == "__main__":
    main()
