"""Over- and underfitting: sizes of networks, weight decay, dropout, class weights, k-fold validation."""

import numpy as np
from keras import backend as K
from keras import layers, losses, metrics, models, optimizers, regularizers
from keras.constraints import maxnorm

random = np.random.RandomState(0)
topics = random.rand(2, 200) ** 3
topics /= topics.sum(1, keepdims=True)
labels = random.randint(0, 2, 400)
sequences = [random.choice(200, 12, p=0.3 * topics[label] + 0.7 / 200) for label in labels]


def vectorize_sequences(sequences, dimension=200):
    results = np.zeros((len(sequences), dimension))
    for i, sequence in enumerate(sequences):
        results[i, sequence] = 1.0
    return results


x, y = vectorize_sequences(sequences), np.asarray(labels).astype("float32")
x_train, y_train, x_test, y_test = x[:300], y[:300], x[300:], y[300:]


def network(units, penalty=None, dropout=0.0, **options):
    K.clear_session()
    model = models.Sequential()
    model.add(
        layers.Dense(units, kernel_regularizer=penalty, activation="relu", input_shape=(200,), **options)
    )
    model.add(layers.Dropout(dropout))
    model.add(layers.Dense(units, kernel_regularizer=penalty, activation="relu"))
    model.add(layers.Dense(1, activation="sigmoid"))
    model.compile(
        optimizer=optimizers.RMSprop(lr=0.003),
        loss=losses.binary_crossentropy,
        metrics=[metrics.binary_accuracy],
    )
    return model


histories = {}
for name, model in (
    ("plain", network(16)), ("small", network(4)), ("big", network(128)),
    ("l2", network(16, regularizers.l2(0.01))), ("l1_l2", network(16, regularizers.l1_l2(l1=0.001, l2=0.001))),
    ("dropout", network(16, dropout=0.5)), ("bounded", network(16, kernel_constraint=maxnorm(0.5), dropout=0.2)),
):  # fmt: skip
    history = model.fit(
        x_train, y_train, epochs=20, batch_size=64, validation_data=(x_test, y_test), verbose=0
    )
    histories[name] = history.history
    print(name, [round(history.history[k][-1], 3) for k in ("loss", "val_loss", "val_binary_accuracy")])
    if name == "bounded":
        assert np.linalg.norm(model.get_weights()[0], axis=0).max() < 0.5 + 1e-5
assert histories["big"]["loss"][-1] < histories["plain"]["loss"][-1] < histories["small"]["loss"][-1]
assert (
    histories["big"]["loss"][-1] < 0.1 and histories["big"]["val_loss"][-1] > 3 * histories["big"]["loss"][-1]
)
assert (
    histories["plain"]["binary_accuracy"][-1] > 0.95
    and histories["l2"]["loss"][-1] > histories["plain"]["loss"][-1]
)
assert histories["dropout"]["binary_accuracy"][-1] < histories["plain"]["binary_accuracy"][-1] + 1e-9

# the penalty is that of its formula
model = network(8, regularizers.l2(0.01))
plain = network(8)
plain.set_weights(model.get_weights())
difference = model.evaluate(x_test, y_test, verbose=0)[0] - plain.evaluate(x_test, y_test, verbose=0)[0]
weights = model.get_weights()
assert np.isclose(difference, 0.01 * (np.sum(weights[0] ** 2) + np.sum(weights[2] ** 2)), atol=1e-5)

# a rare class weighs more
rare = np.concatenate([x_train[y_train == 0], x_train[y_train == 1][:15]])
target = np.concatenate([np.zeros((y_train == 0).sum()), np.ones(15)])
found = []
for class_weight in (None, {0: 1.0, 1: 10.0}):
    model = network(8)
    model.fit(rare, target, epochs=15, batch_size=32, class_weight=class_weight, verbose=0)
    found.append(float(model.predict(x_test)[y_test == 1].mean()))
print("probability of the rare class", found)
assert found[1] > found[0]

# k-fold validation of a regression
k, num = 4, 25
data, targets = random.randn(100, 13), random.randn(100)
targets = data[:, 0] * 3 + 22 + 0.1 * targets
all_mae = []
for i in range(k):
    val_data, val_targets = data[i * num : (i + 1) * num], targets[i * num : (i + 1) * num]
    part_data = np.concatenate([data[: i * num], data[(i + 1) * num :]], axis=0)
    part_targets = np.concatenate([targets[: i * num], targets[(i + 1) * num :]], axis=0)
    model = models.Sequential()
    model.add(layers.Dense(32, activation="relu", input_shape=(13,)))
    model.add(layers.Dense(1))
    model.compile(optimizer="rmsprop", loss="mse", metrics=["mae"])
    K.set_value(model.optimizer.lr, 0.02)
    model.fit(part_data, part_targets, epochs=60, batch_size=5, verbose=0)
    val_mse, val_mae = model.evaluate(val_data, val_targets, verbose=0)
    all_mae.append(val_mae)
print("mean absolute error", np.mean(all_mae))
assert np.mean(all_mae) < 3
