"""What packages of 2016 to 2020 over TensorFlow 1 ask for (modules with templates, agents, trainers, distributions)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf
from compat.conftest import Run
from thalweg.compat.tf1 import probability as tfp

pytestmark = pytest.mark.usefixtures("new_graph")

tf1: Any = tf
python: Any = tf1.python


# --- scopes of variables ----------------------------------------------------------------------------------------------


def test_a_template_may_have_its_scope_at_once() -> None:
    def line(x: Any, width: int = 1) -> Any:
        return x * tf1.get_variable("w", [width], initializer=tf1.ones_initializer())

    seen: list[str] = []

    def getter(inner: Any, name: str, *args: Any, **options: Any) -> Any:
        seen.append(name)
        return inner(name, *args, **options)

    now = tf1.make_template("line", line, create_scope_now_=True, custom_getter_=getter, width=2)
    later = tf1.make_template("line", line, unique_name_="own")
    assert now.variable_scope.name == "line" and later.variable_scope is None and now.variables == []
    now(1.0), now(2.0)
    later(1.0)
    assert [v.op.name for v in now.trainable_variables] == ["line/w"] and seen == ["line/w"] * 2
    assert now.trainable_variables[0].shape.as_list() == [2]
    assert [v.op.name for v in later.variables] == ["own/w"] and later.variable_scope_name == "own/"
    assert later.non_trainable_variables == [] and later.local_variables == []


def test_a_template_makes_no_trained_variables_when_it_is_called_again() -> None:
    template = tf1.make_template("t", lambda: tf1.Variable(1.0))
    template()
    with pytest.raises(
        ValueError, match="Trainable variable created when calling a template after the first time"
    ):
        template()


def test_creators_make_the_variables_of_a_scope() -> None:
    seen: list[Any] = []

    def told(of: str) -> Any:
        def creator(following: Any, **options: Any) -> Any:
            seen.append((of, options.get("name"), options.get("trainable")))
            return following(**options)

        return creator

    with tf1.variable_creator_scope(told("outer")), tf1.variable_creator_scope(told("inner")):
        v = tf1.Variable(1.0, trainable=False, name="v")
        w = tf1.get_variable("w", [])
    tf1.Variable(2.0)
    assert seen == [("inner", "v", False), ("outer", "v", False), ("inner", "w", True), ("outer", "w", True)]
    assert isinstance(v, tf1.Variable) and w.op.name == "w"


def test_a_pure_scope_opens_no_name_scope() -> None:
    with python.ops.variable_scope._pure_variable_scope("a") as scope:
        v, node = tf1.get_variable("v", []), tf1.constant(1.0, name="c")
    assert (scope.name, v.op.name, node.op.name) == ("a", "a/v", "c")
    with tf1.init_scope():
        assert tf1.constant(1.0, name="d").op.name == "d"


def test_names_are_put_below_a_scope_and_taken_from_it() -> None:
    ops = python.framework.ops
    names = ["s/x", "^s/x", "loc:@s/x", "y"]
    assert [ops.strip_name_scope(n, "s") for n in names] == ["x", "^x", "loc:@x", "y"]
    assert [ops.prepend_name_scope(n, "t/") for n in ("x", "^x", "loc:@x")] == ["t/x", "^t/x", "loc:@t/x"]
    assert ops.strip_name_scope("s/x", None) == "s/x" == ops.prepend_name_scope("s/x", "")


# --- structures, shapes, cells ----------------------------------------------------------------------------------------


def test_paths_lead_to_the_leaves() -> None:
    nest = tf1.contrib.framework.nest
    assert nest.flatten_dict_items({(4, (6, 8)): ("a", ("c", "d")), 1: "b"}) == {
        4: "a",
        6: "c",
        8: "d",
        1: "b",
    }
    with pytest.raises(ValueError, match="key 1 is not unique"):
        nest.flatten_dict_items({1: 2, (1, 3): (4, 5)})
    tree = {"b": 5, "a": [3, {"z": 4}]}
    assert nest.flatten_with_joined_string_paths(tree) == [("a/0", 3), ("a/1/z", 4), ("b", 5)]
    told = nest.map_structure_with_tuple_paths(lambda path, x, y: (path, x + y), tree, tree)
    assert told == {"b": (("b",), 10), "a": [(("a", 0), 6), {"z": (("a", 1, "z"), 8)}]}
    assert nest.map_structure_with_paths(lambda path, x: path, tree)["a"][1] == {"z": "a/1/z"}


def test_lengths_are_objects_in_arrays() -> None:
    x = tf1.placeholder("float32", [None, 3, 4])
    assert np.prod(x.shape[1:]).value == 12 and np.array(x.shape[1:]).dtype == object
    assert np.asarray(x.shape[1:], np.int32).tolist() == [3, 4] and np.zeros(x.shape[1:]).shape == (3, 4)


def test_a_spec_has_shape_dtype_and_name() -> None:
    spec = tf1.TensorSpec([None, 3], "float32", "x")
    assert spec.shape.as_list() == [None, 3] and spec.dtype == tf1.float32
    assert spec == tf1.TensorSpec((None, 3), tf1.float32, "x") != tf1.TensorSpec((None, 3), tf1.int32, "x")
    given = tf1.TensorSpec.from_tensor(tf1.zeros([2, 3], name="z"))
    assert (given.name, given.shape.as_list()) == ("z", [2, 3]) and spec.is_compatible_with(given)


def test_shapes_are_joined_as_cells_join_them() -> None:
    cells = python.ops.rnn_cell_impl
    n = tf1.placeholder("int32", [])
    assert cells._concat([2], tf1.TensorShape([3, None]), static=True) == [2, 3, None]
    assert cells._concat(n, [3], static=True) is None
    zeros = cells._zero_state_tensors([2, (tf1.TensorShape([3, 1]), 4)], n, "float32")
    with tf1.Session() as session:
        assert session.run(cells._concat(n, [3]), {n: 5}).tolist() == [5, 3]
        one, (two, three) = session.run(zeros, {n: 5})
    assert (one.shape, two.shape, three.shape) == ((5, 2), (5, 3, 1), (5, 4))


def test_a_cell_can_be_frozen() -> None:
    cell = tf1.nn.rnn_cell.BasicLSTMCell(2)
    cell.trainable = False
    cell(tf1.zeros([1, 3]), cell.zero_state(1, "float32"))
    assert not cell.trainable and tf1.trainable_variables() == [] and len(tf1.global_variables()) == 2


# --- numbers that a run knows -----------------------------------------------------------------------------------------


def test_repetitions_may_be_fed() -> None:
    x, times = tf1.placeholder("float32", [None, 2]), tf1.placeholder("int32", [None])
    rows, flat = tf1.repeat(x, times, axis=0), tf1.repeat(tf1.range(3), times[0])
    slope = tf1.gradients(rows * rows, x)[0]
    assert rows.shape.as_list() == [None, 2] and flat.shape.as_list() == [None]
    with tf1.Session() as session:
        fed = {x: [[1, 2], [3, 4], [5, 6]], times: [2, 0, 1]}
        assert session.run(rows, fed).tolist() == [[1, 2], [1, 2], [5, 6]]
        assert session.run(flat, fed).tolist() == [0, 0, 1, 1, 2, 2]
        assert session.run(slope, fed).tolist() == [[4, 8], [0, 0], [10, 12]]


def test_parts_whose_ends_a_run_knows_are_assigned() -> None:
    v, i, n = tf1.Variable(tf1.zeros([5, 2])), tf1.Variable(1), tf1.placeholder("int32", [])
    rows = tf1.assign(v[i : i + n], tf1.ones([n, 2]))
    rest, column = v[n:, 1].assign(tf1.fill([5 - n], 7.0)), v[..., i].assign([1.0, 2.0, 3.0, 4.0, 5.0])
    with tf1.Session() as session:
        session.run(tf1.global_variables_initializer())
        session.run(rows, {n: 2})
        assert session.run(v).tolist() == [[0, 0], [1, 1], [1, 1], [0, 0], [0, 0]]
        session.run(rest, {n: 3})
        assert session.run(v).tolist() == [[0, 0], [1, 1], [1, 1], [0, 7], [0, 7]]
        session.run(column)
        assert session.run(v).tolist() == [[0, 1], [1, 2], [1, 3], [0, 4], [0, 5]]


def test_index_vectors_of_an_open_length_are_those_of_all_axes() -> None:
    x, places = tf1.placeholder("float32", [None, 3]), tf1.placeholder("int32", [None, None])
    picked = tf1.gather_nd(x, places)
    slope = tf1.gradients(picked, x)[0]
    rows = np.arange(6.0).reshape(2, 3)
    with tf1.Session() as session:
        assert session.run(picked, {x: rows, places: [[0, 2], [1, 1]]}).tolist() == [2, 4]
        assert session.run(slope, {x: rows, places: [[0, 2], [1, 1]]}).tolist() == [[0, 0, 1], [0, 1, 0]]
        with pytest.raises(Exception, match="expected 2"):
            session.run(picked, {x: rows, places: [[0], [1]]})


# --- sessions, tests, files -------------------------------------------------------------------------------------------


def test_hooks_see_the_runs_of_a_session_that_is_there() -> None:
    hooked: Any = python.training.monitored_session._HookedSession
    seen: list[Any] = []
    x = tf1.constant(3.0)

    class Watch(tf1.train.SessionRunHook):  # type: ignore[misc]
        def before_run(self, context: Any) -> Any:
            return tf1.train.SessionRunArgs(x * 2)

        def after_run(self, context: Any, values: Any) -> None:
            seen.append(values.results)
            context.request_stop()

    with tf1.Session() as session:
        wrapped = hooked(session, [Watch()])
        assert wrapped.run(x) == 3.0 and seen == [6.0] and wrapped.should_stop()
        assert wrapped._tf_sess() is session

    class Own(tf1.train.SessionCreator):  # type: ignore[misc]
        def create_session(self) -> Any:
            return tf1.Session()

    with tf1.train.MonitoredSession(Own()) as monitored:
        assert monitored.run(x) == 3.0
    with pytest.raises(NotImplementedError, match="create_session"):
        tf1.train.SessionCreator().create_session()


def test_a_test_evaluates_the_nodes_that_it_compares() -> None:
    class Case(tf1.test.TestCase):  # type: ignore[misc]
        def runTest(self) -> None:
            self.assertAllEqual(tf1.constant([1, 2]), [1, 2])
            self.assertAllInRange(tf1.range(3), 0, 2)
            with self.cached_session():
                self.assertAllClose({"a": tf1.constant([1.0])}, {"a": [1.0]})
            with self.assertRaises(AssertionError):
                self.assertAllClose(tf1.constant([1.0, 2.0]), [1.0, 2.1])

    Case().debug()


def test_what_an_optimizer_remembers_is_found_by_its_name() -> None:
    v, w = tf1.Variable(1.0, name="v"), tf1.Variable(1.0, name="w")
    optimizer = tf1.train.AdamOptimizer()
    optimizer.minimize(v * w)
    assert {name: [key[1] for key in slots] for name, slots in optimizer._slots.items()} == {
        "m": ["v", "w"],
        "v": ["v", "w"],
    }
    assert optimizer._slots["m"][v.op.graph, "v"] is optimizer.get_slot(v, "m")


def test_small_names_of_modules_inside(tmp_path: Path) -> None:
    debug = python.debug
    assert debug.has_inf_or_nan(None, np.array([1.0, np.inf])) and not debug.has_inf_or_nan(
        None, np.array([1, 2])
    )
    with pytest.raises(AttributeError, match="thalweg has its own checks for NaNs"):
        debug.LocalCLIDebugWrapperSession(tf1.Session())
    file_io = python.lib.io.file_io
    file_io.write_string_to_file(str(tmp_path / "a"), "x\n")
    assert file_io.read_file_to_string(str(tmp_path / "a")) == "x\n"
    assert python.layers.utils.constant_value(tf1.constant(3)) == 3
    assert tf1.contrib.framework.smart_cond(True, true_fn=lambda: 1, false_fn=lambda: 2) == 1
    assert tf1.core.util.event_pb2.SessionLog(tf1.core.util.event_pb2.SessionLog.START).status == 1
    assert tf1.train.SaverDef.V2 == 2
    assert not tf1.constant(1.0).op.op_def.is_stateful and tf1.Variable(1.0).op.op_def.is_stateful


def test_a_meta_graph_has_the_collections_that_are_asked_for() -> None:
    v = tf1.Variable(1.0, name="v")
    tf1.add_to_collection("mine", v)
    tf1.add_to_collection("others", v)
    made = tf1.train.export_meta_graph(collection_list=["mine", "absent"])
    with tf1.Graph().as_default():
        tf1.train.import_meta_graph(made)
        assert [x.op.name for x in tf1.get_collection("mine")] == ["v"] and tf1.get_collection("others") == []


# --- distributions ----------------------------------------------------------------------------------------------------

KINDS = [
    ("Normal", (0.0, 1.0), "FULLY", ["loc", "scale"]),
    ("Uniform", (), "FULLY", ["low", "high"]),
    ("Bernoulli", (0.0,), "NOT", ["logits"]),
    ("Categorical", ([0.0, 1.0],), "NOT", None),
    ("MultivariateNormalDiag", ([0.0, 1.0],), "FULLY", None),
    ("Exponential", (1.0,), "FULLY", ["rate"]),
    ("Gamma", (1.0, 1.0), "FULLY", ["concentration", "rate"]),
    ("Beta", (1.0, 1.0), "FULLY", ["concentration1", "concentration0"]),
    ("StudentT", (1.0, 0.0, 1.0), "FULLY", ["df", "loc", "scale"]),
    ("Chi2", (1.0,), "FULLY", ["df"]),
    ("Poisson", (1.0,), "NOT", None),
    ("Dirichlet", ([1.0, 1.0],), "FULLY", None),
    ("RelaxedBernoulli", (1.0, 0.0), "FULLY", ["logits"]),
]  # as tensorflow_probability 0.8 says


@pytest.mark.parametrize(("name", "given", "kind", "shaped"), KINDS, ids=[row[0] for row in KINDS])
def test_distributions_say_how_they_draw(name: str, given: Any, kind: str, shaped: Any) -> None:
    made = getattr(tfp.distributions, name)(*given)
    assert made.reparameterization_type is getattr(tfp.distributions, f"{kind}_REPARAMETERIZED")
    assert kind in repr(made.reparameterization_type)
    if shaped is None:
        with pytest.raises(NotImplementedError):
            type(made).param_static_shapes([3, 2])
    else:
        shapes = type(made).param_static_shapes([3, 2])
        assert {n: s.as_list() for n, s in shapes.items()} == {key: [3, 2] for key in shaped}


def test_what_stands_on_a_distribution_draws_as_it_does() -> None:
    tfd: Any = tfp.distributions
    fully, never = tfd.FULLY_REPARAMETERIZED, tfd.NOT_REPARAMETERIZED
    assert tfd.Independent(tfd.Normal([0.0], 1.0), 1).reparameterization_type is fully
    assert tfd.Independent(tfd.Bernoulli([0.0]), 1).reparameterization_type is never
    flow = tfd.TransformedDistribution(tfd.Normal(0.0, 1.0), tfp.bijectors.Exp())
    assert flow.reparameterization_type is fully


def test_distributions_keep_what_they_were_made_of() -> None:
    tfd: Any = tfp.distributions
    n = tfd.Normal(0.0, scale=2.0)
    wider = n.copy(scale=3.0)
    assert n.parameters["scale"] == 2.0 and wider.parameters == {**n.parameters, "scale": 3.0}
    with tf1.Session() as session:
        assert session.run(wider.stddev()) == 3.0
        crossed, apart = session.run([n.cross_entropy(wider), n.kl_divergence(wider)])
    np.testing.assert_allclose([crossed, apart], [2.239773, 0.12768731], rtol=1e-6)


def test_rows_of_normal_numbers_of_a_diagonal_and_a_few_directions() -> None:
    tfd: Any = tfp.distributions
    low = tfd.MultivariateNormalDiagPlusLowRank([1.0, 2.0], [1.0, 0.5], None, [[1.0], [2.0]], [0.5])
    diagonal = tfd.MultivariateNormalDiag([1.0, 2.0], [1.0, 0.5])
    with tf1.Session() as session:
        found = session.run(
            [
                low.covariance(),
                low.log_prob([0.0, 1.0]),
                tfd.kl_divergence(diagonal, low),
                tfd.kl_divergence(low, diagonal),
            ]
        )
    np.testing.assert_allclose(found[0], [[3.25, 4.0], [4.0, 7.25]], rtol=1e-6)
    np.testing.assert_allclose(found[1:], [-3.0147672, 1.237806, 13.420252], rtol=1e-5)


# --- programs ---------------------------------------------------------------------------------------------------------


def test_a_sparse_tensor_that_a_layer_gives_is_one_in_the_next(tmp_path: Path, thalweg_run: Run) -> None:
    program = tmp_path / "sparse_between.py"
    program.write_text(
        "import numpy as np\nimport tensorflow as tf\nfrom tensorflow import keras\n"
        "class Places(keras.layers.Layer):\n"
        "    def call(self, x):\n"
        "        return tf.SparseTensor(x[0][0], x[1][0], (4, 4))\n"
        "class Sums(keras.layers.Layer):\n"
        "    def call(self, x):\n"
        "        assert keras.backend.is_sparse(x)\n"
        "        return keras.backend.dot(x, tf.ones((4, 1)))\n"
        "places = keras.Input((None, 2), dtype='int64', batch_size=1)\n"
        "values = keras.Input((None,), batch_size=1)\n"
        "model = keras.Model([places, values], Sums()(Places()([places, values])))\n"
        "print(model.predict_on_batch([np.array([[[0, 1], [2, 0], [2, 3]]]), np.array([[1.0, 2.0, 3.0]])]).ravel())\n"
    )
    done = thalweg_run(program)
    assert done.returncode == 0 and done.stdout == "[1. 0. 5. 0.]\n", done.stdout + done.stderr


def test_arrays_of_rows_may_come_by_an_import_of_everything(tmp_path: Path, thalweg_run: Run) -> None:
    (tmp_path / "helpers.py").write_text("import numpy as np\n")
    program = tmp_path / "rows.py"
    program.write_text(
        "import tensorflow as tf\nfrom helpers import *\n"
        "rows = np.array([[1, 2], [3]])\nprint(rows.dtype, np.copy([[1], [2, 3]]).shape)\n"
    )
    done = thalweg_run(program)
    assert done.returncode == 0 and done.stdout.split() == ["object", "(2,)"], done.stderr
