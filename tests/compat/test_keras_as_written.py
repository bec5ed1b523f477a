"""Programs of stand-alone Keras that rely on its graph, which was made once, when a layer was called."""

from __future__ import annotations

from pathlib import Path

import pytest

from compat.conftest import Run

ONCE = """
import numpy as np
import keras.backend as K
from keras.layers import Dense, Input, Lambda, Layer, TimeDistributed, concatenate
from keras.models import Model

rows = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])

# The names that a function reads mean what they meant when the layer was called.
a = Input((3,))
parts = []
for i in range(3):
    parts.append(Lambda(lambda x: x[:, i:i + 1] * (i + 1))(a))
def made_in_a_function():
    parts = []
    for k in range(3):
        parts.append(Lambda(lambda x: x[:, k:k + 1] * (k + 1))(a))
    return parts
model = Model(a, concatenate(parts + made_in_a_function()))
np.testing.assert_allclose(model.predict(rows), np.tile(rows * [1, 2, 3], 2))
scale = 2.0
shared = Lambda(lambda x: x * scale)
doubled = shared(a)
scale = 3.0
np.testing.assert_allclose(Model(a, [doubled, shared(a)]).predict(rows), [rows * 2, rows * 3])
calls = 0
def counted(x):
    global calls
    calls += 1
    return x + 1
np.testing.assert_allclose(Model(a, Lambda(counted)(a)).predict(rows), rows + 1)
assert calls > 0

# A function may read what stands around it, too: an input, or what a layer made.
b = Input((3,))
hidden = Dense(3, use_bias=False, kernel_initializer='ones')(b)
beside = Lambda(lambda x: x * hidden + K.sum(b, axis=-1, keepdims=True))(a)
model = Model([a, b], beside)
np.testing.assert_allclose(model.predict([rows, rows]), (rows + 1) * rows.sum(1, keepdims=True))
assert not model.weights  # its layer is no part of the model
model.compile('sgd', 'mse')
assert np.isfinite(model.train_on_batch([rows, rows], rows))

# Layers ask a weight whether it is there: it is, also where its only element is 0.
class WithBias(Layer):
    def build(self, shape):
        self.bias = self.add_weight(shape=(1,), initializer='zeros', name='bias')
        super(WithBias, self).build(shape)
    def call(self, x):
        return x + self.bias if self.bias else x
from scipy.sparse.linalg.eigen.arpack import ArpackNoConvergence, eigsh
model = Model(a, WithBias()(a))
model.set_weights([np.ones(1)])
np.testing.assert_allclose(model.predict(rows), rows + 1)

# Weights of examples may be numbers or truths; those of weight 0 do not count in the mean.
model = Model(a, Lambda(lambda x: x[:, :1])(a))
model.compile('sgd', 'mse')
for kind in ('float64', 'int64', 'bool'):
    loss = model.evaluate(rows, np.zeros((2, 1)), sample_weight=np.array([0, 1], kind), verbose=0)
    np.testing.assert_allclose(loss, 16)

# Arrays take the dtype of the tensors that they are reckoned with.
for y in (a * np.ones(3), np.ones(3) - a, a ** np.ones(3), K.maximum(a, np.ones(3)), K.dot(a, np.eye(3))):
    assert K.dtype(y) == 'float32'

# Callbacks see the figures of each batch alone, and its number and size.
from keras.callbacks import Callback
from keras.optimizers import SGD
class Watching(Callback):
    def on_train_begin(self, logs=None):
        self.seen = []
    def on_batch_begin(self, batch, logs=None):
        self.size = logs['size']
    def on_batch_end(self, batch, logs=None):
        assert logs['batch'] == batch and logs['size'] == self.size
        self.seen.append((logs['size'], logs['loss'], logs['acc']))
x, y = np.random.rand(20, 3), np.eye(2)[np.arange(20) % 3 % 2]
model = Model(a, Dense(2, activation='softmax')(a))
model.compile(SGD(lr=0.0), 'categorical_crossentropy', metrics=['accuracy'])
watching = Watching()
model.fit(x, y, batch_size=8, epochs=2, shuffle=False, callbacks=[watching], verbose=0)
alone = [(len(x[k:k + 8]), *model.evaluate(x[k:k + 8], y[k:k + 8], verbose=0)) for k in (0, 8, 16)]
np.testing.assert_allclose(watching.seen, alone * 2, rtol=1e-5)

# What convolutions in two steps cannot use is taken all the same.
from keras.layers import DepthwiseConv2D, SeparableConv2D
for kind, sizes in ((SeparableConv2D, (4, 3)), (DepthwiseConv2D, (3,))):
    image = Input((5, 5, 2))
    layer = kind(*sizes, kernel_initializer='he_normal', kernel_regularizer='l2', depthwise_initializer='ones')
    model = Model(image, layer(image))
    assert layer.get_weights()[0].min() == 1 and not model.losses

# What a layer says of its shape counts where the graph does not tell.
open_row = Input((None,))
class Chosen(Layer):
    def call(self, x):
        return K.reshape(x, K.shape(x)[:1] + (K.shape(open_row)[1], 2))
    def compute_output_shape(self, shape):
        return shape[0], 3, 2
wide = Input((6,))
chosen = Chosen()(wide)
assert K.int_shape(chosen) == chosen._keras_shape == (None, 3, 2)
class Unsaid(Chosen):
    def compute_output_shape(self, shape):
        return shape[0], K.constant(3), None
assert K.int_shape(Unsaid()(wide)) == (None, None, 2)  # a length that is no number says nothing
chosen._keras_shape = (None, 3, 2)
dense = TimeDistributed(Dense(4, kernel_initializer='ones'))(chosen)
assert K.int_shape(dense) == (None, 3, 4)
flat = Lambda(lambda x: K.reshape(x, (K.shape(x)[0], K.shape(wide)[1] * 2)), output_shape=(12,))(dense)
assert K.int_shape(flat) == (None, 12)
model = Model([wide, open_row], Dense(1, kernel_initializer='ones')(flat))
x = np.arange(12.0).reshape(2, 6)
np.testing.assert_allclose(model.predict([x, rows]), x.sum(1, keepdims=True) * 4)

from keras.models import clone_model
for shape in ((3,), lambda shape: shape):
    model = Model(a, Lambda(lambda x: x + 1, output_shape=shape)(a))
    np.testing.assert_allclose(clone_model(model).predict(rows), rows + 1)

# A choice by a scalar is one or the other, in its own shape; the greatest of nothing is -inf.
some = K.placeholder((None, 4))
chosen = K.switch(K.greater(K.shape(some)[0], 0), lambda: some * 2, lambda: K.constant(0.0))
loss = K.mean(chosen)
run = K.function([some], [loss, K.gradients(loss, [some])[0], K.max(some, axis=0), K.min(some, axis=0)])
found = run([np.zeros((0, 4))])
assert found[0] == 0 and found[1].shape == (0, 4)
assert np.all(found[2] == -np.inf) and np.all(found[3] == np.inf)
assert run([np.ones((2, 4))])[0] == 2
print('done')
"""

