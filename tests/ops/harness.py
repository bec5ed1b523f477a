"""What every op must satisfy, written once: a Row names an op and its cases, the checks below do the rest.

A row goes through seven checks: eager equals the NumPy reference; results that wait equal those computed at once; the
symbolic spec equals the eager one, also with unknown axes; the compiled function equals eager, values and first
gradients, also on arrays that are not contiguous; the gradient equals central differences in float64, up to the row's
order; the gradient keeps shape and dtype; and a program whose lengths are known only when it runs equals the meaning.
"""

from __future__ import annotations

import importlib.util
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ShapeError, ThalwegError
from thalweg.gradient import gradients
from thalweg.graph.interpret import evaluate
from thalweg.graph.tensor import Tensor, Variable, constant, placeholder, shapes_match

Shapes = tuple[tuple[int, ...], ...]

# Cases that elementwise rows share: 0-d, odd sizes that leave a vector tail, several axes, empty, broadcasts.
UNARY: list[Shapes] = [((),), ((37,),), ((3, 5),), ((0, 2),)]
BINARY: list[Shapes] = [
    ((), ()),
    ((37,), (37,)),
    ((3, 5), (5,)),
    ((2, 1, 3), (4, 1)),
    ((2, 3), ()),
    ((0, 3), (1, 3)),
]
TERNARY: list[Shapes] = [((), (), ()), ((9,), (9,), (9,)), ((3, 5), (5,), (3, 1)), ((0, 3), (1, 3), ())]

INTEGERS = ("int8", "uint8", "int32", "int64")
_RTOL = {"float16": 2e-3, "bfloat16": 2e-2, "float32": 2e-6, "float64": 1e-13}


