"""Long programs are compiled in parts, several at a time, while the rest is still being written."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from llvmlite import ir
from llvmlite.binding import ffi

import thalweg as tw
from thalweg.compile import llvm, native
from thalweg.compile import step as step_room
from thalweg.compile.llvm import Objects
from thalweg.compile.target import host_target

L = tw.layers


def first_steps() -> list[np.ndarray]:
    """Two losses and the weights of a network with products, convolutions, dropout and a loop."""
    tw.set_random_seed(3)
    x = tw.placeholder("float32", (6, 12, 12, 3))
    y = L.MaxPooling2D(2)(L.Conv2D(8, 3, activation="relu", padding="same")(x))
    y = L.Dropout(0.3)(L.Conv2D(8, 3, activation="tanh", padding="same")(y), training=True)
    y = L.LSTM(9)(L.Reshape((6, 48))(y))
    y = L.Dense(20, activation="softmax")(L.BatchNormalization()(L.Dense(33)(y), training=True))
    loss = -tw.mean(tw.log(y[:, 0] + 0.1))
    weights = [w for w in tw.graph.walk.variables([loss]) if w.trainable]
    f = tw.function([x], [loss, y], updates=tw.optimizers.Adam(0.01).updates(loss, weights))
    images = np.random.default_rng(0).normal(size=(6, 12, 12, 3)).astype("float32")
    results = [t.numpy() for _ in range(2) for t in f(images)]
    return [*results, *(w.numpy() for w in weights)]


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[ir.Module]:
    """The modules of what is compiled from now on, in an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    seen: list[ir.Module] = []
    text = llvm._text

    def watched(module: ir.Module, target: Any) -> str:
        seen.append(module)
        return text(module, target)

    monkeypatch.setattr(llvm, "_text", watched)
    return seen


@pytest.mark.parametrize("cores", [1, 3])
def test_parts_are_the_program(
    cores: int, parts: list[ir.Module], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = first_steps()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another"))
    monkeypatch.setattr(step_room, "_PART", 300)
    monkeypatch.setattr(llvm, "num_cores", lambda: cores)
    monkeypatch.setattr(native, "_WORTH_KEEPING", 0.0)
    parts.clear()
    others = set(threading.enumerate())
    in_parts = first_steps()
    assert not [t for t in set(threading.enumerate()) - others if t.name == "thalweg-llvm"]
    steps = [m for m in parts if m.name == "step" or m.name.startswith("part")]
    assert len(steps) > 6
    written = Counter(f.name for m in steps for f in m.functions if f.blocks and f.linkage != "internal")
    assert set(written.values()) == {1}
    for one, other in zip(in_parts, whole, strict=True):
        np.testing.assert_array_equal(one, other)

    parts.clear()  # and as it was kept on disk
    for one, other in zip(first_steps(), whole, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not parts


def module(name: str, bits: int = 64, calls: str | None = None) -> ir.Module:
    """``name() = 7``, or what another function gives; a broken one where it gives other than 64 bits."""
    made = ir.Module(name)
    kind = ir.FunctionType(ir.IntType(64), [])
    b = ir.IRBuilder(ir.Function(made, kind, name).append_basic_block())
    other = ir.Function(made, kind, calls) if calls else None
    b.ret(ir.Constant(ir.IntType(bits), 7) if other is None else b.call(other, []))
    return made


@pytest.mark.parametrize("cores", [1, 2, 4])
def test_modules_call_each_other(cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    import ctypes

    monkeypatch.setattr(llvm, "num_cores", lambda: cores)
    objects = Objects(host_target())
    for k in range(5):
        objects.add(module(f"f{k}", calls=f"f{k + 1}"))
    code = llvm.load_object(objects.finish(module("f5")), ["f0"])
    assert ctypes.CFUNCTYPE(ctypes.c_int64)(code.address("f0"))() == 7


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_a_broken_part_is_refused(broken: int) -> None:
    objects = Objects(host_target())
    modules = [module(f"f{k}", 32 if k == broken else 64) for k in range(3)]
    for each in modules[:-1]:
        objects.add(each)
    with pytest.raises(RuntimeError, match="function result type"):
        objects.finish(modules[-1])


def test_without_a_way_around_the_lock_all_is_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "LLVMPY_TargetMachineEmitToMemory"
    assert llvm._directly(name) is not getattr(ffi.lib, name)
    locked = {name: getattr(ffi.lib, name) for name in (name, "LLVMPY_RunNewModulePassManager")}
    monkeypatch.setattr(llvm, "_directly", lambda name: locked[name])
    objects = Objects(host_target())
    objects.add(module("f", calls="g"))
    assert all(objects.finish(module("g")))
