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
