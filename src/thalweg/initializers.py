"""Initialisers: the first values of weights, by name or as objects; called with a shape and a dtype."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.history import no_grad
from thalweg.graph.tensor import Tensor, shape_text
from thalweg.graph.updates import recording
from thalweg.ops import draws, random
from thalweg.registry import Configured, lookup
from thalweg.registry import decode as deserialize
from thalweg.registry import encode as serialize

Shape = Sequence[int]


class Initializer(Configured):
    """An array for a shape. With a ``seed`` always the same one, else a new one from ``tw.random`` each time."""

    seed: int | None = None

    def __call__(self, shape: Shape, dtype: Any = None) -> np.ndarray:
        """An array of the shape; float32 unless ``dtype`` says otherwise."""
        wanted = dtypes.default_float if dtype is None else dtypes.as_dtype(dtype)
        with recording(None), no_grad():  # a value now, also where a step is being traced
            return np.asarray(self.make(tuple(int(n) for n in shape), wanted), wanted)

    def make(self, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        """The array: what a class of initialisers defines."""
        raise NotImplementedError

    def key(self) -> Any:
        """The key of one draw."""
        return draws.first_key(self.seed)


class Zeros(Initializer):
    """All 0.

    >>> Zeros()((2,)).tolist()
    [0.0, 0.0]
    """

    def make(self, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        return np.zeros(shape, dtype)


class Ones(Initializer):
    """All 1.

    >>> Ones()((2,)).tolist()
    [1.0, 1.0]
    """

    def make(self, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        return np.ones(shape, dtype)


class Constant(Initializer):
    """One value everywhere, or a given array of the very shape.

    The array may also lack axes of length 1 or have more of them, or be the elements in one row; another shape is
    an error.

    >>> Constant(2.0)((2,)).tolist()
    [2.0, 2.0]
    >>> Constant([1, 2, 3, 4])((2, 2)).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = np.asarray(value)

    def make(self, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        given = self.value.shape
        if self.value.size == 1:
            return np.full(shape, self.value.reshape(()), dtype)
        long, wanted = ([n for n in lengths if n != 1] for lengths in (given, shape))
        if self.value.size != math.prod(shape) or (len(given) > 1 and long != wanted):
            raise fail(
                ShapeError,
                "Constant: value",
                expected=shape_text(shape),
                received=shape_text(given),
            )
        return self.value.reshape(shape).astype(dtype)


class RandomNormal(Initializer):
    """Normal numbers.

    >>> round(float(RandomNormal(seed=0)((200, 100)).std()), 3)
    0.05
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def make(self, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        return random.normal(shape, self.mean, self.stddev, dtype, key=self.key()).array()


class RandomUniform(Initializer):
    """Uniform numbers in [minval, maxval).

    >>> round(float(RandomUniform(seed=0)((200, 100)).std()), 3)
    0.029
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        self.minval, self.maxval, self.seed = minval, maxval, seed

    def make(self, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        return random.uniform(shape, self.minval, self.maxval, dtype, key=self.key()).array()


class TruncatedNormal(Initializer):
    """Normal numbers, none further than two ``stddev`` from ``mean``.

    >>> round(float(TruncatedNormal(seed=0)((200, 100)).std()), 3)
    0.044
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def make(self, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        return random.truncated_normal(shape, self.mean, self.stddev, dtype, key=self.key()).array()


Axes = Sequence[int] | None


def fans(shape: Shape, input_axes: Axes = None, output_axes: Axes = None) -> tuple[float, float]:
    """The number of inputs and outputs of one unit: kernels are [*window, in, out] unless axes are given.

    >>> fans((3, 3, 16, 32)), fans((8, 2, 5), input_axes=[1], output_axes=[0])
    ((144, 288), (2, 8))
    """
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[k] for k in input_axes), math.prod(shape[k] for k in output_axes)
    if len(shape) < 2:
        only = shape[0] if shape else 1
        return only, only
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window


_TRUNCATED_STDDEV = 0.87962566103423978  # of a standard normal cut at two standard deviations


class VarianceScaling(Initializer):
    """Random numbers of variance ``scale / n``; n is the number of inputs, of outputs, or their mean by ``mode``.

    ``mode``: "fan_in", "fan_out" or "fan_avg"; ``distribution``: "truncated_normal", "untruncated_normal", "uniform".
    ``input_axes`` and ``output_axes``: the axes that count inputs and outputs, where they are not the last two.

    >>> round(float(VarianceScaling(2.0, seed=0)((100, 200)).var()), 3)
    0.02
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        input_axes: Axes = None,
        output_axes: Axes = None,
    ) -> None:
        modes, kinds = ("fan_in", "fan_out", "fan_avg"), ("truncated_normal", "untruncated_normal", "uniform")
        distribution = "truncated_normal" if distribution == "normal" else distribution
        if mode not in modes or distribution not in kinds or scale <= 0:
            raise fail(
                ArgumentError,
                "VarianceScaling: scale, mode, distribution",
                expected=f"scale > 0, {' or '.join(modes)}, {' or '.join(kinds)}",
                received=f"{scale}, {mode!r}, {distribution!r}",
            )
        self.scale, self.mode, self.distribution, self.seed = scale, mode, distribution, seed
        self.input_axes, self.output_axes = input_axes, output_axes

    def make(self, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        fan_in, fan_out = fans(shape, self.input_axes, self.output_axes)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, n)
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return random.uniform(shape, -limit, limit, dtype, key=self.key()).array()
        if self.distribution == "untruncated_normal":
            return random.normal(shape, 0.0, math.sqrt(variance), dtype, key=self.key()).array()
        stddev = math.sqrt(variance) / _TRUNCATED_STDDEV
        return random.truncated_normal(shape, 0.0, stddev, dtype, key=self.key()).array()


class _Scaled(VarianceScaling):
    """:class:`VarianceScaling` with a scale, a mode and a distribution of its own."""

    kind: tuple[float, str, str]

    def __init__(self, seed: int | None = None, input_axes: Axes = None, output_axes: Axes = None) -> None:
        super().__init__(*self.kind, seed, input_axes, output_axes)


class GlorotUniform(_Scaled):
    """Uniform in ±sqrt(6 / (inputs + outputs)).

    >>> round(float(GlorotUniform(seed=0)((200, 100)).std()), 3)
    0.082
    """

    kind = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Scaled):
    """Truncated normal of variance 2 / (inputs + outputs).

    >>> round(float(GlorotNormal(seed=0)((200, 100)).std()), 3)
    0.082
    """

    kind = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Scaled):
    """Uniform in ±sqrt(6 / inputs).

    >>> round(float(HeUniform(seed=0)((200, 100)).std()), 3)
    0.1
    """

    kind = (2.0, "fan_in", "uniform")


