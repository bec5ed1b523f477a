"""tf.keras as tutorials of 2019 have it: Fashion-like images, regression with metrics, own training by subclassing."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.callbacks import EarlyStopping
from tensorflow.keras.preprocessing.text import Tokenizer

print(tf.__version__)
mnist = tf.keras.datasets.mnist
(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = x_train / 255.0, x_test / 255.0
model = tf.keras.models.Sequential([
    tf.keras.layers.Flatten(input_shape=x_train.shape[1:]),
    tf.keras.layers.Dense(64, activation=tf.nn.relu),
    tf.keras.layers.Dropout(0.2),
    tf.keras.layers.Dense(10),
])  # fmt: skip
loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(optimizer=tf.keras.optimizers.Adam(learning_rate=0.003), loss=loss_fn, metrics=["accuracy"])
history = model.fit(x_train, y_train, epochs=10, verbose=0, validation_split=0.1)
loss, accuracy = model.evaluate(x_test, y_test, verbose=2)
assert accuracy > 0.93 and "val_accuracy" in history.history
probability_model = tf.keras.Sequential([model, tf.keras.layers.Softmax()])
assert np.allclose(probability_model(x_test[:5]).numpy().sum(1), 1, atol=1e-5)

# regression
random = np.random.RandomState(0)
features = random.randn(200, 4)
target = features @ [1.0, 2.0, 0.0, -1.0] + 5


def build_model():
    model = keras.Sequential([
        layers.Dense(16, activation="relu", input_shape=[4]),
        layers.Dense(1),
    ])  # fmt: skip
    optimizer = tf.keras.optimizers.RMSprop(0.01)
    model.compile(loss="mse", optimizer=optimizer, metrics=["mae", "mse"])
    return model


model = build_model()
early_stop = EarlyStopping(monitor="val_loss", patience=10)
history = model.fit(features, target, epochs=100, validation_split=0.2, verbose=0, callbacks=[early_stop])
assert set(history.history) == {"loss", "mae", "mse", "val_loss", "val_mae", "val_mse"}
loss, mae, mse = model.evaluate(features, target, verbose=0)
print("mean absolute error", mae)
assert mae < 0.6


class ThreeLayerMLP(keras.Model):
    def __init__(self, name=None):
        super(ThreeLayerMLP, self).__init__(name=name)
        self.dense_1 = layers.Dense(32, activation="relu", name="dense_1")
        self.bn = layers.BatchNormalization()
        self.pred_layer = layers.Dense(10, name="predictions")

    def call(self, inputs, training=False):
        return self.pred_layer(self.bn(self.dense_1(inputs), training=training))


class Linear(layers.Layer):
    def __init__(self, units=32, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(
            shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True
        )
        self.b = self.add_weight("bias", shape=(self.units,), initializer="zeros", trainable=True)

    def call(self, inputs):
        return tf.matmul(inputs, self.w) + self.b


flat = x_train.reshape(len(x_train), -1).astype("float32")
mlp = ThreeLayerMLP(name="3_layer_mlp")
mlp.compile(loss=loss_fn, optimizer=keras.optimizers.RMSprop())
losses = mlp.fit(flat, y_train, batch_size=64, epochs=5, verbose=0).history["loss"]
assert losses[-1] < 0.5 * losses[0] and len(mlp.trainable_weights) == 6
own = keras.Sequential([Linear(16), layers.ReLU(), Linear(10)])
own.compile("adam", loss_fn, metrics=["accuracy"])
own.fit(flat, y_train, epochs=12, verbose=0)
assert own.evaluate(flat, y_train, verbose=0)[1] > 0.85

# the defaults of tf.keras
lstm, gru = layers.LSTM(4), layers.GRU(4)
lstm(np.zeros((1, 2, 3), "float32"))
gru(np.zeros((1, 2, 3), "float32"))
assert lstm.recurrent_activation.__name__ == "sigmoid" and gru.get_weights()[2].shape == (2, 12)
assert float(keras.optimizers.Adadelta().learning_rate.numpy()) == 0.001
tokenizer = Tokenizer(oov_token="<OOV>")
tokenizer.fit_on_texts(["i love my dog"])
assert tokenizer.texts_to_sequences(["i love cats"]) == [[2, 3, 1]]
