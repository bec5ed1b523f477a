"""Functions: outputs, updates, structures, feeds, tracing; each mistake gives its own message."""

from __future__ import annotations

import copy
import itertools
import threading
from typing import Any, NamedTuple

import numpy as np
import pytest

import thalweg as tw
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Spec, Tensor, Variable, placeholder
from thalweg.run.function import function


def _f32(*values: Any) -> np.ndarray:
    return np.array(values, np.float32)


# --- outputs and updates --------------------------------------------------------------------------------------------


def test_outputs_are_computed_before_updates() -> None:
    w = Variable(_f32(1, 2))
    f = function([], [w, w * 10], updates=[(w, w + 1)])
    assert [r.tolist() for r in f()] == [[1, 2], [10, 20]]
    assert [r.tolist() for r in f()] == [[2, 3], [20, 30]]
    assert w.numpy().tolist() == [3, 4]


def test_variables_swap_their_values() -> None:
    a, b, c = (Variable(np.full(33, k, np.float32)) for k in range(3))
    f = function([], None, updates=[(a, b), (b, c), (c, a)])
    f()
    assert [v.numpy()[0] for v in (a, b, c)] == [1, 2, 0]
    f()
    assert [v.numpy()[-1] for v in (a, b, c)] == [2, 0, 1]


def test_swap_within_one_expression() -> None:
    a, b = Variable(_f32(1, 2, 3)), Variable(_f32(4, 5, 6))
    function([], None, updates={a: b * 2, b: a * 3})()
    assert (a.numpy().tolist(), b.numpy().tolist()) == ([8, 10, 12], [3, 6, 9])


def test_two_variables_become_the_same_value() -> None:
    x = placeholder("float32", [3])
    a, b, c = Variable(np.zeros(3, "f")), Variable(np.zeros(3, "f")), Variable(np.zeros((3, 1), "f"))
    new = x * 2
    function([x], None, updates=[(a, new), (b, new), (c, new.reshape((3, 1)))])(_f32(1, 2, 3))
    assert a.numpy().tolist() == b.numpy().tolist() == c.numpy().ravel().tolist() == [2, 4, 6]


def test_an_update_that_reads_the_variable_elsewhere() -> None:
    w = Variable(np.arange(40, dtype=np.float32))
    function([], None, updates=[(w, w[::-1] + tw.sum(w))])()
    np.testing.assert_array_equal(w.numpy(), np.arange(40, dtype=np.float32)[::-1] + 780)
    m = Variable(np.arange(12, dtype=np.float32).reshape(3, 4))
    function([], None, updates=[(m, tw.matmul(tw.matmul(m, m.T), m))])()
    start = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.testing.assert_array_equal(m.numpy(), start @ start.T @ start)
    square = Variable(np.arange(9, dtype=np.float32).reshape(3, 3))
    function([], None, updates=[(square, square.T - square)])()
    start = np.arange(9, dtype=np.float32).reshape(3, 3)
    np.testing.assert_array_equal(square.numpy(), start.T - start)


def test_givens_replace_expressions() -> None:
    x, y = placeholder("float32", [2], name="x"), placeholder("float32", [2], name="y")
    middle = x * 2
    f = function([y], [middle + 1, x], givens={x: y + 1})
    assert [r.tolist() for r in f(_f32(1, 2))] == [[5, 7], [2, 3]]
    w = Variable(0.0)
    g = function([y], None, updates=[(w, tw.sum(middle))], givens={middle: y})
    g(_f32(3, 4))
    assert w.numpy() == 7


class Pair(NamedTuple):
    first: Tensor
    second: Tensor


