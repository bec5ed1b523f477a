"""Programs of stand-alone Keras: tensors as inputs, draws in a graph, weights of examples, first values."""

from __future__ import annotations

from pathlib import Path

import pytest

from compat.conftest import Run

TENSORS = """
import numpy as np
from keras import backend as K
from keras.layers import Dense, Input, Lambda
from keras.models import Model, clone_model

rows = np.arange(6.0).reshape(3, 2)
held = K.variable(rows)
shared = Dense(1, kernel_initializer='ones')
x = Input(tensor=held)
model = Model(x, shared(x))
np.testing.assert_allclose(model.predict(None, steps=1), rows.sum(1, keepdims=True))
model.compile('sgd', 'mse')
history = model.fit(None, np.zeros((3, 1)), epochs=1, steps_per_epoch=1, verbose=0).history
np.testing.assert_allclose(history['loss'], np.mean(rows.sum(1) ** 2))
model.compile('sgd', 'mse', target_tensors=K.variable(model.predict(None, steps=1) + 2))
assert abs(model.train_on_batch(None, None) - 4) < 1e-5

# One input is fed, the other one reads its tensor; in a function of the backend, and in gradients, too.
fed = Input((2,))
both = Model([fed, x], [shared(fed), shared(x)])
K.set_value(held, rows + 1)
kernel, bias = shared.get_weights()
first, second = both.predict([np.ones((3, 2))], batch_size=3)
np.testing.assert_allclose(first, np.ones((3, 2)) @ kernel + bias, rtol=1e-5)
np.testing.assert_allclose(second, (rows + 1) @ kernel + bias, rtol=1e-5)
total, slope = K.function([], [K.sum(model.output)] + K.gradients(K.sum(model.output), held))([])
np.testing.assert_allclose(total, ((rows + 1) @ kernel + bias).sum(), rtol=1e-5)
np.testing.assert_allclose(slope, np.tile(kernel.T, (3, 1)), rtol=1e-5)
clone = clone_model(both, input_tensors=[Input((2,)), K.variable(rows)])
assert clone.predict([rows], batch_size=3)[1].shape == (3, 1)

# What is drawn is drawn anew whenever it is computed.
drawn = K.random_normal((3, 2))
assert not np.allclose(K.eval(drawn), K.eval(drawn))
noisy = Model(fed, Lambda(lambda t: t + drawn)(fed))
assert not np.allclose(noisy.predict(rows), noisy.predict(rows))
start = K.variable(K.random_uniform((3,), 2, 3))
assert np.array_equal(K.get_value(start), K.eval(start)) and (K.get_value(start) >= 2).all()
print('done')
"""

FIGURES = """
import numpy as np
from keras.callbacks import EarlyStopping
from keras.layers import Dense
from keras.models import Sequential
from keras import backend as K

draw = np.random.RandomState(0)
x, y, weights = draw.rand(10, 3), draw.rand(10, 1), draw.rand(10) * (draw.rand(10) > 0.3)
def far(t, p):
    return K.mean(K.abs(t - p))
model = Sequential([Dense(1, input_dim=3)])
model.compile('sgd', 'mse', metrics=['mae', far], weighted_metrics=['mae'])
off = np.abs(model.predict(x) - y)[:, 0]
count = (weights != 0).sum()
expected = [(off**2 * weights).sum() / count, off.mean(), off.mean(), (off * weights).sum() / count]
found = model.evaluate(x, y, sample_weight=weights, batch_size=10, verbose=0)
np.testing.assert_allclose(found, expected, rtol=1e-5)
# Of two batches each counts by its examples; weights of 0 are counted batch by batch.
parts = [(off * weights)[s].sum() / (weights[s] != 0).sum() for s in (slice(7), slice(7, 10))]
found = model.evaluate(x, y, sample_weight=weights, batch_size=7, verbose=0)
np.testing.assert_allclose(found[1:], [off.mean(), off.mean(), 0.7 * parts[0] + 0.3 * parts[1]], rtol=1e-5)

# The best weights come back where training was ended early, not where it went on to its end.
for patience, epochs, ended in ((1, 9, True), (20, 3, False)):
    model = Sequential([Dense(1, input_dim=3, kernel_initializer='zeros')])
    model.compile('sgd', 'mse')
    model.optimizer.lr = 3.0  # which makes it worse and worse
    stop = EarlyStopping('loss', patience=patience, restore_best_weights=True)
    losses = model.fit(x, y + 5, epochs=epochs, callbacks=[stop], verbose=0).history['loss']
    assert losses[0] == min(losses) and (len(losses) < epochs) == ended, losses
    # With one batch for an epoch, the figure of an epoch is that of the weights before it.
    assert (model.evaluate(x, y + 5, verbose=0) < losses[-1] * 1.01) == ended, losses
print('done')
"""

