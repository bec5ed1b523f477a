"""``keras.preprocessing``: texts and sequences as numbers; images are in :mod:`thalweg.compat.keras.images`."""

from __future__ import annotations

import hashlib
import importlib
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from thalweg import data
from thalweg.compat.keras import images
from thalweg.compat.names import Namespace
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.nn.images import INTERPOLATIONS, resize

_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'

# --- sequences ------------------------------------------------------------------------------------------------------


def pad_sequences(
    sequences: Sequence[Any], maxlen: int | None = None, dtype: Any = "int32", padding: str = "pre",
    truncating: str = "pre", value: Any = 0.0,
) -> np.ndarray:  # fmt: skip
    """Sequences of one length, filled and cut at the front ("pre") or the back ("post").

    >>> pad_sequences([[1], [2, 3, 4]], maxlen=2).tolist()
    [[0, 1], [3, 4]]
    """
    for what, way in (("padding", padding), ("truncating", truncating)):
        if way not in ("pre", "post"):
            raise fail(ArgumentError, f"pad_sequences: {what}", expected="'pre' or 'post'", received=way)
    if any(not hasattr(s, "__len__") for s in sequences):
        raise ValueError("`sequences` must be a list of iterables, such as lists of numbers")
    length = max((len(s) for s in sequences), default=0) if maxlen is None else int(maxlen)
    inner: tuple[int, ...] = next((np.asarray(s).shape[1:] for s in sequences if len(s)), ())
    found = np.full((len(sequences), length, *inner), value, dtype=dtype)
    for k, sequence in enumerate(sequences):
        if not len(sequence) or not length:
            continue
        kept = sequence[-length:] if truncating == "pre" else sequence[:length]
        if padding == "pre":
            found[k, -len(kept) :] = kept
        else:
            found[k, : len(kept)] = kept
    return found


def skipgrams(
    sequence: Sequence[int], vocabulary_size: int, window_size: int = 4, negative_samples: float = 1.0,
    shuffle: bool = True, categorical: bool = False, sampling_table: Any = None, seed: int | None = None,
) -> tuple[list[list[int]], list[Any]]:  # fmt: skip
    """Pairs (word, word near it) labelled 1, and pairs (word, any word) labelled 0."""
    random = np.random.RandomState(seed)
    couples = [
        [word, sequence[j]]
        for i, word in enumerate(sequence)
        if word and (sampling_table is None or sampling_table[word] >= random.rand())
        for j in range(max(0, i - window_size), min(len(sequence), i + window_size + 1))
        if j != i and sequence[j]
    ]
    labels: list[Any] = [[0, 1] if categorical else 1] * len(couples)
    words = [c[0] for c in couples]
    random.shuffle(words)
    extra = int(len(labels) * negative_samples)
    couples += (
        [[words[k % len(words)], int(random.randint(1, vocabulary_size))] for k in range(extra)]
        if words
        else []
    )
    labels += [[1, 0] if categorical else 0] * (len(couples) - len(labels))
    if shuffle:
        order = random.permutation(len(couples))
        couples, labels = [couples[k] for k in order], [labels[k] for k in order]
    return couples, labels


def make_sampling_table(size: int, sampling_factor: float = 1e-5) -> np.ndarray:
    """The probability of keeping the word of each rank, by Zipf's law."""
    rank = np.arange(size)
    rank[0] = 1
    inverse = rank * (np.log(rank) + 0.577) + 0.5 - 1.0 / (12.0 * rank)
    share = sampling_factor * inverse
    return np.minimum(1.0, share / np.sqrt(share))


