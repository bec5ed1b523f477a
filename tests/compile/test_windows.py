"""Pooling at the end of a convolution: on the rows of each window while they are in registers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.compile.groups import Product
from thalweg.compile.target import AVX2, AVX512, NEON, SSE, Target
from thalweg.compile.tiling import Operand, choose_tiling, row_major
from thalweg.compile.tiling import Product as MatrixProduct
from thalweg.run.workers import num_threads, set_num_threads

nn = tw.nn
Network = Callable[[Any, Any, Any], Any]


@pytest.fixture(autouse=True)
def threads_as_before() -> Iterator[None]:
    before = num_threads()
    yield
    set_num_threads(before)


def _leaf(rng: Any, *shape: int) -> np.ndarray:
    return rng.standard_normal(shape)


def _residual(x: Any, w: Any, b: Any) -> Any:
    y = nn.conv(x, w, padding="SAME") + b
    return nn.max_pool(tw.tanh(y) * tw.sum(x, axis=(1, 2, 3), keepdims=True), 2)


def _three_of_six(x: Any, w: Any, b: Any) -> Any:
    y = nn.conv(x, w) + b
    return tw.maximum(tw.maximum(y[:, 0::6], y[:, 1::6]), y[:, 5::6])


def _half_a_row_apart(x: Any, w: Any, b: Any) -> Any:
    y = tw.reshape(nn.conv(x, w), (-1,))
    return tw.reshape(y[:640], (32, 20)) * tw.reshape(y[650:1290], (32, 20))


# what is computed of images, filters and a bias; the images' and the filters' shapes
JOINED: dict[str, tuple[Network, tuple[int, ...], tuple[int, ...]]] = {
    "largest": (lambda x, w, b: nn.max_pool(nn.conv(x, w, padding="SAME"), 2), (3, 8, 8, 5), (3, 3, 5, 32)),
    "bias and ReLU": (
        lambda x, w, b: nn.max_pool(nn.relu(nn.conv(x, w, padding="SAME") + b), 2),
        (3, 8, 8, 5),
        (3, 3, 5, 40),
    ),
    "odd lengths": (
        lambda x, w, b: nn.max_pool(tw.tanh(nn.conv(x, w, padding="SAME") + b), 2),
        (2, 9, 7, 4),
        (3, 3, 4, 17),
    ),
    "mean": (
        lambda x, w, b: nn.avg_pool(tw.tanh(nn.conv(x, w) + b), 2),
        (2, 10, 10, 4),
        (3, 3, 4, 24),
    ),
    "windows of three": (
        lambda x, w, b: tw.exp(-nn.max_pool(nn.conv(x, w, padding="SAME") + b, 3)),
        (2, 9, 9, 4),
        (3, 3, 4, 20),
    ),
    "places left out": (
        lambda x, w, b: nn.max_pool(nn.conv(x, w) + b, 2, strides=3),
        (2, 12, 12, 4),
        (3, 3, 4, 20),
    ),
    "of every pixel alone": (
        lambda x, w, b: nn.max_pool(nn.conv(x, w) + b, 2),
        (3, 6, 6, 7),
        (1, 1, 7, 33),
    ),
    "inside a margin": (
        lambda x, w, b: nn.max_pool((nn.conv(x, w) + b)[:, 1:-1, 2:], 2),
        (2, 10, 10, 4),
        (3, 3, 4, 20),
    ),
    "in one dimension": (
        lambda x, w, b: nn.max_pool(nn.relu(nn.conv(x, w, padding="SAME") + b), 4),
        (3, 21, 6),
        (5, 6, 18),
    ),
    "a long sum": (
        lambda x, w, b: nn.max_pool(nn.relu(nn.conv(x, w, padding="SAME") + b), 2),
        (1, 6, 6, 150),
        (3, 3, 150, 20),
    ),
    "one window of a very long sum": (
        lambda x, w, b: nn.max_pool(nn.relu(nn.conv(x, w, padding="SAME") + b), 2),
        (1, 2, 2, 256),
        (3, 3, 256, 20),
    ),
    "a number for each image": (_residual, (3, 8, 8, 3), (3, 3, 3, 20)),
    "inside the next border": (
        lambda x, w, b: tw.sin(
            nn.conv(nn.max_pool(nn.conv(x, w, padding="SAME") + b, 2), w[:, :, :1] + w, padding="SAME")
        ),
        (2, 8, 8, 20),
        (3, 3, 20, 20),
    ),
}
APART: dict[str, tuple[Network, tuple[int, ...], tuple[int, ...]]] = {
    "windows that overlap": (
        lambda x, w, b: nn.max_pool(nn.conv(x, w, padding="SAME") + b, 3, strides=2),
        (2, 9, 9, 4),
        (3, 3, 4, 20),
    ),
    "read elsewhere": (
        lambda x, w, b: [nn.max_pool(y := nn.conv(x, w, padding="SAME"), 2), tw.sum(y, axis=0)],
        (2, 8, 8, 4),
        (3, 3, 4, 20),
    ),
    "given back": (
        lambda x, w, b: [nn.max_pool(y := tw.tanh(nn.conv(x, w, padding="SAME")), 2), y],
        (2, 8, 8, 4),
        (3, 3, 4, 20),
    ),
    "few channels": (
        lambda x, w, b: nn.max_pool(nn.conv(x, w, padding="SAME") + b, 2),
        (2, 8, 8, 4),
        (3, 3, 4, 16),
    ),
    "places at no even distance": (_three_of_six, (2, 12, 4), (1, 4, 20)),
    "rows of no row": (_half_a_row_apart, (1, 80, 4), (1, 4, 20)),
    "a border around the windows": (
        lambda x, w, b: nn.max_pool(nn.conv(x, w, padding="SAME"), 2, padding="SAME"),
        (2, 7, 7, 4),
        (3, 3, 4, 20),
    ),
}


def _joined(step: Any) -> int:
    kernels = next(iter(step.program._compiled.values())).executable.schedule.kernels
    return sum(isinstance(k, Product) and k.windows is not None for k in kernels)


def _run(case: Any, open_images: bool = False) -> tuple[Any, list[np.ndarray]]:
    network, images, filters = case
    rng = np.random.default_rng(1)
    arrays = [_leaf(rng, *images), _leaf(rng, *filters), _leaf(rng, filters[-1])]
    shapes = [(None, *images[1:]) if open_images else images, filters, filters[-1:]]
    inputs = [tw.placeholder("float64", s) for s in shapes]
    return tw.function(inputs, network(*inputs)), arrays


def _truth(case: Any, arrays: list[np.ndarray]) -> list[np.ndarray]:
    found = case[0](*(tw.Variable(a) for a in arrays))
    return [np.asarray(y) for y in (found if isinstance(found, list) else [found])]


@pytest.mark.parametrize("name", [*JOINED, *APART])
def test_pooled_convolutions_are_what_numpy_makes_of_them(name: str) -> None:
    case = {**JOINED, **APART}[name]
    step, arrays = _run(case)
    results = []
    for threads in (1, 2, 3):
        set_num_threads(threads)
        found = step(*arrays)
        results.append([np.asarray(y) for y in (found if isinstance(found, list) else [found])])
    for found, first, wanted in zip(results[2], results[0], _truth(case, arrays), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)
        assert (found == first).all() and (results[1][0] == results[0][0]).all()
    assert _joined(step) == (name in JOINED)


@pytest.mark.parametrize("name", JOINED)
def test_any_number_of_images(name: str) -> None:
    """Also one for that the code counts them while it runs."""
    case = JOINED[name]
    step, (images, *others) = _run(case, open_images=True)
    for count in (1, 2, 3, 5, 9, 4):
        some = np.resize(images, (count, *images.shape[1:]))
        (wanted,) = _truth(case, [some, *others])
        np.testing.assert_allclose(step(some, *others), wanted, rtol=1e-9, atol=1e-12)
    (form,) = step.program._open_forms
    assert any(isinstance(k, Product) and k.windows is not None for k in form.executable.schedule.kernels)


def test_rows_that_lie_in_a_whole_with_other_rows_than_the_windows() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.standard_normal((4, 6, 8)), rng.standard_normal((8, 20))

    def network(v: Any, w: Any) -> list[Any]:
        x = tw.reshape(tw.exp(v), (24, 8))
        z = tw.reshape(x @ w, (3, 8, 20))
        bordered = tw.pad(tw.reshape(x, (4, 6, 8)), [(0, 0), (1, 1), (0, 0)])
        return [tw.maximum(z[:, 0::2], z[:, 1::2]), tw.sin(tw.reshape(bordered, (32, 8)) @ w)]

    v, w = tw.placeholder("float64", a.shape), tw.placeholder("float64", b.shape)
    step = tw.function([v, w], network(v, w))
    for found, wanted in zip(step(a, b), network(tw.Variable(a), tw.Variable(b)), strict=True):
        np.testing.assert_allclose(found, np.asarray(wanted), rtol=1e-9)
    assert _joined(step)


def test_what_is_added_lies_inside_a_border() -> None:
    """What is added before the pooling is read there."""
    rng = np.random.default_rng(4)
    a, b = rng.standard_normal((2, 8, 8, 20)), rng.standard_normal((3, 3, 20, 20))

    def network(x: Any, w: Any) -> Any:
        y = tw.exp(x)
        return nn.max_pool(tw.tanh(nn.conv(y, w, padding="SAME") + y), 2)

    x, w = tw.placeholder("float64", a.shape), tw.placeholder("float64", b.shape)
    step = tw.function([x, w], network(x, w))
    np.testing.assert_allclose(step(a, b), np.asarray(network(tw.Variable(a), tw.Variable(b))), rtol=1e-9)
    assert _joined(step)
    (form,) = step.program._compiled.values()
    assert any(p.op is not None and p.op.name == "exp" for p in form.executable.schedule.placed)


def test_what_is_added_to_all_pixels_is_no_part() -> None:
    rng = np.random.default_rng(5)
    arrays = [rng.standard_normal(s) for s in ((2, 8, 8, 4), (3, 3, 4, 20), (20,))]

    def network(x: Any, w: Any, u: Any) -> list[Any]:
        bias = tw.exp(u)
        return [nn.max_pool(tw.tanh(nn.conv(x, w) + bias), 2), tw.concat([bias, tw.sin(u)])]

    inputs = [tw.placeholder("float64", a.shape) for a in arrays]
    step = tw.function(inputs, network(*inputs))
    for found, wanted in zip(step(*arrays), network(*map(tw.Variable, arrays)), strict=True):
        np.testing.assert_allclose(found, np.asarray(wanted), rtol=1e-9)
    assert _joined(step)


def test_a_training_step_keeps_which_was_the_largest() -> None:
    rng = np.random.default_rng(2)
    images = rng.standard_normal((3, 8, 8, 2))
    filters = [tw.Variable(0.3 * rng.standard_normal(s)) for s in ((3, 3, 2, 20), (3, 3, 20, 24))]
    biases = [tw.Variable(rng.standard_normal(n)) for n in (20, 24)]

    def loss(x: Any) -> Any:
        for w, b in zip(filters, biases, strict=True):
            x = nn.max_pool(nn.relu(nn.conv(x, w, padding="SAME") + b), 2)
        return tw.sum(tw.sin(x))

    x = tw.placeholder("float64", images.shape)
    step = tw.function([x], tw.gradients(loss(x), [*filters, *biases]))
    found = step(images)
    assert _joined(step) == 2
    for variable, slope in zip([*filters, *biases], found, strict=True):
        before, direction = variable.get_value(), rng.standard_normal(variable.shape)
        sides = []
        for sign in (1, -1):
            variable.set_value(before + sign * 1e-6 * direction)
            sides.append(loss(tw.constant(images)).item())
        variable.set_value(before)
        wanted = (sides[0] - sides[1]) / 2e-6
        np.testing.assert_allclose((slope.numpy() * direction).sum(), wanted, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("target", [AVX2, AVX512, NEON, SSE], ids=lambda t: t.name)
@pytest.mark.parametrize("size", [2, 3, 4, 6, 9])
@pytest.mark.parametrize("groups", [1, 2, 35, 4096])
def test_no_tile_parts_a_group(target: Target, size: int, groups: int) -> None:
    m, n, k = groups * size, 48, 90
    product = MatrixProduct(
        m,
        n,
        k,
        Operand(((m, k),), ((k, 1),)),
        row_major(k, n),
        row_major(m, n),
        group=size,
    )
    tiling = choose_tiling(product, target)
    assert tiling.rows % size == 0
    assert tiling.rows * tiling.vectors + tiling.vectors + 1 <= target.num_registers
