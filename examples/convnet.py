"""A small convolutional network reads handwritten digits: on MNIST over 99.2 % in 12 epochs."""

import argparse
import time

import thalweg as tw

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=12)
parser.add_argument("--batch", type=int, default=64)
arguments = parser.parse_args()

tw.random.set_seed(0)
data = tw.data.load("mnist" if tw.data.find_folder("mnist") else "digits")
x, x_test = data.train_images[..., None], data.test_images[..., None]  # one channel


def block(filters):
    """Convolution finds patterns wherever they are, normalisation scales, pooling halves the picture."""
    return [
        tw.layers.Conv2D(filters, 3, padding="same", use_bias=False),  # normalisation has a bias of its own
        tw.layers.BatchNormalization(momentum=0.9),  # 0.99 is for longer trainings than that of the digits
        tw.layers.ReLU(),
        tw.layers.MaxPooling2D(),
    ]


model = tw.models.Sequential(
    [
        tw.layers.Input(x.shape[1:]),
        *block(32),
        *block(64),
        tw.layers.Flatten(),
        tw.layers.Dropout(0.5),
        tw.layers.Dense(10, activation="softmax"),
    ]
)
# Large steps first, ever smaller ones afterwards: the rate falls along half a cosine to nothing.
steps = arguments.epochs * -(-len(x) // arguments.batch)
rate = tw.optimizers.cosine_decay(3e-3, steps)
model.compile(tw.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
start = time.perf_counter()
history = model.fit(
    x, data.train_labels, epochs=arguments.epochs, batch_size=arguments.batch, verbose=0,
    validation_data=(x_test, data.test_labels),
).history  # fmt: skip
seconds = (time.perf_counter() - start) / arguments.epochs
for epoch, (train, test) in enumerate(zip(history["accuracy"], history["val_accuracy"], strict=True)):
    print(f"epoch {epoch + 1:2}  training {train:.4f}  test {test:.4f}")
print(f"{data.name}: {model.count_params():,} weights, test accuracy {test:.4f}, {seconds:.1f} s an epoch")
assert test > 0.96
