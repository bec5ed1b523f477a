"""Random graphs: what is compiled equals what NumPy computes, values, special values and gradients.

A graph is drawn from a seed. Its outputs are computed three ways: compiled; by the NumPy meaning of every op, in the
graph's own dtypes (shape, dtype and the pattern of NaN and infinities must be equal, save that a rewritten form may
stay finite where NumPy overflows); and by the meanings in float64, several times, with the result of each op moved by
a few of its own rounding errors. How far the last moves the outputs is how far rounding may: a graph that amplifies
errors is allowed more, one that does not is held to the last bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.graph.interpret import evaluate
from thalweg.graph.op import item
from thalweg.graph.tensor import Tensor, placeholder
from thalweg.graph.walk import topological
from thalweg.rewrite.pipeline import optimise
from thalweg.run.function import function

# --- graphs ---------------------------------------------------------------------------------------------------------

_LENGTHS = (1, 1, 2, 3, 4, 5, 7, 8, 13, 17, 19, 33)
_UNARY = (
    "abs negative square tanh exp log sqrt sin cos expm1 log1p sigmoid floor ceil trunc round sign reciprocal relu erf "
    "softplus isnan isfinite signbit rsqrt"
).split()
_SMOOTH_UNARY = "negative square tanh sin cos sigmoid erf softplus".split()
_BINARY = "add subtract multiply divide maximum minimum atan2 less greater_equal equal hypot".split()
_SMOOTH_BINARY = "add subtract multiply".split()
_INTEGER_BINARY = (
    "add subtract multiply maximum minimum floor_divide remainder bitwise_and bitwise_xor less equal"
).split()
_REDUCTIONS = "sum mean max min prod any all var".split()


class Graph:
    """The expressions drawn from one seed: placeholders ``inputs`` with their ``arrays``, and the ``outputs``."""

    def __init__(
        self, seed: int, *, smooth: bool = False, special: bool = False, large: bool = False
    ) -> None:
        self.seed, self.smooth = seed, smooth
        self.rng = np.random.default_rng(seed)
        self.special, self.large = special, large
        self.inputs: list[Tensor] = []
        self.arrays: list[np.ndarray] = []
        self.pool: list[Tensor] = []
        self.main = "float64" if smooth or self.rng.random() < 0.2 else "float32"
        self._make_inputs()
        wanted = len(self.pool) + int(self.rng.integers(5, 16))
        while len(self.pool) < wanted:
            self._grow()
        used = {id(x) for t in self.pool for x in topological([t])[:-1]}
        made = self.pool[len(self.inputs) :]
        self.outputs = [t for t in made if id(t) not in used] or made[-1:]

    def _make_inputs(self) -> None:
        rank = int(self.rng.integers(0, 4 if self.smooth else 5))
        base = tuple(
            int(d) for d in self.rng.choice(_LENGTHS[:9] if rank > 2 or self.smooth else _LENGTHS, rank)
        )
        if self.large:
            base = self._choice(
                [(130, 270), (33, 1030), (5001,), (5, 4100), (64, 600), (3, 70, 200), (1030, 33)]
            )
        if rank and not self.smooth and self.rng.random() < 0.06:
            base = (*base[:-1], 0) if self.rng.random() < 0.5 else (0, *base[1:])
        for _ in range(int(self.rng.integers(2, 5))):
            shape = tuple(1 if self.rng.random() < 0.2 else d for d in base)
            shape = shape[int(self.rng.integers(0, len(shape) + 1)) :] if self.rng.random() < 0.2 else shape
            kind = self.rng.random()
            name = (
                self.main
                if self.smooth or kind < 0.75
                else "int32"
                if kind < 0.9
                else "bool"
                if kind < 0.95
                else "uint8"
            )
            self._input(name, shape)
        if not any(x.dtype.name == self.main for x in self.inputs):
            self._input(self.main, base)

    def _input(self, name: str, shape: tuple[int, ...]) -> None:
        x = placeholder(name, shape, name=f"x{len(self.inputs)}")
        self.inputs.append(x)
        self.pool.append(x)
        self.arrays.append(self._array(name, shape))

    def _array(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        if name == "bool":
            return np.asarray(self.rng.integers(0, 2, shape)).astype(bool)
        if name in ("int32", "uint8"):
            return np.asarray(self.rng.integers(0 if name == "uint8" else -9, 10, shape)).astype(name)
        array = np.asarray(self.rng.normal(0, 1, shape)).astype(name)
        if self.special and array.size:
            values = [
                0.0,
                -0.0,
                np.inf,
                -np.inf,
                np.nan,
                1e30,
                -1e-30,
                1e-30,
                -1e30,
                1e-41,
                -1e-41,
                1.0,
                -1.0,
            ]
            mask = self.rng.random(shape) < 0.4
            array = np.where(mask, self.rng.choice(values, shape), array).astype(name)
        return np.asarray(array)

    # --- growth -----------------------------------------------------------------------------------------------------

    def _pick(self, *, floating: bool | None = None, recent: bool = True) -> Tensor:
        pool = [t for t in self.pool if floating is None or (t.dtype.kind == "f") == floating]
        if not pool:
            pool = [t for t in self.pool if t.dtype.kind == "f"]
            return pool[0] if floating else tw.astype(pool[0] > 0, "int32")
        if recent and self.rng.random() < 0.6:
            return pool[-int(self.rng.integers(1, min(3, len(pool)) + 1))]
        return pool[int(self.rng.integers(0, len(pool)))]

    def _choice(self, names: Sequence[Any]) -> Any:
        return names[int(self.rng.integers(0, len(names)))]

    def _grow(self) -> None:
        steps: list[Callable[[], Tensor | None]] = [
            self._unary,
            self._unary,
            self._binary,
            self._binary,
            self._binary,
            self._reduction,
            self._reduction,
            self._matmul,
            self._transpose,
            self._reshape,
            self._slice,
            self._concat,
            self._pad,
            self._softmax,
            self._stretch,
        ]
        steps += [self._running, self._take, self._where, self._flip]
        if not self.smooth:
            steps += [self._cast, self._integers, self._arg, self._one_hot, self._logic]
        made = self._choice(steps)()
        if (
            made is not None
            and made.size is not None
            and made.size <= (70_000 if self.large else 2000)
            and all(made is not t for t in self.pool)
        ):
            self.pool.append(made)

    def _unary(self) -> Tensor:
        x = self._pick(floating=True)
        return getattr(tw, self._choice(_SMOOTH_UNARY if self.smooth else _UNARY))(x)

    def _binary(self) -> Tensor | None:
        x, y = self._pick(floating=True), self._pick(floating=True, recent=False)
        if _broadcast(x.shape, y.shape) is None:
            y = tw.max(y) if y.size and not self.smooth and self.rng.random() < 0.5 else tw.sum(y)
        if self.smooth and self.rng.random() < 0.2:
            return x / (1.5 + tw.square(y))
        if self.rng.random() < 0.1:
            number = 0.5 if self.smooth else float(self._choice([0.5, 2, -1, 0, 3]))
            y = tw.constant(number, x.dtype)
        return getattr(tw, self._choice(_SMOOTH_BINARY if self.smooth else _BINARY))(x, y)

    def _axes(self, x: Tensor) -> Any:
        if not x.shape or self.rng.random() < 0.15:
            return None
        axes = [k for k in range(len(x.shape)) if self.rng.random() < 0.5]
        return tuple(axes) if axes else int(self.rng.integers(0, len(x.shape)))

    def _reduction(self) -> Tensor | None:
        x = self._pick(floating=True)
        axis, keepdims = self._axes(x), bool(self.rng.random() < 0.5)
        name = (
            "sum"
            if self.smooth and self.rng.random() < 0.5
            else self._choice(["mean", "var"] if self.smooth else _REDUCTIONS)
        )
        if name in ("any", "all"):
            x = x > 0
        if x.size == 0 and name in ("max", "min", "mean", "var"):
            name = "sum"
        return getattr(tw, name)(x, axis=axis, keepdims=keepdims)

    def _matmul(self) -> Tensor | None:
        x, y = self._pick(floating=True), self._pick(floating=True, recent=False)
        if len(x.shape) < 2:
            x = tw.reshape(x, (1, -1) if self.rng.random() < 0.5 and x.size else (x.size, 1))
        if len(y.shape) < 2:
            y = tw.reshape(y, (y.size, 1))
        if x.shape[-1] != y.shape[-2] and len(y.shape) == 2 and x.shape[-1] == y.shape[-1]:
            y = tw.matrix_transpose(y)
        if x.shape[-1] != y.shape[-2]:
            y = tw.matrix_transpose(x)
        if _broadcast(x.shape[:-2], y.shape[:-2]) is None:
            return None
        return tw.matmul(x, y)

    def _transpose(self) -> Tensor | None:
        x = self._pick()
        return (
            tw.permute_dims(x, tuple(int(k) for k in self.rng.permutation(len(x.shape))))
            if len(x.shape) > 1
            else None
        )

    def _reshape(self) -> Tensor:
        x = self._pick()
        shape = list(self.rng.permutation([d for d in x.shape if d != 1]).astype(int)) if x.shape else []
        if len(shape) > 1 and self.rng.random() < 0.6:
            shape[0:2] = [shape[0] * shape[1]]
        elif shape and shape[-1] % 2 == 0 and shape[-1]:
            shape[-1:] = [2, shape[-1] // 2]
        if self.rng.random() < 0.3:
            shape.insert(int(self.rng.integers(0, len(shape) + 1)), 1)
        return tw.reshape(x, tuple(int(d) for d in shape))

    def _slice(self) -> Tensor | None:
        x = self._pick()
        if not x.shape:
            return None
        key: list[Any] = []
        for d in x.shape:
            draw = self.rng.random()
            if draw < 0.15 and d:
                key.append(int(self.rng.integers(-d, d)))
            elif draw < 0.25:
                key.append(None)
                key.append(slice(None))
            elif draw < 0.6 and d > 1:
                start, stop = int(self.rng.integers(0, d // 2 + 1)), int(self.rng.integers(d // 2, d + 3))
                key.append(slice(start, stop or None, self._choice([1, 2, 3])))
            elif draw < 0.75:
                key.append(slice(None, None, self._choice([-1, -2])))
            else:
                key.append(slice(None))
        return x[tuple(key)]

    def _concat(self) -> Tensor | None:
        x = self._pick()
        if not x.shape:
            return tw.stack([x, tw.negative(x) if x.dtype.kind != "b" else x])
        axis = int(self.rng.integers(0, len(x.shape)))
        alike = [
            t
            for t in self.pool
            if t.dtype == x.dtype
            and len(t.shape) == len(x.shape)
            and all(a == b for k, (a, b) in enumerate(zip(t.shape, x.shape, strict=True)) if k != axis)
        ]
        return tw.concat([x, *(self._choice(alike) for _ in range(int(self.rng.integers(1, 3))))], axis=axis)

    def _pad(self) -> Tensor | None:
        x = self._pick(floating=True)
        if not x.shape:
            return None
        return tw.pad(x, [(int(self.rng.integers(0, 3)), int(self.rng.integers(0, 3))) for _ in x.shape])

    def _softmax(self) -> Tensor | None:
        x = self._pick(floating=True)
        if not x.size or not x.shape:
            return None
        axis = int(self.rng.integers(0, len(x.shape)))
        e = tw.exp(tw.tanh(x) if self.smooth else x - tw.max(x, axis=axis, keepdims=True))
        y = e / tw.sum(e, axis=axis, keepdims=True)
        return y if self.rng.random() < 0.6 else tw.log(tw.sum(e, axis=axis))

    def _stretch(self) -> Tensor | None:
        x = self._pick()
        if self.rng.random() < 0.5:
            return tw.expand_dims(x, axis=int(self.rng.integers(0, len(x.shape) + 1)))
        return tw.broadcast_to(x, (int(self.rng.integers(1, 4)), *x.shape))

    def _running(self) -> Tensor | None:
        x = self._pick(floating=True)
        return tw.cumulative_sum(x, axis=int(self.rng.integers(0, len(x.shape)))) if x.shape else None

    def _take(self) -> Tensor | None:
        x = self._pick(floating=True)
        if not x.shape or 0 in x.shape:
            return None
        axis = int(self.rng.integers(0, len(x.shape)))
        return tw.take(x, self.rng.integers(0, x.shape[axis], int(self.rng.integers(1, 6))), axis=axis)

    def _where(self) -> Tensor | None:
        x, y = self._pick(floating=True), self._pick(floating=True, recent=False)
        if _broadcast(x.shape, y.shape) is None:
            return None
        if self.smooth:  # a choice that does not move with the inputs
            mask = np.asarray(self.rng.random(_broadcast(x.shape, y.shape)) < 0.5)
            return tw.where(mask, x, y)
        return tw.where(x > self._choice([0.0, 0.5]), x, y)

    def _flip(self) -> Tensor | None:
        x = self._pick()
        if not x.shape:
            return None
        axis = int(self.rng.integers(0, len(x.shape)))
        return (
            tw.flip(x, axis=axis)
            if self.rng.random() < 0.5
            else tw.roll(x, int(self.rng.integers(-3, 4)), axis=axis)
        )

    def _cast(self) -> Tensor:
        return tw.astype(
            self._pick(), self._choice([self.main, self.main, "float64", "int32", "bool", "int64"])
        )

    def _integers(self) -> Tensor | None:
        x, y = self._pick(floating=False), self._pick(floating=False, recent=False)
        if _broadcast(x.shape, y.shape) is None:
            return None
        x, y = (tw.astype(t, "int32") if t.dtype.kind == "b" else t for t in (x, y))
        return getattr(tw, self._choice(_INTEGER_BINARY))(x, y)

    def _arg(self) -> Tensor | None:
        x = self._pick(floating=True)
        if not x.shape or 0 in x.shape:
            return None
        return self._choice([tw.argmax, tw.argmin])(x, axis=int(self.rng.integers(0, len(x.shape))))

    def _one_hot(self) -> Tensor | None:
        x = self._pick(floating=False)
        return tw.one_hot(tw.astype(x, "int32"), int(self.rng.integers(1, 6)))

    def _logic(self) -> Tensor | None:
        x, y = self._pick(), self._pick()
        if _broadcast(x.shape, y.shape) is None:
            return None
        op = self._choice([tw.logical_and, tw.logical_or, tw.logical_xor])
        return op(x if x.dtype.kind == "b" else x > 0, y if y.dtype.kind == "b" else y < 0)

    # --- as text ----------------------------------------------------------------------------------------------------

    def program(self, outputs: Sequence[Tensor]) -> str:
        """The expressions as lines that say how to make them."""
        lines, names = [f"seed {self.seed}, special={self.special}, smooth={self.smooth}"], dict[int, str]()
        arrays = {id(x): a for x, a in zip(self.inputs, self.arrays, strict=True)}
        for n, t in enumerate(topological(outputs)):
            names[id(t)] = f"t{n}"
            if t.op is None:
                value = arrays.get(id(t), t.value)
                lines.append(
                    f"t{n} = {t.specs[0]} {np.array2string(np.asarray(value), threshold=40).replace(chr(10), '')}"
                )
            else:
                operands = ", ".join(names[id(i)] for i in t.inputs)
                attrs = "".join(f", {k}={v}" for k, v in t.attrs.items())
                lines.append(f"t{n} = {t.op.name}({operands}{attrs})  # {t.specs[0]}")
        return "\n".join(lines)


def _broadcast(*shapes: Any) -> tuple[int, ...] | None:
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        return None


# --- the meaning in float64, with rounding errors -------------------------------------------------------------------

# Results that are an input's element, or a whole number: no rounding.
_EXACT = set(
    (
        "negative abs floor ceil trunc round sign relu maximum minimum max min where permute_dims "
        "reshape expand_dims squeeze broadcast_to broadcast_like reshape_like getitem flip slice_axes "
        "concat stack pad roll take identity stop_gradient read copysign full_like iota_like one_hot "
        "repeat tile astype positive gather concat_op spaced roll_op pad_op flip_op"
    ).split()
)
_SUMS = {"sum", "mean", "matmul", "matrix_product", "running_sum", "sum_like"}
_RUNS = 6


def perturbed(outputs: Sequence[Tensor], given: dict[Tensor, np.ndarray], rng: Any) -> list[np.ndarray]:
    """The outputs computed in float64; ``rng`` (None: not at all) moves each result by a few units."""
    values: dict[int, Any] = {id(t): _wide(t, a) for t, a in given.items()}
    for t in topological(outputs):
        if id(t) not in values:
            values[id(t)] = _wide_value(t, values, rng)
    return [values[id(t)] for t in outputs]


def _wide(t: Tensor, array: Any) -> Any:
    return np.asarray(array, np.float64) if t.dtype.kind == "f" else np.asarray(array)


def _wide_value(t: Tensor, values: dict[int, Any], rng: Any) -> Any:
    if t.op is None:
        return _wide(t, t.value)
    inputs = [values[id(i)] for i in t.inputs]
    if t.op is item:
        return inputs[0][t.attrs["index"]]
    with np.errstate(all="ignore"):
        result = t.op.meaning(*inputs, **t.attrs)
        if isinstance(result, tuple):
            return result
        result = np.asarray(result)
        if t.dtype.kind != "f":
            return result
        rounds = t.op.name not in _EXACT
        if t.op.name == "astype":
            result, rounds = (
                inputs[0],
                t.inputs[0].dtype.itemsize > t.dtype.itemsize or t.inputs[0].dtype.kind in "iu",
            )
        result = result.astype(np.float64)
        if rng is not None and rounds:
            scale = np.abs(result)
            if t.op.name in _SUMS:
                scale = np.abs(np.asarray(t.op.meaning(*[np.abs(i) for i in inputs], **t.attrs), np.float64))
            if t.op.name in {
                *_SUMS,
                "var",
                "prod",
            }:  # n roundings in a row add up to the square root of n, as a rule
                scale = scale * np.sqrt(max(1.0, max(i.size for i in inputs) / max(result.size, 1)))
            if t.op.name == "var":
                mean = np.mean(np.square(inputs[0]), axis=t.attrs["axis"], keepdims=t.attrs["keepdims"])
                scale = scale + np.finfo(t.dtype).eps * mean
            if t.op.name == "prod":
                result = np.where(_order_matters(inputs[0], t), np.nan, result)
            noise = (
                rng.choice([-1.0, 1.0], result.shape)
                * rng.uniform(1, 3, result.shape)
                * (np.finfo(t.dtype).eps * scale)
            )
            result = np.where(np.isfinite(noise), result + np.where(np.isfinite(noise), noise, 0), result)
            tiny = np.finfo(t.dtype).smallest_normal
            small = (np.abs(result) < tiny) & (result != 0)
            result = result + np.where(
                small, rng.choice([-1.0, 1.0], result.shape) * np.finfo(t.dtype).smallest_subnormal, 0
            )
        if t.dtype.name == "float32":
            result = np.where(np.abs(result) >= 3.4028236e38, np.copysign(np.inf, result), result)
        return result


def _order_matters(x: Any, t: Tensor) -> np.ndarray:
    """Where some of the factors of a product overflow, or vanish, while all of them together need not."""
    size = np.log2(np.abs(np.where((x == 0) | ~np.isfinite(x), 1, x)))
    limits = np.finfo(t.dtype)
    up, down = (
        np.sum(f(size, 0), axis=t.attrs["axis"], keepdims=t.attrs["keepdims"])
        for f in (np.maximum, np.minimum)
    )
    return np.asarray((up > limits.maxexp - 1) | (down < limits.minexp))


class Mismatch(AssertionError):
    """One output that is wrong."""


def check(graph: Graph, outputs: Sequence[Tensor], results: Sequence[Any]) -> tuple[int, int]:
    """Compare compiled results with the meanings; returns how many elements, and how many unstable."""
    given = dict(zip(graph.inputs, graph.arrays, strict=True))
    own, better = evaluate(outputs, given), evaluate(optimise(list(outputs)), given)
    middle = perturbed(outputs, given, None)
    moved = [perturbed(outputs, given, np.random.default_rng(k)) for k in range(_RUNS)]
    compared = unstable = 0
    for k, (t, got) in enumerate(zip(outputs, results, strict=True)):
        got, wanted = np.asarray(got), np.asarray(own[k])
        if (
            (got.shape, got.dtype) != (wanted.shape, wanted.dtype)
            or t.shape != wanted.shape
            or t.dtype != wanted.dtype
        ):
            raise Mismatch(
                f"{t.specs[0]}: compiled {got.dtype}{got.shape}, NumPy {wanted.dtype}{wanted.shape}"
            )
        ill, bad = compare(t, got, wanted, middle[k], [m[k] for m in moved])
        if t.dtype.kind == "f":  # where NumPy overflows on the way, a rewritten form may know better
            bad = bad & ~(np.isinf(wanted) & np.isclose(got, np.asarray(better[k]), rtol=1e-5, atol=0))
        compared, unstable = compared + wanted.size, unstable + int(ill.sum())
        if bad.any():
            where = tuple(int(i) for i in np.argwhere(bad)[0])
            raise Mismatch(
                f"{t.specs[0]}: {int(bad.sum())} of {wanted.size} elements differ, first at {where}: "
                f"compiled {got[where]!r}, NumPy {wanted[where]!r}, in float64 {middle[k][where]!r}"
            )
    return compared, unstable


def compare(
    t: Tensor, got: Any, wanted: Any, middle: Any, moved: Sequence[Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Where rounding alone decides the result (a tie, a sum that just overflows), and what is wrong."""
    if t.dtype.kind != "f":
        ill = np.asarray(middle != wanted)
        for m in moved:
            ill = ill | (m != wanted)
        return ill, np.asarray((got != wanted) & ~ill)
    ill = _kind(middle) != _kind(wanted)
    for m in moved:
        ill = ill | (_kind(m) != _kind(wanted))
    with np.errstate(all="ignore"):
        spread = np.zeros(wanted.shape)
        for m in moved:
            spread = np.fmax(spread, np.abs(m - middle))
        eps, tiny = np.finfo(t.dtype).eps, np.finfo(t.dtype).smallest_subnormal
        allowed = 4 * spread + 4 * eps * np.abs(middle) + 2 * float(tiny)
        wrong = np.where(np.isfinite(wanted), ~(np.abs(got.astype(np.float64) - middle) <= allowed), False)
    return np.asarray(ill), np.asarray((wrong | (_kind(got) != _kind(wanted))) & ~ill)


