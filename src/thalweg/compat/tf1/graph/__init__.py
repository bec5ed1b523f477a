"""TensorFlow 1's graph: named nodes over Thalweg's expressions, collections, name scopes and control dependencies.

A Tensor here holds an expression ``t`` of the main library. What the main library's expressions do not know is order:
that an assignment has run before a read. It is written into the expression as the op ``after``, and the assignments
themselves are :class:`Effect` records; a session turns both into one program (see session.py).
"""

from __future__ import annotations

from thalweg.compat.tf1.graph.graphs import *  # noqa: F403
from thalweg.compat.tf1.graph.nodes import *  # noqa: F403
from thalweg.compat.tf1.graph.values import *  # noqa: F403
