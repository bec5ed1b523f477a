"""What a training run records: one row per epoch, and the CSV text of all rows."""

from __future__ import annotations

import csv
import io
from dataclasses import astuple, dataclass, fields

__all__ = ["Row", "Running", "to_csv"]


@dataclass(frozen=True)
class Row:
    """One epoch: means over its training batches, test accuracy after it, seconds since the start."""

    epoch: int
    loss: float
    accuracy: float
    test_accuracy: float
    seconds: float


@dataclass
class Running:
    """Sums over the batches of one epoch; every example weighs the same, whatever the size of its batch.

    >>> running = Running()
    >>> running.add(loss=1.0, correct=2, count=3); running.add(loss=2.0, correct=1, count=1)
    >>> running.loss, running.accuracy
    (1.25, 0.75)
    """

    total: float = 0.0
    correct: int = 0
    count: int = 0

    def add(self, loss: float, correct: int, count: int) -> None:
        """Count one batch with mean loss ``loss`` and ``correct`` right answers among ``count``."""
        self.total += loss * count
        self.correct += correct
        self.count += count

    @property
    def loss(self) -> float:
        """Mean loss so far."""
        return self.total / self.count if self.count else float("nan")

    @property
    def accuracy(self) -> float:
        """Share of right answers so far."""
        return self.correct / self.count if self.count else float("nan")


def to_csv(rows: list[Row]) -> str:
    """The rows as CSV with a heading line.

    >>> print(to_csv([Row(1, 0.5, 0.75, 0.8, 1.25)]))
    epoch,loss,accuracy,test_accuracy,seconds
    1,0.500000,0.750000,0.800000,1.250000
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([field.name for field in fields(Row)])
    for row in rows:
        writer.writerow([f"{value:.6f}" if isinstance(value, float) else value for value in astuple(row)])
    return text.getvalue()
