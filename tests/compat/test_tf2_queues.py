"""``tf.queue`` where tensors have values; the values expected are TensorFlow 2.21's."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import thalweg.compat.tf2 as tf
from thalweg.compat.tf2 import queues


def test_rows_come_out_as_they_went_in() -> None:
    rows = tf.queue.FIFOQueue(3, [tf.int32, tf.string], shapes=[(), ()])
    rows.enqueue([10, b"windy"])
    rows.enqueue([15, b"sunny"])
    assert rows.size().numpy() == 2 and rows.size().dtype == tf.int32
    number, word = rows.dequeue()
    assert number.numpy() == 10 and word.numpy() == b"windy"
    rows.enqueue_many([[13, 16], [b"cloudy", b"rainy"]])
    numbers, words = rows.dequeue_many(3)
    assert numbers.numpy().tolist() == [15, 13, 16]
    assert words.numpy().tolist() == [b"sunny", b"cloudy", b"rainy"]


def test_one_part_is_a_tensor_and_named_parts_are_a_dict() -> None:
    single = tf.queue.FIFOQueue(2, tf.float32)
    single.enqueue([1.0, 2.0])
    assert single.dequeue().numpy().tolist() == [1, 2]
    named = tf.queue.FIFOQueue(5, [tf.float32, tf.float32], names=["x", "y"], shapes=[[2], []])
    named.enqueue({"x": [1.0, 2.0], "y": 3.0})
    row = named.dequeue()
    assert sorted(row) == ["x", "y"] and row["x"].numpy().tolist() == [1, 2] and row["y"].numpy() == 3


def test_rows_of_different_lengths_are_filled_up() -> None:
    rows = tf.queue.PaddingFIFOQueue(10, [tf.float32], shapes=[[None]])
    rows.enqueue([[1.0, 2.0]])
    rows.enqueue([[3.0]])
    assert rows.dequeue_many(2).numpy().tolist() == [[1, 2], [3, 0]]


def test_the_least_number_comes_first() -> None:
    rows = tf.queue.PriorityQueue(10, [tf.string], shapes=[()])
    for number, word in [(3, "c"), (1, "a"), (2, "b")]:
        rows.enqueue([tf.constant(number, tf.int64), word])
    assert [[part.numpy() for part in rows.dequeue()] for _ in range(3)] == [[1, b"a"], [2, b"b"], [3, b"c"]]


def test_random_order_and_what_is_left_in_a_closed_queue() -> None:
    rows = tf.queue.RandomShuffleQueue(40, 4, tf.int32, shapes=[()], seed=1)
    rows.enqueue_many([tf.range(30)])
    first = [int(rows.dequeue()) for _ in range(26)]  # four have to stay
    assert first != sorted(first)
    assert not rows.is_closed().numpy()
    rows.close()
    assert rows.is_closed().numpy()
    left = rows.dequeue_up_to(9).numpy().tolist()
    assert len(left) == 4 and sorted(first + left) == list(range(30))


def test_closed_queues() -> None:
    rows = tf.queue.FIFOQueue(2, [tf.float32], shapes=[[]])
    rows.enqueue(1.0)
    rows.close()
    with pytest.raises(tf.errors.CancelledError):
        rows.enqueue(2.0)
    with pytest.raises(
        tf.errors.OutOfRangeError, match=r"insufficient elements \(requested 2, current size 1\)"
    ):
        rows.dequeue_many(2)


def test_threads_wait_for_room_and_for_rows() -> None:
    rows = tf.queue.FIFOQueue(2, tf.int32, shapes=[()])
    filling = threading.Thread(target=lambda: [rows.enqueue(k) for k in range(6)])
    filling.start()
    assert [int(rows.dequeue()) for _ in range(6)] == list(range(6))
    filling.join()


def test_an_empty_queue_that_nobody_fills(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "_WAIT", 0.05)
    rows = tf.queue.FIFOQueue(1, tf.int32, shapes=[()])
    with pytest.raises(tf.errors.OutOfRangeError, match="current size 0"):
        rows.dequeue()
    rows.enqueue(1)
    with pytest.raises(tf.errors.OutOfRangeError, match="is full"):
        rows.enqueue(2)


def test_parts_are_checked() -> None:
    rows = tf.queue.FIFOQueue(3, [tf.int32, tf.float32], shapes=[(), (2,)])
    with pytest.raises(ValueError, match="part of a row"):
        rows.enqueue([1, np.zeros(3, "float32")])
    with pytest.raises(ValueError, match="2 parts"):
        rows.enqueue([1])
