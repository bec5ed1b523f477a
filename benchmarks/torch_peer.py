"""The steps in PyTorch, eager and compiled: functional networks, ``torch.optim`` with its fused forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from benchmarks.steps import ADAM, RMSPROP, Arrays, Built, Step


def set_threads(count: int) -> None:
    """The threads of one op; two ops at once would only disturb each other here."""
    torch.set_num_threads(count)
    torch.set_num_interop_threads(1)


def build(step: Step, weights: Arrays, variant: str = "") -> Built:
    """The step, or the epoch; ``variant="compile"``: loss and optimizer go through torch.compile."""
    network = _Lstm(weights) if step.name == "lstm" else _Plain(step.name, weights)
    optimizer = _optimizer(step, [p for p in network.parameters() if p.requires_grad])

    def loss_of(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        outputs = network(x, step.keep)
        return F.mse_loss(outputs, y) if step.name == "linreg" else F.cross_entropy(outputs, y)

    update = optimizer.step
    answer = lambda x: network(x, ())
    if variant == "compile":
        loss_of, update = torch.compile(loss_of), torch.compile(update)
        answer = torch.compile(answer, dynamic=False)  # one form for one example, one for all

    def train(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(x, y)
        loss.backward()
        update()
        return loss.detach()

    def predict(x: torch.Tensor) -> torch.Tensor:
        with torch.inference_mode():
            return answer(x)

    def epoch(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        for images, labels in zip(x.split(step.batch), y.split(step.batch), strict=True):
            loss = train(images, labels)
        return loss

    return Built(lambda array: _tensor(step, array), epoch if step.program else train, predict)


def _tensor(step: Step, array: np.ndarray) -> torch.Tensor:
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    # A view of the same memory: channels last in memory, second in the shape, as PyTorch's convolutions like it.
    return tensor.permute(0, 3, 1, 2) if step.name == "conv" and tensor.ndim == 4 else tensor


def _optimizer(step: Step, parameters: list[Any]) -> Any:
    if step.optimizer == "adam":
        betas = (ADAM["beta_1"], ADAM["beta_2"])
        return torch.optim.Adam(parameters, step.rate, betas, ADAM["epsilon"], fused=True)
    if step.optimizer == "rmsprop":
        return torch.optim.RMSprop(
            parameters, step.rate, alpha=RMSPROP["decay"], eps=RMSPROP["epsilon"], foreach=True
        )
    return torch.optim.SGD(parameters, step.rate, fused=True)


class _Plain(torch.nn.Module):
    def __init__(self, name: str, weights: Arrays) -> None:
        super().__init__()
        self.network = _NETWORKS[name]
        self.w = torch.nn.ParameterDict({key: _parameter(value) for key, value in weights.items()})

    def forward(self, x: torch.Tensor, keep: tuple[float, ...]) -> torch.Tensor:
        return self.network(self.w, x, keep)


class _Lstm(torch.nn.Module):
    """``torch.nn.LSTM``; its second bias stays zero, so that the arithmetic is the others'."""

    def __init__(self, weights: Arrays) -> None:
        super().__init__()
        self.cells = torch.nn.LSTM(28, 128, batch_first=True)
        self.output = torch.nn.Linear(128, 10)
        values = {
            self.cells.weight_ih_l0: weights["inputs"].T,
            self.cells.weight_hh_l0: weights["states"].T,
            self.cells.bias_ih_l0: weights["bias"],
            self.cells.bias_hh_l0: np.zeros_like(weights["bias"]),
            self.output.weight: weights["output"].T,
            self.output.bias: weights["output_bias"],
        }
        with torch.no_grad():
            for parameter, value in values.items():
                parameter.copy_(torch.from_numpy(np.ascontiguousarray(value)))
        self.cells.bias_hh_l0.requires_grad_(False)

    def forward(self, x: torch.Tensor, keep: tuple[float, ...]) -> torch.Tensor:
        _, (h, _) = self.cells(x)
        return self.output(h[0])


def _parameter(value: np.ndarray) -> torch.nn.Parameter:
    """A weight of its own; a filter [height, width, in, out] as [out, in, height, width], channels last in memory."""
    tensor = torch.from_numpy(value.copy())
    if tensor.ndim == 4:
        tensor = tensor.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
    return torch.nn.Parameter(tensor)


def _drop(x: torch.Tensor, keep: tuple[float, ...], number: int) -> torch.Tensor:
    return F.dropout(x, 1 - keep[number]) if keep else x


def _softmax(w: Any, x: torch.Tensor, keep: tuple[float, ...]) -> torch.Tensor:
    return x @ w["output"]


def _mlp(w: Any, x: torch.Tensor, keep: tuple[float, ...]) -> torch.Tensor:
    return torch.sigmoid(x @ w["hidden"]) @ w["output"]


def _modern(w: Any, x: torch.Tensor, keep: tuple[float, ...]) -> torch.Tensor:
    h = _drop(torch.relu(_drop(x, keep, 0) @ w["hidden1"]), keep, 1)
    return torch.relu(h @ w["hidden2"]) @ w["output"]


def _conv(w: Any, x: torch.Tensor, keep: tuple[float, ...]) -> torch.Tensor:
    for number, name in enumerate(("conv1", "conv2", "conv3")):
        x = torch.relu(F.conv2d(x, w[name], padding=1))
        x = _drop(F.max_pool2d(x, 2, ceil_mode=True), keep, number)
    h = torch.relu(x.permute(0, 2, 3, 1).reshape(-1, 2048) @ w["hidden"])
    return _drop(h, keep, 3) @ w["output"]


def _keras(w: Any, x: torch.Tensor, keep: tuple[float, ...]) -> torch.Tensor:
    h = torch.relu(torch.addmm(w["hidden_bias"], x, w["hidden"]))
    return torch.addmm(w["output_bias"], h, w["output"])


def _linreg(w: Any, x: torch.Tensor, keep: tuple[float, ...]) -> torch.Tensor:
    return x * w["slope"] + w["offset"]


_NETWORKS: dict[str, Any] = {
    "softmax": _softmax,
    "mlp": _mlp,
    "modern": _modern,
    "conv": _conv,
    "keras": _keras,
    "tape": _keras,
    "linreg": _linreg,
}
