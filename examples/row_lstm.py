"""A digit as a sequence: an LSTM reads an image row by row, and says at the end what it was."""

import argparse

import thalweg as tw

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--units", type=int, default=128)
parser.add_argument("--batch", type=int, default=64)
arguments = parser.parse_args()

tw.random.set_seed(0)
data = tw.data.load("mnist" if tw.data.find_folder("mnist") else "digits")
rows, columns = data.image_shape

# The images are sequences as they stand: [batch, steps, features] is [batch, rows, columns].
model = tw.models.Sequential(
    [
        tw.layers.LSTM(arguments.units, input_shape=(rows, columns)),
        tw.layers.Dense(10, activation="softmax"),
    ]
)
# Clipping by norm keeps the one batch whose gradient explodes on the way back through the rows from doing harm.
# The rate falls along half a cosine to nothing.
steps = arguments.epochs * -(-len(data.train_images) // arguments.batch)
optimizer = tw.optimizers.Adam(tw.optimizers.cosine_decay(5e-3, steps), clipnorm=1.0)
model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(
    data.train_images, data.train_labels, epochs=arguments.epochs, batch_size=arguments.batch, verbose=0,
    validation_data=(data.test_images, data.test_labels),
).history  # fmt: skip
for epoch, (train, test) in enumerate(zip(history["accuracy"], history["val_accuracy"], strict=True)):
    print(f"epoch {epoch + 1:2}  training {train:.4f}  test {test:.4f}")
print(f"{data.name}: {rows} rows of {columns}, {model.count_params():,} weights, test accuracy {test:.4f}")
assert test > 0.85
