"""``tf.contrib.training`` and the steps of training in ``tf.contrib.layers``."""

from __future__ import annotations

from typing import Any

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, queues, train
from thalweg.compat.tf1.graph import Tensor, default_graph


def optimize_loss(
    loss: Any,
    global_step: Any,
    learning_rate: Any,
    optimizer: Any,
    clip_gradients: Any = None,
    learning_rate_decay_fn: Any = None,
    variables: Any = None,
    **options: Any,
) -> Tensor:
    """The loss, with one step of the optimizer."""
    by_name: dict[str, Any] = {
        "Adagrad": train.AdagradOptimizer,
        "Adam": train.AdamOptimizer,
        "Ftrl": train.FtrlOptimizer,
        "Momentum": lambda rate: train.MomentumOptimizer(rate, 0.9),
        "RMSProp": train.RMSPropOptimizer,
        "SGD": train.GradientDescentOptimizer,
    }
    step = global_step if global_step is not None else train.get_or_create_global_step()
    rate = learning_rate_decay_fn(learning_rate, step) if learning_rate_decay_fn else learning_rate
    made = by_name[optimizer](rate) if isinstance(optimizer, str) else optimizer
    made = made if isinstance(made, train.Optimizer) else made(rate)
    pairs = made.compute_gradients(loss, variables)
    if clip_gradients is not None:
        clipped = math.clip_by_global_norm([gradient for gradient, _ in pairs], clip_gradients)[0]
        pairs = list(zip(clipped, [v for _, v in pairs], strict=True))
    with default_graph().control_dependencies([made.apply_gradients(pairs, step)]):
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
