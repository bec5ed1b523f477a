"""Every optimizer against a plain NumPy restatement and torch; schedules, clipping, and the ways to apply a step."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from thalweg import optimizers as opt
from thalweg.errors import ArgumentError, ArgumentTypeError, GradientError
from thalweg.graph.tensor import Tensor, Variable, placeholder
from thalweg.graph.updates import Operation, Recorder, recording
from thalweg.ops.reduce import sum as total
from thalweg.run.function import function

STEPS = 20
START = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -0.25]])
TARGET = np.array([[0.2, 0.1, -0.4], [0.3, -0.1, 0.7]])
SCALE = np.array([1.0, 2.0, 0.5])

Rule = Callable[..., Any]


def slope(p: np.ndarray, t: int) -> np.ndarray:
    """The gradient of the loss of step t."""
    return 2 * SCALE**2 * (p - TARGET) * (1 + 0.1 * t)


def loss_at(w: Any, t: Any) -> Tensor:
    return total(((w - TARGET) * SCALE) * ((w - TARGET) * SCALE)) * (1 + 0.1 * t)


# --- the rules once more, in NumPy ----------------------------------------------------------------------------------
# Each is a generator: it is sent gradients and parameters, and yields new parameters. t counts from 1.


def numpy_sgd(p, g, s, t, lr, momentum=0.0, nesterov=False):  # type: ignore[no-untyped-def]
    v = s["v"] = momentum * s.get("v", 0.0) - lr * g
    return p + (momentum * v - lr * g if nesterov else v)


def numpy_momentum(p, g, s, t, lr, momentum, nesterov=False):  # type: ignore[no-untyped-def]
    v = s["v"] = momentum * s.get("v", 0.0) + g
    return p - lr * (g + momentum * v if nesterov else v)


def numpy_adagrad(p, g, s, t, lr, eps, initial, inside=True):  # type: ignore[no-untyped-def]
    a = s["a"] = s.get("a", initial) + g**2
    return p - lr * g / (np.sqrt(a + eps) if inside else np.sqrt(a) + eps)


def numpy_adadelta(p, g, s, t, lr, rho, eps):  # type: ignore[no-untyped-def]
    a = s["a"] = rho * s.get("a", 0.0) + (1 - rho) * g**2
    d = g * np.sqrt(s.get("d", 0.0) + eps) / np.sqrt(a + eps)
    s["d"] = rho * s.get("d", 0.0) + (1 - rho) * d**2
    return p - lr * d


def numpy_rmsprop(p, g, s, t, lr, rho, eps, momentum=0.0, centered=False, inside=True, initial=0.0):  # type: ignore[no-untyped-def]
    v = s["v"] = rho * s.get("v", initial) + (1 - rho) * g**2
    a = s["a"] = rho * s.get("a", 0.0) + (1 - rho) * g
    v = v - a**2 if centered else v
    m = s["m"] = momentum * s.get("m", 0.0) + lr * g / (np.sqrt(v + eps) if inside else np.sqrt(v) + eps)
    return p - m


def numpy_adam(p, g, s, t, lr, b1, b2, eps, amsgrad=False, hat=True, decay=0.0):  # type: ignore[no-untyped-def]
    p = p - lr * decay * p
    m = s["m"] = b1 * s.get("m", 0.0) + (1 - b1) * g
    v = s["v"] = b2 * s.get("v", 0.0) + (1 - b2) * g**2
    if amsgrad:
        v = s["w"] = np.maximum(s.get("w", 0.0), v)
    c1, c2 = 1 - b1**t, 1 - b2**t
    if hat:
        return p - lr * math.sqrt(c2) / c1 * m / (np.sqrt(v) + eps)
    return p - lr * (m / c1) / (np.sqrt(v / c2) + eps)


def numpy_adamax(p, g, s, t, lr, b1, b2, eps):  # type: ignore[no-untyped-def]
    m = s["m"] = b1 * s.get("m", 0.0) + (1 - b1) * g
    u = s["u"] = np.maximum(b2 * s.get("u", 0.0), np.abs(g))
    return p - lr / (1 - b1**t) * m / (u + eps)


def numpy_nadam(p, g, s, t, lr, b1, b2, eps, decay=1.0):  # type: ignore[no-untyped-def]
    m = s["m"] = b1 * s.get("m", 0.0) + (1 - b1) * g
    v = s["v"] = b2 * s.get("v", 0.0) + (1 - b2) * g**2
    mu, after = (b1 * (1 - 0.5 * 0.96 ** (n * decay)) for n in (t, t + 1))
    product = s["p"] = s.get("p", 1.0) * mu
    best = after * m / (1 - product * after) + (1 - mu) * g / (1 - product)
    return p - lr * best / (np.sqrt(v / (1 - b2**t)) + eps)


def numpy_lion(p, g, s, t, lr, b1, b2):  # type: ignore[no-untyped-def]
    m = s.get("m", np.zeros_like(p))
    s["m"] = b2 * m + (1 - b2) * g
    return p - lr * np.sign(b1 * m + (1 - b1) * g)


def numpy_ftrl(p, g, s, t, lr, initial, l1=0.0, l2=0.0, shrink=0.0, beta=0.0, power=0.5):  # type: ignore[no-untyped-def]
    before = s.get("n", np.full_like(p, initial))
    n = s["n"] = before + g**2
    z = s["z"] = s.get("z", 0.0) + g + 2 * shrink * p - (n**power - before**power) / lr * p
    return (np.clip(z, -l1, l1) - z) / ((n**power + beta) / lr + 2 * l2)


def numpy_lamb(p, g, s, t, lr, b1, b2, eps):  # type: ignore[no-untyped-def]
    m = s["m"] = b1 * s.get("m", 0.0) + (1 - b1) * g
    v = s["v"] = b2 * s.get("v", 0.0) + (1 - b2) * g**2
    u = m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps)
    norms = np.linalg.norm(p), np.linalg.norm(u)
    return p - lr * u * (norms[0] / norms[1] if min(norms) > 0 else 1.0)


def numpy_adafactor(p, g, s, t, lr, decay, eps, least, clip):  # type: ignore[no-untyped-def]
    b = 1 - t**decay
    square = g**2 + eps
    if p.ndim < 2:
        v = s["v"] = b * s.get("v", 0.0) + (1 - b) * square
    else:
        r = s["r"] = b * s.get("r", 0.0) + (1 - b) * square.mean(-1)
        c = s["c"] = b * s.get("c", 0.0) + (1 - b) * square.mean(-2)
        v = r[:, None] * c[None] / r.mean()
    u = g / np.sqrt(v)
    u = u / max(1.0, np.sqrt((u**2).mean()) / clip)
    return p - max(least, np.sqrt((p**2).mean())) * min(lr, 1 / math.sqrt(t)) * u


def numpy_schedule_free(p, g, s, t, lr, b1, b2, eps, warm=0):  # type: ignore[no-untyped-def]
    v = s["v"] = b2 * s.get("v", 0.0) + (1 - b2) * g**2
    z = s.get("z", p)
    x = s.get("x", p)
    rate = lr * min(1.0, t / warm) if warm else lr
    z = s["z"] = z - rate * g / (np.sqrt(v / (1 - b2**t)) + eps)
    x = s["x"] = (1 - 1 / t) * x + z / t
    return (1 - b1) * z + b1 * x


def numpy_muon(p, g, s, t, lr, momentum, rms, nesterov=True, decay=0.0):  # type: ignore[no-untyped-def]
    p = p - lr * decay * p
    m = s["m"] = momentum * s.get("m", 0.0) + g
    x = g + momentum * m if nesterov else m
    x = x.T if p.shape[0] > p.shape[1] else x
    x = x / (np.linalg.norm(x) + 1e-7)
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    x = x.T if p.shape[0] > p.shape[1] else x
    return p - lr * (1.0 if rms is None else rms * math.sqrt(max(p.shape))) * x


CASES: dict[str, tuple[Callable[[], opt.Optimizer], Rule, Any]] = {
    "sgd": (lambda: opt.SGD(0.1), numpy_sgd, {"lr": 0.1}),
    "sgd momentum": (lambda: opt.SGD(0.02, 0.9), numpy_sgd, {"lr": 0.02, "momentum": 0.9}),
    "sgd nesterov": (
        lambda: opt.SGD(0.02, 0.9, True),
        numpy_sgd,
        {"lr": 0.02, "momentum": 0.9, "nesterov": True},
    ),
    "momentum": (lambda: opt.Momentum(0.02, 0.8), numpy_momentum, {"lr": 0.02, "momentum": 0.8}),
    "momentum nesterov": (
        lambda: opt.Momentum(0.02, 0.8, True),
        numpy_momentum,
        {"lr": 0.02, "momentum": 0.8, "nesterov": True},
    ),
    "adagrad": (lambda: opt.Adagrad(0.3), numpy_adagrad, {"lr": 0.3, "eps": 1e-7, "initial": 0.1}),
    "adagrad outside": (
        lambda: opt.Adagrad(0.3, 0.0, 1e-6, False),
        numpy_adagrad,
        {"lr": 0.3, "eps": 1e-6, "initial": 0.0, "inside": False},
    ),
    "adadelta": (lambda: opt.Adadelta(1.0, 0.9, 1e-6), numpy_adadelta, {"lr": 1.0, "rho": 0.9, "eps": 1e-6}),
    "rmsprop": (lambda: opt.RMSProp(0.05), numpy_rmsprop, {"lr": 0.05, "rho": 0.9, "eps": 1e-7}),
    "rmsprop centered": (
        lambda: opt.RMSProp(0.05, 0.8, 0.5, 1e-6, True),
        numpy_rmsprop,
        {"lr": 0.05, "rho": 0.8, "eps": 1e-6, "momentum": 0.5, "centered": True},
    ),
    "rmsprop from one": (
        lambda: opt.RMSProp(0.05, 0.9, 0.3, 1e-10, initial_accumulator_value=1.0),
        numpy_rmsprop,
        {"lr": 0.05, "rho": 0.9, "eps": 1e-10, "momentum": 0.3, "initial": 1.0},
    ),
    "rmsprop outside": (
        lambda: opt.RMSProp(0.05, 0.9, epsilon=1e-3, epsilon_inside=False),
        numpy_rmsprop,
        {"lr": 0.05, "rho": 0.9, "eps": 1e-3, "inside": False},
    ),
    "adam": (lambda: opt.Adam(0.1), numpy_adam, {"lr": 0.1, "b1": 0.9, "b2": 0.999, "eps": 1e-7}),
    "adam paper": (
        lambda: opt.Adam(0.1, 0.8, 0.99, 1e-3, epsilon_hat=False),
        numpy_adam,
        {"lr": 0.1, "b1": 0.8, "b2": 0.99, "eps": 1e-3, "hat": False},
    ),
    "amsgrad": (
        lambda: opt.Adam(0.1, amsgrad=True),
        numpy_adam,
        {"lr": 0.1, "b1": 0.9, "b2": 0.999, "eps": 1e-7, "amsgrad": True},
    ),
    "adamw": (
        lambda: opt.AdamW(0.1, 0.05),
        numpy_adam,
        {"lr": 0.1, "b1": 0.9, "b2": 0.999, "eps": 1e-7, "decay": 0.05},
    ),
    "adamax": (lambda: opt.Adamax(0.1), numpy_adamax, {"lr": 0.1, "b1": 0.9, "b2": 0.999, "eps": 1e-7}),
    "nadam": (lambda: opt.Nadam(0.1), numpy_nadam, {"lr": 0.1, "b1": 0.9, "b2": 0.999, "eps": 1e-7}),
    "nadam slow": (
        lambda: opt.Nadam(0.1, momentum_decay=0.004),
        numpy_nadam,
        {"lr": 0.1, "b1": 0.9, "b2": 0.999, "eps": 1e-7, "decay": 0.004},
    ),
    "lamb": (lambda: opt.Lamb(0.1), numpy_lamb, {"lr": 0.1, "b1": 0.9, "b2": 0.999, "eps": 1e-7}),
    "adafactor": (
        lambda: opt.Adafactor(0.1, clip_threshold=0.5),
        numpy_adafactor,
        {"lr": 0.1, "decay": -0.8, "eps": 1e-30, "least": 1e-3, "clip": 0.5},
    ),
    "schedule free": (
        lambda: opt.ScheduleFreeAdamW(0.1, warmup_steps=5),
        numpy_schedule_free,
        {"lr": 0.1, "b1": 0.9, "b2": 0.999, "eps": 1e-8, "warm": 5},
    ),
    "muon": (
        lambda: opt.Muon(0.1),
        numpy_muon,
        {"lr": 0.1, "momentum": 0.95, "rms": 0.2, "decay": 0.004},
    ),
    "muon plain": (
        lambda: opt.Muon(0.1, weight_decay=None, nesterov=False, rms_rate=None, momentum=0.5),
        numpy_muon,
        {"lr": 0.1, "momentum": 0.5, "rms": None, "nesterov": False},
    ),
    "lion": (lambda: opt.Lion(0.05), numpy_lion, {"lr": 0.05, "b1": 0.9, "b2": 0.99}),
    "ftrl": (lambda: opt.Ftrl(0.5), numpy_ftrl, {"lr": 0.5, "initial": 0.1}),
    "ftrl all": (
        lambda: opt.Ftrl(0.5, -0.6, 0.2, 0.01, 0.02, 0.03, 0.1),
        numpy_ftrl,
        {"lr": 0.5, "initial": 0.2, "l1": 0.01, "l2": 0.02, "shrink": 0.03, "beta": 0.1, "power": 0.6},
    ),
}
every_case = pytest.mark.parametrize("case", list(CASES))


def by_numpy(case: str) -> list[np.ndarray]:
    _, rule, settings = CASES[case]
    p, slots, path = START.copy(), {}, []  # type: ignore[var-annotated]
    for t in range(STEPS):
        p = rule(p, slope(p, t), slots, t + 1, **settings)
        path.append(p)
    return path


@every_case
def test_eager_equals_numpy(case: str) -> None:
    make = CASES[case][0]
    w, optimizer = Variable(START, name="w"), make()
    for t, wanted in enumerate(by_numpy(case)):
        optimizer.minimize(lambda t=t: loss_at(w, t))
        np.testing.assert_allclose(w.numpy(), wanted, rtol=1e-12, atol=1e-12)
    assert optimizer.iterations.item() == STEPS


@every_case
def test_compiled_equals_numpy(case: str) -> None:
    make = CASES[case][0]
    w, t = Variable(START, name="w"), placeholder("float64", ())
    step = function([t], [], updates=make().updates(loss_at(w, t), [w]))
    for k, wanted in enumerate(by_numpy(case)):
        step(float(k))
        np.testing.assert_allclose(w.numpy(), wanted, rtol=1e-12, atol=1e-12)


@every_case
def test_shapes_and_dtypes_are_kept(case: str) -> None:
    """In float32 and with a scalar parameter, new values fit what they update."""
    for start in (np.float32(1.5), START.astype("float32"), np.zeros((0, 2), "float32")):
        w = Variable(start)
        for variable, value in CASES[case][0]().updates(total(w * w), [w]):
            assert value.specs[0] == variable.specs[0], variable.name


def test_every_optimizer_is_compared() -> None:
    """No class without a case."""
    classes = {
        c
        for _, c in inspect.getmembers(opt, inspect.isclass)
        if issubclass(c, opt.Optimizer) and not c.__name__.startswith("_")
    }
    assert classes - {opt.Optimizer, opt.MultiOptimizer, opt.LossScaleOptimizer} == {
        type(make()) for make, _, _ in CASES.values()
    }


# --- ways to apply --------------------------------------------------------------------------------------------------


def test_a_symbolic_loss_gives_an_operation() -> None:
    w, x = Variable([1.0, 2.0], name="w"), placeholder("float32", (2,))
    operation = opt.Adam(0.1).minimize(total(w * x))
    assert isinstance(operation, Operation)
    names = [v.name for v, _ in operation.updates]
    assert names == ["w", "w/m", "w/v", "Adam/iterations"]


def test_a_traced_step_is_recorded() -> None:
    w = Variable([1.0, 2.0])
    optimizer = opt.SGD(0.5, 0.9)
    with recording(Recorder()) as recorder:
        optimizer.minimize(total(w * w))
    assert recorder is not None
    assert set(recorder.updates) == {w, optimizer.slot(w, "momentum"), optimizer.iterations}
    np.testing.assert_array_equal(w.numpy(), [1.0, 2.0])


def test_all_trainable_variables_below_the_loss_are_found() -> None:
    w, fixed, b = Variable(1.0, name="w"), Variable(2.0, trainable=False), Variable(3.0, name="b")
    pairs = opt.SGD().compute_gradients(w * fixed + b)
    assert [v.name for _, v in pairs] == ["w", "b"]
    assert [g.item() for g, _ in pairs] == [2.0, 1.0]


def test_a_variable_without_a_value_gets_slots() -> None:
    """A session initialises such variables later; their slots start from their shape."""
    first = placeholder("float32", (2, 3))
    w = Variable(first, name="w")
    (_, (slot, _), *_) = opt.SGD(0.1, 0.9).updates(total(w * w), [w])
    assert (slot.name, slot.shape, slot.dtype.name, slot.trainable) == (
        "w/momentum",
        (2, 3),
        "float32",
        False,
    )
    np.testing.assert_array_equal(slot.numpy(), np.zeros((2, 3)))


def test_a_learning_rate_that_is_set_reaches_a_compiled_step() -> None:
    w, optimizer = Variable(1.0), opt.SGD(0.5)
    step = function([], [], updates=optimizer.updates(w * 1.0, [w]))
    step()
    optimizer.learning_rate = 0.25
    step()
    assert w.item() == 0.25


def test_a_learning_rate_may_be_fed() -> None:
    w, rate = Variable(1.0), placeholder("float32", ())
    step = function([rate], [], updates=opt.SGD(rate).updates(w * 1.0, [w]))
    step(0.25)
    assert w.item() == 0.75


def test_a_schedule_sees_the_steps_done() -> None:
    w, optimizer = Variable(0.0, dtype="float64"), opt.SGD(opt.piecewise_constant([0], [1.0, 0.25]))
    for _ in range(3):
        optimizer.minimize(w * 1.0)
    assert w.item() == -1.5


def test_weight_decay_leaves_out_what_is_excluded() -> None:
    w, b = Variable(1.0, dtype="float64"), Variable(1.0, dtype="float64")
    optimizer = opt.SGD(0.5, weight_decay=0.5)
    optimizer.exclude_from_weight_decay([b])
    optimizer.apply_gradients([(0.0, w), (0.0, b)])
    assert (w.item(), b.item()) == (0.75, 1.0)


def test_accumulated_steps_equal_the_mean() -> None:
    w, v = Variable(START), Variable(START)
    slow, plain = opt.Adam(0.1, gradient_accumulation_steps=2), opt.Adam(0.1)
    for k in range(6):
        slow.apply_gradients([(START + k, w)])
        if k % 2:
            plain.apply_gradients([(START + k - 0.5, v)])
        np.testing.assert_allclose(w.numpy(), v.numpy(), rtol=1e-12)
    assert slow.iterations.item() == 3


def test_moving_average_of_parameters() -> None:
    w, optimizer = Variable(1.0, dtype="float64"), opt.SGD(1.0, use_ema=True, ema_momentum=0.75)
    for _ in range(2):
        optimizer.apply_gradients([(1.0, w)])
    ((_, average),) = optimizer.averages()
    assert average.item() == 0.75 * 0.0 + 0.25 * -1.0  # the first average is the first new value
    optimizer.finalize_variable_values([w])
    assert w.item() == -0.25


def test_averages_may_take_the_parameters_place() -> None:
    options: dict[str, Any] = {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 2}
    w, optimizer, seen = Variable(1.0, dtype="float64"), opt.SGD(1.0, **options), []
    for _ in range(4):
        optimizer.apply_gradients([(1.0, w)])
        seen.append(w.item())
    assert seen == [0.0, -0.5, -1.5, -1.75]  # the average after two: (0 - 1) / 2; after four: (-1 - 2.5) / 2


def test_gradients_and_variables_apart() -> None:
    v, w = Variable(START), Variable(START)
    optimizer, other = opt.Adam(0.1), opt.Adam(0.1)
    optimizer.apply_gradients([(START, v)])
    other.apply([START], [w])
    np.testing.assert_array_equal(v.numpy(), w.numpy())
    with pytest.raises(ArgumentError, match=r"one gradient per variable; expected 0; received 1.*build"):
        opt.SGD().apply([1.0])


def test_averages_move_at_every_call_of_an_accumulated_step() -> None:
    options: dict[str, Any] = {"use_ema": True, "ema_momentum": 0.5, "gradient_accumulation_steps": 2}
    w, optimizer, seen = Variable(0.0, dtype="float64"), opt.SGD(1.0, **options), []
    for _ in range(6):
        optimizer.apply_gradients([(1.0, w)])
        seen.append((w.item(), optimizer.averages()[0][1].item()))
    # The parameter itself until it has moved once, as in Keras; then half way to it at each call.
    assert seen == [(0.0, 0.0), (-1.0, -1.0), (-1.0, -1.0), (-2.0, -1.5), (-2.0, -1.75), (-3.0, -2.375)]


def test_a_schedule_counts_the_calls_of_an_accumulated_step() -> None:
    options: dict[str, Any] = {"gradient_accumulation_steps": 2}
    w, optimizer = Variable(0.0, dtype="float64"), opt.SGD(lambda step: 1.0 + step, **options)
    for _ in range(4):
        optimizer.apply_gradients([(1.0, w)])
    assert w.item() == -(1.0 + 1) - (1.0 + 3)  # the second and the fourth call


def test_a_loss_scale_changes_no_step() -> None:
    w, v = Variable(START), Variable(START)
    scaled, plain = opt.Adam(0.1, loss_scale_factor=1024.0), opt.Adam(0.1)
    for k in range(3):
        scaled.minimize(lambda k=k: loss_at(w, k), [w])
        plain.minimize(lambda k=k: loss_at(v, k), [v])
    np.testing.assert_array_equal(w.numpy(), v.numpy())


def test_a_dynamic_loss_scale_leaves_out_steps_that_overflow() -> None:
    w = Variable(1.0)
    optimizer = opt.LossScaleOptimizer(opt.SGD(0.5), initial_scale=4.0, dynamic_growth_steps=2)
    for gradient in (4.0, np.inf, 2.0, 2.0):
        optimizer.apply_gradients([(gradient, w)])
    assert (w.item(), optimizer.scale.item(), optimizer.iterations.item()) == (1.0 - 0.5 - 0.5 - 0.5, 4.0, 4)
    assert optimizer.inner_optimizer.iterations.item() == 3
    optimizer.learning_rate = 0.25
    assert optimizer.learning_rate.item() == 0.25


def test_parameters_may_have_different_optimizers() -> None:
    body, head = Variable(START, name="body/kernel"), Variable(START, name="head/kernel")
    wanted = opt.OptimizerMap(opt.SGD(0.1), {"head/.*": opt.Adam(0.1)})
    both = opt.MultiOptimizer(wanted)
    alone = Variable(START), Variable(START)
    rules = opt.SGD(0.1), opt.Adam(0.1)
    for _ in range(3):
        both.apply_gradients([(START, body), (START, head)])
        for rule, param in zip(rules, alone):
            rule.apply_gradients([(START, param)])
    np.testing.assert_array_equal(body.numpy(), alone[0].numpy())
    np.testing.assert_array_equal(head.numpy(), alone[1].numpy())
    assert [type(o) for o in both.optimizers] == [opt.SGD, opt.Adam]
    assert any(v is both.slot(head, "m") for v in both.variables())
    with pytest.raises(ArgumentError, match="fits several patterns"):
        opt.OptimizerMap(opt.SGD(), {"a.*": opt.SGD(), ".*b": opt.SGD()})["ab"]
    with pytest.raises(ArgumentTypeError, match="plain optimizers"):
        opt.OptimizerMap("sgd")  # type: ignore[arg-type]


def test_several_gradients_are_clipped_together() -> None:
    w, b = Variable(np.zeros(1)), Variable(np.zeros(1))
    opt.SGD(1.0, global_clipnorm=1.0).apply_gradients([(np.array([3.0]), w), (np.array([4.0]), b)])
    np.testing.assert_allclose(np.array([w.item(), b.item()]), [-0.6, -0.8], rtol=1e-15)
    opt.SGD(1.0, clipnorm=1.0).apply_gradients([(np.array([3.0]), w)])
    opt.SGD(1.0, clipvalue=0.5).apply_gradients([(np.array([3.0]), b)])
    np.testing.assert_allclose([w.item(), b.item()], [-1.6, -1.3], rtol=1e-15)


def test_clipping_leaves_small_gradients_and_zeros() -> None:
    np.testing.assert_array_equal(opt.clip_by_norm([0.3, 0.4], 1.0).numpy(), np.array([0.3, 0.4], "float32"))
    np.testing.assert_array_equal(opt.clip_by_norm([0.0, 0.0], 1.0).numpy(), [0.0, 0.0])
    clipped, norm = opt.clip_by_global_norm([[3.0], None], 5.0)
    assert (clipped[0].tolist(), clipped[1], norm.item()) == ([3.0], None, 3.0)


# --- schedules ------------------------------------------------------------------------------------------------------


def one_cycle(t: float, top: float = 5.0, last: float = 19.0) -> float:
    """PyTorch's OneCycleLR(max_lr=0.5, total_steps=20)."""
    wave = lambda a, b, share: b + (a - b) / 2 * (1 + math.cos(math.pi * share))
    return wave(0.02, 0.5, t / top) if t <= top else wave(0.5, 2e-6, min(t - top, last - top) / (last - top))


