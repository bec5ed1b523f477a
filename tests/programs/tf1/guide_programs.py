"""The programs of the guide: fed MNIST, summaries of every layer, PTB with a supervisor, CIFAR with hooks."""

from __future__ import absolute_import, division, print_function

import argparse
import os
import sys
import time

import numpy as np
import tensorflow as tf
from six.moves import xrange
from tensorflow.examples.tutorials.mnist import input_data, mnist

FLAGS = None


def placeholder_inputs(bs):
    return tf.placeholder(tf.float32, shape=(bs, mnist.IMAGE_PIXELS)), tf.placeholder(tf.int32, shape=(bs))


def run_training():
    with tf.Graph().as_default():
        ip, lp = placeholder_inputs(50)
        logits = mnist.inference(ip, 32, 16)
        loss = mnist.loss(logits, lp)
        train_op = mnist.training(loss, 0.01)
        ev = mnist.evaluation(logits, lp)
        summary = tf.summary.merge_all()
        init = tf.global_variables_initializer()
        saver = tf.train.Saver()
        sess = tf.Session()
        sw = tf.summary.FileWriter(FLAGS.log_dir, sess.graph)
        sess.run(init)
        for step in xrange(5):
            fd = {ip: np.random.rand(50, mnist.IMAGE_PIXELS), lp: np.random.randint(0, 10, 50)}
            _, lv = sess.run([train_op, loss], feed_dict=fd)
            sw.add_summary(sess.run(summary, feed_dict=fd), step)
            sw.flush()
        saver.save(sess, os.path.join(FLAGS.log_dir, "model.ckpt"), global_step=step)
        print(lv, sess.run(ev, fd))


def train_summaries():
    data = input_data.read_data_sets(FLAGS.data_dir, fake_data=FLAGS.fake_data)
    n = data.train.images.shape[1]
    sess = tf.InteractiveSession()
    with tf.name_scope("input"):
        x = tf.placeholder(tf.float32, [None, n], name="x-input")
        y_ = tf.placeholder(tf.int64, [None], name="y-input")

    def variable_summaries(var):
        with tf.name_scope("summaries"):
            mean = tf.reduce_mean(var)
            tf.summary.scalar("mean", mean)
            with tf.name_scope("stddev"):
                stddev = tf.sqrt(tf.reduce_mean(tf.square(var - mean)))
            tf.summary.scalar("stddev", stddev)
            tf.summary.scalar("max", tf.reduce_max(var))
            tf.summary.histogram("histogram", var)

    def nn_layer(t, i, o, name, act=tf.nn.relu):
        with tf.name_scope(name):
            with tf.name_scope("weights"):
                w = tf.Variable(tf.truncated_normal([i, o], stddev=0.1))
                variable_summaries(w)
            with tf.name_scope("biases"):
                b = tf.Variable(tf.constant(0.1, shape=[o]))
                variable_summaries(b)
            with tf.name_scope("Wx_plus_b"):
                pre = tf.matmul(t, w) + b
                tf.summary.histogram("pre_activations", pre)
            a = act(pre, name="activation")
            tf.summary.histogram("activations", a)
            return a

    h = nn_layer(x, n, 50, "layer1")
    with tf.name_scope("dropout"):
        kp = tf.placeholder(tf.float32)
        tf.summary.scalar("dropout_keep_probability", kp)
        dropped = tf.nn.dropout(h, kp)
    y = nn_layer(dropped, 50, 10, "layer2", act=tf.identity)
    with tf.name_scope("cross_entropy"):
        with tf.name_scope("total"):
            ce = tf.losses.sparse_softmax_cross_entropy(labels=y_, logits=y)
    tf.summary.scalar("cross_entropy", ce)
    with tf.name_scope("train"):
        ts = tf.train.AdamOptimizer(FLAGS.learning_rate).minimize(ce)
    with tf.name_scope("accuracy"):
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(y, 1), y_), tf.float32))
    merged = tf.summary.merge_all()
    tw = tf.summary.FileWriter(FLAGS.log_dir + "/train", sess.graph)
    tf.global_variables_initializer().run()

    def feed_dict(train):
        xs, ys = (
            data.train.next_batch(100, fake_data=FLAGS.fake_data)
            if train
            else (data.test.images, data.test.labels)
        )
        return {x: xs, y_: ys, kp: 0.9 if train else 1.0}

    for i in range(12):
        if i % 10 == 0:
            s, a = sess.run([merged, acc], feed_dict=feed_dict(False))
            print("Accuracy at step %s: %s" % (i, a))
        else:
            if i % 10 == 9:
                ro = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
                rm = tf.RunMetadata()
                s, _ = sess.run([merged, ts], feed_dict=feed_dict(True), options=ro, run_metadata=rm)
                tw.add_run_metadata(rm, "step%03d" % i)
            else:
                s, _ = sess.run([merged, ts], feed_dict=feed_dict(True))
            tw.add_summary(s, i)
    tw.close()
    sess.close()


