"""Policy gradients collected in holders and applied every few episodes; an actor with a distribution and averages."""

import numpy as np
import tensorflow as tf
import tensorflow.contrib.slim as slim

np.random.seed(1)
tf.set_random_seed(1)


class Grid:
    def __init__(self, n=4):
        self.n = n

    def reset(self):
        self.p = [0, 0]
        self.t = 0
        return self.s()

    def s(self):
        v = np.zeros(self.n * self.n, "f")
        v[self.p[0] * self.n + self.p[1]] = 1
        return v

    def step(self, a):
        d = [(0, 1), (0, -1), (1, 0), (-1, 0)][a]
        self.p = [min(max(self.p[k] + d[k], 0), self.n - 1) for k in (0, 1)]
        self.t += 1
        done = self.p == [self.n - 1] * 2
        return self.s(), 1.0 if done else -0.05, done or self.t > 40, {}


env = Grid()


# policy gradient (awjuliani)
class agent:
    def __init__(self, lr, s_size, a_size, h_size):
        self.state_in = tf.placeholder(shape=[None, s_size], dtype=tf.float32)
        hidden = slim.fully_connected(
            self.state_in, h_size, biases_initializer=None, activation_fn=tf.nn.relu
        )
        self.output = slim.fully_connected(
            hidden, a_size, activation_fn=tf.nn.softmax, biases_initializer=None
        )
        self.chosen_action = tf.argmax(self.output, 1)
        self.reward_holder = tf.placeholder(shape=[None], dtype=tf.float32)
        self.action_holder = tf.placeholder(shape=[None], dtype=tf.int32)
        self.indexes = tf.range(0, tf.shape(self.output)[0]) * tf.shape(self.output)[1] + self.action_holder
        self.responsible_outputs = tf.gather(tf.reshape(self.output, [-1]), self.indexes)
        self.loss = -tf.reduce_mean(tf.log(self.responsible_outputs) * self.reward_holder)
        tvars = tf.trainable_variables()
        self.gradient_holders = []
        for idx, var in enumerate(tvars):
            self.gradient_holders.append(tf.placeholder(tf.float32, name=str(idx) + "_holder"))
        self.gradients = tf.gradients(self.loss, tvars)
        self.update_batch = tf.train.AdamOptimizer(learning_rate=lr).apply_gradients(
            zip(self.gradient_holders, tvars)
        )


A = agent(1e-2, 16, 4, 8)
gamma = 0.97


def discount(r):
    d = np.zeros_like(r)
    run = 0
    for t in reversed(range(0, r.size)):
        run = run * gamma + r[t]
        d[t] = run
    return d


with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    gradBuffer = sess.run(tf.trainable_variables())
    for ix, grad in enumerate(gradBuffer):
        gradBuffer[ix] = grad * 0
    tot = []
    for i in range(60):
        s = env.reset()
        hist = []
        done = False
        R = 0
        while not done:
            a_dist = sess.run(A.output, feed_dict={A.state_in: [s]})
            a = np.random.choice(4, p=a_dist[0] / a_dist[0].sum())
            s1, r, done, _ = env.step(a)
            hist.append([s, a, r, s1])
            s = s1
            R += r
        hist = np.array(hist, dtype=object)
        hist[:, 2] = discount(hist[:, 2])
        fd = {
            A.reward_holder: hist[:, 2].astype("f"),
            A.action_holder: hist[:, 1],
            A.state_in: np.vstack(hist[:, 0]),
        }
        grads = sess.run(A.gradients, feed_dict=fd)
        for idx, g in enumerate(grads):
            gradBuffer[idx] += g
        if i % 5 == 0 and i != 0:
            sess.run(A.update_batch, feed_dict=dict(zip(A.gradient_holders, gradBuffer)))
            for ix, g in enumerate(gradBuffer):
                gradBuffer[ix] = g * 0
        tot.append(R)
    print("pg", np.mean(tot[-10:]))
# DDPG-ish actor critic w/ distributions, ema, clipping
tf.reset_default_graph()
S = tf.placeholder(tf.float32, [None, 3])
A_ = tf.placeholder(tf.float32, [None, 1])
with tf.variable_scope("pi"):
    l = tf.layers.dense(S, 10, tf.nn.relu, trainable=True)
    mu = 2 * tf.layers.dense(l, 1, tf.nn.tanh)
    sigma = tf.layers.dense(l, 1, tf.nn.softplus)
    norm = tf.distributions.Normal(loc=mu, scale=sigma)
params = tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope="pi")
samp = tf.squeeze(norm.sample(1), axis=0)
lp = norm.log_prob(A_)
ent = norm.entropy()
aloss = -tf.reduce_mean(lp * 0.5 + 0.01 * ent)
ema = tf.train.ExponentialMovingAverage(decay=0.99)


def ema_getter(getter, name, *args, **kwargs):
    return ema.average(getter(name, *args, **kwargs))


tu = ema.apply(params)
with tf.variable_scope("pi", reuse=True, custom_getter=ema_getter):
    tl = tf.layers.dense(S, 10, tf.nn.relu, name="dense")
    tm = 2 * tf.layers.dense(tl, 1, tf.nn.tanh, name="dense_1")
opt = tf.train.AdamOptimizer(1e-3)
g, v = zip(*opt.compute_gradients(aloss, params))
g, _ = tf.clip_by_global_norm(g, 5.0)
tr = opt.apply_gradients(zip(g, v))
with tf.control_dependencies([tu]):
    tr2 = tf.group(tr)
with tf.Session() as s:
    s.run(tf.global_variables_initializer())
    x = np.random.randn(5, 3)
    for _ in range(3):
        s.run(tr2, {S: x, A_: np.random.randn(5, 1)})
    print(s.run([samp, tm], {S: x})[0].shape)
