"""Texts as numbers of their words: standardise, split, n-grams, vocabulary."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, DataError, ShapeError, fail
from thalweg.layers.categories import counted
from thalweg.layers.lookup import StringLookup
from thalweg.layers.texts import as_texts

__all__ = ["TextVectorization"]

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_STANDARDIZE = ("lower_and_strip_punctuation", "lower", "strip_punctuation")
_SPLIT = ("whitespace", "character")


class TextVectorization(StringLookup):
    """Each text as the numbers of its words (0: padding, 1: unknown), or as one vector that counts them.

    ``standardize``: "lower_and_strip_punctuation", "lower", "strip_punctuation", None, or a function of an array of
    texts. ``split``: "whitespace", "character", None (each text is a token), or a function that makes a list of tokens
    of each text of an array. ``ngrams``: 2 adds pairs of neighbours; a tuple gives the lengths. ``output_mode``: "int",
    "multi_hot", "count" or "tf_idf". ``output_sequence_length`` pads and cuts "int" rows, which else are as long as the
    longest. ``max_tokens`` limits the vocabulary, special tokens among it.

    Inputs are texts [batch] or [batch, 1]; the layer may stand first in a model of texts, or in ``Dataset.map``.

    >>> words = TextVectorization(output_sequence_length=4)
    >>> words.adapt(["foo bar", "bar baz", "baz bada boom"])
    >>> words(["Foo qux, bar!", "qux baz"]).tolist()
    [[4, 1, 3, 0], [1, 2, 0, 0]]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: Any = "lower_and_strip_punctuation",
        split: Any = "whitespace",
        ngrams: int | Sequence[int] | None = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        **options: Any,
    ) -> None:
        self._known("standardize", standardize, _STANDARDIZE)
        self._known("split", split, _SPLIT)
        if ragged:
            raise fail(ArgumentError, "TextVectorization: ragged", expected="False", received=True,
                       hint="rows are padded with 0")  # fmt: skip
        if output_sequence_length is not None and output_mode != "int":
            raise fail(ArgumentError, "TextVectorization: output_sequence_length", expected="output_mode='int'",
                       received=output_mode)  # fmt: skip
        super().__init__(
            max_tokens=max_tokens, mask_token="", vocabulary=vocabulary, idf_weights=idf_weights,
            output_mode=output_mode, pad_to_max_tokens=pad_to_max_tokens, sparse=sparse, encoding=encoding, **options,
        )  # fmt: skip
        self.standardize, self.split = standardize, split
        self.ngrams = tuple(range(1, ngrams + 1)) if isinstance(ngrams, int) else tuple(ngrams or ())
        self.output_sequence_length = output_sequence_length
        self._one_each = (
            split is None and not self.ngrams and output_sequence_length is None
        )  # number for each text

    @staticmethod
    def _known(what: str, value: Any, names: Sequence[str]) -> None:
        if value is not None and not callable(value) and value not in names:
            raise fail(ArgumentError, f"TextVectorization: {what}", expected=f"{', '.join(names)}, None or a function",
                       received=repr(value))  # fmt: skip

    def rows_of(self, batch: Any) -> Iterable[Iterable[Any]]:
        texts = np.atleast_1d(as_texts(batch))
        if texts.ndim == 2 and texts.shape[1] == 1 and self.split is not None:
            texts = texts[:, 0]
        if texts.ndim != 1 and not (texts.ndim == 2 and self.split is None):
            raise fail(
                ShapeError, f"{self.name}: texts", expected="[batch] or [batch, 1]", received=texts.shape
            )
        rows = self._split(self._standardized(texts))
        return [self._grams(row) for row in rows] if self.ngrams else rows

    def _standardized(self, texts: np.ndarray) -> np.ndarray:
        if callable(self.standardize):
            return as_texts(self.standardize(texts))
        kind = self.standardize or ""
        texts = np.char.lower(texts) if "lower" in kind else texts
        if "punctuation" not in kind:
            return texts
        plain = [text.translate(_PUNCTUATION) for text in texts.ravel().tolist()]
        return np.array(plain, np.str_).reshape(texts.shape)

    def _split(self, texts: np.ndarray) -> list[list[str]]:
        if self.split is None:
            return texts.reshape(len(texts), -1).tolist()
        if callable(self.split):
            rows = [[str(token) for token in row] for row in self.split(texts)]
            if len(rows) != len(texts):
                raise fail(
                    DataError,
                    f"{self.name}: split",
                    expected=f"tokens of {len(texts)} texts",
                    received=len(rows),
                )
            return rows
        cut: Callable[[str], list[str]] = list if self.split == "character" else str.split
        return [cut(text) for text in texts.tolist()]

    def _grams(self, tokens: Iterable[str]) -> list[str]:
        row = list(tokens)
        return [" ".join(row[k : k + n]) for n in self.ngrams for k in range(len(row) - n + 1)]

    def compute(self, x: np.ndarray) -> np.ndarray:
        self._needs_vocabulary()
        rows = [self.numbers(row) for row in self.rows_of(x)]
        longest = max((len(row) for row in rows), default=0)
        fixed = self.output_sequence_length
        found = np.full(
            (len(rows), longest if fixed is None else fixed), 0 if self.output_mode == "int" else -1, np.int64
        )
        for place, row in zip(found, rows, strict=True):
            kept = row[:fixed]
            place[: len(kept)] = kept
        if self.output_mode == "int":
            return found.reshape(x.shape) if self._one_each else found
        if self.output_mode == "one_hot":
            return self.encoded(found)
        return self.weighed(counted(found, self.depth(), self.dtype))

    def output_for(self, shape: Any) -> tuple[Any, Any]:
        if self._one_each and self.output_mode == "int":
            return shape, "int64"
        if self.output_mode == "int":
            return (shape[0], self.output_sequence_length), "int64"
        self._needs_vocabulary()
        if self.output_mode == "one_hot":
            return (shape[0], None, self.depth()), self.dtype
        return (shape[0], self.depth()), self.dtype
