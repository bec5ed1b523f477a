"""Machine code from the cache: the key says everything that code is made from, and kept code is as good as new."""

from __future__ import annotations

import importlib
import os
import pkgutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from test_random_graphs import Graph
from thalweg import version
from thalweg.compile import cache, native
from thalweg.compile.canonical import UnwritableError, Writer
from thalweg.compile.emit import begin
from thalweg.compile.lower import specialise
from thalweg.compile.schedule import Schedule
from thalweg.compile.target import AVX2, AVX512, Target
from thalweg.graph.history import begin_recording
from thalweg.graph.op import Op
from thalweg.graph.tensor import Placeholder, Spec, Tensor
from thalweg.ops import draws
from thalweg.run.function import function

# --- what the key tells apart ---------------------------------------------------------------------------------------


def leaf(*shape: int, dtype: str = "float32") -> Tensor:
    """A leaf of a program for known shapes."""
    return Placeholder(None, (), {}, (Spec(shape, np.dtype(dtype)),))


def key(make: Callable[..., Any], *leaves: Tensor, update: bool = False, target: Target = AVX2) -> str:
    """The key of the program ``make(*leaves)``; with ``update``, its first output is the first leaf's new value."""
    made = make(*leaves)
    replace = {**{x: x for x in leaves}, draws.random_key(): leaf(4, dtype="uint32")}
    outputs = specialise(made if isinstance(made, (list, tuple)) else [made], replace)
    schedule = Schedule(outputs[update:], [(leaves[0], outputs[0])] if update else [])
    name = native._name(Writer(), begin(schedule, target), [schedule.kernels])
    assert name is not None
    return name


def _cell(carry: Any, x: Any) -> Any:
    return tw.tanh(carry @ np.eye(4, dtype="float32") + x), carry


def _dropped(rate: float) -> Callable[[Tensor], Tensor]:
    tw.random.set_seed(1)
    return lambda x: tw.nn.dropout(x, rate=rate)


def _scanned(cell: Any = _cell, **how: Any) -> Callable[[Tensor, Tensor], Any]:
    return lambda c, x: list(tw.scan(cell, c, x, **how))


