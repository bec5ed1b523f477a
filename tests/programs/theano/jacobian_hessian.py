"""Derivatives: gradients in text, Jacobian, Hessian, the two Jacobian products, and Newton's method with them."""

import numpy as np
import theano
import theano.tensor as T
from theano import pp

x = T.dscalar("x")
y = x**2
gy = T.grad(y, x)
print(pp(gy))
f = theano.function([x], gy)
assert f(4) == 8 and np.allclose(f(94.2), 188.4)
print(pp(f.maker.fgraph.outputs[0]))

m = T.dmatrix("m")
s = T.sum(1 / (1 + T.exp(-m)))
dlogistic = theano.function([m], T.grad(s, m))
assert np.allclose(dlogistic([[0, 1], [-1, -2]]), [[0.25, 0.19661193], [0.19661193, 0.10499359]])

v = T.dvector("v")
assert np.allclose(theano.function([v], T.jacobian(v**2, v))([4, 4]), [[8, 0], [0, 8]])
assert np.allclose(theano.function([v], T.hessian((v**2).sum(), v))([4, 4]), [[2, 0], [0, 2]])

W, V, u = T.dmatrix("W"), T.dmatrix("V"), T.dvector("u")
out = T.dot(u, W)
assert theano.function([W, V, u], T.Rop(out, W, V))([[1, 1], [1, 1]], [[2, 2], [2, 2]], [0, 1]).tolist() == [
    2,
    2,
]
w = T.dvector("w")
assert theano.function([w, u], T.Lop(out, W, w))([2, 2], [0, 1]).tolist() == [[0, 0], [2, 2]]
direction = T.dvector("direction")
cost = T.sum(u**4)
product = theano.function([u, direction], T.Rop(T.grad(cost, u), u, direction))
assert np.allclose(product([1.0, 2.0], [1.0, 1.0]), [12.0, 48.0])

point = theano.shared(np.array([-1.2, 1.0]), name="point")
rosenbrock = (1 - point[0]) ** 2 + 100 * (point[1] - point[0] ** 2) ** 2
g, H = T.grad(rosenbrock, point), T.hessian(rosenbrock, point)
newton = theano.function([], rosenbrock, updates=[(point, point - T.dot(T.nlinalg.matrix_inverse(H), g))])
for k in range(12):
    value = newton()
print(point.get_value(), value)
assert np.allclose(point.get_value(), [1, 1], atol=1e-6)
