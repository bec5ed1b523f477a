"""The steps in Thalweg: plain expressions, one compiled function for training and one for prediction."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

import thalweg as tw
from benchmarks import epochs
from benchmarks.steps import ADAM, RMSPROP, Arrays, Built, Step


def build(step: Step, weights: Arrays, variant: str = "") -> Built:
    """The step, or the epoch in the front end that its program is written for; ``variant="function"``: traced."""
    if step.program == "session":
        return epochs.session(importlib.import_module("thalweg.compat.tf1"), step, weights)
    if step.program == "fit":
        return epochs.fit(importlib.import_module("thalweg.compat.keras"), step, weights, RMSPROP["epsilon"])
    if step.program == "tape":
        return epochs.tape(
            importlib.import_module("thalweg.compat.tf2"), step, weights, variant == "function"
        )
    train, predict = functions(step, weights)
    return Built(np.asarray, train, predict, lambda x, y, count: train.run_steps(x, y, steps=count)[-1])


def functions(step: Step, weights: Arrays) -> tuple[Any, Any]:
    """The training function of (x, y), which returns the loss, and the prediction of x."""
    w = {name: tw.Variable(value, name=name) for name, value in weights.items()}
    x = tw.placeholder("float32", (None, *step.image), name="x")
    y = tw.placeholder("float32" if step.name == "linreg" else "int64", (None,), name="y")
    network = _NETWORKS[step.name]
    outputs = network(w, x, step.keep)
    if step.name == "linreg":
        loss = tw.mean(tw.square(y - outputs))
    else:
        loss = tw.mean(tw.nn.sparse_softmax_cross_entropy(outputs, y))
    updates = _optimizer(step).updates(loss, list(w.values()))
    return tw.function([x, y], loss, updates=updates), tw.function([x], network(w, x, ()))


def _optimizer(step: Step) -> Any:
    if step.optimizer == "adam":
        return tw.optimizers.Adam(
            step.rate, ADAM["beta_1"], ADAM["beta_2"], ADAM["epsilon"], epsilon_hat=False
        )
    if step.optimizer == "rmsprop":
        return tw.optimizers.RMSProp(
            step.rate, RMSPROP["decay"], epsilon=RMSPROP["epsilon"], epsilon_inside=False
        )
    return tw.optimizers.GradientDescent(step.rate)


def _drop(x: Any, keep: tuple[float, ...], number: int) -> Any:
    return tw.nn.dropout(x, rate=1 - keep[number]) if keep else x


def _softmax(w: Any, x: Any, keep: tuple[float, ...]) -> Any:
    return x @ w["output"]


def _mlp(w: Any, x: Any, keep: tuple[float, ...]) -> Any:
    return tw.nn.sigmoid(x @ w["hidden"]) @ w["output"]


def _modern(w: Any, x: Any, keep: tuple[float, ...]) -> Any:
    h = _drop(tw.nn.relu(_drop(x, keep, 0) @ w["hidden1"]), keep, 1)
    return tw.nn.relu(h @ w["hidden2"]) @ w["output"]


def _conv(w: Any, x: Any, keep: tuple[float, ...]) -> Any:
    for number, name in enumerate(("conv1", "conv2", "conv3")):
        x = tw.nn.relu(tw.nn.conv2d(x, w[name], padding="SAME"))
        x = _drop(tw.nn.max_pool(x, (2, 2), padding="SAME"), keep, number)
    h = tw.nn.relu(tw.reshape(x, (-1, 2048)) @ w["hidden"])
    return _drop(h, keep, 3) @ w["output"]


def _keras(w: Any, x: Any, keep: tuple[float, ...]) -> Any:
    return tw.nn.relu(x @ w["hidden"] + w["hidden_bias"]) @ w["output"] + w["output_bias"]


def _lstm(w: Any, x: Any, keep: tuple[float, ...]) -> Any:
    """Gates in the order input, forget, cell, output; the products of all inputs are made at once."""
    units = w["states"].shape[0]
    gates = tw.permute_dims(x, (1, 0, 2)) @ w["inputs"] + w["bias"]  # [time, batch, 4 units]
    zero = tw.zeros_like(gates[0, :, :units])

    def cell(carry: Any, gate: Any) -> Any:
        h, c = carry
        sums = gate + h @ w["states"]
        i, f, g, o = (sums[:, k * units : (k + 1) * units] for k in range(4))
        c = tw.nn.sigmoid(f) * c + tw.nn.sigmoid(i) * tw.tanh(g)
        h = tw.nn.sigmoid(o) * tw.tanh(c)
        return (h, c), h

    (h, _), _ = tw.scan(cell, (zero, zero), gates)
    return h @ w["output"] + w["output_bias"]


def _linreg(w: Any, x: Any, keep: tuple[float, ...]) -> Any:
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
