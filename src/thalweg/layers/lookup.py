"""Layers that number texts and whole numbers: by a vocabulary, or by a hash."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import islice
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, DataError, DTypeError, ShapeError, fail
from thalweg.graph.tensor import Spec, Tensor, check_shape, shape_text
from thalweg.layers.categories import counted, one_hot_rows
from thalweg.layers.hashes import farm_hash, joined_hash, sip_hash
from thalweg.layers.texts import Hosted, as_texts, is_texts
from thalweg.nested import flat

__all__ = ["HashedCrossing", "Hashing", "IntegerLookup", "StringLookup"]

MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")


def checked_mode(layer: Any, mode: str, modes: Sequence[str] = MODES) -> str:
    """The output mode under its present name, or an error that lists those there are."""
    mode = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(mode, mode)
    if mode not in modes:
        raise fail(
            ArgumentError,
            f"{type(layer).__name__}: output_mode",
            expected=", ".join(modes),
            received=repr(mode),
        )
    return mode


def no_sparse(layer: Any, sparse: bool) -> None:
    """There are no sparse tensors."""
    if sparse:
        raise fail(ArgumentError, f"{type(layer).__name__}: sparse", expected="False", received=True,
                   hint="the dense result holds the same numbers")  # fmt: skip


def batches_of(data: Any, steps: int | None = None) -> Iterator[Any]:
    """The arrays in what ``adapt`` is given: an array or a list of values is one; else batches, of x or (x, y)."""
    arrays = isinstance(data, (list, tuple)) and len(data) and all(hasattr(part, "shape") for part in data)
    if hasattr(data, "shape") or (isinstance(data, (list, tuple, str)) and not arrays):
        yield data
        return
    for batch in islice(data, steps):
        yield flat(batch)[0] if isinstance(batch, (tuple, list, Mapping)) else batch


class _Vocabulary(Hosted):
    """What looks tokens up: special tokens first (the mask's, then those for unknown ones), then the vocabulary."""

    def __init__(
        self, max_tokens: int | None, num_oov_indices: int, mask_token: Any, oov_token: Any, vocabulary: Any,
        idf_weights: Any, invert: bool, output_mode: str, pad_to_max_tokens: bool, sparse: bool, **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(**options)
        no_sparse(self, sparse)
        self.output_mode = checked_mode(self, output_mode)
        kind = type(self).__name__
        if max_tokens is not None and max_tokens <= 1:
            raise fail(ArgumentError, f"{kind}: max_tokens", expected="more than 1", received=max_tokens)
        if num_oov_indices < 0:
            raise fail(
                ArgumentError, f"{kind}: num_oov_indices", expected="0 or more", received=num_oov_indices
            )
        if pad_to_max_tokens and max_tokens is None:
            raise fail(ArgumentError, f"{kind}: pad_to_max_tokens", expected="max_tokens beside it")
        if invert and self.output_mode != "int":
            raise fail(ArgumentError, f"{kind}: invert", expected="output_mode='int'", received=output_mode)
        self.max_tokens, self.num_oov_indices = max_tokens, num_oov_indices
        self.mask_token, self.oov_token = mask_token, oov_token
        self.invert, self.pad_to_max_tokens = invert, pad_to_max_tokens
        self.salt: Any = None
        self._numbers: dict[Any, int] = {}
        self._tokens: list[Any] = []
        self._idf: np.ndarray | None = None
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

    # --- the vocabulary -----------------------------------------------------------------------------------------

    @property
    def _first_unknown(self) -> int:
        return int(self.mask_token is not None and self.output_mode == "int")

    @property
    def _first(self) -> int:
        """The number of the first token of the vocabulary."""
        return self._first_unknown + self.num_oov_indices

    def _special(self) -> list[Any]:
        return [self.mask_token] * self._first_unknown + [self.oov_token] * self.num_oov_indices

    def vocabulary_size(self) -> int:
        """The number of tokens, special ones among them."""
        return self._first + len(self._tokens)

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The tokens in the order of their numbers."""
        return (self._special() if include_special_tokens else []) + list(self._tokens)

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Use these tokens: a list, with or without the special ones in front, or a file with one token a line.

        ``idf_weights``: one for each token, in ``output_mode="tf_idf"``.
        """
        tokens = [self._token(t) for t in self._read(vocabulary)]
        special = self._special()
        complete = bool(special) and tokens[: len(special)] == special
        weights = self._weights(idf_weights, len(tokens), len(special), complete)
        tokens = tokens[len(special) :] if complete else tokens
        twice = [token for token, times in Counter(tokens).items() if times > 1]
        for problem, bad in (
            ("holds a token more than once", twice[0] if twice else None),
            ("holds the mask token", self.mask_token if self.mask_token in tokens else None),
            ("holds the token for unknown ones", self.oov_token if self.invert and self.oov_token in tokens else None),
        ):  # fmt: skip
            if bad is not None:
                raise fail(DataError, f"{self.name}: the vocabulary {problem}: {bad!r}",
                           hint=f"special tokens stand in front, as {special}, or are left out")  # fmt: skip
        if not tokens:
            raise fail(DataError, f"{self.name}: the vocabulary is empty")
        if self.max_tokens is not None and len(special) + len(tokens) > self.max_tokens:
            raise fail(DataError, f"{self.name}: the vocabulary is longer than max_tokens",
                       expected=f"at most {self.max_tokens}", received=len(special) + len(tokens))  # fmt: skip
        self._keep(tokens, weights)

    def _keep(self, tokens: list[Any], weights: np.ndarray | None) -> None:
        self._tokens, self._idf = tokens, weights
        self._numbers = {token: k for k, token in enumerate(tokens, self._first)}

    def _read(self, vocabulary: Any) -> list[Any]:
        if not isinstance(vocabulary, (str, os.PathLike)):
            return list(
                np.asarray(vocabulary).ravel().tolist() if hasattr(vocabulary, "shape") else vocabulary
            )
        try:
            with open(vocabulary, encoding="utf-8") as file:
                return file.read().splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise fail(DataError, f"cannot read the vocabulary {os.fspath(vocabulary)!r}: {error}") from None

    def _weights(self, given: Any, count: int, special: int, complete: bool) -> np.ndarray | None:
        """The inverse document frequencies of all tokens, special ones among them."""
        if (given is None) == (self.output_mode == "tf_idf"):
            wanted = "given" if given is None else "left out"
            raise fail(ArgumentError, f"{self.name}: idf_weights",
                       expected=f"{wanted} with output_mode={self.output_mode!r}")  # fmt: skip
        if given is None:
            return None
        weights = np.asarray(given, np.float64)
        if weights.shape != (count,):
            raise fail(
                ArgumentError,
                f"{self.name}: idf_weights",
                expected=f"{count} numbers",
                received=weights.shape,
            )
        return weights if complete else np.concatenate([np.full(special, weights.mean()), weights])

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Make the vocabulary of the tokens in the data, the most frequent first; in "tf_idf" weigh them, too.

        ``data``: an array or list, one example a row, or a data set (or any iterable) of batches, ``steps`` of them.
        Tokens that are equally frequent come in descending order.
        """
        counts: Counter[Any] = Counter()
        documents: Counter[Any] = Counter()
        rows = 0
        for batch in batches_of(data, steps):
            for row in self.rows_of(batch):
                counts.update(row)
                documents.update(set(row) if self.output_mode == "tf_idf" else ())
                rows += 1
        for token in (self.mask_token, self.oov_token):
            counts.pop(token, None)
        if not counts:
            raise fail(DataError, f"{self.name}.adapt: the data hold no tokens")
        tokens = sorted(counts, key=lambda token: (counts[token], token), reverse=True)
        if self.max_tokens is not None:
            tokens = tokens[: self.max_tokens - self._first]
        weights = None
        if self.output_mode == "tf_idf":
            own = np.log(1 + rows / (1 + np.array([documents[token] for token in tokens])))
            weights = np.concatenate([np.full(self._first, own.mean()), own])
        self._keep(tokens, weights)

    def rows_of(self, batch: Any) -> Iterable[Iterable[Any]]:
        """The tokens of each example of a batch."""
        array = self._as_input(batch)
        return (
            [self._token(t) for t in row]
            for row in np.atleast_1d(array).reshape(len(np.atleast_1d(array)), -1).tolist()
        )

    def _token(self, value: Any) -> Any:
        """A token as the vocabulary holds it."""
        raise NotImplementedError

    # --- calling ------------------------------------------------------------------------------------------------

    def _needs_vocabulary(self) -> None:
        if not self._tokens:
            raise fail(ArgumentError, f"{self.name} has no vocabulary",
                       hint="call adapt(data), or pass vocabulary=[...]")  # fmt: skip

    def numbers(self, tokens: Iterable[Any]) -> list[int]:
        """The numbers of tokens; -1 for the mask in modes that do not count it."""
        tokens = list(tokens)
        found = map(self._numbers.get, tokens)
        return [self._other(t) if n is None else n for n, t in zip(found, tokens, strict=True)]

    def _other(self, token: Any) -> int:
        """The number of a token that the vocabulary does not have."""
        if self.mask_token is not None and token == self.mask_token:
            return 0 if self.output_mode == "int" else -1
        if not self.num_oov_indices:
            raise fail(DataError, f"{self.name}: {token!r} is not in the vocabulary",
                       hint="num_oov_indices=1 keeps a number for unknown tokens")  # fmt: skip
        return self._first_unknown + (self._bucket(token) if self.num_oov_indices > 1 else 0)

    def _bucket(self, token: Any) -> int:
        """Which of several numbers an unknown token gets."""
        return _hashed(str(token), self.num_oov_indices, self.salt)

    def compute(self, x: np.ndarray) -> np.ndarray:
        self._needs_vocabulary()
        if self.invert:
            return self._tokens_at(x)
        ids = np.array(self.numbers(x.ravel().tolist()), np.int64).reshape(x.shape)
        return self.encoded(ids)

    def encoded(self, ids: np.ndarray) -> np.ndarray:
        """Numbers in the output mode."""
        if self.output_mode == "int":
            return ids
        if self.output_mode == "one_hot":
            return one_hot_rows(ids, self.depth(), self.dtype)
        return self.weighed(counted(ids, self.depth(), self.dtype))

    def weighed(self, counts: np.ndarray) -> np.ndarray:
        """Counts of tokens in the modes that are made of them."""
        if self.output_mode == "multi_hot":
            return (counts > 0).astype(counts.dtype)
        if self._idf is None:
            return counts
        weights = np.zeros(self.depth())
        weights[: len(self._idf)] = self._idf
        return (counts * weights).astype(counts.dtype)

    def _tokens_at(self, ids: np.ndarray) -> np.ndarray:
        names = self.get_vocabulary()
        found = [names[k] if 0 <= k < len(names) else self.oov_token for k in ids.ravel().tolist()]
        return np.array(found).reshape(ids.shape)

    def depth(self) -> int:
        """The length of the last axis of the outputs, in the modes that give vectors."""
        return self.max_tokens if self.pad_to_max_tokens and self.max_tokens else self.vocabulary_size()

    def output_for(self, shape: Any) -> tuple[Any, Any]:
        if self.output_mode == "int":
            return shape, "int64"
        self._needs_vocabulary()
        kept = (
            shape if self.output_mode == "one_hot" and not (len(shape) > 1 and shape[-1] == 1) else shape[:-1]
        )
        return (*kept, self.depth()), self.dtype

    # --- as data ------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, with the vocabulary (and the weights) as they are now."""
        config = super().get_config()
        if self._tokens:
            config["vocabulary"] = self.get_vocabulary()
        if self._idf is not None:
            config["idf_weights"] = self._idf.tolist()
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """The layer of a description; one that names a file to read is refused."""
        if isinstance(config.get("vocabulary"), str):
            raise fail(
                DataError, f"{cls.__name__}: a description may not name a file", received=config["vocabulary"]
            )
        return cls(**config)


def _hashed(text: str, count: int, salt: Any) -> int:
    raw = text.encode("utf-8")
    return (farm_hash(raw) if salt is None else sip_hash(raw, salt)) % count


def _salt(layer: Any, salt: Any) -> tuple[int, int] | None:
    if salt is None:
        return None
    pair = (salt, salt) if isinstance(salt, int) else tuple(salt)
    if len(pair) != 2 or not all(isinstance(k, int) for k in pair):
        raise fail(
            ArgumentError, f"{type(layer).__name__}: salt", expected="an int, or two", received=repr(salt)
        )
    return pair  # type: ignore[return-value]


class StringLookup(_Vocabulary):
    """Numbers for texts, one each: unknown ones first, then the vocabulary; with ``invert``, texts for numbers.

    ``output_mode``: "int"; "one_hot", a vector of each text; "multi_hot", "count" or "tf_idf", a vector of each row.
    ``num_oov_indices`` numbers are kept for unknown texts, shared by hash; 0 makes them an error. ``mask_token`` is
    numbered 0.

    >>> lookup = StringLookup(vocabulary=["a", "b"])
    >>> lookup([["b", "x", "a"]]).tolist(), lookup.get_vocabulary()
    ([[2, 0, 1]], ['[UNK]', 'a', 'b'])
    """

    takes_texts = True

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        salt: Any = None,
        **options: Any,
    ) -> None:
        if encoding != "utf-8":
            raise fail(ArgumentError, f"{type(self).__name__}: encoding", expected="utf-8", received=encoding)
        super().__init__(
            max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert, output_mode,
            pad_to_max_tokens, sparse, **options,
        )  # fmt: skip
        self.salt = _salt(self, salt)
        self.takes_texts, self.gives_texts = not invert, invert

    def rows_of(self, batch: Any) -> Iterable[Iterable[Any]]:
        texts = np.atleast_1d(as_texts(batch))
        return texts.reshape(len(texts), -1).tolist()

    def _token(self, value: Any) -> Any:
        return value.decode("utf-8") if isinstance(value, bytes) else str(value)


class IntegerLookup(_Vocabulary):
    """Numbers 0, 1, ... for the whole numbers of a vocabulary; the arguments are those of :class:`StringLookup`.

    Several numbers for unknown ones are shared by the remainder, or by hash with ``oov_method="farmhash"``.

    >>> IntegerLookup(vocabulary=[12, 36])([[36, 7, 12]]).tolist()
    [[2, 0, 1]]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int = -1,
        vocabulary: Any = None,
        vocabulary_dtype: Any = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        **options: Any,
    ) -> None:
        self.vocabulary_dtype = dtypes.as_dtype(vocabulary_dtype)
        super().__init__(
            max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert, output_mode,
            pad_to_max_tokens, sparse, **options,
        )  # fmt: skip
        if oov_method not in ("floormod", "farmhash"):
            raise fail(ArgumentError, "IntegerLookup: oov_method", expected="floormod or farmhash",
                       received=repr(oov_method))  # fmt: skip
        self.oov_method, self.salt = oov_method, _salt(self, salt)

    takes_integers = True

    def _as_input(self, value: Any) -> Any:
        array = super()._as_input(value)
        if not dtypes.is_integer(array.dtype):
            raise fail(DTypeError, f"{self.name} takes whole numbers", received=f"dtype {array.dtype}")
        return array

    def _token(self, value: Any) -> Any:
        if isinstance(value, str):
            try:
                return int(value)
            except ValueError:
                raise fail(
                    DataError, f"{self.name}: the vocabulary holds {value!r}", expected="whole numbers"
                ) from None
        return int(value)

    def _bucket(self, token: Any) -> int:
        return token % self.num_oov_indices if self.oov_method == "floormod" else super()._bucket(token)

    def output_for(self, shape: Any) -> tuple[Any, Any]:
        return (shape, self.vocabulary_dtype) if self.invert else super().output_for(shape)


class _TextsOrNumbers(Hosted):
    """What takes texts, or whole numbers of any dtype but that of texts."""

    takes_texts = takes_integers = True

    def reads_texts(self, dtype: Any) -> bool:
        return dtype == dtypes.uint32

    def _as_input(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return value
        array = np.asarray(value)
        return as_texts(array) if is_texts(array) else array


class Hashing(_TextsOrNumbers):
    """Texts or whole numbers as one of ``num_bins`` numbers, by hash: FarmHash, or SipHash under a ``salt``.

    ``mask_value`` gets 0, and the others the rest. ``output_mode``: as in :class:`StringLookup`. In a model, the inputs
    are numbers unless they come from an ``Input(dtype="string")``.

    >>> Hashing(num_bins=3)([["A"], ["B"], ["C"]]).tolist()
    [[1], [0], [1]]
    """

    def __init__(
        self,
        num_bins: int,
        mask_value: Any = None,
        salt: Any = None,
        output_mode: str = "int",
        sparse: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if num_bins is None or num_bins < 1:
            raise fail(ArgumentError, "Hashing: num_bins", expected="at least 1", received=num_bins)
        no_sparse(self, sparse)
        self.output_mode = checked_mode(self, output_mode, MODES[:4])
        self.num_bins, self.mask_value, self.salt = num_bins, mask_value, _salt(self, salt)

    def compute(self, x: np.ndarray) -> np.ndarray:
        masked = self.mask_value is not None and self.num_bins > 1
        bins = self.num_bins - masked
        values = (x.astype(np.int64) if x.dtype.kind == "f" else x).ravel().tolist()
        known: dict[Any, int] = {self.mask_value: 0} if masked else {}
        for value in values:
            if value not in known:
                known[value] = _hashed(str(value), bins, self.salt) + masked
        ids = np.array([known[value] for value in values], np.int64).reshape(x.shape)
        if self.output_mode == "int":
            return ids
        if self.output_mode == "one_hot":
            return one_hot_rows(ids, self.num_bins, self.dtype)
        counts = counted(ids, self.num_bins, self.dtype)
        return (counts > 0).astype(counts.dtype) if self.output_mode == "multi_hot" else counts

    def output_for(self, shape: Any) -> tuple[Any, Any]:
        if self.output_mode == "int":
            return shape, "int64"
        kept = (
            shape if self.output_mode == "one_hot" and not (len(shape) > 1 and shape[-1] == 1) else shape[:-1]
        )
        return (*kept, self.num_bins), self.dtype


_CROSSING_KEY = 0xDECAFCAFFE  # what the hashes of one example are joined to, in order


class HashedCrossing(_TextsOrNumbers):
    """Several features, of texts or whole numbers, as one of ``num_bins`` numbers for each example, by hash.

    The inputs are a list of equal shapes, () or [batch] or [batch, 1]. ``output_mode``: "int", or "one_hot" vectors.
    The numbers are those of Keras. In a model, texts come from an ``Input(dtype="string")``.

    >>> HashedCrossing(5)((["A", "B", "A"], [101, 101, 102])).tolist()
    [1, 4, 3]
    """

    def __init__(self, num_bins: int, output_mode: str = "int", sparse: bool = False, **options: Any) -> None:
        super().__init__(**options)
        if not isinstance(num_bins, int) or num_bins < 1:
            raise fail(ArgumentError, "HashedCrossing: num_bins", expected="at least 1", received=num_bins)
        no_sparse(self, sparse)
        self.output_mode, self.num_bins = checked_mode(self, output_mode, MODES[:2]), num_bins

    def _as_input(self, value: Any) -> Any:
        if isinstance(value, (list, tuple)):  # the features, where none is an array yet
            return [super(HashedCrossing, self)._as_input(part) for part in value]
        return super()._as_input(value)

    def call(self, inputs: Any) -> Any:
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise fail(ArgumentError, f"{self.name}: inputs", expected="a list of at least two features",
                       received=type(inputs).__name__)  # fmt: skip
        return super().call(inputs)

    def spec_of(self, *parts: Spec) -> Spec:
        shapes = [p.shape if p.shape is None or p.dtype != dtypes.uint32 else p.shape[:-1] for p in parts]
        self._check(shapes, [p.dtype for p in parts])
        shape, dtype = self.output_for(shapes[0])
        return Spec(check_shape(shape), dtypes.as_dtype(dtype))

    def _check(self, shapes: Sequence[Any], kinds: Sequence[np.dtype]) -> None:
        if any(kind.kind not in "iuU" for kind in kinds):
            raise fail(DTypeError, f"{self.name}: inputs", expected="texts or whole numbers",
                       received=", ".join(map(str, kinds)))  # fmt: skip
        first = shapes[0]
        if first is None or len(first) > 2 or (len(first) == 2 and first[1] != 1) or len(set(shapes)) > 1:
            raise fail(ShapeError, f"{self.name}: inputs", expected="one shape for all: (), [batch] or [batch, 1]",
                       received=", ".join(map(shape_text, shapes)))  # fmt: skip

    def compute(self, *parts: np.ndarray) -> np.ndarray:
        self._check([x.shape for x in parts], [x.dtype for x in parts])
        hashes = [_fingerprints(x) for x in parts]
        found = np.zeros(parts[0].size, np.int64)
        for k, row in enumerate(zip(*hashes, strict=True)):
            found[k] = reduce(joined_hash, row, _CROSSING_KEY) % self.num_bins
        ids = found.reshape(parts[0].shape)
        return ids if self.output_mode == "int" else one_hot_rows(ids, self.num_bins, self.dtype)

    def output_for(self, shape: Any) -> tuple[Any, Any]:
        if self.output_mode == "int":
            return shape, "int64"
        return (*(shape[:-1] if len(shape) > 1 else shape), self.num_bins), self.dtype


def _fingerprints(array: np.ndarray) -> list[int]:
    """Of each text its hash, of each whole number itself, as 64 bits."""
    if array.dtype.kind == "U":
        return [farm_hash(text.encode()) for text in array.ravel().tolist()]
    return [int(n) & (2**64 - 1) for n in array.ravel().tolist()]
