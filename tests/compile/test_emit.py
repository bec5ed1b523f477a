"""Generated code: the text of one small step, which reads as the loops it was written as."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from thalweg.compile.emit import begin
from thalweg.compile.lower import specialise
from thalweg.compile.schedule import Schedule
from thalweg.compile.target import AVX2
from thalweg.graph.tensor import Placeholder, Spec, placeholder
from thalweg.ops.contract import matmul
from thalweg.ops.elementwise import exp
from thalweg.ops.reduce import sum as sum_


def _text() -> str:
    """w <- w - 0.5 x and the sums of x^2 over the rows, both 4 x 19, for AVX2."""
    x = placeholder("float32", [4, 19], name="x")
    w = Placeholder(None, (), {}, (Spec((4, 19), np.dtype("float32")),), name="w")
    made = specialise([sum_(x * x, axis=1), w - x * 0.5], {x: x, w: w})
    schedule = Schedule(made[:1], [(w, made[1])])
    step = begin(schedule, AVX2)
    step.native(schedule.kernels, "step0")
    return str(step.module)


def test_the_text_of_a_step(golden: Callable[[str, str], None]) -> None:
    golden("step.ll", _text())


def test_the_text_is_the_same_every_time() -> None:
    assert _text() == _text()


def test_a_function_of_e_to_the_x_calls_no_library() -> None:
    x = placeholder("float32", [100])
    schedule = Schedule(specialise([exp(x)], {x: x}), [])
    step = begin(schedule, AVX2)
    step.native(schedule.kernels, "step0")
    declared = [f.name for f in step.module.functions if f.is_declaration]
    assert declared and all(name.startswith("llvm.") for name in declared)


def test_a_product_with_an_end_of_its_own_has_no_memory() -> None:
    """Nothing asks for lines of what is never stored."""
    x, g = placeholder("float32", [50, 64]), placeholder("float32", [50, 96])
    w = Placeholder(None, (), {}, (Spec((64, 96), np.dtype("float32")),), name="w")
    made = specialise([w - 0.1 * matmul(x.T, g)], {t: t for t in (x, g, w)})
    schedule = Schedule([], [(w, made[0])])
    step = begin(schedule, AVX2)
    step.native(schedule.kernels, "step0")
    assert set(step.table) == {x, g, w}


def test_single_numbers_are_computed_where_the_step_stands() -> None:
    """A counter takes no call, a sum does."""
    x = placeholder("float32", [400], name="x")
    w = Placeholder(None, (), {}, (Spec((), np.dtype("int64")),), name="w")
    made = specialise([sum_(x), w + 1], {x: x, w: w})
    schedule = Schedule(made[:1], [(w, made[1])])
    step = begin(schedule, AVX2)
    step.native(schedule.kernels, "step0")
    assert len([f for f in step.module.functions if f.name.startswith("kernel")]) == 1
