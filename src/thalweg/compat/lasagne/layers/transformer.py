"""``lasagne.layers``: images sampled where a network says."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.lasagne.layers.base import MergeLayer
from thalweg.compat.lasagne.utils import as_tuple
from thalweg.compat.theano import config
from thalweg.compat.theano import tensor as T


class _Sampler(MergeLayer):
    """What the transformers share: an image [N, C, H, W] and a layer that gives the transformation's numbers."""

    def __init__(
        self, incoming: Any, localization_network: Any, downsample_factor: Any, **options: Any
    ) -> None:
        super().__init__([incoming, localization_network], **options)
        self.downsample_factor = as_tuple(downsample_factor, 2)
        if len(self.input_shapes[0]) != 4:
            raise ValueError(f"the transformed layer must have 4 axes, received {self.input_shapes[0]}")

    def get_output_shape_for(self, input_shapes: Any) -> Any:
        lengths = zip(input_shapes[0][2:], self.downsample_factor, strict=True)
        return (*input_shapes[0][:2], *(None if n is None else int(n / f) for n, f in lengths))


class TransformerLayer(_Sampler):
    """Each image under an affine map: six numbers, from coordinates of the result to those of the image in [-1, 1]."""

    def __init__(
        self,
        incoming: Any,
        localization_network: Any,
        downsample_factor: Any = 1,
        border_mode: str = "nearest",
        **options: Any,
    ) -> None:
        super().__init__(incoming, localization_network, downsample_factor, **options)
        self.border_mode = border_mode
        if self.input_shapes[1][1:] != (6,):
            raise ValueError(f"the localization network must have 6 outputs, received {self.input_shapes[1]}")

    def get_output_for(self, input: Any, **options: Any) -> Any:
        image, theta = input
        height, width = (
            T.cast(image.shape[k] / f, "int64") for k, f in zip((2, 3), self.downsample_factor, strict=True)
        )
        grid = _grid(height, width)
        places = T.dot(theta.reshape((-1, 2, 3)), grid)  # [N, 2, H W]
        return _sampled(image, places[:, 0], places[:, 1], height, width, self.border_mode)


def _line(length: Any) -> Any:
    """``length`` numbers from -1 to 1."""
    steps = T.cast(length, config.floatX)
    return (
        T.arange(length).astype(config.floatX) * (2.0 / T.maximum(steps - 1.0, 1.0)).astype(config.floatX)
        - 1.0
    )


def _grid(height: Any, width: Any) -> Any:
    """x, y and 1 of every place of the result, row by row: [3, H W]."""
    x = T.zeros((height, 1)) + _line(width).dimshuffle("x", 0)
    y = _line(height).dimshuffle(0, "x") + T.zeros((1, width))
    return T.stack([x.flatten(), y.flatten(), T.ones_like(x.flatten())])


def _sampled(image: Any, x: Any, y: Any, height: Any, width: Any, border: str) -> Any:
    """The images [N, C, H, W] at x and y [N, places] in [-1, 1], between four pixels."""
    rows, columns = image.shape[2], image.shape[3]
    x = (x + 1) / 2 * (columns - 1).astype(config.floatX)
    y = (y + 1) / 2 * (rows - 1).astype(config.floatX)
    left, top = T.floor(x), T.floor(y)
    number = T.arange(image.shape[0]).dimshuffle(0, "x")
    pixels = image.dimshuffle(0, 2, 3, 1)

    def place(at: Any, length: Any) -> Any:
        whole = T.cast(at, "int64")
        if border == "wrap":
            return whole % length
        if border == "mirror":
            period = T.maximum(2 * (length - 1), 1)
            whole = abs(whole) % period
            return T.minimum(whole, period - whole)
        return T.clip(whole, 0, length - 1)

    total: Any = 0
    for at_x, at_y in ((left, top), (left + 1, top), (left, top + 1), (left + 1, top + 1)):
        weight = (1 - abs(x - at_x)) * (1 - abs(y - at_y))
        found = pixels[number, place(at_y, rows), place(at_x, columns)]
        total = total + weight.dimshuffle(0, 1, "x") * found
    made = total.reshape((image.shape[0], height, width, image.shape[1]))
    return made.dimshuffle(0, 3, 1, 2)


class TPSTransformerLayer(_Sampler):
    """Each image under a thin-plate spline, which the network's offsets of ``control_points`` points bend."""

    def __init__(
        self,
        incoming: Any,
        localization_network: Any,
        downsample_factor: Any = 1,
        control_points: int = 16,
        precompute_grid: Any = "auto",
        border_mode: str = "nearest",
        **options: Any,
    ) -> None:
        super().__init__(incoming, localization_network, downsample_factor, **options)
        self.border_mode, self.control_points = border_mode, control_points
        side = round(control_points**0.5)
        if side * side != control_points:
            raise ValueError(f"the number of control points must be a square, received {control_points}")
        if self.input_shapes[1][1:] != (2 * control_points,):
            raise ValueError(f"the localization network must have {2 * control_points} outputs")
        line = np.linspace(-1, 1, side)
        self._points = np.stack([g.ravel() for g in np.meshgrid(line, line)])  # x and y of each point
        self._solution = np.linalg.inv(_spline_matrix(self._points))

    def get_output_for(self, input: Any, **options: Any) -> Any:
        image, offsets = input
        height, width = (
            T.cast(image.shape[k] / f, "int64") for k, f in zip((2, 3), self.downsample_factor, strict=True)
        )
        grid = _grid(height, width)
        points = self._points.astype(config.floatX)
        moved = offsets.reshape((-1, 2, self.control_points)) + points
        coefficients = T.dot(moved, self._solution[:, : self.control_points].T.astype(config.floatX))
        squares = sum(T.sqr(grid[k].dimshuffle("x", 0) - points[k][:, None]) for k in range(2))
        bends = squares * T.log(squares + 1e-12)
        basis = T.concatenate([grid[2:3], grid[0:2], bends], axis=0)
        places = T.dot(coefficients, T.cast(basis, config.floatX))
        return _sampled(image, places[:, 0], places[:, 1], height, width, self.border_mode)


def _spline_matrix(points: np.ndarray) -> np.ndarray:
    """What the coefficients of a spline are multiplied with to give its values at the points, and its conditions."""
    n = points.shape[1]
    squares = ((points[:, :, None] - points[:, None, :]) ** 2).sum(axis=0)
    flat = np.concatenate([np.ones((1, n)), points])
    matrix = np.zeros((n + 3, n + 3))
    matrix[:n, :3], matrix[n:, 3:] = flat.T, flat
    matrix[:n, 3:] = squares * np.log(squares + 1e-12)
    return matrix