def test_outputs_keep_their_structure() -> None:
    x = placeholder("float32", [])
    f = function([x], {"a": x, "b": (x + 1, [x + 2, None]), "c": Pair(x * 3, x * 4), "d": 5.0})
    result = f(1.0)
    assert result["a"].item() == 1 and isinstance(result["b"], tuple) and result["b"][1][1] is None
    assert (result["b"][0].item(), result["b"][1][0].item()) == (2, 3)
    assert isinstance(result["c"], Pair) and (result["c"].first.item(), result["c"].second.item()) == (3, 4)
    assert result["d"].item() == 5
    assert function([x], None)(1.0) is None
    assert function([x], [])(1.0) == []
    assert function(x, x + 1)(1.0).item() == 2


def test_one_value_fetched_twice_and_under_two_shapes() -> None:
    x = placeholder("float32", [2, 3])
    y = x + 1
    a, b, c, d = function([x], [y, y, y.reshape((6,)), y.T])(np.zeros((2, 3)))
    assert (a.shape, b.shape, c.shape, d.shape) == ((2, 3), (2, 3), (6,), (3, 2))
    assert all((t.array() == 1).all() for t in (a, b, c, d))


def test_results_are_not_changed_by_later_calls() -> None:
    x = placeholder("float32", [3])
    f = function([x], [x * 2, x])
    first = f(_f32(1, 2, 3))
    f(_f32(7, 8, 9))
    assert [r.tolist() for r in first] == [[2, 4, 6], [1, 2, 3]]


@make_op({}, infer=lambda x: Spec((None,), x.dtype))
def positives(x, /):  # type: ignore[no-untyped-def]
    """The positive elements: a length that depends on values."""
    return x if (x > 0).all() else x[x > 0]


def test_a_result_does_not_show_the_array_that_was_fed() -> None:
    x = placeholder("float32", [3])
    fed = _f32(1, 2, 3)
    for output in (x, tw.sort(x), tw.identity(x), positives(x), [x, positives(x)][0]):
        fed[:] = [1, 2, 3]
        result = function([x], output)(fed)
        fed[0] = 9
        assert result.tolist() == [1, 2, 3]


# --- feeds ----------------------------------------------------------------------------------------------------------


def _two_inputs() -> Any:
    x, n = placeholder("float32", [None, 3], name="x"), placeholder("int32", [], name="n")
    return function([x, n], tw.sum(x) + tw.astype(n, "float32"))


@pytest.mark.parametrize(
    ("args", "kind", "text"),
    [
        (
            (np.zeros((2, 4)), 1),
            tw.ShapeError,
            r"'x' has the wrong shape; expected \[None, 3\]; received \[2, 4\]",
        ),
        ((np.zeros(3), 1), tw.ShapeError, r"expected \[None, 3\]; received \[3\]"),
        (
            (np.zeros((2, 3)), 1.5),
            tw.DTypeError,
            r"'n' does not fit its dtype; expected int32; received float64 with other than whole numbers",
        ),
        ((np.zeros((2, 3)), np.nan), tw.DTypeError, r"float64 with other than whole numbers"),
        (
            (np.zeros((2, 3)), 2**40),
            tw.DTypeError,
            r"expected int32; received int64 with values out of its range",
        ),
        (
            (np.zeros((2, 3)), 1e10),
            tw.DTypeError,
            r"expected int32; received float64 with values out of its range",
        ),
        (
            ("abc", 1),
            tw.DTypeError,
            r"the value for placeholder 'x' is not numeric; expected float32; received dtype <U3 \(str\)",
        ),
        ((None, 1), tw.DTypeError, r"is not numeric; expected float32; received dtype object \(NoneType\)"),
        ((np.zeros((2, 3)) * 1j, 1), tw.DTypeError, r"received dtype complex128"),
        (([[1, 2, 3], [4, 5]], 1), tw.FeedError, r"the value for placeholder 'x' is not an array"),
        (
            (np.zeros((2, 3)),),
            tw.ArgumentTypeError,
            r"wrong number of arguments; expected 2 \(placeholder 'x', placeholder 'n'\); received 1",
        ),
    ],
)
def test_wrong_feeds(args: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text) as error:
        _two_inputs()(*args)
    assert "\n" not in str(error.value)


