"""Data sets (digits bundled with scikit-learn, MNIST, Fashion-MNIST) and shuffled batches of them."""

from thalweg.data.batches import batches
from thalweg.data.sets import NAMES, DataSet, cache_folder, find_folder, load

__all__ = ["NAMES", "DataSet", "batches", "cache_folder", "find_folder", "load"]
