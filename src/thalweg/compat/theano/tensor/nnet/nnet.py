"""``theano.tensor.nnet``: activations and losses."""

from __future__ import annotations

from typing import Any

import thalweg as tw
from thalweg.compat.theano.conversion import floats, tensor_of
from thalweg.compat.theano.ranges import asked_index
from thalweg.compat.theano.tensor import basic
from thalweg.compat.theano.tensor.extra_ops import unique
from thalweg.compat.theano.variable import TensorVariable, as_tensor_variable


def sigmoid(x: Any) -> TensorVariable:
    """1 / (1 + exp(-x))."""
    return TensorVariable(tw.sigmoid(*floats(x)))


def softplus(x: Any) -> TensorVariable:
    """log(1 + exp(x))."""
    return TensorVariable(tw.softplus(*floats(x)))


def hard_sigmoid(x: Any) -> TensorVariable:
    """0.2 x + 0.5 within [0, 1], in the dtype of x."""
    return TensorVariable(tw.clip(floats(x)[0] * 0.2 + 0.5, 0.0, 1.0))


def ultra_fast_sigmoid(x: Any) -> TensorVariable:
    """A sigmoid of three straight and curved pieces, within 0.1 of the exact one."""
    half = as_tensor_variable(TensorVariable(floats(x)[0])) * 0.5
    a = basic.abs_(half)
    curve = basic.switch(
        basic.lt(a, 1.7),
        1.5 * a / (1 + a),
        basic.switch(basic.lt(a, 3), 0.935409070603099 + 0.0458812946797165 * (a - 1.7), 0.99505475368673),
    )
    return 0.5 * (basic.sgn(half) * curve + 1.0)


def relu(x: Any, alpha: Any = 0) -> TensorVariable:
    """x where positive, else ``alpha * x``. The slope at 0 is the mean of both."""
    v = as_tensor_variable(x)
    if isinstance(alpha, (int, float)) and alpha == 0:
        return 0.5 * (v + abs(v))
    slope = as_tensor_variable(alpha)
    return 0.5 * (1 + slope) * v + 0.5 * (1 - slope) * abs(v)


def elu(x: Any, alpha: Any = 1) -> TensorVariable:
    """x where positive, else ``alpha (exp(x) - 1)``."""
    v = as_tensor_variable(x)
    return basic.switch(v > 0, v, alpha * basic.expm1(basic.minimum(v, 0)))


def selu(x: Any) -> TensorVariable:
    """The self-normalising elu."""
    return 1.0507009873554804934193349852946 * elu(x, 1.6732632423543772848170429916717)


def softsign(x: Any) -> TensorVariable:
    """x / (1 + |x|)."""
    v = as_tensor_variable(x)
    return v / (1.0 + basic.abs_(v))


def softmax(x: Any) -> TensorVariable:
    """exp(x) / sum(exp(x)) over each row; a vector counts as one row, and comes back as a matrix of one."""
    (t,) = floats(x)
    return TensorVariable(tw.nn.softmax(tw.expand_dims(t, 0) if t.ndim == 1 else t, axis=-1))


softmax_op = softmax_graph = softmax


def logsoftmax(x: Any) -> TensorVariable:
    """log(softmax(x)) over each row, computed without underflow."""
    (t,) = floats(x)
    return TensorVariable(tw.nn.log_softmax(tw.expand_dims(t, 0) if t.ndim == 1 else t, axis=-1))


def softmax_with_bias(x: Any, b: Any) -> TensorVariable:
    """softmax(x + b)."""
    return softmax(as_tensor_variable(x) + b)


def binary_crossentropy(output: Any, target: Any) -> TensorVariable:
    """-(t log(o) + (1 - t) log(1 - o)), element by element."""
    o, t = as_tensor_variable(output), as_tensor_variable(target)
    return -(t * basic.log(o) + (1.0 - t) * basic.log(1.0 - o))


def sigmoid_binary_crossentropy(output: Any, target: Any) -> TensorVariable:
    """:func:`binary_crossentropy` of sigmoid(output), computed without overflow."""
    o, t = as_tensor_variable(output), as_tensor_variable(target)
    return basic.maximum(o, 0) - o * t + softplus(-basic.abs_(o))


