"""The memory of arrays: where it begins, and the slots of variables."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from thalweg.graph.memory import Slot, address_of, aligned_copy, aligned_empty


def test_addresses_are_those_that_numpy_tells(tmp_path: Path) -> None:
    whole = np.arange(24.0).reshape(4, 6)
    frozen = whole.copy()
    frozen.setflags(write=False)
    mapped = np.memmap(tmp_path / "rows", np.float32, "w+", shape=(3, 5))
    for array in (
        whole,
        whole[1:],
        whole[:, 2],
        whole.T,
        frozen,
        np.empty(0),
        np.array(2.0),
        mapped,
        mapped[1],
    ):
        assert address_of(array) == array.__array_interface__["data"][0]


def test_slots_know_where_their_array_is() -> None:
    slot = Slot()
    assert slot.address == 0
    slot.array = aligned_copy(np.ones(3, np.float32))
    assert slot.address == address_of(slot.array) and slot.address % 64 == 0


def test_rooms_begin_on_lines() -> None:
    for shape in ((), (1,), (3, 5)):
        assert address_of(aligned_empty(shape, np.dtype(np.float64))) % 64 == 0
