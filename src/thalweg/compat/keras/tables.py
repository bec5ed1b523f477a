"""The smaller rooms of Keras: losses, metrics, callbacks, initialisers, regularisers, constraints, activations."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from thalweg import callbacks as _callbacks
from thalweg import constraints as _constraints
from thalweg import initializers as _initializers
from thalweg import losses as _losses
from thalweg import metrics as _metrics
from thalweg import regularizers as _regularizers
from thalweg.compat.keras import backend as _K
from thalweg.compat.keras import callbacks as _own_callbacks
from thalweg.compat.keras.arguments import initialiser as _initialiser
from thalweg.compat.keras.custom import LayerAsMetric, OwnLayer
from thalweg.compat.keras.older import EigenvalueRegularizer as _EigenvalueRegularizer
from thalweg.compat.keras.spelling import Renamed, respelt
from thalweg.compat.names import Namespace
from thalweg.compat.tf1.types import as_dtype as _as_dtype
from thalweg.errors import ArgumentError
from thalweg.graph.op import convert_operands as _convert_operands
from thalweg.graph.tensor import Variable
from thalweg.graph.tensor import shapes_match as _shapes_match
from thalweg.layers import activations as _activations
from thalweg.ops.elementwise import where as _where
from thalweg.ops.reduce import mean as _mean
from thalweg.ops.shape import full_like as _full_like
from thalweg.registry import lookup, register, snake_case


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


def _rank(value: Any) -> int:
    (tensor,) = _convert_operands([value])  # which may be one of a graph of TensorFlow
    return int(tensor.ndim)


# Losses that are written with operators alone: called by a program itself, they stretch targets or predictions.
_ELEMENTWISE = frozenset(
    "binary_crossentropy hinge huber kl_divergence log_cosh mean_absolute_error mean_absolute_percentage_error "
    "mean_squared_error mean_squared_logarithmic_error poisson squared_hinge".split()
)


def _stretched(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Both in the shape that operators give them together, where they differ in shape: [3] and [3, 1] in [3, 3]."""
    t, p = _convert_operands([y_true, y_pred])
    if t.shape is None or p.shape is None or _shapes_match(t.shape, p.shape):
        return y_true, y_pred
    return _where(True, t, p), _where(True, p, t)


def _over_rows(function: Any) -> Any:
    """The function as Keras 1 and 2 had it: of vectors, a number."""

    @functools.wraps(function)
    def of(y_true: Any, y_pred: Any, *args: Any, **options: Any) -> Any:
        own = not sys._getframe(1).f_globals.get("__name__", "").startswith("thalweg.")
        if own and function.__name__ in _ELEMENTWISE and (_rank(y_true) or _rank(y_pred)):
            y_true, y_pred = _stretched(y_true, y_pred)
        if _rank(y_true) == 0 and _rank(y_pred) and "crossentropy" not in function.__name__:
            y_true = _full_like(y_pred, y_true)  # one number for all
        found = function(y_true, y_pred, *args, **options)
        of_vectors = _rank(y_pred) == 1
        return _mean(found) if of_vectors and getattr(found, "ndim", 0) == 1 else found

    return of


_named_losses = {
    name: register("keras", name)(_over_rows(function))
    for name, function in _functions(_losses).items()
    if name not in ("get", "serialize", "deserialize")
}
_named_losses |= {old: _named_losses[new] for old, new in _OLD_NAMES.items()}
_REDUCTIONS = {"NONE": "none", "SUM": "sum", "SUM_OVER_BATCH_SIZE": "sum_over_batch_size", "AUTO": "auto"}


def _averaged(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if kwargs.get("reduction") == "auto":
        kwargs = {**kwargs, "reduction": "sum_over_batch_size"}
    return args, kwargs


losses = Namespace(
    "keras.losses",
    **_named_losses,
    **{n: respelt(v, {"dtype": None}, _averaged) for n, v in _classes(_losses, _losses.Loss).items()},
)
losses.__dict__.update(
    Loss=_losses.Loss, get=_losses.get, Reduction=Namespace("keras.losses.Reduction", **_REDUCTIONS)
)
objectives = losses


def named_loss(given: Any) -> Any:
    """A loss whose name is an old one, by the name of the main library; one of no known name fails when it is used:
    networks that are never trained were compiled with any word.
    """
    if not isinstance(given, str):
        return given
    try:
        name: str = _OLD_NAMES.get(given, given)
        _losses.get(name)
    except ArgumentError as error:
        return _unknown(given, str(error))
    return name


def _unknown(name: str, told: str) -> Any:
    def unknown(y_true: Any, y_pred: Any) -> Any:
        raise ArgumentError(told)

    unknown.__name__ = name
    return unknown


def named_metric(given: Any) -> Any:
    """A metric whose name is an old one as an object that keeps the name."""
    if isinstance(given, str) and given in _OF_BATCHES:
        return _metrics.MeanMetricWrapper(_OF_BATCHES[given], given)
    if isinstance(given, str) and given in _OLD_NAMES and given != "cosine_proximity":
        return _metrics.MeanMetricWrapper(_named_losses[given], given)
    return LayerAsMetric(given) if isinstance(given, OwnLayer) else given


class Metric(_metrics.Metric):
    """What a program's own metrics derive from."""

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name, _K.floatx() if dtype is None else _as_dtype(dtype).dtype)

    @property
    def _dtype(self) -> str:
        """The name of the dtype."""
        return str(self.dtype.name)

    def add_weight(  # type: ignore[override]
        self, name: Any = None, shape: Any = (), initializer: Any = "zeros", dtype: Any = None, **ignored: Any
    ) -> Variable:
        """A number that the metric counts in, float32 unless said: (name, shape, ...) or (shape, ...)."""
        if isinstance(name, (tuple, list)):
            name, shape = None, tuple(name)
        kind = _K.floatx() if dtype is None else _as_dtype(dtype).dtype
        return self.add_variable(shape, _initialiser(initializer), kind, name=name or "state")

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


