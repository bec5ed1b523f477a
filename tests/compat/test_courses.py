"""What the notebooks of courses do: layers shared by all steps, NumPy's functions on tensors of graphs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from compat.conftest import Run

SHARED = """
import numpy as np
from keras.layers import BatchNormalization, Dense, Input, LSTM, Lambda, Reshape
from keras.models import Model

rng = np.random.RandomState(0)
rows = rng.normal(size=(6, 4, 3)).astype('float32')
cell, head = LSTM(5, return_state=True), Dense(2, activation='softmax', name='head')

# A function that reads its argument by the name around it: a step of the input at each turn.
x, s0, c0 = Input((4, 3)), Input((5,), name='s0'), Input((5,), name='c0')
s, c, outputs = s0, c0, []
for t in range(4):
    step = Reshape((1, 3))(Lambda(lambda z: x[:, t, :])(x))
    s, _, c = cell(step, initial_state=[s, c])
    outputs.append(head(s))
model = Model([x, s0, c0], outputs)
zeros = np.zeros((6, 5))
found = model.predict([rows, zeros, zeros])

# The same in one loop.
y = Input((4, 3))
whole = LSTM(5, return_sequences=True)
together = Model(y, whole(y))
whole.set_weights(cell.get_weights())
w, b = head.get_weights()
logits = together.predict(rows) @ w + b
expected = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
np.testing.assert_allclose(np.swapaxes(found, 0, 1), expected, rtol=1e-5)

# Of further inputs that have more rows the first are taken.
np.testing.assert_allclose(model.predict([rows[:1], zeros, zeros]), np.array(found)[:, :1], rtol=1e-5)

# Outputs of one layer have its name: the losses are numbered from the first on, metrics from the second.
assert model.output_names == ['head'] * 4
model.compile('sgd', {'head': 'categorical_crossentropy'}, metrics=['accuracy'])
names = ['loss'] + ['head_loss_%d' % k for k in (1, 2, 3, 4)] + ['head_acc', 'head_acc_1', 'head_acc_2', 'head_acc_3']
assert model.metrics_names == names
targets = [np.eye(2)[rng.randint(0, 2, 6)] for _ in range(4)]
history = model.fit([rows, zeros, zeros], targets, verbose=0).history
assert sorted(history) == sorted(names) and model.metrics_names == names
parts = [-np.log((e * p).sum(-1)).mean() for e, p in zip(targets, np.array(found))]
np.testing.assert_allclose(history['head_loss_3'][0], parts[2], rtol=1e-4)
np.testing.assert_allclose(history['loss'][0], sum(parts), rtol=1e-4)

# Layers are found by their numbers as Keras 1 wrote them, too.
z = Input((3,))
first = BatchNormalization()(z)
named = Model(z, BatchNormalization()(first))
assert named.get_layer('batchnormalization_1') is named.layers[1]
assert named.get_layer('batch_normalization_2') is named.layers[2]
try:
    named.get_layer('batchnormalization_3')
except ValueError as error:
    assert 'batchnormalization_3' in str(error)
else:
    raise AssertionError('no such layer')
print('done')
"""

NUMPYS = """
import numpy as np
import tensorflow as tf
from keras import backend as K

a = np.array([4.0, 5.0, 6.0], 'float32')
t, v = tf.constant([1.0, 2.0, 3.0]), tf.Variable(a)
k = K.variable(a)
array, two = np.array([1.0, 2.0, 3.0], 'float32'), np.float32(2)
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    for function, left, right in [
        (np.multiply, t, v), (np.add, t, a), (np.subtract, a, t), (np.divide, two, t), (np.power, 2.0, t),
        (np.less, a, t * 4), (np.greater_equal, t, 2.0), (np.matmul, np.eye(3, dtype='float32'), tf.ones([3, 1])),
    ]:
        made = function(left, right)
        assert isinstance(made, tf.Tensor), (function, made)
        wanted = function(*session.run([tf.convert_to_tensor(left), tf.convert_to_tensor(right)]))
        np.testing.assert_allclose(session.run(made), wanted, rtol=1e-6)
    for function in (np.negative, np.abs, np.square):
        np.testing.assert_allclose(session.run(function(t)), function(array))
    made = session.run([a * t, t * a, a - t, two / t])
    np.testing.assert_allclose(made, [a * array, a * array, a - array, two / array])
    total = a.copy()
    total += t
    np.testing.assert_allclose(session.run(total), a + array)
    assert not (a == t) and t in [a[0], t]
    try:
        np.exp(t)
    except TypeError as error:
        assert 'numpy.exp' in str(error)
    else:
        raise AssertionError('a tensor without a value')
np.testing.assert_allclose(K.eval(np.multiply(k, K.constant(array))), a * array)
print('done')
"""

OF_KERAS_1 = """
import numpy as np
from IPython.core.interactiveshell import InteractiveShell
from IPython.lib.display import FileLink
from keras.layers import Dense, Dropout
from keras.models import Sequential
from keras.preprocessing import image
from keras.utils.layer_utils import layer_from_config

InteractiveShell.ast_node_interactivity = 'all'
assert repr(FileLink('weights.h5')) == '<FileLink>'

# A layer put into a model: all others are made again from what they say of themselves.
model = Sequential([Dense(4, input_shape=(3,), activation='relu'), Dense(2)])
longer = Sequential()
for number, layer in enumerate(model.layers):
    if number == 1:
        longer.add(Dropout(0.5))
    copied = layer_from_config({'class_name': layer.__class__.__name__, 'config': layer.get_config()})
    longer.add(copied)
    copied.set_weights(layer.get_weights())
