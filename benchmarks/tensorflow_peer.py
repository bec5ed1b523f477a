"""The steps in TensorFlow: the whole step one ``tf.function``, as a graph or through XLA, with the fused update ops."""

from __future__ import annotations

import functools
from typing import Any

import tensorflow as tf

from benchmarks import epochs
from benchmarks.steps import ADAM, RMSPROP, Arrays, Built, Step


def build(step: Step, weights: Arrays, variant: str = "") -> Built:
    """The step; ``variant="xla"``: compiled by XLA, ``variant="eager"``: a tape without ``tf.function``."""
    if step.program == "session":
        return epochs.session(tf.compat.v1, step, weights)
    if step.program == "tape":
        return epochs.tape(tf, step, weights, traced=variant != "eager")
    w = {name: tf.Variable(value) for name, value in weights.items()}
    network, rule = _NETWORKS[step.name], _RULES[step.optimizer](step, list(w.values()))
    compiled = functools.partial(tf.function, jit_compile=variant == "xla")

    def train(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            outputs = network(w, x, step.keep)
            if step.name == "linreg":
                loss = tf.reduce_mean(tf.square(y - outputs))
            else:
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=outputs)
                loss = tf.reduce_mean(losses)
        rule(tape.gradient(loss, list(w.values())))
        return loss

    @compiled
    def many(x: Any, y: Any, count: Any) -> Any:
        first = (tf.constant(0), tf.constant(0.0))
        return tf.while_loop(lambda k, _: k < count, lambda k, _: (k + 1, train(x, y)), first)[1]

    once, answer = compiled(train), compiled(lambda x: network(w, x, ()))
    return Built(
        tf.constant,
        lambda x, y: once(x, y).numpy(),
        lambda x: answer(x).numpy(),
        lambda x, y, count: many(x, y, tf.constant(count)).numpy(),
    )


def _sgd(step: Step, w: list[Any]) -> Any:
    def move(gradients: list[Any]) -> None:
        for v, g in zip(w, gradients, strict=True):
            tf.raw_ops.ResourceApplyGradientDescent(var=v.handle, alpha=step.rate, delta=g)

    return move


def _rmsprop(step: Step, w: list[Any]) -> Any:
    """The op of this name has its epsilon under the root; Adam's has it beside, and without averages it is RMSProp."""
    apply = _averages(step, w, 0.0, RMSPROP["decay"])
    return lambda gradients: apply(gradients, 0.0, 0.0, RMSPROP["epsilon"])


def _adam(step: Step, w: list[Any]) -> Any:
    """The op corrects the rate instead of the averages; the epsilon is scaled alike."""
    apply = _averages(step, w, ADAM["beta_1"], ADAM["beta_2"])
    power_1, power_2 = tf.Variable(ADAM["beta_1"]), tf.Variable(ADAM["beta_2"])

    def move(gradients: list[Any]) -> None:
        apply(gradients, power_1, power_2, ADAM["epsilon"] * tf.sqrt(1 - power_2))
        power_1.assign(power_1 * ADAM["beta_1"])
        power_2.assign(power_2 * ADAM["beta_2"])

    return move


def _averages(step: Step, w: list[Any], beta_1: float, beta_2: float) -> Any:
    first, second = ([tf.Variable(tf.zeros_like(v)) for v in w] for _ in range(2))

    def move(gradients: list[Any], power_1: Any, power_2: Any, epsilon: Any) -> None:
        for v, m, s, g in zip(w, first, second, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=v.handle,
                m=m.handle,
                v=s.handle,
                beta1_power=power_1,
                beta2_power=power_2,
                lr=step.rate,
                beta1=beta_1,
                beta2=beta_2,
                epsilon=epsilon,
                grad=g,
            )

    return move


def _drop(x: Any, keep: tuple[float, ...], number: int) -> Any:
    return tf.nn.dropout(x, 1 - keep[number]) if keep else x


def _softmax(w: Any, x: Any, keep: tuple[float, ...]) -> Any:
    return x @ w["output"]


def _mlp(w: Any, x: Any, keep: tuple[float, ...]) -> Any:
    return tf.sigmoid(x @ w["hidden"]) @ w["output"]


def _modern(w: Any, x: Any, keep: tuple[float, ...]) -> Any:
    h = _drop(tf.nn.relu(_drop(x, keep, 0) @ w["hidden1"]), keep, 1)
    return tf.nn.relu(h @ w["hidden2"]) @ w["output"]


def _conv(w: Any, x: Any, keep: tuple[float, ...]) -> Any:
    for number, name in enumerate(("conv1", "conv2", "conv3")):
        x = tf.nn.relu(tf.nn.conv2d(x, w[name], 1, "SAME"))
        x = _drop(tf.nn.max_pool2d(x, 2, 2, "SAME"), keep, number)
    h = tf.nn.relu(tf.reshape(x, (-1, 2048)) @ w["hidden"])
    return _drop(h, keep, 3) @ w["output"]


def _keras(w: Any, x: Any, keep: tuple[float, ...]) -> Any:
    h = tf.nn.relu(tf.nn.bias_add(x @ w["hidden"], w["hidden_bias"]))
    return tf.nn.bias_add(h @ w["output"], w["output_bias"])


def _lstm(w: Any, x: Any, keep: tuple[float, ...]) -> Any:
    """The products of all inputs at once; the time steps one after another in the graph, which no loop delays."""
    gates = tf.transpose(x, (1, 0, 2)) @ w["inputs"] + w["bias"]
    h = c = tf.zeros((tf.shape(x)[0], 128))
    for gate in tf.unstack(gates):
        i, f, g, o = tf.split(gate + h @ w["states"], 4, axis=1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        h = tf.sigmoid(o) * tf.tanh(c)
    return h @ w["output"] + w["output_bias"]


def _linreg(w: Any, x: Any, keep: tuple[float, ...]) -> Any:
    return x * w["slope"] + w["offset"]


_RULES = {"sgd": _sgd, "rmsprop": _rmsprop, "adam": _adam}
_NETWORKS: dict[str, Any] = {
    "softmax": _softmax,
    "mlp": _mlp,
    "modern": _modern,
    "conv": _conv,
    "keras": _keras,
    "lstm": _lstm,
    "linreg": _linreg,
}
