"""The scan examples of the tutorial: powers, polynomials, cumulative sums, taps, a counter, a loop that ends itself."""

import numpy
import theano
import theano.tensor as T
from theano import function

k = T.iscalar("k")
A = T.vector("A")
result, updates = theano.scan(
    fn=lambda prior_result, A: prior_result * A, outputs_info=T.ones_like(A), non_sequences=A, n_steps=k
)
power = theano.function(inputs=[A, k], outputs=result[-1], updates=updates)
assert power(range(10), 2).tolist() == [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]
assert power(range(10), 4).tolist() == [i**4 for i in range(10)]

coefficients = theano.tensor.vector("coefficients")
x = T.scalar("x")
components, updates = theano.scan(
    fn=lambda coefficient, power, free_variable: coefficient * (free_variable**power),
    outputs_info=None,
    sequences=[coefficients, theano.tensor.arange(10000)],
    non_sequences=x,
)
calculate_polynomial = theano.function(inputs=[coefficients, x], outputs=components.sum())
assert calculate_polynomial(numpy.asarray([1, 0, 2], dtype=numpy.float32), 3) == 19.0

up_to = T.iscalar("up_to")
seq = T.arange(up_to)
scan_result, scan_updates = theano.scan(
    fn=lambda arange_val, sum_to_date: sum_to_date + arange_val,
    outputs_info=T.as_tensor_variable(numpy.asarray(0, seq.dtype)),
    sequences=seq,
)
triangular_sequence = theano.function(inputs=[up_to], outputs=scan_result)
assert triangular_sequence(15).tolist() == [n * (n + 1) // 2 for n in range(15)]

X, W, b_sym = T.matrix("X"), T.matrix("W"), T.vector("b_sym")
results, updates = theano.scan(lambda v: T.tanh(T.dot(v, W) + b_sym), sequences=X)
compute_elementwise = function(inputs=[X, W, b_sym], outputs=results)
x_, w_, b_ = numpy.eye(2), numpy.ones((2, 2)), numpy.ones(2)
b_[1] = 2
assert numpy.allclose(compute_elementwise(x_, w_, b_), numpy.tanh(x_.dot(w_) + b_))

U, Y, V, P = T.matrix("U"), T.matrix("Y"), T.matrix("V"), T.matrix("P")
results, updates = theano.scan(
    lambda y, p, x_tm1: T.tanh(T.dot(x_tm1, W) + T.dot(y, U) + T.dot(p, V)),
    sequences=[Y, P[::-1]],
    outputs_info=[b_sym],
)
compute_seq = function(inputs=[b_sym, W, Y, U, P, V], outputs=results)
rng = numpy.random.RandomState(0)
v0, w0, y0, u0, p0, vv = (
    rng.randn(2),
    rng.randn(2, 2),
    rng.randn(5, 2),
    rng.randn(2, 2),
    rng.randn(5, 2),
    rng.randn(2, 2),
)
want, state = [], v0
for t in range(5):
    state = numpy.tanh(state.dot(w0) + y0[t].dot(u0) + p0[4 - t].dot(vv))
    want.append(state)
assert numpy.allclose(compute_seq(v0, w0, y0, u0, p0, vv), want)

results, updates = theano.scan(lambda x_i: T.sqrt((x_i**2).sum()), sequences=[X])
assert numpy.allclose(function([X], results)(numpy.diag(numpy.arange(1.0, 6), 1)), [1, 2, 3, 4, 5, 0])

results, updates = theano.scan(
    lambda i, j, t_f: T.cast(X[i, j] + t_f, "float64"),
    sequences=[T.arange(X.shape[0]), T.arange(X.shape[1])],
    outputs_info=numpy.asarray(0.0, dtype="float64"),
)
assert function([X], results[-1])(numpy.eye(5)) == 5

U2, b2 = T.matrix("U2"), T.vector("b2")
n_sym = T.iscalar("n_sym")
results, updates = theano.scan(
    lambda x_tm2, x_tm1: T.dot(x_tm2, U2) + T.dot(x_tm1, V) + T.tanh(T.dot(x_tm1, W) + b2),
    n_steps=n_sym,
    outputs_info=[dict(initial=X, taps=[-2, -1])],
)
compute_seq2 = function(inputs=[X, U2, V, W, b2, n_sym], outputs=results)
x_, u_, v_, w_, b_ = (
    rng.randn(2, 2),
    0.1 * rng.randn(2, 2),
    0.1 * rng.randn(2, 2),
    rng.randn(2, 2),
    rng.randn(2),
)
states = list(x_)
for t in range(10):
    states.append(states[-2].dot(u_) + states[-1].dot(v_) + numpy.tanh(states[-1].dot(w_) + b_))
assert numpy.allclose(compute_seq2(x_, u_, v_, w_, b_, 10), states[2:])

v = T.vector()
A2 = T.matrix()
y = T.tanh(T.dot(v, A2))
results, updates = theano.scan(lambda i: T.grad(y[i], v), sequences=[T.arange(y.shape[0])])
compute_jac_t = function([A2, v], results, allow_input_downcast=True)
point, m = numpy.eye(5, dtype=theano.config.floatX)[0], numpy.eye(5, 3, dtype=theano.config.floatX)
m[2] = numpy.ones(3)
assert numpy.allclose(compute_jac_t(m, point), ((1 - numpy.tanh(point.dot(m)) ** 2) * m).T)

counter = theano.shared(0)
results, updates = theano.scan(lambda: {counter: counter + 1}, n_steps=n_sym)
accumulator = function([n_sym], [], updates=updates, allow_input_downcast=True)
assert counter.get_value() == 0
accumulator(5)
assert counter.get_value() == 5

max_value = T.scalar()
values, _ = theano.scan(
    lambda previous_power, max_value: (
        previous_power * 2,
        theano.scan_module.until(previous_power * 2 > max_value),
    ),
    outputs_info=T.constant(1.0),
    non_sequences=max_value,
    n_steps=1024,
)
assert theano.function([max_value], values)(45).tolist() == [2, 4, 8, 16, 32, 64]

trng = T.shared_randomstreams.RandomStreams(1234)
d = trng.binomial(size=W[1].shape)
results, updates = theano.scan(lambda v: T.tanh(T.dot(v, W) + b_sym) * d, sequences=X)
compute_with_bnoise = function(
    inputs=[X, W, b_sym], outputs=results, updates=updates, allow_input_downcast=True
)
drawn = numpy.array(
    [compute_with_bnoise(numpy.eye(10, 2), numpy.ones((2, 2)), numpy.ones(2)) for _ in range(20)]
)
assert set(numpy.unique((drawn != 0).mean(axis=1))) == {0.0, 1.0}  # one mask for all steps of a call
print("ok")
