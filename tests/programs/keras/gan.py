"""A generative adversarial network: the discriminator is frozen inside the combined model and trained by itself."""

import keras
import numpy as np
from keras import layers

np.random.seed(0)
latent_dim = 2
generator_input = keras.Input(shape=(latent_dim,))
x = layers.Dense(16)(generator_input)
x = layers.LeakyReLU()(x)
x = layers.Dense(1)(x)
generator = keras.models.Model(generator_input, x)

discriminator_input = layers.Input(shape=(1,))
x = layers.Dense(24)(discriminator_input)
x = layers.LeakyReLU(alpha=0.2)(x)
x = layers.Dense(24, activation="tanh")(x)
x = layers.Dropout(0.1)(x)
x = layers.Dense(1, activation="sigmoid")(x)
discriminator = keras.models.Model(discriminator_input, x)
discriminator_optimizer = keras.optimizers.RMSprop(lr=0.004, clipvalue=1.0, decay=1e-8)
discriminator.compile(optimizer=discriminator_optimizer, loss="binary_crossentropy")

# Set discriminator weights to non-trainable (will only apply to the `gan` model)
discriminator.trainable = False
gan_input = keras.Input(shape=(latent_dim,))
gan_output = discriminator(generator(gan_input))
gan = keras.models.Model(gan_input, gan_output)
gan_optimizer = keras.optimizers.RMSprop(lr=0.002, clipvalue=1.0, decay=1e-8)
gan.compile(optimizer=gan_optimizer, loss="binary_crossentropy")
assert len(gan.trainable_weights) == len(generator.trainable_weights) == 4

batch_size = 64
for step in range(600):
    random_latent_vectors = np.random.normal(size=(batch_size, latent_dim))
    generated = generator.predict(random_latent_vectors)
    real = np.random.normal(3.0, 0.5, size=(batch_size, 1))
    combined = np.concatenate([generated, real])
    labels = np.concatenate([np.ones((batch_size, 1)), np.zeros((batch_size, 1))])
    labels += 0.05 * np.random.random(labels.shape)
    kept = discriminator.get_weights()[0].copy()
    d_loss = discriminator.train_on_batch(combined, labels)
    moved = discriminator.get_weights()[0].copy()
    assert not np.array_equal(kept, moved)
    random_latent_vectors = np.random.normal(size=(batch_size, latent_dim))
    misleading_targets = np.zeros((batch_size, 1))
    a_loss = gan.train_on_batch(random_latent_vectors, misleading_targets)
    assert np.array_equal(moved, discriminator.get_weights()[0])
    if step % 100 == 0:
        print("discriminator loss:", d_loss, "adversarial loss:", a_loss)
made = generator.predict(np.random.normal(size=(1000, latent_dim)))
print("mean", made.mean(), "deviation", made.std())
assert 2.0 < made.mean() < 4.0
