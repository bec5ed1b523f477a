"""``theano.scalar.basic_scipy``: functions of numbers as ops, for the programs that make them."""

from __future__ import annotations

from typing import Any

from thalweg.compat.theano.scalar import UnaryScalarOp
from thalweg.compat.theano.tensor import elements


class _Named(UnaryScalarOp):
    """An op that the main library has."""

    function: Any = None

    def __call__(self, *inputs: Any, **kwargs: Any) -> Any:
        return type(self).function(*inputs)


def _op(name: str, function: Any) -> type[_Named]:
    return type(name, (_Named,), {"__doc__": function.__doc__, "function": staticmethod(function)})


GammaLn, Psi, Gamma = _op("GammaLn", elements.gammaln), _op("Psi", elements.psi), _op("Gamma", elements.gamma)
Erf, Erfc, Erfinv = _op("Erf", elements.erf), _op("Erfc", elements.erfc), _op("Erfinv", elements.erfinv)