def test_feeds_that_fit() -> None:
    f = _two_inputs()
    assert f(np.zeros((2, 3), "int8"), 2.0).item() == 2
    assert f([[1, 2, 3]], np.uint8(1)).item() == 7
    assert f(np.asfortranarray(np.ones((4, 3))), True).item() == 13
    assert f(np.ones((8, 6), "f")[::2, ::-2], tw.constant(1)).item() == 13
    assert f(np.zeros((0, 3)), 1).item() == 1


@pytest.mark.parametrize(
    ("make", "kind", "text"),
    [
        (
            lambda x, n, w: function([x], x * n),
            tw.FeedError,
            r"placeholder 'n' float32\[\] has no value; .*hint: feed it, or list it",
        ),
        (
            lambda x, n, w: function([x], "loss"),
            tw.FetchError,
            r"not a tensor; expected tensors, or lists.* of them; received 'loss'",
        ),
        (
            lambda x, n, w: function([w], w),
            tw.ArgumentTypeError,
            r"an input is not a placeholder; .*'w'.*variables need not be listed",
        ),
        (lambda x, n, w: function([x, x], x), tw.ArgumentError, r"an input is listed twice"),
        (
            lambda x, n, w: function([x], x, updates=[(w, w), (w, w + 1)]),
            tw.ArgumentError,
            r"variable 'w' is updated twice",
        ),
        (
            lambda x, n, w: function([x], x, updates=[(x, x)]),
            tw.FetchError,
            r"the first of each pair must be a variable; received .*'x'",
        ),
        (
            lambda x, n, w: function([x], x, updates=[(w, tw.zeros((4,)))]),
            tw.ShapeError,
            r"new value of variable 'w' has another shape; expected \[3\]; received \[4\]",
        ),
    ],
)
def test_wrong_programs(make: Any, kind: type[Exception], text: str) -> None:
    x, n = placeholder("float32", [None], name="x"), placeholder("float32", [], name="n")
    w = Variable(np.zeros(3, "f"), name="w")
    with pytest.raises(kind, match=text) as error:
        make(x, n, w)
    assert "\n" not in str(error.value)


def test_an_uninitialised_variable_is_named() -> None:
    w = Variable(np.zeros(3, "f"), symbolic=True, name="weights")
    with pytest.raises(
        tw.UninitializedError, match=r"'weights' is used before it has a value; at .*test_function.py"
    ):
        function([], w * 2)()


def test_an_update_may_not_change_a_declared_shape() -> None:
    x, w = placeholder("float32", [None]), Variable(np.zeros(3, "f"), name="w")
    f = function([x], None, updates=[(w, x * 2)])
    f(_f32(1, 2, 3))
    with pytest.raises(
        tw.ShapeError, match=r"new value of variable 'w' has another shape; expected \[3\]; received \[4\]"
    ):
        f(_f32(1, 2, 3, 4))
    assert w.numpy().tolist() == [2, 4, 6]


def test_an_open_shape_may_change() -> None:
    x, w = placeholder("float32", [None]), Variable(np.zeros(3, "f"), shape=[None])
    f = function([x], tw.sum(w), updates=[(w, tw.concat([w, x]))])
    assert [f(_f32(1)).item() for _ in range(4)] == [0, 1, 2, 3]
    assert w.numpy().shape == (7,)


# --- memory of variables --------------------------------------------------------------------------------------------