FIRST_VALUES = """
import numpy as np
import tensorflow as tf
from keras import backend as K
from keras.layers import Dense, Layer
from keras.models import Sequential

def node(shape, dtype=None):
    return tf.constant(2.0, shape=shape) * 1.5
def drawn(shape, dtype=None):
    return tf.truncated_normal(shape, mean=10.0, stddev=0.1)
def of_backend(shape, dtype=None):
    return K.random_uniform(shape, 4, 5)
def held(shape, name=None):
    return K.variable(np.full(shape, 7.0), name=name)
class Scaled(Layer):
    def build(self, input_shape):
        self.scale = self.add_weight('scale', (input_shape[-1],), initializer=node)
        super(Scaled, self).build(input_shape)
    def call(self, x):
        return x * self.scale
for function, low, high in ((node, 3, 3), (drawn, 9, 11), (of_backend, 4, 5), (held, 7, 7)):
    model = Sequential([Dense(3, input_dim=4, kernel_initializer=function, bias_initializer=function), Scaled()])
    for w in model.get_weights()[:2]:
        assert w.dtype == np.float32 and (low <= w).all() and (w <= high).all(), (function, w)
    assert model.get_weights()[2].tolist() == [3, 3, 3]
print('done')
"""

GRAPHS = """
import numpy as np
from keras import backend as K
from keras.layers import Bidirectional, Dense, Dropout, Input, Lambda, Layer, RNN, SimpleRNNCell
from keras.models import Model, Sequential, load_model
from keras.optimizers import Optimizer, SGD

rows = np.arange(12.0).reshape(4, 3)
mse = lambda w: float(np.mean((rows.dot(w) - 1) ** 2))

class EveryOther(Optimizer):
    def __init__(self, lr, **kwargs):
        super(EveryOther, self).__init__(**kwargs)
        self.iterations, self.lr = K.variable(0, dtype='int64'), K.variable(lr)
    def get_updates(self, loss, params):
        due = K.equal(self.iterations % 2, 0)
        self.updates = [K.update_add(self.iterations, 1)]
        for p, g in zip(params, self.get_gradients(loss, params)):
            self.updates.append(K.switch(due, K.update(p, p - self.lr * g), p))
        return self.updates
class Reversed(Optimizer):  # around another one, whose gradients, rate and momentum it replaces
    def __init__(self, optimizer, **kwargs):
        super(Reversed, self).__init__(**kwargs)
        self.optimizer, self.lr = optimizer, optimizer.lr
        self.due = K.variable(1.0)
    def get_updates(self, loss, params):
        grads = self.get_gradients(loss, params)
        self.optimizer.get_gradients = lambda loss, params: [-g for g in grads]
        self.optimizer.learning_rate = K.switch(K.equal(self.due, 1), self.lr, 0.0)
        self.optimizer.momentum = K.switch(K.equal(self.due, 1), 0.5, 1.0)
        self.updates = self.optimizer.get_updates(loss, params)
        return self.updates
def one_weight(optimizer):
    model = Sequential([Dense(1, use_bias=False, kernel_initializer='zeros', input_dim=3)])
    model.compile(optimizer, 'mse')
    return model
slope = 2 * rows.T.dot(0 - np.ones((4, 1))) / 4
model, seen = one_weight(EveryOther(0.001)), []
for k in range(3):
    model.train_on_batch(rows, np.ones((4, 1)))
    seen.append(model.get_weights()[0])
np.testing.assert_allclose(seen[0], -0.001 * slope, rtol=1e-5)
assert (seen[1] == seen[0]).all() and (seen[2] != seen[1]).all()
model = one_weight(Reversed(SGD(0.001)))
model.train_on_batch(rows, np.ones((4, 1)))
np.testing.assert_allclose(model.get_weights()[0], 0.001 * slope, rtol=1e-5)

# Layers that keep something for the next batch, whose outputs depend on no input, that ask for gradients by others'.
class Counting(Layer):
    def __init__(self, **kwargs):
        super(Counting, self).__init__(**kwargs)
        self.stateful = True
    def build(self, input_shape):
        self.seen = self.add_weight(shape=(), initializer='zeros', trainable=False, name='seen')
        super(Counting, self).build(input_shape)
    def call(self, x):
        y = x * (self.seen + 1)
        self.add_update(K.update_add(self.seen, 1), x)
        return y
class Scales(Layer):
    def build(self, input_shape):
        self.scale = self.add_weight(shape=(3,), initializer='ones', name='scale')
        super(Scales, self).build(input_shape)
    def call(self, x):
        return [K.identity(self.scale), K.constant([1.0, 2.0, 3.0]), K.ones(K.shape(x)[0]) * 2]
    def compute_output_shape(self, input_shape):
        return [(3,), (3,), (input_shape[0],)]
x = Input((3,))
counting = Model(x, Counting()(x))
for k in (1, 2):
    np.testing.assert_allclose(counting.predict(rows), rows * k)
scale, numbers, twos = Scales()(x)
product = Lambda(lambda t: t[0] * t[1] * t[2] * K.expand_dims(t[3]))([x, scale, numbers, twos])
scaled = Model(x, product)
np.testing.assert_allclose(scaled.predict(rows), rows * [2, 4, 6])
config = Model.from_config(scaled.get_config(), {'Scales': Scales})
np.testing.assert_allclose(config.predict(rows), rows * [2, 4, 6])

hidden = Dense(2, use_bias=False)
net = Sequential([Dense(3, input_dim=3), Dropout(0.5), hidden])
assert net.get_output_shape_at(0) == (None, 2) and net.get_input_shape_at(0) == (None, 3)
assert net.get_output_at(0) is net.output
class Slope(Layer):
    def call(self, t):
        return K.gradients(K.sum(K.square(t)), hidden.output)[0]
    def compute_output_shape(self, input_shape):
        return input_shape
found = K.function([net.input, K.learning_phase()], [net.output, Slope()(net.output)])
for phase in (0, 1):
    y, slopes = found([rows, phase])
    np.testing.assert_allclose(slopes, 2 * y, rtol=1e-5)
phased = K.function([x], [x * K.cast(K.learning_phase() + 1, 'float32')])
np.testing.assert_allclose(phased([rows])[0], rows)

# What is fed to a function may be longer or shorter than its input.
fixed = Input((4, 3))
counted = Lambda(lambda t: K.sum(t, axis=1) + K.cast(K.shape(t)[1], 'float32'))(fixed)
total, = K.function([fixed], [counted])([np.ones((2, 7, 3))])
np.testing.assert_allclose(total, np.full((2, 3), 14.0))

class Plain(RNN):  # as Keras's own layers above a cell of theirs
    def __init__(self, units, **kwargs):
        super(Plain, self).__init__(SimpleRNNCell(units), **kwargs)
        self.units = units
    def get_config(self):
        base = super(Plain, self).get_config()
        del base['cell']
        return dict(list(base.items()) + [('units', self.units)])
steps = Input((5, 3))
assert Model(steps, Bidirectional(Plain(2))(steps)).predict(np.ones((1, 5, 3))).shape == (1, 4)
print('done')
"""

