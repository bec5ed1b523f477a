"""``theano``: its names, argument orders and documented rules over the main library."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from thalweg.compat.names import unsupported
from thalweg.compat.theano import gradient as gradient
from thalweg.compat.theano import printing as printing
from thalweg.compat.theano import scan_module as scan_module
from thalweg.compat.theano import scan_utils as scan_utils
from thalweg.compat.theano.configuration import change_flags as change_flags
from thalweg.compat.theano.configuration import config as config
from thalweg.compat.theano.conversion import tensor_of
from thalweg.compat.theano.functions import In as In
from thalweg.compat.theano.functions import OrderedUpdates as OrderedUpdates
from thalweg.compat.theano.functions import Out as Out
from thalweg.compat.theano.functions import Param as Param
from thalweg.compat.theano.functions import function as function
from thalweg.compat.theano.gradient import Lop as Lop
from thalweg.compat.theano.gradient import Rop as Rop
from thalweg.compat.theano.gradient import grad as grad
from thalweg.compat.theano.gradient import subgraph_grad as subgraph_grad
from thalweg.compat.theano.misc.safe_asarray import _asarray as _asarray
from thalweg.compat.theano.missing import name_what_is_missing
from thalweg.compat.theano.operation import Op as Op
from thalweg.compat.theano.printing import Apply as Apply
from thalweg.compat.theano.printing import function_dump as function_dump
from thalweg.compat.theano.printing import pp as pp
from thalweg.compat.theano.scan_module import foldl as foldl
from thalweg.compat.theano.scan_module import foldr as foldr
from thalweg.compat.theano.scan_module import map as map
from thalweg.compat.theano.scan_module import reduce as reduce
from thalweg.compat.theano.scan_module import scan as scan
from thalweg.compat.theano.scan_module import scan_checkpoints as scan_checkpoints
from thalweg.compat.theano.sharing import shared as shared
from thalweg.compat.theano.tensor_type import TensorType
from thalweg.compat.theano.test_values import carry
from thalweg.compat.theano.variable import AnyVariable as _Variable
from thalweg.compat.theano.variable import TensorConstant as _Constant
from thalweg.compat.theano.variable import as_tensor_variable

vars(scan_module)["scan_utils"] = scan_utils
__version__ = "1.0.5"
version = "1.0.5"
theano = sys.modules[__name__]  # programs write "from theano import theano" too
Variable = _Variable
Constant = _Constant
Type = TensorType


def clone(
    output: Any,
    replace: Any = None,
    strict: bool = True,
    share_inputs: bool = True,
    copy_inputs: Any = None,
) -> Any:
    """The expression (or list of them) anew, with variables replaced by others.

    A shared variable alone, with ``share_inputs=False``: another one over the same value, with updates of its own.
    """
    if isinstance(output, tensor.TensorSharedVariable) and not share_inputs:
        return output.over_the_same_value()
    from thalweg.graph.walk import rebuild, remake

    pairs = list(replace.items() if isinstance(replace, Mapping) else replace or [])
    several = isinstance(output, (list, tuple))
    outputs = [tensor_of(o) for o in (output if several else [output])]
    new = {tensor_of(old): as_tensor_variable(made).tensor for old, made in pairs}
    with change_flags(compute_test_value="off"):  # nothing is written anew: the values go along
        found = [_Variable(t) for t in rebuild(outputs, new, remake)]
    for old, made in zip(outputs, found, strict=True):
        carry(old, made.tensor)
    return found if several else found[0]


def dot(l: Any, r: Any) -> Any:
    """``theano.tensor.dot``."""
    return tensor.dot(l, r)


def sparse_grad(var: Any) -> Any:
    """x[i], whose gradient may be kept as rows: here it is the plain one."""
    return var


def get_scalar_constant_value(v: Any) -> Any:
    """The number that a variable is, where that is known now."""
    return tensor.get_scalar_constant_value(v)


from thalweg.compat.theano import compat as compat  # noqa: E402
from thalweg.compat.theano import compile as compile  # noqa: E402
from thalweg.compat.theano import configparser as configparser  # noqa: E402
from thalweg.compat.theano import d3viz as d3viz  # noqa: E402
from thalweg.compat.theano import gof as gof  # noqa: E402
from thalweg.compat.theano import gpuarray as gpuarray  # noqa: E402
from thalweg.compat.theano import ifelse as ifelse  # noqa: E402
from thalweg.compat.theano import misc as misc  # noqa: E402
from thalweg.compat.theano import raise_op as raise_op  # noqa: E402
from thalweg.compat.theano import sandbox as sandbox  # noqa: E402
from thalweg.compat.theano import scalar as scalar  # noqa: E402
from thalweg.compat.theano import sparse as sparse  # noqa: E402
from thalweg.compat.theano import tensor as tensor  # noqa: E402
from thalweg.compat.theano import tests as tests  # noqa: E402
from thalweg.compat.theano import typed_list as typed_list  # noqa: E402
from thalweg.compat.theano import updates as updates  # noqa: E402
from thalweg.compat.theano.compile.builders import OpFromGraph as OpFromGraph  # noqa: E402
from thalweg.compat.theano.modes import Mode as Mode  # noqa: E402

# What the translation is made with, its own rooms among it: the page of supported names leaves them out.
_helpers = {
    "AnyVariable", "AsTensorError", "NoneConstant", "later", "number",
    "Config", "Graph", "Group", "Maker", "OpView", "ShapeVariable", "SharedTensor",
    "Symbol", "Tag", "apply_of", "as_dtype", "axes_of", "checked", "common", "complexes", "conditions",
    "carry", "constant_text", "constructors", "conversion",
    "creation", "dtype_of", "elements", "filled", "float_of", "floats", "functions", "getitem", "is_complex",
    "is_constant",
    "is_sparse_matrix", "lengths_of", "list_functions", "lists",
    "missing", "modes", "monitored", "mrg", "name_what_is_missing",
    "name_what_was_made", "naming", "op_name", "remember", "operation", "places",
    "products", "ranges", "reductions", "shape_items", "shaping", "sharing",
    "sparse_matrix", "states_made", "streams", "sum_of", "summary", "taking", "teach", "tensor_of", "tensor_type",
    "test_values", "twister", "type_of", "unsupported", "variable", "variable_of", "wrap",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    raise unsupported("theano", name, globals())


name_what_is_missing(__name__, "theano")
