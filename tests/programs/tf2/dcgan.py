"""A small DCGAN: two models, two tapes in one compiled step, pictures of a bright square."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

tf.random.set_seed(5)
rng = np.random.RandomState(0)
real = np.full((512, 8, 8, 1), -1.0, np.float32)
for picture, (i, j) in zip(real, rng.randint(1, 5, (512, 2))):
    picture[i : i + 3, j : j + 3] = 1.0
BATCH_SIZE, noise_dim = 64, 8
train_dataset = tf.data.Dataset.from_tensor_slices(real).shuffle(512).batch(BATCH_SIZE)


def make_generator_model():
    model = tf.keras.Sequential()
    model.add(layers.Dense(2 * 2 * 32, use_bias=False, input_shape=(noise_dim,)))
    model.add(layers.BatchNormalization())
    model.add(layers.LeakyReLU())
    model.add(layers.Reshape((2, 2, 32)))
    assert model.output_shape == (None, 2, 2, 32)
    model.add(layers.Conv2DTranspose(16, (3, 3), strides=(2, 2), padding="same", use_bias=False))
    assert model.output_shape == (None, 4, 4, 16)
    model.add(layers.BatchNormalization())
    model.add(layers.LeakyReLU())
    model.add(layers.Conv2DTranspose(1, (3, 3), strides=(2, 2), padding="same", activation="tanh"))
    assert model.output_shape == (None, 8, 8, 1)
    return model


def make_discriminator_model():
    model = tf.keras.Sequential()
    model.add(layers.Conv2D(16, (3, 3), strides=(2, 2), padding="same", input_shape=[8, 8, 1]))
    model.add(layers.LeakyReLU())
    model.add(layers.Dropout(0.3))
    model.add(layers.Flatten())
    model.add(layers.Dense(1))
    return model


cross_entropy = tf.keras.losses.BinaryCrossentropy(from_logits=True)


def discriminator_loss(real_output, fake_output):
    real_loss = cross_entropy(tf.ones_like(real_output), real_output)
    fake_loss = cross_entropy(tf.zeros_like(fake_output), fake_output)
    return real_loss + fake_loss


def generator_loss(fake_output):
    return cross_entropy(tf.ones_like(fake_output), fake_output)


generator, discriminator = make_generator_model(), make_discriminator_model()
generator_optimizer = tf.keras.optimizers.Adam(2e-3, beta_1=0.5)
discriminator_optimizer = tf.keras.optimizers.Adam(1e-3, beta_1=0.5)


@tf.function
def train_step(images):
    noise = tf.random.normal([BATCH_SIZE, noise_dim])
    with tf.GradientTape() as gen_tape, tf.GradientTape() as disc_tape:
        generated_images = generator(noise, training=True)
        real_output = discriminator(images, training=True)
        fake_output = discriminator(generated_images, training=True)
        gen_loss = generator_loss(fake_output)
        disc_loss = discriminator_loss(real_output, fake_output)
    gradients_of_generator = gen_tape.gradient(gen_loss, generator.trainable_variables)
    gradients_of_discriminator = disc_tape.gradient(disc_loss, discriminator.trainable_variables)
    generator_optimizer.apply_gradients(zip(gradients_of_generator, generator.trainable_variables))
    discriminator_optimizer.apply_gradients(
        zip(gradients_of_discriminator, discriminator.trainable_variables)
    )
    return gen_loss, disc_loss


seed = tf.random.normal([64, noise_dim])
before = generator(seed, training=False).numpy()
for epoch in range(60):
    for image_batch in train_dataset:
        gen_loss, disc_loss = train_step(image_batch)
after = generator(seed, training=False).numpy()
print("losses", gen_loss.numpy(), disc_loss.numpy(), "means", before.mean(), after.mean(), real.mean())
distance = lambda a: np.abs(a.mean(0) - real.mean(0)).mean()
assert np.isfinite(gen_loss.numpy()) and distance(after) < 0.5 * distance(before)
assert np.mean(np.abs(after) > 0.7) > 0.6  # nearly black and white, as the real ones are
