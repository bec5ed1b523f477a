"""Graphs that TensorFlow wrote: the nodes in their bytes, and the same network of nodes made here.

Networks of known weights are handed on like this ("frozen" graphs, ``.pb``): constants, and what is computed of them
and of placeholders, also in loops and choices. What trains or reads files is not made.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1 import boxes, image, math, nn
from thalweg.compat.tf1 import foreign_control as control
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Node, Tensor, constant
from thalweg.compat.tf1.node_defs import (
    AttrValue,
    DataType,
    Dim,
    ListValue,
    Message,
    NameAttrList,
    NodeDef,
    Nodes,
    TensorProto,
    TensorShapeProto,
    array_of,
)
from thalweg.compat.tf1.types import as_dtype
from thalweg.errors import DataError
from thalweg.events import fields, varints

# --- messages -------------------------------------------------------------------------------------------------------

# The fields of each message: number, name, and what it holds; a list where it is repeated.
_HELD: dict[type[Message], dict[int, tuple[str, Any]]] = {
    Dim: {1: ("size", int), 2: ("name", str)},
    TensorShapeProto: {2: ("dim", [Dim]), 3: ("unknown_rank", bool)},
    TensorProto: {
        1: ("dtype", DataType), 2: ("tensor_shape", TensorShapeProto), 4: ("tensor_content", bytes),
        5: ("float_val", [float]), 6: ("double_val", ["double"]), 7: ("int_val", [int]), 8: ("string_val", [bytes]),
        10: ("int64_val", [int]), 11: ("bool_val", [bool]), 13: ("half_val", [int]), 16: ("uint32_val", [int]),
        17: ("uint64_val", [int]),
    },
    ListValue: {
        2: ("s", [bytes]), 3: ("i", [int]), 4: ("f", [float]), 5: ("b", [bool]), 6: ("type", [DataType]),
        7: ("shape", [TensorShapeProto]),
    },
    AttrValue: {
        1: ("list", ListValue), 2: ("s", bytes), 3: ("i", int), 4: ("f", float), 5: ("b", bool), 6: ("type", DataType),
        7: ("shape", TensorShapeProto), 8: ("tensor", TensorProto), 10: ("func", NameAttrList),
    },
    NameAttrList: {1: ("name", str)},
}  # fmt: skip


def nodes_of(serialized: bytes) -> Nodes:
    """The nodes in the bytes of a graph; DataError where these are none."""
    found = Nodes()
    found.functions = {}
    try:
        for number, held in fields(serialized):
            if number == 1:
                found.append(_node(held))
            elif number == 2:  # functions
                made = [_function(part) for kind, part in fields(held) if kind == 1]
                found.functions.update({function.name: function for function in made})
    except (IndexError, struct.error, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"tf.GraphDef: these bytes are no graph: {error}") from None
    return found


def _function(message: bytes) -> control.Function:
    name, nodes, results = "", [], {}
    arguments: list[str] = []
    order: list[str] = []
    for number, held in fields(message):
        if number == 1:
            for part, told in fields(held):
                if part == 1:
                    name = told.decode()
                elif part in (2, 3):
                    (arguments if part == 2 else order).append(dict(fields(told))[1].decode())
        elif number == 3:
            nodes.append(_node(held))
        elif number == 4:
            entry = dict(fields(held))
            results[entry[1].decode()] = entry[2].decode()
    return control.Function(name, arguments, [results[part] for part in order], nodes)


def _node(message: bytes) -> NodeDef:
    made = NodeDef()
    for number, held in fields(message):
        if number in (1, 2, 4):
            setattr(made, {1: "name", 2: "op", 4: "device"}[number], held.decode())
        elif number == 3:
            made.input.append(held.decode())
        elif number == 5:
            entry = dict(fields(held))
            made.attr[entry[1].decode()] = _message(AttrValue, entry.get(2, b""))
    return made


def _message(kind: type[Message], message: bytes) -> Any:
    made = kind()
    for number, held in fields(message):
        name, what = _HELD[kind].get(number, (None, None))
        if name is None:
            continue
        if isinstance(what, list):
            getattr(made, name).extend(_repeated(what[0], held))
        else:
            setattr(made, name, _single(what, held))
    if kind is TensorProto and made.HasField("half_val"):
        made.half_val = np.array(made.half_val, np.uint16).view(np.float16).tolist()
    return made


def _repeated(what: Any, held: Any) -> list[Any]:
    if what in (float, "double"):  # one, or several in a row
        return (
            np.frombuffer(held, "<f4" if what is float else "<f8").tolist()
            if isinstance(held, bytes)
            else [held]
        )
    if what in (int, bool, DataType) and isinstance(held, bytes):
        return [_single(what, number) for number in varints(held)]
    return [_single(what, held)]


def _single(what: Any, held: Any) -> Any:
    if what is int and held >= 2**63:
        return held - 2**64
    if what in _HELD:
        return _message(what, held)
    return held.decode() if what is str else what(held)


# --- nodes ----------------------------------------------------------------------------------------------------------


class _Node:
    """A node to make: its inputs, and its attributes as Python has them."""

    def __init__(self, told: NodeDef, inputs: Sequence[Any]) -> None:
        self.told, self.inputs = told, inputs

    def __getitem__(self, name: str) -> Any:
        return self.get(name, None)

    def get(self, name: str, default: Any) -> Any:
        """An attribute: a number, a text, a list, a type, a shape or an array."""
        if name not in self.told.attr:
            return default
        kind, value = next(iter(self.told.attr[name].ListFields()), ("", default))
        if kind == "list":
            return next((held for _, held in value.ListFields()), [])
        if kind == "shape":
            return None if value.unknown_rank else [None if d.size < 0 else d.size for d in value.dim]
        if kind == "tensor":
            return array_of(value)
        return {"s": lambda x: x.decode(), "type": as_dtype}.get(kind, lambda x: x)(value)

    def known(self, k: int) -> Any:
        """The value of an input that is a constant."""
        value = g.static_value(self.inputs[k])
        if value is None:
            raise NotImplementedError(
                f"tf.import_graph_def: {self.told.op} {self.told.name!r} is of an input {k} that is no constant"
            )
        return np.asarray(value)


_Made = Callable[[_Node], Any]


def _plain(function: Callable[..., Any]) -> _Made:
    return lambda n: function(*n.inputs)


def _convolution(n: _Node) -> Any:
    return nn.conv2d(
        n.inputs[0], n.inputs[1], n["strides"], n["padding"], data_format=n.get("data_format", "NHWC"),
        dilations=n.get("dilations", (1, 1, 1, 1)),
    )  # fmt: skip


def _depthwise(n: _Node) -> Any:
    order = n.get("data_format", "NHWC")
    rate = [d for d, axis in zip(n.get("dilations", [1] * 4), order, strict=True) if axis in "HW"]
    return nn.depthwise_conv2d(n.inputs[0], n.inputs[1], n["strides"], n["padding"], rate, data_format=order)


def _transposed(n: _Node) -> Any:
    return nn.conv2d_backprop_input(
        n.inputs[0],
        n.inputs[1],
        n.inputs[2],
        strides=n["strides"],
        padding=n["padding"],
        data_format=n.get("data_format", "NHWC"),
    )


def _pooling(function: Callable[..., Any]) -> _Made:
    return lambda n: function(
        n.inputs[0], n["ksize"], n["strides"], n["padding"], data_format=n.get("data_format", "NHWC")
    )


def _normalised(n: _Node) -> Any:
    training = bool(n.get("is_training", True))
    x, scale, offset, mean, variance = n.inputs
    mean, variance = (None, None) if training else (mean, variance)
    epsilon, order = n.get("epsilon", 1e-4), n.get("data_format", "NHWC")
    return nn.fused_batch_norm(x, scale, offset, mean, variance, epsilon, order, training)


def _reduction(function: Callable[..., Any]) -> _Made:
    return lambda n: function(
        n.inputs[0], [int(k) for k in n.known(1).reshape(-1)], n.get("keep_dims", False)
    )


def _resizing(function: Callable[..., Any]) -> _Made:
    return lambda n: function(
        n.inputs[0], n.inputs[1], n.get("align_corners", False),
        half_pixel_centers=n.get("half_pixel_centers", False),
    )  # fmt: skip


def _strided(n: _Node) -> Any:
    masks = (n.get(f"{what}_mask", 0) for what in ("begin", "end", "ellipsis", "new_axis", "shrink_axis"))
    x, begin, end, strides = n.inputs
    return math.strided_slice(x, begin, end, strides, *masks)


# Nodes whose inputs are the arguments of a function, in their order.
_OF_MATH = """
Add add, AddV2 add, Sub subtract, Mul multiply, Div div, RealDiv realdiv, FloorDiv floordiv, FloorMod mod,
Maximum maximum, Minimum minimum, Pow pow, SquaredDifference squared_difference, Exp exp, Log log, Neg negative,
Sqrt sqrt, Rsqrt rsqrt, Square square, Abs abs, Floor floor, Round round, Sigmoid sigmoid, Tanh tanh,
Identity identity, StopGradient stop_gradient, Reshape reshape, Shape shape, Slice slice, Fill fill, Range range,
Tile tile, Gather gather, Equal equal, NotEqual not_equal, Greater greater, GreaterEqual greater_equal, Less less,
LessEqual less_equal, LogicalAnd logical_and, LogicalOr logical_or, LogicalNot logical_not, Select where,
ZerosLike zeros_like, Where where, Size size, Rank rank, Sin sin, Cos cos, Log1p log1p, Expm1 expm1, Erf erf, Sign sign,
Ceil ceil, Inv reciprocal, Reciprocal reciprocal, LinSpace linspace, ClipByValue clip_by_value, OnesLike ones_like,
BroadcastTo broadcast_to, LogicalXor logical_xor, Rint rint, DivNoNan div_no_nan
""".split(",")
_OF_NETWORKS = """
Relu relu, Relu6 relu6, Elu elu, Selu selu, Softplus softplus, Softmax softmax, LogSoftmax log_softmax,
BiasAddV1 bias_add
""".split(",")

_MADE: dict[str, _Made] = {
    **control.ARRAYS,
    "Const": lambda n: constant(n["value"], n["dtype"]),
    "Placeholder": lambda n: math.placeholder(n["dtype"], n["shape"] or None),
    "PlaceholderWithDefault": lambda n: math.placeholder_with_default(n.inputs[0], n["shape"]),
    "Conv2D": _convolution,
    "DepthwiseConv2dNative": _depthwise,
    "Conv2DBackpropInput": _transposed,
    "MaxPool": _pooling(nn.max_pool),
    "AvgPool": _pooling(nn.avg_pool),
    "BiasAdd": lambda n: nn.bias_add(n.inputs[0], n.inputs[1], data_format=n.get("data_format", "NHWC")),
    "LRN": lambda n: nn.lrn(
        n.inputs[0], n.get("depth_radius", 5), n.get("bias", 1.0), n.get("alpha", 1.0), n.get("beta", 0.5)
    ),
    "BatchNormWithGlobalNormalization": lambda n: nn.batch_norm_with_global_normalization(
        *n.inputs[:5],
        n["variance_epsilon"],
        n["scale_after_normalization"],  # type: ignore[call-arg]
    ),
    **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"), _normalised),
    "LeakyRelu": lambda n: nn.leaky_relu(n.inputs[0], n.get("alpha", 0.2)),
    "CheckNumerics": lambda n: math.check_numerics(n.inputs[0], n["message"]),
    "MatMul": lambda n: math.matmul(
        n.inputs[0], n.inputs[1], n.get("transpose_a", False), n.get("transpose_b", False)
    ),
    **dict.fromkeys(
        ("BatchMatMul", "BatchMatMulV2"),
        lambda n: math.matmul(
            n.inputs[0], n.inputs[1], adjoint_a=n.get("adj_x", False), adjoint_b=n.get("adj_y", False)
        ),
    ),
    "AddN": lambda n: math.add_n(n.inputs),
    "Concat": lambda n: math.concat(n.inputs[1:], int(n.known(0))),
    "ConcatV2": lambda n: math.concat(n.inputs[:-1], int(n.known(len(n.inputs) - 1))),
    "Pack": lambda n: math.stack(n.inputs, n.get("axis", 0)),
    "Unpack": lambda n: math.unstack(n.inputs[0], n["num"], n.get("axis", 0)),
    "Split": lambda n: math.split(n.inputs[1], n["num_split"], int(n.known(0))),
    "SplitV": lambda n: math.split(n.inputs[0], n.known(1).tolist(), int(n.known(2))),
    "Squeeze": lambda n: math.squeeze(n.inputs[0], n.get("squeeze_dims", []) or None),
    "ExpandDims": lambda n: math.expand_dims(n.inputs[0], int(n.known(1))),
    "Transpose": lambda n: math.transpose(n.inputs[0], n.known(1).tolist()),
    "Pad": lambda n: math.pad(n.inputs[0], n.known(1)),
    "PadV2": lambda n: math.pad(n.inputs[0], n.known(1), constant_values=n.known(2).item()),
    "MirrorPad": lambda n: math.pad(n.inputs[0], n.known(1), n["mode"]),
    "StridedSlice": _strided,
    "Cast": lambda n: math.cast(n.inputs[0], n["DstT"]),
    **{
        name: _reduction(getattr(math, f"reduce_{name.lower()}"))
        for name in ("Mean", "Sum", "Max", "Min", "Prod", "All", "Any")
    },
    "ArgMax": lambda n: math.argmax(n.inputs[0], int(n.known(1))),
    "ArgMin": lambda n: math.argmin(n.inputs[0], int(n.known(1))),
    "GatherV2": lambda n: math.gather(
        n.inputs[0], n.inputs[1], axis=int(n.known(2)), batch_dims=n.get("batch_dims", 0)
    ),
    "TopKV2": lambda n: nn.top_k(n.inputs[0], n.inputs[1]),
    "OneHot": lambda n: math.one_hot(
        n.inputs[0], n.inputs[1], n.inputs[2], n.inputs[3], axis=n.get("axis", -1)
    ),
    "ResizeBilinear": _resizing(image.resize_bilinear),
    "ResizeNearestNeighbor": _resizing(image.resize_nearest_neighbor),
    "DecodeJpeg": lambda n: image.decode_jpeg(n.inputs[0], n.get("channels", 0)),
    "DecodePng": lambda n: image.decode_png(n.inputs[0], n.get("channels", 0)),
    "NonMaxSuppressionV2": lambda n: boxes.non_max_suppression(*n.inputs[:4]),
    "NonMaxSuppressionV3": lambda n: boxes.non_max_suppression(*n.inputs[:5]),
    "CropAndResize": lambda n: boxes.crop_and_resize(
        n.inputs[0],
        n.inputs[1],
        n.inputs[2],
        n.inputs[3],
        n.get("method", "bilinear"),
        n.get("extrapolation_value", 0.0),
    ),
    "Cumsum": lambda n: math.cumsum(
        n.inputs[0], int(n.known(1)), n.get("exclusive", False), n.get("reverse", False)
    ),
    "ReverseV2": lambda n: math.reverse(n.inputs[0], n.known(1).tolist()),
    "GatherNd": lambda n: math.gather_nd(n.inputs[0], n.inputs[1]),
    "ScatterNd": lambda n: math.scatter_nd(*n.inputs),
    "SelectV2": lambda n: math.where_v2(*n.inputs),
    **{kind: _plain(getattr(math, name)) for kind, name in map(str.split, _OF_MATH)},
    **{kind: _plain(getattr(nn, name)) for kind, name in map(str.split, _OF_NETWORKS)},
}


def build(nodes: Sequence[NodeDef], prefix: str, given: Mapping[str, Tensor]) -> None:
    """Make nodes in the default graph, each named with the ``prefix``, which is that of the open name scope.

    ``given``: tensors here in place of those of these names. Operations that are not known, and inputs that are not
    there, raise errors that name them.
    """
    graph = g.default_graph()
    functions: Mapping[str, Any] = getattr(nodes, "functions", {})
    told = {node.name: node for node in nodes}
    known = _MADE.keys() | control.KINDS
    everything = [*nodes, *(node for function in functions.values() for node in function.nodes)]
    unknown = sorted({node.op for node in everything if node.op not in known})
    if unknown:
        raise NotImplementedError(
            f"tf.import_graph_def: this graph has operations that are not made here: {', '.join(unknown)}; "
            "build that part of the network in Python"
        )
    instead = {name.removesuffix(":0"): tensor for name, tensor in given.items()}
    for name in instead:
        if name.partition(":")[0] not in told:
            raise ValueError(f"Attempted to map inputs that were not found in graph_def: [{name}:0]")
    for name in told:
        if prefix + name in graph.operations:
            raise ValueError(f"a graph is imported: there is a node named {prefix + name!r} already")
        graph.unique_name(name)

    def made(node: NodeDef, inputs: list[Any]) -> list[Any]:
        found = _MADE[node.op](_Node(node, inputs))
        return [x for x in (found if isinstance(found, (list, tuple)) else [found]) if control.is_result(x)]

    network = _Given(told, made, functions, instead, prefix)
    with graph.control_dependencies(None):
        for name in told:
            if not network.structure.is_inner(name):
                network.compute(name)


class _Given(control.Network):
    """The network with other tensors in the place of some; what it makes stands in the graph by its own name."""

    def __init__(
        self, told: Any, make: Any, functions: Any, instead: Mapping[str, Tensor], prefix: str
    ) -> None:
        super().__init__(told, make, functions)
        self.instead, self.prefix = instead, prefix
        self.graph = g.default_graph()

    def value(self, name: str) -> Any:
        return self.instead[name] if name in self.instead else super().value(name)

    def _now(self, node: NodeDef) -> list[Any]:
        count = len(self.graph.operations)
        found = super()._now(node)
        self._check(node, found)
        if found and all(isinstance(t, Node) for t in found):
            joins = node.op.endswith(("Exit", "Merge"))
            inputs = [] if joins else [self.value(name) for name in control.data(node)]
            return _named(self.graph, self.prefix + node.name, node, found, inputs, count)
        return found

    def _check(self, node: NodeDef, found: list[Any]) -> None:
        for at, t in enumerate(found):
            other = self.instead.get(f"{node.name}:{at}" if at else node.name, t)
            if other.dtype != t.dtype:
                raise ValueError(
                    f"Input {node.name}:{at} was passed {other.dtype.name}, incompatible with expected {t.dtype.name}"
                )


def _named(
    graph: g.Graph, name: str, node: NodeDef, outputs: list[Any], inputs: list[Any], count: int
) -> list[Any]:
    """What a node gives; it stands in the graph by its own name, as one operation."""
    if any(t is x for t in outputs for x in inputs):
        outputs = [math.identity(t) for t in outputs]
    for other in list(graph.operations)[count:]:
        del graph.operations[other]
    operation = outputs[0].op
    operation.name, operation.type, operation.inputs = name, node.op, list(inputs)
    operation.outputs = outputs
    for k, t in enumerate(outputs):
        t.op, t.index = operation, k
    graph.operations[name] = operation
    return outputs
