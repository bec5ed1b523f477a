"""Lines of a CSV file through readers and queues into a linear regression, as the first courses had it."""

import numpy as np
import tensorflow as tf

tf.set_random_seed(777)
rows = np.random.RandomState(0).randint(50, 100, (25, 3))
y = rows.sum(1) * 2 // 3
np.savetxt(
    "data-01.csv", np.c_[rows, y], delimiter=",", comments="# ", header="EXAM1,EXAM2,EXAM3,FINAL", fmt="%d"
)
filename_queue = tf.train.string_input_producer(["data-01.csv"], shuffle=False, name="filename_queue")
reader = tf.TextLineReader(skip_header_lines=1)
key, value = reader.read(filename_queue)
record_defaults = [[0.0], [0.0], [0.0], [0.0]]
try:
    xy = tf.decode_csv(value, record_defaults=record_defaults)
    train_x_batch, train_y_batch = tf.train.batch([xy[0:-1], xy[-1:]], batch_size=10)
except ValueError:
    raise
X = tf.placeholder(tf.float32, shape=[None, 3])
Y = tf.placeholder(tf.float32, shape=[None, 1])
W = tf.Variable(tf.random_normal([3, 1]), name="weight")
b = tf.Variable(tf.random_normal([1]), name="bias")
hypothesis = tf.matmul(X, W) + b
cost = tf.reduce_mean(tf.square(hypothesis - Y))
train = tf.train.GradientDescentOptimizer(learning_rate=1e-5).minimize(cost)
sess = tf.Session()
sess.run(tf.global_variables_initializer())
coord = tf.train.Coordinator()
threads = tf.train.start_queue_runners(sess=sess, coord=coord)
for step in range(101):
    x_batch, y_batch = sess.run([train_x_batch, train_y_batch])
    cost_val, hy_val, _ = sess.run([cost, hypothesis, train], feed_dict={X: x_batch, Y: y_batch})
    if step % 50 == 0:
        print(step, cost_val)
coord.request_stop()
coord.join(threads)
print(sess.run(hypothesis, feed_dict={X: [[100, 70, 101]]}))

assert cost_val < 200, cost_val
