"""TensorFlow 1's odds and ends: strings, files read as nodes, test cases, and helpers under old module names."""

from __future__ import annotations

import unittest
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.compat.names import Namespace
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Effect, HostTensor, Operation, Tensor, current
from thalweg.compat.tf1.types import numpy_dtype


def _bytes_of(x: Any) -> bytes:
    x = x.item() if isinstance(x, np.ndarray) and x.ndim == 0 else x
    return x if isinstance(x, bytes) else str(x).encode()


def string_join(inputs: Sequence[Any], separator: str = "", name: str | None = None) -> HostTensor:
    """Strings one after the other."""
    nodes = [g.convert_to_tensor(x) for x in inputs]
    return g.host("StringJoin", name, nodes, lambda *parts: separator.encode().join(map(_bytes_of, parts)))


def as_string(input: Any, precision: int = -1, name: str | None = None, **options: Any) -> HostTensor:
    """A number as text."""

    def text(x: Any) -> Any:
        return f"{x:.{precision}f}".encode() if precision >= 0 else str(x).encode()

    return g.host("AsString", name, [g.convert_to_tensor(input)], text)


def read_file(filename: Any, name: str | None = None) -> HostTensor:
    """The bytes of a file."""
    node = g.convert_to_tensor(filename)
    return g.host("ReadFile", name, [node], lambda path: Path(_bytes_of(path).decode()).read_bytes())


def write_file(filename: Any, contents: Any, name: str | None = None) -> HostTensor:
    """Write bytes to a file."""
    nodes = [g.convert_to_tensor(filename), g.convert_to_tensor(contents)]
    return g.host(
        "WriteFile", name, nodes, lambda p, c: Path(_bytes_of(p).decode()).write_bytes(_bytes_of(c))
    )


class HostSource:
    """Values that Python makes of host nodes before the graph runs: ``fn`` gives a list of them."""

    def __init__(self, inputs: Sequence[Tensor], fn: Any) -> None:
        self.inputs, self.fn = list(inputs), fn

    def pull(self, session: Any, fed: Any) -> list[Any]:
        wanted = {k: v for k, v in fed.items() if isinstance(k, g.Tensor)}
        return list(self.fn(*session.run(self.inputs, wanted)))


def from_host(
    inputs: Sequence[Tensor], fn: Any, dtype: Any, shape: Any, name: str | None, kind: str
) -> Tensor:
    """A numeric node computed by Python from host nodes."""
    return all_from_host(inputs, lambda *args: [fn(*args)], [(dtype, shape)], name, kind)[0]


def all_from_host(
    inputs: Sequence[Tensor], fn: Any, specs: Sequence[tuple[Any, Any]], name: str | None, kind: str
) -> list[Tensor]:
    """Nodes (dtype, shape) for the values that Python makes of host nodes, all at once."""
    return g.source_nodes(HostSource(inputs, fn), specs, Operation(name, kind, inputs=inputs))


def decode_raw(bytes: Any, out_type: Any, little_endian: bool = True, name: str | None = None) -> Tensor:
    """The numbers in bytes."""
    dtype = numpy_dtype(out_type)
    node = g.convert_to_tensor(bytes)
    return from_host(
        [node], lambda raw: np.frombuffer(_bytes_of(raw), dtype), dtype, [None], name, "DecodeRaw"
    )


def string_to_number(string_tensor: Any, out_type: Any = "float32", name: str | None = None) -> Tensor:
    """Text as a number."""
    dtype, node = numpy_dtype(out_type), g.convert_to_tensor(string_tensor)

    def parse(text: Any) -> np.ndarray:
        return np.array([float(_bytes_of(t)) for t in np.atleast_1d(text)], dtype).reshape(np.shape(text))

    return from_host(
        [node], parse, dtype, (node.shape.dims and node.shape.as_list()) or [], name, "StringToNumber"
    )


def import_graph_def(graph_def: Any, *args: Any, **options: Any) -> Any:
    """Serialised graphs hold TensorFlow's own nodes: it says what to do instead."""
    raise NotImplementedError(
        "tf.import_graph_def: serialised graphs are not supported; build the graph in Python"
    )


# --- helpers under old module names ---------------------------------------------------------------------------------


def assign_moving_average(
    variable: Any, value: Any, decay: Any, zero_debias: bool = True, name: Any = None
) -> Tensor:
    """``variable -= (variable - value) * (1 - decay)``."""
    old: Any = current.build([variable.t], {})
    rest: Any = 1.0 - (g.value(decay, variable.dtype) if isinstance(decay, Tensor) else decay)  # type: ignore[operator]
    effect = Effect([(variable.t, old - (old - g.value(value, variable.dtype)) * rest)])
    return Tensor(
        g.after.build([variable.t], {"effects": (effect,)}), Operation(name, "AssignMovingAvg", effect)
    )


def _as_bytes(text: Any, encoding: str = "utf-8") -> bytes:
    return text if isinstance(text, bytes) else str(text).encode(encoding)


def _as_text(text: Any, encoding: str = "utf-8") -> str:
    return text.decode(encoding) if isinstance(text, bytes) else str(text)


compat = Namespace(
    "tf.python.util.compat", as_bytes=_as_bytes, as_str=_as_text, as_text=_as_text, as_str_any=_as_text
)
resources = Namespace(
    "tf.python.ops.resources",
    shared_resources=list,
    initialize_resources=lambda resource_list, name="init": Operation(name, "NoOp", Effect()),
)


class TestCase(unittest.TestCase):
    """``tf.test.TestCase``: unittest's, with sessions and comparisons of arrays."""

    def test_session(self, graph: Any = None, config: Any = None, **options: Any) -> Any:
        """A session."""
        from thalweg.compat.tf1.session import Session

        return Session(graph=graph)

    test_session.__test__ = False  # type: ignore[attr-defined]
    session = cached_session = test_session

    def assertAllEqual(self, a: Any, b: Any) -> None:
        np.testing.assert_array_equal(a, b)

    def assertAllClose(self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6) -> None:
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)

    def assertShapeEqual(self, np_array: Any, tensor: Any) -> None:
        self.assertEqual(np_array.shape, tuple(tensor.get_shape().as_list()))


TestCase.__test__ = False  # type: ignore[attr-defined]


def is_gpu_available(*args: Any, **options: Any) -> bool:
    """There is none."""
    return False


def gpu_device_name() -> str:
    """There is none."""
    return ""


testing = Namespace(
    "tf.test",
    TestCase=TestCase,
    main=unittest.main,
    is_gpu_available=is_gpu_available,
    gpu_device_name=gpu_device_name,
)