def ptb():
    tf.reset_default_graph()

    class Cfg:
        batch = 4
        steps = 5
        size = 16
        layers = 2
        vocab = 30
        keep = 0.8

    c = Cfg()
    raw = np.random.randint(0, 30, 400)
    raw_data = tf.convert_to_tensor(raw, name="raw_data", dtype=tf.int32)
    data_len = tf.size(raw_data)
    batch_len = data_len // c.batch
    data = tf.reshape(raw_data[0 : c.batch * batch_len], [c.batch, batch_len])
    epoch_size = (batch_len - 1) // c.steps
    assertion = tf.assert_positive(epoch_size, message="epoch_size == 0")
    with tf.control_dependencies([assertion]):
        epoch_size = tf.identity(epoch_size, name="epoch_size")
    i = tf.train.range_input_producer(epoch_size, shuffle=False).dequeue()
    x = tf.strided_slice(data, [0, i * c.steps], [c.batch, (i + 1) * c.steps])
    x.set_shape([c.batch, c.steps])
    y = tf.strided_slice(data, [0, i * c.steps + 1], [c.batch, (i + 1) * c.steps + 1])
    y.set_shape([c.batch, c.steps])
    with tf.variable_scope("Model", reuse=None, initializer=tf.random_uniform_initializer(-0.1, 0.1)):

        def attn_cell():
            return tf.contrib.rnn.DropoutWrapper(
                tf.contrib.rnn.BasicLSTMCell(
                    c.size, forget_bias=0.0, state_is_tuple=True, reuse=tf.get_variable_scope().reuse
                ),
                output_keep_prob=c.keep,
            )

        cell = tf.contrib.rnn.MultiRNNCell([attn_cell() for _ in range(c.layers)], state_is_tuple=True)
        init_state = cell.zero_state(c.batch, tf.float32)
        with tf.device("/cpu:0"):
            emb = tf.get_variable("embedding", [c.vocab, c.size], dtype=tf.float32)
            inputs = tf.nn.embedding_lookup(emb, x)
        inputs = tf.nn.dropout(inputs, c.keep)
        outputs = []
        state = init_state
        with tf.variable_scope("RNN"):
            for t in range(c.steps):
                if t > 0:
                    tf.get_variable_scope().reuse_variables()
                o, state = cell(inputs[:, t, :], state)
                outputs.append(o)
        output = tf.reshape(tf.concat(axis=1, values=outputs), [-1, c.size])
        sw = tf.get_variable("softmax_w", [c.size, c.vocab])
        sb = tf.get_variable("softmax_b", [c.vocab])
        logits = tf.matmul(output, sw) + sb
        loss = tf.contrib.legacy_seq2seq.sequence_loss_by_example(
            [logits], [tf.reshape(y, [-1])], [tf.ones([c.batch * c.steps], dtype=tf.float32)]
        )
        cost = tf.reduce_sum(loss) / c.batch
        lr = tf.Variable(0.0, trainable=False)
        tvars = tf.trainable_variables()
        g, _ = tf.clip_by_global_norm(tf.gradients(cost, tvars), 5)
        train_op = tf.train.GradientDescentOptimizer(lr).apply_gradients(
            zip(g, tvars), global_step=tf.contrib.framework.get_or_create_global_step()
        )
        new_lr = tf.placeholder(tf.float32, shape=[], name="new_learning_rate")
        lr_update = tf.assign(lr, new_lr)
    sv = tf.train.Supervisor(logdir="ptb")
    with sv.managed_session() as session:
        session.run(lr_update, feed_dict={new_lr: 1.0})
        state = session.run(init_state)
        costs = 0
        iters = 0
        es = session.run(epoch_size)
        for step in range(es):
            fd = {}
            for k, (cc, h) in enumerate(init_state):
                fd[cc] = state[k].c
                fd[h] = state[k].h
            vals = session.run({"cost": cost, "eval_op": train_op}, fd)
            costs += vals["cost"]
            iters += c.steps
        print("Perplexity: %.3f" % np.exp(costs / iters))
        sv.saver.save(session, "ptb/final", global_step=sv.global_step)


