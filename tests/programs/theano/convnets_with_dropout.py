"""A convolutional network with RMSprop and noise, and one of layer objects with max-pooling."""

import numpy as np
import theano
from sklearn.datasets import load_digits
from theano import tensor as T
from theano.sandbox.rng_mrg import MRG_RandomStreams as RandomStreams
from theano.tensor import shared_randomstreams
from theano.tensor.nnet import conv, softmax
from theano.tensor.nnet.conv import conv2d
from theano.tensor.signal import downsample
from theano.tensor.signal.downsample import max_pool_2d

srng = RandomStreams()


def floatX(X):
    return np.asarray(X, dtype=theano.config.floatX)


def init_weights(shape):
    return theano.shared(floatX(np.random.randn(*shape) * 0.1))


def rectify(X):
    return T.maximum(X, 0.0)


def softmax_(X):
    e_x = T.exp(X - X.max(axis=1).dimshuffle(0, "x"))
    return e_x / e_x.sum(axis=1).dimshuffle(0, "x")


def dropout(X, p=0.0):
    if p > 0:
        retain_prob = 1 - p
        X *= srng.binomial(X.shape, p=retain_prob, dtype=theano.config.floatX)
        X /= retain_prob
    return X


def RMSprop(cost, params, lr=0.001, rho=0.9, epsilon=1e-6):
    grads = T.grad(cost=cost, wrt=params)
    updates = []
    for p, g in zip(params, grads):
        acc = theano.shared(p.get_value() * 0.0)
        acc_new = rho * acc + (1 - rho) * g**2
        g = g / T.sqrt(acc_new + epsilon)
        updates.append((acc, acc_new))
        updates.append((p, p - lr * g))
    return updates


def model(X, w, w2, w4, w_o, p1, p2):
    l1a = rectify(conv2d(X, w, border_mode="full"))
    l1 = max_pool_2d(l1a, (2, 2))
    l1 = dropout(l1, p1)
    l2a = rectify(conv2d(l1, w2))
    l2 = T.flatten(max_pool_2d(l2a, (2, 2)), outdim=2)
    l2 = dropout(l2, p1)
    l4 = rectify(T.dot(l2, w4))
    l4 = dropout(l4, p2)
    return l1, l2, l4, softmax_(T.dot(l4, w_o))


d = load_digits()
trX = (d.images / 16.0).reshape(-1, 1, 8, 8).astype("float32")
trY = np.eye(10)[d.target].astype("float32")
X = T.ftensor4()
Y = T.fmatrix()
w = init_weights((8, 1, 3, 3))
w2 = init_weights((16, 8, 3, 3))
w4 = init_weights((16, 32))
w_o = init_weights((32, 10))
o = model(X, w, w2, init_weights((16, 32)), w_o, 0, 0)[1]
n = theano.function([X], o, allow_input_downcast=True)(trX[:2]).shape[1]
w4 = init_weights((n, 32))
nl1, nl2, nl4, noise_py_x = model(X, w, w2, w4, w_o, 0.1, 0.2)
l1, l2, l4, py_x = model(X, w, w2, w4, w_o, 0.0, 0.0)
y_x = T.argmax(py_x, axis=1)
cost = T.mean(T.nnet.categorical_crossentropy(noise_py_x, Y))
params = [w, w2, w4, w_o]
updates = RMSprop(cost, params, lr=0.003)
train = theano.function(inputs=[X, Y], outputs=cost, updates=updates, allow_input_downcast=True)
predict = theano.function(inputs=[X], outputs=y_x, allow_input_downcast=True)
for i in range(15):
    for start, end in zip(range(0, len(trX), 128), range(128, len(trX), 128)):
        cost_ = train(trX[start:end], trY[start:end])
a = np.mean(np.argmax(trY, axis=1) == predict(trX))
print(a)
assert a > 0.7


# Nielsen network3
def ReLU(z):
    return T.maximum(0.0, z)


class ConvPoolLayer(object):
    def __init__(self, filter_shape, image_shape, poolsize=(2, 2), activation_fn=T.nnet.sigmoid):
        self.filter_shape = filter_shape
        self.image_shape = image_shape
        self.poolsize = poolsize
        self.activation_fn = activation_fn
        n_out = filter_shape[0] * np.prod(filter_shape[2:]) / np.prod(poolsize)
        self.w = theano.shared(
            np.asarray(
                np.random.normal(loc=0, scale=np.sqrt(1.0 / n_out), size=filter_shape),
                dtype=theano.config.floatX,
            ),
            borrow=True,
        )
        self.b = theano.shared(
            np.asarray(
                np.random.normal(loc=0, scale=1.0, size=(filter_shape[0],)), dtype=theano.config.floatX
            ),
            borrow=True,
        )
        self.params = [self.w, self.b]

    def set_inpt(self, inpt, inpt_dropout, mini_batch_size):
        self.inpt = inpt.reshape(self.image_shape)
        conv_out = conv.conv2d(
            input=self.inpt, filters=self.w, filter_shape=self.filter_shape, image_shape=self.image_shape
        )
        pooled_out = downsample.max_pool_2d(input=conv_out, ds=self.poolsize, ignore_border=True)
        self.output = self.activation_fn(pooled_out + self.b.dimshuffle("x", 0, "x", "x"))
        self.output_dropout = self.output


