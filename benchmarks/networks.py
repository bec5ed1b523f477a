"""The command ``python -m benchmarks.networks``: training steps of whole networks, beside PyTorch if it is installed.

Each network is written once, in the layers of a `Backend`: both get the same first weights, the same batch and Adam,
and must agree on the loss.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.beside import Comparison

Step = Callable[[], float]  # trains once and gives the loss


class Backend(ABC):
    """Layers of one framework. Images are [batch, height, width, channels], whatever they are inside."""

    def __init__(self) -> None:
        self.weights: list[Any] = []
        self._used = 0
        self._rng = np.random.default_rng(0)

    def begin(self) -> None:
        """From here on the layers are those of the first pass again."""
        self._used = 0

    def weight(self, *shape: int, fan: int | None = None) -> Any:
        """The next weight: normal numbers scaled by the inputs of a unit; zeros for ``fan=0``."""
        self._used += 1
        if self._used > len(self.weights):
            scale = 1 / math.sqrt(fan) if fan else 0.0
            self.weights.append(self.kept((scale * self._rng.normal(size=shape)).astype("float32")))
        return self.weights[self._used - 1]

    @abstractmethod
    def kept(self, array: np.ndarray) -> Any:
        """A trainable weight of this value."""

    @abstractmethod
    def channels(self, x: Any) -> int: ...

    @abstractmethod
    def conv(self, x: Any, filters: int, size: int = 3, stride: int = 1) -> Any: ...

    @abstractmethod
    def depthwise(self, x: Any, size: int = 3, stride: int = 1) -> Any: ...

    @abstractmethod
    def upwards(self, x: Any, filters: int, size: int = 2) -> Any:
        """A transposed convolution by two places."""

    @abstractmethod
    def normalised(self, x: Any) -> Any:
        """Batch normalisation with the moments of the batch."""

    @abstractmethod
    def relu(self, x: Any) -> Any: ...

    @abstractmethod
    def pooled(self, x: Any) -> Any:
        """The maxima of 2 x 2 places."""

    @abstractmethod
    def averaged(self, x: Any) -> Any:
        """The means of all places: [batch, channels]."""

    @abstractmethod
    def flat(self, x: Any) -> Any: ...

    @abstractmethod
    def joined(self, x: Any, y: Any) -> Any:
        """Channels side by side."""

    @abstractmethod
    def dense(self, x: Any, units: int) -> Any: ...

    @abstractmethod
    def embedded(self, x: Any, vocabulary: int, size: int) -> Any: ...

    @abstractmethod
    def lstm(self, x: Any, units: int, backwards: bool = False) -> Any:
        """The outputs of all time steps [batch, time, units], in the order of time."""

    @abstractmethod
    def attention(self, x: Any, heads: int) -> Any:
        """Causal self-attention with layer normalisation before and a residual around it."""

    @abstractmethod
    def feed_forward(self, x: Any) -> Any:
        """Two dense layers with GELU between, layer normalisation before and a residual around them."""

    @abstractmethod
    def last(self, x: Any) -> Any:
        """The last time step."""


def convnet(b: Backend, x: Any) -> Any:
    for filters in (32, 64):
        x = b.pooled(b.relu(b.conv(b.relu(b.conv(x, filters)), filters)))
    return b.dense(b.relu(b.dense(b.flat(x), 512)), 10)


def residual(b: Backend, x: Any) -> Any:
    x = b.relu(b.normalised(b.conv(x, 16)))
    for stage, filters in enumerate((16, 32, 64)):
        for block in range(3):
            stride = 2 if stage and not block else 1
            y = b.relu(b.normalised(b.conv(x, filters, stride=stride)))
            y = b.normalised(b.conv(y, filters))
            x = b.relu(y + (b.conv(x, filters, 1, 2) if stride == 2 else x))
    return b.dense(b.averaged(x), 10)


def separable(b: Backend, x: Any) -> Any:
    x = b.relu(b.normalised(b.conv(x, 32)))
    for filters, stride in ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)):
        x = b.relu(b.normalised(b.depthwise(x, stride=stride)))
        x = b.relu(b.normalised(b.conv(x, filters, 1)))
    return b.dense(b.averaged(x), 10)


def u_net(b: Backend, x: Any) -> Any:
    kept = []
    for filters in (16, 32):
        x = b.relu(b.conv(b.relu(b.conv(x, filters)), filters))
        kept.append(x)
        x = b.pooled(x)
    x = b.relu(b.conv(b.relu(b.conv(x, 64)), 64))
    for filters in (32, 16):
        x = b.joined(b.upwards(x, filters), kept.pop())
        x = b.relu(b.conv(b.relu(b.conv(x, filters)), filters))
    return b.conv(x, 2, 1)


def characters(b: Backend, x: Any) -> Any:
    x = b.embedded(x, 64, 64)
    return b.dense(b.lstm(b.lstm(x, 256), 256), 64)


def both_ways(b: Backend, x: Any) -> Any:
    x = b.embedded(x, 10000, 128)
    return b.dense(b.joined(b.last(b.lstm(x, 64)), b.last(b.lstm(x, 64, backwards=True))), 2)


def transformer(b: Backend, x: Any) -> Any:
    x = b.embedded(x, 65, 128)
    for _ in range(4):
        x = b.feed_forward(b.attention(x, 4))
    return b.dense(x, 65)


def dense(b: Backend, x: Any) -> Any:
    for _ in range(5):
        x = b.relu(b.normalised(b.dense(x, 256)))
    return b.dense(x, 10)


@dataclass(frozen=True)
class Network:
    """A classifier of images or vectors (float32), or of sequences of `vocabulary` words; of `each` place or all."""

    net: Callable[[Backend, Any], Any]
    shape: tuple[int, ...]
    classes: int
    vocabulary: int = 0
    each: bool = False

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and labels."""
        rng = np.random.default_rng(1)
        x = rng.integers(0, self.vocabulary, self.shape) if self.vocabulary else rng.random(self.shape)
        places = self.shape[: 3 if len(self.shape) == 4 else 2] if self.each else self.shape[:1]
        return x.astype("int64" if self.vocabulary else "float32"), rng.integers(0, self.classes, places)