AS_IT_WAS = """
import numpy as np
import tensorflow as tf
from keras import backend as K
from keras.engine.topology import Merge as TopMerge
from keras.engine.training import collect_trainable_weights, make_batches
from keras.initializations import normal
from keras.layers import AtrousConvolution1D, Conv2D, Dense, Embedding, Flatten, Input, Lambda, Merge, Recurrent
from keras.models import Model, Sequential, load_model

# A loss that counts its batches in a variable of its own, one for training and for evaluation.
def warmed_up(y_true, y_pred):
    seen = tf.assign_add(tf.Variable(0.), 1.)
    return tf.cond(tf.less(seen, 3.5), lambda: tf.reduce_sum(y_pred) * 0 + 10, lambda: tf.reduce_sum(y_pred) * 0)
model = Sequential([Dense(1, input_dim=2)])
model.compile('sgd', warmed_up)
x = np.ones((8, 2))
assert model.fit(x, x[:, :1], batch_size=4, epochs=1, verbose=0).history['loss'] == [10]
assert [model.train_on_batch(x, x[:, :1]) for _ in range(2)] == [10, 0]
assert model.evaluate(x, x[:, :1], batch_size=4, verbose=0) == 0

# A loss and a metric that ask the prediction for its layer, and reckon with what that was called on.
class Scored(Dense):
    def call(self, x):
        return K.in_train_phase(K.zeros_like(K.dot(x, self.kernel)), K.dot(x, self.kernel))
def of_layer(y_pred):
    layer, call = y_pred._keras_history[:2]
    assert not layer._outbound_nodes
    node = layer._inbound_nodes[call]
    return layer, node.input_tensors[0], node.input_masks[0]
def score(y_true, y_pred):
    layer, x, mask = of_layer(y_pred)
    return K.sum(K.square(K.dot(x, layer.kernel) - y_true), -1) / K.sum(K.cast(mask, 'float32'), -1, keepdims=True)
def far(y_true, y_pred):
    layer, x, mask = of_layer(y_pred)
    return K.mean(K.abs(K.dot(x, layer.kernel) - y_true))
words = Input((3,))
vectors = Embedding(4, 2, mask_zero=True, embeddings_initializer='ones')(words)
vectors = Lambda(lambda t: t, mask=lambda t, m: m)(vectors)
model = Model(words, Scored(1, kernel_initializer='ones', use_bias=False)(vectors))
model.compile('sgd', score, metrics=[far])
texts, ones = np.array([[1, 2, 0], [3, 0, 0]]), np.ones((2, 3, 1))
found = model.evaluate(texts, ones, verbose=0)
np.testing.assert_allclose(found, [(1 / 2 + 1 / 2 + 1 / 1) / 3, 1], rtol=1e-5)
first = model.get_layer(index=-1).get_weights()[0]
losses = [model.train_on_batch(texts, ones)[0] for _ in range(2)]
assert losses[1] < losses[0] and (model.get_layer(index=-1).get_weights()[0] != first).all()

# Inputs stand among the layers by how far they are from the outputs.
image, boxes = Input((4, 4, 1), name='image'), Input((2,), name='boxes')
y = Dense(3, name='dense')(Flatten(name='flatten')(Conv2D(2, (1, 1), name='conv')(image)))
both = Model([image, boxes], Lambda(lambda t: t[0], name='first')([y, boxes]))
assert [layer.name for layer in both.layers] == ['image', 'conv', 'flatten', 'dense', 'boxes', 'first']

class RowDot(TopMerge):
    def __init__(self, layers=None, **kwargs):
        super(RowDot, self).__init__(layers=None, **kwargs)
    def call(self, inputs, **kwargs):
        return K.batch_dot(inputs[0], inputs[1], axes=1)
    def get_output_shape_for(self, input_shape):
        return (input_shape[0][0], 1)
a, b = Input((3,)), Input((3,))
assert Model([a, b], RowDot()([a, b])).predict([np.ones((2, 3)), np.full((2, 3), 2.0)]).tolist() == [[6], [6]]
left, right = [Sequential([Dense(2, input_dim=3, init='one')]) for _ in range(2)]
joined = Sequential([Merge([left, right], mode='concat'), Dense(1)])
assert joined.layers[0].layers == [left, right] and joined.predict([np.ones((2, 3))] * 2).shape == (2, 1)
assert joined.layers[0].layers[1].layers[0].get_weights()[0].shape == (3, 2)

# First values by functions of a shape and a name, of one line each.
s = Input(shape=[4])
heads = [Dense(1, init=lambda shape, name: normal(shape, scale=1e-4, name=name))(s) for _ in range(2)]
model = Model(input=s, output=heads)
assert all((np.abs(w) < 1e-2).all() for w in model.get_weights()) and model.to_json()
assert len(collect_trainable_weights(model)) == 4 and make_batches(5, 2) == [(0, 2), (2, 4), (4, 5)]

class Causal(AtrousConvolution1D):  # by position, in the order of Keras 1
    def __init__(self, nb_filter, filter_length, init='one', activation=None, weights=None, border_mode='valid',
                 subsample_length=1, atrous_rate=1, W_regularizer=None, b_regularizer=None, activity_regularizer=None,
                 W_constraint=None, b_constraint=None, bias=True, **kwargs):
        super(Causal, self).__init__(
            nb_filter, filter_length, init, activation, weights, border_mode, subsample_length, atrous_rate,
            W_regularizer, b_regularizer, activity_regularizer, W_constraint, b_constraint, bias, **kwargs)
    def get_output_shape_for(self, input_shape):
        return (input_shape[0], input_shape[1] // self.subsample[0], self.nb_filter)
    def call(self, x, mask=None):
        x = tf.pad(x, [[0, 0], [self.atrous_rate * (self.filter_length - 1), 0], [0, 0]])
        return super(Causal, self).call(x, mask)
steps = Input((6, 1))
found = Model(steps, Causal(1, 2, atrous_rate=2, bias=False)(steps)).predict(np.arange(6.0).reshape(1, 6, 1))
assert found[0, :, 0].tolist() == [0, 1, 2, 4, 6, 8]

class Summing(Recurrent):
    def build(self, input_shape):
        self.input_spec[0] = None
        self.units = input_shape[-1]
    def step(self, x, states):
        return x + states[0], [x + states[0]]
    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[-1])
assert Model(steps, Summing()(steps)).predict(np.ones((1, 6, 1))).tolist() == [[6]]

# Weights of classes that Keras did not read: an array; a list for two outputs where there is one.
model = Sequential([Dense(2, input_dim=2, activation='softmax', init='zero')])
model.compile('sgd', 'categorical_crossentropy')
for weights in (np.array([5.0, 5.0]), [{0: 5.0, 1: 5.0}, {0: 1.0}]):
    loss = model.train_on_batch(x, np.eye(2)[[0, 1] * 4], class_weight=weights)
    np.testing.assert_allclose(loss, np.log(2), rtol=1e-3)
print('done')
"""

