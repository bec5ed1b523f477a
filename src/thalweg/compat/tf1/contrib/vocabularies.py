"""``tf.contrib.learn.preprocessing``: texts as rows of word numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.compat.names import Namespace
from thalweg.errors import DataError
from thalweg.files import atomic_write_text

_WORD = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z][a-z]+(?=[A-Z])|[\'\w\-]+", re.UNICODE)
_UNKNOWN = "<UNK>"


class CategoricalVocabulary:
    """Words and their numbers; 0 is a word that is not known."""

    def __init__(self, unknown_token: str = _UNKNOWN, support_reverse: bool = True) -> None:
        self._unknown_token, self._support_reverse = unknown_token, support_reverse
        self._mapping = {unknown_token: 0}
        self._reverse_mapping = [unknown_token]
        self._freq: dict[Any, int] = {}
        self._freeze = False

    def __len__(self) -> int:
        return len(self._mapping)

    def freeze(self, freeze: bool = True) -> None:
        """Take in no further words (or take them in again)."""
        self._freeze = freeze

    def get(self, category: Any) -> int:
        """The number of a word, a new one for a new word; 0 for a new word once frozen."""
        if category not in self._mapping:
            if self._freeze:
                return 0
            self._mapping[category] = len(self._mapping)
            self._reverse_mapping.append(category)
        return self._mapping[category]

    def add(self, category: Any, count: int = 1) -> None:
        """Count a word."""
        if self.get(category) > 0:
            self._freq[category] = self._freq.get(category, 0) + count

    def trim(self, min_frequency: int, max_frequency: int = -1) -> None:
        """Keep words that occur more often than ``min_frequency`` (and, where it is above 0, less often than
        ``max_frequency``); the most frequent come first, equally frequent ones in the order of the alphabet.
        """
        words = sorted(self._freq, key=lambda word: (isinstance(word, str), word))
        words.sort(key=lambda word: -self._freq[word])
        kept = [w for w in words if self._freq[w] > min_frequency]
        if max_frequency > 0:
            kept = [w for w in kept if self._freq[w] < max_frequency]
        self._reverse_mapping = [self._unknown_token, *kept]
        self._mapping = {w: k for k, w in enumerate(self._reverse_mapping)}
        self._freq = {w: self._freq[w] for w in kept}

    def reverse(self, class_id: int) -> Any:
        """The word of a number."""
        if not self._support_reverse:
            raise ValueError(
                "This vocabulary wasn't initialized with support_reverse to support reverse() function."
            )
        return self._reverse_mapping[class_id]


def tokenizer(iterator: Iterable[str]) -> Iterator[list[str]]:
    """The words of each text."""
    for text in iterator:
        yield _WORD.findall(text)


class VocabularyProcessor:
    """Texts as rows of word numbers, all of one length."""

    def __init__(
        self,
        max_document_length: int,
        min_frequency: int = 0,
        vocabulary: Any = None,
        tokenizer_fn: Callable[[Iterable[str]], Iterable[Any]] | None = None,
    ) -> None:
        self.max_document_length, self.min_frequency = max_document_length, min_frequency
        self.vocabulary_ = CategoricalVocabulary() if vocabulary is None else vocabulary
        self._tokenizer = tokenizer_fn or tokenizer

    def fit(self, raw_documents: Iterable[str], unused_y: Any = None) -> VocabularyProcessor:
        """Learn the words."""
        for tokens in self._tokenizer(raw_documents):
            for token in tokens:
                self.vocabulary_.add(token)
        if self.min_frequency > 0:
            self.vocabulary_.trim(self.min_frequency)
        self.vocabulary_.freeze()
        return self

    def transform(self, raw_documents: Iterable[str]) -> Iterator[np.ndarray]:
        """A row of numbers for each text."""
        for tokens in self._tokenizer(raw_documents):
            row = np.zeros(self.max_document_length, np.int64)
            for k, token in zip(range(self.max_document_length), tokens, strict=False):
                row[k] = self.vocabulary_.get(token)
            yield row

    def fit_transform(self, raw_documents: Iterable[str], unused_y: Any = None) -> Iterator[np.ndarray]:
        """Both."""
        return self.fit(raw_documents).transform(raw_documents)

    def reverse(self, documents: Iterable[Any]) -> Iterator[str]:
        """The words of rows of numbers."""
        for row in documents:
            yield " ".join(self.vocabulary_.reverse(int(k)) for k in row)

    def save(self, filename: str) -> None:
        """Write the words, their counts and numbers to a file, as JSON."""
        words, own = self.vocabulary_, self._tokenizer is not tokenizer
        content = {
            "thalweg_vocabulary": 1,
            "max_document_length": int(self.max_document_length),
            "min_frequency": int(self.min_frequency),
            "words": words._reverse_mapping,
            "counts": [words._freq.get(word, 0) for word in words._reverse_mapping],
            "frozen": words._freeze,
            "tokenizer": getattr(self._tokenizer, "__name__", "tokenizer_fn") if own else None,
        }
        atomic_write_text(filename, json.dumps(content))

    @classmethod
    def restore(cls, filename: str) -> VocabularyProcessor:
        """The processor that was saved to a file. Where the program gave a tokenizer, it must be given again."""
        try:
            found = json.loads(Path(filename).read_text("utf-8"))
            made = cls(found["max_document_length"], found["min_frequency"])
            words, counts, frozen, own = (found[key] for key in ("words", "counts", "frozen", "tokenizer"))
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"VocabularyProcessor.restore: {filename} is no vocabulary saved by save()"
            ) from error
        vocabulary = CategoricalVocabulary(words[0])
        vocabulary._reverse_mapping = words
        vocabulary._mapping = {word: k for k, word in enumerate(words)}
        vocabulary._freq = dict(zip(words[1:], counts[1:], strict=True))
        vocabulary._freeze = frozen
        made.vocabulary_ = vocabulary
        if own:
            made._tokenizer = _tokenizer_wanted(own)
        return made


def _tokenizer_wanted(name: str) -> Callable[[Iterable[str]], Iterable[Any]]:
    def wanted(iterator: Iterable[str]) -> Iterable[Any]:
        raise ValueError(
            f"This VocabularyProcessor was saved with a tokenizer of the program's own, {name!r}, and a file holds no "
            f"functions: set processor._tokenizer = {name} after restore()"
        )

    return wanted


_NAMES: dict[str, Any] = {
    "VocabularyProcessor": VocabularyProcessor,
    "CategoricalVocabulary": CategoricalVocabulary,
    "tokenizer": tokenizer,
}
preprocessing = Namespace(
    "tf.contrib.learn.preprocessing",
    **_NAMES,
    text=Namespace("tf.contrib.learn.preprocessing.text", **_NAMES),
)
