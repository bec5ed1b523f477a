"""Tables that a loss only gathers rows from: what each optimizer of TensorFlow 1 and 2 does with the other rows.

The expected numbers are those of TensorFlow 2.21's ``tf.compat.v1.train`` and of tf_keras's optimizers with the
arithmetic of TensorFlow 2.4: the second column of a table [4, 3] (or [5, 2]).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf1
from thalweg import optimizers
from thalweg.compat import keras as modern
from thalweg.compat import tf2
from thalweg.compat.keras import classic
from thalweg.graph.tensor import Variable

tf: Any = tf2
K: Any = modern.optimizers
T: Any = tf1.train
TABLE = np.arange(12.0, dtype=np.float32).reshape(4, 3) / 10 - 0.3

OURS: dict[str, Any] = {
    "sgd": lambda **o: K.SGD(0.1, **o),
    "sgdm": lambda **o: K.SGD(0.1, momentum=0.9, **o),
    "sgdn": lambda **o: K.SGD(0.1, momentum=0.9, nesterov=True, **o),
    "adam": lambda **o: K.Adam(0.1, **o),
    "amsgrad": lambda **o: K.Adam(0.1, amsgrad=True, **o),
    "adagrad": lambda **o: K.Adagrad(0.1, **o),
    "adadelta": lambda **o: K.Adadelta(1.0, **o),
    "rms": lambda **o: K.RMSprop(0.1, **o),
    "rmsm": lambda **o: K.RMSprop(0.1, momentum=0.9, **o),
    "rmsc": lambda **o: K.RMSprop(0.1, centered=True, **o),
    "rmscm": lambda **o: K.RMSprop(0.1, centered=True, momentum=0.9, **o),
    "adamax": lambda **o: K.Adamax(0.1, **o),
    "nadam": lambda **o: K.Nadam(0.1, **o),
    "ftrl": lambda **o: K.Ftrl(0.1, **o),
    "ftrls": lambda **o: K.Ftrl(0.1, l2_shrinkage_regularization_strength=0.02, **o),
}  # fmt: skip
# Four steps by rows (0, 1, 1), (2, 2), (0, 2, 0, 2), (0, 1, 1).
TAPE = {
    "sgd": [-0.0768, 0.036, 0.144, 0.7], "sgdm": [0.042, 0.0, 0.0, 0.7], "sgdn": [0.071, -0.0266, -0.1066, 0.7],
    "adam": [0.0822, -0.1016, 0.1711, 0.7], "amsgrad": [0.0822, -0.1016, 0.1711, 0.7],
    "adagrad": [-0.0378, 0.0049, 0.2424, 0.7], "adadelta": [-0.1957, 0.0972, 0.3972, 0.7],
    "rms": [0.003, 0.0779, 0.0156, 0.7], "rmsm": [0.0396, -0.2112, -0.269, 0.7], "rmsc": [-0.006, 0.07, 0.0083, 0.7],
    "rmscm": [0.0529, -0.2355, -0.2917, 0.7], "adamax": [0.0242, -0.0262, 0.282, 0.7],
    "nadam": [0.0039, -0.0053, 0.2225, 0.7], "ftrl": [0.0003, -0.0102, 0.1761, 0.7],
    "ftrls": [0.0005, -0.0102, 0.1748, 0.7],
}  # fmt: skip
# An embedding and a dense layer, global_clipnorm=0.5, two epochs of two batches.
FIT = {
    "sgd": [-0.1507, 0.0465, 0.2522, 0.5063, 0.6],
    "sgdm": [-0.0744, 0.1182, 0.3336, 0.5429, 0.6],
    "adam": [0.0292, 0.2267, 0.453, 0.5549, 0.6],
    "adagrad": [-0.1293, 0.0666, 0.2769, 0.5186, 0.6],
    "rms": [-0.069, 0.2052, 0.5517, 0.4346, 0.6],
    "rmsm": [-0.0397, 0.1442, 0.4602, 1.26, 0.6],
    "adamax": [0.0004, 0.1973, 0.4139, 0.4833, 0.6],
    "nadam": [-0.0941, 0.1053, 0.3315, 0.4756, 0.6],
    "ftrl": [0.0234, 0.0626, 0.1172, 0.0281, 0.6],
}  # fmt: skip


def gathered(table: Any, rows: list[int]) -> Any:
    return tf.reduce_sum(tf.gather(table, rows) ** 2)


@pytest.mark.parametrize("name", TAPE)
def test_a_tape_moves_the_rows_that_were_read(name: str) -> None:
    table, optimizer = tf.Variable(TABLE), OURS[name]()
    for rows in ([0, 1, 1], [2, 2], [0, 2, 0, 2], [0, 1, 1]):
        with tf.GradientTape() as tape:
            loss = gathered(table, rows)
        optimizer.apply_gradients([(tape.gradient(loss, table), table)])
    np.testing.assert_allclose(table.numpy()[:, 1], TAPE[name], atol=1e-4)


class Rooms:
    """Where a Keras has its names."""

    def __init__(self, keras: Any) -> None:
        self.Sequential, self.layers = keras.models.Sequential, keras.layers


def trained(optimizer: Any, room: Any) -> Any:
    model = room.Sequential(
        [
            room.layers.Embedding(5, 2, input_length=3),
            room.layers.Flatten(),
            room.layers.Dense(1),
        ]
    )
    model.compile(optimizer, "mse")
    model.set_weights([TABLE.ravel()[:10].reshape(5, 2), np.ones((6, 1)), np.zeros(1)])
    x = np.array([[0, 1, 1], [2, 2, 0], [3, 3, 3], [1, 0, 2]])
    y = np.array([[1.0], [2.0], [3.0], [0.0]])
    model.fit(x, y, batch_size=2, epochs=2, shuffle=False, verbose=0)
    return model.get_weights()[0][:, 1]


@pytest.mark.parametrize("name", FIT)
def test_fit_moves_the_rows_that_were_read_and_bounds_them_unsummed(name: str) -> None:
    np.testing.assert_allclose(trained(OURS[name](global_clipnorm=0.5), Rooms(modern)), FIT[name], atol=1e-4)


def test_stand_alone_keras_moves_all_rows() -> None:
    whole = trained(optimizers.SGD(0.1, momentum=0.9), Rooms(modern))
    np.testing.assert_allclose(
        trained(classic.optimizers.SGD(0.1, momentum=0.9), Rooms(classic)), whole, atol=1e-6
    )
    assert np.abs(trained(OURS["sgdm"](), Rooms(modern)) - whole).max() > 0.01


def test_a_table_that_a_loss_also_reads_as_a_whole_has_a_whole_gradient() -> None:
    table = tf.Variable(TABLE)
    with tf.GradientTape() as tape:
        loss = gathered(table, [1]) + 0.1 * tf.reduce_sum(table**2)
    assert not isinstance(tape.gradient(loss, table), tf.IndexedSlices)


def test_gradients_of_scaled_losses_stay_rows() -> None:
    table, optimizer = tf.Variable(TABLE), tf.keras.mixed_precision.LossScaleOptimizer(OURS["sgdm"]())
    for rows in ([0, 1, 1], [2, 2], [0, 2, 0, 2], [0, 1, 1]):
        with tf.GradientTape() as tape:
            loss = optimizer.get_scaled_loss(gathered(table, rows))
        slopes = optimizer.get_unscaled_gradients([tape.gradient(loss, table)])
        optimizer.apply_gradients(zip(slopes, [table], strict=True))
    np.testing.assert_allclose(table.numpy()[:, 1], TAPE["sgdm"], atol=1e-4)


def test_a_rule_of_the_main_library_has_whole_gradients() -> None:
    table, optimizer = Variable(TABLE), optimizers.SGD(0.1, momentum=0.9)
    other, sums = Variable(TABLE), optimizers.SGD(0.1, momentum=0.9)
    for rows in ([0, 1, 1], [2, 2]):
        with tf.GradientTape() as tape:
            loss = gathered(table, rows)
        optimizer.apply_gradients([(tape.gradient(loss, table), table)])
        sums.minimize(lambda rows=rows: gathered(other, rows), [other])
    np.testing.assert_allclose(table.numpy(), other.numpy(), atol=1e-6)


class Fading(K.Optimizer):
    """Momentum of the rows that were read, as a program writes it."""

    def __init__(self, rate: float = 0.1, name: str = "Fading", **options: Any) -> None:
        super().__init__(name, **options)
        self._set_hyper("learning_rate", rate)

    def _create_slots(self, var_list: Any) -> None:
        for variable in var_list:
            self.add_slot(variable, "moment")

    def _resource_apply_dense(self, grad: Any, var: Any, apply_state: Any = None) -> Any:
        moment = self.get_slot(var, "moment")
        moment.assign(0.9 * moment + grad)
        return var.assign_sub(self._decayed_lr(var.dtype) * moment)

    def _resource_apply_sparse(self, grad: Any, var: Any, indices: Any, apply_state: Any = None) -> Any:
        moment = self.get_slot(var, "moment")
        self._resource_scatter_update(moment, indices, 0.9 * tf.gather(moment, indices) + grad)
        return self._resource_scatter_add(
            var, indices, -self._decayed_lr(var.dtype) * tf.gather(moment, indices)
        )


class Doubled(K.SGD):
    """Twice the gradient, for variables that are not only gathered from."""

    def _resource_apply_dense(self, grad: Any, var: Any, apply_state: Any = None) -> Any:
        return super()._resource_apply_dense(grad * 2.0, var, apply_state)


@pytest.mark.parametrize(
    ("make", "other", "rows", "kernel"),
    [
        (Fading, [-0.3086, -0.6172], [-0.0986, 0.3711, 0.403, -0.5378], [0.0501, 0.0237]),
        (lambda: Doubled(0.1, 0.9), [-0.81, -1.62], [-0.1368, 0.3783, 0.2679, -1.4286], [-0.8386, -0.8681]),
    ],
)
def test_rules_of_programs_for_rows(make: Any, other: Any, rows: Any, kernel: Any) -> None:
    optimizer, table, vector = make(), tf.Variable(TABLE), tf.Variable([1.0, 2.0])
    for ids in ([0, 1, 1], [2, 2], [0, 2, 0, 2], [1]):
        with tf.GradientTape() as tape:
            loss = gathered(table, ids) + tf.reduce_sum(vector**2)
        slopes = tape.gradient(loss, [table, vector])
        optimizer.apply_gradients(zip(slopes, [table, vector], strict=True))
    np.testing.assert_allclose(table.numpy()[:, 1], [-0.06, 0.012, 0.0, 0.7], atol=1e-4)
    np.testing.assert_allclose(vector.numpy(), other, atol=1e-4)
    L = modern.layers
    model = modern.Sequential([L.Embedding(4, 3, input_length=3), L.Flatten(), L.Dense(1)])
    model.compile(make(), "mse")
    model.set_weights([TABLE, np.ones((9, 1)), np.zeros(1)])
    x = np.array([[0, 1, 1], [2, 2, 0], [3, 3, 3], [1, 0, 2]])
    y = np.array([[1.0], [2.0], [3.0], [0.0]])
    model.fit(x, y, batch_size=2, epochs=2, shuffle=False, verbose=0)
    found = model.get_weights()
    np.testing.assert_allclose(found[0][:, 1], rows, atol=1e-4)
    np.testing.assert_allclose(found[1][:2, 0], kernel, atol=1e-4)


# --- TensorFlow 1 -----------------------------------------------------------------------------------------------------

PENALTIES = {"l1_regularization_strength": 0.01, "l2_regularization_strength": 0.02}
OLD: dict[str, Any] = {
    "gd": lambda step: T.GradientDescentOptimizer(0.1),
    "mom": lambda step: T.MomentumOptimizer(0.1, 0.9),
    "nes": lambda step: T.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
    "adagrad": lambda step: T.AdagradOptimizer(0.1),
    "adadelta": lambda step: T.AdadeltaOptimizer(1.0),
    "rms": lambda step: T.RMSPropOptimizer(0.1),
    "rmscm": lambda step: T.RMSPropOptimizer(0.1, momentum=0.5, centered=True),
    "adam": lambda step: T.AdamOptimizer(0.1),
    "ftrl": lambda step: T.FtrlOptimizer(0.1, **PENALTIES),
    "pgd": lambda step: T.ProximalGradientDescentOptimizer(0.1, **PENALTIES),
    "pada": lambda step: T.ProximalAdagradOptimizer(0.1, **PENALTIES),
    "ada_da": lambda step: T.AdagradDAOptimizer(0.1, step, **PENALTIES),
}
SESSION = {
    "gd": [-0.096, 0.048, 0.144, 0.7], "mom": [-0.06, 0.012, 0.0, 0.7], "nes": [0.0026, -0.0175, -0.1066, 0.7],
    "adagrad": [-0.0525, 0.0131, 0.2424, 0.7], "adadelta": [-0.199, 0.0993, 0.3991, 0.7],
    "rms": [-0.0901, 0.0454, 0.1571, 0.7], "rmscm": [-0.0688, 0.0244, 0.0783, 0.7],
    "adam": [0.0929, -0.1256, 0.1711, 0.7], "ftrl": [0.0001, -0.0235, 0.1753, 0.7],
    "pgd": [-0.094, 0.046, 0.1418, 0.7], "pada": [-0.0493, 0.0099, 0.2408, 0.7],
    "ada_da": [0.0109, -0.0384, -0.0704, 0.7],
}  # fmt: skip
BOUNDS: dict[str, Any] = {
    "norm": lambda slopes: [tf1.clip_by_norm(g, 0.5) for g in slopes],
    "value": lambda slopes: [tf1.clip_by_value(g, -0.1, 0.1) for g in slopes],
    "global": lambda slopes: tf1.clip_by_global_norm(slopes, 0.7)[0],
    "average": lambda slopes: [tf1.clip_by_average_norm(g, 0.05) for g in slopes],
}
BOUNDED = {
    "norm": [-0.114, 0.0376, 0.2729, 0.7], "value": [-0.132, 0.042, 0.323, 0.7],
    "global": [-0.1601, 0.0816, 0.3138, 0.7], "average": [-0.0725, 0.0276, 0.2537, 0.7],
}  # fmt: skip


def stepped(optimizer: Any, bound: Any, twice: bool) -> Any:
    with tf1.Graph().as_default():
        table, other = tf1.Variable(TABLE), tf1.Variable([1.0, 2.0])
        count, rows = T.get_or_create_global_step(), tf1.placeholder("int32", [None])
        loss = tf1.reduce_sum(tf1.nn.embedding_lookup(table, rows) ** 2) + tf1.reduce_sum(other**2)
        if twice:
            loss += tf1.reduce_sum(tf1.nn.embedding_lookup(table, rows[:1]) ** 2)
        slopes = bound(tf1.gradients(loss, [table, other]))
        step = optimizer(count).apply_gradients(zip(slopes, [table, other], strict=True), count)
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            for ids in ([0, 1, 1], [2, 2], [0, 2, 0, 2], [1]):
                session.run(step, {rows: ids})
            return session.run(table)[:, 1]


@pytest.mark.parametrize("name", SESSION)
def test_a_session_moves_the_rows_that_were_read(name: str) -> None:
    np.testing.assert_allclose(stepped(OLD[name], list, False), SESSION[name], atol=1e-4)


@pytest.mark.parametrize("name", BOUNDED)
def test_bounds_see_rows_of_the_same_number_one_by_one(name: str) -> None:
    np.testing.assert_allclose(stepped(OLD["mom"], BOUNDS[name], True), BOUNDED[name], atol=1e-4)


def test_slices_are_rows_for_a_session_and_a_whole_tensor_for_ops() -> None:
    with tf1.Graph().as_default(), tf1.Session() as session:
        table = tf1.Variable(TABLE)
        rows = tf1.nn.embedding_lookup(table, [1, 1])
        slopes: Any = tf1.gradients(tf1.reduce_sum(rows**2), table)[0]
        assert isinstance(slopes, tf1.IndexedSlices)
        assert not isinstance(tf1.convert_to_tensor(slopes), tf1.IndexedSlices)
        mine = tf1.IndexedSlices(slopes.values * 2.0, slopes.indices, slopes.dense_shape)
        session.run(tf1.global_variables_initializer())
        values, indices, shape = session.run(slopes)
        np.testing.assert_allclose(values, [[0.0, 0.2, 0.4]] * 2, atol=1e-6)
        assert (indices.tolist(), shape.tolist()) == ([1, 1], [4, 3])
        np.testing.assert_allclose(session.run(mine + 0.0)[1], [0.0, 0.8, 1.6], atol=1e-6)
        assert session.run(tf1.scalar_mul(2.0, slopes)).values.shape == (2, 3)


def test_lazy_adam_lets_averages_fade_where_rows_were_read() -> None:
    def lazy(step: Any) -> Any:
        return tf1.contrib.opt.LazyAdamOptimizer(0.1)

    moved = stepped(lazy, list, False)
    first, second = np.zeros(4), np.zeros(4)
    value = TABLE[:, 1].astype(float)
    for t, ids in enumerate(([0, 1, 1], [2, 2], [0, 2, 0, 2], [1]), 1):
        for row in set(ids):
            slope = 2 * value[row] * ids.count(row)
            first[row] = 0.9 * first[row] + 0.1 * slope
            second[row] = 0.999 * second[row] + 0.001 * slope**2
            rate = 0.1 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            value[row] -= rate * first[row] / (np.sqrt(second[row]) + 1e-8)
    np.testing.assert_allclose(moved, value, atol=1e-5)