NETWORKS = {
    "dense, 5 layers": Network(dense, (128, 784), 10),
    "convnet, CIFAR": Network(convnet, (32, 32, 32, 3), 10),
    "residual, 20 layers": Network(residual, (32, 32, 32, 3), 10),
    "separable": Network(separable, (32, 32, 32, 3), 10),
    "U-net": Network(u_net, (4, 64, 64, 3), 2, each=True),
    "LSTM of characters": Network(characters, (32, 64), 64, 64, each=True),
    "LSTM both ways": Network(both_ways, (32, 80), 2, 10000),
    "transformer": Network(transformer, (12, 64), 65, 65, each=True),
}


def ours(network: Network) -> Step:
    """Compiled by Thalweg."""
    import thalweg as tw
    from thalweg.layers import LSTM

    class Ours(Backend):
        def kept(self, array: np.ndarray) -> Any:
            return tw.Variable(array)

        def channels(self, x: Any) -> int:
            return x.shape[-1]

        def conv(self, x: Any, filters: int, size: int = 3, stride: int = 1) -> Any:
            inputs = self.channels(x)
            kernel = self.weight(size, size, inputs, filters, fan=size * size * inputs)
            return tw.nn.conv(x, kernel, strides=stride, padding=_same(size)) + self.weight(filters, fan=0)

        def depthwise(self, x: Any, size: int = 3, stride: int = 1) -> Any:
            inputs = self.channels(x)
            kernel = self.weight(size, size, 1, inputs, fan=size * size)
            y = tw.nn.conv(x, kernel, strides=stride, padding=_same(size), groups=inputs)
            return y + self.weight(inputs, fan=0)

        def upwards(self, x: Any, filters: int, size: int = 2) -> Any:
            inputs = self.channels(x)
            kernel = self.weight(size, size, filters, inputs, fan=inputs)
            return tw.nn.conv_transpose(x, kernel, strides=2, padding="valid") + self.weight(filters, fan=0)

        def normalised(self, x: Any) -> Any:
            n, axes = self.channels(x), tuple(range(x.ndim - 1))
            return self._scaled(x, axes, self.weight(n, fan=0) + 1, self.weight(n, fan=0))

        def _scaled(self, x: Any, axes: tuple[int, ...], scale: Any, shift: Any) -> Any:
            y = x - tw.mean(x, axis=axes, keepdims=True)
            variance = tw.mean(tw.square(y), axis=axes, keepdims=True)
            return y * tw.rsqrt(variance + 1e-5) * scale + shift

        def relu(self, x: Any) -> Any:
            return tw.nn.relu(x)

        def pooled(self, x: Any) -> Any:
            return tw.nn.max_pool(x, 2, 2, "valid")

        def averaged(self, x: Any) -> Any:
            return tw.mean(x, axis=(1, 2))

        def flat(self, x: Any) -> Any:
            return tw.reshape(x, (x.shape[0], -1))

        def joined(self, x: Any, y: Any) -> Any:
            return tw.concat([x, y], axis=-1)

        def dense(self, x: Any, units: int) -> Any:
            inputs = self.channels(x)
            return x @ self.weight(inputs, units, fan=inputs) + self.weight(units, fan=0)

        def embedded(self, x: Any, vocabulary: int, size: int) -> Any:
            return tw.take(self.weight(vocabulary, size, fan=size), x, axis=0)

        def lstm(self, x: Any, units: int, backwards: bool = False) -> Any:
            inputs = self.channels(x)
            layer = LSTM(units, return_sequences=True, go_backwards=backwards, unit_forget_bias=False)
            y = layer(x)
            for place, (shape, fan) in enumerate(_lstm_shapes(inputs, units)):
                array = self.weight(*shape, fan=fan).numpy()
                layer.weights[place].assign(array)
                self.weights[self._used - 1] = layer.weights[place]
            return tw.flip(y, axis=1) if backwards else y

        def attention(self, x: Any, heads: int) -> Any:
            size, length = self.channels(x), x.shape[1]
            y = self.dense(self._layer_normalised(x), 3 * size)
            y = tw.permute_dims(tw.reshape(y, (-1, length, 3, heads, size // heads)), (2, 0, 3, 1, 4))
            scores = y[0] @ tw.permute_dims(y[1], (0, 1, 3, 2)) / math.sqrt(size // heads)
            allowed = np.tril(np.ones((length, length), bool))
            mixed = tw.nn.softmax(tw.where(allowed, scores, -1e9)) @ y[2]
            mixed = tw.reshape(tw.permute_dims(mixed, (0, 2, 1, 3)), (-1, length, size))
            return x + self.dense(mixed, size)

        def feed_forward(self, x: Any) -> Any:
            size = self.channels(x)
            return x + self.dense(tw.nn.gelu(self.dense(self._layer_normalised(x), 4 * size)), size)

        def _layer_normalised(self, x: Any) -> Any:
            n = self.channels(x)
            return self._scaled(x, (-1,), self.weight(n, fan=0) + 1, self.weight(n, fan=0))

        def last(self, x: Any) -> Any:
            return x[:, -1]

    x, y = network.data()
    xs, ys = tw.placeholder(str(x.dtype), x.shape), tw.placeholder("int64", y.shape)
    backend = Ours()
    loss = tw.mean(tw.nn.sparse_softmax_cross_entropy(network.net(backend, xs), ys))
    updates = tw.optimizers.Adam(1e-3).updates(loss, backend.weights)
    step = tw.function([xs, ys], loss, updates=updates)
    return lambda: float(step(x, y))


def _same(size: int) -> list[tuple[int, int]]:
    """Places around images: PyTorch's, also by two."""
    return [(size // 2, (size - 1) // 2)] * 2


def _lstm_shapes(inputs: int, units: int) -> list[tuple[tuple[int, ...], int]]:
    """The shapes and fans of kernel, recurrent kernel and bias; gates in the order input, forget, cell, output."""
    return [((inputs, 4 * units), inputs), ((units, 4 * units), units), ((4 * units,), 0)]


def of_torch(network: Network) -> Step:
    """PyTorch, channels last."""
    import torch
    import torch.nn.functional as F

    class Torch(Backend):
        def kept(self, array: np.ndarray) -> Any:
            return torch.tensor(array, requires_grad=True)

        def channels(self, x: Any) -> int:
            return x.shape[1 if x.ndim == 4 else -1]

        def conv(self, x: Any, filters: int, size: int = 3, stride: int = 1) -> Any:
            inputs = self.channels(x)
            kernel = self.weight(size, size, inputs, filters, fan=size * size * inputs).permute(3, 2, 0, 1)
            return F.conv2d(x, kernel, self.weight(filters, fan=0), stride, size // 2)

        def depthwise(self, x: Any, size: int = 3, stride: int = 1) -> Any:
            inputs = self.channels(x)
            kernel = self.weight(size, size, 1, inputs, fan=size * size).permute(3, 2, 0, 1)
            return F.conv2d(x, kernel, self.weight(inputs, fan=0), stride, size // 2, groups=inputs)

        def upwards(self, x: Any, filters: int, size: int = 2) -> Any:
            inputs = self.channels(x)
            kernel = self.weight(size, size, filters, inputs, fan=inputs).permute(3, 2, 0, 1)
            return F.conv_transpose2d(x, kernel, self.weight(filters, fan=0), 2)

        def normalised(self, x: Any) -> Any:
            n = self.channels(x)
            return F.batch_norm(x, None, None, self.weight(n, fan=0) + 1, self.weight(n, fan=0), True)

        def relu(self, x: Any) -> Any:
            return F.relu(x)

        def pooled(self, x: Any) -> Any:
            return F.max_pool2d(x, 2)

        def averaged(self, x: Any) -> Any:
            return x.mean((2, 3))

        def flat(self, x: Any) -> Any:
            return x.permute(0, 2, 3, 1).flatten(1)

        def joined(self, x: Any, y: Any) -> Any:
            return torch.cat([x, y], 1)

        def dense(self, x: Any, units: int) -> Any:
            inputs = self.channels(x)
            return F.linear(x, self.weight(inputs, units, fan=inputs).t(), self.weight(units, fan=0))

        def embedded(self, x: Any, vocabulary: int, size: int) -> Any:
            return F.embedding(x, self.weight(vocabulary, size, fan=size))

        def lstm(self, x: Any, units: int, backwards: bool = False) -> Any:
            kernel, recurrent, bias = (
                self.weight(*shape, fan=fan) for shape, fan in _lstm_shapes(self.channels(x), units)
            )
            x, state = x.flip(1) if backwards else x, x.new_zeros(1, x.shape[0], units)
            weights = [kernel.t().contiguous(), recurrent.t().contiguous(), bias, torch.zeros_like(bias)]
            y = torch.lstm(x, [state, state], weights, True, 1, 0.0, True, False, True)[0]
            return y.flip(1) if backwards else y

        def attention(self, x: Any, heads: int) -> Any:
            count, length, size = x.shape
            y = self.dense(self._layer_normalised(x), 3 * size)
            q, k, v = y.view(count, length, 3, heads, size // heads).permute(2, 0, 3, 1, 4)
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            return x + self.dense(mixed.transpose(1, 2).reshape(count, length, size), size)

        def feed_forward(self, x: Any) -> Any:
            size = self.channels(x)
            return x + self.dense(F.gelu(self.dense(self._layer_normalised(x), 4 * size)), size)

        def _layer_normalised(self, x: Any) -> Any:
            n = self.channels(x)
            return F.layer_norm(x, (n,), self.weight(n, fan=0) + 1, self.weight(n, fan=0))

        def last(self, x: Any) -> Any:
            return x[:, -1]

    x, y = network.data()
    xs, ys = torch.tensor(np.moveaxis(x, -1, 1) if x.ndim == 4 else x), torch.tensor(y)
    if x.ndim == 4:
        xs = xs.to(memory_format=torch.channels_last)
    backend = Torch()
    network.net(backend, xs)
    optimizer = torch.optim.Adam(backend.weights, 1e-3, eps=1e-7, fused=True)

    def step() -> float:
        backend.begin()
        optimizer.zero_grad()
        logits = network.net(backend, xs)
        logits = logits if logits.ndim != 3 else logits.transpose(1, 2)
        loss = F.cross_entropy(logits, ys)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def measured(step: Callable[[Network], Step], network: Network, seconds: float) -> dict[str, Any]:
    """The losses of three steps, the seconds until the first was done, and the best and median microseconds."""
    begun = time.perf_counter()
    train = step(network)
    losses = [train()]
    first = time.perf_counter() - begun
    losses += [train(), train()]
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        begun = time.perf_counter()
        train()
        times.append(time.perf_counter() - begun)
    return {
        "losses": losses,
        "first": first,
        "best": min(times) * 1e6,
        "median": float(np.median(times)) * 1e6,
    }


def _line(mine: Sequence[dict[str, Any]], theirs: Sequence[dict[str, Any]]) -> str:
    best, median = (min(f[key] for f in mine) for key in ("best", "median"))
    line = f"{best:9.0f}{median:9.0f}"
    if theirs:
        others = [min(f[key] for f in theirs) for key in ("best", "median")]
        line += f"{others[0]:10.0f}{others[1]:9.0f}{others[0] / best:7.2f}{others[1] / median:8.2f}"
    line += f"{mine[0]['first']:10.2f}"
    if theirs and not np.allclose(mine[0]["losses"], theirs[0]["losses"], rtol=[1e-5, 1e-2, 1e-2]):
        line += f"  the losses differ: {mine[0]['losses']} and {theirs[0]['losses']}"
    return line


_NAMES = f"{'us a step':24}{'best':>9}{'median':>9}{'PyTorch':>10}{'median':>9}{'ratio':>7}"
_HEAD = f"{_NAMES}{'median':>8}{'first, s':>10}"
COMPARISON = Comparison("benchmarks.networks", NETWORKS, ours, of_torch, measured, _HEAD, _line, 24)

if __name__ == "__main__":
    COMPARISON.main(__doc__, 1.0)
