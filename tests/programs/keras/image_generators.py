"""Images in folders: generators that scale and change them, fit_generator in both spellings, features taken out."""

import os

import numpy as np
from keras import layers, models, optimizers
from keras.preprocessing import image
from keras.preprocessing.image import ImageDataGenerator, array_to_img, img_to_array, load_img
from PIL import Image

random = np.random.RandomState(0)
base_dir = "cats_and_dogs_small"
for part, count in (("train", 40), ("validation", 16)):
    for label, name in enumerate(("cats", "dogs")):
        folder = os.path.join(base_dir, part, name)
        os.makedirs(folder)
        for k in range(count):
            pixels = random.randint(0, 120, (24, 24, 3))
            pixels[4:20, 4:20, label * 2] += 130  # cats are red, dogs are blue
            Image.fromarray(pixels.astype("uint8")).save(os.path.join(folder, "%s.%d.png" % (name, k)))

train_datagen = ImageDataGenerator(
    rescale=1.0 / 255, rotation_range=40, width_shift_range=0.2, height_shift_range=0.2, shear_range=0.2,
    zoom_range=0.2, horizontal_flip=True, fill_mode="nearest",
)  # fmt: skip
test_datagen = ImageDataGenerator(rescale=1.0 / 255)
train_generator = train_datagen.flow_from_directory(
    os.path.join(base_dir, "train"), target_size=(16, 16), batch_size=20, class_mode="binary"
)
validation_generator = test_datagen.flow_from_directory(
    os.path.join(base_dir, "validation"), target_size=(16, 16), batch_size=8, class_mode="binary"
)
for data_batch, labels_batch in train_generator:
    print("data batch shape:", data_batch.shape)
    print("labels batch shape:", labels_batch.shape)
    break
assert data_batch.shape == (20, 16, 16, 3) and labels_batch.shape == (20,) and data_batch.max() <= 1
assert train_generator.class_indices == {"cats": 0, "dogs": 1} and train_generator.samples == 80
assert len(validation_generator) == 4

model = models.Sequential()
model.add(layers.Conv2D(8, (3, 3), activation="relu", input_shape=(16, 16, 3)))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Flatten())
model.add(layers.Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer=optimizers.RMSprop(lr=1e-2), metrics=["acc"])
history = model.fit_generator(
    train_generator,
    steps_per_epoch=4,
    epochs=8,
    verbose=0,
    validation_data=validation_generator,
    validation_steps=4,
)
print("validation", history.history["val_acc"][-1])
assert history.history["val_acc"][-1] > 0.9 and len(history.history["loss"]) == 8
score = model.evaluate_generator(validation_generator, steps=4)
assert score[1] > 0.9
# Keras 1
model.fit_generator(
    train_generator, samples_per_epoch=80, nb_epoch=1, verbose=0, validation_data=validation_generator,
    nb_val_samples=32, max_q_size=4, nb_worker=1,
)  # fmt: skip

# predictions in order, with the classes of the folder
ordered = test_datagen.flow_from_directory(
    os.path.join(base_dir, "validation"), target_size=(16, 16), batch_size=8, class_mode=None, shuffle=False
)
predicted = model.predict_generator(ordered, steps=len(ordered))
assert predicted.shape == (32, 1) and np.mean((predicted[:, 0] > 0.5) == ordered.classes) > 0.9

# one picture, changed
path = os.path.join(base_dir, "train", "cats", "cats.0.png")
img = load_img(path, target_size=(15, 10))
x = img_to_array(img)
assert x.shape == (15, 10, 3) and x.dtype == np.float32
assert np.array_equal(img_to_array(array_to_img(x, scale=False)), x)
x = x.reshape((1,) + x.shape)
os.makedirs("preview")
i = 0
for batch in train_datagen.flow(
    x, batch_size=1, save_to_dir="preview", save_prefix="cat", save_format="jpeg"
):
    i += 1
    if i > 4:
        break
assert batch.shape == x.shape and len(os.listdir("preview")) == 5
image.save_img("copy.png", x[0])

# statistics of the whole set
X = random.rand(50, 6, 6, 3).astype("float32") * 3 + 1
whole = ImageDataGenerator(featurewise_center=True, featurewise_std_normalization=True)
whole.fit(X)
batch = next(whole.flow(X, np.arange(50), batch_size=50, shuffle=False))
assert (
    abs(batch[0].mean()) < 1e-3 and abs(batch[0].std() - 1) < 1e-2 and np.array_equal(batch[1], np.arange(50))
)
white = ImageDataGenerator(featurewise_center=True, zca_whitening=True)
white.fit(X[:, :2, :2])
rows = next(white.flow(X[:, :2, :2], batch_size=50)).reshape(50, -1)
assert np.allclose(rows.T @ rows / 50, np.eye(12), atol=0.02)
split = ImageDataGenerator(validation_split=0.2)
assert split.flow(X, subset="training").n == 40 and split.flow(X, subset="validation").n == 10
