"""A GRU language model of two layers, and the examples of the documentation."""

import numpy as np
import theano as theano
import theano.tensor as T
from theano import In, function, pp, shared
from theano.ifelse import ifelse


class GRUTheano:
    def __init__(self, word_dim, hidden_dim=16, bptt_truncate=-1):
        self.word_dim = word_dim
        self.hidden_dim = hidden_dim
        self.bptt_truncate = bptt_truncate
        u = lambda n, *s: np.random.uniform(-np.sqrt(1.0 / n), np.sqrt(1.0 / n), s)
        E = u(word_dim, hidden_dim, word_dim)
        U = u(hidden_dim, 6, hidden_dim, hidden_dim)
        W = u(hidden_dim, 6, hidden_dim, hidden_dim)
        V = u(hidden_dim, word_dim, hidden_dim)
        b = np.zeros((6, hidden_dim))
        c = np.zeros(word_dim)
        for n, v in dict(E=E, U=U, W=W, V=V, b=b, c=c).items():
            setattr(self, n, theano.shared(name=n, value=v.astype(theano.config.floatX)))
            setattr(
                self,
                "m" + n,
                theano.shared(name="m" + n, value=np.zeros(v.shape).astype(theano.config.floatX)),
            )
        self.theano = {}
        self.__theano_build__()

    def __theano_build__(self):
        E, V, U, W, b, c = self.E, self.V, self.U, self.W, self.b, self.c
        x = T.ivector("x")
        y = T.ivector("y")

        def forward_prop_step(x_t, s_t1_prev, s_t2_prev):
            x_e = E[:, x_t]
            z_t1 = T.nnet.hard_sigmoid(U[0].dot(x_e) + W[0].dot(s_t1_prev) + b[0])
            r_t1 = T.nnet.hard_sigmoid(U[1].dot(x_e) + W[1].dot(s_t1_prev) + b[1])
            c_t1 = T.tanh(U[2].dot(x_e) + W[2].dot(s_t1_prev * r_t1) + b[2])
            s_t1 = (T.ones_like(z_t1) - z_t1) * c_t1 + z_t1 * s_t1_prev
            z_t2 = T.nnet.hard_sigmoid(U[3].dot(s_t1) + W[3].dot(s_t2_prev) + b[3])
            r_t2 = T.nnet.hard_sigmoid(U[4].dot(s_t1) + W[4].dot(s_t2_prev) + b[4])
            c_t2 = T.tanh(U[5].dot(s_t1) + W[5].dot(s_t2_prev * r_t2) + b[5])
            s_t2 = (T.ones_like(z_t2) - z_t2) * c_t2 + z_t2 * s_t2_prev
            o_t = T.nnet.softmax(V.dot(s_t2) + c)[0]
            return [o_t, s_t1, s_t2]

        [o, s, s2], updates = theano.scan(
            forward_prop_step,
            sequences=x,
            truncate_gradient=self.bptt_truncate,
            outputs_info=[
                None,
                dict(initial=T.zeros(self.hidden_dim)),
                dict(initial=T.zeros(self.hidden_dim)),
            ],
        )
        prediction = T.argmax(o, axis=1)
        o_error = T.sum(T.nnet.categorical_crossentropy(o, y))
        cost = o_error
        ps = [E, U, W, b, V, c]
        gs = [T.grad(cost, p) for p in ps]
        self.predict = theano.function([x], o)
        self.predict_class = theano.function([x], prediction)
        self.ce_error = theano.function([x, y], cost)
        self.bptt = theano.function([x, y], gs)
        learning_rate = T.scalar("learning_rate")
        decay = T.scalar("decay")
        ms = [self.mE, self.mU, self.mW, self.mb, self.mV, self.mc]
        news = [decay * m + (1 - decay) * g**2 for m, g in zip(ms, gs)]
        self.sgd_step = theano.function(
            [x, y, learning_rate, theano.Param(decay, default=0.9)],
            [],
            updates=[(p, p - learning_rate * g / T.sqrt(n + 1e-6)) for p, g, n in zip(ps, gs, news)]
            + list(zip(ms, news)),
        )


np.random.seed(10)
m = GRUTheano(12)
seq = np.array([0, 3, 4, 5, 6, 7, 1], dtype=np.int32)
before = m.ce_error(seq[:-1], seq[1:])
for _ in range(60):
    m.sgd_step(seq[:-1], seq[1:], 0.01)
after = m.ce_error(seq[:-1], seq[1:])
print(before, after, m.predict_class(seq[:-1]))
assert after < before * 0.5
# scan docs
k = T.iscalar("k")
A = T.vector("A")
result, updates = theano.scan(
    fn=lambda prior_result, A: prior_result * A, outputs_info=T.ones_like(A), non_sequences=A, n_steps=k
)
power = theano.function(inputs=[A, k], outputs=result[-1], updates=updates)
print(power(range(10), 2))
coefficients = theano.tensor.vector("coefficients")
x = T.scalar("x")
components, _ = theano.scan(
    fn=lambda c, p, f: c * (f**p),
    outputs_info=None,
    sequences=[coefficients, theano.tensor.arange(10000)],
    non_sequences=x,
)
print(theano.function([coefficients, x], components.sum())(np.asarray([1, 0, 2], dtype=np.float32), 3))