class TimeseriesGenerator:
    """Batches of windows of a series with the target that follows each; shuffled ones are drawn at random."""

    def __init__(
        self, data: Any, targets: Any, length: int, sampling_rate: int = 1, stride: int = 1, start_index: int = 0,
        end_index: int | None = None, shuffle: bool = False, reverse: bool = False, batch_size: int = 128,
    ) -> None:  # fmt: skip
        self.data, self.targets, self.length, self.rate = (
            np.asarray(data),
            np.asarray(targets),
            length,
            sampling_rate,
        )
        end = len(self.data) - 1 if end_index is None else end_index
        if len(self.data) > len(self.targets):
            raise fail(ShapeError, "TimeseriesGenerator: targets", expected=f"{len(self.data)} rows, as the data have",
                       received=len(self.targets))  # fmt: skip
        if start_index + length > end:
            raise fail(
                ArgumentError, "TimeseriesGenerator: length",
                expected=f"at most {end - start_index}: `start_index+length={start_index + length} > end_index={end}` "
                "is disallowed, as no part of the series would be left", received=length,
            )  # fmt: skip
        self.rows = np.arange(start_index + length, end + 1, stride)
        self.batch_size, self.reverse, self.shuffle = batch_size, reverse, shuffle

    def __len__(self) -> int:
        return -(-len(self.rows) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        if index >= len(self):
            raise IndexError(index)
        rows = self.rows[index * self.batch_size : (index + 1) * self.batch_size]
        if self.shuffle:
            rows = np.random.randint(self.rows[0], self.rows[-1] + 1, size=self.batch_size)
        windows = np.array([self.data[r - self.length : r : self.rate] for r in rows])
        return (windows[:, ::-1] if self.reverse else windows), self.targets[rows]


def base_filter() -> str:
    """What is no part of a word (Keras 1)."""
    return _FILTERS.replace("'", "")


# --- texts ----------------------------------------------------------------------------------------------------------


def text_to_word_sequence(
    text: str, filters: str = _FILTERS, lower: bool = True, split: str = " "
) -> list[str]:
    """The words of a text.

    >>> text_to_word_sequence("The cat, the hat.")
    ['the', 'cat', 'the', 'hat']
    """
    text = text.lower() if lower else text
    return [w for w in text.translate({ord(c): split for c in filters}).split(split) if w]


_HASHES: dict[Any, Any] = {
    None: lambda w: zlib.crc32(w.encode()),  # Python's own differs from process to process
    "md5": lambda w: int(hashlib.md5(w.encode()).hexdigest(), 16),
}


def hashing_trick(
    text: str,
    n: int,
    hash_function: Any = None,
    filters: str = _FILTERS,
    lower: bool = True,
    split: str = " ",
) -> list[int]:
    """A number from 1 to n - 1 for each word, the same for the same word."""
    of = hash_function if callable(hash_function) else _HASHES[hash_function]
    return [of(w) % (n - 1) + 1 for w in text_to_word_sequence(text, filters, lower, split)]


def one_hot(text: str, n: int, filters: str = _FILTERS, lower: bool = True, split: str = " ") -> list[int]:
    """:func:`hashing_trick` under its older name."""
    return hashing_trick(text, n, None, filters, lower, split)


class Tokenizer:
    """Numbers for words, by how often they occur; 0 is no word.

    >>> words = Tokenizer(num_words=3)
    >>> words.fit_on_texts(["a b a", "a c b"])
    >>> words.texts_to_sequences(["b a c"]), words.word_index
    ([[2, 1]], {'a': 1, 'b': 2, 'c': 3})
    """

    def __init__(
        self, num_words: int | None = None, filters: str = _FILTERS, lower: bool = True, split: str = " ",
        char_level: bool = False, oov_token: str | None = None, nb_words: int | None = None, document_count: int = 0,
    ) -> None:  # fmt: skip
        self.num_words = num_words if nb_words is None else nb_words
        self.filters, self.lower, self.split, self.char_level = filters, lower, split, char_level
        self.oov_token, self.document_count = oov_token, document_count
        self.word_counts: dict[str, int] = {}
        self.word_docs: dict[str, int] = {}
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}
        self.index_docs: dict[int, int] = {}

    def _words(self, text: Any) -> list[str]:
        if isinstance(text, list):
            return [w.lower() for w in text] if self.lower else text
        if self.char_level:
            return list(text.lower() if self.lower else text)
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def fit_on_sequences(self, sequences: Iterable[Sequence[int]]) -> None:
        """Count texts that are numbers already."""
        for sequence in sequences:
            self.document_count += 1
            for number in set(sequence):
                self.index_docs[number] = self.index_docs.get(number, 0) + 1

    def fit_on_texts(self, texts: Iterable[Any]) -> None:
        """Count the words of texts."""
        for text in texts:
            words = self._words(text)
            self.document_count += 1
            for word, n in Counter(words).items():
                self.word_counts[word] = self.word_counts.get(word, 0) + n
                self.word_docs[word] = self.word_docs.get(word, 0) + 1
        ranked = sorted(self.word_counts, key=lambda w: -self.word_counts[w])
        ranked = ([self.oov_token] if self.oov_token else []) + ranked
        self.word_index = {word: k for k, word in enumerate(ranked, 1)}
        self.index_word = {k: word for word, k in self.word_index.items()}
        self.index_docs = {self.word_index[word]: n for word, n in self.word_docs.items()}

    def texts_to_sequences(self, texts: Iterable[Any]) -> list[list[int]]:
        """The numbers of the words of each text; rare and unknown words are left out, or the ``oov_token``'s."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[Any]) -> Iterator[list[int]]:
        """The same, one text after another."""
        unknown = self.word_index.get(self.oov_token or "")
        for text in texts:
            numbers = [self.word_index.get(w) for w in self._words(text)]
            known = [
                n if n is not None and (not self.num_words or n < self.num_words) else unknown
                for n in numbers
            ]
            yield [n for n in known if n is not None]

    def sequences_to_texts(self, sequences: Iterable[Sequence[int]]) -> list[str]:
        """The words of numbers."""
        return [" ".join(self.index_word[n] for n in s if n in self.index_word) for s in sequences]

    def sequences_to_matrix(self, sequences: Sequence[Sequence[int]], mode: str = "binary") -> np.ndarray:
        """A row per text: whether ("binary"), how often ("count"), which share ("freq"), or tf-idf of each word."""
        size = self.num_words or len(self.word_index) + 1
        found = np.zeros((len(sequences), size))
        for row, sequence in zip(found, sequences):
            for n, times in Counter(n for n in sequence if n < size).items():
                if mode == "count":
                    row[n] = times
                elif mode == "freq":
                    row[n] = times / len(sequence)
                elif mode == "binary":
                    row[n] = 1
                elif mode == "tfidf":
                    docs = self.index_docs.get(n, 0)
                    row[n] = (1 + np.log(times)) * np.log(1 + self.document_count / (1 + docs))
                else:
                    raise fail(
                        ArgumentError, "mode", expected="binary, count, freq or tfidf", received=repr(mode)
                    )
        return found

    def get_config(self) -> dict[str, Any]:
        """What it was told and what it has counted, as data."""
        return dict(vars(self))

    def to_json(self) -> str:
        """:meth:`get_config` as JSON."""
        return json.dumps({"class_name": "Tokenizer", "config": self.get_config()})

    def texts_to_matrix(self, texts: Iterable[Any], mode: str = "binary") -> np.ndarray:
        """A row per text: see :meth:`sequences_to_matrix`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """The Tokenizer of ``to_json``."""
    made = Tokenizer()
    vars(made).update(json.loads(json_string)["config"])
    for name in ("index_word", "index_docs"):
        setattr(made, name, {int(k): v for k, v in getattr(made, name).items()})
    return made


