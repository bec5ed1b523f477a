"""Arguments of TensorFlow 2's functions that change what comes out: the numbers here are those of TensorFlow 2.21."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf2 as tf

TEXT = "aé中".encode() + b"\xff\x80z\x01"
ROWS = tf.ragged.constant([["a", "b", "c"], ["x"], []])
DEEP = tf.ragged.constant([[[1, 2], [3]], [], [[4, 5, 6]]])
CUBE = tf.constant([[[1, 2, 0], [3, 0, 0]], [[0, 0, 0], [0, 0, 0]], [[5, 0, 0], [0, 0, 0]]])
REPLACED = [97, 233, 20013, 65533, 65533, 122, 1]


def told(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return [told(part) for part in x]
    return x.to_list() if hasattr(x, "to_list") else np.asarray(x.numpy()).tolist()


CASES: dict[str, tuple[Callable[[], Any], Any]] = {
    "decode": (lambda: tf.strings.unicode_decode([TEXT, b"ok"], "UTF-8"), [REPLACED, [111, 107]]),
    "ignore": (
        lambda: tf.strings.unicode_decode_with_offsets(TEXT, "UTF-8", errors="ignore"),
        [[97, 233, 20013, 122, 1], [0, 1, 3, 8, 9]],
    ),
    "offsets": (
        lambda: tf.strings.unicode_decode_with_offsets(TEXT, "UTF-8"),
        [REPLACED, [0, 1, 3, 6, 7, 8, 9]],
    ),
    "replacement": (
        lambda: tf.strings.unicode_decode(
            TEXT, "UTF-8", replacement_char=63, replace_control_characters=True
        ),
        [97, 233, 20013, 63, 63, 122, 63],
    ),
    "split": (
        lambda: tf.strings.unicode_split(TEXT, "UTF-8", errors="ignore"),
        [b"a", b"\xc3\xa9", b"\xe4\xb8\xad", b"z", b"\x01"],
    ),
    "transcode": (
        lambda: tf.strings.unicode_transcode([TEXT], "UTF-8", "UTF-16-BE", errors="ignore"),
        [b"\x00a\x00\xe9N-\x00z\x00\x01"],
    ),
    "encode": (lambda: tf.strings.unicode_encode([[97, 0x110000, 98]], "UTF-8"), [b"a\xef\xbf\xbdb"]),
    "ngrams": (
        lambda: tf.strings.ngrams(ROWS, 3, pad_values=("L", "R"), padding_width=1),
        [[b"L a b", b"a b c", b"b c R"], [b"L x R"], []],
    ),
    "ngrams of widths": (
        lambda: tf.strings.ngrams(ROWS, [1, 3], pad_values="P"),
        [
            [b"a", b"b", b"c", b"P P a", b"P a b", b"a b c", b"b c P", b"c P P"],
            [b"x", b"P P x", b"P x P", b"x P P"],
            [b"P P P", b"P P P"],
        ],
    ),
    "short rows": (
        lambda: tf.strings.ngrams(ROWS, 2, preserve_short_sequences=True),
        [[b"a b", b"b c"], [b"x"], []],
    ),
    "lengths within": (lambda: DEEP.row_lengths(2), [[2, 1], [], [3]]),
    "bounds": (lambda: DEEP.bounding_shape(axis=[0, 2]), [3, 3]),
    "of a tensor": (
        lambda: tf.RaggedTensor.from_tensor(CUBE, padding=0, ragged_rank=2),
        [[[1, 2], [3]], [[], []], [[5], []]],
    ),
    "cut to lengths": (
        lambda: tf.RaggedTensor.from_tensor(CUBE, lengths=[[2, 0, 1], [2, 1, 3]]),
        [[[1, 2], [3]], [], [[5, 0, 0]]],
    ),
    "range": (
        lambda: tf.ragged.range([0.0, 1.0], [2.0, 3.5], 0.5),
        [[0.0, 0.5, 1.0, 1.5], [1.0, 1.5, 2.0, 2.5, 3.0]],
    ),
    "stack": (
        lambda: tf.ragged.stack(
            [tf.ragged.constant([[1, 2], [3]]), tf.ragged.constant([[4], [5, 6]])], axis=1
        ),
        [[[1, 2], [4]], [[3], [5, 6]]],
    ),
    "reverse": (
        lambda: tf.reverse_sequence(
            tf.constant([[1, 2, 3], [4, 5, 6], [7, 8, 9]]), [2, 3, 1], seq_axis=0, batch_axis=1
        ),
        [[4, 8, 3], [1, 5, 6], [7, 2, 9]],
    ),
    "quotes": (
        lambda: tf.io.decode_csv(['a,"b'], [[""], [""]], use_quote_delim=False),
        [[b"a"], [b'"b']],
    ),
    "rcond": (
        lambda: tf.linalg.pinv(tf.constant([[1.0, 0.0], [0.0, 1e-3]]), rcond=1e-2),
        [[1.0, 0.0], [0.0, 0.0]],
    ),
    "ragged rows": (
        lambda: tf.map_fn(
            lambda n: tf.range(2), tf.constant([1, 2]), fn_output_signature=tf.RaggedTensorSpec([None], tf.int32)
        ),
        [[0, 1], [0, 1]],
    ),
    "channels first": (
        lambda: tf.transpose(
            tf.nn.depth_to_space(tf.reshape(tf.range(16), [1, 4, 2, 2]), 2, "NCHW"), [0, 2, 3, 1]
        )[0, :, :, 0],
        [[0, 4, 1, 5], [8, 12, 9, 13], [2, 6, 3, 7], [10, 14, 11, 15]],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_an_argument_says_is_done(name: str) -> None:
    made, expected = CASES[name]
    assert told(made()) == expected


def test_space_and_depth_are_exchanged_with_channels_first() -> None:
    x = tf.reshape(tf.range(32), [1, 2, 4, 4])
    there = tf.nn.space_to_depth(x, 2, data_format="NCHW")
    last = tf.nn.space_to_depth(tf.transpose(x, [0, 2, 3, 1]), 2)
    assert told(there) == told(tf.transpose(last, [0, 3, 1, 2]))
    assert told(tf.nn.depth_to_space(there, 2, data_format="NCHW")) == told(x)


def test_tables_hold_rows_and_refuse_the_keys_that_stand_for_none() -> None:
    table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, default_value=[-1, -1])
    table.insert(["a", "b"], [[1, 2], [3, 4]])
    assert told(table.lookup(["b", "z"])) == [[3, 4], [-1, -1]]
    assert told(table.export()[1]) == [[1, 2], [3, 4]]
    with pytest.raises(tf.errors.InvalidArgumentError, match="values to insert"):
        table.insert(["a", "b"], [[1, 2]])
    dense = tf.lookup.experimental.DenseHashTable(tf.int64, tf.int64, -1, empty_key=0, deleted_key=-9)
    dense.insert([1, 2], [3, 4])
    assert told(dense.lookup([2, 7])) == [4, -1]
    with pytest.raises(tf.errors.InvalidArgumentError, match="stands for no key"):
        dense.insert([0], [1])


def test_buckets_are_filled_up_to_their_boundaries() -> None:
    lengths = lambda: ([1] * n for n in (1, 2, 3, 4, 5, 6))
    rows = tf.data.Dataset.from_generator(lengths, output_signature=tf.TensorSpec([None], tf.int32))
    how = {"element_length_func": lambda e: tf.shape(e)[0], "bucket_batch_sizes": [2, 2, 2]}
    full = rows.bucket_by_sequence_length(bucket_boundaries=[4, 7], pad_to_bucket_boundary=True, **how)
    assert [told(e) for e in full] == [
        [[1, 0, 0], [1, 1, 0]],
        [[1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 0]],
        [[1, 1, 1]],
        [[1, 1, 1, 1, 1, 1]],
    ]
    with pytest.raises(tf.errors.InvalidArgumentError, match="lengths differ"):
        list(rows.bucket_by_sequence_length(bucket_boundaries=[4, 7], no_padding=True, **how))


def test_records_of_a_wrong_length_are_told_unless_they_are_to_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3\n\n4,5\n")
    given = {"file_pattern": str(tmp_path / "t.csv"), "batch_size": 2, "num_epochs": 1, "shuffle": False}
    with pytest.raises(tf.errors.InvalidArgumentError, match="fields of a record"):
        tf.data.experimental.make_csv_dataset(**given)
    (batch,) = tf.data.experimental.make_csv_dataset(**given, ignore_errors=True)
    assert told(batch["a"]) == [1, 4]


def test_a_manager_calls_what_comes_first(tmp_path: Path) -> None:
    v, calls = tf.Variable(1), []
    manager = tf.train.CheckpointManager(
        tf.train.Checkpoint(v=v), str(tmp_path), 2, init_fn=lambda: calls.append(1)
    )
    assert manager.restore_or_initialize() is None and calls == [1]
    assert manager.save() == manager.restore_or_initialize() and calls == [1]


def test_image_files_keep_their_frames_and_their_deep_pixels() -> None:
    images = pytest.importorskip("PIL.Image")
    held = io.BytesIO()
    frames = [images.fromarray(np.full((2, 3), 80 * k, np.uint8)) for k in range(1, 3)]
    frames[0].save(held, "GIF", save_all=True, append_images=frames[1:])
    assert tf.io.decode_gif(held.getvalue()).shape == (2, 2, 3, 3)
    assert told(tf.io.decode_image(held.getvalue())[:, 0, 0, 0]) == [80, 160]
    assert tf.io.decode_image(held.getvalue(), expand_animations=False).shape == (2, 3, 3)
    held = io.BytesIO()
    images.fromarray(np.array([[0, 255, 256, 65535]], np.uint16)).save(held, "PNG")
    assert told(tf.io.decode_png(held.getvalue())[0, :, 0]) == [0, 0, 1, 255]
    assert told(tf.io.decode_png(held.getvalue(), dtype="uint16")[0, :, 0]) == [0, 255, 256, 65535]
    noise = np.random.default_rng(0).integers(0, 255, (8, 8, 3)).astype(np.uint8)
    coarse, fine = (tf.io.encode_jpeg(noise, chroma_downsampling=b) for b in (True, False))
    far = [np.abs(tf.io.decode_jpeg(x).numpy().astype(int) - noise).mean() for x in (coarse, fine)]
    assert far[1] < far[0] / 4
    with pytest.raises(tf.errors.InvalidArgumentError, match="format and channels"):
        tf.io.encode_jpeg(noise, format="grayscale")


REFUSED: dict[str, Callable[[], Any]] = {
    "axis": lambda: tf.signal.dct(tf.ones([2, 2]), axis=0),
    "num": lambda: tf.unstack(tf.constant([1, 2, 3]), num=2),
    "errors": lambda: tf.strings.unicode_decode(TEXT, "UTF-8", errors="repl"),
    "no UTF-8": lambda: tf.strings.unicode_decode(TEXT, "UTF-8", errors="strict"),
    "no characters": lambda: tf.strings.unicode_encode([0xD800], "UTF-8", errors="strict"),
    "the number": lambda: tf.TensorArray(tf.float32, 2).write(2, 1.0),
    "a length for each": lambda: tf.reverse_sequence(tf.ones([3, 3]), [2, 3], seq_axis=0, batch_axis=1),
    "ratio": lambda: tf.io.decode_jpeg(b"", ratio=2),
    "LZ4": lambda: tf.data.experimental.make_csv_dataset("x", 2, compression_type="LZ4"),
    "reader_func": lambda: tf.data.Dataset.range(2).snapshot("x", reader_func=len),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_done_is_refused_by_name(name: str) -> None:
    with pytest.raises((tf.errors.OpError, ValueError, NotImplementedError, IndexError), match=name):
        REFUSED[name]()


def test_losses_over_drawn_classes_take_several_true_ones_and_leave_out_hits() -> None:
    w, b, drawn = tf.zeros([5, 2]), tf.zeros([5]), ([1, 3], [[1.0, 1.0]], [1.0, 1.0])
    for loss, hits, nats in (
        (tf.nn.nce_loss, False, 4), (tf.nn.nce_loss, True, 3),
        (tf.nn.sampled_softmax_loss, False, 2), (tf.nn.sampled_softmax_loss, True, np.log2(3)),
    ):  # fmt: skip
        found = loss(
            w,
            b,
            [[1, 2]],
            tf.ones([1, 2]),
            2,
            5,
            num_true=2,
            sampled_values=drawn,
            remove_accidental_hits=hits,
        )
        np.testing.assert_allclose(found.numpy(), [nats * np.log(2)], rtol=1e-6)
    each = tf.nn.nce_loss(w, b, [[1], [2], [0]], tf.ones([3, 2]), 4, 5)
    assert each.shape == (3,) and np.isfinite(each.numpy()).all()


MISSPELT: dict[str, Callable[..., Any]] = {
    "valdate": lambda **a: tf.RaggedTensor.from_row_splits([1], [0, 1], **a),
    "error": lambda **a: tf.strings.unicode_decode(b"", "UTF-8", **a),
    "qualty": lambda **a: tf.io.encode_jpeg(np.zeros((1, 1, 3), np.uint8), **a),
    "chanels": lambda **a: tf.io.decode_png(b"", **a),
    "weight": lambda **a: tf.data.Dataset.sample_from_datasets([], **a),
    "deflt": lambda **a: tf.lookup.experimental.MutableHashTable(tf.int64, tf.int64, 0, **a),
}


@pytest.mark.parametrize("name", MISSPELT)
def test_misspelt_arguments_are_told(name: str) -> None:
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{name}'"):
        MISSPELT[name](**{name: 1})


def growing(x: Any) -> Any:
    """Three columns more than are given, each one larger than the last."""
    more = lambda i, m: (i + 1, tf.concat([m, m[:, -1:] + 1.0], 1))
    invariants = [tf.TensorShape([]), tf.TensorShape([None, None])]
    return tf.while_loop(lambda i, m: i < 3, more, [tf.constant(0), x], shape_invariants=invariants)[1]


def test_loops_in_models_grow_what_goes_round() -> None:
    x = tf.keras.Input((2,))
    rows = tf.keras.layers.Lambda(lambda t: tf.reduce_sum(t, 1, keepdims=True), output_shape=(1,))(
        tf.keras.layers.Lambda(growing)(x)
    )
    model = tf.keras.Model(x, tf.keras.layers.Dense(1, kernel_initializer="ones")(rows))
    ones = np.ones((4, 2), "float32")
    assert model.predict(ones, verbose=0)[:, 0].tolist() == [11] * 4
    model.compile("sgd", "mse")
    found = model.fit(ones, np.ones((4, 1)), epochs=2, verbose=0).history["loss"]
    np.testing.assert_allclose(found, [100.0, 207.36], rtol=1e-4)