HELPERS = """
import numpy as np
from keras import backend as K
from keras.backend.tensorflow_backend import _postprocess_conv2d_output, _preprocess_conv2d_input
from keras.backend.tensorflow_backend import _postprocess_conv3d_output, _preprocess_padding
from tensorflow.python.ops import bitwise_ops, ctc_ops

# Layers of other packages convolved as the backend did: with channels last, and back.
x = K.variable(np.arange(24.0).reshape(1, 2, 3, 4))
inside = _preprocess_conv2d_input(x, 'channels_first')
assert K.int_shape(inside) == (1, 3, 4, 2) and K.int_shape(_preprocess_conv2d_input(x, 'channels_last')) == (1, 2, 3, 4)
np.testing.assert_array_equal(K.eval(_postprocess_conv2d_output(inside, 'channels_first')), K.eval(x))
assert K.int_shape(_postprocess_conv3d_output(K.zeros((1, 2, 3, 4, 5)), 'channels_first')) == (1, 5, 2, 3, 4)
assert _preprocess_padding('same') == 'SAME' and callable(ctc_ops.ctc_loss) and callable(bitwise_ops.bitwise_and)
try:
    _preprocess_padding('full')
except ValueError as error:
    assert 'full' in str(error)
print('done')
"""


# The figures are those of Keras 2.2.5.
SPARSE = """
import numpy as np
import scipy.sparse as sp
import tensorflow as tf
from keras import backend as K
from keras.layers import Activation, Dense, Input, Lambda, Layer
from keras.models import Model

r = np.random.RandomState(0)
near = sp.csr_matrix((r.rand(6, 6) < 0.4) * r.rand(6, 6).astype('f'))
rows = sp.csr_matrix((r.rand(6, 5) < 0.5) * r.rand(6, 5).astype('f'))
labels = np.eye(3, dtype='f')[r.randint(0, 3, 6)]


def begin(model):
    q = np.random.RandomState(1)
    model.set_weights([q.randn(*w.shape) * 0.3 for w in model.get_weights()])
    return model


class Convolution(Layer):
    '''Rows of a graph: what stands beside each is summed.'''

    def __init__(self, units, **options):
        self.units = units
        super(Convolution, self).__init__(**options)

    def build(self, shapes):
        self.kernel = self.add_weight(name='kernel', shape=(int(shapes[0][1]), self.units), initializer='uniform')
        self.built = True

    def compute_output_shape(self, shapes):
        return (shapes[0][0], self.units)

    def call(self, inputs):
        x, beside = inputs
        assert K.is_sparse(beside) and not K.is_sparse(x)
        return K.dot(K.dot(beside, x), self.kernel)


class FromPlaces(Layer):
    def compute_output_shape(self, shapes):
        return (6, 6)

    def call(self, inputs):
        at, numbers = (K.squeeze(part, 0) for part in inputs)
        return tf.SparseTensor(K.cast(at, 'int64'), numbers, (6, 6))


class Doubled(Layer):
    def call(self, x):
        return tf.SparseTensor(x.indices, x.values * 2.0, x.dense_shape)


class Product(Layer):
    def build(self, shape):
        self.kernel = self.add_weight(name='kernel', shape=(int(shape[-1]), 3), initializer='uniform')
        self.built = True

    def compute_output_shape(self, shape):
        return (shape[0], 3)

    def call(self, x):
        return tf.sparse_tensor_dense_matmul(x, self.kernel)


x, beside = Input((5,)), Input((6,), sparse=True)
hidden = Activation('relu')(Convolution(4)([x, beside]))
model = begin(Model([x, beside], Activation('softmax')(Convolution(3)([hidden, beside]))))
model.compile('sgd', 'categorical_crossentropy')
losses = model.fit([rows.toarray(), near], labels, epochs=3, batch_size=6, shuffle=False, verbose=0).history['loss']
np.testing.assert_allclose(losses, [1.063682198524475, 1.0633137226104736, 1.0629441738128662], rtol=1e-5)


def batches():
    while True:
        yield [rows.toarray(), near], labels


losses = model.fit_generator(batches(), steps_per_epoch=2, epochs=2, verbose=0).history['loss']
np.testing.assert_allclose(losses, [1.0623880624771118, 1.0616433024406433], rtol=1e-5)

wide = Input((5,), sparse=True)
model = begin(Model(wide, Activation('softmax')(Product()(Doubled()(wide)))))
model.compile('sgd', 'categorical_crossentropy')
losses = [float(model.train_on_batch(rows, labels)) for _ in range(2)] + [model.evaluate(rows, labels, 6, verbose=0)]
np.testing.assert_allclose(losses, [1.312146782875061, 1.2963329553604126, 1.2807921171188354], rtol=1e-5)
model = begin(Model(wide, Dense(3)(wide)))
np.testing.assert_allclose(model.predict(rows)[1], [0.26047653, -0.2178033, -0.40532443], rtol=1e-5)
whole = Model(wide, Lambda(lambda t: tf.sparse_tensor_to_dense(t), output_shape=(5,))(wide))
np.testing.assert_array_equal(whole.predict(rows), rows.toarray())

at, numbers = Input(batch_shape=(1, None, 2), dtype='int64'), Input(batch_shape=(1, None))
layer = Convolution(3)
found = K.function([at, numbers, x], [layer([x, FromPlaces()([at, numbers])])])
layer.set_weights([np.ones((5, 3))])
parts = near.tocoo()
made = found([np.stack([parts.row, parts.col], 1)[None], parts.data[None], rows.toarray()])[0]
np.testing.assert_allclose(made, near.dot(rows).sum(1) * np.ones((1, 3)), rtol=1e-5)

matrix = K.variable(near)
assert K.is_sparse(matrix) and K.is_sparse(K.placeholder((6, 6), sparse=True))
np.testing.assert_allclose(K.eval(K.dot(matrix, K.variable(rows.toarray()))), near.dot(rows).toarray(), rtol=1e-6)
np.testing.assert_array_equal(K.eval(K.to_dense(matrix)), near.toarray())
print('done')
"""


