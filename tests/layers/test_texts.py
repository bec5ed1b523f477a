"""Layers that number texts and whole numbers beside those of Keras 3.15, and models of texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import layers as L
from thalweg.data import Dataset
from thalweg.errors import ArgumentError, DataError, DTypeError, ShapeError
from thalweg.layers.hashes import farm_hash, sip_hash
from thalweg.layers.texts import text_codes, texts_of
from thalweg.registry import decode, encode

TRAIN = ["the cat sat on the mat", "The dog, the cat!", "a b c b", "  dog   bites CAT... ", "don't stop"]
TEXTS = ["The CAT sat; quietly on a mat", "dog", "", "zzz b b"]

# Arguments, vocabulary after adapt(TRAIN), and what Keras 3.15 makes of TEXTS.
WORDS: list[tuple[dict[str, Any], list[str], Any]] = [
    (
        {},
        ["", "[UNK]", "the", "cat", "dog", "b", "stop", "sat", "on", "mat", "dont", "c", "bites", "a"],
        [[2, 3, 7, 1, 8, 13, 9], [4, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0], [1, 5, 5, 0, 0, 0, 0]],
    ),
    (
        {"max_tokens": 5},
        ["", "[UNK]", "the", "cat", "dog"],
        [[2, 3, 1, 1, 1, 1, 1], [4, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0, 0]],
    ),
    (
        {"output_sequence_length": 3},
        ["", "[UNK]", "the", "cat", "dog", "b", "stop", "sat", "on", "mat", "dont", "c", "bites", "a"],
        [[2, 3, 7], [4, 0, 0], [0, 0, 0], [1, 5, 5]],
    ),
    (
        {"standardize": "strip_punctuation"},
        [
            "",
            "[UNK]",
            "the",
            "dog",
            "cat",
            "b",
            "stop",
            "sat",
            "on",
            "mat",
            "dont",
            "c",
            "bites",
            "a",
            "The",
            "CAT",
        ],
        [[14, 15, 7, 1, 8, 13, 9], [3, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0], [1, 5, 5, 0, 0, 0, 0]],
    ),
    (
        {"standardize": None},
        [
            "",
            "[UNK]",
            "the",
            "b",
            "stop",
            "sat",
            "on",
            "mat",
            "don't",
            "dog,",
            "dog",
            "cat!",
            "cat",
            "c",
            "bites",
            "a",
            "The",
            "CAT...",
        ],
        [[16, 1, 1, 1, 6, 15, 7], [10, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0], [1, 3, 3, 0, 0, 0, 0]],
    ),
    (
        {"split": None},
        [
            "",
            "[UNK]",
            "the dog the cat",
            "the cat sat on the mat",
            "dont stop",
            "a b c b",
            "  dog   bites cat ",
        ],
        [1, 1, 0, 1],
    ),
    (
        {"ngrams": 2},
        [
            "",
            "[UNK]",
            "the",
            "cat",
            "the cat",
            "dog",
            "b",
            "the mat",
            "the dog",
            "stop",
            "sat on",
            "sat",
            "on the",
            "on",
            "mat",
            "dont stop",
            "dont",
            "dog the",
            "dog bites",
            "cat sat",
            "c b",
            "c",
            "bites cat",
            "bites",
            "b c",
            "a b",
            "a",
        ],
        [
            [2, 3, 11, 1, 13, 26, 14, 4, 19, 1, 1, 1, 1],
            [5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [1, 6, 6, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0],
        ],
    ),
    (
        {"ngrams": (2, 3)},
        [
            "",
            "[UNK]",
            "the cat",
            "the mat",
            "the dog the",
            "the dog",
            "the cat sat",
            "sat on the",
            "sat on",
            "on the mat",
            "on the",
            "dont stop",
            "dog the cat",
            "dog the",
            "dog bites cat",
            "dog bites",
            "cat sat on",
            "cat sat",
            "c b",
            "bites cat",
            "b c b",
            "b c",
            "a b c",
            "a b",
        ],
        [
            [2, 17, 1, 1, 1, 1, 6, 1, 1, 1, 1],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0],
        ],
    ),
    (
        {"output_mode": "multi_hot"},
        ["[UNK]", "the", "cat", "dog", "b", "stop", "sat", "on", "mat", "dont", "c", "bites", "a"],
        [
            [1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1],
            [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
        ],
    ),
    (
        {"output_mode": "count"},
        ["[UNK]", "the", "cat", "dog", "b", "stop", "sat", "on", "mat", "dont", "c", "bites", "a"],
        [
            [1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1],
            [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0],
        ],
    ),
    (
        {"output_mode": "tf_idf"},
        ["[UNK]", "the", "cat", "dog", "b", "stop", "sat", "on", "mat", "dont", "c", "bites", "a"],
        [
            [
                1.170621,
                0.980829,
                0.81093,
                0.0,
                0.0,
                0.0,
                1.252763,
                1.252763,
                1.252763,
                0.0,
                0.0,
                0.0,
                1.252763,
            ],
            [0.0, 0.0, 0.0, 0.980829, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            [1.170621, 0.0, 0.0, 0.0, 2.505526, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        ],
    ),
    (
        {"output_mode": "tf_idf", "max_tokens": 6},
        ["[UNK]", "the", "cat", "dog", "b", "stop"],
        [
            [5.278114, 0.980829, 0.81093, 0.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, 0.980829, 0.0, 0.0],
            [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            [1.055623, 0.0, 0.0, 0.0, 2.505526, 0.0],
        ],
    ),
    (
        {"output_mode": "count", "ngrams": 2, "max_tokens": 9},
        ["[UNK]", "the", "cat", "the cat", "dog", "b", "the mat", "the dog", "stop"],
        [
            [10, 1, 1, 1, 0, 0, 0, 0, 0],
            [0, 0, 0, 0, 1, 0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0, 0, 0, 0],
            [3, 0, 0, 0, 0, 2, 0, 0, 0],
        ],
    ),
]


@pytest.mark.parametrize("case", WORDS, ids=lambda c: str(c[0]))
def test_words_are_numbered_as_in_keras(case: Any) -> None:
    arguments, vocabulary, expected = case
    layer = L.TextVectorization(**arguments)
    layer.adapt(TRAIN)
    assert layer.get_vocabulary() == vocabulary and layer.vocabulary_size() == len(vocabulary)
    assert layer.get_vocabulary(include_special_tokens=False) == [
        w for w in vocabulary if w not in ("", "[UNK]")
    ]
    for texts in (TEXTS, np.array(TEXTS), np.array(TEXTS, object), [t.encode() for t in TEXTS]):
        np.testing.assert_allclose(layer(texts).numpy(), expected, rtol=1e-5, atol=1e-6)
    if arguments.get("split", "") is not None:
        np.testing.assert_allclose(layer(np.array(TEXTS)[:, None]).numpy(), expected, rtol=1e-5, atol=1e-6)
    again = decode(encode(layer))
    np.testing.assert_array_equal(again(TEXTS).numpy(), layer(TEXTS).numpy())
    streamed = L.TextVectorization(**arguments)
    streamed.adapt(Dataset.from_tensor_slices((np.array(TRAIN), np.zeros(5))).batch(2))
    assert streamed.get_vocabulary() == vocabulary


STRINGS = np.array([["a", "b", "a"], ["c", "", "a"], ["b", "q", "d"]])
STRINGS_ASKED = np.array([["a", "z", "", "d"], ["q", "yy", "b", "zzz"]])
NUMBERS = np.array([[5, 7, 5], [9, -1, 5], [0, 7, 100]])
NUMBERS_ASKED = np.array([[5, 8, 0, 100], [9, 11, 12, -1]])

# Class, arguments, vocabulary after adapt, and what Keras 3.15 answers.
LOOKUPS: list[tuple[Any, dict[str, Any], list[Any], Any]] = [
    (L.StringLookup, {}, ["[UNK]", "a", "b", "q", "d", "c", ""], [[1, 0, 6, 4], [3, 0, 2, 0]]),
    (
        L.StringLookup,
        {"mask_token": ""},
        ["", "[UNK]", "a", "b", "q", "d", "c"],
        [[2, 1, 0, 5], [4, 1, 3, 1]],
    ),
    (
        L.StringLookup,
        {"num_oov_indices": 3},
        ["[UNK]", "[UNK]", "[UNK]", "a", "b", "q", "d", "c", ""],
        [[3, 1, 8, 6], [5, 1, 4, 0]],
    ),
    (
        L.StringLookup,
        {"num_oov_indices": 2, "mask_token": ""},
        ["", "[UNK]", "[UNK]", "a", "b", "q", "d", "c"],
        [[3, 2, 0, 6], [5, 2, 4, 1]],
    ),
    (
        L.StringLookup,
        {"output_mode": "multi_hot"},
        ["[UNK]", "a", "b", "q", "d", "c", ""],
        [[1, 1, 0, 0, 1, 0, 1], [1, 0, 1, 1, 0, 0, 0]],
    ),
    (
        L.StringLookup,
        {"output_mode": "count", "mask_token": ""},
        ["[UNK]", "a", "b", "q", "d", "c"],
        [[1, 1, 0, 0, 1, 0], [2, 0, 1, 1, 0, 0]],
    ),
    (
        L.StringLookup,
        {"output_mode": "one_hot", "mask_token": ""},
        ["[UNK]", "a", "b", "q", "d", "c"],
        [
            [[0, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0]],
            [[0, 0, 0, 1, 0, 0], [1, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0], [1, 0, 0, 0, 0, 0]],
        ],
    ),
    (
        L.StringLookup,
        {"output_mode": "tf_idf"},
        ["[UNK]", "a", "b", "q", "d", "c", ""],
        [
            [0.84191, 0.693147, 0.0, 0.0, 0.916291, 0.0, 0.916291],
            [1.683819, 0.0, 0.693147, 0.916291, 0.0, 0.0, 0.0],
        ],
    ),
    (L.StringLookup, {"max_tokens": 3}, ["[UNK]", "a", "b"], [[1, 0, 0, 0], [0, 0, 2, 0]]),
    (
        L.StringLookup,
        {"num_oov_indices": 3, "salt": 5},
        ["[UNK]", "[UNK]", "[UNK]", "a", "b", "q", "d", "c", ""],
        [[3, 2, 8, 6], [5, 1, 4, 0]],
    ),
    (L.IntegerLookup, {}, [-1, 5, 7, 100, 9, 0], [[1, 0, 5, 3], [4, 0, 0, 0]]),
    (L.IntegerLookup, {"mask_token": 0}, [0, -1, 5, 7, 100, 9], [[2, 1, 0, 4], [5, 1, 1, 1]]),
    (L.IntegerLookup, {"num_oov_indices": 3}, [-1, -1, -1, 5, 7, 100, 9, 0], [[3, 2, 7, 5], [6, 2, 0, 2]]),
    (
        L.IntegerLookup,
        {"num_oov_indices": 3, "oov_method": "farmhash"},
        [-1, -1, -1, 5, 7, 100, 9, 0],
        [[3, 1, 7, 5], [6, 1, 1, 0]],
    ),
    (
        L.IntegerLookup,
        {"output_mode": "multi_hot"},
        [-1, 5, 7, 100, 9, 0],
        [[1, 1, 0, 1, 0, 1], [1, 0, 0, 0, 1, 0]],
    ),
    (
        L.IntegerLookup,
        {"output_mode": "count", "mask_token": 0},
        [-1, 5, 7, 100, 9],
        [[1, 1, 0, 1, 0], [3, 0, 0, 0, 1]],
    ),
    (
        L.IntegerLookup,
        {"output_mode": "one_hot"},
        [-1, 5, 7, 100, 9, 0],
        [
            [[0, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1], [0, 0, 0, 1, 0, 0]],
            [[0, 0, 0, 0, 1, 0], [1, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]],
        ],
    ),
    (
        L.IntegerLookup,
        {"output_mode": "tf_idf", "mask_token": 0},
        [-1, 5, 7, 100, 9],
        [[0.804719, 0.693147, 0.0, 0.916291, 0.0], [2.414157, 0.0, 0.0, 0.0, 0.916291]],
    ),
]


@pytest.mark.parametrize("case", LOOKUPS, ids=lambda c: f"{c[0].__name__}-{c[1]}")
def test_lookups_are_those_of_keras(case: Any) -> None:
    cls, arguments, vocabulary, expected = case
    layer, texts = cls(**arguments), cls is L.StringLookup
    layer.adapt(STRINGS if texts else NUMBERS)
    asked = STRINGS_ASKED if texts else NUMBERS_ASKED
    assert layer.get_vocabulary() == vocabulary
    np.testing.assert_allclose(layer(asked).numpy(), expected, rtol=1e-5, atol=1e-6)
    again = decode(encode(layer))
    np.testing.assert_array_equal(again(asked).numpy(), layer(asked).numpy())
    x = L.Input((4,), dtype="string" if texts else "int64")
    model = tw.models.Model(x, layer(x))
    np.testing.assert_allclose(model.predict(asked), expected, rtol=1e-5, atol=1e-6)


# What Keras 3.15 gives.
HASHES: list[tuple[dict[str, Any], Any, Any]] = [
    ({"num_bins": 3}, [["A"], ["B"], ["C"], [""], ["D"]], [[1], [0], [1], [2], [1]]),
    ({"num_bins": 4, "mask_value": ""}, [["A"], ["B"], ["C"], [""], ["D"]], [[2], [1], [2], [0], [2]]),
    ({"num_bins": 5, "salt": 133}, [["A"], ["B"], ["C"], [""], ["D"]], [[4], [3], [2], [2], [3]]),
    ({"num_bins": 5, "salt": (133, 137)}, [["A"], ["B"], ["C"], [""], ["D"]], [[4], [0], [2], [0], [2]]),
    (
        {"num_bins": 3, "output_mode": "multi_hot"},
        [["A"], ["B"], ["C"], [""], ["D"]],
        [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]],
    ),
    (
        {"num_bins": 3, "output_mode": "one_hot"},
        [["A"], ["B"], ["C"], [""], ["D"]],
        [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]],
    ),
    ({"num_bins": 3, "output_mode": "count"}, [["A", "B", "A"]], [[1.0, 2.0, 0.0]]),
    ({"num_bins": 7}, [[1, 20, 300], [-4, 5, 0]], [[5, 6, 3], [3, 1, 2]]),
]


@pytest.mark.parametrize("case", HASHES, ids=lambda c: str(c[0]))
def test_hashes_are_those_of_keras(case: Any) -> None:
    arguments, given, expected = case
    layer = L.Hashing(**arguments)
    np.testing.assert_array_equal(layer(np.array(given)).numpy(), expected)
    kind = "int64" if isinstance(given[0][0], int) else "string"
    x = L.Input((len(given[0]),), dtype=kind)
    np.testing.assert_array_equal(tw.models.Model(x, layer(x)).predict(np.array(given)), expected)


def test_crossings_are_those_of_keras() -> None:
    words, numbers = np.array(["A", "B", "A", "some longer words here", ""]), np.array([101, 101, -5, 102, 7])
    layer = L.HashedCrossing(1000)
    assert layer((words, numbers)).tolist() == [891, 754, 404, 824, 451]
    assert layer((numbers, words, numbers)).tolist() == [215, 43, 635, 18, 835]
    vectors = L.HashedCrossing(5, output_mode="one_hot")
    a, b = L.Input((1,), dtype="string", name="a"), L.Input((1,), dtype="int64", name="b")
    found = tw.models.Model([a, b], vectors([a, b])).predict([words[:, None], numbers[:, None]])
    np.testing.assert_array_equal(found, np.eye(5)[L.HashedCrossing(5)((words, numbers)).numpy()])


def test_hashes_of_every_length() -> None:
    """Fingerprints modulo 2**61 - 1, plain and under the key (3, 4), as TensorFlow 2.21 computes them."""
    for text, plain, keyed in FINGERPRINTS:
        assert farm_hash(text.encode()) % (2**61 - 1) == plain
        assert sip_hash(text.encode(), (3, 4)) % (2**61 - 1) == keyed


FINGERPRINTS = [
    ("", 1936946117179621459, 417611336525820320),
    ("a", 1388589064740894184, 198698237007146911),
    ("ab", 760385211680531747, 116254680207172213),
    ("abc", 334871249046467434, 2020792021568427073),
    ("abcd", 1897425971756105985, 460575132199700453),
    ("thalweg", 2049722551992314759, 441078921242016886),
    ("12345678", 1124160918776690411, 477105973435032019),
    ("0123456789abcdef", 1493332391325024361, 2042384619312642603),
    ("ggae hgeh", 1598975616292817294, 2155754366142558059),
    ("fxd cecbxe zxce", 1086019699470712583, 1021283250863535717),
    ("bzbyfh bfgfxyd hh", 1442286613709784638, 2037132132702719364),
    (" ea abzgzyyaxhfdzfzb", 507608756720282322, 1151272340333555145),
    ("dxddc hbbf hbe ezb f dx xehbxgf", 1586403890645693273, 86031725113737045),
    ("xdecdcaxyehbbyccabz ygz e ddyxgx", 720419317628884743, 420301666461141105),
    ("ehhyyzfbfxbhxyfddazebzdfcfgabczda", 763642524052821134, 568229147544541684),
    ("xy xybabydxxbgbfbaxadczbhdzaya gxbebdbye", 2152888156219242170, 303976200994589936),
    (
        "fgca haxbzgdefzhxczydayccf ebxhycahygx eyfgyec zahzbfza ecdhfxe",
        1331194911229295275,
        1012778143154841998,
    ),
    (
        "yfxyxczegzgybaxdzfcddyhgzyxgagzxgyzachbezch h xaahfehagd ybzcagy",
        516263392619499457,
        1747775404929869316,
    ),
    (
        "gfadazay xbdbxydeezcbhgybaehbecy yyfbceaaadye ffxazzxyhzyhygf cdg",
        2216356862411320660,
        759916855261251236,
    ),
    (
        "xeaccefffzbfxaaeccxefg cebhzdaec zbegfegbb hhffbhbzhgaefzyccyxgybb",
        1079458103507925300,
        2115377396753116076,
    ),
    (
        "geyfbdhyfy aggagzfhdfehbcbeb xzczhgcggcdhf cfhyybhdeazhxhadebye xcgzhbyhd geyabe"
        "yaaeg xzghbzefeydxbabee fb dcbgee cx yd bgy gzeeh",
        308284778093361780,
        1005883563695574706,
    ),
]


# The layers themselves.


def test_inverted_lookups_give_tokens() -> None:
    names = L.StringLookup(vocabulary=["a", "b"], invert=True)
    assert names([[1, 2, 0, 9]]).tolist() == [["a", "b", "[UNK]", "[UNK]"]]
    numbers = L.IntegerLookup(vocabulary=[12, 36], invert=True)
    assert numbers(np.array([1, 2, 0])).tolist() == [12, 36, -1]
    with pytest.raises(DTypeError, match="makes texts, which only arrays can hold"):
        names(L.Input((3,), dtype="int64"))


def test_a_model_is_called_on_texts() -> None:
    words, ages = L.Input((1,), dtype="string", name="word"), L.Input((1,), name="age")
    number = L.StringLookup(vocabulary=["a", "b"])(words)
    texts, years = np.array([["b"], ["x"]]), np.array([[1.0], [2.0]])
    assert tw.models.Model(words, number)(texts).tolist() == [[2], [0]]
    both = tw.models.Model({"word": words, "age": ages}, [number, ages])({"word": texts, "age": years})
    assert [part.tolist() for part in both] == [[[2], [0]], [[1.0], [2.0]]]
    rows = tw.models.Sequential([L.StringLookup(vocabulary=["a", "b"]), L.Embedding(3, 2)])
    assert rows(texts).shape == (2, 1, 2)


def test_functions_of_a_user_standardise_and_split() -> None:
    layer = L.TextVectorization(standardize=np.char.upper, split=lambda texts: [t.split("-") for t in texts])
    layer.adapt(["a-b", "b-c-b"])
    assert layer.get_vocabulary() == ["", "[UNK]", "B", "C", "A"]
    assert layer(["c-b-x"]).tolist() == [[3, 2, 1]]


def test_vocabularies_from_lists_and_files(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("earth\nwind\nünd\n", encoding="utf-8")
    for vocabulary in (
        file,
        str(file),
        ["earth", "wind", "ünd"],
        np.array(["", "[UNK]", "earth", "wind", "ünd"]),
    ):
        layer = L.TextVectorization(vocabulary=vocabulary)
        assert layer.get_vocabulary() == ["", "[UNK]", "earth", "wind", "ünd"]
        assert layer(["Wind Ünd x"]).tolist() == [[3, 4, 1]]
    (tmp_path / "numbers.txt").write_text("5\n-7\n")
    assert L.IntegerLookup(vocabulary=tmp_path / "numbers.txt")([[-7, 5]]).tolist() == [[2, 1]]
    with pytest.raises(DataError, match="a description may not name a file"):
        decode({"$class": "layers.StringLookup", "config": {"vocabulary": str(file)}})


def test_texts_of_every_kind_are_tensors_and_back() -> None:
    texts = np.array([["ab", ""], ["ünï", "漢字 𝄞"]])
    codes = text_codes(texts)
    assert codes.shape == (2, 2, 16) and codes.dtype == np.uint32
    np.testing.assert_array_equal(texts_of(codes), texts)
    assert text_codes(["x" * 17]).shape == (1, 32) and text_codes([""]).shape == (1, 16)
    with pytest.raises(DataError, match="a number that is no character"):
        texts_of(np.full((1, 4), 0xFFFFFFFF, np.uint32))


# Models of texts.

FILMS = np.array(["good film", "bad film", "very good", "awful bad", "good good", "bad awful thing"] * 5)
LIKED = np.array([1, 0, 1, 0, 1, 0] * 5)


def net(**options: Any) -> Any:
    tw.random.set_seed(0)
    words = L.TextVectorization(**options)
    words.adapt(FILMS)
    if words.output_mode == "int":
        between = [L.Embedding(words.vocabulary_size(), 4), L.GlobalAveragePooling1D()]
    else:
        between = []
    model = tw.models.Sequential([words, *between, L.Dense(1, activation="sigmoid")])
    model.compile(tw.optimizers.Adam(0.1), "binary_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize(
    "options",
    [{}, {"output_sequence_length": 3}, {"output_mode": "tf_idf"}, {"output_mode": "multi_hot", "ngrams": 2}],
)
def test_a_model_of_texts_learns_and_is_saved_with_its_vocabulary(options: Any, tmp_path: Path) -> None:
    model = net(**options)
    model.fit(FILMS, LIKED, epochs=10, verbose=0)
    batches = Dataset.from_tensor_slices((FILMS, LIKED)).batch(7)
    assert model.evaluate(FILMS, LIKED, verbose=0)[1] == 1.0
    np.testing.assert_allclose(
        model.evaluate(batches, verbose=0), model.evaluate(FILMS, LIKED, verbose=0), rtol=1e-5
    )
    long = model.predict(["good " * 40, "awful " * 30])  # longer than any text that it was trained on
    assert long.shape == (2, 1) and long[0, 0] > long[1, 0]
    model.save(tmp_path / "films.safetensors")
    again = tw.models.load_model(tmp_path / "films.safetensors")
    np.testing.assert_array_equal(again.predict(FILMS), model.predict(FILMS))
    assert again.layers[0].get_vocabulary() == model.layers[0].get_vocabulary()


def test_a_graph_of_texts_and_numbers() -> None:
    texts, age = L.Input((1,), dtype="string", name="texts"), L.Input((1,), name="age")
    words = L.TextVectorization(output_mode="multi_hot", vocabulary=["good", "bad"])
    both = L.Concatenate()([words(texts), age])
    model = tw.models.Model([texts, age], L.Dense(1, kernel_initializer="ones")(both))
    found = model.predict([np.array([["good"], ["good bad x"]]), np.array([[10.0], [20.0]])])
    np.testing.assert_allclose(found, [[11.0], [23.0]])


def test_texts_are_made_numbers_in_a_pipeline() -> None:
    words = L.TextVectorization(output_sequence_length=2, vocabulary=["good", "bad"])
    dataset = Dataset.from_tensor_slices((FILMS, LIKED)).batch(4).map(lambda x, y: (words(x), y)).prefetch(1)
    x, y = next(iter(dataset))
    assert (
        x.tolist() == [[2, 1], [3, 1], [1, 2], [1, 3]] and x.dtype == np.int64 and y.tolist() == [1, 0, 1, 0]
    )


# What is said of mistakes.

BAD: list[tuple[Any, Any, str]] = [
    (lambda: L.TextVectorization()(["a"]), ArgumentError, r"has no vocabulary.*adapt"),
    (
        lambda: L.TextVectorization(standardize="upper"),
        ArgumentError,
        r"standardize; expected lower_and.*'upper'",
    ),
    (lambda: L.TextVectorization(split="comma"), ArgumentError, r"split; expected whitespace, character"),
    (lambda: L.TextVectorization(output_mode="ints"), ArgumentError, r"output_mode; expected int, one_hot"),
    (lambda: L.TextVectorization(ragged=True), ArgumentError, r"ragged; expected False"),
    (lambda: L.TextVectorization(sparse=True), ArgumentError, r"sparse; expected False"),
    (lambda: L.TextVectorization(max_tokens=1), ArgumentError, r"max_tokens; expected more than 1"),
    (
        lambda: L.TextVectorization(output_mode="count", output_sequence_length=3),
        ArgumentError,
        r"output_sequence_length",
    ),
    (
        lambda: L.TextVectorization(vocabulary=["a"])(np.array([["a", "b"]])),
        ShapeError,
        r"\[batch\] or \[batch, 1\]",
    ),
    (lambda: L.TextVectorization(vocabulary=["a"])(np.array([1.5])), DTypeError, r"not an array of texts"),
    (
        lambda: L.TextVectorization(vocabulary=["a"])(L.Input((3,))),
        DTypeError,
        r'takes texts.*Input\(\.\.\., dtype="string"\)',
    ),
    (lambda: L.TextVectorization().adapt(["", "..."]), DataError, r"hold no tokens"),
    (lambda: L.StringLookup(vocabulary=["a", "b", "a"]), DataError, r"more than once: 'a'"),
    (lambda: L.StringLookup(vocabulary=["a", "m"], mask_token="m"), DataError, r"holds the mask token: 'm'"),
    (lambda: L.StringLookup(vocabulary=[]), DataError, r"vocabulary is empty"),
    (
        lambda: L.StringLookup(vocabulary=["a", "b", "c"], max_tokens=3),
        DataError,
        r"longer than max_tokens; expected at most 3; received 4",
    ),
    (
        lambda: L.StringLookup(vocabulary="/no/such/file"),
        DataError,
        r"cannot read the vocabulary '/no/such/file'",
    ),
    (
        lambda: L.StringLookup(vocabulary=["a"], num_oov_indices=0)(["b"]),
        DataError,
        r"'b' is not in the vocabulary",
    ),
    (
        lambda: L.StringLookup(vocabulary=["a"], output_mode="tf_idf"),
        ArgumentError,
        r"idf_weights; expected given",
    ),
    (
        lambda: L.StringLookup(vocabulary=["a"], idf_weights=[1.0]),
        ArgumentError,
        r"idf_weights; expected left out",
    ),
    (
        lambda: L.StringLookup(vocabulary=["a"], idf_weights=[1, 2], output_mode="tf_idf"),
        ArgumentError,
        r"expected 1 numbers",
    ),
    (
        lambda: L.StringLookup(pad_to_max_tokens=True),
        ArgumentError,
        r"pad_to_max_tokens; expected max_tokens",
    ),
    (
        lambda: L.StringLookup(invert=True, output_mode="count"),
        ArgumentError,
        r"invert; expected output_mode='int'",
    ),
    (lambda: L.StringLookup(num_oov_indices=-1), ArgumentError, r"num_oov_indices; expected 0 or more"),
    (lambda: L.StringLookup(encoding="latin-1"), ArgumentError, r"encoding; expected utf-8"),
    (
        lambda: L.IntegerLookup(vocabulary=[1])([1.5]),
        DTypeError,
        r"takes whole numbers; received dtype float64",
    ),
    (lambda: L.IntegerLookup(vocabulary=["x"]), DataError, r"vocabulary holds 'x'; expected whole numbers"),
    (lambda: L.IntegerLookup(oov_method="crc"), ArgumentError, r"oov_method; expected floormod or farmhash"),
    (lambda: L.Hashing(0), ArgumentError, r"num_bins; expected at least 1"),
    (lambda: L.Hashing(3, salt="x"), ArgumentError, r"salt; expected an int, or two"),
    (lambda: L.HashedCrossing(0), ArgumentError, r"num_bins; expected at least 1"),
    (lambda: L.HashedCrossing(3)(FILMS), ArgumentError, r"inputs; expected a list of at least two features"),
    (
        lambda: L.HashedCrossing(3)((np.array([1, 2]), np.array([1]))),
        ShapeError,
        r"one shape for all.*received \[2\], \[1\]",
    ),
    (
        lambda: L.HashedCrossing(3)((np.array([1.5]), np.array([1]))),
        DTypeError,
        r"expected texts or whole numbers; received float64, int64",
    ),
    (lambda: net().fit(FILMS, FILMS), DTypeError, r"y does not hold numbers"),
    (
        lambda: tw.models.Sequential([L.Dense(1)]).predict(FILMS),
        DTypeError,
        r"x does not hold numbers.*TextVectorization",
    ),
]


@pytest.mark.parametrize("case", BAD, ids=lambda c: c[2])
def test_mistakes_are_named(case: Any) -> None:
    make, error, message = case
    with pytest.raises(error, match=message):
        make()
