"""``input_data``: the file that TensorFlow's first tutorials had one copy beside a program, to read MNIST.

``thalweg run`` supplies it where a program has no copy of its own.
"""

from __future__ import annotations

from thalweg.compat.tf1.examples import DataSet, Datasets, load_mnist, read_data_sets

__all__ = ("DataSet", "Datasets", "load_mnist", "read_data_sets")
