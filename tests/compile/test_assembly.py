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


def _both(x: tw.Tensor) -> tw.Tensor:
    """What is too dear to be computed again by each reader."""
    return tw.exp(tw.tanh(x)) * x


def _images(x: tw.Tensor) -> tw.Tensor:
    """Rows of 12 numbers as pictures of 2 x 2 places and 3 channels, whose borders no pieces step over evenly."""
    pictures = _both(tw.reshape(x, (-1, 2, 2, 3)))
    padded = tw.nn.conv(tw.pad(pictures, [(0, 0), (1, 1), (1, 1), (0, 0)]), tw.ones((3, 3, 3, 2)))
    weights = tw.ones((3, 3)) * tw.sum(pictures, axis=(0, 1, 2))  # which wait for the pictures
    mixed = tw.reshape(tw.reshape(x, (-1, 3)) @ weights, pictures.shape) + x[0, :3]
    return tw.sum(padded) + mixed * pictures


CASES = {
    "concat": lambda x: tw.concat([tw.exp(x), x * 2.0, tw.tanh(x) + x], axis=1),
    "concat of views": lambda x: tw.concat([tw.exp(x[:, :5]), x[:, 5:] * 2.0, tw.exp(x)[:, 2:4]], axis=1),
    "one part twice": lambda x: tw.concat([tw.exp(x), tw.exp(x)], axis=0),
    "a part that is read elsewhere": lambda x: tw.concat([tw.exp(x), tw.cos(x)], axis=0) @ tw.exp(x).mT,
    "padded": lambda x: tw.pad(tw.exp(x), [(1, 2), (3, 0)]) @ tw.ones((14, 3)),
    "a padded part, and its sums down columns": lambda x: (
        tw.pad(_both(x), [(1, 2), (3, 0)]) @ tw.ones((14, 3)) + tw.sum(tw.sum(_both(x), axis=0))
    ),
    "a padded part, and its sums along rows": lambda x: (
        tw.sum(tw.pad(_both(x), [(1, 2), (3, 0)]) @ tw.ones((14, 3)))
        + tw.nn.softmax(_both(x) + tw.sum(_both(x), axis=0))
    ),
    "a padded part as a factor": lambda x: (
        tw.sum(tw.pad(_both(x), [(1, 2), (3, 0)]) @ tw.ones((14, 3))) + x.mT @ _both(x) + _both(x).mT @ x
    ),
    "a padded part beside a product": lambda x: (
        tw.sum(tw.pad(_both(x), [(1, 2), (3, 0)]) @ tw.ones((14, 3))) + (x @ tw.ones((11, 11))) * _both(x)
    ),
    "a padded part transposed and sliced": lambda x: (
        tw.sum(tw.pad(_both(x), [(1, 2), (3, 0)]) @ tw.ones((14, 3)))
        + tw.exp(_both(x).mT) @ tw.cos(_both(x)[:, 2:])
    ),
    "a padded part upside down": lambda x: (
        tw.sum(tw.pad(_both(x), [(1, 2), (3, 0)]) @ tw.ones((14, 3))) + tw.cos(_both(x)[::-1])
    ),
    "a padded part on a product's pieces": lambda x: (
        tw.sum(tw.pad(_both(x), [(1, 2), (3, 0)]) @ tw.ones((14, 3)))
        + (x @ (tw.ones((11, 11)) * tw.sum(_both(x), axis=0))) * _both(x)
    ),
    "padded images on a product's pieces": lambda x: _images(tw.concat([x, x[:, :1]], axis=1)),
    "a part padded twice": lambda x: (
        tw.pad(_both(x), [(1, 2), (3, 0)]) @ tw.ones((14, 3))
        + tw.sum(tw.pad(_both(x), [(0, 1), (1, 0)]) @ tw.ones((12, 3)))
    ),
    "padded on no side": lambda x: tw.pad(tw.exp(x), [(0, 0), (0, 0)]) + 1.0,
    "gradient of slices": lambda x: tw.gradients(
        tw.sum(tw.tanh(x[:, :4]) * x[:, 4:8] + tw.sin(x[:, 1:5])), x
    )[0],
    "a row's softmax beside it": lambda x: tw.concat([tw.nn.softmax(x), tw.exp(x)], axis=1),
    "a product padded, and its sums": lambda x: (
        tw.sum(tw.pad(y := x @ tw.ones((11, 9)), [(1, 2), (3, 0)]) @ tw.ones((12, 3))) + tw.sum(y, axis=0)
    ),
    "a product padded, and what is made of it": lambda x: (
        tw.sum(tw.pad(y := x @ tw.ones((11, 9)), [(1, 2), (3, 0)]) @ tw.ones((12, 3)))
        + tw.tanh(y) @ tw.ones((9, 2))
    ),
    "a long product padded": lambda x: tw.pad(x.T @ tw.sin(x), [(1, 2), (3, 0)]),
    "products side by side": lambda x: tw.concat(
        [x @ tw.ones((11, 9)), tw.exp(x @ tw.ones((11, 40)))], axis=1
    ),
    "products in turns": lambda x: tw.stack(
        [x @ tw.ones((11, 9)), tw.exp(x @ tw.sin(tw.ones((11, 9))))], axis=-1
    ),
    "columns apart": lambda x: tw.pad(
        tw.reshape(tw.exp(x @ tw.ones((11, 12))), (-1, 3, 4)), [(0, 0), (0, 0), (1, 1)]
    ),
    "columns apart, read at a product's end": lambda x: (
        tw.sum(
            tw.pad(y := tw.exp(tw.reshape(0.1 * x[:, :6], (-1, 2, 3))), [(0, 0), (0, 0), (1, 1)]) ** 2,
            axis=-1,
        )[:, :1, None]
        + y * tw.reshape(tw.reshape(y, (-1, 6)) @ tw.ones((6, 6)), (-1, 2, 3))
    ),
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


@pytest.mark.parametrize(
    "name",
    [
        "a padded part, and its sums down columns",
        "a padded part, and its sums along rows",
        "a padded part as a factor",
        "a padded part on a product's pieces",
    ],
)
def test_who_else_reads_a_part_reads_it_in_its_whole(name: str) -> None:
    x = tw.placeholder("float64", (400, 11))
    step = tw.function([x], CASES[name](x))
    step(np.ones((400, 11)))
    made = executable(step)
    (part,) = made.schedule.placed
    assert sum(part in k.sources for k in made.schedule.kernels) > 1
    assert not any(t is part for t in made.table)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a product padded, and its sums", 1),
        ("a product padded, and what is made of it", 1),
        ("a long product padded", 1),
        ("products side by side", 2),
    ],
)
def test_products_are_written_inside_their_wholes(name: str, parts: int) -> None:
    x = tw.placeholder("float64", (40000, 11))
    value = np.random.default_rng(0).standard_normal((40000, 11))
    step = tw.function([x], CASES[name](x))
    for some in (value, -value):  # the arena holds the first run's numbers
        wanted = np.asarray(CASES[name](tw.Variable(some)))
        np.testing.assert_allclose(step(some), wanted, rtol=1e-9, atol=1e-9)
    assert len(executable(step).schedule.placed) == parts


