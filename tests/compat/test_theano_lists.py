"""``theano.typed_list``: functions that take and give lists of arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg.compat.theano as theano
import thalweg.compat.theano.tensor as T
from thalweg.compat.theano import typed_list as tl

GIVEN = [np.array(v, "float32") for v in ([1, 2, 3], [4, 5])]
several, v = tl.TypedListType(T.fvector)("several"), T.fvector()


def plain(found: Any) -> Any:
    return [plain(f) for f in found] if isinstance(found, list) else found.tolist()


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        (several, [[1, 2, 3], [4, 5]]),
        (tl.append(several, v), [[1, 2, 3], [4, 5], [4, 5]]),
        (tl.insert(several, 1, v), [[1, 2, 3], [4, 5], [4, 5]]),
        (tl.reverse(several), [[4, 5], [1, 2, 3]]),
        (tl.extend(several, several)[1:3], [[4, 5], [1, 2, 3]]),
        (tl.length(several), 2),
        (tl.count(several, v) + 10 * tl.index_(several, v), 11),
        (several[-1] * v.sum(), [36, 45]),
        (tl.make_list([v, 2 * v]), [[4, 5], [8, 10]]),
        (tl.make_list([several, several])[1], [[1, 2, 3], [4, 5]]),
        ([several[0].sum(), several], [6, [[1, 2, 3], [4, 5]]]),
    ],
)
def test_lists(expression: Any, wanted: Any) -> None:
    f = theano.function([several, v], expression)
    assert plain(f(GIVEN, GIVEN[1])) == wanted


def test_lists_of_any_length_and_depth() -> None:
    f = theano.function([several], tl.append(several, several[0]))
    assert [len(f(GIVEN * n)) for n in (1, 2, 3)] == [3, 5, 7]
    nested = tl.TypedListType(T.fvector, 1)()
    assert (
        nested.type.get_depth() == 1
        and str(nested.type) == "TypedList <TypedList <TensorType(float32, vector)>>"
    )
    g = theano.function([nested], [tl.length(nested), nested[1], nested[0][1].sum()])
    assert plain(g([GIVEN, GIVEN[:1]])) == [2, [[1, 2, 3]], 9]


def test_updates_of_functions_of_lists() -> None:
    total = theano.shared(np.float32(0))
    f = theano.function([several], several, updates=[(total, total + 1)])
    f(GIVEN)
    f(GIVEN[:1])
    assert total.get_value() == 2


def test_what_is_no_list() -> None:
    with pytest.raises(TypeError, match="expected a list"):
        theano.function([several], several)(3)
    with pytest.raises(TypeError, match="one type"):
        tl.make_list([v, T.fmatrix()])
    with pytest.raises(TypeError, match="Cannot convert"):
        tl.append(several, T.dmatrix())
        theano.function([several], tl.append(several, T.dmatrix()))(GIVEN)
    with pytest.raises(TypeError, match="take a member"):
        T.exp(several)


def test_the_functions_as_ops() -> None:
    ops = tl.basic
    longer = ops.Append(True)(several, v)
    f = theano.function([several, v], [ops.Reverse()(longer), ops.Length()(longer), ops.GetItem()(longer, 2)])
    assert plain(f(GIVEN, GIVEN[1])) == [[[4, 5], [4, 5], [1, 2, 3]], 3, [4, 5]]


def test_lists_are_given_to_the_steps_of_a_loop() -> None:
    def step(i: Any, total: Any, members: Any) -> Any:
        return total + (i + 1) * members[0].sum() + T.cast(tl.length(members), "float32")

    start = T.constant(np.float32(0))
    found, _ = theano.scan(step, [T.arange(3, dtype="float32")], [start], non_sequences=[several])
    last = theano.function([several], found[-1])
    assert last(GIVEN) == 6 * 6 + 3 * 2
    assert last([np.ones(4, "float32")]) == 6 * 4 + 3 * 1
