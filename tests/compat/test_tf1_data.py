"""``tf.data`` in graphs: orders, counts that are nodes, random orders, files; summaries' tags."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf
from compat.graphs import run

pytestmark = pytest.mark.usefixtures("new_graph")


def rest(session: Any, node: Any) -> list[Any]:
    """The elements up to the end, each as a list."""
    found = []
    while True:
        try:
            found.append(session.run(node).tolist())
        except tf.errors.OutOfRangeError:
            return found


def elements(dataset: Any) -> list[Any]:
    node = dataset.make_one_shot_iterator().get_next()
    with tf.Session() as session:
        return rest(session, node)


# Of TensorFlow 2.21: by cycle length and block length, data sets of 3, 1, 4, 2, 0 and 5 elements.
INTERLEAVED = {
    (1, 1): [0, 1, 2, 10, 20, 21, 22, 23, 30, 31, 50, 51, 52, 53, 54],
    (2, 1): [0, 10, 1, 2, 20, 21, 30, 22, 31, 23, 50, 51, 52, 53, 54],
    (2, 2): [0, 1, 10, 2, 20, 21, 30, 31, 22, 23, 50, 51, 52, 53, 54],
    (3, 2): [0, 1, 10, 20, 21, 2, 30, 31, 22, 23, 50, 51, 52, 53, 54],
    (4, 3): [0, 1, 2, 10, 20, 21, 22, 30, 31, 23, 50, 51, 52, 53, 54],
    (10, 1): [0, 10, 20, 30, 50, 1, 21, 31, 51, 2, 22, 52, 23, 53, 54],
}


@pytest.mark.parametrize("cycle, block", INTERLEAVED)
def test_interleaved_data_sets_take_turns(cycle: int, block: int) -> None:
    lengths = tf.constant([3, 1, 4, 2, 0, 5], tf.int64)
    dataset = tf.data.Dataset.range(6).interleave(
        lambda k: tf.data.Dataset.range(k * 10, k * 10 + tf.gather(lengths, k)), cycle, block
    )
    assert elements(dataset) == INTERLEAVED[cycle, block]


def test_contrib_interleaves_as_the_method_does() -> None:
    made = tf.contrib.data.parallel_interleave(
        lambda k: tf.data.Dataset.from_tensors(k * 10).repeat(3), cycle_length=2, block_length=2, sloppy=False
    )
    assert elements(tf.data.Dataset.range(3).apply(made)) == [0, 0, 10, 10, 0, 10, 20, 20, 20]


def test_contrib_maps_with_threads_and_a_buffer() -> None:
    data = tf.contrib.data.Dataset.range(4)
    assert elements(data.map(lambda k: k * k, num_threads=8, output_buffer_size=10)) == [0, 1, 4, 9]


def test_counts_of_a_data_set_may_be_fed() -> None:
    n = tf.placeholder(tf.int64, [])
    dataset = tf.data.Dataset.range(n).skip(n - 5).take(n - 6).shuffle(n).repeat(n - 6).batch(n - 3)
    iterator = dataset.make_initializable_iterator()
    node = iterator.get_next()
    with tf.Session() as session:
        session.run(iterator.initializer, {n: 8})
        found = rest(session, node)
        assert [len(e) for e in found] == [4] and sorted(found[0][:2]) == sorted(found[0][2:]) == [3, 4]
        session.run(iterator.initializer, {n: 7})
        assert rest(session, node) == [[2]]
    two = tf.placeholder(tf.int64, [])
    rows = tf.data.Dataset.range(5).map(lambda k: tf.fill([k], k)).padded_batch(two, [None]).shard(two, 0)
    iterator = rows.make_initializable_iterator()
    node = iterator.get_next()
    with tf.Session() as session:
        session.run(iterator.initializer, {two: 2})
        assert rest(session, node) == [[[0], [1]], [[4, 4, 4, 4]]]


def test_each_pass_has_its_own_random_order() -> None:
    dataset = tf.data.Dataset.range(20).shuffle(20, seed=3)
    two = elements(dataset.repeat(2))
    assert sorted(two[:20]) == sorted(two[20:]) == list(range(20)) and two[:20] != two[20:]
    assert elements(dataset.repeat(2)) == two
    same = elements(tf.data.Dataset.range(20).shuffle(20, reshuffle_each_iteration=False).repeat(2))
    assert same[:20] == same[20:] != list(range(20))


def test_random_orders_follow_the_seed_of_the_graph() -> None:
    found = []
    for seed in (1, 1, 2, None):
        tf.reset_default_graph()
        if seed is not None:
            tf.set_random_seed(seed)
        found.append(elements(tf.data.Dataset.range(20).shuffle(20)))
    assert found[0] == found[1] and found[1] != found[2] and found[2] != found[3]


def test_a_cache_keeps_what_was_drawn() -> None:
    drawn = tf.data.Dataset.range(4).map(lambda k: tf.random_uniform([]))
    kept = elements(drawn.cache().repeat(2))
    again = elements(drawn.repeat(2))
    assert kept[:4] == kept[4:] and again[:4] != again[4:]


def test_elements_are_numbered() -> None:
    first = tf.data.Dataset.from_tensor_slices([5.0, 6.0]).enumerate(3).make_one_shot_iterator().get_next()
    with tf.Session() as session:
        assert session.run(first) == (3, 5.0) and session.run(first) == (4, 6.0)


def test_generators_take_nodes() -> None:
    n = tf.placeholder(tf.int32, [])
    dataset = tf.data.Dataset.from_generator(lambda end: iter(range(end)), tf.int32, [], args=(n * 2,))
    iterator = dataset.make_initializable_iterator()
    node = iterator.get_next()
    with tf.Session() as session:
        session.run(iterator.initializer, {n: 2})
        assert rest(session, node) == [0, 1, 2, 3]


def test_data_sets_of_files_are_classes(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.txt", "b.txt")]
    for path in paths:
        path.write_text(f"{path.stem}1\r\n{path.stem}2\n")
    names = tf.data.TFRecordDataset.list_files(str(tmp_path / "*.txt"), shuffle=False)
    lines = names.interleave(tf.data.TextLineDataset, 2, 1)
    assert isinstance(tf.data.TextLineDataset(str(paths[0])), tf.data.Dataset)
    assert issubclass(tf.contrib.data.TFRecordDataset, tf.data.Dataset)
    assert not isinstance(names, tf.data.TFRecordDataset)
    assert elements(lines.map(lambda line: tf.string_to_number(tf.substr(line, 1, 1)))) == [1, 1, 2, 2]


# --- summaries ----------------------------------------------------------------------------------------------


def tags(summary: Any) -> list[str]:
    return [value.tag for value in tf.Summary.FromString(run(summary)).value]


def test_pictures_are_numbered_by_how_many_were_asked() -> None:
    x = tf.zeros([4, 2, 2, 3])
    with tf.name_scope("s"):
        assert tags(tf.summary.image("p", x[:1])) == ["s/p/image/0"]
        assert tags(tf.summary.image("p", x)) == [f"s/p_1/image/{k}" for k in range(3)]
        assert tags(tf.summary.image("p", x, max_outputs=1)) == ["s/p_2/image"]
        assert tags(tf.summary.audio("a", tf.zeros([1, 8]), 8.0)) == ["s/a/audio/0"]
        assert tags(tf.summary.audio("a", tf.zeros([1, 8]), 8.0, 1)) == ["s/a_1/audio"]


def test_first_summaries_take_their_tags_as_they_are() -> None:
    with tf.name_scope("s"):
        assert tags(tf.scalar_summary("a b", 1.0)) == ["a b"] == tags(tf.scalar_summary("a b", 1.0))
        assert tags(tf.scalar_summary(["a", "b"], [1.0, 2.0])) == ["a", "b"]
        assert tags(tf.histogram_summary("h", tf.constant([1.0]))) == ["h"]
        assert tags(tf.image_summary("p", tf.zeros([1, 2, 2, 3]))) == ["p/image/0"]
        assert tags(tf.audio_summary("a", tf.zeros([1, 8]), 8.0, 1)) == ["a/audio"]


@pytest.mark.parametrize("smaller", [False, True])
def test_sequences_of_about_one_length_come_together(smaller: bool) -> None:
    lengths = [3, 7, 2, 12, 4, 8, 1, 11, 5]

    def rows() -> Any:
        for k, n in enumerate(lengths):
            yield [1] * n, k

    data = tf.data.Dataset.from_generator(rows, (tf.int32, tf.int32), ([None], []))
    row, k = data.make_one_shot_iterator().get_next()
    found, made = tf.contrib.training.bucket_by_sequence_length(
        tf.size(row),
        {"row": row, "k": k},
        2,
        [5, 10],
        dynamic_pad=True,
        allow_smaller_final_batch=smaller,
        keep_input=tf.less(k, 8) if not smaller else True,
    )
    assert made["row"].get_shape().as_list() == [None if smaller else 2, None]
    seen = []
    with tf.Session() as session, pytest.raises(tf.errors.OutOfRangeError):
        while True:
            sizes, group = session.run([found, made])
            assert group["row"].sum(1).tolist() == sizes.tolist() and group["row"].shape[1] == sizes.max()
            seen.append(group["k"].tolist())
    assert seen == [[0, 2], [1, 5], [4, 6], [3, 7]] + [[8]] * smaller
    with pytest.raises(ValueError, match=r"must contain increasing integers; received \[5, 5\]"):
        tf.contrib.training.bucket_by_sequence_length(k, [row], 2, [5, 5])


def test_a_bucket_is_chosen_by_its_number() -> None:
    k = tf.data.Dataset.range(12).make_one_shot_iterator().get_next()
    which, (made,) = tf.contrib.training.bucket([k], k % 3, [2, 3, 4], 3)
    with tf.Session() as session:
        groups = [session.run([which, made]) for _ in range(4)]
    assert [(int(n), row.tolist()) for n, row in groups] == [
        (0, [0, 3]),
        (1, [1, 4, 7]),
        (0, [6, 9]),
        (2, [2, 5, 8, 11]),
    ]
    with pytest.raises(ValueError, match="batch_size must be one number or 3; received 2"):
        tf.contrib.training.bucket([k], 0, [2, 3], 3)


def test_losses_of_contrib_take_predictions_first() -> None:
    rows = np.array([[0.6, 0.8], [1.0, 0.0]], "f")
    others = np.array([[0.8, 0.6], [0.0, 1.0]], "f")
    losses = tf.contrib.losses
    near = losses.cosine_distance(tf.constant(rows), others, 1, weights=[1.0, 3.0])
    hinge = losses.hinge_loss(tf.constant([0.5, -2.0, 0.25]), [1.0, 0.0, 0.0])
    with tf.Session() as session:
        assert session.run(near) == pytest.approx((1 - 0.96 + 3) / 2)
        assert session.run(hinge).tolist() == [0.5, 0.0, 1.25]
    assert losses.get_losses() == [near]