def test_images_of_a_network_are_written_inside_their_borders() -> None:
    """Activations that the next convolution pads, read by a residual; gradients, read by sums and by filters'."""
    rng = np.random.default_rng(3)
    images = rng.standard_normal((2, 8, 8, 4))
    filters = [tw.Variable(0.3 * rng.standard_normal((3, 3, 4, 4))) for _ in range(3)]
    shifts = [tw.Variable(rng.standard_normal(4)) for _ in range(3)]

    def loss(x: tw.Tensor) -> tw.Tensor:
        for w, b in zip(filters, shifts):
            y = tw.nn.batch_norm_training(tw.nn.conv(x, w, padding="SAME"), epsilon=1e-3)[0]
            x = tw.nn.relu(y + b) + 0.5 * x
        return tw.sum(tw.sin(x))

    x = tw.placeholder("float64", images.shape)
    step = tw.function([x], tw.gradients(loss(x), [*filters, *shifts]))
    found = step(images)
    assert len(executable(step).schedule.placed) >= 4
    at, small = images, 1e-6
    for variable, slope in zip([*filters, *shifts], found):
        before, direction = variable.get_value(), rng.standard_normal(variable.shape)
        sides = []
        for sign in (1, -1):
            variable.set_value(before + sign * small * direction)
            sides.append(loss(tw.constant(at)).item())
        variable.set_value(before)
        wanted = (sides[0] - sides[1]) / (2 * small)
        np.testing.assert_allclose((slope.numpy() * direction).sum(), wanted, rtol=2e-5, atol=1e-6)


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
