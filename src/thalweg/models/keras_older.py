"""The arrays of layers as older versions and other backends of Keras laid them out, brought into the layout of now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg import layers as L
from thalweg.nn.convolution import channels_first

__all__ = ["renewed"]

Arrays = list[np.ndarray]


def renewed(layer: Any, arrays: Arrays, version: int, backend: str) -> Arrays:
    """The arrays of a layer in its order and layout, from a file of that ``version`` of Keras.

    Keras 1 had the gates of recurrent layers in arrays of their own and other orders of axes in kernels; Theano turned
    kernels by half a circle; layers for NVIDIA's cuDNN had two biases and turned matrices.
    """
    if isinstance(layer, L.Bidirectional):
        half = len(arrays) // 2
        parts = ((layer.forward_layer, arrays[:half]), (layer.backward_layer, arrays[half:]))
        return [array for part, own in parts for array in renewed(part, own, version, backend)]
    if isinstance(layer, L.TimeDistributed):
        return renewed(layer.layer, arrays, version, backend)
    if version < 2:
        arrays = _of_keras_1(layer, arrays)
    if backend == "theano" and isinstance(layer, _CONVOLUTIONS) and arrays:
        arrays = [_turned(a) if a.ndim > 2 else a for a in arrays]
    return _of_cudnn(layer, arrays)


_CONVOLUTIONS = (L.Conv1D, L.Conv2D, L.Conv3D, L.Conv2DTranspose, L.ConvLSTM2D)


def _turned(kernel: np.ndarray) -> np.ndarray:
    return np.flip(kernel, tuple(range(kernel.ndim - 2)))


def _of_keras_1(layer: Any, arrays: Arrays) -> Arrays:
    if isinstance(layer, L.LSTM) and len(arrays) == 12:
        return _joined(arrays, (0, 6, 3, 9))
    if isinstance(layer, L.GRU) and len(arrays) == 9:
        return _joined(arrays, (0, 3, 6))
    if isinstance(layer, L.ConvLSTM2D) and len(arrays) == 12:
        return _joined(arrays, (0, 6, 3, 9), layer.channels_first)
    turn = _turn(layer, arrays)
    return arrays if turn is None else [turn(arrays[0]), *arrays[1:]]


def _joined(arrays: Arrays, gates: Sequence[int], filters_first: bool = False) -> Arrays:
    """Kernel, recurrent kernel and bias of all gates, of which each had a kernel, a recurrent kernel and a bias."""
    axis = 0 if filters_first else -1
    found = [np.concatenate([arrays[at + k] for at in gates], axis if k < 2 else -1) for k in range(3)]
    return [a.transpose(2, 3, 1, 0) if filters_first and a.ndim == 4 else a for a in found]


def _turn(layer: Any, arrays: Arrays) -> Callable[[np.ndarray], np.ndarray] | None:
    """What brings the kernel of a convolution into the order [*window, in, out]; None where it is."""
    first = channels_first(getattr(layer, "data_format", None))
    if isinstance(layer, L.Conv1D) and arrays and arrays[0].ndim == 4:
        now = arrays[0].shape[:2] == (layer.kernel_size[0], 1) and arrays[0].shape[3] == layer.filters
        return (lambda k: k[:, 0]) if now else (lambda k: k.transpose(2, 3, 1, 0)[:, 0])
    if isinstance(layer, L.Conv2DTranspose):
        return lambda k: k.transpose(*((2, 3, 0, 1) if first else (0, 1, 3, 2)))
    if isinstance(layer, L.Conv2D) and first:
        return lambda k: k.transpose(2, 3, 1, 0)
    if isinstance(layer, L.Conv3D) and first:
        return lambda k: k.transpose(2, 3, 4, 1, 0)
    return None


def _of_cudnn(layer: Any, arrays: Arrays) -> Arrays:
    gates = {L.LSTM: 4, L.GRU: 3}.get(type(layer))
    if gates is None or len(arrays) != 3 or arrays[2].shape != (2 * gates * layer.units,):
        return arrays
    kernel, recurrent, bias = arrays
    bias = bias.reshape(2, -1)
    return [
        np.hstack([k.T.reshape(k.shape, order="F") for k in np.hsplit(kernel, gates)]),
        np.hstack([k.T for k in np.hsplit(recurrent, gates)]),
        bias if isinstance(layer, L.GRU) else bias.sum(axis=0),
    ]
