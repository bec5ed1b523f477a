"""The Graph model of Keras 0.x: named inputs, nodes and outputs; two ways through the same words."""

import numpy as np
from keras.layers.core import Dense, Dropout
from keras.layers.embeddings import Embedding
from keras.layers.recurrent import GRU
from keras.models import Graph

rng = np.random.RandomState(5)
words = rng.randint(1, 30, (300, 8))
target = (words[:, 0] > 15).astype("float32")

graph = Graph()
graph.add_input(name="words", input_shape=(8,), dtype=int)
graph.add_node(Embedding(30, 12, input_length=8), name="embedding", input="words")
graph.add_node(GRU(8), name="forward", input="embedding")
graph.add_node(GRU(8, go_backwards=True), name="backward", input="embedding")
graph.add_node(Dropout(0.2), name="dropout", inputs=["forward", "backward"])
graph.add_node(Dense(1, activation="sigmoid"), name="sigmoid", input="dropout")
graph.add_output(name="output", input="sigmoid")
graph.compile("adam", {"output": "binary_crossentropy"})
history = graph.fit({"words": words, "output": target}, batch_size=20, nb_epoch=12, verbose=0)
guess = np.round(graph.predict({"words": words})["output"]).ravel()
print("accuracy", np.mean(guess == target))
assert np.mean(guess == target) > 0.9
assert graph.evaluate({"words": words, "output": target}, verbose=0) < history.history["loss"][0]
