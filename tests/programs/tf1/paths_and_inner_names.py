"""Scopes named by paths, averages of moments, and a loop of the program's own by names from inside TensorFlow."""

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework import ops
from tensorflow.python.layers import utils
from tensorflow.python.ops import lookup_ops, rnn, rnn_cell_impl


def names_below():
    return tf.no_op().name


with tf.variable_scope("a/b") as scope:
    assert names_below() == "a/b/NoOp" and scope.original_name_scope == "a/b/"
with tf.variable_scope("a/b") as again:
    assert names_below() == "a/b_1/NoOp" and again.name == "a/b"
with tf.name_scope("x"), tf.variable_scope(None, "c") as third:
    assert names_below() == "x/c/NoOp" and third.name == "c"
with tf.name_scope("y"), tf.variable_scope(None, "c") as fourth:
    assert names_below() == "y/c/NoOp" and fourth.name == "c_1"  # the variables' scope alone is numbered
with tf.variable_scope(again) as fifth:
    assert names_below() == "b/NoOp" and fifth.original_name_scope == "a/b_1/"
with tf.variable_scope("o"), tf.variable_scope("d/e"):
    dense = tf.layers.dense(tf.zeros([2, 3]), 2)
    assert tf.Variable(0.0, name="w").name == "o/d/e/w:0" and dense.name == "o/d/e/dense/BiasAdd:0"

with tf.variable_scope("encoder/0"), tf.variable_scope("bn"):
    x = tf.placeholder(tf.float32, [4, 3])
    mean, variance = tf.nn.moments(x, [0], name="moments")
    kept = tf.nn.moments(x, [0], keep_dims=True)
    averages = tf.train.ExponentialMovingAverage(0.5)
    averages.apply([mean, variance])
assert mean.name == "encoder/0/bn/moments/Squeeze:0" and variance.name == "encoder/0/bn/moments/Squeeze_1:0"
assert [m.op.name.rpartition("/")[2] for m in kept] == ["mean", "variance"]
average = averages.average(mean)
assert average.name == "encoder/0/bn/encoder/0/bn/moments/Squeeze/ExponentialMovingAverage:0"

rows = tf.placeholder(tf.int32, [])
assert rnn_cell_impl._concat(tf.TensorShape([2]), tf.TensorShape([None, 4]), static=True) == [2, None, 4]
assert rnn_cell_impl._concat(rows, 3, static=True) is None
lengths = rnn_cell_impl._concat(rows, [6, 7])
zeros = rnn_cell_impl._zero_state_tensors((3, tf.TensorShape([2, 2])), rows, tf.float32)
assert [z.shape.as_list() for z in zeros] == [[None, 3], [None, 2, 2]]
assert rnn._best_effort_input_batch_size([tf.zeros([3, 2, 1])]) == 2
assert rnn._infer_state_dtype(None, zeros) == tf.float32
for wrong, words in ((lambda: rnn_cell_impl.assert_like_rnncell("cell", 3), "is not callable"),):
    try:
        wrong()
    except TypeError as error:
        assert words in str(error)
    else:
        raise AssertionError(words)
try:
    rnn_cell_impl._concat((None, 2), 3)
except ValueError as error:
    assert "prefix or suffix of None" in str(error)
else:
    raise AssertionError("a length that is not known")
rnn_cell_impl.assert_like_rnncell("cell", tf.nn.rnn_cell.GRUCell(3))
assert utils.conv_output_length(10, 3, "valid", 2) == 4 and utils.conv_output_length(10, 3, "same", 2) == 5

words = lookup_ops.index_table_from_tensor(tf.constant(["a", "b"]), default_value=-1)
assert isinstance(words, lookup_ops.LookupInterface)
if "Halved" not in ops._gradient_registry._registry:

    @tf.RegisterGradient("Halved")
    def halved(op, grad):
        return 0.5 * grad


assert "Halved" in ops._gradient_registry._registry


class Weighted(tf.keras.layers.Layer):
    """A layer that reads its input's shape as tf.keras told it."""

    def build(self, input_shape):
        self.read = (input_shape[-1].value, input_shape.as_list(), input_shape[1:].as_list())
        self.kernel = self.add_weight("kernel", shape=(input_shape[-1], 2), initializer="ones")
        super(Weighted, self).build(input_shape)

    def call(self, inputs, scale=1.0):
        return scale * tf.matmul(inputs, self.kernel)


layer = Weighted()
weighted = layer(inputs=x, scale=3.0)  # Keras took the inputs by this name
assert layer.read == (3, [4, 3], [3]) and weighted.shape.as_list() == [4, 2]

with tf.Session() as session:
    session.run([tf.global_variables_initializer(), tf.tables_initializer()])
    assert session.run(lengths, {rows: 5}).tolist() == [5, 6, 7]
    assert session.run(zeros[1], {rows: 2}).shape == (2, 2, 2)
    assert session.run(words.lookup(tf.constant(["b", "c"]))).tolist() == [1, -1]
    ones = np.ones([4, 3])
    assert session.run(weighted, {x: ones}).tolist() == [[9.0, 9.0]] * 4
    assert session.run([mean, kept[0]], {x: ones})[1].shape == (1, 3)

# A function of TensorFlow in the place of an activation is saved by its name, as that of Keras.
model = keras.models.Sequential([keras.layers.Dense(3, input_shape=(2,)), keras.layers.Activation("softmax")])
model.layers[0].activation, model.layers[1].activation = tf.nn.elu, tf.tanh
model.save("activations.h5")
loaded = keras.models.load_model("activations.h5")
assert [part.activation.__name__ for part in loaded.layers] == ["elu", "tanh"]
assert np.all(loaded.predict(np.ones((1, 2))) < 1)
print("paths", average.op.name)
