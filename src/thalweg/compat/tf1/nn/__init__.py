"""``tf.nn``: networks' building blocks, each the main library's under TensorFlow's name and argument order."""

from __future__ import annotations

from thalweg.compat.tf1.math import log_sigmoid as log_sigmoid
from thalweg.compat.tf1.math import sigmoid as sigmoid
from thalweg.compat.tf1.math import tanh as tanh
from thalweg.compat.tf1.nn.activations import *  # noqa: F403
from thalweg.compat.tf1.nn.convolution import *  # noqa: F403
from thalweg.compat.tf1.nn.ctc import *  # noqa: F403
from thalweg.compat.tf1.nn.lookup import *  # noqa: F403
from thalweg.compat.tf1.nn.losses import *  # noqa: F403
from thalweg.compat.tf1.nn.morphology import *  # noqa: F403
from thalweg.compat.tf1.nn.normalisation import *  # noqa: F403
from thalweg.compat.tf1.nn.sampling import *  # noqa: F403
