"""Shared state and random numbers as the tutorial shows them: accumulators, swapped states, streams and their seeds."""

import numpy as np
import theano
import theano.tensor as T
from theano import function, shared
from theano.ifelse import ifelse
from theano.tensor.shared_randomstreams import RandomStreams

state = shared(0)
inc = T.iscalar("inc")
accumulator = function([inc], state, updates=[(state, state + inc)])
decrementor = function([inc], state, updates=[(state, state - inc)])
assert accumulator(1) == 0 and accumulator(300) == 1 and decrementor(2) == 301 and state.get_value() == 299
fn_of_state = state * 2 + inc
foo = T.scalar(dtype=state.dtype)
skip_shared = function([inc, foo], fn_of_state, givens=[(state, foo)])
assert skip_shared(1, 3) == 7 and state.get_value() == 299
new_state = shared(0)
new_accumulator = accumulator.copy(swap={state: new_state})
new_accumulator(100)
assert new_state.get_value() == 100 and state.get_value() == 299
null_accumulator = accumulator.copy(delete_updates=True)
null_accumulator(9000)
assert state.get_value() == 299

srng = RandomStreams(seed=234)
rv_u = srng.uniform((2, 2))
rv_n = srng.normal((2, 2))
f = function([], rv_u)
g = function([], rv_n, no_default_updates=True)
nearly_zeros = function([], rv_u + rv_u - 2 * rv_u)
assert not np.allclose(f(), f()) and np.allclose(g(), g()) and np.allclose(nearly_zeros(), 0)
rng_val = rv_u.rng.get_value(borrow=True)
rng_val.seed(89234)
rv_u.rng.set_value(rng_val, borrow=True)
srng.seed(902340)
state_after_v0 = rv_u.rng.get_value().get_state()
nearly_zeros()
v1 = f()
rng = rv_u.rng.get_value(borrow=True)
rng.set_state(state_after_v0)
rv_u.rng.set_value(rng, borrow=True)
v2 = f()
v3 = f()
assert not np.allclose(v1, v2) and np.allclose(v1, v3)

big = function(
    [],
    [
        srng.normal((20000,), avg=3.0, std=2.0),
        srng.uniform((20000,), low=-1.0, high=1.0),
        srng.binomial((20000,), n=4, p=0.25),
        srng.multinomial(n=1, pvals=[[0.2, 0.8]] * 5000),
    ],
)
normal, uniform, binomial, classes = big()
assert abs(normal.mean() - 3) < 0.1 and abs(normal.std() - 2) < 0.1 and abs(uniform.mean()) < 0.05
assert abs(binomial.mean() - 1) < 0.05 and classes.sum() == 5000 and abs(classes[:, 1].mean() - 0.8) < 0.03

a, b = T.scalars("a", "b")
x, y = T.matrices("x", "y")
z_switch = T.switch(T.lt(a, b), T.mean(x), T.mean(y))
z_lazy = ifelse(T.lt(a, b), T.mean(x), T.mean(y))
both = theano.function([a, b, x, y], [z_switch, z_lazy])
assert both(0.0, 1.0, np.ones((10, 10)), np.zeros((5, 5))) == [1.0, 1.0]
assert both(1.0, 0.0, np.ones((10, 10)), np.zeros((5, 5))) == [0.0, 0.0]

p = T.matrix("p")
hidden = theano.printing.Print("shown")(p)
theano.printing.debugprint(T.dot(p, y) + 1)
assert function([p], hidden * 2)(np.ones((1, 2))).tolist() == [[2, 2]]
print("ok")
