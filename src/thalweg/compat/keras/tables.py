"""The smaller rooms of Keras: losses, metrics, callbacks, initialisers, regularisers, constraints, activations."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import callbacks as _callbacks
from thalweg import constraints as _constraints
from thalweg import events
from thalweg import initializers as _initializers
from thalweg import losses as _losses
from thalweg import metrics as _metrics
from thalweg import regularizers as _regularizers
from thalweg.compat.keras.spelling import Renamed, renamed
from thalweg.compat.names import Namespace
from thalweg.graph.tensor import Variable
from thalweg.layers import activations as _activations


def _public(module: Any) -> dict[str, Any]:
    return {
        n: v
        for n, v in vars(module).items()
        if not n.startswith("_") and getattr(v, "__module__", None) == module.__name__
    }


# --- losses and metrics ---------------------------------------------------------------------------------------------

_functions = _public(_losses)
_functions |= {
    "mse": _losses.mean_squared_error, "MSE": _losses.mean_squared_error, "mae": _losses.mean_absolute_error,
    "MAE": _losses.mean_absolute_error, "mape": _losses.mean_absolute_percentage_error,
    "msle": _losses.mean_squared_logarithmic_error, "kld": _losses.kl_divergence,
    "kullback_leibler_divergence": _losses.kl_divergence, "KLD": _losses.kl_divergence, "logcosh": _losses.log_cosh,
    "cosine_proximity": lambda y_true, y_pred: _losses.cosine_similarity(y_true, y_pred),
    "cosine": lambda y_true, y_pred: _losses.cosine_similarity(y_true, y_pred),
}  # fmt: skip
losses = Namespace(
    "keras.losses", **{**_functions, **{n: v for n, v in vars(_losses).items() if isinstance(v, type)}}
)
objectives = losses
losses.__dict__["Reduction"] = Namespace(
    "keras.losses.Reduction",
    NONE="none",
    SUM="sum",
    SUM_OVER_BATCH_SIZE="sum_over_batch_size",
    AUTO="sum_over_batch_size",
)
_metric_names = {
    n: v for n, v in vars(_metrics).items() if isinstance(v, type) and issubclass(v, _metrics.Metric)
}


class Metric_(_metrics.Metric):
    """What a program's own metrics derive from."""

    def add_weight(
        self, name: Any = None, shape: Any = (), initializer: Any = "zeros", **ignored: Any
    ) -> Variable:
        """A number that the metric counts in."""
        if isinstance(name, tuple):
            name, shape = "state", name
        return self.add_variable(shape, initializer, name or "state")

    def reset_states(self) -> None:
        """Begin anew (the older name)."""
        self.reset_state()


def _measured(cls: type) -> Renamed:
    drop = {"reduction": None, "from_logits": "from_logits"}
    return Renamed(cls, lambda args, kwargs: (args, renamed(kwargs, drop)))


metrics = Namespace(
    "keras.metrics",
    **{**_functions, **_public(_metrics), **_metric_names},
)
metrics.__dict__["Metric"] = Renamed(_metrics.Metric, lambda args, kwargs: (args, kwargs), base=Metric_)

# --- callbacks ------------------------------------------------------------------------------------------------------


