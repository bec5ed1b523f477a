"""A DCGAN with flags and batch normalisation by scope, and a network of tf.contrib.slim."""

import numpy as np
import tensorflow as tf
from six.moves import xrange

flags = tf.app.flags
flags.DEFINE_integer("epoch", 1, "Epoch to train [25]")
flags.DEFINE_float("learning_rate", 0.0002, "lr")
flags.DEFINE_string("dataset", "mnist", "name")
flags.DEFINE_boolean("train", True, "True for training")
flags.DEFINE_boolean("crop", False, "x")
FLAGS = flags.FLAGS


class batch_norm(object):
    def __init__(self, epsilon=1e-5, momentum=0.9, name="batch_norm"):
        with tf.variable_scope(name):
            self.epsilon = epsilon
            self.momentum = momentum
            self.name = name

    def __call__(self, x, train=True):
        return tf.contrib.layers.batch_norm(
            x,
            decay=self.momentum,
            updates_collections=None,
            epsilon=self.epsilon,
            scale=True,
            is_training=train,
            scope=self.name,
        )


def conv2d(input_, output_dim, k_h=5, k_w=5, d_h=2, d_w=2, stddev=0.02, name="conv2d"):
    with tf.variable_scope(name):
        w = tf.get_variable(
            "w",
            [k_h, k_w, input_.get_shape()[-1], output_dim],
            initializer=tf.truncated_normal_initializer(stddev=stddev),
        )
        conv = tf.nn.conv2d(input_, w, strides=[1, d_h, d_w, 1], padding="SAME")
        biases = tf.get_variable("biases", [output_dim], initializer=tf.constant_initializer(0.0))
        return tf.reshape(tf.nn.bias_add(conv, biases), conv.get_shape())


def deconv2d(input_, output_shape, k_h=5, k_w=5, d_h=2, d_w=2, stddev=0.02, name="deconv2d", with_w=False):
    with tf.variable_scope(name):
        w = tf.get_variable(
            "w",
            [k_h, k_w, output_shape[-1], input_.get_shape()[-1]],
            initializer=tf.random_normal_initializer(stddev=stddev),
        )
        try:
            deconv = tf.nn.conv2d_transpose(input_, w, output_shape=output_shape, strides=[1, d_h, d_w, 1])
        except AttributeError:
            deconv = tf.nn.deconv2d(input_, w, output_shape=output_shape, strides=[1, d_h, d_w, 1])
        biases = tf.get_variable("biases", [output_shape[-1]], initializer=tf.constant_initializer(0.0))
        deconv = tf.reshape(tf.nn.bias_add(deconv, biases), deconv.get_shape())
        return (deconv, w, biases) if with_w else deconv


def lrelu(x, leak=0.2, name="lrelu"):
    return tf.maximum(x, leak * x)


def linear(input_, output_size, scope=None, stddev=0.02, bias_start=0.0, with_w=False):
    shape = input_.get_shape().as_list()
    with tf.variable_scope(scope or "Linear"):
        matrix = tf.get_variable(
            "Matrix", [shape[1], output_size], tf.float32, tf.random_normal_initializer(stddev=stddev)
        )
        bias = tf.get_variable("bias", [output_size], initializer=tf.constant_initializer(bias_start))
        return tf.matmul(input_, matrix) + bias


