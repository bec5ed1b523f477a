"""Parts written where they belong: NumPy's numbers, no copies, and memory that nobody else uses meanwhile."""

import numpy as np
import pytest

import thalweg as tw
from thalweg.compile.assembly import around
from thalweg.compile.build import Executable
from thalweg.graph.lowering import Layout
from thalweg.run.program import Program


def executable(function: tw.Function) -> Executable:
    program: Program = function.program
    (form,) = program._compiled.values()
    return form.executable


CASES = {
    "concat": lambda x: tw.concat([tw.exp(x), x * 2.0, tw.tanh(x) + x], axis=1),
    "concat of views": lambda x: tw.concat([tw.exp(x[:, :5]), x[:, 5:] * 2.0, tw.exp(x)[:, 2:4]], axis=1),
    "one part twice": lambda x: tw.concat([tw.exp(x), tw.exp(x)], axis=0),
    "a part that is read elsewhere": lambda x: tw.concat([tw.exp(x), tw.cos(x)], axis=0) @ tw.exp(x).mT,
    "padded": lambda x: tw.pad(tw.exp(x), [(1, 2), (3, 0)]) @ tw.ones((14, 3)),
    "padded on no side": lambda x: tw.pad(tw.exp(x), [(0, 0), (0, 0)]) + 1.0,
    "gradient of slices": lambda x: tw.gradients(
        tw.sum(tw.tanh(x[:, :4]) * x[:, 4:8] + tw.sin(x[:, 1:5])), x
    )[0],
    "a row's softmax beside it": lambda x: tw.concat([tw.nn.softmax(x), tw.exp(x)], axis=1),
    "nested": lambda x: tw.pad(tw.concat([tw.exp(x), x - 1.0], axis=1), [(1, 1), (0, 3)]),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("rows", [3, 400])
def test_compiled_equals_eager(name: str, rows: int) -> None:
    x = tw.placeholder("float64", (rows, 11))
    value = np.random.default_rng(0).standard_normal((rows, 11))
    step = tw.function([x], CASES[name](x))
    for _ in range(2):  # the arena holds the first run's numbers
        np.testing.assert_allclose(step(value), np.asarray(CASES[name](tw.Variable(value))), rtol=1e-12)


def test_parts_have_no_memory_of_their_own() -> None:
    x = tw.placeholder("float32", (64, 32))
    step = tw.function([x], tw.concat([tw.exp(x), tw.tanh(x)], axis=1))
    value = np.ones((64, 32), "float32")
    step(value)
    made = executable(step)
    assert len(made.schedule.placed) == 2
    assert sum(t.op is not None for t in made.table) == 1  # the whole alone


def test_the_whole_is_not_lent_out_before_it_is_put_together() -> None:
    """Between a part's nest and the whole's last part others need memory of the same size."""
    x = tw.placeholder("float32", (128, 128))
    first = tw.exp(x)
    other = (x @ x) @ x
    whole = tw.concat([first, tw.tanh(other)], axis=0)
    out = whole @ x
    value = np.random.default_rng(1).standard_normal((128, 128)).astype("float32") * 0.05
    v = value.astype("float64")
    expected = np.concatenate([np.exp(v), np.tanh(v @ v @ v)]) @ v
    np.testing.assert_allclose(tw.function([x], out)(value), expected, rtol=2e-4, atol=1e-5)


def test_slabs_around_a_part_cover_the_rest_once() -> None:
    y = tw.placeholder("float32", (4, 5, 6))
    part = Layout(1 * 30 + 2 * 6 + 0, (2, 3, 5), (30, 6, 1))
    count = np.zeros(120, int)
    for slab in [*around(y, part), part]:
        index = np.indices(slab.shape).reshape(3, -1)
        np.add.at(count, slab.offset + np.tensordot(slab.strides, index, 1), 1)
    assert (count == 1).all()
