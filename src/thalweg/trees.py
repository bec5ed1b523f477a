"""Boosted trees: ensembles that grow a layer at a time, each layer a Newton step on the loss of all before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from thalweg.errors import ArgumentError, fail

__all__ = ["BoostedTrees", "Counts", "TreeSettings", "boundaries", "bucketed", "counted"]

_SAME = 1e-15  # gains that differ by less are the same
_PRUNINGS = ("none", "pre", "post")


@dataclass(frozen=True)
class TreeSettings:
    """How an ensemble grows.

    num_trees, max_depth: how many trees there are in the end, and how many layers of splits each has at most.
    learning_rate: by what the values of new leaves are multiplied.
    l1, l2: penalties of a leaf's absolute value and its square, beside the loss.
    tree_complexity: what a split must gain more than nothing, for ``pruning`` "pre" (a node that gains less is not
    split) or "post" (it is, and given up when the tree is done and nothing below it gains either).
    min_node_weight: the sum of second derivatives that a node needs to be split.
    """

    num_trees: int = 100
    max_depth: int = 6
    learning_rate: float = 0.1
    l1: float = 0.0
    l2: float = 0.0
    tree_complexity: float = 0.0
    min_node_weight: float = 0.0
    pruning: str = "none"

    def __post_init__(self) -> None:
        for name in ("num_trees", "max_depth"):
            if getattr(self, name) < 1:
                raise fail(
                    ArgumentError, f"trees: {name}", expected="1 or more", received=getattr(self, name)
                )
        for name in ("l1", "l2", "tree_complexity", "min_node_weight"):
            if getattr(self, name) < 0:
                raise fail(
                    ArgumentError, f"trees: {name}", expected="0 or more", received=getattr(self, name)
                )
        if self.pruning not in _PRUNINGS:
            raise fail(ArgumentError, "trees: pruning", expected=_PRUNINGS, received=self.pruning)
        if (self.tree_complexity > 0) != (self.pruning != "none"):
            raise fail(
                ArgumentError,
                "trees: tree_complexity and pruning only work together",
                expected='tree_complexity > 0 with pruning="pre" or "post", or neither',
                received=f"tree_complexity={self.tree_complexity}, pruning={self.pruning!r}",
            )


class Histogram(NamedTuple):
    """Sums of first and second derivatives of features with as many buckets: [features, nodes, buckets, outputs]."""

    features: np.ndarray
    first: np.ndarray
    second: np.ndarray


class _Splits(NamedTuple):
    """The best split of each node: what it gains, by which feature, up to which bucket, and the children's steps."""

    gains: np.ndarray
    features: np.ndarray
    thresholds: np.ndarray
    left: np.ndarray
    right: np.ndarray


class Progress(NamedTuple):
    """How far an ensemble is: trees begun, layers and nodes of the last one, which nodes are split next, layers tried
    in all, and whether the first value has been centred.
    """

    trees: int = 0
    layers: int = 0
    nodes: int = 1
    first: int = 0
    attempted: int = 0
    centred: int = 0