def restarts(t: float, length: float = 4.0, peak: float = 1.0) -> float:
    """Half cosines, each twice as long and 0.8 times as high as the one before."""
    while t >= length:
        t, length, peak = t - length, length * 2, peak * 0.8
    return 0.5 * (0.9 * peak * (1 + math.cos(math.pi * t / length)) / 2 + 0.1)


SCHEDULES: dict[str, tuple[Callable[[Any], Any], Callable[[float], float]]] = {
    "constant": (opt.constant_rate(0.3), lambda t: 0.3),
    "exponential": (opt.exponential_decay(0.5, 7, 0.8), lambda t: 0.5 * 0.8 ** (t / 7)),
    "exponential stairs": (opt.exponential_decay(0.5, 7, 0.8, True), lambda t: 0.5 * 0.8 ** (t // 7)),
    "inverse time": (opt.inverse_time(0.5, 7, 0.8), lambda t: 0.5 / (1 + 0.8 * t / 7)),
    "inverse time stairs": (opt.inverse_time(0.5, 7, 0.8, True), lambda t: 0.5 / (1 + 0.8 * (t // 7))),
    "polynomial": (opt.polynomial_decay(0.5, 10, 0.1, 2.0), lambda t: 0.4 * (1 - min(t, 10) / 10) ** 2 + 0.1),
    "polynomial cycle": (
        opt.polynomial_decay(0.5, 10, 0.1, 1.0, True),
        lambda t: 0.4 * (1 - t / (10 * max(math.ceil(t / 10), 1))) + 0.1,
    ),
    "cosine": (
        opt.cosine_decay(0.5, 10, 0.1),
        lambda t: 0.5 * (0.9 * (1 + math.cos(math.pi * min(t, 10) / 10)) / 2 + 0.1),
    ),
    "cosine warmup": (
        opt.cosine_decay(0.1, 10, warmup_target=0.6, warmup_steps=5),
        lambda t: 0.1 + 0.1 * t if t < 5 else 0.3 * (1 + math.cos(math.pi * min(t - 5, 10) / 10)),
    ),
    "one cycle": (opt.one_cycle(0.5, 20), one_cycle),
    "restarts": (opt.cosine_decay_restarts(0.5, 4, m_mul=0.8, alpha=0.1), restarts),
    "even restarts": (
        opt.cosine_decay_restarts(0.5, 6, t_mul=1.0),
        lambda t: 0.25 * (1 + math.cos(math.pi * (t % 6) / 6)),
    ),
    "pieces": (
        opt.piecewise_constant([3, 9], [1.0, 0.5, 0.1]),
        lambda t: 1.0 if t <= 3 else 0.5 if t <= 9 else 0.1,
    ),
}


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_schedules(name: str) -> None:
    schedule, wanted = SCHEDULES[name]
    for t in range(25):
        rate = schedule(t)
        assert rate.dtype.name == "float64"
        np.testing.assert_allclose(rate.item(), wanted(t), rtol=1e-12, atol=1e-15)


# --- errors ---------------------------------------------------------------------------------------------------------


def test_errors_name_the_cause() -> None:
    w, b = Variable(1.0, name="w"), Variable(1.0, name="b")
    with pytest.raises(GradientError, match=r"no variable has a gradient.*'b'"):
        opt.SGD().minimize(w * 1.0, [b])
    with pytest.raises(GradientError, match="no trainable variable"):
        opt.SGD().minimize(placeholder("float32", ()) * 2.0)
    with pytest.raises(ArgumentTypeError, match="only variables"):
        opt.SGD().apply_gradients([(1.0, placeholder("float32", ()))])  # type: ignore[list-item]
    with pytest.raises(ArgumentTypeError, match="learning_rate"):
        opt.SGD("fast")
    with pytest.raises(ArgumentError, match="at most one of"):
        opt.SGD(clipnorm=1.0, clipvalue=1.0)
    with pytest.raises(ArgumentError, match="one gradient per parameter"):
        opt.SGD().updates([1.0], [w, b])
    with pytest.raises(ArgumentError, match="no slot 'm'"):
        opt.SGD().slot(w, "m")
    with pytest.raises(
        ArgumentTypeError, match=r"unknown argument 'lr'.*learning_rate.*lr is called learning_rate"
    ):
        opt.Adam(lr=0.1)
    with pytest.raises(ArgumentError, match="ema_momentum"):
        opt.SGD(use_ema=True, ema_momentum=1.5)
    with pytest.raises(ArgumentError, match="gradient_accumulation_steps; expected a whole number"):
        opt.SGD(gradient_accumulation_steps=0)
    with pytest.raises(ArgumentError, match="decay_steps; expected > 0"):
        opt.cosine_decay(0.1, 0)
    with pytest.raises(ArgumentError, match="OneCycle: rise"):
        opt.one_cycle(0.1, 10, rise=1.0)
    with pytest.raises(ArgumentError, match="one more than boundaries"):
        opt.piecewise_constant([1], [1.0])


def test_a_variable_the_loss_ignores_is_skipped() -> None:
    w, b = Variable(1.0), Variable(1.0)
    opt.SGD(0.5).minimize(w * 1.0, [w, b])
    assert (w.item(), b.item()) == (0.5, 1.0)


def test_a_rule_may_use_any_slot_name() -> None:
    class Averaged(opt.Optimizer):
        def slots(self, param: Variable) -> dict[str, Any]:
            return {"average": 0.0}

        def step(self, g: Any, param: Any, slots: Any, lr: Any, t: Any) -> Any:
            average = slots["average"] * 0.5 + g * 0.5
            return param - lr * average, {"average": average}

    w = Variable(1.0)
    optimizer = Averaged(1.0, use_ema=True, ema_momentum=0.5)
    optimizer.apply_gradients([(1.0, w)])
    assert (w.item(), optimizer.slot(w, "average").item(), optimizer.averages()[0][1].item()) == (
        0.5,
        0.5,
        0.5,
    )
