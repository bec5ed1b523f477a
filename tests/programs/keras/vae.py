"""Variational autoencoders: the loss as a closure over the model's tensors, by add_loss, and in a layer of its own."""

import keras
import numpy as np
from keras import backend as K
from keras import metrics, objectives
from keras.datasets import mnist
from keras.layers import Dense, Input, Lambda, Layer
from keras.models import Model

batch_size, latent_dim, intermediate_dim = 32, 2, 48
(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train = x_train.reshape(len(x_train), -1).astype("float32") / 255.0
x_test = x_test.reshape(len(x_test), -1).astype("float32") / 255.0
original_dim = x_train.shape[1]


def sampling(args):
    z_mean, z_log_var = args
    epsilon = K.random_normal(shape=(K.shape(z_mean)[0], latent_dim), mean=0.0, stddev=1.0)
    return z_mean + K.exp(z_log_var / 2) * epsilon


def parts():
    x = Input(shape=(original_dim,))
    h = Dense(intermediate_dim, activation="relu")(x)
    z_mean = Dense(latent_dim)(h)
    z_log_var = Dense(latent_dim)(h)
    z = Lambda(sampling, output_shape=(latent_dim,))([z_mean, z_log_var])
    decoder_h = Dense(intermediate_dim, activation="relu")
    decoder_mean = Dense(original_dim, activation="sigmoid")
    return x, z_mean, z_log_var, z, decoder_h, decoder_mean, decoder_mean(decoder_h(z))


# 1. a loss that closes over z_mean and z_log_var
x, z_mean, z_log_var, z, decoder_h, decoder_mean, x_decoded_mean = parts()


def vae_loss(x, x_decoded_mean):
    xent_loss = original_dim * objectives.binary_crossentropy(x, x_decoded_mean)
    kl_loss = -0.5 * K.sum(1 + z_log_var - K.square(z_mean) - K.exp(z_log_var), axis=-1)
    return xent_loss + kl_loss


vae = Model(x, x_decoded_mean)
vae.compile(optimizer="rmsprop", loss=vae_loss)
first = vae.fit(
    x_train,
    x_train,
    shuffle=True,
    epochs=15,
    batch_size=batch_size,
    validation_data=(x_test, x_test),
    verbose=0,
).history
print("closure", first["loss"][0], "->", first["loss"][-1], "validation", first["val_loss"][-1])
assert (
    first["loss"][-1] < 0.9 * first["loss"][0] and abs(first["val_loss"][-1] / first["loss"][-1] - 1) < 0.15
)
encoder = Model(x, z_mean)
assert encoder.predict(x_test, batch_size=batch_size).shape == (len(x_test), latent_dim)
decoder_input = Input(shape=(latent_dim,))
generator = Model(decoder_input, decoder_mean(decoder_h(decoder_input)))
digit = generator.predict(np.array([[0.5, -0.5]]))
assert digit.shape == (1, original_dim) and 0 <= digit.min() <= digit.max() <= 1

# 2. add_loss on the model
x, z_mean, z_log_var, z, decoder_h, decoder_mean, x_decoded_mean = parts()
vae = Model(x, x_decoded_mean)
xent_loss = original_dim * metrics.binary_crossentropy(x, x_decoded_mean)
kl_loss = -0.5 * K.sum(1 + z_log_var - K.square(z_mean) - K.exp(z_log_var), axis=-1)
vae.add_loss(K.mean(xent_loss + kl_loss))
vae.compile(optimizer="rmsprop", loss=None)
second = vae.fit(
    x_train, shuffle=True, epochs=15, batch_size=batch_size, validation_data=(x_test, None), verbose=0
).history
print("add_loss", second["loss"][0], "->", second["loss"][-1], "validation", second["val_loss"][-1])
assert abs(second["loss"][-1] / first["loss"][-1] - 1) < 0.1
assert abs(second["val_loss"][-1] / first["val_loss"][-1] - 1) < 0.1


# 3. a layer that adds the loss
class CustomVariationalLayer(Layer):
    def __init__(self, **kwargs):
        self.is_placeholder = True
        super(CustomVariationalLayer, self).__init__(**kwargs)

    def vae_loss(self, x, x_decoded_mean):
        xent_loss = original_dim * keras.metrics.binary_crossentropy(x, x_decoded_mean)
        kl_loss = -0.5 * K.sum(1 + z_log_var - K.square(z_mean) - K.exp(z_log_var), axis=-1)
        return K.mean(xent_loss + kl_loss)

    def call(self, inputs):
        x, x_decoded_mean = inputs[0], inputs[1]
        loss = self.vae_loss(x, x_decoded_mean)
        self.add_loss(loss, inputs=inputs)
        return x


x, z_mean, z_log_var, z, decoder_h, decoder_mean, x_decoded_mean = parts()
y = CustomVariationalLayer()([x, x_decoded_mean])
vae = Model(x, y)
vae.compile(optimizer="rmsprop", loss=None)
third = vae.fit(x_train, shuffle=True, epochs=15, batch_size=batch_size, verbose=0).history
print("layer", third["loss"][0], "->", third["loss"][-1])
assert abs(third["loss"][-1] / first["loss"][-1] - 1) < 0.1
