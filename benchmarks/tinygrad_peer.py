"""The steps in tinygrad: the whole step a ``TinyJit``; its own SGD and Adam, RMSProp written like them."""

from __future__ import annotations

from typing import Any

import numpy as np
from tinygrad import Context, Tensor, TinyJit
from tinygrad.nn.optim import SGD, Adam, Optimizer

from benchmarks.steps import ADAM, RMSPROP, Arrays, Built, Step


def build(step: Step, weights: Arrays, variant: str = "") -> Built:
    """The step; a prediction is traced once for each number of examples, as TinyJit asks."""
    w = {name: Tensor(_weight(value)).realize() for name, value in weights.items()}
    network, optimizer = _NETWORKS[step.name], _optimizer(step, list(w.values()))

    @TinyJit
    def train(x: Tensor, y: Tensor) -> Tensor:
        with Context(TRAINING=1):
            optimizer.zero_grad()
            outputs = network(w, x, step.keep)
            if step.name == "linreg":
                loss = (y - outputs).square().mean()
            else:
                loss = outputs.sparse_categorical_crossentropy(y)
            loss.backward()
            return loss.realize(*optimizer.schedule_step())

    answers: dict[int, TinyJit] = {}

    def predict(x: Tensor) -> np.ndarray:
        if x.shape[0] not in answers:
            answers[x.shape[0]] = TinyJit(lambda x: network(w, x, ()).realize())
        return answers[x.shape[0]](x).numpy()

    return Built(_tensor, lambda x, y: train(x, y).item(), predict)


def _weight(value: np.ndarray) -> np.ndarray:
    """A filter [height, width, in, out] as [out, in, height, width]; a number as a vector, which can be moved."""
    return np.ascontiguousarray(value.transpose(3, 2, 0, 1)) if value.ndim == 4 else np.atleast_1d(value)


def _tensor(array: np.ndarray) -> Tensor:
    if array.ndim == 4:
        array = np.ascontiguousarray(array.transpose(0, 3, 1, 2))
    return Tensor(array.astype(np.int32) if array.dtype == np.int64 else array).realize()


class _RMSProp(Optimizer):
    def __init__(self, params: list[Tensor], lr: float) -> None:
        super().__init__(params, lr)
        self.v = self._new_optim_param()

    def _step(self, params: list[Tensor], grads: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        decay, moves = RMSPROP["decay"], []
        for v, g in zip(self.v, grads, strict=True):
            v.assign(decay * v + (1 - decay) * g * g)
            moves.append(self.lr * g / (v.sqrt() + RMSPROP["epsilon"]))
        return moves, self.v


def _optimizer(step: Step, w: list[Tensor]) -> Any:
    if step.optimizer == "adam":
        return Adam(w, step.rate, ADAM["beta_1"], ADAM["beta_2"], ADAM["epsilon"])
    return _RMSProp(w, step.rate) if step.optimizer == "rmsprop" else SGD(w, step.rate)


def _drop(x: Tensor, keep: tuple[float, ...], number: int) -> Tensor:
    return x.dropout(1 - keep[number]) if keep else x


def _softmax(w: Any, x: Tensor, keep: tuple[float, ...]) -> Tensor:
    return x @ w["output"]


def _mlp(w: Any, x: Tensor, keep: tuple[float, ...]) -> Tensor:
    return (x @ w["hidden"]).sigmoid() @ w["output"]


def _modern(w: Any, x: Tensor, keep: tuple[float, ...]) -> Tensor:
    h = _drop((_drop(x, keep, 0) @ w["hidden1"]).relu(), keep, 1)
    return (h @ w["hidden2"]).relu() @ w["output"]


def _conv(w: Any, x: Tensor, keep: tuple[float, ...]) -> Tensor:
    for number, name in enumerate(("conv1", "conv2", "conv3")):
        x = _drop(x.conv2d(w[name], padding=1).relu().max_pool2d(ceil_mode=True), keep, number)
    h = (x.permute(0, 2, 3, 1).reshape(-1, 2048) @ w["hidden"]).relu()
    return _drop(h, keep, 3) @ w["output"]


def _keras(w: Any, x: Tensor, keep: tuple[float, ...]) -> Tensor:
    return (x @ w["hidden"] + w["hidden_bias"]).relu() @ w["output"] + w["output_bias"]


def _lstm(w: Any, x: Tensor, keep: tuple[float, ...]) -> Tensor:
    gates = (x.permute(1, 0, 2) @ w["inputs"] + w["bias"]).contiguous()
    h = c = Tensor.zeros(x.shape[0], 128)
    for k in range(28):
        i, f, g, o = (gates[k] + h @ w["states"]).chunk(4, dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = (o.sigmoid() * c.tanh()).contiguous()
    return h @ w["output"] + w["output_bias"]


def _linreg(w: Any, x: Tensor, keep: tuple[float, ...]) -> Tensor:
    return x * w["slope"] + w["offset"]


_NETWORKS: dict[str, Any] = {
    "softmax": _softmax,
    "mlp": _mlp,
    "modern": _modern,
    "conv": _conv,
    "keras": _keras,
    "lstm": _lstm,
    "linreg": _linreg,
}
