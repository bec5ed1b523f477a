"""Losses and metrics beside scikit-learn's, PyTorch's and formulas written out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import losses as Ls
from thalweg import metrics as M

GENERATOR = np.random.default_rng(0)
N, K = 60, 4
LABELS = GENERATOR.integers(0, K, N)
SCORES = GENERATOR.dirichlet(np.ones(K), N)
BITS = GENERATOR.integers(0, 2, N)
CHANCES = np.round(GENERATOR.uniform(size=N) * 198) / 199 + 0.5 / 199  # between the thresholds of AUC
MANY = GENERATOR.integers(0, 2, (N, 3))
MANY_CHANCES = np.round(GENERATOR.uniform(size=(N, 3)) * 198) / 199 + 0.5 / 199
REAL, GUESS = GENERATOR.normal(size=(N, 3)), GENERATOR.normal(size=(N, 3))
WEIGHTS = GENERATOR.uniform(0.5, 2.0, N)


def sk(name: str) -> Any:
    return getattr(pytest.importorskip("sklearn.metrics"), name)


ONE_HOT = np.eye(K)[LABELS]
ROWS: list[tuple[Any, Any, Any, Callable[..., Any]]] = [
    (
        M.SparseCategoricalAccuracy(),
        LABELS,
        SCORES,
        lambda t, p, w: sk("accuracy_score")(t, p.argmax(1), sample_weight=w),
    ),
    (
        M.CategoricalAccuracy(),
        ONE_HOT,
        SCORES,
        lambda t, p, w: sk("accuracy_score")(t.argmax(1), p.argmax(1), sample_weight=w),
    ),
    (M.BinaryAccuracy(), BITS, CHANCES, lambda t, p, w: sk("accuracy_score")(t, p > 0.5, sample_weight=w)),
    (
        M.SparseTopKCategoricalAccuracy(2),
        LABELS,
        SCORES,
        lambda t, p, w: sk("top_k_accuracy_score")(t, p, k=2, sample_weight=w),
    ),
    (
        M.TopKCategoricalAccuracy(2),
        ONE_HOT,
        SCORES,
        lambda t, p, w: sk("top_k_accuracy_score")(t.argmax(1), p, k=2, sample_weight=w),
    ),
    (M.Precision(), BITS, CHANCES, lambda t, p, w: sk("precision_score")(t, p > 0.5, sample_weight=w)),
    (M.Recall(), BITS, CHANCES, lambda t, p, w: sk("recall_score")(t, p > 0.5, sample_weight=w)),
    (
        M.Recall(thresholds=0.2),
        BITS,
        CHANCES,
        lambda t, p, w: sk("recall_score")(t, p > 0.2, sample_weight=w),
    ),
    (M.AUC(), BITS, CHANCES, lambda t, p, w: sk("roc_auc_score")(t, p, sample_weight=w)),
    (
        M.AveragePrecision(),
        BITS,
        CHANCES,
        lambda t, p, w: sk("average_precision_score")(t, p, sample_weight=w),
    ),
    (
        M.AUC(multi_label=True, num_labels=3),
        MANY,
        MANY_CHANCES,
        lambda t, p, w: sk("roc_auc_score")(t, p, average="macro", sample_weight=w),
    ),
    (
        M.AUC(num_thresholds=400),
        MANY,
        MANY_CHANCES,
        lambda t, p, w: sk("roc_auc_score")(
            t.ravel(), p.ravel(), sample_weight=None if w is None else np.repeat(w, 3)
        ),
    ),
    (
        M.AveragePrecision(multi_label=True),
        MANY,
        MANY_CHANCES,
        lambda t, p, w: sk("average_precision_score")(t, p, average="macro", sample_weight=w),
    ),
    (
        M.F1Score(),
        LABELS,
        SCORES,
        lambda t, p, w: sk("f1_score")(t, p.argmax(1), average=None, sample_weight=w),
    ),
    (
        M.F1Score("macro"),
        LABELS,
        SCORES,
        lambda t, p, w: sk("f1_score")(t, p.argmax(1), average="macro", sample_weight=w),
    ),
    (
        M.F1Score("weighted"),
        ONE_HOT,
        SCORES,
        lambda t, p, w: sk("f1_score")(t.argmax(1), p.argmax(1), average="weighted", sample_weight=w),
    ),
    (
        M.FBetaScore("micro", 2.0),
        LABELS,
        SCORES,
        lambda t, p, w: sk("fbeta_score")(t, p.argmax(1), beta=2, average="micro", sample_weight=w),
    ),
    (M.MeanSquaredError(), REAL, GUESS, lambda t, p, w: sk("mean_squared_error")(t, p, sample_weight=w)),
    (M.MeanAbsoluteError(), REAL, GUESS, lambda t, p, w: sk("mean_absolute_error")(t, p, sample_weight=w)),
    (
        M.RootMeanSquaredError(),
        REAL,
        GUESS,
        lambda t, p, w: sk("mean_squared_error")(t, p, sample_weight=w) ** 0.5,
    ),
    (M.R2Score(), REAL, GUESS, lambda t, p, w: sk("r2_score")(t, p, sample_weight=w)),
    (
        M.R2Score("variance_weighted_average"),
        REAL,
        GUESS,
        lambda t, p, w: sk("r2_score")(t, p, sample_weight=w, multioutput="variance_weighted"),
    ),
    (
        M.ConfusionMatrix(K),
        LABELS,
        SCORES,
        lambda t, p, w: sk("confusion_matrix")(t, p.argmax(1), sample_weight=w),
    ),
    (
        M.MeanIoU(K),
        LABELS,
        SCORES,
        lambda t, p, w: sk("jaccard_score")(t, p.argmax(1), average="macro", sample_weight=w),
    ),
    (
        M.IoU(K, [1]),
        LABELS,
        SCORES,
        lambda t, p, w: sk("jaccard_score")(t, p.argmax(1), average=None, sample_weight=w)[1],
    ),
    (
        M.SparseCategoricalCrossentropy(),
        LABELS,
        SCORES,
        lambda t, p, w: sk("log_loss")(t, p, sample_weight=w),
    ),
]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r[0].name}-{ROWS.index(r)}")
def test_metrics_over_batches_are_those_of_all_examples(row: Any, weighted: bool) -> None:
    metric, truth, guess, reference = row
    metric.reset_state()
    for part in (slice(0, 7), slice(7, 40), slice(40, N)):
        metric.update_state(truth[part], guess[part], sample_weight=WEIGHTS[part] if weighted else None)
    expected = reference(truth, guess, WEIGHTS if weighted else None)
    np.testing.assert_allclose(metric.result(), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r[0].name}-{ROWS.index(r)}")
def test_a_metric_in_a_traced_step_counts_the_same(row: Any) -> None:
    metric, truth, guess, reference = row
    metric.reset_state()
    metric.update_state(truth[:2], guess[:2])  # makes the counts
    metric.reset_state()

    @tw.function
    def step(t: Any, p: Any) -> Any:
        metric.update_state(t, p)
        return metric.result()

    step(truth[:30], guess[:30])
    np.testing.assert_allclose(
        step(truth[30:], guess[30:]), reference(truth, guess, None), rtol=1e-6, atol=1e-7
    )


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


SIGNS = BITS * 2.0 - 1
FORMULAS: list[tuple[Any, Any, Any, Any]] = [
    (Ls.Hinge(), SIGNS, GUESS[:, 0], np.maximum(1 - SIGNS * GUESS[:, 0], 0).mean()),
    (Ls.Hinge(), BITS, GUESS[:, 0], np.maximum(1 - SIGNS * GUESS[:, 0], 0).mean()),
    (Ls.SquaredHinge(), SIGNS, GUESS[:, 0], (np.maximum(1 - SIGNS * GUESS[:, 0], 0) ** 2).mean()),
    (
        Ls.CategoricalHinge(),
        ONE_HOT,
        SCORES,
        np.maximum(1 + ((1 - ONE_HOT) * SCORES).max(1) - (ONE_HOT * SCORES).sum(1), 0).mean(),
    ),
    (Ls.LogCosh(), REAL, GUESS, np.log(np.cosh(REAL - GUESS)).mean()),
    (Ls.MeanAbsolutePercentageError(), REAL, GUESS, 100 * np.abs((REAL - GUESS) / REAL).mean()),
    (
        Ls.MeanSquaredLogarithmicError(),
        abs(REAL),
        abs(GUESS),
        ((np.log1p(abs(REAL)) - np.log1p(abs(GUESS))) ** 2).mean(),
    ),
    (Ls.Poisson(), abs(REAL), abs(GUESS), (abs(GUESS) - abs(REAL) * np.log(abs(GUESS) + 1e-7)).mean()),
    (Ls.KLDivergence(), SCORES, SCORES[::-1], (SCORES * np.log(SCORES / SCORES[::-1])).sum(1).mean()),
    (Ls.CategoricalCrossentropy(), ONE_HOT, SCORES, -np.log(SCORES[np.arange(N), LABELS]).mean()),
    (Ls.SparseCategoricalCrossentropy(), LABELS, SCORES, -np.log(SCORES[np.arange(N), LABELS]).mean()),
    (
        Ls.SparseCategoricalCrossentropy(ignore_class=0),
        LABELS,
        SCORES,
        -np.log(SCORES[np.arange(N), LABELS])[LABELS > 0].mean(),
    ),
    (
        Ls.BinaryFocalCrossentropy(),
        BITS,
        CHANCES,
        -np.where(BITS, (1 - CHANCES) ** 2 * np.log(CHANCES), CHANCES**2 * np.log(1 - CHANCES)).mean(),
    ),
    (
        Ls.CategoricalFocalCrossentropy(),
        ONE_HOT,
        SCORES,
        -(0.25 * (1 - SCORES) ** 2 * ONE_HOT * np.log(SCORES)).sum(1).mean(),
    ),
    (Ls.EpsilonInsensitive(0.2), REAL, GUESS, np.maximum(abs(REAL - GUESS) - 0.2, 0).mean()),
    (Ls.Quantile(0.9), REAL, GUESS, np.maximum(0.9 * (REAL - GUESS), -0.1 * (REAL - GUESS)).mean()),
]


@pytest.mark.parametrize("row", FORMULAS, ids=lambda r: f"{r[0].name}-{FORMULAS.index(r)}")
def test_losses_are_their_formulas(row: Any) -> None:
    loss, truth, guess, expected = row
    np.testing.assert_allclose(loss(truth, guess), expected, rtol=1e-5)


def test_reductions_and_weights() -> None:
    per_row = ((REAL - GUESS) ** 2).mean(1)
    assert Ls.MeanSquaredError("sum")(REAL, GUESS).item() == pytest.approx(per_row.sum())
    np.testing.assert_allclose(Ls.MeanSquaredError(None)(REAL, GUESS), per_row)
    assert Ls.get("mse")(REAL, GUESS, WEIGHTS).item() == pytest.approx((per_row * WEIGHTS).mean())
    weighted = Ls.MeanSquaredError("mean_with_sample_weight")(REAL, GUESS, WEIGHTS).item()
    assert weighted == pytest.approx(np.average(per_row, weights=WEIGHTS))


def test_a_saturated_softmax_still_teaches() -> None:
    """The loss is taken of the logits, where the prediction is their softmax."""
    logits = tw.Variable([[200.0, 0.0]], dtype="float64")
    with tw.GradientTape() as tape:
        loss = Ls.sparse_categorical_crossentropy([1], tw.nn.softmax(logits))
    assert loss.item() == 200.0
    np.testing.assert_allclose(tape.gradient(loss, logits), [[1.0, -1.0]])


def test_an_ignored_class_counts_neither_in_the_loss_nor_in_its_metric() -> None:
    options: dict[str, Any] = {"ignore_class": 1}
    wanted = Ls.SparseCategoricalCrossentropy(**options)(LABELS, SCORES).item()
    for weights in (None, np.ones(N)):
        metric = M.SparseCategoricalCrossentropy(**options)
        assert metric(LABELS, SCORES, sample_weight=weights).item() == pytest.approx(wanted, rel=1e-6)


def test_a_loss_may_be_computed_in_a_dtype_of_its_own() -> None:
    loss = Ls.MeanSquaredError(dtype="float64")
    assert loss([1.0], np.array([3.0], "float32")).dtype.name == "float64"


def test_losses_and_metrics_are_objects_that_files_keep() -> None:
    for thing in (
        Ls.Huber(0.5, "sum"),
        Ls.SparseCategoricalCrossentropy(ignore_class=2),
        M.AUC(curve="PR", multi_label=True, label_weights=[1.0, 2.0]),
        M.PrecisionAtRecall(0.5, num_thresholds=7),
        M.MeanIoU(3, ignore_class=0),
    ):
        room = M if isinstance(thing, M.Metric) else Ls
        again = room.deserialize(room.serialize(thing))
        assert type(again) is type(thing) and again.get_config() == thing.get_config()


def test_areas_say_what_they_take() -> None:
    with pytest.raises(
        tw.errors.ArgumentError, match="auc: curve; expected ROC or PR or PRGAIN; received 'pro'"
    ):
        M.AUC(curve="pro")
    with pytest.raises(tw.errors.ArgumentError, match="summation_method"):
        M.AUC(summation_method="mean")
    with pytest.raises(tw.errors.ArgumentError, match="num_labels"):
        M.AUC(num_labels=3)
    with pytest.raises(tw.errors.ArgumentError, match="thresholds"):
        M.AUC(thresholds=[2.0])
    with pytest.raises(tw.errors.ShapeError, match=r"predictions; expected \[batch, 2\]; received \[60, 3\]"):
        M.AUC(multi_label=True, num_labels=2)(MANY, MANY_CHANCES)
    with pytest.raises(tw.errors.ShapeError, match="class_id 5"):
        M.Precision(class_id=5)(MANY, MANY_CHANCES)
    with pytest.raises(tw.errors.ArgumentError, match="target_class_ids; expected 0 to 1"):
        M.IoU(2, [2])
    with pytest.raises(tw.errors.ArgumentError, match="a rate in"):
        M.RecallAtPrecision(1.5)


@pytest.mark.parametrize("name", ["mean_sqared_error", "accurracy"])
def test_unknown_names_get_the_nearest(name: str) -> None:
    with pytest.raises(tw.errors.ArgumentError, match=r"did you mean '(mean_squared_error|accuracy)'"):
        M.get(name)