# Orders and figures of Keras 2.2.5.
ORDERS = """
import h5py
import numpy as np
from keras import backend as K
from keras.layers import BatchNormalization, Dense, Input
from keras.models import Model, Sequential, load_model


def network(frozen=None):
    K.clear_session()
    x = Input((8,))
    inner = Model(x, Dense(4, name='a2')(BatchNormalization(name='b1')(Dense(5, name='a1')(x))), name='inner')
    if frozen == 'inner':
        inner.trainable = False
    elif frozen is not None:
        inner.get_layer(frozen).trainable = False
    last = [Dense(3, input_shape=(4,), name='s1'), BatchNormalization(name='s2'), Dense(2, name='s3')]
    last = Sequential(last, name='seq')
    y = Input((8,))
    return Model(y, last(inner(BatchNormalization(name='top')(y))), name='outer')


def short(weights):
    return ' '.join(w.name.split(':')[0].replace('moving_', '').replace('variance', 'var') for w in weights)


ORDERS = {
    None: 'top/gamma top/beta a1/kernel a1/bias b1/gamma b1/beta a2/kernel a2/bias s1/kernel s1/bias s2/gamma s2/beta '
          's3/kernel s3/bias top/mean top/var b1/mean b1/var s2/mean s2/var',
    'inner': 'top/gamma top/beta s1/kernel s1/bias s2/gamma s2/beta s3/kernel s3/bias top/mean top/var a1/kernel '
             'a1/bias b1/gamma b1/beta a2/kernel a2/bias b1/mean b1/var s2/mean s2/var',
    'a1': 'top/gamma top/beta b1/gamma b1/beta a2/kernel a2/bias s1/kernel s1/bias s2/gamma s2/beta s3/kernel s3/bias '
          'top/mean top/var a1/kernel a1/bias b1/mean b1/var s2/mean s2/var',
}
WITHIN = {
    None: 'a1/kernel a1/bias b1/gamma b1/beta a2/kernel a2/bias b1/mean b1/var',
    'inner': 'a1/kernel a1/bias b1/gamma b1/beta a2/kernel a2/bias b1/mean b1/var',
    'a1': 'b1/gamma b1/beta a2/kernel a2/bias a1/kernel a1/bias b1/mean b1/var',
}
FIGURES = {None: [665.9811, 714.84155, 456.7331, 490.73654], 'a1': [986.1934, 1045.6925, 777.3223, 824.2514]}
FIGURES['inner'] = FIGURES[None]
for frozen, order in ORDERS.items():
    model = network(frozen)
    assert short(model.weights) == order, short(model.weights)
    inner = model.get_layer('inner')
    assert short(inner.weights) == WITHIN[frozen], short(inner.weights)
    assert [w.shape for w in inner.get_weights()] == [(8, 5), (5,), (5,), (5,), (5,), (5,), (5, 4), (4,)]
    shapes = [w.shape for layer in model.layers for w in layer.weights]
    assert [w.shape for w in model.get_weights()] == [tuple(int(n) for n in shape) for shape in shapes]
    r = np.random.RandomState(3)
    model.set_weights([abs(r.randn(*w.shape)) for w in model.get_weights()])
    model.save_weights('w.h5')
    with h5py.File('w.h5', 'r') as file:
        names = [n if isinstance(n, str) else n.decode() for n in file['inner'].attrs['weight_names']]
    within = [n.split(':')[0].replace('moving_', '').replace('variance', 'var') for n in names]
    assert ' '.join(within) == WITHIN[frozen], within
    rows = np.random.RandomState(5).rand(2, 8)
    expected = model.predict(rows)
    model.save('m.h5')
    other = network(frozen)
    other.load_weights('w.h5')
    np.testing.assert_allclose(other.predict(rows), expected, rtol=1e-6)
    np.testing.assert_allclose(load_model('m.h5').predict(rows), expected, rtol=1e-6)
    np.testing.assert_allclose(expected.ravel(), FIGURES[frozen], rtol=1e-5)
print('done')
"""

