"""Training that stops and goes on: tf.train.Checkpoint, CheckpointManager, save_weights."""

import numpy as np
import tensorflow as tf


class Net(tf.keras.Model):
    """A simple linear model."""

    def __init__(self):
        super(Net, self).__init__()
        self.l1 = tf.keras.layers.Dense(5)

    def call(self, x):
        return self.l1(x)


def toy_dataset():
    inputs = tf.range(10.0)[:, None]
    labels = inputs * 5.0 + tf.range(5.0)[None, :]
    return tf.data.Dataset.from_tensor_slices(dict(x=inputs, y=labels)).repeat().batch(2)


def train_step(net, example, optimizer):
    """Trains `net` on `example` using `optimizer`."""
    with tf.GradientTape() as tape:
        output = net(example["x"])
        loss = tf.reduce_mean(tf.abs(output - example["y"]))
    variables = net.trainable_variables
    gradients = tape.gradient(loss, variables)
    optimizer.apply_gradients(zip(gradients, variables))
    return loss


def train_and_checkpoint(net, manager):
    ckpt.restore(manager.latest_checkpoint)
    if manager.latest_checkpoint:
        print("Restored from {}".format(manager.latest_checkpoint))
    else:
        print("Initializing from scratch.")
    iterator = iter(toy_dataset())
    for _ in range(50):
        loss = train_step(net, next(iterator), opt)
        ckpt.step.assign_add(1)
        if int(ckpt.step) % 10 == 0:
            save_path = manager.save()
            print("Saved checkpoint for step {}: {}".format(int(ckpt.step), save_path))
    return loss


net, opt = Net(), tf.keras.optimizers.Adam(0.1)
ckpt = tf.train.Checkpoint(step=tf.Variable(1), optimizer=opt, net=net)
manager = tf.train.CheckpointManager(ckpt, "./tf_ckpts", max_to_keep=3)
first_loss = train_and_checkpoint(net, manager)
assert len(manager.checkpoints) == 3 and manager.checkpoints[-1].endswith("ckpt-5")
kept = [v.numpy() for v in net.variables]

net.build((None, 1))
opt, net = tf.keras.optimizers.Adam(0.1), Net()
net(tf.zeros((1, 1)))
ckpt = tf.train.Checkpoint(step=tf.Variable(1), optimizer=opt, net=net)
manager = tf.train.CheckpointManager(ckpt, "./tf_ckpts", max_to_keep=3)
assert tf.train.latest_checkpoint("./tf_ckpts") == manager.latest_checkpoint
second_loss = train_and_checkpoint(net, manager)
assert int(ckpt.step) == 100 and opt.iterations.numpy() == 99 and second_loss < first_loss
assert len(tf.train.list_variables(manager.latest_checkpoint)) == 10

# one variable alone, and weights of a model
root = tf.train.Checkpoint(v=tf.Variable([1.0, 2.0]))
path = root.save("single/ckpt")
root.v.assign([5.0, 6.0])
root.restore(path).assert_consumed()
assert root.v.numpy().tolist() == [1.0, 2.0] and path == "single/ckpt-1"
net.save_weights("weights.h5")
other = Net()
other(tf.zeros((1, 1)))
other.load_weights("weights.h5")
assert all(np.array_equal(a.numpy(), b.numpy()) for a, b in zip(net.variables, other.variables))
try:
    tf.train.Checkpoint(v=tf.Variable([0.0, 0.0]), w=tf.Variable(0.0)).restore(
        path
    ).assert_existing_objects_matched()
    raise SystemExit("a missing variable was not told")
except (AssertionError, ValueError) as error:
    print("as expected:", type(error).__name__)