def test_what_was_taken_from_a_variable_does_not_change() -> None:
    w = Variable(np.arange(100, dtype=np.float32))
    f = function([], None, updates=[(w, w + 1)])
    f()
    with tw.no_grad():
        loose = [tw.identity(w), w[3:], tw.reshape(w, (10, 10))]
    arrays = [
        w.read().array(),
        np.asarray(w),
        np.asarray(w[::2]),
        np.from_dlpack(w.read()),
        w.get_value(),
        w.numpy(),
    ]
    eager = [w.read(), w * 1, tw.stop_gradient(w)]
    before = [np.array(v) for v in (*loose, *arrays, *eager)]
    f()
    w.assign_sub(5.0)
    f()
    for v, b in zip((*loose, *arrays, *eager), before, strict=True):
        np.testing.assert_array_equal(np.asarray(v), b)
    assert w.numpy()[0] == -2


def test_updates_are_in_place_while_nothing_else_shows_the_memory() -> None:
    w = Variable(np.zeros(1000, "f"))
    f = function([], None, updates=[(w, w + 1)])
    f()
    address = w.slot.array.ctypes.data  # type: ignore[union-attr]
    w.numpy(), w.read()
    for _ in range(5):
        f()
    assert w.slot.array.ctypes.data == address  # type: ignore[union-attr]


# --- traced functions -----------------------------------------------------------------------------------------------


def test_traced_once_per_signature() -> None:
    seen = []

    @tw.function
    def f(x: Any, k: int = 1, flag: bool = False) -> Any:
        seen.append(x)
        return x * k + (1 if flag else 0)

    assert f(_f32(1, 2)).tolist() == f(tw.constant([1.0, 2.0])).tolist() == [1, 2]
    assert f(_f32(5, 6)).tolist() == [5, 6] and f.num_traces == 1
    traced = f.num_traces
    assert f(_f32(1, 2), 3).tolist() == [3, 6] and f.num_traces == traced + 1
    assert f(_f32(1, 2), k=1, flag=True).tolist() == [2, 3] and f.num_traces == traced + 2
    assert f(np.array([1, 2], np.int32)).tolist() == [1, 2] and f.num_traces == traced + 3
    assert len(seen) == f.num_traces and all(x.value is None for x in seen if isinstance(x, Tensor))


def test_python_floats_are_arguments_and_ints_are_part_of_the_signature() -> None:
    @tw.function
    def f(x: Any, n: Any) -> Any:
        return x**n

    assert [f(v, 2).item() for v in (1.0, 2.0, 3.0)] == [1, 4, 9]
    assert f.num_traces == 1
    assert f(2.0, 3).item() == 8 and f.num_traces == 2
    assert f(2.0, True).item() == 2 and f.num_traces == 3


def test_a_changing_batch_is_traced_twice_at_most() -> None:
    @tw.function
    def f(x: Any) -> Any:
        return tw.mean(x * 2)

    for n in range(1, 60):
        assert f(np.full((n, 3), n, "f")).item() == 2 * n
    assert f.num_traces == 2


def test_variables_are_updated_and_read_after_assignment() -> None:
    w, held = Variable(_f32(1, 2)), Variable(_f32(0, 0))
    outside = w.read()

    @tw.function
    def f(x: Any) -> Any:
        before = w * 1
        w.assign(w + x)
        middle = w.read()
        held.assign(w * 10)
        w.assign_sub([1.0, 1.0])
        return before, middle, w, held + 0

    assert [r.tolist() for r in f(1.0)] == [[1, 2], [2, 3], [1, 2], [20, 30]]
    assert [r.tolist() for r in f(5.0)] == [[1, 2], [6, 7], [5, 6], [60, 70]]
    assert (w.numpy().tolist(), held.numpy().tolist(), outside.tolist()) == ([5, 6], [60, 70], [1, 2])
    assert w.read().tolist() == [5, 6]