sequence = Namespace(
    "keras.preprocessing.sequence", pad_sequences=pad_sequences, skipgrams=skipgrams,
    make_sampling_table=make_sampling_table, TimeseriesGenerator=TimeseriesGenerator,
)  # fmt: skip
text = Namespace(
    "keras.preprocessing.text", Tokenizer=Tokenizer, one_hot=one_hot, hashing_trick=hashing_trick,
    text_to_word_sequence=text_to_word_sequence, tokenizer_from_json=tokenizer_from_json,
    base_filter=base_filter,
)  # fmt: skip
image = images
load_img, img_to_array = images.load_img, images.img_to_array
array_to_img, save_img = images.array_to_img, images.save_img


def dataset(found: Any) -> Any:
    """A data set of the main library as ``tf.data.Dataset``, whose room stands on this one."""
    return importlib.import_module("thalweg.compat.tf2.data").of_folder(found)


def image_dataset_from_directory(
    directory: Any, labels: Any = "inferred", label_mode: Any = "int", class_names: Any = None,
    color_mode: str = "rgb", batch_size: int | None = 32, image_size: Any = (256, 256), shuffle: bool = True,
    seed: Any = None, validation_split: Any = None, subset: Any = None, interpolation: str = "bilinear",
    follow_links: bool = False, crop_to_aspect_ratio: bool = False, smart_resize: bool = False,
) -> Any:  # fmt: skip
    """Batches (images, labels) of the image files in the sub-folders of a folder, resized as ``tf.image.resize`` does.

    ``crop_to_aspect_ratio`` (``smart_resize`` until TensorFlow 2.5): of an image of other proportions the middle.
    """
    if interpolation not in INTERPOLATIONS:
        raise fail(ArgumentError, "image_dataset_from_directory: interpolation", expected=", ".join(INTERPOLATIONS),
                   received=interpolation)  # fmt: skip

    def resized(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        shown = _middle(pixels, size) if crop_to_aspect_ratio or smart_resize else pixels
        return np.asarray(resize(shown, size, interpolation).array())

    return dataset(
        data.image_dataset_from_directory(
            directory, labels, label_mode, class_names, color_mode, batch_size, image_size, shuffle, seed,
            validation_split, subset, follow_links=follow_links, resize=resized,
        )
    )  # fmt: skip


def _middle(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The largest part in the middle with the proportions of a size."""
    height, width = pixels.shape[:2]
    h, w = min(height, int(width * size[0] / size[1])), min(width, int(height * size[1] / size[0]))
    top, left = (height - h) // 2, (width - w) // 2
    return pixels[top : top + h, left : left + w]


def text_dataset_from_directory(directory: Any, *args: Any, **options: Any) -> Any:
    """Batches (texts, labels) of the text files in the sub-folders of a folder."""
    return dataset(data.text_dataset_from_directory(directory, *args, **options))


_Pipeline = data.Dataset


def timeseries_dataset_from_array(
    data: Any, targets: Any, sequence_length: int, sequence_stride: int = 1, sampling_rate: int = 1,
    batch_size: int | None = 128, shuffle: bool = False, seed: Any = None, start_index: Any = None,
    end_index: Any = None,
) -> Any:  # fmt: skip
    """A data set of windows of a series and the targets at their beginnings."""
    series = np.asarray(data)[start_index or 0 : end_index]
    goals = None if targets is None else np.asarray(targets)[start_index or 0 :]
    count = len(series) - (sequence_length - 1) * sampling_rate
    starts = np.arange(0, count if goals is None else min(count, len(goals)), sequence_stride)
    if shuffle:
        np.random.RandomState(seed).shuffle(starts)
    windows = starts[:, None] + np.arange(sequence_length) * sampling_rate
    parts = series[windows] if goals is None else (series[windows], goals[starts])
    found = _Pipeline.from_tensor_slices(parts)
    return dataset(found if batch_size is None else found.batch(batch_size))
