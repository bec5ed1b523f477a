"""What a graph says of its nodes: TensorFlow's messages, with their fields and their text."""

from __future__ import annotations

import copy
import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np

from thalweg import events
from thalweg.compat.tf1.errors import InvalidArgumentError
from thalweg.compat.tf1.types import COMPLEX, NUMBERED, as_dtype
from thalweg.errors import DataError

_IN_TEXTS = {"float32": "FLOAT", "float64": "DOUBLE", "float16": "HALF"}
_SINGLE = {
    "float32": "float_val",
    "float64": "double_val",
    "float16": "half_val",
    "int64": "int64_val",
    "bool": "bool_val",
    "string": "string_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
}


class DataType(int):
    """The number of a type, which its text names."""

    def __str__(self) -> str:
        name = NUMBERED[self - 1]
        return "DT_" + _IN_TEXTS.get(name, name.upper())


def number_of(dtype: Any) -> DataType:
    """The number of a type in messages."""
    return DataType(as_dtype(dtype).as_datatype_enum)


class Message:
    """Fields by name; one that was not set has its default and is not written."""

    FIELDS: ClassVar[dict[str, Callable[[], Any]]] = {}

    def __init__(self, **fields: Any) -> None:
        for name, value in fields.items():
            setattr(self, name, value)

    def __getattr__(self, name: str) -> Any:
        make = type(self).FIELDS.get(name)
        if make is None:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")
        made = make()
        if isinstance(made, list):  # what is appended to it belongs to the message
            vars(self)[name] = made
        return made

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in type(self).FIELDS:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")
        vars(self)[name] = value

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    __hash__ = None  # type: ignore[assignment]

    def HasField(self, name: str) -> bool:
        """Whether a field was set."""
        return name in vars(self)

    def ListFields(self) -> list[tuple[str, Any]]:
        """The fields that were set."""
        return list(vars(self).items())

    def ClearField(self, name: str) -> None:
        """Give a field its default."""
        vars(self).pop(name, None)

    def CopyFrom(self, other: Message) -> None:
        """Become as another one."""
        vars(self).clear()
        self.MergeFrom(other)

    def MergeFrom(self, other: Message) -> None:
        """Take the fields that another one has."""
        vars(self).update(copy.deepcopy(vars(other)))

    def __str__(self) -> str:
        return "".join(line + "\n" for line in _lines(self))

    __repr__ = __str__


def _lines(message: Message) -> Iterator[str]:
    for name, value in vars(message).items():
        if isinstance(value, dict):
            for key, held in value.items():
                yield from _block(name, _Entry(key=key, value=held))
        else:
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, Message):
                    yield from _block(name, one)
                elif one != "" or isinstance(message, AttrValue):
                    yield f"{name}: {_word(one)}"


def _block(name: str, message: Message) -> Iterator[str]:
    yield f"{name} {{"
    yield from ("  " + line for line in _lines(message))
    yield "}"


def _word(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (str, bytes)):
        data = value.encode() if isinstance(value, str) else value
        return '"' + "".join(map(_character, data)) + '"'
    return str(value)


def _character(byte: int) -> str:
    known = {10: "\\n", 13: "\\r", 9: "\\t", 34: '\\"', 39: "\\'", 92: "\\\\"}
    return known.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}")


class _Entry(Message):
    FIELDS: ClassVar[dict[str, Callable[[], Any]]] = {"key": str, "value": Message}


class Dim(Message):
    """A length; -1 where it is not known."""

    FIELDS: ClassVar[dict[str, Callable[[], Any]]] = {"size": int, "name": str}


class TensorShapeProto(Message):
    """A shape."""

    FIELDS: ClassVar[dict[str, Callable[[], Any]]] = {"dim": list, "unknown_rank": bool}


class TensorProto(Message):
    """The value of a constant."""

    FIELDS: ClassVar[dict[str, Callable[[], Any]]] = {
        "dtype": int,
        "tensor_shape": TensorShapeProto,
        "tensor_content": bytes,
        "int_val": list,
        **dict.fromkeys(_SINGLE.values(), list),
    }


class ListValue(Message):
    """Several values of one kind."""

    FIELDS: ClassVar[dict[str, Callable[[], Any]]] = dict.fromkeys(
        ("s", "i", "f", "b", "type", "shape"), list
    )


class NameAttrList(Message):
    """A function by its name."""

    FIELDS: ClassVar[dict[str, Callable[[], Any]]] = {"name": str}


class AttrValue(Message):
    """What an attribute of a node is: one of its fields is set."""

    FIELDS: ClassVar[dict[str, Callable[[], Any]]] = {
        "s": bytes,
        "i": int,
        "f": float,
        "b": bool,
        "type": int,
        "shape": TensorShapeProto,
        "tensor": TensorProto,
        "list": ListValue,
        "func": NameAttrList,
    }


