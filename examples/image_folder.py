"""Pictures in folders, one folder for each class: read, shifted at random, told apart by a small network."""

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import thalweg as tw

# Make such a folder of the digits 0 to 4 of scikit-learn: pictures/three/17.png and so on.
NAMES = ["zero", "one", "two", "three", "four"]
scratch = tempfile.TemporaryDirectory()
folder = Path(scratch.name) / "pictures"
images, digits = tw.data.load_digits()
for number, (image, digit) in enumerate(zip(images, digits, strict=True)):
    if digit < len(NAMES):
        (folder / NAMES[digit]).mkdir(parents=True, exist_ok=True)
        Image.fromarray((image * 15).astype("uint8")).save(folder / NAMES[digit] / f"{number}.png")

# One call reads a part of it; the names of the folders are the names of the classes.
read = {"color_mode": "grayscale", "image_size": (8, 8), "validation_split": 0.25, "seed": 0}
train = tw.data.image_dataset_from_directory(folder, subset="training", **read)
test = tw.data.image_dataset_from_directory(folder, subset="validation", shuffle=False, **read)
print(f"{len(train.file_paths)} pictures to learn from, {len(test.file_paths)} to test:", *train.class_names)

tw.random.set_seed(0)
model = tw.models.Sequential(
    [
        tw.layers.Rescaling(1 / 255, input_shape=(8, 8, 1)),
        tw.layers.RandomTranslation(0.1, 0.1),  # in training only: a shifted digit is the same digit
        tw.layers.Conv2D(16, 3, padding="same", activation="relu"),
        tw.layers.MaxPooling2D(),
        tw.layers.Flatten(),
        tw.layers.Dense(len(train.class_names), activation="softmax"),
    ]
)
model.compile(tw.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
# Files are read once: cache() keeps what was read, prefetch() makes the next batch while this one is trained on.
model.fit(train.cache().prefetch(2), epochs=6, verbose=0)
loss, accuracy = model.evaluate(test, verbose=0)
print(f"test accuracy {accuracy:.4f}")

picture = tw.data.load_image(test.file_paths[0], color_mode="grayscale")
probabilities = model.predict(picture[np.newaxis], verbose=0)[0]
best = int(probabilities.argmax())
print(
    f"{Path(test.file_paths[0]).parent.name}: {train.class_names[best]} with probability {probabilities[best]:.3f}"
)
scratch.cleanup()
assert accuracy > 0.95
