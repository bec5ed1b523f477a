"""Theano's and Lasagne's further rooms against NumPy, SciPy and differences: convolutions, matrices, sparse, layers."""

from __future__ import annotations

import itertools
import pickle
from typing import Any

import numpy as np
import pytest

import thalweg.compat.lasagne as lasagne
import thalweg.compat.theano as theano
import thalweg.compat.theano.tensor as T
from thalweg.compat.theano import function, shared
from thalweg.compat.theano.gof import graph
from thalweg.compat.theano.sandbox.cuda import dnn
from thalweg.compat.theano.tensor.nnet import abstract_conv, conv3d2d, ctc, neighbours
from thalweg.compat.theano.tensor.signal import downsample, pool

RNG = np.random.default_rng(7)


def run(make: Any, *arrays: Any) -> Any:
    """What a function of variables gives for arrays."""
    variables = [T.TensorType(np.asarray(a).dtype, [False] * np.ndim(a))() for a in arrays]
    return function(variables, make(*variables), on_unused_input="ignore")(*arrays)


# --- convolutions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["valid", "full", "half", 1, (1, 2)])
@pytest.mark.parametrize("steps", [(1, 1), (2, 2)])
@pytest.mark.parametrize("flip", [True, False])
def test_gradients_of_a_convolution_are_those_that_grad_gives(mode: Any, steps: Any, flip: bool) -> None:
    x, w = RNG.normal(size=(2, 3, 7, 8)), RNG.normal(size=(4, 3, 3, 3))
    g = RNG.normal(size=abstract_conv.get_conv_output_shape(x.shape, w.shape, mode, steps))

    def both(x: Any, w: Any, g: Any) -> list[Any]:
        y = T.nnet.conv2d(x, w, None, (4, 3, 3, 3), mode, steps, flip)
        how = (mode, steps, flip)
        return [
            *T.grad((y * g).sum(), [x, w]),
            abstract_conv.conv2d_grad_wrt_inputs(g, w, (2, 3, 7, 8), (4, 3, 3, 3), *how),
            abstract_conv.conv2d_grad_wrt_weights(x, g, (4, 3, 3, 3), None, *how),
        ]

    gx, gw, found_gx, found_gw = run(both, x, w, g)
    np.testing.assert_allclose(found_gx, gx)
    np.testing.assert_allclose(found_gw, gw)