WITH_GRAPHS = """
import numpy as np
import tensorflow as tf
import keras
import keras.backend as K
from keras.layers import Dense, Input, Lambda
from keras.models import Model

session = tf.Session()
x, t = Input((3,)), Input((1,))
hidden = Dense(4, kernel_initializer='ones')(x)
offset = Lambda(lambda x: x + tf.Variable(np.ones(4, 'float32')))(hidden)
output = Dense(1, kernel_initializer='ones')(offset)
error = Lambda(lambda p: tf.reduce_mean(tf.square(p[0] - p[1]), -1, keepdims=True), name='error')([output, t])
model = Model([x, t], [output, error])
rows, targets = np.ones((8, 3)), np.zeros((8, 1))
for k in range(2):  # the second time, what was added before is gone
    model._losses = []
    model.add_loss(tf.reduce_mean(model.get_layer('error').output, keepdims=True) * 2.0)
    decay = [keras.regularizers.l2(0.5)(w) / tf.cast(tf.size(w), tf.float32) for w in model.trainable_weights]
    model.add_loss(tf.add_n(decay))
    model.compile('sgd', loss=[None, None])
    model.metrics_names.append('error')
    model.metrics_tensors.append(tf.reduce_mean(model.get_layer('error').output, keepdims=True))
    assert model.metrics_names == ['loss', 'error'], model.metrics_names
    if k == 0:
        loss, shown = model.test_on_batch([rows, targets], [])
        # Predictions are 4 * (3 + 1) = 16; of two kernels of ones, half the mean square is 0.5 each.
        np.testing.assert_allclose([loss, shown], [2 * 256 + 1, 256], rtol=1e-6)
    before, _ = model.test_on_batch([rows, targets], [])
    assert 2 * _ < before < 2 * _ + 2, (before, _)
def batches():
    while True:
        yield [rows, targets], []
history = model.fit_generator(batches(), 1, 1, validation_data=batches(), validation_steps=1, verbose=0).history
assert sorted(history) == ['error', 'loss', 'val_error', 'val_loss'], history

def common(t):
    rows = tf.expand_dims(tf.cast(t[0], tf.int32), 0)
    return tf.sparse_tensor_to_dense(tf.sets.set_intersection(rows, tf.constant([[1, 2, 5]])))[0]
assert Model(x, Lambda(common)(x)).predict(np.array([[5, 1, 7.0]])).tolist() == [1, 5]

scores = tf.placeholder(tf.float32, [None, None])
best = tf.nn.top_k(scores, tf.minimum(2, tf.shape(scores)[1]))
mixed = tf.random_shuffle(scores[0])
left, right = tf.split(scores, 2, axis=1)
highest = tf.reduce_max(scores, axis=0)
assert session.run(tf.count_nonzero(scores, dtype=tf.int32), {scores: [[0.0, 2.0]]}) == np.int32(1)
given = np.array([[1.0, 4.0, 3.0, 2.0]])
found = session.run([best.values, best.indices, mixed, left, right], {scores: given})
assert found[0].tolist() == [[4, 3]] and found[1].tolist() == [[1, 2]]
assert sorted(found[2]) == [1, 2, 3, 4] and found[3].tolist() == [[1, 4]] and found[4].tolist() == [[3, 2]]
assert session.run(best.values, {scores: [[5.0]]}).tolist() == [[5]]
assert session.run(highest, {scores: np.zeros((0, 2))}).tolist() == [-np.inf] * 2
assert [p.shape for p in session.run([left, right], {scores: np.zeros((0, 4))})] == [(0, 2), (0, 2)]
print('done')
"""

