"""The backend: placeholders, functions with updates and the learning phase, gradients, and its arithmetic."""

import numpy as np
from keras import backend as K
from keras.layers import BatchNormalization, Dense, Dropout, Input
from keras.models import Model, Sequential
from keras.optimizers import SGD

# functions of placeholders
x, y = K.placeholder(shape=(None, 3)), K.placeholder(ndim=2)
f = K.function([x, y], [K.dot(x, K.transpose(y)), K.sum(K.square(x), axis=-1)])
a, b = np.random.rand(4, 3).astype("float32"), np.random.rand(5, 3).astype("float32")
product, squares = f([a, b])
assert np.allclose(product, a @ b.T, atol=1e-6) and np.allclose(squares, (a**2).sum(1))

# variables and updates
counter, total = K.variable(0.0), K.zeros(shape=(3,))
step = K.function([x], [K.mean(x)], updates=[K.update_add(counter, 1.0), (total, total + K.sum(x, axis=0))])
for _ in range(3):
    step([a])
assert K.get_value(counter) == 3 and np.allclose(K.get_value(total), 3 * a.sum(0), atol=1e-5)
K.set_value(counter, 7)
assert K.eval(counter) == 7 and K.eval(counter * 2) == 14
assert K.int_shape(total) == (3,) and K.ndim(x) == 2 and K.dtype(total) == "float32"

# gradients by hand: a training loop
X = np.random.randn(200, 3).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5]], "float32") + 3
inputs, targets = K.placeholder((None, 3)), K.placeholder((None, 1))
w, bias = K.variable(np.zeros((3, 1))), K.variable(np.zeros(1))
loss = K.mean(K.square(K.dot(inputs, w) + bias - targets))
grads = K.gradients(loss, [w, bias])
train = K.function([inputs, targets], [loss], updates=[(p, p - 0.1 * g) for p, g in zip([w, bias], grads)])
losses = [train([X, Y])[0] for _ in range(200)]
assert losses[-1] < 1e-6 and np.allclose(K.get_value(w).ravel(), [1, -2, 0.5], atol=1e-3)

# an optimizer's updates in a function
model = Sequential([Dense(1, input_shape=(3,))])
goal = K.placeholder((None, 1))
loss = K.mean(K.square(model.output - goal))
updates = SGD(lr=0.1).get_updates(loss, model.trainable_weights)
train = K.function([model.input, goal], [loss], updates=updates)
for _ in range(200):
    value = train([X, Y])[0]
assert value < 1e-5

# the learning phase: outputs of inner layers in training and not
inp = Input((6,))
h = Dropout(0.5)(inp)
model = Model(inp, BatchNormalization()(h))
inner = K.function([model.layers[0].input, K.learning_phase()], [model.layers[1].output])
ones = np.ones((50, 6), "float32")
dropped = inner([ones, 1])[0]
assert set(np.unique(dropped)) == {0.0, 2.0} and np.array_equal(inner([ones, 0])[0], ones)

# arithmetic
v = K.variable([[1.0, -2.0], [3.0, 4.0]])
checks = [
    (K.abs(v), [[1, 2], [3, 4]]), (K.clip(v, -1, 3), [[1, -1], [3, 3]]), (K.max(v, axis=0), [3, 4]),
    (K.argmax(v, axis=-1), [0, 1]), (K.relu(v, alpha=0.5), [[1, -1], [3, 4]]), (K.cumsum(v, axis=1), [[1, -1], [3, 7]]),
    (K.expand_dims(K.flatten(v), 0), [[1, -2, 3, 4]]), (K.permute_dimensions(v, (1, 0)), [[1, 3], [-2, 4]]),
    (K.concatenate([v, v], axis=0)[2:], [[1, -2], [3, 4]]), (K.repeat_elements(v, 2, axis=1)[0], [1, 1, -2, -2]),
    (K.gather(v, np.array([1, 0])), [[3, 4], [1, -2]]), (K.one_hot(np.array([1]), 3), [[0, 1, 0]]), (K.prod(v), -24),
    (K.any(K.greater(v, 3.5), axis=1), [False, True]),
    (K.switch(K.greater(v, 0), v, K.zeros_like(v)), [[1, 0], [3, 4]]),
    (K.batch_dot(K.reshape(v, (2, 1, 2)), K.reshape(v, (2, 2, 1)), axes=[2, 1]), [[[5]], [[25]]]),
    (K.l2_normalize(K.variable([[3.0, 4.0]]), axis=1), [[0.6, 0.8]]), (K.sqrt(K.constant([-1.0, 4.0])), [0, 2]),
    (K.std(v), np.std([1, -2, 3, 4])), (K.var(v, axis=0), [1, 9]),
    (K.hard_sigmoid(K.constant([-3.0, 0, 1])), [0, 0.5, 0.7]),
    (K.round(K.constant([0.6])), [1]), (K.stack([v, v]).shape, (2, 2, 2)),
    (K.tile(K.constant([1.0, 2.0]), 2), [1, 2, 1, 2]),
    (K.arange(3), [0, 1, 2]), (K.eye(2), [[1, 0], [0, 1]]), (K.logsumexp(K.zeros((2,))), np.log(2)),
    (K.epsilon(), 1e-7),
    (K.categorical_crossentropy(K.constant([[0.0, 1.0]]), K.constant([[0.25, 0.75]])), [-np.log(0.75)]),
    (K.binary_crossentropy(K.constant([1.0]), K.constant([0.5])), [np.log(2)]), (K.reverse(v, 0), [[3, 4], [1, -2]]),
    (K.map_fn(lambda r: K.sum(r), v), [-1, 7]), (K.foldl(lambda s, r: s + r, v), [4, 2]), (K.count_params(v), 4),
    (K.in_top_k(K.constant([[0.1, 0.9]]), np.array([1]), 1), [True]), (K.sum(K.ones((2, 3)), keepdims=True), [[6]]),
]  # fmt: skip
for k, (got, wanted) in enumerate(checks):
    got = K.eval(got) if K.is_tensor(got) else got
    assert np.allclose(got, wanted, atol=1e-6), (k, got, wanted)
print(
    len(checks),
    "backend functions checked; image_data_format:",
    K.image_data_format(),
    K.backend(),
    K.floatx(),
)