def _conv3d(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    d, h, k = (n - m + 1 for n, m in zip(x.shape[2:], w.shape[2:], strict=True))
    made = np.zeros((len(x), len(w), d, h, k))
    for a, b, c in np.ndindex(d, h, k):
        part = x[:, :, a : a + w.shape[2], b : b + w.shape[3], c : c + w.shape[4]]
        made[:, :, a, b, c] = np.einsum("ncdhw,ocdhw->no", part, w[:, :, ::-1, ::-1, ::-1])
    return made


def test_convolution_and_pooling_over_three_axes() -> None:
    x, w = RNG.normal(size=(2, 3, 5, 6, 7)), RNG.normal(size=(4, 3, 2, 3, 3))
    expected = _conv3d(x, w)
    np.testing.assert_allclose(run(T.nnet.conv3d, x, w), expected)
    time_second = run(conv3d2d.conv3d, x.transpose(0, 2, 1, 3, 4), w.transpose(0, 2, 1, 3, 4))
    np.testing.assert_allclose(time_second.transpose(0, 2, 1, 3, 4), expected)
    top = run(lambda v: pool.pool_3d(v, (2, 3, 3), ignore_border=True), x)
    np.testing.assert_allclose(top, x[:, :, :4, :, :6].reshape(2, 3, 2, 2, 2, 3, 2, 3).max(axis=(3, 5, 7)))
    old = run(downsample.DownsampleFactorMax((2, 2), ignore_border=True), x[0])
    np.testing.assert_array_equal(old, run(lambda v: pool.pool_2d(v, (2, 2), ignore_border=True), x[0]))
    np.testing.assert_array_equal(old, run(lambda v: pool.Pool(ignore_border=True)(v, (2, 2)), x[0]))


def test_the_graphics_library_by_its_names() -> None:
    x, w = RNG.normal(size=(2, 4, 5, 5)), RNG.normal(size=(4, 3, 5, 5))

    def deconv(x: Any, w: Any) -> Any:
        desc = dnn.GpuDnnConvDesc(border_mode=(2, 2), subsample=(2, 2), conv_mode="conv")(w.shape)
        out = theano.sandbox.cuda.basic_ops.GpuAllocEmpty("float64", None)(
            x.shape[0], w.shape[1], x.shape[2] * 2, x.shape[3] * 2
        )
        return dnn.GpuDnnConvGradI()(w, x, out, desc)

    found = run(deconv, x, w)
    assert found.shape == (2, 3, 10, 10)
    z = RNG.normal(size=found.shape)
    forth = run(lambda z, w: dnn.dnn_conv(z, w, (2, 2), (2, 2)), z, w)
    np.testing.assert_allclose((forth * x).sum(), (found * z).sum())  # one is the other's transpose


@pytest.mark.parametrize("ratio", [2, 3, 4])
def test_bilinear_upsampling_lies_on_lines(ratio: int) -> None:
    ramp = np.arange(5.0)[None, None, None, :] + 10 * np.arange(4.0)[None, None, :, None]
    made = run(lambda v: abstract_conv.bilinear_upsampling(v, ratio), ramp)[0, 0]
    at = np.clip((np.arange(5 * ratio) - (ratio - 1) // 2) / ratio, 0, 4)
    down = np.clip((np.arange(4 * ratio) - (ratio - 1) // 2) / ratio, 0, 3)
    np.testing.assert_allclose(made, at[None, :] + 10 * down[:, None])


@pytest.mark.parametrize("mode", ["valid", "half", "full", "wrap_centered"])
def test_neighbours(mode: str) -> None:
    x = RNG.normal(size=(2, 3, 6, 9))
    step = (3, 3) if mode == "valid" else (1, 1)
    found = run(lambda v: neighbours.images2neibs(v, (3, 3), step, mode), x)
    if mode != "valid":
        how: Any = "wrap" if mode == "wrap_centered" else "constant"
        margin = (2, 2) if mode == "full" else (1, 1)
        x = np.pad(x, ((0, 0), (0, 0), margin, margin), mode=how)
    rows = [
        x[n, c, i : i + 3, j : j + 3].ravel()
        for n, c in np.ndindex(2, 3)
        for i in range(0, x.shape[2] - 2, step[0])
        for j in range(0, x.shape[3] - 2, step[1])
    ]
    np.testing.assert_array_equal(found, rows)
    if mode == "valid":
        back = run(lambda v: neighbours.neibs2images(v, (3, 3), (2, 3, 6, 9)), found)
        np.testing.assert_array_equal(back, x)


def test_patches_that_do_not_fit_the_image() -> None:
    x = RNG.normal(size=(1, 1, 5, 7))
    for mode in ("valid", "half", "full"):
        with pytest.raises(TypeError, match=f"in mode {mode} .*ignore_borders"):
            run(lambda v, m=mode: neighbours.images2neibs(v, (2, 3), mode=m), x)
    rows = run(lambda v: neighbours.images2neibs(v, (2, 3), mode="ignore_borders"), x)
    assert rows.shape == (4, 6)
    back = run(lambda v: neighbours.neibs2images(v, (2, 3), (1, 1, 5, 7), mode="ignore_borders"), rows)
    inside = np.zeros_like(x)
    inside[:, :, :4, :6] = x[:, :, :4, :6]
    np.testing.assert_array_equal(back, inside)


def test_causal_and_separable_convolution() -> None:
    x, w = RNG.normal(size=(2, 3, 8)), RNG.normal(size=(4, 3, 3))
    made = run(lambda x, w: T.nnet.causal_conv1d(x, w, (4, 3, 3)), x, w)
    wide = np.pad(x, ((0, 0), (0, 0), (2, 0)))
    expected = [np.einsum("nck,ock->no", wide[:, :, t : t + 3], w[:, :, ::-1]) for t in range(8)]
    np.testing.assert_allclose(made, np.stack(expected, axis=2))
    image, own, all_ = (
        RNG.normal(size=(1, 2, 5, 5)),
        RNG.normal(size=(2, 1, 3, 3)),
        RNG.normal(size=(4, 2, 1, 1)),
    )
    made = run(lambda x, a, b: T.nnet.separable_conv2d(x, a, b, 2), image, own, all_)
    parts = [run(T.nnet.conv2d, image[:, k : k + 1], own[k : k + 1]) for k in range(2)]
    np.testing.assert_allclose(made, run(T.nnet.conv2d, np.concatenate(parts, axis=1), all_))


def test_ctc_sums_all_ways() -> None:
    x = RNG.normal(size=(4, 2, 3))
    labels, lengths = np.array([[1, 2], [1, -1]], np.int32), np.array([4, 3], np.int32)
    found = run(ctc.ctc, x, labels, lengths)
    p = np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)
    for n in range(2):
        ways = itertools.product(range(3), repeat=int(lengths[n]))
        wanted = [k for k in labels[n] if k > 0]
        read = {way: [k for k, _ in itertools.groupby(way) if k] for way in ways}
        total = sum(
            np.prod([p[t, n, k] for t, k in enumerate(way)]) for way, r in read.items() if r == wanted
        )
        np.testing.assert_allclose(found[n], -np.log(total))


@pytest.mark.parametrize("whole", [True, False])
def test_batch_normalisation_takes_parameters_in_either_form(whole: bool) -> None:
    x = RNG.normal(2, 3, size=(5, 3, 4, 4))
    shape = (1, 3, 1, 1) if whole else (3,)
    gamma, beta, mean, var = (RNG.uniform(1, 2, shape) for _ in range(4))
    made = run(
        lambda x, g, b, m, v: T.nnet.bn.batch_normalization_train(x, g, b, "spatial", 1e-4, 0.1, m, v),
        x, gamma, beta, mean, var,
    )  # fmt: skip
    m, v = x.mean(axis=(0, 2, 3)).reshape(shape), x.var(axis=(0, 2, 3)).reshape(shape)
    spread = [a.reshape(1, 3, 1, 1) for a in (gamma, beta, m, v, mean, var)]
    np.testing.assert_allclose(made[0], (x - spread[2]) / np.sqrt(spread[3] + 1e-4) * spread[0] + spread[1])
    np.testing.assert_allclose(made[1], m)
    np.testing.assert_allclose(made[2], 1 / np.sqrt(v + 1e-4))
    np.testing.assert_allclose(made[3], 0.9 * mean + 0.1 * m)
    np.testing.assert_allclose(made[4], 0.9 * var + 0.1 * v * 80 / 79)
    tested = run(
        lambda x, g, b, m, v: T.nnet.bn.batch_normalization_test(x, g, b, m, v, "spatial"),
        x,
        gamma,
        beta,
        mean,
        var,
    )
    np.testing.assert_allclose(tested, (x - spread[4]) / np.sqrt(spread[5] + 1e-4) * spread[0] + spread[1])


def test_hierarchical_softmax_is_a_distribution() -> None:
    x, W1, b1 = RNG.normal(size=(6, 5)), RNG.normal(size=(5, 3)), RNG.normal(size=3)
    W2, b2 = RNG.normal(size=(3, 5, 4)), RNG.normal(size=(3, 4))
    every = run(lambda x, *w: T.nnet.h_softmax(x, 6, 12, 3, 4, *w), x, W1, b1, W2, b2)
    np.testing.assert_allclose(every.sum(axis=1), 1)
    target = RNG.integers(0, 12, 6)
    weights = (W1, b1, W2, b2)
    one = run(lambda x, t, a, b, c, d: T.nnet.h_softmax(x, 6, 12, 3, 4, a, b, c, d, t), x, target, *weights)
    np.testing.assert_allclose(one, every[np.arange(6), target])


# --- matrices and places --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [0.01, 1.0, 40.0])
def test_the_exponential_of_a_matrix(scale: float) -> None:
    linalg = pytest.importorskip("scipy.linalg")
    a = RNG.normal(size=(5, 5)) * scale
    expected = linalg.expm(a)
    np.testing.assert_allclose(run(T.slinalg.expm, a), expected, rtol=1e-9, atol=1e-9 * abs(expected).max())


def test_systems_and_eigenvalues() -> None:
    a, b = RNG.normal(size=(4, 4)), RNG.normal(size=(4, 2))
    s, d = a @ a.T + np.eye(4), np.diag([1.0, 2, 3, 4])
    factor = np.linalg.cholesky(s)
    np.testing.assert_allclose(
        run(lambda c, b: T.slinalg.cho_solve((c, True), b), factor, b), np.linalg.solve(s, b)
    )
    np.testing.assert_allclose(run(T.slinalg.Solve("lower_triangular"), a, b), np.linalg.solve(np.tril(a), b))
    general = np.sort(np.linalg.eigvals(np.linalg.solve(d, s)).real)
    np.testing.assert_allclose(run(T.slinalg.eigvalsh, s, d), general)
    np.testing.assert_allclose(run(T.slinalg.Cholesky(), s), factor)
    big, right = RNG.normal(size=(2, 3, 6)), RNG.normal(size=(2, 3))
    np.testing.assert_allclose(run(T.nlinalg.tensorsolve, big, right), np.linalg.tensorsolve(big, right))
    np.testing.assert_allclose(run(T.nlinalg.MatrixInverse(), s), np.linalg.inv(s))


def test_unique_and_its_kin() -> None:
    x = RNG.integers(0, 5, 12)
    expected = np.unique(x, return_index=True, return_inverse=True, return_counts=True)
    for found, wanted in zip(run(T.extra_ops.Unique(True, True, True), x), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)
    places = RNG.integers(0, 24, 6)
    found = run(lambda v: list(T.unravel_index(v, (2, 3, 4))), places)
    np.testing.assert_array_equal(found, np.unravel_index(places, (2, 3, 4)))
    np.testing.assert_array_equal(run(lambda *v: T.ravel_multi_index(v, (2, 3, 4)), *found), places)
    np.testing.assert_array_equal(run(lambda v: T.topk(v, 3), x), np.sort(x)[-3:])
    np.testing.assert_allclose(function([], T.extra_ops.bartlett(7))(), np.bartlett(7))
    for ours, theirs in ((T.mgrid, np.mgrid), (T.ogrid, np.ogrid)):
        for found, wanted in zip(function([], ours[0:3, 1:7:2])(), theirs[0:3, 1:7:2], strict=True):
            np.testing.assert_array_equal(found, wanted)
    np.testing.assert_allclose(
        run(lambda v: T.extra_ops.fill_diagonal_offset(v, 9.0, 1), np.zeros((3, 3))), 9 * np.eye(3, k=1)
    )


def test_special_functions() -> None:
    special = pytest.importorskip("scipy.special")
    x = np.array([-2.5, -1.5, -0.5, 0.5, 2.0, 4.5])
    np.testing.assert_allclose(run(T.gamma, x), special.gamma(x))
    np.testing.assert_allclose(run(T.tri_gamma, x[3:]), special.polygamma(1, x[3:]))
    np.testing.assert_allclose(run(T.erfcx, x), special.erfcx(x))
    np.testing.assert_allclose(
        run(T.erfcinv, np.array([0.2, 1.0, 1.7])), special.erfcinv([0.2, 1.0, 1.7]), atol=1e-15
    )


# --- sparse ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["csr", "csc"])
def test_sparse_matrices_in_and_out(format: str) -> None:
    sp = pytest.importorskip("scipy.sparse")
    S = theano.sparse
    m = getattr(sp, f"{format}_matrix")(np.array([[0.0, 1, 0], [2, 0, 3]]))
    x = S.matrix(format, "x")
    again = {"csr": S.CSR, "csc": S.CSC}[format]
    outputs = [
        *S.csm_properties(x),
        again(*S.csm_properties(x)),
        x.T,
        S.structured_exp(x),
        S.sp_sum(x, axis=0),
    ]
    data, indices, indptr, shape, rebuilt, turned, exped, sums = function([x], outputs)(m)
    np.testing.assert_array_equal(data, m.data)
    np.testing.assert_array_equal(indices, m.indices)
    np.testing.assert_array_equal(indptr, m.indptr)
    assert tuple(shape) == m.shape and rebuilt.format == format and (rebuilt != m).nnz == 0
    assert turned.format != format and (turned != m.T).nnz == 0
    np.testing.assert_allclose(exped.toarray(), np.where(m.toarray(), np.exp(m.toarray()), 0))
    np.testing.assert_allclose(sums, [2, 1, 3])
    w = shared(RNG.normal(size=(3, 2)))
    cost = (S.dot(x, w) ** 2).sum()
    slope = function([x], T.grad(cost, w))(m)
    np.testing.assert_allclose(slope, 2 * m.T @ (m @ w.get_value()))
    assert sp.issparse(shared(m).get_value()) and sp.issparse(function([x], S.dot(x, x.T))(m))


# --- graphs and functions -------------------------------------------------------------------------------------------


def test_what_is_found_in_a_graph_is_what_the_program_holds() -> None:
    x, w = T.matrix("x"), shared(np.ones(3), "w")
    cost = (T.dot(x, w) ** 2).sum()
    assert {id(v) for v in graph.inputs([cost])} >= {id(x), id(w)}
    assert cost.owner.inputs[0].owner is not None
    assert graph.is_same_graph(T.dot(x, w) + 1, T.dot(x, w) + 1)
    assert not graph.is_same_graph(T.dot(x, w) + 1, T.dot(x, w) + 2)
    assert x.type is T.matrix("other").type and T.dscalar("s").type is T.dscalar


def test_a_function_goes_through_pickle() -> None:
    x, w = T.dvector("x"), shared(2.0, "w")
    f = function([x, theano.In(T.dscalar("k"), value=3.0)], x * w, on_unused_input="ignore")
    again = pickle.loads(pickle.dumps(f))
    np.testing.assert_array_equal(again([1.0, 2.0]), f([1.0, 2.0]))
    with pytest.raises(TypeError, match="Missing required input"):
        again()


def test_an_update_of_another_rank_is_refused_at_once() -> None:
    s = shared(1.0)
    with pytest.raises(TypeError, match="same type as the original"):
        function([], s, updates=[(s, T.zeros((3,)))])
    with pytest.raises(TypeError, match="same type as the original"):
        s.default_update = T.zeros((3,))


def test_an_op_from_a_graph_says_what_is_wrong() -> None:
    x = T.dscalar("x")
    with pytest.raises(TypeError, match="outputs must be a list"):
        theano.OpFromGraph([x], x * 2)
    with pytest.raises(ValueError, match="expected 1 inputs, received 2"):
        theano.OpFromGraph([x], [x * 2])(x, x)
    with pytest.raises(TypeError, match="Cannot convert Type"):
        theano.OpFromGraph([x], [x * 2])(T.dvector())


# --- lasagne --------------------------------------------------------------------------------------------------------


def _output(layer: Any, *arrays: np.ndarray) -> np.ndarray:
    inputs = [
        v.input_var for v in lasagne.layers.get_all_layers(layer) if isinstance(v, lasagne.layers.InputLayer)
    ]
    return function(inputs, lasagne.layers.get_output(layer, deterministic=True))(*arrays)


def _same_convolution(x: np.ndarray, filters: Any) -> np.ndarray:
    """Each place's 3 by 3 neighbourhood times the filters there, turned around: ``filters(i, j)`` is [O, C, 3, 3]."""
    wide = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    made = [
        np.einsum("nchw,ochw->no", wide[:, :, i : i + 3, j : j + 3], filters(i, j)[:, :, ::-1, ::-1])
        for i, j in np.ndindex(x.shape[2:])
    ]
    return np.stack(made, axis=2).reshape(len(x), -1, *x.shape[2:])


def test_a_locally_connected_layer_has_filters_of_its_own_everywhere() -> None:
    x = RNG.normal(size=(2, 3, 4, 5))
    layer = lasagne.layers.LocallyConnected2DLayer(
        lasagne.layers.InputLayer((None, 3, 4, 5)), 2, 3, nonlinearity=None, b=None
    )
    w = layer.W.get_value()
    np.testing.assert_allclose(_output(layer, x), _same_convolution(x, lambda i, j: w[..., i, j]))


def test_an_affine_transformer_turns_and_moves() -> None:
    x = RNG.normal(size=(1, 2, 5, 5))
    theta = lasagne.layers.InputLayer((None, 6))
    layer = lasagne.layers.TransformerLayer(lasagne.layers.InputLayer((None, 2, 5, 5)), theta)
    turned = _output(layer, x, np.array([[0.0, 1, 0, 1, 0, 0]]))
    np.testing.assert_allclose(turned, x.swapaxes(2, 3), atol=1e-12)
    moved = _output(layer, x, np.array([[1.0, 0, 0.5, 0, 1, 0]]))
    np.testing.assert_allclose(moved[..., :4], x[..., 1:], atol=1e-12)


def test_norms_of_layers() -> None:
    x = RNG.normal(3, 2, size=(4, 3, 5, 5))
    l_in = lasagne.layers.InputLayer((None, 3, 5, 5))
    made = _output(lasagne.layers.StandardizationLayer(l_in, axes="spatial", epsilon=1e-8), x)
    axes = (2, 3)
    np.testing.assert_allclose(
        made, (x - x.mean(axes, keepdims=True)) / x.std(axes, keepdims=True), rtol=1e-6
    )
    dense = lasagne.layers.DenseLayer(l_in, 6, nonlinearity=lasagne.nonlinearities.tanh)
    normed = lasagne.layers.layer_norm(dense)
    assert isinstance(normed, lasagne.layers.NonlinearityLayer) and dense.b is None
    shapes = [p.get_value().shape for p in lasagne.layers.get_all_params(normed)]
    assert shapes == [(75, 6), (6,), (6,)]


def test_winners_take_all_in_each_group() -> None:
    x = RNG.normal(size=(2, 6))
    made = _output(lasagne.layers.FeatureWTALayer(lasagne.layers.InputLayer((None, 6)), 3), x)
    grouped = x.reshape(2, 2, 3)
    kept = grouped == grouped.max(axis=2, keepdims=True)
    np.testing.assert_array_equal(made, (grouped * kept).reshape(2, 6))


def test_a_pyramid_pools_into_fixed_grids() -> None:
    x = RNG.normal(size=(2, 3, 8, 8))
    made = _output(lasagne.layers.SpatialPyramidPoolingLayer(lasagne.layers.InputLayer((None, 3, 8, 8))), x)
    parts = [x.reshape(2, 3, n, 8 // n, n, 8 // n).max(axis=(3, 5)).reshape(2, 3, -1) for n in (4, 2, 1)]
    np.testing.assert_array_equal(made, np.concatenate(parts, axis=2))


def test_parameters_given_as_expressions_count_as_the_shared_variables_below_them() -> None:
    l_in = lasagne.layers.InputLayer((None, 4))
    first = lasagne.layers.DenseLayer(l_in, 3)
    second = lasagne.layers.DenseLayer(first, 4, W=first.W.T)
    assert lasagne.layers.get_all_params(second) == [first.W, first.b, second.b]
    assert len(lasagne.layers.get_all_params(second, unwrap_shared=False)) == 4


def test_a_layer_made_from_a_shape_needs_its_input() -> None:
    layer = lasagne.layers.DenseLayer((None, 4), 3)
    with pytest.raises(ValueError, match="without an input"):
        lasagne.layers.get_output(layer)
    x = T.matrix()
    assert function([x], lasagne.layers.get_output(layer, x))(np.ones((2, 4))).shape == (2, 3)


# --- shared variables -----------------------------------------------------------------------------------------------


def test_what_is_made_of_shared_variables_waits_for_a_function() -> None:
    w = shared(np.ones(2), "w")
    twin = theano.clone(w, share_inputs=False)
    assert (w * 2).tensor.is_symbolic and (w * 2).tensor.value is None
    assert graph.inputs([twin * 2])[0] is twin or twin in graph.inputs([twin * 2])
    assert w not in graph.inputs([twin * 2])
    f = function([], w * 2)
    w.set_value(np.array([3.0, 4.0]))
    np.testing.assert_array_equal(f(), [6, 8])


def test_givens_reach_default_updates() -> None:
    x, y = T.dscalar("x"), T.dscalar("y")
    total = shared(0.0)
    total.default_update = total + x
    f = function([y], total * 1, givens={x: 10 * y})
    assert f(1.0) == 0 and total.get_value() == 10 and f(2.0) == 10 and total.get_value() == 30


def test_one_network_normalises_two_batches_apart() -> None:
    a, b = T.matrix("a"), T.matrix("b")
    net = lasagne.layers.BatchNormLayer(lasagne.layers.InputLayer((None, 3), input_var=a), alpha=0.5)
    lasagne.layers.get_output(net)
    f = function([b], lasagne.layers.get_output(net, b).sum())  # needs no value of a
    f(np.full((4, 3), 2.0))
    np.testing.assert_allclose(net.mean.get_value(), 1.0)


def test_checkpoints_of_a_scan() -> None:
    x, n = T.dvector("x"), T.iscalar("n")
    kept, _ = theano.scan_checkpoints(
        lambda y, x: y * x, outputs_info=T.ones_like(x), non_sequences=x, n_steps=n, save_every_N=3
    )
    values, slope = function([x, n], [kept, T.grad(kept[-1].sum(), x)])([1.0, 2.0], 8)
    np.testing.assert_array_equal(values, np.array([1.0, 2.0]) ** np.array([[3], [6], [8]]))
    np.testing.assert_array_equal(slope, 8 * np.array([1.0, 2.0]) ** 7)


def test_eigenvalues_of_any_matrix_that_has_real_ones() -> None:
    a = np.triu(RNG.normal(size=(4, 4)), 1) + np.diag([1.0, 2, 3, 4])
    values, vectors = run(lambda m: list(T.nlinalg.eig(m)), a)
    np.testing.assert_allclose(a @ vectors, vectors * values)
    with pytest.raises(ValueError, match="complex eigenvalues"):
        run(lambda m: list(T.nlinalg.eig(m)), np.array([[0.0, 1], [-1, 0]]))


def test_a_gradient_of_a_convolution_as_an_op() -> None:
    g, w = RNG.normal(size=(2, 3, 4, 4)), RNG.normal(size=(3, 2, 5, 5))
    op = abstract_conv.AbstractConv2d_gradInputs(
        imshp=(None, 2, 8, 8), kshp=w.shape, subsample=(2, 2), border_mode=(2, 2)
    )
    expected = run(
        lambda g, w: abstract_conv.conv2d_grad_wrt_inputs(g, w, (2, 2, 8, 8), w.shape, (2, 2), (2, 2)), g, w
    )
    np.testing.assert_allclose(run(lambda g, w: op(w, g, (8, 8)), g, w), expected)


def test_padding_of_expressions() -> None:
    x = RNG.normal(size=(2, 3))
    pad = lasagne.theano_extensions.padding.pad
    np.testing.assert_array_equal(
        run(lambda v: pad(v, [(1, 2)], val=7), x), np.pad(x, ((0, 0), (1, 2)), constant_values=7)
    )


def test_layers_of_arrays_and_of_the_parameters_of_others() -> None:
    layers = lasagne.layers
    rng = np.random.default_rng(0)
    table = rng.normal(size=(6, 4))
    rows = layers.EmbeddingLayer(layers.InputLayer((None, 3), T.imatrix()), 6, 4, W=table)
    shifted = layers.ScaleLayer(
        layers.BiasLayer(rows, b=np.arange(4.0), shared_axes=(0, 1)), np.full(4, 2.0), shared_axes=(0, 1)
    )
    numbers = np.array([[1, 0, 5]], np.int32)
    np.testing.assert_allclose(_output(shifted, numbers), 2 * (table[numbers] + np.arange(4)), rtol=1e-6)

    x = layers.InputLayer((None, 3, 4))
    first = layers.LSTMLayer(x, 5, nonlinearity=lasagne.nonlinearities.tanh)
    gates = {
        name: layers.Gate(
            getattr(first, f"W_in_to_{name}"),
            getattr(first, f"W_hid_to_{name}"),
            getattr(first, f"W_cell_to_{name}", None),
            getattr(first, f"b_{name}"),
            getattr(first, f"nonlinearity_{name}"),
        )
        for name in ("ingate", "forgetgate", "cell", "outgate")
    }
    second = layers.LSTMLayer(x, 5, **gates)
    steps = rng.normal(size=(2, 3, 4))
    np.testing.assert_array_equal(_output(first, steps), _output(second, steps))
    assert len(layers.get_all_params([first, second], trainable=True)) == 4 * 3 + 3
    plain = layers.RecurrentLayer(x, 5)
    same = layers.RecurrentLayer(x, 5, plain.W_in_to_hid, plain.W_hid_to_hid, plain.b)
    np.testing.assert_array_equal(_output(plain, steps), _output(same, steps))
    gru = layers.GRULayer(x, 5)
    assert gru.b_resetgate.get_value().shape == (5,) and gru.nonlinearity_hid is lasagne.nonlinearities.tanh


@pytest.mark.parametrize("kind", ["GRULayer", "LSTMLayer", "RecurrentLayer"])
def test_a_recurrence_begins_where_an_expression_says(kind: str) -> None:
    layers, make = lasagne.layers, getattr(lasagne.layers, kind)
    first = T.matrix()
    states = {"hid_init": first} if kind != "LSTMLayer" else {"hid_init": first, "cell_init": first}
    x = layers.InputLayer((None, None, 4))
    layer = make(x, 5, **states)
    run = theano.function([x.input_var, first], layers.get_output(layer))
    steps, zeros = np.random.default_rng(0).normal(size=(3, 6, 4)), np.zeros((3, 5))
    whole = run(steps, zeros)
    assert abs(run(steps, zeros + 0.5) - whole)[:, 0].max() > 0
    if kind != "LSTMLayer":  # its cells are not among the outputs
        np.testing.assert_allclose(run(steps[:, 2:], whole[:, 1]), whole[:, 2:], rtol=1e-6)
    alone = run(steps[1:2], zeros[:1] + 0.5)
    np.testing.assert_allclose(run(steps, zeros + 0.5)[1:2], alone, rtol=1e-6)  # each row from its own state


def test_scans_in_a_scan_take_lengths_of_their_own_each_time() -> None:
    rows, sizes, w = T.dmatrix(), T.ivector(), T.dscalar()

    def of_one(row: Any, n: Any, w: Any) -> Any:
        products, _ = theano.scan(lambda a, w: T.tanh(a * w), sequences=row[:n], non_sequences=w)
        nested, _ = theano.scan(
            lambda a, all, w: T.tanh(all * w * a), sequences=row[:n], non_sequences=[row[:n], w]
        )
        return T.sum(products) + T.sum(nested)

    sums, _ = theano.scan(of_one, sequences=[rows, sizes], non_sequences=w)
    found = theano.function([rows, sizes, w], [sums, T.grad(T.sum(sums), w)])
    data, lengths = np.random.default_rng(0).normal(size=(3, 5)), np.array([2, 5, 3], "int32")

    def plain(w: float) -> Any:
        parts = [row[:n] for row, n in zip(data, lengths)]
        return [np.tanh(p * w).sum() + np.tanh(np.outer(p, p) * w).sum() for p in parts]

    value, slope = found(data, lengths, 0.7)
    np.testing.assert_allclose(value, plain(0.7))
    np.testing.assert_allclose(
        slope, (np.sum(plain(0.7 + 1e-6)) - np.sum(plain(0.7 - 1e-6))) / 2e-6, rtol=1e-6
    )


@pytest.mark.parametrize("mode", ["DebugMode", "DEBUG_MODE", theano.compile.DebugMode()])
def test_results_that_are_not_finite_in_debug_mode(mode: Any) -> None:
    x, y, kept = T.scalar(), T.scalar(), theano.shared(0.0)
    f = theano.function([x, y], x / y, updates=[(kept, kept + 1)], mode=mode)
    assert f(10.0, 2.0) == 5.0 and kept.get_value() == 1.0
    with pytest.raises(theano.compile.debugmode.InvalidValueError, match="not finite"):
        f(0.0, 0.0)
    assert kept.get_value() == 1.0
    unchecked = theano.compile.DebugMode(check_isfinite=False)
    with np.errstate(invalid="ignore"):
        assert np.isnan(theano.function([x, y], x / y, mode=unchecked)(0.0, 0.0))


# --- what Lasagne refuses -------------------------------------------------------------------------------------------

L = lasagne.layers
REFUSED: dict[str, tuple[Any, type[Exception], str]] = {
    "shape of an input": (lambda: L.InputLayer((3, 0)), ValueError, "non-positive"),
    "variable of an input": (lambda: L.InputLayer((3, 2), T.tensor4()), ValueError, "4"),
    "shape of a layer": (lambda: L.DenseLayer((None, -1), 3), ValueError, "non-positive"),
    "one expression for two inputs": (
        lambda: L.get_output(L.ConcatLayer([L.InputLayer((3, 2)), L.InputLayer((3, 2))]), T.matrix()),
        ValueError,
        "dictionary",
    ),
    "one shape for two inputs": (
        lambda: L.get_output_shape(L.ConcatLayer([L.InputLayer((3, 2)), L.InputLayer((3, 2))]), (3, 2)),
        ValueError,
        "dictionary",
    ),
    "no expression": (lambda: lasagne.utils.as_theano_expression({}), TypeError, "not a Theano expression"),
    "kinds in a tuple": (lambda: lasagne.utils.as_tuple("abcd", 4, int), TypeError, "iterable of int"),
    "length of a tuple": (lambda: lasagne.utils.as_tuple([1, 2], 3), ValueError, "length 3"),
    "shape of a parameter": (
        lambda: lasagne.utils.create_param(np.ones((2, 3)), (3, 2)),
        RuntimeError,
        "should be",
    ),
    "axes of a parameter": (
        lambda: lasagne.utils.create_param(shared(np.ones((2, 3))), (2, 3, 1)),
        RuntimeError,
        "dimensions",
    ),
    "lengths of a parameter": (lambda: lasagne.utils.create_param(np.empty, (2, 0)), ValueError, "non-positive"),
    "axes of norms": (lambda: lasagne.utils.compute_norms(np.ones((1,) * 6)), ValueError, "norm_axes"),
    "axes of a constraint": (
        lambda: lasagne.updates.norm_constraint(shared(np.ones((1,) * 6)), 1.0),
        ValueError,
        "norm_axes",
    ),
    "flattened": (lambda: L.FlattenLayer((2, 3, 4), outdim=0), ValueError, "Dim"),
    "sizes": (lambda: L.ReshapeLayer((16, 3, 5), (17, -1)), ValueError, "match"),
    "other sizes": (lambda: L.ReshapeLayer((16, 3), (6, [1])), ValueError, "match"),
    "two lengths to find": (lambda: L.ReshapeLayer((16, 3), (-1, -1)), ValueError, "multiple"),
    "no length": (lambda: L.ReshapeLayer((16, 3), ([2], -1)), ValueError, "dimension"),
    "dropped axes": (lambda: L.DimshuffleLayer((2, 3), (0,)), ValueError, "drop"),
    "axes that are not there": (lambda: L.DimshuffleLayer((2, 3), (0, 1, 2)), ValueError, "below 2"),
    "padding": (lambda: L.Conv2DLayer((1, 1, 5, 5), 2, 3, pad="around"), TypeError, "iterable of int"),
    "coefficients": (
        lambda: L.ElemwiseSumLayer([(3, 2), (3, 2)], coeffs=[1, 2, 3]),
        ValueError,
        "3 coeffs for 2",
    ),
    "shapes that differ": (lambda: L.ElemwiseSumLayer([(3, 2), (3, 5)]).output_shape, ValueError, "Mismatch"),
    "first state": (
        lambda: L.RecurrentLayer((2, 2, 3), 5, hid_init=T.vector()),
        ValueError,
        "hid_init",
    ),
    "steps of an unrolled loop": (
        lambda: L.GRULayer((2, None, 3), 5, unroll_scan=True),
        ValueError,
        "sequence length",
    ),
    "gradient of an unrolled loop": (
        lambda: L.LSTMLayer((2, 4, 3), 5, unroll_scan=True, gradient_steps=3),
        ValueError,
        "Gradient steps",
    ),
    "a sparse vector": (lambda: lasagne.init.Sparse().sample((100,)), RuntimeError, "length 2"),
    "an orthogonal vector": (lambda: lasagne.init.Orthogonal().sample((100,)), RuntimeError, "length 2"),
    "weights": (
        lambda: lasagne.objectives.aggregate(T.matrix(), mode="normalized_sum"),
        ValueError,
        "require weights",
    ),
    "a way to pad": (
        lambda: lasagne.theano_extensions.conv.conv1d_sc(T.tensor3(), T.tensor3(), border_mode="around"),
        RuntimeError,
        "border_mode",
    ),
}  # fmt: skip


@pytest.mark.parametrize("made, error, words", REFUSED.values(), ids=REFUSED)
def test_what_lasagne_refuses(made: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        made()


@pytest.mark.parametrize("mode", ["valid", "same", "full", 1, (2,)])
@pytest.mark.parametrize("known", [False, True])
def test_convolution_over_one_axis(mode: Any, known: bool) -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 1, 9)), rng.normal(size=(3, 1, 5))
    X, W = T.tensor3(), T.tensor3()
    shape = w.shape if known else None
    y = lasagne.theano_extensions.conv.conv1d_mc0(X, W, None, shape, border_mode=mode, subsample=(2,))
    pad = {"valid": 0, "same": 2, "full": 4, 1: 1}.get(mode, 2)
    wide = np.pad(x, ((0, 0), (0, 0), (pad, pad)))
    wanted = [[np.convolve(a[0], k[0], "valid")[::2] for k in w] for a in wide]
    np.testing.assert_allclose(y.eval({X: x, W: w}), wanted)


def test_networks_as_they_were_written_before_lasagne_0_1() -> None:
    layers, objectives = lasagne.layers, lasagne.objectives
    source = layers.InputLayer((None, 1, 8, 8))
    folded = layers.Conv2DLayer(source, num_filters=2, filter_size=(3, 3), strides=(1, 1), border_mode="same")
    pooled = layers.MaxPool2DLayer(folded, ds=(3, 3))
    assert pooled.get_output_shape() == (None, 2, 3, 3)  # the border counted
    assert layers.MaxPool2DLayer(folded, 3).output_shape == (None, 2, 2, 2)
    made = layers.DenseLayer(pooled, 4, nonlinearity=lasagne.nonlinearities.softmax)
    objective = objectives.Objective(made, loss_function=objectives.multinomial_nll)
    x, t = np.random.default_rng(0).normal(size=(5, 1, 8, 8)), np.eye(4)[[0, 1, 2, 3, 0]]
    shares = made.get_output(deterministic=True).eval({source.input_var: x})
    loss = theano.function([source.input_var, objective.target_var], objective.get_loss())(x, t)
    np.testing.assert_allclose(loss, -np.log(shares[t == 1]).mean())
    weights = [p.get_value() for p in (folded.W, made.W)]
    np.testing.assert_allclose(
        lasagne.regularization.l2(made).eval(), sum((w**2).sum() for w in weights), rtol=1e-12
    )
    p = T.matrix()
    two_ways = objectives.crossentropy(p, t).eval({p: shares})  # of two classes, whatever its name says now
    np.testing.assert_allclose(two_ways, -(t * np.log(shares) + (1 - t) * np.log(1 - shares)))
    with pytest.raises(TypeError, match="MaxPool2DLayer takes a pool_size, formerly ds"):
        layers.MaxPool2DLayer(folded)