def test_a_python_branch_on_a_tensor_says_how_to_repair_it() -> None:
    w = Variable(1.0, name="w")

    @tw.function
    def by_argument(x: Any) -> Any:
        return x if x > 0 else -x

    @tw.function
    def by_variable(x: Any) -> Any:
        return x if w else -x

    @tw.function
    def by_length(x: Any) -> Any:
        return x * float(tw.sum(x))

    for f, text in (
        (by_argument, "a truth value was asked for"),
        (by_variable, "variable 'w' may change"),
        (by_length, "a float"),
    ):
        with pytest.raises(tw.SymbolicError, match=text) as error:
            f(1.0)
        assert "use where, cond or while_loop" in str(error.value)
        assert (
            "while tracing" in error.value.__notes__[0]
            and "choose with where or cond" in error.value.__notes__[0]
        )

    @tw.function
    def repaired(x: Any) -> Any:
        return tw.where(x > 0, x, -x)

    assert repaired(-2.0).item() == 2


def test_tracing_that_fails_leaves_nothing_behind() -> None:
    w = Variable(1.0)

    @tw.function
    def f(x: Any) -> Any:
        w.assign(x)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        f(2.0)
    assert w.numpy() == 1 and f.num_traces == 0
    w.assign(3.0)
    assert w.numpy() == 3


class Scaled:
    """A model with a traced method."""

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self.count = Variable(0.0)

    @tw.function
    def step(self, x: Any) -> Any:
        self.count.assign_add(1.0)
        return x * self.scale


class Shifted(Scaled):
    """A subclass whose method calls its parent's."""

    @tw.function
    def step(self, x: Any) -> Any:
        return super().step(x) + 100


def test_methods() -> None:
    a, b = Scaled(2.0), Scaled(3.0)
    assert (a.step(1.0).item(), b.step(1.0).item(), a.step(2.0).item()) == (2, 3, 4)
    assert (a.count.numpy().item(), b.count.numpy().item()) == (2, 1)
    c = Shifted(5.0)
    assert (c.step(1.0).item(), c.count.numpy().item()) == (105, 1)
    d = copy.copy(a)
    d.scale = 7.0
    assert (d.step(1.0).item(), a.step(1.0).item()) == (7, 2)
    assert isinstance(Scaled.step, type(Scaled.step)) and Scaled.step(a, 1.0).item() == 2


def test_nested_functions_become_one_program() -> None:
    w = Variable(1.0)

    @tw.function
    def inner(x: Any) -> Any:
        w.assign_add(x)
        return w * 2

    @tw.function
    def outer(x: Any) -> Any:
        return inner(x) + inner(x)

    assert outer(1.0).item() == 10 and w.numpy() == 3
    assert (inner.num_traces, outer.num_traces) == (0, 1)

    @tw.function
    def pure(x: Any) -> Any:
        return x * 2

    x = placeholder("float32", [])
    assert pure(x).value is None and pure.num_traces == 0


def test_structures_as_arguments_and_results() -> None:
    @tw.function
    def f(batch: dict[str, Any], parts: list[Any]) -> Any:
        return {"sum": batch["x"] + parts[0], "rest": (parts[1], batch["k"])}

    result = f({"x": _f32(1, 2), "k": 3}, [_f32(1, 1), 2.0])
    assert (
        result["sum"].tolist() == [2, 3] and result["rest"][0].item() == 2 and result["rest"][1].item() == 3
    )


