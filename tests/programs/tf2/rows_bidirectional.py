"""Digits read row by row: an LSTM and a bidirectional LSTM in a subclassed model, trained by tape."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import Model, layers

tf.random.set_seed(0)
num_classes, learning_rate, training_steps, batch_size, num_units = 10, 0.01, 150, 32, 32
(x_train, y_train), (x_test, y_test) = tf.keras.datasets.mnist.load_data()
timesteps, num_input = x_train.shape[1:]
x_train, x_test = np.array(x_train, np.float32), np.array(x_test, np.float32)
x_train, x_test = x_train.reshape([-1, timesteps, num_input]), x_test.reshape([-1, timesteps, num_input])
x_train, x_test = x_train / 255.0, x_test / 255.0
train_data = tf.data.Dataset.from_tensor_slices((x_train, y_train))
train_data = train_data.repeat().shuffle(5000).batch(batch_size).prefetch(1)


class BiRNN(Model):
    def __init__(self):
        super(BiRNN, self).__init__()
        lstm_fw = layers.LSTM(units=num_units)
        lstm_bw = layers.LSTM(units=num_units, go_backwards=True)
        self.bi_lstm = layers.Bidirectional(lstm_fw, backward_layer=lstm_bw)
        self.out = layers.Dense(num_classes)

    def call(self, x, is_training=False):
        x = self.bi_lstm(x)
        x = self.out(x)
        if not is_training:
            # tf cross entropy expect logits without softmax, so only apply softmax when not training.
            x = tf.nn.softmax(x)
        return x


birnn_net = BiRNN()


def cross_entropy_loss(x, y):
    y = tf.cast(y, tf.int64)
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=x)
    return tf.reduce_mean(loss)


def accuracy(y_pred, y_true):
    correct_prediction = tf.equal(tf.argmax(y_pred, 1), tf.cast(y_true, tf.int64))
    return tf.reduce_mean(tf.cast(correct_prediction, tf.float32), axis=-1)


optimizer = tf.optimizers.Adam(learning_rate)


@tf.function
def run_optimization(x, y):
    with tf.GradientTape() as g:
        pred = birnn_net(x, is_training=True)
        loss = cross_entropy_loss(pred, y)
    trainable_variables = birnn_net.trainable_variables
    gradients = g.gradient(loss, trainable_variables)
    optimizer.apply_gradients(zip(gradients, trainable_variables))


for step, (batch_x, batch_y) in enumerate(train_data.take(training_steps), 1):
    run_optimization(batch_x, batch_y)
test = accuracy(birnn_net(x_test, is_training=False), y_test)
print("test accuracy", test.numpy())
assert len(birnn_net.trainable_variables) == 8 and test > 0.8
