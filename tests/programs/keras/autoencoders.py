"""Building autoencoders: dense, deep, convolutional, sequence-to-sequence; encoder and decoder taken out."""

import numpy as np
from keras import regularizers
from keras.callbacks import TensorBoard
from keras.datasets import mnist
from keras.layers import LSTM, Conv2D, Dense, Input, MaxPooling2D, RepeatVector, UpSampling2D
from keras.models import Model

(x_train, _), (x_test, _) = mnist.load_data()
side = x_train.shape[1]
x_train = x_train.astype("float32") / 255.0
x_test = x_test.astype("float32") / 255.0
flat_train = x_train.reshape((len(x_train), np.prod(x_train.shape[1:])))
flat_test = x_test.reshape((len(x_test), np.prod(x_test.shape[1:])))
size = flat_train.shape[1]

# this is the size of our encoded representations
encoding_dim = 16
input_img = Input(shape=(size,))
encoded = Dense(encoding_dim, activation="relu")(input_img)
decoded = Dense(size, activation="sigmoid")(encoded)
autoencoder = Model(input_img, decoded)
encoder = Model(input_img, encoded)
encoded_input = Input(shape=(encoding_dim,))
decoder_layer = autoencoder.layers[-1]
decoder = Model(encoded_input, decoder_layer(encoded_input))
autoencoder.compile(optimizer="adadelta", loss="binary_crossentropy")
before = autoencoder.evaluate(flat_test, flat_test, verbose=0)
autoencoder.fit(
    flat_train,
    flat_train,
    epochs=30,
    batch_size=32,
    shuffle=True,
    verbose=0,
    validation_data=(flat_test, flat_test),
)
after = autoencoder.evaluate(flat_test, flat_test, verbose=0)
print("dense", before, "->", after)
assert after < 0.75 * before
encoded_imgs = encoder.predict(flat_test)
decoded_imgs = decoder.predict(encoded_imgs)
assert np.allclose(decoded_imgs, autoencoder.predict(flat_test), atol=1e-5)
assert len(autoencoder.layers) == 3 and autoencoder.layers[0].output_shape == (None, size)

# sparse and deep
input_img = Input(shape=(size,))
encoded = Dense(48, activation="relu", activity_regularizer=regularizers.l1(10e-6))(input_img)
encoded = Dense(12, activation="relu")(encoded)
decoded = Dense(48, activation="relu")(encoded)
decoded = Dense(size, activation="sigmoid")(decoded)
deep = Model(input=input_img, output=decoded)
deep.compile(optimizer="adam", loss="binary_crossentropy")
history = deep.fit(
    flat_train,
    flat_train,
    epochs=20,
    batch_size=32,
    verbose=0,
    callbacks=[TensorBoard(log_dir="logs/autoencoder")],
)
print("deep", history.history["loss"][-1])
assert history.history["loss"][-1] < 0.75 * before

# convolutional denoising
images, tests = x_train.reshape(-1, side, side, 1), x_test.reshape(-1, side, side, 1)
noise_factor = 0.3
noisy = np.clip(images + noise_factor * np.random.normal(loc=0.0, scale=1.0, size=images.shape), 0.0, 1.0)
input_img = Input(shape=(side, side, 1))
x = Conv2D(16, (3, 3), activation="relu", padding="same")(input_img)
x = MaxPooling2D((2, 2), padding="same")(x)
x = Conv2D(8, (3, 3), activation="relu", padding="same")(x)
x = UpSampling2D((2, 2))(x)
decoded = Conv2D(1, (3, 3), activation="sigmoid", padding="same")(x)
denoiser = Model(input_img, decoded)
denoiser.compile(optimizer="adam", loss="binary_crossentropy")
losses = denoiser.fit(noisy, images, epochs=6, batch_size=32, verbose=0).history["loss"]
print("denoising", losses[0], "->", losses[-1])
assert losses[-1] < 0.8 * losses[0]

# sequence to sequence
inputs = Input(shape=(side, side))
encoded = LSTM(24)(inputs)
decoded = RepeatVector(side)(encoded)
decoded = LSTM(side, return_sequences=True)(decoded)
sequence_autoencoder = Model(inputs, decoded)
sequence_autoencoder.compile(optimizer="rmsprop", loss="mse")
losses = sequence_autoencoder.fit(x_train, x_train, epochs=5, verbose=0).history["loss"]
print("sequences", losses[0], "->", losses[-1])
assert losses[-1] < 0.8 * losses[0]