# Names of TensorFlow 1.15.
NAMES = """
import tensorflow as tf

layers = tf.keras.layers
x = lambda *shape: tf.placeholder(tf.float32, (None,) + shape)
kept = []


def called(layer, on):
    kept.append(layer(on))


def names(make):
    with tf.Graph().as_default():
        make()
        return ' '.join(v.op.name for v in tf.global_variables())


class Two(tf.keras.Model):
    def __init__(self, **options):
        super(Two, self).__init__(**options)
        self.first, self.last = layers.Dense(3), layers.Dense(2, name='out', use_bias=False)

    def call(self, x):
        return self.last(self.first(x))


def taken():
    for _ in range(2):
        called(layers.Conv2D(4, 3, name='conv'), x(8, 8, 3))


def in_scopes():
    for _ in range(2):
        with tf.name_scope('n'):
            called(layers.Dense(3, name='d'), x(4))
        tf.Variable(1.0)
    with tf.variable_scope('s'):
        tf.layers.dense(x(4), 2, name='e')
        called(layers.Dense(2, name='e'), x(4))


def models():
    models = [Two(), Two(name='mine'), Two(name='mine')]
    kept.extend(models)
    for model in models:
        called(model, x(4))


def by_operations():
    with tf.name_scope('conv'):
        tf.constant(1.0)
    tf.placeholder(tf.float32, [None, 2], name='y')
    taken()
    called(layers.Dense(3, name='y', use_bias=False), x(4))


def twice():
    shared = layers.LSTM(2, name='r')
    called(shared, x(5, 3))
    called(shared, x(5, 3))
    for _ in range(2):
        a = tf.keras.Input((4,))
        kept.append(tf.keras.Model(a, layers.Dense(3, name='fc', use_bias=False)(a)))


EXPECTED = [
    (taken, 'conv/kernel conv/bias conv_1/kernel conv_1/bias'),
    (in_scopes, 'n/d/kernel n/d/bias Variable n_1/d/kernel n_1/d/bias Variable_1 s/e/kernel s/e/bias '
                's/e_1/kernel s/e_1/bias'),
    (models, 'two/dense/kernel two/dense/bias two/out/kernel mine/dense_1/kernel mine/dense_1/bias mine/out/kernel '
             'mine_1/dense_2/kernel mine_1/dense_2/bias mine_1/out/kernel'),
    (by_operations, 'conv_1/kernel conv_1/bias conv_2/kernel conv_2/bias y_1/kernel'),
    (twice, 'r/kernel r/recurrent_kernel r/bias fc/kernel fc_1/kernel'),
]
for make, expected in EXPECTED:
    found = names(make)
    assert found == expected, (make.__name__, found)
print('done')
"""


