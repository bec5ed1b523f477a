"""The functions of ``tf.strings`` that take texts apart, into rows of different lengths, and put them together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1.errors import InvalidArgumentError
from thalweg.compat.tf2 import ragged
from thalweg.compat.tf2.ragged import RaggedTensor
from thalweg.compat.tf2.rows import elementwise
from thalweg.compat.tf2.text import TextTensor, as_bytes, texts
from thalweg.compat.tf2.values import number, tensor
from thalweg.errors import fail
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


_REPLACEMENT = 0xFFFD  # what stands for what is no character
_ERRORS = ("replace", "ignore", "strict")


def _characters(
    text: bytes, encoding: str, errors: str, replacement: int, controls: bool
) -> list[tuple[str, int]]:
    """The characters of a text, and at which byte each begins."""
    if errors not in _ERRORS:
        raise fail(InvalidArgumentError, "tf.strings: errors", expected=_ERRORS, received=errors)
    found: list[tuple[str, int]] = []
    place = 0
    while place < len(text):
        try:
            good, stop, end = text[place:].decode(encoding), len(text), len(text)
        except UnicodeDecodeError as error:
            if errors == "strict":
                raise fail(
                    InvalidArgumentError,
                    f"tf.strings: a text is no {encoding}",
                    received=text,
                    hint='errors="replace"',
                ) from None
            stop, end = place + error.start, place + error.end
            good = text[place:stop].decode(encoding)
        for character in good:
            found.append((character, place))
            place += len(character.encode(encoding))
        if end > stop and errors == "replace":
            found.append((chr(replacement), stop))
        place = end
    return [(chr(replacement) if controls and c < " " else c, k) for c, k in found]


def unicode_split(
    input: Any, input_encoding: str, errors: str = "replace", replacement_char: int = _REPLACEMENT,
    name: Any = None,
) -> Any:  # fmt: skip
    """The characters of one text; of several, rows of characters."""
    return unicode_split_with_offsets(input, input_encoding, errors, replacement_char)[0]


def bytes_split(input: Any, name: Any = None) -> Any:
    """The bytes of one text; of several, rows of bytes."""
    return _apart(input, lambda s: TextTensor(_objects([s[k : k + 1] for k in range(len(s))])))


def _objects(items: list[bytes]) -> np.ndarray:
    made = np.empty(len(items), dtype=object)
    made[:] = items
    return made


def unicode_decode(
    input: Any, input_encoding: str, errors: str = "replace", replacement_char: int = _REPLACEMENT,
    replace_control_characters: bool = False, name: Any = None,
) -> Any:  # fmt: skip
    """The numbers of the characters of one text; of several, rows of numbers."""
    given = errors, replacement_char, replace_control_characters
    return unicode_decode_with_offsets(input, input_encoding, *given)[0]


def _with_offsets(input: Any, given: Any, made: Callable[[list[tuple[str, int]]], Any]) -> tuple[Any, Any]:
    """What is made of the characters, and where they begin."""

    def places(text: bytes) -> Any:
        return constant(np.array([place for _, place in _characters(text, *given)], np.int64))

    return _apart(input, lambda text: made(_characters(text, *given))), _apart(input, places)


def unicode_decode_with_offsets(
    input: Any, input_encoding: str, errors: str = "replace", replacement_char: int = _REPLACEMENT,
    replace_control_characters: bool = False, name: Any = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The numbers of the characters, and at which byte each begins."""
    given = input_encoding, errors, replacement_char, replace_control_characters
    return _with_offsets(input, given, lambda found: constant(np.array([ord(c) for c, _ in found], np.int32)))


def unicode_split_with_offsets(
    input: Any, input_encoding: str, errors: str = "replace", replacement_char: int = _REPLACEMENT,
    name: Any = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The characters, and at which byte each begins."""
    given = input_encoding, errors, replacement_char, False
    return _with_offsets(
        input, given, lambda found: TextTensor(_objects([c.encode(input_encoding) for c, _ in found]))
    )


def unicode_encode(
    input: Any, output_encoding: str, errors: str = "replace", replacement_char: int = _REPLACEMENT,
    name: Any = None,
) -> Any:  # fmt: skip
    """Texts from the numbers of their characters: of a vector one, of rows one for each."""
    if errors not in _ERRORS:
        raise fail(InvalidArgumentError, "tf.strings: errors", expected=_ERRORS, received=errors)
    if not isinstance(input, RaggedTensor) and tensor(input).ndim == 1:
        numbers = np.asarray(tensor(input)).tolist()
        wrong = [n for n in numbers if not (0 <= n < 0xD800 or 0xDFFF < n <= 0x10FFFF)]
        if wrong and errors == "strict":
            what = "tf.strings.unicode_encode: numbers that are no characters"
            raise fail(InvalidArgumentError, what, received=wrong)
        kept = [n for n in numbers if n not in wrong or errors == "replace"]
        made = "".join(chr(replacement_char if n in wrong else n) for n in kept)
        return texts(made.encode(output_encoding))
    parts = [np.asarray(unicode_encode(row, output_encoding, errors, replacement_char)) for row in input]
    return texts(np.stack(parts)) if parts else texts([])


def unicode_transcode(
    input: Any, input_encoding: str, output_encoding: str, errors: str = "replace",
    replacement_char: int = _REPLACEMENT, replace_control_characters: bool = False, name: Any = None,
) -> Any:  # fmt: skip
    """Texts in another encoding; ``errors``: "replace", "ignore" or "strict" where what stands there is none."""
    given = input_encoding, errors, replacement_char, replace_control_characters

    def of(texts_: Any) -> TextTensor:
        found = np.asarray(texts(texts_))
        made = np.empty(found.shape, dtype=object)
        new = np.frompyfunc(
            lambda s: "".join(c for c, _ in _characters(s, *given)).encode(output_encoding), 1, 1
        )
        made[...] = new(found)
        return TextTensor(made)

    return elementwise(of)(input)


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


def ngrams(
    data: Any, ngram_width: Any, separator: str = " ", pad_values: Any = None, padding_width: int | None = None,
    preserve_short_sequences: bool = False, name: Any = None,
) -> Any:  # fmt: skip
    """Neighbouring words joined, of a row of words or of several, of one width after the other.

    ``pad_values``: a text, or one for the left and one for the right, that stands ``padding_width`` times beside the
    words (width - 1 times at most, and unless given). ``preserve_short_sequences``: a row of too few words is one.
    """
    if isinstance(data, RaggedTensor) or np.asarray(texts(data)).ndim > 1:
        given = separator, pad_values, padding_width, preserve_short_sequences
        return ragged.stack([ngrams(row, ngram_width, *given) for row in data])
    widths = [ngram_width] if isinstance(ngram_width, int) else list(ngram_width)
    pads = (pad_values, pad_values) if isinstance(pad_values, (str, bytes)) else pad_values
    words, made = list(np.asarray(texts(data))), []
    for width in widths:
        most = width - 1 if padding_width is None else min(padding_width, width - 1)
        left, right = ([as_bytes(pad)] * most for pad in pads) if pads else ([], [])
        whole = [*left, *words, *right]
        made += [whole[k : k + width] for k in range(len(whole) - width + 1)]
    if preserve_short_sequences and not made and words:
        made = [words]
    return TextTensor(_objects([as_bytes(separator).join(parts) for parts in made]))