class Config:
    """Options that cannot be hashed."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, k: float) -> None:
        self.k = k

    def __eq__(self, other: object) -> bool:
        return True


def test_each_unhashable_argument_is_a_signature_of_its_own() -> None:
    @tw.function
    def f(x: Any, config: Any) -> Any:
        return x * config.k

    assert [f(1.0, Config(float(k))).item() for k in range(20)] == list(
        range(20)
    )  # made and dropped: ids come again


# --- gradients across eager and symbolic ----------------------------------------------------------------------------


def test_an_eager_penalty_in_a_symbolic_cost_keeps_its_gradient() -> None:
    x, w = placeholder("float32", [2]), Variable(_f32(1, 2))
    penalty = 0.01 * tw.nn.l2_loss(w)
    assert penalty.value is not None
    cost = tw.sum(x * w) + penalty
    slope = tw.gradients(cost, w)
    f = function([x], [cost, slope])
    w.assign(_f32(10, 20))
    value, g = f(_f32(1, 1))
    np.testing.assert_allclose(g.array(), [1.1, 1.2], rtol=1e-6)
    np.testing.assert_allclose(value.array(), 30 + 0.01 * 250, rtol=1e-6)


# --- random numbers and threads -------------------------------------------------------------------------------------


def test_random_numbers_eager_and_compiled_are_the_same() -> None:
    tw.random.set_seed(7)
    eager = [tw.random.uniform((3, 5)).array(), tw.random.normal((4,)).array()]
    key = np.array([7, 0, 0, 0], np.uint32)
    k = placeholder("uint32", [4])
    draws = function([k], [tw.random.uniform((3, 5), key=k), tw.random.normal((4,), key=k)])
    same = [tw.random.uniform((3, 5), key=key), tw.random.normal((4,), key=key)]
    for compiled, other, rtol in zip(draws(key), same, (0, 1e-6), strict=True):
        np.testing.assert_allclose(compiled.array(), other.array(), rtol=rtol)
    tw.random.set_seed(7)
    np.testing.assert_array_equal(eager[0], tw.random.uniform((3, 5)).array())


def _trained(threads: int) -> list[np.ndarray]:
    """The variables of an MLP with dropout after 20 steps."""
    before = tw.num_threads()
    tw.set_num_threads(threads)
    try:
        tw.random.set_seed(3)
        rng = np.random.default_rng(0)
        sizes = (64, 300, 150, 10)
        ws = [Variable(rng.normal(0, 0.1, s).astype("f")) for s in itertools.pairwise(sizes)]
        bs = [Variable(np.zeros(n, "f")) for n in sizes[1:]]
        x, y = placeholder("float32", [None, 64]), placeholder("float32", [None, 10])
        h: Tensor = x
        for w, b in zip(ws[:-1], bs[:-1], strict=True):
            h = tw.nn.dropout(tw.relu(tw.matmul(h, w) + b), 0.3)
        loss = tw.mean(tw.square(tw.matmul(h, ws[-1]) + bs[-1] - y))
        variables = [*ws, *bs]
        updates = [(v, v - 0.05 * g) for v, g in zip(variables, tw.gradients(loss, variables), strict=True)]
        step = function([x, y], loss, updates)
        xs, ys = rng.normal(size=(100, 64)).astype("f"), rng.normal(size=(100, 10)).astype("f")
        losses = [step(xs, ys).item() for _ in range(20)]
        assert losses[-1] < losses[0]
        return [np.array(losses), *(v.numpy() for v in variables)]
    finally:
        tw.set_num_threads(before)


def test_the_same_seed_gives_the_same_bits_at_one_and_two_threads() -> None:
    one, again, two = _trained(1), _trained(1), _trained(2)
    for a, b, c in zip(one, again, two, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)


def test_one_function_called_from_four_threads() -> None:
    x, w = placeholder("float32", [None, 64]), Variable(np.ones((64, 64), "f"))
    count = Variable(0.0)
    f = function([x], tw.matmul(x, w) + 1, updates=[(count, count + 1)])
    wrong: list[str] = []

    def work(k: int) -> None:
        for n in range(1, 51):
            result = f(np.full((n % 5 + 1, 64), k, "f")).array()
            if result.shape != (n % 5 + 1, 64) or not (result == 64 * k + 1).all():
                wrong.append(f"thread {k}, call {n}")

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong and count.numpy() == 200


# --- host ops -------------------------------------------------------------------------------------------------------


def test_host_ops_between_native_parts() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(7, 7)) + 7 * np.eye(7), rng.normal(size=(7, 3))
    p, q = placeholder("float64", [7, 7]), placeholder("float64", [7, 3])
    w = Variable(np.ones((7, 3)))
    solved = tw.linalg.solve(p * 2, (q + w).T.T)
    f = function([p, q], [tw.exp(-solved) + 1, tw.linalg.svdvals(q)[::-1] * 2], updates=[(w, w + solved)])
    for step in range(2):
        expected = np.linalg.solve(a * 2, b + w.numpy())
        start = w.numpy()
        first, second = f(a, b)
        np.testing.assert_allclose(first.array(), np.exp(-expected) + 1, rtol=1e-12)
        np.testing.assert_array_equal(second.array(), np.linalg.svd(b, compute_uv=False)[::-1] * 2)
        np.testing.assert_allclose(w.numpy(), start + expected, rtol=1e-12, err_msg=f"step {step}")
    assert len(f.program.form([a, b]).executable.report.host_ops) == 2


def test_host_ops_with_several_outputs() -> None:
    a = np.random.default_rng(1).normal(size=(6, 4))
    p = placeholder("float64", [6, 4])
    q, r = tw.linalg.qr(p + 1)
    values, places = tw.top_k(p * 3, 2)
    f = function([p], [tw.matmul(q, r) - 1, q * 2, values + 1, places + 1, r])
    product, q2, top, at, r1 = (t.array() for t in f(a))
    np.testing.assert_allclose(product, a, atol=1e-12)
    np.testing.assert_allclose(np.abs(q2), 2 * np.abs(np.linalg.qr(a + 1)[0]), rtol=1e-10)
    np.testing.assert_allclose(np.abs(r1), np.abs(np.linalg.qr(a + 1)[1]), rtol=1e-10, atol=1e-12)
    order = np.argsort(-a, axis=-1)[:, :2]
    np.testing.assert_allclose(top, np.take_along_axis(a * 3, order, -1) + 1)
    np.testing.assert_array_equal(at, order + 1)
    only = function([p], tw.linalg.qr(p)[1] * 1)(a)
    np.testing.assert_allclose(np.abs(only.array()), np.abs(np.linalg.qr(a)[1]), rtol=1e-10, atol=1e-12)


def test_shapes_that_depend_on_values_run_by_meaning() -> None:
    x, w = placeholder("float32", [None]), Variable(0.0)
    kept = positives(x)
    f = function([x], [kept, tw.sum(kept)], updates=[(w, w + tw.sum(kept))])
    a, b = f(_f32(1, -2, 3))
    assert (a.tolist(), b.item(), w.numpy().item()) == ([1, 3], 4, 4)
    assert f(_f32(-1, 5, -3, 6))[0].tolist() == [5, 6] and w.numpy() == 15


def test_axes_that_keep_changing_are_traced_once_with_open_lengths() -> None:
    """Lengths of sequences beside lengths of batches; a function that asks for one is traced for each."""
    w = tw.Variable(np.linspace(-1, 1, 6).reshape(3, 2))
    asked = []

    @function
    def means(x: Any, scale: Any) -> Any:
        return tw.mean(tw.tanh(tw.matmul(x, w)), axis=1) * scale

    @function
    def in_turn(x: Any) -> Any:
        asked.append(x.shape[1])
        return sum(x[:, k] * k for k in range(x.shape[1]))

    rng = np.random.default_rng(0)
    for rows, steps in [(2, 4), (3, 7), (5, 4), (6, 9), (2, 2), (8, 30)]:
        x = rng.normal(size=(rows, steps, 3))
        np.testing.assert_allclose(means(x, np.float64(2)), 2 * np.tanh(x @ w.numpy()).mean(1), rtol=1e-12)
        np.testing.assert_allclose(in_turn(x), (x * np.arange(steps)[:, None]).sum(1), rtol=1e-12, atol=1e-12)
    assert means.num_traces == 2
    traced = in_turn.num_traces
    in_turn(rng.normal(size=(9, 7, 3)))
    assert in_turn.num_traces == traced == 6 and asked.count(None) == 1  # any rows for each number of steps