class HeNormal(_Scaled):
    """Truncated normal of variance 2 / inputs.

    >>> round(float(HeNormal(seed=0)((200, 100)).std()), 3)
    0.1
    """

    kind = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_Scaled):
    """Uniform in ±sqrt(3 / inputs).

    >>> round(float(LecunUniform(seed=0)((200, 100)).std()), 3)
    0.071
    """

    kind = (1.0, "fan_in", "uniform")


class LecunNormal(_Scaled):
    """Truncated normal of variance 1 / inputs.

    >>> round(float(LecunNormal(seed=0)((200, 100)).std()), 3)
    0.071
    """

    kind = (1.0, "fan_in", "truncated_normal")


class Orthogonal(Initializer):
    """``gain`` times a random matrix with orthonormal rows or columns, whichever are fewer.

    Leading axes count as rows.

    >>> (lambda w: (w.T @ w).round(5).tolist())(Orthogonal(seed=0)((3, 2)).astype("float64"))
    [[1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        self.gain, self.seed = gain, seed

    def make(self, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        if len(shape) < 2:
            raise fail(ShapeError, "Orthogonal", expected="at least 2 axes", received=shape_text(shape))
        rows, columns = math.prod(shape[:-1]), shape[-1]
        rule = draws.get_rule()
        given = None if rule is None else rule.orthogonal(rows, columns, self.seed)
        if given is not None:
            return (self.gain * given).reshape(shape)
        size = (max(rows, columns), min(rows, columns))
        key = self.key()
        kind = dtype if isinstance(key, draws.Numbers) else np.dtype("float64")
        normal = random.normal(size, dtype=kind, key=key).array()
        q, r = np.linalg.qr(normal)
        q = q * np.sign(np.diag(r))  # makes the distribution uniform over all such matrices
        return (self.gain * (q.T if rows < columns else q)).reshape(shape)


class Identity(Initializer):
    """``gain`` times the identity matrix; of another shape than square, 1 where the row is the column.

    >>> Identity(2.0)((2, 2)).tolist()
    [[2.0, 0.0], [0.0, 2.0]]
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def make(self, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        if len(shape) != 2:
            raise fail(ShapeError, "Identity", expected="2 axes", received=shape_text(shape))
        return self.gain * np.eye(*shape)


_WINDOWS = {"hann": (0.5, 0.5), "hamming": (0.54, 0.46), "blackman": (0.42, 0.5, 0.08)}


class STFT(Initializer):
    """The real or imaginary part of a short-time Fourier transform, as a kernel [frame, 1, frequencies].

    ``cos`` or ``sin`` of ``-2 pi t f / n`` with ``n = 2 (frequencies - 1)``, times a window: "hann", "hamming",
    "blackman", an array of the frame's length, or None. ``scaling``: "density" divides by the window's L2 norm,
    "spectrum" by its sum, None by nothing. ``periodic``: the window's period is the frame's length.

    >>> STFT(window=None)((2, 1, 2)).round(6).ravel().tolist()
    [1.0, 1.0, 1.0, -1.0]
    """

    def __init__(
        self,
        side: str = "real",
        window: Any = "hann",
        scaling: str | None = "density",
        periodic: bool = False,
    ) -> None:
        known = side in ("real", "imag") and scaling in ("density", "spectrum", None)
        if not known or (isinstance(window, str) and window not in _WINDOWS):
            raise fail(
                ArgumentError,
                "STFT: side, window, scaling",
                expected=f"real or imag; {', '.join(_WINDOWS)} or an array; density, spectrum or None",
                received=f"{side!r}, {window!r}, {scaling!r}",
            )
        self.side, self.window, self.scaling, self.periodic = side, window, scaling, periodic

    def make(self, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        if len(shape) != 3 or shape[1] != 1:
            raise fail(ShapeError, "STFT", expected="[frame, 1, frequencies]", received=shape_text(shape))
        frame, _, frequencies = shape
        angles = (
            -2 * np.pi * np.outer(np.arange(frame), np.arange(frequencies)) / max(2 * (frequencies - 1), 1)
        )
        kernel = (np.cos if self.side == "real" else np.sin)(angles)
        if self.window is not None:
            window = self.factors(frame)
            size = {"density": np.sqrt((window**2).sum()), "spectrum": np.abs(window).sum(), None: 1.0}
            kernel *= window[:, None] / size[self.scaling]
        return kernel[:, None].astype(dtype)

    def factors(self, frame: int) -> np.ndarray:
        """The window, for a frame of this length."""
        if isinstance(self.window, str):
            turns = np.arange(frame) / max(frame if self.periodic else frame - 1, 1)
            factors = enumerate(_WINDOWS[self.window])
            return np.sum([a * (-1) ** k * np.cos(2 * np.pi * k * turns) for k, a in factors], axis=0)
        window = np.asarray(self.window, np.float64)
        if window.shape != (frame,):
            raise fail(
                ShapeError, "STFT: window", expected=shape_text((frame,)), received=shape_text(window.shape)
            )
        return window


IdentityInitializer, OrthogonalInitializer, STFTInitializer = Identity, Orthogonal, STFT
zeros, ones, constant, identity, orthogonal, stft = Zeros, Ones, Constant, Identity, Orthogonal, STFT
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
glorot_uniform, glorot_normal, he_uniform, he_normal = GlorotUniform, GlorotNormal, HeUniform, HeNormal
lecun_uniform, lecun_normal, variance_scaling = LecunUniform, LecunNormal, VarianceScaling

_TABLE: dict[str, Any] = {
    name: cls
    for name, cls in list(globals().items())
    if isinstance(cls, type) and issubclass(cls, Initializer) and name[0] != "_" and cls is not Initializer
}
__all__ = ["Initializer", "deserialize", "get", "serialize", *_TABLE]
_TABLE |= {"normal": RandomNormal, "uniform": RandomUniform, "zero": Zeros, "one": Ones, "eye": Identity}


def get(given: Any) -> Any:
    """An initialiser from a name, a number or array (constant), a class, or any function of shape and dtype.

    >>> get("he_normal")((64, 32)).shape
    (64, 32)
    """
    if isinstance(given, type):
        return given()
    if callable(given) and not isinstance(given, Tensor):
        return given
    if isinstance(given, (int, float, np.ndarray, np.generic, Tensor)):
        return Constant(np.asarray(given))
    return lookup("initialiser", given, _TABLE)()
