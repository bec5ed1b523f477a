"""TensorFlow 1's odds and ends: strings, files read as nodes, test cases, and helpers under old module names."""

from __future__ import annotations

import base64
import random
import re
import sys
import tempfile
import unittest
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from thalweg import events
from thalweg.compat import kinds
from thalweg.compat.names import Namespace, inner
from thalweg.compat.testing import ArrayTestCase
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.app import flags
from thalweg.compat.tf1.graph import Effect, HostTensor, Node, Operation, Tensor, current
from thalweg.compat.tf1.node_defs import parsed_array
from thalweg.compat.tf1.types import as_dtype, numpy_dtype
from thalweg.layers.hashes import farm_hash, murmur_hash, sip_hash


def _bytes_of(x: Any) -> bytes:
    x = x.item() if isinstance(x, np.ndarray) and x.ndim == 0 else x
    return x if isinstance(x, bytes) else str(x).encode()


def _all(texts: Any) -> np.ndarray:
    """The texts in a row: as objects, for NumPy's own kind of bytes loses zeros at the end."""
    return np.asarray(texts, object).ravel()


def string_join(inputs: Sequence[Any], separator: str = "", name: str | None = None) -> HostTensor:
    """Strings one after the other, element by element; a single one is joined to each."""
    nodes = [g.convert_to_tensor(x) for x in inputs]
    shape = next((n.shape for n in nodes if n.shape.ndims != 0), g.TensorShape(()))

    def join(*parts: Any) -> Any:
        rows = np.broadcast(*(np.asarray(p, object) for p in parts))
        made = np.empty(rows.size, object)
        made[:] = [separator.encode().join(map(_bytes_of, row)) for row in rows]
        return made.reshape(rows.shape)[()]

    return g.host("StringJoin", name, nodes, join, shape.as_list() if shape.dims is not None else None)


def as_string(
    input: Any,
    precision: int = -1,
    scientific: bool = False,
    shortest: bool = False,
    width: int = -1,
    fill: str = "",
    name: str | None = None,
) -> HostTensor:
    """Each number as text: floats as C's ``%f`` (``%e`` if ``scientific``, ``%g`` if ``shortest``) writes them."""
    node = g.convert_to_tensor(input)
    kind = "e" if scientific else "g" if shortest else "f"
    digits = f".{precision}" if precision >= 0 else ""
    room = "" if width < 0 else f"{fill.replace(' ', '')}{width}"

    def text(x: Any) -> bytes:
        if isinstance(x, (bool, np.bool_)):
            return b"true" if x else b"false"
        form = f">{room}{digits}{kind}" if isinstance(x, (float, np.floating)) else f">{room}d"
        return format(x, form if not fill.strip() else form[1:]).encode()

    def run(numbers: Any) -> Any:
        array = np.asarray(numbers)
        made = np.empty(array.size, object)
        made[:] = [text(x) for x in array.ravel()]
        return made.reshape(array.shape)[()]

    known = node.get_shape()
    return g.host("AsString", name, [node], run, known.as_list() if known.dims is not None else None)


def _each(kind: str, change: Any) -> Any:
    """A function of each text."""

    def apply(input: Any, *args: Any, name: str | None = None, **options: Any) -> HostTensor:
        node = g.convert_to_tensor(input)

        def run(texts: Any) -> Any:
            made = [change(_bytes_of(t).decode("utf-8", "replace"), *args, **options) for t in _all(texts)]
            out = np.array([m.encode() if isinstance(m, str) else m for m in made], object)
            return out.reshape(np.shape(texts))[()]

        known = node.get_shape()
        return g.host(kind, name, [node], run, known.as_list() if known.dims is not None else None)

    apply.__doc__ = f"{kind} of each text."
    return apply


def _replaced(text: str, pattern: str, rewrite: str, replace_global: bool = True) -> str:
    return re.sub(pattern, rewrite, text, count=0 if replace_global else 1)


