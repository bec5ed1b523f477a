"""``tf.fake_quant_*``: numbers as they would be in few bits; ``tf.bitcast``."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import nn as core_nn
from thalweg.compat.tf1.graph import Tensor, value, wrap
from thalweg.compat.tf1.math.gradients import gradients
from thalweg.compat.tf1.types import numpy_dtype
from thalweg.graph import tensor as core
from thalweg.graph.op import make_op


def _quantised(kind: str, x: Any, low: Any, high: Any, bits: int, narrow: bool, name: Any) -> Tensor:
    ends = value(low, "float32"), value(high, "float32")
    return wrap(core_nn.fake_quantize(value(x), *ends, int(bits), bool(narrow)), name, kind, [x, low, high])


def fake_quant_with_min_max_args(
    inputs: Any,
    min: float = -6,
    max: float = 6,
    num_bits: int = 8,
    narrow_range: bool = False,
    name: str | None = None,
) -> Tensor:
    """Rounded to ``2^num_bits`` numbers from ``min`` to ``max``; the gradient is 1 between them."""
    return _quantised("FakeQuantWithMinMaxArgs", inputs, float(min), float(max), num_bits, narrow_range, name)


def fake_quant_with_min_max_vars(
    inputs: Any, min: Any, max: Any, num_bits: int = 8, narrow_range: bool = False, name: str | None = None
) -> Tensor:
    """The same with ends that have gradients."""
    return _quantised("FakeQuantWithMinMaxVars", inputs, min, max, num_bits, narrow_range, name)


def fake_quant_with_min_max_vars_per_channel(
    inputs: Any, min: Any, max: Any, num_bits: int = 8, narrow_range: bool = False, name: str | None = None
) -> Tensor:
    """The same with ends for each channel, the last axis."""
    return _quantised("FakeQuantWithMinMaxVarsPerChannel", inputs, min, max, num_bits, narrow_range, name)


def fake_quant_with_min_max_args_gradient(
    gradients: Any,
    inputs: Any,
    min: float = -6,
    max: float = 6,
    num_bits: int = 8,
    narrow_range: bool = False,
    name: str | None = None,
) -> Any:
    """The gradient of :func:`fake_quant_with_min_max_args` by its inputs."""
    made = fake_quant_with_min_max_args(inputs, min, max, num_bits, narrow_range)
    return _slopes(made, [inputs], gradients)[0]


def fake_quant_with_min_max_vars_gradient(
    gradients: Any,
    inputs: Any,
    min: Any,
    max: Any,
    num_bits: int = 8,
    narrow_range: bool = False,
    name: str | None = None,
) -> list[Any]:
    """The gradients of :func:`fake_quant_with_min_max_vars` by its inputs and ends."""
    made = fake_quant_with_min_max_vars(inputs, min, max, num_bits, narrow_range)
    return _slopes(made, [inputs, min, max], gradients)


fake_quant_with_min_max_vars_per_channel_gradient = fake_quant_with_min_max_vars_gradient


def _slopes(made: Tensor, by: list[Any], arrived: Any) -> list[Any]:
    return gradients(made, by, arrived)


# --- bits -----------------------------------------------------------------------------------------------------------


def _bits_infer(x: core.Spec, *, dtype: np.dtype) -> core.Spec:
    if x.shape is None:
        return core.Spec(None, dtype)
    old, new = x.dtype.itemsize, dtype.itemsize
    if old < new:
        if not x.shape or x.shape[-1] not in (None, new // old):
            raise ValueError(
                f"tf.bitcast from {x.dtype.name} to {dtype.name}: the last axis must have length {new // old}, "
                f"received the shape {x.shape}"
            )
        return core.Spec(x.shape[:-1], dtype)
    return core.Spec(x.shape if old == new else (*x.shape, old // new), dtype)


@make_op({}, infer=_bits_infer, grad=lambda g, y, x, *, dtype: [None])
def _bits(x, /, dtype):  # type: ignore[no-untyped-def]
    """The same memory seen as numbers of another dtype; it has no gradient."""
    x = np.ascontiguousarray(x)
    old, new = x.dtype.itemsize, dtype.itemsize
    if old < new:
        return x.view(dtype).reshape(x.shape[:-1])
    return x.reshape(*x.shape, 1).view(dtype).reshape(x.shape if old == new else (*x.shape, old // new))


def bitcast(input: Any, type: Any, name: str | None = None) -> Tensor:
    """The same bits as numbers of another dtype: of a narrower one along a new last axis, of a wider one without it."""
    return wrap(_bits.build([value(input)], {"dtype": numpy_dtype(type)}), name, "Bitcast", [input])
