"""Models as files: whole, as weights, as JSON and YAML, by layer names; the training goes on where it was."""

import os

import numpy as np
from keras.layers import Activation, BatchNormalization, Dense, Dropout, Input, concatenate
from keras.models import (
    Model,
    Sequential,
    clone_model,
    load_model,
    model_from_json,
    model_from_yaml,
    save_model,
)
from keras.optimizers import Adam
from keras.utils import plot_model

np.random.seed(0)
X, Y = np.random.rand(120, 6), np.random.rand(120, 2)
model = Sequential()
model.add(Dense(12, input_dim=6, kernel_initializer="normal", activation="relu", name="first"))
model.add(BatchNormalization())
model.add(Dropout(0.1))
model.add(Dense(2, name="last"))
model.add(Activation("sigmoid"))
model.compile(loss="mean_squared_error", optimizer=Adam(lr=0.01), metrics=["mae"])
model.fit(X, Y, epochs=3, verbose=0)
wanted = model.predict(X)

model.save("model.h5")
same = load_model("model.h5")
assert np.array_equal(same.predict(X), wanted) and same.evaluate(X, Y, verbose=0) == model.evaluate(
    X, Y, verbose=0
)
assert (
    float(same.optimizer.lr.get_value() if hasattr(same.optimizer.lr, "get_value") else same.optimizer.lr)
    == 0.01
)
same.fit(X, Y, epochs=1, verbose=0)
save_model(model, "again.h5")
del same

for made in (model_from_json(model.to_json()), model_from_yaml(model.to_yaml()),
             Sequential.from_config(model.get_config()), clone_model(model)):  # fmt: skip
    assert not np.array_equal(made.predict(X), wanted)
    made.set_weights(model.get_weights())
    assert np.array_equal(made.predict(X), wanted)

model.save_weights("weights.h5")
other = model_from_json(model.to_json())
other.load_weights("weights.h5")
assert np.array_equal(other.predict(X), wanted)

# by name: only the first layer is the same
wide = Sequential([Dense(12, input_dim=6, name="first"), Dense(7, name="new")])
wide.load_weights("weights.h5", by_name=True)
assert np.array_equal(wide.get_weights()[0], model.get_weights()[0])

# a model with branches
a, b = Input((6,), name="a"), Input((6,), name="b")
shared = Dense(4, activation="tanh")
both = Model([a, b], Dense(1)(concatenate([shared(a), shared(b)])))
both.save("branches.h5")
assert np.array_equal(load_model("branches.h5").predict([X, X + 1]), both.predict([X, X + 1]))
lines = []
both.summary(print_fn=lines.append)
assert "dense" in "\n".join(lines)
plot_model(both, to_file="model.png", show_shapes=True)
assert open("model.png", "rb").read(4) == b"\x89PNG"
assert os.path.getsize("model.h5") > os.path.getsize("weights.h5")
print("saved and loaded")
