"""Which dtypes a program of TensorFlow 2 may mix. The tables were printed by TensorFlow 2.21."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compat.conftest import Run
from thalweg.compat import tf2
from thalweg.graph.tensor import Tensor

tf: Any = tf2

PROGRAM = """
import operator
import numpy as np
import tensorflow as tf
KINDS = [
    tf.constant([1.5, 2.5]), tf.constant([1.5, 2.5], tf.float64), tf.constant([1, 2]),
    tf.constant([1, 2], tf.int64), 2, 2.5, [1, 2], [1.5, 2.5], np.array([1.5, 2.5]), np.array([1, 2]), np.float64(2.5),
]
OPS = {
    "+": operator.add, "/": operator.truediv, "//": operator.floordiv, "**": operator.pow, "<": operator.lt,
    "==": operator.eq, "multiply": tf.multiply, "maximum": tf.maximum, "equal": tf.equal, "divide": tf.divide,
    "squared_difference": tf.math.squared_difference, "where": lambda x, y: tf.where([True, False], x, y),
}
LETTERS = {"float32": "f", "float64": "d", "int32": "i", "int64": "l", "bool": "b"}

def outcome(op, x, y):
    if not tf.is_tensor(x) and not tf.is_tensor(y):
        return ""
    try:
        return LETTERS[op(x, y).dtype.name]
    except (TypeError, ValueError, tf.errors.InvalidArgumentError):
        return "-"

for name, op in OPS.items():
    print(name, " ".join("".join(outcome(op, x, y) for y in KINDS) for x in KINDS))
"""

TABLE = """\
+ f---fffffff -d--ddddddd --i-i-i-iii ---ll-l-lll fdil fd-- fdil fd-- fdil fdil fdil
/ f---fffffff -d--ddddddd --d-d-d-ddd ---dd-d-ddd fddd fd-- fddd fd-- fddd fddd fddd
// f---fffffff -d--ddddddd --i-i-i-iii ---ll-l-lll fdil fd-- fdil fd-- fdil fdil fdil
** f---fffffff -d--ddddddd --i-i-i-iii ---ll-l-lll fdil fd-- fdil fd-- fdil fdil fdil
< b---bbbbbbb -b--bbbbbbb --b-b-b-bbb ---bb-b-bbb bbbb bb-- bbbb bb-- bbbb bbbb bbbb
== b---bbbbbbb -b--bbbbbbb --b-b-b-bbb ---bb-b-bbb bbbb bb-- bbbb bb-- bbbb bbbb bbbb
multiply f---fffffff -d--ddddddd --i-i-i-iii ---ll-l-lll fdil fd-- fdil fd-- fdil fdil fdil
maximum f---fffffff -d--ddddddd --i-i-i-iii ---ll-l-lll fdil fd-- fdil fd-- fdil fdil fdil
equal b---bbbbbbb -b--bbbbbbb --b-b-b-bbb ---bb-b-bbb bbbb bb-- bbbb bb-- bbbb bbbb bbbb
divide f---fffffff -d--ddddddd --d-d-d-ddd ---dd-d-ddd fddd fd-- fddd fd-- fddd fddd fddd
squared_difference f---fffffff -d--ddddddd --i-i-i-iii ---ll-l-lll fdil fd-- fdil fd-- fdil fdil fdil
where f---fffffff -d--ddddddd --i-i-i-iii ---ll-l-lll fdil fd-- fdil fd-- fdil fdil fdil
"""


def test_only_numbers_and_arrays_take_another_dtype(thalweg_run: Run, tmp_path: Path) -> None:
    program = tmp_path / "mixed.py"
    program.write_text(PROGRAM)
    result = thalweg_run(program)
    assert result.returncode == 0, result.stderr
    assert result.stdout == TABLE


SHOWN = """
import numpy as np
import tensorflow as tf
print(tf.constant([1, 2]) * np.array([1.5, 2.5]), tf.constant([1.0, 2.0]) * np.array([1.5, 2.5]))
print((tf.Variable([1.0]) + np.array([1.5])).dtype.name, (1 - tf.Variable([1.0])).dtype.name)
print(np.array([1.5, 2.5]) * tf.constant([1, 2]), 3 / tf.constant([2, 4]), tf.constant([7], tf.uint8) / 2)
try:
    tf.constant(2.0) + tf.constant(40)
except tf.errors.InvalidArgumentError as error:
    print(error)
try:
    tf.constant(2) * 1.5
except TypeError as error:
    print(error)

@tf.function
def mixed(x, y):
    return x + y

try:
    mixed(tf.constant(2.0), tf.constant(1))
except TypeError:
    print("TypeError")
"""


def test_what_is_mixed_is_told(thalweg_run: Run, tmp_path: Path) -> None:
    program = tmp_path / "shown.py"
    program.write_text(SHOWN)
    result = thalweg_run(program)
    assert result.returncode == 0, result.stderr
    first, variables, second, third, fourth, last = result.stdout.splitlines()
    assert first == (
        "tf.Tensor([1 4], shape=(2,), dtype=int32) tf.Tensor([1.5 5. ], shape=(2,), dtype=float32)"
    )
    assert variables == "float32 float32"
    assert second == (
        "tf.Tensor([1 4], shape=(2,), dtype=int32) tf.Tensor([1.5  0.75], shape=(2,), dtype=float64) "
        "tf.Tensor([3.5], shape=(1,), dtype=float32)"
    )
    assert third.startswith(
        "cannot compute AddV2 as input #1(zero-based) was expected to be a float tensor but is a int32 tensor "
        "[Op:AddV2]"
    )
    assert third.endswith("hint: tensors are not converted by themselves: tf.cast(x, tf.float32)")
    assert fourth.startswith("Cannot convert 1.5 to EagerTensor of dtype int32") and last == "TypeError"


SHAPES = """
import tensorflow as tf

