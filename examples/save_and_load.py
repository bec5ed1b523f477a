"""Saving and loading: one file that any reader of safetensors opens, and from which training goes on."""

import tempfile
from pathlib import Path

import numpy as np
from safetensors import safe_open

import thalweg as tw

data = tw.data.load("digits")
x, y = data.train_images, data.train_labels


def make():
    tw.random.set_seed(0)
    model = tw.models.Sequential(
        [
            tw.layers.Flatten(input_shape=(8, 8)),
            tw.layers.Dense(64, activation="relu"),
            tw.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


model = make()
model.fit(x, y, epochs=3, verbose=0)
scratch = tempfile.TemporaryDirectory()
path = Path(scratch.name) / "digits.safetensors"
model.save(path)

with safe_open(path, "np") as file:
    for name in file.keys():  # noqa: SIM118
        print(f"{name:40} {file.get_tensor(name).shape}")

# The file holds the model's description, not its code: loading runs nothing that the file could name.
loaded = tw.models.load_model(path)
same = np.array_equal(loaded.predict(data.test_images, verbose=0), model.predict(data.test_images, verbose=0))
print("the same predictions to the bit:", same)

# With the optimizer's memory in the file, the next epochs are those that the first model goes through itself.
losses = [m.fit(x, y, epochs=2, shuffle=False, verbose=0).history["loss"] for m in (model, loaded)]
print(
    "the next two losses:",
    *(f"{loss:.6f}" for loss in losses[0]),
    "and",
    *(f"{loss:.6f}" for loss in losses[1]),
)
assert same and losses[0] == losses[1]

# Weights alone, for a model that exists already.
loaded.save_weights(path.with_name("weights.safetensors"))
other = make()
other.load_weights(path.with_name("weights.safetensors"))
accuracy = other.evaluate(data.test_images, data.test_labels, verbose=0)[1]
print(f"test accuracy of a third model with these weights {accuracy:.3f}")
scratch.cleanup()
assert accuracy > 0.9