class NodeDef(Message):
    """A node: its name, the kind of its operation, the names of its inputs, its device and its attributes."""

    FIELDS: ClassVar[dict[str, Callable[[], Any]]] = dict.fromkeys(("name", "op", "device"), str)

    def __init__(self, name: str = "", op: str = "", input: Any = (), device: str = "") -> None:
        vars(self).update(
            {"name": name, "op": op, "input": list(input), "device": device, "attr": defaultdict(AttrValue)}
        )


class VersionDef(Message):
    """Which versions of TensorFlow read a graph."""

    FIELDS: ClassVar[dict[str, Callable[[], Any]]] = {"producer": int, "min_consumer": int}


class Nodes(list[NodeDef]):
    """Nodes in their order; ``functions`` are those beside them, by their names."""

    functions: Any = {}

    def add(self, **fields: Any) -> NodeDef:
        """A further one, empty unless given its fields."""
        self.append(NodeDef(**fields))
        return self[-1]


def shape_proto(lengths: Any) -> TensorShapeProto:
    """A shape (None: of unknown rank) as a message."""
    if lengths is None:
        return TensorShapeProto(unknown_rank=True)
    return TensorShapeProto(dim=[Dim(size=-1 if n is None else n) for n in lengths])


def tensor_proto(value: Any) -> TensorProto:
    """An array as a message."""
    array = np.asarray(value)
    kind = as_dtype(array.dtype).name
    made = TensorProto(dtype=number_of(kind), tensor_shape=shape_proto(array.shape))
    if kind == "string":
        texts = [x.encode() if isinstance(x, str) else bytes(x) for x in array.reshape(-1)]
        made.string_val = texts
    elif array.size == 1 and kind not in COMPLEX:
        setattr(made, _SINGLE.get(kind, "int_val"), array.reshape(-1).tolist())
    elif array.size:
        made.tensor_content = array.tobytes()
    return made


def array_of(tensor: TensorProto) -> np.ndarray:
    """The array of a message."""
    kind = as_dtype(int(tensor.dtype))
    shape = [d.size for d in tensor.tensor_shape.dim]
    if tensor.tensor_content:
        return np.frombuffer(tensor.tensor_content, kind.dtype).reshape(shape).copy()
    given = list(getattr(tensor, _SINGLE.get(kind.name, "int_val")))
    made = np.full(
        math.prod(shape), given[-1] if given else 0, kind.dtype
    )  # of equal numbers the first alone
    made[: len(given)] = given
    return made.reshape(shape)


def parsed_array(message: bytes, out_type: Any) -> np.ndarray:
    """The array in a tensor's bytes, which must be of the dtype."""
    try:
        array = events.read_tensor(message)
    except DataError as error:
        raise InvalidArgumentError(f"Could not parse `serialized` as TensorProto: {error}") from None
    kind, wanted = "string" if array.dtype == object else array.dtype.name, as_dtype(out_type).name
    if kind != wanted:
        raise InvalidArgumentError(f"Type mismatch between parsed tensor ({kind}) and dtype ({wanted})")
    return array


def node_def(op: Any) -> NodeDef:
    """What there is to say of an operation."""
    controls = ["^" + before.name for before in op.control_inputs]
    kind = "VariableV2" if op.type == "Variable" else op.type
    made = NodeDef(op.name, kind, [_input(x) for x in op.inputs] + controls)
    first = next((t for t in op.outputs if t.t is not None or t.static is not None), None)
    constant = None if first is None else _constant(first)
    if kind == "Const" and constant is not None:
        made.attr["value"].tensor = tensor_proto(constant)
    if kind in ("Placeholder", "VariableV2", "PlaceholderWithDefault") and first is not None:
        made.attr["shape"].shape = shape_proto(
            first.shape.as_list() if first.shape.dims is not None else None
        )
    if op.outputs:
        key = "dtype" if kind in ("Const", "Placeholder", "VariableV2", "PlaceholderWithDefault") else "T"
        made.attr[key].type = number_of((op.inputs[0] if key == "T" and op.inputs else op.outputs[0]).dtype)
    return made


def _input(tensor: Any) -> str:
    return tensor.name.removesuffix(":0")


def _constant(tensor: Any) -> Any:
    return tensor.static if tensor.t is None or tensor.static is not None else tensor.t.value


def attribute(op: Any, name: str) -> Any:
    """An attribute of an operation as Python has it: a type, a shape or a value."""
    attrs = node_def(op).attr
    if name not in attrs:
        raise ValueError(
            f"Operation {op.name!r} has no attr named {name!r}; it has {', '.join(attrs) or 'none'}"
        )
    ((kind, value),) = attrs[name].ListFields()
    return as_dtype(int(value)) if kind == "type" else value
