"""The steps in JAX: the whole step under ``jit``, the state donated, so that it is updated in place."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.steps import ADAM, RMSPROP, Arrays, Built, Step


def build(step: Step, weights: Arrays, variant: str = "") -> Built:
    """The step; weights, what the optimizer remembers, and the random key are the state that goes round."""
    first = {name: jnp.array(value) for name, value in weights.items()}
    network, rule = _NETWORKS[step.name], _rule(step)

    def loss_of(w: Any, x: Any, y: Any, key: Any) -> Any:
        outputs = network(w, x, step.keep, key)
        if step.name == "linreg":
            return jnp.mean((y - outputs) ** 2)
        chosen = jnp.take_along_axis(jax.nn.log_softmax(outputs), y[:, None], axis=1)
        return -jnp.mean(chosen)

    def train(state: Any, x: Any, y: Any) -> Any:
        w, slots, count, key = state
        key, now = jax.random.split(key) if step.keep else (key, key)
        loss, g = jax.value_and_grad(loss_of)(w, x, y, now)
        w, slots = rule(w, g, slots, count + 1)
        return (w, slots, count + 1, key), loss

    def trained(state: Any, x: Any, y: Any, count: int) -> Any:
        first = (state, jnp.float32(0))
        return jax.lax.fori_loop(0, count, lambda _, carry: train(carry[0], x, y), first)

    compiled = jax.jit(train, donate_argnums=0)
    looped = jax.jit(trained, donate_argnums=0, static_argnums=3)
    answer = jax.jit(lambda w, x: network(w, x, (), None))
    zeros = lambda: {name: jnp.zeros_like(value) for name, value in first.items()}
    state = [(first, (zeros(), zeros()), jnp.float32(0), jax.random.key(0))]

    def run(x: Any, y: Any) -> Any:
        state[0], loss = compiled(state[0], x, y)
        return loss.block_until_ready()

    def many(x: Any, y: Any, count: int) -> Any:
        state[0], loss = looped(state[0], x, y, count)
        return loss.block_until_ready()

    return Built(_array, run, lambda x: answer(state[0][0], x).block_until_ready(), many)


def _array(array: np.ndarray) -> Any:
    return jnp.asarray(array.astype(np.int32) if array.dtype == np.int64 else array)


def _rule(step: Step) -> Any:
    """(weights, gradients, slots, number of the step) to new weights and slots."""
    each = jax.tree.map

    def sgd(w: Any, g: Any, slots: Any, t: Any) -> Any:
        return each(lambda p, d: p - step.rate * d, w, g), slots

    def rmsprop(w: Any, g: Any, slots: Any, t: Any) -> Any:
        v = each(lambda s, d: RMSPROP["decay"] * s + (1 - RMSPROP["decay"]) * d * d, slots[0], g)
        new = each(lambda p, d, s: p - step.rate * d / (jnp.sqrt(s) + RMSPROP["epsilon"]), w, g, v)
        return new, (v, slots[1])

    def adam(w: Any, g: Any, slots: Any, t: Any) -> Any:
        b1, b2 = ADAM["beta_1"], ADAM["beta_2"]
        m = each(lambda s, d: b1 * s + (1 - b1) * d, slots[0], g)
        v = each(lambda s, d: b2 * s + (1 - b2) * d * d, slots[1], g)
        c1, c2 = 1 - b1**t, 1 - b2**t
        move = lambda p, s, r: p - step.rate * (s / c1) / (jnp.sqrt(r / c2) + ADAM["epsilon"])
        return each(move, w, m, v), (m, v)

    return {"sgd": sgd, "rmsprop": rmsprop, "adam": adam}[step.optimizer]


def _drop(x: Any, keep: tuple[float, ...], number: int, key: Any) -> Any:
    if not keep:
        return x
    kept = jax.random.bernoulli(jax.random.fold_in(key, number), keep[number], x.shape)
    return jnp.where(kept, x / keep[number], 0)


def _softmax(w: Any, x: Any, keep: tuple[float, ...], key: Any) -> Any:
    return x @ w["output"]


def _mlp(w: Any, x: Any, keep: tuple[float, ...], key: Any) -> Any:
    return jax.nn.sigmoid(x @ w["hidden"]) @ w["output"]


def _modern(w: Any, x: Any, keep: tuple[float, ...], key: Any) -> Any:
    h = _drop(jax.nn.relu(_drop(x, keep, 0, key) @ w["hidden1"]), keep, 1, key)
    return jax.nn.relu(h @ w["hidden2"]) @ w["output"]


def _conv(w: Any, x: Any, keep: tuple[float, ...], key: Any) -> Any:
    for number, name in enumerate(("conv1", "conv2", "conv3")):
        layout = ("NHWC", "HWIO", "NHWC")
        x = jax.nn.relu(jax.lax.conv_general_dilated(x, w[name], (1, 1), "SAME", dimension_numbers=layout))
        x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "SAME")
        x = _drop(x, keep, number, key)
    h = jax.nn.relu(x.reshape(-1, 2048) @ w["hidden"])
    return _drop(h, keep, 3, key) @ w["output"]


def _keras(w: Any, x: Any, keep: tuple[float, ...], key: Any) -> Any:
    return jax.nn.relu(x @ w["hidden"] + w["hidden_bias"]) @ w["output"] + w["output_bias"]


def _lstm(w: Any, x: Any, keep: tuple[float, ...], key: Any) -> Any:
    gates = jnp.transpose(x, (1, 0, 2)) @ w["inputs"] + w["bias"]
    zero = jnp.zeros((x.shape[0], w["states"].shape[0]), x.dtype)

    def cell(carry: Any, gate: Any) -> Any:
        h, c = carry
        i, f, g, o = jnp.split(gate + h @ w["states"], 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), None

    (h, _), _ = jax.lax.scan(cell, (zero, zero), gates)
    return h @ w["output"] + w["output_bias"]


def _linreg(w: Any, x: Any, keep: tuple[float, ...], key: Any) -> Any:
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
