"""``tf.contrib.training`` and the steps of training in ``tf.contrib.layers``."""

from __future__ import annotations

from typing import Any

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, queues, random, train
from thalweg.compat.tf1.graph import GraphKeys, Tensor, default_graph

OPTIMIZER_CLS_NAMES: dict[str, Any] = {
    "Adagrad": train.AdagradOptimizer,
    "Adam": train.AdamOptimizer,
    "Ftrl": train.FtrlOptimizer,
    "Momentum": lambda learning_rate: train.MomentumOptimizer(learning_rate, momentum=0.9),
    "RMSProp": train.RMSPropOptimizer,
    "SGD": train.GradientDescentOptimizer,
}
OPTIMIZER_SUMMARIES = ["learning_rate", "loss", "gradients", "gradient_norm", "global_gradient_norm"]


def optimize_loss(
    loss: Any,
    global_step: Any,
    learning_rate: Any,
    optimizer: Any,
    gradient_noise_scale: float | None = None,
    gradient_multipliers: Any = None,
    clip_gradients: Any = None,
    learning_rate_decay_fn: Any = None,
    update_ops: Any = None,
    variables: Any = None,
    name: str | None = None,
    summaries: Any = None,
    colocate_gradients_with_ops: bool = False,
    increment_global_step: bool = True,
) -> Tensor:
    """The loss, with one step of the optimizer after the operations in UPDATE_OPS.

    ``clip_gradients``: the bound of the norm of all gradients together, or a function of the pairs.
    """
    step = global_step if global_step is not None else train.get_or_create_global_step()
    rate = learning_rate_decay_fn(learning_rate, step) if learning_rate_decay_fn else learning_rate
    made = OPTIMIZER_CLS_NAMES[optimizer] if isinstance(optimizer, str) else optimizer
    made = made if isinstance(made, train.Optimizer) else made(*([] if rate is None else [rate]))

    def transform(pairs: Any) -> Any:
        if gradient_noise_scale is not None:
            pairs = [(grad + _noise(grad, gradient_noise_scale), v) for grad, v in pairs]
        if gradient_multipliers is not None:
            pairs = multiply_gradients(pairs, gradient_multipliers)
        if callable(clip_gradients):
            return clip_gradients(pairs)
        if clip_gradients is None:
            return pairs
        clipped = math.clip_by_global_norm([grad for grad, _ in pairs], clip_gradients)[0]
        return list(zip(clipped, [v for _, v in pairs], strict=True))

    return create_train_op(
        loss,
        made,
        step if increment_global_step else None,
        update_ops,
        variables,
        transform,
        check_numerics=False,
    )


def _noise(gradient: Any, scale: float) -> Any:
    return random.random_normal(math.shape(gradient)) * scale


def multiply_gradients(grads_and_vars: Any, gradient_multipliers: Any) -> list[Any]:
    """The pairs with the gradients of some variables, given as such or by name, multiplied."""
    factors = {getattr(key, "op", key): factor for key, factor in gradient_multipliers.items()}

    def factor_of(v: Any) -> Any:
        return factors.get(v.op, factors.get(v.op.name))

    return [
        (grad if grad is None or factor_of(v) is None else grad * factor_of(v), v)
        for grad, v in grads_and_vars
    ]


def clip_gradient_norms(gradients_to_variables: Any, max_norm: float) -> list[Any]:
    """The pairs with each gradient's norm bounded."""
    return [
        (grad if grad is None else math.clip_by_norm(grad, max_norm), v) for grad, v in gradients_to_variables
    ]


def create_train_op(
    total_loss: Any,
    optimizer: Any,
    global_step: Any = 0,
    update_ops: Any = None,
    variables_to_train: Any = None,
    transform_grads_fn: Any = None,
    summarize_gradients: bool = False,
    gate_gradients: int = 1,
    aggregation_method: Any = None,
    colocate_gradients_with_ops: bool = False,
    check_numerics: bool = True,
    clip_gradient_norm: float = 0,
    gradient_multipliers: Any = None,
) -> Tensor:
    """The loss, with one step of the optimizer after the operations in UPDATE_OPS (or ``update_ops``).

    ``global_step``: None to count nothing; the graph's own unless given.
    """
    if global_step is not None and isinstance(global_step, int):
        global_step = train.get_or_create_global_step()
    before = default_graph().get_collection(GraphKeys.UPDATE_OPS) if update_ops is None else list(update_ops)
    with default_graph().control_dependencies(before):
        loss = math.identity(total_loss)
    pairs = optimizer.compute_gradients(loss, variables_to_train)
    if gradient_multipliers:
        pairs = multiply_gradients(pairs, gradient_multipliers)
    if transform_grads_fn:
        pairs = transform_grads_fn(pairs)
    if clip_gradient_norm > 0:
        pairs = clip_gradient_norms(pairs, clip_gradient_norm)
    if check_numerics:
        loss = math.check_numerics(loss, "LossTensor is inf or nan")
    with default_graph().control_dependencies([optimizer.apply_gradients(pairs, global_step)]):
        return math.identity(loss)


class HParams:
    """Settings by name: attributes, ``values()``, and ``parse("a=1,b=2")``."""

    def __init__(self, **settings: Any) -> None:
        self.__dict__.update(settings)

    def add_hparam(self, name: str, value: Any) -> None:
        """One more setting."""
        if name in self.__dict__:
            raise ValueError(f"Hyperparameter name is reserved: {name}")
        self.__dict__[name] = value

    def set_hparam(self, name: str, value: Any) -> None:
        """Another value."""
        self.__dict__[name] = value

    def get(self, key: str, default: Any = None) -> Any:
        """A setting, or a default."""
        return self.__dict__.get(key, default)

    def values(self) -> dict[str, Any]:
        """All settings."""
        return dict(self.__dict__)

    def parse(self, values: str) -> HParams:
        """Take settings from a text, each in the type it has."""
        for part in filter(None, values.split(",")):
            name, _, text = part.partition("=")
            old = self.__dict__[name.strip()]
            self.__dict__[name.strip()] = text == "True" if isinstance(old, bool) else type(old)(text)
        return self

    def __contains__(self, key: str) -> bool:
        return key in self.__dict__

    def __repr__(self) -> str:
        return f"HParams({', '.join(f'{k}={v!r}' for k, v in sorted(self.__dict__.items()))})"


def prefetch_queue(
    tensors: Any,
    capacity: int = 8,
    num_threads: int = 1,
    dynamic_pad: bool = False,
    shared_name: Any = None,
    name: Any = None,
) -> queues.QueueBase:
    """A queue that holds what the tensors give run after run."""
    names = list(tensors) if isinstance(tensors, dict) else None
    parts = list(tensors.values()) if isinstance(tensors, dict) else list(tensors)
    nodes = [g.convert_to_tensor(t) for t in parts]
    shapes = [t.get_shape().as_list() for t in nodes]
    queue = queues.QueueBase(capacity, [t.dtype for t in nodes], shapes, names, name=name or "prefetch_queue")
    given = dict(zip(names, nodes, strict=True)) if names else nodes
    queues.add_queue_runner(queues.QueueRunner(queue, [queue.enqueue(given)] * num_threads))
    return queue
