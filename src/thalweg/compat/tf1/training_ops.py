"""``tensorflow.python.training.training_ops``: one step of an optimizer for one variable, as a node.

Optimizers of a program's own call them with their slots; each assigns the slots and the variable, whose new value the
node has. The formulas are those of the operations' documentation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.compat.names import Namespace
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.graph import Tensor, default_graph
from thalweg.compat.tf1.variables import Variable, assign


def _assigned(pairs: list[tuple[Variable, Any]]) -> Tensor:
    """All are computed from the values before; the first one's new value, once all are assigned."""
    news = [math.identity(new) for _, new in pairs]
    with default_graph().control_dependencies(news):
        done = [assign(ref, new) for (ref, _), new in zip(pairs, news, strict=True)]
    with default_graph().control_dependencies(done):
        return math.identity(done[0])


def _gradient_descent(
    var: Any, alpha: Any, delta: Any, use_locking: bool = False, name: Any = None
) -> Tensor:
    return _assigned([(var, var - alpha * delta)])


def _momentum(
    var: Any,
    accum: Any,
    lr: Any,
    grad: Any,
    momentum: Any,
    use_locking: bool = False,
    use_nesterov: bool = False,
    name: Any = None,
) -> Tensor:
    new = accum * momentum + grad
    step = grad * lr + new * momentum * lr if use_nesterov else new * lr
    return _assigned([(var, var - step), (accum, new)])


def _adagrad(
    var: Any,
    accum: Any,
    lr: Any,
    grad: Any,
    use_locking: bool = False,
    update_slots: bool = True,
    name: Any = None,
) -> Tensor:
    new = accum + grad * grad if update_slots else accum
    return _assigned([(var, var - lr * grad * math.rsqrt(new)), (accum, new)])


def _adadelta(
    var: Any,
    accum: Any,
    accum_update: Any,
    lr: Any,
    rho: Any,
    epsilon: Any,
    grad: Any,
    use_locking: bool = False,
    name: Any = None,
) -> Tensor:
    new = rho * accum + (1 - rho) * grad * grad
    step = math.sqrt(accum_update + epsilon) * math.rsqrt(new + epsilon) * grad
    updated = rho * accum_update + (1 - rho) * step * step
    return _assigned([(var, var - lr * step), (accum, new), (accum_update, updated)])


def _adam(
    var: Any,
    m: Any,
    v: Any,
    beta1_power: Any,
    beta2_power: Any,
    lr: Any,
    beta1: Any,
    beta2: Any,
    epsilon: Any,
    grad: Any,
    use_locking: bool = False,
    use_nesterov: bool = False,
    name: Any = None,
) -> Tensor:
    rate = lr * math.sqrt(1 - beta2_power) / (1 - beta1_power)
    mean, square = beta1 * m + (1 - beta1) * grad, beta2 * v + (1 - beta2) * grad * grad
    towards = beta1 * mean + (1 - beta1) * grad if use_nesterov else mean
    return _assigned([(var, var - rate * towards / (math.sqrt(square) + epsilon)), (m, mean), (v, square)])


def _ada_max(
    var: Any,
    m: Any,
    v: Any,
    beta1_power: Any,
    lr: Any,
    beta1: Any,
    beta2: Any,
    epsilon: Any,
    grad: Any,
    use_locking: bool = False,
    name: Any = None,
) -> Tensor:
    mean, most = beta1 * m + (1 - beta1) * grad, math.maximum(beta2 * v, math.abs(grad))
    return _assigned([(var, var - lr / (1 - beta1_power) * mean / (most + epsilon)), (m, mean), (v, most)])


def _rms_prop(
    var: Any,
    ms: Any,
    mom: Any,
    lr: Any,
    rho: Any,
    momentum: Any,
    epsilon: Any,
    grad: Any,
    use_locking: bool = False,
    name: Any = None,
) -> Tensor:
    square = rho * ms + (1 - rho) * grad * grad
    step = momentum * mom + lr * grad * math.rsqrt(square + epsilon)
    return _assigned([(var, var - step), (ms, square), (mom, step)])


def _centered_rms_prop(
    var: Any,
    mg: Any,
    ms: Any,
    mom: Any,
    lr: Any,
    rho: Any,
    momentum: Any,
    epsilon: Any,
    grad: Any,
    use_locking: bool = False,
    name: Any = None,
) -> Tensor:
    square, mean = rho * ms + (1 - rho) * grad * grad, rho * mg + (1 - rho) * grad
    step = momentum * mom + lr * grad * math.rsqrt(square - mean * mean + epsilon)
    return _assigned([(var, var - step), (mg, mean), (ms, square), (mom, step)])


def _ftrl(
    var: Any,
    accum: Any,
    linear: Any,
    grad: Any,
    lr: Any,
    l1: Any,
    l2: Any,
    lr_power: Any,
    use_locking: bool = False,
    name: Any = None,
) -> Tensor:
    new = accum + grad * grad
    of_new = math.pow(new, -lr_power)
    total = linear + grad - (of_new - math.pow(accum, -lr_power)) / lr * var
    kept = math.clip_by_value(total, -l1, l1) - total
    return _assigned([(var, kept / (of_new / lr + 2 * l2)), (accum, new), (linear, total)])


def _adagrad_da(
    var: Any,
    gradient_accumulator: Any,
    gradient_squared_accumulator: Any,
    grad: Any,
    lr: Any,
    l1: Any,
    l2: Any,
    global_step: Any,
    use_locking: bool = False,
    name: Any = None,
) -> Tensor:
    total, squares = gradient_accumulator + grad, gradient_squared_accumulator + grad * grad
    steps = math.cast(global_step, total.dtype)
    kept = math.sign(total) * math.maximum(math.abs(total) - l1 * steps, 0.0)
    new = -lr * kept / (l2 * steps * lr + math.sqrt(squares))
    return _assigned([(var, new), (gradient_accumulator, total), (gradient_squared_accumulator, squares)])


_STEPS: dict[str, Callable[..., Tensor]] = {
    "gradient_descent": _gradient_descent,
    "momentum": _momentum,
    "adagrad": _adagrad,
    "adadelta": _adadelta,
    "adam": _adam,
    "ada_max": _ada_max,
    "rms_prop": _rms_prop,
    "centered_rms_prop": _centered_rms_prop,
    "ftrl": _ftrl,
    "adagrad_da": _adagrad_da,
}
training_ops = Namespace(
    "tf.python.training.training_ops",
    **{f"{kind}_{name}": step for name, step in _STEPS.items() for kind in ("apply", "resource_apply")},
)
