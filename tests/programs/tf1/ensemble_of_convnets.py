"""An ensemble of networks as objects, and training that goes on from a checkpoint."""

import os
import random

import numpy as np
import tensorflow as tf
from tensorflow.examples.tutorials.mnist import input_data

tf.set_random_seed(777)
mnist = input_data.read_data_sets("MNIST_data/", one_hot=True)
P = int(mnist.train.images.shape[1] ** 0.5)


class Model:
    def __init__(self, sess, name):
        self.sess = sess
        self.name = name
        self._build_net()

    def _build_net(self):
        with tf.variable_scope(self.name):
            self.training = tf.placeholder(tf.bool)
            self.X = tf.placeholder(tf.float32, [None, P * P])
            X_img = tf.reshape(self.X, [-1, P, P, 1])
            self.Y = tf.placeholder(tf.float32, [None, 10])
            conv1 = tf.layers.conv2d(
                inputs=X_img, filters=8, kernel_size=[3, 3], padding="SAME", activation=tf.nn.relu
            )
            pool1 = tf.layers.max_pooling2d(inputs=conv1, pool_size=[2, 2], padding="SAME", strides=2)
            dropout1 = tf.layers.dropout(inputs=pool1, rate=0.3, training=self.training)
            conv2 = tf.layers.conv2d(
                inputs=dropout1, filters=16, kernel_size=[3, 3], padding="SAME", activation=tf.nn.relu
            )
            pool2 = tf.layers.max_pooling2d(inputs=conv2, pool_size=[2, 2], padding="SAME", strides=2)
            flat = tf.reshape(pool2, [-1, int(pool2.shape[1]) * int(pool2.shape[2]) * 16])
            dense4 = tf.layers.dense(inputs=flat, units=64, activation=tf.nn.relu)
            dropout4 = tf.layers.dropout(inputs=dense4, rate=0.5, training=self.training)
            self.logits = tf.layers.dense(inputs=dropout4, units=10)
        self.cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=self.logits, labels=self.Y))
        self.optimizer = tf.train.AdamOptimizer(learning_rate=0.001).minimize(self.cost)
        self.accuracy = tf.reduce_mean(
            tf.cast(tf.equal(tf.argmax(self.logits, 1), tf.argmax(self.Y, 1)), tf.float32)
        )

    def predict(self, x, training=False):
        return self.sess.run(self.logits, feed_dict={self.X: x, self.training: training})

    def get_accuracy(self, x, y, training=False):
        return self.sess.run(self.accuracy, feed_dict={self.X: x, self.Y: y, self.training: training})

    def train(self, x, y, training=True):
        return self.sess.run(
            [self.cost, self.optimizer], feed_dict={self.X: x, self.Y: y, self.training: training}
        )


sess = tf.Session()
models = [Model(sess, "model%d" % m) for m in range(2)]
sess.run(tf.global_variables_initializer())

for epoch in range(2):
    for i in range(5):
        bx, by = mnist.train.next_batch(100)
        for i, m in enumerate(models):
            c, _ = m.train(bx, by)
    print(c)
preds = np.zeros([len(mnist.test.labels), 10])
for m in models:
    print(m.get_accuracy(mnist.test.images, mnist.test.labels))
    preds += m.predict(mnist.test.images)
print(
    sess.run(
        tf.reduce_mean(tf.cast(tf.equal(tf.argmax(preds, 1), tf.argmax(mnist.test.labels, 1)), tf.float32))
    )
)
r = random.randint(0, mnist.test.num_examples - 1)
print(sess.run(tf.argmax(mnist.test.labels[r : r + 1], 1)))
# tensorboard version + saver with checkpoints
with tf.variable_scope("layer1") as scope:
    X = tf.placeholder(tf.float32, [None, P * P])
    tf.summary.image("input", tf.reshape(X, [-1, P, P, 1]), 3)
    W1 = tf.get_variable("W", shape=[P * P, 32], initializer=tf.contrib.layers.xavier_initializer())
    b1 = tf.Variable(tf.random_normal([32]))
    L1 = tf.nn.relu(tf.matmul(X, W1) + b1)
    L1 = tf.nn.dropout(L1, keep_prob=0.7)
    tf.summary.histogram("X", X)
    tf.summary.histogram("weights", W1)
    tf.summary.histogram("layer", L1)
Y = tf.placeholder(tf.float32, [None, 10])
logits = tf.layers.dense(L1, 10)
cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=logits, labels=Y))
tf.summary.scalar("loss", cost)
last_epoch = tf.Variable(0, name="last_epoch")
train = tf.train.AdamOptimizer(0.001).minimize(cost)
summary = tf.summary.merge_all()
saver = tf.train.Saver()
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    writer = tf.summary.FileWriter("./tb/run1")
    writer.add_graph(sess.graph)
    checkpoint = tf.train.get_checkpoint_state("./ckpt")
    if checkpoint and checkpoint.model_checkpoint_path:
        try:
            saver.restore(sess, checkpoint.model_checkpoint_path)
            print("loaded")
        except Exception:
            print("Error on loading old network weights")
    else:
        print("Could not find old network weights")
    start_from = sess.run(last_epoch)
    for e in range(start_from, 2):
        bx, by = mnist.train.next_batch(100)
        s, _ = sess.run([summary, train], feed_dict={X: bx, Y: by})
        writer.add_summary(s, global_step=e)
        sess.run(last_epoch.assign(e + 1))
        import os

        if not os.path.exists("./ckpt"):
            os.makedirs("./ckpt")
        saver.save(sess, "./ckpt/model", global_step=e)
    print(sess.run(last_epoch), os.listdir("ckpt"))