class Both(tf.keras.layers.Layer):
    def build(self, input_shape):
        print(input_shape[0].as_list(), input_shape[1][-1], [s.rank for s in input_shape], input_shape[0] == (None, 3))
        self.kernel = self.add_weight(shape=input_shape[0].as_list()[1:] + [2], name="kernel")

    def call(self, inputs):
        return tf.concat(tf.split(tf.matmul(inputs[0], self.kernel), 2), axis=-1)

    def compute_output_shape(self, input_shape):
        return tf.TensorShape(input_shape[0][:1].as_list() + [4])

class Wide(tf.keras.layers.Dense):
    def build(self, input_shape):
        super().build(input_shape)
        print(input_shape.as_list(), input_shape.ndims, isinstance(input_shape, tuple))

inputs = [tf.keras.Input((3,)), tf.keras.Input((5,))]
model = tf.keras.Model(inputs, Wide(7)(Both()(inputs)))
print(model.predict([tf.ones([4, 3]), tf.ones([4, 5])]).shape)
"""


def test_layers_are_built_for_shapes_with_words(thalweg_run: Run, tmp_path: Path) -> None:
    program = tmp_path / "shapes.py"
    program.write_text(SHAPES)
    result = thalweg_run(program)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == ["[None, 3] 5 [2, 2] True", "[None, 4] 2 True", "(2, 7)"]


@pytest.mark.parametrize(
    "call",
    [
        lambda x, y: tf.matmul([x], [y], transpose_b=True),
        lambda x, y: tf.tensordot(x, y, 1),
        lambda x, y: tf.einsum("i,i->", x, y),
        lambda x, y: tf.concat([x, y], 0),
        lambda x, y: tf.stack([x, y]),
        lambda x, y: tf.clip_by_value(x, 0.0, y),
        lambda x, y: tf.tensor_scatter_nd_update(x, [[0]], y[:1]),
        lambda x, y: tf.Variable(x).assign_add(y),
        lambda x, y: tf.nn.bias_add(x[None], y),
    ],
)
def test_functions_refuse_tensors_of_two_dtypes(call: Any) -> None:
    x = tf.constant([1.0, 2.0])
    assert isinstance(call(x, tf.constant([3.0, 4.0])), Tensor)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"expected to be a float tensor but is a double"
    ):
        call(x, tf.constant([3.0, 4.0], tf.float64))


def test_arrays_take_the_dtype_of_the_tensor_beside_them() -> None:
    rows = np.array([[1.0], [2.0]])
    assert tf.matmul(tf.constant([[1.0, 2.0]]), rows).dtype == "float32"
    assert tf.concat([[1, 2], tf.constant([3], tf.int64)], 0).dtype == "int64"
    assert tf.multiply(np.float64(2.0), tf.constant([1.0])).dtype == "float32"


@pytest.mark.parametrize(
    ("method", "first"),
    [
        ("bilinear", [0.0, 1.0]),
        ("nearest", [0.0, 1.0]),
        ("gaussian", [1.79, 2.79]),
        ("mitchellcubic", [0.88, 1.88]),
    ],
)
def test_pictures_of_the_size_already_are_resized_too(method: str, first: list[float]) -> None:
    picture = tf.cast(tf.reshape(tf.range(48), [4, 4, 3]), tf.uint8)
    found = tf.image.resize(picture, [4, 4], method=method)
    assert found.dtype == ("uint8" if method == "nearest" else "float32")
    np.testing.assert_allclose(found[0, 0, :2], first, atol=0.005)


@pytest.mark.parametrize(
    "value, dtype",
    [
        (2**40, "int64"), ([3, -(2**40)], "int64"), (2**31 - 1, "int32"), (-(2**31), "int32"), (2**31, "int64"),
        ([np.int64(1), 2], "int32"), ([np.int8(1)], "int32"), ([np.array([1, 2]), np.array([3, 4])], "int32"),
        ([np.array([2**40])], "int64"), (np.array([1, 2]), "int64"), (np.int64(3), "int64"), ([1, True], "int32"),
        ([np.float32(1), 2.0], "float32"), ([np.float32(1), np.float64(2)], "float32"),
        ([1.0, np.float64(2)], "float32"), ([np.float64(1), np.float32(2)], "float64"),
        ([np.float16(1), 2.0], "float16"), ([np.int64(3), 2.5], "float32"),
        ([np.array([1.5]), [2.0]], "float64"), ([np.array([1], "f"), [2.0]], "float32"), ([[]], "float32"),
    ],
)  # fmt: skip
def test_what_numbers_and_lists_of_them_become(value: Any, dtype: str) -> None:
    """As printed by TensorFlow 2.21."""
    made = tf.constant(value)
    assert made.dtype.name == dtype
    np.testing.assert_array_equal(made.numpy(), np.asarray(value).astype(dtype))


def test_large_numbers_keep_their_value_beside_tensors() -> None:
    assert (tf.constant([1], tf.int64) * 2**40).numpy().tolist() == [2**40]
    assert int(tf.reduce_sum([2**40, 1])) == 2**40 + 1
    assert tf.range(2**33, 2**33 + 2).numpy().tolist() == [2**33, 2**33 + 1]
