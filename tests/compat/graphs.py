"""Running parts of a graph of TensorFlow 1."""

from __future__ import annotations

from typing import Any

import thalweg.compat.tf1 as tf


def run(fetches: Any, feed: Any = None) -> Any:
    """The values of parts of the default graph, its variables begun anew."""
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        return session.run(fetches, feed)
