"""Lasagne beyond dense and convolutional layers: sampled images, recurrence of one's own, inverses, norms of layers."""

import lasagne
import numpy as np
import theano
import theano.tensor as T
from lasagne.layers import *
from lasagne.nonlinearities import *

rng = np.random.RandomState(0)
lasagne.random.set_rng(np.random.RandomState(1))


def value(layer, *given, **options):
    """The output of a layer for values of its input layers."""
    variables = [l.input_var for l in get_all_layers(layer) if isinstance(l, InputLayer)]
    return theano.function(variables, get_output(layer, **options))(*given)


# A transformer that begins with the identity, and learns where to look.
l_in = InputLayer((None, 1, 16, 16))
start = np.zeros((2, 3))
start[0, 0] = start[1, 1] = 1
l_loc = DenseLayer(MaxPool2DLayer(l_in, 2), 10, W=lasagne.init.HeUniform("relu"))
l_loc = DenseLayer(l_loc, 6, b=start.flatten(), W=lasagne.init.Constant(0.0), nonlinearity=identity)
l_trans = TransformerLayer(l_in, l_loc, downsample_factor=2.0)
assert l_trans.output_shape == (None, 1, 8, 8)
net = DenseLayer(prelu(Conv2DLayer(l_trans, 6, 3)), 4, nonlinearity=softmax)
y = T.ivector("y")
cost = lasagne.objectives.categorical_crossentropy(get_output(net), y).mean()
params = get_all_params(net, trainable=True)
grads, norm = lasagne.updates.total_norm_constraint(T.grad(cost, params), max_norm=5.0, return_norm=True)
train = theano.function([l_in.input_var, y], cost, updates=lasagne.updates.adam(grads, params, 0.01))
classes = rng.randint(0, 4, 80).astype("int32")
images = rng.randn(80, 1, 16, 16) * 0.1
for image, k in zip(images, classes):
    image[0, 4 + 4 * (k // 2) : 8 + 4 * (k // 2), 4 + 4 * (k % 2) : 8 + 4 * (k % 2)] += 1
costs = [float(train(images, classes)) for _ in range(60)]
assert costs[-1] < 0.1 * costs[0], costs[-1]

picture = rng.randn(2, 2, 7, 9)
still = TransformerLayer(
    InputLayer((None, 2, 7, 9)),
    DenseLayer(InputLayer((None, 3)), 6, W=lasagne.init.Constant(0), b=start.flatten(), nonlinearity=None),
)
assert np.allclose(value(still, picture, np.zeros((2, 3))), picture)
spline = TPSTransformerLayer(
    InputLayer((None, 2, 7, 9)),
    DenseLayer(
        InputLayer((None, 3)), 32, W=lasagne.init.Constant(0), b=lasagne.init.Constant(0), nonlinearity=None
    ),
    control_points=16,
)
assert np.allclose(value(spline, picture, np.zeros((2, 3))), picture, atol=1e-6)

# A convolution as the state of a recurrence.
steps = InputLayer((2, 3, 4, 5, 6))
to_state = Conv2DLayer(InputLayer((None, 4, 5, 6)), 7, 3, pad="same")
on_state = Conv2DLayer(InputLayer(to_state.output_shape), 7, 3, pad="same", b=None)
recurrent = CustomRecurrentLayer(steps, to_state, on_state, learn_init=True)
assert recurrent.output_shape == (2, 3, 7, 5, 6) == value(recurrent, rng.randn(2, 3, 4, 5, 6)).shape
assert len(get_all_params(recurrent, trainable=True)) == 4

# An autoencoder that goes back the way it came.
l_in = InputLayer((None, 1, 8, 8))
conv = Conv2DLayer(l_in, 4, 3, b=None, nonlinearity=None)
pool = MaxPool2DLayer(conv, 2)
code = ReshapeLayer(DenseLayer(DenseLayer(pool, 12), 36), ([0], 4, 3, 3))
back = InverseLayer(InverseLayer(code, pool), conv)
assert back.output_shape == (None, 1, 8, 8)
cost = lasagne.objectives.squared_error(get_output(back), l_in.input_var).mean()
updates = lasagne.updates.amsgrad(cost, get_all_params(back, trainable=True), learning_rate=0.01)
train = theano.function([l_in.input_var], cost, updates=updates)
batch = np.outer(np.hanning(8), np.hanning(8))[None, None] * rng.rand(40, 1, 1, 1)
costs = [float(train(batch)) for _ in range(100)]
assert costs[-1] < 0.3 * costs[0], (costs[0], costs[-1])

# Every other layer gives the shape that it says.
l_in = InputLayer((None, 4, 8, 8))
made = [
    rrelu(Conv2DLayer(l_in, 4, 3)), instance_norm(Conv2DLayer(l_in, 4, 3)), FeatureWTALayer(l_in, 2),
    layer_norm(Conv2DLayer(l_in, 4, 3, nonlinearity=tanh)), StandardizationLayer(l_in, axes="spatial"),
    SpatialPyramidPoolingLayer(l_in), LocallyConnected2DLayer(l_in, 3, 3), dropout_locations(l_in),
    TransposedConv2DLayer(l_in, 3, 4, stride=2, crop=1), Upscale2DLayer(l_in, 2, mode="dilate"),
    ExpressionLayer(l_in, lambda v: v.mean(axis=[2, 3]), output_shape="auto"), pad(l_in, ((1, 1),), batch_ndim=1),
]  # fmt: skip
for layer in made:
    found = value(layer, rng.randn(2, 4, 8, 8))
    assert found.shape == (2, *layer.output_shape[1:]), (layer, found.shape, layer.output_shape)
l_in = InputLayer((None, 2, 6, 6, 6))
for layer in (Conv3DLayer(l_in, 3, 3), MaxPool3DLayer(l_in, 2), Upscale3DLayer(l_in, 2)):
    assert value(layer, rng.randn(2, 2, 6, 6, 6)).shape == (2, *layer.output_shape[1:])
