"""``tf.contrib``: layers with their own defaults, argument scopes, and older names of other parts."""

from __future__ import annotations

from thalweg.compat.tf1.contrib.names import contrib as contrib
from thalweg.compat.tf1.contrib.names import nest as nest
