"""tf.function: what is traced when, signatures, state, control flow on tensors, methods, functions in functions."""

import numpy as np
import tensorflow as tf

traced = []


@tf.function
def double(a):
    traced.append(a.dtype)
    return a + a


assert double(tf.constant(1)).numpy() == 2 and abs(double(tf.constant(1.1)).numpy() - 2.2) < 1e-6
assert double(tf.constant(3)).numpy() == 6 and len(traced) == 2  # one trace for each dtype
double(tf.constant([1.0, 2.0]))
assert len(traced) == 3 and double.experimental_get_tracing_count() == 3


@tf.function(input_signature=(tf.TensorSpec(shape=[None], dtype=tf.int32),))
def next_collatz(x):
    return tf.where(x % 2 == 0, x // 2, 3 * x + 1)


assert next_collatz(tf.constant([1, 2])).numpy().tolist() == [4, 1]
for wrong in (tf.constant([[1, 2], [3, 4]]), tf.constant([1.0, 2.0])):
    try:
        next_collatz(wrong)
        raise SystemExit("a wrong argument was accepted")
    except (TypeError, ValueError):
        pass


class Counter(tf.Module):
    def __init__(self):
        super().__init__()
        self.count = tf.Variable(0)

    @tf.function
    def __call__(self, n=1):
        return self.count.assign_add(n)


one, two = Counter(), Counter()
one(), one(), two(5)
assert (one.count.numpy(), two.count.numpy()) == (2, 5)


@tf.function
def collatz_steps(n):
    steps = tf.constant(0)
    while n != 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps


assert collatz_steps(tf.constant(27)).numpy() == 111


@tf.function
def fizzbuzz(n):
    found = []
    for i in tf.range(1, n + 1):
        if i % 15 == 0:
            found.append("FizzBuzz")
        elif i % 3 == 0:
            found.append("Fizz")
        else:
            found.append(str(int(i)))
    return found


assert fizzbuzz(tf.constant(15))[-1] == "FizzBuzz" and fizzbuzz(tf.constant(5))[2] == "Fizz"


@tf.function
def relu_by_cond(x):
    return tf.cond(x > 0, lambda: x, lambda: 0.0 * x)


@tf.function
def power_by_loop(x, n):
    i, y = tf.while_loop(lambda i, y: i < n, lambda i, y: (i + 1, y * x), (tf.constant(0), tf.constant(1.0)))
    return y


assert relu_by_cond(tf.constant(2.0)).numpy() == 2 and relu_by_cond(tf.constant(-2.0)).numpy() == 0
assert power_by_loop(tf.constant(2.0), tf.constant(10)).numpy() == 1024
assert power_by_loop(tf.constant(2.0), tf.constant(3)).numpy() == 8


@tf.function
def dense_layer(x, w, b):
    return tf.matmul(x, w) + b


w, b = tf.Variable(tf.ones([2, 2])), tf.Variable([1.0, 2.0])
assert dense_layer(tf.ones([3, 2]), w, b).numpy().tolist() == [[3.0, 4.0]] * 3
with tf.GradientTape() as tape:  # through a compiled function
    loss = tf.reduce_sum(dense_layer(tf.ones([3, 2]), w, b) ** 2)
grads = tape.gradient(loss, [w, b])
assert grads[1].numpy().tolist() == [18.0, 24.0] and grads[0].shape == (2, 2)


@tf.function
def noisy(x):
    return x + tf.random.normal(tf.shape(x))


x = tf.zeros([4])
assert not np.array_equal(noisy(x).numpy(), noisy(x).numpy())


@tf.function
def array_sum(n):
    ta = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    for i in tf.range(n):
        ta = ta.write(i, tf.cast(i, tf.float32) * 2.0)
    return tf.reduce_sum(ta.stack())


assert array_sum(tf.constant(5)).numpy() == 20
tf.config.run_functions_eagerly(True)
before = len(traced)
double(tf.constant(1)), double(tf.constant(1))
assert len(traced) == before + 2
tf.config.run_functions_eagerly(False)
print("functions ok")
