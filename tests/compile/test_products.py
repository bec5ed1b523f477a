"""Products shared out along k where the result is too small for the threads: sums, updates, the same bits."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.compile.target import host_target
from thalweg.compile.tiling import Product, row_major, split_along_k
from thalweg.run.workers import num_threads, set_num_threads

SHAPES = [
    (9, 32, 20000),
    (3, 5, 5000),
    (10, 16, 4096),
    (1, 7, 4096),
    (7, 17, 10007),
    (6, 3, 2 * 1021),
    (1, 700, 625),
    (1, 512, 784),
]


@pytest.fixture(autouse=True)
def threads_as_before() -> Iterator[None]:
    before = num_threads()
    yield
    set_num_threads(before)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sums_and_updates_of_small_results(shape: tuple[int, int, int]) -> None:
    m, n, k = shape
    rng = np.random.default_rng(m)
    a, b = (rng.standard_normal((k, d)).astype("float32") for d in (m, n))
    x, y = tw.placeholder("float32", (k, m)), tw.placeholder("float32", (k, n))
    w = tw.Variable(np.zeros((m, n), "float32"))
    product = x.mT @ y
    step = tw.function([x, y], [tw.tanh(product) + w], updates=[(w, w - 0.5 * product)])
    truth = a.astype("float64").T @ b
    found = []
    for threads in (1, 2, 3):
        set_num_threads(threads)
        w.set_value(np.zeros((m, n), "float32"))
        (out,) = step(a, b)
        found.append((np.asarray(out), w.get_value()))
    for out, new in found:
        np.testing.assert_allclose(new, -0.5 * truth, rtol=1e-4, atol=2e-6 * k)
        np.testing.assert_allclose(out, np.tanh(truth), rtol=1e-4, atol=2e-6 * k)
        assert (out == found[0][0]).all() and (new == found[0][1]).all()


def test_windows_of_images_are_shared_out_by_images() -> None:
    """The gradient of a small filter: rows of the sum are (image, y, x)."""
    rng = np.random.default_rng(0)
    images, filters = rng.standard_normal((20, 18, 18, 1)), rng.standard_normal((3, 3, 1, 8))
    x, w = tw.placeholder("float64", (20, 18, 18, 1)), tw.Variable(filters)
    (slope,) = tw.gradients(tw.sum(tw.sin(tw.nn.conv2d(x, w, padding="VALID"))), [w])
    got = np.asarray(tw.function([x], slope)(images))
    windows = np.lib.stride_tricks.sliding_window_view(images[..., 0], (3, 3), axis=(1, 2))
    out = np.einsum("nyxij,ijf->nyxf", windows, filters[:, :, 0])
    np.testing.assert_allclose(got[:, :, 0], np.einsum("nyxij,nyxf->ijf", windows, np.cos(out)), rtol=1e-9)


def test_only_small_results_of_long_sums_are_split() -> None:
    def pieces(m: int, n: int, k: int) -> Any:
        product = Product(m, n, k, row_major(k, m).transposed, row_major(k, n), row_major(m, n))
        split = split_along_k(product, host_target())
        return None if split is None else split.product.batch

    assert pieces(6, 8, 1 << 16) == 16
    assert pieces(6, 8, 3000) == 2 and pieces(6, 8, 3001) is None and pieces(6, 8, 1000) is None
    assert (
        pieces(600, 8, 1 << 16) == 16 and pieces(6, 800, 1 << 16) == 16
    )  # each thread its own part of A and B
    assert (
        pieces(90, 800, 1 << 12) == 2 and pieces(90, 800, 3000) is None and pieces(600, 600, 1 << 16) is None
    )


def test_large_matrices_that_stream_past_a_row_are_split_along_it() -> None:
    def pieces(n: int, k: int, m: int = 1) -> Any:
        product = Product(m, n, k, row_major(m, k), row_major(k, n), row_major(m, n))
        split = split_along_k(product, host_target(32))
        return None if split is None else split.product.batch

    assert pieces(620, 784) == 8 and pieces(625, 625) == 5 and pieces(30000, 128) == 4
    assert pieces(512, 128) is None and pieces(620, 787) is None and pieces(620, 784, m=2) is None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("inputs", "outputs"), [(16, 16), (32, 8), (16, 5), (3, 16), (8, 4), (32, 32)])
def test_gradients_of_filters_of_few_outputs(inputs: int, outputs: int, dtype: str) -> None:
    """Summed for the transposed result where that has longer rows, and stored as the filters lie."""
    rng = np.random.default_rng(0)
    images, filters = rng.standard_normal((8, 20, 20, inputs)), rng.standard_normal((3, 3, inputs, outputs))
    x, w = tw.placeholder(dtype, images.shape), tw.placeholder(dtype, filters.shape)
    y = tw.nn.conv2d(x, w, padding="VALID")
    (slope,) = tw.gradients(tw.sum(tw.sin(y)), [w])
    found = tw.function([x, w], slope * 2 + w)(images.astype(dtype), filters.astype(dtype)).numpy()
    windows = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(1, 2))
    out = np.einsum("nyxcij,ijcf->nyxf", windows, filters)
    wanted = 2 * np.einsum("nyxcij,nyxf->ijcf", windows, np.cos(out)) + filters
    scale = np.abs(wanted).max()
    np.testing.assert_allclose(found, wanted, rtol=0, atol=scale * (1e-5 if dtype == "float32" else 1e-13))


@pytest.mark.parametrize(
    ("groups", "dilation", "strides"), [(1, 1, 1), (2, 1, 1), (4, 1, 1), (1, 2, 1), (1, 1, 2)], ids=str
)
def test_convolutions_to_few_channels(groups: int, dilation: int, strides: int) -> None:
    rng = np.random.default_rng(1)
    images = rng.standard_normal((3, 12, 14, 8)).astype("float32")
    filters = rng.standard_normal((3, 3, 8 // groups, 8)).astype("float32")
    x, w = tw.placeholder("float32", images.shape), tw.placeholder("float32", filters.shape)
    y = tw.nn.conv(x, w, padding="SAME", groups=groups, dilation=dilation, strides=strides)
    found = tw.function([x, w], tw.nn.relu(y + 1))(images, filters).numpy()
    plain = tw.nn.conv(images, filters, padding="SAME", groups=groups, dilation=dilation, strides=strides)
    np.testing.assert_allclose(found, np.maximum(plain.numpy() + 1, 0), rtol=1e-4, atol=1e-4)