@dataclass(frozen=True)
class Row:
    """One op (or one setting of its attributes) and the cases it is checked on.

    ``fn(*tensors, **attrs)`` is the public function; ``inputs`` a list of cases, each a tuple of shapes; ``domain``
    the range that inputs are drawn from, or one range per input; ``make(rng, shapes, dtype)`` draws the arrays
    instead, where inputs are of several dtypes (gradients are checked for the floating ones); ``order`` the highest
    gradient checked (0: none); ``integer``: run on integer dtypes too; ``exact``: equal bit for bit; ``rtol``:
    instead of the dtype's own; ``reference``: a NumPy callable taking the arrays and the attributes, computed in
    float64 where inputs are floating.
    """

    name: str
    fn: Callable[..., Any]
    inputs: Sequence[Shapes]
    attrs: dict[str, Any] = field(default_factory=dict)
    domain: Any = (-2.0, 2.0)
    dtypes: Sequence[str] = ("float32", "float64")
    order: int = 2
    integer: bool = False
    exact: bool = False
    rtol: float | None = None
    reference: Callable[..., Any] | None = None
    make: Callable[..., Sequence[np.ndarray]] | None = None

    def __str__(self) -> str:
        return self.name

    def all_dtypes(self) -> tuple[str, ...]:
        """The row's dtypes, with the integers where it takes them."""
        return tuple(dict.fromkeys((*self.dtypes, *(INTEGERS if self.integer else ()))))

    def arrays(self, case: Shapes, dtype: str) -> list[np.ndarray]:
        """The inputs of one case, the same on every call."""
        rng = np.random.default_rng(zlib.crc32(f"{self.name} {case}".encode()))
        if self.make is not None:
            return [np.asarray(a) for a in self.make(rng, case, dtype)]
        domains = self.domain if isinstance(self.domain[0], tuple) else [self.domain] * len(case)
        return [draw(rng, shape, dtype, low, high) for shape, (low, high) in zip(case, domains, strict=True)]

    def call(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """The outputs, always as a tuple."""
        result = self.fn(*inputs, **self.attrs)
        return tuple(result) if isinstance(result, (tuple, list)) else (result,)


def draw(rng: np.random.Generator, shape: tuple[int, ...], dtype: str, low: float, high: float) -> np.ndarray:
    """Random numbers of ``dtype`` in [low, high]: integers in the same range, no negative ones where unsigned."""
    kind = dtypes.as_dtype(dtype)
    if dtypes.is_bool(kind):
        return np.asarray(rng.integers(0, 2, shape)).astype(kind)
    if dtypes.is_integer(kind):
        floor = max(low, 0) if kind.kind == "u" else low
        return np.asarray(rng.integers(int(np.ceil(floor)), int(high) + 1, shape)).astype(kind)
    return np.asarray(rng.uniform(low, high, shape)).astype(kind)


def compare(
    row: Row,
    got: Any,
    wanted: Any,
    dtype: Any,
    what: str,
    rtol: float | None = None,
    exact: bool | None = None,
) -> None:
    """Equal within the tolerance of the dtype (exactly for integers, bool and, unless told, exact rows)."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert got.shape == wanted.shape, f"{row.name}: {what}: shape {got.shape}, expected {wanted.shape}"
    name = np.dtype(dtype).name
    if (row.exact if exact is None else exact) or name not in _RTOL:
        np.testing.assert_array_equal(got, wanted.astype(dtype), err_msg=f"{row.name}: {what}")
        return
    half = name in ("float16", "bfloat16")
    rtol = max(rtol or row.rtol or _RTOL[name], _RTOL[name] if half else 0.0)
    # Small elements beside large ones carry the rounding of sums and differences; eager halves round after every op.
    largest = float(np.abs(wanted[np.isfinite(wanted)]).astype("float64").max(initial=0.0))
    atol = rtol * largest * (1.0 if half else 0.1)
    np.testing.assert_allclose(
        got.astype("float64"), wanted.astype("float64"), rtol=rtol, atol=atol, err_msg=f"{row.name}: {what}"
    )


def check_waiting(row: Row) -> None:
    """Results that wait, as those of variables do, have the specs and the arrays of results computed at once."""
    for dtype in row.all_dtypes():
        for case in row.inputs:
            arrays = row.arrays(case, dtype)
            outputs = row.call([constant(a) for a in arrays])
            waiting = row.call([Variable(constant(a)) for a in arrays])
            assert [y.specs for y in waiting] == [y.specs for y in outputs]
            for got, wanted in zip(waiting, outputs, strict=True):
                np.testing.assert_array_equal(
                    got.array(), wanted.array(), err_msg=f"{row.name}, {dtype} {case}"
                )
                assert got.array().dtype == got.dtype and got.array().shape == got.shape


def check_reference(row: Row) -> None:
    """Eager results equal the NumPy reference, computed in float64 from the same inputs."""
    if row.reference is None:
        return
    for dtype in row.all_dtypes():
        for case in row.inputs:
            arrays = row.arrays(case, dtype)
            with np.errstate(all="ignore"):
                wanted = row.reference(*[_in_float64(a) for a in arrays], **row.attrs)
            outputs = row.call([constant(a) for a in arrays])
            expected = wanted if isinstance(wanted, tuple) else (wanted,)
            assert len(outputs) == len(expected), (
                f"{row.name}: {len(outputs)} outputs, expected {len(expected)}"
            )
            for y, w in zip(outputs, expected, strict=True):
                compare(row, y.array(), w, y.dtype, f"eager against the reference, {dtype} {case}")


def _in_float64(array: np.ndarray) -> np.ndarray:
    return array.astype("float64") if dtypes.is_floating(array.dtype) else array


def check_spec(row: Row) -> None:
    """The symbolic shape and dtype equal the eager ones; unknown axes and ranks contradict nothing."""
    for dtype in row.all_dtypes():
        for case in row.inputs:
            arrays = row.arrays(case, dtype)
            eager = row.call([constant(a) for a in arrays])
            symbolic = row.call([placeholder(a.dtype, a.shape) for a in arrays])
            for y, s in zip(eager, symbolic, strict=True):
                assert s.specs[0] == y.specs[0], f"{row.name}: symbolic {s.specs[0]}, eager {y.specs[0]}"
                assert np.asarray(y.value).dtype == y.dtype
            for open_shape in ([None] * 9, None):
                loose = [placeholder(a.dtype, open_shape and open_shape[: a.ndim]) for a in arrays]
                try:
                    unknown = row.call(loose)
                except ShapeError:
                    continue  # an op may ask for the axes it needs, by name
                for y, u in zip(eager, unknown, strict=True):
                    assert u.dtype == y.dtype, f"{row.name}: unknown axes change the dtype to {u.dtype}"
                    assert shapes_match(u.shape, y.shape), (
                        f"{row.name}: {u.specs[0]} contradicts {y.specs[0]}"
                    )


def can_compile() -> bool:
    """Whether compiled functions exist in this build."""
    try:
        return importlib.util.find_spec("thalweg.run.function") is not None
    except ModuleNotFoundError:
        return False


def check_compiled(row: Row) -> None:
    """The compiled function equals eager, for all cases of a dtype in one program, then on strided inputs."""
    from thalweg.run.function import function

    for dtype in row.all_dtypes():
        feeds: list[np.ndarray] = []
        places: list[Tensor] = []
        outputs: list[Tensor] = []
        wanted: list[
            tuple[Tensor, bool]
        ] = []  # the eager result, and whether it is an output (not a gradient)
        for case in row.inputs:
            arrays = row.arrays(case, dtype)
            inputs: list[Tensor] = [placeholder(a.dtype, a.shape) for a in arrays]
            values = [_leaf(a) for a in arrays]
            outputs += _with_gradients(row, inputs)
            count = len(row.call(values))
            wanted += [(y, k < count) for k, y in enumerate(_with_gradients(row, values))]
            feeds, places = feeds + arrays, places + inputs
        run = function(places, outputs)
        for kind, given in (("contiguous", feeds), ("strided", [strided(a) for a in feeds])):
            results = run(*given)
            for got, (y, exact) in zip(results, wanted, strict=True):
                what = f"compiled against eager, {dtype}, {kind}{'' if exact else ', gradient'}"
                exact = exact and row.exact  # a gradient may be a sum, in another order
                compare(row, got, y.array(), y.dtype, what, _compiled_rtol(row, y), exact)


def _compiled_rtol(row: Row, y: Tensor) -> float | None:
    """Twice the op's own tolerance: both sides round."""
    return None if y.dtype.name not in _RTOL else 2 * (row.rtol or _RTOL[y.dtype.name])


def _with_gradients(row: Row, inputs: list[Tensor]) -> list[Tensor]:
    """The outputs and, for rows with a gradient, the gradients of a fixed weighting of them."""
    outputs = list(row.call(inputs))
    targets = [x for x in inputs if dtypes.is_floating(x.dtype)]
    floats = [y for y in outputs if dtypes.is_floating(y.dtype)]
    if not row.order or not targets or not floats:
        return outputs
    found = gradients(floats, targets, [_weights(y, k) for k, y in enumerate(floats)], unconnected="zero")
    return outputs + list(found)


def _weights(y: Tensor, k: int) -> np.ndarray:
    rng = np.random.default_rng(1000 + k)
    return np.asarray(rng.uniform(0.5, 1.5, y.shape)).astype(y.dtype)


def strided(array: np.ndarray) -> np.ndarray:
    """The same values, every axis reversed in memory and with gaps between elements."""
    if not array.ndim:
        return array
    gaps = np.zeros(tuple(2 * n for n in array.shape[::-1]), array.dtype).T
    view = gaps[tuple(slice(None, None, -2) for _ in array.shape)]
    view[...] = array
    return view


def _leaf(array: np.ndarray) -> Tensor:
    """An eager tensor whose results keep their history."""
    return Variable(array, dtype=array.dtype).read() if dtypes.is_floating(array.dtype) else constant(array)


class _Weighted:
    """A row and a case as a scalar function of its floating inputs: sum of u * f, and gradients of it."""

    def __init__(self, row: Row, case: Shapes) -> None:
        self.row = row
        self.arrays = row.arrays(case, "float64")
        self.moving = [k for k, a in enumerate(self.arrays) if dtypes.is_floating(a.dtype)]
        rng = np.random.default_rng(zlib.crc32(f"{row.name} weights".encode()))
        outputs = row.call([constant(a) for a in self.arrays])
        self.weights = [
            rng.uniform(0.5, 1.5, y.shape) if dtypes.is_floating(y.dtype) else None for y in outputs
        ]
        self.directions = [[rng.uniform(-1, 1, self.arrays[k].shape) for k in self.moving] for _ in range(4)]

    @property
    def point(self) -> list[np.ndarray]:
        """The floating inputs."""
        return [self.arrays[k] for k in self.moving]

    def total(self, leaves: Sequence[Tensor]) -> Tensor:
        """The weighted sum of the outputs, as a tensor."""
        inputs = [constant(a) for a in self.arrays]
        for k, leaf in zip(self.moving, leaves, strict=True):
            inputs[k] = leaf
        parts = [
            (y * w).sum() for y, w in zip(self.row.call(inputs), self.weights, strict=True) if w is not None
        ]
        result = parts[0]
        for part in parts[1:]:
            result = result + part
        return result

    def derivative(self, leaves: Sequence[Tensor], order: int) -> Tensor:
        """The directional derivative of the given order along the first directions."""
        value = self.total(leaves)
        for k in range(order):
            slopes = gradients(value, list(leaves), unconnected="zero")
            parts = [(g * d).sum() for g, d in zip(slopes, self.directions[k], strict=True)]
            value = parts[0]
            for part in parts[1:]:
                value = value + part
        return value

    def at(self, point: Sequence[np.ndarray], order: int) -> float:
        """The number :meth:`derivative` gives at a point."""
        return float(self.derivative([_leaf(p) for p in point], order).array())


def check_gradient(row: Row, *, step: float = 1e-5, rtol: float = 1e-6) -> None:
    """Gradients of every order up to the row's equal central differences of the order below.

    The first order is checked element by element, the others along random directions.
    """
    for case in row.inputs if row.order else ():
        f = _Weighted(row, case)
        leaves = [_leaf(p) for p in f.point]
        slopes = gradients(f.total(leaves), leaves, unconnected="zero")
        for k, (g, p) in enumerate(zip(slopes, f.point, strict=True)):
            assert (g.shape, g.dtype) == (p.shape, p.dtype), (
                f"{row.name}: gradient is {g.specs[0]}, input {p.shape}"
            )
            numeric = _each_element(f, k, step)
            _close(row, case, g.array(), numeric, rtol, f"gradient of input {f.moving[k]}")
        for order in range(2, row.order + 1):
            _check_along(f, case, order, step, rtol)


def _each_element(f: _Weighted, position: int, step: float) -> np.ndarray:
    point: list[Any] = [p.copy() for p in f.point]
    numeric = np.zeros_like(point[position])
    for index in np.ndindex(*numeric.shape):
        middle = point[position][index]
        h = step * max(1.0, float(abs(middle)))
        point[position][index] = middle + h
        above = f.at(point, 0)
        point[position][index] = middle - h
        below = f.at(point, 0)
        point[position][index] = middle
        numeric[index] = (above - below) / (2 * h)
    return numeric


def _check_along(f: _Weighted, case: Shapes, order: int, step: float, rtol: float) -> None:
    exact = f.at(f.point, order)
    along = f.directions[order - 1]
    above = f.at([p + step * d for p, d in zip(f.point, along, strict=True)], order - 1)
    below = f.at([p - step * d for p, d in zip(f.point, along, strict=True)], order - 1)
    _close(f.row, case, exact, (above - below) / (2 * step), 10 * rtol, f"derivative of order {order}")


def _close(row: Row, case: Shapes, got: Any, numeric: Any, rtol: float, what: str) -> None:
    got, numeric = np.asarray(got), np.asarray(numeric)
    scale = max(1.0, float(np.abs(numeric).max(initial=0.0)))
    np.testing.assert_allclose(
        got, numeric, rtol=rtol, atol=rtol * scale, err_msg=f"{row.name} {case}: {what}"
    )


def check_gradient_dtype(row: Row) -> None:
    """A gradient has the shape and dtype of its input, in every floating dtype; symbolic ones too."""
    for dtype in row.dtypes if row.order else ():
        for case in row.inputs:
            arrays = row.arrays(case, dtype)
            for inputs in ([_leaf(a) for a in arrays], [placeholder(a.dtype, a.shape) for a in arrays]):
                outputs = [y for y in row.call(inputs) if dtypes.is_floating(y.dtype)]
                targets = [x for x in inputs if dtypes.is_floating(x.dtype)]
                if outputs and targets:
                    for x, g in zip(targets, gradients(outputs, targets, unconnected="zero"), strict=True):
                        assert g.specs[0] == x.specs[0], (
                            f"{row.name}: gradient {g.specs[0]} of input {x.specs[0]}"
                        )


def _opened(shape: tuple[int, ...], place: int, old: int, new: int | None) -> tuple[Any, ...]:
    """The shape with another length for one: in the first input everywhere, in others on the first axis."""
    return tuple(new if d == old and (axis == 0 or place == 0) else d for axis, d in enumerate(shape))


_LENGTHS = (5, 8, 3, 2, 13, 1)  # compiled for the first, then for any


def check_lengths(row: Row) -> None:
    """A program of open axes gives at every length what the meaning gives, values and first gradients."""
    from thalweg.run.program import Program

    dtype = row.dtypes[-1]
    case = next((c for c in row.inputs if c and c[0] and c[0][0]), None)
    if case is None:
        return
    cases = [tuple(tuple(n if d == case[0][0] else d for d in s) for s in case) for n in _LENGTHS]
    inputs = [
        placeholder(a.dtype, [None if d == case[0][0] else d for d in a.shape])
        for a in row.arrays(case, dtype)
    ]
    try:
        outputs = list(row.call(inputs))
        floats = [y for y in outputs if dtypes.is_floating(y.dtype)]
        targets = [x for x in inputs if dtypes.is_floating(x.dtype)]
        count = len(outputs)
        if row.order and floats and targets:
            outputs += gradients(floats, targets, unconnected="zero")
    except ThalwegError:  # which needs the lengths, and says so
        return
    program = Program(inputs, outputs, fixed_forms=1)
    for shapes in cases:
        try:
            arrays = row.arrays(shapes, dtype)
            wanted = evaluate(outputs, dict(zip(inputs, arrays, strict=True)))
        except (ValueError, IndexError, DeprecationWarning, ThalwegError):  # attributes for other lengths
            continue
        try:
            got = program.run(arrays)
        except ShapeError:  # of windows beyond what they slide over, say: the meaning gives nothing
            assert not all(w.size for w in wanted)
            continue
        for k, (g, w) in enumerate(zip(got, wanted, strict=True)):
            exact = row.exact and k < count
            compare(row, g, w, w.dtype, f"open lengths, {shapes}", _compiled_rtol(row, outputs[k]), exact)
