"""The functions of ``tf.strings`` that take texts apart, into rows of different lengths, and put them together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.compat.names import only
from thalweg.compat.tf2 import ragged
from thalweg.compat.tf2.ragged import RaggedTensor
from thalweg.compat.tf2.text import TextTensor, as_bytes, texts
from thalweg.compat.tf2.values import number, tensor
from thalweg.graph.tensor import constant

__all__ = [
    "bytes_split", "join", "ngrams", "reduce_join", "split", "unicode_decode", "unicode_decode_with_offsets",
    "unicode_encode", "unicode_split", "unicode_split_with_offsets", "unicode_transcode",
]  # fmt: skip


def _apart(value: Any, parts: Callable[[bytes], Any]) -> Any:
    """The parts of one text; of several, rows of theirs."""
    if isinstance(value, RaggedTensor):
        return value.with_values(_apart(value.values, parts))
    given = np.asarray(texts(value))
    if given.ndim == 0:
        return parts(given.item())
    if given.ndim > 1:
        return ragged.stack([_apart(TextTensor(row), parts) for row in given])
    return ragged.stack([parts(s) for s in given])


def split(input: Any = None, sep: Any = None, maxsplit: int = -1, name: Any = None) -> Any:
    """The words of one text; of several, rows of words."""
    cut = as_bytes(np.asarray(texts(sep)).item()) or None if sep is not None else None
    return _apart(input, lambda s: texts(np.array(s.split(cut, maxsplit), dtype=object)))


def unicode_split(input: Any, input_encoding: str = "UTF-8", *more: Any, **ignored: Any) -> Any:
    """The characters of one text; of several, rows of characters."""
    return _apart(input, lambda s: texts(np.array(list(s.decode(input_encoding)), dtype=object)))


def bytes_split(input: Any, name: Any = None) -> Any:
    """The bytes of one text; of several, rows of bytes."""
    return _apart(input, lambda s: TextTensor(_objects([s[k : k + 1] for k in range(len(s))])))


def _objects(items: list[bytes]) -> np.ndarray:
    made = np.empty(len(items), dtype=object)
    made[:] = items
    return made


def unicode_decode(input: Any, input_encoding: str = "UTF-8", *more: Any, **ignored: Any) -> Any:
    """The numbers of the characters of one text; of several, rows of numbers."""
    return _apart(input, lambda s: constant(np.array([ord(c) for c in s.decode(input_encoding)], np.int32)))


def _offsets(input: Any, encoding: str) -> Any:
    def of(text: bytes) -> Any:
        lengths = [len(c.encode(encoding)) for c in text.decode(encoding)]
        return constant(np.cumsum([0, *lengths], dtype=np.int64)[:-1])

    return _apart(input, of)


def unicode_decode_with_offsets(
    input: Any, input_encoding: str = "UTF-8", *more: Any, **ignored: Any
) -> tuple[Any, Any]:
    """The numbers of the characters, and at which byte each begins."""
    return unicode_decode(input, input_encoding), _offsets(input, input_encoding)


def unicode_split_with_offsets(
    input: Any, input_encoding: str = "UTF-8", *more: Any, **ignored: Any
) -> tuple[Any, Any]:
    """The characters, and at which byte each begins."""
    return unicode_split(input, input_encoding), _offsets(input, input_encoding)


def unicode_encode(input: Any, output_encoding: str = "UTF-8", *more: Any, **ignored: Any) -> Any:
    """Texts from the numbers of their characters: of a vector one, of rows one for each."""
    if not isinstance(input, RaggedTensor) and tensor(input).ndim == 1:
        return texts("".join(map(chr, np.asarray(tensor(input)).tolist())).encode(output_encoding))
    rows = [np.asarray(unicode_encode(row, output_encoding)) for row in input]
    return texts(np.stack(rows)) if rows else texts([])


def unicode_transcode(
    input: Any, input_encoding: str, output_encoding: str, errors: str = "replace", *more: Any, **ignored: Any
) -> Any:
    """Texts in another encoding; ``errors``: "replace", "ignore" or "strict" where one has no such character."""

    def of(texts_: Any) -> TextTensor:
        given = np.asarray(texts(texts_))
        made = np.empty(given.shape, dtype=object)
        new = np.frompyfunc(lambda s: s.decode(input_encoding, errors).encode(output_encoding, errors), 1, 1)
        made[...] = new(given)
        return TextTensor(made)

    return ragged.elementwise(of)(input)


def join(inputs: Sequence[Any], separator: str = "", name: Any = None) -> Any:
    """Texts one after the other."""
    if any(isinstance(x, RaggedTensor) for x in inputs):
        return ragged.map_flat_values(lambda *parts: join(parts, separator), *inputs)
    parts = np.broadcast_arrays(*[np.asarray(texts(x)) for x in inputs])
    made = np.empty(parts[0].shape, dtype=object)
    made[...] = np.frompyfunc(lambda *row: as_bytes(separator).join(row), len(parts), 1)(*parts)
    return TextTensor(made)


def reduce_join(
    inputs: Any, axis: Any = None, keepdims: bool = False, separator: str = "", name: Any = None
) -> Any:
    """The texts along an axis (all by default) as one."""
    between = as_bytes(separator)
    if isinstance(inputs, RaggedTensor):
        return texts([between.join(np.asarray(row).reshape(-1)) for row in inputs])
    given = np.asarray(texts(inputs))
    if axis is None:
        return texts(between.join(given.reshape(-1)))
    place = int(number(axis)) % given.ndim
    rows = np.moveaxis(given, place, -1).reshape(-1, given.shape[place])
    made = _objects([between.join(row) for row in rows])
    made = made.reshape(given.shape[:place] + given.shape[place + 1 :])
    return texts(np.expand_dims(made, place) if keepdims else made)


def ngrams(data: Any, ngram_width: int, separator: str = " ", pad_values: Any = None,
           padding_width: Any = None, preserve_short_sequences: bool = False, name: Any = None) -> Any:  # fmt: skip
    """Neighbouring words joined, of a row of words or of several."""
    only("tf.strings.ngrams", "pad_values", pad_values)
    only("tf.strings.ngrams", "preserve_short_sequences", preserve_short_sequences, False)
    if isinstance(data, RaggedTensor):
        return ragged.stack([ngrams(row, ngram_width, separator) for row in data])
    words = list(np.asarray(texts(data)))
    last = len(words) - ngram_width + 1
    return TextTensor(
        _objects([as_bytes(separator).join(words[k : k + ngram_width]) for k in range(max(last, 0))])
    )
