"""Boosted trees against a slow reference, scikit-learn's, and what must hold of any ensemble."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from thalweg.errors import ArgumentError
from thalweg.trees import BoostedTrees, TreeSettings, boundaries, bucketed, counted


class Node:
    """A node of the reference: its examples, its value, and its split."""

    def __init__(self, rows: list[int], value: float) -> None:
        self.rows, self.value = rows, np.float32(value)  # values are kept as rounded as the ensemble's
        self.split: Any = None
        self.gain = 0.0

    def children(self) -> list[Node]:
        return [] if self.split is None else [self.split[2], self.split[3]]

    def leaf(self, x: Any) -> Node:
        if self.split is None:
            return self
        feature, threshold, left, right = self.split
        return (left if x[feature] <= threshold else right).leaf(x)


def predicted(trees: list[Node], row: Any) -> Any:
    total = np.float32(0)
    for tree in trees:
        total += tree.leaf(row).value
    return total


def soft(g: float, l1: float) -> float:
    return g - l1 if g > l1 else g + l1 if g < -l1 else 0.0


def step(g: float, h: float, s: TreeSettings) -> tuple[float, float]:
    w = 0.0 if h + s.l2 <= 1e-15 else -soft(g, s.l1) / (h + s.l2)
    return w, -soft(g, s.l1) * w


def reference(x: Any, derivatives: Any, s: TreeSettings, layers: int, start: float) -> list[Node]:
    """Trees grown example by example, as the documentation says; the first one begins at ``start``."""
    trees: list[Node] = []
    for layer in range(layers):
        if layer % s.max_depth == 0:
            trees.append(Node(list(range(len(x))), start if not trees else 0.0))
            open_nodes = [trees[-1]]
        f = np.array([predicted(trees, row) for row in x], np.float64)
        g, h = derivatives(f)
        after = []
        for node in open_nodes:
            if sum(h[node.rows]) < s.min_node_weight:
                continue
            whole = step(sum(g[node.rows]), sum(h[node.rows]), s)[1]
            best: Any = None
            for feature in range(x.shape[1]):
                for threshold in range(x[:, feature].max() + 1):
                    left = [r for r in node.rows if x[r, feature] <= threshold]
                    right = [r for r in node.rows if x[r, feature] > threshold]
                    a, b = (step(sum(g[side]), sum(h[side]), s) for side in (left, right))
                    gain = a[1] + b[1] - whole - s.tree_complexity
                    if best is None or gain > best[0] + 1e-15:
                        best = gain, feature, threshold, left, right, a[0], b[0]
            gain, feature, threshold, left, right, a, b = best
            if s.pruning == "pre" and gain < 0:
                continue
            sides = [Node(rows, node.value + s.learning_rate * w) for rows, w in ((left, a), (right, b))]
            node.split, node.gain = (feature, threshold, *sides), gain
            after += sides
        open_nodes = after
        if s.pruning == "post" and layer % s.max_depth == s.max_depth - 1:
            prune(trees[-1])
    return trees


def prune(node: Node) -> None:
    for child in node.children():
        prune(child)
    if node.gain < 0 and not any(child.children() for child in node.children()):
        node.split, node.gain = None, 0.0


def logistic(y: np.ndarray) -> Any:
    def derivatives(f: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        p = 1 / (1 + np.exp(-f))
        return (p - y) / len(y), p * (1 - p) / len(y)

    return derivatives


def grown(
    x: np.ndarray, derivatives: Any, settings: TreeSettings, layers: int, start: float = 0.0
) -> BoostedTrees:
    ensemble = BoostedTrees(settings)
    ensemble.values[0, 0], ensemble.progress = start, ensemble.progress._replace(trees=1)
    for _ in range(layers):
        g, h = derivatives(ensemble.predict(x)[:, 0].astype(np.float64))
        sizes = [int(n) for n in x.max(0) + 1]
        ensemble.grow(ensemble.histograms(x, ensemble.last_nodes(x), g[:, None], h[:, None], sizes))
    return ensemble


RULES = [
    {},
    {"l1": 0.004, "l2": 0.02},
    {"min_node_weight": 0.02},
    {"tree_complexity": 0.004, "pruning": "pre"},
    {"tree_complexity": 0.004, "pruning": "post"},
    {"tree_complexity": 0.1, "pruning": "post"},  # nothing is left of any tree
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: "-".join(rule) or "plain")
def test_ensembles_are_those_of_the_reference(rule: dict[str, Any]) -> None:
    rng = np.random.default_rng(3)
    x = rng.integers(0, [6, 2, 4], (60, 3))
    y = ((x[:, 0] > 2) ^ (x[:, 1] > 0) ^ (rng.random(60) < 0.15)).astype(float)
    settings = TreeSettings(num_trees=3, max_depth=3, learning_rate=0.5, **rule)
    ours = grown(x, logistic(y), settings, 9, 0.25)
    theirs = reference(x, logistic(y), settings, 9, 0.25)
    expected = [predicted(theirs, row) for row in x]
    np.testing.assert_allclose(ours.predict(x)[:, 0], expected, rtol=2e-5, atol=1e-6)
    gains = np.zeros(3)
    waiting = list(theirs)
    while waiting:
        node = waiting.pop()
        if node.split is not None:
            gains[node.split[0]] += node.gain
        waiting += node.children()
    np.testing.assert_allclose(ours.importances(3), gains, rtol=1e-4, atol=1e-6)


def test_what_features_contribute_sums_up_to_the_prediction() -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 5, (200, 4))
    y = (x[:, 0] + x[:, 1] > 4).astype(float)
    ensemble = grown(x, logistic(y), TreeSettings(num_trees=6, max_depth=3), 16, -0.5)
    sigmoid = lambda f: 1 / (1 + np.exp(-f))
    for activation in (np.asarray, sigmoid):
        start, parts = ensemble.contributions(x, activation)
        assert (start == start[0]).all() and start[0] == activation(np.float64(-0.5))
        np.testing.assert_allclose(start + parts.sum(1), activation(ensemble.predict(x)[:, 0]), atol=1e-6)
    assert np.abs(parts[:, :2]).mean() > 5 * np.abs(parts[:, 2:]).mean()


def test_it_learns_as_well_as_scikit_learns_trees() -> None:
    ensemble = pytest.importorskip("sklearn.ensemble")
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    bounds = [boundaries(counted(column, np.ones(len(column))), 60) for column in x[::2].T]
    b = np.stack([bucketed(column, bound) for column, bound in zip(x.T, bounds, strict=True)], 1)
    ours = grown(b[::2], logistic(y[::2]), TreeSettings(num_trees=15, max_depth=3, learning_rate=0.3), 45)
    right = ((ours.predict(b[1::2])[:, 0] > 0) == y[1::2]).mean()
    theirs = ensemble.GradientBoostingClassifier(n_estimators=15, learning_rate=0.3, random_state=0)
    assert right >= theirs.fit(x[::2], y[::2]).score(x[1::2], y[1::2]) - 0.015
    assert right > 0.93


def test_the_first_value_is_centred_by_newtons_method() -> None:
    y = np.array([1.0, 0, 0, 0, 1, 0, 0, 0])
    ensemble, rounds = BoostedTrees(TreeSettings()), 0
    done = False
    while not done:
        g, h = logistic(y)(np.full(8, ensemble.values[0, 0, 0]))
        done, rounds = ensemble.centre(np.array([g.mean()]), np.array([h.mean()])), rounds + 1
    assert rounds == 3
    np.testing.assert_allclose(ensemble.values[0, 0, 0], np.log(0.25 / 0.75), rtol=1e-3)


def test_several_outputs_step_each_by_itself() -> None:
    x = np.array([[0], [0], [1], [1]])
    goal = np.array([[1.0, 5.0], [1.0, 5.0], [3.0, 5.0], [3.0, 5.0]])
    ensemble = BoostedTrees(TreeSettings(num_trees=1, max_depth=1, learning_rate=1.0), 2)
    slopes = ensemble.predict(x) - goal
    ensemble.grow(ensemble.histograms(x, ensemble.last_nodes(x), slopes, np.ones((4, 2)), [2]))
    np.testing.assert_allclose(ensemble.predict(x), goal)
    assert ensemble.finished == 1


def test_a_full_ensemble_stays_as_it_is_and_can_be_kept() -> None:
    x, y = np.array([[0], [1]]), np.array([0.0, 1.0])
    ensemble = grown(x, logistic(y), TreeSettings(num_trees=2, max_depth=1), 5)
    assert (ensemble.finished, ensemble.progress.attempted) == (2, 2)
    again = BoostedTrees(ensemble.settings, 1, ensemble.arrays())
    np.testing.assert_array_equal(again.predict(x), ensemble.predict(x))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"max_depth": 0}, "max_depth"),
        ({"l2": -1.0}, "l2"),
        ({"pruning": "all"}, "pruning"),
        ({"tree_complexity": 1.0}, "only work together"),
        ({"pruning": "pre"}, "only work together"),
    ],
)
def test_settings_that_cannot_be_are_told(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ArgumentError, match=told):
        TreeSettings(**wrong)


# --- buckets ----------------------------------------------------------------------------------------------------------


def test_boundaries_part_the_weight_evenly() -> None:
    rng = np.random.default_rng(1)
    numbers, weights = rng.normal(size=5000).astype(np.float32), rng.random(5000)
    found = boundaries(counted(numbers, weights), 20)
    assert (found[0], found[-1]) == (numbers.min(), numbers.max())
    assert len(found) <= 43 and (np.diff(found) > 0).all()
    shares = np.bincount(bucketed(numbers, found), weights) / weights.sum()
    assert shares.max() < 0.051


def test_a_number_with_much_weight_is_a_boundary() -> None:
    numbers = np.concatenate([np.zeros(900), np.arange(1, 101)])
    found = boundaries(counted(numbers, np.ones(1000)), 10)
    assert 0.0 in found and found[-1] == 100


def test_counts_of_several_batches_are_those_of_all() -> None:
    numbers, weights = np.array([3.0, 1.0, 3.0, 2.0]), np.array([1.0, 2.0, 3.0, 4.0])
    parts = counted(numbers[2:], weights[2:], counted(numbers[:2], weights[:2]))
    whole = counted(numbers, weights)
    np.testing.assert_array_equal(parts.numbers, whole.numbers)
    np.testing.assert_array_equal(parts.weights, whole.weights)


def test_numbers_beyond_the_boundaries_and_nan_have_buckets() -> None:
    bounds = np.array([0.0, 1.0, 2.0])
    found = bucketed(np.array([-5.0, 0.0, 0.1, 1.0, 2.5, np.inf, np.nan]), bounds)
    assert found.tolist() == [0, 0, 1, 1, 2, 2, 0]
