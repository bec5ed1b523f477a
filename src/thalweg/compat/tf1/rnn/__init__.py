"""TensorFlow 1's recurrent cells, and the loops that run them over sequences."""

from __future__ import annotations

from thalweg.compat.tf1.rnn.cells import *  # noqa: F403
from thalweg.compat.tf1.rnn.further_cells import *  # noqa: F403
from thalweg.compat.tf1.rnn.fused import *  # noqa: F403
from thalweg.compat.tf1.rnn.loops import *  # noqa: F403
from thalweg.compat.tf1.rnn.wrappers import *  # noqa: F403
