"""LeNet: convolution and max-pooling layers below a hidden layer, all parameters updated by gradient descent."""

from __future__ import print_function

import numpy
import theano
import theano.tensor as T
from theano.tensor.nnet import conv2d
from theano.tensor.signal import pool


class LeNetConvPoolLayer(object):
    def __init__(self, rng, input, filter_shape, image_shape, poolsize=(2, 2)):
        assert image_shape[1] == filter_shape[1]
        self.input = input
        fan_in = numpy.prod(filter_shape[1:])
        fan_out = filter_shape[0] * numpy.prod(filter_shape[2:]) // numpy.prod(poolsize)
        W_bound = numpy.sqrt(6.0 / (fan_in + fan_out))
        self.W = theano.shared(
            numpy.asarray(
                rng.uniform(low=-W_bound, high=W_bound, size=filter_shape), dtype=theano.config.floatX
            ),
            borrow=True,
        )
        b_values = numpy.zeros((filter_shape[0],), dtype=theano.config.floatX)
        self.b = theano.shared(value=b_values, borrow=True)
        conv_out = conv2d(input=input, filters=self.W, filter_shape=filter_shape, input_shape=image_shape)
        pooled_out = pool.pool_2d(input=conv_out, ds=poolsize, ignore_border=True)
        self.output = T.tanh(pooled_out + self.b.dimshuffle("x", 0, "x", "x"))
        self.params = [self.W, self.b]


class HiddenLayer(object):
    def __init__(self, rng, input, n_in, n_out, activation=T.tanh):
        bound = numpy.sqrt(6.0 / (n_in + n_out))
        self.W = theano.shared(
            numpy.asarray(rng.uniform(-bound, bound, (n_in, n_out)), dtype=theano.config.floatX)
        )
        self.b = theano.shared(numpy.zeros((n_out,), dtype=theano.config.floatX))
        lin_output = T.dot(input, self.W) + self.b
        self.output = lin_output if activation is None else activation(lin_output)
        self.params = [self.W, self.b]


rng = numpy.random.RandomState(23455)
batch_size = 25


def pictures(n):
    """A bar that lies or stands, somewhere."""
    images, labels = numpy.zeros((n, 16, 16)), rng.randint(0, 2, n)
    for k in range(n):
        at, start = rng.randint(2, 14), rng.randint(0, 6)
        if labels[k]:
            images[k, at, start : start + 10] = 1
        else:
            images[k, start : start + 10, at] = 1
    images += rng.randn(n, 16, 16) * 0.2
    return images.reshape(n, 256).astype(theano.config.floatX), labels.astype("int32")


train_x, train_y = pictures(400)
train_set_x, train_set_y = theano.shared(train_x, borrow=True), theano.shared(train_y, borrow=True)

index = T.lscalar()
x = T.matrix("x")
y = T.ivector("y")
layer0_input = x.reshape((batch_size, 1, 16, 16))
layer0 = LeNetConvPoolLayer(rng, layer0_input, image_shape=(batch_size, 1, 16, 16), filter_shape=(6, 1, 5, 5))
layer1 = LeNetConvPoolLayer(rng, layer0.output, image_shape=(batch_size, 6, 6, 6), filter_shape=(8, 6, 3, 3))
layer2_input = layer1.output.flatten(2)
layer2 = HiddenLayer(rng, layer2_input, 8 * 2 * 2, 20)
layer3 = HiddenLayer(rng, layer2.output, 20, 2, activation=None)
p_y = T.nnet.softmax(layer3.output)
cost = T.nnet.categorical_crossentropy(p_y, y).mean()
errors = T.mean(T.neq(T.argmax(p_y, axis=1), y))
params = layer3.params + layer2.params + layer1.params + layer0.params
grads = T.grad(cost, params)
updates = [(param_i, param_i - 0.1 * grad_i) for param_i, grad_i in zip(params, grads)]
train_model = theano.function(
    [index],
    [cost, errors],
    updates=updates,
    givens={
        x: train_set_x[index * batch_size : (index + 1) * batch_size],
        y: train_set_y[index * batch_size : (index + 1) * batch_size],
    },
)
test_model = theano.function([x, y], errors)
for epoch in range(12):
    results = numpy.array([train_model(i) for i in range(16)])
    print("epoch", epoch, "cost %.3f error %.3f" % tuple(results.mean(axis=0)))
test_x, test_y = pictures(batch_size)
print("test error", test_model(test_x, test_y))
assert results.mean(axis=0)[1] < 0.05 and test_model(test_x, test_y) < 0.15
