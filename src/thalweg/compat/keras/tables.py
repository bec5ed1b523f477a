"""The smaller rooms of Keras: losses, metrics, callbacks, initialisers, regularisers, constraints, activations."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from thalweg import callbacks as _callbacks
from thalweg import constraints as _constraints
from thalweg import initializers as _initializers
from thalweg import losses as _losses
from thalweg import metrics as _metrics
from thalweg import regularizers as _regularizers
from thalweg.compat.keras import backend as _K
from thalweg.compat.keras.spelling import respelt
from thalweg.compat.names import Namespace
from thalweg.graph.tensor import Variable
from thalweg.layers import activations as _activations
from thalweg.registry import snake_case


def _functions(module: Any) -> dict[str, Any]:
    """The public functions of a room."""
    return {n: v for n, v in vars(module).items() if n in module.__all__ and inspect.isfunction(v)}


def _classes(module: Any, kind: type) -> dict[str, Any]:
    """The public classes of a kind in a room."""
    public = getattr(module, "__all__", vars(module))
    return {
        n: v
        for n, v in vars(module).items()
        if n[0] != "_" and n in public and isinstance(v, type) and issubclass(v, kind)
    }


# --- losses and metrics ---------------------------------------------------------------------------------------------

# Names that the main library calls otherwise.
_OLD_NAMES = {
    "cosine_proximity": "cosine_similarity",
    "cosine": "cosine_similarity",
    "logcosh": "log_cosh",
    "kullback_leibler_divergence": "kl_divergence",
    "KLD": "kl_divergence",
    "kld": "kl_divergence",
}
_named_losses = {**_functions(_losses), **{old: getattr(_losses, new) for old, new in _OLD_NAMES.items()}}
_REDUCTIONS = {"NONE": "none", "SUM": "sum", "SUM_OVER_BATCH_SIZE": "sum_over_batch_size", "AUTO": "auto"}


def _averaged(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if kwargs.get("reduction") == "auto":
        kwargs = {**kwargs, "reduction": "sum_over_batch_size"}
    return args, kwargs


losses = Namespace(
    "keras.losses",
    **{n: v for n, v in _named_losses.items() if n != "get"},
    **{n: respelt(v, {"dtype": None}, _averaged) for n, v in _classes(_losses, _losses.Loss).items()},
)
losses.__dict__.update(
    Loss=_losses.Loss, get=_losses.get, Reduction=Namespace("keras.losses.Reduction", **_REDUCTIONS)
)
objectives = losses


def named_loss(given: Any) -> Any:
    """A loss whose name is an old one, by the name of the main library."""
    return _OLD_NAMES.get(given, given) if isinstance(given, str) else given


def named_metric(given: Any) -> Any:
    """A metric whose name is an old one as an object that keeps the name."""
    if isinstance(given, str) and given in _OLD_NAMES and given != "cosine_proximity":
        return _metrics.MeanMetricWrapper(_named_losses[given], given)
    return given


class Metric(_metrics.Metric):
    """What a program's own metrics derive from."""

    def add_weight(  # type: ignore[override]
        self, name: Any = None, shape: Any = (), initializer: Any = "zeros", **ignored: Any
    ) -> Variable:
        """A number that the metric counts in: (name, shape, ...) or (shape, ...)."""
        if isinstance(name, (tuple, list)):
            name, shape = None, tuple(name)
        return self.add_variable(shape, initializer, name=name or "state")

    def reset_state(self) -> None:
        """Begin anew; a class may define the older ``reset_states`` instead."""
        own = type(self).reset_states
        if own is not Metric.reset_states:
            own(self)
        else:
            super().reset_state()

    def reset_states(self) -> None:
        """Begin anew (the older name)."""
        self.reset_state()


metrics = Namespace(
    "keras.metrics",
    **{**_named_losses, **_functions(_metrics), **_classes(_metrics, _metrics.Metric), "Metric": Metric},
)

# --- callbacks ------------------------------------------------------------------------------------------------------


