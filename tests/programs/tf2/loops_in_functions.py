"""Loops over tensors and data sets in functions that run as the Python they are: turns compiled, meaning unchanged."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)
traced = []


@tf.function
def collatz(n):
    steps = tf.constant(0)
    while n > 1:
        traced.append("collatz")
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps


assert [int(collatz(tf.constant(n))) for n in (27, 1, 6, 97)] == [111, 0, 8, 118]
assert traced.count("collatz") < 60  # of 237 turns

matrix = tf.constant(rng.rand(40, 3).astype("float32"))
targets = tf.linalg.matvec(matrix, [1.0, -2.0, 0.5])
weights = tf.Variable(tf.zeros([3]))


@tf.function
def descend(turns, rate):
    loss = None
    for _ in tf.range(turns):
        traced.append("descend")
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(tf.linalg.matvec(matrix, weights) - targets))
        weights.assign_sub(rate * tape.gradient(loss, weights))
    return loss


first, later = descend(tf.constant(500), 0.5), descend(tf.constant(300), 0.5)
assert later <= first < 1e-3 and traced.count("descend") < 12, (first, later, traced.count("descend"))
np.testing.assert_allclose(weights, [1, -2, 0.5], atol=0.02)

model = tf.keras.Sequential([tf.keras.layers.Dense(16, activation="relu"), tf.keras.layers.Dense(1)])
model.build((None, 3))
optimizer = tf.keras.optimizers.Adam(0.01)
seen = tf.keras.metrics.Mean()


def train_one_step(model, optimizer, x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(x)[:, 0] - y))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    seen(loss)
    return loss


@tf.function
def train(model, optimizer, dataset):
    step, loss, told = 0, 0.0, 0
    for number, (x, y) in enumerate(dataset):
        traced.append("train")
        step += 1
        loss = train_one_step(model, optimizer, x, y)
        if number % 5 != 4:
            continue
        told += step
    return step, loss, told


data = tf.data.Dataset.from_tensor_slices((matrix, targets)).batch(6)
losses = []
for epoch in range(30):
    step, loss, told = train(model, optimizer, data)
    assert (int(step), int(told)) == (7, 5)
    losses.append(float(loss))
assert losses[-1] < 0.2 * losses[0] and traced.count("train") < 60  # of 210 turns
assert float(seen.result()) > 0


@tf.function
def largest_of_rows(rows):
    total = 0.0
    for row in rows:
        best = row[0]
        for value in row:
            if value > best:
                best = value
        total += best
    return total


rows = rng.rand(70, 66).astype("float32")
np.testing.assert_allclose(largest_of_rows(tf.constant(rows)), rows.max(1).sum(), rtol=1e-5)


@tf.function
def growing(n):
    x = tf.zeros([1])
    for i in tf.range(n):
        tf.autograph.experimental.set_loop_options(shape_invariants=[(x, tf.TensorShape([None]))])
        x = tf.concat([x, [tf.cast(i, tf.float32)]], 0)
    return x


np.testing.assert_array_equal(growing(tf.constant(80)), [0.0, *range(80)])


@tf.function
def taken(iterator, n):
    total = 0.0
    for _ in tf.range(n):
        total += next(iterator)
    return total


numbers = iter(tf.data.Dataset.range(1000).map(lambda x: tf.cast(x, tf.float32)))
assert [float(taken(numbers, tf.constant(n))) for n in (100, 200)] == [4950.0, 39900.0]


@tf.function
def squares(n):
    made = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    for i in tf.range(n):
        made = made.write(i, tf.cast(i, tf.float32) ** 2)
    return made.stack()


np.testing.assert_array_equal(squares(tf.constant(70)), np.arange(70.0) ** 2)


@tf.function
def episode(state, steps):
    rewards = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    for t in tf.range(steps):
        traced.append("episode")
        state = state * 0.9 + tf.cast(t % 3, tf.float32)
        rewards = rewards.write(t, tf.reduce_sum(state))
        if tf.reduce_sum(state) > 8.5:
            break
    return rewards.stack(), t


rewards, t = episode(tf.zeros([2]), tf.constant(200))
state, wanted = 0.0, []
for k in range(200):
    state = state * 0.9 + k % 3
    wanted.append(2 * state)
    if 2 * state > 8.5:
        break
np.testing.assert_allclose(rewards, wanted, rtol=1e-4)
long, _ = episode(tf.fill([2], -40.0), tf.constant(200))
assert int(t) == k == len(wanted) - 1 and traced.count("episode") < len(long) + k - 10


class Walker:
    def __init__(self, stride):
        self.stride = stride
        self.place = tf.Variable(0)

    @tf.function
    def walk(self, n):
        pair = (tf.constant(0), {"turns": tf.constant(0)})
        for i in tf.range(n):
            self.place.assign_add(self.stride)
            pair = (pair[0] + i, {"turns": pair[1]["turns"] + 1})
        return pair


for walker in (Walker(2), Walker(3)):
    for _ in range(2):
        total, counted = walker.walk(tf.constant(90))
        assert int(total) == 4005 and int(counted["turns"]) == 90
    assert int(walker.place) == 180 * walker.stride
print("turns noted:", {name: 0 < traced.count(name) for name in ("collatz", "descend", "train")})
