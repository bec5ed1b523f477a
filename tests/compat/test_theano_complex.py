"""Theano's complex variables and Fourier transforms against NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg.compat.theano as theano
import thalweg.compat.theano.tensor as T
from thalweg.compat.theano.tensor import fft

RNG = np.random.default_rng(0)
Z = RNG.normal(size=(2, 3)) + 1j * RNG.normal(size=(2, 3))
W = RNG.normal(size=(2, 3)) + 1j * RNG.normal(size=(2, 3))
X = RNG.normal(size=(2, 3))
z, w, x = T.zmatrix("z"), T.zmatrix("w"), T.dmatrix("x")

CASES: dict[str, tuple[Any, Any]] = {
    "real": (T.real(z), Z.real),
    "imag": (z.imag, Z.imag),
    "imag of real numbers": (x.imag, 0 * X),
    "conj": (z.conj(), Z.conj()),
    "conj of real numbers": (T.conj(x), X),
    "angle": (T.angle(z), np.angle(Z)),
    "abs": (abs(z), abs(Z)),
    "complex": (T.complex(x, x[0] + 1), X + 1j * (X[0] + 1)),
    "from polar": (T.complex_from_polar(abs(z), x), abs(Z) * np.exp(1j * X)),
    "sums": (z + w - x + 2 - (1j - z), Z + W - X + 2 - (1j - Z)),
    "products": (x * z * w * 1j, X * Z * W * 1j),
    "quotients": (1 / (z / w + x / z), 1 / (Z / W + X / Z)),
    "squares": (T.sqr(z) - z**3, Z**2 - Z**3),
    "powers": (z**0.5 + T.sqrt(w), Z**0.5 + np.sqrt(W)),
    "exp and log": (T.exp(z) + T.log(w), np.exp(Z) + np.log(W)),
    "dot": (T.dot(z, w.T) + T.dot(x, z.T), Z @ W.T + X @ Z.T),
    "outer": (T.outer(z[0], w[0]), np.outer(Z[0], W[0])),
    "tensordot": (T.tensordot(z, w, axes=[[0], [0]]), np.tensordot(Z, W, axes=([0], [0]))),
    "sum": (z.sum(axis=1), Z.sum(1)),
    "mean": (z.mean(), Z.mean()),
    "shapes": (z.reshape((3, 2)).dimshuffle(1, "x", 0).flatten(), Z.reshape(3, 2).T.ravel()),
    "parts": (z[1, ::2], Z[1, ::2]),
    "joined": (T.concatenate([z, x], axis=1), np.concatenate([Z, X], 1)),
    "stacked": (T.stack([z, w]), np.stack([Z, W])),
    "written": (T.set_subtensor(z[0], x[1]), np.array([X[1], Z[1]])),
    "added to": (T.inc_subtensor(z[0], w[1]), np.array([Z[0] + W[1], Z[1]])),
    "chosen": (T.switch(x > 0, z, x), np.where(X > 0, Z, X)),
    "ones": (T.ones_like(z) + T.zeros_like(w), 1 + 0 * Z),
    "equal": (T.neq(z, T.switch(x > 0, z, w)), X <= 0),
    "cast": (T.cast(z, "complex64"), Z.astype("complex64")),
    "cast real numbers": (T.cast(x, "complex128"), X.astype(complex)),
    "constants": (T.constant(1 + 2j) * T.as_tensor_variable(Z), (1 + 2j) * Z),
    "cumsum": (T.cumsum(z, axis=1), np.cumsum(Z, 1)),
}


@pytest.mark.parametrize("name", CASES)
def test_functions_of_complex_variables(name: str) -> None:
    expression, wanted = CASES[name]
    found = theano.function([z, w, x], expression, on_unused_input="ignore")(Z, W, X)
    np.testing.assert_allclose(found, wanted, rtol=1e-6 if found.dtype == np.complex64 else 1e-12)
    assert found.dtype == wanted.dtype == expression.dtype and expression.ndim == wanted.ndim


def test_types_by_name() -> None:
    assert T.cscalar().dtype == "complex64" and str(T.ztensor3().type) == "TensorType(complex128, 3D)"
    assert (T.cvector() * T.fvector()).dtype == "complex64" and (
        T.cvector() * T.dvector()
    ).dtype == "complex128"
    assert (T.cvector() * 2).dtype == "complex64" and (T.cvector() * 1j).dtype == "complex64"
    assert T.zvector("q").name == "q" and z.clone().type == z.type


def test_functions_take_keep_and_give_complex_values() -> None:
    kept = theano.shared(Z, "kept")
    f = theano.function(
        [theano.In(w, value=W), x], [x, kept * w], updates=[(kept, kept + 1)], on_unused_input="ignore"
    )
    first, product = f(x=X)
    np.testing.assert_array_equal(first, X)
    np.testing.assert_allclose(product, Z * W)
    np.testing.assert_allclose(f(Z, X)[1], (Z + 1) * Z)
    np.testing.assert_allclose(kept.get_value(), Z + 2)
    kept.set_value(W)
    np.testing.assert_allclose(theano.function([], z.sum(), givens={z: kept})(), W.sum())
    np.testing.assert_array_equal((z * 1).eval({z: X}), X)  # real numbers are complex ones, too
    np.testing.assert_array_equal(theano.function([z], z.imag)(Z), Z.imag)
    with pytest.raises(theano.compile.UnusedInputError):
        theano.function([z, w], z.imag)


def test_what_complex_variables_are_not_for() -> None:
    for use in (lambda: T.tanh(z), lambda: T.lt(z, w), lambda: theano.grad(abs(z).sum(), z)):
        with pytest.raises(TypeError, match="complex"):
            use()
    with pytest.raises(TypeError, match="ambiguous"):
        T.cast(z, "float64")
    with pytest.raises(TypeError):
        theano.function([x], x)(Z)


def test_gradients_pass_through_complex_numbers() -> None:
    turned = T.exp(T.complex(x, 2 * x)) * T.constant(1 + 2j)
    T.verify_grad(
        lambda v: theano.clone(T.real(turned) + abs(turned), {x: v}), [X], rng=np.random.RandomState(1)
    )


# --- Fourier transforms ---------------------------------------------------------------------------------------------


def as_complex(pairs: np.ndarray) -> np.ndarray:
    return pairs[..., 0] + 1j * pairs[..., 1]


NORMS: dict[Any, float] = {None: 1.0, "no_norm": 1.0, "ortho": -0.5}


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("shape", [(3, 6), (3, 7), (2, 4, 6), (2, 3, 5)])
def test_rfft_and_back(shape: tuple[int, ...], norm: Any) -> None:
    given, count = RNG.normal(size=shape), np.prod(shape[1:])
    v = T.TensorType("float64", [False] * len(shape))()
    forth = fft.rfft(v, norm)
    back = fft.irfft(forth, norm, is_odd=shape[-1] % 2 == 1)
    pairs, again = theano.function([v], [forth, back])(given)
    axes = tuple(range(1, len(shape)))
    wanted = np.fft.rfftn(given, axes=axes) / (np.sqrt(count) if norm == "ortho" else 1)
    np.testing.assert_allclose(as_complex(pairs), wanted, atol=1e-12)
    np.testing.assert_allclose(again, given * (count if norm == "no_norm" else 1), atol=1e-12)


@pytest.mark.parametrize("length", [6, 7])
def test_gradients_of_transforms(length: int) -> None:
    rng, pairs = np.random.RandomState(0), RNG.normal(size=(2, 3, length // 2 + 1, 2))
    T.verify_grad(lambda v: fft.rfft(v, "ortho"), [RNG.normal(size=(2, 3, length))], rng=rng)
    T.verify_grad(lambda v: fft.irfft(v, is_odd=length % 2 == 1), [pairs], rng=rng)


def test_transforms_refuse_what_they_do_not_know() -> None:
    with pytest.raises(ValueError, match="norm"):
        fft.rfft(x, "unit")
    odd: Any = "yes"
    with pytest.raises(ValueError, match="is_odd"):
        fft.irfft(T.dtensor3(), is_odd=odd)
    with pytest.raises(TypeError, match="axes"):
        fft.rfft(T.dvector())
