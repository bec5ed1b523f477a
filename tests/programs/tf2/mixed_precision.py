"""Mixed precision: policies, the same losses as without, and a loss scale that finds infinite gradients."""

# Reference: the losses of the same network in float32, computed beside it; the rule of LossScaleOptimizer from the
# documentation of TensorFlow 2.4.
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers, mixed_precision
from tensorflow.keras.layers.experimental import preprocessing

rng = np.random.RandomState(0)
x = rng.normal(size=(256, 12)).astype("float32")
y = (x @ rng.normal(size=(12, 4))).argmax(1)


def network():
    inputs = keras.Input(shape=(12,))
    hidden = layers.Dense(16, activation="relu", kernel_initializer=keras.initializers.GlorotUniform(1))(
        inputs
    )
    logits = layers.Dense(4, kernel_initializer=keras.initializers.GlorotUniform(2), name="logits")(hidden)
    return keras.Model(inputs, layers.Activation("softmax", dtype="float32")(logits))


def losses(optimizer):
    model = network()
    model.compile(optimizer, "sparse_categorical_crossentropy")
    return model.fit(x, y, epochs=3, batch_size=32, shuffle=False, verbose=0).history["loss"], model


expected, _ = losses(keras.optimizers.SGD(0.1))
policy = mixed_precision.Policy("mixed_float16")
mixed_precision.set_global_policy(policy)
assert str(policy) == '<Policy "mixed_float16">' and mixed_precision.global_policy() == policy
assert (policy.compute_dtype, policy.variable_dtype) == ("float16", "float32")
found, model = losses(mixed_precision.LossScaleOptimizer(keras.optimizers.SGD(0.1)))
np.testing.assert_allclose(found, expected, rtol=0.01)
layer = model.get_layer("logits")
assert layer.dtype_policy == policy and layer.kernel.dtype == tf.float32
assert layer.compute_dtype == layer(np.ones((1, 16), "float32")).dtype.name == "float16"
assert model(x).dtype == tf.float32  # the last layer's own dtype


class Products(layers.Layer):
    """A layer of the program's own: in its call, weights are read as float16."""

    def build(self, input_shape):
        self.kernel = self.add_weight(
            "kernel", (input_shape[-1], 2), initializer=keras.initializers.Constant(0.1)
        )

    def call(self, inputs):
        return tf.matmul(inputs, self.kernel) * tf.reduce_sum(tf.square(self.kernel)) + self.kernel[0, 0]


own = Products()
result = own(np.full((1, 3), 3.0, "float32"))
assert result.dtype == tf.float16 and own.kernel.dtype == tf.float32
assert result.numpy().tolist() == [[0.1539306640625, 0.1539306640625]]  # as TensorFlow 2.21 prints it
assert layers.Dense(2, dtype="mixed_bfloat16").variable_dtype == "float32"

optimizer = mixed_precision.LossScaleOptimizer(keras.optimizers.SGD(0.1), initial_scale=1024.0)
weights = model.trainable_variables
with tf.GradientTape() as tape:
    loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(y, model(x)))
    scaled = optimizer.get_scaled_loss(loss)
scaled_gradients = tape.gradient(scaled, weights)
gradients = optimizer.get_unscaled_gradients(scaled_gradients)
np.testing.assert_array_equal(scaled_gradients[0], gradients[0] * 1024.0)
before = weights[0].numpy()
optimizer.apply_gradients(zip(gradients, weights))
np.testing.assert_allclose(weights[0].numpy(), before - 0.1 * gradients[0].numpy(), rtol=1e-6, atol=1e-7)
before = weights[0].numpy()
optimizer.apply_gradients(zip([gradients[0] * np.inf, *gradients[1:]], weights))
np.testing.assert_array_equal(weights[0].numpy(), before)
assert float(optimizer.loss_scale) == 512.0

mixed_precision.experimental.set_policy("float32")
assert mixed_precision.global_policy().name == layers.Dense(2).compute_dtype == "float32"

ids = preprocessing.StringLookup(max_tokens=5)
ids.adapt(np.array([["a"], ["b"], ["a"]]))
one_hot = preprocessing.CategoryEncoding(max_tokens=ids.vocab_size())
one_hot.adapt(ids(np.array([["a"], ["b"]])))
assert ids.vocab_size() == 4
assert one_hot(ids(np.array([["a"], ["c"]]))).numpy().tolist() == [[0, 0, 1, 0], [0, 1, 0, 0]]
texts = preprocessing.TextVectorization(output_mode="binary")
texts.adapt(np.array(["a b", "b"]))
assert texts(np.array(["b b"])).numpy().tolist() == [[0, 1, 0]]
