"""Finding mistakes: values while a graph is written, functions that are watched, conditions, printed values."""

import numpy
import theano
import theano.tensor as T
from theano.compile.nanguardmode import NanGuardMode

# The line at fault raises the error when expressions carry values.
theano.config.compute_test_value = "raise"
x = T.matrix("x")
x.tag.test_value = numpy.random.rand(5, 10)
W = theano.shared(numpy.random.rand(10, 4), "W")
h = T.tanh(T.dot(x, W))
assert h.tag.test_value.shape == (5, 4)
assert numpy.allclose(T.sum(h).tag.test_value, numpy.tanh(x.tag.test_value.dot(W.get_value())).sum())
try:
    T.dot(h, W)
    raise SystemExit("the shapes do not fit")
except ValueError:
    pass
y = T.matrix("y")
try:
    y + 1
    raise SystemExit("y has no value")
except AttributeError as error:
    assert "y.tag.test_value" in str(error)
theano.config.compute_test_value = "off"

# A function called at every application.
seen = []


def before(i, node, fn):
    seen.append((i, str(node.op), [float(value[0]) for value in fn.inputs]))


def after(i, node, fn):
    seen[-1] += ([float(value[0]) for value in fn.outputs],)


s = T.dscalar("s")
total = theano.shared(1.0)
f = theano.function(
    [s],
    5 * s,
    updates=[(total, total + s)],
    mode=theano.compile.MonitorMode(pre_func=before, post_func=after),
)
assert f(3) == 15 and total.get_value() == 4
assert {(tuple(sorted(i)), tuple(o)) for _, _, i, o in seen} == {((3.0, 5.0), (15.0,)), ((1.0, 3.0), (4.0,))}

found = []


def detect_nan(i, node, fn):
    found.extend(str(node) for output in fn.outputs if numpy.isnan(output[0]).any())


f = theano.function([s], T.log(s) * s, mode=theano.compile.MonitorMode(post_func=detect_nan))
f(1)
assert found == []
f(0)
assert len(found) == 1 and "mul" in found[0]

guarded = theano.function(
    [x], T.dot(x, W), mode=NanGuardMode(nan_is_error=True, inf_is_error=True, big_is_error=True)
)
assert guarded(numpy.ones((3, 10))).shape == (3, 4)
for bad in (numpy.nan, numpy.inf, 1e20):
    try:
        guarded(numpy.full((3, 10), bad))
        raise SystemExit(f"{bad} was not noticed")
    except AssertionError:
        pass

# A condition in the graph.
v = T.dvector("v")
checked = theano.tensor.opt.Assert("all must be positive")(v, T.all(v > 0))
f = theano.function([v], T.log(checked).sum())
assert numpy.allclose(f([1.0, numpy.e]), 1)
try:
    f([1.0, -1.0])
    raise SystemExit("-1 was not noticed")
except AssertionError as error:
    assert "all must be positive" in str(error)

assert theano.function([v], theano.printing.Print("v")(v) * 2)([1, 2]).tolist() == [2, 4]
