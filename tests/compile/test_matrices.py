"""Matrices factored in compiled code: small ones and those cut into parts, one and stacks of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.errors import MatrixError
from thalweg.ops.linalg import blocks
from thalweg.run.workers import num_threads, set_num_threads

SHAPES = [(1, 1), (3, 3), (2, 3, 5, 5), (9, 16, 16), (2, 64, 64), (65, 65), (2, 130, 130)]
RTOL = {"float32": 2e-4, "float64": 1e-11}


def matrices(shape: tuple[int, ...], dtype: str, seed: int = 0) -> np.ndarray:
    """Matrices of the size of the identity, with pivots that must be looked for."""
    x = np.random.default_rng(seed).normal(size=shape) / np.sqrt(shape[-1])
    return (x + 1.5 * np.eye(shape[-1])[::-1]).astype(dtype)


def positive(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Positive definite matrices."""
    x = matrices(shape, dtype)
    return (x @ np.swapaxes(x, -1, -2) + np.eye(shape[-1])).astype(dtype)


def same(found: Any, wanted: Any, dtype: str) -> None:
    wanted = np.asarray(wanted)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=RTOL[dtype] * np.abs(wanted).max())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_systems_are_those_of_lapack(shape: tuple[int, ...], dtype: str) -> None:
    a, b = matrices(shape, dtype), matrices(shape, dtype, 1)[..., : (shape[-1] + 1) // 2]
    x, y = tw.placeholder(dtype, a.shape), tw.placeholder(dtype, b.shape)
    asked = [tw.linalg.solve(x, y), tw.linalg.solve(x, y, adjoint=True), tw.linalg.inv(x), tw.linalg.det(x)]
    solved, turned, inverse, det, sign, logarithm = tw.function([x, y], [*asked, *tw.linalg.slogdet(x)])(a, b)
    same(solved, np.linalg.solve(a, b), dtype)
    same(turned, np.linalg.solve(np.swapaxes(a, -1, -2), b), dtype)
    same(inverse, np.linalg.inv(a), dtype)
    same(det, np.linalg.det(a), dtype)
    same(sign, np.linalg.slogdet(a)[0], dtype)
    same(logarithm, np.linalg.slogdet(a)[1], dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_factors_are_those_of_lapack(shape: tuple[int, ...], dtype: str) -> None:
    a, x = positive(shape, dtype), tw.placeholder(dtype, shape)
    lower, upper = tw.function([x], [tw.linalg.cholesky(x), tw.linalg.cholesky(x, upper=True)])(a)
    same(lower, np.linalg.cholesky(a), dtype)
    np.testing.assert_array_equal(upper, np.swapaxes(lower, -1, -2))


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("unit", [False, True])
@pytest.mark.parametrize(
    "shape, columns", [((3, 3), 1), ((5, 20, 20), 7), ((2, 64, 64), 130), ((140, 140), 90)]
)
def test_triangular_systems(shape: tuple[int, ...], columns: int, unit: bool, lower: bool) -> None:
    a, b = positive(shape, "float64"), np.random.default_rng(2).normal(size=(*shape[:-1], columns))
    triangle = np.tril(a) if lower else np.triu(a)
    triangle = triangle + (np.eye(shape[-1]) * (1 - np.einsum("...ii->...i", a)[..., None, :]) if unit else 0)
    x, y = tw.placeholder("float64", a.shape), tw.placeholder("float64", b.shape)
    found = blocks.triangular(x, y, lower=lower, unit=unit)
    wanted = np.linalg.solve(triangle, b)
    same(tw.function([x, y], found)(a, b), wanted, "float64")
    same(blocks.triangular(tw.constant(a), tw.constant(b), lower=lower, unit=unit), wanted, "float64")


@pytest.mark.parametrize("op", ["solve", "inv", "det", "slogdet", "cholesky"])
@pytest.mark.parametrize("n", [6, 70])
def test_gradients_are_those_computed_at_once(op: str, n: int) -> None:
    a = positive((3, n, n), "float64")

    def loss(x: Any) -> Any:
        made = tw.linalg.solve(x, x * x) if op == "solve" else getattr(tw.linalg, op)(x)
        return tw.sum(made if op == "det" else tw.sin(made[1] if op == "slogdet" else made * 3.0))

    x, at_once = tw.placeholder("float64", a.shape), tw.Variable(a)
    compiled = tw.function([x], tw.gradients(loss(x), [x]))(a)[0]
    same(compiled, tw.gradients(loss(at_once), [at_once])[0].numpy(), "float64")


def test_the_same_bits_on_any_threads() -> None:
    a, x = positive((7, 96, 96), "float32"), tw.placeholder("float32", (7, 96, 96))
    program = tw.function([x], [tw.linalg.inv(x), tw.linalg.cholesky(x), tw.linalg.solve(x[0], x[1])])
    before, found = num_threads(), []
    for threads in (1, 2, 3):
        set_num_threads(threads)
        found.append([np.asarray(t) for t in program(a)])
    set_num_threads(before)
    for others in found[1:]:
        for mine, other in zip(found[0], others, strict=True):
            np.testing.assert_array_equal(mine, other)


def test_matrices_seen_through_views() -> None:
    a, x = matrices((4, 6, 6), "float64"), tw.placeholder("float64", (4, 6, 6))
    turned = tw.permute_dims(x, (2, 0, 1))[::-1, :, ::2][..., :2, :2]
    wanted = np.linalg.inv(a.transpose(2, 0, 1)[::-1, :, ::2][..., :2, :2])
    np.testing.assert_allclose(tw.function([x], tw.linalg.inv(turned))(a), wanted, rtol=1e-9)


@pytest.mark.parametrize("n", [2, 100])
def test_singular_matrices_are_refused_when_they_come(n: int) -> None:
    good, x = np.stack([np.eye(n)] * 3), tw.placeholder("float64", (3, n, n))
    bad = good.copy()
    bad[1, -1] = bad[1, 0]
    for made, name in (
        (tw.linalg.inv(x), "inv"),
        (tw.linalg.solve(x, x), "solve"),
        (tw.linalg.cholesky(x), "cholesky"),
    ):
        program = tw.function([x], made)
        np.testing.assert_array_equal(program(good), good)
        with pytest.raises(MatrixError, match=f"{name}: "):
            program(bad * (1 if name != "cholesky" else -1))
    det, (slope,) = tw.linalg.det(x), tw.gradients(tw.sum(tw.linalg.det(x)), [x])
    value, cofactors = tw.function([x], [det, slope])(bad)
    np.testing.assert_allclose(value, [1, 0, 1], atol=1e-12)
    np.testing.assert_allclose(cofactors[0], np.eye(n), atol=1e-12)
    wanted = np.zeros((n, n))
    wanted[0, -1], wanted[-1, -1] = -1, 1
    np.testing.assert_allclose(cofactors[1], wanted, atol=1e-12)