def dropout_layer(layer, p_dropout):
    srng = shared_randomstreams.RandomStreams(np.random.RandomState(0).randint(999999))
    mask = srng.binomial(n=1, p=1 - p_dropout, size=layer.shape)
    return layer * T.cast(mask, theano.config.floatX)


class FullyConnectedLayer(object):
    def __init__(self, n_in, n_out, activation_fn=T.nnet.sigmoid, p_dropout=0.0):
        self.n_in = n_in
        self.n_out = n_out
        self.activation_fn = activation_fn
        self.p_dropout = p_dropout
        self.w = theano.shared(
            np.asarray(
                np.random.normal(loc=0.0, scale=np.sqrt(1.0 / n_out), size=(n_in, n_out)),
                dtype=theano.config.floatX,
            ),
            name="w",
            borrow=True,
        )
        self.b = theano.shared(
            np.asarray(np.random.normal(loc=0.0, scale=1.0, size=(n_out,)), dtype=theano.config.floatX),
            name="b",
            borrow=True,
        )
        self.params = [self.w, self.b]

    def set_inpt(self, inpt, inpt_dropout, mini_batch_size):
        self.inpt = inpt.reshape((mini_batch_size, self.n_in))
        self.output = self.activation_fn((1 - self.p_dropout) * T.dot(self.inpt, self.w) + self.b)
        self.y_out = T.argmax(self.output, axis=1)
        self.inpt_dropout = dropout_layer(inpt_dropout.reshape((mini_batch_size, self.n_in)), self.p_dropout)
        self.output_dropout = self.activation_fn(T.dot(self.inpt_dropout, self.w) + self.b)

    def accuracy(self, y):
        return T.mean(T.eq(y, self.y_out))

    def cost(self, net):
        return -T.mean(T.log(self.output_dropout)[T.arange(net.y.shape[0]), net.y])


class Network(object):
    def __init__(self, layers, mini_batch_size):
        self.layers = layers
        self.mini_batch_size = mini_batch_size
        self.params = [param for layer in self.layers for param in layer.params]
        self.x = T.matrix("x")
        self.y = T.ivector("y")
        layers[0].set_inpt(self.x, self.x, mini_batch_size)
        for j in range(1, len(layers)):
            layers[j].set_inpt(layers[j - 1].output, layers[j - 1].output_dropout, mini_batch_size)
        self.output = layers[-1].output


mb = 10
net = Network(
    [
        ConvPoolLayer(
            image_shape=(mb, 1, 8, 8), filter_shape=(5, 1, 3, 3), poolsize=(2, 2), activation_fn=ReLU
        ),
        FullyConnectedLayer(n_in=5 * 3 * 3, n_out=30, activation_fn=ReLU, p_dropout=0.5),
        FullyConnectedLayer(n_in=30, n_out=10, activation_fn=softmax),
    ],
    mb,
)
tx = theano.shared(np.asarray(d.data / 16.0, dtype=theano.config.floatX), borrow=True)
ty = T.cast(theano.shared(np.asarray(d.target, dtype=theano.config.floatX), borrow=True), "int32")
l2 = sum([(layer.w**2).sum() for layer in net.layers])
cost = net.layers[-1].cost(net) + 0.5 * 0.1 * l2 / 179
grads = T.grad(cost, net.params)
updates = [(p, p - 0.03 * g) for p, g in zip(net.params, grads)]
i = T.lscalar()
train_mb = theano.function(
    [i], cost, updates=updates, givens={net.x: tx[i * mb : (i + 1) * mb], net.y: ty[i * mb : (i + 1) * mb]}
)
acc = theano.function(
    [i],
    net.layers[-1].accuracy(net.y),
    givens={net.x: tx[i * mb : (i + 1) * mb], net.y: ty[i * mb : (i + 1) * mb]},
)
pr = theano.function([i], net.layers[-1].y_out, givens={net.x: tx[i * mb : (i + 1) * mb]})
for ep in range(4):
    for j in range(179):
        c = train_mb(j)
print(c, np.mean([acc(j) for j in range(179)]), pr(0))
