"""Functional models: several inputs and outputs by name, shared layers, a siamese network, residual connections."""

import keras
import numpy as np
from keras import backend as K
from keras.layers import LSTM, Dense, Dropout, Embedding, Input, Lambda, add, concatenate
from keras.models import Model
from keras.optimizers import RMSprop

np.random.seed(0)
# a headline and other data, with an auxiliary output
headline_data = np.round(np.abs(np.random.rand(200, 10) * 50))
additional_data = np.random.randn(200, 5)
labels = (additional_data[:, :1] + (headline_data[:, :1] - 25) / 25 > 0).astype("float32")
main_input = Input(shape=(10,), dtype="int32", name="main_input")
x = Embedding(output_dim=16, input_dim=60, input_length=10)(main_input)
lstm_out = LSTM(8)(x)
auxiliary_output = Dense(1, activation="sigmoid", name="aux_output")(lstm_out)
auxiliary_input = Input(shape=(5,), name="aux_input")
x = concatenate([lstm_out, auxiliary_input])
x = Dense(24, activation="relu")(x)
x = Dense(24, activation="relu")(x)
main_output = Dense(1, activation="sigmoid", name="main_output")(x)
model = Model(inputs=[main_input, auxiliary_input], outputs=[main_output, auxiliary_output])
model.compile(
    optimizer="rmsprop",
    loss={"main_output": "binary_crossentropy", "aux_output": "binary_crossentropy"},
    loss_weights={"main_output": 1.0, "aux_output": 0.2},
    metrics={"main_output": "accuracy"},
)
history = model.fit(
    {"main_input": headline_data, "aux_input": additional_data},
    {"main_output": labels, "aux_output": labels},
    epochs=60, batch_size=32, verbose=0,
)  # fmt: skip
print(sorted(history.history))
assert history.history["main_output_acc"][-1] > 0.8
total = history.history["main_output_loss"][-1] + 0.2 * history.history["aux_output_loss"][-1]
assert abs(total - history.history["loss"][-1]) < 1e-3
assert [p.shape for p in model.predict([headline_data, additional_data])] == [(200, 1), (200, 1)]
assert model.input_names == ["main_input", "aux_input"]


# siamese: one network on both members of a pair
def euclidean_distance(vects):
    x, y = vects
    sum_square = K.sum(K.square(x - y), axis=1, keepdims=True)
    return K.sqrt(K.maximum(sum_square, K.epsilon()))


def eucl_dist_output_shape(shapes):
    shape1, shape2 = shapes
    return (shape1[0], 1)


def contrastive_loss(y_true, y_pred):
    margin = 1
    square_pred = K.square(y_pred)
    margin_square = K.square(K.maximum(margin - y_pred, 0))
    return K.mean(y_true * square_pred + (1 - y_true) * margin_square)


def accuracy(y_true, y_pred):
    return K.mean(K.equal(y_true, K.cast(y_pred < 0.5, y_true.dtype)))


centres = np.random.randn(4, 6) * 2
classes = np.random.randint(0, 4, (400, 2))
pairs = centres[classes] + 0.3 * np.random.randn(400, 2, 6)
tr_y = (classes[:, 0] == classes[:, 1]).astype("float32")
inner = Input(shape=(6,))
h = Dense(16, activation="relu")(inner)
h = Dropout(0.1)(h)
base_network = Model(inner, Dense(8, activation="relu")(h))
input_a, input_b = Input(shape=(6,)), Input(shape=(6,))
distance = Lambda(euclidean_distance, output_shape=eucl_dist_output_shape)(
    [base_network(input_a), base_network(input_b)]
)
siamese = Model([input_a, input_b], distance)
siamese.compile(loss=contrastive_loss, optimizer=RMSprop(), metrics=[accuracy])
siamese.fit([pairs[:, 0], pairs[:, 1]], tr_y, batch_size=32, epochs=30, verbose=0)
found = siamese.evaluate([pairs[:, 0], pairs[:, 1]], tr_y, verbose=0)
print("siamese", found)
assert found[1] > 0.95
assert len(siamese.trainable_weights) == 4

# a residual block
inputs = Input(shape=(6,))
block = add([inputs, Dense(6, activation="relu")(inputs)])
residual = keras.models.Model(inputs, Dense(4, activation="softmax")(block))
residual.compile("adam", "sparse_categorical_crossentropy", metrics=["acc"])
residual.fit(pairs[:, 0], classes[:, 0], epochs=60, verbose=0)
assert residual.evaluate(pairs[:, 0], classes[:, 0], verbose=0)[1] > 0.95
