"""Lasagne: dense and convolutional networks on the digits, recurrent layers with masks, layers put together."""

from __future__ import print_function

import lasagne
import numpy as np
import theano
import theano.tensor as T
from sklearn.datasets import load_digits

rs = np.random.RandomState(3)

d = load_digits()
X = (d.images / 16.0).astype(np.float32).reshape(-1, 1, 8, 8)
y = d.target.astype(np.int32)
X_train, y_train, X_val, y_val = X[:1400], y[:1400], X[1400:], y[1400:]


def build_mlp(input_var=None):
    l_in = lasagne.layers.InputLayer(shape=(None, 1, 8, 8), input_var=input_var)
    l_in_drop = lasagne.layers.DropoutLayer(l_in, p=0.2)
    l_hid1 = lasagne.layers.DenseLayer(
        l_in_drop, num_units=80, nonlinearity=lasagne.nonlinearities.rectify, W=lasagne.init.GlorotUniform()
    )
    l_out = lasagne.layers.DenseLayer(
        lasagne.layers.DropoutLayer(l_hid1, p=0.5), num_units=10, nonlinearity=lasagne.nonlinearities.softmax
    )
    return l_out


def build_cnn(input_var=None):
    network = lasagne.layers.InputLayer(shape=(None, 1, 8, 8), input_var=input_var)
    network = lasagne.layers.batch_norm(
        lasagne.layers.Conv2DLayer(
            network,
            num_filters=8,
            filter_size=(3, 3),
            pad="same",
            nonlinearity=lasagne.nonlinearities.rectify,
            W=lasagne.init.GlorotUniform(),
        )
    )
    network = lasagne.layers.MaxPool2DLayer(network, pool_size=(2, 2))
    network = lasagne.layers.DenseLayer(
        lasagne.layers.dropout(network, p=0.5), num_units=32, nonlinearity=lasagne.nonlinearities.rectify
    )
    return lasagne.layers.DenseLayer(
        lasagne.layers.dropout(network, p=0.5), num_units=10, nonlinearity=lasagne.nonlinearities.softmax
    )


def iterate_minibatches(inputs, targets, batchsize, shuffle=False):
    indices = np.arange(len(inputs))
    if shuffle:
        np.random.shuffle(indices)
    for start in range(0, len(inputs) - batchsize + 1, batchsize):
        yield inputs[indices[start : start + batchsize]], targets[indices[start : start + batchsize]]


for build in (build_mlp, build_cnn):
    input_var = T.tensor4("inputs")
    target_var = T.ivector("targets")
    network = build(input_var)
    prediction = lasagne.layers.get_output(network)
    loss = lasagne.objectives.categorical_crossentropy(prediction, target_var).mean()
    loss = loss + 1e-4 * lasagne.regularization.regularize_network_params(network, lasagne.regularization.l2)
    params = lasagne.layers.get_all_params(network, trainable=True)
    updates = lasagne.updates.nesterov_momentum(loss, params, learning_rate=0.05, momentum=0.9)
    test_prediction = lasagne.layers.get_output(network, deterministic=True)
    test_loss = lasagne.objectives.categorical_crossentropy(test_prediction, target_var).mean()
    test_acc = T.mean(T.eq(T.argmax(test_prediction, axis=1), target_var), dtype=theano.config.floatX)
    train_fn = theano.function([input_var, target_var], loss, updates=updates)
    val_fn = theano.function([input_var, target_var], [test_loss, test_acc])
    for epoch in range(15):
        err = 0
        n = 0
        for b in iterate_minibatches(X_train, y_train, 50, shuffle=True):
            err += train_fn(*b)
            n += 1
    e, a = val_fn(X_val, y_val)
    print(
        build.__name__,
        err / n,
        e,
        a,
        lasagne.layers.count_params(network),
        lasagne.layers.get_output_shape(network),
    )
    assert a > 0.85
    np.savez("model.npz", *lasagne.layers.get_all_param_values(network))
    with np.load("model.npz") as f:
        param_values = [f["arr_%d" % i] for i in range(len(f.files))]
    lasagne.layers.set_all_param_values(network, param_values)
    print([p.name for p in params], [l.__class__.__name__ for l in lasagne.layers.get_all_layers(network)])
# LSTM
N, L, F = 20, 7, 3
l_in = lasagne.layers.InputLayer((None, None, F))
l_mask = lasagne.layers.InputLayer((None, None))
fw = lasagne.layers.LSTMLayer(
    l_in,
    10,
    mask_input=l_mask,
    grad_clipping=100,
    ingate=lasagne.layers.Gate(W_in=lasagne.init.Uniform(0.1)),
    nonlinearity=lasagne.nonlinearities.tanh,
)
bw = lasagne.layers.GRULayer(l_in, 10, mask_input=l_mask, backwards=True)
l_concat = lasagne.layers.ConcatLayer([fw, bw], axis=-1 if 0 else 2)
l_rec = lasagne.layers.RecurrentLayer(l_concat, 8, only_return_final=True)
l_out = lasagne.layers.DenseLayer(l_rec, 1, nonlinearity=lasagne.nonlinearities.tanh)
t = T.vector("t")
out = lasagne.layers.get_output(l_out)
cost = T.mean((out.flatten() - t) ** 2)
up = lasagne.updates.adam(cost, lasagne.layers.get_all_params(l_out, trainable=True), learning_rate=0.01)
f = theano.function([l_in.input_var, t, l_mask.input_var], cost, updates=up)
xx = rs.randn(N, L, F).astype("f")
m = np.ones((N, L), "f")
m[:, 5:] = 0
tt = np.tanh(xx[:, :5, 0].sum(1)).astype("f")
c = [float(f(xx, tt, m)) for _ in range(120)]
print(c[0], c[-1])
assert c[-1] < 0.5 * c[0]
# misc layers
i = lasagne.layers.InputLayer((2, 4, 6, 6))
a = lasagne.layers.Conv2DLayer(i, 4, 3, pad=1)
s = lasagne.layers.ElemwiseSumLayer([i, a])
s = lasagne.layers.NonlinearityLayer(s)
u = lasagne.layers.Upscale2DLayer(s, 2)
dconv = lasagne.layers.TransposedConv2DLayer(u, 2, 2, stride=2)
p = lasagne.layers.PadLayer(dconv, 1)
sh = lasagne.layers.DimshuffleLayer(p, (0, 2, 3, 1))
r = lasagne.layers.ReshapeLayer(sh, (-1, [3]))
print(r.output_shape, lasagne.layers.get_output(r, {i: np.ones((2, 4, 6, 6), "f")}).eval().shape)
