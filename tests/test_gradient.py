"""Gradients: the published conventions, the law that zero stays zero, and what the walk does with whole graphs."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ops import rows_elementwise, rows_special
from ops.harness import Row, can_compile
from thalweg.errors import ArgumentError, DTypeError, GradientError
from thalweg.gradient import grad, gradients, value_and_grad
from thalweg.graph.history import no_grad
from thalweg.graph.tensor import Tensor, Variable, constant, placeholder
from thalweg.ops import activation, elementwise, reduce, special, state

DOCUMENT = Path(__file__).parent.parent / "docs" / "gradients.md"
LINE = re.compile(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|", re.M)


def _numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


CONVENTIONS = [
    pytest.param(name, _numbers(at), _numbers(slopes), id=f"{name}({at})")
    for name, at, slopes in LINE.findall(DOCUMENT.read_text(encoding="utf-8"))
]


def _function(name: str) -> Any:
    return next(getattr(room, name) for room in (elementwise, special, activation) if hasattr(room, name))


def test_the_document_is_read() -> None:
    assert len(CONVENTIONS) >= 45


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "at", "slopes"), CONVENTIONS)
def test_published_convention(name: str, at: list[float], slopes: list[float], dtype: str) -> None:
    xs = [Variable([number], dtype=dtype) for number in at]
    found = gradients(_function(name)(*xs), xs)
    for g, slope in zip(found, slopes, strict=True):
        np.testing.assert_allclose(g.array(), [slope], rtol=1e-6)


@pytest.mark.skipif(not can_compile(), reason="this build has no compiled functions")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_published_conventions_compiled(dtype: str) -> None:
    """All of them in one program."""
    from thalweg.run.function import function

    places: list[Tensor] = []
    outputs: list[Tensor] = []
    feeds: list[Any] = []
    wanted: list[float] = []
    for case in CONVENTIONS:
        name, at, slopes = case.values
        xs: list[Tensor] = [placeholder(dtype, [1]) for _ in at]  # type: ignore[union-attr]
        outputs += gradients(_function(str(name))(*xs), xs)
        places += xs
        feeds += [np.asarray([number], dtype) for number in at]  # type: ignore[union-attr]
        wanted += slopes  # type: ignore[arg-type]
    for (g, slope), y in zip(
        zip(function(places, outputs)(*feeds), wanted, strict=True), outputs, strict=True
    ):
        np.testing.assert_allclose(np.asarray(g), [slope], rtol=1e-6, err_msg=repr(y))


# --- zero stays zero ------------------------------------------------------------------------------------------------

SPECIAL = (0.0, -0.0, 1.0, -1.0, -3.5, 1e30, -1e30, np.inf, -np.inf, np.nan)
DIFFERENTIABLE = [row for row in (*rows_elementwise.ROWS, *rows_special.ROWS) if row.order]


@pytest.mark.parametrize("row", DIFFERENTIABLE, ids=str)
def test_zero_stays_zero(row: Row) -> None:
    """A zero gradient at every special input and pair of them gives zeros, never NaN; so do second gradients."""
    grid = np.array(np.meshgrid(*[SPECIAL] * len(row.inputs[0]))).reshape(len(row.inputs[0]), -1)
    arrays: list[Any] = [np.asarray(values, np.float64) for values in grid]
    if row.make is not None:
        arrays[0] = arrays[0] > 0
    xs = [Variable(a, dtype=a.dtype) if a.dtype.kind == "f" else constant(a) for a in arrays]
    targets = [x for x in xs if isinstance(x, Variable)]
    y = row.fn(*xs, **row.attrs)
    zeros = np.zeros(y.shape)
    for g in gradients(y, targets, zeros, unconnected="zero"):
        np.testing.assert_array_equal(g.array(), 0)
    first = gradients(y, targets, np.ones(y.shape), unconnected="zero")
    if row.order > 1:
        for g in gradients(first, targets, [zeros] * len(targets), unconnected="zero"):
            np.testing.assert_array_equal(g.array(), 0)


TRAPS = {
    "log": (lambda x: elementwise.log(x), 0.0, lambda v: 1 / v),
    "sqrt": (lambda x: elementwise.sqrt(x), 0.0, lambda v: 0.5 / np.sqrt(v)),
    "reciprocal": (lambda x: 1 / x, 0.0, lambda v: -1 / v**2),
    "x log x": (lambda x: x * elementwise.log(x), 0.0, lambda v: np.log(v) + 1),
    "power": (lambda x: x**-1.5, 0.0, lambda v: -1.5 * v**-2.5),
    "exp": (lambda x: elementwise.exp(-x * 1e6) + elementwise.log(x), -1.0, lambda v: 1 / v),
    "acosh": (lambda x: elementwise.acosh(1 + x), -1.0, lambda v: 1 / np.sqrt(v * (v + 2))),
}


@pytest.mark.parametrize("name", TRAPS)
def test_where_trap(name: str) -> None:
    """The branch that was not selected sends zero, in first and second gradients."""
    f, bad, slope = TRAPS[name]
    x = Variable(np.array([bad, 2.0]), dtype="float64")
    y = elementwise.where(x > 0, f(x), 0.0)
    g = gradients(y, x)
    np.testing.assert_allclose(g.array(), [0.0, slope(2.0)], rtol=1e-12)
    second = gradients(g, x).array()
    assert second[0] == 0 and np.isfinite(second[1])


def test_nan_in_a_used_value_is_seen() -> None:
    x = Variable([np.nan, 2.0])
    assert np.isnan(gradients(elementwise.log(x), x).array()).tolist() == [True, False]


# --- the walk -------------------------------------------------------------------------------------------------------


def test_gradient_of_a_sum_of_outputs_and_of_weights() -> None:
    x = Variable([1.0, 2.0])
    assert gradients([x * x, 3 * x], x).tolist() == [5.0, 7.0]
    assert gradients(x * x, x, np.array([10.0, 1.0])).tolist() == [20.0, 4.0]


def test_a_value_used_twice_adds_up() -> None:
    x = Variable(3.0)
    y = x * x
    assert gradients(y * y + y, x).item() == 4 * 27 + 6


def test_gradient_with_respect_to_a_value_between() -> None:
    x = Variable(2.0)
    y = x * x
    assert gradients(y * y, y).item() == 8.0


def test_broadcast_gradients_are_summed() -> None:
    x, row, scalar = Variable(np.ones((3, 4), "float32")), Variable(np.ones(4, "float32")), Variable(2.0)
    found = gradients(x * row * scalar, [x, row, scalar])
    assert [g.shape for g in found] == [(3, 4), (4,), ()]
    assert found[1].tolist() == [6.0] * 4 and found[2].item() == 12.0


def test_broadcast_gradient_over_an_empty_axis_is_zero() -> None:
    row = Variable(np.ones(4, "float32"))
    assert gradients(constant(np.ones((0, 4), "float32")) * row, row).tolist() == [0.0] * 4


def test_gradient_has_the_dtype_of_its_variable() -> None:
    x = Variable([1.0, 2.0], dtype="float16")
    y = (x.astype("float64") * np.array([3.0, 4.0])).sum()
    g = gradients(y, x)
    assert (g.dtype.name, g.tolist()) == ("float16", [3.0, 4.0])


def test_third_derivative() -> None:
    x = Variable(2.0, dtype="float64")
    y = x**5
    for expected in (80.0, 160.0, 240.0):
        y = gradients(y, x)
        assert y.item() == pytest.approx(expected, rel=1e-12)


def test_symbolic_gradient_with_unknown_axes() -> None:
    x = placeholder("float32", [None, 3], name="x")
    b = placeholder("float32", [3], name="b")
    g = gradients((x * b).sum(), [x, b])
    assert [t.shape for t in g] == [(None, 3), (3,)]


def test_unconnected() -> None:
    x, y = Variable([1.0, 2.0], name="x"), Variable(1.0, name="y")
    with pytest.raises(GradientError, match="does not depend on it"):
        gradients(y * y, x)
    assert gradients(y * y, x, unconnected="zero").tolist() == [0.0, 0.0]
    assert gradients(y * y, x, unconnected="none") is None
    with pytest.raises(ArgumentError, match="unconnected"):
        gradients(y, x, unconnected="maybe")


@pytest.mark.parametrize(
    ("cut", "name"),
    [
        (lambda x: (x > 0).astype("float32"), "astype"),
        (lambda x: x.astype("int32").astype("float32"), "astype"),
        (lambda x: elementwise.nextafter(x, 9.0), "nextafter"),
        (lambda x: state.stop_gradient(x), "stop_gradient"),
    ],
    ids=["comparison", "integer cast", "nextafter", "stop_gradient"],
)
def test_a_cut_path_names_the_op(cut: Any, name: str) -> None:
    x = Variable([1.0, 2.0], name="x")
    with pytest.raises(GradientError, match=rf"(?s)variable 'x'.*{name}"):
        gradients(cut(x), x)
    assert gradients(cut(x), x, unconnected="zero").tolist() == [0.0, 0.0]


def test_integer_output_is_refused() -> None:
    x = Variable([1, 2])
    with pytest.raises(DTypeError, match="y must be floating"):
        gradients(x + 1, x)


def test_grad_ys_of_the_wrong_shape_are_refused() -> None:
    x = Variable([1.0, 2.0])
    with pytest.raises(ArgumentError, match="grad_ys has another shape"):
        gradients(x * 2, x, np.ones(3))


def test_consider_constant() -> None:
    x = Variable(3.0)
    y = x * x
    assert gradients(y * x, x, consider_constant=[y]).item() == 9.0


def test_no_grad_keeps_no_history() -> None:
    x = Variable(3.0)
    with no_grad():
        y = x * x
    with pytest.raises(GradientError, match="does not depend"):
        gradients(y, x)


def test_grad_and_value_and_grad_of_functions() -> None:
    slopes = grad(lambda x, y: x * y * y, argnums=(0, 1))(2.0, 3.0)
    assert [g.item() for g in slopes] == [9.0, 12.0]
    value, slope = value_and_grad(lambda x: reduce.sum(x * x))([1.0, 2.0])
    assert (value.item(), slope.tolist()) == (5.0, [2.0, 4.0])
    with pytest.raises(GradientError, match="must return a scalar"):
        grad(lambda x: x * 2)([1.0, 2.0])


def test_grad_of_grad() -> None:
    third = functools.reduce(lambda f, _: grad(f), range(3), lambda x: elementwise.exp(2 * x))
    assert third(0.0).item() == pytest.approx(8.0)


def test_a_deep_chain_needs_no_recursion() -> None:
    x = Variable(1.0)
    y: Tensor = x
    for _ in range(5000):
        y = y + 1.0
    assert gradients(y, x).item() == 1.0
