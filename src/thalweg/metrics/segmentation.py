"""How far the predicted and the true areas of each class overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, fail
from thalweg.losses import tensor
from thalweg.metrics.base import value_of
from thalweg.metrics.confusion import ConfusionMatrix
from thalweg.ops import elementwise as ew
from thalweg.ops.reduce import sum as sum_over
from thalweg.ops.special import divide_no_nan
from thalweg.registry import snake_case

__all__ = [
    "BinaryIoU",
    "IoU",
    "MeanIoU",
    "OneHotIoU",
    "OneHotMeanIoU",
]


class MeanIoU(ConfusionMatrix):
    """Intersection over union, TP / (TP + FP + FN), averaged over the classes that occur.

    The arguments and what targets and predictions may be are those of :class:`ConfusionMatrix`.

    >>> MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1]).numpy().round(4).item()
    0.3333
    """

    def __init__(self, num_classes: int, name: str | None = None, dtype: Any = None, **options: Any) -> None:
        super().__init__(num_classes, name or snake_case(type(self).__name__), dtype, **options)

    def per_class(self) -> tuple[Any, Any]:
        """The figure of each class, and 1 for the classes that occur."""
        matrix = value_of(self.matrix)
        right = sum_over(matrix * np.eye(self.num_classes), axis=0)
        union: Any = sum_over(matrix, axis=0) + sum_over(matrix, axis=1) - right  # type: ignore[operator]
        return divide_no_nan(right, union), ew.astype(ew.greater(union, 0.0), self.dtype)

    def result(self) -> Any:
        values, occurs = self.per_class()
        return divide_no_nan(sum_over(values * occurs), sum_over(occurs))


class IoU(MeanIoU):
    """:class:`MeanIoU` over the classes ``target_class_ids`` alone.

    >>> IoU(num_classes=2, target_class_ids=[1])([0, 0, 1, 1], [0, 1, 1, 1]).numpy().round(4).item()
    0.6667
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(num_classes, name, dtype, **options)
        self.targets = list(target_class_ids)
        if not all(0 <= k < num_classes for k in self.targets):
            raise fail(
                ArgumentError,
                f"{self.name}: target_class_ids",
                expected=f"0 to {num_classes - 1}",
                received=self.targets,
            )

    def per_class(self) -> tuple[Any, Any]:
        values, occurs = super().per_class()
        return values, occurs * np.isin(np.arange(self.num_classes), self.targets).astype(self.dtype)


class BinaryIoU(IoU):
    """Intersection over union of what reaches ``threshold`` and the targets that are 1 (class 1), and of the rest.

    >>> round(BinaryIoU()([0, 1, 1], [0.25, 0.75, 0.25]).item(), 4)
    0.5
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        said = ew.astype(ew.greater_equal(tensor(y_pred), self.threshold), "int64")
        super().update_state(ew.astype(tensor(y_true), "int64"), said, sample_weight)


class OneHotIoU(IoU):
    """:class:`IoU` of one-hot targets and of scores over the last axis (class numbers with ``sparse_y_pred``).

    >>> metric = OneHotIoU(num_classes=2, target_class_ids=[1])
    >>> metric([[0.0, 1.0], [1.0, 0.0]], [[0.25, 0.75], [0.5, 0.5]]).item()
    1.0
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        options = {"ignore_class": ignore_class, "sparse_y_pred": sparse_y_pred, "axis": axis}
        super().__init__(num_classes, target_class_ids, name, dtype, sparse_y_true=False, **options)


class OneHotMeanIoU(OneHotIoU):
    """:class:`MeanIoU` of one-hot targets and of scores over the last axis (class numbers with ``sparse_y_pred``).

    >>> round(OneHotMeanIoU(num_classes=2)([[0.0, 1.0], [1.0, 0.0]], [[0.25, 0.75], [0.5, 0.5]]).item(), 4)
    1.0
    """

    def __init__(self, num_classes: int, name: str | None = None, dtype: Any = None, **options: Any) -> None:
        super().__init__(num_classes, range(num_classes), name, dtype, **options)
