"""``theano.tensor``: variables and the functions of them."""

from __future__ import annotations

from typing import Any

from thalweg.compat.names import unsupported
from thalweg.compat.theano.complexes import teach
from thalweg.compat.theano.gradient import Lop as Lop
from thalweg.compat.theano.gradient import Rop as Rop
from thalweg.compat.theano.gradient import grad as grad
from thalweg.compat.theano.gradient import hessian as hessian
from thalweg.compat.theano.gradient import jacobian as jacobian
from thalweg.compat.theano.gradient import numeric_grad as numeric_grad
from thalweg.compat.theano.gradient import verify_grad as verify_grad
from thalweg.compat.theano.operation import Op as Op
from thalweg.compat.theano.printing import Apply as Apply
from thalweg.compat.theano.printing import pprint as pprint
from thalweg.compat.theano.sharing import shared as _shared
from thalweg.compat.theano.subtensor import advanced_inc_subtensor1 as advanced_inc_subtensor1
from thalweg.compat.theano.subtensor import advanced_set_subtensor1 as advanced_set_subtensor1
from thalweg.compat.theano.subtensor import advanced_subtensor1 as advanced_subtensor1
from thalweg.compat.theano.subtensor import inc_subtensor as inc_subtensor
from thalweg.compat.theano.subtensor import incsubtensor as incsubtensor
from thalweg.compat.theano.subtensor import set_subtensor as set_subtensor
from thalweg.compat.theano.subtensor import setsubtensor as setsubtensor
from thalweg.compat.theano.tensor import basic as basic
from thalweg.compat.theano.tensor import blas as blas
from thalweg.compat.theano.tensor import elemwise as elemwise
from thalweg.compat.theano.tensor import extra_ops as extra_ops
from thalweg.compat.theano.tensor import fft as fft
from thalweg.compat.theano.tensor import inplace as inplace
from thalweg.compat.theano.tensor import nlinalg as nlinalg
from thalweg.compat.theano.tensor import nnet as nnet
from thalweg.compat.theano.tensor import opt as opt
from thalweg.compat.theano.tensor import randomstreams as randomstreams
from thalweg.compat.theano.tensor import raw_random as raw_random
from thalweg.compat.theano.tensor import shared_randomstreams as shared_randomstreams
from thalweg.compat.theano.tensor import sharedvar as sharedvar
from thalweg.compat.theano.tensor import signal as signal
from thalweg.compat.theano.tensor import slinalg as slinalg
from thalweg.compat.theano.tensor import subtensor as subtensor
from thalweg.compat.theano.tensor import type as type
from thalweg.compat.theano.tensor import xlogx as xlogx
from thalweg.compat.theano.tensor.basic import *  # noqa: F403
from thalweg.compat.theano.tensor.elemwise import CAReduce as CAReduce
from thalweg.compat.theano.tensor.elemwise import DimShuffle as DimShuffle
from thalweg.compat.theano.tensor.elemwise import Elemwise as Elemwise
from thalweg.compat.theano.tensor.extra_ops import bincount as bincount
from thalweg.compat.theano.tensor.extra_ops import diff as diff
from thalweg.compat.theano.tensor.extra_ops import fill_diagonal as fill_diagonal
from thalweg.compat.theano.tensor.extra_ops import ravel_multi_index as ravel_multi_index
from thalweg.compat.theano.tensor.extra_ops import to_one_hot as to_one_hot
from thalweg.compat.theano.tensor.extra_ops import unique as unique
from thalweg.compat.theano.tensor.extra_ops import unravel_index as unravel_index
from thalweg.compat.theano.tensor.nnet.abstract_conv import conv2d as conv2d
from thalweg.compat.theano.tensor.nnet.nnet import *  # noqa: F403
from thalweg.compat.theano.tensor.sort import argsort as argsort
from thalweg.compat.theano.tensor.var import TensorConstant as TensorConstant
from thalweg.compat.theano.tensor.var import TensorSharedVariable as TensorSharedVariable
from thalweg.compat.theano.tensor_type import TensorType as TensorType
from thalweg.compat.theano.variable import AnyVariable as _AnyVariable
from thalweg.compat.theano.variable import NoneConst as NoneConst
from thalweg.compat.theano.variable import TensorVariable as TensorVariable
from thalweg.compat.theano.variable import as_tensor_variable as as_tensor_variable
from thalweg.compat.theano.variable import constant as constant

teach(globals(), ["set_subtensor", "inc_subtensor"])
globals().update(sort=basic.sort, var=basic.var)  # the functions, not the modules of the same names
globals().update(Tensor=TensorType)  # the older name
as_tensor = as_tensor_variable
Constant, Variable = TensorConstant, _AnyVariable
patternbroadcast = basic.patternbroadcast
shared = _shared

discrete_dtypes = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
continuous_dtypes = ["float16", "float32", "float64"]
int_dtypes = ["int8", "int16", "int32", "int64"]
uint_dtypes = ["uint8", "uint16", "uint32", "uint64"]
float_dtypes = ["float16", "float32", "float64"]
complex_dtypes = ["complex64", "complex128"]
integer_dtypes = int_dtypes + uint_dtypes
all_dtypes = discrete_dtypes + continuous_dtypes


def __getattr__(name: str) -> Any:
    raise unsupported("theano.tensor", name, globals())
