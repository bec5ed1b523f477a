"""TensorFlow 1's variables: assignment as nodes, initialisation as an operation, scopes and sharing by name."""

from __future__ import annotations

from thalweg.compat.tf1.variables.collections import *  # noqa: F403
from thalweg.compat.tf1.variables.scopes import *  # noqa: F403
from thalweg.compat.tf1.variables.variable import *  # noqa: F403
