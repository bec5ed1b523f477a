"""An autoencoder: a network that gives back its input through a narrow middle has to find what matters in it."""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import thalweg as tw

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=None, help="60 on the digits, 15 on MNIST")
parser.add_argument("--code", type=int, default=8, help="how many numbers a picture becomes")
parser.add_argument("--out", type=Path, default=None, help="folder of the picture")
arguments = parser.parse_args()

tw.random.set_seed(0)
data = tw.data.load("mnist" if tw.data.find_folder("mnist") else "digits")
epochs = arguments.epochs or (60 if data.name == "digits" else 15)
pixels = data.image_shape[0] * data.image_shape[1]
x, x_test = data.train_images.reshape(-1, pixels), data.test_images.reshape(-1, pixels)

# Both halves are models of their own, and layers of the whole.
image = tw.layers.Input((pixels,))
hidden = tw.layers.Dense(128, activation="relu")(image)
encoder = tw.models.Model(image, tw.layers.Dense(arguments.code)(hidden), name="encoder")
code = tw.layers.Input((arguments.code,))
hidden = tw.layers.Dense(128, activation="relu")(code)
decoder = tw.models.Model(code, tw.layers.Dense(pixels, activation="sigmoid")(hidden), name="decoder")
model = tw.models.Model(image, decoder(encoder(image)))

model.compile(tw.optimizers.Adam(3e-3), "mse")  # the target of a picture is the picture
model.fit(x, x, epochs=epochs, batch_size=128, verbose=0)

error = model.evaluate(x_test, x_test, verbose=0)
spread = float(np.mean((x_test - x.mean(axis=0)) ** 2))
print(f"{data.name}: {pixels} pixels through {arguments.code} numbers")
print(f"mean squared error {error:.4f}; of the mean picture for every picture {spread:.4f}")

codes = encoder.predict(x_test[:10], verbose=0)
copies = decoder.predict(codes, verbose=0)
figure = Figure(figsize=(8, 1.8))
for axes, picture in zip(figure.subplots(2, 10).flat, [*x_test[:10], *copies], strict=True):
    axes.imshow(picture.reshape(data.image_shape), cmap="gray_r", vmin=0, vmax=1)
    axes.set_axis_off()
path = (arguments.out or Path(tempfile.mkdtemp())) / "autoencoder.png"
figure.savefig(path)
print(f"pictures and their copies: {path}")
assert error < 0.4 * spread