rows = np.ones((2, 3))
np.testing.assert_allclose(longer.predict(rows), model.predict(rows), rtol=1e-6)
assert [type(layer).__name__ for layer in longer.layers] == ['Dense', 'Dropout', 'Dense']

batches = image.ImageDataGenerator().flow(np.zeros((5, 4, 4, 3)), np.arange(5), batch_size=2)
assert batches.N == batches.nb_sample == 5
print('done')
"""

OBJECTS = """
import io
import os
import pickle
import numpy as np
import tensorflow as tf

# Weights as published networks were kept: a dict of lists of arrays, in one array of objects.
weights = {'conv1': [np.ones((2, 2), 'float32'), np.arange(2.0)], 'fc': {'w': np.eye(2), 0: np.float32(3)}}
np.save('weights.npy', weights)
found = np.load('weights.npy', encoding='latin1').item()
np.testing.assert_array_equal(found['conv1'][0], 1)
assert found['fc'][0] == 3 and found['conv1'][0].dtype == 'float32'
with open('weights.npy', 'rb') as file:
    assert list(np.load(file).item()) == ['conv1', 'fc']
x = np.array([[1, 2], [3]], dtype=object)
np.savez('rows.npz', x=x, y=np.arange(2))
with np.load('rows.npz') as file:
    assert file['x'].tolist() == [[1, 2], [3]] and file['y'].tolist() == [0, 1]
with open('bare.pkl', 'wb') as file:
    pickle.dump([np.arange(3)], file, protocol=2)
assert np.load('bare.pkl')[0].tolist() == [0, 1, 2]

# What would call something is refused, as is what the program itself refuses.
class Calling:
    def __reduce__(self):
        return os.mkdir, ('made',)
np.save('calling.npy', np.array([Calling()]))
for options, said in [({}, 'mkdir'), ({'allow_pickle': False}, 'allow_pickle')]:
    try:
        np.load('calling.npy', **options)
    except ValueError as error:
        assert said in str(error), error
    else:
        raise AssertionError('it was read')
assert not os.path.exists('made')
print('done')
"""

PLOTS = """
import os
import matplotlib
matplotlib.use('Agg')
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

figure, axes = plt.subplots()
np.testing.assert_allclose(plt.hist(np.arange(10), bins=5, normed=True)[0], 1 / 9)
np.testing.assert_allclose(axes.hist(np.arange(10), bins=5, normed=False)[0], 2)
plt.xticks(np.arange(11), list('abcdefghij'))
assert [label.get_text() for label in axes.get_xticklabels()][-2:] == ['j', '']
axes.set_yticks([0, 1])
axes.set_yticklabels(['none', 'one', 'two'])
assert figure.gca() is axes
assert figure.gca(projection='3d').name == '3d' and plt.gca(projection='polar').name == 'polar'
axes.set_axis_bgcolor('red')
assert axes.get_axis_bgcolor()[:3] == (1.0, 0.0, 0.0)
assert plt.subplot(2, 1, 1, axisbg='blue').get_facecolor()[:3] == (0.0, 0.0, 1.0)
plt.hold(True)
plt.grid(b=True, which='major')
plt.semilogy([1, 2], [1, 2], nonposy='clip')
plt.stem([1, 2], [1, 2], use_line_collection=True)
figure.savefig('drawn.png', dpi=20, color='black')
plt.savefig('drawn.svg', color='black', frameon=False)
assert os.path.getsize('drawn.png') and os.path.getsize('drawn.svg')
assert plt.get_cmap('spectral')(0.5) == plt.get_cmap('nipy_spectral')(0.5) == plt.cm.spectral(0.5)
assert plt.cm.get_cmap('jet', 4).N == 4
figure.canvas.set_window_title('figure')
assert plt.waitforbuttonpress() is None
plt.savefig('figure.png')
print('done')
"""

PROGRAMS = {
    "shared layers": SHARED, "functions of NumPy": NUMPYS, "layers of Keras 1": OF_KERAS_1,
    "arrays of objects": OBJECTS, "plots": PLOTS,
}  # fmt: skip


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_what_notebooks_of_courses_do(text: str, thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(text)
    done = thalweg_run(tmp_path / "program.py")
    assert done.returncode == 0 and done.stdout.endswith("done\n"), done.stderr[-3000:]


PICTURES = """
import pydot
import keras
from keras.models import Sequential
from keras.layers import Dense
from keras.utils import plot_model
from keras.utils.vis_utils import model_to_dot
from IPython.display import SVG

keras.utils.vis_utils.pydot = pydot
model = Sequential([Dense(2, input_dim=3), Dense(1)])
plot_model(model, to_file='model.svg')
SVG(model_to_dot(model).create(prog='dot', format='svg'))

graph = pydot.Dot(graph_type='digraph', rankdir='LR')
first = pydot.Node('first', label='Read')
graph.add_node(first)
graph.add_edge(pydot.Edge(first, pydot.Node('second')))
text = graph.to_string().splitlines()
assert text[1] == '  n0 [label="Read", shape=box];'
assert text[2:4] == ['  n1 [label="second", shape=box];', '  n0 -> n1;']
assert b'<svg' in graph.create_svg() and graph.write_svg('graph.svg') and b'<svg' in open('graph.svg', 'rb').read()
"""


@pytest.mark.skipif(importlib.util.find_spec("pydot") is not None, reason="pydot itself is installed")
def test_programs_that_import_pydot_for_their_pictures(thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PICTURES)
    done = thalweg_run(tmp_path / "program.py")
    assert done.returncode == 0, done.stderr