class TensorBoard(_callbacks.Callback):
    """Writes the figures of each epoch as event files; ``log_dir/train`` and ``log_dir/validation``."""

    def __init__(self, log_dir: Any = "./logs", histogram_freq: int = 0, *args: Any, **ignored: Any) -> None:
        self.log_dir, self.histogram_freq = str(log_dir), histogram_freq
        self.writers: dict[str, events.EventWriter] = {}

    def _writer(self, part: str) -> events.EventWriter:
        if part not in self.writers:
            self.writers[part] = events.EventWriter(f"{self.log_dir}/{part}")
        return self.writers[part]

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        for name, value in (logs or {}).items():
            part = "validation" if name.startswith("val_") else "train"
            self._writer(part).add(events.scalar(f"epoch_{name.removeprefix('val_')}", float(value)), epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            for weight in self.model.weights:
                self._writer("train").add(
                    events.histogram(weight.name or "weight", weight.get_value()), epoch
                )

    def on_train_end(self, logs: Any = None) -> None:
        for writer in self.writers.values():
            writer.close()
        self.writers = {}


def _watching(args: Any, kwargs: dict[str, Any]) -> Any:
    names = {"epsilon": "min_delta", "period": None, "write_graph": None}
    return args, {k: v for k, v in renamed(kwargs, names).items() if k != "options"}


callbacks = Namespace(
    "keras.callbacks",
    **{
        n: v
        for n, v in vars(_callbacks).items()
        if isinstance(v, type) and issubclass(v, _callbacks.Callback) and n[0] != "_"
    },
)
callbacks.__dict__["TensorBoard"] = TensorBoard
for _name in ("EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint"):
    callbacks.__dict__[_name] = Renamed(getattr(_callbacks, _name), _watching)
callbacks.__dict__["TerminateOnNaN"] = _callbacks.TerminateOnNaN
callbacks.__dict__["BaseLogger"] = _callbacks.Callback

# --- initialisers, regularisers, constraints, activations ------------------------------------------------------------


def _scaled(args: Any, kwargs: dict[str, Any]) -> Any:
    kwargs = renamed(kwargs, {"dtype": None})
    if kwargs.get("distribution") == "normal":
        kwargs["distribution"] = "truncated_normal"
    return args, kwargs


_initial = {
    n: Renamed(v, _scaled) for n, v in vars(_initializers).items() if isinstance(v, type) and n[0] != "_"
}
_lower = {
    "zero": "Zeros", "zeros": "Zeros", "one": "Ones", "ones": "Ones", "constant": "Constant", "uniform": "RandomUniform",
    "normal": "RandomNormal", "random_uniform": "RandomUniform", "random_normal": "RandomNormal",
    "truncated_normal": "TruncatedNormal", "glorot_uniform": "GlorotUniform", "glorot_normal": "GlorotNormal",
    "he_normal": "HeNormal", "he_uniform": "HeUniform", "lecun_uniform": "LecunUniform", "lecun_normal": "LecunNormal",
    "orthogonal": "Orthogonal", "identity": "Identity",
}  # fmt: skip


def _old_initialiser(cls: type) -> Any:
    """An initialiser of Keras 1, called with the shape for a variable, and one of Keras 2, called without for an object."""

    def make(
        shape: Any = None,
        scale: float | None = None,
        name: Any = None,
        dim_ordering: Any = None,
        seed: Any = None,
    ) -> Any:
        options: dict[str, Any] = {} if seed is None else {"seed": seed}
        if scale is not None:
            options |= {
                "RandomUniform": {"minval": -scale, "maxval": scale},
                "RandomNormal": {"stddev": scale},
            }.get(cls.__name__, {})
        found = cls(**options)
        return found if shape is None else Variable(np.asarray(found(tuple(shape))), name=name)

    return make


initializers = Namespace(
    "keras.initializers", get=_initializers.get, **_initial,
    **{old: _old_initialiser(getattr(_initializers, new)) for old, new in _lower.items()},
)  # fmt: skip
initializations = initializers


def _size(args: Any, kwargs: dict[str, Any]) -> Any:
    return args, renamed(kwargs, {"l": "l2"})


regularizers = Namespace(
    "keras.regularizers",
    get=_regularizers.get,
    Regularizer=_regularizers.Regularizer,
    L1=_regularizers.L1,
    L2=_regularizers.L2,
    L1L2=_regularizers.L1L2,
    l1=lambda l1=0.01, l=None: _regularizers.L1(l1 if l is None else l),
    l2=lambda l2=0.01, l=None: _regularizers.L2(l2 if l is None else l),
    l1_l2=_regularizers.l1_l2,
    l1l2=_regularizers.l1_l2,
    activity_l1=lambda l1=0.01: _regularizers.L1(l1),
    activity_l2=lambda l2=0.01: _regularizers.L2(l2),
    activity_l1l2=_regularizers.l1_l2,
)


def _norm(args: Any, kwargs: dict[str, Any]) -> Any:
    return args, renamed(kwargs, {"m": "max_value"})


_limit = Renamed(_constraints.MaxNorm, _norm)
constraints = Namespace(
    "keras.constraints", get=_constraints.get, Constraint=_constraints.Constraint, MaxNorm=_limit, max_norm=_limit,
    maxnorm=_limit, MinMaxNorm=_constraints.MinMaxNorm, min_max_norm=_constraints.MinMaxNorm,
    NonNeg=_constraints.NonNeg, non_neg=_constraints.NonNeg, nonneg=_constraints.NonNeg,
    UnitNorm=_constraints.UnitNorm, unit_norm=_constraints.UnitNorm, unitnorm=_constraints.UnitNorm,
)  # fmt: skip
activations = Namespace(
    "keras.activations",
    get=_activations.get,
    **{name: _activations.get(name) for name in _activations.names()},
)
