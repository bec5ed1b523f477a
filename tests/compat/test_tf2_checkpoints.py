"""``tf.train.Checkpoint``: values are found again by the names on the way to them, whenever they have a place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from thalweg.compat import eager, tf2
from thalweg.compat.tf1 import checkpoints as files
from thalweg.graph.tensor import Variable

pytest.importorskip("safetensors")
tf: Any = tf2
VALUE = ".ATTRIBUTES/VARIABLE_VALUE"


class Net(tf.keras.Model):
    """Two layers in attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.first = tf.keras.layers.Dense(3)
        self.rest = [tf.keras.layers.Dense(2)]

    def call(self, x: Any) -> Any:
        return self.rest[0](self.first(x))


class Turned(Net):
    """The same attributes in another order, and one more."""

    def __init__(self) -> None:
        super().__init__()
        first = self.__dict__.pop("first")
        self.more = tf.keras.layers.Dense(1)
        self.first = first


def trained(net: Any, optimizer: Any) -> None:
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(net(tf.ones((1, 4))) ** 2)
    optimizer.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))


def test_keys_are_the_ways_to_the_variables(tmp_path: Path) -> None:
    net, optimizer = Net(), tf.keras.optimizers.SGD(0.1, momentum=0.5)
    trained(net, optimizer)
    root = tf.train.Checkpoint(net=net, opt=optimizer, rate=tf.Variable(1.0), **{"a/b": tf.Variable(2.0)})
    names = [name for name, _ in tf.train.list_variables(root.save(tmp_path / "ckpt"))]
    weights = [f"net/{layer}/{w}" for layer in ("first", "rest/0") for w in ("bias", "kernel")]
    slots = [f"{w}/.OPTIMIZER_SLOT/opt/momentum/{VALUE}" for w in weights]
    rest = ["a.Sb", "opt/iter", "opt/learning_rate", "rate", "save_counter"]
    assert sorted(names) == sorted([*(f"{w}/{VALUE}" for w in [*weights, *rest]), *slots])


def test_another_order_of_attributes_and_weights_that_come_later(tmp_path: Path) -> None:
    net, optimizer = Net(), tf.keras.optimizers.Adam(0.1)
    trained(net, optimizer)
    path = tf.train.Checkpoint(net=net, opt=optimizer).save(tmp_path / "ckpt")
    other, fresh = Turned(), tf.keras.optimizers.Adam(0.2)
    status = tf.train.Checkpoint(opt=fresh, net=other).restore(path)
    x = tf.ones((1, 4))
    np.testing.assert_array_equal(other(x), net(x))
    status.assert_consumed()
    other.more(x)
    with pytest.raises(AssertionError, match="net/more/kernel"):
        status.assert_existing_objects_matched()
    for v, w in zip(net.first.variables, other.first.variables, strict=True):
        np.testing.assert_array_equal(fresh.slot(w, "v").get_value(), optimizer.slot(v, "v").get_value())
    assert fresh.learning_rate.numpy() == 0.1 and fresh.iterations.numpy() == 1


def test_a_part_of_a_checkpoint_by_one_way_through_it(tmp_path: Path) -> None:
    net = Net()
    net(tf.ones((1, 4)))
    path = tf.train.Checkpoint(net=net).save(tmp_path / "ckpt")
    bias, kernel = tf.Variable(tf.ones([3])), tf.Variable(tf.zeros([4, 3]))
    layer = tf.train.Checkpoint(bias=bias)
    status = tf.train.Checkpoint(net=tf.train.Checkpoint(first=layer)).restore(path)
    status.assert_existing_objects_matched().assert_nontrivial_match().expect_partial()
    with pytest.raises(AssertionError, match="net/rest/0/bias"):
        status.assert_consumed()
    assert bias.numpy().tolist() == [0, 0, 0]
    layer.kernel = kernel
    np.testing.assert_array_equal(kernel.numpy(), net.first.kernel.numpy())


def test_lists_and_dicts_are_restored_as_they_fill(tmp_path: Path) -> None:
    save = tf.train.Checkpoint()
    save.listed = [tf.Variable(1.0)]
    save.listed.append(tf.Variable(2.0))
    save.mapped = {"one": save.listed[0]}
    save.mapped["two"] = save.listed[1]
    path = save.save(tmp_path / "lists")
    back, second = tf.train.Checkpoint(), tf.Variable(0.0)
    back.mapped = {"two": second}
    back.restore(path)
    assert second.numpy() == 2.0
    back.listed, first, one = [], tf.Variable(0.0), tf.Variable(0.0)
    assert repr(back.listed) == "ListWrapper([])"
    back.listed.extend([first])
    back.mapped["one"] = (
        one  # in the file the same variable as the first of the list, which has its value already
    )
    assert first.numpy() == 1.0 and one.numpy() == 0.0


