"""A convolutional network of functions that share variables by scope, over iterators that switch data sets."""

import os

import numpy as np
import tensorflow as tf

# structure iterator mnist
tr = (np.random.rand(100, 64).astype("f"), np.eye(10, dtype="f")[np.random.randint(0, 10, 100)])
train_data = tf.data.Dataset.from_tensor_slices(tr).shuffle(100).batch(32)
test_data = tf.data.Dataset.from_tensor_slices(tr).batch(32)
iterator = tf.data.Iterator.from_structure(train_data.output_types, train_data.output_shapes)
img, label = iterator.get_next()
train_init = iterator.make_initializer(train_data)
test_init = iterator.make_initializer(test_data)


# convnet class style
def conv_relu(inputs, filters, k_size, stride, padding, scope_name):
    with tf.variable_scope(scope_name, reuse=tf.AUTO_REUSE) as scope:
        in_channels = inputs.shape[-1]
        kernel = tf.get_variable(
            "kernel", [k_size, k_size, in_channels, filters], initializer=tf.truncated_normal_initializer()
        )
        biases = tf.get_variable("biases", [filters], initializer=tf.random_normal_initializer())
        conv = tf.nn.conv2d(inputs, kernel, strides=[1, stride, stride, 1], padding=padding)
    return tf.nn.relu(conv + biases, name=scope.name)


def maxpool(inputs, ksize, stride, padding="VALID", scope_name="pool"):
    with tf.variable_scope(scope_name, reuse=tf.AUTO_REUSE):
        return tf.nn.max_pool(
            inputs, ksize=[1, ksize, ksize, 1], strides=[1, stride, stride, 1], padding=padding
        )


def fully_connected(inputs, out_dim, scope_name="fc"):
    with tf.variable_scope(scope_name, reuse=tf.AUTO_REUSE):
        in_dim = inputs.shape[-1]
        w = tf.get_variable("weights", [in_dim, out_dim], initializer=tf.truncated_normal_initializer())
        b = tf.get_variable("biases", [out_dim], initializer=tf.constant_initializer(0.0))
        return tf.matmul(inputs, w) + b


image = tf.reshape(img, shape=[-1, 8, 8, 1])
c1 = conv_relu(image, 8, 3, 1, "SAME", "conv1")
p1 = maxpool(c1, 2, 2, "VALID", "pool1")
feature_dim = p1.shape[1] * p1.shape[2] * p1.shape[3]
p1 = tf.reshape(p1, [-1, feature_dim])
fc = tf.nn.relu(fully_connected(p1, 32, "fc"))
dropout = tf.layers.dropout(fc, 0.75, training=True, name="dropout")
logits = fully_connected(dropout, 10, "logits")
gstep = tf.Variable(0, dtype=tf.int32, trainable=False, name="global_step")
with tf.name_scope("loss"):
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=label, logits=logits), name="loss")
opt = tf.train.AdamOptimizer(0.001).minimize(loss, global_step=gstep)
with tf.name_scope("summaries"):
    tf.summary.scalar("loss", loss)
    tf.summary.histogram("histogram_loss", loss)
    summary_op = tf.summary.merge_all()
with tf.name_scope("predict"):
    preds = tf.nn.softmax(logits)
    correct = tf.equal(tf.argmax(preds, 1), tf.argmax(label, 1))
    accuracy = tf.reduce_sum(tf.cast(correct, tf.float32))
os.makedirs("checkpoints/convnet", exist_ok=True)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    saver = tf.train.Saver()
    ckpt = tf.train.get_checkpoint_state(os.path.dirname("checkpoints/convnet/checkpoint"))
    if ckpt and ckpt.model_checkpoint_path:
        saver.restore(sess, ckpt.model_checkpoint_path)
    step = gstep.eval()
    for epoch in range(2):
        sess.run(train_init)
        try:
            while True:
                _, l, summaries = sess.run([opt, loss, summary_op])
                step += 1
        except tf.errors.OutOfRangeError:
            pass
        saver.save(sess, "checkpoints/convnet/mnist", step)
        sess.run(test_init)
        t = 0
        try:
            while True:
                t += sess.run(accuracy)
        except tf.errors.OutOfRangeError:
            pass
        print(epoch, l, t)

assert step == 8, step