BY_SESSIONS_NAMES = """
import numpy as np
import tensorflow as tf
import keras.backend as K
from keras import regularizers
from keras.layers import Dense, Input, Lambda
from keras.models import Model, Sequential
from keras.optimizers import Optimizer
from tensorflow.python.ops import control_flow_ops, math_ops, state_ops

# Distributions take what layers made.
mean, scale = Input((1,)), Input((1,))
density = Lambda(lambda t: tf.distributions.Normal(loc=t[0], scale=t[1]).log_prob(1.5))([mean, scale])
drawn = Lambda(lambda t: tf.distributions.Normal(loc=t[0], scale=t[1]).sample(3))([mean, scale])
found, draws = Model([mean, scale], [density, drawn]).predict([[[1.0], [0.5]], [[2.0], [1.0]]])
np.testing.assert_allclose(found[:, 0], [-np.log(2) - 0.5 / 16, -0.5] - 0.5 * np.log(2 * np.pi), rtol=1e-5)
assert draws.shape == (3, 2, 1)

# Matrices of a size that only a run knows take diagonals.
x = Input((None,))
square = Lambda(lambda t: K.map_fn(lambda r: tf.matrix_set_diag(K.zeros_like(tf.matrix_diag(r)), r), t))(x)
np.testing.assert_array_equal(Model(x, square).predict(np.array([[1.0, 2, 3]]))[0], np.diag([1, 2, 3]))

# An optimizer of a program's own assigns as TensorFlow does, in branches, too.
class Own(Optimizer):
    def __init__(self, lr=0.1, **options):
        super(Own, self).__init__(**options)
        self.lr, self.count, self.turns = K.variable(lr), K.variable(0, dtype='int64'), K.variable(0.)
    def get_updates(self, loss, params):
        self.updates = [control_flow_ops.cond(
            math_ops.equal(self.count, 2),
            lambda: state_ops.assign(self.count, 0),
            lambda: state_ops.assign_add(self.count, 1))]
        self.updates.append(tf.assign(self.turns, 2 * self.turns + 1))
        for p, g in zip(params, self.get_gradients(loss, params)):
            self.updates.append(tf.assign_sub(p, self.lr * g))
        return self.updates

penalty = regularizers.l1_l2(1e-3, 0.5)
assert penalty.l1.dtype == penalty.l2.dtype == 'float32' and penalty.get_config()['l2'] == 0.5
penalty.l1 = np.array(0., dtype=penalty.l1.dtype)
own = Own()
model = Sequential([Dense(1, input_dim=3, kernel_initializer='ones', kernel_regularizer=penalty)])
model.compile(own, 'mse')
w, b, seen = np.ones(3), 0.0, []
for step in range(4):
    error = w + b
    expected = np.mean(error ** 2) + 0.5 * np.sum(w ** 2)
    np.testing.assert_allclose(model.train_on_batch(np.eye(3), np.zeros((3, 1))), expected, rtol=1e-5)
    w, b = w - 0.1 * (2 * error / 3 + w), b - 0.1 * np.mean(2 * error)
    seen.append((K.get_value(own.count), K.get_value(own.turns)))
assert seen == [(1, 1), (2, 3), (0, 7), (1, 15)], seen
np.testing.assert_allclose(model.get_weights()[0][:, 0], w, rtol=1e-5)
print('done')
"""

