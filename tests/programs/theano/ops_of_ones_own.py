"""Ops that a program defines: with perform and grad, from a Python function, from a graph; tested as Theano's are."""

import unittest

import numpy as np
import theano
import theano.tensor as T
from theano import OpFromGraph
from theano.compile.ops import as_op
from theano.gof import graph
from theano.tests import unittest_tools as utt


class SumAndDifference(theano.Op):
    """Two outputs, of which a program may use one."""

    __props__ = ()

    def make_node(self, x, y):
        x, y = T.as_tensor_variable(x), T.as_tensor_variable(y)
        kind = T.TensorType(theano.scalar.upcast(x.dtype, y.dtype), [False] * x.ndim)
        return theano.Apply(self, [x, y], [kind(), kind()])

    def perform(self, node, inputs, output_storage):
        x, y = inputs
        output_storage[0][0], output_storage[1][0] = x + y, x - y

    def infer_shape(self, node, shapes):
        return [shapes[0], shapes[0]]

    def grad(self, inputs, output_grads):
        a, b = output_grads
        return [a + b, a - b]


class TestSumAndDifference(utt.InferShapeTester):
    def test_gradients(self):
        points = [np.random.rand(3, 4), np.random.rand(3, 4)]
        for k in range(2):
            utt.verify_grad(
                lambda x, y, k=k: SumAndDifference()(x, y)[k], points, rng=np.random.RandomState(4)
            )

    def test_shape(self):
        x, y = T.dmatrices("x", "y")
        values = [np.random.rand(5, 6), np.random.rand(5, 6)]
        self._compile_and_check([x, y], SumAndDifference()(x, y), values, SumAndDifference)

    def test_values(self):
        x, y = T.dmatrices("x", "y")
        both = theano.function([x, y], SumAndDifference()(x, y))
        a, b = np.random.rand(2, 2), np.random.rand(2, 2)
        utt.assert_allclose(both(a, b)[1], a - b)

    def test_a_python_function(self):
        @as_op(itypes=[T.dvector], otypes=[T.dvector], infer_shape=lambda node, shapes: shapes)
        def backwards(x):
            return x[::-1]

        x = T.dvector()
        assert theano.function([x], backwards(x) * 2)([1, 2, 3]).tolist() == [6, 4, 2]

    def test_a_graph(self):
        x, y, z = T.scalars("xyz")
        op = OpFromGraph([x, y, z], [x + y * z])
        f = theano.function([x, y, z], op(x, y, z) + op(z, y, x))
        assert f(1, 2, 3) == 12

    def test_a_graph_with_another_gradient(self):
        x, y = T.dvectors("x", "y")
        straight = OpFromGraph([x, y], [T.round(x) * y], grad_overrides=[lambda i, g: g[0] * i[1], "default"])
        gx, gy = T.grad(straight(x, y).sum(), [x, y])
        found = theano.function([x, y], [gx, gy])([1.2, 2.7], [3.0, 4.0])
        assert found[0].tolist() == [3, 4] and found[1].tolist() == [1, 3]

    def test_what_a_cost_is_made_of(self):
        x, w, b = T.matrix("x"), theano.shared(np.ones(3), "w"), theano.shared(0.0, "b")
        cost = ((T.dot(x, w) + b) ** 2).mean()
        below = graph.inputs([cost])
        assert x in below and [v for v in below if isinstance(v, theano.compile.SharedVariable)] == [w, b]


if __name__ == "__main__":
    unittest.main()
