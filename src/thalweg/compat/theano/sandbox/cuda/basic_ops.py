"""``theano.sandbox.cuda.basic_ops``: moves between devices, of which there is one, and new memory on them."""

from __future__ import annotations

from typing import Any

from thalweg.compat.theano.tensor.creation import zeros
from thalweg.compat.theano.variable import TensorVariable, as_tensor_variable


def as_cuda_ndarray_variable(x: Any) -> TensorVariable:
    """x."""
    return as_tensor_variable(x)


gpu_from_host = host_from_gpu = gpu_contiguous = as_gpuarray_variable = as_cuda_ndarray_variable


class GpuFromHost:
    """x, by an op: ``GpuFromHost()(x)``."""

    def __init__(self, context_name: Any = None) -> None:
        self.context_name = context_name

    def __call__(self, x: Any) -> TensorVariable:
        return as_tensor_variable(x)


class HostFromGpu(GpuFromHost):
    """x, by an op: ``HostFromGpu()(x)``."""


def gpu_alloc_empty(*shape: Any) -> TensorVariable:
    """An array of a shape whose numbers do not count: zeros."""
    return zeros(shape, dtype="float32")


class GpuAllocEmpty:
    """:func:`gpu_alloc_empty` in a dtype: ``GpuAllocEmpty("float32", None)(2, 3)``."""

    def __init__(self, dtype: Any = "float32", context_name: Any = None) -> None:
        self.dtype = dtype

    def __call__(self, *shape: Any) -> TensorVariable:
        return zeros(shape, dtype=self.dtype)


def infer_context_name(*variables: Any) -> None:
    """The device of variables: the only one."""
