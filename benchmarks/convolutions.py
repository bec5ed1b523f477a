"""The command ``python -m benchmarks.convolutions``: convolutions of all kinds, beside PyTorch where it is installed.

Each is done alone, and with the gradients of its input and its filters. Both get the same numbers, and must agree on
the loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.beside import Comparison, Forms, best_of_forms, line_of_forms


@dataclass(frozen=True)
class Case:
    """A convolution of [batch, *lengths, inputs] to `outputs` channels by windows of `kernel` places an axis."""

    batch: int
    lengths: tuple[int, ...]
    inputs: int
    outputs: int
    kernel: int
    stride: int = 1
    dilation: int = 1
    groups: int = 1
    transposed: bool = False

    def numbers(self) -> tuple[np.ndarray, np.ndarray]:
        """The input [batch, *lengths, inputs] and the filters [*kernel, inputs / groups, outputs], float32."""
        rng, rank = np.random.default_rng(0), len(self.lengths)
        x = rng.normal(size=(self.batch, *self.lengths, self.inputs))
        channels = (
            (self.outputs, self.inputs) if self.transposed else (self.inputs // self.groups, self.outputs)
        )
        w = 0.05 * rng.normal(size=(*(self.kernel,) * rank, *channels))
        return x.astype("float32"), w.astype("float32")

    @property
    def pads(self) -> tuple[int, int]:
        """Places before and after each axis, so that lengths stay, or are divided (or multiplied) by the stride."""
        if self.transposed:
            return (self.kernel - self.stride) // 2, -(-(self.kernel - self.stride) // 2)
        total = max((self.kernel - 1) * self.dilation + 1 - self.stride, 0)
        return total // 2, total - total // 2


CASES = {
    "3x3": Case(16, (28, 28), 64, 64, 3),
    "3x3 by 2": Case(16, (28, 28), 64, 128, 3, stride=2),
    "3x3 dilated": Case(16, (28, 28), 64, 64, 3, dilation=2),
    "1x1": Case(16, (28, 28), 64, 256, 1),
    "7x7 of images by 2": Case(8, (112, 112), 3, 64, 7, stride=2),
    "3x3 in 4 groups": Case(16, (28, 28), 64, 64, 3, groups=4),
    "3x3 depthwise": Case(16, (28, 28), 64, 64, 3, groups=64),
    "3x3 depthwise by 2": Case(16, (56, 56), 64, 64, 3, stride=2, groups=64),
    "1-D, 5": Case(32, (256,), 64, 64, 5),
    "1-D, 3 dilated by 4": Case(32, (256,), 64, 64, 3, dilation=4),
    "4x4 transposed by 2": Case(16, (14, 14), 64, 32, 4, stride=2, transposed=True),
    "5x5 transposed by 2": Case(16, (8, 8), 256, 128, 5, stride=2, transposed=True),
}


def ours(case: Case) -> Forms:
    """Compiled by Thalweg."""
    import thalweg as tw

    array, filters = case.numbers()
    x, w = tw.placeholder("float32", array.shape), tw.Variable(filters)
    pads = [case.pads] * len(case.lengths)
    if case.transposed:
        y = tw.nn.conv_transpose(x, w, strides=case.stride, padding=pads)
    else:
        y = tw.nn.conv(x, w, strides=case.stride, padding=pads, dilation=case.dilation, groups=case.groups)
    loss = tw.sum(tw.square(y))
    alone = tw.function([x], y)
    both = tw.function([x], [loss, *tw.gradients(loss, [x, w])])
    return lambda: alone(array), lambda: float(both(array)[0])


def of_torch(case: Case) -> Forms:
    """PyTorch, channels last."""
    import torch
    import torch.nn.functional as F

    array, filters = case.numbers()
    rank = len(case.lengths)
    last = torch.channels_last if rank == 2 else torch.contiguous_format
    x = torch.tensor(np.moveaxis(array, -1, 1).copy()).to(memory_format=last).requires_grad_()
    w = torch.tensor(np.moveaxis(filters, (-1, -2), (0, 1)).copy()).to(memory_format=last).requires_grad_()
    before, after = case.pads

    def convolved(x: Any) -> Any:
        if case.transposed:
            op = (F.conv_transpose1d, F.conv_transpose2d)[rank - 1]
            return op(x, w, stride=case.stride, padding=after, output_padding=after - before)
        if before != after:
            x = F.pad(x, (before, after) * rank)
        op = (F.conv1d, F.conv2d)[rank - 1]
        padding = before if before == after else 0
        return op(x, w, stride=case.stride, padding=padding, dilation=case.dilation, groups=case.groups)

    def alone() -> Any:
        with torch.inference_mode():
            return convolved(x)

    def both() -> float:
        x.grad = w.grad = None
        loss = convolved(x).square().sum()
        loss.backward()
        return loss.item()

    return alone, both


_HEAD = f"{'us, best':28}{'alone':>9}{'PyTorch':>9}{'ratio':>7}{'gradients':>11}{'PyTorch':>9}{'ratio':>7}"
COMPARISON = Comparison(
    "benchmarks.convolutions", CASES, ours, of_torch, best_of_forms, _HEAD, line_of_forms, 28
)

if __name__ == "__main__":
    COMPARISON.main(__doc__, 0.3)
