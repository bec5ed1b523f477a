"""Distributions of TensorFlow 1 against SciPy's, and functions that can be turned back against their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf
from compat.graphs import run

stats = pytest.importorskip("scipy.stats")
pytestmark = pytest.mark.usefixtures("new_graph")

ds = tf.contrib.distributions
bijectors = ds.bijectors
POINTS = np.array([0.3, 1.2, -0.7], "f")
SHARES = np.array([0.2, 0.5, 0.3], "f")
HEAVY = np.array([2.0, 3.0, 0.5], "f")
SCORES = np.array([0.2, -1.0, 0.7], "f")
LOWER = np.array([[2.0, 0.0, 0.0], [0.5, 1.0, 0.0], [-0.3, 0.2, 0.7]], "f")
PLACE = np.array([1.0, -1.0, 0.5], "f")
SPREAD = LOWER @ LOWER.T


def near(node: Any, expected: Any, tolerance: float = 1e-4) -> None:
    np.testing.assert_allclose(run(node), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    ("make", "known", "at", "asked"),
    [
        (lambda: ds.Laplace(0.5, 2.0), stats.laplace(0.5, 2), POINTS, "entropy cdf draws"),
        (lambda: ds.Logistic(0.5, 2.0), stats.logistic(0.5, 2), POINTS, "entropy cdf draws"),
        (lambda: ds.Gumbel(0.5, 2.0), stats.gumbel_r(0.5, 2), POINTS, "entropy cdf draws"),
        (lambda: ds.StudentT(4.0, 0.5, 2.0), stats.t(4, 0.5, 2), POINTS, "entropy draws"),
        (
            lambda: ds.NormalWithSoftplusScale(0.5, 1.0),
            stats.norm(0.5, np.log1p(np.e)),
            POINTS,
            "entropy cdf",
        ),
        (lambda: ds.Gamma(2.0, 3.0), stats.gamma(2, scale=1 / 3), [0.2, 1.1], "entropy cdf draws"),
        (lambda: ds.Beta(2.0, 3.0), stats.beta(2, 3), [0.2, 0.7], "entropy cdf draws"),
        (lambda: ds.Exponential(2.0), stats.expon(scale=0.5), [0.2, 0.7], "entropy cdf draws"),
        (lambda: ds.Chi2(3.0), stats.chi2(3), [0.2, 0.7], "entropy cdf"),
        (lambda: ds.Poisson(2.5), stats.poisson(2.5), [0, 3, 5], "draws"),
        (lambda: ds.Geometric(probs=0.3), stats.geom(0.3, -1), [0, 3, 5], "entropy draws"),
        (lambda: ds.Binomial(7.0, probs=0.3), stats.binom(7, 0.3), [0, 3, 5], ""),
        (lambda: ds.Dirichlet(HEAVY), stats.dirichlet(HEAVY), SHARES, "entropy draws"),
        (
            lambda: ds.DirichletMultinomial(5.0, HEAVY),
            stats.dirichlet_multinomial(HEAVY, 5),
            [1, 2, 2],
            "",
        ),
        (lambda: ds.Multinomial(5.0, probs=SHARES), stats.multinomial(5, SHARES), [1, 2, 2], ""),
    ],
)
def test_numbers_are_scipys(make: Any, known: Any, at: Any, asked: str) -> None:
    tf.set_random_seed(1)
    ours = make()
    near(ours.log_prob(at), (getattr(known, "logpdf", None) or known.logpmf)(at))
    wide = np.diag(known.cov()) if not hasattr(known, "var") else known.var()
    middle = np.asarray(known.mean() if hasattr(known, "mean") else 5 * SHARES)
    near(ours.mean(), middle)
    near(ours.variance(), wide)
    if "entropy" in asked:
        near(ours.entropy(), known.entropy())
    if "cdf" in asked:
        near(ours.cdf(at), known.cdf(at))
        near(ours.survival_function(at), 1 - known.cdf(at))
    if "draws" in asked:
        draws = run(ours.sample([20000]))
        assert np.abs(draws.mean(0) - middle).max() < 5 * np.sqrt(np.max(wide) / 20000)


def test_counts_are_drawn() -> None:
    tf.set_random_seed(2)
    drawn = run(ds.Multinomial(5.0, probs=SHARES).sample(4000))
    assert drawn.shape == (4000, 3) and (drawn.sum(1) == 5).all()
    np.testing.assert_allclose(drawn.mean(0), 5 * SHARES, atol=0.1)
    both = run(ds.DirichletMultinomial(5.0, HEAVY).sample([4, 2]))
    assert both.shape == (4, 2, 3) and (both.sum(-1) == 5).all()
    ids = ds.Categorical(np.stack([SCORES, SCORES]))
    assert run(ids.sample([3, 2])).shape == (3, 2, 2) and ids.dtype == tf.int32
    logs = SCORES - np.log(np.exp(SCORES).sum())
    near(ds.Categorical(SCORES).log_prob([[0, 1], [2, 2]]), logs[[[0, 1], [2, 2]]])
    rows = ds.OneHotCategorical(logits=SCORES)
    near(rows.log_prob([0, 1, 0]), logs[1])
    assert run(rows.sample([5])).sum() == 5 and run(rows.mode()).tolist() == [0, 0, 1]


@pytest.mark.parametrize("whole", [False, True])
def test_rows_of_normal_numbers(whole: bool) -> None:
    tf.set_random_seed(3)
    ours = (
        ds.MultivariateNormalFullCovariance(PLACE, SPREAD)
        if whole
        else ds.MultivariateNormalTriL(PLACE, LOWER)
    )
    known = stats.multivariate_normal(PLACE, SPREAD)
    near(ours.log_prob([POINTS, 2 * POINTS]), known.logpdf([POINTS, 2 * POINTS]))
    near(ours.entropy(), known.entropy())
    near(ours.covariance(), SPREAD)
    near(ours.variance(), np.diag(SPREAD))
    np.testing.assert_allclose(np.cov(run(ours.sample([20000])).T), SPREAD, atol=0.15)
    assert (ours.batch_shape, ours.event_shape) == ([], [3])


def test_batches_of_rows() -> None:
    ours = ds.MultivariateNormalTriL(np.stack([PLACE, 0 * PLACE]), np.stack([LOWER, 2 * LOWER]))
    drawn = ours.sample([5, 4])
    rows, logs = run([drawn, ours.log_prob(drawn)])  # type: ignore[misc]
    assert rows.shape == (5, 4, 2, 3) and ours.batch_shape == [2]
    known = stats.multivariate_normal(0 * PLACE, 4 * SPREAD)
    np.testing.assert_allclose(logs[..., 1], known.logpdf(rows[..., 1, :]), rtol=1e-3)
    near(
        ds.MultivariateNormalDiag([0.0, 1.0], [1.0, 2.0], 0.5).log_prob([1.0, 1.0]),
        stats.multivariate_normal([0, 1], [1.5**2, 2.5**2]).logpdf([1, 1]),
    )
    near(ds.MultivariateNormalDiag(scale_diag=[1.0, 2.0]).mean(), [0, 0])
    with pytest.raises(ValueError, match="a multiplier alone has no length"):
        ds.MultivariateNormalDiag(scale_identity_multiplier=2.0)


def test_mixtures() -> None:
    tf.set_random_seed(4)
    dense = np.log(0.3 * stats.norm(-1, 0.5).pdf(POINTS) + 0.7 * stats.norm(2, 1).pdf(POINTS))
    cat = ds.Categorical(probs=[0.3, 0.7])
    family = ds.MixtureSameFamily(cat, ds.Normal([-1.0, 2.0], [0.5, 1.0]))
    several = ds.Mixture(cat, [ds.Normal(-1.0, 0.5), ds.Normal(2.0, 1.0)])
    for ours in (family, several):
        near(ours.log_prob(POINTS), dense)
        near(ours.mean(), 1.1)
        drawn = run(ours.sample([20000]))
        assert drawn.mean() == pytest.approx(1.1, abs=0.05)
        near(ours.variance(), drawn.var(), 0.05)
    rows = ds.MixtureSameFamily(cat, ds.MultivariateNormalDiag([[-1.0, 0.0], [2.0, 1.0]], [[0.5, 1.0]] * 2))
    parts = [0.3 * stats.multivariate_normal([-1, 0], [0.25, 1]).pdf([0.1, 0.2])]
    parts += [0.7 * stats.multivariate_normal([2, 1], [0.25, 1]).pdf([0.1, 0.2])]
    near(rows.log_prob([0.1, 0.2]), np.log(sum(parts)))
    assert run(rows.sample([5])).shape == (5, 2)
    many = ds.Mixture(
        ds.Categorical(tf.zeros([4, 2])),
        [ds.MultivariateNormalDiag(tf.zeros([4, 3]) + k, tf.ones([4, 3])) for k in range(2)],
    )
    drawn = many.sample(6)
    found, logs = run([drawn, many.log_prob(drawn)])  # type: ignore[misc]
    assert found.shape == (6, 4, 3) and logs.shape == (6, 4) and many.event_shape == [3]
    with pytest.raises(ValueError, match="cat has 2 classes; expected 1"):
        ds.Mixture(cat, [ds.Normal(0.0, 1.0)])


def test_relaxed_classes_have_gradients_and_densities() -> None:
    tf.set_random_seed(5)
    between = (np.arange(100000) + 0.5).astype("f") / 100000
    one = ds.RelaxedBernoulli(0.6, logits=0.9)
    assert run(one.prob(between)).mean() == pytest.approx(1, abs=0.01)
    two = ds.RelaxedOneHotCategorical(0.6, logits=[0.4, -0.5])
    near(two.log_prob([[0.3, 0.7], [0.9, 0.1]]), run(one.log_prob([0.3, 0.9])))
    logits = tf.constant(SCORES)
    drawn = ds.RelaxedOneHotCategorical(0.5, logits=logits).sample([4000])
    (slope,) = tf.gradients(drawn[:, 0], logits)
    rows, slopes = run([drawn, slope])  # type: ignore[misc]
    np.testing.assert_allclose(rows.sum(1), 1, atol=1e-4)
    shares = np.exp(SCORES) / np.exp(SCORES).sum()
    np.testing.assert_allclose(np.bincount(rows.argmax(1)) / 4000, shares, atol=0.04)
    assert slopes[0] > 0 and slopes[1] < 0
    logs = ds.ExpRelaxedOneHotCategorical(0.6, logits=SCORES).log_prob(np.log(SHARES))
    itself = ds.RelaxedOneHotCategorical(0.6, SCORES).log_prob(SHARES)
    near(logs - np.log(SHARES).sum(), run(itself))


@pytest.mark.parametrize(
    "make",
    [
        lambda: (ds.MultivariateNormalTriL(PLACE, LOWER), ds.MultivariateNormalTriL(POINTS, 2 * LOWER)),
        lambda: (ds.Laplace(0.5, 2.0), ds.Laplace(1.0, 3.0)),
        lambda: (ds.Poisson(2.0), ds.Poisson(3.0)),
        lambda: (ds.Dirichlet(HEAVY), ds.Dirichlet(HEAVY + 1)),
        lambda: (ds.Gamma(2.0, 3.0), ds.Gamma(1.0, 4.0)),
        lambda: (ds.Beta(2.0, 3.0), ds.Beta(1.0, 4.0)),
        lambda: (ds.Exponential(2.0), ds.Exponential(3.0)),
        lambda: (ds.Uniform(0.0, 1.0), ds.Uniform(-1.0, 3.0)),
        lambda: (ds.OneHotCategorical(logits=SCORES), ds.OneHotCategorical(logits=-SCORES)),
    ],
)
def test_a_divergence_is_the_mean_of_what_it_says(make: Any) -> None:
    tf.set_random_seed(6)
    a, b = make()
    draws = a.sample([40000])
    told, mean = run([ds.kl_divergence(a, b), tf.reduce_mean(a.log_prob(draws) - b.log_prob(draws))])  # type: ignore[misc]
    assert told == pytest.approx(mean, abs=0.03 + 0.03 * float(abs(mean)))


def test_distributions_are_transformed() -> None:
    near(
        ds.TransformedDistribution(ds.Normal(0.3, 0.5), bijectors.Exp()).log_prob([0.5, 2.0]),
        stats.lognorm(0.5, scale=np.exp(0.3)).logpdf([0.5, 2.0]),
    )
    known = stats.multivariate_normal(PLACE, SPREAD).logpdf(POINTS)
    affine = bijectors.Affine(PLACE, scale_tril=LOWER)
    plain = ds.MultivariateNormalDiag(tf.zeros(3), tf.ones(3))
    near(ds.TransformedDistribution(plain, affine).log_prob(POINTS), known)
    made = ds.TransformedDistribution(ds.Normal(0.0, 1.0), affine, event_shape=[3])
    near(made.log_prob([POINTS, POINTS]), [known, known])
    assert run(made.sample(5)).shape == (5, 3)


@pytest.mark.parametrize(
    "make",
    [
        lambda: bijectors.Sigmoid(),
        lambda: bijectors.Tanh(),
        lambda: bijectors.Softplus(),
        lambda: bijectors.PowerTransform(0.5),
        lambda: bijectors.Invert(bijectors.Exp()),
        lambda: bijectors.Chain([bijectors.Exp(), bijectors.AffineScalar(1.0, 2.0)]),
        lambda: bijectors.Inline(tf.square, tf.sqrt, lambda y: -tf.log(2.0 * tf.sqrt(y))),
    ],
)
def test_a_function_that_can_be_turned_back_says_how_much_it_stretches(make: Any) -> None:
    one, x = make(), tf.constant(np.abs(POINTS))
    y = one.forward(x)
    (slope,) = tf.gradients(y, x)
    near(one.inverse(y), np.abs(POINTS))
    stretch = np.log(np.abs(run(slope)))
    near(one.forward_log_det_jacobian(x), stretch)
    near(one.inverse_log_det_jacobian(y), -stretch)
    near(one.forward_log_det_jacobian(x, 1), stretch.sum())


def test_a_flow_stretches_as_its_jacobian_says() -> None:
    flow = bijectors.Chain(
        [
            bijectors.MaskedAutoregressiveFlow(bijectors.masked_autoregressive_default_template([16, 16])),
            bijectors.Permute([3, 2, 1, 0]),
            bijectors.RealNVP(2, bijectors.real_nvp_default_template([8])),
        ]
    )
    x = tf.constant(np.random.default_rng(0).normal(size=(6, 4)).astype("f"))
    y = flow.forward(x)
    back = flow.inverse(y)
    rows = tf.stack([tf.gradients(y[0, k], x)[0][0] for k in range(4)])
    stretch = flow.forward_log_det_jacobian(x, 1), flow.inverse_log_det_jacobian(y, 1)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        begun, found, jacobian, there, home = session.run([x, back, rows, *stretch])
    np.testing.assert_allclose(begun, found, atol=1e-4)
    np.testing.assert_allclose(np.log(abs(np.linalg.det(jacobian))), there[0], atol=1e-3)
    np.testing.assert_allclose(there, -home, atol=1e-3)
    assert len(tf.trainable_variables()) == 10
    with pytest.raises(ValueError, match="4 blocks need as many inputs and units; received 4, 3"):
        bijectors.masked_dense(x, 3, 4)


# --- as TensorFlow 1.15 has them --------------------------------------------------------------------------------------

NAN, INF = float("nan"), float("inf")
# The kind, its parameters, a value; log_prob and cdf of the value, mean, mode, stddev and entropy. The entropies of
# Kumaraswamy are those of the density, which are not TensorFlow's.
KINDS: list[tuple[str, list[Any], dict[str, Any], Any, list[Any]]] = [
    (
        "Cauchy",
        [[0.0, 1.0], [1.0, 2.0]],
        {},
        [0.3, 1.2],
        [
            [-1.230908, -1.847827],
            [0.592774, 0.531726],
            [NAN, NAN],
            [0.0, 1.0],
            [NAN, NAN],
            [2.531024, 3.224171],
        ],
    ),
    (
        "HalfNormal",
        [[1.0, 2.5]],
        {},
        [0.3, 1.2],
        [
            [-0.270791, -1.257282],
            [0.235823, 0.368773],
            [0.797885, 1.994711],
            [0.0, 0.0],
            [0.60281, 1.507026],
            [0.725791, 1.642082],
        ],
    ),
    (
        "InverseGamma",
        [[3.0, 1.5], [1.0, 2.0]],
        {},
        [0.3, 1.2],
        [[0.789411, -0.961968], [0.352776, 0.34303], [0.5, 4.0], [0.25, 0.8], [0.5, NAN], [0.00201, 1.98114]],
    ),
    (
        "Kumaraswamy",
        [[2.0, 3.0], [1.5, 2.0]],
        {},
        [0.3, 0.7],
        [
            [-0.152516, 0.658338],
            [0.131915, 0.568351],
            [0.589049, 0.642857],
            [0.707107, 0.736806],
            [0.230264, 0.191663],
            [-0.125093, -0.291759],
        ],
    ),
    (
        "NegativeBinomial",
        [[3.0, 5.0]],
        {"probs": [0.3, 0.6]},
        [2.0, 4.0],
        [
            [-1.686211, -2.376261],
            [0.83692, 0.266568],
            [1.285714, 7.5],
            [0.0, 6.0],
            [1.355262, 4.330127],
            None,
        ],
    ),
    (
        "NegativeBinomial",
        [[3.0, 5.0]],
        {"logits": [0.3, -0.6]},
        [2.0, 4.0],
        [
            [-1.880017, -2.088897],
            [0.362469, 0.820867],
            [4.049577, 2.744058],
            [2.0, 2.0],
            [3.084791, 2.06156],
            None,
        ],
    ),
    (
        "BetaWithSoftplusConcentration",
        [[2.0, 3.0], [1.5, 2.0]],
        {},
        [0.3, 0.7],
        [
            [0.010206, 0.561124],
            [0.155809, 0.675796],
            [0.555574, 0.58904],
            [0.616366, 0.64512],
            [0.226137, 0.197986],
            [-0.12414, -0.239422],
        ],
    ),
    (
        "Chi2WithAbsDf",
        [[-2.5, 3.0]],
        {},
        [0.3, 0.7],
        [
            [-0.843147, -1.447276],
            [0.139292, 0.126796],
            [2.0, 3.0],
            [NAN, 1.0],
            [2.0, 2.44949],
            [1.693147, 2.05412],
        ],
    ),
    (
        "ExponentialWithSoftplusRate",
        [[-2.5, 3.0]],
        {},
        [0.3, 0.7],
        [
            [-2.563371, -1.019333],
            [0.023389, 0.881638],
            [12.675918, 0.328021],
            [NAN, NAN],
            [12.675918, 0.328021],
            [3.539704, -0.114678],
        ],
    ),
    (
        "GammaWithSoftplusConcentrationRate",
        [[2.5, 3.0], [1.0, 0.5]],
        {},
        [0.3, 0.7],
        [
            [-1.933798, -2.231051],
            [0.018844, 0.029449],
            [1.963729, 3.129719],
            [1.202266, 2.103106],
            [1.222827, 1.792487],
            [1.477885, 1.883952],
        ],
    ),
    (
        "InverseGammaWithSoftplusConcentrationRate",
        [[2.5, 3.0], [1.0, 0.5]],
        {},
        [0.3, 0.7],
        [
            [0.292469, -0.766026],
            [0.128979, 0.843584],
            [0.831763, 0.475487],
            [0.366947, 0.240597],
            [1.093205, 0.46434],
            [0.540665, -0.052165],
        ],
    ),
    (
        "LaplaceWithSoftplusScale",
        [[2.5, 3.0], [1.0, 0.5]],
        {},
        [0.3, 0.7],
        [
            [-2.640879, -3.028092],
            [0.093634, 0.047153],
            [2.5, 3.0],
            [2.5, 3.0],
            [1.857232, 1.377553],
            [1.965661, 1.666882],
        ],
    ),
    (
        "StudentTWithAbsDfSoftplusScale",
        [[-4.5, 3.0], [1.0, 0.5], [0.3, 0.2]],
        {},
        [0.3, 0.7],
        [
            [-1.211281, -0.816845],
            [0.229303, 0.590841],
            [1.0, 0.5],
            [1.0, 0.5],
            [1.208241, 1.382417],
            [1.524353, 1.548005],
        ],
    ),
    (
        "VectorDeterministic",
        [[[2.5, 3.0], [1.0, 2.0]]],
        {},
        [2.5, 3.0],
        [[0.0, -INF], None, [2.5, 3.0, 1.0, 2.0], [2.5, 3.0, 1.0, 2.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0]],
    ),
    (
        "VectorExponentialDiag",
        [[2.5, 3.0], [1.0, 2.0]],
        {},
        [4.5, 6.0],
        [[-4.193147], None, [3.5, 5.0], [2.5, 3.0], [1.0, 2.0], [2.693147]],
    ),
    (
        "VectorLaplaceDiag",
        [[2.5, 3.0], [1.0, 2.0]],
        {},
        [4.5, 6.0],
        [[-5.579442], None, [2.5, 3.0], [2.5, 3.0], [1.414214, 2.828427], [4.079442]],
    ),
    (
        "WishartCholesky",
        [5.0, [[1.0, 0], [0.5, 2.0]]],
        {},
        [[3.0, 1.0], [1.0, 2.0]],
        [
            [-7.897832],
            None,
            [5.0, 2.5, 2.5, 21.25],
            [2.0, 1.0, 1.0, 8.5],
            [3.162278, 0.0, 7.115125, 11.401754],
            [8.88999],
        ],
    ),
    (
        "WishartFull",
        [6.0, [[1.0, 0.3], [0.3, 2.0]]],
        {},
        [[3.0, 1.0], [1.0, 2.0]],
        [
            [-7.173404],
            None,
            [6.0, 1.8, 1.8, 12.0],
            [3.0, 0.9, 0.9, 6.0],
            [3.464102, 0.0, 3.619986, 5.907259],
            [8.161379],
        ],
    ),
]


@pytest.mark.parametrize("number", range(len(KINDS)))
def test_figures_of_kinds(number: int) -> None:
    kind, args, kwargs, value, expected = KINDS[number]
    one = getattr(ds, kind)(*args, **kwargs)
    for name, figures in zip(("log_prob", "cdf", "mean", "mode", "stddev", "entropy"), expected, strict=True):
        if figures is None:
            with pytest.raises(NotImplementedError):
                getattr(one, name)(*([tf.constant(value)] if name == "cdf" else []))
            continue
        made = getattr(one, name)(*([tf.constant(value)] if name in ("log_prob", "cdf") else []))
        np.testing.assert_allclose(run(made).ravel(), figures, rtol=2e-5, atol=2e-6, err_msg=name)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 6, 9, 12, 14, 15, 16, 17])
def test_draws_have_the_mean(number: int) -> None:
    kind, args, kwargs, _, expected = KINDS[number]
    one = getattr(ds, kind)(*args, **kwargs)
    drawn = run(one.sample([3, 60000], seed=4))
    wide = np.nan_to_num(np.asarray(expected[4]), nan=1.0).reshape(drawn.shape[2:])
    wide = np.maximum(wide, 3.0) if kind.startswith("Wishart") else wide
    mean = drawn.astype(np.float64).mean((0, 1))
    finite = ~np.isnan(np.asarray(expected[4])).reshape(mean.shape)
    np.testing.assert_allclose(
        (mean - np.reshape(expected[2], mean.shape))[finite] / wide[finite], 0, atol=0.02
    )


def test_kinds_that_the_later_package_has() -> None:
    import thalweg.compat.tf1.probability as tfp

    tfd = tfp.distributions
    x = tf.constant([0.3, 1.2])
    for made, known in (
        (tfd.LogNormal(0.2, 0.7), stats.lognorm(0.7, scale=np.exp(0.2))),
        (tfd.Pareto(3.0, 0.2), stats.pareto(3.0, scale=0.2)),
        (tfd.HalfCauchy(0.1, 0.7), stats.halfcauchy(0.1, 0.7)),
    ):
        near(made.log_prob(x), known.logpdf([0.3, 1.2]))
        near(made.cdf(x), known.cdf([0.3, 1.2]))
        near(made.entropy(), known.entropy())
    near(tfd.LogNormal(0.2, 0.7).variance(), stats.lognorm(0.7, scale=np.exp(0.2)).var())
    assert not hasattr(ds, "Pareto")


# --- matrices as operators --------------------------------------------------------------------------------------------

A = np.array([[2.5, 0.7, 0.6], [0.5, 2.4, 0.6], [0.4, 0.9, 2.9]], "f")
WIDE = np.array([1.0, 2.0, -3.0], "f")
UNIT = np.array([1.0, 2.0, 2.0], "f") / 3.0
linalg = tf.linalg
OPERATORS: list[tuple[Any, Any]] = [
    (lambda: linalg.LinearOperatorFullMatrix(A), A),
    (lambda: linalg.LinearOperatorFullMatrix(np.stack([A, A.T])), np.stack([A, A.T])),
    (lambda: linalg.LinearOperatorLowerTriangular(A), np.tril(A)),
    (lambda: linalg.LinearOperatorDiag(WIDE), np.diag(WIDE)),
    (lambda: linalg.LinearOperatorDiag([WIDE, UNIT]), np.stack([np.diag(WIDE), np.diag(UNIT)])),
    (lambda: linalg.LinearOperatorIdentity(3), np.eye(3)),
    (lambda: linalg.LinearOperatorScaledIdentity(3, [2.0, -1.5]), np.stack([2 * np.eye(3), -1.5 * np.eye(3)])),
    (lambda: linalg.LinearOperatorComposition([linalg.LinearOperatorFullMatrix(A), linalg.LinearOperatorDiag(WIDE)]),
     A @ np.diag(WIDE)),
    (lambda: linalg.LinearOperatorFullMatrix(A).matmul(linalg.LinearOperatorDiag(WIDE)), A @ np.diag(WIDE)),
    (lambda: linalg.LinearOperatorFullMatrix(A).adjoint(), A.T),
    (lambda: linalg.LinearOperatorFullMatrix(A).inverse(), np.linalg.inv(A)),
    (lambda: linalg.LinearOperatorLowRankUpdate(linalg.LinearOperatorDiag([1.0, 2.0, 3.0]), A[:, :2], [0.5, 2.0]),
     np.diag([1, 2, 3]) + A[:, :2] @ np.diag([0.5, 2]) @ A[:, :2].T),
    (lambda: linalg.LinearOperatorHouseholder(3 * UNIT), np.eye(3) - 2 * np.outer(UNIT, UNIT)),
    (lambda: linalg.LinearOperatorToeplitz([1.0, 2.0, 3.0], [1.0, -1.0, 0.5]), [[1, -1, 0.5], [2, 1, -1], [3, 2, 1]]),
    (lambda: linalg.LinearOperatorBlockDiag(
        [linalg.LinearOperatorFullMatrix(A[:2, :2]), linalg.LinearOperatorDiag([3.0])]),
     np.block([[A[:2, :2], np.zeros((2, 1))], [np.zeros((1, 2)), np.full((1, 1), 3)]])),
    (lambda: linalg.LinearOperatorKronecker([linalg.LinearOperatorFullMatrix(A), linalg.LinearOperatorDiag([2.0])]),
     2 * A),
    (lambda: tf.contrib.distributions.MultivariateNormalDiag([0.0, 0, 0], [1.0, 2, 3]).scale, np.diag([1, 2, 3])),
    (lambda: tf.contrib.distributions.MultivariateNormalTriL([0.0, 0, 0], np.tril(A)).scale, np.tril(A)),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(OPERATORS)))
def test_a_matrix_as_an_operator(number: int) -> None:
    make, matrix = OPERATORS[number]
    one, known = make(), np.asarray(matrix, "float64")
    x = np.array([[1.0, 2.0], [-1.0, 0.5], [0.0, 3.0]], "f")
    turned = np.swapaxes(known, -1, -2)
    near(one.to_dense(), known)
    near(one.matmul(x), known @ x)
    near(one.matmul(x, adjoint=True), turned @ x)
    near(one.matmul(x.T, adjoint_arg=True), known @ x)
    near(one.matvec(x[:, 1]), known @ x[:, 1])
    near(one.solve(x), np.linalg.solve(known, np.broadcast_to(x, (*known.shape[:-2], 3, 2))))
    near(one.solve(x, adjoint=True), np.linalg.solve(turned, np.broadcast_to(x, (*known.shape[:-2], 3, 2))))
    near(one.solvevec(x[:, 1]), np.linalg.inv(known) @ x[:, 1])
    near(one.determinant(), np.linalg.det(known))
    near(one.log_abs_determinant(), np.linalg.slogdet(known)[1])
    near(one.diag_part(), np.diagonal(known, axis1=-2, axis2=-1))
    near(one.trace(), np.trace(known, axis1=-2, axis2=-1))
    near(one.add_to_tensor(np.broadcast_to(A, known.shape)), known + A)
    near(one.inverse().to_dense(), np.linalg.inv(known))
    near(one.H.to_dense(), turned)
    near(one.shape_tensor(), known.shape)
    assert one.shape.as_list() == list(known.shape) and one.is_square and one.domain_dimension.value == 3


def test_factors_of_definite_operators() -> None:
    square = A @ A.T
    near(linalg.LinearOperatorFullMatrix(square, is_positive_definite=True, is_self_adjoint=True).cholesky().to_dense(),
         np.linalg.cholesky(square))  # fmt: skip
    near(
        linalg.LinearOperatorDiag([1.0, 4.0], is_positive_definite=True).cholesky().to_dense(),
        np.diag([1.0, 2.0]),
    )
    near(linalg.LinearOperatorZeros(2).to_dense(), np.zeros((2, 2)))
    assert linalg.LinearOperatorDiag([1.0, 2.0], is_positive_definite=True).is_self_adjoint
