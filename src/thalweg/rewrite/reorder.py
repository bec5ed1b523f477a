"""Rules that put ops in the order of least work, where every number and every gradient stays what it was.

They come before differentiation, so that the gradients have less to do as well.
"""

from __future__ import annotations

from thalweg.ops import activation, pool
from thalweg.rewrite.match import EXACT, Phase, rule
from thalweg.rewrite.patterns import Attribute, Var, pattern_of

relu, max_pool = map(pattern_of, (activation.relu, pool.max_pool))

x = Var("x")
windows = {name: Attribute(name) for name in ("window", "strides", "padding", "dilation", "ties")}

REORDER = Phase(
    "reorder",
    (
        rule(
            "relu_after_max_pool",
            max_pool(relu(x), **windows),
            relu(max_pool(x, **windows)),
            EXACT,
            why="the larger of two numbers stays the larger; where both are cut to 0, so is the gradient",
        ),
    ),
)
