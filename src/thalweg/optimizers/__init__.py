"""Optimizers: rules that turn gradients into updates of variables, as expressions; schedules and clipping."""

from __future__ import annotations

from typing import Any

from thalweg.optimizers import schedules as schedules
from thalweg.optimizers.base import Optimizer as Optimizer
from thalweg.optimizers.clipping import clip_by_global_norm as clip_by_global_norm
from thalweg.optimizers.clipping import clip_by_norm as clip_by_norm
from thalweg.optimizers.clipping import clip_by_value as clip_by_value
from thalweg.optimizers.clipping import global_norm as global_norm
from thalweg.optimizers.descent import *  # noqa: F403
from thalweg.optimizers.moments import *  # noqa: F403
from thalweg.optimizers.muon import Muon as Muon
from thalweg.optimizers.rates import *  # noqa: F403
from thalweg.optimizers.schedules import ConstantRate as constant_rate  # noqa: F401
from thalweg.optimizers.schedules import CosineDecay as cosine_decay  # noqa: F401
from thalweg.optimizers.schedules import CosineDecayRestarts as cosine_decay_restarts  # noqa: F401
from thalweg.optimizers.schedules import ExponentialDecay as exponential_decay  # noqa: F401
from thalweg.optimizers.schedules import InverseTimeDecay as inverse_time  # noqa: F401
from thalweg.optimizers.schedules import OneCycle as one_cycle  # noqa: F401
from thalweg.optimizers.schedules import PiecewiseConstantDecay as piecewise_constant  # noqa: F401
from thalweg.optimizers.schedules import PolynomialDecay as polynomial_decay  # noqa: F401
from thalweg.optimizers.several import LossScaleOptimizer as LossScaleOptimizer
from thalweg.optimizers.several import MultiOptimizer as MultiOptimizer
from thalweg.optimizers.several import OptimizerMap as OptimizerMap
from thalweg.registry import decode as deserialize  # noqa: F401
from thalweg.registry import encode as serialize  # noqa: F401
from thalweg.registry import lookup

_CLASSES: dict[str, Any] = {
    name: cls
    for name, cls in list(globals().items())
    if isinstance(cls, type)
    and issubclass(cls, Optimizer)
    and cls is not Optimizer
    and cls not in (MultiOptimizer, LossScaleOptimizer)
}
_TABLE = {name.lower(): cls for name, cls in _CLASSES.items()}


def get(given: Any) -> Any:
    """An optimizer from a name, as its class with all defaults; from a class; or the object itself.

    >>> get("rmsprop").epsilon, get("adam").name
    (1e-07, 'Adam')
    """
    if isinstance(given, Optimizer):
        return given
    if isinstance(given, type) and issubclass(given, Optimizer):
        return given()
    return lookup("optimizer", given.lower() if isinstance(given, str) else given, _TABLE)()
