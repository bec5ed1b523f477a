"""A linear support vector machine: hinge loss and an L2 penalty; flags and app.run."""

import numpy as np
import tensorflow as tf

tf.app.flags.DEFINE_integer("num_epochs", 60, "Number of training epochs.")
tf.app.flags.DEFINE_float("svmC", 1, "The C parameter of the SVM cost function.")
tf.app.flags.DEFINE_boolean("verbose", False, "Produce verbose output.")
FLAGS = tf.app.flags.FLAGS
BATCH_SIZE = 50


def main(argv=None):
    rng = np.random.RandomState(1)
    labels = np.where(rng.rand(400) < 0.5, -1.0, 1.0)[:, None]
    data = rng.randn(400, 2) + 1.5 * labels * np.array([[1.0, -1.0]])
    x = tf.placeholder("float", shape=[None, 2])
    y = tf.placeholder("float", shape=[None, 1])
    W = tf.Variable(tf.zeros([2, 1]))
    b = tf.Variable(tf.zeros([1]))
    y_raw = tf.matmul(x, W) + b
    regularization_loss = 0.5 * tf.reduce_sum(tf.square(W))
    hinge_loss = tf.reduce_sum(tf.maximum(tf.zeros([BATCH_SIZE, 1]), 1 - y * y_raw))
    svm_loss = regularization_loss + FLAGS.svmC * hinge_loss
    train_step = tf.train.GradientDescentOptimizer(0.01).minimize(svm_loss)
    predicted_class = tf.sign(y_raw)
    correct_prediction = tf.equal(y, predicted_class)
    accuracy = tf.reduce_mean(tf.cast(correct_prediction, "float"))
    with tf.Session():
        tf.initialize_all_variables().run()
        for step in range(FLAGS.num_epochs * len(data) // BATCH_SIZE):
            offset = (step * BATCH_SIZE) % len(data)
            train_step.run(
                feed_dict={x: data[offset : offset + BATCH_SIZE], y: labels[offset : offset + BATCH_SIZE]}
            )
            if FLAGS.verbose and offset == 0:
                print("loss:", svm_loss.eval(feed_dict={x: data[:BATCH_SIZE], y: labels[:BATCH_SIZE]}))
        found = accuracy.eval(feed_dict={x: data, y: labels})
    print("Accuracy on train:", found)
    assert found > 0.95


if __name__ == "__main__":
    tf.app.run()