class BoostedTrees:
    """Trees whose leaves' values are summed up, for ``outputs`` numbers per example.

    Features are bucket numbers [examples, features]: a split sends an example to the left where its number is at most
    the threshold. What the ensemble holds are four arrays, which may be kept and given back: ``splits`` [trees, nodes,
    3] (feature, or -1 in a leaf; threshold; left child, whose right sibling is next to it), ``values`` [trees, nodes,
    outputs] (of a leaf, or what a split node's was), ``gains`` [trees, nodes] and ``progress``.

    >>> x = np.arange(8).reshape(8, 1)
    >>> y = np.array([1.0, 1, 1, 1, 5, 5, 5, 5])
    >>> trees = BoostedTrees(TreeSettings(num_trees=1, max_depth=1, learning_rate=1.0))
    >>> slopes = (trees.predict(x)[:, 0] - y)[:, None]  # of half the squared error, whose second derivative is 1
    >>> trees.grow(trees.histograms(x, trees.last_nodes(x), slopes, np.ones((8, 1)), [8]))
    >>> trees.predict(x)[:, 0].tolist()
    [1.0, 1.0, 1.0, 1.0, 5.0, 5.0, 5.0, 5.0]
    """

    def __init__(
        self, settings: TreeSettings, outputs: int = 1, arrays: Sequence[np.ndarray] | None = None
    ) -> None:
        """``arrays``: splits, values, gains and progress of an ensemble with these settings; None: an empty one."""
        self.settings, self.outputs = settings, outputs
        splits, values, gains, progress = self.empty() if arrays is None else arrays
        self.splits, self.values, self.gains = np.array(splits), np.array(values), np.array(gains)
        self.progress = Progress(*map(int, progress))

    def empty(self) -> tuple[np.ndarray, ...]:
        """The arrays of an empty ensemble; one tree more than there will be holds the place of the next."""
        trees, nodes = self.settings.num_trees + 1, 2 ** (self.settings.max_depth + 1) - 1
        splits = np.full((trees, nodes, 3), -1, np.int32)
        values = np.zeros((trees, nodes, self.outputs), np.float32)
        return splits, values, np.zeros((trees, nodes), np.float32), np.array(Progress(), np.int32)

    def arrays(self) -> tuple[np.ndarray, ...]:
        """Splits, values, gains and progress, as :meth:`empty` has them."""
        return self.splits, self.values, self.gains, np.array(self.progress, np.int32)

    @property
    def finished(self) -> int:
        """How many trees have all their layers."""
        return max(self.progress.trees - 1, 0)

    # --- what it tells ------------------------------------------------------------------------------------------------

    def _walk(self, tree: int, buckets: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The node of each example at each depth, and whether it moved to come there."""
        nodes, rows = np.zeros(len(buckets), np.int64), np.arange(len(buckets))
        splits = self.splits[tree]
        while True:
            feature, threshold, left = splits[nodes].T
            inside = feature >= 0
            if not inside.any():
                return
            right = buckets[rows, np.maximum(feature, 0)] > threshold
            nodes = np.where(inside, left + right, nodes)
            yield nodes, inside

    def _leaves(self, tree: int, buckets: np.ndarray) -> np.ndarray:
        nodes = np.zeros(len(buckets), np.int64)
        for nodes, _ in self._walk(tree, buckets):  # noqa: B007
            pass
        return nodes

    def predict(self, buckets: np.ndarray, trees: range | None = None) -> np.ndarray:
        """[examples, outputs] sums of the leaves of all trees, or of a range of them."""
        total = np.zeros((len(buckets), self.outputs), np.float32)
        for tree in range(self.progress.trees) if trees is None else trees:
            total += self.values[tree][self._leaves(tree, buckets)]
        return total

    def last_nodes(self, buckets: np.ndarray) -> np.ndarray:
        """[examples] nodes of the tree that grows."""
        return self._leaves(max(self.progress.trees - 1, 0), buckets)

    def contributions(
        self, buckets: np.ndarray, activation: Callable[[np.ndarray], np.ndarray] = np.asarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """What each feature adds to each prediction of one output: [examples] of what all start from and [examples,
        features]; together they sum up to ``activation(predict(buckets))``.

        Each split moves the prediction, and what it moves it by belongs to its feature.
        """
        rows = np.arange(len(buckets))
        sums = np.full(len(buckets), self.values[0, 0, 0], np.float64)
        before = activation(sums)
        start, found = before, np.zeros(buckets.shape, np.float64)
        for tree in range(self.progress.trees):
            values = self.values[tree, :, 0]
            nodes, past = np.zeros(len(buckets), np.int64), sums - values[0]
            for after, inside in self._walk(tree, buckets):
                sums = past + values[after]
                now = activation(sums)
                features = np.maximum(self.splits[tree, nodes, 0], 0)
                found[rows, features] += np.where(inside, now - before, 0.0)
                before, nodes = now, after
        return start, found

    def importances(self, features: int) -> np.ndarray:
        """[features] sums of what the splits by each feature gained."""
        begun = slice(0, self.progress.trees)
        inside = self.splits[begun, :, 0] >= 0
        used, gains = self.splits[begun, :, 0][inside], self.gains[begun][inside]
        return np.bincount(used, gains.astype(np.float64), features)

    # --- how it grows -------------------------------------------------------------------------------------------------

    def centre(self, first: np.ndarray, second: np.ndarray) -> bool:
        """Move the value that every example starts from, by mean derivatives [outputs]; True where that is done."""
        step, _ = _steps(np.asarray(first, np.float64), np.asarray(second, np.float64), self.settings)
        begun, value = self.progress.trees > 0, self.values[0, 0].astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            done = begun and not bool(np.any(np.abs(step / value) > 0.01))
        self.values[0, 0] = value + step
        self.progress = self.progress._replace(trees=max(self.progress.trees, 1), centred=int(done))
        return done

    def histograms(
        self,
        buckets: np.ndarray,
        nodes: np.ndarray,
        first: np.ndarray,
        second: np.ndarray,
        sizes: Sequence[int],
    ) -> list[Histogram]:
        """Sums of derivatives [examples, outputs] in the nodes that are split next, over features of ``sizes`` buckets.

        Those of several batches may be added up.
        """
        begin, count = self.progress.first, self.progress.nodes - self.progress.first
        open_ = nodes >= begin
        places, derivatives = nodes[open_] - begin, np.concatenate([first, second], 1)[open_]
        made = []
        for size in sorted(set(sizes)):
            features = np.flatnonzero(np.asarray(sizes) == size)
            sums = np.empty((len(features), derivatives.shape[1], count * size))
            for row, feature in zip(sums, features, strict=True):
                cells = places * size + buckets[open_, feature]
                for k, column in enumerate(derivatives.T):
                    row[k] = np.bincount(cells, column, count * size)
            table = sums.reshape(len(features), 2, self.outputs, count, size).transpose(1, 0, 3, 4, 2)
            made.append(Histogram(features, table[0], table[1]))
        return made

    def grow(self, histograms: Sequence[Histogram]) -> None:
        """Split the open nodes of the last tree by their best splits; nothing where the ensemble is full."""
        if self.finished >= self.settings.num_trees:
            return
        now = self.progress._replace(attempted=self.progress.attempted + 1, trees=max(self.progress.trees, 1))
        best, enough = self._best(histograms)
        if self.settings.pruning == "pre":
            enough &= best.gains >= 0
        tree, rate = now.trees - 1, self.settings.learning_rate
        at = now.first + np.flatnonzero(enough)
        if len(at):
            left = now.nodes + 2 * np.arange(len(at))
            self.splits[tree, at] = np.stack([best.features[enough], best.thresholds[enough], left], 1)
            self.gains[tree, at] = best.gains[enough]
            self.values[tree, left] = self.values[tree, at] + rate * best.left[enough]
            self.values[tree, left + 1] = self.values[tree, at] + rate * best.right[enough]
            now = now._replace(layers=now.layers + 1, first=now.nodes, nodes=now.nodes + 2 * len(at))
        if now.layers >= self.settings.max_depth:
            if self.settings.pruning == "post":
                self._prune(tree)
            now = now._replace(trees=now.trees + 1, layers=0, first=0, nodes=1)
        self.progress = now

    def _best(self, histograms: Sequence[Histogram]) -> tuple[_Splits, np.ndarray]:
        """The best split of each open node, and which of them have enough weight."""
        order = np.argsort(np.concatenate([part.features for part in histograms]))
        found = [_splits(part, self.settings) for part in histograms]
        gains, thresholds, left, right = (
            np.concatenate([part[k] for part in found])[order] for k in range(4)
        )
        feature, nodes = _first_largest(gains, 0), np.arange(gains.shape[1])
        whole = histograms[0].second[0].sum(1)  # any feature's buckets hold all examples of a node
        enough = np.sqrt(np.square(whole).sum(-1)) >= self.settings.min_node_weight
        best = _Splits(
            gains[feature, nodes],
            feature,
            thresholds[feature, nodes],
            left[feature, nodes],
            right[feature, nodes],
        )
        return best, enough

    def _prune(self, tree: int) -> None:
        """Give up the splits that lost, from the leaves up; the nodes that are left close ranks."""
        splits, kept = self.splits[tree], np.ones(len(self.splits[tree]), bool)
        for node in reversed(range(len(splits))):  # children come after their parent
            feature, _, left = splits[node]
            if feature >= 0 and self.gains[tree, node] < 0 and (splits[left : left + 2, 0] < 0).all():
                splits[node], self.gains[tree, node] = -1, 0.0
                kept[left : left + 2] = False
        number = np.cumsum(kept) - 1
        inside = splits[:, 0] >= 0
        splits[inside, 2] = number[splits[inside, 2]]
        left_over = len(splits) - int(kept.sum())
        self.splits[tree] = np.concatenate([splits[kept], np.full((left_over, 3), -1, np.int32)])
        for array in (self.values[tree], self.gains[tree]):
            array[:] = np.concatenate([array[kept], np.zeros((left_over, *array.shape[1:]), array.dtype)])


def _steps(first: np.ndarray, second: np.ndarray, settings: TreeSettings) -> tuple[np.ndarray, np.ndarray]:
    """Values w [..., outputs] that make ``first w + (second + l2) w^2 / 2 + l1 |w|`` least, and twice what each sum of
    them gains [...].
    """
    pull = np.sign(first) * np.maximum(np.abs(first) - settings.l1, 0.0) if settings.l1 else first
    curve = second + settings.l2
    flat = curve <= _SAME
    step = np.where(flat, 0.0, -pull / np.where(flat, 1.0, curve))
    return step, -(pull * step).sum(-1)


def _first_largest(gains: np.ndarray, axis: int) -> np.ndarray:
    return np.argmax(gains >= gains.max(axis, keepdims=True) - _SAME, axis)


def _splits(part: Histogram, settings: TreeSettings) -> tuple[np.ndarray, ...]:
    """The best split of each node by each feature: gains and thresholds [features, nodes], the children's steps."""
    first, second = part.first.cumsum(2), part.second.cumsum(2)
    whole_first, whole_second = first[:, :, -1:], second[:, :, -1:]
    left, gain_left = _steps(first, second, settings)
    right, gain_right = _steps(whole_first - first, whole_second - second, settings)
    gains = gain_left + gain_right
    place = _first_largest(gains, 2)
    best = np.take_along_axis(gains, place[:, :, None], 2)[:, :, 0]
    before = _steps(whole_first, whole_second, settings)[1][:, :, 0]
    at = place[:, :, None, None]
    sides = (np.take_along_axis(side, at, 2)[:, :, 0] for side in (left, right))
    return best - before - settings.tree_complexity, place, *sides


# --- numbers in buckets -----------------------------------------------------------------------------------------------


class Counts(NamedTuple):
    """Different numbers in order, and the weight of each."""

    numbers: np.ndarray
    weights: np.ndarray


def counted(numbers: np.ndarray, weights: np.ndarray, before: Counts | None = None) -> Counts:
    """How often each number occurs, by weights, beside what was counted ``before``.

    >>> counted(np.array([2.0, 1.0, 2.0]), np.ones(3))
    Counts(numbers=array([1., 2.]), weights=array([1., 2.]))
    """
    if before is not None:
        numbers = np.concatenate([before.numbers, numbers])
        weights = np.concatenate([before.weights, weights])
    different, places = np.unique(numbers, return_inverse=True)
    return Counts(different, np.bincount(places, weights, len(different)))


def boundaries(counts: Counts, buckets: int) -> np.ndarray:
    """About ``buckets`` of the numbers, the least and the largest among them, with as much weight between any two: at
    most one part in ``buckets``, unless a single number has more.

    >>> boundaries(counted(np.arange(9.0), np.ones(9)), 3).tolist()
    [0.0, 3.0, 6.0, 8.0]
    """
    numbers, count = counts.numbers, len(counts.numbers)
    buckets = max(buckets, 2)
    if count <= buckets:
        return numbers
    up_to = np.cumsum(counts.weights)
    most = up_to[-1] / buckets
    kept, at, credit = [0], 0, 0  # the credit spreads what is left out evenly over the numbers
    while at + 1 < count:
        next_ = at + 1
        while next_ < count and credit < count and up_to[next_ - 1] - up_to[at] <= most:
            credit += buckets
            next_ += 1
        at = at + 1 if at == next_ - 1 else next_ - 1
        kept.append(at)
        credit -= count
    return numbers[kept]


def bucketed(numbers: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """The first boundary that each number does not exceed, by its place; the last for those beyond all, the first for
    NaN.

    >>> bucketed(np.array([-1.0, 0.5, 1.0, 9.0]), np.array([0.0, 1.0, 2.0])).tolist()
    [0, 1, 1, 2]
    """
    found = np.minimum(np.searchsorted(bounds, numbers), max(len(bounds) - 1, 0))
    return np.where(np.isnan(numbers), 0, found).astype(np.int32)
