"""Pictures changed by gradients: ascent on a layer's activations over octaves, and a style matched by Gram matrices."""

import numpy as np
import tensorflow as tf

tf.random.set_seed(1)
base_model = tf.keras.Sequential(
    [
        tf.keras.layers.Conv2D(
            8, 3, activation="relu", padding="same", input_shape=(None, None, 3), name="a"
        ),
        tf.keras.layers.Conv2D(8, 3, strides=2, activation="relu", padding="same", name="b"),
    ]
)
names = ["a", "b"]
layers = [base_model.get_layer(name).output for name in names]
dream_model = tf.keras.Model(inputs=base_model.input, outputs=layers)


def calc_loss(img, model):
    img_batch = tf.expand_dims(img, axis=0)
    layer_activations = model(img_batch)
    if len(layer_activations) == 1:
        layer_activations = [layer_activations]
    losses = []
    for act in layer_activations:
        loss = tf.math.reduce_mean(act)
        losses.append(loss)
    return tf.reduce_sum(losses)


class DeepDream(tf.Module):
    def __init__(self, model):
        self.model = model

    @tf.function(
        input_signature=(
            tf.TensorSpec(shape=[None, None, 3], dtype=tf.float32),
            tf.TensorSpec(shape=[], dtype=tf.int32),
            tf.TensorSpec(shape=[], dtype=tf.float32),
        )
    )
    def __call__(self, img, steps, step_size):
        loss = tf.constant(0.0)
        for n in tf.range(steps):
            with tf.GradientTape() as tape:
                tape.watch(img)
                loss = calc_loss(img, self.model)
            gradients = tape.gradient(loss, img)
            gradients /= tf.math.reduce_std(gradients) + 1e-8
            img = img + gradients * step_size
            img = tf.clip_by_value(img, -1, 1)
        return loss, img


deepdream = DeepDream(dream_model)
img = tf.constant(np.random.RandomState(0).uniform(-0.1, 0.1, (16, 16, 3)).astype("float32"))
first = float(calc_loss(img, dream_model))
OCTAVE_SCALE = 1.30
base_shape = tf.shape(img)[:-1]
float_base_shape = tf.cast(base_shape, tf.float32)
for n in range(-1, 2):
    new_shape = tf.cast(float_base_shape * (OCTAVE_SCALE**n), tf.int32)
    img = tf.image.resize(img, new_shape)
    loss, img = deepdream(img, tf.constant(10), tf.constant(0.01))
img = tf.image.resize(img, base_shape)
img = tf.image.convert_image_dtype(img / 2 + 0.5, dtype=tf.uint8)
print("activation", first, "->", float(loss), img.dtype, img.shape)
assert loss > 2 * first and img.shape == (16, 16, 3) and img.dtype == tf.uint8


def gram_matrix(input_tensor):
    result = tf.linalg.einsum("bijc,bijd->bcd", input_tensor, input_tensor)
    input_shape = tf.shape(input_tensor)
    num_locations = tf.cast(input_shape[1] * input_shape[2], tf.float32)
    return result / num_locations


style = tf.random.uniform([1, 12, 12, 3])
style_targets = [gram_matrix(f) for f in dream_model(style)]
image = tf.Variable(tf.fill([1, 12, 12, 3], 0.5))
opt = tf.keras.optimizers.Adam(learning_rate=0.02)


@tf.function()
def train_step(image):
    with tf.GradientTape() as tape:
        outputs = dream_model(image)
        loss = tf.add_n([tf.reduce_mean((gram_matrix(o) - t) ** 2) for o, t in zip(outputs, style_targets)])
        loss += 1e-6 * tf.reduce_sum(tf.image.total_variation(image))
    grad = tape.gradient(loss, image)
    opt.apply_gradients([(grad, image)])
    image.assign(tf.clip_by_value(image, clip_value_min=0.0, clip_value_max=1.0))
    return loss


losses = [float(train_step(image)) for _ in range(150)]
print("style", losses[0], "->", losses[-1])
assert losses[-1] < 0.5 * losses[0]
