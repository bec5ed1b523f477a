"""What tensors of TensorFlow 2 show to a program: shapes, numbers, texts, parts of variables, NumPy's functions."""

import numpy as np
import tensorflow as tf

x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
assert x.shape.as_list() == [2, 2] and x.get_shape().rank == 2 and x.shape == [2, 2]
assert isinstance(x.shape, tf.TensorShape) and x.shape[1:].as_list() == [2]
assert [None] + x.shape == tf.TensorShape([None, 2, 2]) and x.shape.num_elements() == 4
assert str(x) == "tf.Tensor(\n[[1. 2.]\n [3. 4.]], shape=(2, 2), dtype=float32)", str(x)
assert repr(x).startswith("<tf.Tensor: shape=(2, 2), dtype=float32, numpy=\narray([[1., 2.],"), repr(x)
assert str(tf.constant(2.2)) == "tf.Tensor(2.2, shape=(), dtype=float32)", str(tf.constant(2.2))
assert repr(tf.constant(2.5)) == "<tf.Tensor: shape=(), dtype=float32, numpy=2.5>", repr(tf.constant(2.5))
assert "{:.2f} {}".format(tf.reduce_sum(x), tf.constant(3)) == "10.00 3"

# NumPy's functions give arrays; operators between arrays and tensors give tensors
assert isinstance(np.exp(x), np.ndarray) and isinstance(np.sum(x), np.float32)
assert isinstance(np.concatenate([x, x]), np.ndarray) and isinstance(np.argmax(x, axis=1), np.ndarray)
assert tf.is_tensor(np.ones((2, 2), "float32") * x) and isinstance(np.add(x, 1), np.ndarray)

# element types are TensorFlow's, wherever the tensor comes from
assert x.dtype is tf.float32 and str(x.dtype) == "<dtype: 'float32'>" and repr(x.dtype) == "tf.float32"
assert (
    x.dtype.is_floating and not x.dtype.is_integer and tf.argmax(x).dtype.is_integer and not x.dtype.is_bool
)
assert (
    x.dtype == np.float32
    and x.dtype == "float32"
    and x.dtype != tf.float64
    and x.dtype.as_numpy_dtype is np.float32
)
assert np.zeros(2, x.dtype).dtype == np.float32 and tf.zeros(2, tf.constant(1).dtype).dtype == tf.int32
assert (
    tf.uint8.is_unsigned
    and tf.int8.limits == (0, 127)
    and tf.float32.limits == (0, 1)
    and tf.bool.limits[1] is True
)
assert tf.int16.max == 32767 and tf.float16.size == 2 and {tf.float32: "f"}[x.dtype] == "f"
assert (
    tf.keras.Input((3,), dtype="int64").dtype == tf.int64
    and tf.keras.layers.Dense(1)(x).dtype.name == "float32"
)

# scalars are NumPy's numbers: they can be looked up
names = {0: "cat", 1: "dog"}
assert names[tf.argmax(x[0]).numpy()] == "dog" and x[0, 0].numpy() in {1.0}

v = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
v[0, :].assign([9.0, 8.0])
v[1, 1].assign_add(0.5)
assert v.numpy().tolist() == [[9.0, 8.0], [3.0, 4.5]]
v.scatter_update(tf.IndexedSlices([[0.0, 0.0]], [1]))
assert v.numpy().tolist() == [[9.0, 8.0], [0.0, 0.0]]
with tf.GradientTape() as tape:
    y = tf.reduce_sum(v[0] ** 2)
assert tape.gradient(y, v).numpy().tolist() == [[18.0, 16.0], [0.0, 0.0]]
assert {v.ref(): "v"}[v.ref()] == "v"
assert v.name == "Variable:0" and tf.Variable(1.0, name="w").name == "w:0" and v.dtype is tf.float32
layer = tf.keras.layers.Dense(2, name="d")
layer.build((None, 3))
assert [w.name for w in layer.weights] == ["d/kernel:0", "d/bias:0"], [w.name for w in layer.weights]
assert repr(tf.Variable(1)) == "<tf.Variable 'Variable:0' shape=() dtype=int32, numpy=1>", repr(
    tf.Variable(1)
)
before = tf.convert_to_tensor(v)
v.scatter_nd_update([[0, 0]], [1e-8])
assert before[0, 0] == 9.0 and v[0, 0].numpy() == np.float32(1e-8)
v[0, 0].assign(9.0)

assert v[0].numpy().tolist() == v.value()[0].numpy().tolist() and isinstance(v.value(), tf.Tensor)
assert tf.keras.layers.Dense(1, input_shape=(2,)).get_config()["units"] == 1 and max({"a": 2}.values()) == 2
array = tf.TensorArray(tf.float32, 3).scatter([2, 0, 1], [[5.0], [6.0], [7.0]])
assert array.stack().numpy().tolist() == [[6.0], [7.0], [5.0]]
array = tf.TensorArray(tf.float32, 2).split(tf.range(3.0), [1, 2])
assert array.concat().numpy().tolist() == [0.0, 1.0, 2.0]

x.set_shape([None, 2])
try:
    x.set_shape([3, 2])
except ValueError as error:
    assert "incompatible" in str(error)
else:
    raise AssertionError("a wrong shape was accepted")


# a layer that is given training by position, and one whose first lengths are not its last
class Noisy(tf.keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.drop = tf.keras.layers.Dropout(0.5)

    def call(self, inputs, training, factor):
        return self.drop(inputs, training=training) * factor


assert np.all(Noisy()(tf.ones([4, 4]), False, 2.0) == 2.0)
assert np.any(Noisy()(tf.ones([4, 4]), True, 2.0) == 0.0)
dense = tf.keras.Sequential([tf.keras.layers.Dense(3), tf.keras.layers.Dense(1)])
assert dense(tf.ones([2, 5, 4])).shape == [2, 5, 1] and dense(tf.ones([2, 7, 4])).shape == [2, 7, 1]


# a loop over many rows in a function, texts as arguments, and effects that happen at every call
@tf.function
def total(count):
    s = tf.constant(0)
    for i in tf.range(count):
        s += i
    return s


@tf.function
def shout(word):
    return word + "!"


seen = []


@tf.function
def note(value):
    tf.py_function(lambda: seen.append(1), [], [])
    return value + 1


assert total(1000) == 499500 and shout(tf.constant("ho")).numpy() == b"ho!"
assert [note(1).numpy(), note(1).numpy(), note(1).numpy()] == [2, 2, 2] and len(seen) == 3
print("as they were")