def _kind(array: Any) -> np.ndarray:
    """0 for finite numbers, 1 and -1 for the infinities, 2 for NaN."""
    return np.where(np.isnan(array), 2, np.where(np.isinf(array), np.sign(array), 0))


# --- running many ---------------------------------------------------------------------------------------------------


def run_group(graphs: Sequence[Graph]) -> tuple[int, int]:
    """Check several graphs compiled as one program; a wrong one is compiled alone and made small."""
    outputs = [t for g in graphs for t in g.outputs]
    try:
        results = iter(
            function([x for g in graphs for x in g.inputs], outputs)(*[a for g in graphs for a in g.arrays])
        )
        counts = [check(g, g.outputs, [next(results).array() for _ in g.outputs]) for g in graphs]
    except Exception as error:
        raise AssertionError(
            "\n\n".join(smallest(g) for g in graphs if smallest(g)) or f"only together: {error!r}"
        ) from error
    return sum(c for c, _ in counts), sum(u for _, u in counts)


def smallest(graph: Graph) -> str:
    """The first expression of a graph that is wrong when compiled alone, as text; empty where all are right."""
    for candidate in [*([t] for t in topological(graph.outputs) if t.op is not None), graph.outputs]:
        try:
            results = function(graph.inputs, candidate)(*graph.arrays)
            check(graph, candidate, [r.array() for r in results])
        except Exception as error:
            return f"{error!r}\n{graph.program(candidate)}"
    return ""