class DCGAN(object):
    def __init__(self, sess, batch_size=16, z_dim=10):
        self.sess = sess
        self.batch_size = batch_size
        self.z_dim = z_dim
        self.d_bn1 = batch_norm(name="d_bn1")
        self.g_bn0 = batch_norm(name="g_bn0")
        self.g_bn1 = batch_norm(name="g_bn1")
        self.build_model()

    def build_model(self):
        self.inputs = tf.placeholder(tf.float32, [self.batch_size, 16, 16, 1], name="real_images")
        self.z = tf.placeholder(tf.float32, [None, self.z_dim], name="z")
        self.z_sum = tf.summary.histogram("z", self.z)
        self.G = self.generator(self.z)
        self.D, self.D_logits = self.discriminator(self.inputs, reuse=False)
        self.sampler_ = self.sampler(self.z)
        self.D_, self.D_logits_ = self.discriminator(self.G, reuse=True)
        ce = lambda x, y: tf.nn.sigmoid_cross_entropy_with_logits(logits=x, labels=y)
        self.d_loss_real = tf.reduce_mean(ce(self.D_logits, tf.ones_like(self.D)))
        self.d_loss_fake = tf.reduce_mean(ce(self.D_logits_, tf.zeros_like(self.D_)))
        self.g_loss = tf.reduce_mean(ce(self.D_logits_, tf.ones_like(self.D_)))
        self.d_loss = self.d_loss_real + self.d_loss_fake
        self.G_sum = tf.summary.image("G", self.G)
        t_vars = tf.trainable_variables()
        self.d_vars = [v for v in t_vars if "d_" in v.name]
        self.g_vars = [v for v in t_vars if "g_" in v.name]
        self.saver = tf.train.Saver()

    def discriminator(self, image, reuse=False):
        with tf.variable_scope("discriminator") as scope:
            if reuse:
                scope.reuse_variables()
            h0 = lrelu(conv2d(image, 8, name="d_h0_conv"))
            h1 = lrelu(self.d_bn1(conv2d(h0, 16, name="d_h1_conv")))
            h3 = linear(tf.reshape(h1, [self.batch_size, -1]), 1, "d_h3_lin")
            return tf.nn.sigmoid(h3), h3

    def generator(self, z):
        with tf.variable_scope("generator"):
            h0 = tf.reshape(linear(z, 4 * 4 * 16, "g_h0_lin"), [-1, 4, 4, 16])
            h0 = tf.nn.relu(self.g_bn0(h0))
            h1, _, _ = deconv2d(h0, [self.batch_size, 8, 8, 8], name="g_h1", with_w=True)
            h1 = tf.nn.relu(self.g_bn1(h1))
            h2 = deconv2d(h1, [self.batch_size, 16, 16, 1], name="g_h2")
            return tf.nn.tanh(h2)

    def sampler(self, z):
        with tf.variable_scope("generator") as scope:
            scope.reuse_variables()
            h0 = tf.reshape(linear(z, 4 * 4 * 16, "g_h0_lin"), [-1, 4, 4, 16])
            h0 = tf.nn.relu(self.g_bn0(h0, train=False))
            h1 = tf.nn.relu(self.g_bn1(deconv2d(h0, [self.batch_size, 8, 8, 8], name="g_h1"), train=False))
            return tf.nn.tanh(deconv2d(h1, [self.batch_size, 16, 16, 1], name="g_h2"))

    def train(self, config):
        d_optim = tf.train.AdamOptimizer(config.learning_rate, beta1=0.5).minimize(
            self.d_loss, var_list=self.d_vars
        )
        g_optim = tf.train.AdamOptimizer(config.learning_rate, beta1=0.5).minimize(
            self.g_loss, var_list=self.g_vars
        )
        try:
            tf.global_variables_initializer().run()
        except AttributeError:
            tf.initialize_all_variables().run()
        self.writer = tf.summary.FileWriter("./logs", self.sess.graph)
        for idx in xrange(0, 4):
            z = np.random.uniform(-1, 1, [16, 10]).astype(np.float32)
            im = np.random.randn(16, 16, 16, 1).astype("f")
            self.sess.run([d_optim], feed_dict={self.inputs: im, self.z: z})
            _, s = self.sess.run([g_optim, self.G_sum], feed_dict={self.z: z})
            self.writer.add_summary(s, idx)
            print(
                "[%2d] d_loss: %.8f, g_loss: %.8f"
                % (
                    idx,
                    self.d_loss_fake.eval({self.z: z}) + self.d_loss_real.eval({self.inputs: im}),
                    self.g_loss.eval({self.z: z}),
                )
            )
        print(self.sess.run(self.sampler_, {self.z: z}).shape)


def show_all_variables():
    model_vars = tf.trainable_variables()
    for v in model_vars:
        print(v.name, v.get_shape())


def main(_):
    print(flags.FLAGS.__flags if hasattr(flags.FLAGS, "__flags") else "")
    run_config = tf.ConfigProto()
    run_config.gpu_options.allow_growth = True
    with tf.Session(config=run_config) as sess:
        d = DCGAN(sess)
        show_all_variables()
        d.train(FLAGS)
    slim_part()


def slim_part():
    import tensorflow.contrib.slim as slim

    tf.reset_default_graph()

    def lenet(images, is_training=True):
        with slim.arg_scope(
            [slim.conv2d, slim.fully_connected],
            activation_fn=tf.nn.relu,
            weights_initializer=tf.truncated_normal_initializer(0.0, 0.01),
            weights_regularizer=slim.l2_regularizer(0.0005),
        ):
            with slim.arg_scope([slim.batch_norm], is_training=is_training):
                net = slim.repeat(images, 2, slim.conv2d, 8, [3, 3], scope="conv1")
                net = slim.max_pool2d(net, [2, 2], scope="pool1")
                net = slim.conv2d(net, 16, [3, 3], normalizer_fn=slim.batch_norm, scope="conv2")
                net = slim.flatten(net)
                net = slim.fully_connected(net, 32, scope="fc3")
                net = slim.dropout(net, 0.5, is_training=is_training, scope="dropout3")
                return slim.fully_connected(net, 10, activation_fn=None, scope="fc4")

    x = tf.constant(np.random.rand(20, 8, 8, 1).astype("f"))
    y = tf.constant(np.random.randint(0, 10, 20))
    logits = lenet(x)
    slim.losses.sparse_softmax_cross_entropy(logits, y)
    total = slim.losses.get_total_loss()
    print(len(tf.losses.get_regularization_losses()))
    op = slim.learning.create_train_op(total, tf.train.GradientDescentOptimizer(0.01))
    tf.logging.set_verbosity(tf.logging.INFO)
    print(slim.learning.train(op, "slimlog", number_of_steps=3, save_summaries_secs=1))
    for v in slim.get_model_variables() if hasattr(slim, "get_model_variables") else []:
        pass


if __name__ == "__main__":
    tf.app.run()