_WATCHING: dict[str, str | None] = {"epsilon": "min_delta", "period": None, "options": None}
# What TensorFlow's own event writer was told besides.
_OF_TENSORFLOW: dict[str, str | None] = dict.fromkeys(
    "batch_size write_grads embeddings_freq embeddings_layer_names embeddings_metadata embeddings_data "
    "profile_batch".split()
)
_ORDER = "log_dir histogram_freq batch_size write_graph write_grads write_images"
callbacks = Namespace("keras.callbacks", **_classes(_callbacks, _callbacks.Callback))
callbacks.__dict__.update(
    {n: respelt(v, _WATCHING) for n, v in vars(callbacks).items() if n in (
        "EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint")},
    TensorBoard=respelt(_callbacks.TensorBoard, _OF_TENSORFLOW, order=_ORDER),
    CallbackList=_callbacks.CallbackList,
    BaseLogger=_callbacks.Callback,  # figures and bars are fit's own
    ProgbarLogger=lambda *args, **options: _callbacks.Callback(),
)  # fmt: skip

# --- initialisers ---------------------------------------------------------------------------------------------------

_SHORT = {"zero": "Zeros", "one": "Ones", "uniform": "RandomUniform", "normal": "RandomNormal"}
_kinds = {
    n: respelt(v, {"dtype": None}) for n, v in _classes(_initializers, _initializers.Initializer).items()
}
_by_old_name = {snake_case(n): v for n, v in _kinds.items() if n != "Initializer"}
_by_old_name |= {old: _kinds[new] for old, new in _SHORT.items()}
initializers = Namespace("keras.initializers", get=_initializers.get, **_kinds | _by_old_name)
initializers.__dict__["Initializer"] = _initializers.Initializer


def _of_shape(name: str, kind: Any) -> Any:
    """An initialiser of Keras 1: a function of the shape that gives a variable; ``scale`` is its width."""

    def make(shape: Any, scale: float | None = None, name: Any = None, dim_ordering: Any = None) -> Variable:
        options: dict[str, Any] = {}
        if scale is not None:
            width = {"uniform": {"minval": -scale, "maxval": scale}, "normal": {"stddev": scale}}
            options = width.get(make.__name__, {"gain": scale})
        return Variable(np.asarray(kind(**options)(tuple(shape))), name=name)

    make.__name__ = make.__qualname__ = name
    return make


initializations = Namespace(
    "keras.initializations", **{name: _of_shape(name, kind) for name, kind in _by_old_name.items()}
)


def _old_initialiser(given: Any, *ignored: Any, **more: Any) -> Any:
    return getattr(initializations, given) if isinstance(given, str) else given


initializations.__dict__["get"] = _old_initialiser

# --- regularisers, constraints, activations -------------------------------------------------------------------------


def _penalty(cls: Any, name: str) -> Any:
    """A regulariser from its one number, called ``l`` in Keras 1 and ``l1`` or ``l2`` since."""

    def make(l: float = 0.01, **named: float) -> Any:
        return cls(named.get(name, l))

    return make


def _both(l1: float = 0.01, l2: float = 0.01) -> Any:
    return _regularizers.L1L2(l1, l2)


_l1, _l2 = _penalty(_regularizers.L1, "l1"), _penalty(_regularizers.L2, "l2")
regularizers = Namespace(
    "keras.regularizers", get=_regularizers.get, Regularizer=_regularizers.Regularizer, L1=_regularizers.L1,
    L2=_regularizers.L2, L1L2=_regularizers.L1L2, l1=_l1, l2=_l2, l1_l2=_both, l1l2=_both, activity_l1=_l1,
    activity_l2=_l2, activity_l1l2=_both,
)  # fmt: skip

_kinds_of_limits = {
    name: respelt(getattr(_constraints, name), {"m": "max_value"})
    for name in ("MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm")
}
_limits_by_old_name = {snake_case(n): v for n, v in _kinds_of_limits.items()}
constraints = Namespace(
    "keras.constraints", get=_constraints.get, Constraint=_constraints.Constraint, **_kinds_of_limits,
    **_limits_by_old_name, **{n.replace("_", ""): v for n, v in _limits_by_old_name.items()},
)  # fmt: skip


def _activation(identifier: Any) -> Any:
    """An activation from its name, or itself."""
    return (
        _K.hard_sigmoid
        if isinstance(identifier, str) and identifier == "hard_sigmoid"
        else _activations.get(identifier)
    )


activations = Namespace(
    "keras.activations",
    get=_activation,
    serialize=lambda activation: activation.__name__,
    deserialize=_activation,
    **{name: _activation(name) for name in _activations.names()},
)