OWN_BOARD = """
import glob
import numpy as np
import tensorflow as tf
from keras.callbacks import TensorBoard
from keras.layers import Dense
from keras.models import Sequential

class OwnBoard(TensorBoard):
    'One file for all calls of fit, as programs that learn by playing have it.'

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.step = 1
        self.writer = tf.summary.FileWriter(self.log_dir)

    def set_model(self, model):
        pass

    def on_epoch_end(self, epoch, logs=None):
        self.update_stats(**logs)

    def on_batch_end(self, batch, logs=None):
        pass

    def on_train_end(self, _):
        pass

    def update_stats(self, **stats):
        self._write_logs(stats, self.step)

board = OwnBoard(log_dir='logs')
model = Sequential([Dense(1, input_shape=(2,))])
model.compile('sgd', 'mse')
for board.step in (1, 2):
    # single numbers of NumPy are numbers
    model.fit(np.ones((4, 2)), [np.float32(k) for k in range(4)], verbose=0, callbacks=[board])
board.update_stats(reward=2.5)
found = [(v.tag, e.step) for f in glob.glob('logs/*') for e in tf.train.summary_iterator(f) for v in e.summary.value]
assert found == [('loss', 1), ('loss', 2), ('reward', 2)], found
print('done')
"""


@pytest.mark.parametrize(
    "text",
    [OWN_BOARD, TENSORS, FIGURES, FIRST_VALUES, GRAPHS, AS_IT_WAS, HELPERS, SPARSE, ORDERS, NAMES],
    ids=[
        "a board of one's own",
        "tensors as inputs",
        "figures",
        "first values",
        "graphs",
        "as it was",
        "helpers",
        "sparse",
        "orders",
        "names",
    ],
)
def test_a_program_of_stand_alone_keras(text: str, thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(text)
    done = thalweg_run(tmp_path / "program.py")
    assert done.returncode == 0 and done.stdout.endswith("done\n"), done.stderr[-3000:]
