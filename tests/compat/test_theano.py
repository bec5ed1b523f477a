"""Theano's names: the tutorials and programs run unmodified, and the rules they rely on hold."""

from __future__ import annotations

import copy
import pickle
import re
import runpy
import subprocess
import sys
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pytest

import thalweg.compat.lasagne as lasagne
import thalweg.compat.theano as theano
import thalweg.compat.theano.tensor as T
from compat.conftest import Run
from compat.theano_names import as_theano, modules
from thalweg.compat.theano import function, shared
from thalweg.compat.theano.functions import Function, MissingInputError, UnusedInputError
from thalweg.compat.theano.gradient import DisconnectedInputError
from thalweg.compat.theano.sharing import TensorSharedVariable
from thalweg.compat.theano.variable import TensorVariable

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
PROGRAMS = sorted(p for p in (ROOT / "tests" / "programs" / "theano").glob("*.py") if p.stem != "conftest")
TUTORIALS = sorted((SHARED / "tutorials").glob("theano_*.py"))
needs_shared = pytest.mark.skipif(
    not SHARED.exists(), reason="the folder of tutorials is not on this machine"
)


def run(path: Path) -> None:
    with as_theano():
        runpy.run_path(str(path), run_name="__main__")


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda p: p.stem)
def test_program(path: Path, thalweg_run: Run) -> None:
    done = thalweg_run(path)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_shared
@pytest.mark.parametrize("path", TUTORIALS or [None], ids=lambda p: p.stem if p else "none")
def test_tutorial(path: Path) -> None:
    run(path)


