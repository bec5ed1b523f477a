"""Steps of optimizers on gradients that wait: the same numbers, and every setting is seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.graph.tensor import Variable
from thalweg.optimizers import waiting
from thalweg.run.replay import replayed_gradients

START = np.linspace(-1, 1, 6)


def step(optimizer: Any, w: Variable) -> None:
    loss = tw.sum((w * w - 0.5) ** 2)
    (g,) = replayed_gradients([loss], [w], [tw.ones_like(loss)])
    assert g is not None and g.later is not None
    optimizer.apply_gradients([(g, w)])


def trained(
    change: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch | None, **settings: Any
) -> np.ndarray:
    """After ten steps with a change in the middle; with a patch, without the expressions that are kept."""
    w, optimizer = Variable(START, dtype="float64"), tw.optimizers.Adam(0.05, **settings)
    if monkeypatch is not None:
        monkeypatch.setattr("thalweg.optimizers.base.waiting_updates", lambda *args: None)
    for k in range(10):
        if k == 5:
            change(optimizer)
        step(optimizer, w)
    return w.get_value()


def _nothing(optimizer: Any) -> None:
    pass


def _rate(optimizer: Any) -> None:
    optimizer.learning_rate = 0.5


def _schedule(optimizer: Any) -> None:
    optimizer.learning_rate = tw.optimizers.schedules.ExponentialDecay(0.3, 2, 0.5)


def _function(optimizer: Any) -> None:
    rates = iter([0.5, 0.1, 0.3, 0.2, 0.4])
    optimizer.learning_rate = lambda step: next(rates)


def _beta(optimizer: Any) -> None:
    optimizer.beta_1 = 0.1


def _decay(optimizer: Any) -> None:
    optimizer.weight_decay = 0.1


def _clip(optimizer: Any) -> None:
    optimizer.clipvalue = 0.01


CHANGES = [_nothing, _rate, _schedule, _function, _beta, _decay, _clip]


@pytest.mark.parametrize("change", CHANGES)
def test_every_setting_is_seen(change: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch) -> None:
    found = trained(change, None)
    np.testing.assert_allclose(found, trained(change, monkeypatch), rtol=1e-12)
    if change is not _nothing:
        assert not np.allclose(found, trained(_nothing, None), rtol=1e-6)


@pytest.mark.parametrize(
    "settings",
    [
        {"gradient_accumulation_steps": 2},
        {"use_ema": True, "ema_overwrite_frequency": 3},
        {"weight_decay": 0.1},
        {"global_clipnorm": 0.1},
        {"loss_scale_factor": 8.0},
        {"amsgrad": True},
    ],
)
def test_options_of_all_optimizers(settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    found = trained(_nothing, None, **settings)
    np.testing.assert_allclose(found, trained(_nothing, monkeypatch, **settings), rtol=1e-12)


def test_expressions_are_kept_once_for_each_setting() -> None:
    w, optimizer = Variable(START), tw.optimizers.Adam(0.05)
    for k in range(40):
        optimizer.epsilon = 1e-7 * (1 + k % 20)
        step(optimizer, w)
        assert 1 <= len(waiting._steps[optimizer]) <= 16
    assert optimizer.iterations.get_value() == 40


def test_gradients_with_values_need_no_expressions() -> None:
    w, optimizer = Variable([1.0, 2.0]), tw.optimizers.GradientDescent(0.5)
    optimizer.apply_gradients([(np.ones(2, "float32"), w)])
    assert w.get_value().tolist() == [0.5, 1.5] and optimizer not in waiting._steps


def test_a_rule_of_somebody_else_is_called_at_every_step() -> None:
    class Counting(tw.optimizers.GradientDescent):
        calls = 0

        def step(self, *args: Any) -> Any:
            self.calls += 1
            return super().step(*args)

    w, optimizer = Variable(START), Counting(0.1)
    for _ in range(6):
        step(optimizer, w)
    assert optimizer.calls == 6