def _sweep(seeds: range, special: bool, group: int = 10) -> None:
    compared = unstable = 0
    for first in range(seeds.start, seeds.stop, group):
        graphs = [Graph(seed, special=special) for seed in range(first, min(first + group, seeds.stop))]
        counts = run_group(graphs)
        compared, unstable = compared + counts[0], unstable + counts[1]
    assert unstable < (0.1 if special else 0.03) * compared, (
        f"{unstable} of {compared} elements depend on rounding alone"
    )


@pytest.mark.parametrize("block", range(7))
def test_random_graphs_equal_numpy(block: int) -> None:
    _sweep(range(100 * block, 100 * block + 100), special=False)


@pytest.mark.parametrize("block", range(3))
def test_random_graphs_with_special_values_equal_numpy(block: int) -> None:
    _sweep(range(10_000 + 100 * block, 10_100 + 100 * block), special=True)


@pytest.mark.parametrize("block", range(3))
def test_large_random_graphs_equal_numpy(block: int) -> None:
    """Sums in several parts, tiles with edges, work on all threads."""
    for first in range(200_000 + 10 * block, 200_010 + 10 * block, 5):
        run_group([Graph(seed, large=True) for seed in range(first, first + 5)])


@pytest.mark.slow
@pytest.mark.parametrize("block", range(100))
def test_many_random_graphs(block: int) -> None:
    _sweep(range(20_000 + 70 * block, 20_070 + 70 * block), special=False)
    _sweep(range(40_000 + 30 * block, 40_030 + 30 * block), special=True)