BY_CLASSES = """
import inspect
import warnings
import numpy as np
import keras.backend as K
from keras import callbacks, layers, optimizers
from keras.callbacks import Callback, EarlyStopping
from keras.layers import Dense, Embedding, Flatten, Input, Layer, LSTM, Recurrent, RNN
from keras.models import Model, Sequential, load_model
from keras.optimizers import SGD, Adam, Optimizer

# Names are classes, with Keras's families, and their methods are called on instances.
for kind, above in ((Adam, Optimizer), (Dense, Layer), (LSTM, RNN), (LSTM, Recurrent), (EarlyStopping, Callback),
                    (layers.Conv2DTranspose, layers.Conv2D), (layers.SpatialDropout1D, layers.Dropout)):
    assert inspect.isclass(kind) and issubclass(kind, above) and not issubclass(above, kind), kind
assert isinstance(LSTM(3), RNN) and isinstance(EarlyStopping(), Callback) and not isinstance(Dense(2), RNN)
class Ones(Layer):
    def __init__(self, units, **options):
        self.units = units
        Layer.__init__(self, **options)
    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units), initializer='ones', name='kernel')
        Layer.build(self, shape)
    def call(self, x):
        self.seen = K.sum(x, axis=-1)
        return K.dot(x, self.kernel)
    def compute_output_shape(self, shape):
        return (shape[0], self.units)
class Shifted(Dense):
    def __init__(self, units, **options):
        Dense.__init__(self, units, **options)
    def call(self, x):
        return Dense.call(self, x) + 1
class Kept(Callback):
    def __init__(self):
        Callback.__init__(self)
        self.losses = []
    def on_epoch_end(self, epoch, logs={}):
        Callback.on_epoch_end(self, epoch, logs)
        self.losses.append(logs['loss'])
x, kept, ones = Input((3,)), Kept(), Ones(2)
model = Model(x, Shifted(1, kernel_initializer='ones', use_bias=False)(ones(x)))
model.compile(SGD(lr=0.0), 'mse')
model.fit(np.ones((4, 3)), np.zeros((4, 1)), callbacks=[kept], verbose=0)
assert kept.losses == [49.0], kept.losses
assert [layer.name for layer in model.layers] == ['input_1', 'ones_1', 'shifted_1']
class Loop(RNN):  # whose cell has another name in the model that a file gives
    def __init__(self, units, **options):
        RNN.__init__(self, layers.SimpleRNNCell(units), **options)
        self.units = units
    def get_config(self):
        return {'units': self.units, 'name': self.name}
looped = Sequential([Embedding(5, 3, input_length=4), Loop(2), Dense(1)])
looped.compile('adam', 'mse')
looped.fit(np.ones((4, 4)), np.ones((4, 1)), verbose=0)
looped.save('looped.h5')
with warnings.catch_warnings():
    warnings.simplefilter('error')
    again = load_model('looped.h5', custom_objects={'Loop': Loop})
assert looped.layers[1].name == 'loop_1' and len(again.optimizer.get_weights()) > 10
for a, b in zip(looped.optimizer.get_weights(), again.optimizer.get_weights()):
    np.testing.assert_array_equal(a, b)
# What call left on the layer is of the graph, also after training.
assert K.function([x], [ones.seen])([np.ones((2, 3))])[0].tolist() == [3, 3]

# Optimizers around optimizers.
class Summed(Optimizer):
    def __init__(self, inner, steps, **options):
        super(Summed, self).__init__(**options)
        self.inner, self.steps = inner, steps
        self.iterations = K.variable(0, dtype='int64')
        self.due = K.equal(self.iterations % steps, 0)
        self.inner.lr = K.switch(self.due, inner.lr, 0.)
        self.inner.momentum = K.switch(self.due, 0.0, 0.0)
        self.inner.get_gradients = lambda loss, params: [s / self.steps for s in self.sums]
    def get_updates(self, loss, params):
        self.updates = [K.update_add(self.iterations, 1),
                        K.update_add(self.inner.iterations, K.cast(self.due, 'int64'))]
        self.sums = [K.zeros(K.int_shape(p)) for p in params]
        for g, s in zip(self.get_gradients(loss, params), self.sums):
            self.updates.append(K.update(s, K.switch(self.due, g + 0, s + g)))
        self.updates.extend(self.inner.get_updates(loss, params)[1:])
        return self.updates
inner = SGD(lr=0.1)
model = Sequential([Dense(1, input_dim=3, kernel_initializer='ones', use_bias=False)])
model.compile(Summed(inner, 2), 'mse')
w, total, seen = 1.0, 0.0, []
for step in range(6):
    seen.append(float(model.train_on_batch(np.eye(3), np.zeros((3, 1)))))
    np.testing.assert_allclose(seen[-1], w ** 2, rtol=1e-5)
    slope = 2 * w / 3
    w, total = (w - 0.1 * total / 2, slope) if step % 2 == 0 else (w, total + slope)
assert K.get_value(inner.iterations) == 3 and seen[0] > seen[-1]

class Unit(Optimizer):
    def __init__(self, inner):  # without the constructor above
        self.inner = optimizers.get(inner)
        self.before, self.inner.get_gradients = self.inner.get_gradients, self.get_gradients
    def get_gradients(self, loss, params):
        return [K.l2_normalize(g) for g in self.before(loss, params)]
    def get_updates(self, loss, params):
        self.inner.get_updates(loss, params)
        return self.updates
    weights = property(lambda self: self.inner.weights)
    updates = property(lambda self: self.inner.updates)
model = Sequential([Dense(1, input_dim=3, kernel_initializer='ones', use_bias=False)])
model.compile(Unit(SGD(lr=0.1)), 'mse')
for step in range(3):
    loss = model.train_on_batch(np.eye(3), np.zeros((3, 1)))
    np.testing.assert_allclose(loss, (1 - step * 0.1 / 3 ** 0.5) ** 2, rtol=1e-5)

# Gradients of tables are whole; variables are equal to themselves alone.
class ReadRowsOnly(Optimizer):
    def __init__(self, tables, **options):
        super(ReadRowsOnly, self).__init__(**options)
        self.tables, self.known = tables, {}
    def get_updates(self, loss, params):
        for p, g in zip(params, self.get_gradients(loss, params)):
            self.known[(loss, p)] = g
            read = K.cast(K.all(K.not_equal(g, 0), axis=-1, keepdims=True), 'float32') if p in self.tables else 1.
            self.updates.append(K.update(p, p - read * (0.1 * g + 0.01)))
        assert self.get_gradients(loss, []) == [] and all((loss, p) in self.known for p in params)
        return self.updates
table = Embedding(6, 2, input_length=2)
model = Sequential([table, Flatten(), Dense(1)])
model.compile(ReadRowsOnly(table.trainable_weights), 'mse')
before = table.get_weights()[0]
model.train_on_batch(np.array([[1, 4]]), np.ones((1, 1)))
assert (table.get_weights()[0] != before).any(1).tolist() == [False, True, False, False, True, False]
print('done')
"""