def categorical_crossentropy(coding_dist: Any, true_dist: Any) -> TensorVariable:
    """-log of each row's probability of its class (integer vector), or -sum(t log(p)) over each row (matrix)."""
    p, t = as_tensor_variable(coding_dist), as_tensor_variable(true_dist)
    if t.ndim == p.ndim:
        return -basic.sum(t * basic.log(p), axis=p.ndim - 1)
    if t.ndim != p.ndim - 1:
        raise TypeError("rank mismatch between coding and true distributions")
    return -basic.log(picked(p, t))


def picked(p: Any, classes: Any) -> TensorVariable:
    """Each row's element at its class number."""
    t, index = tensor_of(p), tensor_of(classes)
    if index.dtype.kind not in "iu":
        raise TypeError(f"class numbers must be integers, received dtype {index.dtype}")
    along = tw.take_along_axis(t, tw.expand_dims(asked_index(index, classes=True), index.ndim), axis=-1)
    return TensorVariable(tw.squeeze(along, along.ndim - 1))


def crossentropy_softmax_1hot(x: Any, y_idx: Any) -> tuple[TensorVariable, TensorVariable]:
    """The cross-entropy of each row's class, and the softmax."""
    p = softmax(x)
    return -basic.log(picked(p, y_idx)), p


def crossentropy_softmax_1hot_with_bias(x: Any, b: Any, y_idx: Any) -> tuple[TensorVariable, TensorVariable]:
    """:func:`crossentropy_softmax_1hot` of x + b."""
    return crossentropy_softmax_1hot(as_tensor_variable(x) + b, y_idx)


def crossentropy_categorical_1hot(coding_dist: Any, true_one_of_n: Any) -> TensorVariable:
    """-log of each row's probability of its class."""
    return -basic.log(picked(coding_dist, true_one_of_n))


def prepend_scalar_to_each_row(val: Any, mat: Any) -> TensorVariable:
    """A column of one number in front of a matrix."""
    m = as_tensor_variable(mat)
    return basic.concatenate([basic.alloc(basic.cast(val, m.dtype), m.shape[0], 1), m], axis=1)


def prepend_1_to_each_row(mat: Any) -> TensorVariable:
    """A column of ones in front of a matrix."""
    return prepend_scalar_to_each_row(1.0, mat)


def confusion_matrix(actual: Any, pred: Any) -> list[TensorVariable]:
    """How often each class was predicted as each; and the sorted class numbers."""
    order = unique(basic.concatenate([actual, pred]))
    rows = basic.eq(as_tensor_variable(actual).dimshuffle(0, "x"), order.dimshuffle("x", 0))
    columns = basic.eq(as_tensor_variable(pred).dimshuffle(0, "x"), order.dimshuffle("x", 0))
    return [basic.dot(basic.cast(rows, "int64").T, basic.cast(columns, "int64")), order]


def crossentropy_softmax_argmax_1hot_with_bias(
    x: Any, b: Any, y_idx: Any
) -> tuple[TensorVariable, TensorVariable, TensorVariable]:
    """The cross-entropy of each row's class, the softmax of x + b, and its likeliest class."""
    loss, p = crossentropy_softmax_1hot_with_bias(x, b, y_idx)
    return loss, p, basic.argmax(p, axis=-1)


def h_softmax(
    x: Any,
    batch_size: Any,
    n_outputs: int,
    n_classes: int,
    n_outputs_per_class: int,
    W1: Any,
    b1: Any,
    W2: Any,
    b2: Any,
    target: Any = None,
) -> TensorVariable:
    """A softmax over classes, then one over each class's outputs: [N] of the target's probability, or [N, outputs].

    ``W1`` [D, classes], ``b1``; ``W2`` [classes, D, outputs per class], ``b2``.
    """
    v = as_tensor_variable(x)
    class_probs = softmax(basic.dot(v, W1) + b1)
    if target is None:
        inner = basic.tensordot(v, W2, axes=[[1], [1]]) + b2
        within = TensorVariable(tw.nn.softmax(*floats(inner), axis=-1))
        both = class_probs.dimshuffle(0, 1, "x") * within
        return both.reshape((v.shape[0], n_classes * n_outputs_per_class))[:, :n_outputs]
    t = basic.flatten(target)
    group, place = t // n_outputs_per_class, t % n_outputs_per_class
    inner = basic.batched_dot(v, as_tensor_variable(W2)[group]) + as_tensor_variable(b2)[group]
    return picked(class_probs, group) * picked(softmax(inner), place)
