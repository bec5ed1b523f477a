"""Deep Q-learning on a grid: two networks by scope, replay, copied weights."""

import numpy as np
import tensorflow as tf

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


class DeepQNetwork:
    def __init__(
        self,
        n_actions,
        n_features,
        learning_rate=0.01,
        reward_decay=0.9,
        e_greedy=0.9,
        replace_target_iter=50,
        memory_size=500,
        batch_size=32,
        e_greedy_increment=0.002,
        output_graph=True,
    ):
        self.n_actions = n_actions
        self.n_features = n_features
        self.lr = learning_rate
        self.gamma = reward_decay
        self.epsilon_max = e_greedy
        self.replace_target_iter = replace_target_iter
        self.memory_size = memory_size
        self.batch_size = batch_size
        self.inc = e_greedy_increment
        self.epsilon = 0
        self.learn_step_counter = 0
        self.memory = np.zeros((memory_size, n_features * 2 + 2))
        self._build_net()
        t_params = tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope="target_net")
        e_params = tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope="eval_net")
        with tf.variable_scope("soft_replacement"):
            self.target_replace_op = [tf.assign(t, e) for t, e in zip(t_params, e_params)]
        self.sess = tf.Session()
        if output_graph:
            tf.summary.FileWriter("logs/", self.sess.graph)
        self.sess.run(tf.global_variables_initializer())

    def _build_net(self):
        self.s = tf.placeholder(tf.float32, [None, self.n_features], name="s")
        self.s_ = tf.placeholder(tf.float32, [None, self.n_features], name="s_")
        self.r = tf.placeholder(
            tf.float32,
            [
                None,
            ],
            name="r",
        )
        self.a = tf.placeholder(
            tf.int32,
            [
                None,
            ],
            name="a",
        )
        w_initializer, b_initializer = tf.random_normal_initializer(0.0, 0.3), tf.constant_initializer(0.1)
        with tf.variable_scope("eval_net"):
            e1 = tf.layers.dense(
                self.s,
                20,
                tf.nn.relu,
                kernel_initializer=w_initializer,
                bias_initializer=b_initializer,
                name="e1",
            )
            self.q_eval = tf.layers.dense(
                e1, self.n_actions, kernel_initializer=w_initializer, bias_initializer=b_initializer, name="q"
            )
        with tf.variable_scope("target_net"):
            t1 = tf.layers.dense(
                self.s_,
                20,
                tf.nn.relu,
                kernel_initializer=w_initializer,
                bias_initializer=b_initializer,
                name="t1",
            )
            self.q_next = tf.layers.dense(
                t1,
                self.n_actions,
                kernel_initializer=w_initializer,
                bias_initializer=b_initializer,
                name="t2",
            )
        with tf.variable_scope("q_target"):
            q_target = self.r + self.gamma * tf.reduce_max(self.q_next, axis=1, name="Qmax_s_")
            self.q_target = tf.stop_gradient(q_target)
        with tf.variable_scope("q_eval"):
            a_indices = tf.stack([tf.range(tf.shape(self.a)[0], dtype=tf.int32), self.a], axis=1)
            self.q_eval_wrt_a = tf.gather_nd(params=self.q_eval, indices=a_indices)
        with tf.variable_scope("loss"):
            self.loss = tf.reduce_mean(
                tf.squared_difference(self.q_target, self.q_eval_wrt_a, name="TD_error")
            )
        with tf.variable_scope("train"):
            self._train_op = tf.train.RMSPropOptimizer(self.lr).minimize(self.loss)

    def store(self, s, a, r, s_):
        if not hasattr(self, "mc"):
            self.mc = 0
        self.memory[self.mc % self.memory_size, :] = np.hstack((s, [a, r], s_))
        self.mc += 1

    def choose(self, o):
        if np.random.uniform() < self.epsilon:
            return np.argmax(self.sess.run(self.q_eval, feed_dict={self.s: o[np.newaxis, :]}))
        return np.random.randint(0, self.n_actions)

    def learn(self):
        if self.learn_step_counter % self.replace_target_iter == 0:
            self.sess.run(self.target_replace_op)
        b = self.memory[np.random.choice(min(self.mc, self.memory_size), size=self.batch_size), :]
        nf = self.n_features
        _, cost = self.sess.run(
            [self._train_op, self.loss],
            feed_dict={self.s: b[:, :nf], self.a: b[:, nf], self.r: b[:, nf + 1], self.s_: b[:, -nf:]},
        )
        self.epsilon = min(self.epsilon + self.inc, self.epsilon_max)
        self.learn_step_counter += 1
        return cost


env = Grid()
RL = DeepQNetwork(4, 16)
step = 0
for ep in range(60):
    o = env.reset()
    while True:
        a = RL.choose(o)
        o_, r, done, _ = env.step(a)
        RL.store(o, a, r, o_)
        if step > 100:
            RL.learn()
        o = o_
        step += 1
        if done:
            break
RL.epsilon = 1
o = env.reset()
done = False
n = 0
while not done:
    o, r, done, _ = env.step(RL.choose(o))
    n += 1
print("greedy steps", n)
assert n <= 10, n
