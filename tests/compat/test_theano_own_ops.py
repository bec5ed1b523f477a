"""Functions of numbers that a program makes ops of, variables of a program's own classes, settings one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg.compat.theano as theano
import thalweg.compat.theano.tensor as T
from thalweg.compat.theano import configparser, scalar
from thalweg.compat.theano.scalar.basic_scipy import Erf, GammaLn


class Squares(scalar.UnaryScalarOp):
    """x² + 1."""

    def impl(self, x: Any) -> Any:
        return x * x + 1

    def grad(self, inputs: Any, output_gradients: Any) -> Any:
        (x,), (gz,) = inputs, output_gradients
        return (gz * 2 * abs(x) * theano.scalar.sgn(x),)


squares = T.Elemwise(Squares(scalar.upgrade_to_float, name="squares"), name="Elemwise{squares}")


def test_a_function_of_numbers_works_element_by_element() -> None:
    whole, w = T.imatrix(), T.dvector()
    slope = theano.grad(squares(w).sum(), w)
    ints, floats, slopes = theano.function([whole, w], [squares(whole), squares(w), slope])(
        [[1, 2]], [-1.0, 3.0]
    )
    assert ints.tolist() == [[2.0, 5.0]] and floats.tolist() == [2.0, 10.0] and slopes.tolist() == [-2.0, 6.0]
    assert (squares(whole).dtype, squares(T.fvector()).dtype, squares(T.row()).type.broadcastable) == (
        "float64", "float32", (True, False),
    )  # fmt: skip
    assert str(squares) == "Elemwise{squares}"


def test_a_function_of_two_numbers_stretches_its_arguments() -> None:
    class Hypot(scalar.BinaryScalarOp):
        def impl(self, x: Any, y: Any) -> Any:
            return (x * x + y * y) ** 0.5

    hypot = Hypot(scalar.same_out)
    x, y = T.dmatrix(), T.dvector()
    assert theano.function([x, y], hypot(x, y))([[3.0, 5.0]], [4.0, 12.0]).tolist() == [[5.0, 13.0]]
    with pytest.raises(TypeError, match="expected 2 inputs, received 1"):
        hypot(x)
    with pytest.raises(NotImplementedError, match="impl"):
        theano.function([y], scalar.UnaryScalarOp()(y))([1.0])


def test_functions_of_numbers_that_are_there() -> None:
    x = T.dvector()
    found = theano.function([x], [GammaLn(scalar.upgrade_to_float, name="g")(x), Erf()(x), scalar.exp(x)])(
        [4.0]
    )
    assert np.allclose(np.ravel(found), [np.log(6), 0.9999999845827421, np.exp(4)])
    with pytest.raises(AttributeError, match=r"theano\.scalar\.expp is not supported; the nearest is .*exp"):
        scalar.expp


class Named(T.TensorVariable):
    """A variable of a program's own."""

    def __init__(self, type: Any = None, owner: Any = None, index: Any = None, name: Any = None) -> None:
        super().__init__(type, owner, index, name)
        self.of_mine = 3


def test_a_variable_of_a_program_s_own_class() -> None:
    x, y = Named(T.dvector, None, None, "x"), Named(T.dvector, None, None, "y")
    theano.Apply(theano.compile.view_op, inputs=[x * 2], outputs=[y])
    z = (y + 1).sum()
    total, doubled, slope = theano.function([x], [z, y, theano.grad(z, x)])([1.0, 2.0])
    assert total == 8 and doubled.tolist() == [2, 4] and slope.tolist() == [2, 2]
    assert (y.name, y.of_mine, y.type) == ("y", 3, T.dvector)
    assert theano.gof.graph.inputs([z])[0] is x
    with pytest.raises(TypeError, match="call the op instead"):
        Named(T.dvector, z.owner)


def test_known_values_are_their_own_test_values() -> None:
    with theano.configparser.change_flags(compute_test_value="raise"):
        assert (T.as_tensor_variable(3.0) ** -2).tag.test_value == 1 / 9


def test_settings_one_by_one() -> None:
    (setting,) = [s for s in configparser._config_var_list if s.fullname == "compute_test_value"]
    old = setting.__get__(True, None)
    setting.__set__(None, "raise")
    try:
        assert theano.config.compute_test_value == "raise"
    finally:
        setting.__set__(None, old)


def test_rows_by_their_numbers() -> None:
    x, rows = T.dmatrix(), np.array([0, 0])
    f = theano.function([x], [T.advanced_subtensor1(x, rows), T.advanced_set_subtensor1(x, 1.0, rows[:1]),
                              T.advanced_inc_subtensor1(x, 1.0, rows)])  # fmt: skip
    taken, written, added = f([[2.0], [3.0]])
    assert (taken.tolist(), written.tolist(), added.tolist()) == ([[2], [2]], [[1], [3]], [[4], [3]])


def test_a_copy_of_an_expression_has_its_test_value() -> None:
    with theano.configparser.change_flags(compute_test_value="raise"):
        x, other = T.dvector("x"), T.dvector("other")
        x.tag.test_value = np.array([1.0, 2.0])
        total = x.sum()
        copied = theano.clone(total, {x: other}, strict=False)
        assert copied.tag.test_value == 3 and (copied - total).tag.test_value == 0
        with pytest.raises(AttributeError, match="input other has no test value"):
            other + 1
        assert x.shape.tag.test_value.tolist() == [2]
    named = x.copy("y")
    assert (named.name, x.name) == ("y", "x") and theano.function([x], named)([3.0]).tolist() == [3]


def test_arguments_that_theano_has_not_are_refused() -> None:
    from thalweg.compat.theano.sandbox.rng_mrg import MRG_RandomStreams
    from thalweg.compat.theano.tensor.shared_randomstreams import RandomStreams

    for streams in (MRG_RandomStreams(1), RandomStreams(1)):
        with pytest.raises(TypeError, match="sizes"):
            streams.binomial(sizes=(2,))  # type: ignore[call-arg]
        assert streams.uniform((2,), nstreams=3).type == T.TensorType(theano.config.floatX, (False,))
    with pytest.raises(TypeError, match="borow"):
        theano.shared(1.0, borow=True)  # type: ignore[call-arg]