def _counts(y_true: Any, y_pred: Any) -> tuple[Any, Any, Any]:
    """How many are right among the positive ones, how many were given, how many there are: of one batch."""
    given, true = _K.round(_K.clip(y_pred, 0, 1)), _K.round(_K.clip(y_true, 0, 1))
    return _K.sum(given * true), _K.sum(given), _K.sum(true)


def _precision(y_true: Any, y_pred: Any) -> Any:
    """The share of right ones among those said to be positive, of a batch (Keras 1)."""
    right, given, _ = _counts(y_true, y_pred)
    return right / (given + _K.epsilon())


def _recall(y_true: Any, y_pred: Any) -> Any:
    """The share found of the positive ones, of a batch (Keras 1)."""
    right, _, true = _counts(y_true, y_pred)
    return right / (true + _K.epsilon())


def _fbeta_score(y_true: Any, y_pred: Any, beta: float = 1.0) -> Any:
    """The weighted harmonic mean of precision and recall, of a batch (Keras 1)."""
    p, r, square = _precision(y_true, y_pred), _recall(y_true, y_pred), beta**2
    return (1 + square) * (p * r) / (square * p + r + _K.epsilon())


def _matthews_correlation(y_true: Any, y_pred: Any) -> Any:
    """The correlation of what is and what was said to be positive, of a batch (Keras 1)."""
    given, true = _K.round(_K.clip(y_pred, 0, 1)), _K.round(_K.clip(y_true, 0, 1))
    tp, tn = _K.sum(given * true), _K.sum((1 - given) * (1 - true))
    fp, fn = _K.sum(given * (1 - true)), _K.sum((1 - given) * true)
    root = _K.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    return (tp * tn - fp * fn) / (root + _K.epsilon())


_OF_BATCHES = {
    "precision": _precision, "recall": _recall, "fbeta_score": _fbeta_score, "fmeasure": _fbeta_score,
    "fscore": _fbeta_score, "matthews_correlation": _matthews_correlation,
}  # fmt: skip
metrics = Namespace(
    "keras.metrics",
    **_OF_BATCHES,
    **{
        **_functions(_metrics),
        **_named_losses,
        **_classes(_metrics, _metrics.Metric),
        "Metric": Renamed(_metrics.Metric, lambda args, kwargs: (args, kwargs), base=Metric),
    },
)

# --- callbacks ------------------------------------------------------------------------------------------------------


_WATCHING: dict[str, str | None] = {"epsilon": "min_delta", "options": None}
# What TensorFlow's own event writer was told besides.
_OF_TENSORFLOW: dict[str, str | None] = dict.fromkeys(
    "write_grads embeddings_freq embeddings_layer_names embeddings_metadata embeddings_data "
    "profile_batch".split()
)
_ORDER = "log_dir histogram_freq batch_size write_graph write_grads write_images"
callbacks = Namespace("keras.callbacks", **_classes(_callbacks, _callbacks.Callback))
callbacks.__dict__.update(
    Callback=Renamed(_callbacks.Callback, lambda args, kwargs: (args, kwargs), base=_own_callbacks.OwnCallback),
    EarlyStopping=respelt(_own_callbacks.EarlyStopping, _WATCHING),
    ReduceLROnPlateau=respelt(_own_callbacks.ReduceLROnPlateau, _WATCHING),
    LearningRateScheduler=_own_callbacks.LearningRateScheduler,
    ModelCheckpoint=respelt(_own_callbacks.ModelCheckpoint, _WATCHING),
    TensorBoard=respelt(_own_callbacks.TensorBoard, _OF_TENSORFLOW, order=_ORDER),
    CallbackList=_own_callbacks.CallbackList,
    RemoteMonitor=_own_callbacks.RemoteMonitor,
    BaseLogger=_callbacks.Callback,  # figures and bars are fit's own
    ProgbarLogger=lambda *args, **options: _callbacks.Callback(),
)  # fmt: skip


