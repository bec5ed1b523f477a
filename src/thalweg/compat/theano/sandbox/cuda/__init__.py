"""``theano.sandbox.cuda``: says that there is no such device; its names lead to what computes the same."""

from __future__ import annotations

from typing import Any

from thalweg.compat.theano.sandbox.cuda import basic_ops as basic_ops
from thalweg.compat.theano.sandbox.cuda import dnn as dnn
from thalweg.compat.theano.sandbox.cuda import rng_curand as rng_curand
from thalweg.compat.theano.sandbox.cuda import var as var
from thalweg.compat.theano.sandbox.cuda.basic_ops import gpu_from_host as gpu_from_host
from thalweg.compat.theano.sandbox.cuda.basic_ops import host_from_gpu as host_from_gpu
from thalweg.compat.theano.sandbox.cuda.var import CudaNdarray as CudaNdarray
from thalweg.compat.theano.sandbox.cuda.var import CudaNdarrayType as CudaNdarrayType
from thalweg.compat.theano.sharing import shared

cuda_available = False
cuda_enabled = False
shared_constructor = float32_shared_constructor = shared


def use(
    device: Any = None, force: bool = False, default_to_move_computation_to_gpu: bool = True,
    move_shared_float32_to_gpu: bool = True, enable_cuda: bool = True, test_driver: bool = True,
) -> None:  # fmt: skip
    """Nothing: programs run where they are."""