# --- gradients ------------------------------------------------------------------------------------------------------


class Slope:
    """A smooth graph as a scalar function, its gradient, and directions to check it along."""

    def __init__(self, seed: int) -> None:
        self.graph = graph = Graph(seed, smooth=True)
        rng = np.random.default_rng(seed)
        # A bounded function: squashed, so that no graph grows without limit.
        parts = [tw.sum(tw.tanh(t) * rng.uniform(0.5, 1.5, t.shape)) for t in graph.outputs]
        self.value = parts[0]
        for part in parts[1:]:
            self.value = self.value + part
        self.slopes = tw.gradients(self.value, graph.inputs, unconnected="zero")
        self.along = [[rng.uniform(-1, 1, a.shape) for a in graph.arrays] for _ in range(2)]

    def at(self, step: float, along: Sequence[np.ndarray]) -> float:
        moved = [a + step * d for a, d in zip(self.graph.arrays, along, strict=True)]
        return float(evaluate([self.value], dict(zip(self.graph.inputs, moved, strict=True)))[0])

    def numeric(self, along: Sequence[np.ndarray]) -> tuple[float, float]:
        """The derivative along a direction by central differences, extrapolated, and how far that can be trusted."""
        wide, narrow = ((self.at(h, along) - self.at(-h, along)) / (2 * h) for h in (4e-4, 2e-4))
        best = narrow + (narrow - wide) / 3
        return best, 1e-7 * max(1.0, abs(best)) + abs(narrow - wide) / 10

    def check(self, value: np.ndarray, slopes: Sequence[np.ndarray]) -> None:
        graph, given = self.graph, dict(zip(self.graph.inputs, self.graph.arrays, strict=True))
        np.testing.assert_allclose(
            value, evaluate([self.value], given)[0], rtol=1e-10, atol=1e-12, err_msg=str(graph.seed)
        )
        for x, s in zip(graph.inputs, slopes, strict=True):
            assert (s.shape, s.dtype) == (x.shape, x.dtype), (
                f"seed {graph.seed}: gradient of {x.specs[0]} is {s.dtype}{s.shape}"
            )
        for along in self.along:
            numeric, trust = self.numeric(along)
            exact = sum(float((s * d).sum()) for s, d in zip(slopes, along, strict=True))
            if not abs(exact - numeric) <= trust:
                text = graph.program([self.value])
                raise AssertionError(
                    f"the gradient gives {exact!r}, differences {numeric!r} +- {trust:.1e}\n{text}"
                )


@pytest.mark.parametrize("block", range(6))
def test_gradients_of_random_smooth_graphs(block: int) -> None:
    for first in range(100_000 + 50 * block, 100_050 + 50 * block, 5):
        slopes = [Slope(seed) for seed in range(first, first + 5)]
        inputs = [x for s in slopes for x in s.graph.inputs]
        results = iter(
            function(inputs, [t for s in slopes for t in (s.value, *s.slopes)])(
                *[a for s in slopes for a in s.graph.arrays]
            )
        )
        for s in slopes:
            value = next(results).array()
            s.check(value, [next(results).array() for _ in s.slopes])
