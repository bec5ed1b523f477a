"""Images of another size: however they are made, they are the products with the weights' matrices."""

from __future__ import annotations

import numpy as np
import pytest

import thalweg as tw
from thalweg.nn import images

SIZES = [(4, 8), (6, 12), (5, 15), (8, 32), (9, 18), (3, 6), (10, 50), (6, 9), (12, 6), (7, 7)]


@pytest.mark.parametrize("interpolation", images.INTERPOLATIONS)
@pytest.mark.parametrize(("n", "m"), SIZES)
def test_as_by_matrices_with_gradients(n: int, m: int, interpolation: str) -> None:
    rng = np.random.default_rng(0)
    x, g = rng.normal(size=(2, n, 9, 3)).astype("float32"), rng.normal(size=(2, m, 18, 3)).astype("float32")
    rows, columns = (images.resize_weights(*lengths, interpolation, False) for lengths in ((n, m), (9, 18)))
    given = tw.placeholder("float32", x.shape)
    y = tw.nn.resize(given, (m, 18), interpolation=interpolation)
    (slope,) = tw.gradients(tw.sum(y * g), [given])
    made, slopes = tw.function([given], [y, slope])(x)
    wanted = np.einsum("bhwc,ih,jw->bijc", x, rows, columns)
    np.testing.assert_allclose(made, wanted, rtol=2e-5, atol=2e-5)
    np.testing.assert_allclose(
        tw.nn.resize(x, (m, 18), interpolation=interpolation), wanted, rtol=2e-5, atol=2e-5
    )
    np.testing.assert_allclose(slopes, np.einsum("bijc,ih,jw->bhwc", g, rows, columns), rtol=2e-5, atol=2e-5)


def test_which_matrices_spread_each_element_alike() -> None:
    found = images._laid_down(images.resize_weights(6, 12, "bilinear", False))
    assert found is not None and found.kernel == (0.25, 0.75, 0.75, 0.25) and found.factor == 2
    assert images._laid_down(images.resize_weights(6, 9, "bilinear", False)) is None, "no whole factor"
    assert images._laid_down(images.resize_weights(6, 12, "bicubic", False)) is None, "other at the ends"


def test_integers_become_floats_but_for_the_nearest() -> None:
    x = np.arange(36, dtype="int32").reshape(1, 6, 6, 1)
    given = tw.placeholder("int32", x.shape)
    for interpolation, dtype in (("bilinear", "float32"), ("nearest", "int32")):
        eager = tw.nn.resize(x, (12, 12), interpolation=interpolation)
        compiled = tw.function([given], tw.nn.resize(given, (12, 12), interpolation=interpolation))(x)
        assert eager.dtype == compiled.dtype == dtype
        np.testing.assert_allclose(compiled, eager, rtol=1e-6)
        assert abs(float(np.mean(eager.numpy())) - x.mean()) < 0.6
