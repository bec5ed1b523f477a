"""The command ``python -m benchmarks.ops``: ops by themselves, beside PyTorch where it is installed.

Each is done alone, and with the gradients of its floating inputs where it has any. Both get the same numbers, and must
agree on the sum of squares of the result. What is far slower here than elsewhere is found by this table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.beside import Comparison, Forms, best_of_forms, line_of_forms

_SIDE = 1024


@dataclass(frozen=True)
class Case:
    """An op of inputs: ``inputs(rng)`` gives them, ``ours(tw, *inputs)`` and ``theirs(torch, *inputs)`` the result."""

    inputs: Callable[[np.random.Generator], list[np.ndarray]]
    ours: Callable[..., Any]
    theirs: Callable[..., Any]
    gradients: bool = True

    def numbers(self) -> list[np.ndarray]:
        """The inputs, the same at each call."""
        return self.inputs(np.random.default_rng(0))


def _normal(*shapes: tuple[int, ...], dtype: str = "float32") -> Callable[..., list[np.ndarray]]:
    return lambda rng: [rng.normal(size=shape).astype(dtype) for shape in shapes]


def _positive(*shapes: tuple[int, ...]) -> Callable[..., list[np.ndarray]]:
    return lambda rng: [rng.uniform(0.1, 0.9, size=shape).astype("float32") for shape in shapes]


def _rows_of(table: tuple[int, ...], *count: int) -> Callable[..., list[np.ndarray]]:
    """A table and row numbers."""
    return lambda rng: [rng.normal(size=table).astype("float32"), rng.integers(0, table[0], count)]


def _named(name: str) -> Case:
    return Case(
        _positive((_SIDE, _SIDE)),
        lambda tw, x: getattr(tw, name)(x),
        lambda torch, x: getattr(torch, name)(x),
    )


def _reduced(name: str, axis: int) -> Case:
    theirs = {"max": "amax"}.get(name, name)
    return Case(
        _positive((_SIDE, _SIDE)),
        lambda tw, x: getattr(tw, name)(x, axis=axis),
        lambda torch, x: getattr(torch, theirs)(x, axis),
    )


def _channels_first(op: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """An op of PyTorch on [N, H, W, C]."""
    return lambda x: op(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


def _pooled(kind: str, window: int, stride: int) -> Case:
    def theirs(torch: Any, x: Any) -> Any:
        op = getattr(torch.nn.functional, f"{kind}_pool2d")
        return _channels_first(lambda t: op(t, window, stride))(x)

    return Case(
        _normal((32, 56, 56, 64)),
        lambda tw, x: getattr(tw.nn, f"{kind}_pool")(x, window, strides=stride),
        theirs,
    )


def _enlarged(kind: str) -> Case:
    def theirs(torch: Any, x: Any) -> Any:
        op = torch.nn.functional.interpolate
        return _channels_first(lambda t: op(t, scale_factor=2, mode=kind))(x)

    return Case(
        _normal((32, 28, 28, 64)), lambda tw, x: tw.nn.resize(x, (56, 56), interpolation=kind), theirs
    )


def _definite(rng: np.random.Generator) -> list[np.ndarray]:
    roots = rng.normal(size=(32, 64, 64)).astype("float32")
    return [roots @ roots.transpose(0, 2, 1) / 64 + np.eye(64, dtype="float32")]


_SQUARE = ((_SIDE, _SIDE),)
CASES = {
    **{
        name: _named(name)
        for name in ("exp", "log", "tanh", "sigmoid", "erf", "erfc", "lgamma", "sqrt", "sin")
    },
    "pow": Case(_positive(*_SQUARE * 2), lambda tw, x, y: tw.pow(x, y), lambda torch, x, y: torch.pow(x, y)),
    "gelu": Case(_normal(*_SQUARE), lambda tw, x: tw.gelu(x), lambda torch, x: torch.nn.functional.gelu(x)),
    **{
        f"{name}, axis {axis}": _reduced(name, axis)
        for name in ("sum", "max", "prod", "logsumexp")
        for axis in (0, 1)
    },
    **{
        f"running {name}, axis {axis}": Case(
            _positive(*_SQUARE),
            lambda tw, x, name=name, axis=axis: getattr(tw, f"cumulative_{name}")(x, axis=axis),
            lambda torch, x, name=name, axis=axis: getattr(torch, f"cum{name}")(x, axis),
        )
        for name, axis in (("sum", 0), ("sum", 1), ("prod", 1))
    },
    "softmax": Case(_normal(*_SQUARE), lambda tw, x: tw.nn.softmax(x), lambda torch, x: x.softmax(-1)),
    "softmax of 10": Case(
        _normal((100_000, 10)), lambda tw, x: tw.nn.softmax(x), lambda torch, x: x.softmax(-1)
    ),
    "layer norm": Case(
        _normal((4096, 768), (768,), (768,)),
        lambda tw, x, g, b: tw.nn.layer_norm(x, g, b),
        lambda torch, x, g, b: torch.nn.functional.layer_norm(x, (768,), g, b),
    ),
    "max pool 2 by 2": _pooled("max", 2, 2),
    "max pool 3 by 2": _pooled("max", 3, 2),
    "mean pool 3 by 2": _pooled("avg", 3, 2),
    "twice as large, bilinear": _enlarged("bilinear"),
    "twice as large, nearest": _enlarged("nearest"),
    "transpose": Case(
        _normal((2048, 2048)),
        lambda tw, x: tw.matrix_transpose(x) + 1,
        lambda torch, x: x.t().contiguous() + 1,
    ),
    "channels last": Case(
        _normal((32, 64, 28, 28)),
        lambda tw, x: tw.permute_dims(x, (0, 2, 3, 1)) + 1,
        lambda torch, x: x.permute(0, 2, 3, 1).contiguous() + 1,
    ),
    "sort": Case(_normal(*_SQUARE), lambda tw, x: tw.sort(x, axis=1), lambda torch, x: x.sort(1)[0]),
    "top 5": Case(_normal(*_SQUARE), lambda tw, x: tw.top_k(x, 5)[0], lambda torch, x: x.topk(5)[0]),
    "largest index": Case(
        _normal(*_SQUARE), lambda tw, x: tw.argmax(x, axis=1), lambda torch, x: x.argmax(1), gradients=False
    ),
    "rows": Case(
        _rows_of((10_000, 128), 4096), lambda tw, t, n: tw.take(t, n, axis=0), lambda torch, t, n: t[n]
    ),
    "mean of 20 rows": Case(
        _rows_of((10_000, 64), 512, 20),
        lambda tw, t, n: tw.mean(tw.take(t, n, axis=0), axis=1),
        lambda torch, t, n: t[n].mean(1),
    ),
    "product": Case(_normal(*_SQUARE * 2), lambda tw, x, y: x @ y, lambda torch, x, y: x @ y),
    "product, float16": Case(
        _normal((512, 512), (512, 512), dtype="float16"), lambda tw, x, y: x @ y, lambda torch, x, y: x @ y
    ),
    "product of integers": Case(
        lambda rng: [rng.integers(0, 100, (256, 256)).astype("int32") for _ in range(2)],
        lambda tw, x, y: x @ y,
        lambda torch, x, y: x @ y,
        gradients=False,
    ),
    "products 4x4": Case(
        _normal((10_000, 4, 4), (10_000, 4, 4)), lambda tw, x, y: x @ y, lambda torch, x, y: x @ y
    ),
    "dot": Case(
        _normal((1_000_000,), (1_000_000,)), lambda tw, x, y: tw.dot(x, y), lambda torch, x, y: x @ y
    ),
    "attention": Case(
        _normal(*((8, 8, 128, 64),) * 3),
        lambda tw, q, k, v: tw.nn.softmax(q @ tw.matrix_transpose(k) / 8.0) @ v,
        lambda torch, q, k, v: torch.nn.functional.scaled_dot_product_attention(q, k, v),
    ),
    "cholesky": Case(
        _definite, lambda tw, x: tw.linalg.cholesky(x), lambda torch, x: torch.linalg.cholesky(x)
    ),
    "determinant": Case(_definite, lambda tw, x: tw.linalg.det(x), lambda torch, x: torch.linalg.det(x)),
    "inverse": Case(_definite, lambda tw, x: tw.linalg.inv(x), lambda torch, x: torch.linalg.inv(x)),
}


def ours(case: Case) -> Forms:
    """Compiled by Thalweg."""
    import thalweg as tw

    arrays = case.numbers()
    inputs = [tw.placeholder(a.dtype, a.shape) for a in arrays]
    y = case.ours(tw, *inputs)
    alone = tw.function(inputs, y)
    if not case.gradients:
        return lambda: alone(*arrays), None
    loss = tw.sum(tw.square(tw.astype(y, "float32")))
    floats = [x for x, a in zip(inputs, arrays, strict=True) if a.dtype.kind == "f"]
    both = tw.function(inputs, [loss, *tw.gradients(loss, floats)])
    return lambda: alone(*arrays), lambda: float(both(*arrays)[0])


def of_torch(case: Case) -> Forms:
    """PyTorch."""
    import torch

    inputs = [torch.tensor(a) for a in case.numbers()]
    floats = [x.requires_grad_() for x in inputs if case.gradients and x.is_floating_point()]

    def alone() -> Any:
        with torch.inference_mode():
            return case.theirs(torch, *inputs)

    def both() -> float:
        for x in floats:
            x.grad = None
        loss = case.theirs(torch, *inputs).float().square().sum()
        loss.backward()
        return loss.item()

    return alone, both if case.gradients else None


_HEAD = (
    f"{'microseconds':26}{'alone':>9}{'PyTorch':>9}{'ratio':>7}{'gradients':>11}{'PyTorch':>9}{'ratio':>7}"
)
COMPARISON = Comparison("benchmarks.ops", CASES, ours, of_torch, best_of_forms, _HEAD, line_of_forms, 26)

if __name__ == "__main__":
    COMPARISON.main(__doc__, 0.1)