def test_the_main_library_is_the_same_after_the_import() -> None:
    code = (
        "import thalweg as tw, numpy as np\n"
        "w = tw.Variable(1.0)\n"
        "def seen(): return (sorted(dir(tw.Tensor)), sorted(dir(tw.Variable)), tw.constant(1.0).dtype,"
        " repr(w * 2), (w * 2).value, tw.zeros((2,)).dtype, tw.function([], w * 2)().numpy(), np.geterr())\n"
        "before = seen()\n"
        "import thalweg.compat.theano\n"
        "thalweg.compat.theano.config.floatX = 'float64'\n"
        "assert seen() == before\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- dtypes and arguments -------------------------------------------------------------------------------------------


def test_dtypes_follow_theano() -> None:
    f32, i32 = T.fmatrix(), T.ivector()
    assert (f32 * 2).dtype == "float32" and (f32 * 0.5).dtype == "float32" and (f32 * 0.1).dtype == "float64"
    assert (
        (i32 * T.fvector()).dtype == "float64"
        and (i32 / 2).dtype == "float64"
        and (i32 // 2).dtype == "int32"
    )
    assert (
        T.sum(i32).dtype == "int64"
        and T.mean(T.neq(i32, i32)).dtype == "float64"
        and T.exp(i32).dtype == "float64"
    )
    assert T.argmax(f32).dtype == "int64" and T.arange(3).dtype == "int64" and (f32 > 1).dtype == "bool"
    assert (
        shared(0).dtype == "int64"
        and shared(0.0).dtype == "float64"
        and shared(np.float32(0)).dtype == "float32"
    )
    assert T.matrix().dtype == "float64" and T.wscalar().dtype == "int16" and T.bvector().dtype == "int8"


def test_floatx_decides_what_matrix_makes() -> None:
    before = theano.config.floatX
    try:
        theano.config.floatX = "float32"
        assert T.matrix().dtype == T.zeros((2,)).dtype == "float32" and (T.matrix() * 0.1).dtype == "float32"
        with pytest.raises(ValueError, match="floatX"):
            theano.config.floatX = "float33"
    finally:
        theano.config.floatX = before


@pytest.mark.parametrize("flags, dtype", [("", "float64"), ("floatX=float32,device=cpu", "float32")])
def test_flags_of_the_environment(flags: str, dtype: str) -> None:
    from thalweg.compat.theano.configuration import Config

    config = Config(flags)
    assert config.floatX == dtype and config.device == "cpu"


def test_precision_is_not_lost_unasked() -> None:
    x = T.fscalar("x")
    with pytest.raises(TypeError, match="without risking loss of precision"):
        function([x], x)(np.float64(0.1))
    with pytest.raises(TypeError, match="index 0"):
        function([T.ivector()], 0, on_unused_input="ignore")([1.5])
    assert function([x], x)(2) == 2 and function([x], x, allow_input_downcast=True)(0.1).dtype == "float32"
    v = T.fvector()
    with pytest.raises(TypeError, match="loss of precision"):
        function([v], v)(np.zeros(3))
    with pytest.raises(TypeError, match="Wrong number of dimensions"):
        function([v], v)(np.zeros((3, 3), "float32"))
    with pytest.raises(TypeError, match="same type"):
        s = shared(np.zeros(3, "float32"))
        function([], [], updates=[(s, s * shared(np.ones(3)))])


def test_arguments_with_defaults_names_and_state() -> None:
    x, y, w = T.dscalars("x", "y", "w")
    f = function([x, theano.In(y, value=1), theano.Param(w, default=2, name="w_by_name")], (x + y) * w)
    assert f(33) == 68 and f(33, 2) == 70 and f(33, 0, 1) == 33 and f(33, w_by_name=1, y=0) == 33
    with pytest.raises(TypeError, match="Missing required input: x"):
        f()
    total = T.dscalar("total")
    add = function([x, theano.In(total, value=0.0, update=total + x)], total + x)
    assert [float(add(k)) for k in (1, 2, 3)] == [1, 3, 6] and add["total"] == 6


def test_inputs_that_are_missing_or_unused() -> None:
    x, y = T.dscalars("x", "y")
    with pytest.raises(MissingInputError, match="y"):
        function([x], x + y)
    with pytest.raises(UnusedInputError, match="not part of the computational graph"):
        function([x, y], x)
    with pytest.warns(UserWarning, match="not part"):
        function([x, y], x, on_unused_input="warn")
    assert function([x, y], x, on_unused_input="ignore")(1, 2) == 1
    with pytest.raises(TypeError, match="list"):
        function(x, x)


def test_outputs_keep_their_structure() -> None:
    x = T.dvector()
    assert isinstance(function([x], x * 2)([1]), np.ndarray)
    assert isinstance(function([x], [x * 2])([1]), list)
    assert set(function([x], {"a": x, "b": x + 1})([1])) == {"a", "b"}
    above = x + 1
    assert function([above], above * 2)([3]).tolist() == [6]  # an expression as an input cuts the graph there


# --- shared variables and updates -----------------------------------------------------------------------------------


def test_updates_come_after_outputs_and_may_change_the_shape() -> None:
    v = shared(np.zeros((2, 2)))
    grow = function([], v.shape[0], updates={v: T.concatenate([v, v + 1])})
    assert [int(grow()) for _ in range(3)] == [2, 4, 8] and v.get_value().shape == (16, 2)
    total = function([], v.sum())
    total()
    v.set_value(np.ones((3, 5)))
    assert total() == 15
    a, b = shared(1.0), shared(2.0)
    function([], [], updates=[(a, b), (b, a)])()
    assert float(a.get_value()) == 2 and float(b.get_value()) == 1
    with pytest.raises(ValueError, match="already has an update"):
        function([], [], updates=[(a, b), (a, b + 1)])


def test_minibatches_by_number_through_givens() -> None:
    data = np.arange(75.0).reshape(25, 3)
    X, index, x = shared(data), T.lscalar(), T.matrix()
    f = function([index], [x, x.shape[0]], givens={x: X[index * 10 : (index + 1) * 10]})
    for k, rows in enumerate((10, 10, 5)):
        batch, count = f(k)
        assert count == rows and np.array_equal(batch, data[k * 10 : (k + 1) * 10])


# --- indexing -------------------------------------------------------------------------------------------------------


def test_keys_with_symbols() -> None:
    x, i, j = T.matrix(), T.iscalar(), T.iscalar()
    X = np.arange(20.0).reshape(5, 4)
    for make in (
        lambda x, i, j: x[i],
        lambda x, i, j: x[i:],
        lambda x, i, j: x[:i],
        lambda x, i, j: x[i:j],
        lambda x, i, j: x[-i:],
        lambda x, i, j: x[i:j:2],
        lambda x, i, j: x[j:i:-1],
        lambda x, i, j: x[:, i],
        lambda x, i, j: x[i, j],
        lambda x, i, j: x[i:, :j],
        lambda x, i, j: x[..., i],
        lambda x, i, j: x[::-1][i],
        lambda x, i, j: x[i][None, :],
    ):
        f = function([x, i, j], make(x, i, j), on_unused_input="ignore")
        for a, b in ((0, 3), (2, 1), (1, 2), (3, 3)):
            assert np.array_equal(f(X, a, b), make(X, a, b)), (a, b)


def test_writing_and_adding_at_keys() -> None:
    x, i, v = T.matrix(), T.ivector(), T.scalar()
    X = np.arange(20.0).reshape(5, 4)

    def written(key: Any, op: str) -> np.ndarray:
        Y = X.copy()
        if op == "set":
            Y[key] = 7
        else:
            np.add.at(Y, key, 7)
        return Y

    rows = np.array([0, 2, 2])
    cases = [(x[1:3], np.s_[1:3]), (x[:, 2], np.s_[:, 2]), (x[i], rows), (x[i, i], (rows, rows)), (x[-1], -1)]
    for part, key in cases:
        f = function(
            [x, i, v], [T.set_subtensor(part, v), T.inc_subtensor(part, v)], on_unused_input="ignore"
        )
        was_set, was_added = f(X, rows.astype("int32"), 7)
        assert np.array_equal(was_set, written(key, "set")) and np.array_equal(was_added, written(key, "inc"))
    n = T.lscalar()
    assert np.array_equal(
        function([x, n], T.set_subtensor(x[:n, 1:n], 7))(X, 3), written(np.s_[:3, 1:3], "set")
    )


def test_masks_and_places() -> None:
    v = T.vector()
    f = function([v], [v[v.nonzero()], v[(v > 1).nonzero()], v[v > 1], T.nonzero(v)[0]])
    assert [o.tolist() for o in f([1, 0, 2, 3])] == [[1, 2, 3], [2, 3], [2, 3], [0, 2, 3]]


# --- shapes ---------------------------------------------------------------------------------------------------------


def test_shapes_made_of_shapes() -> None:
    x = T.tensor4()
    f = function(
        [x],
        [
            x.flatten(2),
            x.reshape((x.shape[0] * x.shape[1], -1)),
            x.dimshuffle(0, 2, 3, 1),
            T.zeros((x.shape[0], 5)),
            T.alloc(1.5, x.shape[1], 2),
            T.tile(x[:, 0, 0], (1, 2)),
            T.repeat(x[0, 0, 0], x.shape[0]),
            T.eye(x.shape[2]),
            x.size,
            T.arange(1, x.shape[3], 2),
            x.shape,
        ],
    )
    for shape in ((2, 3, 4, 5), (3, 1, 2, 6)):
        X = np.random.RandomState(0).randn(*shape)
        a, b, c, d = shape
        want: list[Any] = [
            X.reshape(a, -1), X.reshape(a * b, -1), X.transpose(0, 2, 3, 1), np.zeros((a, 5)), np.full((b, 2), 1.5),
            np.tile(X[:, 0, 0], (1, 2)), np.repeat(X[0, 0, 0], a), np.eye(c), X.size, np.arange(1, d, 2), shape,
        ]  # fmt: skip
        for got, expected in zip(f(X), want, strict=True):
            assert np.array_equal(got, expected)


def test_dropping_an_axis_needs_one_that_broadcasts() -> None:
    assert T.col().dimshuffle(0).ndim == 1
    with pytest.raises(ValueError, match="not broadcastable"):
        T.matrix().dimshuffle(0)


# --- networks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["valid", "full", "half", 1, (2, 1)])
def test_convolution_turns_the_filters(mode: object) -> None:
    rng = np.random.RandomState(0)
    x, w = rng.randn(2, 3, 7, 8), rng.randn(4, 3, 3, 3)
    a, b = T.tensor4s(2)
    got = function([a, b], T.nnet.conv2d(a, b, border_mode=mode, filter_shape=w.shape))(x, w)
    margin = {"valid": (0, 0), "full": (2, 2), "half": (1, 1), 1: (1, 1), (2, 1): (2, 1)}[mode]  # type: ignore[index]
    wide = np.pad(x, [(0, 0), (0, 0), (margin[0],) * 2, (margin[1],) * 2])
    windows = np.lib.stride_tricks.sliding_window_view(wide, (3, 3), axis=(2, 3))
    assert np.allclose(got, np.einsum("nchwij,ocij->nohw", windows, w[:, :, ::-1, ::-1]))


@pytest.mark.parametrize("ignore", [True, False])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_pooling_counts_borders_as_told(ignore: bool, stride: int) -> None:
    x = np.random.RandomState(0).randn(1, 2, 5, 7)
    a = T.tensor4()
    got = function([a], T.signal.pool.pool_2d(a, (2, 2), ignore_border=ignore, stride=(stride, stride)))(x)

    def count(n: int) -> int:
        if ignore:
            return (n - 2) // stride + 1
        return (n - 1) // stride + 1 if stride >= 2 else max(0, (n - 1 - 2 + stride) // stride) + 1

    want = np.array(
        [
            [
                [x[0, c, i : i + 2, j : j + 2].max() for j in range(0, count(7) * stride, stride)]
                for i in range(0, count(5) * stride, stride)
            ]
            for c in range(2)
        ]
    )
    assert np.array_equal(got[0], want)


def test_losses_of_class_numbers_and_rows() -> None:
    p, k, t = T.matrix(), T.ivector(), T.matrix()
    P = np.array([[0.2, 0.8], [0.5, 0.5]])
    f = function([p, k], T.nnet.categorical_crossentropy(p, k))
    assert np.allclose(f(P, np.array([1, 0], "int32")), -np.log([0.8, 0.5]))
    g = function([p, t], T.nnet.categorical_crossentropy(p, t))
    assert np.allclose(g(P, np.eye(2)), -np.log([0.2, 0.5]))
    assert np.allclose(T.nnet.softmax(T.zeros((3,))).eval(), np.full((1, 3), 1 / 3))
    x = T.scalar()
    assert T.nnet.hard_sigmoid(T.fvector()).dtype == "float32"
    assert T.nnet.hard_sigmoid(x).eval({x: 1.0}) == 0.7 and T.nnet.relu(x, 0.5).eval({x: -1.0}) == -0.5


# --- derivatives ----------------------------------------------------------------------------------------------------


def test_options_of_grad() -> None:
    x, z = T.dscalars("x", "z")
    with pytest.raises(DisconnectedInputError):
        T.grad(x**2, z)
    assert T.grad(x**2, z, disconnected_inputs="ignore").eval({z: 1.0}) == 0
    y = x**2
    assert T.grad(x * y, x, consider_constant=[y]).eval({x: 3.0}) == 9
    assert T.grad(None, x, known_grads={y: T.constant(5.0)}).eval({x: 3.0}) == 30
    assert T.grad(theano.gradient.grad_clip(x, -1, 1) ** 2, x).eval({x: 5.0}) == 1
    assert T.grad(theano.gradient.disconnected_grad(x) * x, x).eval({x: 5.0}) == 5
    with pytest.raises(TypeError, match="scalar"):
        T.grad(T.vector(), x)
    T.verify_grad(lambda a, b: T.tanh(T.dot(a, b)), [np.eye(2), np.ones((2, 3))])


def test_gradients_are_verified_in_the_dtype_of_the_point() -> None:
    seen = []

    def squared(v: Any) -> Any:
        seen.append(v.dtype)
        return T.sqr(v) + 100

    wrong = vars(T.verify_grad)["E_grad"]
    for dtype in ("float32", "float64"):
        point = np.linspace(1, 2, 6).reshape(2, 3).astype(dtype)
        T.verify_grad(squared, [point])
        with pytest.raises(wrong, match="by rule"):
            T.verify_grad(lambda v: theano.gradient.grad_scale(v, 1.05), [point])
        T.verify_grad(lambda v: theano.gradient.grad_scale(v, 1.05), [point], rel_tol=0.1)
    assert seen == ["float32", "float64"]
    with pytest.raises(TypeError, match="input 0 has dtype int64"):
        T.verify_grad(squared, [np.arange(3)])


def test_truncated_gradients_of_scan() -> None:
    x, w = T.vector(), shared(2.0)
    h, _ = theano.scan(lambda a, p: w * p + a, sequences=x, outputs_info=T.constant(0.0), truncate_gradient=1)
    assert function([x], T.grad(h[-1], w))([1, 2, 3]) == 1 * 2 + 2
    h, _ = theano.scan(lambda a, p: w * p + a, sequences=x, outputs_info=T.constant(0.0))
    assert function([x], T.grad(h[-1], w))([1, 2, 3]) == 2 + 2 * 2 * 1 + 0


def test_folds() -> None:
    x = T.vector()
    for made, want in (
        (theano.map(lambda a: a**2, x), [1, 4, 9]),
        (theano.reduce(lambda a, b: a + b, x, outputs_info=np.float64(0)), 6),
        (theano.foldl(lambda a, b: a + 2 * b, x, T.constant(0.0)), 11),
        (theano.foldr(lambda a, b: a + 2 * b, x, T.constant(0.0)), 17),
        (theano.scan(lambda a, p: p + a, x, T.constant(0.0), go_backwards=True), [3, 5, 6]),
    ):
        assert np.array_equal(function([x], made[0])([1, 2, 3]), want)


def test_an_op_of_the_program() -> None:
    class Double(theano.Op):
        __props__ = ()

        def make_node(self, *inputs: Any) -> theano.Apply:
            x = T.as_tensor_variable(inputs[0])
            return theano.Apply(self, [x], [x.type()])

        def perform(self, node: object, inputs: list, output_storage: list) -> None:  # type: ignore[override]
            output_storage[0][0] = inputs[0] * 2

        def grad(self, inputs: list, output_grads: list) -> list:
            return [output_grads[0] * 2]

    x = T.matrix()
    y = Double()(x)
    value, slope = function([x], [y, T.grad(T.sum(y**2), x)])(np.ones((2, 2)))
    assert (value == 2).all() and (slope == 8).all()


def test_a_function_as_an_op() -> None:
    from thalweg.compat.theano.compile.ops import as_op

    @as_op(itypes=[T.dvector], otypes=[T.dvector])
    def backwards(x: np.ndarray) -> np.ndarray:
        return x[::-1]

    v = T.dvector()
    assert function([v], backwards(v) + 1)([1, 2]).tolist() == [3, 2]


def test_models_are_pickled_and_copied_by_their_programs() -> None:
    x, w = T.matrix("x"), shared(np.ones((2, 2)), name="w")
    for kept in (
        pickle.loads(pickle.dumps((x, w, T.tanh(T.dot(x, w))))),
        copy.deepcopy((x, w, T.tanh(T.dot(x, w)))),
    ):
        new_x, new_w, y = kept
        new_w.set_value(np.zeros((2, 2)))
        assert w.get_value().sum() == 4 and function([new_x], y)(np.ones((1, 2))).tolist() == [[0, 0]]


def test_functions_of_tensors_are_pickled_under_their_names() -> None:
    made = [f for f in vars(T).values() if isinstance(f, FunctionType)]
    assert (
        all(pickle.loads(pickle.dumps(f)) is f for f in made) and T.tanh in made and T.tanh.__name__ == "tanh"
    )


def test_the_words_of_the_first_years() -> None:
    x, i = T.dmatrix(), shared(1)
    kept = shared(np.zeros((2, 2)))
    kept.value = np.eye(2)
    assert kept.value.tolist() == [[1, 0], [0, 1]]
    kept.value[0, 0] = 5  # a copy
    assert kept.get_value()[0, 0] == 1
    column = (slice(None, None, None), i)
    changed = function([x], [T.setsubtensor(x, 1 - x[:, i], idx_list=column), T.incsubtensor(x, 10, column)])
    replaced, added = changed([[1, 2], [3, 4]])
    assert replaced.tolist() == [[1, -1], [3, -3]] and added.tolist() == [[1, 12], [3, 14]]
    rounded = function([x], [T.iround(x), T.round(x)])([[0.4, 2.6]])
    assert [r.dtype.name for r in rounded] == ["int64", "float64"]
    assert [r.tolist() for r in rounded] == [[[0, 3]], [[0, 3]]]


# --- text and pictures ----------------------------------------------------------------------------------------------


def test_text(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    x, y = T.dscalars("x", "y")
    assert theano.pp(x + y) == "(x + y)" and theano.pp(x**2) == "(x ** TensorConstant{2})"
    assert theano.pp(T.exp(-x) / (1 + y)) == "(exp((-x)) / (TensorConstant{1} + y))"
    assert str(T.dmatrix().type) == "TensorType(float64, matrix)" and str(x) == "x"
    theano.printing.debugprint(x + y * x)
    assert "Elemwise{mul,no_inplace} [id C]" in capsys.readouterr().out
    theano.printing.pydotprint(x + y, outfile=str(tmp_path / "graph.png"), print_output_file=False)
    assert (tmp_path / "graph.svg").read_text().startswith("<svg")
    theano.printing.pydotprint(x + y, outfile=str(tmp_path / "graph.dot"), print_output_file=False)
    assert "->" in (tmp_path / "graph.dot").read_text()


def test_a_missing_name_says_what_there_is() -> None:
    with pytest.raises(
        AttributeError, match=r"theano\.tensor\.concatenat is not supported; .*concatenate; .*compat\.md"
    ):
        T.concatenat
    assert "theano.tensor.nnet" in modules()


# --- the names that programs use ------------------------------------------------------------------------------------

_OPERATORS = {
    "Mult": "__mul__", "Add": "__add__", "Sub": "__sub__", "Div": "__truediv__", "Pow": "__pow__", "Mod": "__mod__",
    "FloorDiv": "__floordiv__", "USub": "__neg__", "Not": "__bool__", "Gt": "__gt__", "GtE": "__ge__", "Lt": "__lt__",
}  # fmt: skip
_ELSEWHERE = {
    "theano.sparse": "sparse matrices",
    "theano.sandbox.cuda.CudaNdarray.zeros": "arrays on a GPU",
    "theano.sandbox.cuda.basic_ops": "GPU device management",
}


def _listed_names() -> dict[str, int]:
    text = (SHARED / "compat-names.md").read_text(encoding="utf-8")
    part = text.split("\n## Theano\n")[1].split("\n## ")[0]
    found = {name: int(count) for name, count in re.findall(r"^\| `(.+?)` \| (\d+) \|", part, re.M)}
    once = part.split("Once each:")[1]
    found.update(dict.fromkeys(re.findall(r"`(.+?)`", once), 1))
    return found


def _exists(name: str) -> bool:
    if name.startswith("«"):
        if name.endswith("()"):
            return callable(Function)
        return "[" in name or hasattr(TensorVariable, _OPERATORS[name.split()[-1]])
    if name.startswith("."):
        places = (TensorVariable, TensorSharedVariable, Function, theano.OrderedUpdates, T.scalar("x"))
        return any(hasattr(p, name[1:]) for p in places)
    name = re.sub(r"^class\((.*)\)$", r"\1", name)
    first, *rest = name.split(".")
    found: object = {"T": T, "theano": theano, "lasagne": lasagne}[first]
    for part in rest:
        if not hasattr(found, part):
            return False
        found = getattr(found, part)
    return True


@needs_shared
def test_names_that_programs_use_are_covered() -> None:
    names = _listed_names()
    lacking = {n for n in names if not _exists(n)}
    unexplained = {n for n in lacking if not any(n == k or n.startswith(f"{k}.") for k in _ELSEWHERE)}
    often = {n: c for n, c in names.items() if c > 1}
    share = sum(c for n, c in often.items() if n not in lacking) / sum(often.values())
    rest = [n for n, c in names.items() if c == 1]
    share_of_rest = sum(n not in lacking for n in rest) / len(rest)
    print(f"used twice or more: {share:.1%} by use; once: {share_of_rest:.1%}; lacking: {sorted(lacking)}")
    assert not unexplained
    assert share >= 0.95 and share_of_rest >= 0.8


# --- what Theano's own tests found ------------------------------------------------------------------------------------


def test_gradients_of_integers_are_those_of_the_numbers_they_are() -> None:
    x, w = T.imatrix("x"), T.matrix("w")
    cost = T.nnet.sigmoid(T.dot(x, w)).sum()
    found = T.grad(cost, x)
    assert found.dtype == "float64"
    at, weights = np.array([[1, -1]], "int32"), np.array([[0.5], [0.25]])
    s = 1 / (1 + np.exp(-(at @ weights)))
    np.testing.assert_allclose(found.eval({x: at, w: weights}), s * (1 - s) * weights.T)
    n = T.iscalar("n")
    assert T.grad(n, n).eval({n: 3}) == 1 and T.grad(n**2, n).eval({n: 3}) == 0  # whole numbers have no slope


def test_gradients_that_an_op_does_not_have_fail_where_they_are_needed() -> None:
    class Scaled(theano.Op):
        def make_node(self, x: Any, k: Any) -> Any:
            return theano.Apply(self, [x, k], [x.type()])

        def perform(self, node: Any, inputs: Any, output_storage: Any, params: Any = None) -> None:
            output_storage[0][0] = inputs[0] * inputs[1]

        def grad(self, inputs: Any, g: Any) -> Any:
            return [g[0] * inputs[1], theano.gradient.grad_undefined(self, 1, inputs[1])]

    x, k = T.vector("x"), T.scalar("k")
    y = Scaled()(x, k).sum()
    assert function([x, k], T.grad(y, x))([1.0, 2.0], 3.0).tolist() == [3, 3]
    with pytest.raises(theano.gradient.NullTypeGradError, match="Scaled has no gradient by its input 1"):
        T.grad(y, k)


def test_a_path_that_is_cut_is_none() -> None:
    x = T.vector("x")
    with pytest.raises(DisconnectedInputError):
        T.grad(theano.gradient.disconnected_grad(x).sum(), x)
    both = T.grad((x + theano.gradient.disconnected_grad(x)).sum(), x)
    assert both.eval({x: [1.0]}).tolist() == [1]
    assert T.grad(theano.gradient.zero_grad(x).sum(), x).eval({x: [1.0]}).tolist() == [0]


def test_a_gradient_is_named_after_its_variables() -> None:
    x = T.scalar("x")
    cost = x**2
    cost.name = "cost"
    assert T.grad(cost, x).name == "(dcost/dx)" and T.grad(cost, x, add_names=False).name is None
    assert T.grad(x**2, x).name is None


def test_a_subtensor_takes_no_more_axes_than_it_has() -> None:
    x = T.matrix()
    with pytest.raises(TypeError, match="increment a 1-dimensional subtensor with a 2-dimensional value"):
        T.set_subtensor(x[0], T.matrix())


def test_matrices_without_an_inverse_are_errors_of_linear_algebra() -> None:
    x = T.matrix()
    for op in (T.nlinalg.matrix_inverse, T.slinalg.cholesky):
        with pytest.raises(np.linalg.LinAlgError):
            function([x], op(x))(-np.ones((2, 2)))


def test_diagonals_of_any_array_at_any_offset() -> None:
    a, n = T.tensor3(), T.iscalar()
    made = function([a], T.extra_ops.fill_diagonal(a, 7.0))(np.zeros((3, 3, 3)))
    assert made[0, 0, 0] == made[2, 2, 2] == 7 and made.sum() == 21
    m = T.matrix()
    shifted = function([m, n], T.extra_ops.fill_diagonal_offset(m, 1.0, n))
    for k in (-2, 0, 1):
        assert (shifted(np.zeros((3, 4)), k) == np.eye(3, 4, k)).all()


def test_solutions_norms_and_inverses_as_numpy_has_them() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    x, y = T.matrix(), T.matrix()
    found = function([x, y], T.nlinalg.lstsq()(x, y, -1.0))(a, b)
    for ours, theirs in zip(found, np.linalg.lstsq(a, b, -1.0), strict=True):
        np.testing.assert_allclose(ours, np.asarray(theirs))
    assert function([x], T.nlinalg.norm(x, "inf"))(a) == pytest.approx(np.linalg.norm(a, np.inf))
    t = T.tensor4()
    cube = rng.normal(size=(4, 6, 8, 3))
    np.testing.assert_allclose(function([t], T.nlinalg.tensorinv(t))(cube), np.linalg.tensorinv(cube))
    square = rng.normal(size=(3, 3))
    of_half = function([x], T.slinalg.eigvalsh(x))(square)  # looks at the lower half alone
    np.testing.assert_allclose(of_half, np.linalg.eigvalsh(square))
    rows = T.extra_ops.ravel_multi_index([T.constant([3, -1])], (3,), mode="clip")
    assert rows.eval().tolist() == [2, 0]


def test_states_beside_inputs_and_the_room_of_both_pythons() -> None:
    from thalweg.compat.theano.compat import DefaultOrderedDict, cmp
    from thalweg.compat.theano.compat.python2x import OrderedDict

    total, x = T.scalar("total"), T.scalar("x")
    add = function([x, ((total, total + x), 10.0)], total)
    assert [float(add(k)) for k in (1, 2)] == [10, 11]
    counts = DefaultOrderedDict(int)
    counts["a"] += 1
    assert counts["a"] == 1 and OrderedDict is not None and cmp(2, 1) == 1
    with pytest.raises(vars(T.verify_grad)["E_grad"]):
        T.verify_grad(lambda v: theano.gradient.grad_scale(v, 2.0), [np.ones(2)])


def test_modules_that_have_the_name_of_a_function(thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(
        "import theano.tensor as T\nfrom theano.tensor.sort import argsort, topk\n"
        "from theano.compile.pfunc import Param, pfunc\nimport theano.compile.pfunc\nx = T.vector()\n"
        "from theano.compile.sandbox import pfunc, shared\nimport theano\nassert shared is theano.shared\n"
        "print(T.sort(x).eval({x: [3, 1, 2]}), pfunc([x], topk(x, 2))([3, 1, 2]), theano.compile.pfunc is pfunc)\n"
    )
    done = thalweg_run(tmp_path / "p.py")
    assert done.stdout == "[1. 2. 3.] [2. 3.] True\n", done.stderr


def test_ties_and_bounds_have_theanos_slopes() -> None:
    x = T.vector()

    def slopes(y: Any) -> list[float]:
        found: list[float] = function([x], T.grad(y.sum(), x))(np.array([0.0, -1.0, 2.0])).tolist()
        return found

    assert slopes(T.maximum(x, 0)) == [1, 0, 1] and slopes(T.maximum(0, x)) == [
        0,
        0,
        1,
    ]  # the first receives it
    assert slopes(T.minimum(x, 0)) == [1, 1, 0] and slopes(T.minimum(0, x)) == [0, 1, 0]
    assert slopes(T.clip(x, 0, 2)) == [1, 0, 1]
    assert slopes(T.nnet.relu(x)) == [0.5, 0, 1] and slopes(T.nnet.relu(x, 0.5)) == [0.75, 0.5, 1]
    assert T.maximum(T.constant(True), T.constant(False)).dtype == "bool"


def test_ranges_have_the_dtype_of_their_bounds() -> None:
    assert T.arange(T.fscalar()).dtype == "float32" and T.arange(T.dscalar()).dtype == "float64"
    assert T.arange(T.bscalar()).dtype == "int64"


def test_products_of_batches_of_any_rank() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(2, 6, 5, 7))
    x, y = T.tensor4(), T.tensor4()
    wanted = np.stack([np.tensordot(m, n, ([2], [1])) for m, n in zip(a, b, strict=True)])
    np.testing.assert_allclose(function([x, y], T.batched_dot(x, y))(a, b), wanted)
    v, m = T.vector(), T.matrix()
    rows = a[0, 0]
    np.testing.assert_allclose(function([v, m], T.batched_dot(v, m))(rows[:, 0], rows), rows[:, :1] * rows)


def test_places_over_several_axes_and_indices_outside() -> None:
    rng = np.random.default_rng(0)
    t, cube = T.tensor3(), rng.normal(size=(2, 3, 4))
    wanted = cube.transpose(1, 0, 2).reshape(3, 8)
    assert (T.argmax(t, axis=(0, 2)).eval({t: cube}) == wanted.argmax(1)).all()
    assert (T.argmin(t, axis=[2, 0]).eval({t: cube}) == wanted.argmin(1)).all()
    assert T.argmax(t, axis=(0, 1, 2), keepdims=True).eval({t: cube}).tolist() == [[[cube.argmax()]]]
    for mode in ("clip", "wrap"):
        taken = t.take([-7, 4, 9], 1, mode=mode).eval({t: cube})
        assert (taken == cube.take([-7, 4, 9], 1, mode=mode)).all()


def test_covariances_as_numpy_has_them() -> None:
    rng = np.random.default_rng(0)
    a, b, x, y = rng.normal(size=(3, 5)), rng.normal(size=(2, 5)), T.matrix(), T.matrix()
    for options in ({}, {"rowvar": False}, {"bias": True}, {"ddof": 0}):
        np.testing.assert_allclose(T.cov(x, **options).eval({x: a}), np.cov(a, **options))
    np.testing.assert_allclose(function([x, y], T.cov(x, y))(a, b), np.cov(a, b))


def test_a_draw_made_outside_is_the_same_at_every_step() -> None:
    from thalweg.compat.theano.tensor.shared_randomstreams import RandomStreams

    x = T.matrix()
    mask = RandomStreams(1).binomial(size=x.shape, p=x)
    steps, updates = theano.scan(lambda m: m, non_sequences=mask, n_steps=2)
    drawn, seen = function([x], [mask, steps], updates=updates)(np.full((2, 9), 0.5))
    assert (seen == drawn).all() and 0 < drawn.mean() < 1


def test_ops_that_change_the_gradient_alone() -> None:
    class GradClip(theano.compile.ViewOp):
        def __init__(self, low: float, high: float) -> None:
            self.low, self.high = low, high

        def grad(self, args: Any, g_outs: Any) -> Any:
            return [T.clip(g, self.low, self.high) * (args[0] > 0) for g in g_outs]

    clip = GradClip(-1.0, 1.0)
    T.opt.register_canonicalize(theano.gof.OpRemove(clip), name="clip")
    x, v = T.vector(), np.array([1.0, -1.0, 0.1])
    y = 5 * clip(x) ** 2
    assert function([x], [y, T.grad(y.sum(), x)])(v)[1].tolist() == [1, 0, 1]
    steps, _ = theano.scan(lambda h: clip(h) * 3, outputs_info=x, n_steps=2)
    assert function([x], T.grad(steps[-1].sum(), x))(v).tolist() == [1, 0, 1]
    assert theano.compile.view_op(x).eval({x: v}).tolist() == v.tolist()


def test_walking_up_from_a_variable() -> None:
    x, w = T.vector(), shared(np.ones(2))
    y = T.dot(x, w) + w.sum()
    queue, seen = [y], set()
    while queue:
        node = queue.pop()
        seen.add(node)
        queue.extend(p for p in node.get_parents() if p not in seen)
    assert x in seen and w in seen and y.owner in seen and y.owner == y.owner and y.owner != w.sum().owner
    assert {v for v in seen if not v.get_parents()} >= {x, w} and vars(T)["Tensor"] is T.TensorType


def test_lasagne_layers_of_symbolic_and_unknown_lengths() -> None:
    x = T.tensor3()
    source = lasagne.layers.InputLayer((16, 3, None, None, 10))
    shapes = {(-1, (1,), (2,), (3,), 2, 5): (16, 3, None, None, 2, 5), (16, 3, 5, 7, -1): (16, 3, 5, 7, None),
              (-1, (1,), (1,), 10): (None, 3, 3, 10)}  # fmt: skip
    for shape, wanted in shapes.items():
        spec = [list(d) if isinstance(d, tuple) else d for d in shape]
        assert lasagne.layers.ReshapeLayer(source, spec).output_shape == wanted
    rows = lasagne.layers.ReshapeLayer((None, None, None), (x.shape[0] * x.shape[1], [2]))
    assert rows.output_shape == (None, None)
    assert lasagne.layers.get_output(rows, x).eval({x: np.ones((3, 5, 6))}).shape == (15, 6)
    padded = lasagne.layers.PadLayer((None, 2, 4), 2)
    assert padded.get_output_shape_for((2, 3, 4, 5)) == (2, 3, 8, 9) and padded.output_shape == (None, 2, 8)

    class Scale(lasagne.layers.Layer):
        def __init__(self, incoming: Any) -> None:
            super().__init__(incoming)
            self.rows = self.add_param(T.ones((x.shape[2],)), (x.shape[2],), name="rows")
            self.made = self.add_param(lambda shape: T.zeros(shape), (x.shape[2],), name="made")

        def get_output_for(self, input: Any, **options: Any) -> Any:
            return input * self.rows + self.made

    scaled = lasagne.layers.get_output(Scale((None, None, None)), x)
    assert scaled.eval({x: np.ones((1, 1, 2))}).tolist() == [[[1, 1]]]


def test_lasagne_biases_of_pixels_and_filters_with_channels_first() -> None:
    pixels = lasagne.layers.NINLayer((2, 3, 4, 5), 6, True, b=lasagne.init.Constant(2.0), nonlinearity=None)
    x = T.tensor4()
    assert pixels.b.get_value().shape == (6, 4, 5)
    made = lasagne.layers.get_output(pixels, x).eval({x: np.zeros((2, 3, 4, 5))})
    assert made.shape == (2, 6, 4, 5) and (made == 2).all()
    lasagne.random.set_rng(np.random.RandomState(0))
    for kind, std in ((lasagne.init.GlorotNormal, 0.1), (lasagne.init.HeNormal, 0.1)):
        assert kind(c01b=True).sample((25, 2, 2, 25)).std() == pytest.approx(std, rel=0.1)
    with pytest.raises(RuntimeError, match="c01b"):
        lasagne.init.HeUniform(c01b=True).sample((10, 10))


def test_what_a_loop_reads_is_replaced_with_the_rest() -> None:
    v, m, other = T.dvector(), T.dmatrix(), T.dmatrix()
    doubled = m * 2
    steps, _ = theano.scan(lambda x, w: x + w.sum(), sequences=v, non_sequences=doubled)
    ones = np.ones((2, 2))
    assert function([v, doubled], steps + doubled.sum())([1, 2], ones).tolist() == [9, 10]
    assert function([v, other], steps, givens={doubled: other})([1, 2], ones).tolist() == [5, 6]
    assert function([v, m], steps, givens={m: m * 10})([1, 2], ones).tolist() == [81, 82]
    assert theano.clone(steps, {doubled: other}).eval({v: [1, 2], other: ones}).tolist() == [5, 6]


def test_dtypes_that_stay() -> None:
    b, i, f = T.vector(dtype="bool"), T.ivector(), T.fvector()
    both = np.array([True, True, False]), np.array([True, False, False])
    c = T.vector(dtype="bool")
    either, together = function([b, c], [b + c, b * c])(*both)
    assert either.tolist() == [True, True, False] and together.tolist() == [True, False, False]
    assert (T.floor(i).dtype, T.ceil(T.bvector()).dtype, i.sum(dtype="int8").dtype) == (
        "float64",
        "float32",
        "int8",
    )
    assert (f + np.float64(1)).dtype == "float64" and (f + np.float32(0.1)).dtype == (
        f + 1.0
    ).dtype == "float32"


@pytest.mark.parametrize("border", [True, False])
@pytest.mark.parametrize("how", [{}, {"stride": (1, 2)}, {"stride": (4, 3)}])
def test_shapes_of_pooling_are_told_ahead(border: bool, how: dict[str, Any]) -> None:
    x, pool = T.dtensor4(), T.signal.pool
    pooled = pool.pool_2d(x, (3, 2), ignore_border=border, **how)
    told = pool.Pool.out_shape((2, 3, 7, 8), (3, 2), ignore_border=border, **how)
    assert pooled.eval({x: np.zeros((2, 3, 7, 8))}).shape == tuple(told)
    later = T.stack(pool.Pool.out_shape(x.shape, (3, 2), ignore_border=border, **how))
    assert later.eval({x: np.zeros((2, 3, 7, 8))}).tolist() == list(told)


def test_the_largest_of_each_patch_at_its_place() -> None:
    x = T.dtensor4()
    found = T.signal.pool.max_pool_2d_same_size(x, (2, 2)).eval({x: np.arange(15.0).reshape(1, 1, 3, 5)})
    np.testing.assert_array_equal(np.argwhere(found[0, 0]), [[1, 1], [1, 3]])


def test_what_a_function_refuses() -> None:
    x, y = T.dvector("x"), T.fvector()
    with pytest.raises(ValueError, match="on_unused_input"):
        function([x], x, on_unused_input="never")
    with pytest.raises(TypeError, match="given twice"):
        function([x], x)([1.0], x=[2.0])
    with pytest.raises(TypeError, match="expected an array"):
        function([theano.In(x, strict=True)], x)([1.0, 2.0])
    with pytest.raises(TypeError, match="replacement of x in givens"):
        function([y], x, givens={x: y})
    assert function([y], x * 2, givens={x: y}, rebuild_strict=False)(np.ones(2, "float32")).tolist() == [2, 2]


def test_an_op_checks_the_types_it_declares() -> None:
    class Scaled(theano.Op):
        __props__ = ("by",)
        itypes, otypes = [T.dvector], [T.dvector]

        def __init__(self, by: float) -> None:
            self.by = by

        def perform(self, node: Any, inputs: Any, output_storage: Any, params: Any = None) -> None:
            output_storage[0][0] = inputs[0] * self.by

    assert str(Scaled(2)) == "Scaled{by=2}" and Scaled(2)([1.0, 2.0]).eval().tolist() == [2, 4]
    with pytest.raises(TypeError, match="Cannot convert"):
        Scaled(2)(T.dmatrix())
    with pytest.raises(ValueError, match="expected 1 inputs, received 2"):
        Scaled(2)(T.dvector(), T.dvector())


def test_draws_with_symbolic_parameters() -> None:
    streams, n = T.shared_randomstreams.RandomStreams(5), shared(np.int64(4))
    shape = (4000,)
    integers = function([], streams.random_integers(shape, low=2, high=n))()
    assert set(integers) == {2, 3, 4} and integers.dtype == "int64"
    assert abs(function([], streams.binomial(shape, n=n, p=0.25))().mean() - 1) < 0.1
    counts = function([], streams.poisson(shape, lam=T.constant(3.0)))
    first, second = counts(), counts()
    assert abs(first.mean() - 3) < 0.15 and abs(first.var() - 3) < 0.3 and (first != second).any()
    x, p = T.dmatrix(), T.dvector()
    among = function([x, p], streams.choice(size=shape, a=x.shape[0], p=p))(
        np.ones((3, 1)), [0.0, 0.25, 0.75]
    )
    assert set(among) == {1, 2} and abs((among == 2).mean() - 0.75) < 0.05
    apart = function([x], streams.choice(size=(2, 2), a=x.shape[0], replace=False))(np.ones((4, 1)))
    assert sorted(apart.ravel()) == [0, 1, 2, 3]
    assert set(function([p], streams.choice(size=(n,), a=p))([5.0, 7.0])) <= {5.0, 7.0}
    mrg = theano.sandbox.rng_mrg.MRG_RandomStreams(3)
    picked = function([], mrg.choice(size=2, replace=False, p=np.array([[0.0, 0.4, 0.6]] * 20)))()
    assert picked.shape == (20, 2) and set(picked.ravel()) == {1, 2}
    with pytest.raises(TypeError, match="replace=False"):
        mrg.choice(size=2, a=3)


def test_the_kinds_of_variables() -> None:
    x, kept = T.dvector(), shared(np.ones(2))
    for variable, kind in (
        (x * 2, T.TensorVariable),
        (kept, T.TensorSharedVariable),
        (T.constant(1), T.TensorConstant),
    ):
        kinds = (T.TensorVariable, T.TensorSharedVariable, T.TensorConstant)
        assert [k for k in kinds if isinstance(variable, k)] == [kind]
        assert isinstance(variable, theano.Variable) and isinstance(variable, theano.gof.Variable)


def test_an_expression_as_an_argument_is_of_any_shape() -> None:
    known = T.dot(T.dmatrix(), shared(np.ones((3, 2))))
    assert known.eval({known: np.ones((4, 5))}).shape == (4, 5)


def test_equal_computations() -> None:
    x = T.dvector()
    equal = vars(theano.scan_module)["scan_utils"].equal_computations  # a module of its own there
    assert equal([x * 2, x], [x * 2, x]) and not equal([x * 2], [x * 3]) and not equal([x], [x, x])


def test_functions_of_keras_take_variables_of_theano() -> None:
    """Programs of 2015 and 2016 wrote losses and layers in both."""
    from thalweg.compat.keras import classic

    x, t = T.matrix("x"), T.matrix("t")
    w = theano.shared(np.eye(2) * 2)
    y = classic.activations.get("sigmoid")(T.dot(x, w)) + 1
    made = theano.function([x], y)(np.array([[0.0, 1.0]]))
    np.testing.assert_allclose(made, [[1.5, 1 + 1 / (1 + np.exp(-2))]])
    loss = classic.objectives.get("mse")(t, T.dot(x, w)).mean()
    value, slope = theano.function([x, t], [loss, T.grad(loss, w)])(np.ones((1, 2)), np.zeros((1, 2)))
    assert float(value) == 4 and slope.tolist() == [[2, 2], [2, 2]]
    assert classic.backend.eval(classic.backend.relu(w - 1)).tolist() == [[1, 0], [0, 1]]
