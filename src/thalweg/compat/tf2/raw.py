"""``tf.raw_ops``, as far as programs call them themselves: steps of optimizers, and pictures seen from elsewhere."""

from __future__ import annotations

from typing import Any

from thalweg.compat.tf2.arrays import gather
from thalweg.compat.tf2.nn import _fused_batch_norm as FusedBatchNormV2
from thalweg.compat.tf2.values import tensor
from thalweg.nn import images as pictures
from thalweg.ops import elementwise, index
from thalweg.ops.shape import expand_dims

__all__ = [
    "FusedBatchNormV2", "FusedBatchNormV3", "ImageProjectiveTransformV2", "ImageProjectiveTransformV3",
    "ResourceApplyAdam", "ResourceApplyGradientDescent", "ResourceApplyKerasMomentum",
    "ResourceSparseApplyKerasMomentum",
]  # fmt: skip


def FusedBatchNormV3(**options: Any) -> tuple[Any, ...]:
    """:func:`FusedBatchNormV2`, with one more number for a gradient, which is not needed here."""
    return (*FusedBatchNormV2(**options), 0.0)


# --- steps of optimizers --------------------------------------------------------------------------------------------


def ResourceApplyGradientDescent(
    var: Any, alpha: Any, delta: Any, use_locking: bool = False, name: Any = None
) -> None:
    """``var -= alpha * delta``."""
    var.assign_sub(tensor(alpha) * delta)


def ResourceApplyKerasMomentum(
    var: Any, accum: Any, lr: Any, grad: Any, momentum: Any, use_locking: bool = False, use_nesterov: bool = False,
    name: Any = None,
) -> None:  # fmt: skip
    """``accum = momentum * accum - lr * grad``, ``var += accum``; Nesterov: ``var += momentum * accum - lr * grad``."""
    step = tensor(lr) * grad
    moved = accum.read() * momentum - step
    accum.assign(moved)
    var.assign_add(moved * momentum - step if use_nesterov else moved)


def ResourceSparseApplyKerasMomentum(
    var: Any, accum: Any, lr: Any, grad: Any, indices: Any, momentum: Any, use_locking: bool = False,
    use_nesterov: bool = False, name: Any = None,
) -> None:  # fmt: skip
    """:func:`ResourceApplyKerasMomentum` for rows by their numbers, each of which occurs once."""
    rows, places = tensor(lr) * grad, expand_dims(tensor(indices), -1)
    moved = gather(accum.read(), indices) * momentum - rows
    accum.assign(index.scatter_nd_update(accum.read(), places, moved))
    change = moved * momentum - rows if use_nesterov else moved
    var.assign(index.scatter_nd_add(var.read(), places, change))


def ResourceApplyAdam(
    var: Any, m: Any, v: Any, beta1_power: Any, beta2_power: Any, lr: Any, beta1: Any, beta2: Any, epsilon: Any,
    grad: Any, use_locking: bool = False, use_nesterov: bool = False, name: Any = None,
) -> None:  # fmt: skip
    """``var -= lr sqrt(1 - beta2_power) / (1 - beta1_power) m / (sqrt(v) + epsilon)``, of the new averages."""
    grad, beta1, beta2 = tensor(grad), tensor(beta1), tensor(beta2)
    first = m.read() * beta1 + grad * (1.0 - beta1)
    second = v.read() * beta2 + elementwise.square(grad) * (1.0 - beta2)
    m.assign(first)
    v.assign(second)
    rate = lr * elementwise.sqrt(1.0 - tensor(beta2_power)) / (1.0 - tensor(beta1_power))
    ahead = first * beta1 + grad * (1.0 - beta1) if use_nesterov else first
    var.assign_sub(rate * ahead / (elementwise.sqrt(second) + epsilon))


# --- pictures -------------------------------------------------------------------------------------------------------


def ImageProjectiveTransformV3(
    images: Any, transforms: Any, output_shape: Any, fill_value: Any = 0.0, interpolation: str = "NEAREST",
    fill_mode: str = "CONSTANT", name: Any = None,
) -> Any:  # fmt: skip
    """Pixel (x, y) of the result is that of the picture at ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k) with
    k = c0 x + c1 y + 1: ``transforms`` [N or 1, 8] are (a0, a1, a2, b0, b1, b2, c0, c1).
    """
    x, rows = tensor(images), tensor(transforms)
    parts = [rows[:, k] for k in range(8)]
    tall, wide = (int(n) for n in tensor(output_shape))
    kind = x.specs[0].dtype
    made = pictures.affine_transform(
        elementwise.astype(x, "float32"), tuple(parts[:6]), interpolation.lower(), fill_mode.lower(),
        float(tensor(fill_value)), (parts[6], parts[7]), (tall, wide),
    )  # fmt: skip
    return elementwise.astype(made, kind)


def ImageProjectiveTransformV2(
    images: Any, transforms: Any, output_shape: Any, interpolation: str = "NEAREST", fill_mode: str = "CONSTANT",
    name: Any = None,
) -> Any:  # fmt: skip
    """:func:`ImageProjectiveTransformV3`, with zeros beyond the edges."""
    return ImageProjectiveTransformV3(images, transforms, output_shape, 0.0, interpolation, fill_mode)