BY_A_WRITER = """
import glob
import numpy as np
from keras.callbacks import TensorBoard
from keras.layers import Dense
from keras.models import Sequential

class Batches(TensorBoard):
    def __init__(self, *args):
        super(Batches, self).__init__(*args)
        self.tf = __import__('tensorflow')  # of the time of graphs, as the program is
    def write(self, logs, step):
        for name, value in logs.items():
            if name not in ('batch', 'size'):
                summary = self.tf.Summary()
                one = summary.value.add()
                one.simple_value, one.tag = value.item(), name
                self.writer.add_summary(summary, step)
        self.writer.flush()
    def on_batch_end(self, batch, logs=None):
        self.write(logs, batch)
    def on_epoch_end(self, epoch, logs=None):
        self.write(logs, epoch * self.batch_size)

rows, board = np.ones((4, 2)), Batches('seen')
model = Sequential([Dense(1, input_dim=2)])
model.compile('sgd', 'mse', metrics=['mae'])
model.fit(rows, rows[:, :1], epochs=2, batch_size=2, callbacks=[board], validation_data=(rows, rows[:, :1]), verbose=0)
events = [e for f in glob.glob('seen/events*') for e in board.tf.train.summary_iterator(f)]
tags = [(v.tag, e.step) for e in events for v in e.summary.value]
assert ('loss', 1) in tags and ('val_loss', 32) in tags and len(tags) == 4 * 2 + 2 * 4, tags
print('done')
"""

