"""The first network of many books: 512 ReLU units read handwritten digits."""

import argparse

import thalweg as tw

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=5)
arguments = parser.parse_args()

# MNIST if it is there ($THALWEG_DATA/mnist or the cache), else the small digits that come with scikit-learn.
tw.random.set_seed(0)
data = tw.data.load("mnist" if tw.data.find_folder("mnist") else "digits")
pixels = data.image_shape[0] * data.image_shape[1]
x, x_test = data.train_images.reshape(-1, pixels), data.test_images.reshape(-1, pixels)

model = tw.models.Sequential(
    [
        tw.layers.Dense(512, activation="relu", input_shape=(pixels,)),
        tw.layers.Dense(10, activation="softmax"),
    ]
)
model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.summary()
history = model.fit(x, data.train_labels, epochs=arguments.epochs, batch_size=128, verbose=0)
loss, accuracy = model.evaluate(x_test, data.test_labels, verbose=0)
print(f"{data.name}: training {history.history['accuracy'][-1]:.4f}, test {accuracy:.4f}")

first = model.predict(x_test[:1], verbose=0)[0]
print(f"the first test image is a {data.test_labels[0]}: probability {first[data.test_labels[0]]:.4f}")
assert accuracy > 0.85