regex_replace = _each("RegexReplace", _replaced)
string_strip = _each("StringStrip", str.strip)
string_lower = _each("StringLower", str.lower)
string_upper = _each("StringUpper", str.upper)
encode_base64 = _each("EncodeBase64", lambda text, pad=False: _base64(text, pad))
decode_base64 = _each("DecodeBase64", lambda text: base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def _base64(text: str, pad: bool) -> bytes:
    made = base64.urlsafe_b64encode(text.encode())
    return made if pad else made.rstrip(b"=")


def _in_units(text: Any, unit: str) -> Any:
    """The text as a row of bytes, or of characters."""
    if unit not in ("BYTE", "UTF8_CHAR"):
        raise ValueError(f"unit: expected 'BYTE' or 'UTF8_CHAR', received {unit!r}")
    return _bytes_of(text) if unit == "BYTE" else _bytes_of(text).decode("utf-8", "replace")


def substr(input: Any, pos: Any, len: Any, name: str | None = None, unit: str = "BYTE") -> HostTensor:
    """``len`` bytes (or characters) of each text from ``pos`` on; a negative one counts from the end."""
    nodes = [g.convert_to_tensor(x) for x in (input, pos, len)]

    def part(text: Any, first: Any, count: Any) -> bytes:
        row = _in_units(text, unit)
        begin = int(first) + (row.__len__() if first < 0 else 0)
        return kinds.as_bytes(row[begin : begin + int(count)])

    def run(texts: Any, firsts: Any, counts: Any) -> Any:
        rows = np.broadcast(np.asarray(texts, object), firsts, counts)
        made = np.empty(rows.size, object)
        made[:] = [part(*row) for row in rows]
        return made.reshape(rows.shape)[()]

    known = nodes[0].get_shape()
    return g.host("Substr", name, nodes, run, known.as_list() if known.dims is not None else None)


def string_length(input: Any, name: str | None = None, unit: str = "BYTE") -> Tensor:
    """The number of bytes (or characters) of each text."""
    return _counted([input], lambda t: len(_in_units(t, unit)), "int32", name, "StringLength")


def regex_full_match(input: Any, pattern: str, name: str | None = None) -> Tensor:
    """Whether the whole of each text matches."""
    fits = re.compile(pattern).fullmatch
    return _counted(
        [input], lambda t: fits(_bytes_of(t).decode()) is not None, "bool", name, "RegexFullMatch"
    )


def string_to_hash_bucket_fast(input: Any, num_buckets: int, name: str | None = None) -> Tensor:
    """The FarmHash of each text modulo ``num_buckets``."""
    return _bucket(farm_hash, input, num_buckets, name, "StringToHashBucketFast")


def string_to_hash_bucket(
    string_tensor: Any = None, num_buckets: Any = None, name: str | None = None, input: Any = None
) -> Tensor:
    """The MurmurHash of each text modulo ``num_buckets``."""
    texts = string_tensor if input is None else input
    return _bucket(murmur_hash, texts, num_buckets, name, "StringToHashBucket")


def string_to_hash_bucket_strong(
    input: Any, num_buckets: int, key: Sequence[int], name: str | None = None
) -> Tensor:
    """The SipHash of each text under a key of two numbers, modulo ``num_buckets``."""
    first, second = (int(k) for k in key)
    return _bucket(
        lambda text: sip_hash(text, (first, second)), input, num_buckets, name, "StringToHashBucketStrong"
    )


def _bucket(hashed: Callable[[bytes], int], texts: Any, buckets: int, name: str | None, kind: str) -> Tensor:
    return _counted([texts], lambda text: hashed(_bytes_of(text)) % buckets, "int64", name, kind)


def _counted(inputs: Sequence[Any], number: Any, dtype: str, name: str | None, kind: str) -> Tensor:
    node = g.convert_to_tensor(inputs[0])
    known = node.get_shape()

    def run(texts: Any) -> np.ndarray:
        return np.array([number(t) for t in _all(texts)], dtype).reshape(np.shape(texts))[()]

    return from_host([node], run, dtype, known.as_list() if known.dims is not None else None, name, kind)


def string_split(
    source: Any, delimiter: str = " ", skip_empty: bool = True, sep: Any = None, name: str | None = None
) -> Any:
    """The parts of each of a row of texts, as a sparse tensor [texts, parts].

    Each character of ``delimiter`` separates; none at all separates the characters.
    """
    marks = delimiter if sep is None else sep

    def parts(text: str) -> list[str]:
        found = re.split(f"[{re.escape(marks)}]", text) if marks else list(text)
        return [part for part in found if part or not skip_empty]

    return _as_sparse(source, parts, name)


def strings_split(
    input: Any = None,
    sep: str | None = None,
    maxsplit: int = -1,
    result_type: str = "SparseTensor",
    source: Any = None,
    name: str | None = None,
) -> Any:
    """The parts of each of a row of texts between ``sep``, or between white space, as a sparse tensor."""
    if result_type != "SparseTensor":
        raise NotImplementedError(
            f"tf.strings.split: result_type {result_type!r}; a SparseTensor is made here"
        )
    return _as_sparse(
        source if input is None else input, lambda text: text.split(sep or None, maxsplit), name
    )


def _as_sparse(source: Any, parts: Callable[[str], list[str]], name: str | None) -> Any:
    from thalweg.compat.tf1.sparse import SparseTensor

    def run(texts: Any) -> list[np.ndarray]:
        rows = [parts(_bytes_of(t).decode()) for t in _all(texts)]
        places = [(i, k) for i, row in enumerate(rows) for k in range(len(row))]
        values = np.array([part.encode() for row in rows for part in row], object)
        shape = np.array([len(rows), max(map(len, rows), default=0)], np.int64)
        return [np.array(places, np.int64).reshape(-1, 2), values, shape]

    specs = [("int64", [None, 2]), ("string", [None]), ("int64", [2])]
    return SparseTensor(*all_from_host([g.convert_to_tensor(source)], run, specs, name, "StringSplit"))


def reduce_join(
    inputs: Any,
    axis: Any = None,
    keep_dims: Any = None,
    separator: str = "",
    name: str | None = None,
    reduction_indices: Any = None,
    keepdims: Any = None,
) -> HostTensor:
    """All texts, or those along an axis, as one."""
    axis = reduction_indices if axis is None else axis
    if isinstance(axis, (list, tuple)) and len(axis) == 1:
        (axis,) = axis
    kept = bool(keepdims or keep_dims)

    def run(texts: Any) -> Any:
        joined = separator.encode()
        array = np.asarray(texts, object)
        if axis is None:
            made = joined.join(_bytes_of(t) for t in array.ravel())
            return np.full([1] * array.ndim, made, object) if kept else made
        rows = np.moveaxis(array, axis, -1)
        words = np.empty(rows.shape[:-1], object)
        for place in np.ndindex(words.shape):
            words[place] = joined.join(map(_bytes_of, rows[place]))
        return np.expand_dims(words, axis) if kept else words

    return g.host("ReduceJoin", name, [g.convert_to_tensor(inputs)], run)


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


@inner
class HostSource:
    """Values that Python makes of host nodes before the graph runs: ``fn`` gives a list of them."""

    def __init__(self, inputs: Sequence[Tensor], fn: Any) -> None:
        self.inputs, self.fn = list(inputs), fn

    def pull(self, session: Any, fed: Any) -> list[Any]:
        wanted = {k: v for k, v in fed.items() if isinstance(k, g.Node)}
        inputs = [session.graph.twins.get(id(x), x) for x in self.inputs]
        return list(self.fn(*session.run(inputs, wanted)))


@inner
def from_host(
    inputs: Sequence[Tensor], fn: Any, dtype: Any, shape: Any, name: str | None, kind: str
) -> Tensor:
    """A numeric node computed by Python from host nodes."""
    return all_from_host(inputs, lambda *args: [fn(*args)], [(dtype, shape)], name, kind)[0]


@inner
def all_from_host(
    inputs: Sequence[Tensor], fn: Any, specs: Sequence[tuple[Any, Any]], name: str | None, kind: str
) -> list[Tensor]:
    """Nodes (dtype, shape) for the values that Python makes of host nodes, all at once."""
    return g.source_nodes(HostSource(inputs, fn), specs, Operation(name, kind, inputs=inputs))


def decode_raw(bytes: Any, out_type: Any, little_endian: bool = True, name: str | None = None) -> Tensor:
    """The numbers in each text of bytes, along a last axis of their own."""
    dtype = numpy_dtype(out_type)
    stored = dtype.newbyteorder("<" if little_endian else ">")
    node = g.convert_to_tensor(bytes)
    known = node.get_shape()

    def decode(texts: Any) -> np.ndarray:
        rows = [np.frombuffer(_bytes_of(t), stored).astype(dtype) for t in _all(texts)]
        return np.array(rows, dtype).reshape([*np.shape(texts), len(rows[0]) if rows else 0])

    shape = [*known.as_list(), None] if known.dims is not None else None
    return from_host([node], decode, dtype, shape, name, "DecodeRaw")


def serialize_tensor(tensor: Any, name: str | None = None) -> Tensor:
    """A tensor as the bytes of TensorFlow's message (TensorProto), a text."""
    node = g.convert_to_tensor(tensor)
    operation = Operation(name, "SerializeTensor", inputs=[node])
    return g.HostTensor(operation, [node], lambda array: events.tensor(np.asarray(array)), [])


def parse_tensor(serialized: Any, out_type: Any, name: str | None = None) -> Tensor:
    """The tensor in such bytes; InvalidArgumentError where they are none, or hold another dtype."""
    node = g.convert_to_tensor(serialized)
    if as_dtype(out_type).name == "string":
        operation = Operation(name, "ParseTensor", inputs=[node])
        return g.HostTensor(operation, [node], lambda text: parsed_array(_bytes_of(text), "string"), None)
    read = lambda text: parsed_array(_bytes_of(text), out_type)
    return from_host([node], read, numpy_dtype(out_type), None, name, "ParseTensor")


def string_to_number(string_tensor: Any, out_type: Any = "float32", name: str | None = None) -> Tensor:
    """Text as a number."""
    dtype = numpy_dtype(out_type)
    read = int if dtype.kind == "i" else float
    return _counted([string_tensor], lambda t: read(_bytes_of(t)), dtype.name, name, "StringToNumber")


# --- helpers under old module names ---------------------------------------------------------------------------------


def assign_moving_average(
    variable: Any, value: Any, decay: Any, zero_debias: bool = True, name: Any = None
) -> Tensor:
    """``variable -= (variable - value) * (1 - decay)``.

    With ``zero_debias`` the average is kept in a variable ``biased`` that starts at 0, and the variable gets it
    divided by 1 - decay**steps: as if it had begun with the first value (Kingma and Ba, 2014, section 3).
    """
    new: Any = g.value(value, variable.dtype)
    rate: Any = g.value(decay, variable.dtype) if isinstance(decay, Node) else decay
    if zero_debias:
        effect = Effect(debiased(variable, new, rate))
    else:
        old: Any = current.build([variable.t], {})
        effect = Effect([(variable.t, old - (old - new) * (1.0 - rate))])
    return Tensor(
        g.after.build([variable.t], {"effects": (effect,)}), Operation(name, "AssignMovingAvg", effect)
    )


@inner
def debiased(variable: Any, new: Any, decay: Any) -> list[Any]:
    """The updates of a moving average that is freed from its start at 0, and of what it is kept in."""
    from thalweg.compat.tf1 import initializers, variables

    def kept(name: str, shape: Any) -> Any:
        zeros = initializers.zeros_initializer()
        return variables.get_variable(name, shape, variable.dtype, zeros, trainable=False).t

    with variables.variable_scope(variable.op.name, reuse=variables.AUTO_REUSE):
        average, count = kept("biased", variable.get_shape()), kept("local_step", [])
    old: Any = current.build([average], {})
    steps: Any = current.build([count], {}) + 1.0
    moved = old - (old - new) * (1.0 - decay)
    return [(average, moved), (count, steps), (variable.t, moved / (1.0 - decay**steps))]


compat = Namespace("tf.python.util.compat", **kinds.NAMES)
resources = Namespace(
    "tf.python.ops.resources",
    shared_resources=list,
    initialize_resources=lambda resource_list, name="init": Operation(name, "NoOp", Effect()),
)


_SEED = 87654321


class TestCase(ArrayTestCase):
    """``tf.test.TestCase``: unittest's, with sessions and comparisons of arrays."""

    _held: Any = None  # the session that one test shares

    def setUp(self) -> None:
        """Each test begins with an empty graph and the same random numbers."""
        from thalweg.compat.tf1.random import set_random_seed

        super().setUp()
        self._held = None
        g.reset_default_graph()
        set_random_seed(_SEED)
        random.seed(_SEED)
        np.random.seed(_SEED)  # noqa: NPY002

    def session(
        self, graph: Any = None, config: Any = None, use_gpu: bool = True, force_gpu: bool = False
    ) -> Any:
        """A session of its own."""
        from thalweg.compat.tf1.session import Session

        return Session(graph=graph)

    @contextmanager
    def cached_session(
        self, graph: Any = None, config: Any = None, use_gpu: bool = True, force_gpu: bool = False
    ) -> Iterator[Any]:
        """The session of this test: what it knows of the variables stays until the test ends."""
        if self._held is None or (graph is not None and graph is not self._held.graph):
            self._held = self.session(graph)
        with self._held.graph.as_default(), self._held.as_default():
            yield self._held

    def test_session(self, graph: Any = None, config: Any = None, **options: Any) -> Any:
        """:meth:`cached_session`; for a graph that is given, :meth:`session`. unittest takes the name for a test's."""
        if self._testMethodName == "test_session":
            self.skipTest("Not a test.")
        held = self.cached_session if graph is None else self.session
        return held(graph, config, **options)

    test_session.__test__ = False  # type: ignore[attr-defined]

    def evaluate(self, tensors: Any) -> Any:
        """The values in the default session, else in one of the test's."""
        from thalweg.compat.tf1.session import get_default_session

        session = get_default_session()
        if session is not None:
            return session.run(tensors)
        with self.test_session() as session:
            return session.run(tensors)

    def array_of(self, x: Any) -> Any:
        """The value of a node, or a nested list, as an array."""
        return np.asarray(self.evaluate(x) if isinstance(x, g.Node) else x)


def is_gpu_available(cuda_only: bool = False, min_cuda_compute_capability: Any = None) -> bool:
    """There is none."""
    return False


def gpu_device_name() -> str:
    """There is none."""
    return ""


def _gradient_error(
    x: Any, x_shape: Any, y: Any, y_shape: Any, x_init_value: Any = None, delta: float = 1e-3
) -> float:
    """The largest difference between the derivative of a node and differences of its values."""
    from thalweg.compat.tf1 import math

    session = g.session_for(None)
    start = np.asarray(session.run(x) if x_init_value is None else x_init_value, np.float64)
    cotangent = g.constant(np.ones(y_shape, np.float32))
    slope = session.run(math.gradients(math.reduce_sum(y * cotangent), x)[0], {x: start})
    numeric = np.zeros(start.shape)
    for place in np.ndindex(*start.shape):
        step = np.zeros(start.shape)
        step[place] = delta
        high, low = (np.sum(session.run(y, {x: start + sign * step})) for sign in (1, -1))
        numeric[place] = (high - low) / (2 * delta)
    return float(np.max(np.abs(slope - numeric)))


def _main(argv: Any = None) -> None:
    """Read the flags and run the tests of the program."""
    given = list(sys.argv if argv is None else argv)
    unittest.main(argv=[given[0], *flags.FLAGS._parse(given[1:])])


testing = Namespace(
    "tf.test",
    compute_gradient_error=_gradient_error,
    get_temp_dir=tempfile.mkdtemp,
    is_built_with_cuda=lambda: False,
    TestCase=TestCase,
    main=_main,
    is_gpu_available=is_gpu_available,
    gpu_device_name=gpu_device_name,
)