class Late(tf.Module):
    """A module whose variables come with its first call."""

    def __init__(self) -> None:
        super().__init__()
        self.listed: list[Any] = []
        self.mapped: dict[str, Any] = {}

    def __call__(self, x: Any) -> Any:
        if not self.listed:
            self.w = tf.Variable(tf.random.normal([3]))
            self.listed += [tf.Variable(tf.random.normal([3]))]
            self.mapped.update(one=tf.Variable(tf.random.normal([3])))
            self.mapped.setdefault("two", tf.Variable(tf.random.normal([3])))
        return x * self.w + self.listed[0] * self.mapped["one"] + self.mapped["two"]


@pytest.mark.parametrize("traced", [False, True])
def test_modules_are_restored_as_their_variables_come(tmp_path: Path, traced: bool) -> None:
    kind = type("Late", (Late,), {"__call__": tf.function(Late.__call__)} if traced else {})
    x, first, again = tf.ones([2, 3]), kind(), kind()
    given = first(x)
    path = tf.train.Checkpoint(model=first).write(tmp_path / "ckpt")
    status = tf.train.Checkpoint(model=again).restore(path)
    np.testing.assert_array_equal(again(x), given)
    status.assert_consumed()
    again.w, again.mapped["one"] = tf.Variable(tf.zeros([3])), tf.Variable(0.0)
    assert (
        again.w.numpy().tolist() == [0, 0, 0] and again.mapped["one"].numpy() == 0
    )  # others in their places


def test_models_of_calls_are_kept_by_the_places_of_their_layers(tmp_path: Path) -> None:
    def model(activation: bool) -> Any:
        inputs = tf.keras.Input((4,))
        x = tf.keras.layers.Dense(3)(inputs)
        x = tf.keras.layers.ReLU()(x) if activation else x
        return tf.keras.Model(inputs, tf.keras.layers.Dense(2)(x))

    one, other = model(True), model(False)
    path = tf.train.Checkpoint(one).write(tmp_path / "ckpt")
    assert f"layer_with_weights-1/kernel/{VALUE}" in dict(tf.train.list_variables(path))
    tf.train.Checkpoint(model=tf.train.Checkpoint(other)).restore(path)  # another way: nothing fits
    assert not np.array_equal(other.layers[-1].get_weights()[0], one.layers[-1].get_weights()[0])
    tf.train.Checkpoint(root=other).restore(path).assert_existing_objects_matched()
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_a_checkpoint_refuses(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="trackable"):
        tf.train.Checkpoint(step=3)
    with pytest.raises(AssertionError, match="no path"):
        tf.train.Checkpoint().restore(None).assert_consumed()


def test_a_savers_file_is_read_by_names(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"w": np.array([1, 2], "f"), "b": np.array([3], "f")}, tmp_path / "old.safetensors")
    w, c = Variable(np.zeros(2, "f"), name="w"), Variable(np.zeros(1, "f"), name="c")
    status = tf.train.Checkpoint(weight=w, other=c).restore(tmp_path / "old")
    assert w.numpy().tolist() == [1, 2] and c.numpy().tolist() == [0]
    with pytest.raises(AssertionError, match="other"):
        status.assert_existing_objects_matched()


def test_the_first_generations_optimizers_are_kept_too(tmp_path: Path) -> None:
    v = tf.Variable([1.0, 2.0])
    optimizer = eager.train.MomentumOptimizer(0.1, 0.9)
    optimizer.apply_gradients([(tf.constant([1.0, 1.0]), v)])
    path = tf.train.Checkpoint(v=v, optimizer=optimizer).save(tmp_path / "ckpt")
    other, w = eager.train.MomentumOptimizer(0.1, 0.9), tf.Variable([0.0, 0.0])
    tf.train.Checkpoint(v=w, optimizer=other).restore(path).assert_consumed()
    for o, x in ((optimizer, v), (other, w)):
        o.apply_gradients([(tf.constant([1.0, 1.0]), x)])
    np.testing.assert_array_equal(v.numpy(), w.numpy())
    assert files.checkpoint_exists(path)
