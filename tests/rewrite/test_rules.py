"""Each rule by itself: the exact expression it makes, then values and gradients against the expression it replaces."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rewrite.numbers import close_to_truth, exact_gradient, needs_long_double, truth
from rewrite.rule_table import RISKY, ROWS, SIMPLE, STABLE, Row
from thalweg.gradient import gradients
from thalweg.graph.interpret import evaluate
from thalweg.graph.show import expression
from thalweg.graph.tensor import Tensor, Variable, placeholder
from thalweg.graph.verify import verify
from thalweg.ops import elementwise as ew
from thalweg.ops import shape
from thalweg.ops.elementwise import exp, log, sqrt
from thalweg.rewrite import match, pipeline
from thalweg.rewrite.match import EXACT, UNSAFE, Phase, rewrite, rule
from thalweg.rewrite.patterns import Var, pattern_of

RULES = {r.name: r for phase in pipeline.PHASES for r in phase.rules}
DOCUMENT = Path(__file__).parents[2] / "docs" / "rewriting.md"
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -1e-45, 3e38, -3e38, 1.0, -1.0, 0.5, -2.5]


def alone(row: Row) -> Phase:
    return Phase("alone", (RULES[row.rule], RULES["same_dtype"]))  # where() casts what needs no cast


def ids(rows: list[Row]) -> list[str]:
    return [f"{row.rule}-{k}" for k, row in enumerate(rows)]


def rewritten(row: Row, dtype: str | None = None) -> tuple[list[Tensor], Tensor, Tensor]:
    inputs = row.placeholders(dtype)
    before = row.fn(*inputs)
    (after,) = rewrite([before], alone(row))
    return inputs, before, after


def test_every_rule_has_a_row() -> None:
    assert {row.rule for row in ROWS} == set(RULES)
    assert {row.rule for row in RISKY} == {r.name for r in RULES.values() if r.tag == UNSAFE}


@pytest.mark.parametrize("row", ROWS, ids=ids(ROWS))
def test_the_exact_expression(row: Row) -> None:
    _, before, after = rewritten(row)
    assert expression(after, 9) == row.text
    assert after.specs == before.specs
    verify([before, after])


@pytest.mark.parametrize("row", ROWS, ids=ids(ROWS))
def test_again_changes_nothing(row: Row) -> None:
    _, _, after = rewritten(row)
    (again,) = rewrite([after], alone(row))
    assert again is after


@pytest.mark.parametrize("row", [r for r in SIMPLE if RULES[r.rule].tag == EXACT], ids=lambda r: r.rule)
def test_exact_rules_keep_every_bit(row: Row) -> None:
    inputs, before, after = rewritten(row)
    given = dict(zip(inputs, row.arrays(row.dtype)))
    trials = [given]
    if row.dtype == "float32":
        trials += [
            {t: np.resize(np.roll(SPECIAL, k * j), t.shape).astype("float32") for k, t in enumerate(inputs)}
            for j in range(13)
        ]
    for values in trials:
        old, new = (evaluate([t], values)[0] for t in (before, after))
        assert old.dtype == new.dtype and old.shape == new.shape
        assert np.array_equal(np.isnan(old), np.isnan(new)) if old.dtype.kind == "f" else True
        kept = ~np.isnan(old) if old.dtype.kind == "f" else np.ones(old.shape, bool)
        assert np.ascontiguousarray(old[kept]).tobytes() == np.ascontiguousarray(new[kept]).tobytes()


@pytest.mark.parametrize("first", [0.5, 3.0, -2.0])
def test_other_products_are_not_joined(first: float) -> None:
    """They would vanish, or round, elsewhere."""
    x = placeholder("float32", [3], name="x")
    before = x * first * 0.1
    assert rewrite([before], Phase("alone", (RULES["power_of_two_joined"],))) == [before]


def test_joined_powers_of_two_keep_the_bits_of_what_does_not_overflow() -> None:
    x = placeholder("float32", [len(SPECIAL)], name="x")
    before = x * 8 * 0.1
    (after,) = rewrite([before], Phase("alone", (RULES["power_of_two_joined"],)))
    given: dict[Tensor, np.ndarray] = {x: np.asarray(SPECIAL, "float32")}
    with np.errstate(over="ignore"):
        old, new, first = (evaluate([t], given)[0] for t in (before, after, x * 8))
    kept = np.isfinite(first)
    assert kept.any() and old[kept].tobytes() == new[kept].tobytes()
    assert not np.isinf(new[np.isfinite(given[x])]).any()


@needs_long_double
@pytest.mark.parametrize("row", STABLE, ids=ids(STABLE))
def test_stable_values_are_at_least_as_good(row: Row) -> None:
    """Against the expression itself in extended precision: no worse than before, and finite wherever the truth is."""
    inputs, before, after = rewritten(row)
    arrays = row.arrays("float32")
    exact = truth(row.fn, arrays, row.exact)
    old, new = (evaluate([t], dict(zip(inputs, arrays)))[0] for t in (before, after))
    close_to_truth(new, exact, old)


@pytest.mark.parametrize("row", STABLE, ids=ids(STABLE))
def test_nan_stays(row: Row) -> None:
    inputs, before, after = rewritten(row)
    given = {t: np.full(t.shape, np.nan, "float32") for t in inputs}
    assert np.isnan(evaluate([before], given)[0]).all() and np.isnan(evaluate([after], given)[0]).all()


@needs_long_double
@pytest.mark.parametrize("row", [r for r in [*STABLE, *SIMPLE] if r.gradient], ids=lambda r: r.rule)
def test_gradient_of_the_replacement(row: Row) -> None:
    inputs = row.placeholders("float64")
    (after,) = rewrite([row.fn(*inputs)], alone(row))
    arrays = row.arrays("float64")
    found = evaluate(gradients([after], inputs, unconnected="zero"), dict(zip(inputs, arrays)))
    for mine, exact in zip(found, exact_gradient(row.fn, arrays, row.exact)):
        np.testing.assert_allclose(mine, exact, rtol=1e-5, atol=1e-7)


# --- what the driver promises ---------------------------------------------------------------------------------------

x, y = Var("x"), Var("y")
exp_, log_, sqrt_ = map(pattern_of, (exp, log, sqrt))


def vector(name: str = "v", length: Any = 3, dtype: str = "float32") -> Tensor:
    return placeholder(dtype, [length], name=name)


def test_nothing_fires_nothing_changes() -> None:
    v = vector()
    outputs = [v * v + 1, exp(v)]
    assert all(a is b for a, b in zip(pipeline.optimise(outputs), outputs))
    assert all(a is b for a, b in zip(pipeline.stabilise(outputs), outputs))


def test_rules_that_undo_each_other_are_named() -> None:
    loop = Phase("loop", (rule("there", exp_(x), sqrt_(x)), rule("back", sqrt_(x), exp_(x))))
    with pytest.raises(
        match.RewriteLoopError, match=r"rules undo each other: (there and back|back and there)"
    ):
        rewrite([exp(vector())], loop)


def test_a_rule_that_changes_the_dtype_is_refused() -> None:
    wrong = Phase("wrong", (rule("cast", exp_(x), lambda x: x.astype("float64")),))
    with pytest.raises(match.CompileError, match="the rule cast changes the dtype"):
        rewrite([exp(vector())], wrong)


def test_constants_match_bit_by_bit() -> None:
    v = vector()
    for near in (1.000001, np.float32(1) + np.finfo("float32").eps):
        kept = log(v + near)
        assert pipeline.optimise([kept])[0] is kept
    assert expression(pipeline.optimise([log(v + np.ones(3, "float32"))])[0]) == "log1p(v)"
    for sum_ in (v + 0.0, 0.0 - v):  # -0.0 would come out otherwise
        assert pipeline.optimise([sum_])[0] is sum_


def test_unknown_lengths_are_not_guessed() -> None:
    """v may have length 1 and w length 5: the product with ones of the shape of w is not v."""
    v, w = vector("v", None), vector("w", None)
    kept = v * shape.full_like(w, 1)
    assert pipeline.optimise([kept])[0] is kept
    assert pipeline.optimise([v * 1])[0] is v
    assert expression(pipeline.optimise([log(1 + v)])[0]) == "log1p(v)"


def test_the_replacement_stands_on_the_line_of_the_user() -> None:
    v = vector()
    root = log(1 + v)
    log_lines: list[match.Fired] = []
    (made,) = pipeline.optimise([root], log=log_lines)
    assert made.built_at == root.built_at and made.built_at is not None
    (line,) = log_lines
    assert str(line) == f"stabilise: log1p: log(add(1.0, v)) -> log1p(v)  # {root.built_at}"


def test_kept_tensors_are_opaque() -> None:
    """A gradient with respect to the probabilities is that of their logarithm."""
    v = vector()
    p = 1 / (1 + exp(-v))
    (kept,) = pipeline.stabilise([log(p)], keep=[p])
    assert kept.inputs == (p,)
    (g,) = evaluate([gradients(log(p), p)], {v: np.array([0, 1, 2], "float32")})
    np.testing.assert_allclose(g, 1 + np.exp(-np.array([0, 1, 2], "float32")), rtol=1e-6)


def test_equal_expressions_with_one_kept_are_two() -> None:
    """exp(h) / sum(exp(v)) with h equal to v: the gradient by h is of the numerator only."""
    v = vector()
    h = v * 2
    value = exp(h) / exp(v * 2).sum()
    g = gradients(value, h)
    (found,) = evaluate([g], {v: np.array([0, 0.5, 1], "float32")})
    e = np.exp(np.array([0, 1, 2], "float32"))
    np.testing.assert_allclose(found, e / e.sum(), rtol=1e-6)


def test_unsafe_rules_only_on_request() -> None:
    for row in RISKY:
        before = row.fn(*row.placeholders())
        fired: list[match.Fired] = []
        pipeline.optimise([before], log=fired)
        assert row.rule not in {f.rule for f in fired}
        pipeline.optimise([before], log=fired, unsafe=True)
        assert row.rule in {f.rule for f in fired}


def test_a_used_sigmoid_stays() -> None:
    v = vector()
    s = 1 / (1 + exp(-v))
    text = expression(pipeline.optimise([s * (1 - s)])[0])
    assert text == "multiply(sigmoid(v), subtract(1.0, sigmoid(v)))"


def optimised(*outputs: Tensor) -> str:
    text = " and ".join(map(expression, pipeline.optimise(list(outputs))))
    return text.replace(", axis=(0,), keepdims=False", "")


def test_sums_of_multiples_only_where_nobody_else_reads_the_multiple() -> None:
    v, w = vector("v", 3), vector("w", 3)
    multiple = v * 0.25
    both = optimised(multiple.sum(), ew.masked_product(multiple, w).sum())
    assert both == "multiply(sum(v), 0.25) and multiply(sum(masked_product(v, w)), 0.25)"
    assert optimised(multiple.sum(), exp(multiple)) == "sum(multiply(v, 0.25)) and exp(multiply(v, 0.25))"
    kept = optimised(multiple.sum(), multiple * w)
    assert kept == "sum(multiply(v, 0.25)) and multiply(multiply(v, 0.25), w)"


def test_sums_of_multiples_stay_where_numbers_might_be_too_large() -> None:
    """v * 1e-30 may be what keeps the sum finite."""
    v = vector()
    assert optimised((v * 1e-30).sum()).startswith("sum(multiply(")
    assert optimised((v * 2.0**-24).sum()).startswith("multiply(sum(")


def test_a_sum_of_multiples_has_as_many_as_there_were() -> None:
    """One number times three equal ones is three numbers."""
    one, fives = vector("one", 1), shape.full_like(vector("w", 3), 0.25)
    assert optimised((one * fives).sum()).startswith("sum(multiply(")
    v = vector("v", 3)
    assert optimised((v * np.full(3, 0.25, "float32")).sum()) == "multiply(sum(v), 0.25)"


def test_eager_tensors_keep_value_and_history() -> None:
    w = Variable([-800.0, 800.0])
    loss = log(exp(w) / exp(w).sum()) * 2
    (made,) = pipeline.stabilise([loss])
    np.testing.assert_array_equal(made.numpy(), [-3200, 0])
    assert made.op is loss.op and made.tracked
    same = w * 2
    assert pipeline.stabilise([same])[0] is same


def test_verify_names_the_broken_law() -> None:
    good = vector() + 1
    bad = Tensor(good.op, good.inputs, {}, vector("u", 4).specs)
    with pytest.raises(match.CompileError, match="expected the spec that the op infers"):
        verify([bad])
    bad.inputs = (bad, bad)
    with pytest.raises(match.CompileError, match="stands below itself"):
        verify([bad])


def test_the_document_lists_every_rule() -> None:
    """The tables at its end are what describe_rules() prints."""
    assert DOCUMENT.read_text(encoding="utf-8").endswith("\n\n" + pipeline.describe_rules() + "\n")


def test_the_examples_of_the_document() -> None:
    assert doctest.testfile(str(DOCUMENT), module_relative=False).failed == 0
