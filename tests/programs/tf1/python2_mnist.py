"""A perceptron on MNIST as programs of 2016 have it: tabs, the statement print and the division of Python 2."""

import tensorflow as tf
import numpy as np
from tensorflow.examples.tutorials.mnist import input_data
mnist = input_data.read_data_sets("/tmp/data/", one_hot=True)

# Parameters
learning_rate, training_epochs, batch_size, display_step = 0.01, 8, 50, 2
n_input, n_classes = mnist.train.images.shape[1], 10
n_hidden = 129 / 2

x = tf.placeholder("float", [None, n_input])
y = tf.placeholder("float", [None, n_classes])

def multilayer_perceptron(_X, _weights, _biases):
	layer_1 = tf.nn.relu(tf.add(tf.matmul(_X, _weights['h1']), _biases['b1'])) # Hidden layer
        return tf.matmul(layer_1, _weights['out']) + _biases['out']

weights = {
	'h1': tf.Variable(tf.random_normal([n_input, n_hidden], stddev=0.1)),
	'out': tf.Variable(tf.random_normal([n_hidden, n_classes], stddev=0.1))
}
biases = dict(zip(['b1', 'out'], map(lambda n: tf.Variable(tf.zeros([n])), (n_hidden, n_classes))))
print 'variables:', sorted(weights.keys() + biases.keys())

pred = multilayer_perceptron(x, weights, biases)
cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=pred, labels=y))
optimizer = tf.train.AdamOptimizer(learning_rate).minimize(cost)
count = tf.shape(x)[0]
half = x[:count / 2]

with tf.Session() as sess:
	sess.run(tf.initialize_all_variables())
	for epoch in range(training_epochs):
		avg_cost = 0.
		total_batch = mnist.train.num_examples/batch_size
		for i in range(total_batch):
			batch_xs, batch_ys = mnist.train.next_batch(batch_size)
			_, c = sess.run([optimizer, cost], feed_dict={x: batch_xs, y: batch_ys})
			avg_cost += c/total_batch
		if epoch % display_step == 0: print "Epoch:", '%04d' % (epoch+1), "cost=", \
			"{:.9f}".format(avg_cost)
	print "Optimization Finished!"

	correct_prediction = tf.equal(tf.argmax(pred, 1), tf.argmax(y, 1))
	accuracy = tf.reduce_mean(tf.cast(correct_prediction, "float"))
	result = accuracy.eval({x: mnist.test.images, y: mnist.test.labels})
	print "Accuracy:", result
	assert result > 0.9, `result`
	assert len(half.eval({x: batch_xs[:7]})) == 3
	try:
		sess.run(pred, feed_dict={x: np.zeros((1, 3))})
	except (ValueError, tf.errors.InvalidArgumentError), e:
		print type(e).__name__