A, B = (8, 16), (16, 24)
VARIANTS: dict[str, Callable[[], str]] = {
    "product": lambda: key(lambda x, y: x @ y, leaf(*A), leaf(*B)),
    "longer": lambda: key(lambda x, y: x @ y, leaf(9, 16), leaf(*B)),
    "wider": lambda: key(lambda x, y: x @ y, leaf(*A), leaf(16, 25)),
    "float64": lambda: key(lambda x, y: x @ y, leaf(*A, dtype="float64"), leaf(*B, dtype="float64")),
    "int32": lambda: key(lambda x, y: x @ y, leaf(*A, dtype="int32"), leaf(*B, dtype="int32")),
    "transposed": lambda: key(lambda x, y: x @ y.T, leaf(*A), leaf(24, 16)),
    "batched": lambda: key(lambda x, y: x @ y, leaf(3, *A), leaf(3, *B)),
    "two outputs": lambda: key(lambda x, y: [x @ y, x], leaf(*A), leaf(*B)),
    "twice": lambda: key(lambda x, y: [x @ y, x @ y], leaf(*A), leaf(*B)),
    "epilogue": lambda: key(lambda x, y: tw.nn.relu(x @ y), leaf(*A), leaf(*B)),
    "other epilogue": lambda: key(lambda x, y: tw.tanh(x @ y), leaf(*A), leaf(*B)),
    "wide target": lambda: key(lambda x, y: x @ y, leaf(*A), leaf(*B), target=AVX512),
    "sum": lambda: key(lambda x, y: x + y, leaf(*A), leaf(*A)),
    "difference": lambda: key(lambda x, y: [x - y, -x], leaf(*A), leaf(*A)),
    "difference, turned": lambda: key(lambda x, y: [y - x, -x], leaf(*A), leaf(*A)),
    "sum with itself": lambda: key(lambda x, y: [x + x, y], leaf(*A), leaf(*A)),
    "broadcast": lambda: key(lambda x, y: x + y, leaf(*A), leaf(1, 16)),
    "broadcast down": lambda: key(lambda x, y: x + y, leaf(*A), leaf(8, 1)),
    "flat": lambda: key(lambda x, y: x + y, leaf(128), leaf(128)),
    "view": lambda: key(lambda x, y: x[:, ::-1] + y, leaf(*A), leaf(*A)),
    "other view": lambda: key(lambda x, y: x[::-1] + y, leaf(*A), leaf(*A)),
    "constant": lambda: key(lambda x: x * 0.1, leaf(*A)),
    "other constant": lambda: key(lambda x: x * 0.2, leaf(*A)),
    "next constant": lambda: key(lambda x: x * float(np.nextafter(np.float32(0.1), np.float32(1))), leaf(*A)),
    "row of constants": lambda: key(lambda x: x * np.arange(16, dtype="float32"), leaf(*A)),
    "other row": lambda: key(lambda x: x * np.arange(1, 17, dtype="float32"), leaf(*A)),
    "cast": lambda: key(lambda x: tw.astype(x, "float64"), leaf(*A)),
    "other cast": lambda: key(lambda x: tw.astype(x, "int32"), leaf(*A)),
    "sums of rows": lambda: key(lambda x: tw.sum(x, axis=1), leaf(*A)),
    "sums of columns": lambda: key(lambda x: tw.sum(x, axis=0), leaf(*A)),
    "sums kept": lambda: key(lambda x: tw.sum(x, axis=1, keepdims=True), leaf(*A)),
    "maxima": lambda: key(lambda x: tw.max(x, axis=1), leaf(*A)),
    "running sums": lambda: key(lambda x: tw.cumulative_sum(x, axis=1), leaf(*A)),
    "running down": lambda: key(lambda x: tw.cumulative_sum(x, axis=0), leaf(*A)),
    "joined": lambda: key(lambda x, y: tw.concat([x, y], axis=0), leaf(*A), leaf(*A)),
    "joined aside": lambda: key(lambda x, y: tw.concat([x, y], axis=1), leaf(*A), leaf(*A)),
    "update": lambda: key(lambda w, g: [w - 0.1 * g], leaf(*A), leaf(*A), update=True),
    "no update": lambda: key(lambda w, g: [w - 0.1 * g], leaf(*A), leaf(*A)),
    "other rate": lambda: key(lambda w, g: [w - 0.2 * g], leaf(*A), leaf(*A), update=True),
    "moved": lambda: key(lambda w, g: [w[::-1] - 0.1 * g], leaf(*A), leaf(*A), update=True),
    "dropout": lambda: key(_dropped(0.5), leaf(*A)),
    "more dropout": lambda: key(_dropped(0.6), leaf(*A)),
    "convolution": lambda: key(tw.nn.conv2d, leaf(2, 9, 9, 3), leaf(3, 3, 3, 4)),
    "stride": lambda: key(lambda x, w: tw.nn.conv2d(x, w, strides=2), leaf(2, 9, 9, 3), leaf(3, 3, 3, 4)),
    "padding": lambda: key(lambda x, w: tw.nn.conv2d(x, w, padding="SAME"), leaf(2, 9, 9, 3), leaf(3, 3, 3, 4)),
    "dilation": lambda: key(lambda x, w: tw.nn.conv2d(x, w, dilation=2), leaf(2, 9, 9, 3), leaf(3, 3, 3, 4)),
    "taken": lambda: key(lambda x: tw.take(x, [1, 2], axis=0), leaf(*A)),
    "sorted": lambda: key(lambda x: tw.sort(x) + 1, leaf(*A)),
    "sorted down": lambda: key(lambda x: tw.sort(x, descending=True) + 1, leaf(*A)),
    "host": lambda: key(lambda x: tw.linalg.svdvals(x) + 1, leaf(*A)),
    "loop": lambda: key(_scanned(), leaf(5, 4), leaf(7, 5, 4)),
    "longer loop": lambda: key(_scanned(), leaf(5, 4), leaf(8, 5, 4)),
    "loop back": lambda: key(_scanned(reverse=True), leaf(5, 4), leaf(7, 5, 4)),
    "other cell": lambda: key(
        _scanned(lambda c, x: (tw.sin(c @ np.eye(4, dtype="float32") + x), c)), leaf(5, 4), leaf(7, 5, 4)
    ),
}  # fmt: skip


