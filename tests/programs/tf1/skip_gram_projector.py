"""Skip-gram with noise-contrastive estimation over a generator, its table shown in the Projector."""

import numpy as np
import tensorflow as tf
from tensorflow.contrib.tensorboard.plugins import projector


# word2vec with generator and projector
def gen():
    for _ in range(30):
        yield np.random.randint(0, 50, (16,)), np.random.randint(0, 50, (16, 1))


dataset = tf.data.Dataset.from_generator(
    gen, (tf.int32, tf.int32), (tf.TensorShape([16]), tf.TensorShape([16, 1]))
)


class SkipGramModel:
    def __init__(self, dataset):
        self.global_step = tf.get_variable("gs2", initializer=tf.constant(0), trainable=False)
        self.dataset = dataset

    def build(self):
        with tf.name_scope("data"):
            self.iterator = self.dataset.make_initializable_iterator()
            self.center, self.target = self.iterator.get_next()
        with tf.name_scope("embed"):
            self.E = tf.get_variable(
                "embed_matrix", shape=[50, 8], initializer=tf.random_uniform_initializer()
            )
            self.embed = tf.nn.embedding_lookup(self.E, self.center, name="embedding")
        with tf.name_scope("loss"):
            nw = tf.get_variable(
                "nce_weight",
                shape=[50, 8],
                initializer=tf.truncated_normal_initializer(stddev=1.0 / (8**0.5)),
            )
            nb = tf.get_variable("nce_bias", initializer=tf.zeros([50]))
            self.loss = tf.reduce_mean(
                tf.nn.nce_loss(
                    weights=nw,
                    biases=nb,
                    labels=self.target,
                    inputs=self.embed,
                    num_sampled=4,
                    num_classes=50,
                ),
                name="loss",
            )
        self.opt = tf.train.GradientDescentOptimizer(0.5).minimize(self.loss, global_step=self.global_step)


m = SkipGramModel(dataset)
m.build()
with tf.Session() as sess:
    sess.run(m.iterator.initializer)
    sess.run(tf.global_variables_initializer())
    for i in range(40):
        try:
            l, _ = sess.run([m.loss, m.opt])
        except tf.errors.OutOfRangeError:
            sess.run(m.iterator.initializer)
    print(l)
    final = sess.run(m.E)
    ev = tf.Variable(final[:20], name="embedding")
    sess.run(ev.initializer)
    config = projector.ProjectorConfig()
    wr = tf.summary.FileWriter("visualization")
    e = config.embeddings.add()
    e.tensor_name = ev.name
    e.metadata_path = "vocab.tsv"
    projector.visualize_embeddings(wr, config)
    tf.train.Saver([ev]).save(sess, "visualization/model.ckpt", 1)
    print(open("visualization/projector_config.pbtxt").read())

assert final.shape == (50, 8) and l < 20, l
assert 'metadata_path: "vocab.tsv"' in open("visualization/projector_config.pbtxt").read()
