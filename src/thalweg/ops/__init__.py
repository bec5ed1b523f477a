"""The ops: one file per family, one record per op. Importing this package gives Tensor its operators and methods."""

from thalweg.ops import methods as methods
