"""Tensors: constants, conversions, what symbolic tensors refuse, operators and methods."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from thalweg.errors import ArgumentError, ArgumentTypeError, DTypeError, ShapeError, SymbolicError
from thalweg.graph.tensor import Tensor, Variable, constant, placeholder
from thalweg.ops import elementwise

# --- constants ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (1, "int64"),
        (1.5, "float32"),
        (True, "bool"),
        ([1.0, 2], "float32"),
        ([], "float32"),
        ([[1], [2]], "int64"),
        (np.float64(1.5), "float64"),
        ([np.float64(1.5)], "float64"),
        (np.arange(3, dtype="uint8"), "uint8"),
        (range(3), "int64"),
    ],
)
def test_constant_dtypes(value: Any, dtype: str) -> None:
    assert constant(value).dtype.name == dtype


def test_constant_copies_and_is_read_only() -> None:
    source = np.zeros(3)
    t = constant(source)
    source[0] = 1
    assert t.tolist() == [0.0, 0.0, 0.0]
    with pytest.raises(ValueError, match="read-only"):
        t.array()[0] = 1


def test_constant_shape_and_dtype() -> None:
    assert constant(3, shape=[2, 2], dtype="float32").tolist() == [[3.0, 3.0], [3.0, 3.0]]
    assert constant([1, 2, 3, 4], shape=(2, 2)).tolist() == [[1, 2], [3, 4]]
    assert constant(constant(1.7), "int32").item() == 1


def test_constant_of_tensors() -> None:
    assert constant([constant(1.0), constant(2.0)]).tolist() == [1.0, 2.0]


@pytest.mark.parametrize("value", [[[1], [2, 3]], "text", [object()], 1 + 2j])
def test_what_is_no_array(value: Any) -> None:
    with pytest.raises((ShapeError, DTypeError)):
        constant(value)


@pytest.mark.parametrize("dtype", ["complex64", "object", "float80", "text", 7])
def test_unsupported_dtypes_are_listed(dtype: Any) -> None:
    with pytest.raises(DTypeError, match=r"not supported.*float32"):
        placeholder(dtype)


# --- conversions ----------------------------------------------------------------------------------------------------


def test_numpy_is_a_copy_and_asarray_is_not() -> None:
    t = constant([1.0, 2.0])
    copy = t.numpy()
    copy[0] = 9
    assert t.tolist() == [1.0, 2.0]
    assert np.asarray(t) is t.array()
    assert np.asarray(t, dtype="float64").dtype == np.float64
    assert np.array(t).flags.writeable
    with pytest.raises(ValueError, match="copy"):
        np.array(t, dtype="float64", copy=False)


def test_dlpack() -> None:
    t = constant([[1.0, 2.0]])
    assert np.from_dlpack(t).tolist() == [[1.0, 2.0]]
    assert t.__dlpack_device__() == (1, 0)


def test_python_numbers() -> None:
    t = constant([[2.0]])
    assert (float(t), int(t), bool(t), t.item(), complex(t)) == (2.0, 2, True, 2.0, 2 + 0j)
    assert [10, 20, 30][constant(1)] == 20
    assert math.sqrt(constant(4.0)) == 2.0
    with pytest.raises(DTypeError, match="must be an integer"):
        [1, 2][constant(1.0)]
    with pytest.raises(ShapeError):
        float(constant([1.0, 2.0]))


def test_len_and_iteration() -> None:
    t = constant([[1, 2], [3, 4], [5, 6]])
    assert len(t) == 3
    assert [row.tolist() for row in t] == [[1, 2], [3, 4], [5, 6]]
    with pytest.raises(ArgumentTypeError, match="no axes"):
        len(constant(1.0))
    with pytest.raises(ArgumentTypeError, match="no axes"):
        iter(constant(1.0))


def test_numpy_arrays_on_the_left_give_tensors() -> None:
    z = np.array([1.0, 2.0]) * constant([3.0, 4.0])
    assert isinstance(z, Tensor)
    assert (z.dtype.name, z.tolist()) == ("float64", [3.0, 8.0])


def test_namespace() -> None:
    import thalweg

    assert constant(1.0).__array_namespace__() is thalweg


# --- symbolic tensors -----------------------------------------------------------------------------------------------

USES: dict[str, Any] = {
    "bool": bool,
    "float": float,
    "int": int,
    "item": lambda t: t.item(),
    "numpy": lambda t: t.numpy(),
    "asarray": np.asarray,
    "tolist": lambda t: t.tolist(),
    "if": lambda t: 1 if t else 2,
}


@pytest.mark.parametrize("name", USES)
def test_symbolic_use_says_what_it_depends_on(name: str) -> None:
    x = placeholder("float32", [], name="images")
    with pytest.raises(SymbolicError, match=r"is symbolic.*placeholder 'images'.*test_tensor\.py.*hint"):
        USES[name](x * 2)


def test_symbolic_length_and_iteration() -> None:
    x = placeholder("float32", [None, 3], name="x")
    with pytest.raises(SymbolicError, match="placeholder 'x'"):
        len(x)
    with pytest.raises(SymbolicError, match="placeholder 'x'"):
        list(x)
    assert len(placeholder("float32", [4, 3])) == 4


def test_unknown_rank() -> None:
    x = placeholder("float32", name="x")
    assert x.shape is None and x.size is None
    assert (x + 1).shape is None
    with pytest.raises(ShapeError, match="unknown rank"):
        x.ndim


def test_shapes_and_sizes() -> None:
    x = placeholder("float32", [None, 3])
    assert (x.shape, x.ndim, x.size, x.is_symbolic, x.device) == ((None, 3), 2, None, True, "cpu")
    assert constant(np.zeros((2, 3))).size == 6
    assert (x + placeholder("float32", [5, 1])).shape == (5, 3)
    assert placeholder("float32", [-1, 2]).shape == (None, 2)
    with pytest.raises(ShapeError, match="negative"):
        placeholder("float32", [-2])


def test_repr() -> None:
    assert repr(constant([1.0, 2.0])) == "<Tensor shape=(2,) dtype=float32 numpy=[1., 2.]>"
    assert repr(constant(3)) == "<Tensor shape=() dtype=int64 numpy=3>"
    assert repr(Variable(1.0, name="w")) == "<Variable 'w' shape=() dtype=float32 numpy=1.0>"
    text = repr(placeholder("int32", [None, 2], name="x") + 1)
    assert (
        text.startswith("<symbolic Tensor op=add shape=(None, 2) dtype=int32 at ")
        and "test_tensor.py" in text
    )
    assert "shape=?" in repr(placeholder("float32"))


# --- operators and methods ------------------------------------------------------------------------------------------

FORWARD = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "//": lambda x, y: x // y,
    "%": lambda x, y: x % y,
    "**": lambda x, y: x**y,
    "divmod": lambda x, y: divmod(x, y)[1],
    "<": lambda x, y: x < y,
    "<=": lambda x, y: x <= y,
    ">": lambda x, y: x > y,
    ">=": lambda x, y: x >= y,
    "==": lambda x, y: x == y,
    "!=": lambda x, y: x != y,
    "&": lambda x, y: x & y,
    "|": lambda x, y: x | y,
    "^": lambda x, y: x ^ y,
    "<<": lambda x, y: x << y,
    ">>": lambda x, y: x >> y,
}


@pytest.mark.parametrize("sign", FORWARD)
def test_operators_forward_and_reflected(sign: str) -> None:
    op, a, b = FORWARD[sign], np.array([1, 5, 2]), np.array([3, 2, 2])
    wanted = op(a, b)
    for x, y in ((constant(a), constant(b)), (constant(a), b), (a, constant(b)), (constant(a), b.tolist())):
        np.testing.assert_allclose(op(x, y).array(), wanted, rtol=1e-6)
    assert np.allclose(op(constant(a), 2).array(), op(a, 2))
    assert np.allclose(op(2, constant(b)).array(), op(2, b))


def test_unary_operators() -> None:
    x = constant([-1.5, 2.5])
    assert (-x).tolist() == [1.5, -2.5]
    assert (+x).tolist() == [-1.5, 2.5]
    assert abs(x).tolist() == [1.5, 2.5]
    assert (~constant([0, 1])).tolist() == [-1, -2]
    assert round(x).tolist() == [-2.0, 2.0]
    assert math.floor(x).tolist() == [-2.0, 2.0]
    assert math.ceil(x).tolist() == [-1.0, 3.0]
    assert math.trunc(x).tolist() == [-1.0, 2.0]


def test_matrix_product_operator() -> None:
    a, b = constant([[1.0, 2.0]]), constant([[3.0], [4.0]])
    assert (a @ b).tolist() == [[11.0]]
    assert ([[1.0, 2.0]] @ b).tolist() == [[11.0]]
    assert a.dot(b).tolist() == [[11.0]] and a.dot(2.0).tolist() == [[2.0, 4.0]]


def test_in_place_operators_make_new_tensors() -> None:
    x = y = constant([1.0])
    x += 1
    assert (x.tolist(), y.tolist()) == ([2.0], [1.0])


def test_comparison_with_what_is_no_number() -> None:
    x = constant([1.0])
    assert x != None  # noqa: E711
    assert x != "text"
    with pytest.raises(TypeError, match="not supported"):
        _ = x < "text"


def test_tensors_are_keys_by_identity() -> None:
    x, y = constant([1.0]), constant([1.0])
    assert {x: 1, y: 2}[x] == 1


def test_methods_follow_numpy() -> None:
    a = np.arange(6.0).reshape(2, 3)
    t = constant(a)
    for name in ("sum", "prod", "mean", "std", "var", "max", "min", "argmax", "argmin"):
        for axis in (None, 0, -1):
            np.testing.assert_allclose(getattr(t, name)(axis).array(), getattr(a, name)(axis), err_msg=name)
    np.testing.assert_allclose(t.sum(axis=1, keepdims=True).array(), a.sum(axis=1, keepdims=True))
    assert (bool((t >= 0).all()), bool((t > 9).any())) == (True, False)


def test_shape_methods() -> None:
    t = constant(np.arange(6).reshape(1, 2, 3))
    assert (t.T.shape, t.mT.shape, t.squeeze(0).shape) == ((3, 2, 1), (1, 3, 2), (2, 3))
    assert t.flatten().shape == t.ravel().shape == (6,)
    assert t.reshape(3, 2).shape == t.reshape((3, 2)).shape == t.reshape([3, -1]).shape == (3, 2)
    assert t.transpose(2, 0, 1).shape == t.transpose((2, 0, 1)).shape == (3, 1, 2)
    assert t.transpose().shape == (3, 2, 1) and t.swapaxes(0, -1).shape == (3, 2, 1)
    with pytest.raises(ShapeError, match="two axes"):
        constant([1.0]).mT


def test_number_methods() -> None:
    t = constant([-1.25, 0.5, 3.75])
    assert t.clip(0, 1).tolist() == [0.0, 0.5, 1.0]
    assert t.round().tolist() == [-1.0, 0.0, 4.0] and t.round(1).tolist() == pytest.approx([-1.2, 0.5, 3.8])
    assert t.astype("int32").tolist() == [-1, 0, 3]


def test_argument_errors_name_the_argument() -> None:
    with pytest.raises((ArgumentError, ArgumentTypeError), match="too few arguments"):
        elementwise.add(1.0)
    with pytest.raises(ArgumentTypeError, match="no argument named 'axes'"):
        elementwise.exp(1.0, axes=1)


def test_a_tensor_is_formatted_as_its_number() -> None:
    assert f"{constant(1.5):.2f}" == "1.50"
    assert f"{constant([1.0, 2.0])}" == str(constant([1.0, 2.0]))
    with pytest.raises(SymbolicError, match="formatted"):
        format(placeholder("float32", ()), ".2f")
