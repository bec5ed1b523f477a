"""What Keras asks of TensorFlow 1 where a program uses both: the graph and session that its tensors and weights are in.

``backend`` is None, and Keras works by itself, unless ``thalweg run`` runs a program of that generation.
"""

from __future__ import annotations

from typing import Any

backend: Any = None