FIRST_LOOPS = """
import numpy as np
from keras.models import Sequential
from keras.layers.core import Dense, Activation
from keras.layers.embeddings import Embedding
from keras.layers.recurrent import JZS1, JZS2, JZS3

def s(v): return 1 / (1 + np.exp(-v))
rng = np.random.RandomState(0)
rows = rng.randn(2, 4, 3)
for kind, width in ((JZS1, 3), (JZS1, 5), (JZS2, 5), (JZS3, 5)):
    model = Sequential()
    model.add(kind(width, input_dim=3, input_length=4, return_sequences=True))
    model.compile(loss='mean_squared_error', optimizer='rmsprop')
    layer = model.layers[0]
    given = [rng.randn(*w.shape) * 0.5 for w in layer.get_weights()]
    layer.set_weights(given)
    w = dict(zip(layer.weights_by_name.split(), given))
    h, seen = np.zeros((2, width)), []
    for x in rows.transpose(1, 0, 2):
        z = x @ w['W_z'] + w['b_z']
        z = s(z + (np.tanh(h) if kind is JZS3 else h) @ w['U_z']) if kind is not JZS1 else s(z)
        r = s((x @ (w['Pmat'] if kind is JZS2 else w['W_r'])) + w['b_r'] + h @ w['U_r'])
        new = np.tanh(x @ w['Pmat']) if kind is JZS1 else x @ w['W_h']
        h = z * np.tanh(new + w['b_h'] + (r * h) @ w['U_h']) + (1 - z) * h
        seen.append(h)
    np.testing.assert_allclose(model.predict(rows), np.transpose(seen, (1, 0, 2)), rtol=1e-4, atol=1e-5)
model = Sequential()
model.add(Embedding(20, 6, input_length=4))
model.add(JZS2(6, 8))
model.add(Dense(8, 1))
model.add(Activation('sigmoid'))
model.compile(loss='binary_crossentropy', optimizer='adam')
first, last = model.fit(rng.randint(0, 20, (8, 4)), np.ones((8, 1)), nb_epoch=2, verbose=0).history['loss']
assert last < first
print('done')
"""


