"""Tensors as messages: the bytes that TensorFlow 2.21 writes of the same ones."""

from __future__ import annotations

import numpy as np
import pytest

from thalweg import dtypes, events
from thalweg.compat import tf1, tf2
from thalweg.compat.tf1.errors import InvalidArgumentError
from thalweg.errors import DataError

WRITTEN = [
    (np.array([[1, 2], [3, 4]], np.float32), "08011208120208021202080222100000803f000000400000404000008040"),
    (np.array(3, np.int32), "08031200220403000000"),
    (np.array([1, 2, 3], np.int64), "08091204120208032218010000000000000002000000000000000300000000000000"),
    (np.array(b"hi", object), "0807120042026869"),
    (np.array([b"a", b"bc"], object), "080712041202080242016142026263"),
    (np.array([True, False]), "080a12041202080222020100"),
    (np.array([1.5, 2.0]), "08021204120208022210000000000000f83f0000000000000040"),
    (np.zeros((0, 3), np.float32), "08011206120012020803"),
    (np.array([1, 255], np.uint8), "0804120412020802220201ff"),
    (np.array([1.5, -2], np.float16), "08131204120208022204003e00c0"),
    (np.array([1 + 2j], np.complex64), "080812041202080122080000803f00000040"),
    (np.array([-3], np.int8), "08061204120208012201fd"),
    (np.array([7], np.uint16), "081112041202080122020700"),
    (np.array([1.5, 3.0]).astype(dtypes.as_dtype("bfloat16")), "080e1204120208022204c03f4040"),
]


@pytest.mark.parametrize(("array", "written"), WRITTEN, ids=lambda x: str(getattr(x, "dtype", "")))
def test_the_bytes_are_tensorflows(array: np.ndarray, written: str) -> None:
    assert events.tensor(array).hex() == written
    read = events.read_tensor(bytes.fromhex(written))
    assert read.dtype == array.dtype and read.shape == array.shape
    assert read.tolist() == array.tolist()


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("0801120412020803" + "2a040000803f", [1.0, 1.0, 1.0]),  # one number for all that are equal
        ("0803120412020802" + "3a020102", [1, 2]),
        ("080a120412020802" + "5a020100", [True, False]),
        ("0809120412020802" + "5005" + "5006", [5, 6]),
        ("0813120412020801" + "6a028078", [1.0]),
        ("0808120412020801" + "4a080000803f00000040", [1 + 2j]),
    ],
)
def test_numbers_may_stand_one_by_one(written: str, values: list[float]) -> None:
    assert events.read_tensor(bytes.fromhex(written)).tolist() == values


def test_what_is_no_tensor_is_refused() -> None:
    with pytest.raises(DataError, match=r"events\.tensor: no message holds 'datetime64"):
        events.tensor(np.array(["2020-01-01"], "datetime64[D]"))
    with pytest.raises(InvalidArgumentError, match="Could not parse `serialized` as TensorProto"):
        tf2.io.parse_tensor(b"\xff\xffrubbish", "int32")
    with pytest.raises(InvalidArgumentError, match=r"parsed tensor \(float32\) and dtype \(int32\)"):
        tf2.io.parse_tensor(tf2.io.serialize_tensor(tf2.constant(1.0)), "int32")


@pytest.mark.usefixtures("new_graph")
def test_tensors_as_bytes_in_a_graph() -> None:
    written = tf1.serialize_tensor(tf1.constant([[1.0, 2.0]]))
    total = tf1.reduce_sum(tf1.io.parse_tensor(written, tf1.float32) * 2.0)
    words = tf1.io.parse_tensor(tf1.io.serialize_tensor(tf1.constant(["a", "b"])), tf1.string)
    with tf1.Session() as session:
        assert session.run(written).hex() == "08011208120208011202080222080000803f00000040"
        assert session.run(total) == 6.0
        assert session.run(words).tolist() == [b"a", b"b"]
