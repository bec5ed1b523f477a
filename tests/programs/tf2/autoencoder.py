"""An autoencoder over digits: encoder and decoder as Sequential models in a subclass, trained with fit."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers, losses
from tensorflow.keras.models import Model

tf.random.set_seed(0)
(x_train, _), (x_test, _) = tf.keras.datasets.mnist.load_data()
x_train = x_train[:4096].astype("float32") / 255.0
x_test = x_test[:512].astype("float32") / 255.0
latent_dim = 32


class Autoencoder(Model):
    def __init__(self, latent_dim):
        super(Autoencoder, self).__init__()
        self.latent_dim = latent_dim
        self.encoder = tf.keras.Sequential(
            [
                layers.Flatten(),
                layers.Dense(latent_dim, activation="relu"),
            ]
        )
        self.decoder = tf.keras.Sequential(
            [layers.Dense(x_train[0].size, activation="sigmoid"), layers.Reshape(x_train.shape[1:])]
        )

    def call(self, x):
        encoded = self.encoder(x)
        decoded = self.decoder(encoded)
        return decoded


autoencoder = Autoencoder(latent_dim)
autoencoder.compile(optimizer="adam", loss=losses.MeanSquaredError())
history = autoencoder.fit(
    x_train, x_train, epochs=10, shuffle=True, verbose=0, validation_data=(x_test, x_test)
)
encoded_imgs = autoencoder.encoder(x_test).numpy()
decoded_imgs = autoencoder.decoder(encoded_imgs).numpy()
assert encoded_imgs.shape == (len(x_test), 32) and decoded_imgs.shape == x_test.shape
error, spread = np.mean((decoded_imgs - x_test) ** 2), np.mean((x_test - x_train.mean(0)) ** 2)
print("error", error, "of", spread)
assert error < 0.4 * spread and history.history["val_loss"][-1] < history.history["val_loss"][0]
