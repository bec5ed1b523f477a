"""``theano.tensor.nnet.neighbours``: patches of images as rows."""

from __future__ import annotations

from typing import Any

from thalweg.compat.theano.conditions import checked
from thalweg.compat.theano.subtensor import set_subtensor
from thalweg.compat.theano.tensor import basic
from thalweg.compat.theano.variable import TensorVariable, as_tensor_variable

_MARGINS = {
    "valid": lambda n: 0,
    "ignore_borders": lambda n: 0,
    "half": lambda n: n // 2,
    "full": lambda n: n - 1,
}


def _places(length: Any, size: int, step: int, mode: str) -> TensorVariable:
    """The indices of every patch along an axis: [patches, size]."""
    starts = basic.arange(0, length - size + 1, step)
    if mode != "ignore_borders":
        fits = [basic.ge(length, size), basic.eq((length - size) % step, 0)]
        message = (
            f"images2neibs: in mode {mode} patches of length {size}, {step} apart, must reach exactly the end of the "
            "axis (with its margin of zeros); ignore_borders leaves the rest out"
        )
        starts = checked(starts, fits, message, TypeError)
    return starts.dimshuffle(0, "x") + basic.arange(size).dimshuffle("x", 0)


def _around(length: Any, size: int, step: int) -> TensorVariable:
    """The indices of a patch around every ``step``-th place, beyond the end from the start on: [patches, size]."""
    inside = (basic.arange(size) - size // 2).dimshuffle("x", 0)
    return (basic.arange(0, length, step).dimshuffle(0, "x") + inside) % length


def images2neibs(ten4: Any, neib_shape: Any, neib_step: Any = None, mode: str = "valid") -> TensorVariable:
    """Every patch of [N, C, H, W] as a row, patches of one image row after row.

    ``mode``: "valid" (patches must reach exactly the end of the image, or a TypeError when the function runs),
    "ignore_borders", "wrap_centered" (a patch around every place, the image continued on its other side), "half" or
    "full" (zeros outside, of half a patch or all but one of its numbers).
    """
    x = as_tensor_variable(ten4)
    h, w = (int(basic.get_scalar_constant_value(n)) for n in neib_shape)
    steps = (h, w) if neib_step is None else tuple(int(basic.get_scalar_constant_value(n)) for n in neib_step)
    if mode == "wrap_centered":
        if h % 2 == 0 or w % 2 == 0:
            raise TypeError(
                f"images2neibs: in mode wrap_centered the patch must have odd sides, received {(h, w)}"
            )
        rows, columns = _around(x.shape[2], h, steps[0]), _around(x.shape[3], w, steps[1])
    elif mode in _MARGINS:
        x = _with_margins(x, _MARGINS[mode](h), _MARGINS[mode](w))
        rows, columns = _places(x.shape[2], h, steps[0], mode), _places(x.shape[3], w, steps[1], mode)
    else:
        raise NotImplementedError(f"images2neibs: mode {mode!r} is not supported")
    found = x[:, :, rows.dimshuffle(0, "x", 1, "x"), columns.dimshuffle("x", 0, "x", 1)]
    return found.reshape((-1, h * w), ndim=2)


def _with_margins(x: TensorVariable, above: int, beside: int) -> TensorVariable:
    """The images with zeros around them."""
    if above == beside == 0:
        return x
    wide = basic.zeros(
        (x.shape[0], x.shape[1], x.shape[2] + 2 * above, x.shape[3] + 2 * beside), dtype=x.dtype
    )
    return set_subtensor(wide[:, :, above : above + x.shape[2], beside : beside + x.shape[3]], x)


def neibs2images(neibs: Any, neib_shape: Any, original_shape: Any, mode: str = "valid") -> TensorVariable:
    """The images [N, C, H, W] whose patches side by side are the rows; zeros where no patch reaches.

    ``mode``: "valid", or "ignore_borders" for images whose sides the patches do not divide.
    """
    h, w = (int(basic.get_scalar_constant_value(n)) for n in neib_shape)
    n, c, height, width = (as_tensor_variable(d) for d in original_shape)
    split = as_tensor_variable(neibs).reshape((n, c, height // h, width // w, h, w), ndim=6)
    found = split.dimshuffle(0, 1, 2, 4, 3, 5)
    if mode == "valid":
        return found.reshape((n, c, height, width), ndim=4)
    if mode != "ignore_borders":
        raise NotImplementedError(f"neibs2images: mode {mode!r} is not supported")
    high, wide = height // h * h, width // w * w
    nothing = basic.zeros((n, c, height, width), dtype=found.dtype)
    return set_subtensor(nothing[:, :, :high, :wide], found.reshape((n, c, high, wide), ndim=4))


class Images2Neibs:
    """:func:`images2neibs` as an op: ``Images2Neibs(mode="valid")(images, shape, steps)``."""

    def __init__(self, mode: str = "valid") -> None:
        self.mode = mode

    def __call__(self, ten4: Any, neib_shape: Any, neib_step: Any = None) -> TensorVariable:
        return images2neibs(ten4, neib_shape, neib_step, self.mode)