def test_programs_that_differ_in_anything_have_different_keys() -> None:
    found: dict[str, str] = {}
    for name, make in VARIANTS.items():
        other = found.setdefault(make(), name)
        assert other == name, f"{name!r} has the key of {other!r}"


@pytest.mark.parametrize("name", VARIANTS)
def test_the_same_program_made_again_has_the_same_key(name: str) -> None:
    assert VARIANTS[name]() == VARIANTS[name]()


def test_names_lines_and_moments_are_no_part_of_the_key() -> None:
    x = tw.placeholder("float32", (4,), name="one")
    begin_recording()
    y = tw.placeholder("float32", (4,), name="another")
    assert key(tw.exp, x) == key(tw.exp, y)


NO_PART = ("__weakref__", "name", "built_at", "later", "tracked", "moment")  # of what is computed


@pytest.mark.parametrize("slot", [s for s in Tensor.__slots__ if s not in NO_PART])
def test_every_field_of_a_tensor_is_written(slot: str) -> None:
    made = tw.sum(leaf(4, 5), axis=1)
    other = Tensor(made.op, made.inputs, made.attrs, made.specs)
    changed = {
        "op": tw.max(leaf(4, 5), axis=1).op,
        "inputs": (leaf(4, 6),),
        "attrs": {**made.attrs, "keepdims": True},
        "specs": (Spec((4,), np.dtype("float64")),),
        "value": np.zeros(4, "float32"),
    }
    setattr(other, slot, changed[slot])
    assert written(made) != written(other)


def written(value: Any) -> str:
    writer = Writer()
    writer.write(value)
    return writer.text()


def test_equal_numbers_of_other_kinds_are_written_differently() -> None:
    values = [
        1,
        True,
        1.0,
        "1",
        None,
        np.float32(1),
        np.int64(1),
        b"1",
        (1,),
        [1],
        {1: 1},
        -0.0,
        0.0,
        0,
        np.nan,
    ]
    assert len({written(v) for v in values}) == len(values)


def test_what_is_shared_is_not_what_is_equal() -> None:
    x, y = leaf(4), leaf(4)
    assert written((x, x)) != written((x, y))


@pytest.mark.parametrize(
    "value", [object(), lambda: 0, tw.Variable(1.0), iter(()), test_what_is_shared_is_not_what_is_equal]
)
def test_what_has_no_rule_is_refused(value: Any) -> None:
    with pytest.raises(UnwritableError):
        written([value])


def _lowered_ops() -> Iterator[Op]:
    for module in pkgutil.walk_packages(tw.__path__, "thalweg."):
        if not module.name.endswith("__main__"):
            try:
                room = importlib.import_module(module.name)
            except ImportError:  # an extra is absent
                continue
            yield from (v for v in vars(room).values() if isinstance(v, Op) and v.lower is not None)


def test_every_op_with_a_lowering_is_written_as_itself() -> None:
    ops = {id(op): op for op in _lowered_ops()}
    assert len(ops) > 100
    assert len({written(op) for op in ops.values()}) == len(ops)


# --- the sources ----------------------------------------------------------------------------------------------------


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small package whose sources are digested instead of the real one's."""
    (tmp_path / "room").mkdir()
    for name in ("a.py", "room/b.py"):
        (tmp_path / name).write_text("x = 1\n")
    monkeypatch.setattr(version, "__file__", str(tmp_path / "version.py"))
    monkeypatch.setattr(version, "_LOADED", time.time() + 60)
    version.sources_digest.cache_clear()
    yield tmp_path
    version.sources_digest.cache_clear()


def test_a_changed_source_is_another_digest(package: Path) -> None:
    found = [version.sources_digest()]
    for change in (
        lambda: (package / "room/b.py").write_text("x = 2\n"),
        lambda: (package / "room/b.py").rename(package / "room/c.py"),
        lambda: (package / "d.py").touch(),
    ):
        change()
        version.sources_digest.cache_clear()
        found.append(version.sources_digest())
    assert None not in found and len(set(found)) == 4


