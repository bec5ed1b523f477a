"""``tf.train``: optimizers, learning rates, steps and averages, checkpoints."""

from __future__ import annotations

from thalweg.compat.tf1.train.decays import *  # noqa: F403
from thalweg.compat.tf1.train.optimizers import *  # noqa: F403
from thalweg.compat.tf1.train.steps import *  # noqa: F403
