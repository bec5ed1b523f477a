"""Writes pytorch.json: what PyTorch computes. In the folder ``tests``: ``python -m peers.make_pytorch``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from peers.values import numbers, weights, write

torch.set_default_dtype(torch.float64)

# name: module, shape of the input (batch first, channels second), or class numbers below a bound
MODULES: dict[str, tuple[Any, tuple[int, ...]]] = {
    "linear": (nn.Linear(4, 3), (2, 4)),
    "linear no bias": (nn.Linear(4, 3, bias=False), (2, 5, 4)),
    "conv1d": (nn.Conv1d(2, 3, 3, stride=2), (2, 2, 8)),
    "conv1d dilated": (nn.Conv1d(2, 3, 3, dilation=2), (2, 2, 8)),
    "conv2d": (nn.Conv2d(2, 4, 3), (2, 2, 5, 6)),
    "conv2d same": (nn.Conv2d(2, 3, 3, padding=1), (2, 2, 4, 5)),
    "conv2d groups": (nn.Conv2d(4, 4, (2, 3), groups=2), (1, 4, 4, 5)),
    "conv3d": (nn.Conv3d(2, 2, 2), (1, 2, 3, 3, 4)),
    "depthwise": (nn.Conv2d(2, 4, 3, groups=2), (1, 2, 5, 5)),
    "depthwise1d": (nn.Conv1d(2, 4, 3, groups=2), (1, 2, 6)),
    "transposed1d": (nn.ConvTranspose1d(2, 3, 3, stride=2), (1, 2, 4)),
    "transposed2d": (nn.ConvTranspose2d(2, 3, 3, stride=2), (1, 2, 3, 4)),
    "transposed3d": (nn.ConvTranspose3d(2, 2, 2), (1, 2, 2, 3, 2)),
    "max1d": (nn.MaxPool1d(2), (2, 2, 7)),
    "max2d": (nn.MaxPool2d(3, 2), (1, 2, 7, 6)),
    "max3d": (nn.MaxPool3d(2), (1, 2, 4, 4, 4)),
    "average1d": (nn.AvgPool1d(3, 1), (2, 2, 6)),
    "average2d": (nn.AvgPool2d(2), (1, 2, 5, 6)),
    "average3d": (nn.AvgPool3d(2), (1, 2, 4, 4, 4)),
    "batch norm": (nn.BatchNorm1d(3), (4, 3)),
    "batch norm 2d": (nn.BatchNorm2d(3), (2, 3, 2, 2)),
    "layer norm": (nn.LayerNorm(4), (2, 3, 4)),
    "layer norm two axes": (nn.LayerNorm((3, 4)), (2, 3, 4)),
    "rms norm": (nn.RMSNorm(4, eps=1e-6), (2, 3, 4)),
    "group norm": (nn.GroupNorm(2, 4), (2, 4, 3, 2)),
    "prelu": (nn.PReLU(3), (2, 3)),
    "rnn": (nn.RNN(3, 4, batch_first=True), (2, 5, 3)),
    "lstm": (nn.LSTM(3, 4, batch_first=True), (2, 5, 3)),
    "gru": (nn.GRU(3, 4, batch_first=True), (2, 5, 3)),
    "lstm both ways": (nn.LSTM(3, 4, batch_first=True, bidirectional=True), (2, 5, 3)),
    "gru both ways": (nn.GRU(3, 2, batch_first=True, bidirectional=True), (2, 4, 3)),
    "two lstms": (nn.LSTM(3, 4, num_layers=2, batch_first=True), (2, 4, 3)),
    "sequential": (nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 2)), (3, 4)),
}
for name in ("ReLU", "ELU", "SELU", "Softplus", "Softsign", "SiLU", "Tanh", "Sigmoid", "ReLU6", "Mish", "LogSigmoid",
             "Hardtanh", "Tanhshrink", "CELU", "Hardswish"):  # fmt: skip
    MODULES[name] = (getattr(nn, name)(), (3, 5))
MODULES["GELU"] = (nn.GELU(), (3, 5))
MODULES["GELU tanh"] = (nn.GELU(approximate="tanh"), (3, 5))
MODULES["LeakyReLU"] = (nn.LeakyReLU(0.1), (3, 5))
MODULES["Softmax"] = (nn.Softmax(-1), (3, 5))
MODULES["LogSoftmax"] = (nn.LogSoftmax(-1), (3, 5))
MODULES["Hardshrink"] = (nn.Hardshrink(0.5), (3, 5))
MODULES["Softshrink"] = (nn.Softshrink(0.5), (3, 5))
MODULES["GLU"] = (nn.GLU(), (3, 6))


def module_answers() -> dict[str, Any]:
    """The shapes of the state, the output, and the gradient for the input of sum(output * numbers)."""
    found = {}
    for name, (module, shape) in MODULES.items():
        found[f"module {name}"] = answers_of(module, torch.tensor(numbers(shape) * 2))
    return found


def answers_of(module: Any, x: Any) -> dict[str, Any]:
    shapes = {k: list(v.shape) for k, v in module.state_dict().items() if v.dtype == torch.float64}
    module.load_state_dict({k: torch.tensor(v) for k, v in weights(shapes).items()}, strict=False)
    module.eval()
    x.requires_grad_(True)
    y = module(x)
    y = y[0] if isinstance(y, tuple) else y
    (y * torch.tensor(numbers(y.shape, 7))).sum().backward()
    return {"state": shapes, "output": y.detach().numpy(), "gradient": x.grad.numpy()}


def more_answers() -> dict[str, Any]:
    """Modules that take something else."""
    embedding = nn.Embedding(6, 3)
    embedding.load_state_dict({"weight": torch.tensor(weights({"weight": [6, 3]})["weight"])})
    found = {"module embedding": {"state": {"weight": [6, 3]}, "output": embedding(torch.tensor([[1, 5], [0, 1]]))
                                  .detach().numpy()}}  # fmt: skip
    attention = nn.MultiheadAttention(4, 2, batch_first=True)
    found["module attention"] = answers_of(Itself(attention), torch.tensor(numbers((2, 3, 4))))
    state = found["module attention"]["state"]
    found["module attention"]["state"] = {k.removeprefix("inner."): v for k, v in state.items()}
    norm = nn.BatchNorm1d(3)
    found["batch norm in training"] = {"output": norm(torch.tensor(numbers((5, 3)))).detach().numpy()}
    return found


class Itself(nn.Module):
    """Attention of a sequence to itself; the state in the order that it has alone."""

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Any) -> Any:
        return self.inner(x, x, x)


P, T = numbers((6, 4), 1), numbers((6, 4), 2)
CHANCE, BITS = (P + 1) / 2, (T > 0).astype(np.float64)
CLASSES = np.array([0, 3, 1, 2, 2, 0])
LOSSES: dict[str, tuple[Any, np.ndarray, np.ndarray]] = {
    "mse": (F.mse_loss, P, T),
    "mae": (F.l1_loss, P, T),
    "huber": (lambda p, t: F.huber_loss(p, t, delta=0.3), P, T),
    "bce": (F.binary_cross_entropy, CHANCE, BITS),
    "bce logits": (F.binary_cross_entropy_with_logits, P * 9, BITS),
    "ce": (F.cross_entropy, P * 5, CLASSES),
    "ce ignoring": (lambda p, t: F.cross_entropy(p, t, ignore_index=2), P * 5, CLASSES),
    "ce smoothed": (lambda p, t: F.cross_entropy(p, t, label_smoothing=0.1), P * 5, CLASSES),
    "kl": (lambda p, t: F.kl_div(p.log(), t, reduction="batchmean"), CHANCE, (T + 1) / 2),
    "poisson": (lambda p, t: F.poisson_nll_loss(p, t, log_input=False, eps=1e-7), CHANCE, (T + 1) * 2),
    "cosine": (lambda p, t: -F.cosine_similarity(p, t).mean(), P, T),
    "hinge": (lambda p, t: (1 - t * p).clamp(min=0).mean(), P * 2, np.sign(T)),
    "multi-label hinge": (lambda p, t: F.soft_margin_loss(p, t), P, np.sign(T)),
}


def loss_answers() -> dict[str, Any]:
    found = {}
    for name, (loss, p, t) in LOSSES.items():
        guess = torch.tensor(p, requires_grad=True)
        value = loss(guess, torch.tensor(t))
        value.backward()
        found[f"loss {name}"] = {"value": value.item(), "gradient": guess.grad.numpy()}
    return found | ctc_answers()


def ctc_answers() -> dict[str, Any]:
    """Four sequences: repeated labels, an empty target, a short input, and one too short to hold its target."""
    logits = torch.tensor(numbers((4, 7, 5), 3) * 3, requires_grad=True)
    labels = torch.tensor([[1, 1, 2], [4, 0, 0], [3, 1, 4], [2, 2, 2]])
    label_lengths, lengths = torch.tensor([3, 0, 3, 3]), torch.tensor([7, 6, 3, 4])
    log_p = logits.log_softmax(-1).transpose(0, 1)
    values = F.ctc_loss(log_p, labels, lengths, label_lengths, blank=0, reduction="none")
    values[:3].sum().backward()
    found = {"values": values.detach().numpy()[:3], "gradient": logits.grad.numpy()[:3]}
    assert np.isinf(values[3].item())
    blank = F.ctc_loss(log_p.flip(-1), 4 - labels, lengths, label_lengths, blank=4, reduction="none")
    assert np.allclose(blank.detach().numpy()[:3], found["values"])
    return {"loss ctc": found}


START = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -0.25]])
TARGET = np.array([[0.2, 0.1, -0.4], [0.3, -0.1, 0.7]])
SCALE = np.array([1.0, 2.0, 0.5])
STEPS = 20
O = torch.optim
OPTIMIZERS: dict[str, Any] = {
    "SGD": lambda p: O.SGD(p, 0.02, momentum=0.9),
    "SGD nesterov": lambda p: O.SGD(p, 0.02, momentum=0.9, nesterov=True),
    "Adagrad": lambda p: O.Adagrad(p, 0.3),
    "Adadelta": lambda p: O.Adadelta(p, 1.0),
    "RMSprop": lambda p: O.RMSprop(p, 0.05, momentum=0.5, centered=True),
    "Adam": lambda p: O.Adam(p, 0.1),
    "AdamW": lambda p: O.AdamW(p, 0.1),
    "Adamax": lambda p: O.Adamax(p, 0.1, eps=0),
    "NAdam": lambda p: O.NAdam(p, 0.1),
}


def optimizer_answers() -> dict[str, Any]:
    """The parameter after each fifth step."""
    found = {}
    for name, make in OPTIMIZERS.items():
        w = torch.tensor(START, requires_grad=True)
        optimizer, seen = make([w]), []
        for t in range(STEPS):
            w.grad = torch.tensor(2 * SCALE**2 * (w.detach().numpy() - TARGET) * (1 + 0.1 * t))
            optimizer.step()
            if t % 5 == 4:
                seen.append(w.detach().numpy().copy())
        found[f"optimizer {name}"] = {"values": np.stack(seen)}
    return found


if __name__ == "__main__":
    answers = module_answers() | more_answers() | loss_answers() | optimizer_answers()
    write(Path(__file__).with_name("pytorch.json"), answers)
