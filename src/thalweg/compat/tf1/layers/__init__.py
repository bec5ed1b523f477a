"""``tf.layers``: layers as objects that keep their variables, and as functions that make one and call it."""

from __future__ import annotations

from thalweg.compat.tf1.layers.base import *  # noqa: F403
from thalweg.compat.tf1.layers.convolution import *  # noqa: F403
from thalweg.compat.tf1.layers.normalisation import *  # noqa: F403
from thalweg.compat.tf1.layers.pooling import *  # noqa: F403