def cifar():
    tf.reset_default_graph()
    rec = np.concatenate(
        [np.random.randint(0, 10, (30, 1)), np.random.randint(0, 256, (30, 3 * 8 * 8))], 1
    ).astype(np.uint8)
    rec.tofile("data_batch_1.bin")
    with tf.Graph().as_default():
        gs = tf.contrib.framework.get_or_create_global_step()
        fq = tf.train.string_input_producer(["data_batch_1.bin"])
        reader = tf.FixedLengthRecordReader(record_bytes=1 + 192)
        key, value = reader.read(fq)
        rb = tf.decode_raw(value, tf.uint8)
        label = tf.cast(tf.strided_slice(rb, [0], [1]), tf.int32)
        dm = tf.reshape(tf.strided_slice(rb, [1], [193]), [3, 8, 8])
        im = tf.cast(tf.transpose(dm, [1, 2, 0]), tf.float32)
        d = tf.random_crop(im, [6, 6, 3])
        d = tf.image.random_flip_left_right(d)
        d = tf.image.random_brightness(d, max_delta=63)
        d = tf.image.random_contrast(d, lower=0.2, upper=1.8)
        fl = tf.image.per_image_standardization(d)
        fl.set_shape([6, 6, 3])
        label.set_shape([1])
        images, labels = tf.train.shuffle_batch(
            [fl, label], batch_size=8, num_threads=16, capacity=50, min_after_dequeue=10
        )
        labels = tf.reshape(labels, [8])
        tf.summary.image("images", images)

        def _variable_with_weight_decay(name, shape, stddev, wd):
            var = tf.get_variable(
                name,
                shape,
                initializer=tf.truncated_normal_initializer(stddev=stddev, dtype=tf.float32),
                dtype=tf.float32,
            )
            if wd is not None:
                tf.add_to_collection("losses", tf.multiply(tf.nn.l2_loss(var), wd, name="weight_loss"))
            return var

        with tf.variable_scope("conv1") as scope:
            kernel = _variable_with_weight_decay("weights", [5, 5, 3, 8], 5e-2, 0.0)
            conv = tf.nn.conv2d(images, kernel, [1, 1, 1, 1], padding="SAME")
            conv1 = tf.nn.relu(
                tf.nn.bias_add(
                    conv, tf.get_variable("biases", [8], initializer=tf.constant_initializer(0.0))
                ),
                name=scope.name,
            )
            tf.summary.scalar(conv1.op.name + "/sparsity", tf.nn.zero_fraction(conv1))
        pool1 = tf.nn.max_pool(conv1, ksize=[1, 3, 3, 1], strides=[1, 2, 2, 1], padding="SAME", name="pool1")
        norm1 = tf.nn.lrn(pool1, 4, bias=1.0, alpha=0.001 / 9.0, beta=0.75, name="norm1")
        reshape = tf.reshape(norm1, [8, -1])
        dim = reshape.get_shape()[1].value
        with tf.variable_scope("local3") as scope:
            w = _variable_with_weight_decay("weights", [dim, 10], 0.04, 0.004)
            logits = tf.matmul(reshape, w)
        ce = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.cast(labels, tf.int64), logits=logits)
        tf.add_to_collection("losses", tf.reduce_mean(ce, name="ce"))
        loss = tf.add_n(tf.get_collection("losses"), name="total_loss")
        la = tf.train.ExponentialMovingAverage(0.9, name="avg")
        lao = la.apply(tf.get_collection("losses") + [loss])
        lr = tf.train.exponential_decay(0.1, gs, 100, 0.1, staircase=True)
        with tf.control_dependencies([lao]):
            opt = tf.train.GradientDescentOptimizer(lr)
            grads = opt.compute_gradients(loss)
        ag = opt.apply_gradients(grads, global_step=gs)
        for g, v in grads:
            if g is not None:
                tf.summary.histogram(v.op.name + "/gradients", g)
        va = tf.train.ExponentialMovingAverage(0.999, gs)
        vao = va.apply(tf.trainable_variables())
        with tf.control_dependencies([ag, vao]):
            train_op = tf.no_op(name="train")

        class _LoggerHook(tf.train.SessionRunHook):
            def begin(self):
                self._step = -1

            def before_run(self, rc):
                self._step += 1
                self._start = time.time()
                return tf.train.SessionRunArgs(loss)

            def after_run(self, rc, rv):
                if self._step % 5 == 0:
                    print("step %d, loss = %.2f" % (self._step, rv.results))

        with tf.train.MonitoredTrainingSession(
            checkpoint_dir="cif",
            hooks=[tf.train.StopAtStepHook(last_step=12), tf.train.NanTensorHook(loss), _LoggerHook()],
            config=tf.ConfigProto(log_device_placement=False),
        ) as ms:
            while not ms.should_stop():
                ms.run(train_op)
    with tf.Graph().as_default():
        w = tf.get_variable("conv1/weights", [5, 5, 3, 8])
        va = tf.train.ExponentialMovingAverage(0.999)
        sv = tf.train.Saver(va.variables_to_restore())
        with tf.Session() as s:
            ck = tf.train.get_checkpoint_state("cif")
            sv.restore(s, ck.model_checkpoint_path)
            print(ck.model_checkpoint_path.split("/")[-1].split("-")[-1], w.eval().shape)


def main(_):
    run_training()
    train_summaries()
    ptb()
    cifar()


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--fake_data", nargs="?", const=True, type=bool, default=False)
    p.add_argument("--learning_rate", type=float, default=0.001)
    p.add_argument("--data_dir", type=str, default=os.path.join(os.getenv("TEST_TMPDIR", "/tmp"), "in"))
    p.add_argument("--log_dir", type=str, default="logs")
    FLAGS, unparsed = p.parse_known_args()
    tf.app.run(main=main, argv=[sys.argv[0]] + unparsed)
