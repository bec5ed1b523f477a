"""A variational autoencoder: a sampling layer, add_loss-free training by tape, the reparametrisation trick."""

import numpy as np
import tensorflow as tf

tf.random.set_seed(7)
(train_images, _), _ = tf.keras.datasets.mnist.load_data()
pixels = train_images[0].size


def preprocess_images(images):
    images = images.reshape((images.shape[0], pixels)) / 255.0
    return np.where(images > 0.5, 1.0, 0.0).astype("float32")


train_dataset = (
    tf.data.Dataset.from_tensor_slices(preprocess_images(train_images[:2000])).shuffle(2000).batch(100)
)


class VAE(tf.keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim
        self.encoder = tf.keras.Sequential(
            [
                tf.keras.layers.InputLayer(input_shape=(pixels,)),
                tf.keras.layers.Dense(64, activation="relu"),
                tf.keras.layers.Dense(latent_dim + latent_dim),
            ]
        )
        self.decoder = tf.keras.Sequential(
            [
                tf.keras.layers.InputLayer(input_shape=(latent_dim,)),
                tf.keras.layers.Dense(64, activation="relu"),
                tf.keras.layers.Dense(pixels),
            ]
        )

    @tf.function
    def sample(self, eps=None):
        if eps is None:
            eps = tf.random.normal(shape=(100, self.latent_dim))
        return self.decode(eps, apply_sigmoid=True)

    def encode(self, x):
        mean, logvar = tf.split(self.encoder(x), num_or_size_splits=2, axis=1)
        return mean, logvar

    def reparameterize(self, mean, logvar):
        eps = tf.random.normal(shape=tf.shape(mean))
        return eps * tf.exp(logvar * 0.5) + mean

    def decode(self, z, apply_sigmoid=False):
        logits = self.decoder(z)
        if apply_sigmoid:
            return tf.sigmoid(logits)
        return logits


optimizer = tf.keras.optimizers.Adam(2e-3)


def log_normal_pdf(sample, mean, logvar, raxis=1):
    log2pi = tf.math.log(2.0 * np.pi)
    return tf.reduce_sum(-0.5 * ((sample - mean) ** 2.0 * tf.exp(-logvar) + logvar + log2pi), axis=raxis)


def compute_loss(model, x):
    mean, logvar = model.encode(x)
    z = model.reparameterize(mean, logvar)
    x_logit = model.decode(z)
    cross_ent = tf.nn.sigmoid_cross_entropy_with_logits(logits=x_logit, labels=x)
    logpx_z = -tf.reduce_sum(cross_ent, axis=1)
    logpz = log_normal_pdf(z, 0.0, 0.0)
    logqz_x = log_normal_pdf(z, mean, logvar)
    return -tf.reduce_mean(logpx_z + logpz - logqz_x)


@tf.function
def train_step(model, x, optimizer):
    with tf.GradientTape() as tape:
        loss = compute_loss(model, x)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))


model = VAE(2)
elbos = []
for epoch in range(1, 16):
    for train_x in train_dataset:
        train_step(model, train_x, optimizer)
    loss = tf.keras.metrics.Mean()
    for test_x in train_dataset:
        loss(compute_loss(model, test_x))
    elbo = -loss.result()
    elbos.append(float(elbo))
    if epoch % 5 == 0:
        print("Epoch: {}, ELBO: {}".format(epoch, elbo))

assert elbos[-1] > elbos[0] + 15 and elbos[-1] > -230
first, second = model.sample().numpy(), model.sample().numpy()
assert first.shape == (100, pixels) and not np.array_equal(first, second)  # new numbers at each run
