"""``tf.contrib.training`` and the steps of training in ``tf.contrib.layers``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, queues, random, summary, supervisors, train
from thalweg.compat.tf1.graph import GraphKeys, Tensor, default_graph
from thalweg.compat.tf1.initializers import constant_initializer
from thalweg.compat.tf1.variables import get_variable, variable_scope

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
    *,
    moving_average_decay: float | None = None,
) -> Tensor:
    """The loss, with one step of the optimizer after the operations in UPDATE_OPS.

    ``clip_gradients``: the bound of the norm of all gradients together, or a function of the pairs. ``summaries``: some
    of OPTIMIZER_SUMMARIES; by default the loss, the learning rate and the norm of all gradients together, the rate only
    where ``learning_rate_decay_fn`` changes it. ``gradient_multipliers``: by variable, or by its whole name ("w:0").
    ``moving_average_decay``: for a summary of the loss as a moving average, as TensorFlow 0.x had it. ``global_step``:
    counts if the graph has one.
    """
    asked = ["loss", "learning_rate", "global_gradient_norm"] if summaries is None else list(summaries)
    for kind in asked:
        if kind not in OPTIMIZER_SUMMARIES:
            known = ", ".join(OPTIMIZER_SUMMARIES)
            raise ValueError(f"Summaries should be one of [{known}], you provided {kind}.")
    step = train.get_global_step() if global_step is None else global_step
    with variable_scope(name, "OptimizeLoss"):
        rate = learning_rate
        if isinstance(rate, (int, float)):
            rate = get_variable("learning_rate", [], initializer=constant_initializer(rate), trainable=False)
        if rate is not None and learning_rate_decay_fn is not None:
            if step is None:
                raise ValueError("global_step is required for learning_rate_decay_fn")
            rate = learning_rate_decay_fn(rate, step)
            if "learning_rate" in asked:
                summary.scalar("learning_rate", rate)
        made = OPTIMIZER_CLS_NAMES[optimizer] if isinstance(optimizer, str) else optimizer
        made = made if isinstance(made, train.Optimizer) else made(*([] if rate is None else [rate]))

        def transform(pairs: Any) -> Any:
            if gradient_noise_scale is not None:
                pairs = [(grad + _noise(grad, gradient_noise_scale), v) for grad, v in pairs]
            if gradient_multipliers is not None:
                pairs = multiply_gradients(pairs, _by_full_name(gradient_multipliers))
            norms = "global_gradient_norm" in asked or "gradient_norm" in asked
            if norms:
                summary.scalar("global_norm/gradient_norm", math.global_norm([grad for grad, _ in pairs]))
            if callable(clip_gradients):
                pairs = clip_gradients(pairs)
            elif clip_gradients is not None:
                clipped = math.clip_by_global_norm([grad for grad, _ in pairs], clip_gradients)[0]
                pairs = list(zip(clipped, [v for _, v in pairs], strict=True))
            if "loss" in asked:
                summary.scalar("loss", loss)
            _summarized(pairs, asked)
            if norms and clip_gradients is not None:
                clipped = math.global_norm([grad for grad, _ in pairs])
                summary.scalar("global_norm/clipped_gradient_norm", clipped)
            return pairs

        counted = step if increment_global_step else None
        taken = create_train_op(loss, made, counted, update_ops, variables, transform, check_numerics=False)
        if moving_average_decay is None:
            return taken
        averages = train.ExponentialMovingAverage(moving_average_decay, name="avg")
        with default_graph().control_dependencies([averages.apply([loss])]):
            summary.scalar("loss/mean", averages.average(loss))
            return math.identity(taken)


def _by_full_name(factors: Mapping[Any, Any]) -> dict[Any, Any]:
    """Factors of gradients by variables and by their names "name:0", which alone count here."""
    named = {k[:-2]: f for k, f in factors.items() if isinstance(k, str) and k.endswith(":0")}
    return {**{k: f for k, f in factors.items() if not isinstance(k, str)}, **named}


def _summarized(pairs: Any, asked: list[str]) -> None:
    """Summaries of each gradient and of its norm, if they are asked for."""
    for grad, v in pairs:
        title = v.name.replace(":", "_")
        if grad is not None and "gradients" in asked:
            summary.histogram(f"gradients/{title}", grad)
        if grad is not None and "gradient_norm" in asked:
            summary.scalar(f"gradient_norm/{title}", math.global_norm([grad]))


def add_gradients_summaries(grads_and_vars: Any) -> list[Any]:
    """A histogram of each gradient and its norm, for TensorBoard."""
    made = []
    for grad, v in grads_and_vars:
        if grad is not None:
            made.append(summary.histogram(f"{v.op.name}_gradient", grad))
            made.append(summary.scalar(f"{v.op.name}_gradient_norm", math.global_norm([grad])))
    return made


def _noise(gradient: Any, scale: float) -> Any:
    return random.truncated_normal(math.shape(gradient)) * scale


def multiply_gradients(grads_and_vars: Any, gradient_multipliers: Any) -> list[Any]:
    """The pairs with the gradients of some variables, given as such or by name, multiplied."""
    factors = {getattr(key, "op", key): factor for key, factor in gradient_multipliers.items()}

    def factor_of(v: Any) -> Any:
        return factors.get(v.op, factors.get(v.op.name))

    return [
        (grad if grad is None or factor_of(v) is None else math.scalar_mul(factor_of(v), grad), v)
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
    if summarize_gradients:
        with default_graph().name_scope("summarize_grads"):
            add_gradients_summaries(pairs)
    if check_numerics:
        loss = math.check_numerics(loss, "LossTensor is inf or nan")
    with default_graph().control_dependencies([optimizer.apply_gradients(pairs, global_step)]):
        return math.identity(loss)


_SETTING = re.compile(r"\s*([A-Za-z][\w.]*)(?:\[\s*(\d+)\s*\])?\s*=\s*(?:\[([^\]]*)\]|([^,\[]*))\s*(?:,|$)")
_TRUTHS = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}


class HParams:
    """Settings by name: attributes, ``values()``, ``parse("a=1,b=[2,3]")``, ``override_from_dict``; to and from JSON.

    A setting keeps the type that it began with.

    >>> HParams(rate=0.1, units=[1, 2]).parse("rate=0.5,units=[3]").override_from_dict({"rate": 1})
    HParams(rate=1.0, units=[3])
    """

    def __init__(self, hparam_def: Any = None, model_structure: Any = None, **settings: Any) -> None:
        self._kinds: dict[str, tuple[type, bool]] = {}
        self._model_structure = model_structure
        for name, value in settings.items():
            self.add_hparam(name, value)

    def add_hparam(self, name: str, value: Any) -> None:
        """One more setting: a number, text, truth value, or a list of them."""
        if getattr(self, name, None) is not None:
            raise ValueError(f"Hyperparameter name is reserved: {name}")
        several = isinstance(value, (list, tuple))
        if several and not value:
            raise ValueError(f"Multi-valued hyperparameters cannot be empty: {name}")
        self._kinds[name] = (type(value[0] if several else value), several)
        setattr(self, name, value)

    def set_hparam(self, name: str, value: Any) -> None:
        """Another value, of the type that the setting has."""
        kind, several = self._kinds[name]
        if isinstance(value, list) != several and not (several and isinstance(value, tuple)):
            wanted = "multi-valued" if several else "single-valued"
            raise ValueError(f"Hyperparameter {name} is {wanted}, received {value!r}")
        made = [_fitted(name, kind, v) for v in value] if several else _fitted(name, kind, value)
        setattr(self, name, made)

    def del_hparam(self, name: str) -> None:
        """One setting less."""
        if name in self._kinds:
            delattr(self, name)
            del self._kinds[name]

    def get(self, key: str, default: Any = None) -> Any:
        """A setting, or a default."""
        return getattr(self, key) if key in self._kinds else default

    def values(self) -> dict[str, Any]:
        """All settings."""
        return {name: getattr(self, name) for name in self._kinds}

    def override_from_dict(self, values_dict: Mapping[str, Any]) -> HParams:
        """Take settings from a dict; a name that is not there is a KeyError."""
        for name, value in values_dict.items():
            self.set_hparam(name, value)
        return self

    set_from_map = override_from_dict

    def parse(self, values: str) -> HParams:
        """Take settings from a text such as ``a=1,b=[2,3],b[0]=4``, each in the type that it has."""
        place = 0
        while place < len(values):
            found = _SETTING.match(values, place)
            if found is None:
                raise ValueError(f"Malformed hyperparameter value: {values[place:]}")
            place = found.end()
            name, index, several, one = found.groups()
            if name not in self._kinds:
                raise ValueError(f"Unknown hyperparameter type for {name}")
            kind, _ = self._kinds[name]
            if index is not None:
                changed = list(getattr(self, name))
                changed[int(index)] = _read(name, kind, one)
                setattr(self, name, changed)
            elif several is not None:
                self.set_hparam(
                    name, [_read(name, kind, part) for part in several.split(",") if part.strip()]
                )
            else:
                self.set_hparam(name, _read(name, kind, one))
        return self

    def to_json(self, indent: Any = None, separators: Any = None, sort_keys: bool = False) -> str:
        """All settings as a text of JSON; functions are left out."""
        kept = {name: value for name, value in self.values().items() if not callable(value)}
        return json.dumps(kept, indent=indent, separators=separators, sort_keys=sort_keys)

    def parse_json(self, values_json: str) -> HParams:
        """Take settings from a text of JSON."""
        return self.override_from_dict(json.loads(values_json))

    def get_model_structure(self) -> Any:
        """What was set so."""
        return self._model_structure

    def set_model_structure(self, model_structure: Any) -> None:
        """Remember something else about the model."""
        self._model_structure = model_structure

    def __contains__(self, key: str) -> bool:
        return key in self._kinds

    def __repr__(self) -> str:
        return f"HParams({', '.join(f'{k}={v!r}' for k, v in sorted(self.values().items()))})"


def _fitted(name: str, kind: type[Any], value: Any) -> Any:
    """The value in a setting's type."""
    if kind is type(None) or isinstance(value, kind) or callable(value):
        return value
    whole = issubclass(kind, int) and isinstance(value, float)
    if value is None or kind is bool or isinstance(value, (bool, str)) or issubclass(kind, str) or whole:
        raise ValueError(f"Could not cast hparam '{name}' of type '{kind}' from value {value!r}")
    return kind(value)


def _read(name: str, kind: type, text: str) -> Any:
    """A setting's value from a text."""
    text = text.strip()
    try:
        return _TRUTHS[text] if kind is bool else text if kind is type(None) else kind(text)
    except (KeyError, ValueError):
        raise ValueError(
            f"Could not parse hparam '{name}' of type '{kind.__name__}' with value '{text}'"
        ) from None


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


@contextmanager
def QueueRunners(session: Any) -> Iterator[None]:
    """The threads of the graph's queues run inside."""
    coordinator = supervisors.Coordinator()
    threads = supervisors.start_queue_runners(session, coordinator)
    try:
        yield
    finally:
        coordinator.request_stop()
        coordinator.join(threads)
