"""TensorFlow 1's functions of tensors, with the argument orders of all its versions; a module for each kind."""

from __future__ import annotations

from thalweg.compat.tf1.math.checks import *  # noqa: F403
from thalweg.compat.tf1.math.creation import *  # noqa: F403
from thalweg.compat.tf1.math.elementwise import *  # noqa: F403
from thalweg.compat.tf1.math.gradients import *  # noqa: F403
from thalweg.compat.tf1.math.indexing import *  # noqa: F403
from thalweg.compat.tf1.math.joining import *  # noqa: F403
from thalweg.compat.tf1.math.linalg import *  # noqa: F403
from thalweg.compat.tf1.math.operators import *  # noqa: F403
from thalweg.compat.tf1.math.quantisation import *  # noqa: F403
from thalweg.compat.tf1.math.reductions import *  # noqa: F403
from thalweg.compat.tf1.math.segments import *  # noqa: F403
from thalweg.compat.tf1.math.shapes import *  # noqa: F403