def _described(value: Any) -> Any:
    """An object of the library as data: its class and the arguments of its constructor; a function by its name."""
    if value is None or not hasattr(value, "get_config"):
        return value and value.__name__
    return {"class_name": type(value).__name__, "config": value.get_config()}


def _maker(room: Any) -> Any:
    """A function that makes what :func:`_described` describes, or what the room's ``get`` knows."""

    def deserialize(config: Any, custom_objects: Any = None) -> Any:
        if not isinstance(config, Mapping):
            own = (custom_objects or {}).get(config) if isinstance(config, str) else None
            return room.get(config) if own is None else own
        known = {**vars(room), **(custom_objects or {})}
        cls = lookup(
            room.__name__.rpartition(".")[2], config["class_name"], known
        )  # or one of the program's own
        return cls(**config.get("config", {}))

    return deserialize


for _room, _of in ((losses, _losses), (metrics, _metrics)):
    vars(_room).update(serialize=_described, deserialize=_maker(_of))

# --- initialisers ---------------------------------------------------------------------------------------------------

_SHORT = {"zero": "Zeros", "one": "Ones", "uniform": "RandomUniform", "normal": "RandomNormal"}
_kinds = {
    n: respelt(v, {"dtype": None}) for n, v in _classes(_initializers, _initializers.Initializer).items()
}
_by_old_name = {snake_case(n): v for n, v in _kinds.items() if n != "Initializer"}
_by_old_name |= {old: _kinds[new] for old, new in _SHORT.items()}
initializers = Namespace(
    "keras.initializers",
    get=_maker(_initializers),
    serialize=_described,
    deserialize=_maker(_initializers),
    **_kinds | _by_old_name,
)
initializers.__dict__["Initializer"] = _initializers.Initializer


def _of_shape(name: str, kind: Any) -> Any:
    """An initialiser of Keras 1: a function of the shape that gives a variable; ``scale`` is its width."""

    def make(shape: Any, scale: float | None = None, name: Any = None, dim_ordering: str = "th") -> Variable:
        options: dict[str, Any] = {}
        if scale is not None:
            width = {"uniform": {"minval": -scale, "maxval": scale}, "normal": {"stddev": scale}}
            options = width.get(make.__name__, {"gain": scale})
        first = dim_ordering == "th" and len(shape) in (
            4,
            5,
        )  # [out, in, *window]: the fans are those of the kernel
        form = (*shape[2:], shape[1], shape[0]) if first else tuple(shape)
        made = np.asarray(kind(**options)(form))
        return Variable(np.moveaxis(made, (-1, -2), (0, 1)) if first else made, name=name)

    make.__name__ = make.__qualname__ = name
    return make


def _fans(shape: Any, data_format: str = "channels_last") -> tuple[Any, Any]:
    """The numbers of inputs and outputs of a kernel [*window, in, out]; "channels_first" is [out, in, *window]."""
    if data_format == "channels_first" and len(shape) > 2:
        shape = (*shape[2:], shape[1], shape[0])
    return _initializers.fans(tuple(shape))


initializers.__dict__["_compute_fans"] = _fans
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
        return cls(**named) if named else cls(l)

    return make


def _both(l1: float = 0.01, l2: float = 0.01) -> Any:
    return _regularizers.L1L2(l1, l2)


def _both_or_none(l1: float = 0.0, l2: float = 0.0) -> Any:
    return _regularizers.L1L2(l1, l2)


_l1, _l2 = _penalty(_regularizers.L1, "l1"), _penalty(_regularizers.L2, "l2")
regularizers = Namespace(
    "keras.regularizers", get=_maker(_regularizers), Regularizer=_regularizers.Regularizer, L1=_regularizers.L1,
    L2=_regularizers.L2, L1L2=_regularizers.L1L2, l1=_l1, l2=_l2, l1_l2=_both, l1l2=_both, activity_l1=_l1,
    activity_l2=_l2, activity_l1l2=_both, WeightRegularizer=_both_or_none, ActivityRegularizer=_both_or_none,
    L1L2Regularizer=_both_or_none, EigenvalueRegularizer=_EigenvalueRegularizer, serialize=_described,
    deserialize=_maker(_regularizers),
)  # fmt: skip

_kinds_of_limits = {
    name: respelt(getattr(_constraints, name), {"m": "max_value"})
    for name in ("MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm")
}
_limits_by_old_name = {snake_case(n): v for n, v in _kinds_of_limits.items()}
constraints = Namespace(
    "keras.constraints", get=_maker(_constraints), serialize=_described, deserialize=_maker(_constraints),
    Constraint=_constraints.Constraint, **_kinds_of_limits,
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
    **{name: _activation(name) for name in _activations.names()} | {"relu": _K.relu},
)
