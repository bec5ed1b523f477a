"""What users write: values and gradients must be finite and accurate, eager and compiled, by the rules named."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from rewrite.numbers import close_to_truth, exact_gradient, needs_long_double, truth
from rewrite.rule_table import BOTH, EPS, STABLE, TABLE, WIDE, Row, kept, less_softplus
from thalweg.gradient import gradients
from thalweg.graph.tensor import Variable, constant, placeholder
from thalweg.graph.verify import verify
from thalweg.ops import reduce
from thalweg.ops.activation import sigmoid
from thalweg.ops.control import while_loop
from thalweg.ops.elementwise import exp, log, maximum, tanh
from thalweg.ops.shape import iota_like
from thalweg.ops.softmax import softmax
from thalweg.rewrite.match import Fired
from thalweg.rewrite.pipeline import optimise
from thalweg.run.function import function

LABELS = np.array([0, 2, 1, 1])
ONE_HOT = constant(np.eye(3, dtype="float32")[LABELS])
TARGET = constant(np.array([0, 1, 0.5, 1, 0, 1, 0, 1, 0.25, 0, 1, 0, 1], "float32"))


@dataclass
class Story(Row):
    """A row whose rules fire together, in the order of ``fired``."""

    fired: tuple[str, ...] = ()


def cross_entropy_of_sigmoid(x):  # type: ignore[no-untyped-def]
    p = 1 / (1 + exp(-x))
    return -(TARGET * log(p) + (1 - TARGET) * log(1 - p))


def true_cross_entropy(x: np.ndarray) -> np.ndarray:
    t = TARGET.numpy()
    return -(t * -np.logaddexp(0, -x) + (1 - t) * less_softplus(x))


def written_softmax(x):  # type: ignore[no-untyped-def]
    e = exp(x - kept(reduce.max, x))
    return e / kept(reduce.sum, e)


def log_sum_exp_by_hand(x):  # type: ignore[no-untyped-def]
    top = kept(reduce.max, x)
    return log(kept(reduce.sum, exp(x - top))) + top


STORIES = [
    Story(
        "cross-entropy",
        lambda x: -(ONE_HOT * log(softmax(x))).sum(axis=1),
        "",
        shapes=TABLE,
        fired=("log_softmax",),
    ),
    Story(
        "cross-entropy of negatives",
        lambda x: (-ONE_HOT * log(softmax(x))).mean(),
        "",
        shapes=TABLE,
        fired=("log_softmax",),
    ),
    Story(
        "likelihood by index",
        lambda x: -log(softmax(x))[np.arange(4), LABELS].mean(),
        "",
        shapes=TABLE,
        fired=("log_softmax",),
    ),
    Story(
        "likelihood, indexed first",
        lambda x: -log(softmax(x)[np.arange(4), LABELS]).mean(),
        "",
        shapes=TABLE,
        fired=("log_through_views", "log_softmax"),
    ),
    Story(
        "written out",
        lambda x: log(exp(x) / kept(reduce.sum, exp(x))),
        "",
        shapes=TABLE,
        fired=("softmax", "log_softmax"),
    ),
    Story(
        "written out and shifted",
        lambda x: log(written_softmax(x)),
        "",
        shapes=TABLE,
        fired=("softmax", "softmax_shift", "log_softmax"),
    ),
    Story(
        "logits less their logsumexp",
        lambda x: x - log(kept(reduce.sum, exp(x))),
        "",
        shapes=TABLE,
        fired=("logsumexp", "less_logsumexp"),
    ),
    Story(
        "logsumexp by hand",
        log_sum_exp_by_hand,
        "",
        shapes=TABLE,
        fired=("logsumexp", "logsumexp_shift"),
    ),
    Story(
        "cross-entropy of a sigmoid",
        cross_entropy_of_sigmoid,
        "",
        exact=true_cross_entropy,
        fired=("sigmoid", "log_sigmoid", "log_one_less_sigmoid"),
    ),
    Story(
        "entropy",
        lambda x: -(softmax(x) * log(softmax(x))).sum(axis=1),
        "",
        shapes=TABLE,
        fired=("log_softmax",),
        points=[-9.0, -3.0, 0.5, 1.0, 2.0, 4.0, 8.0],
        floor=EPS,
    ),
    Story("swish by hand", lambda x: x * (1 / (1 + exp(-x))), "", fired=("sigmoid",)),
    Story(
        "log of a probability's complement",
        lambda x: log(1 - 1 / (1 + exp(-x))),
        "",
        exact=less_softplus,
        fired=("sigmoid", "log_one_less_sigmoid"),
    ),
    Story("softplus of a difference", lambda x, y: log(1 + exp(x - y)), "", shapes=BOTH, fired=("softplus",)),
    Story("pairwise ranking", lambda x, y: -log(sigmoid(x - y)), "", shapes=BOTH, fired=("log_sigmoid",)),
    Story("tanh of halves", lambda x: (exp(x) - 1) / (exp(x) + 1), "", fired=("expm1", "tanh_half")),
    Story(
        "mish by hand",
        lambda x: x * tanh(log(1 + exp(x))),
        "",
        fired=("softplus",),
    ),
    Story(
        "exponential unit",
        lambda x: maximum(x, 0) + (exp(-maximum(-x, 0)) - 1),
        "",
        fired=("expm1",),
        points=[-30.0, -2.0, -1e-3, -1e-6, 1e-5, 0.5, 3.0],
        shapes=((7,),),
    ),
    Story(
        "log of one less an exponential",
        lambda x: log(1 - exp(x)),
        "",
        fired=("one_less_exp", "log1mexp"),
        points=[-80.0, -3.0, -0.7, -0.6, -1e-2, -1e-5],
        shapes=((6,),),
    ),
]

ALL = [*STABLE, *STORIES]


@pytest.mark.parametrize("story", STORIES, ids=lambda s: s.rule)
def test_what_fires(story: Story) -> None:
    fired: list[Fired] = []
    (made,) = optimise([story.fn(*story.placeholders())], log=fired)
    names = [f.rule for f in fired if f.phase.startswith("stabilise")]
    assert tuple(dict.fromkeys(names)) == story.fired
    verify([made])


@pytest.mark.parametrize("story", STORIES, ids=lambda s: s.rule)
def test_the_same_fires_while_a_length_is_unknown(story: Story) -> None:
    fired: list[Fired] = []
    optimise(
        [story.fn(*(placeholder(x.dtype, (None, *x.shape[1:])) for x in story.placeholders()))], log=fired
    )
    names = [f.rule for f in fired if f.phase.startswith("stabilise")]
    assert tuple(dict.fromkeys(names)) == story.fired


@needs_long_double
@pytest.mark.parametrize("row", [r for r in ALL if r.gradient], ids=lambda r: r.rule)
def test_eager_gradient(row: Row) -> None:
    arrays = row.arrays("float64")
    inputs = [Variable(a, dtype="float64") for a in arrays]
    found = gradients(row.fn(*inputs), inputs, unconnected="zero")
    for mine, exact in zip(found, exact_gradient(row.fn, arrays, row.exact)):
        np.testing.assert_allclose(mine.numpy(), exact, rtol=1e-5, atol=1e-7)


@needs_long_double
@pytest.mark.parametrize("row", ALL, ids=lambda r: r.rule)
def test_compiled_value_and_gradient(row: Row) -> None:
    inputs = row.placeholders("float32")
    arrays = row.arrays("float32")
    output = row.fn(*inputs)
    wanted = gradients(output, inputs, unconnected="zero") if row.gradient else []
    value, *slopes = function(inputs, [output, *wanted])(*arrays)
    close_to_truth(value.numpy(), truth(row.fn, arrays, row.exact), ulps=32, floor=row.floor)
    for mine, exact in zip(slopes, exact_gradient(row.fn, arrays, row.exact) if wanted else []):
        np.testing.assert_allclose(mine.numpy(), exact, rtol=1e-4, atol=1e-6)


def test_gradient_inside_a_loop() -> None:
    """What rules make inside a body belongs to the body."""
    (x,) = Row("", lambda x: x, "", WIDE, ((2,),)).placeholders()

    def step(i, w):  # type: ignore[no-untyped-def]
        h = w * 1.0
        return i + 1, w - gradients((-log(softmax(h)) * 2)[0], w)

    _, last = while_loop(lambda i, w: i < 3, step, (constant(0), x))
    assert function([x], last)(np.array([-800, 800], "float32")).tolist() == [-794, 794]


def test_extreme_logits() -> None:
    """The case that TensorFlow's, PyTorch's and JAX's naive forms get wrong: NaN there, exact here."""
    w = Variable([-800.0, 800.0])
    loss = -log(softmax(w))[0]
    assert gradients(loss, w).tolist() == [-1.0, 1.0]
    (x,) = Row("", lambda x: x, "", WIDE, ((2,),)).placeholders()
    compiled = function([x], [-log(softmax(x))[0], gradients(-log(softmax(x))[0], x)])
    value, slope = compiled(np.array([-800, 800], "float32"))
    assert value.item() == 1600 and slope.tolist() == [-1.0, 1.0]


def test_extreme_logits_of_a_batch_of_any_length() -> None:
    x, labels = placeholder("float32", (None, 2)), placeholder("int32", (None,))
    loss = -log(softmax(x)[iota_like(labels), labels]).mean()
    step = function([x, labels], [loss, gradients(loss, x)])
    for rows in (1, 3):
        value, slope = step(np.tile(np.array([-800, 800], "float32"), (rows, 1)), np.zeros(rows, "int32"))
        assert value.item() == 1600
        np.testing.assert_allclose(slope.numpy(), np.tile([-1 / rows, 1 / rows], (rows, 1)), rtol=1e-6)
