"""Merging in Keras 1: branches of Sequential models, the function merge in its modes."""

import numpy as np
from keras.engine import Input as EngineInput
from keras.layers import Dense, Embedding, Flatten, Input, Merge, merge
from keras.models import Model, Sequential

np.random.seed(1)
data_1, data_2 = np.random.random((400, 6)), np.random.random((400, 6))
labels = (data_1.sum(axis=1) > data_2.sum(axis=1)).astype("int32")
left_branch = Sequential()
left_branch.add(Dense(16, input_dim=6, activation="relu"))
right_branch = Sequential()
right_branch.add(Dense(16, input_dim=6, activation="relu"))
merged = Merge([left_branch, right_branch], mode="concat")
final_model = Sequential()
final_model.add(merged)
final_model.add(Dense(1, activation="sigmoid"))
final_model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
final_model.fit([data_1, data_2], labels, nb_epoch=120, batch_size=32, verbose=0)
loss, accuracy = final_model.evaluate([data_1, data_2], labels, verbose=0)
print("accuracy", accuracy)
assert accuracy > 0.9

# matrix factorisation by a dot product of embeddings
users, items = np.meshgrid(np.arange(12), np.arange(10), indexing="ij")
truth = np.random.randn(12, 2) @ np.random.randn(2, 10)
user, item = Input(shape=(1,), dtype="int64"), EngineInput(shape=(1,), dtype="int64")
u = Flatten()(Embedding(12, 4, input_length=1)(user))
v = Flatten()(Embedding(10, 4, input_length=1)(item))
rating = merge([u, v], mode="dot", dot_axes=1)
factors = Model(input=[user, item], output=rating)
factors.compile("adam", "mse")
factors.optimizer.lr = 0.03
factors.fit([users.ravel(), items.ravel()], truth.ravel(), nb_epoch=150, batch_size=20, verbose=0)
error = factors.evaluate([users.ravel(), items.ravel()], truth.ravel(), verbose=0)
print("error", error, "of", truth.var())
assert error < 0.05 * truth.var()

a, b = Input(shape=(3,)), Input(shape=(3,))
modes = {"sum": None, "mul": None, "ave": None, "max": None, "concat": None, "cos": None}
outputs = [merge([a, b], mode=mode, name="merged_" + mode) for mode in modes]
outputs.append(merge([a, b], mode=lambda pair: pair[0] - 2 * pair[1], output_shape=(3,)))
every = Model(input=[a, b], output=outputs)
p, q = np.random.rand(5, 3).astype("float32"), np.random.rand(5, 3).astype("float32")
got = every.predict([p, q])
cosine = (p * q).sum(1) / np.linalg.norm(p, axis=1) / np.linalg.norm(q, axis=1)
wanted = [p + q, p * q, (p + q) / 2, np.maximum(p, q), np.concatenate([p, q], 1), cosine[:, None], p - 2 * q]
for mode, g, w in zip([*modes, "function"], got, wanted):
    assert np.allclose(g, w, atol=1e-5), mode