ONE_ALONE = """
import numpy as np
import keras.backend as K
from keras.layers import Dense, Input, Lambda, Layer, MaxPooling1D, merge, multiply
from keras.models import Model

# A layer that gives a list of one tensor gives the tensor: where a pooling found its largest values, say.
rows = np.array([[[1.0], [5.0], [7.0], [2.0]]])
a = Input((4, 1))
pooled = MaxPooling1D(2)(a)
where = lambda pair: K.gradients(K.sum(pair[1]), pair[0])
for found in (merge([a, pooled], mode=where, output_shape=lambda s: s[0]), Lambda(where)([a, pooled])):
    assert K.ndim(found) == 3
    kept = Model(a, multiply([a, found])).predict(rows)
    np.testing.assert_allclose(kept, [[[0], [5], [7], [0]]])

class Doubled(Layer):
    def call(self, x):
        return [2 * x]
model = Model(a, Doubled()(a))
np.testing.assert_allclose(model.predict(rows), 2 * rows)
np.testing.assert_allclose(model.get_layer('doubled_1').output._keras_shape[1:], (4, 1))
print('done')
"""

OF_THEIR_TIME = """
import numpy as np
import keras.backend as K
from keras.datasets.data_utils import get_file
from keras.layers import Deconvolution2D, Input
from keras.layers.core import Activation, Dense, Merge
from keras.models import Model, Sequential, model_from_json

# A model that two Merges take has one input.
left, right, again = (Sequential([Dense(4, input_dim=3)]) for _ in range(3))
joined = Sequential()
joined.add(Merge([left, right], mode='sum'))
joined.add(Activation('tanh'))
model = Sequential()
model.add(Merge([joined, again, right], mode='concat'))
model.add(Dense(1))
model.compile('sgd', 'mse')
rows = [np.random.rand(6, 3) for _ in range(3)]
model.fit(rows, np.ones((6, 1)), nb_epoch=1, verbose=0, validation_data=(rows, np.ones((6, 1))))
a, b, c = [part.predict(x) for part, x in zip((left, right, again), rows)]
kernel, bias = model.layers[-1].get_weights()
found = np.concatenate([np.tanh(a + b), c, b], 1) @ kernel + bias
np.testing.assert_allclose(model.predict(rows), found, rtol=1e-4, atol=1e-5)

# Deconvolution2D is told the shape of its outputs.
x = Input((14, 14, 3))
for shape, padding in (((None, 29, 29, 5), 'valid'), ((None, 27, 28, 5), 'same'), ((10, 28, 28, 5), 'same')):
    layer = Deconvolution2D(5, 2, 2, shape, border_mode=padding, subsample=(2, 2))
    model = Model(x, layer(x))
    assert model.output_shape[1:] == shape[1:], model.output_shape
    image = np.random.rand(1, 14, 14, 3)
    made = model.predict(image)
    assert made.shape == (1,) + shape[1:]
    again = model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(again.predict(image), made, rtol=1e-5)
print('done')
"""


def test_the_users_own_settings(thalweg_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "program.py").write_text(
        "import keras.backend as K\nfrom keras.layers import Convolution2D\n"
        "from keras.models import Sequential\n"
        "model = Sequential([Convolution2D(4, 3, 3, input_shape=(5, 8, 10))])\n"
        "print(K.image_dim_ordering(), K.epsilon(), K.floatx(), model.output_shape)\n"
    )
    asked = [
        (
            '{"image_dim_ordering": "th", "epsilon": 1e-5, "backend": "theano"}',
            "th 1e-05 float32 (None, 4, 6, 8)",
        ),
        ('{"image_data_format": "channels_first", "floatx": "float64"}', "th 1e-07 float64 (None, 4, 6, 8)"),
        ('{"image_dim_ordering": "tf"', "tf 1e-07 float32 (None, 3, 6, 4)"),
    ]
    for text, shown in asked:
        (tmp_path / "keras.json").write_text(text)
        done = thalweg_run(tmp_path / "program.py")
        assert done.stdout == shown + "\n", done.stderr[-2000:]


PROGRAMS = {
    "keras": ONCE, "keras in a graph": WITH_GRAPHS, "names of graphs": BY_SESSIONS_NAMES, "classes": BY_CLASSES,
    "a writer": BY_A_WRITER, "first loops": FIRST_LOOPS, "one alone": ONE_ALONE, "of their time": OF_THEIR_TIME,
}  # fmt: skip


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_a_program_that_relies_on_the_graph(text: str, thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(text)
    done = thalweg_run(tmp_path / "program.py")
    assert done.returncode == 0 and done.stdout.endswith("done\n"), done.stderr[-3000:]
