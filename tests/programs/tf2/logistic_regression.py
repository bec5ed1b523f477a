"""Softmax regression on handwritten digits with a tf.data pipeline and a tape."""

import numpy as np
import tensorflow as tf
from tensorflow.keras.datasets import mnist

num_classes = 10
learning_rate, training_steps, batch_size, display_step = 0.1, 300, 128, 100

(x_train, y_train), (x_test, y_test) = mnist.load_data()
num_features = x_train.shape[1] * x_train.shape[2]
x_train, x_test = np.array(x_train, np.float32), np.array(x_test, np.float32)
x_train, x_test = x_train.reshape([-1, num_features]), x_test.reshape([-1, num_features])
x_train, x_test = x_train / 255.0, x_test / 255.0

train_data = tf.data.Dataset.from_tensor_slices((x_train, y_train))
train_data = train_data.repeat().shuffle(5000).batch(batch_size).prefetch(1)

W = tf.Variable(tf.ones([num_features, num_classes]), name="weight")
b = tf.Variable(tf.zeros([num_classes]), name="bias")


def logistic_regression(x):
    return tf.nn.softmax(tf.matmul(x, W) + b)


def cross_entropy(y_pred, y_true):
    y_true = tf.one_hot(y_true, depth=num_classes)
    y_pred = tf.clip_by_value(y_pred, 1e-9, 1.0)
    return tf.reduce_mean(-tf.reduce_sum(y_true * tf.math.log(y_pred), 1))


def accuracy(y_pred, y_true):
    correct_prediction = tf.equal(tf.argmax(y_pred, 1), tf.cast(y_true, tf.int64))
    return tf.reduce_mean(tf.cast(correct_prediction, tf.float32))


optimizer = tf.optimizers.SGD(learning_rate)


def run_optimization(x, y):
    with tf.GradientTape() as g:
        pred = logistic_regression(x)
        loss = cross_entropy(pred, y)
    gradients = g.gradient(loss, [W, b])
    optimizer.apply_gradients(zip(gradients, [W, b]))


for step, (batch_x, batch_y) in enumerate(train_data.take(training_steps), 1):
    run_optimization(batch_x, batch_y)
    if step % display_step == 0:
        pred = logistic_regression(batch_x)
        print(
            "step: %i, loss: %f, accuracy: %f" % (step, cross_entropy(pred, batch_y), accuracy(pred, batch_y))
        )

assert step == training_steps
pred = logistic_regression(x_test)
test = accuracy(pred, y_test)
print("Test Accuracy: %f" % test)
assert test > 0.85
predictions = logistic_regression(x_test[:5])
for i in range(5):
    print("Model prediction: %i" % np.argmax(predictions.numpy()[i]))