def power_of_2(previous_power, max_value):
    return previous_power * 2, theano.scan_module.until(previous_power * 2 > max_value)


max_value = T.scalar()
values, _ = theano.scan(power_of_2, outputs_info=T.constant(1.0), non_sequences=max_value, n_steps=1024)
print(theano.function([max_value], values)(45))
location = T.imatrix("location")
vals = T.vector("values")
om = T.matrix("output_model")


def set_value_at_position(a_location, a_value, output_model):
    zeros = T.zeros_like(output_model)
    return T.set_subtensor(zeros[a_location[0], a_location[1]], a_value)


r, u = theano.scan(fn=set_value_at_position, outputs_info=None, sequences=[location, vals], non_sequences=om)
print(
    theano.function([location, vals, om], r)(
        np.asarray([[1, 1], [2, 3]], dtype=np.int32),
        np.asarray([42, 50], dtype=np.float32),
        np.zeros((5, 5), dtype=np.float32),
    ).shape
)
# taps
x0 = T.vector("x0")
U = T.matrix()
y_, _ = theano.scan(lambda x1, x2: x1 + x2, outputs_info=[dict(initial=x0, taps=[-2, -1])], n_steps=8)
print(theano.function([x0], y_)([1.0, 1.0]))
s = T.vector("s")
o, _ = theano.scan(lambda a, b, c: a + b - c, sequences=[dict(input=s, taps=[-1, 0, 1])])
print(theano.function([s], o)(np.arange(6.0)))
# jacobian, hessian, R/L op, ifelse, pp, debugprint, switch
x = T.dvector("x")
y = x**2
J, updates = theano.scan(
    lambda i, y, x: T.grad(y[i], x), sequences=T.arange(y.shape[0]), non_sequences=[y, x]
)
print(theano.function([x], J, updates=updates)([4, 4]))
W = T.dmatrix("W")
V = T.dmatrix("V")
xx = T.dvector("xx")
yy = T.dot(xx, W)
JV = T.Rop(yy, W, V)
print(theano.function([W, V, xx], JV)([[1, 1], [1, 1]], [[2, 2], [2, 2]], [0, 1]))
v = T.dvector("v")
VJ = T.Lop(yy, W, v)
print(theano.function([v, xx], VJ)([2, 2], [0, 1]))
a, b = T.scalars("a", "b")
p, q = T.matrices("p", "q")
z = ifelse(T.lt(a, b), T.mean(p), T.mean(q))
print(
    theano.function([a, b, p, q], z, mode=theano.Mode(linker="vm"))(
        0.0, 1.0, np.ones((3, 3)), np.zeros((3, 3))
    )
)
xs = T.dscalar("x")
gy = T.grad(xs**2, xs)
print(pp(gy))
f = theano.function([xs], gy)
print(f(4))
print(pp(f.maker.fgraph.outputs[0]))
theano.printing.debugprint(gy)
state = shared(0)
inc = T.iscalar("inc")
accumulator = function([inc], state, updates=[(state, state + inc)])
print(state.get_value(), accumulator(1), state.get_value())
fn = state * 2 + inc
foo = T.scalar(dtype=state.dtype)
sk = function([inc, foo], fn, givens=[(state, foo)])
print(sk(1, 3))
new_state = theano.shared(0)
na = accumulator.copy(swap={state: new_state})
na(100)
print(new_state.get_value(), state.get_value())
x, y, w = T.dscalars("x", "y", "w")
f = function([x, In(y, value=1), In(w, value=2, name="w_by_name")], (x + y) * w)
print(f(33), f(33, 2), f(33, 0, 1), f(33, w_by_name=1))
x = T.matrix("x")
print(
    (x**2).eval({x: np.eye(2, dtype=theano.config.floatX)}),
    theano.function(
        [x],
        [
            x.max(axis=0),
            x.argmax(),
            T.any(x > 0),
            x.std(),
            T.nlinalg.matrix_inverse(x + 2 * T.eye(2)),
            x.norm(2),
        ],
    )(np.eye(2).astype(theano.config.floatX)),
)


class DoubleOp(theano.Op):
    __props__ = ()

    def make_node(self, x):
        x = theano.tensor.as_tensor_variable(x)
        return theano.Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] * 2

    def grad(self, inputs, g):
        return [g[0] * 2]


x = T.matrix()
print(theano.function([x], DoubleOp()(x))(np.ones((2, 2), dtype=theano.config.floatX)))
theano.config.compute_test_value = "off"
theano.config.optimizer = "fast_compile"
theano.config.exception_verbosity = "high"
print(theano.config.floatX, theano.config.device)
