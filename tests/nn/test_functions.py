"""Softmax, losses and normalisation through the checks that every op passes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.special as special

from ops import harness
from ops.harness import Row
from thalweg import nn

MATRIX: Any = [((3, 5),), ((2, 3, 4),), ((1,),)]
PAIR: Any = [((3, 5), (3, 5)), ((7,), (7,))]
_SUMS = 2e-5


def _with_classes(axis: int) -> Any:
    """Logits, and a class for each example."""

    def make(rng: np.random.Generator, shapes: Any, dtype: str) -> list[np.ndarray]:
        logits = rng.normal(size=shapes[0]).astype(dtype)
        shape = np.delete(shapes[0], axis)
        return [logits, np.asarray(rng.integers(0, shapes[0][axis], shape))]

    return make


def _picked(x: np.ndarray, labels: np.ndarray, axis: int) -> np.ndarray:
    return np.take_along_axis(x, np.expand_dims(labels, axis), axis).squeeze(axis)


def _standard(x: np.ndarray, axes: Any, epsilon: float) -> np.ndarray:
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + epsilon)


def _loss(name: str, fn: Any, reference: Any, domain: Any = (-2.0, 2.0), **attrs: Any) -> Row:
    return Row(name, lambda *xs: fn(*xs, **attrs), PAIR, reference=reference, domain=domain, rtol=_SUMS)


def _group_norm(x: np.ndarray) -> np.ndarray:
    split = x.reshape(*x.shape[:-1], 2, x.shape[-1] // 2)
    return _standard(split, (*range(1, x.ndim - 1), x.ndim), 1e-3).reshape(x.shape)


ROWS = [
    Row("softmax", nn.softmax, MATRIX, reference=lambda x: special.softmax(x, -1), rtol=_SUMS),
    Row(
        "softmax axes",
        nn.softmax,
        [((2, 3, 4),)],
        attrs={"axis": (0, 2)},
        reference=lambda x, axis: special.softmax(x, axis),
        rtol=_SUMS,
    ),
    Row("log_softmax", nn.log_softmax, MATRIX, reference=lambda x: special.log_softmax(x, -1), rtol=_SUMS),
    # Half precision is summed in float32 and rounded once, by both sides.
    Row(
        "softmax half",
        nn.softmax,
        MATRIX,
        reference=lambda x: special.softmax(x, -1),
        dtypes=("float16",),
        order=0,
    ),
    Row(
        "sigmoid_cross_entropy half",
        nn.sigmoid_cross_entropy,
        PAIR,
        domain=((-4, 4), (0, 1)),
        reference=lambda x, z: np.logaddexp(0, x) - x * z,
        dtypes=("float16",),
        order=0,
    ),
    Row("softmin", nn.softmin, MATRIX, reference=lambda x: special.softmax(-x, -1), rtol=_SUMS),
    Row("prelu", nn.prelu, [((3, 4), (4,))], reference=lambda x, a: np.where(x > 0, x, a * x)),
    Row(
        "softmax_cross_entropy",
        nn.softmax_cross_entropy,
        [((3, 5), (3, 5)), ((5,), (5,)), ((0, 5), (0, 5))],
        domain=((-3, 3), (0, 1)),
        reference=lambda x, z: -(z * special.log_softmax(x, -1)).sum(-1),
        rtol=_SUMS,
    ),
    Row(
        "softmax_cross_entropy axis",
        nn.softmax_cross_entropy,
        [((3, 5, 2), (3, 5, 2))],
        attrs={"axis": 1},
        domain=((-3, 3), (0, 1)),
        reference=lambda x, z, axis: -(z * special.log_softmax(x, axis)).sum(axis),
        rtol=_SUMS,
    ),
    Row(
        "sparse_softmax_cross_entropy",
        nn.sparse_softmax_cross_entropy,
        [((3, 5), (3,)), ((5,), ()), ((2, 3, 4), (2, 3))],
        make=_with_classes(-1),
        reference=lambda x, k: -_picked(special.log_softmax(x, -1), k, -1),
        rtol=_SUMS,
    ),
    Row(
        "sparse_softmax_cross_entropy axis",
        nn.sparse_softmax_cross_entropy,
        [((2, 3, 4), (2, 4))],
        attrs={"axis": 1},
        make=_with_classes(1),
        reference=lambda x, k, axis: -_picked(special.log_softmax(x, axis), k, axis),
        rtol=_SUMS,
    ),
    Row("nll", nn.nll, [((3, 5), (3,))], make=_with_classes(-1), reference=lambda x, k: -_picked(x, k, -1)),
    Row(
        "sigmoid_cross_entropy",
        nn.sigmoid_cross_entropy,
        PAIR,
        domain=((-4, 4), (0, 1)),
        reference=lambda x, z: np.logaddexp(0, x) - x * z,
        rtol=_SUMS,
    ),
    Row(
        "weighted_sigmoid_cross_entropy",
        lambda x, z: nn.weighted_sigmoid_cross_entropy(x, z, 3.0),
        PAIR,
        domain=((-4, 4), (0, 1)),
        reference=lambda x, z: (1 - z) * x + (1 + 2 * z) * np.logaddexp(0, -x),
        rtol=_SUMS,
    ),
    _loss("squared_error", nn.squared_error, lambda p, t: ((p - t) ** 2).mean()),
    _loss("squared_error sum", nn.squared_error, lambda p, t: ((p - t) ** 2).sum(), reduction="sum"),
    _loss("absolute_error", nn.absolute_error, lambda p, t: np.abs(p - t), reduction="none"),
    _loss("huber", nn.huber, lambda p, t: special.huber(1.5, p - t), delta=1.5, reduction="none"),
    _loss("log_cosh", nn.log_cosh, lambda p, t: np.log(np.cosh(p - t)), reduction="none"),
    _loss("hinge", nn.hinge, lambda p, t: np.maximum(1 - t * p, 0).mean()),
    _loss("squared_hinge", nn.squared_hinge, lambda p, t: (np.maximum(1 - t * p, 0) ** 2).mean()),
    _loss("kl_divergence", nn.kl_divergence, lambda p, t: special.rel_entr(t, p).sum(-1).mean(), (0.2, 0.9)),
    _loss(
        "binary_cross_entropy",
        nn.binary_cross_entropy,
        lambda p, t: -(t * np.log(p) + (1 - t) * np.log1p(-p)).mean(),
        (0.1, 0.9),
    ),
    _loss("poisson", nn.poisson, lambda p, t: (p - t * np.log(p + 1e-7)).mean(), (0.5, 2)),
    _loss(
        "cosine_similarity",
        nn.cosine_similarity,
        lambda p, t: (p * t).sum(-1) / np.linalg.norm(p, axis=-1) / np.linalg.norm(t, axis=-1),
    ),
    Row("l2_loss", nn.l2_loss, MATRIX, reference=lambda x: (x * x).sum() / 2, rtol=_SUMS),
    Row(
        "moments",
        lambda x: nn.moments(x, (0, -1)),
        [((3, 4),), ((2, 3, 4),)],
        rtol=_SUMS,
        reference=lambda x: (x.mean((0, -1)), x.var((0, -1))),
    ),
    Row(
        "batch_norm",
        nn.batch_norm,
        [((4, 3), (3,), (3,), (3,), (3,)), ((2, 3, 2, 3), (3,), (3,), (3,), (3,))],
        domain=((-2, 2), (-1, 1), (0.5, 2), (0.5, 2), (-1, 1)),
        reference=lambda x, m, v, s, b: (x - m) / np.sqrt(v + 1e-3) * s + b,
        rtol=_SUMS,
    ),
    Row(
        "batch_norm_training",
        nn.batch_norm_training,
        [((6, 3), (3,), (3,)), ((2, 3, 2, 3), (3,), (3,))],
        reference=lambda x, s, b: (
            _standard(x, tuple(range(x.ndim - 1)), 1e-3) * s + b,
            x.mean(tuple(range(x.ndim - 1))),
            x.var(tuple(range(x.ndim - 1))),
        ),
        rtol=_SUMS,
    ),
    Row(
        "batch_norm_training channels first",
        lambda x, s, b: nn.batch_norm_training(x, s, b, axis=1),
        [((4, 3, 2), (3,), (3,))],
        reference=lambda x, s, b: (
            _standard(x, (0, 2), 1e-3) * s[:, None] + b[:, None],
            x.mean((0, 2)),
            x.var((0, 2)),
        ),
        rtol=_SUMS,
    ),
    Row(
        "layer_norm",
        nn.layer_norm,
        [((3, 5), (5,), (5,))],
        reference=lambda x, s, b: _standard(x, -1, 1e-3) * s + b,
        rtol=_SUMS,
    ),
    Row(
        "rms_norm",
        nn.rms_norm,
        [((3, 5), (5,))],
        reference=lambda x, s: x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-6) * s,
        rtol=_SUMS,
    ),
    Row(
        "group_norm",
        lambda x: nn.group_norm(x, 2),
        [((2, 3, 4),), ((3, 2, 2, 6),)],
        reference=_group_norm,
        rtol=_SUMS,
    ),
    Row(
        "instance_norm",
        nn.instance_norm,
        [((2, 5, 3),)],
        reference=lambda x: _standard(x, 1, 1e-3),
        rtol=_SUMS,
    ),
    Row(
        "l2_normalize",
        nn.l2_normalize,
        [((3, 5),)],
        reference=lambda x: x / np.linalg.norm(x, axis=-1, keepdims=True),
        rtol=_SUMS,
    ),
]

every_row = pytest.mark.parametrize("row", ROWS, ids=str)


@every_row
def test_eager_equals_reference(row: Row) -> None:
    harness.check_reference(row)


@every_row
def test_symbolic_spec_equals_eager(row: Row) -> None:
    harness.check_spec(row)


@every_row
def test_gradient_equals_differences(row: Row) -> None:
    harness.check_gradient(row)


@every_row
def test_gradient_keeps_shape_and_dtype(row: Row) -> None:
    harness.check_gradient_dtype(row)


@pytest.mark.skipif(not harness.can_compile(), reason="this build has no compiled functions")
@every_row
def test_compiled_equals_eager(row: Row) -> None:
    harness.check_compiled(row)
