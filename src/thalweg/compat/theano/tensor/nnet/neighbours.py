"""``theano.tensor.nnet.neighbours``: patches of images as rows."""

from __future__ import annotations

from typing import Any

from thalweg.compat.theano.tensor import basic
from thalweg.compat.theano.variable import TensorVariable, as_tensor_variable


def _places(length: Any, size: int, step: int) -> TensorVariable:
    """The indices of every patch along an axis: [patches, size]."""
    starts = basic.arange(0, length - size + 1, step)
    return starts.dimshuffle(0, "x") + basic.arange(size).dimshuffle("x", 0)


def images2neibs(ten4: Any, neib_shape: Any, neib_step: Any = None, mode: str = "valid") -> TensorVariable:
    """Every patch of [N, C, H, W] as a row, patches of one image row after row.

    ``mode``: "valid" (patches must tile the image), "ignore_borders", "wrap_centered" (a patch around every place,
    the image continued on its other side) or "half" (zeros outside).
    """
    x = as_tensor_variable(ten4)
    h, w = (int(basic.get_scalar_constant_value(n)) for n in neib_shape)
    steps = (h, w) if neib_step is None else tuple(int(basic.get_scalar_constant_value(n)) for n in neib_step)
    if mode in ("valid", "ignore_borders"):
        rows, columns = _places(x.shape[2], h, steps[0]), _places(x.shape[3], w, steps[1])
    elif mode == "wrap_centered":
        if h % 2 == 0 or w % 2 == 0:
            raise TypeError(
                f"images2neibs: in mode wrap_centered the patch must have odd sides, received {(h, w)}"
            )
        rows, columns = (
            (
                basic.arange(0, n, step).dimshuffle(0, "x")
                + (basic.arange(size) - size // 2).dimshuffle("x", 0)
            )
            % n
            for n, size, step in ((x.shape[2], h, steps[0]), (x.shape[3], w, steps[1]))
        )
    elif mode == "half":
        shape = (x.shape[0], x.shape[1], x.shape[2] + 2 * (h // 2), x.shape[3] + 2 * (w // 2))
        from thalweg.compat.theano.subtensor import set_subtensor

        wide = basic.zeros(shape, dtype=x.dtype)
        x = set_subtensor(wide[:, :, h // 2 : h // 2 + x.shape[2], w // 2 : w // 2 + x.shape[3]], x)
        rows, columns = _places(x.shape[2], h, steps[0]), _places(x.shape[3], w, steps[1])
    else:
        raise NotImplementedError(f"images2neibs: mode {mode!r} is not supported")
    found = x[:, :, rows.dimshuffle(0, "x", 1, "x"), columns.dimshuffle("x", 0, "x", 1)]
    return found.reshape((-1, h * w), ndim=2)


def neibs2images(neibs: Any, neib_shape: Any, original_shape: Any, mode: str = "valid") -> TensorVariable:
    """The images [N, C, H, W] whose patches side by side are the rows."""
    h, w = (int(basic.get_scalar_constant_value(n)) for n in neib_shape)
    n, c, height, width = (as_tensor_variable(d) for d in original_shape)
    split = as_tensor_variable(neibs).reshape((n, c, height // h, width // w, h, w), ndim=6)
    return split.dimshuffle(0, 1, 2, 4, 3, 5).reshape((n, c, height, width), ndim=4)
