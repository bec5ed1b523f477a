"""``theano.sandbox.cuda.basic_ops``: moves between devices, of which there is one."""

from __future__ import annotations

from typing import Any

from thalweg.compat.theano.variable import TensorVariable, as_tensor_variable


def as_cuda_ndarray_variable(x: Any) -> TensorVariable:
    """x."""
    return as_tensor_variable(x)


gpu_from_host = host_from_gpu = gpu_contiguous = as_cuda_ndarray_variable