def test_sources_newer_than_the_process_are_not_its_own(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(version, "_LOADED", time.time() - 60)
    assert version.sources_digest() is None
    assert native._name(Writer(), begin(Schedule([], []), AVX2), []) is None


# --- kept code ------------------------------------------------------------------------------------------------------


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An empty cache that keeps everything; the names under which something was stored."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    monkeypatch.setattr(native, "_WORTH_KEEPING", 0.0)
    names: list[str] = []
    store = cache.store

    def counted(name: str, data: bytes) -> None:
        names.append(name)
        store(name, data)

    monkeypatch.setattr(cache, "store", counted)
    return names


def compiled_twice(make: Callable[[], Callable[..., Any]], stored: list[str], *feeds: Any) -> tuple[Any, Any]:
    """What the function gives when compiled afresh, and when found in the cache."""
    fresh = make()(*feeds)
    count = len(stored)
    kept = make()(*feeds)
    assert len(stored) == count, "the second time it was compiled again"
    return fresh, kept


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="reads the cache's folder by XDG_CACHE_HOME")
@pytest.mark.parametrize("seed", range(40))
def test_random_graphs_from_the_cache_equal_those_compiled_afresh(seed: int, stored: list[str]) -> None:
    graph = Graph(seed, large=seed % 4 == 0)
    fresh, kept = compiled_twice(lambda: function(graph.inputs, graph.outputs), stored, *graph.arrays)
    for a, b in zip(fresh, kept, strict=True):
        assert a.dtype == b.dtype and np.asarray(a).tobytes() == np.asarray(b).tobytes()


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="reads the cache's folder by XDG_CACHE_HOME")
def test_a_small_program_is_kept_when_it_is_built_again(
    stored: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a training loop that makes new nodes at every turn."""
    monkeypatch.setattr(native, "_WORTH_KEEPING", 1e9)
    monkeypatch.setattr(native, "_not_kept", set())
    counts = []
    for k in range(4):
        w = tw.Variable(np.float32(k))
        assert float(function([], w * 3 + 1)()) == 3 * k + 1
        counts.append(len(stored))
    assert counts[0] == 0 and 0 < counts[1] == counts[2] == counts[3]


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="reads the cache's folder by XDG_CACHE_HOME")
def test_loops_updates_and_host_ops_from_the_cache(stored: list[str]) -> None:
    rng = np.random.default_rng(0)
    start = rng.normal(size=(4, 4)).astype("float32")
    feeds = rng.normal(size=(6, 3, 4)).astype("float32")

    def make() -> Callable[..., Any]:
        w = tw.Variable(start)
        x = tw.placeholder("float32", (6, 3, 4))
        last, _ = tw.scan(lambda c, row: (tw.tanh(c @ w + row), c), tw.zeros((3, 4)), x)
        loss = tw.sum(tw.square(tw.linalg.svdvals(last)))
        step = tw.function([x], [loss, last], updates=[(w, w - 0.1 * tw.gradients(loss, [w])[0])])
        return lambda values: [*step(values), w.get_value()]

    fresh, kept = compiled_twice(make, stored, feeds)
    for a, b in zip(fresh, kept, strict=True):
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes()
    assert np.abs(fresh[-1] - start).max() > 0


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="reads the cache's folder by XDG_CACHE_HOME")
def test_run_time_lengths_from_the_cache(stored: list[str]) -> None:
    w = np.random.default_rng(0).normal(size=(40, 30)).astype("float32")

    def make() -> Callable[..., Any]:
        x = tw.placeholder("float32", (None, 40))
        program = tw.function([x], tw.nn.softmax(tw.nn.relu(x @ w) @ w.T))
        return lambda: [np.asarray(program(np.ones((n, 40), "float32") * n)) for n in (3, 5, 7, 11, 64, 13)]

    fresh, kept = compiled_twice(make, stored)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(fresh, kept, strict=True))
